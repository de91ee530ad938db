//! What one gradient step sees of a function of the spike of a covariance.

use super::Spike;
use super::hermite::{MAX_COEFFICIENT, expand};
use crate::activation::Activation;
use crate::ball::Ball;
use crate::{Error, Result};

/// The first gradient of a neuron, and its second moments, for inputs with a spike.
///
/// Inputs follow a [`Spike`], `x ~ N(0, I + θμμᵀ)`, and `z = μ·x/√(1+θ)` is standard normal. Labels are
/// `f(z) = Σ_j α_j h_j(z)`, `h_j = He_j/√j!`. The neuron has the unit weight w with `t = w·μ`, and the
/// mean gradient `E[f(z) σ'(w·x) x]` lies in the plane of μ and of `e_⊥ = (w − tμ)/√(1 − t²)`. With `v² = 1 +
/// θt²`, `ρ = √(1+θ) t/v`, `b_j = E[σ'(vg) h_j(g)]`,
///
/// ```text
/// A = Σ_j √(j+1) α_{j+1} b_j ρ^j,   B = Σ_j √(j+1) α_j b_{j+1} ρ^j / v,
/// g_μ = √(1+θ) A + (1+θ) t B,       g_⊥ = √(1−t²) B.
/// ```
///
/// Second moments are those of one input, with `F = f(z) σ'(w·x)`. They do not depend on d.
#[derive(Debug, Clone, Copy)]
pub struct SpikedGradient {
    d: usize,
    /// g_μ.
    pub along: Ball,
    /// g_⊥.
    pub across: Ball,
    /// √(1+θ) A, the part of g_μ that needs no alignment of w.
    pub linear: Ball,
    /// `E F²`.
    pub square: Ball,
    /// `E F² (μ·x)²`.
    pub square_along: Ball,
    /// `E F² (e_⊥·x)²`.
    pub square_across: Ball,
}

/// Means of the squares of a gradient from a sample.
#[derive(Debug, Clone, Copy)]
pub struct SampleGradient {
    /// `E ĝ_μ²`.
    pub along: Ball,
    /// `E ‖ĝ − ĝ_μ μ‖²`.
    pub across: Ball,
}

impl SpikedGradient {
    /// The gradient for the Hermite coefficients α_0, α_1, … of the labels (degree at most 8) and the cosine t.
    /// Every number is a sum over one-dimensional integrals by the trapezoidal rule, with an error of about
    /// 1e-13 of the largest term.
    ///
    /// # Errors
    /// [`Error::Domain`] for coefficients that are missing, too many or not finite, and for |t| > 1.
    /// [`Error::Unsupported`] for an activation that has jumps in its first two derivatives, or whose first
    /// three derivatives are not bounded.
    pub fn new(alpha: &[f64], sigma: &dyn Activation, spike: Spike, t: f64) -> Result<Self> {
        let most = MAX_COEFFICIENT / 2 - 1;
        if alpha.is_empty() || alpha.len() > most + 1 || alpha.iter().any(|a| !a.is_finite()) {
            let allowed = format!("1 to {} finite numbers are allowed", most + 1);
            return Err(Error::domain("the number of coefficients of the labels", alpha.len(), allowed));
        }
        if !(-1.0..=1.0).contains(&t) {
            return Err(Error::domain("the cosine of w and the spike", t, "it is from -1 to 1"));
        }
        sigma.require_twice_differentiable()?;
        let suprema = sigma.suprema().map(|supremum| supremum.value);
        let [_, first, second, third] = suprema;
        if suprema[1..].iter().any(|s| !s.is_finite()) {
            let why = "its first three derivatives must be bounded";
            return Err(Error::Unsupported { activation: sigma.name(), why: why.into() });
        }
        let (d, theta, variance) = (spike.d(), spike.theta(), spike.variance());
        let v = (Ball::exact(1.0) + Ball::exact(t) * t * theta).sqrt();
        let rho = variance.sqrt() * t / v;
        // The coefficients of z ↦ s(vz): an error of v moves s(vz) by that error times z s', and E|z h_j| ≤ 1.
        let of = |s: &dyn Fn(f64) -> f64, bound: f64, slope: f64, max: usize| -> Vec<Ball> {
            let moved = Ball::new(0.0, slope * v.error);
            (0..=max).map(|j| expand(|z| s(v.value * z), j, bound) + moved).collect()
        };
        let p = alpha.len() - 1;
        let b = of(&|z| sigma.d1(z), first, second, p + 1);
        // σ'², and its derivative.
        let squares = of(&|z| sigma.d1(z).powi(2), first * first, 2.0 * first * second, 2 * p + 2);
        let slope = 2.0 * (second * second + first * third);
        let slopes = of(&|z| 2.0 * sigma.d1(z) * sigma.d2(z), 2.0 * first * second, slope, 2 * p + 2);
        // E[q(z) s(vg)] = Σ_j q_j s_j ρ^j, because the cosine of z and g is ρ.
        let mean = |q: &[Ball], s: &dyn Fn(usize) -> Ball| -> Ball {
            let mut power = Ball::exact(1.0);
            let mut term = |(j, &q): (usize, &Ball)| {
                let term = q * s(j) * power;
                power = power * rho;
                term
            };
            q.iter().enumerate().map(&mut term).sum()
        };
        let root = |j: usize| Ball::exact(j as f64).sqrt();
        let alpha: Vec<Ball> = alpha.iter().map(|&a| Ball::exact(a)).collect();
        let derivative: Vec<Ball> = (1..=p).map(|j| root(j) * alpha[j]).collect();
        let linear = variance.sqrt() * mean(&derivative, &|j| b[j]);
        let own = mean(&alpha, &|j| root(j + 1) * b[j + 1]) / v;
        let square_of = times(&alpha, &alpha);
        let square = mean(&square_of, &|j| squares[j]);
        // e² σ'² by parts over e = (vg − t√(1+θ) z)/√(1−t²), which is independent of z.
        let moved = v * mean(&square_of, &|j| {
            let below = if j == 0 { Ball::exact(0.0) } else { root(j) * slopes[j - 1] };
            below + root(j + 1) * slopes[j + 1]
        }) - variance.sqrt() * t * mean(&by_z(&square_of), &|j| slopes[j]);
        Ok(Self {
            d,
            along: linear + variance * t * own,
            across: (Ball::exact(1.0) - Ball::exact(t) * t).sqrt() * own,
            linear,
            square,
            square_along: variance * mean(&by_z(&by_z(&square_of)), &|j| squares[j]),
            square_across: square + moved,
        })
    }

