//! T22, gradient flow near the initialisation escapes from bad stationary points.
//!
//! Derived for this project, on the two inputs (±cos α, sin α), 0 < α < π/6, both with the label 1:
//!
//! > One neuron a = |v| with v along e_2, all others 0, is a stationary point (KKT) of `min ½‖W‖²` over the
//! > networks with p ≥ 1: `W = λ(φ_1 + φ_2)` with λ = √m/(2 sin α) > 0, and the Clarke set of a neuron at 0
//! > is {0}. Its margin `Γ = √m min_i p_i/‖W‖²` is ½ sin α. The largest one is ¼, half of the G of all
//! > directions: weights ½ on x_1 and on x_2 have the margin ½, and no v is worth more than max(½, sin α)
//! > against equal weights on the inputs. And γ_2² = ½(1 + K(−cos 2α)) → ½.
//! >
//! > A start with `u(0) + κ(R)R > 0` for an R within which κ(R) bounds γ_m(W) from below ends at
//! > `Γ ≥ √m(u(0) + κ(R)R)/(‖W_0‖ + R)²`, because u grows by κ(R) at least for each unit of path up to R,
//! > and `Γ̃ = √m u/‖W‖² ≤ Γ` does not fall once u > 0.
//!
//! Not every start escapes. The same neuron beside neurons that are dead on both inputs stays below ½ sin α
//! for ever: v stays on e_2 by symmetry, and the others have no gradient.

use super::instance::{self, Examples};
use super::letters::{ANGLE, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Accuracy, Flow, Loss, Point, Run};
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Gradients, kernel_margin, plane_margin};
use escapement::rounding;
use faer::{Mat, Par, Scale};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct KktEscape;

/// The smoothed margins at which a flow is looked at: Γ at the first, its limit from the last ones.
const LEVELS: [f64; 4] = [60.0, 120.0, 240.0, 480.0];
/// The time τ after which a flow that does not separate is left; one that does needs some 10√m.
const PATIENCE: f64 = 1e5;
/// Errors of a step relative to ‖W‖. What the second changes is the error of the first.
const TOLERANCES: [f64; 2] = [1e-3, 1e-5];
/// Radii at which κ(R) is taken.
const RADII: usize = 256;

const CARD: Card = Card {
    statement: r"\Gamma_\text{KKT} = \frac{1}{2} \operatorname{sin} \alpha, \qquad \Gamma_\text{final} \ge
        \max_R \frac{\sqrt{m} (u(0) + \kappa(R) R)}{(\|W_0\| + R)^2}, \qquad
        \Gamma_\text{final} \asymp 1 \text{ as } \alpha \to 0",
    reference: "T22, gradient flow near the initialisation of the abstract; statement and constants derived \
        for this project",
    hypotheses: "Two inputs in the plane, 0 < α < π/6; exponential loss; standard normal weights from which \
        the flow separates the inputs and leaves the ball of the bound.",
    method: "The stationary point and the margins of the data, α from 0.4 to 0.003. Gradient flow to the \
        first step with u ≥ 60, where ‖W_0‖² is still felt, and on to u ≥ 480 for the limit, linear in 1/u; \
        α from 0.2 to 0.0125, and m from 16 to 512 at α = 0.05. The error is what a tolerance a hundred \
        times finer changes at the same τ. Paired weights at m = 8 may leave half of the plane empty: such \
        starts are recorded, and lie outside the hypotheses.",
    refuted_by: "A residual, or another margin; a start that separates and ends below the bound or below ½ \
        sin α; a final margin that falls with α.",
    variables: &["alpha", "m"],
    uses: &["lr-margin-per-path", "lr-smoothed-margin"],
    errata: &[ErratumId(1), ErratumId(3), ErratumId(7)],
    ..Card::new(&super::PAPER, "lr-kkt-escape", "Escape from bad stationary points")
};

