//! What the benches that print tables share: a clock, medians, the command line.

use std::hint::black_box;
use std::time::Instant;

/// Seconds that `f` takes; what it returns is dropped outside of them.
pub fn seconds<T>(f: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let out = f();
    let seconds = start.elapsed().as_secs_f64();
    drop(black_box(out));
    seconds
}

/// The median.
pub fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len() % 2 == 1 { times[middle] } else { 0.5 * (times[middle - 1] + times[middle]) }
}

/// Words on the command line that are neither options nor folders.
fn words() -> Vec<String> {
    std::env::args().skip(1).filter(|word| !word.starts_with('-') && !word.contains('/')).collect()
}

/// Whether `name` is to be run: all are, or those that hold a word of the command line.
pub fn wanted(name: &str) -> bool {
    let words = words();
    words.is_empty() || words.iter().any(|word| name.contains(word.as_str()))
}

/// All sizes for `cargo bench`; the first alone for `cargo test`, which only asks whether the bench runs.
pub fn trimmed<T>(sizes: &[T]) -> &[T] {
    if std::env::args().any(|word| word == "--bench") { sizes } else { &sizes[..1] }
}
