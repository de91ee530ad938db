//! YJZLW24, the least eigenvalue of the kernel of a large bias, and its condition number.
//!
//! Derived for this project:
//!
//! > `λ_min(H) ≥ Σ_j κ_j (1 − (n−1)ρ_max^j)_+`. On the vectors with `Σ_{i≠j} v_i v_j (P_ij − p_min) ≥ 0` the
//! > form vᵀHv is at least `Φ̄(B) − p_min`, however close two inputs are; its exact least value there is
//! > `max_{t ≥ 0} λ_min(H − tQ)`.
//!
//! As recalled, the older bound is `e^{−B²/2}δ/(100n²)`, δ the least distance of two inputs or of one and
//! the opposite of another. That the condition number falls with B is measured and not proved.

use super::instance;
use super::letters::{BIAS, D, DISTANCE, N};
use super::region::{minimum, region};
use crate::claim::{Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Tier};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::kernel::biased::Biased;
use escapement::{eigen, rounding};
use faer::{MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct BiasLambdaMin;

/// The biases between which the condition number is followed.
const LADDER: [f64; 9] = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0];

const CARD: Card = Card {
    statement: r"\lambda_{\min}(H) \ge \sum_j \kappa_j \left( 1 - (n-1) \rho_{\max}^j \right)_+, \qquad
        \min_{v \in \mathcal{R}} \frac{v^\top H v}{v^\top v} = \max_{t \ge 0} \lambda_{\min}(H - tQ)
        \ge \bar\Phi(B) - p_{\min}",
    reference: "YJZLW24, the smallest eigenvalue of the abstract; bounds derived for this project",
    hypotheses: "Distinct unit inputs, of which no two are opposite.",
    method: "Random inputs with n from 3 to 40, and such with a pair at a distance of 0.05 or 0.01: λ_min by \
        a dense solver beside each bound. The least value on the region between the dual and a vector of the \
        region. The condition number along B from 0 to 3.",
    refuted_by: "A bound above λ_min or above the least value on the region; a dual that no vector attains; a \
        condition number that rises with B.",
    variables: &["n", "d", "B", "delta"],
    uses: &["bias-kernel"],
    errata: &[ErratumId(3), ErratumId(4)],
    ..Card::new(&super::PAPER, "bias-lambda-min", "Least eigenvalue and condition number of a large bias")
};

