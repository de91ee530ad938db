//! The construction of a* against sums over grids, and against the matrices of Lemma 21.

use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::PopulationGradient;
use escapement::gaussian::normal::density;
use escapement_verify::papers::dls22::construction::{Construction, head};
use escapement_verify::papers::dls22::families;
use escapement_verify::papers::dls22::representers::second_moments;

const D: usize = 33;

fn construction(name: &str, r: usize, d: usize, step: f64) -> Construction {
    let f = families::series(name, r, f64::NAN).unwrap();
    Construction::new(&f, d, Ball::exact(step)).unwrap()
}

/// The mean over the first coordinate of a uniform point of the sphere in R^D: a trapezoidal sum in the
/// angle, over whose period the trigonometric polynomial is integrated exactly.
fn over_sphere(g: impl Fn(f64) -> f64) -> f64 {
    let angles = (0..4000).map(|i| std::f64::consts::TAU * f64::from(i) / 4000.0);
    let weighted = angles.map(|t| (t.sin().abs().powi(D as i32 - 2), g(t.cos())));
    let (mass, sum) =
        weighted.fold((0.0, 0.0), |(mass, sum), (weight, g)| (mass + weight, sum + weight * g));
    sum / mass
}

/// Every monomial is represented without bias: with infinitely many neurons nothing is left, while no input
/// leaves |2η_1 Γx| ≤ 1.
#[test]
fn the_mean_of_the_network_is_the_target() {
    for name in ["he2", "mix3", "mix4"] {
        let f = families::series(name, 1, f64::NAN).unwrap().monomials();
        let line = construction(name, 1, D, 1.5).in_one_direction(2.0).unwrap();
        for x in [-2.0, -0.7, 0.0, 0.3, 2.0] {
            let truth = f.at(&[Ball::exact(x)]).value;
            let error = line.mean_square_error(x, truth, usize::MAX).unwrap();
            // (2/m)Var is 1e-19 Var, and Var is below 1e7 here.
            assert!(error < 1e-11, "{name}, {x}: {error:e}");
            assert!(line.mean_square_error(x, truth + 0.1, usize::MAX).unwrap() > 9e-3);
        }
    }
    assert!(construction("iso", 2, D, 1.0).in_one_direction(1.0).is_err());
    for reach in [0.0, f64::NAN, f64::INFINITY] {
        assert!(construction("he2", 1, D, 1.0).in_one_direction(reach).is_err());
    }
    assert!(Construction::new(&families::series("iso", 2, f64::NAN).unwrap(), 1, Ball::exact(1.0)).is_err());
}

/// E h² from moments, and as a sum over z and b.
#[test]
fn the_mean_square_of_the_head_is_a_sum_over_a_grid() {
    for name in ["he2", "mix3"] {
        let c = construction(name, 1, D, 1.5);
        let line = c.in_one_direction(1.0).unwrap();
        // Midpoints in b: the error is that of the second derivative, of order h².
        let over_biases = |tensors: &[f64]| {
            let at = |i: i32| f64::from(i) * 2e-3 - 0.999;
            let square = |b: f64| 0.5 * (head(tensors, 1.0, b).powi(2) + head(tensors, -1.0, b).powi(2));
            (0..1000).map(|i| 2e-3 * square(at(i)) * density(at(i)).value).sum::<f64>()
        };
        let sum = over_sphere(|z| over_biases(&line.at(z).1));
        let exact = c.mean_square().unwrap();
        assert!((sum / exact.value - 1.0).abs() < 1e-5, "{name}: {sum} for {}", exact.value);
        assert!(exact.error < 1e-12 * exact.value);
    }
}

/// What truncation takes away, as a sum over a grid, for an input of modulus 1: E x^{2k} is 1.
#[test]
fn truncation_is_what_the_kept_neurons_lack() {
    let line = construction("he2", 1, D, 4.0).in_one_direction(1.5).unwrap();
    let kept = |k: usize| {
        over_sphere(|z| {
            let (row, tensors) = line.at(z);
            if row.abs() * 1.5 > 1.0 { tensors[k] * row.powi(k as i32) } else { 0.0 }
        })
    };
    // E (β_0 + β_2 x²)² for a standard normal x.
    let (zero, two) = (kept(0), kept(2));
    let exact = zero * zero + 2.0 * zero * two + 3.0 * two * two;
    // The grid has steps of 2π/4000, at most two of which are cut.
    let found = line.truncation().value;
    assert!((found / exact - 1.0).abs() < 0.02, "{found} for {exact}");
    assert_eq!(construction("he2", 1, D, 4.0).in_one_direction(1e-9).unwrap().truncation().value, 0.0);
}

/// T_2 of `balanced` and of `iso` is an eigenvector of the matrix of Lemma 21 at k = 2, and E h² has its
/// eigenvalue.
#[test]
fn tensors_are_eigenvectors() {
    for (name, r) in [("balanced", 2), ("balanced", 4), ("iso", 3)] {
        let f = families::series(name, r, f64::NAN).unwrap();
        let g = PopulationGradient::new(&f, activation::parse("relu").unwrap().as_ref()).unwrap();
        let m = g.diversity(2, D).unwrap();
        // Monomials in descending order: squares are where both exponents meet.
        let mut t = Vec::new();
        for i in 0..r {
            for j in i..r {
                t.push(if i == j { 0.5 * f.hessian()[i][i].value } else { 0.0 });
            }
        }
        let image: Vec<f64> =
            m.iter().map(|row| row.iter().zip(&t).map(|(m, t)| m.value * t).sum()).collect();
        let eigenvalue = image[0] / t[0];
        for (image, t) in image.iter().zip(&t) {
            assert!((image - eigenvalue * t).abs() < 1e-13 * eigenvalue, "{name}");
        }
        if name == "balanced" {
            let norm: f64 = t.iter().map(|t| t * t).sum();
            let exact = second_moments(2).unwrap()[1] * norm / eigenvalue / 1.5_f64.powi(4);
            let found = construction(name, r, D, 1.5).mean_square().unwrap().value;
            assert!((found / exact - 1.0).abs() < 1e-12, "{name}, {r}: {found} for {exact}");
        }
    }
}
