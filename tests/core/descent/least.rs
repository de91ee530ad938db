//! The least eigenvalue by Lanczos: against known spectra, the dense route and starts that hide it; its
//! bound must hold where a residual misleads.

use escapement::descent::{LeastOptions, least_eigenvalue};
use escapement::eigen::{SymmetricOperator, full_eigen};
use escapement::{Error, Result, seed, sphere};
use faer::{Mat, MatMut, MatRef, Par};

pub struct Diagonal<V>(pub V);

impl<V: AsRef<[f64]> + Sync> SymmetricOperator for Diagonal<V> {
    fn order(&self) -> usize {
        self.0.as_ref().len()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
        for j in 0..v.ncols() {
            self.0.as_ref().iter().enumerate().for_each(|(i, x)| out[(i, j)] = x * v[(i, j)]);
        }
        Ok(())
    }
}

struct Dense(Mat<f64>);

impl SymmetricOperator for Dense {
    fn order(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
        out.copy_from(&self.0 * v);
        Ok(())
    }
}

fn matrix_free() -> LeastOptions {
    LeastOptions { dense: 0, ..LeastOptions::default() }
}

#[test]
fn known_spectra_lie_between_the_bounds() {
    let n = 3_000;
    let spectra: [(&str, Vec<f64>); 6] = [
        ("uniform", (0..n).map(|i| i as f64 / n as f64 - 0.25).collect()),
        ("one below", (0..n).map(|i| if i == 7 { -1.0 } else { (i % 11) as f64 * 0.1 }).collect()),
        ("degenerate", (0..n).map(|i| if i % 2 == 0 { -2.0 } else { 3.0 }).collect()),
        ("graded", (0..n).map(|i| 2.0_f64.powi(-(i as i32 % 60))).collect()),
        ("negative", (0..n).map(|i| -1.0 - (i as f64 / n as f64).sqrt()).collect()),
        ("zero", vec![0.0; n]),
    ];
    for (name, values) in spectra {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let norm = values.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        for dense in [0, n] {
            if dense == n && name != "uniform" {
                continue;
            }
            let options = LeastOptions { dense, ..LeastOptions::default() };
            let found = least_eigenvalue(&Diagonal(values.clone()), &options, Par::Seq).unwrap();
            assert!(found.lower_bound <= least && least <= found.value + 1e-13 * norm, "{name}: {found:?}");
            assert!(
                found.error() <= 1e-2 * norm && found.residual <= 1e-4 * norm,
                "{name}: {}",
                found.error()
            );
            assert!((found.norm - norm).abs() <= 1e-2 * norm, "{name}");
            assert_eq!(found.exact, dense == n, "{name}");
            let v = found.vector.col_as_slice(0);
            let quotient: f64 = v.iter().zip(&values).map(|(v, l)| l * v * v).sum();
            assert!(
                (quotient - found.value).abs() <= 1e-12 * norm
                    && (found.vector.norm_l2() - 1.0).abs() < 1e-12,
                "{name}"
            );
            let residual = (0..n).map(|i| ((values[i] - found.value) * v[i]).powi(2)).sum::<f64>().sqrt();
            assert!(
                (residual - found.residual).abs() <= 1e-12 * norm,
                "{name}: {residual:e} {:e}",
                found.residual
            );
        }
    }
}

#[test]
fn both_routes_agree_with_an_eigendecomposition() {
    for n in [1, 2, 3, 40] {
        let g = sphere::uniform_sphere(&mut seed::stream(3, "least", "matrix"), n, n, 1.0);
        let a = Mat::from_fn(n, n, |i, j| g[(i, j)] + g[(j, i)]);
        let expected = full_eigen(a.as_ref(), Par::Seq).unwrap().0[n - 1];
        let operator = Dense(a);
        let options = LeastOptions { tolerance: 1e-10, gap: 1e-12, ..matrix_free() };
        for options in [options, LeastOptions::default()] {
            let found = least_eigenvalue(&operator, &options, Par::Seq).unwrap();
            assert!((found.value - expected).abs() <= 1e-13, "{n}: {found:?}");
            assert!(found.lower_bound <= expected && found.products <= n, "{n}: {found:?}");
            assert!(found.error() <= 1e-12, "{n}: {found:?}");
        }
    }
}

