//! The inputs of the cells, and networks with one bias.

use super::letters::{BIAS, DISTANCE, M};
use crate::claim::Cell;
use crate::error::Result;
use escapement::kernel::biased::Biased;
use escapement::seed::ChaCha20Rng;
use escapement::sphere::uniform_sphere;
use faer::{Mat, MatRef};
use rand_distr::{Distribution, StandardNormal};

/// n unit inputs, drawn, and the same for every width; where a distance is given the second one lies that
/// far from the first.
pub fn inputs(cell: &Cell, seed: u64) -> Mat<f64> {
    let (n, d) = (cell.n(), cell.d());
    let mut x = uniform_sphere(&mut cell.clone().without(M).stream(seed, "inputs"), n, d, 1.0);
    let delta = cell.real(DISTANCE);
    if delta > 0.0 {
        // The point of the plane of both at the angle 2 asin(δ/2) from the first.
        let theta = 2.0 * (0.5 * delta).asin();
        let (first, second) = (x.row(0).to_owned(), x.row(1).to_owned());
        let along = &first * second.transpose();
        let aside = second - faer::Scale(along) * &first;
        let length = aside.norm_l2();
        (0..d).for_each(|c| x[(1, c)] = theta.cos() * first[c] + theta.sin() * aside[c] / length);
    }
    x
}

/// The neurons of the cell.
///
/// # Errors
/// A bias that is not allowed.
pub fn neurons(cell: &Cell) -> Result<Biased> {
    Ok(Biased::new(cell.real(BIAS))?)
}

/// m standard normal weights, one per row.
pub fn weights(rng: &mut ChaCha20Rng, m: usize, d: usize) -> Mat<f64> {
    Mat::from_fn(m, d, |_, _| StandardNormal.sample(rng))
}

/// `H_m`, the tangent kernel of these weights at the inputs: `(x·x' + 1)` times the share of the neurons
/// that are active at both.
pub fn kernel_at_width(w: MatRef<'_, f64>, x: MatRef<'_, f64>, bias: f64) -> Mat<f64> {
    let z = x * w.transpose();
    let active = Mat::from_fn(z.nrows(), z.ncols(), |i, r| if z[(i, r)] >= bias { 1.0 } else { 0.0 });
    let (both, gram) = (&active * active.transpose(), x * x.transpose());
    Mat::from_fn(x.nrows(), x.nrows(), |i, j| (gram[(i, j)] + 1.0) * both[(i, j)] / w.nrows() as f64)
}

/// `Σ_ij (1 + x_i·x_j)² P_ij (1 − P_ij)`, m times the mean of `‖H_m − H‖_F²`.
///
/// # Errors
/// Inputs that are not unit vectors.
pub fn variance(neurons: &Biased, x: MatRef<'_, f64>) -> Result<f64> {
    let (p, _) = neurons.probabilities(x)?;
    let gram = x * x.transpose();
    let n = x.nrows();
    let term = |k: usize| {
        let at = (k / n, k % n);
        (1.0 + gram[at]).powi(2) * p[at] * (1.0 - p[at])
    };
    Ok((0..n * n).map(term).sum())
}
