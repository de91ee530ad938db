//! The parameters of the cells of T22.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// The number k of groups of inputs.
pub const GROUPS: Parameter = Parameter::whole("k", "number of groups");
/// Those beside d, m and n.
pub const LETTERS: [Parameter; 1] = [GROUPS];
