//! The figures of DLS22 as experiments.
//!
//! Inputs are Gaussian, labels have normal noise of variance 1, and each head has the best decay of a grid on
//! held-out labels. What is shown is the excess in L2, relative to E f*²: both are means over the same fresh
//! inputs, because f*² has heavy tails, whose scatter the quotient takes out where little is learnt.
//!
//! *As plotted* is what reproduces the published curves: labels are not centred (α = β = 0), and the biases
//! are those of the authors' script, drawn in pairs before the step, used in it and kept. *As printed* is
//! Algorithm 1: α and β are taken off, and the biases are drawn again after the step, each for itself. The
//! excess is the same for every factor of λ, because λ is tuned.

pub mod figure_1;
pub mod figure_2;
pub mod fits;

use super::samples::{Data, Noise, Sample, Sizes as Samples};
use super::targets;
use crate::claim::{Failure, Tier};
use crate::figure::{Checkpoints, Position, seeds};
use crate::text::Choice;
use anyhow::{Result, anyhow};
use escapement::gaussian::MultiIndexModel;
use escapement::seed;
use escapement::training::one_step::{FirstStep, Start, StepSize, standard_normal};
use faer::{Mat, Par};
use fits::{Fit, relu};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The noise of the labels.
const NOISE: Noise = Noise::Normal(1.0);
/// With how much error a value can be read off the published figures.
const READING: f64 = 0.02;
/// An excess is near a level within this, which is what half a digit of the published numbers is.
const HALF_A_DIGIT: f64 = 0.05;

/// Which biases the features have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// Those of the authors' script: a pair shares one, which the step sees.
    Kept,
    /// Those of Algorithm 1: the step is made without, and each neuron has one of its own afterwards.
    Redrawn,
}

impl Choice for Biases {
    const ALL: &'static [Self] = &[Self::Kept, Self::Redrawn];

    fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Redrawn => "redrawn",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Kept => "Drawn in pairs before the step, used in it and kept, as in the authors' script",
            Self::Redrawn => "Drawn after a step without biases, each for itself, as printed",
        }
    }
}

/// The settings of an experiment with sizes of the type S.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings<S> {
    /// Whether Algorithm 1 takes α and β off the labels of its first task, as printed.
    pub centred: bool,
    /// Which biases there are.
    pub biases: Biases,
    /// How large it is.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    pub seeds: u64,
    /// The sizes.
    pub sizes: S,
}

impl<S: Serialize> Settings<S> {
    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<S> {
        seeds::from(self.seed, self.seeds)
    }

    /// All that another command must share, by name.
    fn map(&self, experiment: &str) -> Result<Map<String, Value>> {
        let Self { centred, biases, tier, seed, sizes, .. } = self;
        let mut all = Map::from_iter([
            ("experiment".to_owned(), experiment.into()),
            ("centred".to_owned(), (*centred).into()),
            ("biases".to_owned(), biases.name().into()),
            ("tier".to_owned(), tier.to_string().into()),
            ("seed".to_owned(), (*seed).into()),
        ]);
        if let Value::Object(sizes) = serde_json::to_value(sizes)? {
            all.extend(sizes);
        }
        Ok(all)
    }

    /// What to type for the same runs; `sizes` are the options of the sizes.
    fn command(&self, experiment: &str, sizes: &str) -> String {
        let Self { centred, biases, tier, seed, seeds, .. } = self;
        let variant = if *centred { "--as-printed" } else { "--as-plotted" };
        format!(
            "escapement experiment {experiment} {variant} --biases {} --tier {tier} {sizes} --seed {seed} \
             --seeds {seeds} --fresh",
            biases.name()
        )
    }

    /// The network of a seed at its start, and the biases of the features; those of `escapement learn`.
    fn network(&self, seed: u64, d: usize, m: usize) -> escapement::Result<(Start, Vec<f64>)> {
        let stream = |purpose| seed::stream(seed, &format!("learn d={d} m={m}"), purpose);
        match self.biases {
            Biases::Kept => {
                let start = Start::as_run(&mut stream("start"), m, d)?;
                Ok((start.clone(), start.biases))
            }
            Biases::Redrawn => Ok((
                Start::as_printed(&mut stream("start"), m, d)?,
                standard_normal(&mut stream("biases"), m),
            )),
        }
    }

