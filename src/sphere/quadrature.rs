//! Gauss–Gegenbauer quadrature for expectations over one coordinate `z = w·x/√d` of a uniform point.
//!
//! The N nodes are found one after another from the middle outwards. A Prüfer step over one half-wave of the
//! differential equation of P_N gives a guess, and Newton's method on `p̂_N/p̂_{N−1}`, kept in a bracket by
//! Sturm counts, improves it. The cost is `O(N²)`, and no zero can be missed or found twice. The weights are
//! Christoffel numbers `1/Σ_{i<N} p̂_i(z)²`, summed over a double-double recurrence, so that their relative
//! error is a few roundings however small they are. Weights from eigenvectors of the Jacobi matrix would
//! have no digits in the tails.

use super::double::Double;
use crate::tolerance::NEWTON_STEP;
use crate::{Error, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest order that [`ZonalQuadrature::new`] accepts.
pub const MAX_NODES: usize = 16_384;

/// Gauss quadrature under the zonal density ∝ `(1−z²)^{(d−3)/2}` on `[−1, 1]`, normalised to total weight 1.
///
/// With `N` nodes the rule is exact for polynomials of degree up to `2N − 1`. Nodes whose weight is below
/// the range of `f64` are left out, since they cannot change the expectation of a function that is bounded
/// on the nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct ZonalQuadrature {
    d: usize,
    order: usize,
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

impl ZonalQuadrature {
    /// The rule of order `nodes` in dimension `d`. The cost is `O(nodes²)` flops.
    ///
    /// # Errors
    /// [`Error::Dimension`] unless `3 ≤ d ≤ 2⁵³`, [`Error::Domain`] unless `1 ≤ nodes ≤` [`MAX_NODES`],
    /// [`Error::Numerical`] if the zeros of `P_N` could not be separated.
    ///
    /// # Accuracy
    /// `|E[p̂_i p̂_j] − δ_ij|` was measured to be at most 3e-14 for `i, j ≤ 120` and d = 3 to 2 000; the
    /// tests allow 1e-13.
    ///
    /// ```
    /// let q = escapement::sphere::ZonalQuadrature::new(100, 32)?;
    /// assert!((q.expect(|z| z * z) - 0.01).abs() < 1e-16); // E z² = 1/d
    /// # Ok::<(), escapement::Error>(())
    /// ```
    pub fn new(d: usize, nodes: usize) -> Result<Self> {
        super::gegenbauer::require_dimension(d)?;
        if nodes == 0 || nodes > MAX_NODES {
            return Err(Error::domain(
                "nodes",
                nodes,
                format!("a quadrature has between 1 and {MAX_NODES} nodes"),
            ));
        }
        let half = positive_half(d, nodes)?;
        let mut q =
            Self { d, order: nodes, nodes: Vec::with_capacity(nodes), weights: Vec::with_capacity(nodes) };
        for &(z, w) in half.iter().rev().filter(|&&(z, w)| z > 0.0 && w >= f64::MIN_POSITIVE) {
            q.nodes.push(-z);
            q.weights.push(w);
        }
        for &(z, w) in half.iter().filter(|&&(_, w)| w >= f64::MIN_POSITIVE) {
            q.nodes.push(z);
            q.weights.push(w);
        }
        Ok(q)
    }

    /// The same rule as [`ZonalQuadrature::new`], from a table of the last 256 rules that all threads share.
    ///
    /// # Errors
    /// As [`ZonalQuadrature::new`].
    pub fn shared(d: usize, nodes: usize) -> Result<Arc<Self>> {
        static KEPT: Mutex<VecDeque<Arc<ZonalQuadrature>>> = Mutex::new(VecDeque::new());
        const CAPACITY: usize = 256;
        // The table is consistent after every statement, so a poisoned lock is usable.
        let find = |kept: &VecDeque<Arc<Self>>| kept.iter().find(|q| q.d == d && q.order == nodes).cloned();
        if let Some(found) = find(&KEPT.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let rule = Arc::new(Self::new(d, nodes)?);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if find(&kept).is_none() {
            if kept.len() == CAPACITY {
                kept.pop_front();
            }
            kept.push_back(Arc::clone(&rule));
        }
        Ok(rule)
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The order `N`. The rule is exact for polynomials of degree up to `2N − 1`.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The nodes in `(−1, 1)`, ascending and exactly symmetric about 0.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The weights, positive and exactly symmetric. Their sum is 1 to a few roundings.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The expectation `E[g(z)]` by this rule.
    pub fn expect(&self, g: impl Fn(f64) -> f64) -> f64 {
        let n = self.nodes.len();
        let pairs =
            (0..n / 2).map(|i| self.weights[i] * (g(self.nodes[i]) + g(self.nodes[n - 1 - i]))).sum::<f64>();
        if n % 2 == 1 { pairs + self.weights[n / 2] * g(0.0) } else { pairs }
    }

    /// `ĝ_j = E[g(z) p̂_j(z)]` for `0 ≤ j ≤ max_degree`, with `p̂_j = √B(d,j) P_j`.
    ///
    /// The even and odd parts of `g` are summed separately, so that coefficients which vanish by parity are
    /// exactly zero. Coefficients of a degree not below the order are set to zero, since the rule cannot
    /// tell such a `p̂_j` from one of lower degree.
    ///
    /// # Accuracy
    /// The rounding is at most about `(j + 8)·ε√E[g²]`. The error of the discretisation, which depends on g,
    /// comes on top.
    pub fn orthonormal_coefficients(&self, g: impl Fn(f64) -> f64, max_degree: usize) -> Vec<f64> {
        let n = self.nodes.len();
        let middle = n / 2;
        let z = &self.nodes[middle..];
        // q_j = √w p̂_j is a column of an orthogonal matrix, hence bounded by 1: nothing overflows.
        let root: Vec<f64> = self.weights[middle..].iter().map(|w| w.sqrt()).collect();
        let (mut even, mut odd) = (Vec::with_capacity(z.len()), Vec::with_capacity(z.len()));
        for (&z, &s) in z.iter().zip(&root) {
            let (plus, minus) = if z == 0.0 { (g(0.0), 0.0) } else { (g(z), g(-z)) };
            even.push(s * (plus + minus));
            odd.push(if z == 0.0 { 0.0 } else { s * (plus - minus) });
        }
        let mut out = vec![0.0; max_degree + 1];
        let (mut below, mut at) = (vec![0.0; z.len()], root);
        let recurrence = Recurrence::new(self.d, out.len().min(self.order));
        for (j, (slot, [u, v])) in out.iter_mut().zip(&recurrence.precise).enumerate() {
            *slot = dot(if j % 2 == 0 { &even } else { &odd }, &at);
            // A rounded coefficient would be an error that all nodes share, which no sum averages out.
            for ((below, at), &z) in below.iter_mut().zip(&at).zip(z) {
                let up = z * at;
                *below = (up * u.hi - v.hi * *below) + (up * u.lo - v.lo * *below);
            }
            std::mem::swap(&mut below, &mut at);
        }
        out
    }
}

/// A dot product in eight interleaved compensated sums, so that only the rounding of the products is left.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut sum, mut lost) = ([0.0; 8], [0.0; 8]);
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            let term = a * b - lost[i];
            let next = sum[i] + term;
            lost[i] = (next - sum[i]) - term;
            sum[i] = next;
        }
    }
    sum.iter().sum()
}

