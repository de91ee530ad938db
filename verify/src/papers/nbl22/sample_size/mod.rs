//! The least number of samples n* from which a method learns a target: shared by theorem-1 and remark-1.
//!
//! `f* = f_k + Σ_i α_i (β_i·x)^{k+1}`, with a dense f_k of mean square 1 and uniform directions β_i: at k =
//! 1 f_k is η·x, at k = 2 a quadratic form with as many positive as negative eigenvalues, all of one size. A
//! cell holds several draws of target and inputs; the error of a method at n is the mean over the draws, on
//! the first n inputs of each. n* is where it crosses a level, on the least-squares line of ln error over ln
//! n through four sizes around it, of a grid with four to the octave. Draws depend on d, k and the replicate
//! alone, so that accuracies, activations, numbers of terms and methods are compared on the same ones.
//!
//! f_L + f_Q is trained at infinite width ([`escapement::descent::wide`]), by one rule: λ_i = ε/(4R_i*),
//! R_i* those of the constructed W*, so that L_λ(W*) is at most ε/2, and the population loss is asked to be
//! ε.

pub(super) mod kernels;
mod network;

use super::instance;
use super::letters::{DIRECTIONS, EPSILON};
use crate::claim::distribution::{mean_and_error, student_quantile};
use crate::claim::{Cell, Measurement};
use crate::error::{Error, Result};
use crate::papers::nbl22::letters::{D, K, Letters};
use escapement::activation::Activation;
use escapement::ball::Ball;
use escapement::construct::population::Population;
use escapement::construct::{LowDegree, SparseTerm, Target, ZonalTerm};
use escapement::descent::wide::{WideProgram, WideSolution, curvature};
use escapement::kernel::ridge::{KernelRidge, Zonals};
use escapement::objective::Loss;
use escapement::sphere::{HarmonicBasis, Truncation, dimension, uniform_sphere};
use escapement::tolerance;
use faer::{Mat, MatRef};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sizes of the grid to the octave.
const TO_THE_OCTAVE: f64 = 4.0;
/// The share of ε that λ_i R_i* takes.
const SHARE: f64 = 0.25;
/// The gap, relative to ε, at which a program counts as solved.
const GAP: f64 = 0.005;
/// Steps within which it must be reached.
const STEPS: u64 = 4000;
/// Fresh inputs for each draw.
const FRESH: usize = 8192;
/// Ridges λ of the kernel, relative to κ_1; the best of them counts.
const RIDGES: [f64; 4] = [0.0, 1e-3, 1e-2, 1e-1];
/// Relative rounding of a mean square error, generously: those of the kernels carry some n²·1e-16 of it.
const ROUNDING: f64 = 1e-9;

/// The width that Theorem 1 asks for.
pub(super) const WIDTH: &str = "m ≥ n⁴ d^{26(k+1)/3} ε^{-22/3}";

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// f_L + f_Q at infinite width, with R1 to R4: what Theorem 1 is about.
    Expansion,
    /// f_Q alone with R4.
    QuadraticTerm,
    /// Kernel ridge regression with the NTK at infinite width.
    Kernel,
}

/// What has to be small, and how small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The population loss at most ε.
    Loss,
    /// The mean square error at most half of ‖P_{>k} f*‖².
    HalfPlateau,
}

/// The errors of a method at one n, relative to their levels.
#[derive(Debug, Clone, Copy)]
struct Errors {
    loss: Ball,
    square: Ball,
}

/// One target and one sequence of inputs.
pub(super) struct Draw {
    pub(super) target: Target,
    pub(super) zonals: Zonals,
    pub(super) x: Mat<f64>,
    y: Vec<f64>,
    fresh: Mat<f64>,
    truth: Vec<f64>,
    /// ‖P_{>k} f*‖².
    pub(super) plateau: f64,
    /// What f_L and f_Q are made of at the fresh inputs, made when it is first needed.
    at_fresh: Option<[Mat<f64>; 2]>,
    /// Where the next program starts, by method.
    starts: BTreeMap<Method, WideSolution>,
}

