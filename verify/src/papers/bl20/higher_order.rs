//! BL20, beyond the quadratic model: how fast a randomised network couples with f^{(k)}, what the tensor
//! norms of f^{(k)} gain, and what does not generalise.
//!
//! Derived for this project, with the multipliers of `bl-multipliers`, at fixed `‖W‖_{2,2k}`:
//!
//! > The spread over a design is ≍ m^{−1/2k}. The bias E f − f^{(k)} is ≍ m^{−1/k} for symmetric designs,
//! > m^{−1/2k} for others and m^{−1/2} for roots of unity. For k ≥ 3 real signs leave f^{(2)}, which grows
//! > like m^{1/2−1/k}, and without them f − f^{(k)} grows like m^{(k−1)/2k}.
//! >
//! > On the sphere `T = n^{-1} Σ_i ε_i x_i^{⊗k}` has an injective norm of at most about `k√((2k−3)!!)·√(d/n)`
//! > from n = d^{k−1} on, and everywhere of at least about d^{k/2}/n: the gain of order k stops at n = d^{p/2}.
//! >
//! > For k ≥ 3 the Hessian of the randomised square objective at W = 0 is `E[η²ξ²] P_r/m` on row r, `P_r =
//! > E_n σ'² xxᵀ`, and positive: W = 0 is a strict local minimum, with the loss of a network that is 0.

use super::letters::{M, ORDER};
use super::{origin, tensors};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::network::PairedNetwork;
use escapement::randomised::{Design, Law, Roots, term};
use escapement::rounding;
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct HigherOrder;

/// sin(z + ½): every derivative is at most 1, and it is entire.
pub(super) const ACTIVATION: &str = "sine:-0.5";
/// Inputs of the coupling, and its dimension.
const INPUTS: usize = 6;
pub(super) const DIMENSION: usize = 5;

const CARD: Card = Card {
    statement: r"\text{spread} \asymp m^{-1/2k}, \qquad |\mathbb{E} f - f^{(k)}| \asymp m^{-1/k}, \qquad
        \frac{d^{k/2}}{n} \lesssim \left\| \frac{1}{n} \sum_i \epsilon_i x_i^{\otimes k} \right\| \le k
        \sqrt{(2k-3)!!\, d/n} \left( 1 + \frac{d^{k-1}}{n} \right), \qquad \nabla^2 L(0) =
        \frac{\mathbb{E}[\eta^2 \xi^2]}{m} P_r, \quad \lambda_{\min}(P_r) > 0",
    reference: "BL20, the orders beyond the quadratic one of the abstract; derived for this project",
    hypotheses: "Rows of W of the length m^{−1/2k}; inputs on the sphere of radius √d; n ≥ d^{k−1} for the \
        upper bound on the norm; k from 2 to 4, and from 3 on for the minimum.",
    method: "Mean and variance of f are finite sums, followed in m at fixed inputs for designs and roots. \
        The injective norm is searched from many starts: what is found is attained, and can refute an upper \
        bound, not prove it. It is held to the constants, and not fitted, because it still rises at these d. \
        The curvature at W = 0 is a second difference of the exact objective.",
    refuted_by: "Another exponent of m; a direction in which the form exceeds the constant; a norm below \
        d^{k/2}/n; a direction in which the objective falls from W = 0.",
    variables: &["m", "d", "n", "k"],
    uses: &["bl-multipliers", "bl-expressivity"],
    errata: &[ErratumId(3), ErratumId(6)],
    ..Card::new(&super::PAPER, "bl-higher-order", "Coupling, norms and landscape of higher orders")
};

