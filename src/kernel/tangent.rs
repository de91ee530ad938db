//! The tangent kernel of the first layer: at the width of a network, and in the limit of infinite width.
//!
//! The feature of an input x is the gradient `φ(x) = m^{-1/2} (a_r σ'(w_r·x) x)_r` of a paired network by
//! its first-layer weights, and the kernel is `K(x, x') = φ(x)·φ(x')`. With uniform unit weights its limit
//! on the sphere of radius √d is `K_∞(x, x') = Σ_j τ_j P_j(x·x'/d)`, whose eigenvalue on degree j is `κ_j =
//! τ_j/B(d,j)`. Gaussian weights `N(0, I/d)` are unit ones times an independent radius, so that their limit
//! is a mean over radii.

use super::ridge::{cosines, sum_symmetric_series};
use crate::activation::{Activation, Supremum};
use crate::ball::Ball;
use crate::product::matmul;
use crate::sphere::{FeatureLevels, Truncation, dimension};
use crate::{Error, Result, tolerance};
use faer::{Accum, Mat, MatRef, Par};

/// The kernel at the width of a network with the p distinct neurons in the rows of `weights` (`[p, d]`, of
/// any norm): `[n, n]` for the inputs in the rows of `x` (`[n, d]`, of any norm), and a bound on the error
/// of each entry.
///
/// # Errors
/// Shapes that do not fit, entries that are not finite, or a kernel that overflows.
///
/// # Accuracy
/// The bound allows for p + 2d + 16 roundings of the sum of the moduli, where each value of σ' is taken to
/// be right to four.
pub fn at_width(
    weights: MatRef<'_, f64>,
    activation: &dyn Activation,
    x: MatRef<'_, f64>,
    par: Par,
) -> Result<(Mat<f64>, f64)> {
    let (p, d, n) = (weights.nrows(), weights.ncols(), x.nrows());
    if x.ncols() != d {
        return Err(Error::shape("the inputs", [n, x.ncols()], format!("n, d = {d}")));
    }
    crate::network::finite("the weights", weights)?;
    crate::network::finite("the inputs", x)?;
    let mut slopes = Mat::zeros(n, p);
    matmul(slopes.as_mut(), Accum::Replace, x, weights.transpose(), 1.0, par);
    for r in 0..p {
        activation.apply(crate::activation::Derivative::First, slopes.col_as_slice_mut(r));
    }
    let (mut gram, mut kernel) = (Mat::zeros(n, n), Mat::zeros(n, n));
    matmul(gram.as_mut(), Accum::Replace, slopes.as_ref(), slopes.transpose(), 1.0 / p as f64, par);
    matmul(kernel.as_mut(), Accum::Replace, x, x.transpose(), 1.0, par);
    let mut largest = 0.0_f64;
    for j in 0..n {
        // The kernel is symmetric to the last bit.
        for i in 0..=j {
            let value = gram[(i, j)] * kernel[(i, j)];
            (kernel[(i, j)], kernel[(j, i)]) = (value, value);
        }
        largest = largest.max(kernel[(j, j)]);
    }
    crate::network::finite("the kernel", kernel.as_ref())?;
    // By Cauchy and Schwarz the moduli of the terms of an entry sum to at most the largest diagonal entry.
    let roundings = (p + 2 * d + 16) as f64;
    Ok((kernel, roundings * f64::EPSILON * largest))
}

/// How the weights of the infinitely wide network are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightLaw {
    /// Uniform on the unit sphere.
    Sphere,
    /// Gaussian, with independent entries of variance 1/d.
    Gaussian,
}

/// The kernel of infinite width on the sphere of radius √d, degree by degree up to a degree J.
#[derive(Debug, Clone)]
pub struct InfiniteWidth {
    d: usize,
    tau: Vec<f64>,
    trace: f64,
    rounding: f64,
}

/// The mean over radii is a trapezoidal sum in ln r, whose integrand is analytic. Steps of a third of the
/// standard deviation, 1/√(2d), leave a relative error of order exp(−2π²·9).
const STEPS_PER_DEVIATION: f64 = 3.0;
/// The density at which the sum ends, relative to the largest.
const CUT: f64 = 1e-19;

