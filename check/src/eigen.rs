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
//!
//! *M: the worst case of lemma 2.* The maximum, over all f_k of degree at most k with E f_k² = 1, of
//! E(f_L(W_L) − f_k)² at the given weights, W_L being least squares in the top n_k eigenvectors of Σ.
//!
//! f_L(W_L) is the projection of f_k to the span G of the functions ⟨φ, v⟩, v in the space U of these
//! eigenvectors. G and the polynomials of degree at most k have the same dimension n_k, so the greatest
//! squared distance of a unit vector of one from the other is the same both ways: the worst case is the
//! greatest `vᵀSv/vᵀAv` over U, where S = A − A_{≤k} is the part of A in degrees above k.
//!
//! U is replaced by the range of the first n_k columns of V. With ε′ = ε + p·tail and a gap g ≤ D_{n_k} −
//! λ_{n_k+1}, `s = √n_k ε′/g` bounds the sines of the angles (each entry of U⊥ᵀQ times its gap is one of
//! U⊥ᵀ(AQ − QD)). Let v be a unit vector of the range, u its projection to U, w = v − u. Then
//! |vᵀSv − uᵀSu| ≤ ‖A‖(2s + s²), since 0 ⪯ S ⪯ A; |vᵀAv − uᵀAu| ≤ ‖A‖s², since A maps U to U; and the
//! quotients, at most 1, differ by at most π = 2‖A‖(s + s²)/(D_{n_k} − ε), as |a/b − a′/b′| ≤ (|a − a′| +
//! |b − b′|)/b for a′ ≤ b′. The worst case is at most β + π if βA − S is positive definite on the range, and
//! at least α − π if αA − S is not: LDLᵀ in intervals.

use super::{BigInt, Checked, Eigenpairs, Interval, ensure, need};

/// Entries of a form are in units of 2^-59.
pub const ENTRY: u64 = 59;

/// Entries of V, F and L are in units of 2^-54.
const VECTOR: u64 = 54;

/// A symmetric matrix: the rows of its entries, in units of 2^-59 and less than 2 in modulus, and a bound on
/// the operator norm of what the rounding and the intervals leave open.
pub type Form = (Vec<Vec<i64>>, Interval);

/// The λ_i of A_J for i ≤ r, and for i = r + 1 where r < n; ε, which bounds ‖AQ − QD‖ too, and γ.
pub type Spectrum = (Vec<Interval>, [Interval; 2]);

/// Σ x_i y_i, over the shorter one. Callers keep it below 2^127.
fn dot<T: Copy + Into<i128>>(x: &[T], y: &[T]) -> i128 {
    x.iter().zip(y).map(|(x, y)| Into::<i128>::into(*x) * Into::<i128>::into(*y)).sum()
}

/// The Frobenius norm of a matrix of these entries in units of 2^-bits, rounded up.
fn norm(entries: impl Iterator<Item = i128>, bits: u64) -> Interval {
    Interval::dyadic(entries.map(|x| BigInt::from(x) * x).sum::<BigInt>().sqrt() + 1, bits)
}

/// θ without the error of A: the norm of M − LLᵀ, with L made row by row.
fn defect_of_cholesky(a: &[Vec<i64>], f: &[Vec<i128>], mu: i128) -> Checked<Interval> {
    let (mut l, mut defects) = (Vec::<Vec<i128>>::new(), Vec::new());
    for i in 0..f.len() {
        l.push(Vec::new());
        for j in 0..=i {
            let difference = if i == j { mu } else { 0 } - i128::from(a[i][j]);
            // Row i has j entries so far. The next, times the pivot, is the rest but for a defect.
            let rest = (difference << (2 * VECTOR - ENTRY)) + dot(&f[i], &f[j]) - dot(&l[i], &l[j]);
            let entry = if i == j { rest.max(0).isqrt() } else { rest.div_euclid(l[j][j]) };
            let bounded = entry.abs() < 1 << 57 && (i != j || entry > 0);
            ensure(bounded, "E4", "mu I - A + F F^T has no Cholesky factor within the bounds")?;
            l[i].push(entry);
            let defect = rest - entry * l[j][j];
            defects.extend([defect, if i == j { 0 } else { defect }]);
        }
    }
    Ok(norm(defects.into_iter(), 2 * VECTOR))
}