/// The recurrence `p̂_j = z u_j p̂_{j−1} − v_j p̂_{j−2}`, `u_j = 1/b_j`, `v_j = b_{j−1}/b_j`, for
/// `1 ≤ j ≤ N`, with b_j the off-diagonal of the Jacobi matrix: `b_j² = j(j+d−3)/((2j+d−2)(2j+d−4))`.
struct Recurrence {
    d: f64,
    steps: Vec<[f64; 2]>,
    precise: Vec<[Double; 2]>,
}

/// The results of the recurrence at a point z, with `K = Σ_{i<N} p̂_i(z)²`.
struct Christoffel {
    /// The number of zeros of `p̂_N` that exceed `z`, which is the number of sign changes in `p̂_0..p̂_N`
    /// (Sturm).
    above: usize,
    /// The Newton step `f/f'` for `f = p̂_N/p̂_{N−1}`, where `f' = K/(b_N p̂_{N−1}²)` by
    /// Christoffel–Darboux.
    step: f64,
}

/// Where the sum K exceeds `2^{2·LARGE}`, it is scaled by the inverse of that, and the polynomials by
/// `2^{−LARGE}`. Powers of two cause no rounding.
const LARGE: i32 = 400;

impl Recurrence {
    fn new(d: usize, n: usize) -> Self {
        let d = d as f64;
        // 1/b_j² is a quotient of integers below 2^53.
        let u = |j: usize| {
            let j = j as f64;
            let square = (2.0 * j + d - 2.0) * (2.0 * j + d - 4.0);
            Double::new(square).over(Double::new(j * (j + d - 3.0))).sqrt()
        };
        let precise: Vec<[Double; 2]> =
            (1..=n).map(|j| [u(j), if j == 1 { Double::new(0.0) } else { u(j).over(u(j - 1)) }]).collect();
        Self { d, steps: precise.iter().map(|[u, v]| [u.hi, v.hi]).collect(), precise }
    }

    fn order(&self) -> usize {
        self.steps.len()
    }

    fn at(&self, z: f64) -> Christoffel {
        let (large, down) = (2f64.powi(2 * LARGE), 2f64.powi(-LARGE));
        let (mut k, mut above) = (0.0, 0);
        let (mut below, mut at) = (0.0, 1.0);
        for &[u, v] in &self.steps {
            k += at * at;
            let next = z * u * at - v * below;
            above += usize::from((next < 0.0) != (at < 0.0));
            (below, at) = (at, next);
            if k > large {
                (k, below, at) = (k * down * down, below * down, at * down);
            }
        }
        Christoffel { above, step: at * below / (self.steps[self.order() - 1][0] * k) }
    }

