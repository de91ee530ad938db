//! The regularised loss `L_λ = L̂ + Σ_i λ_i R_i` with its gradient and Hessian-vector products, where R1 and
//! R2 are forms of Σ itself.
//!
//! # What is computed
//! Let `F_i` be the prediction of the model ([`Model`]) at the input x_i. Up to the factor `a_r m^{-1/2}`,
//! let `s_{ir}`, the *slope*, be the first derivative of F_i by `w_r·x_i`, and `q_{ir}`, the *curvature*,
//! the second. For the network they are σ' and σ'' at `(w_{0,r} + w_r)·x_i`; for f_L + f_Q they are
//! `σ' + σ''(w_r·x_i)` and σ'', with both at `w_{0,r}·x_i`; for f_Q the slope lacks the term σ'. Then row r
//! of
//!
//! - the gradient of L̂ is `a_r m^{-1/2} Σ_i g_i s_{ir} x_i`, `g_i = ℓ'(y_i, F_i)/n`;
//! - its Hessian times V is `a_r m^{-1/2} Σ_i (ℓ''_i/n · δF_i s_{ir} + g_i q_{ir} (v_r·x_i)) x_i`,
//!   `δF_i = m^{-1/2} Σ_r a_r s_{ir} (v_r·x_i)`.
//!
//! R1, R2 and R3 see the difference u of the twin halves of W alone. With Q the top eigenvectors,
//! `ũ = (I − QQᵀ)u` and `h = f_L(X; ũ)`, the gradient of λ1R1 + λ2R2 + λ3R3 by u is
//! `(I − QQᵀ)[(2λ1/m) Aũ + (2λ3/n) Φᵀh] + λ2 QΛQᵀu`, which enters the two halves with opposite signs; it is
//! linear in u, so that the Hessian has the same form. R1 is computed from ũ, so that no term of it is a
//! difference of nearly equal numbers. In `h = f_L(X; W) − CQᵀu/√2`, C the features of the top eigenvectors
//! at the inputs, both terms come with the products that the model takes anyway, and so do those of Φᵀh;
//! R3 has an absolute error of some roundings of h times f_L(X; W). R4 has the gradient `8T‖w_r‖²w_r` with
//! `T = Σ_r ‖w_r‖⁴`, and the Hessian `8‖w_r‖²w_r Σ_s 4‖w_s‖²(w_s·v_s) + 8T(2(w_r·v_r)w_r + ‖w_r‖²v_r)`.
//! Derived for this project.
//!
//! # What it costs
//! A gradient takes a product of X with the rows of W, one of Xᵀ with as many columns, one with `A` (three
//! products of p × p by p × d) and two pairs of products with Q, or three where W lies nearly in the top
//! space. The first gradient computes C, which costs as much as r/2 others save by it; for a top space of
//! more than 256 eigenvectors, products with the rows of ũ take the place of C. L̂ and R3 are sums over the
//! inputs, so that a block of inputs is taken through the forward pass and at once through the backward
//! pass, while its slopes are in the last cache. The order of the tiles, and so the bits of the result, do
//! not depend on the thread count. A Hessian is built once at a W ([`RegularizedLoss::hessian`]) and keeps
//! slopes and curvatures, so that a product with it evaluates no activation.
//!
//! On two cores of an AMD EPYC (Zen 5) at d = 50, m = 2000, n = 2500 a gradient takes 1.1 times as long as
//! the products of the formula, those with the rows of ũ among them, for f_L + f_Q, and 1.3 times for the
//! network, which evaluates σ and σ' at nm points; a Hessian-vector product takes 1.2 times as long as they
//! (`cargo bench --bench objective`).
//!
//! ```
//! use escapement::covariance::Covariance;
//! use escapement::eigen::{self, TopSpace};
//! use escapement::network::{Model, PairedNetwork};
//! use escapement::objective::{Loss, RegularizedLoss, Regularizers};
//! use escapement::{activation, seed, sphere};
//! use faer::{Mat, Par};
//! let rng = &mut seed::stream(1, "example", "weights");
//! let net = PairedNetwork::random(rng, 20, 4, activation::parse("sigmoid:1")?)?;
//! let x = sphere::uniform_sphere(rng, 30, 4, 2.0);
//! let y: Vec<f64> = (0..30).map(|i| x[(i, 0)]).collect();
//! let cov = Covariance::new(net.weights(), net.activation(), sphere::Truncation::default())?;
//! let (top, _) = TopSpace::of(&cov, 5, Par::Seq)?;
//! let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
//!
//! let (lambda, memory) = ([0.3, 0.2, 0.5, 0.01], eigen::DEFAULT_MEMORY);
//! let objective =
//!     RegularizedLoss::new(of, &y, Loss::PseudoHuber, lambda, Model::Network, memory, Par::Seq)?;
//! let mut space = objective.workspace();
//! let (mut w, mut gradient) = (Mat::zeros(40, 4), Mat::zeros(40, 4));
//! let before = objective.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, Par::Seq)?;
//! w -= &gradient;
//! assert!(objective.value(w.as_ref(), &mut space, Par::Seq)?.objective < before.objective);
//!
//! // The Hessian at the new W, applied to the gradient at the old one.
//! let hessian = objective.hessian(w.as_ref(), Par::Seq)?;
//! let mut product = Mat::zeros(40, 4);
//! hessian.multiply(gradient.as_ref(), product.as_mut(), Par::Seq)?;
//! # Ok::<(), escapement::Error>(())
//! ```

