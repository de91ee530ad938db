//! Remark 1 of NBL22: the NTK needs more samples, and so does the quadratic term alone.
//!
//! > `n = Θ̃(d^k)` samples suffice for f* = f_k + f_sp, while the NTK needs `n = Ω(d^{k+1})`.
//!
//! Least numbers of samples n* for one target loss (see theorem-1), by four methods: f_L + f_Q regularised,
//! f_Q alone, kernel ridge regression with the NTK at infinite width, and with that of a finite one.
//!
//! Behind the second half is a count that needs no asymptotics. Of whatever kernel, the predictor
//! `Σ_i b_i K(x_i, ·)` lies in a space S of n dimensions which does not know the directions of f*. Averaged
//! over uniform ones, S holds the share t_j/B(d,j) of the part f*_j of degree j (Schur's lemma: a projector
//! averaged over rotations is a multiple of the identity on each degree), with `t_j ≤ B(d,j)` and
//! `Σ_j t_j ≤ n`. The least error is that of filling the degrees in the order of `‖f*_j‖²/B(d,j)`, the low
//! ones first: `E (f̂ − f*)² ≥ ‖P_{>k}f*‖² (1 − (n − n_k)/B(d,k+1))`. Half of it asks for
//! `n ≥ n_k + B(d,k+1)/2`, against which the kernels are followed: an expression at finite d, where d^{k+1}
//! is not yet the size of anything. Derived for this project.

use super::effort;
use super::hypotheses::wide_enough;
use super::instance::{self, ACTIVATIONS};
use super::sample_size::{self, Method, Trial};
use crate::claim::distribution::student_interval;
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N, R};
use escapement::ball::Ball;
use escapement::kernel::ridge::{KernelRidge, Zonals};
use escapement::rounding;
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension, dimension};
use escapement::tolerance;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Remark1;

/// Least numbers of samples, over d.
const SAMPLES: &str = "samples";
/// The same of the kernels alone, which are cheap, further.
const KERNELS: &str = "kernels";
/// The count of dimensions.
const SPAN: &str = "span";
/// Directions and samples behind a mean error.
const DRAWS: usize = 32;

const CARD: Card = Card {
    statement: r"n = \tilde{\Theta}(d^k) \text{ samples suffice for } f^* = f_k + f_{\mathrm{sp}}, \qquad n
        = \Omega(d^{k+1}) \text{ are needed by the NTK}",
    reference: "NBL22, Remark 1 after Theorem 1",
    hypotheses: "Those of Theorem 1. The count of dimensions needs none but uniform directions, independent \
        of the rest.",
    method: "At k = 1, the least n of theorem-1 for four methods on the same target and the same sequence \
        of inputs: f_L + f_Q with R1 to R4, f_Q alone with R4, kernel ridge regression with the exact NTK, \
        and with that of the width at hand. Each takes its best regularisation of a short list; both \
        kernels have exact test errors. Followed in d against n_k + B(d,k+1)/2, what a count of dimensions \
        asks of any kernel. The count itself with the best b of all, which knows f*, on means over 32 \
        directions and samples.",
    refuted_by: "A least n of a kernel that falls against n_k + B(d,k+1)/2, or a ratio to that of f_L + f_Q \
        that falls against the same over d^k log(dm); a mean error below ‖P_{>k}f*‖² (1 − (n − \
        n_k)/B(d,k+1)).",
    uses: &["theorem-1", "kernel-plateau"],
    ..Card::new(&crate::papers::nbl22::PAPER, "remark-1", "What the kernel needs")
};

