//! Remark 1 of NBL22: the NTK needs more samples, and what the quadratic term does alone.
//!
//! > `n = Θ̃(d^k)` samples suffice for f* = f_k + f_sp, while the NTK needs `n = Ω(d^{k+1})`.
//!
//! Least numbers of samples n* for one error (see theorem-1), half of ‖P_{>k} f*‖²: of f_L + f_Q at infinite
//! width, of f_Q alone there, of kernel ridge regression with the NTK at infinite width, and with that of a
//! finite one.
//!
//! Behind the second half is a count that needs no asymptotics. Of whatever kernel, the predictor
//! `Σ_i b_i K(x_i, ·)` lies in a space S of n dimensions which does not know the directions of f*. Averaged
//! over uniform ones, S holds the share t_j/B(d,j) of the part f*_j of degree j (Schur's lemma: a projector
//! averaged over rotations is a multiple of the identity on each degree), with `t_j ≤ B(d,j)` and
//! `Σ_j t_j ≤ n`. The least error is that of filling the degrees in the order of `‖f*_j‖²/B(d,j)`, the low
//! ones first: `E (f̂ − f*)² ≥ ‖P_{>k}f*‖² (1 − (n − n_k)/B(d,k+1))`. Half of it asks for
//! `n ≥ n_k + B(d,k+1)/2`, which is of order d^{k+1}, and against which the kernels are followed: an
//! expression at finite d, where d^{k+1} is not yet the size of anything. Derived for this project.
//!
//! The quadratic term alone has to pay for f_k too. At k = 1 a linear function has no dense part to pay for.
//! At k = 2 a quadratic form with matrix A of full rank and `E f_k² = 1` has `‖A‖_* ≈ √(d/2)`, and costs
//! `N ∝ d`, no more than the sparse term of degree 3, whose `E h²` is of the order d^{k-1} as well. Its
//! complexity is therefore `√(N d/n) ∝ √(d²/n)`: what the mathematics asks of f_Q alone is d^k ln d again,
//! and a constant factor more than of f_L + f_Q. Both are checked.

use super::instance::{self, ACTIVATIONS};
use super::learner::Learner;
use super::sample_size::{self, Level, Method, Trial, kernels};
use super::{effort, hypotheses};
use crate::claim::distribution::student_interval;
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, DIRECTIONS, EPSILON, K, Letters, M, N, R};
use escapement::ball::Ball;
use escapement::kernel::ridge::{KernelRidge, Zonals};
use escapement::rounding;
use escapement::sphere::{Truncation, cumulative_dimension, dimension};
use escapement::tolerance;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Remark1;

/// n* of f_L + f_Q and of the kernel, over d.
const SAMPLES: &str = "samples";
/// n* of f_Q alone and of f_L + f_Q, over d at k = 2.
const QUADRATIC: &str = "quadratic";
/// n* of the kernel of infinite width, and of one of finite width beside it.
const KERNELS: &str = "kernels";
const FINITE: &str = "finite-kernels";
/// The count of dimensions, as a bound on an error.
const SPAN: &str = "span";
/// The count itself, over all d.
const COUNT: &str = "count";
/// Directions and samples behind a mean error.
const DRAWS: usize = 32;
/// Draws of target and inputs behind n*.
const FEW: usize = 4;
/// Ridges λ of the finite kernel, relative to κ_1.
const RIDGES: [f64; 4] = [0.0, 1e-3, 1e-2, 1e-1];

