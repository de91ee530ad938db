//! Random multipliers that silence the terms of f below an order k: signed designs and roots of unity.
//!
//! A row of W that is multiplied by a random ξ needs `E ξ^j = 0` for 1 ≤ j < k and `E ξ^k = 1`. For k ≥ 3 no
//! real ξ has these moments, because E ξ² = 0 leaves ξ = 0 alone. Two ways remain. A second random number η
//! multiplies a_r, and the measure E[η; ξ ∈ ·] may then be signed. Or ξ is complex.

use faer::{MatRef, Par};
use std::f64::consts::PI;
use std::sync::Mutex;

use super::signs::over_signs;
use crate::network::{PairedNetwork, tiles::project};
use crate::{Error, Result, rounding};

/// The largest order of a multiplier. The weights of the best designs grow like 2^k.
const MOST: usize = 60;

/// Mean and variance of f at n inputs under a random multiplier.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    /// The mean; of complex values the real part, since the imaginary part is 0.
    pub mean: Vec<f64>,
    /// The variance, `E|f − E f|²`.
    pub variance: Vec<f64>,
}

/// A pair (η, ξ) for each neuron: ξ multiplies its row of W and η the number a_r, where ξ is the *node* t_l
/// with probability π_l, and η is c_l/π_l with the *weight* c_l. The weights give
/// `E[η ξ^j] = Σ_l c_l t_l^j = δ_jk` for 1 ≤ j ≤ k.
///
/// ```
/// use escapement::randomised::{Design, least_noise};
/// let design = Design::optimal(4)?; // ±1 and ±½ with the weights 2/3 and −8/3
/// assert!((design.weights()[2] + 8.0 / 3.0).abs() < 1e-14);
/// assert!((design.noise() / least_noise(4)? - 1.0).abs() < 1e-14);
/// // Odd orders come near the least noise: 4/(1 − ε²)² for ±1 and ±ε.
/// assert!((Design::near_optimal(3, 0.4)?.noise() - 4.0 / 0.84_f64.powi(2)).abs() < 1e-13);
/// let refused = Design::new(3, &[1.0, -1.0], &[0.5, -0.5]).unwrap_err();
/// assert!(refused.to_string().contains("moment of order 1"));
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    order: usize,
    nodes: Vec<f64>,
    weights: Vec<f64>,
    probabilities: Vec<f64>,
}

/// The k-th roots of unity, each with probability 1/k, as the multiplier ξ of a row of W. f is then complex.
///
/// ```
/// use escapement::randomised::Roots;
/// assert_eq!(Roots::new(3)?.order(), 3);
/// assert!(Roots::new(1).unwrap_err().to_string().contains("at least 2"));
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roots {
    order: usize,
}

/// A random multiplier of the rows of W, by its name.
///
/// ```
/// use escapement::randomised::Multiplier;
/// assert_eq!(Multiplier::parse("signs")?.order(), 2);
/// assert_eq!(Multiplier::parse("roots:3")?.order(), 3);
/// assert_eq!(Multiplier::parse("design:3:0.2")?.order(), 3);
/// let refused = Multiplier::parse("design:1").unwrap_err().to_string();
/// assert!(refused.contains("at least 2"), "{refused}");
/// assert!(Multiplier::parse("coins").unwrap_err().to_string().contains("signs, design:k"));
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Multiplier {
    /// Fair signs, of order 2.
    Signs,
    /// A signed design.
    Design(Design),
    /// Roots of unity.
    Roots(Roots),
}

/// The ε of a design of odd order that is called without one: its noise is 1.21 times the least one at
/// order 3.
const EPSILON: f64 = 0.3;

impl Multiplier {
    /// The multiplier called `signs`, `roots:k`, or `design:k`: the design of least noise for even k, and
    /// for odd k that of [`Design::near_optimal`] with the ε of `design:k:ε`, 0.3 without one.
    ///
    /// # Errors
    /// [`Error::Domain`] for another name, and as [`Roots::new`], [`Design::optimal`] and
    /// [`Design::near_optimal`].
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let allowed = "the multipliers are signs, design:k, design:k:ε for odd k, and roots:k";
            Error::domain("the multiplier", text, allowed)
        };
        let parts: Vec<&str> = text.split(':').collect();
        let order = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        match parts[..] {
            ["signs"] => Ok(Self::Signs),
            ["roots", k] => Ok(Self::Roots(Roots::new(order(k)?)?)),
            ["design", k] => {
                let k = order(k)?;
                let odd = k > 2 && !k.is_multiple_of(2);
                let design = if odd { Design::near_optimal(k, EPSILON) } else { Design::optimal(k) };
                Ok(Self::Design(design?))
            }
            ["design", k, epsilon] => {
                let epsilon = epsilon.parse().map_err(|_| wrong())?;
                Ok(Self::Design(Design::near_optimal(order(k)?, epsilon)?))
            }
            _ => Err(wrong()),
        }
    }

    /// The order k.
    pub fn order(&self) -> usize {
        match self {
            Self::Signs => 2,
            Self::Design(design) => design.order(),
            Self::Roots(roots) => roots.order(),
        }
    }

    /// Mean and variance of f at each row of `x` (`[n, d]`), for a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// As [`over_signs`](super::over_signs), [`Design::law`] and [`Roots::law`].
    pub fn law(&self, net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Law> {
        match self {
            Self::Signs => {
                let law = over_signs(net, x, w, par)?;
                Ok(Law { mean: law.mean().to_vec(), variance: law.variance().to_vec() })
            }
            Self::Design(design) => design.law(net, x, w, par),
            Self::Roots(roots) => roots.law(net, x, w, par),
        }
    }
}