    /// The Christoffel weight `1/K` at the zero that is nearest to `z`. The recurrence runs in
    /// double-double, because its rounding in f64 would cost a weight some tens of ε. The value of `K` at
    /// `z` is carried to the zero with `K' = (d−1) z K/(1−z²)`, which follows from the differential
    /// equation.
    fn weight(&self, z: f64) -> f64 {
        let (large, down) = (2f64.powi(2 * LARGE), 2f64.powi(-LARGE));
        let (mut k, mut lost, mut scale) = (0.0, 0.0, 0);
        let (mut below, mut at) = (Double::new(0.0), Double::new(1.0));
        let zz = Double::new(z);
        for &[u, v] in &self.precise {
            // The sum of N terms is compensated.
            let term = at.hi * at.hi + (2.0 * at.hi * at.lo - lost);
            let sum = k + term;
            lost = (sum - k) - term;
            k = sum;
            (below, at) = (at, zz.times(u).times(at).minus(v.times(below)));
            if k > large {
                (k, lost) = (k * down * down, lost * down * down);
                (below, at) = (below.scaled(down), at.scaled(down));
                scale += 1;
            }
        }
        let step = at.hi * below.hi / (self.steps[self.order() - 1][0] * k);
        let there = k * (1.0 - step * (self.d - 1.0) * z / (1.0 - z * z));
        2f64.powi(-2 * LARGE * scale) / there
    }
}

/// The zeros `z ≥ 0` of `p̂_N`, ascending, each with its Christoffel weight.
fn positive_half(d: usize, n: usize) -> Result<Vec<(f64, f64)>> {
    let recurrence = Recurrence::new(d, n);
    let mut half = Vec::with_capacity(n / 2 + 1);
    let mut z = 0.0;
    // From a zero the next is one half-wave (θ from π/2 to −π/2) away; from the extremum at 0 half of that.
    let mut theta = 0.0;
    if n % 2 == 1 {
        half.push((0.0, recurrence.weight(0.0)));
        theta = std::f64::consts::FRAC_PI_2;
    }
    for found in 0..n / 2 {
        let guess = prufer(d as f64, n as f64, z, theta);
        z = newton(&recurrence, n / 2 - found, z, guess).ok_or_else(|| Error::Numerical {
            what: "zonal quadrature",
            why: format!("Newton's method did not settle on zero {found} of P_{n} at d = {d}"),
        })?;
        half.push((z, recurrence.weight(z)));
        theta = std::f64::consts::FRAC_PI_2;
    }
    Ok(half)
}

/// The zero of `p̂_N` that is number `rank` from the top and exceeds `low`, by Newton's method with
/// bisection where a step leaves the bracket.
fn newton(recurrence: &Recurrence, rank: usize, low: f64, guess: f64) -> Option<f64> {
    let (mut low, mut high) = (low, 1.0);
    let inside = |z: f64, low: f64, high: f64| if z > low && z < high { z } else { 0.5 * (low + high) };
    let mut z = inside(guess, low, high);
    for _ in 0..200 {
        let c = recurrence.at(z);
        if c.above >= rank {
            low = z;
        } else {
            high = z;
        }
        // A step may leave the bracket by rounding alone.
        if c.step.abs() <= NEWTON_STEP * z.min(1.0 / recurrence.order() as f64) {
            return Some(z - c.step);
        }
        z = inside(z - c.step, low, high);
    }
    None
}

/// A guess at the next zero after `z`, right to a few per cent of the spacing. It is found by the Prüfer
/// transform of `(1−z²)y'' − (d−1)zy' + N(N+d−2)y = 0`, where dz/dθ is integrated from `theta` down to −π/2
/// with the midpoint rule (Glaser, Liu and Rokhlin 2007).
fn prufer(d: f64, n: f64, z: f64, theta: f64) -> f64 {
    const STEPS: usize = 12;
    let r = n * (n + d - 2.0);
    // dz/dθ = −1 / (√(r/p) + ((r'p − p'r + 2rq)/(2rp)) · sin(2θ)/2) with p = 1−z², q = −(d−1)z, r constant.
    let slope = |theta: f64, z: f64| {
        let p = 1.0 - z * z;
        -1.0 / ((r / p).sqrt() + (2.0 - d) * z / p * 0.5 * (2.0 * theta).sin())
    };
    let h = -(theta + std::f64::consts::FRAC_PI_2) / STEPS as f64;
    let (mut theta, mut z) = (theta, z);
    for _ in 0..STEPS {
        let k = slope(theta, z);
        z += h * slope(theta + 0.5 * h, z + 0.5 * h * k);
        theta += h;
    }
    z
}
