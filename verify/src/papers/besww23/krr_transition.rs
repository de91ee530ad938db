//! BESWW23, kernel ridge regression: it learns a degree from a threshold of the spike on.
//!
//! Derived for this project, for labels `f* = Σ_j α_j h_j(z)` of degree p, n = ψd and the predictor `f =
//! Σ_i A_i K(·, x_i)`, `A = (K + ridge)⁻¹y`, with `t_p(i) = E K(x, x_i) h_p(z)`:
//!
//! > `risk ≥ (α_p − A·t_p)²`, and for every ridge `|A·t_p| ≤ ‖y‖‖t_p‖/(ridge + λ_min(K)) ≍ nλ_p ≍
//! > d^{1−(1−β)p}`. So the risk stays at α_p² at least for β < 1 − 1/p. For β > 1 − 1/p it falls at least
//! > like `(nλ_p)^{−2} ≍ d^{−2p(β−1+1/p)}` at a fixed ridge.
//!
//! The risk is exact given the sample. At β = 1 − 1/p nλ_p stays, and so does the risk, at a height that
//! depends on ψ.

use super::instance::{above, exponent, factorial, kernel, label, spike, target};
use super::letters::{BETA, D, DEGREE, PSI, RIDGE};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::gaussian::Spike;
use escapement::rounding;
use faer::Par;
use rand_distr::{Distribution, StandardNormal};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct KrrTransition;

/// Half of the band about the threshold in which no verdict is given, but for rounding.
const BAND: f64 = 0.15 - 1e-9;

/// Draws behind a mean.
const DRAWS: usize = 50;

/// p, and β on both sides of 1 − 1/p.
const BETAS: [(usize, [f64; 6]); 2] =
    [(2, [0.15, 0.25, 0.35, 0.65, 0.7, 0.8]), (3, [0.3, 0.4, 0.5, 0.82, 0.87, 0.95])];

const CARD: Card = Card {
    statement: r"\text{risk} \ge \left( |\alpha_p| - \frac{\|y\| \|t_p\|}{\text{ridge} + \lambda_{\min}(K)}
        \right)_+^2 \to \alpha_p^2 \text{ for } \beta < 1 - \frac{1}{p}, \qquad
        \text{risk} \lesssim d^{-2p(\beta - 1 + 1/p)} \text{ for } \beta > 1 - \frac{1}{p}",
    reference: "BESWW23, kernel ridge regression in the abstract; floors and rate derived for this project",
    hypotheses: "Normal inputs with the covariance I + θμμᵀ, θ = d^β, n = ψd; f* = (h_1 + h_p)/√2 without \
        noise; the kernel Σ_l (x·x'/d)^l/l! up to l = p.",
    method: "p = 2 and 3, several β on both sides of the threshold, at least 0.15 away from it; ridges \
        from 0 to 10. The risk is exact given the sample, and takes no test inputs.",
    refuted_by: "A risk below a floor; one that falls below the threshold; another rate above it.",
    variables: &["d", "beta", "ridge", "psi"],
    uses: &["spike-spectrum"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(
        &super::PAPER,
        "krr-transition",
        "Kernel ridge regression learns from a threshold of the spike on",
    )
};

