//! Oracles, identities, regressions and the command line, in one binary.

#[path = "suite/data.rs"]
mod data;
#[path = "suite/npy.rs"]
mod npy;
#[path = "suite/sigma_oracles.rs"]
mod sigma_oracles;
