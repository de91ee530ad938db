//! Lemma 3 of NBL22: where W is stationary, the Hessian along random signs of W* pays for the loss.
//!
//! > For `m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}` and `‖∇L_λ(W)‖ ≤ ν ≤ m^{-1/4}`,
//! > `E_S ∇²L_λ(W)[SW*, SW*] − ⟨∇L_λ(W), W − 2W_L* + W_L⟩ + 2L_λ(W) − 2L_λ(W*) ≲ ε`, `W_L = Π_{≤r}W`,
//! > r = n_k (erratum 5), S on all of W*.
//!
//! docs/papers/nbl22-lemma-3.md has the derivation. At every W the left side is a sum of explicit terms,
//! and at most `Cε + ρ(W)` where `λ_i R_i(W*) = ε`. C is 166 in the limit, and near 10⁶ at the widths of
//! descents; ρ has a closed bound for every W that is ν-stationary, ν ≤ m^{-1/4}, and for every W with
//! L_λ(W) ≤ L_λ(0). That bound is a zonal quantity, and the width at which it falls to ε is `m ∝
//! ε^{-22/3}`: the printed exponent. Those of d and n are far below the printed ones. So the statement is
//! decided in three parts: each step of the derivation at points W of a network, ρ with measured Σ and W*
//! against ρ in zonal quantities, and the closed bound at the printed width. Beside that stands the left
//! side itself, where descents from 0 and W* end. It follows m at fixed ε; what is true as ε → 0 at fixed
//! m, the lemma does not say.
//!
//! With λ as printed λ4R4(W*) is ε times R4(W*)/d^{2(k−1)}, some 10³ to 10⁷; then L_λ(W*) is not ≲ ε in any
//! useful sense, L_λ(0) is far below it, and the lemma is true for want of content (erratum 10).

use super::case::{self, ACCURATE, Case, MODELS, Rates};
use super::closed::{Closed, Reach, Scales, Zonal, mean_spread};
use super::infinite;
use super::points;
use super::terms::Terms;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::instance::ACTIVATIONS;
use crate::papers::nbl22::letters::{ACCURACY, D, K, M, N, R};
use escapement::ball::Ball;
use escapement::construct::signs;
use faer::{Mat, Par};

/// Fitted to cells of the standard tier.
const RATES: [[Rates; 2]; 2] = [
    [
        Rates { looks: 4200.0, descents: 0.0, forms: 0.06 },
        Rates { looks: 4200.0, descents: 4.0, forms: 0.3 },
    ],
    [Rates { looks: 9000.0, descents: 0.0, forms: 0.1 }, Rates { looks: 1.3e4, descents: 20.0, forms: 0.2 }],
];

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Lemma3;

/// ρ at finite width, without descents, over dimensions.
const SCALES: &str = "scales";

/// The width at which dimensions are compared.
const WIDTH: usize = 256;
/// How many times ε counts as vacuous.
const VACUOUS: f64 = 1e3;

const CARD: Card = Card {
    statement: r"\mathbb{E}_S \nabla^2 L_\lambda(W)[S W^*, S W^*] - \left\langle \nabla L_\lambda(W), W - 2
        W_L^* + W_L \right\rangle + 2 L_\lambda(W) - 2 L_\lambda(W^*) \lesssim \varepsilon \quad
        \text{where } \|\nabla L_\lambda(W)\| \le \nu \le m^{-1/4}",
    reference: "NBL22, Lemma 3",
    hypotheses: "m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}, which no descent reaches (the least such width is above \
        10^{17}) and the closed form does; ν ≤ m^{-1/4}; λ_i = ε/R_i(W*); ε given, and W* with a loss of at \
        most ε; ℓ convex and 1-Lipschitz, σ''' bounded for the network.",
    method: "The left side is at most Cε + ρ(W) at every W, with C and ρ explicit. For ν-stationary W, and \
        for those with L_λ(W) ≤ L_λ(0), ρ has a closed bound in exact zonal quantities; the width at which \
        it is at most ε is followed in d, n and 1/ε, and so is the bound itself at the printed width. Each \
        step is held to numbers at finite width, and the left side itself is measured where descent from 0 \
        ends, along m and 1/ε.",
    refuted_by: "A bound on the left side that outgrows ε at the printed width; a remainder at finite width \
        that leaves its closed form along m or d; a left side (plus 2L_λ(W*)) that outgrows ε along m or \
        1/ε.",
    uses: &["theorem-2", "random-signs", "taylor"],
    errata: &[ErratumId(1), ErratumId(2), ErratumId(5), ErratumId(10)],
    variables: &["m", "d", "n", "accuracy"],
    ..Card::new(
        &crate::papers::nbl22::PAPER,
        "lemma-3",
        "At stationary points the Hessian along SW* pays for the loss",
    )
};

