//! BL20, coupling: under random signs of its rows of weights the network follows its quadratic model, and
//! without them it follows its linear one.
//!
//! Derived for this project. With `z_r = w_{0,r}·x`, `u_r = w_r·x`, the even parts E_r and the odd parts O_r
//! of the neurons, and M_j = sup|σ^{(j)}|:
//!
//! > `E_S f = m^{−1/2} Σ a_r E_r`, `Var_S f = (1/m) Σ O_r²`, so that
//! > `|E_S f − f_Q| ≤ (M_4/24) m^{−1/2} Σ u_r⁴` and `(Var_S f)^{1/2} ≤ M_1 m^{−1/2} (Σ u_r²)^{1/2}`.
//!
//! At rows of length m^{−1/4} these are m^{−1/2} and m^{−1/4}. A Lipschitz loss moves by no more than their
//! sum, and a loss with |ℓ'|, ℓ'' ≤ 1 by bias and half the variance. The rate m^{−1/4} is attained where a
//! loss has a kink at the label: for |f − y|, y = f_Q, with the constant `√(2/π) (m^{−1/2} Σ σ'² u²)^{1/2}`.

use super::instance;
use super::letters::{D, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::randomised::{bias_by_norm, over_signs, spread_by_norm};
use escapement::sphere::uniform_sphere;
use escapement::{construct::norm_2_4_pow4, rounding};
use faer::{Mat, Par};
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_2_PI, PI};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Coupling;

/// Components along the moved neurons of the inputs drawn. Each comes with its negative: of a polynomial in
/// u, odd powers then cancel in the mean square beside the lowest one. One more input is parallel to the
/// neurons.
const ALONG: [f64; 3] = [2.0, 0.5, 1.0];
const INPUTS: usize = 2 * ALONG.len();
/// Both have all derivatives, and none of `E σ'(N)`, …, `E σ''''(N)` vanishes.
const ACTIVATIONS: [&str; 2] = ["sine:-0.8", "sigmoid:0.8"];
/// The law of a multiplier of mean 0 and variance 1 that is not a sign: values and probabilities.
const SKEW: [(f64, f64); 2] = [(2.0, 0.2), (-0.5, 0.8)];
const CARD: Card = Card {
    statement: r"|\mathbb{E}_S f - f_Q| \asymp m^{-1/2}, \qquad (\text{Var}_S f)^{1/2} \asymp m^{-1/4},
        \qquad \frac{m^{1/4}\, \mathbb{E}_S |f - f_Q|}{\left( m^{-1/2} \sum_r \sigma'(z_r)^2 u_r^2
        \right)^{1/2}} \to \sqrt{2/\pi}",
    reference: "BL20, the coupling of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs on the sphere of radius √d; rows of length m^{−1/4}, so that f_Q does not depend on \
        m; for the rates those with a_r = 1 along one direction, the others at rest.",
    method: "The law over all signs as finite sums and one-dimensional integrals: nothing is sampled but \
        weights and inputs, and the inputs stay the same along m: their components along the rows are ±2, \
        ±½, ±1 and √d. In small networks all 2^m signs are gone through. The rates are followed in m, the \
        constants in d.",
    refuted_by: "A bias or a variance beyond its bound; another power of m; a loss with a kink that couples \
        faster, or a smooth one that couples slower; another constant than √(2/π).",
    variables: &["m", "d"],
    errata: &[ErratumId(1), ErratumId(8)],
    ..Card::new(&super::PAPER, "bl-coupling", "Random signs couple the network with its quadratic model")
};

