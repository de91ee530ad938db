//! Kernels that are power series of the inner product, on normal inputs with a spiked direction: their
//! spectrum on functions of the spike, and the exact risk of kernel ridge regression.
//!
//! The kernel is `K(x, x') = Σ_{l ≤ L} c_l (x·x'/d)^l`, `c_l ≥ 0`, and inputs follow [`Spike`]: `x ~ N(0,
//! Σ)`, `Σ = I + θμμᵀ`, `z = μ·x/√(1+θ)`. Functions of z have the basis `h_j = He_j/√j!`. With `s =
//! (1+θ)/d` the kernel operator, compressed to functions of z, is `V D Vᵀ`, where
//!
//! `V_{al} = E[t^l h_a(t)] = C(l, a) √a! (l−a−1)!!` for even l − a ≥ 0, and
//! `D_l = s^l Σ_i c_{l+2i} C(l+2i, l) e_i`, `e_i = E[(x_⊥·x'_⊥/d)^{2i}] = Π_{t<i} (2t+1)(d−1+2t)/d²`.
//!
//! An input x' sees the sample through `u_i = x'·x_i/d`, centred normal numbers of the variances `q_i =
//! x_iᵀΣx_i/d²` and covariances `g_ij = x_iᵀΣx_j/d²`. So the inner products over x' are, with `r_i = s z_i`,
//!
//! `E K(x', x_i) h_j(z') = √j! r_i^j w_j(i)`, `E K(x', x_i) K(x', x_k) = Σ_j j! w_j(i) w_j(k) g_ik^j`,
//! `w_j(i) = Σ_l c_l C(l, j) (l−j−1)!! q_i^{(l−j)/2}`,
//!
//! sums of n² numbers: the risk of a predictor is exact given the sample, without test inputs.
//!
//! # Source
//! Formulas derived for this project; the setting is that of Ba, Erdogdu, Suzuki, Wang and Wu (NeurIPS
//! 2023).

use crate::ball::Ball;
use crate::error::finite;
use crate::gaussian::hermite::factorial;
use crate::gaussian::{MAX_DEGREE, Spike, binomial, hermite};
use crate::product::{clear_registers, symmetric, times, vectorised};
use crate::{Error, Result, eigen, rounding};
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Par, Side};

/// `C(l, a) (l−a−1)!!` for even l − a ≥ 0, else 0: what `E (g + u)^l` holds of `u^a`, g standard normal.
fn moment(l: usize, a: usize) -> f64 {
    if l < a || (l - a) % 2 == 1 {
        return 0.0;
    }
    binomial(l, a) * (1..l - a).step_by(2).map(|i| i as f64).product::<f64>()
}

/// The kernel `Σ_l c_l (x·x'/d)^l` under the law of a [`Spike`].
#[derive(Debug, Clone, PartialEq)]
pub struct SpikedKernel {
    spike: Spike,
    coefficients: Vec<f64>,
}

impl SpikedKernel {
    /// The kernel with the coefficients c_0, c_1, ….
    ///
    /// # Errors
    /// [`Error::Domain`] for a coefficient that is negative or above 10⁶, for no coefficient above 0, and
    /// for a degree above [`MAX_DEGREE`].
    pub fn new(spike: Spike, coefficients: &[f64]) -> Result<Self> {
        if let Some((l, c)) = coefficients.iter().enumerate().find(|(_, c)| !(0.0..=1e6).contains(*c)) {
            return Err(Error::domain(format!("the coefficient c_{l}"), c, "it lies between 0 and 10^6"));
        }
        if coefficients.len() > MAX_DEGREE + 1 {
            let allowed = format!("it is at most {MAX_DEGREE}");
            return Err(Error::domain("the degree of the kernel", coefficients.len() - 1, allowed));
        }
        if coefficients.iter().all(|c| *c == 0.0) {
            return Err(Error::domain("the largest coefficient", 0, "one at least is above 0"));
        }
        Ok(Self { spike, coefficients: coefficients.to_vec() })
    }

    /// The law of the inputs.
    pub fn spike(&self) -> Spike {
        self.spike
    }

