//! Figure 1 of DLS22: Algorithm 1 beside kernel methods of the same width, and beside those of infinite
//! width.
//!
//! d = 10, f* = He_2/2 + He_4/√48 of x_1, n = d^0 … d^5 at width 100 and up to d^4 at width 1000, λ tuned on
//! 10⁵ held-out samples, 10⁵ fresh inputs, ten seeds. The methods:
//!
//! - Algorithm 1, with the heads of [`escapement::training::one_step`];
//! - random features: the same biases with the untrained first layer;
//! - the tangent kernel of all parameters of the network at its start. The paper does not say which one it
//!   takes: that of the first layer alone stays at 0.63 at n = d^5, where 0.54 is published;
//! - the kernels of infinitely wide random features and of the infinitely wide network with biases from
//!   N(0, 1), as far as matrices of n × n go, and with fewer held-out samples and fresh inputs.
//!
//! A last row, n = 0, has labels without noise on all held-out inputs: for the features of finite width it
//! is what they can express at all.

mod verdict;

use super::{Row, Settings, State, advance, draw, fits, fits::Fit, log, powers, target};
use crate::claim::Tier;
use crate::figure::{Checkpoints, Curve, Experiment, Panel, Picture, Position, Report, Style, limits};
use crate::papers::dls22::samples::{Data, Sample};
use anyhow::{Result, ensure};
use escapement::gaussian::MultiIndexModel;
use escapement::kernel::arc_cosine::{random_features_matrix, tangent_matrix};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The experiment, as its files and its cells name it.
pub const ID: &str = "dls22-figure-1";
/// The methods, those of infinite width last.
pub const METHODS: [&str; 5] = [
    "Algorithm 1",
    "random features",
    "tangent kernel",
    "random features, infinite width",
    "tangent kernel, infinite width",
];
/// How many methods have a width.
const FINITE: usize = 3;
/// The largest excess that is drawn: with few samples α + β·x alone costs more.
const HIGHEST: f64 = 2.0;
/// Width, method, and the values that can be read off the published plot at log_d n = 2, 2.5, 3, …
const PUBLISHED: [(usize, usize, &[f64]); 6] = [
    (100, 0, &[0.99, 0.90, 0.54, 0.25, 0.09, 0.05, 0.02]),
    (100, 1, &[1.0, 0.98, 0.85, 0.80, 0.77, 0.77, 0.765]),
    (100, 2, &[1.0, 0.93, 0.81, 0.70, 0.61, 0.565, 0.54]),
    (1000, 0, &[0.98, 0.86, 0.46, 0.19, 0.065]),
    (1000, 1, &[1.0, 0.91, 0.71, 0.63, 0.535]),
    (1000, 2, &[0.99, 0.86, 0.71, 0.58, 0.47]),
];

/// The sizes of a tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    /// The dimension.
    pub d: usize,
    /// The numbers of samples between d^i and d^{i+1}, with the first.
    pub parts: u32,
    /// The largest n times m.
    pub most: usize,
    /// Samples that choose the decay, and fresh inputs.
    pub held_out: [usize; 2],
    /// Samples that choose the decay of the kernels of infinite width, and fresh inputs for them.
    pub held_out_of_kernels: [usize; 2],
    /// Their largest n, unless another is asked for.
    #[serde(skip)]
    pub kernels: usize,
    /// The widths, unless others are asked for.
    #[serde(skip)]
    pub widths: Vec<usize>,
    /// Seeds, unless others are asked for.
    #[serde(skip)]
    pub seeds: u64,
}

impl Sizes {
    /// Those of a tier; the last are the paper's.
    pub fn of(tier: Tier) -> Self {
        let paper = Self {
            d: 10,
            parts: 4,
            most: 10_000_000,
            held_out: [100_000; 2],
            kernels: 3_200,
            held_out_of_kernels: [20_000; 2],
            widths: vec![100, 1_000],
            seeds: 10,
        };
        match tier {
            Tier::Quick => Self {
                parts: 2,
                most: 1_000_000,
                held_out: [10_000, 20_000],
                kernels: 1_000,
                held_out_of_kernels: [10_000, 20_000],
                widths: vec![100],
                seeds: 6,
                ..paper
            },
            Tier::Standard => Self {
                parts: 2,
                held_out: [50_000; 2],
                kernels: 1_000,
                widths: vec![100],
                seeds: 5,
                ..paper
            },
            Tier::Paper => paper,
        }
    }
}

/// A run: a seed with a width, or with the kernels of infinite width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    seed: u64,
    width: Option<usize>,
}

/// The experiment.
pub struct Figure1 {
    settings: Settings<Sizes>,
    runs: Vec<Run>,
    model: MultiIndexModel,
}

