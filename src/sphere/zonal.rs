//! Zonal coefficients, which are coefficients of functions of one coordinate, and the description of Σ
//! degree by degree that follows from them.
//!
//! With `p̂_j = √B(d,j) P_j` and `z = w·x/√d`, the coefficient of degree j is `ĝ_j = E[g(√d z) p̂_j(z)]`. It
//! is bounded by `√E[g²]` at any dimension and degree, so that no coefficient overflows. The usual scale is
//! `λ_j(g) = E[g(√d z) P_j(z)] = ĝ_j/√B(d,j)`.

use super::gegenbauer::{dimension, log_dimension, sqrt_dimension};
use super::quadrature::ZonalQuadrature;
use crate::activation::Activation;
use crate::tolerance::{ZONAL_ROUNDINGS, ZONAL_ROUNDINGS_PER_DEGREE};
use crate::{Error, Result};

/// The largest degree at which the series of Σ may be cut.
pub const MAX_DEGREE: usize = 512;

/// The largest order of the quadratures that are compared.
const MAX_ORDER: usize = 4096;

/// `ĝ_j = E[g(√d z) p̂_j(z)]` for `0 ≤ j ≤ max_degree`; `g` takes the argument `√d z`.
///
/// The order of the quadrature is doubled until all coefficients and `E[g²]` agree to rounding.
///
/// # Errors
/// [`Error::Dimension`] unless `3 ≤ d ≤ 2⁵³`; [`Error::Domain`] if `max_degree >` [`MAX_DEGREE`];
/// [`Error::Numerical`] if `g` is not finite on the nodes, or too rough for 4096 of them (a jump, for
/// instance).
///
/// # Accuracy
/// The absolute error is at most `(8 + j)·2⁻⁵²·√E[g²]`, see [`crate::tolerance::ZONAL_ROUNDINGS`]; less than
/// a quarter of that was measured.
pub fn orthonormal_coefficients(d: usize, g: &dyn Fn(f64) -> f64, max_degree: usize) -> Result<Vec<f64>> {
    let root = (d as f64).sqrt();
    Ok(expand(d, &|z| g(root * z), max_degree)?.coefficients)
}

/// `λ_j(g) = E[g(√d z) P_j(z)]` for `0 ≤ j ≤ max_degree`, so that `E_x[g(w·x) Y_j(x̂)] = λ_j(g) Y_j(w)`
/// (Funk–Hecke).
///
/// # Errors and accuracy
/// As [`orthonormal_coefficients`], divided by `√B(d,j)`.
///
/// ```
/// let lambda = escapement::sphere::lambda(5, &|z| z * z, 2)?;
/// assert!((lambda[0] - 1.0).abs() < 1e-15 && lambda[1] == 0.0); // E (√d z)² = 1; odd degrees vanish
/// assert!((lambda[2] - 2.0 / 7.0).abs() < 1e-15); // 5t² = 1 + 4 P_2(t), and E P_2² = 1/14
/// # Ok::<(), escapement::Error>(())
/// ```
pub fn lambda(d: usize, g: &dyn Fn(f64) -> f64, max_degree: usize) -> Result<Vec<f64>> {
    let mut c = orthonormal_coefficients(d, g, max_degree)?;
    for (j, c) in c.iter_mut().enumerate() {
        *c /= sqrt_dimension(d, j);
    }
    Ok(c)
}

/// The coefficients of a function of `z`, and the mean square of the function.
struct Expansion {
    coefficients: Vec<f64>,
    mean_square: f64,
}

/// The rounding that is allowed in a coefficient of degree `j` of a function of unit mean square.
fn coefficient_rounding(j: usize) -> f64 {
    (ZONAL_ROUNDINGS + ZONAL_ROUNDINGS_PER_DEGREE * j as f64) * f64::EPSILON
}

