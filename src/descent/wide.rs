//! Training f_L + f_Q at infinite width: a convex program, solved with a bound on what is missing.
//!
//! With infinitely many pairs of neurons at each first-layer direction w, the quadratic term is
//! `f_Q(x) = ½ E_w σ''(w·x) xᵀM(w)x` for any symmetric matrices M(w), and the cheapest displacement that
//! makes it has `‖W‖_{2,4}^4 = N(M) = E_w 2((tr M₊)² + (tr M₋)²)`, M₊ and M₋ the two semidefinite parts:
//! half of the neurons at w have either sign, and by Jensen's inequality each of them moves as far as the
//! others. As R1 and R3 weigh ever more (`λ1, λ3 ∝ √m`), f_L keeps degrees up to k alone, where R2 is its
//! mean square. What is minimised is therefore
//! `P(θ, M) = n^{-1} Σ_i ℓ(y_i, θ·Y(x_i) + f_Q(x_i)) + λ2|θ|² + λ4 N(M)²`, convex in θ and M, where Y are
//! orthonormal functions and E_w is a mean over p directions.
//!
//! It is minimised over factors, `M(w) = UUᵀ − VVᵀ` with few columns. The minimum over all M is bounded from
//! below by Fenchel's dual: for any a with finite ℓ*(a_i), `P ≥ D(a)`,
//! `D(a) = −n^{-1} Σ_i (a_i y_i + ℓ*(a_i)) − |q|²/4λ2 − ¾ν(ν/4λ4)^{1/3}`, `q = n^{-1} Σ_i a_i Y(x_i)`,
//! `ν² = E_w ½(λ_max(G)₊² + λ_max(−G)₊²)`, `G(w) = (2n)^{-1} Σ_i a_i σ''(w·x_i) x_i x_iᵀ`. The gap is
//! `P − D` at `a_i ∝ ℓ'(y_i, f(x_i))`. Derived for this project.

use crate::activation::{Activation, Derivative};
use crate::descent::quasi_newton::QuasiNewton;
use crate::eigen::full_eigenvalues;
use crate::objective::Loss;
use crate::product::{matmul, vectorised};
use crate::{Error, Result, rounding};
use faer::{Accum, Mat, MatRef, Par};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Steps between two looks at the gap.
const PERIOD: u64 = 40;
/// Entries of a random start, relative to those of a matrix of unit trace.
const START: f64 = 0.3;
/// Fresh inputs that are evaluated together.
const TILE: usize = 512;

/// σ''(w·x) for every input (a row of `x`, `[n, d]`) and direction (a row of `w`, `[p, d]`): `[n, p]`.
pub fn curvature(activation: &dyn Activation, w: MatRef<'_, f64>, x: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(x.nrows(), w.nrows());
    matmul(out.as_mut(), Accum::Replace, x, w.transpose(), 1.0, Par::Seq);
    (0..out.ncols()).for_each(|r| activation.apply(Derivative::Second, out.col_as_slice_mut(r)));
    out
}

/// A sample with the functions that are fitted to it, and how they are penalised.
pub struct WideProgram<'a> {
    /// Inputs, `[n, d]`.
    pub x: MatRef<'a, f64>,
    /// Labels.
    pub y: &'a [f64],
    /// Y at the inputs, `[n, l]`; without columns, f_Q stands alone.
    pub features: MatRef<'a, f64>,
    /// [`curvature`] at the inputs, `[n, p]`.
    pub curvature: MatRef<'a, f64>,
    /// The loss ℓ.
    pub loss: Loss,
    /// λ2, positive.
    pub ridge: f64,
    /// λ4, positive.
    pub quartic: f64,
    /// Columns of U and of V for each direction.
    pub rank: usize,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct WideSolution {
    /// θ.
    pub linear: Vec<f64>,
    /// The columns of U for each direction, and then those of V, `[d, 2·p·rank]`.
    pub factors: Mat<f64>,
    /// P.
    pub value: f64,
    /// An upper bound on what P is above its minimum over all θ and M.
    pub gap: f64,
    /// The mean loss alone.
    pub loss: f64,
    /// N(M).
    pub norm: f64,
    /// Steps that were taken.
    pub steps: u64,
}

