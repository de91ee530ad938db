//! Slow quadratures of the tests: Gauss–Legendre panels on a line, and sums over a grid across it.

use escapement::sphere::ZonalQuadrature;
use std::f64::consts::TAU;

/// The rounding of these quadratures, relative to the sum of the moduli of their terms: nested sums of at
/// most 600 terms in order, 600·2⁻⁵³ = 7e-14, and thirty roundings in each.
pub const ROUNDING: f64 = 1e-13;

/// A sum, and the sum of the moduli of its terms.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    pub value: f64,
    moduli: f64,
}

impl Sum {
    pub fn add(&mut self, weight: f64, term: f64) {
        self.value += weight * term;
        self.moduli += (weight * term).abs();
    }

    fn join(&mut self, weight: f64, other: Self) {
        self.value += weight * other.value;
        self.moduli += weight * other.moduli;
    }

    pub fn slip(self) -> f64 {
        ROUNDING * self.moduli
    }
}

pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// `∫ g(z) φ(z) dz` over −12 ≤ z ≤ 12, by 20 Gauss–Legendre nodes on each of 24 panels of length one, which
/// begin and end at `kink` ± whole numbers. For functions that are analytic within 1.5 of a panel the rule
/// leaves less than 6^{−40}, and what is cut off is e^{−72}.
pub fn normal(kink: f64, mut g: impl FnMut(f64) -> f64) -> Sum {
    panels(kink, |z, weight, sum| sum.add(weight, g(z)))
}

fn panels(kink: f64, mut add: impl FnMut(f64, f64, &mut Sum)) -> Sum {
    // A coordinate of the sphere in R³ is uniform on [−1, 1].
    let rule = ZonalQuadrature::new(3, 20).unwrap();
    let mut all = Sum::default();
    for panel in -12..12 {
        let middle = kink + f64::from(panel) + 0.5;
        let mut sum = Sum::default();
        for (u, w) in rule.nodes().iter().zip(rule.weights()) {
            let z = middle + 0.5 * u;
            add(z, w * density(z), &mut sum);
        }
        all.join(1.0, sum);
    }
    all
}

/// The expectation of g over a standard normal vector of `size` coordinates, by sums over a grid of step ½
/// on −12..12: exact for polynomials but for e^{−2π²·4} = 5e-35 and the cut at e^{−72}.
pub fn grid(size: usize, g: &mut dyn FnMut(&[f64]) -> f64) -> Sum {
    fn level(z: &mut Vec<f64>, size: usize, g: &mut dyn FnMut(&[f64]) -> f64) -> Sum {
        let mut sum = Sum::default();
        if z.len() == size {
            sum.add(1.0, g(z));
            return sum;
        }
        for i in -24..=24 {
            let at = 0.5 * f64::from(i);
            z.push(at);
            let inner = level(z, size, g);
            z.pop();
            sum.join(0.5 * density(at), inner);
        }
        sum
    }
    level(&mut Vec::new(), size, g)
}

/// The expectation over (t, z) with t on panels from `kink` on, and z on the grid.
pub fn panels_and_grid(kink: f64, size: usize, g: &mut dyn FnMut(f64, &[f64]) -> f64) -> Sum {
    panels(kink, |t, weight, sum| sum.join(weight, grid(size, &mut |z| g(t, z))))
}
