//! What a reader sees: pictures and tables, and the data behind them.

pub mod model;
pub mod plot;
pub mod tables;
