//! What the bounds of the paper are made of: correlations, caps, queries, Rademacher averages, kernels.

use super::super::{absolute, packing, rademacher, representers, targets};
use super::{AGREEMENT, GRID, MODULUS};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::kernel::arc_cosine;
use escapement::sphere::cap_probability;

/// The correlation of two Hermite polynomials, whose scale is 1, and the probability of a cap.
pub(super) fn csq(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, p, cosine) = (entry.whole("d")?, entry.whole("p")?, entry.number("cosine")?);
    // E He_p(u·x) He_p(v·x)/p! = (u·v)^p.
    sheet.number("correlation", entry.number("correlation")?, cosine.powi(p as i32), AGREEMENT)?;
    let probability = entry.core(cap_probability(d, entry.number("epsilon")?))?;
    let reference = entry.number("cap_probability")?;
    sheet.number("cap_probability", reference, probability.value, AGREEMENT * reference.abs())
}

/// A count, which must be the same.
pub(super) fn queries(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (epsilon, tau) = (entry.number("epsilon")?, entry.number("tau")?);
    let most = packing::most_reached(epsilon, tau).map_err(|why| entry.wrong("tau", why))?;
    let name = "most_reached_with_one_sign";
    sheet.number(name, entry.whole(name)? as f64, most as f64, 0.0)
}

/// The Rademacher average, the mean squares of the neurons, and the printed bound.
pub(super) fn rademacher(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, n, m) = (entry.whole("d")?, entry.whole("n")?, entry.whole("m")?);
    let (x, w) = (entry.matrix("X", n, d)?, entry.matrix("W", m, d)?);
    let (b, most) = (entry.vector("b", m)?, entry.number("B_a")?);
    let average = rademacher::given_inputs(x.as_ref(), w.as_ref(), &b, most);
    let average = average.map_err(|why| entry.wrong("n", why))?;
    let squares: Vec<f64> = (0..m).map(|j| rademacher::mean_square(w.row(j).norm_l2(), b[j])).collect();
    let reference = entry.number("rademacher_given_X")?;
    sheet.number("rademacher_given_X", reference, average, AGREEMENT * reference.abs())?;
    sheet.vector("E_sigma_squared", &entry.vector("E_sigma_squared", m)?, &squares, AGREEMENT)?;
    let bound = rademacher::printed_bound(w.as_ref(), &b, n, most);
    let reference = entry.number("printed_bound")?;
    sheet.number("printed_bound", reference, bound, AGREEMENT * reference.abs())
}

/// A kernel of two inputs.
type Kernel = fn(&[f64], &[f64]) -> escapement::Result<f64>;

/// Two kernels at pairs of inputs, relative to the largest of their list.
pub(super) fn kernels(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, count) = (entry.whole("d")?, entry.length("X")?);
    let x = entry.matrix("X", count, d)?;
    let rows: Vec<Vec<f64>> = (0..count).map(|i| x.row(i).iter().copied().collect()).collect();
    let parts = entry.parts("values")?;
    let pair = |part: &Entry<'_>| -> Result<[usize; 2]> {
        let row = |i: f64| (0..count).find(|&row| row as f64 == i);
        match part.vector("pair", 2)?[..] {
            [i, j] => row(i).zip(row(j)).map(|(i, j)| [i, j]),
            _ => None,
        }
        .ok_or_else(|| part.wrong("pair", format!("it must hold two rows of X, from 0 to {}", count - 1)))
    };
    let pairs = parts.iter().map(pair).collect::<Result<Vec<_>>>()?;
    let kernels: [(&str, Kernel); 2] = [
        ("random_features", arc_cosine::random_features),
        ("ntk_first_layer", arc_cosine::first_layer_tangent),
    ];
    for (name, kernel) in kernels {
        let reference = parts.iter().map(|part| part.number(name)).collect::<Result<Vec<_>>>()?;
        let computed = pairs.iter().map(|&[i, j]| kernel(&rows[i], &rows[j]));
        let computed = entry.core(computed.collect::<escapement::Result<Vec<_>>>())?;
        sheet.vector(name, &reference, &computed, AGREEMENT)?;
    }
    Ok(())
}

/// Mean moduli of a target that has a name; their scale, √(E f²), is 1.
pub(super) fn absolute(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let f = targets::named(entry.text("name")?).map_err(|why| entry.wrong("name", why))?;
    let noise = entry.number("noise")?;
    if noise < 0.0 {
        return Err(entry.wrong("noise", format!("{noise} is not allowed, only numbers from 0 on")));
    }
    sheet.number("E_abs", entry.number("E_abs")?, absolute::mean_modulus(&f), MODULUS)?;
    let excess = absolute::excess_over(&f, noise);
    sheet.number("l1_excess_of_zero", entry.number("l1_excess_of_zero")?, excess, MODULUS)
}

/// The size of v_k, relative to each value.
pub(super) fn lemma_17(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let k = entry.whole("k")?;
    let Some(k) = u32::try_from(k).ok().filter(|&k| k <= 64) else {
        return Err(entry.wrong("k", format!("{k} is not allowed, only 0 to 64")));
    };
    let [uniform, normal] = entry.core(representers::second_moments(k))?;
    for (name, computed) in [
        ("sup", representers::supremum(k)),
        ("second_moment_uniform", uniform),
        ("second_moment_gaussian_bias", normal),
    ] {
        let reference = entry.number(name)?;
        sheet.number(name, reference, computed, GRID * reference.abs())?;
    }
    Ok(())
}
