//! The two-layer network with paired neurons, and its expansion about the initialisation.
//!
//! `f(x; W) = m^{-1/2} Σ_r a_r σ((w_{0,r} + w_r)·x)` with m = 2p neurons, `w_{0,p+r} = w_{0,r}`, `a_r = +1`
//! for r < p and −1 after, so that `f(·; 0) = 0`. Its expansion is `f ≈ f_L + f_Q`,
//! `f_L(x; W) = m^{-1/2} Σ_r a_r σ'(w_{0,r}·x)(x·w_r)` and
//! `f_Q(x; W) = ½ m^{-1/2} Σ_r a_r σ''(w_{0,r}·x)(x·w_r)²` (NBL22 section 2; its equation (6) omits a_r).
//!
//! ```
//! use escapement::{activation, network::PairedNetwork, seed, sphere};
//! use faer::{Mat, Par};
//! let rng = &mut seed::stream(1, "example", "weights");
//! let net = PairedNetwork::random(rng, 50, 4, activation::parse("sigmoid:1")?)?;
//! let x = sphere::uniform_sphere(rng, 3, 4, 2.0);
//! let w = Mat::from_fn(net.m(), net.d(), |r, i| 1e-4 * ((r + 7 * i) % 5) as f64);
//! let f = net.f(x.as_ref(), w.as_ref(), Par::Seq)?;
//! let linear = net.f_linear(x.as_ref(), w.as_ref(), Par::Seq)?;
//! let quadratic = net.f_quadratic(x.as_ref(), w.as_ref(), Par::Seq)?;
//! assert!((f[0] - linear[0] - quadratic[0]).abs() < 1e-10); // cubic in the displacement
//! # Ok::<(), escapement::Error>(())
//! ```

mod evaluate;
pub(crate) mod passes;
pub(crate) mod tiles;

use std::sync::Arc;

use faer::{Mat, MatRef};
use rand::Rng;

use crate::activation::Activation;
pub(crate) use crate::error::finite;
use crate::{Error, Result, sphere, tolerance};

/// The network or one of its Taylor expansions in the displacement W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// f_L, the first-order term in W.
    Linear,
    /// f_L + f_Q, the expansion to second order.
    Quadratic,
    /// f_Q, the second-order term alone, which has been called the QuadNTK. W = 0 is a stationary point of
    /// every loss of f_Q.
    QuadraticTerm,
    /// f, the network itself.
    Network,
}

/// A network at its symmetric initialisation: p distinct neurons on the unit sphere, each with a twin of the
/// same first-layer weight and the opposite second-layer sign.
#[derive(Debug, Clone)]
pub struct PairedNetwork {
    weights: Mat<f64>,
    activation: Arc<dyn Activation>,
    deviation: f64,
}

impl Model {
    /// Whether the model needs σ'' at w_{0,r}·x.
    pub(crate) fn expands_twice(self) -> bool {
        matches!(self, Self::Quadratic | Self::QuadraticTerm)
    }
}

impl PairedNetwork {
    /// The network whose distinct neurons are the rows of `weights` (`[p, d]`), unit to within
    /// `unit_tolerance` (see [`tolerance::UNIT_NORM_F64`]); they are renormalised.
    ///
    /// # Errors
    /// d below 3 or above 2⁵³, no neurons, an entry that is not finite, or a row that is not a unit vector.
    pub fn new(
        weights: MatRef<'_, f64>,
        activation: Arc<dyn Activation>,
        unit_tolerance: f64,
    ) -> Result<Self> {
        let (weights, deviation) = sphere::unit_rows("the weights", weights, unit_tolerance)?;
        Ok(Self { weights, activation, deviation })
    }

    /// p distinct neurons drawn uniformly from the unit sphere in dimension d.
    ///
    /// # Errors
    /// d below 3 or above 2⁵³ or p = 0.
    pub fn random(rng: &mut impl Rng, p: usize, d: usize, activation: Arc<dyn Activation>) -> Result<Self> {
        sphere::require_dimension(d)?;
        if p == 0 {
            return Err(Error::Width(0));
        }
        Self::new(sphere::uniform_sphere(rng, p, d, 1.0).as_ref(), activation, tolerance::UNIT_NORM_F64)
    }

    /// The number p of distinct neurons.
    pub fn p(&self) -> usize {
        self.weights.nrows()
    }

    /// The width m = 2p.
    pub fn m(&self) -> usize {
        2 * self.p()
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.weights.ncols()
    }

    /// The distinct neurons, `[p, d]`, unit rows.
    pub fn weights(&self) -> MatRef<'_, f64> {
        self.weights.as_ref()
    }

    /// The activation σ.
    pub fn activation(&self) -> &dyn Activation {
        self.activation.as_ref()
    }

    /// The second-layer weight of neuron r < m: +1 for the first p, −1 for their twins.
    pub fn sign(&self, r: usize) -> f64 {
        if r < self.p() { 1.0 } else { -1.0 }
    }

    /// The largest deviation of a row from unit norm before it was renormalised.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Refuses inputs that are not `[n, d]` or not finite.
    pub(crate) fn check_inputs(&self, x: MatRef<'_, f64>) -> Result<()> {
        if x.ncols() != self.d() {
            let expected = format!("n, d = {}", self.d());
            return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], expected));
        }
        finite("the inputs", x)
    }

    /// Refuses displacements that are not `[m, d]` or not finite.
    pub(crate) fn check_displacement(&self, w: MatRef<'_, f64>) -> Result<()> {
        require_neurons("the displacement", [w.nrows(), w.ncols()], [self.m(), self.d()])?;
        finite("the displacement", w)
    }
}

/// Refuses a matrix of another shape than one row for each of m neurons in dimension d; the error calls it
/// `name`.
pub(crate) fn require_neurons(name: &'static str, shape: [usize; 2], [m, d]: [usize; 2]) -> Result<()> {
    let expected = || format!("m = {m}, d = {d}");
    if shape == [m, d] { Ok(()) } else { Err(Error::shape(name, shape, expected())) }
}

/// Refuses labels `y` where there are not n of them, where n is zero, and where one is not finite.
pub(crate) fn check_labels(y: &[f64], n: usize) -> Result<()> {
    if y.len() != n || n == 0 {
        return Err(Error::shape("the labels", [y.len(), 1], format!("n = {n} ≥ 1, 1")));
    }
    finite("the labels", MatRef::from_column_major_slice(y, n, 1))
}
