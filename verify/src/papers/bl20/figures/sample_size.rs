//! How many samples the quadratic model needs, against d, beside its limit at infinite width and what every
//! kernel needs.
//!
//! `f* = c Re (x_1 + i x_2)^p`, p = 2 and 3, `E f*² = 1`, σ = z^p/p!, no noise. The model has the width 64
//! and minimises `E_n ½(f_Q − y)² + λ‖W‖_{2,4}⁸`, λ = 0.01/(16 d^{p−2})²; its limit is the convex program of
//! [`super::limit`] with the same λ and the same inputs. n* is the least n with the relative test error ¼,
//! which is an exact expectation. For p = 2 the model is its own limit, as far as its descent finds the
//! minimum, because 32 neurons of either sign make every M of that rank. No predictor in a span of n
//! functions that are fixed before the direction of the target is drawn has a mean error below `1 −
//! n/B(d,p)`, and so none the error ¼ with fewer than `¾B(d,p)` samples.

use super::limit::Limit;
use crate::claim::{Bound, Cell, Failure, Measurement, Neighbour, Record, Side, Sweep, Tier};
use crate::figure::{
    Curve, Limits, Measured, Panel, Picture, Report, Series, Sheet, Style, limits, named, seeds,
};
use crate::papers::bl20::learner::{Draw, PLACES, Task, WIDTH, grid};
use crate::papers::bl20::letters::{D, DEGREE, M};
use crate::run::source::SOURCE_HASH;
use anyhow::Result;
use escapement::seed;
use escapement::sphere::dimension;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The experiment, as its files and its cells name it.
pub const ID: &str = "bl20-sample-size";
/// The relative error that is enough.
const ERROR: f64 = 0.25;
/// The norm of the gradient at which a descent ends, relative to L(0), and the most steps. In a pilot ten
/// times as much left the objective up to 15 percent too high for p = 3, and a hundred times moved n* by up
/// to a quarter.
const SLOPE: f64 = 3e-6;
const STEPS: u64 = 20_000;
/// The norm at which a descent has been stopped early.
const EARLY: f64 = 1e-3;

/// The settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// How large it is.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    #[serde(skip)]
    pub seeds: u64,
    /// The largest d for p = 2, and for p = 3.
    #[serde(skip)]
    pub most: [usize; 2],
    /// Orthonormal frames of directions for p = 3.
    pub frames: usize,
}

impl Settings {
    /// Those of a tier.
    pub fn of(tier: Tier) -> Self {
        let (seeds, most, frames) = match tier {
            Tier::Quick => (3, [32, 20], 4),
            Tier::Standard => (20, [64, 20], 8),
            Tier::Paper => (30, [128, 28], 8),
        };
        Self { tier, seed: 0, seeds, most, frames }
    }
}

/// What a search came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// n* of the model and of its limit; none where the grid around what is expected has none.
    pub least: [Option<f64>; 2],
    /// Whether all descents came to the end.
    pub arrived: bool,
    /// The largest gap of a program relative to its objective.
    pub gap: f64,
    /// The objective of the model at n* of its limit over the certified lower bound of the limit, minus 1:
    /// of the descent, and of one that is stopped early.
    pub excess: [f64; 2],
}

/// The experiment: a run to a degree and a seed, whose sizes are dimensions.
#[derive(Debug)]
pub struct SampleSize(pub Settings);

type State = Measured<Found>;

/// The methods, as the table and the picture call them.
const METHODS: [&str; 2] = ["quadratic model", "infinite width"];

/// `(1 + ln d) d^{p−1}`.
fn scale(d: usize, p: usize) -> f64 {
    (1.0 + (d as f64).ln()) * (d as f64).powi(p as i32 - 1)
}

/// λ, a hundredth of the inverse square of about `‖W*‖_{2,4}^4`.
pub(super) fn lambda(d: usize, p: usize) -> f64 {
    0.01 / (16.0 * (d as f64).powi(p as i32 - 2)).powi(2)
}

/// `¾B(d,p)`.
fn floor(d: usize, p: usize) -> f64 {
    (1.0 - ERROR) * dimension(d, p)
}

impl SampleSize {
    /// The degree and the seed of a run.
    fn run(&self, run: usize) -> (usize, u64) {
        (2 + run % 2, self.0.seed.wrapping_add(run as u64 / 2))
    }

    /// d from 8 (p = 2) or 5 (p = 3) on, two to a doubling.
    fn dimensions(&self, p: usize) -> Vec<usize> {
        let (first, most) = if p == 2 { (8.0, self.0.most[0]) } else { (5.0, self.0.most[1]) };
        let size = |i: i32| (first * (0.5 * f64::from(i)).exp2()).floor() as usize;
        (0..).map(size).take_while(|d| *d <= most).collect()
    }

