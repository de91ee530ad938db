//! Minimisation of smooth functions of many numbers by the method of Broyden, Fletcher, Goldfarb and Shanno
//! with limited memory (L-BFGS).
//!
//! The steps along each direction satisfy the conditions of Armijo and Wolfe, and are found by bisection, as
//! Lewis and Overton do (Mathematical Programming 141, 2013).

use std::collections::VecDeque;

/// Pairs of steps and differences of gradients that are kept.
const MEMORY: usize = 20;
/// The share of the decrease predicted to first order that a step must bring.
const DECREASE: f64 = 1e-4;
/// The share of the slope that may be left after a step.
const SLOPE: f64 = 0.9;
/// Trials along one direction.
const TRIALS: usize = 40;

/// A point of a minimisation, and what is known of the curvature there.
#[derive(Debug, Clone)]
pub struct QuasiNewton {
    z: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    pairs: VecDeque<Pair>,
    steps: u64,
    evaluations: u64,
}

/// A step s, the difference y of the gradients, and `1/sᵀy`.
#[derive(Debug, Clone)]
struct Pair {
    step: Vec<f64>,
    difference: Vec<f64>,
    inverse: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

impl QuasiNewton {
    /// The start `z`. The function returns its value at a point and writes the gradient there.
    pub fn new(z: Vec<f64>, function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> Self {
        let mut gradient = vec![0.0; z.len()];
        let value = function(&z, &mut gradient);
        Self { z, value, gradient, pairs: VecDeque::new(), steps: 0, evaluations: 1 }
    }

    /// The point.
    pub fn point(&self) -> &[f64] {
        &self.z
    }

    /// The function there.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The gradient there.
    pub fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Evaluations of the function so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Takes at most `count` steps of the same function; false where no step lowers it any more.
    pub fn advance(&mut self, count: u64, function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> bool {
        for _ in 0..count {
            let mut direction = self.direction();
            if dot(&direction, &self.gradient) >= 0.0 {
                self.pairs.clear();
                direction = self.gradient.iter().map(|g| -g).collect();
            }
            if !self.search(&direction, function) {
                if self.pairs.is_empty() {
                    return false;
                }
                self.pairs.clear();
            }
        }
        true
    }

    /// Minus the gradient times the inverse Hessian as the pairs have it: two loops over them.
    fn direction(&self) -> Vec<f64> {
        let mut direction: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let Some(last) = self.pairs.back() else { return direction };
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = pair.inverse * dot(&pair.step, &direction);
            add(&mut direction, -share, &pair.difference);
            shares.push(share);
        }
        let scale = 1.0 / (last.inverse * dot(&last.difference, &last.difference));
        direction.iter_mut().for_each(|v| *v *= scale);
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let other = pair.inverse * dot(&pair.difference, &direction);
            add(&mut direction, share - other, &pair.step);
        }
        direction
    }

    /// One step along the direction, if one is found that lowers the function.
    fn search(&mut self, direction: &[f64], function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> bool {
        let slope = dot(direction, &self.gradient);
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut length = if self.pairs.is_empty() { (1.0 / slope.abs().sqrt()).min(1.0) } else { 1.0 };
        let (mut z, mut gradient) = (self.z.clone(), vec![0.0; self.z.len()]);
        for _ in 0..TRIALS {
            z.copy_from_slice(&self.z);
            add(&mut z, length, direction);
            let value = function(&z, &mut gradient);
            self.evaluations += 1;
            // Not so where the value is not a number.
            let lower = value <= self.value + DECREASE * length * slope;
            if !lower {
                high = length;
            } else if dot(&gradient, direction) < SLOPE * slope {
                low = length;
            } else {
                self.take(z, value, gradient);
                return true;
            }
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * length };
        }
        false
    }

    fn take(&mut self, z: Vec<f64>, value: f64, gradient: Vec<f64>) {
        let difference_of =
            |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let (step, difference) = (difference_of(&z, &self.z), difference_of(&gradient, &self.gradient));
        let product = dot(&step, &difference);
        if product > 0.0 {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { step, difference, inverse: product.recip() });
        }
        (self.z, self.value, self.gradient) = (z, value, gradient);
        self.steps += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley in pairs of coordinates, with its minimum 0 at (1, …, 1).
    fn valley(z: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut sum = 0.0;
        for i in (0..z.len()).step_by(2) {
            let (x, y) = (z[i], z[i + 1]);
            sum += 100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2);
            gradient[i] = -400.0 * x * (y - x * x) - 2.0 * (1.0 - x);
            gradient[i + 1] = 200.0 * (y - x * x);
        }
        sum
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_minimum() {
        let start: Vec<f64> =
            (0..20).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 + 0.01 * i as f64 }).collect();
        let mut run = QuasiNewton::new(start, &mut valley);
        let mut before = run.value();
        while run.value() > 1e-20 && run.advance(5, &mut valley) {
            assert!(run.value() <= before && run.steps() < 300);
            before = run.value();
        }
        assert!(run.point().iter().all(|z| (z - 1.0).abs() < 1e-8), "{:?}", run.point());
        assert!(run.evaluations() < 3 * run.steps());
    }
}
