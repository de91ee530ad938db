//! A run without noise, or two runs with the noise of either sign, step by step together.
//!
//! R1 is a quadratic form, so that the mean of R1 over `W⁺` and `W⁻` is R1 of their centre `(W⁺ + W⁻)/2`
//! plus R1 of half of their difference. The difference has what the noise adds by diffusion; it cancels
//! in the centre, to first order in the noise, and what the centre has beyond the run without noise is
//! what the noise does to the path on average.

use super::signs::Signs;
use crate::papers::nbl22::figures::figure_1::data::{Data, KEY};
use crate::papers::nbl22::figures::figure_1::projector::{Exact, Kept};
use crate::papers::nbl22::figures::figure_1::training::{Descent, Test};
use crate::papers::nbl22::figures::figure_1::{Bits, Settings};
use crate::papers::nbl22::figures::r1::penalty;
use anyhow::{Result, bail, ensure};
use escapement::covariance::CovarianceOperator;
use escapement::seed;
use faer::{Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// What is recorded of a displacement.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// R1, exact.
    pub r1: f64,
    /// The mean loss on the inputs that are trained on.
    pub train_loss: f64,
    /// The mean loss on those that are not.
    pub test_loss: f64,
}

/// The one or two displacements on their way, and what measures them.
pub struct Pair<'a, T: Bits> {
    descents: Vec<Descent<T>>,
    operator: CovarianceOperator<'a>,
    exact: &'a Exact<T>,
    data: &'a Data,
    train: Test<T>,
    test: &'a mut Test<T>,
    noise: f64,
    seed: u64,
    par: Par,
}

impl<'a, T: Bits> Pair<'a, T> {
    /// From W = 0 on, with noise of size `noise` and `λ3 R3` in the objective.
    ///
    /// # Errors
    /// Those of the parts; a projector that is not that of Σ.
    pub fn new(
        settings: &Settings,
        (seed, noise, lambda_3): (u64, f64, f64),
        (data, kept, test): (&'a Data, &'a Kept<T>, &'a mut Test<T>),
    ) -> Result<Self> {
        let (par, Kept::Exact(exact)) = (settings.par(), kept) else {
            bail!("R1 is exact only with the projector of Σ");
        };
        let count = if noise > 0.0 { 2 } else { 1 };
        let descents =
            (0..count).map(|_| Descent::new(data, kept, lambda_3, par)).collect::<Result<Vec<_>>>()?;
        let (operator, train) = (penalty::operator(exact), Test::new(&data.net, &data.train, par)?);
        Ok(Self { descents, operator, exact, data, train, test, noise, seed, par })
    }

    /// Evaluates the objective, anew where `due`; returns the mean of the losses.
    ///
    /// # Errors
    /// An objective that is not finite.
    pub fn evaluate(&mut self, due: bool) -> Result<f64> {
        let mut sum = 0.0;
        for descent in &mut self.descents {
            // Noise goes into the gradient, which has to be there whole; and what is known of W from the
            // step before does not know of it.
            let value =
                if self.noise > 0.0 { descent.evaluate_whole(true)? } else { descent.evaluate(due)? };
            sum += value.loss;
        }
        Ok(sum / self.descents.len() as f64)
    }

    /// `W ← W − η(∇L_λ(W) + Ξ)`, the entries of Ξ from N(0, s²/(md)): those of a step are the same for
    /// all s of a seed but for the factor s, and have the opposite sign in the second run.
    pub fn step(&mut self, step: u64, eta: f64) {
        if self.noise > 0.0 {
            let rng = &mut seed::stream(self.seed, KEY, &format!("noise of step {step}"));
            let (d, m) = (self.data.net.d(), self.data.net.m());
            let size = self.noise / ((m * d) as f64).sqrt();
            for r in 0..m {
                for c in 0..d {
                    let one: f64 = StandardNormal.sample(rng);
                    for (descent, sign) in self.descents.iter_mut().zip([size, -size]) {
                        descent.parts().1[(c, r)] += T::nearest(sign * one);
                    }
                }
            }
        }
        self.descents.iter_mut().for_each(|descent| descent.step(eta));
    }

    /// The mean over the displacements, whose mean loss is `train_loss`, and their centre.
    ///
    /// # Errors
    /// A loss that is not finite.
    pub fn points(&mut self, train_loss: f64) -> Result<(Point, Point)> {
        let count = self.descents.len() as f64;
        let mut mean = Point { train_loss, ..Point::default() };
        for descent in &self.descents {
            mean.test_loss += self.test.loss(descent.w())? / count;
            mean.r1 += self.r1_of(descent.w().transpose()) / count;
        }
        let [first, second] = &self.descents[..] else { return Ok((mean, mean)) };
        let half = T::nearest(0.5);
        let (a, b) = (first.w(), second.w());
        // A column to a neuron, as the kernels have it.
        let centre = Mat::<T>::from_fn(a.ncols(), a.nrows(), |c, r| half * (a[(r, c)] + b[(r, c)]));
        let (r1, w) = (self.r1_of(centre.as_ref()), centre.transpose());
        let centre = Point { r1, train_loss: self.train.loss(w)?, test_loss: self.test.loss(w)? };
        Ok((mean, centre))
    }

    fn r1_of(&self, w: MatRef<'_, T>) -> f64 {
        penalty::beyond(&self.operator, &self.exact.top, w, self.par).0
    }

    /// What random signs do, as a mean over the displacements.
    ///
    /// # Errors
    /// As [`Signs::of`].
    pub fn signs(&self) -> Result<Signs> {
        let mut mean = Signs::default();
        for descent in &self.descents {
            let w = descent.w();
            let w = Mat::<f64>::from_fn(w.nrows(), w.ncols(), |r, c| w[(r, c)].into());
            let Data { net, test, .. } = self.data;
            let one = Signs::of(net, &self.exact.top, w.as_ref(), test, self.par)?;
            let count = self.descents.len() as f64;
            mean.beyond += one.beyond / count;
            mean.all += one.all / count;
            mean.remainder += one.remainder / count;
        }
        Ok(mean)
    }

    /// The mean of R1 after `steps` steps of noise alone, from W = 0: `steps·η²s²/(md)·tr Σ_{>r}`.
    pub fn free(&self, steps: u64, eta: f64) -> f64 {
        let Exact { cov, top, .. } = self.exact;
        let trace = cov.trace() - top.eigenvalues().iter().sum::<f64>();
        let size = (self.data.net.m() * self.data.net.d()) as f64;
        steps as f64 * (eta * self.noise).powi(2) / size * trace
    }

    /// The bits of the displacements.
    pub fn bits(&self) -> Vec<u8> {
        self.descents.iter().flat_map(Descent::bits).collect()
    }

    /// The displacements from their bits.
    ///
    /// # Errors
    /// There are not as many as they have.
    pub fn set_bits(&mut self, bits: &[u8]) -> Result<()> {
        let count = self.descents.len();
        ensure!(
            bits.len().is_multiple_of(count),
            "a checkpoint holds {} bytes of two displacements",
            bits.len()
        );
        let parts = bits.chunks_exact((bits.len() / count).max(1));
        self.descents.iter_mut().zip(parts).try_for_each(|(descent, part)| descent.set_bits(part))
    }
}
