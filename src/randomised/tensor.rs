//! Sums of powers of inputs as symmetric tensors: their injective norms by search, and norms that are easy.

use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::gaussian::hermite::factorial;
use crate::network::{PairedNetwork, check_labels};
use crate::product::{clear_registers, matmul};
use crate::{Error, Result, eigen, error, rounding};

/// Most entries of a tensor that is written out: 128 MiB.
const MOST: f64 = 16_777_216.0;
/// Rows of features in one product.
const STRIP: usize = 256;
/// A start has arrived where what is left of the gradient along the sphere is this part of it.
const ARRIVED: f64 = 1e-10;

/// `T = n^{-1} Σ_i c_i x_i^{⊗k}` for n numbers c_i and n inputs in R^d.
///
/// The form is `T(u^k) = n^{-1} Σ_i c_i (x_i·u)^k`, and the *injective norm* is the largest |T(u^k)| over
/// unit vectors u. For k = 2 it is an operator norm. For k ≥ 3 no fast algorithm is known, and
/// [`SignedTensor::search`] climbs from many starts: what it finds is attained, and a lower estimate. The
/// norms of matrices and vectors made of the same entries, [`SignedTensor::flattening`] and
/// [`SignedTensor::frobenius`], are upper estimates.
///
/// ```
/// use escapement::randomised::SignedTensor;
/// use faer::mat;
/// // x_1³ − x_2³ is largest along an axis, and the flattening has two singular values 1.
/// let x = mat![[1.0, 0.0], [0.0, 1.0]];
/// let tensor = SignedTensor::new(3, x.as_ref(), &[2.0, -2.0])?;
/// let (largest, u) = tensor.search(1.0, mat![[0.6, -0.1], [-0.3, -0.9]].as_ref(), 100)?;
/// assert!((largest - 1.0).abs() < 1e-12 && (tensor.form(&u)? - largest).abs() < 1e-12);
/// assert!((tensor.flattening()? - 1.0).abs() < 1e-12);
/// assert!((tensor.frobenius() - 2.0_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SignedTensor<'a> {
    order: usize,
    x: MatRef<'a, f64>,
    c: &'a [f64],
    /// All d^k entries where they make products cheaper: the first index runs fastest.
    entries: Option<Vec<f64>>,
}

impl<'a> SignedTensor<'a> {
    /// The tensor of this order for inputs `x` (`[n, d]`) and factors `c` (`[n]`). It is written out where
    /// d^{k−1} ≤ n, at `2nd^k` flops; forms then cost 2d^k flops in place of 4nd.
    ///
    /// # Errors
    /// [`Error::Domain`] for an order below 2 or above 60; no inputs, a number of factors that is not n, or
    /// a number that is not finite.
    pub fn new(order: usize, x: MatRef<'a, f64>, c: &'a [f64]) -> Result<Self> {
        if !(2..=60).contains(&order) {
            return Err(Error::domain("the order of the tensor", order, "it is at least 2 and at most 60"));
        }
        error::finite("the inputs", x)?;
        check_labels(c, x.nrows())?;
        if x.ncols() == 0 {
            return Err(Error::shape("the inputs", [x.nrows(), 0], "n, d ≥ 1"));
        }
        let mut out = Self { order, x, c, entries: None };
        if (x.ncols() as f64).powi(order as i32 - 1) <= x.nrows() as f64 && out.size() <= MOST {
            out.entries = Some(out.write()?);
        }
        Ok(out)
    }

    fn size(&self) -> f64 {
        (self.x.ncols() as f64).powi(self.order as i32)
    }

