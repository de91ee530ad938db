//! The functions h of which the construction for powers of linear functions is made.

use super::instance::{self, CUBED};
use crate::claim::Cell;
use crate::error::Result;
use escapement::activation::Activation;
use escapement::ball::Ball;
use escapement::gaussian::hermite::{hermite_coefficient, normalised_hermite};
use escapement::sphere::{Gegenbauer, ZonalQuadrature, orthonormal_coefficients, sqrt_dimension};
use escapement::{rounding, tolerance};
use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, MatRef};

/// The order of the rule on a panel. Panels have a length of at most 1 in `√d z`, and tanh is analytic up to
/// π/2 from the axis: the rule errs by less than 6^{−48} there.
const ORDER: usize = 24;

/// h for α = 1, by degree.
#[derive(Debug, Clone)]
pub struct Series {
    /// `(q_j/s_j)√B(d,j)`; 0 where j and p differ in parity.
    pub terms: Vec<Ball>,
    /// The share of E (β·x)^{2(p−2)} in degrees with s_j = 0.
    pub share: Ball,
    legendre: Gegenbauer,
    d: usize,
}

impl Series {
    /// h for the power p of a linear function.
    ///
    /// Zonal coefficients err as [`tolerance::ZONAL_ROUNDINGS`] says. For ReLU cubed `s_0 = √d E|z|/2`,
    /// `s_1 = 1/(2√d)` and `s_{j+2} = −s_j (j−1)/(d+j+1)` for even j, because `max(z, 0) = (z + |z|)/2`.
    ///
    /// # Errors
    /// A dimension below 3, or p below 2.
    pub fn new(d: usize, p: usize, sigma: &dyn Activation) -> Result<Self> {
        let (top, dim) = (beyond_two(p)?, d as f64);
        let zonal = |g: &dyn Fn(f64) -> f64| -> Result<Vec<Ball>> {
            let size = orthonormal_coefficients(d, &|z| g(z).powi(2), 0)?[0].sqrt();
            let each =
                |j: usize| tolerance::ZONAL_ROUNDINGS + tolerance::ZONAL_ROUNDINGS_PER_DEGREE * j as f64;
            let found = orthonormal_coefficients(d, g, top)?.into_iter().enumerate();
            Ok(found.map(|(j, c)| Ball::new(c, each(j) * f64::EPSILON * size)).collect())
        };
        let q = zonal(&|z| z.powi(top as i32))?;
        let s = if sigma.name() == CUBED {
            // E|z| is 2/π for d = 2, 1/2 for d = 3, and times d/(d + 1) from d to d + 2.
            let first = if d.is_multiple_of(2) { std::f64::consts::FRAC_2_PI } else { 0.5 };
            let modulus = (2 + d % 2..d).step_by(2).fold(first, |e, i| e * i as f64 / (i + 1) as f64);
            let mut s =
                vec![0.5 * dim.sqrt() * modulus, 0.5 / dim.sqrt(), 0.5 * dim.sqrt() * modulus / (dim + 1.0)];
            for j in 1..top {
                s.push(if j % 2 == 1 { 0.0 } else { -s[j] * (j as f64 - 1.0) / (dim + j as f64 + 1.0) });
            }
            let each = |(j, s): (usize, f64)| Ball::relative(s * sqrt_dimension(d, j), rounding::sum(d, 32));
            s.into_iter().enumerate().map(each).collect()
        } else {
            zonal(&|z| sigma.d2(z))?
        };
        let (mut terms, mut lost, mut all) =
            (vec![Ball::exact(0.0); top + 1], Ball::exact(0.0), Ball::exact(0.0));
        for j in (top % 2..=top).step_by(2) {
            all = all + q[j] * q[j];
            if s[j].value == 0.0 {
                lost = lost + q[j] * q[j];
            } else {
                terms[j] = q[j] / s[j] * Ball::relative(sqrt_dimension(d, j), rounding::sum(2 * j, 8));
            }
        }
        Ok(Self { terms, share: lost / all, legendre: Gegenbauer::new(d)?, d })
    }

    /// `E h²`.
    pub fn square(&self) -> Ball {
        self.terms.iter().map(|c| *c * *c).sum()
    }

    /// h at `t = β·w`.
    fn value(&self, t: f64) -> f64 {
        let term = |(j, c): (usize, &Ball)| c.value * sqrt_dimension(self.d, j) * self.legendre.value(j, t);
        self.terms.iter().enumerate().filter(|(_, c)| c.value != 0.0).map(term).sum()
    }
}

/// p − 2, the degree that is left to h.
fn beyond_two(p: usize) -> Result<usize> {
    let refused =
        || escapement::Error::domain("p", p, "f_Q has the factor (β·x)², so that p is at least 2").into();
    p.checked_sub(2).ok_or_else(refused)
}

/// `E g(√d z)` on panels of φ = asin z, that end at 0: g may have a kink there.
fn expect(d: usize, g: &dyn Fn(f64) -> f64) -> Result<f64> {
    let (rule, root) = (ZonalQuadrature::shared(3, ORDER)?, (d as f64).sqrt());
    let (panels, end) = ((1.6 * root).ceil() as usize, std::f64::consts::FRAC_PI_2);
    let half = 0.5 * end / panels as f64;
    let (mut sum, mut mass) = (0.0, 0.0);
    for i in 0..panels {
        let at = |s: f64| half * (s + (2 * i + 1) as f64);
        let weight = |s: f64| at(s).cos().powi(d as i32 - 2);
        mass += 2.0 * rule.expect(weight);
        sum += rule.expect(|s| weight(s) * (g(root * at(s).sin()) + g(-root * at(s).sin())));
    }
    Ok(sum / mass)
}

