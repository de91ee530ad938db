//! Targets f* = f_k + f_sp: the sum of a polynomial f_k of degree at most k and of f_sp, which is a sum of R
//! powers (β·x)^{k+1} of linear functions.

use faer::{Mat, MatRef, RowRef};

use crate::sphere::{Gegenbauer, HarmonicBasis, ZonalQuadrature, dimension, points::unit_norm};
use crate::{Error, Result, network, sphere, tolerance};

/// A sparse term α (β·x)^{k+1}.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseTerm {
    /// The coefficient, |α| ≤ 1.
    pub alpha: f64,
    /// The direction, a unit vector of R^d.
    pub beta: Vec<f64>,
}

/// A zonal term of the low-degree part: coefficient · P_degree(η·x/√d).
#[derive(Debug, Clone, PartialEq)]
pub struct ZonalTerm {
    /// The degree, at most k.
    pub degree: usize,
    /// The coefficient.
    pub coefficient: f64,
    /// The pole, a unit vector of R^d.
    pub eta: Vec<f64>,
}

/// The part f_k of a target, a polynomial of degree at most k.
#[derive(Debug, Clone, PartialEq)]
pub enum LowDegree {
    /// A sum of zonal terms.
    Zonal(Vec<ZonalTerm>),
    /// The n_k coefficients in the orthonormal harmonics of degree at most k, see [`HarmonicBasis`].
    Harmonic(Vec<f64>),
}

/// A target f* = f_k + f_sp, whose numbers have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    d: usize,
    k: usize,
    low: LowDegree,
    sparse: Vec<SparseTerm>,
    legendre: Gegenbauer,
}

/// Normalises a direction, or refuses it with an error that calls it `name`. Directions are often typed by
/// hand or stored as f32, so the tolerance is that of f32.
fn unit(name: &str, v: &mut [f64], d: usize) -> Result<()> {
    if v.len() != d {
        return Err(Error::domain(
            format!("the length of {name}"),
            v.len(),
            format!("d = {d} entries are needed"),
        ));
    }
    let checked = unit_norm("the direction", 0, RowRef::from_slice(v), tolerance::UNIT_NORM_F32);
    let norm = checked.map_err(|e| match e {
        Error::NotFinite { value, .. } => {
            Error::domain(format!("an entry of {name}"), value, "every entry must be finite")
        }
        Error::NotUnit { norm, tolerance, .. } => Error::domain(
            format!("the norm of {name}"),
            norm,
            format!("a unit vector to within {tolerance:e} is needed"),
        ),
        other => other,
    })?;
    v.iter_mut().for_each(|x| *x /= norm);
    Ok(())
}

impl Target {
    /// The target of dimension d with this low-degree part and these sparse terms. Directions within
    /// [`tolerance::UNIT_NORM_F32`] of unit norm are renormalised. The mean square of f_k, which NBL22
    /// assumes to be 1, may have any value; [`Target::low_second_moment`] returns it.
    ///
    /// # Errors
    /// d below 3 or above 2⁵³; k = 0; a direction of the wrong length or not a unit vector; |α| > 1; a
    /// degree above k; the wrong number of harmonic coefficients; a number that is not finite.
    pub fn new(d: usize, k: usize, mut low: LowDegree, mut sparse: Vec<SparseTerm>) -> Result<Self> {
        sphere::require_dimension(d)?;
        if k == 0 || k > sphere::zonal::MAX_DEGREE {
            return Err(Error::domain(
                "k",
                k,
                format!("the low degree is from 1 to {}", sphere::zonal::MAX_DEGREE),
            ));
        }
        for (number, term) in (1..).zip(&mut sparse) {
            if term.alpha.is_nan() || term.alpha.abs() > 1.0 {
                return Err(Error::domain(
                    "alpha",
                    term.alpha,
                    format!("|alpha| ≤ 1 in sparse term {number}"),
                ));
            }
            unit(&format!("beta of sparse term {number}"), &mut term.beta, d)?;
        }
        match &mut low {
            LowDegree::Zonal(terms) => {
                for (number, term) in (1..).zip(terms) {
                    if term.degree > k {
                        return Err(Error::domain(
                            "degree",
                            term.degree,
                            format!("at most k = {k} in low-degree term {number}"),
                        ));
                    }
                    if !term.coefficient.is_finite() {
                        return Err(Error::domain(
                            "coefficient",
                            term.coefficient,
                            format!("a finite number in low-degree term {number}"),
                        ));
                    }
                    unit(&format!("eta of low-degree term {number}"), &mut term.eta, d)?;
                }
            }
            LowDegree::Harmonic(c) => {
                let n = sphere::cumulative_dimension(d, k)?;
                if c.len() != n {
                    return Err(Error::shape(
                        "the harmonic coefficients",
                        [c.len(), 1],
                        format!("n_k = {n}, 1"),
                    ));
                }
                if let Some(row) = c.iter().position(|x| !x.is_finite()) {
                    return Err(Error::NotFinite {
                        name: "the harmonic coefficients",
                        value: c[row],
                        row,
                        col: 0,
                    });
                }
            }
        }
        Ok(Self { d, k, low, sparse, legendre: Gegenbauer::new(d)? })
    }

