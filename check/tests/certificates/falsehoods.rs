//! Falsehoods planted in the checker's own sources: each is noticed by a certificate.
//!
//! Every falsehood is one change of the text. All changed copies of the sources become modules of two
//! programs, half of them each, which the test builds and runs on certificates, side by side. A copy is
//! found out if it accepts a certificate that must be rejected, or if one of its enclosures is not around
//! the checker's own: then the claim that this copy would accept is forged here, and the checker must
//! reject the forged file.

use super::{data, forged, load, names, seal, with};
use escapement_check::check;
use num_bigint::BigInt;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of `src`, what stands there once, and what is planted.
const PLANTED: &[(&str, &str, &str)] = &[
    // Z: the polynomial.
    ("chebyshev", "(&eta + &y.square(), [delta1, delta2]", "(eta, [delta1, delta2]"),
    ("chebyshev", "let needed = &epsilon0 + &", "let needed = "),
    ("chebyshev", "let needed = &epsilon0 + &(&reach * &growth);", "let needed = &epsilon0 + &growth;"),
    (
        "chebyshev",
        "let sum: BigInt = self.c.iter().map(|c| BigInt::from(c.magnitude().clone())).sum();",
        "let sum = self.c.iter().map(|c| BigInt::from(c.magnitude().clone())).max().unwrap_or_default();",
    ),
    ("chebyshev", "&(&y * &(&Interval::whole(a) + &y)) + &eta;", "&y * &(&Interval::whole(a) + &y);"),
    (
        "chebyshev",
        "&(&delta1.scale(a, 1) + &(&y * &(&sup + &delta1)).scale(2, 1)) + &eta1;",
        "&delta1.scale(a, 1) + &(&y * &(&sup + &delta1)).scale(2, 1);",
    ),
    ("chebyshev", "&delta1.scale(a, 1) + &", "&delta1 + &"),
    ("chebyshev", "(&y * &(&sup + &delta1)).scale(2, 1)", "(&y * &(&sup + &delta1))"),
    ("chebyshev", "(&reach * &y).scale(2, 1)", "(&reach * &y)"),
    ("chebyshev", "let reach = &half_width + &b.abs();", "let reach = half_width;"),
    ("chebyshev", "&l.num * &l.num >= &l.den * &l.den * last", "true"),
    // Intervals.
    ("number", "high: (high << BITS).sqrt() + 1 }", "high: (high << BITS).sqrt() }"),
    ("number", "high: -(-high >> BITS) }", "high: high >> BITS }"),
    ("number", "high: -floor(&-&ends[1], &d) }", "high: floor(&ends[1], &d) }"),
    ("number", "Self { low: floor(&ends[0], &d), high", "Self { low: -floor(&-&ends[0], &d), high"),
    // C1: zonal quantities.
    ("zonal", "BigInt::from(2 * j + d - 2), |product, a|", "BigInt::from(2 * j + d - 1), |product, a|"),
    ("zonal", "&BigInt::from(1)).widen(&error) * &self.factor", "&BigInt::from(1)) * &self.factor"),
    ("zonal", "self.sup.scale(2, 1) + &self.delta[0]", "self.sup + &self.delta[0]"),
    ("zonal", "Interval::whole(&b * (d - 1)).scale(1, square.max(1))", "Interval::whole(1)"),
    ("zonal", "&value.widen(&(&self.delta[0] * &error.root())) * &self.factor", "&value * &self.factor"),
    // C2: every dimension.
    ("every_d", "&sup(4).scale(1, 4) + &sup(2).scale(s, 1)", "sup(4).scale(1, 4)"),
    ("every_d", "&sup(4).scale(1, 4) + &sup(2).scale(s, 1)", "&sup(4).scale(1, 8) + &sup(2).scale(s, 1)"),
    ("every_d", "(d, e, at_d.widen(&k.scale(num, den * (d + 2 * s))))", "(d, e, at_d)"),
    ("every_d", "e.map_or((1, 1), |e| (e - d, e + 2 * s))", "e.map_or((0, 1), |e| (e - d, e + 2 * s))"),
    ("every_d", "e.map_or((1, 1), |e| (e - d, e + 2 * s))", "e.map_or((1, 1), |_| (0, 1))"),
    ("every_d", "low.push(main.low + e.map_or", "low.push(value.square().low + e.map_or"),
    ("every_d", "high.push(main.high + radial.square().scale(1, d).high);", "high.push(main.high);"),
    ("every_d", "between(f(Some(d)), f(e));", "f(Some(d));"),
    ("every_d", "&between(e.map_or(Interval::whole(0), gamma), gamma(d)) * &b", "&gamma(d) * &b"),
    ("every_d", "(&rising(&|d| shrink(d, j)) * &a).scale(j, 1);", "(&rising(&|d| shrink(d, j)) * &a);"),
    ("every_d", "(least << BITS) / BigInt::from(1).max(sup(1).square().high * 8)", "least << BITS - 3"),
    ("every_d", "greatest(right, halvings - 1)", "BigInt::ZERO"),
    ("chebyshev", "first == 3", "first > 0"),
    // E: eigenvalues.
    ("eigen", "if r == n { epsilon.clone() } else { epsilon.scale(2, 1) }", "epsilon.clone()"),
    ("eigen", "&norm(residuals, ENTRY + VECTOR) + &error.scale(2, 1)", "norm(residuals, ENTRY + VECTOR)"),
    ("eigen", "pairs.mu)?) + error;", "pairs.mu)?) + &Interval::whole(0);"),
    ("covariance", "(value + &rest).scale", "value.scale"),
    ("eigen", "&(&(&gamma * &largest).scale(2, 1) + &rho) *", "&rho *"),
    ("eigen", "next.high < values[r - 1].low", "true"),
    ("covariance", "(width + (BigInt::from(1) << (BITS - ENTRY))) * n", "width * n"),
    // M: the worst case.
    (
        "eigen",
        "Interval { low: low.low - &pi.high, high: high.high + &pi.high }",
        "Interval { low: low.low, high: high.high }",
    ),
    ("eigen", "&Interval::whole(rank).root() * &(epsilon", "&Interval::whole(1) * &(epsilon"),
    ("eigen", "ENTRY + 2 * VECTOR).widen(error)", "ENTRY + 2 * VECTOR)"),
    // F: the file.
    ("lib", "sha256::sha256(&bytes[..hashed]) == hash", "true"),
    ("lib", "words == statement", "true"),
];

