//! The signs of Theorem 2 by themselves: drawn, and enumerated.

use crate::claim::{Bound, Cell, Measurement, Neighbour, Side};
use crate::error::Result;
use crate::papers::nbl22::instance::Instance;
use escapement::ball::Ball;
use escapement::construct::signed_loss::{SignedModel, enumerate, expected_loss};
use escapement::construct::signs::{apply, draw};
use escapement::network::Model;
use escapement::objective::Loss;
use escapement::rounding;
use faer::{Mat, MatRef, Par};

/// The part with drawn S.
pub(super) const DRAWS: &str = "draws";
/// The part with all S, at a few neurons.
pub(super) const ENUMERATION: &str = "enumeration";
/// Draws of S in a cell.
pub(super) const TRIALS: usize = 300;
/// A draw counts when it exceeds this many times the mean: probability at most 1/3 by Markov.
const TIMES: f64 = 3.0;
/// All six within this many times their means: probability at least 1 − 6/7.
const JOINT: f64 = 7.0;
/// What is counted, in the order of [`at`].
const NAMES: [&str; 6] = ["r1", "r2", "r3", "r4", "square", "loss"];

/// Bounds on the parts measured here.
pub(super) fn bounds() -> Vec<Bound> {
    let mut out: Vec<Bound> = NAMES
        .iter()
        .map(|name| {
            let statement =
                format!("a drawn S exceeds 3 × the mean of {name} with probability at most 1/3 (Markov)");
            Bound::probability(
                format!("drawn-{name}"),
                statement,
                format!("above-{name}"),
                "trials",
                Side::Upper,
                1.0 / TIMES,
            )
            .part(DRAWS)
        })
        .collect();
    out.push(
        Bound::probability(
            "drawn-jointly",
            "R1, R2, R3, R4, the square and the pseudo-Huber loss of a drawn S are all within 7 × their \
             means with probability at least 1/7: such an S exists",
            "jointly-within",
            "trials",
            Side::Lower,
            1.0 / JOINT,
        )
        .part(DRAWS),
    );
    out.push(
        Bound::inequality(
            "jensen",
            "E_S|Y| ≤ √(E_S Y²), averaged over inputs",
            "absolute",
            Side::Upper,
            "root-square",
            Neighbour::rhs("root-noise-half", "the misfit left out, and a factor 1/√2"),
        )
        .part(ENUMERATION),
    );
    out.push(
        Bound::inequality(
            "khintchine",
            "E_S|Y| ≥ √(E_S Y²/2): with the sign of e_0 − f* as one more, Y is a sum of signs",
            "absolute",
            Side::Lower,
            "root-square-half",
            Neighbour::rhs("root-square", "1 in place of 1/√2"),
        )
        .part(ENUMERATION),
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
    // Markov, Jensen, Khintchine, and sums over all signs.
    out.into_iter().map(Bound::code_check).collect()
}

/// R1..R4, and the square and pseudo-Huber losses of f_L + f_Q, at W.
fn at(built: &Instance, f_star: &[f64], w: MatRef<'_, f64>) -> Result<[f64; 6]> {
    let x = built.x.as_ref();
    let [r1, r2, r3, r4] = built.regularizers().all(w, Par::Seq)?;
    let f = built.net.predict(Model::Quadratic, x, w, Par::Seq)?;
    let mean = |loss: Loss| loss.mean(f_star, &f);
    Ok([r1, r2, r3, r4, mean(Loss::Square)?, mean(Loss::PseudoHuber)?])
}

/// E_S of the six, in closed form or by one integral for each input.
fn means(built: &Instance, model: &SignedModel) -> Result<[Ball; 6]> {
    let [r1, r2, r3, r4] = built.averages()?;
    let (n, step) = (model.constant.len() as f64, built.model_rounding());
    let (mut square, mut huber) = (0.0, Ball::new(0.0, step));
    for (i, &b) in model.constant.iter().enumerate() {
        square += (b * b + model.slopes.col(i).squared_norm_l2()) / n;
        huber = huber + expected_loss(Loss::PseudoHuber, b, model.slopes.col_as_slice(i))? / n;
    }
    let square = Ball::new(square, step * (2.0 * square.sqrt() + step));
    Ok([r1, r2, r3, r4, square, huber])
}

/// How often drawn signs exceed the means.
pub(super) fn draws(cell: &Cell, seed: u64) -> Result<Measurement> {
    let built = Instance::new(cell, seed)?;
    let mean = means(&built, &built.model()?)?.map(|mean| mean.value);
    let f_star = built.target.value(built.x.as_ref())?;
    let rng = &mut cell.stream(seed, "signs");
    let (mut above, mut jointly, mut largest) = ([0_usize; 6], 0_usize, [0.0_f64; 6]);
    for _ in 0..TRIALS {
        let w = apply(&draw(rng, cell.m()), built.w_l.as_ref(), built.w_q.w.as_ref())?;
        let values = at(&built, &f_star, w.as_ref())?;
        for i in 0..6 {
            above[i] += usize::from(values[i] > TIMES * mean[i]);
            largest[i] = largest[i].max(values[i] / mean[i]);
        }
        jointly += usize::from((0..6).all(|i| values[i] <= JOINT * mean[i]));
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
    let built = Instance::new(cell, seed)?;
    let model = built.model()?;
    let mean = means(&built, &model)?;
    let f_star = built.target.value(built.x.as_ref())?;
    let zero = Mat::zeros(cell.m(), cell.d());
    let both = &built.w_l + &built.w_q.w;
    let count = 1_usize << model.rows.len();
    let (mut separate, mut common, mut absolute) = ([0.0; 6], [0.0; 6], 0.0);
    for word in 0..count {
        let mut s = vec![1.0; cell.m()];
        for (bit, &row) in model.rows.iter().enumerate() {
            s[row] = if word >> bit & 1 == 1 { -1.0 } else { 1.0 };
        }
        let right = at(&built, &f_star, apply(&s, built.w_l.as_ref(), built.w_q.w.as_ref())?.as_ref())?;
        let wrong = at(&built, &f_star, apply(&s, zero.as_ref(), both.as_ref())?.as_ref())?;
        for i in 0..6 {
            separate[i] += right[i] / count as f64;
            common[i] += wrong[i] / count as f64;
        }
    }
    for (i, &b) in model.constant.iter().enumerate() {
        absolute += enumerate(Loss::Absolute, b, model.slopes.col_as_slice(i))? / cell.n() as f64;
    }
    let norms = model.constant.iter().enumerate().map(|(i, b)| {
        let noise = model.slopes.col(i).squared_norm_l2();
        ((b * b + noise).sqrt(), noise.sqrt())
    });
    let (root, noise) =
        norms.fold((0.0, 0.0), |a, b| (a.0 + b.0 / cell.n() as f64, a.1 + b.1 / cell.n() as f64));
    let step = built.model_rounding();
    // A mean of positive numbers, each to within its own error, adds the roundings of its sum.
    let sum = rounding::sum(count, 1);
    let mut measurement = Measurement::new()
        .quantity("absolute", absolute, step + sum * absolute)
        .quantity("root-square", root, step)
        .quantity("root-square-half", root * std::f64::consts::FRAC_1_SQRT_2, step)
        .quantity("root-noise-half", noise * std::f64::consts::FRAC_1_SQRT_2, step)
        .cost(count as f64 * 1e5, 1e6, 2.0 * count as f64);
    // Both sides use the same eigenvectors and levels, so that only rounding separates them; R1 and R3 of
    // W_L vanish in one and are squares of eigen-residuals in the other.
    for (i, name) in NAMES.iter().enumerate() {
        let enumerated = |value: f64| Ball::new(value, mean[i].error + sum * value);
        measurement = measurement
            .ball(format!("mean-{name}"), mean[i])
            .ball(format!("enumerated-{name}"), enumerated(separate[i]))
            .ball(format!("common-{name}"), enumerated(common[i]));
    }
    Ok(measurement)
}
