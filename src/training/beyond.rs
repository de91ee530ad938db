//! R3 in its n × n form.

use faer::{Accum, ColMut, ColRef, Mat, MatRef, Par};

use crate::product::matmul;
use crate::{Error, Result, network};

/// Deviation of U1ᵀU1 from the identity that is allowed, in its largest entry: what a basis loses on its way through f32. Projecting
/// twice leaves its square in R3.
const ORTHONORMAL: f64 = 1e-5;

/// λ3 and an orthonormal basis U1 (`[n, r]`) of the part of R^n that R3 leaves alone: `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²`.
#[derive(Debug, Clone)]
pub(super) struct Beyond {
    basis: Mat<f64>,
    pub lambda: f64,
}

impl Beyond {
    pub fn new(basis: MatRef<'_, f64>, n: usize, lambda: f64) -> Result<Self> {
        if basis.nrows() != n || basis.ncols() > n {
            let expected = format!("n = {n}, at most n");
            return Err(Error::Shape { name: "the basis of R3", rows: basis.nrows(), cols: basis.ncols(), expected });
        }
        network::finite("the basis of R3", basis)?;
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(Error::domain("λ3", lambda, "it must be a finite number, zero or above"));
        }
        let mut gram = Mat::<f64>::identity(basis.ncols(), basis.ncols());
        matmul(gram.as_mut(), Accum::Add, basis.transpose(), basis, -1.0, Par::Seq);
        let miss = gram.norm_max();
        if miss > ORTHONORMAL {
            let allowed = format!("the columns of the basis of R3 must be orthonormal, U1ᵀU1 = I to within {ORTHONORMAL:e}");
            return Err(Error::domain("the largest entry of U1ᵀU1 − I", format!("{miss:e}"), allowed));
        }
        Ok(Self { basis: basis.to_owned(), lambda })
    }

    /// The number of columns of U1.
    pub fn rank(&self) -> usize {
        self.basis.ncols()
    }

    /// `out ← (I − U1U1ᵀ) f`, projected twice, which leaves rounding of what remains; `inner` is scratch of length r.
    pub fn project(&self, f: ColRef<'_, f64>, mut out: ColMut<'_, f64>, mut inner: ColMut<'_, f64>, par: Par) {
        out.copy_from(f);
        for _ in 0..2 {
            matmul(inner.as_mut().as_mat_mut(), Accum::Replace, self.basis.transpose(), out.as_ref().as_mat(), 1.0, par);
            matmul(out.as_mut().as_mat_mut(), Accum::Add, self.basis.as_ref(), inner.as_ref().as_mat(), -1.0, par);
        }
    }
}
