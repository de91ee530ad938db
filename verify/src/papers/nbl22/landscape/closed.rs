//! The remainder ρ of Lemma 3 in closed form, and the least width at which it is at most ε.
//!
//! At every W the left side of Lemma 3 is at most `Cε + ρ(W)`, see [`super::lemma_3`]. Here every piece of ρ
//! has a bound that does not know W: only that W is ν-stationary with ν ≤ m^{-1/4}, or that L_λ(W) does not
//! exceed a level. The derivation stands in docs/papers/nbl22-lemma-3.md.

use super::case::{Case, norm_2_4};
use crate::claim::Cell;
use crate::error::Result;
use crate::papers::nbl22::instance;
use crate::papers::nbl22::letters::{ACCURACY, Letters};
use crate::papers::nbl22::moments::Moments;
use escapement::ball::Ball;
use escapement::construct::frobenius_sq;
use escapement::eigen;
use escapement::network::Model;
use escapement::sphere::{Gegenbauer, Level, Truncation, ZonalQuadrature};
use faer::{Par, Scale};

/// The limit of C at infinite width: `6 + max_τ (24τ⁶ − 6τ⁸ − 2)`, reached at τ = √3.
pub(super) const LIMIT: f64 = 166.0;
/// How many times its limit C may be at the width that is needed.
const ALLOWED: f64 = 2.0;
/// How many times its mean over signs and inputs `E_n f_L(SW_Q)²` may be. By Markov's inequality three of
/// four draws of S and of the inputs do so.
pub(super) const GOOD: f64 = 4.0;

/// What the pieces of ρ are made of, at one width.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    pub(super) d: f64,
    pub(super) m: f64,
    /// Suprema of |σ| to |σ'''|.
    pub(super) sup: [f64; 4],
    /// `‖E_n xxᵀ‖`.
    pub(super) spread: f64,
    /// L̂(0), which is L_λ(0).
    pub(super) zero: f64,
    /// λ_{n_k}(Σ).
    least: f64,
    /// `‖E σ'(w·x)² xxᵀ‖`: m times the norm of each diagonal block of Σ.
    pub(super) load: f64,
    /// ‖W_L*‖ in ‖·‖_F and in ‖·‖_{2,4}.
    pub(super) low: [f64; 2],
    /// ‖W*‖_F² and ‖W_Q‖_F².
    pub(super) square: [f64; 2],
    /// A lower and an upper bound on `‖W*‖_{2,4}`.
    pub(super) star: [f64; 2],
    /// max ‖w*_r‖².
    row: f64,
    /// R2* and R3*, of which λ2 and λ3 are made.
    r: [f64; 2],
}

impl Scales {
    /// Those of an instance, measured.
    pub(super) fn of(case: &Case) -> Result<Self> {
        let (built, star) = (&case.built, case.star.as_ref());
        let moment = built.x.transpose() * &built.x * Scale(1.0 / built.x.nrows() as f64);
        let spread = eigen::full_eigenvalues(moment.as_ref(), Par::Seq)?.into_iter().fold(0.0, f64::max);
        let (levels, w_l) = (built.cov.levels(), built.w_l.as_ref());
        let [_, _, r3] = case.spent;
        Ok(Self {
            d: built.cov.d() as f64,
            m: built.cov.m() as f64,
            sup: built.net.activation().suprema().map(|s| s.value),
            spread,
            zero: case.zero(),
            least: built.top.eigenvalues()[built.top.rank() - 1],
            load: levels.radial.max(levels.tangential),
            low: [w_l.norm_l2(), norm_2_4(w_l)],
            square: [frobenius_sq(star), frobenius_sq(built.w_q.w.as_ref())],
            star: [norm_2_4(star); 2],
            row: (0..star.nrows()).map(|r| star.row(r).squared_norm_l2()).fold(0.0, f64::max),
            r: [case.spent[1] + case.low, r3],
        })
    }

    /// `½ sup|σ''| ‖E_n xxᵀ‖`.
    pub(super) fn bend(&self) -> f64 {
        0.5 * self.sup[2] * self.spread
    }

    /// On inputs of which these are known, as on those of `sample`.
    pub(super) fn on_inputs_of(self, sample: &Self) -> Self {
        Self { spread: sample.spread, zero: sample.zero, ..self }
    }

