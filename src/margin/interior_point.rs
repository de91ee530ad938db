//! One primal-dual interior-point method for the quadratic and the linear programs of margins.
//!
//! The program is `min ½ q'Kq + s` over weights q ≥ 0 with sum 1 and numbers s ≥ 0 with `|M'q|_j ≤ s` for
//! all columns of M: the margin of a kernel machine without M, and that of given directions without K.
//! Mehrotra's predictor and corrector takes one dense Cholesky factorisation a step. The general cone solver
//! `clarabel` factorises the sparse matrix of all unknowns and constraints instead, which is slow where
//! nothing is sparse: 18 s of processor time against 2 s here for a quadratic program of order 2 000, and
//! 69 s against 5 s for a linear one of 1 000 examples and 4 096 directions.

use crate::product::{clear_registers, symmetric, times};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::{factor, solve};
use faer::prelude::default;
use faer::{Mat, MatMut, MatRef, Par};

/// Steps without progress after which the method ends; some twenty bring all of it.
const PATIENCE: usize = 5;
/// What may be left open, relative to the objective, where nothing is left to gain.
const OPEN: f64 = 1e-15;
/// A share of the diagonal that keeps the matrix positive definite where many constraints meet.
const RIDGE: f64 = 1e-14;
/// The part of the way to the boundary that is gone.
const INSIDE: f64 = 0.995;

/// The program for x = (q, s), with the constraints `x ≥ 0` and `E'x ≥ 0`.
struct Program {
    /// K with a row and a column of zeros for s, `[n + 1, n + 1]`.
    curvature: Mat<f64>,
    /// The columns (−M_j, 1), then the columns (M_j, 1), `[n + 1, 2m]`.
    columns: Mat<f64>,
    par: Par,
}

/// The weights q (`[n]`) that minimise q'Kq, of a Gram matrix K, as far as the method gets.
pub(super) fn quadratic(gram: MatRef<'_, f64>, par: Par) -> Vec<f64> {
    let n = gram.nrows();
    let largest = (0..n).map(|i| gram[(i, i)]).fold(f64::MIN_POSITIVE, f64::max);
    let entry = |i: usize, k: usize| if i.max(k) < n { gram[(i, k)] / largest } else { 0.0 };
    let curvature = Mat::from_fn(n + 1, n + 1, entry);
    Program { curvature, columns: Mat::zeros(n + 1, 0), par }.solve().0
}

/// The weights q (`[n]`) that minimise `max_j |M'q|_j`, and the c (`[m]`) that maximises `min_i (Mc)_i` over
/// `‖c‖_1 ≤ 1`, up to a factor, of a matrix M (`[n, m]`), as far as the method gets.
pub(super) fn linear(matrix: MatRef<'_, f64>, par: Par) -> (Vec<f64>, Vec<f64>) {
    let (n, m) = (matrix.nrows(), matrix.ncols());
    let largest = matrix.norm_max().max(f64::MIN_POSITIVE);
    let sign = |j: usize| if j < m { -largest } else { largest };
    let entry = |i: usize, j: usize| if i < n { matrix[(i, j % m)] / sign(j) } else { 1.0 };
    let columns = Mat::from_fn(n + 1, 2 * m, entry);
    let (q, z) = Program { curvature: Mat::zeros(n + 1, n + 1), columns, par }.solve();
    (q, pairs(&z[n + 1..=n + m], &z[n + 1 + m..], |plus, minus| plus - minus))
}

impl Program {
    /// Gx, the values of all constraints.
    fn apply(&self, x: &[f64]) -> Vec<f64> {
        [x, &times(self.columns.transpose(), x)].concat()
    }

    /// G'z.
    fn adjoint(&self, z: &[f64]) -> Vec<f64> {
        let (own, other) = z.split_at(self.columns.nrows());
        moved(own, 1.0, &times(self.columns.as_ref(), other))
    }

    /// `K + G'DG + ρee'` for the diagonal D, e = (1, 0), and a ρ of the size of the first two. Because e'x
    /// is given, any ρ will do, and without one the matrix is nearly singular in the end.
    fn normal(&self, diagonal: &[f64]) -> (Mat<f64>, f64) {
        let size = self.columns.nrows();
        let (own, other) = diagonal.split_at(size);
        let weight = self.curvature.norm_max() + other.iter().sum::<f64>() / size as f64;
        let ones = Mat::from_fn(size, 1, |i, _| if i + 1 < size { weight.sqrt() } else { 0.0 });
        let scaled = Mat::from_fn(size, other.len(), |i, j| self.columns[(i, j)] * other[j].sqrt());
        let mut normal = symmetric(&[scaled.as_ref(), ones.as_ref()], size, self.par) + &self.curvature;
        own.iter().enumerate().for_each(|(i, own)| normal[(i, i)] += own + RIDGE * normal[(i, i)]);
        (normal, weight)
    }

