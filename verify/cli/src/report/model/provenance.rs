//! Which program, on which machine, by which command.

use escapement_verify::run::{source, source::SOURCE_HASH};
use serde::{Deserialize, Serialize};

/// The program, the machine and the command that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of escapement.
    pub version: String,
    /// The commit it was built from, with "+" for changes on top of it; "unknown" outside a repository.
    pub commit: String,
    /// The compiler.
    pub rustc: String,
    /// Hash of the sources, which keys the records.
    pub source_hash: String,
    /// Hash of Cargo.lock.
    pub lock_hash: String,
    /// Architecture and operating system.
    pub system: String,
    /// The processor of the machine that made the report.
    pub cpu: String,
    /// The number of threads that the processor runs at once.
    pub threads: usize,
    /// The machines that measured, as far as the sidecar says.
    pub hosts: Vec<String>,
    /// The journal.
    pub journal: String,
    /// The command that makes this report again.
    pub command: String,
}

impl Provenance {
    /// The provenance of a report that this program makes on this machine.
    pub fn new(journal: String, command: String, hosts: Vec<String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: source::COMMIT.to_owned(),
            rustc: source::RUSTC.to_owned(),
            source_hash: SOURCE_HASH.to_owned(),
            lock_hash: source::LOCK_HASH.to_owned(),
            system: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            cpu: cpu(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            hosts,
            journal,
            command,
        }
    }
}

/// The name of the processor, or "unknown".
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|l| l.strip_prefix("model name")).and_then(|l| l.split_once(':'));
    model.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}
