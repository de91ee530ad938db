//! How much is said on standard error, and whether verdicts have colours on standard output.
//!
//! Both belong to the process, as its terminal does. A program that calls [`Output::set`] gets `--quiet`,
//! `-v` and colours; one that does not is as talkative as the command line by default, and without colours.

use anstyle::{AnsiColor, Style};
use escapement_verify::judge::Verdict;
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Whether this process is the program, and not a test or somebody else's program.
static PROGRAM: AtomicBool = AtomicBool::new(false);
static QUIET: AtomicBool = AtomicBool::new(false);
static TRACING: AtomicBool = AtomicBool::new(false);
static COLOURS: AtomicBool = AtomicBool::new(false);

/// How much is said: arguments that hold for every command.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Output {
    /// Say nothing on standard error but errors
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Output",
        display_order = 1000,
        conflicts_with = "verbose"
    )]
    quiet: bool,
    /// Say what each solver did, in place of progress bars; -vv shows every step, -vvv every point of a
    /// descent
    #[arg(short, long, global = true, help_heading = "Output", display_order = 1001)]
    #[arg(action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Output {
    /// Applies the arguments to the process.
    pub fn set(self) {
        QUIET.store(self.quiet, Ordering::Relaxed);
        COLOURS.store(colours(std::io::stdout().is_terminal()), Ordering::Relaxed);
        let level = match self.verbose {
            0 => return,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        };
        TRACING.store(true, Ordering::Relaxed);
        // Only what is ours: a library below may have events of its own.
        let ours = Targets::new().with_target("escapement", level);
        let colours = colours(std::io::stderr().is_terminal());
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(colours)
            .with_target(false)
            .without_time();
        // Only one listener can be set per process: a program that has its own keeps it.
        let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
    }
}

/// Says that this process is the program.
pub fn begin() {
    PROGRAM.store(true, Ordering::Relaxed);
}

/// Whether a stream has colours: only a terminal that can show them, and whose user has not asked for none
/// (<https://no-color.org>).
fn colours(terminal: bool) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    terminal && !refused && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Whether there is anything on standard error beside errors.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether progress is drawn: someone is watching, and nothing else is written there.
pub fn is_watched() -> bool {
    std::io::stderr().is_terminal() && !is_quiet() && !TRACING.load(Ordering::Relaxed)
}

/// A line on standard error. Where nobody can read it, nothing can be said about that.
pub fn say(words: impl std::fmt::Display) {
    if PROGRAM.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr(), "escapement: {words}");
    } else {
        // So that a test keeps it.
        eprintln!("escapement: {words}");
    }
}

/// A remark on standard error that is no error.
pub fn note(words: impl std::fmt::Display) {
    if !is_quiet() {
        say(format_args!("note: {words}"));
    }
}

/// The table of verdicts with its verdicts in colour, if standard output has colours.
pub fn painted(table: &str) -> String {
    if COLOURS.load(Ordering::Relaxed) { paint(table) } else { table.to_owned() }
}

/// Colours the verdict that a line begins with.
fn paint(table: &str) -> String {
    let line = |line: &str| {
        let start = line.len() - line.trim_start().len();
        let word = line[start..].split_whitespace().next().unwrap_or_default();
        let (before, after) = (&line[..start], &line[start + word.len()..]);
        match style(word) {
            // What does not count is not shouted.
            Some(_) if start <= 2 && line.ends_with("does not count]") => {
                let style = Style::new().dimmed();
                format!("{before}{style}{word}{style:#}{after}\n")
            }
            // Only words in the column of verdicts, not the beginning of a sentence.
            Some(style) if start <= 2 => format!("{before}{style}{word}{style:#}{after}\n"),
            _ => format!("{line}\n"),
        }
    };
    table.lines().map(line).collect()
}

fn style(word: &str) -> Option<Style> {
    let bold = |colour: AnsiColor| colour.on_default().bold();
    let of = |verdict: Verdict| match verdict {
        Verdict::Proved | Verdict::Exact | Verdict::Holds | Verdict::Scales => bold(AnsiColor::Green),
        Verdict::Inconclusive | Verdict::Drifts => bold(AnsiColor::Yellow),
        Verdict::Refuted | Verdict::Broken => bold(AnsiColor::Red),
        Verdict::Outside | Verdict::NotMeasured => Style::new().bold(),
    };
    Verdict::ALL
        .into_iter()
        .find(|v| v.name() == word)
        .map(of)
        .or((word == "failed").then(|| bold(AnsiColor::Red)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_painted_where_a_line_begins_with_one_and_nowhere_else() {
        let table = "refuted       lemma-1: holds or not\n  scales        growth rate\n                  \
            refuted on 6 of 6 cells\n  refuted       same [as printed, erratum 0; does not count]\n2 \
            claims: 1 refuted.\n";
        let painted = paint(table);
        assert_eq!(painted.matches('\u{1b}').count(), 8, "{painted:?}");
        assert!(
            painted.starts_with("\u{1b}[1m\u{1b}[31mrefuted\u{1b}[0m       lemma-1: holds or not\n  \u{1b}"),
            "{painted:?}"
        );
        let codes = ["\u{1b}[1m\u{1b}[31m", "\u{1b}[1m\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"];
        let plain = codes.iter().fold(painted, |text, code| text.replace(code, ""));
        assert_eq!(plain, table);
    }
}
