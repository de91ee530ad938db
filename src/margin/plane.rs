//! The margin over neurons of all directions of the plane, by cutting planes.

use super::{Directions, Margin, check_examples};
use crate::ball::Ball;
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef, Par};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// The most directions, for each kink, with which another round of cutting planes begins.
const MOST: usize = 60;

/// The margin of [`Directions::margin`] over all directions of the plane, for inputs `x` (`[n, 2]`) with
/// labels `y` (`[n]`), and the directions of the optimum, `[m, 2]`, to which the primal c (`[m, 1]`)
/// belongs.
///
/// For weights q the function `F(v) = Σ_i q_i y_i σ(v·x_i)` of a unit vector v is linear in v between two
/// neighbouring directions that are orthogonal to inputs, where σ has its kink. Hence `|F|` is largest at a
/// kink, or where v points along the gradient of its arc or against it. The first linear program has all
/// kinks; each of the following has, in addition, the optima of the arcs for the last weights.
///
/// # Errors
/// Inputs of another dimension, no inputs, labels other than ±1, and numbers that are not finite.
///
/// # Accuracy
/// The lower end is that of a linear program, and the upper end is the largest `|F|` over all arcs, with all
/// rounding. The interval is as long as the cutting planes leave it, which is about 1e-9 of the
/// longest input or less.
pub fn plane_margin(x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<(Margin, Mat<f64>)> {
    check_examples(x, y)?;
    if x.ncols() != 2 {
        return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], "n, 2"));
    }
    let angle = |i: usize| libm::atan2(x[(i, 1)], x[(i, 0)]);
    let sides = |i: usize| [FRAC_PI_2, -FRAC_PI_2].map(|turn| (angle(i) + turn).rem_euclid(TAU));
    let mut kinks: Vec<f64> = (0..x.nrows()).flat_map(sides).collect();
    kinks.sort_by(f64::total_cmp);
    let mut angles = kinks.clone();
    let (mut upper, mut dual) = (f64::INFINITY, Vec::new());
    loop {
        let v = Mat::from_fn(angles.len(), 2, |j, c| if c == 0 { angles[j].cos() } else { angles[j].sin() });
        let found = Directions::new(v.as_ref(), x, y, par)?.margin()?;
        let (arcs, slack) = optima(x, y, &kinks, &found.dual);
        let most = arcs.iter().map(|arc| arc.1).fold(0.0, f64::max) + slack;
        if most < upper {
            (upper, dual) = (most, found.dual);
        }
        let (known, count) = (found.margin.upper() + 4.0 * slack, angles.len());
        angles.extend(arcs.iter().filter(|arc| arc.1 > known).map(|arc| arc.0));
        if angles.len() == count || count > MOST * kinks.len() {
            let margin = Ball::exact(found.margin.lower()).hull(Ball::exact(upper.next_up()));
            return Ok((Margin { margin, primal: found.primal, dual }, v));
        }
    }
}

/// The best angle of each arc between neighbouring `kinks` for F and for −F, with |F| there, and a bound on
/// the error of |F|.
///
/// Within an arc F is g·v, at most `|g| cos δ` where δ is the distance of g from the arc. An input whose
/// sign in the middle of the arc is in doubt has its kink within rounding of the whole arc. Angles err by
/// fewer than ten roundings of 2π, and so does v; each changes F by at most `Σ q_i ‖x_i‖` times that. The
/// sum of the weights misses 1 by n roundings.
fn optima(x: MatRef<'_, f64>, y: &[f64], kinks: &[f64], q: &[f64]) -> (Vec<(f64, f64)>, f64) {
    let n = x.nrows();
    let reach: f64 = (0..n).map(|i| q[i] * x.row(i).norm_l2()).sum();
    let arc = |(index, first): (usize, &f64)| {
        let last = kinks.get(index + 1).copied().unwrap_or(kinks[0] + TAU);
        let (middle, half) = (0.5 * (first + last), 0.5 * (last - first));
        let active = |i: &usize| x[(*i, 0)] * middle.cos() + x[(*i, 1)] * middle.sin() > 0.0;
        let part = |c: usize| (0..n).filter(active).map(|i| q[i] * y[i] * x[(i, c)]).sum::<f64>();
        let g = [part(0), part(1)];
        [0.0, PI].map(|turn| {
            let offset = (libm::atan2(g[1], g[0]) + turn - middle + PI).rem_euclid(TAU) - PI;
            let value = g[0].hypot(g[1]) * (offset.abs() - half).clamp(0.0, PI).cos();
            (middle + offset.clamp(-half, half), value)
        })
    };
    (kinks.iter().enumerate().flat_map(arc).collect(), reach * rounding::sum(n, 60) * TAU)
}