    /// The target whose f_k takes the given `values` at the rows of `x` (`[n, d]`, n ≥ n_k), by least
    /// squares in the harmonics of degree at most k. Only the directions of the rows are used.
    ///
    /// # Errors
    /// As [`Target::new`] and [`HarmonicBasis::fit`]; [`Error::Domain`] where the residual of the fit
    /// exceeds n·condition roundings of the root mean square, so that the values are not those of a
    /// polynomial of degree at most k.
    pub fn from_values(
        x: MatRef<'_, f64>,
        values: &[f64],
        k: usize,
        sparse: Vec<SparseTerm>,
    ) -> Result<Self> {
        let d = x.ncols();
        let basis = HarmonicBasis::new(d, k)?;
        let fit = basis.fit(directions(x)?.as_ref(), values)?;
        let n = values.len() as f64;
        let size = (values.iter().map(|v| v * v).sum::<f64>() / n).sqrt();
        let allowed = n * fit.condition * f64::EPSILON * size;
        if fit.residual > allowed {
            let want = format!(
                "values of a polynomial of degree at most {k} leave at most {allowed:.1e}, so this function \
                 is not one"
            );
            return Err(Error::domain("the residual of the fit", format!("{:e}", fit.residual), want));
        }
        Self::new(d, k, LowDegree::Harmonic(fit.coefficients), sparse)
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The low degree k.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The number n_k of harmonics of degree at most k.
    ///
    /// # Errors
    /// The count does not fit 64 bits.
    pub fn n_k(&self) -> Result<usize> {
        sphere::cumulative_dimension(self.d, self.k)
    }

    /// The part f_k.
    pub fn low(&self) -> &LowDegree {
        &self.low
    }

    /// The terms of f_sp.
    pub fn sparse(&self) -> &[SparseTerm] {
        &self.sparse
    }

    /// The mean square E f_k², exactly: `Σ c c' δ_jj' P_j(η·η')/B(d,j)` over pairs of zonal terms, or the
    /// sum of squared harmonic coefficients.
    pub fn low_second_moment(&self) -> f64 {
        match &self.low {
            LowDegree::Harmonic(c) => c.iter().map(|c| c * c).sum(),
            LowDegree::Zonal(terms) => {
                let pairs = terms.iter().flat_map(|a| terms.iter().map(move |b| (a, b)));
                let same = pairs.filter(|(a, b)| a.degree == b.degree);
                let value = |a: &ZonalTerm, b: &ZonalTerm| {
                    self.legendre.value(a.degree, dot(&a.eta, &b.eta)) / dimension(self.d, a.degree)
                };
                same.map(|(a, b)| a.coefficient * b.coefficient * value(a, b)).sum()
            }
        }
    }

    /// The mean square `E f_sp² = Σ_{i,i'} α_i α_i' Σ_j ĝ_j² P_j(β_i·β_i')`, exactly, with the orthonormal
    /// coefficients ĝ_j of (√d z)^{k+1}.
    ///
    /// # Errors
    /// As [`sphere::orthonormal_coefficients`].
    pub fn sparse_second_moment(&self) -> Result<f64> {
        let c = monomial_coefficients(self.d, self.k + 1, self.k + 1)?;
        let series =
            |t: f64| c.iter().enumerate().map(|(j, c)| c * c * self.legendre.value(j, t)).sum::<f64>();
        let pairs = self.sparse.iter().flat_map(|a| self.sparse.iter().map(move |b| (a, b)));
        Ok(pairs.map(|(a, b)| a.alpha * b.alpha * series(dot(&a.beta, &b.beta))).sum())
    }

    /// The same target with f_k divided by √(E f_k²), so that E f_k² = 1.
    ///
    /// # Errors
    /// [`Error::Domain`] when f_k is zero, to within the rounding of its terms.
    pub fn normalised(mut self) -> Result<Self> {
        let moment = self.low_second_moment();
        let (size, count) = match &self.low {
            LowDegree::Harmonic(c) => (c.iter().map(|c| c * c).sum::<f64>(), c.len()),
            LowDegree::Zonal(t) => (
                t.iter()
                    .map(|t| t.coefficient.abs() / dimension(self.d, t.degree).sqrt())
                    .sum::<f64>()
                    .powi(2),
                t.len(),
            ),
        };
        // Every P_j is right to a few roundings, and at most count² products can cancel.
        if moment.is_nan() || moment <= 8.0 * f64::EPSILON * size * (1 + count) as f64 {
            return Err(Error::domain("E f_k²", moment, "it must be positive to be normalised"));
        }
        let scale = moment.sqrt().recip();
        match &mut self.low {
            LowDegree::Harmonic(c) => c.iter_mut().for_each(|c| *c *= scale),
            LowDegree::Zonal(t) => t.iter_mut().for_each(|t| t.coefficient *= scale),
        }
        Ok(self)
    }

    /// f_k at each row of `x` (`[n, d]`): n values. Off the sphere of radius √d, the zonal form is the
    /// polynomial in η·x/√d, and the harmonic form depends only on the direction of x.
    ///
    /// # Errors
    /// A shape that does not fit, an entry that is not finite, or (harmonic form) a zero input.
    pub fn f_k(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
        self.check(x)?;
        match &self.low {
            LowDegree::Zonal(terms) => {
                let root = (self.d as f64).sqrt();
                let value = |row: usize| {
                    let at = |t: &ZonalTerm| {
                        self.legendre
                            .value(t.degree, (0..self.d).map(|i| x[(row, i)] * t.eta[i]).sum::<f64>() / root)
                    };
                    terms.iter().map(|t| t.coefficient * at(t)).sum()
                };
                Ok((0..x.nrows()).map(value).collect())
            }
            LowDegree::Harmonic(c) => {
                let basis = HarmonicBasis::new(self.d, self.k)?;
                let mut out = Vec::with_capacity(x.nrows());
                // In blocks of 256 points, so that memory stays at 256·n_k numbers.
                for first in (0..x.nrows()).step_by(256) {
                    let points = directions(x.subrows(first, 256.min(x.nrows() - first)))?;
                    let mut values = Mat::zeros(points.nrows(), basis.len());
                    basis.evaluate(points.as_ref(), values.as_mut())?;
                    out.extend((&values * faer::ColRef::from_slice(c)).iter());
                }
                Ok(out)
            }
        }
    }

    /// `f_sp(x) = Σ_i α_i (β_i·x)^{k+1}` at each row of `x` (`[n, d]`).
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    pub fn f_sp(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
        self.check(x)?;
        let power = self.k as i32 + 1;
        let term = |row: usize, t: &SparseTerm| {
            t.alpha * (0..self.d).map(|i| x[(row, i)] * t.beta[i]).sum::<f64>().powi(power)
        };
        Ok((0..x.nrows()).map(|row| self.sparse.iter().map(|t| term(row, t)).sum()).collect())
    }

    /// f* = f_k + f_sp at each row of `x` (`[n, d]`).
    ///
    /// # Errors
    /// As [`Target::f_k`] and [`Target::f_sp`].
    pub fn value(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
        let (low, sparse) = (self.f_k(x)?, self.f_sp(x)?);
        Ok(low.iter().zip(&sparse).map(|(a, b)| a + b).collect())
    }

    /// The n_k coefficients of f_k in the orthonormal harmonics of degree at most k. Their squares sum to E
    /// f_k².
    ///
    /// # Errors
    /// The basis cannot be built at this size.
    pub fn harmonic_coefficients(&self) -> Result<Vec<f64>> {
        match &self.low {
            LowDegree::Harmonic(c) => Ok(c.clone()),
            LowDegree::Zonal(terms) => {
                let basis = HarmonicBasis::new(self.d, self.k)?;
                let mut out = vec![0.0; basis.len()];
                for t in terms {
                    for (o, c) in out.iter_mut().zip(basis.project_zonal(t.degree, &t.eta)?) {
                        *o += t.coefficient * c;
                    }
                }
                Ok(out)
            }
        }
    }

    fn check(&self, x: MatRef<'_, f64>) -> Result<()> {
        if x.ncols() != self.d {
            return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], format!("n, d = {}", self.d)));
        }
        network::finite("the inputs", x)
    }
}

/// `E[(√d z)^power p̂_j(z)]` for j ≤ `max_degree`, by a Gauss quadrature of an order that makes it exact.
pub(super) fn monomial_coefficients(d: usize, power: usize, max_degree: usize) -> Result<Vec<f64>> {
    let root = (d as f64).sqrt();
    let rule = ZonalQuadrature::shared(d, (power + max_degree) / 2 + 1)?;
    Ok(rule.orthonormal_coefficients(|z| (root * z).powi(power as i32), max_degree))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The rows of `x` divided by their norms.
fn directions(x: MatRef<'_, f64>) -> Result<Mat<f64>> {
    let mut out = x.to_owned();
    for row in 0..x.nrows() {
        let norm = x.row(row).norm_l2();
        if norm == 0.0 {
            return Err(Error::domain(
                "the input",
                format!("row {row} = 0"),
                "an input must have a direction",
            ));
        }
        out.row_mut(row).iter_mut().for_each(|v| *v /= norm);
    }
    Ok(out)
}
