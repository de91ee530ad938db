//! What the sources of the checker must not have.

use std::path::Path;

/// The sources, with their names.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The code of a line, without the comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap()
}

#[test]
fn no_floating_point_number() {
    for (name, text) in sources() {
        for line in text.lines().map(code) {
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
                assert!(!["f16", "f32", "f64", "f128"].contains(&word), "{name}: {line}");
                let literal = word.starts_with(|c: char| c.is_ascii_digit());
                let suffix = literal && ["f32", "f64"].iter().any(|suffix| word.ends_with(suffix));
                assert!(!suffix || word.starts_with("0x"), "{name}: {line}");
            }
            // A digit, a point and a digit, or a point that ends the literal; ranges have two points.
            let c: Vec<char> = line.chars().collect();
            for i in 1..c.len() {
                let before: String =
                    c[..i].iter().rev().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                let number = before.chars().last().is_some_and(|c| c.is_ascii_digit());
                let tuple = c[..i - before.chars().count()].last() == Some(&'.');
                let follows = c.get(i + 1).copied().unwrap_or(' ');
                let real = c[i] == '.' && number && !tuple && follows != '.' && !follows.is_alphabetic();
                assert!(!real || line.contains('"'), "{name}: {line}");
            }
            assert!(!line.contains("unsafe"), "{name}: {line}");
        }
    }
}

#[test]
fn nothing_that_panics_by_name() {
    for (name, text) in sources() {
        for word in ["unwrap()", ".expect(", "panic!", "unreachable!", "todo!", "assert"] {
            assert!(!text.lines().map(code).any(|line| line.contains(word)), "{name}: {word}");
        }
    }
}

#[test]
fn the_sources_stay_short() {
    let lines = |text: &str| text.lines().filter(|line| !code(line).trim().is_empty()).count();
    let total: usize = sources().iter().map(|(_, text)| lines(text)).sum();
    assert!(total <= 900, "{total} lines of code");
    for (name, text) in sources() {
        assert!(lines(&text) <= 160, "{name} is too long");
        assert!(text.starts_with("//!"), "{name} says what it is for");
        assert!(text.lines().all(|line| line.chars().count() < 110), "{name}");
    }
}

#[test]
fn there_is_one_dependency() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<&str> =
        dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    assert_eq!(names, ["num-bigint"]);
}
