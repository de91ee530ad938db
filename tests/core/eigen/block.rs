//! The block eigen-solver on hostile operators: every case is decided by the dense EVD or known in closed
//! form.

use escapement::eigen::{
    BlockOptions, BlockSolution, SymmetricOperator, block_eigen, block_eigen_observed, full_eigenvalues,
};
use escapement::sphere::uniform_sphere;
use escapement::{Error, Result, seed};
use faer::{Accum, Mat, MatMut, MatRef, Par, linalg::matmul::matmul};
use std::ops::ControlFlow;

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
pub struct Dense(pub Mat<f64>);

impl SymmetricOperator for Dense {
    fn order(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        matmul(out, Accum::Replace, &self.0, v, 1.0, par);
        Ok(())
    }
}

/// A dense matrix whose rough products have it rounded to f32, and beside that a fixed error that is not
/// symmetric.
struct Rough {
    exact: Mat<f64>,
    rough: Mat<f64>,
}

/// Norm of the fixed error of [`Rough`], relative to that of the matrix.
const ROUGHNESS: f64 = 1e-6;

impl Rough {
    fn new(exact: Mat<f64>) -> Self {
        let error = directions(exact.nrows(), exact.nrows(), "rough");
        Self::with(exact, error)
    }

    /// Rough products of a symmetric matrix, which has eigenpairs of its own: only exact products can tell
    /// that they are others.
    fn symmetric(exact: Mat<f64>) -> Self {
        let error = directions(exact.nrows(), exact.nrows(), "rough");
        Self::with(exact, &error + error.transpose())
    }

    fn with(exact: Mat<f64>, error: Mat<f64>) -> Self {
        let n = exact.nrows();
        let unit = ROUGHNESS * norm(&exact) / error.svd().unwrap().S()[0];
        let rough = Mat::from_fn(n, n, |i, j| f64::from(exact[(i, j)] as f32) + unit * error[(i, j)]);
        Self { exact, rough }
    }
}

impl SymmetricOperator for Rough {
    fn order(&self) -> usize {
        self.exact.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        matmul(out, Accum::Replace, &self.exact, v, 1.0, par);
        Ok(())
    }

    fn apply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        matmul(out, Accum::Replace, &self.rough, v, 1.0, par);
        Ok(())
    }

    fn is_rough(&self) -> bool {
        true
    }
}

/// A dense matrix that takes products with the nonzero entries of a vector only: each of its entries is seen
/// where it stands.
struct Sparse(Mat<f64>);

impl SymmetricOperator for Sparse {
    fn order(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
        out.fill(0.0);
        for c in 0..v.ncols() {
            for (j, &v) in v.col(c).iter().enumerate().filter(|(_, v)| **v != 0.0) {
                (0..self.order()).for_each(|i| out[(i, c)] += self.0[(i, j)] * v);
            }
        }
        Ok(())
    }
}

/// `n` random unit rows of length `d`.
pub fn directions(n: usize, d: usize, purpose: &str) -> Mat<f64> {
    uniform_sphere(&mut seed::stream(5, "block solver", purpose), n, d, 1.0)
}

/// A dense symmetric matrix with these eigenvalues, to rounding, and no eigenvector along an axis.
pub fn turned(spectrum: &[f64]) -> Mat<f64> {
    let n = spectrum.len();
    let q = directions(n, n, "turned").qr().compute_Q();
    let scaled = Mat::from_fn(n, n, |i, j| q[(i, j)] * spectrum[j]);
    let a = &scaled * q.transpose();
    Mat::from_fn(n, n, |i, j| 0.5 * (a[(i, j)] + a[(j, i)]))
}

