//! Symmetric matrices that are known by their products with vectors alone: covariances, Hessians, and any
//! that a user brings.

use crate::error::Result;
use faer::{MatMut, MatRef, Par};

/// A symmetric real matrix A of order n that is known by its products with vectors.
pub trait SymmetricOperator: Sync {
    /// The order n of the matrix.
    fn order(&self) -> usize;

    /// `out ← A·v` for b vectors at once, the columns of `v`; `v` and `out` are `[n, b]`.
    ///
    /// # Errors
    /// The implementation may refuse a shape, or fail to compute the product.
    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()>;

    /// `out ← A·v`, faster and with fewer digits. Iterations use it for directions of search, and never for
    /// a residual that they report. The default calls [`SymmetricOperator::apply`].
    ///
    /// # Errors
    /// As for [`SymmetricOperator::apply`].
    fn apply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.apply(v, out, par)
    }

    /// Whether [`SymmetricOperator::apply_roughly`] has fewer digits than [`SymmetricOperator::apply`].
    fn is_rough(&self) -> bool {
        false
    }
}
