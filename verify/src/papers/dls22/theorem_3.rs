//! DLS22, Theorem 3: what one gradient step has learnt serves other targets on the same directions.
//!
//! > `E|g − y| − ς ≲ √(r^p κ^{2p}/min(m, N)) + N^{−1/4}`, free of d, for n ≳ d²κ²r.
//!
//! The step is made on n samples of a source, its rows and biases are frozen, and a head is fitted to N
//! samples of a target, without α and β: β costs d(E g*² + ς²)/N there, which is not free of d. At ς = 0 the
//! left side is E|δ|, δ = g − g*. The target is He_3/√6 in the last direction of the source: for mix3 in the
//! only one.
//!
//! What Ω̃ hides shows: along n = cd² E|δ| still grows like a logarithm, because the rows outside S* cost
//! less the further n is beyond d². Along n = 8d² ln²d it is flat.

use super::absolute;
use super::families;
use super::instance;
use super::learning::{Errors, Features, Run, Streams, Task, compared};
use super::letters::{D, M, N, NOISE, TARGET_SAMPLES};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::HermiteSeries;
use escapement::kernel::arc_cosine;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem3;

/// Runs whose errors are averaged where sources and methods are compared. Elsewhere it is so many heads on
/// the same rows: targets and biases are drawn again.
const RUNS: usize = 2;

/// Why n is what it is.
const LOGARITHM: &str = "n = 8d² ln²d: Ω̃ hides the power of a logarithm, and along n = 16d² E|δ| grows, by \
    less than ln d; and the number of runs, which was raised until these sweeps decided";

const CARD: Card = Card {
    statement: r"\mathbb{E}|g - y| - \varsigma \lesssim \sqrt{\frac{r^p \kappa^{2p}}{\min(m, N)}} + N^{-1/4}
        \text{ for } n \gtrsim d^2 \kappa^2 r",
    reference: "DLS22, Theorem 3",
    hypotheses: "E f*² = 1 and H of rank r for the source, n ≳ d²κ²r up to powers of logarithms, d ≳ κ \
        r^{3/2}; a target of the same directions.",
    method: "The step on n samples of mix3, and then a head alone on N samples of He_3/√6 of the same \
        direction, its λ chosen on 2048 further samples and E|δ| taken on 4096 fresh inputs, at ς = 0. \
        Along d at fixed N and n = 8d² ln²d, along N and along m. Beside it: untrained weights, n = d, the \
        kernel of random features on the target, rows projected to S*, α and β on the target, and sources \
        whose rows miss the direction.",
    refuted_by: "E|δ| that grows with d at n = 8d² ln²d, or falls slower than the right side along N or m; \
        a source without the direction, or untrained weights, that do as well.",
    variables: &["d", "N", "m", "r", "kappa"],
    uses: &["dls-diversity", "dls-random-features", "dls-rademacher"],
    errata: &[ErratumId(3), ErratumId(4), ErratumId(6), ErratumId(16)],
    ..Card::new(&super::PAPER, "dls-theorem-3", "What is learnt serves other targets")
};