    /// The step on a sample.
    fn step(&self, Sample { x, y }: &Sample, start: &Start) -> escapement::Result<FirstStep> {
        let make = if self.centred { FirstStep::new } else { FirstStep::uncentred };
        make(x.as_ref(), y, start, relu()?.as_ref(), StepSize::UnitRows, Par::rayon(0))
    }

    /// How the runs are made, in the words of a title.
    fn words(&self) -> String {
        let labels = if self.centred { "α and β taken off" } else { "without α and β" };
        format!("{labels}, biases {}, {}", self.biases.name(), seeds::words(self.seeds))
    }
}

/// What is recorded of one number of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The samples; 0 where the labels are exact and as many as are held out.
    pub n: usize,
    /// What each method, or each number of target samples, came to.
    pub fits: Vec<Fit>,
}

/// Where a run is: a row for each number of samples that it has come to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// In the order of the numbers of samples.
    pub rows: Vec<Row>,
}

impl State {
    /// What was fitted to n samples.
    fn at(&self, n: usize) -> Option<&[Fit]> {
        self.rows.iter().find(|row| row.n == n).map(|row| row.fits.as_slice())
    }
}

/// Goes on with a run whose numbers of samples are `grid`, one `measure` after another; `work` is how much it
/// is so far.
fn advance(
    grid: &[usize],
    from: Option<Position<State>>,
    checkpoints: &mut Checkpoints<'_, State>,
    work: impl Fn(&State) -> u64,
    measure: impl Fn(usize) -> Result<Vec<Fit>>,
) -> Result<Position<State>> {
    // The last bits of a factorisation depend on the parallelism of the process.
    faer::set_global_parallelism(Par::Seq);
    let mut state = from.map_or_else(State::default, |position| position.state);
    while let Some(&n) = grid.get(state.rows.len()) {
        state.rows.push(Row { n, fits: measure(n)? });
        let position = || Position { state: state.clone(), bits: Vec::new() };
        if checkpoints.tick(work(&state), || format!("n = {n}"), position)?.is_break() {
            break;
        }
    }
    Ok(Position { state, bits: Vec::new() })
}

/// Why a run with this grid is not judged yet.
fn unfinished(cell: crate::claim::Cell, state: Option<&State>, grid: &[usize]) -> Option<Failure> {
    let done = state.map_or(0, |state| state.rows.len());
    let reached = state.map(|_| format!("it has come to {done} of {} numbers of samples", grid.len()));
    (done < grid.len()).then(|| Failure::open(cell, reached))
}

/// d^{i/parts}, rounded, for i = 0, 1, … up to `most`, without repetitions.
fn powers(d: usize, parts: u32, most: usize) -> Vec<usize> {
    let power = |i: u32| (d as f64).powf(f64::from(i) / f64::from(parts)).round();
    let mut all: Vec<usize> =
        (0..).map(power).take_while(|p| *p <= most as f64).map(|p| p as usize).collect();
    all.dedup();
    all
}

/// log_d n.
fn log(d: usize, n: usize) -> f64 {
    (n as f64).ln() / (d as f64).ln()
}

/// The target of this name along the first axis.
fn target(name: &str, d: usize) -> Result<MultiIndexModel> {
    let axis = Mat::from_fn(1, d, |_, j| f64::from(u8::from(j == 0)));
    Ok(MultiIndexModel::from_series(axis.as_ref(), &targets::named(name).map_err(|e| anyhow!(e))?)?)
}

/// Samples of a target: n to learn from, and as many to choose the decay and to judge as are asked for.
fn draw(
    model: &MultiIndexModel,
    n: usize,
    [validation, test]: [usize; 2],
    seed: u64,
) -> escapement::Result<Data> {
    let mut data = Data::draw(model, Samples { n: n.max(2), validation, test }, NOISE, seed)?;
    data.train = first(&data.train, n);
    Ok(data)
}

/// The first n samples.
fn first(Sample { x, y }: &Sample, n: usize) -> Sample {
    Sample { x: x.subrows(0, n).to_owned(), y: y[..n].to_vec() }
}
