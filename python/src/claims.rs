//! Claims: their verdicts, those on tables of one's own, and reference values.

use crate::arrays::Matrix;
use crate::interrupt::{Line, apart, beside};
use crate::values::{choice, error, size, text, warn, whole};
use escapement_prove::{Scope, Shifted};
use escapement_verify::claim::certified::{self, Certified};
use escapement_verify::claim::{Cell, Record, Tier};
use escapement_verify::judge::{self as judges, ClaimVerdict};
use escapement_verify::run::journal::Journal;
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Observer, Options};
use escapement_verify::run::timings::Timings;
use escapement_verify::table::{self, Column, Statement, Table};
use escapement_verify::text::Choice;
use escapement_verify::{Claim, Registry, papers};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Mutex;

fn registry() -> PyResult<Registry> {
    papers::standard().map_err(error)
}

/// The claims, as JSON.
#[pyfunction]
pub fn claims() -> PyResult<String> {
    let all: Vec<serde_json::Value> = registry()?
        .claims()
        .map(|claim| {
            let card = claim.card();
            serde_json::json!({
                "claim": card.id,
                "title": card.title,
                "reference": card.reference,
                "statement": card.plain_statement(),
                "hypotheses": card.hypotheses,
                "method": card.method,
                "refuted_by": card.refuted_by,
            })
        })
        .collect();
    serde_json::to_string(&all).map_err(error)
}

/// A verdict with the names of the bounds that are the statement itself, and with the power of each in
/// words.
type Judged = (ClaimVerdict, Vec<String>, Vec<Vec<String>>);

fn judged(verdict: ClaimVerdict) -> Judged {
    let headlines = verdict.headlines().iter().map(|b| b.name.clone()).collect();
    let words = verdict
        .bounds
        .iter()
        .map(|b| b.power.iter().filter(|p| p.least.is_some()).map(judges::Power::words));
    let noticed = words.map(Iterator::collect).collect();
    (verdict, headlines, noticed)
}

/// Counts the work that is done, by predicted seconds.
struct Counting<'a> {
    line: &'a Line,
    done: Mutex<(usize, f64)>,
    cells: usize,
    seconds: f64,
    predicted: Vec<(String, f64)>,
}

impl Counting<'_> {
    fn add(&self, key: &str) {
        let seconds =
            self.predicted.iter().find(|(other, _)| other == key).map_or(0.0, |(_, seconds)| *seconds);
        let mut done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *done = (done.0 + 1, done.1 + seconds);
        self.line.say(done.1, self.seconds, || format!("{} of {} cells: {key}", done.0, self.cells));
    }
}

impl Observer for Counting<'_> {
    fn begin(&self, _plan: &Plan<'_>, reused: &[&Record], _threads: usize) {
        reused.iter().for_each(|record| self.add(&record.cell.key()));
    }

    fn finished(&self, cell: &Cell, _seconds: f64, _outcome: Result<&Record, &str>) {
        self.add(&cell.key());
    }
}

/// Measures claims and judges them: the verdicts as JSON, as `escapement verify --json` prints them.
#[pyfunction]
pub fn verify(
    py: Python<'_>,
    names: Vec<String>,
    tier: &Bound<'_, PyAny>,
    seed: &Bound<'_, PyAny>,
    journal: Option<PathBuf>,
    jobs: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let tiers: Vec<(&str, Tier)> = Tier::ALL.iter().map(|t| (t.name(), *t)).collect();
    let tier = choice("tier", tier, &tiers)?;
    let (seed, jobs) = (whole("seed", seed)?, size("jobs", jobs)?);
    // Names are refused before any thread is started.
    registry()?.select(&names).map_err(error)?;
    let (verdicts, warnings) = apart(py, "verify", progress, move |line| {
        let registry = registry()?;
        let claims: Vec<&dyn Claim> = registry.select(&names).map_err(error)?;
        let mut plan = Plan::new(&claims, tier, seed).map_err(error)?;
        if let Some(path) = &journal {
            plan = plan.timed_by(&Timings::read(path));
        }
        let journal = journal.as_ref().map(|path| Journal::open(path, false)).transpose().map_err(error)?;
        let warnings: Vec<String> =
            journal.iter().flat_map(|journal| journal.warnings()).map(ToString::to_string).collect();
        let journal = journal.map(Mutex::new);
        let options = Options { jobs, memory: runner::available_memory(), stop: line.flag() };
        let predicted: Vec<(String, f64)> = plan.steps.iter().map(|s| (s.cell.key(), s.seconds)).collect();
        let observer = Counting {
            line,
            done: Mutex::new((0, 0.0)),
            cells: predicted.len(),
            seconds: predicted.iter().map(|(_, seconds)| seconds).sum(),
            predicted,
        };
        let outcome = runner::run(&plan, journal.as_ref(), &options, &observer).map_err(error)?;
        let verdicts = claims.iter().map(|claim| {
            let records: Vec<Record> =
                outcome.records.iter().filter(|r| r.cell.claim == claim.id()).cloned().collect();
            let failures: Vec<_> =
                outcome.failures.iter().filter(|f| f.cell.claim == claim.id()).cloned().collect();
            judged(judges::judge(*claim, tier, seed, &records, &failures))
        });
        let verdicts: Vec<Judged> = verdicts.collect();
        Ok((serde_json::to_string(&verdicts).map_err(error)?, warnings))
    })?;
    warnings.iter().try_for_each(|words| warn(py, 2, words))?;
    Ok(verdicts)
}

