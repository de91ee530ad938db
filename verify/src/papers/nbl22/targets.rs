//! The targets that claims are measured on: the same along a sweep, drawn anew for each group of cells.

use crate::claim::cell::Cell;
use crate::error::Result;
use crate::papers::nbl22::letters::{Letters, M, N};
use escapement::construct::{LowDegree, SparseTerm, Target, ZonalTerm};
use escapement::sphere::uniform_sphere;

/// Coefficients of the sparse terms, in turn.
const ALPHAS: [f64; 3] = [1.0, -0.7, 0.5];

/// The α_i of R terms: 1, −0.7, 0.5, and again.
pub fn alphas(terms: usize) -> Vec<f64> {
    ALPHAS.iter().copied().cycle().take(terms).collect()
}

/// A target for the cell: three zonal terms of each degree from 1 to k and a constant, scaled to E f_k² = 1,
/// and R sparse terms; all directions uniform. Width, samples and replicate do not enter, so that a sweep
/// over them keeps its target.
///
/// # Errors
/// The dimension or k of the cell is not allowed.
pub fn drawn(cell: &Cell, seed: u64) -> Result<Target> {
    let group = cell.clone().without(M).without(N).replicate(0);
    let rng = &mut group.stream(seed, "target");
    let mut direction = || uniform_sphere(rng, 1, cell.d(), 1.0).row(0).iter().copied().collect::<Vec<f64>>();
    let mut low = vec![ZonalTerm { degree: 0, coefficient: 0.5, eta: direction() }];
    for degree in 1..=cell.k() {
        low.extend((0..3).map(|i| ZonalTerm {
            degree,
            coefficient: 1.0 - 0.25 * f64::from(i),
            eta: direction(),
        }));
    }
    let sparse =
        alphas(cell.terms()).into_iter().map(|alpha| SparseTerm { alpha, beta: direction() }).collect();
    Ok(Target::new(cell.d(), cell.k(), LowDegree::Zonal(low), sparse)?.normalised()?)
}
