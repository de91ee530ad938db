//! The buffers of a step, allocated once.

use faer::Mat;

use super::problem::Problem;
use crate::network::passes::Scratch;
use crate::pool::Pool;
use crate::product::columns;
use crate::real::Real;
use crate::{Error, Result};

/// The buffers of a step, which hold somewhat more than the `nm` slopes. They serve every problem of the
/// same sizes.
#[derive(Debug)]
pub struct Workspace<T: Real> {
    /// The slopes ∂f_i/∂z_{ir} up to a_r m^{-1/2}, `[n, m]`. The columns of a tile are its neurons and then
    /// their twins.
    pub(super) slopes: Mat<T>,
    /// The sums over the neurons of each tile for `m^{1/2} f` and `m^{1/2} f_L`, one column for each.
    pub(super) partial: Mat<T>,
    pub(super) factors: Inputs<T>,
    pub(super) f_linear: Vec<f64>,
    pub(super) f: Vec<f64>,
    /// (I − U1U1ᵀ) f_L or f_L(X; Π_{>r}W), and scratch of length r.
    pub(super) beyond: Vec<f64>,
    pub(super) inner: Vec<f64>,
    /// The coordinates of W and of the gradient in the top eigenvectors of Σ, where R3 uses them; empty
    /// otherwise.
    pub(super) coordinates: Vec<f64>,
    pub(super) slope: Vec<f64>,
    /// Whether the coordinates are already those of the next W.
    pub(super) known: bool,
    /// Whether slopes and factors belong to an evaluation.
    pub(super) evaluated: bool,
    /// The part of each tile in the coordinates of the gradient, `[r, tiles]`.
    pub(super) top_partial: Mat<T>,
    pub(super) pool: Pool<Scratch<T>>,
}

impl<T: Real> Workspace<T> {
    /// f_L at the inputs, n values, from the last evaluation.
    pub fn f_linear(&self) -> &[f64] {
        &self.f_linear
    }

    /// The predictions of the model at the inputs, n values, from the last evaluation.
    pub fn f(&self) -> &[f64] {
        &self.f
    }

    /// The r coordinates of W in the top eigenvectors of Σ, where R3 uses them; empty otherwise.
    pub fn coordinates(&self) -> &[f64] {
        &self.coordinates
    }

    /// Declares that the next W is the last one minus `eta` times the last gradient. The coordinates of W in
    /// the top eigenvectors of Σ then follow without a pass over the eigenvectors. Each such step adds
    /// roundings of T to the coordinates; [`Workspace::forget`] makes the next evaluation compute them
    /// again.
    pub fn moved(&mut self, eta: f64) {
        if !self.slope.is_empty() {
            self.coordinates.iter_mut().zip(&self.slope).for_each(|(c, s)| *c -= eta * s);
            self.known = true;
        }
    }

    /// Makes the next evaluation compute the coordinates of W in the top eigenvectors of Σ.
    pub fn forget(&mut self) {
        self.known = false;
    }

    /// Declares that the next W has these coordinates, which come from [`Workspace::coordinates`] of a
    /// workspace that evaluated the same W.
    ///
    /// # Errors
    /// The number of coordinates is not that of this problem.
    pub fn recall(&mut self, coordinates: &[f64]) -> Result<()> {
        let (found, wanted) = (coordinates.len(), self.coordinates.len());
        if found != wanted {
            return Err(Error::domain("the number of coordinates", found, format!("it must be {wanted}")));
        }
        self.coordinates.copy_from_slice(coordinates);
        self.known = true;
        Ok(())
    }

    /// Refuses a workspace made for other sizes.
    pub(super) fn check(&self, problem: &Problem<T>) -> Result<()> {
        let (n, m) = (self.slopes.nrows(), self.slopes.ncols());
        let (d, r) = (self.factors.scaled.nrows(), self.inner.len());
        let top = problem.top().map_or(0, super::TopProjector::rank);
        let slope = if problem.lambda() > 0.0 { top } else { 0 };
        let fits = (self.coordinates.len(), self.slope.len()) == (top, slope);
        if fits && (n, m, d, r) == (problem.n(), problem.m(), problem.d(), problem.rank()) {
            return Ok(());
        }
        Err(Error::domain(
            "the workspace",
            format!("one for n = {n}, m = {m}, d = {d}, r = {r}"),
            format!(
                "the problem has n = {}, m = {}, d = {}, r = {}",
                problem.n(),
                problem.m(),
                problem.d(),
                problem.rank()
            ),
        ))
    }

    pub(super) fn new(problem: &Problem<T>) -> Self {
        let (n, d) = (problem.n(), problem.d());
        let top = problem.top().map_or(0, super::TopProjector::rank);
        Self {
            slopes: problem.passes.kept(),
            partial: problem.passes.sums(),
            factors: Inputs {
                g: vec![T::default(); n],
                h: vec![T::default(); n],
                top: Vec::new(),
                plain: true,
                scaled: Mat::zeros(d, n),
            },
            f_linear: vec![0.0; n],
            f: vec![0.0; n],
            beyond: vec![0.0; n],
            inner: vec![0.0; problem.rank()],
            coordinates: vec![0.0; top],
            slope: vec![0.0; if problem.lambda() > 0.0 { top } else { 0 }],
            known: false,
            evaluated: false,
            top_partial: columns(top, problem.passes.tiles()),
            pool: Pool::empty(),
        }
    }
}

/// The factors of the inputs from which the gradient is made, all times m^{-1/2}.
#[derive(Debug)]
pub(super) struct Inputs<T: Real> {
    /// ∂(mean loss)/∂f_i.
    pub g: Vec<T>,
    /// `(2λ3/n)(I − U1U1ᵀ) f_L`.
    pub h: Vec<T>,
    /// `(2λ3/n)(ΦV)ᵀ f_L(X; Π_{>r}W)`, of length r, where R3 uses the top eigenvectors of Σ.
    pub top: Vec<T>,
    /// Whether h is zero, so that the gradient is a single product.
    pub plain: bool,
    /// Xᵀ with column i multiplied by g_i, `[d, n]`. Where h is zero, the gradient is the product of this
    /// matrix with the slopes.
    pub scaled: Mat<T>,
}
