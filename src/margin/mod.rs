//! Margins of two-layer ReLU networks, each in an interval that is certified.
//!
//! A margin is the value of a game, `max_U min_i ⟨U, φ_i⟩ = min_q ‖Σ_i q_i φ_i‖`, between a direction U of
//! length at most 1 and weights q on the n examples that are not negative and add up to 1; the games differ
//! in what φ_i is and how length is measured. Any U bounds the margin from below and any q from above. The
//! solvers here propose both, and a margin is what these two bounds enclose, with the rounding of both
//! bounds added: nothing depends on whether a solver converged, or on the matrix that it was given.
//!
//! | game | φ_i | solved as |
//! |---|---|---|
//! | [`Gradients::margin`], [`kernel_margin`] | gradients, or features of a kernel | quadratic program |
//! | [`Gradients::transport_margin`] | gradients, each neuron's part of U ≤ m^{-1/2} | cone program |
//! | [`Directions::margin`], [`plane_margin`] | values of neurons with given directions | linear program |
//!
//! ```
//! use escapement::kernel::arc_cosine::Layers;
//! use escapement::margin::{Gradients, Groups, kernel_margin};
//! use faer::{Mat, Par};
//! // Four orthonormal inputs. At infinite width their margin is known in closed form.
//! let (x, y) = (Mat::<f64>::identity(4, 4), [1.0, -1.0, 1.0, -1.0]);
//! let wide = kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq)?.margin;
//! let [exact, _] = Groups::Orthonormal.margins(4)?;
//! assert!(wide.contains(exact.value) && wide.error < 1e-13);
//! // A single neuron that is active on all of them cannot tell them apart by its output weight.
//! let w = Mat::from_fn(1, 5, |_, c| if c == 0 { 0.0 } else { 1.0 });
//! let narrow = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?.margin()?.margin;
//! assert!(narrow.upper() < 1e-7);
//! # Ok::<(), escapement::Error>(())
//! ```

mod closed_forms;
mod directions;
mod everywhere;
mod gradients;
mod interior_point;
mod kernel;
mod plane;
mod radius;
mod transport;

use crate::ball::Ball;
use crate::{Error, Result};
use faer::{Mat, MatRef, Scale};

pub use closed_forms::{Groups, parity};
pub use directions::Directions;
pub use everywhere::margin_bound;
pub use gradients::Gradients;
pub use kernel::{gram_margin, kernel_margin};
pub use plane::plane_margin;
pub use radius::Neighbourhood;

/// The most bytes that the matrices of one program may take: 8 GiB.
pub const MEMORY: f64 = 8.0 * 1024.0 * 1024.0 * 1024.0;

/// A margin with the two vectors that certify it.
#[derive(Debug, Clone)]
pub struct Margin {
    /// The margin: `primal` certifies the lower end and `dual` the upper end.
    pub margin: Ball,
    /// The direction U, of length at most 1, in the shape that the function which made it says.
    pub primal: Mat<f64>,
    /// The weights q on the examples, `[n]`: not negative, with sum 1 to within rounding.
    pub dual: Vec<f64>,
}

impl Margin {
    /// The margin above what a direction of any `length` attains, its least product with a φ_i, and below
    /// `upper`, the length of the sum of the φ_i with weights whose sum may miss 1. It is never negative,
    /// because 0 is a direction.
    fn new(products: &[Ball], length: Ball, upper: Ball, primal: &Mat<f64>, dual: Vec<f64>) -> Self {
        // The larger of NaN and 0 is 0, and a hull with NaN contains every number.
        let least = products.iter().map(|p| p.lower().max(0.0)).fold(f64::INFINITY, f64::min);
        let lower = (Ball::exact(least) / length).lower().max(0.0);
        let upper = (upper / dual.iter().copied().map(Ball::exact).sum::<Ball>()).upper();
        let margin = Ball::exact(lower).hull(Ball::exact(upper));
        let scale = if length.value > 0.0 { 1.0 / length.value } else { 0.0 };
        Self { margin, primal: Scale(scale) * primal, dual }
    }
}

/// Weights with sum 1, to within rounding, from weights that a solver or a caller proposes.
fn weights(q: &[f64], n: usize) -> Result<Vec<f64>> {
    let sum = q.iter().sum::<f64>();
    if q.len() != n || !(sum.is_finite() && sum > 0.0) || q.iter().any(|q| *q < 0.0) {
        let given = format!("{} numbers with sum {sum}", q.len());
        return Err(Error::domain(
            "the weights",
            given,
            format!("{n} are needed, none negative, not all 0"),
        ));
    }
    Ok(q.iter().map(|q| q / sum).collect())
}

/// The Euclidean length of the numbers in a matrix.
fn length(a: MatRef<'_, f64>) -> Ball {
    let square = |x: &f64| Ball::exact(*x) * Ball::exact(*x);
    a.col_iter().flat_map(|col| col.iter()).map(square).sum::<Ball>().sqrt()
}

/// Refuses inputs `x` (`[n, d]`) and labels `y` (`[n]`) of which there is no margin.
///
/// # Errors
/// Shapes that do not fit, no inputs, labels other than ±1, and numbers that are not finite.
pub fn check_examples(x: MatRef<'_, f64>, y: &[f64]) -> Result<()> {
    if x.nrows() == 0 || x.ncols() == 0 || x.nrows() != y.len() {
        return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], format!("{}, d, not 0", y.len())));
    }
    if let Some(i) = y.iter().position(|y| y.abs() != 1.0) {
        return Err(Error::domain(format!("the label of example {i}"), y[i], "labels are 1 or -1"));
    }
    crate::error::finite("the inputs", x)
}

/// Refuses weights of another shape than `[m, 1 + d]` for inputs in R^d, no neuron, and numbers that are not
/// finite.
pub(crate) fn check_weights(name: &'static str, w: MatRef<'_, f64>, d: usize) -> Result<()> {
    if w.nrows() == 0 || w.ncols() != d + 1 {
        return Err(Error::shape(name, [w.nrows(), w.ncols()], format!("m, {}, not 0", d + 1)));
    }
    crate::error::finite(name, w)
}

/// Refuses a program whose matrices need more than [`MEMORY`].
fn check_memory(what: String, needed: f64) -> Result<()> {
    let advice = ": take fewer examples".into();
    if needed > MEMORY { Err(Error::Memory { what, needed, allowed: MEMORY, advice }) } else { Ok(()) }
}
