//! `escapement spectrum`: eigenvalues and eigenvectors of the feature covariance Σ, with the evidence for
//! them.

use super::common::{self, NetworkArgs, Notes};
use crate::files::{array, stdout};
use crate::report::plot::{ScreeLevel, scree};
use crate::terminal::{interrupt, note, solve::WatchedSolve};
use anyhow::{Result, bail};
use clap::Parser;
use escapement::covariance::Covariance;
use escapement::eigen::{self, EigenPairs, Request, Route, RouteChoice};
use escapement::sphere::{FeatureLevels, Level, Truncation, by_kappa};
use escapement::{Error, tolerance};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::text::numbers::{multiplicity, number};
use faer::Par;
use serde::Serialize;
use std::{f64::consts::FRAC_1_SQRT_2, ops::Range, path::PathBuf, process::ExitCode};

/// The order pd up to which the whole spectrum is computed when nobody says how much of it is wanted.
const ALL_BY_DEFAULT: usize = 4_000;

/// Computes eigenvalues of the feature covariance Σ of a paired network.
///
/// Each eigenvalue comes with the evidence for it: residuals, a bound on the degrees that were left out, and
/// a check that none is missing. Of three routes the cheapest is taken.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement spectrum --d 10 --m 400 --activation sigmoid:1 --plot \
        spectrum.svg\n  escapement spectrum --d 3 --m 59050 --top 17\n  escapement spectrum --weights \
        W0.npy --activation tanh:0.5 --all --json\n\nW0.npy holds the p = m/2 distinct neurons, one unit \
        vector per row."
)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Only the N largest eigenvalues
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// All pd eigenvalues that the pairing of the neurons does not make zero [default: all of them up to pd
    /// = 4000, the top d + 1 above]
    #[arg(long)]
    pub all: bool,
    /// How the eigenvalues are computed: dense (a full eigendecomposition), harmonic (from spherical
    /// harmonics), operator (iteration without the matrix), or auto for the cheapest of the three
    #[arg(long, default_value = "auto")]
    pub route: String,
    /// The residual that the operator route may leave, relative to the largest eigenvalue. The error of an
    /// eigenvalue is quadratic in the residual [default: 1e-12, and 1e-8 above pd = 100000]
    #[arg(long, value_name = "RESIDUAL")]
    pub tolerance: Option<f64>,
    /// Write the eigenvectors to this file, as .npy of shape [N, m, d]: neuron r, then its twin p + r
    #[arg(long, value_name = "FILE")]
    pub vectors: Option<PathBuf>,
    /// Draw a scree plot to this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Output<'a> {
    d: usize,
    m: usize,
    activation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    route: &'static str,
    route_reason: &'a str,
    trace: f64,
    truncation_bound: f64,
    max_degree: usize,
    residual_max: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    orthonormality: Option<f64>,
    rounding_bound: f64,
    null_dimension: usize,
    completeness: Complete<'a>,
    levels: Vec<LevelRow>,
    /// Only of a solve that was stopped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stopped: bool,
    /// The residuals, or upper bounds on them which fail with the probability below.
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    residuals: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    residual_failure_probability: Option<f64>,
    /// Zero stands for those that are below their own bound.
    eigenvalues: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    below_bound: Option<Below>,
}

/// The eigenvalues that are smaller than the bounds on their errors.
#[derive(Debug, Clone, Copy, Serialize)]
struct Below {
    count: usize,
    /// The largest of their bounds.
    bound: f64,
}

impl std::fmt::Display for Below {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} below {:.1e}", self.count, self.bound)
    }
}

/// The eigenvalues as they are shown, see [`EigenPairs::shown`].
struct Shown {
    values: Vec<f64>,
    below: Option<Below>,
}

impl Shown {
    fn of(pairs: &EigenPairs) -> Self {
        let (values, below) = pairs.shown();
        Self { values, below: below.map(|(count, bound)| Below { count, bound }) }
    }

    /// An eigenvalue in words.
    fn number(&self, value: f64) -> String {
        match self.below {
            Some(Below { bound, .. }) if value == 0.0 => format!("<{bound:.1e}"),
            _ => number(value),
        }
    }
}

#[derive(Serialize)]
struct Complete<'a> {
    certified: usize,
    how: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_defect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frobenius_defect: Option<f64>,
}