/// The draws of a cell, and the errors found so far.
pub(super) struct Trial {
    cell: Cell,
    activation: Arc<dyn Activation>,
    pub(super) draws: Vec<Draw>,
    directions: Mat<f64>,
    basis: HarmonicBasis,
    /// R4 of the constructed W*, averaged over groups of equal size.
    quartic: f64,
    seed: u64,
    known: BTreeMap<(Method, usize), Errors>,
    /// The largest gap relative to ε of a program that was solved.
    pub(super) gap: f64,
    /// Half of the widest Student interval of fresh inputs for a population loss, relative to it.
    sampling: f64,
    flops: f64,
}

/// What the random streams of a cell are keyed by.
fn group(cell: &Cell, draw: usize) -> Cell {
    Cell::new("samples", format!("draw-{draw}"))
        .with(D, cell.d())
        .with(K, cell.k())
        .replicate(cell.replicate)
}

impl Draw {
    fn new(cell: &Cell, seed: u64, draw: usize) -> Result<Self> {
        let group = group(cell, draw);
        let target = target(&group, cell.terms(), seed)?;
        let zonals = Zonals::of(&target)?;
        let most = (32.0 * dimension(cell.d(), cell.k() + 1)) as usize;
        let x = instance::inputs(&group, seed, "inputs", most);
        let fresh = instance::inputs(&group, seed, "fresh inputs", FRESH);
        let (y, truth) = (target.value(x.as_ref())?, target.value(fresh.as_ref())?);
        let plateau = (cell.k() + 1..=zonals.degree()).map(|j| zonals.second_moment(j)).sum();
        Ok(Self { target, zonals, x, y, fresh, truth, plateau, at_fresh: None, starts: BTreeMap::new() })
    }
}

impl Trial {
    /// The trial of a cell with so many draws; `directions` for f_Q where the cell names none.
    pub(super) fn new(cell: &Cell, seed: u64, draws: usize) -> Result<Self> {
        let activation = instance::activation(cell)?;
        let draws = (0..draws).map(|draw| Draw::new(cell, seed, draw)).collect::<Result<Vec<_>>>()?;
        let p = cell.whole(DIRECTIONS);
        let rng = &mut group(cell, 0).stream(seed, "directions of neurons");
        let directions = uniform_sphere(rng, p, cell.d(), 1.0);
        let norm = Population::new(activation.as_ref(), &draws[0].target)?.norm_2_4_pow4_even();
        Ok(Self {
            cell: cell.clone(),
            activation,
            draws,
            directions,
            basis: HarmonicBasis::new(cell.d(), cell.k())?,
            quartic: norm * norm,
            seed,
            known: BTreeMap::new(),
            gap: 0.0,
            sampling: 0.0,
            flops: 0.0,
        })
    }

    fn epsilon(&self) -> f64 {
        self.cell.real(EPSILON)
    }

    /// The errors of a method on the first n inputs.
    fn errors(&mut self, method: Method, n: usize) -> Result<Errors> {
        if let Some(known) = self.known.get(&(method, n)) {
            return Ok(*known);
        }
        let errors = if method == Method::Kernel { self.kernel(n)? } else { self.trained(method, n)? };
        self.known.insert((method, n), errors);
        Ok(errors)
    }

    /// The mean over draws, with the gaps of the programs as its error. What fresh inputs leave open is kept
    /// apart: new ones are drawn for each replicate, so that it is part of their scatter.
    fn trained(&mut self, method: Method, n: usize) -> Result<Errors> {
        let epsilon = self.epsilon();
        let draws = self.draws.len() as f64;
        let (mut loss, mut square, mut variance, mut gaps) = (0.0, 0.0, 0.0, 0.0);
        for index in 0..self.draws.len() {
            let (solution, residuals) = self.solve(method, n, index)?;
            let plateau = self.draws[index].plateau;
            gaps += solution.gap / epsilon / draws;
            let losses: Vec<f64> =
                residuals.iter().map(|r| Loss::PseudoHuber.value(0.0, *r) / epsilon).collect();
            let (mean, error) = mean_and_error(&losses);
            loss += mean / draws;
            variance += (error / draws).powi(2);
            let squares: f64 = residuals.iter().map(|r| 2.0 * r * r / plateau).sum();
            square += squares / residuals.len() as f64 / draws;
        }
        let quantile = student_quantile(1.0 - 0.5 * tolerance::FAILURE, draws * (FRESH as f64 - 1.0));
        self.sampling = self.sampling.max(quantile * variance.sqrt() / loss);
        Ok(Errors { loss: Ball::new(loss, gaps), square: Ball::new(square, gaps) })
    }

