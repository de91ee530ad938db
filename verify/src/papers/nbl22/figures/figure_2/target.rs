//! The target and its exact moments.

use super::settings::Normalisation;
use crate::papers::nbl22::figures::figure_1::Variant;

/// `f*(x) = (xᵀAx − c)/s + ((β·x)³ − 3β·x)/s'`, A = diag(1[i > d/2]).
///
/// With `h = tr A = d − ⌊d/2⌋`, under N(0, I): `E xᵀAx = h`, `E (xᵀAx)² = h² + 2h`, and the Hermite
/// polynomial of degree 3 has `E (t³ − 3t)² = 15 − 18 + 9 = 6`. At d = 50 the first is 675. On the sphere of
/// radius √d moments of degree 4 and 6 carry the factors `d/(d + 2)` and `d²/((d + 2)(d + 4))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    /// The number of ones in A.
    pub h: f64,
    /// c.
    pub shift: f64,
    /// s².
    pub dense: f64,
    /// s'².
    pub sparse: f64,
    /// The variance of xᵀAx.
    variance: f64,
}

impl Scales {
    /// Those of a normalisation in dimension d, under these inputs.
    pub fn new(normalisation: Normalisation, variant: Variant, d: usize) -> Self {
        let (h, d) = ((d - d / 2) as f64, d as f64);
        let (fourth, sixth) = match variant {
            Variant::AsRun => (1.0, 1.0),
            Variant::AsPrinted => (d / (d + 2.0), d * d / ((d + 2.0) * (d + 4.0))),
        };
        let square = fourth * (h * h + 2.0 * h);
        let variance = square - h * h;
        let sparse = 15.0 * sixth - 18.0 * fourth + 9.0;
        let (shift, dense, sparse) = match normalisation {
            Normalisation::Printed => (0.0, 675.0, 6.0),
            Normalisation::Corrected => (0.0, square, sparse),
            Normalisation::Centred => (h, variance, sparse),
        };
        Self { h, shift, dense, sparse, variance }
    }

    /// The variance of the dense part: what the test loss cannot fall below without learning anything of it
    /// but its mean, the rest being learnt.
    pub fn dense_variance(&self) -> f64 {
        self.variance / self.dense
    }

    /// f* at an input, β being a unit vector.
    pub fn target(&self, beta: &[f64], x: impl Fn(usize) -> f64) -> f64 {
        let d = beta.len();
        let dense: f64 = (d / 2..d).map(|c| x(c) * x(c)).sum();
        let along: f64 = beta.iter().enumerate().map(|(c, b)| b * x(c)).sum();
        (dense - self.shift) / self.dense.sqrt() + (along.powi(3) - 3.0 * along) / self.sparse.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::nbl22::figures::figure_1::data::inputs;

    #[test]
    fn the_printed_normalisation_is_right_at_fifty() {
        let [printed, corrected] =
            [Normalisation::Printed, Normalisation::Corrected].map(|n| Scales::new(n, Variant::AsRun, 50));
        assert_eq!(printed, corrected);
        assert_ne!(corrected, Scales::new(Normalisation::Corrected, Variant::AsPrinted, 50));
    }

    #[test]
    fn the_parts_have_the_norms_that_are_claimed() {
        let (d, n) = (7, 200_000);
        let beta: Vec<f64> = (0..d)
            .map(|c| {
                if c == 2 {
                    0.6
                } else if c == 5 {
                    -0.8
                } else {
                    0.0
                }
            })
            .collect();
        for variant in [Variant::AsRun, Variant::AsPrinted] {
            let x = inputs(variant, &mut escapement::seed::stream(1, "figure-2", "moments"), n, d);
            for normalisation in [Normalisation::Corrected, Normalisation::Centred] {
                let scales = Scales::new(normalisation, variant, d);
                let moments = |scales: &Scales, power: i32| {
                    let all = |p: i32| {
                        (0..n).map(|i| scales.target(&beta, |c| x[(i, c)]).powi(p)).sum::<f64>() / n as f64
                    };
                    // With it the scatter of the mean.
                    let mean = all(power);
                    (mean, ((all(2 * power) - mean * mean) / n as f64).sqrt())
                };
                let off = f64::INFINITY;
                let (dense, sparse) = (Scales { sparse: off, ..scales }, Scales { dense: off, ..scales });
                for (part, norm) in [(dense, 1.0), (sparse, 1.0)] {
                    let (square, scatter) = moments(&part, 2);
                    assert!(
                        (square - norm).abs() < 4.0 * scatter && scatter < 0.05,
                        "{variant:?}, {normalisation:?}: {square}"
                    );
                }
                let (mean, _) = moments(&dense, 1);
                let variance = moments(&dense, 2).0 - mean * mean;
                assert!((variance / scales.dense_variance() - 1.0).abs() < 0.03, "{variance}");
            }
        }
    }
}