/// The certificates on which the copies are run: claims that contain everything, and files to be rejected.
fn write_files(folder: &Path) -> Vec<(String, PathBuf, bool)> {
    let great = "9".repeat(60);
    let mut files = Vec::new();
    let mut put = |name: &str, bytes: Vec<u8>, at: PathBuf, bad: bool| {
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, bytes).unwrap();
        files.push((name.to_owned(), at, bad));
    };
    for name in [
        "zonal-sigmoid-3",
        "zonal-tanh-8",
        "zonal-erf-20",
        "zonal-sigmoid-minus-5-26",
        "identity-sigmoid-3",
        "all-d-sigmoid",
        "all-d-sigmoid-small",
        "lemma-2-3-6",
    ] {
        let (mut text, at) = load(name);
        let claims = check(text.as_bytes(), &at).unwrap().claims;
        if name == "all-d-sigmoid" {
            // Few dimensions, so that what lies between them counts.
            text = with(&text, "d_range", "[3, 4, 6, 9, 13, 20, 30, 45, 70, 110, 180, 300, 500, 1000]");
        }
        let few = claims.iter().filter(|c| match c.quantity.as_str() {
            // Few claims, because the copies are not optimised.
            quantity if name == "all-d-sigmoid-small" => quantity == "kappa-scaled" && c.j > 0,
            quantity if name == "all-d-sigmoid" => quantity == "assumption-3-sigma1" && c.j == 1,
            "next" | "rest" => true,
            _ => c.j < 4,
        });
        let mut few: Vec<_> = few.map(|c| (c.quantity.as_str(), c.j)).collect();
        if name == "all-d-sigmoid" {
            few.extend([("supremum", 2), ("chernoff-scaled", 1)]);
        }
        let wide = few.iter().map(|(q, j)| format!("[\"{q}\", {j}, \"-{great}\", \"{great}\"]"));
        let wide: Vec<String> = wide.collect();
        let sealed = seal(with(&text, "claims", &format!("[{}]", wide.join(","))).as_bytes()).unwrap();
        assert!(check(&sealed, &at).is_ok(), "{name}");
        put(name, sealed, at, false);
    }
    for name in names().iter().filter(|name| name.starts_with("false")) {
        put(name, load(name).0.into_bytes(), data(), true);
    }
    // The dimension 3 is left out.
    let (text, _) = load("all-d-sigmoid-small");
    let list = text[super::value(&text, "d_range")].replacen("3, ", "", 1);
    let without = with(&with(&text, "d_range", &list), "claims", "[[\"kappa-scaled\", 1, \"0\", \"1\"]]");
    put("false-first", seal(without.as_bytes()).unwrap(), data(), true);
    // A dimension beyond the interval of the polynomial.
    let (text, _) = load("zonal-sigmoid-3");
    let beyond = with(&with(&text, "d", "4"), "claims", "[[\"trace\", 0, \"0\", \"1\"]]");
    put("false-d", seal(beyond.as_bytes()).unwrap(), data(), true);
    // The third eigenpair is left out, and the fourth takes its place.
    let (text, at) = load("lemma-2-3-6");
    let without = |text: &str, key: &str| {
        let mut elements = super::tampered::elements(text, key);
        elements.remove(2);
        with(text, key, &format!("[{}]", elements.join(",")))
    };
    let fewer = with(&without(&without(&text, "V"), "D"), "mu", "\"200000000000000\"");
    let claims = "[[\"eigenvalue\", 3, \"0.003\", \"0.004\"], [\"worst-case\", 1, \"0\", \"9\"]]";
    put("false-left-out", seal(with(&fewer, "claims", claims).as_bytes()).unwrap(), at, true);
    // The words of one certificate around the fields of another, and a hash of something else.
    let (text, _) = load("identity-sigmoid-3");
    let words = text.replace("for every even m", "for every odd m");
    let at = words.find("\"sha256\"").unwrap();
    let digest = escapement_check::sha256::sha256(&words.as_bytes()[..at]);
    put("false-words", format!("{}\"sha256\": \"{digest}\"}}", &words[..at]).into_bytes(), data(), true);
    let at = text.find("\"sha256\"").unwrap();
    put(
        "false-hash",
        format!("{}\"sha256\": \"{}\"}}", &text[..at], "0".repeat(64)).into_bytes(),
        data(),
        true,
    );
    files
}

