//! The worst Ŵ of the set `{L_λ ≤ Cε}` that an ascent of the population loss finds.
//!
//! Two samples stand for the population, because an ascent fits what it is shown: it sees one, and the loss
//! at its end is measured on the other.

use crate::error::Result;
use crate::papers::nbl22::learner::Learner;
use escapement::descent::quasi_newton::QuasiNewton;
use escapement::eigen;
use escapement::network::Model;
use escapement::objective::regularized::{Value, Workspace};
use escapement::objective::{Loss, RegularizedLoss};
use faer::{Mat, MatMut, MatRef, Par};

/// C of the set: the terms of L_λ(W*) are at most ε each, by Theorem 2 the loss, and by the choice of λ_i
/// the regularisers.
pub(super) const C: f64 = 5.0;
/// The share of Cε to which a start is brought down before it rises.
const WITHIN: f64 = 0.5;
/// Steps that this may take.
const DESCENT: u64 = 400;
/// Weights of the barrier, one after the other.
const BARRIERS: [f64; 2] = [0.25, 0.03125];
/// Steps of the ascent with each of them.
const ASCENT: u64 = 25;
/// Evaluations that two starts take, about.
pub(super) const EVALUATIONS: f64 = 160.0;

/// Where one start ends.
pub(super) struct Found {
    /// The displacement, `[m, d]`.
    pub(super) w: Mat<f64>,
    /// L_λ there, with its parts.
    pub(super) value: Value,
    /// The loss there on the inputs that the ascent saw.
    pub(super) seen: f64,
    /// That loss before the ascent, at the end of the descent into the set.
    pub(super) before: f64,
}

/// L_λ with the level that it must not exceed, and the loss that is to rise.
pub(super) struct Adversary<'a> {
    inside: RegularizedLoss<'a>,
    population: RegularizedLoss<'a>,
    level: f64,
}

impl<'a> Adversary<'a> {
    /// On the sample `x`, with `λ_i = ε/R_i(W*)`; `seen` stands for the population.
    pub(super) fn new(
        learner: &'a Learner,
        model: Model,
        epsilon: f64,
        x: MatRef<'a, f64>,
        seen: MatRef<'a, f64>,
    ) -> Result<Self> {
        let of = |x: MatRef<'a, f64>, lambda| -> Result<RegularizedLoss<'a>> {
            let y = learner.built.target.value(x)?;
            let (of, memory) = (learner.built.regularizers_on(x), eigen::DEFAULT_MEMORY);
            Ok(RegularizedLoss::new(of, &y, Loss::PseudoHuber, lambda, model, memory, Par::Seq)?)
        };
        let lambda = learner.lambda(epsilon, [1.0; 4]);
        Ok(Self { inside: of(x, lambda)?, population: of(seen, [0.0; 4])?, level: C * epsilon })
    }

    /// Whether L_λ is at most Cε there.
    pub(super) fn holds(&self, found: &Found) -> bool {
        found.value.objective <= self.level
    }

    /// The worse of the ends of two starts; one in the set goes before one outside.
    pub(super) fn worst(&self, [one, other]: [&Mat<f64>; 2]) -> Result<Found> {
        let (one, other) = (self.from(one)?, self.from(other)?);
        let key = |f: &Found| (self.holds(f), f.seen);
        Ok(if key(&other) > key(&one) { other } else { one })
    }

