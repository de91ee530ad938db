//! The kernels of infinitely wide ReLU layers: arc-cosine kernels, which depend on the angle of two inputs.
//!
//! With the cosine ρ of two inputs, `π − θ` is `π/2 + arcsin ρ`, so that a whole matrix of kernels is one
//! product and one vectorised arcsine for each entry.

use crate::ball::Ball;
use crate::gaussian::arcsine;
use crate::product::{clear_registers, matmul};
use crate::{Error, Result};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

/// Columns that are formed together.
const COLUMNS: usize = 64;
/// Where |ρ| is above this, the angle comes from the points, because an arcsine loses digits there.
const NEAR: f64 = 0.95;

/// The random-feature kernel `E σ(w·x + b) σ(w·x' + b)` of ReLU features with `w ~ N(0, I/d)` and `b ~ N(0,
/// 1)`, `|x̃||x̃'| (sin θ + (π − θ) cos θ)/2π`, where θ is the angle of `x̃ = (x/√d, 1)` and x̃'.
///
/// ```
/// let k = escapement::kernel::arc_cosine::random_features(&[1.0, 2.0, 2.0], &[1.0, 2.0, 2.0])?;
/// assert!((k - 2.0).abs() < 1e-15); // half of |x̃|² = 9/3 + 1
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// Inputs that are empty, of different lengths, or not finite.
///
/// # Accuracy
/// About d + 10 roundings of `|x̃||x̃'|`.
pub fn random_features(x: &[f64], other: &[f64]) -> Result<f64> {
    finite(x, other)?;
    let root = (x.len() as f64).sqrt();
    let extended = |x: &[f64]| x.iter().map(|x| x / root).chain([1.0]).collect::<Vec<f64>>();
    let (x, other) = (extended(x), extended(other));
    let theta = angle(&x, &other);
    Ok(norm(&x) * norm(&other) * (theta.sin() + (PI - theta) * theta.cos()) / TAU)
}

/// The tangent kernel of a ReLU first layer without biases, `x·x' E 1[w·x > 0] 1[w·x' > 0]`, which is `x·x'
/// (π − θ)/2π` for the angle θ of x and x'. It has no odd degree from 3 on.
///
/// # Errors
/// As [`random_features`].
///
/// # Accuracy
/// About d + 10 roundings of `|x||x'|`.
pub fn first_layer_tangent(x: &[f64], other: &[f64]) -> Result<f64> {
    finite(x, other)?;
    let inner: f64 = x.iter().zip(other).map(|(a, b)| a * b).sum();
    Ok(if norm(x) * norm(other) == 0.0 { 0.0 } else { inner * (PI - angle(x, other)) / TAU })
}

/// The tangent kernel of a ReLU network with biases in all its parameters a, W and b, at `a_j = ±1`, `w ~
/// N(0, I/d)` and `b ~ N(0, 1)`, for each neuron: [`random_features`] plus `(x·x' + 1)(π − θ)/2π` with the
/// same θ. It has all degrees.
///
/// # Errors
/// As [`random_features`].
///
/// # Accuracy
/// About d + 10 roundings of `|x||x'| + 1`.
pub fn tangent(x: &[f64], other: &[f64]) -> Result<f64> {
    let features = random_features(x, other)?;
    let root = (x.len() as f64).sqrt();
    let extended = |x: &[f64]| x.iter().map(|x| x / root).chain([1.0]).collect::<Vec<f64>>();
    let inner: f64 = x.iter().zip(other).map(|(a, b)| a * b).sum();
    Ok(features + (inner + 1.0) * (PI - angle(&extended(x), &extended(other))) / TAU)
}

/// [`random_features`] of each row of x (`[n, d]`) with each of the others (`[n', d]`), as an `[n, n']`
/// matrix, in 2nn'd flops and nn' arcsines.
///
/// # Errors
/// Rows that are empty or of different lengths, and numbers that are not finite.
///
/// # Accuracy
/// As [`random_features`]. The bits of an entry do not depend on the number of threads.
pub fn random_features_matrix(x: MatRef<'_, f64>, other: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
    all_finite(x, other)?;
    let (rows, columns) = (Unit::extended(x), Unit::extended(other));
    Ok(matrix(&rows, &columns, par, |cosines, j| {
        let mut angles = cosines.to_vec();
        arcsine(1.0 / TAU, &mut angles);
        for ((value, angle), norm) in cosines.iter_mut().zip(&angles).zip(&rows.norms) {
            *value = norm * columns.norms[j] * features(*value, 0.25 + angle);
        }
    }))
}

