//! T22, the tool behind its statements on gradient flow: the smoothed margin.
//!
//! `u = ℓ^{-1}(nL)` of `Ẇ = −∇L` has the normalised form `Γ̃ = √m u/‖W‖²`. Derived for this project, with
//! `B = n⁻¹ Σ |ℓ'(p_i)| p_i` and the tangential part `T² = ‖∇L‖² − ⟨∇L, W⟩²/‖W‖²` of the gradient:
//!
//! > `d ln Γ̃/dt = (4B/‖W‖²)(nB/(|ℓ'(u)|u) − 1) + nT²/(|ℓ'(u)|u)` for both losses, because f is homogeneous
//! > of degree 2 and `⟨∇L, W⟩ = −2B`. Where u > 0 both terms are at least 0, so that Γ̃ never falls. `a_j² −
//! > ‖v_j‖²` is constant for every neuron. For the exponential loss `d(e^u)/dt ∈ [4uγ̃, u/(γ̃m)]/n`, `γ̃ =
//! > u/‖W‖²`, so that L ≍ 1/(t ln t).
//!
//! Γ, with min_i p_i in place of u, exceeds Γ̃ by at most `√m ln n/‖W‖²`. It may fall.

use super::instance::{self, Examples, Motion, Path};
use super::letters::{D, LENGTH, M, N};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Flow, Loss, Point};
use escapement::margin::Gradients;
use escapement::rounding;
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par, Scale};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SmoothedMargin;

/// Where runs end, and from where on the time is taken.
const UNTIL: f64 = 16.0;
const FROM: f64 = 2.0;
/// The time τ of Euler steps.
const TIME: f64 = 4.0;

