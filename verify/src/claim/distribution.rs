//! Distributions behind the limits on measured numbers: means of draws with Student's t, and Clopper–Pearson
//! limits on a probability.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// Two-sided confidence of the limits on an exponent.
///
/// The slack of ¼ between "true" and "refuted" is many standard errors wide wherever the control is refuted,
/// so that 95 % decides no verdict that 99 % would decide otherwise in the other direction: it only moves
/// some to *inconclusive*.
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
