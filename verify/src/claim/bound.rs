//! What a claim asserts of its records: identities, inequalities, growths, asymptotics, probabilities.

use crate::claim::cell::Cell;
use crate::claim::errata::ErratumId;
use crate::claim::side::Side;
use crate::claim::sweep::Sweep;
use escapement::tolerance;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which side of a comparison a false neighbour replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The left side.
    Lhs,
    /// The right side.
    Rhs,
}

/// A false neighbour of a formula, measured on the same cells: the check is worth something only if this one
/// is refuted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// What it stands in for.
    pub place: Place,
    /// The quantity that holds it. Cells without it are passed over.
    pub quantity: String,
    /// What is false about it, e.g. "R/p in place of 1/p_i".
    pub description: String,
}

impl Neighbour {
    /// A false left side.
    pub fn lhs(quantity: impl Into<String>, description: impl Into<String>) -> Self {
        Self { place: Place::Lhs, quantity: quantity.into(), description: description.into() }
    }

    /// A false right side.
    pub fn rhs(quantity: impl Into<String>, description: impl Into<String>) -> Self {
        Self { place: Place::Rhs, quantity: quantity.into(), description: description.into() }
    }
}

/// A predicate on cells.
pub type Filter = Arc<dyn Fn(&Cell) -> bool + Send + Sync>;

/// The form of a bound. Names are names of measured quantities.
#[derive(Clone)]
pub enum Kind {
    /// `|lhs − rhs| ≤ lhs.error + rhs.error` on every cell.
    Identity {
        /// Left side.
        lhs: String,
        /// Right side.
        rhs: String,
        /// False neighbours; each must be refuted on at least one cell.
        neighbours: Vec<Neighbour>,
    },
    /// `lhs ≤ rhs` or `lhs ≥ rhs` on every cell, with explicit constants inside the right side.
    Inequality {
        /// Left side.
        lhs: String,
        /// Right side.
        rhs: String,
        /// [`Side::Upper`] or [`Side::Lower`]; [`Side::Both`] asks for equality of the exact values and is
        /// an identity.
        side: Side,
        /// Whether equality violates it.
        strict: bool,
        /// False neighbours; each must be refuted on at least one cell.
        neighbours: Vec<Neighbour>,
    },
    /// `lhs/rhs` does not grow (does not fall, neither) along a sweep.
    Growth {
        /// Left side.
        lhs: String,
        /// Right side, an explicit expression at finite d.
        rhs: String,
        /// The sweep.
        sweep: Sweep,
    },
    /// An exact quantity grows as claimed from an onset on.
    Asymptotic {
        /// The quantity.
        quantity: String,
        /// The sweep, usually over d.
        sweep: Sweep,
    },
    /// An event has at least, or at most, a probability.
    Probability {
        /// Ball counting how often it held.
        successes: String,
        /// Ball counting the trials.
        trials: String,
        /// [`Side::Lower`]: at least p; [`Side::Upper`]: at most p.
        side: Side,
        /// The probability p.
        probability: f64,
    },
}

impl Kind {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity { .. } => "identity",
            Self::Inequality { .. } => "inequality",
            Self::Growth { .. } => "growth",
            Self::Asymptotic { .. } => "asymptotic",
            Self::Probability { .. } => "probability",
        }
    }

    /// On which side it binds.
    pub fn side(&self) -> Side {
        match self {
            Self::Identity { .. } => Side::Both,
            Self::Inequality { side, .. } | Self::Probability { side, .. } => *side,
            Self::Growth { sweep, .. } | Self::Asymptotic { sweep, .. } => sweep.side,
        }
    }
}

/// Who would be wrong, were a bound violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// The paper could be: the bound is evidence about its statement.
    Paper,
    /// Only this program could be, because the bound is a theorem about the very number that is computed
    /// (Jensen, Markov, Taylor, Chernoff, an algebraic identity). It guards the program, is *broken* where
    /// it fails, and supports no claim.
    Code,
}

/// How far beyond the claim an exponent may be measured before the claim is refuted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Slack {
    /// One side of the bound is an exact expression: a tenth of a power.
    #[default]
    ExactSide,
    /// Both sides carry the scatter of samples or of training, for this reason: a quarter.
    Scatter(String),
}

impl Slack {
    /// In units of the exponent.
    pub fn value(&self) -> f64 {
        match self {
            Self::ExactSide => tolerance::SLACK_EXACT,
            Self::Scatter(_) => tolerance::SLACK_SCATTER,
        }
    }

    /// Why it is as large as that.
    pub fn reason(&self) -> &str {
        match self {
            Self::ExactSide => "one side is an exact expression",
            Self::Scatter(reason) => reason,
        }
    }
}

/// One assertion of a claim about its records.
#[derive(Clone)]
pub struct Bound {
    /// Name, unique in its claim.
    pub name: String,
    /// The assertion, in plain text with Unicode mathematics.
    pub statement: String,
    /// Only cells of this part, if given.
    pub part: Option<String>,
    /// Only cells that satisfy this, if given.
    pub filter: Option<Filter>,
    /// The form.
    pub kind: Kind,
    /// This is the printed wording, which the erratum corrects: its refutation is shown and does not count.
    pub printed: Option<ErratumId>,
    /// Who would be wrong, were it violated.
    pub check: Check,
    /// The slack of a growth and of an asymptotic statement.
    pub slack: Slack,
    /// Whether it is the statement itself, and not a step to it or a consequence: such bounds are what a
    /// reader is shown first. Where a claim marks none, its first one is.
    pub headline: bool,
    /// What was chosen after seeing data (a factor, a range, a reading of "bounded"), if anything was: it is
    /// printed with the result.
    pub chosen: Option<String>,
    /// The quantity that the left side needs no theorem to stay within: see [`Bound::trivially`].
    pub trivial: Option<String>,
    /// The erratum whose printed wording this shows to be vacuous: see [`Bound::shows_vacuous`].
    pub shows_vacuous: Option<ErratumId>,
}

