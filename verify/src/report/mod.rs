//! What a reader sees: pictures and tables.

pub mod plot;
pub mod tables;
