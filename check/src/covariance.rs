//! *S: the covariance.* The matrix A = pΣ of the p neurons of one sign, in balls, from W0 and the levels.
//!
//! Rows are divided by their norms. For rows u and v with t = u·v, the d×d block of A is `F2·I + E(uuᵀ +
//! vvᵀ) + G uvᵀ + F3 vuᵀ` with E = F1 − F2 − tF3 and G = F0 − 2tF1 + tF2 + t²F3, where F0 = Σ A_j²/B P_j(t),
//! F1 = Σ A_jC_j/B P_j′(t), F2 = Σ C_j²/B P_j′(t) and F3 = Σ C_j²/B P_j″(t). Recurrences: (j+d−2)P_{j+1} =
//! (2j+d−2)tP_j − jP_{j−1} and its derivatives; on the diagonal t = 1 exactly. Each degree is positive
//! semidefinite and its trace in Σ is τ_j, so A is A_J plus a matrix between 0 and p·tail(J).

use super::ball::{BITS, Ball};
use super::certificate::Eigenpairs;
use super::sha256::sha256;
use super::zonal::{Level, multiplicity};
use super::{Rejection, reject};
use num_bigint::BigInt;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Entries of a form are in units of 2^-59.
pub const ENTRY: u64 = 59;

/// The dimension of the polynomials of degree at most k on the sphere, where that is at most 2000.
pub fn low_rank(d: u64, k: u64) -> Option<usize> {
    let sum: BigInt = if d < 3 { None } else { Some((0..=k).map(|j| multiplicity(d, j)).sum()) }?;
    usize::try_from(sum).ok().filter(|&n| n <= 2000)
}

/// A symmetric matrix of order n, rounded.
pub struct Form {
    /// The order.
    pub n: usize,
    /// The entries, row by row, in units of 2^-59 and less than 2 in modulus.
    pub entries: Vec<i64>,
    /// A bound on the operator norm of what the rounding and the balls leave open.
    pub error: Ball,
}

/// Reads W0.npy beside the certificate: obligations F5, S1 and S2. The rows are divided by their norms.
pub fn weights(folder: &Path, pairs: &Eigenpairs<'_>, d: u64) -> Result<Vec<Vec<Ball>>, Rejection> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(folder.join("W0.npy"))
        .and_then(|file| file.take(1 << 17).read_to_end(&mut bytes));
    if let Err(error) = read {
        return reject("F5", format!("W0.npy beside the certificate cannot be read: {error}"));
    }
    if sha256(&bytes) != pairs.weights_sha256 {
        return reject("F5", "the SHA-256 of W0.npy is another one than the certificate names");
    }
    let (n, width) = (pairs.vectors.first().map_or(0, Vec::len), d as usize);
    if n / width * (n / width) * (pairs.degrees as usize + 1) > 20_000_000 {
        return reject("S2", "the number of pairs of neurons times that of degrees is above 2·10^7");
    }
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {d}), }}", n / width);
    let data = bytes.strip_prefix(b"\x93NUMPY\x01\x00").and_then(|rest| {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        let found = rest.get(2..2 + length)?;
        (found.trim_ascii_end() == header.as_bytes()).then(|| &rest[2 + length..])
    });
    let Some(data) = data.filter(|data| n % width == 0 && n > 0 && data.len() == 8 * n) else {
        let why = format!("W0.npy is no array {header} of {n} numbers, n being the length of a vector in V");
        return reject("S2", why);
    };
    let mut rows = Vec::new();
    for row in data.chunks_exact(8 * width) {
        let mut y = Vec::new();
        for bytes in row.chunks_exact(8) {
            let bits = bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
            if exponent > 1023 {
                return reject("S1", "W0 has an entry of modulus 2 or more, or one that is no number");
            }
            // ±mantissa·2^(exponent−1075); a unit is 2^-192.
            let mantissa = BigInt::from(if exponent > 0 { fraction | 1 << 52 } else { fraction });
            let places = exponent.max(1) + BITS;
            let high = (mantissa << places) >> 1075u32;
            let modulus = Ball::between(&high, &(&high + u32::from(places < 1075)));
            y.push(if bits >> 63 == 1 { &Ball::whole(0) - &modulus } else { modulus });
        }
        let norm2 = y.iter().fold(Ball::whole(0), |sum, x| &sum + &x.square());
        let off = (&norm2.root() - &Ball::whole(1)).abs().upper();
        match norm2.root().inverse().filter(|_| off < BigInt::from(1) << (BITS - 40)) {
            Some(inverse) => rows.push(y.iter().map(|x| x * &inverse).collect()),
            None => {
                return reject("S1", format!("row {} of W0 is no unit vector to within 2^-40", rows.len()));
            }
        }
    }
    Ok(rows)
}

