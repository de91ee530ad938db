//! The figures of DLS22 at small sizes: each number by a slow route, the same bytes however a run is stopped,
//! and verdicts that turn with the numbers.

use escapement::gaussian::MultiIndexModel;
use escapement::kernel::arc_cosine;
use escapement::training::decay;
use escapement::training::one_step::Start;
use escapement::{activation, seed};
use escapement_verify::Tier;
use escapement_verify::figure::{Experiment, Host, Measured, Unattended, execute};
use escapement_verify::judge::{ClaimVerdict, Verdict};
use escapement_verify::papers::dls22::figures::Settings;
use escapement_verify::papers::dls22::figures::figure_1::{self, Figure1};
use escapement_verify::papers::dls22::figures::figure_2::{self, Figure2};
use escapement_verify::papers::dls22::figures::fits::Fit;
use escapement_verify::papers::dls22::learn::{self, Data, Noise, Sample};
use escapement_verify::papers::dls22::targets;
use faer::linalg::solvers::Solve;
use faer::{Mat, Par, Side};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

const D: usize = 4;
const M: usize = 20;
const SEED: u64 = 3;

fn first_figure(centred: bool) -> Figure1 {
    let sizes = figure_1::Sizes {
        d: D,
        parts: 1,
        most: 256 * M,
        held_out: [300, 400],
        kernels: 64,
        widths: vec![M],
        seeds: 2,
    };
    let settings = Settings { centred, redrawn: centred, tier: Tier::Quick, seed: SEED, seeds: 2, sizes };
    Figure1::new(settings).unwrap()
}

fn second_figure() -> Figure2 {
    let sizes = figure_2::Sizes { d: D, m: M, source: 256, target: 64, held_out: [300, 400], seeds: 2 };
    let settings =
        Settings { centred: false, redrawn: false, tier: Tier::Quick, seed: SEED, seeds: 2, sizes };
    Figure2::new(settings).unwrap()
}

/// The excess and λ of each row of the table, by method and n, of the first seed.
fn table(mut experiment: Figure1) -> BTreeMap<(String, usize), Fit> {
    let folder = tempfile::tempdir().unwrap();
    let found = execute(&mut experiment, folder.path(), false, &Unattended).unwrap();
    let row = |line: &str| {
        let (method, rest) = line[1..].split_once("\",").unwrap();
        let fields: Vec<&str> = rest.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        let fit = Fit { excess: number(3), lambda: number(4) };
        (fields[1] == SEED.to_string()).then(|| ((method.to_owned(), fields[2].parse().unwrap()), fit))
    };
    found.report.csv.lines().skip(1).filter_map(row).collect()
}

fn data(n: usize) -> Data {
    let axis = Mat::from_fn(1, D, |_, j| f64::from(u8::from(j == 0)));
    let model = MultiIndexModel::from_series(axis.as_ref(), &targets::named("mix4").unwrap()).unwrap();
    let sizes = learn::Sizes { n, validation: 300, test: 400 };
    Data::draw(&model, sizes, Noise::Normal(1.0), SEED).unwrap()
}

