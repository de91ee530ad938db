//! What descent goes down: a function of a matrix with its gradient and its Hessian.

use faer::{MatMut, MatRef, Par};

use crate::Result;
use crate::objective::RegularizedLoss;
use crate::objective::regularized::{Value, Workspace};
use crate::operator::SymmetricOperator;

/// A twice differentiable function of a matrix W. Descent needs no more of it; yours may be anything.
pub trait Landscape {
    /// Rows and columns of W.
    fn shape(&self) -> (usize, usize);

    /// The function at `w`, and its gradient (of the same shape) in `gradient`. Descent follows
    /// [`Value::objective`]; the parts are only handed on.
    ///
    /// # Errors
    /// [`crate::Error::Numerical`] where the function overflows, which descent takes for a step too long;
    /// any other error ends it.
    fn value_and_gradient(
        &mut self,
        w: MatRef<'_, f64>,
        gradient: MatMut<'_, f64>,
        par: Par,
    ) -> Result<Value>;

    /// The Hessian at `w`, of order rows times columns, on column-major matrices.
    ///
    /// # Errors
    /// There is none.
    fn hessian(&self, w: MatRef<'_, f64>, par: Par) -> Result<Box<dyn SymmetricOperator + '_>>;
}

/// L_λ as a [`Landscape`], with the buffers that its evaluation needs.
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
