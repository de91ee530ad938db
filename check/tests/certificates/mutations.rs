//! Random changes of certificates, with the words and the hash forged: whatever is accepted is true.
//!
//! Truth is decided by the intervals of a longer certificate, which are narrower, and by the eigenvalues of
//! `references.txt`. A change that is accepted without being decided fails the test.

use super::{AtMost, Reference, body, data, forged, load, meet, references, seal, with};
use escapement_check::certificate::{Claim, Reader, read};
use escapement_check::number::Rational;
use escapement_check::{Accepted, check};
use std::path::Path;

/// A generator of pseudo-random numbers (xorshift), seeded and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// One to three small changes of the text; now and then it is cut.
fn mutate(text: &str, random: &mut Random) -> String {
    let alphabet = b"0123456789abcdef0123456789-./,\"[]{}: zS";
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(6) / 4 {
        // Half the changes are among the short fields before the coefficients or in the claims.
        let head = text.find("\"coefficients\"").unwrap();
        let claims = text.find("\"claims\"").unwrap();
        let at = match random.below(4) {
            0 => random.below(head),
            1 => claims + random.below(text.len() - claims),
            _ => random.below(text.len()),
        }
        .min(bytes.len().saturating_sub(1));
        match random.below(20) {
            0 => bytes.truncate(at),
            1..=4 => drop(bytes.remove(at)),
            5..=8 => bytes.insert(at, alphabet[random.below(alphabet.len())]),
            _ => bytes[at] = alphabet[random.below(alphabet.len())],
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Whether an accepted certificate of a polynomial is true: its claims contain narrower intervals.
fn is_true(text: &str, accepted: &Accepted) -> bool {
    let sealed = seal(text.as_bytes()).unwrap();
    let certificate = read(&mut Reader(std::str::from_utf8(&sealed).unwrap())).unwrap();
    let name = if !certificate.starts.is_empty() { "all-d" } else { certificate.activation };
    let (mut reference, _) = load(&format!("reference-{name}"));
    let theirs = read(&mut Reader(&reference)).unwrap();
    assert!(certificate.activation == theirs.activation);
    let (a, b) = (&certificate.shift, &theirs.shift);
    assert!(a.at_most(b) && b.at_most(a), "another shift is accepted, and there is no reference for it");
    reference = with(&reference, "kind", &format!("\"{}\"", certificate.kind));
    if certificate.starts.is_empty() {
        reference = with(&reference, "d", &certificate.d.to_string());
    }
    let great = "9".repeat(300);
    let wide = |c: &Claim<'_>| format!("[\"{}\", {}, \"-{great}\", \"{great}\"]", c.quantity, c.j);
    let claims: Vec<String> = certificate.claims.iter().map(wide).collect();
    let truth = forged(&with(&reference, "claims", &format!("[{}]", claims.join(","))), &data()).unwrap();
    accepted.claims.iter().zip(&truth.claims).all(|(claim, truth)| {
        claim.claimed[0].at_most(&truth.enclosure[0]) && truth.enclosure[1].at_most(&claim.claimed[1])
    })
}

/// Whether an accepted certificate of the weights of `spectrum-3-10` agrees with their known eigenvalues.
fn agrees(accepted: &Accepted, references: &[Reference]) -> bool {
    let lambda = |i: u64| {
        let found =
            references.iter().find(|r| r.name == "spectrum-3-10" && r.quantity == "eigenvalue" && r.j == i);
        found.unwrap().ends.clone()
    };
    let minus = |a: &Rational, b: &Rational| Rational {
        num: &a.num * &b.den - &b.num * &a.den,
        den: &a.den * &b.den,
    };
    accepted.claims.iter().all(|claim| match claim.quantity.as_str() {
        "eigenvalue" => meet(&claim.claimed, &lambda(claim.j)),
        // n_1 = 4.
        "gap" => {
            let ([a, b], [c, d]) = (lambda(4), lambda(5));
            meet(&claim.claimed, &[minus(&a, &d), minus(&b, &c)])
        }
        "worst-case" => {
            let known = references.iter().find(|r| r.name == "lemma-2-3-10").unwrap();
            meet(&claim.claimed, &known.ends)
        }
        // All thirty eigenvalues are listed, so nothing but the tail is left: 0 to 2·10^-15.
        "rest" => claim.claimed[0].at_most(&super::decimal("0")),
        quantity => panic!("{quantity} is not known"),
    })
}

/// How many of `count` mutants are accepted, each of which must be true.
fn attack(name: &str, count: usize, seed: u64, truth: impl Fn(&str, &Accepted) -> bool) -> usize {
    let more: usize = std::env::var("ESCAPEMENT_MUTATIONS").map_or(1, |times| times.parse().unwrap());
    let (text, folder) = load(name);
    let (text, mut random, mut accepted) = (body(&text), Random(seed), 0);
    for _ in 0..count * more {
        let mutant = mutate(text, &mut random);
        if let Ok(result) = forged(&mutant, &folder) {
            assert!(truth(&mutant, &result), "{name}: a false certificate is accepted:\n{mutant}");
            accepted += 1;
        }
    }
    accepted
}

#[test]
fn whatever_is_accepted_of_polynomials_is_true() {
    let mut accepted = 0;
    for (name, count) in [
        ("zonal-sigmoid-3", 1200),
        ("zonal-sigmoid-10", 300),
        ("zonal-tanh-8", 300),
        ("zonal-erf-20", 300),
        ("identity-sigmoid-3", 300),
        ("identity-tanh-8", 100),
        ("identity-erf-20", 100),
    ] {
        accepted += attack(name, count, 0x9e37_79b9_7f4a_7c15 + count as u64, is_true);
    }
    assert!(accepted > 150, "only {accepted} are accepted: the attack is too coarse to say anything");
}

#[test]
fn whatever_is_accepted_in_every_dimension_is_true() {
    attack("all-d-sigmoid-small", 60, 0x1234_5678_9abc_def1, is_true);
    attack("identity-every-d", 60, 0x0fed_cba9_8765_4321, is_true);
}

#[test]
fn whatever_is_accepted_of_weights_is_true() {
    let references = references();
    attack("spectrum-3-10", 300, 0x5555_5555_5555_5555, |_, accepted| agrees(accepted, &references));
    attack("lemma-2-3-10", 100, 0x3333_3333_3333_3333, |_, accepted| agrees(accepted, &references));
}

#[test]
fn any_byte_unforged_is_noticed() {
    let (text, _) = load("identity-sigmoid-3");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(check(&bytes, Path::new("")).is_err(), "byte {at}");
    }
}
