//! The kernels of infinitely wide ReLU layers: arc-cosine kernels, which depend on the angle of two inputs.

use crate::{Error, Result};
use faer::MatRef;
use std::f64::consts::{PI, TAU};

/// The random-feature kernel `E σ(w·x + b) σ(w·x' + b)` of ReLU features with `w ~ N(0, I/d)` and `b ~ N(0,
/// 1)`, `|x̃||x̃'| (sin θ + (π − θ) cos θ)/2π`, where θ is the angle of `x̃ = (x/√d, 1)` and x̃'.
///
/// ```
/// let k = escapement::kernel::arc_cosine::random_features(&[1.0, 2.0, 2.0], &[1.0, 2.0, 2.0])?;
/// assert!((k - 2.0).abs() < 1e-15); // half of |x̃|² = 9/3 + 1
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// Inputs that are empty, of different lengths, or not finite.
///
/// # Accuracy
/// About d + 10 roundings of `|x̃||x̃'|`.
pub fn random_features(x: &[f64], other: &[f64]) -> Result<f64> {
    finite(x, other)?;
    let root = (x.len() as f64).sqrt();
    let extended = |x: &[f64]| x.iter().map(|x| x / root).chain([1.0]).collect::<Vec<f64>>();
    let (x, other) = (extended(x), extended(other));
    let theta = angle(&x, &other);
    Ok(norm(&x) * norm(&other) * (theta.sin() + (PI - theta) * theta.cos()) / TAU)
}

/// The tangent kernel of a ReLU first layer without biases, `x·x' E 1[w·x > 0] 1[w·x' > 0]`, which is `x·x'
/// (π − θ)/2π` for the angle θ of x and x'. It has no odd degree from 3 on.
///
/// # Errors
/// As [`random_features`].
///
/// # Accuracy
/// About d + 10 roundings of `|x||x'|`.
pub fn first_layer_tangent(x: &[f64], other: &[f64]) -> Result<f64> {
    finite(x, other)?;
    let inner: f64 = x.iter().zip(other).map(|(a, b)| a * b).sum();
    Ok(if norm(x) * norm(other) == 0.0 { 0.0 } else { inner * (PI - angle(x, other)) / TAU })
}

/// The angle of two vectors that are not zero, in [0, π]. It comes from the lengths of the difference and
/// the sum of the unit vectors, because the arc cosine loses half its digits near 0 and π.
fn angle(x: &[f64], other: &[f64]) -> f64 {
    let (p, q) = (norm(x), norm(other));
    let length = |sign: f64| {
        let square = |(a, b): (&f64, &f64)| (a / p + sign * (b / q)).powi(2);
        x.iter().zip(other).map(square).sum::<f64>().sqrt()
    };
    2.0 * libm::atan2(length(-1.0), length(1.0))
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn finite(x: &[f64], other: &[f64]) -> Result<()> {
    if x.is_empty() || x.len() != other.len() {
        return Err(Error::shape("the second input", [1, other.len()], format!("1, {}, not 0", x.len())));
    }
    for (name, x) in [("the first input", x), ("the second input", other)] {
        crate::error::finite(name, MatRef::from_row_major_slice(x, 1, x.len()))?;
    }
    Ok(())
}