impl InfiniteWidth {
    /// The kernel for weights of this law, up to the degree that leaves at most `tail` of the trace.
    ///
    /// # Errors
    /// As [`FeatureLevels::new`].
    pub fn new(d: usize, activation: &dyn Activation, law: WeightLaw, tail: f64) -> Result<Self> {
        let mut degree = 31;
        loop {
            let found = match law {
                WeightLaw::Sphere => {
                    Self::spherical(&FeatureLevels::new(d, activation, Truncation::Degree(degree))?)
                }
                WeightLaw::Gaussian => Self::gaussian(d, activation, degree)?,
            };
            let enough = (0..found.tau.len()).find(|&j| found.tail(j) <= tail * found.trace);
            if let Some(last) = enough {
                let tau = found.tau[..=last].to_vec();
                return Ok(Self { tau, ..found });
            }
            if degree >= crate::sphere::zonal::MAX_DEGREE {
                let name = activation.name();
                let (tail, wanted) = (found.tail(degree), tail * found.trace);
                return Err(Error::Certificate { activation: name, d, tail, degree, wanted });
            }
            degree = (2 * degree + 1).min(crate::sphere::zonal::MAX_DEGREE);
        }
    }

    /// The kernel of spherical weights from the levels of Σ.
    pub fn spherical(levels: &FeatureLevels) -> Self {
        Self {
            d: levels.d,
            tau: levels.levels.iter().map(|l| l.tau).collect(),
            trace: levels.trace,
            rounding: levels.rounding_allowance(),
        }
    }

    fn gaussian(d: usize, activation: &dyn Activation, degree: usize) -> Result<Self> {
        let dim = d as f64;
        let step = 1.0 / (STEPS_PER_DEVIATION * (2.0 * dim).sqrt());
        // The density of s = ln r is that of r = χ_d/√d: e^{d(s − e^{2s}/2)}, largest at s = 0.
        let density = |i: i32| {
            let s = f64::from(i) * step;
            (dim * (s - 0.5 * (2.0 * s).exp() + 0.5)).exp()
        };
        let side = |sign: i32| (1..).map(|i| sign * i).take_while(|&i| density(i) > CUT).collect::<Vec<_>>();
        let places = [side(-1), vec![0], side(1)].concat();
        let total: f64 = places.iter().map(|&i| density(i)).sum();
        let mut sum = Self { d, tau: vec![0.0; degree + 1], trace: 0.0, rounding: 0.0 };
        for i in places {
            let (weight, radius) = (density(i) / total, (f64::from(i) * step).exp());
            let scaled = Scaled { inner: activation, radius };
            let levels = FeatureLevels::new(d, &scaled, Truncation::Degree(degree))?;
            sum.tau.iter_mut().zip(&levels.levels).for_each(|(tau, l)| *tau += weight * l.tau);
            sum.trace += weight * levels.trace;
            sum.rounding += weight * levels.rounding_allowance();
        }
        // The sum and its cut-off, and the weights, which are exponentials of numbers up to 44.
        sum.rounding += 256.0 * f64::EPSILON * sum.trace;
        Ok(sum)
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// `K_∞(x, x)`, the same at every input.
    pub fn trace(&self) -> f64 {
        self.trace
    }

    /// The degree J at which the series is cut.
    pub fn max_degree(&self) -> usize {
        self.tau.len() - 1
    }

    /// A bound on what the degrees above `j` contribute to an entry of the kernel.
    pub fn tail(&self, j: usize) -> f64 {
        (self.trace - self.tau.iter().take(j.saturating_add(1)).sum::<f64>()).max(0.0) + self.rounding
    }

    /// The eigenvalue κ_j of the kernel on the harmonics of degree j ≤ J, with its error.
    pub fn eigenvalue(&self, j: usize) -> Ball {
        let dimension = dimension(self.d, j);
        Ball::new(self.tau[j] / dimension, self.rounding / dimension)
    }

    /// `B(d,j)`, how many harmonics there are of degree j.
    pub fn multiplicity(&self, j: usize) -> f64 {
        dimension(self.d, j)
    }

    /// The kernel on the inputs in the rows of `x` (`[n, d]`, of norm √d to within
    /// [`tolerance::UNIT_NORM_F32`]), and a bound on the error of each entry.
    ///
    /// # Errors
    /// Another shape, entries that are not finite, or a row of another norm.
    pub fn kernel(&self, x: MatRef<'_, f64>) -> Result<(Mat<f64>, f64)> {
        let root = (self.d as f64).sqrt();
        if x.ncols() != self.d {
            return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], format!("n, d = {}", self.d)));
        }
        crate::network::finite("the inputs", x)?;
        let mut worst = 0.0_f64;
        for row in 0..x.nrows() {
            let norm = x.row(row).norm_l2();
            if (norm / root - 1.0).abs() > tolerance::UNIT_NORM_F32 {
                let allowed = format!(
                    "the limit of infinite width is known on the sphere of radius √d = {root:.6}, to which \
                     every input must belong"
                );
                return Err(Error::domain(format!("the norm of input {row}"), norm, allowed));
            }
            worst = worst.max((norm / root - 1.0).abs());
        }
        let kernel = &sum_symmetric_series(self.d, &cosines(x, x), std::slice::from_ref(&self.tau))?[0];
        let j = self.max_degree();
        // |P_j| ≤ 1 and |P_j'| ≤ j² for the rounding and the norms of the cosines; (3 + j) roundings of a term.
        let slope: f64 = self.tau.iter().enumerate().map(|(j, tau)| tau * (j * j) as f64).sum();
        let moved = slope * (2.0 * worst + (self.d + 4) as f64 * f64::EPSILON);
        let rounding = (3 + j) as f64 * (j + 1) as f64 * f64::EPSILON * self.trace;
        Ok((kernel.clone(), self.tail(j) + moved + rounding))
    }
}

