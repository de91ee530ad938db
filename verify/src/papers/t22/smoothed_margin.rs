//! T22, the tool behind its statements on gradient flow: the smoothed margin.
//!
//! `u = ℓ^{-1}(nL)` of `Ẇ = −∇L` has the normalised form `Γ̃ = √m u/‖W‖²`. Derived for this project, with
//! `B = n⁻¹ Σ |ℓ'(p_i)| p_i` and the tangential part `T² = ‖∇L‖² − ⟨∇L, W⟩²/‖W‖²` of the gradient:
//!
//! > `d ln Γ̃/dt = (4B/‖W‖²)(nB/(|ℓ'(u)|u) − 1) + nT²/(|ℓ'(u)|u)` for both losses, because f is homogeneous of
//! > degree 2 and `⟨∇L, W⟩ = −2B`. Where u > 0 both terms are at least 0, so that Γ̃ never falls.
//! > `a_j² − ‖v_j‖²` is constant for every neuron. For the exponential loss `d(e^u)/dt ∈ [4uγ̃, u/(γ̃m)]/n`,
//! > `γ̃ = u/‖W‖²`, so that L ≍ 1/(t ln t).
//!
//! Γ with min_i p_i in place of u exceeds Γ̃ by at most `√m ln n/‖W‖²`; nothing says that it does not fall.
//! u/‖W‖ never falls either, which is too weak to be a control.

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
/// The time τ of Euler steps, the longest step, and how many lengths there are.
const TIME: f64 = 4.0;
const LONGEST: f64 = 0.05;
const LENGTHS: i32 = 6;

