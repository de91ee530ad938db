//! Oracles, identities, regressions and the command line, in one binary.

#[path = "suite/block_solver.rs"]
mod block_solver;
#[path = "suite/data.rs"]
mod data;
#[path = "suite/sigma_oracles.rs"]
mod sigma_oracles;