    /// `D_l`, l = 0, …, L: the mean of K over the coordinates orthogonal to μ is `Σ_l D_l (zz')^l`.
    pub fn powers(&self) -> Vec<Ball> {
        let (d, c) = (self.spike.d() as f64, &self.coefficients);
        let (s, size) = (self.spike.variance() / d, Ball::exact(d).powi(2));
        let of = |l: usize| {
            let (mut sum, mut even) = (Ball::exact(0.0), Ball::exact(1.0));
            for i in 0..=(c.len() - 1 - l) / 2 {
                sum = sum + Ball::exact(c[l + 2 * i]) * binomial(l + 2 * i, l) * even;
                let t = 2.0 * i as f64;
                even = even * ((t + 1.0) * (d - 1.0 + t)) / size;
            }
            s.powi(l as i32) * sum
        };
        (0..c.len()).map(of).collect()
    }

    /// The eigenvalues of the kernel operator compressed to functions of z, descending: there are L + 1, of
    /// which those of powers that the kernel lacks are 0.
    ///
    /// # Errors
    /// [`Error::Numerical`] where no bound is found.
    ///
    /// # Accuracy
    /// They are squared singular values of `V√D`, and the bounds are relative to each, however small. With
    /// the rotations W of one-sided Jacobi, `C = V√DW` and `e = ‖C̄ᵀC̄ − I‖` for the normalised columns of
    /// C, `w = ‖WᵀW − I‖`, Ostrowski's theorem puts the eigenvalue within the factors 1 ± e and 1/(1 ± w)
    /// of the squared norm of its column; e and w are formed in balls.
    pub fn spectrum(&self) -> Result<Vec<Ball>> {
        let powers = self.powers();
        let kept: Vec<usize> = (0..powers.len()).filter(|l| powers[*l].value > 0.0).collect();
        let (rows, n) = (powers.len(), kept.len());
        let entry = |a: usize, l: usize| {
            let v = Ball::exact(factorial(a)).sqrt() * moment(kept[l], a);
            v * powers[kept[l]].sqrt()
        };
        let b: Vec<Vec<Ball>> = (0..n).map(|l| (0..rows).map(|a| entry(a, l)).collect()).collect();
        let w = rotations(Mat::from_fn(rows, n, |a, l| b[l][a].value));
        let exact = |l: usize, i: usize| Ball::exact(w[(l, i)]);
        let turned = |i: usize| -> Vec<Ball> {
            (0..rows).map(|a| (0..n).map(|l| b[l][a] * exact(l, i)).sum()).collect()
        };
        let c: Vec<Vec<Ball>> = (0..n).map(turned).collect();
        let inner = |x: &[Ball], y: &[Ball]| x.iter().zip(y).map(|(x, y)| *x * *y).sum::<Ball>();
        let sizes: Vec<f64> = c.iter().map(|c| inner(c, c).value.sqrt()).collect();
        let off = |gram: &dyn Fn(usize, usize) -> Ball| {
            let miss = |i: usize, k: usize| (gram(i, k) - f64::from(u8::from(i == k))).powi(2);
            (0..n * n).map(|at| miss(at / n, at % n)).sum::<Ball>().sqrt().upper()
        };
        let e = off(&|i, k| inner(&c[i], &c[k]) / sizes[i] / sizes[k]);
        let turn = off(&|i, k| (0..n).map(|l| exact(l, i) * exact(l, k)).sum());
        let around = |s: &f64| Ball::exact(*s).powi(2) * Ball::new(1.0, e) / Ball::new(1.0, turn);
        let mut values: Vec<Ball> = sizes.iter().map(around).collect();
        if values.iter().any(|value| !value.error.is_finite()) {
            let what = "the spectrum of the kernel on the spike";
            return Err(Error::Numerical { what, why: "its columns do not become orthogonal".into() });
        }
        values.sort_by(|x, y| y.value.total_cmp(&x.value));
        values.resize(rows, Ball::exact(0.0));
        Ok(values)
    }

    /// Ridge regression on the rows of `x` (`[n, d]`, column 0 along μ) with the labels `f*(x) = Σ_j α_j
    /// h_j(z)`. It takes about `n²d` flops.
    ///
    /// # Errors
    /// [`Error::Shape`] for another shape, [`Error::NotFinite`], [`Error::Domain`] for a degree above
    /// [`MAX_DEGREE`] or no α_j other than 0.
    pub fn regression(&self, x: MatRef<'_, f64>, alpha: &[f64], par: Par) -> Result<SpikedRegression> {
        SpikedRegression::new(self, x, alpha, par)
    }
}

