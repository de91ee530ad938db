//! Teachers and students `f(x) = Σ_i a_i |w_i·x|` on standard normal inputs: loss and gradient in closed
//! form.

use crate::error::Result;
use escapement::ball::Ball;
use escapement::seed::ChaCha20Rng;
use escapement::sphere::{Gegenbauer, dimension};
use faer::Mat;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// Neurons, the output weights first.
#[derive(Debug, Clone)]
pub struct Student {
    /// `[m]`.
    pub a: Vec<f64>,
    /// `[m, d]`.
    pub w: Mat<f64>,
}

/// `κ(φ) = cos φ + (2/π)(sin φ − φ cos φ)`, which is E|u·x||v·x| of unit u and v whose lines have the angle
/// φ ≤ π/2.
pub fn kernel(phi: f64) -> f64 {
    phi.cos() + FRAC_2_PI * (phi.sin() - phi * phi.cos())
}

/// `1 − κ(φ)` without cancellation.
pub fn one_minus_kernel(phi: f64) -> Ball {
    // sin φ − φ cos φ = Σ_j (−1)^{j+1} φ^{2j+1} 2j/(2j+1)!.
    let (mut sum, mut power) = (0.0, phi);
    for j in 1..30 {
        let j = f64::from(j);
        power *= -phi * phi / (2.0 * j * (2.0 * j + 1.0));
        sum -= 2.0 * j * power;
    }
    let square = 2.0 * (0.5 * phi).sin().powi(2);
    Ball::new(square - FRAC_2_PI * sum, 16.0 * f64::EPSILON * square)
}

/// Two lines: the angle, and the cosine of the vectors.
struct Lines {
    phi: f64,
    cosine: f64,
}

fn lines(w: &Mat<f64>, i: usize, v: &Mat<f64>, j: usize) -> Lines {
    let norms = w.row(i).norm_l2() * v.row(j).norm_l2();
    let cosine = w.row(i) * v.row(j).transpose() / norms;
    let sign = if cosine < 0.0 { -1.0 } else { 1.0 };
    let (a, b) =
        (w.row(i) * faer::Scale(v.row(j).norm_l2()), v.row(j) * faer::Scale(sign * w.row(i).norm_l2()));
    Lines { phi: 2.0 * (&a - &b).norm_l2().atan2((&a + &b).norm_l2()), cosine }
}

impl Student {
    /// `ν_i = a_i‖w_i‖`.
    pub fn masses(&self) -> Vec<f64> {
        self.a.iter().enumerate().map(|(i, a)| a * self.w.row(i).norm_l2()).collect()
    }

    /// `TV = Σ_i |ν_i|`.
    pub fn variation(&self) -> f64 {
        self.masses().iter().map(|v| v.abs()).sum()
    }

    /// `L = E(f − f*)²` beside a teacher, and a bound on its rounding.
    pub fn loss(&self, teacher: &Self) -> Ball {
        let (own, other) = (self.masses(), teacher.masses());
        let [mut sum, mut size] = [0.0; 2];
        let mut add = |term: f64| {
            sum += term;
            size += term.abs();
        };
        for (i, v) in own.iter().enumerate() {
            own.iter().enumerate().for_each(|(j, u)| add(v * u * kernel(lines(&self.w, i, &self.w, j).phi)));
            for (j, u) in other.iter().enumerate() {
                add(-2.0 * v * u * kernel(lines(&self.w, i, &teacher.w, j).phi));
            }
        }
        for (i, v) in other.iter().enumerate() {
            for (j, u) in other.iter().enumerate() {
                add(v * u * kernel(lines(&teacher.w, i, &teacher.w, j).phi));
            }
        }
        let terms = (own.len() + other.len()).pow(2) + 8 * self.w.ncols() + 32;
        Ball::new(sum, 0.5 * f64::EPSILON * terms as f64 * size)
    }

    /// `F = L + (λ/2) Σ_i (a_i² + ‖w_i‖²)`.
    pub fn objective(&self, teacher: &Self, decay: f64) -> Ball {
        let squares: f64 =
            self.a.iter().enumerate().map(|(i, a)| a * a + self.w.row(i).squared_norm_l2()).sum();
        self.loss(teacher) + Ball::relative(0.5 * decay * squares, 4e-16 * self.a.len() as f64)
    }