    /// All entries, from products of features of order ⌊k/2⌋ and ⌈k/2⌉.
    fn write(&self) -> Result<Vec<f64>> {
        if self.size() > MOST {
            let allowed = format!("a tensor of at most {MOST} entries is written out");
            return Err(Error::domain("the number d^k of entries", self.size(), allowed));
        }
        let (n, [low, high]) = (self.x.nrows(), self.halves());
        let mut entries = vec![0.0; low * high];
        for start in (0..n).step_by(STRIP) {
            let x = self.x.subrows(start, STRIP.min(n - start));
            let mut left = features(x, self.order / 2);
            for (mut row, c) in left.row_iter_mut().zip(&self.c[start..]) {
                row *= faer::Scale(c / n as f64);
            }
            let right = features(x, self.order.div_ceil(2));
            let out = MatMut::from_column_major_slice_mut(&mut entries, low, high);
            matmul(out, Accum::Add, left.transpose(), right.as_ref(), 1.0, Par::Seq);
        }
        Ok(entries)
    }

    /// `d^{⌊k/2⌋}` and `d^{⌈k/2⌉}`.
    fn halves(&self) -> [usize; 2] {
        [self.order / 2, self.order.div_ceil(2)].map(|a| self.x.ncols().pow(a as u32))
    }

    /// `T(u^{k−1})` for every column u (`[d, s]`): the gradient of the form divided by k.
    fn contract(&self, u: MatRef<'_, f64>) -> Mat<f64> {
        let (n, d, count) = (self.x.nrows(), self.x.ncols(), u.ncols());
        let mut out = Mat::zeros(d, count);
        let Some(entries) = &self.entries else {
            let mut along = Mat::zeros(n, count);
            matmul(along.as_mut(), Accum::Replace, self.x, u, 1.0, Par::Seq);
            for s in 0..count {
                let terms = along.col_as_slice_mut(s).iter_mut().zip(self.c);
                terms.for_each(|(z, c)| *z = c / n as f64 * z.powi(self.order as i32 - 1));
            }
            matmul(out.as_mut(), Accum::Replace, self.x.transpose(), along.as_ref(), 1.0, Par::Seq);
            return out;
        };
        let mut rows = entries.len() / d;
        let mut all = Mat::zeros(rows, count);
        let t = MatRef::from_column_major_slice(entries, rows, d);
        matmul(all.as_mut(), Accum::Replace, t, u, 1.0, Par::Seq);
        while rows > d {
            let next = Mat::from_fn(rows / d, count, |i, s| {
                let (column, u) = (all.col_as_slice(s), u.col(s));
                (0..d).map(|j| column[i + j * (rows / d)] * u[j]).sum::<f64>()
            });
            (all, rows) = (next, rows / d);
        }
        all
    }

    /// `T(u^k)` for `u` (`[d]`).
    ///
    /// # Errors
    /// A vector of another length, or an entry that is not finite.
    ///
    /// # Accuracy
    /// [`SignedTensor::rounding`] for unit vectors.
    pub fn form(&self, u: &[f64]) -> Result<f64> {
        let u = self.check(MatRef::from_row_major_slice(u, 1, u.len()))?;
        Ok(dot(self.contract(u.transpose()).col_as_slice(0), u.row(0).iter()))
    }

