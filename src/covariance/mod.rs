//! The feature covariance Σ = E φφᵀ of a paired network, from its exact series over degrees.
//!
//! Since `a_r = +1` for a neuron and −1 for its twin, `Σ = (1/m)[[A, −A], [−A, A]]`, where `A` (pd × pd) has
//! the d × d block `M(w_r·w_s)` for the neurons r and s, see [`Kernel`]. If `Aq = λq` with `‖q‖ = 1`, then
//! `(q, −q)/√2` is an eigenvector of Σ with the eigenvalue `2λ/m`; the other pd eigenvalues of Σ are zero.
//! The functions of this module work on `A`.
//!
//! A vector of R^{pd} is stored component-major: the entry of neuron r and coordinate i is at `i·p + r`, so
//! that it is also a column-major p × d matrix.
//!
//! ```
//! use escapement::{activation, covariance::Covariance, seed, sphere};
//! let w = sphere::uniform_sphere(&mut seed::stream(1, "example", "weights"), 6, 5, 1.0);
//! let sigma = activation::parse("sigmoid:1")?;
//! let cov = Covariance::new(w.as_ref(), sigma.as_ref(), sphere::Truncation::default())?;
//! let diagonal = |r: usize| {
//!     let block = cov.block(r, r);
//!     (0..5).map(|i| block[(i, i)]).sum::<f64>()
//! };
//! let trace = 2.0 * (0..cov.p()).map(diagonal).sum::<f64>();
//! assert!((trace - cov.trace()).abs() <= cov.truncation_bound());
//! # Ok::<(), escapement::Error>(())
//! ```

pub mod concentration;
mod dense;
mod forms;
mod harmonic;
mod operator;
mod profile;
mod tile;

pub use harmonic::HarmonicMap;
pub use operator::CovarianceOperator;
pub use profile::{Kernel, Profile};

use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::sphere::zonal::{FeatureLevels, Truncation};
use crate::{rounding, sphere, tolerance};
use faer::{Mat, MatRef};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Σ for given weights and activation: the weights, the zonal series up to the degree where it is cut, and a
/// bound on the rest.
#[derive(Debug, Clone)]
pub struct Covariance {
    weights: Arc<Mat<f64>>,
    levels: FeatureLevels,
    profile: Profile,
    degrees: RangeInclusive<usize>,
    trace: f64,
}

impl Covariance {
    /// Σ for the p distinct neurons in the rows of `weights` (`[p, d]`, unit rows), so m = 2p.
    ///
    /// # Errors
    /// d < 3, no neurons, entries not finite, rows not unit to within [`tolerance::UNIT_NORM_F64`] (rows
    /// within it are renormalised), an activation without a second derivative, or a truncation that cannot
    /// be reached.
    pub fn new(
        weights: MatRef<'_, f64>,
        activation: &dyn Activation,
        truncation: Truncation,
    ) -> Result<Self> {
        let (weights, _) = sphere::unit_rows("the weights", weights, tolerance::UNIT_NORM_F64)?;
        activation.require_twice_differentiable()?;
        let levels = FeatureLevels::new(weights.ncols(), activation, truncation)?;
        Self::from_levels(weights, levels)
    }

    /// Σ from a zonal series that was computed before, and may serve many sets of weights.
    ///
    /// # Errors
    /// The dimension of the levels is not that of the weights.
    pub fn from_levels(weights: Mat<f64>, levels: FeatureLevels) -> Result<Self> {
        Self::shared(Arc::new(weights), levels)
    }

    /// Σ for the same weights, which are not copied, from another zonal series.
    ///
    /// # Errors
    /// As [`Self::from_levels`].
    pub fn with_levels(&self, levels: FeatureLevels) -> Result<Self> {
        Self::shared(self.weights.clone(), levels)
    }

