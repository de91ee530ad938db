//! Attacks on W0.npy.

use super::{load, with};
use escapement_check::check;
use escapement_check::sha256::sha256;
use std::path::PathBuf;

/// A new folder with the certificate `spectrum-3-10` and changed weights, which it names if `forge`.
fn outcome(case: &str, forge: bool, change: impl Fn(&mut Vec<u8>)) -> &'static str {
    let (text, folder) = load("spectrum-3-10");
    let mut bytes = std::fs::read(folder.join("W0.npy")).unwrap();
    change(&mut bytes);
    let new = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("weights-{case}"));
    std::fs::create_dir_all(&new).unwrap();
    std::fs::write(new.join("W0.npy"), &bytes).unwrap();
    let result = if forge {
        super::forged(&with(&text, "weights_sha256", &format!("\"{}\"", sha256(&bytes))), &new)
    } else {
        check(text.as_bytes(), &new)
    };
    result.map_or_else(|rejection| rejection.obligation, |_| "accepted")
}

#[test]
fn one_bit_is_noticed() {
    assert_eq!(outcome("same", false, |_| ()), "accepted");
    assert_eq!(outcome("low", false, |bytes| bytes[128] ^= 1), "F5");
    assert_eq!(outcome("header", false, |bytes| bytes[100] ^= 1), "F5");
    assert_eq!(outcome("long", false, |bytes| bytes.push(0)), "F5");
}

#[test]
fn weights_that_are_named_must_be_unit_rows_of_numbers() {
    let number = |at: usize, bits: u64| {
        move |bytes: &mut Vec<u8>| bytes[at..at + 8].copy_from_slice(&bits.to_le_bytes())
    };
    for (case, bits) in [
        ("nan", 0x7ff8_0000_0000_0000u64),
        ("infinite", 0x7ff0_0000_0000_0000),
        ("minus-infinite", 0xfff0_0000_0000_0000),
        ("two", 0x4000_0000_0000_0000),
        ("great", 0x7fef_ffff_ffff_ffff),
        ("zero", 0),
        ("least", 1),
        ("minus-zero", 0x8000_0000_0000_0000),
    ] {
        assert_eq!(outcome(case, true, number(128, bits)), "S1", "{case}");
    }
    assert_eq!(outcome("zero-row", true, |bytes| bytes[128..152].fill(0)), "S1");
    // A bit at 2^-36 or so of an entry: the row is no unit vector to within 2^-40.
    assert_eq!(outcome("norm", true, |bytes| bytes[130] ^= 0x40), "S1");
    // A sign changes the weights and keeps the norm: other eigenvalues.
    assert_eq!(outcome("sign", true, |bytes| bytes[135] ^= 0x80), "E5");
    // All signs at once turn w to −w for every neuron: A is another one, as σ′ is not even about 0.
    assert_eq!(
        outcome("swap", true, |bytes| for i in 0..24 {
            bytes.swap(128 + i, 152 + i)
        }),
        "E5"
    );
}

#[test]
fn headers_have_one_form() {
    let header = |old: &'static str, new: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let at = bytes.windows(old.len()).position(|w| w == old.as_bytes()).unwrap();
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        }
    };
    for (case, old, new) in [
        ("fortran", "'fortran_order': False", "'fortran_order': True "),
        ("big-endian", "<f8", ">f8"),
        ("single", "<f8", "<f4"),
        ("shape", "(10, 3)", "(3, 10)"),
        ("flat", "(10, 3)", "(30,)  "),
    ] {
        assert_eq!(outcome(case, true, header(old, new)), "S2", "{case}");
    }
    assert_eq!(outcome("magic", true, |bytes| bytes[0] = 0), "S2");
    assert_eq!(outcome("version", true, |bytes| bytes[6] = 2), "S2");
    assert_eq!(outcome("length", true, |bytes| bytes[9] = 0xff), "S2");
    assert_eq!(outcome("cut", true, |bytes| bytes.truncate(200)), "S2");
    assert_eq!(outcome("empty", true, Vec::clear), "S2");
    assert_eq!(outcome("longer", true, |bytes| bytes.push(0)), "S2");
    assert_eq!(outcome("million", true, |bytes| bytes.resize(1_000_000, 0)), "F5");
}