impl Claim for Lemma3 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick = tier == Tier::Quick;
        let (replicates, widths) = if quick { (2, 5) } else { (6, 7) };
        let sizes = sweep::doublings(64, widths).map(|m| (3, m));
        let sizes: Vec<(usize, usize)> = sizes.chain([4, 6, 8, 12].map(|d| (d, WIDTH))).collect();
        let mut cells = case::plan(self.id(), tier, [4, 4]);
        for (k, activation) in [1, 2].into_iter().flat_map(|k| ACTIVATIONS.map(|a| (k, a))) {
            // At k = 2 and this width n_k is too near p for dimensions to be compared.
            for &(d, m) in sizes.iter().filter(|(d, _)| k == 1 || *d == 3 && !quick) {
                let cell = Cell::new(self.id(), SCALES).with(D, d).with(K, k).with(R, 1).with(M, m);
                let cell = cell.with(N, 8 * d.pow(k as u32)).with(ACCURACY, ACCURATE).activation(activation);
                cells.extend((0..replicates).map(|r| cell.clone().replicate(r)));
            }
        }
        cells.extend(infinite::cells(self.id()));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        if infinite::contains(cell) {
            return Prediction { flops: 3e6, bytes: 8e6 };
        }
        let idle = [[Rates { looks: 0.0, descents: 0.0, forms: 0.0 }; 2]; 2];
        case::predict(cell, if cell.part == SCALES { idle } else { RATES })
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if infinite::contains(cell) {
            return infinite::measure(cell, seed);
        }
        let case = Case::new(cell, seed)?;
        let one = Measurement::new().quantity("one", 1.0, 0.0);
        if cell.part == SCALES {
            Ok(case::hypotheses(against_zonal(one, &case, cell, seed)?, cell, &case))
        } else {
            at_points(one, &case, cell, seed)
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let left = "the closed bound on the left side, for every m^{-1/4}-stationary W and every W with \
                    L_λ(W) ≤ L_λ(0),";
        let printed = infinite::at_printed_width("left-at-printed", left);
        [identities(), explicit(), at_finite_width(), printed, infinite::needed()].concat()
    }
}

/// The left side against what it is put together from.
fn identities() -> Vec<Bound> {
    let places = [("zero", "W = 0"), ("at-star", "W*"), ("stationary", "a stationary point")];
    let bound = |(name, place): (&str, &str)| {
        let lhs = |suffix: &str, description: &str| Neighbour::lhs(format!("{name}-{suffix}"), description);
        let statement = format!("at {place} the left side is its closed form");
        let half = lhs("half", "half the Hessian");
        let bound =
            Bound::identity(format!("identity-{name}"), statement, name, format!("{name}-composed"), half)
                .neighbour(lhs("without-star", "2W_L* left out of the inner product"))
                .neighbour(lhs("flipped", "the sign of the gradient term flipped"));
        let bound = bound.code_check().among(has_points);
        if name == "zero" {
            return bound;
        }
        bound.neighbour(lhs("without-low", "W_L left out of the inner product"))
    };
    places.map(bound).into()
}

