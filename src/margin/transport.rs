//! The margin of a transport of neurons that is bounded neuron by neuron, a second-order cone program.

use super::{Gradients, Margin, check_memory, length};
use crate::ball::Ball;
use crate::{Error, Result};
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};
use faer::{Mat, RowRef};

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
        let (n, m, rows) = (self.y.len(), self.w.nrows(), self.w.ncols());
        let numbers = n as f64 * m as f64 * rows as f64;
        check_memory(format!("the cone program of n = {n} examples and m = {m} neurons"), 96.0 * numbers)?;
        let (q, field) = self.solve_cone()?;
        let found = self.transport_margin_at(&q)?;
        let other = self.transported(&field, Ball::exact(found.margin.upper()), found.dual.clone());
        Ok(if other.margin.lower() > found.margin.lower() { other } else { found })
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
        let dual = super::weights(q, self.y.len())?;
        let (mut field, error) = self.combine(&dual);
        let norms: Vec<Ball> = field.row_iter().map(|row| length(row.as_mat())).collect();
        // By Cauchy–Schwarz the lengths of all rows err by √m times the error of the whole together.
        let upper = norms.iter().copied().sum::<Ball>() / self.root + Ball::new(0.0, error);
        for (row, norm) in field.row_iter_mut().zip(&norms).filter(|(_, norm)| norm.value > 0.0) {
            row.iter_mut().for_each(|entry| *entry /= norm.value);
        }
        Ok(self.transported(&field, upper, dual))
    }

    /// The margin above what a field attains after division by √m times its longest part.
    fn transported(&self, field: &Mat<f64>, upper: Ball, dual: Vec<f64>) -> Margin {
        let part = |row: RowRef<'_, f64>| length(row.as_mat()).upper();
        let longest = Ball::exact(field.row_iter().map(part).fold(0.0, f64::max)) * self.root;
        Margin::new(&self.project(field.as_ref()), longest, upper, field, dual)
    }

    /// The weights q and the field U that the cone solver proposes, U up to a factor.
    ///
    /// The unknowns are q and the lengths t_j, the constraints `Σq = 1`, `q ≥ 0` and `‖Σ_i q_i y_i ψ_j(x_i)‖
    /// ≤ t_j`. The multiplier of the cone of neuron j is `(1/m, −u_j/√m)`.
    fn solve_cone(&self) -> Result<(Vec<f64>, Mat<f64>)> {
        let (n, m, rows) = (self.y.len(), self.w.nrows(), self.w.ncols());
        let mut triplets: (Vec<usize>, Vec<usize>, Vec<f64>) = Default::default();
        let cone = |j: usize| 1 + n + j * (rows + 1);
        for i in 0..n {
            triplets.extend([(0, i, 1.0), (1 + i, i, -1.0)]);
            for (j, row) in self.gradient(i)?.row_iter().enumerate() {
                let entries = row.iter().enumerate().filter(|(_, entry)| **entry != 0.0);
                triplets.extend(entries.map(|(c, entry)| (cone(j) + 1 + c, i, -entry)));
            }
        }
        triplets.extend((0..m).map(|j| (cone(j), n + j, -1.0)));
        let constraints = CscMatrix::new_from_triplets(cone(m), n + m, triplets.0, triplets.1, triplets.2);
        let cost = [vec![0.0; n], vec![1.0 / self.root; m]].concat();
        let right = [vec![1.0], vec![0.0; cone(m) - 1]].concat();
        let mut cones = vec![SupportedConeT::ZeroConeT(1), SupportedConeT::NonnegativeConeT(n)];
        cones.resize(m + 2, SupportedConeT::SecondOrderConeT(rows + 1));
        let mut settings = DefaultSettings { verbose: false, ..DefaultSettings::default() };
        (settings.tol_gap_abs, settings.tol_gap_rel, settings.tol_feas) = (GAP, GAP, GAP);
        let none = CscMatrix::zeros((n + m, n + m));
        let mut solver = DefaultSolver::new(&none, &cost, &constraints, &right, &cones, settings)
            .map_err(|e| Error::Numerical { what: "the cone program of the margin", why: e.to_string() })?;
        solver.solve();
        let field = Mat::from_fn(m, rows, |j, c| -solver.solution.z[cone(j) + 1 + c]);
        let q = solver.solution.x[..n].iter().map(|q| q.max(f64::MIN_POSITIVE)).collect();
        Ok((q, field))
    }
}
