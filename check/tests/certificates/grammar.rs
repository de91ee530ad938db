//! Files that are no certificates: structure, grammar and limits.

use super::{body, data, load, seal, value, with};
use escapement_check::certificate::{decimal, rational, whole};
use escapement_check::sha256::sha256;
use escapement_check::{LONGEST, check};
use num_bigint::BigInt;

/// The obligation at which the bytes fail.
fn fails(bytes: &[u8]) -> &'static str {
    check(bytes, &data()).unwrap_err().obligation
}

#[test]
fn sha256_is_that_of_the_standard() {
    assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let million = vec![b'a'; 1_000_000];
    assert_eq!(sha256(&million), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    for (length, digest) in [
        (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ] {
        assert_eq!(sha256(&million[..length]), digest);
    }
}

#[test]
fn numbers_are_spelled_in_one_way() {
    for text in ["", "-", "-0", "00", "01", "+1", "A", "g", "1_0", " 1", "1 ", "1/2", "0x1"] {
        assert!(whole::<BigInt>(text, 4096).is_none(), "{text}");
    }
    let longest = |digits: usize| whole::<BigInt>(&"f".repeat(digits), 4096);
    assert!(longest(1024).is_some() && longest(1025).is_none());
    assert!(whole::<i64>("7f", 7) == Some(127) && whole::<i64>("80", 7).is_none());
    for text in ["1/", "/1", "1/0", "1/-1", "1/01", "1/1/1", "-0/1", ""] {
        assert!(rational(text, 64).is_none(), "{text}");
    }
    for text in
        ["", ".5", "5.", "00.5", "-0", "-0.0", "1e5", "+1", "1.2.3", "0x1", "-", "-.5", "1,5", "١", "1.-5"]
    {
        assert!(decimal(text).is_none(), "{text}");
    }
    assert!(decimal(&"9".repeat(400)).is_some() && decimal(&"9".repeat(401)).is_none());
    for text in ["0", "0.5", "-12", "0.0", "-0.50", "10.25"] {
        assert!(decimal(text).is_some(), "{text}");
    }
}

#[test]
fn a_file_cut_anywhere_is_rejected() {
    for name in ["identity-sigmoid-3", "zonal-sigmoid-3", "spectrum-3-10"] {
        let (text, folder) = load(name);
        // Every byte of a short file; of a long one, every 7th.
        let step = if text.len() < 4000 { 1 } else { 7 };
        for end in (0..text.len()).step_by(step) {
            assert!(check(&text.as_bytes()[..end], &folder).is_err(), "{name} cut at {end}");
            let _ = seal(&text.as_bytes()[..end]);
        }
    }
}

#[test]
fn structure_is_strict() {
    let (text, _) = load("zonal-sigmoid-3");
    let replaced = |a: &str, b: &str| {
        assert!(text.contains(a), "{a}");
        text.replacen(a, b, 1)
    };
    for (changed, obligation) in [
        (format!("{text}\n"), "F1"),
        (format!("{text}x"), "F1"),
        (format!(" \n{text}"), "F3"),
        (replaced("\"format\"", "\"fromat\""), "F1"),
        (replaced("escapement-certificate", "escapement-certificatf"), "F1"),
        (replaced("\"version\": 1", "\"version\": 2"), "F1"),
        (replaced("\"version\": 1", "\"version\": 1.0"), "F1"),
        (replaced("\"version\": 1", "\"version\": -1"), "F2"),
        (replaced("\"version\": 1", "\"version\": 01"), "F2"),
        (replaced("\"version\": 1", "\"version\": 99999999999999999999"), "F2"),
        (replaced("\"version\": 1", "\"version\": 1,\n\"version\": 1"), "F1"),
        (replaced("\"version\": 1", "\"version\": 1,\n\"note\": 1"), "F1"),
        (replaced("\"version\": 1,\n\"kind\": \"zonal\"", "\"kind\": \"zonal\",\n\"version\": 1"), "F1"),
        (replaced("\"kind\"", "\"k\\u0069nd\""), "F1"),
        (replaced("sigmoid", "sigm\\u006fid"), "F2"),
        (replaced("sigmoid", "sigmo\u{131}d"), "F2"),
        (replaced("\"d\": 3", "\"d\": 3e0"), "F1"),
        (replaced("\"d\": 3", "\"d\": \"3\""), "F2"),
        (replaced("\"d\": 3", "\"d\": 1000001"), "F2"),
        (replaced("\"d\": 3", "\"d_range\": [3, 9]"), "F1"),
        (replaced("\"scale\": 100", "\"scale\": 513"), "F2"),
        (replaced("\"scale\": 100", "\"scale\": -1"), "F2"),
        (replaced("\"coefficients\": [", "\"coefficients\": [[["), "F2"),
        (replaced("\"coefficients\": [", "\"coefficients\": [1,"), "F2"),
        (replaced("\"coefficients\": [", "\"coefficients\": [,"), "F2"),
        (replaced("\"coefficients\": [", "\"coefficients\": [\"-0\","), "F2"),
        (replaced("\"claims\": [", "\"claims\": [[\"A\", 0, \"0\"],"), "F2"),
        (replaced("\"claims\": [", "\"claims\": [[\"A\", 0, \"0\", \"1\", \"2\"],"), "F2"),
        (replaced("\"claims\": [", "\"claims\": [[\"A\", 0, 0, 1],"), "F2"),
        (replaced("\"claims\": [", "\"claims\": [[\"A\", -1, \"0\", \"1\"],"), "F2"),
        (replaced("\"claims\": [", "\"claims\": [[\"A\", 0, \"1e-5\", \"1\"],"), "F2"),
        (replaced("Then", "then"), "F4"),
    ] {
        let at = changed.find("\"sha256\"").unwrap();
        // The hash is forged where only the hash would be at fault.
        let digest = format!("\"sha256\": \"{}\"}}", sha256(&changed.as_bytes()[..at]));
        let tail = changed[at..].find('}').map_or("", |end| &changed[at + end + 1..]);
        let whole =
            if obligation == "F3" { changed.clone() } else { format!("{}{digest}{tail}", &changed[..at]) };
        assert_eq!(fails(whole.as_bytes()), obligation, "{}", &changed[..200.min(changed.len())]);
    }
    assert_eq!(fails(text.replace("\"sha256\": \"", "\"sha256\": \"0").as_bytes()), "F3");
    let newer = text.replacen("\"version\": 1", "\"version\": 7", 1);
    let rejection = check(newer.as_bytes(), &data()).unwrap_err().to_string();
    assert_eq!(rejection, "F1: the file has version 7, and this checker reads version 1");
}

#[test]
fn great_things_are_refused_before_they_are_read() {
    let (text, _) = load("zonal-sigmoid-3");
    let million = 1_000_000;
    for (key, new) in [
        ("coefficients", format!("[\"{}\"]", "f".repeat(10 * million))),
        ("coefficients", format!("[{}]", vec!["\"1\""; million].join(","))),
        ("coefficients", "[".repeat(million)),
        ("claims", format!("[[\"A\", 0, \"{}\", \"1\"]]", "9".repeat(10 * million))),
        ("claims", "[".repeat(million)),
        ("claims", format!("[{}]", vec!["[\"A\",0,\"0\",\"1\"]"; 5000].join(","))),
        ("L", format!("\"{}\"", "f".repeat(17))),
        ("shift", format!("\"{}\"", "f".repeat(10 * million))),
        ("Y", format!("\"1/{}\"", "f".repeat(1025))),
        ("d", "9".repeat(million)),
        ("coefficients", "[]".into()),
        ("claims", "[]".into()),
    ] {
        let changed = with(&text, key, &new);
        assert_eq!(seal(changed.as_bytes()).unwrap_err().obligation, "F2", "{key}");
        assert_eq!(fails(changed.as_bytes()), "F2", "{key}");
    }
    assert_eq!(fails(&vec![b' '; LONGEST + 1]), "F2");
    assert_eq!(fails(b""), "F1");
    assert_eq!(fails("[".repeat(million).as_bytes()), "F1");
}

#[test]
fn the_work_is_limited() {
    let (text, _) = load("all-d-tanh");
    let claims = &body(&text)[value(&text, "claims")];
    let many = vec![claims.trim_matches(['[', ']', '\n']); 40].join("],[");
    let list: Vec<usize> = (3..4000).collect();
    let changed = with(&with(&text, "d_range", &format!("{list:?}")), "claims", &format!("[[{many}]]"));
    let rejection = seal(changed.as_bytes()).unwrap_err();
    assert!(rejection.obligation == "F2" && rejection.sentence.contains("3·10^7"), "{rejection}");
}
