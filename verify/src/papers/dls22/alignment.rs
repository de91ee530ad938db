//! DLS22, Section 5.1, Corollaries 14 and 15, Theorem 1: after the step the rows lie in S* and span it.
//!
//! At infinite width everything is read off `M_n = E_w g_n g_nᵀ`. With v = E f̂*² + ς², and because β takes
//! the part of σ' away that is constant in w, the energies are to leading order
//!
//! > `tr((I−Π*)M_n)/tr(Π*M_nΠ*) ≈ (π/2) v d²/(n‖H‖_F²) + ((tr H)² + 2‖H‖_F²)/(4d‖H‖_F²)`,
//!
//! and against the weakest direction of S* the first term is `(π/2) v d²rκ²/n`. The second term is a floor
//! that does not fall with n: the remainder w q_2 c_4 of the gradient leaves S*.
//!
//! The top eigenvector of M_n turns to S* from n ≍ d on. The theorem needs the rows, and both are measured.

use super::instance::{self, Rows, Sample};
use super::letters::{D, KAPPA, LATENT, N, NOISE};
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::{HermiteSeries, PopulationGradient, squared_moments};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Alignment;

const CARD: Card = Card {
    statement: r"\frac{\operatorname{tr}((I - \Pi^*) M_n)}{\lambda_{\min}(\Pi^* M_n \Pi^*)} \lesssim
        \frac{d^2 r \kappa^2}{n} + \frac{r^2\kappa^2}{d}, \qquad M_n = \mathbb{E}_w g_n(w) g_n(w)^{\top}",
    reference: "DLS22, Section 5.1, Corollaries 14 and 15, Theorem 1",
    hypotheses: "E f*² = 1, H of rank r, n ≳ d²κ²r, and d ≳ κ r^{3/2}.",
    method: "M_n is exact given the sample, at infinite width. The energies outside S*, inside it and in its \
        weakest direction are compared with the two terms along n beyond d³, along d at n = 2d², along r and \
        along κ; the angle of the top eigenvector, along n = 8d. Targets without population signal must stay \
        at the level of chance. The floor is followed exactly in d to 2000.",
    refuted_by: "A ratio to the two terms that grows or falls along n, or grows along d, r or κ; a share of \
        He_3 above that of chance.",
    variables: &["n", "d", "r", "kappa"],
    uses: &["dls-gradient", "dls-concentration"],
    ..Card::new(&super::PAPER, "dls-alignment", "After the step the rows lie in S*")
};

