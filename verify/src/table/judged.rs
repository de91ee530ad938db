//! From a table and statements to a verdict: rows become records, statements bounds, and the judge is that
//! of every claim.

use super::statement::CONSTANT;
use super::{Formula, Relation, Statement, Table};
use crate::claim::{
    Bound, Card, Cell, Claim, Hypothesis, Measurement, Neighbour, Paper, Parameter, Prediction, Record,
    Side, Sweep, Tier, Value,
};
use crate::error::{Error, Result};
use crate::judge::{self, ClaimVerdict};
use crate::run::source::SOURCE_HASH;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How a table is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns that keep rows apart, beside those that the right sides name: rows that agree in all of them
    /// are repetitions.
    pub by: Vec<String>,
    /// Bounds on the errors of columns: the column, and that of its error. Without an entry, a column
    /// `x_error` is that of `x`.
    pub errors: Vec<(String, String)>,
    /// Hypotheses, as inequalities over the columns: rows that miss one are outside.
    pub hypotheses: Vec<String>,
    /// Why both sides carry the scatter of samples, if they do: the slack is then a quarter of a power.
    pub scatter: Option<String>,
}

/// What came out.
#[derive(Debug)]
pub struct Judged {
    /// The verdict, by the rules of claims.
    pub verdict: ClaimVerdict,
    /// The series that each bound was read off, in the order of its bounds.
    pub series: Vec<judge::Judged>,
    /// What the reader should know besides: columns that play no part.
    pub notes: Vec<String>,
}

/// The paper of tables: nobody's.
static PAPER: Paper = Paper::new("table", "A table of numbers");

/// Judges statements about a table, which is called `name` in the results.
///
/// Every column that a right side names is swept: lhs/rhs must not grow along it (for `>=`: not fall; for
/// `=` with a constant: neither) while the others stay; columns that vary only together with it follow it.
/// Without a constant a statement is an inequality, or an identity, on each row.
///
/// # Errors
/// A column that is missing or not of finite numbers, statements without an axis, and names that cannot be
/// those of parameters; in one sentence.
pub fn judge(name: &str, table: &Table, statements: &[Statement], options: &Options) -> Result<Judged> {
    if statements.is_empty() {
        return Err(Error::Input("there is no claim to judge: give one, as error <= C m^-0.5".into()));
    }
    if let Some(statement) = statements.iter().find(|s| s.names_the_constant())
        && table.names().any(|name| name == CONSTANT)
    {
        return Err(Error::Input(format!(
            "the table has a column C, and the claim '{}' would take it for the constant C: rename the column",
            statement.text
        )));
    }
    let rows = Rows::read(table, statements, options)?;
    let id = interned(name);
    let mut bounds = Vec::new();
    for statement in statements {
        bounds.extend(rows.bounds(statement, options)?);
    }
    let records = rows.records(id, statements, options)?;
    let claim = OfTable { id, statements: statements.to_vec(), bounds, variables: rows.axes(statements) };
    let (mut verdict, series) = judge::judge_bounds(&claim, Tier::Quick, 0, &records, &[], &[]);
    for worst in verdict.bounds.iter_mut().filter_map(|b| b.worst.as_mut()) {
        let row = records.iter().position(|r| r.cell.key() == worst.cell).unwrap_or(0);
        worst.command = format!("row {} of {name}", row + 1);
    }
    Ok(Judged { verdict, series, notes: rows.notes(table, statements, options) })
}

/// A claim about a table.
struct OfTable {
    id: &'static str,
    statements: Vec<Statement>,
    bounds: Vec<Bound>,
    variables: &'static [&'static str],
}

impl Claim for OfTable {
    fn card(&self) -> Card {
        let title = self.statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("; ");
        Card { variables: self.variables, ..Card::new(&PAPER, self.id, interned(&title)) }
    }

    fn plan(&self, _tier: Tier) -> Vec<Cell> {
        Vec::new()
    }

