//! The parameters of the cells of T22.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Samples n.
pub const N: Parameter = Parameter::N;
/// The number k of groups of inputs.
pub const GROUPS: Parameter = Parameter::whole("k", "number of groups");
/// How many ends of an axis are centres of groups: 1 for orthonormal centres, 2 for antipodal ones.
pub const ENDS: Parameter = Parameter::whole("ends", "ends of an axis that are centres");
/// The angle ϱ of the points of a group with its centre.
pub const RADIUS: Parameter = Parameter::real("rho", "ϱ, the angle of a group");
/// The angle α of two inputs with the line between them.
pub const ANGLE: Parameter = Parameter::real("alpha", "α, the angle of two inputs with a line");
/// The length h of explicit Euler steps.
pub const LENGTH: Parameter = Parameter::real("h", "length of a step");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 5] = [GROUPS, ENDS, RADIUS, ANGLE, LENGTH];
