//! One of the models on its way.

use crate::papers::nbl22::figures::figure_1::bits::{Bits, fill_columns, put_columns};
use anyhow::{Result, ensure};
use escapement::training::{self, Problem, Workspace};
use faer::{Mat, MatRef, Par};

/// A displacement, and what it is trained on.
pub struct Descent {
    problem: Problem<f64>,
    space: Workspace<f64>,
    /// Wᵀ, `[d, m]`: a column to a neuron.
    w: Mat<f64>,
    gradient: Mat<f64>,
}

impl Descent {
    /// From W = 0 on.
    pub fn new(problem: Problem<f64>) -> Self {
        let zero = || Mat::zeros(problem.d(), problem.m());
        Self { w: zero(), gradient: zero(), space: problem.workspace(), problem }
    }

    /// W, `[m, d]`.
    pub fn w(&self) -> MatRef<'_, f64> {
        self.w.transpose()
    }

    /// The mean loss at W; its gradient is kept.
    ///
    /// # Errors
    /// A loss that is not finite.
    pub fn evaluate(&mut self) -> Result<f64> {
        let out = self.gradient.as_mut().transpose_mut();
        Ok(self.problem.value_and_gradient(self.w.transpose(), out, &mut self.space, Par::rayon(0))?.loss)
    }

    /// `W ← W − η·gradient`, the gradient being that of the last evaluation.
    pub fn step(&mut self, eta: f64) {
        training::descend(self.w.as_mut(), eta, self.gradient.as_ref(), Par::rayon(0));
    }

    /// Appends the bits of W, neuron by neuron.
    pub fn put(&self, to: &mut Vec<u8>) {
        put_columns(&self.w, to);
    }

    /// Takes W from the front of `bits`.
    ///
    /// # Errors
    /// There are fewer than it has.
    pub fn take(&mut self, bits: &mut &[u8]) -> Result<()> {
        let size = self.w.nrows() * self.w.ncols() * f64::BYTES;
        ensure!(bits.len() >= size, "a checkpoint ends within W");
        let (mine, rest) = bits.split_at(size);
        *bits = rest;
        fill_columns(&mut self.w, &mut mine.chunks_exact(f64::BYTES).map(f64::get));
        Ok(())
    }
}
