//! What the claims of T22 measure, by routes of their own.

use escapement::gaussian::normal::{density, upper_tail};
use escapement::kernel::arc_cosine::Layers;
use escapement_verify::papers::t22::letters::{D, GROUPS, M};
use escapement_verify::papers::t22::{finite_width_margin, ntk_margin, parity_gap, sgd_perceptron};
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

/// What is bad in a cell is an error, and no panic.
#[test]
fn cells_that_cannot_be_are_refused() {
    let cell = |claim: &str, part: &str| Cell::new(claim, part).with(M, 4);
    let refused: [(&dyn Claim, Cell); 7] = [
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
    ];
    for (claim, cell) in refused {
        assert!(claim.measure(&cell, 0).is_err(), "{cell}");
    }
}
