//! The parameters of the cells of BL20.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Samples n.
pub const N: Parameter = Parameter::N;
/// The degree p of a power (β·x)^p.
pub const DEGREE: Parameter = Parameter::whole("p", "degree of a power");
/// The order k of a term of f in W.
pub const ORDER: Parameter = Parameter::whole("k", "order of a term in W");
/// The largest modulus ϱ of a multiplier.
pub const REACH: Parameter = Parameter::real("rho", "ϱ, the largest modulus of a multiplier");
/// The strength α of a spike: one coordinate of an input is ±d^{α/2}.
pub const SPIKE: Parameter = Parameter::real("alpha", "α, the strength of a spike");

/// The number R of powers that are added up.
pub const TERMS: Parameter = Parameter::whole("R", "number of powers of the target");
/// 1/ε.
pub const ACCURACY: Parameter = Parameter::whole("accuracy", "1/ε, the inverse of the relative error ε");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 6] = [DEGREE, ORDER, REACH, SPIKE, TERMS, ACCURACY];
