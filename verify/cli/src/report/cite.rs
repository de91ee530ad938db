//! How a verdict is cited: by the program that gave it, its commit, the tier and the root seed.

use super::model::{ClaimReport, Report};

/// The letters of a commit that are printed.
const SHORT: usize = 12;

/// What a verdict was given by: "escapement 0.1.0 (commit 0123456789ab, quick tier, root seed 2206)".
pub fn source(report: &Report) -> String {
    let p = &report.provenance;
    let dirty = if p.commit.ends_with('+') { "+" } else { "" };
    let commit: String = p.commit.trim_end_matches('+').chars().take(SHORT).collect();
    let (tier, seed) = (report.tier, report.seed);
    format!("escapement {} (commit {commit}{dirty}, {tier} tier, root seed {seed})", p.version)
}

/// A claim with its verdict, as a text would cite it.
pub fn of_claim(claim: &ClaimReport, report: &Report) -> String {
    let of = if claim.reference.is_empty() { claim.full_name() } else { claim.reference.clone() };
    format!("{of}: {}; {}.", claim.in_a_line(), source(report))
}
