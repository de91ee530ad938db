//! Polynomials of degree 2 or 3 that the quadratic model and kernel regression learn from samples, with
//! errors that are exact expectations over inputs.
//!
//! The target is `f* = c Σ_{k < K} Re (x_{2k+1} + i x_{2k+2})^p`, `E f*² = 1`: a harmonic of degree p, and a
//! sum of pK powers of linear functions. With σ = z^q/q! the quadratic model is a homogeneous polynomial of
//! degree q, so that no fresh inputs are needed.

use crate::error::Result;
use escapement::descent::quasi_newton::QuasiNewton;
use escapement::descent::{Landscape, SquareLandscape};
use escapement::network::{Model, PairedNetwork};
use escapement::sphere::{dimension, uniform_sphere};
use escapement::{Error, activation};
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Par, concat};
use rand::Rng;

/// Width m of the quadratic model.
pub const WIDTH: usize = 64;
/// The step of the grid of n.
pub const GRID: f64 = 1.08;
/// The places of the grid on either side of where a search starts.
pub const PLACES: i32 = 16;
/// The most steps of L-BFGS, and the norm of the gradient at which it ends, with W in units of m^{−1/4} and
/// relative to L(0).
const STEPS: u64 = 1000;
const ARRIVED: f64 = 1e-4;

/// What is to be learnt: the dimension d, the degree p (2 or 3), the number K of planes, at most d/2, and
/// the relative error `E (f − f*)²/E f*²` that is enough, to which λ is tied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Task {
    /// d.
    pub d: usize,
    /// p.
    pub p: usize,
    /// K.
    pub planes: usize,
    /// ε.
    pub error: f64,
}

impl Task {
    /// `c Σ_k Re (x_{2k+1} + i x_{2k+2})^p` with `E f*² = 1`, from `x² − y²` and `x·x² − 3 x·y²`.
    ///
    /// # Errors
    /// [`Error::Domain`] for another degree, or planes that do not fit.
    pub fn target(&self) -> Result<Polynomial> {
        if !(2..=3).contains(&self.p) {
            return Err(Error::domain("p", self.p, "the learner has the degrees 2 and 3").into());
        }
        if self.planes == 0 || 2 * self.planes > self.d {
            let allowed = format!("at least 1 and at most d/2, d = {}", self.d);
            return Err(Error::domain("the number of planes", self.planes, allowed).into());
        }
        let unit = |j: usize, c: usize| f64::from(u8::from(j == c));
        let terms = 2 * self.planes;
        let mut out = Polynomial {
            factors: (0..terms).map(|j| if j % 2 == 0 { 1.0 } else { 3.0 - 2.0 * self.p as f64 }).collect(),
            v: (self.p == 3).then(|| Mat::from_fn(terms, self.d, |j, c| unit(j - j % 2, c))),
            w: Mat::from_fn(terms, self.d, unit),
        };
        let scale = out.square().sqrt();
        out.factors.iter_mut().for_each(|factor| *factor /= scale);
        Ok(out)
    }

    /// `0.4 ε/(16 K d^{p−2})²`, because `‖W*‖_{2,4}⁸` is of the order of the square in the denominator.
    fn lambda(&self) -> f64 {
        let size = 16.0 * self.planes as f64 * (self.d as f64).powi(self.p as i32 - 2);
        0.4 * self.error / (size * size)
    }
}

/// `f(x) = Σ_j s_j (v_j·x)^{p−2} (w_j·x)²`, p = 3 where there are v_j and p = 2 where there are none.
#[derive(Debug, Clone)]
pub struct Polynomial {
    /// `s_j`.
    pub factors: Vec<f64>,
    /// `v_j`, one for each row.
    pub v: Option<Mat<f64>>,
    /// `w_j`, one for each row.
    pub w: Mat<f64>,
}

impl Polynomial {
    /// Its values at the rows of x.
    pub fn at(&self, x: MatRef<'_, f64>) -> Vec<f64> {
        let w = x * self.w.transpose();
        let v = self.v.as_ref().map(|v| x * v.transpose());
        let term = |i: usize, j: usize| v.as_ref().map_or(1.0, |v| v[(i, j)]) * w[(i, j)].powi(2);
        (0..x.nrows()).map(|i| self.factors.iter().enumerate().map(|(j, s)| s * term(i, j)).sum()).collect()
    }

