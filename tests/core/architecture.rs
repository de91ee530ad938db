//! Dependencies point down: no room of the sources imports one that stands above it.
//!
//! A room is a file or a folder at the root of a crate. Its imports are the paths that begin at the root
//! (`crate::room`, `super::…::room`), in comments and in test modules left aside; a name that the root
//! itself re-exports belongs to the room it comes from.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The rooms of the core, from the ground up.
const CORE: &str = "error tolerance seed real pool product rounding ball operator activation sphere \
                    gaussian network covariance eigen objective construct randomised \
                    kernel margin flow training descent";
/// The rooms of the claims and their judges.
const VERIFY: &str = "text error files oracle claim judge run table figure papers";
/// The rooms of the command line.
const COMMAND_LINE: &str = "files report terminal compute verify line";
/// The most rooms that a reader is asked to keep apart in a tree of claims or of commands.
const MOST_ROOMS: usize = 10;

/// A source file: its module path from the root of the crate, its address, its text.
struct Source {
    module: Vec<String>,
    address: String,
    text: String,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file of a tree, by its folder from the root of the repository.
fn tree(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    files(&root, &mut found);
    let source = |path: &PathBuf| {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        let address = format!("{folder}/{}", path.strip_prefix(&root).unwrap().display());
        Source { module, address, text: std::fs::read_to_string(path).unwrap() }
    };
    found.iter().map(source).collect()
}

/// The text without comments and test modules, its lines where they were.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_test_module = line.trim() == "#[cfg(test)]"
            && lines.peek().is_some_and(|next| next.trim_start().starts_with("mod ") && next.ends_with('{'));
        if is_test_module {
            let end = format!("{indent}}}");
            out.push('\n');
            for skipped in lines.by_ref() {
                out.push('\n');
                if skipped == end {
                    break;
                }
            }
            continue;
        }
        if !line.trim_start().starts_with("//") {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// The names at the head of a path or of a braced list of paths, with their offsets in `text`.
fn heads(text: &str, start: usize) -> Vec<(usize, &str)> {
    let name = |at: usize| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        &rest[..end]
    };
    if !text[start..].starts_with('{') {
        return vec![(start, name(start))];
    }
    let (mut depth, mut at_head, mut out) = (0_usize, true, Vec::new());
    for (i, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => at_head = true,
            c if at_head && depth == 1 && (c.is_alphanumeric() || c == '_') => {
                out.push((start + i, name(start + i)));
                at_head = false;
            }
            _ => {}
        }
    }
    out
}

/// The names that a file takes from the root of its crate, with their lines.
fn imports<'a>(module: &[String], code: &'a str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let is_path_start =
        |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    let roots = code.match_indices("crate::").filter(|(at, _)| is_path_start(*at));
    for (at, root) in roots {
        found.extend(heads(code, at + root.len()));
    }
    for (at, _) in code.match_indices("super::").filter(|(at, _)| is_path_start(*at)) {
        let mut end = at;
        while code[end..].starts_with("super::") {
            end += "super::".len();
        }
        if (end - at) / "super::".len() == module.len() {
            found.extend(heads(code, end));
        }
    }
    let line = |offset: usize| code[..offset].matches('\n').count() + 1;
    found.into_iter().map(|(offset, name)| (line(offset), name)).collect()
}

/// The room from which the root re-exports each name.
fn re_exports(sources: &[Source]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for root in sources.iter().filter(|s| s.module.is_empty()) {
        for item in code(&root.text).split("pub use ").skip(1) {
            let path = item.split(';').next().unwrap_or("");
            let room = path.split("::").next().unwrap_or("").trim().to_owned();
            for name in path.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
                if name.starts_with(char::is_uppercase) {
                    out.insert(name.to_owned(), room.clone());
                }
            }
        }
    }
    out
}

/// A sentence for each arrow upwards, and for each room that has no place in the order.
fn arrows_upwards(order: &str, sources: &[Source]) -> String {
    let height: BTreeMap<&str, usize> =
        order.split_whitespace().enumerate().map(|(i, room)| (room, i)).collect();
    let homes = re_exports(sources);
    let mut out = String::new();
    for source in sources {
        let Some(room) = source.module.first().map(String::as_str) else { continue };
        let Some(&here) = height.get(room) else {
            writeln!(out, "{}: the room {room} has no place in the order", source.address).unwrap();
            continue;
        };
        let code = code(&source.text);
        for (line, name) in imports(&source.module, &code) {
            let target = homes.get(name).map_or(name, String::as_str);
            match height.get(target) {
                Some(&there) if there <= here => {}
                Some(_) => writeln!(out, "{}:{line}: {room} → {target}", source.address).unwrap(),
                None => writeln!(out, "{}:{line}: {target} is no room", source.address).unwrap(),
            }
        }
    }
    out
}

fn check(folder: &str, order: &str) {
    let sources = tree(folder);
    assert!(sources.len() > order.split_whitespace().count(), "{folder}: {} files", sources.len());
    let arrows = arrows_upwards(order, &sources);
    assert!(arrows.is_empty(), "these imports point upwards:\n{arrows}");
}

#[test]
fn the_core_points_down() {
    check("src", CORE);
}

#[test]
fn the_claims_point_down_in_few_rooms() {
    check("verify/src", VERIFY);
    assert!(VERIFY.split_whitespace().count() <= MOST_ROOMS);
}

#[test]
fn the_command_line_points_down_in_few_rooms() {
    check("verify/cli/src", COMMAND_LINE);
    assert!(COMMAND_LINE.split_whitespace().count() <= MOST_ROOMS);
}

#[test]
fn an_arrow_upwards_is_refused() {
    let source = |module: &[&str], text: &str| Source {
        module: module.iter().map(|&part| part.to_owned()).collect(),
        address: format!("{}.rs", module.join("/")),
        text: text.to_owned(),
    };
    let root = || source(&[], "pub mod ground;\npub mod roof;\npub use roof::{Tile, tile::Ridge};\n");
    let refused =
        |module: &[&str], text: &str| arrows_upwards("ground wall roof", &[root(), source(module, text)]);
    assert_eq!(refused(&["ground"], "use crate::roof::Tile;\n"), "ground.rs:1: ground → roof\n");
    assert_eq!(
        refused(&["wall", "stone"], "use crate::{\n    ground::{Earth, roof},\n    roof,\n};\n"),
        "wall/stone.rs:3: wall → roof\n"
    );
    assert_eq!(refused(&["ground"], "\nfn f() -> crate::Ridge {}\n"), "ground.rs:2: ground → roof\n");
    assert_eq!(refused(&["wall", "stone"], "use super::super::roof;\n"), "wall/stone.rs:1: wall → roof\n");
    assert_eq!(refused(&["wall"], "use crate::cellar;\n"), "wall.rs:1: cellar is no room\n");
    assert_eq!(refused(&["shed"], ""), "shed.rs: the room shed has no place in the order\n");
    // Downwards, sideways, from the roof, in comments and in tests.
    for (module, text) in [
        (&["roof"][..], "use crate::{Tile, ground, wall::Stone};\n"),
        (&["wall", "stone"], "use super::brick;\nuse crate::wall::{brick, roof};\n"),
        (&["ground"], "//! See [`crate::roof`].\n// use crate::roof;\n"),
        (&["ground"], "#[cfg(test)]\nmod tests {\n    use crate::roof;\n}\nuse crate::ground;\n"),
        (&["ground"], "use other_crate::roof;\n"),
    ] {
        assert_eq!(refused(module, text), "", "{text}");
    }
}