/// Refuses orders below 2 or above [`MOST`].
pub(super) fn check_order(k: usize) -> Result<()> {
    let allowed =
        || format!("multipliers silence the terms below an order of at least 2 and at most {MOST}");
    if (2..=MOST).contains(&k) { Ok(()) } else { Err(Error::domain("the order", k, allowed())) }
}

/// `4^{k−2}`, the least `E[η²ξ²]` of a design of order k with |ξ| ≤ 1: by the inequality of Cauchy and
/// Schwarz it is at least `(Σ_l |c_l t_l|)²`, and the Chebyshev polynomial T_{k−1}, which stays within ±1,
/// has `Σ_l c_l t_l T_{k−1}(t_l) = 2^{k−2}`, its leading coefficient. Even orders attain it.
///
/// # Errors
/// [`Error::Domain`] for an order below 2 or above 60.
pub fn least_noise(k: usize) -> Result<f64> {
    check_order(k)?;
    Ok(4.0_f64.powi(k as i32 - 2))
}

impl Design {
    /// The design of order k with these nodes and weights, and probabilities ∝ |c_l t_l|, which make the
    /// noise least. A node at 0 does nothing and is left out.
    ///
    /// # Errors
    /// [`Error::Domain`] for an order below 2 or above 60, and for moments that are not δ_jk up to what the
    /// weights lose in a stable solution of their equations, 8 roundings for each node of `Σ_l |c_l t_l^j|`:
    /// the error names the moment and its value. [`Error::Shape`] for a number of weights that is not that
    /// of the nodes, [`Error::NotFinite`] for NaN or an infinity.
    pub fn new(k: usize, nodes: &[f64], weights: &[f64]) -> Result<Self> {
        check_order(k)?;
        if nodes.len() != weights.len() {
            return Err(Error::shape("the weights", [weights.len(), 1], format!("{}, 1", nodes.len())));
        }
        for (name, list) in [("the nodes", nodes), ("the weights", weights)] {
            crate::error::finite(name, MatRef::from_column_major_slice(list, list.len(), 1))?;
        }
        let used = || nodes.iter().zip(weights).filter(|(t, c)| **t != 0.0 && **c != 0.0);
        let [nodes, weights] = [used().map(|(t, _)| *t).collect(), used().map(|(_, c)| *c).collect()];
        let mut design = Self { order: k, nodes, weights, probabilities: Vec::new() };
        for j in 1..=k {
            let (moment, wanted) = (design.moment(j), f64::from(u8::from(j == k)));
            let terms =
                || design.nodes.iter().zip(&design.weights).map(|(t, c)| (c * t.powi(j as i32)).abs());
            let allowed = rounding::sum(8 * design.nodes.len(), 8 * j) * terms().sum::<f64>();
            if (moment - wanted).abs() > allowed {
                let name = format!("the moment of order {j} of the multiplier");
                return Err(Error::domain(name, moment, format!("order {k} needs {wanted}")));
            }
        }
        let total: f64 = design.sizes().sum();
        design.probabilities = design.sizes().map(|size| size / total).collect();
        Ok(design)
    }

    /// The same nodes and weights with other probabilities, one for each node that is not 0.
    ///
    /// # Errors
    /// [`Error::Domain`] where they are not as many, one is not positive, or their sum is not 1 to rounding.
    pub fn with_probabilities(mut self, probabilities: &[f64]) -> Result<Self> {
        let (count, sum) = (self.nodes.len(), probabilities.iter().sum::<f64>());
        let positive = probabilities.iter().all(|p| *p > 0.0);
        if probabilities.len() != count || !positive || (sum - 1.0).abs() > rounding::sum(count, 2) {
            let given = format!("{} numbers with sum {sum}", probabilities.len());
            let allowed = format!("{count} positive numbers with sum 1 are needed");
            return Err(Error::domain("the probabilities", given, allowed));
        }
        self.probabilities = probabilities.to_vec();
        Ok(self)
    }

