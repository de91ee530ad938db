//! *S: the covariance.* The matrix A = pΣ of the p neurons of one sign, from W0 and the levels.
//!
//! Rows are divided by their norms. For rows u and v with t = u·v, the d×d block of A is `F2·I + E(uuᵀ +
//! vvᵀ) + G uvᵀ + F3 vuᵀ` with E = F1 − F2 − tF3 and G = F0 − 2tF1 + tF2 + t²F3, where F0 = Σ A_j²/B P_j(t),
//! F1 = Σ A_jC_j/B P_j′(t), F2 = Σ C_j²/B P_j′(t) and F3 = Σ C_j²/B P_j″(t). Recurrences: (j+d−2)P_{j+1} =
//! (2j+d−2)tP_j − jP_{j−1} and its derivatives; on the diagonal t = 1 exactly. Each degree is positive
//! semidefinite and its trace in Σ is τ_j, so A is A_J plus a matrix between 0 and p·tail(J).

use super::{BITS, BigInt, Checked, Interval, need, zonal::multiplicity};

/// Entries of a form are in units of 2^-59.
pub const ENTRY: u64 = 59;

/// The dimension of the polynomials of degree at most k on the sphere, for d ≥ 3.
pub fn low_rank(d: u64, k: u64) -> BigInt {
    (0..=k).map(|j| multiplicity(d.max(3), j)).sum()
}

/// A symmetric matrix, rounded.
pub struct Form {
    /// The entries, in units of 2^-59 and less than 2 in modulus.
    pub rows: Vec<Vec<i128>>,
    /// A bound on the operator norm of what the rounding and the intervals leave open.
    pub error: Interval,
}

/// u·v.
pub fn dot(u: &[Interval], v: &[Interval]) -> Interval {
    u.iter().zip(v).fold(Interval::whole(0), |sum, (x, y)| &sum + &(x * y))
}

/// The part of A in the degrees from `first` on.
pub fn form(units: &[Vec<Interval>], levels: &[[Interval; 3]], first: usize) -> Checked<Form> {
    let d = units[0].len();
    let (n, zero) = (units.len() * d, || Interval::whole(0));
    let weight = |(j, [a, c, _]): (usize, &[Interval; 3])| match j < first {
        true => [0; 3].map(Interval::whole),
        false => [a.square(), a * c, c.square()].map(|x| x.over(multiplicity(d as u64, j as u64))),
    };
    let weights: Vec<[Interval; 3]> = levels.iter().enumerate().map(weight).collect();
    let (mut rows, mut width) = (vec![vec![0; n]; n], BigInt::ZERO);
    for (r, u) in units.iter().enumerate() {
        for (s, v) in units.iter().enumerate().skip(r) {
            let t = if r == s { Interval::whole(1) } else { dot(u, v) };
            // P_j, P_j′, P_j″ and those of degree j − 1.
            let [mut f0, mut f1, mut f2, mut f3] = [0; 4].map(Interval::whole);
            let (mut p, mut before) = ([1, 0, 0].map(Interval::whole), [0; 3].map(Interval::whole));
            for (j, [aa, ac, cc]) in weights.iter().enumerate() {
                f0 = &f0 + &(aa * &p[0]);
                f1 = &f1 + &(ac * &p[1]);
                f2 = &f2 + &(cc * &p[1]);
                f3 = &f3 + &(cc * &p[2]);
                let inner = [&t * &p[0], &(&t * &p[1]) + &p[0], &(&t * &p[2]) + &p[1].times(2)];
                let next = |i: usize| &inner[i].times(2 * j + d - 2) - &before[i].times(j);
                before = std::mem::replace(&mut p, [0, 1, 2].map(|i| next(i).over(j + d - 2)));
            }
            let e = &(&f1 - &f2) - &(&t * &f3);
            let g = &(&f0 - &(&t * &f1).times(2)) + &(&t * &(&f2 + &(&t * &f3)));
            // Entry (a, b) is (E u_a + F3 v_a) u_b + (E v_a + G u_a) v_b, and F2 more on the diagonal.
            for a in 0..d {
                let (on_u, on_v) = (&(&e * &u[a]) + &(&f3 * &v[a]), &(&e * &v[a]) + &(&g * &u[a]));
                for b in 0..d {
                    let diagonal = if a == b { f2.clone() } else { zero() };
                    let x = &(&(&on_u * &u[b]) + &(&on_v * &v[b])) + &diagonal;
                    width = width.max(&x.high - &x.low);
                    let nearest = (((x.low + x.high) >> (BITS - ENTRY)) + 1) >> 1;
                    let entry = i128::try_from(nearest).ok().filter(|x| x.abs() < 1 << 60);
                    let entry = need(entry, "S3", "an entry of A is not below 2: the levels are too wide")?;
                    rows[r * d + a][s * d + b] = entry;
                    rows[s * d + b][r * d + a] = entry;
                }
            }
        }
    }
    // Each entry is off by at most half its width and 2^-60; n times that bounds the norm.
    let twice = (width + (BigInt::from(1) << (BITS - ENTRY))) * n;
    Ok(Form { rows, error: Interval { low: BigInt::ZERO, high: twice }.over(2) })
}
