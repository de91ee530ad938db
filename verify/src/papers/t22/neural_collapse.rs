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
//! > are less than 2ϱ apart. It stays so, because Γ̃ ≤ Γ does not fall. The same constant gives `Γ ≤ δ/4`
//! > for any labels, with δ the least distance of two inputs with opposite ones.

use super::instance::{self, Examples};
use super::letters::{D, ENDS, GROUPS, N, RADIUS};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Accuracy, Flow, Loss, Point};
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Directions, Gradients, Margin, kernel_margin};
use escapement::sphere::uniform_sphere;
use faer::{Mat, MatRef, Par};
use rand::RngExt;
use std::ops::ControlFlow;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct NeuralCollapse;

/// Directions that are drawn beside those of the optimum, test inputs of each group, and the groups of runs.
const DRAWN: usize = 64;
const TESTS: usize = 16;
const MANY: usize = 8;
/// The width, the error of a step relative to ‖W‖, and the u at which a run ends.
const WIDTH: usize = 64;
const TOLERANCE: f64 = 1e-4;
const END: f64 = 30.0;
/// Of runs behind a probability: how many a cell has, their width, and the error of a step.
const RUNS: usize = 64;
const NARROW: usize = 48;
const ROUGH: f64 = 1e-2;
/// The time τ after which a run is left that does not separate; one that does needs less than 100√m.
const PATIENCE: f64 = 1e5;