    /// The largest 2,4-norm of the projection on the top space of what has this Frobenius norm.
    pub(super) fn spread_out(&self, frobenius: f64) -> f64 {
        (self.load / (self.m * self.least)).powf(0.25) * frobenius
    }
}

/// What is known of W: `λ_i R_i(W) ≤ spent` for i ≤ 3, and `‖W‖_{2,4} ≤ τ‖W*‖_{2,4}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) tau: f64,
    pub(super) spent: f64,
}

impl Reach {
    /// Where L_λ(W) is at most this.
    pub(super) fn below(level: f64, epsilon: f64) -> Self {
        Self { tau: (level / epsilon).powf(0.125), spent: level }
    }

    /// Where `‖∇L_λ(W)‖ ≤ ν`: there `2Σ_{i≤3} λ_i R_i + 8λ4R4 ≤ L̂(0) + ½ sup|σ''| ‖E_n xxᵀ‖ ‖W‖²_{2,4} +
    /// ν m^{1/4} ‖W‖_{2,4}`, for the loss is convex and `∂F(W)[W] − F(W)` of second order.
    pub(super) fn stationary(of: &Scales, epsilon: f64, nu: f64) -> Self {
        let b = of.star[1];
        let (square, linear) = (of.bend() * b * b, nu * of.m.powf(0.25) * b);
        let most = |t: f64| of.zero + square * t * t + linear * t;
        let tau = root(|t| 8.0 * epsilon * t.powi(8) - most(t));
        let top = root(|t| 64.0 * epsilon * t.powi(7) - 2.0 * square * t - linear);
        Self { tau, spent: 0.5 * (most(top) - 8.0 * epsilon * top.powi(8)) }
    }

    /// In one or the other.
    pub(super) fn or(self, other: Self) -> Self {
        Self { tau: self.tau.max(other.tau), spent: self.spent.max(other.spent) }
    }
}

/// The pieces of ρ and C, at their largest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    /// `E_n ℓ'' m^{-1}Σ s_r²(w*_r·x)²`, √R3(W), `E_n|b|`, `2E_n|f_L(SW_Q)|`, Taylor's remainder.
    pub(super) pieces: [f64; 5],
    /// `‖Π_{≤r}W‖_F` and `‖W − 2W_L* + Π_{≤r}W‖_F`.
    pub(super) projected: f64,
    pub(super) distance: f64,
    /// C.
    pub(super) constant: f64,
}

impl Closed {
    pub(super) fn new(of: &Scales, model: Model, epsilon: f64, reach: Reach) -> Self {
        let Scales { d, m, sup: [_, first, second, third], spread, .. } = *of;
        let (quarter, b) = (m.powf(-0.25), of.star[1]);
        let projected = (reach.spent * of.r[0] / (epsilon * of.least)).sqrt();
        let aim = 2.0 * of.low[1] + of.spread_out(projected);
        let t = reach.tau * b;
        let plain = first.powi(2) * spread * of.square[0] / m;
        let (squares, taylor) = if model == Model::Network {
            let cubes = t * b * b + 0.5 * t * t * (t + aim) + (t.powi(3) + b.powi(3)) / 3.0;
            (plain, third * d.sqrt() * spread * quarter * cubes)
        } else {
            (2.0 * plain + 2.0 * (second * t * b).powi(2) * d * spread / m, 0.0)
        };
        let pieces = [
            squares,
            (reach.spent * of.r[1] / epsilon).sqrt(),
            second * spread * quarter * t * (2.0 * of.low[0] + projected),
            2.0 * (GOOD * of.load * of.square[1] / m).sqrt(),
            taylor,
        ];
        let delta = if of.star[0] > 0.0 { aim / of.star[0] } else { f64::INFINITY };
        let bend = 24.0 + 32.0 * of.row / of.star[0].max(0.0).powi(2);
        // Aτ⁶ + 8δτ⁷ − 6τ⁸ is largest where 6τ² = 7δτ + ¾A.
        let top = (7.0 * delta + (49.0 * delta * delta + 18.0 * bend).sqrt()) / 12.0;
        let constant = 4.0 + top.powi(6) * (0.25 * bend + delta * top);
        let distance = m.powf(0.25) * t + 2.0 * of.low[0] + projected;
        Self { pieces, projected, distance, constant }
    }

