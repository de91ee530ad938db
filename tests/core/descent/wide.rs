//! The program at infinite width against proximal gradient descent on whole matrices, and against the
//! network whose limit it is.

use escapement::activation;
use escapement::descent::wide::{WideProgram, WideSolution, curvature};
use escapement::eigen::full_eigen;
use escapement::network::PairedNetwork;
use escapement::objective::{Loss, norm_2_4_pow4};
use escapement::{seed, sphere, tolerance};
use faer::{Mat, MatRef, Par};

/// n inputs in d dimensions, p directions, labels that no linear function has, and all that is linear.
struct Case {
    x: Mat<f64>,
    w: Mat<f64>,
    y: Vec<f64>,
    features: Mat<f64>,
    curvature: Mat<f64>,
}

impl Case {
    fn new(n: usize, d: usize, p: usize) -> Self {
        let rng = &mut seed::stream(7, "test", "wide");
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let w = sphere::uniform_sphere(rng, p, d, 1.0);
        let y = (0..n).map(|i| x[(i, 0)] + x[(i, 1)].powi(2) - 0.4 * x[(i, 2)].powi(2)).collect();
        let features = Mat::from_fn(n, d + 1, |i, c| if c == 0 { 1.0 } else { x[(i, c - 1)] });
        let curvature = curvature(activation::parse("sigmoid:1").unwrap().as_ref(), w.as_ref(), x.as_ref());
        Self { x, w, y, features, curvature }
    }

    fn program(&self, rank: usize) -> WideProgram<'_> {
        WideProgram {
            x: self.x.as_ref(),
            y: &self.y,
            features: self.features.as_ref(),
            curvature: self.curvature.as_ref(),
            loss: Loss::PseudoHuber,
            ridge: 0.05,
            quartic: 1e-8,
            rank,
        }
    }
}

/// The least trace t of what is left of eigenvalues when `½Σ(a−z)² + 2c(Σa)²` is minimised over a ≥ 0: then
/// `a = (z − 4ct)₊`.
fn trace_left(values: &[f64], c: f64) -> f64 {
    let (mut low, mut high) = (0.0, values.iter().map(|v| v.max(0.0)).sum::<f64>());
    for _ in 0..200 {
        let t = 0.5 * (low + high);
        let left: f64 = values.iter().map(|v| (v - 4.0 * c * t).max(0.0)).sum();
        if left > t { low = t } else { high = t }
    }
    high
}

/// The point of `λN² + ½E‖M − Z‖²`, `N = E 2((tr M₊)² + (tr M₋)²)`: with s = N, each Z(w) by itself for the
/// penalty 2λs·(…), and s by bisection.
fn proximal(z: &[Mat<f64>], lambda: f64) -> Vec<Mat<f64>> {
    let pairs: Vec<(Vec<f64>, Mat<f64>)> =
        z.iter().map(|z| full_eigen(z.as_ref(), Par::Seq).unwrap()).collect();
    let minus = |values: &[f64]| values.iter().map(|v| -v).collect::<Vec<_>>();
    let traces = |s: f64| -> Vec<[f64; 2]> {
        let c = 2.0 * lambda * s;
        pairs.iter().map(|(v, _)| [trace_left(v, c), trace_left(&minus(v), c)]).collect()
    };
    let norm = |t: &[[f64; 2]]| 2.0 * t.iter().map(|[a, b]| a * a + b * b).sum::<f64>() / z.len() as f64;
    let (mut low, mut high) = (0.0, norm(&traces(0.0)));
    for _ in 0..100 {
        let s = 0.5 * (low + high);
        if norm(&traces(s)) > s { low = s } else { high = s }
    }
    let (c, t) = (2.0 * lambda * high, traces(high));
    let shrunk = |((values, vectors), [up, down]): (&(Vec<f64>, Mat<f64>), &[f64; 2])| {
        let kept = |v: f64| (v - 4.0 * c * up).max(0.0) - (-v - 4.0 * c * down).max(0.0);
        let d = values.len();
        let scaled = Mat::from_fn(d, d, |i, j| vectors[(i, j)] * kept(values[j]));
        &scaled * vectors.transpose()
    };
    pairs.iter().zip(&t).map(shrunk).collect()
}

