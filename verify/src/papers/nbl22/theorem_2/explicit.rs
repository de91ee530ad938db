//! The explicit right sides: means over the initialisation, with their errors.

use crate::error::Result;
use crate::papers::nbl22::moments::Moments;
use escapement::ball::Ball;
use escapement::construct::{LowDegree, Target, ZonalTerm};
use escapement::eigen::subspace::first_order;
use escapement::rounding;
use escapement::sphere::{FeatureLevels, cumulative_dimension, dimension};

/// Exact means over the initialisation, at the zonal levels of Σ, each with a bound on its rounding.
pub(super) struct Explicit {
    /// `E‖W_Q‖_F² Σ_{j>k} τ_j/(dm)`.
    pub(super) beyond: Ball,
    /// The same with j ≤ k.
    pub(super) within: Ball,
    /// `E‖W_Q‖_F² tr Σ/(dm)`.
    pub(super) noise: Ball,
    /// `E(f_Q(W_Q) − f_sp)²`.
    pub(super) misfit: Ball,
    /// The first-order error of W_L averaged over f_k.
    pub(super) low: Ball,
    /// `(4m Σ_i E h_i²/p_i)²`.
    pub(super) r4: Ball,
    /// `(8R Σ_i E h_i²)²`.
    pub(super) r4_even: Ball,
}

impl Explicit {
    /// At width m with p_i neurons on term i.
    pub(super) fn new(
        levels: &FeatureLevels,
        k: usize,
        moments: &Moments,
        m: usize,
        groups: &[usize],
    ) -> Result<Self> {
        let d = levels.d;
        let scale = moments.frobenius_sq(m) / (d as f64 * m as f64);
        // Each part of the trace is right to the rounding of all of it.
        let share = |trace: f64| scale * Ball::new(trace, levels.rounding_allowance());
        let n_k = cumulative_dimension(d, k)? as f64;
        Ok(Self {
            beyond: share(levels.tail(k)),
            within: share(levels.trace - levels.tail(k)),
            noise: share(levels.trace),
            misfit: moments.mean_square(groups),
            low: first_order(levels, k) / (m as f64 * n_k),
            r4: moments.norm_2_4_pow4(m, groups).powi(2),
            r4_even: moments.norm_2_4_pow4_even().powi(2),
        })
    }
}

/// E f_k², with the rounding of a sum over the pairs of t zonal terms, whose moduli add up to at most
/// `t Σ c²/B`.
pub(super) fn low_second_moment(target: &Target) -> Ball {
    let value = target.low_second_moment();
    let (terms, moduli) = match target.low() {
        LowDegree::Harmonic(c) => (c.len(), value),
        LowDegree::Zonal(t) => {
            let alone = |t: &ZonalTerm| t.coefficient.powi(2) / dimension(target.d(), t.degree);
            (t.len().pow(2), t.len() as f64 * t.iter().map(alone).sum::<f64>())
        }
    };
    Ball { value, error: rounding::sum(terms, 8 * (target.k() + 4)) * moduli }
}
