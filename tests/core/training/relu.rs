//! Steps of a two-layer ReLU network: against the definition with derived bounds in f32 and f64, differences
//! of the loss, a descent in either precision; thread counts; bad input.

use escapement::training::Real;
use escapement::training::relu::{ReluNetwork, ReluProblem};
use escapement::{seed, sphere};
use faer::{Mat, Par};
use proptest::prelude::*;

/// Inputs that f32 represents exactly, labels too, and a network with weights of order one.
struct Case {
    x: Mat<f64>,
    y: Vec<f64>,
    net: ReluNetwork<f32>,
}

impl Case {
    fn new(n: usize, d: usize, m: usize) -> Self {
        let rng = &mut seed::stream(3, "relu", "inputs");
        let round = |x: f64| f64::from(x as f32);
        let drawn = sphere::uniform_sphere(rng, n, d + 1, (d as f64 + 1.0).sqrt());
        let x = Mat::from_fn(n, d, |i, c| round(drawn[(i, c)]));
        let y = (0..n).map(|i| round(x[(i, 0)] * drawn[(i, d)])).collect();
        Self { x, y, net: ReluNetwork::random(rng, d, m).unwrap() }
    }

    fn problem<T: Real>(&self) -> ReluProblem<T> {
        ReluProblem::new(self.x.as_ref(), &self.y).unwrap()
    }

    fn network<T: Real>(&self) -> ReluNetwork<T> {
        let turn = |x: f32| T::nearest(f64::from(x));
        ReluNetwork {
            first: Mat::from_fn(self.net.d() + 1, self.net.m(), |c, r| turn(self.net.first[(c, r)])),
            second: self.net.second.iter().map(|a| turn(*a)).collect(),
            offset: turn(self.net.offset),
        }
    }
}

/// Every weight, one after another: first layer by neurons, second layer, offset.
fn flat<T: Real>(net: &ReluNetwork<T>) -> Vec<f64> {
    let first = (0..net.m()).flat_map(|r| net.first.col_as_slice(r));
    first.chain(&net.second).chain([&net.offset]).map(|w| (*w).into()).collect()
}

fn unflat(net: &ReluNetwork<f64>, flat: &[f64]) -> ReluNetwork<f64> {
    let (rows, m) = (net.d() + 1, net.m());
    ReluNetwork {
        first: Mat::from_fn(rows, m, |c, r| flat[r * rows + c]),
        second: flat[rows * m..rows * m + m].to_vec(),
        offset: flat[rows * m + m],
    }
}

/// Loss and gradient from the definition, one term after another, each with how far a computation with unit
/// roundoff 1 could be off.
fn definition(case: &Case) -> ((f64, f64), Vec<(f64, f64)>) {
    let (x, y, net) = (&case.x, &case.y, case.network::<f64>());
    let (n, d, m) = (x.nrows(), net.d(), net.m());
    let input = |i: usize, c: usize| if c < d { x[(i, c)] } else { 1.0 };
    let (mut loss, mut loss_off) = (0.0, 0.0);
    let mut gradient = vec![(0.0, 0.0); (d + 1) * m + m + 1];
    for i in 0..n {
        let z: Vec<f64> = (0..m).map(|r| (0..=d).map(|c| net.first[(c, r)] * input(i, c)).sum()).collect();
        let z_size: Vec<f64> =
            (0..m).map(|r| (0..=d).map(|c| (net.first[(c, r)] * input(i, c)).abs()).sum()).collect();
        let z_off = |r: usize| (d as f64 + 2.0) * z_size[r];
        let f = net.offset + (0..m).map(|r| net.second[r] * z[r].max(0.0)).sum::<f64>();
        let f_size = net.offset.abs() + (0..m).map(|r| net.second[r].abs() * z_size[r]).sum::<f64>();
        let f_off = (d as f64 + m as f64 + 4.0) * f_size;
        let miss = f - y[i];
        loss += miss * miss / n as f64;
        loss_off += 2.0 * miss.abs() * f_off / n as f64;
        let (g, g_off) = (2.0 * miss / n as f64, 2.0 * (f_off + 2.0 * miss.abs()) / n as f64);
        // All of a sum, besides what its terms inherit.
        let roundings = n as f64 + d as f64 + 8.0;
        let mut add = |index: usize, value: f64, off: f64| {
            gradient[index].0 += value;
            gradient[index].1 += off + roundings * value.abs();
        };
        for r in 0..m {
            let a = net.second[r];
            // Within rounding of the kink either side is right.
            let close = z[r].abs() <= f64::from(f32::EPSILON) * z_off(r);
            for c in 0..=d {
                let unit = (a * input(i, c)).abs();
                let kink = if close { g.abs() * unit / (0.5 * f64::EPSILON) } else { 0.0 };
                let slope = if z[r] > 0.0 { g * a * input(i, c) } else { 0.0 };
                add(r * (d + 1) + c, slope, g_off * unit + kink);
            }
            let off = g_off * z_size[r] + g.abs() * (z_off(r) + roundings * z_size[r]);
            add((d + 1) * m + r, g * z[r].max(0.0), off);
        }
        add((d + 1) * m + m, g, g_off);
    }
    ((loss, loss_off), gradient)
}