/// The minimum by accelerated proximal gradient descent on θ and on one symmetric matrix for each direction.
fn by_proximal_gradients(program: &WideProgram<'_>, steps: usize) -> f64 {
    let (n, d) = (program.x.nrows(), program.x.ncols());
    let (p, l) = (program.curvature.ncols(), program.features.ncols());
    let x = program.x;
    let form = |m: &Mat<f64>, i: usize| x.row(i) * m * x.row(i).transpose();
    let f = |theta: &[f64], m: &[Mat<f64>]| -> Vec<f64> {
        let value = |i: usize| {
            let linear: f64 = (0..l).map(|c| theta[c] * program.features[(i, c)]).sum();
            linear
                + (0..p).map(|r| program.curvature[(i, r)] * form(&m[r], i)).sum::<f64>() / (2.0 * p as f64)
        };
        (0..n).map(value).collect()
    };
    // A bound on the curvature of the mean loss, whose second derivative is at most 1.
    let gram = |i: usize, j: usize| {
        let inner: f64 = (0..d).map(|c| x[(i, c)] * x[(j, c)]).sum();
        let both: f64 = (0..p).map(|r| program.curvature[(i, r)] * program.curvature[(j, r)]).sum();
        let features: f64 = (0..l).map(|c| program.features[(i, c)] * program.features[(j, c)]).sum();
        inner * inner * both / (4.0 * p as f64) + features
    };
    let top = full_eigen(Mat::from_fn(n, n, gram).as_ref(), Par::Seq).unwrap().0[0] / n as f64;
    let (mut theta, mut m) = (vec![0.0; l], vec![Mat::zeros(d, d); p]);
    let (mut theta_before, mut m_before) = (theta.clone(), m.clone());
    for step in 0..steps {
        let momentum = step as f64 / (step as f64 + 3.0);
        let at: Vec<f64> = (0..l).map(|c| theta[c] + momentum * (theta[c] - theta_before[c])).collect();
        let matrices: Vec<Mat<f64>> =
            (0..p).map(|r| &m[r] + faer::Scale(momentum) * (&m[r] - &m_before[r])).collect();
        let g: Vec<f64> = f(&at, &matrices)
            .iter()
            .zip(program.y)
            .map(|(f, y)| program.loss.d1(*y, *f) / n as f64)
            .collect();
        (theta_before, m_before) = (theta, m);
        theta = (0..l)
            .map(|c| {
                let slope: f64 = (0..n).map(|i| g[i] * program.features[(i, c)]).sum();
                (at[c] - slope / top) / (1.0 + 2.0 * program.ridge / top)
            })
            .collect();
        let moved: Vec<Mat<f64>> = (0..p)
            .map(|r| {
                let slope = |a: usize, b: usize| {
                    let terms = (0..n).map(|i| g[i] * program.curvature[(i, r)] * x[(i, a)] * x[(i, b)]);
                    0.5 * terms.sum::<f64>()
                };
                Mat::from_fn(d, d, |a, b| matrices[r][(a, b)] - slope(a, b) / top)
            })
            .collect();
        m = proximal(&moved, program.quartic / top);
    }
    let norm: f64 = m
        .iter()
        .map(|m| {
            let values = full_eigen(m.as_ref(), Par::Seq).unwrap().0;
            let up: f64 = values.iter().map(|v| v.max(0.0)).sum();
            let down: f64 = values.iter().map(|v| (-v).max(0.0)).sum();
            2.0 * (up * up + down * down) / p as f64
        })
        .sum();
    program.loss.mean(program.y, &f(&theta, &m)).unwrap()
        + program.ridge * theta.iter().map(|t| t * t).sum::<f64>()
        + program.quartic * norm * norm
}

fn solve(program: &WideProgram<'_>, gap: f64, steps: u64) -> WideSolution {
    let start = program.random_start(&mut seed::stream(7, "test", "start"));
    program.solve(&start, gap, steps).unwrap()
}

#[test]
fn the_minimum_is_that_of_proximal_gradients_on_whole_matrices() {
    let case = Case::new(12, 3, 2);
    let program = case.program(2);
    let found = solve(&program, 1e-9, 4000);
    assert!(found.gap <= 1e-9, "{}", found.gap);
    // Proximal gradients come from above, and slowly.
    let least = by_proximal_gradients(&program, 1500);
    let above = least - found.value;
    assert!(above > -1e-9 && above < 1e-4 * least, "{} for {least}", found.value);
    // Neither part is idle, and f_Q does not interpolate.
    assert!(found.loss > 1e-2 * found.value && found.norm.powi(2) * program.quartic > 1e-2 * found.value);
    // A descent that is cut short says how far it may be, and so does one whose rank is too low.
    let short = solve(&program, 0.0, 1);
    assert!(short.gap > found.gap && short.value - short.gap <= found.value);
    let alone = solve(&case.program(1), 1e-9, 200);
    assert!(alone.value - alone.gap <= found.value && alone.value >= found.value - found.gap);
}

#[test]
fn a_solution_of_rank_one_is_a_displacement() {
    let case = Case::new(30, 5, 4);
    let program = case.program(1);
    let found = solve(&program, 1e-3, 400);
    let sigma = activation::parse("sigmoid:1").unwrap();
    let net = PairedNetwork::new(case.w.as_ref(), sigma, tolerance::UNIT_NORM_F64).unwrap();
    // f_Q has ½m^{-1/2} before squares of w_r·x, and the program ½p^{-1} before those of U·x.
    let factor = (2.0 / (net.m() as f64).sqrt()).sqrt();
    let w = Mat::from_fn(net.m(), net.d(), |r, c| factor * found.factors[(c, r)]);
    let quadratic = net.f_quadratic(case.x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    let none = Mat::<f64>::zeros(30, 0);
    let alone = WideSolution { linear: Vec::new(), ..found.clone() };
    let f = alone.predict(case.x.as_ref(), none.as_ref(), case.curvature.as_ref());
    assert!(f.iter().zip(&quadratic).all(|(a, b)| (a - b).abs() < 1e-12), "{f:?} {quadratic:?}");
    assert!((norm_2_4_pow4(w.as_ref()) / found.norm - 1.0).abs() < 1e-12);
}

#[test]
fn a_program_that_does_not_fit_is_refused() {
    let case = Case::new(6, 4, 3);
    let program = case.program(1);
    let start = program.random_start(&mut seed::stream(7, "test", "start"));
    let none: MatRef<'_, f64> = case.features.subrows(0, 5);
    let words = |program: WideProgram<'_>| program.solve(&start, 1e-3, 10).unwrap_err().to_string();
    assert!(words(WideProgram { features: none, ..case.program(1) }).contains("features"));
    assert!(words(WideProgram { ridge: 0.0, ..case.program(1) }).contains("λ2"));
    assert!(words(case.program(2)).contains("factors"));
}
