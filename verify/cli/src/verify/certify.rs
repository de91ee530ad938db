//! `certify`: files from which an independent checker proves statements.

use super::{print, print_json};
use crate::terminal::exit::HOLDS;
use anyhow::{Result, bail, ensure};
use escapement_check::check;
use escapement_prove::{Certificate, Form, Shifted};
use escapement_verify::claim::{Claim, registry::Registry};
use escapement_verify::files::atomic::Outputs;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Makes certificates: files from which `escapement-check` proves statements.
///
/// A certificate carries what is needed to verify its words: a polynomial in place of the activation, and
/// claims. The checker shares no code with this program, knows whole numbers only, and recomputes every bound.
/// Each file is checked before it is written. docs/certificates.md has the proofs.
///
/// Without --d the statements are about every d ≥ 3; with --d they are about one dimension, to fifteen digits.
#[derive(Debug, clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement certify\n  escapement certify assumption-3 --activation tanh:1/2\n  \
        escapement certify --d 10 --degrees 8 --out certificates\n  escapement-check certificates/*.json"
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

/// A certificate that was written.
#[derive(Serialize)]
struct Written {
    file: String,
    claims: Vec<String>,
    scope: String,
    statement: String,
    bytes: usize,
    #[serde(skip)]
    seconds: [f64; 2],
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let of = Shifted::parse(&args.activation)?;
    let wanted = wanted(registry, &args.claims)?;
    let mut written = Vec::new();
    let mut outputs = Outputs::new();
    for (form, claims) in wanted {
        let start = Instant::now();
        let certificate = form.certificate(&of, args.d, args.degrees)?;
        let made = start.elapsed().as_secs_f64();
        accepted(&certificate, &args.out)?;
        let checked = start.elapsed().as_secs_f64() - made;
        let path = args.out.join(&certificate.name);
        outputs.stage(&path, |w| w.write_all(certificate.text.as_bytes()))?;
        written.push(Written {
            file: path.display().to_string(),
            claims,
            scope: certificate.scope,
            statement: certificate.statement,
            bytes: certificate.text.len(),
            seconds: [made, checked],
        });
    }
    outputs.commit()?;
    if args.json {
        print_json(out, &written)?;
    } else {
        print(out, &readable(&written))?;
    }
    Ok(HOLDS)
}

/// The forms of certificates that serve the claims named, each with these claims.
fn wanted(registry: &Registry, names: &[String]) -> Result<BTreeMap<Form, Vec<String>>> {
    let mut wanted: BTreeMap<Form, Vec<String>> = BTreeMap::new();
    for claim in registry.select(names)? {
        let forms = claim.certificates();
        if forms.is_empty() && !names.is_empty() {
            let able = registry.claims().filter(|c| !c.certificates().is_empty()).map(Claim::id);
            let able = able.collect::<Vec<_>>().join(", ");
            bail!("{} has no certificate: those that have one are {able}", claim.id());
        }
        for form in forms {
            wanted.entry(*form).or_default().push(registry.name_of(claim));
        }
    }
    ensure!(!wanted.is_empty(), "no claim has a certificate");
    Ok(wanted)
}

/// Whether the checker accepts what is about to be written.
fn accepted(certificate: &Certificate, folder: &Path) -> Result<()> {
    match check(certificate.text.as_bytes(), folder) {
        Ok(accepted) if accepted.statement == certificate.statement => Ok(()),
        Ok(accepted) => bail!("the checker reads another statement: {}", accepted.statement),
        Err(why) => bail!("{} was made, but is not accepted: {why}", certificate.name),
    }
}

fn readable(written: &[Written]) -> String {
    let mut text = String::new();
    for one in written {
        let [made, checked] = one.seconds;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "proved  {}: {}\n        {} ({:.1} kB, made in {made:.2} s, checked in {checked:.2} s)\n        {}\n",
            one.claims.join(", "),
            one.scope,
            one.file,
            one.bytes as f64 / 1000.0,
            one.statement
        );
    }
    let _ = write!(text, "escapement-check, which shares no code with this program, accepts these files.");
    text
}
