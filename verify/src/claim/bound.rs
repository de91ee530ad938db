//! What a claim asserts of its records: identities, inequalities, growths, asymptotics, probabilities.

use crate::claim::cell::Cell;
use crate::claim::errata::ErratumId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A parameter that a sweep runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// Input dimension d.
    D,
    /// Width m.
    M,
    /// Samples n.
    N,
}

impl Parameter {
    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::D => "d",
            Self::M => "m",
            Self::N => "n",
        }
    }

    /// Its value in a cell.
    pub fn of(self, cell: &Cell) -> usize {
        match self {
            Self::D => cell.d,
            Self::M => cell.m,
            Self::N => cell.n,
        }
    }

    /// Marks it as not applicable.
    pub(crate) fn clear(self, cell: &mut Cell) {
        match self {
            Self::D => cell.d = 0,
            Self::M => cell.m = 0,
            Self::N => cell.n = 0,
        }
    }
}

/// On which side a bound binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// `lhs ≤ rhs`, `lhs ≲ rhs`.
    Upper,
    /// `lhs ≥ rhs`, `lhs ≳ rhs`.
    Lower,
    /// `lhs ≍ rhs`.
    Both,
}

impl Side {
    /// In words, of a bound.
    pub fn words(self) -> &'static str {
        match self {
            Self::Upper => "upper bound",
            Self::Lower => "lower bound",
            Self::Both => "on both sides",
        }
    }
}

/// Which side of a comparison a false neighbour replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The left side.
    Lhs,
    /// The right side.
    Rhs,
}

/// A false neighbour of a formula, measured on the same cells: the check is worth something only if this one is refuted.
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

/// A function from cells to exponents.
pub type Exponent = Arc<dyn Fn(&Cell) -> f64 + Send + Sync>;

/// A predicate on cells.
pub type Filter = Arc<dyn Fn(&Cell) -> bool + Send + Sync>;

/// Along which sweep a growth is decided.
///
/// Groups are cells equal in all but the swept parameter, the replicate, the tied parameters and those in `supremum_over`.
#[derive(Clone)]
pub struct Growth {
    /// The swept parameter.
    pub sweep: Parameter,
    /// On which side the claim binds.
    pub side: Side,
    /// The exponent of the swept parameter that the right side carries; only reported, the decision is on lhs/rhs.
    pub claimed: Exponent,
    /// Parameters over which the constant is uniform: the largest ratio over them is taken first (the smallest for a lower bound).
    pub supremum_over: Vec<Parameter>,
    /// Parameters that follow the swept one (m tied to d, say), and so must not separate groups.
    pub tied: Vec<Parameter>,
}

impl Growth {
    fn new(sweep: Parameter, side: Side, claimed: Exponent) -> Self {
        Self { sweep, side, claimed, supremum_over: Vec::new(), tied: Vec::new() }
    }

    /// `lhs ≲ rhs` along `sweep`, in which rhs carries the exponent `claimed(cell)`.
    pub fn upper(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(sweep, Side::Upper, Arc::new(claimed))
    }

    /// `lhs ≳ rhs`.
    pub fn lower(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(sweep, Side::Lower, Arc::new(claimed))
    }

    /// `lhs ≍ rhs`.
    pub fn both(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(sweep, Side::Both, Arc::new(claimed))
    }

    /// With the largest ratio over these parameters taken first.
    #[must_use]
    pub fn supremum_over(mut self, parameters: &[Parameter]) -> Self {
        self.supremum_over = parameters.to_vec();
        self
    }

    /// With these parameters tied to the swept one.
    #[must_use]
    pub fn tied(mut self, parameters: &[Parameter]) -> Self {
        self.tied = parameters.to_vec();
        self
    }
}

/// How an exact quantity is to behave over a long range of a parameter.
#[derive(Clone)]
pub struct Asymptotic {
    /// The swept parameter, usually d.
    pub sweep: Parameter,
    /// On which side the claim binds.
    pub side: Side,
    /// The claimed exponent.
    pub claimed: Exponent,
}

impl Asymptotic {
    /// `quantity ≲ sweep^claimed`.
    pub fn upper(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self { sweep, side: Side::Upper, claimed: Arc::new(claimed) }
    }

    /// `quantity ≳ sweep^claimed`.
    pub fn lower(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self { sweep, side: Side::Lower, claimed: Arc::new(claimed) }
    }

    /// `quantity ≍ sweep^claimed`.
    pub fn both(sweep: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self { sweep, side: Side::Both, claimed: Arc::new(claimed) }
    }
}

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
        /// [`Side::Upper`] or [`Side::Lower`]; [`Side::Both`] asks for equality of the exact values and is an identity.
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
        growth: Growth,
    },
    /// An exact quantity grows as claimed from an onset on.
    Asymptotic {
        /// The quantity.
        quantity: String,
        /// The claim.
        asymptotic: Asymptotic,
    },
    /// An event has at least, or at most, a probability.
    Probability {
        /// Quantity counting how often it held.
        successes: String,
        /// Quantity counting the trials.
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
            Self::Growth { growth, .. } => growth.side,
            Self::Asymptotic { asymptotic, .. } => asymptotic.side,
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
}

impl Bound {
    fn new(name: impl Into<String>, statement: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), statement: statement.into(), part: None, filter: None, kind, printed: None }
    }

    /// An identity with a false neighbour.
    pub fn identity(
        name: impl Into<String>,
        statement: impl Into<String>,
        lhs: impl Into<String>,
        rhs: impl Into<String>,
        neighbour: Neighbour,
    ) -> Self {
        Self::new(name, statement, Kind::Identity { lhs: lhs.into(), rhs: rhs.into(), neighbours: vec![neighbour] })
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
        growth: Growth,
    ) -> Self {
        Self::new(name, statement, Kind::Growth { lhs: lhs.into(), rhs: rhs.into(), growth })
    }

    /// An asymptotic statement.
    pub fn asymptotic(
        name: impl Into<String>,
        statement: impl Into<String>,
        quantity: impl Into<String>,
        asymptotic: Asymptotic,
    ) -> Self {
        Self::new(name, statement, Kind::Asymptotic { quantity: quantity.into(), asymptotic })
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

    /// One more false neighbour (identities and inequalities; no effect on the others, whose controls are planted).
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

    /// Whether the bound speaks of this cell.
    pub fn selects(&self, cell: &Cell) -> bool {
        self.part.as_ref().is_none_or(|p| *p == cell.part) && self.filter.as_ref().is_none_or(|f| f(cell))
    }
}
