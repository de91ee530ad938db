//! ZG24, how fast the late stage is: with weight decay linear, without it not.
//!
//! Derived for this project, for one teacher and two neurons of the mass M/2 at the angles ±δ:
//!
//! > `L = 1 − 2Mκ(δ) + M²(1 + κ(2δ))/2`. With λ = 0 and the best M, `‖∇L‖/L^{2/3} → (4/π)(3π/4)^{2/3} =
//! > 2.2545` as δ → 0: no inequality of Polyak and Łojasiewicz holds. With λ > 0, `F_min = λ − λ²/4` and
//! > `‖∇F‖²/(λ(F − F_min))` is at least 2(1 − λ), and tends to 2 as δ/λ and λ do to 0.

use super::letters::{D, DECAY, INVERSE, M};
use super::student::{Student, one_minus_kernel};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use escapement::ball::Ball;
use faer::Mat;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, PI};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct LateRate;

const CARD: Card = Card {
    statement: r"\|\nabla L\| / L^{2/3} \to 2.2545 \quad (\lambda = 0), \qquad
        \|\nabla F\|^2 / (\lambda (F - F_{\min})) \to 2 \quad (\lambda > 0)",
    reference: "ZG24, the local analysis of the abstract; family and constants derived for this project",
    hypotheses: "One teacher, two neurons at the angles ±δ with the best mass, balanced.",
    method: "Closed forms without cancellation, δ from 2⁻³ to 2⁻¹⁶. The loss and the gradient of the general formulas \
        at the same students.",
    refuted_by: "Another limit or exponent; general formulas that differ.",
    variables: &["K", "lambda"],
    uses: &["decay-balance"],
    errata: &[ErratumId(1), ErratumId(3)],
    ..Card::new(&super::PAPER, "late-rate", "The late stage is linear with weight decay, and not without")
};

/// The family at an angle: best mass, F − F_min, ‖∇F‖², and the slope of F in δ.
#[derive(Debug, Clone, Copy)]
pub struct Split {
    /// M.
    pub mass: Ball,
    /// F − F_min.
    pub excess: Ball,
    /// ‖∇F‖².
    pub square: Ball,
    /// ∂F/∂δ at the best mass.
    pub slope: Ball,
}

/// Two neurons of the mass M/2 at the angles ±δ, with M = (2κ(δ) − λ)/(1 + κ(2δ)). With h = λ/2, e_1 = 1 −
/// κ(δ) and e_2 = 1 − κ(2δ), `F − F_min = [4(1−h)e_1 − (1−h)²e_2 − 2e_1²]/(2 − e_2)`, and `‖∇F‖² = M‖T‖²`
/// for balanced neurons.
pub fn split(delta: f64, decay: f64) -> Split {
    let h = 0.5 * decay;
    let (one, two) = (one_minus_kernel(delta), one_minus_kernel(2.0 * delta));
    let mass = 2.0 * (1.0 - h - one) / (2.0 - two);
    let numerator = if decay == 0.0 {
        // 4e_1 − e_2 loses its leading digits: e = φ²/2 − (2/3π)φ³ + …, of which the squares cancel.
        cubic(delta) - 2.0 * one.powi(2)
    } else {
        4.0 * (1.0 - h) * one - (1.0 - h) * (1.0 - h) * two - 2.0 * one.powi(2)
    };
    let slope = |phi: f64| Ball::relative(FRAC_2_PI * phi.sin() * (FRAC_PI_2 - phi), 8.0 * f64::EPSILON);
    // The tangential part of the gradient of either neuron.
    let aside = 2.0 * (slope(delta) - 0.5 * mass * slope(2.0 * delta));
    Split { mass, excess: numerator / (2.0 - two), square: mass * aside.powi(2), slope: mass * aside }
}

/// `4(1 − κ(δ)) − (1 − κ(2δ))`, by the series of `1 − κ(φ) = Σ_j c_j φ^j` from φ³ on.
fn cubic(delta: f64) -> Ball {
    // cos: Σ (−1)^{j+1} φ^{2j}/(2j)!; (2/π)(φ cos φ − sin φ): −(2/π) Σ (−1)^{j+1} 2j φ^{2j+1}/(2j+1)!.
    let (mut sum, mut size) = (0.0, 0.0);
    let (mut factorial, mut power) = (1.0, 1.0);
    for n in 1..40_i32 {
        factorial *= f64::from(n);
        power *= delta;
        let sign = if (n / 2) % 2 == 1 { 1.0 } else { -1.0 };
        let coefficient =
            if n % 2 == 0 { sign / factorial } else { -FRAC_2_PI * sign * f64::from(n - 1) / factorial };
        let term = coefficient * (4.0 - 2.0_f64.powi(n)) * power;
        sum += term;
        size += term.abs();
    }
    Ball::new(sum, 64.0 * f64::EPSILON * size)
}

