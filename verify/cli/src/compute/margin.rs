//! `escapement margin`: margins of a ReLU network on somebody's own data, and its gradient flow.

use super::common::{self, Notes};
use crate::files::{array, stdout};
use crate::report::plot;
use crate::terminal::bar::{Bar, Shape};
use anyhow::{Result, anyhow, bail, ensure};
use clap::{Parser, ValueEnum};
use escapement::flow::{Accuracy, Loss};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::papers::t22::analysis::{
    self, End, FlowRow, Found, Interval, NormRow, Settings, Summary, analyse,
};
use escapement_verify::text::numbers::{number, significant};
use faer::Par;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The files that `--out` writes, the last two with `--norms-only` and `--flow`.
const FILES: [&str; 6] = ["summary.json", "q.npy", "margin.svg", "radius.csv", "norms.csv", "flow.csv"];
/// The weights at the end of the flow.
const WEIGHTS: &str = "W.npy";

/// The most steps of a flow when nobody says: labels that are noise take thousands.
const STEPS: usize = 20_000;

/// The loss of the flow.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    Exp,
    Logistic,
}

/// Computes margins of a two-layer ReLU network on inputs with labels ±1, each between two certified bounds.
///
/// f(x) = m^{-1/2} Σ_j a_j max(v_j·x, 0), both layers trained. γ_m is the largest margin of a direction of
/// length 1 in the space of weights, min_i ⟨U, ∇ y_i f(x_i)⟩; γ_2 is its value at infinite width; weights
/// within the radius R_½ of these keep half of γ_m. With --flow the weights follow the gradient flow of the
/// loss until the smoothed margin u, ℓ(u) = Σ ℓ(p_i), is --until: the normalised margin √m u/‖W‖² rises on
/// the way, and stays below a bound for all networks of any width.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement margin --inputs X.npy --labels y.npy --m 1024 --paired --flow \
        --until 30 --out run\n  escapement margin --inputs X.npy --labels y.npy --weights W.npy \
        --norms-only --json\n\nX.npy is n × d, one input of norm at most 1 per row, y.npy holds n labels 1 \
        or -1, W.npy is m × (1 + d), one neuron per row,\nits output weight first. --out writes \
        summary.json, q.npy (the weights of the examples that bound γ_m from above), margin.svg,\n\
        radius.csv (the certified margin within R), with --norms-only norms.csv, and with --flow flow.csv \
        and W.npy, the last weights.\n\nWhat it costs: γ_m and γ_2 n²m flops, and n³ some twenty times; \
        --transport a cone program of nm(1 + d) numbers,\nslow from 100 examples on; a step of the flow 15 \
        times n²m, and there are hundreds."
)]
pub struct Args {
    /// Inputs from a file: n × d, one input of norm at most 1 per row
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// Their labels from a file: n numbers, each 1 or -1
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Weights from a file: m × (1 + d), one neuron per row, the output weight first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["m", "paired", "seed"])]
    weights: Option<PathBuf>,
    /// How many neurons are drawn otherwise, with standard normal weights
    #[arg(long, default_value_t = 256)]
    m: usize,
    /// Draw m/2 neurons (a, v), and (−a, v) for each: the network is 0 at the start
    #[arg(long)]
    paired: bool,
    /// The root seed of the weights that are drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The margin of directions that move each neuron by the same length at most, too, which is costly
    #[arg(long)]
    transport: bool,
    /// The margin over networks whose neurons keep the directions of these, and the flow of their lengths
    #[arg(long)]
    norms_only: bool,
    /// Follow the gradient flow of both layers
    #[arg(long)]
    flow: bool,
    /// The smoothed margin u with which flows end, at the first step that comes to it
    #[arg(long, default_value_t = 1000.0, value_name = "U")]
    until: f64,
    /// The loss of the flow of both layers
    #[arg(long, value_enum, default_value = "exp")]
    loss: Of,
    /// The error of a step of a flow, relative to the length of the weights
    #[arg(long, default_value_t = Accuracy::default().tolerance, value_name = "NUMBER")]
    tolerance: f64,
    /// The most steps of a flow
    #[arg(long, default_value_t = STEPS, value_name = "N")]
    steps: usize,
    /// How much memory may be used, as 4GiB [default: all that the machine has]
    #[arg(long, allow_hyphen_values = true)]
    memory: Option<String>,
    /// Write tables, a picture and the weights into this folder, see below
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
}

impl Args {
    fn settings(&self) -> Settings {
        Settings {
            transport: self.transport,
            norms_only: self.norms_only,
            flow: self.flow,
            loss: match self.loss {
                Of::Exp => Loss::Exponential,
                Of::Logistic => Loss::Logistic,
            },
            until: self.until,
            accuracy: Accuracy { tolerance: self.tolerance, steps: self.steps },
        }
    }

