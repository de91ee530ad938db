//! Zonal coefficients of an activation.

use super::activation_of;
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::sphere::{self, FeatureLevels, Level, Truncation};

/// Agreement of a coefficient, relative to its own size or to [`SMALL`] of the largest of its column.
const COEFFICIENT: f64 = 1e-12;
/// Below this part of the largest of their column, coefficients agree to the same absolute difference.
const SMALL: f64 = 1e-3;
/// Agreement of the trace `d·E σ'²`, relative: one quadrature, and a few roundings.
const TRACE: f64 = 1e-14;
/// Agreement of τ_j at high degrees, relative to the trace.
const HIGH: f64 = 1e-13;

/// Every column of the degrees 0, 1, …
pub(super) fn low(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, sigma) = (entry.whole("d")?, activation_of(entry)?);
    let top = entry.length("degrees")? - 1;
    let levels = entry.core(FeatureLevels::new(d, sigma.as_ref(), Truncation::Degree(top)))?;
    let rows = entry.parts("degrees")?;
    let of = |f: fn(&Level) -> f64| levels.levels.iter().map(f).collect::<Vec<_>>();
    let columns = [
        ("dim", of(|l| l.dimension)),
        ("A", of(|l| l.a)),
        ("C", of(|l| l.c)),
        ("tau", of(|l| l.tau)),
        ("kappa", of(|l| l.kappa)),
        ("lambda_sigma1", entry.core(sphere::lambda(d, &|z| sigma.d1(z), top))?),
        ("lambda_sigma2", entry.core(sphere::lambda(d, &|z| sigma.d2(z), top))?),
    ];
    for (name, computed) in columns {
        let reference = rows.iter().map(|row| row.number(name)).collect::<Result<Vec<_>>>()?;
        let largest = reference.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let allowed = |j: usize| COEFFICIENT * reference[j].abs().max(SMALL * largest);
        sheet.each(name, &reference, &computed, allowed)?;
    }
    let trace = entry.number("trace")?;
    sheet.number("trace", trace, levels.trace, TRACE * trace.abs())
}

/// τ_j at the degrees that are listed.
pub(super) fn high(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, sigma) = (entry.whole("d")?, activation_of(entry)?);
    let rows = entry.parts("degrees")?;
    let degrees = rows.iter().map(|row| row.whole("degree")).collect::<Result<Vec<_>>>()?;
    let top = degrees.iter().copied().max().unwrap_or(0);
    let levels = entry.core(FeatureLevels::new(d, sigma.as_ref(), Truncation::Degree(top)))?;
    let reference = rows.iter().map(|row| row.number("tau")).collect::<Result<Vec<_>>>()?;
    let computed: Vec<f64> = degrees.iter().map(|&j| levels.levels[j].tau).collect();
    let trace = entry.number("trace")?;
    sheet.each("tau", &reference, &computed, |_| HIGH * trace.abs())?;
    sheet.number("trace", trace, levels.trace, TRACE * trace.abs())
}
