//! Coefficients in the harmonics: exact ones of a zonal function, and by least squares those of a function
//! that is given by its values.

use super::HarmonicBasis;
use crate::{Error, Result};
use faer::{Mat, MatRef};

/// The coefficients of a function that is given by its values, and the quality of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The coefficients, one per harmonic.
    pub coefficients: Vec<f64>,
    /// The root mean square of the differences between the values and the fit.
    pub residual: f64,
    /// The ratio of the largest to the smallest singular value of the matrix of harmonics at the points,
    /// which is 1 where the points are an exact quadrature.
    pub condition: f64,
}

impl HarmonicBasis {
    /// The coefficients of the zonal function `P_degree(η·x̂)`: `Y_{jl}(η)/B(d,j)` on that degree and zero
    /// elsewhere, `len()` of them.
    ///
    /// # Errors
    /// [`Error::Domain`] if `degree > max_degree()`, else as [`HarmonicBasis::evaluate`] for `η`.
    pub fn project_zonal(&self, degree: usize, eta: &[f64]) -> Result<Vec<f64>> {
        if degree > self.max_degree {
            return Err(Error::domain(
                "degree",
                degree,
                format!("the basis stops at degree {}", self.max_degree),
            ));
        }
        let eta = MatRef::from_row_major_slice(eta, 1, eta.len());
        let mut y = Mat::zeros(1, self.len());
        self.evaluate(eta, y.as_mut())?;
        let level = self.level(degree);
        let b = level.len() as f64;
        Ok((0..self.len()).map(|l| if level.contains(&l) { y[(0, l)] / b } else { 0.0 }).collect())
    }

    /// The least-squares coefficients of a function that is given by its `values` at `points` (`[n, d]`,
    /// `n ≥ len()`): they minimise `Σ_i (values_i − Σ_l c_l Y_l(x_i))²`, by a singular value decomposition.
    ///
    /// # Errors
    /// [`Error::Domain`] with fewer points than harmonics, another number of values, or points on which the
    /// harmonics are linearly dependent; [`Error::NotFinite`]; [`Error::Numerical`] if the decomposition
    /// does not converge; as [`HarmonicBasis::evaluate`].
    ///
    /// # Accuracy
    /// The coefficients are right to about `condition · n` roundings of the root mean square of the values.
    pub fn fit(&self, points: MatRef<'_, f64>, values: &[f64]) -> Result<Fit> {
        let (n, all) = (points.nrows(), self.len());
        if values.len() != n {
            return Err(Error::domain(
                "values",
                values.len(),
                format!("one value per point is needed: {n}"),
            ));
        }
        if n < all {
            return Err(Error::domain(
                "points",
                n,
                format!(
                    "the {all} harmonics of degree up to {} need at least as many points",
                    self.max_degree
                ),
            ));
        }
        if let Some(row) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { name: "values", value: values[row], row, col: 0 });
        }
        let mut y = Mat::zeros(n, all);
        self.evaluate(points, y.as_mut())?;
        let svd = y.thin_svd().map_err(|e| Error::Numerical {
            what: "the singular value decomposition",
            why: format!("{e:?}"),
        })?;
        let s = svd.S().column_vector();
        // This is the rank test of LAPACK and NumPy: a smaller singular value is at the level of the
        // rounding of the largest.
        if s[all - 1] <= f64::EPSILON * n as f64 * s[0] {
            let why = format!(
                "the {all} harmonics must be linearly independent at the points; their least singular value \
                 is {:.1e} of the largest",
                s[all - 1] / s[0]
            );
            return Err(Error::domain("points", n, why));
        }
        let f = faer::ColRef::from_slice(values);
        let mut c = svd.U().transpose() * f;
        for l in 0..all {
            c[l] /= s[l];
        }
        let c = svd.V() * c;
        let left = f - &y * &c;
        Ok(Fit {
            coefficients: c.iter().copied().collect(),
            residual: left.norm_l2() / (n as f64).sqrt(),
            condition: s[0] / s[all - 1],
        })
    }
}
