//! The randomised square objective near W = 0.

use super::higher_order::{ACTIVATION, DIMENSION, symmetric};
use super::letters::ORDER;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::network::PairedNetwork;
use escapement::randomised::Design;
use escapement::sphere::uniform_sphere;
use escapement::{activation, eigen, rounding};
use faer::{Mat, MatRef, Par};

/// The step of second differences: their two errors are about equal.
const STEP: f64 = 1.5e-4;

/// Second differences of the exact randomised objective at W = 0 along single rows: a random direction, and
/// the eigenvectors of `a_r E_n y σ'' xxᵀ`, along which the quadratic model falls the most.
pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (k, m, d, n) = (cell.whole(ORDER), cell.m(), DIMENSION, 4 * DIMENSION);
    let rng = &mut cell.stream(seed, "network");
    let net = PairedNetwork::random(rng, m / 2, d, activation::parse(ACTIVATION)?)?;
    let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
    let y: Vec<f64> = x.col(0).iter().map(|x| x * x - 1.0).collect();
    let (design, signs) = (symmetric(k)?, Design::optimal(2)?);
    let second = |of: &Design, r: usize, v: MatRef<'_, f64>| -> Result<Ball> {
        let value = |h: f64| -> Result<f64> {
            let w = Mat::from_fn(m, d, |row, c| if row == r { h * v[(c, 0)] } else { 0.0 });
            let law = of.law(&net, x.as_ref(), w.as_ref(), Par::Seq)?;
            let terms = law.mean.iter().zip(&law.variance).zip(&y);
            Ok(terms.map(|((e, v), y)| 0.5 * ((e - y).powi(2) + v)).sum::<f64>() / n as f64)
        };
        let [ahead, here, behind] = [value(STEP)?, value(0.0)?, value(-STEP)?];
        // The fourth derivative along u of E g² is at most 18 Σ c²/π t⁴ u⁴, and that of (E g)² at most
        // 18 (2Σ|c|)² u⁴; those of ½(e − y)² are of the same kind, with the label beside e.
        let moment = |j: i32| -> f64 {
            let all = of.nodes().iter().zip(of.weights()).zip(of.probabilities());
            all.map(|((t, c), p)| c * c / p * t.powi(j)).sum()
        };
        let (sum, label) = (2.0 * of.absolute_moment(0), y.iter().fold(0.0_f64, |y, z| y.max(z.abs())));
        let each = 18.0 * (moment(4) + 2.0 * sum * sum) / m as f64 + label * sum / (m as f64).sqrt();
        let fourth = d as f64 * d as f64 * each;
        let error = STEP * STEP / 12.0 * fourth + 4.0 * rounding::sum(n, 16) * here / (STEP * STEP);
        Ok(Ball::new((ahead - 2.0 * here + behind) / (STEP * STEP), error))
    };
    let form = |r: usize, g: &dyn Fn(usize, f64) -> f64| {
        let z = |i: usize| x.row(i) * net.weights().row(r % (m / 2)).transpose();
        let scaled = Mat::from_fn(n, d, |i, c| g(i, z(i)) / n as f64 * x[(i, c)]);
        scaled.transpose() * &x
    };
    let sigma = net.activation();
    let (mut least, mut least_signs) = (Ball::exact(f64::INFINITY), Ball::exact(f64::INFINITY));
    let (mut bound, mut curvature, mut closed) = (f64::INFINITY, Ball::exact(0.0), 0.0);
    let noise = design.noise() / m as f64;
    let lower = |a: Ball, b: Ball| if b.value < a.value { b } else { a };
    for r in [0, m / 2, 1, m / 2 + 1] {
        let p = form(r, &|_, z| sigma.d1(z).powi(2));
        let q = form(r, &|i, z| -net.sign(r) * y[i] * sigma.d2(z));
        bound = bound.min(noise * eigen::full_eigenvalues(p.as_ref(), Par::Seq)?[d - 1]);
        let (_, vectors) = eigen::full_eigen(q.as_ref(), Par::Seq)?;
        for c in 0..d {
            let v = vectors.subcols(c, 1);
            least = lower(least, second(&design, r, v)?);
            least_signs = lower(least_signs, second(&signs, r, v)?);
        }
        let v = uniform_sphere(rng, 1, d, 1.0).transpose().to_owned();
        curvature = curvature + second(&design, r, v.as_ref())?;
        closed += (v.transpose() * &p * &v)[(0, 0)];
    }
    let rounding = rounding::sum(n + d, 4 * d + 32) * d as f64 * noise;
    Ok(Measurement::new()
        .ball("curvature", curvature)
        .quantity("noise_curvature", noise * closed, 4.0 * rounding)
        .quantity("plain_curvature", closed / m as f64, 4.0 * rounding)
        .ball("least_curvature", least)
        .ball("least_signs", least_signs)
        .quantity("least_noise", bound, rounding)
        .hypothesis("P_r ≻ 0", bound > 0.0, "four inputs for each dimension"))
}
