//! The statistics behind a verdict: a clustered straight-line fit, Student-t and Clopper–Pearson limits.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// Two-sided confidence of the limits on an exponent.
///
/// The slack of ¼ between "true" and "refuted" is many standard errors wide wherever the control is refuted,
/// so that 95 % decides no verdict that 99 % would decide otherwise in the other direction: it only moves
/// some to *inconclusive*.
pub const GROWTH_CONFIDENCE: f64 = 0.95;

/// Two-sided confidence of the limits on a probability.
pub const PROBABILITY_CONFIDENCE: f64 = 0.99;

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
    /// Degrees of freedom: clusters minus two.
    pub freedom: f64,
    /// p-value of the lack-of-fit F test; `None` without replicates.
    pub lack_of_fit_p: Option<f64>,
    /// Largest distance of a point from the line.
    pub scatter: f64,
    /// Bound on the change of the slope when every y moves by its own error.
    pub certificate: f64,
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
    /// The standard error is the larger of two: the cluster-robust one with the CR1 correction
    /// `G/(G−1)·(N−1)/(N−2)`, and the classical one of the line through the G cluster means. (With few
    /// clusters CR1 alone is biased low.) `None` with fewer than three clusters.
    pub fn fit(points: &[Point]) -> Option<Self> {
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

        let score = |c: &&[Point]| c.iter().map(|p| (p.x - x0) * residual(p)).sum::<f64>().powi(2);
        let robust =
            clusters.iter().map(score).sum::<f64>() / (sxx * sxx) * g / (g - 1.0) * (n - 1.0) / (n - 2.0);
        let means: Vec<(f64, f64)> =
            clusters.iter().map(|c| (c[0].x, c.iter().map(|p| p.y).sum::<f64>() / c.len() as f64)).collect();
        let classical = variance_of_slope(&means);

        let scatter = sorted.iter().map(|p| residual(p).abs()).fold(0.0, f64::max);
        let certificate = sorted.iter().map(|p| (p.x - x0).abs() * p.error).sum::<f64>() / sxx;
        let size = sorted.iter().map(|p| p.y.abs()).fold(1.0, f64::max);
        let exact = scatter <= EXACT_SCATTER * size;

        let pure: f64 =
            clusters.iter().zip(&means).flat_map(|(c, m)| c.iter().map(move |p| (p.y - m.1).powi(2))).sum();
        let total: f64 = sorted.iter().map(|p| residual(p).powi(2)).sum();
        let lack_of_fit_p =
            if n > g && !exact { Some(f_tail((total - pure).max(0.0), g - 2.0, pure, n - g)) } else { None };
        Some(Self {
            slope,
            intercept: y0 - slope * x0,
            standard_error: if exact { 0.0 } else { robust.max(classical).sqrt() },
            freedom: g - 2.0,
            lack_of_fit_p,
            scatter,
            certificate,
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

/// The quantile of Student's t distribution; infinite when there is no freedom.
pub fn student_quantile(probability: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(probability))
}

/// `P(T ≥ t)` for Student's t distribution; 1 where there is no freedom.
pub fn student_tail(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |student| student.sf(t))
}

/// Clopper–Pearson limits on the probability of an event seen `successes` times in `trials`, at
/// [`PROBABILITY_CONFIDENCE`].
pub fn clopper_pearson(successes: u64, trials: u64) -> (f64, f64) {
    let alpha = 1.0 - PROBABILITY_CONFIDENCE;
    let successes = successes.min(trials);
    let (x, n) = (successes as f64, trials as f64);
    let quantile = |a: f64, b: f64, p: f64, otherwise: f64| {
        Beta::new(a, b).map_or(otherwise, |beta| beta.inverse_cdf(p))
    };
    let lower = if successes == 0 { 0.0 } else { quantile(x, n - x + 1.0, alpha / 2.0, 0.0) };
    let upper = if successes == trials { 1.0 } else { quantile(x + 1.0, n - x, 1.0 - alpha / 2.0, 1.0) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(xy: &[(f64, f64)]) -> Vec<Point> {
        xy.iter().map(|&(x, y)| Point { x, y, error: 0.0 }).collect()
    }

    #[test]
    fn the_fit_agrees_with_a_hand_computation() {
        // x = 0, 0, 1, 1, 2, 2; cluster means 1, 2, 6: slope 5/2, fitted 1/2, 3, 11/2; residuals by hand.
        let line = Line::fit(&points(&[(0., 0.), (0., 2.), (1., 1.), (1., 3.), (2., 5.), (2., 7.)])).unwrap();
        assert!((line.slope - 2.5).abs() < 1e-15 && (line.intercept - 0.5).abs() < 1e-15);
        // Scores (x − 1)·Σ residuals: 1 (times −1), 0, 1; sxx = 4; CR1 = 2/16 · 3/2 · 5/4. Means: rss = 1.5,
        // one freedom, sxx = 2.
        let (cr1, means) = (2.0f64 / 16.0 * 1.5 * 1.25, 1.5f64 / 2.0);
        assert!((line.standard_error - cr1.max(means).sqrt()).abs() < 1e-15);
        // Lack of fit 3 on 1 freedom, pure error 6 on 3: F = 1.5, p = 0.3081 (tables).
        assert!((line.lack_of_fit_p.unwrap() - 0.308_1).abs() < 1e-4);
        assert_eq!(line.freedom, 1.0);
    }

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        // 12.706 (one freedom), 3.182 (three), 2.228 (ten).
        for (freedom, table) in [(1.0, 12.706), (3.0, 3.182), (10.0, 2.228)] {
            assert!((student_quantile(0.975, freedom) - table).abs() < 5e-4, "{freedom}");
        }
    }

    #[test]
    fn a_prediction_agrees_with_a_hand_computation() {
        // y = 0, 1, 5 at 0, 1, 2: line −½ + 5/2·x, residuals ½, −1, ½, one freedom, variance 3/2. At 3: 7; 1
        // + 1/3 + 4/2.
        let given = points(&[(0., 0.), (1., 1.), (2., 5.)]);
        let p = predict(|| given.iter().copied(), 3.0).unwrap();
        assert!((p.value - 7.0).abs() < 1e-14 && (p.standard_error - 5.0f64.sqrt()).abs() < 1e-14);
        assert_eq!((p.freedom, p.error), (1.0, 0.0));
        // Errors: the weights at 3 are −2/3, 1/3, 4/3.
        let unsure: Vec<Point> = given.iter().map(|p| Point { error: 0.3, ..*p }).collect();
        assert!((predict(|| unsure.iter().copied(), 3.0).unwrap().error - 0.7).abs() < 1e-14);
        assert!(predict(|| points(&[(0., 0.), (1., 1.), (1., 5.)]).into_iter(), 3.0).is_none());
        // t = 12.706 with one freedom: 2.5 % above it.
        assert!((student_tail(12.706, 1.0) - 0.025).abs() < 1e-6 && student_tail(1.0, 0.0) == 1.0);
    }

    #[test]
    fn clopper_pearson_has_its_closed_form_at_the_ends() {
        // No success in n trials: upper limit 1 − (α/2)^{1/n}.
        let (lower, upper) = clopper_pearson(0, 30);
        assert_eq!(lower, 0.0);
        assert!((upper - (1.0 - 0.005f64.powf(1.0 / 30.0))).abs() < 1e-10);
        let (lower, upper) = clopper_pearson(30, 30);
        assert_eq!(upper, 1.0);
        assert!((lower - 0.005f64.powf(1.0 / 30.0)).abs() < 1e-10);
        // In between: the binomial tails at the limits are α/2. 7 of 20.
        let (lower, upper) = clopper_pearson(7, 20);
        let choose = |k: u32| (1..=k).fold(1.0, |c, i| c * f64::from(21 - i) / f64::from(i));
        let mass = |p: f64, k: u32| choose(k) * p.powi(k as i32) * (1.0 - p).powi(20 - k as i32);
        assert!(((7..=20).map(|k| mass(lower, k)).sum::<f64>() - 0.005).abs() < 1e-9);
        assert!(((0..=7).map(|k| mass(upper, k)).sum::<f64>() - 0.005).abs() < 1e-9);
        assert_eq!(clopper_pearson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn points_on_a_line_have_collapsed_limits_and_no_nan() {
        let line = Line::fit(&points(&[(0., 1.), (1., 1.5), (2., 2.), (3., 2.5), (3., 2.5)])).unwrap();
        assert!(line.exact() && line.limits() == (line.slope, line.slope) && line.lack_of_fit_p.is_none());
        let flat = Line::fit(&points(&[(0., 1.), (1., 1.), (2., 1.)])).unwrap();
        assert_eq!((flat.slope, flat.limits()), (0.0, (0.0, 0.0)));
        assert!(Line::fit(&points(&[(0., 1.), (1., 1.)])).is_none());
    }

    #[test]
    fn errors_of_the_points_widen_the_limits() {
        let mut p = points(&[(0., 0.), (1., 1.), (2., 2.)]);
        p[2].error = 0.1;
        let (lower, upper) = Line::fit(&p).unwrap().limits();
        // The slope is Σ (x − 1) y / 2: it moves by 0.05.
        assert!((lower - 0.95).abs() < 1e-12 && (upper - 1.05).abs() < 1e-12);
    }
}
