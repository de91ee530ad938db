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
const GAP: f64 = 0.1;

/// Products that estimate the norm of a Hessian to a few percent, which the margin covers.
const ROUGHLY: usize = 20;

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

/// What the norms of the Hessians at some points are.
#[derive(Default)]
struct Norms {
    /// The largest of the estimates from below.
    estimate: f64,
    /// The largest of the upper bounds: that on the largest eigenvalue has the certificate of the Lanczos
    /// process, and minus the least, which is far smaller, is bounded by its Ritz value.
    bound: f64,
    /// Products that it took.
    products: f64,
}

/// Looks at the Hessian of L_λ at these points, with at most so many products at each.
fn norms(loss: &RegularizedLoss<'_>, points: &[Mat<f64>], max_products: usize) -> Result<Norms> {
    let mut out = Norms::default();
    for (i, w) in points.iter().enumerate() {
        let hessian = loss.hessian(w.as_ref(), Par::Seq)?;
        let options = LeastOptions {
            tolerance: GAP,
            gap: GAP,
            dense: 1,
            max_products,
            seed: i as u64,
            ..LeastOptions::default()
        };
        let found = least_eigenvalue(&Negated(&hessian), &options, Par::Seq)?;
        out.estimate = out.estimate.max(found.norm);
        out.bound = out.bound.max(-found.lower_bound).max(found.norm);
        out.products += found.products as f64;
    }
    Ok(out)
}

pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let problem = Problem::new(cell, seed)?;
    let y = problem.built.target.value(problem.built.x.as_ref())?;
    let loss = problem.loss(&y)?;
    // The set visited is not known before the descent. That with backtracking stands in for it, and whether
    // the margin was enough is seen afterwards.
    let beside = options(cell, seed);
    let (other, path) = pass(&loss, &beside)?;
    let l = MARGIN * norms(&loss, &path.points, ROUGHLY)?.estimate;
    let options = DescentOptions { step_size: StepSize::Fixed(1.0 / l), ..beside };
    let (end, passed) = pass(&loss, &options)?;
    let seen = norms(&loss, &passed.points, LeastOptions::default().max_products)?;
    let mut measurement = record(cell, &problem, &options, &end, &passed)
        .quantity("smoothness", seen.bound, 0.0)
        .quantity("eta", 1.0 / l, 0.0)
        .quantity("steps_backtracking", other.state.step.max(1) as f64, 0.0)
        .hypothesis(
            "η ≤ 1/l",
            seen.bound <= l,
            format!(
                "1/η = {l:.4}, ‖∇²L_λ‖ ≤ {:.4} at {} points of the path",
                seen.bound,
                passed.points.len()
            ),
        );
    measurement.cost.products += seen.products;
    Ok(measurement)
}