    /// Means of the squares of `ĝ = n^{-1} Σ_i f(z_i) σ'(w·x_i) x_i` over samples of n inputs:
    /// `E ĝ_μ² = g_μ² + (E F²(μ·x)² − g_μ²)/n` and `E‖ĝ_⊥‖² = g_⊥² + ((d−2)E F² + E F²e² − g_⊥²)/n`.
    ///
    /// # Errors
    /// [`Error::Domain`] for n = 0.
    pub fn of_sample(&self, n: usize) -> Result<SampleGradient> {
        let mean = |g: Ball, moment: Ball| g.powi(2) + (moment - g.powi(2)) / n as f64;
        let across = self.noise(n)?.across * n as f64;
        Ok(SampleGradient { along: mean(self.along, self.square_along), across: mean(self.across, across) })
    }

    /// Means of the squares for labels of mean zero that do not depend on the inputs, where this gradient is
    /// of the constant label α_0, the root of their mean square: ĝ is noise, larger along the spike.
    ///
    /// # Errors
    /// As [`Self::of_sample`].
    pub fn noise(&self, n: usize) -> Result<SampleGradient> {
        if n == 0 {
            return Err(Error::domain("n", n, "a sample has at least one input"));
        }
        let across = self.square * (self.d - 2) as f64 + self.square_across;
        Ok(SampleGradient { along: self.square_along / n as f64, across: across / n as f64 })
    }
}

/// The Hermite coefficients of z q(z): `z h_j = √(j+1) h_{j+1} + √j h_{j−1}`.
fn by_z(q: &[Ball]) -> Vec<Ball> {
    let at = |j: usize| q.get(j).copied().unwrap_or(Ball::exact(0.0));
    let root = |j: usize| Ball::exact(j as f64).sqrt();
    let below = |j: usize| if j == 0 { Ball::exact(0.0) } else { root(j) * at(j - 1) };
    (0..=q.len()).map(|j| below(j) + root(j + 1) * at(j + 1)).collect()
}

/// The Hermite coefficients of the product of two functions, by `√(j+1) h_{j+1} = z h_j − √j h_{j−1}`.
fn times(p: &[Ball], q: &[Ball]) -> Vec<Ball> {
    let mut sum = vec![Ball::exact(0.0); p.len() + q.len()];
    // h_{j−1} q and h_j q.
    let (mut below, mut now) = (vec![Ball::exact(0.0); q.len()], q.to_vec());
    for (j, &coefficient) in p.iter().enumerate() {
        sum.iter_mut().zip(&now).for_each(|(s, &n)| *s = *s + coefficient * n);
        let mut next = by_z(&now);
        next.iter_mut().zip(&below).for_each(|(n, &b)| *n = *n - Ball::exact(j as f64).sqrt() * b);
        let divisor = Ball::exact((j + 1) as f64).sqrt();
        next.iter_mut().for_each(|n| *n = *n / divisor);
        (below, now) = (now, next);
    }
    sum.pop();
    sum
}
