//! Oracles, identities, regressions and the command line, in one binary.

#[path = "suite/activation.rs"]
mod activation;
#[path = "suite/block_solver.rs"]
mod block_solver;
#[path = "suite/claims_w_q.rs"]
mod claims_w_q;
#[path = "suite/construct.rs"]
mod construct;
#[path = "suite/data.rs"]
mod data;
#[path = "suite/network.rs"]
mod network;
#[path = "suite/sigma_oracles.rs"]
mod sigma_oracles;
#[path = "suite/sphere.rs"]
mod sphere;
#[path = "suite/zonal_oracles.rs"]
mod zonal_oracles;