    /// `E f²` over the sphere of radius √d. With the symmetric tensor T of f it is
    /// `d (2‖T‖² + (tr T)²)/(d + 2)` for p = 2, and `d² (6‖T‖² + 9‖tr T‖²)/((d + 2)(d + 4))` for p = 3,
    /// where norms and traces are those of products of the vectors.
    pub fn square(&self) -> f64 {
        let (s, w, d) = (&self.factors, &self.w, self.w.ncols() as f64);
        let ww = w * w.transpose();
        let double = |of: &dyn Fn(usize, usize) -> f64| -> f64 {
            (0..s.len())
                .map(|j| {
                    s[j] * (0..=j).map(|l| f64::from(1 + u8::from(l < j)) * s[l] * of(j, l)).sum::<f64>()
                })
                .sum()
        };
        let Some(v) = &self.v else {
            let trace = s.iter().enumerate().map(|(j, s)| s * ww[(j, j)]).sum::<f64>();
            return d * (2.0 * double(&|j, l| ww[(j, l)].powi(2)) + trace * trace) / (d + 2.0);
        };
        let (vv, vw) = (v * v.transpose(), v * w.transpose());
        let product = |j: usize, l: usize| {
            ww[(j, l)] * (vv[(j, l)] * ww[(j, l)] + 2.0 * vw[(j, l)] * vw[(l, j)]) / 3.0
        };
        let trace = |c: usize| -> f64 {
            let of = |j: usize| (ww[(j, j)] * v[(j, c)] + 2.0 * vw[(j, j)] * w[(j, c)]) / 3.0;
            s.iter().enumerate().map(|(j, s)| s * of(j)).sum()
        };
        let traces = (0..w.ncols()).map(|c| trace(c).powi(2)).sum::<f64>();
        d * d * (6.0 * double(&product) + 9.0 * traces) / ((d + 2.0) * (d + 4.0))
    }

    /// `E (f − g)²` for g with `E g² = 1`, to which f is orthogonal where the degrees differ.
    pub fn distance(&self, g: &Self) -> f64 {
        if self.v.is_some() != g.v.is_some() {
            return self.square() + 1.0;
        }
        Self {
            factors: self.factors.iter().copied().chain(g.factors.iter().map(|s| -s)).collect(),
            v: self.v.as_ref().zip(g.v.as_ref()).map(|(v, other)| concat![[v], [other]]),
            w: concat![[self.w], [g.w]],
        }
        .square()
    }
}

/// A network with σ = z^q/q!, noise to start from, and a sample.
#[derive(Debug)]
pub struct Draw {
    /// What is to be learnt.
    pub task: Task,
    /// f*.
    pub target: Polynomial,
    net: PairedNetwork,
    noise: Mat<f64>,
    x: Mat<f64>,
    y: Vec<f64>,
}

/// What a descent has found.
#[derive(Debug, Clone)]
pub struct Fit {
    /// f_Q.
    pub model: Polynomial,
    /// Its relative error, `E (f_Q − f*)²`.
    pub error: f64,
    /// Whether the descent arrived.
    pub arrived: bool,
}

/// The least number of inputs.
#[derive(Debug, Clone, Copy)]
pub struct Least {
    /// n*; none where it is not on the grid.
    pub n: Option<f64>,
    /// Whether all descents arrived.
    pub arrived: bool,
}

impl Draw {
    /// Draws n inputs and a network with q = `order`, 2 or 3.
    ///
    /// # Errors
    /// As [`Task::target`]; an order that is neither 2 nor 3.
    pub fn new(rng: &mut impl Rng, task: Task, order: usize, n: usize) -> Result<Self> {
        if !(2..=3).contains(&order) {
            return Err(Error::domain("q", order, "the learner has the degrees 2 and 3").into());
        }
        let (d, target) = (task.d, task.target()?);
        let net =
            PairedNetwork::random(rng, WIDTH / 2, d, activation::parse(&format!("monomial:{order}"))?)?;
        let noise = uniform_sphere(rng, WIDTH, d, 0.3);
        let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y = target.at(x.as_ref());
        Ok(Self { task, target, net, noise, x, y })
    }

