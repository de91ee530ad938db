//! What the author of a claim writes against: the claim itself, its cells, its records and its bounds.

pub mod binomial;
pub mod bound;
pub mod card;
pub mod cell;
pub mod certified;
pub mod distribution;
pub mod errata;
pub mod paper;
pub mod parameter;
pub mod record;
pub mod registry;
pub mod side;
pub mod sweep;

pub use bound::{Bound, Check, Filter, Kind, Neighbour, Place, Slack};
pub use card::Card;
pub use cell::Cell;
pub use errata::{Erratum, ErratumId};
pub use paper::Paper;
pub use parameter::{Parameter, Value};
pub use record::{Cost, Failure, Hypothesis, Measurement, Open, Record};
pub use registry::Registry;
pub use side::Side;
pub use sweep::Sweep;

use crate::error::Result;
use crate::text::Choice;
use escapement_prove::Form;
use serde::{Deserialize, Serialize};

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// All claims under a minute on two cores; what `cargo test` runs.
    #[default]
    Quick,
    /// Under a quarter of an hour on two cores, enough cells for every growth verdict.
    Standard,
    /// The paper's own sizes: hours, resumable.
    Paper,
}

impl Choice for Tier {
    const ALL: &'static [Self] = &[Self::Quick, Self::Standard, Self::Paper];

    fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Paper => "paper",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Quick => "All claims under a minute on two cores; what `cargo test` runs",
            Self::Standard => {
                "Under a quarter of an hour on two cores, enough cells for every growth verdict"
            }
            Self::Paper => "The paper's own sizes: hours, resumable",
        }
    }
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a cell is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Prediction {
    /// Floating-point operations on one core, in units of a scalar one, for which a common core takes a
    /// nanosecond: an operation inside a matrix product counts about a seventieth, an evaluation of an
    /// activation seven to thirty. How long they take is learnt from the runs of a machine
    /// ([`crate::run::rates`]).
    pub flops: f64,
    /// Bytes at the peak.
    pub bytes: f64,
}

/// A statement of the paper (or of anybody), with all that is needed to put it to the test.
///
/// A claim says what to measure and where; it never judges itself. [`Claim::measure`] must be a
/// deterministic function of the cell and the seed (take random numbers from [`Cell::stream`] only, use
/// `Par::Seq`), because records are compared byte by byte. The runner turns off the parallelism of faer's
/// operators and factorisations, which is that of the process.
pub trait Claim: Send + Sync {
    /// What it says about itself.
    fn card(&self) -> Card;

    /// What its cells are named by; see [`Card::id`].
    fn id(&self) -> &'static str {
        self.card().id
    }

    /// The cells of a tier, in canonical order. Every cell's `claim` must be [`Claim::id`].
    fn plan(&self, tier: Tier) -> Vec<Cell>;
    /// What a cell is expected to take; the runner starts long cells first and keeps within memory.
    fn predict(&self, cell: &Cell) -> Prediction;
    /// Measures one cell with root seed `seed`.
    ///
    /// # Errors
    /// Whatever the core refuses. The cell is then reported as failed and the bounds on it are
    /// *inconclusive*.
    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement>;
    /// What the claim asserts of its records.
    fn bounds(&self) -> Vec<Bound>;
    /// The certificates from which its statement, or a part of the statement, is proved.
    fn certificates(&self) -> &'static [Form] {
        &[]
    }
}
