//! `escapement zonal`: the zonal coefficients of an activation, degree by degree.

use super::common;
use crate::files::stdout;
use anyhow::{Result, ensure};
use clap::Parser;
use escapement::sphere::{self, FeatureLevels, Level, Truncation, ZonalQuadrature};
use escapement::{Error, tolerance};
use escapement_verify::text::numbers::{multiplicity, number, significant};
use serde::Serialize;
use std::process::ExitCode;

/// Computes the zonal coefficients of an activation σ, degree by degree.
///
/// λ_j(σ') and λ_j(σ'') are the coefficients of σ' and σ'' in Gegenbauer polynomials on the sphere. A_j and
/// C_j are the radial and the tangential coefficients of the feature covariance Σ, τ_j is the trace of
/// degree j in Σ, and κ_j its eigenvalue at infinite width.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Example:\n  escapement zonal --d 100 --activation sigmoid:1 --degrees 8 --json"
)]
pub struct Args {
    /// The input dimension d, at least 3
    #[arg(long, default_value_t = 100)]
    pub d: usize,
    /// The activation, with an optional shift: sigmoid, tanh, erf, sine, softplus; tanh:0.5 is tanh(z − 0.5)
    #[arg(long, default_value = "sigmoid:1")]
    pub activation: String,
    /// The largest degree that is shown
    #[arg(long, default_value_t = 8)]
    pub degrees: usize,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Output {
    d: usize,
    activation: String,
    trace: f64,
    degrees: Vec<Row>,
    /// Bound on the trace beyond the last degree, rounding included.
    tail: f64,
}

#[derive(Serialize)]
struct Row {
    degree: usize,
    dimension: f64,
    #[serde(flatten)]
    values: Coefficients,
    /// How far rounding may have moved each of them.
    error: Coefficients,
}

#[derive(Serialize)]
struct Coefficients {
    lambda_sigma1: f64,
    lambda_sigma2: f64,
    a: f64,
    c: f64,
    tau: f64,
    kappa: f64,
}

impl Coefficients {
    fn all(&self) -> [f64; 6] {
        [self.lambda_sigma1, self.lambda_sigma2, self.a, self.c, self.tau, self.kappa]
    }
}

impl Row {
    fn is_finite(&self) -> bool {
        let [values, errors] = [self.values.all(), self.error.all()];
        self.dimension.is_finite() && values.iter().chain(&errors).all(|x| x.is_finite())
    }
}

/// Runs the command.
///
/// # Errors
/// Bad input, and standard output that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let activation = common::smooth_activation(&args.activation)?;
    let levels = FeatureLevels::new(args.d, activation.as_ref(), Truncation::Degree(args.degrees))?;
    let first = sphere::lambda(args.d, &|z| activation.d1(z), args.degrees)?;
    let second = sphere::lambda(args.d, &|z| activation.d2(z), args.degrees)?;
    let rms_second = root_mean_square(args.d, &|z| activation.d2(z))?;
    let degrees: Vec<Row> = levels
        .levels
        .iter()
        .zip(first.iter().zip(&second))
        .map(|(l, (&lambda_sigma1, &lambda_sigma2))| {
            let &Level { degree, dimension, a, c, tau, kappa, .. } = l;
            let values = Coefficients { lambda_sigma1, lambda_sigma2, a, c, tau, kappa };
            Row { degree, dimension, values, error: errors(&levels, l, rms_second) }
        })
        .collect();
    let finite = degrees.iter().take_while(|row| row.is_finite()).count();
    ensure!(
        finite == degrees.len(),
        Error::domain(
            "--degrees",
            args.degrees,
            format!(
                "at d = {} the coefficients stay within the range of f64 up to degree {}",
                args.d,
                finite.saturating_sub(1)
            )
        )
    );
    let output = Output {
        d: args.d,
        activation: levels.activation.clone(),
        trace: levels.trace,
        degrees,
        tail: levels.truncation_bound(),
    };
    stdout::print(&if args.json { stdout::to_json(&output)? } else { readable(&output) })?;
    Ok(ExitCode::SUCCESS)
}

/// `√E[g(√d z)²]`.
fn root_mean_square(d: usize, g: &dyn Fn(f64) -> f64) -> Result<f64> {
    let root = (d as f64).sqrt();
    Ok(ZonalQuadrature::shared(d, 1024)?.expect(|z| g(root * z).powi(2)).sqrt())
}

/// The rounding of orthonormal coefficients, see [`tolerance::ZONAL_ROUNDINGS`], on the scale of each
/// column.
fn errors(levels: &FeatureLevels, l: &Level, rms_second: f64) -> Coefficients {
    let (d, j) = (levels.d as f64, l.degree as f64);
    let rounding =
        |j: f64| (tolerance::ZONAL_ROUNDINGS + tolerance::ZONAL_ROUNDINGS_PER_DEGREE * j) * f64::EPSILON;
    let root = l.dimension.sqrt();
    let a_hat = rounding(j) * levels.radial.sqrt();
    let c_hat = if l.degree == 0 { 0.0 } else { rounding(j - 1.0) * levels.tangential.sqrt() };
    // `C_j = ĉ_j √B(d,j) √((d−1)/(j(j+d−2)))`.
    let c = if l.degree == 0 { 0.0 } else { c_hat * root * ((d - 1.0) / (j * (j + d - 2.0))).sqrt() };
    let tau = a_hat * (2.0 * l.a_hat.abs() + a_hat) + (d - 1.0) * c_hat * (2.0 * l.c_hat.abs() + c_hat);
    Coefficients {
        lambda_sigma1: rounding(j) * (levels.trace / d).sqrt() / root,
        lambda_sigma2: rounding(j) * rms_second / root,
        a: a_hat * root,
        c,
        tau,
        kappa: tau / l.dimension,
    }
}

/// The digits of a coefficient that are certain, seven at most; where it cannot be told from zero, the bound
/// that it lies below.
fn digits(value: f64, error: f64) -> String {
    if value == 0.0 || value.abs() > error {
        let certain = (value.abs() / error).log10().clamp(1.0, 7.0) as usize;
        return significant(value, certain);
    }
    let unit = 10.0_f64.powf(error.log10().floor());
    format!("< {:.0e}", (error / unit).ceil() * unit)
}

fn readable(o: &Output) -> String {
    let rows: Vec<Vec<String>> = o
        .degrees
        .iter()
        .map(|r| {
            let (values, errors) = (r.values.all(), r.error.all());
            let numbers: [String; 6] = std::array::from_fn(|i| digits(values[i], errors[i]));
            [r.degree.to_string(), multiplicity(r.dimension)].into_iter().chain(numbers).collect()
        })
        .collect();
    let table = common::table(&["j", "B(d,j)", "λ_j(σ')", "λ_j(σ'')", "A_j", "C_j", "τ_j", "κ_j"], &rows);
    format!(
        "Zonal coefficients of {} at d = {}\n\n{table}\ntr Σ = d·E σ'² = {}, of which at most {:.1e} lies \
         beyond degree {}.\nτ_j is the trace of degree j in Σ, κ_j = τ_j/B(d,j) its eigenvalue at infinite \
         width; digits that rounding hides are left out.",
        o.activation,
        o.d,
        number(o.trace),
        o.tail,
        o.degrees.len() - 1
    )
}
