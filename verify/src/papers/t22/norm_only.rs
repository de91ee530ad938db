//! T22, inner weights that change in norm only: the flow attains the margin over their directions.
//!
//! Derived for this project, for the exponential loss, directions v̂_j that stay, `r_j > |a_j|`, `κ_j = r_j² −
//! a_j²`, `s_ij = σ(v̂_j·x_i)`, dτ = L dt and G the largest margin over these directions:
//!
//! > `a_j = √κ_j sinh θ_j`, `r_j = √κ_j cosh θ_j` and `θ = θ_0 + m^{-1/2} Sᵀ diag(y) λ` with `dλ/dτ =
//! > softmax(−p)`: an equation in R^n. For c = ar and q = λ/τ, `min_i y_i(Sc)_i/‖c‖_1 ≤ G ≤ max_j |Σ_i q_i
//! > y_i s_ij|`. As a mirror flow in c, `L(t) ≤ L(zc*) + D(zc*, c_0)/t` for every z. And with N = ‖W‖², `Γ̃ ≥
//! > G/2 − (√m/τ)([ln(2N_0/κ) + 2‖θ_0‖_∞]/4 + ln n ∫ dτ/N)`, so that the largest margin G/2 is reached at
//! > the rate √m/τ.
//!
//! G tends to that over all directions like the distance to its optimal ones, `m^{-1/(d−1)}`: a width that is
//! exponential in d.

use super::instance::Examples;
use super::letters::{D, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Accuracy, Flow, Loss, NormOnly, NormPoint, log_add};
use escapement::margin::Directions;
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par};
use rand::RngExt;
use std::ops::ControlFlow;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct NormOnlyFlow;

/// Tolerances of the two runs whose difference is the error of the finer one.
const TOLERANCES: [f64; 2] = [1e-8, 1e-6];
/// The times τ/√m at which a run is looked at: the first, their ratio, and their number.
const LOOKS: (f64, f64, usize) = (0.125, 1.06, 130);
/// u up to which a run is looked at: the digits of larger margins do not show their differences.
const LARGEST: f64 = 1e6;
/// u that weights reach that may turn.
const TURNED: f64 = 150.0;
/// Time τ/√m and steps of the integration of a and r.
const RAW: (f64, usize) = (8.0, 1024);