    fn check<'b>(&self, u: MatRef<'b, f64>) -> Result<MatRef<'b, f64>> {
        error::finite("the vectors u", u)?;
        if u.ncols() == self.x.ncols() && u.nrows() > 0 {
            return Ok(u);
        }
        Err(Error::shape("the vectors u", [u.nrows(), u.ncols()], format!("s ≥ 1, d = {}", self.x.ncols())))
    }

    /// The largest `sign·T(u^k)` over unit vectors that a climb finds from these starts (the rows of
    /// `starts`, `[s, d]`, of any length but 0) in at most `steps` steps, and where. It is attained up to
    /// [`SignedTensor::rounding`], and no more than a lower estimate of the maximum.
    ///
    /// A step goes from u to the direction of `sign·T(u^{k−1}) + αu`, the power iteration with a shift α
    /// (Kolda and Mayo, *Shifted power method for computing tensor eigenpairs*, 2011). The shift of each
    /// start grows when a step would lower the form, which then is not made, and shrinks otherwise.
    ///
    /// # Errors
    /// Starts of another dimension, none, one that is 0, or an entry that is not finite.
    pub fn search(&self, sign: f64, starts: MatRef<'_, f64>, steps: usize) -> Result<(f64, Vec<f64>)> {
        let mut u = self.check(starts)?.transpose().to_owned();
        for s in 0..u.ncols() {
            let length = u.col(s).norm_l2();
            if length == 0.0 {
                return Err(Error::domain(format!("the length of start {s}"), 0, "it must be positive"));
            }
            u.col_as_slice_mut(s).iter_mut().for_each(|u| *u /= length);
        }
        let mut g = self.contract(u.as_ref());
        let value = |u: &Mat<f64>, g: &Mat<f64>, s: usize| sign * dot(g.col_as_slice(s), u.col(s).iter());
        let mut at: Vec<f64> = (0..u.ncols()).map(|s| value(&u, &g, s)).collect();
        let mut shift: Vec<f64> = (0..u.ncols()).map(|s| g.col(s).norm_l2()).collect();
        for _ in 0..steps {
            let mut next =
                Mat::from_fn(u.nrows(), u.ncols(), |i, s| sign * g[(i, s)] + shift[s] * u[(i, s)]);
            let mut arrived = true;
            for s in 0..u.ncols() {
                let length = next.col(s).norm_l2();
                let rest = (g.col(s).squared_norm_l2() - at[s] * at[s]).max(0.0).sqrt();
                arrived &= at[s] >= 0.0 && rest <= ARRIVED * at[s];
                next.col_as_slice_mut(s).iter_mut().for_each(|u| *u /= length.max(f64::MIN_POSITIVE));
            }
            if arrived {
                break;
            }
            let along = self.contract(next.as_ref());
            for s in 0..u.ncols() {
                let there = value(&next, &along, s);
                if there >= at[s] {
                    (at[s], shift[s]) = (there, 0.5 * shift[s]);
                    u.col_mut(s).copy_from(next.col(s));
                    g.col_mut(s).copy_from(along.col(s));
                } else {
                    shift[s] = 4.0 * shift[s] + g.col(s).norm_l2();
                }
            }
        }
        let best = (1..at.len()).fold(0, |best, s| if at[s] > at[best] { s } else { best });
        Ok((at[best], u.col_as_slice(best).to_vec()))
    }

    /// The operator norm of the entries as a matrix `[d^{⌊k/2⌋}, d^{⌈k/2⌉}]`, which is at least the
    /// injective norm.
    ///
    /// # Errors
    /// [`Error::Domain`] for more than 2^24 entries, and a decomposition that does not converge.
    ///
    /// # Accuracy
    /// [`SignedTensor::rounding`] times `d^{⌊k/2⌋/2}`.
    pub fn flattening(&self) -> Result<f64> {
        let (entries, [low, high]) = (self.written()?, self.halves());
        let t = MatRef::from_column_major_slice(&entries, low, high);
        let mut square = Mat::zeros(low, low);
        matmul(square.as_mut(), Accum::Replace, t, t.transpose(), 1.0, Par::Seq);
        Ok(eigen::full_eigenvalues(square.as_ref(), Par::Seq)?[0].max(0.0).sqrt())
    }

    /// The Euclidean norm of the entries, `n^{-1} (Σ_ij c_i c_j (x_i·x_j)^k)^{1/2}`: from the entries where
    /// they are written out, and from the n² inner products elsewhere.
    ///
    /// # Accuracy
    /// [`SignedTensor::rounding`] times two from entries. From inner products the square errs by as many
    /// roundings relative to `(n^{-1} Σ_i |c_i| ‖x_i‖^k)²`.
    pub fn frobenius(&self) -> f64 {
        if let Some(entries) = &self.entries {
            return entries.iter().map(|t| t * t).sum::<f64>().sqrt();
        }
        let gram = self.x * self.x.transpose();
        clear_registers();
        let mut sum = 0.0;
        for (i, c) in self.c.iter().enumerate() {
            let terms = gram.col_as_slice(i).iter().zip(self.c);
            sum += c * terms.map(|(g, c)| c * g.powi(self.order as i32)).sum::<f64>();
        }
        sum.max(0.0).sqrt() / self.x.nrows() as f64
    }

    fn written(&self) -> Result<Vec<f64>> {
        self.entries.clone().map_or_else(|| self.write(), Ok)
    }

    /// A bound on the error of a form at a unit vector: roundings relative to `n^{-1} Σ_i |c_i| ‖x_i‖^k`.
    pub fn rounding(&self) -> f64 {
        let (n, d, k) = (self.x.nrows(), self.x.ncols(), self.order);
        let lengths = self.x.row_iter().map(|x| x.norm_l2().powi(k as i32));
        let size: f64 = lengths.zip(self.c).map(|(length, c)| c.abs() * length).sum::<f64>() / n as f64;
        rounding::sum(n, k * (d + 4)) * size
    }
}

