//! Oracles, identities, regressions and the command line, in one binary.

#[path = "suite/block_solver.rs"]
mod block_solver;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/cli_bad_input.rs"]
mod cli_bad_input;
#[path = "suite/cli_core.rs"]
mod cli_core;
#[path = "suite/data.rs"]
mod data;
#[path = "suite/npy.rs"]
mod npy;
#[path = "suite/sigma_oracles.rs"]
mod sigma_oracles;
// Identities of the sphere, over dimensions, degrees and activations.
#[path = "suite/sphere.rs"]
mod sphere;
// The sphere against values of arbitrary precision.
#[path = "suite/zonal_oracles.rs"]
mod zonal_oracles;
