//! The kernel of a ReLU layer whose neurons share one large bias: its inputs are seen by few neurons.
//!
//! The network `m^{-1/2} Σ_r a_r max(w_r·x − b_r, 0)` with unit inputs, standard normal w_r and `b_r = B` is
//! trained in w and b. Its tangent kernel at infinite width is `H(x, x') = (x·x' + 1) P`, where P is the
//! probability that a neuron is active at both inputs, and depends on their angle θ:
//!
//! `P = (1/2π) ∫_0^{π−θ} exp(−B²/(2 sin²(s/2))) ds`, `Φ̄(B) − P = (1/2π) ∫_0^θ exp(−B²/(1 + cos s)) ds`.
//!
//! Neither cancels. In polar coordinates a direction at the angle α from the farther input reaches the
//! neurons that are active at both at the distance `B/cos α`, which gives the first with `α = (π − s)/2`.
//! The second says how fast the activities of two close inputs come apart.
//!
//! # Source
//! Formulas derived for this project; the setting is that of Yang, Jiang, Zhang, Liang and Wang (JMLR 2024).

use super::arc_cosine::between;
use crate::ball::Ball;
use crate::gaussian::normal;
use crate::sphere::ZonalQuadrature;
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef};
use std::f64::consts::{PI, TAU};

/// Gauss–Legendre nodes in a panel `[a, 2a]`. The integrand is analytic, and at most 1, on the ellipse with
/// ρ = 3 about it, because there `|Im s| ≤ 0.54 |Re s|`, so that the argument of sin(s/2) is below π/4 and
/// 1/sin² has a positive real part. The rule then errs by at most `(64/15) h ρ^{2−2N}/(1 − ρ^{−2})`, which
/// is 3e-37 times the length of the panel.
const NODES: usize = 40;
const RHO: f64 = 3.0;
/// Panels, each half as long as the one before it, end where what is left is below this share of the sum.
const REST: f64 = 1e-18;
/// Above this bias all probabilities underflow.
const LARGEST: f64 = 37.0;

/// ReLU neurons with one bias B ≥ 0 and standard normal weights.
///
/// ```
/// use escapement::kernel::biased::Biased;
/// use std::f64::consts::{FRAC_PI_2, PI};
/// let neurons = Biased::new(1.0)?;
/// let share = neurons.active().value;
/// assert!((share - 0.158_655_253_931_457).abs() < 1e-14);
/// // Orthogonal inputs are independent, opposite ones share no neuron.
/// assert!((neurons.both(FRAC_PI_2)?.value / (share * share) - 1.0).abs() < 1e-14);
/// assert!(neurons.both(PI)?.value == 0.0 && neurons.apart(0.0)?.value == 0.0);
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Biased {
    bias: f64,
}

impl Biased {
    /// Neurons with the bias `bias`.
    ///
    /// # Errors
    /// [`Error::Domain`] for a bias below 0 or above 37, where every probability underflows.
    pub fn new(bias: f64) -> Result<Self> {
        if !(0.0..=LARGEST).contains(&bias) {
            return Err(Error::domain("the bias B", bias, format!("it lies between 0 and {LARGEST}")));
        }
        Ok(Self { bias })
    }

    /// B.
    pub fn bias(&self) -> f64 {
        self.bias
    }

    /// `Φ̄(B)`, the probability that a neuron is active at an input.
    pub fn active(&self) -> Ball {
        normal::upper_tail(self.bias)
    }

    /// P, the probability that a neuron is active at both of two inputs at the angle `theta`.
    ///
    /// # Errors
    /// [`Error::Domain`] for an angle outside [0, π].
    ///
    /// # Accuracy
    /// A few roundings and B²/sin² of them at most, relative to P.
    pub fn both(&self, theta: f64) -> Result<Ball> {
        check(theta)?;
        let square = 0.5 * self.bias * self.bias;
        panels(PI - theta, |s| square / (0.5 * s).sin().powi(2))
    }

    /// `Φ̄(B) − P`, the probability that a neuron is active at the first of two inputs at the angle `theta`,
    /// and not at the other.
    ///
    /// # Errors
    /// As [`Biased::both`].
    ///
    /// # Accuracy
    /// As [`Biased::both`], relative to the difference, for angles up to π/2. Beyond it the difference of
    /// `Φ̄(B)` and P, of which P is then the smaller.
    pub fn apart(&self, theta: f64) -> Result<Ball> {
        check(theta)?;
        if theta > 0.5 * PI {
            return Ok(self.active() - self.both(theta)?);
        }
        // The integrand is analytic and at most 1 on the ellipse about [0, π/2] too: its real part stays in
        // (−0.6, 2.2), its imaginary part below 1.05, and 1/(1 + cos s) = 1/(2cos²(s/2)).
        let square = 0.5 * self.bias * self.bias;
        rule(0.0, theta, &|s| square / (0.5 * s).cos().powi(2))
    }

    /// The numbers `c_j = E 1[g > B] h_j(g)`, j = 0, 1, …, of which `P = Σ_j c_j² ρ^j` for the cosine ρ:
    /// `c_0 = Φ̄(B)`, `c_j = φ(B) He_{j−1}(B)/√j!`.
    pub fn coefficients(&self) -> impl Iterator<Item = Ball> + use<> {
        let (bias, density) = (self.bias, normal::density(self.bias));
        // h_j φ^{1/2} is bounded, and the recurrence adds a few roundings of it in every step.
        let size = f64::EPSILON * (-0.25 * bias * bias).exp();
        let (mut below, mut at) = (0.0, 1.0);
        let later = (1..).map(move |j| {
            let root = f64::from(j).sqrt();
            let value = density * (at / root) + Ball::new(0.0, 4.0 * root * size);
            (below, at) = (at, (bias * at - f64::from(j - 1).sqrt() * below) / root);
            value
        });
        std::iter::once(self.active()).chain(later)
    }

