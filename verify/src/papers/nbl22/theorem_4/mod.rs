//! Theorem 4 of NBL22: a small regularised loss generalises.
//!
//! > For λ_i as in Corollary 1, `L_λ(Ŵ) ≤ Cε` implies `L(Ŵ) ≲ ε + √(d^k/n)`.
//!
//! "Any Ŵ" is an adversary's: from two starts a quasi-Newton descent goes into the set `{L_λ ≤ Cε}`, and an
//! ascent with a barrier raises the population loss as far as the set allows. The worst end is a lower
//! bound on the supremum over the set. C is 5, which W* itself reaches: ε for the loss and ε for each
//! regulariser, as `λ_i = ε/R_i(W*)`. In the set each R_i is at most C·R_i(W*) whatever ε is, so that the
//! radius does not shrink with ε: as ε falls the supremum falls to that over the displacements which fit
//! the sample, of order `√(d^k/n)`, and where ε or `√(d^k/n)` is large it is the radius that stops it.
//!
//! A constant with all its parts follows from the proof. With `f_top = f_L(Π_{≤r}W) + f_Q`, a loss that is
//! 1-Lipschitz and Jensen's inequality, `L(Ŵ) ≤ L̂(Ŵ) + √R1 + √R3 + [L − L̂](f_top)`, and by symmetrisation
//! and contraction the mean over samples of the bracket, however Ŵ depends on the sample, is at most twice
//! the Rademacher complexity of a class that holds every f_top of the set: `√(C·R2(W*)·n_k/n)`, and the
//! mean of the closed form of rademacher-quadratic for ‖W‖_{2,4}^4 ≤ √(C·R4(W*)). One sample deviates from
//! the mean over samples by order `√(log(1/δ)/n)`: this is left out, and what is checked is the mean.

mod adversary;
mod measure;

use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use crate::papers::nbl22::effort;
use crate::papers::nbl22::instance::ACTIVATIONS;
use crate::papers::nbl22::letters::{ACCURACY, D, K, Letters, M, N, R};
use crate::papers::nbl22::rademacher_quadratic::extremes;
use escapement::tolerance::TAIL;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem4;

/// The worst of f_L + f_Q along n, and that of the network.
const QUADRATIC: &str = "quadratic";
const NETWORK: &str = "network";
/// The worst of f_L + f_Q along 1/ε.
const SMALL: &str = "accuracy";
/// The same along d.
const DIMENSIONS: &str = "dimensions";
/// The constant with one of the terms small.
const TERMS: &str = "terms";
/// The inequality with all constants.
const EXPLICIT: &str = "explicit";
/// f_L alone, whose population square loss is exact.
const LINEAR: &str = "linear";

/// Width of the expansions whose cells lie outside the hypotheses: R1(W*), which the theorem takes to be at
/// most of order ε², is 0.02 there for the sigmoid and 0.17 for tanh.
const WIDTH: usize = 64;

/// What was chosen of the sweep over n.
const RANGE: &str = "at k = 1 n from d^{3/2} on, the upper half of its range: with fewer samples it is the \
    radius of the set that stops the adversary";

const CARD: Card = Card {
    statement: r"L_\lambda(\hat{W}) \le C \varepsilon \quad \Longrightarrow \quad L(\hat{W}) \lesssim
        \varepsilon + \sqrt{\frac{d^k}{n}}, \qquad \lambda_i = \frac{\varepsilon}{R_i(W^*)}",
    reference: "NBL22, Theorem 4",
    hypotheses: "d^k ≤ n ≤ d^{k+1}; ℓ 1-Lipschitz (pseudo-Huber); m ≥ d^{10k}, and m ≥ d^{3(k−1)}/ε⁴ as in \
        Theorem 2. No cell lies inside: at d = 3 and k = 1, where m = 59050 would, ε ≥ m^{−1/4} = 0.064 is \
        never far below √(d/n) ≥ 0.58, and the radius of the set stops the adversary.",
    method: "An adversary's Ŵ: the population loss is raised within L_λ ≤ 5ε from two starts, on inputs of \
        its own, and that of the worse end is measured on 8000 fresh ones. In n up to d^{k+1}, at an ε of \
        an eighth of √(d^k/n) there; in 1/ε at fixed n, from where ε is the larger term; in d at n = d²/2. \
        Against a right side without one of its terms, where that term is the larger one. With all \
        constants: L(Ŵ) on average over samples against L̂ + √R1 + √R3 and twice the Rademacher \
        complexities.",
    refuted_by: "A worst L(Ŵ) that falls slower than √(d^k/n) in n or d, or that grows against ε + √(d^k/n) \
        as ε falls; a mean of L(Ŵ) over samples above the bound with constants; an exact population loss of \
        f_L outside the interval of the fresh inputs.",
    uses: &["rademacher-linear", "rademacher-quadratic", "theorem-2"],
    errata: &[ErratumId(1), ErratumId(5), ErratumId(10)],
    variables: &["n", "d", "accuracy"],
    ..Card::new(&crate::papers::nbl22::PAPER, "theorem-4", "A small regularised loss generalises")
};

