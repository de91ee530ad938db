//! Dimensions of the spaces of spherical harmonics, and the Gegenbauer polynomials P_j with `P_j(1) = 1`.

use crate::{Error, Result};

/// Refuses an input dimension outside `3 ≤ d ≤ 2⁵³`: below, there are no harmonics of the kind used here;
/// above, f64 does not count it.
///
/// # Errors
/// [`Error::Dimension`].
pub fn require_dimension(d: usize) -> Result<()> {
    if d < 3 || d as u64 > 1 << 53 { Err(Error::Dimension(d)) } else { Ok(()) }
}

/// The binomial coefficient C(n, k) exactly, or `None` above `u128`.
fn binomial(n: u128, k: u128) -> Option<u128> {
    let k = k.min(n.checked_sub(k)?);
    let mut c: u128 = 1;
    for i in 1..=k {
        // Exact: c·(n−k+i) is divisible by i at every step.
        c = c.checked_mul(n - k + i)? / i;
    }
    Some(c)
}

/// `B(d,j)` exactly, or `None` where an intermediate product does not fit `u128`.
fn exact_dimension(d: usize, j: usize) -> Option<u128> {
    match (d, j) {
        (_, 0) => Some(1),
        (0, _) => Some(0),
        (1, _) => Some(u128::from(j == 1)),
        _ => {
            let (d, j) = (d as u128, j as u128);
            // C(j+d−1, d−1) − C(j+d−3, d−1): all monomials, less those with a factor |x|².
            let less = if j >= 2 { binomial(j + d - 3, d - 1)? } else { 0 };
            Some(binomial(j + d - 1, d - 1)? - less)
        }
    }
}

/// Dimension of the space of spherical harmonics of degree `j` in `d` dimensions,
/// `B(d,j) = (2j+d−2)/j · C(j+d−3, j−1)`, `B(d,0) = 1`.
///
/// The result is correctly rounded while the count fits 128 bits. Beyond, its relative error is at most
/// about `8 min(j,d)` roundings. The result is infinite exactly where the count exceeds `f64`;
/// [`log_dimension`] is then finite.
///
/// ```
/// assert_eq!(escapement::sphere::dimension(3, 7), 15.0);
/// assert_eq!(escapement::sphere::dimension(100, 2), 5049.0);
/// ```
pub fn dimension(d: usize, j: usize) -> f64 {
    if let Some(exact) = exact_dimension(d, j) {
        return exact as f64;
    }
    // C(n, k) with n = j+d−3 and the smaller k: partial products increase, so only the result can overflow.
    let n = (j + d - 3) as f64;
    let k = (j - 1).min(d - 2);
    let mut c = (2 * j + d - 2) as f64 / j as f64;
    for i in 1..=k {
        c *= (n - (k - i) as f64) / i as f64;
    }
    c
}

/// The natural logarithm of [`dimension`], finite for every `d ≥ 2` and `j`.
///
/// The absolute error is below `4·min(j,d)` roundings of the result.
pub fn log_dimension(d: usize, j: usize) -> f64 {
    if let Some(exact) = exact_dimension(d, j) {
        return (exact as f64).ln();
    }
    let n = (j + d - 3) as f64;
    let k = (j - 1).min(d - 2);
    let head = ((2 * j + d - 2) as f64 / j as f64).ln();
    head + (1..=k).map(|i| ((n - (k - i) as f64) / i as f64).ln()).sum::<f64>()
}

/// `√B(d,j)`, finite where `B(d,j)` itself may not be.
pub fn sqrt_dimension(d: usize, j: usize) -> f64 {
    let b = dimension(d, j);
    if b.is_finite() { b.sqrt() } else { (0.5 * log_dimension(d, j)).exp() }
}

/// The number of harmonics of degree at most `k`, `n_k = Σ_{j≤k} B(d,j) = C(d+k−1, k) + C(d+k−2, k−1)`.
///
/// # Errors
/// [`Error::Dimension`] unless `3 ≤ d ≤ 2⁵³`; [`Error::Domain`] if the count does not fit a `usize`.
///
/// ```
/// assert_eq!(escapement::sphere::cumulative_dimension(4, 11)?, 650);
/// # Ok::<(), escapement::Error>(())
/// ```
pub fn cumulative_dimension(d: usize, k: usize) -> Result<usize> {
    require_dimension(d)?;
    let (n, j) = (d as u128, k as u128);
    let less = if k == 0 { Some(0) } else { binomial(n + j - 2, j - 1) };
    binomial(n + j - 1, j)
        .zip(less)
        .and_then(|(a, b)| a.checked_add(b))
        .and_then(|c| usize::try_from(c).ok())
        .ok_or_else(|| {
            Error::domain(
                "degree",
                k,
                format!("the harmonics of degree up to it at d = {d} must be countable in 64 bits"),
            )
        })
}

