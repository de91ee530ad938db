//! The command line `escapement`, for the papers that ship with it and for anybody's.
//!
//! A crate with claims of its own gets the same command line from a `main` of three lines:
//!
//! ```no_run
//! use escapement_verify::{Registry, papers};
//!
//! fn main() -> std::process::ExitCode {
//!     let registry = Registry::new(papers::nbl22::claims() /* and yours */).unwrap();
//!     escapement_cli::run(&registry)
//! }
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`verify`] | the commands on claims: verify, list, explain, graph, report, merge, diff, experiment |
//! | [`compute`] | the commands on weights: zonal, spectrum, construct, evaluate, train |
//! | [`report`] | what a reader sees: page, tables, pictures, and the data behind them |
//! | [`terminal`] | what is said on standard error, progress, Ctrl-C, completions, manual pages |
//! | [`files`] | arrays, targets, standard output |

pub mod compute;
pub mod files;
mod line;
pub mod report;
pub mod terminal;
pub mod verify;

pub use line::run;
