//! The signs of Theorem 2 by themselves: drawn, and enumerated.

use super::theorem_2::{Built, DRAWS, ENUMERATION};
use crate::bound::{Bound, Neighbour, Side};
use crate::cell::Cell;
use crate::error::Result;
use crate::record::Measurement;
use escapement::construct::signs::{apply, draw};
use escapement::objective::regularizers::regularizers;
use faer::{Mat, MatRef, Par};

/// Draws of S in a cell.
const TRIALS: usize = 300;
/// A draw counts when it exceeds this many times the mean: probability at most 1/3 by Markov.
const TIMES: f64 = 3.0;
/// All five within this many times their means: probability at least 1 − 5/6.
const JOINT: f64 = 6.0;
/// What is counted, in the order of [`at`].
const NAMES: [&str; 5] = ["r1", "r2", "r3", "r4", "square"];

/// Bounds on the parts measured here.
pub(super) fn bounds() -> Vec<Bound> {
    let mut out: Vec<Bound> = NAMES
        .iter()
        .map(|name| {
            let statement = format!("a drawn S exceeds 3 × the mean of {name} with probability at most 1/3 (Markov)");
            Bound::probability(format!("drawn-{name}"), statement, format!("above-{name}"), "trials", Side::Upper, 1.0 / TIMES)
                .part(DRAWS)
        })
        .collect();
    out.push(
        Bound::probability(
            "drawn-jointly",
            "R1, R2, R3, R4 and the mean square error of a drawn S are all within 6 × their means with probability at least 1/6: such an S exists",
            "jointly-within",
            "trials",
            Side::Lower,
            1.0 / JOINT,
        )
        .part(DRAWS),
    );
    for name in NAMES {
        let bound = Bound::identity(
            format!("mean-{name}"),
            format!("E_S of {name} at W_L + S·W_Q by the closed form is the mean over all 2^p signs"),
            format!("mean-{name}"),
            format!("enumerated-{name}"),
            Neighbour::rhs(format!("common-{name}"), "S applied to W_L too"),
        );
        out.push(bound.part(ENUMERATION));
    }
    out
}

/// R1..R4 and the mean square error of f_L + f_Q at W.
fn at(built: &Built, f_star: &[f64], w: MatRef<'_, f64>) -> Result<[f64; 5]> {
    let x = built.x.as_ref();
    let [r1, r2, r3, r4] = regularizers(&built.cov, &built.top, &built.net, x, w, Par::Seq)?;
    let (linear, quadratic) = (built.net.f_linear(x, w, Par::Seq)?, built.net.f_quadratic(x, w, Par::Seq)?);
    let square =
        f_star.iter().enumerate().map(|(i, y)| (linear[i] + quadratic[i] - y).powi(2)).sum::<f64>() / f_star.len() as f64;
    Ok([r1, r2, r3, r4, square])
}

/// E_S of the five, in closed form.
fn means(built: &Built) -> Result<[f64; 5]> {
    let [r1, r2, r3, r4] = built.averages()?;
    let model = built.model()?;
    let square = model.constant.iter().enumerate().map(|(i, b)| b * b + model.slopes.col(i).squared_norm_l2()).sum::<f64>();
    Ok([r1, r2, r3, r4, square / model.constant.len() as f64])
}

/// How often drawn signs exceed the means.
pub(super) fn draws(cell: &Cell, seed: u64) -> Result<Measurement> {
    let built = Built::new(cell, seed)?;
    let mean = means(&built)?;
    let f_star = built.target.value(built.x.as_ref())?;
    let rng = &mut cell.stream(seed, "signs");
    let (mut above, mut jointly, mut largest) = ([0_usize; 5], 0_usize, [0.0_f64; 5]);
    for _ in 0..TRIALS {
        let w = apply(&draw(rng, cell.m), built.w_l.as_ref(), built.w_q.w.as_ref())?;
        let values = at(&built, &f_star, w.as_ref())?;
        for i in 0..5 {
            above[i] += usize::from(values[i] > TIMES * mean[i]);
            largest[i] = largest[i].max(values[i] / mean[i]);
        }
        jointly += usize::from((0..5).all(|i| values[i] <= JOINT * mean[i]));
    }
    let trials = TRIALS as f64;
    let mut measurement = Measurement::new()
        .quantity("trials", trials, 0.0)
        .quantity("jointly-within", jointly as f64, 0.0)
        .cost(trials * 60.0 * (built.cov.p() as f64).powi(2), 32.0 * (built.cov.p() as f64).powi(2), trials);
    for (i, name) in NAMES.iter().enumerate() {
        measurement.insert(format!("above-{name}"), above[i] as f64, 0.0);
        // A maximum over draws: exact to rounding as a number, and no estimate of anything.
        measurement.insert(format!("largest-over-mean-{name}"), largest[i], 1e-9 * largest[i]);
    }
    Ok(measurement)
}

/// The means over S against all signs of the rows of W_Q that are not zero.
pub(super) fn enumeration(cell: &Cell, seed: u64) -> Result<Measurement> {
    let built = Built::new(cell, seed)?;
    let (mean, model) = (means(&built)?, built.model()?);
    let f_star = built.target.value(built.x.as_ref())?;
    let zero = Mat::zeros(cell.m, cell.d);
    let both = &built.w_l + &built.w_q.w;
    let count = 1_usize << model.rows.len();
    let (mut separate, mut common) = ([0.0; 5], [0.0; 5]);
    for word in 0..count {
        let mut s = vec![1.0; cell.m];
        for (bit, &row) in model.rows.iter().enumerate() {
            s[row] = if word >> bit & 1 == 1 { -1.0 } else { 1.0 };
        }
        let right = at(&built, &f_star, apply(&s, built.w_l.as_ref(), built.w_q.w.as_ref())?.as_ref())?;
        let wrong = at(&built, &f_star, apply(&s, zero.as_ref(), both.as_ref())?.as_ref())?;
        for i in 0..5 {
            separate[i] += right[i] / count as f64;
            common[i] += wrong[i] / count as f64;
        }
    }
    // Both sides use the same eigenvectors and levels, so that only rounding separates them; R1 and R3 of W_L vanish in one and are squares of
    // eigen-residuals in the other.
    let averages = [mean[0], mean[1], mean[2], mean[3]];
    let form = built.errors(&averages);
    let step = built.model_rounding() * (count as f64).sqrt();
    let mut measurement = Measurement::new().cost(count as f64 * 1e5, 1e6, 2.0 * count as f64);
    for (i, name) in NAMES.iter().enumerate() {
        let error = if i < 4 { form[i] } else { step * (2.0 * mean[4].sqrt() + step) };
        measurement.insert(format!("mean-{name}"), mean[i], error);
        measurement.insert(format!("enumerated-{name}"), separate[i], error);
        measurement.insert(format!("common-{name}"), common[i], error);
    }
    Ok(measurement)
}
