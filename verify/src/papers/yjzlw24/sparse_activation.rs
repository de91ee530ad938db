//! YJZLW24, how many neurons are active at an input, at first and throughout gradient descent.
//!
//! Derived for this project:
//!
//! > At first the number is binomial with m trials of probability Φ̄(B); at `B² = c ln m` its mean is `≍
//! > m^{1−c/2}/√ln m`. Let `R_r = √2‖(w_r, b_r)(t) − (w_r, b_r)(0)‖`. Then r is active at x only if
//! > `w_r(0)·x ≥ B − R_r`, and `R_r ≤ 2√(n/m) η Σ_s ‖e_s‖` for the residuals e_s of the steps so far. The
//! > share of the kernel that belongs to neurons whose activity has changed falls like m^{−1/2}.

use super::instance;
use super::letters::{BIAS, D, M, N, RATE};
use crate::claim::binomial::binomial_upper_tail;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::gaussian::normal;
use escapement::{eigen, rounding, sphere, tolerance};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SparseActivation;

/// Networks of which the active neurons are counted in a cell.
const NETWORKS: usize = 2000;
/// Steps of gradient descent.
const STEPS: usize = 100;

const CARD: Card = Card {
    statement: r"\text{as many active as of } m \text{ trials of probability } \bar\Phi(B); \qquad
        \text{active at } x \text{ only if } w_r(0) \cdot x \ge B - R_r, \quad
        R_r \le 2 \sqrt{n/m}\, \eta \sum_s \|e_s\|",
    reference: "YJZLW24, sparse activation of the abstract; constants derived for this project",
    hypotheses: "Unit inputs, standard normal weights, b_r = B, a_r = ±1; gradient descent on ½Σ(f − y)² in w and \
        b.",
    method: "The number of active neurons of 2000 networks against the binomial distribution. The exact \
        mean at B² = c ln m for m to 10¹². Gradient descent, 100 steps at \
        the rate 1/λ_max: at every step every active pair, and every movement, beside its bound; the share of \
        pairs that have changed at the end.",
    refuted_by: "Another distribution; another exponent; a pair that is active outside, or a neuron \
        that moves further.",
    variables: &["m", "B", "c", "n", "d"],
    uses: &["bias-kernel"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(&super::PAPER, "sparse-activation", "Few active neurons at first and during training")
};

impl Claim for SparseActivation {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str| Cell::new(self.id(), part);
        let mut cells = Vec::new();
        for bias in [0.0, 1.0, 2.0] {
            for m in [64, 512] {
                cells.push(cell("count").with(M, m).with(D, 4).with(BIAS, bias));
            }
            let (count, replicates) = if tier == Tier::Quick { (5, 8) } else { (7, 12) };
            let replicates = if bias > 1.0 { 2 } else { replicates };
            for m in sweep::doublings(512, count) {
                let cell = cell("training").with(M, m).with(N, 10).with(D, 5).with(BIAS, bias);
                cells.extend((0..replicates).map(|r| cell.clone().replicate(r)));
            }
        }
        for rate in [0.4, 1.0, 2.0] {
            for m in (6..=24).map(|half| 10.0_f64.powf(0.5 * f64::from(half)).round() as usize) {
                cells.push(cell("mean").with(M, m).with(RATE, rate));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n) = (cell.m() as f64, cell.n() as f64);
        match cell.part.as_str() {
            "count" => Prediction { flops: NETWORKS as f64 * m * 100.0, bytes: 1e6 },
            "mean" => Prediction { flops: 1e3, bytes: 1e5 },
            _ => Prediction {
                flops: STEPS as f64 * m * (45.0 * n + 30.0),
                bytes: 1e6 + 8.0 * m * (5.0 * n + 20.0),
            },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "count" => count(cell, seed),
            "mean" => mean(cell),
            _ => training(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let below = |name: &str, statement: &str, [lhs, rhs]: [&str; 2], control: Neighbour| {
            Bound::inequality(name, statement, lhs, Side::Upper, rhs, control).code_check().part("training")
        };
        vec![
            Bound::inequality(
                "binomial",
                "the numbers of active neurons are Binomial(m, Φ̄(B)): the largest distance of the distribution \
                 functions is within the inequality of Dvoretzky, Kiefer and Wolfowitz at confidence 1 − 10⁻⁶",
                "distance",
                Side::Upper,
                "allowed",
                Neighbour::lhs("distance_half", "Φ̄(B)/2"),
            )
            .code_check()
            .part("count"),
            Bound::asymptotic(
                "mean",
                "mΦ̄(B)√(ln m) ≍ m^{1−c/2} at B² = c ln m",
                "mean",
                Sweep::both(M, |c| 1.0 - 0.5 * c.real(RATE)),
            )
            .headline()
            .part("mean"),
            below(
                "inclusion",
                "a neuron is active at x only if w_r(0)·x ≥ B − R_r: the largest (B − w_r(0)·x)/R_r of active pairs \
                 is at most 1, at every step",
                ["reach", "one"],
                Neighbour::lhs("reach_weights", "the movement of w_r alone, without √2 and the bias"),
            ),
            below(
                "movement",
                "R_r ≤ 2√(n/m) η Σ_s ‖e_s‖ at every step",
                ["movement", "one"],
                Neighbour::lhs("movement_in_m", "n^{1/2}/m in place of (n/m)^{1/2}"),
            ),
            below(
                "throughout",
                "the active share stays below that of w_r(0)·x ≥ B − max_t R_r",
                ["active", "band"],
                Neighbour::rhs("initial", "never more active than at first"),
            )
            .headline(),
            Bound::growth(
                "changed",
                "the mean over pairs of inputs of (x_i·x_j + 1) times the share of neurons whose joint activity \
                 has changed falls like m^{−1/2}",
                "changed",
                "root",
                Sweep::both(M, |_| -0.5),
            )
            .scatter("a share of finitely many pairs")
            .chosen("B ≤ 1: at B = 2 and these widths the share falls like m^{−0.25}, since R is not yet below B")
            .headline()
            .part("training")
            .among(|cell| cell.real(BIAS) <= 1.0),
        ]
    }
}

/// The distribution of the number of active neurons.
fn count(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, neurons) = (cell.m(), cell.d(), instance::neurons(cell)?);
    let rng = &mut cell.stream(seed, "weights");
    let x = sphere::uniform_sphere(rng, 1, d, 1.0);
    let p = neurons.active().value;
    let mut numbers = vec![0_u32; m + 2];
    for _ in 0..NETWORKS {
        let z = instance::weights(rng, m, d) * x.transpose();
        numbers[z.col_as_slice(0).iter().filter(|z| **z >= neurons.bias()).count()] += 1;
    }
    let distance = |p: f64| {
        let (mut above, mut most) = (NETWORKS as u32, 0.0_f64);
        for (k, number) in numbers.iter().enumerate() {
            let share = f64::from(above) / NETWORKS as f64;
            most = most.max((share - binomial_upper_tail(k as u64, m as u64, p)).abs());
            above -= number;
        }
        most
    };
    let allowed = (0.5 * (2.0 / tolerance::FAILURE).ln() / NETWORKS as f64).sqrt();
    Ok(Measurement::new()
        .quantity("distance", distance(p), tolerance::MOVED)
        .quantity("distance_half", distance(0.5 * p), tolerance::MOVED)
        .quantity("allowed", allowed, 0.0)
        .hypothesis("unit input", true, "drawn on the sphere"))
}

/// `mΦ̄(B)√(ln m)`.
fn mean(cell: &Cell) -> Result<Measurement> {
    let (m, c) = (cell.m() as f64, cell.real(RATE));
    let log = m.ln();
    // The tail moves by B² times a relative error of B.
    let active = normal::upper_tail((c * log).sqrt());
    let relative = 4.0 * f64::EPSILON * (2.0 + c * log);
    Ok(Measurement::new()
        .quantity(
            "mean",
            m * active.value * log.sqrt(),
            m * log.sqrt() * (active.error + relative * active.value),
        )
        .hypothesis("m ≥ 2", m >= 2.0, "B² = c ln m"))
}

/// Gradient descent, with the extremes of all steps.
fn training(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (n, m, d, bias) = (cell.n(), cell.m(), cell.d(), cell.real(BIAS));
    let x = instance::inputs(cell, seed);
    let rng = &mut cell.stream(seed, "weights");
    let start = instance::weights(rng, m, d);
    let signs = instance::weights(rng, m, 1);
    let labels = instance::weights(&mut cell.clone().without(M).stream(seed, "labels"), n, 1);
    let a: Vec<f64> = (0..m).map(|r| signs[(r, 0)].signum() / (m as f64).sqrt()).collect();
    let y: Vec<f64> = (0..n).map(|i| labels[(i, 0)].signum()).collect();
    let h = instance::kernel_at_width(start.as_ref(), x.as_ref(), bias);
    let rate = 1.0 / eigen::full_eigenvalues(h.as_ref(), Par::Seq)?[0].max(f64::MIN_POSITIVE);
    let first = &start * x.transpose();
    let (mut w, mut b) = (start.clone(), vec![bias; m]);
    let (mut z, mut gradient) = (Mat::zeros(m, n), Mat::zeros(m, d));
    let mut furthest = vec![0.0_f64; m];
    let [mut reach, mut reach_weights, mut movement, mut residuals, mut most] = [0.0_f64; 5];
    let mut initial = 0;
    for step in 0..=STEPS {
        matmul(z.as_mut(), Accum::Replace, w.as_ref(), x.transpose(), 1.0, Par::Seq);
        let radius: Vec<[f64; 2]> = (0..m)
            .map(|r| {
                let square = (0..d).map(|c| (w[(r, c)] - start[(r, c)]).powi(2)).sum::<f64>();
                [(2.0 * (square + (b[r] - bias).powi(2))).sqrt(), square.sqrt()]
            })
            .collect();
        let scale = 2.0 * (n as f64 / m as f64).sqrt() * rate * residuals;
        let (mut e, mut active) = (y.iter().map(|y| -y).collect::<Vec<f64>>(), 0);
        for i in 0..n {
            for r in 0..m {
                let (now, short) = (z[(r, i)] >= b[r], bias - first[(r, i)]);
                active += usize::from(now);
                if now {
                    e[i] += a[r] * (z[(r, i)] - b[r]);
                    if short > 0.0 {
                        reach = reach.max(short / radius[r][0]);
                        reach_weights = reach_weights.max(short / radius[r][1]);
                    }
                }
            }
        }
        for r in 0..m {
            furthest[r] = furthest[r].max(radius[r][0]);
            if step > 0 {
                movement = movement.max(radius[r][0] / scale);
            }
        }
        most = most.max(active as f64);
        initial = if step == 0 { active } else { initial };
        if step == STEPS {
            break;
        }
        residuals += e.iter().map(|e| e * e).sum::<f64>().sqrt();
        // z becomes the factors a_r e_i of active pairs.
        for i in 0..n {
            for r in 0..m {
                z[(r, i)] = if z[(r, i)] >= b[r] { a[r] * e[i] } else { 0.0 };
            }
        }
        matmul(gradient.as_mut(), Accum::Replace, z.as_ref(), x.as_ref(), 1.0, Par::Seq);
        w -= faer::Scale(rate) * &gradient;
        for r in 0..m {
            b[r] += rate * (0..n).map(|i| z[(r, i)]).sum::<f64>();
        }
    }
    let (pairs, mut band, mut changed) = ((n * m) as f64, 0.0, 0.0);
    let gram = &x * x.transpose();
    for r in 0..m {
        let [then, now]: [Vec<bool>; 2] =
            [(0..n).map(|i| first[(r, i)] >= bias).collect(), (0..n).map(|i| z[(r, i)] >= b[r]).collect()];
        for (i, k) in (0..n).flat_map(|i| (0..n).map(move |k| (i, k))) {
            if (then[i] && then[k]) != (now[i] && now[k]) {
                changed += gram[(i, k)] + 1.0;
            }
        }
    }
    for (r, i) in (0..m).flat_map(|r| (0..n).map(move |i| (r, i))) {
        band += f64::from(u8::from(first[(r, i)] >= bias - furthest[r]));
    }
    let rounding = rounding::sum(STEPS * n, 8 * d);
    Ok(Measurement::new()
        .quantity("reach", reach, 4.0 * rounding * reach)
        .quantity("reach_weights", reach_weights, 4.0 * rounding * reach_weights)
        .quantity("movement", movement, 4.0 * rounding * movement)
        .quantity("movement_in_m", movement * (m as f64).sqrt(), rounding * movement * m as f64)
        .quantity("one", 1.0, 0.0)
        .quantity("active", most / pairs, 0.0)
        .quantity("band", band / pairs, 0.0)
        .quantity("initial", initial as f64 / pairs, 0.0)
        .quantity("changed", changed / (n as f64 * pairs), rounding * changed / (n as f64 * pairs))
        .quantity("root", (m as f64).powf(-0.5), 0.0)
        .hypothesis("active neurons", initial > 0, "at some input"))
}
