//! The data, the weights and the runs of the cells of T22.

use super::letters::{ENDS, GROUPS, RADIUS};
use crate::claim::distribution::student_interval;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::{Accuracy, Flow, Loss, Point};
use escapement::margin::{Gradients, Groups};
use escapement::seed::ChaCha20Rng;
use escapement::{rounding, tolerance};
use faer::{Mat, Par, Scale};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// Batches of neurons, and neurons of a batch, behind a mean over weights.
const BATCHES: usize = 64;
const BATCH: usize = 256;

/// The largest cube that is formed, of a million corners.
const MOST_WHOLE: usize = 20;

/// The error of a step of a run, relative to ‖W‖, and the most steps: runs that separate take at most 2 000.
pub const STEP: f64 = 1e-7;
const MOST: usize = 10_000;

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

/// Labels that are independent of the inputs.
pub fn coins(rng: &mut ChaCha20Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| if rng.next_u64() & 1 == 0 { 1.0 } else { -1.0 }).collect()
}

/// The loss of a cell: exponential, but in parts whose names end with `logistic`.
pub fn loss(cell: &Cell) -> Loss {
    if cell.part.ends_with("logistic") { Loss::Logistic } else { Loss::Exponential }
}

/// A run of the flow on the whole cube, with every point that it visits.
pub struct Path {
    /// The corners, with the parity as labels or, in the part `random`, with independent ones.
    pub examples: Examples,
    /// That of the cell.
    pub loss: Loss,
    /// The points; the first one is W_0, in the part `paired` of neurons (a, v) and (−a, v), so that f = 0.
    pub points: Vec<Point>,
    /// The largest change of `a_j² − ‖v_j‖²`, relative to ‖W‖²/m.
    pub drift: f64,
    /// Steps, those that were refused among them.
    pub steps: usize,
}