/// The programs.
const PROGRAMS: [&str; 2] = ["first", "second"];

/// The programs of all copies, the unchanged one first: they print the enclosures in units of 2^-192.
fn write_programs(root: &Path) {
    let middle = PLANTED.len() / 2;
    write_program(root, PROGRAMS[0], 0..=middle);
    write_program(root, PROGRAMS[1], middle + 1..=PLANTED.len());
    let version = "num-bigint = { version = \"0.5\", default-features = false, features = [\"std\"] }";
    let bin = |name: &str| format!("[[bin]]\nname = \"{name}\"\npath = \"src/{name}.rs\"\n");
    std::fs::write(
        root.join("Cargo.toml"),
        format!(
            "[package]\nname = \"planted\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
            {}[dependencies]\n{version}\n\
            [profile.dev]\nopt-level = 0\ndebug = false\nincremental = false\n\
            [profile.dev.package.\"*\"]\nopt-level = 3\n",
            PROGRAMS.map(bin).concat()
        ),
    )
    .unwrap();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), root.join("Cargo.lock"))
        .unwrap();
}

/// The program of these copies.
fn write_program(root: &Path, name: &str, copies: std::ops::RangeInclusive<usize>) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut main = String::from("#![allow(warnings)]\n");
    let mut calls = String::new();
    for copy in copies {
        let folder = root.join(format!("src/copy{copy}"));
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(&sources).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut text = std::fs::read_to_string(&path).unwrap();
            if let Some((_, old, new)) =
                copy.checked_sub(1).map(|i| PLANTED[i]).filter(|planted| planted.0 == stem)
            {
                let (old, new) = (old.split_whitespace().collect::<Vec<_>>().join(" "), new);
                let found = text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(found.matches(&old).count(), 1, "{stem}: `{old}` must stand there once");
                text = plant(&text, &old, new);
            }
            if stem != "main" {
                std::fs::write(folder.join(format!("{stem}.rs")), text).unwrap();
            }
        }
        writeln!(main, "#[path = \"copy{copy}/lib.rs\"] mod copy{copy};").unwrap();
        write!(calls, "run!(copy{copy}, {copy});\n        ").unwrap();
    }
    writeln!(
        main,
        r#"
fn main() {{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for file in arguments.chunks(2) {{
        let bytes = std::fs::read(&file[0]).unwrap();
        macro_rules! run {{
            ($copy:ident, $i:expr) => {{
                let result = std::panic::catch_unwind(|| $copy::check(&bytes, file[1].as_ref()));
                if let Ok(Ok(accepted)) = result {{
                    print!("{{}} {{}}", $i, file[0]);
                    for claim in accepted.claims {{
                        print!(" {{}} {{}}", claim.enclosure[0].num, claim.enclosure[1].num);
                    }}
                    println!();
                }}
            }};
        }}
        {calls}
    }}
}}"#
    )
    .unwrap();
    std::fs::write(root.join(format!("src/{name}.rs")), main).unwrap();
}

