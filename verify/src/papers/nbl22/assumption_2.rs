//! Assumption 2 of NBL22: the activation and its first two derivatives are bounded by 1.
//!
//! > sup |σ|, sup |σ'| and sup |σ''| are below 1.
//!
//! As printed the inequalities are strict, and sup σ = 1 for the sigmoid, for tanh and for the sine; as
//! checked (erratum 0) they are not. The suprema are closed forms; a dense search over a grid, with a
//! Lipschitz bound on what a grid can miss, is a second route to them. The third derivative is recorded as
//! well, since the Taylor step uses a bound on it that is not assumed (erratum 2).
//!
//! The part "named" has the answer of each activation that the program knows. An activation that does not
//! satisfy an assumption does not refute it: the answer that the closed forms give is asserted as it is, a
//! failure as a failure, and the search must find the same.

use super::instance;
use crate::claim::{Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Tier};
use crate::error::Result;
use escapement::activation::{self, Activation, Derivative};
use escapement::ball::Ball;
use escapement_prove::Form;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Assumption2;

/// Half the length of the searched interval, about the shift: outside it the sigmoid and tanh differ from
/// their limits by e⁻⁴⁰.
const REACH: i32 = 40;
/// Grid points for each unit of length: a power of two, so that the grid is exact.
const PER_UNIT: i32 = 1 << 13;
/// Names of the derivatives in quantities.
const NAMES: [&str; 4] = ["sigma", "sigma-1", "sigma-2", "sigma-3"];
/// Where softplus exceeds 1: a finite witness of an infinite supremum.
const WITNESS: f64 = 2.0;
/// The part that asks each activation of [`activation::NAMES`].
const NAMED: &str = "named";

const CARD: Card = Card {
    statement: r"\sup|\sigma| \le 1, \qquad \sup|\sigma'| \le 1, \qquad \sup|\sigma''| \le 1",
    reference: "NBL22, Assumption 2",
    hypotheses: "None: it is an assumption on σ. Checked for the sigmoid shifted by 1, tanh shifted by ½, \
        and the sine. For every other named activation the answer is shown, and refutes nothing.",
    method: "Suprema in closed form, decided on them; a search over 655 360 grid points, with the Lipschitz \
        constant that the next derivative gives, must agree. Each named activation has a bound of its own, \
        whose implied constant is the supremum, or for an unbounded one the largest value of the search.",
    refuted_by: "A supremum above 1, or a value of the search farther from the closed form than half a grid \
        step times the Lipschitz constant.",
    errata: &[ErratumId(0), ErratumId(2)],
    ..Card::new(&crate::papers::nbl22::PAPER, "assumption-2", "Bounded activation")
};

impl Claim for Assumption2 {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::EveryDimension]
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let cell = |part: &str, name: &str| Cell::new(self.id(), part).activation(name);
        let checked = ["sigmoid:1", "tanh:0.5", "sine"].map(|name| cell("", name));
        checked.into_iter().chain(activation::NAMES.map(|name| cell(NAMED, name))).collect()
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 1.5e7, bytes: 1e4 }
    }

    fn measure(&self, cell: &Cell, _seed: u64) -> Result<Measurement> {
        let sigma = instance::activation(cell)?;
        let suprema = sigma.suprema();
        let mut out = Measurement::new().quantity("one", 1.0, 0.0);
        // What is unbounded, or does not exist, has no supremum to record.
        for (name, s) in NAMES.iter().zip(&suprema).filter(|(_, s)| s.value.is_finite()) {
            out.insert(format!("sup.{name}"), s.value, closed_form_error(s.value));
        }
        for (quantity, largest) in [
            ("sup", largest(sigma.as_ref())),
            ("sup.erf", largest(activation::parse("erf")?.as_ref())),
            ("sup.sigmoid", largest(activation::parse("sigmoid")?.as_ref())),
        ] {
            if largest.is_finite() {
                out.insert(quantity, largest, closed_form_error(largest));
            }
        }
        let witness = activation::parse("softplus")?.value(WITNESS);
        out.insert("value.softplus", witness, 4.0 * f64::EPSILON * witness);
        let shift = shift_of(&cell.activation);
        let mut found = Ball::exact(0.0);
        for (i, order) in Derivative::ALL[..3].iter().enumerate() {
            let (value, rounding) = search(sigma.as_ref(), *order, shift);
            if value > found.value {
                found = Ball::new(value, rounding);
            }
            if !searched(&cell.activation, i) {
                continue;
            }
            // The nearest grid point is at most half a step away, and the next derivative bounds the slope.
            let missed = 0.5 / f64::from(PER_UNIT) * suprema[i + 1].value;
            // Beyond the reach the functions stay within e^{−REACH} of their limits (the sine repeats
            // itself).
            let beyond = (-f64::from(REACH)).exp();
            out.insert(format!("search.{}", NAMES[i]), value, missed + beyond + rounding);
        }
        let points = f64::from(2 * REACH) * f64::from(PER_UNIT);
        let out = out.ball("found", found).cost(3.0 * 40.0 * points, 1e4, 0.0);
        Ok(if cell.part == NAMED {
            out.hypothesis("a named activation", true, "the assumption is asked of it, not made")
        } else {
            let third = suprema[3].value;
            out.hypothesis("σ''' bounded", third.is_finite(), format!("sup |σ'''| = {third:.4}"))
        })
    }

    fn bounds(&self) -> Vec<Bound> {
        let mut bounds = vec![
            Bound::inequality(
                "bounded",
                "max(sup |σ|, sup |σ'|, sup |σ''|) ≤ 1",
                "sup",
                Side::Upper,
                "one",
                Neighbour::lhs("sup.erf", "erf, whose slope at 0 is 2/√π"),
            )
            .headline()
            .neighbour(Neighbour::lhs("value.softplus", "softplus, which is unbounded: its value at z = 2"))
            .part(""),
            Bound::inequality(
                "bounded-as-printed",
                "max(sup |σ|, sup |σ'|, sup |σ''|) < 1",
                "sup",
                Side::Upper,
                "one",
                Neighbour::lhs("sup.erf", "erf, whose slope at 0 is 2/√π"),
            )
            .strict()
            .printed(ErratumId(0))
            .part(""),
        ];
        bounds.extend(activation::NAMES.map(answer));
        for (i, symbol) in ["σ", "σ'", "σ''"].iter().enumerate() {
            bounds.push(
                Bound::identity(
                    format!("search-{}", NAMES[i]),
                    format!("the largest |{symbol}| found by a dense search is its supremum in closed form"),
                    format!("search.{}", NAMES[i]),
                    format!("sup.{}", NAMES[i]),
                    Neighbour::rhs(format!("sup.{}", NAMES[i + 1]), "the supremum of the next derivative"),
                )
                .code_check()
                .among(move |cell| searched(&cell.activation, i)),
            );
        }
        bounds
    }
}

