//! The targets that have a name.

use escapement::gaussian::HermiteSeries;

/// The most directions of a target that has a name.
pub const MOST_DIRECTIONS: usize = 64;

/// The names that stand for one target each.
const NAMES: [&str; 5] = ["mix3", "mix4", "saddle", "deficient", "uneven"];

/// What the names are, for those who gave another one.
const ALLOWED: &str = "the targets are he1 to he16, mix3, mix4, iso-1 to iso-64, uneven, uneven-1 to \
                       uneven-1000, saddle and deficient";

/// The target of one direction of this name, with E f² = 1: `he1` to `he16` are He_k/√k!, `mix3` is
/// He_2/2 + He_3/√12, and `mix4` is He_2/2 + He_4/√48.
///
/// # Errors
/// Another name, in a sentence.
pub fn named(name: &str) -> Result<HermiteSeries, String> {
    let other = || Err(format!("{name:?} is not allowed, only he1 to he16, mix3 and mix4"));
    match one_direction(name) {
        Some(terms) => series(1, &terms),
        None => other(),
    }
}

/// The target of this name in orthonormal directions, with E f² = 1: one of [`named`], or one of several
/// directions.
///
/// - `iso-r` is Σ_{i≤r} He_2(x_i)/√(2r), whose H is a multiple of the identity: κ = 1/√2 for every r.
/// - `uneven-q` has the eigenvalues λ_1 = q λ_2 of H and nothing else: (λ_1 He_2(x_1) + λ_2 He_2(x_2))/2.
///   `uneven` is `uneven-2`.
/// - `saddle` is (He_2(x_1) − He_2(x_2))/2, with tr H = 0.
/// - `deficient` is He_2(x_1)/2 + He_4(x_2)/√48, whose H has rank 1 and not 2.
///
/// # Errors
/// Another name, in a sentence with the nearest one.
pub fn any(name: &str) -> Result<HermiteSeries, String> {
    if let Some(terms) = one_direction(name) {
        return series(1, &terms);
    }
    let number = |prefix: &str| name.strip_prefix(prefix).and_then(|q| q.parse::<usize>().ok());
    let at = |i: usize, r: usize, k: u8| (0..r).map(|j| if i == j { k } else { 0 }).collect::<Vec<u8>>();
    let uneven = |q: f64| {
        // λ_1² + λ_2² = 2 normalises.
        let second = (2.0 / (1.0 + q * q)).sqrt();
        series(2, &[(at(0, 2, 2), 0.5 * q * second), (at(1, 2, 2), 0.5 * second)])
    };
    match (name, number("iso-"), number("uneven-")) {
        ("saddle", ..) => series(2, &[(at(0, 2, 2), 0.5), (at(1, 2, 2), -0.5)]),
        ("deficient", ..) => series(2, &[(at(0, 2, 2), 0.5), (at(1, 2, 4), 1.0 / 48.0_f64.sqrt())]),
        ("uneven", ..) => uneven(2.0),
        (_, Some(r @ 1..=MOST_DIRECTIONS), _) => {
            let size = 1.0 / (2.0 * r as f64).sqrt();
            series(r, &(0..r).map(|i| (at(i, r, 2), size)).collect::<Vec<_>>())
        }
        (_, _, Some(q @ 1..=1000)) => uneven(q as f64),
        _ => Err(unknown(name)),
    }
}

fn series(r: usize, terms: &[(Vec<u8>, f64)]) -> Result<HermiteSeries, String> {
    HermiteSeries::from_hermite(r, terms).map_err(|e| e.to_string())
}

/// The terms of a target of one direction.
fn one_direction(name: &str) -> Option<Vec<(Vec<u8>, f64)>> {
    let normalised = |k: u8| 1.0 / (1..=k).map(f64::from).product::<f64>().sqrt();
    match name {
        "mix3" => Some(vec![(vec![2], 0.5), (vec![3], 1.0 / 12.0_f64.sqrt())]),
        "mix4" => Some(vec![(vec![2], 0.5), (vec![4], 1.0 / 48.0_f64.sqrt())]),
        _ => match name.strip_prefix("he").and_then(|k| k.parse::<u8>().ok()) {
            Some(k @ 1..=16) => Some(vec![(vec![k], normalised(k))]),
            _ => None,
        },
    }
}

/// Says that no target has this name, and which one is nearest.
fn unknown(name: &str) -> String {
    let more = ["he2", "he3", "he4", "iso-2", "uneven-2"];
    let distance = |other: &&str| strsim::damerau_levenshtein(name, other);
    let near = NAMES.into_iter().chain(more).min_by_key(distance).filter(|near| distance(near) <= 2);
    let near = near.map_or(String::new(), |near| format!(" (did you mean '{near}'?)"));
    format!("unknown target '{name}'{near}; {ALLOWED}")
}