    /// The program of one draw on its first n inputs, and its residuals at the fresh ones.
    fn solve(&mut self, method: Method, n: usize, index: usize) -> Result<(WideSolution, Vec<f64>)> {
        let (epsilon, share) = (self.epsilon(), SHARE * self.epsilon());
        if self.draws[index].at_fresh.is_none() {
            self.draws[index].at_fresh = Some(self.functions(self.draws[index].fresh.as_ref())?);
        }
        let draw = &self.draws[index];
        let x = draw.x.as_ref().subrows(0, n);
        let [features, second] = self.functions(x)?;
        let columns =
            |features: &Mat<f64>| if method == Method::QuadraticTerm { 0 } else { features.ncols() };
        let program = WideProgram {
            x,
            y: &draw.y[..n],
            features: features.subcols(0, columns(&features)),
            curvature: second.as_ref(),
            loss: Loss::PseudoHuber,
            ridge: share,
            quartic: share / self.quartic,
            rank: rank(&self.cell),
        };
        let start = match draw.starts.get(&method) {
            Some(start) => start.clone(),
            None => program.random_start(&mut group(&self.cell, index).stream(self.seed, "start")),
        };
        let solution = program.solve(&start, GAP * epsilon, STEPS)?;
        let residuals = match &draw.at_fresh {
            Some([features, second]) => {
                let features = features.subcols(0, columns(features));
                let f = solution.predict(draw.fresh.as_ref(), features, second.as_ref());
                f.iter().zip(&draw.truth).map(|(f, y)| f - y).collect()
            }
            None => Vec::new(),
        };
        let products = (x.nrows() * x.ncols() * solution.factors.ncols()) as f64;
        self.flops += products * 4.0 * solution.steps as f64;
        self.gap = self.gap.max(solution.gap / epsilon);
        self.draws[index].starts.insert(method, solution.clone());
        Ok((solution, residuals))
    }

    /// The harmonics that f_L may use, and σ'' at every direction.
    fn functions(&self, x: MatRef<'_, f64>) -> Result<[Mat<f64>; 2]> {
        let root = (x.ncols() as f64).sqrt();
        let unit = Mat::from_fn(x.nrows(), x.ncols(), |i, c| x[(i, c)] / root);
        let mut values = Mat::zeros(x.nrows(), self.basis.len());
        self.basis.evaluate(unit.as_ref(), values.as_mut())?;
        Ok([values, curvature(self.activation.as_ref(), self.directions.as_ref(), x)])
    }

    /// The mean over draws of the exact error at the best ridge.
    fn kernel(&mut self, n: usize) -> Result<Errors> {
        let tail = Truncation::Tail(tolerance::FINE_TAIL);
        let levels = instance::levels(self.cell.d(), self.activation.as_ref(), tail)?;
        let mut sum = 0.0;
        for draw in &self.draws {
            let ridge = KernelRidge::new(&levels, draw.x.as_ref().subrows(0, n), &draw.zonals)?;
            let fits = RIDGES.iter().filter_map(|share| ridge.fit(share * levels.levels[1].kappa));
            let best = fits.map(|fit| fit.total()).fold(f64::INFINITY, f64::min);
            sum += 2.0 * best / draw.plateau;
        }
        let square = Ball::relative(sum / self.draws.len() as f64, ROUNDING);
        Ok(Errors { loss: square, square })
    }

    /// n* of a method, with what the errors at the two sizes around it leave open. `hint` is where to look
    /// first.
    pub(super) fn least(&mut self, method: Method, level: Level, hint: f64) -> Result<Ball> {
        let most = self.draws[0].x.nrows();
        let unit = (self.cell.d() as f64).powi(self.cell.k() as i32);
        crossing(hint, unit, [2, most], &mut |n| {
            let errors = self.errors(method, n)?;
            Ok(if level == Level::Loss { errors.loss } else { errors.square })
        })?
        .ok_or_else(|| missing(method, "the sizes that may be tried do not suffice"))
    }

