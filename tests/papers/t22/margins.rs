//! What the claims of T22 measure, by routes of their own.

use escapement::gaussian::normal::{density, upper_tail};
use escapement::kernel::arc_cosine::Layers;
use escapement::sphere::uniform_sphere;
use escapement::training::one_step::standard_normal;
use escapement_verify::papers::t22::letters::{D, GROUPS, LENGTH, M, N};
use escapement_verify::papers::t22::{finite_width_margin, ntk_margin, parity_gap, sgd_perceptron};
use escapement_verify::papers::t22::{margin_per_path, smoothed_margin};
use escapement_verify::{Ball, Cell, Claim};
use rand::Rng;

fn measured(claim: &dyn Claim, cell: &Cell, name: &str) -> Ball {
    claim.measure(cell, 3).unwrap().quantities[name]
}

/// In the plane the field of a neuron has the length `√(a² + min(v_1², v_2²))/(2√2)`, whose mean is a double
/// integral.
#[test]
fn transport_in_the_plane_is_an_integral() {
    const STEP: f64 = 0.02;
    let points = || (0..400).map(|i| (f64::from(i) + 0.5) * STEP);
    // Of |a|, and of the smaller of two moduli.
    let weight = |a: f64, v: f64| (16.0 * density(a) * density(v) * upper_tail(v)).value;
    let mean: f64 = points().flat_map(|a| points().map(move |v| weight(a, v) * a.hypot(v))).sum();
    let exact = mean * STEP * STEP / 8.0_f64.sqrt();
    let cell = Cell::new("lr-ntk-margin", "limit").with(D, 2);
    let transport = measured(&ntk_margin::NtkMargin, &cell, "transport");
    assert!(transport.contains(exact) && transport.error < 0.03 * exact, "{transport:?} and {exact}");
}

/// The perceptron in coordinates, with a kernel that is evaluated for each pair.
#[test]
fn the_perceptron_is_that_of_its_inputs() {
    let d = 6;
    let cell = Cell::new("lr-parity-gap", "perceptron").with(D, d);
    let mut stream = cell.stream(3, "sequence");
    let mut kept: Vec<(Vec<f64>, f64)> = Vec::new();
    for _ in 0..64 * d * d {
        let code = stream.next_u64() >> (64 - d);
        let x: Vec<f64> = (0..d).map(|c| if code >> c & 1 == 1 { 1.0 } else { -1.0 }).collect();
        let kernel = |other: &[f64]| {
            let inner: f64 = x.iter().zip(other).map(|(a, b)| a * b).sum();
            Layers::Both.kernel(inner / d as f64).unwrap().value
        };
        let label = x[0] * x[1];
        if label * kept.iter().map(|(other, y)| y * kernel(other)).sum::<f64>() <= 0.0 {
            kept.push((x, label));
        }
    }
    assert_eq!(measured(&parity_gap::ParityGap, &cell, "mistakes").value, kept.len() as f64);
}

/// A single neuron is dead on half of the corners, so that it has no margin, and the mean margin grows with the width.
#[test]
fn the_margin_grows_with_the_width() {
    let at = |m: usize| {
        let cell = Cell::new("lr-finite-width-margin", "mean").with(D, 2).with(M, m);
        measured(&finite_width_margin::FiniteWidthMargin, &cell, "mean")
    };
    let [one, few, many] = [1, 16, 256].map(at);
    assert!(one.contains(0.0) && few.value > 0.1 && many.value > few.value + few.error, "{one:?} {few:?}");
}

/// The smoothed margin of one neuron on one input is its margin p = a v·x, which grows at the rate
/// a² + (v·x)² in τ, and Γ̃ as p/‖W‖². Where the neuron does not see the input there is no rate.
#[test]
fn the_rate_of_one_neuron_is_elementary() {
    let (mut seen, mut label) = (0, 0);
    for replicate in 0..16 {
        let cell =
            Cell::new("lr-smoothed-margin", "at").with(D, 2).with(M, 1).with(N, 1).replicate(replicate);
        let w = standard_normal(&mut cell.stream(3, "weights"), 3);
        let x = uniform_sphere(&mut cell.stream(3, "inputs"), 1, 2, 1.0);
        let scale = if replicate % 2 == 1 { 2.0 } else { 1.0 };
        let [a, b, c] = [w[0], w[1], w[2]].map(|entry| scale * entry);
        let (z, square) = (b * x[(0, 0)] + c * x[(0, 1)], a * a + b * b + c * c);
        if z <= 0.0 {
            continue;
        }
        // The label is its own, or a coin's: u = p = ±az.
        let found = smoothed_margin::SmoothedMargin.measure(&cell, 3).unwrap();
        let rates = [1.0, -1.0].map(|y| (a * a + z * z) / (y * a * z) - 4.0 * y * a * z / square);
        let near = |rate: f64| ["rate", "formula"].iter().all(|name| found.quantities[*name].contains(rate));
        assert!(rates.iter().any(|&rate| near(rate)), "{rates:?} and {:?}", found.quantities);
        seen += 1;
        label += usize::from(near(rates[usize::from(a < 0.0)]));
    }
    assert!(seen >= 4 && label >= 2, "{seen} {label}");
}

/// What is bad in a cell is an error, and no panic.
#[test]
fn cells_that_cannot_be_are_refused() {
    let cell = |claim: &str, part: &str| Cell::new(claim, part).with(M, 4);
    let refused: [(&dyn Claim, Cell); 12] = [
        (&ntk_margin::NtkMargin, cell("lr-ntk-margin", "cube").with(D, 1)),
        (&ntk_margin::NtkMargin, cell("lr-ntk-margin", "cube").with(D, 200)),
        (&ntk_margin::NtkMargin, cell("lr-ntk-margin", "antipodal").with(GROUPS, 6)),
        (&parity_gap::ParityGap, cell("lr-parity-gap", "perceptron").with(D, 0)),
        (&parity_gap::ParityGap, cell("lr-parity-gap", "perceptron").with(D, 65)),
        (
            &finite_width_margin::FiniteWidthMargin,
            cell("lr-finite-width-margin", "cut").with(D, 2).with(M, 0),
        ),
        (&sgd_perceptron::SgdPerceptron, cell("lr-sgd-perceptron", "steps").with(D, 4).with(M, 0)),
        (&smoothed_margin::SmoothedMargin, cell("lr-smoothed-margin", "at").with(D, 2).with(N, 0)),
        (&smoothed_margin::SmoothedMargin, cell("lr-smoothed-margin", "paired").with(D, 2).with(M, 0)),
        (&smoothed_margin::SmoothedMargin, cell("lr-smoothed-margin", "euler").with(D, 1).with(LENGTH, 0.1)),
        (&margin_per_path::MarginPerPath, cell("lr-margin-per-path", "logistic").with(D, 99)),
        (&margin_per_path::MarginPerPath, cell("lr-margin-per-path", "radius").with(D, 2).with(M, 0)),
    ];
    for (claim, cell) in refused {
        assert!(claim.measure(&cell, 0).is_err(), "{cell}");
    }
}
