//! Straight lines through logarithms: a clustered fit with Student's limits on its slope, and the prediction
//! of a new point.

use super::exponent::Estimate;
use super::pooled::Slope;
use crate::claim::distribution::{GROWTH_CONFIDENCE, student_quantile};
use escapement::tolerance::LACK_OF_FIT;
use statrs::function::beta::beta_reg;

/// Relative scatter below which a sweep counts as being without variance: some hundred roundings of a
/// logarithm of order 10.
pub const EXACT_SCATTER: f64 = 1e-13;

/// A straight line through points in clusters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Slope.
    pub slope: f64,
    /// Intercept.
    pub intercept: f64,
    /// Standard error of the slope; 0 for points exactly on a line.
    pub standard_error: f64,
    /// Degrees of freedom: clusters minus two, or points minus two ([`Scatter`]).
    pub freedom: f64,
    /// Probability of a departure from the line as large as that of the clusters: of the lack-of-fit F test
    /// where there are replicates, and else of the quadratic term; 0 where the replicates are copies of each
    /// other. `None` for points on a line, and for three clusters without replicates.
    pub lack_of_fit_p: Option<f64>,
    /// By how much the slope at the end differs from that of the line, were the largest departure of a
    /// cluster from it that of a parabola: `6 departure/(x_max − x_min)`.
    pub bend: f64,
    /// Largest distance of a point from the line.
    pub scatter: f64,
    /// Bound on the change of the slope when every y moves by its own error.
    pub certificate: f64,
}

/// What counts as an independent observation in a [`Line`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scatter {
    /// A cluster: the line itself may be wrong by as much as the clusters are off.
    OfClusters,
    /// A point, where some cluster has several: for a line that is known to fit.
    OfPoints,
}

/// One point of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Abscissa; points with the same bits form a cluster.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// Bound on the error of y.
    pub error: f64,
}

impl Line {
    /// Ordinary least squares of y on x, clusters being the points of equal x.
    ///
    /// Among clusters the standard error is the larger of two: the cluster-robust one with the CR1
    /// correction `G/(G−1)·(N−1)/(N−2)`, and the classical one of the line through the G cluster means.
    /// (With few clusters CR1 alone is biased low.) Among points it is the classical one of the line through
    /// them. `None` with fewer than three clusters.
    pub fn fit(points: &[Point], scatter: Scatter) -> Option<Self> {
        let mut sorted = points.to_vec();
        sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        let clusters: Vec<&[Point]> = sorted.chunk_by(|a, b| a.x == b.x).collect();
        let (n, g) = (sorted.len() as f64, clusters.len() as f64);
        if clusters.len() < 3 {
            return None;
        }
        let mean = |f: &dyn Fn(&Point) -> f64| sorted.iter().map(f).sum::<f64>() / n;
        let (x0, y0) = (mean(&|p| p.x), mean(&|p| p.y));
        let sxx: f64 = sorted.iter().map(|p| (p.x - x0).powi(2)).sum();
        let slope = sorted.iter().map(|p| (p.x - x0) * (p.y - y0)).sum::<f64>() / sxx;
        let residual = |p: &Point| p.y - y0 - slope * (p.x - x0);
        let means: Vec<(f64, f64)> =
            clusters.iter().map(|c| (c[0].x, c.iter().map(|p| p.y).sum::<f64>() / c.len() as f64)).collect();
        let total: f64 = sorted.iter().map(|p| residual(p).powi(2)).sum();
        let pure: f64 =
            clusters.iter().zip(&means).flat_map(|(c, m)| c.iter().map(move |p| (p.y - m.1).powi(2))).sum();

        let (variance, freedom) = if scatter == Scatter::OfPoints && n > g {
            (total / (n - 2.0) / sxx, n - 2.0)
        } else {
            let score = |c: &&[Point]| c.iter().map(|p| (p.x - x0) * residual(p)).sum::<f64>().powi(2);
            let sum: f64 = clusters.iter().map(score).sum();
            let robust = sum / (sxx * sxx) * g / (g - 1.0) * (n - 1.0) / (n - 2.0);
            (robust.max(variance_of_slope(&means)), g - 2.0)
        };
        let size = sorted.iter().map(|p| p.y.abs()).fold(1.0, f64::max);
        let largest = sorted.iter().map(|p| residual(p).abs()).fold(0.0, f64::max);
        let exact = largest <= EXACT_SCATTER * size;
        // Copies differ by the rounding of their mean alone.
        let pure = if pure <= n * (EXACT_SCATTER * size).powi(2) { 0.0 } else { pure };
        let lack_of_fit_p = match exact {
            true => None,
            false if n > g => Some(f_tail((total - pure).max(0.0), g - 2.0, pure, n - g)),
            false => {
                without_parabola(&means).map(|rest| f_tail((total - rest).max(0.0), 1.0, rest, g - 3.0))
            }
        };
        let off = means.iter().map(|(x, y)| (y - y0 - slope * (x - x0)).abs()).fold(0.0, f64::max);
        Some(Self {
            slope,
            intercept: y0 - slope * x0,
            standard_error: if exact { 0.0 } else { variance.sqrt() },
            freedom,
            lack_of_fit_p,
            bend: 6.0 * off / (means[means.len() - 1].0 - means[0].0),
            scatter: largest,
            certificate: sorted.iter().map(|p| (p.x - x0).abs() * p.error).sum::<f64>() / sxx,
        })
    }

