//! Theorem 2 of NBL22: W* = W_L + S·W_Q fits the target with small regularisers.
//!
//! > For m ≥ d^{10k} there are signs S such that `L̂^Q(W*) ≤ ε`, `R1(W*), R3(W*) ≲ m^{-1/2} d^{(k−1)/2}`, `R2(W*) ≲ 1` and
//! > `R4(W*) ≲ d^{2(k−1)}`, where the least ε that the hypotheses allow is `max((d^{3(k−1)}/m)^{1/4}, (d^k/n)^{1/2})`.
//!
//! S is averaged over exactly. The quadratic model is affine in the signs, `(f_L + f_Q)(x; W*) = e_0(x) + Σ_r s_r c_r(x)`: the misfit e_0 − f* falls like
//! `m^{-1/2}` and the noise `√(Σ c_r²)` like `m^{-1/4}`, so that the claimed rate is that of the noise under a loss with a corner, and a smooth loss is
//! faster. Beside the averages S is drawn, since the theorem speaks of one S: how often a draw beats a multiple of the mean. The explicit
//! right sides are means over the initialisation, exact zonal quantities. Their dependence on d is judged by itself.

use super::lemma_2::{literal, wide_enough};
use super::projection::first_order;
use super::{common, targets, theorem_2_signs as signs};
use crate::bound::{Asymptotic, Bound, Growth, Neighbour, Parameter, Side};
use crate::cell::Cell;
use crate::claim::{Claim, Prediction, Tier};
use crate::errata::ErratumId;
use crate::error::Result;
use crate::record::Measurement;
use escapement::activation::{self, Activation};
use escapement::construct::signed_loss::{SignedModel, signed_model};
use escapement::construct::{self, LowDegree, Population, SparseTerm, Target, WQ, frobenius_sq, norm_2_4_pow4};
use escapement::covariance::Covariance;
use escapement::eigen::{self, EigenPairs, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension, uniform_sphere};
use faer::{Mat, Par};
use std::sync::Arc;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem2;

/// Averages over S along m.
const SWEEP: &str = "sweep";
/// Drawn S.
pub(super) const DRAWS: &str = "draws";
/// All S, at a few neurons.
pub(super) const ENUMERATION: &str = "enumeration";
/// Zonal quantities over d.
const ASYMPTOTIC: &str = "asymptotic";
/// Degree to which the zonal sums over d run; the rest is the exact tail.
const LONG_DEGREE: usize = 8;

/// Everything at W* of a cell.
pub(super) struct Built {
    pub(super) cov: Covariance,
    pub(super) pairs: EigenPairs,
    pub(super) top: TopSpace,
    pub(super) net: PairedNetwork,
    pub(super) target: Target,
    pub(super) w_l: Mat<f64>,
    pub(super) w_q: WQ,
    /// The inputs, `[n, d]`.
    pub(super) x: Mat<f64>,
}