/// Expands `g`, a function of z, with quadratures of doubled order until coefficients and mean square agree
/// to rounding.
fn expand(d: usize, g: &dyn Fn(f64) -> f64, max_degree: usize) -> Result<Expansion> {
    if max_degree > MAX_DEGREE {
        return Err(Error::domain(
            "degree",
            max_degree,
            format!("zonal coefficients are offered up to degree {MAX_DEGREE}"),
        ));
    }
    let at_order = |order: usize| -> Result<Expansion> {
        let q = ZonalQuadrature::shared(d, order)?;
        let mean_square = q.expect(|z| g(z) * g(z));
        if !mean_square.is_finite() {
            let z = q.nodes().iter().copied().find(|&z| !g(z).is_finite()).unwrap_or(f64::NAN);
            let why = format!("the function takes the value {} at w·x = {}", g(z), (d as f64).sqrt() * z);
            return Err(Error::Numerical { what: "zonal quadrature", why });
        }
        Ok(Expansion { coefficients: q.orthonormal_coefficients(g, max_degree), mean_square })
    };
    // The order is at least twice the degree, so that only degrees above 3j can be mistaken for degree j.
    let mut order = (2 * (max_degree + 1)).next_power_of_two().max(64);
    let mut coarse = at_order(order)?;
    let mut gap = f64::INFINITY;
    while order < MAX_ORDER {
        order *= 2;
        let fine = at_order(order)?;
        let norm = fine.mean_square.sqrt();
        // The two results have independent roundings, so twice the allowance of one is allowed. The gap is
        // the largest difference in units of that.
        gap = (fine.mean_square - coarse.mean_square).abs()
            / (4.0 * coefficient_rounding(0) * fine.mean_square);
        for (j, (a, b)) in fine.coefficients.iter().zip(&coarse.coefficients).enumerate() {
            gap = gap.max((a - b).abs() / (2.0 * coefficient_rounding(j) * norm));
        }
        // The zero function has gap 0/0.
        if gap <= 1.0 || (fine.mean_square == 0.0 && coarse.mean_square == 0.0) {
            return Ok(fine);
        }
        coarse = fine;
    }
    Err(Error::Numerical {
        what: "zonal quadrature",
        why: format!(
            "at d = {d} the coefficients up to degree {max_degree} still move by {gap:.1e} times rounding \
             between {} and {order} nodes: the function is too rough",
            order / 2
        ),
    })
}

/// The part of Σ of one degree. The numbers `a_hat`, `c_hat` and `tau` are bounded by the trace; `a`, `c`
/// and `dimension` grow with the degree and may be infinite above degree 150 or so at large d.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// The degree j.
    pub degree: usize,
    /// `B(d,j)`, the multiplicity.
    pub dimension: f64,
    /// `â_j = E_d[√d z σ'(√d z) p̂_j(z)]`.
    pub a_hat: f64,
    /// `ĉ_j = E_{d+2}[σ'(√d z) p̂_{j−1}^{(d+2)}(z)]`, `ĉ_0 = 0`.
    pub c_hat: f64,
    /// `A_j = √B(d,j) â_j`: the radial coefficient, before `w P_j(z)`.
    pub a: f64,
    /// `C_j = √d ĉ_j √B(d+2,j−1) (d−1)/(j(j+d−2))`: the tangential one, before `(x̂ − z w) P_j'(z)`.
    pub c: f64,
    /// `τ_j = (A_j² + j(j+d−2) C_j²)/B(d,j) = â_j² + (d−1) ĉ_j²`: the trace of degree j, which does not
    /// depend on the weights.
    pub tau: f64,
    /// `κ_j = τ_j/B(d,j)`: the eigenvalue of the infinite-width kernel on degree j.
    pub kappa: f64,
}

/// The degree at which the series of Σ is cut. The *tail* at a degree is a bound on the part of Σ above it,
/// in operator norm and in trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truncation {
    /// At the least degree whose tail is at most this times `max_j κ_j`, the largest eigenvalue at infinite
    /// width.
    Tail(f64),
    /// At the least degree whose tail is at most this.
    Absolute(f64),
    /// At this degree.
    Degree(usize),
}

