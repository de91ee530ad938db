//! The R1 experiment of NBL22: figure 1 with λ3 = 0.01 and R1 in the objective as well. Does it change the
//! test loss?
//!
//! The paper conjectures that it does not, and leaves it open.
//!
//! `R1 = E_x f_L(x; Π_{>r}W)²` asks for inputs that are not in the sample. The authors estimated it on 100
//! fresh inputs in each step, with Π from the sample as in R3; with the projector of Σ itself, R1 = vec(W)ᵀ
//! Σ_{>r} vec(W) is exact here. All λ1 of a seed see the same data and the same fresh inputs, so that their
//! test losses are compared in pairs; and a run without R1 but with λ3 = 1 shows what a change is that is
//! one.

pub(super) mod penalty;
mod picture;
mod verdict;

use super::figure_1::run::{self as steps, Evaluated};
use super::figure_1::{Bits, Projector, Row, Settings, State, per_seed::PerSeed, training::Descent};
use crate::figure::{Checkpoints, Experiment, Position, Report};
use anyhow::Result;
use penalty::Penalty;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// λ3 of all runs but one to a seed.
pub const LAMBDA_3: f64 = 0.01;
/// λ3 of that one.
pub const OTHER_LAMBDA_3: f64 = 1.0;
/// The values of λ1; the run of the other λ3 has none.
pub const LAMBDAS: [f64; 4] = [0.0, 1e-2, 1e-1, 1.0];
/// Fresh inputs to a step.
pub const FRESH: usize = 100;

/// λ1 and λ3 of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weights {
    r1: f64,
    r3: f64,
}

/// The experiment, trained in numbers of type T.
pub struct R1<T: Bits> {
    settings: Settings,
    per_seed: Option<PerSeed<T>>,
}

impl<T: Bits> R1<T> {
    /// The experiment of these settings, whose precision is that of T.
    pub fn new(settings: Settings) -> Self {
        Self { settings, per_seed: None }
    }

    /// Seed, λ1 and λ3 of each run.
    fn grid(&self) -> Vec<(u64, Weights)> {
        let weights = || LAMBDAS.into_iter().map(|r1| Weights { r1, r3: LAMBDA_3 });
        let all = || weights().chain([Weights { r1: 0.0, r3: OTHER_LAMBDA_3 }]);
        self.settings.all_seeds().flat_map(|seed| all().map(move |weights| (seed, weights))).collect()
    }
}

impl<T: Bits> Experiment for R1<T> {
    type State = State;

    fn id(&self) -> &str {
        "r1"
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        self.settings.map(self.id())
    }

    fn runs(&self) -> Vec<String> {
        let name = |(seed, weights): (u64, Weights)| {
            format!("seed-{seed}-lambda1-{:?}-lambda3-{:?}", weights.r1, weights.r3)
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
        let ((seed, weights), settings) = (self.grid()[run], self.settings);
        let PerSeed { data, kept, test, .. } =
            PerSeed::of(&mut self.per_seed, &self.settings, seed, &mut |words| checkpoints.say(&words))?;
        let penalty = Penalty::new(&settings, seed, data, kept, weights.r1);
        let descent = Descent::new(data, kept, weights.r3, settings.par())?;
        let length = (settings.steps, settings.sizes().eta);
        steps::advance(descent, test, length, from, checkpoints, &mut |descent, step, recorded| {
            let (value, r1) = penalty.evaluate(descent, step, recorded)?;
            Ok(Evaluated { r1, r3: value.r3, loss: value.loss })
        })
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        let mut csv = "step,seed,lambda1,lambda3,r1,r3,train_loss,test_loss\n".to_owned();
        for ((seed, Weights { r1: lambda_1, r3: lambda_3 }), state) in self.grid().into_iter().zip(states) {
            for Row { step, r1, r3, train_loss, test_loss } in state.iter().flat_map(|state| &state.rows) {
                // Writing to a string cannot fail. Debug output is the shortest that is read back to the
                // same bits.
                let r1 = r1.map_or_else(String::new, |r1| format!("{r1:?}"));
                let _ = writeln!(
                    csv,
                    "{step},{seed},{lambda_1:?},{lambda_3:?},{r1},{r3:?},{train_loss:?},{test_loss:?}"
                );
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

/// How R1 is had, in words.
fn how(settings: &Settings) -> &'static str {
    match settings.projector {
        Projector::Sample => "estimated on 100 fresh inputs a step",
        Projector::Exact => "exact",
    }
}