impl WideSolution {
    /// f at fresh inputs, where `features` and `curvature` are those of the program there.
    pub fn predict(
        &self,
        x: MatRef<'_, f64>,
        features: MatRef<'_, f64>,
        curvature: MatRef<'_, f64>,
    ) -> Vec<f64> {
        let mut out = linear_part(features, &self.linear);
        for first in (0..x.nrows()).step_by(TILE) {
            let count = TILE.min(x.nrows() - first);
            let mut products = Mat::zeros(count, self.factors.ncols());
            let rows = x.subrows(first, count);
            matmul(products.as_mut(), Accum::Replace, rows, self.factors.as_ref(), 1.0, Par::Seq);
            let curvature = curvature.subrows(first, count);
            add_squares(&mut out[first..first + count], &products, curvature);
        }
        out
    }
}

fn linear_part(features: MatRef<'_, f64>, linear: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; features.nrows()];
    for (l, theta) in linear.iter().enumerate() {
        out.iter_mut().enumerate().for_each(|(i, out)| *out += theta * features[(i, l)]);
    }
    out
}

/// Columns of either sign for one direction, of `columns` in all.
fn rank(columns: usize, p: usize) -> usize {
    columns / (2 * p)
}

/// Adds `(1/2p) Σ_w σ''(w·x)(|Uᵀx|² − |Vᵀx|²)`, from the products of inputs and factors.
fn add_squares(out: &mut [f64], products: &Mat<f64>, curvature: MatRef<'_, f64>) {
    let (columns, p) = (products.ncols(), curvature.ncols());
    let half = 0.5 / p as f64;
    for column in 0..columns {
        let weight = if 2 * column < columns { half } else { -half };
        let of = curvature.col(column / rank(columns, p) % p);
        let products = products.col_as_slice(column);
        if let Some(of) = of.try_as_col_major() {
            let of = of.as_slice();
            vectorised(|| {
                out.iter_mut().zip(products).zip(of).for_each(|((o, a), s)| *o += weight * s * a * a);
            });
        } else {
            out.iter_mut().zip(products).enumerate().for_each(|(i, (o, a))| *o += weight * of[i] * a * a);
        }
    }
}

