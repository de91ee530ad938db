//! DLS22, Lemma 17, Corollaries 18 and 24, Lemma 25: after the step random features represent the target.
//!
//! > `E[v_k(a, b) σ(ax + b)] = x^k` for |x| ≤ 1, and some a* has
//! > `E_n(f_{a*} − f*)² ≲ 1/n + r^pκ^{2p}/m` and `‖a*‖² ≲ r^pκ^{2p}/m`.
//!
//! The a* of the proof is built with the part of the population gradient in S* ([`super::construction`]);
//! what a sample adds to the rows is the subject of `dls-diversity`. Then `m E‖a*‖² = E h²`, which is a
//! rational function of d, and `E(f_{a*} − f*)² = (2/m)Var + (truncation)²` at each input, for m neurons in
//! pairs: in one direction both are integrals over z = u·w and b. The step is `2η_1 = √(πd)/ι`, ι = 2 ln
//! 200n: beyond √ι lies an input of n with probability ½ % at most, and beyond √(ι/d) must z be for a neuron
//! to be truncated, where ‖H‖ ≤ √2.

use super::construction::{Construction, Line, head};
use super::instance;
use super::letters::{D, KAPPA, LATENT, M, N, ORDER, POINT};
use super::representers::{NODES, integral, v};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::HermiteSeries;
use escapement::gaussian::normal::density;
use escapement::{rounding, tolerance};
use rand_distr::{Distribution, StandardNormal};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct RandomFeatures;

/// Networks behind a Student interval; and in a cell along m, how many at least, and how many neurons more.
const DRAWS: usize = 8000;
const NETWORKS: usize = 100;
const NEURONS: usize = 1 << 14;
/// Inputs of a network, and those for which the step is chosen where no input is drawn.
const FEW: usize = 16;
const MANY: usize = 4096;
/// The dimension at which κ and r are swept: corrections are of relative order κ/d and r/d.
const WIDE: usize = 1 << 16;
/// The dimension where truncation is followed: corrections to the normal law are of relative order ι²/d.
const ODD: usize = 4097;
/// Dimensions beyond the common ones: corrections of He_4 are of relative order 100/d.
const BEYOND: [usize; 3] = [4000, 8000, 16_000];
/// Where the identity must fail.
const OUTSIDE: f64 = 1.5;

const CARD: Card = Card {
    statement: r"\mathbb{E}[v_k(a,b)\, \sigma(ax + b)] = x^k, \qquad
        \mathbb{E}_n (f_{a^*} - f^*)^2 \lesssim \frac1n + \frac{r^p \kappa^{2p}}{m}, \qquad
        \|a^*\|^2 \lesssim \frac{r^p \kappa^{2p}}{m}",
    reference: "DLS22, Lemma 17, Corollaries 18 and 24, Lemma 25",
    hypotheses: "E f*² = 1, a polynomial of degree p on r directions, H of rank r, d ≳ κ r^{3/2}; |x| ≤ 1 \
        for the identity. The rows are those of the population gradient within S*, where n ≳ d²κ²r.",
    method: "The identity is integrated for k ≤ 5 under both laws of b, split at the kink. E h² is exact: \
        it is followed in d to 16 000, in κ at p = 3 and 4, in r at p = 2. In one direction the mean square \
        error and the norm of drawn networks are held to their exact means, by Student intervals at \
        confidence 1 − 10⁻⁶; the error is followed along m, and what truncation costs along n.",
    refuted_by: "A difference of the two sides of the identity beyond rounding; an error that falls slower \
        than 1/m; a truncation that falls slower than 1/n; E h² that grows faster than r^p or κ^{2p}, or \
        with d.",
    variables: &["n", "m", "d", "r", "kappa", "p"],
    uses: &["dls-diversity", "dls-alignment"],
    errata: &[ErratumId(8), ErratumId(9)],
    ..Card::new(&super::PAPER, "dls-random-features", "Random features represent the target")
};

