//! The format of reference values for T22; `docs/oracles.md` describes it to those who make such files.

mod flows;
mod margins;

use crate::error::Result;
use crate::oracle::{Entry, Format, List, Sheet};
use escapement::ball::Ball;
use faer::Mat;

/// Agreement of kernels, of margins at infinite width and of linear programs: quadrature in f64, and solvers
/// that end within rounding.
const AGREEMENT: f64 = 1e-12;
/// Agreement relative to the value of what a general interior-point solver leaves, and of trajectories whose
/// entries grow like e^τ.
const SOLVER: f64 = 1e-7;
/// Agreement of margins over all directions of the plane, relative to the longest input, and of trajectories
/// that meet no kink.
const PLANE: f64 = 1e-9;
/// Agreement of derivatives, by automatic differentiation in f64, relative to the largest of their kind.
const DERIVATIVE: f64 = 1e-11;

/// All formats.
pub const FORMATS: &[&Format] = &[&Format {
    name: "telgarsky",
    about: "margins of ReLU networks, gradient flow, and stochastic gradient descent of T22",
    lists: &[
        List { name: "kernel", marks: &["/outer"], compare: margins::kernel },
        List { name: "parity", marks: &["/both"], compare: margins::parity },
        List { name: "collapse", marks: &["/centres"], compare: margins::collapse },
        List { name: "finite", marks: &["/W0", "/linf"], compare: margins::finite },
        List { name: "cube_finite", marks: &["/W0", "/linf"], compare: margins::cube_finite },
        List { name: "lp", marks: &["/V", "/dual_value"], compare: margins::directions },
        List { name: "global2", marks: &["/X", "/value"], compare: margins::plane },
        List { name: "pointwise", marks: &["/losses"], compare: flows::pointwise },
        List { name: "normonly", marks: &["/a0"], compare: flows::norms_only },
        List { name: "flow", marks: &["/last_tau"], compare: flows::both_layers },
        List { name: "sgd", marks: &["/Wbar"], compare: flows::perceptron },
        List { name: "kkt", marks: &["/multipliers"], compare: margins::stationary },
        List { name: "kktpath", marks: &["/dead_moved"], compare: flows::dead_start },
    ],
}];

/// The inputs and labels of an entry.
fn examples(entry: &Entry<'_>, d: usize) -> Result<(Mat<f64>, Vec<f64>)> {
    let n = entry.length("y")?;
    Ok((entry.matrix("X", n, d)?, entry.vector("y", n)?))
}

/// The neurons of a field, one per row, the output weight first.
fn neurons(entry: &Entry<'_>, field: &str, d: usize) -> Result<Mat<f64>> {
    entry.matrix(field, entry.length(field)?, d + 1)
}

/// Compares a number with the end of a certified interval that is nearest to it, or with the middle of one
/// that is too long to say anything.
fn inside(sheet: &mut Sheet, name: &str, reference: f64, interval: Ball, allowed: f64) -> Result<()> {
    let short = interval.error <= SOLVER * interval.upper().abs() + allowed;
    let nearest = reference.max(interval.lower()).min(interval.upper());
    sheet.number(name, reference, if short { nearest } else { interval.value }, allowed)
}

/// The inputs `(±cos α, sin α)`, both with the label 1.
fn pair(alpha: f64) -> (Mat<f64>, Vec<f64>) {
    let (sine, cosine) = alpha.sin_cos();
    (Mat::from_fn(2, 2, |i, c| [[cosine, sine], [-cosine, sine]][i][c]), vec![1.0; 2])
}