/// Steps that hold at every W: the largest ratio of their sides over the points that are looked at.
fn explicit() -> Vec<Bound> {
    let bound = |name: &str, statement: &str, neighbour: (&str, &str)| {
        let wrong = Neighbour::lhs(format!("{name}-{}", neighbour.0), neighbour.1);
        // Theorems about the numbers at hand: the steps of the derivation.
        Bound::inequality(name, statement, name, Side::Upper, "one", wrong).code_check().among(has_points)
    };
    vec![
        bound(
            "constant",
            "at eight points, stationary or not, the left side is at most Cε + E_n ℓ''m^{-1}Σ \
             s_r²(w*_r·x)² + √R3(W) + E_n|b| + 2E_n|f_L(SW_Q)| and Taylor's remainder, C = 6 + max_τ \
             (Aτ⁶ + 8δτ⁷ − 6τ⁸ − 2): the largest ratio is at most 1",
            ("six", "C = 6: the Hessian of R4 forgotten"),
        ),
        bound(
            "radius",
            "at these points L̂(W) + 2Σ_{i≤3} λ_i R_i + 8λ4R4 ≤ L̂(0) + ½ sup|σ''| ‖E_n xxᵀ‖ ‖W‖²_{2,4} + \
             ‖∇L_λ(W)‖ ‖W‖_F: the largest ratio is at most 1",
            ("still", "the gradient left out where W is not stationary"),
        ),
        bound(
            "squares",
            "at these points E_n ℓ''m^{-1}Σ s_r²(w*_r·x)² ≤ sup σ'² ‖E_n xxᵀ‖ ‖W*‖_F²/m, for f_L + f_Q \
             twice this and 2d ‖E_n xxᵀ‖ (sup|σ''| ‖W‖_{2,4} ‖W*‖_{2,4})²/m: the largest ratio is at most 1",
            ("false", "‖W*‖_{2,4}² in place of ‖W*‖_F², and no second term"),
        ),
        bound(
            "cross",
            "at these points E_n m^{-1/2}Σ|σ''(w_{0,r}·x)(w_r·x)(g_r·x)| ≤ sup|σ''| ‖E_n xxᵀ‖ ‖W‖_F ‖G‖_F \
             m^{-1/2}, G = 2W_L* − W_L: the largest ratio is at most 1",
            ("false", "‖W‖_{2,4} in place of ‖W‖_F"),
        ),
        bound(
            "taylor",
            "at these points Taylor's remainder is at most sup|σ'''| √d ‖E_n xxᵀ‖ (‖W‖‖W*‖² + ½‖W‖²‖D‖ + \
             ⅓‖W‖³ + ⅓‖W*‖³) m^{-1/4} in ‖·‖_{2,4}: the largest ratio is at most 1",
            ("false", "m^{-1/2} in place of m^{-1/4}"),
        )
        .part(case::NETWORK),
        bound(
            "noise",
            "2E_n √(E_S f_L(SW_Q)²) ≤ 4√(μ‖W_Q‖_F²/m), μ = ‖E σ'(w·x)² xxᵀ‖, on the inputs drawn: the ratio \
             is at most 1",
            ("false", "m^{-3/4} in place of m^{-1/2}"),
        ),
        bound(
            "delta",
            "at these points ‖Π_{≤r}W‖_{2,4} ≤ (μ/(mλ_{n_k}))^{1/4}‖Π_{≤r}W‖_F, in δ: the largest ratio is \
             at most 1",
            ("false", "(μ/(mλ_{n_k}))^{1/2}"),
        ),
        bound(
            "reach-tau",
            "at these points ‖W‖_{2,4}/‖W*‖_{2,4} ≤ (L_λ(W)/ε)^{1/8}: the largest ratio is at most 1",
            ("false", "ε left out"),
        ),
        bound(
            "reach-beyond",
            "at these points √R3(W) ≤ √(L_λ(W)R3*/ε): the largest ratio is at most 1",
            ("false", "ε left out"),
        ),
        bound(
            "reach-projected",
            "at these points ‖Π_{≤r}W‖_F ≤ √(L_λ(W)R2*/(ελ_{n_k})): the largest ratio is at most 1",
            ("false", "ε left out"),
        ),
    ]
}

