//! What moved between two reports.
//!
//! - A verdict moved when it is another one; it got worse when it comes later in the order of [`Verdict`].
//! - An implied constant is compared where both reports have the same cells and the same seed, so that both
//!   measured the same numbers: it moved when the two differ by more than their error bounds together (and
//!   [`MOVED`], for the rounding of another machine). On other cells it is another number, and is not
//!   compared.
//! - An exponent comes with limits. On the same cells with the same seed it moved when one of the two
//!   measured values lies outside the other's limits. On other cells or with another seed the two are
//!   independent, and the variance of their difference is the sum of theirs: it moved when they differ by
//!   more than √(h² + h'²), h and h' being the distances to the limits that face each other. (If the limits
//!   of one alone had to hold the other, one exponent in six would seem to move: with equal limits at 95 %,
//!   P(|Z| > 1.96/√2) = 0.17 where 0.05 is meant.) An onset that is another one has moved too.
//! - Claims, bounds and groups of cells that only one of them has came or went; claims and bounds that went
//!   are counted as gone. A claim without any record counts as not there.

use super::model::{BoundReport, ClaimReport, Report};
use escapement::tolerance::MOVED;
use escapement_verify::claim::{Tier, parameter::Value};
use escapement_verify::judge::{ExponentEvidence, Verdict};
use escapement_verify::text::plural::count;
use serde::Serialize;
use std::fmt::Write;

/// The name and version of the format.
pub const SCHEMA: &str = "escapement-diff/1";

/// The differences of two reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    pub schema: &'static str,
    pub old: Origin,
    pub new: Origin,
    /// Verdicts that got worse, printed wording aside.
    pub worse: usize,
    /// Claims and bounds that the later report does not have.
    pub gone: usize,
    /// Bounds of which the constants are not compared, because the two reports have other cells.
    pub not_compared: usize,
    /// What cannot be compared at all and why, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<String>,
    /// The differences, claim by claim.
    pub changes: Vec<Change>,
}

/// The origin of one of the two reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin {
    pub file: String,
    pub tier: Tier,
    pub seed: u64,
    /// The number of cells with a record.
    pub cells: usize,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub claim: String,
    /// The bound, unless it is the claim as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    #[serde(flatten)]
    pub what: What,
}

/// A number and its error bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Constant {
    pub value: f64,
    /// Its error bound, where it has one.
    pub error: Option<f64>,
}

/// A measured exponent and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Exponent {
    pub measured: f64,
    pub lower: f64,
    pub upper: f64,
    /// The onset, for an asymptotic statement that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset: Option<Value>,
}

/// What moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum What {
    /// The verdict is another one.
    Verdict { old: Verdict, new: Verdict, worse: bool },
    /// The word for the verdict is another one, and the rules behind the two words differ.
    Words { old: String, new: String },
    /// The implied constant moved.
    Constant { old: Constant, new: Constant },
    /// An exponent or an onset moved.
    Exponent { parameter: String, group: String, old: Exponent, new: Exponent },
    /// The number of cells with a record is another one.
    Cells { old: usize, new: usize },
    /// It was not there.
    Came {
        /// The cells, if it is one group of a bound.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// It is not there any more.
    Went {
        /// The cells, if it is one group of a bound.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
}

/// Compares two reports; the names are those of the files they come from.
pub fn compare(old_name: &str, old: &Report, new_name: &str, new: &Report) -> Diff {
    let origin = |file: &str, r: &Report| {
        let cells = r.claims.iter().map(|c| c.cells.recorded).sum();
        Origin { file: file.to_owned(), tier: r.tier, seed: r.seed, cells }
    };
    let (old_origin, new_origin) = (origin(old_name, old), origin(new_name, new));
    let mut diff = Diff::between(old_origin, new_origin);
    let there = |r: &Report| r.claims.iter().filter(|c| c.cells.recorded > 0).cloned().collect::<Vec<_>>();
    let (before, after) = (there(old), there(new));
    let same_seed = old.seed == new.seed;
    diff.each(None, [&before, &after], |c| &c.id, |diff, a, b| diff.claim(a, b, same_seed));
    diff
}

/// Pairs of what is the same in both, in the order of the later one; what only the earlier one has comes
/// last.
fn matched<'a, T>(
    old: &'a [T],
    new: &'a [T],
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let kept = new.iter().map(|n| (old.iter().find(|o| same(o, n)), Some(n)));
    let gone = old.iter().filter(|o| !new.iter().any(|n| same(o, n))).map(|o| (Some(o), None));
    kept.chain(gone).collect()
}

