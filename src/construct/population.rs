//! The functions h_i from which W_Q is made, and exact expectations over the initialisation.

use crate::activation::Activation;
use crate::sphere::{
    Gegenbauer, ZonalQuadrature, dimension, lambda, orthonormal_coefficients, sqrt_dimension,
};
use crate::tolerance::{ZONAL_ROUNDINGS, ZONAL_ROUNDINGS_PER_DEGREE};
use crate::{Error, Result};

use super::target::{Target, monomial_coefficients};

/// The functions `h_i(w) = α_i Σ_{j≤k−1, j≡k−1 (2)} (q_j/s_j) B(d,j) P_j(β_i·w)` of a neuron w, with
/// `q_j = E[(√d z)^{k−1} P_j(z)]` and `s_j = λ_j(σ'')`, and their moments. They satisfy
/// `E_w[h_i(w) σ''(w·x)] = α_i (β_i·x)^{k−1}`. Derived for this project; NBL22 Lemma 1 asks for such
/// functions.
#[derive(Debug, Clone)]
pub struct Population {
    d: usize,
    k: usize,
    alphas: Vec<f64>,
    legendre: Gegenbauer,
    /// (q_j/s_j)·B(d,j) by degree; zero where j and k − 1 differ in parity.
    series: Vec<f64>,
    unit_square: f64,
    unit_absolute: f64,
    unit_error: f64,
}

impl Population {
    /// The functions h_i for this target and activation.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without a second derivative; [`Error::Vanishing`] where some
    /// s_j that is needed is zero to within `(8 + j)·2⁻⁵²·√(E σ''²/B(d,j))`, the rounding of a zonal
    /// coefficient. Sigmoid without shift, for example, has s_0 = 0, which is needed at k = 1.
    ///
    /// # Accuracy
    /// The relative error of q_j/s_j is the rounding above divided by |s_j|. Expectations add a few
    /// roundings.
    pub fn new(activation: &dyn Activation, target: &Target) -> Result<Self> {
        activation.require_twice_differentiable()?;
        let (d, k) = (target.d(), target.k());
        let top = k - 1;
        let s = orthonormal_coefficients(d, &|z| activation.d2(z), top)?;
        let size = lambda(d, &|z| activation.d2(z).powi(2), 0)?[0].sqrt();
        let q = monomial_coefficients(d, top, top)?;
        let mut series = vec![0.0; k];
        for j in (top % 2..=top).step_by(2) {
            let allowance = (ZONAL_ROUNDINGS + ZONAL_ROUNDINGS_PER_DEGREE * j as f64) * f64::EPSILON * size;
            if s[j].is_nan() || s[j].abs() <= allowance {
                return Err(Error::Vanishing {
                    coefficient: format!("s_{j} = λ_{j}(σ'')"),
                    value: s[j] / sqrt_dimension(d, j),
                    allowance: allowance / sqrt_dimension(d, j),
                    activation: activation.name(),
                    d,
                    consequence: format!("W_Q at k = {k} divides by it (Assumption 3)"),
                });
            }
            series[j] = q[j] / s[j] * dimension(d, j);
        }
        let alphas = target.sparse().iter().map(|t| t.alpha).collect();
        let legendre = Gegenbauer::new(d)?;
        let mut population =
            Self { d, k, alphas, legendre, series, unit_square: 0.0, unit_absolute: 0.0, unit_error: 0.0 };
        population.unit_square = population
            .series
            .iter()
            .enumerate()
            .map(|(j, c)| if *c == 0.0 { 0.0 } else { c * (c / dimension(d, j)) })
            .sum();
        population.unit_absolute = expect_absolute(d, &|t| population.unit(t))?;
        population.unit_error = population.mean_square(activation)?;
        Ok(population)
    }

    /// The functions for the terms of another target, of the same dimension and degree. Nothing is computed
    /// again.
    ///
    /// # Panics
    /// If d or k is another one.
    pub fn with_terms(&self, target: &Target) -> Self {
        assert_eq!((self.d, self.k), (target.d(), target.k()), "d and k of the target");
        Self { alphas: target.sparse().iter().map(|t| t.alpha).collect(), ..self.clone() }
    }

    /// The function h_i at `t = β_i·w`.
    ///
    /// # Panics
    /// If `i` is not below R.
    pub fn h(&self, i: usize, t: f64) -> f64 {
        self.alphas[i] * self.unit(t)
    }

    /// `(q_j/s_j) B(d,j)` by degree j < k, zero where j and k − 1 differ in parity.
    pub fn series(&self) -> &[f64] {
        &self.series
    }

    /// The number R of sparse terms.
    pub fn terms(&self) -> usize {
        self.alphas.len()
    }

    /// `E h_i² = α_i² Σ_j (q_j/s_j)² B(d,j)` over the uniform neuron, for each i.
    pub fn squares(&self) -> Vec<f64> {
        self.alphas.iter().map(|a| a * a * self.unit_square).collect()
    }

    /// `E|h_i|` over the uniform neuron, for each i, by quadrature between the zeros of h_i, to about 1e-13.
    pub fn absolutes(&self) -> Vec<f64> {
        self.alphas.iter().map(|a| a.abs() * self.unit_absolute).collect()
    }

