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
use crate::claim::Tier;
use crate::figure::{Curve, Measured, Panel, Style, limits, named, seeds};
use anyhow::{Result, anyhow};
use escapement::gaussian::MultiIndexModel;
use escapement::seed;
use escapement::training::one_step::{FirstStep, Start, StepSize, standard_normal};
use faer::{Mat, Par};
use fits::{Fit, relu};
use serde::Serialize;
use serde_json::{Map, Value};

/// The largest excess that is drawn: with few samples α + β·x alone costs more.
const HIGHEST: f64 = 2.0;
/// The noise of the labels.
const NOISE: Noise = Noise::Normal(1.0);
/// With how much error a value can be read off the published figures.
const READING: f64 = 0.02;
/// An excess is near a level within this, which is what half a digit of the published numbers is.
const HALF_A_DIGIT: f64 = 0.05;

/// The settings of an experiment with sizes of the type S.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings<S> {
    /// Whether Algorithm 1 takes α and β off the labels of its first task, as printed.
    pub centred: bool,
    /// Whether the step is made without biases, and each neuron has one of its own afterwards, as printed; or
    /// a pair shares one, which the step sees and the features keep.
    pub redrawn: bool,
    /// How large it is.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    #[serde(skip)]
    pub seeds: u64,
    /// The sizes.
    #[serde(flatten)]
    pub sizes: S,
}

impl<S: Serialize> Settings<S> {
    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<S> {
        seeds::from(self.seed, self.seeds)
    }

    /// All that another command must share, by name.
    fn map(&self, experiment: &str) -> Result<Map<String, Value>> {
        named(experiment, self)
    }

    /// What to type for the same runs; `sizes` are the options of the sizes.
    fn command(&self, experiment: &str, sizes: &str) -> String {
        let Self { tier, seed, seeds, .. } = self;
        let flags = match (self.centred, self.redrawn) {
            (true, _) => " --as-printed",
            (false, true) => " --redrawn",
            (false, false) => "",
        };
        format!(
            "escapement experiment {experiment}{flags} --tier {tier} {sizes} --seed {seed} --seeds {seeds} \
             --fresh"
        )
    }

    /// The network of a seed at its start, and the biases of the features; those of `escapement learn`.
    fn network(&self, seed: u64, d: usize, m: usize) -> escapement::Result<(Start, Vec<f64>)> {
        let stream = |purpose| seed::stream(seed, &format!("learn d={d} m={m}"), purpose);
        if self.redrawn {
            let biases = standard_normal(&mut stream("biases"), m);
            return Ok((Start::as_printed(&mut stream("start"), m, d)?, biases));
        }
        let start = Start::as_run(&mut stream("start"), m, d)?;
        Ok((start.clone(), start.biases))
    }

    /// The step on a sample.
    fn step(&self, Sample { x, y }: &Sample, start: &Start) -> escapement::Result<FirstStep> {
        let make = if self.centred { FirstStep::new } else { FirstStep::uncentred };
        make(x.as_ref(), y, start, relu()?.as_ref(), StepSize::UnitRows, Par::rayon(0))
    }

    /// How the runs are made, in the words of a title.
    fn words(&self) -> String {
        let labels = if self.centred { "α and β taken off" } else { "without α and β" };
        let biases = if self.redrawn { "redrawn" } else { "kept" };
        format!("{labels}, biases {biases}, {}", seeds::words(self.seeds))
    }
}

/// Where a run is.
pub type State = Measured<Vec<Fit>>;

/// The end of a line of a table. Debug output is the shortest that is read back to the same bits.
fn end_of_line(Fit { excess, lambda }: &Fit, published: Option<f64>) -> String {
    format!("{excess:?},{lambda:?},{}\n", published.map_or(String::new(), |value| format!("{value:?}")))
}

/// Curves against the powers of d, with the published values as dots above them.
#[derive(Default)]
struct Curves {
    lines: Vec<Curve>,
    dots: Vec<Curve>,
}

impl Curves {
    /// Adds a curve of what the seeds came to at each number of samples, and of what is published.
    fn add(
        &mut self,
        (name, color, style): (String, usize, Style),
        (d, grid): (usize, &[usize]),
        values: impl Fn(usize) -> Vec<f64>,
        published: impl Fn(usize) -> Option<f64>,
    ) {
        let mean = |&n: &usize| {
            limits(&values(n)).filter(|l| l.mean <= HIGHEST).map(|l| (log(d, n), l.mean, l.deviation))
        };
        let dot = |&n: &usize| Some((log(d, n), published(n)?, 0.0));
        let (line, dots) = (grid.iter().filter_map(mean).collect(), grid.iter().filter_map(dot).collect());
        self.lines.push(Curve { name, points: line, color, style });
        self.dots.push(Curve { name: "as published".to_owned(), points: dots, color, style: Style::Dots });
    }

    fn panel(self, title: String, [x_label, y_label]: [&str; 2]) -> Panel {
        let curves = [self.lines, self.dots].concat();
        let (x_label, y_label) = (x_label.to_owned(), y_label.to_owned());
        Panel { title, x_label, y_label, log_x: false, log_y: false, curves }
    }
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
fn draw(model: &MultiIndexModel, n: usize, [validation, test]: [usize; 2], seed: u64) -> Result<Data> {
    let mut data = Data::draw(model, Samples { n: n.max(2), validation, test }, NOISE, seed)?;
    data.train = first(&data.train, n);
    Ok(data)
}

/// The first n samples.
fn first(Sample { x, y }: &Sample, n: usize) -> Sample {
    Sample { x: x.subrows(0, n).to_owned(), y: y[..n].to_vec() }
}
