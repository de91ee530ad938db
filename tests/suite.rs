//! One binary for all tests but the claims; each module begins with the statement it tests.

#[path = "suite/npy.rs"]
mod npy;
