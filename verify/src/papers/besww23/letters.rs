//! The parameters of the cells of BESWW23.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Samples n.
pub const N: Parameter = Parameter::N;
/// β, where the spike is θ = d^β.
pub const BETA: Parameter = Parameter::real("beta", "exponent of the spike, theta = d^beta");
/// The degree p of the target.
pub const DEGREE: Parameter = Parameter::whole("p", "degree of the target");
/// The information exponent k of the target.
pub const EXPONENT: Parameter = Parameter::whole("k", "information exponent of the target");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 3] = [BETA, DEGREE, EXPONENT];
