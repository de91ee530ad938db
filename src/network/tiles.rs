//! One pass over tiles of inputs and neurons: a product for w_{0,r}·x, and then a sum over the neurons.
//!
//! The tiles and the order of summation do not depend on the thread count, so neither do the bits of the
//! result.

use std::ops::Range;

use crate::product::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::PairedNetwork;

/// Inputs in a tile: with [`NEURONS`], a tile of f64 is half a MiB, so that the three in use stay in cache.
pub(crate) const INPUTS: usize = 256;
/// Neurons in a tile.
pub(crate) const NEURONS: usize = 256;
/// Neurons in one task of the pool: its partial sums are kept until they are added in order.
pub(crate) const CHUNK: usize = 16 * NEURONS;

/// The buffers of one task, `[INPUTS, NEURONS]` each, allocated once for it. Column r of a buffer belongs to
/// one neuron.
pub(crate) struct Workspace {
    /// w_{0,r}·x on entry; free to be overwritten.
    pub z: Mat<f64>,
    /// Scratch.
    pub u: Mat<f64>,
    /// Scratch.
    pub v: Mat<f64>,
}

/// `out ← X Wᵀ` for a tile.
pub(crate) fn project(out: MatMut<'_, f64>, x: MatRef<'_, f64>, w: MatRef<'_, f64>) {
    matmul(out, Accum::Replace, x, w.transpose(), 1.0, Par::Seq);
}

impl PairedNetwork {
    /// A sum over the p distinct neurons at each row of `x` (`[n, d]`), by tiles; the result is
    /// `[n, columns]`. Callback: given the inputs and the neurons of a tile as ranges, the inputs themselves
    /// and a workspace that holds w_{0,r}·x, `add` adds the sum over these neurons to its last argument
    /// (`[inputs, columns]`).
    pub(crate) fn sum_over_tiles<F>(&self, x: MatRef<'_, f64>, columns: usize, par: Par, add: F) -> Mat<f64>
    where
        F: Fn(Range<usize>, Range<usize>, MatRef<'_, f64>, &mut Workspace, MatMut<'_, f64>) + Sync,
    {
        let (n, p) = (x.nrows(), self.p());
        let (rows, chunks) = (n.div_ceil(INPUTS), p.div_ceil(CHUNK));
        let task = |index: usize| {
            let (first, chunk) = (index / chunks * INPUTS, index % chunks * CHUNK);
            let count = INPUTS.min(n - first);
            let x = x.subrows(first, count);
            let width = NEURONS.min(p - chunk);
            let [z, u, v] = [(); 3].map(|()| Mat::zeros(count, width));
            let mut space = Workspace { z, u, v };
            let mut out = Mat::zeros(count, columns);
            for start in (chunk..p.min(chunk + CHUNK)).step_by(NEURONS) {
                let neurons = start..p.min(start + NEURONS);
                let w = self.weights().subrows(start, neurons.len());
                project(space.z.as_mut().subcols_mut(0, neurons.len()), x, w);
                add(first..first + count, neurons, x, &mut space, out.as_mut());
            }
            out
        };
        let tasks = rows * chunks;
        let parts: Vec<Mat<f64>> = match par {
            Par::Seq => (0..tasks).map(task).collect(),
            _ => (0..tasks).into_par_iter().map(task).collect(),
        };
        let mut out = Mat::zeros(n, columns);
        for (index, part) in parts.iter().enumerate() {
            let first = index / chunks * INPUTS;
            for c in 0..columns {
                let to = &mut out.col_as_slice_mut(c)[first..first + part.nrows()];
                for (to, from) in to.iter_mut().zip(part.col_as_slice(c)) {
                    *to += from;
                }
            }
        }
        out
    }
}