impl Claim for RandomFeatures {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, n: usize, r: usize| {
            Cell::new(self.id(), part).with(D, d).with(N, n).with(LATENT, r)
        };
        let mut cells = Vec::new();
        for law in ["uniform", "normal"] {
            for k in 0..=5 {
                // In place of 0 an eighth, because differences are printed relative to x^k.
                let at = |i: i32| if i == 0 { 0.125 } else { 0.25 * f64::from(i) };
                let cell = Cell::new(self.id(), format!("identity.{law}")).with(ORDER, k);
                cells.extend((-4..=4).map(|i| cell.clone().with(POINT, at(i))));
            }
        }
        // What has heavy tails takes more networks than the quick tier may.
        let targets: &[&str] = if tier == Tier::Quick { &["he2"] } else { &["he2", "mix3"] };
        let (replicates, octaves) = if tier == Tier::Quick { (8, 9) } else { (16, 11) };
        for target in targets {
            let at = |m: usize| cell(&format!("networks.{target}"), 257, FEW, 1).with(M, m);
            let widths = sweep::doublings(8, octaves).map(at);
            cells.extend(widths.flat_map(|c| (0..replicates).map(move |i| c.clone().replicate(i))));
        }
        // Of all targets He_2 has the largest ‖H‖, so that the most of it is truncated. Not of mix3 the
        // means: its squares have so heavy a tail that a Student interval fails.
        cells.extend([16, 32].map(|m| cell("draws.he2", 257, FEW, 1).with(M, m)));
        cells.extend(sweep::doublings(32, 12).map(|n| cell("samples.he2", ODD, n, 1)));
        for target in ["he2", "mix3", "mix4"] {
            let at = |d: &usize| cell(&format!("dimensions.{target}"), *d, MANY, 1);
            cells.extend(sweep::dimensions(tier).iter().chain(&BEYOND).map(at));
        }
        for target in ["iso", "balanced"] {
            let at = |r: usize| cell(&format!("directions.{target}"), WIDE, MANY, r);
            cells.extend([2, 4, 6, 8, 10, 12].map(at));
        }
        for target in ["weak3", "weak4"] {
            let kappa = |i: i32| 2.0_f64.powf(0.5 * f64::from(i));
            let at = |i| cell(&format!("curvatures.{target}"), WIDE, MANY, 1).with(KAPPA, kappa(i));
            cells.extend((0..10).map(at));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        let flops = match instance::measurement(cell) {
            "networks" => (NETWORKS as f64 * m + NEURONS as f64) * (100.0 + 4.0 * n) + n * (d + 64.0) * 1e4,
            "directions" => 3.0 * (cell.whole(LATENT) as f64).powi(6),
            _ => 1e3 * d.min(1e4),
        };
        Prediction { flops: 1e5 + flops, bytes: 1e6 + 8.0 * (m * d + n) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match instance::measurement(cell) {
            "identity" => identity(cell),
            "draws" | "networks" => networks(cell, seed),
            "samples" => samples(cell),
            _ => mean_square(cell),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
        let mut bounds = vec![
            Bound::identity(
                "lemma-17",
                "E[v_k(a, b) σ(ax + b)] = x^k for |x| ≤ 1, for b uniform on [−1, 1], and for b standard \
                 normal with v_k 1_{|b|≤1}/(2φ(b))",
                "mean",
                "power",
                Neighbour::lhs("mean_outside", "x = 1.5: the power and what is missed there"),
            )
            .neighbour(Neighbour::lhs("mean_cut", "v_k without its term 2ka"))
            .headline()
            .among(part("identity")),
            Bound::growth(
                "error-in-m",
                "E_n(f_{a*} − f*)² ≍ 1/m for drawn neurons, beside its exact mean given the inputs",
                "error",
                "error_mean",
                Sweep::both(M, |_| -1.0),
            )
            .chosen("the range of m and the number of networks, which were widened until the sweep decided")
            .headline()
            .among(part("networks")),
            Bound::asymptotic(
                "truncation-in-n",
                "E_x(f* − E f_{a*})², what neurons lack that are truncated for n inputs within √ι, is ≲ 1/n",
                "truncation",
                Sweep::upper(N, |_| -1.0),
            )
            .chosen("ι = 2 ln 200n and the integral in place of drawn samples, whose tails are too heavy")
            .headline()
            .among(part("samples")),
        ];
        bounds.extend(exact());
        bounds
    }
}

/// The bounds on E h², and those on the program.
fn exact() -> Vec<Bound> {
    let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
    let degree = |cell: &Cell| if instance::target_name(cell) == "weak3" { 3.0 } else { 4.0 };
    vec![
        Bound::asymptotic(
            "in-kappa",
            "E h² ≍ κ^{2p} where the degree p has a direction of weak curvature",
            "mean_square",
            Sweep::both(KAPPA, move |cell| 2.0 * degree(cell)),
        )
        .headline()
        .among(part("curvatures")),
        Bound::asymptotic(
            "in-r",
            "E h² ≲ r^p at p = 2, where H² is a multiple of the identity: attained for tr H = 0",
            "mean_square",
            Sweep::upper(LATENT, |_| 2.0),
        )
        .chosen(
            "the upper side alone: where tr H ≠ 0 the direction of the trace leaves a power of r to spare",
        )
        .headline()
        .among(part("directions")),
        Bound::asymptotic(
            "in-d",
            "E h² ≍ 1 along d, at the step 2η_1 = √(πd)/ι",
            "mean_square",
            Sweep::both(D, |_| 0.0),
        )
        .among(part("dimensions")),
        Bound::inequality(
            "means",
            "E E_n(f_{a*} − f*)² = (2/m) E_n Var + E_n(truncation)² given the inputs, and m E‖a*‖² = E h²: \
             the larger miss, in units of half a Student interval over 8000 networks at confidence 1 − 10⁻⁶",
            "miss",
            Side::Upper,
            "one",
            Neighbour::lhs("miss_unscaled", "h without (2η_1)^{−k}"),
        )
        .code_check()
        .chosen("two cells of 8000 networks, and He_2: of mix3 the squares have too heavy a tail")
        .among(part("draws")),
    ]
}

/// `E[v_k(a, b) σ(ax + b)]` at x, whose kink in b is at −ax.
fn identity(cell: &Cell) -> Result<Measurement> {
    let (k, x) = (cell.whole(ORDER) as u32, cell.real(POINT));
    let normal = instance::target_name(cell) == "normal";
    // The density of b, times what v_k has as its factor under that law.
    let law = |b: f64| if normal { density(b).value * (0.5 / density(b).value) } else { 0.5 };
    let mean = |x: f64, v: &dyn Fn(f64, f64) -> f64| -> Result<Ball> {
        let half = |a: f64| integral(a * x, |b| 0.5 * law(b) * v(a, b));
        // Terms of v_k are at most 12k(k + 1), and |t + b| is at most 1 + |x|.
        let size = f64::from(12 * (k + 1).pow(2)) * (1.0 + x.abs());
        Ok(Ball::new(half(1.0)? + half(-1.0)?, rounding::sum(2 * NODES, 4 * k as usize + 32) * size))
    };
    let v_k = |a: f64, b: f64| v(k, a, b);
    let power = |x: f64| Ball::exact(x).powi(k as i32);
    let mut out = Measurement::new().ball("mean", mean(x, &v_k)?).ball("power", power(x));
    if k > 1 {
        // Of degrees 0 and 1 the identity holds everywhere.
        out = out.ball("mean_outside", power(x) + mean(OUTSIDE, &v_k)? - power(OUTSIDE));
        out = out.ball("mean_cut", mean(x, &|a, b| v(k, a, b) - 2.0 * f64::from(k) * a)?);
    }
    Ok(out.hypothesis("|x| ≤ 1", x.abs() <= 1.0, format!("{x}")))
}

/// ι of a cell.
fn iota(cell: &Cell) -> Ball {
    (Ball::exact(200.0) * cell.n() as f64).ln() * 2.0
}

/// The step 2η_1 of a cell.
fn step(cell: &Cell) -> Ball {
    (Ball::relative(std::f64::consts::PI, f64::EPSILON) * cell.d() as f64).sqrt() / iota(cell)
}

/// With the hypotheses of a cell.
fn under(out: Measurement, f: &HermiteSeries, cell: &Cell) -> Result<Measurement> {
    let (d, asked) = (cell.d() as f64, f.kappa()?.value * (f.latent() as f64).powf(1.5));
    let out = out.hypothesis("d ≥ κ r^{3/2}", d >= asked, format!("{d} against {asked:.3}"));
    instance::assumptions(out, f)
}

fn mean_square(cell: &Cell) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let square = Construction::new(&f, cell.d(), step(cell))?.mean_square()?;
    under(Measurement::new().ball("mean_square", square), &f, cell)
}

/// What truncation costs.
fn samples(cell: &Cell) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let line = Construction::new(&f, cell.d(), step(cell))?.in_one_direction(iota(cell).value.sqrt())?;
    under(Measurement::new().ball("truncation", line.truncation()), &f, cell)
}