    fn shared(weights: Arc<Mat<f64>>, levels: FeatureLevels) -> Result<Self> {
        if weights.ncols() != levels.d || weights.nrows() == 0 {
            return Err(Error::shape(
                "the weights",
                [weights.nrows(), weights.ncols()],
                format!("p ≥ 1, {}", levels.d),
            ));
        }
        let degrees = 0..=levels.max_degree();
        let profile = Profile::new(&levels, degrees.clone());
        let trace = levels.trace;
        tracing::debug!(
            p = weights.nrows(),
            d = levels.d,
            degree = levels.max_degree(),
            trace,
            "Σ from its zonal series"
        );
        Ok(Self { weights, levels, profile, degrees, trace })
    }

    /// The part of Σ of degree above `j`, as a covariance of its own.
    pub fn beyond(&self, j: usize) -> Self {
        self.part(j + 1, usize::MAX)
    }

    /// The part of Σ of degree at most `j`, as a covariance of its own; its rank is at most `n_j`.
    pub fn up_to(&self, j: usize) -> Self {
        self.part(0, j)
    }

    /// The part of Σ of degree exactly `j`: positive semidefinite, of rank at most B(d,j) and trace τ_j.
    pub fn degree(&self, j: usize) -> Self {
        self.part(j, j)
    }

    fn part(&self, low: usize, high: usize) -> Self {
        let degrees = low.max(*self.degrees.start())..=high.min(*self.degrees.end());
        let profile = Profile::new(&self.levels, degrees.clone());
        let trace = self.levels.levels.iter().filter(|l| degrees.contains(&l.degree)).map(|l| l.tau).sum();
        Self { weights: self.weights.clone(), levels: self.levels.clone(), profile, degrees, trace }
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.weights.ncols()
    }

    /// The number p of distinct neurons.
    pub fn p(&self) -> usize {
        self.weights.nrows()
    }

    /// The width m = 2p.
    pub fn m(&self) -> usize {
        2 * self.p()
    }

    /// The order pd of `A`.
    pub fn order(&self) -> usize {
        self.p() * self.d()
    }

    /// The factor 2/m that takes an eigenvalue of `A` to one of Σ.
    pub fn scale(&self) -> f64 {
        1.0 / self.p() as f64
    }

    /// The weights, `[p, d]`, unit rows.
    pub fn weights(&self) -> MatRef<'_, f64> {
        self.weights.as_ref().as_ref()
    }

    /// The zonal series of Σ, degree by degree.
    pub fn levels(&self) -> &FeatureLevels {
        &self.levels
    }

    /// The functions F0..F3 of the cosine of two weights.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The trace. That of the whole Σ is `d·E[σ'(√d z)²]`, whatever the weights and the degree where the
    /// series is cut; that of a part of Σ is the sum of its τ_j.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// A bound, in operator norm and in trace, on the part of Σ above the degree where the series is cut,
    /// rounding included.
    pub fn truncation_bound(&self) -> f64 {
        self.levels.truncation_bound()
    }

    /// A guaranteed bound, in operator norm and in trace, on the rounding of the Gram matrix ΨᵀΨ. Its trace
    /// is a sum over pd entries of products whose moduli add up to at most the trace of Σ, each with 8
    /// roundings for every degree of the recurrences.
    pub fn gram_rounding(&self) -> f64 {
        rounding::sum(self.order(), 8 * self.levels.levels.len()) * self.trace
    }

    /// The d × d block of Σ for the neurons `r` and `s`, both below p: `M(w_r·w_s)/m`. The block of a neuron
    /// and the twin of another has the opposite sign.
    ///
    /// # Panics
    /// If `r` or `s` is not below p.
    pub fn block(&self, r: usize, s: usize) -> Mat<f64> {
        let w = &self.weights;
        let t = (0..self.d()).map(|i| w[(r, i)] * w[(s, i)]).sum();
        let Kernel { f2, f3, e, g, .. } = self.profile.at(t);
        let m = self.m() as f64;
        Mat::from_fn(self.d(), self.d(), |i, j| {
            let (ui, uj, vi, vj) = (w[(r, i)], w[(r, j)], w[(s, i)], w[(s, j)]);
            let identity = if i == j { f2 } else { 0.0 };
            (identity + e * (ui * uj + vi * vj) + g * ui * vj + f3 * vi * uj) / m
        })
    }
}
