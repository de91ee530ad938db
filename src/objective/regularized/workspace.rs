//! The buffers of an evaluation, allocated once.

use faer::Mat;

use super::RegularizedLoss;
use crate::network::passes::{Passes, Scratch};
use crate::pool::Pool;
use crate::product::columns;
use crate::{Error, Result};

/// The buffers of an evaluation of L_λ. Between evaluations only the predictions in them have a meaning.
#[derive(Debug)]
pub struct Workspace {
    /// The slopes at a block of inputs, which the forward pass writes for the backward pass, `[block, m]`.
    /// The columns of a tile are its neurons and then their twins.
    pub(super) kept: Mat<f64>,
    /// Xᵀ for a block of inputs, each column multiplied by the factor of its input in the gradient of the
    /// mean loss.
    pub(super) scaled: Mat<f64>,
    /// The two sums over the neurons of each tile, one column for each.
    pub(super) sums: Mat<f64>,
    /// The predictions, or their derivative along a direction.
    pub(super) f: Vec<f64>,
    /// f_L(X; ũ), and then the factors of the inputs in the gradient of λ3 R3.
    pub(super) h: Vec<f64>,
    /// The factors of the inputs in the gradient of the mean loss.
    pub(super) g: Vec<f64>,
    /// ũ, Aũ and the gradient of R1..R3 by u, component-major: each is a column `[pd, 1]` and a column-major
    /// matrix `[p, d]`.
    pub(super) u: Vec<f64>,
    pub(super) au: Vec<f64>,
    pub(super) t: Vec<f64>,
    /// Wᵀ and the transposed gradient, `[d, m]`, because the passes take the neurons one after another.
    pub(super) w: Mat<f64>,
    pub(super) gradient: Mat<f64>,
    /// Qᵀu, `[r, 1]`.
    pub(super) top: Mat<f64>,
    /// Cᵀ times the factors of the inputs in the gradient of λ3 R3 without `m^{-1/2}`, `[r, 1]`.
    pub(super) against: Mat<f64>,
    pub(super) pool: Pool<Scratch<f64>>,
}

impl Workspace {
    /// The predictions of the model at the inputs, n values, from the last evaluation.
    pub fn f(&self) -> &[f64] {
        &self.f
    }

    pub(super) fn new(of: &RegularizedLoss<'_>) -> Self {
        let (n, p, d) = (of.n(), of.of.net.p(), of.d());
        let [u, au, t] = [(); 3].map(|()| vec![0.0; p * d]);
        let [f, h, g] = [(); 3].map(|()| vec![0.0; n]);
        let rows = of.blocks.iter().map(Passes::n).max().unwrap_or(0);
        let (kept, sums) = (columns(rows, of.m()), columns(rows, 2 * of.blocks[0].tiles()));
        let scaled = Mat::zeros(d, rows);
        let [top, against] = [(); 2].map(|()| Mat::zeros(of.of.top.rank(), 1));
        let [w, gradient] = [(); 2].map(|()| Mat::zeros(d, of.m()));
        Self { kept, scaled, sums, f, h, g, u, au, t, w, gradient, top, against, pool: Pool::empty() }
    }

    /// What the last forward pass left, in place of which there is a new matrix.
    pub(super) fn take_kept(&mut self) -> Mat<f64> {
        let new = columns(self.kept.nrows(), self.kept.ncols());
        std::mem::replace(&mut self.kept, new)
    }

    /// Refuses a workspace made for other sizes.
    pub(super) fn check(&self, of: &RegularizedLoss<'_>) -> Result<()> {
        let found = (self.f.len(), self.kept.ncols(), self.u.len(), self.top.nrows());
        let wanted = (of.n(), of.m(), of.of.net.p() * of.d(), of.of.top.rank());
        if found == wanted {
            return Ok(());
        }
        let words = |(n, m, order, r): (usize, usize, usize, usize)| {
            format!("n = {n}, m = {m}, pd = {order}, r = {r}")
        };
        Err(Error::domain(
            "the workspace",
            format!("one for {}", words(found)),
            format!("L_λ has {}", words(wanted)),
        ))
    }
}