/// W for which the columns of BW are orthogonal: one-sided Jacobi, which keeps small columns accurate.
fn rotations(mut b: Mat<f64>) -> Mat<f64> {
    let n = b.ncols();
    let mut w = Mat::<f64>::identity(n, n);
    // Sweeps converge quadratically; what they leave enters the bound.
    for _ in 0..30 {
        let mut largest = 0.0_f64;
        for (i, k) in (0..n).flat_map(|k| (0..k).map(move |i| (i, k))) {
            let product = |i: usize, k: usize| b.col(i).transpose() * b.col(k);
            let (x, y, xy) = (product(i, i), product(k, k), product(i, k));
            largest = largest.max(xy.abs() / (x * y).sqrt());
            if xy == 0.0 {
                continue;
            }
            let half = 0.5 * (y - x) / xy;
            let t = half.signum() / (half.abs() + half.hypot(1.0));
            let cos = t.hypot(1.0).recip();
            for m in [&mut b, &mut w] {
                for row in 0..m.nrows() {
                    let (p, q) = (m[(row, i)], m[(row, k)]);
                    (m[(row, i)], m[(row, k)]) = (cos * (p - t * q), cos * (t * p + q));
                }
            }
        }
        if largest < 4.0 * f64::EPSILON {
            break;
        }
    }
    w
}

/// Kernel ridge regression on one sample of n inputs.
#[derive(Debug, Clone)]
pub struct SpikedRegression {
    alpha: Vec<f64>,
    /// Labels, and their rounding as a vector norm.
    y: Vec<f64>,
    y_error: f64,
    kernel: Mat<f64>,
    /// `Σ_{j ≥ 1} j! w_j(i) w_j(k) g_ik^j`, and `w_0`, which is the part of the constants.
    gram: Mat<f64>,
    constants: Vec<f64>,
    /// `E K(x', x_i) h_j(z')` for each j from 0 to the degree of f*.
    overlaps: Vec<Vec<f64>>,
    /// The relative rounding of sums of positive terms here.
    unit: f64,
    least: f64,
}

/// The predictor `f(x) = Σ_i A_i K(x, x_i)` of one ridge, with its exact risk and lower bounds on it.
#[derive(Debug, Clone)]
pub struct SpikedFit {
    /// `A = (K + ridge·I)⁻¹ y`, one number for each input.
    pub coefficients: Vec<f64>,
    /// `E (f*(x) − f(x))²` over a new input.
    pub risk: Ball,
    /// `A·t_p = E f(x) h_p(z)` for the degree p of f*.
    pub overlap: Ball,
    /// `‖y‖‖t_p‖/(ridge + λ_min(K))`, which bounds the overlap, by the inequality of Cauchy and Schwarz.
    pub reach: Ball,
    /// α_p.
    top: f64,
}

impl SpikedFit {
    /// `(α_p − A·t_p)² ≤ risk`, the risk on h_p, by Bessel's inequality.
    pub fn projection(&self) -> Ball {
        (self.overlap - self.top).powi(2)
    }

    /// `(|α_p| − ‖y‖‖t_p‖/(ridge + λ_min))²_+ ≤ risk`, without A.
    pub fn a_priori(&self) -> Ball {
        let left = Ball::exact(self.top.abs()) - self.reach;
        if left.value <= 0.0 { Ball::exact(0.0) } else { left.powi(2) }
    }
}