    /// Floating-point operations so far.
    pub(super) fn flops(&self) -> f64 {
        self.flops
    }
}

/// Where a falling error crosses 1, from sizes `unit·2^{i/4}` within `range`; none where it does not cross
/// within them.
pub(super) fn crossing(
    hint: f64,
    unit: f64,
    range: [usize; 2],
    error: &mut dyn FnMut(usize) -> Result<Ball>,
) -> Result<Option<Ball>> {
    let size = |i: i32| (unit * (f64::from(i) / TO_THE_OCTAVE).exp2()).round() as usize;
    let step = TO_THE_OCTAVE as i32 / 2;
    let mut high = (TO_THE_OCTAVE * (hint / unit).log2()).round() as i32;
    let mut low;
    // Half an octave at a time until 1 lies between, then by halves.
    if error(size(high).clamp(range[0], range[1]))?.value <= 1.0 {
        loop {
            low = high - step;
            if size(low) < range[0] {
                return Ok(None);
            }
            if error(size(low))?.value > 1.0 {
                break;
            }
            high = low;
        }
    } else {
        loop {
            low = high;
            high = low + step;
            if size(high) > range[1] {
                return Ok(None);
            }
            if error(size(high))?.value <= 1.0 {
                break;
            }
        }
    }
    while high - low > 1 {
        let middle = (low + high) / 2;
        if error(size(middle))?.value <= 1.0 { high = middle } else { low = middle }
    }
    // The line through the two sizes and those half an octave beyond: less depends on one of them.
    let near: Vec<usize> = [low - step, low, high, high + step]
        .map(size)
        .into_iter()
        .filter(|n| (range[0]..=range[1]).contains(n))
        .collect();
    let errors = near.iter().map(|n| error(*n)).collect::<Result<Vec<_>>>()?;
    let count = near.len() as f64;
    let mean = |values: &dyn Fn(usize) -> f64| (0..near.len()).map(values).sum::<f64>() / count;
    let x = |i: usize| (near[i] as f64).ln();
    let y = |i: usize| errors[i].value.ln();
    let (x0, y0) = (mean(&x), mean(&y));
    let fall = -mean(&|i| (x(i) - x0) * (y(i) - y0)) / mean(&|i| (x(i) - x0).powi(2));
    // The errors at one set of fresh inputs move together, and n* with the largest of them.
    let open = errors.iter().map(|e| e.error / e.value).fold(0.0, f64::max) / fall;
    Ok((fall > 0.0).then(|| Ball::relative((x0 + y0 / fall).exp(), open.exp_m1())))
}

fn missing(method: Method, why: &str) -> Error {
    Error::Core(escapement::Error::Numerical {
        what: "the least number of samples",
        why: format!("{why} for {method:?}"),
    })
}

/// The target of a draw with so many sparse terms.
fn target(group: &Cell, terms: usize, seed: u64) -> Result<Target> {
    let (d, k) = (group.d(), group.k());
    let directions = |purpose: &str, n: usize| -> Vec<Vec<f64>> {
        let rows = uniform_sphere(&mut group.stream(seed, purpose), n, d, 1.0);
        (0..n).map(|i| rows.row(i).iter().copied().collect()).collect()
    };
    let low: Vec<ZonalTerm> = if k == 1 {
        let eta = directions("pole", 1).swap_remove(0);
        vec![ZonalTerm { degree: 1, coefficient: (d as f64).sqrt(), eta }]
    } else {
        let axis = |i: usize| (0..d).map(|c| if c == i { 1.0 } else { 0.0 }).collect();
        let sign = |i: usize| if i < d / 2 { 1.0 } else { -1.0 };
        (0..d).map(|i| ZonalTerm { degree: k, coefficient: sign(i), eta: axis(i) }).collect()
    };
    let size = Zonals::of(&Target::new(d, k, LowDegree::Zonal(low.clone()), Vec::new())?)?;
    let scale = size.second_moment(k).sqrt().recip();
    let low = low.into_iter().map(|t| ZonalTerm { coefficient: scale * t.coefficient, ..t }).collect();
    let sparse = instance::alphas(terms).into_iter().zip(directions("directions", terms));
    let sparse = sparse.map(|(alpha, beta)| SparseTerm { alpha, beta }).collect();
    Ok(Target::new(d, k, LowDegree::Zonal(low), sparse)?)
}