/// `x_i^{⊗order}` as row i.
fn features(x: MatRef<'_, f64>, order: usize) -> Mat<f64> {
    (1..order).fold(x.to_owned(), |below, _| {
        let (rows, size) = (below.nrows(), below.ncols());
        let mut out = Mat::zeros(rows, size * x.ncols());
        for (c, j) in (0..x.ncols()).flat_map(|j| (0..size).map(move |c| (c, j))) {
            let column = out.col_as_slice_mut(j * size + c).iter_mut();
            column.zip(below.col_as_slice(c)).enumerate().for_each(|(i, (out, f))| *out = f * x[(i, j)]);
        }
        out
    })
}

fn dot<'b>(a: &[f64], b: impl Iterator<Item = &'b f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest `n^{-1} Σ_i c_i f^{(k)}(x_i; W)` that a search finds on `‖W‖_{2,2k} = (Σ_r ‖w_r‖^{2k})^{1/2k}
/// ≤ 1`, and a W (`[m, d]`) that attains it. The supremum is `(1/k!)(m^{-1} Σ_r τ_r²)^{1/2}`, with the
/// maximum τ_r of a_r T_r(u^k) over unit vectors, or 0 if that is negative, and `T_r = n^{-1} Σ_i c_i
/// σ^{(k)}(w_{0,r}·x_i) x_i^{⊗k}`: by the inequality of Cauchy and Schwarz, with equality where w_r is along
/// the maximiser and ‖w_r‖^k ∝ τ_r. The search is that of [`SignedTensor::search`] for each neuron, from the
/// rows of `starts` (`[s, d]`); so the value is a lower estimate for k ≥ 3, and goes with `‖W‖_{2,2k}^k`.
///
/// # Errors
/// [`Error::Unsupported`] where the activation has no formula for σ^{(k)}; as [`SignedTensor::new`] and
/// [`SignedTensor::search`].
pub fn searched_maximiser(
    net: &PairedNetwork,
    order: usize,
    [x, starts]: [MatRef<'_, f64>; 2],
    c: &[f64],
    steps: usize,
) -> Result<(f64, Mat<f64>)> {
    net.activation().require_derivative(order)?;
    net.check_inputs(x)?;
    check_labels(c, x.nrows())?;
    let (p, d) = (net.p(), net.d());
    let mut along = x * net.weights().transpose();
    clear_registers();
    let (mut w, mut squares) = (Mat::zeros(2 * p, d), 0.0);
    for r in 0..p {
        for (z, c) in along.col_as_slice_mut(r).iter_mut().zip(c) {
            *z = c * net.activation().derivative(order, *z).unwrap_or(f64::NAN);
        }
        let tensor = SignedTensor::new(order, x, along.col_as_slice(r))?;
        for row in [r, p + r] {
            let (largest, u) = tensor.search(net.sign(row), starts, steps)?;
            let largest = largest.max(0.0);
            squares += largest * largest;
            let length = largest.powf((order as f64).recip());
            u.iter().enumerate().for_each(|(i, u)| w[(row, i)] = length * u);
        }
    }
    let size = squares.powf(-0.5 / order as f64);
    let w = if squares > 0.0 { w * faer::Scale(size) } else { w };
    Ok(((squares / net.m() as f64).sqrt() / factorial(order), w))
}
