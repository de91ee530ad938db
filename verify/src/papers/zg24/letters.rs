//! The parameters of the cells of ZG24.

use crate::claim::Parameter;

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// The number of neurons of the student.
pub const M: Parameter = Parameter::M;
/// The number of teachers.
pub const TEACHERS: Parameter = Parameter::whole("N", "number of teachers");
/// The weight decay λ.
pub const DECAY: Parameter = Parameter::real("lambda", "weight decay");
/// H = 1/η, where η is the learning rate.
pub const STEPS: Parameter = Parameter::whole("H", "inverse of the learning rate");
/// K = 1/δ, where δ is the angle of either neuron to the teacher.
pub const INVERSE: Parameter = Parameter::whole("K", "inverse of the angle of two neurons to the teacher");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 4] = [TEACHERS, DECAY, STEPS, INVERSE];
