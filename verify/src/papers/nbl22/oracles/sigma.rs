//! The feature covariance Σ at given weights.

use super::{AGREEMENT, covariance_of, network_of};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::eigen::{self, Request, RouteChoice};
use faer::Par;

/// Trace, eigenvalues in descending order with the exact zeros of the pairing last, and the blocks of
/// neurons 0, 0 and 0, 1 with their factor 1/m.
pub(super) fn compare(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let net = network_of(entry)?;
    let cov = covariance_of(entry, &net)?;
    let trace = entry.number("trace")?;
    sheet.number("trace", trace, cov.trace(), AGREEMENT * trace.abs())?;
    let solve = eigen::solve(&cov, &Request::all(), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq);
    let pairs = entry.core(solve)?;
    let mut computed = pairs.eigenvalues.clone();
    computed.resize(2 * cov.order(), 0.0);
    let reference = entry.vector("eigenvalues", 2 * cov.order())?;
    // Absolute, as every dense solver gives them: relative to the trace. The zeros of the pairing are exact.
    let allowed = |i: usize| AGREEMENT * if i < cov.order() { trace.abs() } else { reference[0].abs() };
    sheet.each("eigenvalues", &reference, &computed, allowed)?;
    for (name, s) in [("block_0_0", 0), ("block_0_1", 1)] {
        if entry.has(name) {
            if s >= cov.p() {
                return Err(entry.wrong(name, "it needs a second pair of neurons, and there is one pair"));
            }
            let reference = entry.matrix(name, net.d(), net.d())?;
            sheet.matrix(name, reference.as_ref(), cov.block(0, s).as_ref(), AGREEMENT)?;
        }
    }
    Ok(())
}
