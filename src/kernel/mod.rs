//! Kernels of infinitely wide networks, and kernel methods.

pub mod arc_cosine;
pub mod biased;
pub mod ridge;
pub mod ridge_path;
pub mod spiked;
pub mod tangent;