/// The part of A in the degrees of the range.
pub fn form(rows: &[Vec<Ball>], levels: &[Level], degrees: Range<u64>) -> Result<Form, Rejection> {
    let d = rows.first().map_or(0, Vec::len);
    let (n, dim) = (rows.len() * d, d as u64);
    let weight = |j: u64, x: &Ball| if degrees.contains(&j) { x.clone() } else { Ball::whole(0) };
    let coefficients: Vec<[Ball; 3]> = (0..)
        .zip(levels)
        .map(|(j, level)| {
            [level.a.square(), &level.a * &level.c, level.c.square()]
                .map(|x| weight(j, &x.over(level.b.clone())))
        })
        .collect();

    let mut entries = vec![0i64; n * n];
    let (half, mut radius) = (BigInt::from(1) << (BITS - ENTRY - 1), BigInt::ZERO);
    for (r, u) in rows.iter().enumerate() {
        for (s, v) in rows.iter().enumerate().skip(r) {
            let dot =
                |u: &[Ball], v: &[Ball]| u.iter().zip(v).fold(Ball::whole(0), |sum, (x, y)| &sum + &(x * y));
            let t = if r == s { Ball::whole(1) } else { dot(u, v) };

            // P_j, P_j′, P_j″ and those of degree j − 1.
            let [mut f0, mut f1, mut f2, mut f3] = [0; 4].map(Ball::whole);
            let (mut p, mut before) = ([1, 0, 0].map(Ball::whole), [0; 3].map(Ball::whole));
            for (j, [aa, ac, cc]) in (0u64..).zip(&coefficients) {
                f0 = &f0 + &(aa * &p[0]);
                f1 = &f1 + &(ac * &p[1]);
                f2 = &f2 + &(cc * &p[1]);
                f3 = &f3 + &(cc * &p[2]);
                let inner = [&t * &p[0], &(&t * &p[1]) + &p[0], &(&t * &p[2]) + &p[1].times(2)];
                let step = [2 * j + dim - 2, j, j + dim - 2];
                let mut next = [0, 1, 2].map(|i| Ball::combine(step, &inner[i], &before[i]));
                std::mem::swap(&mut before, &mut p);
                std::mem::swap(&mut p, &mut next);
            }
            let e = &(&f1 - &f2) - &(&t * &f3);
            let g = &(&f0 - &(&t * &f1).times(2)) + &(&t * &(&f2 + &(&t * &f3)));
            // Entry (a, b) is (E u_a + F3 v_a) u_b + (E v_a + G u_a) v_b, and F2 more on the diagonal.
            for a in 0..d {
                let (on_u, on_v) = (&(&e * &u[a]) + &(&f3 * &v[a]), &(&e * &v[a]) + &(&g * &u[a]));
                for b in if r == s { a } else { 0 }..d {
                    let mut x = &(&on_u * &u[b]) + &(&on_v * &v[b]);
                    if a == b {
                        x = &x + &f2;
                    }
                    radius = radius.max(x.rad().clone());
                    let rounded = (x.mid() + &half) >> (BITS - ENTRY);
                    let Some(entry) = i64::try_from(rounded).ok().filter(|x| x.unsigned_abs() < 1 << 60)
                    else {
                        let why = "an entry of A is not below 2: the levels are too wide, or J too high";
                        return reject("S3", why);
                    };
                    entries[(r * d + a) * n + s * d + b] = entry;
                    entries[(s * d + b) * n + r * d + a] = entry;
                }
            }
        }
    }
    // Each entry is off by at most its radius and half a unit; n times that bounds the norm.
    Ok(Form { n, entries, error: Ball::units((radius + half) * n) })
}
