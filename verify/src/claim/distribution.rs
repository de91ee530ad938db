//! Distributions behind the limits on measured numbers: means of draws with Student's t, and (in
//! [`super::binomial`]) Clopper–Pearson limits on a probability.

pub use super::binomial::clopper_pearson;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Two-sided confidence of the limits on an exponent.
///
/// The slack between "true" and "refuted" is several standard errors wide wherever a bound scales, so that
/// 95 % decides no verdict that 99 % would decide otherwise in the other direction: it only moves some to
/// *inconclusive*.
pub const GROWTH_CONFIDENCE: f64 = 0.95;

/// Two-sided confidence of the limits on a probability.
pub const PROBABILITY_CONFIDENCE: f64 = 0.99;

/// The quantile of Student's t distribution; infinite when there is no freedom.
pub fn student_quantile(probability: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(probability))
}

/// `P(T ≥ t)` for Student's t distribution; 1 where there is no freedom.
pub fn student_tail(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |student| student.sf(t))
}

/// The mean of independent draws, and the standard error of that mean.
pub fn mean_and_error(draws: &[f64]) -> (f64, f64) {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

/// The mean of independent draws, and half of the Student interval for its expectation that fails with the
/// probability `failure`.
pub fn student_interval(draws: &[f64], failure: f64) -> (f64, f64) {
    let (mean, error) = mean_and_error(draws);
    (mean, student_quantile(1.0 - 0.5 * failure, draws.len() as f64 - 1.0) * error)
}