/// Checks obligations E1 to E4.
pub fn enclose((a, error): &Form, pairs: &Eigenpairs<'_>) -> Checked<Spectrum> {
    let (v, d, n, r) = (&pairs.vectors, &pairs.values, a.len(), pairs.values.len());
    let shapes = r <= n && v.len() == r && v.iter().all(|x| x.len() == n);
    ensure(shapes && d.is_sorted_by(|a, b| a >= b), "E1", "V and D differ in shape, or D increases")?;

    let unit = |i, j| i128::from(i == j) << (2 * VECTOR);
    let products = (0..r).flat_map(|i| (0..r).map(move |j| dot(&v[i], &v[j]) - unit(i, j)));
    let gamma = norm(products, 2 * VECTOR);
    ensure(gamma.high < Interval::dyadic(1, 2).low, "E2", "V is not orthonormal to within 1/4")?;
    let residuals = (0..r).flat_map(|i| (0..n).map(move |j| dot(&a[j], &v[i]) - i128::from(v[i][j]) * d[i]));
    let rho = &norm(residuals, ENTRY + VECTOR) + &error.scale(2, 1);
    let largest = Interval::dyadic(d[0].abs().max(d[r - 1].abs()), ENTRY);
    let epsilon = &(&(&gamma * &largest).scale(2, 1) + &rho) * &(&Interval::whole(1) + &gamma);
    let radius = if r == n { epsilon.clone() } else { epsilon.scale(2, 1) };
    let mut values: Vec<_> = d.iter().map(|d| Interval::dyadic(*d, ENTRY).widen(&radius)).collect();
    if r == n {
        ensure(pairs.mu == 0, "E4", "mu must be 0 where all eigenvalues are given")?;
        return Ok((values, [epsilon, gamma]));
    }

    // F = V√D at 2^-54, from √D at 2^-40. Any F of rank r will do.
    let row = |i: usize| {
        v.iter().zip(d).map(|(v, d)| (i128::from(v[i]) * (d.max(&0) << 21).isqrt()) >> 40).collect()
    };
    let f: Vec<Vec<i128>> = (0..n).map(row).collect();
    ensure(f.iter().flatten().all(|x| x.abs() < 1 << 57), "E4", "an entry of F is out of bounds")?;
    let next = &(&Interval::dyadic(pairs.mu, ENTRY) + &defect_of_cholesky(a, &f, pairs.mu)?) + error;
    ensure(next.high < values[r - 1].low, "E4", "mu + theta is not below D_r - 2 epsilon")?;
    values.push(Interval { low: BigInt::ZERO, high: next.high });
    Ok((values, [epsilon, gamma]))
}

/// Whether a symmetric matrix is positive definite; nothing where the intervals leave that open.
fn positive(mut m: Vec<Vec<Interval>>) -> Option<bool> {
    for k in 0..m.len() {
        let Some(inverse) = m[k][k].inverse() else {
            return (m[k][k].high <= BigInt::ZERO).then_some(false);
        };
        for i in k + 1..m.len() {
            let factor = &m[i][k] * &inverse;
            for j in k + 1..=i {
                m[i][j] = &m[i][j] - &(&factor * &m[j][k]);
            }
        }
    }
    Some(true)
}

/// vᵢᵀAvⱼ for the columns, with an error for ‖vᵢ‖‖vⱼ‖ ≤ 1 + γ.
fn gram(rows: &[Vec<i64>], columns: &[Vec<i64>], error: &Interval) -> Vec<Vec<Interval>> {
    let row = |v: &Vec<i64>| {
        let av: Vec<i128> = rows.iter().map(|row| dot(row, v)).collect();
        let product = |w: &Vec<i64>| av.iter().zip(w).map(|(x, y)| BigInt::from(*x) * y).sum::<BigInt>();
        let entry = |w| Interval::dyadic(product(w), ENTRY + 2 * VECTOR).widen(error);
        columns.iter().map(entry).collect()
    };
    columns.iter().map(row).collect()
}

/// An enclosure of the worst case: obligations M1 and M2. The forms are A and S, the columns v are n_k, and
/// `rest` is p·tail.
pub fn worst_case(forms: [&Form; 2], v: &[Vec<i64>], of: &Spectrum, rest: &Interval) -> Checked<Interval> {
    let (values, [epsilon, gamma]) = of;
    let (rank, one, last) = (v.len(), Interval::whole(1), &values[v.len() - 1]);
    let next = values.get(rank).map_or(Interval::whole(0), |next| next + rest);
    let inverses = (last - &next).inverse().zip(last.inverse());
    let (gap, least) = need(inverses, "M2", format!("there is no gap below eigenvalue n_k = {rank}"))?;
    let sine = &(&Interval::whole(rank).root() * &(epsilon + rest)) * &gap;
    ensure(sine.high < one.scale(1, 2).low, "M2", "V is not shown to be near the top eigenspace")?;
    let pi = (&(&(&values[0].abs() + rest) * &(&sine + &sine.square())) * &least).scale(2, 1);

    let [a, s] = forms.map(|(rows, error)| gram(rows, v, &(&(&one + gamma) * &(error + rest))));
    // Whether xA − S is positive definite on the range of V.
    let definite = |x: &Interval| {
        let row = |i: usize| a[i].iter().zip(&s[i]).map(|(a, s)| &(x * a) - s).collect();
        positive((0..rank).map(row).collect())
    };
    ensure(definite(&Interval::whole(2)) == Some(true), "M1", "the form of A is not positive definite")?;
    // Each end by 50 bisections. 0 is a lower end without proof, since S ⪰ 0.
    let end = |sought: bool, [mut good, mut bad]: [Interval; 2]| {
        for _ in 0..50 {
            let middle = (&good + &bad).scale(1, 2);
            if definite(&middle) == Some(sought) { good = middle } else { bad = middle }
        }
        good
    };
    let (low, high) = (end(false, [0, 2].map(Interval::whole)), end(true, [2, 0].map(Interval::whole)));
    Ok(Interval { low: low.low - &pi.high, high: high.high + &pi.high }.not_negative())
}
