//! NBL22 Lemma 1: the quadratic term of the network expresses the sparse part of the target.
//!
//! For m ≥ d^{2k} there is W_Q with `max_{i≤n} |f_Q(x_i; W_Q) − f_sp(x_i)| ≲ d^k/√m` and
//! `‖W_Q‖_{2,4}^4 ≲ d^{k−1}`.
//!
//! W_Q is the construction of [`escapement::construct::w_q`]; it is unbiased over the initialisation, so
//! that its mean squared error is an exact zonal expression, ∝ 1/m, and so is the mean of its norm. What is
//! decided along m is decided against those; how they grow in d is judged apart.

use super::instance::{self, ACTIVATIONS, LONG_RANGE, TERMS};
use super::moments::{self, Moments};
use crate::claim::distribution::{mean_and_error, student_interval, student_quantile};
use crate::claim::{
    Bound, Card, Cell, Claim, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N, R};
use escapement::ball::Ball;
use escapement::construct;
use escapement::{sphere, tolerance};
use escapement_prove::Form;
use faer::{Mat, MatRef};

/// Fresh inputs for the mean squared error, per network.
const INPUTS: usize = 64;
/// Independent networks in a cell: for the mean squared error, and for the largest error.
const NETWORKS: [usize; 2] = [8, 8];
/// Dimensions, and numbers of terms, along which one constant must serve.
const ALONG: [[usize; 5]; 2] = [[4, 6, 8, 12, 16], [1, 2, 4, 8, 16]];
/// Independent networks behind a Student interval.
const DRAWS: usize = 2000;
/// Inputs at which the mean over networks is looked at.
const POINTS: usize = 16;

/// The claim.
pub struct Lemma1;

const CARD: Card = Card {
    statement: r"\text{with high probability there is } W_Q \text{ with} \quad \max_{i \le n} \left|
        f_Q(x_i; W_Q) - f_{\mathrm{sp}}(x_i) \right| \lesssim \frac{d^k}{\sqrt{m}}, \qquad \|W_Q\|_{2,4}^4
        \lesssim d^{k-1}",
    reference: "NBL22, Lemma 1",
    hypotheses: "m ≥ d^{2k}; Assumption 3: λ_j(σ'') ≠ 0 for j ≤ k − 1, j ≡ k − 1 (mod 2); n between d^k and \
        d^{k+1}, which enters through log n.",
    method: "The error over fresh inputs and networks is compared with its exact root mean square along m \
        (tight: m^{-1/2}), along d and along R; the largest over n inputs, at the quantile 1 − 1/d over \
        networks, with that times log n, along m and along n. The exact expressions are then followed in d \
        up to 2000. That f_Q is unbiased, and its exact mean squared error, are put to Student intervals at \
        confidence 1 − 10⁻⁶ over 2000 networks.",
    refuted_by: "An error that falls slower than m^{-1/2} or grows with n beyond log n; a mean of f_Q away \
        from f_sp; exact expressions that grow in d faster than claimed.",
    uses: &["assumption-2", "assumption-3"],
    variables: &["m", "d", "n", "R"],
    ..Card::new(&crate::papers::nbl22::PAPER, "lemma-1", "The quadratic term expresses the sparse part")
};

