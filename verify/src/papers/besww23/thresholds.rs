//! The risks of kernel ridge regression, of one gradient step and of principal components against β.
//!
//! Targets are `(h_k + h_3)/√2` of the spike with k = 1 and 2, and n = d. The kernel is `Σ_{l≤3} (x·x'/d)^l/l!`
//! with the best ridge of a grid; its risk is exact for the sample. One step and the first principal component
//! of the sample give a direction û each, and the best polynomial of û·x has the risk `Σ_j α_j²(1 − ρ̂^{2j})`.
//! The step is taken with the labels, and with those of another sample.

use super::instance::{Step, kernel, labels, risk_of_head, target};
use super::letters::{BETA, D, DEGREE, EXPONENT, N};
use crate::claim::{Bound, Cell, Failure, Measurement, Neighbour, Record, Side, Tier};
use crate::figure::seeds::{self, limits};
use crate::figure::{Curve, Measured, Panel, Picture, Report, Series, Sheet, Style, named};
use crate::run::source::SOURCE_HASH;
use anyhow::Result;
use escapement::gaussian::Spike;
use escapement::{activation, seed};
use faer::{Par, Side as Triangle};
use serde::Serialize;
use serde_json::{Map, Value};

/// The experiment, as its files and its cells name it.
pub const ID: &str = "besww23-thresholds";
/// The methods, in the order of their risks.
const METHODS: [&str; 4] = ["kernel ridge", "one step", "one step, other labels", "PCA"];
/// The first method where it does not learn.
const BELOW: &str = "kernel ridge below its threshold";
/// Hundredths of β, the information exponents, and the degree.
const BETAS: [usize; 10] = [5, 15, 25, 35, 45, 55, 65, 75, 85, 95];
const EXPONENTS: [usize; 2] = [1, 2];
const TOP: usize = 3;
/// The ridges, relative to the trace of the kernel matrix over n.
const RIDGES: [f64; 5] = [1e-3, 1e-2, 1e-1, 1.0, 10.0];

/// The settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// How large the experiment is.
    pub tier: Tier,
    /// d = n.
    pub d: usize,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    #[serde(skip)]
    pub seeds: u64,
}

impl Settings {
    /// Those of a tier.
    pub fn of(tier: Tier) -> Self {
        let (d, seeds) = match tier {
            Tier::Quick => (200, 6),
            Tier::Standard => (800, 20),
            Tier::Paper => (1600, 10),
        };
        Self { tier, d, seed: 0, seeds }
    }
}

/// The experiment: a run to a seed.
pub struct Thresholds(Settings);

/// Risks by information exponent and method.
type Risks = [[f64; METHODS.len()]; EXPONENTS.len()];

impl Thresholds {
    /// The experiment of these settings.
    ///
    /// # Errors
    /// d below 10, or above 10 000.
    pub fn new(settings: Settings) -> escapement::Result<Self> {
        if !(10..=10_000).contains(&settings.d) {
            return Err(escapement::Error::domain("d", settings.d, "it lies between 10 and 10000"));
        }
        Ok(Self(settings))
    }

    /// The risks of a method, by seed.
    fn risks(states: &[Option<Measured<Risks>>], place: usize, method: usize, beta: usize) -> Vec<f64> {
        let of = |state: &Option<Measured<Risks>>| Some(state.as_ref()?.at(beta)?[place][method]);
        states.iter().filter_map(of).collect()
    }