/// The square errors at the inputs of a network with m drawn neurons, summed, and its m‖a*‖². For
/// `(2η_1)^{−k}` it has `(factor/2η_1)^k`.
fn network(rng: &mut impl rand::Rng, line: &Line, inputs: &[[f64; 2]], m: usize, factor: f64) -> [f64; 2] {
    let width = m as f64;
    let (mut outputs, mut norm) = (vec![0.0; inputs.len()], 0.0);
    for _ in 0..m / 2 {
        let (row, tensors) = line.at(line.draw(rng));
        let tensors: Vec<f64> = tensors.into_iter().zip(0..).map(|(c, k)| c * factor.powi(k)).collect();
        for a in [1.0, -1.0] {
            let b: f64 = StandardNormal.sample(rng);
            let kept = b.abs() <= 1.0 && row.abs() * line.reach <= 1.0;
            let h = if kept { head(&tensors, a, b) } else { 0.0 };
            norm += h * h / width;
            let add = |(out, [x, _]): (&mut f64, &[f64; 2])| *out += h / width * (a * row * x + b).max(0.0);
            outputs.iter_mut().zip(inputs).for_each(add);
        }
    }
    [outputs.iter().zip(inputs).map(|(out, [_, f])| (out - f).powi(2)).sum(), norm]
}