impl Claim for Alignment {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let (replicates, beyond, dimensions): (usize, usize, &[usize]) = match tier {
            Tier::Quick => (6, 7, &[8, 11, 16, 23, 32]),
            Tier::Standard => (12, 8, &[8, 11, 16, 23, 32, 45]),
            Tier::Paper => (24, 9, &[8, 11, 16, 23, 32, 45, 64, 90]),
        };
        let cell = |part: &str, d: usize, n: usize| {
            Cell::new(self.id(), part).with(D, d).with(N, n).with(NOISE, 1.0)
        };
        let mut cells = Vec::new();
        for target in ["he2", "mix3"] {
            cells.extend(sweep::doublings(64, beyond).map(|n| cell(&format!("samples.{target}"), 8, n)));
            cells.extend(dimensions.iter().map(|&d| cell(&format!("dimensions.{target}"), d, 2 * d * d)));
        }
        cells.extend([1, 2, 3, 4, 6, 8].map(|r| cell("directions.iso", 12, 4 * 144 * r).with(LATENT, r)));
        cells.extend((0..5).map(|i| {
            let kappa = 2.0_f64.powf(0.5 * f64::from(i) - 0.5);
            let n = (512.0 * kappa * kappa).round() as usize;
            cell("curvatures.uneven", 8, n).with(KAPPA, kappa)
        }));
        cells.extend([16, 23, 32, 45, 64].map(|d| cell("angle.he2", d, 8 * d)));
        for target in ["he3", "he4"] {
            cells.extend(dimensions.iter().map(|&d| cell(&format!("chance.{target}"), d, 2 * d * d)));
        }
        let mut cells: Vec<Cell> =
            cells.iter().flat_map(|c| (0..replicates).map(|i| c.clone().replicate(i))).collect();
        for (target, r) in [("he2", 1), ("mix4", 1), ("iso", 2), ("saddle", 2), ("iso-he4", 3)] {
            let at = |d: &usize| Cell::new(self.id(), format!("floor.{target}")).with(D, *d).with(LATENT, r);
            cells.extend(sweep::dimensions(tier).iter().map(at));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        Prediction { flops: 2e5 + n * n * (0.1 * d + 3.0), bytes: 1e6 + 24.0 * n * d }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match instance::measurement(cell) {
            "floor" => floor(cell),
            "chance" => chance(cell, seed),
            _ => rows(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
        let mut bounds = vec![
            Bound::growth(
                "rows-in-n",
                "the energy of the rows outside S* over that inside follows (π/2)v d²/(n‖H‖²) plus the floor \
                 from n = d² to beyond d³",
                "ratio",
                "two_terms",
                Sweep::uniform(N, Side::Both),
            )
            .headline()
            .among(part("samples")),
            Bound::growth(
                "rows-in-d",
                "at n = 2d² the energy of the rows outside S* over that inside does not grow with d",
                "ratio",
                "one",
                Sweep::uniform(D, Side::Upper).tied(&[N]),
            )
            .headline()
            .among(part("dimensions")),
            Bound::growth(
                "weakest-in-r",
                "the energy outside S* over that in its weakest direction is ≲ d²rκ²/n + r²κ²/d along r",
                "ratio_weakest",
                "two_terms_weakest",
                Sweep::uniform(LATENT, Side::Upper).tied(&[N]),
            )
            .among(part("directions")),
            Bound::growth(
                "weakest-in-kappa",
                "the energy outside S* over that in its weakest direction is ≲ d²rκ²/n + r²κ²/d along κ",
                "ratio_weakest",
                "two_terms_weakest",
                Sweep::uniform(KAPPA, Side::Upper).tied(&[N]),
            )
            .among(part("curvatures")),
        ];
        bounds.extend(exact_and_controls());
        bounds
    }
}

/// The bounds on single cells, and what the rows are not.
fn exact_and_controls() -> Vec<Bound> {
    let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
    vec![
        Bound::inequality(
            "twice-the-two-terms",
            "the energy of the rows outside S* over that inside is at most twice the two terms, from n = d² to \
             beyond d³",
            "ratio",
            Side::Upper,
            "twice",
            Neighbour::rhs("twice_the_first", "the floor dropped"),
        )
        .chosen("the factor 2")
        .among(part("samples")),
        Bound::asymptotic(
            "floor",
            "at n = ∞ the energy of the rows outside S* over that inside is ≍ 1/d: it does not vanish",
            "floor",
            Sweep::both(D, |_| -1.0),
        )
        .among(part("floor")),
        Bound::inequality(
            "signal",
            "the population energy inside S* is at least half of ‖H‖_F²/(2πd) from d = 16 on",
            "inside",
            Side::Lower,
            "half_of_leading",
            Neighbour::lhs("inside_odd", "an odd activation, tanh, for which c_2 = 0"),
        )
        .neighbour(Neighbour::lhs("inside_flat", "He_4 in place of the target, for which H = 0"))
        .chosen("d = 16, from which on half is reached by all of these targets")
        .among(|cell| instance::measurement(cell) == "floor" && cell.d() >= 16),
        Bound::growth(
            "top-eigenvector",
            "the top eigenvector of M_n is at a fixed angle to S* along n = 8d already: sin² ≲ 1",
            "sine",
            "one",
            Sweep::uniform(D, Side::Upper).tied(&[N]),
        )
        .scatter("the angle is that of one sample of 8d inputs")
        .among(part("angle")),
        Bound::growth(
            "rows-are-not-the-top-eigenvector",
            "along n = 8d the energy of the rows outside S* over that inside grows like d: n ≍ d does not do",
            "ratio",
            "d",
            Sweep::lower(D, |_| 1.0).tied(&[N]),
        )
        .scatter("the energies are those of one sample of 8d inputs")
        .among(part("angle")),
        Bound::growth(
            "chance",
            "a target with H = 0 stays at the level of chance at n = 2d²: share ≲ Q/(Q + (d − r)v)",
            "share",
            "chance",
            Sweep::uniform(D, Side::Upper).tied(&[N]),
        )
        .code_check()
        .among(part("chance")),
    ]
}

/// v = E f̂*² + ς².
fn variance(f: &HermiteSeries, noise: f64) -> Ball {
    f.centred().second_moment() + Ball::exact(noise) * noise
}

/// `(π/2) v d²/n` and `((tr H)² + 2‖H‖_F²)/4d`, the two terms times ‖H‖_F².
fn terms(f: &HermiteSeries, cell: &Cell) -> [Ball; 2] {
    let (squares, trace) = instance::curvature(f);
    let (d, n) = (cell.d() as f64, cell.n() as f64);
    let first = Ball::exact(0.25) / instance::over_tau() * variance(f, instance::noise(cell)) * d * d / n;
    [first, (trace + squares * 2.0) / (4.0 * d)]
}

fn rows(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, n) = (cell.d() as f64, cell.n());
    let rows = Rows::of(&Sample::new(cell, seed, &f)?.gram()?, f.latent())?;
    let ([first, floor], (squares, _)) = (terms(&f, cell), instance::curvature(&f));
    let least = instance::least_curvature(&f)?;
    let (kappa, r) = (f.kappa()?.value, f.latent() as f64);
    let asked = d * d * kappa * kappa * r;
    let out = Measurement::new()
        .ball("ratio", rows.outside / rows.inside)
        .ball("two_terms", (first + floor) / squares)
        .ball("twice", (first + floor) * 2.0 / squares)
        .ball("twice_the_first", first * 2.0 / squares)
        .ball("ratio_weakest", rows.outside / rows.weakest)
        .ball("two_terms_weakest", (first + floor) / (least * least))
        .ball("sine", rows.sine)
        .quantity("one", 1.0, 0.0)
        .quantity("d", d, 0.0)
        .hypothesis("n ≥ d²κ²r", n as f64 >= asked * (1.0 - 1e-9), format!("{n} against {asked:.0}"))
        .hypothesis(
            "d ≥ κ r^{3/2}",
            d >= kappa * r.powf(1.5),
            format!("{d} against {:.3}", kappa * r.powf(1.5)),
        )
        .cost(2.0 * (n * n) as f64 * d, 24.0 * n as f64 * d, 0.0);
    instance::assumptions(out, &f)
}

/// A target whose gradient has no population signal, or none to leading order.
fn chance(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let rows = Rows::of(&Sample::new(cell, seed, &f)?.gram()?, f.latent())?;
    let variance = variance(&f, instance::noise(cell));
    // The trace of E[(f̂*² + ς²)xxᵀ] in S*.
    let squares = squared_moments(&f.centred());
    let inside: Ball = (0..f.latent()).map(|i| squares[i][i]).sum::<Ball>()
        + Ball::exact(instance::noise(cell)).powi(2) * f.latent() as f64;
    let out = Measurement::new()
        .ball("share", rows.inside / (rows.inside + rows.outside))
        .ball("chance", inside / (inside + variance * (cell.d() - f.latent()) as f64));
    instance::assumptions(out, &f)
}

/// The population gradient.
fn floor(cell: &Cell) -> Result<Measurement> {
    let (f, d) = (instance::target(cell)?, cell.d());
    let energies = |f: &HermiteSeries, sigma: &str| -> Result<_> {
        Ok(PopulationGradient::new(f, activation::parse(sigma)?.as_ref())?.energies(d)?)
    };
    let e = energies(&f, "relu")?;
    let (squares, _) = instance::curvature(&f);
    let flat = super::families::series("he4", 1, f64::NAN)?;
    let out = Measurement::new()
        .ball("floor", e.outside / e.inside)
        .ball("inside", e.inside)
        .ball("half_of_leading", squares * 0.5 * instance::over_tau() / d as f64)
        .ball("inside_odd", energies(&f, "tanh")?.inside)
        .ball("inside_flat", energies(&flat, "relu")?.inside)
        .hypothesis("d ≥ r", d >= f.latent(), format!("{d} against {}", f.latent()));
    instance::assumptions(out, &f)
}
