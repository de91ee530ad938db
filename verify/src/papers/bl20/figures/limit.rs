//! The quadratic model at infinite width for σ = z^p/p!, p = 2 or 3, as a convex program with a bound on
//! what is missing, [`escapement::descent::wide`].
//!
//! For p = 2, σ'' = 1: no direction enters, `f_Q = ½xᵀMx`, and the program is the limit itself. For p = 3,
//! σ''(w·x) = w·x, and the mean over w is one over directions that form orthonormal frames, turned at
//! random; with w they stand for −w as well, because M(−w) = −M(w) costs the same and makes the same f. The
//! bound is on the objective at these directions, over all M; how far n* moves with their number is
//! measured.

use crate::error::Result;
use crate::papers::bl20::learner::{Draw, Fit, Polynomial};
use escapement::activation;
use escapement::descent::wide::{WideProgram, WideSolution, curvature};
use escapement::objective::Loss;
use escapement::seed::ChaCha20Rng;
use escapement::sphere::uniform_sphere;
use faer::Mat;

/// The gap, relative to the objective, at which a program counts as solved, and steps within which it must
/// be reached.
pub const GAP: f64 = 0.01;
const STEPS: u64 = 10_000;
/// The gap at which the objective is near enough to its minimum to be what the other one is relative to.
const NEAR: f64 = 1e-5;

/// The program of a draw.
#[derive(Debug)]
pub struct Limit<'a> {
    draw: &'a Draw,
    lambda: f64,
    directions: Mat<f64>,
    rng: ChaCha20Rng,
    /// The largest gap so far, relative to the objective.
    pub gap: f64,
}

impl<'a> Limit<'a> {
    /// The program of a draw with a λ, for p = 3 at the directions of so many frames.
    pub fn new(mut rng: ChaCha20Rng, draw: &'a Draw, lambda: f64, frames: usize) -> Self {
        let (d, p) = (draw.task.d, draw.task.p);
        let mut directions = Mat::zeros(if p == 2 { 1 } else { frames * d }, d);
        if p == 3 {
            for frame in 0..frames {
                let q = uniform_sphere(&mut rng, d, d, 1.0).qr().compute_Q();
                directions.subrows_mut(frame * d, d).copy_from(&q);
            }
        }
        Self { draw, lambda, directions, rng, gap: 0.0 }
    }

    /// Columns of U and of V for each direction: for p = 3 one is enough, and two arrive sooner.
    fn rank(&self) -> usize {
        if self.directions.nrows() == 1 { self.directions.ncols().min(16) } else { 2 }
    }

