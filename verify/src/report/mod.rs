//! What a reader sees: pictures and tables.

pub mod graph;
pub mod palette;
pub mod plot;
pub mod tables;