impl Default for Truncation {
    /// The least degree whose tail is at most [`TAIL`](crate::tolerance::TAIL) times the largest eigenvalue.
    fn default() -> Self {
        Self::Tail(crate::tolerance::TAIL)
    }
}

/// The covariance Σ of the features, degree by degree up to a degree J, with a bound on the rest.
///
/// The degree-j part of `x ↦ σ'(w·x) x` is `A_j w P_j(z) + C_j (x̂ − z w) P_j'(z)`. Its trace in Σ is τ_j
/// for any unit weights, and `Σ_j τ_j = d E[σ'(√d z)²]`. The part of each degree is positive semidefinite,
/// so that the degrees above J contribute at most the rest of this sum, in operator norm and in trace.
/// Derived for this project.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureLevels {
    /// Input dimension d.
    pub d: usize,
    /// Name of the activation.
    pub activation: String,
    /// `tr Σ = d E[σ'(√d z)²]`.
    pub trace: f64,
    /// `E[d z² σ'(√d z)²]`, the part of the trace along the weights.
    pub radial: f64,
    /// `E[d (1−z²) σ'(√d z)²]/(d−1)`, the part of the trace in one direction orthogonal to a weight:
    /// `trace = radial + (d−1)·tangential`.
    pub tangential: f64,
    /// Degrees 0 to J.
    pub levels: Vec<Level>,
    rounding: f64,
}

/// The levels by falling κ_j, which is the order of their eigenvalues at infinite width.
pub fn by_kappa(levels: &[Level]) -> Vec<&Level> {
    let mut falling: Vec<&Level> = levels.iter().collect();
    falling.sort_by(|a, b| b.kappa.total_cmp(&a.kappa));
    falling
}

impl FeatureLevels {
    /// The parts of Σ for this activation at dimension `d`, up to the degree that `truncation` asks for.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless `3 ≤ d ≤ 2⁵³`; [`Error::Domain`] if the tolerance is not positive or the
    /// degree above [`MAX_DEGREE`]; [`Error::Certificate`] if no degree up to [`MAX_DEGREE`] meets the
    /// tolerance (rounding counts: about 1e-14 of the trace is the least that can be certified);
    /// [`Error::Numerical`] as in [`orthonormal_coefficients`].
    ///
    /// # Accuracy
    /// Values of 25 digits for τ_j, for degrees up to 60 at d = 100 and 1 000, are met to 1e-15 of the
    /// trace. The rounding of all τ_j together is bounded by [`FeatureLevels::rounding_allowance`].
    pub fn new(d: usize, activation: &dyn Activation, truncation: Truncation) -> Result<Self> {
        super::gegenbauer::require_dimension(d)?;
        if let Truncation::Tail(tolerance) | Truncation::Absolute(tolerance) = truncation
            && !(tolerance > 0.0 && tolerance.is_finite())
        {
            return Err(Error::domain("tail", tolerance, "a tail tolerance is positive and finite"));
        }
        if let Truncation::Degree(degree) = truncation {
            return Self::to_degree(d, activation, degree);
        }
        let mut degree = 31;
        loop {
            let mut all = Self::to_degree(d, activation, degree)?;
            let wanted = match truncation {
                Truncation::Tail(relative) => {
                    relative * all.levels.iter().fold(0.0, |top, l| l.kappa.max(top))
                }
                Truncation::Absolute(tail) => tail,
                Truncation::Degree(_) => f64::INFINITY,
            };
            if let Some(enough) = (0..=degree).find(|&j| all.tail(j) <= wanted) {
                all.levels.truncate(enough + 1);
                return Ok(all);
            }
            if degree == MAX_DEGREE {
                return Err(Error::Certificate {
                    activation: activation.name(),
                    d,
                    tail: all.tail(degree),
                    degree,
                    wanted,
                });
            }
            degree = (2 * degree + 1).min(MAX_DEGREE);
        }
    }