    /// The gradient of F: `∂_a L = ‖w_i‖G_i` and `∂_w L = a_i (G_i w̄_i + T_i)` with `G_i = 2 Σ_j (ν_j κ(ij)
    /// − ν*_j κ(ij*))` and T_i the part orthogonal to w_i of `2 Σ_j (ν_j κ'(ij) w̄_j − …)`, `κ' = (2/π)
    /// arcsin ρ`.
    pub fn gradient(&self, teacher: &Self, decay: f64) -> Self {
        let (m, d) = (self.a.len(), self.w.ncols());
        let (own, other) = (self.masses(), teacher.masses());
        let mut out = Self { a: vec![0.0; m], w: Mat::zeros(m, d) };
        for i in 0..m {
            let norm = self.w.row(i).norm_l2();
            let (mut g, mut t) = (0.0, vec![0.0; d]);
            let mut add = |mass: f64, v: &Mat<f64>, j: usize| {
                let at = lines(&self.w, i, v, j);
                g += 2.0 * mass * kernel(at.phi);
                let slope = FRAC_2_PI * (FRAC_PI_2 - at.phi) * at.cosine.signum();
                let length = v.row(j).norm_l2();
                (0..d).for_each(|c| {
                    let aside = v[(j, c)] / length - at.cosine * self.w[(i, c)] / norm;
                    t[c] += 2.0 * mass * slope * aside;
                });
            };
            // The neuron itself has no tangential part.
            (0..m).filter(|j| *j != i).for_each(|j| add(own[j], &self.w, j));
            (0..other.len()).for_each(|j| add(-other[j], &teacher.w, j));
            g += 2.0 * own[i];
            out.a[i] = norm * g + decay * self.a[i];
            (0..d).for_each(|c| {
                out.w[(i, c)] = self.a[i] * (g * self.w[(i, c)] / norm + t[c]) + decay * self.w[(i, c)];
            });
        }
        out
    }

    /// One step of gradient descent on F.
    pub fn step(&mut self, teacher: &Self, decay: f64, rate: f64) {
        let gradient = self.gradient(teacher, decay);
        self.a.iter_mut().zip(&gradient.a).for_each(|(a, g)| *a -= rate * g);
        self.w -= faer::Scale(rate) * gradient.w;
    }

    /// `‖∇F‖²` of such a gradient.
    pub fn square(&self) -> f64 {
        self.a.iter().map(|a| a * a).sum::<f64>() + self.w.squared_norm_l2()
    }
}

/// N orthonormal teachers with masses between ½ and 3/2 of alternating signs.
pub fn teacher(d: usize, count: usize) -> Student {
    let mass =
        |j: usize| (0.5 + (j as f64 + 0.5) / count as f64) * if j.is_multiple_of(2) { 1.0 } else { -1.0 };
    let balanced = |j: usize| f64::abs(mass(j)).sqrt();
    let w = Mat::from_fn(count, d, |j, c| if j == c { balanced(j) } else { 0.0 });
    Student { a: (0..count).map(|j| mass(j).signum() * balanced(j)).collect(), w }
}

/// m neurons with standard normal weights of this size.
pub fn random(rng: &mut ChaCha20Rng, m: usize, d: usize, size: f64) -> Student {
    let mut draw = || -> f64 { StandardNormal.sample(rng) };
    let a = (0..m).map(|_| size * draw()).collect();
    Student { a, w: Mat::from_fn(m, d, |_, _| size * draw() / (d as f64).sqrt()) }
}

/// `‖p‖²` of the certificate `η(w) = Σ_j s_j (w̄·w̄*_j)⁴ = E[p(x)|w·x|]` of orthonormal teachers with these
/// signs, of least norm: `Σ_{l=0,2,4} (q_l² B_l/κ_l)[N + P_l(0) Σ_{i≠j} s_i s_j]`, `q_l = E[z⁴P_l]`, `κ_l =
/// d(E|z|P_l)²`.
///
/// # Errors
/// A dimension below 3, or below the number of teachers.
pub fn certificate(d: usize, signs: &[f64]) -> Result<f64> {
    if d < signs.len() {
        let allowed = "as many orthonormal teachers need a larger dimension";
        return Err(escapement::Error::domain("d", d, allowed).into());
    }
    let (legendre, dim) = (Gegenbauer::new(d)?, d as f64);
    // P_l as polynomials: P_2 = (d z² − 1)/(d − 1), P_4 = ((d+2)(d+4)z⁴ − 6(d+2)z² + 3)/(d² − 1).
    let polynomials = [
        vec![1.0],
        vec![-1.0 / (dim - 1.0), dim / (dim - 1.0)],
        [3.0, -6.0 * (dim + 2.0), (dim + 2.0) * (dim + 4.0)].map(|c| c / (dim * dim - 1.0)).to_vec(),
    ];
    let even = |r: usize| (0..r).map(|i| (2 * i + 1) as f64 / (dim + 2.0 * i as f64)).product::<f64>();
    // E|z| is 2/π for d = 2, 1/2 for d = 3, and times d/(d + 1) from d to d + 2.
    let start = if d.is_multiple_of(2) { FRAC_2_PI } else { 0.5 };
    let first = (2 + d % 2..d).step_by(2).fold(start, |e, i| e * i as f64 / (i + 1) as f64);
    let odd =
        |r: usize| first * (1..=r).map(|i| 2.0 * i as f64 / (dim + 2.0 * i as f64 - 1.0)).product::<f64>();
    let total: f64 = signs.iter().sum();
    let pairs = total * total - signs.len() as f64;
    let term = |(index, polynomial): (usize, &Vec<f64>)| {
        let l = 2 * index;
        let q: f64 = polynomial.iter().enumerate().map(|(r, c)| c * even(r + 2)).sum();
        let modulus: f64 = polynomial.iter().enumerate().map(|(r, c)| c * odd(r)).sum();
        let count = signs.len() as f64 + legendre.value(l, 0.0) * pairs;
        q * q * dimension(d, l) / (dim * modulus * modulus) * count
    };
    Ok(polynomials.iter().enumerate().map(term).sum())
}