impl Claim for LateRate {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for exponent in 3..=16 {
            let cell = |part: &str| Cell::new(self.id(), part).with(INVERSE, 1_usize << exponent);
            cells.push(cell("without"));
            for decay in [0.001, 0.01, 0.1, 0.3] {
                cells.push(cell("with").with(DECAY, decay));
            }
            if exponent <= 7 {
                cells.extend(
                    [0.0, 0.01, 0.1].map(|decay| cell("formulas").with(D, 4).with(M, 2).with(DECAY, decay)),
                );
            }
        }
        cells
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 1e4, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, _: u64) -> Result<Measurement> {
        let (delta, decay) =
            (1.0 / cell.whole(INVERSE) as f64, cell.get(DECAY).map_or(0.0, |decay| decay.real()));
        let at = split(delta, decay);
        let out = Measurement::new().hypothesis(
            "0 < δ, λ < 1",
            delta > 0.0 && delta < 0.5 && (0.0..1.0).contains(&decay),
            "two neurons at ±δ",
        );
        if cell.part == "formulas" {
            return Ok(formulas(out, delta, decay, at));
        }
        if cell.part == "without" {
            let power = (2.0 / 3.0 * at.excess.ln().value).exp();
            let relative = at.excess.error / at.excess.value + 8.0 * f64::EPSILON * (4.0 - delta.ln());
            let limit = 4.0 / PI * (0.75 * PI).powf(2.0 / 3.0);
            let ratio = at.square.sqrt() / Ball::relative(power, relative);
            let half = at.square.sqrt() / at.excess.sqrt();
            return Ok(out
                .quantity("angle", delta, 0.0)
                .ball("excess", at.excess)
                .ball("gradient", at.square.sqrt())
                .ball("ratio", ratio)
                .ball("miss", (ratio - limit).abs())
                .ball("miss_half", (half - limit).abs())
                .quantity("delta", 0.25 * delta, 0.0)
                .ball("lojasiewicz", at.square / at.excess));
        }
        let ratio = at.square / (decay * at.excess);
        Ok(out
            .quantity("angle", delta, 0.0)
            .ball("excess", at.excess)
            .ball("miss", (ratio - 2.0).abs())
            .ball("miss_four", (ratio - 4.0).abs())
            .quantity("allowed", 2.0 * decay + 4.0 * delta / decay, 0.0)
            .ball("ratio", ratio)
            .quantity("least", 2.0 * (1.0 - decay), 0.0)
            .quantity("four", 4.0, 0.0))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "formulas",
                "F and ‖∇F‖² of the family are those of the general formulas",
                "closed",
                "general",
                Neighbour::lhs("closed_alone", "the second neuron left out of the gradient"),
            )
            .code_check()
            .part("formulas"),
            Bound::inequality(
                "limit",
                "λ = 0: |‖∇L‖/L^{2/3} − 2.2545| ≤ δ/4",
                "miss",
                Side::Upper,
                "delta",
                Neighbour::lhs("miss_half", "the exponent ½ in place of ⅔"),
            )
            .headline()
            .chosen("the factor ¼, after distances of up to 0.13δ")
            .part("without"),
            Bound::asymptotic(
                "no-inequality",
                "λ = 0: ‖∇L‖²/L ≍ δ = 1/K, so that no multiple of L is below ‖∇L‖²",
                "lojasiewicz",
                Sweep::both(INVERSE, |_| -1.0),
            )
            .headline()
            .part("without"),
            Bound::inequality(
                "linear",
                "λ > 0: |‖∇F‖²/(λ(F − F_min)) − 2| ≤ 2λ + 4δ/λ",
                "miss",
                Side::Upper,
                "allowed",
                Neighbour::lhs("miss_four", "the limit 4"),
            )
            .part("with"),
            Bound::inequality(
                "lojasiewicz",
                "λ > 0: ‖∇F‖² ≥ 2λ(1 − λ)(F − F_min)",
                "ratio",
                Side::Lower,
                "least",
                Neighbour::rhs("four", "4λ"),
            )
            .headline()
            .part("with"),
        ]
    }
}

/// The family by the general formulas.
fn formulas(out: Measurement, delta: f64, decay: f64, at: Split) -> Measurement {
    let size = (0.5 * at.mass.value).sqrt();
    let teacher = Student { a: vec![1.0], w: Mat::from_fn(1, 4, |_, c| if c == 0 { 1.0 } else { 0.0 }) };
    let side = |r: usize| if r == 0 { delta } else { -delta };
    let w = Mat::from_fn(2, 4, |r, c| match c {
        0 => size * side(r).cos(),
        1 => size * side(r).sin(),
        _ => 0.0,
    });
    let student = Student { a: vec![size; 2], w };
    let minimum = decay - 0.25 * decay * decay;
    let gradient = student.gradient(&teacher, decay);
    // F has no part of order one that survives: its rounding is that of its terms, and the gradient's
    // likewise.
    let general = student.objective(&teacher, decay) + Ball::new(gradient.square(), 1e-14);
    let alone = (delta.sin() * (FRAC_PI_2 - delta) * FRAC_2_PI * 2.0).powi(2) * at.mass;
    out.ball("closed", at.excess + minimum + at.square)
        .ball("general", general)
        .ball("closed_alone", at.excess + minimum + alone)
}