const CARD: Card = Card {
    statement: r"\gamma_2 \asymp \Gamma^* \asymp k^{-1/2}, \qquad
        \|W_t - W_0\| \le \frac{\ln n + u}{\min_s \gamma_m(W_s)}, \qquad
        \text{test error} \le \text{mass of unseen groups once } \Gamma > \varrho",
    reference: "T22, Neural Collapse of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs at the angle ϱ from their centres; exponential loss; paired standard normal \
        neurons; a run that reaches √m u/‖W‖² > ϱ.",
    method: "The programs of both margins on copies of centres, and on groups at ϱ = 0.01 to 0.1, k from 4 \
        to 64, n and d from 8 to 128. Gradient flow on 8 groups, d = 8 and 24, n/k from ½ to 4, m = 64, to \
        u = 30: γ_m at each step and the way from separation on, the error on 128 fresh inputs from the \
        step on at which √m u/‖W‖² > ϱ, and the same with labels drawn for each input. Many runs at m = 48, \
        and a fresh input after each, for the probability at n/k = ½ and 1. From n/k = 2 on the frequency \
        is too near the bound for the runs in reach, so that no probability is asked for there. Other k and \
        m of the runs are not looked at.",
    refuted_by: "A margin that depends on n or d; a longer way; an error above the mass of unseen groups.",
    variables: &["k", "n", "d", "rho", "m"],
    uses: &["lr-margin-per-path"],
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
            let cell = |part: &str, k: usize, d: usize, n: usize, radius: f64| {
                let cell = Cell::new(self.id(), part).with(ENDS, ends).with(GROUPS, k).with(D, d).with(N, n);
                cell.with(RADIUS, radius)
            };
            let sizes = [(8, 8, 64), (8, 16, 16), (8, 24, 128), (4, 64, 8), (64, 64, 128)];
            cells.extend(sizes.map(|(k, d, n)| cell("centres", k, d, n, 0.0)));
            cells.extend(sweep::doublings(4, 5).map(|k| cell("in-k", k, 64, 2 * k, 0.01)));
            cells.extend(sweep::doublings(8, 5).map(|n| cell("in-n", MANY, 16, n, 0.03)));
            cells.extend(sweep::doublings(8, 5).map(|d| cell("in-d", MANY, d, 16, 0.03)));
            cells.extend([0.01, 0.03, 0.1].map(|radius| cell("in-rho", MANY, 16, 32, radius)));
            for d in [8, 24] {
                // The quick tier has every n once in either dimension. The nearer the frequency is to its
                // bound, the more runs it takes to tell them apart.
                let (sizes, repeats, runs): (&[usize], _, &[(usize, usize)]) = match (quick, ends) {
                    (false, _) => (&[4, 8, 16, 32], 8, &[(4, 8), (8, 24)]),
                    (true, 1) => (&[4, 16], 1, &[(4, 2)]),
                    (true, _) => (&[8, 32], 1, &[]),
                };
                for (n, i) in sizes.iter().flat_map(|n| (0..repeats).map(move |i| (*n, i))) {
                    cells.push(cell("path", MANY, d, n, 0.02).replicate(i));
                }
                for (n, i) in runs.iter().flat_map(|&(n, count)| (0..count).map(move |i| (n, i))) {
                    cells.push(cell("runs", MANY, d, n, 0.01).replicate(i));
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, d) = (cell.n() as f64, cell.d() as f64);
        let flops = match cell.part.as_str() {
            "path" => 2e3 * WIDTH as f64 * n * (n + 10.0 * d),
            "runs" => 1e3 * (RUNS * NARROW) as f64 * n * (0.1 * n + d),
            _ => 1e6 + 200.0 * n.powi(3),
        };
        Prediction { flops, bytes: 1e6 + 64.0 * n * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "path" => path(cell, seed),
            "runs" => runs(cell, seed),
            _ => programs(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let same = |name: &str, statement: &str, [lhs, rhs]: [&str; 2], control| {
            Bound::identity(name, statement, lhs, rhs, control).part("centres")
        };
        let below = |name: &str, statement: &str, [lhs, rhs]: [&str; 2], control| {
            Bound::inequality(name, statement, lhs, Side::Upper, rhs, control)
        };
        let moved = |name: &str, statement: &str, [lhs, rhs]: [&str; 2]| {
            let square = Neighbour::rhs("square", "ϱ² in place of the right side");
            below(name, statement, [lhs, rhs], square).among(|c| c.part.starts_with("in-"))
        };
        let along = |name: &str, statement: &str, of: &str, over, power: f64| {
            let rhs = if power == 0.0 { "one" } else { "root" };
            let sweep = Sweep::both(over, move |_| power).tied(if power == 0.0 { &[] } else { &[N] });
            Bound::growth(name, statement, of, rhs, sweep)
        };
        let probability = |name: &str, statement: &str, samples: usize| {
            let mass = (1.0 - 1.0 / MANY as f64).powi(samples as i32);
            let bound = Bound::probability(name, statement, "misses", "runs", Side::Upper, mass);
            let bound = bound.chosen("the number of runs: 512 did not decide at n/k = 1");
            bound.among(move |c| c.part == "runs" && c.n() == samples)
        };
        let orthogonal = Neighbour::rhs("orthogonal", "K(0) = 0 in place of 1/2π");
        let unseen = "the test error is at most the mass of unseen groups from √m u/‖W‖² > ϱ on";
        let way = "‖W_t − W_0‖ min_s γ_m(W_s)/(ln n + u) ≤ 1 at every step with u > 0";
        let others = Neighbour::lhs("point_labels", "labels that are drawn for each input");
        vec![
            same(
                "kernel",
                "γ_2² = (1 − 1/2π)/k, or (1 − 1/π)/k at both ends",
                ["kernel", "closed"],
                orthogonal,
            )
            .neighbour(Neighbour::rhs("samples", "n in place of k")),
            same(
                "global",
                "G = 2Γ* = 1/√(2k), or 1/(2√k) at both ends",
                ["global", "double"],
                Neighbour::lhs("drawn", "the drawn directions alone"),
            ),
            along("kernel-in-k", "γ_2 ≍ k^{−1/2} at ϱ = 0.01", "kernel", GROUPS, -0.5)
                .part("in-k")
                .headline(),
            along("global-in-k", "G ≍ k^{−1/2} at ϱ = 0.01", "global", GROUPS, -0.5).part("in-k").headline(),
            along("kernel-in-n", "γ_2 ≍ 1 in n at ϱ = 0.03", "kernel", N, 0.0).part("in-n"),
            along("global-in-n", "G ≍ 1 in n at ϱ = 0.03", "global", N, 0.0).part("in-n"),
            along("kernel-in-d", "γ_2 ≍ 1 in d at ϱ = 0.03", "kernel", D, 0.0).part("in-d"),
            along("global-in-d", "G ≍ 1 in d at ϱ = 0.03", "global", D, 0.0).part("in-d"),
            moved("radius", "|G_ϱ − G_0| ≤ ϱ on fixed directions", ["moved", "radius"]),
            moved("kernel-radius", "|γ_2(ϱ) − γ_2(0)| ≤ √(2 − 2K(cos ϱ))", ["kernel_moved", "apart"]),
            below("path", way, ["share", "one"], Neighbour::lhs("dropped", "ln n dropped"))
                .neighbour(Neighbour::lhs("largest", "the largest γ_m in place of the least"))
                .part("path")
                .headline(),
            below(
                "unseen",
                unseen,
                ["error", "unseen"],
                Neighbour::rhs("none", "0: unseen groups are right too"),
            )
            .neighbour(Neighbour::rhs("four", "independent of k: (3/4)^n"))
            .part("path")
            .headline(),
            Bound::inequality("reached", "the flow comes to Γ > ϱ", "margin", Side::Lower, "radius", others)
                .strict()
                .part("path"),
            below(
                "labels-per-point",
                "with labels that are drawn for each input Γ ≤ δ/4",
                ["point_labels", "distance"],
                Neighbour::lhs("margin", "the Γ of labels of groups"),
            )
            .code_check()
            .part("path"),
            probability(
                "error-at-half",
                "at n/k = ½ an input is misclassified with probability ≤ (1 − 1/k)^n",
                4,
            ),
            probability(
                "error-at-one",
                "at n/k = 1 an input is misclassified with probability ≤ (1 − 1/k)^n",
                8,
            ),
        ]
    }
}

/// Drawn directions, and below them those of an optimum: the sums of the axes of either label, and where
/// both ends of an axis are centres their opposites.
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

/// The programs on groups beside those on their centres, and the closed forms.
fn programs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let ((groups, k), n, radius) = (instance::kind(cell), cell.n(), cell.real(RADIUS));
    let (v, rng) = (directions(cell, seed), &mut cell.stream(seed, "inputs"));
    let centres = instance::in_turn(rng, cell, n, 0.0)?;
    let [kernel, global] = margins(v.as_ref(), &instance::in_turn(rng, cell, n, radius)?)?;
    let [kernel_at_0, global_at_0] = margins(v.as_ref(), &centres)?;
    let [closed, star] = groups.margins(k)?;
    // The slope of K at cos ϱ is at most 1/sin ϱ, and K(1) = 1.
    let doubt = if radius > 0.0 { f64::EPSILON / radius.sin() } else { 0.0 };
    let feature = Layers::Both.kernel(radius.cos())? + Ball::new(0.0, doubt);
    let out = Measurement::new()
        .ball("kernel", kernel)
        .ball("closed", closed)
        .ball("orthogonal", (1.0 / Ball::exact(k as f64)).sqrt())
        .ball("samples", closed * (Ball::exact(k as f64) / n as f64).sqrt())
        .ball("global", global)
        .ball("double", 2.0 * star)
        .ball("drawn", margins(v.as_ref().subrows(0, DRAWN), &centres)?[1])
        .ball("moved", (global - global_at_0).abs())
        .quantity("radius", radius, 0.0)
        .quantity("square", radius * radius, 0.0)
        .ball("kernel_moved", (kernel - kernel_at_0).abs())
        .ball("apart", (2.0 - 2.0 * feature).sqrt())
        .ball("root", (1.0 / Ball::exact(k as f64)).sqrt())
        .quantity("one", 1.0, 0.0);
    Ok(out.hypothesis("every group has an example", n >= k, format!("{n} and {k}")))
}

/// A run step by step, and the same run with labels that are drawn for each input.
fn path(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (rng, radius, n) = (&mut cell.stream(seed, "run"), cell.real(RADIUS), cell.n());
    let (Examples { x, y }, unseen, w) = instance::drawn(cell, rng, WIDTH)?;
    let test = instance::in_turn(rng, cell, TESTS * cell.whole(GROUPS), radius)?;
    let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq)?;
    let accuracy = Accuracy { tolerance: TOLERANCE, ..Accuracy::default() };
    // The least and the largest γ_m; the way over its bound, over that without ln n, and over that with the
    // largest γ_m. Each step errs by the tolerance, relative to ‖W‖.
    let ([mut least, mut largest], mut shares) = ([f64::INFINITY, 0.0_f64], [Ball::exact(0.0); 3]);
    let (mut error, mut steps, mut reached, mut failed) = (0.0_f64, 0.0, false, None);
    let run = flow.run(flow.point(w.as_ref())?, PATIENCE, accuracy, &mut |p: &Point| {
        match Gradients::new(p.weights.as_ref(), x.as_ref(), &y, Par::Seq).and_then(|g| g.margin()) {
            Ok(Margin { margin, .. }) => {
                (least, largest) = (least.min(margin.upper()), largest.max(margin.lower()));
            }
            Err(why) => failed = Some(why),
        }
        let u = p.levels.smoothed;
        if u > 0.0 {
            let moved = Ball::new((&p.weights - &w).norm_l2(), steps * TOLERANCE * p.square().sqrt());
            let allowed = (n as f64).ln() + u;
            let now = [moved * least / allowed, moved * least / u, moved * largest / allowed];
            let most = |most: &mut Ball, now: Ball| {
                if now.upper() > most.upper() {
                    *most = now
                }
            };
            shares.iter_mut().zip(now).for_each(|(old, now)| most(old, now));
        }
        reached |= p.smoothed_margin() > radius;
        if reached {
            error = error.max(instance::error_rate(&p.weights, &test));
        }
        steps += 1.0;
        if failed.is_none() && u < END { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
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
    Ok(Measurement::new()
        .ball("share", shares[0])
        .ball("dropped", shares[1])
        .ball("largest", shares[2])
        .quantity("one", 1.0, 0.0)
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
fn runs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (rng, radius) = (&mut cell.stream(seed, "runs"), cell.real(RADIUS));
    let accuracy = Accuracy { tolerance: ROUGH, ..Accuracy::default() };
    let (mut misses, mut reached) = (0, 0);
    for _ in 0..RUNS {
        let (Examples { x, y }, _, w) = instance::drawn(cell, rng, NARROW)?;
        let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq)?;
        let on = &mut |p: &Point| match p.smoothed_margin() > radius {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let end = flow.run(flow.point(w.as_ref())?, PATIENCE, accuracy, on)?.end;
        let group = rng.random_range(0..cell.whole(GROUPS));
        let fresh = Examples::groups(rng, instance::kind(cell), &[group], cell.d(), radius)?;
        reached += usize::from(end.smoothed_margin() > radius);
        misses += usize::from(instance::error_rate(&end.weights, &fresh) > 0.0);
    }
    Ok(Measurement::new()
        .quantity("misses", misses as f64, 0.0)
        .quantity("runs", RUNS as f64, 0.0)
        .hypothesis("√m u/‖W‖² > ϱ is reached", reached == RUNS, format!("{reached} of {RUNS}")))
}
