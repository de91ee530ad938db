//! T22, gradient flow near the initialisation escapes from bad stationary points.
//!
//! Derived for this project, on the two inputs (±cos α, sin α), 0 < α < π/6, both with the label 1:
//!
//! > One neuron a = |v| with v along e_2, all others 0, is a stationary point (KKT) of `min ½‖W‖²` over the
//! > networks with p ≥ 1: `W = λ(φ_1 + φ_2)` with λ = √m/(2 sin α) > 0, and the Clarke set of a neuron at 0 is
//! > {0}. Its margin `Γ = √m min_i p_i/‖W‖²` is ½ sin α. The largest one is ¼, half of the G of all
//! > directions: weights ½ on x_1 and on x_2 have the margin ½, and no v is worth more than max(½, sin α)
//! > against equal weights on the inputs. And γ_2² = ½(1 + K(−cos 2α)) → ½.
//! >
//! > A start with `u(0) + κ(R)R > 0` for an R within which κ(R) bounds γ_m(W) from below ends at
//! > `Γ ≥ √m(u(0) + κ(R)R)/(‖W_0‖ + R)²`, because u grows by κ(R) at least for each unit of path up to R, and
//! > `Γ̃ = √m u/‖W‖² ≤ Γ` does not fall once u > 0.
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
use escapement::seed::ChaCha20Rng;
use faer::{Mat, Par};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct KktEscape;

/// The smoothed margins at which a flow is looked at: Γ at the first, its limit from the others.
const LEVELS: [f64; 4] = [60.0, 120.0, 240.0, 480.0];
/// The time τ after which a flow that does not separate is left; one that does needs some 10√m.
const PATIENCE: f64 = 1e5;
/// Errors of a step relative to ‖W‖. What the second changes is the error of the first.
const TOLERANCES: [f64; 2] = [1e-3, 1e-5];
/// Radii at which κ(R) is taken.
const RADII: usize = 256;

const CARD: Card = Card {
    statement: r"\Gamma_\text{KKT} = \frac{1}{2} \sin\alpha, \qquad \Gamma_\text{final} \ge
        \max_R \frac{\sqrt{m} (u(0) + \kappa(R) R)}{(\|W_0\| + R)^2}, \qquad \Gamma_\text{final} \gtrsim 1",
    reference: "T22, gradient flow near the initialisation of the abstract; statement and constants derived \
        for this project",
    hypotheses: "Two inputs in the plane, 0 < α < π/6; exponential loss; standard normal weights from which \
        the flow separates the inputs and leaves the ball of the bound.",
    method: "The stationary point, its multiplier, its margin, the largest margin by cutting planes and the \
        kernel margin, for α from 0.4 to 0.003. Gradient flow from standard normal weights to u = 60, where \
        ‖W_0‖² is still felt, and to u = 480 with the limit in 1/u; the error is what a tolerance a hundred \
        times finer changes at the same τ. α from 0.2 to 0.0125, m from 16 to 512. Paired weights at m = 8 may leave half \
        of the plane empty: such starts are recorded, and lie outside the hypotheses.",
    refuted_by: "A residual, or another margin; a start that separates and ends below the bound or below ½ \
        sin α; a final margin that falls with α.",
    variables: &["alpha", "m"],
    uses: &["lr-ntk-margin", "lr-finite-width-margin"],
    errata: &[ErratumId(1), ErratumId(3), ErratumId(7)],
    ..Card::new(&super::PAPER, "lr-kkt-escape", "Escape from bad stationary points")
};

