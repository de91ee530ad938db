//! The parameters of the cells of BL20.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Number of samples n.
pub const N: Parameter = Parameter::N;
/// The degree p of a power (β·x)^p.
pub const DEGREE: Parameter = Parameter::whole("p", "degree of a power");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 1] = [DEGREE];
