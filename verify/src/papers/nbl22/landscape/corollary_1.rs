//! Corollary 1 of NBL22: second-order stationary points of L_λ are good.
//!
//! > Under the hypotheses of Lemma 3, let W be a (ν, γ)-second-order stationary point of L_λ with `ν ≤
//! > m^{-1/2}`, `γ ≤ m^{-3/4}`. Then `L_λ(W) ≲ ε`.
//!
//! Such a point has `‖∇L_λ(W)‖ ≤ ν` and `∇²L_λ(W) ⪰ −γI` (erratum 6). Put into the left side of Lemma 3 this
//! is `2L_λ(W) ≤ 2L_λ(W*) + [the explicit right side of Lemma 3 at W] + γ‖W*‖_F² + ν‖W − 2W_L* + W_L‖_F`,
//! in which every constant is known. The last two are at most of order `m^{-1/4}`, for `‖W*‖_F² ≍ m^{1/2}`.
//!
//! The right side of the statement is L_λ(W*), which is 4 to 6ε and the loss of W*, and that loss is at most
//! ε only at widths that few cells have. So L_λ is compared with L_λ(W*) itself, and asked to be ≲ of it
//! with one constant for all m, at ε fixed, and for all ε. "Every second-order stationary point" is the
//! hard part: what is measured is the worst of several, where descents without noise from 0, W*, −W* and a
//! random point of the norm of W* first meet ν and γ, and where an ascent of L_λ from the flattest of them
//! ends, along the least eigenvector and the gradient, as long as the gradient stays below ν. Each is
//! certified by its gradient and a lower bound on the least eigenvalue of the Hessian, and one that is not
//! certified decides nothing. For the sigmoid W = 0 itself is such a point up to m ≈ 200, for m^{-3/4} is
//! not yet below the curvature that f_Q offers there, some 0.06m^{-1/2}.
//!
//! With λ as printed L_λ(W*) is 10³ε to 10⁷ε, W = 0 does far better, and `L_λ(W) ≲ ε` means no more than
//! that descent descends (erratum 10).

use super::case::{self, Case, Rates};
use super::infinite;
use super::terms::Terms;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{ACCURACY, M};
use escapement::ball::Ball;
use escapement::descent::{DescentOptions, LeastOptions, least_eigenvalue};
use escapement::objective::{RegularizedLoss, frobenius_sq};
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par, Scale};

/// Fitted to cells of the standard tier.
const RATES: [[Rates; 2]; 2] = [
    [
        Rates { looks: 2400.0, descents: 3.3, forms: 0.55 },
        Rates { looks: 8500.0, descents: 15.0, forms: 3.0 },
    ],
    [
        Rates { looks: 7700.0, descents: 2.0, forms: 1.1 },
        Rates { looks: 5000.0, descents: 160.0, forms: 2.7 },
    ],
];

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Corollary1;

/// Lengths of a step of ascent that are tried, each half the one before, from ‖W*‖ on.
const LENGTHS: i32 = 12;

const CARD: Card = Card {
    statement: r"\|\nabla L_\lambda(W)\| \le \nu \le m^{-1/2}, \quad \nabla^2 L_\lambda(W) \succeq -\gamma
        I, \quad \gamma \le m^{-3/4} \quad \Longrightarrow \quad L_\lambda(W) \lesssim L_\lambda(W^*),
        \text{ which is } \lesssim \varepsilon",
    reference: "NBL22, Corollary 1",
    hypotheses: "Those of Lemma 3, of which m ≥ n⁴d^{26(k+1)/3}ε^{-22/3} is out of reach; ν ≤ m^{-1/2}, γ ≤ \
        m^{-3/4}; λ_i = ε/R_i(W*).",
    method: "Both models. Descents without noise from 0, W*, −W* and a random point, each to where ‖∇L_λ‖ ≤ \
        m^{-1/2} and the least eigenvalue is certified to be −m^{-3/4} or more, and an ascent of L_λ on the \
        stationary set. At all of them 2L_λ is held to the explicit right side with what was certified; the \
        largest L_λ of those certified is compared with L_λ(W*) along m. The right side has a closed bound \
        in exact zonal quantities, which is followed in d, n and 1/ε at the printed width.",
    refuted_by: "A point where the explicit right side is exceeded; certified points whose L_λ outgrows \
        L_λ(W*) along m; a closed bound that outgrows ε at the printed width.",
    uses: &["lemma-3", "theorem-2", "escape"],
    errata: &[ErratumId(1), ErratumId(6), ErratumId(10)],
    variables: &["m", "d", "n", "accuracy"],
    ..Card::new(
        &crate::papers::nbl22::PAPER,
        "corollary-1",
        "Second-order stationary points of L_λ are good",
    )
};