impl Claim for BiasLambdaMin {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let (replicates, biases): (_, &[f64]) = match tier {
            Tier::Quick => (2, &[0.0, 1.0, 2.0]),
            _ => (12, &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]),
        };
        let mut cells = Vec::new();
        for (n, d) in [(3, 3), (4, 3), (10, 5), (10, 200), (20, 10), (40, 60)] {
            for delta in [0.0, 0.05, 0.01] {
                let cell = |part: &str| {
                    let cell = Cell::new(self.id(), part).with(N, n).with(D, d);
                    if delta > 0.0 { cell.with(DISTANCE, delta) } else { cell }
                };
                for r in 0..replicates {
                    for &bias in biases {
                        cells.push(cell("bounds").with(BIAS, bias).replicate(r));
                    }
                    cells.push(cell("condition").replicate(r));
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let n = cell.n() as f64;
        let flops =
            if cell.part == "bounds" { 600.0 * n * n * 30.0 + 250.0 * 3.0 * n.powi(3) } else { 2e4 * n * n };
        Prediction { flops: 1e5 + flops, bytes: 1e6 + 100.0 * n * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let x = instance::inputs(cell, seed);
        let [distance, cosine] = extremes(x.as_ref());
        let out = if cell.part == "bounds" {
            bounds(x.as_ref(), &instance::neurons(cell)?, [distance, cosine])
        } else {
            condition(x.as_ref())
        }?;
        Ok(out.hypothesis("distinct inputs", distance > 0.0, format!("δ = {distance:.2e}")))
    }

    fn bounds(&self) -> Vec<Bound> {
        let least = |name: &str, statement: &str, rhs: &str, control: Neighbour| {
            Bound::inequality(name, statement, "least", Side::Lower, rhs, control).part("bounds")
        };
        vec![
            least(
                "series",
                "λ_min(H) is at least Σ_j κ_j (1 − (n−1)ρ_max^j)_+",
                "series",
                Neighbour::rhs("trace", "n − 1 dropped: 2Φ̄(B) − (1 + ρ)P"),
            )
            .code_check()
            .headline(),
            least(
                "older",
                "λ_min(H) is at least e^{−B²/2}δ/(100n²), as recalled",
                "older",
                Neighbour::rhs("older_root", "√δ in place of δ, without 100n²"),
            ),
            Bound::inequality(
                "region",
                "on the region vᵀHv is at least Φ̄(B) − p_min",
                "region",
                Side::Lower,
                "gap",
                Neighbour::lhs("least", "all vectors in place of the region"),
            )
            .code_check()
            .headline()
            .part("bounds"),
            Bound::identity(
                "attained",
                "the dual max_t λ_min(H − tQ) is attained by a vector of the region",
                "region",
                "vector",
                Neighbour::lhs("least", "t = 0"),
            )
            .code_check()
            .part("bounds")
            .among(|cell| cell.get(DISTANCE).is_some()),
            Bound::inequality(
                "condition",
                "λ_max/λ_min of H does not rise from one B to the next, up to 3",
                "rise",
                Side::Upper,
                "one",
                Neighbour::lhs(
                    "slower",
                    "1/λ_min in place of the condition number: one learning rate for all B",
                ),
            )
            .headline()
            .chosen("the ladder of B; no proof is known")
            .part("condition"),
        ]
    }
}

/// The least distance of two inputs, or of one and the opposite of another, and the largest cosine in
/// modulus.
fn extremes(x: MatRef<'_, f64>) -> [f64; 2] {
    let (mut distance, mut cosine) = (f64::INFINITY, 0.0_f64);
    for (i, j) in (0..x.nrows()).flat_map(|j| (0..j).map(move |i| (i, j))) {
        for sign in [-1.0, 1.0] {
            distance = distance.min((x.row(i) + faer::Scale(sign) * x.row(j)).norm_l2());
        }
        cosine = cosine.max((x.row(i) * x.row(j).transpose()).abs());
    }
    [distance, cosine]
}

fn bounds(x: MatRef<'_, f64>, neurons: &Biased, [distance, cosine]: [f64; 2]) -> Result<Measurement> {
    let n = x.nrows();
    let (h, error) = neurons.kernel(x)?;
    let (p, _) = neurons.probabilities(x)?;
    let values = eigen::full_eigenvalues(h.as_ref(), Par::Seq)?;
    let (q, p_min) = region(p.as_ref());
    let least = minimum(h.as_ref(), q.as_ref())?;
    let wrong = n as f64 * error + rounding::eigen(n, values[0]);
    let active = neurons.active();
    // Two terms of the search for t, at a slope of at most ‖Q‖, beside the errors of the eigenvalues.
    let searched = 4.0 * wrong + 1e-12 * values[0];
    let older = (-0.5 * neurons.bias().powi(2)).exp();
    Ok(Measurement::new()
        .ball("active", active)
        .quantity("least", values[n - 1], wrong)
        .ball("series", neurons.least_eigenvalue_bound(n, cosine.min(1.0 - f64::EPSILON))?)
        .ball("trace", 2.0 * active - (1.0 + cosine) * neurons.both(cosine.min(1.0).acos())?)
        .quantity("older", older * distance / (100 * n * n) as f64, f64::EPSILON)
        .quantity("older_root", older * distance.sqrt(), f64::EPSILON)
        .quantity("region", least.lower, searched)
        .quantity("vector", least.upper, searched)
        .ball("gap", active - Ball::new(p_min, error)))
}

fn condition(x: MatRef<'_, f64>) -> Result<Measurement> {
    let n = x.nrows();
    let (mut rise, mut slower, mut error) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut before: Option<[f64; 2]> = None;
    for bias in LADDER {
        let (h, wrong) = Biased::new(bias)?.kernel(x)?;
        let values = eigen::full_eigenvalues(h.as_ref(), Par::Seq)?;
        let (most, least) = (values[0], values[n - 1]);
        if let Some([condition, inverse]) = before {
            rise = rise.max(most / least / condition);
            slower = slower.max(1.0 / least / inverse);
        }
        error = error.max(2.0 * (n as f64 * wrong + rounding::eigen(n, most)) / least);
        before = Some([most / least, 1.0 / least]);
    }
    Ok(Measurement::new()
        .quantity("rise", rise, 2.0 * error * rise)
        .quantity("slower", slower, 2.0 * error * slower)
        .quantity("one", 1.0, 0.0))
}
