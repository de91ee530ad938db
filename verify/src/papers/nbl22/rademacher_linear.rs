//! NBL22: the Rademacher complexity of f_L on the top eigenspace of Σ.
//!
//! > `Rad{f_L(·; Π_{≤r}W): R2(W) ≤ C} ≤ √(C n_k/n)`, r = n_k.
//!
//! The supremum is in closed form: with `g_i = Λ^{-1/2}Vᵀφ(x_i)` it is `(√C/n)‖Σ_i ε_i g_i‖`, reached at
//! `W ∝ V Λ^{-1/2} Σ_i ε_i g_i`. Given a sample its mean over signs is at most `√(Cℓ/n)`, `ℓ = E_n ‖g‖²`,
//! and ℓ is n_k on average over samples only: read for each sample the printed bound is false.

use super::effort;
use super::instance::{self, ACTIVATIONS};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N};
use escapement::ball::Ball;
use escapement::construct::signs::draw;
use escapement::covariance::Covariance;
use escapement::eigen::TopSpace;
use escapement::network::PairedNetwork;
use escapement::rounding;
use escapement::sphere::{self, Truncation, cumulative_dimension};
use escapement::tolerance;
use faer::{Mat, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct RademacherLinear;

/// Samples of which a cell takes the mean, at least.
const SAMPLES: usize = 256;
/// Inputs in all samples together where the mean is held to the bound itself, whose distance is about a
/// hundredth: at small n this makes up to four times as many samples.
const INPUTS: usize = 1 << 15;
/// Sign patterns drawn for a sample that is too large for all of them.
const SIGNS: usize = 64;
/// Along d: the inputs in units of n_k, and the width in units of d. The top n_k are then well inside the
/// rank of Σ at k = 1 and at k = 2.
const ALONG: (usize, usize) = (2, 16);
/// The radius: R2(W) ≤ C. Everything goes with √C.
const C: f64 = 1.0;

const CARD: Card = Card {
    statement: r"\operatorname{Rad} \left\{ f_L(\cdot\,; \Pi_{\le r} W) : R_2(W) \le C \right\} \le
        \sqrt{\frac{C\, n_k}{n}}, \qquad r = n_k",
    reference: "NBL22, proof of Theorem 4",
    hypotheses: "Σ has rank at least n_k, with a gap after its first n_k eigenvalues.",
    method: "The supremum is in closed form, (√C/n)‖Σ_i ε_i g_i‖ with whitened features g_i, and is reached \
        at a displacement that is evaluated. Its mean over signs is enumerated for up to 12 inputs on \
        256 samples each; along n, and along d at n = 2n_k, it is the mean over drawn signs, on up to 1024 \
        samples. For each sample √(Cℓ/n), ℓ = E_n‖g‖², is the bound, and E ℓ = n_k.",
    refuted_by: "A sample whose mean over all signs exceeds √(Cℓ/n); a mean of ℓ over samples other than \
        n_k, or of the complexity above √(C n_k/n), at confidence 1 − 10⁻⁶; a fall slower than n^{-1/2}; \
        a ratio to √(C n_k/n) that grows with d.",
    uses: &["spectrum"],
    errata: &[ErratumId(5), ErratumId(12)],
    variables: &["n", "d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "rademacher-linear", "The complexity of the linear term")
};

impl Claim for RademacherLinear {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        // (k, d, m)
        let sizes: &[(usize, usize, usize)] = match tier {
            Tier::Quick => &[(1, 3, 64), (1, 6, 64), (2, 3, 128)],
            Tier::Standard => {
                &[(1, 3, 64), (1, 6, 128), (1, 10, 256), (2, 3, 128), (2, 4, 256), (2, 5, 512)]
            }
            Tier::Paper => {
                &[(1, 3, 64), (1, 10, 256), (1, 30, 1024), (2, 3, 128), (2, 6, 1024), (2, 10, 2048)]
            }
        };
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            for &(k, d, m) in sizes {
                let cell = |part: &str, n| {
                    Cell::new(self.id(), part)
                        .with(D, d)
                        .with(M, m)
                        .with(N, n)
                        .with(K, k)
                        .activation(activation)
                };
                cells.extend([1, 2, 4, 8, 12].map(|n| cell("signs", n)));
                cells.extend((0..6).map(|i| cell("samples", 16 << i)));
            }
        }
        let dimensions: &[usize] = match tier {
            Tier::Quick => &[3, 4, 6, 8, 12],
            Tier::Standard => &[3, 4, 6, 8, 12, 16],
            Tier::Paper => &[3, 4, 6, 8, 12, 16, 24],
        };
        for activation in ACTIVATIONS {
            for (k, &d) in [1, 2].into_iter().flat_map(|k| dimensions.iter().map(move |d| (k, d))) {
                // Too large for a count, and so for the plan, are only dimensions that it does not have.
                let Ok(n_k) = cumulative_dimension(d, k) else { continue };
                cells.push(
                    Cell::new(self.id(), "along-d")
                        .with(D, d)
                        .with(M, ALONG.1 * d)
                        .with(N, ALONG.0 * n_k)
                        .with(K, k)
                        .activation(activation),
                );
            }
        }
        for k in [1, 2, 3] {
            cells.extend(
                sweep::dimensions(tier)
                    .iter()
                    .map(|&d| Cell::new(self.id(), "dimension").with(D, d).with(K, k)),
            );
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, p, n) = (cell.d() as f64, cell.m() as f64 / 2.0, cell.n() as f64);
        let rank = d.powi(cell.k() as i32) + 1.0;
        let bytes = 1e7 + 48.0 * p * d * rank;
        if cell.m() == 0 {
            return Prediction { flops: 1e4, bytes };
        }
        let features = 0.068 * n * p * d * rank;
        let signs = if cell.part == "signs" { 0.5 * n.exp2() } else { SIGNS as f64 };
        // A sum of n terms and a norm in the top space for each pattern.
        let sums = signs * rank * (1.5 * n + 7.0);
        let flops =
            effort::top_space(cell, tolerance::FINE_TAIL) + samples_of(cell) as f64 * (features + sums);
        Prediction { flops, bytes: effort::bytes_with_top_space(bytes, cell, tolerance::FINE_TAIL) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "signs" => signs(cell, seed),
            "samples" | "along-d" => samples(cell, seed),
            _ => {
                let n_k = sphere::cumulative_dimension(cell.d(), cell.k())? as f64;
                Ok(Measurement::new().quantity("n_k", n_k, 0.0))
            }
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "supremum",
                "sup_{R2(W) ≤ C} n^{-1} Σ_i ε_i f_L(x_i; Π_{≤r}W) = (√C/n)‖Σ_i ε_i g_i‖, reached at a W \
                 with R2(W) = C",
                "reached",
                "closed_form",
                Neighbour::lhs("reached_along", "W along Σ_i ε_i φ(x_i), not whitened"),
            )
            .code_check()
            .neighbour(Neighbour::rhs("closed_form_half", "half of the network's twins left out"))
            .part("signs"),
            Bound::inequality(
                "given-a-sample",
                "E_ε sup ≤ √(Cℓ/n) on each of 256 samples, by enumeration of the signs: the largest ratio \
                 is at most 1",
                "worst_ratio",
                Side::Upper,
                "one",
                Neighbour::lhs("worst_ratio_n_k", "n_k in place of ℓ"),
            )
            .code_check()
            .part("signs"),
            Bound::inequality(
                "each-sample-as-printed",
                "E_ε sup ≤ √(C n_k/n) on each of 256 samples",
                "worst_ratio_n_k",
                Side::Upper,
                "one",
                Neighbour::rhs("half", "half the bound"),
            )
            .part("signs")
            .printed(ErratumId(12)),
            Bound::inequality(
                "leverage",
                "E ℓ = n_k: a Student interval over 256 to 1024 samples at confidence 1 − 10⁻⁶",
                "leverage_miss",
                Side::Upper,
                "leverage_limit",
                Neighbour::lhs("leverage_miss_next", "n_k + 1 in place of n_k"),
            )
            .code_check()
            .part("samples"),
            Bound::inequality(
                "on-average",
                "E_X E_ε sup ≤ √(C n_k/n): a Student interval over 256 to 1024 samples at confidence 1 − \
                 10⁻⁶",
                "complexity_interval",
                Side::Upper,
                "bound",
                Neighbour::rhs("bound_less", "¾ of n_k"),
            )
            .headline()
            .chosen("more than 256 samples where n is small: of 256 the interval once reached the bound")
            .part("samples"),
            Bound::growth(
                "rate",
                "E_X E_ε sup ≍ √(C n_k/n)",
                "complexity",
                "bound",
                Sweep::both(N, |_| -0.5),
            )
            .part("samples"),
            Bound::growth(
                "rate-in-d",
                "E_X E_ε sup ≲ √(C n_k/n) with one constant along d, at n = 2n_k and m = 16d",
                "complexity",
                "bound",
                Sweep::uniform(D, Side::Upper).tied(&[N, M]),
            )
            .part("along-d"),
            Bound::asymptotic("dimension", "n_k ≍ d^k", "n_k", Sweep::both(D, |c| c.k() as f64))
                .code_check()
                .part("dimension"),
        ]
    }
}

