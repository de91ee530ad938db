//! All claims, in one reviewable list.

use crate::claim::Claim;
use crate::claim::paper::Paper;
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// A list of claims with unique names, in the order of reports.
pub struct Registry {
    claims: Vec<Box<dyn Claim>>,
}

impl Registry {
    /// A registry of these claims; a crate of your own may pass its own beside those of
    /// [`crate::papers::nbl22::claims`].
    ///
    /// # Errors
    /// [`Error::Duplicate`] if two claims, or two bounds of one claim, share a name.
    pub fn new(claims: Vec<Box<dyn Claim>>) -> Result<Self> {
        let mut seen = BTreeSet::new();
        for claim in &claims {
            if !seen.insert(claim.id().to_owned()) {
                return Err(Error::Duplicate { what: "the claim", name: claim.id().to_owned() });
            }
            let mut names = BTreeSet::new();
            for bound in claim.bounds() {
                if !names.insert(bound.name.clone()) {
                    return Err(Error::Duplicate {
                        what: "the bound",
                        name: format!("{}/{}", claim.id(), bound.name),
                    });
                }
            }
        }
        Ok(Self { claims })
    }

    /// All claims.
    pub fn claims(&self) -> impl Iterator<Item = &dyn Claim> {
        self.claims.iter().map(AsRef::as_ref)
    }

    /// The papers of these claims, in the order of their first claims.
    pub fn papers(&self) -> Vec<&'static Paper> {
        let mut papers: Vec<&'static Paper> = Vec::new();
        for paper in self.claims().map(|c| c.card().paper) {
            if !papers.iter().any(|known| known.id == paper.id) {
                papers.push(paper);
            }
        }
        papers
    }

    /// The claim with this name: that of its cells, `paper/claim`, or the claim's alone where only one paper
    /// has it.
    ///
    /// # Errors
    /// [`Error::UnknownClaim`] with the nearest name, or with all of them.
    pub fn get(&self, name: &str) -> Result<&dyn Claim> {
        let exact = self.claims().find(|c| c.id() == name || c.card().name() == name);
        if let Some(claim) = exact {
            return Ok(claim);
        }
        let mut short = self.claims().filter(|c| c.card().short() == name);
        match (short.next(), short.next()) {
            (Some(claim), None) => Ok(claim),
            (Some(_), Some(_)) => {
                let all = self
                    .claims()
                    .map(|c| c.card())
                    .filter(|card| card.short() == name)
                    .map(|card| card.name());
                let suggestion =
                    format!(", which several papers have: {}", all.collect::<Vec<_>>().join(", "));
                Err(Error::UnknownClaim { given: name.to_owned(), suggestion })
            }
            (None, _) => Err(self.unknown(name)),
        }
    }

    /// How a claim is called where all claims of the registry are: without its paper where that is enough.
    pub fn name_of(&self, claim: &dyn Claim) -> String {
        let card = claim.card();
        let same = self.claims().filter(|c| c.card().short() == card.short()).count();
        if same > 1 { card.name() } else { card.short().to_owned() }
    }

    /// The claims named, in registry order; all of them when none is named.
    ///
    /// # Errors
    /// [`Error::UnknownClaim`] for a name that is not there.
    pub fn select(&self, names: &[String]) -> Result<Vec<&dyn Claim>> {
        let wanted = names.iter().map(|name| self.get(name).map(Claim::id)).collect::<Result<Vec<_>>>()?;
        Ok(self.claims().filter(|c| wanted.is_empty() || wanted.contains(&c.id())).collect())
    }

    /// The claims of the papers named, in registry order; those of all papers when none is named.
    ///
    /// # Errors
    /// [`Error::UnknownPaper`] with the names of all papers.
    pub fn of_papers(&self, papers: &[String]) -> Result<Vec<&dyn Claim>> {
        if let Some(given) = papers.iter().find(|name| !self.papers().iter().any(|p| p.id == **name)) {
            let known = self.papers().iter().map(|p| p.id).collect::<Vec<_>>().join(", ");
            return Err(Error::UnknownPaper { given: given.clone(), known });
        }
        Ok(self
            .claims()
            .filter(|c| papers.is_empty() || papers.iter().any(|p| p == c.card().paper.id))
            .collect())
    }

    /// The claims that `claim` rests on directly, by the names that its card gives: of its own paper first.
    ///
    /// # Errors
    /// [`Error::UnknownClaim`] for a name that is not there.
    pub fn uses(&self, claim: &dyn Claim) -> Result<Vec<&dyn Claim>> {
        let card = claim.card();
        let own = |name: &str| {
            self.claims().find(|c| c.card().paper.id == card.paper.id && c.card().short() == name)
        };
        card.uses.iter().map(|name| own(name).map_or_else(|| self.get(name), Ok)).collect()
    }

    /// Identifiers of the claims that rest on `id`, directly or not, in registry order.
    pub fn resting_on(&self, id: &str) -> Vec<&str> {
        let mut found: BTreeSet<&str> = BTreeSet::from([id]);
        loop {
            let rests =
                |c: &&dyn Claim| self.uses(*c).is_ok_and(|used| used.iter().any(|u| found.contains(u.id())));
            let more: Vec<&str> =
                self.claims().filter(|c| !found.contains(c.id()) && rests(c)).map(Claim::id).collect();
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        self.claims().map(Claim::id).filter(|c| *c != id && found.contains(c)).collect()
    }

    /// Which of the `refuted` claims `id` rests on, directly or not.
    pub fn shaken_by<'a>(&self, id: &str, refuted: &[&'a str]) -> Vec<&'a str> {
        refuted.iter().copied().filter(|r| self.resting_on(r).contains(&id)).collect()
    }

    fn unknown(&self, given: &str) -> Error {
        let lower = given.to_lowercase();
        let near = self
            .claims()
            .map(|c| (strsim::normalized_damerau_levenshtein(&lower, &c.id().to_lowercase()), c.id()))
            .filter(|(score, _)| *score >= 0.5)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let suggestion = match near {
            Some((_, id)) => format!("; did you mean '{id}'?"),
            None => {
                format!("; the claims are {}", self.claims().map(Claim::id).collect::<Vec<_>>().join(", "))
            }
        };
        Error::UnknownClaim { given: given.to_owned(), suggestion }
    }
}