impl Bound {
    fn new(name: impl Into<String>, statement: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            statement: statement.into(),
            part: None,
            filter: None,
            kind,
            printed: None,
            check: Check::Paper,
            slack: Slack::ExactSide,
            headline: false,
            chosen: None,
            trivial: None,
            shows_vacuous: None,
        }
    }

    /// An identity with a false neighbour.
    pub fn identity(
        name: impl Into<String>,
        statement: impl Into<String>,
        lhs: impl Into<String>,
        rhs: impl Into<String>,
        neighbour: Neighbour,
    ) -> Self {
        Self::new(
            name,
            statement,
            Kind::Identity { lhs: lhs.into(), rhs: rhs.into(), neighbours: vec![neighbour] },
        )
    }

    /// An inequality with a false neighbour.
    pub fn inequality(
        name: impl Into<String>,
        statement: impl Into<String>,
        lhs: impl Into<String>,
        side: Side,
        rhs: impl Into<String>,
        neighbour: Neighbour,
    ) -> Self {
        let (lhs, rhs, neighbours) = (lhs.into(), rhs.into(), vec![neighbour]);
        Self::new(name, statement, Kind::Inequality { lhs, rhs, side, strict: false, neighbours })
    }

    /// A growth.
    pub fn growth(
        name: impl Into<String>,
        statement: impl Into<String>,
        lhs: impl Into<String>,
        rhs: impl Into<String>,
        sweep: Sweep,
    ) -> Self {
        Self::new(name, statement, Kind::Growth { lhs: lhs.into(), rhs: rhs.into(), sweep })
    }

    /// An asymptotic statement.
    pub fn asymptotic(
        name: impl Into<String>,
        statement: impl Into<String>,
        quantity: impl Into<String>,
        sweep: Sweep,
    ) -> Self {
        Self::new(name, statement, Kind::Asymptotic { quantity: quantity.into(), sweep })
    }

    /// A probability: at least p ([`Side::Lower`]) or at most p ([`Side::Upper`]).
    pub fn probability(
        name: impl Into<String>,
        statement: impl Into<String>,
        successes: impl Into<String>,
        trials: impl Into<String>,
        side: Side,
        probability: f64,
    ) -> Self {
        let (successes, trials) = (successes.into(), trials.into());
        Self::new(name, statement, Kind::Probability { successes, trials, side, probability })
    }

    /// Only on cells of this part.
    #[must_use]
    pub fn part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// Only on cells that satisfy `filter`.
    #[must_use]
    pub fn among(mut self, filter: impl Fn(&Cell) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }

    /// One more false neighbour (identities and inequalities; no effect on the others, whose controls are
    /// planted).
    #[must_use]
    pub fn neighbour(mut self, neighbour: Neighbour) -> Self {
        if let Kind::Identity { neighbours, .. } | Kind::Inequality { neighbours, .. } = &mut self.kind {
            neighbours.push(neighbour);
        }
        self
    }

    /// Equality violates the inequality too.
    #[must_use]
    pub fn strict(mut self) -> Self {
        if let Kind::Inequality { strict, .. } = &mut self.kind {
            *strict = true;
        }
        self
    }

    /// This is the printed wording, corrected by `erratum`.
    #[must_use]
    pub fn printed(mut self, erratum: ErratumId) -> Self {
        self.printed = Some(erratum);
        self
    }

    /// This is a theorem about the very number that is computed: see [`Check::Code`].
    #[must_use]
    pub fn code_check(mut self) -> Self {
        self.check = Check::Code;
        self
    }

    /// Both sides carry the scatter of samples or of training: see [`Slack::Scatter`].
    #[must_use]
    pub fn scatter(mut self, reason: impl Into<String>) -> Self {
        self.slack = Slack::Scatter(reason.into());
        self
    }

    /// This is the statement itself: see [`Bound::headline`].
    #[must_use]
    pub fn headline(mut self) -> Self {
        self.headline = true;
        self
    }

    /// This was chosen after seeing data: see [`Bound::chosen`].
    #[must_use]
    pub fn chosen(mut self, what: impl Into<String>) -> Self {
        self.chosen = Some(what.into());
        self
    }

    /// The left side needs no theorem to be at most (for a lower bound at least) the quantity of this name:
    /// the loss of the network that answers 0, say. Where the right side, times the constant that the sweep
    /// of a growth needs, is no better, the bound is *vacuous*, which is counted and printed beside the
    /// verdict. Cells without the quantity are passed over.
    #[must_use]
    pub fn trivially(mut self, quantity: impl Into<String>) -> Self {
        self.trivial = Some(quantity.into());
        self
    }

    /// Where this bound is supported, the printed wording that `erratum` corrects is vacuous.
    #[must_use]
    pub fn shows_vacuous(mut self, erratum: ErratumId) -> Self {
        self.shows_vacuous = Some(erratum);
        self
    }

    /// Whether the bound speaks of this cell.
    pub fn selects(&self, cell: &Cell) -> bool {
        self.part.as_ref().is_none_or(|p| *p == cell.part) && self.filter.as_ref().is_none_or(|f| f(cell))
    }
}