impl Diff {
    /// No difference yet.
    pub(super) fn between(old: Origin, new: Origin) -> Self {
        Self {
            schema: SCHEMA,
            old,
            new,
            worse: 0,
            gone: 0,
            not_compared: 0,
            cannot: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, claim: &str, bound: Option<&str>, what: What) {
        self.changes.push(Change { claim: claim.to_owned(), bound: bound.map(str::to_owned), what });
    }

    /// Compares what both sides have, claims or the bounds of one, and notes what only one has.
    pub(super) fn each<T>(
        &mut self,
        claim: Option<&str>,
        [old, new]: [&[T]; 2],
        name: impl Fn(&T) -> &str,
        mut both: impl FnMut(&mut Self, &T, &T),
    ) {
        for pair in matched(old, new, |x, y| name(x) == name(y)) {
            match pair {
                (Some(a), Some(b)) => both(self, a, b),
                (a, b) => {
                    let only = a.or(b).map(&name);
                    self.one_sided(claim.or(only), claim.and(only), None, a.is_none());
                }
            }
        }
    }

    fn one_sided(&mut self, claim: Option<&str>, bound: Option<&str>, group: Option<String>, came: bool) {
        self.gone += usize::from(!came && group.is_none());
        let what = if came { What::Came { group } } else { What::Went { group } };
        self.push(claim.unwrap_or_default(), bound, what);
    }

    fn verdict(&mut self, claim: &str, bound: Option<&str>, old: Verdict, new: Verdict, counts: bool) {
        if old != new {
            let worse = new > old;
            self.worse += usize::from(worse && counts);
            self.push(claim, bound, What::Verdict { old, new, worse });
        }
    }

    fn claim(&mut self, old: &ClaimReport, new: &ClaimReport, same_seed: bool) {
        let id = &new.id;
        self.verdict(id, None, old.verdict, new.verdict, true);
        if old.cells.recorded != new.cells.recorded {
            self.push(id, None, What::Cells { old: old.cells.recorded, new: new.cells.recorded });
        }
        let keys = |c: &ClaimReport| c.records.iter().map(|r| r.key.clone()).collect::<Vec<_>>();
        let same_cells = same_seed && keys(old) == keys(new);
        let bounds = [old.bounds.as_slice(), new.bounds.as_slice()];
        self.each(Some(id), bounds, |b| &b.verdict.name, |diff, a, b| diff.bound(id, a, b, same_cells));
    }

    /// Counts the two constants of a bound as not compared where the cells differ, and notes a move.
    pub(super) fn constant(
        &mut self,
        claim: &str,
        bound: &str,
        both: Option<(Constant, Constant)>,
        same_cells: bool,
    ) {
        let Some((old, new)) = both else { return };
        if !same_cells {
            self.not_compared += 1;
        } else if differ(old, new) {
            self.push(claim, Some(bound), What::Constant { old, new });
        }
    }

    fn bound(&mut self, claim: &str, old: &BoundReport, new: &BoundReport, same_cells: bool) {
        let name = new.verdict.name.as_str();
        let counts = new.verdict.printed.is_none();
        self.verdict(claim, Some(name), old.verdict.verdict, new.verdict.verdict, counts);
        let constant = |b: &BoundReport| {
            b.verdict.implied_constant.map(|value| Constant { value, error: b.constant_error })
        };
        self.constant(claim, name, constant(old).zip(constant(new)), same_cells);
        let same = |x: &ExponentEvidence, y: &ExponentEvidence| {
            (&x.parameter, &x.group, x.decides) == (&y.parameter, &y.group, y.decides)
        };
        for (a, b) in matched(&old.verdict.exponents, &new.verdict.exponents, same) {
            match (a, b) {
                (Some(a), Some(b)) if moved(a, b, same_cells) => {
                    let (parameter, group) = (b.parameter.clone(), b.group.clone());
                    self.push(
                        claim,
                        Some(name),
                        What::Exponent { parameter, group, old: exponent(a), new: exponent(b) },
                    );
                }
                (Some(_), Some(_)) => {}
                (a, b) => {
                    self.one_sided(Some(claim), Some(name), a.or(b).map(|e| e.group.clone()), a.is_none())
                }
            }
        }
    }
}

fn exponent(e: &ExponentEvidence) -> Exponent {
    Exponent { measured: e.lhs.value, lower: e.lhs.lower, upper: e.lhs.upper, onset: e.onset }
}

/// Whether two constants of the same cells differ by more than their error bounds together.
fn differ(a: Constant, b: Constant) -> bool {
    let allowed = a.error.unwrap_or(0.0) + b.error.unwrap_or(0.0) + MOVED * a.value.abs().max(b.value.abs());
    (a.value - b.value).abs() > allowed
}

/// Whether the difference of two exponents is beyond their limits, see the top of this file, or the onset is
/// another one.
fn moved(a: &ExponentEvidence, b: &ExponentEvidence, same_cells: bool) -> bool {
    let (low, high) = if a.lhs.value <= b.lhs.value { (a.lhs, b.lhs) } else { (b.lhs, a.lhs) };
    let (above, below) = (low.upper - low.value, high.value - high.lower);
    let allowed = if same_cells { above.min(below) } else { above.hypot(below) };
    high.value - low.value > allowed + MOVED || a.onset != b.onset
}

/// The difference in words, one line each, and a last line that counts them. Claims and bounds that are gone
/// come last, under a line of their own: of what moved one knows where it is.
pub fn words(diff: &Diff) -> String {
    let mut out = String::new();
    let place = |Change { claim, bound, .. }: &Change| match bound {
        Some(bound) => format!("{claim}/{bound}"),
        None => claim.clone(),
    };
    let gone = |c: &&Change| matches!(c.what, What::Went { group: None });
    for c in diff.changes.iter().filter(|c| !gone(c)) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}: {}", place(c), change_in_words(&c.what));
    }
    if diff.gone > 0 {
        let _ = writeln!(out, "Gone, without a verdict in {}:", diff.new.file);
    }
    for c in diff.changes.iter().filter(gone) {
        let kind = if c.bound.is_some() { "bound" } else { "claim" };
        let _ = writeln!(out, "  {} ({kind})", place(c));
    }
    for sentence in &diff.cannot {
        let _ = writeln!(out, "Cannot be compared: {sentence}.");
    }
    let side =
        |o: &Origin| format!("{} ({} tier, seed {}, {})", o.file, o.tier, o.seed, count(o.cells, "cell"));
    let moved = match (diff.changes.len(), diff.worse) {
        (0, _) => "nothing moved".to_owned(),
        (n, 0) if !diff.cannot.is_empty() => count(n, "difference"),
        (n, 0) => format!("{}, no verdict got worse", count(n, "difference")),
        (n, w) => format!("{}, {} got worse", count(n, "difference"), count(w, "verdict")),
    };
    let lost = match diff.gone {
        0 => String::new(),
        1 => ", 1 claim or bound is gone".to_owned(),
        n => format!(", {n} claims or bounds are gone"),
    };
    let skipped = match diff.not_compared {
        0 => String::new(),
        1 => "; the constant of 1 bound is not compared, as it was measured on other cells".to_owned(),
        n => format!("; the constants of {n} bounds are not compared, as they were measured on other cells"),
    };
    let _ = writeln!(out, "{} and {}: {moved}{lost}{skipped}.", side(&diff.old), side(&diff.new));
    out
}

