//! The spectrum of the feature covariance Σ (NBL22, appendix A, "Lemma 15").
//!
//! > n_k eigenvalues of Σ are ≳ d^{1−k}; for k < i ≤ 2k, B(d,i) of them are Θ(d^{1−i}); the rest average
//! > Θ(1/m). The top n_k eigenfunctions turn towards the polynomials of degree ≤ k as m grows.
//!
//! At fixed d everything is compared along m with explicit zonal numbers: `κ_i` of the infinite-width kernel
//! for the levels, `Σ_{j>2k} τ_j/(dm)` for the rest, and `√(2Z/m)` for the angle, where `Z/p` is the mean
//! square of `‖sin Θ‖_F` to first order (see [`constants::Constants::angle`]). How these numbers grow in d
//! is a question of its own, answered exactly for d up to 2000. Beside that, three statements carry
//! constants: matrix Chernoff floors under each level, the sum of the rest below `Σ_{j>2k} τ_j`, and the
//! trace.

pub mod constants;
mod measure;
pub mod solve;

use super::hypotheses;
use super::instance::ACTIVATIONS;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M};
use constants::Constants;
use escapement_prove::Form;
use measure::{DIMENSIONS, LEVELS, TOP, separated};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Spectrum;

/// κ_j along d.
const KAPPA: &str = "kappa";
/// `Σ_{j>2k} τ_j/d` along d.
const REST: &str = "rest";
/// Widths of a sweep at larger d, in halves of the first.
const HALVES: [usize; 6] = [2, 3, 4, 6, 8, 12];

