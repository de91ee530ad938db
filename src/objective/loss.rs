//! Losses ℓ(y, z) of a target y and a prediction z; each depends on u = z − y alone.

use crate::{Error, Result};

/// A loss ℓ(y, z), as a function of u = z − y. The first three are 1-Lipschitz in z. (NBL22 asks for a loss
/// with ℓ ≤ 1 that is convex in z and zero at z = y; only ℓ ≡ 0 has these properties, and the condition ℓ(y,
/// 0) = O(1) replaces the first of them here.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// √(1 + u²) − 1.
    PseudoHuber,
    /// ln cosh u.
    LogCosh,
    /// |u|.
    Absolute,
    /// u², without ½.
    Square,
}

impl Loss {
    /// The four losses.
    pub const ALL: [Self; 4] = [Self::PseudoHuber, Self::LogCosh, Self::Absolute, Self::Square];

    /// The name of the loss, which [`Loss::parse`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::PseudoHuber => "pseudo-huber",
            Self::LogCosh => "log-cosh",
            Self::Absolute => "absolute",
            Self::Square => "square",
        }
    }

    /// The loss with the name `text`.
    ///
    /// # Errors
    /// [`Error::Domain`], which lists the names.
    pub fn parse(text: &str) -> Result<Self> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|l| l.name() == text.trim());
        found.ok_or_else(|| {
            Error::domain("the loss", format!("'{text}'"), format!("the losses are {}", names()))
        })
    }

    /// ℓ(y, z). The relative error is a few roundings for any finite u; the value is infinite only where u²
    /// overflows for [`Loss::Square`].
    pub fn value(self, y: f64, z: f64) -> f64 {
        let u = z - y;
        match self {
            Self::PseudoHuber => u * (u / (1.0 + u.hypot(1.0))),
            Self::LogCosh => {
                let a = u.abs();
                if a < 1.0 {
                    let s = a.sinh();
                    0.5 * (s * s).ln_1p()
                } else {
                    a + (-2.0 * a).exp().ln_1p() - std::f64::consts::LN_2
                }
            }
            Self::Absolute => u.abs(),
            Self::Square => u * u,
        }
    }

    /// The derivative ∂ℓ/∂z. The absolute loss has the subgradient 0 at u = 0.
    pub fn d1(self, y: f64, z: f64) -> f64 {
        let u = z - y;
        match self {
            Self::PseudoHuber => u / u.hypot(1.0),
            Self::LogCosh => u.tanh(),
            Self::Absolute if u == 0.0 => 0.0,
            Self::Absolute => u.signum(),
            Self::Square => 2.0 * u,
        }
    }

    /// The second derivative ∂²ℓ/∂z². For the absolute loss it is 0, also at u = 0 where it does not exist.
    pub fn d2(self, y: f64, z: f64) -> f64 {
        let u = z - y;
        match self {
            Self::PseudoHuber => u.hypot(1.0).recip().powi(3),
            Self::LogCosh => {
                let e = (-2.0 * u.abs()).exp();
                4.0 * e / ((1.0 + e) * (1.0 + e))
            }
            Self::Absolute => 0.0,
            Self::Square => 2.0,
        }
    }

    /// The conjugate `sup_u (a·u − ℓ(u))` of ℓ as a function of u; infinite where no u attains the slope a
    /// or comes near it.
    pub fn conjugate(self, a: f64) -> f64 {
        // x ln x, with its limit at 0.
        let entropy = |x: f64| if x > 0.0 { x * x.ln() } else { 0.0 };
        match self {
            Self::Square => 0.25 * a * a,
            _ if a.abs() > 1.0 => f64::INFINITY,
            Self::PseudoHuber => a * a / (1.0 + (1.0 - a * a).sqrt()),
            Self::LogCosh => 0.5 * (entropy(1.0 + a) + entropy(1.0 - a)),
            Self::Absolute => 0.0,
        }
    }

    /// The Lipschitz constant of ℓ in z: 1, or infinite for the square.
    pub fn lipschitz(self) -> f64 {
        if self == Self::Square { f64::INFINITY } else { 1.0 }
    }

    /// Whether ℓ has a second derivative everywhere.
    pub fn is_smooth(self) -> bool {
        self != Self::Absolute
    }

    /// The mean of ℓ(y_i, z_i) over two slices of one length.
    ///
    /// # Errors
    /// The lengths differ or are zero.
    pub fn mean(self, y: &[f64], z: &[f64]) -> Result<f64> {
        if y.len() != z.len() || y.is_empty() {
            let expected = format!("{} ≥ 1, 1", y.len());
            return Err(Error::shape("the predictions", [z.len(), 1], expected));
        }
        let sum: f64 = y.iter().zip(z).map(|(y, z)| self.value(*y, *z)).sum();
        Ok(sum / y.len() as f64)
    }
}
