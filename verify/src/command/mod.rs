//! The subcommands, one file each.

pub mod common;
pub mod construct;
pub mod spectrum;
pub mod zonal;
