//! Lemma 3 of NBL22: where W is stationary, the Hessian along random signs of W* pays for the loss.
//!
//! > For `m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}` and `‖∇L_λ(W)‖ ≤ ν ≤ m^{-1/4}`, `E_S ∇²L_λ(W)[SW*, SW*] − ⟨∇L_λ(W),
//! > W
//! > − 2W_L* + W_L⟩ + 2L_λ(W) − 2L_λ(W*) ≲ ε`, `W_L = Π_{≤r}W`, r = n_k (erratum 5), S on all of W*.
//!
//! The proof in numbers. For F = f_L + f_Q, b the bilinear form of f_Q (`f_Q(W) = ½b(W, W)`) and B the
//! loss's Bregman distance `L̂(W*) − L̂(W) − E_n ℓ'(F* − F)`, which convexity makes non-negative, the left
//! side is, at every W,
//!
//! - from the loss,
//!   `E_n ℓ'' m^{-1}Σ_r s_r²(w*_r·x)² + E_n ℓ'·[f_L(Π_{>r}W) + b(W, 2W_L* − W_L) − 2f_L(SW_Q)] − 2B`;
//! - from R1 and R3, `2E_S R_i(SW*) − 2R_i(W*)`, for Π_{>r} kills W_L and W_L*; from R2, with Q2 its form,
//!   `2E_S R2(SW*) − 2R2(W*) − 2Q2[W_L, W_L] + 4Q2[W_L, W_L*]`;
//! - from R4 = T²,
//!   `2Σ_r[(4‖w_r‖² w_r·w*_r)² + T(8(w_r·w*_r)² + 4‖w_r‖²‖w*_r‖²)] − 6R4(W)`
//!   `+ 8TΣ_r‖w_r‖² w_r·(2W_L* − W_L)_r − 2R4(W*)`.
//!
//! For the network the bracket is ρ, the second derivative along SW* less the derivative along W − 2W_L* +
//! W_L and twice F* − F; what it differs by from the one above, Taylor's theorem bounds neuron by neuron
//! (σ''' bounded, erratum 2). This is an identity. B ≥ 0 and, with `τ = ‖W‖/‖W*‖`,
//! `δ = (2‖W_L*‖ + ‖W_L‖)/‖W*‖` in `‖·‖_{2,4}` and `A = 24 + 32 max‖w*_r‖²/‖W*‖²_{2,4} ≤ 56`, Hölder's
//! inequality for R4's part, `R4(W*)·(Aτ⁶ + 8δτ⁷ − 6τ⁸ − 2)`, make it an inequality. Over τ that is largest
//! at `τ = (7δ + √(49δ² + 18A))/12`; so for `λ_i R_i(W*) = ε` the left side is at most Cε and a remainder
//! that falls with m, C = 6 + the largest value: 166 in the limit A = 24, δ = 0, which √3·W* comes near, and
//! hundreds to thousands at the widths measured. What is measured at stationary points is far below: the
//! left side with 2L_λ(W*) added is some 4 to 12 ε. It rises with τ, and where descent comes away from 0 (τ
//! from 0.3 to 0.7) only within a sweep, the trend in m cannot be told from that.
//!
//! With λ as printed λ4R4(W*) is ε times R4(W*)/d^{2(k−1)}, some 10³ to 10⁷; then L_λ(W*) is not ≲ ε in any
//! useful sense, L_λ(0) is far below it, and the lemma is true for want of content (erratum 10). ε is the
//! mean over inputs of `√(E_S (F(x; W*) − f*)²)`, which Theorem 2 gives for every 1-Lipschitz loss.

use super::case::{self, Case, NETWORK, Rates};
use super::terms::Terms;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use crate::papers::nbl22::letters::M;
use escapement::construct::signs;
use escapement::eigen;
use escapement::network::Model;
use escapement::objective::{RegularizedLoss, frobenius_sq};
use faer::{Mat, Par, Scale};

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

/// How many times ε counts as vacuous.
const VACUOUS: f64 = 1e3;

