//! The functions v_k of Lemma 17, by which random ReLU features represent monomials.

use escapement::gaussian::normal::density;
use escapement::sphere::ZonalQuadrature;

/// `v_k(a, b)`, so that `E[v_k(a, b) σ(ax + b)] = x^k` for |x| ≤ 1, with a = ±1 and b uniform on [−1, 1].
pub fn v(k: u32, a: f64, b: f64) -> f64 {
    let order = f64::from(k);
    match k {
        0 => 6.0 * b,
        1 => 2.0 * a,
        _ => {
            let power = 2.0 * (1.0 - a) * order * (order - 1.0) * b.powi(k as i32 - 2);
            power - 6.0 * (order - 1.0) * b + 2.0 * order * a
        }
    }
}

/// `sup |v_k|` over a = ±1 and |b| ≤ 1: at an end, or where the derivative of v_k(−1, b) in b vanishes,
/// `4k(k − 1)(k − 2) b^{k−3} = 6(k − 1)`.
pub fn supremum(k: u32) -> f64 {
    let mut points = vec![-1.0, 1.0];
    if k > 3 {
        let inner = (6.0 / f64::from(4 * k * (k - 2))).powf(1.0 / f64::from(k - 3));
        points.extend([-inner, inner]);
    }
    let size = |(a, b): (f64, f64)| v(k, a, b).abs();
    points.iter().flat_map(|&b| [(1.0, b), (-1.0, b)]).map(size).fold(0.0, f64::max)
}

/// The second moments of v_k for b uniform on [−1, 1], and of `v_k 1_{|b| ≤ 1}/(2φ(b))`, which takes its
/// place for a standard normal b. The rule is that of a coordinate of the sphere in R³, which is uniform.
///
/// # Errors
/// As [`ZonalQuadrature::new`].
pub fn second_moments(k: u32) -> escapement::Result<[f64; 2]> {
    // Exact for polynomials of degree 2k, and to rounding for the entire function 1/φ on [−1, 1].
    let rule = ZonalQuadrature::new(3, k as usize + 32)?;
    let square = |b: f64| 0.5 * (v(k, 1.0, b).powi(2) + v(k, -1.0, b).powi(2));
    Ok([rule.expect(square), rule.expect(|b| 0.5 * square(b) / density(b).value)])
}
