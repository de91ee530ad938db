//! The update of a displacement by a step of gradient descent.

use faer::{MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::product::vectorised;
use crate::real::Real;

/// Columns that one task updates.
const COLUMNS: usize = 256;

/// `w ← w − η·gradient`, both `[d, m]` with one contiguous column for each neuron. They are the transposes
/// of the matrices that [`super::Problem`] takes.
///
/// # Panics
/// Where the shapes differ.
pub fn descend<T: Real>(w: MatMut<'_, T>, eta: T, gradient: MatRef<'_, T>, par: Par) {
    assert_eq!(
        (w.nrows(), w.ncols()),
        (gradient.nrows(), gradient.ncols()),
        "a gradient has the shape of its displacement"
    );
    let task = |(mut w, gradient): (MatMut<'_, T>, MatRef<'_, T>)| {
        for j in 0..w.ncols() {
            let from = gradient.col(j);
            match (w.as_mut().col_mut(j).try_as_col_major_mut(), from.try_as_col_major()) {
                (Some(to), Some(from)) => subtract(to.as_slice_mut(), eta, from.as_slice()),
                _ => (0..w.nrows()).for_each(|i| w[(i, j)] -= eta * gradient[(i, j)]),
            }
        }
    };
    match par {
        Par::Seq => task((w, gradient)),
        _ => w.par_col_chunks_mut(COLUMNS).zip(gradient.par_col_chunks(COLUMNS)).for_each(task),
    }
}

fn subtract<T: Real>(w: &mut [T], eta: T, gradient: &[T]) {
    vectorised(|| w.iter_mut().zip(gradient).for_each(|(w, g)| *w -= eta * *g));
}
