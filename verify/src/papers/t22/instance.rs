//! The data and the weights of the cells of T22.

use crate::claim::Cell;
use crate::claim::distribution::student_interval;
use crate::error::Result;
use escapement::ball::Ball;
use escapement::margin::Gradients;
use escapement::seed::ChaCha20Rng;
use escapement::tolerance;
use faer::{Mat, Par};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Batches of neurons, and neurons of a batch, behind a mean over weights.
const BATCHES: usize = 64;
const BATCH: usize = 256;

/// The largest cube that is formed, of a million corners.
const MOST_WHOLE: usize = 20;

/// Labelled inputs.
pub struct Examples {
    /// The inputs, `[n, d]`, of unit length.
    pub x: Mat<f64>,
    /// The labels, `[n]`.
    pub y: Vec<f64>,
}

impl Examples {
    /// Corners of the cube `{±1/√d}^d` with the 2-sparse parity `sgn(x_1 x_2)`: bit c of a
    /// code says whether coordinate c is positive.
    fn corners(d: usize, codes: &[u64]) -> Self {
        let side = 1.0 / (d as f64).sqrt();
        let x = Mat::from_fn(codes.len(), d, |i, c| if codes[i] >> c & 1 == 1 { side } else { -side });
        Self { x, y: codes.iter().map(|&code| parity(code)).collect() }
    }

    /// The whole cube.
    ///
    /// # Errors
    /// A dimension below 2 or above [`MOST_WHOLE`].
    pub fn cube(d: usize) -> Result<Self> {
        allowed(d, MOST_WHOLE)?;
        Ok(Self::corners(d, &(0..1 << d).collect::<Vec<_>>()))
    }

    /// `count` independent corners.
    ///
    /// # Errors
    /// As [`codes`].
    pub fn sample(rng: &mut ChaCha20Rng, count: usize, d: usize) -> Result<Self> {
        Ok(Self::corners(d, &codes(rng, count, d)?))
    }
}

/// The parity of two bits as a label.
pub fn parity(code: u64) -> f64 {
    if (code ^ code >> 1) & 1 == 0 { 1.0 } else { -1.0 }
}

/// Codes of independent corners of the cube of dimension d.
///
/// # Errors
/// A dimension below 2 or above 64.
pub fn codes(rng: &mut ChaCha20Rng, count: usize, d: usize) -> Result<Vec<u64>> {
    allowed(d, 64)?;
    Ok((0..count).map(|_| rng.next_u64() >> (64 - d)).collect())
}

/// Refuses dimensions in which there is no parity of two bits, or that are too large.
fn allowed(d: usize, most: usize) -> Result<()> {
    let range = format!("the dimension lies in [2, {most}]");
    if (2..=most).contains(&d) { Ok(()) } else { Err(escapement::Error::domain("d", d, range).into()) }
}

/// Standard normal weights of m neurons, `[m, 1 + d]`.
pub fn weights(rng: &mut ChaCha20Rng, m: usize, d: usize) -> Mat<f64> {
    let rows: Vec<f64> = (0..m * (d + 1)).map(|_| StandardNormal.sample(rng)).collect();
    Mat::from_fn(m, d + 1, |j, c| rows[j * (d + 1) + c])
}

/// γ^∞ of the parity at infinite width, `E_w ‖E_x y ψ_w(x)‖`, because the symmetries of the cube make equal
/// weights on its corners the optimum. It is a mean over [`BATCHES`] batches of neurons with its Student
/// interval, which fails with the probability [`tolerance::FAILURE`].
///
/// # Errors
/// Examples without inputs.
pub fn transport(cell: &Cell, seed: u64, cube: &Examples) -> Result<Ball> {
    let rng = &mut cell.stream(seed, "neurons of the limit");
    let equal = vec![1.0; cube.y.len()];
    let mut means = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let w = weights(rng, BATCH, cell.d());
        let gradients = Gradients::new(w.as_ref(), cube.x.as_ref(), &cube.y, Par::Seq)?;
        means.push(gradients.transport_margin_at(&equal)?.margin.upper());
    }
    let (mean, half) = student_interval(&means, tolerance::FAILURE);
    Ok(Ball::new(mean, half))
}