impl Claim for KrrTransition {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick = tier == Tier::Quick;
        let mut cells = Vec::new();
        for (p, beta) in BETAS.into_iter().flat_map(|(p, betas)| betas.map(|beta| (p, beta))) {
            let cell = |part: &str, d: usize, ridge: f64, psi: f64| {
                let cell = Cell::new(self.id(), part).with(DEGREE, p).with(BETA, beta).with(D, d);
                cell.with(RIDGE, ridge).with(PSI, psi)
            };
            let ridges: &[f64] = if quick { &[0.0, 0.1, 10.0] } else { &[0.0, 0.01, 0.1, 1.0, 10.0] };
            for (d, psi) in
                [(50, 1.0), (50, 0.5), (100, 1.0), (200, 1.0)].into_iter().take(if quick { 3 } else { 4 })
            {
                for r in 0..if quick { 100 / d } else { 400 / d } {
                    cells.extend(ridges.iter().map(|ridge| cell("floors", d, *ridge, psi).replicate(r)));
                }
            }
            // At the quick tier the rate is that of p = 2.
            let settings: &[(f64, f64)] = match (quick, p) {
                (true, 2) if beta != 0.65 => &[(0.1, 1.0)],
                (true, _) => &[],
                _ => &[(0.1, 1.0), (1.0, 1.0), (0.1, 0.5)],
            };
            let first = if quick {
                50
            } else if p == 2 {
                100
            } else {
                200
            };
            let replicates = match (quick, beta > 0.6) {
                (true, true) => 64,
                (true, false) => 16,
                _ => 8,
            };
            if beta < 0.6 {
                let psis: &[f64] = if quick { &[1.0] } else { &[1.0, 0.5] };
                for (d, psi) in sweep::doublings(64, 8).flat_map(|d| psis.iter().map(move |&psi| (d, psi))) {
                    cells.extend((0..4).map(|r| cell("reach", d, 0.1, psi).replicate(r)));
                }
            }
            for (place, (ridge, psi)) in settings.iter().enumerate() {
                let last = match (quick, beta > 0.6 && place == 0) {
                    (true, _) => 400,
                    (false, true) => 1600,
                    (false, false) => 800,
                };
                for d in sweep::half_octaves(first, 9).filter(|d| *d <= last) {
                    cells.extend((0..replicates).map(|r| cell("growth", d, *ridge, *psi).replicate(r)));
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, samples(cell) as f64);
        if cell.part == "reach" {
            return Prediction { flops: 1e5 + 100.0 * DRAWS as f64 * n, bytes: 1e6 + 16.0 * n };
        }
        let floors = if cell.part == "floors" { 2.0 * (n * n * (d + 4.0 * n)) } else { 0.0 };
        let flops = 5e5 + n * n * (d + n + 100.0) + 30.0 * n * d + floors;
        Prediction { flops, bytes: 1e6 + 40.0 * n * n + 8.0 * n * d }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let (d, n, p, beta) = (cell.d(), samples(cell), cell.whole(DEGREE), cell.real(BETA));
        if cell.part == "reach" {
            return reach(cell, seed);
        }
        let floors = cell.part == "floors";
        let regression = |beta: f64| {
            let here = kernel(p, Spike::new(d, (d as f64).powf(beta))?)?;
            let x = here.spike().inputs(&mut cell.stream(seed, "inputs"), n);
            let regression = here.regression(x.as_ref(), &target(1, p), Par::Seq)?;
            let regression = if floors { regression.with_least_eigenvalue(Par::Seq)? } else { regression };
            Ok::<_, crate::Error>((regression, x))
        };
        let (here, x) = regression(beta)?;
        let fit = here.fit(cell.real(RIDGE))?;
        let mut out = Measurement::new()
            .ball("risk", fit.risk)
            .quantity("one", 1.0, 0.0)
            .quantity("rate", (d as f64).powf(-2.0 * exponent(cell)), 0.0)
            .hypothesis("off the threshold", above(cell, p).abs() >= BAND, "by 0.15 at least");
        if floors {
            // The same draws of the factors at a larger spike, and another eigenvalue in place of the least.
            let far = regression(1.0 - 1.0 / p as f64 + 0.2)?.0.fit(cell.real(RIDGE))?;
            let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
            let norms = norm(here.labels()) * norm(here.overlaps(p).unwrap_or(&[]));
            let left = 0.5_f64.sqrt() - norms / (cell.real(RIDGE) + here.kernel().norm_l2());
            let spike = Spike::new(d, (d as f64).powf(beta))?;
            let z: Vec<f64> = x.col(0).iter().map(|x| spike.latent(*x).value).collect();
            let closed = norm_of_top(spike, &z, p);
            let error = rounding::sum(n, 16 * p) * closed;
            out = out
                .quantity("top", norm(here.overlaps(p).unwrap_or(&[])), error)
                .quantity("top_closed", closed, error)
                .quantity("top_linear", closed * factorial(p), error)
                .ball("projection", fit.projection())
                .ball("a_priori", fit.a_priori())
                .quantity("a_priori_norm", left.max(0.0).powi(2), 1e-9)
                .quantity("far", far.risk.value, far.risk.error)
                .quantity("square", 0.5, f64::EPSILON)
                .quantity("least", 0.2, f64::EPSILON);
        }
        Ok(out)
    }

    fn bounds(&self) -> Vec<Bound> {
        let off = |cell: &Cell| above(cell, cell.whole(DEGREE));
        let rate = |name: &str, range: &str, from: f64, to: f64| {
            let sweep = Sweep::upper(D, |cell| -2.0 * exponent(cell));
            let words = format!("the risk falls at least like d^{{−2p(β−1+1/p)}} for {range}");
            Bound::growth(name, words, "risk", "rate", sweep)
                .chosen(
                    "one side, and ranges of β apart, after exponents below the claim by up to 0.18, the more the \
                     larger β is; the degree of the target for the kernel, because one of degree 6 had the slope \
                     −0.56 for −1.5 at p = 3, β = 0.95, d ≤ 800; the first range at the standard tier only, \
                     because the draws of the quick tier do not decide it; 64 draws for each d there",
                )
                .part("growth")
                .among(move |cell| off(cell) > from && off(cell) < to)
        };
        vec![
            Bound::inequality(
                "projection",
                "the risk is at least (α_p − A·t_p)²",
                "risk",
                Side::Lower,
                "projection",
                Neighbour::rhs("square", "A·t_p = 0"),
            )
            .code_check()
            .part("floors"),
            Bound::inequality(
                "a-priori",
                "the risk is at least (|α_p| − ‖y‖‖t_p‖/(ridge + λ_min(K)))²_+",
                "risk",
                Side::Lower,
                "a_priori",
                Neighbour::rhs("a_priori_norm", "the norm of K in place of its least eigenvalue"),
            )
            .code_check()
            .part("floors"),
            Bound::inequality(
                "unlearnt",
                "the risk is at least 0.4 α_p² for β ≤ 1 − 1/p − 0.15, at every ridge",
                "risk",
                Side::Lower,
                "least",
                Neighbour::lhs("far", "β = 1 − 1/p + 0.2"),
            )
            .headline()
            .chosen("the band, and 0.4, after 0.495 in one of 660 cells, at d = 50 and ridge 0")
            .part("floors")
            .among(move |cell| off(cell) < 0.0),
            Bound::identity(
                "top",
                "t_p(i) is (s z_i)^p/√p! for a kernel of degree p",
                "top",
                "top_closed",
                Neighbour::rhs("top_linear", "√p! in place of 1/√p!"),
            )
            .code_check()
            .part("floors"),
            Bound::growth(
                "reach",
                "the mean of ‖y‖‖t_p‖/ridge, which bounds A·t_p, falls like nλ_p for β ≤ 1 − 1/p − 0.15",
                "reach",
                "strength",
                Sweep::uniform(D, Side::Both),
            )
            .part("reach"),
            Bound::growth(
                "stays",
                "the risk does not fall with d for β ≤ 1 − 1/p − 0.15",
                "risk",
                "one",
                Sweep::lower(D, |_| 0.0),
            )
            .headline()
            .part("growth")
            .among(move |cell| off(cell) < 0.0),
            rate("rate-near", "β − 1 + 1/p from 0.15 to 0.18", 0.0, 0.18),
            rate("rate", "β − 1 + 1/p from 0.18 to 0.25", 0.18, 0.25).headline(),
            rate("rate-far", "β − 1 + 1/p from 0.25 on", 0.25, 1.0).headline(),
        ]
    }
}

/// `‖t_p‖` over inputs with these z, for the kernel of degree p.
fn norm_of_top(spike: Spike, z: &[f64], p: usize) -> f64 {
    let s = spike.variance().value / spike.d() as f64;
    let square: f64 = z.iter().map(|z| (s * z).powi(2 * p as i32)).sum();
    (square / factorial(p)).sqrt()
}

/// The mean of `‖y‖‖t_p‖/ridge` over draws, beside nλ_p.
fn reach(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (n, p) = (samples(cell), cell.whole(DEGREE));
    let (spike, alpha) = (spike(cell)?, target(1, p));
    let rng = &mut cell.stream(seed, "latent");
    let mut draw = || -> f64 {
        let z: Vec<f64> = (0..n).map(|_| StandardNormal.sample(rng)).collect();
        let y: f64 = z.iter().map(|z| label(&alpha, *z).powi(2)).sum();
        y.sqrt() * norm_of_top(spike, &z, p) / cell.real(RIDGE)
    };
    let mean = (0..DRAWS).map(|_| draw()).sum::<f64>() / DRAWS as f64;
    let strength = kernel(p, spike)?.spectrum()?[p] * n as f64;
    Ok(Measurement::new()
        .quantity("reach", mean, rounding::sum(n + DRAWS, 64) * mean)
        .ball("strength", strength)
        .hypothesis("off the threshold", above(cell, p).abs() >= BAND, "by 0.15 at least"))
}

fn samples(cell: &Cell) -> usize {
    (cell.real(PSI) * cell.d() as f64).round() as usize
}
