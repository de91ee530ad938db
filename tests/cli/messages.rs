//! What every refusal has in common: it gives no remedy that the command does not have, names the value that
//! was typed and no other, and does not ask for what it refuses. [`Desk::refused`] holds each refusal of
//! these tests to it.

use crate::process::Desk;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The words of a message, without the punctuation around them.
fn words(said: &str) -> Vec<&str> {
    let edge = |c: char| !(c.is_alphanumeric() || c == '-' || c == '=');
    said.split_whitespace().map(|word| word.trim_matches(edge)).filter(|word| !word.is_empty()).collect()
}

/// What is wrong with the message on these arguments, if anything is. `help` gives the help of a command,
/// empty for what is no command.
pub fn fault(arguments: &[&str], said: &str, help: impl Fn(&str) -> String) -> Option<String> {
    let words = words(said);
    let typed =
        |option: &str| arguments.iter().any(|a| *a == option || a.starts_with(&format!("{option}=")));
    for (i, word) in words.iter().enumerate().filter(|(_, word)| word.starts_with("--")) {
        let option = word.split('=').next().unwrap_or(word);
        // `escapement merge --out`: the option is that of the command before it.
        let named = i.checked_sub(1).map(|i| help(words[i])).filter(|text| !text.is_empty());
        let text = named.unwrap_or_else(|| help(arguments[0]));
        let known = text.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|w| w == option);
        if !known && !typed(option) {
            return Some(format!("{option} is no option of the command"));
        }
    }
    // "the width m = 2 is not allowed" where --m 3 was typed.
    let letter =
        |w: &&[&str]| w[0].chars().count() == 1 && w[1] == "=" && w[3..] == ["is", "not", "allowed"];
    for place in words.windows(6).filter(letter) {
        let option = format!("--{}", place[0]);
        let value = arguments.iter().position(|a| *a == option).and_then(|i| arguments.get(i + 1));
        if let Some(value) = value.filter(|value| !value.to_lowercase().contains(&place[2].to_lowercase())) {
            return Some(format!("{option} {value} was typed, and {} is refused", place[2]));
        }
    }
    // "elements of type float64, but float64 or float32 is needed".
    let (refused, wanted) = said.split_once(", but ").or_else(|| said.split_once(": "))?;
    let wanted = wanted.split(" needed").next().filter(|w| w.len() < wanted.len()).map(self::words)?;
    let last = self::words(refused).last().copied()?;
    wanted.contains(&last).then(|| format!("{last} is refused and asked for"))
}

/// Panics where a refusal contradicts itself.
pub fn check(desk: &Desk, arguments: &[&str], said: &str) {
    static HELP: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let help = |command: &str| {
        let mut known = HELP.lock().unwrap();
        // The options of `experiment taylor` are those of a command of a command.
        let inner = arguments.get(1).filter(|_| command == "experiment" && command == arguments[0]);
        let of = |command: &str| {
            let words: Vec<&str> =
                std::iter::once(command).chain(inner.copied()).chain(["--help"]).collect();
            let out = desk.run(&words);
            if out.code == Some(0) && !command.starts_with('-') { out.stdout } else { String::new() }
        };
        known.entry(format!("{command} {inner:?}")).or_insert_with(|| of(command)).clone()
    };
    if let Some(fault) = fault(arguments, said, help) {
        panic!("{arguments:?}: {said:?}: {fault}");
    }
}

#[test]
fn a_refusal_that_contradicts_itself_is_noticed() {
    let help = |command: &str| match command {
        "spectrum" => "--m <M> --top <N> --memory <SIZE>".to_owned(),
        "merge" => "--out <FILE>".to_owned(),
        _ => String::new(),
    };
    let of = |said: &str| fault(&["spectrum", "--m", "3"], said, help);
    for said in [
        "escapement: the width m = 2 is not allowed: m must be even",
        "escapement: 1 GiB is too much: take --fewer neurons",
        "escapement: join them with merge --memory 1GiB",
        "escapement: W.npy holds elements of type float64, but float64 or float32 is needed",
    ] {
        assert!(of(said).is_some(), "{said}");
    }
    for said in [
        "escapement: the width m = 3 is not allowed: m must be even",
        "escapement: 1 GiB is too much: allow more with --memory, or ask for --top 3",
        "escapement: join them with merge --out FILE",
        "escapement: W.npy holds elements of type int64, but float64 or float32 is needed",
        "escapement: W.npy is missing",
    ] {
        assert_eq!(of(said), None, "{said}");
    }
}
