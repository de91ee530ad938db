//! The share of active neurons, the least eigenvalue of the tangent kernel and its condition number against
//! the bias B.

use super::bias_lambda_min::extremes;
use super::letters::{BIAS, D, N};
use crate::claim::{Bound, Cell, Failure, Measurement, Neighbour, Record, Side, Tier};
use crate::figure::{
    Curve, Limits, Measured, Panel, Picture, Plain, Report, Series, Sheet, Style, limits, named, seeds,
};
use crate::run::source::SOURCE_HASH;
use anyhow::Result;
use escapement::kernel::biased::Biased;
use escapement::sphere::uniform_sphere;
use escapement::{eigen, rounding, seed};
use faer::Par;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The experiment, as its files and its cells name it.
pub const ID: &str = "yjzlw24-biases";
/// Quarters of B, and the sizes (n, d) of the samples.
const QUARTERS: std::ops::RangeInclusive<usize> = 0..=16;
const SAMPLES: [(usize, usize); 3] = [(10, 5), (20, 10), (40, 60)];

/// The experiment: a run to a seed, whose sizes are quarters of B.
#[derive(Debug, Clone, Copy)]
pub struct Biases(Plain);

/// A sample at a bias.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// λ_min(H).
    pub least: f64,
    /// λ_max(H).
    pub most: f64,
    /// What bounds the error of either.
    pub error: f64,
    /// Σ_j κ_j (1 − (n−1)ρ_max^j)_+, and the false bound without n − 1.
    pub bound: [f64; 2],
}

type State = Measured<[Found; SAMPLES.len()]>;

/// B at a size.
fn bias(size: usize) -> f64 {
    0.25 * size as f64
}

impl Biases {
    /// The experiment of a tier.
    pub fn new(tier: Tier, seed: u64, seeds: Option<u64>) -> Self {
        Self(Plain { tier, seed, seeds: seeds.unwrap_or(if tier == Tier::Quick { 3 } else { 10 }) })
    }

