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

use super::covariance::{ENTRY, Form};
use super::eigen::{Spectrum, VECTOR, dot};
use super::{BigInt, Checked, Interval, ensure, need};

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
fn gram(form: &Form, columns: &[Vec<i128>], error: &Interval) -> Vec<Vec<Interval>> {
    let row = |v: &Vec<i128>| {
        let av: Vec<i128> = form.rows.iter().map(|row| dot(row, v)).collect();
        let entry = |w: &Vec<i128>| {
            let sum: BigInt = av.iter().zip(w).map(|(x, y)| BigInt::from(*x) * y).sum();
            Interval::dyadic(sum, ENTRY + 2 * VECTOR).widen(error)
        };
        columns.iter().map(entry).collect()
    };
    columns.iter().map(row).collect()
}

/// An enclosure of the worst case: obligations M1 and M2. `rank` is n_k, and `rest` is p·tail.
pub fn enclosure(
    [a, s]: [&Form; 2],
    vectors: &[Vec<i128>],
    spectrum: &Spectrum,
    rank: usize,
    rest: &Interval,
) -> Checked<Interval> {
    let columns = vectors.get(..rank.min(129)).filter(|columns| columns.len() <= 128);
    let columns = need(columns, "M2", format!("V must have n_k = {rank} columns, and n_k be at most 128"))?;
    let (values, one) = (&spectrum.values, Interval::whole(1));
    let last = &values[rank - 1];
    let next = values.get(rank).map_or(Interval::whole(0), |next| next + rest);
    let inverses = (last - &next).inverse().zip(last.inverse());
    let (gap, least) = need(inverses, "M2", format!("there is no gap below eigenvalue n_k = {rank}"))?;
    let sine = &(&Interval::whole(rank).root() * &(&spectrum.epsilon + rest)) * &gap;
    let near = sine.high < one.over(2).low;
    ensure(near, "M2", "the range of V is not shown to be near the top eigenspace")?;
    let norm = &values[0].abs() + rest;
    let pi = (&(&norm * &(&sine + &sine.square())) * &least).times(2);

    let error = |form: &Form| &(&one + &spectrum.gamma) * &(&form.error + rest);
    let [a, s] = [a, s].map(|form| gram(form, columns, &error(form)));
    // Whether xA − S is positive definite on the range of V.
    let definite = |x: &Interval| {
        let row = |i: usize| a[i].iter().zip(&s[i]).map(|(a, s)| &(x * a) - s).collect();
        positive((0..rank).map(row).collect())
    };
    let (zero, two) = (Interval::whole(0), Interval::whole(2));
    ensure(definite(&two) == Some(true), "M1", "the form of A is not positive definite on the range of V")?;
    // Each end by 50 bisections. 0 is a lower end without proof, since S ⪰ 0.
    let end = |sought: bool, mut good: Interval, mut bad: Interval| {
        for _ in 0..50 {
            let middle = (&good + &bad).over(2);
            if definite(&middle) == Some(sought) { good = middle } else { bad = middle }
        }
        good
    };
    let (low, high) = (end(false, zero.clone(), two.clone()), end(true, two, zero));
    Ok(Interval { low: low.low - &pi.high, high: high.high + &pi.high }.not_negative())
}
