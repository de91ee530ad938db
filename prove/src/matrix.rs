//! The matrix A = pΣ of the neurons of one sign, from weights and zonal coefficients in more digits than f64
//! has. An eigenvalue of A is p times one of Σ.

use super::fixed::Fixed;
use super::zonal::{Level, dimension};
use crate::error::{Error, Result};
use faer::Mat;
use num_bigint::BigInt;
use rayon::prelude::*;

/// Entries of A are whole multiples of 2^{-ENTRY_BITS}, as in the checker.
pub const ENTRY_BITS: u64 = 59;

/// The checker's balls are whole multiples of 2^{-BALL_BITS}.
const BALL_BITS: i32 = 192;

/// A symmetric matrix in whole numbers.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The order n.
    pub n: usize,
    /// The rows, one behind the other: neuron by neuron, and coordinate by coordinate in each.
    pub entries: Vec<i64>,
}

impl Matrix {
    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = &[i64]> {
        self.entries.chunks_exact(self.n)
    }

    /// The matrix to the precision of f64.
    pub fn to_f64(&self) -> Mat<f64> {
        Mat::from_fn(self.n, self.n, |i, j| self.entries[i * self.n + j] as f64 * 2.0_f64.powi(-59))
    }
}

/// The rows of the weights, each divided by its norm.
///
/// # Errors
/// Entries that are not finite, and rows whose norm differs from 1 by more than 2^{-40}.
pub fn unit_rows(weights: &Mat<f64>) -> Result<Vec<Vec<Fixed>>> {
    let row = |r: usize| {
        let entries = || (0..weights.ncols()).map(|i| weights[(r, i)]);
        if let Some(x) = entries().find(|x| !x.is_finite()) {
            return Err(Error::Input(format!(
                "row {r} of the weights has the entry {x}, and numbers are allowed"
            )));
        }
        let off = |norm: f64| {
            Error::Input(format!(
                "row {r} of the weights has the norm 1 {} {:.1e}, and a certificate needs a norm within \
                 2^-40 = 9.1e-13 of 1: divide the row by its norm",
                if norm < 1.0 { '-' } else { '+' },
                (norm - 1.0).abs()
            ))
        };
        // Sizes that do not belong into whole numbers of 256 digits.
        let rough = entries().map(|x| x * x).sum::<f64>().sqrt();
        if (rough - 1.0).abs() > 0.5 {
            return Err(off(rough));
        }
        let entries: Vec<Fixed> = entries().map(Fixed::of).collect();
        let norm = entries.iter().fold(Fixed::zero(), |sum, x| &sum + &(x * x)).sqrt();
        // A hair less than what the checker allows.
        let excess = (&norm - &Fixed::one()).to_f64();
        if excess.abs() > 2.0_f64.powi(-40) * (1.0 - 1e-9) {
            return Err(off(1.0 + excess));
        }
        let inverse = Fixed::one().div(&norm);
        Ok(entries.iter().map(|x| x * &inverse).collect())
    };
    (0..weights.nrows()).map(row).collect()
}

/// The coefficients of a degree in the series F0 to F3, and those of the recurrence of the P_j.
struct Term {
    /// A²/B, AC/B and C²/B.
    products: [Fixed; 3],
    /// `P_{j+1} = α t P_j − β P_{j−1}`.
    alpha: Fixed,
    beta: Fixed,
}

fn terms(levels: &[Level], d: usize) -> Vec<Term> {
    let term = |(j, level): (usize, &Level)| {
        let (a, c, b) = (&level.a.value, &level.c.value, dimension(d, j));
        let ratio = |num: usize| Fixed::ratio(&BigInt::from(num), &BigInt::from(j + d - 2));
        Term {
            products: [a * a, a * c, c * c].map(|x| x.over(&b)),
            alpha: ratio(2 * j + d - 2),
            beta: ratio(j),
        }
    };
    levels.iter().enumerate().map(term).collect()
}

/// F0 to F3 at the cosine t: of the degrees up to `cut`, and of those above.
fn series(t: &Fixed, terms: &[Term], cut: usize) -> [[Fixed; 4]; 2] {
    let mut sums: [[Fixed; 4]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| Fixed::zero()));
    let mut before: [Fixed; 3] = std::array::from_fn(|_| Fixed::zero());
    let mut p = [Fixed::one(), Fixed::zero(), Fixed::zero()];
    for (j, Term { products: [aa, ac, cc], alpha, beta }) in terms.iter().enumerate() {
        let sum = &mut sums[usize::from(j > cut)];
        for (f, (factor, p)) in sum.iter_mut().zip([(aa, &p[0]), (ac, &p[1]), (cc, &p[1]), (cc, &p[2])]) {
            *f = &*f + &(factor * p);
        }
        let inner = [t * &p[0], &(t * &p[1]) + &p[0], &(&(t * &p[2]) + &p[1]) + &p[1]];
        let next = std::array::from_fn(|i| &(alpha * &inner[i]) - &(beta * &before[i]));
        before = std::mem::replace(&mut p, next);
    }
    sums
}

