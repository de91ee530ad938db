//! NBL22: the network is its quadratic expansion at W*.
//!
//! > `|f(x; W*) − f_L(x; W*) − f_Q(x; W*)| ≲ m^{-1/4} d^{3(k−1)/4}`.
//!
//! Taylor's theorem neuron by neuron gives `(sup|σ'''|/6) m^{-1/2} Σ_r |x·w_r|³` at every input, whatever W;
//! σ''' bounded is used, not assumed (erratum 2). At W_Q the mean of its right side is explicit. With S the
//! identity the cubic terms add up, and the claimed rate is what there is to see; drawn signs cancel them,
//! and leave the terms even in S: about m^{-1/2}.

use super::effort;
use super::instance::{self, ACTIVATIONS, Instance, LONG_RANGE, TERMS};
use super::moments::Moments;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
    sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, R};
use escapement::ball::Ball;
use escapement::construct::{frobenius_sq, signs};
use escapement::network::PairedNetwork;
use escapement::rounding;
use escapement::sphere::Truncation;
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
const DRAWS: usize = 4;

const CARD: Card = Card {
    statement: r"\left| f(x; W^*) - f_L(x; W^*) - f_Q(x; W^*) \right| \lesssim m^{-1/4} d^{3(k-1)/4}",
    reference: "NBL22, section 3 (from the quadratic model to the network)",
    hypotheses: "m ≥ d^{3(k−1)}, σ''' bounded.",
    method: "The remainder at W* = W_L + S·W_Q on 64 inputs, the same along m: beside Taylor's bound at \
        each, its root mean square along m, with S the identity against the explicit mean of that \
        bound, and with drawn S against d^{k−1}m^{-1/2}. The growth of the explicit expression in d is \
        exact.",
    refuted_by: "An input where the remainder exceeds Taylor's bound; a remainder that falls slower than \
        m^{-1/4}, or with drawn signs slower than m^{-1/2}; an explicit expression that outgrows \
        d^{3(k−1)/4}.",
    uses: &["lemma-1", "lemma-2"],
    errata: &[ErratumId(2)],
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
            // The quick tier has every value of each.
            if tier == Tier::Quick && ((k + terms / 2) % 2 == 1) != (activation == ACTIVATIONS[0]) {
                continue;
            }
            let (count, replicates) = match tier {
                Tier::Quick => (5, 3),
                Tier::Standard => (7, 4),
                Tier::Paper => (8, 8),
            };
            for m in sweep::doublings(if k == 1 { 2048 } else { 4096 }, count) {
                cells.extend((0..replicates).map(|replicate| cell("width", 3, m).replicate(replicate)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d) = (cell.m() as f64, cell.d() as f64);
        if cell.part == "exact" {
            return Prediction { flops: 5e6, bytes: 1e6 };
        }
        // f, f_L and f_Q at every input, and the moduli of the cubes.
        let remainders = (DRAWS + 1) as f64 * INPUTS as f64 * m * (20.0 + 0.55 * effort::sigma(cell));
        Prediction { flops: effort::top_space(cell, TAIL) + remainders, bytes: 6e7 + m * d * 8.0 * 34.0 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "exact" { exact(cell, seed) } else { width(cell, seed) }
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
            .part("width"),
            Bound::growth(
                "coherent",
                "with S the identity the root mean square of the remainder is ≲ m^{-1/4}: at most of the \
                 order of the mean of Taylor's bound at W_Q",
                "coherent",
                "explicit",
                Sweep::upper(M, |_| -0.25),
            )
            .part("width"),
            Bound::growth(
                "drawn",
                "with drawn signs the root mean square of the remainder is ≲ d^{k−1}m^{-1/2}: the cubic \
                 term cancels",
                "drawn",
                "drawn_scale",
                Sweep::upper(M, |_| -0.5),
            )
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
    /// `n^{-1} Σ_i (f − f_L − f_Q)²`.
    square: f64,
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
        let (f, linear, quadratic) =
            (net.f(x, w, Par::Seq)?, net.f_linear(x, w, Par::Seq)?, net.f_quadratic(x, w, Par::Seq)?);
        let (m, d) = (net.m() as f64, net.d() as f64);
        let square = frobenius_sq(w);
        // Sums over the neurons of terms of these sizes, all over √m: |f| ≤ Σ|σ|, |f_L| ≤ sup σ'·√d Σ‖w_r‖,
        // |f_Q| ≤ ½ sup σ''·d Σ‖w_r‖².
        let size = value * m.sqrt() + first * (d * square).sqrt() + 0.5 * second * d * square / m.sqrt();
        let rounding = rounding::sum(net.m(), 2 * net.d() + 16) * size;
        let projected = x * w.transpose();
        let mut out = Self { square: 0.0, worst: 0.0, worst_linear: 0.0, rounding, relative: 0.0 };
        let mut cubes = vec![0.0; x.nrows()];
        for column in projected.col_iter() {
            cubes.iter_mut().zip(column.iter()).for_each(|(sum, z)| *sum += z.abs() * z * z);
        }
        for (i, cubes) in cubes.iter().enumerate() {
            let bound = third / 6.0 * cubes / m.sqrt();
            let rest = f[i] - linear[i] - quadratic[i];
            out.square += rest * rest / x.nrows() as f64;
            out.worst = out.worst.max(rest.abs() / bound);
            out.worst_linear = out.worst_linear.max((f[i] - linear[i]).abs() / bound);
            out.relative = out.relative.max(rounding / bound);
        }
        Ok(out)
    }
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
    let mean_square = drawn.iter().map(|r| r.square).sum::<f64>() / DRAWS as f64;

    let (m, d, k) = (cell.m() as f64, cell.d() as f64, cell.k() as i32);
    // E (β·x)⁶ = 15 d²/((d + 2)(d + 4)); E‖w‖³ over the p_i neurons of a term is (2√m/p_i)^{3/2}
    // E|h_i|^{3/2} ≤ (2√m/p_i)^{3/2} (E h_i²)^{3/4}.
    let sixth = (15.0 * d * d / ((d + 2.0) * (d + 4.0))).sqrt();
    let squares = moments.population.squares();
    let lengths: f64 = squares.iter().zip(&w_q.groups).map(|(h, p)| h.powf(0.75) / (*p as f64).sqrt()).sum();
    let third = net.activation().suprema()[3].value;
    let explicit = third / 6.0 * sixth * (2.0 * m.sqrt()).powf(1.5) / m.sqrt() * lengths;
    // The remainder moves by at most ½ m^{-1/2} sup|σ'''| Σ_r |x·w_r|² |x·δw_r| (Cauchy and Schwarz).
    let fourth: f64 = (0..cell.m()).map(|r| (w_l.row(r).norm_l2() + w_q.w.row(r).norm_l2()).powi(4)).sum();
    let shift = 0.5 * third * (d.powi(3) / m).sqrt() * fourth.sqrt() * moved;
    let longest = (0..cell.m()).map(|r| together.row(r).norm_l2()).fold(0.0, f64::max);
    let scale = d.powi(k - 1) / m.sqrt();
    let least = d.powi(3 * (k - 1));
    Ok(Measurement::new()
        .quantity("worst_ratio", worst, share)
        .quantity("worst_ratio_linear", most(&|r| r.worst_linear), share)
        .quantity("one", 1.0, 0.0)
        .quantity("coherent", coherent.square.sqrt(), coherent.rounding + shift)
        .ball("explicit", Ball::relative(explicit, 4.0 * moments.relative))
        .quantity("drawn", mean_square.sqrt(), coherent.rounding + shift)
        .ball("drawn_scale", Ball::relative(scale, 2.0 * f64::EPSILON))
        .quantity("longest", longest, 8.0 * f64::EPSILON * longest)
        .hypothesis(Hypothesis::RANGE, m >= least, format!("m ≥ d^{{3(k−1)}}: {m} against {least}"))
        .hypothesis("σ''' bounded", third.is_finite(), format!("sup|σ'''| = {third}"))
        .cost(
            (DRAWS + 1) as f64 * INPUTS as f64 * m * (6.0 * d + 60.0),
            8.0 * m * (INPUTS as f64 + 40.0),
            0.0,
        ))
}