const CARD: Card = Card {
    statement: r"\frac{G}{2} \ge \tilde\Gamma(\tau) \ge \frac{G}{2} - \frac{\sqrt{m}}{\tau}
        \left(\frac{\ln(2N_0/\kappa) + 2\|\theta_0\|_\infty}{4} + \ln n \int_0^\tau \frac{d\tau'}{N}\right),
        \qquad G_\infty - G_m \le \max_k \min_j \|\hat{v}_j - v^*_k\|",
    reference: "T22, weights that change in norm only, of the abstract; statement and constants derived for \
        this project",
    hypotheses: "Exponential loss; the directions of the inner weights stay, and r > |a|.",
    method: "The equation in R^n against Runge and Kutta's method on all a and r; G by a linear program with \
        certificate. Parity on the whole cube, d from 2 to 4, directions uniform, r = 1, a uniform in [−½, ½]; \
        runs to τ = 240√m or u = 10⁶, looked at 130 times, each at two tolerances. The time t is bounded by \
        a sum. The distance to the directions of the optimum, (±e_1 ± e_2)/√2, for every draw. The same \
        weights with directions that are free. Other data, and n apart from d, are not looked at.",
    refuted_by: "A margin that the directions do not allow; a loss or a gap above the bound; a largest \
        gap that grows in m; G that is farther from the limit than the distance.",
    variables: &["m", "d", "n"],
    uses: &["lr-smoothed-margin"],
    errata: &[ErratumId(4), ErratumId(5)],
    ..Card::new(&super::PAPER, "lr-norm-only", "Weights that change in norm only")
};

impl Claim for NormOnlyFlow {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, m: usize| Cell::new(self.id(), part).with(D, d).with(M, m);
        let quick = tier == Tier::Quick;
        let replicates = if quick { 4 } else { 16 };
        let mut cells = Vec::new();
        for i in 0..replicates {
            cells.extend([(2, 8), (3, 16)].map(|(d, m)| cell("equation", d, m).replicate(i)));
            cells.extend([(2, 8), (3, 16), (4, 64)].map(|(d, m)| cell("run", d, m).replicate(i)));
            cells.push(cell("turn", 3, 16).replicate(i));
            cells.extend(sweep::doublings(32, 5).map(|m| cell("run", 3, m).replicate(i)));
        }
        let (largest, draws) = if quick { (6, 24) } else { (8, 96) };
        for (d, m) in (2..=4).flat_map(|d| sweep::doublings(32, largest).map(move |m| (d, m))) {
            cells.extend((0..draws).map(|i| cell("width", d, m).replicate(i)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, m) = ((1_u64 << cell.d().min(16)) as f64, cell.m() as f64);
        let flops = match cell.part.as_str() {
            "equation" => 24.0 * RAW.1 as f64 * n * m,
            "width" => 60.0 * n * n * (n + m),
            _ => 4e5 * n * m,
        };
        Prediction { flops, bytes: 1e6 + 80.0 * n * (n + m) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let draw = Draw::new(cell, seed)?;
        let out = match cell.part.as_str() {
            "equation" => draw.equation(),
            "run" => draw.whole_run(),
            "turn" => draw.turn(),
            _ => return Ok(draw.width()?.hypothesis("unit directions", true, "uniform on the sphere")),
        }?;
        let g = draw.directions()?.margin()?.margin;
        let least = 1.0 - draw.a.iter().map(|a| a.abs()).fold(0.0, f64::max);
        Ok(out.hypothesis("r > |a|", least > 0.0, format!("by {least:.3} at least")).hypothesis(
            "the directions separate",
            g.lower() > 0.0,
            format!("G = {:.4}", g.value),
        ))
    }

    fn bounds(&self) -> Vec<Bound> {
        let upper = |[part, name, says]: [&str; 3], lhs: &str, rhs: &str, neighbour| {
            Bound::inequality(name, says, lhs, Side::Upper, rhs, neighbour).part(part)
        };
        let below = "min_i y_i(Sc)_i/‖c‖_1 ≤ G on the whole run";
        let above = "G ≤ max_j |Σ_i (λ_i/τ) y_i s_ij| on the whole run";
        let loss = "L(t) ≤ e^{−zG/√m} + D(zc*, c_0)/t for the best z, on the whole run";
        let rate = "τ(G/2 − Γ̃)/√m ≤ [ln(2N_0/κ) + 2‖θ_0‖_∞]/4 + ln n ∫ dτ/N, on the whole run";
        let free = "directions that turn reach at most the margin over all directions";
        let covering = "G_∞ − G_m ≤ max_k min_j ‖v̂_j − v*_k‖ for every draw";
        let turned = Neighbour::lhs("turned", "the same weights, with directions that turn");
        let half = Neighbour::rhs("half", "G/2 of the directions at the start");
        let squared = Neighbour::lhs("loss_over_square", "D/t² in place of D/t");
        let alone = Neighbour::lhs("gap_over_angles", "‖θ_0‖_∞/2 alone on the right");
        vec![
            Bound::identity(
                "equation",
                "the margins of the equation in R^n are those of the flow of a and r",
                "reduced",
                "raw",
                Neighbour::lhs("opposite", "a² − r² in place of κ"),
            )
            .neighbour(Neighbour::lhs("begun_at_0", "θ_0 dropped"))
            .part("equation"),
            upper(["run", "from-below", below], "low", "best", Neighbour::rhs("less", "0.9 G")).code_check(),
            upper(["run", "from-above", above], "best", "high", Neighbour::lhs("more", "1.1 G"))
                .code_check(),
            upper(["run", "loss", loss], "loss", "one", squared),
            upper(["run", "rate", rate], "gap", "one", alone)
                .neighbour(Neighbour::lhs("gap_of_all", "the margin over all directions in place of G/2"))
                .headline(),
            Bound::growth(
                "rate-in-m",
                "the largest τ(G/2 − Γ̃)/√m on a run does not grow with m",
                "largest_gap",
                "one",
                Sweep::upper(M, |_| 0.0),
            )
            .scatter("directions and starts are drawn")
            .chosen("no growth, where the bound above allows ln m: it was seen in runs")
            .among(|cell| cell.d() == 3)
            .part("run"),
            upper(["turn", "given-directions", "Γ̃ ≤ G/2 while directions stay"], "kept", "half", turned),
            upper(["turn", "all-directions", free], "turned", "half_of_all", half),
            upper(
                ["width", "covering", covering],
                "lost",
                "distance",
                Neighbour::rhs("square", "its square"),
            ),
            Bound::growth(
                "covering-in-m",
                "1 − G_m/G_∞ ≲ m^{−1/(d−1)}",
                "share",
                "power",
                Sweep::upper(M, |cell| -1.0 / (cell.d() as f64 - 1.0)),
            )
            .scatter("directions are drawn")
            .headline()
            .part("width"),
        ]
    }
}

/// A network on the whole cube.
struct Draw {
    cube: Examples,
    v: Mat<f64>,
    a: Vec<f64>,
    r: Vec<f64>,
}

/// What a run comes to at a time.
struct Look {
    point: NormPoint,
    /// `∫ dτ/N` and ln t, from above.
    integral: f64,
    log_time: f64,
}

impl Draw {
    fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let (m, d) = (cell.m(), cell.d());
        let rng = &mut cell.stream(seed, "network");
        let v = uniform_sphere(rng, m, d, 1.0);
        let a = (0..m).map(|_| rng.random_range(-0.5..0.5)).collect();
        Ok(Self { cube: Examples::cube(d)?, v, a, r: vec![1.0; m] })
    }

    fn root(&self) -> f64 {
        (self.a.len() as f64).sqrt()
    }

    fn flow(&self) -> Result<NormOnly<'_>> {
        let (v, x) = (self.v.as_ref(), self.cube.x.as_ref());
        Ok(NormOnly::new(v, x, &self.cube.y, (&self.a, &self.r), Par::Seq)?)
    }

    fn directions(&self) -> Result<Directions> {
        Ok(Directions::new(self.v.as_ref(), self.cube.x.as_ref(), &self.cube.y, Par::Seq)?)
    }

    /// What the run comes to at the times of [`LOOKS`], up to [`LARGEST`].
    fn run(&self, tolerance: f64) -> Result<Vec<Look>> {
        let (flow, accuracy) = (self.flow()?, Accuracy { tolerance, ..Accuracy::default() });
        let mut point = flow.start()?;
        let (mut integral, mut log_time, mut looks) = (0.0, f64::NEG_INFINITY, Vec::new());
        for time in (0..LOOKS.2).map(|k| LOOKS.0 * LOOKS.1.powi(k as i32)) {
            // 1/N falls along the run and 1/L grows, so that these sums are bounds.
            let mut last = point.clone();
            point = flow.run(point, time * self.root(), accuracy, &mut |here| {
                let step = here.tau - last.tau;
                integral += step / last.square.min(here.square);
                let now = step.ln() - here.levels.log_total + (here.margins.len() as f64).ln();
                log_time = log_add(log_time, now);
                last = here.clone();
                ControlFlow::Continue(())
            })?;
            if point.levels.smoothed > LARGEST {
                break;
            }
            looks.push(Look { point: point.clone(), integral, log_time });
        }
        Ok(looks)
    }

    /// Where the flow is at the time τ/√m.
    fn end(&self, time: f64, tolerance: f64) -> Result<NormPoint> {
        let (flow, accuracy) = (self.flow()?, Accuracy { tolerance, ..Accuracy::default() });
        let on = &mut |_: &_| ControlFlow::Continue(());
        Ok(flow.run(flow.start()?, time * self.root(), accuracy, on)?)
    }

    /// Γ̃ at a point.
    fn smoothed(&self, point: &NormPoint) -> f64 {
        self.root() * point.levels.smoothed / point.square
    }

    /// The least margin by the equation in R^n and by integration of a and r.
    fn equation(&self) -> Result<Measurement> {
        let tau = RAW.0 * self.root();
        let [fine, coarse] = TOLERANCES.map(|tolerance| self.end(RAW.0, tolerance));
        let (fine, coarse) = (least(&fine?.margins), least(&coarse?.margins));
        let raw = [RAW.1, 2 * RAW.1].map(|steps| least(&self.raw(tau, steps)));
        // κ stays, and θ_0 = 0.
        let r = self.a.iter().map(|a| (1.0 - a * a).sqrt()).collect();
        let (cube, v) = (Examples::cube(self.v.ncols())?, self.v.clone());
        let begun = Self { cube, v, a: vec![0.0; self.a.len()], r }.end(RAW.0, TOLERANCES[0])?;
        let error = (fine - coarse).abs();
        Ok(Measurement::new()
            .quantity("reduced", fine, error)
            .quantity("raw", raw[1], (raw[1] - raw[0]).abs())
            .quantity("opposite", -fine, error)
            .quantity("begun_at_0", least(&begun.margins), error))
    }

    /// The margins at τ after some steps of Runge and Kutta's method on a and r.
    fn raw(&self, tau: f64, steps: usize) -> Vec<f64> {
        let m = self.a.len();
        let mut s = &self.v * self.cube.x.transpose();
        for (i, y) in self.cube.y.iter().enumerate() {
            s.col_mut(i).iter_mut().for_each(|s| *s = y * s.max(0.0) / self.root());
        }
        let margins = |state: &Mat<f64>| -> Vec<f64> {
            let c = Mat::from_fn(1, m, |_, j| state[(j, 0)] * state[(j, 1)]);
            (c * &s).row(0).iter().copied().collect()
        };
        let rate = |state: &Mat<f64>| {
            let weights = Loss::Exponential.levels(&margins(state)).weights;
            let pull = &s * Mat::from_fn(weights.len(), 1, |i, _| weights[i]);
            Mat::from_fn(m, 2, |j, which| pull[(j, 0)] * state[(j, 1 - which)])
        };
        let mut state = Mat::from_fn(m, 2, |j, which| if which == 0 { self.a[j] } else { self.r[j] });
        let h = tau / steps as f64;
        let along = |state: &Mat<f64>, by: f64, k: &Mat<f64>| state + faer::Scale(by) * k;
        for _ in 0..steps {
            let k1 = rate(&state);
            let k2 = rate(&along(&state, 0.5 * h, &k1));
            let k3 = rate(&along(&state, 0.5 * h, &k2));
            let k4 = rate(&along(&state, h, &k3));
            for (k, weight) in [(&k1, 1.0), (&k2, 2.0), (&k3, 2.0), (&k4, 1.0)] {
                state = along(&state, h * weight / 6.0, k);
            }
        }
        margins(&state)
    }

    /// The sandwich where it is narrowest, and the largest ratios of gap and loss to their bounds.
    fn whole_run(&self) -> Result<Measurement> {
        let (flow, directions, root) = (self.flow()?, self.directions()?, self.root());
        let best = directions.margin()?;
        let g = best.margin;
        let [fine, coarse] = TOLERANCES.map(|tolerance| self.run(tolerance));
        let kappa: Vec<f64> = self.a.iter().map(|a| 1.0 - a * a).collect();
        let angles = self.a.iter().map(|a| 0.5 * a.atanh().abs()).fold(0.0, f64::max);
        let logs = 0.25 * (2.0 * flow.start()?.square / least(&kappa)).ln() + angles;
        let divergences = self.divergences(&best.primal, g.lower());
        let log_count = (self.cube.y.len() as f64).ln();
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        let (mut worst, mut largest) = ([Ball::exact(0.0); 5], Ball::exact(0.0));
        for (look, other) in fine?.iter().zip(&coarse?) {
            let (point, other) = (&look.point, &other.point);
            let (a, r) = flow.weights(point);
            let c: Vec<f64> = a.iter().zip(&r).map(|(a, r)| a * r).collect();
            let q: Vec<f64> = point.lambda.iter().map(|l| l.max(0.0)).collect();
            let found = directions.margin_at(&q, &c)?.margin;
            (low, high) = (low.max(found.lower()), high.min(found.upper()));
            let near = |value: f64, other: f64| Ball::new(value, (value - other).abs());
            let smoothed = near(self.smoothed(point), self.smoothed(other));
            let gap = (0.5 * g - smoothed) * (point.tau / root);
            let gap_of_all = (self.best_of_all() * 0.5 - smoothed) * (point.tau / root);
            let allowed = logs + log_count * look.integral;
            let loss = near(point.levels.log_total, other.levels.log_total) - log_count;
            let beside = |power: f64| {
                let sum = |(exponent, log): &(f64, f64)| log_add(-exponent, log - power * look.log_time);
                let log = loss - divergences.iter().map(sum).fold(f64::INFINITY, f64::min);
                Ball::relative(log.value.exp(), log.error.exp_m1())
            };
            largest = if gap.value > largest.value { gap } else { largest };
            let ratios = [gap / allowed, gap / angles, gap_of_all / allowed, beside(1.0), beside(2.0)];
            for (worst, ratio) in worst.iter_mut().zip(ratios) {
                *worst = if ratio.value > worst.value { ratio } else { *worst };
            }
        }
        let names = ["gap", "gap_over_angles", "gap_of_all", "loss", "loss_over_square"];
        let out =
            names.iter().zip(worst).fold(Measurement::new(), |out, (name, ball)| out.ball(*name, ball));
        Ok(out
            .ball("largest_gap", largest)
            .quantity("low", low, 0.0)
            .quantity("high", high, 0.0)
            .ball("best", g)
            .ball("less", 0.9 * g)
            .ball("more", 1.1 * g)
            .quantity("one", 1.0, 0.0))
    }

    /// Pairs `(zG/√m, ln D(zc*, c_0))` for many z, with D the Bregman distance of `Σ_j ½c asinh(2c/κ_j) −
    /// ¼√(4c² + κ_j²)`.
    fn divergences(&self, best: &Mat<f64>, g: f64) -> Vec<(f64, f64)> {
        let distance = |z: f64| -> f64 {
            let term = |j: usize| {
                let kappa = 1.0 - self.a[j] * self.a[j];
                let value = |c: f64| 0.5 * c * (2.0 * c / kappa).asinh() - 0.25 * (2.0 * c).hypot(kappa);
                let (to, from) = (z * best[(j, 0)], self.a[j]);
                value(to) - value(from) - 0.5 * (2.0 * from / kappa).asinh() * (to - from)
            };
            (0..self.a.len()).map(term).sum()
        };
        let exponents = (0..120).map(|k| 0.1 * 1.08_f64.powi(k));
        exponents.map(|exponent| (exponent, distance(exponent * self.root() / g).ln())).collect()
    }

    /// G over all directions.
    fn best_of_all(&self) -> f64 {
        0.5 / (2.0 * self.v.ncols() as f64).sqrt()
    }

    /// The margin of the run, and that of the same weights with directions that turn.
    fn turn(&self) -> Result<Measurement> {
        let half = 0.5 * self.directions()?.margin()?.margin;
        let kept = self.run(TOLERANCES[1])?.last().map_or(f64::NAN, |look| self.smoothed(&look.point));
        let (x, d) = (self.cube.x.as_ref(), self.v.ncols());
        let w =
            Mat::from_fn(self.a.len(), 1 + d, |j, c| if c == 0 { self.a[j] } else { self.v[(j, c - 1)] });
        let flow = Flow::new(x, &self.cube.y, Loss::Exponential, Par::Seq)?;
        let accuracy = Accuracy { tolerance: 1e-4, ..Accuracy::default() };
        let run = flow.run(flow.point(w.as_ref())?, f64::INFINITY, accuracy, &mut |point| {
            if point.levels.smoothed < TURNED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(Measurement::new()
            .quantity("kept", kept, 0.0)
            .ball("half", half)
            .quantity("turned", run.end.smoothed_margin(), 0.0)
            .quantity("half_of_all", 0.5 * self.best_of_all(), 0.0))
    }

    /// How far G is from that over all directions, and the directions from the optimal ones.
    fn width(&self) -> Result<Measurement> {
        let lost = self.best_of_all() - self.directions()?.margin()?.margin;
        let side = 0.5_f64.sqrt();
        let cosine =
            |j: usize, signs: [f64; 2]| side * (signs[0] * self.v[(j, 0)] + signs[1] * self.v[(j, 1)]);
        let nearest = |signs: [f64; 2]| {
            let largest = (0..self.a.len()).map(|j| cosine(j, signs)).fold(-1.0, f64::max);
            (2.0 - 2.0 * largest).max(0.0).sqrt()
        };
        let optimal = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
        let distance = optimal.into_iter().map(nearest).fold(0.0, f64::max);
        // The squared distance errs by some roundings of 2.
        let error = 16.0 * f64::EPSILON / distance.max(f64::EPSILON.sqrt());
        Ok(Measurement::new()
            .ball("lost", lost)
            .quantity("distance", distance, error)
            .quantity("square", distance * distance, 4.0 * error)
            .ball("share", lost / self.best_of_all())
            .quantity("power", (self.a.len() as f64).powf(-1.0 / (self.v.ncols() as f64 - 1.0)), 0.0))
    }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