    fn predict(&self, _cell: &Cell) -> Prediction {
        Prediction::default()
    }

    fn measure(&self, cell: &Cell, _seed: u64) -> Result<Measurement> {
        Err(Error::Input(format!("{cell} is a row of a table, and cannot be measured again")))
    }

    fn bounds(&self) -> Vec<Bound> {
        self.bounds.clone()
    }
}

/// The rows of a table, with the columns that matter as numbers.
struct Rows {
    count: usize,
    /// Columns of numbers by name.
    numbers: BTreeMap<String, Vec<f64>>,
    /// The parameters of the rows: columns of right sides that take several values or keep rows apart.
    parameters: Vec<Parameter>,
    /// What the text in the columns of [`Options::by`] says, row by row.
    parts: Vec<String>,
    /// The columns of errors by the column whose errors they bound.
    errors: BTreeMap<String, Vec<f64>>,
    hypotheses: Vec<Statement>,
}

impl Rows {
    fn read(table: &Table, statements: &[Statement], options: &Options) -> Result<Self> {
        let hypotheses: Vec<Statement> = options
            .hypotheses
            .iter()
            .map(|text| Statement::parse("hypothesis", text))
            .collect::<Result<_>>()?;
        if let Some(loose) = hypotheses.iter().find(|h| h.up_to_a_constant) {
            let text = &loose.text;
            return Err(Error::Input(format!(
                "the hypothesis '{text}' must be explicit, without a constant"
            )));
        }
        let mut numbers = BTreeMap::new();
        let of_statements = statements.iter().chain(&hypotheses);
        for name in of_statements.flat_map(|s| s.lhs.names().iter().map(String::as_str).chain(s.variables()))
        {
            numbers.insert(name.to_owned(), table.numbers(name)?);
        }
        let mut parts = vec![String::new(); table.rows()];
        let mut symbols: BTreeSet<String> = BTreeSet::new();
        for name in &options.by {
            if let Ok(all) = table.numbers(name) {
                numbers.insert(name.clone(), all);
                symbols.insert(name.clone());
            } else if let super::Column::Text(all) = table.column(name)? {
                for (part, entry) in parts.iter_mut().zip(all) {
                    let entry =
                        entry.trim().replace(|c: char| !(c.is_alphanumeric() || ":._+-".contains(c)), "-");
                    *part += &format!("{}{entry}", if part.is_empty() { "" } else { "+" });
                }
            } else {
                table.numbers(name)?;
            }
        }
        // A right side may name what was measured as well: it varies within a cell, and is no parameter.
        let lhs: BTreeSet<&String> = statements.iter().flat_map(|s| s.lhs.names()).collect();
        symbols.extend(statements.iter().flat_map(Statement::variables).map(str::to_owned));
        symbols.retain(|name| !lhs.contains(name));
        let parameters =
            symbols.iter().map(|name| parameter(name, &numbers[name])).collect::<Result<_>>()?;
        let mut errors = BTreeMap::new();
        for (name, error) in &options.errors {
            table.column(name)?;
            errors.insert(name.clone(), table.numbers(error)?);
        }
        for name in numbers.keys() {
            let usual = format!("{name}_error");
            if !errors.contains_key(name) && table.names().any(|other| other == usual) {
                errors.insert(name.clone(), table.numbers(&usual)?);
            }
        }
        if let Some((name, row)) = errors
            .iter()
            .find_map(|(name, all)| all.iter().position(|e| *e < 0.0).map(|row| (name, row + 1)))
        {
            return Err(Error::Input(format!("the error of '{name}' in row {row} is negative")));
        }
        Ok(Self { count: table.rows(), numbers, parameters, parts, errors, hypotheses })
    }

