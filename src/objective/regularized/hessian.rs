//! The Hessian of L_λ at one displacement, as an operator.

use std::sync::{Mutex, PoisonError};

use faer::{Mat, MatMut, MatRef, Par};

use super::regularizers::{add_r4_product, row_products, row_squares};
use super::{Beyond, RegularizedLoss, Value, forward, workspace::Workspace};
use crate::activation::Derivative;
use crate::network::passes::{Factors, Pair, accum, kernels};
use crate::network::{self, Model};
use crate::operator::SymmetricOperator;
use crate::product::vectorised;
use crate::{Error, Result};

/// The Hessian `∇²L_λ(W)` at one displacement W. It keeps the slopes and curvatures of the model at W, so
/// that a product evaluates no activation.
///
/// As a [`SymmetricOperator`] its order is md, and a vector is a column-major `[m, d]` matrix.
pub struct Hessian<'a> {
    of: &'a RegularizedLoss<'a>,
    w: Mat<f64>,
    /// ‖w_r‖² of each row.
    squares: Vec<f64>,
    value: Value,
    /// `ℓ'_i/n` times m^{-1/2}, and `ℓ''_i/n` times m^{-1/2}.
    first: Vec<f64>,
    second: Vec<f64>,
    /// The slopes at each block of inputs, `[block, m]` in the order of the tiles.
    slopes: Vec<Mat<f64>>,
    /// The curvatures of the network in the same order; none for the expansions, where twins share those of
    /// the problem.
    curvatures: Vec<Mat<f64>>,
    /// Workspaces that no product is using, so that several products may run at once.
    spaces: Mutex<Vec<Workspace>>,
}

