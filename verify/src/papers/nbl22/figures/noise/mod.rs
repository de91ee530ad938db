//! The open conjecture of NBL22: does the noise of perturbed gradient descent regularise R1, which is not
//! in the objective of the experiments? And does a trained Ŵ generalise like `P_{≤k}Ŵ + P_{>k}Ŵ·S` over
//! random signs S, as the paper's heuristic for it has it?
//!
//! Sizes, targets and training are those of figure 1 as printed, for there Σ is exactly that of the
//! inputs, with the projector of Σ in R3 and in R1, which is exact. Noise is inside the step, W ← W −
//! η(∇L_λ(W) + Ξ) with entries of Ξ from N(0, s²/(md)), so that ‖Ξ‖_F is about s. All runs of a seed see
//! the same data, and the same noise but for s. What noise adds to R1 by diffusion is told apart from
//! what it does to the path by runs in pairs.

mod equal_loss;
mod pair;
mod picture;
mod signs;
mod verdict;

pub use pair::Point;
pub use signs::Signs;

use super::figure_1::{Bits, Precision, Projector, Settings, Sizes, Variant, per_seed::PerSeed};
use crate::claim::Tier;
use crate::figure::{AtStep, Checkpoints, Experiment, Position, Recorded, Report, due};
use anyhow::Result;
use pair::Pair;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// λ3 of the runs with noise, and of the one that they are compared with: R3 would lower R1 for as long as
/// a run goes on, and with noise a run takes longer to come to the same train loss.
pub const LAMBDA_3: f64 = 0.0;
/// λ3 of the other runs without noise: that of the paper's experiment on R1, and one that holds down what
/// lies beyond the top eigenvectors.
pub const OTHER_LAMBDAS: [f64; 2] = [0.01, 1.0];
/// The values of s, beside 0; ‖Ξ‖_F is about s. With s = 0.1, and λ3 = 0.01, f_L + f_Q was not the network.
pub const NOISES: [f64; 3] = [0.01, 0.03, 0.05];

/// The least number of seeds, unless others are asked for: with three the limits of what is beyond the
/// second order are as wide as its mean.
const SEEDS: u64 = 5;

/// Noise and λ3 of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Setting {
    noise: f64,
    lambda_3: f64,
}

/// All settings of a seed, the one without noise that the others are compared with first.
fn settings_of_a_seed() -> impl Iterator<Item = Setting> {
    let noisy = [0.0].into_iter().chain(NOISES).map(|noise| Setting { noise, lambda_3: LAMBDA_3 });
    noisy.chain(OTHER_LAMBDAS.map(|lambda_3| Setting { noise: 0.0, lambda_3 }))
}

/// What is recorded of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps taken before.
    pub step: u64,
    /// The mean over the two runs of a pair.
    pub mean: Point,
    /// Their centre; the same where there is one run.
    pub centre: Point,
    /// The R1 that the noise alone would have made.
    pub free: f64,
    /// At the last step.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signs: Option<Signs>,
}

impl AtStep for Row {
    fn step(&self) -> u64 {
        self.step
    }
}

/// Where a run is.
pub type State = Recorded<Row>;

/// The settings of a tier, with so many seeds and steps or those of the tier.
pub fn settings(
    tier: Tier,
    precision: Precision,
    seed: u64,
    seeds: Option<u64>,
    steps: Option<u64>,
) -> Settings {
    let sizes = Sizes::of(tier);
    Settings {
        variant: Variant::AsPrinted,
        projector: Projector::Exact,
        precision,
        tier,
        seed,
        seeds: seeds.unwrap_or(sizes.seeds.max(SEEDS)),
        steps: steps.unwrap_or(sizes.steps),
    }
}

/// The experiment, trained in numbers of type T.
pub struct Noise<T: Bits> {
    settings: Settings,
    per_seed: Option<PerSeed<T>>,
}

impl<T: Bits> Noise<T> {
    /// The experiment of these [`settings`], whose precision is that of T.
    pub fn new(settings: Settings) -> Self {
        Self { settings, per_seed: None }
    }

    /// Seed and setting of each run.
    fn grid(&self) -> Vec<(u64, Setting)> {
        let of = |seed| settings_of_a_seed().map(move |setting| (seed, setting));
        self.settings.all_seeds().flat_map(of).collect()
    }
}

impl<T: Bits> Experiment for Noise<T> {
    type State = State;

    fn id(&self) -> &str {
        verdict::CLAIM
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        let mut all = self.settings.map(self.id())?;
        all.insert("noises".to_owned(), NOISES.to_vec().into());
        Ok(all)
    }

    fn runs(&self) -> Vec<String> {
        let name = |(seed, Setting { noise, lambda_3 }): (u64, Setting)| {
            format!("seed-{seed}-noise-{noise:?}-lambda3-{lambda_3:?}")
        };
        self.grid().into_iter().map(name).collect()
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
        let ((seed, Setting { noise, lambda_3 }), settings) = (self.grid()[run], self.settings);
        let (steps, eta) = (settings.steps, settings.sizes().eta);
        let PerSeed { data, kept, test, .. } =
            PerSeed::of(&mut self.per_seed, &settings, seed, &mut |words| checkpoints.say(&words))?;
        let mut pair = Pair::new(&settings, (seed, noise, lambda_3), (data, kept, test))?;
        let mut state = State::default();
        if let Some(Position { state: left, bits }) = from {
            pair.set_bits(&bits)?;
            state = left.resumed();
        }
        loop {
            let (step, last) = (state.step, state.step == steps);
            let loss = pair.evaluate(due(step))?;
            if last || due(step) {
                let (mean, centre) = pair.points(loss)?;
                let signs = if last { Some(pair.signs()?) } else { None };
                state.rows.push(Row { step, mean, centre, free: pair.free(step, eta), signs });
            }
            if last {
                break;
            }
            pair.step(step, eta);
            state.step += 1;
            let message = || {
                let row = state.rows.last().map_or(Point::default(), |row| row.mean);
                format!("train {loss:.4}, R1 {:.4}, test {:.4}", row.r1, row.test_loss)
            };
            let position = || Position { state: state.clone(), bits: pair.bits() };
            if checkpoints.tick(state.step, message, position)?.is_break() {
                break;
            }
        }
        Ok(Position { bits: pair.bits(), state })
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        let mut csv = "step,seed,noise,lambda3,r1,train_loss,test_loss,centre_r1,centre_train_loss,\
                       centre_test_loss,free_r1,signs_beyond,signs_all,remainder\n"
            .to_owned();
        for ((seed, Setting { noise, lambda_3 }), state) in self.grid().into_iter().zip(states) {
            for Row { step, mean, centre, free, signs } in state.iter().flat_map(|state| &state.rows) {
                // Writing to a string cannot fail. Debug output is the shortest that is read back to the
                // same bits.
                let _ = write!(csv, "{step},{seed},{noise:?},{lambda_3:?}");
                for Point { r1, train_loss, test_loss } in [mean, centre] {
                    let _ = write!(csv, ",{r1:?},{train_loss:?},{test_loss:?}");
                }
                let signs = signs.map_or_else(
                    || ",,".to_owned(),
                    |Signs { beyond, all, remainder }| format!("{beyond:?},{all:?},{remainder:?}"),
                );
                let _ = writeln!(csv, ",{free:?},{signs}");
            }
        }
        let (grid, settings) = (self.grid(), &self.settings);
        Ok(Report {
            csv,
            picture: picture::draw(settings, &grid, states),
            verdict: verdict::judge(settings, &grid, states),
        })
    }
}