    /// The names of the files that `--out` writes.
    fn files(&self) -> Vec<&'static str> {
        let tables = [(self.norms_only, FILES[4]), (self.flow, FILES[5]), (self.flow, WEIGHTS)];
        let wanted = tables.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| name);
        FILES[..4].iter().copied().chain(wanted).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, outputs that cannot be written; nothing is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let memory = common::memory(args.memory.as_deref())?;
    let settings = args.settings();
    settings.check()?;
    if let Some(dir) = &args.out {
        Outputs::check_folder(dir, &args.files())?;
    }
    let x = array::read_matrix(&args.inputs)?.values;
    let y = array::read_vector(&args.labels)?;
    let (n, d) = (x.nrows(), x.ncols());
    ensure!(
        y.len() == n,
        "{} holds {} labels, but {} holds {n} inputs: one label per input",
        args.labels.display(),
        y.len(),
        args.inputs.display()
    );
    analysis::check_examples(x.as_ref(), &y)
        .map_err(|e| anyhow!("{} with {}: {e}", args.inputs.display(), args.labels.display()))?;
    let given = args.weights.as_ref().map(|path| array::read_matrix(path)).transpose()?;
    if let (Some(array), Some(path)) = (&given, &args.weights) {
        ensure!(
            array.values.ncols() == d + 1,
            "{} holds rows of {} numbers, but the inputs have d = {d}: {} are needed, the output weight \
             of a neuron first",
            path.display(),
            array.values.ncols(),
            d + 1
        );
    }
    let m = given.as_ref().map_or(args.m, |array| array.values.nrows());
    let what = format!("the margin of n = {n} examples at m = {m}");
    let advice = "the Gram matrix of their gradients is n × n, so that fewer examples are needed";
    common::fits(&what, settings.bytes(n, m, d), memory, advice)?;
    let w = match given {
        Some(array) => array.values,
        None => analysis::weights(m, d, args.paired, args.seed)?,
    };
    let bar = Bar::new(Shape::Solve, 0);
    let mut on = |_: f64, _: f64, words: &dyn Fn() -> String| {
        bar.progress(0, words);
        ControlFlow::Continue(())
    };
    let found = analyse(x.as_ref(), &y, w.as_ref(), &settings, Par::rayon(0), &mut on)?;
    bar.end();
    let Some(found) = found else { bail!("the run was stopped") };
    let mut notes = Notes::default();
    found.remarks.iter().for_each(|words| notes.add(words));
    let ends =
        [found.summary.flow.as_ref().map(|f| f.end), found.summary.norms_only.as_ref().map(|f| f.end)];
    if ends.contains(&Some(End::BrokenOff)) {
        notes.add(
            "a flow broke off: allow more with --steps, or a larger --tolerance, or end at a lower --until",
        );
    }
    let json = stdout::to_json(&found.summary)?;
    if let Some(dir) = &args.out {
        write(dir, &found, &json)?;
    }
    notes.print();
    stdout::print(&if args.json { json } else { readable(&found.summary, args) })?;
    Ok(ExitCode::SUCCESS)
}

/// All outputs of `--out`, or none of them.
fn write(dir: &Path, found: &Found, json: &str) -> Result<()> {
    let mut outputs = Outputs::new();
    outputs.folder(dir)?;
    let summary = &found.summary;
    outputs.stage(&dir.join(FILES[0]), |out| writeln!(out, "{json}"))?;
    outputs.stage(&dir.join(FILES[1]), |out| {
        array::write(out, &[found.dual.len()], found.dual.iter().copied())
    })?;
    if let Some(svg) = plot::panels(&analysis::picture(summary)) {
        outputs.stage(&dir.join(FILES[2]), |out| writeln!(out, "{svg}"))?;
    }
    let radii = summary.radii.iter().map(|r| vec![Some(r.radius), Some(r.margin)]);
    outputs.stage(&dir.join(FILES[3]), |out| columns(out, &["radius", "margin"], radii))?;
    if let Some(norms) = &summary.norms_only {
        let head = ["tau", "u", "smoothed", "lower", "upper"];
        let row = |r: &NormRow| vec![Some(r.tau), Some(r.u), Some(r.smoothed), Some(r.lower), r.upper];
        outputs.stage(&dir.join(FILES[4]), |out| columns(out, &head, norms.rows.iter().map(row)))?;
    }
    if let (Some(flow), Some(weights)) = (&summary.flow, &found.weights) {
        let head = [
            "tau",
            "log_time",
            "u",
            "least",
            "smoothed",
            "margin",
            "displacement",
            "path",
            "square",
            "certified",
        ];
        let row = |r: &FlowRow| {
            let after = [r.u, r.least, r.smoothed, r.margin, r.displacement, r.path, r.square, r.certified];
            [Some(r.tau), r.log_time].into_iter().chain(after.map(Some)).collect()
        };
        outputs.stage(&dir.join(FILES[5]), |out| columns(out, &head, flow.rows.iter().map(row)))?;
        outputs.stage(&dir.join(WEIGHTS), |out| array::write_matrix(out, weights.as_ref()))?;
    }
    outputs.commit()
}

