//! What is trained, on what, and all of it that does not depend on W.

use std::sync::Arc;

use faer::{Accum, Mat, MatRef, Par};

use super::beyond::{Beyond, Kept};
use super::tiles::Tiled;
use super::top::TopProjector;
use super::workspace::Workspace;
use crate::activation::Derivative;
use crate::network::{self, Model, PairedNetwork};
use crate::objective::Loss;
use crate::product::{columns, matmul};
use crate::real::Real;
use crate::{Error, Result};

/// Pairs of twins in a tile, at most. From 32 to 128 the time of a step varies by 5 %, and the memory of a
/// tile with it.
const PAIRS: usize = 64;
/// Inputs in a tile, at most: with [`PAIRS`] half a MiB of slopes in f32. A product begins by packing X
/// anew, so that halving it costs 5 %.
const ROWS: usize = 1024;

/// The objective at one displacement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// `(1/n) Σ_i ℓ(y_i, f(x_i; W))`.
    pub loss: f64,
    /// R3; zero where the problem has none.
    pub r3: f64,
    /// `loss + λ3·r3`: the gradient is that of this.
    pub objective: f64,
}

/// A model, a loss, inputs and labels. It holds 2np + 2nd numbers of type T (np fewer for the linear model),
/// and nr of U1.
#[derive(Debug)]
pub struct Problem<T: Real> {
    pub(super) net: PairedNetwork,
    pub(super) model: Model,
    pub(super) loss: Loss,
    /// X, `[n, d]`.
    pub(super) x: Mat<T>,
    /// Xᵀ, `[d, n]`: so that both products find contiguous columns.
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
    /// No inputs, a length or shape that does not fit, an entry that is not finite; [`Error::Unsupported`]
    /// for a quadratic model of an activation without a second derivative.
    ///
    /// # Accuracy
    /// XW0ᵀ, σ' and σ'' are computed in f64 and rounded to T once.
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
        if y.len() != n || n == 0 {
            return Err(Error::Shape {
                name: "the labels",
                rows: y.len(),
                cols: 1,
                expected: format!("n = {n} ≥ 1, 1"),
            });
        }
        network::finite("the labels", MatRef::from_column_major_slice(y, n, 1))?;
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
                for r in 0..second.ncols() {
                    let mut column = z.col_as_slice(r).to_vec();
                    if model.expands_twice() {
                        net.activation().apply(Derivative::Second, &mut column);
                    }
                    (0..n).for_each(|i| second[(i, r)] = T::nearest(column[i]));
                }
                for r in 0..first.ncols() {
                    net.activation().apply(Derivative::First, z.col_as_slice_mut(r));
                    (0..n).for_each(|i| first[(i, r)] = T::nearest(z[(i, r)]));
                }
            },
        );
        Ok(problem)
    }

    /// The same problem with `λ3 R3`, `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²`, added to the objective: `basis`
    /// is U1 (`[n, r]`, r = 0 allowed), whose columns are orthonormal, and `lambda` is λ3.
    ///
    /// # Errors
    /// A basis that has not n rows, is not finite or not orthonormal to 1e-5; λ3 negative or not finite.
    pub fn with_r3(mut self, basis: MatRef<'_, f64>, lambda: f64) -> Result<Self> {
        self.beyond = Some(Beyond::new(basis, self.n(), lambda)?);
        Ok(self)
    }

    /// The same problem with `λ3 R3`, `R3 = (1/n)‖f_L(X; Π_{>r}W)‖²` with the projector of Σ itself, added
    /// to the objective.
    ///
    /// A step then reads all of V once, rpd numbers of type T, unless λ3 = 0; and once more where the
    /// coordinates of W in V are not known from the step before (see [`Workspace::moved`]).
    ///
    /// # Errors
    /// A projector for other weights or another number of inputs; λ3 negative or not finite.
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

    /// The buffers that a step needs, for this problem and others of its sizes: nm numbers of type T, and
    /// some in `n + d`.
    pub fn workspace(&self) -> Workspace<T> {
        Workspace::new(self)
    }

    /// The dimension r of what R3 leaves alone.
    pub(super) fn rank(&self) -> usize {
        self.beyond.as_ref().map_or(0, Beyond::rank)
    }

    /// The top eigenvectors of Σ, where R3 is of them.
    pub(super) fn top(&self) -> Option<&TopProjector<T>> {
        match &self.beyond.as_ref()?.kept {
            Kept::Top(top) => Some(top),
            Kept::Sample(_) => None,
        }
    }

    /// λ3; zero without R3.
    pub(super) fn lambda(&self) -> f64 {
        self.beyond.as_ref().map_or(0.0, |b| b.lambda)
    }

    /// Pairs of twins in a tile: at least sixteen tiles, for the threads to share, until they are as small
    /// as eight.
    pub(super) fn pairs(&self) -> usize {
        self.net.p().div_ceil(16).next_multiple_of(8).min(PAIRS)
    }

    /// Tiles of neurons.
    pub(super) fn tiles(&self) -> usize {
        self.net.p().div_ceil(self.pairs())
    }

    /// Inputs in a tile.
    pub(super) fn rows(&self) -> usize {
        self.n().min(ROWS)
    }
}
