//! Symmetric matrices known by their products alone: covariances, Hessians, and any that a user brings.

use crate::error::Result;
use faer::{MatMut, MatRef, Par};

/// A symmetric matrix known by its products.
pub trait SymmetricOperator: Sync {
    /// Its order n.
    fn order(&self) -> usize;

    /// `out ← A·v`, both `[n, b]`.
    ///
    /// # Errors
    /// Whatever keeps the product from being computed.
    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()>;

    /// `out ← A·v`, faster and with fewer digits: for directions of search, never for a residual that is
    /// reported.
    ///
    /// # Errors
    /// As for [`SymmetricOperator::apply`], which it is unless it is overridden.
    fn apply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.apply(v, out, par)
    }

    /// Whether [`SymmetricOperator::apply_roughly`] has fewer digits.
    fn is_rough(&self) -> bool {
        false
    }
}
