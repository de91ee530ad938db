//! Taylor expansion of training: f_L, f_L + f_Q and the network trained from one initialisation, side by
//! side.
//!
//! Full-batch gradient descent from W = 0 on the mean square loss, with the same η and inputs for all three
//! and without regularisers. The task of ours is `η·x + ((β·x)² − 1)/√2`, x uniform on the sphere of radius
//! √d and both directions uniform: a dense part of degree 1, which f_L can learn from `n ≈ d` samples, and a
//! sparse one of degree 2, which it cannot. Any dataset takes its place.

mod data;
mod descent;
mod picture;
mod settings;
mod verdict;

pub use settings::{Dataset, Labelled, Settings, Sizes};

use crate::figure::{AtStep, Checkpoints, Experiment, Position, Recorded, Report, due};
use anyhow::{Result, ensure};
use data::Data;
use descent::Descent;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::training::{Model, Problem, Workspace};
use faer::Par;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The models, the one that the others are compared with last.
pub const MODELS: [Model; 3] = [Model::Linear, Model::Quadratic, Model::Network];
/// What is recorded of one model at one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The mean loss on the inputs that are trained on.
    pub train_loss: f64,
    /// The mean loss on those that are not.
    pub test_loss: f64,
    /// ‖W‖_F, the way from the initialisation.
    pub norm: f64,
    /// ‖W − W'‖_F, W' that of the network.
    pub weight_distance: f64,
    /// The root of the mean square of f − f' over the inputs of the test, f' the network.
    pub function_distance: f64,
}

/// What is recorded of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps taken before.
    pub step: u64,
    /// In the order of [`MODELS`].
    pub points: [Point; 3],
}

impl AtStep for Row {
    fn step(&self) -> u64 {
        self.step
    }
}

/// Where a run is.
pub type State = Recorded<Row>;

/// The experiment: a run to a seed, all in double precision.
pub struct Taylor {
    settings: Settings,
}

impl Taylor {
    /// The experiment of these settings.
    ///
    /// # Errors
    /// A dataset with fewer than [`Dataset::HELD_OUT`] samples, or whose test is of another dimension; an η
    /// that is not positive.
    pub fn new(settings: Settings) -> Result<Self> {
        ensure!(
            settings.eta > 0.0 && settings.eta.is_finite(),
            escapement::Error::domain("eta", settings.eta, "it must be a positive number")
        );
        for Labelled { x, y } in
            settings.dataset.iter().flat_map(|set| [Some(&set.samples), set.test.as_ref()]).flatten()
        {
            ensure!(
                x.nrows() == y.len(),
                "there are {} inputs and {} labels: as many are needed",
                x.nrows(),
                y.len()
            );
        }
        if let Some(Dataset { samples, test }) = &settings.dataset {
            let (d, n) = (samples.x.ncols(), samples.y.len());
            ensure!(
                d >= 3,
                escapement::Error::domain("the dimension of the inputs", d, "d must be at least 3")
            );
            match test {
                Some(test) => {
                    ensure!(
                        test.x.ncols() == d,
                        "the inputs of the test have dimension {}: {d} is needed",
                        test.x.ncols()
                    )
                }
                None => ensure!(
                    n >= Dataset::HELD_OUT,
                    escapement::Error::domain(
                        "the number of samples",
                        n,
                        format!("one in {} is held out", Dataset::HELD_OUT)
                    )
                ),
            }
        }
        Ok(Self { settings })
    }
}

/// The inputs of the test, for each model.
struct Test {
    problems: Vec<Problem<f64>>,
    space: Workspace<f64>,
    /// f of each model.
    f: [Vec<f64>; 3],
}

impl Test {
    fn new(problems: Vec<Problem<f64>>) -> Self {
        Self { space: problems[0].workspace(), problems, f: Default::default() }
    }

