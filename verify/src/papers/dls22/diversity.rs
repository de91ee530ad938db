//! DLS22, Lemma 21 and Corollary 22: after the step the rows are diverse in S*.
//!
//! > `Mat E_w[(Π*g_n)^{⊗2k}] ≽ c (rdκ²)^{−k}` on the symmetric tensors of order k over S*.
//!
//! For the population gradient the least eigenvalue is exact: the entries of the matrix are moments of
//! polynomials on the sphere. It is compared with `k! |λ|_min(H)^{2k}/((2π)^k d(d+2)⋯(d+2k−2))`, what the
//! leading term Hw/√(2π) alone gives on S*, for which the proof has the factor ¼ to spare.
//!
//! Corollary 22 takes the inverse of the whole matrix for that of its compression to S*, and
//! `u'M⁻¹u · u'Mu ≥ 1` is the wrong way round (erratum 8). At k = 1 the product is computed from M_n.
//!
//! Its value follows from block inversion. With N = n⁻¹Σ ŷxxᵀ the rows see `N²/(2πd)` to leading order of
//! the arcsine, of which q = (I−Π*)Nu couples u to the rest: the coupling is `(λ + N)q/(2πd)`, and the rest
//! has `qqᵀ/(2πd)` beside a part free of q, `N²/(2πd) + G`, where G is `(¼ − 1/2π)v/n` and the floor. N has
//! a semicircle of variance (d − r)v/n there, so that `t = qᵀ(N² + 2πdG)⁻¹q` is known, and
//! `1/u'M⁻¹u = S/(1 + t) + (¼ − 1/2π)Q/n + Gt`, where S is the signal and Q = E[(f̂*² + ς²)(u·x)²].

use super::instance::{self, Rows, Sample};
use super::letters::{D, KAPPA, LATENT, N, NOISE, ORDER};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
    sweep,
};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::{AverageGram, HermiteSeries, PopulationGradient, symmetric_eigenvalues};
use escapement::rounding;
use faer::{Mat, Side as Triangle};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Diversity;

/// From here on the factor ¼ of the proof holds for all targets that are measured.
const ONSET: usize = 32;
/// Dimensions beyond the common ones: at k = 3 the exponents of He_4 come late.
const BEYOND: [usize; 3] = [4000, 8000, 16_000];
/// Independent samples in a cell, over which products are averaged.
const SAMPLES: usize = 4;
/// The dimension at which κ is swept: corrections are of relative order κ²/d.
const WIDE: usize = 1 << 20;
/// What the product of Corollary 22 stays below with a ReLU: twice the 3.7 that it tends to for He_2 at
/// ς = 1.
const SURVIVES: f64 = 7.4;

/// Targets of full rank with their r.
const TARGETS: [(&str, usize); 5] = [("he2", 1), ("mix4", 1), ("iso", 2), ("iso-he4", 2), ("iso", 3)];

const CARD: Card = Card {
    statement: r"\operatorname{Mat} \mathbb{E}_w\left[ (\Pi^* g_n)^{\otimes 2k} \right] \succeq
        c\, (r d \kappa^2)^{-k} \text{ on } \mathrm{Sym}^k(S^*)",
    reference: "DLS22, Lemma 21 and Corollary 22",
    hypotheses: "E f*² = 1, H of rank r, d ≳ κ r^{3/2}, and n ≳ d²κ²r for the sample.",
    method: "The least eigenvalue for the population gradient is exact. It is followed in d to 2000 and \
        in κ at d = 2^20 for k ≤ 3 and r ≤ 3, and held to a quarter of what the leading term gives. With \
        samples, k = 1: the least eigenvalue of Π*M_nΠ*, and u'M_n⁻¹u · u'M_nu, which Corollary 22 takes \
        for 1.",
    refuted_by: "A least eigenvalue below a quarter of that of the leading term from d = 32 on, or that \
        falls faster than d^{−k} or κ^{−2k}; a product that outgrows its value by block inversion.",
    variables: &["d", "kappa"],
    uses: &["dls-gradient", "dls-alignment"],
    errata: &[ErratumId(8), ErratumId(11)],
    ..Card::new(&super::PAPER, "dls-diversity", "The rows are diverse in S*")
};

