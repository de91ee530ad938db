//! The explicit right sides: means over the initialisation, with their errors.

use crate::claim::record::Quantity;
use crate::error::Result;
use crate::papers::nbl22::projection::first_order;
use crate::papers::nbl22::setting;
use escapement::activation::Activation;
use escapement::construct::{LowDegree, Population, Target, ZonalTerm};
use escapement::rounding;
use escapement::sphere::{FeatureLevels, cumulative_dimension, dimension};

/// Exact means over the initialisation, at the zonal levels of Σ, each with a bound on its rounding.
pub(super) struct Explicit {
    /// `E‖W_Q‖_F² Σ_{j>k} τ_j/(dm)`.
    pub(super) beyond: Quantity,
    /// The same with j ≤ k.
    pub(super) within: Quantity,
    /// `E‖W_Q‖_F² tr Σ/(dm)`.
    pub(super) noise: Quantity,
    /// `E(f_Q(W_Q) − f_sp)²`.
    pub(super) misfit: Quantity,
    /// The first-order error of W_L averaged over f_k.
    pub(super) low: Quantity,
    /// `(4m Σ_i E h_i²/p_i)²`.
    pub(super) r4: Quantity,
    /// `(8R Σ_i E h_i²)²`.
    pub(super) r4_even: Quantity,
}

impl Explicit {
    /// At width m with p_i neurons on term i; `population` is that of σ and the target.
    pub(super) fn new(
        levels: &FeatureLevels,
        sigma: &dyn Activation,
        target: &Target,
        population: &Population,
        m: usize,
        groups: &[usize],
    ) -> Result<Self> {
        let (d, k) = (levels.d, target.k());
        let relative = setting::population_rounding(sigma, population, d)?;
        let scale = population.frobenius_sq(m) / (d as f64 * m as f64);
        let share = |trace: f64| {
            let error = scale * (levels.rounding_allowance() + (relative + setting::ABSOLUTE_MOMENT) * trace);
            Quantity { value: scale * trace, error }
        };
        let n_k = cumulative_dimension(d, k)? as f64;
        let (misfit, error) = setting::mean_square(target, population, groups, relative)?;
        let first = first_order(levels, k);
        // E h² is right to twice the relative error of h, and the norm is squared once more.
        let square = |norm: f64| Quantity { value: norm * norm, error: 4.0 * relative * norm * norm };
        Ok(Self {
            beyond: share(levels.tail(k)),
            within: share(levels.trace - levels.tail(k)),
            noise: share(levels.trace),
            misfit: Quantity { value: misfit, error },
            low: Quantity { value: first.value / (m as f64 * n_k), error: first.error / (m as f64 * n_k) },
            r4: square(population.norm_2_4_pow4(m, groups)),
            r4_even: square(population.norm_2_4_pow4_even()),
        })
    }
}

/// E f_k², with the rounding of a sum over the pairs of t zonal terms, whose moduli add up to at most
/// `t Σ c²/B`.
pub(super) fn low_second_moment(target: &Target) -> Quantity {
    let value = target.low_second_moment();
    let (terms, moduli) = match target.low() {
        LowDegree::Harmonic(c) => (c.len(), value),
        LowDegree::Zonal(t) => {
            let alone = |t: &ZonalTerm| t.coefficient.powi(2) / dimension(target.d(), t.degree);
            (t.len().pow(2), t.len() as f64 * t.iter().map(alone).sum::<f64>())
        }
    };
    Quantity { value, error: rounding::sum(terms, 8 * (target.k() + 4)) * moduli }
}

/// The sum of two, errors added.
pub(super) fn sum(a: Quantity, b: Quantity) -> Quantity {
    Quantity { value: a.value + b.value, error: a.error + b.error }
}

/// The root, with `|√(x + e) − √x| ≤ min(|e|/√x, √|e|)`.
pub(super) fn root(x: Quantity) -> Quantity {
    let value = x.value.sqrt();
    Quantity { value, error: (x.error / value).min(x.error.sqrt()) + f64::EPSILON * value }
}

/// A multiple by a number that is exact.
pub(super) fn times(factor: f64, x: Quantity) -> Quantity {
    Quantity { value: factor * x.value, error: factor * x.error + f64::EPSILON * factor * x.value }
}
