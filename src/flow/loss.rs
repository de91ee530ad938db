//! Losses of margins, in the domain of logarithms: a loss of e^{−10 000} is an ordinary number here.

/// A loss ℓ(p) of the margin p.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// `e^{−p}`.
    Exponential,
    /// `ln(1 + e^{−p})`.
    Logistic,
}

/// What a loss makes of n margins.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// `ln Σ_i ℓ(p_i)`.
    pub log_total: f64,
    /// The smoothed margin u, `ℓ(u) = Σ_i ℓ(p_i)`.
    pub smoothed: f64,
    /// `ln |ℓ'(u)|`.
    pub log_slope: f64,
    /// `c_i = |ℓ'(p_i)|/|ℓ'(u)|`, `[n]`: for the exponential loss the softmax of −p.
    pub weights: Vec<f64>,
    /// `−d ln|ℓ'(p_i)|/dp_i`, `[n]`, in (0, 1].
    decay: Vec<f64>,
    /// `−d ln|ℓ'(u)|/du`.
    decay_of_total: f64,
}

impl Loss {
    /// `ln ℓ(p)`.
    ///
    /// # Accuracy
    /// A few roundings of 1 + |p|.
    pub fn ln(self, p: f64) -> f64 {
        match self {
            Self::Exponential => -p,
            Self::Logistic if p > 36.0 => -p,
            Self::Logistic => softplus(-p).ln(),
        }
    }

    /// `−d ln|ℓ'(p)|/dp`.
    fn decay(self, p: f64) -> f64 {
        match self {
            Self::Exponential => 1.0,
            Self::Logistic => 1.0 / (1.0 + (-p).exp()),
        }
    }

    /// `ln|ℓ'(p)|`.
    fn ln_slope(self, p: f64) -> f64 {
        match self {
            Self::Exponential => -p,
            Self::Logistic => -softplus(p),
        }
    }

    /// The p at which `ln ℓ(p)` is this: what makes a smoothed margin of a sum of losses.
    fn inverse(self, log: f64) -> f64 {
        match self {
            Self::Exponential => -log,
            // −ln(e^{nL} − 1), by the leading terms where nL is very small or large.
            Self::Logistic if log < -36.0 => -log,
            Self::Logistic => {
                let total = log.exp();
                if total > 36.0 { -total } else { -total.exp_m1().ln() }
            }
        }
    }

    /// The levels of the margins `p`, at least one.
    pub fn levels(self, p: &[f64]) -> Levels {
        let logs: Vec<f64> = p.iter().map(|&p| self.ln(p)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log_total = largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln();
        let smoothed = self.inverse(log_total);
        let log_slope = self.ln_slope(smoothed);
        Levels {
            log_total,
            smoothed,
            log_slope,
            weights: p.iter().map(|&p| (self.ln_slope(p) - log_slope).exp()).collect(),
            decay: p.iter().map(|&p| self.decay(p)).collect(),
            decay_of_total: self.decay(smoothed),
        }
    }
}

impl Levels {
    /// Minus the derivative of the weight i in the margin k, `c_i (decay_i 1[i = k] − decay_u c_k)`.
    pub fn fall(&self, i: usize, k: usize) -> f64 {
        let own = if i == k { self.decay[i] } else { 0.0 };
        self.weights[i] * (own - self.decay_of_total * self.weights[k])
    }
}

/// `ln(1 + e^z)`.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// `ln(e^a + e^b)`, where either may be −∞.
///
/// # Accuracy
/// A few roundings of 1 + |result|.
pub fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = (a.min(b), a.max(b));
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