mod hessian;
mod projected;
#[cfg(test)]
mod tests;
mod workspace;

pub use hessian::Hessian;
pub use workspace::Workspace;

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;
use std::sync::OnceLock;

use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::{Loss, Regularizers, regularizers};
use crate::covariance::CovarianceOperator;
use crate::network::passes::{Factors, Forward, Pair, Passes, accum, kernels};
use crate::network::{self, Model};
use crate::product::tall_outer;
use crate::{Error, Result};

/// The bytes of slopes that a forward pass may leave for the backward pass over the same inputs, so that
/// they stay in the last cache.
const KEPT: usize = 8 << 20;
/// The least number of inputs in a block where there are more: with fewer, products pack their matrices in
/// vain.
const LEAST: usize = 512;
/// Blocks have a multiple of this number of inputs, which the kernels of faer's products take at a time.
const AT_ONCE: usize = 48;
/// The rank of the top space up to which R3 is taken from the features of its eigenvectors at the inputs. To
/// compute these costs as much as r/2 evaluations save.
const MOST_COORDINATES: usize = 256;

/// L_λ at one displacement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// `L̂ = (1/n) Σ_i ℓ(y_i, F_i)`.
    pub loss: f64,
    /// `[R1, R2, R3, R4]`.
    pub regularizers: [f64; 4],
    /// `L_λ = L̂ + Σ_i λ_i R_i`. Gradients and Hessians are those of this function.
    pub objective: f64,
}

impl Value {
    /// Whether L_λ and each of its terms is a number, those with λ_i = 0 included.
    pub fn is_finite(&self) -> bool {
        [self.loss, self.objective].iter().chain(&self.regularizers).all(|x| x.is_finite())
    }
}

/// Callback: given the passes of a block and its inputs as a range, it finds the slopes and `f_L(X; ũ)` of
/// the block in the workspace, and may overwrite them.
type AfterBlock<'a> = &'a mut dyn FnMut(&Passes<f64>, Range<usize>, &mut Workspace);

/// The function L_λ of one model on one sample. It holds `2np + 2nd` numbers that do not depend on W, and
/// the kernel matrices of Σ.
pub struct RegularizedLoss<'a> {
    of: Regularizers<'a>,
    operator: CovarianceOperator<'a>,
    y: Vec<f64>,
    loss: Loss,
    lambda: [f64; 4],
    model: Model,
    /// The model at blocks of inputs, one after another.
    blocks: Vec<Passes<f64>>,
    /// Whether R3 comes from the rows of ũ, which depends on nothing but the rank of the top space.
    by_rows: bool,
    /// ⟨v_i, φ(x)⟩ at the inputs, `[n, r]`, computed when it is first needed.
    coordinates: OnceLock<Mat<f64>>,
}

