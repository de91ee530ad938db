//! One primal-dual interior-point method for the quadratic and the linear programs of margins.
//!
//! Both programs are `min ½ x'Qx + g'x` over `Gx ≥ 0`, `e'x = 1`, dense, with few variables. Mehrotra's
//! predictor and corrector takes one Cholesky factorisation of `Q + G'DG` a step. The general cone solver
//! `clarabel` factorises the sparse matrix of all variables and constraints instead, which is slow where
//! nothing is sparse: a quadratic program of order 2 000 took it 18 s of processor time against CLARQP here,
//! and a linear one of 1 000 examples and 4 096 directions CLARLP against OWNLP.

use super::products::{add_symmetric, times};
use crate::product::clear_registers;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::{factor, solve};
use faer::prelude::default;
use faer::{Mat, MatMut, MatRef, Par};

/// Steps without progress after which the method ends; some twenty bring all of it.
const PATIENCE: usize = 5;
/// The gap, relative to the objective, at which nothing is left to gain.
const GAP: f64 = 1e-15;
/// The pivot, of a matrix with unit diagonal, that rounding has used up.
const PIVOT: f64 = 1e-15;
/// The part of the way to the boundary that is gone.
const INSIDE: f64 = 0.995;

/// The rows G of `Gx ≥ 0`.
trait Constraints {
    /// Gx.
    fn apply(&self, x: &[f64]) -> Vec<f64>;
    /// G'z.
    fn adjoint(&self, z: &[f64]) -> Vec<f64>;
    /// Adds G'DG, for the diagonal D, to the lower triangle of a matrix.
    fn add_normal(&self, diagonal: &[f64], to: &mut Mat<f64>);
}

/// The weights q ≥ 0 of examples.
struct Weights;

impl Constraints for Weights {
    fn apply(&self, x: &[f64]) -> Vec<f64> {
        x.to_vec()
    }

    fn adjoint(&self, z: &[f64]) -> Vec<f64> {
        z.to_vec()
    }

    fn add_normal(&self, diagonal: &[f64], to: &mut Mat<f64>) {
        diagonal.iter().enumerate().for_each(|(i, d)| to[(i, i)] += d);
    }
}

/// `q ≥ 0`, `s − M'q ≥ 0` and `s + M'q ≥ 0` for x = (q, s).
struct Columns<'a>(MatRef<'a, f64>, Par);

impl Columns<'_> {
    /// The parts of a vector of constraints: n of them for q, then m for each sign.
    fn split<'a>(&self, z: &'a [f64]) -> (&'a [f64], &'a [f64], &'a [f64]) {
        let (n, m) = (self.0.nrows(), self.0.ncols());
        (&z[..n], &z[n..n + m], &z[n + m..])
    }
}

impl Constraints for Columns<'_> {
    fn apply(&self, x: &[f64]) -> Vec<f64> {
        let (q, s) = x.split_at(self.0.nrows());
        let sums = times(self.0.transpose(), q);
        let both = sums.iter().map(|sum| s[0] - sum).chain(sums.iter().map(|sum| s[0] + sum));
        q.iter().copied().chain(both).collect()
    }

    fn adjoint(&self, z: &[f64]) -> Vec<f64> {
        let (own, plus, minus) = self.split(z);
        let c: Vec<f64> = plus.iter().zip(minus).map(|(plus, minus)| minus - plus).collect();
        let mut out: Vec<f64> = times(self.0, &c).iter().zip(own).map(|(sum, own)| sum + own).collect();
        out.push(plus.iter().zip(minus).map(|(plus, minus)| plus + minus).sum());
        out
    }

    fn add_normal(&self, diagonal: &[f64], to: &mut Mat<f64>) {
        let n = self.0.nrows();
        let (own, plus, minus) = self.split(diagonal);
        let roots: Vec<f64> = plus.iter().zip(minus).map(|(plus, minus)| (plus + minus).sqrt()).collect();
        let scaled = Mat::from_fn(n, roots.len(), |i, j| self.0[(i, j)] * roots[j]);
        add_symmetric(to.as_mut(), &[scaled.as_ref()], self.1);
        Weights.add_normal(own, to);
        // Off the diagonal stands M(D₋ − D₊)1, on it the sum of both.
        let row = self.adjoint(&[vec![0.0; n].as_slice(), plus, minus].concat());
        row.iter().enumerate().for_each(|(i, value)| to[(n, i)] = *value);
    }
}