    fn to_degree(d: usize, activation: &dyn Activation, degree: usize) -> Result<Self> {
        // The dimension d + 2 is needed too; where that is too large, d is to be named.
        d.checked_add(2).filter(|&d| d as u64 <= 1 << 53).ok_or(Error::Dimension(d))?;
        let dim = d as f64;
        let root = dim.sqrt();
        let radial = expand(d, &|z| root * z * activation.d1(root * z), degree)?;
        let across = expand(d + 2, &|z| activation.d1(root * z), degree.saturating_sub(1))?;
        // (1−z²) under the weight of dimension d is (d−1)/d times the weight of dimension d+2.
        let trace = radial.mean_square + (dim - 1.0) * across.mean_square;
        let levels: Vec<Level> = (0..=degree)
            .map(|j| {
                let a_hat = radial.coefficients[j];
                let c_hat = if j == 0 { 0.0 } else { across.coefficients[j - 1] };
                level(d, j, a_hat, c_hat)
            })
            .collect();
        // An error |δâ_j| ≤ δ moves τ_j by at most 2|â_j|δ + δ², and likewise for ĉ_j. The trace itself has
        // 4 roundings of a sum of positive terms in each of its two parts.
        let rounding = levels.iter().fold(4.0 * f64::EPSILON * trace, |sum, l| {
            let (up, down) =
                (coefficient_rounding(l.degree), coefficient_rounding(l.degree.saturating_sub(1)));
            let a = up * radial.mean_square.sqrt();
            let c = down * across.mean_square.sqrt();
            sum + a * (2.0 * l.a_hat.abs() + a) + (dim - 1.0) * c * (2.0 * l.c_hat.abs() + c)
        });
        Ok(Self {
            d,
            activation: activation.name(),
            trace,
            radial: radial.mean_square,
            tangential: across.mean_square,
            levels,
            rounding,
        })
    }

    /// The degree J at which the series was cut.
    pub fn max_degree(&self) -> usize {
        self.levels.len() - 1
    }

    /// A bound on the part of Σ of degree above `j`, in operator norm and in trace:
    /// `max(0, trace − Σ_{i≤j} τ_i)` plus [`FeatureLevels::rounding_allowance`]. For `j` beyond
    /// [`FeatureLevels::max_degree`] the bound is that at the maximal degree.
    pub fn tail(&self, j: usize) -> f64 {
        let kept: f64 = self.levels.iter().take(j.saturating_add(1)).map(|l| l.tau).sum();
        (self.trace - kept).max(0.0) + self.rounding
    }

    /// A bound on the rounding of `trace − Σ τ_j`, from the accuracy of each coefficient.
    pub fn rounding_allowance(&self) -> f64 {
        self.rounding
    }

    /// [`FeatureLevels::tail`] at the degree where the series is cut: a bound on the part of Σ that is left
    /// out.
    pub fn truncation_bound(&self) -> f64 {
        self.tail(self.max_degree())
    }
}

fn level(d: usize, j: usize, a_hat: f64, c_hat: f64) -> Level {
    let (dim, deg) = (d as f64, j as f64);
    let b = dimension(d, j);
    let tau = a_hat * a_hat + (dim - 1.0) * c_hat * c_hat;
    let kappa = if b.is_finite() || tau == 0.0 { tau / b } else { (tau.ln() - log_dimension(d, j)).exp() };
    let c = if j == 0 {
        0.0
    } else {
        scaled(c_hat, d + 2, j - 1) * dim.sqrt() * (dim - 1.0) / (deg * (deg + dim - 2.0))
    };
    Level { degree: j, dimension: b, a_hat, c_hat, a: scaled(a_hat, d, j), c, tau, kappa }
}

/// `x √B(d,j)`; zero for `x = 0` even where the root overflows.
fn scaled(x: f64, d: usize, j: usize) -> f64 {
    if x == 0.0 { 0.0 } else { x * sqrt_dimension(d, j) }
}
