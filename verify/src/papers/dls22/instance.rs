//! A cell of DLS22, set up: its target, its sample, and what the rows are after one step at infinite width.
//!
//! The part of a cell is `measurement.target`, and each purpose has a random stream of its own.

use super::families;
use super::letters::{KAPPA, LATENT, NOISE};
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::{
    AverageGram, Energies, HermiteSeries, PopulationGradient, average_gram, squared_moments,
    symmetric_eigenvalues,
};
use escapement::training::one_step;
use escapement::{activation, rounding};
use faer::{Mat, Par, Side};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// What is measured in a cell: its part without the target.
pub fn measurement(cell: &Cell) -> &str {
    cell.part.split('.').next().unwrap_or_default()
}

/// The cells in which this is measured.
pub fn measures(name: &'static str) -> impl Fn(&Cell) -> bool + Copy + Send + Sync {
    move |cell| measurement(cell) == name
}

/// The name of the target of a cell.
pub fn target_name(cell: &Cell) -> &str {
    cell.part.split_once('.').map_or("", |(_, target)| target)
}

/// The target of a cell.
///
/// # Errors
/// As [`families::series`].
pub fn target(cell: &Cell) -> Result<HermiteSeries> {
    Ok(families::series(target_name(cell), cell.whole(LATENT), cell.real(KAPPA))?)
}

/// Records the two assumptions: H has full rank, and the target is normalised.
///
/// # Errors
/// As [`HermiteSeries::rank`].
pub fn assumptions(out: Measurement, f: &HermiteSeries) -> Result<Measurement> {
    let (rank, latent) = (f.rank()?, f.latent());
    Ok(out.hypothesis("rank H = r", rank == latent, format!("{rank} against {latent}")).hypothesis(
        "E f*² = 1",
        f.require_normalised().is_ok(),
        format!("{}", f.second_moment().value),
    ))
}

/// Records the two assumptions, and whether n and d are in the range of the theorems, to the letter and with
/// the constant 1.
///
/// # Errors
/// As [`HermiteSeries::kappa`].
pub fn hypotheses(out: Measurement, f: &HermiteSeries, d: usize, n: usize) -> Result<Measurement> {
    let (d, r, kappa) = (d as f64, f.latent() as f64, f.kappa()?.value);
    let [samples, dimension] = [d * d * kappa * kappa * r, kappa * r.powf(1.5)];
    let out = out
        .hypothesis("n ≥ d²κ²r", n as f64 >= samples * (1.0 - 1e-9), format!("{n} against {samples:.0}"))
        .hypothesis("d ≥ κ r^{3/2}", d >= dimension * (1.0 - 1e-9), format!("{d} against {dimension:.3}"));
    assumptions(out, f)
}

/// The least |λ| of H, by which the theorems divide.
///
/// # Errors
/// As [`symmetric_eigenvalues`].
pub fn least_curvature(f: &HermiteSeries) -> Result<Ball> {
    let spectrum = symmetric_eigenvalues(&f.hessian())?;
    let least = spectrum.iter().map(|l| l.abs()).min_by(|a, b| a.value.total_cmp(&b.value));
    Ok(least.unwrap_or(Ball::exact(0.0)))
}

/// `‖H‖_F²` and `(tr H)²`.
pub fn curvature(f: &HermiteSeries) -> (Ball, Ball) {
    let h = f.hessian();
    let squares = h.iter().flatten().map(|&c| c * c).sum();
    let trace: Ball = (0..h.len()).map(|i| h[i][i]).sum();
    (squares, trace * trace)
}

/// v = E f̂*² + ς².
pub fn variance(f: &HermiteSeries, noise: f64) -> Ball {
    f.centred().second_moment() + Ball::exact(noise) * noise
}

/// Q, the trace of `E[(f̂*² + ς²)xxᵀ]` in S*.
pub fn variance_inside(f: &HermiteSeries, noise: f64) -> Ball {
    let squares = squared_moments(&f.centred());
    (0..f.latent()).map(|i| squares[i][i]).sum::<Ball>() + Ball::exact(noise) * noise * f.latent() as f64
}

/// The averages of the population gradient of a ReLU over all weights.
///
/// # Errors
/// The dimension is below r.
pub fn energies(f: &HermiteSeries, d: usize) -> Result<Energies> {
    Ok(PopulationGradient::new(f, activation::parse("relu")?.as_ref())?.energies(d)?)
}

/// `1/(2π)`.
pub fn over_tau() -> Ball {
    Ball::exact(1.0) / Ball::relative(std::f64::consts::TAU, f64::EPSILON)
}

/// The size ς of the noise of a cell; 0 where it has none.
pub fn noise(cell: &Cell) -> f64 {
    cell.get(NOISE).map_or(0.0, |value| value.real())
}

/// n inputs with their labels.
pub struct Sample {
    /// The inputs, `[n, d]`, standard normal.
    pub x: Mat<f64>,
    /// `y = f*(x) + ϵ`.
    pub y: Vec<f64>,
    /// The labels less the exact C_0 + C_1·x.
    pub oracle: Vec<f64>,
}

impl Sample {
    /// The sample of a cell, from its streams "inputs 0" and "noise 0".
    ///
    /// # Errors
    /// The dimension is below r.
    pub fn new(cell: &Cell, seed: u64, f: &HermiteSeries) -> Result<Self> {
        Self::nth(cell, seed, f, 0)
    }