impl WideProgram<'_> {
    fn check(&self) -> Result<()> {
        let (n, p) = (self.x.nrows(), self.curvature.ncols());
        for (name, rows, cols) in [
            ("the features", self.features.nrows(), self.features.ncols()),
            ("the curvature", self.curvature.nrows(), p),
            ("the labels", self.y.len(), 1),
        ] {
            if rows != n || n == 0 || p == 0 {
                return Err(Error::shape(name, [rows, cols], format!("{n} rows, and p ≥ 1")));
            }
        }
        for (name, value) in [("λ2", self.ridge), ("λ4", self.quartic), ("the rank", self.rank as f64)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::domain(name, value, "it must be positive and finite"));
            }
        }
        Ok(())
    }

    /// The length in which factors are measured while they move: that of a matrix whose penalty is near 1.
    fn unit(&self) -> f64 {
        0.5 * self.quartic.powf(-0.125)
    }

    /// A random start, which is small, and without a linear part.
    pub fn random_start(&self, rng: &mut impl Rng) -> WideSolution {
        let (d, columns) = (self.x.ncols(), 2 * self.curvature.ncols() * self.rank);
        let size = START * self.unit() / ((d * self.rank) as f64).sqrt();
        let mut entry = || -> f64 { StandardNormal.sample(rng) };
        WideSolution {
            linear: vec![0.0; self.features.ncols()],
            factors: Mat::from_fn(d, columns, |_, _| size * entry()),
            value: f64::INFINITY,
            gap: f64::INFINITY,
            loss: f64::INFINITY,
            norm: 0.0,
            steps: 0,
        }
    }

    /// Descends from `start` until the gap is at most `gap`, or `steps` steps are taken; the gap that was
    /// reached is part of the answer.
    ///
    /// # Errors
    /// Shapes that do not fit one another, a λ that is not positive, or a value that is not finite.
    pub fn solve(&self, start: &WideSolution, gap: f64, steps: u64) -> Result<WideSolution> {
        self.check()?;
        let (d, l) = (self.x.ncols(), self.features.ncols());
        let columns = 2 * self.curvature.ncols() * self.rank;
        if (start.linear.len(), start.factors.nrows(), start.factors.ncols()) != (l, d, columns) {
            let found = [start.factors.nrows(), start.factors.ncols()];
            return Err(Error::shape("the factors of the start", found, format!("{d}, {columns}")));
        }
        let unit = self.unit();
        let mut z = start.linear.clone();
        (0..columns).for_each(|c| z.extend(start.factors.col_as_slice(c).iter().map(|v| v / unit)));
        let mut space = Space::new(self);
        let mut function = |z: &[f64], gradient: &mut [f64]| self.evaluate(z, gradient, &mut space);
        let mut run = QuasiNewton::new(z, &mut function);
        loop {
            let further = run.advance(PERIOD, &mut function);
            let z = run.point();
            let factors = Mat::from_fn(d, columns, |i, c| unit * z[l + c * d + i]);
            let mut found = WideSolution {
                linear: z[..l].to_vec(),
                factors,
                value: run.value(),
                gap: f64::INFINITY,
                loss: 0.0,
                norm: 0.0,
                steps: run.steps(),
            };
            self.certify(&mut found)?;
            if found.gap <= gap || !further || run.steps() >= steps {
                return Ok(found);
            }
        }
    }

    /// P at z, whose first entries are θ and whose others are the factors in the unit of the program, and
    /// its gradient.
    fn evaluate(&self, z: &[f64], gradient: &mut [f64], space: &mut Space) -> f64 {
        let (n, d, l) = (self.x.nrows(), self.x.ncols(), self.features.ncols());
        let (p, columns, unit) = (self.curvature.ncols(), space.products.ncols(), self.unit());
        let factors = MatRef::from_column_major_slice(&z[l..], d, columns);
        matmul(space.products.as_mut(), Accum::Replace, self.x, factors, unit, Par::Seq);
        let mut f = linear_part(self.features, &z[..l]);
        add_squares(&mut f, &space.products, self.curvature);
        let mean = f.iter().zip(self.y).map(|(f, y)| self.loss.value(*y, *f)).sum::<f64>() / n as f64;
        let slopes: Vec<f64> = f.iter().zip(self.y).map(|(f, y)| self.loss.d1(*y, *f) / n as f64).collect();
        let (traces, norm) = self.traces(factors, unit);
        let share = |column: usize| if 2 * column < columns { 1.0 / p as f64 } else { -1.0 / p as f64 };
        for column in 0..columns {
            let (weight, of) = (share(column), self.curvature.col(column / self.rank % p));
            let products = space.products.col_as_slice_mut(column);
            if let Some(of) = of.try_as_col_major() {
                let of = of.as_slice();
                vectorised(|| {
                    products.iter_mut().zip(&slopes).zip(of).for_each(|((a, g), s)| *a *= weight * g * s);
                });
            } else {
                products
                    .iter_mut()
                    .zip(&slopes)
                    .enumerate()
                    .for_each(|(i, (a, g))| *a *= weight * g * of[i]);
            }
        }
        for (c, gradient) in gradient[..l].iter_mut().enumerate() {
            let product: f64 = slopes.iter().enumerate().map(|(i, g)| g * self.features[(i, c)]).sum();
            *gradient = product + 2.0 * self.ridge * z[c];
        }
        let mut out = faer::MatMut::from_column_major_slice_mut(&mut gradient[l..], d, columns);
        matmul(out.as_mut(), Accum::Replace, self.x.transpose(), space.products.as_ref(), unit, Par::Seq);
        let force = 16.0 * self.quartic * norm / p as f64 * unit * unit;
        for column in 0..columns {
            let force = force * traces[column / self.rank];
            (0..d).for_each(|i| out[(i, column)] += force * factors[(i, column)]);
        }
        let linear = z[..l].iter().map(|t| t * t).sum::<f64>();
        mean + self.ridge * linear + self.quartic * norm * norm
    }

    /// tr UUᵀ for each direction and then tr VVᵀ, and N.
    fn traces(&self, factors: MatRef<'_, f64>, unit: f64) -> (Vec<f64>, f64) {
        let groups = factors.ncols() / self.rank;
        let trace = |group: usize| {
            let columns =
                (group * self.rank..(group + 1) * self.rank).map(|c| factors.col(c).squared_norm_l2());
            unit * unit * columns.sum::<f64>()
        };
        let traces: Vec<f64> = (0..groups).map(trace).collect();
        let norm = 4.0 / groups as f64 * traces.iter().map(|t| t * t).sum::<f64>();
        (traces, norm)
    }

    /// Fills in the mean loss, N, P and the gap.
    fn certify(&self, found: &mut WideSolution) -> Result<()> {
        let (n, p, d) = (self.x.nrows(), self.curvature.ncols(), self.x.ncols());
        let f = found.predict(self.x, self.features, self.curvature);
        let a: Vec<f64> = f.iter().zip(self.y).map(|(f, y)| self.loss.d1(*y, *f)).collect();
        let linear: f64 = found.linear.iter().map(|t| t * t).sum();
        found.loss = self.loss.mean(self.y, &f)?;
        found.norm = self.traces(found.factors.as_ref(), 1.0).1;
        found.value = found.loss + self.ridge * linear + self.quartic * found.norm.powi(2);
        let mut square = 0.0;
        for r in 0..p {
            let scale = 0.5 / n as f64;
            let weighted = Mat::from_fn(n, d, |i, c| scale * a[i] * self.curvature[(i, r)] * self.x[(i, c)]);
            let mut g = Mat::zeros(d, d);
            matmul(g.as_mut(), Accum::Replace, self.x.transpose(), weighted.as_ref(), 1.0, Par::Seq);
            let values = full_eigenvalues(g.as_ref(), Par::Seq)?;
            let rounding = rounding::eigen(d, values[0].abs().max(values[d - 1].abs()));
            let [up, down] = [values[0], -values[d - 1]].map(|v| v.max(0.0) + rounding);
            square += 0.5 * (up * up + down * down) / p as f64;
        }
        let nu = square.sqrt();
        let q: f64 = (0..self.features.ncols())
            .map(|l| (0..n).map(|i| a[i] * self.features[(i, l)]).sum::<f64>() / n as f64)
            .map(|q| q * q)
            .sum();
        let dual = |c: f64| {
            let fit = a.iter().zip(self.y).map(|(a, y)| c * a * y + self.loss.conjugate(c * a)).sum::<f64>();
            let (q, nu) = (c * c * q, c * nu);
            -fit / n as f64 - q / (4.0 * self.ridge) - 0.75 * nu * (nu / (4.0 * self.quartic)).cbrt()
        };
        // The dual is concave along the ray.
        let (mut low, mut high) = (0.5, 1.0);
        for _ in 0..40 {
            let [left, right] = [(2.0 * low + high) / 3.0, (low + 2.0 * high) / 3.0];
            if dual(left) < dual(right) { low = left } else { high = right }
        }
        let moduli = found.value + a.iter().zip(self.y).map(|(a, y)| (a * y).abs()).sum::<f64>() / n as f64;
        found.gap = (found.value - dual(low).max(dual(1.0))).max(0.0) + rounding::sum(n + d, 64) * moduli;
        if found.gap.is_finite() { Ok(()) } else { Err(not_finite(found.value)) }
    }
}

fn not_finite(value: f64) -> Error {
    Error::Numerical { what: "the program at infinite width", why: format!("its value is {value}") }
}

/// Products of inputs and factors, `[n, 2·p·rank]`.
struct Space {
    products: Mat<f64>,
}

impl Space {
    fn new(program: &WideProgram<'_>) -> Self {
        let columns = 2 * program.curvature.ncols() * program.rank;
        Self { products: Mat::zeros(program.x.nrows(), columns) }
    }
}
