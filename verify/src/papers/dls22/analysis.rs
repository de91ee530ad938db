//! What one gradient step sees of a target: the Gaussian calculus, number by number.

use escapement::Result;
use escapement::activation::Activation;
use escapement::ball::Ball;
use escapement::error::Error;
use escapement::gaussian::{Energies, MAX_TENSOR_POWER, MultiIndexModel, hermite, symmetric_eigenvalues};
use faer::MatRef;
use serde::Serialize;

/// The numbers, each with a bound on its error. Vectors and matrices in S* are in the coordinates z = Qx.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis {
    /// The dimension.
    pub d: usize,
    /// r, the dimension of S*.
    pub latent: usize,
    /// p, the degree.
    pub degree: usize,
    /// The activation, with its shift.
    pub activation: String,
    /// c_0 to c_{p+2}.
    pub coefficients: Vec<Ball>,
    /// E f².
    pub second_moment: Ball,
    /// C_0 = E f.
    pub mean: Ball,
    /// C_1 = E ∇f, r numbers.
    pub gradient_mean: Vec<Ball>,
    /// H = E ∇²f, `[r, r]`.
    pub hessian: Balls,
    /// The eigenvalues of H, ascending.
    pub eigenvalues: Vec<Ball>,
    /// The rank of H.
    pub rank: usize,
    /// κ, where H has full rank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kappa: Option<Ball>,
    /// Averages over the sphere of weights.
    pub energies: Energies,
    /// The least eigenvalues of the diversity matrices on Sym^k(S*).
    pub diversity: Vec<Diversity>,
    /// The orthonormal basis Q of S*, `[r, d]`.
    pub frame: Balls,
    /// g(w) at the rows of the weights that were given, `[rows, d]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient: Option<Balls>,
}

/// A matrix with one bound on the error of every entry.
#[derive(Debug, Clone, Serialize)]
pub struct Balls {
    /// Row by row.
    pub values: Vec<Vec<f64>>,
    /// The largest error.
    pub error: f64,
}

impl Balls {
    fn new(rows: &[Vec<Ball>]) -> Self {
        let values = rows.iter().map(|row| row.iter().map(|b| b.value).collect()).collect();
        Self { values, error: rows.iter().flatten().fold(0.0, |most, b| most.max(b.error)) }
    }
}

/// The least eigenvalue of `E[(Π*g)^{⊗2k}]` on the symmetric tensors of order k over S*.
#[derive(Debug, Clone, Serialize)]
pub struct Diversity {
    /// The order.
    pub k: usize,
    /// λ_min.
    pub least: Ball,
    /// `k! c_2^{2k} |λ|_min(H)^{2k}/(d(d+2)⋯(d+2k−2))`, which leads for large d where H has full rank.
    pub leading: Ball,
    /// λ_min divided by it, where it is not zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ball>,
}

/// The analysis of a target for an activation, at the rows of `weights`, and remarks on it.
///
/// # Errors
/// An activation without Hermite coefficients, and weights that are no unit vectors of the dimension d.
pub fn analyse(
    model: &MultiIndexModel,
    sigma: &dyn Activation,
    weights: Option<MatRef<'_, f64>>,
) -> Result<(Analysis, Vec<String>)> {
    let (series, d) = (model.series(), model.d());
    let (latent, degree) = (series.latent(), series.degree());
    let coefficients = hermite::coefficients(sigma, degree + 2)?;
    let population = model.population(sigma)?;
    let eigenvalues = symmetric_eigenvalues(&series.hessian())?;
    let rank = series.rank()?;
    let mut remarks = Vec::new();
    if coefficients[2].contains(0.0) {
        remarks.push("c_2 of the activation vanishes: the gradient has no leading term c_2 Hw".to_owned());
    }
    remarks.extend(deficient(rank, latent));
    let least = eigenvalues.iter().map(|l| l.abs()).min_by(|a, b| a.value.total_cmp(&b.value));
    let size = least.unwrap_or(Ball::exact(0.0)) * coefficients[2];
    let mut diversity = Vec::new();
    for k in 1..=MAX_TENSOR_POWER {
        match population.diversity_spectrum(k, d) {
            Ok(spectrum) => diversity.push(Diversity::new(k, d, spectrum[0], size)),
            Err(why @ Error::Domain { .. }) => {
                remarks.push(format!("the diversity matrix on Sym^{k} is left out: {why}"));
            }
            Err(why) => return Err(why),
        }
    }
    let row = |(i, w): (usize, Vec<f64>)| {
        model.gradient(&population, &w).map_err(|e| match e {
            Error::NotUnit { norm, tolerance, .. } => Error::NotUnit { name: "w", row: i, norm, tolerance },
            other => other,
        })
    };
    let rows = |w: MatRef<'_, f64>| {
        let all = (0..w.nrows()).map(|i| w.row(i).iter().copied().collect());
        all.enumerate().map(row).collect::<Result<Vec<_>>>()
    };
    let analysis = Analysis {
        d,
        latent,
        degree,
        activation: sigma.name(),
        coefficients,
        second_moment: series.second_moment(),
        mean: series.mean(),
        gradient_mean: series.gradient_mean(),
        hessian: Balls::new(&series.hessian()),
        eigenvalues,
        rank,
        kappa: if rank == latent { Some(series.kappa()?) } else { None },
        energies: population.energies(d)?,
        diversity,
        frame: Balls::new(model.frame()),
        gradient: weights.map(rows).transpose()?.map(|rows| Balls::new(&rows)),
    };
    Ok((analysis, remarks))
}

/// What to say of a target whose H has not full rank.
pub fn deficient(rank: usize, latent: usize) -> Option<String> {
    (rank < latent).then(|| {
        format!(
            "H = E ∇²f has rank {rank} and not r = {latent}: the step learns only the range of H, and the \
             theorems do not apply"
        )
    })
}

impl Diversity {
    fn new(k: usize, d: usize, least: Ball, size: Ball) -> Self {
        let leading =
            (0..k).fold(size.powi(2 * k as i32), |leading, i| leading * (i + 1) as f64 / (d + 2 * i) as f64);
        let ratio = Some(least / leading).filter(|ratio| ratio.error.is_finite());
        Self { k, least, leading, ratio }
    }
}