/// A column of a table that a caller gives.
#[derive(FromPyObject)]
pub enum GivenColumn {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Text.
    Text(Vec<String>),
}

/// What `escapement judge` has options for: by, error columns, hypotheses, the reason for scatter.
type Judging = (Vec<String>, Vec<(String, String)>, Vec<String>, Option<String>);

/// Judges claims about a table: the verdict as JSON, and remarks.
#[pyfunction]
pub fn judge(
    py: Python<'_>,
    name: &Bound<'_, PyAny>,
    columns: Vec<(String, GivenColumn)>,
    claims: Vec<(String, String)>,
    options: Judging,
) -> PyResult<(String, Vec<String>)> {
    let name = text("name", name)?;
    let columns = columns.into_iter().map(|(name, column)| match column {
        GivenColumn::Numbers(all) => (name, Column::Numbers(all)),
        GivenColumn::Text(all) => (name, Column::Text(all)),
    });
    let table = Table::new(columns.collect()).map_err(error)?;
    let statements = claims.iter().map(|(name, text)| Statement::parse(name, text).map_err(error));
    let statements: Vec<Statement> = statements.collect::<PyResult<_>>()?;
    let (by, errors, hypotheses, scatter) = options;
    let options = table::Options { by, errors, hypotheses, scatter };
    beside(py, "judge", None, |_| {
        let found = table::judge(&name, &table, &statements, &options).map_err(error)?;
        Ok((serde_json::to_string(&judged(found.verdict)).map_err(error)?, found.notes))
    })
}

/// Weights (p, d), the low degree k, and how many eigenvalues.
type AtWeights<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// Certificates that the checker accepts, as JSON, and the file of their weights.
#[pyfunction]
pub fn certify(
    py: Python<'_>,
    names: Vec<String>,
    activation: &Bound<'_, PyAny>,
    d: Option<&Bound<'_, PyAny>>,
    degrees: &Bound<'_, PyAny>,
    given: Option<AtWeights<'_>>,
) -> PyResult<(String, Option<Vec<u8>>)> {
    let of = Shifted::parse(&text("activation", activation)?).map_err(error)?;
    let (d, degrees) = (d.map(|d| size("d", d)).transpose()?, size("degrees", degrees)?);
    let registry = registry()?;
    let given = given.map(|(weights, k, top)| {
        let weights = Matrix::of("the weights", &weights, "p × d, one neuron per row,")?.view().to_owned();
        Ok::<_, PyErr>((weights, size("k", &k)?, top.map(|top| size("top", &top)).transpose()?))
    });
    let given = given.transpose()?;
    let scope = match (&given, d) {
        (Some((weights, k, top)), _) => Scope::Weights { weights, k: *k, top: *top },
        (None, Some(d)) => Scope::Dimension { d, degree: degrees },
        (None, None) => Scope::EveryD,
    };
    beside(py, "certify", None, |_| {
        let all = certified::certify(&registry, &names, &of, scope).map_err(error)?;
        let one = |one: &Certified| {
            let made = &one.certificate;
            let intervals: Vec<_> = made.claims.iter().map(|c| (c.quantity, c.j, &c.lo, &c.hi)).collect();
            serde_json::json!({
                "claims": one.claims,
                "scope": one.scope(&of),
                "statement": made.statement,
                "intervals": intervals,
                "name": made.name,
                "text": made.text,
            })
        };
        let text = serde_json::to_string(&all.iter().map(one).collect::<Vec<_>>()).map_err(error)?;
        Ok((text, all.first().and_then(|one| one.certificate.weights.clone())))
    })
}

/// Compares a file of reference values with what the library computes: (agree, compared, the disagreements).
#[pyfunction]
pub fn oracle(
    py: Python<'_>,
    path: PathBuf,
    format: Option<&Bound<'_, PyAny>>,
) -> PyResult<(usize, usize, String)> {
    let format = format.map(|format| text("format", format)).transpose()?;
    let registry = registry()?;
    let formats = papers::formats(&registry);
    beside(py, "oracle", None, |_| {
        let found =
            escapement_verify::oracle::compare_file(&formats, &path, format.as_deref()).map_err(error)?;
        let agree = found.comparisons.iter().filter(|c| c.agrees).count();
        let wrong: Vec<_> = found.comparisons.iter().filter(|c| !c.agrees).collect();
        Ok((agree, found.comparisons.len(), serde_json::to_string(&wrong).map_err(error)?))
    })
}
