//! construct
