//! T22, the margins near the initialisation: three of them, their order and their closed forms.
//!
//! At width m, `γ_m = max_{‖U‖ ≤ 1} min_i ⟨U, φ_i⟩` is that of the kernel machine of the gradients φ_i, and
//! `γ^∞_m` that of directions which move each neuron by at most m^{−1/2}. At infinite width they are γ_2, of
//! the kernel `K = (√(1−t²) + 2t(π − arccos t))/2π`, and γ^∞. Derived for this project:
//!
//! > On the whole cube the parity `sgn(x_1x_2)` has `γ_2² = E g(z)K(z/d)`, g = (z² − d)/(d(d−1)), z a sum of
//! > d signs, and `d γ_2 → √(3/2π)`. k orthonormal centres have `γ_2² = (1 − 1/2π)/k`, k/2 antipodal pairs
//! > `(1 − 1/π)/k`. `γ^∞ ≤ γ` by Jensen, and `γ^∞ ≥ γ³/√(max_x E‖ψ(x)‖⁴)` by Hölder, where the mean of the
//! > fourth power is 4 at infinite width.

use super::instance::{self, Examples};
use super::letters::{D, GROUPS, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Gradients, Groups, kernel_margin, parity};
use escapement::rounding;
use faer::Par;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct NtkMargin;

