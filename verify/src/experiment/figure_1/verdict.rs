//! What is said of the claims that the paper draws from the figure.

use super::{Settings, State};
use crate::verdict::{ClaimVerdict, Verdict};

pub(super) fn judge(settings: &Settings, _grid: &[(u64, f64)], _states: &[Option<State>]) -> ClaimVerdict {
    ClaimVerdict {
        claim: "figure-1".into(),
        title: "training with λ3 R3".into(),
        reference: "NBL22, Figure 1".into(),
        verdict: Verdict::Inconclusive,
        bounds: Vec::new(),
        as_printed: None,
        failures: Vec::new(),
        tier: settings.tier,
        seed: settings.seed,
    }
}
