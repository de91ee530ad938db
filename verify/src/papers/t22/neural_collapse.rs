//! T22, Neural Collapse: k groups of inputs, and what is learnt of the groups that were seen.
//!
//! Derived for this project, for groups of radius ϱ (an angle) around k orthonormal centres, or around both
//! ends of k/2 axes, half of the groups with either label:
//!
//! > γ_2 and the largest margin Γ* are ∝ k^{−1/2} and depend neither on n nor on d; on fixed directions
//! > `|G_ϱ − G_0| ≤ ϱ`, because a neuron of unit length moves by ϱ at most, and `|γ_2(ϱ) − γ_2(0)| ≤ √(2 −
//! > 2K(cos ϱ))`, the distance of two features. Where the network is 0 at the start, `‖W_t − W_0‖ ≤ (ln n +
//! > u)/min γ_m`, because u grows by γ_m at least for each unit of path.
//! >
//! > As soon as `Γ = √m min_i p_i/‖W‖² > ϱ`, the test error is at most the mass of the groups without an
//! > example, (1 − 1/k)^n in the mean: f is Lipschitz with the constant ‖W‖²/(2√m), and points of a group
//! > are less than 2ϱ apart. It stays so, because Γ̃ ≤ Γ does not fall. The same constant gives `Γ ≤ δ/4` for
//! > any labels, with δ the least distance of two inputs with opposite ones.

use super::instance::{self, Examples};
use super::letters::{D, ENDS, GROUPS, N, RADIUS};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Accuracy, Flow, Loss, Point};
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Directions, Gradients, Groups, kernel_margin};
use escapement::seed::ChaCha20Rng;
use escapement::sphere::uniform_sphere;
use faer::{Mat, MatRef, Par};
use rand::RngExt;
use std::ops::ControlFlow;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct NeuralCollapse;

/// Directions that are drawn beside those of the optimum, and test inputs of each group.
const DRAWN: usize = 64;
const TESTS: usize = 16;
/// The width, the error of a step relative to ‖W‖, and the u at which a run ends.
const WIDTH: usize = 64;
const TOLERANCE: f64 = 1e-4;
const END: f64 = 30.0;
/// Of the runs behind a probability: how many a cell has, their width, and the error of a step.
const RUNS: usize = 64;
const NARROW: usize = 32;
const ROUGH: f64 = 1e-2;
/// The groups of the runs, and n with the names of the bounds.
const MANY: usize = 8;
const SAMPLES: [(usize, &str, &str); 4] = [
    (4, "error-at-half", "½"),
    (8, "error-at-one", "1"),
    (16, "error-at-two", "2"),
    (32, "error-at-four", "4"),
];

const CARD: Card = Card {
    statement: r"\gamma_2 \asymp \Gamma^* \asymp k^{-1/2}, \qquad
        \|W_t - W_0\| \le \frac{\ln n + u}{\min_s \gamma_m(W_s)}, \qquad
        \Gamma > \varrho \Rightarrow \text{test error} \le \text{mass of unseen groups}",
    reference: "T22, Neural Collapse of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs at the angle ϱ from their centres; exponential loss; paired standard normal neurons; a \
        run that reaches Γ > ϱ.",
    method: "The programs of both margins on centres, k from 4 to 64, with copies and idle dimensions, and on \
        groups with ϱ from 0.01 to 0.1. Gradient flow on 8 groups at m = 64, d = 8 and 24, to u = 30: γ_m and \
        the way at each step, and the error on 128 fresh inputs from the step on at which √m u/‖W‖² > ϱ. One \
        fresh input after each of many runs at m = 32 for the probability, n/k from ½ to 4. Other widths and \
        radii of the runs are not looked at.",
    refuted_by: "A margin that depends on n or d; a longer way; an error above the mass of unseen groups.",
    variables: &["k", "n", "d", "rho", "m"],
    uses: &["lr-ntk-margin", "lr-finite-width-margin"],
    errata: &[ErratumId(1), ErratumId(2), ErratumId(8)],
    ..Card::new(&super::PAPER, "lr-neural-collapse", "Groups and Neural Collapse")
};

