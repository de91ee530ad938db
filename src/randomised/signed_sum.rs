//! Means of losses of Y = b + Σ_r s_r c_r over fair signs, with errors that are bounds.
//!
//! A loss that is an integral of `1 − cos(tY)` against a kernel k(t) has the mean `∫_0^∞ (1 − φ(t)) k(t) dt`
//! with `φ(t) = cos(bt) Π_r cos(c_r t)`. The kernels are `2K_1(t)/(πt)` for √(1+Y²) − 1 and
//! `1/(t sinh(πt/2))` for ln cosh Y.
//!
//! **φ.** Some c_r are kept, and of the others the sums `P_j = Σ c_r^{2j}`, j ≤ J, because
//! `−ln cos x = Σ_j α_j x^{2j}` with `α_j = (2/π)^{2j} Σ_{i≥0} (2i+1)^{-2j}/j`. With `c = P_J^{1/2J}`, which
//! is at least the largest of them, the terms beyond J add up to at most
//! `α_{J+1} t^{2J+2} c² P_J/(1 − (2tc/π)²)`. Where tc is large, |cos x| ≤ e^{−x²/2} for |x| ≤ π/2 bounds the
//! product by `exp(−½t² V(τ))`, `τ = π/2t`, where `V(τ) = Σ_{|c_r|≤τ} c_r² ≥ P_1 − P_j τ^{2−2j}` for any j.
//!
//! **Smooth losses.** On a panel of half-width h about the middle t, Gauss–Legendre quadrature with N nodes
//! errs by at most `(64/15) M h ρ^{2−2N}/(1 − ρ^{-2})`, where M bounds the integrand on the ellipse
//! `t + h(ρe^{iθ} + e^{−iθ}/ρ)/2` (Trefethen, *Approximation theory and approximation practice*, theorem
//! 19.3). There the mean of |1 − cos(tY)| is at most `1 + cosh(βb) e^{β²V/2}`, β = h(ρ − 1/ρ)/2, V = Σ c_r²,
//! and a kernel is at most its value at the real part.
//!
//! **|Y|.** The trapezoidal rule makes no error: with step h, and the integrand's limit ½Y² at 0, it gives
//! `|Y|` exactly for |Y| ≤ L = 2π/h, and at most 1.25 Y²/L beyond, where Hoeffding's inequality leaves a
//! probability `2e^{−s²/2}`, L = |b| + s√V. To end the sum, Y is smoothed by a Gaussian of width ε, which
//! raises the mean by between 0 and `ε√(2/π) E e^{−Y²/2ε²}`, another sum over φ.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, PI};

use crate::ball::Ball;
use crate::construct::signed_loss::{MOST_RADIANS, SPREAD, bessel_k1, enumerate};
use crate::objective::Loss;
use crate::sphere::ZonalQuadrature;
use crate::tolerance::SMOOTHING;
use crate::{Error, Result};

/// The most pairs of twins whose coefficients are kept: enough for their product of cosines to vanish where
/// the bound on that of the others begins to fail, at t·c_r near 1.
pub(super) const KEPT: usize = 128;
/// The number J of even powers that are summed of the other coefficients.
pub(super) const POWERS: usize = 8;
/// The numbers α_1 … α_9.
const LN_COS: [f64; POWERS + 1] = [
    1.0 / 2.0,
    1.0 / 12.0,
    1.0 / 45.0,
    17.0 / 2520.0,
    31.0 / 14175.0,
    691.0 / 935_550.0,
    10_922.0 / 42_567_525.0,
    929_569.0 / 10_216_206_000.0,
    3_202_291.0 / 97_692_469_875.0,
];
/// Gauss–Legendre nodes in a panel.
const NODES: usize = 24;
/// ρ of the ellipse. Its half-width along the real line is 2.6 h, which leaves 0 outside, because the middle
/// of a panel is at least 3h.
const RHO: f64 = 5.0;
/// The most signs for which |Y| is summed over all their values.
const ENUMERATED: usize = 16;
/// Below this a highest power is not trusted, since lower terms may have underflowed: all coefficients that
/// are not kept are then below 1e-17.
const UNDERFLOW: f64 = 1e-280;
/// Panels begin at 2 to this power.
const SMALLEST: i32 = -26;
/// The number s of standard deviations within which the trapezoidal rule is exact for |Y|.
const REACH: f64 = 9.0;

/// `Y = b + Σ_r s_r c_r` for independent fair signs s_r.
#[derive(Debug, Clone)]
pub struct SignedSum {
    constant: f64,
    /// Moduli that are not zero, descending.
    kept: Vec<f64>,
    /// The sums of the even powers of the others.
    powers: [f64; POWERS],
    /// A bound on the modulus of the others.
    largest: f64,
    count: usize,
}