impl Claim for KktEscape {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, a: f64, m: usize| Cell::new(self.id(), part).with(ANGLE, a).with(M, m);
        let halvings =
            |first: f64, count: usize| sweep::doublings(1, count).map(move |by| first / by as f64);
        let quick = tier == Tier::Quick;
        let (widths, replicates): (&[usize], _) = if quick { (&[64], 2) } else { (&[64, 128, 256], 8) };
        let mut cells: Vec<Cell> = halvings(0.4, 8).map(|angle| cell("point", angle, 2)).collect();
        cells.extend(halvings(0.2, 5).map(|angle| cell("dead", angle, 64)));
        for (m, angle) in widths.iter().flat_map(|m| halvings(0.2, 5).map(move |angle| (*m, angle))) {
            cells.extend((0..replicates).map(|i| cell("escape", angle, m).replicate(i)));
        }
        for m in sweep::doublings(16, if quick { 5 } else { 6 }) {
            cells.extend((0..replicates / 2).map(|i| cell("width", 0.05, m).replicate(i)));
        }
        cells.extend((0..4 * replicates).map(|i| cell("paired", 0.1, 8).replicate(i)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let steps = if cell.part == "point" { 1.0 } else { 2e3 };
        Prediction { flops: 1e5 + steps * 300.0 * cell.m() as f64, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let angle = cell.real(ANGLE);
        let out = match cell.part.as_str() {
            "point" => point(cell),
            "dead" => dead(cell, seed, TOLERANCES[1]),
            _ => escape(cell, seed),
        }?;
        Ok(out.hypothesis(
            "0 < α < π/6",
            0.0 < angle && 6.0 * angle < std::f64::consts::PI,
            angle.to_string(),
        ))
    }

    fn bounds(&self) -> Vec<Bound> {
        let same = |name: &str, statement: &str, [lhs, rhs]: [&str; 2], control| {
            Bound::identity(name, statement, lhs, rhs, control).part("point")
        };
        let flat = |name: &str, statement: &str, of: &str, over, part: &str| {
            let growth = Bound::growth(name, statement, of, "one", Sweep::both(over, |_| 0.0)).part(part);
            growth.scatter("the starts are random")
        };
        let above = |name: &str, statement: &str, rhs: &str, control| {
            let flows = |c: &Cell| ["escape", "width", "paired"].contains(&c.part.as_str());
            Bound::inequality(name, statement, "margin", Side::Lower, rhs, control).among(flows)
        };
        let quarter = || Neighbour::rhs("quarter", "¼, the largest one");
        let turned = Neighbour::lhs("turned", "a neuron that is turned by α/2");
        let stationary = "1 + ‖W − λ(φ_1 + φ_2)‖/‖W‖ = 1 with λ = √m/(2 sin α) > 0";
        let certified = "Γ at u = 60 is at least max_R √m(u(0) + κ(R)R)/(‖W_0‖ + R)²";
        let single = Neighbour::rhs("half", "½ sin α, that of e_2 alone");
        let closed = "beside dead neurons of square D, Γ = √m p/(2√m p/ sin α + D) < ½ sin α at every p";
        vec![
            same("stationary", stationary, ["residual", "one"], turned),
            same("point", "the stationary point has Γ = ½ sin α", ["margin", "half"], quarter()).headline(),
            same("maximum", "the largest Γ of any network is ¼", ["largest", "quarter"], single),
            same(
                "kernel",
                "γ_2² = ½(1 + K(−cos 2α))",
                ["program", "kernel"],
                Neighbour::rhs("end", "½, its limit"),
            ),
            above(
                "certified",
                certified,
                "certified",
                Neighbour::rhs("free", "R² in place of (‖W_0‖ + R)²"),
            )
            .neighbour(quarter())
            .trivially("zero")
            .headline(),
            above("escapes", "Γ at u = 60 is above ½ sin α", "half", quarter())
                .neighbour(Neighbour::lhs("dead", "every start escapes, so the one with dead neurons too"))
                .strict()
                .headline(),
            above("floor", "Γ at u = 60 is at least 0.21", "floor", quarter())
                .neighbour(Neighbour::lhs("dead", "every start, so the one with dead neurons too"))
                .chosen("0.21, where 0.22 was seen at m = 512"),
            same(
                "dead-start",
                closed,
                ["dead", "closed"],
                Neighbour::rhs("quarter", "¼: every start escapes"),
            )
            .neighbour(Neighbour::rhs("half", "½ sin α, its limit"))
            .part("dead"),
            flat("flat", "Γ at u = 60 ≍ 1 as α → 0", "margin", ANGLE, "escape"),
            flat("limit", "the limit of Γ ≍ 1 as α → 0", "limit", ANGLE, "escape").headline(),
            flat("limit-in-m", "the limit of Γ ≍ 1 in m", "limit", M, "width"),
        ]
    }
}

/// (±cos α, sin α), both with the label 1.
fn inputs(angle: f64) -> Examples {
    let x = |i, c| if c == 1 { angle.sin() } else { [1.0, -1.0][i] * angle.cos() };
    Examples { x: Mat::from_fn(2, 2, x), y: vec![1.0; 2] }
}

/// `√m min_i p_i/‖W‖²`, and the interval of the margins p_i.
fn normalised(w: &Mat<f64>, Examples { x, y }: &Examples) -> Result<[Ball; 2]> {
    let p = Gradients::new(w.as_ref(), x.as_ref(), y, Par::Seq)?.margins();
    let square: Ball = w.col_iter().flat_map(|col| col.iter()).map(|w| Ball::exact(*w).powi(2)).sum();
    let least = if p[1].lower() < p[0].lower() { p[1] } else { p[0] };
    Ok([Ball::exact(w.nrows() as f64).sqrt() * least / square, p[0].hull(p[1])])
}

/// The stationary point and the margins that it is to be compared with.
fn point(cell: &Cell) -> Result<Measurement> {
    let (angle, m) = (cell.real(ANGLE), cell.m());
    let (examples, root, sine) = (inputs(angle), (m as f64).sqrt(), angle.sin());
    let (x, y) = (examples.x.as_ref(), &examples.y);
    // One neuron at an angle from e_2, and the distance of W from λ(φ_1 + φ_2) relative to ‖W‖, of which the
    // terms are at most 1/ sin α.
    let size = (root / sine).sqrt();
    let neuron = |turn: f64| {
        let row = [size, size * turn.sin(), size * turn.cos()];
        Mat::from_fn(m, 3, |j, c| if j == 0 { row[c] } else { 0.0 })
    };
    let residual = |w: Mat<f64>| -> Result<Ball> {
        let gradients = Gradients::new(w.as_ref(), x, y, Par::Seq)?;
        let sum = gradients.gradient(0)? + gradients.gradient(1)?;
        let apart = (&w - Scale(0.5 * root / sine) * sum).norm_l2() / w.norm_l2();
        Ok(Ball::new(1.0 + apart, rounding::sum(8, 24) / sine))
    };
    // The slope of K at t is at most 1/√(1 − t²).
    let slope = Ball::new(0.0, f64::EPSILON / (2.0 * angle).sin());
    let kernel = Layers::Both.kernel(-(2.0 * angle).cos())? + slope;
    let program = kernel_margin(Layers::Both, x, y, Par::Seq)?.margin;
    Ok(Measurement::new()
        .ball("residual", residual(neuron(0.0))?)
        .ball("turned", residual(neuron(0.5 * angle))?)
        .quantity("one", 1.0, 0.0)
        .ball("margin", normalised(&neuron(0.0), &examples)?[0])
        .ball("half", Ball::relative(0.5 * sine, f64::EPSILON))
        .ball("largest", 0.5 * plane_margin(x, y, Par::Seq)?.0.margin)
        .quantity("quarter", 0.25, 0.0)
        .ball("program", program * program)
        .ball("kernel", 0.5 * (1.0 + kernel))
        .quantity("end", 0.5, 0.0))
}

/// Follows a flow to this u, or to τ = [`PATIENCE`].
fn follow(flow: &Flow<'_>, start: Point, level: f64, tolerance: f64) -> Result<Run> {
    let on = &mut |p: &Point| match p.levels.smoothed < level {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    Ok(flow.run(start, PATIENCE, Accuracy { tolerance, ..Accuracy::default() }, on)?)
}

/// The neuron of the stationary point, a = |v| = 1, beside neurons that both inputs leave inactive: |v_2|
/// standard normal, v_1/(v_2 tan α) uniform on (−1, 1).
fn dead(cell: &Cell, seed: u64, tolerance: f64) -> Result<Measurement> {
    let (angle, m, rng) = (cell.real(ANGLE), cell.m(), &mut cell.stream(seed, "dead weights"));
    let examples = inputs(angle);
    let mut w = Mat::from_fn(m, 3, |j, c| if j == 0 && c != 1 { 1.0 } else { 0.0 });
    for j in 1..m {
        let [a, down]: [f64; 2] = [(); 2].map(|()| StandardNormal.sample(rng));
        let row = [a, down * angle.tan() * rng.random_range(-1.0..1.0), -down.abs()];
        row.into_iter().enumerate().for_each(|(c, entry)| w[(j, c)] = entry);
    }
    let flow = Flow::new(examples.x.as_ref(), &examples.y, Loss::Exponential, Par::Seq)?;
    let run = follow(&flow, flow.point(w.as_ref())?, LEVELS[0], tolerance)?;
    let [found, p] = normalised(&run.end.weights, &examples)?;
    let square = |j: usize| (0..3).map(|c| Ball::exact(w[(j, c)]).powi(2)).sum::<Ball>();
    let silent: Ball = (1..m).map(square).sum();
    let (scaled, sine) = (Ball::exact(m as f64).sqrt() * p, Ball::relative(angle.sin(), f64::EPSILON));
    // a² + v² exceeds 2a|v| by at most |a² − v²|, which is the drift of the run.
    Ok(Measurement::new()
        .ball("dead", found + Ball::new(0.0, found.value * run.drift / m as f64))
        .ball("closed", scaled / (2.0 * scaled / sine + silent))
        .ball("half", 0.5 * sine)
        .quantity("quarter", 0.25, 0.0))
}

/// `max_R √m (u(0) + κ(R)R)/(‖W_0‖ + R)²`, the same over R², and the R of the first.
fn certified(start: &Point, Examples { x, y }: &Examples) -> Result<[f64; 3]> {
    let (w, u) = (start.weights.as_ref(), start.levels.smoothed);
    let gradients = Gradients::new(w, x.as_ref(), y, Par::Seq)?;
    let margin = gradients.margin()?;
    let (near, root, norm) = (gradients.neighbourhood(&margin)?, (w.nrows() as f64).sqrt(), w.norm_l2());
    let mut best = [f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0];
    for i in 1..=RADII {
        let radius = margin.margin.upper() * root * i as f64 / RADII as f64;
        let level = root * (u + near.margin_within(radius) * radius);
        let here = level / (norm + radius).powi(2);
        best[1] = best[1].max(level / radius.powi(2));
        if here > best[0] {
            (best[0], best[2]) = (here, radius);
        }
    }
    Ok(best)
}

/// Γ on the way, its limit, and the bound.
fn escape(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (angle, m, rng) = (cell.real(ANGLE), cell.m(), &mut cell.stream(seed, "weights"));
    let examples = inputs(angle);
    let w = if cell.part == "paired" { instance::paired(rng, m, 2) } else { instance::weights(rng, m, 2) };
    let flow = Flow::new(examples.x.as_ref(), &examples.y, Loss::Exponential, Par::Seq)?;
    let start = flow.point(w.as_ref())?;
    let [bound, free, radius] = certified(&start, &examples)?;
    let [mut coarse, mut fine] = [start.clone(), start];
    // u with Γ̃ at the levels that were not passed on the way to those before; Γ and the way at the first.
    let (mut marks, mut margin, mut moved): (Vec<(f64, Ball)>, _, _) = (Vec::new(), Ball::exact(0.0), 0.0);
    for level in LEVELS {
        if coarse.levels.smoothed < level && coarse.tau < PATIENCE {
            coarse = follow(&flow, coarse, level, TOLERANCES[0])?.end;
            let accuracy = Accuracy { tolerance: TOLERANCES[1], ..Accuracy::default() };
            fine = flow.run(fine, coarse.tau, accuracy, &mut |_| ControlFlow::Continue(()))?.end;
            let apart = |of: fn(&Point) -> f64| Ball::new(of(&fine), (of(&fine) - of(&coarse)).abs());
            if marks.is_empty() {
                (margin, moved) = (apart(Point::margin), (&fine.weights - &w).norm_l2());
            }
            marks.push((fine.levels.smoothed, apart(Point::smoothed_margin)));
        }
    }
    // u/Γ̃ = ‖W‖²/√m is linear in u in the end, and its slope is 1/Γ in the limit.
    let slope = |pair: &[(f64, Ball)]| {
        let [(u, near), (v, far)] = [pair[0], pair[1]];
        Ball::exact(v - u) / (v / far - u / near)
    };
    let separated = coarse.levels.smoothed >= LEVELS[3];
    let limits: Vec<Ball> = [margin].into_iter().chain(marks.windows(2).map(slope)).collect();
    let limit = match limits.as_slice() {
        [.., before, last] if separated => *last + Ball::new(0.0, (last.value - before.value).abs()),
        _ => margin,
    };
    let mut out = Measurement::new()
        .ball("margin", margin)
        .ball("limit", limit)
        .quantity("certified", bound, rounding::sum(m, 32) * bound.abs())
        .ball("dead", dead(cell, seed, TOLERANCES[0])?.quantities["dead"])
        .quantity("half", 0.5 * angle.sin(), f64::EPSILON)
        .hypothesis("the flow separates", separated, format!("Γ = {:.3e}", margin.value))
        .hypothesis("‖W − W_0‖ ≥ R", moved >= radius, format!("{moved:.3} and {radius:.3}"));
    for (name, value) in [("quarter", 0.25), ("floor", 0.21), ("zero", 0.0), ("one", 1.0)] {
        out.insert(name, value, 0.0);
    }
    Ok(if bound > 0.0 { out.quantity("free", free, 0.0) } else { out })
}
