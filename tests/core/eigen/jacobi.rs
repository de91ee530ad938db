//! Cyclic Jacobi in double-double arithmetic: eigenpairs of small symmetric matrices to 30 digits of the
//! norm, and the proof that they are.

use faer::{Mat, MatRef};
use qd::Quad;

/// A square matrix by columns.
pub type Columns = Vec<Vec<Quad>>;

/// What rotations leave beside the diagonal, relative to the Frobenius norm: 2⁻¹⁰⁵ is the precision.
const SMALL: f64 = 1e-33;

/// Accuracy of the oracle, relative to the Frobenius norm: about 10 sweeps over n = 60 rotate each entry a
/// thousand times, by some 2⁻¹⁰⁴ each.
pub const ORACLE: f64 = 1e-28;

/// All eigenvalues, descending, and orthonormal eigenvectors as columns.
pub struct Eigen {
    pub values: Vec<Quad>,
    pub vectors: Columns,
}

/// The number in double-double.
pub fn quad(x: f64) -> Quad {
    Quad::from_f64(x)
}

/// An f64 matrix as it is.
pub fn exactly(a: MatRef<'_, f64>) -> Columns {
    a.col_iter().map(|c| c.iter().map(|&x| quad(x)).collect()).collect()
}

/// `u·v`.
pub fn dot(u: &[Quad], v: &[Quad]) -> Quad {
    u.iter().zip(v).fold(Quad::ZERO, |sum, (u, v)| sum + *u * *v)
}

/// `‖A‖_F`.
pub fn frobenius(a: &Columns) -> Quad {
    a.iter().fold(Quad::ZERO, |sum, c| sum + dot(c, c)).sqrt()
}

/// Eigenpairs of the symmetric `a`: Jacobi's rotations, by rows, until none is left to do.
pub fn jacobi(mut a: Columns) -> Eigen {
    let n = a.len();
    let mut v: Columns =
        (0..n).map(|j| (0..n).map(|i| quad(f64::from(u8::from(i == j)))).collect()).collect();
    let small = SMALL * frobenius(&a).0 / n as f64;
    for sweep in 0.. {
        assert!(sweep < 40, "Jacobi does not converge");
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                if a[q][p].0.abs() <= small {
                    continue;
                }
                rotated = true;
                let theta = (a[q][q] - a[p][p]) / (quad(2.0) * a[q][p]);
                let sign = quad(if theta.0 < 0.0 { -1.0 } else { 1.0 });
                let t = sign / (theta.abs() + (theta * theta + Quad::ONE).sqrt());
                let c = Quad::ONE / (t * t + Quad::ONE).sqrt();
                let s = t * c;
                let turn = |x: &mut Quad, y: &mut Quad| (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                for matrix in [&mut a, &mut v] {
                    let (left, right) = matrix.split_at_mut(q);
                    left[p].iter_mut().zip(&mut right[0]).for_each(|(x, y)| turn(x, y));
                }
                for column in &mut a {
                    let (left, right) = column.split_at_mut(q);
                    turn(&mut left[p], &mut right[0]);
                }
                (a[q][p], a[p][q]) = (Quad::ZERO, Quad::ZERO);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j][j].partial_cmp(a[i][i]).unwrap());
    Eigen {
        values: order.iter().map(|&i| a[i][i]).collect(),
        vectors: order.iter().map(|&i| v[i].clone()).collect(),
    }
}

/// A symmetric matrix of this order by its entries, for i ≤ j.
fn symmetric(n: usize, entry: impl Fn(usize, usize) -> Quad) -> Columns {
    (0..n).map(|j| (0..n).map(|i| entry(i.min(j), i.max(j))).collect()).collect()
}

fn check_values(a: Columns, expected: &[Quad]) {
    let norm = frobenius(&a).0;
    for (found, expected) in jacobi(a).values.iter().zip(expected) {
        assert!((*found - *expected).0.abs() <= ORACLE * norm, "{found:?} for {expected:?}");
    }
}