    /// A number of all seeds.
    fn over_seeds(
        states: &[Option<State>],
        sample: usize,
        size: usize,
        of: fn(&Found) -> f64,
    ) -> Option<Limits> {
        let all = states.iter().flatten().filter_map(|state| Some(of(&state.at(size)?[sample])));
        limits(&all.collect::<Vec<_>>())
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "seed,B,n,d,least,most,bound\n".to_owned();
        for (seed, state) in self.0.all_seeds().zip(states) {
            for (size, found) in state.iter().flat_map(|state| &state.rows) {
                for ((n, d), Found { least, most, bound, .. }) in SAMPLES.iter().zip(found) {
                    csv += &format!("{seed},{},{n},{d},{least:?},{most:?},{:?}\n", bias(*size), bound[0]);
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let [mut values, mut conditions] = [Vec::new(), Vec::new()];
        let active = |size| Some((bias(size), Biased::new(bias(size)).ok()?.active().value, 0.0));
        values.push(Curve {
            name: "share of active neurons".to_owned(),
            points: QUARTERS.filter_map(active).collect(),
            color: 6,
            style: Style::Dashed,
        });
        for (color, (n, d)) in SAMPLES.iter().enumerate() {
            let curve = |name: &str, style, of: fn(&Found) -> f64| {
                let point = |size| {
                    Self::over_seeds(states, color, size, of).map(|l| (bias(size), l.mean, l.deviation))
                };
                Curve { name: name.to_owned(), points: QUARTERS.filter_map(point).collect(), color, style }
            };
            let name = format!("least eigenvalue, n = {n}, d = {d}");
            values.push(curve(&name, Style::Line, |f| f.least));
            values.push(curve("its lower bound", Style::Dots, |f| f.bound[0]));
            conditions.push(curve(&name, Style::Line, |f| f.most / f.least));
        }
        if conditions.iter().all(|curve| curve.points.is_empty()) {
            return Picture::default();
        }
        let panel = |title: &str, y: &str, curves| Panel {
            title: title.to_owned(),
            x_label: "B".to_owned(),
            y_label: y.to_owned(),
            log_x: false,
            log_y: true,
            curves,
        };
        let panels = vec![
            panel("activity and eigenvalue", "share, eigenvalue", values),
            panel("condition number", "largest/least eigenvalue", conditions),
        ];
        Picture { title: format!("The tangent kernel of a bias B, {}", seeds::words(self.0.seeds)), panels }
    }

    fn records(&self, states: &[Option<State>]) -> Vec<Record> {
        let mut out = Vec::new();
        for (seed, state) in self.0.all_seeds().zip(states) {
            let rows = state.iter().flat_map(|state| &state.rows);
            let mut before: Option<[Found; SAMPLES.len()]> = None;
            for (size, all) in rows {
                for (index, (found, (n, d))) in all.iter().zip(SAMPLES).enumerate() {
                    let error = found.error / found.least;
                    let mut seen = Measurement::new()
                        .quantity("least", found.least, found.error)
                        .quantity("bound", found.bound[0], 0.0)
                        .quantity("without", found.bound[1], found.error);
                    if let Some(before) = before.map(|before| before[index]) {
                        let slack = error + before.error / before.least;
                        let condition = found.most / found.least;
                        seen = seen
                            .quantity("condition", condition, 2.0 * slack * condition)
                            .quantity("before", before.most / before.least, 0.0)
                            .quantity("slower", before.most / found.least, 0.0);
                    }
                    let cell = Cell::new(ID, "").with(N, n).with(D, d).with(BIAS, bias(*size));
                    let (source, cell) = (SOURCE_HASH.to_owned(), cell.replicate(seed as usize));
                    out.push(Record { source, seed: self.0.seed, cell, measurement: seen });
                }
                before = Some(*all);
            }
        }
        out
    }
}

fn bounds() -> Vec<Bound> {
    vec![
        Bound::inequality(
            "bound",
            "λ_min(H) is at least Σ_j κ_j (1 − (n−1)ρ_max^j)_+",
            "least",
            Side::Lower,
            "bound",
            Neighbour::rhs("without", "n − 1 dropped"),
        )
        .code_check()
        .headline(),
        Bound::inequality(
            "condition",
            "λ_max/λ_min of H does not rise from one B to the next, up to 3",
            "condition",
            Side::Upper,
            "before",
            Neighbour::lhs("slower", "λ_max of the B before: one learning rate for both"),
        )
        .headline()
        .among(|cell| cell.real(BIAS) > 0.0 && cell.real(BIAS) <= 3.0)
        .chosen("the ladder of B; no proof is known"),
    ]
}

impl Series for Biases {
    const ID: &'static str = ID;
    type Value = [Found; SAMPLES.len()];

    fn shared(&self) -> Result<Map<String, Value>> {
        named(ID, &self.0)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn sizes(&self, _run: usize) -> Vec<usize> {
        QUARTERS.collect()
    }

    fn operations(&self, _run: usize, _size: usize) -> f64 {
        SAMPLES.iter().map(|(n, _)| (600 * 30 * n * n) as f64).sum()
    }

    fn measure(&self, run: usize, size: usize) -> Result<[Found; SAMPLES.len()]> {
        let (neurons, seed) = (Biased::new(bias(size))?, self.0.seed.wrapping_add(run as u64));
        let of = |(n, d): (usize, usize)| -> escapement::Result<Found> {
            let x =
                uniform_sphere(&mut seed::stream(seed, &format!("{ID} n={n} d={d}"), "inputs"), n, d, 1.0);
            let (h, wrong) = neurons.kernel(x.as_ref())?;
            let values = eigen::full_eigenvalues(h.as_ref(), Par::Seq)?;
            let cosine = extremes(x.as_ref())[1].min(1.0 - f64::EPSILON);
            let bound = neurons.least_eigenvalue_bound(n, cosine)?;
            let without = 2.0 * neurons.active() - (1.0 + cosine) * neurons.both(cosine.acos())?;
            Ok(Found {
                least: values[n - 1],
                most: values[0],
                error: n as f64 * wrong + rounding::eigen(n, values[0]),
                bound: [bound.value, without.value],
            })
        };
        let mut out = Vec::new();
        for sample in SAMPLES {
            out.push(of(sample)?);
        }
        Ok([out[0], out[1], out[2]])
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let sheet = Sheet {
            claim: ID,
            title: "activity, least eigenvalue and condition number against the bias".to_owned(),
            reference: "YJZLW24, the smallest eigenvalue of the abstract",
            tier: self.0.tier,
            seed: self.0.seed,
            command: self.0.command(ID),
        };
        let verdict = sheet.judge(&bounds(), &self.records(states), open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
