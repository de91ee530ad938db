//! NBL22: the network is its quadratic expansion at W*.
//!
//! > `|f(x; W*) − f_L(x; W*) − f_Q(x; W*)| ≲ m^{-1/4} d^{3(k−1)/4}`.
//!
//! Taylor's theorem neuron by neuron gives `(sup|σ'''|/6) m^{-1/2} Σ_r |x·w_r|³` at every input, whatever W;
//! σ''' bounded is used, not assumed (erratum 2). With S the identity the cubic terms add up, and drawn
//! signs cancel them. What is claimed of the remainder is seen in three steps, because W_L carries a part of
//! it that falls faster and is not small at the widths measured, so that the remainder itself follows no
//! power there: what is beyond its third-order term is ≲ m^{-1/4}; the part of that term that W_Q has alone
//! follows m^{-1/4}, with an explicit expression beside it; and what W_L adds to that part is ≲ m^{-1/2}.

use super::instance::{self, ACTIVATIONS, Instance, LONG_RANGE, TERMS};
use super::moments::Moments;
use super::{effort, hypotheses};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
    sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, R};
use escapement::ball::Ball;
use escapement::construct::{self, frobenius_sq, signs};
use escapement::network::PairedNetwork;
use escapement::rounding;
use escapement::sphere::{self, Truncation};
use escapement::tolerance;
use faer::{Mat, MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Taylor;

/// Inputs that the remainder is looked at on.
const INPUTS: usize = 64;
/// What may be left out of Σ for W_L, relative to its largest eigenvalue: the remainder feels W_L by its
/// square.
const TAIL: f64 = 1e-6;
/// Signs drawn.
const DRAWS: usize = 2;

const CARD: Card = Card {
    statement: r"\left| f(x; W^*) - f_L(x; W^*) - f_Q(x; W^*) \right| \lesssim m^{-1/4} d^{3(k-1)/4}",
    reference: "NBL22, section 3 (from the quadratic model to the network)",
    hypotheses: "m ≥ d^{3(k−1)}, σ''' bounded; W* is that of Theorem 2, which asks for m ≥ d^{10k}.",
    method: "The remainder at W* = W_L + S·W_Q on 64 inputs, the same along m, in root mean square. With S \
        the identity: the part of its third-order term that W_Q has alone against the explicit mean of \
        Taylor's bound, what W_L adds to that, and what is beyond the third order, against m^{-1/2}; with \
        drawn S the remainder against m^{-1/4}. The growth of the explicit expression in d is exact.",
    refuted_by: "A third-order term of W_Q that follows another power than m^{-1/4}; a part of W_L in it, \
        or of higher orders, that falls slower than m^{-1/2}; a remainder with drawn signs that falls \
        slower than m^{-1/4}; an explicit expression that outgrows d^{3(k−1)/4}.",
    uses: &["lemma-1", "lemma-2"],
    errata: &[ErratumId(2)],
    variables: &["m", "d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "taylor", "The network is its quadratic expansion at W*")
};

impl Claim for Taylor {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        let groups = [1, 2]
            .into_iter()
            .flat_map(|k| TERMS.into_iter().flat_map(move |t| ACTIVATIONS.map(|a| (k, t, a))));
        for (k, terms, activation) in groups {
            let cell = |part: &str, d, m| {
                Cell::new(self.id(), part)
                    .with(D, d)
                    .with(M, m)
                    .with(K, k)
                    .with(R, terms)
                    .activation(activation)
            };
            cells.extend(LONG_RANGE.map(|d| cell("exact", d, 0).without(M)));
            if (k, terms) == (1, 1) {
                for (d, m) in [3, 4, 6, 8, 12].into_iter().flat_map(|d| [2048, 4096].map(|m| (d, m))) {
                    cells.extend((0..12).map(|replicate| cell("dimensions", d, m).replicate(replicate)));
                }
            }
            let (count, replicates) = match tier {
                Tier::Quick => (5, 3),
                Tier::Standard => (7, 6),
                Tier::Paper => (9, 8),
            };
            for m in sweep::doublings(1024, count) {
                cells.extend((0..replicates).map(|replicate| cell("width", 3, m).replicate(replicate)));
            }
            if tier == Tier::Quick && k == 1 {
                // The least even width above 3^10, inside the hypotheses of Theorem 2.
                cells.push(cell("width", 3, 59_050));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d) = (cell.m() as f64, cell.d() as f64);
        if cell.part == "exact" {
            return Prediction { flops: 5e6, bytes: 1e6 };
        }
        if cell.part == "dimensions" {
            return Prediction {
                flops: 2e6 + 30.0 * INPUTS as f64 * m,
                bytes: 1e7 + 24.0 * INPUTS as f64 * m,
            };
        }
        // f, f_L and f_Q at every input, and the moduli of the cubes.
        let remainders = (DRAWS + 1) as f64 * INPUTS as f64 * m * (20.0 + 0.55 * effort::sigma(cell));
        Prediction { flops: effort::top_space(cell, TAIL) + remainders, bytes: 6e7 + m * d * 8.0 * 34.0 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "exact" => exact(cell, seed),
            "dimensions" => along_d(cell, seed),
            _ => width(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::inequality(
                "taylor",
                "|f − f_L − f_Q| ≤ (sup|σ'''|/6) m^{-1/2} Σ_r |x·w_r|³ at each input, S the identity or \
                 drawn: the largest ratio is at most 1",
                "worst_ratio",
                Side::Upper,
                "one",
                Neighbour::lhs("worst_ratio_linear", "f_Q left out of the expansion"),
            )
            .code_check()
            .part("width"),
            Bound::growth(
                "beyond-third-order",
                "with S the identity the remainder is its third-order term, that of a_r \
                 σ'''(w_{0,r}·x)(x·w_r)³/6, up to ≲ m^{-1/4}",
                "beyond_third",
                "quarter",
                Sweep::upper(M, |_| -0.25),
            )
            .part("width"),
            Bound::growth(
                "of-w-q",
                "the third-order term of W_Q alone is ≍ m^{-1/4}: it follows the mean of Taylor's bound",
                "third_of_w_q",
                "explicit",
                Sweep::both(M, |_| -0.25),
            )
            .part("width"),
            Bound::growth(
                "of-w-q-along-d",
                "at k = 1 the third-order term of W_Q alone has one constant along d: it follows its mean \
                 over the initialisation at the same inputs",
                "third_of_w_q",
                "third_explicit",
                Sweep::uniform(D, Side::Both),
            )
            .part("dimensions"),
            Bound::growth(
                "of-w-l",
                "what W_L adds to the third-order term is ≲ m^{-1/2}",
                "third_of_w_l",
                "half",
                Sweep::upper(M, |_| -0.5),
            )
            .part("width"),
            Bound::growth(
                "drawn",
                "with drawn signs the remainder is ≲ m^{-1/4}",
                "drawn",
                "quarter",
                Sweep::upper(M, |_| -0.25),
            )
            .headline()
            .part("width"),
            Bound::asymptotic(
                "in-d",
                "Σ_i (E h_i²)^{3/4}, through which the explicit bound depends on d, is ≲ d^{3(k−1)/4}",
                "moment",
                Sweep::upper(D, |c| 0.75 * (c.k() as f64 - 1.0)),
            )
            .part("exact"),
        ]
    }
}

/// `Σ_i (E h_i²)^{3/4}`.
fn exact(cell: &Cell, seed: u64) -> Result<Measurement> {
    let moments = Moments::new(&instance::activation(cell)?, &instance::shared_target(cell, seed)?)?;
    let moment: f64 = moments.population.squares().iter().map(|h| h.powf(0.75)).sum();
    let moment = Ball::relative(moment, 2.0 * moments.relative);
    Ok(moments.assumption_3(Measurement::new().ball("moment", moment).cost(1e6, 1e5, 0.0)))
}

/// The remainder on some inputs.
struct Remainder {
    /// `f − f_L − f_Q` at every input.
    rest: Vec<f64>,
    /// The largest ratio of |f − f_L − f_Q| to Taylor's bound.
    worst: f64,
    /// The same without f_Q.
    worst_linear: f64,
    /// What rounding can do to the remainder at an input.
    rounding: f64,
    /// The same relative to the least of Taylor's bounds.
    relative: f64,
}

impl Remainder {
    fn new(net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Result<Self> {
        let [value, first, second, third] = net.activation().suprema().map(|s| s.value);
        let [f, linear, quadratic] = net.expansion(x, w, Par::Seq)?;
        let (m, d) = (net.m() as f64, net.d() as f64);
        let square = frobenius_sq(w);
        // Sums over the neurons of terms of these sizes, all over √m: |f| ≤ Σ|σ|, |f_L| ≤ sup σ'·√d Σ‖w_r‖,
        // |f_Q| ≤ ½ sup σ''·d Σ‖w_r‖².
        let size = value * m.sqrt() + first * (d * square).sqrt() + 0.5 * second * d * square / m.sqrt();
        let rounding = rounding::sum(net.m(), 2 * net.d() + 16) * size;
        let projected = x * w.transpose();
        let mut out = Self {
            rest: Vec::with_capacity(x.nrows()),
            worst: 0.0,
            worst_linear: 0.0,
            rounding,
            relative: 0.0,
        };
        let mut cubes = vec![0.0; x.nrows()];
        for column in projected.col_iter() {
            cubes.iter_mut().zip(column.iter()).for_each(|(sum, z)| *sum += z.abs() * z * z);
        }
        for (i, cubes) in cubes.iter().enumerate() {
            let bound = third / 6.0 * cubes / m.sqrt();
            let rest = f[i] - linear[i] - quadratic[i];
            out.rest.push(rest);
            out.worst = out.worst.max(rest.abs() / bound);
            out.worst_linear = out.worst_linear.max((f[i] - linear[i]).abs() / bound);
            out.relative = out.relative.max(rounding / bound);
        }
        Ok(out)
    }
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

/// sup|σ'''|, and the mean of Taylor's bound at W_Q in root mean square over inputs.
fn explicit(net: &PairedNetwork, moments: &Moments, groups: &[usize]) -> (f64, Ball) {
    let (m, d) = (net.m() as f64, net.d() as f64);
    // E (β·x)⁶ = 15 d²/((d + 2)(d + 4)); E‖w‖³ over the p_i neurons of a term is (2√m/p_i)^{3/2}
    // E|h_i|^{3/2} ≤ (2√m/p_i)^{3/2} (E h_i²)^{3/4}.
    let sixth = (15.0 * d * d / ((d + 2.0) * (d + 4.0))).sqrt();
    let squares = moments.population.squares();
    let lengths: f64 = squares.iter().zip(groups).map(|(h, p)| h.powf(0.75) / (*p as f64).sqrt()).sum();
    let third = net.activation().suprema()[3].value;
    let explicit = third / 6.0 * sixth * (2.0 * m.sqrt()).powf(1.5) / m.sqrt() * lengths;
    (third, Ball::relative(explicit, 4.0 * moments.relative))
}

/// The third-order term of W_Q alone, at k = 1 and R = 1, and its mean over the initialisation. There h is
/// one number for all neurons, so that the mean is `(2√m |h|)^{3/2} (m p)^{-1/2} (β·x)³ E σ'''(√d z)/6`.
fn along_d(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = instance::activation(cell)?;
    let (net, target) = (instance::network(cell, seed, "weights 0")?, instance::target(cell, seed)?);
    let moments = Moments::new(&sigma, &target)?;
    let built = construct::w_q_from(&net, &target, moments.population.clone())?;
    let x = instance::inputs(cell, seed, "inputs", INPUTS);
    let cubes = net.f_cubic(x.as_ref(), built.w.as_ref(), Par::Seq)?;
    let (m, p, d) = (cell.m() as f64, cell.m() as f64 / 2.0, cell.d() as f64);
    let supremum = sigma.suprema()[3].value;
    let mean = sphere::orthonormal_coefficients(cell.d(), &|z| sigma.d3(z), 0)?[0];
    let mean = Ball::new(mean.abs(), tolerance::ZONAL_ROUNDINGS * f64::EPSILON * supremum);
    let beta = &target.sparse()[0].beta;
    let along: Vec<f64> =
        x.row_iter().map(|x| x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>().powi(3)).collect();
    let length = (2.0 * m.sqrt()).powf(1.5) * moments.population.squares()[0].powf(0.75) / (m * p).sqrt();
    let scale = Ball::relative(length / 6.0 * root_mean_square(&along), 4.0 * moments.relative);
    // A sum over the neurons of cubes of at most d^{3/2}‖w_r‖³ each, with Σ‖w_r‖³ ≤ m^{1/4}(Σ‖w_r‖⁴)^{3/4}.
    let fourth = construct::norm_2_4_pow4(built.w.as_ref());
    let size = supremum / 6.0 * (d.powf(1.5) / m.sqrt()) * m.powf(0.25) * fourth.powf(0.75);
    let rounding = rounding::sum(cell.m(), 2 * cell.d() + 16) * size;
    let out = Measurement::new()
        .quantity("third_of_w_q", root_mean_square(&cubes), rounding)
        .ball("third_explicit", scale * mean)
        .cost(INPUTS as f64 * m * 30.0, 24.0 * m * INPUTS as f64, 0.0);
    Ok(moments.assumption_3(out))
}

/// The remainder at W* of one width.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (net, target) = (instance::network(cell, seed, "weights 0")?, instance::shared_target(cell, seed)?);
    let moments = Moments::new(&instance::activation(cell)?, &target)?;
    // The same along m: the sixth moment of few inputs scatters more than the remainder does.
    let x = instance::inputs(&cell.clone().without(M), seed, "inputs", INPUTS);
    let built = Instance::of(net, target, Truncation::Tail(TAIL), x)?;
    let Instance { net, x, w_l, w_q, .. } = &built;
    let moved = built.top.solution_error();

    let together = Mat::from_fn(cell.m(), cell.d(), |r, c| w_l[(r, c)] + w_q.w[(r, c)]);
    let coherent = Remainder::new(net, x.as_ref(), together.as_ref())?;
    let rng = &mut cell.stream(seed, "signs");
    let mut drawn = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let w = signs::apply(&signs::draw(rng, cell.m()), w_l.as_ref(), w_q.w.as_ref())?;
        drawn.push(Remainder::new(net, x.as_ref(), w.as_ref())?);
    }
    let most = |of: &dyn Fn(&Remainder) -> f64| drawn.iter().map(of).fold(of(&coherent), f64::max);
    let (worst, share) = (most(&|r| r.worst), most(&|r| r.relative));
    let drawn_rest: Vec<f64> = drawn.iter().flat_map(|r| r.rest.iter().copied()).collect();

    let (m, d, k) = (cell.m() as f64, cell.d() as f64, cell.k() as i32);
    let (third, explicit) = explicit(net, &moments, &w_q.groups);
    // The remainder moves by at most ½ m^{-1/2} sup|σ'''| Σ_r |x·w_r|² |x·δw_r| (Cauchy and Schwarz).
    let fourth: f64 = (0..cell.m()).map(|r| (w_l.row(r).norm_l2() + w_q.w.row(r).norm_l2()).powi(4)).sum();
    let shift = 0.5 * third * (d.powi(3) / m).sqrt() * fourth.sqrt() * moved;
    let longest = (0..cell.m()).map(|r| together.row(r).norm_l2()).fold(0.0, f64::max);
    let [whole, of_w_q] = [together.as_ref(), w_q.w.as_ref()].map(|w| net.f_cubic(x.as_ref(), w, Par::Seq));
    let (whole, of_w_q) = (whole?, of_w_q?);
    let of_w_l: Vec<f64> = whole.iter().zip(&of_w_q).map(|(a, b)| a - b).collect();
    let beyond: Vec<f64> = coherent.rest.iter().zip(&whole).map(|(a, b)| a - b).collect();
    // The rounding of a sum over m cubes, and what δW_L does to it: both less than in the remainder.
    let cubic = coherent.rounding + shift;
    let least = d.powi(3 * (k - 1));
    Ok(hypotheses::wide_enough(Measurement::new(), cell)
        .quantity("worst_ratio", worst, share)
        .quantity("worst_ratio_linear", most(&|r| r.worst_linear), share)
        .quantity("one", 1.0, 0.0)
        .quantity("coherent", root_mean_square(&coherent.rest), coherent.rounding + shift)
        .quantity("beyond_third", root_mean_square(&beyond), 2.0 * cubic)
        .ball("explicit", explicit)
        .quantity("third", root_mean_square(&whole), cubic)
        .quantity("third_of_w_q", root_mean_square(&of_w_q), cubic)
        .quantity("third_of_w_l", root_mean_square(&of_w_l), 2.0 * cubic)
        .quantity("drawn", root_mean_square(&drawn_rest), coherent.rounding + shift)
        .ball("half", Ball::relative(m.powf(-0.5), 2.0 * f64::EPSILON))
        .ball("quarter", Ball::relative(m.powf(-0.25), 2.0 * f64::EPSILON))
        .quantity("longest", longest, 8.0 * f64::EPSILON * longest)
        .hypothesis(Hypothesis::RANGE, m >= least, format!("m ≥ d^{{3(k−1)}}: {m} against {least}"))
        .hypothesis("σ''' bounded", third.is_finite(), format!("sup|σ'''| = {third}"))
        .cost(
            (DRAWS + 1) as f64 * INPUTS as f64 * m * (6.0 * d + 60.0),
            8.0 * m * (INPUTS as f64 + 40.0),
            0.0,
        ))
}