    /// What all seeds that came so far found at p and d.
    fn found(&self, states: &[Option<State>], p: usize, d: usize) -> Vec<(u64, Found)> {
        let of = |(run, state): (usize, &Option<State>)| {
            let (degree, seed) = self.run(run);
            (degree == p).then(|| Some((seed, *state.as_ref()?.at(d)?))).flatten()
        };
        states.iter().enumerate().filter_map(of).collect()
    }

    /// n* of a method over seeds; none where a seed has none.
    fn least(&self, states: &[Option<State>], method: usize, p: usize, d: usize) -> Option<Limits> {
        let all: Option<Vec<f64>> = self.found(states, p, d).iter().map(|(_, f)| f.least[method]).collect();
        limits(&all?)
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "p,d,seed,method,n_min,kernel_floor,gap\n".to_owned();
        for (run, state) in states.iter().enumerate() {
            let (p, seed) = self.run(run);
            for (d, found) in state.iter().flat_map(|state| &state.rows) {
                for (method, (name, least)) in METHODS.iter().zip(found.least).enumerate() {
                    let least = least.map_or(String::new(), |n| format!("{n:?}"));
                    let gap = if method == 1 { format!("{:?}", found.gap) } else { String::new() };
                    csv += &format!("{p},{d},{seed},\"{name}\",{least},{:?},{gap}\n", floor(*d, p));
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let panel = |p: usize| {
            let all = self.dimensions(p);
            let point = |method: usize, d: usize| {
                self.least(states, method, p, d).map(|l| (d as f64, l.mean, l.deviation))
            };
            let mut curves: Vec<Curve> = (0..2)
                .map(|method| Curve {
                    name: METHODS[method].to_owned(),
                    points: all.iter().filter_map(|&d| point(method, d)).collect(),
                    color: 2 * method,
                    style: if method == 0 { Style::Dots } else { Style::Line },
                })
                .collect();
            let mut line = |name: &str, color: usize, of: fn(usize, usize) -> f64| {
                let points = all.iter().map(|&d| (d as f64, of(d, p), 0.0)).collect();
                curves.push(Curve { name: name.to_owned(), points, color, style: Style::Dashed });
            };
            line("¾B(d,p), no kernel needs less", 5, floor);
            line("(1 + ln d) dᵖ⁻¹", 6, scale);
            let [x_label, y_label] = ["d", "least n with error ¼"].map(str::to_owned);
            let title = format!("p = {p}, {}", seeds::words(self.0.seeds));
            Panel { title, x_label, y_label, log_x: true, log_y: true, curves }
        };
        if states.iter().flatten().all(|state| state.rows.is_empty()) {
            return Picture::default();
        }
        let title = "Samples that the quadratic model needs for Re (x₁ + i x₂)ᵖ".to_owned();
        Picture { title, panels: vec![panel(2), panel(3)] }
    }

    /// What each seed came to, and the means over seeds.
    fn records(&self, states: &[Option<State>]) -> Vec<Record> {
        let mut all = Vec::new();
        let mut push = |part: &str, d: usize, p: usize, replicate: u64, measurement: Measurement| {
            let cell = Cell::new(ID, part).with(D, d).with(M, WIDTH).with(DEGREE, p);
            let cell = cell.activation(format!("monomial:{p}")).replicate(replicate as usize);
            all.push(Record { source: SOURCE_HASH.to_owned(), seed: self.0.seed, cell, measurement });
        };
        for (p, d) in [2, 3].into_iter().flat_map(|p| self.dimensions(p).into_iter().map(move |d| (p, d))) {
            let found = self.found(states, p, d);
            for (seed, found) in &found {
                let mut seen = Measurement::new()
                    .quantity("scale", scale(d, p), f64::EPSILON * scale(d, p))
                    .quantity("excess", found.excess[0], 0.0)
                    .quantity("stopped", found.excess[1], 0.0)
                    .quantity("two percent", 0.02, 0.0)
                    .hypothesis("arrived", found.arrived, "all descents, and all gaps at most a hundredth");
                for (name, least) in ["model", "limit"].iter().zip(found.least) {
                    if let Some(least) = least {
                        seen.insert(*name, least, 0.0);
                    }
                }
                push("seed", d, p, *seed, seen);
            }
            let ratios: Option<Vec<f64>> =
                found.iter().map(|(_, f)| Some((f.least[1]? / f.least[0]?).ln())).collect();
            if let (Some(ratio), [Some(model), Some(limit)]) =
                (limits(&ratios.unwrap_or_default()), [0, 1].map(|m| self.least(states, m, p, d)))
            {
                let mean = Measurement::new()
                    .quantity("model", model.mean, model.half)
                    .quantity("limit", limit.mean, limit.half)
                    .quantity("kernel", floor(d, p), 0.0)
                    .quantity("kernel_less", floor(d, p - 1), 0.0)
                    .quantity("apart", ratio.mean.abs(), ratio.half)
                    .quantity("doubled", ratio.mean.abs() + 2_f64.ln(), ratio.half)
                    .quantity("a quarter", 0.25, 0.0);
                push("mean", d, p, 0, mean);
            }
        }
        all
    }

    /// What to type for the same runs.
    fn command(&self) -> String {
        let Settings { tier, seed, seeds, most, frames } = &self.0;
        format!(
            "escapement experiment {ID} --tier {tier} --most {},{} --frames {frames} --seed {seed} --seeds \
             {seeds} --fresh",
            most[0], most[1]
        )
    }
}

fn bounds() -> Vec<Bound> {
    let needs = |name: &str, words: &str| {
        let statement = format!("n* of {words} is ≲ (1 + ln d) d^{{p−1}}");
        Bound::growth(name, statement, name, "scale", Sweep::uniform(D, Side::Upper))
            .part("seed")
            .chosen("20 seeds at the standard tier, after a pilot with 10 and limits too wide for the model")
    };
    let beats = |name: &str, lhs: &str, words: &str| {
        Bound::inequality(
            name,
            format!("the mean n* of {words} is below ¾B(d,p), which every kernel needs, from d = 11 on"),
            lhs,
            Side::Upper,
            "kernel",
            Neighbour::rhs("kernel_less", "¾B(d,p−1)"),
        )
        .strict()
        .part("mean")
        .among(|cell| cell.d() >= 11)
        .chosen("d ≥ 11, after a pilot in which p = 3 needs as many as ¾B(d,p) at d = 7")
    };
    vec![
        needs("model", "the model"),
        needs("limit", "its limit at infinite width"),
        beats("model-beats", "model", "the model"),
        beats("limit-beats", "limit", "the limit"),
        Bound::inequality(
            "minimum",
            "p = 2: the objective of the descent is within 2 percent of the certified lower bound at infinite \
             width",
            "excess",
            Side::Upper,
            "two percent",
            Neighbour::lhs("stopped", "a descent that is stopped early"),
        )
        .part("seed")
        .among(|cell| cell.whole(DEGREE) == 2)
        .chosen("2 percent, after a pilot with a gap of up to 1 percent"),
        Bound::inequality(
            "near",
            "the mean over seeds of ln(n* of the limit/n* of the model) has a modulus of at most ¼",
            "apart",
            Side::Upper,
            "a quarter",
            Neighbour::lhs("doubled", "one of them doubled"),
        )
        .part("mean")
        .chosen("¼, after a pilot in which the limit needed up to 17 percent more at p = 3"),
    ]
}

impl Series for SampleSize {
    const ID: &'static str = ID;
    type Value = Found;

    fn shared(&self) -> Result<Map<String, Value>> {
        named(ID, &self.0)
    }

    fn names(&self) -> Vec<String> {
        let name = |run| self.run(run);
        let runs = (0..2 * self.0.seeds as usize).map(name);
        runs.map(|(p, seed)| format!("p-{p}-seed-{seed}")).collect()
    }

    fn sizes(&self, run: usize) -> Vec<usize> {
        self.dimensions(self.run(run).0)
    }

    fn operations(&self, run: usize, d: usize) -> f64 {
        // Seven programs of some 700 steps, and as many descents, each with four products.
        let p = self.run(run).0;
        let columns = if p == 2 { 32 } else { 4 * d * self.0.frames };
        7.0 * 700.0 * 8.0 * scale(d, p) * d as f64 * (columns + WIDTH) as f64
    }

    fn measure(&self, run: usize, d: usize) -> Result<Found> {
        let (p, seed) = self.run(run);
        let task = Task { d, p, planes: 1, error: ERROR };
        let start = 0.8 / (p - 1) as f64 * scale(d, p);
        let stream = |purpose| seed::stream(seed, &format!("experiment {ID} p={p} d={d}"), purpose);
        let draw = Draw::new(&mut stream("draw"), task, p, grid(start, PLACES))?;
        let mut program = Limit::new(stream("limit"), &draw, lambda(d, p), self.0.frames);
        let descend = |n: usize, slope: f64| draw.descend(n, lambda(d, p), slope, STEPS);
        let (model, limit) = rayon::join(
            || draw.least_of(start, |n| Ok(descend(n, SLOPE)?.0)),
            || draw.least_of(start, |n| program.fit(n)),
        );
        let (model, limit) = (model?, limit?);
        let mut excess = [0.0; 2];
        if p == 2 {
            let n = limit.n.unwrap_or(start).round() as usize;
            let least = program.solve(n)?;
            for (excess, slope) in excess.iter_mut().zip([SLOPE, EARLY]) {
                *excess = 2.0 * descend(n, slope)?.1 / (least.value - least.gap) - 1.0;
            }
        }
        Ok(Found {
            least: [model.n, limit.n],
            arrived: model.arrived && limit.arrived,
            gap: program.gap,
            excess,
        })
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let sheet = Sheet {
            claim: ID,
            title: "how many samples the quadratic model needs".to_owned(),
            reference: "BL20, the dimension factor of the abstract",
            tier: self.0.tier,
            seed: self.0.seed,
            command: self.command(),
        };
        let verdict = sheet.judge(&bounds(), &self.records(states), open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