#[derive(Serialize)]
struct LevelRow {
    degree: usize,
    dimension: f64,
    kappa: f64,
    tau: f64,
    a: f64,
    c: f64,
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, outputs that cannot be written; nothing is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let choice = route(&args.route)?;
    let memory = args.network.memory()?;
    let activation = args.network.activation()?;
    if args.all && args.top.is_some() {
        bail!("--all and --top {} contradict each other: give one of them", args.top.unwrap_or_default());
    }
    for path in [&args.vectors, &args.plot].into_iter().flatten() {
        Outputs::check(path)?;
    }
    let mut notes = Notes::default();
    let neurons = args.network.neurons(memory, &mut notes)?;
    let (p, d, order) = (neurons.p, neurons.d, neurons.p * neurons.d);
    let top = wanted(args, p, d, &mut notes)?;
    let tolerance = args.tolerance.unwrap_or_else(|| tolerance::residual(order));
    let request = Request { top, vectors: args.vectors.is_some(), tolerance };
    let tail = Truncation::Tail(args.network.tail.unwrap_or(tolerance::TAIL));
    let mut levels = FeatureLevels::new(d, activation.as_ref(), tail)?;
    let plan = |choice| eigen::plan_for(p, &levels, &request, choice, memory, Par::rayon(0));
    let (taken, cheapest) = (plan(choice)?, plan(RouteChoice::Auto));
    if let Ok(cheapest) = cheapest
        && taken.flops > MUCH_DEARER * cheapest.flops
    {
        note(format_args!(
            "the {} route takes {:.0e} operations here, where the {} route would take {:.0e}",
            taken.route, taken.flops, cheapest.route, cheapest.flops
        ));
    }
    let route = taken.route;
    if route != Route::Harmonic && args.network.tail.is_none() {
        levels = common::finely_truncated(levels, activation.as_ref())?;
    }
    let computed = match top {
        Some(n) if route == Route::Operator => eigen::completed(&levels, order, n),
        _ => top.unwrap_or(order),
    };
    if let Some(words) = top.and_then(|n| cut(&levels.levels, n, computed, route, order)) {
        // At once: the solve that it is about may take long.
        note(words);
    }
    let cov = Covariance::from_levels(neurons.weights(), levels)?;
    let mut watch = WatchedSolve::new(computed, request.tolerance);
    let solved = eigen::solve_observed(&cov, &request, choice, memory, Par::rayon(0), &mut |progress| {
        watch.step(progress)
    });
    watch.end();
    let pairs = solved?;
    if pairs.stopped {
        notes.add(format_args!(
            "stopped before the end: these are the {} best pairs so far, each within its residual of an \
             eigenvalue (largest residual {:.1e})",
            pairs.eigenvalues.len(),
            pairs.residual_max
        ));
    }
    let levels = &cov.levels().levels;
    let shown = Shown::of(&pairs);
    let groups = groups(levels, &shown.values, cov.order());

    let mut outputs = Outputs::new();
    if let Some(path) = &args.vectors {
        outputs.stage(path, |out| write_vectors(out, &pairs))?;
    }
    if let Some(path) = &args.plot {
        let title = format!("Spectrum of Σ for {}", cov.levels().activation);
        let below = shown.below.map_or(String::new(), |below| format!("; not drawn: {below}"));
        let subtitle =
            format!("d = {}, m = {}, {} route; dashed: κ_j{below}", cov.d(), cov.m(), pairs.plan.route);
        let svg =
            scree(&title, &subtitle, &shown.values, &scree_levels(levels, &groups, shown.values.len()));
        outputs.stage(path, |out| out.write_all(svg.as_bytes()))?;
    }
    let text = if args.json {
        json(args, &cov, &pairs, &shown, &mut notes)?
    } else {
        readable(&cov, &pairs, &shown, &groups)
    };
    outputs.commit()?;
    notes.print();
    stdout::print(&text)?;
    Ok(if pairs.stopped { ExitCode::from(interrupt::code()) } else { ExitCode::SUCCESS })
}

/// How many of the largest eigenvalues are computed; `None` for all of them.
fn wanted(args: &Args, p: usize, d: usize, notes: &mut Notes) -> Result<Option<usize>> {
    let (order, mut top) = (p * d, args.top);
    if top.is_none() && !args.all && order > ALL_BY_DEFAULT {
        notes.add(format_args!(
            "pd = {order} is large, so only the top d + 1 = {} eigenvalues are computed: ask with --top N \
             or --all",
            d + 1
        ));
        top = Some(d + 1);
    }
    if let Some(n) = top.filter(|&n| n == 0 || n > order) {
        let allowed =
            format!("from 1 to pd = {order} eigenvalues are not zero by construction (p = {p}, d = {d})");
        return Err(Error::domain("--top", n, allowed).into());
    }
    Ok(top)
}

