//! The head a* of Corollary 22 to Lemma 25, by which neurons after one step represent a polynomial.
//!
//! With `f* = Σ_k <T_k, x^{⊗k}>`, the functions v_k of Lemma 17 and Γ = Π*g the part of the population
//! gradient in S*,
//!
//! > `z_T(w) = vec(T)ᵀ M_k⁻¹ vec(Γ^{⊗k})`, `M_k = Mat E Γ^{⊗2k}`,
//! > `h(a, w, b) = Σ_k v_k(a, b) 1_{|b| ≤ 1}/(2φ(b)) z_{T_k}(w) (2η_1)^{−k} 1[|2η_1 Γ·x_i| ≤ 1 for all i]`,
//!
//! and `a*_j = h(a_j, w_j, b_j)/m`.

use super::absolute::{sign_changes, value};
use super::representers::{NODES, integral, mixed_moments, v};
use escapement::ball::Ball;
use escapement::gaussian::normal::density;
use escapement::gaussian::{HermiteSeries, Law, Polynomial, PopulationGradient};
use escapement::sphere::ZonalQuadrature;
use escapement::{Error, Result, activation, rounding};
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// The construction without its indicator, for a target each of whose tensors T_k is an eigenvector of M_k:
/// all targets of one direction, and those of degree 2 that their symmetries leave no other choice.
pub struct Construction {
    d: usize,
    /// `z_{T_k}(w) (2η_1)^{−k}` in the coordinates of w in S*, for k = 0..p.
    tensors: Vec<Polynomial>,
    /// `2η_1 Γ(w)`.
    row: Vec<Polynomial>,
}

impl Construction {
    /// The construction for a target in R^d and the step 2η_1.
    ///
    /// # Errors
    /// [`Error::Domain`] for d below r.
    pub fn new(f: &HermiteSeries, d: usize, step: Ball) -> Result<Self> {
        if d < f.latent() {
            return Err(Error::domain("d", d, format!("the dimension is at least r = {}", f.latent())));
        }
        let inside = PopulationGradient::new(f, activation::parse("relu")?.as_ref())?.inside();
        let row: Vec<Polynomial> = inside.iter().map(|g| g.scaled(step)).collect();
        let tensor = |k: usize| {
            let part = f.monomials().part(k);
            let along = part.of(&row);
            let square = along.mean_of_product(&along, Law::Sphere(d));
            // The eigenvalue is E<T, Γ^{⊗k}>²/‖T‖², and ‖T‖² = Σ_ν ν! a_ν²/k!.
            let factorial: f64 = (1..=k).map(|i| i as f64).product();
            let norm = part.fischer(&part) / factorial;
            if square.value == 0.0 { along } else { along.scaled(norm / square) }
        };
        Ok(Self { d, tensors: (0..=f.degree()).map(tensor).collect(), row })
    }

    /// `E h²` without the indicator, which lowers it.
    ///
    /// # Errors
    /// As [`mixed_moments`].
    pub fn mean_square(&self) -> Result<Ball> {
        let heads = |k: usize, l: usize| Ok::<_, Error>(mixed_moments(k as u32, l as u32)?[1]);
        let mut sum = Ball::exact(0.0);
        for (k, a) in self.tensors.iter().enumerate() {
            for (l, b) in self.tensors.iter().enumerate() {
                // By Cauchy and Schwarz the moduli of the terms of the rule sum to the root at most.
                let error =
                    rounding::sum(NODES + k + l, 24 * (k + l + 2)) * (heads(k, k)? * heads(l, l)?).sqrt();
                sum = sum + Ball::new(heads(k, l)?, error) * a.mean_of_product(b, Law::Sphere(self.d));
            }
        }
        Ok(sum)
    }

