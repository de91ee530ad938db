//! Experiments on BL20.

pub mod limit;
pub mod sample_size;
