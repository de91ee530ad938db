//! `plot`: what a claim records, drawn against a parameter or against another quantity.

use super::print;
use super::run::{self, RunArgs};
use crate::report::plot;
use crate::terminal::exit::HOLDS;
use anyhow::{Result, anyhow, bail, ensure};
use escapement_verify::Cell;
use escapement_verify::claim::{Claim, record::Record, registry::Registry};
use escapement_verify::figure::{Curve, Panel, Picture, Style, seeds::limits};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::run::plan::{Plan, Step};
use escapement_verify::run::timings::Timings;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

/// Draws quantities that a claim records against a parameter of its cells, or against another quantity.
///
/// Against a parameter, cells that differ in it and in the repetition alone make one curve, a mean over the
/// repetitions with a band of one standard deviation. Against a quantity each cell is a dot. Cells that the
/// journal lacks are measured first. No verdict is given: the exit code is 0 once the picture is written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement plot bias-lambda-min --part bounds --x B --y least,active --out \
        least.svg\n  escapement plot late-rate --x excess --y angle --by lambda --log x,y --out angle.svg"
)]
pub struct Args {
    /// The claim
    #[arg(value_name = "CLAIM")]
    claim: String,
    /// The parameter or the quantity on the horizontal axis
    #[arg(long, value_name = "NAME")]
    x: String,
    /// The quantities to draw
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    y: Vec<String>,
    /// Only this part of the claim's measurements
    #[arg(long, value_name = "PART")]
    part: Option<String>,
    /// Only cells with these values of their parameters, as n=20,d=10
    #[arg(long = "where", value_name = "PARAMETER=VALUE", value_delimiter = ',')]
    only: Vec<String>,
    /// The parameters that tell dots apart
    #[arg(long, value_name = "PARAMETERS", value_delimiter = ',')]
    by: Vec<String>,
    /// Logarithmic axes: x, y, or both
    #[arg(long, value_name = "AXES", value_delimiter = ',', value_parser = ["x", "y"])]
    log: Vec<String>,
    /// The picture, as SVG
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    Outputs::check(&args.out)?;
    let claim = registry.get(&args.claim)?;
    let scope = &args.run.scope;
    let mut plan = Plan::new(&[claim], scope.tier, scope.seed)?.timed_by(&Timings::read(&scope.journal));
    restrict(&mut plan, args)?;
    let outcome = run::outcome(&args.run, &plan, run::again(&args.run), true)?;
    let picture = picture(args, claim, &selected(args, &outcome.records)?)?;
    let svg = plot::panels(&picture)
        .ok_or_else(|| anyhow!("there is nothing to draw: no cell has a place on both axes"))?;
    let mut outputs = Outputs::new();
    outputs.stage(&args.out, |w| w.write_all(svg.as_bytes()))?;
    outputs.commit()?;
    print(out, &format!("{}\n", args.out.display()))?;
    Ok(HOLDS)
}

/// Leaves the cells that were asked for.
fn restrict(plan: &mut Plan<'_>, args: &Args) -> Result<()> {
    let mut wanted = Vec::new();
    for pair in &args.only {
        let Some((symbol, value)) = pair.split_once('=') else {
            bail!("--where '{pair}' is not allowed: it gives a parameter a value, as in n=20");
        };
        let Ok(value) = value.parse::<f64>() else {
            bail!("--where '{pair}' is not allowed: '{value}' is not a number");
        };
        wanted.push((symbol, value));
    }
    let parts: BTreeSet<String> = plan.steps.iter().map(|step| step.cell.part.clone()).collect();
    plan.steps.retain(|Step { cell, .. }| {
        args.part.as_ref().is_none_or(|part| *part == cell.part)
            && wanted.iter().all(|(s, value)| cell.value(s).is_some_and(|v| v.real() == *value))
    });
    let parts = parts.into_iter().collect::<Vec<_>>().join(", ");
    ensure!(
        !plan.steps.is_empty(),
        "no cell of the {} tier is of this part and has these values; the parts are {parts}",
        plan.tier
    );
    Ok(())
}

/// The records that have what is to be drawn.
fn selected<'a>(args: &Args, meant: &'a [Record]) -> Result<Vec<&'a Record>> {
    for name in args.y.iter().chain([&args.x]) {
        let axis = *name == args.x;
        let known =
            |record: &&Record| if axis { at(record, name).is_some() } else { record.get(name).is_some() };
        if meant.iter().any(|record| known(&record)) {
            continue;
        }
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for record in meant {
            names.extend(record.measurement.quantities.keys().map(String::as_str));
            if axis {
                names.extend(record.cell.values().map(|(symbol, _)| symbol));
            }
        }
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        bail!("'{name}' is not recorded in these cells, only {names}");
    }
    let complete =
        |record: &&Record| at(record, &args.x).is_some() && args.y.iter().any(|y| record.get(y).is_some());
    Ok(meant.iter().filter(complete).collect())
}

