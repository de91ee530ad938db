//! A mean over seeds, with limits.

use crate::claim::distribution::{GROWTH_CONFIDENCE, student_quantile};

/// As many seeds, from the first on.
pub fn from(first: u64, seeds: u64) -> impl Iterator<Item = u64> + use<> {
    (0..seeds).map(move |i| first.wrapping_add(i))
}

/// What the title of a figure says of them.
pub fn words(seeds: u64) -> String {
    if seeds == 1 { "one seed".to_owned() } else { format!("{seeds} seeds, mean ± 1 s.d.") }
}

/// A mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, with one subtracted from the number of seeds; 0 for one seed.
    pub deviation: f64,
    /// Half the distance between Student's limits at [`GROWTH_CONFIDENCE`]; 0 for one seed, of which nothing
    /// is known but its own value.
    pub half: f64,
    /// How many seeds.
    pub seeds: usize,
}

/// The mean of `values`, one to a seed, and its limits; `None` of nothing.
pub fn limits(values: &[f64]) -> Option<Limits> {
    let n = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    if values.len() == 1 {
        return Some(Limits { mean, deviation: 0.0, half: 0.0, seeds: 1 });
    }
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let half = student_quantile(0.5 + GROWTH_CONFIDENCE / 2.0, n - 1.0) * deviation / n.sqrt();
    Some(Limits { mean, deviation, half, seeds: values.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_a_hand_computation() {
        // 1, 2, 3: mean 2, deviation 1, t = 4.3027 on two freedoms.
        let found = limits(&[1.0, 2.0, 3.0]).unwrap();
        assert!((found.mean - 2.0).abs() < 1e-15 && (found.deviation - 1.0).abs() < 1e-15);
        assert!((found.half - 4.3027 / 3f64.sqrt()).abs() < 1e-4);
        assert!(limits(&[]).is_none());
        assert_eq!(limits(&[0.5]).unwrap().half, 0.0);
    }
}
