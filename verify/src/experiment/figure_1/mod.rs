//! Figure 1 of NBL22: R3, train and test loss of the quadratic model under gradient descent, for six values of λ3.
//!
//! > inputs x ~ N(0, I) (as run) or uniform on the sphere of radius √d (as printed), d = 100, n = 1000, m = 10 000, σ(z) = sigmoid(z − 1),
//! > square loss, full-batch gradient descent from W = 0 with η = 1 for 20 000 steps, λ3 ∈ {0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1}.
//!
//! The objective is `L̂ + λ3 R3` of f_L + f_Q. `R3 = E_n f_L(x; ΠW)²`, where Π is the projector on all but the top n_k right singular vectors
//! of Φ, as the authors took it.

mod data;
mod picture;
mod settings;
mod training;
mod verdict;

pub use settings::{Precision, Projector, Settings, Sizes, Variant};
pub use training::Bits;

pub(super) use data::inputs;

use super::schedule::due;
use super::{Experiment, Keeper, Position, Report};
use anyhow::{Result, ensure};
use data::Data;
use escapement::training::sample_basis;
use faer::{Mat, Par};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use training::{Descent, Test};

/// The values of λ3.
pub const LAMBDAS: [f64; 6] = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
/// Something is recorded at steps of at most four leading bits: eight to a doubling.
const LEADING: u32 = 4;

/// What is recorded of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps taken before.
    pub step: u64,
    /// R3.
    pub r3: f64,
    /// The mean loss on the inputs that are trained on.
    pub train_loss: f64,
    /// The mean loss on those that are not.
    pub test_loss: f64,
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Steps taken.
    pub step: u64,
    /// What was recorded.
    pub rows: Vec<Row>,
}

/// What the runs of a seed share.
struct Shared<T: Bits> {
    seed: u64,
    data: Data,
    basis: Mat<f64>,
    test: Test<T>,
}

/// The experiment, trained in numbers of type T.
pub struct Figure1<T: Bits> {
    settings: Settings,
    shared: Option<Shared<T>>,
}

impl<T: Bits> Figure1<T> {
    /// The experiment of these settings, whose precision is that of T.
    pub fn new(settings: Settings) -> Self {
        Self { settings, shared: None }
    }

    /// Seed and λ3 of each run.
    fn grid(&self) -> Vec<(u64, f64)> {
        self.settings.all_seeds().flat_map(|seed| LAMBDAS.map(|lambda| (seed, lambda))).collect()
    }

    /// What the runs of `seed` share.
    fn shared(&mut self, seed: u64) -> Result<&mut Shared<T>> {
        let shared = match self.shared.take().filter(|shared| shared.seed == seed) {
            Some(shared) => shared,
            None => {
                ensure!(
                    self.settings.projector == Projector::Sample,
                    "projector = exact is not available in this version: take sample"
                );
                let data = Data::draw(&self.settings, seed)?;
                let basis = sample_basis(&data.net, data.train.x.as_ref(), self.settings.rank(), Par::rayon(0))?.basis;
                let test = Test::new(&data)?;
                Shared { seed, data, basis, test }
            }
        };
        Ok(self.shared.insert(shared))
    }
}

impl<T: Bits> Experiment for Figure1<T> {
    type State = State;

    fn id(&self) -> &str {
        "figure-1"
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        let mut all = Map::from_iter([("experiment".to_owned(), self.id().into())]);
        for part in [serde_json::to_value(self.settings)?, serde_json::to_value(self.settings.sizes())?] {
            all.extend(part.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(all)
    }

    fn runs(&self) -> Vec<String> {
        self.grid().into_iter().map(|(seed, lambda)| format!("seed-{seed}-lambda3-{lambda:?}")).collect()
    }

    fn work(&self, _run: usize, state: Option<&State>) -> (u64, u64) {
        // The last step is to be evaluated too.
        let done = state.map_or(0, |state| state.step + u64::from(state.rows.last().is_some_and(|row| row.step == state.step)));
        (self.settings.steps + 1, done)
    }

    fn accept(&self, run: usize, state: &State) -> Result<()> {
        let steps = self.settings.steps;
        ensure!(
            state.step <= steps,
            "the run {} has taken {} steps and {steps} are asked for: give at least that, or --fresh to start anew",
            self.runs()[run],
            state.step
        );
        Ok(())
    }

    fn advance(&mut self, run: usize, from: Option<Position<State>>, keeper: &mut Keeper<'_, State>) -> Result<Position<State>> {
        let ((seed, lambda), steps, eta) = (self.grid()[run], self.settings.steps, self.settings.sizes().eta);
        let shared = self.shared(seed)?;
        let mut descent = Descent::new(Descent::<T>::problem(&shared.data, shared.basis.as_ref(), lambda)?);
        let mut state = State::default();
        if let Some(Position { state: left, bits }) = from {
            descent.set_bits(&bits)?;
            state = left;
            // The row of the step in hand is made again, or was that of an end that is none.
            state.rows.retain(|row| row.step < state.step);
        }
        loop {
            let value = descent.evaluate()?;
            let last = state.step == steps;
            if last || due(state.step, LEADING) {
                let test_loss = shared.test.loss(descent.w())?;
                state.rows.push(Row { step: state.step, r3: value.r3, train_loss: value.loss, test_loss });
            }
            if last {
                break;
            }
            descent.step(eta);
            state.step += 1;
            let message = || {
                state.rows.last().map_or_else(String::new, |row| format!("train {:.4}, test {:.4}", value.loss, row.test_loss))
            };
            let position = || Position { state: state.clone(), bits: descent.bits() };
            if keeper.tick(state.step, message, position)?.is_break() {
                break;
            }
        }
        Ok(Position { bits: descent.bits(), state })
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        let mut csv = "step,seed,lambda3,r3,train_loss,test_loss\n".to_owned();
        for ((seed, lambda), state) in self.grid().into_iter().zip(states) {
            for Row { step, r3, train_loss, test_loss } in state.iter().flat_map(|state| &state.rows) {
                // Writing to a string cannot fail. Debug output is the shortest that is read back to the same bits.
                let _ = writeln!(csv, "{step},{seed},{lambda:?},{r3:?},{train_loss:?},{test_loss:?}");
            }
        }
        Ok(Report {
            csv,
            svg: picture::draw(&self.settings, &self.grid(), states),
            verdict: verdict::judge(&self.settings, &self.grid(), states),
        })
    }
}
