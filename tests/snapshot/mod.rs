//! What a snapshot of a verdict holds, and how two of them are compared.

use escapement_verify::judge::BoundVerdict;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What a snapshot holds of a verdict: no wording, and no number that is pure rounding.
pub fn numbers(found: &BoundVerdict) -> Value {
    let exponent = |e: &escapement_verify::judge::ExponentEvidence| {
        json!({"parameter": e.parameter, "group": e.group, "claimed": e.claimed, "measured": e.lhs.value,
            "rhs": e.rhs.value, "ratio": e.ratio.value, "lower": e.ratio.lower, "upper": e.ratio.upper,
            "onset": e.onset, "decides": e.decides,
            "verdict": e.verdict})
    };
    let exponents = found.exponents.iter().map(exponent).collect::<Vec<_>>();
    json!({"kind": found.kind, "check": found.check, "verdict": found.verdict, "bracketed": found.bracketed,
        "printed": found.printed,
        "control": found.control.verdict, "cells": found.cells,
        "cells_inside_hypotheses": found.cells_inside_hypotheses,
        "implied_constant": found.implied_constant, "exponents": exponents})
}

/// Compares JSON with a tolerance on every number.
#[derive(Clone)]
struct WithinTolerance(f64);

impl insta::Comparator for WithinTolerance {
    fn matches(&self, reference: &insta::Snapshot, test: &insta::Snapshot) -> bool {
        let value = |s: &insta::Snapshot| -> Option<Value> {
            serde_json::from_str(&s.contents().as_text()?.to_string()).ok()
        };
        match (value(reference), value(test)) {
            (Some(reference), Some(test)) => close(&reference, &test, "", self.0),
            _ => false,
        }
    }

    fn dyn_clone(&self) -> Box<dyn insta::Comparator> {
        Box::new(self.clone())
    }
}

/// Exponents are compared absolutely, everything else relatively; whole numbers and words must be equal.
pub fn close(a: &Value, b: &Value, key: &str, tolerance: f64) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| close(x, y, key, tolerance)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| close(x, y, key, tolerance))
        }
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => {
            let (Some(x), Some(y)) = (x.as_f64(), y.as_f64()) else { return false };
            let scale = if ["claimed", "measured", "rhs", "ratio", "lower", "upper"].contains(&key) {
                1.0
            } else {
                x.abs().max(y.abs())
            };
            (x - y).abs() <= tolerance * scale
        }
        _ => a == b,
    }
}

/// Where the snapshots of a paper are.
pub fn folder(paper: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots")).join(paper)
}

/// How a snapshot of a paper with this description is taken and compared.
pub fn settings(paper: &str, description: &str, tolerance: f64) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder(paper));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(description);
    settings.set_comparator(Box::new(WithinTolerance(tolerance)));
    settings
}