impl Built {
    pub(super) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let sigma: Arc<dyn Activation> = activation::parse(&cell.activation)?;
        let net = PairedNetwork::random(&mut cell.stream(seed, "weights"), cell.m / 2, cell.d, Arc::clone(&sigma))?;
        let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
        let n_k = cumulative_dimension(cell.d, cell.k)?;
        let pairs = eigen::solve(&cov, &Request::top(n_k + 1), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq)?;
        let top = TopSpace::new(&pairs, n_k)?;
        let target = targets::drawn(cell, seed)?;
        let w_l = construct::w_l(&cov, &top, &target, Par::Seq)?;
        let w_q = construct::w_q(&net, &target)?;
        let x = uniform_sphere(&mut cell.stream(seed, "inputs"), cell.n, cell.d, (cell.d as f64).sqrt());
        Ok(Self { cov, pairs, top, net, target, w_l, w_q, x })
    }

    /// `e_0 − f*` and c_r at every input.
    pub(super) fn model(&self) -> Result<SignedModel> {
        let mut model = signed_model(&self.net, self.x.as_ref(), self.w_l.as_ref(), self.w_q.w.as_ref(), Par::Seq)?;
        let y = self.target.value(self.x.as_ref())?;
        model.constant.iter_mut().zip(&y).for_each(|(e, y)| *e -= y);
        Ok(model)
    }

    /// `E_S [R1, R2, R3, R4]`. W_L lies in the top space, so that R1(W_L) = 0.
    pub(super) fn averages(&self) -> Result<[f64; 4]> {
        let (l, q) = (self.w_l.as_ref(), self.w_q.w.as_ref());
        let (all, low) = (self.cov.diagonal_forms(q)?, self.top.diagonal_forms(q)?);
        let r1 = all.iter().zip(&low).map(|(a, b)| a - b).sum::<f64>();
        Ok([
            r1,
            construct::signs::expected_r2(&self.cov, &self.top, l, q, Par::Seq)?,
            construct::signs::expected_r3(&self.cov, &self.top, &self.net, self.x.as_ref(), l, q, Par::Seq)?,
            construct::signs::expected_r4(l, q)?,
        ])
    }

    /// Bounds on the errors of [`Built::averages`]. With T the sum of truncation and eigen-residual, Π moves by at most 2T/gap and Σ_{≤r} by
    /// T(1 + 2λ_1/gap), both of rank 2n_k; a form of rank ρ and norm δ moves `Σ_r Q_rr[w_r, w_r]` by at most ρδ·max‖w_r‖².
    pub(super) fn errors(&self, averages: &[f64; 4]) -> [f64; 4] {
        let (m, d, n_k) = (self.cov.m() as f64, self.cov.d() as f64, self.top.rank() as f64);
        let tail = self.cov.truncation_bound();
        let moved = tail + 2.0 * self.pairs.residual_max + self.pairs.rounding_bound();
        let (largest, gap) = (self.top.eigenvalues()[0], self.top.gap());
        let form = moved * (1.0 + 2.0 * largest / gap);
        let row = (0..self.cov.m()).map(|r| self.w_q.w.row(r).squared_norm_l2()).fold(0.0, f64::max);
        let (l, q) = (frobenius_sq(self.w_l.as_ref()), frobenius_sq(self.w_q.w.as_ref()));
        let unit = self.summation();
        let low = 2.0 * n_k * form * row;
        let sup = self.net.activation().suprema()[1].value;
        // Π moves φ, of norm at most √d·sup|σ'|, by this much, and W_L by its share.
        let features = 2.0 * moved / gap * d.sqrt() * sup;
        let shift = features * (row + l).sqrt() + unit * (averages[2].sqrt() + sup * (d * l).sqrt());
        [
            low + (tail + unit * self.cov.trace()) * q / m + form * l,
            low + form * l + unit * averages[1],
            shift * (2.0 * averages[2].sqrt() + shift),
            unit * averages[3],
        ]
    }

    /// A bound on the rounding of the quadratic model at any input: sums of m terms, in all at most this large.
    pub(super) fn model_rounding(&self) -> f64 {
        let (m, d) = (self.cov.m() as f64, self.cov.d() as f64);
        let [_, first, second, _] = self.net.activation().suprema().map(|s| s.value);
        let (l, q) = (frobenius_sq(self.w_l.as_ref()), frobenius_sq(self.w_q.w.as_ref()));
        let sparse: f64 =
            self.target.sparse().iter().map(|t| t.alpha.abs()).sum::<f64>() * d.powf(0.5 * (self.target.k() + 1) as f64);
        let size = second * d * (l + q) / m.sqrt() + first * (d * (l + q)).sqrt() + sparse;
        self.summation() * size
    }

    /// Relative rounding of a square of a sum of m positive terms in order, each with products of sums of d: at k = 1 the terms are equal, and their
    /// roundings add up rather than average out.
    fn summation(&self) -> f64 {
        (self.cov.m() + 2 * self.cov.d() + 16) as f64 * f64::EPSILON
    }
}

/// Exact means over the initialisation, at the zonal levels of Σ.
struct Explicit {
    /// `E‖W_Q‖_F² Σ_{j>k} τ_j/(dm)`.
    beyond: f64,
    /// The same with j ≤ k.
    within: f64,
    /// `E‖W_Q‖_F² tr Σ/(dm)`.
    noise: f64,
    /// `E(f_Q(W_Q) − f_sp)²`, and the first-order error of W_L averaged over f_k.
    misfit: f64,
    /// `(4m Σ_i E h_i²/p_i)²`.
    r4: f64,
}

