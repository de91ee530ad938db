//! The parameters of the cells of KLLJW24.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// The number of nodes of a graph.
pub const NODES: Parameter = Parameter::N;
/// The degree of a harmonic or of a polynomial; half the number of angles of a fan.
pub const ORDER: Parameter = Parameter::whole("k", "degree, or half the number of angles of a fan");
/// The number of functions of a class.
pub const SIZE: Parameter = Parameter::whole("F", "number of functions of a class");
/// The tolerance τ of a query.
pub const TAU: Parameter = Parameter::real("tau", "tolerance of a query");
/// The largest correlation ε of two functions of a class.
pub const EPSILON: Parameter = Parameter::real("eps", "correlation within a class");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 4] = [ORDER, SIZE, TAU, EPSILON];
