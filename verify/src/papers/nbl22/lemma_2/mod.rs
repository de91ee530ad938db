//! Lemma 2 of NBL22: a displacement W_L in the top eigenspace expresses the low-degree part of the target.
//!
//! > For every f_k of degree ≤ k with E f_k² = 1 and m ≥ d^{10k} there is W_L in span P_{≤k}, the top n_k
//! > eigenspace of Σ, with `E_n(f_L(x; W_L) − f_k(x))² ≲ d^k/n` and `‖W_L‖_F² ≲ d^{k−1}`.
//!
//! W_L is population least squares in that eigenspace, so that the error is that of a projection: free of n
//! and of order 1/m. Nothing is drawn but the weights: the worst over all f_k is the largest squared sine
//! between the eigenspace and degree ≤ k, and the worst ‖W_L‖² a largest eigenvalue as well. By the Gram
//! matrix of the harmonics neither needs W_L itself, so that m ≥ d^{10k} is met literally at d = 3 and 4;
//! these two dimensions carry no exponent of d, and the exponents of m come from cells at smaller m too,
//! marked as outside the hypothesis.

mod measure;

use super::effort;
use super::hypotheses::literal;
use super::instance::ACTIVATIONS;
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N};
use escapement::sphere::cumulative_dimension;
use escapement_prove::Form;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Lemma2;

/// Worst cases over f_k along m.
const SWEEP: &str = "sweep";
/// The width of the hypothesis at d = 4, which is one width and carries no exponent.
const LITERAL: &str = "literal";
/// The worst cases along d.
const DIMENSIONS: &str = "dimensions";
/// W_L on n inputs, m in proportion to n.
const INPUTS: &str = "inputs";
/// W_L itself: for one f_k, and on inputs.
const MEMBER: &str = "member";
/// Second moments of the Gram matrix at one neuron.
const MOMENT: &str = "moment";
/// Zonal quantities over d.
const ASYMPTOTIC: &str = "asymptotic";

/// Samples on which E_n is taken in the part "member".
const SAMPLES: usize = 200;

fn cell(part: &str, d: usize, m: usize, k: usize, activation: &str, replicate: usize) -> Cell {
    Cell::new("lemma-2", part).with(D, d).with(M, m).with(K, k).activation(activation).replicate(replicate)
}

/// Widths and replicates of the sweeps at (d, k). The logarithm of a worst case over f_k scatters by about a
/// half, and Student's limits are wide for few widths: seven or more of them, ten replicates or more each.
fn sweeps(tier: Tier) -> Vec<(usize, usize, Vec<usize>, usize)> {
    let half_octaves = |first: usize, count: usize| sweep::half_octaves(first, count).collect::<Vec<_>>();
    let doublings = |first: usize, count: usize| sweep::doublings(first, count).collect::<Vec<_>>();
    // 59050 is the least even number above 3^10.
    let literal = doublings(59_050, if tier == Tier::Quick { 1 } else { 5 });
    let three = [doublings(64, 7), literal].concat();
    let most = if tier == Tier::Quick { 48 } else { 64 };
    let mut out =
        vec![(3, 1, three, most), (3, 2, doublings(128, 7), most), (6, 1, half_octaves(64, 7), 12)];
    if tier >= Tier::Standard {
        out.extend([
            (4, 1, half_octaves(512, 9), 8),
            (4, 2, half_octaves(1024, 9), 8),
            (10, 1, half_octaves(192, 9), 6),
            (5, 2, half_octaves(256, 9), 4),
        ]);
    }
    if tier == Tier::Paper {
        out.push((100, 1, half_octaves(2500, 5), 2));
        out.push((20, 1, half_octaves(512, 9), 3));
    }
    out
}

