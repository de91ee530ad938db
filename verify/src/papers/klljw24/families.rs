//! Functions of a hidden plane: fans of ReLU neurons, and harmonics.

use crate::error::Result;
use escapement::Error;
use escapement::ball::Ball;
use escapement::kernel::arc_cosine::Layers;
use escapement::seed::ChaCha20Rng;
use escapement::sphere::ZonalQuadrature;
use faer::{Mat, MatRef};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::PI;

/// `F(y) = Σ_{i ≤ 2k} (−1)^i max(y·u_i, 0)` on the plane, u_i at the angle πi/k. Of its Hermite degrees only
/// those from k on are not zero.
#[derive(Debug, Clone)]
pub struct Fan {
    directions: Vec<[f64; 2]>,
}

impl Fan {
    /// The fan of 2k neurons.
    ///
    /// # Errors
    /// An odd k, whose fan of ReLU neurons is 0, and 0.
    pub fn new(k: usize) -> Result<Self> {
        if k == 0 || !k.is_multiple_of(2) {
            let allowed = "a fan of ReLU neurons with an odd k, or none, is 0: an even number is needed";
            return Err(Error::domain("k", k, allowed).into());
        }
        let at = |i: usize| PI * i as f64 / k as f64;
        Ok(Self { directions: (0..2 * k).map(|i| [at(i).cos(), at(i).sin()]).collect() })
    }

    /// `E F(y) F(y')` for standard normal y and y' of which E y y'ᵀ is r M: a sum of arc-cosine kernels with
    /// alternating signs, whose error is that of all its terms.
    ///
    /// # Errors
    /// None for a contraction M and |r| ≤ 1.
    pub fn inner(&self, m: [[f64; 2]; 2], r: f64) -> Result<Ball> {
        let mut sum = Ball::exact(0.0);
        for (i, u) in self.directions.iter().enumerate() {
            for (j, v) in self.directions.iter().enumerate() {
                let rho = r * (0..2).map(|a| u[a] * (m[a][0] * v[0] + m[a][1] * v[1])).sum::<f64>();
                // The kernel has a derivative of at most ½, and ρ errs by a few roundings.
                let kernel =
                    Layers::Outer.kernel(rho.clamp(-1.0, 1.0))? + Ball::new(0.0, 8.0 * f64::EPSILON);
                sum = if (i + j) % 2 == 0 { sum + kernel } else { sum - kernel };
            }
        }
        Ok(sum)
    }

    /// The correlation of `F(Ux)` and `F(Vx)` for `M = UVᵀ`.
    ///
    /// # Errors
    /// As [`Fan::inner`].
    pub fn correlation(&self, m: [[f64; 2]; 2]) -> Result<Ball> {
        Ok(self.inner(m, 1.0)? / self.inner([[1.0, 0.0], [0.0, 1.0]], 1.0)?)
    }
}

impl Fan {
    /// E c² over uniform planes in R^d, d ≥ 5. UVᵀ is a block of a uniform orthogonal matrix, `R(α) diag(s,
    /// sv) R(β)` with uniform angles and the density `∝ [(1 − s²)(1 − s²v²)]^{(d−5)/2} s³(1 − v²)` of 0 < s
    /// < 1 and |v| < 1. c² has the period π/k in either angle, and few frequencies.
    ///
    /// # Errors
    /// A dimension below 5.
    ///
    /// # Accuracy
    /// Correlations cancel to the rounding of the kernels, which is what the ball holds. The rules have more
    /// nodes than a polynomial of degree 2k + 20 in s and v needs.
    pub fn mean_square(&self, d: usize) -> Result<Ball> {
        if d < 5 {
            return Err(Error::domain("d", d, "the density of the singular values needs at least 5").into());
        }
        let rule = ZonalQuadrature::shared(3, SINGULAR)?;
        let half = 0.5 * (d as f64 - 5.0);
        // Beyond 10/√d the density is below e^{−45} of its largest value.
        let end = (10.0 / (d as f64).sqrt()).min(1.0);
        let period = 2.0 * PI / self.directions.len() as f64;
        let itself = self.inner([[1.0, 0.0], [0.0, 1.0]], 1.0)?;
        let [mut mass, mut sum, mut rounding] = [0.0; 3];
        for (node, of_s) in rule.nodes().iter().zip(rule.weights()) {
            let s = 0.5 * end * (1.0 + node);
            for (v, of_v) in rule.nodes().iter().zip(rule.weights()) {
                let density =
                    ((1.0 - s * s) * (1.0 - (s * v).powi(2))).powf(half) * s.powi(3) * (1.0 - v * v);
                let weight = of_s * of_v * density;
                mass += weight;
                for (i, j) in (0..ANGLES).flat_map(|i| (0..ANGLES).map(move |j| (i, j))) {
                    let [a, b] = [i, j].map(|i| (period * i as f64 / ANGLES as f64).sin_cos());
                    let entry = |x: [f64; 2], y: [f64; 2]| s * (x[0] * y[0] + v * x[1] * y[1]);
                    let (one, two) = ([a.1, -a.0], [a.0, a.1]);
                    let (first, second) = ([b.1, b.0], [-b.0, b.1]);
                    let m =
                        [[entry(one, first), entry(one, second)], [entry(two, first), entry(two, second)]];
                    let c = self.inner(m, 1.0)? / itself;
                    let share = weight / (ANGLES * ANGLES) as f64;
                    sum += share * c.value * c.value;
                    rounding += share * c.error * (2.0 * c.value.abs() + c.error);
                }
            }
        }
        Ok(Ball::new(sum / mass, rounding / mass + 1e-13 * sum / mass))
    }
}

