//! Laws over signs, roots of unity and designs.

use super::{AGREEMENT, inputs, paired, single};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::objective::Loss;
use escapement::randomised::{self, Design, Law, Roots, over_signs};
use faer::Par;

/// The losses of the files, with the house's and the factor between them: their square has ½.
pub(super) const LOSSES: [(&str, Loss, f64); 3] =
    [("square", Loss::Square, 0.5), ("huber", Loss::PseudoHuber, 1.0), ("absolute", Loss::Absolute, 1.0)];

/// Terms, and laws over signs.
pub(super) fn network(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (net, x) = (paired(entry)?, inputs(entry)?);
    let n = x.nrows();
    let (w, y) = (entry.matrix("W", net.m(), net.d())?, entry.vector("y", n)?);
    let (x, w) = (x.as_ref(), w.as_ref());
    let orders = entry.length("terms")?;
    let terms = entry.matrix("terms", orders, n)?;
    let means = entry.matrix("mean_terms", entry.length("mean_terms")?, n)?;
    for order in 0..orders {
        let found = entry.core(randomised::term(&net, order, x, w, Par::Seq))?;
        let list: Vec<f64> = terms.row(order).iter().copied().collect();
        // Twins cancel in order 0, and signs in the mean of an odd order: what is left is rounding.
        let size = if order == 0 { terms.norm_max() } else { terms.row(order).norm_max() };
        sheet.each(&format!("f^({order})"), &list, &found, |_| AGREEMENT * size)?;
        if (1..=means.nrows()).contains(&order) {
            let mean = if order % 2 == 0 { found } else { vec![0.0; n] };
            let list: Vec<f64> = means.row(order - 1).iter().copied().collect();
            sheet.each(&format!("mean of f^({order})"), &list, &mean, |_| AGREEMENT * size)?;
        }
    }
    let law = entry.core(over_signs(&net, x, w, Par::Seq))?;
    for (name, found) in
        [("mean", law.mean()), ("variance", law.variance()), ("variance_linear", law.linear_variance())]
    {
        sheet.vector(name, &entry.vector(name, n)?, found, AGREEMENT)?;
    }
    let mean_loss = |loss, y: &[f64]| -> Result<Vec<f64>> {
        Ok(entry.core(law.losses(loss, y, Par::Seq))?.iter().map(|l| l.value).collect())
    };
    let gaps = mean_loss(Loss::Absolute, law.quadratic())?;
    sheet.vector("mean_abs_gap", &entry.vector("mean_abs_gap", n)?, &gaps, AGREEMENT)?;
    let [over_signs, quadratic] = ["mean_loss", "quadratic_loss"].map(|name| entry.part(name));
    let (over_signs, quadratic) = (over_signs?, quadratic?);
    for (name, loss, factor) in LOSSES {
        let mean = factor * mean_loss(loss, &y)?.iter().sum::<f64>() / n as f64;
        let at_f_q = factor * entry.core(loss.mean(&y, law.quadratic()))?;
        for (part, text, found) in
            [(&over_signs, "mean loss", mean), (&quadratic, "loss of f_Q", at_f_q)].into_iter()
        {
            let reference = part.number(name)?;
            sheet.number(&format!("{text} ({name})"), reference, found, AGREEMENT * reference.abs())?;
        }
    }
    Ok(())
}

/// What the two kinds of multipliers share: the terms, the mean and the variance, in units of a network
/// without twins. `origin` is f^{(0)}.
fn multiplied(
    entry: &Entry<'_>,
    sheet: &mut Sheet,
    orders: &[(&str, usize)],
    mean: (&str, &[f64]),
    law: impl FnOnce() -> escapement::Result<Law>,
) -> Result<()> {
    let ((net, w), x) = (single(entry)?, inputs(entry)?);
    let (n, root) = (x.nrows(), 2.0_f64.sqrt());
    for (name, order) in orders {
        let found = entry.core(randomised::term(&net, *order, x.as_ref(), w.as_ref(), Par::Seq))?;
        let found: Vec<f64> = found.iter().map(|f| root * f).collect();
        sheet.vector(name, &entry.vector(name, n)?, &found, AGREEMENT)?;
    }
    let law = entry.core(law())?;
    let means: Vec<f64> = law.mean.iter().zip(mean.1).map(|(f, origin)| root * f + origin).collect();
    sheet.vector(mean.0, &entry.vector(mean.0, n)?, &means, AGREEMENT)?;
    let variance: Vec<f64> = law.variance.iter().map(|v| 2.0 * v).collect();
    sheet.vector("variance", &entry.vector("variance", n)?, &variance, AGREEMENT)
}

/// Roots of unity.
pub(super) fn roots(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (k, x, (net, w)) = (entry.whole("k")?, inputs(entry)?, single(entry)?);
    let z = &x * net.weights().transpose();
    let a = super::signs(entry)?;
    let scale = (a.len() as f64).sqrt().recip();
    let at = |i: usize| scale * (0..a.len()).map(|r| a[r] * net.activation().value(z[(i, r)])).sum::<f64>();
    let origin: Vec<f64> = (0..x.nrows()).map(at).collect();
    sheet.vector("term_0", &entry.vector("term_0", x.nrows())?, &origin, AGREEMENT)?;
    let law = || Roots::new(k)?.law(&net, x.as_ref(), w.as_ref(), Par::Seq);
    multiplied(entry, sheet, &[("term_k", k), ("term_2k", 2 * k)], ("mean_real", &origin), law)?;
    let largest = entry.vector("mean_real", x.nrows())?.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    sheet.number("mean_imag_max", entry.number("mean_imag_max")?, 0.0, AGREEMENT * largest)
}

/// A signed design.
pub(super) fn design(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (k, count, n) = (entry.whole("k")?, entry.length("nodes")?, entry.length("X")?);
    let design = Design::new(k, &entry.vector("nodes", count)?, &entry.vector("weights", count)?);
    let (design, (net, w), x) = (entry.core(design)?, single(entry)?, inputs(entry)?);
    let law = || design.law(&net, x.as_ref(), w.as_ref(), Par::Seq);
    multiplied(entry, sheet, &[("term_k", k)], ("mean", &vec![0.0; n]), law)
}