const CARD: Card = Card {
    statement: r"\mathbb{E}_S \nabla^2 L_\lambda(W)[S W^*, S W^*] - \left\langle \nabla L_\lambda(W), W - 2
        W_L^* + W_L \right\rangle + 2 L_\lambda(W) - 2 L_\lambda(W^*) \lesssim \varepsilon \quad
        \text{where } \|\nabla L_\lambda(W)\| \le \nu \le m^{-1/4}",
    reference: "NBL22, Lemma 3",
    hypotheses: "m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}: no cell lies inside, the least such width is above 10^{13}; \
        ν ≤ m^{-1/4}; λ_i = ε/R_i(W*); ℓ convex and 1-Lipschitz, σ''' bounded for the network.",
    method: "Both models. The left side from gradient and Hessian, exactly averaged over S, is compared \
        with its closed form at W = 0, W* and a point where descent from 0 ends with ‖∇L_λ‖ ≤ \
        m^{-1/2}/5; then held to the explicit right side, and to Cε and a remainder with C explicit. \
        The terms of the remainder are followed along m, and so is the whole left side with 2L_λ(W*) \
        added, which must be ≲ ε as well.",
    refuted_by: "A difference between the left side and its closed form beyond rounding; a point where the \
        explicit right side is exceeded; a remainder that falls slower than claimed; a left side (plus \
        2L_λ(W*)) that outgrows ε.",
    uses: &["theorem-2", "random-signs", "taylor"],
    errata: &[ErratumId(1), ErratumId(2), ErratumId(5), ErratumId(10)],
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
        case::plan(self.id(), tier, 4)
    }
    fn predict(&self, cell: &Cell) -> Prediction {
        case::predict(cell, RATES)
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let case = Case::new(cell, seed)?;
        let objective = case.objective(case.lambda())?;
        let end = case::from_zero(&objective, &case::options(cell.m()))?;
        let w_l = &case.built.w_l;
        let (zero, mirror) = (Mat::zeros(cell.m(), cell.d()), w_l * Scale(-1.0));
        // Where 24τ⁶ − 6τ⁸ is largest, which neurons along those of W* come near.
        let far = &case.star * Scale(3.0_f64.sqrt());
        let points = [
            ("zero", &zero),
            ("at-star", &case.star),
            ("mirror", &mirror),
            ("far", &far),
            ("stationary", &end.state.w),
        ];
        let terms = points
            .iter()
            .map(|(_, w)| Terms::new(&case, &objective, w.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let mut out = Measurement::new().quantity("one", 1.0, 0.0);
        for ((name, _), t) in points.iter().zip(&terms) {
            record(&mut out, name, &case, t);
        }
        let six = |t: &Terms| 6.0 * case.epsilon + t.remainder();
        let worst = |bound: &dyn Fn(&Terms) -> f64| {
            let ratios = terms.iter().map(|t| {
                (t.lhs() / bound(t), 2.0 * t.rounding * (1.0 + t.lhs().abs() / bound(t)) / bound(t))
            });
            ratios.fold((f64::NEG_INFINITY, 0.0_f64), |a, b| (a.0.max(b.0), a.1.max(b.1)))
        };
        for (name, (value, error)) in
            [("worst-ratio", worst(&|t| six(t) + t.supremum)), ("worst-ratio-six", worst(&six))]
        {
            out.insert(name, value, error);
        }
        along(&mut out, cell, &case, &terms[4])?;
        if cell.replicate == 0 {
            printed(&mut out, cell, &case, &objective)?;
        }
        let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
        let limit = m.powf(-0.25);
        let met = end.gradient_norm <= limit;
        let steps = end.state.evaluations as f64;
        let out = out.hypothesis(
            "ν ≤ m^{-1/4}",
            met,
            format!("‖∇L_λ‖ = {:.2e} against {limit:.2e}", end.gradient_norm),
        );
        Ok(case::wide_enough(out, cell, case.epsilon).cost(
            steps * n * m * (6.0 * d + 20.0),
            40.0 * n * m,
            steps,
        ))
    }

    fn bounds(&self) -> Vec<Bound> {
        [identities(), explicit(), remainders(), along_m(), as_printed()].concat()
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
        if name == "zero" {
            return bound;
        }
        bound.neighbour(lhs("without-low", "W_L left out of the inner product"))
    };
    places.map(bound).into()
}

/// The left side against its bound with constants.
fn explicit() -> Vec<Bound> {
    let explicit = |name: &str, place: &str, neighbour: Neighbour| {
        let statement = format!(
            "at {place} the left side is at most its closed form without −2B, with Taylor's bound and \
             Hölder's for R4"
        );
        let (bound, rhs) = (format!("explicit-{name}"), format!("{name}-explicit"));
        Bound::inequality(bound, statement, name, Side::Upper, rhs, neighbour)
    };
    let without_star = Neighbour::lhs("zero-without-star", "2W_L* left out of the inner product");
    let without_low = Neighbour::lhs("mirror-without-low", "W_L left out of the inner product");
    let unbent = Neighbour::rhs("stationary-unbent", "the Hessian of R4 forgotten");
    vec![
        explicit("zero", "W = 0", without_star)
            .neighbour(Neighbour::lhs("zero-flipped", "the sign of the gradient term flipped")),
        explicit("mirror", "−W_L*", without_low),
        explicit("stationary", "a stationary point", unbent),
        Bound::inequality(
            "constant",
            "at five points, stationary or not, the left side is at most Cε + E_n ℓ''m^{-1}Σ \
             s_r²(w*_r·x)² + √R3(W) + E_n|b| + 2E_n|f_L(SW_Q)| and Taylor's remainder, C = 6 + max_τ \
             (Aτ⁶ + 8δτ⁷ − 6τ⁸ − 2): the largest ratio is at most 1",
            "worst-ratio",
            Side::Upper,
            "one",
            Neighbour::lhs("worst-ratio-six", "C = 6: the Hessian of R4 forgotten"),
        ),
    ]
}

/// What is left over, against norms.
fn remainders() -> Vec<Bound> {
    let remainder = |name: &str, statement: &str, false_statement: &str| {
        let neighbour = Neighbour::rhs(format!("{name}-false"), false_statement);
        Bound::inequality(name, statement, name, Side::Upper, format!("{name}-norms"), neighbour)
    };
    vec![
        remainder(
            "squares",
            "at a stationary point E_n ℓ''m^{-1}Σ s_r²(w*_r·x)² ≤ sup σ'² ‖E_n xxᵀ‖ ‖W*‖_F²/m, of order \
             m^{-1/2}; for f_L + f_Q twice this and 2(sup σ'' d ‖W‖_{2,4} ‖W*‖_{2,4})²/m",
            "‖W*‖_{2,4}² in place of ‖W*‖_F², and no second term",
        ),
        remainder(
            "cross",
            "at a stationary point E_n m^{-1/2}Σ|σ''(w_{0,r}·x)(w_r·x)(g_r·x)|, G = 2W_L* − W_L, is at \
             most sup|σ''| ‖E_n xxᵀ‖ ‖W‖_F ‖G‖_F m^{-1/2}, of order m^{-1/4}",
            "‖W‖_{2,4} in place of ‖W‖_F",
        ),
        remainder(
            "taylor",
            "at a stationary point Taylor's remainder is at most sup|σ'''| √d ‖E_n xxᵀ‖ (‖W‖‖W*‖² + \
             ½‖W‖²‖D‖ + ⅓‖W‖³ + ⅓‖W*‖³) m^{-1/4} in ‖·‖_{2,4}",
            "m^{-1/2} in place of m^{-1/4}",
        )
        .part(NETWORK),
    ]
}

/// What falls along m.
fn along_m() -> Vec<Bound> {
    let falls = |name: &str, statement: &str, lhs: &str, rhs: &str, power: f64| {
        Bound::growth(name, statement, lhs, rhs, Sweep::upper(M, move |_| power))
    };
    vec![
        falls("noise", "E_n √(E_S f_L(SW_Q)²) ≲ m^{-1/4}", "noise", "quarter", -0.25),
        falls("delta", "δ ≲ m^{-1/4}: C tends to its value at δ = 0", "delta", "quarter", -0.25),
        falls(
            "trend",
            "at a stationary point E_S ∇²L_λ(W)[SW*, SW*] − ⟨∇L_λ(W), W − 2W_L* + W_L⟩ + 2L_λ(W) ≲ ε: \
             the left side and 2L_λ(W*) together",
            "stationary-raised",
            "epsilon",
            -0.25,
        ),
    ]
}

/// With λ as printed, once for each cell: nothing about it is random.
fn as_printed() -> Vec<Bound> {
    [
        Bound::inequality(
            "printed-lambda",
            "with λ as printed Σ_i λ_i R_i(W*) is at least 10³ε",
            "cost-printed",
            Side::Lower,
            "vacuous",
            Neighbour::lhs("cost", "λ_i = ε/R_i(W*)"),
        ),
        Bound::inequality(
            "as-printed",
            "with λ as printed the left side at a stationary point is at most 0: −2L_λ(W*) outweighs it, \
             and the lemma says nothing",
            "printed",
            Side::Upper,
            "nothing",
            Neighbour::lhs("printed-at-star", "at W*, no stationary point"),
        )
        .printed(ErratumId(10)),
    ]
    .map(|bound| bound.among(|c| c.replicate == 0))
    .into()
}

/// Both sides at a point, and false left sides.
fn record(out: &mut Measurement, name: &str, case: &Case, t: &Terms) {
    let lhs = t.lhs();
    for (suffix, value) in [
        ("", lhs),
        ("-composed", t.composed(case.model)),
        ("-explicit", t.rhs()),
        ("-unbent", t.rhs() - t.fourth + t.straight),
        ("-half", lhs - 0.5 * t.curvature),
        ("-without-star", lhs - 2.0 * t.inner_star),
        ("-without-low", lhs + t.inner_low),
        ("-flipped", lhs + 2.0 * t.inner),
        ("-raised", lhs + 2.0 * t.there),
        ("-here", t.here),
    ] {
        out.insert(format!("{name}{suffix}"), value, t.rounding);
    }
}

/// What is followed along m, and the norms that bound the remainder, at a stationary point.
fn along(out: &mut Measurement, cell: &Cell, case: &Case, found: &Terms) -> Result<()> {
    let (built, zero) = (&case.built, Mat::zeros(cell.m(), cell.d()));
    let squares = signs::expected_linear_square(
        &built.net,
        built.x.as_ref(),
        zero.as_ref(),
        built.w_q.w.as_ref(),
        Par::Seq,
    )?;
    let noise = squares.iter().map(|s| s.sqrt()).sum::<f64>() / cell.n() as f64;
    let quarter = (cell.m() as f64).powf(-0.25);
    let step = built.model_rounding();
    let mut insert = |name: &str, value: f64, error: f64| out.insert(name, value, error);
    insert("quarter", quarter, 4.0 * f64::EPSILON * quarter);
    insert("noise", noise, step);
    insert("epsilon", case.epsilon, step);
    for (name, value) in
        [("delta", found.delta), ("tau", found.tau), ("constant", 6.0 + found.supremum / case.epsilon)]
    {
        insert(name, value, found.rounding * (1.0 + 1.0 / case.epsilon));
    }
    let ratio = found.lhs() / case.epsilon;
    insert("left-over-epsilon", ratio, 2.0 * (found.rounding + step * ratio.abs()) / case.epsilon);

    let (m, d, x) = (cell.m() as f64, cell.d() as f64, built.x.as_ref());
    let moment = x.transpose() * x * Scale(1.0 / cell.n() as f64);
    let spread = eigen::full_eigenvalues(moment.as_ref(), Par::Seq)?.into_iter().fold(0.0, f64::max);
    let [_, first, second, third] = built.net.activation().suprema().map(|s| s.value);
    let (large, [whole, aim, distance]) = (case::norm_2_4(case.star.as_ref()), found.norms);
    let small = found.tau * large;
    let plain = first.powi(2) * spread * frobenius_sq(case.star.as_ref()) / m;
    // Slopes of f_L + f_Q are sums of two, and their squares at most twice the sum of squares.
    let bent = 2.0 * plain + 2.0 * (second * d * small * large).powi(2) / m;
    let squares = if case.model == Model::Quadratic { bent } else { plain };
    let cross = second * spread * aim / m.sqrt();
    let norms =
        small * large.powi(2) + 0.5 * small.powi(2) * distance + (small.powi(3) + large.powi(3)) / 3.0;
    let taylor = third * d.sqrt() * spread * norms * quarter;
    let mut terms = vec![
        ("squares", found.squares, squares, first.powi(2) * spread * large.powi(2) / m),
        ("cross", found.crossed, cross * whole, cross * small),
    ];
    if cell.part == NETWORK {
        terms.push(("taylor", found.moduli[3], taylor, taylor * quarter));
    }
    for (name, value, bound, wrong) in terms {
        insert(name, value, found.rounding);
        insert(&format!("{name}-norms"), bound, step * bound);
        insert(&format!("{name}-false"), wrong, step * bound);
    }
    Ok(())
}

/// The same with λ as printed.
fn printed(out: &mut Measurement, cell: &Cell, case: &Case, checked: &RegularizedLoss<'_>) -> Result<()> {
    let objective = case.objective(case.printed())?;
    let end = case::from_zero(&objective, &case::options(cell.m()))?;
    let cost = |lambda: [f64; 4]| lambda.iter().zip(case.at_star).map(|(l, r)| l * r).sum::<f64>();
    let there = Terms::new(case, &objective, case.star.as_ref())?;
    let found = Terms::new(case, &objective, end.state.w.as_ref())?;
    for (name, value) in [("cost-printed", cost(objective.lambda())), ("cost", cost(checked.lambda()))] {
        out.insert(name, value, there.rounding);
    }
    out.insert("vacuous", VACUOUS * case.epsilon, case.built.model_rounding() * VACUOUS);
    out.insert("nothing", 0.0, 0.0);
    out.insert("printed", found.lhs(), found.rounding);
    out.insert("printed-at-star", there.lhs(), there.rounding);
    out.insert("printed-loss", found.here, found.rounding);
    Ok(())
}
