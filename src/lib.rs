//! **escapement**: exact feature covariances, spectra and constructed solutions for a two-layer network, so that the
//! theorems of Nichani, Bai and Lee (NeurIPS 2022, "NBL22" below) can be checked with numbers.

pub mod activation;
pub mod construct;
pub mod covariance;
pub mod eigen;
pub mod error;
pub mod network;
pub mod objective;
mod product;
pub mod seed;
pub mod sphere;
pub mod tolerance;

pub use error::{Error, Result};
