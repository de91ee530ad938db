//! The explicit zonal constants of the spectrum claim: levels, deviations of a random Gram matrix, and the
//! mean square of the angle.

use crate::error::Result;
use crate::papers::nbl22::instance;
use escapement::activation;
use escapement::ball::Ball;
use escapement::covariance::concentration;
use escapement::eigen::subspace::first_order;
use escapement::sphere::{self, FeatureLevels, Truncation};

/// The levels of Σ at infinite width for one dimension, low degree and activation.
#[derive(Debug, Clone)]
pub struct Constants {
    /// The low degree k.
    pub k: usize,
    /// All levels, to the default certificate.
    pub levels: FeatureLevels,
}

impl Constants {
    /// From the zonal coefficients of σ'.
    ///
    /// # Errors
    /// An unknown activation or d < 3.
    pub fn new(d: usize, k: usize, name: &str) -> Result<Self> {
        let sigma = activation::parse(name)?;
        let mut levels = instance::levels(d, sigma.as_ref(), Truncation::default())?;
        if levels.max_degree() < 2 * k + 2 {
            levels = instance::levels(d, sigma.as_ref(), Truncation::Degree(2 * k + 2))?;
        }
        Ok(Self { k, levels: levels.as_ref().clone() })
    }

    /// κ_j.
    pub fn kappa(&self, j: usize) -> f64 {
        self.levels.levels[j].kappa
    }

    /// κ_j with its error: the rounding allowance of all τ together bounds that of each.
    pub fn kappa_ball(&self, j: usize) -> Ball {
        Ball::new(self.kappa(j), self.levels.rounding_allowance() / self.levels.levels[j].dimension)
    }

    /// The degree j ≤ k of the least κ_j.
    pub fn weakest(&self) -> usize {
        (0..=self.k).min_by(|&a, &b| self.kappa(a).total_cmp(&self.kappa(b))).unwrap_or(0)
    }

    /// `min_{j≤k} κ_j`.
    pub fn kappa_min(&self) -> f64 {
        self.kappa(self.weakest())
    }

    /// `max_{j≤k} κ_j`.
    pub fn kappa_max(&self) -> f64 {
        (0..=self.k).map(|j| self.kappa(j)).fold(0.0, f64::max)
    }

    /// `max_{j>k} κ_j`.
    pub fn kappa_next(&self) -> f64 {
        self.levels.levels[self.k + 1..].iter().map(|l| l.kappa).fold(0.0, f64::max)
    }

    /// Whether κ falls with the degree from the weakest of the low ones on, through 2k + 1, so that sorting
    /// gives the levels back.
    pub fn ordered(&self) -> bool {
        let above = |j: usize| self.levels.levels[j + 1..].iter().all(|l| l.kappa < self.kappa(j));
        self.kappa_min() > self.kappa_next() && (self.k + 1..=2 * self.k).all(above)
    }

    /// `n_j = Σ_{i≤j} B(d,i)`.
    ///
    /// # Errors
    /// More than fit in memory.
    pub fn count(&self, j: usize) -> Result<usize> {
        Ok(sphere::cumulative_dimension(self.levels.d, j)?)
    }

    /// `Σ_{i>j} τ_i`.
    pub fn tail(&self, j: usize) -> Ball {
        let kept: f64 = self.levels.levels[..=j].iter().map(|l| l.tau).sum();
        Ball::new(self.levels.trace - kept, self.levels.rounding_allowance())
    }

    /// As [`concentration::level_deviation`], of these levels.
    ///
    /// # Errors
    /// As [`Constants::count`].
    pub fn deviation(&self, j: usize, p: usize, failure: f64) -> Result<(f64, f64)> {
        Ok(concentration::level_deviation(&self.levels, j, p, failure)?)
    }

    /// `Z`: to first order in the noise, `E‖sin Θ‖_F² = Z/p` between the top n_k
    /// eigenfunctions and degree ≤ k.
    ///
    /// Half of [`first_order`], which has the formula and is of m = 2p; its error is bounded here by
    /// `max κ_{>k}` instead of by each κ_j.
    pub fn angle(&self) -> Ball {
        // `first_order` is of m times the mean, m = 2p.
        let z = 0.5 * first_order(&self.levels, self.k).value;
        // Beyond the last degree: â_j² + (d−1) ĉ_j² sums to the truncation bound, and κ_j is below κ_next.
        let beyond = |i: &sphere::Level| {
            i.a_hat.powi(2).max(i.c_hat.powi(2)) * self.levels.truncation_bound()
                / (i.kappa - self.kappa_next()).powi(2)
        };
        let rounding = self.levels.rounding_allowance() / (self.kappa_min() - self.kappa_next()).abs() * z;
        Ball::new(z, self.levels.levels[..=self.k].iter().map(beyond).sum::<f64>() + 8.0 * rounding)
    }

    /// The levels, cut at the first degree whose tail is at most `wanted` (at the certificate's own end if
    /// none is).
    pub fn cut(&self, wanted: f64) -> FeatureLevels {
        let mut levels = self.levels.clone();
        if let Some(j) = (0..=levels.max_degree()).find(|&j| levels.tail(j) <= wanted) {
            levels.levels.truncate(j + 1);
        }
        levels
    }
}