    /// `E ‖W_Q‖_{2,4}^4 = 4m Σ_i E h_i²/p_i` over the initialisation, with p_i neurons on term i
    /// ([`super::groups`]).
    pub fn norm_2_4_pow4(&self, m: usize, groups: &[usize]) -> f64 {
        self.squares().iter().zip(groups).map(|(h, p)| 4.0 * m as f64 * h / *p as f64).sum()
    }

    /// `E ‖W_Q‖_{2,4}^4 = 8R Σ_i E h_i²` where R divides p, which does not depend on the width.
    pub fn norm_2_4_pow4_even(&self) -> f64 {
        8.0 * self.terms() as f64 * self.squares().iter().sum::<f64>()
    }

    /// `E ‖W_Q‖_F² = 2√m Σ_i E|h_i|` over the initialisation, whatever the groups.
    pub fn frobenius_sq(&self, m: usize) -> f64 {
        2.0 * (m as f64).sqrt() * self.absolutes().iter().sum::<f64>()
    }

    /// The mean square error over the initialisation and the inputs, `E_{W0} E_x (f_Q(x; W_Q) − f_sp(x))²`,
    /// exactly. The neurons are independent and the mean of f_Q is f_sp, so that the error is
    /// `Σ_i (1/p_i)(E_x[(β_i·x)⁴ E_w[h_i(w)² σ''(w·x)²]] − α_i² E(β_i·x)^{2k+2})`. The inner mean is the
    /// zonal series `Σ_j λ_j(h²) λ_j(σ''²) B_j P_j(β·x̂)`, of which only j ≤ 4 contribute beside the fourth
    /// power.
    pub fn mean_square_error(&self, groups: &[usize]) -> f64 {
        self.alphas.iter().zip(groups).map(|(a, p)| a * a * self.unit_error / *p as f64).sum()
    }

    fn unit(&self, t: f64) -> f64 {
        self.series
            .iter()
            .enumerate()
            .map(|(j, c)| if *c == 0.0 { 0.0 } else { c * self.legendre.value(j, t) })
            .sum()
    }

    /// The numerator of [`Population::mean_square_error`] at α = 1.
    fn mean_square(&self, activation: &dyn Activation) -> Result<f64> {
        let (d, k) = (self.d, self.k);
        let top = (2 * (k - 1)).min(4);
        // h² is a polynomial of degree 2(k−1), so that k + 2 nodes suffice for its coefficients of degree ≤
        // 4.
        let rule = ZonalQuadrature::shared(d, k + 2)?;
        let h = rule.orthonormal_coefficients(|t| self.unit(t).powi(2), top);
        let s = orthonormal_coefficients(d, &|z| activation.d2(z).powi(2), top)?;
        let fourth = monomial_coefficients(d, 4, top)?;
        let first: f64 = (0..=top).map(|j| h[j] * s[j] * fourth[j] / sqrt_dimension(d, j)).sum();
        let second = monomial_coefficients(d, 2 * k + 2, 0)?[0];
        Ok((first - second).max(0.0))
    }
}

/// `E|g(z)|` over the zonal density of dimension d, for a polynomial g of low degree, by Gauss–Legendre
/// panels in φ = asin z, where the density is `cos^{d−2} φ`. The panels end at the zeros of g, so that every
/// integrand is analytic.
///
/// # Accuracy
/// The relative error is about 1e-14. A pair of zeros closer than 1/(512√d) is not separated, which adds an
/// error of the order of the cube of this distance.
fn expect_absolute(d: usize, g: &dyn Fn(f64) -> f64) -> Result<f64> {
    use std::f64::consts::FRAC_PI_2;
    let power = d as f64 - 2.0;
    // cos^{d−2} φ ≤ e^{−(d−2)φ²/2}: beyond 40 standard deviations it is below e^{−800}.
    let end = FRAC_PI_2.min(40.0 / power.sqrt());
    let panel = (1.0 / (d as f64).sqrt()).min(end / 8.0);
    let panels = (end / panel).ceil() as usize * 2;
    let at = |i: usize, of: usize| -end + 2.0 * end * i as f64 / of as f64;
    let mut cuts: Vec<f64> = (0..=panels).map(|i| at(i, panels)).collect();
    let scan = panels * 512;
    let value = |phi: f64| g(phi.sin());
    let mut before = value(at(0, scan));
    for i in 1..=scan {
        let after = value(at(i, scan));
        if (before < 0.0) != (after < 0.0) {
            let (mut a, mut b) = (at(i - 1, scan), at(i, scan));
            for _ in 0..60 {
                let middle = 0.5 * (a + b);
                if (value(middle) < 0.0) == (before < 0.0) {
                    a = middle;
                } else {
                    b = middle;
                }
            }
            cuts.push(0.5 * (a + b));
        }
        before = after;
    }
    cuts.sort_by(f64::total_cmp);
    // The zonal rule of dimension 3 is Gauss–Legendre, of total weight 1.
    let rule = ZonalQuadrature::shared(3, 24)?;
    let (mut sum, mut mass) = (0.0, 0.0);
    for pair in cuts.windows(2) {
        let (middle, half) = (0.5 * (pair[0] + pair[1]), 0.5 * (pair[1] - pair[0]));
        let weight = |s: f64| (middle + half * s).cos().max(0.0).powf(power);
        mass += half * rule.expect(weight);
        sum += half * rule.expect(|s| weight(s) * value(middle + half * s).abs());
    }
    Ok(sum / mass)
}