/// The Gegenbauer polynomials of dimension `d` on the scale `P_j(1) = 1`.
///
/// The polynomials are orthogonal under the density ∝ `(1−t²)^{(d−3)/2}` on `[−1, 1]`, with
/// `E[P_j²] = 1/B(d,j)`, and `|P_j| ≤ 1` there. They are evaluated by the recurrence
/// `(j+d−2) P_{j+1}(t) = (2j+d−2) t P_j(t) − j P_{j−1}(t)`, `P_0 = 1`, `P_1 = t`, which is backward stable
/// on `[−1, 1]` and exact at `t = ±1`. An argument just outside `[−1, 1]`, where rounding may put a cosine,
/// is evaluated as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gegenbauer {
    d: usize,
}

impl Gegenbauer {
    /// The polynomials of dimension `d`.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless `3 ≤ d ≤ 2⁵³`.
    pub fn new(d: usize) -> Result<Self> {
        require_dimension(d)?;
        Ok(Self { d })
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// `P_j(t)`.
    pub fn value(&self, j: usize, t: f64) -> f64 {
        value(self.d as f64, j, t)
    }

    /// `[P_j(t), P_j'(t), P_j''(t)]`, by `P_j' = j(j+d−2)/(d−1) · P_{j−1}^{(d+2)}` applied once and twice.
    /// The formula has no singularity at `t = ±1`.
    ///
    /// ```
    /// let [p, dp, ddp] = escapement::sphere::Gegenbauer::new(3)?.jet(2, 1.0);
    /// assert_eq!([p, dp, ddp], [1.0, 3.0, 3.0]); // (3t² − 1)/2
    /// # Ok::<(), escapement::Error>(())
    /// ```
    pub fn jet(&self, j: usize, t: f64) -> [f64; 3] {
        let d = self.d as f64;
        let [c1, c2] = derivative_factors(d, j);
        let p1 = if j >= 1 { c1 * value(d + 2.0, j - 1, t) } else { 0.0 };
        let p2 = if j >= 2 { c2 * value(d + 4.0, j - 2, t) } else { 0.0 };
        [value(d, j, t), p1, p2]
    }

    /// `P_j(t)` for every degree `0 ≤ j < out.len()`, in one pass.
    pub fn values(&self, t: f64, out: &mut [f64]) {
        fill(self.d as f64, t, out);
    }

    /// `P_j, P_j', P_j''` for every degree `0 ≤ j < p.len()`, in one pass; the three slices have one length.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn jets(&self, t: f64, p: &mut [f64], dp: &mut [f64], ddp: &mut [f64]) {
        assert!(p.len() == dp.len() && p.len() == ddp.len(), "jets needs three slices of one length");
        let d = self.d as f64;
        fill(d, t, p);
        // dp[j] holds P_{j−1}^{(d+2)}, ddp[j] holds P_{j−2}^{(d+4)}, before their factors.
        let n = p.len();
        dp[..n.min(1)].fill(0.0);
        ddp[..n.min(2)].fill(0.0);
        if n > 1 {
            fill(d + 2.0, t, &mut dp[1..]);
        }
        if n > 2 {
            fill(d + 4.0, t, &mut ddp[2..]);
        }
        for j in 1..n {
            let [c1, c2] = derivative_factors(d, j);
            dp[j] *= c1;
            ddp[j] *= c2;
        }
    }
}

/// `P_j'(1)` and `P_j''(1)`: the factors before `P_{j−1}^{(d+2)}` and `P_{j−2}^{(d+4)}`.
fn derivative_factors(d: f64, j: usize) -> [f64; 2] {
    let j = j as f64;
    let c1 = j * (j + d - 2.0) / (d - 1.0);
    [c1, c1 * (j - 1.0) * (j + d - 1.0) / (d + 1.0)]
}

fn value(d: f64, j: usize, t: f64) -> f64 {
    let (mut below, mut at) = (0.0, 1.0);
    for i in 0..j {
        let next = step(d, i as f64, t, below, at);
        (below, at) = (at, next);
    }
    at
}

fn fill(d: f64, t: f64, out: &mut [f64]) {
    let (mut below, mut at) = (0.0, 1.0);
    for (i, slot) in out.iter_mut().enumerate() {
        *slot = at;
        let next = step(d, i as f64, t, below, at);
        (below, at) = (at, next);
    }
}

/// `P_{i+1}` from `P_{i−1}` and `P_i`.
fn step(d: f64, i: f64, t: f64, below: f64, at: f64) -> f64 {
    ((2.0 * i + d - 2.0) * t * at - i * below) / (i + d - 2.0)
}