    /// The inputs, `[n, d]`, and their labels.
    pub fn sample(&self) -> (MatRef<'_, f64>, &[f64]) {
        (self.x.as_ref(), &self.y)
    }

    /// The quadratic model that minimises `E_n ½(f_Q − y)² + λ‖W‖_{2,4}⁸` over the first n inputs, or over
    /// all if there are fewer.
    ///
    /// # Errors
    /// As [`SquareLandscape::new`].
    pub fn model(&self, n: usize) -> Result<Fit> {
        Ok(self.descend(n, self.task.lambda(), ARRIVED, STEPS)?.0)
    }

    /// The same with another λ, by a descent that ends where the norm of the gradient, with W in units of
    /// m^{−1/4} and relative to L(0), is at most `slope`, or after so many steps; and its objective.
    ///
    /// # Errors
    /// As [`SquareLandscape::new`].
    pub fn descend(&self, n: usize, lambda: f64, slope: f64, steps: u64) -> Result<(Fit, f64)> {
        let (m, d) = (WIDTH, self.task.d);
        let n = n.min(self.y.len());
        let (x, y) = (self.x.as_ref().subrows(0, n), &self.y[..n]);
        let mut of = SquareLandscape::new(&self.net, Model::QuadraticTerm, x, y, lambda)?;
        let unit = (m as f64).powf(-0.25);
        let rows = |z: &[f64]| Mat::from_fn(m, d, |r, c| unit * z[c * m + r]);
        let mut gradient = Mat::zeros(m, d);
        let mut function = |z: &[f64], out: &mut [f64]| {
            // A step too long for finite numbers is refused by the search.
            let Ok(value) = of.value_and_gradient(rows(z).as_ref(), gradient.as_mut(), Par::Seq) else {
                return f64::INFINITY;
            };
            (0..m * d).for_each(|i| out[i] = unit * gradient[(i % m, i / m)]);
            value.objective
        };
        let start = (0..m * d).map(|i| self.noise[(i % m, i / m)]).collect();
        let mut run = QuasiNewton::new(start, &mut function);
        let small = slope * 0.5 * y.iter().map(|y| y * y).sum::<f64>() / n as f64;
        let arrived = |run: &QuasiNewton| run.gradient().iter().map(|g| g * g).sum::<f64>().sqrt() <= small;
        while run.steps() < steps && !arrived(&run) && run.advance(5, &mut function) {}
        let model = self.quadratic(rows(run.point()));
        let fit = Fit { error: model.distance(&self.target), model, arrived: arrived(&run) };
        Ok((fit, run.value()))
    }

    /// f_Q at W = `w`, `[m, d]`, as a polynomial: `½ m^{−1/2} Σ_r a_r (w_{0,r}·x)^{q−2} (w_r·x)²`.
    fn quadratic(&self, w: Mat<f64>) -> Polynomial {
        let (p, factor) = (WIDTH / 2, 0.5 / (WIDTH as f64).sqrt());
        let factors = (0..WIDTH).map(|r| if r < p { factor } else { -factor }).collect();
        let v = (self.net.activation().name() == "monomial:3")
            .then(|| Mat::from_fn(WIDTH, self.task.d, |r, c| self.net.weights()[(r % p, c)]));
        Polynomial { factors, v, w }
    }

