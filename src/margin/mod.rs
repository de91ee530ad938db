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
//! | [`Gradients::margin`], [`kernel_margin`] | gradients of a network, or features of a kernel | quadratic program |
//! | [`Gradients::transport_margin`] | gradients, each neuron's part of U at most m^{-1/2} long | cone program |
//! | [`Directions::margin`], [`plane_margin`] | values of neurons with given directions | linear program |
//!
//! ```
//! use escapement::margin::{Gradients, Layers, kernel_margin, parity, parity_cube};
//! use faer::{Mat, Par};
//! let (x, y) = parity_cube(3)?;
//! // Infinite width: on the whole cube the kernel's margin is known in closed form.
//! let wide = kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq)?;
//! assert!((wide.margin - parity(3, Layers::Both)?).abs().lower() <= 0.0 && wide.margin.error < 1e-12);
//! // Two neurons cannot separate eight points whose labels are a parity.
//! let w = Mat::from_fn(2, 4, |j, c| if c == j + 1 { 1.0 } else { 0.5 });
//! let narrow = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq)?.margin()?;
//! assert!(narrow.margin.upper() < 1e-6);
//! # Ok::<(), escapement::Error>(())
//! ```

mod closed_forms;
mod directions;
mod gradients;
mod interior_point;
mod kernel;

mod plane;
mod products;
mod radius;
mod sign;
mod transport;

use crate::ball::Ball;
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef};

pub use closed_forms::{Groups, parity, parity_cube, parity_global};
pub use directions::Directions;
pub use gradients::Gradients;
pub use kernel::{Layers, gram_margin, gram_margin_at, kernel_margin};
pub use plane::plane_margin;

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
    /// The length of the interval, relative to its upper end; 0 for the interval [0, 0].
    pub fn gap(&self) -> f64 {
        if self.margin.upper() > 0.0 { 2.0 * self.margin.error / self.margin.upper() } else { 0.0 }
    }
}

/// The margin between two bounds; it is never negative, because U = 0 is a direction.
fn between(lower: f64, upper: f64) -> Ball {
    let lower = if lower > 0.0 { lower } else { 0.0 };
    Ball::exact(lower).hull(Ball::exact(upper.max(lower)))
}

/// Weights with sum 1, to within rounding, from weights that a solver or a caller proposes.
fn weights(q: &[f64], n: usize) -> Result<Vec<f64>> {
    let sum = q.iter().map(|q| q.max(0.0)).sum::<f64>();
    if q.len() != n || !sum.is_finite() || sum <= 0.0 || q.iter().any(|q| *q < 0.0) {
        let given = format!("{} numbers with sum {sum}", q.len());
        return Err(Error::domain(
            "the weights",
            given,
            format!("{n} are needed, none negative, not all 0"),
        ));
    }
    Ok(q.iter().map(|q| q / sum).collect())
}

/// The weights a solver proposes, with those that rounding made negative, or that are not finite, at 0; equal
/// weights where none is left.
fn proposed(q: &[f64]) -> Vec<f64> {
    let kept: Vec<f64> = q.iter().map(|&q| if q.is_finite() { q.max(0.0) } else { 0.0 }).collect();
    if kept.iter().any(|q| *q > 0.0) { kept } else { vec![1.0; q.len()] }
}

/// The sum of numbers that are not negative, with its rounding.
fn total(terms: impl ExactSizeIterator<Item = f64>) -> Ball {
    let relative = rounding::sum(terms.len(), 4);
    Ball::relative(terms.sum(), relative)
}

/// The Euclidean length of some numbers, with its rounding.
fn length(a: MatRef<'_, f64>) -> Ball {
    let squares: Vec<f64> = a.col_iter().map(|col| col.iter().map(|x| x * x).sum()).collect();
    // A column adds nrows terms, of one rounding each, to the number of columns that `total` counts.
    let square = total(squares.into_iter());
    (square + Ball::new(0.0, square.value * rounding::sum(a.nrows(), 1))).sqrt()
}

/// Refuses inputs (`[n, d]`) and labels (`[n]`) that do not fit, that are not finite, and labels but ±1.
pub(crate) fn check_examples(x: MatRef<'_, f64>, y: &[f64]) -> Result<()> {
    if x.nrows() == 0 || x.ncols() == 0 || x.nrows() != y.len() {
        let expected = format!("{}, d, neither 0", y.len());
        return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], expected));
    }
    if let Some((i, label)) = y.iter().enumerate().find(|(_, y)| y.abs() != 1.0) {
        return Err(Error::domain(format!("the label of example {i}"), label, "labels are 1 or -1"));
    }
    crate::error::finite("the inputs", x)
}

/// Refuses a program whose matrices need more than [`MEMORY`].
fn check_memory(what: String, needed: f64) -> Result<()> {
    if needed > MEMORY {
        return Err(Error::Memory { what, needed, allowed: MEMORY, advice: ": take fewer examples".into() });
    }
    Ok(())
}