impl Claim for Corollary1 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        [case::plan(self.id(), tier, [2, 3]), infinite::cells(self.id())].concat()
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        if infinite::contains(cell) {
            return Prediction { flops: 3e6, bytes: 8e6 };
        }
        case::predict(cell, RATES)
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if infinite::contains(cell) {
            return infinite::measure(cell, seed);
        }
        let case = Case::new(cell, seed)?;
        let objective = case.objective(case.lambda())?;
        let (nu, gamma) = case::allowed(cell.m());
        let mut points = Vec::new();
        let mut evaluations = 0;
        for (name, w) in starts(&case, cell, seed) {
            let options = DescentOptions { gradient: nu, curvature: Some(gamma), ..case::options(cell.m()) };
            let end = case::descend_from(&objective, w, &options)?;
            evaluations += end.state.evaluations;
            points.push(Point::new(name, &case, &objective, end.state.w)?);
        }
        if let Some(flattest) =
            points.iter().filter(|p| p.certified).min_by(|a, b| a.least.total_cmp(&b.least))
        {
            let w = ascend(&objective, flattest, case.star.norm_l2(), nu)?;
            points.push(Point::new("ascent", &case, &objective, w)?);
        }
        let mut out = Measurement::new().quantity("one", 1.0, 0.0);
        record(&mut out, &case, &objective, &points)?;
        let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
        let spent = evaluations as f64;
        let flops = spent * n * m * (6.0 * d + 20.0);
        Ok(case::hypotheses(out, cell, &case).cost(flops, 40.0 * n * m, spent))
    }

    fn bounds(&self) -> Vec<Bound> {
        let found = |c: &Cell| !infinite::contains(c);
        let excess = "the closed bound on L_λ(W) − L_λ(W*), for every (m^{-1/2}, m^{-3/4})-second-order \
                      stationary W,";
        let mut bounds = vec![
            Bound::inequality(
                "explicit",
                "2L_λ(W) − 2L_λ(W*) − [right side of Lemma 3] ≤ γ‖W*‖_F² + ν‖W − 2W_L* + W_L‖_F at every \
                 point, with the ν and γ found there: the largest ratio is at most 1",
                "explicit",
                Side::Upper,
                "one",
                Neighbour::lhs(
                    "explicit-mirror",
                    "at −3W_L*, no stationary point, with m^{-1/2} and m^{-3/4}",
                ),
            )
            .code_check()
            .among(found),
            Bound::growth(
                "rate",
                "L_λ(W) ≲ L_λ(W*) along m, at ε fixed, at the worst certified point",
                "worst-over-star",
                "one",
                Sweep::upper(M, |_| 0.0).supremum_over(&[ACCURACY]),
            )
            .headline()
            .scatter("network and inputs are drawn, and a descent ends where it ends")
            .among(found),
        ];
        bounds.extend(infinite::at_printed_width("excess-at-printed", excess));
        bounds
    }
}