fn norm(a: &Mat<f64>) -> f64 {
    full_eigenvalues(a.as_ref(), Par::Seq).unwrap().iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// Rounding of a residual of the n × n matrix `a`: each entry of `Ax` sums n products, so that it is off by
/// `nε|A||x|` at most, and `‖|A||x|‖ ≤ ‖A‖_F`; once in the solver and once here.
fn residual_rounding(a: &Mat<f64>) -> f64 {
    a.nrows() as f64 * f64::EPSILON * a.norm_l2()
}

/// The vectors of a solution are orthonormal and its residuals are theirs, to within `slack`.
fn check_residuals(a: &Mat<f64>, found: &BlockSolution, slack: f64) {
    let (x, wanted) = (&found.vectors, found.eigenvalues.len());
    assert_eq!((x.nrows(), x.ncols(), found.residuals.len()), (a.nrows(), wanted, wanted));
    let defect = (x.transpose() * x - Mat::<f64>::identity(wanted, wanted)).norm_max();
    assert!(defect <= ORTHONORMAL, "orthonormal to {defect:e}");
    let rest = a * x - Mat::from_fn(a.nrows(), wanted, |i, j| x[(i, j)] * found.eigenvalues[j]);
    for (j, residual) in found.residuals.iter().enumerate() {
        let own = rest.col(j).norm_l2();
        assert!((own - residual).abs() <= slack, "residual {j} is {own:e}, and {residual:e} is reported");
    }
    assert_eq!(found.residual_max, found.residuals.iter().fold(0.0, |m: f64, r| m.max(*r)));
}

/// What the solver finds of a dense matrix: the largest eigenvalues, their own residuals, within the
/// tolerance.
fn check_dense(
    a: &Mat<f64>,
    operator: &dyn SymmetricOperator,
    initial: Option<Mat<f64>>,
    options: &BlockOptions,
) {
    let exact = full_eigenvalues(a.as_ref(), Par::Seq).unwrap();
    let scale = exact[0].abs().max(exact[exact.len() - 1].abs());
    let found = block_eigen(operator, initial, options, Par::Seq).unwrap();
    let rounding = residual_rounding(a);
    check_residuals(a, &found, rounding);
    // Weyl: a residual bounds the distance to an eigenvalue. The dense EVD has a rounding of its own.
    let bound = options.tolerance * scale + rounding;
    assert!(found.residual_max <= bound, "{:e} above {bound:e}", found.residual_max);
    for (i, (l, e)) in found.eigenvalues.iter().zip(&exact).enumerate() {
        assert!((l - e).abs() <= bound, "eigenvalue {i}: {l} for {e}");
    }
}

/// Loss of orthogonality of a basis that is orthogonalised twice: a few ε for each of some tens of columns.
const ORTHONORMAL: f64 = 1e-13;

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
    assert!(defect <= ORTHONORMAL, "orthonormal to {defect:e}");
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
    check(
        (0..600).map(|i| 1.0 + 1e-6 * f64::from(i % 3) - if i < 12 { 0.0 } else { 0.5 }).collect(),
        12,
        None,
    );
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
    let eigenvalue = |i: i32| if i == 499 { 10.0 } else { 1.0 / f64::from(i + 1) };
    let spectrum: Vec<f64> = (0..500).map(eigenvalue).collect();
    check(spectrum, 4, Some(Mat::from_fn(500, 4, |i, j| if i == j { 1.0 } else { 0.0 })));
}