/// Where R3 = (1/n) Σ_i h_i² has its `h = f_L(X; ũ)` from.
#[derive(Clone, Copy)]
enum Beyond<'a> {
    /// `f_L(X; W) − CQᵀu/√2` with the features C of the top eigenvectors at the inputs, `[n, r]`. Both
    /// passes have these terms in the products that they make anyway.
    Coordinates(MatRef<'a, f64>),
    /// Products of X with the rows of ũ, for a top space of large rank.
    Rows,
}

impl<'a> RegularizedLoss<'a> {
    /// L_λ for the labels `y` (n values) at the inputs of `of`, with λ1..λ4 in `lambda`. The kernel matrices
    /// of Σ are kept if their 16p² bytes fit in `memory` bytes; otherwise each gradient and Hessian-vector
    /// product evaluates them again.
    ///
    /// # Errors
    /// No inputs; shapes or lengths that do not fit one another; an entry that is not finite; λ_i negative
    /// or not finite; [`Error::Unsupported`] for an activation without a second derivative.
    ///
    /// # Accuracy
    /// Values, gradients and Hessian-vector products agree with reference values from automatic
    /// differentiation to 1e-10 of the largest entry. R1 is too small by at most
    /// `of.cov.truncation_bound()·‖W‖_F²`.
    pub fn new(
        of: Regularizers<'a>,
        y: &[f64],
        loss: Loss,
        lambda: [f64; 4],
        model: Model,
        memory: u64,
        par: Par,
    ) -> Result<Self> {
        let Regularizers { cov, top, net, x } = of;
        net.activation().require_twice_differentiable()?;
        net.check_inputs(x)?;
        let (p, d) = (net.p(), net.d());
        network::check_labels(y, x.nrows())?;
        for (name, rows, cols) in
            [("the weights of Σ", cov.p(), cov.d()), ("the top space of Σ", top.p(), top.d())]
        {
            if (rows, cols) != (p, d) {
                return Err(Error::shape(name, [rows, cols], format!("p = {p}, d = {d}, as the network")));
            }
        }
        if let Some((i, value)) = lambda.iter().enumerate().find(|(_, l)| !(**l >= 0.0 && l.is_finite())) {
            return Err(Error::domain(
                format!("λ{}", i + 1),
                value,
                "it must be a finite number, zero or above",
            ));
        }
        let (operator, n) = (cov.operator(memory), x.nrows());
        let count = n.div_ceil((KEPT / (size_of::<f64>() * net.m())).max(LEAST));
        let rows = n.div_ceil(count).next_multiple_of(AT_ONCE);
        let block = |start: usize| Passes::new(net, x.subrows(start, rows.min(n - start)), model, par);
        let blocks = (0..n).step_by(rows).map(block).collect();
        Ok(Self {
            of,
            operator,
            y: y.to_vec(),
            loss,
            lambda,
            model,
            blocks,
            by_rows: top.rank() > MOST_COORDINATES,
            coordinates: OnceLock::new(),
        })
    }

    /// The number n of inputs.
    pub fn n(&self) -> usize {
        self.y.len()
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.of.net.d()
    }

    /// The width m.
    pub fn m(&self) -> usize {
        self.of.net.m()
    }

    /// λ1..λ4.
    pub fn lambda(&self) -> [f64; 4] {
        self.lambda
    }

