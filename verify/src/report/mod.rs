//! What a reader sees: pictures and tables, and the data behind them.

pub mod graph;
pub mod model;
pub mod palette;
pub mod plot;
pub mod tables;
