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

use super::instance::{self, Rows};
use super::letters::{D, KAPPA, LATENT, N, NOISE};
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::{HermiteSeries, PopulationGradient};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Alignment;

/// Independent samples in a cell, over which energies are averaged: along d, along κ, where the scatter is
/// largest, and elsewhere.
const SAMPLES: [usize; 3] = [12, 16, 6];

/// What was chosen of the weakest direction.
const NOISY: &str = "the noise of H, by which its least eigenvalue is lowered: it vanishes beside it for \
    d ≫ √r, and the sizes here do not reach that";

const CARD: Card = Card {
    statement: r"\frac{\operatorname{tr}((I - \Pi^*) M_n)}{\lambda_{\min}(\Pi^* M_n \Pi^*)} \lesssim
        \frac{d^2 r \kappa^2}{n} + \frac{r^2\kappa^2}{d}, \qquad M_n = \mathbb{E}_w g_n(w) g_n(w)^{\top}",
    reference: "DLS22, Section 5.1, Corollaries 14 and 15, Theorem 1",
    hypotheses: "E f*² = 1, H of rank r, n ≳ d²κ²r, and d ≳ κ r^{3/2}.",
    method: "M_n is exact given the sample, at infinite width; its energies are averaged over 6 to 16 \
        samples. The energies outside S*, inside it and in its \
        weakest direction are compared with the two terms along n beyond d³, along d at n = 2d², along r \
        and along κ; the angle of the top eigenvector, along n = 32d. Targets without population signal \
        must stay at the level of chance. The floor is followed exactly in d to 2000.",
    refuted_by: "A ratio to the two terms that grows along n, r or κ, or a ratio that grows along d; half \
        of the energy of He_3 or He_4 inside S*.",
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
            Tier::Quick => (12, 5, &[8, 11, 16, 23, 32]),
            Tier::Standard => (16, 6, &[8, 11, 16, 23, 32, 45]),
            Tier::Paper => (24, 8, &[8, 11, 16, 23, 32, 45, 64]),
        };
        let cell = |part: &str, d: usize, n: usize| {
            Cell::new(self.id(), part).with(D, d).with(N, n).with(NOISE, 1.0)
        };
        let mut cells = Vec::new();
        // What has heavy tails, and what bends at its beginning, takes more samples than the quick tier may.
        let targets: &[&str] = if tier == Tier::Quick { &["he2"] } else { &["he2", "mix3"] };
        for target in targets {
            cells.extend(sweep::doublings(128, beyond).map(|n| cell(&format!("samples.{target}"), 8, n)));
            cells.extend(dimensions.iter().map(|&d| cell(&format!("dimensions.{target}"), d, 2 * d * d)));
        }
        if tier > Tier::Quick {
            cells.extend([2, 3, 4, 6, 8].map(|r| cell("directions.iso", 16, 512 * r).with(LATENT, r)));
            cells.extend((0..5).map(|i| {
                let kappa = 2.0_f64.powf(0.5 * f64::from(i) - 0.5);
                let n = (256.0 * kappa * kappa).round() as usize;
                cell("curvatures.uneven", 8, n).with(KAPPA, kappa)
            }));
        }
        cells.extend([11, 16, 23, 32, 45].map(|d| cell("angle.he2", d, 32 * d)));
        for target in ["he3", "he4"] {
            cells.extend([8, 11, 16, 23].map(|d| cell(&format!("chance.{target}"), d, 2 * d * d)));
        }
        let mut cells: Vec<Cell> =
            cells.iter().flat_map(|c| (0..replicates).map(|i| c.clone().replicate(i))).collect();
        for (target, r) in [("he2", 1), ("mix4", 1), ("iso", 2), ("saddle", 2), ("iso-he4", 3)] {
            let at = |d: &usize| Cell::new(self.id(), format!("floor.{target}")).with(D, *d).with(LATENT, r);
            cells.extend(sweep::dimensions(tier).iter().filter(|d| **d > r).map(at));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        let samples = samples_of(cell) as f64 * n * n * (0.1 * d + 3.0);
        Prediction { flops: 2e5 + samples, bytes: 1e6 + 24.0 * n * d }
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
                "the energy of the rows outside S* over that inside is ≲ (π/2)v d²/(n‖H‖²) plus the floor, \
                 from n = 2d² to d³ and beyond",
                "ratio",
                "two_terms",
                Sweep::uniform(N, Side::Upper),
            )
            .headline()
            .among(part("samples")),
            Bound::growth(
                "rows-in-d",
                "at n = 2d² the energy of the rows outside S* over that inside is ≲ [(d−r)v/4n + \
                 E‖(I−Π*)g‖²]/[E‖Π*g‖² + Q/4n], Q = tr Π*E[(f̂*² + ς²)xxᵀ]: it tends to (π/2)v d²/(n‖H‖²)",
                "ratio",
                "with_noise_inside",
                Sweep::uniform(D, Side::Upper).tied(&[N]),
            )
            .chosen("12 cells for each size at the quick tier: with eight, one seed of five did not decide")
            .headline()
            .among(part("dimensions")),
            Bound::growth(
                "weakest-in-r",
                "the energy outside S* over that in its weakest direction is ≲ d²rκ²/n + r²κ²/d along r ≥ \
                 2, with |λ|_min(H) less the noise 2√(rv/n) of H within S*",
                "ratio_weakest",
                "two_terms_weakest",
                Sweep::uniform(LATENT, Side::Upper).tied(&[N]),
            )
            .chosen(NOISY)
            .among(part("directions")),
            Bound::growth(
                "weakest-in-kappa",
                "the energy outside S* over that in its weakest direction is ≲ d²rκ²/n + r²κ²/d along κ, \
                 with |λ|_min(H) less the noise 2√(rv/n) of H within S*",
                "ratio_weakest",
                "two_terms_weakest",
                Sweep::uniform(KAPPA, Side::Upper).tied(&[N]),
            )
            .chosen(NOISY)
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
            "the energy of the rows outside S* over that inside is at most twice the two terms, from n = \
             8d² to d³ and beyond",
            "ratio",
            Side::Upper,
            "twice",
            Neighbour::rhs("twice_the_first", "the floor dropped"),
        )
        .chosen("the factor 2, and n = 8d², from which on samples of heavy tails stay below it")
        .among(|cell| instance::measurement(cell) == "samples" && cell.n() >= 8 * cell.d() * cell.d()),
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
            "the top eigenvector of M_n is near S* along n = 32d already: sin² ≲ log d",
            "sine",
            "log_d",
            Sweep::uniform(D, Side::Upper).tied(&[N]),
        )
        .chosen("log d in place of 1: of n labels with heavy tails the largest grows like log n")
        .among(part("angle")),
        Bound::growth(
            "rows-are-not-the-top-eigenvector",
            "along n = 32d the energy of the rows outside S* over that inside is ≳ √d: n ≍ d does not do",
            "ratio",
            "root_d",
            Sweep::lower(D, |_| 0.5).tied(&[N]),
        )
        .chosen("√d, because the noise of so few samples adds to the energy inside as well")
        .among(part("angle")),
        Bound::inequality(
            "chance",
            "of a target with H = 0 less than half of the energy is inside S* at n = 2d²",
            "share",
            Side::Upper,
            "half",
            Neighbour::lhs("share_of_he2", "He_2 in place of the target"),
        )
        .among(part("chance")),
    ]
}

