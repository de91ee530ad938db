//! The parameters of the cells of NBL22.

use crate::claim::{Cell, Parameter};

/// Input dimension d.
pub const D: Parameter = Parameter::D;
/// Width m.
pub const M: Parameter = Parameter::M;
/// Samples n.
pub const N: Parameter = Parameter::N;
/// Low degree k.
pub const K: Parameter = Parameter::whole("k", "low degree");
/// Sparse terms R.
pub const R: Parameter = Parameter::whole("R", "number of sparse terms");
/// A degree j, for quantities that belong to one.
pub const DEGREE: Parameter = Parameter::whole("degree", "degree of harmonics");

/// The accuracy ε.
pub const EPSILON: Parameter = Parameter::real("epsilon", "accuracy");
/// 1/ε, by which accuracy is swept where the powers claimed of it are positive.
pub const ACCURACY: Parameter = Parameter::real("accuracy", "1/ε, the inverse of the accuracy ε");
/// Directions p of neurons at which the expansion of infinite width is trained.
pub const DIRECTIONS: Parameter = Parameter::whole("p", "directions of neurons");

/// Those beside d, m and n.
pub const LETTERS: [Parameter; 6] = [K, R, DEGREE, EPSILON, ACCURACY, DIRECTIONS];

/// The values of a cell of NBL22; 0 where one does not apply.
pub trait Letters {
    /// Low degree k.
    fn k(&self) -> usize;
    /// Sparse terms R.
    fn terms(&self) -> usize;
    /// A degree j.
    fn degree(&self) -> usize;
    /// With a degree. Degree 0 has always been left out of the names of these cells, on which their random
    /// streams depend.
    fn with_degree(self, j: usize) -> Self;
}

impl Letters for Cell {
    fn k(&self) -> usize {
        self.whole(K)
    }

    fn terms(&self) -> usize {
        self.whole(R)
    }

    fn degree(&self) -> usize {
        self.whole(DEGREE)
    }

    fn with_degree(self, j: usize) -> Self {
        if j == 0 { self } else { self.with(DEGREE, j) }
    }
}