impl Claim for Lemma1 {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::Identity]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        // (k, d, widths of the sweep): every width meets m ≥ d^{2k}.
        let (sweeps, count, replicates): (&[(usize, usize)], usize, usize) = match tier {
            Tier::Quick => (&[(1, 4), (1, 8), (2, 4)], 5, 8),
            Tier::Standard => (&[(1, 4), (1, 8), (1, 12), (1, 24), (2, 4), (2, 6), (2, 8)], 5, 3),
            Tier::Paper => (&[(1, 4), (1, 12), (1, 100), (2, 4), (2, 8), (2, 12), (3, 4), (3, 5)], 6, 5),
        };
        for &(k, d) in sweeps {
            for (terms, activation) in groups() {
                let first = d.pow(2 * k as u32).max(64).next_power_of_two();
                for m in sweep::doublings(first, count) {
                    for replicate in 0..replicates {
                        let cell = |part: &str, n: usize| {
                            Cell::new(self.id(), part)
                                .with(D, d)
                                .with(M, m)
                                .with(N, n)
                                .with(K, k)
                                .with(R, terms)
                                .activation(activation)
                                .replicate(replicate)
                        };
                        cells.push(cell("mean", 0).without(N));
                        let power = |e: usize| d.pow(e as u32);
                        let middle = (power(k) as f64 * (d as f64).sqrt()).round() as usize;
                        match tier {
                            Tier::Quick => {
                                cells.extend([power(k), power(k + 1)].map(|n| cell("maximum", n)))
                            }
                            _ => cells.extend([power(k), middle, power(k + 1)].map(|n| cell("maximum", n))),
                        }
                    }
                }
            }
        }
        cells.extend(self.at_one_width(tier));
        let small: &[usize] = if tier == Tier::Quick { &[4] } else { &[4, 8, 12] };
        for &d in small {
            for k in [1, 2] {
                for (terms, activation) in groups() {
                    let template = Cell::new(self.id(), "unbiased");
                    cells.push(
                        template.with(D, d).with(M, 8).with(K, k).with(R, terms).activation(activation),
                    );
                }
            }
        }
        let degrees: &[usize] = if tier == Tier::Quick { &[1, 2] } else { &[1, 2, 3] };
        for &k in degrees {
            for (terms, activation) in groups() {
                for d in LONG_RANGE {
                    cells.push(
                        Cell::new(self.id(), "exact")
                            .with(D, d)
                            .with(K, k)
                            .with(R, terms)
                            .activation(activation),
                    );
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (p, d) = (cell.m() as f64 / 2.0, cell.d() as f64);
        let flops = match cell.part.as_str() {
            // One σ'' and three products of length d for each input and distinct neuron.
            "mean" | "dimensions" | "terms" => {
                NETWORKS[0] as f64 * p * (INPUTS as f64 * (23.0 + 0.7 * d) + 40.0 * d)
            }
            "maximum" | "inputs" => NETWORKS[1] as f64 * p * (cell.n() as f64 * (23.0 + 0.2 * d) + 40.0 * d),
            "unbiased" => 3e7,
            _ => 4e6,
        };
        // Weights, W_Q and its half sum and difference; inputs; three tiles of half a MiB.
        let bytes = 8.0 * (8.0 * p * cell.d() as f64 + (INPUTS.max(cell.n()) * cell.d()) as f64) + 2e6;
        Prediction { flops: flops + 2e5, bytes }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "exact" => exact(cell, seed),
            "unbiased" => unbiased(cell, seed),
            part => sampled(cell, seed, matches!(part, "maximum" | "inputs")),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let k = |cell: &Cell| cell.k() as f64;
        let mut bounds =
            vec![
            Bound::growth(
                "error-rate",
                "the root mean square of f_Q(x; W_Q) − f_sp(x) over inputs and networks falls like \
                 m^{-1/2}, as its exact value does",
                "rms_error",
                "exact_rms_error",
                Sweep::both(M, |_| -0.5),
            ).headline()
            .part("mean"),
            Bound::growth(
                "largest-error",
                "max_i |f_Q(x_i; W_Q) − f_sp(x_i)|, its quantile at 1 − 1/d over networks, ≲ log n · (exact \
                 root mean square) ∝ m^{-1/2}, uniformly in n from d^k to d^{k+1}",
                "max_error",
                "max_scale",
                Sweep::upper(M, |_| -0.5).supremum_over(&[N]),
            ).headline()
            .part("maximum"),
            Bound::asymptotic(
                "error-in-d",
                "√m times the exact root mean square of the error is ≲ d^k",
                "scaled_rms_error",
                Sweep::upper(D, k),
            )
            .part("exact"),
            Bound::growth(
                "norm",
                "‖W_Q‖_{2,4}^4 is free of m: its mean over networks is 4m Σ_i E h_i²/p_i",
                "norm_mean",
                "norm_exact",
                Sweep::both(M, |_| 0.0),
            ).headline()
            .part("mean")
            .among(|cell| cell.k() > 1),
            Bound::identity(
                "norm-at-k-1",
                "at k = 1, ‖W_Q‖_{2,4}^4 = 4m Σ_i h_i²/p_i for every initialisation",
                "norm_mean",
                "norm_exact",
                Neighbour::lhs("norm_uniform", "W_Q with R/p in place of 1/p_i"),
            )
            .code_check()
            .neighbour(Neighbour::rhs("norm_even", "8R Σ E h_i² where R does not divide p"))
            .neighbour(Neighbour::lhs("norm_single", "√m |h| in place of 2√m |h|"))
            .part("mean")
            .among(|cell| cell.k() == 1),
            Bound::asymptotic(
                "norm-in-d",
                "E ‖W_Q‖_{2,4}^4 = 8R Σ_i E h_i² is ≲ d^{k−1}",
                "norm_exact",
                Sweep::upper(D, move |c| k(c) - 1.0),
            )
            .part("exact"),
            Bound::inequality(
                "unbiased",
                "E_{W0} f_Q(x; W_Q) = f_sp(x) at each of 16 inputs: the largest studentised mean over 2000 \
                 networks is within the limit at confidence 1 − 10⁻⁶",
                "largest_t",
                Side::Upper,
                "limit_t",
                Neighbour::lhs("largest_t_uniform", "R/p in place of 1/p_i"),
            )
            .code_check()
            .neighbour(Neighbour::lhs("largest_t_single", "the twin of a neuron with h < 0 is not moved"))
            .part("unbiased"),
            Bound::inequality(
                "mean-squared-error",
                "E (f_Q − f_sp)² = Σ_i (1/p_i)(E_x[(β_i·x)⁴ E_w[h_i² σ''²]] − α_i² E(β_i·x)^{2k+2}): a \
                 Student interval over 2000 networks at confidence 1 − 10⁻⁶",
                "mean_square_miss",
                Side::Upper,
                "mean_square_limit",
                Neighbour::lhs("mean_square_miss_raw", "the square of the mean is not subtracted"),
            )
            .code_check()
            .part("unbiased"),
        ];
        bounds.extend(at_one_width());
        bounds
    }
}

impl Lemma1 {
    /// Along n from d^k to d^{k+1} and beyond, along d, and along R.
    fn at_one_width(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 8 } else { 16 };
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            let cell = |part: &str, d: usize, m: usize, terms: usize| {
                let cell = Cell::new(self.id(), part).with(D, d).with(M, m).with(K, 1).with(R, terms);
                cell.activation(activation)
            };
            let mut all: Vec<Cell> = [8, 11, 16, 23, 32, 45, 64, 128, 256]
                .into_iter()
                .flat_map(|n| TERMS.map(|terms| cell("inputs", 8, 128, terms).with(N, n)))
                .collect();
            let [dimensions, terms] = ALONG;
            let along = |d| TERMS.map(|terms| cell("dimensions", d, 4 * d * d, terms));
            all.extend(dimensions.into_iter().flat_map(along));
            cells.extend(
                all.into_iter().flat_map(|c| (0..4 * replicates).map(move |r| c.clone().replicate(r))),
            );
            let along = terms.map(|terms| cell("terms", 4, 1024, terms));
            cells.extend(
                along.into_iter().flat_map(|c| (0..replicates).map(move |r| c.clone().replicate(r))),
            );
        }
        cells
    }
}

