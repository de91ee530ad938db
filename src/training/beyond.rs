//! The term λ3 R3 of the objective, and the projection of f_L(X; W) on the sample.

use std::sync::Arc;

use faer::{Accum, ColMut, ColRef, Mat, MatRef, Par};

use super::top::TopProjector;
use crate::product::matmul;
use crate::real::Real;
use crate::{Error, Result, network};

/// The largest entry of U1ᵀU1 − I that is allowed: the rounding of a basis that was stored as f32. Since
/// projections are applied twice, R3 has the square of it as a relative error.
const ORTHONORMAL: f64 = 1e-5;

/// λ3 and the space that R3 does not penalise.
#[derive(Debug, Clone)]
pub(super) struct Beyond<T: Real> {
    pub space: Unpenalised<T>,
    pub lambda: f64,
}

/// The space that R3 does not penalise.
#[derive(Debug, Clone)]
pub(super) enum Unpenalised<T: Real> {
    /// The span of an orthonormal basis U1 (`[n, r]`) in R^n: `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²`.
    Sample(Mat<f64>),
    /// The span of the top eigenvectors of Σ: `R3 = (1/n)‖f_L(X; Π_{>r}W)‖²`.
    Top(Arc<TopProjector<T>>),
}

impl<T: Real> Beyond<T> {
    pub fn new(basis: MatRef<'_, f64>, n: usize, lambda: f64) -> Result<Self> {
        if basis.nrows() != n || basis.ncols() > n {
            let expected = format!("n = {n}, at most n");
            return Err(Error::shape("the basis of R3", [basis.nrows(), basis.ncols()], expected));
        }
        network::finite("the basis of R3", basis)?;
        allowed(lambda)?;
        let mut gram = Mat::<f64>::identity(basis.ncols(), basis.ncols());
        matmul(gram.as_mut(), Accum::Add, basis.transpose(), basis, -1.0, Par::Seq);
        let miss = gram.norm_max();
        if miss > ORTHONORMAL {
            let allowed = format!(
                "the columns of the basis of R3 must be orthonormal, U1ᵀU1 = I to within {ORTHONORMAL:e}"
            );
            return Err(Error::domain("the largest entry of U1ᵀU1 − I", format!("{miss:e}"), allowed));
        }
        Ok(Self { space: Unpenalised::Sample(basis.to_owned()), lambda })
    }

    pub fn with_top(top: Arc<TopProjector<T>>, [n, p, d]: [usize; 3], lambda: f64) -> Result<Self> {
        allowed(lambda)?;
        if (top.n(), top.size()) != (n, (p, d)) {
            let (p, d) = top.size();
            let found = format!("one for n = {}, p = {p}, d = {d}", top.n());
            return Err(Error::domain(
                "the projector of R3",
                found,
                "it must be made for the inputs and weights of the problem",
            ));
        }
        Ok(Self { space: Unpenalised::Top(top), lambda })
    }

    /// The dimension r of the space.
    pub fn rank(&self) -> usize {
        match &self.space {
            Unpenalised::Sample(basis) => basis.ncols(),
            Unpenalised::Top(top) => top.rank(),
        }
    }
}

fn allowed(lambda: f64) -> Result<()> {
    let fine = lambda >= 0.0 && lambda.is_finite();
    if fine {
        Ok(())
    } else {
        Err(Error::domain("λ3", lambda, "it must be a finite number, zero or above"))
    }
}

/// `out ← (I − U1U1ᵀ) f`. The projection is applied twice, which leaves only the rounding of the result;
/// `inner` is scratch of length r.
pub(super) fn project(
    basis: MatRef<'_, f64>,
    f: ColRef<'_, f64>,
    mut out: ColMut<'_, f64>,
    mut inner: ColMut<'_, f64>,
    par: Par,
) {
    out.copy_from(f);
    for _ in 0..2 {
        matmul(
            inner.as_mut().as_mat_mut(),
            Accum::Replace,
            basis.transpose(),
            out.as_ref().as_mat(),
            1.0,
            par,
        );
        matmul(out.as_mut().as_mat_mut(), Accum::Add, basis, inner.as_ref().as_mat(), -1.0, par);
    }
}