    /// The least number of inputs with which the model has the error that is enough, looked for on the grid
    /// around `start` of which the draw has the inputs, and interpolated: ln n is taken to be linear in the
    /// error between neighbours of the grid.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn least(&self, start: f64) -> Result<Least> {
        self.least_of(start, |n| self.model(n))
    }

    /// The same for another way to learn from the first n inputs.
    ///
    /// # Errors
    /// Those of `fit`.
    pub fn least_of(&self, start: f64, mut fit: impl FnMut(usize) -> Result<Fit>) -> Result<Least> {
        let at = |place: i32| grid(start, place).min(self.y.len());
        let mut arrived = true;
        let found = crossing(PLACES, self.task.error, |place| {
            let fit = fit(at(place))?;
            arrived &= fit.arrived;
            Ok(fit.error)
        })?;
        let n = found.map(|(place, [above, below])| {
            let [low, high] = [place - 1, place].map(|place| (at(place) as f64).ln());
            (low + (high - low) * (above - self.task.error) / (above - below)).exp()
        });
        Ok(Least { n, arrived })
    }

    /// The relative errors of kernel regression from the first n inputs, or all if there are fewer, for the
    /// target and for the raw power x_1^p. The kernel is that of infinite width with σ = z^p/p!,
    /// `E σ'(w·x) σ'(w·x') x·x'`, which is t²/d for p = 2 and t(d² + 2t²)/(4d(d + 2)) for p = 3, t = x·x'.
    /// With its eigenvalue μ_l in degree l, p or p − 2, the error is `αᵀK₂α − 2 Σ_i α_i Σ_l μ_l f_l(x_i) +
    /// E f²`, where f_l is the part of degree l of the target, and K₂ has the eigenvalues μ_l².
    pub fn kernel(&self, n: usize) -> [f64; 2] {
        let n = n.min(self.y.len());
        let (d, p, x) = (self.task.d as f64, self.task.p, self.x.as_ref().subrows(0, n));
        let [low, high] = if p == 2 {
            [1.0, 2.0 / (d + 2.0)]
        } else {
            [0.25 * d * (d + 8.0) / (d + 2.0).powi(2), 3.0 * d / ((d + 2.0).powi(2) * (d + 4.0))]
        };
        let of = |t: f64, [low, high]: [f64; 2]| {
            let (t, b) = (t / d, high * dimension(self.task.d, p) / (d - 1.0));
            if p == 2 { low + b * (d * t * t - 1.0) } else { t * (low * d + b * ((d + 2.0) * t * t - 3.0)) }
        };
        let products = x * x.transpose();
        let [mut gram, squared] = [[low, high], [low * low, high * high]]
            .map(|mu| Mat::from_fn(n, n, |i, j| of(products[(i, j)], mu)));
        (0..n).for_each(|i| gram[(i, i)] *= 1.0 + 1e-9);
        let lu = gram.partial_piv_lu();
        // E x_1^{2p}, and the factor of x_1^{p−2} in x_1^p.
        let (square, lower) = if p == 2 {
            (3.0 * d / (d + 2.0), 1.0)
        } else {
            (15.0 * d * d / ((d + 2.0) * (d + 4.0)), 3.0 * d / (d + 2.0))
        };
        [false, true].map(|raw| {
            let part =
                |i: usize| if raw { lower * x[(i, 0)].powi(p as i32 - 2) / square.sqrt() } else { 0.0 };
            let label = |i: usize| if raw { x[(i, 0)].powi(p as i32) / square.sqrt() } else { self.y[i] };
            let alpha = lu.solve(Mat::from_fn(n, 1, |i, _| label(i)));
            let along = |i: usize| low * part(i) + high * (label(i) - part(i));
            let image = &squared * &alpha;
            1.0 + (0..n).map(|i| alpha[(i, 0)] * (image[(i, 0)] - 2.0 * along(i))).sum::<f64>()
        })
    }
}

/// The number at a place of the grid around `start`.
pub fn grid(start: f64, place: i32) -> usize {
    (start * GRID.powi(place)).round() as usize
}

/// The place on a grid from which on an error, which falls, is at most `level`, and the errors at the place
/// before and there; none where there is no such place from −`places` + 1 to `places`. Steps from place 0
/// double until the level is passed, and are then halved.
///
/// # Errors
/// Those of the function.
pub fn crossing(
    places: i32,
    level: f64,
    mut error: impl FnMut(i32) -> Result<f64>,
) -> Result<Option<(i32, [f64; 2])>> {
    let (mut place, mut step) = (0, 2);
    let [mut above, mut below]: [Option<(i32, f64)>; 2] = [None; 2];
    loop {
        let here = error(place)?;
        *(if here <= level { &mut below } else { &mut above }) = Some((place, here));
        place = match (above, below) {
            (Some((low, above)), Some((high, below))) if high - low == 1 => {
                return Ok(Some((high, [above, below])));
            }
            (Some((low, _)), Some((high, _))) => (low + high).div_euclid(2),
            (Some((low, _)), None) if low < places => (low + step).min(places),
            (None, Some((high, _))) if high > -places => (high - step).max(-places),
            _ => return Ok(None),
        };
        step *= 2;
    }
}
