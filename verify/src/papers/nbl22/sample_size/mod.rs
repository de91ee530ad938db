//! The least number of samples from which a method learns half of what the kernel's plateau leaves: shared
//! by theorem-1 and remark-1.
//!
//! `f*(x) = η·x + (β·x)²`: one dense part of degree 1 with `E f_1² = 1`, and one sparse term. The error of a
//! method is `E (f̂ − f*)²/‖P_{>1} f*‖²`: 1 where all of degree up to 1 is learnt and nothing else, more
//! where that is missing too. Every method has to bring it to ½. Along one sequence of inputs the error at n
//! is that of the first n; n* is where it crosses ½ between two sizes of a grid with four to the octave, by
//! interpolation of ln error over ln n. Every method takes the best of its own short list of regularisations
//! at each n, judged by the very error that is asked for: an oracle, and the same favour for each.

mod kernels;

use super::effort;
use super::instance;
use super::learner::Learner;
use crate::claim::{Cell, Prediction, Tier};
use crate::error::{Error, Result};
use crate::papers::nbl22::letters::{D, K, Letters, M, R};
use escapement::ball::Ball;
use escapement::construct::{LowDegree, SparseTerm, Target, ZonalTerm};
use escapement::kernel::ridge::KernelRidge;
use escapement::network::Model;
use escapement::sphere::{FeatureLevels, Truncation, uniform_sphere};
use escapement::tolerance;
use faer::{Mat, MatRef, Par};
use std::collections::BTreeMap;

/// The activation: that of the experiments of NBL22.
const ACTIVATION: &str = "sigmoid:1";
/// The error to reach.
const LEVEL: f64 = 0.5;
/// Sizes of the grid to the octave.
const TO_THE_OCTAVE: f64 = 4.0;
/// ε of λ_i = ε·factor_i/R_i(W*) in the regularised methods: the best of them counts.
const EPSILONS: [f64; 2] = [1e-4, 1e-5];
/// The factors: R1 and R3 weigh enough to keep f_L from degrees above k, R2 next to nothing. Found by trial
/// at d = 10 and 20, and the same everywhere.
const FACTORS: [f64; 4] = [100.0, 0.01, 100.0, 10.0];
/// Steps of gradient descent: from d = 10 to 45 the error at 256 steps was within a tenth of that at 512 and
/// at 1024, more often below than above. At 128 steps it is so up to d = 32 alone, and n* grows with d for
/// want of steps. The network at m = 640 and d = 8 and 16 needs a tenth more samples after 1024.
const STEPS: u64 = 256;
/// Ridges λ of the kernels, relative to κ_1; the best of them counts.
const RIDGES: [f64; 4] = [0.0, 1e-3, 1e-2, 1e-1];
/// Fresh inputs behind the error of what has no exact one.
const FRESH: usize = 4000;

/// Relative rounding of a mean square error, generously: those of the kernels carry some n²·1e-16 of it.
/// What is trained is what f64 makes of 512 products.
const ROUNDING: f64 = 1e-9;

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// f_L + f_Q with R1..R4: what Theorem 1 is about.
    Regularised,
    /// f_Q alone with R4.
    QuadraticTerm,
    /// The network itself, with R1..R4.
    Network,
    /// Kernel ridge regression with the NTK at infinite width.
    Kernel,
    /// Kernel ridge regression with the NTK of the network at hand.
    FiniteKernel,
}

/// A learner, a sequence of inputs, and the errors found so far.
pub(super) struct Trial {
    learner: Learner,
    levels: FeatureLevels,
    x: Mat<f64>,
    fresh: Mat<f64>,
    truth: Vec<f64>,
    /// ‖P_{>1} f*‖².
    plateau: f64,
    known: BTreeMap<(Method, usize), f64>,
}