const CARD: Card = Card {
    statement: r"d\, \gamma_2 \to \sqrt{3/2\pi} \text{ on the parity}, \qquad
        \frac{1}{2} \gamma_2^3 \le \gamma^\infty \le \gamma_2",
    reference: "T22, the NTK margin of the abstract; formulas derived for this project",
    hypotheses: "Unit inputs and standard normal weights; the whole cube, or one input for each group.",
    method: "A quadratic program with a certified gap on all 2^d corners, d from 2 to 8, and on up to 64 \
        centres, against the closed forms. The closed form in d to 4096: its exponent, and the exponent of \
        its distance from the limit. γ^∞ as a mean over 16 384 neurons with a Student interval of \
        confidence 1 − 10⁻⁶. Both orders at finite width, where γ^∞_m is enclosed by a cone program.",
    refuted_by: "A program and a closed form that differ; another exponent or another limit; a γ^∞ outside.",
    variables: &["d", "k"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(&super::PAPER, "lr-ntk-margin", "Three margins near the initialisation")
};

impl Claim for NtkMargin {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str| Cell::new(self.id(), part);
        let mut cells: Vec<Cell> = (2..=8).map(|d| cell("cube").with(D, d)).collect();
        cells.extend(sweep::doublings(2, 6).map(|k| cell("orthonormal").with(GROUPS, k)));
        cells.extend(sweep::doublings(4, 5).map(|k| cell("antipodal").with(GROUPS, k)));
        cells.extend(sweep::dimensions(tier).iter().chain(&[4096]).map(|d| cell("sum").with(D, *d)));
        cells.extend([2, 3, 4, 6, 8].map(|d| cell("limit").with(D, d)));
        let replicates = if tier == Tier::Quick { 2 } else { 16 };
        for (d, m) in [(2, 16), (2, 64), (3, 32), (3, 64), (4, 64)] {
            cells.extend((0..replicates).map(|i| cell("width").with(D, d).with(M, m).replicate(i)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let corners = (1_u64 << cell.d().min(8)) as f64;
        let flops = match cell.part.as_str() {
            "cube" => 1e5 + 2.0 * corners.powi(3),
            "limit" => 3e3 * corners * cell.d() as f64,
            "width" => 1e6 * cell.m() as f64,
            _ => 1e6,
        };
        Prediction { flops, bytes: 1e6 + 64.0 * corners * corners }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let out = match cell.part.as_str() {
            "cube" => cube(cell),
            "orthonormal" => groups(cell, Groups::Orthonormal),
            "antipodal" => groups(cell, Groups::Antipodal),
            "sum" => sum(cell),
            "limit" => limit(cell, seed),
            _ => width(cell, seed),
        }?;
        Ok(out.hypothesis("‖x‖ = 1", true, "corners of {±1/√d}^d, or unit vectors"))
    }

    fn bounds(&self) -> Vec<Bound> {
        let order = |name: &str, statement: &str, part: &str| {
            let false_one = Neighbour::rhs("hoelder", "the lower bound in place of γ");
            Bound::inequality(name, statement, "transport", Side::Upper, "kernel", false_one).part(part)
        };
        let below = |name: &str, statement: &str, part: &str| {
            let false_one = Neighbour::rhs("kernel", "γ in place of the lower bound");
            Bound::inequality(name, statement, "transport", Side::Lower, "hoelder", false_one).part(part)
        };
        vec![
            Bound::identity(
                "parity",
                "the margin of all corners of the cube is γ_2 = √λ_2",
                "program",
                "kernel",
                Neighbour::rhs("inner", "the kernel of the inner layer"),
            )
            .neighbour(Neighbour::rhs("single", "K without the factor 2 on t(π − arccos t)"))
            .neighbour(Neighbour::rhs("degree_one", "the character of degree 1"))
            .headline()
            .part("cube"),
            Bound::identity(
                "groups",
                "k orthonormal centres have γ_2² = (1 − 1/2π)/k, and k/2 antipodal pairs (1 − 1/π)/k",
                "program",
                "kernel",
                Neighbour::rhs("orthogonal", "K(0) = 0 in place of 1/2π"),
            )
            .among(|c| c.get(GROUPS).is_some()),
            Bound::asymptotic("parity-in-d", "γ_2 ≍ 1/d on the parity", "kernel", Sweep::both(D, |_| -1.0))
                .headline()
                .part("sum"),
            Bound::asymptotic(
                "parity-constant",
                "d γ_2 − √(3/2π) ≍ 1/d: the limit is √(3/2π) = 0.69099",
                "excess",
                Sweep::both(D, |_| -1.0),
            )
            .part("sum"),
            Bound::asymptotic(
                "groups-in-k",
                "γ_2 ≍ k^{−1/2} for k groups",
                "program",
                Sweep::both(GROUPS, |_| -0.5),
            )
            .among(|c| c.get(GROUPS).is_some()),
            order("transport-above", "γ^∞ ≤ γ_2 on the parity at infinite width", "limit").code_check(),
            below("transport-below", "γ^∞ ≥ γ_2³/2 on the parity at infinite width", "limit"),
            order("transport-above-at-width", "γ^∞_m ≤ γ_m", "width").code_check(),
            below("transport-below-at-width", "γ^∞_m ≥ γ_m³/√(max_i m⁻¹ Σ_j ‖ψ_j(x_i)‖⁴)", "width"),
        ]
    }
}

/// The program on all corners, the closed form, and the false ones.
fn cube(cell: &Cell) -> Result<Measurement> {
    let d = cell.d();
    let Examples { x, y } = Examples::cube(d)?;
    let margin = kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq)?.margin;
    let closed = |layers| -> Result<Ball> { Ok(parity(d, layers)?[0]) };
    // Σ_k C(d,k)/2^d (1 − 2k/d) K(1 − 2k/d); K is Lipschitz with constant 2 where t is rounded.
    let (mut share, mut character) = (Ball::exact(0.5_f64.powi(d as i32)), Ball::exact(0.0));
    for k in 0..=d {
        let t = (d as f64 - 2.0 * k as f64) / d as f64;
        let value = Layers::Both.kernel(t)? + Ball::new(0.0, 2.0 * f64::EPSILON);
        character = character + share * Ball::relative(t, f64::EPSILON) * value;
        share = share * (d - k) as f64 / (k + 1) as f64;
    }
    Ok(Measurement::new()
        .ball("program", margin)
        .ball("kernel", closed(Layers::Both)?)
        .ball("inner", closed(Layers::Inner)?)
        .ball("single", closed(Layers::Outer)?)
        .ball("degree_one", character.sqrt()))
}

/// The program on the centres of groups, and the closed form.
fn groups(cell: &Cell, kind: Groups) -> Result<Measurement> {
    let k = cell.whole(GROUPS);
    let (all, d): (Vec<usize>, _) = ((0..k).collect(), if kind == Groups::Orthonormal { k } else { k / 2 });
    let Examples { x, y } = Examples::groups(&mut cell.stream(0, "centres"), (kind, k), &all, d, 0.0)?;
    Ok(Measurement::new()
        .ball("program", kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq)?.margin)
        .ball("kernel", kind.margins(k)?[0])
        .ball("orthogonal", (1.0 / Ball::exact(k as f64)).sqrt()))
}

/// The closed form and its distance from the limit.
fn sum(cell: &Cell) -> Result<Measurement> {
    let [kernel, _] = parity(cell.d(), Layers::Both)?;
    let limit = (Ball::exact(1.5) / Ball::relative(std::f64::consts::PI, f64::EPSILON)).sqrt();
    Ok(Measurement::new().ball("kernel", kernel).ball("excess", kernel * cell.d() as f64 - limit))
}

/// γ^∞ and γ_2 at infinite width.
fn limit(cell: &Cell, seed: u64) -> Result<Measurement> {
    let transport = instance::transport(cell, seed, &Examples::cube(cell.d())?)?;
    let [kernel, _] = parity(cell.d(), Layers::Both)?;
    Ok(Measurement::new()
        .ball("transport", transport)
        .ball("kernel", kernel)
        .ball("hoelder", 0.5 * kernel.powi(3)))
}

/// γ^∞_m, γ_m and the mean of the fourth power at width m.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m) = (cell.d(), cell.m());
    let cube = Examples::cube(d)?;
    let w = instance::weights(&mut cell.stream(seed, "weights"), m, d);
    let gradients = Gradients::new(w.as_ref(), cube.x.as_ref(), &cube.y, Par::Seq)?;
    let (kernel, transport) = (gradients.margin()?.margin, gradients.transport_margin()?.margin);
    let mut largest: f64 = 0.0;
    for i in 0..cube.y.len() {
        // A row of m^{1/2} φ_i is ψ_j(x_i) up to the label.
        let phi = gradients.gradient(i)?;
        let mean = phi.row_iter().map(|row| row.squared_norm_l2().powi(2)).sum::<f64>() * m as f64;
        largest = largest.max(mean * (1.0 + rounding::sum(m, 8 * d + 32)));
    }
    Ok(Measurement::new()
        .ball("transport", transport)
        .ball("kernel", kernel)
        .ball("hoelder", kernel.powi(3) / Ball::exact(largest).sqrt()))
}