impl Figure1 {
    /// The experiment of these settings.
    ///
    /// # Errors
    /// A width that is odd or 0.
    pub fn new(settings: Settings<Sizes>) -> Result<Self> {
        let widths = &settings.sizes.widths;
        if let Some(&m) = widths.iter().find(|m| **m == 0 || **m % 2 == 1) {
            return Err(escapement::Error::Width(m).into());
        }
        let all = |seed| widths.iter().map(|m| Some(*m)).chain([None]).map(move |width| Run { seed, width });
        let runs = settings.all_seeds().flat_map(all).collect();
        let model = target("mix4", settings.sizes.d)?;
        Ok(Self { settings, runs, model })
    }

    /// The numbers of samples of a run.
    fn grid(&self, Run { width, .. }: Run) -> Vec<usize> {
        let Sizes { d, parts, most, kernels, .. } = self.settings.sizes;
        let mut all = powers(d, parts, width.map_or(kernels, |m| most / m));
        if self.settings.centred {
            // α and β leave nothing of a single label.
            all.retain(|&n| n > 1);
        }
        if width.is_some() {
            all.push(0);
        }
        all
    }

    /// What the methods of a run come to with n samples.
    fn measure(&self, Run { seed, width }: Run, n: usize) -> Result<Vec<Fit>> {
        let Sizes { d, held_out, held_out_of_kernels, .. } = self.settings.sizes;
        let Some(m) = width else {
            let data = draw(&self.model, n, held_out_of_kernels, seed)?;
            let (a, b) = rayon::join(
                || fits::kernel(&data, random_features_matrix),
                || fits::kernel(&data, tangent_matrix),
            );
            return Ok(vec![a?, b?]);
        };
        let mut data = draw(&self.model, n, held_out, seed)?;
        if n == 0 {
            data = self.exact(data)?;
        }
        let (start, biases) = self.settings.network(seed, d, m)?;
        let step = self.settings.step(&data.train, &start)?;
        let (tangent, (learnt, untouched)) = rayon::join(
            || fits::tangent(&data, &start),
            || {
                rayon::join(
                    || fits::after_step(&data, &step, &biases),
                    || fits::untouched(&data, start.weights.as_ref(), &biases),
                )
            },
        );
        Ok(vec![learnt?, untouched?, tangent?])
    }

    /// f* itself on the inputs that were held out; the decay is then chosen on the fresh inputs.
    fn exact(&self, data: Data) -> Result<Data> {
        let x = data.validation.x;
        let train = Sample { y: self.model.values(x.as_ref())?, x };
        let fresh = data.truth.as_ref().map(|truth| truth.test.clone());
        Ok(Data { validation: fresh.unwrap_or_else(|| train.clone()), train, ..data })
    }

    /// About how many million operations it takes.
    fn cost(&self, Run { width, .. }: Run, n: usize) -> u64 {
        let sizes = &self.settings.sizes;
        let n = if n == 0 { sizes.held_out[0] } else { n } as f64;
        let ridge =
            |k: f64, held: usize| 9.0 * k.min(n).powi(3) + k * k.min(n) * n + 200.0 * k * held as f64;
        let all = match width {
            None => 2.0 * ridge(n, sizes.held_out_of_kernels[0]),
            Some(m) => {
                let (m, held) = (m as f64, sizes.held_out[0]);
                2.0 * ridge(m, held) + 9.0 * m.powi(3) + ridge(0.5 * m * (sizes.d + 2) as f64, held)
            }
        };
        (all / 1e6).ceil() as u64
    }

