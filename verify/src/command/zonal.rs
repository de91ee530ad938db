//! `escapement zonal`: the zonal coefficients of an activation, degree by degree.

use super::common;
use anyhow::{Result, ensure};
use clap::Parser;
use escapement::Error;
use escapement::sphere::{self, FeatureLevels, Truncation};
use escapement_verify::io::stdout;
use serde::Serialize;
use std::process::ExitCode;

/// Exact zonal coefficients: λ_j(σ'), λ_j(σ''), A_j, C_j, τ_j and κ_j for each degree j.
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
    /// The last degree: degrees 0 to this one are shown
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
    lambda_sigma1: f64,
    lambda_sigma2: f64,
    a: f64,
    c: f64,
    tau: f64,
    kappa: f64,
}

impl Row {
    fn is_finite(&self) -> bool {
        [self.dimension, self.lambda_sigma1, self.lambda_sigma2, self.a, self.c, self.tau, self.kappa]
            .iter()
            .all(|x| x.is_finite())
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
    let degrees: Vec<Row> = levels
        .levels
        .iter()
        .zip(first.iter().zip(&second))
        .map(|(l, (&lambda_sigma1, &lambda_sigma2))| Row {
            degree: l.degree,
            dimension: l.dimension,
            lambda_sigma1,
            lambda_sigma2,
            a: l.a,
            c: l.c,
            tau: l.tau,
            kappa: l.kappa,
        })
        .collect();
    let finite = degrees.iter().take_while(|row| row.is_finite()).count();
    ensure!(
        finite == degrees.len(),
        Error::domain(
            "--degrees",
            args.degrees,
            format!("at d = {} the coefficients stay within the range of f64 up to degree {}", args.d, finite.saturating_sub(1))
        )
    );
    let output = Output {
        d: args.d,
        activation: levels.activation.clone(),
        trace: levels.trace,
        degrees,
        tail: levels.truncation_bound(),
    };
    if args.json {
        stdout::print_json(&output)?;
    } else {
        stdout::print(&readable(&output))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn readable(o: &Output) -> String {
    let rows: Vec<Vec<String>> = o
        .degrees
        .iter()
        .map(|r| {
            let numbers = [r.lambda_sigma1, r.lambda_sigma2, r.a, r.c, r.tau, r.kappa].map(common::number);
            [r.degree.to_string(), common::count(r.dimension)].into_iter().chain(numbers).collect()
        })
        .collect();
    let table = common::table(&["j", "B(d,j)", "λ_j(σ')", "λ_j(σ'')", "A_j", "C_j", "τ_j", "κ_j"], &rows);
    format!(
        "Zonal coefficients of {} at d = {}\n\n{table}\ntr Σ = d·E σ'² = {}, of which at most {:.1e} lies beyond degree {}.\nτ_j is the trace of degree j in Σ, κ_j = τ_j/B(d,j) its eigenvalue at infinite width.",
        o.activation,
        o.d,
        common::number(o.trace),
        o.tail,
        o.degrees.len() - 1
    )
}