/// One constant along n, along d and along R.
fn at_one_width() -> [Bound; 3] {
    [
        Bound::growth(
            "largest-error-in-n",
            "that quantile is ≲ log n along n from d^k to d^{k+1}: the error is a chaos of degree 2",
            "max_error",
            "max_scale",
            Sweep::uniform(N, Side::Upper),
        )
        .part("inputs")
        .chosen("log n in place of the √log n of a Gaussian maximum, which the data outgrow"),
        Bound::growth(
            "error-along-d",
            "the root mean square of the error has one constant along d: it follows its exact value",
            "rms_error",
            "exact_rms_error",
            Sweep::uniform(D, Side::Both).tied(&[M]),
        )
        .part("dimensions"),
        Bound::growth(
            "error-along-r",
            "the root mean square of the error has one constant along R: it follows its exact value",
            "rms_error",
            "exact_rms_error",
            Sweep::uniform(R, Side::Both),
        )
        .part("terms"),
    ]
}

/// R and σ, every pair.
fn groups() -> impl Iterator<Item = (usize, &'static str)> {
    TERMS.into_iter().flat_map(|terms| ACTIVATIONS.map(|a| (terms, a)))
}

/// Exact quantities, R dividing p.
fn exact(cell: &Cell, seed: u64) -> Result<Measurement> {
    let moments = Moments::new(&instance::activation(cell)?, &instance::target(cell, seed)?)?;
    // m = 2R, so that each term has one neuron: m times the mean squared error is free of m.
    let square = moments.mean_square(&vec![1; cell.terms()]);
    let measurement = Measurement::new()
        .ball("scaled_rms_error", (2.0 * cell.terms() as f64 * square).sqrt())
        .ball("norm_exact", moments.norm_2_4_pow4_even())
        .cost(1e6, 1e5, 0.0);
    Ok(moments.assumption_3(measurement))
}

