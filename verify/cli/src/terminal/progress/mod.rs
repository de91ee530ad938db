//! Progress on standard error: on a terminal a line for each claim in work and one for the run, elsewhere
//! one line at the start.

mod run_state;

use super::{bar::Shape, is_watched, note};
use console::{Alignment, Term, measure_text_width, pad_str};
use escapement_verify::claim::{cell::Cell, record::Record};
use escapement_verify::run::{plan::Plan, runner::Observer};
use escapement_verify::text::{numbers::duration, plural::count};
use indicatif::{MultiProgress, ProgressBar, ProgressState};
use run_state::{Claim, RunState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Columns below which no bar is drawn, only numbers.
const NARROW: usize = 60;
/// Columns of the bar.
const BAR: usize = 24;

/// The lines of one run.
pub struct Bars {
    screen: MultiProgress,
    run: Mutex<Option<Run>>,
}

/// A run that has begun, and its lines on the screen.
struct Run {
    start: Instant,
    state: Arc<Mutex<RunState>>,
    /// The line of the run, and those of claims in work, by their places; none where nobody watches.
    all: Option<ProgressBar>,
    lines: Vec<Option<ProgressBar>>,
}

impl Run {
    /// Changes the state of the run, and gives the place of the claim that changed, its line, and whether it
    /// is done. The state is locked no longer than that: another thread, which holds the screen, waits for
    /// it to draw the line of the run.
    fn update(&self, change: impl FnOnce(&mut RunState) -> Option<usize>) -> Option<(usize, String, bool)> {
        let mut state = lock(&self.state);
        let place = change(&mut state)?;
        let claim = &state.claims[place];
        Some((place, of_claim(claim, names(&state), width()), claim.done == claim.cells))
    }
}

impl Bars {
    /// Lines that wait for a run to begin.
    #[allow(clippy::new_without_default)] // it takes the screen
    pub fn new() -> Self {
        Self { screen: MultiProgress::new(), run: Mutex::new(None) }
    }

    /// Applies `act` to the run, if it has begun.
    fn with(&self, act: impl FnOnce(&mut Run)) {
        if let Some(run) = lock(&self.run).as_mut() {
            act(run);
        }
    }
}

impl Observer for Bars {
    fn begin(&self, plan: &Plan<'_>, reused: &[&Record], threads: usize) {
        let start = Instant::now();
        let state = RunState::new(plan, reused, threads);
        let (cells, left) = (plan.steps.len(), plan.steps.len() - reused.len());
        let kept = if reused.is_empty() {
            String::new()
        } else {
            format!(", {} of them in the journal", reused.len())
        };
        let time = duration(state.seconds_left(0.0));
        let time = if left > 0 { format!(", about {time}") } else { String::new() };
        note(format_args!("{}{kept}{time}", count(cells, "cell")));
        let lines = vec![None; state.claims.len()];
        let state = Arc::new(Mutex::new(state));
        let mut all = None;
        if is_watched() && left > 0 {
            let shared = state.clone();
            let text = move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
                let text = overall(&lock(&shared), start.elapsed().as_secs_f64(), width());
                // Nothing can be done about a terminal that is gone.
                let _ = line.write_str(&text);
            };
            let bar = self.screen.add(ProgressBar::new(1));
            bar.set_style(Shape::Line.style().with_key("wide_msg", text));
            // The clock of the line is a thread, and where none can be started (`ulimit -u`) it would panic.
            if std::thread::Builder::new().spawn(|| {}).is_ok() {
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            all = Some(bar);
        }
        *lock(&self.run) = Some(Run { start, state, all, lines });
    }

    fn started(&self, cell: &Cell) {
        self.with(|run| {
            let now = run.start.elapsed().as_secs_f64();
            let begun = run.update(|state| state.begin(cell, now));
            let (Some((place, text, _)), Some(all)) = (begun, &run.all) else { return };
            let shown = run.lines.iter().flatten().count();
            if run.lines[place].is_none() && shown + 2 < usize::from(Term::stderr().size().0) {
                let line = self.screen.insert_before(all, ProgressBar::new(1));
                line.set_style(Shape::Line.style());
                line.set_message(text);
                run.lines[place] = Some(line);
            }
        });
    }

    fn finished(&self, cell: &Cell, _seconds: f64, outcome: Result<&Record, &str>) {
        if let Err(why) = outcome {
            self.screen.suspend(|| note(format_args!("{cell} could not be measured: {why}")));
        }
        self.with(|run| {
            let ended = run.update(|state| state.end(cell, outcome.ok()));
            let Some((place, text, done)) = ended else { return };
            let Some(line) = &run.lines[place] else { return };
            line.set_message(text);
            if done {
                line.finish_and_clear();
                self.screen.remove(line);
                run.lines[place] = None;
            }
        });
    }

    fn end(&self) {
        self.with(|run| {
            run.lines.iter().flatten().chain(&run.all).for_each(ProgressBar::finish_and_clear);
        });
    }
}

/// Columns of the terminal.
fn width() -> usize {
    usize::from(Term::stderr().size().1)
}

/// Columns of the longest name.
fn names(state: &RunState) -> usize {
    state.claims.iter().map(|c| c.id.chars().count()).max().unwrap_or(0)
}

/// The line of a claim, in `width` columns.
fn of_claim(claim: &Claim, names: usize, width: usize) -> String {
    let Claim { id, cells, done, worst, .. } = claim;
    let count = format!("{done}/{cells}");
    let count = pad_str(&count, 9, Alignment::Right, None);
    let name = pad_str(id, names, Alignment::Left, None);
    let mut phrases = vec![format!("{name}  {count}"), of_cells(*cells).to_owned()];
    if let Some((ratio, bound)) = worst {
        let word = if ratio.violated { "violated" } else { "worst ratio" };
        phrases.extend([format!("  {word} {:.3}", ratio.value), format!(" in {bound}")]);
    }
    phrases_that_fit(&phrases, width)
}

/// The first of these phrases, as many as fit: half a phrase could be half a number.
fn phrases_that_fit(phrases: &[String], width: usize) -> String {
    let mut line = String::new();
    for phrase in phrases {
        if measure_text_width(&line) + measure_text_width(phrase) >= width {
            break;
        }
        line += phrase;
    }
    line
}

/// The noun behind "3/12".
fn of_cells(all: usize) -> &'static str {
    if all == 1 { " cell" } else { " cells" }
}

