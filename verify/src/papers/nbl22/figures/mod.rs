//! The figures of NBL22, and the experiments beside them.

pub mod figure_1;
pub mod figure_2;
pub mod r1;
pub mod taylor;