    /// H of the rows of `x` (`[n, d]`), unit vectors: `[n, n]`, with a bound on the error of its entries.
    ///
    /// # Errors
    /// [`Error::NotUnit`] for a row that is not a unit vector to 1e-12, [`Error::NotFinite`] for NaN or an
    /// infinity, and no rows.
    pub fn kernel(&self, x: MatRef<'_, f64>) -> Result<(Mat<f64>, f64)> {
        self.matrix(x, |cosine, both| (cosine + 1.0) * both)
    }

    /// P of the rows of `x`, as [`Biased::kernel`].
    ///
    /// # Errors
    /// As [`Biased::kernel`].
    pub fn probabilities(&self, x: MatRef<'_, f64>) -> Result<(Mat<f64>, f64)> {
        self.matrix(x, |_, both| both)
    }

    fn matrix(&self, x: MatRef<'_, f64>, of: impl Fn(f64, Ball) -> Ball) -> Result<(Mat<f64>, f64)> {
        let (unit, _) = crate::sphere::unit_rows("the inputs", x, crate::tolerance::UNIT_NORM_F64)?;
        let (n, d) = (unit.nrows(), unit.ncols());
        // One input per column.
        let points = unit.transpose().to_owned();
        let (mut out, mut error) = (Mat::zeros(n, n), 0.0_f64);
        for j in 0..n {
            for i in 0..=j {
                let theta =
                    if i == j { 0.0 } else { between(points.col_as_slice(i), points.col_as_slice(j)) };
                let both = if i == j { self.active() } else { self.both(theta)? };
                // dP/dθ is at most 1/2π, and the angle errs by the rounding of the points.
                let entry = of(theta.cos(), both) + Ball::new(0.0, rounding::sum(2 * d, 8));
                out[(i, j)] = entry.value;
                out[(j, i)] = entry.value;
                error = error.max(entry.error);
            }
        }
        Ok((out, error))
    }

    /// A lower bound on the least eigenvalue of H for n unit inputs of which no two have a cosine above
    /// `cosine` in modulus: `Σ_j κ_j (1 − (n−1)ρ^j)_+`, `κ_j = c_j² + c_{j−1}²`, because H is `Σ_j κ_j`
    /// times the matrices of the ρ_ij^j, each within Gershgorin's discs. The tail is summed by `Σ_j κ_j =
    /// 2Φ̄(B)` and `Σ_j κ_j ρ^j = (1 + ρ)P`. For two inputs with a positive cosine it is the least
    /// eigenvalue.
    ///
    /// # Errors
    /// [`Error::Domain`] for a cosine outside [0, 1), and for n below 2.
    pub fn least_eigenvalue_bound(&self, n: usize, cosine: f64) -> Result<Ball> {
        if !(0.0..1.0).contains(&cosine) {
            return Err(Error::domain("the largest cosine", cosine, "distinct inputs have one below 1"));
        }
        if n < 2 {
            return Err(Error::domain("the number of inputs", n, "at least 2 are needed"));
        }
        let others = (n - 1) as f64;
        let all = 2.0 * self.active() - others * (1.0 + cosine) * self.both(libm::acos(cosine))?;
        // Terms below 0 are taken off the whole sum.
        let (mut negative, mut power, mut before) = (Ball::exact(0.0), 1.0, Ball::exact(0.0));
        for coefficient in self.coefficients() {
            let share = 1.0 - others * power;
            if share >= 0.0 {
                break;
            }
            let square = coefficient.powi(2);
            negative = negative + (square + before) * share;
            before = square;
            power *= cosine;
        }
        Ok(all - negative)
    }
}

fn check(theta: f64) -> Result<()> {
    if (0.0..=PI).contains(&theta) {
        return Ok(());
    }
    Err(Error::domain("the angle", theta, "that of two inputs lies between 0 and π"))
}

/// `(1/2π) ∫_0^end e^{−A}` for an A that falls, over panels that halve towards 0.
fn panels(end: f64, exponent: impl Fn(f64) -> f64) -> Result<Ball> {
    let (mut to, mut sum) = (end, Ball::exact(0.0));
    // Below an end of 1e-300 the interval adds less than the least normal number.
    loop {
        if to < 1e-300 {
            return Ok(sum + Ball::new(0.0, f64::MIN_POSITIVE));
        }
        let rest = to * (-exponent(to)).exp() / TAU;
        if rest <= REST * sum.value || rest == 0.0 {
            return Ok(sum + Ball::new(0.5 * rest, 0.5 * rest));
        }
        sum = sum + rule(0.5 * to, to, &exponent)?;
        to *= 0.5;
    }
}

/// `(1/2π) ∫ e^{−A}` over one panel.
fn rule(from: f64, to: f64, exponent: &dyn Fn(f64) -> f64) -> Result<Ball> {
    let (rule, half) = (ZonalQuadrature::shared(3, NODES)?, 0.5 * (to - from));
    let (mut sum, mut slack) = (0.0, 0.0);
    for (node, weight) in rule.nodes().iter().zip(rule.weights()) {
        let a = exponent(from + half * (1.0 + node));
        // The rule has total weight 1 on an interval of length 2.
        let term = 2.0 * half * weight * (-a).exp();
        sum += term;
        slack += term * a;
    }
    let truncation = 64.0 / 15.0 * half * RHO.powi(2 - 2 * NODES as i32) / (1.0 - RHO.powi(-2));
    let rounding = rounding::sum(NODES, 24) * sum + 8.0 * f64::EPSILON * slack;
    Ok(Ball::new(sum / TAU, (truncation + rounding) / TAU + f64::MIN_POSITIVE))
}
