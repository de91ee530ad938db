//! The margin of a transport of neurons that is bounded neuron by neuron, a second-order cone program.

use super::{Gradients, Margin, between, check_memory, proposed, total};
use crate::ball::Ball;
use crate::{Error, Result};
use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SecondOrderConeT, ZeroConeT,
};
use faer::Mat;

/// The gap, relative or absolute, at which the solver stops, far below what its matrices usually allow.
const GAP: f64 = 1e-13;

impl Gradients<'_> {
    /// `γ^∞_m = max_{‖u_j‖ ≤ m^{-1/2}} min_i ⟨U, φ_i⟩ = min_q m^{-1} Σ_j ‖Σ_i q_i y_i ψ_j(x_i)‖`, where
    /// `φ_i = y_i m^{-1/2} (ψ_j(x_i))_j`: the margin of directions that move each neuron by the same length
    /// at most. It never exceeds [`Gradients::margin`]. The primal vector is U (`[m, 1 + d]`).
    ///
    /// The cone program, of nm(1 + d) numbers, is solved by `clarabel`. For more than it can hold, or its
    /// time of about `(n + m(d + 3)) n²` flops a step, [`Gradients::transport_margin_at`] gives an interval
    /// for the weights of [`Gradients::margin`].
    ///
    /// # Errors
    /// [`Error::Memory`] where six times these numbers exceed [`super::MEMORY`], and
    /// [`Error::Numerical`] where the solver refuses the program.
    ///
    /// # Accuracy
    /// As [`Gradients::transport_margin_at`]; the field of the solver's multipliers serves where it is the
    /// better bound. The gap is usually about 1e-9 of the margin.
    pub fn transport_margin(&self) -> Result<Margin> {
        let (n, m, rows) = (self.n(), self.m(), self.weights().ncols());
        let numbers = n as f64 * m as f64 * rows as f64;
        check_memory(format!("the cone program of n = {n} examples and m = {m} neurons"), 96.0 * numbers)?;
        let (q, field) = self.solve_cone()?;
        let found = self.transport_margin_at(&proposed(&q))?;
        // The longest part of a neuron, with its rounding, brings the field within bounds.
        let part = |j: usize| super::length(field.row(j).as_mat()).upper();
        let longest = (0..m).map(part).fold(0.0, f64::max);
        if !(longest > 0.0 && longest.is_finite()) {
            return Ok(found);
        }
        let scale = (1.0 / (longest * self.root())).next_down() * (1.0 - 8.0 * f64::EPSILON);
        let field = Mat::from_fn(m, rows, |j, c| scale * field[(j, c)]);
        let lower = self.least(&field);
        if lower <= found.margin.lower() {
            return Ok(found);
        }
        Ok(Margin { margin: between(lower, found.margin.upper()), primal: field, ..found })
    }

    /// An interval that contains γ^∞_m, for any weights q (`[n]`, not negative; their sum does not count):
    /// the upper end is `m^{-1} Σ_j ‖g_j‖` with `g_j = Σ_i q_i y_i ψ_j(x_i)`, and the lower end is what the
    /// field `u_j = m^{-1/2} g_j/‖g_j‖` attains.
    ///
    /// # Errors
    /// Weights of another number, negative, or all 0.
    ///
    /// # Accuracy
    /// The ends include all rounding, as those of [`Gradients::margin_at`].
    pub fn transport_margin_at(&self, q: &[f64]) -> Result<Margin> {
        let dual = super::weights(q, self.n())?;
        let (direction, error) = self.combine(&dual);
        let norms: Vec<Ball> = (0..self.m()).map(|j| super::length(direction.row(j).as_mat())).collect();
        // By Cauchy–Schwarz the lengths of all rows err by √m times the error of the whole together.
        let sum = total(norms.iter().map(|norm| norm.upper())) / self.root() + Ball::new(0.0, error);
        let upper = (Ball::exact(sum.upper()) / total(dual.iter().copied())).upper();
        let scale = |j: usize| (1.0 / (norms[j].upper() * self.root())) * (1.0 - 8.0 * f64::EPSILON);
        let unit =
            |j: usize, c: usize| if norms[j].value > 0.0 { scale(j) * direction[(j, c)] } else { 0.0 };
        let primal = Mat::from_fn(self.m(), self.weights().ncols(), unit);
        Ok(Margin { margin: between(self.least(&primal), upper), primal, dual })
    }

    /// A lower bound on `min_i ⟨U, φ_i⟩`.
    fn least(&self, direction: &Mat<f64>) -> f64 {
        self.project(direction.as_ref()).iter().map(|p| p.lower()).fold(f64::INFINITY, f64::min)
    }

    /// The weights q and the field U that the cone solver proposes, U up to a factor.
    ///
    /// The unknowns are q and the lengths t_j, the constraints `Σq = 1`, `q ≥ 0` and `‖Σ_i q_i y_i ψ_j(x_i)‖
    /// ≤ t_j`. The multiplier of the cone of neuron j is `(1/m, −u_j/√m)`.
    fn solve_cone(&self) -> Result<(Vec<f64>, Mat<f64>)> {
        let (n, m, rows) = (self.n(), self.m(), self.weights().ncols());
        let (mut ends, mut places, mut entries) = (vec![0], Vec::new(), Vec::new());
        let mut push = |place: usize, entry: f64| {
            places.push(place);
            entries.push(entry);
            entries.len()
        };
        let cone = |j: usize| 1 + n + j * (rows + 1);
        for i in 0..n {
            push(0, 1.0);
            let mut end = push(1 + i, -1.0);
            let gradient = self.gradient(i)?;
            for (j, row) in gradient.row_iter().enumerate() {
                for (c, entry) in row.iter().enumerate().filter(|(_, entry)| **entry != 0.0) {
                    end = push(cone(j) + 1 + c, -entry);
                }
            }
            ends.push(end);
        }
        (0..m).for_each(|j| ends.push(push(cone(j), -1.0)));
        let constraints = CscMatrix::new(cone(m), n + m, ends, places, entries);
        let mut cost = vec![0.0; n];
        cost.resize(n + m, 1.0 / self.root());
        let mut right = vec![0.0; cone(m)];
        right[0] = 1.0;
        let mut cones = vec![ZeroConeT(1), NonnegativeConeT(n)];
        cones.resize(m + 2, SecondOrderConeT(rows + 1));
        let settings = DefaultSettings {
            verbose: false,
            tol_gap_abs: GAP,
            tol_gap_rel: GAP,
            tol_feas: GAP,
            ..DefaultSettings::default()
        };
        let none = CscMatrix::zeros((n + m, n + m));
        let mut solver = DefaultSolver::new(&none, &cost, &constraints, &right, &cones, settings)
            .map_err(|e| Error::Numerical { what: "the cone program of the margin", why: e.to_string() })?;
        solver.solve();
        let z = &solver.solution.z;
        let field = Mat::from_fn(m, rows, |j, c| -z[cone(j) + 1 + c]);
        Ok((solver.solution.x[..n].to_vec(), field))
    }
}
