//! Theorem 2 of NBL22: W* = W_L + S·W_Q fits the target with small regularisers.
//!
//! > For m ≥ d^{10k} there are signs S such that `L̂^Q(W*) ≤ ε`, `R1(W*), R3(W*) ≲ m^{-1/2} d^{(k−1)/2}`,
//! > `R2(W*) ≲ 1` and `R4(W*) ≲ d^{2(k−1)}`, where the least ε that the hypotheses allow is
//! > `max((d^{3(k−1)}/m)^{1/4}, (d^k/n)^{1/2})`.
//!
//! S is averaged over exactly. The quadratic model is affine in the signs,
//! `(f_L + f_Q)(x; W*) = e_0(x) + Σ_r s_r c_r(x)`: the misfit e_0 − f* falls like `m^{-1/2}` and the noise
//! `√(Σ c_r²)` like `m^{-1/4}`, so that the claimed rate is that of the noise under a loss with a corner,
//! and a smooth loss is faster. Beside the averages S is drawn, since the theorem speaks of one S: how often
//! a draw beats a multiple of the mean. The explicit right sides are means over the initialisation, exact
//! zonal quantities. Their dependence on d is judged by itself.

mod averages;
mod explicit;
mod measure;
mod signs;

use super::effort;
use super::hypotheses::literal;
use super::instance::ACTIVATIONS;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{ACCURACY, D, K, Letters, M, N, R};
use escapement::tolerance::TAIL;
use escapement_prove::Form;
use signs::{DRAWS, ENUMERATION, TRIALS};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem2;

/// Averages over S along m.
const SWEEP: &str = "sweep";
/// The same along d.
const DIMENSIONS: &str = "dimensions";
/// The same along R.
const TERMS: &str = "terms";
/// The loss on n inputs along n.
const SAMPLES: &str = "samples";
/// The least width for ε, along 1/ε.
const WIDTH_NEEDED: &str = "width-needed";
/// Zonal quantities over d.
const ASYMPTOTIC: &str = "asymptotic";

fn cell(part: &str, d: usize, m: usize, k: usize, terms: usize, activation: &str, replicate: usize) -> Cell {
    Cell::new("theorem-2", part)
        .with(D, d)
        .with(M, m)
        .with(K, k)
        .with(R, terms)
        .activation(activation)
        .replicate(replicate)
}

/// (k, R, activation): all of them, or every value of each.
fn combinations(tier: Tier) -> Vec<(usize, usize, &'static str)> {
    let all = [1, 2]
        .into_iter()
        .flat_map(|k| [1, 3].into_iter().flat_map(move |r| ACTIVATIONS.map(|a| (k, r, a))));
    all.filter(|&(k, r, a)| tier > Tier::Quick || ((k + r / 2) % 2 == 1) == (a == ACTIVATIONS[0])).collect()
}

const CARD: Card = Card {
    statement: r"\hat{L}^Q(W^*) \lesssim \varepsilon, \quad R_1(W^*), R_3(W^*) \lesssim m^{-1/2}
        d^{(k-1)/2}, \quad R_2(W^*) \lesssim 1, \quad R_4(W^*) \lesssim d^{2(k-1)} \quad \text{for some signs
        } S, \qquad \varepsilon = \max\left( \left( \frac{d^{3(k-1)}}{m} \right)^{1/4}, \left( \frac{d^k}{n}
        \right)^{1/2} \right)",
    reference: "NBL22, Theorem 2",
    hypotheses: "m ≥ d^{10k}, d^k ≤ n ≤ d^{k+1}, Assumption 3, ℓ 1-Lipschitz. Smaller m are marked as \
        outside; exponents come from those, and d = 3 at m = 59050 lies inside.",
    method: "Exact means over S along m: the square loss, bounds on the absolute and pseudo-Huber loss by \
        it (for the absolute loss right up to 1/√2), R1 to R4. Each against the exact mean of its \
        leading part over the initialisation, with one constant along d and along R; dependence on d from \
        those zonal expressions, and from them the least width for ε, along 1/ε. How far the loss on n \
        inputs scatters, along n. Drawn S: frequency of exceeding three times the mean, at most 1/3 by \
        Markov, and of all six staying within seven times theirs.",
    refuted_by: "A mean over S that falls slower, or grows faster, in m than claimed; an explicit \
        expression that outgrows its power of d; a least width that outgrows ε^{−4}; a scatter over inputs \
        that falls slower than n^{−1/2}; draws above three times the mean with probability above 1/3.",
    uses: &["lemma-1", "lemma-2", "random-signs"],
    errata: &[ErratumId(1), ErratumId(10)],
    variables: &["m", "d", "n", "R", "accuracy"],
    ..Card::new(&crate::papers::nbl22::PAPER, "theorem-2", "W* fits with small regularisers")
};

