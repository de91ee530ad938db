//! Kernels on the sphere, and what is learnt with them.

pub mod ridge;
