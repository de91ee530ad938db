//! `certify`: files from which an independent checker proves statements.

use super::{print, print_json};
use crate::files::array;
use crate::report::tables;
use crate::terminal::exit::HOLDS;
use anyhow::Result;
use escapement::sphere;
use escapement_prove::{Scope, Shifted};
use escapement_verify::claim::certified::{Certified, Proved, WEIGHTS, certified, certify};
use escapement_verify::claim::{Claim, registry::Registry};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::judge::ClaimVerdict;
use faer::Mat;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Makes certificates: files from which `escapement-check` proves statements.
///
/// A certificate carries what is needed to verify its words: a polynomial in place of the activation, and
/// claims. The checker shares no code with this program, knows whole numbers only, and recomputes every
/// bound. Each file is checked before it is written. docs/certificates.md has the proofs.
///
/// Without --d the statements are about every d ≥ 3; with --d they are about one dimension, to fifteen
/// digits.
#[derive(Debug, clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement certify\n  escapement certify assumption-3 --activation \
        tanh:1/2\n  escapement certify --d 10 --degrees 8 --out certificates\n  escapement \
        certify lemma-2 --weights W0.npy\n  escapement-check certificates/*.json"
)]
pub struct Args {
    /// The claims to prove; all that have certificates when none is given
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// One dimension, at least 3, in place of all of them
    #[arg(long, conflicts_with = "weights")]
    d: Option<usize>,
    /// Given weights W0 from a file: p × d, one distinct neuron per row, with pd up to 2000
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// The low degree k of lemma 2 and of the gap, at given weights
    #[arg(long, default_value_t = 1, requires = "weights")]
    k: usize,
    /// How many eigenvalues are enclosed at given weights [default: n_k + 1, all up to order 300]
    #[arg(long, value_name = "N", requires = "weights")]
    top: Option<usize>,
    /// The activation with a rational shift: sigmoid:1, tanh:1/2, erf:0.7
    #[arg(long, default_value = "sigmoid:1")]
    activation: String,
    /// The highest degree of the coefficients in one dimension
    #[arg(long, default_value_t = 8, requires = "d")]
    degrees: usize,
    /// The folder of the files, made if it is not there
    #[arg(long, value_name = "DIR", default_value = "certificates")]
    out: PathBuf,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// A certificate that the checker accepted.
#[derive(Serialize)]
struct Accepted<'a> {
    /// The claims whose statements it proves, or a part of them.
    claims: &'a [&'static str],
    #[serde(flatten)]
    proved: Proved,
    bytes: usize,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let of = Shifted::parse(&args.activation)?;
    let weights = args.weights.as_deref().map(array::read_matrix).transpose()?.map(|read| read.values);
    let scope = match (&weights, args.d) {
        (Some(weights), _) => Scope::Weights { weights, k: args.k, top: top(args, weights) },
        (None, Some(d)) => Scope::Dimension { d, degree: args.degrees },
        (None, None) => Scope::EveryD,
    };
    let all = certify(registry, &args.claims, &of, scope)?;
    let proved = write(&all, &of, &args.out)?;
    if args.json {
        let mut rows: Vec<Accepted<'_>> = Vec::new();
        for (one, proved) in all.iter().zip(proved) {
            rows.push(Accepted { claims: &one.claims, proved, bytes: one.certificate.text.len() });
        }
        print_json(out, &rows)?;
    } else {
        print(out, &readable(&all, proved))?;
    }
    Ok(HOLDS)
}

/// The highest order at which all eigenvalues are enclosed when nobody says how many.
const SMALL: usize = 300;

/// How many eigenvalues are enclosed; all for none.
fn top(args: &Args, weights: &Mat<f64>) -> Option<usize> {
    let (p, d) = (weights.nrows(), weights.ncols());
    let low = sphere::cumulative_dimension(d, args.k).ok().filter(|&rank| rank < p * d && p * d > SMALL);
    args.top.or(low.map(|rank| rank + 1))
}

/// Writes the certificates into the folder, and the weights beside them.
fn write(all: &[Certified], of: &Shifted, folder: &Path) -> Result<Vec<Proved>> {
    let mut outputs = Outputs::new();
    let mut proved = Vec::with_capacity(all.len());
    for one in all {
        let path = folder.join(&one.certificate.name);
        outputs.stage(&path, |w| w.write_all(one.certificate.text.as_bytes()))?;
        // All of them are of the same weights.
        if let Some(weights) = one.certificate.weights.as_ref().filter(|_| proved.is_empty()) {
            outputs.stage(&folder.join(WEIGHTS), |w| w.write_all(weights))?;
        }
        proved.push(Proved {
            scope: one.scope(of),
            statement: one.certificate.statement.clone(),
            file: path.display().to_string(),
        });
    }
    outputs.commit()?;
    Ok(proved)
}

/// The activation of the paper, about which `verify --certified` proves what it can.
const ACTIVATION: &str = "sigmoid:1";

/// Adds to the verdicts what is proved of the claims for every d, with the files in `folder`.
pub(super) fn add_proofs(claims: &[&dyn Claim], verdicts: &mut [ClaimVerdict], folder: &Path) -> Result<()> {
    let of = Shifted::parse(ACTIVATION)?;
    let all = certified(claims, &of, Scope::EveryD)?;
    for (one, proved) in all.iter().zip(write(&all, &of, folder)?) {
        for verdict in verdicts.iter_mut().filter(|v| one.claims.contains(&v.claim.as_str())) {
            verdict.proved.push(proved.clone());
        }
    }
    Ok(())
}

fn readable(all: &[Certified], proved: Vec<Proved>) -> String {
    let mut text = String::new();
    for (one, proved) in all.iter().zip(proved) {
        let [made, checked] = one.seconds;
        let (file, kilobytes) = (&proved.file, one.certificate.text.len() as f64 / 1000.0);
        let file = format!("{file}: {kilobytes:.1} kB, made in {made:.2} s, checked in {checked:.2} s");
        text += &tables::proof(&one.claims.join(", "), &Proved { file, ..proved });
    }
    text + "escapement-check, which shares no code with this program, accepts each file."
}
