//! The training problem: model, loss, inputs and labels, with the numbers that do not depend on W.

use std::sync::Arc;

use faer::{MatRef, Par};

use super::beyond::{Beyond, Unpenalised};
use super::{top::TopProjector, workspace::Workspace};
use crate::Result;
use crate::network::passes::Passes;
use crate::network::{self, Model, PairedNetwork};
use crate::objective::Loss;
use crate::real::Real;

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
    pub(super) passes: Passes<T>,
    pub(super) loss: Loss,
    pub(super) y: Vec<f64>,
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
        network::check_labels(y, x.nrows())?;
        if model.expands_twice() {
            net.activation().require_twice_differentiable()?;
        }
        let passes = Passes::new(net, x, model, par);
        Ok(Self { net: net.clone(), passes, loss, y: y.to_vec(), beyond: None })
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
        self.passes.n()
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.passes.d()
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
}