impl Claim for Remark1 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        // What is trained twice over takes longer than the quick tier may.
        let (dimensions, replicates) =
            if tier == Tier::Quick { (&[][..], 0) } else { sample_size::sweep(tier) };
        for &d in dimensions {
            cells.extend((0..replicates).map(|r| sample_size::cell(self.id(), tier, d, r).part(SAMPLES)));
        }
        let (dimensions, replicates): (&[usize], usize) = match tier {
            Tier::Quick => (&[8, 11, 16, 23, 32], 6),
            Tier::Standard => (&[8, 11, 16, 23, 32, 45], 12),
            Tier::Paper => (&[8, 11, 16, 23, 32, 45, 64], 12),
        };
        for &d in dimensions {
            // The finite kernel at m = 10d, so that md is well above n.
            let cell = |r| sample_size::cell(self.id(), Tier::Quick, d, r).part(KERNELS);
            cells.extend((0..replicates).map(cell));
        }
        let spans: &[usize] = if tier == Tier::Quick { &[4, 8] } else { &[4, 8, 16, 24] };
        for activation in ACTIVATIONS {
            for &d in spans {
                let harmonics = (d + 2) * (d - 1) / 2;
                cells.extend([1, 2, 3].map(|quarters| {
                    Cell::new(self.id(), SPAN)
                        .with(D, d)
                        .with(N, d + 1 + quarters * harmonics / 4)
                        .with(K, 1)
                        .with(R, 1)
                        .activation(activation)
                }));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        if cell.part == SPAN {
            let n = cell.n() as f64;
            let flops = 1e6
                + DRAWS as f64 * effort::ridge_regression(n, effort::degrees(cell, tolerance::FINE_TAIL), 1);
            return Prediction { flops, bytes: 1e6 + 64.0 * n * n };
        }
        if cell.part == KERNELS {
            let (d, m, n) = (cell.d() as f64, cell.m() as f64, 0.4 * (cell.d() * cell.d()) as f64);
            // Some seven sizes for each kernel, of which the largest take the most; four ridges, and for
            // each the kernel matrices of Σ.
            let exact = effort::ridge_regression(1.4 * n, effort::degrees(cell, tolerance::FINE_TAIL), 8);
            let sigma =
                effort::Sigma::of(cell, tolerance::TAIL).map_or(0.0, |s| s.top() + s.forms(7.0 * 4.0 * 3.0));
            return Prediction { flops: sigma + 7.0 * exact, bytes: 1e7 + 64.0 * n * n + 32.0 * m * d * d };
        }
        sample_size::predict(cell, 2.0)
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            SPAN => span(cell, seed),
            KERNELS => kernels(cell, seed),
            _ => samples(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let at_least = |exponent: f64| Sweep::lower(D, move |_| exponent).tied(&[M]);
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
            .part(SPAN),
            Bound::growth("kernel", "the NTK needs n* ≳ n_k + B(d,k+1)/2", "kernel", "count", at_least(2.0))
                .part(KERNELS),
            Bound::growth(
                "kernel-of-finite-width",
                "the NTK of m = O(d) neurons needs n* ≳ n_k + B(d,k+1)/2",
                "kernel_finite",
                "count",
                at_least(2.0),
            )
            .part(KERNELS),
            Bound::growth(
                "separation",
                "n* of the NTK is ≳ (n_k + B(d,k+1)/2)/(d^k log(dm)) times that of f_L + f_Q",
                "kernel_over_regularised",
                "count_over_few",
                at_least(1.0),
            )
            .part(SAMPLES),
            Bound::growth(
                "quadratic-term",
                "f_Q alone needs no fewer samples than f_L + f_Q: n* ≳ its n*",
                "quadratic_term_over_regularised",
                "one",
                at_least(0.0),
            )
            .part(SAMPLES),
        ]
    }
}

/// `n_k + B(d,k+1)/2`.
fn count(cell: &Cell) -> Result<f64> {
    Ok(cumulative_dimension(cell.d(), cell.k())? as f64 + 0.5 * dimension(cell.d(), cell.k() + 1))
}

/// Least numbers of samples of both kernels.
fn kernels(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (mut trial, count) = (Trial::new(cell, seed)?, count(cell)?);
    let kernel = trial.least(Method::Kernel, 1.3 * count)?;
    let finite = trial.least(Method::FiniteKernel, kernel.value)?;
    let out = Measurement::new()
        .ball("kernel", kernel)
        .ball("kernel_finite", finite)
        .ball("count", Ball::relative(count, 8.0 * f64::EPSILON))
        .cost(16.0 * kernel.value.powi(3), 64.0 * kernel.value * kernel.value, 0.0);
    Ok(out.hypothesis(
        "md ≥ n",
        (cell.m() * cell.d()) as f64 >= finite.value,
        format!("{} against {:.0}", cell.m() * cell.d(), finite.value),
    ))
}

/// Least numbers of samples of all methods.
fn samples(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (mut trial, count) = (Trial::new(cell, seed)?, count(cell)?);
    let regularised = trial.least(Method::Regularised, sample_size::hint(cell))?;
    let term = trial.least(Method::QuadraticTerm, 1.3 * regularised.value)?;
    let kernel = trial.least(Method::Kernel, 1.3 * count)?;
    let few = (cell.d() as f64).powi(cell.k() as i32) * sample_size::logarithm(cell);
    let mut out = Measurement::new()
        .ball("count", Ball::relative(count, 8.0 * f64::EPSILON))
        .ball("count_over_few", Ball::relative(count / few, 16.0 * f64::EPSILON))
        .quantity("one", 1.0, 0.0)
        .cost(trial.flops(), 64.0 * kernel.value * kernel.value + 24.0 * cell.m() as f64 * term.value, 0.0);
    for (name, n) in [("regularised", regularised), ("quadratic_term", term), ("kernel", kernel)] {
        out = out.ball(name, n).ball(format!("{name}_over_regularised"), n / regularised);
    }
    Ok(wide_enough(out, cell))
}

/// The error of the best predictor in the span of the kernel at the inputs, averaged over directions and
/// samples, relative to ‖P_{>k}f*‖².
fn span(cell: &Cell, seed: u64) -> Result<Measurement> {
    let levels = FeatureLevels::new(
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