    /// From `start` down into the set, and from there up to where the loss no longer rises. Where the
    /// descent does not arrive, its end is returned.
    fn from(&self, start: &Mat<f64>) -> Result<Found> {
        let (m, d) = (start.nrows(), start.ncols());
        let mut space = [self.inside.workspace(), self.population.workspace()];
        let z = (0..m * d).map(|i| start[(i % m, i / m)]).collect();
        let mut down = |z: &[f64], g: &mut [f64]| {
            evaluate(&self.inside, z, g, &mut space[0]).map_or(f64::INFINITY, |v| v.objective)
        };
        let mut run = QuasiNewton::new(z, &mut down);
        while run.value() > WITHIN * self.level && run.steps() < DESCENT && run.advance(1, &mut down) {}
        let mut point = run.point().to_vec();
        let mut other = vec![0.0; m * d];
        let before = evaluate(&self.population, &point, &mut other, &mut space[1])?.loss;
        let rises = run.value() < self.level;
        for weight in BARRIERS.into_iter().filter(|_| rises) {
            let mut up = |z: &[f64], g: &mut [f64]| self.barrier(z, weight, g, &mut other, &mut space);
            let mut run = QuasiNewton::new(point, &mut up);
            run.advance(ASCENT, &mut up);
            point = run.point().to_vec();
        }
        let value = evaluate(&self.inside, &point, &mut other, &mut space[0])?;
        let seen = evaluate(&self.population, &point, &mut other, &mut space[1])?.loss;
        Ok(Found { w: matrix(&point, m, d).to_owned(), value, seen, before })
    }

    /// `−ln L − weight·ln(1 − L_λ/Cε)` and its gradient; infinite outside the set.
    fn barrier(
        &self,
        z: &[f64],
        weight: f64,
        gradient: &mut [f64],
        other: &mut [f64],
        [inside, population]: &mut [Workspace; 2],
    ) -> f64 {
        let Ok(value) = evaluate(&self.inside, z, gradient, inside) else { return f64::INFINITY };
        let slack = 1.0 - value.objective / self.level;
        if slack <= 0.0 {
            return f64::INFINITY;
        }
        let Ok(Value { loss, .. }) = evaluate(&self.population, z, other, population) else {
            return f64::INFINITY;
        };
        let factor = weight / (slack * self.level);
        gradient.iter_mut().zip(&*other).for_each(|(g, o)| *g = factor * *g - o / loss);
        -loss.ln() - weight * slack.ln()
    }
}

/// The objective at a point, column-major, with its gradient.
fn evaluate(
    of: &RegularizedLoss<'_>,
    z: &[f64],
    gradient: &mut [f64],
    space: &mut Workspace,
) -> escapement::Result<Value> {
    let (m, d) = (of.m(), of.d());
    let gradient = MatMut::from_column_major_slice_mut(gradient, m, d);
    of.value_and_gradient(matrix(z, m, d), gradient, space, Par::Seq)
}

fn matrix(z: &[f64], m: usize, d: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(z, m, d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Cell;
    use crate::papers::nbl22::instance::{inputs, shared_target};
    use crate::papers::nbl22::letters::{D, K, M, N, R};

    #[test]
    fn an_ascent_ends_in_the_set_with_a_larger_loss() {
        let cell = Cell::new("test", "").with(D, 4).with(M, 16).with(N, 8).with(K, 1).with(R, 1);
        let cell = cell.activation("tanh:0.5");
        let learner = Learner::new(&cell, 1, shared_target(&cell, 1).unwrap()).unwrap();
        let (x, seen) = (inputs(&cell, 1, "inputs", 8), inputs(&cell, 1, "seen", 100));
        let epsilon = 0.1;
        let adversary =
            Adversary::new(&learner, Model::Quadratic, epsilon, x.as_ref(), seen.as_ref()).unwrap();
        let found = adversary.worst([learner.start(); 2]).unwrap();
        assert!(adversary.holds(&found) && found.seen > 1.5 * found.before);

        // L_λ and the loss by another route: the model itself, and each regulariser by itself.
        let loss = |x: &Mat<f64>| {
            let f = learner.built.net.predict(Model::Quadratic, x.as_ref(), found.w.as_ref(), Par::Seq);
            Loss::PseudoHuber.mean(&learner.built.target.value(x.as_ref()).unwrap(), &f.unwrap()).unwrap()
        };
        let parts = learner.built.regularizers_on(x.as_ref()).all(found.w.as_ref(), Par::Seq).unwrap();
        let lambda = learner.lambda(epsilon, [1.0; 4]);
        let objective = loss(&x) + parts.iter().zip(&lambda).map(|(r, l)| r * l).sum::<f64>();
        assert!((found.value.objective / objective - 1.0).abs() < 1e-10);
        assert!((found.seen / loss(&seen) - 1.0).abs() < 1e-10);
        assert!(objective > 0.8 * C * epsilon);
    }
}
