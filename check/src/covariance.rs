//! *S: the covariance.* The matrix A = pΣ of the p neurons of one sign, from W0 and the levels.
//!
//! Rows are divided by their norms. For rows u and v with t = u·v, the d×d block of A is `F2·I + E(uuᵀ +
//! vvᵀ) + G uvᵀ + F3 vuᵀ` with E = F1 − F2 − tF3 and G = F0 − 2tF1 + tF2 + t²F3, where F0 = Σ A_j²/B P_j(t),
//! F1 = Σ A_jC_j/B P_j′(t), F2 = Σ C_j²/B P_j′(t) and F3 = Σ C_j²/B P_j″(t). Recurrences: (j+d−2)P_{j+1} =
//! (2j+d−2)tP_j − jP_{j−1} and its derivatives; on the diagonal t = 1 exactly. Each degree is positive
//! semidefinite and its trace in Σ is τ_j, so A is A_J plus a matrix between 0 and p·tail(J).

use super::{Approximation, BITS, BigInt, Checked, Claim, Eigenpairs, Interval, ensure, need};
use super::{eigen, eigen::ENTRY, eigen::Form, sha256::sha256, zonal};
use std::{fs::File, io::Read, path::Path};

/// The dimension of the polynomials of degree at most k on the sphere, for d ≥ 3.
pub fn low_rank(d: u64, k: u64) -> BigInt {
    (0..=k).map(|j| zonal::multiplicity(d.max(3), j)).sum()
}

/// The f64 of these bits; infinities and what is no number become numbers of at least 2^1024.
fn number(bits: u64) -> Interval {
    // ±mantissa·2^(exponent−1075).
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let modulus = BigInt::from(if exponent > 0 { fraction | 1 << 52 } else { fraction }) << exponent.max(1);
    Interval::dyadic(if bits >> 63 == 1 { -modulus } else { modulus }, 1075)
}

/// Reads W0.npy beside the certificate: obligations F5, S1 and S2. The rows are divided by their norms.
pub fn weights(folder: &Path, pairs: &Eigenpairs<'_>, d: u64) -> Checked<Vec<Vec<Interval>>> {
    let mut bytes = Vec::new();
    let read = File::open(folder.join("W0.npy")).and_then(|file| file.take(1 << 17).read_to_end(&mut bytes));
    let same = read.is_ok_and(|_| sha256(&bytes) == pairs.weights_sha256);
    ensure(same, "F5", "W0.npy beside the certificate cannot be read, or has another SHA-256")?;
    let (n, width, p) = (pairs.vectors[0].len(), d as usize, pairs.vectors[0].len() / d as usize);
    ensure(p * p * (pairs.degrees as usize + 1) <= 20_000_000, "S2", "p^2 (J + 1) is above 2·10^7")?;
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({p}, {d}), }}");
    let data = bytes.strip_prefix(b"\x93NUMPY\x01\x00").and_then(|rest| {
        let (length, rest) = rest.split_first_chunk()?;
        let (found, data) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        let good = found.trim_ascii_end() == header.as_bytes() && p * width == n;
        Some(data).filter(|data| good && data.len() == 8 * n)
    });
    let data = need(data, "S2", format!("W0.npy is no array {header} of {n} numbers, as in a vector of V"))?;
    let numbers = data.as_chunks().0.iter().map(|bits| number(u64::from_le_bytes(*bits)));
    let unit = |y: &[Interval]| {
        let norm = dot(y, y).root();
        let near = (&norm - &Interval::whole(1)).abs().high < Interval::dyadic(1, 40).low;
        let inverse = need(norm.inverse().filter(|_| near), "S1", "a row of W0 is no unit vector")?;
        Ok(y.iter().map(|x| x * &inverse).collect())
    };
    numbers.collect::<Vec<_>>().chunks(width).map(unit).collect()
}

/// u·v.
fn dot(u: &[Interval], v: &[Interval]) -> Interval {
    u.iter().zip(v).fold(Interval::whole(0), |sum, (x, y)| &sum + &(x * y))
}

