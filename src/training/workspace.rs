//! What a step writes to, allocated once.

use std::sync::{Mutex, PoisonError};

use faer::Mat;

use super::problem::Problem;
use crate::product::columns;
use crate::real::Real;
use crate::{Error, Result};

/// The buffers of a step: `nm` numbers for the slopes, and what is small beside them. It holds nothing between steps but the last
/// predictions, and serves every problem of the same sizes.
#[derive(Debug)]
pub struct Workspace<T: Real> {
    /// ∂f_i/∂z_{ir} up to a_r m^{-1/2}, `[n, m]`; the columns of a tile are its neurons and then their twins.
    pub(super) slopes: Mat<T>,
    /// The sums over each tile of `m^{1/2} f_L` and `m^{1/2} f`, two columns to a tile.
    pub(super) partial: Mat<T>,
    pub(super) factors: Factors<T>,
    pub(super) f_linear: Vec<f64>,
    pub(super) f: Vec<f64>,
    /// (I − U1U1ᵀ) f_L, and scratch of the length r.
    pub(super) beyond: Vec<f64>,
    pub(super) inner: Vec<f64>,
    pub(super) pool: Pool<T>,
}

impl<T: Real> Workspace<T> {
    /// f_L at the inputs, as of the last evaluation.
    pub fn f_linear(&self) -> &[f64] {
        &self.f_linear
    }

    /// The predictions of the model at the inputs, as of the last evaluation.
    pub fn f(&self) -> &[f64] {
        &self.f
    }

    /// Refuses a workspace made for other sizes.
    pub(super) fn check(&self, problem: &Problem<T>) -> Result<()> {
        let found = (self.slopes.nrows(), self.slopes.ncols(), self.factors.scaled.nrows(), self.inner.len());
        if found == (problem.n(), problem.m(), problem.d(), problem.rank()) {
            return Ok(());
        }
        let (n, m, d, r) = found;
        Err(Error::domain(
            "the workspace",
            format!("one for n = {n}, m = {m}, d = {d}, r = {r}"),
            format!("the problem has n = {}, m = {}, d = {}, r = {}", problem.n(), problem.m(), problem.d(), problem.rank()),
        ))
    }

    pub(super) fn new(problem: &Problem<T>) -> Self {
        let (n, d, m) = (problem.n(), problem.d(), problem.m());
        let scratch = || Scratch::new(problem);
        Self {
            slopes: columns(n, m),
            partial: columns(n, 2 * problem.tiles()),
            factors: Factors { g: vec![T::default(); n], h: vec![T::default(); n], scaled: Mat::zeros(d, n) },
            f_linear: vec![0.0; n],
            f: vec![0.0; n],
            beyond: vec![0.0; n],
            inner: vec![0.0; problem.rank()],
            pool: Pool(Mutex::new((0..rayon::current_num_threads()).map(|_| scratch()).collect())),
        }
    }
}

/// What the gradient is made of besides the slopes, all times m^{-1/2}.
#[derive(Debug)]
pub(super) struct Factors<T: Real> {
    /// ∂(mean loss)/∂f_i.
    pub g: Vec<T>,
    /// `(2λ3/n)(I − U1U1ᵀ) f_L`.
    pub h: Vec<T>,
    /// Xᵀ with column i times g_i, `[d, n]`: without R3 the gradient is its product with the slopes.
    pub scaled: Mat<T>,
}

/// What one task needs while it works on a tile.
#[derive(Debug)]
pub(super) struct Scratch<T: Real> {
    /// The displacement of the neurons of a tile and of their twins, or the gradient by it: `[d, 2·pairs]`.
    pub w: Mat<T>,
    /// What the gradient is Xᵀ times, for a tile: `[rows, 2·pairs]`.
    pub tile: Mat<T>,
    /// A column in f64.
    pub z: Vec<f64>,
    /// Another.
    pub value: Vec<f64>,
}

impl<T: Real> Scratch<T> {
    fn new(problem: &Problem<T>) -> Self {
        let (rows, pairs) = (problem.rows(), problem.pairs());
        let column = || vec![0.0; rows];
        Self { w: Mat::zeros(problem.d(), 2 * pairs), tile: Mat::zeros(rows, 2 * pairs), z: column(), value: column() }
    }
}

/// Scratch for as many tasks as run at once.
#[derive(Debug)]
pub(super) struct Pool<T: Real>(Mutex<Vec<Scratch<T>>>);

impl<T: Real> Pool<T> {
    /// Lends scratch to a task; more is made where more tasks run than threads were counted.
    pub fn with(&self, problem: &Problem<T>, task: impl FnOnce(&mut Scratch<T>)) {
        let lent = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = lent.unwrap_or_else(|| Scratch::new(problem));
        task(&mut scratch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }
}