    /// The value of a column on a row.
    fn at(&self, row: usize) -> impl Fn(&str) -> f64 + '_ {
        move |name| self.numbers.get(name).map_or(f64::NAN, |all| all[row])
    }

    /// The value of a formula on a row, and the error of a column that stands alone.
    fn side(&self, formula: &Formula, value: f64, row: usize) -> Result<(f64, f64)> {
        if !value.is_finite() {
            let text = formula.text();
            return Err(Error::Input(format!("'{text}' is {value} in row {}: it must be finite", row + 1)));
        }
        let alone = formula.names().first().filter(|name| formula.text().trim_matches(['{', '}']) == **name);
        Ok((value, alone.and_then(|name| self.errors.get(name)).map_or(0.0, |all| all[row])))
    }

    fn records(&self, id: &str, statements: &[Statement], options: &Options) -> Result<Vec<Record>> {
        let mut seen: BTreeMap<Cell, usize> = BTreeMap::new();
        let mut records = Vec::with_capacity(self.count);
        // Each looks at all rows.
        let falsehoods: Vec<Option<Falsehood>> = statements.iter().map(|s| self.falsehood(s)).collect();
        for row in 0..self.count {
            let mut cell = self.cell(id, row);
            let replicate = seen.entry(cell.clone()).or_insert(0);
            cell = cell.replicate(*replicate);
            *replicate += 1;
            let mut measurement = Measurement::new();
            for (statement, falsehood) in statements.iter().zip(&falsehoods) {
                let (left, error) = self.side(&statement.lhs, statement.left(self.at(row)), row)?;
                measurement.insert(lhs(statement), left, error);
                let (right, error) = self.side(&statement.rhs, statement.right(self.at(row)), row)?;
                measurement.insert(rhs(statement), right, error);
                match falsehood {
                    Some(Falsehood::Factor(factor)) => {
                        measurement.insert(tight(statement), factor * right, factor * error);
                    }
                    Some(Falsehood::Shift(shift)) => {
                        measurement.insert(tight(statement), right + shift, error);
                    }
                    None => {}
                }
            }
            for hypothesis in &self.hypotheses {
                let (left, right) = (hypothesis.left(self.at(row)), hypothesis.right(self.at(row)));
                let met = hypothesis.is_met(left, right);
                measurement = measurement.hypothesis(&hypothesis.text, met, format!("{left} and {right}"));
            }
            if options.hypotheses.is_empty() {
                measurement.hypotheses.push(Hypothesis {
                    name: "none were given".into(),
                    met: true,
                    detail: String::new(),
                });
            }
            records.push(Record { source: SOURCE_HASH.to_owned(), seed: 0, cell, measurement });
        }
        Ok(records)
    }

    fn cell(&self, id: &str, row: usize) -> Cell {
        let cell = Cell::new(id, self.parts[row].as_str());
        self.parameters.iter().fold(cell, |cell, parameter| {
            let value = self.numbers[parameter.symbol()][row];
            match parameter.kind() {
                crate::claim::parameter::Kind::Whole => cell.with(*parameter, Value::Whole(value as u64)),
                crate::claim::parameter::Kind::Real => cell.with(*parameter, value),
            }
        })
    }

    /// The bounds of a statement.
    fn bounds(&self, statement: &Statement, options: &Options) -> Result<Vec<Bound>> {
        let (lhs, rhs) = (lhs(statement), rhs(statement));
        let (name, text) = (statement.name.as_str(), statement.text.as_str());
        if !statement.up_to_a_constant {
            let neighbour = Neighbour::rhs(tight(statement), "the right side, as small as no row allows");
            let bound = match statement.relation {
                Relation::AtMost => Bound::inequality(name, text, lhs, Side::Upper, rhs, neighbour),
                Relation::AtLeast => Bound::inequality(name, text, lhs, Side::Lower, rhs, neighbour),
                Relation::Equal => Bound::identity(name, text, lhs, rhs, neighbour),
            };
            let bound = if statement.strict { bound.strict() } else { bound };
            return Ok(vec![
                bound.chosen("the false right side, from the row nearest to violating the claim"),
            ]);
        }
        let side = match statement.relation {
            Relation::AtMost => Side::Upper,
            Relation::AtLeast => Side::Lower,
            Relation::Equal => Side::Both,
        };
        let mut bounds = Vec::new();
        let mut swept: Vec<Parameter> = Vec::new();
        for parameter in self.parameters.iter().filter(|p| statement.variables().any(|v| v == p.symbol())) {
            let tied = self.tied(parameter);
            // Of columns that follow one another the first is the axis.
            let followed = |other: &Parameter| tied.contains(other) && self.tied(other).contains(parameter);
            if self.distinct(parameter) < 2 || swept.iter().any(followed) {
                continue;
            }
            swept.push(*parameter);
            let sweep = match self.claimed(statement, parameter.symbol()).filter(|_| tied.is_empty()) {
                Some(exponent) => Sweep {
                    claimed: Some(std::sync::Arc::new(move |_| exponent)),
                    ..Sweep::uniform(*parameter, side)
                },
                None => Sweep::uniform(*parameter, side),
            };
            let name = format!("{name}-in-{}", parameter.symbol());
            let bound = Bound::growth(name, text, lhs.clone(), rhs.clone(), sweep.tied(&tied));
            bounds.push(match &options.scatter {
                Some(reason) => bound.scatter(reason.clone()),
                None => bound,
            });
        }
        if bounds.is_empty() {
            let names: Vec<&str> = statement.variables().collect();
            let why = if names.is_empty() {
                "its right side names no column".to_owned()
            } else {
                format!("no column of {} takes more than one value", names.join(", "))
            };
            return Err(Error::Input(format!("'{text}' has no axis to be judged along: {why}")));
        }
        Ok(bounds)
    }

    /// How many values a parameter takes.
    fn distinct(&self, parameter: &Parameter) -> usize {
        let bits = self.numbers[parameter.symbol()].iter().map(|x| x.to_bits());
        bits.collect::<BTreeSet<_>>().len()
    }

    /// The parameters that have one value for each value of this one, and do not stay while it varies: they
    /// follow it.
    fn tied(&self, swept: &Parameter) -> Vec<Parameter> {
        let follows = |other: &Parameter| {
            let mut of = BTreeMap::new();
            let (a, b) = (&self.numbers[swept.symbol()], &self.numbers[other.symbol()]);
            a.iter().zip(b).all(|(a, b)| of.entry(a.to_bits()).or_insert(b.to_bits()) == &b.to_bits())
        };
        let others = self.parameters.iter().filter(|other| *other != swept && self.distinct(other) > 1);
        others.filter(|other| follows(other)).copied().collect()
    }

    /// The exponent of a column in the right side, where that is the same on all rows, and where nothing
    /// else than parameters occurs there.
    fn claimed(&self, statement: &Statement, name: &str) -> Option<f64> {
        const STEP: f64 = 1e-3;
        if !statement.variables().all(|v| self.parameters.iter().any(|p| p.symbol() == v)) {
            return None;
        }
        let exponent = |row: usize| {
            let at = self.at(row);
            let moved = |step: f64| statement.right(|n| if n == name { at(n) * step.exp() } else { at(n) });
            (moved(STEP) / moved(-STEP)).ln() / (2.0 * STEP)
        };
        let first = exponent(0);
        let same = (0..self.count).all(|row| (exponent(row) - first).abs() < 1e-6);
        // To the digits that the difference quotient has.
        (same && first.is_finite()).then(|| (first * 1e6).round() / 1e6)
    }

    /// What makes the right side false on the row that comes nearest to violating the statement; none for a
    /// statement with a constant.
    fn falsehood(&self, statement: &Statement) -> Option<Falsehood> {
        if statement.up_to_a_constant {
            return None;
        }
        let sides =
            || (0..self.count).map(|row| (statement.left(self.at(row)), statement.right(self.at(row))));
        let lower = statement.relation == Relation::AtLeast;
        if sides().all(|(left, right)| left > 0.0 && right > 0.0) {
            let ratios = sides().map(|(left, right)| left / right);
            return Some(Falsehood::Factor(if lower {
                1.1 * ratios.fold(f64::INFINITY, f64::min)
            } else {
                0.9 * ratios.fold(0.0, f64::max)
            }));
        }
        // Sides that vanish or change their sign are moved by more than what is between them where they come
        // nearest.
        let direction = if lower { -1.0 } else { 1.0 };
        let room = |(left, right): (f64, f64)| direction * (right - left);
        let nearest = sides().min_by(|a, b| room(*a).total_cmp(&room(*b)))?;
        let largest = sides().fold(0.0, |most: f64, (left, right)| most.max(left.abs()).max(right.abs()));
        let size = nearest.0.abs().max(nearest.1.abs());
        let size = [size, largest].into_iter().find(|size| *size > 0.0).unwrap_or(1.0);
        Some(Falsehood::Shift(-direction * (room(nearest) + 0.1 * size)))
    }

    /// The columns along which something is decided.
    fn axes(&self, statements: &[Statement]) -> &'static [&'static str] {
        let named = |p: &&Parameter| {
            statements.iter().any(|s| s.up_to_a_constant && s.variables().any(|v| v == p.symbol()))
        };
        let all: Vec<&'static str> = self.parameters.iter().filter(named).map(|p| p.symbol()).collect();
        Vec::leak(all)
    }

    fn notes(&self, table: &Table, statements: &[Statement], options: &Options) -> Vec<String> {
        let of_errors: BTreeSet<String> = options
            .errors
            .iter()
            .map(|(_, error)| error.clone())
            .chain(self.errors.keys().map(|name| format!("{name}_error")))
            .collect();
        let idle: Vec<&str> = table
            .names()
            .filter(|name| !self.numbers.contains_key(*name) && !of_errors.contains(*name))
            .filter(|name| !options.by.iter().any(|by| by == name))
            .collect();
        let mut notes = Vec::new();
        if !idle.is_empty() && statements.iter().any(|s| s.up_to_a_constant) {
            notes.push(format!(
                "rows that differ only in {} count as repetitions: name a column with --by to keep them apart",
                idle.join(", ")
            ));
        }
        notes
    }
}

