//! R1, R2 and R3 as quadratic forms of the difference u of the twin halves, and their gradient.

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;

use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::{Beyond, RegularizedLoss, workspace::Workspace};
use crate::product::{tall_inner, tall_outer, vectorised};

/// The length of ũ, as a share of that of u, below which a projection is repeated: until then the rounding of
/// u is at most ten times that of ũ.
const CANCELLED: f64 = 0.1;

/// A column `[n, 1]`.
fn column(a: &[f64]) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a, a.len(), 1)
}

fn column_mut(a: &mut [f64]) -> MatMut<'_, f64> {
    let n = a.len();
    MatMut::from_column_major_slice_mut(a, n, 1)
}

impl RegularizedLoss<'_> {
    /// Leaves Wᵀ, ũ, Qᵀu and Aũ of the displacement `w` (`[m, d]`) in `space`, and returns R1 and R2. The
    /// projection to ũ is applied as often as `times` says: not at all, so that u takes the place of ũ; once,
    /// to rounding of u; or a second time where the first cancelled digits, to rounding of ũ. Without `r1`,
    /// Aũ and R1 are zero.
    pub(super) fn project(
        &self,
        w: MatRef<'_, f64>,
        space: &mut Workspace,
        (times, r1): (usize, bool),
        par: Par,
    ) -> [f64; 2] {
        let (p, q, eigenvalues) = (self.of.net.p(), self.of.top.vectors(), self.of.top.eigenvalues());
        let Workspace { u, au, w: transposed, top, against, .. } = space;
        transposed.copy_from(w.transpose());
        against.fill(0.0);
        for (c, u) in u.chunks_exact_mut(p).enumerate() {
            let w = w.col(c);
            u.iter_mut().enumerate().for_each(|(r, u)| *u = w[r] - w[p + r]);
        }
        let whole = tall_inner(column(u), column(u), par)[(0, 0)];
        top.copy_from(tall_inner(q, column(u), par));
        if times > 0 {
            tall_outer(column_mut(u), Accum::Add, q, top.as_ref(), -1.0, par);
        }
        if times > 1 && tall_inner(column(u), column(u), par)[(0, 0)] < CANCELLED * CANCELLED * whole {
            let left = tall_inner(q, column(u), par);
            tall_outer(column_mut(u), Accum::Add, q, left.as_ref(), -1.0, par);
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

    /// The factors of the inputs of a block in the gradient of λ3 R3, in place of their h = f_L(X; ũ): for
    /// the products of the model where the terms are inside them, or for products of their own. Without λ3
    /// there are none. In the first case `against` gains Cᵀ times the factors without `m^{-1/2}`.
    pub(super) fn weigh<'s>(
        &self,
        (beyond, rows): (Beyond<'_>, Range<usize>),
        h: &'s mut [f64],
        against: &mut Mat<f64>,
        par: Par,
    ) -> (&'s [f64], Option<&'s [f64]>) {
        let factor = 2.0 * self.lambda[2] / self.n() as f64;
        let (h, root) = (&mut h[rows.clone()], (self.m() as f64).sqrt().recip());
        if self.lambda[2] == 0.0 {
            return (&[], None);
        }
        h.iter_mut().for_each(|h| *h *= factor);
        if let Beyond::Coordinates(c) = beyond {
            *against += tall_inner(c.subrows(rows.start, rows.len()), column(h), par);
        }
        h.iter_mut().for_each(|h| *h *= root);
        if beyond.inside() { (h, None) } else { (&[], Some(h)) }
    }

    /// Writes the gradient of the mean loss and of λ1R1 + λ2R2 + λ3R3 to `out` (`[m, d]`), the latter from
    /// Aũ, Qᵀu and what [`weigh`](Self::weigh) left: with factors inside the products of the model, Q times
    /// √½ Cᵀ times them is taken off; with others, `t` has Φᵀ times them.
    pub(super) fn add_projected(
        &self,
        beyond: Beyond<'_>,
        mut out: MatMut<'_, f64>,
        space: &mut Workspace,
        par: Par,
    ) {
        let (p, q, eigenvalues) = (self.of.net.p(), self.of.top.vectors(), self.of.top.eigenvalues());
        let Workspace { au, t, gradient, top, against, .. } = space;
        let [l1, l2, l3, _] = self.lambda;
        let factor = 2.0 * l1 / self.m() as f64;
        // Otherwise `t` was not written.
        let kept = if l3 == 0.0 || beyond.inside() { 0.0 } else { 1.0 };
        vectorised(
            #[inline(always)]
            || t.iter_mut().zip(&*au).for_each(|(t, au)| *t = kept * *t + factor * au),
        );
        let mut inner = tall_inner(q, column(t), par);
        for (i, inner) in inner.col_as_slice_mut(0).iter_mut().enumerate() {
            *inner = l2 * eigenvalues[i] * top[(i, 0)] - FRAC_1_SQRT_2 * against[(i, 0)] - *inner;
        }
        tall_outer(column_mut(t), Accum::Add, q, inner.as_ref(), 1.0, par);
        for (c, t) in t.chunks_exact(p).enumerate() {
            for (r, t) in t.iter().enumerate() {
                out[(r, c)] = gradient[(c, r)] + t;
                out[(p + r, c)] = gradient[(c, p + r)] - t;
            }
        }
    }
}
