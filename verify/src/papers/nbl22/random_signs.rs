//! NBL22: random signs make W_Q cheap for the regularisers.
//!
//! With S a diagonal of independent fair signs, one for each neuron, `E_S R1(SW_Q)` and `E_S R2(SW_Q)` are
//! at most `‖σ'‖_∞² ‖W_Q‖_F²/m`, and `E_S R3(SW_Q) ≲ ‖W_Q‖_F²/m`.
//!
//! Averages over S are finite sums over the diagonal blocks, so nothing about them is sampled; they obey an
//! identity as well: with t_r the cosine between w_{0,r} and w_r,
//! `E_S (R1 + R2)(SW_Q) = m^{-1} Σ_r ‖w_r‖² [t_r² E z²dσ'² + (1 − t_r²) E(1 − z²)dσ'²/(d − 1)]`, σ' at √d z.
//!
//! R3 on a sample is another matter: Π_{>r} does not commute with the sample's second moment of the
//! features, so that the blocks of `Π_{>r} E_n[φφᵀ] Π_{>r}` are not bounded by those of `E_n[φφᵀ]`. The
//! explicit bound with `‖E_n xxᵀ‖_op` is therefore measured, not implied; what is exact is the mean over
//! samples, `E_X E_S R3 = E_S R1`.

