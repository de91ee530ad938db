//! What was measured in a cell: quantities with error bounds, hypotheses, deterministic cost.

use crate::claim::cell::Cell;
use crate::error::{Error, Result};
use escapement::ball::Ball;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a hypothesis of the theorem is met in a cell.
///
/// A hypothesis named [`Hypothesis::RANGE`] says whether the cell lies in the parameter set over which a
/// constant is claimed to be uniform: a cell outside it is reported and never decides a verdict. Every other
/// hypothesis is only counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Its name, e.g. "m ≥ d^{2k}".
    pub name: String,
    /// Whether it is met.
    pub met: bool,
    /// The numbers, e.g. "400 ≥ 100".
    pub detail: String,
}

impl Hypothesis {
    /// The name that marks the allowed range of the swept parameters.
    pub const RANGE: &str = "range";
}

/// What the measurement cost, counted and not timed, so that it is the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Floating-point operations, to leading order.
    pub flops: f64,
    /// Bytes of the largest working set.
    pub bytes: f64,
    /// Products with Σ or a Hessian.
    pub products: f64,
}

/// What [`crate::claim::Claim::measure`] returns.
///
/// ```
/// use escapement_verify::Measurement;
/// let m = Measurement::new().quantity("error", 0.25, 1e-12).hypothesis("m ≥ d²", true, "400 ≥ 100");
/// assert_eq!(m.quantities["error"].value, 0.25);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Every measured quantity by name.
    pub quantities: BTreeMap<String, Ball>,
    /// The quantities that are known from below only, because what was waited for had not happened when the
    /// budget was spent: their values are at least what is recorded.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub at_least: BTreeSet<String>,
    /// The theorem's hypotheses, met or not.
    pub hypotheses: Vec<Hypothesis>,
    /// What it cost.
    pub cost: Cost,
}

impl Measurement {
    /// An empty measurement.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the quantity `name`, known to within `error`.
    #[must_use]
    pub fn quantity(mut self, name: impl Into<String>, value: f64, error: f64) -> Self {
        self.insert(name, value, error);
        self
    }

    /// With the quantity `name`, as the ball that holds it.
    #[must_use]
    pub fn ball(mut self, name: impl Into<String>, ball: Ball) -> Self {
        self.quantities.insert(name.into(), ball);
        self
    }

    /// With the quantity `name`, which is `value` or more: a descent that had not arrived after so many
    /// steps.
    #[must_use]
    pub fn at_least(mut self, name: impl Into<String>, value: f64) -> Self {
        let name = name.into();
        self.insert(name.clone(), value, 0.0);
        self.at_least.insert(name);
        self
    }

    /// Adds the quantity `name`, known to within `error`.
    pub fn insert(&mut self, name: impl Into<String>, value: f64, error: f64) {
        self.quantities.insert(name.into(), Ball { value, error });
    }

    /// With a hypothesis and whether it is met.
    #[must_use]
    pub fn hypothesis(mut self, name: impl Into<String>, met: bool, detail: impl Into<String>) -> Self {
        self.hypotheses.push(Hypothesis { name: name.into(), met, detail: detail.into() });
        self
    }

    /// With its cost.
    #[must_use]
    pub fn cost(mut self, flops: f64, bytes: f64, products: f64) -> Self {
        self.cost = Cost { flops, bytes, products };
        self
    }

    /// Refuses NaN and infinities, which JSON would turn into null, and negative error bounds.
    ///
    /// # Errors
    /// [`Error::NotFinite`] or [`Error::NegativeError`], naming cell and quantity.
    pub fn check(&self, cell: &Cell) -> Result<()> {
        let values = self
            .quantities
            .iter()
            .flat_map(|(name, q)| [(name.clone(), q.value), (format!("{name} (error)"), q.error)]);
        let costs = [
            ("cost.flops", self.cost.flops),
            ("cost.bytes", self.cost.bytes),
            ("cost.products", self.cost.products),
        ];
        for (name, value) in values.chain(costs.map(|(name, value)| (name.to_owned(), value))) {
            if !value.is_finite() {
                return Err(Error::NotFinite { cell: cell.key(), quantity: name, value });
            }
        }
        for (name, q) in &self.quantities {
            if q.error < 0.0 {
                return Err(Error::NegativeError {
                    cell: cell.key(),
                    quantity: name.clone(),
                    value: q.error,
                });
            }
        }
        Ok(())
    }
}

/// A cell that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cell.
    pub cell: Cell,
    /// What went wrong.
    pub message: String,
    /// How far the cell has come, where nothing went wrong and it only has not ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open: Option<Open>,
}

/// How far a cell has come that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Open {
    /// It has not begun.
    NotBegun,
    /// It was stopped on its way.
    Stopped,
}

impl Failure {
    /// A cell that could not be measured.
    pub fn new(cell: Cell, message: impl Into<String>) -> Self {
        Self { cell, message: message.into(), open: None }
    }

    /// A cell that has not ended: `on_its_way` says how far it has come, and is none where it has not begun.
    pub fn open(cell: Cell, on_its_way: Option<String>) -> Self {
        let (message, open) = match on_its_way {
            Some(message) => (message, Open::Stopped),
            None => ("it has not begun".to_owned(), Open::NotBegun),
        };
        Self { cell, message, open: Some(open) }
    }
}

/// A measurement with all it is keyed by: one line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Hash of the sources that measured it.
    pub source: String,
    /// Root seed of the run.
    pub seed: u64,
    /// The cell.
    pub cell: Cell,
    /// What was measured there.
    pub measurement: Measurement,
}

impl Record {
    /// The quantity `name`, if it was measured.
    pub fn get(&self, name: &str) -> Option<Ball> {
        self.measurement.quantities.get(name).copied()
    }

    /// Whether every hypothesis of the theorem is recorded as met: a record without any is outside.
    pub fn inside_hypotheses(&self) -> bool {
        let hypotheses = &self.measurement.hypotheses;
        !hypotheses.is_empty() && hypotheses.iter().all(|h| h.met)
    }

    /// Whether the cell lies in the allowed range ([`Hypothesis::RANGE`]); true when the claim marks none.
    pub fn in_range(&self) -> bool {
        self.measurement.hypotheses.iter().all(|h| h.met || h.name != Hypothesis::RANGE)
    }
}
