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

use super::covariance::{ENTRY, Form};
use super::{BigInt, Checked, Eigenpairs, Interval, ensure};

/// Entries of V, F and L are in units of 2^-54.
pub const VECTOR: u64 = 54;

/// What is known of the eigenvalues of A_J.
pub struct Spectrum {
    /// λ_i for i ≤ r, and for i = r + 1 where r < n.
    pub values: Vec<Interval>,
    /// ε, which bounds ‖AQ − QD‖ too.
    pub epsilon: Interval,
    /// γ.
    pub gamma: Interval,
}

/// Σ x_i y_i, over the shorter one. Callers keep it below 2^127.
pub fn dot(x: &[i128], y: &[i128]) -> i128 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The square of an entry of a matrix, twice where it stands for two entries off the diagonal.
fn square(x: i128, diagonal: bool) -> BigInt {
    BigInt::from(x) * x * if diagonal { 1 } else { 2 }
}

/// The root of a sum of squares in units of 2^-bits, rounded up: Frobenius norms.
fn norm(squares: &BigInt, bits: u64) -> Interval {
    Interval::dyadic(squares.sqrt() + 1, bits)
}

/// θ without the error of A: the norm of M − LLᵀ, with L made row by row.
fn defect_of_cholesky(a: &Form, f: &[Vec<i128>], mu: i128) -> Checked<Interval> {
    let (mut l, mut squares) = (Vec::<Vec<i128>>::new(), BigInt::ZERO);
    for i in 0..f.len() {
        l.push(Vec::new());
        for j in 0..=i {
            let m =
                ((if i == j { mu } else { 0 } - a.rows[i][j]) << (2 * VECTOR - ENTRY)) + dot(&f[i], &f[j]);
            // Row i has j entries so far. The next, times the pivot, is the rest but for a defect.
            let rest = m - dot(&l[i], &l[j]);
            let entry = if i == j { rest.max(0).isqrt() } else { rest.div_euclid(l[j][j]) };
            let good = entry.abs() < 1 << 57 && (i != j || entry > 0);
            ensure(
                good,
                "E4",
                "a pivot of mu I - A + F F^T is not positive, or an entry of L out of bounds",
            )?;
            l[i].push(entry);
            squares += square(rest - entry * l[j][j], i == j);
        }
    }
    Ok(norm(&squares, 2 * VECTOR))
}

/// Checks obligations E1 to E4.
pub fn enclose(a: &Form, pairs: &Eigenpairs<'_>) -> Checked<Spectrum> {
    let (v, d, n, r) = (&pairs.vectors, &pairs.values, a.rows.len(), pairs.values.len());
    let shapes = (1..=n).contains(&r) && v.len() == r && v.iter().all(|x| x.len() == n);
    let why = format!("V must be r vectors of {n} entries, and D r numbers that do not increase");
    ensure(shapes && d.is_sorted_by(|a, b| a >= b), "E1", why)?;

    let mut squares = BigInt::ZERO;
    for (i, x) in v.iter().enumerate() {
        for (j, y) in v[..=i].iter().enumerate() {
            squares += square(dot(x, y) - if i == j { 1 << (2 * VECTOR) } else { 0 }, i == j);
        }
    }
    let gamma = norm(&squares, 2 * VECTOR);
    ensure(
        gamma.high < Interval::dyadic(1, 2).low,
        "E2",
        "the columns of V are not orthonormal to within 1/4",
    )?;

    let mut squares = BigInt::ZERO;
    for (v, d) in v.iter().zip(d) {
        for (row, x) in a.rows.iter().zip(v) {
            squares += square(dot(row, v) - x * d, true);
        }
    }
    let rho = &norm(&squares, ENTRY + VECTOR) + &a.error.times(2);
    let largest = Interval::dyadic(d[0].abs().max(d[r - 1].abs()), ENTRY);
    let epsilon = &(&(&gamma * &largest).times(2) + &rho) * &(&Interval::whole(1) + &gamma);
    let radius = if r == n { epsilon.clone() } else { epsilon.times(2) };
    let mut values: Vec<_> = d.iter().map(|d| Interval::dyadic(*d, ENTRY).widen(&radius)).collect();
    if r == n {
        ensure(pairs.mu == 0, "E4", "mu must be 0 where all eigenvalues are given")?;
        return Ok(Spectrum { values, epsilon, gamma });
    }

    // F = V√D at 2^-54, from √D at 2^-40. Any F of rank r will do.
    let roots: Vec<i128> = d.iter().map(|d| (d.max(&0) << 21).isqrt()).collect();
    let row = |i: usize| v.iter().zip(&roots).map(|(v, root)| (v[i] * root) >> 40).collect();
    let f: Vec<Vec<i128>> = (0..n).map(row).collect();
    let bounded = f.iter().flatten().all(|x| x.abs() < 1 << 57);
    ensure(bounded, "E4", "an entry of F is out of bounds")?;
    let theta = &defect_of_cholesky(a, &f, pairs.mu)? + &a.error;
    let next = &Interval::dyadic(pairs.mu, ENTRY) + &theta;
    let why = format!("mu + theta is not below D_{r} - 2 epsilon: an eigenvalue may be left out");
    ensure(next.high < values[r - 1].low, "E4", why)?;
    values.push(Interval { low: BigInt::ZERO, high: next.high });
    Ok(Spectrum { values, epsilon, gamma })
}