/// Errors and norms of several networks at a width of a sweep.
fn sampled(cell: &Cell, seed: u64, maximum: bool) -> Result<Measurement> {
    let sigma = instance::activation(cell)?;
    let target = instance::target(cell, seed)?;
    let moments = Moments::new(&sigma, &target)?;
    let counts = construct::groups(cell.m() / 2, cell.terms());
    let (samples, networks) = if maximum { (cell.n(), NETWORKS[1]) } else { (INPUTS, NETWORKS[0]) };
    let (mut squares, mut largest, mut frobenius) = (0.0, Vec::with_capacity(networks), 0.0_f64);
    let (mut norm, mut uniform) = (0.0, 0.0);
    for index in 0..networks {
        let net = instance::network(cell, seed, &format!("weights {index}"))?;
        let x = instance::inputs(cell, seed, &format!("inputs {index}"), samples);
        let built = construct::w_q_from(&net, &target, moments.population.clone())?;
        let misfit = moments::misfit(&net, x.as_ref(), built.w.as_ref(), &target.f_sp(x.as_ref())?)?;
        let most = misfit.iter().fold(0.0_f64, |a, e| a.max(e.abs()));
        squares += misfit.iter().map(|e| e * e).sum::<f64>() / (samples * networks) as f64;
        largest.push(most);
        frobenius = frobenius.max(construct::frobenius_sq(built.w.as_ref()));
        norm += construct::norm_2_4_pow4(built.w.as_ref()) / networks as f64;
        uniform +=
            construct::norm_2_4_pow4(even_groups(built.w.as_ref(), &counts).as_ref()) / networks as f64;
    }
    let rms = moments.mean_square(&counts).sqrt();
    let rounding =
        moments::fit_rounding(cell, sigma.as_ref(), frobenius) * (1.0 + moments.relative / f64::EPSILON);
    let (d, m, k) = (cell.d() as f64, cell.m() as f64, cell.k() as i32);
    let least = d.powi(2 * k);
    let (n, most) = (cell.n() as f64, d.powi(k + 1));
    let detail = format!("m ≥ d^{{2k}}: {m} against {least}; n ≤ d^{{k+1}}: {n} against {most}");
    let mut out = Measurement::new().hypothesis(Hypothesis::RANGE, m >= least && n <= most, detail).cost(
        networks as f64 * samples as f64 * m / 2.0 * (6.0 * d + 30.0),
        8.0 * m * d * 3.0,
        0.0,
    );
    if maximum {
        largest.sort_by(f64::total_cmp);
        let rank = ((1.0 - 1.0 / d) * networks as f64).ceil() as usize;
        let largest = Ball::new(largest[rank.clamp(1, networks) - 1], rounding);
        out = out
            .ball("max_error", largest)
            .ball("max_scale", Ball::relative(n.ln(), 2.0 * f64::EPSILON) * rms)
            .ball("constant", largest * m.sqrt() / d.powi(k));
    } else {
        // ‖w_r‖⁴ is the square of a sum of d squares of g_r β_i; m of them are added one after another.
        let measured = 2.0 * moments.relative + (m + 2.0 * d + 8.0) * f64::EPSILON;
        let norm = Ball::relative(norm, measured);
        out = out
            .quantity("rms_error", squares.sqrt(), rounding)
            .ball("exact_rms_error", rms)
            .ball("norm_mean", norm)
            .ball("norm_exact", moments.norm_2_4_pow4(cell.m(), &counts))
            .ball("norm_single", norm / 4.0);
        if !(cell.m() / 2).is_multiple_of(cell.terms()) {
            out = out
                .ball("norm_uniform", Ball::relative(uniform, measured))
                .ball("norm_even", moments.norm_2_4_pow4_even());
        }
    }
    Ok(moments.assumption_3(out))
}

/// W_Q with R/p in place of 1/p_i: the rows of term i by √(p_i R/p).
fn even_groups(w: MatRef<'_, f64>, counts: &[usize]) -> Mat<f64> {
    let (p, terms) = (w.nrows() / 2, counts.len());
    let factor = |r: usize| (counts[r % p % terms] as f64 * terms as f64 / p as f64).sqrt();
    Mat::from_fn(w.nrows(), w.ncols(), |r, i| factor(r) * w[(r, i)])
}

