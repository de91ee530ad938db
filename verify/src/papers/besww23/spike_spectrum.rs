//! BESWW23, the spectrum of a kernel on functions of the spike.
//!
//! Derived for this project, for `K(x, x') = Σ_l c_l (x·x'/d)^l`, θ = d^β, s = (1+θ)/d and D_l, the
//! coefficient of `(zz')^l` in the mean of K over the other coordinates:
//!
//! > `λ_p = p! D_p (1 + O(s²)) ≍ d^{−(1−β)p}`, so that nλ_p grows at n ≍ d if and only if β > 1 − 1/p. The
//! > sum of all eigenvalues is `Σ_l (2l−1)!! D_l`, and their product `Π_l l! D_l`.
//!
//! D_l carries 1 + θ, and not θ: the exponents set in the later the smaller β is.

use super::instance::{above, exponent, factorial, kernel};
use super::letters::{BETA, D, DEGREE};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::Spike;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SpikeSpectrum;

/// The largest degree p that is followed, and that of the kernel.
const DEGREES: usize = 4;
const KERNEL: usize = 6;

const CARD: Card = Card {
    statement: r"\lambda_p = p!\, D_p\, (1 + O(s^2)) \asymp d^{-(1-\beta) p}, \qquad
        n \lambda_p \to \infty \text{ at } n \asymp d \text{ if and only if } \beta > 1 - \frac{1}{p}",
    reference: "BESWW23, the threshold of kernels in the abstract; spectrum derived for this project",
    hypotheses: "Normal inputs with the covariance I + θμμᵀ, θ = d^β; a kernel with c_l > 0 up to the \
        degree p.",
    method: "The kernel operator on functions of z is a matrix of order L + 1, here 7, known in closed \
        form. Its eigenvalues are squared singular values, with bounds relative to each, at d to 10⁶; \
        their sum and their product have closed forms of their own.",
    refuted_by: "Another exponent; nλ_p that grows below the threshold, or falls above it; another sum or \
        product.",
    variables: &["d", "beta"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "spike-spectrum", "Eigenvalues of a kernel on functions of the spike")
};

impl Claim for SpikeSpectrum {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick: &[f64] = &[0.2, 0.4, 0.6, 0.8];
        let betas =
            if tier == Tier::Quick { quick } else { &[0.15, 0.2, 0.3, 0.4, 0.45, 0.55, 0.6, 0.7, 0.8] };
        let cell = |beta: f64, p: usize, d: usize| {
            Cell::new(self.id(), "").with(D, d).with(BETA, beta).with(DEGREE, p)
        };
        let along = |beta: f64, p: usize| sweep::doublings(128, 14).map(move |d| cell(beta, p, d));
        let pairs = betas.iter().flat_map(|beta| (1..=DEGREES).map(move |p| (*beta, p)));
        pairs.flat_map(|(beta, p)| along(beta, p)).collect()
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 2e5, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, _: u64) -> Result<Measurement> {
        let (d, p, beta) = (cell.d(), cell.whole(DEGREE), cell.real(BETA));
        let here = kernel(KERNEL, Spike::new(d, (d as f64).powf(beta))?)?;
        let (values, powers) = (here.spectrum()?, here.powers());
        let theta = Ball::exact(here.spike().theta());
        let s = here.spike().variance() / d as f64;
        // The sum over l of D_l times l! or (2l−1)!!, and what θ in place of 1 + θ makes of D_l.
        let odd = |l: usize| (1..2 * l).step_by(2).map(|i| i as f64).product::<f64>();
        let false_power = |l: usize| powers[l] * (theta / here.spike().variance()).powi(l as i32);
        let all = 0..powers.len();
        let sum = |of: &dyn Fn(usize) -> Ball| all.clone().map(of).sum::<Ball>();
        let product = |of: &dyn Fn(usize) -> Ball| all.clone().fold(Ball::exact(1.0), |x, l| x * of(l));
        let apart = |power: Ball| (values[p] / (power * factorial(p)) - 1.0).abs();
        // The exponent of nλ_p at n = d between d and 2d, with the sign of β − (1 − 1/q).
        let slope = |theta: &dyn Fn(usize) -> f64| -> Result<Ball> {
            let at =
                |d: usize| -> Result<Ball> { Ok(kernel(KERNEL, Spike::new(d, theta(d))?)?.spectrum()?[p]) };
            Ok((at(2 * d)? * 2.0 / at(d)?).ln() / Ball::exact(2.0).ln())
        };
        let (own, isotropic) = (slope(&|d| (d as f64).powf(beta))?, slope(&|_| 0.0)?);
        let sign = |q: usize| above(cell, q).signum();
        Ok(Measurement::new()
            .ball("eigenvalue", values[p])
            .ball("sum", values.iter().copied().sum())
            .ball("sum_of_powers", sum(&|l| powers[l] * odd(l)))
            .ball("sum_theta", sum(&|l| false_power(l) * odd(l)))
            .ball("product", product(&|l| values[l]))
            .ball("product_of_powers", product(&|l| powers[l] * factorial(l)))
            .ball("product_bare", product(&|l| powers[l]))
            .ball("apart", apart(powers[p]))
            .ball("apart_theta", apart(false_power(p)))
            .ball("allowed", s.powi(2) * (2 * (p + 1) * (p + 2)) as f64)
            .ball("grows", own * sign(p))
            .ball("grows_next", own * sign(p + 1))
            .ball("grows_isotropic", isotropic * sign(p))
            .ball("zero", Ball::exact(0.0))
            .hypothesis(
                "c_l > 0",
                powers[..=p].iter().all(|power| power.lower() > 0.0),
                "up to the degree p",
            ))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "sum",
                "Σ_l λ_l = Σ_l (2l−1)!! D_l, the mean of K over two inputs of the same z",
                "sum",
                "sum_of_powers",
                Neighbour::rhs("sum_theta", "θ in place of 1 + θ"),
            )
            .code_check(),
            Bound::identity(
                "product",
                "Π_l λ_l = Π_l l! D_l",
                "product",
                "product_of_powers",
                Neighbour::rhs("product_bare", "l! dropped"),
            )
            .code_check(),
            Bound::inequality(
                "leading",
                "|λ_p/(p! D_p) − 1| ≤ 2(p+1)(p+2)s²",
                "apart",
                Side::Upper,
                "allowed",
                Neighbour::lhs("apart_theta", "θ in place of 1 + θ in D_p"),
            )
            .chosen("the factor"),
            Bound::asymptotic(
                "exponent",
                "λ_p ≍ d^{−(1−β)p}",
                "eigenvalue",
                Sweep::both(D, |cell| exponent(cell) - 1.0),
            )
            .headline(),
            Bound::inequality(
                "grows",
                "nλ_p at n ≍ d grows for β > 1 − 1/p, and falls for β < 1 − 1/p",
                "grows",
                Side::Lower,
                "zero",
                Neighbour::lhs("grows_isotropic", "the isotropic kernel, whose λ_p falls like d^{−p}"),
            )
            .neighbour(Neighbour::lhs("grows_next", "the threshold 1 − 1/(p+1)"))
            .strict()
            .headline()
            .chosen("d from 1024 on, where 1 + θ is near θ")
            .among(|cell| cell.d() >= 1024),
        ]
    }
}
