//! The commands on weights, one file each.

pub mod common;
pub mod construct;
mod curvature;
pub mod evaluate;
pub mod kernel;
pub mod spectrum;
pub mod train;
pub mod zonal;