impl SignedSum {
    /// The sum of `count` signs with the given coefficients, and others of which the power sums are known.
    pub(super) fn new(constant: f64, kept: Vec<f64>, powers: [f64; POWERS], count: usize) -> Self {
        let mut kept: Vec<f64> = kept.into_iter().map(f64::abs).filter(|c| *c > 0.0).collect();
        kept.sort_by(|a, b| b.total_cmp(a));
        let last = powers[POWERS - 1];
        let root = if last >= UNDERFLOW { last.powf(0.5 / POWERS as f64) } else { f64::INFINITY };
        Self { constant, kept, powers, largest: root.min(powers[0].sqrt()), count }
    }

    /// `b + Σ_r s_r c_r` for a list c.
    pub fn of(constant: f64, c: &[f64]) -> Self {
        Self::new(constant, c.to_vec(), [0.0; POWERS], c.len())
    }

    /// `E Y = b`.
    pub fn mean(&self) -> f64 {
        self.constant
    }

    /// `Var Y = Σ_r c_r²`.
    pub fn variance(&self) -> f64 {
        self.powers[0] + self.kept.iter().map(|c| c * c).sum::<f64>()
    }

    /// `E ℓ(y, Y)`: the square by its closed form `(b − y)² + Σ c_r²` (without ½, as [`Loss::Square`]), and
    /// the others by one-dimensional integrals of the characteristic function. |Y − y| with up to 16 signs
    /// is summed over all their values.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a number that is not finite; [`Error::Domain`] for a sum so large, above
    /// about 10⁵, that the integrand oscillates too often.
    ///
    /// # Accuracy
    /// The radius is a bound, derived at the head of this file's source: truncation, quadrature, the law of
    /// the coefficients that were summed, and roundings of their number. For smooth losses it is about
    /// 1e-13 and the relative rounding of m additions; for |Y − y| it is about 1e-6 of √(E (Y − y)²) where Y
    /// has a density, and 1e-3 at worst.
    pub fn mean_loss(&self, loss: Loss, y: f64) -> Result<Ball> {
        let (b, variance) = (self.constant - y, self.variance());
        if !(b.is_finite() && variance.is_finite()) {
            let value = if b.is_finite() { variance } else { b };
            return Err(Error::NotFinite { name: "the signed sum", value, row: 0, col: 0 });
        }
        let rounding = (self.count + 64) as f64 * f64::EPSILON;
        match loss {
            Loss::Square => Ok(Ball::relative(b * b + variance, rounding)),
            _ if variance == 0.0 => Ok(Ball::relative(loss.value(0.0, b), rounding)),
            Loss::PseudoHuber => self.smooth(b, 40.0, |t| FRAC_2_PI * bessel_k1(t) / t),
            Loss::LogCosh => self.smooth(b, 26.0, |t| 1.0 / (t * (FRAC_PI_2 * t).sinh())),
            Loss::Absolute if self.powers[0] == 0.0 && self.kept.len() <= ENUMERATED => {
                let scale = b.abs() + self.kept.iter().sum::<f64>();
                Ok(Ball::new(enumerate(loss, b, &self.kept)?, rounding * scale))
            }
            // Higher powers are lost: what is left to say is 0 ≤ E |Y| ≤ √(E Y²).
            Loss::Absolute if self.powers[0] > 0.0 && self.powers[POWERS - 1] < UNDERFLOW => {
                Ok(Ball::exact(0.0).hull(Ball::relative((b * b + variance).sqrt(), rounding)))
            }
            Loss::Absolute => self.absolute(b),
        }
    }

    /// `1 − φ(t)` for the constant b, and a bound on its error beside rounding.
    fn defect(&self, b: f64, t: f64) -> [f64; 2] {
        let mut defect = 2.0 * (0.5 * b * t).sin().powi(2);
        let (log, error) = self.others(t);
        if self.largest * t > FRAC_PI_2 && error < f64::EPSILON {
            return [1.0, error];
        }
        // With the product P so far, each factor adds 2P sin²(c_r t/2): no digits cancel while P > 0.
        for c in &self.kept {
            let product = 1.0 - defect;
            if product.abs() < f64::EPSILON {
                return [1.0, f64::EPSILON];
            }
            defect += 2.0 * product * (0.5 * c * t).sin().powi(2);
        }
        let product = 1.0 - defect;
        [defect - product * (-log).exp_m1(), product.abs() * error]
    }

    /// `−ln Π cos(c_r t)` over the coefficients that are not kept, infinite where only a bound on the
    /// product is known, and the error of the product.
    fn others(&self, t: f64) -> (f64, f64) {
        let (reach, square) = (self.largest * t, t * t);
        if reach == 0.0 {
            return (0.0, 0.0);
        }
        let tau_square = (FRAC_PI_2 / t).powi(2);
        let inside = |(j, power): (usize, &f64)| self.powers[0] - power / tau_square.powi(j as i32);
        let least = self.powers.iter().enumerate().skip(1).map(inside).fold(0.0, f64::max);
        let bound = (f64::INFINITY, (-0.5 * square * least).exp());
        if reach >= 1.25 {
            return bound;
        }
        let mut power = 1.0;
        let log = LN_COS.iter().zip(self.powers).fold(0.0, |sum, (alpha, p)| {
            power *= square;
            sum + alpha * power * p
        });
        let rest = LN_COS[POWERS] * power * square * self.powers[POWERS - 1] * self.largest.powi(2)
            / (1.0 - (reach * FRAC_2_PI).powi(2));
        let error = (-log).exp() * rest.exp_m1();
        if error <= bound.1 { (log, error) } else { bound }
    }

