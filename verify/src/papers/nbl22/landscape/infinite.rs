//! Lemma 3 and Corollary 1 at infinite width: cells without a network, in d, n and 1/ε.

use super::case::{ACCURATE, MODELS};
use super::closed::Zonal;
use crate::claim::{Bound, Cell, Measurement, Sweep, sweep};
use crate::error::Result;
use crate::papers::nbl22::instance::{ACTIVATIONS, LONG_RANGE};
use crate::papers::nbl22::letters::{ACCURACY, D, K, Letters, M, N, R};

const IN_D: &str = "in-d";
const IN_N: &str = "in-n";
const IN_ACCURACY: &str = "in-accuracy";
/// Values of n from d^k to d^{k+1}, less one.
const STEPS: i32 = 12;

/// The cells: d at n = d^k, n from d^k to d^{k+1}, and 1/ε up to 2⁴⁰.
pub(super) fn cells(claim: &str) -> Vec<Cell> {
    let cell = |part: &str, d: usize, k: usize, activation: &str| {
        let cell = Cell::new(claim, part).with(D, d).with(K, k).with(R, 1).activation(activation);
        cell.with(N, d.pow(k as u32)).with(ACCURACY, ACCURATE)
    };
    let mut cells = Vec::new();
    for (k, activation) in [1, 2].into_iter().flat_map(|k| ACTIVATIONS.map(|a| (k, a))) {
        cells.extend(LONG_RANGE.map(|d| cell(IN_D, d, k, activation)));
        for d in [8, 50] {
            let samples =
                |i: i32| (d as f64).powf(k as f64 + f64::from(i) / f64::from(STEPS)).round() as usize;
            cells.extend((0..=STEPS).map(|i| cell(IN_N, d, k, activation).with(N, samples(i))));
            let accuracies = sweep::doublings(2, 40).step_by(3);
            cells.extend(accuracies.map(|a| cell(IN_ACCURACY, d, k, activation).with(ACCURACY, a)));
        }
    }
    cells
}

/// Whether a cell is one of them.
pub(super) fn contains(cell: &Cell) -> bool {
    cell.get(M).is_none()
}

/// That a quantity at the printed width is ≲ 1 along d, n and 1/ε, for W of which `of` says which.
pub(super) fn at_printed_width(quantity: &'static str, of: &str) -> Vec<Bound> {
    let bound = |(part, over, along): (&str, _, &str)| {
        let statement = format!("at m = n⁴d^{{26(k+1)/3}}ε^{{-22/3}} {of} is ≲ ε: along {along}");
        let sweep = Sweep::upper(over, |_| 0.0).tied(if over == D { &[N] } else { &[] });
        Bound::asymptotic(format!("printed-{part}"), statement, quantity, sweep).part(part)
    };
    [(IN_D, D, "d at n = d^k"), (IN_N, N, "n"), (IN_ACCURACY, ACCURACY, "1/ε")].map(bound).into()
}

/// That ρ alone keeps to ε at the printed width, and the width at which it begins to.
pub(super) fn needed() -> Vec<Bound> {
    let needed = "the least m at which ρ ≤ ε for all of these W, and C at most twice its limit";
    let bound = |name: &str, statement: &str, quantity: &str, part: &str, sweep: Sweep| {
        Bound::asymptotic(name, statement, quantity, sweep).part(part)
    };
    let printed = |c: &Cell| 26.0 * (c.k() as f64 + 1.0) / 3.0;
    vec![
        bound(
            "rest-in-accuracy",
            "at m = n⁴d^{26(k+1)/3}ε^{-22/3} the closed bound on ρ alone is ≲ ε: along 1/ε",
            "rest-at-printed",
            IN_ACCURACY,
            Sweep::upper(ACCURACY, |_| 0.0),
        ),
        bound(
            "needed-in-d",
            &format!("{needed}, is ≲ d^{{26(k+1)/3}} at n = d^k"),
            "needed",
            IN_D,
            Sweep::upper(D, printed).tied(&[N]),
        ),
        bound("needed-in-n", &format!("{needed}, is ≲ n⁴"), "needed", IN_N, Sweep::upper(N, |_| 4.0)),
        bound(
            "needed-in-accuracy",
            &format!("{needed}, is ≍ ε^{{-22/3}}"),
            "needed",
            IN_ACCURACY,
            Sweep::both(ACCURACY, |_| 22.0 / 3.0),
        ),
    ]
}

/// The width that is needed, for each model and the larger of the two, and the larger of the bounds at the
/// printed width, over ε.
pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (n, d, k) = (cell.n() as f64, cell.d() as f64, cell.k() as f64);
    let width = n.powi(4) * d.powf(26.0 * (k + 1.0) / 3.0) * cell.real(ACCURACY).powf(22.0 / 3.0);
    let zonal = Zonal::new(cell, seed)?;
    let mut out = Measurement::new();
    for (name, model) in MODELS {
        let [constant, rest, allowance] = zonal.ratios(width, model);
        for (quantity, ball) in [
            ("left-at-printed", constant + rest),
            ("excess-at-printed", (constant + rest + allowance) / 2.0),
            ("rest-at-printed", rest),
            ("needed", zonal.needed(model, true)),
            ("needed-below", zonal.needed(model, false)),
        ] {
            if quantity.starts_with("needed") {
                out = out.ball(format!("{quantity}-{name}"), ball);
            }
            let largest = out.quantities.entry(quantity.to_owned()).or_insert(ball);
            if ball.value > largest.value {
                *largest = ball;
            }
        }
    }
    Ok(out
        .hypothesis("m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}", true, format!("at m = {width:.1e} itself"))
        .hypothesis("ν ≤ m^{-1/4}, or m^{-1/2} and γ ≤ m^{-3/4}", true, "for every such W"))
}
