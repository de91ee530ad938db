//! The sphere S^{d−1}.

pub mod gegenbauer;
pub mod harmonics;
pub mod points;
pub mod quadrature;
pub mod sampling;
pub mod zonal;

pub use gegenbauer::{Gegenbauer, cumulative_dimension, dimension, log_dimension, sqrt_dimension};
pub use harmonics::{Fit, HarmonicBasis};
pub use points::unit_rows;
pub use quadrature::ZonalQuadrature;
pub use sampling::uniform_sphere;
pub use zonal::{FeatureLevels, Level, Truncation, lambda, orthonormal_coefficients};