/// A cell's network with the whitening of its features in the top space.
struct Whitened {
    net: PairedNetwork,
    cov: Covariance,
    top: TopSpace,
    /// A bound on the relative error of ‖g‖: by how much Σ_{≤r} is off, relative to its least eigenvalue,
    /// and the rounding of sums of pd terms.
    error: f64,
}

impl Whitened {
    fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let group = cell.clone().part(String::new()).without(N);
        let net = instance::network(&group, seed, "weights 0")?;
        let tail = Truncation::Tail(tolerance::FINE_TAIL);
        let cov = instance::covariance(net.weights().to_owned(), net.activation(), tail)?;
        let (top, _) = TopSpace::alone(&cov, cumulative_dimension(cell.d(), cell.k())?, Par::Seq)?;
        let least = top.eigenvalues()[top.rank() - 1] - top.departure();
        let error =
            top.departure() / least + 2.0 * top.turn() + rounding::sum(cov.order(), 2 * cell.d() + 16);
        Ok(Self { net, cov, top, error })
    }

    /// `n^{-1/2} g_i` as rows, for n inputs (`[n, n_k]`): `φᵀv = √2 f_L(x; q)` for `v = (q, −q)/√2`.
    fn features(&self, x: &Mat<f64>) -> Result<Mat<f64>> {
        let mut g = self.net.f_linear_of_columns(x.as_ref(), self.top.vectors(), Par::Seq)?;
        for (j, l) in self.top.eigenvalues().iter().enumerate() {
            let scale = (2.0 / l / x.nrows() as f64).sqrt();
            g.col_mut(j).iter_mut().for_each(|g| *g *= scale);
        }
        Ok(g)
    }

    /// The displacement `V diag(c)` with the coordinates c (n_k of them) in the top space, `[m, d]`.
    fn displacement(&self, c: &[f64]) -> Mat<f64> {
        let (p, d) = (self.cov.p(), self.cov.d());
        let q = self.top.vectors();
        Mat::from_fn(2 * p, d, |r, i| {
            let sign =
                if r < p { std::f64::consts::FRAC_1_SQRT_2 } else { -std::f64::consts::FRAC_1_SQRT_2 };
            sign * c.iter().enumerate().map(|(j, c)| c * q[(i * p + r % p, j)]).sum::<f64>()
        })
    }

    fn start(&self, cell: &Cell) -> Measurement {
        let (rank, gap) = (self.top.rank(), self.top.gap());
        let products =
            samples_of(cell) as f64 * cell.n() as f64 * self.cov.order() as f64 * 2.0 * rank as f64;
        Measurement::new()
            .hypothesis(
                "rank ≥ n_k",
                rank <= self.cov.order(),
                format!("{rank} against {}", self.cov.order()),
            )
            .hypothesis("a gap after n_k", gap > 0.0, format!("{gap:.3e}"))
            .cost(products, 8.0 * (self.cov.order() * rank) as f64, 0.0)
    }
}

