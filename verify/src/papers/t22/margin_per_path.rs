//! T22, gradient flow near the initialisation: the margin that each unit of path brings.
//!
//! Derived for this project. On a path `Ẇ = −∇L` the smoothed margin u has, at every W at which L is
//! differentiable, for both losses and without any threshold,
//!
//! > `du = n‖∇L‖/|ℓ'(u)| |dW| ≥ γ_m(W) |dW|`, because `n‖∇L‖ = ‖Σ |ℓ'_i| φ_i‖ ≥ γ_m Σ |ℓ'_i| ≥ γ_m |ℓ'(u)|`,
//! > the last because 1 − e^{−z} is subadditive. Hence `u(t) ≥ u(0) + κ(R)‖W_t − W_0‖` while `‖W_t − W_0‖ ≤
//! > R`, where κ(R) bounds γ_m within R of W_0, and κ ≥ γ_m(W_0)/2 up to a radius R_½ ≳ √m.
//!
//! κ(R) is certified from W_0 alone. It is the worst case over a ball, and the path is far from it: γ_m
//! hardly falls along the flow. For the logistic loss u(0) ≈ −n ln 2, so that the integrated statement is
//! worth little there.

use super::instance::{self, Examples, Motion, Path};
use super::letters::{D, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::Flow;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Gradients, parity};
use escapement::rounding;
use faer::{MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct MarginPerPath;

/// Where runs end.
const UNTIL: f64 = 8.0;
/// The width from which R_½ is followed, and the factor of γ_2^{3/2}√m below it.
const NARROWEST: usize = 256;
const FACTOR: f64 = 0.1;

const CARD: Card = Card {
    statement: r"du \ge \gamma_m(W)\, |dW|, \qquad u(t) \ge u(0) + \kappa(R) \|W_t - W_0\|, \qquad
        R_{1/2} \gtrsim \sqrt{m}",
    reference: "T22, gradient flow attains the NTK margin; statements and constants derived for this \
        project",
    hypotheses: "Standard normal weights, with paired neurons or without; the whole cube, with the parity \
        or independent labels.",
    method: "The speed of u per unit of path against γ_m, which a quadratic program encloses, at every \
        point that a flow visits up to u = 8. The rate of u at W_0 by central differences. u against \
        κ(R)‖W_t − W_0‖ at every visited point with κ > 0, and the least γ_m on the way. R_½ over m from \
        256 on, parity alone. n = 2^d throughout.",
    refuted_by: "A point at which u grows by less than γ_m per unit of path; u below the certified line; a \
        radius that falls behind √m.",
    variables: &["m", "d"],
    uses: &["lr-finite-width-margin"],
    errata: &[ErratumId(1), ErratumId(2), ErratumId(3), ErratumId(6), ErratumId(7)],
    ..Card::new(&super::PAPER, "lr-margin-per-path", "Margin per unit of path")
};

impl Claim for MarginPerPath {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, m: usize| Cell::new(self.id(), part).with(D, d).with(M, m);
        let quick = tier == Tier::Quick;
        let runs: &[(&str, usize, usize)] = &[
            ("parity", 2, 32),
            ("parity", 3, 64),
            ("paired", 2, 128),
            ("paired", 4, 32),
            ("random", 3, 32),
            ("logistic", 2, 64),
            ("logistic", 3, 32),
        ];
        let more: &[(&str, usize, usize)] =
            &[("parity", 4, 128), ("paired", 3, 128), ("random", 4, 64), ("logistic", 4, 64)];
        let all = runs.iter().chain(if quick { &[] } else { more });
        let repeated = all.flat_map(|run| (0..if quick { 1 } else { 4 }).map(move |i| (run, i)));
        let mut cells: Vec<Cell> =
            repeated.map(|(&(part, d, m), i)| cell(part, d, m).replicate(i)).collect();
        let (widths, replicates) = if quick { (5, 4) } else { (8, 16) };
        for (d, m) in
            [2, 3, 4].into_iter().flat_map(|d| sweep::doublings(NARROWEST, widths).map(move |m| (d, m)))
        {
            cells.extend((0..replicates).map(|i| cell("radius", d, m).replicate(i)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n) = (cell.m() as f64, (1_u64 << cell.d().min(16)) as f64);
        let flops = if cell.part == "radius" { 500.0 * n * m } else { 5e5 * n * m };
        Prediction { flops, bytes: 1e6 + 1e4 * n * m }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "radius" { radius(cell, seed) } else { run(cell, seed) }
    }

    fn bounds(&self) -> Vec<Bound> {
        let runs = |cell: &Cell| cell.part != "radius";
        vec![
            Bound::inequality(
                "per-path",
                "n‖∇L‖/|ℓ'(u)| ≥ γ_m(W) at every visited W, both losses",
                "speed",
                Side::Lower,
                "margin",
                Neighbour::rhs("more", "1.1 γ_m in place of γ_m"),
            )
            .code_check()
            .among(runs),
            Bound::identity(
                "rate",
                "du/dt = n‖∇L‖²/|ℓ'(u)| at W_0",
                "rate",
                "square",
                Neighbour::rhs("inner", "the gradient of the inner layer alone"),
            )
            .among(runs),
            Bound::inequality(
                "integrated",
                "u(t) − u(0) ≥ κ(R)‖W_t − W_0‖ at every visited point, R the farthest so far",
                "gain",
                Side::Lower,
                "certified",
                Neighbour::rhs("whole", "1.1 γ_m(W_0) in place of κ(R)"),
            )
            .headline()
            .among(runs),
            Bound::growth(
                "radius",
                "the certified radius R_½, within which κ ≥ γ_m(W_0)/2, is ≳ √m",
                "radius",
                "root",
                Sweep::lower(M, |_| 0.5),
            )
            .headline()
            .part("radius"),
            Bound::inequality(
                "radius-constant",
                "R_½ ≥ γ_2^{3/2} √m/10",
                "radius",
                Side::Lower,
                "tenth",
                Neighbour::lhs("flat", "R_½ of the first 256 neurons, as if it were flat in m"),
            )
            .chosen("the factor 1/10, from radii of 0.11 to 0.35 γ_2^{3/2} √m")
            .part("radius"),
            Bound::inequality(
                "retention",
                "γ_m(W_t) ≥ γ_m(W_0)/2 at every visited point",
                "least",
                Side::Lower,
                "half",
                Neighbour::lhs("ball", "κ at the farthest point: the worst case over the ball"),
            )
            .chosen("the factor ½, where 0.7 and more was seen")
            .among(runs),
        ]
    }
}

/// What a run shows at the points that it visits.
fn run(cell: &Cell, seed: u64) -> Result<Measurement> {
    let path = Path::new(cell, seed, UNTIL)?;
    let (on, start) = (&path.examples, &path.points[0]);
    let gradients = Gradients::new(start.weights.as_ref(), on.x.as_ref(), &on.y, Par::Seq)?;
    let first = gradients.margin()?;
    let around = gradients.neighbourhood(&first)?;
    let flow = Flow::new(on.x.as_ref(), &on.y, path.loss, Par::Seq)?;
    let at_start = Motion::new(start, on)?;
    let rate = at_start.differences(&flow, start, on)?[0];
    let inner = at_start.velocity.as_ref().subcols(1, cell.d()).squared_norm_l2();
    let (mut tightest, mut least): ([Ball; 2], Ball) = ([at_start.speed.sqrt(), first.margin], first.margin);
    let (mut integrated, mut farthest, mut error) = (None::<[Ball; 3]>, 0.0_f64, 0.0);
    let ratio = |pair: &[Ball]| pair[0].lower() / pair[1].upper();
    for point in &path.points[1..] {
        let margin =
            Gradients::new(point.weights.as_ref(), on.x.as_ref(), &on.y, Par::Seq)?.margin()?.margin;
        let speed = Motion::new(point, on)?.speed.sqrt();
        tightest = if ratio(&[speed, margin]) < ratio(&tightest) { [speed, margin] } else { tightest };
        least = if margin.lower() < least.lower() { margin } else { least };
        let moved = (&point.weights - &start.weights).norm_l2();
        farthest = farthest.max(moved);
        error += Path::step_error(point);
        let kappa =
            around.margin_within(farthest * (1.0 + rounding::sum(point.weights.nrows(), cell.d() + 8)));
        if kappa > 0.0 {
            let gain = Ball::new(point.levels.smoothed - start.levels.smoothed, error);
            let line = [kappa * moved, 1.1 * first.margin.value * moved].map(Ball::exact);
            let found = [gain, line[0], line[1]];
            if integrated.is_none_or(|held| ratio(&found) < ratio(&held)) {
                integrated = Some(found);
            }
        }
    }
    let mut out = path
        .kept(Measurement::new())
        .ball("speed", tightest[0])
        .ball("margin", tightest[1])
        .ball("more", 1.1 * tightest[1])
        .ball("rate", rate)
        .ball("square", at_start.speed)
        .quantity("inner", inner, 0.0)
        .ball("least", least)
        .ball("half", 0.5 * first.margin)
        .quantity("ball", around.margin_within(farthest), 0.0);
    if let Some([gain, certified, whole]) = integrated {
        out = out.ball("gain", gain).ball("certified", certified).ball("whole", whole);
    }
    Ok(out)
}

/// R_½ of all neurons, and of the first ones.
fn radius(cell: &Cell, seed: u64) -> Result<Measurement> {
    let cube = Examples::cube(cell.d())?;
    let w = instance::weights(&mut cell.stream(seed, "weights"), cell.m(), cell.d());
    let half = |w: MatRef<'_, f64>| -> Result<f64> {
        let gradients = Gradients::new(w, cube.x.as_ref(), &cube.y, Par::Seq)?;
        Ok(gradients.neighbourhood(&gradients.margin()?)?.half_radius())
    };
    let (root, [kernel, _]) = ((cell.m() as f64).sqrt(), parity(cell.d(), Layers::Both)?);
    Ok(Measurement::new()
        .quantity("radius", half(w.as_ref())?, 0.0)
        .quantity("flat", half(w.as_ref().subrows(0, NARROWEST.min(cell.m())))?, 0.0)
        .quantity("root", root, 0.0)
        .quantity("tenth", FACTOR * kernel.value.powf(1.5) * root, 0.0)
        .hypothesis("normal weights", true, "none is paired"))
}