impl SpikedRegression {
    fn new(of: &SpikedKernel, x: MatRef<'_, f64>, alpha: &[f64], par: Par) -> Result<Self> {
        let (n, d, c, theta) = (x.nrows(), of.spike.d(), &of.coefficients, of.spike.theta());
        if x.ncols() != d || n == 0 {
            return Err(Error::shape("the inputs", [n, x.ncols()], format!("n, {d}, n not 0")));
        }
        finite("the inputs", x)?;
        finite("the coefficients α_j", MatRef::from_column_major_slice(alpha, alpha.len(), 1))?;
        let degree = alpha.iter().rposition(|a| *a != 0.0);
        let Some(degree) = degree.filter(|p| *p <= MAX_DEGREE) else {
            let allowed = format!("it lies between 0 and {MAX_DEGREE}, with α_p not 0");
            return Err(Error::domain("the degree of the target", alpha.len(), allowed));
        };
        let alpha = alpha[..=degree].to_vec();
        let labels = (0..n).map(|i| {
            let z = of.spike.latent(x[(i, 0)]);
            let term = |j: usize| hermite::hermite(z, j) * alpha[j] / Ball::exact(factorial(j)).sqrt();
            (0..=degree).map(term).sum::<Ball>()
        });
        let labels: Vec<Ball> = labels.collect();
        let inverse = 1.0 / d as f64;
        let mut product = symmetric(&[x], n, par);
        clear_registers();
        let along: Vec<f64> = (0..n).map(|i| x[(i, 0)] * inverse).collect();
        // q_i, w_j(i) and r_i, all of them sums of terms of one sign up to that of r_i.
        let q: Vec<f64> =
            (0..n).map(|i| inverse * inverse * product[(i, i)] + theta * along[i].powi(2)).collect();
        let weight = |j: usize, q: f64| {
            let term = |l: usize| c[l] * moment(l, j) * q.powi((l.saturating_sub(j) / 2) as i32);
            (j..c.len()).map(term).sum::<f64>()
        };
        let weights: Vec<Vec<f64>> =
            (0..c.len()).map(|j| q.iter().map(|q| weight(j, *q)).collect()).collect();
        let length = of.spike.variance().value.sqrt();
        let overlap = |j: usize, i: usize| match weights.get(j) {
            Some(weight) => factorial(j).sqrt() * (length * along[i]).powi(j as i32) * weight[i],
            None => 0.0,
        };
        let overlaps = (0..=degree).map(|j| (0..n).map(|i| overlap(j, i)).collect()).collect();
        let (mut kernel, mut gram) = (Mat::<f64>::zeros(n, n), Mat::<f64>::zeros(n, n));
        let mut covariance = vec![0.0; n];
        for k in 0..n {
            let (t, out) = (product.col_as_slice_mut(k), kernel.col_as_slice_mut(k));
            vectorised(|| t.iter_mut().for_each(|t| *t *= inverse));
            let (at, t) = (theta * along[k], &*t);
            let g = &mut covariance[..];
            vectorised(|| {
                g.iter_mut().zip(t).zip(&along).for_each(|((g, t), a)| *g = inverse * t + at * a);
            });
            for c in c.iter().rev() {
                vectorised(|| out.iter_mut().zip(t).for_each(|(out, t)| *out = *out * t + c));
            }
            let (out, g) = (gram.col_as_slice_mut(k), &covariance[..]);
            for (j, w) in weights.iter().enumerate().skip(1).rev() {
                let own = factorial(j) * w[k];
                vectorised(|| {
                    out.iter_mut().zip(g).zip(w).for_each(|((out, g), w)| *out = (*out + own * w) * g);
                });
            }
        }
        let unit = (2 * c.len() + degree) as f64 * rounding::sum(n + d, 32);
        Ok(Self {
            y: labels.iter().map(|y| y.value).collect(),
            y_error: labels.iter().map(|y| y.error).sum(),
            kernel,
            gram,
            constants: weights.into_iter().next().unwrap_or_default(),
            overlaps,
            alpha,
            unit,
            least: 0.0,
        })
    }

    /// The labels y.
    pub fn labels(&self) -> &[f64] {
        &self.y
    }

    /// `E K(x', x_i) h_j(z')` for each input; all 0 for j above the degree of the kernel.
    pub fn overlaps(&self, j: usize) -> Option<&[f64]> {
        self.overlaps.get(j).map(Vec::as_slice)
    }

