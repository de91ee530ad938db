//! BL20, expressivity: the quadratic model expresses sums of powers of linear functions at a norm that does
//! not grow with the width.
//!
//! Derived for this project:
//!
//! > For `f* = Σ_s α_s (β_s·x)^{p_s}` the least h with `E_w h(w) σ''(w·x) = (β·x)^{p−2}` is
//! > `h = Σ_j (q_j/s_j) B(d,j) P_j(β·w)`, `q_j = E[(√d z)^{p−2} P_j]`, `s_j = λ_j(σ'')`, j ≡ p (mod 2), with
//! > `E h² / [(p−2)! d^{p−2}/μ²] → 1`, `μ = E σ^{(p)}(N)`. Groups of neurons in proportion to
//! > `‖h_s‖ = |α_s|(E h²)^{1/2}` have `‖W*‖_{2,4}^4 → 8(Σ_s ‖h_s‖)²`, free of m.
//!
//! For ReLU cubed s_j = 0 for odd j ≥ 3, so that p = 5, 7, … leave a residual at every width.

use super::instance::{self, ACTIVATIONS, CUBED};
use super::letters::{D, DEGREE, M};
use super::series::{Construction, Series, hermite, solved};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::construct::norm_2_4_pow4;
use escapement::network::PairedNetwork;
use escapement::sphere::uniform_sphere;
use escapement::{rounding, tolerance};
use faer::Par;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Expressivity;

/// Networks in a cell, inputs of each, and draws behind a Student interval.
const NETWORKS: usize = 8;
const INPUTS: usize = 64;
const DRAWS: usize = 1000;
const CARD: Card = Card {
    statement: r"\frac{\mathbb{E} h^2}{(p-2)!\, d^{p-2} / \mu^2} \to 1, \qquad \mu = \mathbb{E}
        \sigma^{(p)}(N), \qquad \|W^*\|_{2,4}^4 \to 8 \left( \sum_s \|h_s\| \right)^2",
    reference: "BL20, expressivity of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs on the sphere of radius √d; s_j ≠ 0 for j ≤ p − 2, j ≡ p (mod 2), which ReLU cubed \
        meets for p = 2, p = 3 and even p only.",
    method: "E h² in closed form, d to 4096, against its limit. In few dimensions the integral equation is \
        discretised, in powers of β·w and at as many inputs, and solved without harmonics. The construction \
        with two powers of different degrees is drawn at m from 256 on; its norm is held to the limit, and \
        its error on fresh inputs to m^{−1/2}. For ReLU cubed and p = 5, 7 the residual is followed in d.",
    refuted_by: "A ratio that does not tend to 1; a norm that moves with m; a residual of an odd power that \
        falls.",
    variables: &["d", "m", "R"],
    errata: &[ErratumId(5), ErratumId(8)],
    ..Card::new(&super::PAPER, "bl-expressivity", "Powers of linear functions at a norm free of the width")
};

