//! The profile of Σ: four zonal series F0..F3 in the cosine t of two weights.

use crate::product::vectorised;
use crate::real::Real;
use crate::sphere::zonal::FeatureLevels;
use pulp::NullaryFnOnce;
use std::ops::RangeInclusive;

/// Cosines that are evaluated together. With AVX-512 each of the three numbers of a recurrence fills two
/// registers, and the two chains of operations hide each other's latency.
const LANES: usize = 16;

/// The d × d block of `A` for two weights u and v as a function of their cosine t = u·v:
/// `M = F2·I + E(uuᵀ + vvᵀ) + G·uvᵀ + F3·vuᵀ`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kernel {
    /// `F0 = Σ A_j²/B_j P_j(t)`.
    pub f0: f64,
    /// `F1 = Σ A_jC_j/B_j P_j'(t)`.
    pub f1: f64,
    /// `F2 = Σ C_j²/B_j P_j'(t)`, the multiple of the identity.
    pub f2: f64,
    /// `F3 = Σ C_j²/B_j P_j''(t)`, the coefficient of vuᵀ.
    pub f3: f64,
    /// `E = F1 − F2 − tF3`, the coefficient of uuᵀ + vvᵀ.
    pub e: f64,
    /// `G = F0 − 2tF1 + tF2 + t²F3`, the coefficient of uvᵀ.
    pub g: f64,
}

impl Kernel {
    /// The kernel from the values of the four series at the cosine `t`.
    #[inline(always)]
    pub fn from_series(t: f64, f0: f64, f1: f64, f2: f64, f3: f64) -> Self {
        let e = f1 - f2 - t * f3;
        let g = f0 - t * (2.0 * f1 - f2 - t * f3);
        Self { f0, f1, f2, f3, e, g }
    }

    /// `‖M‖_F²` in dimension `d`, for unit u and v with u·v = `t`.
    pub fn frobenius_squared(&self, d: usize, t: f64) -> f64 {
        let Self { f2, f3, e, g, .. } = *self;
        let t2 = t * t;
        d as f64 * f2 * f2
            + 2.0 * f2 * (2.0 * e + (g + f3) * t)
            + e * e * (2.0 + 2.0 * t2)
            + g * g
            + f3 * f3
            + 2.0 * g * f3 * t2
            + 4.0 * e * (g + f3) * t
    }
}

/// A series `Σ_i c_i P_i(t)` in Gegenbauer polynomials of one dimension, summed by Clenshaw's recurrence on
/// the P_i(1) = 1 scale.
#[derive(Debug, Clone)]
struct Series {
    /// `(c_i, α_i, β_{i+1})` with `P_{i+1} = α_i t P_i − β_i P_{i−1}`.
    terms: Vec<[f64; 3]>,
}

impl Series {
    fn new(d: usize, coefficients: impl Iterator<Item = f64>) -> Self {
        let d = d as f64;
        let terms = coefficients
            .enumerate()
            .map(|(i, c)| {
                let i = i as f64;
                [c, (2.0 * i + d - 2.0) / (i + d - 2.0), (i + 1.0) / (i + d - 1.0)]
            })
            .collect();
        Self { terms }
    }

    #[inline(always)]
    fn sum(&self, t: &[f64; LANES]) -> [f64; LANES] {
        let (mut b1, mut b2) = ([0.0; LANES], [0.0; LANES]);
        for &[c, alpha, beta] in self.terms.iter().rev() {
            for l in 0..LANES {
                let b0 = c + alpha * t[l] * b1[l] - beta * b2[l];
                b2[l] = b1[l];
                b1[l] = b0;
            }
        }
        b1
    }
}

/// The series F0..F3 over a range of degrees, to be evaluated at any cosine.
///
/// With `â_j = A_j/√B_j` and `ĉ_j` the orthonormal coefficients of [`FeatureLevels`], the series are
/// `F0 = Σ â_j² P_j`, `F1 = Σ â_jĉ_j √(j(j+d−2)/(d−1)) P_{j−1}^{(d+2)}`, `F2 = Σ ĉ_j² P_{j−1}^{(d+2)}` and
/// `F3 = Σ ĉ_j² (j−1)(j+d−1)/(d+1) P_{j−2}^{(d+4)}`. No coefficient overflows at any d or j, and no formula
/// divides by 1 − t².
///
/// # Accuracy
/// Clenshaw's recurrence on bounded polynomials: the error is below 1e-14 of `F(1)` in the tests, t = ±1
/// included. Source: derived for this project from NBL22 section 2.
#[derive(Debug, Clone)]
pub struct Profile {
    d: usize,
    series: [Series; 4],
}

