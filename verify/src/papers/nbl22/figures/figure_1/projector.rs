//! What R3 leaves alone: the top singular vectors of Φ, or the top eigenvectors of Σ.

use super::bits::Bits;
use super::data::Data;
use super::settings::{Precision, Projector, Settings};
use anyhow::Result;
use escapement::covariance::Covariance;
use escapement::eigen::{self, TopSpace};
use escapement::sphere::Truncation;
use escapement::tolerance;
use escapement::training::{SampleBasis, TopProjector, sample_basis};
use std::{ops::ControlFlow, sync::Arc};

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
    /// That of the settings; `say` is told what is being computed, in words, at each step that takes seconds.
    ///
    /// The eigenvectors of Σ are computed to the residual [`residual`].
    ///
    /// # Errors
    /// There is no gap at n_k, or a solve fails.
    pub fn new(settings: &Settings, data: &Data, say: &mut dyn FnMut(String)) -> Result<Self> {
        let (net, x, rank, par) = (&data.net, data.train.x.as_ref(), settings.rank(), settings.par());
        if settings.projector == Projector::Sample {
            return Ok(Self::Sample(sample_basis(net, x, rank, par)?));
        }
        let cov = Covariance::new(net.weights(), net.activation(), Truncation::default())?;
        let allowed = residual(settings.precision, cov.order());
        say(format!("the top {rank} eigenvectors of Σ"));
        let pairs = eigen::solve_top(
            &cov,
            rank,
            allowed,
            eigen::DEFAULT_MEMORY,
            par,
            &mut |eigen::Progress { residual, .. }| {
                say(format!(
                    "the top {rank} eigenvectors of Σ: residual {residual:.1e} of {allowed:.0e} allowed"
                ));
                ControlFlow::Continue(())
            },
        )?;
        let top = TopSpace::new(&pairs, rank)?;
        say("the projector at the inputs".into());
        let projector = Arc::new(TopProjector::new(net, x, &top, par)?);
        Ok(Self::Exact(Box::new(Exact { projector, cov, top })))
    }
}

/// The relative residual that the eigenvectors of a Σ of order pd are computed to: that of any spectrum of
/// this order ([`tolerance::residual`]), but [`tolerance::RESIDUAL_SINGLE`] where the order is large and
/// training rounds them to single precision.
fn residual(precision: Precision, order: usize) -> f64 {
    let usual = tolerance::residual(order);
    if precision == Precision::F32 && usual > tolerance::RESIDUAL {
        tolerance::RESIDUAL_SINGLE
    } else {
        usual
    }
}