    /// Student-t limits on the slope at [`GROWTH_CONFIDENCE`], widened by what the errors of the points can
    /// do.
    pub fn limits(&self) -> (f64, f64) {
        let half = if self.standard_error > 0.0 {
            student_quantile(0.5 + GROWTH_CONFIDENCE / 2.0, self.freedom) * self.standard_error
        } else {
            0.0
        };
        (self.slope - half - self.certificate, self.slope + half + self.certificate)
    }

    /// The slope with its limits.
    pub(super) fn estimate(&self) -> Estimate {
        let (lower, upper) = self.limits();
        Estimate { value: self.slope, lower, upper }
    }

    /// The slope as one of several sweeps.
    pub(super) fn of_sweep(&self) -> Slope {
        let Self { slope: value, standard_error, freedom, certificate, .. } = *self;
        Slope { value, standard_error, freedom, certificate }
    }

    /// Whether the points bend by more than chance allows, when `looks` lines are looked at, and by enough
    /// to move the exponent at the end by half of the slack.
    pub fn bends(&self, slack: f64, looks: usize) -> bool {
        self.lack_of_fit_p.is_some_and(|p| p * looks as f64 <= LACK_OF_FIT) && self.bend > 0.5 * slack
    }

    /// Whether the points lie on the line to rounding.
    pub fn exact(&self) -> bool {
        self.standard_error == 0.0
    }
}

/// Variance of the slope of the classical straight line through `(x, y)`.
fn variance_of_slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let x0 = points.iter().map(|p| p.0).sum::<f64>() / n;
    let y0 = points.iter().map(|p| p.1).sum::<f64>() / n;
    let sxx: f64 = points.iter().map(|p| (p.0 - x0).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - x0) * (p.1 - y0)).sum::<f64>() / sxx;
    let rss: f64 = points.iter().map(|p| (p.1 - y0 - slope * (p.0 - x0)).powi(2)).sum();
    rss / (n - 2.0) / sxx
}

/// The sum of squares that a parabola through `(x, y)` leaves; `None` with fewer than four points.
fn without_parabola(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    if points.len() < 4 {
        return None;
    }
    // The quadratic polynomial orthogonal to lines on these points.
    let x0 = points.iter().map(|p| p.0).sum::<f64>() / n;
    let moment = |k: i32| points.iter().map(|p| (p.0 - x0).powi(k)).sum::<f64>() / n;
    let (second, third) = (moment(2), moment(3));
    let square = |x: f64| (x - x0).powi(2) - second - third / second * (x - x0);
    let y0 = points.iter().map(|p| p.1).sum::<f64>() / n;
    let slope = points.iter().map(|p| (p.0 - x0) * p.1).sum::<f64>() / (n * second);
    let coefficient = points.iter().map(|p| square(p.0) * p.1).sum::<f64>()
        / points.iter().map(|p| square(p.0).powi(2)).sum::<f64>();
    let residual = |p: &(f64, f64)| p.1 - y0 - slope * (p.0 - x0) - coefficient * square(p.0);
    Some(points.iter().map(|p| residual(p).powi(2)).sum())
}

/// What a straight line says of a new point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Its ordinate.
    pub value: f64,
    /// Standard error of the difference between it and the new point; 0 for points exactly on a line.
    pub standard_error: f64,
    /// Degrees of freedom: points minus two.
    pub freedom: f64,
    /// Bound on the change of the value when every y moves by its own error.
    pub error: f64,
}

/// The ordinate at `x` on the line of ordinary least squares through points with independent scatter; `None`
/// with fewer than three abscissas.
pub fn predict<I: Iterator<Item = Point>>(points: impl Fn() -> I, x: f64) -> Option<Prediction> {
    let n = points().count() as f64;
    let mean = |f: &dyn Fn(&Point) -> f64| points().map(|p| f(&p)).sum::<f64>() / n;
    let (x0, y0) = (mean(&|p| p.x), mean(&|p| p.y));
    let first = points().next()?.x;
    let second = points().find(|p| p.x != first)?.x;
    points().find(|p| p.x != first && p.x != second)?;
    let sum = |f: &dyn Fn(&Point) -> f64| points().map(|p| f(&p)).sum::<f64>();
    let sxx = sum(&|p| (p.x - x0).powi(2));
    let slope = sum(&|p| (p.x - x0) * (p.y - y0)) / sxx;
    let variance = sum(&|p| (p.y - y0 - slope * (p.x - x0)).powi(2)) / (n - 2.0);
    // The weights of the ordinates in the value add up to 1.
    let error = sum(&|p| (1.0 / n + (x - x0) * (p.x - x0) / sxx).abs() * p.error);
    let standard_error = (variance * (1.0 + 1.0 / n + (x - x0).powi(2) / sxx)).sqrt();
    Some(Prediction { value: y0 + slope * (x - x0), standard_error, freedom: n - 2.0, error })
}

/// `P(F ≥ (s1/n1)/(s2/n2))` for the F distribution with n1 and n2 degrees of freedom.
fn f_tail(s1: f64, n1: f64, s2: f64, n2: f64) -> f64 {
    // I_{s2/(s1+s2)}(n2/2, n1/2), which needs no division by a vanishing s2.
    if s1 + s2 == 0.0 { 1.0 } else { beta_reg(n2 / 2.0, n1 / 2.0, (s2 / (s1 + s2)).clamp(0.0, 1.0)) }
}