impl Claim for HigherOrder {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = tensors::plan(self.id(), tier);
        let (count, replicates) = if tier == Tier::Quick { (7, 4) } else { (8, 8) };
        for k in 2..=4 {
            let cell =
                |part: &str, m| Cell::new(self.id(), part).with(ORDER, k).with(M, m).activation(ACTIVATION);
            for m in sweep::doublings(512, count) {
                cells.extend((0..replicates).map(|r| cell("coupling", m).replicate(r)));
            }
            cells.extend((0..replicates).map(|r| cell("minimum", 64).replicate(r)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, k) = (cell.m() as f64, cell.whole(ORDER) as f64);
        match cell.part.as_str() {
            "coupling" => {
                Prediction { flops: 1e5 + INPUTS as f64 * m * (60.0 + 42.0 * k), bytes: 1e6 + 64.0 * m }
            }
            "minimum" => Prediction { flops: 4e6 * k, bytes: 1e6 },
            _ => tensors::predict(cell),
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "coupling" => coupling(cell, seed),
            "minimum" => origin::measure(cell, seed),
            _ => tensors::measure(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let rate = |name: &str, says: &str, exponent: fn(f64) -> f64| {
            let sweep = Sweep::both(M, move |c| exponent(c.whole(ORDER) as f64));
            Bound::growth(name, says, name, format!("{name}_rate"), sweep).part("coupling")
        };
        let mut bounds = vec![
            rate("spread", "the standard deviation over a symmetric design is ≍ m^{−1/2k}", |k| {
                -0.5 / k
            })
            .headline(),
            rate("bias", "the mean over a symmetric design differs from f^{(k)} by ≍ m^{−1/k}", |k| {
                -1.0 / k
            })
            .headline(),
            rate("bias-skew", "over a design that is not symmetric, by ≍ m^{−1/2k}", |k| -0.5 / k)
                .chosen("the nodes, and m from 512 on, after sweeps at others from 256 on bent"),
            rate("bias-roots", "over roots of unity, by ≍ m^{−1/2}", |_| -0.5),
            rate("fixed", "not randomised, f differs from f^{(k)} by ≍ m^{(k−1)/2k}", |k| 0.5 - 0.5 / k),
            rate(
                "bias-signs",
                "over signs by ≍ m^{−1/2} for k = 2, and for k ≥ 3 by ≍ m^{1/2−1/k}: it grows",
                |k| {
                    if k > 2.0 { 0.5 - 1.0 / k } else { -0.5 }
                },
            )
            .chosen("the sweep of k = 2, after two sweeps alone were undecided at one seed"),
            Bound::inequality(
                "remainder",
                "over a design that is not symmetric, |E f − f^{(k)}| ≤ E|ηξ^{k+1}|/(k+1)! m^{−1/2} Σ_r \
                 |u_r|^{k+1}, because |σ^{(k+1)}| ≤ 1",
                "bias-skew",
                Side::Upper,
                "remainder",
                Neighbour::rhs("remainder_next", "(k + 2)! in place of (k + 1)!"),
            )
            .code_check()
            .part("coupling"),
        ];
        bounds.extend(tensors::bounds());
        bounds.extend([
            Bound::identity(
                "hessian",
                "the curvature along a row at W = 0 is E[η²ξ²] E_n σ'²u²/m for k ≥ 3",
                "curvature",
                "noise_curvature",
                Neighbour::rhs("plain_curvature", "1 in place of E[η²ξ²]"),
            )
            .code_check()
            .part("minimum")
            .among(|c| c.whole(ORDER) > 2),
            Bound::inequality(
                "minimum",
                "for k ≥ 3 the least of the curvatures at W = 0 along rows is at least that of E[η²ξ²]P_r/m, \
                 and positive: the landscape of the quadratic case does not generalise",
                "least_curvature",
                Side::Lower,
                "least_noise",
                Neighbour::lhs("least_signs", "signs, k = 2: W = 0 is a saddle"),
            )
            .headline()
            .part("minimum")
            .among(|c| c.whole(ORDER) > 2),
        ]);
        bounds
    }
}

fn root_mean_square(list: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = list.len() as f64;
    (list.map(|f| f * f).sum::<f64>() / n).sqrt()
}

/// A symmetric design of order k, near the best one or the best one itself.
pub(super) fn symmetric(k: usize) -> Result<Design> {
    Ok(if k == 3 { Design::near_optimal(k, 0.5)? } else { Design::optimal(k)? })
}

/// The design of order k with k nodes without symmetry: `c_l t_l = Π_{i≠l} (t_l − t_i)^{-1}`.
fn skew(k: usize) -> Result<Design> {
    let nodes = &[1.0, -0.5, 0.25, -0.25][..k];
    let weight = |t: &f64| nodes.iter().filter(|s| *s != t).fold(t.recip(), |c, s| c / (t - s));
    Ok(Design::new(k, nodes, &nodes.iter().map(weight).collect::<Vec<f64>>())?)
}

/// Laws of f against f^{(k)}, for one half of the neurons moved along one direction by m^{−1/2k}: u_r is then
/// the same for all of them, and `‖W‖_{2,2k}^{2k} = ½`.
fn coupling(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (k, m, d) = (cell.whole(ORDER), cell.m(), DIMENSION);
    // The same inputs for all widths.
    let fixed = cell.clone().without(M).replicate(0);
    let x = uniform_sphere(&mut fixed.stream(seed, "inputs"), INPUTS, d, (d as f64).sqrt());
    let rng = &mut cell.stream(seed, "weights");
    let net = PairedNetwork::random(rng, m / 2, d, activation::parse(ACTIVATION)?)?;
    let length = (m as f64).powf(-0.5 / k as f64);
    let w = Mat::from_fn(m, d, |r, c| if r < m / 2 && c == 0 { length } else { 0.0 });
    let (x, w) = (x.as_ref(), w.as_ref());
    let f_k = term(&net, k, x, w, Par::Seq)?;
    let bias = |f: &[f64]| root_mean_square(f.iter().zip(&f_k).map(|(f, g)| f - g));
    let (design, skew) = (symmetric(k)?, skew(k)?);
    let law = design.law(&net, x, w, Par::Seq)?;
    let Law { mean: of_skew, .. } = skew.law(&net, x, w, Par::Seq)?;
    let roots = Roots::new(k)?.law(&net, x, w, Par::Seq)?;
    let signs = Design::optimal(2)?.law(&net, x, w, Par::Seq)?;
    let fixed = net.f(x, w, Par::Seq)?;
    let spread = root_mean_square(law.variance.iter().map(|v| v.sqrt()));
    // Sums of m terms of a size of at most 2Σ|c_l|, of which the second half is 0.
    let root = (m as f64).sqrt();
    let roundings = |of: &Design| rounding::sum(m, 32) * root * of.absolute_moment(0);
    let factor = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let moved =
        root_mean_square(x.col(0).iter().map(|x| 0.5 * root * (length * x).abs().powi(k as i32 + 1)));
    let remainder = skew.absolute_moment(k + 1) * moved / factor(k + 1);
    let rate = |power: f64| Ball::relative((m as f64).powf(power), 4.0 * f64::EPSILON);
    let k = k as f64;
    Ok(Measurement::new()
        .quantity("spread", spread, rounding::sum(m, 64) * design.absolute_moment(0))
        .quantity("bias", bias(&law.mean), roundings(&design))
        .quantity("bias-skew", bias(&of_skew), roundings(&skew))
        .quantity("bias-roots", bias(&roots.mean), rounding::sum(m, 32) * root)
        .quantity("fixed", bias(&fixed), rounding::sum(m, 32) * root)
        .quantity("bias-signs", bias(&signs.mean), rounding::sum(m, 32) * root)
        .ball("bias-signs_rate", rate(if k > 2.0 { 0.5 - 1.0 / k } else { -0.5 }))
        .ball("spread_rate", rate(-0.5 / k))
        .ball("bias_rate", rate(-1.0 / k))
        .ball("bias-skew_rate", rate(-0.5 / k))
        .ball("bias-roots_rate", rate(-0.5))
        .ball("fixed_rate", rate(0.5 - 0.5 / k))
        .quantity("remainder", remainder, 1e-14 * remainder)
        .quantity("remainder_next", remainder / (k + 2.0), 1e-14 * remainder)
        .hypothesis("‖w_r‖ = m^{−1/2k}", true, "along one direction, in one half of the neurons"))
}