/// Nodes in each singular value, and angles in a period.
const SINGULAR: usize = 24;
const ANGLES: usize = 4;

/// The correlation of the harmonics `Re((u_1 + iu_2)·x)^k` of two planes: `Re(a^k + b^k)/2^k` with
/// `a = M_11 + M_22 + i(M_21 − M_12)` and `b = M_11 − M_22 + i(M_21 + M_12)`.
pub fn harmonic(k: usize, m: [[f64; 2]; 2]) -> f64 {
    let power = |re: f64, im: f64| {
        let (length, angle) = (re.hypot(im), im.atan2(re));
        length.powi(k as i32) * (k as f64 * angle).cos()
    };
    let a = power(m[0][0] + m[1][1], m[1][0] - m[0][1]);
    let b = power(m[0][0] - m[1][1], m[1][0] + m[0][1]);
    (a + b) / 2.0_f64.powi(k as i32)
}

/// Two orthonormal rows in R^d, uniform.
pub fn plane(rng: &mut ChaCha20Rng, d: usize) -> Mat<f64> {
    let mut u: Mat<f64> = Mat::from_fn(2, d, |_, _| StandardNormal.sample(rng));
    orthonormal(&mut u);
    u
}

/// A plane near another one: the rows moved by this length in random directions.
pub fn near(rng: &mut ChaCha20Rng, u: MatRef<'_, f64>, length: f64) -> Mat<f64> {
    let scale = length / (u.ncols() as f64).sqrt();
    let mut v = Mat::from_fn(2, u.ncols(), |a, c| {
        let draw: f64 = StandardNormal.sample(rng);
        u[(a, c)] + scale * draw
    });
    orthonormal(&mut v);
    v
}

/// Twice, because the first pass leaves what it rounds.
fn orthonormal(u: &mut Mat<f64>) {
    for _ in 0..2 {
        let first = u.row(0).norm_l2();
        (0..u.ncols()).for_each(|c| u[(0, c)] /= first);
        let along = u.row(0) * u.row(1).transpose();
        (0..u.ncols()).for_each(|c| u[(1, c)] -= along * u[(0, c)]);
        let second = u.row(1).norm_l2();
        (0..u.ncols()).for_each(|c| u[(1, c)] /= second);
    }
}

/// `UVᵀ`, where the coordinates of V are shifted by `shift`.
pub fn product(u: MatRef<'_, f64>, v: MatRef<'_, f64>, shift: usize) -> [[f64; 2]; 2] {
    let d = u.ncols();
    [0, 1].map(|a| [0, 1].map(|b| (0..d).map(|c| u[(a, c)] * v[(b, (c + shift) % d)]).sum::<f64>()))
}

/// `‖M‖_op`.
pub fn norm(m: [[f64; 2]; 2]) -> f64 {
    let (a, b) =
        ((m[0][0] + m[1][1]).hypot(m[1][0] - m[0][1]), (m[0][0] - m[1][1]).hypot(m[1][0] + m[0][1]));
    0.5 * (a + b)
}
