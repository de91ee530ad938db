//! The subcommands, one file each.

pub mod common;
pub mod construct;
mod curvature;
pub mod evaluate;
pub mod experiment;
pub mod spectrum;
pub mod train;
mod watch;
pub mod zonal;
