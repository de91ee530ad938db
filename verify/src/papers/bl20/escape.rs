//! BL20, escape: what minimises the objective that is averaged over signs leaves the neighbourhood in which
//! the network is its linearisation, and learns with fewer samples than any kernel.
//!
//! Derived for this project, for `L(W) = E_S E_n ½(f(x; SW) − y)² + λ‖W‖_{2,4}⁸` and for L_Q, which has
//! f_Q(W) in place of f(SW):
//!
//! > The rows of the minimiser are ≍ m^{−1/4}, and `‖W‖_F² ≍ m^{1/2}`; without signs, from W = 0, they are
//! > ≍ m^{−1/2}. The spread of the signs is a penalty: with the minimiser of L_Q on the right side,
//! > `min L − min L_Q = (1/2m) Σ_r E_n σ'(z_r)² u_r² + E_n (f_Q − y)(E_S f − f_Q)`, to within a relative
//! > m^{−1/2}. The first term is near `(E σ'²/2m) ‖W‖_F²`, a nuclear norm of f_Q of strength m^{−1/2}.

use super::instance;
use super::letters::{D, M, N};
use crate::claim::distribution::mean_and_error;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::construct::{frobenius_sq, norm_2_4_pow4};
use escapement::descent::quasi_newton::QuasiNewton;
use escapement::network::PairedNetwork;
use escapement::randomised::{RandomisedSquare, over_signs, term_gradient};
use escapement::rounding;
use escapement::sphere::{ZonalQuadrature, dimension, uniform_sphere};
use faer::{Mat, MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Escape;

/// sin(z + 1.2), of which |E σ''(N)| = 0.57, and z²/2, which is even.
const ACTIVATIONS: [&str; 2] = ["sine:-1.2", "monomial:2"];
/// The most steps of L-BFGS.
const STEPS: u64 = 400;
/// Length of the rows of the noise from which a descent starts, in units of m^{−1/4}.
const NOISE: f64 = 0.3;
/// Fresh inputs of a draw.
const FRESH: usize = 500;
/// √(E f*²), λ, and the norm of the gradient at which a descent ends, with W in units of m^{−1/4} and
/// relative to L(0): along the width and against the floor.
const WIDTH: (f64, f64, f64) = (1.0, 3e-4, 1e-4);
const FLOOR: (f64, f64, f64) = (2.0, 1e-5, 3e-4);

const CARD: Card = Card {
    statement: r"\|w_r\| \asymp m^{-1/4}, \qquad \|W\|_F^2 \asymp m^{1/2}, \qquad \min L - \min L_Q \approx
        \frac{1}{2m} \sum_r \mathbb{E}_n \sigma'(z_r)^2 u_r^2 \asymp m^{-1/2}, \qquad
        \frac{\mathbb{E} (f - f^*)^2}{\mathbb{E} f^{*2}} < 1 - \frac{n}{B(d,2)}",
    reference: "BL20, the escape from the kernel of the abstract; statement derived for this project",
    hypotheses: "Inputs on the sphere of radius √d; f* = c(x_1² − x_2²) in a plane that is drawn; σ = \
        sin(z + 1.2); a descent that has arrived.",
    method: "The exact mean over signs is minimised by L-BFGS from noise, beside the quadratic model, and \
        the network without signs from W = 0, on the same draws. Fresh inputs give the error, averaged over \
        directions and samples, to be held to the floor of every kernel.",
    refuted_by: "Rows of another power of m; an objective that is not that of the quadratic model and the \
        penalty; an error that a kernel could have.",
    variables: &["m", "d", "n"],
    uses: &["bl-coupling", "bl-landscape"],
    errata: &[ErratumId(1), ErratumId(8)],
    ..Card::new(&super::PAPER, "bl-escape", "Random signs let the network leave its linearisation")
};

impl Claim for Escape {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, n: usize, m: usize| {
            Cell::new(self.id(), part).with(D, d).with(N, n).with(M, m).activation(ACTIVATIONS[0])
        };
        let quick = tier == Tier::Quick;
        let (count, widths) = if quick { (5, 1) } else { (8, 3) };
        let mut cells = Vec::new();
        for (d, n) in [(12, 50), (16, 80)].into_iter().take(if quick { 1 } else { 2 }) {
            for m in sweep::doublings(64, count) {
                cells.extend((0..if quick { 2 } else { 3 }).map(|r| cell("width", d, n, m).replicate(r)));
            }
        }
        cells.extend(sweep::doublings(256, widths).map(|m| cell("floor", 24, 160, m)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d, n) = (cell.m() as f64, cell.d() as f64, cell.n() as f64);
        let draws = if cell.part == "width" { 1 } else { draws(cell) };
        Prediction { flops: 3e7 + 5e3 * draws as f64 * m * n, bytes: 1e6 + 8.0 * m * (60.0 * d + 3.0 * n) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "width" { width(cell, seed) } else { floor(cell, seed) }
    }

    fn bounds(&self) -> Vec<Bound> {
        let in_m = |name: &str, statement: &str, power: f64| {
            let sweep = Sweep::both(M, move |_| power);
            Bound::growth(name, statement, name, format!("{name}_scale"), sweep).part("width")
        };
        let at_most = |name: &str, statement: &str, (lhs, rhs): (&str, &str), false_one: Neighbour| {
            Bound::inequality(name, statement, lhs, Side::Upper, rhs, false_one)
        };
        vec![
            in_m("rows", "the root mean square of ‖w_r‖ at the minimiser is ≍ m^{−1/4}", -0.25)
                .chosen("E f*² = 1 and λ = 3·10⁻⁴, at which bias and penalty move ‖W‖_F² by few percent")
                .headline(),
            in_m("frobenius", "‖W‖_F² ≍ m^{1/2}", 0.5).headline(),
            in_m("still", "without signs, from W = 0, the root mean square is ≍ m^{−1/2}", -0.5),
            at_most(
                "rows-low",
                "it is at least ¾ of that of the quadratic model",
                ("rows_quadratic_part", "rows"),
                Neighbour::rhs("still", "without signs, from W = 0"),
            )
            .chosen("¾")
            .part("width"),
            in_m("penalty", "(1/2m) Σ_r E_n σ'²u_r² at the minimiser of L_Q is ≍ m^{−1/2}", -0.5),
            Bound::growth(
                "difference",
                "min L − min L_Q ≳ m^{−1/2}: it does not fall faster than the penalty",
                "difference",
                "penalty",
                Sweep::lower(M, |_| -0.5),
            )
            .headline()
            .part("width"),
            at_most(
                "difference-high",
                "min L − min L_Q ≤ penalty + E_n [(f_Q − y)b + ½b²], b = E_S f − f_Q, at that of L_Q",
                ("difference", "allowed"),
                Neighbour::rhs("allowed_half", "half of the penalty"),
            )
            .chosen(
                "descents that go on beyond m = 1024, after one at m = 8192 had missed it by 0.4 percent",
            )
            .part("width"),
            Bound::growth(
                "ratio",
                "at the minimiser of L, 1 − Σ E_n O_r²/Σ E_n σ'²u_r² ≲ m^{−1/2}: the spread is the penalty",
                "missing",
                "missing_scale",
                Sweep::upper(M, |_| -0.5),
            )
            .headline()
            .part("width"),
            at_most(
                "nuclear",
                "there Σ E_n σ'²u_r² is E σ'² ‖W‖_F² to within 0.4 of it",
                ("nuclear", "nuclear_allowed"),
                Neighbour::lhs("nuclear_one", "1 in place of E σ'²"),
            )
            .chosen("0.4, after 0.30 over five seeds")
            .part("width"),
            at_most(
                "floor",
                "the relative error, a mean over draws plus three standard errors, is below 1 − n/B(d,2), \
                 under which no kernel has a mean over directions",
                ("error", "floor"),
                Neighbour::lhs("error_still", "without signs, from W = 0"),
            )
            .neighbour(Neighbour::lhs("error_odd", "σ = z²/2 and a target of degree 3"))
            .chosen("d = 24, n = 160, E f*² = 4, λ = 10⁻⁵: four draws at d = 20, n = 110 scatter too much")
            .headline()
            .part("floor"),
        ]
    }
}

/// What is fitted.
#[derive(Clone, Copy, PartialEq)]
enum Model {
    Signs,
    Quadratic,
    Still,
}

/// A network with its sample, and the directions of the target.
struct Problem {
    net: PairedNetwork,
    axes: Mat<f64>,
    x: Mat<f64>,
    y: Vec<f64>,
    lambda: f64,
    small: f64,
}

impl Problem {
    /// Draws it; the target is of degree p and has the given √(E f*²).
    fn new(
        cell: &Cell,
        seed: u64,
        name: &str,
        p: usize,
        (scale, lambda, arrived): (f64, f64, f64),
    ) -> Result<Self> {
        let (d, sigma) = (cell.d(), instance::activation(cell)?);
        let net = PairedNetwork::random(&mut cell.stream(seed, name), cell.m() / 2, d, sigma)?;
        // Target and sample are the same at every width and in every network.
        let rng = &mut cell.clone().without(M).replicate(0).stream(seed, name);
        let drawn = uniform_sphere(rng, 2, d, 1.0);
        let common = drawn.row(0) * drawn.row(1).transpose();
        let rest = (1.0 - common * common).sqrt();
        // E |x_1 + ix_2|^{2p}/2, which is E f² of the real part.
        let square = (0..p).fold(0.5, |e, j| e * (d * (2 + 2 * j)) as f64 / (d + 2 * j) as f64);
        let factor = (scale / square.sqrt()).powf(1.0 / p as f64);
        let axes = Mat::from_fn(2, d, |i, c| {
            factor * if i == 0 { drawn[(0, c)] } else { (drawn[(1, c)] - common * drawn[(0, c)]) / rest }
        });
        let x = uniform_sphere(rng, cell.n(), d, (d as f64).sqrt());
        let y = target(x.as_ref(), axes.as_ref(), p);
        // Beyond m = 1024 it falls like m^{−1/2}, because what is compared does.
        let arrived = arrived * (1024.0 / cell.m() as f64).min(1.0).sqrt();
        let small = arrived * 0.5 * y.iter().map(|y| y * y).sum::<f64>() / y.len() as f64;
        Ok(Self { net, axes, x, y, lambda, small })
    }

    /// The objective of a model without λ‖W‖⁸, and its gradient.
    fn loss(&self, model: Model, w: MatRef<'_, f64>) -> Result<(f64, Mat<f64>)> {
        let (n, m, x) = (self.y.len(), self.net.m(), self.x.as_ref());
        let slopes =
            |f: &[f64]| -> Vec<f64> { f.iter().zip(&self.y).map(|(f, y)| (f - y) / n as f64).collect() };
        let value = |slopes: &[f64]| 0.5 * n as f64 * slopes.iter().map(|h| h * h).sum::<f64>();
        match model {
            Model::Signs => {
                Ok(RandomisedSquare::new(&self.net, x, &self.y)?.value_and_gradient(w, Par::Seq)?)
            }
            Model::Quadratic => {
                let h = slopes(&self.net.f_quadratic(x, w, Par::Seq)?);
                Ok((value(&h), term_gradient(&self.net, 2, x, w, &h, Par::Seq)?))
            }
            Model::Still => {
                let (p, scale) = (m / 2, (m as f64).sqrt().recip());
                let weights = Mat::from_fn(m, w.ncols(), |r, c| self.net.weights()[(r % p, c)] + w[(r, c)]);
                let (mut z, mut f) = (x * weights.transpose(), vec![0.0; n]);
                let mut first = z.clone();
                for r in 0..m {
                    let (z, first) = (z.col_as_slice_mut(r), first.col_as_slice_mut(r));
                    self.net.activation().apply_value_and_first(z, first);
                    f.iter_mut().zip(z).for_each(|(f, z)| *f += scale * self.net.sign(r) * *z);
                }
                let h = slopes(&f);
                let gradient = |r: usize, c: usize| -> f64 {
                    let sum = (0..n).map(|i| h[i] * first[(i, r)] * x[(i, c)]).sum::<f64>();
                    scale * self.net.sign(r) * sum
                };
                Ok((value(&h), Mat::from_fn(m, w.ncols(), gradient)))
            }
        }
    }

    /// A minimiser, the objective there, and whether the descent arrived.
    fn minimise(&self, model: Model, noise: &Mat<f64>) -> Result<(Mat<f64>, f64, bool)> {
        let (m, d) = (self.net.m(), self.net.d());
        let unit = (m as f64).powf(-0.25);
        let scaled = |z: &[f64]| Mat::from_fn(m, d, |r, c| unit * z[c * m + r]);
        let mut function = |z: &[f64], gradient: &mut [f64]| {
            let w = scaled(z);
            // A step too long for finite numbers is refused by the search.
            let Ok((value, of_loss)) = self.loss(model, w.as_ref()) else { return f64::INFINITY };
            let norm = norm_2_4_pow4(w.as_ref());
            for r in 0..m {
                let force = 8.0 * self.lambda * norm * w.row(r).squared_norm_l2();
                (0..d).for_each(|c| gradient[c * m + r] = unit * (of_loss[(r, c)] + force * w[(r, c)]));
            }
            value + self.lambda * norm * norm
        };
        let start = if model == Model::Still { 0.0 } else { NOISE };
        let start = (0..m * d).map(|i| start * noise[(i % m, i / m)]).collect();
        let mut run = QuasiNewton::new(start, &mut function);
        let arrived =
            |run: &QuasiNewton| run.gradient().iter().map(|g| g * g).sum::<f64>().sqrt() <= self.small;
        while run.steps() < STEPS && !arrived(&run) && run.advance(5, &mut function) {}
        Ok((scaled(run.point()), run.value(), arrived(&run)))
    }

    /// The three minimisers in the order of [`Model`].
    fn minimisers(&self, cell: &Cell, seed: u64, name: &str) -> Result<[(Mat<f64>, f64, bool); 3]> {
        let noise = uniform_sphere(&mut cell.stream(seed, name), cell.m(), cell.d(), 1.0);
        let [signs, quadratic, still] =
            [Model::Signs, Model::Quadratic, Model::Still].map(|model| self.minimise(model, &noise));
        Ok([signs?, quadratic?, still?])
    }

    /// `E (f − f*)²/E f*²` at fresh inputs, over the signs where there are any.
    fn error(&self, model: Model, w: MatRef<'_, f64>, p: usize, x: MatRef<'_, f64>) -> Result<f64> {
        let truth = target(x, self.axes.as_ref(), p);
        let none = vec![0.0; x.nrows()];
        let (f, variance) = match model {
            Model::Quadratic => (self.net.f_quadratic(x, w, Par::Seq)?, none),
            Model::Still => (self.net.f(x, w, Par::Seq)?, none),
            Model::Signs => {
                let law = over_signs(&self.net, x, w, Par::Seq)?;
                (law.mean().to_vec(), law.variance().to_vec())
            }
        };
        let miss = f.iter().zip(&truth).zip(&variance).map(|((f, y), v)| (f - y).powi(2) + v);
        Ok(miss.sum::<f64>() / truth.iter().map(|y| y * y).sum::<f64>())
    }
}

/// `Re (x·axis_1 + i x·axis_2)^p`.
fn target(x: MatRef<'_, f64>, axes: MatRef<'_, f64>, p: usize) -> Vec<f64> {
    let power = |x: faer::RowRef<'_, f64>| {
        let [a, b] = [0, 1].map(|axis| x * axes.row(axis).transpose());
        (0..p).fold((1.0, 0.0), |(re, im), _| (re * a - im * b, re * b + im * a)).0
    };
    x.row_iter().map(power).collect()
}

/// Rows and objectives of the three minimisers.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, n) = (cell.m(), cell.n() as f64);
    let problem = Problem::new(cell, seed, "draw", 2, WIDTH)?;
    let [signs, quadratic, still] = problem.minimisers(cell, seed, "noise")?;
    let law = over_signs(&problem.net, problem.x.as_ref(), quadratic.0.as_ref(), Par::Seq)?;
    let half_mean = |list: &[f64]| 0.5 * list.iter().sum::<f64>() / n;
    let (penalty, mut bias, mut square) = (half_mean(law.linear_variance()), 0.0, 0.0);
    for ((e, q), y) in law.mean().iter().zip(law.quadratic()).zip(&problem.y) {
        bias += (q - y) * (e - q) / n;
        square += 0.5 * (e - q).powi(2) / n;
    }
    let difference = signs.1 - quadratic.1;
    let rounding = rounding::sum(m * cell.d(), 8 * cell.d() + 64) * (signs.1 + quadratic.1);
    let root = |w: &Mat<f64>| (frobenius_sq(w.as_ref()) / m as f64).sqrt();
    let at = over_signs(&problem.net, problem.x.as_ref(), signs.0.as_ref(), Par::Seq)?;
    let (spread, linear) = (half_mean(at.variance()), half_mean(at.linear_variance()));
    let sigma = problem.net.activation();
    let slope = |t: f64| sigma.d1((cell.d() as f64).sqrt() * t).powi(2);
    let slope = ZonalQuadrature::shared(cell.d(), 64)?.expect(slope);
    let nuclear =
        |slope: f64| (linear * 2.0 * m as f64 / (slope * frobenius_sq(signs.0.as_ref())) - 1.0).abs();
    let mut out = Measurement::new();
    for (name, value, error) in [
        ("rows", root(&signs.0), 0.0),
        ("frobenius", frobenius_sq(signs.0.as_ref()), 0.0),
        ("still", root(&still.0), 0.0),
        ("rows_quadratic_part", 0.75 * root(&quadratic.0), 0.0),
        ("penalty", penalty, 0.0),
        ("difference", difference, rounding),
        ("allowed", penalty + bias + square, rounding),
        ("allowed_half", 0.5 * penalty + bias + square, rounding),
        ("missing", 1.0 - spread / linear, rounding / linear),
        ("nuclear", nuclear(slope), rounding / linear),
        ("nuclear_one", nuclear(1.0), rounding / linear),
    ] {
        out.insert(name, value, error + rounding::sum(m * cell.d(), 16) * value.abs());
    }
    let mf = m as f64;
    for (name, power) in
        [("rows", -0.25), ("frobenius", 0.5), ("still", -0.5), ("penalty", -0.5), ("missing", -0.5)]
    {
        out.insert(format!("{name}_scale"), mf.powf(power), 0.0);
    }
    out.insert("nuclear_allowed", 0.4, 0.0);
    Ok(out.hypothesis("arrived", signs.2 && quadratic.2 && still.2, "all three descents"))
}