/// The line of the run, in `width` columns.
fn overall(state: &RunState, now: f64, width: usize) -> String {
    let (done, cells) = state.cells();
    let left = duration(state.seconds_left(now));
    let count = format!("{done}/{cells}");
    if width < NARROW {
        return phrases_that_fit(&[count, format!("  about {left} left")], width);
    }
    let phrases = {
        let full = (state.fraction(now) * BAR as f64).round() as usize;
        let bar = "█".repeat(full) + &"░".repeat(BAR - full);
        [
            format!("{bar}  {count}{}", of_cells(cells)),
            format!("  {} gone", duration(now)),
            format!(", about {left} left"),
        ]
    };
    phrases_that_fit(&phrases, width)
}

/// A poisoned lock guards numbers that are only shown.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use escapement_verify::claim::Tier;
    use escapement_verify::judge::ratio::Ratio;

    #[test]
    fn the_line_of_the_run_fits_every_terminal() {
        let plan = Plan::new(&[], Tier::Quick, 0).unwrap();
        let state = RunState::new(&plan, &[], 2);
        let of = |width| overall(&state, 3.0, width);
        assert_eq!(of(80), format!("{}  0/0 cells  3.0 s gone, about 0.0 s left", "█".repeat(BAR)));
        assert_eq!(of(40), "0/0  about 0.0 s left");
        assert_eq!((of(12).as_str(), of(3).as_str()), ("0/0", ""));
        for width in [2, 3, 20, 59, 60, 61, 200] {
            assert!(of(width).chars().count() <= width.saturating_sub(1), "{width}: {}", of(width));
        }
    }

    #[test]
    fn the_line_of_a_claim_never_ends_within_a_number() {
        let mut claim = Claim::new("lemma-1", Vec::new());
        let ratio = Ratio { value: 1.1934, violated: false };
        (claim.cells, claim.done, claim.worst) = (40, 12, Some((ratio, "sharp".to_owned())));
        let of = |width| of_claim(&claim, 8, width);
        let parts = ["lemma-1       12/40", " cells", "  worst ratio 1.193", " in sharp"];
        assert_eq!(of(80), parts.concat());
        for width in 0..80 {
            let line = of(width);
            assert!((0..=4).any(|n| parts[..n].concat() == line), "{width}: {line}");
            assert!(line.chars().count() < width.max(1), "{width}: {line}");
        }
    }
}
