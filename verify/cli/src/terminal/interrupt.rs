//! Ctrl-C, and the signal SIGTERM, which batch systems send. Where something can be kept the first one asks
//! for that, and the second one ends the process; elsewhere the first one ends it. An end leaves no
//! temporary file behind.

use super::exit::{INTERRUPTED, TERMINATED};
use super::{is_quiet, note, say};
use escapement_verify::files::atomic;
use escapement_verify::run::journal::Journal;
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

/// The remark on an interrupt that leaves no output behind.
const NOTHING: &str = "nothing was written";

/// Nothing that can be kept is under way: an interrupt ends the process.
const IDLE: u8 = 0;
/// Work is under way that can be kept: an interrupt asks it to stop.
const WORKING: u8 = 1;
/// The work was asked to stop: another interrupt ends the process.
const ASKED: u8 = 2;

/// The exit code that the last signal asks for.
static CODE: AtomicU8 = AtomicU8::new(INTERRUPTED);

/// The exit code of a process that was interrupted.
pub fn code() -> u8 {
    CODE.load(Ordering::SeqCst)
}

/// What a signal does.
type Handler = Box<dyn FnMut() + Send>;

/// What a signal does now.
static HANDLER: Mutex<Option<Handler>> = Mutex::new(None);

fn call() {
    if let Some(handler) = HANDLER.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        handler();
    }
}

/// Calls `handler` for each signal from now on, in place of an earlier one.
fn handle(handler: impl FnMut() + Send + 'static) {
    *HANDLER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(handler));
    static LISTENING: Once = Once::new();
    LISTENING.call_once(listen);
}

#[cfg(unix)]
fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let (ready, is_ready) = std::sync::mpsc::channel();
    // The thread takes the signals over: where none can be started, they end the process as by default.
    let listen = move || {
        let signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]);
        let _ = ready.send(());
        let Ok(mut signals) = signals else { return };
        for signal in signals.forever() {
            CODE.store(if signal == SIGTERM { TERMINATED } else { INTERRUPTED }, Ordering::SeqCst);
            call();
        }
    };
    if std::thread::Builder::new().name("signals".into()).spawn(listen).is_ok() {
        let _ = is_ready.recv();
    }
}

#[cfg(not(unix))]
fn listen() {
    let _ = ctrlc::set_handler(call);
}

/// Listens from the beginning of the program: a signal ends it, and what is on its way to disk goes.
pub fn begin() {
    handle(|| end_with(NOTHING));
}

/// Makes a limit on the size of files (`ulimit -f`) an error of the write that meets it, in place of the end
/// of the process.
pub fn report_limits_of_files() {
    // Nothing looks at the flag: a signal that has a handler ends nothing.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Ends the process where a signal finds it, with a new line behind a progress bar or the ^C of a terminal.
fn end_with(words: &str) -> ! {
    let _ = writeln!(std::io::stderr());
    end(words)
}

fn end(words: &str) -> ! {
    atomic::abandon();
    say(format_args!("interrupted; {words}"));
    std::process::exit(i32::from(code()))
}

/// A request of the user to stop, made by Ctrl-C.
#[derive(Debug)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Listens for the rest of the process, whose last checkpoint is what a second Ctrl-C leaves.
    pub fn with_checkpoints() -> Self {
        Self::listen(WORKING, "", "the last checkpoint holds what there is")
    }

    /// Listens; until [`Self::work`] is called, and after [`Self::idle`], Ctrl-C ends the process.
    pub fn without_checkpoints() -> Self {
        Self::listen(IDLE, ", without a result", NOTHING)
    }

    fn listen(begin: u8, loss: &'static str, left: &'static str) -> Self {
        let state = Arc::new(AtomicU8::new(begin));
        let shared = state.clone();
        handle(move || {
            let asked = shared.compare_exchange(WORKING, ASKED, Ordering::SeqCst, Ordering::SeqCst);
            if asked.is_err() {
                end_with(left);
            }
            if !is_quiet() {
                let _ = writeln!(std::io::stderr());
                note(format_args!("stopping after the step in hand; Ctrl-C again ends at once{loss}"));
            }
        });
        Self(state)
    }

    /// Whether the user asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) == ASKED
    }

    /// Work that can be kept is under way: Ctrl-C asks from now on.
    pub fn work(&self) {
        let _ = self.0.compare_exchange(IDLE, WORKING, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// That work is over: Ctrl-C ends the process again. The value is whether it came during the work.
    pub fn idle(&self) -> bool {
        self.0.swap(IDLE, Ordering::SeqCst) == ASKED
    }
}

/// Says that the user ended the command before its output.
pub fn nothing_written() -> ExitCode {
    say(format_args!("interrupted; {NOTHING}"));
    ExitCode::from(code())
}

/// Ends the process before its output, at the request of the user.
pub(super) fn end_without_output() -> ! {
    end(NOTHING)
}

/// A run into a journal: Ctrl-C ends the process at once, but never in the middle of a line or of a rewrite
/// of the journal, and says how to go on in the words `again`. Who sets the value to true says that the run
/// is over.
pub fn of_journal(journal: &Arc<Mutex<Journal>>, again: String) -> Arc<AtomicBool> {
    let over = Arc::new(AtomicBool::new(false));
    let (journal_of_run, finished): (Weak<Mutex<Journal>>, _) = (Arc::downgrade(journal), over.clone());
    handle(move || {
        let journal = journal_of_run.upgrade();
        let _guard = journal.as_ref().map(|j| j.lock());
        if finished.load(Ordering::SeqCst) {
            atomic::abandon();
            std::process::exit(i32::from(code()));
        }
        end_with(&format!("what was measured is in the journal, and {again}"));
    });
    over
}