const CARD: Card = Card {
    statement: r"\mathbb{E}_n \left( f_L(x; W_L) - f_k(x) \right)^2 \lesssim \frac{d^k}{n}, \qquad
        \|W_L\|_F^2 \lesssim d^{k-1}, \qquad W_L \in \operatorname{span} P_{\le k}",
    reference: "NBL22, Lemma 2",
    hypotheses: "m ≥ d^{10k}, d^k ≤ n ≤ d^{k+1}, E f_k² = 1; d above a constant, so that the degrees ≤ k \
        carry the n_k largest eigenvalues. Cells of smaller m are marked as outside; exponents in \
        m use them too.",
    method: "Exact worst case over all f_k: squared sine of the largest angle between the top n_k \
        eigenspace and degree ≤ k, and largest ‖W_L‖². Rate on the m axis against a first-order \
        expression with explicit constant; the target d^k/n where m ≥ d^{10k} is met (d = 3 and 4, k = \
        1); the constant of ‖W_L‖² over d as 1/min κ_{≤k}.",
    refuted_by: "An error that falls slower than 1/m, one above d^k/n at m ≥ d^{10k}, a ‖W_L‖² above \
        1/λ_{n_k}, a 1/min κ_{≤k} that outgrows d^{k−1}, or a W_L outside the eigenspace.",
    uses: &["spectrum", "assumption-3"],
    variables: &["m", "d", "n"],
    ..Card::new(&crate::papers::nbl22::PAPER, "lemma-2", "W_L expresses the low-degree part")
};