    /// `⟨v_i, φ(x)⟩` at the inputs for the top eigenvectors of Σ, `[n, r]`. The first call costs `2n·pd·r`
    /// flops, and later ones nothing.
    pub(crate) fn coordinates(&self, par: Par) -> Result<MatRef<'_, f64>> {
        if let Some(known) = self.coordinates.get() {
            return Ok(known.as_ref());
        }
        // ⟨v_i, φ(x)⟩ is f_L at the displacement v_i = (q_i, −q_i)/√2.
        let columns = self.of.net.f_linear_of_columns(self.of.x, self.of.top.vectors(), par)?;
        Ok(self.coordinates.get_or_init(|| columns * faer::Scale(std::f64::consts::SQRT_2)).as_ref())
    }

    /// Where R3 comes from.
    fn beyond(&self, par: Par) -> Result<Beyond<'_>> {
        if self.by_rows { Ok(Beyond::Rows) } else { self.coordinates(par).map(Beyond::Coordinates) }
    }

    /// The network, its Σ and the inputs.
    pub fn regularizers(&self) -> Regularizers<'a> {
        self.of
    }

    /// The buffers of an evaluation. The largest holds the slopes at a block of inputs: 8 MiB, or 512·m
    /// numbers where that is more, and at most nm numbers.
    pub fn workspace(&self) -> Workspace {
        Workspace::new(self)
    }

    /// L_λ at the displacement `w` (`[m, d]`). The predictions stay in `space`.
    ///
    /// # Errors
    /// A shape or workspace that does not fit, an entry that is not finite, or [`Error::Numerical`] where
    /// L_λ overflows.
    pub fn value(&self, w: MatRef<'_, f64>, space: &mut Workspace, par: Par) -> Result<Value> {
        self.evaluate(w, space, par, &mut |_, _, _| {})
    }

    /// L_λ at the displacement `w` (`[m, d]`), and its gradient by w (the same shape) in `gradient`. The
    /// predictions stay in `space`. For the absolute loss the gradient is a subgradient.
    ///
    /// # Errors
    /// As [`RegularizedLoss::value`].
    pub fn value_and_gradient(
        &self,
        w: MatRef<'_, f64>,
        mut gradient: MatMut<'_, f64>,
        space: &mut Workspace,
        par: Par,
    ) -> Result<Value> {
        self.check("the gradient", gradient.nrows(), gradient.ncols())?;
        let root = (self.m() as f64).sqrt().recip();
        let beyond = self.beyond(par)?;
        let value = self.evaluate(w, space, par, &mut |block, rows, space| {
            let Workspace { kept, scaled, f, g, h, t, against, gradient: loss, pool, .. } = space;
            let g = &mut g[rows.clone()];
            g.iter_mut()
                .zip(self.y[rows.clone()].iter().zip(&f[rows.clone()]))
                .for_each(|(g, (y, f))| *g = root / self.n() as f64 * self.loss.d1(*y, *f));
            let (inside, h) = self.weigh((beyond, rows.clone()), h, against, par);
            let combine = |Pair { index, rows, twins }: Pair<'_, f64>| {
                let first = &block.first.col_as_slice(index)[rows.clone()];
                for slopes in twins {
                    kernels::combine(&g[rows.clone()], &inside[rows.clone()], first, slopes);
                }
            };
            let by = if inside.is_empty() {
                block.inputs.scale(g, scaled.as_mut().subcols_mut(0, rows.len()));
                Factors::Inputs(scaled.as_ref().subcols(0, rows.len()))
            } else {
                Factors::Columns(&combine)
            };
            let linear = MatMut::from_column_major_slice_mut(t, self.of.net.p(), self.d());
            let to = (loss.as_mut().transpose_mut(), accum(&rows));
            let kept = kept.as_mut().subrows_mut(0, rows.len());
            block.backward(to, (h, linear), kept, by, pool, par);
        })?;
        self.add_projected(beyond, gradient.as_mut(), space, par);
        if self.lambda[3] != 0.0 {
            regularizers::add_r4_gradient(self.lambda[3], w, gradient);
        }
        Ok(value)
    }

    /// The Hessian of L_λ at the displacement `w` (`[m, d]`), ready for products with vectors. It holds 2nm
    /// numbers (the network 3nm).
    ///
    /// # Errors
    /// As [`RegularizedLoss::value`]; [`Error::Domain`] for the absolute loss, which has no second
    /// derivative.
    pub fn hessian<'b>(&'b self, w: MatRef<'_, f64>, par: Par) -> Result<Hessian<'b>> {
        Hessian::new(self, w, par)
    }

    fn check(&self, name: &'static str, rows: usize, cols: usize) -> Result<()> {
        network::require_neurons(name, [rows, cols], [self.m(), self.d()])
    }

    /// Evaluates L_λ block by block, calls `after` for each, and leaves f and the projections in `space`.
    fn evaluate(
        &self,
        w: MatRef<'_, f64>,
        space: &mut Workspace,
        par: Par,
        after: AfterBlock<'_>,
    ) -> Result<Value> {
        self.of.net.check_displacement(w)?;
        space.check(self)?;
        let beyond = self.beyond(par)?;
        let [r1, r2] = self.project(w, space, (2, true), par);
        let mut squares = 0.0;
        for (block, rows) in self.blocks() {
            let slopes = |pair: Pair<'_, f64>, [f, linear]: [&mut [f64]; 2], temp: &mut [f64]| {
                block.slopes(pair, f, beyond.inside().then_some(linear), temp);
            };
            forward((block, rows.clone()), Some(beyond), space, &slopes, par);
            squares += space.h[rows.clone()].iter().map(|h| h * h).sum::<f64>();
            after(block, rows, space);
        }
        let loss = self.loss.mean(&self.y, &space.f)?;
        let r3 = squares / self.n() as f64;
        let regularizers = [r1, r2, r3, regularizers::r4(w)];
        let objective = loss
            + self
                .lambda
                .iter()
                .zip(regularizers)
                .map(|(l, r)| if *l == 0.0 { 0.0 } else { l * r })
                .sum::<f64>();
        if !objective.is_finite() {
            let why =
                format!("L_λ is {objective} at a displacement whose largest entry is {:e}", w.norm_max());
            return Err(Error::Numerical { what: "the evaluation of L_λ", why });
        }
        Ok(Value { loss, regularizers, objective })
    }

    /// The blocks of inputs, and the inputs of each as a range.
    fn blocks(&self) -> impl Iterator<Item = (&Passes<f64>, Range<usize>)> {
        self.blocks.iter().scan(0, |end, block| {
            let start = *end;
            *end += block.n();
            Some((block, start..*end))
        })
    }
}