const CARD: Card = Card {
    statement: r"\frac{d \ln \tilde{\Gamma}}{dt} = \frac{4B}{\|W\|^2} \left(\frac{nB}{|\ell'(u)| u} - 1\right)
        + \frac{nT^2}{|\ell'(u)| u} \ge 0 \text{ once } u > 0, \qquad L \asymp \frac{1}{t \ln t}",
    reference: "T22, gradient flow of the abstract; formulas and constants derived for this project",
    hypotheses: "Standard normal weights; unit inputs with independent labels or those of the network, or the \
        cube with the parity or independent labels.",
    method: "The identity at random W, n from 4 to 16, both losses: central differences of u and ‖W‖² along \
        −∇L against the Gram matrix of the gradients. Γ̃ at every point that a flow visits up to u = 16, within \
        what its steps err, with and without paired neurons. The mean rate of e^u in each step, and 1/(nLu) \
        from u = 2 on with t enclosed by sums over steps, exponential loss alone. The flow conserves a_j² − \
        ‖v_j‖² by construction, so that this is followed in explicit Euler steps, exponential loss and parity \
        alone.",
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
        let runs =
            [("parity", 2, 16), ("parity", 3, 32), ("parity", 4, 16), ("paired", 2, 64), ("random", 3, 32)];
        let more = [("random", 4, 64), ("paired", 4, 32), ("logistic", 4, 64), ("parity", 4, 128)];
        let runs = runs.iter().chain(&[("logistic", 2, 32), ("logistic", 3, 32)]);
        for (part, d, m) in runs.chain(if quick { &[][..] } else { &more }) {
            cells.extend((0..if quick { 1 } else { 3 }).map(|i| cell(part, *d, *m).replicate(i)));
        }
        for (d, i) in [2, 3, 4].into_iter().flat_map(|d| (0..LENGTHS).map(move |i| (d, i))) {
            cells.push(cell("euler", d, 16).with(LENGTH, LONGEST * 2.0_f64.powf(-0.5 * f64::from(i))));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n) = (cell.m() as f64, (1_u64 << cell.d().min(16)) as f64);
        let flops = match cell.part.as_str() {
            "at" | "at-logistic" => 1e5,
            "euler" => 100.0 * TIME / cell.real(LENGTH) * n * n * m,
            _ => 5e5 * n * m,
        };
        Prediction { flops, bytes: 1e6 + 1e4 * n * m }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "at" => at_a_point(cell, seed, Loss::Exponential),
            "at-logistic" => at_a_point(cell, seed, Loss::Logistic),
            "euler" => euler(cell, seed),
            _ => run(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let runs = |cell: &Cell| cell.get(N).is_none() && cell.get(LENGTH).is_none();
        let run = |name: &str, says: &str, [left, right]: [&str; 2], side, false_one| {
            Bound::inequality(name, says, left, side, right, false_one).among(runs)
        };
        let cubed = Neighbour::lhs("cubed", "u/‖W‖³ in place of u/‖W‖²");
        let eight = Neighbour::rhs("two", "8 in place of 4");
        let narrow = Neighbour::rhs("narrow", "the lower bound in its place");
        let [fast, slow] = [("fast", "upper"), ("slow", "lower")]
            .map(|(name, which)| Neighbour::rhs(name, format!("the {which} bound in its place")));
        let half = Neighbour::rhs("half", "n/2 in place of n");
        let rises = "ln Γ̃ grows in every step of a flow once u > 0, by more than the step errs";
        let below = "the mean of d(e^u)/dt over every step is at least 4uγ̃/n, exponential loss";
        let above = "the mean of d(e^u)/dt over every step is at most u/(nγ̃m), exponential loss";
        let slowly =
            "from u = 2 on 1/(nLu) grows at the rate 2γ̃_0/n in t at least, γ̃_0 that of the beginning";
        let quickly = "from u = 2 on 1/(nLu) grows at the rate 1/(nγ̃_0m) in t at most";
        vec![
            Bound::identity(
                "rate",
                "d ln Γ̃/dt = (4B/‖W‖²)(nB/(|ℓ'(u)|u) − 1) + nT²/(|ℓ'(u)|u) at random W, both losses",
                "rate",
                "formula",
                Neighbour::rhs("radial", "without T²"),
            )
            .neighbour(Neighbour::rhs("degree_one", "⟨∇L, W⟩ = −B, Euler's factor 1 in place of 2"))
            .headline()
            .among(|cell| cell.get(N).is_some()),
            run("never-falls", rises, ["rise", "zero"], Side::Lower, cubed).headline(),
            Bound::growth(
                "conserved",
                "explicit Euler steps of length h change a_j² − ‖v_j‖² by ≲ h",
                "drift",
                "length",
                Sweep::upper(LENGTH, |_| 1.0),
            )
            .part("euler"),
            run("slope-below", below, ["slope", "one"], Side::Lower, eight),
            run("slope-above", above, ["steepest", "one"], Side::Upper, narrow),
            run("loss-below", slowly, ["inverse", "slow"], Side::Lower, fast),
            run("loss-above", quickly, ["inverse", "fast"], Side::Upper, slow),
            run(
                "plain",
                "min_i p_i ≤ u + ln n, exponential loss",
                ["spread", "logarithm"],
                Side::Upper,
                half,
            )
            .code_check(),
        ]
    }
}

/// The identity at random weights, in τ: both sides divided by |ℓ'(u)|/n. Labels are independent of the inputs,
/// or in odd repetitions the signs of the network at weights twice as long.
fn at_a_point(cell: &Cell, seed: u64, loss: Loss) -> Result<Measurement> {
    let (d, n, own) = (cell.d(), cell.n(), cell.replicate % 2 == 1);
    let x = uniform_sphere(&mut cell.stream(seed, "inputs"), n, d, 1.0);
    let y = instance::coins(&mut cell.stream(seed, "labels"), n);
    let w = instance::weights(&mut cell.stream(seed, "weights"), cell.m(), d);
    let w = Scale(if own { 2.0 } else { 1.0 }) * w;
    let given = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?.margins();
    let signed = y.iter().zip(given).map(|(y, p)| if own { y * p.value.signum() } else { *y });
    let on = Examples { y: signed.collect(), x };
    let flow = Flow::new(on.x.as_ref(), &on.y, loss, Par::Seq)?;
    let point = flow.point(w.as_ref())?;
    let motion = Motion::new(&point, &on)?;
    let [u, square] = motion.levels;
    let rates = motion.differences(&flow, &point, &on)?;
    // T² and the radial term for ⟨∇L, W⟩ = −degree · B.
    let beta = motion.along;
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
    let (u, square) = (|point: &Point| point.levels.smoothed, Point::square);
    let steps: Vec<[&Point; 2]> =
        path.points.windows(2).map(|step| [&step[0], &step[1]]).filter(|[from, _]| u(from) > 0.0).collect();
    let least = |of: &dyn Fn(&[&Point; 2]) -> Ball| {
        let worst = steps.iter().map(of).min_by(|a, b| a.lower().total_cmp(&b.lower()));
        worst.unwrap_or(Ball::new(f64::NAN, f64::INFINITY))
    };
    // ‖W‖ errs by the tolerance.
    let rise = |power: f64| {
        least(&|[from, to]| {
            let change = (u(to) / u(from)).ln() - power * (square(to) / square(from)).ln();
            Ball::new(change, Path::step_error(to) / u(to) + 2.0 * power * instance::STEP)
        })
    };
    let kept = path.kept();
    let out = Measurement::new().ball("rise", rise(1.0)).ball("cubed", rise(1.5)).quantity("zero", 0.0, 0.0);
    let out = out.hypothesis("a_j² − ‖v_j‖² kept", kept.0, kept.1);
    let from = steps.iter().position(|[from, _]| u(from) >= FROM);
    let (Some(first), Some([_, end]), Loss::Exponential) = (from, steps.last(), path.loss) else {
        return Ok(out);
    };
    // u, γ̃ and ‖W‖² grow, so that a step is held to its beginning from below, and to its end from above.
    let time = |[from, to]: &[&Point; 2]| to.tau - from.tau;
    let slope =
        |step: &[&Point; 2]| Ball::new(u(step[1]) - u(step[0]), Path::step_error(step[1])) / time(step);
    let below = |from: &Point| 4.0 * u(from).powi(2) / square(from);
    let above = |to: &Point| square(to) / m;
    let spread = |point: &Point| point.margins.iter().copied().fold(f64::INFINITY, f64::min) - u(point);
    // dt = n e^u dτ, by the values of e^u at both ends of each step.
    let elapsed = |end: usize| {
        Ball::exact(steps[first..].iter().map(|step| n * time(step) * u(step[end]).exp()).sum())
    };
    let (start, inverse) = (steps[first][0], |point: &Point| u(point).exp() / u(point));
    let error = path.drift.1 as f64 * Path::step_error(end) * inverse(end);
    let gamma = u(start) / square(start);
    let rounding = rounding::sum(n as usize, 16) * (1.0 + u(end));
    Ok(out
        .quantity("one", 1.0, 0.0)
        .quantity("two", 2.0, 0.0)
        .ball("slope", least(&|step| slope(step) / below(step[0])))
        .ball("steepest", -least(&|step| -(slope(step) / above(step[1]))))
        .ball("narrow", -least(&|[from, to]| Ball::exact(-below(from) / above(to))))
        .ball("inverse", Ball::new(inverse(end) - inverse(start), error) * n / elapsed(0).hull(elapsed(1)))
        .quantity("slow", 2.0 * gamma, 0.0)
        .quantity("fast", 1.0 / (gamma * m), 0.0)
        .ball("spread", -least(&|[_, to]| Ball::new(-spread(to), rounding)))
        .quantity("logarithm", n.ln(), rounding)
        .quantity("half", (0.5 * n).ln(), rounding))
}

/// The largest change of a_j² − ‖v_j‖² in explicit Euler steps. One step changes it by h² times the square of
/// the velocity of the neuron at most.
fn euler(cell: &Cell, seed: u64) -> Result<Measurement> {
    let on = Examples::cube(cell.d())?;
    let flow = Flow::new(on.x.as_ref(), &on.y, Loss::Exponential, Par::Seq)?;
    // The same weights for every h.
    let start =
        instance::weights(&mut cell.clone().without(LENGTH).stream(seed, "weights"), cell.m(), cell.d());
    let (mut w, h) = (start.clone(), cell.real(LENGTH));
    let steps = (TIME / h).round() as usize;
    for _ in 0..steps {
        let point = flow.point(w.as_ref())?;
        w += Scale(TIME / steps as f64) * Motion::new(&point, &on)?.velocity;
    }
    let conserved = |w: &Mat<f64>, j: usize| 2.0 * w[(j, 0)].powi(2) - w.row(j).squared_norm_l2();
    let drift = (0..cell.m()).map(|j| (conserved(&w, j) - conserved(&start, j)).abs()).fold(0.0, f64::max);
    let error = rounding::sum(steps, 2 * cell.d()) * w.squared_norm_l2();
    Ok(Measurement::new().quantity("drift", drift, error).quantity("length", h, 0.0).hypothesis(
        "Euler steps",
        true,
        format!("{steps} to τ = {TIME}"),
    ))
}