    pub(super) fn remainder(&self) -> f64 {
        self.pieces.iter().sum()
    }
}

/// Scales at infinite width, as functions of the width: exact means over the initialisation, the inputs and
/// the target.
pub(super) struct Zonal {
    fixed: Scales,
    moments: Moments,
    /// `‖W_Q‖_{2,4}` and √m max ‖w_r‖².
    quadratic: [f64; 2],
    /// `m^{1/4}‖W_L*‖_{2,4}`.
    low: f64,
    /// Norms of the diagonal blocks of Σ, m times, from the degrees up to k and from those beyond.
    loads: [f64; 2],
    /// E f_k².
    second_moment: f64,
    epsilon: f64,
    /// A bound on the relative error of what goes in.
    relative: f64,
}

impl Zonal {
    /// For the d, k, R, n, ε and activation of a cell.
    pub(super) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let (sigma, target) = (instance::activation(cell)?, instance::shared_target(cell, seed)?);
        let (d, k, n, terms) = (cell.d() as f64, cell.k(), cell.n() as f64, cell.terms() as f64);
        let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::default())?;
        let moments = Moments::new(&sigma, &target)?;
        let kappas = || levels.levels[..=k].iter().map(|l| l.kappa);
        let least = kappas().fold(f64::INFINITY, f64::min);
        let up_to = |hat: fn(&Level) -> f64| levels.levels[..=k].iter().map(|l| hat(l).powi(2)).sum::<f64>();
        let (along, across) = (up_to(|l| l.a_hat), up_to(|l| l.c_hat));
        let second_moment = target.low_second_moment();
        // Each degree has the same part of E f_k².
        let low = kappas().map(|kappa| second_moment / ((k + 1) as f64 * kappa)).sum::<f64>().sqrt();
        let whole = (second_moment.sqrt() + target.sparse_second_moment()?.sqrt()).powi(2);
        let height = moments.population.series().iter().map(|c| c.abs()).sum::<f64>();
        // What κ_j and the parts of the trace beyond k lose to rounding, relative to the least of them.
        let tau = levels.levels[..=k].iter().map(|l| l.tau).fold(f64::INFINITY, f64::min);
        let rounding = levels.rounding_allowance() * (tau.recip() + d / levels.tail(k));
        Ok(Self {
            fixed: Scales {
                d,
                m: 0.0,
                sup: sigma.suprema().map(|s| s.value),
                spread: mean_spread(d, n),
                // The pseudo-Huber loss is concave in the square of its argument.
                zero: whole / (1.0 + (1.0 + whole).sqrt()),
                least,
                load: levels.radial.max(levels.tangential),
                low: [low, 0.0],
                square: [0.0; 2],
                star: [0.0; 2],
                row: 0.0,
                r: [0.0; 2],
            },
            quadratic: [
                moments.norm_2_4_pow4_even().value.powf(0.25),
                4.0 * terms * height * target.sparse().iter().map(|t| t.alpha.abs()).fold(0.0, f64::max),
            ],
            low: fourth_root(&levels.levels[..=k], cell.d())?,
            loads: [along.max(across), (levels.radial - along).max(levels.tangential - across)],
            second_moment,
            epsilon: cell.real(ACCURACY).recip(),
            relative: moments.frobenius_sq(1).error / moments.frobenius_sq(1).value + rounding,
            moments,
        })
    }

    /// At width m, on average over signs and directions: with X_r = ‖w_{L,r} + s_r w_{Q,r}‖⁴, `E_S ΣX_r` is
    /// `‖W_Q‖⁴ + ‖W_L*‖⁴ + Σ_r (2‖w_{L,r}‖²‖w_{Q,r}‖² + 4(w_{L,r}·w_{Q,r})²)`, of which the last sum is at
    /// most `6‖W_Q‖_F²‖W_L*‖_F²/m`.
    pub(super) fn at(&self, m: f64) -> Scales {
        let mut of = Scales { m, ..self.fixed };
        of.low[1] = self.low * m.powf(-0.25);
        let unit = m.sqrt();
        let quadratic = unit * self.moments.frobenius_sq(1).value;
        of.square = [of.low[0].powi(2) + quadratic, quadratic];
        let (q, l) = (self.quadratic[0].powi(4), of.low[1].powi(4));
        let mixed = 6.0 * quadratic * of.low[0].powi(2) / m;
        of.star = [self.quadratic[0], (q + mixed + l).powf(0.25)];
        of.row = ((self.quadratic[1] / unit).sqrt() + (of.load / (m * of.least)).sqrt() * of.low[0]).powi(2);
        let [within, beyond] = self.loads.map(|load| load * of.square[0] / m);
        of.r = [self.second_moment + within, beyond];
        of
    }

    /// C and ρ at width m, for every W that is m^{-1/4}-stationary or has L_λ(W) ≤ L_λ(0); without the
    /// former, only for the latter.
    pub(super) fn closed(&self, of: &Scales, model: Model, stationary: bool) -> Closed {
        let below = Reach::below(of.zero, self.epsilon);
        let reach =
            if stationary { below.or(Reach::stationary(of, self.epsilon, of.m.powf(-0.25))) } else { below };
        Closed::new(of, model, self.epsilon, reach)
    }

    /// The least m with ρ ≤ ε and C at most twice its limit.
    pub(super) fn needed(&self, model: Model, stationary: bool) -> Ball {
        let enough = |m: f64| {
            let closed = self.closed(&self.at(m), model, stationary);
            let spare = (ALLOWED * LIMIT / closed.constant).min(self.epsilon / closed.remainder());
            if spare.is_finite() { spare - 1.0 } else { -1.0 }
        };
        // ρ falls at least like m^{-1/4}, and so does C − 166, which is half of C where C decides.
        Ball::relative(root(enough), 8.0 * self.error())
    }

    /// C, ρ/ε and `(γ‖W*‖_F² + ν‖W − 2W_L* + W_L‖_F)/ε` at width m with ν = m^{-1/2} and γ = m^{-3/4}.
    pub(super) fn ratios(&self, m: f64, model: Model) -> [Ball; 3] {
        let of = self.at(m);
        let closed = self.closed(&of, model, true);
        let allowance = m.powf(-0.75) * of.square[0] + m.powf(-0.5) * closed.distance;
        [closed.constant, closed.remainder() / self.epsilon, allowance / self.epsilon]
            .map(|r| Ball::relative(r, self.error()))
    }

    /// A bound on the relative error of C and ρ, in which nothing that goes in has a power above 8.
    fn error(&self) -> f64 {
        8.0 * (self.relative + 512.0 * f64::EPSILON)
    }
}