impl Claim for Coupling {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let (mut cells, (count, step)) = (Vec::new(), if tier == Tier::Quick { (13, 3) } else { (21, 2) });
        for activation in ACTIVATIONS {
            let cell = |part: &str, d: usize, m: usize| {
                Cell::new(self.id(), part).with(D, d).with(M, m).activation(activation)
            };
            for m in [4, 8, 12, 18] {
                cells.extend((0..2).map(|r| cell("signs", 3, m).replicate(r)));
            }
            for m in sweep::half_octaves(256, count).step_by(step) {
                cells.push(cell("random", 8, m));
                cells.extend((0..4).map(|r| cell("coherent", 8, m).replicate(r)));
            }
            for d in sweep::doublings(16, 5) {
                cells.extend((0..6).map(|r| cell("dimensions", d, 4096).replicate(r)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d) = (cell.m() as f64, cell.d() as f64);
        let flops = match cell.part.as_str() {
            "signs" => 6e5 + 25.0 * 2.0_f64.powf(m),
            "dimensions" => 2e6 + m * (40.0 * d + 400.0),
            _ => 1.2e7 + m * (40.0 * d + 400.0),
        };
        Prediction { flops, bytes: 1e6 + 64.0 * m * (d + INPUTS as f64) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "signs" => signs(cell, seed),
            _ => width(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let growth = |part: &str, name: &str, statement: &str, sweep| {
            Bound::growth(name, statement, name, format!("{name}_scale"), sweep).part(part)
        };
        let in_m = |name: &str, statement: &str, power: f64| {
            growth("coherent", name, statement, Sweep::both(M, move |_| power))
        };
        let in_d = |name: &str, statement: &str, power: f64| {
            growth("dimensions", name, statement, Sweep::both(D, move |_| power))
        };
        let half =
            |name: &str, statement: &str| growth("coherent", name, statement, Sweep::upper(M, |_| -0.5));
        let growths = vec![
            in_m("spread", "(Var_S f)^{1/2} ≍ m^{−1/4}, root mean square over inputs", -0.25).headline(),
            in_m("bias", "|E_S f − f_Q| ≍ m^{−1/2}", -0.5)
                .chosen("the second σ: tanh(z − ½), whose E σ''''(N) is small beside M_4, read −0.60")
                .headline(),
            in_m("kink", "E_S |f − f_Q| ≍ m^{−1/4}: a kink at the label", -0.25).headline(),
            in_m("square", "at y = f_Q, E_S (f − y)² ≍ m^{−1/2}", -0.5).headline(),
            in_m("huber", "at y = f_Q, E_S √(1 + (f − y)²) − 1 ≍ m^{−1/2}", -0.5),
            half("far", "at y = f_Q + 1, far from its kink, |f − y| moves by ≲ m^{−1/2}"),
            half("distance", "|E_S |f − f_Q|/[√(2/π) (m^{−1}Σσ'²u²)^{1/2}] − 1| ≲ m^{−1/2}")
                .chosen("an input with u = 2m^{−1/4}, after the distance had bent at half of it")
                .headline(),
            in_m("no-signs", "without signs |f − f_Q| ≍ m^{1/4}: f_L leads", 0.25).headline(),
            in_m("skew", "multipliers 2 and −½ with P = 1/5, 4/5 leave |E f − f_Q| ≍ m^{−1/4}", -0.25),
            in_d("flat", "at inputs drawn the spread is free of d", 0.0),
            in_d("aligned-spread", "at x along the rows it is ≍ d^{1/2}, like M_1 m^{−1/4}‖x‖‖W‖", 0.5),
            in_d("aligned-bias", "there the bias is ≍ d², like (M_4/24) m^{−1/2}‖x‖⁴‖W‖⁴", 2.0)
                .chosen("d from 16 on, rows of length m^{−1/4}/8: the law of z depends on d below"),
        ];
        let identities = [
            ("mean", "E_S f = m^{−1/2} Σ a_r E_r", "without_a", "a_r dropped"),
            ("variance", "Var_S f = (1/m) Σ O_r²", "linear", "that of f_L"),
            ("linear", "Var_S f_L = (1/m) Σ σ'² u_r²", "variance", "that of f"),
            ("loss-square", "E_S (f − y)² by the law", "square_at_mean", "the loss of E_S f"),
            ("loss-huber", "E_S √(1 + (f − y)²) − 1 by the law", "huber_at_mean", "the loss of E_S f"),
            ("loss-absolute", "E_S |f − y| by the law", "absolute_at_mean", "the loss of E_S f"),
        ]
        .map(|(name, statement, wrong, what)| {
            let rhs = format!("{name}_of_all");
            Bound::identity(name, statement, name, rhs, Neighbour::lhs(wrong, what))
                .code_check()
                .part("signs")
        });
        let (skewed, still) = ("the bias of the skew multiplier", "f − f_Q without signs");
        let inequalities = [
            ("bias-sum", "|E_S f − f_Q| ≤ (M_4/24) m^{−1/2} Σ u_r⁴", "skew", skewed),
            ("bias-norm", "|E_S f − f_Q| ≤ (M_4/24) m^{−1/2} ‖x‖⁴‖W‖⁴", "skew", skewed),
            ("spread-sum", "(Var_S f)^{1/2} ≤ M_1 m^{−1/2} (Σ u_r²)^{1/2}", "still", still),
            ("spread-norm", "(Var_S f)^{1/2} ≤ M_1 m^{−1/4} ‖x‖‖W‖", "still", still),
            (
                "lipschitz",
                "E_S |f − y| moves by ≤ bias + spread, y = f_Q and f_Q + 1",
                "half",
                "half the spread",
            ),
            ("smooth", "√(1 + (f − y)²) by ≤ bias + ½ bias² + ½ Var_S f", "half", "¼ Var_S f"),
            ("kink-low", "E_S |f − f_Q| ≥ (½ Var_S f)^{1/2} (Khintchine)", "whole", "without ½"),
            ("constant", "E_S |f − f_Q| is its limit up to known terms", "one", "1 for √(2/π)"),
        ]
        .map(|(name, statement, wrong, what)| {
            let statement = format!("{statement}: the largest ratio over the inputs is at most 1");
            let false_one = Neighbour::lhs(format!("{name}-{wrong}"), what);
            let bound = Bound::inequality(name, statement, name, Side::Upper, "one", false_one);
            bound.code_check().among(|cell| matches!(cell.part.as_str(), "coherent" | "random"))
        });
        growths.into_iter().chain(identities).chain(inequalities).collect()
    }
}

/// All 2^m signs of a small network at one input: sums over them by doubling, and the law.
fn signs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m, rng) = (cell.d(), cell.m(), &mut cell.stream(seed, "draws"));
    let net = PairedNetwork::random(rng, m / 2, d, instance::activation(cell)?)?;
    let (x, w) = (uniform_sphere(rng, 1, d, (d as f64).sqrt()), uniform_sphere(rng, m, d, 1.0));
    let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq)?;
    let (sigma, scale) = (net.activation(), (m as f64).sqrt().recip());
    let (mut all, mut linear, mut without_a) = (vec![0.0], vec![0.0], 0.0);
    for r in 0..m {
        let z = (net.weights().row(r % net.p()) * x.row(0).transpose(), w.row(r) * x.row(0).transpose());
        let of = [z.0 + z.1, z.0 - z.1].map(|z| scale * net.sign(r) * sigma.value(z));
        without_a += 0.5 * net.sign(r) * (of[0] + of[1]);
        let slope = scale * net.sign(r) * sigma.d1(z.0) * z.1;
        all = all.iter().flat_map(|f| of.map(|of| f + of)).collect();
        linear = linear.iter().flat_map(|f| [f + slope, f - slope]).collect();
    }
    // A shift of f by at most δ moves a loss by δ, and E f² by 2δ(E f²)^{1/2} + δ².
    let (delta, count) = (2.0 * law.rounding()[0], all.len() as f64);
    let mean_of = |list: &[f64], g: &dyn Fn(f64) -> f64| {
        let (sum, size) = list.iter().map(|f| g(*f)).fold((0.0, 0.0), |(s, a), g| (s + g, a + g.abs()));
        Ball::new(sum / count, rounding::sum(list.len(), 16) * size / count)
    };
    let shifted = |ball: Ball| Ball::new(ball.value, ball.error + delta);
    let squared = |ball: Ball| Ball::new(ball.value, ball.error + (2.0 * ball.value.sqrt() + delta) * delta);
    let mean = mean_of(&all, &|f| f);
    let y = mean.value + 0.3;
    let mut out = Measurement::new()
        .hypothesis("fair signs", true, "all of them")
        .quantity("mean", law.mean()[0], delta)
        .ball("mean_of_all", shifted(mean))
        .quantity("without_a", without_a, delta)
        .ball("variance", squared(Ball::exact(law.variance()[0])))
        .ball("variance_of_all", squared(mean_of(&all, &|f| (f - mean.value).powi(2))))
        .ball("linear", squared(Ball::exact(law.linear_variance()[0])))
        .ball("linear_of_all", squared(mean_of(&linear, &|f| f * f)));
    for (name, loss) in
        [("square", Loss::Square), ("huber", Loss::PseudoHuber), ("absolute", Loss::Absolute)]
    {
        let moved = |ball| if loss == Loss::Square { squared(ball) } else { shifted(ball) };
        out = out
            .ball(format!("loss-{name}"), law.losses(loss, &[y], Par::Seq)?[0])
            .ball(format!("loss-{name}_of_all"), moved(mean_of(&all, &|f| loss.value(y, f))))
            .ball(format!("{name}_at_mean"), moved(Ball::exact(loss.value(y, law.mean()[0]))));
    }
    Ok(out)
}

/// The law at a width: its rates at the inputs drawn, and the largest ratios to the bounds at all inputs.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m, sigma) = (cell.d(), cell.m(), instance::activation(cell)?);
    let mut suprema = [0.0; 5];
    for order in 1..=4 {
        suprema[order] = sigma.supremum(order)?.value;
    }
    // The same at every m, and in every network.
    let fixed = &mut cell.clone().without(M).replicate(0).stream(seed, "inputs");
    let radius = (d as f64).sqrt();
    let axes = uniform_sphere(fixed, 1 + ALONG.len(), d, 1.0);
    let beta = axes.row(0);
    let x = Mat::from_fn(INPUTS + 1, d, |i, c| {
        let Some(along) = ALONG.get(i / 2) else { return radius * beta[c] };
        let (drawn, sign) = (axes.row(1 + i / 2), if i % 2 == 0 { 1.0 } else { -1.0 });
        let common = drawn * beta.transpose();
        let rest = ((radius * radius - along * along) / (1.0 - common * common)).sqrt();
        sign * (along * beta[c] + rest * (drawn[c] - common * beta[c]))
    });
    let (rng, root) = (&mut cell.stream(seed, "weights"), (m as f64).sqrt());
    let net = PairedNetwork::random(rng, m / 2, d, sigma)?;
    // Products u with the parallel input stay small in high dimensions.
    let length = if cell.part == "dimensions" { 0.125 } else { 1.0 } / root.sqrt();
    let w = match cell.part.as_str() {
        "random" => uniform_sphere(rng, m, d, length),
        _ => Mat::from_fn(m, d, |r, c| if r < m / 2 { length * beta[c] } else { 0.0 }),
    };
    let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq)?;
    let at = |t: f64| net.f(x.as_ref(), Mat::from_fn(m, d, |r, c| t * w[(r, c)]).as_ref(), Par::Seq);
    let (still, [high, low]) = (at(1.0)?, [at(SKEW[0].0)?, at(SKEW[1].0)?]);
    let norm = norm_2_4_pow4(w.as_ref()).powf(0.25);
    let (mut rates, mut ratios) = (BTreeMap::<&str, Vec<Ball>>::new(), BTreeMap::<String, Ball>::new());
    let mut ratio = |name: &str, ratio: Ball| {
        let held = ratios.entry(name.to_owned()).or_insert(Ball::exact(0.0));
        *held = Ball::new(held.value.max(ratio.value), held.error.max(ratio.error));
    };
    for i in 0..=INPUTS {
        let (rounding, [squares, fourths]) = (law.rounding()[i], law.moments().map(|moments| moments[i]));
        // The terms of f_Q are ½ m^{−1/2} |σ''| u_r².
        let of_q = rounding::sum(m, 2 * d + 32) * 0.5 * squares * suprema[2] / root;
        let q = Ball::new(law.quadratic()[i], of_q);
        let near = |f: f64| (Ball::new(f, rounding) - q).abs();
        let (bias, still) = (near(law.mean()[i]), near(still[i]));
        let skew = near(SKEW[0].1 * high[i] + SKEW[1].1 * low[i]);
        let [spread, linear] =
            [&law.variance()[i], &law.linear_variance()[i]].map(|v| Ball::new(v.sqrt(), rounding));
        let mut rate = |name, ball: Ball| rates.entry(name).or_default().push(ball);
        rate("spread", spread);
        rate("bias", bias);
        rate("no-signs", still);
        rate("skew", skew);
        let of_bias = [suprema[4] / 24.0 * fourths / root, bias_by_norm(suprema[4], m, radius, norm)];
        let of_spread = [suprema[1] * squares.sqrt() / root, spread_by_norm(suprema[1], m, radius, norm)];
        for (place, name) in ["sum", "norm"].into_iter().enumerate() {
            ratio(&format!("bias-{name}"), bias / of_bias[place]);
            ratio(&format!("bias-{name}-skew"), skew / of_bias[place]);
            ratio(&format!("spread-{name}"), spread / of_spread[place]);
            ratio(&format!("spread-{name}-still"), still / of_spread[place]);
        }
        if i > 0 || cell.part == "dimensions" {
            continue;
        }
        let mean = |loss, y: f64| -> Result<Ball> {
            let mean = law.sums()[i].mean_loss(loss, y)?;
            Ok(Ball::new(mean.value, mean.error + rounding))
        };
        let (kink, far) = (mean(Loss::Absolute, q.value)?, mean(Loss::Absolute, q.value + 1.0)?);
        let (huber, away) = (mean(Loss::PseudoHuber, q.value)?, mean(Loss::PseudoHuber, q.value + 1.0)?);
        let far = (far - 1.0).abs() + Ball::new(0.0, of_q);
        let away = (away - (Ball::exact(2.0).sqrt() - 1.0)).abs() + Ball::new(0.0, of_q);
        let predicted = linear * Ball::exact(FRAC_2_PI).sqrt();
        rate("kink", kink);
        rate("predicted", predicted);
        rate("huber", huber);
        rate("far", far);
        // kink = E|b + Z| with the bias b and the signed sum Z: what b adds, and what Z lacks to be normal.
        let largest = w.row_iter().map(|w| (w * x.row(i).transpose()).abs()).fold(0.0, f64::max);
        let normal = 2.0 * bias * bias / ((2.0 * PI).sqrt() * spread)
            + (1.12 * bias / spread + 1.0) * (suprema[1] * largest / root);
        let third = suprema[3] / 6.0 * FRAC_2_PI.sqrt() * largest.powi(2) * squares.sqrt() / root;
        ratio("constant", (kink - predicted).abs() / (normal + third));
        ratio("constant-one", (kink - linear).abs() / (normal + third));
        let (mid, half) = (bias + 0.5 * bias * bias, 0.5 * spread * spread);
        for (moved, smooth) in [(kink, huber), (far, away)] {
            ratio("lipschitz", moved / (bias + spread));
            ratio("lipschitz-half", moved / (bias + 0.5 * spread));
            ratio("smooth", smooth / (mid + half));
            ratio("smooth-half", smooth / (mid + 0.5 * half));
        }
        ratio("kink-low", spread / (Ball::exact(2.0).sqrt() * kink));
        ratio("kink-low-whole", spread / kink);
    }
    let mut out = Measurement::new()
        .hypothesis("M_4 finite", suprema[4].is_finite(), format!("{}", suprema[4]))
        .quantity("one", 1.0, 0.0);
    out.quantities.extend(ratios);
    let mean = |name: &str, power: i32| -> Ball {
        let list = &rates[name][..INPUTS.min(rates[name].len())];
        list.iter().map(|ball| ball.powi(power)).sum::<Ball>() / list.len() as f64
    };
    let mut put = |name: &str, ball: Ball, power: i32| {
        // Powers of m^{−1/4}.
        let scale = (1.0 / Ball::exact(m as f64).sqrt().sqrt()).powi(power);
        out.quantities.extend([(name.to_owned(), ball), (format!("{name}_scale"), scale)]);
    };
    for (name, power) in [("spread", 1), ("bias", 2), ("no-signs", -1), ("skew", 1)] {
        put(name, mean(name, 2).sqrt(), power);
    }
    if cell.part == "dimensions" {
        return Ok(out
            .ball("flat", mean("spread", 2).sqrt())
            .quantity("flat_scale", 1.0, 0.0)
            .ball("aligned-spread", rates["spread"][INPUTS])
            .ball("aligned-spread_scale", Ball::exact(d as f64).sqrt())
            .ball("aligned-bias", rates["bias"][INPUTS])
            .ball("aligned-bias_scale", Ball::exact((d * d) as f64)));
    }
    put("square", mean("spread", 2) + mean("bias", 2), 2);
    put("kink", mean("kink", 1), 1);
    put("distance", (mean("kink", 1) / mean("predicted", 1) - 1.0).abs(), 2);
    put("huber", mean("huber", 1), 2);
    put("far", mean("far", 1), 2);
    Ok(out)
}
