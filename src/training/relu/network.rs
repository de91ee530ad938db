//! The weights of both layers of a ReLU network.

use faer::Mat;
use rand::Rng;
use rand_distr::{Distribution, StandardUniform};

use crate::network::{self, passes::kernels};
use crate::real::Real;
use crate::{Error, Result};

/// The network `f(x) = Σ_r a_r max(w_r·x + b_r, 0) + c` of width m in dimension d. A gradient by its weights
/// has the same type.
#[derive(Debug, Clone, PartialEq)]
pub struct ReluNetwork<T> {
    /// `[d + 1, m]`: column r is w_r and then b_r.
    pub first: Mat<T>,
    /// a, of length m.
    pub second: Vec<T>,
    /// c.
    pub offset: T,
}

impl<T: Real> ReluNetwork<T> {
    /// A network of width m in dimension d at its start: w and b are uniform on `±d^{-1/2}`, and a and c on
    /// `±m^{-1/2}`, all independent, as in `torch.nn.Linear`. The numbers are drawn in f64, neuron by
    /// neuron, and rounded once, so that f32 and f64 start from the same draws.
    ///
    /// # Errors
    /// [`Error::Domain`] where d or m is zero.
    pub fn random(rng: &mut impl Rng, d: usize, m: usize) -> Result<Self> {
        for (name, value) in [("the input dimension d", d), ("the width m", m)] {
            if value == 0 {
                return Err(Error::domain(name, value, "it must be at least 1"));
            }
        }
        let mut uniform = |fan_in: usize| {
            let u: f64 = StandardUniform.sample(rng);
            T::nearest((2.0 * u - 1.0) / (fan_in as f64).sqrt())
        };
        let mut first = Mat::zeros(d + 1, m);
        for r in 0..m {
            first.col_as_slice_mut(r).iter_mut().for_each(|w| *w = uniform(d));
        }
        let second = (0..m).map(|_| uniform(m)).collect();
        Ok(Self { first, second, offset: uniform(m) })
    }

    /// A network of the same shape with all weights zero.
    pub fn zeros_like(&self) -> Self {
        Self {
            first: Mat::zeros(self.d() + 1, self.m()),
            second: vec![T::default(); self.m()],
            offset: T::default(),
        }
    }

    /// A network without neurons, as a placeholder that allocates nothing.
    pub(super) fn nothing() -> Self {
        Self { first: Mat::new(), second: Vec::new(), offset: T::default() }
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.first.nrows().saturating_sub(1)
    }

    /// The width m.
    pub fn m(&self) -> usize {
        self.first.ncols()
    }

    /// `θ ← θ − η·gradient`, for two networks of the same shape.
    pub(super) fn step(&mut self, eta: f64, gradient: &Self) {
        let eta = T::nearest(eta);
        let (second, offset) =
            (self.second.iter_mut().zip(&gradient.second), (&mut self.offset, &gradient.offset));
        second.chain([offset]).for_each(|(to, by)| *to -= eta * *by);
        for r in 0..self.m() {
            let columns = self.first.col_as_slice_mut(r).iter_mut().zip(gradient.first.col_as_slice(r));
            columns.for_each(|(to, by)| *to -= eta * *by);
        }
    }

    /// Refuses weights that are not finite. A ReLU could hide them from the loss.
    pub(super) fn finite(&self) -> Result<()> {
        let columns = (0..self.m())
            .map(|r| self.first.col_as_slice(r))
            .chain([&self.second[..], std::slice::from_ref(&self.offset)]);
        if kernels::finite(columns) {
            return Ok(());
        }
        network::finite(
            "the first layer",
            Mat::from_fn(self.d() + 1, self.m(), |c, r| self.first[(c, r)].into()).as_ref(),
        )?;
        network::finite(
            "the second layer",
            Mat::from_fn(self.m(), 1, |r, _| self.second[r].into()).as_ref(),
        )?;
        network::finite("the offset", Mat::from_fn(1, 1, |_, _| self.offset.into()).as_ref())
    }

    /// Refuses layers whose shapes do not fit one another.
    pub(super) fn check(&self) -> Result<()> {
        let (rows, cols) = (self.first.nrows(), self.first.ncols());
        if rows >= 2 && cols >= 1 && self.second.len() == cols {
            return Ok(());
        }
        let expected = format!("d + 1 ≥ 2, m = {} ≥ 1", self.second.len());
        Err(Error::shape("the first layer", [rows, cols], expected))
    }
}