/// The activation z ↦ σ(rz)/r, whose slope at z is σ'(rz).
#[derive(Debug)]
struct Scaled<'a> {
    inner: &'a dyn Activation,
    radius: f64,
}

impl Activation for Scaled<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn value(&self, z: f64) -> f64 {
        self.inner.value(self.radius * z) / self.radius
    }

    fn d1(&self, z: f64) -> f64 {
        self.inner.d1(self.radius * z)
    }

    fn d2(&self, z: f64) -> f64 {
        self.radius * self.inner.d2(self.radius * z)
    }

    fn d3(&self, z: f64) -> f64 {
        self.radius * self.radius * self.inner.d3(self.radius * z)
    }

    fn suprema(&self) -> [Supremum; 4] {
        let mut of = self.inner.suprema();
        for (supremum, factor) in
            of.iter_mut().zip([1.0 / self.radius, 1.0, self.radius, self.radius.powi(2)])
        {
            supremum.value *= factor;
        }
        of
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian::hermite::hermite_coefficient;
    use crate::sphere::uniform_sphere;
    use crate::{activation, seed};
    use rand_distr::{Distribution, StandardNormal};

    /// `d·t·E[σ'(u) σ'(v)]` for standard normal u, v of correlation t, by a product of trapezoidal rules.
    fn by_quadrature(sigma: &dyn Activation, d: usize, t: f64) -> f64 {
        let (step, reach) = (1.0 / 16.0, 160);
        let mut sum = 0.0;
        for i in -reach..=reach {
            for k in -reach..=reach {
                let (u, v) = (f64::from(i) * step, f64::from(k) * step);
                let weight = (-0.5 * (u * u + v * v)).exp() * step * step / std::f64::consts::TAU;
                sum += weight * sigma.d1(u) * sigma.d1(t * u + (1.0 - t * t).sqrt() * v);
            }
        }
        d as f64 * t * sum
    }

    #[test]
    fn gaussian_weights_agree_with_quadrature_in_two_dimensions() {
        for (name, d) in [("sigmoid:1", 3), ("tanh:0.5", 5), ("erf", 40)] {
            let sigma = activation::parse(name).unwrap();
            let limit = InfiniteWidth::new(d, sigma.as_ref(), WeightLaw::Gaussian, 1e-10).unwrap();
            let root = (d as f64).sqrt();
            for t in [1.0, 0.9, 0.3, 0.0, -0.5, -1.0_f64] {
                let x = Mat::from_fn(2, d, |i, j| match (i, j) {
                    (0, 0) => root,
                    (1, 0) => root * t,
                    (1, 1) => root * (1.0 - t * t).sqrt(),
                    _ => 0.0,
                });
                let (kernel, error) = limit.kernel(x.as_ref()).unwrap();
                let expected = by_quadrature(sigma.as_ref(), d, t);
                let allowed = error + 1e-13 * limit.trace();
                assert!(
                    (kernel[(0, 1)] - expected).abs() < allowed,
                    "{name} d = {d} t = {t}: {} {expected}",
                    kernel[(0, 1)]
                );
                assert!(error < 2e-10 * limit.trace());
            }
        }
    }

    /// `κ_j = d Σ_k h_k(σ')² E[t^{k+1} P_j(t)]`, t the cosine of a uniform pair, summed to k = 40 in
    /// arithmetic of 50 digits by another program: no quadrature over radii, no coefficients on the sphere.
    #[test]
    fn eigenvalues_for_gaussian_weights_are_sums_over_hermite_coefficients() {
        let sigma = activation::parse("sigmoid:1").unwrap();
        for (d, expected) in [
            (
                10,
                "2.86396963261e-3 3.18166746577e-2 4.89035526599e-4 2.19375920145e-5 3.60974047993e-6 \
                 2.76098652609e-8 4.02144216528e-8 1.75917871151e-10 5.83926221996e-10",
            ),
            (
                100,
                "2.77974355643e-3 3.16817276404e-2 5.47082384968e-5 3.44148705851e-7 7.87582095174e-9 \
                 1.06358174171e-11 2.53735739833e-12 4.3584381942e-16 1.45817350676e-15",
            ),
            (
                1000,
                "2.7701011431e-3 3.16656653884e-2 5.53130476837e-6 3.62351306482e-9 8.61406832185e-12 \
                 1.26440281378e-15 3.19596248517e-17 2.09893261489e-22 2.24850846841e-22",
            ),
        ] {
            let limit = InfiniteWidth::new(d, sigma.as_ref(), WeightLaw::Gaussian, 1e-12).unwrap();
            for (j, kappa) in expected.split(' ').enumerate() {
                let kappa: f64 = kappa.parse().unwrap();
                let found = limit.eigenvalue(j);
                assert!(
                    (found.value - kappa).abs() <= found.error + 1e-11 * kappa,
                    "d = {d} j = {j}: {found:?}"
                );
                assert!(found.error < 1e-6 * kappa, "d = {d} j = {j}: {found:?}");
            }
        }
    }

    /// Hermite's expansion of the trace: `K(x, x) = d Σ_k h_k(σ')²`.
    #[test]
    fn the_trace_is_that_of_hermite_coefficients() {
        let sigma = activation::parse("sigmoid:1").unwrap();
        let limit = InfiniteWidth::new(10, sigma.as_ref(), WeightLaw::Gaussian, 1e-9).unwrap();
        let squares = (0..40).map(|k| hermite_coefficient(|z| sigma.d1(z), k, 0.25).value.powi(2));
        let sum = 10.0 * squares.sum::<f64>();
        assert!((limit.trace() / sum - 1.0).abs() < 1e-9, "{} {sum}", limit.trace());
    }

    #[test]
    fn a_wide_network_comes_near_both_limits() {
        let (d, n, p) = (6, 5, 40_000);
        let sigma = activation::parse("tanh:0.5").unwrap();
        let rng = &mut seed::stream(1, "tangent", "points");
        let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
        let unit = uniform_sphere(rng, p, d, 1.0);
        let gaussian = Mat::from_fn(p, d, |_, _| {
            let z: f64 = StandardNormal.sample(rng);
            z / (d as f64).sqrt()
        });
        for (law, weights, allowed) in
            [(WeightLaw::Sphere, &unit, 0.05), (WeightLaw::Gaussian, &gaussian, 0.05)]
        {
            let (wide, error) = at_width(weights.as_ref(), sigma.as_ref(), x.as_ref(), Par::Seq).unwrap();
            let limit = InfiniteWidth::new(d, sigma.as_ref(), law, 1e-9).unwrap();
            let (exact, _) = limit.kernel(x.as_ref()).unwrap();
            assert!(error < 1e-9 * limit.trace());
            assert!((&wide - &exact).norm_max() < allowed * limit.trace(), "{law:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let sigma = activation::parse("erf").unwrap();
        let limit = InfiniteWidth::new(4, sigma.as_ref(), WeightLaw::Sphere, 1e-9).unwrap();
        let x = Mat::from_fn(2, 4, |i, j| if i == j { 2.0 } else { 0.0 });
        assert!(limit.kernel(x.as_ref()).is_ok());
        let off = Mat::from_fn(2, 4, |i, j| if i == j { 2.1 } else { 0.0 });
        assert!(limit.kernel(off.as_ref()).unwrap_err().to_string().contains("norm of input 0"));
        assert!(limit.kernel(x.subcols(0, 3)).is_err());
        assert!(at_width(x.subcols(0, 3), sigma.as_ref(), x.as_ref(), Par::Seq).is_err());
    }
}