/// [`tangent`] of each row of x (`[n, d]`) with each of the others (`[n', d]`), as an `[n, n']` matrix, in
/// 2nn'd flops and nn' arcsines.
///
/// # Errors
/// As [`random_features_matrix`].
///
/// # Accuracy
/// About d + 10 roundings of `√((|x|² + d)(|x'|² + d))`. The bits of an entry do not depend on the number of
/// threads.
pub fn tangent_matrix(x: MatRef<'_, f64>, other: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
    all_finite(x, other)?;
    let (d, rows, columns) = (x.ncols() as f64, Unit::extended(x), Unit::extended(other));
    Ok(matrix(&rows, &columns, par, |cosines, j| {
        let parts = parts(cosines, &rows, &columns, j);
        for (i, (value, (features, share))) in cosines.iter_mut().zip(parts).enumerate() {
            let norms = rows.norms[i] * columns.norms[j];
            // |x̃||x̃'|ρ = x·x'/d + 1.
            *value = norms * features + (d * (norms * *value - 1.0) + 1.0) * share;
        }
    }))
}

/// [`first_layer_tangent`] of each row of x (`[n, d]`) with each of the others (`[n', d]`), as an `[n, n']`
/// matrix, in 2nn'd flops and nn' arcsines.
///
/// # Errors
/// As [`random_features_matrix`].
///
/// # Accuracy
/// As [`first_layer_tangent`]. The bits of an entry do not depend on the number of threads.
pub fn first_layer_tangent_matrix(x: MatRef<'_, f64>, other: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
    all_finite(x, other)?;
    let (rows, columns) = (Unit::new(x), Unit::new(other));
    Ok(matrix(&rows, &columns, par, |cosines, j| {
        let parts = parts(cosines, &rows, &columns, j);
        for (i, (value, (_, share))) in cosines.iter_mut().zip(parts).enumerate() {
            *value *= rows.norms[i] * columns.norms[j] * share;
        }
    }))
}

/// `(sin θ + (π − θ) cos θ)/2π` of ρ = cos θ and `(π − θ)/2π`. Its derivative in ρ is at most ½, so that the
/// rounding of ρ does no harm where both come from the same ρ.
fn features(cosine: f64, share: f64) -> f64 {
    ((1.0 - cosine) * (1.0 + cosine)).max(0.0).sqrt() / TAU + share * cosine
}

/// `(sin θ + (π − θ) cos θ)/2π` and `(π − θ)/2π` for the cosines of all rows with column j, to all digits
/// near 0 and π too. The first is that of the rounded cosine, sine and angle alike: its derivative is at
/// most ½, whereas a sine of the rounded cosine beside the angle of the points would err by the root of the
/// rounding.
fn parts(cosines: &[f64], rows: &Unit, columns: &Unit, j: usize) -> Vec<(f64, f64)> {
    let mut angles = cosines.to_vec();
    arcsine(1.0 / TAU, &mut angles);
    let part = |(i, angle): (usize, f64)| {
        let share = match cosines[i].abs() > NEAR {
            true => 0.5 - columns.angle(j, rows, i) / TAU,
            false => 0.25 + angle,
        };
        (features(cosines[i], 0.25 + angle), share)
    };
    angles.into_iter().enumerate().map(part).collect()
}

/// The layers whose gradients make the kernel of an infinitely wide network with standard normal weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// Both: `K = κ_a + κ_v`.
    Both,
    /// The output weights: `κ_a = E σ(v·x) σ(v·x')`.
    Outer,
    /// The first layer: `κ_v = x·x' E σ'(v·x) σ'(v·x')`, E a² = 1.
    Inner,
}

impl Layers {
    /// The kernel of two unit inputs with inner product t, `κ_a = (√(1−t²) + t(π − arccos t))/2π` and
    /// `κ_v = t(π − arccos t)/2π`.
    ///
    /// ```
    /// use escapement::kernel::arc_cosine::Layers;
    /// assert!((Layers::Both.kernel(1.0)?.value - 1.0).abs() < 1e-15);
    /// # Ok::<(), escapement::Error>(())
    /// ```
    ///
    /// # Errors
    /// A number t outside [−1, 1].
    pub fn kernel(self, t: f64) -> Result<Ball> {
        if !(-1.0..=1.0).contains(&t) {
            return Err(Error::domain("the inner product", t, "that of unit inputs lies in [-1, 1]"));
        }
        // The library's arc cosine errs by less than one ulp; π − arccos t is arccos(−t).
        let inner = t * Ball::relative(libm::acos(-t), f64::EPSILON);
        let outer = ((1.0 - Ball::exact(t)) * (1.0 + Ball::exact(t))).sqrt() + inner;
        let sum = match self {
            Self::Both => outer + inner,
            Self::Outer => outer,
            Self::Inner => inner,
        };
        Ok(sum / tau())
    }