    /// The same in one direction, with its indicator for inputs of modulus at most `reach`. The sphere is
    /// split where it changes. Between two ends the rule is exact for the density, which is a polynomial for
    /// odd d, times a polynomial of degree 60.
    ///
    /// # Errors
    /// [`Error::Domain`] for another number of directions than one, for d = 1, and for a reach that is not
    /// positive or not finite.
    pub fn in_one_direction(&self, reach: f64) -> Result<Line> {
        let [row] = self.row.as_slice() else {
            return Err(Error::domain("r", self.row.len(), "integrals are taken in one direction"));
        };
        if !(reach > 0.0 && reach < f64::INFINITY) {
            return Err(Error::domain("the reach of the inputs", reach, "it is positive and finite"));
        }
        let of = |p: &Polynomial| (0..=p.degree()).map(|e| p.coefficient(&[e as u8]).value).collect();
        let row: Vec<f64> = of(row);
        let mut ends = vec![-1.0, 1.0];
        for side in [-1.0, 1.0] {
            let mut shifted = row.clone();
            shifted[0] += side / reach;
            ends.extend(sign_changes(&shifted).into_iter().filter(|z| z.abs() < 1.0));
        }
        ends.sort_by(f64::total_cmp);
        let rule = ZonalQuadrature::shared(3, self.d / 2 + NODES)?;
        let (mut mass, mut latitudes) = (0.0, [vec![], vec![]]);
        for pair in ends.windows(2) {
            let (middle, half) = (0.5 * (pair[0] + pair[1]), 0.5 * (pair[1] - pair[0]));
            let kept = usize::from(value(&row, middle).abs() * reach <= 1.0);
            for (&u, &share) in rule.nodes().iter().zip(rule.weights()) {
                let z = middle + half * u;
                let weight = half * share * (1.0 - z * z).powf(0.5 * (self.d as f64 - 3.0));
                mass += weight;
                latitudes[kept].push((z, weight));
            }
        }
        latitudes.iter_mut().flatten().for_each(|(_, weight)| *weight /= mass);
        let across = ChiSquared::new(self.d as f64 - 1.0)
            .map_err(|_| Error::domain("d", self.d, "two dimensions are needed at least"))?;
        Ok(Line { d: self.d, tensors: self.tensors.iter().map(of).collect(), row, reach, across, latitudes })
    }
}

/// The construction in one direction: everything is an integral over z, the coordinate of w, and b.
pub struct Line {
    d: usize,
    tensors: Vec<Vec<f64>>,
    row: Vec<f64>,
    /// The largest modulus of an input.
    pub reach: f64,
    /// `‖w‖² − z²` before w has unit norm.
    across: ChiSquared<f64>,
    /// Coordinates z and their shares of the sphere, where the indicator is 0 and where it is 1.
    latitudes: [Vec<(f64, f64)>; 2],
}

impl Line {
    /// The coordinate of a uniform weight.
    pub fn draw(&self, rng: &mut impl rand::Rng) -> f64 {
        let normal: f64 = StandardNormal.sample(rng);
        normal / (normal * normal + self.across.sample(rng)).sqrt()
    }

    /// `2η_1 Γ` at z, and `z_{T_k}(w) (2η_1)^{−k}` for k = 0..p.
    pub fn at(&self, z: f64) -> (f64, Vec<f64>) {
        (value(&self.row, z), self.tensors.iter().map(|t| value(t, z)).collect())
    }

    /// `E (f_{a*}(x) − f*(x))²` for m neurons in pairs, whose biases are independent, given f*(x).
    ///
    /// # Errors
    /// As [`integral`].
    pub fn mean_square_error(&self, x: f64, truth: f64, m: usize) -> Result<f64> {
        let (mut mean, mut square) = (0.0, 0.0);
        for &(z, weight) in &self.latitudes[1] {
            let (row, tensors) = self.at(z);
            let t = row * x;
            // The integrals of hσ and of (hσ)² over b.
            let one = |a: f64| -> Result<[f64; 2]> {
                let h = |b: f64| head(&tensors, a, b);
                let square = |b: f64| h(b).powi(2) * density(b).value * (a * t + b);
                Ok([integral(a * t, |b| h(b) * density(b).value)?, integral(a * t, square)?])
            };
            let ([plus, plus_square], [minus, minus_square]) = (one(1.0)?, one(-1.0)?);
            mean += weight * 0.5 * (plus + minus);
            square += weight * (0.25 * (plus_square + minus_square) + 0.5 * plus * minus);
        }
        Ok((mean - truth).powi(2) + 2.0 / m as f64 * (square - mean * mean))
    }

    /// `E_x (f*(x) − E f_{a*}(x))²`, what the indicator takes away.
    pub fn truncation(&self) -> Ball {
        let mut lost = vec![Ball::exact(0.0); self.tensors.len()];
        for &(z, weight) in &self.latitudes[0] {
            let (row, tensors) = self.at(z);
            for (k, c) in tensors.into_iter().enumerate() {
                // The density has the power (d − 3)/2 of a number with two roundings; each polynomial of
                // degree 5 at most has ten, and their powers k as many.
                let term = weight * c * row.powi(k as i32);
                lost[k] = lost[k] + Ball::relative(term, rounding::sum(self.d, 12 * (k + 2)));
            }
        }
        let missing = Polynomial::new(1, lost.into_iter().zip(0..).map(|(c, k)| (vec![k], c)));
        missing.mean_of_product(&missing, Law::Normal)
    }
}

/// `h(a, w, b)` of the numbers `z_{T_k}(w) (2η_1)^{−k}` where the indicators are 1.
pub fn head(tensors: &[f64], a: f64, b: f64) -> f64 {
    let sum: f64 = tensors.iter().zip(0..).map(|(c, k)| c * v(k, a, b)).sum();
    0.5 * sum / density(b).value
}
