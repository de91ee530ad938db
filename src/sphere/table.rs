//! The zonal coefficients of an activation in a table, each with a bound on its rounding.

use super::quadrature::ZonalQuadrature;
use super::zonal::{FeatureLevels, Level, Truncation, lambda};
use crate::activation::Activation;
use crate::error::{Error, Result};
use crate::tolerance;

/// The zonal coefficients of σ for the degrees 0 to J.
#[derive(Debug, Clone)]
pub struct ZonalTable {
    /// A row for each degree, from 0 on.
    pub rows: Vec<ZonalRow>,
    /// The trace of Σ.
    pub trace: f64,
    /// A bound on the trace beyond the last degree, rounding included.
    pub tail: f64,
}

/// The coefficients of one degree.
#[derive(Debug, Clone, Copy)]
pub struct ZonalRow {
    /// `B(d,j)`.
    pub dimension: f64,
    /// The coefficients.
    pub values: ZonalCoefficients,
    /// How far rounding may have moved each of them.
    pub error: ZonalCoefficients,
}

/// Six numbers of one degree: see [`Level`] for the last four.
#[derive(Debug, Clone, Copy)]
pub struct ZonalCoefficients {
    /// `λ_j(σ')`.
    pub lambda_sigma1: f64,
    /// `λ_j(σ'')`.
    pub lambda_sigma2: f64,
    /// `A_j`.
    pub a: f64,
    /// `C_j`.
    pub c: f64,
    /// `τ_j`.
    pub tau: f64,
    /// `κ_j`.
    pub kappa: f64,
}

impl ZonalCoefficients {
    /// All of them, in the order of the fields.
    pub fn all(&self) -> [f64; 6] {
        [self.lambda_sigma1, self.lambda_sigma2, self.a, self.c, self.tau, self.kappa]
    }
}

impl ZonalRow {
    fn is_finite(&self) -> bool {
        let [values, errors] = [self.values.all(), self.error.all()];
        self.dimension.is_finite() && values.iter().chain(&errors).all(|x| x.is_finite())
    }
}

impl ZonalTable {
    /// The table at dimension `d`, up to the degree `degrees`.
    ///
    /// # Errors
    /// As [`FeatureLevels::new`]; an activation without a second derivative; a degree at which a coefficient
    /// leaves the range of f64.
    pub fn new(d: usize, activation: &dyn Activation, degrees: usize) -> Result<Self> {
        activation.require_twice_differentiable()?;
        let levels = FeatureLevels::new(d, activation, Truncation::Degree(degrees))?;
        let first = lambda(d, &|z| activation.d1(z), degrees)?;
        let second = lambda(d, &|z| activation.d2(z), degrees)?;
        let rms_second = root_mean_square(d, &|z| activation.d2(z))?;
        let rows: Vec<ZonalRow> = levels
            .levels
            .iter()
            .zip(first.iter().zip(&second))
            .map(|(l, (&lambda_sigma1, &lambda_sigma2))| {
                let &Level { dimension, a, c, tau, kappa, .. } = l;
                let values = ZonalCoefficients { lambda_sigma1, lambda_sigma2, a, c, tau, kappa };
                ZonalRow { dimension, values, error: errors(&levels, l, rms_second) }
            })
            .collect();
        let finite = rows.iter().take_while(|row| row.is_finite()).count();
        if finite < rows.len() {
            let last = finite.saturating_sub(1);
            let allowed =
                format!("at d = {d} the coefficients stay within the range of f64 up to degree {last}");
            return Err(Error::domain("the largest degree", degrees, allowed));
        }
        Ok(Self { rows, trace: levels.trace, tail: levels.truncation_bound() })
    }
}

/// `√E[g(√d z)²]`.
fn root_mean_square(d: usize, g: &dyn Fn(f64) -> f64) -> Result<f64> {
    let root = (d as f64).sqrt();
    Ok(ZonalQuadrature::shared(d, 1024)?.expect(|z| g(root * z).powi(2)).sqrt())
}

/// The rounding of orthonormal coefficients, see [`tolerance::ZONAL_ROUNDINGS`], on the scale of each
/// column.
fn errors(levels: &FeatureLevels, l: &Level, rms_second: f64) -> ZonalCoefficients {
    let (d, j) = (levels.d as f64, l.degree as f64);
    let rounding =
        |j: f64| (tolerance::ZONAL_ROUNDINGS + tolerance::ZONAL_ROUNDINGS_PER_DEGREE * j) * f64::EPSILON;
    let root = l.dimension.sqrt();
    let a_hat = rounding(j) * levels.radial.sqrt();
    let c_hat = if l.degree == 0 { 0.0 } else { rounding(j - 1.0) * levels.tangential.sqrt() };
    // `C_j = ĉ_j √B(d,j) √((d−1)/(j(j+d−2)))`.
    let c = if l.degree == 0 { 0.0 } else { c_hat * root * ((d - 1.0) / (j * (j + d - 2.0))).sqrt() };
    let tau = a_hat * (2.0 * l.a_hat.abs() + a_hat) + (d - 1.0) * c_hat * (2.0 * l.c_hat.abs() + c_hat);
    ZonalCoefficients {
        lambda_sigma1: rounding(j) * (levels.trace / d).sqrt() / root,
        lambda_sigma2: rounding(j) * rms_second / root,
        a: a_hat * root,
        c,
        tau,
        kappa: tau / l.dimension,
    }
}