    /// The losses of the models, and how far they are from the last one.
    fn points(&mut self, train: [f64; 3], descents: &[Descent]) -> Result<[Point; 3]> {
        let mut points = train.map(|train_loss| Point {
            train_loss,
            test_loss: 0.0,
            norm: 0.0,
            weight_distance: 0.0,
            function_distance: 0.0,
        });
        for (i, problem) in self.problems.iter().enumerate() {
            points[i].test_loss = problem.value(descents[i].w(), &mut self.space, Par::rayon(0))?.loss;
            self.f[i].clear();
            self.f[i].extend_from_slice(self.space.f());
        }
        let [.., network] = descents else { return Ok(points) };
        for (i, descent) in descents.iter().enumerate() {
            points[i].norm = descent.w().norm_l2();
            points[i].weight_distance = (descent.w() - network.w()).norm_l2();
            let squares = self.f[i].iter().zip(&self.f[2]).map(|(f, full)| (f - full).powi(2)).sum::<f64>();
            points[i].function_distance = (squares / self.f[i].len() as f64).sqrt();
        }
        Ok(points)
    }
}

fn problems(net: &PairedNetwork, Labelled { x, y }: &Labelled) -> Result<Vec<Problem<f64>>> {
    let problem = |model| Problem::new(net, x.as_ref(), y, Loss::Square, model, Par::rayon(0));
    Ok(MODELS.into_iter().map(problem).collect::<escapement::Result<_>>()?)
}

impl Experiment for Taylor {
    type State = State;

    fn id(&self) -> &str {
        "taylor"
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        let Settings { tier, seed, eta, dataset, .. } = &self.settings;
        let named = [("tier", tier.to_string().into()), ("seed", (*seed).into()), ("eta", (*eta).into())];
        let data = dataset.as_ref().map(|dataset| ("dataset", dataset.digest().into()));
        super::settings(self.id(), named.into_iter().chain(data), self.settings.sizes())
    }

    fn runs(&self) -> Vec<String> {
        self.settings.all_seeds().map(|seed| format!("seed-{seed}")).collect()
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
        let (seed, steps, eta) =
            (self.settings.seed.wrapping_add(run as u64), self.settings.steps, self.settings.eta);
        let data = Data::draw(&self.settings, seed)?;
        let mut test = Test::new(problems(&data.net, &data.test)?);
        let mut descents: Vec<Descent> =
            problems(&data.net, &data.train)?.into_iter().map(Descent::new).collect();
        let mut state = State::default();
        if let Some(Position { state: left, bits }) = from {
            let mut bits = bits.as_slice();
            for descent in &mut descents {
                descent.take(&mut bits)?;
            }
            ensure!(bits.is_empty(), "a checkpoint holds more than the displacements of three models");
            state = left.resumed();
        }
        let bits = |descents: &[Descent]| {
            let mut bits = Vec::new();
            descents.iter().for_each(|descent| descent.put(&mut bits));
            bits
        };
        loop {
            let mut train = [0.0; 3];
            for (loss, descent) in train.iter_mut().zip(&mut descents) {
                *loss = descent.evaluate()?;
            }
            let last = state.step == steps;
            if last || due(state.step) {
                state.rows.push(Row { step: state.step, points: test.points(train, &descents)? });
            }
            if last {
                break;
            }
            descents.iter_mut().for_each(|descent| descent.step(eta));
            state.step += 1;
            let message =
                || format!("train {:.4} f_L, {:.4} f_L + f_Q, {:.4} f", train[0], train[1], train[2]);
            let position = || Position { state: state.clone(), bits: bits(&descents) };
            if checkpoints.tick(state.step, message, position)?.is_break() {
                break;
            }
        }
        Ok(Position { bits: bits(&descents), state })
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        let mut csv =
            "step,seed,model,train_loss,test_loss,norm,weight_distance,function_distance\n".to_owned();
        for (seed, state) in self.settings.all_seeds().zip(states) {
            for Row { step, points } in state.iter().flat_map(|state| &state.rows) {
                for (model, p) in ["linear", "quadratic", "network"].into_iter().zip(points) {
                    // Writing to a string cannot fail. Debug output is the shortest that is read back to the
                    // same bits.
                    let _ = writeln!(
                        csv,
                        "{step},{seed},{model},{:?},{:?},{:?},{:?},{:?}",
                        p.train_loss, p.test_loss, p.norm, p.weight_distance, p.function_distance
                    );
                }
            }
        }
        Ok(Report {
            csv,
            picture: picture::draw(&self.settings, states),
            verdict: verdict::judge(&self.settings, states),
        })
    }
}