impl Claim for Expressivity {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            let cell = |part: &str, d: usize| Cell::new(self.id(), part).with(D, d).activation(activation);
            let degrees = if activation == CUBED { [2, 3, 4, 6, 8] } else { [2, 3, 4, 5, 6] };
            for p in degrees {
                cells.extend([4, 5, 8, 16].map(|d| cell("equation", d).with(DEGREE, p)));
                let large = [8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 2048, 4096];
                cells.extend(large.map(|d| cell("limit", d).with(DEGREE, p)));
                if activation == CUBED && p < 4 {
                    cells.extend(large.map(|d| cell("odd", d).with(DEGREE, 2 * p + 1)));
                }
            }
            cells.push(cell("groups", 8).with(M, 256));
            let (count, replicates) = if tier == Tier::Quick { (5, 8) } else { (7, 16) };
            for m in sweep::doublings(256, count) {
                cells.extend((0..replicates).map(|r| cell("width", 8).with(M, m).replicate(r)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d) = (cell.m() as f64, cell.d() as f64);
        let flops = match cell.part.as_str() {
            "width" => NETWORKS as f64 * m * (INPUTS as f64 * 30.0 + 40.0 * d),
            "groups" => DRAWS as f64 * m * 100.0,
            _ => 4e6,
        };
        Prediction { flops: 1e5 + flops, bytes: 1e6 + 32.0 * m * (d + INPUTS as f64) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "equation" => equation(cell),
            "limit" => limit(cell),
            "odd" => odd(cell),
            "groups" => groups(cell, seed),
            _ => width(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let three = |cell: &Cell| cell.activation == CUBED && cell.whole(DEGREE) == 3;
        vec![
            Bound::identity(
                "equation",
                "E h² is that of the solution of the discretised integral equation",
                "square",
                "solved",
                Neighbour::lhs("square_top", "the top degree alone"),
            )
            .code_check()
            .part("equation"),
            Bound::asymptotic(
                "in-d",
                "E h² ≍ d^{p−2}; where it is 4d exactly there is nothing to follow",
                "square",
                Sweep::both(D, |c| c.whole(DEGREE) as f64 - 2.0),
            )
            .headline()
            .part("limit")
            .among(move |cell| !three(cell)),
            Bound::inequality(
                "limit",
                "|E h² μ²/[(p−2)! d^{p−2}] − 1| ≤ 2p²/d: the limit is 1",
                "distance",
                Side::Upper,
                "allowed",
                Neighbour::lhs("distance_below", "μ of degree p − 1"),
            )
            .headline()
            .chosen("2p², after distances of up to 1.02p²/d")
            .part("limit"),
            Bound::identity(
                "three",
                "ReLU cubed and p = 3: E h² = 4d",
                "square",
                "four_d",
                Neighbour::rhs("two_d", "2d"),
            )
            .code_check()
            .part("limit")
            .among(three),
            Bound::asymptotic(
                "odd-powers",
                "ReLU cubed leaves a share of (β·x)^{p−2} that does not fall, for p = 5 and 7, whatever the \
                 width",
                "residual",
                Sweep::lower(D, |_| 0.0),
            )
            .headline()
            .part("odd"),
            Bound::identity(
                "odd-share",
                "ReLU cubed and p = 5: the share is 2(d − 1)/(5(d + 2))",
                "share",
                "share_closed",
                Neighbour::rhs("share_limit", "its limit 2/5"),
            )
            .code_check()
            .part("odd")
            .among(|cell| cell.whole(DEGREE) == 5),
            Bound::growth(
                "norm",
                "‖W*‖_{2,4}^4 is 8(Σ_s ‖h_s‖)², free of m",
                "norm",
                "norm_limit",
                Sweep::both(M, |_| 0.0),
            )
            .headline()
            .part("width"),
            Bound::growth(
                "error",
                "the root mean square of f_Q(x; W*) − f*(x) falls like (8(Σ_s ‖h_s‖)²/m)^{1/2}",
                "error",
                "error_scale",
                Sweep::both(M, |_| -0.5),
            )
            .part("width"),
            Bound::inequality(
                "groups",
                "the mean of ‖W*‖_{2,4}^4 is 8(Σ_s ‖h_s‖)² with groups in proportion to ‖h_s‖: a Student \
                 interval over 1000 networks at confidence 1 − 10⁻⁶",
                "norm_miss",
                Side::Upper,
                "norm_allowed",
                Neighbour::lhs("norm_miss_equal", "equal groups, which cost 8R Σ_s ‖h_s‖²"),
            )
            .code_check()
            .part("groups"),
        ]
    }
}

/// The two routes.
fn equation(cell: &Cell) -> Result<Measurement> {
    let (d, p, sigma) = (cell.d(), cell.whole(DEGREE), instance::activation(cell)?);
    let series = Series::new(d, p, sigma.as_ref())?;
    let out = Measurement::new()
        .ball("square", series.square())
        .ball("solved", solved(d, p, sigma.as_ref())?)
        .hypothesis("s_j ≠ 0", series.share.value == 0.0, "in every degree of the power");
    let top = series.terms[p - 2] * series.terms[p - 2];
    Ok(if p < 4 { out } else { out.ball("square_top", top) })
}

/// `E h²` and its limit `d^{p−2}/c²`, where `c = E σ''(N) He_{p−2}(N)/√(p−2)!`, and so `c² = μ²/(p−2)!`.
fn limit(cell: &Cell) -> Result<Measurement> {
    let (d, p, sigma) = (cell.d() as f64, cell.whole(DEGREE), instance::activation(cell)?);
    let series = Series::new(cell.d(), p, sigma.as_ref())?;
    let ratio =
        |j: usize| series.square() * hermite(sigma.as_ref(), j).powi(2) * Ball::exact(d).powi(2 - p as i32);
    let mut out = Measurement::new()
        .ball("square", series.square())
        .ball("distance", (ratio(p - 2) - 1.0).abs())
        .ball("allowed", Ball::exact(2.0 * (p * p) as f64) / d)
        .ball("four_d", Ball::exact(4.0 * d))
        .ball("two_d", Ball::exact(2.0 * d))
        .hypothesis("s_j ≠ 0", series.share.value == 0.0, "in every degree of the power");
    if p > 2 {
        // (p−3)! c_{p−3}² is the square of μ of degree p − 1.
        let below = ratio(p - 3) / (p - 2) as f64;
        let below = (below - 1.0).abs();
        out.insert("distance_below", below.value, below.error);
    }
    Ok(out)
}

/// What ReLU cubed leaves of an odd power.
fn odd(cell: &Cell) -> Result<Measurement> {
    let (d, p, sigma) = (Ball::exact(cell.d() as f64), cell.whole(DEGREE), instance::activation(cell)?);
    let share = Series::new(cell.d(), p, sigma.as_ref())?.share;
    let mut out = Measurement::new().ball("residual", share.sqrt()).ball("share", share).hypothesis(
        "ReLU cubed, p odd from 5 on",
        p >= 5 && p % 2 == 1,
        "whatever the width",
    );
    if p == 5 {
        out = out
            .ball("share_closed", 2.0 * (d - 1.0) / (5.0 * (d + 2.0)))
            .ball("share_limit", Ball::exact(2.0) / 5.0);
    }
    Ok(out)
}

/// Norm and error of the construction, over several networks.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m, built) = (cell.d(), cell.m(), Construction::new(cell)?);
    let first = built.first(m / 2);
    let (mut norm, mut square, mut size) = (0.0, 0.0, 0.0_f64);
    for index in 0..NETWORKS {
        let rng = &mut cell.stream(seed, &format!("network {index}"));
        let net = PairedNetwork::random(rng, m / 2, d, instance::activation(cell)?)?;
        let x = uniform_sphere(rng, INPUTS, d, (d as f64).sqrt());
        let w = built.rows(net.weights(), first);
        let f = net.f_quadratic(x.as_ref(), w.as_ref(), Par::Seq)?;
        norm += norm_2_4_pow4(w.as_ref()) / NETWORKS as f64;
        let miss = f.iter().enumerate().map(|(i, f)| (f - built.target(x.as_ref(), i)).powi(2));
        square += miss.sum::<f64>() / (NETWORKS * INPUTS) as f64;
        size = size.max(w.squared_norm_l2());
    }
    // |f_Q| ≤ ½ m^{−1/2} sup|σ''| d ‖W‖_F², where sup|σ''| ≤ √d on these inputs.
    let (rounding, dim) = (rounding::sum(m + INPUTS * NETWORKS, 4 * d + 64), d as f64);
    let of_f = rounding * 0.5 * dim.powf(1.5) * size / (m as f64).sqrt();
    Ok(Measurement::new()
        .quantity("norm", norm, 2.0 * rounding * norm)
        .ball("norm_limit", built.limit())
        .quantity("error", square.sqrt(), of_f)
        .ball("error_scale", (built.limit() / m as f64).sqrt())
        .hypothesis("s_j ≠ 0", built.terms.iter().all(|t| t.2.share.value == 0.0), "in every degree"))
}

/// The mean norm over many networks, beside that of equal groups.
fn groups(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (built, pairs) = (Construction::new(cell)?, cell.m() / 2);
    let first = built.first(pairs);
    let rng = &mut cell.stream(seed, "weights");
    let (mut norms, mut equal) = (Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS));
    for _ in 0..DRAWS {
        let weights = uniform_sphere(rng, pairs, cell.d(), 1.0);
        norms.push(norm_2_4_pow4(built.rows(weights.as_ref(), first).as_ref()));
        equal.push(norm_2_4_pow4(built.rows(weights.as_ref(), pairs / 2).as_ref()));
    }
    let (limit, [one, other]) = (built.limit().value, built.sizes.map(|size| size.value));
    // Groups are whole numbers: the mean at them is 8p Σ_s ‖h_s‖²/p_s.
    let whole = one * one / first as f64 + other * other / (pairs - first) as f64;
    let whole = 8.0 * pairs as f64 * whole / limit - 1.0;
    let (mean, half) = student_interval(&norms, tolerance::FAILURE);
    let (mean_equal, _) = student_interval(&equal, tolerance::FAILURE);
    let rounding = rounding::sum(cell.m() + DRAWS, 4 * cell.d() + 64) * mean / limit;
    let met = built.terms.iter().all(|term| term.2.share.value == 0.0);
    Ok(Measurement::new()
        .hypothesis("s_j ≠ 0", met, "in every degree of either power")
        .quantity("norm_miss", (mean / limit - 1.0).abs(), rounding)
        .quantity("norm_miss_equal", (mean_equal / limit - 1.0).abs(), 2.0 * rounding)
        .quantity("norm_allowed", half / limit + whole.abs(), rounding))
}
