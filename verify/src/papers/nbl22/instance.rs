//! A cell of NBL22, set up: its activation, target, network, Σ with the top eigenspace, W_L, W_Q and inputs.
//!
//! Every purpose has a random stream of its own, named here or by the claim, so that a claim which asks for
//! more of a cell does not move what another one drew.

use crate::claim::Cell;
use crate::error::Result;
use crate::papers::nbl22::letters::{Letters, M, N};
use crate::papers::nbl22::moments::population;
use escapement::activation::{self, Activation};
use escapement::construct::signed_loss::{SignedModel, signed_model};
use escapement::construct::{self, LowDegree, SparseTerm, Target, WQ, ZonalTerm, frobenius_sq, w_q_from};
use escapement::covariance::Covariance;
use escapement::eigen::{EigenPairs, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::rounding;
use escapement::sphere::{FeatureLevels, Truncation, dimension, uniform_sphere};
use faer::{Mat, MatRef, Par};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The activations that claims are measured with.
pub const ACTIVATIONS: [&str; 2] = ["sigmoid:1", "tanh:0.5"];

/// Numbers of sparse terms: 3 divides no width that is a power of 2, which tells 1/p_i from R/p.
pub const TERMS: [usize; 2] = [1, 3];

/// Dimensions for exact quantities, about a factor 1.6 apart.
pub const LONG_RANGE: [usize; 14] = [5, 8, 12, 20, 32, 50, 80, 125, 200, 320, 500, 800, 1250, 2000];

/// The α_i of R terms: 1, −½, ¾, and again. Both signs occur, so that twins move at k = 1 as well.
pub fn alphas(terms: usize) -> Vec<f64> {
    [1.0, -0.5, 0.75].into_iter().cycle().take(terms).collect()
}

/// The activation of a cell.
///
/// # Errors
/// The name is none that the core knows.
pub fn activation(cell: &Cell) -> Result<Arc<dyn Activation>> {
    Ok(activation::parse(&cell.activation)?)
}

/// What a table that all cells share keeps under a key, made where it is not there yet.
///
/// # Errors
/// Those of `make`.
pub fn kept<K: Ord, V: Clone>(
    table: &Mutex<BTreeMap<K, V>>,
    key: K,
    make: impl FnOnce() -> Result<V>,
) -> Result<V> {
    // Every entry is whole, so that a poisoned lock is usable.
    if let Some(found) = table.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(found.clone());
    }
    let made = make()?;
    Ok(table.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(made).clone())
}

/// The levels of Σ for an activation that has a name, which do not depend on the weights: they are computed
/// once for all cells.
///
/// # Errors
/// As for [`FeatureLevels::new`].
pub fn levels(d: usize, sigma: &dyn Activation, truncation: Truncation) -> Result<Arc<FeatureLevels>> {
    type Key = (usize, String, u8, u64);
    static KEPT: Mutex<BTreeMap<Key, Arc<FeatureLevels>>> = Mutex::new(BTreeMap::new());
    let (kind, at) = match truncation {
        Truncation::Tail(tail) => (0, tail.to_bits()),
        Truncation::Absolute(tail) => (1, tail.to_bits()),
        Truncation::Degree(degree) => (2, degree as u64),
    };
    let make = || Ok(Arc::new(FeatureLevels::new(d, sigma, truncation)?));
    kept(&KEPT, (d, sigma.name(), kind, at), make)
}

/// Σ for weights (`[p, d]`, unit rows).
///
/// # Errors
/// As for [`Covariance::new`].
pub fn covariance(weights: Mat<f64>, sigma: &dyn Activation, truncation: Truncation) -> Result<Covariance> {
    sigma.require_twice_differentiable()?;
    let levels = levels(weights.ncols(), sigma, truncation)?;
    Ok(Covariance::from_levels(weights, levels.as_ref().clone())?)
}

/// The target of a cell, drawn anew for each.
///
/// f_k is a sum of one zonal of each degree from 0 to k, and their second moments are equal, 1/(k+1), so
/// that no degree fades beside another one as d grows. Beside it stand R sparse terms with the coefficients
/// [`alphas`]. All directions are uniform: those of f_k are drawn from the stream "poles", the others from
/// "directions".
///
/// # Errors
/// The dimension or k of the cell is not allowed.
pub fn target(cell: &Cell, seed: u64) -> Result<Target> {
    let (d, k) = (cell.d(), cell.k());
    let directions = |purpose: &str, n: usize| {
        let rows = uniform_sphere(&mut cell.stream(seed, purpose), n, d, 1.0);
        (0..n).map(move |i| rows.row(i).iter().copied().collect::<Vec<f64>>())
    };
    let low = directions("poles", k + 1).enumerate().map(|(degree, eta)| {
        // E P_j² = 1/B(d,j).
        let coefficient = ((k + 1) as f64).recip() * dimension(d, degree);
        ZonalTerm { degree, coefficient: coefficient.sqrt(), eta }
    });
    let low = LowDegree::Zonal(low.collect());
    let sparse = alphas(cell.terms()).into_iter().zip(directions("directions", cell.terms()));
    Ok(Target::new(d, k, low, sparse.map(|(alpha, beta)| SparseTerm { alpha, beta }).collect())?)
}

/// The target that all cells of a sweep over widths, samples or replicates share.
///
/// # Errors
/// As for [`target`].
pub fn shared_target(cell: &Cell, seed: u64) -> Result<Target> {
    target(&cell.clone().without(M).without(N).replicate(0), seed)
}