impl Explicit {
    fn new(levels: &FeatureLevels, population: &Population, m: usize, groups: &[usize], k: usize) -> Result<Self> {
        let scale = population.frobenius_sq(m) / (levels.d as f64 * m as f64);
        let beyond = levels.tail(k);
        let n_k = cumulative_dimension(levels.d, k)? as f64;
        Ok(Self {
            beyond: scale * beyond,
            within: scale * (levels.trace - beyond),
            noise: scale * levels.trace,
            misfit: population.mean_square_error(groups) + first_order(levels, k).value / (m as f64 * n_k),
            r4: population.norm_2_4_pow4(m, groups).powi(2),
        })
    }
}

fn cell(part: &str, d: usize, m: usize, k: usize, terms: usize, activation: &str, replicate: usize) -> Cell {
    Cell { d, m, k, terms, activation: activation.into(), replicate, ..Cell::new("theorem-2", part) }
}

/// (k, R, activation): all of them, or every value of each.
fn combinations(tier: Tier) -> Vec<(usize, usize, &'static str)> {
    let all = [1, 2].into_iter().flat_map(|k| [1, 3].into_iter().flat_map(move |r| ["sigmoid:1", "tanh:0.5"].map(|a| (k, r, a))));
    all.filter(|&(k, r, a)| tier > Tier::Quick || ((k + r / 2) % 2 == 1) == (a == "sigmoid:1")).collect()
}

