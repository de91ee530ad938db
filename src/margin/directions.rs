//! The margin over neurons with given directions, a linear program.

use super::{Margin, check_examples, check_memory, interior_point, length};
use crate::ball::Ball;
use crate::product::{each, matmul};
use crate::{Error, Result, rounding};
use faer::{Accum, Mat, MatRef, Par};

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
    /// The values of neurons with the directions of the rows of `v` (`[m, d]`), whose lengths do not count,
    /// on the inputs `x` (`[n, d]`) with labels `y` (`[n]`).
    ///
    /// # Errors
    /// Shapes that do not fit, no inputs, no directions, labels other than ±1, numbers that are not finite,
    /// a row of `v` that is 0, and [`Error::Memory`] where five matrices of order n × (m + n) exceed
    /// [`super::MEMORY`].
    pub fn new(v: MatRef<'_, f64>, x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<Self> {
        check_examples(x, y)?;
        let (m, n, d) = (v.nrows(), x.nrows(), x.ncols());
        if m == 0 || v.ncols() != d {
            return Err(Error::shape("the directions", [m, v.ncols()], format!("m, {d}, not 0")));
        }
        crate::error::finite("the directions", v)?;
        check_memory(
            format!("a program of {m} directions and {n} examples"),
            40.0 * (m + n) as f64 * n as f64,
        )?;
        let norms: Vec<f64> = (0..m).map(|j| v.row(j).norm_l2()).collect();
        if let Some(j) = norms.iter().position(|norm| !norm.is_normal()) {
            return Err(Error::domain(format!("the length of direction {j}"), norms[j], "it must not be 0"));
        }
        let unit = Mat::from_fn(m, d, |j, c| v[(j, c)] / norms[j]);
        let mut values = Mat::<f64>::zeros(n, m);
        matmul(values.as_mut(), Accum::Replace, x, unit.transpose(), 1.0, Par::Seq);
        for j in 0..m {
            values.col_as_slice_mut(j).iter_mut().zip(y).for_each(|(value, y)| *value = y * value.max(0.0));
        }
        // The length of a row errs by d/2 + 1 roundings, the quotient by one more, the product by d.
        let error = |i: usize| length(x.row(i).as_mat()).upper() * rounding::sum(2 * d, 6);
        Ok(Self { errors: (0..n).map(error).collect(), values, par })
    }

    /// The margin G. The primal vector is c (`[m, 1]`, ‖c‖_1 = 1).
    ///
    /// # Errors
    /// None but those of [`Directions::margin_at`], for which a solver would have to return weights that are
    /// not finite.
    ///
    /// # Accuracy
    /// As [`Directions::margin_at`], at the vectors of an interior-point method.
    pub fn margin(&self) -> Result<Margin> {
        let (q, c) = interior_point::linear(self.values.as_ref(), self.par);
        self.margin_at(&q, &c)
    }

    /// The interval `[min_i y_i Σ_j c_j σ(v̂_j·x_i)/‖c‖_1, max_j |Σ_i q_i y_i σ(v̂_j·x_i)|]`, which contains
    /// G for any weights q (`[n]`, not negative; their sum does not count) and any c (`[m]`).
    ///
    /// # Errors
    /// Weights of another number, negative, or all 0; a c of another length, or not finite.
    ///
    /// # Accuracy
    /// The ends include all rounding, of about `d·ε` of the longest input.
    pub fn margin_at(&self, q: &[f64], c: &[f64]) -> Result<Margin> {
        let (n, m) = (self.values.nrows(), self.values.ncols());
        if c.len() != m || c.iter().any(|c| !c.is_finite()) {
            return Err(Error::shape("the vector c", [c.len(), 1], format!("{m}, 1, all entries finite")));
        }
        let q = super::weights(q, n)?;
        let value = |i: usize, j: usize| Ball::new(self.values[(i, j)], self.errors[i]);
        let rows = each(self.par, n, |i| (0..m).map(|j| value(i, j) * c[j]).sum::<Ball>());
        let columns = each(self.par, m, |j| (0..n).map(|i| value(i, j) * q[i]).sum::<Ball>().abs());
        let upper = Ball::exact(columns.into_iter().fold(Ball::exact(0.0), Ball::hull).upper());
        let mass = c.iter().map(|c| Ball::exact(c.abs())).sum();
        Ok(Margin::new(&rows, mass, upper, &Mat::from_fn(m, 1, |j, _| c[j]), q))
    }
}
