//! Figure 2 of DLS22: a head on frozen features, for a target that shares its direction with the source.
//!
//! d = 10, the step on He_2/2 + He_3/√12 of x_1 with n = d^0 … d^6 samples, then the head on He_3/√6 of x_1
//! with N = d^0 … d^4 samples of their own, both with noise of variance 1; the decay of the head is tuned.
//! Labels of the target are not centred: β would cost d(1 + ς²)/N there. The width is not stated in the
//! paper.

mod verdict;

use super::{Curves, Settings, State, draw, end_of_line, first, fits, fits::Fit, powers, target};
use crate::claim::{Failure, Tier};
use crate::figure::{Picture, Report, Series, Style};
use crate::papers::dls22::samples::Data;
use anyhow::Result;
use escapement::gaussian::MultiIndexModel;
use escapement::seed;
use rand::Rng;
use serde::Serialize;
use serde_json::{Map, Value};

/// The experiment, as its files and its cells name it.
pub const ID: &str = "dls22-figure-2";
/// k of n = d^k, and the values that can be read off the published plot: 2 log_d N, and the excess there. Of
/// n ≤ d the two ends can be read off.
const PUBLISHED: [(u32, &[(usize, f64)]); 6] = [
    (1, &[(2, 0.98), (8, 0.95)]),
    (2, &[(2, 0.98), (3, 0.98), (4, 0.98), (5, 0.96), (6, 0.90), (7, 0.855), (8, 0.82)]),
    (3, &[(2, 0.98), (3, 0.98), (4, 0.84), (5, 0.54), (6, 0.36), (7, 0.28), (8, 0.25)]),
    (4, &[(2, 0.97), (3, 0.88), (4, 0.54), (5, 0.215), (6, 0.13), (7, 0.07), (8, 0.05)]),
    (5, &[(2, 0.96), (3, 0.76), (4, 0.36), (5, 0.155), (6, 0.08), (7, 0.04), (8, 0.02)]),
    (6, &[(2, 0.93), (3, 0.72), (4, 0.34), (5, 0.14), (6, 0.07), (7, 0.03), (8, 0.01)]),
];

/// The sizes of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sizes {
    /// The dimension.
    pub d: usize,
    /// The width.
    pub m: usize,
    /// The largest n.
    pub source: usize,
    /// The largest N.
    pub target: usize,
    /// Target samples that choose the decay, and fresh inputs.
    pub held_out: [usize; 2],
    /// Seeds, unless others are asked for.
    #[serde(skip)]
    pub seeds: u64,
}

impl Sizes {
    /// Those of a tier; the last are the paper's, with a width of ours.
    pub fn of(tier: Tier) -> Self {
        let paper =
            Self { d: 10, m: 300, source: 1_000_000, target: 10_000, held_out: [100_000; 2], seeds: 10 };
        match tier {
            Tier::Quick => {
                Self { m: 100, source: 10_000, target: 3_200, held_out: [10_000, 20_000], seeds: 6, ..paper }
            }
            Tier::Standard => Self { source: 100_000, held_out: [20_000; 2], seeds: 5, ..paper },
            Tier::Paper => paper,
        }
    }
}

/// The experiment: a run to a seed.
pub struct Figure2 {
    settings: Settings<Sizes>,
    source: MultiIndexModel,
    target: MultiIndexModel,
}

impl Figure2 {
    /// The experiment of these settings.
    ///
    /// # Errors
    /// A width that is odd or 0.
    pub fn new(settings: Settings<Sizes>) -> Result<Self> {
        let Sizes { d, m, .. } = settings.sizes;
        if m == 0 || m % 2 == 1 {
            return Err(escapement::Error::Width(m).into());
        }
        Ok(Self { settings, source: target("mix3", d)?, target: target("he3", d)? })
    }

    /// The numbers N of target samples.
    fn targets(&self) -> Vec<usize> {
        powers(self.settings.sizes.d, 2, self.settings.sizes.target)
    }

    /// The excess with n source and N target samples, by seed.
    fn excess(&self, states: &[Option<State>], n: usize, target: usize) -> Vec<f64> {
        let place = self.targets().iter().position(|count| *count == target);
        let of = |state: &Option<State>| Some(state.as_ref()?.at(n)?.get(place?)?.excess);
        states.iter().filter_map(of).collect()
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "seed,n,target_samples,excess,lambda,published\n".to_owned();
        for (seed, state) in self.settings.all_seeds().zip(states) {
            for (n, fits) in state.iter().flat_map(|state| &state.rows) {
                for (count, fit) in self.targets().into_iter().zip(fits) {
                    let published = published(self.settings.sizes.d, *n, count);
                    csv += &format!("{seed},{n},{count},{}", end_of_line(fit, published));
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let (Sizes { d, m, .. }, targets) = (self.settings.sizes, self.targets());
        let mut curves = Curves::default();
        for (color, n) in self.sizes(0).into_iter().enumerate() {
            let values = |count| self.excess(states, n, count);
            let published = |count| published(d, n, count);
            curves.add((format!("n = {n}"), color, Style::Line), (d, &targets), values, published);
        }
        let panel = curves.panel(self.settings.words(), ["log_d N", "excess in L2 on the target"]);
        Picture { title: format!("Figure 2 of DLS22, d = {d}, width {m}"), panels: vec![panel] }
    }
}

/// The published value of n source and N target samples, where there is one.
fn published(d: usize, n: usize, target: usize) -> Option<f64> {
    let (_, values) = PUBLISHED.iter().find(|(k, _)| 10_usize.pow(*k) == n)?;
    let place = powers(10, 2, 10_000).iter().position(|power| *power == target)?;
    values.iter().find(|(k, _)| *k == place && d == 10).map(|(_, value)| *value)
}

impl Series for Figure2 {
    const ID: &'static str = ID;
    type Value = Vec<Fit>;

    fn shared(&self) -> Result<Map<String, Value>> {
        self.settings.map(ID)
    }

    fn names(&self) -> Vec<String> {
        self.settings.all_seeds().map(|seed| format!("seed-{seed}")).collect()
    }

    fn sizes(&self, _run: usize) -> Vec<usize> {
        let mut all = powers(self.settings.sizes.d, 1, self.settings.sizes.source);
        // α and β leave nothing of a single label.
        all.retain(|&n| n > 1 || !self.settings.centred);
        all
    }

    fn operations(&self, _run: usize, n: usize) -> f64 {
        let [d, m, held] = [self.settings.sizes.d, self.settings.sizes.m, self.settings.sizes.held_out[0]];
        // The step; and for each N a decomposition, and a hundred decays.
        (2 * n * m * d + self.targets().len() * m * (9 * m * m + 200 * held)) as f64
    }

    fn measure(&self, run: usize, n: usize) -> Result<Vec<Fit>> {
        let Sizes { d, m, target, held_out, .. } = self.settings.sizes;
        let seed = self.settings.seed.wrapping_add(run as u64);
        let source = draw(&self.source, n, [1, 2], seed)?;
        let (start, biases) = self.settings.network(seed, d, m)?;
        let step = self.settings.step(&source.train, &start)?;
        // The streams of the seed itself are those of the source.
        let all = draw(&self.target, target, held_out, seed::stream(seed, ID, "target").next_u64())?;
        let fit = |count: usize| {
            let data = Data { train: first(&all.train, count), ..all.clone() };
            Ok(fits::head(&data, &fits::as_they_came, step.weights.as_ref(), &biases)?)
        };
        self.targets().into_iter().map(fit).collect()
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let verdict = self.verdict(states, open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
