//! Kernel methods on the sphere.

pub mod ridge;
