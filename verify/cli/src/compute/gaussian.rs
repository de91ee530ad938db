//! `escapement gaussian`: what one gradient step sees of a polynomial of few directions of Gaussian inputs.

use super::common::{self, Notes, digits};
use crate::files::multi_index::{EXAMPLE, TargetArgs};
use crate::files::{array, stdout};
use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use escapement::activation;
use escapement::ball::Ball;
use escapement_verify::papers::dls22::analysis::{Analysis, Balls, analyse};
use escapement_verify::text::numbers::subscript;
use std::{path::PathBuf, process::ExitCode};

/// Rows and columns of a matrix that are shown.
const SHOWN: usize = 6;

/// Computes what one gradient step on the first layer sees of a target, each number with a bound.
///
/// The target f is a polynomial of r directions of standard normal inputs in R^d, and S* is their span. A
/// neuron with the unit weight w and the activation σ sees the gradient g(w) = E[f(x) x σ'(w·x)], a finite
/// sum over the Hermite coefficients c_k = E σ(z) He_k(z) and the tensors C_k = E ∇^k f, with H = C_2. The
/// averages over w are exact for every d.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = format!("Examples:\n  escapement gaussian --target target.toml\n  escapement gaussian \
        --target target.toml --activation relu:0.5 --d 1000 --w w.npy --json\n\n{EXAMPLE}")
)]
pub struct Args {
    /// The target: a name with --d, or a TOML file (see below)
    #[arg(long, value_name = "TARGET")]
    target: PathBuf,
    #[command(flatten)]
    of: TargetArgs,
    /// The activation, with an optional shift: relu:0.5 is relu(z − 0.5)
    #[arg(long, default_value = "relu")]
    activation: String,
    /// Weights from a file, one unit vector per row: the gradient there
    #[arg(long, value_name = "FILE")]
    w: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Bad input, and standard output that cannot be written.
pub fn run(args: &Args) -> Result<ExitCode> {
    let sigma = activation::parse(&args.activation)?;
    let model = args.of.read(&args.target)?;
    let weights = args.w.as_deref().map(array::read_matrix).transpose()?;
    let mut notes = Notes::default();
    if let (Some(w), Some(path)) = (&weights, &args.w) {
        ensure!(
            w.values.ncols() == model.d(),
            "{} holds weights with {} entries, but the target has d = {}",
            path.display(),
            w.values.ncols(),
            model.d()
        );
    }
    let view = weights.as_ref().map(|w| w.values.as_ref());
    let (analysis, remarks) = analyse(&model, sigma.as_ref(), view).map_err(|e| match (&args.w, &e) {
        (Some(path), escapement::Error::NotUnit { .. }) => anyhow!("{}: {e}", path.display()),
        _ => e.into(),
    })?;
    remarks.iter().for_each(|words| notes.add(words));
    let text = if args.json { stdout::to_json(&analysis)? } else { readable(&analysis) };
    notes.print();
    stdout::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A row of a table: a name, the certain digits, and the bound.
fn row(name: impl Into<String>, ball: Ball) -> Vec<String> {
    vec![name.into(), digits(ball.value, ball.error), format!("{:.1e}", ball.error)]
}

/// The first entries of a matrix.
fn corner(of: &Balls) -> String {
    let cells = |row: &Vec<f64>| {
        let more = if row.len() > SHOWN { "  …" } else { "" };
        let shown = row.iter().take(SHOWN).map(|&x| format!("{:>14}", digits(x, of.error)));
        format!("{}{more}\n", shown.collect::<String>())
    };
    let rows: String = of.values.iter().take(SHOWN).map(cells).collect();
    let more = if of.values.len() > SHOWN { format!("{:>14}\n", "…") } else { String::new() };
    format!("{rows}{more}")
}

fn readable(a: &Analysis) -> String {
    let coefficients: Vec<_> =
        a.coefficients.iter().enumerate().map(|(k, &c)| row(format!("c{}", subscript(k)), c)).collect();
    let mut target = vec![row("E f²", a.second_moment), row("C₀ = E f", a.mean)];
    let many = |name: [&str; 2], of: &[Ball]| {
        let named = |i: usize| format!("{}{}{}", name[0], subscript(i + 1), name[1]);
        of.iter().take(SHOWN).enumerate().map(|(i, &x)| row(named(i), x)).collect::<Vec<_>>()
    };
    target.extend(many(["C₁ along z", ""], &a.gradient_mean));
    target.extend(many(["λ", " of H"], &a.eigenvalues));
    target.extend(a.kappa.map(|kappa| row("κ", kappa)));
    let e = &a.energies;
    let energies = [
        row("E‖g‖²", e.total),
        row("in S*", e.inside),
        row("outside", e.outside),
        row("of g − c₂Hw", e.remainder),
        row("its part in S*", e.remainder_inside),
    ];
    let diversity: Vec<Vec<String>> = a
        .diversity
        .iter()
        .map(|of| {
            let mut cells = row(of.k.to_string(), of.least);
            cells.push(digits(of.leading.value, of.leading.error));
            cells.extend(of.ratio.map_or(["–".into(), "–".into()], |ratio| {
                [digits(ratio.value, ratio.error), format!("{:.1e}", ratio.error)]
            }));
            cells
        })
        .collect();
    let gradient = a.gradient.as_ref().map_or(String::new(), |g| {
        format!("\nThe gradient g at the rows of w, each entry to {:.1e}:\n{}", g.error, corner(g))
    });
    let hessian = if a.latent > 1 {
        format!(
            "\nH in the coordinates z = Qx, each entry to {:.1e}:\n{}",
            a.hessian.error,
            corner(&a.hessian)
        )
    } else {
        String::new()
    };
    format!(
        "A target of degree {} in r = {} directions at d = {}, and {}; H has rank {}\n\n{}\n{}{hessian}\n\
         {}\n{}{gradient}\nThe energies are averages over unit weights w at d = {}. λ_min is the least \
         eigenvalue of E (Π*g)^{{⊗2k}} on the\nsymmetric tensors of order k over S*, beside its leading term \
         for large d.",
        a.degree,
        a.latent,
        a.d,
        a.activation,
        a.rank,
        common::table(&["", "value", "error"], &coefficients),
        common::table(&["", "value", "error"], &target),
        common::table(&["energy", "value", "error"], &energies),
        common::table(&["k", "λ_min", "error", "leading", "ratio", "error"], &diversity),
        a.d,
    )
}
