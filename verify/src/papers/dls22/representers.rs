//! The functions v_k of Lemma 17, by which random ReLU features represent monomials.

use escapement::gaussian::normal::density;
use escapement::sphere::ZonalQuadrature;

/// Nodes of the rule for integrals over b.
pub const NODES: usize = 32;

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
/// place for a standard normal b.
///
/// # Errors
/// As [`ZonalQuadrature::new`].
pub fn second_moments(k: u32) -> escapement::Result<[f64; 2]> {
    mixed_moments(k, k)
}

/// The means of `v_k v_l` under the two laws of [`second_moments`], over a as well. The rule is that of a
/// coordinate of the sphere in R³, which is uniform.
///
/// # Errors
/// As [`ZonalQuadrature::new`].
pub fn mixed_moments(k: u32, l: u32) -> escapement::Result<[f64; 2]> {
    // Exact for polynomials of degree k + l, and to rounding for the entire function 1/φ on [−1, 1].
    let rule = ZonalQuadrature::shared(3, k.max(l) as usize + 32)?;
    let product = |b: f64| 0.5 * (v(k, 1.0, b) * v(l, 1.0, b) + v(k, -1.0, b) * v(l, -1.0, b));
    Ok([rule.expect(product), rule.expect(|b| 0.5 * product(b) / density(b).value)])
}

/// `∫ g(b) (t + b) db` over the part of [−1, 1] on which σ(t + b) = t + b.
///
/// # Errors
/// As [`ZonalQuadrature::new`].
///
/// # Accuracy
/// That of Gauss quadrature with 32 nodes: to rounding for polynomials and for 1/φ.
pub fn integral(t: f64, g: impl Fn(f64) -> f64) -> escapement::Result<f64> {
    let half = 0.5 * (1.0 - (-t).clamp(-1.0, 1.0));
    let at = |u: f64| 1.0 - half + half * u;
    Ok(2.0 * half * ZonalQuadrature::shared(3, NODES)?.expect(|u| g(at(u)) * (t + at(u))))
}