impl Path {
    /// The run of a cell to where the smoothed margin is `until`.
    ///
    /// # Errors
    /// A cell without weights, and a flow that does not come there.
    pub fn new(cell: &Cell, seed: u64, until: f64) -> Result<Self> {
        let (d, m, part) = (cell.d(), cell.m(), cell.part.as_str());
        let mut examples = Examples::cube(d)?;
        if part == "random" {
            examples.y = coins(&mut cell.stream(seed, "labels"), examples.y.len());
        }
        let half = if part == "paired" { m.div_ceil(2) } else { m };
        let drawn = weights(&mut cell.stream(seed, "weights"), half, d);
        let sign = |j: usize, c: usize| if c == 0 && j >= half { -1.0 } else { 1.0 };
        let w = Mat::from_fn(m, d + 1, |j, c| sign(j, c) * drawn[(j % half, c)]);
        let loss = loss(cell);
        let flow = Flow::new(examples.x.as_ref(), &examples.y, loss, Par::Seq)?;
        let (mut points, accuracy) = (Vec::new(), Accuracy { tolerance: STEP, steps: MOST });
        let run = flow.run(flow.point(w.as_ref())?, f64::INFINITY, accuracy, &mut |point| {
            points.push(point.clone());
            if point.levels.smoothed < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(Self { examples, loss, points, drift: run.drift, steps: run.steps })
    }

    /// With the hypothesis that `a_j² − ‖v_j‖²` changed by no more than the steps may err.
    pub fn kept(&self, out: Measurement) -> Measurement {
        let detail = format!("to {:.0e} of ‖W‖²/m in {} steps", self.drift, self.steps);
        out.hypothesis("a_j² − ‖v_j‖² kept", self.drift <= 2.0 * self.steps as f64 * STEP, detail)
    }

    /// How far the step that ended at a point may have put u wrong: the gradient of u is Σ c_i φ_i, and
    /// `‖φ_i‖ ≤ ‖W‖/√m`.
    pub fn step_error(point: &Point) -> f64 {
        STEP * point.levels.weights.iter().sum::<f64>() * point.square()
            / (point.weights.nrows() as f64).sqrt()
    }
}

/// What moves at a point of a flow, with all rounding, in the time τ in which `dW/dτ = Σ c_i φ_i`.
pub struct Motion {
    /// u and ‖W‖².
    pub levels: [Ball; 2],
    /// `Σ c_i p_i`, which is nB/|ℓ'(u)|.
    pub along: Ball,
    /// `‖Σ c_i φ_i‖²`, from the Gram matrix of the gradients.
    pub speed: Ball,
    /// `Σ c_i φ_i`.
    pub velocity: Mat<f64>,
}

impl Motion {
    /// At a point with these examples.
    ///
    /// A margin errs by m + d + 8 roundings of at most `‖a‖‖V‖/√m ≤ ‖W‖²/2√m`, and u by as much, by n + 16
    /// roundings of 1 + |u| in the sum and the logarithms; a weight c_i, relative to it, by what p_i and u
    /// err and by 16 roundings of them. The entries of the Gram matrix are at most ‖W‖²/m.
    ///
    /// # Errors
    /// None for a point of these examples.
    pub fn new(point: &Point, on: &Examples) -> Result<Self> {
        let (w, c, p) = (point.weights.as_ref(), &point.levels.weights, &point.margins);
        let (m, n, d) = (w.nrows(), p.len(), on.x.ncols());
        let (square, u) = (point.square(), point.levels.smoothed);
        let gradients = Gradients::new(w, on.x.as_ref(), &on.y, Par::Seq)?;
        let (gram, total) = (gradients.gram()?, c.iter().sum::<f64>());
        let largest = p.iter().fold(u.abs(), |most, p| most.max(p.abs()));
        let of_p = rounding::sum(m, d + 8) * square / (m as f64).sqrt();
        let of_u = total.max(1.0) * of_p + 2.0 * rounding::sum(n, 16) * (1.0 + u.abs());
        let of_c = of_p + of_u + rounding::sum(16, 0) * (1.0 + 2.0 * largest);
        let dot = |a: &[f64], b: &dyn Fn(usize) -> f64| (0..n).map(|i| a[i] * b(i)).sum::<f64>();
        let form = dot(c, &|i| dot(c, &|k| gram[(i, k)]));
        let moduli = total * total * square / m as f64;
        let mut velocity = Mat::zeros(m, d + 1);
        for (i, c) in c.iter().enumerate() {
            velocity += Scale(*c) * gradients.gradient(i)?;
        }
        Ok(Self {
            levels: [Ball::new(u, of_u), Ball::relative(square, rounding::sum(m * (d + 1), 2))],
            along: Ball::new(dot(c, &|i| p[i]), total * (of_p + largest * (of_c + rounding::sum(n, 2)))),
            speed: Ball::new(form, moduli * (2.0 * of_c + rounding::sum(m + 2 * n, 2 * d + 16))),
            velocity,
        })
    }

    /// The rates of u and of ‖W‖² in τ by central differences along the velocity, between kinks: steps h and
    /// 2h extrapolated to 0, with what they differ by and the rounding of u and ‖W‖² as the error.
    ///
    /// # Errors
    /// None for the point and the flow at which this was made.
    pub fn differences(&self, flow: &Flow<'_>, point: &Point, on: &Examples) -> Result<[Ball; 2]> {
        let (w, m, d) = (&point.weights, point.weights.nrows(), on.x.ncols());
        let values = |a: &Mat<f64>| &on.x * a.as_ref().subcols(1, d).transpose();
        let (at, along) = (values(w), values(&self.velocity));
        // Margins move by at most ‖W‖ times the speed, over √m.
        let scale = (m as f64 / (point.square() * self.velocity.squared_norm_l2())).sqrt();
        let mut h = f64::EPSILON.cbrt() * scale;
        for (j, i) in (0..m).flat_map(|j| (0..at.nrows()).map(move |i| (j, i))) {
            h = h.min(0.25 * (at[(i, j)] / along[(i, j)]).abs());
        }
        let at = |h: f64| -> Result<[f64; 2]> {
            let point = flow.point((w + Scale(h) * &self.velocity).as_ref())?;
            Ok([point.levels.smoothed, point.square()])
        };
        let [far_below, below, above, far_above] = [at(-2.0 * h)?, at(-h)?, at(h)?, at(2.0 * h)?];
        Ok([0, 1].map(|of| {
            let near = (above[of] - below[of]) / (2.0 * h);
            let far = (far_above[of] - far_below[of]) / (4.0 * h);
            Ball::new((4.0 * near - far) / 3.0, (far - near).abs() + 1.5 * self.levels[of].error / h)
        }))
    }
}