fn meets_the_definition<T: Real>(case: &Case, roundoff: f64) {
    let (problem, net) = (case.problem::<T>(), case.network::<T>());
    let (n, d, m) = (problem.n(), problem.d(), net.m());
    let (mut space, mut gradient) = (problem.workspace(&net), net.zeros_like());
    let loss = problem.loss_and_gradient(&net, &mut gradient, &mut space, Par::Seq).unwrap();
    let ((want, off), entries) = definition(case);
    // The definition rounds too, in f64.
    let unit = roundoff + f64::EPSILON;
    assert!(
        (loss - want).abs() <= unit * (off + n as f64 * want),
        "the loss {loss} for {want} at n = {n}, d = {d}, m = {m}"
    );
    for (index, (found, (want, off))) in flat(&gradient).iter().zip(entries).enumerate() {
        assert!(
            (found - want).abs() <= unit * off,
            "entry {index} is {found}, not {want}, at n = {n}, d = {d}, m = {m}"
        );
    }
    assert_eq!(problem.loss(&net, &mut space, Par::Seq).unwrap(), loss, "with its gradient and without");

    let (mut other, mut moved) = (net.zeros_like(), net.clone());
    assert_eq!(problem.loss_and_gradient(&net, &mut other, &mut space, Par::rayon(2)).unwrap(), loss);
    assert!(flat(&other) == flat(&gradient), "the same bits at any thread count");
    assert_eq!(problem.descend(&mut moved, 0.25, &mut space, Par::Seq).unwrap(), loss);
    for ((after, before), slope) in flat(&moved).iter().zip(flat(&net)).zip(flat(&gradient)) {
        assert_eq!(*after, T::nearest(before - T::nearest(0.25 * slope).into()).into());
    }
}

