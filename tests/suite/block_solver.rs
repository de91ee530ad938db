//! The block eigen-solver on hostile operators: every case is decided by the dense EVD or known in closed form.

use escapement::eigen::{BlockOptions, SymmetricOperator, block_eigen};
use escapement::{Error, Result};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// A diagonal operator: any spectrum, known exactly.
struct Diagonal(Vec<f64>);

impl SymmetricOperator for Diagonal {
    fn order(&self) -> usize {
        self.0.len()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
        for c in 0..v.ncols() {
            for r in 0..v.nrows() {
                out[(r, c)] = self.0[r] * v[(r, c)];
            }
        }
        Ok(())
    }
}

/// A dense matrix as an operator.
struct Dense(Mat<f64>);

impl SymmetricOperator for Dense {
    fn order(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        matmul(out, Accum::Replace, &self.0, v, 1.0, par);
        Ok(())
    }
}

fn check(spectrum: Vec<f64>, wanted: usize, initial: Option<Mat<f64>>) {
    let mut expected = spectrum.clone();
    expected.sort_by(|a, b| b.total_cmp(a));
    let scale = spectrum.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let options = BlockOptions { seed: 3, ..BlockOptions::top(wanted) };
    let found = block_eigen(&Diagonal(spectrum), initial, &options, Par::Seq).unwrap();
    // A symmetric residual bounds the distance to an eigenvalue; the tolerance is the solver's own.
    let bound = options.tolerance * scale;
    for (i, (l, e)) in found.eigenvalues.iter().zip(&expected).enumerate() {
        assert!((l - e).abs() <= bound, "eigenvalue {i}: {l} for {e}");
    }
    assert!(found.residual_max <= 2.0 * bound);
    let q = &found.vectors;
    let defect = (q.transpose() * q - Mat::<f64>::identity(wanted, wanted)).norm_max();
    assert!(defect <= 1e-13, "orthonormal to {defect:e}");
}

#[test]
fn identity_and_zero() {
    check(vec![1.0; 500], 10, None);
    check(vec![0.0; 500], 10, None);
}

#[test]
fn multiplicity_larger_than_the_block() {
    let mut spectrum = vec![2.0; 40];
    spectrum.extend((0..560).map(|i| i as f64 / 560.0));
    check(spectrum, 45, None);
}

#[test]
fn clustered_graded_and_negative() {
    check((0..600).map(|i| 1.0 + 1e-6 * f64::from(i % 3) - if i < 12 { 0.0 } else { 0.5 }).collect(), 12, None);
    check((0..600).map(|i| 0.9_f64.powi(i)).collect(), 30, None);
    check((0..600).map(|i| -(f64::from(i) / 100.0)).collect(), 5, None);
}

#[test]
fn order_below_the_block() {
    for n in [1, 2, 3, 7] {
        check((0..n).map(f64::from).collect(), n as usize, None);
    }
}

/// A start in an invariant subspace that misses the largest eigenvalue: only fresh directions find it.
#[test]
fn a_start_that_hides_the_answer() {
    let spectrum: Vec<f64> = (0..500).map(|i| if i == 499 { 10.0 } else { 1.0 / f64::from(i + 1) }).collect();
    check(spectrum, 4, Some(Mat::from_fn(500, 4, |i, j| if i == j { 1.0 } else { 0.0 })));
}

#[test]
fn a_random_symmetric_matrix_against_dense() {
    let n = 400;
    let mut rng = escapement::seed::stream(5, "block solver", "matrix");
    let x = escapement::sphere::uniform_sphere(&mut rng, n, n, 1.0);
    let a = &x + x.transpose();
    let dense = escapement::eigen::full_eigenvalues(a.as_ref(), Par::Seq).unwrap();
    let found = block_eigen(&Dense(a), None, &BlockOptions::top(8), Par::Seq).unwrap();
    for (l, e) in found.eigenvalues.iter().zip(&dense) {
        assert!((l - e).abs() <= 1e-12 * dense[0]);
    }
}

#[test]
fn nan_from_the_operator_is_an_error() {
    let mut spectrum = vec![1.0; 400];
    spectrum[17] = f64::NAN;
    let error = block_eigen(&Diagonal(spectrum), None, &BlockOptions::top(3), Par::Seq).unwrap_err();
    assert!(matches!(error, Error::NotFinite { row: 17, .. }), "{error}");
}

#[test]
fn a_budget_stops_it() {
    let spectrum = (0..2_000).map(|i| 1.0 - 1e-7 * f64::from(i)).collect();
    let options = BlockOptions { max_products: 40, ..BlockOptions::top(4) };
    let error = block_eigen(&Diagonal(spectrum), None, &options, Par::Seq).unwrap_err();
    assert!(matches!(error, Error::NoConvergence { .. }), "{error}");
}
