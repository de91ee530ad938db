//! The gradient flow of a two-layer ReLU network whose inner weights keep their directions.
//!
//! With `v_j = r_j v̂_j` and `r_j > |a_j|` put `κ_j = r_j² − a_j²`, which does not change, and `a_j = √κ_j sinh
//! θ_j`, `r_j = √κ_j cosh θ_j`. For the exponential loss and dτ = L dt the whole flow is an equation in R^n,
//! whatever the width is: `θ = θ_0 + m^{-1/2} Sᵀ diag(y) λ` with `s_ij = ReLU(v̂_j·x_i)`, and `dλ/dτ` is the
//! softmax of minus the margins `p = m^{-1/2} diag(y) S c`, `c_j = a_j r_j = (κ_j/2) sinh 2θ_j`.

use super::accuracy::{self, Accuracy};
use super::loss::{Levels, Loss};
use super::rosenbrock;
use crate::error::finite;
use crate::product::{each, matmul, symmetric, times};
use crate::tolerance::UNIT_NORM_F64;
use crate::{Error, Result};
use faer::{Accum, Mat, MatRef, Par};
use std::ops::ControlFlow;

/// Neurons in a block.
const BLOCK: usize = 1024;
/// 2|θ| up to which numbers are in range.
const MOST: f64 = 600.0;
/// The largest error of a step, relative to the length of λ.
const COARSEST: f64 = 1e-4;

/// The flow on n inputs.
#[derive(Debug, Clone)]
pub struct NormOnly<'a> {
    y: &'a [f64],
    /// `y_i s_ij/√m`, `[n, m]`.
    s: Mat<f64>,
    kappa: Vec<f64>,
    theta: Vec<f64>,
    par: Par,
}

/// Where the flow is.
#[derive(Debug, Clone, PartialEq)]
pub struct NormPoint {
    /// τ.
    pub tau: f64,
    /// λ, `[n]`: not negative, with sum τ.
    pub lambda: Vec<f64>,
    /// The margins, `[n]`.
    pub margins: Vec<f64>,
    /// What the exponential loss makes of them.
    pub levels: Levels,
    /// `‖W‖² = Σ_j (a_j² + r_j²)`.
    pub square: f64,
}

impl NormPoint {
    fn new(tau: f64, lambda: Vec<f64>, sums: &Sums) -> Self {
        let levels = Loss::Exponential.levels(&sums.margins);
        Self { tau, lambda, margins: sums.margins.clone(), levels, square: sums.square }
    }
}

impl<'a> NormOnly<'a> {
    /// The flow for unit directions (`[m, d]`), inputs x (`[n, d]`), labels y (`[n]`), output weights a and
    /// norms r of the inner weights (`[m]`).
    ///
    /// # Errors
    /// Shapes that do not fit, numbers that are not finite, labels other than ±1, rows that are no unit
    /// vectors, and [`Error::Domain`] for a neuron with |a| ≥ r, whose norm may reach 0.
    pub fn new(
        directions: MatRef<'_, f64>,
        x: MatRef<'_, f64>,
        y: &'a [f64],
        (a, r): (&[f64], &[f64]),
        par: Par,
    ) -> Result<Self> {
        crate::margin::check_examples(x, y)?;
        let m = directions.nrows();
        if m == 0 || directions.ncols() != x.ncols() || a.len() != m || r.len() != m {
            let expected = format!("m, {}, beside m output weights and m norms", x.ncols());
            return Err(Error::shape("the directions", [m, directions.ncols()], expected));
        }
        finite("the directions", directions)?;
        let off = |j: usize| (directions.row(j).norm_l2() - 1.0).abs();
        if let Some(j) = (0..m).find(|&j| off(j) > UNIT_NORM_F64) {
            let (name, norm) = (format!("the length of direction {j}"), directions.row(j).norm_l2());
            return Err(Error::domain(name, norm, format!("it is 1 to within {UNIT_NORM_F64:e}")));
        }
        if let Some(j) = (0..m).find(|&j| !(r[j].is_finite() && r[j] > a[j].abs())) {
            let given = format!("a = {}, r = {}", a[j], r[j]);
            let allowed = "r > |a| keeps its norm away from 0";
            return Err(Error::domain(format!("neuron {j}"), given, allowed));
        }
        let mut s = Mat::<f64>::zeros(y.len(), m);
        matmul(s.as_mut(), Accum::Replace, x, directions.transpose(), 1.0, par);
        let root = (m as f64).sqrt();
        for j in 0..m {
            s.col_as_slice_mut(j).iter_mut().zip(y).for_each(|(s, y)| *s = y * s.max(0.0) / root);
        }
        Ok(Self {
            y,
            s,
            kappa: (0..m).map(|j| (r[j] - a[j]) * (r[j] + a[j])).collect(),
            theta: (0..m).map(|j| (a[j] / r[j]).atanh()).collect(),
            par,
        })
    }