/// How many samples a cell takes the mean of.
fn samples_of(cell: &Cell) -> usize {
    SAMPLES[match instance::measurement(cell) {
        "dimensions" => 0,
        "curvatures" => 1,
        _ => 2,
    }]
}

/// `(π/2) v d²/n` and `((tr H)² + 2‖H‖_F²)/4d`, the two terms times ‖H‖_F².
fn terms(f: &HermiteSeries, cell: &Cell) -> [Ball; 2] {
    let (squares, trace) = instance::curvature(f);
    let (d, n) = (cell.d() as f64, cell.n() as f64);
    let first =
        Ball::exact(0.25) / instance::over_tau() * instance::variance(f, instance::noise(cell)) * d * d / n;
    [first, (trace + squares * 2.0) / (4.0 * d)]
}

/// The energy outside S* over that inside, where the sample adds to both: Q/4n inside, because β takes the
/// part of σ' away that is constant in w. At n = 2d² this is .785 Q/(d‖H‖²) of the signal.
fn with_noise_inside(f: &HermiteSeries, cell: &Cell) -> Result<Ball> {
    let (d, n, noise) = (cell.d(), 4.0 * cell.n() as f64, instance::noise(cell));
    let e = instance::energies(f, d)?;
    let outside = e.outside + instance::variance(f, noise) * (d - f.latent()) as f64 / n;
    Ok(outside / (e.inside + instance::variance_inside(f, noise) / n))
}

fn rows(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, n) = (cell.d() as f64, cell.n());
    let rows = Rows::mean(cell, seed, &f, samples_of(cell))?;
    let ([first, floor], (squares, _)) = (terms(&f, cell), instance::curvature(&f));
    let least = instance::least_curvature(&f)?;
    let r = f.latent() as f64;
    // A symmetric r × r matrix of entries of variance v/n has a norm of 2√(rv/n), and Weyl's inequality.
    let weakest = least - (instance::variance(&f, instance::noise(cell)) * r / n as f64).sqrt() * 2.0;
    let out = Measurement::new()
        .ball("ratio", rows.outside / rows.inside)
        .ball("two_terms", (first + floor) / squares)
        .ball("with_noise_inside", with_noise_inside(&f, cell)?)
        .ball("twice", (first + floor) * 2.0 / squares)
        .ball("twice_the_first", first * 2.0 / squares)
        .ball("ratio_weakest", rows.outside / rows.weakest)
        .ball("two_terms_weakest", (first + floor) / (weakest * weakest))
        .ball("sine", rows.sine)
        .ball("root_d", Ball::exact(d).sqrt())
        .ball("log_d", Ball::exact(d).ln())
        .cost(2.0 * (n * n) as f64 * d, 24.0 * n as f64 * d, 0.0);
    instance::hypotheses(out, &f, cell.d(), n)
}

/// A target whose gradient has no population signal, or none to leading order.
fn chance(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let rows = Rows::mean(cell, seed, &f, samples_of(cell))?;
    let other = Rows::mean(cell, seed, &super::families::series("he2", 1, f64::NAN)?, samples_of(cell))?;
    let noise = instance::noise(cell);
    let (inside, variance) = (instance::variance_inside(&f, noise), instance::variance(&f, noise));
    let share = |rows: &Rows| rows.inside / (rows.inside + rows.outside);
    let out = Measurement::new()
        .ball("share", share(&rows))
        .ball("share_of_he2", share(&other))
        .quantity("half", 0.5, 0.0)
        .ball("chance", inside / (inside + variance * (cell.d() - f.latent()) as f64));
    instance::assumptions(out, &f)
}

/// The population gradient.
fn floor(cell: &Cell) -> Result<Measurement> {
    let (f, d) = (instance::target(cell)?, cell.d());
    let energies = |f: &HermiteSeries, sigma: &str| -> Result<_> {
        Ok(PopulationGradient::new(f, activation::parse(sigma)?.as_ref())?.energies(d)?)
    };
    let e = instance::energies(&f, d)?;
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