/// A bound on the mean of `‖E_n xxᵀ‖` over n inputs on the sphere of radius √d: that of n Gaussian vectors
/// is at most `(1 + √(d/n))² + 1/n`, and their directions carry at least d/(d + 1) of it.
pub(super) fn mean_spread(d: f64, n: f64) -> f64 {
    (1.0 + 1.0 / d) * ((1.0 + (d / n).sqrt()).powi(2) + 1.0 / n)
}

/// A bound on `m^{1/4}‖W_L*‖_{2,4}`: for f_j a zonal of second moment 1/(k+1), row r of `E[φ f_j]/κ_j` has
/// the squared norm u_j(t)/m at `t = η·w_{0,r}`, and the parts of the degrees add up by Minkowski's
/// inequality.
fn fourth_root(levels: &[Level], d: usize) -> Result<f64> {
    let legendre = Gegenbauer::new(d)?;
    let rule = ZonalQuadrature::shared(d, 2 * levels.len() + 2)?;
    let part = |l: &Level| {
        let share = (levels.len() as f64 * l.kappa * l.kappa * l.dimension).recip();
        let u = |t: f64| {
            let [p, slope, _] = legendre.jet(l.degree, t);
            share * ((l.a * p).powi(2) + (1.0 - t * t) * (l.c * slope).powi(2))
        };
        rule.expect(|t| u(t).powi(2)).powf(0.25)
    };
    Ok(levels.iter().map(part).sum())
}

/// Where `f`, negative before and positive after, changes sign: by bisection of its logarithm, to 460ε.
fn root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-230.0_f64, 690.0_f64);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if f(middle.exp()) < 0.0 { low = middle } else { high = middle }
    }
    high.exp()
}
