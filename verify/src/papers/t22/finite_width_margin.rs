//! T22, the margin at finite width: how many neurons keep the margin of infinite width.
//!
//! Derived for this project, for weights W_0 that are cut into m and m' neurons:
//!
//! > `(m+m')γ²_{m+m'} ≥ mγ²_m + m'γ²_{m'}`, and the same for `γ^∞` without squares, because a minimum of
//! > sums is at least the sum of the minima; hence `E γ²_m ≤ γ_2²` at every m. And `P(γ^∞_m < γ^∞ − ε) ≤ n
//! > exp(−mε²/4.67)`, so that `m ≥ 18.7 ln(n/δ)/(γ^∞)²` has `γ_m ≥ γ^∞_m ≥ γ^∞/2` with probability 1 − δ.
//!
//! The width is inverse polynomial in the margin. Its constant is far from sharp: the least width that does
//! is measured beside it. Neurons are independent here; of paired ones twice as many are needed.

use super::instance::{self, Examples};
use super::letters::{D, M};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Gradients, parity};
use escapement::tolerance;
use faer::{Mat, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct FiniteWidthMargin;

/// Draws of W_0 behind a mean.
const DRAWS: usize = 64;
/// Draws of W_0 at each width, and the probability δ with which they may fail.
const TRIALS: usize = 64;
const FAILING: f64 = 0.1;

const CARD: Card = Card {
    statement: r"(m+m') \gamma_{m+m'}^2 \ge m \gamma_m^2 + m' \gamma_{m'}^2, \qquad
        \gamma_m^\infty \ge \frac{1}{2} \gamma^\infty \text{ at }
        m \ge \frac{18.7 \ln(n/\delta)}{(\gamma^\infty)^2}",
    reference: "T22, the width of the abstract; statement and constants derived for this project",
    hypotheses: "Independent standard normal neurons, σ'(0) = 0; the parity on the whole cube.",
    method: "Every cut of W_0 into two runs of neurons, each margin in a certified interval, and three cuts \
        for γ^∞. What E γ²_m misses of γ_2², over 64 draws with a Student interval of confidence 1 − 10⁻⁶, \
        followed in m. The width with δ = 0.1 \
        over 64 draws, where γ^∞_m is bounded from below, and the least power of 2 that does as well. The \
        dependence of the width on n, on δ and on other data is not looked at.",
    refuted_by: "A cut that gains margin; a mean above that of infinite width; more failures than δ.",
    variables: &["m", "d", "n", "δ"],
    uses: &["lr-ntk-margin"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(&super::PAPER, "lr-finite-width-margin", "The margin at finite width")
};

impl Claim for FiniteWidthMargin {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize| Cell::new(self.id(), part).with(D, d);
        let replicates = if tier == Tier::Quick { 2 } else { 64 };
        let mut cells = Vec::new();
        for (d, m) in [(2, 16), (3, 24), (4, 32)] {
            cells.extend((0..replicates).map(|i| cell("cut", d).with(M, m).replicate(i)));
        }
        let (largest, count, means) = if tier == Tier::Quick { (3, 6, 1) } else { (5, 8, 4) };
        for (d, m) in (2..=largest).flat_map(|d| sweep::doublings(16, count).map(move |m| (d, m))) {
            cells.extend((0..means).map(|i| cell("mean", d).with(M, m).replicate(i)));
        }
        cells.extend((2..=largest.max(4)).map(|d| cell("width", d)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, m) = ((1_u64 << cell.d().min(16)) as f64, cell.m() as f64);
        let flops = match cell.part.as_str() {
            "cut" => 1e5 * m * n,
            "mean" => DRAWS as f64 * (1e4 + 2e3 * n * n + 10.0 * n * m * cell.d() as f64),
            _ => TRIALS as f64 * 4e4 * n * n,
        };
        Prediction { flops, bytes: 1e6 + 1e5 * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let cube = Examples::cube(cell.d())?;
        let out = match cell.part.as_str() {
            "cut" => cut(cell, seed, &cube),
            "mean" => mean(cell, seed, &cube),
            _ => width(cell, seed, &cube),
        }?;
        Ok(out.hypothesis("independent neurons", true, "none is paired"))
    }

    fn bounds(&self) -> Vec<Bound> {
        let cut = |name: &str, statement: &str, of: &str| {
            let [whole, parts, dropped, reversed] =
                ["whole", "parts", "dropped", "reversed"].map(|q| format!("{q}_{of}"));
            let weights = Neighbour::rhs(dropped, "m in place of either width on the right");
            Bound::inequality(name, statement, whole, Side::Lower, parts, weights)
                .neighbour(Neighbour::rhs(reversed, "the reversed sign"))
                .code_check()
                .part("cut")
        };
        vec![
            cut("cut", "(m+m')γ²_{m+m'} ≥ mγ²_m + m'γ²_{m'} on every cut", "kernel").headline(),
            cut("cut-of-transport", "(m+m')γ^∞_{m+m'} ≥ mγ^∞_m + m'γ^∞_{m'}", "transport"),
            Bound::identity(
                "sum",
                "E ‖2^{−d} Σ_i φ_i‖² = γ_2² at every m",
                "sum",
                "limit",
                Neighbour::rhs("inner", "the kernel of the inner layer"),
            )
            .part("mean"),
            Bound::inequality(
                "mean",
                "E γ²_m ≤ γ_2²",
                "mean",
                Side::Upper,
                "limit",
                Neighbour::rhs("inner", "the kernel of the inner layer"),
            )
            .code_check()
            .part("mean"),
            Bound::growth(
                "missing",
                "γ_2² − E γ²_m ≲ 2n/√m, because |q'(K̃ − K)q| is at most the largest entry",
                "missing",
                "entries",
                Sweep::upper(M, |_| -0.5),
            )
            .scatter("a mean over 64 draws")
            .part("mean"),
            Bound::probability(
                "width",
                "γ^∞_m ≥ γ^∞/2 with probability 0.9 at m = 18.7 ln(n/0.1)/(γ^∞)²",
                "successes",
                "trials",
                Side::Lower,
                1.0 - FAILING,
            )
            .headline()
            .part("width"),
            Bound::inequality(
                "least-width",
                "the least width that does is at most 18.7 ln(n/0.1)/(γ^∞)²",
                "least",
                Side::Upper,
                "width",
                Neighbour::rhs("dimension", "d neurons"),
            )
            .part("width"),
        ]
    }
}

/// γ_m and, where asked for, γ^∞_m of some neurons.
fn margins(w: &Mat<f64>, rows: [usize; 2], cube: &Examples, both: bool) -> Result<[Ball; 2]> {
    let own = w.as_ref().subrows(rows[0], rows[1] - rows[0]);
    let gradients = Gradients::new(own, cube.x.as_ref(), &cube.y, Par::Seq)?;
    let transport = if both { gradients.transport_margin()?.margin } else { Ball::exact(0.0) };
    let kernel = gradients.margin()?.margin;
    Ok([kernel * kernel, transport])
}

/// Every cut of W_0 into its first neurons and the others; γ^∞ at the quarters.
fn cut(cell: &Cell, seed: u64, cube: &Examples) -> Result<Measurement> {
    let m = cell.m();
    let w = instance::weights(&mut cell.stream(seed, "weights"), m, cell.d());
    let whole = margins(&w, [0, m], cube, true)?.map(|margin| margin * m as f64);
    let mut out = Measurement::new();
    let mut found: [Vec<[Ball; 2]>; 2] = Default::default();
    for first in 1..m {
        let quarter = first.is_multiple_of(m / 4);
        let parts = [margins(&w, [0, first], cube, quarter)?, margins(&w, [first, m], cube, quarter)?];
        let sizes = [first as f64, (m - first) as f64];
        for (of, found) in found.iter_mut().enumerate().filter(|(of, _)| *of == 0 || quarter) {
            let weighted = parts[0][of] * sizes[0] + parts[1][of] * sizes[1];
            found.push([weighted, (parts[0][of] + parts[1][of]) * m as f64]);
        }
    }
    let most = |a: Ball, b: Ball| if b.upper() > a.upper() { b } else { a };
    let least = |a: Ball, b: Ball| if b.lower() < a.lower() { b } else { a };
    for (of, name) in ["kernel", "transport"].into_iter().enumerate() {
        let of_cuts = |which: usize| found[of].iter().map(move |cut| cut[which]);
        let none = Ball::exact(0.0);
        out = out
            .ball(format!("whole_{name}"), whole[of])
            .ball(format!("parts_{name}"), of_cuts(0).fold(none, most))
            .ball(format!("dropped_{name}"), of_cuts(1).fold(none, most))
            // whole ≥ 2 whole − parts says that whole ≤ parts.
            .ball(format!("reversed_{name}"), 2.0 * whole[of] - of_cuts(0).fold(whole[of], least));
    }
    Ok(out)
}

/// E γ²_m over draws of W_0. Equal weights on the corners give `S ≥ γ²_m` with E S = γ_2², so that the
/// scatter is that of S − γ²_m alone.
fn mean(cell: &Cell, seed: u64, cube: &Examples) -> Result<Measurement> {
    let (rng, equal) = (&mut cell.stream(seed, "weights"), vec![1.0; cube.y.len()]);
    let [mut missing, mut sums] = [const { Vec::new() }; 2];
    let mut error = 0.0_f64;
    for _ in 0..DRAWS {
        let w = instance::weights(rng, cell.m(), cell.d());
        let gradients = Gradients::new(w.as_ref(), cube.x.as_ref(), &cube.y, Par::Seq)?;
        let margin = gradients.margin()?.margin;
        let sum = Ball::exact(gradients.margin_at(&equal)?.margin.upper());
        let difference = sum * sum - margin * margin;
        missing.push(difference.value);
        sums.push(sum.value * sum.value);
        error = error.max(difference.error);
    }
    let square = |layers| -> Result<Ball> { Ok(parity(cell.d(), layers)?[0].powi(2)) };
    let limit = square(Layers::Both)?;
    let interval = |draws: &[f64]| student_interval(draws, tolerance::FAILURE);
    let ((missing, half), (sum, half_of_sum)) = (interval(&missing), interval(&sums));
    let entries = 2.0 * cube.y.len() as f64 / (cell.m() as f64).sqrt();
    Ok(Measurement::new()
        .ball("mean", limit - Ball::new(missing, half + error))
        .ball("limit", limit)
        .ball("inner", square(Layers::Inner)?)
        .quantity("sum", sum, half_of_sum)
        .quantity("missing", missing, error)
        .quantity("entries", entries, 0.0))
}

/// Whether γ^∞_m is at least `least`: equal weights on the corners decide where they can, and the cone
/// program elsewhere.
fn reaches(w: &Mat<f64>, cube: &Examples, least: f64) -> Result<bool> {
    let gradients = Gradients::new(w.as_ref(), cube.x.as_ref(), &cube.y, Par::Seq)?;
    let found = gradients.transport_margin_at(&vec![1.0; cube.y.len()])?.margin;
    let open = found.lower() < least && least <= found.upper();
    let lower = if open { gradients.transport_margin()?.margin.lower() } else { found.lower() };
    Ok(lower >= least)
}

/// How often γ^∞_m ≥ γ^∞/2 at the width, and the least power of 2 at which it fails no oftener than δ.
fn width(cell: &Cell, seed: u64, cube: &Examples) -> Result<Measurement> {
    let limit = instance::transport(cell, seed, cube)?;
    let asked = 18.7 * (cube.y.len() as f64 / FAILING).ln() / limit.lower().powi(2);
    let rng = &mut cell.stream(seed, "weights");
    let mut successes = |m: usize| -> Result<usize> {
        let mut count = 0;
        for _ in 0..TRIALS {
            let w = instance::weights(rng, m, cell.d());
            count += usize::from(reaches(&w, cube, 0.5 * limit.upper())?);
        }
        Ok(count)
    };
    let at_width = successes(asked.ceil() as usize)?;
    let mut least = asked.ceil() as usize;
    for m in sweep::doublings(2, 30).take_while(|m| (*m as f64) < asked) {
        if successes(m)? as f64 >= (1.0 - FAILING) * TRIALS as f64 {
            least = m;
            break;
        }
    }
    Ok(Measurement::new()
        .quantity("successes", at_width as f64, 0.0)
        .quantity("trials", TRIALS as f64, 0.0)
        .quantity("least", least as f64, 0.0)
        .quantity("width", asked, 0.0)
        .quantity("dimension", cell.d() as f64, 0.0))
}