impl Claim for Theorem2 {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::Identity]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        // Replicates of the sweep, and at the width far from it: the quick tier pools fewer sweeps.
        let (near, far) = if tier == Tier::Quick { (24, 4) } else { (20, 6) };
        for (k, terms, activation) in combinations(tier) {
            let mut sweeps = vec![(3_usize, sweep::doublings(80 * k, 6).collect::<Vec<_>>(), near)];
            if tier >= Tier::Standard {
                let d = if k == 1 { 6 } else { 4 };
                sweeps.push((d, sweep::doublings(100 * k, 6).collect(), 8));
            }
            // The least even width above 3^10. A width far from the others says most of the exponent.
            sweeps.push((3, vec![59_050], far));
            if k == 1 && tier >= Tier::Standard && terms == 3 {
                sweeps.push((3, sweep::doublings(118_100, 3).collect(), 1));
            }
            if tier == Tier::Paper && k == 1 {
                sweeps.push((30, sweep::doublings(500, 5).collect(), 2));
            }
            for (d, widths, replicates) in sweeps {
                let n = d.pow(k as u32 + 1);
                for m in widths {
                    cells.extend(
                        (0..replicates).map(|r| cell(SWEEP, d, m, k, terms, activation, r).with(N, n)),
                    );
                }
            }
            let widths: &[usize] = if tier == Tier::Quick { &[128] } else { &[128, 512] };
            for &m in widths {
                for n in [3_usize.pow(k as u32), 3_usize.pow(k as u32 + 1)] {
                    cells.push(cell(DRAWS, 3, m, k, terms, activation, 0).with(N, n));
                }
            }
            cells.push(cell(ENUMERATION, 3, 16, k, terms, activation, 0).with(N, 6));
            for &d in sweep::dimensions(tier) {
                cells.push(cell(ASYMPTOTIC, d, 0, k, terms, activation, 0).without(M));
            }
            let needed = cell(WIDTH_NEEDED, 6, 0, k, terms, activation, 0).without(M);
            cells.extend((1..=12).map(|i| needed.clone().with(ACCURACY, f64::from(1 << i))));
        }
        let replicates = if tier == Tier::Quick { 3 } else { 8 };
        for activation in ACTIVATIONS {
            for d in [3, 4, 6, 8, 12] {
                let along = cell(DIMENSIONS, d, 64 * d, 1, 1, activation, 0).with(N, d * d);
                cells.extend((0..replicates).map(|r| along.clone().replicate(r)));
            }
            for terms in [1, 2, 4, 8, 16] {
                let along = cell(TERMS, 3, 256, 1, terms, activation, 0).with(N, 9);
                cells.extend((0..replicates).map(|r| along.clone().replicate(r)));
            }
            // From d^k to d^{k+1}.
            for n in [8, 11, 16, 23, 32, 45, 64] {
                let along = cell(SAMPLES, 8, 16, 1, 1, activation, 0).with(N, n);
                cells.extend((0..3 * replicates).map(|r| along.clone().replicate(r)));
            }
        }
        for &d in sweep::dimensions(tier) {
            cells.push(cell(ASYMPTOTIC, d, 0, 3, 1, "tanh:0.5", 0).without(M));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        match cell.part.as_str() {
            SWEEP | DIMENSIONS | TERMS => {
                let harmonics: f64 = if cell.d() == 3 { 250.0 } else { 600.0 };
                // Moments of W_L and three forms of Σ; then the slopes c_r at every input.
                let flops = effort::top_space(cell, TAIL) + m * (100.0 * d + 67.0 * n);
                let bytes = 64e6 + m * (8.0 * n + 40.0 * d * harmonics.min(20.0));
                Prediction { flops, bytes: effort::bytes_with_top_space(bytes, cell, TAIL) }
            }
            // A form of Σ and the model at every input, for each draw.
            DRAWS => {
                let forms = effort::Sigma::of(cell, TAIL).map_or(0.0, |s| s.top() + s.forms(TRIALS as f64));
                Prediction { flops: forms + TRIALS as f64 * m * (100.0 + 73.0 * n), bytes: 16e6 }
            }
            SAMPLES => {
                let inputs = measure::SETS as f64 * n;
                Prediction {
                    flops: effort::top_space(cell, TAIL) + m * (100.0 * d + 67.0 * inputs),
                    bytes: 64e6 + 8.0 * m * inputs,
                }
            }
            ENUMERATION => Prediction { flops: 1.8e7, bytes: 8e6 },
            _ => Prediction { flops: 5e6, bytes: 8e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            DRAWS => signs::draws(cell, seed),
            ENUMERATION => signs::enumeration(cell, seed),
            ASYMPTOTIC => measure::asymptotic(cell, seed),
            WIDTH_NEEDED => measure::width_needed(cell, seed),
            SAMPLES => measure::samples(cell, seed),
            _ => measure::sweep(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let along_m = along_m().into_iter().chain(in_special_cells()).map(|bound| bound.part(SWEEP));
        along_m.chain(one_constant()).chain(of_epsilon()).chain(in_d()).chain(signs::bounds()).collect()
    }
}

/// The averages over S along m, against their explicit right sides.
fn along_m() -> Vec<Bound> {
    let both = |exponent: f64| Sweep::both(M, move |_: &Cell| exponent);
    let upper = |exponent: f64| Sweep::upper(M, move |_: &Cell| exponent);
    vec![
        Bound::growth(
            "loss",
            "E_S L̂^Q(W*) ≤ E_n √(E_S Y²) ≲ (d^{3(k−1)}/m)^{1/4} for every 1-Lipschitz loss; the \
             absolute loss is at least 1/√2 of it",
            "root-square",
            "width-term",
            upper(-0.25),
        )
        .trivially("null")
        .headline(),
        Bound::growth(
            "smooth-loss",
            "E_S L̂^Q(W*) ≤ E_n (√(1 + E_S Y²) − 1) ≲ (d^{3(k−1)}/m)^{1/2} for the pseudo-Huber loss: \
             twice as fast",
            "smooth",
            "width-term-squared",
            upper(-0.5),
        ),
        Bound::growth(
            "noise",
            "√(E_n Σ_r c_r²) ≍ (E‖W_Q‖_F² tr Σ/(dm))^{1/2}: the part of the loss that the signs leave",
            "noise",
            "noise-explicit",
            both(-0.25),
        ),
        Bound::growth(
            "misfit",
            "√(E_n (e_0 − f*)²) ≍ m^{-1/2}, against the exact mean square of W_Q and the first order of \
             W_L",
            "misfit",
            "misfit-explicit",
            both(-0.5),
        ),
        Bound::growth("r1", "E_S R1(W*) ≍ E‖W_Q‖_F² Σ_{j>k} τ_j/(dm)", "r1", "beyond", both(-0.5))
            .headline(),
        Bound::growth("r3", "E_S R3(W*) ≍ the same, on n = d^{k+1} inputs", "r3", "beyond", both(-0.5))
            .headline(),
        Bound::growth("r3-few", "E_S R3(W*) ≲ the same, on n = d^k inputs", "r3-few", "beyond", upper(-0.5)),
        Bound::growth(
            "r2",
            "E_S R2(W*) ≍ E f_k² + E‖W_Q‖_F² Σ_{j≤k} τ_j/(dm)",
            "r2",
            "r2-explicit",
            Sweep::uniform(M, Side::Both),
        )
        .headline(),
        Bound::growth("r2-bounded", "E_S R2(W*) ≲ 1", "r2", "one", upper(0.0)),
        Bound::growth(
            "r4",
            "E_S R4(W*) ≲ (4m Σ_i E h_i²/p_i)²: W_L adds what falls with m",
            "r4",
            "r4-explicit",
            upper(0.0),
        )
        .headline(),
        Bound::inequality(
            "r2-of-w-l",
            "R2(W_L) ≤ E f_k² = 1",
            "r2-w-l",
            Side::Upper,
            "one",
            Neighbour::lhs("r2-w-l-flat", "1/λ_{n_k} in place of every 1/λ_i in W_L"),
        )
        .code_check(),
    ]
}

/// What holds at k = 1 alone, and where the width is that of the hypothesis.
fn in_special_cells() -> [Bound; 2] {
    [
        Bound::identity(
            "r4-of-w-q",
            "R4(W_Q) = (4m Σ_i E h_i²/p_i)² at k = 1, whatever the draw; 64R²(Σα²)²/(E σ'')⁴ for equal \
             groups",
            "r4-w-q",
            "r4-explicit",
            Neighbour::rhs("r4-even", "R/p in place of 1/p_i"),
        )
        .code_check()
        .among(|c| c.k() == 1 && c.terms() == 3),
        Bound::inequality(
            "at-the-hypothesis",
            "where m ≥ d^{10k}: E_S L̂^Q(W*) ≤ twice the root of the exact mean square over signs, \
             inputs and initialisation (by Markov a draw exceeds it with probability at most ¼)",
            "root-square",
            Side::Upper,
            "rms-explicit-twice",
            Neighbour::lhs("worst-signs", "the worst signs at each input in place of the mean over S"),
        )
        .code_check()
        .among(literal),
    ]
}

/// One constant along d and along R. How R4 depends on R is `r4-of-w-q`.
fn one_constant() -> [Bound; 3] {
    let along_d = |name: &str, lhs: &str, rhs: &str| {
        let statement = format!(
            "{lhs} of W* follows its explicit right side with one constant along d, at m = 64d and n = d²"
        );
        let sweep = Sweep::uniform(D, Side::Both).tied(&[M, N]);
        Bound::growth(name, statement, lhs, rhs, sweep).part(DIMENSIONS)
    };
    [
        along_d("r1-along-d", "r1", "beyond"),
        along_d("r2-along-d", "r2", "r2-explicit"),
        Bound::growth(
            "r1-along-r",
            "r1 of W* follows its explicit right side with one constant along R, at d = 3 and m = 256",
            "r1",
            "beyond",
            Sweep::uniform(R, Side::Both),
        )
        .part(TERMS),
    ]
}

/// The two terms of ε: the width it needs, and the samples.
fn of_epsilon() -> [Bound; 2] {
    [
        Bound::asymptotic(
            "width-needed",
            "the least m at which the root of the exact mean square over signs, inputs and \
             initialisation is ε is ≲ ε^{−4}",
            "width-needed",
            Sweep::upper(ACCURACY, |_| 4.0),
        )
        .part(WIDTH_NEEDED),
        Bound::growth(
            "fluctuation",
            "over sets of n inputs, E_n √(E_S Y²) departs from its mean by a root mean square that is \
             ≲ √(d^k/n), from d^k to d^{k+1}",
            "fluctuation",
            "sample-term",
            Sweep::upper(N, |_| -0.5),
        )
        .part(SAMPLES),
    ]
}

/// How the explicit right sides grow in d.
fn in_d() -> Vec<Bound> {
    let over_d = |name: &str, statement: &str, quantity: &str, sweep: Sweep| {
        Bound::asymptotic(name, statement, quantity, sweep).part(ASYMPTOTIC)
    };
    let degree = |c: &Cell| c.k() as f64 - 1.0;
    vec![
        over_d(
            "r1-in-d",
            "√m·E‖W_Q‖_F² Σ_{j>k} τ_j/(dm) ≍ d^{(k−1)/2}",
            "beyond",
            Sweep::both(D, move |c| 0.5 * degree(c)),
        ),
        over_d(
            "r4-in-d",
            "(8R Σ_i E h_i²)² ≍ d^{2(k−1)}",
            "r4-even",
            Sweep::both(D, move |c| 2.0 * degree(c)),
        ),
        over_d(
            "noise-in-d",
            "m^{1/4}·noise ≲ d^{3(k−1)/4}",
            "noise",
            Sweep::upper(D, move |c| 0.75 * degree(c)),
        ),
        over_d(
            "r2-in-d",
            "√m·E‖W_Q‖_F² Σ_{j≤k} τ_j/(dm) ≍ d^{(k−1)/2}: R2 is ≲ 1 for m ≥ d^{k−1}",
            "within",
            Sweep::both(D, move |c| 0.5 * degree(c)),
        ),
        over_d("misfit-in-d", "√m·misfit of W_Q ≲ d^k", "misfit", Sweep::upper(D, |c| c.k() as f64)),
    ]
}