/// One sweep over m: part, d, k, the first width, how many widths each twice the last (0: those of
/// [`HALVES`]), replicates. The first widths are those from which the cells are in range, rounded up.
type Widths = (&'static str, usize, usize, usize, usize, usize);

const QUICK: [Widths; 6] = [
    (TOP, 3, 1, 512, 5, 32),
    (TOP, 3, 2, 1024, 5, 32),
    (TOP, 4, 1, 512, 5, 24),
    (LEVELS, 3, 1, 1024, 5, 4),
    (LEVELS, 3, 2, 2048, 5, 4),
    (LEVELS, 4, 1, 1024, 5, 4),
];

const STANDARD: [Widths; 13] = [
    (TOP, 3, 1, 512, 8, 5),
    (TOP, 3, 2, 1024, 7, 5),
    (TOP, 4, 1, 512, 6, 4),
    (TOP, 4, 2, 1536, 5, 2),
    (TOP, 5, 1, 384, 0, 5),
    (TOP, 8, 1, 384, 0, 5),
    (TOP, 10, 1, 384, 0, 5),
    (TOP, 20, 1, 384, 0, 5),
    (LEVELS, 3, 1, 1024, 6, 5),
    (LEVELS, 3, 2, 2048, 6, 5),
    (LEVELS, 4, 1, 1024, 6, 3),
    (LEVELS, 4, 2, 4096, 5, 2),
    (LEVELS, 5, 1, 1024, 0, 2),
];

const PAPER: [Widths; 8] = [
    (TOP, 5, 2, 1536, 0, 3),
    (TOP, 8, 2, 4608, 0, 3),
    (TOP, 10, 2, 8192, 0, 3),
    (TOP, 50, 1, 512, 0, 3),
    (TOP, 100, 1, 1024, 0, 3),
    (LEVELS, 8, 1, 1408, 0, 3),
    (LEVELS, 10, 1, 1664, 0, 3),
    (LEVELS, 20, 1, 3200, 0, 3),
];

const CARD: Card = Card {
    statement: r"\lambda_{n_k}(\Sigma) \gtrsim d^{1-k}, \qquad \lambda_{(i)}(\Sigma) = \Theta(d^{1-i}) \quad
        \text{for the } B(d,i) \text{ eigenvalues of degree } i,\ k < i \le 2k, \qquad
        \overline{\lambda}_{\mathrm{rest}}(\Sigma) = \Theta(1/m)",
    reference: "NBL22, appendix A, \"Lemma 15\"",
    hypotheses: "Assumption 3; λ_{i−1}(σ') ≠ 0 up to degree 2k (erratum 11); κ_i falling in i; m so large \
        that a matrix Chernoff bound keeps every eigenvalue of the levels looked at within half of its κ \
        with probability 0.99, and the first-order angle below 1/2.",
    method: "Exact spectra along m at fixed d: by the Gram matrix of the harmonics at small d, by products \
        with Σ at larger d; decided on the m axis against zonal constants, whose growth in d is judged \
        apart for d to 2000.",
    refuted_by: "A ratio to κ, to the average of the tail or to the first-order angle that drifts with m; a \
        level below its Chernoff floor; a trace off by more than the certificate; a κ_j whose \
        local exponent in d does not settle at 1 − j.",
    uses: &["assumption-3"],
    errata: &[ErratumId(11)],
    variables: &["m", "d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "spectrum", "Spectrum of the feature covariance")
};

impl Claim for Spectrum {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::EveryDimension, Form::Zonal, Form::Spectrum]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        let sweeps: Vec<Widths> = match tier {
            Tier::Quick => QUICK.to_vec(),
            Tier::Standard => STANDARD.to_vec(),
            Tier::Paper => STANDARD.iter().chain(&PAPER).copied().collect(),
        };
        for activation in ACTIVATIONS {
            let base = |part: &str| Cell::new(self.id(), part).activation(activation);
            for &d in sweep::dimensions(tier) {
                cells.extend((0..=4).map(|degree| base(KAPPA).with(D, d).with_degree(degree)));
                cells.extend((1..=2).map(|k| base(REST).with(D, d).with(K, k)));
            }
            let replicates = if tier == Tier::Quick { 3 } else { 8 };
            for d in [3, 4, 6, 8, 12] {
                let cell = base(DIMENSIONS).with(D, d).with(M, 144 * d + 320).with(K, 1);
                cells.extend((0..replicates).map(|replicate| cell.clone().replicate(replicate)));
            }
            for &(part, d, k, first, points, replicates) in &sweeps {
                let widths: Vec<usize> = if points > 0 {
                    sweep::doublings(first, points).collect()
                } else {
                    HALVES.iter().map(|h| h * first / 2).collect()
                };
                // tanh needs twice the degrees: at d = 4 that is not for the quick tier.
                if tier == Tier::Quick && d == 4 && part == TOP && activation == ACTIVATIONS[1] {
                    continue;
                }
                for m in widths {
                    cells.extend(
                        (0..replicates).map(|replicate| {
                            base(part).with(D, d).with(M, m).with(K, k).replicate(replicate)
                        }),
                    );
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        if cell.m() == 0 {
            return Prediction { flops: 6e5, bytes: 1e6 };
        }
        measure::route(cell)
            .map_or(Prediction { flops: 1e9, bytes: 1e8 }, |r| Prediction { flops: r.work, bytes: r.bytes })
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            TOP | DIMENSIONS => measure::top(cell, seed),
            LEVELS => measure::levels(cell, seed),
            KAPPA => {
                let c = Constants::new(cell.d(), 1, &cell.activation)?;
                Ok(hypotheses::dimension(Measurement::new(), cell)
                    .ball("kappa", c.kappa_ball(cell.degree())))
            }
            _ => {
                let c = Constants::new(cell.d(), cell.k(), &cell.activation)?;
                let share = c.tail(2 * cell.k()) / cell.d() as f64;
                Ok(hypotheses::dimension(Measurement::new(), cell).ball("share", share))
            }
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        [top().map(|bound| bound.part(TOP)).into(), levels(), rest(), in_d()].concat()
    }
}

/// The n_k-th eigenvalue, and the angle of its eigenspace.
fn top() -> [Bound; 6] {
    [
        Bound::growth(
            "low-degrees",
            "λ_{n_k}(Σ) ≍ min_{j≤k} κ_j along m",
            "lambda",
            "kappa",
            Sweep::both(M, |_| 0.0),
        )
        .headline(),
        Bound::inequality(
            "low-degrees-floor",
            "λ_{n_k}(Σ) ≥ (1 − δ) min_{j≤k} κ_j, δ² = 2L ln(n_k/η)/p, but for a chance η = 1e-6",
            "lambda",
            Side::Lower,
            "floor",
            Neighbour::rhs("floor.largest", "the largest κ_j in place of the least"),
        )
        .code_check(),
        Bound::inequality(
            "gap",
            "exactly n_k eigenvalues of Σ exceed the geometric mean of min κ_{≤k} and max κ_{>k}, where the \
             Chernoff deviations leave it free",
            "count",
            Side::Both,
            "n_k",
            Neighbour::rhs("d_k", "B(d,k), the harmonics of degree k alone"),
        )
        .among(separated),
        Bound::growth(
            "angle",
            "the sine of the largest angle between the top n_k eigenfunctions and degree ≤ k ≍ √(2Z/m)",
            "sine",
            "angle",
            Sweep::both(M, |_| -0.5),
        ),
        Bound::growth(
            "angles",
            "‖sin Θ‖_F ≍ √(2Z/m), its first-order mean square",
            "sine.all",
            "angle",
            Sweep::both(M, |_| -0.5),
        ),
        Bound::identity(
            "trace",
            "tr Σ = d E[σ'(√d z)²]",
            "trace.measured",
            "trace",
            Neighbour::rhs("trace.double", "2/m in place of 1/m"),
        )
        .code_check()
        .neighbour(Neighbour::rhs("trace.short", "without degree k + 1")),
    ]
}

/// The first and last eigenvalues of the degrees k + 1 and k + 2.
fn levels() -> Vec<Bound> {
    let mut bounds = Vec::new();
    for (name, filter) in [(1, 1), (2, 2)] {
        let degree = format!("k+{name}");
        for (side, of) in [
            ("smallest", format!("λ_{{n_{{{degree}}}}}")),
            ("largest", format!("λ_{{n_{{k+{}}}+1}}", name - 1)),
        ] {
            bounds.push(
                Bound::growth(
                    format!("level-{name}-{side}"),
                    format!("{of}(Σ), the {side} of degree {degree}, ≍ κ_{{{degree}}} along m"),
                    format!("{side}.{name}"),
                    format!("kappa.{name}"),
                    Sweep::both(M, |_| 0.0),
                )
                .part(LEVELS)
                .among(move |c| c.k() >= filter),
            );
        }
        bounds.push(
            Bound::inequality(
                format!("level-{name}-floor"),
                format!(
                    "λ_{{n_{{{degree}}}}}(Σ) ≥ (1 − δ) κ_{{{degree}}}, δ² = 2L ln(n_{{2k}}/η)/p, but for \
                    a chance η = 1e-6"
                ),
                format!("smallest.{name}"),
                Side::Lower,
                format!("floor.{name}"),
                Neighbour::rhs(format!("floor.{name}.false"), "κ of the degree below"),
            )
            .code_check()
            .part(LEVELS)
            .among(move |c| c.k() >= filter),
        );
    }
    bounds
}

/// The eigenvalues beyond n_{2k}.
fn rest() -> Vec<Bound> {
    vec![
        Bound::growth(
            "rest",
            "the eigenvalues of Σ beyond n_{2k} average ≍ Σ_{j>2k} τ_j/(dm)",
            "rest",
            "tail.average",
            Sweep::both(M, |_| -1.0),
        )
        .headline()
        .part(LEVELS),
        Bound::inequality(
            "rest-sum",
            "the eigenvalues of Σ beyond n_{2k} sum to at most Σ_{j>2k} τ_j",
            "rest.sum",
            Side::Upper,
            "tail.sum",
            Neighbour::rhs("tail.sum.false", "the tail from one degree later"),
        )
        .code_check()
        .part(LEVELS),
    ]
}

/// How κ_j and the rest grow in d.
fn in_d() -> Vec<Bound> {
    let claimed = |cell: &Cell| if cell.degree() == 0 { 0.0 } else { 1.0 - cell.degree() as f64 };
    vec![
        Bound::growth(
            "low-degrees-along-d",
            "λ_{n_k}(Σ) ≍ min_{j≤k} κ_j with one constant along d, at m = 144d + 320",
            "lambda",
            "kappa",
            Sweep::uniform(D, Side::Both).tied(&[M]),
        )
        .part(DIMENSIONS),
        Bound::asymptotic("levels-in-d", "κ_j ≍ d^{1−j}, κ_0 ≍ 1", "kappa", Sweep::both(D, claimed))
            .part(KAPPA),
        Bound::asymptotic("rest-in-d", "Σ_{j>2k} τ_j/d ≍ 1", "share", Sweep::both(D, |_| 0.0)).part(REST),
    ]
}
