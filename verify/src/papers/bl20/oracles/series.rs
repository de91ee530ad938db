//! Norms of what is expressed, least noises, and dimensions.

use super::{EQUATION, GRID, sigma};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use crate::papers::bl20::instance::CUBED;
use crate::papers::bl20::series::Series;
use escapement::randomised::least_noise;
use escapement::sphere::dimension;

/// A residual below this share of a power is that of an equation that has a solution.
const VANISHES: f64 = 1e-3;

/// The least `Σ|ν|` with the moments of order k on [−1, 1].
pub(super) fn multiplier(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    entry.compare(sheet, "grid_value", entry.core(least_noise(entry.whole("k")?))?.sqrt(), GRID)
}

fn solution(entry: &Entry<'_>) -> Result<Series> {
    Series::new(entry.whole("d")?, entry.whole("p")?, sigma(entry)?.as_ref())
}

/// Whether the power is expressed: 1, or 0.
fn expressed(entry: &Entry<'_>, sheet: &mut Sheet, found: &Series) -> Result<()> {
    let reference = if entry.number("relative_residual")?.abs() < VANISHES { 1.0 } else { 0.0 };
    let computed = if found.share.value < VANISHES { 1.0 } else { 0.0 };
    sheet.number("expressible", reference, computed, 0.0)
}

/// The least `E h²`.
pub(super) fn express(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let found = solution(entry)?;
    expressed(entry, sheet, &found)?;
    let agreement = EQUATION[usize::from(entry.text("activation")? != CUBED)];
    entry.compare(sheet, "second_moment", found.square().value, agreement)
}

/// A power that leaves a residual.
pub(super) fn inexpressible(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    expressed(entry, sheet, &solution(entry)?)
}

/// The number of harmonics of degree p.
pub(super) fn rank(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let found = dimension(entry.whole("d")?, entry.whole("p")?);
    sheet.number("harmonics", entry.number("harmonics")?, found, 0.0)
}
