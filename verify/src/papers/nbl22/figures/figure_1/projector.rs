//! What R3 leaves alone: the top singular vectors of Φ, or the top eigenvectors of Σ.

use super::bits::Bits;
use super::data::Data;
use super::settings::{Projector, Settings};
use anyhow::Result;
use escapement::covariance::Covariance;
use escapement::eigen::TopSpace;
use escapement::sphere::Truncation;
use escapement::training::{SampleBasis, TopProjector, sample_basis};
use std::sync::Arc;

/// What R3 leaves alone.
pub enum Kept<T: Bits> {
    /// The top singular vectors of Φ.
    Sample(SampleBasis),
    /// The top eigenvectors of Σ. Σ is that of inputs on the sphere, also where they are drawn from N(0, I).
    Exact(Box<Exact<T>>),
}

/// Σ and its top eigenvectors.
pub struct Exact<T: Bits> {
    /// As a step of training needs them.
    pub projector: Arc<TopProjector<T>>,
    /// Σ.
    pub cov: Covariance,
    /// In f64, as they were solved for.
    pub top: TopSpace,
}

impl<T: Bits> Kept<T> {
    /// That of the settings.
    ///
    /// # Errors
    /// There is no gap at n_k, or a solve fails.
    pub fn new(settings: &Settings, data: &Data) -> Result<Self> {
        let (net, x, rank, par) = (&data.net, data.train.x.as_ref(), settings.rank(), settings.par());
        if settings.projector == Projector::Sample {
            return Ok(Self::Sample(sample_basis(net, x, rank, par)?));
        }
        let cov = Covariance::new(net.weights(), net.activation(), Truncation::default())?;
        let (top, _) = TopSpace::of(&cov, rank, par)?;
        let projector = Arc::new(TopProjector::new(net, x, &top, par)?);
        Ok(Self::Exact(Box::new(Exact { projector, cov, top })))
    }
}