/// The largest of sup |σ|, sup |σ'| and sup |σ''|.
fn largest(sigma: &dyn Activation) -> f64 {
    sigma.suprema()[..3].iter().fold(0.0, |a: f64, s| a.max(s.value))
}

/// Whether the derivative of this order of an activation has a supremum that the search must find.
fn searched(name: &str, order: usize) -> bool {
    activation::parse(name).is_ok_and(|sigma| {
        let suprema = sigma.suprema();
        suprema[order].value.is_finite() && suprema[order + 1].value.is_finite()
    })
}

/// Whether a named activation satisfies the assumption as checked, as its closed forms say.
fn satisfies(name: &str) -> bool {
    activation::parse(name).is_ok_and(|sigma| largest(sigma.as_ref()) <= 1.0)
}

/// The bound that states the answer of a named activation: of one that fails the search must find a value
/// above 1.
fn answer(name: &'static str) -> Bound {
    let bound = if satisfies(name) {
        Bound::inequality(
            format!("named-{name}"),
            format!("{name} satisfies it, whatever the shift: max(sup |σ|, sup |σ'|, sup |σ''|) ≤ 1"),
            "sup",
            Side::Upper,
            "one",
            Neighbour::lhs("sup.erf", "erf in its place"),
        )
    } else {
        Bound::inequality(
            format!("named-{name}"),
            format!(
                "{name} fails, whatever the shift: |σ|, |σ'| or |σ''| exceeds 1 at a point of the search"
            ),
            "found",
            Side::Lower,
            "one",
            Neighbour::lhs("sup.sigmoid", "the sigmoid in its place, whose supremum is 1"),
        )
        .strict()
    };
    bound.part(NAMED).among(move |cell| cell.activation == name).code_check()
}

/// The error of a supremum in closed form: none for a dyadic rational such as 1 or ¼, four roundings where
/// roots enter.
fn closed_form_error(value: f64) -> f64 {
    if (value * 1024.0).fract() == 0.0 { 0.0 } else { 2.0 * f64::EPSILON * value }
}

/// The shift in an activation's name; 0 where there is none.
fn shift_of(name: &str) -> f64 {
    name.split_once(':').and_then(|(_, b)| b.parse().ok()).unwrap_or(0.0)
}

/// The largest modulus on the grid, and the rounding of an evaluation there.
fn search(sigma: &dyn Activation, order: Derivative, centre: f64) -> (f64, f64) {
    let mut values = vec![0.0; PER_UNIT as usize];
    let mut best = 0.0_f64;
    for unit in -REACH..REACH {
        for (i, z) in values.iter_mut().enumerate() {
            *z = centre + f64::from(unit) + i as f64 / f64::from(PER_UNIT);
        }
        sigma.apply(order, &mut values);
        best = values.iter().fold(best, |a, v| a.max(v.abs()));
    }
    (best, 8.0 * f64::EPSILON * best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_named_activations_satisfy_the_assumption() {
        let answers = activation::NAMES.map(|name| (name, satisfies(name)));
        let expected = [
            ("sigmoid", true),
            ("tanh", true),
            ("erf", false),
            ("sine", true),
            ("softplus", false),
            ("relu", false),
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn the_search_finds_what_fails() {
        let found = |name: &str| Assumption2.measure(&Cell::new("assumption-2", NAMED).activation(name), 0);
        let [erf, softplus] = ["erf", "softplus"].map(|name| found(name).unwrap());
        assert!((erf.quantities["found"].value - 2.0 / std::f64::consts::PI.sqrt()).abs() < 1e-15);
        // The search ends at z = 40, where softplus is z to rounding.
        assert!(softplus.quantities["found"].value > 39.9);
        assert!(!softplus.quantities.contains_key("sup") && !erf.quantities.contains_key("value"));
    }
}
