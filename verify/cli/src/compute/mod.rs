//! The commands on weights, one file each.

pub mod common;
pub mod construct;
mod curvature;
pub mod evaluate;
pub mod gaussian;
pub mod kernel;
pub mod learn;
pub mod margin;
pub mod randomised;
pub mod spectrum;
pub mod train;
pub mod zonal;
