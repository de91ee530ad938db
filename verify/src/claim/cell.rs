//! A cell: one point of a claim's plan, with its name and its random streams.

use crate::error::{Error, Result};
use escapement::seed::{self, ChaCha20Rng};
use serde::{Deserialize, Serialize};

/// One point at which a claim is measured. A field that does not apply is 0 or empty.
///
/// ```
/// use escapement_verify::Cell;
/// let cell = Cell { d: 10, m: 400, k: 1, terms: 3, activation: "tanh:0.5".into(), ..Cell::new("lemma-1", "fit") };
/// assert_eq!(cell.key(), "lemma-1/fit,d=10,m=400,k=1,R=3,activation=tanh:0.5,replicate=0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The claim's identifier.
    pub claim: String,
    /// Which of the claim's measurements this is; empty when it has only one.
    pub part: String,
    /// Input dimension d.
    pub d: usize,
    /// Width m.
    pub m: usize,
    /// Samples n.
    pub n: usize,
    /// Low degree k.
    pub k: usize,
    /// Sparse terms R.
    pub terms: usize,
    /// A degree j, for quantities that belong to one.
    pub degree: usize,
    /// The activation's canonical name.
    pub activation: String,
    /// Which of several independent repetitions this is, from 0.
    pub replicate: usize,
}

impl Cell {
    /// The cell of `claim` and `part` with every other field not applicable; fill in with struct update syntax.
    pub fn new(claim: impl Into<String>, part: impl Into<String>) -> Self {
        Self { claim: claim.into(), part: part.into(), ..Self::default() }
    }

    /// The canonical name: what the journal and the random streams are keyed by. Fields that do not apply are left out.
    pub fn key(&self) -> String {
        let mut key = self.claim.clone();
        if !self.part.is_empty() {
            key.push('/');
            key.push_str(&self.part);
        }
        for (name, value) in
            [("d", self.d), ("m", self.m), ("n", self.n), ("k", self.k), ("R", self.terms), ("degree", self.degree)]
        {
            if value != 0 {
                key.push_str(&format!(",{name}={value}"));
            }
        }
        if !self.activation.is_empty() {
            key.push_str(&format!(",activation={}", self.activation));
        }
        key.push_str(&format!(",replicate={}", self.replicate));
        key
    }

    /// The random stream for `purpose` ("weights", "inputs", "signs"): ChaCha20 keyed by a hash of root seed, cell and purpose.
    pub fn stream(&self, root_seed: u64, purpose: &str) -> ChaCha20Rng {
        seed::stream(root_seed, &self.key(), purpose)
    }

    /// Refuses names that would make [`Cell::key`] ambiguous or awkward in a shell.
    ///
    /// # Errors
    /// [`Error::CellName`] when the part or the activation holds anything but letters, digits and `: . _ + -`.
    pub fn check(&self) -> Result<()> {
        for (what, value) in [("part", &self.part), ("activation", &self.activation)] {
            if !value.chars().all(|c| c.is_ascii_alphanumeric() || ":._+-".contains(c)) {
                return Err(Error::CellName {
                    claim: self.claim.clone(),
                    what,
                    value: value.clone(),
                    allowed: "letters, digits and the signs : . _ + - are",
                });
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key())
    }
}
