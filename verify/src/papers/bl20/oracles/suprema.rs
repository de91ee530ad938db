//! Suprema of f_Q on a ball over all signs, and norms of tensors.

use super::{AGREEMENT, SEARCH, inputs, sigma, signs};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::network::PairedNetwork;
use escapement::randomised::{QuadraticForms, SignedTensor};
use escapement::tolerance::UNIT_NORM_F64;
use escapement::{seed, sphere};

/// The most inputs whose signs are enumerated.
const MOST: usize = 16;
/// Starts of a search on the sphere, and its steps.
const STARTS: usize = 64;
const STEPS: usize = 2000;

/// The mean and the largest supremum over all signs of the inputs, for neurons without twins.
pub(super) fn rademacher(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (a, x) = (signs(entry)?, inputs(entry)?);
    let (m, n) = (a.len(), x.nrows());
    if n > MOST {
        return Err(entry.wrong("X", format!("{n} inputs have too many signs, {MOST} are allowed")));
    }
    let w0 = entry.matrix("W0", m, x.ncols())?;
    let net = entry.core(PairedNetwork::new(w0.as_ref(), sigma(entry)?, UNIT_NORM_F64))?;
    let forms = entry.core(QuadraticForms::new(net, x))?;
    let (mut mean, mut largest) = (0.0, 0.0_f64);
    for code in 0..1_usize << n {
        let epsilon: Vec<f64> = (0..n).map(|i| if code >> i & 1 == 0 { 1.0 } else { -1.0 }).collect();
        let mut squares = 0.0;
        for (r, a) in a.iter().enumerate() {
            let [most, least] = entry.core(forms.extremes(r, &epsilon))?;
            squares += (if *a > 0.0 { most } else { -least }).max(0.0).powi(2);
        }
        let supremum = 0.5 * (squares / m as f64).sqrt();
        mean += supremum / (1_usize << n) as f64;
        largest = largest.max(supremum);
    }
    for (name, found) in [("rademacher", mean), ("largest", largest)] {
        entry.compare(sheet, name, found, SEARCH)?;
    }
    Ok(())
}

/// Injective norms of either sign, by a search from many starts, the flattening and the Euclidean norm.
pub(super) fn tensor(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let x = inputs(entry)?;
    let (c, d) = (entry.vector("c", x.nrows())?, x.ncols());
    let tensor = entry.core(SignedTensor::new(entry.whole("k")?, x.as_ref(), &c))?;
    let starts = sphere::uniform_sphere(&mut seed::stream(0, "tensor", "starts"), STARTS, d, 1.0);
    let search = |sign: f64| entry.core(tensor.search(sign, starts.as_ref(), STEPS));
    for (name, found) in [
        ("max_form", search(1.0)?.0),
        ("max_minus_form", search(-1.0)?.0),
        ("flattening", entry.core(tensor.flattening())?),
        ("frobenius", tensor.frobenius()),
    ] {
        entry.compare(sheet, name, found, AGREEMENT)?;
    }
    Ok(())
}