#[test]
fn diagonal_and_closed_forms() {
    let diagonal = [3.0, -1.0, 7.5, 1e-20, 0.0];
    let found = jacobi(symmetric(5, |i, j| quad(if i == j { diagonal[i] } else { 0.0 })));
    assert_eq!(found.values, [7.5, 3.0, 1e-20, 0.0, -1.0].map(quad));

    let entries = [(2.0, 1.0, 3.0), (1.0, 1.0, 1.0), (1.0, 1e-9, 1.0), (1e10, 3.0, -7.0), (0.1, -0.7, 0.3)];
    for (a, b, c) in entries.map(|(a, b, c)| (quad(a), quad(b), quad(c))) {
        let (half, mean) = ((a - c) * quad(0.5), (a + c) * quad(0.5));
        let root = (half * half + b * b).sqrt();
        check_values(symmetric(2, |i, j| [[a, b], [b, c]][i][j]), &[mean + root, mean - root]);
    }

    // Second differences of order 5: 2 − 2cos(kπ/6).
    let root = quad(3.0).sqrt();
    let expected = [quad(2.0) + root, quad(3.0), quad(2.0), Quad::ONE, quad(2.0) - root];
    check_values(symmetric(5, |i, j| quad([2.0, -1.0, 0.0, 0.0, 0.0][j - i])), &expected);
}

/// The Hilbert matrix of order 6: its eigenvalues from arithmetic of 50 digits, as sums of two numbers, and
/// its determinant, 1/186313420339200000.
#[test]
fn hilbert() {
    let hilbert = symmetric(6, |i, j| Quad::ONE / quad((i + j + 1) as f64));
    let expected = [
        Quad(1.618899858924339, 2.2308885749264263e-17),
        Quad(0.24236087057520955, -5.440234073835543e-19),
        Quad(0.016321521319875822, -1.7909061777158019e-19),
        Quad(0.0006157483541826576, 4.7881503444427765e-20),
        Quad(1.2570757122625194e-05, 6.601000919343531e-22),
        Quad(1.0827994845655498e-07, -1.1012322323453576e-24),
    ];
    check_values(hilbert.clone(), &expected);
    let values = jacobi(hilbert).values;
    let product = values.iter().fold(quad(186_313_420_339_200_000.0), |product, l| product * *l) - Quad::ONE;
    // The error of the least eigenvalue, relative to it, dominates.
    assert!(product.0.abs() <= 6.0 * ORACLE * values[0].0 / values[5].0, "{product:?}");
}

/// Trace, Frobenius norm, residuals and orthonormality at the largest order in use.
#[test]
fn identities_of_a_random_matrix() {
    let n = 60;
    let x = crate::eigen::block::directions(n, n, "jacobi");
    let a = exactly(Mat::from_fn(n, n, |i, j| x[(i, j)] + x[(j, i)]).as_ref());
    let Eigen { values, vectors } = jacobi(a.clone());
    let norm = frobenius(&a).0;
    let sum = |f: &dyn Fn(usize) -> Quad| (0..n).fold(Quad::ZERO, |sum, i| sum + f(i));
    assert!((sum(&|i| a[i][i]) - sum(&|i| values[i])).0.abs() <= ORACLE * norm);
    assert!((sum(&|i| dot(&a[i], &a[i])) - sum(&|i| values[i] * values[i])).0.abs() <= ORACLE * norm * norm);
    for i in 0..n {
        // A is symmetric: its columns are its rows.
        let rest: Vec<Quad> = (0..n).map(|r| dot(&a[r], &vectors[i]) - values[i] * vectors[i][r]).collect();
        assert!(dot(&rest, &rest).sqrt().0 <= ORACLE * norm);
        for j in 0..=i {
            assert!((dot(&vectors[i], &vectors[j]) - quad(f64::from(u8::from(i == j)))).0.abs() <= ORACLE);
        }
    }
}