/// A cell with one sparse term, of these d, m and n.
fn sized(part: &str, k: usize, [d, m, n]: [usize; 3], activation: &str) -> Cell {
    let cell = Cell::new("theorem-4", part).with(D, d).with(M, m).with(N, n).with(K, k).with(R, 1);
    cell.activation(activation)
}

/// The same at this 1/ε.
fn cell(part: &str, k: usize, sizes: [usize; 3], accuracy: f64, activation: &str) -> Cell {
    sized(part, k, sizes, activation).with(ACCURACY, accuracy)
}

/// Seven numbers of samples from d^{k+1/2} to d^{k+1}, at an ε of an eighth of the last √(d^k/n). Fewer
/// leave the adversary so much room that it is stopped by the radius of the set, whatever n is. At k = 2
/// the range is so short in the dimensions within reach that it is taken from its beginning.
fn along_n(k: usize, d: usize, activation: &str) -> Vec<Cell> {
    let side = d as f64;
    let (first, last) = (side.powf(if k == 1 { 1.5 } else { k as f64 }), side.powi(k as i32 + 1));
    let n = |i: i32| (first * (last / first).powf(f64::from(i) / 6.0)).round() as usize;
    let accuracy = (8.0 * side.sqrt()).ceil();
    (0..=6).map(|i| cell(QUADRATIC, k, [d, WIDTH, n(i)], accuracy, activation)).collect()
}

/// The sweeps of one activation, each with the number of its repetitions.
fn sweeps(tier: Tier, activation: &str) -> Vec<(Vec<Cell>, usize)> {
    let along_epsilon = |sizes: [usize; 3], accuracies: &[f64]| -> Vec<Cell> {
        accuracies.iter().map(|a| cell(SMALL, 1, sizes, *a, activation)).collect()
    };
    let falling = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
    if tier == Tier::Quick {
        return vec![(along_n(1, 24, activation), 2), (along_epsilon([16, WIDTH, 64], &falling), 3)];
    }
    // From d^{4/3} to d², so short a range that its upper half needs many points.
    let network = [16, 18, 20, 23, 25, 29, 32, 36, 40, 45, 51, 57, 64];
    let network = network.map(|n| cell(NETWORK, 1, [8, 512, n], 8.0, activation));
    let along_d =
        [6, 8, 12, 16, 24, 32].map(|d| cell(DIMENSIONS, 1, [d, WIDTH, d * d / 2], 46.0, activation));
    vec![
        (along_n(1, 16, activation), 8),
        (along_n(1, 24, activation), 4),
        (along_n(1, 32, activation), 4),
        (along_n(2, 5, activation), 8),
        (network.to_vec(), 24),
        (along_epsilon([16, WIDTH, 64], &falling), 8),
        (along_epsilon([16, WIDTH, 256], &falling.map(|a| 2.0 * a)), 4),
        (along_d.to_vec(), 8),
    ]
}

/// What one activation is measured on.
fn of_activation(tier: Tier, activation: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (sweep, repetitions) in sweeps(tier, activation) {
        cells.extend(sweep.iter().flat_map(|c| (0..repetitions).map(|r| c.clone().replicate(r))));
    }
    let explicit: &[usize] = if tier == Tier::Quick { &[12] } else { &[6, 12, 18, 36] };
    cells.extend(explicit.iter().map(|n| cell(EXPLICIT, 1, [6, 32, *n], 16.0, activation)));
    cells.push(sized(TERMS, 1, [24, WIDTH, 96], activation));
    cells.extend([8, 64].map(|n| sized(LINEAR, 1, [8, WIDTH, n], activation)));
    cells
}

