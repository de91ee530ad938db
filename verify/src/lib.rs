//! The claims of NBL22, measured and given verdicts; and what the command line `escapement` is made of.

pub mod io;
pub mod report;
