//! Ctrl-C in the middle of a long solve: what there is is kept with its residuals, or nothing is written and
//! that is said.
#![cfg(unix)]

use crate::process::Desk;
use std::time::Duration;

/// A solve of half a minute, of which all but the first second is iteration.
const LONG: &str =
    "spectrum --d 30 --m 4000 --top 60 --tolerance 1e-11 --route operator --json --vectors v.npy";

#[test]
fn a_long_solve_keeps_what_it_has() {
    let mut delay = Duration::from_millis(500);
    loop {
        let desk = Desk::new();
        let out = desk.interrupted(&LONG.split(' ').collect::<Vec<_>>(), delay);
        let (stdout, stderr) =
            (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
        if stdout.is_empty() {
            // Before the first step, and maybe before there is a handler.
            assert!(
                out.status.code().is_none() || stderr.contains("interrupted; nothing was written"),
                "{stderr}"
            );
            assert_eq!(desk.names(), Vec::<String>::new());
            delay *= 2;
            continue;
        }
        assert_eq!(out.status.code(), Some(130), "{stderr}");
        let found: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let numbers = |name: &str| {
            found[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>()
        };
        let (values, residuals) = (numbers("eigenvalues"), numbers("residuals"));
        assert_eq!(found["stopped"], true);
        assert_eq!(values.len(), residuals.len());
        assert!(
            values.iter().chain(&residuals).all(|v| v.is_finite() && *v >= 0.0),
            "{values:?} {residuals:?}"
        );
        assert!(residuals.iter().any(|r| *r > 1e-11 * values[0]), "nothing was left to do");
        let bytes = std::fs::read(desk.path("v.npy")).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..128]).contains(&format!("({}, 4000, 30", values.len())));
        return;
    }
}