impl Trial {
    /// The trial of a cell.
    pub(super) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let learner = Learner::new(cell, seed, target(cell, seed)?)?;
        let levels = FeatureLevels::new(
            cell.d(),
            learner.built.net.activation(),
            Truncation::Tail(tolerance::FINE_TAIL),
        )?;
        let x = instance::inputs(cell, seed, "inputs", Self::most(cell.d()));
        let fresh = instance::inputs(cell, seed, "fresh inputs", FRESH);
        let truth = learner.built.target.value(fresh.as_ref())?;
        let plateau =
            (cell.k() + 1..=learner.zonals.degree()).map(|j| learner.zonals.second_moment(j)).sum();
        Ok(Self { learner, levels, x, fresh, truth, plateau, known: BTreeMap::new() })
    }

    /// The largest size tried: 32 times the harmonics of degree 2, roughly, for a narrow network needs that
    /// many.
    fn most(d: usize) -> usize {
        16 * d * (d + 4)
    }

    /// The error of a method on the first n inputs, at its best regularisation.
    pub(super) fn error(&mut self, method: Method, n: usize) -> Result<f64> {
        if let Some(known) = self.known.get(&(method, n)) {
            return Ok(*known);
        }
        let x = self.x.as_ref().subrows(0, n);
        let best = match method {
            Method::Regularised => self.trained(Model::Quadratic, x)?,
            Method::QuadraticTerm => self.trained(Model::QuadraticTerm, x)?,
            Method::Network => self.trained(Model::Network, x)?,
            Method::Kernel => {
                let ridge = KernelRidge::new(&self.levels, x, &self.learner.zonals)?;
                let totals = RIDGES
                    .iter()
                    .filter_map(|share| ridge.fit(share * self.levels.levels[1].kappa))
                    .map(|fit| fit.total());
                totals.fold(f64::INFINITY, f64::min)
            }
            Method::FiniteKernel => kernels::least_error(
                &self.learner,
                x,
                &RIDGES.map(|share| share * self.levels.levels[1].kappa),
            )?,
        };
        let error = best / self.plateau;
        self.known.insert((method, n), error);
        Ok(error)
    }

    fn trained(&self, model: Model, x: MatRef<'_, f64>) -> Result<f64> {
        let mut best = f64::INFINITY;
        for epsilon in EPSILONS {
            let mut lambda = self.learner.lambda(epsilon, FACTORS);
            if model == Model::QuadraticTerm {
                // R1..R3 are about f_L.
                lambda[..3].fill(0.0);
            }
            let end = self.learner.train(x, model, lambda, STEPS)?;
            let f = self.learner.built.net.predict(
                model,
                self.fresh.as_ref(),
                end.state.w.as_ref(),
                Par::Seq,
            )?;
            best = best
                .min(f.iter().zip(&self.truth).map(|(f, y)| (f - y).powi(2)).sum::<f64>() / FRESH as f64);
        }
        Ok(best)
    }

    /// n* and what rounding does to it; the uncertainty of one draw of everything is in the replicates. It
    /// is the first size of the grid from `hint` on, up or down, whose error is at most ½ while that of the
    /// one before is not, interpolated.
    pub(super) fn least(&mut self, method: Method, hint: f64) -> Result<Ball> {
        let (d, most) = (self.x.ncols() as f64, self.x.nrows());
        let size = |i: i32| (d * (f64::from(i) / TO_THE_OCTAVE).exp2()).round() as usize;
        let enough = |this: &mut Self, i: i32| this.error(method, size(i)).map(|error| error <= LEVEL);
        let mut high = (TO_THE_OCTAVE * (hint / d).log2()).round() as i32;
        // An octave at a time until ½ lies between, then by halves.
        let octave = TO_THE_OCTAVE as i32;
        let mut low;
        if enough(self, high)? {
            low = high - octave;
            while enough(self, low)? {
                (low, high) = (low - octave, low);
                if size(low) < 2 {
                    return Err(Error::Core(missing(method, "even two samples are enough")));
                }
            }
        } else {
            low = high;
            loop {
                high = low + octave;
                if size(high) > most {
                    return Err(Error::Core(missing(method, "the sequence of inputs is too short")));
                }
                if enough(self, high)? {
                    break;
                }
                low = high;
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            if enough(self, middle)? { high = middle } else { low = middle }
        }
        let [above, below] = [low, high].map(|i| (self.error(method, size(i)), (size(i) as f64).ln()));
        let ((above, x0), (below, x1)) = ((above.0?.ln(), above.1), (below.0?.ln(), below.1));
        let value = (x0 + (x1 - x0) * (above - LEVEL.ln()) / (above - below)).exp();
        Ok(Ball::relative(value, (x1 - x0) * ROUNDING / (above - below)))
    }

    /// Floating-point operations so far, those of training.
    pub(super) fn flops(&self) -> f64 {
        let (d, m) = (self.learner.built.net.d() as f64, self.learner.built.net.m() as f64);
        let trained =
            self.known.keys().filter(|(method, _)| !matches!(method, Method::Kernel | Method::FiniteKernel));
        trained
            .map(|(_, n)| {
                (EPSILONS.len() as u64 * STEPS) as f64 * (6.0 * *n as f64 * m * d + 1.5 * m * m * d)
            })
            .sum()
    }
}

