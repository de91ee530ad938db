//! The words of a verdict.

use serde::{Deserialize, Serialize};

/// What came out, from best to worst: the verdict of a claim is the worst of its bounds that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// This tier has no cells for it: there is no verdict, and nothing is counted.
    NotMeasured,
    /// No cell lies inside the printed hypotheses: what came out there is no support and no refutation.
    Outside,
    /// A certificate for these cells was accepted by the independent checker.
    Proved,
    /// Two expressions are equal within their certificates.
    Exact,
    /// An inequality held on every cell.
    Holds,
    /// The claimed exponent is inside the limits, or on the allowed side of them; the limits end before the
    /// slack; and the data are straight.
    Scales,
    /// The records do not decide, or the check had no power.
    Inconclusive,
    /// The limits exclude the claim by less than the slack.
    Drifts,
    /// The statement fails, or one record contradicts the others ([`crate::judge::outlier`]).
    Refuted,
    /// A code check failed: the program contradicts a theorem.
    Broken,
}

impl Verdict {
    /// All of them, from best to worst.
    pub const ALL: [Self; 10] = [
        Self::NotMeasured,
        Self::Outside,
        Self::Proved,
        Self::Exact,
        Self::Holds,
        Self::Scales,
        Self::Inconclusive,
        Self::Drifts,
        Self::Refuted,
        Self::Broken,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotMeasured => "not measured",
            Self::Outside => "outside",
            Self::Proved => "proved",
            Self::Exact => "exact",
            Self::Holds => "holds",
            Self::Scales => "scales",
            Self::Inconclusive => "inconclusive",
            Self::Drifts => "drifts",
            Self::Refuted => "refuted",
            Self::Broken => "broken",
        }
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotMeasured => "this tier has no cells for it, and no verdict",
            Self::Outside => "no cell lies inside the printed hypotheses; what came out stands in brackets",
            Self::Proved => "a certificate for these cells was accepted by the independent checker",
            Self::Exact => "an identity, equal within its certificate on every cell",
            Self::Holds => "an inequality with explicit constants, on every cell inside the hypotheses",
            Self::Scales => "the claimed exponent is inside narrow limits, and the data are straight",
            Self::Inconclusive => "the data do not decide, or the check could not have failed",
            Self::Drifts => "the limits exclude the claimed exponent, by less than the slack",
            Self::Refuted => "the statement fails, or one record contradicts the others",
            Self::Broken => "the program contradicts a theorem about a number that it computed",
        }
    }

    /// Whether it says that the statement was seen to hold.
    pub fn supports(self) -> bool {
        matches!(self, Self::Proved | Self::Exact | Self::Holds | Self::Scales)
    }

    /// Whether it says that something is wrong with the statement or with the program.
    pub fn fails(self) -> bool {
        matches!(self, Self::Refuted | Self::Broken)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A verdict as it is printed: "outside (scales)".
pub fn word(verdict: Verdict, bracketed: Option<Verdict>) -> String {
    bracketed.map_or_else(|| verdict.to_string(), |inner| format!("{verdict} ({inner})"))
}