impl Claim for Diversity {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, r: usize| Cell::new(self.id(), part).with(D, d).with(LATENT, r);
        let mut cells = Vec::new();
        for k in 1..=3 {
            for (target, r) in TARGETS.iter().filter(|(_, r)| k * r < 9) {
                let at = |d: &usize| cell(&format!("dimension.{target}"), *d, *r).with(ORDER, k);
                cells.extend(sweep::dimensions(tier).iter().chain(&BEYOND).map(at));
            }
            if k < 3 {
                // At k = 3 what falls like d^{−9} drowns in the rounding of what falls like d^{−3}.
                let at = |d: &usize| cell("deficient.deficient", *d, 2).with(ORDER, k);
                let beyond: &[usize] = if k == 1 { &BEYOND } else { &[] };
                cells.extend(sweep::dimensions(tier).iter().chain(beyond).map(at));
            }
            let at = |i: i32| {
                cell("kappa.uneven", WIDE, 2).with(ORDER, k).with(KAPPA, 2.0_f64.powf(0.5 * f64::from(i)))
            };
            cells.extend((0..10).map(at));
        }
        // What is followed in d takes more samples than the quick tier may.
        let (dimensions, replicates): (&[usize], usize) = match tier {
            Tier::Quick => (&[], 6),
            Tier::Standard => (&[11, 16, 23, 32, 45], 24),
            Tier::Paper => (&[11, 16, 23, 32, 45, 64], 30),
        };
        for (target, r) in [("he2", 1), ("iso", 2)] {
            let at = |part: &str, d: usize| {
                cell(&format!("{part}.{target}"), d, r).with(N, 2 * d * d * r).with(NOISE, 1.0)
            };
            let sampled = [11, 16, 23].map(|d| at("sample", d)).into_iter();
            for cell in sampled.chain(dimensions.iter().map(|&d| at("samples", d))) {
                cells.extend((0..replicates).map(|i| cell.clone().replicate(i)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        if cell.n() > 0 {
            return Prediction {
                flops: 1e6 + SAMPLES as f64 * n * n * (0.1 * d + 3.0),
                bytes: 1e7 + 24.0 * n * d,
            };
        }
        let terms = (20.0 * cell.whole(LATENT) as f64).powi(cell.whole(ORDER) as i32);
        Prediction { flops: 1e5 + 30.0 * terms * terms.sqrt(), bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.n() > 0 { sample(cell, seed) } else { population(cell) }
    }

    fn bounds(&self) -> Vec<Bound> {
        let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
        let order = |cell: &Cell| cell.whole(ORDER) as f64;
        vec![
            Bound::asymptotic(
                "in-d",
                "λ_min of Mat E(Π*g)^{⊗2k} ≍ d^{−k}",
                "least",
                Sweep::both(D, move |c| -order(c)),
            )
            .headline()
            .among(part("dimension")),
            Bound::asymptotic(
                "in-kappa",
                "λ_min of Mat E(Π*g)^{⊗2k} ≍ κ^{−2k}",
                "least",
                Sweep::both(KAPPA, move |c| -2.0 * order(c)),
            )
            .headline()
            .among(part("kappa")),
            Bound::inequality(
                "quarter",
                "λ_min of Mat E(Π*g)^{⊗2k} ≥ ¼ k! |λ|_min(H)^{2k}/((2π)^k d(d+2)⋯(d+2k−2)) from d = 32 on",
                "least",
                Side::Lower,
                "quarter",
                Neighbour::rhs(
                    "quarter_of_largest",
                    "‖H‖ in place of |λ|_min(H), on targets that tell them \
                    apart",
                ),
            )
            .neighbour(Neighbour::rhs("six_times", "the factor 1.5 in place of ¼"))
            .chosen("d = 32, from which on it holds at every k ≤ 3 for all of these targets")
            .headline()
            .among(|cell| ["dimension", "kappa"].contains(&instance::measurement(cell))),
            Bound::inequality(
                "without-full-rank",
                "where H has not full rank, λ_min is below a quarter of what its nonzero eigenvalue gives",
                "least",
                Side::Upper,
                "quarter_of_largest",
                Neighbour::lhs("largest", "λ_max in place of λ_min"),
            )
            .code_check()
            .among(part("deficient")),
            Bound::asymptotic(
                "without-full-rank-in-d",
                "where H has not full rank, λ_min falls like d^{−3} at k = 1",
                "least",
                Sweep::both(D, |_| -3.0),
            )
            .code_check()
            .among(|cell| instance::measurement(cell) == "deficient" && cell.whole(ORDER) == 1),
            Bound::inequality(
                "with-samples",
                "λ_min(Π*M_nΠ*) ≥ ¼|λ|_min(H)²/(2πd) at n = 2d²r, k = 1, on each of four samples, from d \
                 = 16 on",
                "least",
                Side::Lower,
                "quarter",
                Neighbour::rhs("sixteen_times", "the factor 4 in place of ¼"),
            )
            .chosen("d = 16, because n ≥ Ω̃(d²κ²r) hides what smaller samples of heavy tails need")
            .among(|cell| instance::measurement(cell) == "sample" && cell.d() >= 16),
            Bound::inequality(
                "corollary-22-as-printed",
                "u'M_n⁻¹u · u'M_nu ≤ 1, so that a bound on M_n within S* bounds its inverse",
                "product",
                Side::Upper,
                "one",
                Neighbour::lhs("product_quadratic", "σ quadratic in place of a ReLU"),
            )
            .printed(ErratumId(8))
            .among(part("sample")),
            Bound::growth(
                "corollary-22-in-d",
                "u'M_n⁻¹u · u'M_nu, averaged over four samples, is ≲ (S + Q/4n)/(S/(1+t) + (¼−1/2π)Q/n + \
                 Gt) for a ReLU at n = 2d²r, which tends to 1 + .915 Q/v",
                "product",
                "by_blocks",
                Sweep::uniform(D, Side::Upper).tied(&[N]),
            )
            .chosen("24 cells for each d: with ten, one seed of three did not decide")
            .among(part("samples")),
            Bound::inequality(
                "corollary-22-survives",
                "u'M_n⁻¹u · u'M_nu ≤ 7.4 for a ReLU at n = 2d²r, averaged over four samples",
                "product",
                Side::Upper,
                "survives",
                Neighbour::lhs("product_quadratic", "σ quadratic: M_n = N_n²/d with N_n = n⁻¹Σ ŷxxᵀ"),
            )
            .chosen("7.4, twice the 3.7 that the product tends to for He_2 at ς = 1")
            .among(part("sample")),
        ]
    }
}

/// `c k! λ^{2k}/((2π)^k d(d+2)⋯(d+2k−2))`.
fn leading(factor: f64, lambda: Ball, k: usize, d: usize) -> Ball {
    let term = |i: usize| lambda * lambda * instance::over_tau() * (i + 1) as f64 / (d + 2 * i) as f64;
    (0..k).map(term).fold(Ball::exact(factor), |product, term| product * term)
}

/// |λ|_min(H) and |λ|_max(H).
fn extremes(f: &HermiteSeries) -> Result<[Ball; 2]> {
    let spectrum = symmetric_eigenvalues(&f.hessian())?;
    let largest = spectrum.iter().map(|l| l.abs()).max_by(|a, b| a.value.total_cmp(&b.value));
    Ok([instance::least_curvature(f)?, largest.unwrap_or(Ball::exact(0.0))])
}

/// The population gradient.
fn population(cell: &Cell) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, k) = (cell.d(), cell.whole(ORDER));
    let spectrum =
        PopulationGradient::new(&f, activation::parse("relu")?.as_ref())?.diversity_spectrum(k, d)?;
    let [least, largest] = extremes(&f)?;
    let mut out = Measurement::new()
        .ball("least", spectrum[0])
        .ball("largest", spectrum[spectrum.len() - 1])
        .ball("quarter", leading(0.25, least, k, d))
        .ball("quarter_of_largest", leading(0.25, largest, k, d));
    // Where the eigenvalues differ, the leading term gives more than k! to the least of them.
    if instance::target_name(cell) == "iso" {
        out = out.ball("six_times", leading(1.5, least, k, d));
    }
    if f.rank()? == f.latent() {
        let (r, kappa) = (f.latent() as f64, f.kappa()?.value);
        let asked = kappa * r.powf(1.5);
        out = out.hypothesis("d ≥ κ r^{3/2}", d as f64 >= asked, format!("{d} against {asked:.3}"));
        out = out.hypothesis(Hypothesis::RANGE, d >= ONSET, format!("d = {d} against {ONSET}"));
    }
    instance::assumptions(out, &f)
}

/// M_n on S*, and the product of Corollary 22.
fn sample(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, n, r) = (cell.d(), cell.n(), f.latent());
    let (mut weakest, mut relu, mut square) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..SAMPLES {
        let sample = Sample::nth(cell, seed, &f, i)?;
        let gram = sample.gram()?;
        weakest.push(Rows::of(&gram, r)?.weakest);
        relu.push(product(&gram, r)?);
        square.push(product(&quadratic(&sample)?, r)?);
    }
    let mean = |all: &[Ball]| all.iter().copied().sum::<Ball>() / SAMPLES as f64;
    let weakest = weakest.into_iter().min_by(|a, b| a.value.total_cmp(&b.value));
    let [least, _] = extremes(&f)?;
    let kappa = f.kappa()?.value;
    let asked = (d * d * r) as f64 * kappa * kappa;
    let detail = format!("{n} against {asked:.0}");
    let out = Measurement::new()
        .ball("least", weakest.unwrap_or(Ball::exact(0.0)))
        .ball("quarter", leading(0.25, least, 1, d))
        .ball("sixteen_times", leading(4.0, least, 1, d))
        .ball("product", mean(&relu))
        .ball("product_quadratic", mean(&square))
        .ball("by_blocks", by_blocks(&f, cell)?)
        .quantity("one", 1.0, 0.0)
        .quantity("survives", SURVIVES, 0.0)
        .hypothesis("n ≥ d²κ²r", n as f64 >= asked * (1.0 - f64::EPSILON), detail)
        .cost(2.0 * (n * n * d) as f64, 24.0 * (n * d) as f64, 0.0);
    instance::assumptions(out, &f)
}

/// The product of Corollary 22 at d for a target all of whose directions are alike, up to corrections of
/// relative order d/n and 1/d.
///
/// # Errors
/// The dimension is below r.
pub fn by_blocks(f: &HermiteSeries, cell: &Cell) -> Result<Ball> {
    let (d, r, n, noise) = (cell.d() as f64, f.latent() as f64, cell.n() as f64, instance::noise(cell));
    let (e, v) = (instance::energies(f, cell.d())?, instance::variance(f, noise));
    let (signal, q) = (e.inside / r, instance::variance_inside(f, noise) / r);
    let share = 0.25 - instance::over_tau();
    let rest = share * v / n + e.outside / (d - r);
    // E 1/(s² + y²) over a semicircle of variance 1 is (√(y² + 4) − y)/2y.
    let square = rest * d * n / (v * (d - r) * instance::over_tau());
    let y = square.sqrt();
    let t = q / v * ((square + 4.0).sqrt() - y) / (y * 2.0);
    Ok((signal + q / (4.0 * n)) / (signal / (t + 1.0) + share * q / n + rest * t))
}

/// `M_n = N_n²/d` for the activation z²/2, whose sample gradient is `N_n w`, N_n = n⁻¹Σ ŷ x xᵀ.
fn quadratic(sample: &Sample) -> Result<AverageGram> {
    let (n, d) = (sample.x.nrows(), sample.x.ncols());
    let labels = sample.centred()?;
    let weighted = Mat::from_fn(n, d, |i, c| labels[i] / n as f64 * sample.x[(i, c)]);
    let moment = weighted.transpose() * &sample.x;
    let size = weighted.as_ref().norm_l2() * sample.x.as_ref().norm_l2();
    // Of an entry of the square: the sums over n samples and over d coordinates.
    let error = rounding::sum(n + d, 8) * 2.0 * size * size / d as f64;
    let entry = |i: usize, j: usize| (0..d).map(|c| moment[(i, c)] * moment[(c, j)]).sum::<f64>() / d as f64;
    Ok(AverageGram { matrix: Mat::from_fn(d, d, entry), error })
}

/// The largest of `u'M⁻¹u · u'Mu` over the coordinate directions u of S*.
fn product(gram: &AverageGram, latent: usize) -> Result<Ball> {
    let d = gram.matrix.nrows();
    let pairs = gram.matrix.self_adjoint_eigen(Triangle::Lower).map_err(|e| {
        escapement::Error::Numerical { what: "the eigendecomposition of M_n", why: format!("{e:?}") }
    })?;
    let (u, values) = (pairs.U(), pairs.S().column_vector());
    let error = gram.error + rounding::eigen(d, values[d - 1]);
    let one = |i: usize| {
        let inverse: f64 = (0..d).map(|j| u[(i, j)].powi(2) / values[j]).sum();
        // ‖(M + E)⁻¹ − M⁻¹‖ ≤ ‖E‖/(λ(λ − ‖E‖)) on either side.
        let least = values[0];
        let inverse = Ball::new(inverse, error / (least * (least - error)).max(f64::MIN_POSITIVE));
        inverse * Ball::new(gram.matrix[(i, i)], gram.error)
    };
    let all = (0..latent).map(one).max_by(|a, b| a.value.total_cmp(&b.value));
    Ok(all.unwrap_or(Ball::exact(1.0)))
}