/// `E h²` from the integral equation, for h a polynomial in `√d β·w` of the parity of p, at as many inputs
/// as it has terms. The error is that of a solution whose matrix, right side and moments err by all roundings
/// of their sums.
///
/// # Errors
/// A dimension below 4, or p below 2.
pub fn solved(d: usize, p: usize, sigma: &dyn Activation) -> Result<Ball> {
    let (top, root) = (beyond_two(p)?, (d as f64).sqrt());
    let powers: Vec<i32> = (top % 2..=top).step_by(2).map(|i| i as i32).collect();
    let (count, across) = (powers.len(), ZonalQuadrature::shared(d.saturating_sub(1), p)?);
    let zonal = ZonalQuadrature::shared(d, p)?;
    let (mut matrix, mut moduli) = (Mat::zeros(count, count), 0.0);
    let s = |k: usize| (k + 1) as f64 / (count as f64 + 0.5);
    for (k, i) in (0..count).flat_map(|k| (0..count).map(move |i| (k, i))) {
        let (along, aside) = (s(k), (1.0 - s(k) * s(k)).sqrt());
        let at = |z: f64, v: f64| along * z + aside * (d as f64 - z * z).max(0.0).sqrt() * v;
        matrix[(k, i)] = expect(d, &|z| sigma.d2(z) * across.expect(|v| at(z, v).powi(powers[i])))?;
        let modulus = expect(d, &|z| sigma.d2(z).abs() * across.expect(|v| at(z, v).abs().powi(powers[i])))?;
        moduli += modulus * modulus;
    }
    let right = Mat::from_fn(count, 1, |k, _| (root * s(k)).powi(top as i32));
    let lu = matrix.partial_piv_lu();
    let (c, inverse) = (lu.solve(&right), lu.inverse().norm_l2());
    let moments =
        Mat::from_fn(count, count, |i, l| zonal.expect(|z| (root * z).powi(powers[i] + powers[l])));
    let each = rounding::sum(2 * ORDER * ((1.6 * root).ceil() as usize) + p, 64 + d + 2 * p);
    let wrong = inverse * each * (2.0 * moduli.sqrt() * c.norm_l2() + right.norm_l2());
    let size = moments.norm_l2() * c.norm_l2();
    Ok(Ball::new((c.transpose() * &moments * &c)[(0, 0)], size * (2.0 * wrong + 2.0 * each * c.norm_l2())))
}

/// `E σ''(N) He_j(N)/√j!`. For ReLU cubed, whose fourth derivative is δ, it is `He_{j−2}(0)/√(2π j!)` from
/// j = 2 on.
pub fn hermite(sigma: &dyn Activation, j: usize) -> Ball {
    if sigma.name() != CUBED {
        return hermite_coefficient(|z| sigma.d2(z), j, sigma.suprema()[2].value);
    }
    let below = match j {
        0 => 1.0,
        1 => return Ball::exact(0.5),
        _ => normalised_hermite(0.0, j - 2) / ((j * (j - 1)) as f64).sqrt(),
    };
    Ball::relative(below / std::f64::consts::TAU.sqrt(), rounding::sum(4 * j, 8))
}

/// The construction for `x_1² − ½ x_2^q`, with q = 4 for ReLU cubed and 3 otherwise.
pub struct Construction {
    /// Coefficient, power and h of each.
    pub terms: [(f64, usize, Series); 2],
    /// `‖h_s‖`.
    pub sizes: [Ball; 2],
}

impl Construction {
    /// That of a cell.
    ///
    /// # Errors
    /// As [`Series::new`].
    pub fn new(cell: &Cell) -> Result<Self> {
        let sigma = instance::activation(cell)?;
        let term =
            |alpha: f64, p| -> Result<_> { Ok((alpha, p, Series::new(cell.d(), p, sigma.as_ref())?)) };
        let terms = [term(1.0, 2)?, term(-0.5, if cell.activation == CUBED { 4 } else { 3 })?];
        let sizes = [0, 1].map(|s: usize| terms[s].0.abs() * terms[s].2.square().sqrt());
        Ok(Self { terms, sizes })
    }

    /// `8(Σ_s ‖h_s‖)²`.
    pub fn limit(&self) -> Ball {
        8.0 * (self.sizes[0] + self.sizes[1]).powi(2)
    }

    /// How many of p pairs serve the first term, in proportion to `‖h_s‖`.
    pub fn first(&self, pairs: usize) -> usize {
        let [one, other] = self.sizes.map(|size| size.value);
        (pairs as f64 * one / (one + other)).round() as usize
    }

    /// W*, where the first of the p pairs serve the first term: `‖w_r‖² = 2√m |h_s|/p_s` in the neuron of a
    /// pair whose output weight has the sign of h_s.
    pub fn rows(&self, weights: MatRef<'_, f64>, first: usize) -> Mat<f64> {
        let (p, d) = (weights.nrows(), weights.ncols());
        let mut w = Mat::zeros(2 * p, d);
        for r in 0..p {
            let (s, group) = if r < first { (0, first) } else { (1, p - first) };
            let h = self.terms[s].0 * self.terms[s].2.value(weights[(r, s)]);
            let row = if h > 0.0 { r } else { p + r };
            w[(row, s)] = (2.0 * (2.0 * p as f64).sqrt() * h.abs() / group as f64).sqrt();
        }
        w
    }

    /// The target at row i of `x`.
    pub fn target(&self, x: MatRef<'_, f64>, i: usize) -> f64 {
        [0, 1].map(|s: usize| self.terms[s].0 * x[(i, s)].powi(self.terms[s].1 as i32)).iter().sum()
    }
}
