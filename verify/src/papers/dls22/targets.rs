//! The targets of one direction that have a name.

use escapement::gaussian::HermiteSeries;

/// The target of this name, with E f² = 1: `he2` to `he16` are He_k/√k!, `mix3` is He_2/2 + He_3/√12, and
/// `mix4` is He_2/2 + He_4/√48.
///
/// # Errors
/// Another name, in a sentence.
pub fn named(name: &str) -> Result<HermiteSeries, String> {
    let normalised = |k: u8| 1.0 / (1..=k).map(f64::from).product::<f64>().sqrt();
    let terms = match name {
        "mix3" => vec![(vec![2], 0.5), (vec![3], 1.0 / 12.0_f64.sqrt())],
        "mix4" => vec![(vec![2], 0.5), (vec![4], 1.0 / 48.0_f64.sqrt())],
        _ => match name.strip_prefix("he").and_then(|k| k.parse::<u8>().ok()) {
            Some(k @ 1..=16) => vec![(vec![k], normalised(k))],
            _ => return Err(format!("{name:?} is not allowed, only he1 to he16, mix3 and mix4")),
        },
    };
    HermiteSeries::from_hermite(1, &terms).map_err(|e| e.to_string())
}
