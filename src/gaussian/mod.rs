//! Expansions of functions of a standard normal variable.

pub mod hermite;
