//! Reports of the schema before this one, as far as a present report can be compared with them.
//!
//! Their verdicts were given by other rules, which knew neither *drifts*, *outside*, *not measured* nor
//! *broken* and allowed other slacks, and what they call a measured exponent is the claimed one plus the
//! slope of lhs/rhs. Verdicts therefore stand side by side without a better or worse, and exponents are not
//! compared. A constant is a number of the cells alone: it is compared as between present reports.

use super::diff::{Constant, Diff, Origin, What};
use super::model::Report;
use escapement_verify::claim::Tier;
use serde::Deserialize;

/// The name and version of the format.
pub const SCHEMA: &str = "escapement-report/1";

/// What both formats say, in words and numbers that a comparison may use.
#[derive(Debug, Clone, Deserialize)]
pub struct Earlier {
    schema: String,
    tier: Tier,
    seed: u64,
    claims: Vec<Claim>,
}

#[derive(Debug, Clone, Deserialize)]
struct Claim {
    id: String,
    verdict: String,
    records: Vec<Cell>,
    bounds: Vec<Bound>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Cell {
    key: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Bound {
    name: String,
    verdict: String,
    implied_constant: Option<f64>,
    constant_error: Option<f64>,
}

impl From<&Report> for Earlier {
    fn from(report: &Report) -> Self {
        let bound = |b: &super::model::BoundReport| Bound {
            name: b.verdict.name.clone(),
            verdict: b.verdict.verdict.name().to_owned(),
            implied_constant: b.verdict.implied_constant,
            constant_error: b.constant_error,
        };
        let claims = report.claims.iter().map(|c| Claim {
            id: c.id.clone(),
            verdict: c.verdict.name().to_owned(),
            records: c.records.iter().map(|r| Cell { key: r.key.clone() }).collect(),
            bounds: c.bounds.iter().map(bound).collect(),
        });
        Self {
            schema: report.schema.clone(),
            tier: report.tier,
            seed: report.seed,
            claims: claims.collect(),
        }
    }
}

/// Compares two reports of which at least one has the earlier schema; the names are those of the files.
pub fn compare(old_name: &str, old: &Earlier, new_name: &str, new: &Earlier) -> Diff {
    let origin = |file: &str, side: &Earlier| Origin {
        file: file.to_owned(),
        tier: side.tier,
        seed: side.seed,
        cells: side.claims.iter().map(|c| c.records.len()).sum(),
    };
    let mut diff = Diff::between(origin(old_name, old), origin(new_name, new));
    diff.cannot = vec![
        format!(
            "verdicts are shown side by side and none is called worse, because {old_name} has the words and \
             slacks of {} and {new_name} those of {}",
            old.schema, new.schema
        ),
        format!(
            "exponents are not compared, because a measured exponent in {SCHEMA} is the claimed one plus \
             the slope of lhs/rhs"
        ),
    ];
    let there =
        |side: &Earlier| side.claims.iter().filter(|c| !c.records.is_empty()).cloned().collect::<Vec<_>>();
    let (before, after) = (there(old), there(new));
    let same_seed = old.seed == new.seed;
    diff.each(None, [&before, &after], |c| &c.id, |diff, a, b| claim(diff, a, b, same_seed));
    diff
}

fn claim(diff: &mut Diff, old: &Claim, new: &Claim, same_seed: bool) {
    let id = &new.id;
    let words = |diff: &mut Diff, bound: Option<&str>, old: &str, new: &str| {
        if old != new {
            diff.push(id, bound, What::Words { old: old.to_owned(), new: new.to_owned() });
        }
    };
    words(diff, None, &old.verdict, &new.verdict);
    let (before, after) = (old.records.len(), new.records.len());
    if before != after {
        diff.push(id, None, What::Cells { old: before, new: after });
    }
    let same_cells = same_seed && old.records == new.records;
    let constant = |b: &Bound| b.implied_constant.map(|value| Constant { value, error: b.constant_error });
    diff.each(
        Some(id),
        [&old.bounds, &new.bounds],
        |b| &b.name,
        |diff, a, b| {
            words(diff, Some(&b.name), &a.verdict, &b.verdict);
            diff.constant(id, &b.name, constant(a).zip(constant(b)), same_cells);
        },
    );
}
