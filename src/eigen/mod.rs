//! eigen