/// The part of A in the degrees from `first` on.
pub fn form(units: &[Vec<Interval>], levels: &[[Interval; 3]], first: usize) -> Checked<Form> {
    let (d, n) = (units[0].len(), units.len() * units[0].len());
    let weight = |(j, [a, c, _]): (usize, &[Interval; 3])| {
        let (kept, b) = (u32::from(j >= first), zonal::multiplicity(d as u64, j as u64));
        [a.square(), a * c, c.square()].map(|x| x.scale(kept, b.clone()))
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
                let inner = [&t * &p[0], &(&t * &p[1]) + &p[0], &(&t * &p[2]) + &p[1].scale(2, 1)];
                let next = |i: usize| &inner[i].scale(2 * j + d - 2, 1) - &before[i].scale(j, 1);
                before = std::mem::replace(&mut p, [0, 1, 2].map(|i| next(i).scale(1, j + d - 2)));
            }
            let e = &(&f1 - &f2) - &(&t * &f3);
            let g = &(&f0 - &(&t * &f1).scale(2, 1)) + &(&t * &(&f2 + &(&t * &f3)));
            // Entry (a, b) is (E u_a + F3 v_a) u_b + (E v_a + G u_a) v_b, and F2 more on the diagonal.
            for a in 0..d {
                let (on_u, on_v) = (&(&e * &u[a]) + &(&f3 * &v[a]), &(&e * &v[a]) + &(&g * &u[a]));
                for b in 0..d {
                    let x = &(&(&on_u * &u[b]) + &(&on_v * &v[b])) + &f2.scale(u32::from(a == b), 1);
                    width = width.max(&x.high - &x.low);
                    let nearest = (((x.low + x.high) >> (BITS - ENTRY)) + 1) >> 1;
                    let entry = i64::try_from(nearest).ok().filter(|x| x.abs() < 1 << 60);
                    let entry = need(entry, "S3", "an entry of A is not below 2: the levels are too wide")?;
                    rows[r * d + a][s * d + b] = entry;
                    rows[s * d + b][r * d + a] = entry;
                }
            }
        }
    }
    // Each entry is off by at most half its width and 2^-60; n times that bounds the norm.
    let twice = (width + (BigInt::from(1) << (BITS - ENTRY))) * n;
    Ok((rows, Interval { low: BigInt::ZERO, high: twice }.scale(1, 2)))
}

/// The quantities of the kinds spectrum and lemma-2.
pub fn enclosures(of: &Approximation<'_>, pairs: &Eigenpairs<'_>, folder: &Path) -> Checked<Vec<Interval>> {
    let (d, r) = (of.certificate.d, pairs.values.len());
    let units = weights(folder, pairs, d)?;
    let levels: Vec<[Interval; 3]> = (0..=pairs.degrees).map(|j| of.level(d, j)).collect();
    let [trace, ..] = of.energies(d);
    let a = form(&units, &levels, 0)?;
    let spectrum = eigen::enclose(&a, pairs)?;
    // A is A_J plus a matrix between 0 and p·tail.
    let tail = levels.iter().fold(trace.clone(), |rest, [_, _, tau]| &rest - tau).not_negative();
    let rest = Interval { low: BigInt::ZERO, high: tail.high * units.len() };
    let value = |value: &Interval| (value + &rest).scale(1, units.len()).not_negative();
    // λ_1(Σ) and so on; λ_{n+1} = 0.
    let lambda: Vec<_> = spectrum.0.iter().map(value).chain([Interval::whole(0)]).collect();
    let rank = usize::try_from(low_rank(d, pairs.low)).unwrap_or(usize::MAX);
    let quantity = |claim: &Claim<'_>| match claim.quantity {
        "eigenvalue" | "next" => Ok(lambda[claim.j as usize - 1].clone()),
        "rest" => Ok(lambda[..r].iter().fold(trace.clone(), |rest, x| &rest - x).not_negative()),
        "gap" if rank <= r => Ok((&lambda[rank - 1] - &lambda[rank]).not_negative()),
        "gap" => need(None, "E4", format!("V has fewer than n_k = {rank} columns")),
        _ => {
            let v = pairs.vectors.get(..rank).filter(|_| rank <= 128);
            let v = need(v, "M2", format!("n_k = {rank} is above 128 or the number of vectors"))?;
            let s = form(&units, &levels, pairs.low as usize + 1)?;
            eigen::worst_case([&a, &s], v, &spectrum, &rest)
        }
    };
    of.certificate.claims.iter().map(quantity).collect()
}
