//! The data and the weights of the cells of T22.

use super::letters::{ENDS, GROUPS, RADIUS};
use crate::claim::Cell;
use crate::claim::distribution::student_interval;
use crate::error::Result;
use escapement::ball::Ball;
use escapement::margin::{Gradients, Groups};
use escapement::seed::ChaCha20Rng;
use escapement::tolerance;
use faer::{Mat, Par};
use rand::{Rng, RngExt};
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

    /// A point of each of the given groups, of k groups in all, at the angle `radius` from its centre in a
    /// direction that is uniform. Centre i is e_i, or an end of the axis ⌊i/2⌋, and every other axis has the
    /// label −1.
    ///
    /// # Errors
    /// A dimension with fewer axes than the k centres take, or with no direction away from them.
    pub fn groups(
        rng: &mut ChaCha20Rng,
        (kind, k): (Groups, usize),
        members: &[usize],
        d: usize,
        radius: f64,
    ) -> Result<Self> {
        let step = if kind == Groups::Orthonormal { 1 } else { 2 };
        if d < 2 || d * step < k {
            let range = format!("{k} centres need {} dimensions", k.div_ceil(step).max(2));
            return Err(escapement::Error::domain("d", d, range).into());
        }
        let mut x = Mat::zeros(members.len(), d);
        for (row, i) in members.iter().enumerate() {
            let mut away: Vec<f64> = (0..d).map(|_| StandardNormal.sample(rng)).collect();
            away[i / step] = 0.0;
            let norm = away.iter().map(|c| c * c).sum::<f64>().sqrt();
            away.iter().enumerate().for_each(|(c, part)| x[(row, c)] = radius.sin() * part / norm);
            x[(row, i / step)] = if i.is_multiple_of(step) { radius.cos() } else { -radius.cos() };
        }
        let label = |i: &usize| if (i / step).is_multiple_of(2) { 1.0 } else { -1.0 };
        Ok(Self { x, y: members.iter().map(label).collect() })
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

/// m neurons of which each pair has the same v and opposite output weights, so that the network is 0:
/// `[m, 1 + d]`, m even, standard normal but for that.
pub fn paired(rng: &mut ChaCha20Rng, m: usize, d: usize) -> Mat<f64> {
    let half = weights(rng, m / 2, d);
    Mat::from_fn(m, d + 1, |j, c| if c == 0 && j % 2 == 1 { -half[(j / 2, c)] } else { half[(j / 2, c)] })
}

/// The fraction of examples with margin 0 or less.
pub fn error_rate(w: &Mat<f64>, on: &Examples) -> f64 {
    let values = &on.x * w.as_ref().subcols(1, on.x.ncols()).transpose();
    let mut margins = vec![0.0; on.y.len()];
    for j in 0..w.nrows() {
        let column = values.col(j).iter().zip(&on.y).zip(&mut margins);
        column.for_each(|((value, y), p)| *p += w[(j, 0)] * y * value.max(0.0));
    }
    margins.iter().filter(|p| **p <= 0.0).count() as f64 / on.y.len() as f64
}

/// The groups of a cell, and their number.
pub fn kind(cell: &Cell) -> (Groups, usize) {
    (if cell.whole(ENDS) == 1 { Groups::Orthonormal } else { Groups::Antipodal }, cell.whole(GROUPS))
}

/// Examples of the groups of a cell in turn, at this angle.
///
/// # Errors
/// As [`Examples::groups`].
pub fn in_turn(rng: &mut ChaCha20Rng, cell: &Cell, n: usize, radius: f64) -> Result<Examples> {
    let members: Vec<usize> = (0..n).map(|i| i % cell.whole(GROUPS)).collect();
    Examples::groups(rng, kind(cell), &members, cell.d(), radius)
}

/// The n examples of a cell, of random groups, with the mass of the groups without one, and paired weights.
///
/// # Errors
/// As [`Examples::groups`].
pub fn drawn(cell: &Cell, rng: &mut ChaCha20Rng, m: usize) -> Result<(Examples, f64, Mat<f64>)> {
    let k = cell.whole(GROUPS);
    let members: Vec<usize> = (0..cell.n()).map(|_| rng.random_range(0..k)).collect();
    let examples = Examples::groups(rng, kind(cell), &members, cell.d(), cell.real(RADIUS))?;
    let unseen = (0..k).filter(|group| !members.contains(group)).count() as f64 / k as f64;
    Ok((examples, unseen, paired(rng, m, cell.d())))
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