impl Claim for Theorem4 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        ACTIVATIONS.into_iter().flat_map(|activation| of_activation(tier, activation)).collect()
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        let fresh = effort::fresh(cell, measure::FRESH);
        let seen = measure::shown(cell) as f64;
        let worst = adversary::EVALUATIONS * effort::step(cell, n + seen, cell.part == NETWORK);
        let run = match cell.part.as_str() {
            EXPLICIT => measure::SAMPLES as f64 * (worst + fresh + extremes(d, 0.5 * m, n)),
            LINEAR => measure::STEPS as f64 * effort::step(cell, n, false) + fresh,
            TERMS => 3.0 * (worst + fresh) + 2.0 * adversary::EVALUATIONS * m * d * d,
            _ => worst + fresh,
        };
        let rank = d.powi(cell.k() as i32) + 2.0;
        // With the kernel matrices of Σ in two objectives.
        let bytes = 1e7 + 8.0 * m * m + 8.0 * m * (3.0 * (n + seen) + 4.0 * d * rank + 50.0 * d);
        Prediction {
            flops: 2e6 + run + effort::top_space(cell, TAIL),
            bytes: effort::bytes_with_top_space(bytes, cell, TAIL),
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            EXPLICIT => measure::explicit(cell, seed),
            LINEAR => measure::linear(cell, seed),
            TERMS => measure::terms(cell, seed),
            _ => measure::worst(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::growth(
                "in-n",
                "the worst L(Ŵ) with L_λ(Ŵ) ≤ 5ε is ≲ √(d^k/n) for f_L + f_Q, at ε ≤ √(d^k/n)/8",
                "loss",
                "sample-term",
                Sweep::upper(N, |_| -0.5),
            )
            .headline()
            .chosen(RANGE)
            .part(QUADRATIC),
            Bound::growth(
                "in-n-network",
                "the worst L(Ŵ) with L_λ(Ŵ) ≤ 5ε is ≲ ε + √(d^k/n) for the network, at ε = 1/8",
                "loss",
                "bound",
                Sweep::uniform(N, Side::Upper),
            )
            .headline()
            .chosen(
                "ε and m = 512: in narrower networks, and at smaller ε, nothing was found in the set; 24 \
                 repetitions at 13 n, because with fewer the upper half left two of five seeds open",
            )
            .part(NETWORK),
            Bound::growth(
                "in-epsilon",
                "as ε falls from above √(d^k/n) to far below, the worst L(Ŵ) stays ≲ ε + √(d^k/n)",
                "loss",
                "bound",
                Sweep::uniform(ACCURACY, Side::Upper),
            )
            .part(SMALL),
            Bound::growth(
                "in-d",
                "at n = d²/2 and k = 1 the worst L(Ŵ) is ≲ √(d/n), which is d^{−1/2} but for a factor",
                "loss",
                "sample-term",
                Sweep::upper(D, |_| -0.5).tied(&[N]),
            )
            .part(DIMENSIONS),
            Bound::inequality(
                "both-terms",
                "L(Ŵ)/(ε + √(d^k/n)) at n = 4d^k and ε = 1/128, and at n = d^{k+1} and ε = 2, is at most \
                 twice what it is at n = 4d^k and ε = √(d^k/n) = 1/2",
                "constant",
                Side::Upper,
                "twice",
                Neighbour::lhs("constant-without-n", "√(d^k/n) dropped"),
            )
            .neighbour(Neighbour::lhs("constant-without-epsilon", "ε dropped"))
            .chosen(
                "the factor 2, and the two pairs of n and ε, at which the dropped term is the larger one",
            )
            .part(TERMS),
            Bound::inequality(
                "with-constants",
                "E L(Ŵ) ≤ E[L̂(Ŵ) + √R1 + √R3] + 2[√(C·R2(W*)·n_k/n) + Rad{f_Q: ‖W‖_{2,4}^4 ≤ \
                 √(C·R4(W*))}] for the worst Ŵ of each sample: ends of Student intervals over 16 samples at \
                 confidence 1 − 10⁻⁶",
                "loss",
                Side::Upper,
                "bound",
                Neighbour::rhs("bound-without", "√(d^k/n) dropped: the complexities left out"),
            )
            .code_check()
            .part(EXPLICIT),
            Bound::inequality(
                "exact-loss",
                "the exact population square loss of a trained f_L, through Σ, is within the Student \
                 interval of the fresh inputs at confidence 1 − 10⁻⁶",
                "miss",
                Side::Upper,
                "limit",
                Neighbour::lhs("miss_apart", "the correlation of f_L and f* left out"),
            )
            .code_check()
            .part(LINEAR),
        ]
    }
}