/// The parameter or the quantity of this name.
fn at(record: &Record, name: &str) -> Option<f64> {
    record.cell.value(name).map(|v| v.real()).or_else(|| Some(record.get(name)?.value))
}

fn picture(args: &Args, claim: &dyn Claim, records: &[&Record]) -> Result<Picture> {
    let log = |axis: &str| args.log.iter().any(|a| a == axis);
    let least = records.iter().filter_map(|record| at(record, &args.x)).fold(f64::INFINITY, f64::min);
    ensure!(
        !log("x") || least > 0.0,
        "--log x is not allowed: '{}' comes down to {least:e}, and a logarithmic axis has positive numbers only",
        args.x
    );
    let parameter = records.iter().any(|record| record.cell.value(&args.x).is_some());
    // What tells curves apart, of the parameters that vary.
    let symbols: BTreeSet<&str> = records.iter().flat_map(|r| r.cell.values().map(|(s, _)| s)).collect();
    for symbol in &args.by {
        ensure!(
            symbols.contains(symbol.as_str()),
            "--by '{symbol}' is not allowed: the cells have the parameters {}",
            symbols.iter().copied().collect::<Vec<_>>().join(", ")
        );
    }
    let differs = |symbol: &&str| {
        let first = records[0].cell.value(symbol);
        records.iter().any(|record| record.cell.value(symbol) != first)
    };
    let told =
        |symbol: &&str| if parameter { *symbol != args.x } else { args.by.iter().any(|by| by == symbol) };
    let apart: Vec<&str> = symbols.into_iter().filter(|s| told(s) && differs(s)).collect();
    let activations = parameter && records.iter().any(|r| r.cell.activation != records[0].cell.activation);
    let group = |cell: &Cell| {
        let value = |symbol: &&str| cell.value(symbol).map(|value| format!("{symbol} = {value}"));
        let mut words: Vec<String> = apart.iter().filter_map(value).collect();
        words.extend(activations.then(|| cell.activation.clone()));
        words.join(", ")
    };
    let mut curves = Vec::new();
    for y in &args.y {
        let mut groups: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for record in records {
            if let (Some(x), Some(y)) = (at(record, &args.x), record.get(y)) {
                groups.entry(group(&record.cell)).or_default().push((x, y.value));
            }
        }
        // What does not depend on the parameters that tell curves apart is drawn once.
        if let Some(first) = groups.values().next().cloned()
            && groups.values().flatten().all(|point| first.contains(point))
        {
            groups = BTreeMap::from([(String::new(), first)]);
        }
        for (group, points) in groups {
            let name = if group.is_empty() { y.clone() } else { format!("{y}, {group}") };
            let color = curves.len();
            curves.push(if parameter { line(name, color, points) } else { dots(name, color, &points) });
        }
    }
    let letters = claim.card().paper.letters.iter().chain(&escapement_verify::Parameter::HOUSE);
    let name = letters.filter(|_| parameter).find(|letter| letter.symbol() == args.x);
    let panel = Panel {
        title: String::new(),
        x_label: name.map_or_else(|| args.x.clone(), |letter| format!("{}, {}", args.x, letter.name())),
        y_label: if args.y.len() == 1 { args.y[0].clone() } else { String::new() },
        log_x: log("x"),
        log_y: log("y"),
        curves,
    };
    Ok(Picture { title: claim.card().title.to_owned(), panels: vec![panel] })
}

/// Means over the points that share an abscissa, with standard deviations.
fn line(name: String, color: usize, mut points: Vec<(f64, f64)>) -> Curve {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mean = |chunk: &[(f64, f64)]| {
        let values: Vec<f64> = chunk.iter().map(|point| point.1).collect();
        let found = limits(&values)?;
        Some((chunk[0].0, found.mean, found.deviation))
    };
    let points = points.chunk_by(|a, b| a.0 == b.0).filter_map(mean).collect();
    Curve { name, points, color, style: Style::Line }
}

fn dots(name: String, color: usize, points: &[(f64, f64)]) -> Curve {
    let points = points.iter().map(|&(x, y)| (x, y, 0.0)).collect();
    Curve { name, points, color, style: Style::Dots }
}
