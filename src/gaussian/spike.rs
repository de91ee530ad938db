//! Normal inputs whose covariance has one large direction, the spike.

use crate::ball::Ball;
use crate::{Error, Result};
use faer::Mat;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// The law `x ~ N(0, I + θμμᵀ)` on R^d with a unit vector μ, in coordinates whose first axis is μ. The
/// coordinate `z = μ·x/√(1+θ)` is standard normal, and targets are functions of it.
///
/// ```
/// use escapement::gaussian::Spike;
/// use escapement::seed;
/// let spike = Spike::new(50, 24.0)?;
/// let x = spike.inputs(&mut seed::stream(0, "spike", "inputs"), 1000);
/// let squares = (0..1000).map(|i| spike.latent(x[(i, 0)]).value.powi(2)).sum::<f64>();
/// assert!((squares / 1000.0 - 1.0).abs() < 0.3 && x.ncols() == 50);
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    d: usize,
    theta: f64,
}

impl Spike {
    /// The law on R^d with the spike θ.
    ///
    /// # Errors
    /// [`Error::Domain`] for d below 2 or above 2³², and for a θ that is negative or above 10¹⁵.
    pub fn new(d: usize, theta: f64) -> Result<Self> {
        if !(2..=1 << 32).contains(&d) {
            return Err(Error::domain("the dimension d", d, "it lies between 2 and 2^32"));
        }
        if !(0.0..=1e15).contains(&theta) {
            return Err(Error::domain("the spike θ", theta, "it lies between 0 and 10^15"));
        }
        Ok(Self { d, theta })
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The spike θ.
    pub fn theta(&self) -> f64 {
        self.theta
    }

    /// `1 + θ`, the variance of μ·x.
    pub fn variance(&self) -> Ball {
        Ball::exact(1.0) + self.theta
    }

    /// z of an input whose coordinate along μ is `along`.
    pub fn latent(&self, along: f64) -> Ball {
        Ball::exact(along) / self.variance().sqrt()
    }

    /// n independent inputs, one per row, `[n, d]`; column 0 lies along μ.
    pub fn inputs(&self, rng: &mut impl Rng, n: usize) -> Mat<f64> {
        let length = self.variance().value.sqrt();
        let mut draw = || -> f64 { StandardNormal.sample(rng) };
        Mat::from_fn(n, self.d, |_, c| if c == 0 { length * draw() } else { draw() })
    }
}