    /// The design of even order k with the least noise, `4^{k−2}`: its nodes are cos(iπ/(k−1)), 0 ≤ i < k.
    /// Order 2 has the signs ±1, η = 1.
    ///
    /// # Errors
    /// [`Error::Domain`] for an odd order, which has no best design, and for one below 2 or above 60.
    pub fn optimal(k: usize) -> Result<Self> {
        check_order(k)?;
        if !k.is_multiple_of(2) {
            let allowed =
                "the least noise is attained at even orders, and approached by Design::near_optimal";
            return Err(Error::domain("the order", k, allowed));
        }
        Self::symmetric(k, &Self::extrema(k, k / 2))
    }

    /// A design of odd order k with the nodes cos(iπ/(k−1)), where the middle one, 0, is replaced by ±ε: its
    /// noise tends to `4^{k−2}` as ε does to 0, and its weights grow like 1/ε.
    ///
    /// # Errors
    /// [`Error::Domain`] for an even order, for one below 3 or above 60, and for an ε that is not positive
    /// or not below the other positive nodes.
    pub fn near_optimal(k: usize, epsilon: f64) -> Result<Self> {
        check_order(k)?;
        if k.is_multiple_of(2) {
            return Err(Error::domain("the order", k, "even orders have Design::optimal"));
        }
        let mut nodes = Self::extrema(k, (k - 1) / 2);
        let least = nodes[nodes.len() - 1];
        if !(epsilon > 0.0 && epsilon < least) {
            return Err(Error::domain("ε", epsilon, format!("it must be positive and below {least}")));
        }
        nodes.push(epsilon);
        Self::symmetric(k, &nodes)
    }

    /// The first positive extrema of T_{k−1}.
    fn extrema(k: usize, count: usize) -> Vec<f64> {
        (0..count).map(|i| (PI * i as f64 / (k - 1) as f64).cos()).collect()
    }

    /// The design of order k with the nodes ±t for ⌈k/2⌉ different positive t, in the order t, −t. Its
    /// weights are an even function of the node for even k and an odd one for odd k, so that the moment of
    /// order k + 1 vanishes as well. With s = t², the numbers `q_l = ½/Π_{i≠l}(s_l − s_i)` are a divided
    /// difference, which takes powers of s below the highest to 0 and the highest to ½; c_l is q_l/s_l or
    /// ±q_l/t_l.
    ///
    /// # Errors
    /// [`Error::Domain`] for nodes that are not as many, not positive or not different; as [`Design::new`].
    pub fn symmetric(k: usize, positive: &[f64]) -> Result<Self> {
        check_order(k)?;
        let repeated = (0..positive.len()).any(|i| positive[..i].contains(&positive[i]));
        if positive.len() != k.div_ceil(2) || repeated || !positive.iter().all(|t| *t > 0.0) {
            let allowed = format!("order {k} needs {} different positive numbers", k.div_ceil(2));
            return Err(Error::domain("the nodes", format!("{positive:?}"), allowed));
        }
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        for (l, t) in positive.iter().enumerate() {
            let others = positive.iter().enumerate().filter(|(i, _)| *i != l);
            let q = others.fold(0.5, |q, (_, other)| q / ((t - other) * (t + other)));
            let (c, mirrored) = if k.is_multiple_of(2) { (q / (t * t), 1.0) } else { (q / t, -1.0) };
            nodes.extend([*t, -t]);
            weights.extend([c, mirrored * c]);
        }
        Self::new(k, &nodes, &weights)
    }

    /// The order k.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The nodes t_l.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The weights c_l.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The probabilities π_l.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// `E[η ξ^j] = Σ_l c_l t_l^j`.
    pub fn moment(&self, j: usize) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(t, c)| c * t.powi(j as i32)).sum()
    }

    /// `E|η ξ^j| = Σ_l |c_l t_l^j|`, which enters the bound
    /// `M_{k+1} E|ηξ^{k+1}|/(k+1)! m^{-1/2} Σ_r |u_r|^{k+1}` on |E f − f^{(k)}|.
    pub fn absolute_moment(&self, j: usize) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(t, c)| (c * t.powi(j as i32)).abs()).sum()
    }

    /// `E[η²ξ²] = Σ_l c_l² t_l²/π_l`, the noise of f^{(1)}, which is the loudest term.
    pub fn noise(&self) -> f64 {
        self.sizes().zip(&self.probabilities).map(|(size, p)| size * size / p).sum()
    }

    fn sizes(&self) -> impl Iterator<Item = f64> {
        self.nodes.iter().zip(&self.weights).map(|(t, c)| (c * t).abs())
    }

    /// Mean and variance of `m^{-1/2} Σ_r a_r η_r [σ(z_r + ξ_r u_r) − σ(z_r)]` at each row of `x`
    /// (`[n, d]`), for a displacement `w` (`[m, d]`). The value at W = 0 is taken off
    /// every neuron, because twins that differ in η would not cancel there; for η = 1 this is f.
    ///
    /// # Errors
    /// A shape that does not fit (rows come in pairs, so that an odd number of them never fits), or an entry
    /// that is not finite.
    ///
    /// # Accuracy
    /// A few roundings of the sum of the absolute terms, which are larger than the result by `Σ_l |c_l|`.
    pub fn law(&self, net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Law> {
        let sigma = net.activation();
        law(net, x, w, par, |z, u| {
            let origin = sigma.value(z);
            let outcomes = self.nodes.iter().zip(&self.weights).zip(&self.probabilities);
            outcomes.fold([0.0; 2], |[mean, square], ((t, c), p)| {
                let term = c * (sigma.value(z + t * u) - origin);
                [mean + term, square + term * term / p]
            })
        })
    }
}

