//! The functions that a descent minimises: functions of a matrix with gradient and Hessian.

use faer::{MatMut, MatRef, Par};

use crate::Result;
use crate::objective::RegularizedLoss;
use crate::objective::regularized::{Value, Workspace};
use crate::operator::SymmetricOperator;

/// A twice differentiable function of a matrix W, which a descent can minimise. A user may implement it for
/// any function.
pub trait Landscape {
    /// The numbers of rows and columns of W.
    fn shape(&self) -> (usize, usize);

    /// Returns the function at `w`, and writes its gradient (of the same shape) to `gradient`. The descent
    /// minimises [`Value::objective`]; the other parts of the value are passed on to the callback.
    ///
    /// # Errors
    /// [`crate::Error::Numerical`] where the function overflows, which means that the step was too long; any
    /// other error ends the descent.
    fn value_and_gradient(
        &mut self,
        w: MatRef<'_, f64>,
        gradient: MatMut<'_, f64>,
        par: Par,
    ) -> Result<Value>;

    /// The Hessian at `w`, an operator whose order is the number of entries of W, on column-major vectors.
    ///
    /// # Errors
    /// The Hessian cannot be computed.
    fn hessian(&self, w: MatRef<'_, f64>, par: Par) -> Result<Box<dyn SymmetricOperator + '_>>;
}

/// L_λ as a [`Landscape`], with the buffers of its evaluation.
pub struct LossLandscape<'a> {
    loss: &'a RegularizedLoss<'a>,
    space: Workspace,
}

impl<'a> LossLandscape<'a> {
    /// The landscape of L_λ.
    pub fn new(loss: &'a RegularizedLoss<'a>) -> Self {
        Self { loss, space: loss.workspace() }
    }
}

impl Landscape for LossLandscape<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.loss.m(), self.loss.d())
    }

    fn value_and_gradient(
        &mut self,
        w: MatRef<'_, f64>,
        gradient: MatMut<'_, f64>,
        par: Par,
    ) -> Result<Value> {
        self.loss.value_and_gradient(w, gradient, &mut self.space, par)
    }

    fn hessian(&self, w: MatRef<'_, f64>, par: Par) -> Result<Box<dyn SymmetricOperator + '_>> {
        Ok(Box::new(self.loss.hessian(w, par)?))
    }
}
