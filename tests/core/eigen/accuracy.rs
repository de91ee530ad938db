//! How accurate the eigen-solvers are: eigenvalues and the space of the top group, against Jacobi in
//! double-double arithmetic.

use crate::eigen::block::{Dense, directions, turned};
use crate::eigen::jacobi::{Columns, Eigen, dot, exactly, jacobi, quad};
use escapement::activation;
use escapement::covariance::Covariance;
use escapement::eigen::{
    self, BlockOptions, Request, Route, RouteChoice, block_eigen, full_eigen, full_eigenvalues,
};
use escapement::seed;
use escapement::sphere::{Truncation, uniform_sphere};
use faer::{Mat, Par};
use qd::Quad;

/// Backward error of an EVD in units of `ε√n‖A‖`: that of `EigenPairs::rounding_bound`. By Weyl no
/// eigenvalue moves further.
const BACKWARD: f64 = 8.0;

/// A matrix with its eigenpairs to 28 digits.
struct Case {
    name: String,
    oracle: Eigen,
    /// Eigenvalues in the top group, which a gap ends.
    group: usize,
}

impl Case {
    fn new(name: impl Into<String>, a: Columns, group: usize) -> Self {
        Self { name: name.into(), oracle: jacobi(a), group }
    }

    fn scale(&self) -> f64 {
        let values = &self.oracle.values;
        values[0].0.abs().max(values[values.len() - 1].0.abs())
    }

    /// The backward error of an EVD.
    fn backward(&self) -> f64 {
        BACKWARD * f64::EPSILON * (self.oracle.values.len() as f64).sqrt() * self.scale()
    }

    /// Eigenvalues are within `error` (Weyl), and the sine of the largest angle between the top groups
    /// within √2·√r·error/gap: Davis and Kahan's theorem for the r vectors, each with a residual of at most
    /// `error`, where eigenvalues that are themselves off by `error` are parted by no less than gap − error.
    fn check(&self, solver: &str, error: f64, values: &[f64], vectors: Option<&Mat<f64>>) {
        let (exact, unit) = (&self.oracle.values, f64::EPSILON * self.scale());
        let worst = values.iter().zip(exact).map(|(l, e)| (quad(*l) - *e).0.abs()).fold(0.0, f64::max);
        let mut line = format!(
            "{:<24} {solver:<18} eigenvalues {:8.2} ε‖A‖ ({:.0} allowed)",
            self.name,
            worst / unit,
            error / unit
        );
        let mut sine = None;
        if let Some(x) = vectors {
            let r = self.group;
            let gap = (exact[r - 1] - exact[r]).0 - error;
            let allowed =
                (r as f64).sqrt() * error / gap + f64::EPSILON * (x.nrows() as f64).sqrt() * r as f64;
            let found = self.sine(&exactly(x.subcols(0, r)));
            line +=
                &format!(", angle {:8.2} ε ({:.0} allowed)", found / f64::EPSILON, allowed / f64::EPSILON);
            sine = Some((found, allowed));
        }
        println!("{line}");
        assert!(worst <= error, "{line}");
        assert!(sine.is_none_or(|(found, allowed)| found <= allowed), "{line}");
    }

    /// The sine of the largest angle between the span of orthonormal `x` and the top group, from above:
    /// `‖V_restᵀ x‖_F`.
    fn sine(&self, x: &Columns) -> f64 {
        let rest = &self.oracle.vectors[self.group..];
        let squares =
            rest.iter().flat_map(|v| x.iter().map(move |x| dot(v, x))).fold(Quad::ZERO, |s, c| s + c * c);
        squares.sqrt().0
    }
}

/// A block iteration where otherwise the order would call for the dense EVD.
fn iterate(wanted: usize) -> BlockOptions {
    BlockOptions { block: 2, max_basis: wanted + 8, ..BlockOptions::top(wanted) }
}

#[test]
fn dense_and_block_solvers() {
    let x = directions(40, 40, "accuracy");
    let graded: Vec<f64> = (0..40).map(|i| 0.5_f64.powi(i)).collect();
    let clustered: Vec<f64> = (0..40)
        .map(|i| if i < 4 { 1.0 - 1e-10 * f64::from(i) } else { 0.5 - 1e-12 * f64::from(i) })
        .collect();
    let cases = [
        ("graded, 0.5^i", turned(&graded), 3),
        ("clustered", turned(&clustered), 4),
        ("random symmetric", Mat::from_fn(40, 40, |i, j| x[(i, j)] + x[(j, i)]), 1),
    ];
    for (name, a, group) in cases {
        let case = Case::new(name, exactly(a.as_ref()), group);
        let (values, vectors) = full_eigen(a.as_ref(), Par::Seq).unwrap();
        case.check("full_eigen", case.backward(), &values, Some(&vectors));
        case.check(
            "full_eigenvalues",
            case.backward(),
            &full_eigenvalues(a.as_ref(), Par::Seq).unwrap(),
            None,
        );
        let options = iterate(group);
        let found = block_eigen(&Dense(a), None, &options, Par::Seq).unwrap();
        assert!(found.products != 40, "the block solver took the dense EVD");
        case.check(
            "block_eigen",
            found.residual_max + case.backward(),
            &found.eigenvalues,
            Some(&found.vectors),
        );
    }
}