/// The remark that the `top` eigenvalues end inside a level, with the ends of the levels around, and with
/// what becomes of the request where `computed` eigenvalues are computed; none where they end with a level.
fn cut(levels: &[Level], top: usize, computed: usize, route: Route, order: usize) -> Option<String> {
    let mut end = 0;
    for level in by_kappa(levels) {
        let begin = end;
        end = begin + level.dimension.min(order as f64) as usize;
        if top == end || end >= order {
            return None;
        }
        if top < end {
            let cuts = format!(
                "--top {top} cuts the level of degree {}, whose eigenvalues are numbers {} to {end}",
                level.degree,
                begin + 1
            );
            let ends = if begin > 0 { format!("{begin} or {end}") } else { end.to_string() };
            return Some(match route {
                Route::Operator if computed > top => format!(
                    "{cuts}: the first {computed} are computed and {top} shown, because whole levels are \
                     found sooner and certified"
                ),
                Route::Operator => format!(
                    "{cuts} and lie close together: whole levels are found sooner and certified, as with \
                     --top {ends}"
                ),
                _ => format!("{cuts}: a whole level ends at --top {ends}"),
            });
        }
    }
    None
}

/// A route that was asked for is remarked on where it takes so many times the work of the cheapest one.
const MUCH_DEARER: f64 = 100.0;

fn route(name: &str) -> Result<RouteChoice> {
    Ok(match name {
        "auto" => RouteChoice::Auto,
        "dense" => RouteChoice::Only(Route::Dense),
        "harmonic" => RouteChoice::Only(Route::Harmonic),
        "operator" => RouteChoice::Only(Route::Operator),
        other => bail!("--route {other} is not allowed: the routes are auto, dense, harmonic and operator"),
    })
}

fn json(
    args: &Args,
    cov: &Covariance,
    pairs: &EigenPairs,
    shown: &Shown,
    notes: &mut Notes,
) -> Result<String> {
    let rows = cov.levels().levels.iter().map(|l| LevelRow {
        degree: l.degree,
        dimension: l.dimension,
        kappa: l.kappa,
        tau: l.tau,
        a: l.a,
        c: l.c,
    });
    // At high degree and dimension A_j and B(d,j) leave the range of f64, long after κ_j has become
    // negligible.
    let levels: Vec<LevelRow> =
        rows.take_while(|l| [l.dimension, l.kappa, l.tau, l.a, l.c].iter().all(|x| x.is_finite())).collect();
    if levels.len() <= cov.levels().max_degree() {
        notes.add(format_args!(
            "levels stop at degree {} of {}: beyond, B(d,j) leaves the range of f64",
            levels.len().saturating_sub(1),
            cov.levels().max_degree()
        ));
    }
    let c = &pairs.completeness;
    stdout::to_json(&Output {
        d: cov.d(),
        m: cov.m(),
        activation: &cov.levels().activation,
        seed: args.network.weights.is_none().then_some(args.network.seed),
        route: pairs.plan.route.name(),
        route_reason: &pairs.plan.reason,
        trace: cov.trace(),
        truncation_bound: pairs.truncation_bound,
        max_degree: cov.levels().max_degree(),
        residual_max: pairs.residual_max,
        orthonormality: pairs.vectors.is_some().then_some(pairs.orthonormality),
        rounding_bound: pairs.rounding_bound(),
        null_dimension: pairs.null_dimension,
        completeness: Complete {
            certified: c.certified,
            how: &c.how,
            trace_defect: c.trace_defect,
            frobenius_defect: c.frobenius_defect,
        },
        levels,
        stopped: pairs.stopped,
        residuals: &pairs.residuals,
        residual_failure_probability: (pairs.residual_failure > 0.0).then_some(pairs.residual_failure),
        eigenvalues: &shown.values,
        below_bound: shown.below,
    })
}

/// Positions of the eigenvalues that belong to each level, by falling κ_j, as far as whole levels fit into
/// what was computed and into the rank pd. Where m is small the levels overlap, and this is a count, not a
/// classification.
fn groups(levels: &[Level], eigenvalues: &[f64], order: usize) -> Vec<(usize, Range<usize>)> {
    let room = eigenvalues.len().min(order);
    let mut groups = Vec::new();
    let mut start = 0;
    for level in by_kappa(levels) {
        if level.dimension > (room - start) as f64 {
            break;
        }
        let end = start + level.dimension as usize;
        groups.push((level.degree, start..end));
        start = end;
    }
    groups
}

