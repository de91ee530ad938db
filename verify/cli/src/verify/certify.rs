//! `certify`: files from which an independent checker proves statements.

use super::{print, print_json};
use crate::report::tables;
use crate::terminal::exit::HOLDS;
use anyhow::{Result, bail};
use escapement_check::check;
use escapement_prove::{Certificate, Form, Shifted};
use escapement_verify::claim::{Claim, registry::Registry};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::judge::{ClaimVerdict, Proved};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

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
        tanh:1/2\n  escapement certify --d 10 --degrees 8 --out certificates\n  escapement-check \
        certificates/*.json"
)]
pub struct Args {
    /// The claims to prove; all that have certificates when none is given
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// One dimension, at least 3, in place of all of them
    #[arg(long)]
    d: Option<usize>,
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
struct Accepted {
    /// The claims whose statements it proves, or a part of them.
    claims: Vec<String>,
    #[serde(flatten)]
    proved: Proved,
    bytes: usize,
    /// To make it, and to check it.
    #[serde(skip)]
    seconds: [f64; 2],
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let of = Shifted::parse(&args.activation)?;
    let claims = registry.select(&args.claims)?;
    if let Some(claim) = claims.iter().find(|c| !args.claims.is_empty() && c.certificates().is_empty()) {
        let able = registry.claims().filter(|c| !c.certificates().is_empty()).map(Claim::id);
        let able = able.collect::<Vec<_>>().join(", ");
        bail!("{} has no certificate: those that have one are {able}", claim.id());
    }
    let mut outputs = Outputs::new();
    let accepted = accepted(&claims, &of, (args.d, args.degrees), &args.out, &mut outputs)?;
    outputs.commit()?;
    if args.json {
        print_json(out, &accepted)?;
    } else {
        print(out, &readable(&accepted))?;
    }
    Ok(HOLDS)
}

/// The certificates of these claims, each made, checked, and staged for the folder.
fn accepted(
    claims: &[&dyn Claim],
    of: &Shifted,
    (d, degrees): (Option<usize>, usize),
    folder: &Path,
    outputs: &mut Outputs,
) -> Result<Vec<Accepted>> {
    let mut wanted: BTreeMap<Form, Vec<String>> = BTreeMap::new();
    for claim in claims {
        for form in claim.certificates() {
            wanted.entry(*form).or_default().push(claim.id().to_owned());
        }
    }
    let mut all = Vec::new();
    for (form, claims) in wanted {
        let start = Instant::now();
        let certificate = form.certificate(of, d, degrees)?;
        let made = start.elapsed().as_secs_f64();
        require_accepted(&certificate, folder)?;
        let checked = start.elapsed().as_secs_f64() - made;
        let path = folder.join(&certificate.name);
        outputs.stage(&path, |w| w.write_all(certificate.text.as_bytes()))?;
        all.push(Accepted {
            claims,
            bytes: certificate.text.len(),
            proved: Proved {
                scope: format!("{}, {}", of.words(), certificate.scope),
                statement: certificate.statement,
                file: path.display().to_string(),
            },
            seconds: [made, checked],
        });
    }
    Ok(all)
}

/// The activation of the paper, about which `verify --certified` proves what it can.
const ACTIVATION: &str = "sigmoid:1";

/// Adds to the verdicts what is proved of the claims for every d, with the files in `folder`.
pub(super) fn add_proofs(claims: &[&dyn Claim], verdicts: &mut [ClaimVerdict], folder: &Path) -> Result<()> {
    let mut outputs = Outputs::new();
    let all = accepted(claims, &Shifted::parse(ACTIVATION)?, (None, 0), folder, &mut outputs)?;
    outputs.commit()?;
    for verdict in verdicts {
        for one in all.iter().filter(|one| one.claims.contains(&verdict.claim)) {
            verdict.proved.push(one.proved.clone());
        }
    }
    Ok(())
}

/// Whether the checker accepts what is about to be written.
fn require_accepted(certificate: &Certificate, folder: &Path) -> Result<()> {
    match check(certificate.text.as_bytes(), folder) {
        Ok(accepted) if accepted.statement == certificate.statement => Ok(()),
        Ok(accepted) => bail!("the checker reads another statement: {}", accepted.statement),
        Err(why) => bail!("{} was made, but is not accepted: {why}", certificate.name),
    }
}

fn readable(all: &[Accepted]) -> String {
    let mut text = String::new();
    for one in all {
        let [made, checked] = one.seconds;
        let kilobytes = one.bytes as f64 / 1000.0;
        let file = &one.proved.file;
        let file = format!("{file}: {kilobytes:.1} kB, made in {made:.2} s, checked in {checked:.2} s");
        text += &tables::proof(&one.claims.join(", "), &Proved { file, ..one.proved.clone() });
    }
    text + "escapement-check, which shares no code with this program, accepts each file."
}
