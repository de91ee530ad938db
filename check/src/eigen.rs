//! *E: enclosure of eigenvalues.* A symmetric of order n, V an n×r matrix, D = diag(D_1 ≥ … ≥ D_r).
//!
//! Let γ ≥ ‖VᵀV − I‖, γ < 1/4, ρ ≥ ‖AV − VD‖ and ε = (2γ‖D‖ + ρ)(1 + γ). (i) If r = n, then |λ_i − D_i| ≤ ε
//! for all i. (ii) If r < n, and for some n×r matrix F, μI − A + FFᵀ ⪰ −θI with μ + θ < D_r − 2ε, then
//! |λ_i − D_i| ≤ 2ε for i ≤ r, and λ_{r+1} ≤ μ + θ.
//!
//! *Proof.* K = (VᵀV)^{1/2} has ‖K − I‖ ≤ γ and ‖K⁻¹‖ ≤ 1 + γ; Q = VK⁻¹ is orthonormal, and the norm of AQ −
//! QD = Q(KDK⁻¹ − D) + (AV − VD)K⁻¹ is at most ε. In the basis [Q, Q⊥], A differs from diag(D, C) by at most
//! 2ε, and by ε if r = n: Weyl. As F has rank r, λ_{r+1}(A) ≤ λ_{r+1}(FFᵀ) + λ_1(A − FFᵀ) ≤ μ + θ. Had C an
//! eigenvalue of D_r or more, λ_{r+1}(A) would be at least D_r − 2ε > μ + θ; so D is the top of diag(D, C).
//! ∎
//!
//! Norms are bounded by Frobenius norms of whole matrices; the error e of A enters as ‖(error)V‖ ≤ 2e in ρ,
//! and as e in θ. F is V√D, rounded. θ is the norm of M − LLᵀ for M = μI − A + FFᵀ and the L made here: each
//! entry of M − LLᵀ is known exactly as soon as L has that entry.
//!
//! *No overflow.* Entries: A < 2^60, V < 2^55, D < 2^71, n ≤ 2^11, so AV and VD stay below 2^126. F and L
//! are refused from 2^57 on, so sums of 2^11 products stay below 2^125, and M below 2^126.

use super::ball::{BITS, Ball, root_up};
use super::certificate::Eigenpairs;
use super::covariance::{ENTRY, Form};
use super::{Rejection, reject};
use num_bigint::BigInt;

/// Entries of V, F and L are in units of 2^-54.
const VECTOR: u64 = 54;

/// What is known of the eigenvalues of A_J.
pub struct Spectrum {
    /// The centres D.
    pub centres: Vec<Ball>,
    /// How far λ_i may be from D_i.
    pub radius: Ball,
    /// ε, which bounds ‖AQ − QD‖ too.
    pub epsilon: Ball,
    /// γ.
    pub gamma: Ball,
    /// An upper bound on λ_{r+1}; nothing where r = n.
    pub next: Option<Ball>,
    /// The columns of AV, in units of 2^-113.
    pub products: Vec<Vec<i128>>,
}

/// A number of units of 2^-bits.
pub fn dyadic(x: i128, bits: u64) -> Ball {
    Ball::units(BigInt::from(x) << (BITS - bits))
}

/// Σ x_i y_i. Callers keep it below 2^127.
pub fn dot(x: &[i64], y: &[i64]) -> i128 {
    x.iter().zip(y).map(|(x, y)| i128::from(*x) * i128::from(*y)).sum()
}

/// The square root of a sum of squares in units of 2^-bits, rounded up.
fn norm(squares: &BigInt, bits: u64) -> Ball {
    Ball::units(root_up(squares) << (BITS - bits))
}

/// x², without bound.
fn square(x: i128) -> BigInt {
    BigInt::from(x) * x
}

/// θ: the norm of M − LLᵀ, with L made row by row.
fn defect_of_cholesky(a: &Form, f: &[Vec<i64>], mu: i128) -> Result<Ball, Rejection> {
    let shift = 2 * VECTOR - ENTRY;
    let (mut l, mut squares): (Vec<Vec<i64>>, BigInt) = (Vec::new(), BigInt::ZERO);
    let small = |x: i128| i64::try_from(x).ok().filter(|x| x.unsigned_abs() < 1 << 57);
    for i in 0..a.n {
        let mut row: Vec<i64> = Vec::new();
        for j in 0..=i {
            let diagonal = if i == j { mu << shift } else { 0 };
            let m = diagonal - (i128::from(a.entries[i * a.n + j]) << shift) + dot(&f[i], &f[j]);
            let rest = m - if i == j { dot(&row, &row) } else { dot(&row, &l[j][..j]) };
            // The new entry times the pivot is the rest, but for a remainder that is counted.
            let (entry, product) = if i == j {
                if rest <= 0 {
                    let why = format!("pivot {i} of mu I - A + F F^T is not positive: mu is too small");
                    return reject("E4", why);
                }
                (rest.isqrt(), rest.isqrt() * rest.isqrt())
            } else {
                let pivot = i128::from(l[j][j]);
                (rest.div_euclid(pivot), rest.div_euclid(pivot).saturating_mul(pivot))
            };
            let Some(entry) = small(entry).filter(|&x| i != j || x > 0) else {
                return reject("E4", format!("row {i} of the Cholesky factor is out of bounds"));
            };
            squares += square(rest - product) * if i == j { 1 } else { 2 };
            row.push(entry);
        }
        l.push(row);
    }
    Ok(norm(&squares, 2 * VECTOR))
}