#[test]
fn a_random_symmetric_matrix_against_dense() {
    let n = 400;
    let x = directions(n, n, "matrix");
    let a = &x + x.transpose();
    let dense = full_eigenvalues(a.as_ref(), Par::Seq).unwrap();
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

/// Exact residuals from rough products; of the rough matrix the same vectors have residuals that do not
/// pass.
#[test]
fn rough_products_reach_the_tolerance() {
    let spectrum: Vec<f64> = (1..=300).map(|i| 1.0 / f64::from(i)).collect();
    let a = turned(&spectrum);
    for operator in [Rough::new(a.clone()), Rough::symmetric(a.clone())] {
        for wanted in [1, 6, 20] {
            check_dense(&a, &operator, None, &BlockOptions::top(wanted));
        }
        let found = block_eigen(&operator, None, &BlockOptions::top(6), Par::Seq).unwrap();
        let vector = found.vectors.col(0);
        let seen = &operator.rough * vector - vector * faer::Scale(found.eigenvalues[0]);
        assert!(seen.norm_l2() > 0.01 * ROUGHNESS, "the rough products are not rough");
    }
}

/// A cluster whose gaps rough products cannot see, cut, met and passed by what is wanted.
#[test]
fn rough_products_of_a_tight_cluster_give_way_to_exact_ones() {
    let spectrum: Vec<f64> =
        (0..300).map(|i| if i < 10 { 1.0 - 1e-9 * f64::from(i) } else { 0.5 / f64::from(i) }).collect();
    let a = turned(&spectrum);
    for wanted in [5, 10, 12] {
        check_dense(&a, &Rough::new(a.clone()), None, &BlockOptions::top(wanted));
    }
}

/// Levels a factor two apart, each with a multiplicity of three blocks; wanted up to the middle of a level
/// and to its end.
#[test]
fn graded_levels_wider_than_the_block() {
    let spectrum: Vec<f64> = (0..360).map(|i| 0.5_f64.powi(i / 12)).collect();
    let a = turned(&spectrum);
    let rotation = directions(360, 360, "turned").qr().compute_Q();
    let noise = directions(360, 24, "noise");
    for wanted in [18, 24] {
        let options = BlockOptions { block: 4, ..BlockOptions::top(wanted) };
        let exact = rotation.subcols(0, wanted).to_owned();
        let near = Mat::from_fn(360, wanted, |i, j| exact[(i, j)] + 1e-3 * noise[(i, j)]);
        for start in [None, Some(near), Some(exact)] {
            check_dense(&a, &Dense(a.clone()), start.clone(), &options);
            check_dense(&a, &Rough::new(a.clone()), start, &options);
        }
    }
}

/// The least basis and a block of one: there must still be room for what the start hides, standing out by a
/// fifth of the spread.
#[test]
fn the_least_basis_still_probes() {
    let n = 300;
    let value = |i: usize| if i < 3 { 1.0 } else { i as f64 / n as f64 };
    let spectrum: Vec<f64> = (0..n).map(|i| if i == n - 1 { 1.2 } else { value(i) }).collect();
    let a = Mat::from_fn(n, n, |i, j| if i == j { spectrum[i] } else { 0.0 });
    for block in [1, 3, 4, 9] {
        let start = Mat::from_fn(n, 3, |i, j| if i == j { 1.0 } else { 0.0 });
        let options = BlockOptions { block, max_basis: 0, ..BlockOptions::top(3) };
        check_dense(&a, &Diagonal(spectrum.clone()), Some(start), &options);
    }
}

/// A basis without limit is the matrix itself.
#[test]
fn a_basis_without_limit() {
    let a = turned(&(0..100).map(|i| 0.9_f64.powi(i)).collect::<Vec<_>>());
    let options = BlockOptions { max_basis: usize::MAX, ..BlockOptions::top(3) };
    check_dense(&a, &Dense(a.clone()), None, &options);
}

/// Units do not matter, as long as neither the matrix nor what the EVD squares leaves the range of f64.
#[test]
fn any_units() {
    for unit in [1e-140, 1e-30, 1e30, 1e140] {
        for n in [30, 300] {
            check((0..n).map(|i| unit * 0.9_f64.powi(i)).collect(), 4, None);
        }
    }
}

#[test]
fn starts_that_are_of_no_use() {
    let spectrum: Vec<f64> = (0..300).map(|i| 0.9_f64.powi(i)).collect();
    let same = Mat::from_fn(300, 7, |i, _| (1.0 + i as f64).recip());
    for start in [Mat::zeros(300, 0), Mat::zeros(300, 9), same] {
        check(spectrum.clone(), 5, Some(start));
    }
}

#[test]
fn an_operator_that_is_not_symmetric_is_an_error() {
    for n in [20, 300] {
        let mut a = turned(&(0..n).map(|i| 1.0 / (1.0 + i as f64)).collect::<Vec<_>>());
        let twist = directions(n, n, "twist");
        // Beyond what rounding to f32 explains of a rough product.
        a += &twist * faer::Scale(0.1);
        for operator in
            [&Dense(a.clone()) as &dyn SymmetricOperator, &Rough { exact: a.clone(), rough: a.clone() }]
        {
            let error = block_eigen(operator, None, &BlockOptions::top(4), Par::Seq).unwrap_err();
            assert!(matches!(error, Error::NotSymmetric { .. }), "n = {n}: {error}");
        }
    }
}

/// Anywhere in the matrix, on either side of its diagonal.
#[test]
fn what_is_not_finite_is_an_error() {
    for n in [20, 300] {
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            for place in [(3, 3), (2, 7), (7, 2)] {
                let mut a = Mat::<f64>::identity(n, n);
                a[place] = value;
                for operator in [&Sparse(a.clone()) as &dyn SymmetricOperator, &Dense(a.clone())] {
                    let found = block_eigen(operator, None, &BlockOptions::top(4), Par::Seq);
                    let refused = matches!(found, Err(Error::NotFinite { row, .. }) if row == place.0);
                    assert!(refused, "n = {n}, {value} at {place:?}: {:?}", found.map(|f| f.residuals));
                }
            }
        }
    }
}