impl Roots {
    /// The roots of unity of order k.
    ///
    /// # Errors
    /// [`Error::Domain`] for an order below 2 or above 60.
    pub fn new(k: usize) -> Result<Self> {
        check_order(k)?;
        Ok(Self { order: k })
    }

    /// The order k.
    pub fn order(self) -> usize {
        self.order
    }

    /// Mean and variance of f at each row of `x` (`[n, d]`), for a displacement `w` (`[m, d]`), by values of
    /// σ at `z_r + ξu_r`. The mean is `f^{(k)} + f^{(2k)} + …`, and real.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without values at complex numbers; [`Error::Domain`] where
    /// some |u_r| reaches the distance of z_r from a pole, beyond which the series does not converge; a
    /// shape that does not fit, or an entry that is not finite.
    ///
    /// # Accuracy
    /// A few roundings of the sum of the absolute terms.
    pub fn law(self, net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Law> {
        let (sigma, k) = (net.activation(), self.order as f64);
        if sigma.complex([0.0; 2]).is_none() {
            let why = "complex multipliers need its values at complex numbers, and no formula is known";
            return Err(Error::Unsupported { activation: sigma.name(), why: why.into() });
        }
        let roots: Vec<(f64, f64)> = (0..self.order).map(|j| (2.0 * PI * j as f64 / k).sin_cos()).collect();
        let worst: Mutex<Option<[f64; 2]>> = Mutex::new(None);
        let law = law(net, x, w, par, |z, u| {
            let radius = sigma.analytic_radius(z);
            if u.abs() >= radius {
                let mut worst = worst.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if worst.is_none_or(|[u0, radius0]| u.abs() * radius0 > u0 * radius) {
                    *worst = Some([u.abs(), radius]);
                }
            }
            let origin = sigma.value(z);
            roots.iter().fold([0.0; 2], |[mean, square], (sin, cos)| {
                let [re, im] = sigma.complex([z + u * cos, u * sin]).unwrap_or([f64::NAN; 2]);
                let re = re - origin;
                [mean + re / k, square + (re * re + im * im) / k]
            })
        })?;
        match worst.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            None => Ok(law),
            Some([u, radius]) => {
                let pole = format!("a pole of {} is at the distance {radius} from w_0·x", sigma.name());
                Err(Error::domain(
                    "|w·x|",
                    u,
                    format!("complex multipliers must stay nearer, because {pole}"),
                ))
            }
        }
    }
}

/// The law of `m^{-1/2} Σ_r a_r g_r` for independent g. Callback: given z_r and u_r, `of` returns the mean
/// of g_r and that of |g_r|².
fn law(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
    of: impl Fn(f64, f64) -> [f64; 2] + Sync,
) -> Result<Law> {
    net.check_inputs(x)?;
    net.check_displacement(w)?;
    let (p, scale) = (net.p(), (net.m() as f64).sqrt().recip());
    let out = net.sum_over_tiles(x, 2, par, |_, neurons, x, space, mut out| {
        let (start, count) = (neurons.start, neurons.len());
        project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(start, count));
        project(space.v.as_mut().subcols_mut(0, count), x, w.subrows(p + start, count));
        for r in 0..count {
            for i in 0..x.nrows() {
                let z = space.z[(i, r)];
                let [[mean, square], [twin, twin_square]] = [&space.u, &space.v].map(|u| of(z, u[(i, r)]));
                out[(i, 0)] += scale * (mean - twin);
                out[(i, 1)] += scale * scale * ((square - mean * mean) + (twin_square - twin * twin));
            }
        }
    });
    let [mean, variance] = [0, 1].map(|c| out.col_as_slice(c).to_vec());
    Ok(Law { mean, variance })
}