/// The weights q (`[n]`) that minimise q'Kq, of a Gram matrix K, as far as the method gets.
pub(super) fn quadratic(gram: &Mat<f64>) -> Vec<f64> {
    let n = gram.nrows();
    let largest = (0..n).map(|i| gram[(i, i)]).fold(f64::MIN_POSITIVE, f64::max);
    let scaled = Mat::from_fn(n, n, |i, k| gram[(i, k)] / largest);
    let start = vec![1.0 / n as f64; n];
    descend(Some(&scaled), &vec![0.0; n], &vec![1.0; n], &Weights, start).0
}

/// The weights q (`[n]`) that minimise `max_j |M'q|_j`, and the c (`[m]`) that maximises `min_i (Mc)_i` over
/// `‖c‖_1 ≤ 1`, of a matrix M (`[n, m]`), as far as the method gets.
pub(super) fn linear(columns: MatRef<'_, f64>, par: Par) -> (Vec<f64>, Vec<f64>) {
    let (n, m) = (columns.nrows(), columns.ncols());
    let largest = columns.norm_max().max(f64::MIN_POSITIVE);
    clear_registers();
    let scaled = Mat::from_fn(n, m, |i, j| columns[(i, j)] / largest);
    let constraints = Columns(scaled.as_ref(), par);
    let mut start = vec![1.0 / n as f64; n];
    let sums = times(scaled.transpose(), &start);
    start.push(2.0 * sums.iter().fold(1e-3, |most: f64, sum| most.max(sum.abs())));
    let [mut linear, mut ones] = [vec![0.0; n + 1], vec![1.0; n + 1]];
    (linear[n], ones[n]) = (1.0, 0.0);
    let (mut q, z) = descend(None, &linear, &ones, &constraints, start);
    q.truncate(n);
    let (_, plus, minus) = constraints.split(&z);
    (q, plus.iter().zip(minus).map(|(plus, minus)| plus - minus).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `a + step·b`.
fn moved(a: &[f64], step: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + step * b).collect()
}

/// The longest step that keeps the numbers from turning negative.
fn reach(a: &[f64], step: &[f64]) -> f64 {
    a.iter().zip(step).filter(|(_, s)| **s < 0.0).map(|(a, s)| -a / s).fold(f64::INFINITY, f64::min)
}

/// The last x, and the multipliers z of the constraints, of the method that begins at a feasible `start`. It
/// ends where the gap is closed, where a factorisation fails, or where no step is left.
fn descend(
    quadratic: Option<&Mat<f64>>,
    linear: &[f64],
    ones: &[f64],
    constraints: &dyn Constraints,
    start: Vec<f64>,
) -> (Vec<f64>, Vec<f64>) {
    let size = start.len();
    let curved = |x: &[f64]| quadratic.map_or_else(|| vec![0.0; size], |q| times(q.as_ref(), x));
    let mut x = start;
    let mut slack = constraints.apply(&x);
    let objective = |x: &[f64]| 0.5 * dot(x, &curved(x)) + dot(linear, x);
    let mu = objective(&x).abs().max(f64::MIN_POSITIVE) / slack.len() as f64;
    let mut z: Vec<f64> = slack.iter().map(|y| mu / y).collect();
    let mut t = 0.0;
    let (mut best, mut found, mut idle) = (f64::INFINITY, (x.clone(), z.clone()), 0);
    while idle < PATIENCE {
        let gap = dot(&slack, &z);
        let slope = moved(&moved(&curved(&x), 1.0, linear), -1.0, &constraints.adjoint(&z));
        let stationarity = moved(&slope, -t, ones);
        // What the bounds of these x and z may leave open.
        let open = gap + stationarity.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
        idle += 1;
        if open < best {
            (best, found, idle) = (open, (x.clone(), z.clone()), 0);
        }
        if best <= GAP * objective(&x).abs() {
            break;
        }
        let infeasible = moved(&slack, -1.0, &constraints.apply(&x));
        let diagonal: Vec<f64> = z.iter().zip(&slack).map(|(z, y)| z / y).collect();
        let mut normal = quadratic.map_or_else(|| Mat::zeros(size, size), Mat::clone);
        constraints.add_normal(&diagonal, &mut normal);
        // e'x is given, so that any multiple of ee' may be added: N alone is nearly singular at the end.
        let scale = (0..size).map(|i| normal[(i, i)]).sum::<f64>() / size as f64;
        for k in (0..size).filter(|&k| ones[k] != 0.0) {
            (k..size).for_each(|i| normal[(i, k)] += scale * ones[i] * ones[k]);
        }
        let Some(factor) = Factor::new(normal) else { break };
        // Twice, because the matrix is ill conditioned in the end.
        let solved = |right: &[f64]| {
            let first = factor.solve(right);
            let pulls: Vec<f64> =
                constraints.apply(&first).iter().zip(&diagonal).map(|(y, d)| y * d).collect();
            let product = moved(&curved(&first), 1.0, &constraints.adjoint(&pulls));
            let product = moved(&product, scale * dot(ones, &first), ones);
            moved(&first, 1.0, &factor.solve(&moved(right, -1.0, &product)))
        };
        let border = solved(ones);
        // The step for products y∘z that are to change by `change`.
        let newton = |change: &[f64]| {
            let target: Vec<f64> = change.iter().zip(&slack).map(|(c, y)| c / y).collect();
            let pull: Vec<f64> =
                target.iter().zip(&diagonal).zip(&infeasible).map(|((c, d), r)| c + d * r).collect();
            let free = solved(&moved(&constraints.adjoint(&pull), -1.0, &stationarity));
            let missing = 1.0 - dot(ones, &x);
            let dt = (missing - dot(ones, &free)) / dot(ones, &border);
            let dx = moved(&free, dt, &border);
            let dy = moved(&constraints.apply(&dx), -1.0, &infeasible);
            let dz: Vec<f64> = target.iter().zip(&diagonal).zip(&dy).map(|((c, d), y)| c - d * y).collect();
            (dx, dy, dz, dt - scale * missing)
        };
        let products: Vec<f64> = slack.iter().zip(&z).map(|(y, z)| -y * z).collect();
        let (_, dy, dz, _) = newton(&products);
        let step = reach(&slack, &dy).min(reach(&z, &dz)).min(1.0);
        let centre =
            (dot(&moved(&slack, step, &dy), &moved(&z, step, &dz)) / gap).powi(3) * gap / slack.len() as f64;
        let change: Vec<f64> =
            products.iter().zip(&dy).zip(&dz).map(|((p, dy), dz)| p + centre - dy * dz).collect();
        let (dx, dy, dz, dt) = newton(&change);
        let step = (INSIDE * reach(&slack, &dy).min(reach(&z, &dz))).min(1.0);
        if !step.is_finite() || step < 1e-8 || dx.iter().any(|x| !x.is_finite()) {
            break;
        }
        (x, slack, z) = (moved(&x, step, &dx), moved(&slack, step, &dy), moved(&z, step, &dz));
        t += step * dt;
    }
    found
}

/// A Cholesky factor `LL'` of a matrix scaled to a unit diagonal, and the scales.
struct Factor(Mat<f64>, Vec<f64>);

impl Factor {
    /// The factor of a matrix of which the lower triangle is read. A pivot that rounding has used up is
    /// replaced by one so large that its unknown stays where it is.
    fn new(mut a: Mat<f64>) -> Option<Self> {
        let size = a.nrows();
        let scales: Vec<f64> = (0..size).map(|i| 1.0 / a[(i, i)].max(f64::MIN_POSITIVE).sqrt()).collect();
        for k in 0..size {
            (k..size).for_each(|i| a[(i, k)] *= scales[i] * scales[k]);
        }
        let mut memory = MemBuffer::new(factor::cholesky_in_place_scratch::<f64>(size, Par::Seq, default()));
        let frozen = factor::LltRegularization {
            dynamic_regularization_epsilon: PIVOT,
            dynamic_regularization_delta: 1.0 / PIVOT.powi(4),
        };
        let stack = MemStack::new(&mut memory);
        let done = factor::cholesky_in_place(a.as_mut(), frozen, Par::Seq, stack, default()).is_ok();
        clear_registers();
        done.then_some(Self(a, scales))
    }

    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let scaled = |a: &[f64]| a.iter().zip(&self.1).map(|(a, scale)| a * scale).collect::<Vec<f64>>();
        let mut out = scaled(right);
        let column = MatMut::from_column_major_slice_mut(&mut out, right.len(), 1);
        solve::solve_in_place(self.0.as_ref(), column, Par::Seq, MemStack::new(&mut []));
        clear_registers();
        scaled(&out)
    }
}
