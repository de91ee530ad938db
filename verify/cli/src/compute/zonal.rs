//! `escapement zonal`: the zonal coefficients of an activation, degree by degree.

use super::common;
use crate::files::stdout;
use anyhow::Result;
use clap::Parser;
use escapement::sphere::{ZonalCoefficients, ZonalRow, ZonalTable};
use escapement_prove::{Claim, Shifted};
use escapement_verify::claim::certified::require_accepted;
use escapement_verify::text::numbers::{multiplicity, number};
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
    after_help = "Examples:\n  escapement zonal --d 100 --activation sigmoid:1 --degrees 8 --json\n  \
        escapement zonal --d 10 --activation tanh:1/2 --degrees 3 --certified"
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
    /// Print intervals that are proved: each is accepted by the checker of certificates
    #[arg(long)]
    pub certified: bool,
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

impl From<ZonalCoefficients> for Coefficients {
    fn from(of: ZonalCoefficients) -> Self {
        let [lambda_sigma1, lambda_sigma2, a, c, tau, kappa] = of.all();
        Self { lambda_sigma1, lambda_sigma2, a, c, tau, kappa }
    }
}

impl Coefficients {
    fn all(&self) -> [f64; 6] {
        [self.lambda_sigma1, self.lambda_sigma2, self.a, self.c, self.tau, self.kappa]
    }
}

/// Runs the command.
///
/// # Errors
/// Bad input, and standard output that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    if args.certified {
        return certified(args);
    }
    let activation = common::smooth_activation(&args.activation)?;
    let ZonalTable { rows, trace, tail } = ZonalTable::new(args.d, activation.as_ref(), args.degrees)?;
    let row = |(degree, of): (usize, ZonalRow)| {
        let ZonalRow { dimension, values, error } = of;
        Row { degree, dimension, values: values.into(), error: error.into() }
    };
    let degrees = rows.into_iter().enumerate().map(row).collect();
    let output = Output { d: args.d, activation: activation.name(), trace, degrees, tail };
    stdout::print(&if args.json { stdout::to_json(&output)? } else { readable(&output) })?;
    Ok(ExitCode::SUCCESS)
}

/// A proved interval, in decimal digits.
#[derive(Serialize)]
struct Interval {
    quantity: &'static str,
    j: usize,
    lo: String,
    hi: String,
}

#[derive(Serialize)]
struct Certified {
    d: usize,
    activation: String,
    intervals: Vec<Interval>,
}

/// The coefficients as intervals that the checker accepts.
fn certified(args: &Args) -> Result<ExitCode> {
    let of = Shifted::parse(&args.activation)?;
    let certificate = escapement_prove::zonal(&of, args.d, args.degrees)?;
    require_accepted(&certificate)?;
    let interval =
        |claim: Claim| Interval { quantity: claim.quantity, j: claim.j, lo: claim.lo, hi: claim.hi };
    let intervals: Vec<Interval> = certificate.claims.into_iter().map(interval).collect();
    let output = Certified { d: args.d, activation: of.words(), intervals };
    if args.json {
        stdout::print(&stdout::to_json(&output)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = |i: &Interval| match i.quantity {
        "lambda_sigma1" => format!("λ_{}(σ')", i.j),
        "lambda_sigma2" => format!("λ_{}(σ'')", i.j),
        "tau" => format!("τ_{}", i.j),
        "kappa" => format!("κ_{}", i.j),
        "trace" => "tr Σ".to_owned(),
        "radial" => "E u²σ'(u)²".to_owned(),
        "tangential" => "E (d−u²)σ'(u)²/(d−1)".to_owned(),
        "tail" => format!("Σ_{{j>{}}} τ_j", i.j),
        other => format!("{other}_{}", i.j),
    };
    let rows: Vec<Vec<String>> =
        output.intervals.iter().map(|i| vec![name(i), i.lo.clone(), i.hi.clone()]).collect();
    stdout::print(&format!(
        "Zonal coefficients of {} at d = {}, u = √d z\n\n{}\nEach lies between the two decimals: \
         escapement-check proves it from a certificate, as certify --d {} writes it.",
        output.activation,
        output.d,
        common::table(&["", "at least", "at most"], &rows),
        output.d
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn readable(o: &Output) -> String {
    let rows: Vec<Vec<String>> = o
        .degrees
        .iter()
        .map(|r| {
            let (values, errors) = (r.values.all(), r.error.all());
            let numbers: [String; 6] = std::array::from_fn(|i| common::digits(values[i], errors[i]));
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
