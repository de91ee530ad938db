//! The parameters of the cells of DLS22.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Samples n of the source task.
pub const N: Parameter = Parameter::N;
/// The dimension r of S*, the span of the directions that the target depends on.
pub const LATENT: Parameter = Parameter::whole("r", "dimension of S*");
/// The degree p of a polynomial.
pub const DEGREE: Parameter = Parameter::whole("p", "degree of the polynomial");
/// The order k of a tensor.
pub const ORDER: Parameter = Parameter::whole("k", "order of the tensor");
/// Samples N of the target task.
pub const TARGET_SAMPLES: Parameter = Parameter::whole("N", "target samples");
/// κ = 1/(√r min|λ(H)|).
pub const KAPPA: Parameter = Parameter::real("kappa", "κ, the inverse of √r times the least |λ(H)|");
/// The size ς of the noise ϵ = ±ς.
pub const NOISE: Parameter = Parameter::real("noise", "ς, the size of the label noise");
/// The decay λ of the head.
pub const LAMBDA: Parameter = Parameter::real("lambda", "decay λ of the head");
/// The correlation ε that members of a family may have.
pub const EPSILON: Parameter = Parameter::real("epsilon", "correlation of directions");

/// The tolerance τ of a query.
pub const TAU: Parameter = Parameter::real("tau", "tolerance of a query");

/// The point x at which a monomial is represented.
pub const POINT: Parameter = Parameter::real("x", "point at which a monomial is represented");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 10] =
    [LATENT, DEGREE, ORDER, TARGET_SAMPLES, KAPPA, NOISE, LAMBDA, EPSILON, TAU, POINT];
