//! LAPACK's dsyevd from an OpenBLAS that is found when it is first called: in `RSTSR_DYLOAD`, or where the
//! system keeps libraries.

use faer::MatRef;
use rstsr_blas_traits::prelude::{BlasThreadAPI, DSYEVD};
use rstsr_core::prelude::*;
use rstsr_openblas::DeviceOpenBLAS;

/// A matrix as LAPACK takes it, which [`dsyevd`] overwrites.
pub fn columns(a: MatRef<'_, f64>) -> Vec<f64> {
    a.col_iter().flat_map(|column| column.iter().copied().collect::<Vec<f64>>()).collect()
}

/// Eigenvalues of the matrix of order `n`, ascending; its eigenvectors are computed too if `vectors` says
/// so.
pub fn dsyevd(columns: Vec<f64>, n: usize, vectors: bool, threads: usize) -> Vec<f64> {
    let device = DeviceOpenBLAS::new(threads);
    let mut a = rt::asarray((columns, [n, n].f(), &device)).into_dim::<Ix2>();
    let job = if vectors { 'V' } else { 'N' };
    let solve = || DSYEVD::default().a(a.view_mut()).jobz(job).build()?.run().map(|(values, _)| values);
    device.with_blas_num_threads(threads, solve).expect("eigenvalues from LAPACK").into_vec()
}

/// What OpenBLAS says it is: version and kernels.
pub fn name() -> String {
    rstsr_openblas::openblas_config()
}
