//! Checks on points of the unit sphere.

use crate::error::{Error, Result};
use crate::tolerance;
use faer::{Mat, MatRef, RowRef};

/// A copy of `points` (`[p, d]`) whose rows are scaled to unit norm, and the largest deviation of a norm
/// from 1 that was found.
///
/// The error messages call the array `name`, e.g. "the weights".
///
/// # Errors
/// d below 3 or above 2⁵³, no rows, an entry that is not finite, or a row whose norm misses 1 by more than
/// `tolerance`.
pub fn unit_rows(name: &'static str, points: MatRef<'_, f64>, tolerance: f64) -> Result<(Mat<f64>, f64)> {
    let (p, d) = (points.nrows(), points.ncols());
    super::gegenbauer::require_dimension(d)?;
    if p == 0 {
        return Err(Error::shape(name, [p, d], format!("at least 1, {d}")));
    }
    let mut out = points.to_owned();
    let mut worst = 0.0_f64;
    for row in 0..p {
        // Of the copy: the last bits of a norm depend on how the entries lie, and those of `points` may lie
        // anyhow.
        let norm = unit_norm(name, row, out.row(row), tolerance)?;
        worst = worst.max((norm - 1.0).abs());
        out.row_mut(row).iter_mut().for_each(|x| *x /= norm);
    }
    Ok((out, worst))
}

/// Whether the columns of `points` are unit vectors to within [`tolerance::UNIT_NORM_F32`], as those of
/// weights that are transposed.
pub fn unit_columns(points: MatRef<'_, f64>) -> bool {
    points.nrows() >= 3 && points.col_iter().all(|c| (c.norm_l2() - 1.0).abs() <= tolerance::UNIT_NORM_F32)
}

/// The norm of `point`, which is row `row` of an array that the error messages call `name`.
///
/// # Errors
/// An entry that is not finite, or a norm that misses 1 by more than `tolerance`.
pub(crate) fn unit_norm(
    name: &'static str,
    row: usize,
    point: RowRef<'_, f64>,
    tolerance: f64,
) -> Result<f64> {
    if let Some((col, &value)) = point.iter().enumerate().find(|(_, x)| !x.is_finite()) {
        return Err(Error::NotFinite { name, value, row, col });
    }
    let norm = point.norm_l2();
    if (norm - 1.0).abs() > tolerance {
        return Err(Error::NotUnit { name, row, norm, tolerance });
    }
    Ok(norm)
}