/// The d × d block of two neurons, row by row, from the series at their cosine.
fn block([u, v]: [&[Fixed]; 2], t: &Fixed, [f0, f1, f2, f3]: &[Fixed; 4]) -> Vec<Fixed> {
    let tf3 = t * f3;
    let e = &(f1 - f2) - &tf3;
    // G = F0 − t(2F1 − F2 − tF3).
    let g = f0 - &(t * &(&(f1 + f1) - &(f2 + &tf3)));
    let mut out = Vec::with_capacity(u.len() * u.len());
    for (a, (ua, va)) in u.iter().zip(v).enumerate() {
        let on_u = &(&e * ua) + &(f3 * va);
        let on_v = &(&g * ua) + &(&e * va);
        for (b, (ub, vb)) in u.iter().zip(v).enumerate() {
            let entry = &(&on_u * ub) + &(&on_v * vb);
            out.push(if a == b { &entry + f2 } else { entry });
        }
    }
    out
}

/// A in the degrees of `levels`, and its part in the degrees above `cut`.
pub fn matrices(rows: &[Vec<Fixed>], levels: &[Level], cut: usize) -> [Matrix; 2] {
    let d = rows.first().map_or(0, Vec::len);
    let n = rows.len() * d;
    let terms = terms(levels, d);
    let whole = |block: Vec<Fixed>| -> Vec<i64> {
        // Moduli are at most the trace of Σ, which is far below 2^4.
        block.iter().map(|x| i64::try_from(x.rounded(ENTRY_BITS)).unwrap_or(i64::MAX)).collect()
    };
    let blocks_of = |r: usize| -> Vec<[Vec<i64>; 2]> {
        let block_of = |s: usize| {
            let (u, v) = (&rows[r], &rows[s]);
            let t = if r == s {
                Fixed::one()
            } else {
                u.iter().zip(v).fold(Fixed::zero(), |sum, (x, y)| &sum + &(x * y))
            };
            let [low, high] = series(&t, &terms, cut);
            let all = std::array::from_fn(|i| &low[i] + &high[i]);
            [all, high].map(|f| whole(block([u, v], &t, &f)))
        };
        (r..rows.len()).map(block_of).collect()
    };
    let blocks: Vec<_> = (0..rows.len()).into_par_iter().map(blocks_of).collect();
    let assemble = |which: usize| {
        let mut entries = vec![0; n * n];
        for (r, blocks) in blocks.iter().enumerate() {
            for (s, block) in (r..).zip(blocks) {
                for (a, row) in block[which].chunks_exact(d).enumerate() {
                    for (b, x) in row.iter().enumerate() {
                        entries[(r * d + a) * n + s * d + b] = *x;
                        entries[(s * d + b) * n + r * d + a] = *x;
                    }
                }
            }
        }
        Matrix { n, entries }
    };
    [assemble(0), assemble(1)]
}

/// For each J, a bound on the radius of the checker's ball for an entry of A in the degrees up to J.
///
/// Two things make the balls wide. The coefficients carry the error of the polynomial in place of σ. And the
/// recurrence of the P_j makes the radius of a ball grow by up to 1 + √2 a degree, because it adds up radii
/// where the numbers cancel. At t = ±1, where all these numbers are greatest, the radii follow from the same
/// recurrence with plus signs.
pub fn radii(levels: &[Level], d: usize) -> Vec<f64> {
    let unit = 2.0_f64.powi(-BALL_BITS);
    let dim = d as f64;
    // The cosine is a sum of d products of coordinates, each of a few units.
    let of_cosine = 16.0 * (dim + 1.0) * unit;
    // Of P, P' and P'' of this degree and of the one before.
    let (mut now, mut before) = ([0.0_f64; 3], [0.0_f64; 3]);
    // Of F0 to F3, and bounds on their sizes.
    let (mut radius, mut size) = ([0.0_f64; 4], [0.0_f64; 4]);
    let mut out = Vec::with_capacity(levels.len());
    for (j, level) in levels.iter().enumerate() {
        let b = dimension(d, j);
        let product = |x: &super::zonal::Enclosed, y: &super::zonal::Enclosed| {
            let x = x.times(y).over(&b);
            (x.value.abs().to_f64(), x.error.to_f64() + unit)
        };
        let (aa, ac, cc) =
            (product(&level.a, &level.a), product(&level.a, &level.c), product(&level.c, &level.c));
        let x = j as f64;
        // P(1), P'(1) and P''(1).
        let slope = x * (x + dim - 2.0) / (dim - 1.0);
        let largest = [1.0, slope, slope * (x - 1.0) * (x + dim - 1.0) / (dim + 1.0)];
        for (f, ((value, error), i)) in [(aa, 0), (ac, 1), (cc, 1), (cc, 2)].into_iter().enumerate() {
            radius[f] += (value + error) * now[i] + largest[i] * error + unit;
            size[f] += (value + error) * largest[i];
        }
        let of_entry: f64 =
            radius.iter().sum::<f64>() * 8.0 + (size.iter().sum::<f64>() + 4.0) * 16.0 * of_cosine;
        out.push(2.0 * of_entry);
        let inner = |i: usize| now[i] * (1.0 + of_cosine) + largest[i] * of_cosine + unit;
        let inner = [inner(0), inner(1) + now[0], inner(2) + 2.0 * now[1]];
        let next = std::array::from_fn(|i| {
            ((2.0 * x + dim - 2.0) * inner[i] + x * before[i]) / (x + dim - 2.0) + 2.0 * unit
        });
        before = std::mem::replace(&mut now, next);
    }
    out
}