/// Drawn networks on one sample, beside the exact means.
fn networks(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let construction = Construction::new(&f, cell.d(), step(cell))?;
    let (rng, polynomial) = (&mut cell.stream(seed, "inputs"), f.monomials());
    let input = |x: f64| [x, polynomial.at(&[Ball::exact(x)]).value];
    let inputs: Vec<[f64; 2]> = (0..cell.n()).map(|_| input(StandardNormal.sample(rng))).collect();
    let line = construction.in_one_direction(inputs.iter().fold(0.0, |most, [x, _]| x.abs().max(most)))?;
    let errors = inputs.iter().map(|&[x, f]| line.mean_square_error(x, f, cell.m()));
    let exact = [errors.sum::<escapement::Result<f64>>()?, construction.mean_square()?.value];
    let few = NETWORKS + NEURONS / cell.m().max(1);
    let count = if instance::measurement(cell) == "draws" { DRAWS } else { few };
    let measured = |count: usize, factor: f64| {
        let rng = &mut cell.stream(seed, "networks");
        let all: Vec<[f64; 2]> =
            (0..count).map(|_| network(rng, &line, &inputs, cell.m(), factor)).collect();
        let of =
            |i: usize| student_interval(&all.iter().map(|of| of[i]).collect::<Vec<_>>(), tolerance::FAILURE);
        let miss = |i: usize| (of(i).0 - exact[i]).abs() / of(i).1;
        (of(0).0, miss(0).max(miss(1)))
    };
    let ((error, miss), (_, unscaled)) = (measured(count, 1.0), measured(count / 4, step(cell).value));
    // The roundings of all sums are far below the scatter of the draws.
    let ball = |value: f64| Ball::relative(value, rounding::sum(count * cell.m(), 256));
    let out = Measurement::new()
        .ball("error", ball(error))
        .ball("error_mean", ball(exact[0]))
        .ball("miss", ball(miss))
        .ball("miss_unscaled", ball(unscaled))
        .quantity("one", 1.0, 0.0);
    under(out.cost((count * cell.m() * cell.n() * 8) as f64, 1e6, 0.0), &f, cell)
}
