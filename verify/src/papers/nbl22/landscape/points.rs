//! Points W at which the steps of Lemma 3 are held to numbers, and the sides of these steps.

use super::case::Case;
use super::closed::{Closed, Reach, Scales};
use super::terms::Terms;
use crate::claim::{Cell, Measurement};
use escapement::ball::Ball;
use escapement::network::Model;
use escapement::sphere::uniform_sphere;
use faer::{Mat, Scale};

/// Points W: 0, W*, −W_L*, where 24τ⁶ − 6τ⁸ is largest, far out, random, along the last eigenvector of the
/// top space and the first beyond.
pub(super) fn points(case: &Case, cell: &Cell, seed: u64) -> [(&'static str, Mat<f64>); 8] {
    let (star, built) = (&case.star, &case.built);
    let (m, p, d) = (cell.m(), cell.m() / 2, cell.d());
    let random = uniform_sphere(&mut cell.stream(seed, "random point"), 1, m * d, star.norm_l2());
    let along = |j: usize, spent: f64| {
        let (value, vectors) = (built.pairs.eigenvalues[j], built.pairs.vectors.as_ref());
        let size = (10.0 * spent / (2.0 * case.epsilon * value)).sqrt();
        Mat::from_fn(m, d, |r, i| {
            let x = size * vectors.map_or(0.0, |v| v[(i * p + r % p, j)]);
            if r < p { x } else { -x }
        })
    };
    let last = built.top.rank() - 1;
    [
        ("zero", Mat::zeros(m, d)),
        ("at-star", star.clone()),
        ("mirror", &built.w_l * Scale(-1.0)),
        ("far", star * Scale(3.0_f64.sqrt())),
        ("farther", star * Scale(4.0)),
        ("random", Mat::from_fn(m, d, |r, i| random[(0, r * d + i)])),
        ("last", along(last, case.spent[1] + case.low)),
        ("next", along(last + 1, case.spent[0])),
    ]
}

/// Both sides at a point, and false left sides.
pub(super) fn record(out: &mut Measurement, name: &str, case: &Case, t: &Terms) {
    let lhs = t.lhs();
    for (suffix, value) in [
        ("", lhs),
        ("-composed", t.composed(case.model)),
        ("-half", lhs - 0.5 * t.curvature),
        ("-without-star", lhs - 2.0 * t.inner_star),
        ("-without-low", lhs + t.inner_low),
        ("-flipped", lhs + 2.0 * t.inner),
    ] {
        out.insert(format!("{name}{suffix}"), value, t.rounding);
    }
}

/// The largest ratios over the points, for what holds at every W.
pub(super) fn everywhere(
    out: &mut Measurement,
    case: &Case,
    of: &Scales,
    lambda: [f64; 4],
    terms: &[Terms],
) {
    let epsilon = case.epsilon;
    let mut worst = |name: &str, sides: &dyn Fn(&Terms) -> (f64, f64)| {
        let ratios = terms.iter().map(|t| {
            let (lhs, rhs) = sides(t);
            Ball::new(lhs, t.rounding) / Ball::new(rhs, t.rounding)
        });
        if let Some(ball) = ratios.reduce(|a, b| if b.value > a.value { b } else { a }) {
            out.quantities.insert(name.to_owned(), ball);
        }
    };
    let six = |t: &Terms| 6.0 * epsilon + t.remainder();
    worst("constant", &|t| (t.lhs(), six(t) + t.supremum));
    worst("constant-six", &|t| (t.lhs(), six(t)));
    let held = |t: &Terms| {
        let [r1, r2, r3, r4] = t.regularizers;
        t.loss + 2.0 * (lambda[0] * r1 + lambda[1] * r2 + lambda[2] * r3) + 8.0 * lambda[3] * r4
    };
    let still = |t: &Terms| of.zero + of.bend() * t.regularizers[3].powf(0.25);
    worst("radius", &|t| (held(t), still(t) + t.gradient * t.norms[0]));
    worst("radius-still", &|t| (held(t), still(t)));
    let [_, first, second, third] = of.sup;
    let (m, d, spread, b) = (of.m, of.d, of.spread, of.star[1]);
    let plain = |square: f64| first.powi(2) * spread * square / m;
    // Slopes of f_L + f_Q are sums of two, and their squares at most twice the sum of squares.
    let bent = |t: &Terms| 2.0 * d * spread * (second * t.tau * b * b).powi(2) / m;
    let squares = |t: &Terms| match case.model {
        Model::Network => plain(of.square[0]),
        _ => 2.0 * plain(of.square[0]) + bent(t),
    };
    worst("squares", &|t| (t.squares, squares(t)));
    worst("squares-false", &|t| (t.squares, plain(b * b)));
    let cross = |t: &Terms| second * spread * t.norms[1] / m.sqrt();
    worst("cross", &|t| (t.crossed, cross(t) * t.norms[0]));
    worst("cross-false", &|t| (t.crossed, cross(t) * t.tau * b));
    if case.model == Model::Network {
        let cubes = |t: f64, step: f64| t * b * b + 0.5 * t * t * step + (t.powi(3) + b.powi(3)) / 3.0;
        let taylor = |t: &Terms| third * d.sqrt() * spread * cubes(t.tau * b, t.norms[2]);
        worst("taylor", &|t| (t.moduli[3], taylor(t) * m.powf(-0.25)));
        worst("taylor-false", &|t| (t.moduli[3], taylor(t) * m.powf(-0.5)));
    }
    // Where W has no part in the top space, both sides are rounding.
    let top = |t: &Terms, power: f64| match t.projected > 1e-6 * t.norms[0] {
        true => (t.delta * b - 2.0 * of.low[1], of.spread_out(1.0).powf(power) * t.projected),
        false => (0.0, 1.0),
    };
    worst("delta", &|t| top(t, 1.0));
    worst("delta-false", &|t| top(t, 2.0));
    for (suffix, epsilon) in [("", epsilon), ("-false", 1.0)] {
        let reach = |t: &Terms| {
            let reach = Reach::below(t.here, epsilon);
            (reach, Closed::new(of, case.model, epsilon, reach))
        };
        worst(&format!("reach-tau{suffix}"), &|t| (t.tau, reach(t).0.tau));
        worst(&format!("reach-beyond{suffix}"), &|t| (t.moduli[0], reach(t).1.pieces[1]));
        worst(&format!("reach-projected{suffix}"), &|t| (t.projected, reach(t).1.projected));
    }
}