    /// The minimum of `E_n (f_Q − y)² + 2λN²` over the first n inputs, or all if there are fewer, which is
    /// twice the objective of the quadratic model.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn solve(&mut self, n: usize) -> Result<WideSolution> {
        let (task, (x, y)) = (self.draw.task, self.draw.sample());
        let n = n.min(y.len());
        let (x, y) = (x.subrows(0, n), &y[..n]);
        let sigma = activation::parse(&format!("monomial:{}", task.p))?;
        let second = curvature(sigma.as_ref(), self.directions.as_ref(), x);
        let program = WideProgram {
            x,
            y,
            features: x.subcols(0, 0),
            curvature: second.as_ref(),
            loss: Loss::Square,
            ridge: 1.0,
            quartic: 2.0 * self.lambda,
            rank: self.rank(),
        };
        let near = program.solve(&program.random_start(&mut self.rng), NEAR, STEPS)?;
        if near.gap <= GAP * near.value {
            return Ok(near);
        }
        // Relative to what the objective is at least.
        Ok(program.solve(&near, GAP * (near.value - near.gap).max(0.0), STEPS)?)
    }

    /// f_Q of a solution.
    pub fn fitted(&self, solution: &WideSolution) -> Polynomial {
        let (directions, columns) = (self.directions.nrows(), solution.factors.ncols());
        let of = |column: usize| column / self.rank() % directions;
        let size = 0.5 / directions as f64;
        Polynomial {
            factors: (0..columns).map(|c| if 2 * c < columns { size } else { -size }).collect(),
            v: (directions > 1)
                .then(|| Mat::from_fn(columns, self.directions.ncols(), |c, i| self.directions[(of(c), i)])),
            w: solution.factors.transpose().to_owned(),
        }
    }

    /// The fit to the first n inputs, which has arrived where the gap is small enough.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn fit(&mut self, n: usize) -> Result<Fit> {
        let solution = self.solve(n)?;
        let gap = solution.gap / solution.value;
        self.gap = self.gap.max(gap);
        let model = self.fitted(&solution);
        Ok(Fit { error: model.distance(&self.draw.target), model, arrived: gap <= GAP })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample_size::lambda;
    use super::*;
    use crate::papers::bl20::learner::Task;
    use escapement::eigen::full_eigenvalues;
    use escapement::seed;
    use faer::Par;

    fn draw(d: usize, p: usize, n: usize) -> Draw {
        Draw::new(&mut seed::stream(3, "test", "draw"), Task { d, p, planes: 1, error: 0.25 }, p, n).unwrap()
    }

    fn limit(draw: &Draw, frames: usize) -> Limit<'_> {
        Limit::new(seed::stream(3, "test", "limit"), draw, lambda(draw.task.d, draw.task.p), frames)
    }

    /// Fenchel's dual at the slopes of the loss, from its formula, with `shares` of the two ends of the
    /// spectrum of G in ν².
    fn dual(limit: &Limit<'_>, solution: &WideSolution, n: usize, shares: [f64; 2]) -> f64 {
        let (task, (x, y)) = (limit.draw.task, limit.draw.sample());
        let a: Vec<f64> = limit.fitted(solution).at(x).iter().zip(y).map(|(f, y)| 2.0 * (f - y)).collect();
        let of = |r: usize, i: usize| {
            if task.p == 2 { 1.0 } else { limit.directions.row(r) * x.row(i).transpose() }
        };
        let directions = limit.directions.nrows();
        let square = (0..directions).map(|r| {
            let g = Mat::from_fn(task.d, task.d, |j, k| {
                (0..n).map(|i| a[i] * of(r, i) * x[(i, j)] * x[(i, k)]).sum::<f64>() / (2 * n) as f64
            });
            let values = full_eigenvalues(g.as_ref(), Par::Seq).unwrap();
            shares[0] * values[0].max(0.0).powi(2) + shares[1] * values[task.d - 1].min(0.0).powi(2)
        });
        let nu = (square.sum::<f64>() / directions as f64).sqrt();
        let value = |c: f64| {
            let fit: f64 = a.iter().zip(y).map(|(a, y)| c * a * y + 0.25 * (c * a).powi(2)).sum();
            -fit / n as f64 - 0.75 * c * nu * (c * nu / (8.0 * limit.lambda)).cbrt()
        };
        (500..=1000).map(|c| value(0.001 * f64::from(c))).fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn the_objective_lies_above_the_dual_and_below_a_wrong_one() {
        for (d, p, n) in [(8, 2, 20), (5, 3, 24)] {
            let draw = draw(d, p, n);
            let mut limit = limit(&draw, 4);
            let found = limit.solve(n).unwrap();
            let right = dual(&limit, &found, n, [0.5; 2]);
            assert!(found.gap <= GAP * found.value, "{found:?}");
            assert!(right <= found.value && right >= found.value - 1.01 * found.gap, "{right} {found:?}");
            // Without the negative eigenvalues, or with half of both, ν is too small, and no bound is left.
            for wrong in [[0.5, 0.0], [0.25; 2]] {
                assert!(dual(&limit, &found, n, wrong) > found.value);
            }
            // Far from the minimum the gap says so.
            let zero = WideSolution { factors: &found.factors * 0.5, ..found.clone() };
            assert!(dual(&limit, &zero, n, [0.5; 2]) < 0.9 * found.value);
        }
    }

    #[test]
    fn the_network_of_even_order_is_its_own_limit() {
        // 64 neurons can make every M of d = 10 with the norm that counts, and the descent finds the minimum
        // that the dual bounds.
        let draw = draw(10, 2, 30);
        let found = limit(&draw, 1).solve(30).unwrap();
        let (fit, value) = draw.descend(30, lambda(10, 2), 3e-7, 20_000).unwrap();
        let [low, high] = [found.value - found.gap, found.value].map(|v| 0.5 * v);
        assert!(fit.arrived && value >= low && value <= high * (1.0 + 1e-4), "{low} ≤ {value} ≤ {high}");
        // One that is stopped early does not.
        assert!(draw.descend(30, lambda(10, 2), 1e-2, 20_000).unwrap().1 > 1.05 * high);
        // The quadratic terms agree where they are tested, too.
        let other = limit(&draw, 1).fitted(&found).distance(&draw.target);
        assert!((fit.error - other).abs() < 0.01, "{} {other}", fit.error);
    }

    #[test]
    fn the_least_number_hardly_moves_with_the_number_of_directions() {
        let draw = draw(6, 3, 120);
        let least = |frames: usize| {
            let mut limit = limit(&draw, frames);
            draw.least_of(50.0, |n| limit.fit(n)).unwrap().n.unwrap()
        };
        let [few, many] = [least(4), least(16)];
        assert!((few / many).ln().abs() < 0.03, "{few} {many}");
        // From a tenth of the directions it would.
        let mut poor = limit(&draw, 4);
        poor.directions = poor.directions.subrows(0, 2).to_owned();
        let poor = draw.least_of(50.0, |n| poor.fit(n)).unwrap().n;
        assert!(poor.is_none_or(|n| (n / many).ln().abs() > 0.05), "{poor:?} {many}");
    }
}
