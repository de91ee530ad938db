//! Kernel methods on the sphere.

pub mod ridge;
pub mod tangent;