impl Claim for Lemma2 {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::Lemma2]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            for (d, k, widths, replicates) in sweeps(tier) {
                for m in widths {
                    // Past the hypothesis the scatter is small beside the factor two between widths.
                    let count = if m > 50_000 {
                        replicates.min(if tier == Tier::Quick { 2 } else { 3 })
                    } else {
                        replicates
                    };
                    let n = d.pow(k as u32 + 1);
                    cells.extend((0..count).map(|r| cell(SWEEP, d, m, k, activation, r).with(N, n)));
                }
            }
            if tier >= Tier::Standard {
                cells.push(cell(LITERAL, 4, 1 << 20, 1, activation, 0).with(N, 16));
            }
            let replicates = if tier == Tier::Quick { 8 } else { 16 };
            for (d, k) in [(3, 1), (3, 2)] {
                for m in sweep::doublings(64, 5) {
                    cells.extend(
                        (0..replicates).map(|r| cell(MEMBER, d, m, k, activation, r).with(N, SAMPLES)),
                    );
                }
            }
            let replicates = if tier == Tier::Quick { 6 } else { 12 };
            for d in [3, 4, 6, 8, 12] {
                let along = cell(DIMENSIONS, d, 64 * d, 1, activation, 0).with(N, d * d);
                cells.extend((0..replicates).map(|r| along.clone().replicate(r)));
            }
            for n in [6, 9, 13, 18, 25, 36] {
                let along = cell(INPUTS, 6, 32 * n, 1, activation, 0).with(N, n);
                cells.extend((0..replicates).map(|r| along.clone().replicate(r)));
            }
            for d in [3, 4, 5] {
                cells.extend([1, 2].map(|k| cell(MOMENT, d, 2, k, activation, 0)));
            }
            for &d in sweep::dimensions(tier) {
                cells.extend([1, 2, 3].map(|k| cell(ASYMPTOTIC, d, 0, k, activation, 0).without(M)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, tail) = (cell.d() as f64, cell.m() as f64, measure::tail(cell));
        match cell.part.as_str() {
            SWEEP | LITERAL | DIMENSIONS if cell.d() <= 4 => {
                let n: f64 = if cell.d() == 3 { 200.0 } else { 500.0 };
                Prediction {
                    flops: 3e5 + effort::Sigma::of(cell, tail).map_or(0.0, |s| s.projection()),
                    bytes: 8.0 * (3.0 * n * n + 2048.0 * d * n * 3.0 + m * d),
                }
            }
            SWEEP | LITERAL | DIMENSIONS => {
                let p = 0.5 * m;
                let columns = 6.0 * (cumulative_dimension(cell.d(), cell.k()).unwrap_or(1) as f64 + 8.0);
                Prediction {
                    flops: effort::top_space(cell, tail),
                    bytes: 32.0 * p * p + 40.0 * p * d * columns,
                }
            }
            // Three forms of Σ beside the eigenpairs.
            MEMBER | INPUTS => {
                let flops = effort::Sigma::of(cell, tail).map_or(0.0, |s| s.top() + s.forms(3.0))
                    + 10.0 * m * cell.n() as f64;
                Prediction { flops, bytes: 32e6 }
            }
            ASYMPTOTIC => Prediction { flops: 8e5, bytes: 8e6 },
            _ => Prediction { flops: 2e5, bytes: 8e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            MEMBER | INPUTS => measure::member(cell, seed),
            MOMENT => measure::moment(cell, seed),
            ASYMPTOTIC => measure::asymptotic(cell),
            _ => measure::sweep(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let along_m = |exponent: f64| Sweep::both(M, move |_: &Cell| exponent);
        let mut bounds =
            vec![
            Bound::growth(
                "rate",
                "the worst error over f_k is ≍ 1/m, against 2/m·Σ_{i≤k<j} (â_i²â_j² + \
                (d−1)ĉ_i²ĉ_j²)/(κ_i − κ_j)²",
                "error",
                "first-order",
                along_m(-1.0),
            ).headline()
            .part(SWEEP),
            Bound::inequality(
                "target",
                "worst error ≤ d^k/n for n up to d^{k+1} where m ≥ d^{10k}, with constant 1",
                "error-over-target",
                Side::Upper,
                "one",
                Neighbour::lhs("short-over-target", "one eigenvector too few"),
            )
            .among(literal),
            Bound::inequality(
                "norm",
                "worst ‖W_L‖_F² ≤ 1/λ_{n_k}",
                "norm",
                Side::Upper,
                "inverse-last",
                Neighbour::rhs("inverse-first", "1/λ_1 in place of 1/λ_{n_k}"),
            ).code_check()
            .part(SWEEP),
            Bound::growth(
                "norm-in-m",
                "worst ‖W_L‖_F² ≍ 1/min κ_{≤k}, whatever m",
                "norm",
                "inverse-kappa",
                along_m(0.0),
            ).headline()
            .part(SWEEP),
            Bound::asymptotic(
                "norm-in-d",
                "1/min κ_{≤k} ≍ d^{k−1}",
                "inverse-kappa",
                Sweep::both(D, |c: &Cell| c.k() as f64 - 1.0),
            )
            .part(ASYMPTOTIC),
            Bound::asymptotic(
                "width",
                "the width at which the first-order error reaches d^k/n at n = d^{k+1} is ≲ d^{10k}",
                "width-needed",
                Sweep::upper(D, |c: &Cell| 10.0 * c.k() as f64),
            )
            .part(ASYMPTOTIC),
            Bound::identity(
                "moment",
                "p E‖B‖_F² to first order from the Gram matrix of one neuron is the zonal sum, for every \
                 neuron",
                "one-neuron",
                "zonal-sum",
                Neighbour::rhs("zonal-sum-without-dimension", "ĉ_i²ĉ_j² without its factor d − 1"),
            ).code_check()
            .part(MOMENT),
            Bound::identity(
                "member",
                "‖(I − Π_{≤k})W_L‖_F = 0",
                "outside",
                "zero",
                Neighbour::lhs(
                    "outside-infinite",
                    "W_L in the span of E[φ Y_jl], j ≤ k, which is the \
                    eigenspace at infinite width",
                ),
            ).code_check()
            .part(MEMBER),
            Bound::identity(
                "projection",
                "E(f_L(x; W_L) − f_k)², from the closed form of Σ, is the squared distance cᵀ(I − KᵀK)c of \
                 the harmonic coefficients",
                "population-error",
                "projection-error",
                Neighbour::lhs("population-error-slant", "E[φ f_k] without the term −t w_r"),
            ).code_check()
            .part(MEMBER),
            Bound::growth(
                "sample",
                "the worst E_n(f_L(x; W_L) − f_k)² over f_k on drawn inputs is ≍ the worst E, which is ≍ \
                 1/m",
                "sample-error",
                "error",
                along_m(-1.0),
            )
            .part(MEMBER),
        ];
        bounds.extend(along_d_and_n());
        bounds
    }
}

/// One constant along d, and the target along n.
fn along_d_and_n() -> [Bound; 3] {
    [
        Bound::growth(
            "error-along-d",
            "the worst error over f_k is at most of the order of the first-order mean of all errors, with \
                 one constant along d, at m = 64d",
            "error",
            "first-order",
            Sweep::uniform(D, Side::Upper).tied(&[M, N]),
        )
        .part(DIMENSIONS),
        Bound::growth(
            "norm-along-d",
            "worst ‖W_L‖_F² ≲ 1/min κ_{≤k} with one constant along d, at m = 64d",
            "norm",
            "inverse-kappa",
            Sweep::uniform(D, Side::Upper).tied(&[M, N]),
        )
        .part(DIMENSIONS),
        Bound::growth(
            "error-in-n",
            "the worst E_n(f_L(x; W_L) − f_k)² over f_k on n inputs is ≲ d^k/n from n = d^k to d^{k+1}, \
                 where m grows like n",
            "sample-error",
            "target",
            Sweep::upper(N, |_| -1.0).tied(&[M]),
        )
        .part(INPUTS),
    ]
}