/// Directions of neurons at which f_Q is trained: from there on n* moves by a few percent. At k = 2 M(w) is
/// of degree 1 in w, and there are as many more as there are dimensions.
pub(super) fn directions(activation: &str, d: usize, k: usize) -> usize {
    match (activation.starts_with("sigmoid"), k) {
        (true, 1) => 32,
        (false, 1) => 96,
        _ => 16 * d,
    }
}

/// Columns of either sign at each direction: more than there are terms of one sign.
fn rank(cell: &Cell) -> usize {
    2 + 2 * cell.terms() / 3
}

/// Where to look first for n* of f_L + f_Q, from what was seen.
pub(super) fn hint(cell: &Cell) -> f64 {
    let d = cell.d() as f64;
    let of_activation = if cell.activation.starts_with("sigmoid") { 0.7 } else { 1.9 };
    let of_terms = (cell.terms() as f64).powf(0.8);
    of_activation * of_terms * d.powi(cell.k() as i32) * d.ln() / cell.real(EPSILON).powf(0.9)
}

/// The flops of a search for n* of f_L + f_Q with so many draws, and the inputs that are drawn for it: seven
/// programs of some 500 steps, two products of inputs and factors in each.
pub(super) fn predict(cell: &Cell, draws: usize) -> (f64, f64) {
    let (d, columns) = (cell.d() as f64, (2 * rank(cell) * cell.whole(DIRECTIONS)) as f64);
    let fresh = (draws * FRESH) as f64 * columns * (0.05 * d + 2.0);
    let steps = 500.0 * draws as f64 * hint(cell) * columns * (0.1 * d + 4.0);
    let inputs = draws as f64 * (FRESH as f64 + 32.0 * dimension(cell.d(), cell.k() + 1));
    (0.9 * (fresh + steps) + 30.0 * inputs * d, inputs)
}

/// The hypotheses of what is trained at infinite width, in the measurement.
pub(super) fn solved(measurement: Measurement, cell: &Cell, trial: &Trial) -> Measurement {
    let p = cell.whole(DIRECTIONS);
    measurement.hypothesis(WIDTH, true, format!("infinite width at each of {p} directions")).hypothesis(
        "the program is solved",
        trial.gap <= GAP,
        format!("gap {:.1e} of ε at most, {GAP} allowed", trial.gap),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_is_crossed_where_it_is_one_from_wherever_the_search_begins() {
        for hint in [10.0, 90.0, 100.0, 800.0] {
            let mut asked = Vec::new();
            let found = crossing(hint, 8.0, [2, 5000], &mut |n| {
                asked.push(n);
                Ok(Ball::relative((100.0 / n as f64).powf(1.5), 0.03))
            });
            let found = found.unwrap().unwrap();
            assert!((found.value - 100.0).abs() < 1e-9, "{hint}: {found:?}");
            // An error of 3 % at slope −1.5 is one of 2 % in n*.
            assert!((found.error / found.value - 0.02).abs() < 1e-3);
            assert!(asked.iter().all(|n| (2..=5000).contains(n)));
        }
        // Where the range ends before, it says so.
        for range in [[2, 60], [200, 5000]] {
            let found = crossing(100.0, 8.0, range, &mut |n| Ok(Ball::exact(100.0 / n as f64)));
            assert!(found.unwrap().is_none());
        }
    }

    #[test]
    fn targets_have_a_dense_part_of_unit_size_and_draws_are_shared() {
        let cell = |terms: usize, claim: &str| {
            Cell::new(claim, "").with(D, 6).with(K, 2).with(crate::papers::nbl22::letters::R, terms)
        };
        let one = target(&group(&cell(1, "a"), 0), 1, 3).unwrap();
        let zonals = Zonals::of(&one).unwrap();
        let low = Target::new(6, 2, one.low().clone(), Vec::new()).unwrap();
        assert!((Zonals::of(&low).unwrap().second_moment(2) - 1.0).abs() < 1e-12);
        assert!(zonals.second_moment(3) > 0.5);
        let other = target(&group(&cell(3, "b"), 0), 3, 3).unwrap();
        assert_eq!(one.sparse()[0].beta, other.sparse()[0].beta);
    }
}