    /// The q and z of the step after which the least was left open. It begins at equal weights, and ends
    /// where nothing is open, where a factorisation fails, or where steps bring nothing.
    fn solve(&self) -> (Vec<f64>, Vec<f64>) {
        let n = self.columns.nrows() - 1;
        let curved = |x: &[f64]| times(self.curvature.as_ref(), x);
        let objective = |x: &[f64]| 0.5 * dot(x, &curved(x)) + x[n];
        // The entries of M are at most 1.
        let [mut ones, mut x] = [vec![1.0; n + 1], vec![1.0 / n as f64; n + 1]];
        (ones[n], x[n]) = (0.0, 2.0);
        let mut slack = self.apply(&x);
        let mu = objective(&x) / slack.len() as f64;
        let mut z: Vec<f64> = slack.iter().map(|y| mu / y).collect();
        let (mut t, mut least, mut idle, mut found) = (0.0, f64::INFINITY, 0, (x.clone(), z.clone()));
        while idle < PATIENCE && least > OPEN * objective(&x) {
            let gap = dot(&slack, &z);
            let mut slope = moved(&moved(&curved(&x), -t, &ones), -1.0, &self.adjoint(&z));
            slope[n] += 1.0;
            // What the bounds of these x and z may leave open.
            let open = gap + slope.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
            idle += 1;
            if open < least {
                (least, idle, found) = (open, 0, (x.clone(), z.clone()));
            }
            let missing = 1.0 - dot(&ones, &x);
            let infeasible = moved(&slack, -1.0, &self.apply(&x));
            let diagonal = pairs(&z, &slack, |z, y| z / y);
            let (mut normal, weight) = self.normal(&diagonal);
            if !factorise(&mut normal) {
                break;
            }
            // Twice, because the matrix is ill conditioned in the end.
            let solved = |right: &[f64]| {
                let first = substituted(&normal, right);
                let pull = pairs(&self.apply(&first), &diagonal, |y, d| y * d);
                let product = moved(&curved(&first), weight * dot(&ones, &first), &ones);
                let product = moved(&product, 1.0, &self.adjoint(&pull));
                moved(&first, 1.0, &substituted(&normal, &moved(right, -1.0, &product)))
            };
            let border = solved(&ones);
            // The step after which the products of slack and z have changed by `change`.
            let newton = |change: &[f64]| {
                let target = pairs(change, &slack, |c, y| c / y);
                let pull = moved(&target, 1.0, &pairs(&diagonal, &infeasible, |d, r| d * r));
                let free = solved(&moved(&self.adjoint(&pull), -1.0, &slope));
                let dt = (missing - dot(&ones, &free)) / dot(&ones, &border);
                let dx = moved(&free, dt, &border);
                let dy = moved(&self.apply(&dx), -1.0, &infeasible);
                let dz = moved(&target, -1.0, &pairs(&diagonal, &dy, |d, y| d * y));
                (reach(&slack, &dy).min(reach(&z, &dz)), dt - weight * missing, dx, dy, dz)
            };
            let products = pairs(&slack, &z, |y, z| -y * z);
            let (reach, _, _, dy, dz) = newton(&products);
            let step = reach.min(1.0);
            let left = dot(&moved(&slack, step, &dy), &moved(&z, step, &dz)) / gap;
            let centre = left.powi(3) * gap / slack.len() as f64;
            let change = moved(&products, 1.0, &pairs(&dy, &dz, |dy, dz| centre - dy * dz));
            let (reach, dt, dx, dy, dz) = newton(&change);
            let step = (INSIDE * reach).min(1.0);
            (x, slack, z) = (moved(&x, step, &dx), moved(&slack, step, &dy), moved(&z, step, &dz));
            t += step * dt;
        }
        found.0.truncate(n);
        found
    }
}

/// `f(a, b)` for each pair of entries.
fn pairs(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

/// `a + step·b`.
fn moved(a: &[f64], step: f64, b: &[f64]) -> Vec<f64> {
    pairs(a, b, |a, b| a + step * b)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The longest step that keeps the numbers from turning negative.
fn reach(a: &[f64], step: &[f64]) -> f64 {
    pairs(a, step, |a, s| a / s.min(0.0).abs()).into_iter().fold(f64::INFINITY, f64::min)
}

/// Replaces the lower triangle of a matrix by its Cholesky factor, if it is positive definite.
fn factorise(a: &mut Mat<f64>) -> bool {
    let mut memory =
        MemBuffer::new(factor::cholesky_in_place_scratch::<f64>(a.nrows(), Par::Seq, default()));
    let stack = MemStack::new(&mut memory);
    factor::cholesky_in_place(a.as_mut(), default(), Par::Seq, stack, default()).is_ok()
}

/// The solution of a system with the matrix of a Cholesky factor.
fn substituted(factor: &Mat<f64>, right: &[f64]) -> Vec<f64> {
    let mut out = right.to_vec();
    let column = MatMut::from_column_major_slice_mut(&mut out, right.len(), 1);
    solve::solve_in_place(factor.as_ref(), column, Par::Seq, MemStack::new(&mut []));
    clear_registers();
    out
}
