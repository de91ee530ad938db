//! The subcommands, one file each.

pub mod common;
pub mod construct;
pub mod evaluate;
pub mod spectrum;
mod watch;
pub mod zonal;
