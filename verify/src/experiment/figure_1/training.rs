//! Full-batch gradient descent on f_L + f_Q, and its loss on test inputs.

use super::data::{Data, Labelled};
use anyhow::{Result, ensure};
use escapement::objective::Loss;
use escapement::training::{self, Model, Problem, Real, Value, Workspace};
use faer::{Mat, MatRef, Par};

/// Inputs of the test that are evaluated at once: the slopes of a block are the largest buffer of the test.
const BLOCK: usize = 1_000;

/// Numbers that can be kept as bits.
pub trait Bits: Real {
    /// How many bytes one takes.
    const BYTES: usize;
    /// Appends the bytes of this one, little endian.
    fn put(self, to: &mut Vec<u8>);
    /// The number of these bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! bits {
    ($($t:ty),*) => {$(
        impl Bits for $t {
            const BYTES: usize = size_of::<$t>();
            fn put(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                Self::from_le_bytes(std::array::from_fn(|i| bytes[i]))
            }
        }
    )*};
}

bits!(f32, f64);

/// A displacement on its way.
pub struct Descent<T: Bits> {
    problem: Problem<T>,
    space: Workspace<T>,
    /// Wᵀ, `[d, m]`: a column to a neuron.
    w: Mat<T>,
    gradient: Mat<T>,
}

impl<T: Bits> Descent<T> {
    /// From W = 0 on.
    pub fn new(problem: Problem<T>) -> Self {
        let (space, zero) = (problem.workspace(), || Mat::zeros(problem.d(), problem.m()));
        Self { w: zero(), gradient: zero(), space, problem }
    }

    /// The model f_L + f_Q with the square loss, and λ3 R3 with the projector on the complement of `basis`.
    ///
    /// # Errors
    /// As [`Problem::new`] and [`Problem::with_r3`].
    pub fn problem(data: &Data, basis: MatRef<'_, f64>, lambda: f64) -> Result<Problem<T>> {
        let Labelled { x, y } = &data.train;
        let problem = Problem::new(&data.net, x.as_ref(), y, Loss::Square, Model::Quadratic, Par::rayon(0))?;
        Ok(problem.with_r3(basis, lambda)?)
    }

    /// W, `[m, d]`.
    pub fn w(&self) -> MatRef<'_, T> {
        self.w.transpose()
    }

    /// The objective at W, and its gradient, which is kept.
    ///
    /// # Errors
    /// An objective that is not finite.
    pub fn evaluate(&mut self) -> Result<Value> {
        let out = self.gradient.as_mut().transpose_mut();
        Ok(self.problem.value_and_gradient(self.w.transpose(), out, &mut self.space, Par::rayon(0))?)
    }

    /// `W ← W − η·gradient`, the gradient being that of the last evaluation.
    pub fn step(&mut self, eta: f64) {
        training::descend(self.w.as_mut(), T::nearest(eta), self.gradient.as_ref(), Par::rayon(0));
    }

    /// The bits of W, neuron by neuron.
    pub fn bits(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.w.nrows() * self.w.ncols() * T::BYTES);
        (0..self.w.ncols()).for_each(|r| self.w.col_as_slice(r).iter().for_each(|x| x.put(&mut bytes)));
        bytes
    }

    /// W from its bits.
    ///
    /// # Errors
    /// There are not as many as it has.
    pub fn set_bits(&mut self, bytes: &[u8]) -> Result<()> {
        let (d, m) = (self.w.nrows(), self.w.ncols());
        ensure!(bytes.len() == d * m * T::BYTES, "a checkpoint holds {} bytes of W, and W has {}", bytes.len(), d * m * T::BYTES);
        let mut all = bytes.chunks_exact(T::BYTES).map(T::get);
        for r in 0..m {
            self.w.col_as_slice_mut(r).iter_mut().zip(&mut all).for_each(|(to, x)| *to = x);
        }
        Ok(())
    }
}

/// Test inputs by blocks, with σ' and σ'' at them.
pub struct Test<T: Real> {
    blocks: Vec<Problem<T>>,
    /// For blocks of the full size, and for the last one where it is shorter.
    spaces: Vec<Workspace<T>>,
}

impl<T: Real> Test<T> {
    /// Prepares the test inputs of `data`.
    ///
    /// # Errors
    /// As [`Problem::new`].
    pub fn new(data: &Data) -> Result<Self> {
        let Labelled { x, y } = &data.test;
        let mut blocks = Vec::new();
        for start in (0..y.len()).step_by(BLOCK) {
            let count = BLOCK.min(y.len() - start);
            let (x, y) = (x.subrows(start, count), &y[start..start + count]);
            blocks.push(Problem::new(&data.net, x, y, Loss::Square, Model::Quadratic, Par::rayon(0))?);
        }
        let spaces = [blocks.first(), blocks.last()].into_iter().flatten().map(Problem::workspace).collect();
        Ok(Self { blocks, spaces })
    }

    /// The mean loss at W (`[m, d]`).
    ///
    /// # Errors
    /// A loss that is not finite.
    pub fn loss(&mut self, w: MatRef<'_, T>) -> Result<f64> {
        let (mut sum, mut count) = (0.0, 0);
        let full = self.blocks.first().map_or(0, Problem::n);
        for block in &self.blocks {
            let space = &mut self.spaces[usize::from(block.n() < full)];
            sum += block.value(w, space, Par::rayon(0))?.loss * block.n() as f64;
            count += block.n();
        }
        Ok(sum / count as f64)
    }
}
