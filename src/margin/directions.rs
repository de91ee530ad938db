//! The margin over neurons with given directions, a linear program.

use super::products::{each, times};
use super::{Margin, between, check_examples, check_memory, interior_point, length, proposed, total};
use crate::ball::Ball;
use crate::product::matmul;
use crate::{Error, Result, rounding};
use faer::{Accum, Mat, MatRef, Par};

/// Terms of an inner product that are added before they meet the others.
const STRIP: usize = 64;

/// The values `y_i σ(v̂_j·x_i)` of neurons with m given directions on n labelled examples.
///
/// Networks of these neurons with the outputs `y_i Σ_j c_j σ(v̂_j·x_i)` have the margin `G = max_{‖c‖_1 ≤ 1}
/// min_i y_i Σ_j c_j σ(v̂_j·x_i) = min_q max_j |Σ_i q_i y_i σ(v̂_j·x_i)|`, and G/2 is the largest normalised
/// margin `√m min_i p_i/‖W‖²` of networks with both layers free in length only.
#[derive(Debug, Clone)]
pub struct Directions {
    /// `y_i σ(v̂_j·x_i)`, `[n, m]`, and a bound on the error of the entries of each row.
    values: Mat<f64>,
    errors: Vec<f64>,
    par: Par,
}

impl Directions {
    /// The values of neurons with the directions of the rows of `v` (`[m, d]`), whose lengths do not count, on
    /// the inputs `x` (`[n, d]`) with labels `y` (`[n]`).
    ///
    /// # Errors
    /// Shapes that do not fit, no inputs, no directions, labels other than ±1, numbers that are not finite, a
    /// row of `v` that is 0, and [`Error::Memory`] where four matrices of the shape of the values exceed
    /// [`super::MEMORY`].
    pub fn new(v: MatRef<'_, f64>, x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<Self> {
        check_examples(x, y)?;
        let (m, n, d) = (v.nrows(), x.nrows(), x.ncols());
        if m == 0 || v.ncols() != d {
            return Err(Error::shape("the directions", [m, v.ncols()], format!("m, {d}, not 0")));
        }
        crate::error::finite("the directions", v)?;
        let what = format!("the linear program of m = {m} directions and n = {n} examples");
        check_memory(what, 32.0 * m as f64 * n as f64 + 16.0 * (n as f64).powi(2))?;
        let norms: Vec<f64> = (0..m).map(|j| v.row(j).norm_l2()).collect();
        if let Some(j) = norms.iter().position(|norm| !(norm.is_normal())) {
            return Err(Error::domain(format!("the length of direction {j}"), norms[j], "it must not be 0"));
        }
        let unit = Mat::from_fn(m, d, |j, c| v[(j, c)] / norms[j]);
        let mut values = Mat::<f64>::zeros(n, m);
        matmul(values.as_mut(), Accum::Replace, x, unit.transpose(), 1.0, par);
        for j in 0..m {
            values.col_as_slice_mut(j).iter_mut().zip(y).for_each(|(value, y)| *value = y * value.max(0.0));
        }
        // The length of a row errs by d/2 + 1 roundings, the quotient by one more, the product by d.
        let error = |i: usize| length(x.row(i).as_mat()).upper() * rounding::sum(2 * d, 6);
        Ok(Self { errors: (0..n).map(error).collect(), values, par })
    }

    /// The margin G. The primal vector is c (`[m, 1]`, ‖c‖_1 = 1).
    ///
    /// # Accuracy
    /// As [`Directions::margin_at`], at the vectors of an interior-point method.
    pub fn margin(&self) -> Margin {
        let (q, c) = interior_point::linear(self.values.as_ref(), self.par);
        let c = if c.iter().all(|c| c.is_finite()) { c } else { vec![0.0; c.len()] };
        self.certificate(&proposed(&q), &c)
    }

    /// The interval `[min_i y_i Σ_j c_j σ(v̂_j·x_i)/‖c‖_1, max_j |Σ_i q_i y_i σ(v̂_j·x_i)|]`, which contains
    /// G for any weights q (`[n]`, not negative; their sum does not count) and any c (`[m]`).
    ///
    /// # Errors
    /// Weights of another number, negative, or all 0; a c of another length, or not finite.
    ///
    /// # Accuracy
    /// The ends include all rounding, of about `(2d + n/64 + m/64 + 140)·ε` of the longest input.
    pub fn margin_at(&self, q: &[f64], c: &[f64]) -> Result<Margin> {
        let (n, m) = (self.values.nrows(), self.values.ncols());
        if c.len() != m || c.iter().any(|c| !c.is_finite()) {
            return Err(Error::shape("the vector c", [c.len(), 1], format!("{m}, 1, all entries finite")));
        }
        Ok(self.certificate(&super::weights(q, n)?, c))
    }

    /// The interval of weights that are allowed and finite c.
    fn certificate(&self, q: &[f64], c: &[f64]) -> Margin {
        let (n, m) = (self.values.nrows(), self.values.ncols());
        let sum = total(q.iter().copied());
        let dual: Vec<f64> = q.iter().map(|q| q / sum.value).collect();
        let mass = total(c.iter().map(|c| c.abs()));
        // Rows: the moduli of the terms add up to at most the largest entry of the row times ‖c‖_1.
        let mut rows = vec![0.0; n];
        let strips = each(self.par, m.div_ceil(STRIP), |strip| {
            let (first, count) = (strip * STRIP, STRIP.min(m - strip * STRIP));
            times(self.values.subcols(first, count), &c[first..first + count])
        });
        strips.iter().for_each(|strip| rows.iter_mut().zip(strip).for_each(|(row, sum)| *row += sum));
        let share = rounding::sum(STRIP.min(m) + m.div_ceil(STRIP), 2);
        let largest = |i: usize| (0..m).map(|j| self.values[(i, j)].abs()).fold(0.0, f64::max);
        let most = each(self.par, n, largest);
        let row =
            |i: usize| Ball::new(rows[i], (mass * (self.errors[i] + share * most[i])).upper().next_up());
        let least = (0..n).map(|i| row(i).lower()).fold(f64::INFINITY, f64::min);
        // Columns: the same with the weights.
        let reach = total(dual.iter().zip(&self.errors).map(|(q, e)| q * e)).upper();
        let share = rounding::sum(STRIP.min(n) + n.div_ceil(STRIP), 2);
        let column = |j: usize| {
            let terms = self.values.col_as_slice(j).chunks(STRIP).zip(dual.chunks(STRIP));
            let [mut sum, mut moduli] = [0.0; 2];
            for (values, q) in terms {
                sum += values.iter().zip(q).map(|(value, q)| value * q).sum::<f64>();
                moduli += values.iter().zip(q).map(|(value, q)| value.abs() * q).sum::<f64>();
            }
            Ball::new(sum.abs(), (reach + 2.0 * share * moduli).next_up()).upper()
        };
        let most = each(self.par, m, column).into_iter().fold(0.0, f64::max);
        let upper = (Ball::exact(most) / total(dual.iter().copied())).upper();
        let (lower, scale) = match mass.value > 0.0 {
            true => ((Ball::exact(least) / mass).lower(), 1.0 / mass.value),
            false => (0.0, 0.0),
        };
        let primal = Mat::from_fn(m, 1, |j, _| scale * c[j]);
        Margin { margin: between(lower, upper), primal, dual }
    }
}
