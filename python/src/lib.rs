//! The Python module `escapement._escapement`: what the package `escapement` is made of.
//!
//! Arrays come in as views of NumPy's memory wherever they are contiguous float64, and results leave as
//! arrays that own the memory they were computed in. While something is computed Python goes on: the
//! interpreter is released, and Ctrl-C stops what can be stopped.

mod activation;
mod arrays;
mod claims;
mod covariance;
mod interrupt;
mod learning;
mod margins;
mod multipliers;
mod solution;
mod values;

use pyo3::prelude::*;

/// The module.
#[pymodule]
mod _escapement {
    #[pymodule_export]
    use crate::activation::Activation;
    #[pymodule_export]
    use crate::claims::{certify, claims, judge, oracle, verify};
    #[pymodule_export]
    use crate::covariance::{Covariance, Spectrum, kernel, zonal};
    #[pymodule_export]
    use crate::learning::{gaussian, learn};
    #[pymodule_export]
    use crate::margins::margin;
    #[pymodule_export]
    use crate::multipliers::randomised;
    #[pymodule_export]
    use crate::solution::{construct, evaluate, train};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