/// Numbers as CSV; one that there is not is left empty.
fn columns(
    out: &mut dyn std::io::Write,
    head: &[&str],
    rows: impl Iterator<Item = Vec<Option<f64>>>,
) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(head)?;
    for row in rows {
        csv.write_record(row.iter().map(|cell| cell.map_or(String::new(), |x| x.to_string())))?;
    }
    csv.flush()
}

fn readable(s: &Summary, args: &Args) -> String {
    let mut lines = vec![("γ_m", interval(s.margin))];
    lines.extend(s.transport.map(|i| ("γ^∞_m, each neuron moved alike", interval(i))));
    lines.push(("γ_2, infinite width", interval(s.infinite_width)));
    let share = s.half_radius / (s.m as f64).sqrt();
    lines.push(("R_½", format!("{}, {} √m", number(s.half_radius), significant(share, 4))));
    let mut text = format!(
        "Margins of a ReLU network on n = {} examples at d = {}, m = {}\n\n{}",
        s.n,
        s.d,
        s.m,
        listed(&lines)
    );
    if let Some(norms) = &s.norms_only {
        let half = Interval { lower: 0.5 * norms.global.lower, upper: 0.5 * norms.global.upper };
        let begin = if norms.cut {
            "r = 1 and |a| ≤ ½, because a neuron has |a| ≥ ‖v‖"
        } else {
            "the lengths of the weights"
        };
        let mut lines = vec![
            ("G", interval(norms.global)),
            ("Γ* = G/2", interval(half)),
            ("the flow of norms begins at", begin.into()),
            ("and ends", norms.why.clone()),
        ];
        if let Some(last) = norms.rows.last() {
            lines.push(("u, τ", format!("{}, {}", number(last.u), number(last.tau))));
            lines.extend(
                last.upper
                    .map(|upper| ("it shows that G is", interval(Interval { lower: last.lower, upper }))),
            );
            lines.push(("√m u/‖W‖²", number(last.smoothed)));
        }
        text += &format!("\nDirections of these weights, lengths free\n{}", listed(&lines));
    }
    if let Some(flow) = &s.flow {
        let how = if flow.bound == "plane" {
            "half of the margin over all directions of the plane"
        } else {
            "from distances and lengths of the inputs"
        };
        let last = &flow.last;
        let mut lines = vec![
            ("it ends", flow.why.clone()),
            ("u, least margin", format!("{}, {}", number(last.u), number(last.least))),
        ];
        lines.extend(last.log_time.map(|time| ("ln t", number(time))));
        lines.extend([
            ("‖W_t − W_0‖", format!("{}, the net displacement", number(last.displacement))),
            ("length of the path", format!("{}, the sum of the steps", number(last.path))),
            ("√m u/‖W‖²", number(last.smoothed)),
            ("√m min p/‖W‖²", number(last.margin)),
            ("no network has more than", format!("{}, {how}", number(flow.most))),
            ("u is certified to be", format!("at least {}", number(last.certified))),
        ]);
        let drift = |drift| ("drift of a² − ‖v‖²", format!("{drift:.1e} of ‖W‖²/m"));
        lines.extend(flow.drift.map(drift));
        text += &format!(
            "\nGradient flow of both layers, {} loss, {} steps\n{}",
            flow.loss,
            flow.rows.len() - 1,
            listed(&lines)
        );
    }
    if let Some(dir) = &args.out {
        text += &format!("\nWritten: {} in {}\n", args.files().join(", "), dir.display());
    }
    text
}

/// The ends of an interval, rounded outwards to ten digits.
fn interval(i: Interval) -> String {
    let digit = |x: f64| if x == 0.0 { 0.0 } else { 10.0_f64.powf(x.abs().log10().floor() - 9.0) };
    let end = |x: f64, beyond: fn(f64, f64) -> bool, step: f64| {
        let text = significant(x, 10);
        let inward = text.parse::<f64>().is_ok_and(|shown| beyond(shown, x));
        if inward { significant(x + step * digit(x), 10) } else { text }
    };
    let lower = end(i.lower, |shown, x| shown > x, -1.0);
    format!("in [{lower}, {}]", end(i.upper, |shown, x| shown < x, 1.0))
}

/// Names and values in two columns.
fn listed(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("  {name:<width$}  {value}\n")).collect()
}