    /// The start of the flow.
    ///
    /// # Errors
    /// As [`NormOnly::point`].
    pub fn start(&self) -> Result<NormPoint> {
        self.point(0.0, vec![0.0; self.y.len()])
    }

    /// The point with this λ, at the time τ.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, [`Error::Numerical`] where a weight leaves the range of numbers.
    pub fn point(&self, tau: f64, lambda: Vec<f64>) -> Result<NormPoint> {
        if lambda.len() != self.y.len() {
            return Err(Error::shape("λ", [lambda.len(), 1], format!("{}, 1", self.y.len())));
        }
        let sums = self.sums(&lambda, false)?;
        Ok(NormPoint::new(tau, lambda, &sums))
    }

    /// The weights a and r at a point, `[m]` each.
    pub fn weights(&self, point: &NormPoint) -> (Vec<f64>, Vec<f64>) {
        let theta = self.angles(&point.lambda, 0, self.kappa.len());
        theta.iter().zip(&self.kappa).map(|(t, k)| (k.sqrt() * t.sinh(), k.sqrt() * t.cosh())).unzip()
    }

    /// Two bounds on the largest margin over these directions, `G = max_{‖c‖₁ ≤ 1} min_i y_i(Sc)_i`: the
    /// margin of the c of the point, and what its weights λ/τ on the inputs allow. The upper one is infinite
    /// at τ = 0.
    pub fn sandwich(&self, point: &NormPoint) -> [f64; 2] {
        let root = (self.kappa.len() as f64).sqrt();
        let theta = self.angles(&point.lambda, 0, self.kappa.len());
        let size: f64 = theta.iter().zip(&self.kappa).map(|(t, k)| 0.5 * k * (2.0 * t).sinh().abs()).sum();
        let least = point.margins.iter().copied().fold(f64::INFINITY, f64::min);
        let pull = |j: usize| -> f64 {
            self.s.col_as_slice(j).iter().zip(&point.lambda).map(|(s, l)| s * l).sum::<f64>().abs()
        };
        let sum: f64 = point.lambda.iter().sum();
        let most = (0..self.kappa.len()).map(pull).fold(0.0, f64::max);
        let upper = if sum > 0.0 { root * most / sum } else { f64::INFINITY };
        [root * least / size, upper]
    }