#[test]
fn requests_without_an_answer() {
    let refused = |n: usize, options: BlockOptions| {
        let error = block_eigen(&Diagonal(vec![1.0; n]), None, &options, Par::Seq).unwrap_err();
        assert!(matches!(error, Error::Domain { .. }), "n = {n}: {error}");
    };
    for n in [5, 500] {
        refused(n, BlockOptions::top(0));
        refused(n, BlockOptions::top(n + 1));
        refused(n, BlockOptions { max_products: 0, ..BlockOptions::top(2) });
    }
    refused(0, BlockOptions::top(1));
}

/// Products grow from step to step, and a solve that is stopped at any of them has the residuals it says.
#[test]
fn the_observer_sees_every_step_and_may_stop_it() {
    let a = turned(&(0..300).map(|i| 0.97_f64.powi(i)).collect::<Vec<_>>());
    let exact = Dense(a.clone());
    let rough = Rough::new(a.clone());
    // The rough products of a unit vector are off by that much.
    let off = (&rough.rough - &a).svd().unwrap().S()[0];
    let options = BlockOptions::top(10);
    for (operator, slack) in [(&exact as &dyn SymmetricOperator, 0.0), (&rough, off)] {
        let mut seen = Vec::new();
        let mut watch = |progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        };
        let found = block_eigen_observed(operator, None, &options, Par::Seq, &mut watch).unwrap();
        assert!(!found.stopped && seen.len() > 5);
        assert!(seen.windows(2).all(|pair| pair[0].products < pair[1].products));
        assert!(found.products >= seen[seen.len() - 1].products);
        assert!(seen.iter().all(|p| p.converged <= 10 && p.residual.is_finite()));
        assert_eq!((seen[0].converged, seen[0].products), (0, options.block));

        for last in [1, 2, seen.len() / 2, seen.len()] {
            let mut steps = 0;
            let mut stop = |_| {
                steps += 1;
                if steps == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let stopped = block_eigen_observed(operator, None, &options, Par::Seq, &mut stop).unwrap();
            assert!(stopped.stopped && steps == last, "{steps} steps");
            assert_eq!(stopped.products, seen[last - 1].products);
            assert_eq!(stopped.eigenvalues.len(), options.wanted.min(stopped.products));
            check_residuals(&a, &stopped, slack + residual_rounding(&a));
        }
    }
}
