//! The training problem: model, loss, inputs and labels, with the numbers that do not depend on W.

use std::sync::Arc;

use faer::{Accum, Mat, MatRef, Par};

use super::beyond::{Beyond, Unpenalised};
use super::{tiles::Tiled, top::TopProjector, workspace::Workspace};
use crate::Result;
use crate::activation::Derivative;
use crate::network::{self, Model, PairedNetwork};
use crate::objective::Loss;
use crate::product::{columns, matmul};
use crate::real::Real;

/// The most pairs of twins in a tile. Between 32 and 128, the time of a step varies by 5 %.
const PAIRS: usize = 64;
/// The most inputs in a tile. With [`PAIRS`] a tile has half a MiB of slopes in f32. Each product packs X
/// again, so that half as many inputs cost 5 %.
const ROWS: usize = 1024;

/// The objective at one displacement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// `(1/n) Σ_i ℓ(y_i, f(x_i; W))`.
    pub loss: f64,
    /// R3; zero for a problem without R3.
    pub r3: f64,
    /// `loss + λ3·r3`. Gradients are those of this function.
    pub objective: f64,
}

/// A model, a loss, inputs and labels. It holds 2np + 2nd numbers of type T, np fewer for the linear model,
/// and the nr numbers of U1.
#[derive(Debug)]
pub struct Problem<T: Real> {
    pub(super) net: PairedNetwork,
    pub(super) model: Model,
    pub(super) loss: Loss,
    /// X, `[n, d]`.
    pub(super) x: Mat<T>,
    /// Xᵀ, `[d, n]`, so that both products have contiguous columns.
    pub(super) xt: Mat<T>,
    pub(super) y: Vec<f64>,
    /// σ'(XW0ᵀ), `[n, p]`.
    pub(super) first: Mat<T>,
    /// σ''(XW0ᵀ) for the quadratic models, XW0ᵀ for the network, `[n, p]`; `[n, 0]` for the linear model.
    pub(super) second: Mat<T>,
    pub(super) beyond: Option<Beyond<T>>,
}

impl<T: Real> Problem<T> {
    /// The problem of fitting the labels `y` (n values) at the rows of `x` (`[n, d]`), from the
    /// initialisation `net` and without R3.
    ///
    /// # Errors
    /// No inputs, a length or shape that does not fit, an entry that is not finite;
    /// [`crate::Error::Unsupported`] for a quadratic model of an activation without a second derivative.
    ///
    /// # Accuracy
    /// XW0ᵀ, σ' and σ'' are computed in f64 and rounded once to T.
    pub fn new(
        net: &PairedNetwork,
        x: MatRef<'_, f64>,
        y: &[f64],
        loss: Loss,
        model: Model,
        par: Par,
    ) -> Result<Self> {
        net.check_inputs(x)?;
        let (n, d, p) = (x.nrows(), net.d(), net.p());
        network::check_labels(y, n)?;
        if model.expands_twice() {
            net.activation().require_twice_differentiable()?;
        }
        let mut problem = Self {
            net: net.clone(),
            model,
            loss,
            x: Mat::from_fn(n, d, |i, c| T::nearest(x[(i, c)])),
            xt: Mat::from_fn(d, n, |c, i| T::nearest(x[(i, c)])),
            y: y.to_vec(),
            first: columns(n, p),
            second: columns(n, if model == Model::Linear { 0 } else { p }),
            beyond: None,
        };
        let (pairs, tiles) = (problem.pairs(), problem.tiles());
        Tiled([(problem.first.as_mut(), pairs), (problem.second.as_mut(), pairs)]).for_each(
            par,
            0..tiles,
            &|tile, [mut first, mut second]| {
                let mut z = Mat::zeros(n, first.ncols());
                let neurons = net.weights().subrows(tile * pairs, first.ncols());
                matmul(z.as_mut(), Accum::Replace, x, neurons.transpose(), 1.0, Par::Seq);
                let mut column = vec![0.0; n];
                for r in 0..first.ncols() {
                    let z = z.col_as_slice_mut(r);
                    if model.expands_twice() {
                        net.activation().apply_first_and_second(z, &mut column);
                    } else {
                        column.copy_from_slice(z);
                        net.activation().apply(Derivative::First, z);
                    }
                    (0..n).for_each(|i| first[(i, r)] = T::nearest(z[i]));
                    if second.ncols() > 0 {
                        (0..n).for_each(|i| second[(i, r)] = T::nearest(column[i]));
                    }
                }
            },
        );
        Ok(problem)
    }

    /// The same problem with `λ3 R3`, `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²`, added to the objective: `basis`
    /// is U1 (`[n, r]`, r = 0 allowed), whose columns are orthonormal, and `lambda` is λ3.
    ///
    /// # Errors
    /// The basis does not have n rows, is not finite or not orthonormal to 1e-5; λ3 is negative or not
    /// finite.
    pub fn with_r3(mut self, basis: MatRef<'_, f64>, lambda: f64) -> Result<Self> {
        self.beyond = Some(Beyond::new(basis, self.n(), lambda)?);
        Ok(self)
    }

    /// The same problem with `λ3 R3`, `R3 = (1/n)‖f_L(X; Π_{>r}W)‖²`, added to the objective, where Π_{>r}
    /// projects on all but the top r eigenvectors V of Σ itself.
    ///
    /// A step then reads the rpd numbers of V once, unless λ3 = 0, and once more where the coordinates of W
    /// in V are not known from the step before, see [`Workspace::moved`].
    ///
    /// # Errors
    /// The projector is for other sizes of the weights or another number of inputs; λ3 is negative or not
    /// finite.
    pub fn with_top(mut self, top: Arc<TopProjector<T>>, lambda: f64) -> Result<Self> {
        self.beyond = Some(Beyond::with_top(top, [self.n(), self.net.p(), self.d()], lambda)?);
        Ok(self)
    }

    /// The number n of inputs.
    pub fn n(&self) -> usize {
        self.x.nrows()
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.x.ncols()
    }

    /// The width m.
    pub fn m(&self) -> usize {
        self.net.m()
    }

    /// The buffers of a step for this problem and others of its sizes, which hold somewhat more than nm
    /// numbers of type T.
    pub fn workspace(&self) -> Workspace<T> {
        Workspace::new(self)
    }

    /// The dimension r of the space that R3 does not penalise; zero without R3.
    pub(super) fn rank(&self) -> usize {
        self.beyond.as_ref().map_or(0, Beyond::rank)
    }

    /// The projector of R3, where R3 has the top eigenvectors of Σ itself.
    pub(super) fn top(&self) -> Option<&TopProjector<T>> {
        match &self.beyond.as_ref()?.space {
            Unpenalised::Top(top) => Some(top),
            Unpenalised::Sample(_) => None,
        }
    }

    /// λ3; zero without R3.
    pub(super) fn lambda(&self) -> f64 {
        self.beyond.as_ref().map_or(0.0, |b| b.lambda)
    }

    /// Pairs of twins in a tile. There are at least sixteen tiles for the threads to share, unless tiles
    /// would have fewer than eight pairs.
    pub(super) fn pairs(&self) -> usize {
        self.net.p().div_ceil(16).next_multiple_of(8).min(PAIRS)
    }

    /// The number of tiles of neurons.
    pub(super) fn tiles(&self) -> usize {
        self.net.p().div_ceil(self.pairs())
    }

    /// Inputs in a tile.
    pub(super) fn rows(&self) -> usize {
        self.n().min(ROWS)
    }
}