#[test]
fn a_small_residual_is_no_certificate() {
    // Two eigenvalues but for one in ten thousand: two directions span all that the start shows, and their
    // residuals are that small.
    let n = 10_000;
    let mut values: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 0.5 } else { 1.0 }).collect();
    values[4_321] = -1.0;
    let operator = Diagonal(values);
    let mut misled = 0;
    for seed in 0..40 {
        let few = LeastOptions { max_products: 2, seed, ..matrix_free() };
        let found = least_eigenvalue(&operator, &few, Par::Seq).unwrap();
        assert!(found.lower_bound <= -1.0, "{}", found.lower_bound);
        misled += u32::from(found.value - found.residual > -0.9);
        let whole = least_eigenvalue(&operator, &LeastOptions { seed, ..matrix_free() }, Par::Seq).unwrap();
        assert!(
            (whole.value + 1.0).abs() < 1e-12 && whole.lower_bound <= -1.0 && whole.error() < 1e-2,
            "{whole:?}"
        );
    }
    assert!(misled == 40, "the residual alone would have been believed {misled} times");
}

#[test]
fn the_lower_bound_fails_as_often_as_it_says_and_no_more() {
    // One eigenvalue in a thousand below two others, and two steps: what they say of it is its weight in the
    // start, and the theorem says nothing.
    let n = 1_000;
    let mut values: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 0.5 } else { 1.0 }).collect();
    values[123] = -1.0;
    let operator = Diagonal(values);
    let runs = 400;
    let fails = |seed: u64| {
        let options = LeastOptions { max_products: 2, failure: 0.9, seed, ..matrix_free() };
        least_eigenvalue(&operator, &options, Par::Seq).unwrap().lower_bound > -1.0
    };
    let failed = (0..runs).filter(|&seed| fails(seed)).count() as f64 / runs as f64;
    // A third of 0.9 is for this bound. Four standard deviations of 400 draws are 0.09; half of it would be
    // a bound twice too cautious.
    assert!(failed <= 0.3 + 0.09, "{failed}");
    assert!(failed >= 0.15, "{failed}");
}

#[test]
fn the_bits_do_not_depend_on_the_threads_but_on_the_seed() {
    let operator = Diagonal((0..5_000).map(|i| (i as f64).sin()).collect::<Vec<f64>>());
    let options = |seed| LeastOptions { seed, ..matrix_free() };
    let find = |seed, par| least_eigenvalue(&operator, &options(seed), par).unwrap();
    let (a, b, c) = (find(1, Par::Seq), find(1, Par::rayon(2)), find(2, Par::Seq));
    assert_eq!((a.value, a.lower_bound, a.products), (b.value, b.lower_bound, b.products));
    assert_eq!(a.vector, b.vector);
    assert!(a.vector != c.vector && (a.value - c.value).abs() < 1e-3);
}

#[test]
fn bad_operators_and_options_are_refused() {
    let nan = Diagonal(vec![f64::NAN; 20]);
    for options in [matrix_free(), LeastOptions::default()] {
        assert!(matches!(least_eigenvalue(&nan, &options, Par::Seq), Err(Error::NotFinite { .. })));
        let skew = Dense(Mat::from_fn(20, 20, |i, j| (i as f64 - j as f64) + f64::from(u8::from(i == j))));
        assert!(matches!(least_eigenvalue(&skew, &options, Par::Seq), Err(Error::NotSymmetric { .. })));
        assert!(least_eigenvalue(&Diagonal(Vec::<f64>::new()), &options, Par::Seq).is_err());
        for bad in [
            LeastOptions { max_products: 0, ..options },
            LeastOptions { tolerance: 0.0, ..options },
            LeastOptions { gap: f64::NAN, ..options },
            LeastOptions { failure: 1.0, ..options },
        ] {
            assert!(matches!(
                least_eigenvalue(&Diagonal(vec![1.0]), &bad, Par::Seq),
                Err(Error::Domain { .. })
            ));
        }
    }
}
