//! One binary for everything but the claims: oracles, identities, regressions.

// Identities of the sphere, over dimensions, degrees and activations.
#[path = "suite/sphere.rs"]
mod sphere;
// The sphere against values of arbitrary precision.
#[path = "suite/zonal_oracles.rs"]
mod zonal_oracles;
