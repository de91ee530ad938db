//! Certificates made by an independent program are accepted, and attacks on them are not.
//!
//! The files in `tests/data` were made with Chebyshev interpolation and quadrature in multiple precision,
//! and with LAPACK; `references.txt` there has values that were computed without polynomials.

mod accepted;
mod falsehoods;
mod grammar;
mod mutations;
mod parts;
mod sources;
mod tampered;
mod weights;

use escapement_check::certificate::{Reader, decimal as fraction, read};
use escapement_check::number::Rational;
use escapement_check::sha256::sha256;
use escapement_check::statement::statement;
use escapement_check::{Accepted, Checked, check};
use std::path::{Path, PathBuf};

/// The order of fractions.
trait AtMost {
    fn at_most(&self, other: &Self) -> bool;
}

impl AtMost for Rational {
    fn at_most(&self, other: &Self) -> bool {
        &self.num * &other.den <= &other.num * &self.den
    }
}

/// The keys of a certificate, in their order.
const KEYS: [&str; 18] = [
    "format",
    "version",
    "kind",
    "activation",
    "shift",
    "d",
    "d_range",
    "L",
    "scale",
    "coefficients",
    "Y",
    "weights_sha256",
    "J",
    "k",
    "V",
    "D",
    "mu",
    "claims",
];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The text of a certificate of `tests/data`, and its folder.
fn load(name: &str) -> (String, PathBuf) {
    let folder = if data().join(name).is_dir() { data().join(name) } else { data() };
    (std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap(), folder)
}

/// The names of all certificates of `tests/data`.
fn names() -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".txt"))
        .map(|name| name.trim_end_matches(".json").to_owned())
        .collect();
    names.sort();
    names
}

/// The fields of a certificate up to the claims, without the words and the hash.
fn body(text: &str) -> &str {
    &text[..text.find(",\n\"statement\"").unwrap_or(text.len())]
}

/// Where the value of a key stands.
fn value(text: &str, key: &str) -> std::ops::Range<usize> {
    let start = text.find(&format!("\"{key}\": ")).unwrap() + key.len() + 4;
    let after = KEYS.iter().skip_while(|k| **k != key).skip(1).chain(["statement"].iter());
    let end = after.filter_map(|k| text.find(&format!(",\n\"{k}\": "))).min();
    start..end.unwrap_or(text.len())
}

/// The fields with another value of one key.
fn with(text: &str, key: &str, new: &str) -> String {
    let mut text = body(text).to_owned();
    let range = value(&text, key);
    text.replace_range(range, new);
    text
}

/// Writes the words and the hash of a certificate anew, as they follow from the fields: what a prover does
/// last. Whatever follows the claims is dropped.
fn seal(bytes: &[u8]) -> Checked<Vec<u8>> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut reader = Reader(text);
    let statement = statement(&read(&mut reader)?)?;
    let mut sealed = bytes[..text.len() - reader.0.len()].to_vec();
    sealed.extend(format!(",\n\"statement\": \"{statement}\",\n").bytes());
    let digest = sha256(&sealed);
    sealed.extend(format!("\"sha256\": \"{digest}\"}}").bytes());
    Ok(sealed)
}

/// What the checker says of fields whose words and hash an attacker forged.
fn forged(text: &str, folder: &Path) -> Checked<Accepted> {
    check(&seal(body(text).as_bytes())?, folder)
}

fn decimal(text: &str) -> Rational {
    fraction(text).unwrap_or_else(|| panic!("{text} is no decimal"))
}

/// One line of `references.txt`.
struct Reference {
    name: String,
    quantity: String,
    j: u64,
    ends: [Rational; 2],
}

/// The references, each widened by its tolerance.
fn references() -> Vec<Reference> {
    let text = std::fs::read_to_string(data().join("references.txt")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [value, tolerance] = [words[3], words[4]].map(decimal);
            let den = &value.den * &tolerance.den;
            let (v, t) = (&value.num * &tolerance.den, &tolerance.num * &value.den);
            let ends = [&v - &t, v + t].map(|num| Rational { num, den: den.clone() });
            Reference {
                name: words[0].into(),
                quantity: words[1].into(),
                j: words[2].parse().unwrap(),
                ends,
            }
        })
        .collect()
}

/// Whether two intervals meet.
fn meet(a: &[Rational; 2], b: &[Rational; 2]) -> bool {
    a[0].at_most(&b[1]) && b[0].at_most(&a[1])
}