/// What a false right side is made from a true one by.
enum Falsehood {
    Factor(f64),
    Shift(f64),
}

/// The quantity that holds the left side of a statement.
fn lhs(statement: &Statement) -> String {
    format!("{}, left: {}", statement.name, statement.lhs.text())
}

/// The quantity that holds its right side.
fn rhs(statement: &Statement) -> String {
    format!("{}, right: {}", statement.name, statement.rhs.text())
}

/// The quantity that holds a right side that is false.
fn tight(statement: &Statement) -> String {
    format!("{}: a false right side", statement.name)
}

/// The parameter that a column is.
fn parameter(name: &str, values: &[f64]) -> Result<Parameter> {
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') || name.is_empty() {
        return Err(Error::Input(format!(
            "the column '{name}' cannot be a variable: rename it so that it has letters, digits and \
             underscores only"
        )));
    }
    let house = Parameter::HOUSE.iter().find(|p| p.symbol() == name);
    let whole = values.iter().all(|x| x.fract() == 0.0 && *x >= 0.0 && *x < 2.0_f64.powi(53));
    Ok(match (house, whole) {
        (Some(house), true) => *house,
        (_, true) => Parameter::whole(interned(name), interned(name)),
        (_, false) => Parameter::real(interned(name), interned(name)),
    })
}

/// The text for the rest of the process: cards and parameters are written for constants. Each text is kept
/// once.
fn interned(text: &str) -> &'static str {
    static ALL: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    match all.get(text) {
        Some(kept) => kept,
        None => {
            let kept: &'static str = String::leak(text.to_owned());
            all.insert(kept);
            kept
        }
    }
}
