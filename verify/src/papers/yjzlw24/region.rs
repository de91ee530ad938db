//! The least value of a quadratic form over a cone that another form cuts out.

use crate::error::Result;
use escapement::eigen;
use faer::{Mat, MatRef, Par};

/// Steps of the search, each of which shortens the bracket by the golden ratio.
const STEPS: usize = 90;

/// `min {vᵀHv : |v| = 1, vᵀQv ≥ 0}` between the value of a dual and that of a vector that attains it.
pub struct Minimum {
    /// `max_{t ≥ 0} λ_min(H − tQ)`, which every such v has to exceed.
    pub lower: f64,
    /// `vᵀHv` of a unit v with `vᵀQv ≥ −10⁻¹⁵`.
    pub upper: f64,
}

/// `Q_ij = P_ij − p_min` off the diagonal, whose forms are not negative on the region, and p_min, the least P_ij
/// of two inputs.
pub fn region(p: MatRef<'_, f64>) -> (Mat<f64>, f64) {
    let n = p.nrows();
    let off = (0..n * n).filter(|k| k / n != k % n).map(|k| p[(k / n, k % n)]);
    let least = off.fold(f64::INFINITY, f64::min);
    (Mat::from_fn(n, n, |i, j| if i == j { 0.0 } else { p[(i, j)] - least }), least)
}

/// The minimum. The dual is concave in t; its derivative is −vᵀQv at the least eigenvector v, so that the
/// best t has a combination of the lowest two eigenvectors with vᵀQv = 0, or is 0. From n = 3 on both sides
/// meet, because two forms have a convex joint range there.
///
/// # Errors
/// What the eigen-solver refuses.
pub fn minimum(h: MatRef<'_, f64>, q: MatRef<'_, f64>) -> Result<Minimum> {
    let n = h.nrows();
    let at = |t: f64| Mat::from_fn(n, n, |i, j| h[(i, j)] - t * q[(i, j)]);
    let least = |t: f64| -> Result<f64> { Ok(eigen::full_eigenvalues(at(t).as_ref(), Par::Seq)?[n - 1]) };
    let form = |a: MatRef<'_, f64>, u: &[f64], v: &[f64]| {
        (0..n).map(|i| u[i] * (0..n).map(|j| a[(i, j)] * v[j]).sum::<f64>()).sum::<f64>()
    };
    let (mut low, mut high) = (0.0, 1.0);
    while least(2.0 * high)? > least(high)? && high < 1e9 {
        high *= 2.0;
    }
    high *= 2.0;
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (least(a)?, least(b)?);
    for _ in 0..STEPS {
        if at_a < at_b {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = least(b)?;
        } else {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = least(a)?;
        }
    }
    let (t, mut lower) = if at_a > at_b { (a, at_a) } else { (b, at_b) };
    let origin = least(0.0)?;
    let (_, vectors) = eigen::full_eigen(at(if origin >= lower { 0.0 } else { t }).as_ref(), Par::Seq)?;
    lower = lower.max(origin);
    // Descending: the least is the last.
    let [u, v] = [n - 1, n - 2].map(|c| vectors.col_as_slice(c).to_vec());
    let [uu, uv, vv] = [form(q, &u, &u), form(q, &u, &v), form(q, &v, &v)];
    let mut upper = if uu >= 0.0 { form(h, &u, &u) } else { f64::INFINITY };
    // cos and sin with a form 0: uu c² + 2uv cs + vv s² = 0.
    let root = (uv * uv - uu * vv).max(0.0).sqrt();
    for s in [(-uv + root) / vv, (-uv - root) / vv, uu / (-uv + root), uu / (-uv - root)] {
        if s.is_finite() {
            let w: Vec<f64> = u.iter().zip(&v).map(|(u, v)| (u + s * v) / (1.0 + s * s).sqrt()).collect();
            if form(q, &w, &w) >= -1e-15 {
                upper = upper.min(form(h, &w, &w));
            }
        }
    }
    Ok(Minimum { lower, upper })
}
