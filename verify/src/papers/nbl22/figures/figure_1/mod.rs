//! Figure 1 of NBL22: R3, train and test loss of the quadratic model under gradient descent, for six values
//! of λ3.
//!
//! Inputs x ~ N(0, I) (as run) or uniform on the sphere of radius √d (as printed), d = 100, n = 1000, m = 10
//! 000, σ(z) = sigmoid(z − 1), square loss, full-batch gradient descent from W = 0 with η = 1 for 20 000
//! steps, λ3 ∈ {0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1}.
//!
//! The objective is `L̂ + λ3 R3` of f_L + f_Q. `R3 = E_n f_L(x; ΠW)²`, where Π is the projector on all but
//! the top n_k right singular vectors of Φ, as the authors took it, or all but the top n_k = d + 1
//! eigenvectors of Σ itself, which the authors could not have (with Gaussian inputs too this is the Σ of the
//! sphere).

pub(super) mod bits;
pub(super) mod data;
mod other_execution;
pub(super) mod per_seed;
mod picture;
pub(super) mod projector;
pub(super) mod run;
mod settings;
pub(super) mod training;
pub(super) mod verdict;

pub use bits::Bits;
pub use run::{Row, State};
pub use settings::{Precision, Projector, Settings, Sizes, Variant};

use crate::figure::{Checkpoints, Experiment, Position, Report};
use anyhow::Result;
use other_execution::OtherExecution;
use per_seed::PerSeed;
use run::Evaluated;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::Path;
use training::Descent;

/// The values of λ3.
pub const LAMBDAS: [f64; 6] = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/// The experiment, trained in numbers of type T.
pub struct Figure1<T: Bits> {
    settings: Settings,
    per_seed: Option<PerSeed<T>>,
    other: Option<OtherExecution>,
}

impl<T: Bits> Figure1<T> {
    /// The experiment of these settings, whose precision is that of T.
    pub fn new(settings: Settings) -> Self {
        Self { settings, per_seed: None, other: None }
    }

    /// With the runs that `folder` holds shown, dashed, in the same picture.
    ///
    /// # Errors
    /// A folder that holds something else, in one sentence.
    pub fn beside(mut self, folder: &Path) -> Result<Self> {
        self.other = Some(OtherExecution::read(folder, &self.settings)?);
        Ok(self)
    }

    /// Seed and λ3 of each run.
    fn grid(&self) -> Vec<(u64, f64)> {
        self.settings.all_seeds().flat_map(|seed| LAMBDAS.map(|lambda| (seed, lambda))).collect()
    }
}

impl<T: Bits> Experiment for Figure1<T> {
    type State = State;

    fn id(&self) -> &str {
        "figure-1"
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        self.settings.map(self.id())
    }

    fn runs(&self) -> Vec<String> {
        self.grid().into_iter().map(|(seed, lambda)| format!("seed-{seed}-lambda3-{lambda:?}")).collect()
    }

    fn work(&self, _run: usize, state: Option<&State>) -> (u64, u64) {
        (self.settings.steps + 1, State::done(state))
    }

    fn accept(&self, run: usize, state: &State) -> Result<()> {
        state.accept(&self.runs()[run], self.settings.steps)
    }

    fn advance(
        &mut self,
        run: usize,
        from: Option<Position<State>>,
        checkpoints: &mut Checkpoints<'_, State>,
    ) -> Result<Position<State>> {
        let par = self.settings.par();
        let ((seed, lambda), steps, eta) =
            (self.grid()[run], self.settings.steps, self.settings.sizes().eta);
        let PerSeed { data, kept, test, .. } =
            PerSeed::of(&mut self.per_seed, &self.settings, seed, &mut |words| checkpoints.say(&words))?;
        let descent = Descent::new(data, kept, lambda, par)?;
        run::advance(descent, test, (steps, eta), from, checkpoints, &mut |descent, step, recorded| {
            let value = descent.evaluate(run::due(step))?;
            let r3 = if recorded { descent.r3(&value) } else { value.r3 };
            Ok(Evaluated { r1: None, r3, loss: value.loss })
        })
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        let mut csv = "step,seed,lambda3,r3,train_loss,test_loss\n".to_owned();
        for ((seed, lambda), state) in self.grid().into_iter().zip(states) {
            for Row { step, r3, train_loss, test_loss, .. } in state.iter().flat_map(|state| &state.rows) {
                // Writing to a string cannot fail. Debug output is the shortest that is read back to the
                // same bits.
                let _ = writeln!(csv, "{step},{seed},{lambda:?},{r3:?},{train_loss:?},{test_loss:?}");
            }
        }
        Ok(Report {
            csv,
            picture: picture::draw(&self.settings, &self.grid(), states, self.other.as_ref()),
            verdict: verdict::judge(&self.settings, &self.grid(), states),
        })
    }
}