    /// K at the inputs, `[n, n]`.
    pub fn kernel(&self) -> MatRef<'_, f64> {
        self.kernel.as_ref()
    }

    /// The same regression, which uses λ_min(K) in its bounds from here on: eigenvalues take some `4n³/3`
    /// flops. Without them 0 stands for λ_min.
    ///
    /// # Errors
    /// An eigensolver that fails.
    pub fn with_least_eigenvalue(mut self, par: Par) -> Result<Self> {
        let values = eigen::full_eigenvalues(self.kernel.as_ref(), par)?;
        let (n, trace) = (self.y.len(), trace(&self.kernel));
        let wrong = rounding::eigen(n, values[0]) + self.unit * trace;
        self.least = (values[n - 1] - wrong).max(0.0);
        Ok(self)
    }

    /// The predictor of a ridge, which is added to the eigenvalues of K itself, and not of K/n. A Cholesky
    /// factorisation takes `n³/3` flops, so that an eigendecomposition would pay from 27 ridges on only.
    ///
    /// # Errors
    /// [`Error::Domain`] for a ridge that is negative or not finite, and [`Error::Numerical`] where K +
    /// ridge·I is not positive definite to rounding.
    ///
    /// # Accuracy
    /// The error of A is its residual, that of K included, over ridge + λ_min(K); a ridge of 0 needs
    /// [`SpikedRegression::with_least_eigenvalue`]. Sums carry the bound of the worst case.
    pub fn fit(&self, ridge: f64) -> Result<SpikedFit> {
        let n = self.y.len();
        if !(0.0..=1e15).contains(&ridge) {
            return Err(Error::domain("the ridge", ridge, "it lies between 0 and 10^15"));
        }
        let mut shifted = self.kernel.clone();
        (0..n).for_each(|i| shifted[(i, i)] += ridge);
        let right = MatRef::from_column_major_slice(&self.y, n, 1);
        let failed = |_| Error::Numerical {
            what: "the Cholesky factorisation of the kernel matrix",
            why: format!("with the ridge {ridge} it is not positive definite to rounding"),
        };
        let solved = shifted.llt(Side::Lower).map_err(failed)?.solve(right);
        clear_registers();
        let a = solved.col_as_slice(0).to_vec();
        let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let (size, unit, bottom) = (norm(&a), self.unit, ridge + self.least);
        // |K_ik| ≤ √(K_ii K_kk), to which all roundings of K are relative, and so those of Ka.
        let found = times(self.kernel.as_ref(), &a);
        let residual: Vec<f64> = (0..n).map(|i| self.y[i] - found[i] - ridge * a[i]).collect();
        let missed = norm(&residual) + self.y_error + unit * ((trace(&self.kernel) + ridge) * size);
        let away = missed / bottom;
        let (alpha, moved) = (&self.alpha, times(self.gram.as_ref(), &a));
        let dot = |x: &[f64], y: &[f64]| {
            let moduli: f64 = x.iter().zip(y).map(|(x, y)| (x * y).abs()).sum();
            Ball::new(x.iter().zip(y).map(|(x, y)| x * y).sum(), unit * moduli)
        };
        // The part of the constants apart, because it is small and the others do not cancel it.
        let mean = dot(&a, &self.constants) + Ball::new(0.0, away * norm(&self.constants));
        let (mut linear, mut slope) = (Ball::exact(0.0), moved.clone());
        for (alpha, overlap) in alpha.iter().zip(&self.overlaps).skip(1) {
            linear = linear + (Ball::exact(*alpha).powi(2) - dot(&a, overlap) * 2.0 * *alpha);
            slope.iter_mut().zip(overlap).for_each(|(slope, t)| *slope -= alpha * t);
        }
        let whole = trace(&self.gram);
        let form: f64 = a.iter().zip(&moved).map(|(a, moved)| a * moved).sum();
        let form = Ball::new(form, unit * whole * size * size);
        let carried = away * (2.0 * (norm(&slope) + unit * whole * size) + whole * away);
        let risk = (mean - alpha[0]).powi(2) + linear + form + Ball::new(0.0, carried);
        let top = &self.overlaps[alpha.len() - 1];
        let relative = |value: f64| Ball::relative(value, unit);
        Ok(SpikedFit {
            risk,
            overlap: dot(&a, top) + Ball::new(0.0, away * norm(top)),
            reach: relative(norm(&self.y)) * relative(norm(top)) / Ball::exact(bottom)
                + Ball::new(0.0, self.y_error * norm(top) / bottom),
            coefficients: a,
            top: alpha[alpha.len() - 1],
        })
    }
}

fn trace(a: &Mat<f64>) -> f64 {
    (0..a.nrows()).map(|i| a[(i, i)]).sum()
}