/// The initialisation of a cell, of which the distinct neurons are drawn from the stream `purpose`.
///
/// # Errors
/// The width or the dimension of the cell is not allowed, or its activation is unknown.
pub fn network(cell: &Cell, seed: u64, purpose: &str) -> Result<PairedNetwork> {
    let rng = &mut cell.stream(seed, purpose);
    Ok(PairedNetwork::random(rng, cell.m() / 2, cell.d(), activation(cell)?)?)
}

/// `n` inputs on the sphere of radius √d from the stream `purpose`, `[n, d]`.
pub fn inputs(cell: &Cell, seed: u64, purpose: &str, n: usize) -> Mat<f64> {
    uniform_sphere(&mut cell.stream(seed, purpose), n, cell.d(), (cell.d() as f64).sqrt())
}

/// A network with its Σ and top n_k eigenspace, a target, and the two parts of W* for it.
pub struct Instance {
    pub net: PairedNetwork,
    pub cov: Covariance,
    /// The top n_k eigenpairs of Σ, and one more or a bound on the next eigenvalue.
    pub pairs: EigenPairs,
    pub top: TopSpace,
    pub target: Target,
    pub w_l: Mat<f64>,
    pub w_q: WQ,
    /// The inputs of the cell, `[n, d]`.
    pub x: Mat<f64>,
}

impl Instance {
    /// The instance of a cell, with its own streams and the default truncation of Σ.
    ///
    /// # Errors
    /// As for [`network`], [`shared_target`] and [`Instance::of`].
    pub fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let x = inputs(cell, seed, "inputs", cell.n());
        Self::of(network(cell, seed, "weights")?, shared_target(cell, seed)?, Truncation::default(), x)
    }

    /// As [`Instance::new`], with the eigenpair beyond the top n_k.
    ///
    /// # Errors
    /// As for [`Instance::new`].
    pub fn with_next(cell: &Cell, seed: u64) -> Result<Self> {
        let (net, target) = (network(cell, seed, "weights")?, shared_target(cell, seed)?);
        let cov = covariance(net.weights().to_owned(), net.activation(), Truncation::default())?;
        let found = TopSpace::of(&cov, target.n_k()?, Par::Seq)?;
        Self::from_space(net, target, cov, found, inputs(cell, seed, "inputs", cell.n()))
    }

    /// The instance of a network and a target, with the inputs `x`.
    ///
    /// # Errors
    /// Σ cannot be truncated so, its projector on the top n_k is not defined, or W_Q does not exist.
    pub fn of(net: PairedNetwork, target: Target, truncation: Truncation, x: Mat<f64>) -> Result<Self> {
        let cov = covariance(net.weights().to_owned(), net.activation(), truncation)?;
        let found = TopSpace::alone(&cov, target.n_k()?, Par::Seq)?;
        Self::from_space(net, target, cov, found, x)
    }

    fn from_space(
        net: PairedNetwork,
        target: Target,
        cov: Covariance,
        (top, pairs): (TopSpace, EigenPairs),
        x: Mat<f64>,
    ) -> Result<Self> {
        let w_l = construct::w_l(&cov, &top, &target, Par::Seq)?;
        let w_q = w_q_from(&net, &target, population(net.activation(), &target)?)?;
        Ok(Self { net, cov, pairs, top, target, w_l, w_q, x })
    }

    /// The regularisers, R3 on the inputs of the cell.
    pub fn regularizers(&self) -> Regularizers<'_> {
        self.regularizers_on(self.x.as_ref())
    }

    /// The regularisers, R3 on the inputs `x`.
    pub fn regularizers_on<'a>(&'a self, x: MatRef<'a, f64>) -> Regularizers<'a> {
        Regularizers { cov: &self.cov, top: &self.top, net: &self.net, x }
    }

    /// `e_0 − f*` and c_r at every input.
    ///
    /// # Errors
    /// An input has the wrong length.
    pub fn model(&self) -> Result<SignedModel> {
        let mut model =
            signed_model(&self.net, self.x.as_ref(), self.w_l.as_ref(), self.w_q.w.as_ref(), Par::Seq)?;
        let y = self.target.value(self.x.as_ref())?;
        model.constant.iter_mut().zip(&y).for_each(|(e, y)| *e -= y);
        Ok(model)
    }

    /// A bound on the rounding of the quadratic model less the target at any input, and of means of it: sums
    /// of m terms whose moduli add up to at most `size`, in which f_k enters with |f_k|² ≤ n_k E f_k².
    pub fn model_rounding(&self) -> f64 {
        let (m, d) = (self.cov.m() as f64, self.cov.d() as f64);
        let [_, first, second, _] = self.net.activation().suprema().map(|s| s.value);
        let (l, q) = (frobenius_sq(self.w_l.as_ref()), frobenius_sq(self.w_q.w.as_ref()));
        let sparse: f64 = self.target.sparse().iter().map(|t| t.alpha.abs()).sum::<f64>()
            * d.powf(0.5 * (self.target.k() + 1) as f64);
        let size = second * d * (l + q) / m.sqrt()
            + first * (d * (l + q)).sqrt()
            + sparse
            + (self.top.rank() as f64).sqrt();
        self.summation() * size
    }

    /// Relative rounding of a square of a sum of m terms with products of sums of d in each, averaged over
    /// the n inputs. Guaranteed: at k = 1 the terms are equal, and their roundings add up rather than
    /// average out.
    pub fn summation(&self) -> f64 {
        2.0 * rounding::sum(self.cov.m() + self.x.nrows(), 2 * self.cov.d() + 16)
    }
}
