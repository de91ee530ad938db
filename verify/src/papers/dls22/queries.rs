//! DLS22, Theorem 2, Lemmas 5 and 6: what a learner with correlational queries needs.
//!
//! > With q queries of tolerance τ a learner of `{He_p(u·x)/√p!}` needs `τ² ≲ log^{p/2}(qd)/d^{p/2}`.
//!
//! The statement is about all learners, so that no experiment can refute it: what is put to the test is the
//! counting. The correlation of two members is `(u·v)^p`. With the exact probability P of
//! `|v·w| > ε` for uniform directions, the union bound gives families with `N(N − 1)P < 2`, a greedy choice
//! those with N ≥ 1/P, and no family has more than `1/Pr(|v·w| > √((1+ε)/2))` members. One query of unit
//! norm reaches at most `(1 − ε)/(τ² − ε)` members of correlation ε with one sign.

use super::letters::{D, DEGREE, EPSILON, TAU};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::{HermiteSeries, Law, Polynomial};
use escapement::sphere::cap_probability;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Queries;

/// The values of ε over which the best tolerance is sought, 1/128 to 127/128.
const GRID: usize = 128;
/// Probabilities below e^{−600} are left out: f64 does not hold them.
const LEAST_LOG: f64 = -600.0;

const CARD: Card = Card {
    statement: r"\tau^2 \le \frac{1 + \log^{p/2}\left( 4q (d/4)^{p/2} \right)}{(d/4)^{p/2}}",
    reference: "DLS22, Theorem 2, Lemmas 5 and 6",
    hypotheses: "Queries of unit norm, and a learner that answers with a member of the family; q = d \
        queries.",
    method: "The correlation of two members by the moments of polynomials. The size of families from exact \
        probabilities of caps, d from 4 to 4096 and ε from 0.1 to 0.9, in logarithms. The number of members \
        that one query reaches against what equicorrelated families attain. The tolerance from the exact \
        probabilities, at the best ε, against the closed form, which is followed in d. The verdict is on \
        the counting, not on learners.",
    refuted_by: "A family that is smaller, or larger, than stated; a query that reaches more; a tolerance \
        that the exact count does not exclude although the closed form does.",
    variables: &["d"],
    errata: &[ErratumId(7)],
    ..Card::new(&super::PAPER, "dls-csq", "Counting for correlational queries")
};

impl Claim for Queries {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str| Cell::new(self.id(), part);
        let mut cells = Vec::new();
        for p in 1..=8 {
            cells.extend(
                [-0.9, -0.3, 0.2, 0.7].map(|c| cell("correlation").with(DEGREE, p).with(EPSILON, c)),
            );
        }
        for epsilon in [0.1_f64, 0.2, 0.3, 0.5, 0.8, 0.9] {
            let sizes = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
            // Both caps must have a probability that f64 holds.
            let held = |d: &usize| 0.5 * *d as f64 * (0.5 * (1.0 - epsilon)).ln() > LEAST_LOG;
            let at = |d: usize| cell("family").with(D, d).with(EPSILON, epsilon);
            cells.extend(sizes.into_iter().filter(held).map(at));
        }
        for (epsilon, tau) in [(0.05, 0.5), (0.01, 0.3), (0.1, 0.45), (0.05, 0.6), (0.001, 0.1), (0.0, 0.3)]
        {
            cells.push(cell("query").with(EPSILON, epsilon).with(TAU, tau));
        }
        for p in [2, 3, 4, 6] {
            let at = |d: &usize| cell("tolerance").with(D, *d).with(DEGREE, p);
            cells.extend(sweep::dimensions(tier).iter().filter(|d| **d >= 6).map(at));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let flops = if cell.part == "tolerance" { 2e3 * GRID as f64 } else { 1e5 };
        Prediction { flops, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, _seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "correlation" => correlation(cell),
            "family" => family(cell),
            "query" => Ok(query(cell)),
            _ => tolerance(cell),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "correlation",
                "E[He_p(u·x) He_p(v·x)]/p! = (u·v)^p",
                "correlation",
                "power",
                Neighbour::rhs("power_below", "p − 1 in place of p"),
            )
            .part("correlation"),
            Bound::inequality(
                "union-bound",
                "families with N(N − 1)P < 2 have N ≥ ½e^{ε²d/4}: ln √(2/P) ≥ ε²d/4 − ln 2",
                "union",
                Side::Lower,
                "quarter",
                Neighbour::rhs("half", "½ in place of ¼ in the exponent"),
            )
            .headline()
            .part("family"),
            Bound::inequality(
                "greedy-choice",
                "a greedy choice has N ≥ 1/P ≥ ½e^{ε²d/2}",
                "greedy",
                Side::Lower,
                "half",
                Neighbour::rhs("two", "2 in place of ½ in the exponent"),
            )
            .part("family"),
            Bound::inequality(
                "packing",
                "½e^{ε²d/4} is no more than a packing of caps allows, 1/Pr(|v·w| > √((1+ε)/2))",
                "quarter",
                Side::Upper,
                "packing",
                Neighbour::lhs("two", "2 in place of ¼ in the exponent"),
            )
            .part("family"),
            Bound::inequality(
                "one-query",
                "equicorrelated families attain at most (1 − ε)/(τ² − ε) members for one query",
                "attained",
                Side::Upper,
                "most",
                Neighbour::rhs("most_without", "τ² in place of τ² − ε"),
            )
            .part("query"),
            Bound::inequality(
                "tolerance",
                "the tolerance that the exact count excludes, at the best ε, is at most the closed form",
                "exact_count",
                Side::Upper,
                "closed_form",
                Neighbour::rhs("closed_form_faster", "the power p − 1 in place of p/2"),
            )
            .headline()
            .trivially("one")
            .part("tolerance"),
            Bound::inequality(
                "tolerance-as-printed",
                "τ² ≤ log^{p/2}(qd)/d^{p/2} with the constant 1, from what the exact count excludes",
                "exact_count",
                Side::Upper,
                "printed",
                Neighbour::rhs("closed_form_faster", "the power p − 1 in place of p/2"),
            )
            .printed(ErratumId(7))
            .part("tolerance"),
            Bound::asymptotic(
                "tolerance-in-d",
                "the closed form over log^{p/2}(qd) is ≍ d^{−p/2}",
                "closed_form_over_log",
                Sweep::both(D, |c| -0.5 * c.whole(DEGREE) as f64),
            )
            .part("tolerance"),
        ]
    }
}

