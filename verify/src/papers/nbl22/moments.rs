//! Exact moments of W_Q over the initialisation, with their errors, and what the fit of f_Q rounds to.

use crate::claim::{Cell, Measurement};
use crate::error::Result;
use crate::papers::nbl22::instance;
use crate::papers::nbl22::letters::Letters;
use escapement::activation::Activation;
use escapement::ball::Ball;
use escapement::construct::{Population, Target};
use escapement::network::PairedNetwork;
use escapement::sphere::{ZonalQuadrature, lambda, orthonormal_coefficients};
use escapement::tolerance::{ZONAL_ROUNDINGS, ZONAL_ROUNDINGS_PER_DEGREE};
use faer::{MatRef, Par};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Relative accuracy of `E|h_i|` as [`Population::absolutes`] states it.
const ABSOLUTE_MOMENT: f64 = 1e-13;

/// The functions h_i of a target under an activation, and moments of W_Q over the initialisation.
pub struct Moments {
    pub population: Population,
    /// A bound on the relative error of every `q_j/s_j`, hence of h_i, ‖w_r‖² and, twice, of E h_i².
    pub relative: f64,
    /// `E(β·x)^{2k+2}`.
    sparse: f64,
    target: Target,
}

impl Moments {
    /// The moments for an activation and a target.
    ///
    /// # Errors
    /// Assumption 3 fails: a coefficient of σ'' that the target needs is zero.
    pub fn new(sigma: &Arc<dyn Activation>, target: &Target) -> Result<Self> {
        let (population, relative) = kept_population(sigma.as_ref(), target)?;
        let rule = ZonalQuadrature::shared(target.d(), target.k() + 2)?;
        let sparse = rule.expect(|z| (target.d() as f64 * z * z).powi(target.k() as i32 + 1));
        Ok(Self { population, relative, sparse, target: target.clone() })
    }

    /// `Σ_i E|h_i|`.
    pub fn absolute(&self) -> Ball {
        Ball::relative(self.population.absolutes().iter().sum(), self.relative + ABSOLUTE_MOMENT)
    }

    /// `E‖W_Q‖_F² = 2√m Σ_i E|h_i|`.
    pub fn frobenius_sq(&self, m: usize) -> Ball {
        Ball::relative(self.population.frobenius_sq(m), self.relative + ABSOLUTE_MOMENT)
    }

    /// `E‖W_Q‖_{2,4}⁴` with p_i neurons on term i.
    pub fn norm_2_4_pow4(&self, m: usize, counts: &[usize]) -> Ball {
        Ball::relative(self.population.norm_2_4_pow4(m, counts), 2.0 * self.relative)
    }

    /// `E‖W_Q‖_{2,4}⁴` where R divides p, which is free of m.
    pub fn norm_2_4_pow4_even(&self) -> Ball {
        Ball::relative(self.population.norm_2_4_pow4_even(), 2.0 * self.relative)
    }

    /// `Σ_i α_i² E(β_i·x)^{2k+2}/p_i`, which the exact mean squared error subtracts.
    pub fn squared_means(&self, counts: &[usize]) -> f64 {
        let terms = counts.iter().zip(self.target.sparse());
        terms.map(|(p, t)| t.alpha * t.alpha * self.sparse / *p as f64).sum()
    }

    /// The mean squared error of f_Q(W_Q) over the initialisation, with p_i neurons on term i. Both of its
    /// terms are right to the relative error, and their difference is right to the sum of what they miss.
    pub fn mean_square(&self, counts: &[usize]) -> Ball {
        let value = self.population.mean_square_error(counts);
        Ball::new(value, 2.0 * self.relative * (value + 2.0 * self.squared_means(counts)))
    }

    /// Records in the measurement that Assumption 3 holds, with the numbers that show it.
    pub fn assumption_3(&self, measurement: Measurement) -> Measurement {
        measurement.hypothesis("Assumption 3", true, format!("B_j q_j/s_j = {:?}", self.population.series()))
    }
}

/// The functions h_i of a target under an activation that has a name.
///
/// # Errors
/// As for [`Population::new`].
pub fn population(sigma: &dyn Activation, target: &Target) -> Result<Population> {
    Ok(kept_population(sigma, target)?.0)
}

/// The functions h_i, which but for their α_i are computed once for all cells, and their [`relative`] error.
fn kept_population(sigma: &dyn Activation, target: &Target) -> Result<(Population, f64)> {
    type Key = (String, usize, usize);
    static KEPT: Mutex<BTreeMap<Key, (Population, f64)>> = Mutex::new(BTreeMap::new());
    let make = || {
        let population = Population::new(sigma, target)?;
        let relative = relative(sigma, &population, target.d())?;
        Ok((population, relative))
    };
    let (population, relative) = instance::kept(&KEPT, (sigma.name(), target.d(), target.k()), make)?;
    Ok((population.with_terms(target), relative))
}

/// The stated accuracy of s_j, and 16 roundings for the quotient, the polynomial and the moments.
fn relative(sigma: &dyn Activation, population: &Population, d: usize) -> Result<f64> {
    let top = population.series().len().saturating_sub(1);
    let s = orthonormal_coefficients(d, &|z| sigma.d2(z), top)?;
    let size = lambda(d, &|z| sigma.d2(z).powi(2), 0)?[0].sqrt();
    let used = population.series().iter().zip(&s).enumerate().filter(|(_, (c, _))| **c != 0.0);
    let relative =
        |j: usize, s: f64| (ZONAL_ROUNDINGS + ZONAL_ROUNDINGS_PER_DEGREE * j as f64) * size / s.abs();
    Ok((used.map(|(j, (_, s))| relative(j, *s)).fold(0.0, f64::max) + 16.0) * f64::EPSILON)
}

/// A bound on the rounding of `f_Q(x; W) − f_sp(x)` at an input of norm √d: the m terms of f_Q are at most
/// `½ m^{-1/2} sup|σ''| d ‖w_r‖²` and are added one after another, each a product of sums of d; f_sp has R
/// terms of at most d^{(k+1)/2}.
pub fn fit_rounding(cell: &Cell, sigma: &dyn Activation, frobenius_sq: f64) -> f64 {
    let (d, m, k) = (cell.d() as f64, cell.m() as f64, cell.k() as f64);
    let sup = sigma.suprema()[2].value;
    let quadratic = 0.5 * m.sqrt().recip() * sup * d * frobenius_sq * (0.5 * m + 4.0 * d + 16.0);
    let sparse = cell.terms() as f64 * d.powf(0.5 * (k + 1.0)) * (d + k + 4.0);
    f64::EPSILON * (quadratic + sparse)
}

/// `f_Q(x; W) − f_sp(x)` at each row of `x`, for the values `f_sp` there.
///
/// # Errors
/// A shape is wrong.
pub fn misfit(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    f_sp: &[f64],
) -> Result<Vec<f64>> {
    let mut f = net.f_quadratic(x, w, Par::Seq)?;
    f.iter_mut().zip(f_sp).for_each(|(f, s)| *f -= s);
    Ok(f)
}