const CARD: Card = Card {
    statement: r"n = \tilde{\Theta}(d^k) \text{ samples suffice for } f^* = f_k + f_{\mathrm{sp}}, \qquad n
        = \Omega(d^{k+1}) \text{ are needed by the NTK}",
    reference: "NBL22, Remark 1 after Theorem 1",
    hypotheses: "Those of Theorem 1. The count of dimensions needs none but uniform directions, independent \
        of the rest.",
    method: "The least n at which the mean square error is half of ‖P_{>k} f*‖², on the same targets and \
        inputs: f_L + f_Q at infinite width as in theorem-1 with ε = ¼, f_Q alone with R4, kernel ridge \
        regression with the exact NTK and with that of m = 10d neurons, each at the best of four ridges; \
        both kernels have exact test errors. The kernels are followed in d against n_k + B(d,k+1)/2, what \
        a count of dimensions asks of any kernel, and this against d^{k+1}. The count itself with the best \
        b of all, which knows f*, on means over 32 directions and samples. f_Q alone at k = 2, with a dense \
        quadratic form of full rank as f_k.",
    refuted_by: "A least n of a kernel that falls against n_k + B(d,k+1)/2, or a ratio to that of f_L + f_Q \
        that falls against the same over d^k ln d; a mean error below ‖P_{>k}f*‖² (1 − (n − \
        n_k)/B(d,k+1)).",
    uses: &["theorem-1", "kernel-plateau"],
    variables: &["d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "remark-1", "What the kernel needs")
};

impl Claim for Remark1 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, k: usize, activation: &str| {
            Cell::new(self.id(), part).with(D, d).with(K, k).with(R, 1).activation(activation)
        };
        let trained = |part: &str, d: usize, k: usize, epsilon: f64| {
            let p = sample_size::directions("sigmoid:1", d, k);
            cell(part, d, k, "sigmoid:1").with(EPSILON, epsilon).with(DIRECTIONS, p)
        };
        // What is trained takes longer than the quick tier may.
        let (few, quadratic, many, replicates): (&[usize], &[usize], &[usize], usize) = match tier {
            Tier::Quick => (&[], &[], &[6, 8, 11, 16, 24], 4),
            Tier::Standard => (&[11, 16, 23, 32, 45], &[4, 5, 7, 11, 16], &[8, 11, 16, 23, 32, 45], 3),
            Tier::Paper => {
                (&[8, 11, 16, 23, 32, 45, 64], &[4, 6, 8, 11, 16, 23], &[8, 11, 16, 23, 32, 45, 64], 6)
            }
        };
        let mut cells: Vec<Cell> = Vec::new();
        cells.extend(few.iter().map(|&d| trained(SAMPLES, d, 1, 0.25)));
        cells.extend(quadratic.iter().map(|&d| trained(QUADRATIC, d, 2, 0.5)));
        cells.extend(many.iter().map(|&d| cell(KERNELS, d, 1, "sigmoid:1")));
        let mut cells: Vec<Cell> =
            cells.iter().flat_map(|cell| (0..replicates).map(|r| cell.clone().replicate(r))).collect();
        if tier > Tier::Quick {
            // At m = 10d, so that md is well above n.
            let finite = many.iter().map(|&d| cell(FINITE, d, 1, "sigmoid:1").with(M, 10 * d));
            cells.extend(finite.flat_map(|cell| (0..replicates).map(move |r| cell.clone().replicate(r))));
        }
        let spans: &[usize] = if tier == Tier::Quick { &[4, 8] } else { &[4, 8, 16, 24] };
        for activation in ACTIVATIONS {
            for &d in spans {
                let harmonics = (d + 2) * (d - 1) / 2;
                cells.extend(
                    [1, 2, 3].map(|quarters| {
                        cell(SPAN, d, 1, activation).with(N, d + 1 + quarters * harmonics / 4)
                    }),
                );
            }
        }
        for k in 1..=3 {
            let count = |d: &usize| Cell::new(self.id(), COUNT).with(D, *d).with(K, k);
            cells.extend(sweep::dimensions(tier).iter().map(count));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        if cell.part == COUNT {
            return Prediction { flops: 1e3, bytes: 1e3 };
        }
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        let degrees = effort::degrees(cell, tolerance::FINE_TAIL);
        if cell.part == SPAN {
            let flops = 1e6 + DRAWS as f64 * effort::ridge_regression(n, degrees, 1);
            return Prediction { flops, bytes: 1e6 + 64.0 * n * n };
        }
        // Some six sizes for each kernel, of which the largest take the most.
        let n = 0.5 * d.powi(cell.k() as i32 + 1);
        let exact = 6.0 * FEW as f64 * effort::ridge_regression(n, degrees, 4);
        if cell.part == KERNELS {
            return Prediction { flops: 1e6 + exact, bytes: 1e7 + 64.0 * n * n };
        }
        if cell.part == FINITE {
            let sigma =
                effort::Sigma::of(cell, tolerance::TAIL).map_or(0.0, |s| s.top() + s.forms(7.0 * 4.0 * 3.0));
            let bytes = 1e7 + 64.0 * n * n + 32.0 * cell.m() as f64 * d * d;
            return Prediction { flops: sigma + exact, bytes };
        }
        let (flops, inputs) = sample_size::predict(cell, FEW);
        let flops = if cell.part == SAMPLES { flops + exact } else { 0.6 * flops };
        Prediction { flops, bytes: 8.0 * d * inputs + 2e7 + 64.0 * n * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            SPAN => span(cell, seed),
            COUNT => {
                let power = (cell.d() as f64).powi(cell.k() as i32 + 1);
                let [count, power] = [count(cell)?, power].map(|v| Ball::relative(v, 8.0 * f64::EPSILON));
                Ok(Measurement::new().ball("count", count).ball("count_over_power", count / power))
            }
            KERNELS | FINITE => kernels(cell, seed),
            QUADRATIC => quadratic(cell, seed),
            _ => samples(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let at_least = || Sweep::uniform(D, Side::Lower).tied(&[M, DIRECTIONS]);
        vec![
            Bound::inequality(
                "span",
                "on average over directions the error of the best b, let alone of ridge regression, is at \
                 least ‖P_{>k}f*‖² (1 − (n − n_k)/B(d,k+1)): a Student interval at confidence 1 − 10⁻⁶",
                "error",
                Side::Lower,
                "outside_span",
                Neighbour::rhs("outside_span_half", "half of the n − n_k dimensions counted"),
            )
            .code_check()
            .part(SPAN),
            Bound::asymptotic(
                "count",
                "what the count asks for is of the order that is printed: n_k + B(d,k+1)/2 ≍ d^{k+1}",
                "count",
                Sweep::both(D, |c| c.k() as f64 + 1.0),
            )
            .code_check()
            .part(COUNT),
            Bound::inequality(
                "kernel-count",
                "the NTK needs n* ≥ n_k + B(d,k+1)/2, on average over directions and samples",
                "kernel",
                Side::Lower,
                "count",
                Neighbour::rhs("count_of_all", "all B(d,k+1) dimensions counted, not half of them"),
            )
            .part(KERNELS),
            Bound::inequality(
                "kernel-of-finite-width",
                "the NTK of m = O(d) neurons needs n* ≥ n_k + B(d,k+1)/2 too, on average over directions \
                 and samples",
                "kernel_finite",
                Side::Lower,
                "count",
                Neighbour::rhs("count_of_all", "all B(d,k+1) dimensions counted, not half of them"),
            )
            .chosen("the count itself in place of its growth in d, which the limits left open")
            .part(FINITE),
            Bound::growth(
                "separation",
                "n* of the NTK over that of f_L + f_Q grows: ≳ (n_k + B(d,k+1)/2)/(d^k ln d)",
                "separation",
                "count_over_few",
                at_least(),
            )
            .headline()
            .scatter("both sides are least numbers of samples that were measured")
            .part(SAMPLES),
            Bound::growth(
                "quadratic-term",
                "f_Q alone needs no fewer samples than f_L + f_Q at k = 2: n* ≳ its n*",
                "quadratic_over_expansion",
                "one",
                at_least(),
            )
            .headline()
            .scatter("both sides are least numbers of samples that were measured")
            .part(QUADRATIC),
        ]
    }
}

/// `n_k + B(d,k+1)/2`.
fn count(cell: &Cell) -> Result<f64> {
    Ok(cumulative_dimension(cell.d(), cell.k())? as f64 + 0.5 * dimension(cell.d(), cell.k() + 1))
}

/// `d^k ln d`.
fn few(cell: &Cell) -> Ball {
    let d = cell.d() as f64;
    Ball::relative(d.powi(cell.k() as i32) * d.ln(), 8.0 * f64::EPSILON)
}

/// Least numbers of samples of both kernels.
fn kernels(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (mut trial, count) = (Trial::new(cell, seed, FEW)?, count(cell)?);
    let kernel = trial.least(Method::Kernel, Level::HalfPlateau, 1.1 * count)?;
    let all = count + 0.5 * dimension(cell.d(), cell.k() + 1);
    let out = hypotheses::dimension(Measurement::new(), cell)
        .ball("kernel", kernel)
        .ball("count", Ball::relative(count, 8.0 * f64::EPSILON))
        .ball("count_of_all", Ball::relative(all, 8.0 * f64::EPSILON))
        .cost(16.0 * kernel.value.powi(3), 64.0 * kernel.value * kernel.value, 0.0);
    if cell.part == KERNELS {
        return Ok(out);
    }
    let sigma = instance::activation(cell)?;
    let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::Degree(1))?;
    let ridges = RIDGES.map(|share| share * levels.levels[1].kappa);
    // Σ takes most of the time: one draw of it, for two of the targets.
    let draws: Vec<(Learner, &sample_size::Draw)> = trial
        .draws
        .iter()
        .take(2)
        .map(|draw| Ok((Learner::new(cell, seed, draw.target.clone())?, draw)))
        .collect::<Result<_>>()?;
    let most = draws[0].1.x.nrows();
    let finite = sample_size::crossing(kernel.value, cell.d() as f64, [2, most], &mut |n| {
        let mut sum = 0.0;
        for (learner, draw) in &draws {
            let error = kernels::least_error(learner, draw.x.as_ref().subrows(0, n), &ridges)?;
            sum += 2.0 * error / draw.plateau / draws.len() as f64;
        }
        Ok(Ball::relative(sum, 1e-9))
    })?;
    let finite = finite.unwrap_or(Ball::exact(most as f64));
    Ok(out.ball("kernel_finite", finite).hypothesis(
        "md ≥ n",
        (cell.m() * cell.d()) as f64 >= finite.value,
        format!("{} against {:.0}", cell.m() * cell.d(), finite.value),
    ))
}

/// Least numbers of samples of f_L + f_Q and of the kernel.
fn samples(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (mut trial, count) = (Trial::new(cell, seed, FEW)?, count(cell)?);
    let expansion = trial.least(Method::Expansion, Level::HalfPlateau, sample_size::hint(cell))?;
    let kernel = trial.least(Method::Kernel, Level::HalfPlateau, 1.1 * count)?;
    let count = Ball::relative(count, 8.0 * f64::EPSILON);
    let out = Measurement::new()
        .ball("expansion", expansion)
        .ball("kernel", kernel)
        .ball("separation", kernel / expansion)
        .ball("count", count)
        .ball("count_over_few", count / few(cell))
        .cost(trial.flops(), 64.0 * kernel.value * kernel.value, 0.0);
    Ok(sample_size::solved(out, cell, &trial))
}

/// Least numbers of samples of f_Q with and without f_L.
fn quadratic(cell: &Cell, seed: u64) -> Result<Measurement> {
    let mut trial = Trial::new(cell, seed, FEW / 2)?;
    let expansion = trial.least(Method::Expansion, Level::Loss, sample_size::hint(cell))?;
    let term = trial.least(Method::QuadraticTerm, Level::Loss, 1.5 * expansion.value)?;
    let out = Measurement::new()
        .ball("expansion", expansion)
        .ball("quadratic_term", term)
        .ball("quadratic_over_expansion", term / expansion)
        .ball("few", few(cell))
        .quantity("one", 1.0, 0.0)
        .cost(trial.flops(), 64.0 * cell.d() as f64 * term.value, 0.0);
    Ok(sample_size::solved(out, cell, &trial))
}

/// The error of the best predictor in the span of the kernel at the inputs, averaged over directions and
/// samples, relative to ‖P_{>k}f*‖².
fn span(cell: &Cell, seed: u64) -> Result<Measurement> {
    let levels = instance::levels(
        cell.d(),
        instance::activation(cell)?.as_ref(),
        Truncation::Tail(tolerance::FINE_TAIL),
    )?;
    let (mut errors, mut rounding) = (Vec::with_capacity(DRAWS), 0.0_f64);
    for replicate in 0..DRAWS {
        let draw = cell.clone().replicate(replicate);
        let target = Zonals::of(&instance::target(&draw, seed)?)?;
        let x = instance::inputs(&draw, seed, "inputs", cell.n());
        let whole: f64 = (cell.k() + 1..=target.degree()).map(|j| target.second_moment(j)).sum();
        if let Some(fit) = KernelRidge::new(&levels, x.as_ref(), &target)?.oracle() {
            errors.push(fit.total() / whole);
            rounding = rounding
                .max(rounding::sum(cell.n() * cell.n(), 3 * levels.levels.len() + 16) * fit.moduli / whole);
        }
    }
    let (mean, half) = student_interval(&errors, tolerance::FAILURE);
    let n = cell.n() as f64;
    let share = (n - cumulative_dimension(cell.d(), cell.k())? as f64) / dimension(cell.d(), cell.k() + 1);
    Ok(Measurement::new()
        .quantity("error", mean, half + rounding)
        .quantity("outside_span", 1.0 - share, 8.0 * f64::EPSILON)
        .quantity("outside_span_half", 1.0 - 0.5 * share, 8.0 * f64::EPSILON)
        .hypothesis(
            "a positive definite Gram matrix",
            errors.len() == DRAWS,
            format!("{} of {DRAWS}", errors.len()),
        )
        .cost(DRAWS as f64 * n.powi(3) / 3.0, 48.0 * n * n, 0.0))
}
