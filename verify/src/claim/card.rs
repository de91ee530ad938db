//! What a claim says about itself, as data.

use super::errata::ErratumId;
use super::paper::Paper;

/// The card of a claim. Every text is whole sentences in plain text with Unicode mathematics, but for the
/// statement.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    /// The paper that states it.
    pub paper: &'static Paper,
    /// What its cells are named by: `paper/claim`, as in "dls22/one-step". A bare name, as in "lemma-1", is
    /// allowed where it is unique in a registry.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// The statement as checked, in LaTeX without dollars; words stand in `\text{…}`. Plain text and MathML
    /// are made from it.
    pub statement: &'static str,
    /// Where it is made, e.g. "NBL22, Lemma 1".
    pub reference: &'static str,
    /// Its hypotheses.
    pub hypotheses: &'static str,
    /// How it is measured here, and on which axis it is decided.
    pub method: &'static str,
    /// What outcome would refute it.
    pub refuted_by: &'static str,
    /// The variables that the statement names, e.g. `["m", "d", "ε"]`: symbols of parameters where they are
    /// swept. How large a violation would have been noticed is printed for each, and *not looked at* where
    /// no bound looks.
    pub variables: &'static [&'static str],
    /// The claims it rests on: names of claims of the same paper, or `paper/claim`.
    pub uses: &'static [&'static str],
    /// Entries of the paper's errata that concern it.
    pub errata: &'static [ErratumId],
}

impl Card {
    /// A card with nothing on it but a paper, a name and a title: fill in the rest with struct update
    /// syntax.
    pub const fn new(paper: &'static Paper, id: &'static str, title: &'static str) -> Self {
        Self {
            paper,
            id,
            title,
            statement: "",
            reference: "",
            hypotheses: "",
            method: "",
            refuted_by: "",
            variables: &[],
            uses: &[],
            errata: &[],
        }
    }

    /// The name of the claim without that of its paper: "lemma-1".
    pub fn short(&self) -> &'static str {
        self.id.strip_prefix(self.paper.id).and_then(|rest| rest.strip_prefix('/')).unwrap_or(self.id)
    }

    /// The name of the claim with that of its paper: "nbl22/lemma-1".
    pub fn name(&self) -> String {
        format!("{}/{}", self.paper.id, self.short())
    }

    /// The statement as plain text.
    pub fn plain_statement(&self) -> String {
        crate::text::latex::plain(self.statement)
    }
}