impl Claim for Theorem3 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, n: usize, samples: usize, m: usize| {
            Cell::new(self.id(), part).with(D, d).with(N, n).with(TARGET_SAMPLES, samples).with(M, m)
        };
        let beyond = |d: usize| (8.0 * (d as f64 * (d as f64).ln()).powi(2)).round() as usize;
        let mut cells = Vec::new();
        let mut add = |cell: Cell, replicates: usize| {
            cells.extend((0..replicates).map(|i| cell.clone().replicate(i)));
        };
        let quick = tier == Tier::Quick;
        let times = if tier == Tier::Paper { 2 } else { 1 };
        // What is flat in d takes more runs than the quick tier may.
        let dimensions: &[usize] = match tier {
            Tier::Quick => &[],
            Tier::Standard => &[8, 11, 16, 23, 32],
            Tier::Paper => &[8, 11, 16, 23, 32, 45, 64],
        };
        for &d in dimensions {
            for samples in [128, 512] {
                add(cell("dimensions.mix3", d, beyond(d), samples, 128), 128);
            }
            add(cell("squares.mix3", d, 16 * d * d, 128, 128), 64);
            add(cell("affine.mix3", d, beyond(d), 128, 128).with(NOISE, 1.0), 16);
        }
        let (d, m, first, count) = if quick { (11, 128, 16, 6) } else { (16, 256, 32, 7) };
        let n = beyond(d);
        sweep::doublings(first, count).for_each(|s| add(cell("samples.mix3", d, n, s, m), 24 * times));
        sweep::doublings(16, 5).for_each(|m| add(cell("widths.mix3", d, n, 2048, m), 8 * times));
        let compared: &[usize] = if quick { &[23] } else { &[16, 23, 32] };
        compared.iter().for_each(|&d| add(cell("beside.mix3", d, beyond(d), 512, 256), 2 * times));
        let repeated = if quick { 1 } else { 3 * times };
        for source in ["he4", "he3", "deficient", "he2-he1"] {
            add(cell(&format!("in-vain.{source}"), 32, beyond(32), 512, 128), repeated);
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        let samples = cell.whole(TARGET_SAMPLES) as f64;
        let step = n * (m * (0.1 * d + 1.0) + 20.0 * d);
        let head = (samples + 8000.0) * m * (0.1 * d + 2.0) + 1.5 * m * m * m;
        let (runs, heads) = match instance::measurement(cell) {
            "beside" => (RUNS, 8.0),
            "in-vain" => (2 * RUNS, 2.0),
            _ => (1, RUNS as f64),
        };
        Prediction {
            flops: 1e5 + runs as f64 * (step + heads * head),
            bytes: 1e7 + 8.0 * ((n + 12_000.0) * (3.0 * d + 4.0) + 40.0 * m * m),
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match instance::measurement(cell) {
            "beside" => beside(cell, seed),
            "in-vain" => in_vain(cell, seed),
            _ => transferred(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        [sweeps(), on_single_cells()].concat()
    }
}

fn sweeps() -> Vec<Bound> {
    vec![
        Bound::growth(
            "in-d",
            "at n = 8d² ln²d and a fixed N E|δ| does not grow with d",
            "absolute",
            "one",
            Sweep::uniform(D, Side::Upper).tied(&[N]),
        )
        .headline()
        .chosen(LOGARITHM)
        .trivially("absolute_zero")
        .among(instance::measures("dimensions")),
        Bound::growth(
            "in-d-of-squares",
            "at n = 16d² and a fixed N E|δ| grows like ln d at most",
            "absolute",
            "logarithm",
            Sweep::uniform(D, Side::Upper).tied(&[N]),
        )
        .chosen(LOGARITHM)
        .trivially("absolute_zero")
        .among(instance::measures("squares")),
        Bound::growth(
            "in-target-samples",
            "E|δ| ≲ min(m, N)^{−1/2} + N^{−1/4} along N",
            "absolute",
            "two_terms",
            Sweep::uniform(TARGET_SAMPLES, Side::Upper),
        )
        .headline()
        .trivially("absolute_zero")
        .among(instance::measures("samples")),
        Bound::growth(
            "in-m",
            "E|δ| ≲ m^{−1/2} along m at N = 2048",
            "absolute",
            "over_root_m",
            Sweep::upper(M, |_| -0.5),
        )
        .headline()
        .chosen("N = 2048, at which m^{−1/2} alone is the larger term up to m = 45")
        .trivially("absolute_zero")
        .among(instance::measures("widths")),
        Bound::growth(
            "affine-part-in-d",
            "with α and β of the target sample E|δ| ≳ d^{1/4} at N = 128 and ς = 1: not free of d",
            "absolute",
            "fourth_root_d",
            Sweep::lower(D, |_| 0.25).tied(&[N]),
        )
        .chosen("d^{1/4} in place of d^{1/2}, which it tends to where β outweighs the rest")
        .among(instance::measures("affine")),
    ]
}

fn on_single_cells() -> Vec<Bound> {
    vec![
        Bound::inequality(
            "half-learnt",
            "E|δ| ≤ ½E|g*| at n = 8d² ln²d and N = 512",
            "absolute_interval",
            Side::Upper,
            "half",
            Neighbour::lhs("absolute_untrained", "untrained weights"),
        )
        .neighbour(Neighbour::lhs("absolute_few", "n = d"))
        .neighbour(Neighbour::lhs("absolute_kernel", "ridge with the exact kernel of random features"))
        .neighbour(Neighbour::lhs("absolute_zero", "the zero predictor"))
        .among(instance::measures("beside")),
        Bound::inequality(
            "rows-inside",
            "with the rows projected to S* E|δ| is at most half of what it is with the rows as they are, at \
             N = 512: what is left comes from outside",
            "absolute_inside",
            Side::Upper,
            "half_of_all",
            Neighbour::lhs("absolute_interval", "the rows as they are"),
        )
        .chosen("a half, which the intervals of 8192 inputs can tell from 1")
        .among(instance::measures("beside")),
        Bound::inequality(
            "sources-in-vain",
            "E|δ| ≥ ⅓E|g*| where H of the source has no part along the target's direction: He_4, He_3, \
             He_2(x_1)/2 + He_4(x_2)/√48 and He_2(x_1)/2 + x_2/√2",
            "absolute_interval",
            Side::Lower,
            "third",
            Neighbour::lhs("absolute_mix3", "mix3 as the source"),
        )
        .chosen("a third, and d = 32: in few dimensions the noise of the step favours S* by itself")
        .among(instance::measures("in-vain")),
    ]
}

/// He_3/√6 of the last of r coordinates.
fn target(latent: usize) -> Result<HermiteSeries> {
    let exponents = (0..latent).map(|i| if i + 1 == latent { 3 } else { 0 }).collect();
    Ok(HermiteSeries::from_hermite(latent, &[(exponents, 6.0_f64.sqrt().recip())])?)
}

/// What the step on n samples of a source, without noise, leaves, frozen; the same before the step.
fn frozen(cell: &Cell, seed: u64, source: &HermiteSeries, n: usize, index: usize) -> Result<[Features; 2]> {
    let cell = &cell.clone().without(NOISE);
    let Run { learnt, untrained, .. } =
        Run::new(source, n, Streams { cell, seed, name: &format!("source {index}") })?;
    Ok([learnt.frozen(), untrained.frozen()])
}

/// The target of a cell.
fn task(cell: &Cell, seed: u64, latent: usize, index: usize) -> Result<Task> {
    let streams = Streams { cell, seed, name: &format!("target {index}") };
    Task::draw(&target(latent)?, cell.whole(TARGET_SAMPLES), instance::noise(cell), streams)
}

/// The right sides.
fn scales(out: Measurement, cell: &Cell) -> Result<Measurement> {
    let (d, m, samples) = (cell.d() as f64, cell.m() as f64, cell.whole(TARGET_SAMPLES) as f64);
    let power = |x: f64, e: f64| Ball::relative(x.powf(e), 4.0 * f64::EPSILON);
    let modulus = absolute::mean_modulus(&target(1)?);
    Ok(out
        .ball("two_terms", power(m.min(samples), -0.5) + power(samples, -0.25))
        .ball("over_root_m", power(m, -0.5))
        .ball("fourth_root_d", power(d, 0.25))
        .ball("logarithm", Ball::exact(d).ln())
        .ball("absolute_zero", Ball::relative(modulus, 1e-12))
        .ball("half", Ball::relative(0.5 * modulus, 1e-12))
        .ball("third", Ball::relative(modulus / 3.0, 1e-12))
        .quantity("one", 1.0, 0.0))
}

/// The transfer alone, or with the α and β of the target.
fn transferred(cell: &Cell, seed: u64) -> Result<Measurement> {
    let source = instance::target(cell)?;
    let [learnt, _] = frozen(cell, seed, &source, cell.n(), 0)?;
    let mut errors = Errors::default();
    for index in 0..RUNS {
        let task = task(cell, seed, source.latent(), index)?;
        let name = format!("head {index}");
        let learnt = learnt.clone().rebiased(Streams { cell, seed, name: &name });
        let affine = instance::measurement(cell) == "affine";
        let learnt = if affine { learnt.centred(&task.fit)? } else { learnt };
        errors.add(learnt.errors(&task)?);
    }
    let out = Measurement::new().ball("absolute", errors.absolute());
    instance::hypotheses(scales(out, cell)?, &source, cell.d(), cell.n())
}

/// The transfer beside what must fail, and beside the rows inside S*.
fn beside(cell: &Cell, seed: u64) -> Result<Measurement> {
    let source = instance::target(cell)?;
    let names = ["interval", "inside", "untrained", "few", "kernel"];
    let out = compared(names, RUNS, |index| {
        let [learnt, untrained] = frozen(cell, seed, &source, cell.n(), index)?;
        let [few, _] = frozen(cell, seed, &source, cell.d(), index)?;
        let task = task(cell, seed, source.latent(), index)?;
        Ok([
            learnt.errors(&task)?,
            learnt.projected(source.latent()).errors(&task)?,
            untrained.errors(&task)?,
            few.errors(&task)?,
            task.kernel(arc_cosine::random_features_matrix)?,
        ])
    })?;
    let half = out.quantities["absolute_interval"] * 0.5;
    let out = scales(out.ball("half_of_all", half), cell)?;
    instance::hypotheses(out, &source, cell.d(), cell.n())
}

/// A source whose rows miss the direction of the target, beside mix3.
fn in_vain(cell: &Cell, seed: u64) -> Result<Measurement> {
    let source = instance::target(cell)?;
    let mix3 = families::series("mix3", 1, f64::NAN)?;
    let out = compared(["interval", "mix3"], RUNS, |index| {
        let of = |source: &HermiteSeries| -> Result<Errors> {
            let [learnt, _] = frozen(cell, seed, source, cell.n(), index)?;
            learnt.errors(&task(cell, seed, source.latent(), index)?)
        };
        Ok([of(&source)?, of(&mix3)?])
    })?;
    instance::assumptions(scales(out, cell)?, &source)
}
