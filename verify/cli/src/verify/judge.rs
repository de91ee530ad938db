//! `judge`: the verdict on a claim about a table of anybody's numbers.

use super::{print, print_json, run};
use crate::files::unreadable;
use crate::report::{plot, tables};
use crate::terminal::{exit, note, painted};
use anyhow::{Context, Result, anyhow, bail, ensure};
use escapement_verify::Verdict;
use escapement_verify::figure::{Curve, Panel, Picture, Style};
use escapement_verify::files::{atomic::Outputs, toml_file};
use escapement_verify::judge::series::Series;
use escapement_verify::table::{self, Column, Judged, Options, Statement, Table};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The text of --help behind the options.
const DETAILS: &str = "\
The table is CSV with a header; - is standard input. A claim has two sides with <=, >=, = or ~ between
them. Names are those of columns, in braces where they hold blanks. C on the right side is a constant that
nobody knows: then lhs/rhs must not grow along any column of the right side (for >=: not fall; for = and ~:
neither), by the rules of `verify`, with limits, straightness, power and a false copy of the data that must be
refuted. Without C the claim is an inequality or an identity on each row.

Rows that agree in the columns of the right side, and in those of --by, are repetitions. A column x_error is a
bound on the error of x.

The exit code is 0 when the claim holds, 1 when it is refuted, 3 when the table does not decide, 2 for bad
input.

Several claims, in a file for --claims:
  by = [\"activation\"]
  hypotheses = [\"m >= d^2\"]
  [[claim]]
  name = \"rate\"
  statement = \"error <= C m^-0.5 d\"

Examples:
  escapement judge table.csv --claim \"error <= C m^-0.5\"
  escapement judge table.csv --claim \"loss <= 2 sqrt(d/n)\" --hypothesis \"n >= d\" --plot loss.svg";

/// Judges a claim about a table of numbers, by the rules of `verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement judge table.csv --claim \"error <= C m^-0.5\"\n  escapement judge \
        table.csv --claim \"loss <= 2 sqrt(d/n)\" --hypothesis \"n >= d\" --plot loss.svg",
    after_long_help = DETAILS
)]
pub struct Args {
    /// The table: CSV with a header
    #[arg(value_name = "TABLE")]
    table: PathBuf,
    /// A claim about its columns, as "error <= C m^-0.5"; may be given several times
    #[arg(long, value_name = "CLAIM", allow_hyphen_values = true)]
    claim: Vec<String>,
    /// Claims from a TOML file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["claim", "by", "error", "hypothesis", "scatter"])]
    claims: Option<PathBuf>,
    /// Columns that keep rows apart, beside those of the right side
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    by: Vec<String>,
    /// The column that bounds the error of another, as error=stderr
    #[arg(long, value_name = "COLUMN=COLUMN")]
    error: Vec<String>,
    /// A hypothesis, as "m >= d^2": rows that miss it are outside
    #[arg(long, value_name = "INEQUALITY", allow_hyphen_values = true)]
    hypothesis: Vec<String>,
    /// Both sides carry the scatter of samples, for this reason: the slack is a quarter of a power, not a
    /// tenth
    #[arg(long, value_name = "REASON")]
    scatter: Option<String>,
    /// Draw both sides to this file, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A file of claims.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    errors: BTreeMap<String, String>,
    #[serde(default)]
    hypotheses: Vec<String>,
    scatter: Option<String>,
    claim: Vec<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    statement: String,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<u8> {
    if let Some(path) = &args.plot {
        Outputs::check(path)?;
    }
    let (statements, options) = match &args.claims {
        Some(path) => from_file(path)?,
        None => from_arguments(args)?,
    };
    let table = read(&args.table)?;
    let name = if args.table == Path::new("-") { "table" } else { name(&args.table) };
    let Judged { verdict, series, notes } = table::judge(name, &table, &statements, &options)?;
    if let Some(path) = &args.plot {
        let series = series.iter().map(|judged| (judged.verdict.name.as_str(), judged.series.as_slice()));
        let picture = picture(&verdict.title, series);
        let svg =
            plot::panels(&picture).ok_or_else(|| anyhow!("there is nothing to draw: no row is positive"))?;
        let mut outputs = Outputs::new();
        outputs.stage(path, |out| out.write_all(svg.as_bytes()))?;
        outputs.commit()?;
    }
    notes.iter().for_each(note);
    if args.json {
        print_json(out, &verdict)?;
    } else {
        print(out, &painted(&tables::of_verdict(&verdict)))?;
    }
    // Where no row meets the hypotheses, the table decides nothing.
    Ok(match verdict.verdict {
        Verdict::Outside => exit::INCONCLUSIVE,
        word => run::exit_code(std::iter::once(word)),
    })
}

fn from_arguments(args: &Args) -> Result<(Vec<Statement>, Options)> {
    ensure!(
        !args.claim.is_empty(),
        "there is no claim to judge: give one, as --claim \"error <= C m^-0.5\", or a file with --claims"
    );
    let name =
        |i: usize| if args.claim.len() == 1 { "claim".to_owned() } else { format!("claim-{}", i + 1) };
    let statements = args.claim.iter().enumerate().map(|(i, text)| Ok(Statement::parse(&name(i), text)?));
    let errors = args.error.iter().map(|pair| match pair.split_once('=') {
        Some((column, error)) => Ok((column.trim().to_owned(), error.trim().to_owned())),
        None => Err(anyhow!("--error '{pair}' is not allowed: it names two columns, as in error=stderr")),
    });
    let options = Options {
        by: args.by.clone(),
        errors: errors.collect::<Result<_>>()?,
        hypotheses: args.hypothesis.clone(),
        scatter: args.scatter.clone(),
    };
    Ok((statements.collect::<Result<_>>()?, options))
}

fn from_file(path: &Path) -> Result<(Vec<Statement>, Options)> {
    let text = toml_file::read(path, "a file of claims")?;
    let file: File = toml_file::parse(&text).map_err(|why| anyhow!("{}{why}", path.display()))?;
    let mut statements: Vec<Statement> = Vec::new();
    for Named { name, statement } in &file.claim {
        ensure!(
            !name.is_empty() && !name.contains(char::is_control),
            "{}: the name '{}' of a claim is not allowed: it is a line of text",
            path.display(),
            name.escape_debug()
        );
        ensure!(
            statements.iter().all(|other| other.name != *name),
            "{} has two claims of the name '{name}'",
            path.display()
        );
        statements.push(Statement::parse(name, statement).map_err(|e| anyhow!("{}: {e}", path.display()))?);
    }
    let File { by, errors, hypotheses, scatter, .. } = file;
    Ok((statements, Options { by, errors: errors.into_iter().collect(), hypotheses, scatter }))
}

/// The name of the table in results: that of the file, without its ending.
fn name(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("table")
}

/// The longest table that is read.
const LONGEST: u64 = 1 << 28;

fn read(path: &Path) -> Result<Table> {
    let name = path.display();
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(LONGEST)
            .read_to_string(&mut text)
            .context("standard input cannot be read as text")?;
    } else {
        let meta = std::fs::metadata(path).map_err(unreadable(path))?;
        ensure!(
            meta.is_file() && meta.len() < LONGEST,
            "{name} is not a table: a regular CSV file below 256 MiB is needed"
        );
        let bytes = std::fs::read(path).map_err(unreadable(path))?;
        text = String::from_utf8(bytes)
            .map_err(|_| anyhow!("{name} is not a table: it is not text in UTF-8"))?;
    }
    let header = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let delimiter =
        [b',', b';', b'\t'].into_iter().max_by_key(|d| header.bytes().filter(|b| b == d).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let names: Vec<String> =
        reader.headers().map_err(|e| refused(path, &e))?.iter().map(str::to_owned).collect();
    if names.iter().any(|name| name.parse::<f64>().is_ok()) {
        bail!("{name} has no header: its first line must name the columns, as in m,error");
    }
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, entry) in columns.iter_mut().zip(record.map_err(|e| refused(path, &e))?.iter()) {
            column.push(entry.to_owned());
        }
    }
    let columns = names.into_iter().zip(columns.into_iter().map(Column::Text)).collect();
    Table::new(columns).map_err(|e| anyhow!("{name}: {e}"))
}

