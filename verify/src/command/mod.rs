//! The subcommands, one file each.

pub mod common;
pub mod completions;
pub mod construct;
mod curvature;
pub mod evaluate;
pub mod experiment;
pub mod man;
pub mod spectrum;
pub mod train;
mod watch;
pub mod zonal;