/// At the widths of descents, and of a measured W*.
fn at_finite_width() -> Vec<Bound> {
    let flat = |name: &str, statement: &str, lhs: &str, sweep: Sweep| {
        Bound::growth(name, statement, lhs, "one", sweep)
    };
    let mut bounds = vec![
        flat(
            "trend",
            "where descents from 0 and W* end, the larger of E_S ∇²L_λ(W)[SW*, SW*] − ⟨∇L_λ(W), W − 2W_L* + \
             W_L⟩ + 2L_λ(W), the left side and 2L_λ(W*) together, is negative or ≲ ε along m, at ε fixed",
            "raised",
            Sweep::upper(M, |_| 0.0).supremum_over(&[ACCURACY]),
        )
        .headline()
        .scatter("network, inputs and signs are drawn, and a descent ends where it ends")
        .chosen("descents from 0 and from W*: from 0 alone the trend rises while τ does")
        .among(descends),
        Bound::inequality(
            "printed-lambda",
            "with λ as printed Σ_i λ_i R_i(W*) is at least 10³ε",
            "cost-printed",
            Side::Lower,
            "vacuous",
            Neighbour::lhs("cost", "λ_i = ε/R_i(W*)"),
        )
        .shows_vacuous(ErratumId(10))
        .among(descends),
        Bound::inequality(
            "spread",
            "‖E_n xxᵀ‖ ≤ (1 + 1/d)((1 + √(d/n))² + 1/n), which bounds its mean over the inputs",
            "spread",
            Side::Upper,
            "mean-spread",
            Neighbour::rhs("flat-spread", "1 + 1/d, as for n = ∞"),
        )
        .code_check()
        .part(SCALES),
    ];
    for (model, _) in MODELS {
        bounds.push(
            Bound::inequality(
                format!("zonal-{model}"),
                "ρ in closed form with what was measured of Σ and W* is at most twice ρ in zonal \
                 quantities, on the same inputs: the ratio is at most 2",
                format!("{model}-zonal"),
                Side::Upper,
                "two",
                Neighbour::rhs("half", "half of ρ in zonal quantities"),
            )
            .part(SCALES)
            .chosen("the factor 2: the ratio was seen between 0.42 and 1.21"),
        );
    }
    bounds
}

/// Cells with a descent.
fn descends(cell: &Cell) -> bool {
    cell.part == case::QUADRATIC || cell.part == case::NETWORK
}

/// Cells in which more points than the end of the descent are looked at.
fn has_points(cell: &Cell) -> bool {
    descends(cell) && cell.real(ACCURACY) == ACCURATE
}

/// ρ in closed form with the scales of the instance, over ρ with those at infinite width; and ‖E_n xxᵀ‖.
fn against_zonal(mut out: Measurement, case: &Case, cell: &Cell, seed: u64) -> Result<Measurement> {
    let of = Scales::of(case)?;
    let reach = Reach::below(of.zero, case.epsilon);
    let reach = reach.or(Reach::stationary(&of, case.epsilon, of.m.powf(-0.25)));
    let zonal = Zonal::new(cell, seed)?;
    let at = zonal.at(of.m).on_inputs_of(&of);
    let (cov, top) = (&case.built.cov, &case.built.top);
    let spectrum = (top.form_error() + cov.truncation_bound()) / top.eigenvalues()[top.rank() - 1];
    let error = spectrum + 8.0 * case.built.summation();
    for (name, model) in MODELS {
        let measured = Closed::new(&of, model, case.epsilon, reach).remainder();
        let ratio = measured / zonal.closed(&at, model, true).remainder();
        out = out.ball(format!("{name}-zonal"), Ball::relative(ratio, error));
    }
    let mean = |n: f64| Ball::relative(mean_spread(of.d, n), 16.0 * f64::EPSILON);
    Ok(out
        .ball("spread", Ball::relative(of.spread, case.built.summation()))
        .quantity("half", 0.5, 0.0)
        .quantity("two", 2.0, 0.0)
        .ball("mean-spread", mean(cell.n() as f64))
        .ball("flat-spread", mean(f64::INFINITY)))
}

