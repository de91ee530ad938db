//! Functions of a standard normal variable.

pub mod hermite;
