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
//! A last row, n = 0, is fitted to f* itself on all held-out inputs, on which its decay is chosen too: for
//! features of finite width, and many more inputs than features, it is what they can express at all.

mod verdict;

use super::{Curves, Settings, State, draw, end_of_line, fits, fits::Fit, log, powers, target};
use crate::claim::{Failure, Tier};
use crate::figure::{Curve, Panel, Picture, Report, Series, Style};
use crate::papers::dls22::samples::Sample;
use anyhow::Result;
use escapement::gaussian::MultiIndexModel;
use escapement::kernel::arc_cosine::{random_features_matrix, tangent_matrix};
use serde::Serialize;
use serde_json::{Map, Value};

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
/// The most samples that choose the decay of a kernel of infinite width, and fresh inputs for it.
const KERNEL_HELD_OUT: usize = 20_000;
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
    /// The largest n of the kernels of infinite width, unless another is asked for.
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
            widths: vec![100, 1_000],
            seeds: 10,
        };
        match tier {
            Tier::Quick => Self {
                parts: 2,
                most: 1_000_000,
                held_out: [10_000, 20_000],
                kernels: 1_000,
                widths: vec![100],
                seeds: 6,
                ..paper
            },
            Tier::Standard => Self { parts: 2, held_out: [50_000; 2], widths: vec![100], seeds: 5, ..paper },
            Tier::Paper => paper,
        }
    }
}

/// The experiment.
pub struct Figure1 {
    settings: Settings<Sizes>,
    /// A seed with each width, and with the kernels of infinite width.
    runs: Vec<(u64, Option<usize>)>,
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
        let all = |seed| widths.iter().map(|m| Some(*m)).chain([None]).map(move |width| (seed, width));
        let runs = settings.all_seeds().flat_map(all).collect();
        let model = target("mix4", settings.sizes.d)?;
        Ok(Self { settings, runs, model })
    }

    /// The excess of a method at this width, by seed.
    fn excess(&self, states: &[Option<State>], method: usize, m: usize, n: usize) -> Vec<(u64, f64)> {
        let width = (method < FINITE).then_some(m);
        let place = if method < FINITE { method } else { method - FINITE };
        let runs = self.runs.iter().zip(states).filter(|(run, _)| run.1 == width);
        runs.filter_map(|(run, state)| Some((run.0, state.as_ref()?.at(n)?.get(place)?.excess))).collect()
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "method,m,seed,n,excess,lambda,published\n".to_owned();
        for ((seed, width), state) in self.runs.iter().zip(states) {
            let (m, first) = width.map_or((String::new(), FINITE), |m| (m.to_string(), 0));
            for (n, fits) in state.iter().flat_map(|state| &state.rows) {
                for (method, fit) in (first..).zip(fits) {
                    let published = width.and_then(|m| published(self.settings.sizes.d, m, method, *n));
                    csv += &format!("\"{}\",{m},{seed},{n},", METHODS[method]);
                    csv += &end_of_line(fit, published);
                }
            }
        }
        csv
    }

    fn panel(&self, states: &[Option<State>], m: usize) -> Panel {
        let Sizes { d, parts, most, kernels, .. } = self.settings.sizes;
        let (grid, mut curves) = (powers(d, parts, most / m), Curves::default());
        for level in [1.0, 0.5] {
            let points = grid.iter().map(|&n| (log(d, n), level, 0.0)).collect();
            curves.lines.push(Curve { name: "1 and ½".into(), points, color: 6, style: Style::Dashed });
        }
        for (method, name) in METHODS.into_iter().enumerate() {
            let style = if method < FINITE { Style::Line } else { Style::Dashed };
            let values =
                |n| self.excess(states, method, m, n).into_iter().map(|(_, excess)| excess).collect();
            let published = |n| published(d, m, method, n);
            curves.add((name.to_owned(), method, style), (d, &grid), values, published);
        }
        let title = format!("width {m}, infinite width up to n = {kernels}");
        curves.panel(title, ["log_d n", "excess in L2"])
    }
}

/// The published value of a method at this width and n, where there is one.
fn published(d: usize, m: usize, method: usize, n: usize) -> Option<f64> {
    let (_, _, values) = PUBLISHED.iter().find(|(width, of, _)| (*width, *of) == (m, method))?;
    let place = powers(10, 2, 100_000).iter().position(|power| *power == n)?.checked_sub(4)?;
    values.get(place).copied().filter(|_| d == 10)
}

impl Series for Figure1 {
    const ID: &'static str = ID;
    type Value = Vec<Fit>;

    fn shared(&self) -> Result<Map<String, Value>> {
        self.settings.map(ID)
    }

    fn names(&self) -> Vec<String> {
        let name = |(seed, width): &(u64, Option<usize>)| match width {
            Some(m) => format!("m-{m}-seed-{seed}"),
            None => format!("kernels-seed-{seed}"),
        };
        self.runs.iter().map(name).collect()
    }

    fn sizes(&self, run: usize) -> Vec<usize> {
        let Sizes { d, parts, most, kernels, .. } = self.settings.sizes;
        let width = self.runs[run].1;
        let mut all = powers(d, parts, width.map_or(kernels, |m| most / m));
        // α and β leave nothing of a single label.
        all.retain(|&n| n > 1 || !self.settings.centred);
        all.extend(width.map(|_| 0));
        all
    }

    fn operations(&self, run: usize, n: usize) -> f64 {
        let [n, held] = [n, self.settings.sizes.held_out[0]].map(|n| n as f64);
        // A decomposition, and a hundred decays.
        let ridge = |k: f64| 9.0 * k.powi(3) + k * k * n + 200.0 * k * held;
        self.runs[run].1.map_or(ridge(n), |m| ridge((m * (self.settings.sizes.d + 2) / 2) as f64))
    }

    fn measure(&self, run: usize, n: usize) -> Result<Vec<Fit>> {
        let ((seed, width), Sizes { d, held_out, .. }) = (self.runs[run], &self.settings.sizes);
        let Some(m) = width else {
            let data = draw(&self.model, n, held_out.map(|n| n.min(KERNEL_HELD_OUT)), seed)?;
            let (a, b) = rayon::join(
                || fits::kernel(&data, random_features_matrix),
                || fits::kernel(&data, tangent_matrix),
            );
            return Ok(vec![a?, b?]);
        };
        let mut data = draw(&self.model, n, *held_out, seed)?;
        if n == 0 {
            let x = data.validation.x.clone();
            data.train = Sample { y: self.model.values(x.as_ref())?, x };
        }
        let (start, biases) = self.settings.network(seed, *d, m)?;
        let step = self.settings.step(&data.train, &start)?;
        let centred = |sample: &Sample| step.centred(sample.x.as_ref(), &sample.y);
        let (tangent, (learnt, untouched)) = rayon::join(
            || fits::tangent(&data, &start),
            || {
                rayon::join(
                    || fits::head(&data, &centred, step.weights.as_ref(), &biases),
                    || fits::head(&data, &fits::as_they_came, start.weights.as_ref(), &biases),
                )
            },
        );
        Ok(vec![learnt?, untouched?, tangent?])
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let Sizes { d, widths, .. } = &self.settings.sizes;
        let title = format!("Figure 1 of DLS22, d = {d}: {}", self.settings.words());
        let picture = Picture { title, panels: widths.iter().map(|&m| self.panel(states, m)).collect() };
        Report { csv: self.csv(states), picture, verdict: self.verdict(states, open) }
    }
}