/// Draws of a cell against the floor.
fn draws(cell: &Cell) -> usize {
    if cell.m() > 256 { 8 } else { 4 }
}

/// Errors over several draws, beside the floor of kernels.
fn floor(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (mut errors, mut all) = (vec![Vec::new(); 4], true);
    for draw in 0..draws(cell) {
        let name = format!("draw {draw}");
        let fresh = &mut cell.stream(seed, &format!("fresh {draw}"));
        let x = uniform_sphere(fresh, FRESH, cell.d(), (cell.d() as f64).sqrt());
        let problem = Problem::new(cell, seed, &name, 2, FLOOR)?;
        let found = problem.minimisers(cell, seed, &format!("noise {draw}"))?;
        all &= found.iter().all(|(.., arrived)| *arrived);
        for (of, model) in [Model::Signs, Model::Quadratic, Model::Still].into_iter().enumerate() {
            errors[of].push(problem.error(model, found[of].0.as_ref(), 2, x.as_ref())?);
        }
        if draw > 0 {
            continue;
        }
        let odd = Problem::new(&cell.clone().activation(ACTIVATIONS[1]), seed, &name, 3, FLOOR)?;
        let noise = uniform_sphere(fresh, cell.m(), cell.d(), 1.0);
        let w = odd.minimise(Model::Signs, &noise)?.0;
        errors[3].push(odd.error(Model::Signs, w.as_ref(), 3, x.as_ref())?);
    }
    let mut out = Measurement::new()
        .quantity("floor", 1.0 - cell.n() as f64 / dimension(cell.d(), 2), f64::EPSILON)
        .hypothesis("arrived", all, "all descents with the target of degree 2");
    for (name, errors) in ["error", "error_quadratic", "error_still", "error_odd"].iter().zip(&errors) {
        let (mean, error) = mean_and_error(errors);
        out.insert(*name, mean + 3.0 * error, 1e-9 * mean);
    }
    Ok(out)
}