impl Profile {
    /// The profile of the degrees in `degrees`, as far as `levels` reaches.
    pub fn new(levels: &FeatureLevels, degrees: RangeInclusive<usize>) -> Self {
        let d = levels.d;
        let df = d as f64;
        let kept = |j: usize| if degrees.contains(&j) { 1.0 } else { 0.0 };
        let from = |first: usize, f: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
            let last = levels.levels.len().min(degrees.end() + 1);
            (first..last)
                .map(|j| {
                    let l = &levels.levels[j];
                    kept(j) * f(j as f64, l.a_hat, l.c_hat)
                })
                .collect()
        };
        let series = [
            Series::new(d, from(0, &|_, a, _| a * a).into_iter()),
            Series::new(
                d + 2,
                from(1, &|j, a, c| a * c * (j * (j + df - 2.0) / (df - 1.0)).sqrt()).into_iter(),
            ),
            Series::new(d + 2, from(1, &|_, _, c| c * c).into_iter()),
            Series::new(
                d + 4,
                from(2, &|j, _, c| c * c * (j - 1.0) * (j + df - 1.0) / (df + 1.0)).into_iter(),
            ),
        ];
        Self { d, series }
    }

    /// The profile times `factor`.
    pub(super) fn scaled(mut self, factor: f64) -> Self {
        self.series.iter_mut().flat_map(|s| &mut s.terms).for_each(|[c, ..]| *c *= factor);
        self
    }

    /// The dimension d of the inputs.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The number of terms of the four series. One evaluation costs about six flops for each.
    pub fn terms(&self) -> usize {
        self.series.iter().map(|s| s.terms.len()).sum()
    }

    /// The kernel at the cosine `t`, which is clamped to [−1, 1] since the product of two rounded unit
    /// vectors may miss this interval by an ulp.
    pub fn at(&self, t: f64) -> Kernel {
        let t = t.clamp(-1.0, 1.0);
        self.at_lanes(&[t; LANES])[0]
    }

    fn at_lanes(&self, t: &[f64; LANES]) -> [Kernel; LANES] {
        let [f0, f1, f2, f3] = vectorised(SeriesAt(self, t));
        std::array::from_fn(|l| Kernel::from_series(t[l], f0[l], f1[l], f2[l], f3[l]))
    }

    #[inline(always)]
    fn series_at(&self, t: &[f64; LANES]) -> [[f64; LANES]; 4] {
        let [f0, f1, f2, f3] = &self.series;
        [f0.sum(t), f1.sum(t), f2.sum(t), f3.sum(t)]
    }

    /// Fills `[F2, F3, E, G]` at the cosines `t`, which are clamped, each rounded to `T`.
    pub(super) fn fill<T: Real>(&self, t: &[f64], out: [&mut [T]; 4]) {
        vectorised(Fill { profile: self, t, out });
    }

    /// Callback: given the index of a cosine of `t`, the clamped cosine and the kernel there, for every
    /// cosine in order.
    pub fn for_each(&self, t: &[f64], mut visit: impl FnMut(usize, f64, &Kernel)) {
        for (chunk, ts) in t.chunks(LANES).enumerate() {
            let mut lanes = [0.0; LANES];
            for (lane, &t) in lanes.iter_mut().zip(ts) {
                *lane = t.clamp(-1.0, 1.0);
            }
            let kernels = self.at_lanes(&lanes);
            for l in 0..ts.len() {
                visit(chunk * LANES + l, lanes[l], &kernels[l]);
            }
        }
    }
}

/// [`Profile::series_at`].
struct SeriesAt<'a>(&'a Profile, &'a [f64; LANES]);

impl NullaryFnOnce for SeriesAt<'_> {
    type Output = [[f64; LANES]; 4];

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.0.series_at(self.1)
    }
}

/// The loop of [`Profile::fill`].
struct Fill<'a, T> {
    profile: &'a Profile,
    t: &'a [f64],
    out: [&'a mut [T]; 4],
}

impl<T: Real> NullaryFnOnce for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [f2, f3, e, g] = self.out.map(|out| out.chunks_mut(LANES));
        for (ts, ((f2, f3), (e, g))) in self.t.chunks(LANES).zip(f2.zip(f3).zip(e.zip(g))) {
            let mut t = [0.0; LANES];
            for (lane, &t) in t.iter_mut().zip(ts) {
                *lane = t.clamp(-1.0, 1.0);
            }
            let [s0, s1, s2, s3] = self.profile.series_at(&t);
            for l in 0..ts.len() {
                let kernel = Kernel::from_series(t[l], s0[l], s1[l], s2[l], s3[l]);
                f2[l] = T::nearest(kernel.f2);
                f3[l] = T::nearest(kernel.f3);
                e[l] = T::nearest(kernel.e);
                g[l] = T::nearest(kernel.g);
            }
        }
    }
}
