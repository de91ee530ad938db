//! The explicit zonal constants of the spectrum claim: levels, deviations of a random Gram matrix, and the
//! mean square of the angle.

use crate::error::Result;
use escapement::activation;
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
        let mut levels = FeatureLevels::new(d, sigma.as_ref(), Truncation::default())?;
        if levels.max_degree() < 2 * k + 2 {
            levels = FeatureLevels::new(d, sigma.as_ref(), Truncation::Degree(2 * k + 2))?;
        }
        Ok(Self { k, levels })
    }

    /// κ_j.
    pub fn kappa(&self, j: usize) -> f64 {
        self.levels.levels[j].kappa
    }

    /// A bound on the error of κ_j: the rounding allowance of all τ together bounds that of each.
    pub fn kappa_error(&self, j: usize) -> f64 {
        self.levels.rounding_allowance() / self.levels.levels[j].dimension
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

    /// `Σ_{i>j} τ_i` and its error.
    pub fn tail(&self, j: usize) -> (f64, f64) {
        let kept: f64 = self.levels.levels[..=j].iter().map(|l| l.tau).sum();
        (self.levels.trace - kept, self.levels.rounding_allowance())
    }

    /// Relative deviation that the eigenvalues of degree ≤ j exceed with probability at most η,
    /// `(below, both sides)`.
    ///
    /// The Gram matrix of the columns of Ψ up to degree j, each divided by `√κ`, is an average of p
    /// independent positive semidefinite matrices of mean 1 and of norm at most
    /// `L = max(Σ â_i²/κ_i, Σ ĉ_i²/κ_i)`, the same for every weight. The matrix Chernoff bounds give
    /// `√(2L ln(n_j/η)/p)` below and `√(3L ln(2n_j/η)/p)` on both sides (the latter where it is at most 1),
    /// and Ostrowski's theorem carries them to each eigenvalue of `Σ_{≤j}` relative to its κ.
    ///
    /// # Errors
    /// As [`Constants::count`].
    pub fn deviation(&self, j: usize, p: usize, failure: f64) -> Result<(f64, f64)> {
        let share = |hat: fn(&sphere::Level) -> f64| {
            let terms = self.levels.levels[..=j].iter().filter(|l| l.kappa > 0.0);
            terms.map(|l| hat(l).powi(2) / l.kappa).sum::<f64>()
        };
        let largest = share(|l| l.a_hat).max(share(|l| l.c_hat));
        let (n, p) = (self.count(j)? as f64, p as f64);
        Ok((
            (2.0 * largest * (n / failure).ln() / p).sqrt(),
            (3.0 * largest * (2.0 * n / failure).ln() / p).sqrt(),
        ))
    }

    /// `Z` and its error: to first order in the noise, `E‖sin Θ‖_F² = Z/p` between the top n_k eigenfunctions
    /// and degree ≤ k.
    ///
    /// The entries of the Gram matrix between degrees i and j have mean square sum
    /// `(â_i²â_j² + (d−1) ĉ_i²ĉ_j²)/p`, exactly, since the part of each degree in a diagonal block of Σ is
    /// `â_j² wwᵀ + ĉ_j² (1 − wwᵀ)`; first-order perturbation divides it by `(κ_i − κ_j)²`. Derived for this
    /// project.
    pub fn angle(&self) -> (f64, f64) {
        let d = self.levels.d as f64;
        let (low, high) = self.levels.levels.split_at(self.k + 1);
        let term = |i: &sphere::Level, j: &sphere::Level| {
            let product = (i.a_hat * j.a_hat).powi(2) + (d - 1.0) * (i.c_hat * j.c_hat).powi(2);
            product / (i.kappa - j.kappa).powi(2)
        };
        let z: f64 = low.iter().flat_map(|i| high.iter().map(move |j| term(i, j))).sum();
        // Beyond the last degree: â_j² + (d−1) ĉ_j² sums to the truncation bound, and κ_j is below κ_next.
        let beyond = |i: &sphere::Level| {
            i.a_hat.powi(2).max(i.c_hat.powi(2)) * self.levels.truncation_bound()
                / (i.kappa - self.kappa_next()).powi(2)
        };
        let rounding = self.levels.rounding_allowance() / (self.kappa_min() - self.kappa_next()).abs() * z;
        (z, low.iter().map(beyond).sum::<f64>() + 8.0 * rounding)
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