/// Why a file is no table.
fn refused(path: &Path, e: &csv::Error) -> anyhow::Error {
    let line = e.position().map_or(0, csv::Position::line);
    match e.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => anyhow!(
            "{} is not a table: line {line} has {len} fields, but the header names {expected_len} columns",
            path.display()
        ),
        _ => anyhow!("{} is not a table: {}", path.display(), e.to_string().replace('\n', ", ")),
    }
}

/// A panel for each bound: what was measured, and the right side times the largest ratio.
fn picture<'a>(title: &str, bounds: impl Iterator<Item = (&'a str, &'a [Series])>) -> Picture {
    let panels = bounds.map(|(name, series)| {
        let mut curves = Vec::new();
        for (color, group) in series.iter().enumerate() {
            let label = if group.group.is_empty() { "measured" } else { &group.group };
            curves.push(Curve { name: label.to_owned(), points: means(group), color, style: Style::Line });
            let ratios = group.points.iter().filter_map(|p| p.ratio()).filter(|r| r.is_finite());
            let constant = ratios.fold(0.0, f64::max);
            let right = group.points.iter().map(|p| (p.x, constant * p.rhs, 0.0)).collect();
            curves.push(Curve {
                name: format!("{label}: claimed"),
                points: right,
                color,
                style: Style::Dashed,
            });
        }
        let positive = |curve: &Curve| curve.points.iter().all(|p| p.0 > 0.0);
        Panel {
            title: name.to_owned(),
            x_label: series.first().map_or_else(String::new, |s| s.parameter.clone()),
            y_label: "the two sides".into(),
            log_x: curves.iter().all(positive),
            log_y: true,
            curves,
        }
    });
    Picture { title: title.to_owned(), panels: panels.collect() }
}

/// Mean and standard deviation of the left side at each value of the parameter.
fn means(series: &Series) -> Vec<(f64, f64, f64)> {
    let mut points: Vec<(f64, Vec<f64>)> = Vec::new();
    for point in &series.points {
        match points.last_mut().filter(|(x, _)| *x == point.x) {
            Some((_, all)) => all.push(point.lhs),
            None => points.push((point.x, vec![point.lhs])),
        }
    }
    let statistics = |(x, all): (f64, Vec<f64>)| {
        let count = all.len() as f64;
        let mean = all.iter().sum::<f64>() / count;
        let variance = all.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        (x, mean, variance.sqrt())
    };
    points.into_iter().map(statistics).collect()
}
