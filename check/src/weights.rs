//! The kinds spectrum and lemma-2: W0.npy beside the certificate, and the quantities of its matrix.

use super::covariance::{dot, form, low_rank};
use super::{Approximation, BITS, BigInt, Checked, Claim, Eigenpairs, Interval, ensure, need};
use super::{eigen, sha256::sha256, worst_case, zonal};
use std::{fs::File, io::Read, path::Path};

/// The f64 of these bits; infinities and what is no number become numbers of at least 2^1024.
fn number(bits: [u8; 8]) -> Interval {
    let bits = u64::from_le_bytes(bits);
    // ±mantissa·2^(exponent−1075).
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let modulus = BigInt::from(if exponent > 0 { fraction | 1 << 52 } else { fraction }) << exponent.max(1);
    Interval::ratio(if bits >> 63 == 1 { -modulus } else { modulus }, BigInt::from(1) << 1075)
}

/// Reads W0.npy beside the certificate: obligations F5, S1 and S2. The rows are divided by their norms.
pub fn weights(folder: &Path, pairs: &Eigenpairs<'_>, d: u64) -> Checked<Vec<Vec<Interval>>> {
    let mut bytes = Vec::new();
    let read = File::open(folder.join("W0.npy")).and_then(|file| file.take(1 << 17).read_to_end(&mut bytes));
    let same = read.is_ok() && sha256(&bytes) == pairs.weights_sha256;
    ensure(same, "F5", "W0.npy beside the certificate cannot be read, or has another SHA-256")?;
    let (n, width, p) = (pairs.n, d as usize, pairs.n / d as usize);
    let few = p * p * (pairs.degrees as usize + 1) <= 20_000_000;
    ensure(few, "S2", "the pairs of neurons times the degrees are above 2·10^7")?;
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({p}, {d}), }}");
    let data = bytes.strip_prefix(b"\x93NUMPY\x01\x00").and_then(|rest| {
        let (length, rest) = rest.split_first_chunk()?;
        let (found, data) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        (found.trim_ascii_end() == header.as_bytes() && data.len() == 8 * n).then_some(data)
    });
    let data = data.filter(|_| n > 0 && n % width == 0);
    let data = need(data, "S2", format!("W0.npy is no array {header} of {n} numbers, as in a vector of V"))?;
    let numbers: Vec<Interval> = data.as_chunks().0.iter().map(|bits| number(*bits)).collect();
    let unit = |y: &[Interval]| {
        let norm = dot(y, y).root();
        let near = (&norm - &Interval::whole(1)).abs().high < BigInt::from(1) << (BITS - 40);
        let inverse = norm.inverse().filter(|_| near);
        let inverse = need(inverse, "S1", "a row of W0 is no unit vector to within 2^-40")?;
        Ok(y.iter().map(|x| x * &inverse).collect())
    };
    numbers.chunks(width).map(unit).collect()
}

/// The quantities of the claims.
pub fn enclosures(of: &Approximation<'_>, pairs: &Eigenpairs<'_>, folder: &Path) -> Checked<Vec<Interval>> {
    let (d, r) = (of.certificate.d, pairs.values.len());
    let units = weights(folder, pairs, d)?;
    let levels: Vec<[Interval; 3]> = (0..=pairs.degrees).map(|j| of.level(d, j)).collect();
    let [trace, ..] = of.energies(d);
    let a = form(&units, &levels, 0)?;
    let spectrum = eigen::enclose(&a, pairs)?;
    // A is A_J plus a matrix between 0 and p·tail.
    let rest = Interval { low: BigInt::ZERO, high: zonal::tail(&trace, &levels).high }.times(units.len());
    let lambda = |i: usize| match spectrum.values.get(i - 1) {
        Some(value) => (value + &rest).over(units.len()).not_negative(),
        None => Interval::whole(0),
    };
    let rank = usize::try_from(low_rank(d, pairs.low)).unwrap_or(usize::MAX);
    let quantity = |claim: &Claim<'_>| match claim.quantity {
        "eigenvalue" | "next" => Ok(lambda(claim.j as usize)),
        "rest" => Ok((1..=r).fold(trace.clone(), |rest, i| &rest - &lambda(i)).not_negative()),
        "gap" if rank <= r => Ok((&lambda(rank) - &lambda(rank + 1)).not_negative()),
        "gap" => need(None, "E4", format!("V has fewer than n_k = {rank} columns")),
        _ => {
            let s = form(&units, &levels, pairs.low as usize + 1)?;
            worst_case::enclosure([&a, &s], &pairs.vectors, &spectrum, rank, &rest)
        }
    };
    of.certificate.claims.iter().map(quantity).collect()
}