    /// The kernel of each row of x (`[n, d]`) with each of the others (`[n', d]`), as an `[n, n']` matrix;
    /// it is homogeneous of degree 1 in either input.
    ///
    /// # Errors
    /// As [`random_features_matrix`].
    ///
    /// # Accuracy
    /// An entry errs by at most 4d + 30 roundings of `|x||x'|`. The cosine of two inputs errs by 2d + 4, and
    /// the derivative in it is at most ½ for κ_a, and at most 1 for κ_v up to a cosine of 0.95, beyond which
    /// the angle is that of the points and errs less. The lengths add d/2 + 1 for either, and the rest ten.
    pub fn matrix(self, x: MatRef<'_, f64>, other: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
        all_finite(x, other)?;
        let (rows, columns) = (Unit::new(x), Unit::new(other));
        Ok(matrix(&rows, &columns, par, |cosines, j| {
            let parts = parts(cosines, &rows, &columns, j);
            for (i, (value, (outer, share))) in cosines.iter_mut().zip(parts).enumerate() {
                let inner = *value * share;
                let sum = match self {
                    Self::Both => outer + inner,
                    Self::Outer => outer,
                    Self::Inner => inner,
                };
                *value = sum * rows.norms[i] * columns.norms[j];
            }
        }))
    }
}

/// 2π with the rounding of its f64.
pub(crate) fn tau() -> Ball {
    Ball::new(TAU, 2.5e-16)
}

/// Points on the unit sphere, one per column, and the lengths that they had; 0 stays 0.
struct Unit {
    points: Mat<f64>,
    norms: Vec<f64>,
}

impl Unit {
    /// The directions of `(x/√d, 1)`.
    fn extended(x: MatRef<'_, f64>) -> Self {
        let (d, root) = (x.ncols(), (x.ncols() as f64).sqrt());
        Self::new(Mat::from_fn(x.nrows(), d + 1, |i, c| if c < d { x[(i, c)] / root } else { 1.0 }).as_ref())
    }

    fn new(x: MatRef<'_, f64>) -> Self {
        let norms: Vec<f64> = (0..x.nrows()).map(|i| x.row(i).norm_l2()).collect();
        let entry = |c: usize, i: usize| if norms[i] == 0.0 { 0.0 } else { x[(i, c)] / norms[i] };
        Self { points: Mat::from_fn(x.ncols(), x.nrows(), entry), norms }
    }

    /// The angle of the point j to the point i of another set.
    fn angle(&self, j: usize, other: &Self, i: usize) -> f64 {
        between(self.points.col_as_slice(j), other.points.col_as_slice(i))
    }
}

/// The matrix that `kernel` makes of the cosines of all rows with column j, for each j.
fn matrix(rows: &Unit, columns: &Unit, par: Par, kernel: impl Fn(&mut [f64], usize) + Sync) -> Mat<f64> {
    let cols = columns.norms.len();
    let mut out = Mat::<f64>::zeros(rows.norms.len(), cols);
    let block = |(index, mut block): (usize, MatMut<'_, f64>)| {
        let first = index * COLUMNS;
        let here = columns.points.as_ref().subcols(first, block.ncols());
        matmul(block.as_mut(), Accum::Replace, rows.points.transpose(), here, 1.0, Par::Seq);
        clear_registers();
        for (j, column) in block.col_iter_mut().enumerate() {
            if let Some(column) = column.try_as_col_major_mut() {
                kernel(column.as_slice_mut(), first + j);
            }
        }
    };
    match par {
        Par::Seq => (0..cols.div_ceil(COLUMNS)).for_each(|index| {
            let first = index * COLUMNS;
            block((index, out.as_mut().subcols_mut(first, COLUMNS.min(cols - first))));
        }),
        _ => out.as_mut().par_col_chunks_mut(COLUMNS).enumerate().for_each(block),
    }
    out
}

/// The angle of two vectors that are not zero, in [0, π]. It comes from the lengths of the difference and
/// the sum of the unit vectors, because the arc cosine loses half its digits near 0 and π.
fn angle(x: &[f64], other: &[f64]) -> f64 {
    let unit = |x: &[f64]| x.iter().map(|a| a / norm(x)).collect::<Vec<f64>>();
    between(&unit(x), &unit(other))
}

/// The angle of two unit vectors.
pub(super) fn between(x: &[f64], other: &[f64]) -> f64 {
    let length = |sign: f64| x.iter().zip(other).map(|(a, b)| (a + sign * b).powi(2)).sum::<f64>().sqrt();
    2.0 * libm::atan2(length(-1.0), length(1.0))
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn all_finite(x: MatRef<'_, f64>, other: MatRef<'_, f64>) -> Result<()> {
    if x.ncols() == 0 || x.ncols() != other.ncols() {
        let expected = format!("n', {}, not 0", x.ncols());
        return Err(Error::shape("the other inputs", [other.nrows(), other.ncols()], expected));
    }
    crate::error::finite("the inputs", x)?;
    crate::error::finite("the other inputs", other)
}

fn finite(x: &[f64], other: &[f64]) -> Result<()> {
    if x.is_empty() || x.len() != other.len() {
        return Err(Error::shape("the second input", [1, other.len()], format!("1, {}, not 0", x.len())));
    }
    for (name, x) in [("the first input", x), ("the second input", other)] {
        crate::error::finite(name, MatRef::from_row_major_slice(x, 1, x.len()))?;
    }
    Ok(())
}
