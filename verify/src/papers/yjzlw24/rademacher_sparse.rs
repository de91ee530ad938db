//! YJZLW24, a Rademacher complexity that falls with the share of active neurons.
//!
//! Derived for this project:
//!
//! > The linearised networks with `‖(ΔW, Δb)‖_F ≤ r` have the complexity `(r/n) E_ε √(εᵀH_mε)` given the
//! > inputs, which is at most `r√(tr H_m)/n = r√(2p̂/n)`, p̂ the share of pairs of a neuron and an input at
//! > which it is active, and at least 1/√2 of it.
//!
//! At large width p̂ is Φ̄(B) and the complexity falls like `e^{−B²/4}`.

use super::instance;
use super::letters::{BIAS, D, M, N};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use escapement::rounding;
use faer::MatRef;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct RademacherSparse;

const CARD: Card = Card {
    statement: r"\frac{1}{\sqrt 2} \sqrt{2 \hat p / n} \le \frac{1}{n} \mathbb{E}_\epsilon
        \sqrt{\epsilon^\top H_m \epsilon} \le \sqrt{2 \hat p / n}, \qquad \hat p \to \bar\Phi(B)",
    reference: "YJZLW24, the sparsity-dependent Rademacher complexity; constants derived for this project",
    hypotheses: "Unit inputs, standard normal weights, movements of the norm r = 1 about the start; some \
        neuron is active.",
    method: "All 2^n signs, n up to 12. The complexity beside the bound of its own network, and beside \
        √(2Φ̄(B)/n) along B from ½ to 2½ and along n at 16 384 neurons.",
    refuted_by: "A complexity above the bound or below 1/√2 of it; one that does not follow √Φ̄(B).",
    variables: &["B", "n", "m", "d"],
    uses: &["bias-kernel"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "rademacher-sparse", "Fewer active neurons, a smaller complexity")
};

impl Claim for RademacherSparse {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 3 } else { 12 };
        let cell = |part: &str, n: usize, m: usize, bias: f64| {
            let cell = Cell::new(self.id(), part).with(D, 6).with(N, n).with(M, m).with(BIAS, bias);
            (0..replicates).map(move |r| cell.clone().replicate(r))
        };
        let mut cells = Vec::new();
        for bias in [0.0, 1.0, 2.0] {
            for m in [64, 256, 1024] {
                cells.extend([5, 8, 12].into_iter().flat_map(|n| cell("small", n, m, bias)));
            }
        }
        let biases = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5];
        cells.extend(biases.into_iter().flat_map(|bias| cell("in-B", 8, 16_384, bias)));
        cells.extend([3, 4, 5, 6, 8, 10, 12].into_iter().flat_map(|n| cell("in-n", n, 16_384, 1.5)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, m) = (cell.n() as f64, cell.m() as f64);
        let flops = m * n * (2.0 * n + 60.0) + n * n * 2.0_f64.powf(n);
        Prediction { flops: 1e5 + flops, bytes: 1e6 + 16.0 * m * (n + 6.0) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let (x, neurons, n) = (instance::inputs(cell, seed), instance::neurons(cell)?, cell.n());
        let w = instance::weights(&mut cell.stream(seed, "weights"), cell.m(), cell.d());
        let h = instance::kernel_at_width(w.as_ref(), x.as_ref(), neurons.bias());
        let (exact, patterns) = (complexity(h.as_ref()), 1_usize << (n - 1));
        let trace: f64 = (0..n).map(|i| h[(i, i)]).sum();
        let bound = trace.sqrt() / n as f64;
        let limit = (2.0 * neurons.active() / n as f64).sqrt();
        // Each form is a sum of n² terms of at most 2; a root of a form near zero errs by the root of that.
        let each =
            rounding::sum(n * n + patterns, 16) * 2.0 * bound + (2.0 * rounding::sum(n * n, 8)).sqrt();
        Ok(Measurement::new()
            .quantity("complexity", exact, if trace > 0.0 { each } else { 0.0 })
            .quantity("bound", bound, rounding::sum(n, 8) * bound)
            .quantity("share", bound * 0.5_f64.sqrt(), rounding::sum(n, 8) * bound)
            .ball("limit", limit)
            .hypothesis("an active neuron", trace > 0.0, "at some input"))
    }

    fn bounds(&self) -> Vec<Bound> {
        let below = |part: &str, name: &str| {
            Bound::inequality(
                name,
                "the complexity is at most √(2p̂/n)",
                "complexity",
                Side::Upper,
                "bound",
                Neighbour::rhs("share", "√(p̂/n): the part of the bias dropped"),
            )
            .code_check()
            .part(part)
        };
        vec![
            below("small", "upper").headline(),
            Bound::inequality(
                "lower",
                "the complexity is at least √(p̂/n)",
                "complexity",
                Side::Lower,
                "share",
                Neighbour::rhs("bound", "√(2p̂/n): the upper bound itself"),
            )
            .code_check()
            .part("small"),
            Bound::growth(
                "in-B",
                "the complexity follows √(2Φ̄(B)/n) along B",
                "complexity",
                "limit",
                Sweep::uniform(BIAS, Side::Both),
            )
            .headline()
            .part("in-B"),
            Bound::growth(
                "in-n",
                "the complexity falls like √(2Φ̄(B)/n) in n",
                "complexity",
                "limit",
                Sweep::both(N, |_| -0.5),
            )
            .part("in-n"),
        ]
    }
}

/// `n⁻¹ E_ε √(εᵀHε)` over all signs, of which ε and −ε agree, so that the last one stays.
pub fn complexity(h: MatRef<'_, f64>) -> f64 {
    let (n, patterns) = (h.nrows(), 1_usize << (h.nrows() - 1));
    let sign = |code: usize, i: usize| if code >> i & 1 == 0 { 1.0 } else { -1.0 };
    let root = |code: usize| {
        let row = |i: usize| (0..n).map(|j| h[(i, j)] * sign(code, j)).sum::<f64>();
        (0..n).map(|i| sign(code, i) * row(i)).sum::<f64>().max(0.0).sqrt()
    };
    (0..patterns).map(root).sum::<f64>() / (patterns * n) as f64
}
