//! Several sweeps of one bound: their slopes pooled with the variance between sweeps, and refutations
//! corrected for the number of looks.

use super::exponent::Estimate;
use crate::claim::Side;
use crate::claim::distribution::{GROWTH_CONFIDENCE, student_quantile, student_tail};
use serde::{Deserialize, Serialize};

/// Standard error below which a slope counts as exact: it keeps the weights finite.
const LEAST_ERROR: f64 = 1e-9;

/// A slope of one sweep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slope {
    pub value: f64,
    /// Its standard error, 0 for an exact one, with its degrees of freedom.
    pub standard_error: f64,
    pub freedom: f64,
    /// What the errors of the points can do to it.
    pub certificate: f64,
}

/// The sweeps of a growth together, on one side that binds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pooled {
    /// The side.
    pub side: Side,
    /// The exponent of lhs/rhs, by which the verdict was decided.
    pub ratio: Estimate,
    /// Standard deviation of the exponent between sweeps, beyond their own scatter.
    pub between: f64,
    /// How many sweeps.
    pub sweeps: usize,
    /// The exponent of lhs/rhs over the upper halves, or over what decided where that is less.
    pub upper_half: Estimate,
    /// What decided: 0 for whole sweeps, 1 for their upper halves because the whole bends, 2 for the upper
    /// halves of those, and so on.
    pub tail: usize,
}

/// The mean slope and the standard deviation between sweeps.
///
/// The weights are `1/(s_i² + τ²)` with the estimate of DerSimonian and Laird for the variance τ² between
/// sweeps (*Controlled Clinical Trials* 7, 1986). The limits are those of Student's distribution at
/// [`GROWTH_CONFIDENCE`], with the degrees of freedom of Satterthwaite: τ² has one less than there are
/// sweeps, and s_i² those of its own line. They are widened by what the errors of the points can do.
pub(super) fn pool(slopes: &[Slope]) -> (Estimate, f64) {
    let squares: Vec<f64> = slopes.iter().map(|s| s.standard_error.max(LEAST_ERROR).powi(2)).collect();
    let mean_by = |weights: &[f64]| {
        let total: f64 = weights.iter().sum();
        weights.iter().zip(slopes).map(|(w, s)| w * s.value).sum::<f64>() / total
    };
    let fixed: Vec<f64> = squares.iter().map(|s| 1.0 / s).collect();
    let (center, total) = (mean_by(&fixed), fixed.iter().sum::<f64>());
    let others = slopes.len() as f64 - 1.0;
    let q: f64 = fixed.iter().zip(slopes).map(|(w, s)| w * (s.value - center).powi(2)).sum();
    let scale = total - fixed.iter().map(|w| w * w).sum::<f64>() / total;
    // With one sweep, or one of a weight beyond all others, the scale is a difference of equals.
    let known = others > 0.0 && scale > f64::EPSILON.sqrt() * total;
    let between = if known { ((q - others) / scale).max(0.0) } else { 0.0 };

    let weights: Vec<f64> = squares.iter().map(|s| 1.0 / (s + between)).collect();
    let (value, total) = (mean_by(&weights), weights.iter().sum::<f64>());
    let share = |i: usize| (weights[i] / total).powi(2);
    let own = |i: usize| share(i) * squares[i];
    let all = || 0..slopes.len();
    let spread = between * all().map(share).sum::<f64>();
    let variance = spread + all().map(own).sum::<f64>();
    let uncertain = all().map(|i| own(i).powi(2) / slopes[i].freedom.max(1.0)).sum::<f64>()
        + if between > 0.0 { spread * spread / others } else { 0.0 };
    let freedom = variance * variance / uncertain;
    let scatter = slopes.iter().any(|s| s.standard_error > 0.0) || between > 0.0;
    let half = if scatter {
        student_quantile(0.5 + 0.5 * GROWTH_CONFIDENCE, freedom) * variance.sqrt()
    } else {
        0.0
    };
    let certificate = all().map(|i| weights[i] / total * slopes[i].certificate).sum::<f64>();
    let half = half + certificate;
    (Estimate { value, lower: value - half, upper: value + half }, between.sqrt())
}

/// Which slopes lie beyond the slack at [`GROWTH_CONFIDENCE`] for all looks together, by Holm's procedure
/// (*Scandinavian Journal of Statistics* 6, 1979).
pub(super) fn refuted_by_holm(side: Side, slack: f64, slopes: &[Slope]) -> Vec<bool> {
    let chance = |s: &Slope| {
        let excess = match side {
            Side::Upper => s.value,
            Side::Lower => -s.value,
            Side::Both => s.value.abs(),
        } - slack
            - s.certificate;
        match s.standard_error {
            _ if excess <= 0.0 => 1.0,
            0.0 => 0.0,
            error => student_tail(excess / error, s.freedom),
        }
    };
    let mut order: Vec<(usize, f64)> = slopes.iter().map(chance).enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut refuted = vec![false; slopes.len()];
    for (looked, (i, p)) in order.into_iter().enumerate() {
        if p >= 0.5 * (1.0 - GROWTH_CONFIDENCE) / (slopes.len() - looked) as f64 {
            break;
        }
        refuted[i] = true;
    }
    refuted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(value: f64, standard_error: f64) -> Slope {
        Slope { value, standard_error, freedom: 6.0, certificate: 0.0 }
    }

    #[test]
    fn one_sweep_is_itself_and_many_alike_are_narrower() {
        let (one, between) = pool(&[slope(0.2, 0.1)]);
        let half = student_quantile(0.975, 6.0) * 0.1;
        assert!((one.upper - 0.2 - half).abs() < 1e-7 && between == 0.0, "{one:?} {half} {between}");
        // Nine alike: a third of the standard error, with nine times the freedom.
        let (nine, _) = pool(&[slope(0.2, 0.1); 9]);
        assert!((nine.upper - 0.2 - student_quantile(0.975, 54.0) * 0.1 / 3.0).abs() < 1e-7);
        let (exact, _) = pool(&[Slope { certificate: 1e-3, ..slope(0.1, 0.0) }]);
        assert!((exact.lower - 0.099).abs() < 1e-15 && (exact.upper - 0.101).abs() < 1e-15);
    }

    #[test]
    fn sweeps_that_differ_beyond_their_scatter_widen_the_limits() {
        let far = [-0.3, 0.0, 0.3].map(|v| slope(v, 0.01));
        let (mean, between) = pool(&far);
        assert!((between - 0.3).abs() < 1e-3 && mean.value.abs() < 1e-9, "{between} {mean:?}");
        // As the mean of three numbers with standard deviation 0.3.
        assert!((mean.upper - student_quantile(0.975, 2.0) * 0.3 / 3f64.sqrt()).abs() < 0.01, "{mean:?}");
    }

    #[test]
    fn a_refutation_must_survive_the_number_of_looks() {
        // 3 standard errors beyond the slack: p = 0.012, enough for one look and not for four.
        let odd = slope(0.1 + 3.0 * 0.05, 0.05);
        let alike = |count: usize| [vec![odd], vec![slope(0.0, 0.05); count]].concat();
        assert_eq!(refuted_by_holm(Side::Upper, 0.1, &alike(0)), [true]);
        assert!(refuted_by_holm(Side::Upper, 0.1, &alike(3)).iter().all(|r| !r));
        assert_eq!(refuted_by_holm(Side::Lower, 0.1, &[slope(-9.0, 0.05), odd]), [true, false]);
        assert_eq!(refuted_by_holm(Side::Both, 0.1, &[slope(0.2, 0.0)]), [true]);
    }
}
