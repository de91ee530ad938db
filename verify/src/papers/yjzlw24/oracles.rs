//! Reference values for YJZLW24.

use super::instance::{kernel_at_width, variance};
use super::rademacher_sparse::complexity;
use super::region::{minimum, region};
use crate::claim::binomial::binomial_upper_tail;
use crate::error::Result;
use crate::oracle::{Entry, List, Sheet};
use escapement::eigen;
use escapement::kernel::biased::Biased;
use faer::{Mat, Par};

/// Agreement relative to the value, or to the largest of a kind.
const AGREEMENT: f64 = 1e-12;
/// How far a search ends above a minimum.
const SEARCH: f64 = 1e-8;

/// The lists.
pub const LISTS: [List; 5] = [
    List { name: "orthant", marks: &["/rho"], compare: orthant },
    List { name: "gram", marks: &["/frobenius_variance_times_width"], compare: gram },
    List { name: "restricted", marks: &["/search_minimum"], compare: restricted },
    List { name: "rademacher", marks: &["/active_fraction"], compare: rademacher },
    List { name: "tails", marks: &["/at_least"], compare: tails },
];

fn neurons(entry: &Entry<'_>) -> Result<Biased> {
    entry.core(Biased::new(entry.number("B")?))
}

fn inputs(entry: &Entry<'_>) -> Result<Mat<f64>> {
    entry.matrix("X", entry.whole("n")?, entry.whole("d")?)
}

/// The probability that both of two normal numbers with the correlation ρ exceed B. The rounding of ρ counts
/// where it moves the probability by more than the agreement.
fn orthant(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (neurons, rho) = (neurons(entry)?, entry.number("rho")?);
    let theta = (1.0 - rho).sqrt().atan2((1.0 + rho).sqrt()) * 2.0;
    entry.compare(sheet, "probability", entry.core(neurons.both(theta))?.value, AGREEMENT)
}

/// The kernel, its spectrum and the variance of networks.
fn gram(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (neurons, x) = (neurons(entry)?, inputs(entry)?);
    let n = x.nrows();
    let (h, _) = entry.core(neurons.kernel(x.as_ref()))?;
    sheet.matrix("kernel", entry.matrix("kernel", n, n)?.as_ref(), h.as_ref(), AGREEMENT)?;
    let mut reference = entry.vector("eigenvalues", n)?;
    reference.sort_by(|a, b| b.total_cmp(a));
    let found = entry.core(eigen::full_eigenvalues(h.as_ref(), Par::Seq))?;
    sheet.vector("eigenvalues", &reference, &found, AGREEMENT)?;
    let found = variance(&neurons, x.as_ref())?;
    entry.compare(sheet, "frobenius_variance_times_width", found, AGREEMENT)
}

/// The least value on the region.
fn restricted(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (neurons, x) = (neurons(entry)?, inputs(entry)?);
    let (h, _) = entry.core(neurons.kernel(x.as_ref()))?;
    let (p, _) = entry.core(neurons.probabilities(x.as_ref()))?;
    let (q, _) = region(p.as_ref());
    let found = minimum(h.as_ref(), q.as_ref())?.lower;
    sheet.number("search_minimum", entry.number("search_minimum")?, found, SEARCH)
}

/// The complexity over all signs, and the share of active pairs.
fn rademacher(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (x, m) = (inputs(entry)?, entry.whole("m")?);
    let w = entry.matrix("W", m, x.ncols())?;
    let h = kernel_at_width(w.as_ref(), x.as_ref(), entry.number("B")?);
    let trace: f64 = (0..x.nrows()).map(|i| h[(i, i)]).sum();
    entry.compare(sheet, "exact", entry.number("radius")? * complexity(h.as_ref()), AGREEMENT)?;
    entry.compare(sheet, "active_fraction", 0.5 * trace / x.nrows() as f64, AGREEMENT)
}

/// How rarely so many neurons are active.
fn tails(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let share = neurons(entry)?.active().value;
    entry.compare(sheet, "fraction", share, AGREEMENT)?;
    let (m, least) = (entry.whole("m")? as u64, entry.whole("at_least")? as u64);
    entry.compare(sheet, "probability", binomial_upper_tail(least, m, share), AGREEMENT)
}
