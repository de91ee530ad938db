//! What a statement came to in one glance: exponent, constant, how tight, what would have been noticed.

use super::model::{BoundReport, ClaimReport};
use escapement_verify::ErratumId;
use escapement_verify::claim::Side;
use escapement_verify::judge::{Estimate, ExponentEvidence, Power, Verdict, word};
use escapement_verify::text::numbers::{short, signed_exponent};

impl ClaimReport {
    /// The bounds that are the statement itself, with their places on the card: see
    /// [`escapement_verify::ClaimVerdict::headlines`].
    pub fn headlines(&self) -> Vec<(usize, &BoundReport)> {
        let measured = || {
            let counted = |b: &BoundReport| b.verdict.counts() && b.verdict.verdict != Verdict::NotMeasured;
            self.bounds.iter().enumerate().filter(move |(_, b)| counted(b))
        };
        let marked: Vec<_> = measured().filter(|(_, b)| b.verdict.headline).collect();
        if marked.is_empty() { measured().take(1).collect() } else { marked }
    }

    /// Its name with that of its paper: "nbl22/lemma-1".
    pub fn full_name(&self) -> String {
        let of_paper = self.id.strip_prefix(&self.paper).is_some_and(|rest| rest.starts_with('/'));
        if of_paper { self.id.clone() } else { format!("{}/{}", self.paper, self.id) }
    }

    /// The verdict as it is printed.
    pub fn word(&self) -> String {
        word(self.verdict, self.bracketed)
    }

    /// Whether the statement was seen to hold: "yes", "no", "undecided", "not measured".
    pub fn answer(&self) -> &'static str {
        match self.bracketed.unwrap_or(self.verdict) {
            Verdict::NotMeasured | Verdict::Outside => "not measured",
            Verdict::Proved | Verdict::Exact | Verdict::Holds | Verdict::Scales => "yes",
            Verdict::Refuted | Verdict::Broken => "no",
            Verdict::Inconclusive | Verdict::Drifts => "undecided",
        }
    }

    /// The errata whose printed wording one of its bounds shows to be vacuous.
    pub fn vacuous_as_printed(&self) -> Option<ErratumId> {
        self.bounds.iter().find_map(|b| b.verdict.found_vacuous())
    }

    /// The verdict with the numbers of its first statement: "scales: exponent of m −0.54 (claimed −0.5),
    /// constant 1.3".
    pub fn in_a_line(&self) -> String {
        let mut parts = Vec::new();
        if let Some((_, b)) = self.headlines().first() {
            if let Some(e) = b.exponent() {
                let (measured, claimed) = (signed_exponent(e.lhs.value), signed_exponent(e.claimed));
                parts.push(format!("exponent of {} {measured} (claimed {claimed})", e.parameter));
            }
            parts.extend(b.verdict.implied_constant.map(|c| format!("constant {}", short(c))));
        }
        let verdict = self.word();
        if parts.is_empty() { verdict } else { format!("{verdict}: {}", parts.join(", ")) }
    }
}

impl BoundReport {
    /// The exponent of the sweep nearest to violating the bound, among those that decide.
    pub fn exponent(&self) -> Option<&ExponentEvidence> {
        ExponentEvidence::nearest(self.binds(), &self.verdict.exponents).filter(|e| e.decides)
    }

    /// "tight", or by how much the right side could be sharper; none where nothing says so.
    pub fn tight(&self) -> Option<String> {
        let v = &self.verdict;
        if let (Some(slack), Some(sharper)) = (v.slack, v.tightness.exponent) {
            let letter = self.exponent().map_or("", |e| e.parameter.as_str());
            return Some(if sharper <= slack {
                "tight".into()
            } else {
                format!("loose by {letter}^{sharper:.2}")
            });
        }
        if v.verdict == Verdict::Exact {
            return Some("tight".into());
        }
        let constant = v.implied_constant.filter(|c| *c > 0.0)?;
        let room = match self.binds() {
            Side::Upper => 1.0 / constant,
            Side::Lower => constant,
            Side::Both => return None,
        };
        Some(if room < TWICE { "tight".into() } else { format!("loose by a factor {}", short(room)) })
    }

    /// The smallest violation that would have been noticed, as "m^0.12" for an extra power, or "a factor
    /// 1.3".
    pub fn noticed(&self) -> Option<String> {
        let words = self.verdict.power.iter().find(|p| p.least.is_some()).map(Power::words)?;
        Some(words.strip_prefix("an extra ").map_or(words.clone(), str::to_owned))
    }
}

/// An inequality that could be sharper by less than this factor counts as tight.
const TWICE: f64 = 2.0;

/// Limits on an exponent as a reader takes them: an estimate that still moves has a limit on one side only.
pub fn limits(of: Estimate) -> String {
    let Estimate { value, lower, upper } = of;
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
    match (same(lower, value), same(upper, value)) {
        (true, true) => "exact".into(),
        (true, false) => format!("still moving: up to {}", signed_exponent(upper)),
        (false, true) => format!("still moving: down to {}", signed_exponent(lower)),
        (false, false) => format!("{} to {}", signed_exponent(lower), signed_exponent(upper)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_begin_at_the_estimate_say_that_it_still_moves() {
        let of = |value, lower, upper| limits(Estimate { value, lower, upper });
        assert_eq!(of(-0.5, -0.52, -0.47), "−0.520 to −0.470");
        assert_eq!(of(1.75, 1.75, 2.0), "still moving: up to 2.000");
        assert_eq!(of(1.75, 1.5, 1.75), "still moving: down to 1.500");
        assert_eq!(of(2.0, 2.0, 2.0), "exact");
    }
}
