//! Theorem 4 of NBL22: a small regularised loss generalises.
//!
//! > For λ_i as in Corollary 1, `L_λ(Ŵ) ≤ Cε` implies `L(Ŵ) ≲ ε + √(d^k/n)`.
//!
//! Ŵ is trained by gradient descent on the pseudo-Huber L_λ with `λ_i = ε_λ/R_i(W*)`, and ε is the L_λ(Ŵ)
//! that was reached. The constant is implied; along n it must not grow. One with all constants follows from
//! the proof. With `f_top = f_L(Π_{≤r}W) + f_Q`, a loss that is 1-Lipschitz and Jensen's inequality,
//! `L(Ŵ) ≤ L̂(Ŵ) + √R1 + √R3 + [L − L̂](f_top)`, and by symmetrisation and contraction the mean over samples
//! of the bracket is at most twice the Rademacher complexity of a class that holds every f_top: `√(C n_k/n)`
//! for R2 ≤ C, and the mean of the closed form of rademacher-quadratic for ‖W‖_{2,4}^4 ≤ B.
//!
//! C and B are the largest reached, rounded up to a power of two. A class that is fixed beforehand would
//! need the union over all powers, and one sample a deviation of order `√(log(1/δ)/n)`: both are left out,
//! and what is checked is the mean over samples.

mod measure;

use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use crate::papers::nbl22::effort;
use crate::papers::nbl22::instance::ACTIVATIONS;
use crate::papers::nbl22::letters::{D, K, Letters, M, N, R};
use crate::papers::nbl22::rademacher_quadratic::extremes;
use escapement::tolerance::TAIL;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem4;

/// Trained f_L + f_Q along n, and the network.
const QUADRATIC: &str = "quadratic";
const NETWORK: &str = "network";
/// The inequality with all constants.
const EXPLICIT: &str = "explicit";
/// f_L alone, whose population square loss is exact.
const LINEAR: &str = "linear";

const CARD: Card = Card {
    statement: r"L_\lambda(\hat{W}) \le C \varepsilon \quad \Longrightarrow \quad L(\hat{W}) \lesssim
        \varepsilon + \sqrt{\frac{d^k}{n}}, \qquad \lambda_i = \frac{\varepsilon}{R_i(W^*)}",
    reference: "NBL22, Theorem 4",
    hypotheses: "n ≥ d^k; ℓ 1-Lipschitz (pseudo-Huber). The widths of the theorem are out of reach: m ≥ \
        d^{10k} is recorded and not met.",
    method: "Ŵ by 256 steps of gradient descent on L_λ, for f_L + f_Q and for the network; ε is the L_λ(Ŵ) \
        reached. The population loss is a mean over fresh inputs, its error the half width of a Student \
        interval at confidence 99 %. Followed in n from d^k to beyond d^{k+1} at fixed d. With all \
        constants: L(Ŵ) on average over samples against L̂ + √R1 + √R3 and twice the Rademacher \
        complexities at the norms reached.",
    refuted_by: "A ratio L(Ŵ)/(L_λ(Ŵ) + √(d^k/n)) that grows with n; a mean of L(Ŵ) over samples above the \
        bound with constants; an exact population loss of f_L outside the interval of the fresh inputs.",
    uses: &["rademacher-linear", "rademacher-quadratic", "theorem-2"],
    errata: &[ErratumId(1), ErratumId(5), ErratumId(10)],
    variables: &["n", "d", "ε"],
    ..Card::new(&crate::papers::nbl22::PAPER, "theorem-4", "A small regularised loss generalises")
};

impl Claim for Theorem4 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let (sizes, replicates): (&[(usize, usize, usize)], usize) = match tier {
            Tier::Quick => (&[(1, 8, 64)], 2),
            Tier::Standard => (&[(1, 8, 128), (1, 16, 256), (2, 4, 128)], 3),
            Tier::Paper => (&[(1, 8, 1024), (1, 16, 1024), (1, 30, 1024), (2, 5, 512)], 5),
        };
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            let cell = |part: &str, k, d, m, n, replicate| {
                Cell::new(self.id(), part)
                    .with(D, d)
                    .with(M, m)
                    .with(N, n)
                    .with(K, k)
                    .with(R, 1)
                    .activation(activation)
                    .replicate(replicate)
            };
            for &(k, d, m) in sizes {
                // Half octaves from d^k to 8d^{k+1}: up to d^{k+1} the sparse term is not learnt yet, and
                // the ratio still rises.
                let (first, last) = (d.pow(k as u32) as f64, 8.0 * d.pow(k as u32 + 1) as f64);
                let count = (2.0 * (last / first).log2()).round() as i32;
                let ns: Vec<usize> = (0..=count)
                    .map(|i| (first * 2.0_f64.powf(0.5 * f64::from(i))).round() as usize)
                    .collect();
                for part in [QUADRATIC, NETWORK] {
                    cells.extend(
                        ns.iter().flat_map(|&n| (0..replicates).map(move |r| cell(part, k, d, m, n, r))),
                    );
                }
                cells.extend([ns[0], ns[ns.len() - 1]].map(|n| cell(LINEAR, k, d, m, n, 0)));
            }
            let (d, m, ns): (usize, usize, &[usize]) = match tier {
                Tier::Quick => (6, 64, &[36, 144]),
                _ => (6, 64, &[36, 72, 144, 288, 576, 1152, 2304]),
            };
            cells.extend(ns.iter().map(|&n| cell(EXPLICIT, 1, d, m, n, 0)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        let run = measure::STEPS as f64 * effort::step(cell, n, cell.part == NETWORK)
            + effort::fresh(cell, measure::FRESH);
        let explicit = cell.part == EXPLICIT;
        let run = if explicit { measure::SAMPLES as f64 * (run + extremes(d, 0.5 * m, n)) } else { run };
        let rank = d.powi(cell.k() as i32) + 2.0;
        let bytes = 1e7 + 8.0 * m * (3.0 * n + 6.0 * m + 4.0 * d * rank);
        Prediction {
            flops: 2e6 + run + effort::top_space(cell, TAIL),
            bytes: effort::bytes_with_top_space(bytes, cell, TAIL),
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            EXPLICIT => measure::explicit(cell, seed),
            LINEAR => measure::linear(cell, seed),
            _ => measure::trained(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let growth = || Sweep::upper(N, |_| -0.5);
        vec![
            Bound::growth("in-n", "L(Ŵ) ≲ L_λ(Ŵ) + √(d^k/n) for f_L + f_Q", "loss", "bound", growth())
                .part(QUADRATIC),
            Bound::growth(
                "in-n-network",
                "L(Ŵ) ≲ L_λ(Ŵ) + √(d^k/n) for the network",
                "loss",
                "bound",
                growth(),
            )
            .part(NETWORK),
            Bound::inequality(
                "with-constants",
                "E L(Ŵ) ≤ E[L̂(Ŵ) + √R1 + √R3] + 2[√(C n_k/n) + Rad{f_Q: ‖W‖_{2,4}^4 ≤ B}], C and B the \
                 norms reached: ends of Student intervals over 16 samples at confidence 1 − 10⁻⁶",
                "loss",
                Side::Upper,
                "bound",
                Neighbour::rhs("bound_without", "√(d^k/n) dropped: the complexities left out"),
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