    /// The excess of a method at this width, by seed.
    fn excess(&self, states: &[Option<State>], method: usize, m: usize, n: usize) -> Vec<(u64, f64)> {
        let width = (method < FINITE).then_some(m);
        let place = if method < FINITE { method } else { method - FINITE };
        let runs = self.runs.iter().zip(states).filter(|(run, _)| run.width == width);
        runs.filter_map(|(run, state)| Some((run.seed, state.as_ref()?.at(n)?.get(place)?.excess))).collect()
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let d = self.settings.sizes.d;
        let mut csv = "method,m,seed,n,log_d_n,excess,lambda,published\n".to_owned();
        for (Run { seed, width }, state) in self.runs.iter().zip(states) {
            let (m, methods) = match width {
                Some(m) => (m.to_string(), &METHODS[..FINITE]),
                None => (String::new(), &METHODS[FINITE..]),
            };
            for Row { n, fits } in state.iter().flat_map(|state| &state.rows) {
                for (place, (method, Fit { excess, lambda })) in methods.iter().zip(fits).enumerate() {
                    let published = width.and_then(|m| published(d, m, place, *n));
                    let [log, published] = [(*n > 0).then(|| log(d, *n)), published]
                        .map(|value| value.map_or(String::new(), |value| format!("{value:?}")));
                    // Writing to a string cannot fail. Debug output is the shortest that is read back to the
                    // same bits.
                    let _ =
                        writeln!(csv, "\"{method}\",{m},{seed},{n},{log},{excess:?},{lambda:?},{published}");
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let Sizes { d, widths, kernels, .. } = &self.settings.sizes;
        let mut panels = Vec::new();
        for &m in widths {
            let mut dots = Vec::new();
            let grid: Vec<usize> =
                self.grid(Run { seed: 0, width: Some(m) }).into_iter().filter(|n| *n > 0).collect();
            let line = |name: &str, level: f64| {
                let points = [1, *grid.last().unwrap_or(&1)].map(|n| (log(*d, n), level, 0.0)).to_vec();
                Curve { name: name.to_owned(), points, color: 6, style: Style::Dashed }
            };
            let mut curves = vec![line("1 and ½", 1.0), line("1 and ½", 0.5)];
            for (method, name) in METHODS.into_iter().enumerate() {
                let mean = |&n: &usize| {
                    let values: Vec<f64> =
                        self.excess(states, method, m, n).into_iter().map(|(_, excess)| excess).collect();
                    let mean = limits(&values).filter(|l| l.mean <= HIGHEST)?;
                    Some((log(*d, n), mean.mean, mean.deviation))
                };
                let points: Vec<_> = grid.iter().filter_map(mean).collect();
                let (color, style) = match method.checked_sub(FINITE) {
                    Some(infinite) => (infinite + 1, Style::Dashed),
                    None => (method, Style::Line),
                };
                curves.push(Curve { name: name.into(), points, color, style });
                let dot = |&n: &usize| Some((log(*d, n), published(*d, m, method, n)?, 0.0));
                let (name, points) = ("as published".to_owned(), grid.iter().filter_map(dot).collect());
                dots.push(Curve { name, points, color, style: Style::Dots });
            }
            curves.append(&mut dots);
            let (x_label, y_label) = ("log_d n".to_owned(), "excess in L2".to_owned());
            let title = format!("width {m}, infinite width up to n = {kernels}");
            panels.push(Panel { title, x_label, y_label, log_x: false, log_y: false, curves });
        }
        Picture { title: format!("Figure 1 of DLS22, d = {d}: {}", self.settings.words()), panels }
    }
}

/// The published value of a method at this width and n, where there is one.
fn published(d: usize, m: usize, method: usize, n: usize) -> Option<f64> {
    let (_, _, values) = PUBLISHED.iter().find(|(width, of, _)| (*width, *of) == (m, method))?;
    let place = powers(10, 2, 100_000).iter().position(|power| *power == n)?.checked_sub(4)?;
    values.get(place).copied().filter(|_| d == 10)
}

impl Experiment for Figure1 {
    type State = State;

    fn id(&self) -> &str {
        ID
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        self.settings.map(ID)
    }

    fn runs(&self) -> Vec<String> {
        let name = |Run { seed, width }: &Run| match width {
            Some(m) => format!("m-{m}-seed-{seed}"),
            None => format!("kernels-seed-{seed}"),
        };
        self.runs.iter().map(name).collect()
    }

    fn work(&self, run: usize, state: Option<&State>) -> (u64, u64) {
        let (run, done) = (self.runs[run], state.map_or(0, |state| state.rows.len()));
        let costs: Vec<u64> = self.grid(run).into_iter().map(|n| self.cost(run, n)).collect();
        (costs.iter().sum(), costs.iter().take(done).sum())
    }

    fn accept(&self, run: usize, state: &State) -> Result<()> {
        let (name, last) = (&self.runs()[run], state.rows.last().map_or(0, |row| row.n));
        ensure!(
            state.rows.len() <= self.grid(self.runs[run]).len(),
            "the run {name} has come to n = {last}: give --kernels {last}, or --fresh to start anew"
        );
        Ok(())
    }

    fn advance(
        &mut self,
        run: usize,
        from: Option<Position<State>>,
        checkpoints: &mut Checkpoints<'_, State>,
    ) -> Result<Position<State>> {
        let it = self.runs[run];
        advance(
            &self.grid(it),
            from,
            checkpoints,
            |state| self.work(run, Some(state)).1,
            |n| self.measure(it, n),
        )
    }

    fn report(&self, states: &[Option<State>]) -> Result<Report> {
        Ok(Report { csv: self.csv(states), picture: self.picture(states), verdict: self.verdict(states) })
    }
}