    /// The mean of a smooth loss, whose kernel falls at least like e^{−t} and is `2/(πt²)`, to within the
    /// factor `1 − t²(1 + ln(1/t))`, below t = ½.
    fn smooth(&self, b: f64, end: f64, kernel: impl Fn(f64) -> f64) -> Result<Ball> {
        let variance = self.variance();
        let frequency = b.abs() + SPREAD * variance.sqrt();
        refuse_radians(end, frequency)?;
        let rule = ZonalQuadrature::shared(3, NODES)?;
        let gauss = 64.0 / 15.0 * RHO.powi(2 - 2 * NODES as i32) / (1.0 - RHO.powi(-2));
        let [real, imaginary] = [0.5 * (RHO + 1.0 / RHO), 0.5 * (RHO - 1.0 / RHO)];
        // E Y⁴ ≤ 3(E Y²)², and 1 − cos(tY) lies between t²Y²/2 − t⁴Y⁴/24 and t²Y²/2.
        let (square, start) = (b * b + variance, 2.0_f64.powi(SMALLEST));
        let mut sum = start * square / PI;
        let mut error = sum * start.powi(2) * (1.0 - start.ln() + 0.25 * square) + 2.0 * kernel(end);
        let (mut from, mut panels) = (start, 0);
        while from < end {
            let to = (2.0 * from).min(end);
            let count = ((to - from) * frequency / NODES as f64).ceil().max(1.0);
            let half = 0.5 * (to - from) / count;
            let growth =
                1.0 + (half * imaginary * b).cosh() * (0.5 * (half * imaginary).powi(2) * variance).exp();
            for i in 0..count as usize {
                let middle = from + half * (2 * i + 1) as f64;
                error += gauss * half * growth * kernel(middle - half * real);
                let mut panel = 0.0;
                for (node, weight) in rule.nodes().iter().zip(rule.weights()) {
                    let t = middle + half * node;
                    // The rule has total weight 1 on an interval of length 2.
                    let weight = 2.0 * half * weight * kernel(t);
                    let [defect, miss] = self.defect(b, t);
                    panel += weight * defect;
                    error += weight * miss;
                }
                sum += panel;
            }
            panels += count as usize;
            from = to;
        }
        Ok(Ball::new(sum, error + (self.count + panels + 64) as f64 * f64::EPSILON * sum))
    }

    /// The mean of |Y|.
    fn absolute(&self, b: f64) -> Result<Ball> {
        let width = SMOOTHING * (b * b + self.variance()).sqrt();
        // That of Y with the Gaussian added.
        let variance = self.variance() + width * width;
        let length = b.abs() + REACH * variance.sqrt();
        let step = 2.0 * PI / length;
        let last = (REACH / (width * step)).ceil();
        let beyond = (-0.5 * (width * step * last).powi(2)).exp();
        let ([mut sum, mut near_zero], mut error) = ([0.0, 0.0], beyond / last);
        for k in 1..=last as usize {
            let (t, k) = (k as f64 * step, k as f64);
            let damping = (-0.5 * (width * t).powi(2)).exp();
            let [defect, miss] = self.defect(b, t);
            sum += damping * (1.0 - defect) / (k * k);
            near_zero += damping * (1.0 - defect + miss);
            error += damping * miss / (k * k);
        }
        // (1/h) Σ_k (1 − φ(kh))/k², with h = 2π/L and Σ_k 1/k² = π²/6.
        let scale = length / (PI * PI);
        let smooth = (b * b + variance) / length + scale * (PI * PI / 6.0 - sum);
        let near_zero =
            (width * step / (2.0 * PI).sqrt() * (1.0 + 2.0 * (near_zero + beyond * last))).clamp(0.0, 1.0);
        let bias = width * FRAC_2_PI.sqrt() * near_zero;
        let far = 1.25 / length
            * (-0.5 * REACH * REACH).exp()
            * (4.0 * b * b + (4.0 * REACH * REACH + 8.0) * variance);
        let rounding = (self.count as f64 + last + 64.0) * f64::EPSILON * length;
        Ok(Ball::new(smooth - 0.5 * bias, 0.5 * bias + scale * error + far + rounding))
    }
}

/// Refuses an integral over more than [`MOST_RADIANS`] radians of oscillation.
fn refuse_radians(end: f64, frequency: f64) -> Result<()> {
    if end * frequency <= MOST_RADIANS {
        return Ok(());
    }
    let allowed = format!("below {:.0e}, or its mean over signs takes too long", MOST_RADIANS / end);
    Err(Error::domain("the size of the signed sum", format!("{frequency:e}"), allowed))
}