impl Claim for NeuralCollapse {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick = tier == Tier::Quick;
        let mut cells = Vec::new();
        for ends in [1, 2] {
            let cell = |part: &str, k: usize, d: usize, n: usize| {
                let cell = Cell::new(self.id(), part).with(ENDS, ends).with(GROUPS, k);
                cell.with(D, d).with(N, n)
            };
            cells.extend(sweep::doublings(4, 5).map(|k| cell("centres", k, 64, 2 * k)));
            let sizes = [(8, 8), (8, 64), (16, 16), (32, 32), (24, 128)];
            cells.extend(sizes.map(|(d, n)| cell("centres", 8, d, n)));
            let spread = [
                (16, 32, 0.03),
                (8, 32, 0.03),
                (32, 32, 0.03),
                (16, 8, 0.03),
                (16, 128, 0.03),
                (16, 32, 0.01),
                (16, 32, 0.1),
            ];
            cells.extend(spread.map(|(d, n, radius)| cell("radius", 8, d, n).with(RADIUS, radius)));
            for (d, (n, ..)) in [8, 24].into_iter().flat_map(|d| SAMPLES.map(|sample| (d, sample))) {
                let runs =
                    |part: &str, radius: f64, i| cell(part, MANY, d, n).with(RADIUS, radius).replicate(i);
                if n > 4 {
                    cells.extend((0..if quick { 1 } else { 8 }).map(|i| runs("path", 0.02, i)));
                }
                let count = if !quick {
                    8
                } else if n == 4 {
                    2
                } else {
                    0
                };
                cells.extend((0..count).map(|i| runs("error", 0.01, i)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, d) = (cell.n() as f64, cell.d() as f64);
        let flops = match cell.part.as_str() {
            "path" => 2e3 * WIDTH as f64 * n * (n + 10.0 * d),
            "error" => 1e3 * (RUNS * NARROW) as f64 * n * (0.1 * n + d),
            _ => 1e6 + 200.0 * n.powi(3),
        };
        Prediction { flops, bytes: 1e6 + 64.0 * n * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "centres" => centres(cell, seed),
            "radius" => radius(cell, seed),
            "path" => path(cell, seed),
            _ => error(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let in_k = |name: &str, statement: &str, of: &str| {
            Bound::asymptotic(name, statement, of, Sweep::both(GROUPS, |_| -0.5).tied(&[N]))
                .among(|c| c.part == "centres" && c.d() == 64)
        };
        let mut bounds = vec![
            Bound::identity(
                "kernel",
                "γ_2² = (1 − 1/2π)/k, or (1 − 1/π)/k at both ends, for any n and d",
                "program",
                "kernel",
                Neighbour::rhs("orthogonal", "K(0) = 0 in place of 1/2π"),
            )
            .neighbour(Neighbour::rhs("samples", "n in place of k"))
            .part("centres"),
            Bound::identity(
                "global",
                "the optimum and 64 drawn directions have G = 2Γ*: 1/√(2k), or 1/(2√k), for any n and d",
                "linear",
                "closed",
                Neighbour::lhs("drawn", "the drawn directions alone"),
            )
            .part("centres"),
            in_k("kernel-in-k", "γ_2 ≍ k^{−1/2}", "program").headline(),
            in_k("global-in-k", "Γ* ≍ k^{−1/2}", "linear").headline(),
            Bound::inequality(
                "radius",
                "|G_ϱ − G_0| ≤ ϱ on fixed directions",
                "moved",
                Side::Upper,
                "radius",
                Neighbour::rhs("square", "ϱ² in place of ϱ"),
            )
            .part("radius"),
            Bound::inequality(
                "kernel-radius",
                "|γ_2(ϱ) − γ_2(0)| ≤ √(2 − 2K(cos ϱ))",
                "kernel_moved",
                Side::Upper,
                "apart",
                Neighbour::rhs("square", "ϱ² in place of the distance of features"),
            )
            .part("radius"),
            Bound::inequality(
                "path",
                "‖W_t − W_0‖ min_s γ_m(W_s)/(ln n + u) ≤ 1 at every step",
                "share",
                Side::Upper,
                "one",
                Neighbour::lhs("dropped", "ln n dropped"),
            )
            .neighbour(Neighbour::lhs("largest", "the largest γ_m in place of the least"))
            .headline()
            .part("path"),
            Bound::inequality(
                "unseen",
                "the test error is at most the mass of unseen groups at every step after √m u/‖W‖² > ϱ",
                "error",
                Side::Upper,
                "unseen",
                Neighbour::rhs("none", "0: groups that were not seen are right too"),
            )
            .neighbour(Neighbour::rhs("four", "independent of k: (3/4)^n"))
            .headline()
            .part("path"),
            Bound::inequality(
                "reached",
                "the flow comes to Γ > ϱ",
                "margin",
                Side::Lower,
                "radius",
                Neighbour::lhs("point_labels", "labels that are drawn for each input"),
            )
            .strict()
            .part("path"),
            Bound::inequality(
                "labels-per-point",
                "with labels that are drawn for each input Γ ≤ δ/4",
                "point_labels",
                Side::Upper,
                "distance",
                Neighbour::lhs("margin", "the Γ of labels of groups"),
            )
            .part("path"),
        ];
        bounds.extend(SAMPLES.map(|(n, name, ratio)| {
            let statement =
                format!("at n/k = {ratio} an input is misclassified with probability (1 − 1/k)^n at most");
            let mass = (1.0 - 1.0 / MANY as f64).powi(n as i32);
            Bound::probability(name, statement, "misses", "runs", Side::Upper, mass)
                .among(move |c| c.part == "error" && c.n() == n)
        }));
        bounds
    }
}

/// The groups of a cell.
fn kind(cell: &Cell) -> (Groups, usize) {
    (if cell.whole(ENDS) == 1 { Groups::Orthonormal } else { Groups::Antipodal }, cell.whole(GROUPS))
}

/// An example of each group in turn, at this angle.
fn in_turn(rng: &mut ChaCha20Rng, cell: &Cell, n: usize, radius: f64) -> Result<Examples> {
    let members: Vec<usize> = (0..n).map(|i| i % cell.whole(GROUPS)).collect();
    Examples::groups(rng, kind(cell), &members, cell.d(), radius)
}

/// Drawn directions, and below them those of an optimum: the sums of the axes of either label, and where both
/// ends of an axis are centres their opposites.
fn directions(cell: &Cell, seed: u64) -> Mat<f64> {
    let (d, ends) = (cell.d(), cell.whole(ENDS));
    let drawn = uniform_sphere(&mut cell.stream(seed, "directions"), DRAWN, d, 1.0);
    let axes = cell.whole(GROUPS) / ends;
    let planted = |j: usize, c: usize| match c < axes && c % 2 == j % 2 {
        true if j < 2 => 1.0,
        true => -1.0,
        false => 0.0,
    };
    Mat::from_fn(DRAWN + 2 * ends, d, |j, c| if j < DRAWN { drawn[(j, c)] } else { planted(j - DRAWN, c) })
}

/// γ_2 of the kernel, and G of some directions.
fn margins(v: MatRef<'_, f64>, Examples { x, y }: &Examples) -> Result<[Ball; 2]> {
    let kernel = kernel_margin(Layers::Both, x.as_ref(), y, Par::Seq)?.margin;
    Ok([kernel, Directions::new(v, x.as_ref(), y, Par::Seq)?.margin()?.margin])
}

/// The programs on centres, of which each has several copies, and the closed forms.
fn centres(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (groups, k) = kind(cell);
    let (v, n) = (directions(cell, seed), cell.n());
    let all = in_turn(&mut cell.stream(seed, "inputs"), cell, n, 0.0)?;
    let [kernel, global] = groups.margins(k)?;
    let [program, linear] = margins(v.as_ref(), &all)?;
    let [_, drawn] = margins(v.as_ref().subrows(0, DRAWN), &all)?;
    let out = Measurement::new()
        .ball("program", program)
        .ball("kernel", kernel)
        .ball("orthogonal", (1.0 / Ball::exact(k as f64)).sqrt())
        .ball("samples", kernel * (Ball::exact(k as f64) / n as f64).sqrt())
        .ball("linear", linear)
        .ball("closed", 2.0 * global)
        .ball("drawn", drawn);
    Ok(out.hypothesis("every group has an example", n >= k, format!("{n} and {k}")))
}

/// The programs on groups with a radius, beside those on their centres.
fn radius(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (v, radius) = (directions(cell, seed), cell.real(RADIUS));
    let rng = &mut cell.stream(seed, "inputs");
    let at = |rng: &mut ChaCha20Rng, radius| margins(v.as_ref(), &in_turn(rng, cell, cell.n(), radius)?);
    let ([kernel_at_0, at_0], [kernel, global]) = (at(rng, 0.0)?, at(rng, radius)?);
    // The slope of K at cos ϱ is at most 1/sin ϱ.
    let feature = Layers::Both.kernel(radius.cos())? + Ball::new(0.0, f64::EPSILON / radius.sin());
    let out = Measurement::new()
        .ball("moved", (global - at_0).abs())
        .quantity("radius", radius, 0.0)
        .quantity("square", radius * radius, 0.0)
        .ball("kernel_moved", (kernel - kernel_at_0).abs())
        .ball("apart", (2.0 - 2.0 * feature).sqrt());
    Ok(out.hypothesis("every group has an example", cell.n() >= cell.whole(GROUPS), cell.n().to_string()))
}

/// Examples of random groups, the mass of the groups without one, and paired weights.
fn drawn(cell: &Cell, rng: &mut ChaCha20Rng, m: usize) -> Result<(Examples, f64, Mat<f64>)> {
    let k = cell.whole(GROUPS);
    let members: Vec<usize> = (0..cell.n()).map(|_| rng.random_range(0..k)).collect();
    let examples = Examples::groups(rng, kind(cell), &members, cell.d(), cell.real(RADIUS))?;
    let unseen = (0..k).filter(|group| !members.contains(group)).count() as f64 / k as f64;
    Ok((examples, unseen, instance::paired(rng, m, cell.d())))
}

/// A run step by step, and the same run with labels that are drawn for each input.
fn path(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (rng, radius, n) = (&mut cell.stream(seed, "run"), cell.real(RADIUS), cell.n());
    let (Examples { x, y }, unseen, w) = drawn(cell, rng, WIDTH)?;
    let test = in_turn(rng, cell, TESTS * cell.whole(GROUPS), radius)?;
    let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq)?;
    let accuracy = Accuracy { tolerance: TOLERANCE, ..Accuracy::default() };
    // The least and the largest γ_m; the shares of the way in its bound, in that without ln n, and in that of the largest γ_m.
    let ([mut least, mut largest], mut shares) = ([f64::INFINITY, 0.0_f64], [0.0_f64; 3]);
    let (mut error, mut reached, mut failed, mut steps) = (0.0_f64, false, None, 0);
    let run = flow.run(flow.point(w.as_ref())?, f64::INFINITY, accuracy, &mut |p: &Point| {
        let found = Gradients::new(p.weights.as_ref(), x.as_ref(), &y, Par::Seq).and_then(|g| g.margin());
        match found {
            Ok(found) => {
                (least, largest) = (least.min(found.margin.upper()), largest.max(found.margin.lower()))
            }
            Err(why) => failed = Some(why),
        }
        let (moved, u) = ((&p.weights - &w).norm_l2(), p.levels.smoothed);
        let allowed = (n as f64).ln() + u;
        let share = |gamma: f64, of: f64| if moved > 0.0 && of > 0.0 { moved * gamma / of } else { 0.0 };
        let now = [share(least, allowed), share(least, u), share(largest, allowed)];
        shares.iter_mut().zip(now).for_each(|(most, now)| *most = most.max(now));
        reached |= p.smoothed_margin() > radius;
        if reached {
            error = error.max(instance::error_rate(&p.weights, &test));
        }
        steps += 1;
        if failed.is_none() && steps < 5_000 && u < END {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    if let Some(why) = failed {
        return Err(why.into());
    }
    let labels: Vec<f64> = (0..n).map(|_| if rng.random() { 1.0 } else { -1.0 }).collect();
    let other = Flow::new(x.as_ref(), &labels, Loss::Exponential, Par::Seq)?;
    let other =
        other.run(other.point(w.as_ref())?, run.end.tau, accuracy, &mut |_| ControlFlow::Continue(()))?.end;
    let pairs = (0..n).flat_map(|i| (0..i).map(move |k| (i, k))).filter(|(i, k)| labels[*i] != labels[*k]);
    let distance = pairs.map(|(i, k)| (x.row(i) - x.row(k)).norm_l2()).fold(2.0, f64::min);
    // Each step errs by the tolerance, relative to ‖W‖.
    let relative =
        run.steps as f64 * TOLERANCE * run.end.square().sqrt() / (&run.end.weights - &w).norm_l2();
    Ok(Measurement::new()
        .quantity("share", shares[0], shares[0] * relative)
        .quantity("dropped", shares[1], shares[1] * relative)
        .quantity("largest", shares[2], shares[2] * relative)
        .quantity("one", 1.0, 0.0)
        .quantity("retained", least, 0.0)
        .quantity("error", error, 0.0)
        .quantity("unseen", unseen, 0.0)
        .quantity("none", 0.0, 0.0)
        .quantity("four", 0.75_f64.powi(n as i32), 0.0)
        .quantity("margin", run.end.margin(), 0.0)
        .quantity("radius", radius, 0.0)
        .quantity("point_labels", other.margin(), 0.0)
        .quantity("distance", 0.25 * distance, 1e-15)
        .hypothesis("√m u/‖W‖² > ϱ is reached", reached, format!("{:.4} and {radius}", run.end.margin())))
}

/// How often a fresh input is misclassified, at the first step after which Γ > ϱ.
fn error(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (rng, radius) = (&mut cell.stream(seed, "runs"), cell.real(RADIUS));
    let accuracy = Accuracy { tolerance: ROUGH, steps: 2_000 };
    let (mut misses, mut reached) = (0, 0);
    for _ in 0..RUNS {
        let (Examples { x, y }, _, w) = drawn(cell, rng, NARROW)?;
        let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq)?;
        let on = &mut |p: &Point| match p.smoothed_margin() > radius {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let end = flow.run(flow.point(w.as_ref())?, 1e5, accuracy, on)?.end;
        let group = rng.random_range(0..cell.whole(GROUPS));
        let fresh = Examples::groups(rng, kind(cell), &[group], cell.d(), radius)?;
        reached += usize::from(end.smoothed_margin() > radius);
        misses += usize::from(instance::error_rate(&end.weights, &fresh) > 0.0);
    }
    Ok(Measurement::new()
        .quantity("misses", misses as f64, 0.0)
        .quantity("runs", RUNS as f64, 0.0)
        .hypothesis("√m u/‖W‖² > ϱ is reached", reached == RUNS, format!("{reached} of {RUNS}")))
}