fn row(x: &Mat<f64>, i: usize) -> Vec<f64> {
    (0..x.ncols()).map(|c| x[(i, c)]).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The regression with this kernel by a Cholesky factorisation for each decay, and a bound on the relative
/// error of its excess: some n roundings, times the condition of the matrix.
fn slowly(data: &Data, kernel: impl Fn(&[f64], &[f64]) -> f64) -> (Fit, f64) {
    let (x, n) = (&data.train.x, data.train.y.len());
    let matrix = |rows: &Mat<f64>| Mat::from_fn(rows.nrows(), n, |i, j| kernel(&row(rows, i), &row(x, j)));
    let test = &data.truth.as_ref().unwrap().test;
    let [gram, held, fresh] = [x, &data.validation.x, &test.x].map(matrix);
    let right = Mat::from_fn(n, 1, |i, _| data.train.y[i] / n as f64);
    let solve = |lambda: f64| {
        let shift = |i: usize, j: usize| if i == j { 0.5 * lambda } else { 0.0 };
        let shifted = Mat::from_fn(n, n, |i, j| gram[(i, j)] / n as f64 + shift(i, j));
        shifted.llt(Side::Lower).unwrap().solve(&right)
    };
    let square = |cross: &Mat<f64>, b: &Mat<f64>, labels: &[f64]| {
        let f = cross * b;
        labels.iter().enumerate().map(|(i, y)| (y - f[(i, 0)]).powi(2)).sum::<f64>() / labels.len() as f64
    };
    let grid = decay::grid();
    let error = |lambda: &f64| square(&held, &solve(*lambda), &data.validation.y);
    let lambda = *grid.iter().min_by(|a, b| error(a).total_cmp(&error(b))).unwrap();
    let power = dot(&test.y, &test.y) / test.y.len() as f64;
    let excess = square(&fresh, &solve(lambda), &test.y) / power;
    let trace = (0..n).map(|i| gram[(i, i)]).sum::<f64>() / n as f64;
    let bound = 100.0 * n as f64 * f64::EPSILON * (1.0 + 2.0 * trace / lambda);
    (Fit { excess, lambda }, bound)
}

#[test]
fn fits_are_those_of_a_direct_solve() {
    let found = table(first_figure(false));
    let start =
        Start::as_run(&mut seed::stream(SEED, &format!("learn d={D} m={M}"), "start"), M, D).unwrap();
    let neurons: Vec<(Vec<f64>, f64)> = (0..M).map(|j| (row(&start.weights, j), start.biases[j])).collect();
    let layer = |neurons: &[(Vec<f64>, f64)], x: &[f64]| {
        neurons.iter().map(|(w, b)| dot(w, x) + b).collect::<Vec<f64>>()
    };
    let features = |neurons: &[(Vec<f64>, f64)], x: &[f64], other: &[f64]| {
        let pairs = layer(neurons, x).into_iter().zip(layer(neurons, other));
        pairs.map(|(z, other)| z.max(0.0) * other.max(0.0)).sum::<f64>()
    };
    // With 60 features that are not twins, the tangent kernel is fitted by its matrix at 16 and not at 64.
    for n in [16, 64] {
        let data = data(n);
        let Sample { x, y } = &data.train;
        let gradient = |(w, b): &(Vec<f64>, f64)| {
            let mut sum = vec![0.0; D];
            for i in (0..n).filter(|&i| dot(w, &row(x, i)) + b > 0.0) {
                sum.iter_mut().zip(row(x, i)).for_each(|(sum, x)| *sum += y[i] * x);
            }
            sum
        };
        let rows: Vec<Vec<f64>> = neurons.iter().map(gradient).collect();
        let scale = (rows.iter().map(|g| dot(g, g)).sum::<f64>() / M as f64).sqrt();
        let learnt: Vec<(Vec<f64>, f64)> = (0..M)
            .map(|j| (rows[j].iter().map(|g| start.signs[j] * g / scale).collect(), start.biases[j]))
            .collect();
        let tangent = |x: &[f64], other: &[f64]| {
            let half = &neurons[..M / 2];
            let pairs = layer(half, x).into_iter().zip(layer(half, other));
            let both = pairs.filter(|(z, other)| *z > 0.0 && *other > 0.0).count() as f64;
            features(half, x, other) + (dot(x, other) + 1.0) * both
        };
        for (method, (exact, bound)) in [
            ("Algorithm 1", slowly(&data, |x, other| features(&learnt, x, other))),
            ("random features", slowly(&data, |x, other| features(&neurons, x, other))),
            ("tangent kernel", slowly(&data, tangent)),
            (
                "random features, infinite width",
                slowly(&data, |x, other| arc_cosine::random_features(x, other).unwrap()),
            ),
            (
                "tangent kernel, infinite width",
                slowly(&data, |x, other| arc_cosine::tangent(x, other).unwrap()),
            ),
        ] {
            let fit = found[&(method.to_owned(), n)];
            assert_eq!(fit.lambda, exact.lambda, "{method}, n = {n}");
            assert!(bound < 1e-4, "{method}, n = {n}: {bound}");
            assert!(
                (fit.excess - exact.excess).abs() <= bound * exact.excess,
                "{method}: {fit:?} {exact:?}"
            );
        }
    }
}

/// With α and β, and biases of its own for each neuron, it is the run of `escapement learn`.
#[test]
fn as_printed_it_is_what_is_learnt() {
    let found = table(first_figure(true));
    assert!(!found.contains_key(&("Algorithm 1".to_owned(), 1)));
    let (data, relu) = (data(64), activation::parse("relu").unwrap());
    let settings = learn::Settings { m: M, as_run: false, lambda: None, seed: SEED };
    let run = learn::learn(&data, relu.as_ref(), &settings, Par::Seq, &mut |_, _| {
        std::ops::ControlFlow::Continue(())
    });
    let exact = run.unwrap().unwrap().summary.learnt;
    let test = &data.truth.as_ref().unwrap().test.y;
    let power = dot(test, test) / test.len() as f64;
    let fit = found[&("Algorithm 1".to_owned(), 64)];
    assert_eq!(Some(fit.lambda), exact.lambda);
    // The residuals are formed in another order: some roundings of f and of the sum.
    assert!((fit.excess / (exact.square.mean / power) - 1.0).abs() < 1e-9, "{fit:?} {exact:?}");
}

/// Asks to stop at the second question.
struct Impatient(Cell<u32>);

impl Host for Impatient {
    fn stopped(&self) -> bool {
        self.0.set(self.0.get() + 1);
        self.0.get() > 1
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for folder in [folder.to_owned(), folder.join("runs")] {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_file() && entry.extension().is_none_or(|e| e != "lock") {
                all.insert(entry.display().to_string().rsplit('/').next().unwrap().to_owned(), entry);
            }
        }
    }
    all.into_iter().map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

fn goes_on_to_the_same_bytes<E: Experiment>(fresh: impl Fn() -> E, points: usize) {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    execute(&mut fresh(), whole.path(), false, &Unattended).unwrap();
    let mut stops = 0;
    while execute(&mut fresh(), parts.path(), false, &Impatient(Cell::new(0))).unwrap().interrupted {
        stops += 1;
    }
    assert!(stops + 1 >= points, "{stops}");
    let (whole, parts) = (files(whole.path()), files(parts.path()));
    assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(parts[name] == *bytes, "{name} differs");
    }
}

#[test]
fn runs_that_are_stopped_go_on_to_the_same_bytes() {
    // Six numbers of samples with the exact labels, four of the kernels, two seeds each; five of the source.
    goes_on_to_the_same_bytes(|| first_figure(false), 20);
    goes_on_to_the_same_bytes(second_figure, 10);
}

fn verdict_of(found: &ClaimVerdict, name: &str) -> Verdict {
    found.bounds.iter().find(|bound| bound.name == name).unwrap().verdict
}

#[test]
fn verdicts_turn_with_the_numbers() {
    let state = |grid: &[usize], excess: &dyn Fn(usize) -> Vec<f64>| {
        let fits = |n: usize| excess(n).into_iter().map(|excess| Fit { excess, lambda: 1.0 }).collect();
        Some(Measured { rows: grid.iter().map(|&n| (n, fits(n))).collect() })
    };
    let judged = |learnt: f64, features: f64, infinite: f64| {
        let width = state(&[1, 4, 16, 64, 256, 0], &|_| vec![learnt, features, 0.7]);
        let kernels = state(&[1, 4, 16, 64], &|_| vec![infinite, 0.7]);
        first_figure(false).report(&[width.clone(), kernels.clone(), width, kernels]).unwrap().verdict
    };
    let found = judged(0.2, 0.8, 0.51);
    for (name, verdict) in [
        ("ahead-of-random-features", Verdict::Holds),
        ("ahead-of-tangent-kernel", Verdict::Holds),
        ("ahead-of-random-features-infinite-width", Verdict::Holds),
        ("not-below-half-random-features", Verdict::Holds),
        ("not-below-half-random-features-infinite-width", Verdict::Holds),
        ("stops-at-half-random-features", Verdict::Refuted),
        ("stops-at-half-random-features-infinite-width", Verdict::Holds),
    ] {
        assert_eq!(verdict_of(&found, name), verdict, "{name}");
    }
    // The printed wording that an erratum corrects does not count; what has no published values is open.
    assert_eq!(found.as_printed.map(|printed| printed.verdict), Some(Verdict::Refuted));
    assert_ne!(found.verdict, Verdict::Refuted);
    let falsified = judged(0.85, 0.8, 0.4);
    assert_eq!(falsified.verdict, Verdict::Refuted);
    for name in [
        "ahead-of-random-features",
        "ahead-of-tangent-kernel",
        "ahead-of-random-features-infinite-width",
        "not-below-half-random-features-infinite-width",
        "stops-at-half-random-features-infinite-width",
    ] {
        assert_eq!(verdict_of(&falsified, name), Verdict::Refuted, "{name}");
    }
    // N = 1, 2, 4, 8, 16, 32, 64.
    let judged = |at_square: f64, at_cube: f64| {
        let excess = |n: usize| match n {
            0..16 => vec![1.0; 7],
            16 => vec![at_square; 7],
            64 => vec![at_cube; 7],
            _ => vec![0.1; 7],
        };
        let state = state(&[1, 4, 16, 64, 256], &excess);
        second_figure().report(&[state.clone(), state]).unwrap().verdict
    };
    let found = judged(0.95, 0.5);
    for (name, verdict) in [
        ("from-d-squared", Verdict::Refuted),
        ("from-d-cubed", Verdict::Holds),
        ("not-at-d-squared", Verdict::Holds),
    ] {
        assert_eq!(verdict_of(&found, name), verdict, "{name}");
    }
    let falsified = judged(0.6, 0.95);
    assert_eq!(verdict_of(&falsified, "from-d-cubed"), Verdict::Refuted);
    assert_eq!(verdict_of(&falsified, "not-at-d-squared"), Verdict::Refuted);
}