use super::effort;
use super::instance::{self, ACTIVATIONS, Instance, TERMS};
use crate::claim::distribution::{mean_and_error, student_interval};
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N, R};
use escapement::ball::Ball;
use escapement::construct::{self, signs};
use escapement::covariance::Covariance;
use escapement::eigen::{self, EigenPairs, Request, Route, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::sphere::{self, Truncation};
use escapement::tolerance;
use escapement_prove::Form;
use faer::{Mat, Par};

/// Samples of [`BATCH`] inputs behind a Student interval.
const BATCHES: usize = 64;
/// Inputs in one of them.
const BATCH: usize = 8;
/// Samples of n inputs over which R3 is averaged where its rate is fitted.
const SAMPLES: usize = 16;
/// Truncation relative to the largest eigenvalue where R1 is compared digit by digit: a little above what
/// rounding lets be certified.
const FINE: f64 = 1e-12;

/// The claim.
pub struct RandomSigns;

const CARD: Card = Card {
    statement: r"\mathbb{E}_S R_1(S W_Q),\ \mathbb{E}_S R_2(S W_Q) \le \|\sigma'\|_\infty^2
        \frac{\|W_Q\|_F^2}{m}, \qquad \mathbb{E}_S R_3(S W_Q) \lesssim \frac{\|W_Q\|_F^2}{m}",
    reference: "NBL22, proof of Theorem 2",
    hypotheses: "σ' bounded; S independent of W_0 and X; n_k at most the rank of Σ.",
    method: "Averages over S are exact finite sums. R1 and R2 from the whole spectrum of Σ are added and \
        compared with one-dimensional quadratures; each is held to the explicit bound; both are \
        followed in m against ‖W_Q‖_F² Σ_j τ_j/(dm) over the degrees beyond k, or up to k. R3 on a \
        sample carries the factor ‖E_n xxᵀ‖, and its mean over samples is R1, which a Student interval \
        is asked about.",
    refuted_by: "A regulariser above the explicit bound on any cell; a difference between the two sides of \
        the identity beyond the truncation of Σ; an R1 or R2 that falls slower than ‖W_Q‖_F²/m.",
    uses: &["spectrum"],
    variables: &["m"],
    ..Card::new(&crate::papers::nbl22::PAPER, "random-signs", "Random signs make W_Q cheap for R1, R2, R3")
};

impl Claim for RandomSigns {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::Identity]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        // (k, d, m)
        let spectra: &[(usize, usize, usize)] = match tier {
            Tier::Quick => &[(1, 4, 64), (1, 8, 32), (2, 4, 64)],
            _ => &[
                (1, 3, 64),
                (1, 4, 64),
                (1, 8, 64),
                (1, 10, 128),
                (1, 10, 400),
                (2, 4, 64),
                (2, 6, 128),
                (2, 10, 128),
            ],
        };
        // (k, d, first width, widths)
        let (sweeps, replicates): (&[(usize, usize, usize, usize)], usize) = match tier {
            Tier::Quick => (&[(1, 3, 128, 5), (1, 6, 64, 5), (2, 3, 128, 5)], 3),
            Tier::Standard => {
                (&[(1, 3, 64, 8), (1, 6, 32, 6), (1, 10, 32, 5), (2, 3, 64, 8), (2, 4, 64, 5)], 3)
            }
            Tier::Paper => (
                &[
                    (1, 3, 64, 10),
                    (1, 10, 64, 8),
                    (1, 30, 64, 6),
                    (1, 100, 64, 6),
                    (2, 4, 64, 8),
                    (2, 10, 128, 6),
                ],
                3,
            ),
        };
        let cell = |part: &str,
                    (k, d, m): (usize, usize, usize),
                    (terms, activation): (usize, &str),
                    replicate: usize| {
            Cell::new(self.id(), part)
                .with(D, d)
                .with(M, m)
                .with(N, d.pow(k as u32 + 1))
                .with(K, k)
                .with(R, terms)
                .activation(activation.to_owned())
                .replicate(replicate)
        };
        let groups: Vec<(usize, &str)> =
            TERMS.into_iter().flat_map(|t| ACTIVATIONS.map(|a| (t, a))).collect();
        for &size in spectra {
            cells.extend(groups.iter().map(|&g| cell("spectrum", size, g, 0).without(N)));
        }
        for &(k, d, first, count) in sweeps {
            for &group in &groups {
                for m in sweep::doublings(first, count) {
                    cells.extend((0..replicates).map(|r| cell("width", (k, d, m), group, r)));
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (p, d) = (cell.m() as f64 / 2.0, cell.d() as f64);
        let order = p * d;
        if cell.part == "spectrum" {
            return Prediction {
                flops: 2e6 + effort::decomposition(order),
                bytes: 40.0 * order * order + 1e6,
            };
        }
        let rank = d.powi(cell.k() as i32) + 2.0;
        // R1 and R2 are forms of Σ; R3 on SAMPLES + 1 samples.
        let forms = effort::Sigma::of(cell, tolerance::TAIL).map_or(0.0, |s| s.top() + s.forms(1.0));
        let samples = 23.0 * ((SAMPLES + 1) * cell.n() * cell.m()) as f64;
        let bytes = 8.0 * order * rank * 6.0 + 8.0 * p * p + 3e7;
        Prediction {
            flops: forms + samples,
            bytes: effort::bytes_with_top_space(bytes, cell, tolerance::TAIL),
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "spectrum" { spectrum(cell, seed) } else { width(cell, seed) }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "sum",
                "E_S (R1 + R2)(SW_Q) = m^{-1} Σ_r ‖w_r‖² [t_r² E z²dσ'² + (1 − t_r²) E(1 − z²)dσ'²/(d − 1)]",
                "r1_plus_r2",
                "quadrature",
                Neighbour::rhs("quadrature_exchanged", "t² and 1 − t² exchanged"),
            )
            .code_check()
            .neighbour(Neighbour::rhs("quadrature_half", "1/p in place of 1/m"))
            .part("spectrum"),
            Bound::inequality(
                "r1",
                "E_S R1(SW_Q) ≤ ‖σ'‖_∞² ‖W_Q‖_F²/m",
                "r1",
                Side::Upper,
                "bound",
                Neighbour::rhs("bound_mean", "the mean of ‖w_r‖² in place of the sum"),
            )
            .headline(),
            Bound::inequality(
                "r2",
                "E_S R2(SW_Q) ≤ ‖σ'‖_∞² ‖W_Q‖_F²/m",
                "r2",
                Side::Upper,
                "bound",
                Neighbour::rhs("radial", "m^{-1} Σ ‖w_r‖² t_r² E z²dσ'²: the part across w_{0,r} dropped"),
            )
            .headline(),
            Bound::inequality(
                "r3",
                "E_S R3(SW_Q) ≤ ‖σ'‖_∞² ‖E_n xxᵀ‖_op ‖W_Q‖_F²/m on each sample",
                "r3",
                Side::Upper,
                "bound_sample",
                Neighbour::rhs("bound_sample_mean", "the mean of ‖w_r‖² in place of the sum"),
            )
            .headline()
            .part("width"),
            Bound::inequality(
                "r3-on-average",
                "E_X E_S R3(SW_Q) = E_S R1(SW_Q): a Student interval over 64 samples at confidence 1 − 10⁻⁶",
                "r3_miss",
                Side::Upper,
                "r3_limit",
                Neighbour::lhs("r3_miss_whole", "R3 without the projector Π_{>r}"),
            )
            .code_check()
            .part("spectrum"),
            Bound::growth(
                "r1-rate",
                "E_S R1(SW_Q) ≍ m^{-1/2}: it follows ‖W_Q‖_F² Σ_{j>k} τ_j/(dm)",
                "r1",
                "r1_scale",
                Sweep::both(M, |_| -0.5),
            )
            .part("width"),
            Bound::growth(
                "r2-rate",
                "E_S R2(SW_Q) ≍ m^{-1/2}: it follows ‖W_Q‖_F² Σ_{j≤k} τ_j/(dm)",
                "r2",
                "r2_scale",
                Sweep::both(M, |_| -0.5),
            )
            .part("width"),
            Bound::growth(
                "r3-rate",
                "E_S R3(SW_Q), averaged over 16 samples, is ≲ m^{-1/2}: at most of the order of ‖W_Q‖_F² \
                 Σ_{j>k} τ_j/(dm)",
                "r3_mean",
                "r1_scale",
                Sweep::upper(M, |_| -0.5),
            )
            .part("width"),
        ]
    }
}

/// What every part reports of W_Q, and the roundings that its sums carry.
struct Norms {
    /// ‖W_Q‖_F².
    square: Ball,
    /// `m^{-1} Σ_r ‖w_r‖² t_r²`.
    along: Ball,
    /// Relative rounding of a sum over the neurons of squares of sums of d products.
    rounding: f64,
    out: Measurement,
}

impl Norms {
    fn new(net: &PairedNetwork, cov: &Covariance, w: &Mat<f64>, rank: usize) -> Self {
        let (m, p, d) = (cov.m() as f64, cov.p(), cov.d());
        let rounding = (m + 2.0 * d as f64 + 8.0) * f64::EPSILON;
        let square = Ball::relative(construct::frobenius_sq(w.as_ref()), rounding);
        let cosine = |r: usize| (0..d).map(|i| net.weights()[(r % p, i)] * w[(r, i)]).sum::<f64>();
        let along = (0..2 * p).map(|r| cosine(r).powi(2)).sum::<f64>() / m;
        // A cosine is right to `rounding` of ‖w_r‖, whatever it is itself.
        let along = Ball::new(along, 2.0 * rounding * square.value / m);
        let slope = net.activation().suprema()[1].value.powi(2);
        let bound = slope * square / m;
        let out = Measurement::new()
            .ball("bound", bound)
            .ball("bound_mean", bound / m)
            .ball("radial", along * cov.levels().radial)
            .hypothesis("σ' bounded", slope.is_finite(), format!("sup|σ'|² = {slope}"))
            .hypothesis("n_k ≤ pd", rank <= cov.order(), format!("{rank} against {}", cov.order()));
        Self { square, along, rounding, out }
    }
}

/// R1 and R2 from the whole spectrum, beside the quadratures; R3 over many samples.
fn spectrum(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (net, target) = (instance::network(cell, seed, "weights 0")?, instance::target(cell, seed)?);
    let cov = Covariance::new(net.weights(), net.activation(), Truncation::Tail(FINE))?;
    let (w, rank) = (construct::w_q(&net, &target)?.w, target.n_k()?);
    let Norms { square, along, rounding, out } = Norms::new(&net, &cov, &w, rank);
    let request = Request::all().with_vectors();
    let pairs =
        eigen::solve(&cov, &request, RouteChoice::Only(Route::Dense), eigen::DEFAULT_MEMORY, Par::Seq)?;
    let top = TopSpace::new(&pairs, rank)?;
    let r2: f64 = top.diagonal_forms(w.as_ref())?.iter().sum();
    let r1 = beyond(&pairs, rank, &w);
    let m = cell.m() as f64;
    let levels = cov.levels();
    // A diagonal block of what is cut off has trace tail/m, whatever the weights.
    let whole_error =
        (levels.truncation_bound() / m + pairs.rounding_bound() + largest(&pairs) * pairs.orthonormality)
            * square.value
            + rounding * (r1 + r2);
    let split_error = top.form_error() * square.value + rounding * (r1 + r2);
    let across = square / m - along;
    let quadrature = along * levels.radial + across * levels.tangential;
    let exchanged = across * levels.radial + along * levels.tangential;

    let zero = Mat::zeros(cell.m(), cell.d());
    let rng = &mut cell.stream(seed, "inputs");
    let (mut projected, mut whole) = (Vec::with_capacity(BATCHES), Vec::with_capacity(BATCHES));
    for _ in 0..BATCHES {
        let x = sphere::uniform_sphere(rng, BATCH, cell.d(), (cell.d() as f64).sqrt());
        let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        projected.push(signs::expected_r3(regularizers, zero.as_ref(), w.as_ref(), Par::Seq)?);
        let squares = signs::expected_linear_square(&net, x.as_ref(), zero.as_ref(), w.as_ref(), Par::Seq)?;
        whole.push(squares.iter().sum::<f64>() / BATCH as f64);
    }
    let (mean, half) = student_interval(&projected, tolerance::FAILURE);
    let limit = half / r1;
    let r1 = Ball::new(r1, split_error);
    let mean = Ball::relative(mean, rounding);
    let whole = Ball::relative(mean_and_error(&whole).0, rounding);
    Ok(out
        .ball("r1", r1)
        .quantity("r2", r2, split_error)
        .quantity("r1_plus_r2", r1.value + r2, whole_error)
        .ball("quadrature", quadrature)
        .ball("quadrature_exchanged", exchanged)
        .ball("quadrature_half", 2.0 * quadrature)
        .ball("r3_miss", (mean / r1 - 1.0).abs())
        .ball("r3_miss_whole", (whole / r1 - 1.0).abs())
        .quantity("r3_limit", limit, 1e-9 * limit)
        .cost(pairs.plan.flops, pairs.plan.bytes + 8.0 * (cov.order() * rank) as f64, 0.0))
}

/// The largest eigenvalue.
fn largest(pairs: &EigenPairs) -> f64 {
    pairs.eigenvalues.first().copied().unwrap_or(0.0)
}

/// `E_S R1(SW) = Σ_{i>r} λ_i Σ_ρ (v_{i,ρ}·w_ρ)²` from the eigenvectors beyond the first `rank`;
/// `v = (q, −q)/√2`.
fn beyond(pairs: &EigenPairs, rank: usize, w: &Mat<f64>) -> f64 {
    let Some(vectors) = &pairs.vectors else { return 0.0 };
    let p = pairs.p;
    let form = |i: usize| {
        let q = vectors.col_as_slice(i);
        let overlap = |r: usize| (0..pairs.d).map(|c| q[c * p + r % p] * w[(r, c)]).sum::<f64>();
        0.5 * pairs.eigenvalues[i] * (0..2 * p).map(|r| overlap(r).powi(2)).sum::<f64>()
    };
    (rank..vectors.ncols().min(pairs.eigenvalues.len())).map(form).sum()
}

/// R1, R2 and R3 at one width of a sweep.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let many = instance::inputs(cell, seed, "inputs", SAMPLES * cell.n());
    let x = many.subrows(0, cell.n()).to_owned();
    let (net, target) = (instance::network(cell, seed, "weights 0")?, instance::target(cell, seed)?);
    let built = Instance::of(net, target, Truncation::default(), x)?;
    let Instance { net, cov, pairs, top, w_q, x, .. } = &built;
    let w = &w_q.w;
    let Norms { square, rounding, out, .. } = Norms::new(net, cov, w, top.rank());
    let (m, d) = (cell.m() as f64, cell.d() as f64);
    let zero = Mat::zeros(cell.m(), cell.d());
    let regularizers = built.regularizers();
    let r1 = signs::expected_r1(regularizers, zero.as_ref(), w.as_ref(), Par::Seq)?;
    let r2 = signs::expected_r2(regularizers, zero.as_ref(), w.as_ref(), Par::Seq)?;
    let r3 = signs::expected_r3(regularizers, zero.as_ref(), w.as_ref(), Par::Seq)?;
    let r3_mean = signs::expected_r3(regularizers.on(many.as_ref()), zero.as_ref(), w.as_ref(), Par::Seq)?;
    let error = (top.form_error() + cov.truncation_bound() / m) * square.value + rounding * (r1 + r2);
    // A turn of Π moves √R3 by at most its angle times (E_n‖φ‖² max_r‖w_r‖²)^{1/2}, ‖φ‖² ≤ d sup σ'².
    let slope = net.activation().suprema()[1].value.powi(2);
    let most = (0..cell.m()).map(|r| w.row(r).squared_norm_l2()).fold(0.0, f64::max);
    let moved = top.turn() * (d * slope * most * m).sqrt();
    let r3_ball = |r3: f64| Ball::new(r3, 2.0 * r3.sqrt() * moved + moved * moved + rounding * r3);
    let second_moment = Mat::from_fn(cell.d(), cell.d(), |i, j| {
        (0..cell.n()).map(|s| x[(s, i)] * x[(s, j)]).sum::<f64>() / cell.n() as f64
    });
    let spread = eigen::full_eigenvalues(second_moment.as_ref(), Par::Seq)?.into_iter().fold(0.0, f64::max);
    let spread = Ball::relative(spread, (cell.n() as f64 + 8.0 * d) * f64::EPSILON);
    let sample = slope * spread * square / m;
    let levels = cov.levels();
    let low = levels.levels.iter().take(cell.k() + 1).map(|l| l.tau).sum::<f64>();
    // Each part of the trace is right to the rounding of all of it.
    let traces = [levels.trace - low, low].map(|t| Ball::new(t, levels.rounding_allowance()));
    let [r1_scale, r2_scale] = traces.map(|trace| square / (m * d) * trace);
    Ok(out
        .quantity("r1", r1, error)
        .quantity("r2", r2, error)
        .ball("r3", r3_ball(r3))
        .ball("r3_mean", r3_ball(r3_mean))
        .ball("bound_sample", sample)
        .ball("bound_sample_mean", sample / m)
        .ball("r1_scale", r1_scale)
        .ball("r2_scale", r2_scale)
        .ball("frobenius_sq", square)
        .cost(pairs.plan.flops, pairs.plan.bytes, pairs.products as f64))
}