/// The mean of `‖Σ_i ε_i g_i‖` over signs ε, the columns of `signs` (`[n, ·]`), for g (`[n, n_k]`).
fn mean_length(signs: &Mat<f64>, g: &Mat<f64>) -> f64 {
    let sums = g.transpose() * signs;
    sums.col_iter().map(|sum| sum.norm_l2()).sum::<f64>() / sums.ncols() as f64
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The mean over all signs on many small samples, and the supremum where it is reached.
fn signs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let space = Whitened::new(cell, seed)?;
    let rng = &mut cell.stream(seed, "inputs");
    let (n, rank) = (cell.n(), space.top.rank());
    // ε and −ε give the same: the last sign may stay.
    let all = Mat::from_fn(n, 1 << (n - 1), |i, pattern| if pattern >> i & 1 == 0 { 1.0 } else { -1.0 });
    let (mut worst, mut worst_n_k) = (0.0_f64, 0.0_f64);
    let mut last = None;
    for _ in 0..SAMPLES {
        let x = sphere::uniform_sphere(rng, n, cell.d(), (cell.d() as f64).sqrt());
        let g = space.features(&x)?;
        let mean = mean_length(&all, &g);
        // n^{-1/2} is in g: the complexity is √(C/n) times this mean, ℓ the square of the norm.
        let leverage = g.squared_norm_l2();
        worst = worst.max(mean / leverage.sqrt());
        worst_n_k = worst_n_k.max(mean / (rank as f64).sqrt());
        last = Some((x, g));
    }
    let mut out = space.start(cell);
    let relative = rounding::sum(n + rank, 4);
    out.insert("worst_ratio", worst, relative * worst);
    out.insert("worst_ratio_n_k", worst_n_k, (relative + space.error) * worst_n_k);
    out.insert("one", 1.0, 0.0);
    out.insert("half", 0.5, 0.0);
    let Some((x, g)) = last else { return Ok(out) };
    let sum: Vec<f64> = (0..rank).map(|j| g.col_as_slice(j).iter().sum()).collect();
    let closed = (C / n as f64).sqrt() * norm(&sum);
    // W with R2 = C: coordinates c_j = √C s_j/(‖s‖√λ_j); and along Σ_i φ(x_i), c_j ∝ √λ_j s_j.
    let reach = |power: f64| -> Result<f64> {
        let c: Vec<f64> = sum.iter().zip(space.top.eigenvalues()).map(|(s, l)| s * l.powf(power)).collect();
        let w = space.displacement(&c);
        let r2 = space.top.quadratic_form(&space.cov, w.as_ref(), Par::Seq)?;
        let f = space.net.f_linear(x.as_ref(), w.as_ref(), Par::Seq)?;
        Ok((C / r2).sqrt() * f.iter().sum::<f64>() / n as f64)
    };
    let [reached, along] = [reach(-0.5)?, reach(0.5)?];
    // Whitened and evaluated by the same eigenpairs, so that what these are off by is common: rounding,
    // magnified by √(λ_1/λ_{n_k}).
    let spread = (space.top.eigenvalues()[0] / space.top.eigenvalues()[rank - 1]).sqrt();
    let error = spread
        * rounding::sum(space.cov.order() + n, 4 * cell.d() + 32)
        * norm(g.col_as_slice(0)).max(closed).max(1.0);
    Ok(out
        .quantity("closed_form", closed, error)
        .quantity("closed_form_half", closed * std::f64::consts::FRAC_1_SQRT_2, error)
        .quantity("reached", reached, error)
        .quantity("reached_along", along, error))
}