/// A number of units of 2^-192 in decimal digits, without rounding.
fn exact(units: BigInt) -> String {
    let digits = units.magnitude() * num_bigint::BigUint::from(5_u32).pow(192);
    let text = format!("{digits:0>193}");
    let (whole, fraction) = text.split_at(text.len() - 192);
    let sign = if units < BigInt::ZERO { "-" } else { "" };
    if units == BigInt::ZERO { "0".into() } else { format!("{sign}{whole}.{fraction}") }
}

/// The text with `old`, given with single spaces, replaced wherever its lines break.
fn plant(text: &str, old: &str, new: &str) -> String {
    let starts = text.char_indices().map(|(at, _)| at);
    for start in starts {
        let (mut at, mut matched) = (start, true);
        for c in old.chars() {
            let rest = &text[at..];
            if c == ' ' {
                let blank = rest.len() - rest.trim_start().len();
                matched = blank > 0;
                at += blank;
            } else {
                matched = rest.starts_with(c);
                at += c.len_utf8();
            }
            if !matched {
                break;
            }
        }
        if matched {
            return format!("{}{new}{}", &text[..start], &text[at..]);
        }
    }
    unreachable!("the text was found before")
}

#[test]
fn every_planted_falsehood_is_found_out() {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let certificates = root.join("certificates");
    std::fs::create_dir_all(&certificates).unwrap();
    // What an earlier version of this test left.
    let _ = std::fs::remove_file(root.join("src/main.rs"));
    write_programs(&root);
    let files = write_files(&certificates);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet", "--target-dir", "target"]).current_dir(&root);
    for variable in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    let built = cargo.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let running = PROGRAMS.map(|name| {
        let mut program = Command::new(root.join("target/debug").join(name));
        for (name, at, _) in &files {
            program.arg(certificates.join(format!("{name}.json"))).arg(at);
        }
        std::thread::spawn(move || program.output().unwrap())
    });
    let printed: String = running
        .map(|program| {
            let output = program.join().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        })
        .concat();

    // For each copy and file, the enclosures of the claims where the file is accepted.
    let mut accepted = vec![vec![None; files.len()]; PLANTED.len() + 1];
    for line in printed.lines() {
        let mut words = line.split(' ');
        let copy: usize = words.next().unwrap().parse().unwrap();
        let path = words.next().unwrap();
        let file = files.iter().position(|(name, ..)| path.ends_with(&format!("/{name}.json"))).unwrap();
        accepted[copy][file] = Some(words.map(|w| w.parse::<BigInt>().unwrap()).collect::<Vec<_>>());
    }
    for (file, (name, at, bad)) in files.iter().enumerate() {
        let own = check(&std::fs::read(certificates.join(format!("{name}.json"))).unwrap(), at).ok();
        assert_eq!(own.is_none(), *bad, "{name}");
        let own = own
            .map(|own| own.claims.into_iter().flat_map(|c| c.enclosure.map(|x| x.num)).collect::<Vec<_>>());
        assert_eq!(accepted[0][file], own, "the unchanged copy differs from the checker: {name}");
    }

    let mut missed = Vec::new();
    for (copy, planted) in PLANTED.iter().enumerate() {
        let found = files.iter().enumerate().any(|(file, (name, at, bad))| {
            let (Some(theirs), own) = (&accepted[copy + 1][file], &accepted[0][file]) else { return false };
            let Some(own) = own else { return *bad };
            let outside = |k: &usize| theirs[2 * k] > own[2 * k] || theirs[2 * k + 1] < own[2 * k + 1];
            let Some(k) = (0..own.len() / 2).find(outside) else { return false };
            // The claim that the copy would accept is rejected by the checker.
            let text = std::fs::read_to_string(certificates.join(format!("{name}.json"))).unwrap();
            let claims = check(text.as_bytes(), at).unwrap().claims;
            let ends = [&theirs[2 * k], &theirs[2 * k + 1]].map(BigInt::clone);
            let [low, high] = ends.map(exact);
            let worst = format!(", [\"worst-case\", 1, \"0\", \"{}\"]", 9);
            let worst = if name.starts_with("lemma") && claims[k].quantity != "worst-case" {
                worst.as_str()
            } else {
                ""
            };
            let claim =
                format!("[[\"{}\", {}, \"{low}\", \"{high}\"]{worst}]", claims[k].quantity, claims[k].j);
            let verdict = forged(&with(&text, "claims", &claim), at);
            assert!(verdict.is_err(), "{planted:?}: {name}, {} {}", claims[k].quantity, claims[k].j);
            true
        });
        if !found {
            missed.push(planted);
        }
    }
    assert!(missed.is_empty(), "not found out: {missed:#?}");
}
