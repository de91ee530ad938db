//! Gradient flow of two-layer ReLU networks far beyond the point where losses are small.
//!
//! Time is rescaled by the loss, and losses are handled by their logarithms, so that margins of 10 000 are
//! ordinary. The weights of the examples relax ever faster; they are taken implicitly, by one linear solve in
//! R^n, and given them every neuron follows its path exactly, kinks included. [`Flow`] trains both layers,
//! [`NormOnly`] keeps the directions of the inner weights, [`perceptron()`] is stochastic gradient descent.
//!
//! The flow conserves `a_j² − ‖v_j‖²` for every neuron; how far a run departs from that, beside its tolerance,
//! says how good it is.

mod accuracy;
mod extrapolation;
mod full;
mod loss;
mod neuron;
mod norm_only;
mod perceptron;
mod rosenbrock;

pub use accuracy::Accuracy;
pub use full::{Flow, Point, Run};
pub use loss::{Levels, Loss, log_add};
pub use norm_only::{NormOnly, NormPoint};
pub use perceptron::{Perceptron, perceptron};
