//! R1, R2 and R3 as quadratic forms of the difference u of the twin halves, and their gradient.

use faer::{Accum, MatMut, MatRef, Par};

use super::{RegularizedLoss, workspace::Workspace};
use crate::product::{tall_inner, tall_outer, vectorised};

/// A column `[n, 1]`.
fn column(a: &[f64]) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a, a.len(), 1)
}

fn column_mut(a: &mut [f64]) -> MatMut<'_, f64> {
    let n = a.len();
    MatMut::from_column_major_slice_mut(a, n, 1)
}

impl RegularizedLoss<'_> {
    /// Leaves ũ, Qᵀu and Aũ of the displacement `w` (`[m, d]`) in `space`, and returns R1 and R2. The
    /// projection to ũ is applied twice, which leaves only the rounding of the result. Without `r1`, Aũ and
    /// R1 are zero.
    pub(super) fn project(&self, w: MatRef<'_, f64>, space: &mut Workspace, r1: bool, par: Par) -> [f64; 2] {
        let (p, q, eigenvalues) = (self.of.net.p(), self.of.top.vectors(), self.of.top.eigenvalues());
        let Workspace { u, au, top, .. } = space;
        for (c, u) in u.chunks_exact_mut(p).enumerate() {
            let w = w.col(c);
            u.iter_mut().enumerate().for_each(|(r, u)| *u = w[r] - w[p + r]);
        }
        for pass in 0..2 {
            let inner = tall_inner(q, column(u), par);
            tall_outer(column_mut(u), Accum::Add, q, inner.as_ref(), -1.0, par);
            if pass == 0 {
                top.copy_from(inner);
            }
        }
        if r1 {
            self.operator.multiply(column(u), column_mut(au), par);
        } else {
            au.fill(0.0);
        }
        let form = u.iter().zip(&*au).map(|(u, au)| u * au).sum::<f64>() / self.m() as f64;
        let low = eigenvalues.iter().zip(top.col_as_slice(0)).map(|(l, c)| 0.5 * l * c * c).sum();
        [form, low]
    }

    /// The factors of the inputs in the gradient of λ3 R3, in place of h = f_L(X; ũ); none if λ3 is zero.
    pub(super) fn weigh<'s>(&self, h: &'s mut [f64]) -> Option<&'s [f64]> {
        let factor = 2.0 * self.lambda[2] / self.n() as f64 * (self.m() as f64).sqrt().recip();
        h.iter_mut().for_each(|h| *h *= factor);
        (self.lambda[2] != 0.0).then_some(h)
    }

    /// Adds the gradient of λ1R1 + λ2R2 + λ3R3 to `out` (`[m, d]`), from Aũ, Qᵀu and, in `t`, Φᵀ times the
    /// factors of the inputs.
    pub(super) fn add_projected(&self, mut out: MatMut<'_, f64>, space: &mut Workspace, par: Par) {
        let (p, q, eigenvalues) = (self.of.net.p(), self.of.top.vectors(), self.of.top.eigenvalues());
        let Workspace { au, t, top, .. } = space;
        let [l1, l2, l3, _] = self.lambda;
        let factor = 2.0 * l1 / self.m() as f64;
        // Without λ3, `t` was not written.
        let kept = if l3 == 0.0 { 0.0 } else { 1.0 };
        vectorised(|| t.iter_mut().zip(&*au).for_each(|(t, au)| *t = kept * *t + factor * au));
        let mut inner = tall_inner(q, column(t), par);
        for (inner, (l, c)) in
            inner.col_as_slice_mut(0).iter_mut().zip(eigenvalues.iter().zip(top.col_as_slice(0)))
        {
            *inner = l2 * l * c - *inner;
        }
        tall_outer(column_mut(t), Accum::Add, q, inner.as_ref(), 1.0, par);
        for (c, t) in t.chunks_exact(p).enumerate() {
            for (r, t) in t.iter().enumerate() {
                out[(r, c)] += t;
                out[(p + r, c)] -= t;
            }
        }
    }
}
