//! The activations of the cells of BL20.

use crate::claim::Cell;
use crate::error::Result;
use escapement::activation::{self, Activation};
use std::sync::Arc;

/// tanh(z − ½), and ReLU cubed.
pub const ACTIVATIONS: [&str; 2] = ["tanh:0.5", CUBED];

/// The name of [`CubedRelu`] in cells.
pub const CUBED: &str = "relu3";

/// `σ(z) = max(z, 0)³/6`, of which the second derivative is the ReLU. Third derivatives at 0 are 0.
#[derive(Debug, Clone, Copy)]
pub struct CubedRelu;

impl Activation for CubedRelu {
    fn name(&self) -> String {
        CUBED.to_string()
    }
    fn value(&self, z: f64) -> f64 {
        z.max(0.0).powi(3) / 6.0
    }
    fn d1(&self, z: f64) -> f64 {
        0.5 * z.max(0.0).powi(2)
    }
    fn d2(&self, z: f64) -> f64 {
        z.max(0.0)
    }
    fn d3(&self, z: f64) -> f64 {
        if z > 0.0 { 1.0 } else { 0.0 }
    }
}

/// The activation of a cell.
///
/// # Errors
/// The name is neither [`CUBED`] nor one that the core knows.
pub fn activation(cell: &Cell) -> Result<Arc<dyn Activation>> {
    if cell.activation == CUBED { Ok(Arc::new(CubedRelu)) } else { Ok(activation::parse(&cell.activation)?) }
}