impl Beyond<'_> {
    /// Whether the two passes of the model contain the terms of R3.
    fn inside(self) -> bool {
        matches!(self, Self::Coordinates(_))
    }
}

/// A forward pass over a block of inputs at the displacement of `space`, which leaves `m^{-1/2}` times the
/// two sums over the neurons in `space.f` and `space.h`. With `beyond`, the second is f_L(X; ũ), for
/// which the kernel adds the terms of f_L where they are inside the pass.
fn forward(
    (block, rows): (&Passes<f64>, Range<usize>),
    beyond: Option<Beyond<'_>>,
    space: &mut Workspace,
    kernel: Forward<'_, f64>,
    par: Par,
) {
    let Workspace { kept, sums, w, u, top, pool, f, h, .. } = space;
    let u = match beyond {
        Some(Beyond::Rows) => Some(MatRef::from_column_major_slice(u, block.p(), block.d())),
        _ => None,
    };
    let out = [kept.as_mut(), sums.as_mut()].map(|all| all.subrows_mut(0, rows.len()));
    block.forward(w.as_ref().transpose(), u, out, pool, kernel, par);
    let h = &mut h[rows.clone()];
    block.total(sums.as_ref().subrows(0, rows.len()), &mut f[rows.clone()], h);
    if let Some(Beyond::Coordinates(c)) = beyond {
        let h = MatMut::from_column_major_slice_mut(h, rows.len(), 1);
        let c = c.subrows(rows.start, rows.len());
        tall_outer(h, Accum::Add, c, top.as_ref(), -FRAC_1_SQRT_2, Par::Seq);
    }
}