impl<'a> Hessian<'a> {
    pub(super) fn new(of: &'a RegularizedLoss<'a>, w: MatRef<'_, f64>, par: Par) -> Result<Self> {
        if !of.loss.is_smooth() {
            let allowed = "a Hessian needs a loss with a second derivative: pseudo-huber, log-cosh \
                           or square";
            return Err(Error::domain("the loss", of.loss.name(), allowed));
        }
        let (mut space, mut slopes) = (of.workspace(), Vec::new());
        let value = of.evaluate(w, &mut space, par, &mut |_, _, space| {
            slopes.push(space.take_kept());
        })?;
        let factor = (of.m() as f64).sqrt().recip() / of.n() as f64;
        let at = |derivative: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            of.y.iter().zip(&space.f).map(|(y, f)| factor * derivative(*y, *f)).collect()
        };
        let (first, second) = (at(&|y, f| of.loss.d1(y, f)), at(&|y, f| of.loss.d2(y, f)));
        let mut curvatures = Vec::new();
        if of.model == Model::Network {
            let f = space.f.clone();
            for (block, range) in of.blocks() {
                let second =
                    |Pair { index, rows, twins }: Pair<'_, f64>, _: [&mut [f64]; 2], z: &mut [f64]| {
                        let origin = &block.second.col_as_slice(index)[rows];
                        for shift in twins {
                            kernels::sum_of(origin, shift, z);
                            of.of.net.activation().apply(Derivative::Second, z);
                            shift.copy_from_slice(z);
                        }
                    };
                forward((block, range), None, &mut space, &second, par);
                curvatures.push(space.take_kept());
            }
            space.f = f;
        }
        let squares = row_squares(w);
        Ok(Self {
            of,
            w: w.to_owned(),
            squares,
            value,
            first,
            second,
            slopes,
            curvatures,
            spaces: Mutex::new(vec![space]),
        })
    }

    /// The value of L_λ at W.
    pub fn value(&self) -> Value {
        self.value
    }

    /// The function L_λ.
    pub fn objective(&self) -> &'a RegularizedLoss<'a> {
        self.of
    }

    /// The displacement W, `[m, d]`.
    pub fn displacement(&self) -> MatRef<'_, f64> {
        self.w.as_ref()
    }

    /// `out ← ∇²L_λ(W)·V`, `v` and `out` of shape `[m, d]`.
    ///
    /// # Errors
    /// A shape that does not fit, or an entry of `v` that is not finite.
    ///
    /// # Accuracy
    /// Products agree with reference values from automatic differentiation to 1e-10 of the largest entry.
    /// The operator is symmetric to rounding.
    pub fn multiply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, par: Par) -> Result<()> {
        let of = self.of;
        of.check("the direction", v.nrows(), v.ncols())?;
        of.check("the product", out.nrows(), out.ncols())?;
        network::finite("the direction", v)?;
        let [l1, _, l3, l4] = of.lambda;
        let beyond = of.beyond(par)?;
        // f_L(X; ũ) is not needed without λ3, nor ũ itself without λ1 where that comes from coordinates.
        let third = (l3 != 0.0).then_some(beyond);
        let inside = third.is_some_and(Beyond::inside);
        let times = usize::from(l1 != 0.0 || (third.is_some() && !inside));
        let mut space = self.take_workspace();
        of.project(v, &mut space, (times, l1 != 0.0), par);
        for (number, (block, range)) in of.blocks().enumerate() {
            // The slopes at W along V; X by the rows of V is kept.
            let along = |pair: Pair<'_, f64>, [sum, linear]: [&mut [f64]; 2], _: &mut [f64]| {
                let Pair { index, rows, twins: [upper, lower] } = pair;
                let slopes =
                    block.columns_of(index).map(|c| &self.slopes[number].col_as_slice(c)[rows.clone()]);
                let first = &block.first.col_as_slice(index)[rows];
                kernels::along(slopes, [upper, lower], sum, inside.then_some((first, linear)));
            };
            forward((block, range.clone()), third, &mut space, &along, par);
            let Workspace { kept, f, g, h, t, against, gradient, pool, .. } = &mut space;
            let g = &mut g[range.clone()];
            g.iter_mut()
                .zip(self.second[range.clone()].iter().zip(&f[range.clone()]))
                .for_each(|(g, (second, f))| *g = second * *f);
            let (g, first) = (&*g, &self.first[range.clone()]);
            let (third, linear) = of.weigh((beyond, range.clone()), h, against, par);
            let factors = |Pair { index, rows, twins }: Pair<'_, f64>| {
                let linear = &block.first.col_as_slice(index)[rows.clone()];
                for (column, out) in block.columns_of(index).into_iter().zip(twins) {
                    let slopes = &self.slopes[number].col_as_slice(column)[rows.clone()];
                    let (g, first) = (&g[rows.clone()], &first[rows.clone()]);
                    match (self.curvatures_of(number, index, column), third.get(rows.clone())) {
                        (None, None) => kernels::product_of(g, slopes, out),
                        (None, Some(third)) => {
                            kernels::product_of(g, slopes, out);
                            kernels::add_product(third, linear, out);
                        }
                        (Some(q), None) => kernels::second_order(g, slopes, first, &q[rows.clone()], out),
                        (Some(q), Some(third)) => {
                            let q = &q[rows.clone()];
                            kernels::second_order_and_product(g, slopes, first, q, third, linear, out);
                        }
                    }
                }
            };
            let to_t = MatMut::from_column_major_slice_mut(t, block.p(), block.d());
            let kept = kept.as_mut().subrows_mut(0, range.len());
            let to = (gradient.as_mut().transpose_mut(), accum(&range));
            block.backward(to, (linear, to_t), kept, Factors::Columns(&factors), pool, par);
        }
        of.add_projected(beyond, out.as_mut(), &mut space, par);
        self.return_workspace(space);
        if l4 != 0.0 {
            add_r4_product(l4, self.w.as_ref(), v, out);
        }
        Ok(())
    }

    /// `Σ_r v_rᵀ H_rr v_r` for the Hessian H of the mean loss alone, where H_rr is the d × d diagonal block
    /// of neuron r of m. It costs less than a product.
    pub(crate) fn diagonal_of_loss(&self, v: MatRef<'_, f64>, par: Par) -> f64 {
        let of = self.of;
        let mut space = self.take_workspace();
        space.w.copy_from(v.transpose());
        for (number, (block, range)) in of.blocks().enumerate() {
            let diagonal = |Pair { index, rows, twins }: Pair<'_, f64>,
                            [sum, other]: [&mut [f64]; 2],
                            _: &mut [f64]| {
                let columns = block.columns_of(index).into_iter();
                for ((column, along), sign) in columns.zip(twins).zip([1.0, -1.0]) {
                    let slopes = &self.slopes[number].col_as_slice(column)[rows.clone()];
                    let along = &*along;
                    vectorised(|| {
                        let terms = sum.iter_mut().zip(slopes).zip(along);
                        terms.for_each(|((sum, s), v)| *sum += (s * v) * (s * v));
                    });
                    if let Some(curvatures) = self.curvatures_of(number, index, column) {
                        let terms = other.iter_mut().zip(&curvatures[rows.clone()]).zip(along);
                        vectorised(|| terms.for_each(|((sum, q), v)| *sum += sign * q * v * v));
                    }
                }
            };
            forward((block, range), None, &mut space, &diagonal, par);
        }
        let root = (of.m() as f64).sqrt();
        let squares: f64 = self.second.iter().zip(&space.f).map(|(second, f)| second * f).sum();
        let curvature: f64 = self.first.iter().zip(&space.h).map(|(first, h)| first * h).sum();
        self.return_workspace(space);
        squares + root * curvature
    }

    /// `Σ_r v_rᵀ H_rr v_r` for the Hessian H of R4:
    /// `Σ_r 2[(4‖w_r‖² w_r·v_r)² + T(8(w_r·v_r)² + 4‖w_r‖²‖v_r‖²)]`.
    pub(crate) fn diagonal_of_r4(&self, v: MatRef<'_, f64>) -> f64 {
        let (along, lengths) = (row_products(v, self.w.as_ref()), row_squares(v));
        let total: f64 = self.squares.iter().map(|s| s * s).sum();
        let blocks = self.squares.iter().zip(along.iter().zip(&lengths));
        blocks.map(|(s, (a, l))| 2.0 * ((4.0 * s * a).powi(2) + total * (8.0 * a * a + 4.0 * s * l))).sum()
    }

    fn take_workspace(&self) -> Workspace {
        let lent = self.spaces.lock().unwrap_or_else(PoisonError::into_inner).pop();
        lent.unwrap_or_else(|| self.of.workspace())
    }

    fn return_workspace(&self, space: Workspace) {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner).push(space);
    }

    /// The curvatures of a neuron at a block of inputs, given the numbers of the block and of the pair, and
    /// the column of the neuron in the order of the tiles; none for f_L.
    fn curvatures_of(&self, block: usize, pair: usize, column: usize) -> Option<&[f64]> {
        match (self.curvatures.get(block), self.of.model) {
            (Some(kept), _) => Some(kept.col_as_slice(column)),
            (None, model) if model.expands_twice() => Some(self.of.blocks[block].second.col_as_slice(pair)),
            (None, _) => None,
        }
    }
}

impl SymmetricOperator for Hessian<'_> {
    fn order(&self) -> usize {
        self.of.m() * self.of.d()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, par: Par) -> Result<()> {
        let (m, d) = (self.of.m(), self.of.d());
        if (v.nrows(), out.nrows(), out.ncols()) != (m * d, m * d, v.ncols()) {
            return Err(Error::shape("the vectors", [v.nrows(), v.ncols()], format!("md = {}, any", m * d)));
        }
        let (mut from, mut to) = (Mat::zeros(m, d), Mat::zeros(m, d));
        for b in 0..v.ncols() {
            for c in 0..d {
                from.col_mut(c).copy_from(v.col(b).subrows(c * m, m));
            }
            self.multiply(from.as_ref(), to.as_mut(), par)?;
            for c in 0..d {
                out.as_mut().col_mut(b).subrows_mut(c * m, m).copy_from(to.col(c));
            }
        }
        Ok(())
    }
}
