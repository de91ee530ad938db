//! The late stage of gradient descent: the loss against the angle to the teacher, with and without weight
//! decay.
//!
//! One teacher of mass 1 in five dimensions, six neurons, gradient descent on F with the rate 0.05. What is
//! followed is `F − F_min`, `F_min = λ − λ²/4`, and the angle, a mean square over neurons weighted by their
//! mass: `(Σ|ν_i| sin²∠_i/Σ|ν_i|)^{1/2}`. Beside it stands the family of two neurons at the angles ±δ
//! ([`super::late_rate`]), for which `F − F_min` is δ³ with λ = 0 and λδ² otherwise, up to a constant.

use super::late_rate::split;
use super::letters::{D, DECAY, M};
use super::student::{random, teacher};
use crate::claim::{Bound, Cell, Failure, Measurement, Neighbour, Record, Side, Tier};
use crate::figure::{
    Curve, Measured, Panel, Picture, Plain, Report, Series, Sheet, Style, limits, named, schedule::due,
    seeds,
};
use crate::run::source::SOURCE_HASH;
use anyhow::Result;
use escapement::seed;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The experiment, as its files and its cells name it.
pub const ID: &str = "zg24-late-stage";
/// The decays.
const DECAYS: [f64; 3] = [0.0, 0.003, 0.03];
/// The dimension, the width, the rate, and the size of the weights at the start.
const DIMENSION: usize = 5;
const WIDTH: usize = 6;
const RATE: f64 = 0.05;
const START: f64 = 0.5;
/// Rows are at steps of at most this many leading bits.
const LEADING: u32 = 2;
/// Below this, a noticeable share of `F − F_min` is rounding.
const ROUNDING: f64 = 1e-10;

/// The experiment: a run to a seed and a decay, whose size is the number of steps.
#[derive(Debug, Clone, Copy)]
pub struct LateStage(Plain);

/// A row of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps before it.
    pub step: u64,
    /// `F − F_min`.
    pub excess: f64,
    /// The angle.
    pub angle: f64,
}

type State = Measured<Vec<Row>>;

impl LateStage {
    /// The experiment of a tier.
    pub fn new(tier: Tier, seed: u64, seeds: Option<u64>) -> Self {
        Self(Plain { tier, seed, seeds: seeds.unwrap_or(if tier == Tier::Quick { 2 } else { 6 }) })
    }

    fn steps(&self) -> usize {
        if self.0.tier == Tier::Quick { 1 << 14 } else { 1 << 16 }
    }