fn scree_levels(levels: &[Level], groups: &[(usize, Range<usize>)], computed: usize) -> Vec<ScreeLevel> {
    const SHOWN: usize = 6;
    let shown = &groups[..groups.len().min(SHOWN)];
    let rest = shown.last().map_or(0, |(_, range)| range.end)..computed;
    let named = shown.iter().map(|(degree, range)| ScreeLevel {
        name: format!("degree {degree}"),
        range: range.clone(),
        limit: levels.get(*degree).map(|l| l.kappa),
    });
    named
        .chain((!rest.is_empty()).then(|| ScreeLevel {
            name: if shown.is_empty() { "all".into() } else { "the rest".into() },
            range: rest,
            limit: None,
        }))
        .collect()
}

/// Eigenvectors of Σ as an array `[N, m, d]`: `q/√2` on the p neurons, then `−q/√2` on their twins.
fn write_vectors(out: &mut dyn std::io::Write, pairs: &EigenPairs) -> std::io::Result<()> {
    let Some(q) = &pairs.vectors else {
        return Err(std::io::Error::other("the eigenvectors were not computed"));
    };
    let (p, d, n) = (pairs.p, pairs.d, q.ncols());
    let entries = (0..n).flat_map(move |c| {
        let column = q.col_as_slice(c);
        (0..2 * p).flat_map(move |r| {
            let sign = if r < p { FRAC_1_SQRT_2 } else { -FRAC_1_SQRT_2 };
            (0..d).map(move |i| sign * column[i * p + r % p])
        })
    });
    array::write(out, &[n, 2 * p, d], entries)
}

fn readable(
    cov: &Covariance,
    pairs: &EigenPairs,
    shown: &Shown,
    groups: &[(usize, Range<usize>)],
) -> String {
    let levels = &cov.levels().levels;
    let values = &shown.values;
    let statistics = |range: Range<usize>| {
        let part = &values[range];
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        let (max, min) = (part.first().copied().unwrap_or(0.0), part.last().copied().unwrap_or(0.0));
        [mean, min, max].map(|value| shown.number(value))
    };
    let mut rows: Vec<Vec<String>> = groups
        .iter()
        .take(12)
        .map(|(degree, range)| {
            let l = &levels[*degree];
            let head = [degree.to_string(), multiplicity(l.dimension), number(l.tau), number(l.kappa)];
            head.into_iter().chain(statistics(range.clone())).collect()
        })
        .collect();
    let used = groups.iter().take(12).next_back().map_or(0, |(_, range)| range.end);
    if used < values.len() {
        let head = ["rest".into(), (values.len() - used).to_string(), String::new(), String::new()];
        rows.push(head.into_iter().chain(statistics(used..values.len())).collect());
    }
    let table = common::table(&["degree", "number", "τ_j", "κ_j", "mean", "least", "largest"], &rows);
    let c = &pairs.completeness;
    let head = format!(
        "Spectrum of Σ for {} at d = {}, m = {}: {} of the {} eigenvalues that are not zero by \
         construction\n",
        cov.levels().activation,
        cov.d(),
        cov.m(),
        values.len(),
        cov.order()
    );
    let defects = match (c.trace_defect, c.frobenius_defect) {
        (Some(t), Some(f)) => format!(" (trace to {t:.1e}, Frobenius norm to {f:.1e} relative)"),
        (Some(t), None) => format!(" (trace to {t:.1e})"),
        _ => String::new(),
    };
    let orthonormality = match &pairs.vectors {
        Some(_) => format!(", orthonormality {:.1e}", pairs.orthonormality),
        None => String::new(),
    };
    let below = match shown.below {
        Some(below) => format!("below its bound   {below}\n"),
        None => String::new(),
    };
    let residual = match pairs.residual_failure {
        0.0 => format!("{:.1e}", pairs.residual_max),
        failure => format!("at most {:.1e} (up to a probability of {failure:.0e})", pairs.residual_max),
    };
    let stopped = if pairs.stopped { "; stopped before the end" } else { "" };
    format!(
        "{head}\nEigenvalues in descending order, grouped by degree, largest κ_j first:\n{table}\n\
         κ_j               the eigenvalue of degree j at infinite width\n\
         trace             {}\n\
         truncation        degree {} leaves out at most {:.1e}\n\
         largest residual  {residual}{orthonormality}{stopped}\n\
         {below}exact zeros       {} from the pairing\n\
         completeness      {}{defects}\n\
         route             {}, {}",
        number(cov.trace()),
        cov.levels().max_degree(),
        pairs.truncation_bound,
        pairs.null_dimension,
        c.how,
        pairs.plan.route,
        pairs.plan.reason
    )
}