#[test]
fn steps_of_every_shape_agree_with_the_definition() {
    // On both sides of a tile of 512 inputs, of sixteen of them, and of four neurons.
    for (n, d, m) in
        [(1, 1, 1), (512, 3, 4), (513, 5, 7), (8192, 2, 3), (8193, 3, 5), (700, 16, 100), (40, 31, 33)]
    {
        let case = Case::new(n, d, m);
        meets_the_definition::<f64>(&case, 0.5 * f64::EPSILON);
        meets_the_definition::<f32>(&case, 0.5 * f64::from(f32::EPSILON));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn small_steps_agree_with_the_definition((n, d, m) in (1..50_usize, 1..20_usize, 1..30_usize)) {
        let case = Case::new(n, d, m);
        meets_the_definition::<f64>(&case, 0.5 * f64::EPSILON);
        meets_the_definition::<f32>(&case, 0.5 * f64::from(f32::EPSILON));
    }
}

#[test]
fn the_gradient_is_that_of_the_loss() {
    // Where no input passes a kink the loss along a line is a polynomial of degree 4, and five points give
    // its slope but for rounding.
    let (n, d, m, t) = (30, 4, 9, 1e-4);
    let case = Case::new(n, d, m);
    let (problem, net) = (case.problem::<f64>(), case.network::<f64>());
    let (mut space, mut gradient) = (problem.workspace(&net), net.zeros_like());
    let loss = problem.loss_and_gradient(&net, &mut gradient, &mut space, Par::Seq).unwrap();
    let (start, slopes) = (flat(&net), flat(&gradient));
    for draw in 0..10 {
        let rng = &mut seed::stream(draw, "relu", "direction");
        let drawn = sphere::uniform_sphere(rng, 1, start.len(), 1.0);
        let along = |t: f64| {
            let weights: Vec<f64> = (0..start.len()).map(|i| start[i] + t * drawn[(0, i)]).collect();
            unflat(&net, &weights)
        };
        let pattern = |net: &ReluNetwork<f64>| -> Vec<bool> {
            let z = |i: usize, r: usize| {
                (0..d).map(|c| net.first[(c, r)] * case.x[(i, c)]).sum::<f64>() + net.first[(d, r)]
            };
            (0..n * m).map(|k| z(k / m, k % m) > 0.0).collect()
        };
        assert!(
            pattern(&along(-2.0 * t)) == pattern(&along(2.0 * t)),
            "draw {draw} passes a kink: another seed is needed"
        );
        let mut at = |t: f64| problem.loss(&along(t), &mut space, Par::Seq).unwrap();
        let numeric = (at(-2.0 * t) - 8.0 * at(-t) + 8.0 * at(t) - at(2.0 * t)) / (12.0 * t);
        let exact: f64 = slopes.iter().enumerate().map(|(i, slope)| slope * drawn[(0, i)]).sum();
        // 18/12 of a value, each some (d + m + n) roundings.
        let allowed = 100.0 * f64::EPSILON * loss / t;
        assert!(
            exact.abs() > 1e3 * allowed && (numeric - exact).abs() <= allowed,
            "{numeric} for {exact}, allowed {allowed:e}"
        );
    }
}

#[test]
fn a_descent_in_f32_follows_that_in_f64() {
    let case = Case::new(300, 6, 40);
    fn run<T: Real>(case: &Case, par: Par) -> Vec<f64> {
        let (problem, mut net) = (case.problem::<T>(), case.network::<T>());
        let mut space = problem.workspace(&net);
        (0..400).map(|_| problem.descend(&mut net, 0.05, &mut space, par).unwrap()).collect()
    }
    let (double, single) = (run::<f64>(&case, Par::Seq), run::<f32>(&case, Par::Seq));
    assert!(double.windows(2).all(|pair| pair[1] < pair[0]) && double[399] < 0.9 * double[0]);
    // A step passes on what the one before was off, hardly more than once, and adds about ten roundings, at
    // random: √400 times ten.
    for (a, b) in single.iter().zip(&double) {
        assert!((a - b).abs() <= 200.0 * f64::from(f32::EPSILON) * b, "{a} for {b}");
    }
    assert!(single == run::<f32>(&case, Par::rayon(2)));
}

#[test]
fn both_precisions_start_from_the_same_draw() {
    let draw = || seed::stream(5, "relu", "start");
    let (single, double) = (
        ReluNetwork::<f32>::random(&mut draw(), 9, 50).unwrap(),
        ReluNetwork::<f64>::random(&mut draw(), 9, 50).unwrap(),
    );
    assert!(flat(&single).iter().zip(flat(&double)).all(|(a, b)| *a == f64::from(b as f32)));
    // Uniform on ±1/3: 500 of them come within a hundredth of both ends but with probability 2·0.985^500 =
    // 1e-3, and the mean is off by 4 s.d. with 6e-5.
    let first = &flat(&double)[..500];
    let (low, high) = first.iter().fold((0.0_f64, 0.0_f64), |(low, high), w| (low.min(*w), high.max(*w)));
    assert!(low < -0.32 && high > 0.32 && low >= -1.0 / 3.0 && high <= 1.0 / 3.0, "{low}, {high}");
    assert!((first.iter().sum::<f64>() / 500.0).abs() < 4.0 / (3.0 * 1500f64.sqrt()));
    assert!(double.second.iter().chain([&double.offset]).all(|a| a.abs() <= 50f64.sqrt().recip()));
}

#[test]
fn bad_input_is_refused() {
    let case = Case::new(6, 3, 4);
    let build = |x: faer::MatRef<'_, f64>, y: &[f64]| {
        ReluProblem::<f32>::new(x, y).map(|_| ()).unwrap_err().to_string()
    };
    assert!(build(case.x.as_ref(), &case.y[1..]).contains("the labels has shape [5, 1]"));
    assert!(build(case.x.as_ref().subrows(0, 0), &[]).contains("the inputs has shape [0, 3]"));
    assert!(build(case.x.as_ref(), &[f64::NAN; 6]).contains("the labels holds NaN"));
    assert!(
        build(Mat::from_fn(6, 3, |_, _| f64::INFINITY).as_ref(), &case.y).contains("the inputs holds inf")
    );
    for (d, m) in [(0, 3), (3, 0)] {
        assert!(
            ReluNetwork::<f32>::random(&mut seed::stream(1, "relu", ""), d, m)
                .unwrap_err()
                .to_string()
                .contains("= 0")
        );
    }

    let (problem, net) = (case.problem::<f32>(), case.net.clone());
    let mut space = problem.workspace(&net);
    let mut refused =
        |net: &ReluNetwork<f32>| problem.loss(net, &mut space, Par::Seq).unwrap_err().to_string();
    // A dead neuron would hide it.
    for bad in [f32::NAN, f32::NEG_INFINITY] {
        let mut net = net.clone();
        net.first[(3, 2)] = bad;
        let error = refused(&net);
        assert!(error.contains("the first layer holds") && error.contains("row 3, column 2"), "{error}");
    }
    let huge = ReluNetwork { first: Mat::from_fn(4, 4, |_, _| 1e30), second: vec![1e30; 4], offset: 0.0 };
    assert!(refused(&huge).contains("the evaluation of the loss"), "{}", refused(&huge));
    assert!(
        refused(&ReluNetwork { second: vec![0.1; 3], ..net.clone() })
            .contains("the first layer has shape [4, 4]")
    );
    assert!(refused(&Case::new(6, 3, 5).net).contains("the workspace has shape [3, 4]"));
    assert!(refused(&Case::new(6, 2, 4).net).contains("the problem has shape [3, 4]"));
    let more = Case::new(7, 3, 4);
    let error = more.problem::<f32>().loss(&net, &mut space, Par::Seq).unwrap_err().to_string();
    assert!(error.contains("fewer inputs") && error.contains("7 inputs"), "{error}");
    // Fewer inputs are served.
    let fewer = Case::new(5, 3, 4).problem::<f32>();
    let own = fewer.loss(&net, &mut fewer.workspace(&net), Par::Seq).unwrap();
    assert_eq!(fewer.loss(&net, &mut space, Par::Seq).unwrap(), own);
    let mut wrong = Case::new(6, 3, 5).net;
    assert!(problem.loss_and_gradient(&net, &mut wrong, &mut space, Par::Seq).is_err());
}