/// Mean and mean square of the misfit over many small networks.
fn unbiased(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = instance::activation(cell)?;
    let target = instance::target(cell, seed)?;
    let moments = Moments::new(&sigma, &target)?;
    let (p, d) = (cell.m() / 2, cell.d());
    let counts = construct::groups(p, cell.terms());
    let radius = (d as f64).sqrt();
    let fixed = instance::inputs(cell, seed, "inputs", POINTS);
    let f_sp = target.f_sp(fixed.as_ref())?;
    let mut fresh = cell.stream(seed, "fresh inputs");
    // By input: the construction, with R/p, without twins.
    let mut draws = vec![vec![Vec::new(); POINTS]; 3];
    let mut squares = Vec::with_capacity(DRAWS);
    let (mut frobenius, mut twins) = (0.0_f64, false);
    for index in 0..DRAWS {
        let net = instance::network(cell, seed, &format!("weights {index}"))?;
        let built = construct::w_q_from(&net, &target, moments.population.clone())?;
        let single = Mat::from_fn(2 * p, d, |r, i| if r < p { built.w[(r, i)] } else { 0.0 });
        twins |= built.w.subrows(p, p).norm_max() > 0.0;
        for (draws, w) in
            draws.iter_mut().zip([built.w.clone(), even_groups(built.w.as_ref(), &counts), single])
        {
            let misfit = moments::misfit(&net, fixed.as_ref(), w.as_ref(), &f_sp)?;
            draws.iter_mut().zip(misfit).for_each(|(d, e)| d.push(e));
        }
        let x = sphere::uniform_sphere(&mut fresh, POINTS, d, radius);
        let misfit = moments::misfit(&net, x.as_ref(), built.w.as_ref(), &target.f_sp(x.as_ref())?)?;
        squares.push(misfit.iter().map(|e| e * e).sum::<f64>() / POINTS as f64);
        frobenius = frobenius.max(construct::frobenius_sq(built.w.as_ref()));
    }
    let rounding =
        moments::fit_rounding(cell, sigma.as_ref(), frobenius) * (1.0 + moments.relative / f64::EPSILON);
    // The largest |mean|/s.e. over the inputs, and what rounding of the mean can do to it.
    let studentised = |draws: &[Vec<f64>]| {
        let ratios = draws
            .iter()
            .map(|d| mean_and_error(d))
            .map(|(mean, error)| (mean.abs() / error, rounding / error));
        ratios.fold((0.0, 0.0), |a: (f64, f64), b| (a.0.max(b.0), a.1.max(b.1)))
    };
    let freedom = DRAWS as f64 - 1.0;
    // Two-sided at each of the inputs, which share the probability of a false alarm.
    let limit = student_quantile(1.0 - 0.5 * tolerance::FAILURE / POINTS as f64, freedom);
    let [built, uniform, single] = [0, 1, 2].map(|i| studentised(&draws[i]));
    let exact = moments.mean_square(&counts);
    let raw = exact + moments.squared_means(&counts);
    let (mean, half) = student_interval(&squares, tolerance::FAILURE);
    // A square of size e² moves by 2e·rounding, and its mean by less.
    let mean = Ball::new(mean, 2.0 * mean.sqrt() * rounding + rounding * rounding);
    let least = (cell.d() as f64).powi(2 * cell.k() as i32);
    let mut out = Measurement::new()
        .quantity("largest_t", built.0, built.1)
        .quantity("limit_t", limit, 1e-9 * limit)
        .ball("mean_square_miss", (mean / exact - 1.0).abs())
        .ball("mean_square_miss_raw", (mean / raw - 1.0).abs())
        .quantity("mean_square_limit", half / exact.value, 1e-9)
        .ball("exact_mean_square", exact)
        .hypothesis(
            "m ≥ d^{2k}",
            cell.m() as f64 >= least,
            format!("{} against {least}; the mean is f_sp at any m", cell.m()),
        )
        .hypothesis("p ≥ R", p >= cell.terms(), format!("{p} against {}", cell.terms()))
        .cost((DRAWS * POINTS * p * 4) as f64 * (6.0 * d as f64 + 30.0), (DRAWS * POINTS * 24) as f64, 0.0);
    if !p.is_multiple_of(cell.terms()) {
        out.insert("largest_t_uniform", uniform.0, uniform.1);
    }
    if twins {
        out.insert("largest_t_single", single.0, single.1);
    }
    Ok(moments.assumption_3(out))
}