    /// Follows the flow from `start` to the time τ = `until`, which may be infinite, or to where `on` breaks it
    /// off, which hears of every step.
    ///
    /// Steps err by at most 10⁻⁴ of the length of λ, because looser ones let the weights of the examples jump
    /// to and fro and cost more of them.
    ///
    /// # Errors
    /// A tolerance that is not allowed, and [`Error::Numerical`] where steps are spent or vanish, or margins are
    /// so large, above 10¹⁵ tolerances, that rounding alone exceeds the tolerance.
    pub fn run(
        &self,
        start: NormPoint,
        until: f64,
        accuracy: Accuracy,
        on: &mut dyn FnMut(&NormPoint) -> ControlFlow<()>,
    ) -> Result<NormPoint> {
        accuracy.check()?;
        let accuracy = Accuracy { tolerance: accuracy.tolerance.min(COARSEST), ..accuracy };
        let rate = |lambda: &[f64]| {
            let margins = self.sums(lambda, false)?.margins;
            Ok(Loss::Exponential.levels(&margins).weights)
        };
        let mut here = start;
        let mut h = 0.1 * self.kappa.len() as f64 / here.square.max(f64::MIN_POSITIVE);
        let mut steps = 0;
        // The weights of the examples err by as much as the margins.
        let largest = 0.25 * accuracy.tolerance / f64::EPSILON;
        let mut sums = self.sums(&here.lambda, true)?;
        let n = self.y.len();
        while on(&here).is_continue() && here.tau < until {
            if here.levels.smoothed > largest {
                let why =
                    format!("margins of {:.1e} leave no digits for their differences", here.levels.smoothed);
                return Err(Error::Numerical { what: "the flow", why });
            }
            let jacobian = Mat::from_fn(n, n, |i, k| -here.levels.fall(i, k)) * &sums.slopes;
            let begin = (&*here.lambda, &*here.levels.weights, jacobian.as_ref());
            let step = accuracy::advance(
                &here.lambda,
                h.min(until - here.tau),
                rosenbrock::ORDER,
                accuracy,
                &mut steps,
                |h| rosenbrock::step(&rate, begin, h),
            )?;
            h = step.next;
            let tau = if here.tau + step.length < until { here.tau + step.length } else { until };
            sums = self.sums(&step.state, true)?;
            here = NormPoint::new(tau, step.state, &sums);
        }
        Ok(here)
    }

    /// θ of `count` neurons from `first` on.
    fn angles(&self, lambda: &[f64], first: usize, count: usize) -> Vec<f64> {
        let mut theta = times(self.s.as_ref().subcols(first, count).transpose(), lambda);
        theta.iter_mut().zip(&self.theta[first..]).for_each(|(theta, begin)| *theta += begin);
        theta
    }

    /// One pass over the neurons.
    fn sums(&self, lambda: &[f64], slopes: bool) -> Result<Sums> {
        let (n, m) = (self.y.len(), self.kappa.len());
        let block = |index: usize| {
            let (first, count) = (index * BLOCK, BLOCK.min(m - index * BLOCK));
            let s = self.s.as_ref().subcols(first, count);
            let (mut c, kappa) = (self.angles(lambda, first, count), &self.kappa[first..first + count]);
            let most = c.iter().fold(0.0_f64, |most, theta| most.max(2.0 * theta.abs()));
            let mut grown = Vec::with_capacity(count);
            for (c, kappa) in c.iter_mut().zip(kappa) {
                let e = (2.0 * *c).exp();
                *c = 0.25 * kappa * (e - 1.0 / e);
                grown.push(0.5 * kappa * (e + 1.0 / e));
            }
            let square = grown.iter().sum();
            let slopes = if slopes {
                let mut weighted = s.to_owned();
                for (mut column, grown) in weighted.col_iter_mut().zip(&grown) {
                    column *= faer::Scale(grown.sqrt());
                }
                symmetric(&[weighted.as_ref()], n, Par::Seq)
            } else {
                Mat::zeros(0, 0)
            };
            Sums { margins: times(s, &c), slopes, square, most }
        };
        let blocks = m.div_ceil(BLOCK);
        let parts = each(self.par, blocks, block);
        let sums = parts.into_iter().fold(Sums::new(n, slopes), Sums::add);
        if sums.most > MOST {
            let why = format!("a weight grows like e^{:.0}, beyond the range of numbers", 0.5 * sums.most);
            return Err(Error::Numerical { what: "the flow", why });
        }
        Ok(sums)
    }
}

/// What is summed over neurons.
struct Sums {
    margins: Vec<f64>,
    /// dp/dλ, `[n, n]`.
    slopes: Mat<f64>,
    square: f64,
    /// The largest 2|θ|.
    most: f64,
}

impl Sums {
    fn new(n: usize, slopes: bool) -> Self {
        let order = if slopes { n } else { 0 };
        Self { margins: vec![0.0; n], slopes: Mat::zeros(order, order), square: 0.0, most: 0.0 }
    }

    fn add(mut self, other: Self) -> Self {
        self.margins.iter_mut().zip(&other.margins).for_each(|(a, b)| *a += b);
        self.slopes += &other.slopes;
        Self { square: self.square + other.square, most: self.most.max(other.most), ..self }
    }
}