impl Claim for KktEscape {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell =
            |part: &str, angle: f64, m: usize| Cell::new(self.id(), part).with(ANGLE, angle).with(M, m);
        let quick = tier == Tier::Quick;
        let (widths, replicates): (&[usize], _) = if quick { (&[64], 2) } else { (&[64, 128, 256], 8) };
        let halvings =
            |first: f64, count: usize| sweep::doublings(1, count).map(move |by| first / by as f64);
        let mut cells = Vec::new();
        cells.extend([2, 5].into_iter().flat_map(|m| halvings(0.4, 8).map(move |a| cell("point", a, m))));
        for angle in halvings(0.2, 5) {
            cells.push(cell("dead", angle, 64));
            for m in widths {
                cells.extend((0..replicates).map(|i| cell("escape", angle, *m).replicate(i)));
            }
        }
        for m in sweep::doublings(16, if quick { 5 } else { 6 }) {
            cells.extend((0..replicates / 2).map(|i| cell("width", 0.05, m).replicate(i)));
        }
        cells.extend((0..4 * replicates).map(|i| cell("paired", 0.1, 8).replicate(i)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let steps = if cell.part == "point" { 1.0 } else { 3e3 };
        Prediction { flops: 1e5 + steps * 300.0 * cell.m() as f64, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let angle = cell.real(ANGLE);
        let out = match cell.part.as_str() {
            "point" => point(cell),
            "dead" => dead(cell, seed, TOLERANCES[1]),
            _ => escape(cell, seed),
        }?;
        let detail = format!("{angle}");
        Ok(out.hypothesis("0 < α < π/6", 0.0 < angle && angle < std::f64::consts::FRAC_PI_6, detail))
    }

    fn bounds(&self) -> Vec<Bound> {
        let flows = |c: &Cell| ["escape", "width", "paired"].contains(&c.part.as_str());
        let flat = |name: &str, statement: &str, over| {
            Bound::growth(name, statement, "limit", "one", Sweep::both(over, |_| 0.0))
                .scatter("the starts are random")
        };
        vec![
            Bound::identity(
                "stationary",
                "W = λ(φ_1 + φ_2): 1 + ‖W − λ(φ_1 + φ_2)‖/‖W‖ = 1",
                "residual",
                "one",
                Neighbour::lhs("tilted", "a neuron that is turned by α/2"),
            )
            .part("point"),
            Bound::identity(
                "multiplier",
                "⟨φ_i, W⟩ = 2p_i gives both examples the multiplier √m/(2 sin α) > 0",
                "multiplier",
                "positive",
                Neighbour::rhs("single", "√m/ sin α: one example alone"),
            )
            .part("point"),
            Bound::identity(
                "point",
                "the stationary point has Γ = ½ sin α",
                "margin",
                "half",
                Neighbour::rhs("quarter", "¼, the largest one"),
            )
            .headline()
            .part("point"),
            Bound::identity(
                "maximum",
                "the largest margin of any network is ¼ = G/2",
                "largest",
                "quarter",
                Neighbour::rhs("half", "½ sin α, that of e_2 alone"),
            )
            .part("point"),
            Bound::identity(
                "kernel",
                "γ_2² = ½(1 + K(−cos 2α))",
                "program",
                "kernel",
                Neighbour::rhs("end", "½, its limit"),
            )
            .part("point"),
            Bound::growth("point-in-angle", "½ sin α ≍ α", "margin", "angle", Sweep::both(ANGLE, |_| 1.0))
                .part("point"),
            Bound::growth(
                "kernel-in-angle",
                "½ − γ_2² ≍ α",
                "missing",
                "angle",
                Sweep::both(ANGLE, |_| 1.0),
            )
            .among(|c| c.part == "point" && c.real(ANGLE) <= 0.1),
            Bound::inequality(
                "certified",
                "Γ at u = 60 is at least max_R √m(u(0) + κ(R)R)/(‖W_0‖ + R)²",
                "margin",
                Side::Lower,
                "certified",
                Neighbour::rhs("free", "R² in place of (‖W_0‖ + R)²"),
            )
            .neighbour(Neighbour::rhs("quarter", "¼, which is reached in the limit only"))
            .trivially("zero")
            .headline()
            .among(flows),
            Bound::inequality(
                "escapes",
                "Γ at u = 60 is above ½ sin α",
                "margin",
                Side::Lower,
                "half",
                Neighbour::lhs("dead", "every start escapes, so the one with dead neurons too"),
            )
            .strict()
            .headline()
            .among(flows),
            Bound::identity(
                "dead-start",
                "beside dead neurons of square D, Γ = √m p/(2√m p/ sin α + D) < ½ sin α at every p",
                "dead",
                "closed",
                Neighbour::rhs("quarter", "¼: every start escapes"),
            )
            .neighbour(Neighbour::rhs("half", "½ sin α, its limit"))
            .part("dead"),
            Bound::growth("flat", "Γ at u = 60 ≍ 1 as α → 0", "margin", "one", Sweep::both(ANGLE, |_| 0.0))
                .scatter("the starts are random")
                .part("escape"),
            flat("limit", "the limit of Γ in 1/u ≍ 1 as α → 0", ANGLE).part("escape"),
            flat("limit-in-m", "the limit of Γ in 1/u ≍ 1 in m", M).part("width"),
            Bound::inequality(
                "floor",
                "Γ is at least 0.21 at the first step with u ≥ 60",
                "margin",
                Side::Lower,
                "least",
                Neighbour::lhs("dead", "every start, so the one with dead neurons too"),
            )
            .neighbour(Neighbour::rhs("quarter", "¼, the largest one"))
            .chosen("0.21, where 0.22 was seen at m = 512")
            .among(flows),
            Bound::inequality(
                "limit-constant",
                "the limit of Γ in 1/u is at least 0.24, and ¼ is the largest",
                "limit",
                Side::Lower,
                "most",
                Neighbour::rhs("above", "0.2501"),
            )
            .neighbour(Neighbour::lhs("half", "½ sin α, the limit of the start with dead neurons"))
            .chosen("0.24")
            .among(|c| c.part == "escape" || c.part == "width"),
        ]
    }
}

/// (±cos α, sin α), both with the label 1.
fn inputs(angle: f64) -> Examples {
    let x = Mat::from_fn(2, 2, |i, c| match (i, c) {
        (_, 1) => angle.sin(),
        (0, _) => angle.cos(),
        _ => -angle.cos(),
    });
    Examples { x, y: vec![1.0; 2] }
}

/// `√m p/‖W‖²` for the smaller margin.
fn normalised(w: &Mat<f64>, margins: &[Ball]) -> Ball {
    let square: Ball = w.col_iter().flat_map(|col| col.iter()).map(|w| Ball::exact(*w).powi(2)).sum();
    let least = margins.iter().copied().reduce(|a, b| if b.lower() < a.lower() { b } else { a });
    Ball::exact(w.nrows() as f64).sqrt() * least.unwrap_or(Ball::exact(0.0)) / square
}

/// The stationary point and the margins that it is to be compared with.
fn point(cell: &Cell) -> Result<Measurement> {
    let (angle, m) = (cell.real(ANGLE), cell.m());
    let Examples { x, y } = inputs(angle);
    let (root, sine) = ((m as f64).sqrt(), angle.sin());
    let (size, lambda) = ((root / sine).sqrt(), root / (2.0 * sine));
    // One neuron at an angle from e_2, and the distance of W from λ(φ_1 + φ_2) relative to ‖W‖. The terms are
    // at most 1/ sin α of ‖W‖.
    let neuron = |turn: f64| {
        let row = [size, size * turn.sin(), size * turn.cos()];
        Mat::from_fn(m, 3, |j, c| if j == 0 { row[c] } else { 0.0 })
    };
    let residual = |w: &Mat<f64>| -> Result<Ball> {
        let gradients = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?;
        let sum = gradients.gradient(0)? + gradients.gradient(1)?;
        let apart = (w - faer::Scale(lambda) * sum).norm_l2() / w.norm_l2();
        Ok(Ball::new(1.0 + apart, rounding::sum(8, 24) / sine))
    };
    let w = neuron(0.0);
    let gradients = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?;
    let (gram, margins) = (gradients.gram()?, gradients.margins());
    // ⟨φ_1, λ(φ_1 + φ_2)⟩ = 2p_1.
    let entry = |k: usize| Ball::new(gram[(k, 0)], rounding::sum(2 * m, 24) * gram[(0, 0)]);
    let sine = Ball::relative(sine, f64::EPSILON);
    let cosine = -(2.0 * angle).cos();
    // The slope of K at t is at most 1/√(1 − t²).
    let kernel = Layers::Both.kernel(cosine)? + Ball::new(0.0, f64::EPSILON / (2.0 * angle).sin());
    let (largest, _) = plane_margin(x.as_ref(), &y, Par::Seq)?;
    let program = kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq)?.margin;
    let positive = Ball::exact(m as f64).sqrt() / (2.0 * sine);
    Ok(Measurement::new()
        .ball("residual", residual(&w)?)
        .ball("tilted", residual(&neuron(0.5 * angle))?)
        .quantity("one", 1.0, 0.0)
        .ball("multiplier", 2.0 * margins[0] / (entry(0) + entry(1)))
        .ball("positive", positive)
        .ball("single", 2.0 * positive)
        .ball("margin", normalised(&w, &margins))
        .ball("half", 0.5 * sine)
        .ball("largest", 0.5 * largest.margin)
        .quantity("quarter", 0.25, 0.0)
        .ball("program", program * program)
        .ball("kernel", 0.5 * (1.0 + kernel))
        .quantity("end", 0.5, 0.0)
        .ball("missing", -0.5 * kernel)
        .quantity("angle", angle, 0.0))
}

/// Follows a flow to this u, or to τ = [`PATIENCE`].
fn follow(flow: &Flow<'_>, start: Point, level: f64, tolerance: f64) -> Result<Run> {
    let accuracy = Accuracy { tolerance, ..Accuracy::default() };
    let below = |p: &Point| p.levels.smoothed < level;
    let on = &mut |p: &Point| if below(p) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    Ok(flow.run(start, PATIENCE, accuracy, on)?)
}

/// The neuron of the stationary point, a = |v| = 1, beside neurons that both inputs leave inactive: |v_2|
/// standard normal, v_1/(v_2 tan α) uniform on (−1, 1).
fn dead(cell: &Cell, seed: u64, tolerance: f64) -> Result<Measurement> {
    let (angle, rng): (f64, &mut ChaCha20Rng) = (cell.real(ANGLE), &mut cell.stream(seed, "dead weights"));
    let examples = inputs(angle);
    let mut rows = vec![[1.0, 0.0, 1.0]];
    for _ in 1..cell.m() {
        let [a, down]: [f64; 2] = [(); 2].map(|()| StandardNormal.sample(rng));
        rows.push([a, down * angle.tan() * rng.random_range(-1.0..1.0), -down.abs()]);
    }
    let w = Mat::from_fn(rows.len(), 3, |j, c| rows[j][c]);
    let flow = Flow::new(examples.x.as_ref(), &examples.y, Loss::Exponential, Par::Seq)?;
    let run = follow(&flow, flow.point(w.as_ref())?, LEVELS[0], tolerance)?;
    let end = &run.end.weights;
    let margins = Gradients::new(end.as_ref(), examples.x.as_ref(), &examples.y, Par::Seq)?.margins();
    let found = normalised(end, &margins);
    let square = |w: &f64| Ball::exact(*w).powi(2);
    let silent: Ball = rows[1..].iter().flatten().map(square).sum();
    let (root, sine) = (Ball::exact(rows.len() as f64).sqrt(), Ball::relative(angle.sin(), f64::EPSILON));
    let both = margins[0].hull(margins[1]);
    // a² + v² exceeds 2a|v| by at most |a² − v²|, which is the drift of the run.
    Ok(Measurement::new()
        .ball("dead", found + Ball::new(0.0, found.value * run.drift / rows.len() as f64))
        .ball("closed", root * both / (2.0 * root * both / sine + silent))
        .ball("half", 0.5 * sine)
        .quantity("quarter", 0.25, 0.0)
        .quantity("drift", run.drift, 0.0))
}

/// `max_R √m (u(0) + κ(R)R)/(‖W_0‖ + R)²` with the R at which it is attained, and the same over R².
fn certified(start: &Point, examples: &Examples) -> Result<([f64; 2], f64)> {
    let w = &start.weights;
    let gradients = Gradients::new(w.as_ref(), examples.x.as_ref(), &examples.y, Par::Seq)?;
    let margin = gradients.margin()?;
    let near = gradients.neighbourhood(&margin)?;
    let (root, norm) = ((w.nrows() as f64).sqrt(), w.norm_l2());
    let most = margin.margin.upper() * root;
    let bounds = (1..=RADII).map(|i| {
        let radius = most * i as f64 / RADII as f64;
        let level = root * (start.levels.smoothed + near.margin_within(radius) * radius);
        ([level / (norm + radius).powi(2), level / radius.powi(2)], radius)
    });
    Ok(bounds.fold(([f64::NEG_INFINITY; 2], 0.0), |best, (value, radius)| {
        let free = best.0[1].max(value[1]);
        if value[0] > best.0[0] { ([value[0], free], radius) } else { ([best.0[0], free], best.1) }
    }))
}

/// Γ on the way, its limit, and the bound.
fn escape(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (angle, rng) = (cell.real(ANGLE), &mut cell.stream(seed, "weights"));
    let examples = inputs(angle);
    let draw = if cell.part == "paired" { instance::paired } else { instance::weights };
    let w = draw(rng, cell.m(), 2);
    let flow = Flow::new(examples.x.as_ref(), &examples.y, Loss::Exponential, Par::Seq)?;
    let start = flow.point(w.as_ref())?;
    let ([bound, free], radius) = certified(&start, &examples)?;
    let [mut coarse, mut fine] = [start.clone(), start];
    // u with Γ̃ at the levels, at each after the one before; Γ and the way at the first.
    let mut marks: Vec<(f64, Ball)> = Vec::new();
    let (mut margin, mut moved) = (Ball::exact(0.0), 0.0);
    for level in LEVELS {
        if coarse.levels.smoothed >= level {
            continue;
        }
        coarse = follow(&flow, coarse, level, TOLERANCES[0])?.end;
        let accuracy = Accuracy { tolerance: TOLERANCES[1], ..Accuracy::default() };
        fine = flow.run(fine, coarse.tau, accuracy, &mut |_| ControlFlow::Continue(()))?.end;
        let apart = |of: fn(&Point) -> f64| Ball::new(of(&fine), (of(&fine) - of(&coarse)).abs());
        if marks.is_empty() {
            (margin, moved) = (apart(Point::margin), (&fine.weights - &w).norm_l2());
        }
        marks.push((fine.levels.smoothed, apart(Point::smoothed_margin)));
        if coarse.levels.smoothed < level {
            break;
        }
    }
    let separated = coarse.levels.smoothed >= LEVELS[0];
    // u/Γ̃ = ‖W‖²/√m is linear in u in the end, and its slope is 1/Γ in the limit.
    let slope = |pair: &[(f64, Ball)]| {
        let [(u, near), (v, far)] = [pair[0], pair[1]];
        Ball::exact(v - u) / (v / far - u / near)
    };
    let limits: Vec<Ball> = [margin].into_iter().chain(marks.windows(2).map(slope)).collect();
    let limit = match limits.as_slice() {
        [.., before, last] if separated => *last + Ball::new(0.0, (last.value - before.value).abs()),
        _ => margin,
    };
    let seen = dead(cell, seed, TOLERANCES[0])?;
    let out = Measurement::new()
        .ball("margin", margin)
        .ball("limit", limit)
        .quantity("certified", bound, rounding::sum(cell.m(), 32) * bound.abs())
        .ball("dead", seen.quantities["dead"])
        .quantity("half", 0.5 * angle.sin(), f64::EPSILON)
        .quantity("quarter", 0.25, 0.0)
        .quantity("least", 0.21, 0.0)
        .quantity("most", 0.24, 0.0)
        .quantity("above", 0.2501, 0.0)
        .quantity("zero", 0.0, 0.0)
        .quantity("one", 1.0, 0.0)
        .hypothesis("the flow separates", separated, format!("Γ = {:.3e}", margin.value))
        .hypothesis("‖W − W_0‖ ≥ R", moved >= radius, format!("{moved:.3} and {radius:.3}"));
    Ok(if bound > 0.0 { out.quantity("free", free, 0.0) } else { out })
}