/// `E[He_p(u·x) He_p(v·x)]/p!` for u·v = c.
fn correlation(cell: &Cell) -> Result<Measurement> {
    let (p, c) = (cell.whole(DEGREE), cell.real(EPSILON));
    let he = HermiteSeries::from_hermite(1, &[(vec![p as u8], 1.0)])?.monomials();
    let across = (1.0 - Ball::exact(c) * c).sqrt();
    let along = |u: [Ball; 2]| he.of(&[Polynomial::linear(&u)]);
    let mean = along([Ball::exact(1.0), Ball::exact(0.0)])
        .mean_of_product(&along([Ball::exact(c), across]), Law::Normal);
    let factorial: f64 = (1..=p).map(|i| i as f64).product();
    Ok(Measurement::new()
        .ball("correlation", mean / factorial)
        .ball("power", Ball::exact(c).powi(p as i32))
        .ball("power_below", Ball::exact(c).powi(p as i32 - 1))
        .hypothesis("unit directions", true, "u·v is given"))
}

/// Logarithms of the sizes of families with correlations of at most ε.
fn family(cell: &Cell) -> Result<Measurement> {
    let (d, epsilon) = (cell.d(), cell.real(EPSILON));
    let log = |at: f64| -> Result<Ball> { Ok(cap_probability(d, at)?.ln()) };
    let two = Ball::exact(2.0).ln();
    let exponent = |c: f64| Ball::exact(c) * epsilon * epsilon * d as f64 - two;
    let far = log(epsilon)?;
    Ok(Measurement::new()
        .ball("union", (two - far) * 0.5)
        .ball("greedy", -far)
        .ball("packing", -log((0.5 * (1.0 + epsilon)).sqrt())?)
        .ball("quarter", exponent(0.25))
        .ball("half", exponent(0.5))
        .ball("two", exponent(2.0))
        .hypothesis("0 < ε < 1", true, format!("{epsilon}")))
}

/// The most members that one query reaches: N equicorrelated functions of unit norm have a mean of the
/// square norm `(1 + (N − 1)ε)/N`, whose direction reaches all of them as long as that is at least τ².
fn query(cell: &Cell) -> Measurement {
    let (epsilon, tau) = (cell.real(EPSILON), cell.real(TAU));
    let reached = |n: &usize| 1.0 + (*n as f64 - 1.0) * epsilon >= tau * tau * *n as f64;
    let attained = (1..).take_while(reached).last().unwrap_or(0);
    let [e, square] = [Ball::relative(epsilon, f64::EPSILON), Ball::relative(tau * tau, 2.0 * f64::EPSILON)];
    Measurement::new()
        .quantity("attained", attained as f64, 0.0)
        .ball("most", (1.0 - e) / (square - e))
        .ball("most_without", (1.0 - e) / square)
        .hypothesis("ε < τ²", epsilon < tau * tau, format!("{epsilon} against {}", tau * tau))
}

/// The tolerance that the count excludes, with q = d queries.
fn tolerance(cell: &Cell) -> Result<Measurement> {
    let (d, p) = (cell.d(), cell.whole(DEGREE));
    let (q, half) = (d as f64, 0.5 * p as f64);
    // q ≥ (N − 2)(τ² − ε^p)/2 queries are needed, for every ε.
    let mut best = Ball::exact(1.0);
    for i in 1..GRID {
        let epsilon = i as f64 / GRID as f64;
        let probability = cap_probability(d, epsilon)?;
        let most = 1.0 / probability - 2.0;
        if most.lower() > 0.0 && probability.lower() > f64::MIN_POSITIVE {
            let excluded = Ball::exact(epsilon).powi(p as i32) + 2.0 * q / most;
            best = if excluded.value < best.value { excluded } else { best };
        }
    }
    let power = |x: f64, e: f64| Ball::relative(x.powf(e), 4.0 * f64::EPSILON * (1.0 + e * x.ln().abs()));
    let (quarter, log) = (0.25 * d as f64, |x: f64| power(x.ln(), half));
    let numerator = 1.0 + log(4.0 * q * quarter.powf(half));
    let closed = numerator / power(quarter, half);
    let logs = log(q * d as f64);
    Ok(Measurement::new()
        .ball("exact_count", best)
        .ball("closed_form", closed)
        .ball("closed_form_faster", numerator / power(quarter, p as f64 - 1.0))
        .ball("closed_form_over_log", closed / logs)
        .ball("printed", logs / power(d as f64, half))
        .quantity("one", 1.0, 0.0)
        .hypothesis("q ≥ 1", q >= 1.0, format!("{q}")))
}