const CARD: Card = Card {
    statement: r"\frac{d \ln \tilde{\Gamma}}{dt} = \frac{4B}{\|W\|^2} (\frac{nB}{|\ell'(u)| u} - 1)
        + \frac{nT^2}{|\ell'(u)| u} \ge 0 \text{ once } u > 0, \qquad L \asymp \frac{1}{t \ln t}",
    reference: "T22, gradient flow of the abstract; formulas and constants derived for this project",
    hypotheses: "Normal weights, unit inputs; labels of the parity, of the network, or independent.",
    method: "The identity at random W, both losses, n from 4 to 16: central differences of u and ‖W‖² along \
        −∇L against the Gram matrix of the gradients. Γ̃ in every step of flows on the cube up to u = 16, \
        with and without paired neurons, at widths that separate it. The rate of e^u in each step, and that of 1/(nLu) from u = 2 on, \
        exponential loss alone. Because the flow conserves a_j² − ‖v_j‖² by construction, this is followed \
        in Euler steps, exponential loss and parity alone. Larger u is not looked at.",
    refuted_by: "A derivative that differs; a step in which Γ̃ falls; e^u outside; a drift not of order h.",
    variables: &["m", "d", "n"],
    errata: &[ErratumId(1), ErratumId(6), ErratumId(7)],
    ..Card::new(&super::PAPER, "lr-smoothed-margin", "The smoothed margin never falls")
};

impl Claim for SmoothedMargin {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, m: usize| Cell::new(self.id(), part).with(D, d).with(M, m);
        let quick = tier == Tier::Quick;
        let mut cells = Vec::new();
        for (d, m, n) in [(2, 8, 4), (3, 16, 8), (4, 32, 16), (2, 32, 16), (4, 8, 8)] {
            for i in 0..if quick { 4 } else { 32 } {
                cells.extend(["at", "at-logistic"].map(|part| cell(part, d, m).with(N, n).replicate(i)));
            }
        }
        let runs = [("parity", 2, 32), ("parity", 3, 48), ("parity", 4, 48), ("paired", 2, 64)];
        let others = [("random", 3, 32), ("logistic", 2, 32), ("logistic", 3, 32)];
        let more = [("random", 4, 64), ("paired", 4, 32), ("logistic", 4, 64), ("parity", 4, 128)];
        for &(part, d, m) in runs.iter().chain(&others).chain(if quick { &[][..] } else { &more }) {
            cells.extend((0..if quick { 1 } else { 3 }).map(|i| cell(part, d, m).replicate(i)));
        }
        for h in [0.05, 0.04, 0.025, 0.02, 0.0125, 0.01] {
            cells.extend([2, 3, 4].map(|d| cell("euler", d, 16).with(LENGTH, h)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n) = (cell.m() as f64, (1_u64 << cell.d().min(16)) as f64);
        let flops = if cell.get(N).is_some() { 1e5 } else { 5e5 * n * m };
        Prediction { flops, bytes: 1e6 + 1e4 * n * m }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match (cell.get(N), cell.get(LENGTH)) {
            (Some(_), _) => at_a_point(cell, seed),
            (_, Some(_)) => euler(cell, seed),
            _ => run(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        use Side::{Lower, Upper};
        // The left side has the name of the bound.
        let exponential = |side, name: &str, says: &str, false_one: &str| {
            let false_one = Neighbour::rhs(format!("{name} false"), false_one);
            Bound::inequality(name, says, name, side, format!("{name} right"), false_one)
                .among(|cell| runs(cell) && cell.part != "logistic")
        };
        let [low, high] = ["the lower bound in its place", "the upper bound in its place"];
        let rate = "d ln Γ̃/dt = (4B/‖W‖²)(nB/(|ℓ'(u)|u) − 1) + nT²/(|ℓ'(u)|u) at random W, both losses";
        let rises = "Γ̃ grows in every step of a flow once u > 0, by more than the step errs";
        let cubed = Neighbour::lhs("cubed", "u/‖W‖³ in place of u/‖W‖²");
        let clock = "the time with u linear in τ, its error from single and paired steps: an enclosure left a run open";
        let kept = "explicit Euler steps of length h change a_j² − ‖v_j‖² by ≲ h";
        vec![
            Bound::identity("rate", rate, "rate", "formula", Neighbour::rhs("radial", "without T²"))
                .neighbour(Neighbour::rhs("degree_one", "⟨∇L, W⟩ = −B, Euler's factor 1 in place of 2"))
                .headline()
                .among(|cell| cell.get(N).is_some()),
            Bound::inequality("never-falls", rises, "growth", Lower, "one", cubed).headline().among(runs),
            Bound::growth("conserved", kept, "drift", "length", Sweep::upper(LENGTH, |_| 1.0)).part("euler"),
            exponential(Lower, "slope-below", "d(e^u)/dt ≥ 4uγ̃/n, mean over a step", "8 in place of 4"),
            exponential(Upper, "slope-above", "d(e^u)/dt ≤ u/(nγ̃m), mean over a step", low),
            exponential(Lower, "loss-below", "d(1/(nLu))/dt ≥ 2γ̃_0/n, mean from u = 2 = u_0 on", high)
                .chosen(clock),
            exponential(Upper, "loss-above", "d(1/(nLu))/dt ≤ 1/(nγ̃_0m), mean from u = 2 = u_0 on", low)
                .chosen(clock),
            exponential(Upper, "plain", "min_i p_i ≤ u + ln n", "n/2 in place of n").code_check(),
        ]
    }
}

/// Whether a flow runs in a cell.
fn runs(cell: &Cell) -> bool {
    cell.get(N).is_none() && cell.get(LENGTH).is_none()
}

/// The identity at random weights, in τ: both sides divided by |ℓ'(u)|/n. Labels are independent of the
/// inputs, or in odd repetitions the signs of the network at weights twice as long.
fn at_a_point(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, n, own) = (cell.d(), cell.n(), cell.replicate % 2 == 1);
    let x = uniform_sphere(&mut cell.stream(seed, "inputs"), n, d, 1.0);
    let y = instance::coins(&mut cell.stream(seed, "labels"), n);
    let w = instance::weights(&mut cell.stream(seed, "weights"), cell.m(), d);
    let w = Scale(if own { 2.0 } else { 1.0 }) * w;
    let given = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?.margins();
    let signed = y.iter().zip(given).map(|(y, p)| if own { y * p.value.signum() } else { *y });
    let on = Examples { y: signed.collect(), x };
    let flow = Flow::new(on.x.as_ref(), &on.y, instance::loss(cell), Par::Seq)?;
    let point = flow.point(w.as_ref())?;
    let motion = Motion::new(&point, &on)?;
    let (beta, [u, square]) = (motion.along, motion.levels);
    let rates = motion.differences(&flow, &point, &on)?;
    // T² and the radial term for ⟨∇L, W⟩ = −degree · B.
    let radial = |degree: f64| 2.0 * degree * beta / square * (0.5 * degree * beta / u - 1.0);
    let tangential = (motion.speed - 4.0 * beta * beta / square) / u;
    Ok(Measurement::new()
        .ball("rate", rates[0] / u - rates[1] / square)
        .ball("formula", radial(2.0) + tangential)
        .ball("radial", radial(2.0))
        .ball("degree_one", radial(1.0) + tangential)
        .hypothesis("‖x‖ = 1", true, "drawn from the sphere"))
}

/// What a flow shows in its steps once u > 0: the worst of them, whatever they err.
fn run(cell: &Cell, seed: u64) -> Result<Measurement> {
    let path = Path::new(cell, seed, UNTIL)?;
    let (m, n) = (cell.m() as f64, path.examples.y.len() as f64);
    let (u, square, errs) = (|point: &Point| point.levels.smoothed, Point::square, Path::step_error);
    let steps: Vec<[&Point; 2]> =
        path.points.windows(2).map(|step| [&step[0], &step[1]]).filter(|[from, _]| u(from) > 0.0).collect();
    let least = |of: &dyn Fn(&[&Point; 2]) -> Ball| {
        let worst = steps.iter().map(of).min_by(|a, b| a.lower().total_cmp(&b.lower()));
        worst.unwrap_or(Ball::new(f64::NAN, f64::INFINITY))
    };
    // ‖W‖ errs by the tolerance.
    let growth = |power: f64| {
        least(&|[from, to]| {
            let error = errs(to) / u(to) + 2.0 * power * instance::STEP;
            Ball::relative(u(to) / u(from) * (square(from) / square(to)).powf(power), error.exp_m1())
        })
    };
    let out = Measurement::new().ball("growth", growth(1.0)).ball("cubed", growth(1.5));
    let out = path.kept(out).quantity("one", 1.0, 0.0);
    let from = steps.iter().position(|[from, _]| u(from) >= FROM);
    let (Some(first), Some([_, end]), Loss::Exponential) = (from, steps.last(), path.loss) else {
        return Ok(out);
    };
    // u, γ̃ and ‖W‖² grow, so that a step is held to its beginning from below, and to its end from above.
    let slope = |[from, to]: &[&Point; 2]| Ball::new(u(to) - u(from), errs(to)) / (to.tau - from.tau);
    let (below, above) = (|from: &Point| 4.0 * u(from).powi(2) / square(from), |to: &Point| square(to) / m);
    // dt = n e^u dτ, with u linear in τ over one step or two, which says how far that is wrong.
    let passed = |from: &Point, to: &Point| {
        n * (to.tau - from.tau) * (u(to).exp() - u(from).exp()) / (u(to) - u(from))
    };
    let elapsed =
        |count| steps[first..].rchunks(count).map(|c| passed(c[0][0], c[c.len() - 1][1])).sum::<f64>();
    let t = Ball::new(elapsed(1), (elapsed(2) - elapsed(1)).abs());
    let inverse = |point: &Point| u(point).exp() / u(point);
    let error = 2.0 * path.steps as f64 * errs(end) * inverse(end);
    let mean = Ball::new(inverse(end) - inverse(steps[first][0]), error) * n / t;
    let gamma = u(steps[first][0]) / square(steps[first][0]);
    let spread = |point: &Point| point.margins.iter().copied().fold(f64::INFINITY, f64::min) - u(point);
    let widest = -least(&|[_, to]| Ball::new(-spread(to), rounding::sum(n as usize, 16) * (1.0 + u(to))));
    let [one, two, slow, fast] = [1.0, 2.0, 2.0 * gamma, 1.0 / (gamma * m)].map(Ball::exact);
    let sides = [
        ("slope-below", [least(&|step| slope(step) / below(step[0])), one, two]),
        (
            "slope-above",
            [
                -least(&|step| -(slope(step) / above(step[1]))),
                one,
                -least(&|[from, to]| Ball::exact(-below(from) / above(to))),
            ],
        ),
        ("loss-below", [mean, slow, fast]),
        ("loss-above", [mean, fast, slow]),
        ("plain", [widest, Ball::exact(n).ln(), Ball::exact(0.5 * n).ln()]),
    ];
    Ok(sides.into_iter().fold(out, |out, (name, [left, right, wrong])| {
        out.ball(name, left).ball(format!("{name} right"), right).ball(format!("{name} false"), wrong)
    }))
}

/// The largest change of a_j² − ‖v_j‖² in explicit Euler steps; one has terms of order h² only.
fn euler(cell: &Cell, seed: u64) -> Result<Measurement> {
    let on = Examples::cube(cell.d())?;
    let flow = Flow::new(on.x.as_ref(), &on.y, Loss::Exponential, Par::Seq)?;
    let rng = &mut cell.clone().without(LENGTH).stream(seed, "weights of every h");
    let start = instance::weights(rng, cell.m(), cell.d());
    let (mut w, steps) = (start.clone(), (TIME / cell.real(LENGTH)).round().clamp(1.0, 1e5));
    for _ in 0..steps as usize {
        w += Scale(TIME / steps) * Motion::new(&flow.point(w.as_ref())?, &on)?.velocity;
    }
    let conserved = |w: &Mat<f64>, j: usize| 2.0 * w[(j, 0)].powi(2) - w.row(j).squared_norm_l2();
    let drift = (0..cell.m()).map(|j| (conserved(&w, j) - conserved(&start, j)).abs()).fold(0.0, f64::max);
    let rounding = (1.0 + TIME) * rounding::sum(steps as usize, on.y.len() + 2 * cell.d() + 16);
    Ok(Measurement::new()
        .quantity("drift", drift, rounding * w.squared_norm_l2())
        .quantity("length", TIME / steps, 0.0)
        .hypothesis("Euler steps", true, format!("{steps} to τ = {TIME}")))
}