    /// The sample of this index of a cell, for those that take several.
    ///
    /// # Errors
    /// As [`Sample::new`].
    pub fn nth(cell: &Cell, seed: u64, f: &HermiteSeries, index: usize) -> Result<Self> {
        let (n, d, noise) = (cell.n(), cell.d(), noise(cell));
        let rng = &mut cell.stream(seed, &format!("inputs {index}"));
        let rows: Vec<f64> = (0..n * d).map(|_| StandardNormal.sample(rng)).collect();
        let x = Mat::from_fn(n, d, |i, j| rows[i * d + j]);
        let rng = &mut cell.stream(seed, &format!("noise {index}"));
        let signs: Vec<f64> = (0..n).map(|_| if rng.next_u32() & 1 == 0 { noise } else { -noise }).collect();
        let labels = |f: &HermiteSeries| -> Result<Vec<f64>> {
            let values = families::model(f, d)?.values(x.as_ref())?;
            Ok(values.iter().zip(&signs).map(|(f, e)| f + e).collect())
        };
        let (y, oracle) = (labels(f)?, labels(&f.centred())?);
        Ok(Self { x, y, oracle })
    }

    /// `β = n⁻¹Σ y_i x_i`, from the labels as they came.
    ///
    /// # Errors
    /// As [`one_step::centre`].
    pub fn beta(&self) -> Result<Vec<f64>> {
        Ok(one_step::centre(self.x.as_ref(), &self.y)?.1)
    }

    /// `ŷ_i = y_i − α − β·x_i`, with the α and β of Algorithm 1.
    ///
    /// # Errors
    /// As [`one_step::centre`].
    pub fn centred(&self) -> Result<Vec<f64>> {
        Ok(one_step::centre(self.x.as_ref(), &self.y)?.2)
    }

    /// M_n for the labels as Algorithm 1 centres them.
    ///
    /// # Errors
    /// As [`average_gram`].
    pub fn gram(&self) -> Result<AverageGram> {
        Ok(average_gram(self.x.as_ref(), &self.centred()?, Par::Seq)?)
    }
}

/// Where the energy of the rows is after the step, at infinite width.
pub struct Rows {
    /// `tr((I − Π*)M_n)`.
    pub outside: Ball,
    /// `tr(Π*M_nΠ*)`.
    pub inside: Ball,
    /// The least eigenvalue of Π*M_nΠ* on S*.
    pub weakest: Ball,
    /// The squared sine of the angle of the top eigenvector of M_n to S*.
    pub sine: Ball,
}

impl Rows {
    /// The means over `count` independent samples of a cell.
    ///
    /// # Errors
    /// As [`Sample::new`] and [`Rows::of`].
    pub fn mean(cell: &Cell, seed: u64, f: &HermiteSeries, count: usize) -> Result<Self> {
        let mut all = Vec::with_capacity(count);
        for i in 0..count {
            all.push(Self::of(&Sample::nth(cell, seed, f, i)?.gram()?, f.latent())?);
        }
        let mean = |of: &dyn Fn(&Self) -> Ball| all.iter().map(of).sum::<Ball>() / count.max(1) as f64;
        Ok(Self {
            outside: mean(&|r| r.outside),
            inside: mean(&|r| r.inside),
            weakest: mean(&|r| r.weakest),
            sine: mean(&|r| r.sine),
        })
    }

    /// The rows of M_n where S* has the first r coordinates.
    ///
    /// # Errors
    /// An eigendecomposition that fails.
    pub fn of(gram: &AverageGram, latent: usize) -> Result<Self> {
        let d = gram.matrix.nrows();
        // A trace over k coordinates errs by √k times the Frobenius norm of the error at most.
        let trace = |from: usize, to: usize| {
            let sum: f64 = (from..to).map(|i| gram.matrix[(i, i)]).sum();
            let terms = to - from;
            Ball::new(sum, gram.error * (terms as f64).sqrt() + rounding::sum(terms, 0) * sum.abs())
        };
        let entry = |i: usize, j: usize| Ball::new(gram.matrix[(i, j)], gram.error);
        let block: Vec<Vec<Ball>> =
            (0..latent).map(|i| (0..latent).map(|j| entry(i, j)).collect()).collect();
        let weakest = symmetric_eigenvalues(&block)?[0];
        let pairs = gram.matrix.self_adjoint_eigen(Side::Lower).map_err(|e| {
            escapement::Error::Numerical { what: "the eigendecomposition of M_n", why: format!("{e:?}") }
        })?;
        let (u, values) = (pairs.U(), pairs.S().column_vector());
        let sine: f64 = (latent..d).map(|i| u[(i, d - 1)].powi(2)).sum();
        // By Davis and Kahan the eigenvector turns by at most 2‖E‖/gap; the squared sine by twice that.
        let gap = values[d - 1] - if d > 1 { values[d - 2] } else { 0.0 };
        let turn = 2.0 * (gram.error + rounding::eigen(d, values[d - 1])) / gap.max(f64::MIN_POSITIVE);
        Ok(Self {
            outside: trace(latent, d),
            inside: trace(0, latent),
            weakest,
            sine: Ball::new(sine, (2.0 * turn).min(1.0)),
        })
    }
}
