//! The descent with one step size, as Jin and others have it: η = 1/l.

use super::MARGIN;
use super::descent::{Problem, options, pass, record};
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::descent::{DescentOptions, LeastOptions, StepSize, least_eigenvalue};
use escapement::objective::RegularizedLoss;
use escapement::operator::SymmetricOperator;
use faer::{Mat, MatMut, MatRef, Par};

/// The distance of a bound on an eigenvalue from its value, relative to the norm of the Hessian.
const GAP: f64 = 0.05;

/// −H, whose least eigenvalue is minus the largest of H.
struct Negated<'a>(&'a dyn SymmetricOperator);

impl SymmetricOperator for Negated<'_> {
    fn order(&self) -> usize {
        self.0.order()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, par: Par) -> escapement::Result<()> {
        self.0.apply(v, out.as_mut(), par)?;
        for column in out.col_iter_mut() {
            column.iter_mut().for_each(|x| *x = -*x);
        }
        Ok(())
    }
}

/// The largest over these points of an upper bound on the norm of the Hessian of L_λ: on its largest
/// eigenvalue with the certificate of the Lanczos process, and on minus its least, which is far smaller, by
/// the Ritz values. Second, the products that it took.
fn smoothness(loss: &RegularizedLoss<'_>, points: &[Mat<f64>]) -> Result<(f64, f64)> {
    let (mut largest, mut products) = (0.0_f64, 0);
    for (i, w) in points.iter().enumerate() {
        let hessian = loss.hessian(w.as_ref(), Par::Seq)?;
        let options =
            LeastOptions { tolerance: GAP, gap: GAP, dense: 1, seed: i as u64, ..LeastOptions::default() };
        let found = least_eigenvalue(&Negated(&hessian), &options, Par::Seq)?;
        largest = largest.max(-found.lower_bound).max(found.norm);
        products += found.products;
    }
    Ok((largest, products as f64))
}

pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let problem = Problem::new(cell, seed)?;
    let y = problem.built.target.value(problem.built.x.as_ref())?;
    let loss = problem.loss(&y)?;
    // The set visited is not known before the descent. That with backtracking stands in for it, and whether
    // the margin was enough is seen afterwards.
    let beside = options(cell, seed);
    let (other, path) = pass(&loss, &beside)?;
    let l = MARGIN * smoothness(&loss, &path.points)?.0;
    let options = DescentOptions { step_size: StepSize::Fixed(1.0 / l), ..beside };
    let (end, passed) = pass(&loss, &options)?;
    let (seen, products) = smoothness(&loss, &passed.points)?;
    let mut measurement = record(cell, &problem, &options, &end, &passed)
        .quantity("smoothness", seen, 0.0)
        .quantity("eta", 1.0 / l, 0.0)
        .quantity("steps_backtracking", other.state.step.max(1) as f64, 0.0)
        .hypothesis(
            "η ≤ 1/l",
            seen <= l,
            format!("1/η = {l:.4}, ‖∇²L_λ‖ ≤ {seen:.4} at {} points of the path", passed.points.len()),
        );
    measurement.cost.products += products;
    Ok(measurement)
}