fn missing(method: Method, why: &str) -> escapement::Error {
    escapement::Error::Numerical {
        what: "the least number of samples",
        why: format!("{why} for {method:?}"),
    }
}

/// `√d P_1(η·x̂) + (β·x)²`, η and β uniform, anew for each replicate.
fn target(cell: &Cell, seed: u64) -> Result<Target> {
    let rng = &mut cell.stream(seed, "target");
    let mut direction =
        || uniform_sphere(rng, 1, cell.d(), 1.0).row(0).iter().copied().collect::<Vec<f64>>();
    let low = ZonalTerm { degree: 1, coefficient: (cell.d() as f64).sqrt(), eta: direction() };
    let sparse = SparseTerm { alpha: 1.0, beta: direction() };
    Ok(Target::new(cell.d(), cell.k(), LowDegree::Zonal(vec![low]), vec![sparse])?)
}

/// Dimensions of a tier, and replicates.
pub(super) fn sweep(tier: Tier) -> (&'static [usize], usize) {
    match tier {
        Tier::Quick => (&[4, 6, 8, 11, 16], 3),
        Tier::Standard => (&[8, 11, 16, 23, 32, 45], 6),
        Tier::Paper => (&[8, 11, 16, 23, 32, 45, 60], 8),
    }
}

/// The cell of a tier at d: m = 10d at the quick tier, else 20d.
pub(super) fn cell(claim: &str, tier: Tier, d: usize, replicate: usize) -> Cell {
    let m = if tier == Tier::Quick { 10 * d } else { 20 * d };
    Cell::new(claim, "")
        .with(D, d)
        .with(M, m)
        .with(K, 1)
        .with(R, 1)
        .activation(ACTIVATION)
        .replicate(replicate)
}

/// log(dm), as it enters the Rademacher complexity of f_Q: what Θ̃ hides.
pub(super) fn logarithm(cell: &Cell) -> f64 {
    ((cell.d() * cell.m()) as f64).ln()
}

/// Where to look first for n* of what is trained.
pub(super) fn hint(cell: &Cell) -> f64 {
    (2.0 + 0.2 * cell.d() as f64) * cell.d() as f64
}

/// The flops of a search of what is trained: some six sizes around n, with each ε.
pub(super) fn search(cell: &Cell, n: f64, network: bool) -> f64 {
    let training = 1.13 * STEPS as f64 * effort::step(cell, n, network) + effort::fresh(cell, FRESH);
    6.0 * EPSILONS.len() as f64 * training
}

/// For as many searches of the expansion.
pub(super) fn predict(cell: &Cell, searches: f64) -> Prediction {
    let (d, m, n) = (cell.d() as f64, cell.m() as f64, 1.2 * hint(cell));
    // Inputs of the largest Gram matrix of a kernel.
    let gram = (4 * cell.d() * (cell.d() + 4)) as f64;
    Prediction {
        flops: effort::top_space(cell, tolerance::TAIL) + searches * search(cell, n, false),
        bytes: 1e7
            + 8.0
                * (Trial::most(cell.d()) as f64 * d
                    + 2.0 * m * n
                    + 6.0 * m * m
                    + 4.0 * m * d * d
                    + gram * gram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_number_lies_where_the_error_crosses_half() {
        let mut trial = Trial::new(&cell("test", Tier::Quick, 8, 0), 1).unwrap();
        let least = trial.least(Method::Kernel, 25.0).unwrap();
        // From below and from above, the same crossing.
        for hint in [8.0, 16.0, 150.0] {
            assert_eq!(trial.least(Method::Kernel, hint).unwrap().value, least.value, "{hint}");
        }
        // Between neighbours on a grid with a ratio of 2^¼.
        let [above, below] = [least.value / 1.19, least.value * 1.19].map(|n| n.round() as usize);
        assert!(
            trial.error(Method::Kernel, above).unwrap() > LEVEL
                && trial.error(Method::Kernel, below).unwrap() < LEVEL
        );
        assert!(least.error < 1e-6 * least.value);
        // Where the inputs never suffice, it says so.
        trial.known = (2..=3072).map(|n| ((Method::QuadraticTerm, n), 1.0)).collect();
        assert!(trial.least(Method::QuadraticTerm, 25.0).unwrap_err().to_string().contains("too short"));
    }
}
