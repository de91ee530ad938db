//! What a reader sees: pictures and tables, the data behind them, and what moved between two of them.

pub mod cite;
pub mod command;
pub mod control;
pub(crate) mod diff;
pub(crate) mod earlier;
pub mod graph;
pub mod headline;
pub mod model;
pub mod page;
pub mod palette;
pub mod plot;
pub mod tables;