/// `A` in double-double arithmetic, from the weights and the levels as they are: the series of `Profile` by
/// the recurrence of Gegenbauer polynomials.
fn covariance_matrix(cov: &Covariance) -> Columns {
    let (p, d, w) = (cov.p(), cov.d(), cov.weights());
    let number = |x: usize| quad(x as f64);
    let block = |r: usize, s: usize| {
        let t = (0..d).fold(Quad::ZERO, |sum, i| sum + quad(w[(r, i)]) * quad(w[(s, i)]));
        let [mut f0, mut f1, mut f2, mut f3] = [Quad::ZERO; 4];
        let polynomials = [d, d + 2, d + 4].map(|d| legendre(d, t, cov.levels().max_degree()));
        for level in &cov.levels().levels {
            let (j, a, c) = (level.degree, quad(level.a_hat), quad(level.c_hat));
            f0 += a * a * polynomials[0][j];
            if j >= 1 {
                let factor = (number(j * (j + d - 2)) / number(d - 1)).sqrt();
                f1 += a * c * factor * polynomials[1][j - 1];
                f2 += c * c * polynomials[1][j - 1];
            }
            if j >= 2 {
                f3 += c * c * (number((j - 1) * (j + d - 1)) / number(d + 1)) * polynomials[2][j - 2];
            }
        }
        let e = f1 - f2 - t * f3;
        let g = f0 - t * (quad(2.0) * f1 - f2 - t * f3);
        move |i: usize, j: usize| {
            let [ui, uj, vi, vj] = [(r, i), (r, j), (s, i), (s, j)].map(|at| quad(w[at]));
            e * (ui * uj + vi * vj) + g * ui * vj + f3 * vi * uj + if i == j { f2 } else { Quad::ZERO }
        }
    };
    let mut a = vec![vec![Quad::ZERO; p * d]; p * d];
    for r in 0..p {
        for s in 0..=r {
            let entry = block(r, s);
            for i in 0..d {
                for j in 0..d {
                    a[j * p + s][i * p + r] = entry(i, j);
                    a[i * p + r][j * p + s] = entry(i, j);
                }
            }
        }
    }
    a
}

/// `P_0..P_n` in dimension d at t: `(j+d−2) P_{j+1} = (2j+d−2) t P_j − j P_{j−1}`.
fn legendre(d: usize, t: Quad, n: usize) -> Vec<Quad> {
    let mut p = vec![Quad::ONE, t];
    for j in 1..n {
        let next =
            (quad((2 * j + d - 2) as f64) * t * p[j] - quad(j as f64) * p[j - 1]) / quad((j + d - 2) as f64);
        p.push(next);
    }
    p
}

#[test]
fn routes_of_a_covariance() {
    for (d, p, name, degree) in [(3, 2, "tanh:0.5", 6), (3, 20, "sigmoid:1", 6), (4, 14, "erf:0.3", 5)] {
        let w = uniform_sphere(&mut seed::stream(17, "solver accuracy", name), p, d, 1.0);
        let cov = Covariance::new(
            w.as_ref(),
            activation::parse(name).unwrap().as_ref(),
            Truncation::Degree(degree),
        )
        .unwrap();
        let a = covariance_matrix(&cov);
        let assembled = cov.assemble();
        let formed = (0..a.len())
            .flat_map(|j| (0..a.len()).map(move |i| (i, j)))
            .map(|(i, j)| (quad(assembled[(i, j)]) - a[j][i]).0.abs());
        let formed = formed.fold(0.0, f64::max);
        let case = Case::new(format!("Σ, d = {d}, p = {p}"), a, 1);
        println!(
            "{:<24} {:<18} entries     {:8.2} ε‖A‖",
            case.name,
            "assemble",
            formed / f64::EPSILON / case.scale()
        );
        let scale = cov.scale();
        for route in [Route::Dense, Route::Harmonic, Route::Operator] {
            let found = eigen::solve(
                &cov,
                &Request::top(4),
                RouteChoice::Only(route),
                eigen::DEFAULT_MEMORY,
                Par::Seq,
            )
            .unwrap();
            let values: Vec<f64> = found.eigenvalues.iter().map(|l| l / scale).collect();
            case.check(&route.to_string(), case.backward() * 10.0, &values, found.vectors.as_ref());
        }
        let operator = cov.mixed_operator(eigen::DEFAULT_MEMORY);
        let found = block_eigen(&operator, None, &iterate(1), Par::Seq).unwrap();
        case.check(
            "mixed block_eigen",
            found.residual_max + case.backward() * 10.0,
            &found.eigenvalues,
            Some(&found.vectors),
        );
    }
}