fn change_in_words(what: &What) -> String {
    let constant = |c: &Constant| {
        c.error.map_or_else(|| format!("{:.6e}", c.value), |e| format!("{:.6e} ± {e:.1e}", c.value))
    };
    let exponent = |e: &Exponent| {
        let onset = e.onset.map_or_else(String::new, |at| format!(", onset {at}"));
        format!("{:.3} ({:.3} to {:.3}{onset})", e.measured, e.lower, e.upper)
    };
    let group = |g: &Option<String>| {
        g.as_ref().filter(|g| !g.is_empty()).map_or_else(String::new, |g| format!(" at {g}"))
    };
    match what {
        What::Verdict { old, new, worse } => format!("{old} → {new}{}", if *worse { ", worse" } else { "" }),
        What::Words { old, new } => format!("{old} | {new}"),
        What::Constant { old, new } => format!("constant {} → {}", constant(old), constant(new)),
        What::Exponent { parameter, group: g, old, new } => {
            format!(
                "exponent of {parameter}{} {} → {}",
                group(&Some(g.clone())),
                exponent(old),
                exponent(new)
            )
        }
        What::Cells { old, new } => format!("{old} → {}", count(*new, "cell")),
        What::Came { group: g } => format!("came{}", group(g)),
        What::Went { group: g } => format!("went{}", group(g)),
    }
}