    fn csv(&self, states: &[Option<Measured<Risks>>]) -> String {
        let mut csv = "seed,k,beta,method,risk\n".to_owned();
        for (seed, state) in seeds::from(self.0.seed, self.0.seeds).zip(states) {
            for (beta, risks) in state.iter().flat_map(|state| &state.rows) {
                for (k, risks) in EXPONENTS.iter().zip(risks) {
                    for (method, risk) in METHODS.iter().zip(risks) {
                        csv += &format!("{seed},{k},{},\"{method}\",{risk:?}\n", *beta as f64 / 100.0);
                    }
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<Measured<Risks>>]) -> Picture {
        let panel = |(place, k): (usize, &usize)| {
            let curve = |(method, name): (usize, &&str)| {
                let point = |&beta: &usize| {
                    let found = limits(&Self::risks(states, place, method, beta))?;
                    Some((beta as f64 / 100.0, found.mean, found.deviation))
                };
                let style = if method == 2 { Style::Dashed } else { Style::Line };
                let points = BETAS.iter().filter_map(point).collect();
                Curve { name: (*name).to_owned(), points, color: method, style }
            };
            Panel {
                title: format!("(h_{k} + h_{TOP})/√2"),
                x_label: "β".to_owned(),
                y_label: "risk".to_owned(),
                log_x: false,
                log_y: false,
                curves: METHODS.iter().enumerate().map(curve).collect(),
            }
        };
        let Settings { d, seeds, .. } = self.0;
        let title = format!("A spike of d^β, n = d = {d}, {}", seeds::words(seeds));
        Picture { title, panels: EXPONENTS.iter().enumerate().map(panel).collect() }
    }

    /// What all seeds came to at a β.
    fn record(&self, states: &[Option<Measured<Risks>>], place: usize, beta: usize) -> Record {
        let mut found = Measurement::new().quantity("half", 0.25, 0.0);
        let all = METHODS.iter().enumerate().map(|(method, name)| (method, name, beta));
        for (method, name, beta) in all.chain([(0, &BELOW, 45)]) {
            if let Some(mean) = limits(&Self::risks(states, place, method, beta)) {
                found.insert(*name, mean.mean, mean.half);
            }
        }
        let Settings { d, seed, .. } = self.0;
        let cell = Cell::new(ID, "").with(D, d).with(N, d).with(DEGREE, TOP);
        let cell = cell.with(EXPONENT, EXPONENTS[place]).with(BETA, beta as f64 / 100.0);
        Record { source: SOURCE_HASH.to_owned(), seed, cell, measurement: found }
    }
}

/// Half of α_p² is what no kernel of this form is below where it does not learn h_p.
fn bounds() -> Vec<Bound> {
    let far = |cell: &Cell| cell.real(BETA) - (1.0 - 1.0 / TOP as f64);
    let first = |cell: &Cell| cell.whole(EXPONENT) == 1;
    vec![
        Bound::inequality(
            "kernel-below",
            "β ≤ 1 − 1/p − 0.15: the risk of kernel ridge regression is at least α_p²/2 = ¼",
            METHODS[0],
            Side::Lower,
            "half",
            Neighbour::lhs(METHODS[3], "principal components in its place"),
        )
        .headline()
        .among(move |cell| far(cell) <= -0.15),
        Bound::inequality(
            "kernel-above",
            "β ≥ 1 − 1/p + 0.15: it is at most ¼",
            METHODS[0],
            Side::Upper,
            "half",
            Neighbour::lhs(BELOW, "the kernel at β = 0.45"),
        )
        .among(move |cell| far(cell) >= 0.15),
        Bound::inequality(
            "step-ahead",
            "k = 1 and 0.3 ≤ β ≤ 1 − 1/p: one step has a smaller risk than kernel ridge regression",
            METHODS[1],
            Side::Upper,
            METHODS[0],
            Neighbour::lhs(METHODS[2], "the labels of another sample"),
        )
        .strict()
        .headline()
        .among(move |cell| first(cell) && cell.real(BETA) >= 0.3 && far(cell) <= 0.0),
        Bound::inequality(
            "components-ahead",
            "0.3 ≤ β: principal components, which know no labels, have a smaller risk than kernel ridge regression",
            METHODS[3],
            Side::Upper,
            METHODS[0],
            Neighbour::lhs(METHODS[2], "one step with the labels of another sample"),
        )
        .strict()
        .among(|cell| cell.real(BETA) >= 0.3),
    ]
}

impl Series for Thresholds {
    const ID: &'static str = ID;
    type Value = Risks;

    fn shared(&self) -> Result<Map<String, Value>> {
        named(ID, &self.0)
    }

    fn names(&self) -> Vec<String> {
        seeds::from(self.0.seed, self.0.seeds).map(|seed| format!("seed-{seed}")).collect()
    }

    fn sizes(&self, _run: usize) -> Vec<usize> {
        BETAS.to_vec()
    }

    fn operations(&self, _run: usize, _size: usize) -> f64 {
        // An eigendecomposition, and a factorisation for each ridge and target.
        25.0 * (self.0.d as f64).powi(3)
    }

    fn measure(&self, run: usize, size: usize) -> Result<Risks> {
        let (d, beta) = (self.0.d, size as f64 / 100.0);
        let name = format!("{ID} d={d} beta={beta}");
        let mut rng = seed::stream(self.0.seed.wrapping_add(run as u64), &name, "inputs");
        let spike = Spike::new(d, (d as f64).powf(beta))?;
        let (x, others) = (spike.inputs(&mut rng, d), spike.inputs(&mut rng, d));
        let (sigma, t) = (activation::parse("tanh:0.5")?, (d as f64).powf(-0.5));
        let pairs = (x.transpose() * &x).self_adjoint_eigen(Triangle::Lower);
        let pairs = pairs.map_err(|e| escapement::Error::Numerical {
            what: "the principal components",
            why: format!("{e:?}"),
        })?;
        let along = pairs.U()[(0, d - 1)].powi(2);
        let component = Step { along, across: 1.0 - along, variance: 0.0 }.correlation(spike);
        let kernel = kernel(TOP, spike)?;
        let mut out = Risks::default();
        for (risks, k) in out.iter_mut().zip(EXPONENTS) {
            let alpha = target(k, TOP);
            let regression = kernel.regression(x.as_ref(), &alpha, Par::Seq)?;
            let scale = (0..d).map(|i| regression.kernel()[(i, i)]).sum::<f64>() / d as f64;
            let mut best = f64::INFINITY;
            for ridge in RIDGES {
                best = best.min(regression.fit(ridge * scale)?.risk.value);
            }
            let step = |sample| {
                let y = labels(sample, &alpha, spike);
                risk_of_head(&alpha, Step::new(x.as_ref(), &y, sigma.as_ref(), t).correlation(spike))
            };
            *risks = [best, step(x.as_ref()), step(others.as_ref()), risk_of_head(&alpha, component)];
        }
        Ok(out)
    }

    fn outputs(&self, states: &[Option<Measured<Risks>>], open: Vec<Failure>) -> Report {
        let Settings { tier, d, seed, seeds } = self.0;
        let sheet = Sheet {
            claim: ID,
            title: "kernels, one step and principal components against the spike".to_owned(),
            reference: "BESWW23, the thresholds of the abstract",
            tier,
            seed,
            command: format!(
                "escapement experiment besww23/thresholds --tier {tier} --d {d} --seed {seed} --seeds {seeds} \
                 --fresh"
            ),
        };
        let cells = (0..EXPONENTS.len()).flat_map(|place| BETAS.map(move |beta| (place, beta)));
        let records: Vec<Record> = cells.map(|(place, beta)| self.record(states, place, beta)).collect();
        let verdict = sheet.judge(&bounds(), &records, open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