/// The steps of the proof at points W, and the left side where descent from 0 ends.
fn at_points(mut out: Measurement, case: &Case, cell: &Cell, seed: u64) -> Result<Measurement> {
    let objective = case.objective(case.lambda())?;
    let options = case::options(cell.m());
    let mut ends = Vec::new();
    for w in [Mat::zeros(cell.m(), cell.d()), case.star.clone()] {
        let end = case::descend_from(&objective, w, &options)?;
        ends.push((Terms::new(case, &objective, end.state.w.as_ref())?, end.state.evaluations as f64));
    }
    let limit = (cell.m() as f64).powf(-0.25);
    let met = ends.iter().all(|(t, _)| t.gradient <= limit);
    let detail = ends.iter().map(|(t, _)| format!("{:.2e}", t.gradient)).collect::<Vec<_>>().join(", ");
    let detail = format!("‖∇L_λ‖ = {detail} against {limit:.2e}");
    let steps = ends.iter().map(|(_, evaluations)| evaluations).sum::<f64>();
    let raised = |t: &Terms| (t.lhs() + 2.0 * t.there).max(0.0) / case.epsilon;
    let error = ends.iter().map(|(t, _)| 2.0 * t.rounding / case.epsilon).fold(0.0, f64::max);
    out.insert("raised", ends.iter().map(|(t, _)| raised(t)).fold(0.0, f64::max), error);
    let found = ends.swap_remove(0).0;
    let scales = Scales::of(case)?;
    let (zero, w_q) = (Mat::zeros(cell.m(), cell.d()), case.built.w_q.w.as_ref());
    let squares =
        signs::expected_linear_square(&case.built.net, case.built.x.as_ref(), zero.as_ref(), w_q, Par::Seq)?;
    let mean = squares.iter().map(|s| s.sqrt()).sum::<f64>() / squares.len() as f64;
    let noise = 0.5 * mean / (scales.load * scales.square[1] / scales.m).sqrt();
    if has_points(cell) {
        points::record(&mut out, "stationary", case, &found);
        let mut terms = vec![found];
        for (name, w) in points::points(case, cell, seed) {
            let t = Terms::new(case, &objective, w.as_ref())?;
            if ["zero", "at-star"].contains(&name) {
                points::record(&mut out, name, case, &t);
            }
            if name != "zero" {
                terms.push(t);
            }
        }
        for (name, ratio) in [("noise", noise), ("noise-false", noise * scales.m.powf(0.25))] {
            out = out.ball(name, Ball::relative(ratio, 8.0 * case.built.summation()));
        }
        points::everywhere(&mut out, case, &scales, objective.lambda(), &terms);
    }
    let cost = |lambda: [f64; 4]| lambda.iter().zip(case.at_star).map(|(l, r)| l * r).sum::<f64>();
    for (name, value) in [("cost-printed", cost(case.printed())), ("cost", cost(objective.lambda()))] {
        out.insert(name, value, 1e3 * case.built.summation() * value);
    }
    out.insert("vacuous", VACUOUS * case.epsilon, 0.0);
    let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
    Ok(case::hypotheses(out, cell, case).hypothesis("ν ≤ m^{-1/4}", met, detail).cost(
        steps * n * m * (6.0 * d + 20.0),
        40.0 * n * m,
        steps,
    ))
}
