//! R3 with the projector of Σ itself: `f_L(X; Π_{>r}W) = f_L(X; W) − ΦV·Vᵀvec(W)`.

use faer::{Accum, ColMut, ColRef, Mat, MatMut, MatRef, Par};

use crate::eigen::TopSpace;
use crate::network::PairedNetwork;
use crate::network::passes::Tiled;
use crate::product::matmul;
use crate::real::Real;
use crate::{Error, Result};

/// Pairs of twins whose parts of the coordinates one task sums in T; the sums of the tasks are added in f64.
const PAIRS: usize = 64;

/// The top r eigenvectors `v_i = (q_i, −q_i)/√2` of Σ in the form that a step of training uses: rpd numbers
/// of type T, and the vectors Φv_i at the n inputs.
#[derive(Debug)]
pub struct TopProjector<T: Real> {
    /// q_i, `[r, pd]`: the components of neuron 0, then those of neuron 1, and so on.
    vectors: Mat<T>,
    /// ΦV, `[n, r]`.
    at_inputs: Mat<f64>,
    d: usize,
}

impl<T: Real> TopProjector<T> {
    /// The projector of `top` for the inputs `x` (`[n, d]`).
    ///
    /// # Errors
    /// A network or inputs that do not fit `top`, or an input that is not finite.
    ///
    /// # Accuracy
    /// The matrix V of the eigenvectors is rounded once to T; ΦV is computed in f64.
    pub fn new(net: &PairedNetwork, x: MatRef<'_, f64>, top: &TopSpace, par: Par) -> Result<Self> {
        let (p, d) = (top.p(), top.d());
        if (net.p(), net.d()) != (p, d) {
            let expected = format!("p = {p}, d = {d} of the top space");
            return Err(Error::shape("the weights", [net.p(), net.d()], expected));
        }
        let q = top.vectors();
        let mut at_inputs = net.f_linear_of_columns(x, q, par)?;
        at_inputs *= faer::Scale(std::f64::consts::SQRT_2);
        let mut vectors = Mat::zeros(top.rank(), p * d);
        for r in 0..p {
            for c in 0..d {
                let row = q.row(c * p + r);
                vectors
                    .col_as_slice_mut(r * d + c)
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, v)| *v = T::nearest(row[i]));
            }
        }
        Ok(Self { vectors, at_inputs, d })
    }

    /// The rank r.
    pub fn rank(&self) -> usize {
        self.vectors.nrows()
    }

    /// The number n of inputs.
    pub(super) fn n(&self) -> usize {
        self.at_inputs.nrows()
    }

    /// The number p of distinct neurons, and the dimension d.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.vectors.ncols() / self.d, self.d)
    }

    /// The r coordinates `⟨v_i, vec(W)⟩` from Wᵀ (`[d, m]`), by a pass over V.
    ///
    /// # Accuracy
    /// The 64d components of a tile are summed in T, and the tiles in f64. The bits do not depend on the
    /// thread count.
    pub fn coordinates(&self, w: MatRef<'_, T>, par: Par) -> Vec<f64> {
        let (p, d) = self.size();
        let tiles = p.div_ceil(PAIRS);
        let mut sums = Mat::<T>::zeros(self.rank(), tiles);
        Tiled([(sums.as_mut(), 1)]).for_each(par, 0..tiles, &|tile, [out]| {
            let (start, count) = (tile * PAIRS, PAIRS.min(p - tile * PAIRS));
            let mut u = Mat::<T>::zeros(d * count, 1);
            difference(w.subcols(start, count), w.subcols(p + start, count), u.col_as_slice_mut(0));
            self.add_coordinates(start, u.as_ref(), out);
        });
        total(sums.as_ref())
    }

    /// The coordinates of the part of a displacement on the neurons from `start` on, in `out`. The part is
    /// given as √½ times the difference of the twins.
    pub(super) fn add_coordinates(&self, start: usize, u: MatRef<'_, T>, out: MatMut<'_, T>) {
        let vectors = self.vectors.subcols(start * self.d, u.nrows());
        matmul(out, Accum::Replace, vectors, u, T::nearest(1.0), Par::Seq);
    }

    /// `out ← −√½ Σ_i s_i q_i` on the neurons from `start` on, which is the part of `−Σ_i s_i v_i` on them.
    /// The part on their twins has the opposite sign.
    pub(super) fn combine(&self, start: usize, s: &[T], out: MatMut<'_, T>) {
        let vectors = self.vectors.subcols(start * self.d, out.nrows());
        let s = ColRef::from_slice(s).as_mat();
        matmul(
            out,
            Accum::Replace,
            vectors.transpose(),
            s,
            T::nearest(-std::f64::consts::FRAC_1_SQRT_2),
            Par::Seq,
        );
    }

    /// `out ← f_L(X; Π_{>r}W)`, n values, from the n values f_L(X; W) and the r coordinates of W.
    pub fn beyond(&self, f_linear: &[f64], coordinates: &[f64], out: &mut [f64], par: Par) {
        out.copy_from_slice(f_linear);
        let (c, out) = (ColRef::from_slice(coordinates).as_mat(), ColMut::from_slice_mut(out).as_mat_mut());
        matmul(out, Accum::Add, self.at_inputs.as_ref(), c, -1.0, par);
    }

    /// `scale·(ΦV)ᵀ res`, r values, computed in f64 and rounded to T.
    pub(super) fn against(&self, res: &[f64], scale: f64, par: Par) -> Vec<T> {
        let mut out = Mat::<f64>::zeros(self.rank(), 1);
        let res = ColRef::from_slice(res).as_mat();
        matmul(out.as_mut(), Accum::Replace, self.at_inputs.transpose(), res, scale, par);
        out.col_as_slice(0).iter().map(|x| T::nearest(*x)).collect()
    }
}

/// √½ times the difference of the twins, component by component.
pub(super) fn difference<T: Real>(upper: MatRef<'_, T>, lower: MatRef<'_, T>, out: &mut [T]) {
    let (d, half) = (upper.nrows(), T::nearest(std::f64::consts::FRAC_1_SQRT_2));
    for (r, out) in out.chunks_exact_mut(d).enumerate() {
        (0..d).for_each(|c| out[c] = half * (upper[(c, r)] - lower[(c, r)]));
    }
}

/// The sum of the columns of `sums`, in f64.
pub(super) fn total<T: Real>(sums: MatRef<'_, T>) -> Vec<f64> {
    let row = |i: usize| (0..sums.ncols()).map(|tile| -> f64 { sums[(i, tile)].into() }).sum();
    (0..sums.nrows()).map(row).collect()
}