/// Checks obligations E1 to E4.
pub fn enclose(a: &Form, pairs: &Eigenpairs<'_>) -> Result<Spectrum, Rejection> {
    let (v, d, n) = (&pairs.vectors, &pairs.values, a.n);
    let r = v.len();
    if r == 0 || r > n || d.len() != r || v.iter().any(|x| x.len() != n) || d.windows(2).any(|w| w[0] < w[1])
    {
        let why = format!("V must be r vectors of {n} entries, and D r numbers that do not increase");
        return reject("E1", why);
    }
    let mut squares = BigInt::ZERO;
    for i in 0..r {
        for j in 0..=i {
            let unit = if i == j { 1 << (2 * VECTOR) } else { 0 };
            squares += square(dot(&v[i], &v[j]) - unit) * if i == j { 1 } else { 2 };
        }
    }
    let gamma = norm(&squares, 2 * VECTOR);
    if gamma.upper() >= BigInt::from(1) << (BITS - 2) {
        return reject("E2", "the columns of V are not orthonormal to within 1/4");
    }

    let (mut squares, mut products) = (BigInt::ZERO, Vec::new());
    for (v, d) in v.iter().zip(d) {
        let av: Vec<i128> = a.entries.chunks_exact(n).map(|row| dot(row, v)).collect();
        for (av, v) in av.iter().zip(v) {
            squares += square(av - i128::from(*v) * d);
        }
        products.push(av);
    }
    let rho = &norm(&squares, ENTRY + VECTOR) + &a.error.times(2);
    let largest = dyadic(d.iter().fold(0, |largest, d| d.abs().max(largest)), ENTRY);
    let epsilon = &(&(&gamma * &largest).times(2) + &rho) * &(&Ball::whole(1) + &gamma);
    let epsilon = Ball::units(epsilon.upper());
    let centres = d.iter().map(|d| dyadic(*d, ENTRY)).collect();
    if r == n {
        if pairs.mu != 0 {
            return reject("E4", "mu is of no use where all eigenvalues are given, and must be 0");
        }
        return Ok(Spectrum { centres, radius: epsilon.clone(), epsilon, gamma, next: None, products });
    }

    // F = V√D at 2^-54, from √D at 2^-40. Any F of rank r will do.
    let mut f = vec![Vec::with_capacity(r); n];
    for (v, d) in v.iter().zip(d) {
        let root = ((*d).max(0) << 21).isqrt();
        for (f, v) in f.iter_mut().zip(v) {
            match i64::try_from((i128::from(*v) * root) >> 40).ok().filter(|x| x.unsigned_abs() < 1 << 57) {
                Some(x) => f.push(x),
                None => return reject("E4", "an entry of F is out of bounds"),
            }
        }
    }
    let theta = &defect_of_cholesky(a, &f, pairs.mu)? + &a.error;
    let next = &dyadic(pairs.mu, ENTRY) + &theta;
    let radius = epsilon.times(2);
    if next.upper() >= (&dyadic(d[r - 1], ENTRY) - &radius).lower() {
        let why = format!("mu + theta is not below D_{r} - 2 epsilon: an eigenvalue may be left out");
        return reject("E4", why);
    }
    Ok(Spectrum { centres, radius, epsilon, gamma, next: Some(Ball::units(next.upper())), products })
}

impl Spectrum {
    /// The enclosure of λ_i(Σ) for i from 1, given p and tail: A is A_J plus a matrix between 0 and p·tail.
    pub fn eigenvalue(&self, i: usize, p: u64, tail: &Ball) -> Ball {
        let ball = match (self.centres.get(i.wrapping_sub(1)), &self.next) {
            (Some(centre), _) => centre.widen(&self.radius).over(p),
            (None, Some(next)) => Ball::between(&BigInt::ZERO, &next.over(p).upper()),
            (None, None) => return Ball::whole(0),
        };
        Ball::between(&ball.lower(), &(ball.upper() + tail.upper())).not_negative()
    }
}