/// Where descents begin.
fn starts(case: &Case, cell: &Cell, seed: u64) -> [(&'static str, Mat<f64>); 4] {
    let (star, (m, d)) = (&case.star, (cell.m(), cell.d()));
    let random = uniform_sphere(&mut cell.stream(seed, "random start"), 1, m * d, star.norm_l2());
    [
        ("zero", Mat::zeros(m, d)),
        ("star", star.clone()),
        ("minus-star", star * Scale(-1.0)),
        ("random", Mat::from_fn(m, d, |r, i| random[(0, r * d + i)])),
    ]
}

/// A point W with what was certified there.
struct Point {
    name: &'static str,
    w: Mat<f64>,
    terms: Terms,
    /// A lower bound on the least eigenvalue of the Hessian, and the Ritz vector of the least one.
    least: f64,
    vector: Mat<f64>,
    /// Whether ‖∇L_λ‖ ≤ m^{-1/2} and the least eigenvalue is −m^{-3/4} or more.
    certified: bool,
}

impl Point {
    fn new(name: &'static str, case: &Case, objective: &RegularizedLoss<'_>, w: Mat<f64>) -> Result<Self> {
        let (nu, gamma) = case::allowed(objective.m());
        let options = LeastOptions { threshold: Some(-gamma), ..case::options(objective.m()).least };
        let terms = Terms::new(case, objective, w.as_ref())?;
        let found = least_eigenvalue(&objective.hessian(w.as_ref(), Par::Seq)?, &options, Par::Seq)?;
        let certified = terms.gradient <= nu && found.lower_bound >= -gamma;
        Ok(Self { name, w, terms, least: found.lower_bound, vector: found.vector, certified })
    }
}

/// From a point along its least eigenvector, to both sides, and then along the gradient: each time the
/// longest step that raises L_λ and keeps ‖∇L_λ‖ ≤ ν.
fn ascend(objective: &RegularizedLoss<'_>, from: &Point, length: f64, nu: f64) -> Result<Mat<f64>> {
    let (m, d) = (objective.m(), objective.d());
    let mut space = objective.workspace();
    let mut gradient = Mat::zeros(m, d);
    let mut best = (from.terms.here, from.w.clone());
    let flat = Mat::from_fn(m, d, |r, i| from.vector[(i * m + r, 0)]);
    for direction in [Some(&flat * Scale(1.0)), Some(&flat * Scale(-1.0)), None] {
        let start = best.1.clone();
        let direction = match direction {
            Some(direction) => direction,
            None => {
                objective.value_and_gradient(start.as_ref(), gradient.as_mut(), &mut space, Par::Seq)?;
                &gradient * Scale(gradient.norm_l2().max(f64::MIN_POSITIVE).recip())
            }
        };
        for halvings in 0..LENGTHS {
            let w = &start + &direction * Scale(length * 0.5_f64.powi(halvings));
            let value = objective.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, Par::Seq)?;
            if gradient.norm_l2() <= nu && value.objective > best.0 {
                best = (value.objective, w);
                break;
            }
        }
    }
    Ok(best.1)
}

/// What was found at the points, and what does not depend on them.
fn record(
    out: &mut Measurement,
    case: &Case,
    objective: &RegularizedLoss<'_>,
    points: &[Point],
) -> Result<()> {
    let (nu, gamma) = case::allowed(objective.m());
    let star = frobenius_sq(case.star.as_ref());
    let mirror = Terms::new(case, objective, (&case.built.w_l * Scale(-3.0)).as_ref())?;
    let ratio = |t: &Terms, gain: f64, gamma: f64, nu: f64| {
        Ball::new(gain, t.rounding) / Ball::new(gamma * star + nu * t.distance, t.rounding)
    };
    let largest = |balls: Vec<Ball>| balls.into_iter().reduce(|a, b| if b.value > a.value { b } else { a });
    let gain = |t: &Terms| 2.0 * (t.here - t.there) - t.rhs();
    let explicit = |p: &Point| ratio(&p.terms, gain(&p.terms), (-p.least).max(0.0), p.terms.gradient);
    let over = |p: &&Point| {
        let t = &p.terms;
        Ball::new(t.here, t.rounding) / Ball::new(t.there, t.rounding)
    };
    let certified: Vec<&Point> = points.iter().filter(|p| p.certified).collect();
    for (name, ball) in [
        ("explicit", largest(points.iter().map(explicit).collect())),
        ("explicit-mirror", Some(ratio(&mirror, gain(&mirror), gamma, nu))),
        ("worst-over-star", largest(certified.iter().map(over).collect())),
    ] {
        if let Some(ball) = ball {
            out.quantities.insert(name.to_owned(), ball);
        }
    }
    for p in points {
        out.insert(format!("{}-over-star", p.name), over(&p).value, over(&p).error);
        let detail = format!("‖∇L_λ‖ = {:.2e}, least eigenvalue ≥ {:.2e}", p.terms.gradient, p.least);
        let name = format!("{}: ν ≤ m^{{-1/2}}, γ ≤ m^{{-3/4}}", p.name);
        out.hypotheses.push(Hypothesis { name, met: p.certified, detail });
    }
    Ok(())
}
