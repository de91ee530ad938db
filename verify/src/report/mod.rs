//! What a reader sees: pictures and tables, the data behind them, and what moved between two of them.

pub mod diff;
pub mod model;
pub mod plot;
pub mod tables;