impl Claim for Theorem2 {
    fn id(&self) -> &str {
        "theorem-2"
    }
    fn title(&self) -> &str {
        "W* fits with small regularisers"
    }
    fn statement(&self) -> &str {
        "L̂^Q(W*) ≲ ε = max((d^{3(k−1)}/m)^{1/4}, (d^k/n)^{1/2}), R1(W*), R3(W*) ≲ m^{-1/2}d^{(k−1)/2}, R2(W*) ≲ 1, R4(W*) ≲ d^{2(k−1)} for some signs S."
    }
    fn reference(&self) -> &str {
        "NBL22, Theorem 2"
    }
    fn hypotheses(&self) -> &str {
        "m ≥ d^{10k}, d^k ≤ n ≤ d^{k+1}, Assumption 3, ℓ 1-Lipschitz. Smaller m are marked as outside; exponents come from those, and d = 3 at m = 59050 lies inside."
    }
    fn method(&self) -> &str {
        "Exact means over S along m: the square loss, bounds on the absolute and pseudo-Huber loss by it (for the absolute loss right up to 1/√2), R1 to R4. Each against the exact mean of its leading part over the initialisation; dependence on d from those zonal expressions. Drawn S: frequency of exceeding three times the mean, at most 1/3 by Markov, and of all six staying within seven times theirs."
    }
    fn refuted_by(&self) -> &str {
        "A mean over S that falls slower, or grows faster, in m than claimed; an explicit expression that outgrows its power of d; draws above three times the mean with probability above 1/3."
    }
    fn uses(&self) -> &[&str] {
        &["lemma-1", "lemma-2", "random-signs"]
    }
    fn errata(&self) -> &[ErratumId] {
        &[ErratumId(1), ErratumId(10)]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (k, terms, activation) in combinations(tier) {
            let mut sweeps = vec![(3_usize, common::half_octaves(160 * k, 9).collect::<Vec<_>>(), 10)];
            if tier >= Tier::Standard {
                let d = if k == 1 { 6 } else { 4 };
                sweeps[0].2 = 16;
                sweeps.push((d, common::half_octaves(200 * k, 9).collect(), 8));
            }
            if k == 1 {
                sweeps.push((3, vec![59_050], 1));
                if tier >= Tier::Standard && terms == 3 {
                    sweeps.push((3, common::doublings(118_100, 3).collect(), 1));
                }
            }
            if tier == Tier::Paper && k == 1 {
                sweeps.push((30, common::doublings(500, 5).collect(), 2));
            }
            for (d, widths, replicates) in sweeps {
                let n = d.pow(k as u32 + 1);
                for m in widths {
                    cells.extend((0..replicates).map(|r| Cell { n, ..cell(SWEEP, d, m, k, terms, activation, r) }));
                }
            }
            let widths: &[usize] = if tier == Tier::Quick { &[128] } else { &[128, 512] };
            for &m in widths {
                for n in [3_usize.pow(k as u32), 3_usize.pow(k as u32 + 1)] {
                    cells.push(Cell { n, ..cell(DRAWS, 3, m, k, terms, activation, 0) });
                }
            }
            cells.push(Cell { n: 6, ..cell(ENUMERATION, 3, 16, k, terms, activation, 0) });
            for &d in common::dimensions(tier) {
                cells.push(cell(ASYMPTOTIC, d, 0, k, terms, activation, 0));
            }
        }
        for &d in common::dimensions(tier) {
            cells.push(cell(ASYMPTOTIC, d, 0, 3, 1, "tanh:0.5", 0));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d as f64, cell.m as f64, cell.n as f64);
        match cell.part.as_str() {
            SWEEP => {
                let harmonics: f64 = if cell.d == 3 { 250.0 } else { 600.0 };
                let space = if cell.d <= 4 { 0.5 * m * d * harmonics.powi(2) / 8e9 } else { m * m * (d + 8.0) * 1e-7 };
                Prediction { seconds: 0.02 + space + n * m * 1e-7, bytes: 64e6 + m * (8.0 * n + 40.0 * d * harmonics.min(20.0)) }
            }
            DRAWS => Prediction { seconds: 0.5 * (m / 128.0).powi(2), bytes: 16e6 },
            _ => Prediction { seconds: 0.02, bytes: 8e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            DRAWS => signs::draws(cell, seed),
            ENUMERATION => signs::enumeration(cell, seed),
            ASYMPTOTIC => asymptotic(cell, seed),
            _ => sweep(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let both = |exponent: f64| Growth::both(Parameter::M, move |_: &Cell| exponent);
        let upper = |exponent: f64| Growth::upper(Parameter::M, move |_: &Cell| exponent);
        let mut bounds = vec![
            Bound::growth(
                "loss",
                "E_S L̂^Q(W*) ≤ E_n √(E_S Y²) ≲ (d^{3(k−1)}/m)^{1/4} for every 1-Lipschitz loss; the absolute loss is at least 1/√2 of it",
                "root-square",
                "width-term",
                upper(-0.25),
            ),
            Bound::growth(
                "smooth-loss",
                "E_S L̂^Q(W*) ≤ E_n (√(1 + E_S Y²) − 1) ≲ (d^{3(k−1)}/m)^{1/2} for the pseudo-Huber loss: twice as fast",
                "smooth",
                "width-term-squared",
                upper(-0.5),
            ),
            Bound::growth(
                "noise",
                "√(E_n Σ_r c_r²) ≍ (E‖W_Q‖_F² tr Σ/(dm))^{1/2}: the part of the loss that the signs leave",
                "noise",
                "noise-explicit",
                both(-0.25),
            ),
            Bound::growth(
                "misfit",
                "√(E_n (e_0 − f*)²) ≍ m^{-1/2}, against the exact mean square of W_Q and the first order of W_L",
                "misfit",
                "misfit-explicit",
                both(-0.5),
            ),
            Bound::growth("r1", "E_S R1(W*) ≍ E‖W_Q‖_F² Σ_{j>k} τ_j/(dm)", "r1", "beyond", both(-0.5)),
            Bound::growth("r3", "E_S R3(W*) ≍ the same, on n = d^{k+1} inputs", "r3", "beyond", both(-0.5)),
            Bound::growth("r3-few", "E_S R3(W*) ≲ the same, on n = d^k inputs", "r3-few", "beyond", upper(-0.5)),
            Bound::growth("r2", "E_S R2(W*) ≍ E f_k² + E‖W_Q‖_F² Σ_{j≤k} τ_j/(dm)", "r2", "r2-explicit", both(0.0)),
            Bound::growth("r2-bounded", "E_S R2(W*) ≲ 1", "r2", "one", upper(0.0)),
            Bound::growth("r4", "E_S R4(W*) ≲ (4m Σ_i E h_i²/p_i)²: W_L adds what falls with m", "r4", "r4-explicit", upper(0.0)),
            Bound::inequality(
                "r2-of-w-l",
                "R2(W_L) ≤ E f_k² = 1",
                "r2-w-l",
                Side::Upper,
                "one",
                Neighbour::lhs("r2-w-l-flat", "1/λ_{n_k} in place of every 1/λ_i in W_L"),
            ),
        ];
        for bound in &mut bounds {
            bound.part = Some(SWEEP.into());
        }
        bounds.push(
            Bound::identity(
                "r4-of-w-q",
                "R4(W_Q) = (4m Σ_i E h_i²/p_i)² at k = 1, whatever the draw; 64R²(Σα²)²/(E σ'')⁴ for equal groups",
                "r4-w-q",
                "r4-explicit",
                Neighbour::rhs("r4-even", "R/p in place of 1/p_i"),
            )
            .part(SWEEP)
            .among(|c| c.k == 1 && c.terms == 3),
        );
        bounds.push(
            Bound::inequality(
                "at-the-hypothesis",
                "where m ≥ d^{10k}: E_S L̂^Q(W*) ≤ twice the root of the exact mean square over signs, inputs and initialisation (by Markov a draw exceeds it with probability at most ¼)",
                "root-square",
                Side::Upper,
                "rms-explicit-twice",
                Neighbour::lhs("worst-signs", "the worst signs at each input in place of the mean over S"),
            )
            .part(SWEEP)
            .among(literal),
        );
        let over_d = |name: &str, statement: &str, quantity: &str, asymptotic: Asymptotic| {
            Bound::asymptotic(name, statement, quantity, asymptotic).part(ASYMPTOTIC)
        };
        let degree = |c: &Cell| c.k as f64 - 1.0;
        bounds.extend([
            over_d(
                "r1-in-d",
                "√m·E‖W_Q‖_F² Σ_{j>k} τ_j/(dm) ≍ d^{(k−1)/2}",
                "beyond",
                Asymptotic::both(Parameter::D, move |c| 0.5 * degree(c)),
            ),
            over_d(
                "r4-in-d",
                "(8R Σ_i E h_i²)² ≍ d^{2(k−1)}",
                "r4-even",
                Asymptotic::both(Parameter::D, move |c| 2.0 * degree(c)),
            ),
            over_d(
                "noise-in-d",
                "m^{1/4}·noise ≲ d^{3(k−1)/4}",
                "noise",
                Asymptotic::upper(Parameter::D, move |c| 0.75 * degree(c)),
            ),
            over_d("misfit-in-d", "√m·misfit of W_Q ≲ d^k", "misfit", Asymptotic::upper(Parameter::D, |c| c.k as f64)),
        ]);
        bounds.extend(signs::bounds());
        bounds
    }
}

fn sweep(cell: &Cell, seed: u64) -> Result<Measurement> {
    let built = Built::new(cell, seed)?;
    let (m, d, k, n) = (cell.m as f64, cell.d as f64, cell.k as f64, cell.n as f64);
    let averages = built.averages()?;
    let errors = built.errors(&averages);
    let few = cell.d.pow(cell.k as u32);
    let (l, q) = (built.w_l.as_ref(), built.w_q.w.as_ref());
    let r3_few = construct::signs::expected_r3(&built.cov, &built.top, &built.net, built.x.subrows(0, few), l, q, Par::Seq)?;

    let model = built.model()?;
    let step = built.model_rounding();
    let columns = || model.constant.iter().enumerate().map(|(i, &b)| (b, model.slopes.col_as_slice(i)));
    let mean = |f: &dyn Fn(f64, &[f64]) -> f64| columns().map(|(b, c)| f(b, c)).sum::<f64>() / n;
    let variance = |c: &[f64]| c.iter().map(|c| c * c).sum::<f64>();
    let (bias, noise) = (mean(&|b, _| b * b), mean(&|_, c| variance(c)));
    let root = mean(&|b, c| (b * b + variance(c)).sqrt());
    let smooth = mean(&|b, c| Loss::PseudoHuber.value(0.0, (b * b + variance(c)).sqrt()));

    let coordinates = built.top.coordinates(built.cov.antisymmetric(l)?.as_ref(), Par::Seq);
    let lambda = built.top.eigenvalues();
    let last = lambda[lambda.len() - 1];
    let r2_w_l = |weight: &dyn Fn(f64) -> f64| {
        lambda.iter().enumerate().map(|(i, &x)| x * (weight(x) * coordinates[(i, 0)]).powi(2)).sum::<f64>()
    };
    let population = &built.w_q.population;
    let explicit = Explicit::new(built.cov.levels(), population, cell.m, &built.w_q.groups, cell.k)?;
    let width_term = (d.powf(3.0 * (k - 1.0)) / m).powf(0.25);
    let epsilon = width_term.max((d.powf(k) / n).sqrt());
    // Every s_r c_r of the sign of e_0 − f*.
    let worst_signs = mean(&|b, c| b.abs() + c.iter().map(|c| c.abs()).sum::<f64>());
    let rms = (explicit.noise + explicit.misfit).sqrt();
    let relative = 1e3 * f64::EPSILON + built.cov.levels().rounding_allowance() / explicit.beyond.min(1.0);
    let r4_w_q = norm_2_4_pow4(q).powi(2);
    let unit = built.summation();
    let measurement = Measurement::new()
        .quantity("worst-signs", worst_signs, step)
        .quantity("smooth", smooth, step)
        .quantity("square", bias + noise, step * (2.0 * (bias + noise).sqrt() + step))
        .quantity("root-square", root, step)
        .quantity("noise", noise.sqrt(), step)
        .quantity("misfit", bias.sqrt(), step)
        .quantity("noise-explicit", explicit.noise.sqrt(), relative * explicit.noise.sqrt())
        .quantity("misfit-explicit", explicit.misfit.sqrt(), relative * explicit.misfit.sqrt())
        .quantity("rms-explicit-twice", 2.0 * rms, relative * rms)
        .quantity("epsilon", epsilon, 4.0 * f64::EPSILON * epsilon)
        .quantity("loss-over-epsilon", root / epsilon, step / epsilon)
        .quantity("width-term", width_term, 4.0 * f64::EPSILON * width_term)
        .quantity("width-term-squared", width_term.powi(2), 8.0 * f64::EPSILON * width_term.powi(2))
        // noise² ∝ m^{-1/2} and misfit² ∝ 1/m are equal here.
        .quantity("crossover-width", m * (explicit.misfit / explicit.noise).powi(2), 0.0)
        .quantity("r1", averages[0], errors[0])
        .quantity("r2", averages[1], errors[1])
        .quantity("r3", averages[2], errors[2])
        .quantity("r3-few", r3_few, errors[2].max(errors[2] * (r3_few / averages[2]).sqrt()))
        .quantity("r4", averages[3], errors[3])
        .quantity("beyond", explicit.beyond, relative * explicit.beyond)
        .quantity("r2-explicit", built.target.low_second_moment() + explicit.within, relative * (1.0 + explicit.within))
        .quantity("r4-explicit", explicit.r4, unit * explicit.r4)
        .quantity("r4-even", population.norm_2_4_pow4_even().powi(2), unit * explicit.r4)
        .quantity("r4-w-q", r4_w_q, unit * r4_w_q)
        .quantity("r2-w-l", r2_w_l(&|_| 1.0), errors[1])
        .quantity("r2-w-l-flat", r2_w_l(&|x| x / last), errors[1])
        .quantity("one", 1.0, 0.0)
        .cost(
            4.0 * n * m * d * built.top.rank() as f64,
            8.0 * m * (n + d * built.top.rank() as f64),
            built.pairs.products as f64,
        );
    Ok(wide_enough(measurement, cell).hypothesis(
        "d^k ≤ n ≤ d^{k+1}",
        true,
        format!("n = {} = d^{{k+1}}, and the first {few} of them", cell.n),
    ))
}

fn asymptotic(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = activation::parse(&cell.activation)?;
    let levels = FeatureLevels::new(cell.d, sigma.as_ref(), Truncation::Degree(LONG_DEGREE))?;
    let beta = uniform_sphere(&mut cell.stream(seed, "target"), 1, cell.d, 1.0).row(0).iter().copied().collect::<Vec<f64>>();
    let sparse = targets::alphas(cell.terms).into_iter().map(|alpha| SparseTerm { alpha, beta: beta.clone() }).collect();
    let target = Target::new(cell.d, cell.k, LowDegree::Zonal(vec![]), sparse)?;
    let population = Population::new(sigma.as_ref(), &target)?;
    // At m = 4R the groups are p_i = 2, and everything is a power of m.
    let m = 4 * cell.terms;
    let explicit = Explicit::new(&levels, &population, m, &vec![2; cell.terms], cell.k)?;
    let root = (m as f64).sqrt();
    let even = population.norm_2_4_pow4_even().powi(2);
    let misfit = (population.mean_square_error(&vec![2; cell.terms]) * m as f64).sqrt();
    let relative = 1e3 * f64::EPSILON + levels.rounding_allowance() / levels.tail(cell.k);
    Ok(Measurement::new()
        .quantity("beyond", explicit.beyond * root, relative * explicit.beyond * root)
        .quantity("noise", (explicit.noise * root).sqrt(), relative * (explicit.noise * root).sqrt())
        .quantity("misfit", misfit, relative * misfit)
        .quantity("r4-even", even, relative * even)
        .cost(1e6, 1e5, 0.0))
}