    /// The rows of a decay, by seed, as long as `F − F_min` is no rounding.
    fn rows(&self, states: &[Option<State>], decay: usize) -> Vec<(u64, Vec<Row>)> {
        let runs = self.0.all_seeds().zip(states.iter().skip(decay).step_by(DECAYS.len()));
        let seen = |row: &&Row| row.excess > ROUNDING;
        let of = |state: &State| {
            state.at(self.steps()).map(|rows| rows.iter().take_while(seen).copied().collect())
        };
        runs.filter_map(|(seed, state)| Some((seed, of(state.as_ref()?)?))).collect()
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "lambda,seed,step,excess,angle\n".to_owned();
        for (decay, lambda) in DECAYS.iter().enumerate() {
            for (seed, rows) in self.rows(states, decay) {
                for Row { step, excess, angle } in rows {
                    csv += &format!("{lambda},{seed},{step},{excess:?},{angle:?}\n");
                }
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let [mut angles, mut times] = [Vec::new(), Vec::new()];
        for (color, lambda) in DECAYS.iter().enumerate() {
            let all = self.rows(states, color);
            // Means of logarithms over the seeds, as far as all of them go.
            let length = all.iter().map(|(_, rows)| rows.len()).min().unwrap_or(0);
            let mean = |at: usize, of: fn(&Row) -> f64| {
                limits(&all.iter().map(|(_, rows)| of(&rows[at]).ln()).collect::<Vec<_>>())
                    .map(|l| l.mean.exp())
            };
            let curve = |name: String, style, points: Vec<(f64, f64)>| {
                let points = points.into_iter().map(|(x, y)| (x, y, 0.0)).collect();
                Curve { name, points, color, style }
            };
            let at = |x: fn(&Row) -> f64, y: fn(&Row) -> f64| -> Vec<(f64, f64)> {
                (1..length).filter_map(|i| Some((mean(i, x)?, mean(i, y)?))).collect()
            };
            let name = if color == 0 { "without decay".to_owned() } else { format!("λ = {lambda}") };
            angles.push(curve(name.clone(), Style::Line, at(|r| r.angle, |r| r.excess)));
            times.push(curve(name, Style::Line, at(|r| RATE * r.step as f64, |r| r.excess)));
            let family = (2..48).map(|i| 0.5_f64.powf(0.25 * f64::from(i)));
            let family = family.map(|delta| (delta.sin(), split(delta, *lambda).excess.value));
            let inside = family.filter(|(_, excess)| (ROUNDING..0.3).contains(excess)).collect();
            angles.push(curve("two neurons at ±δ".to_owned(), Style::Dashed, inside));
        }
        if angles.iter().step_by(2).all(|curve| curve.points.is_empty()) {
            return Picture::default();
        }
        let panel = |title: &str, [x, y]: [&str; 2], curves| Panel {
            title: title.to_owned(),
            x_label: x.to_owned(),
            y_label: y.to_owned(),
            log_x: true,
            log_y: true,
            curves,
        };
        let loss = "F − min F";
        let panels = vec![
            panel("loss against angle", ["angle to the teacher", loss], angles),
            panel("loss against time", ["time, steps times rate", loss], times),
        ];
        let words = if self.0.seeds == 1 { seeds::words(1) } else { format!("{} seeds", self.0.seeds) };
        Picture { title: format!("The late stage of six neurons and one teacher, {words}"), panels }
    }

    /// The end of each run without decay beside those of its seed with decay.
    fn records(&self, states: &[Option<State>]) -> Vec<Record> {
        let all = [0, 1, 2].map(|decay| self.rows(states, decay));
        let mut out = Vec::new();
        for (decay, lambda) in DECAYS.iter().enumerate() {
            for (index, (seed, rows)) in all[decay].iter().enumerate() {
                let (Some(last), Some((_, plain))) = (rows.last(), all[0].get(index)) else { continue };
                let at =
                    |rows: &[Row], step: u64| rows.iter().find(|row| row.step == step).map(|row| row.excess);
                let fall = |rows: &[Row], step: u64| Some(at(rows, step / 2)? / at(rows, step)?);
                let mut found = Measurement::new()
                    .quantity("angle", last.angle, 0.0)
                    .quantity("start", rows[0].angle, 0.0)
                    .quantity("sixteen", 16.0, 0.0);
                if let Some(end) = plain.last() {
                    found.insert("tenth", 0.1 * end.angle, 0.0);
                }
                if let Some(fall) = fall(rows, self.steps() as u64) {
                    found.insert("fall", fall, 0.0);
                }
                // Before it has fallen to rounding.
                let fastest = (1..=self.steps().ilog2()).filter_map(|b| fall(&all[2].get(index)?.1, 1 << b));
                found.insert("fastest", fastest.fold(0.0, f64::max), 0.0);
                let cell = Cell::new(ID, "").with(D, DIMENSION).with(M, WIDTH).with(DECAY, *lambda);
                let (source, cell) = (SOURCE_HASH.to_owned(), cell.replicate(*seed as usize));
                out.push(Record { source, seed: self.0.seed, cell, measurement: found });
            }
        }
        out
    }
}

fn bounds() -> Vec<Bound> {
    vec![
        Bound::inequality(
            "captured",
            "the angle with decay ends below a tenth of that without",
            "angle",
            Side::Upper,
            "tenth",
            Neighbour::lhs("start", "the angle at the start"),
        )
        .headline()
        .among(|cell| cell.real(DECAY) > 0.01)
        .chosen("a tenth, and λ = 0.03, after a pilot"),
        Bound::inequality(
            "cubic",
            "without decay a doubling of the time divides the loss by 16 at most: it falls like a power of the time",
            "fall",
            Side::Upper,
            "sixteen",
            Neighbour::lhs("fastest", "the loss with λ = 0.03"),
        )
        .headline()
        .among(|cell| cell.real(DECAY) == 0.0)
        .chosen("16, twice what t⁻³ gives"),
    ]
}

impl Series for LateStage {
    const ID: &'static str = ID;
    type Value = Vec<Row>;

    fn shared(&self) -> Result<Map<String, Value>> {
        named(ID, &self.0)
    }

    fn names(&self) -> Vec<String> {
        let of = |seed: String| DECAYS.map(|lambda| format!("{seed}-lambda-{lambda}"));
        self.0.names().into_iter().flat_map(of).collect()
    }

    fn sizes(&self, _run: usize) -> Vec<usize> {
        vec![self.steps()]
    }

    fn operations(&self, _run: usize, size: usize) -> f64 {
        (size * WIDTH * (WIDTH + 1) * (10 * DIMENSION + 100)) as f64
    }

    fn measure(&self, run: usize, size: usize) -> Result<Vec<Row>> {
        let (seed, decay) =
            (self.0.seed.wrapping_add((run / DECAYS.len()) as u64), DECAYS[run % DECAYS.len()]);
        let teacher = teacher(DIMENSION, 1);
        let mut student = random(&mut seed::stream(seed, ID, "student"), WIDTH, DIMENSION, START);
        student.a.iter_mut().for_each(|a| *a = a.abs());
        let (least, mut rows) = (decay - 0.25 * decay * decay, Vec::new());
        for step in 0..=size as u64 {
            if due(step, LEADING) {
                let masses = student.masses();
                let line = |i: usize| {
                    let w = student.w.row(i);
                    1.0 - (w[0] / w.norm_l2()).powi(2)
                };
                let aside: f64 = masses.iter().enumerate().map(|(i, v)| v.abs() * line(i).max(0.0)).sum();
                let excess = student.objective(&teacher, decay).value - least;
                rows.push(Row { step, excess, angle: (aside / student.variation()).sqrt() });
            }
            student.step(&teacher, decay, RATE);
        }
        Ok(rows)
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let sheet = Sheet {
            claim: ID,
            title: "the angle to the teacher in the late stage".to_owned(),
            reference: "ZG24, the local analysis of the abstract",
            tier: self.0.tier,
            seed: self.0.seed,
            command: self.0.command(ID),
        };
        let verdict = sheet.judge(&bounds(), &self.records(states), open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
