//! What commands read and print: `.npy` arrays, targets, standard output.

pub mod npy;
pub mod stdout;
pub mod target;