/// How many samples a cell takes the mean of.
fn samples_of(cell: &Cell) -> usize {
    if cell.part == "samples" { (INPUTS / cell.n()).clamp(SAMPLES, 4 * SAMPLES) } else { SAMPLES }
}

/// Means over samples of a size that grows, with drawn signs.
fn samples(cell: &Cell, seed: u64) -> Result<Measurement> {
    let space = Whitened::new(cell, seed)?;
    let rng = &mut cell.stream(seed, "inputs");
    let (n, rank) = (cell.n(), space.top.rank());
    let coins = &mut cell.stream(seed, "signs");
    let count = samples_of(cell);
    let (mut leverages, mut means) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut epsilon = Mat::zeros(n, SIGNS);
    for _ in 0..count {
        let x = sphere::uniform_sphere(rng, n, cell.d(), (cell.d() as f64).sqrt());
        let g = space.features(&x)?;
        leverages.push(g.squared_norm_l2());
        for s in 0..SIGNS {
            epsilon.col_as_slice_mut(s).copy_from_slice(&draw(coins, n));
        }
        means.push((C / n as f64).sqrt() * mean_length(&epsilon, &g));
    }
    let (leverage, leverage_half) = student_interval(&leverages, tolerance::FAILURE);
    let (complexity, complexity_half) = student_interval(&means, tolerance::FAILURE);
    let n_k = rank as f64;
    let bound = (Ball::exact(C * n_k) / n as f64).sqrt();
    let leverage = Ball::relative(leverage, 2.0 * space.error);
    let complexity = Ball::relative(complexity, space.error);
    Ok(space
        .start(cell)
        .ball("leverage", leverage)
        .ball("leverage_miss", (leverage / n_k - 1.0).abs())
        .ball("leverage_miss_next", (leverage / (n_k + 1.0) - 1.0).abs())
        .quantity("leverage_limit", leverage_half / n_k, 1e-9)
        .ball("complexity", complexity)
        .quantity("complexity_interval", complexity.value, complexity.error + complexity_half)
        .ball("bound", bound)
        .ball("bound_less", Ball::exact(0.75).sqrt() * bound))
}
