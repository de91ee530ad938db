//! The parameters of the cells of YJZLW24.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Samples n.
pub const N: Parameter = Parameter::N;
/// The bias B.
pub const BIAS: Parameter = Parameter::real("B", "bias of every neuron");
/// c, where B² = c ln m.
pub const RATE: Parameter = Parameter::real("c", "the bias squared over ln m");
/// The distance of the two closest inputs, where they are placed.
pub const DISTANCE: Parameter = Parameter::real("delta", "distance of the closest two inputs");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 3] = [BIAS, RATE, DISTANCE];
