//! The fit of labels by a ReLU network: loss, gradient and steps.

use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

use super::network::ReluNetwork;
use crate::network::passes::{Inputs, kernels};
use crate::product::columns;
use crate::real::Real;
use crate::{Error, Result, network};

/// The most inputs in a tile. With 100 neurons a tile of Z has 200 kB in f32.
const ROWS: usize = 512;
/// The most parts into which the tiles are grouped for the threads to share. The sums of the parts are added
/// in order, so that the bits of the result do not depend on the thread count.
const PARTS: usize = 16;

/// A tile of inputs, each followed by a one, and their labels.
#[derive(Debug, Clone)]
struct Tile<T: Real> {
    /// X̃, `[rows, d + 1]`.
    x: Inputs<T>,
    y: Vec<T>,
}

/// The fit of labels at inputs by a ReLU network, with the square loss. It holds n(2d + 3) numbers of type
/// T.
#[derive(Debug, Clone)]
pub struct ReluProblem<T: Real> {
    tiles: Vec<Tile<T>>,
    n: usize,
    d: usize,
}

/// The buffers of a step. They serve every problem with no more inputs whose network has the same shape.
#[derive(Debug)]
pub struct ReluWorkspace<T: Real> {
    parts: Vec<Part<T>>,
    gradient: ReluNetwork<T>,
}

/// The sums over the tiles of a part, and scratch for one tile.
#[derive(Debug)]
struct Part<T: Real> {
    /// Z, and then the matrix that X̃ᵀ is multiplied with for the gradient: `[rows, m]`.
    z: Mat<T>,
    /// u, `[d + 1, m]`.
    u: Mat<T>,
    f: Vec<T>,
    g: Vec<T>,
    /// Σ g_i.
    offset: f64,
    /// Σ (f_i − y_i)².
    square: f64,
}

impl<T: Real> ReluProblem<T> {
    /// The problem of fitting the labels `y` (n values) at the rows of `x` (`[n, d]`).
    ///
    /// # Errors
    /// No inputs, lengths that do not fit, an entry that is not finite.
    pub fn new(x: MatRef<'_, f64>, y: &[f64]) -> Result<Self> {
        let (n, d) = (x.nrows(), x.ncols());
        if n == 0 || d == 0 {
            return Err(Error::shape("the inputs", [n, d], "n ≥ 1, d ≥ 1"));
        }
        if y.len() != n {
            return Err(Error::shape("the labels", [y.len(), 1], format!("n = {n}, 1")));
        }
        network::finite("the inputs", x)?;
        network::finite("the labels", MatRef::from_column_major_slice(y, n, 1))?;
        let count = n.div_ceil(ROWS);
        let tile = |index: usize| {
            let (start, end) = (index * n / count, (index + 1) * n / count);
            let entry = |i: usize, c: usize| T::nearest(if c < d { x[(start + i, c)] } else { 1.0 });
            let rows = end - start;
            Tile {
                x: Inputs::new(rows, d + 1, entry),
                y: y[start..end].iter().map(|y| T::nearest(*y)).collect(),
            }
        };
        Ok(Self { tiles: (0..count).map(tile).collect(), n, d })
    }

    /// The number n of inputs.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The buffers of a step with networks of the shape of `net`: 512·m numbers for each of at most 16
    /// parts.
    pub fn workspace(&self, net: &ReluNetwork<T>) -> ReluWorkspace<T> {
        let rows = ROWS.min(self.n);
        let part = || Part {
            z: columns(rows, net.m()),
            u: Mat::zeros(net.d() + 1, net.m()),
            f: vec![T::default(); rows],
            g: vec![T::default(); rows],
            offset: 0.0,
            square: 0.0,
        };
        let parts = (0..self.parts()).map(|_| part()).collect();
        ReluWorkspace { parts, gradient: net.zeros_like() }
    }

    /// The loss `(1/n) Σ_i (f(x_i) − y_i)²`.
    ///
    /// # Errors
    /// A shape or a workspace does not fit; a weight is not finite; [`Error::Numerical`] where the loss
    /// overflows.
    ///
    /// # Accuracy
    /// The error of f is at most `(d + m + 4)u` times the sum of its absolute terms, with the unit roundoff
    /// u of T. Squares are summed in f64.
    pub fn loss(&self, net: &ReluNetwork<T>, space: &mut ReluWorkspace<T>, par: Par) -> Result<f64> {
        self.pass(net, space, par, false)
    }

    /// Returns the loss, and writes its gradient to `gradient`, a network of the same shape whose numbers
    /// are ignored.
    ///
    /// # Errors
    /// Those of [`ReluProblem::loss`].
    ///
    /// # Accuracy
    /// Beside the effect of the error of f, the error of an entry of u_r is at most `(n/16 + 16)` unit
    /// roundoffs of T times the sum of its absolute terms. An input with `z_ir = 0` counts as below the
    /// kink.
    pub fn loss_and_gradient(
        &self,
        net: &ReluNetwork<T>,
        gradient: &mut ReluNetwork<T>,
        space: &mut ReluWorkspace<T>,
        par: Par,
    ) -> Result<f64> {
        let loss = self.pass(net, space, par, true)?;
        gradient.check()?;
        fits("the gradient", (gradient.d(), gradient.m()), net)?;
        let parts = &space.parts[..self.parts()];
        gradient.offset = T::nearest(parts.iter().map(|part| part.offset).sum());
        for r in 0..net.m() {
            let to = gradient.first.col_as_slice_mut(r);
            to.fill(T::default());
            for part in parts {
                to.iter_mut().zip(part.u.col_as_slice(r)).for_each(|(to, u)| *to += *u);
            }
            let products = to
                .iter()
                .zip(net.first.col_as_slice(r))
                .map(|(u, w)| Into::<f64>::into(*u) * Into::<f64>::into(*w));
            gradient.second[r] = T::nearest(products.sum());
            to.iter_mut().for_each(|to| *to = net.second[r] * *to);
        }
        Ok(loss)
    }

    /// Takes a step of gradient descent, `θ ← θ − η∇`, on all weights θ of both layers, and returns the loss
    /// before the step.
    ///
    /// # Errors
    /// Those of [`ReluProblem::loss`]; the network is then as it was.
    pub fn descend(
        &self,
        net: &mut ReluNetwork<T>,
        eta: f64,
        space: &mut ReluWorkspace<T>,
        par: Par,
    ) -> Result<f64> {
        let mut gradient = std::mem::replace(&mut space.gradient, ReluNetwork::nothing());
        let loss = self.loss_and_gradient(net, &mut gradient, space, par);
        if loss.is_ok() {
            net.step(eta, &gradient);
        }
        space.gradient = gradient;
        loss
    }

    /// The number of parts: 16, or the number of tiles if that is smaller.
    fn parts(&self) -> usize {
        self.tiles.len().min(PARTS)
    }

    /// Computes all sums over the inputs in the parts of the workspace, and returns the loss.
    fn pass(
        &self,
        net: &ReluNetwork<T>,
        space: &mut ReluWorkspace<T>,
        par: Par,
        gradient: bool,
    ) -> Result<f64> {
        net.check()?;
        fits("the problem", (self.d, net.m()), net)?;
        let u = &space.parts[0].u;
        fits("the workspace", (u.nrows() - 1, u.ncols()), net)?;
        net.finite()?;
        let (count, rows) = (self.parts(), self.tiles.iter().map(|tile| tile.y.len()).max().unwrap_or(0));
        if space.parts.len() < count || space.parts[0].f.len() < rows {
            let allowed = format!("the problem has {} inputs", self.n);
            return Err(Error::domain("the workspace", "one for fewer inputs", allowed));
        }
        let tiles = |index: usize| {
            &self.tiles[index * self.tiles.len() / count..(index + 1) * self.tiles.len() / count]
        };
        let task =
            |(index, part): (usize, &mut Part<T>)| part.add(tiles(index), self.n as f64, net, gradient);
        let parts = &mut space.parts[..count];
        match par {
            _ if count == 1 => parts.iter_mut().enumerate().for_each(task),
            Par::Seq => parts.iter_mut().enumerate().for_each(task),
            _ => parts.par_iter_mut().enumerate().for_each(task),
        }
        let loss = parts.iter().map(|part| part.square).sum::<f64>() / self.n as f64;
        if !loss.is_finite() {
            return Err(Error::Numerical {
                what: "the evaluation of the loss",
                why: format!("it is {loss}"),
            });
        }
        Ok(loss)
    }
}

impl<T: Real> Part<T> {
    /// Computes the sums over these tiles.
    fn add(&mut self, tiles: &[Tile<T>], n: f64, net: &ReluNetwork<T>, gradient: bool) {
        (self.offset, self.square) = (0.0, 0.0);
        for (index, tile) in tiles.iter().enumerate() {
            let rows = tile.y.len();
            let mut z = self.z.as_mut().subrows_mut(0, rows);
            tile.x.along(0..rows, net.first.as_ref(), z.as_mut());
            let f = &mut self.f[..rows];
            kernels::add_relu(z.as_ref(), &net.second, net.offset, f);
            let g = &mut self.g[..rows];
            for i in 0..rows {
                let miss = Into::<f64>::into(f[i]) - Into::<f64>::into(tile.y[i]);
                g[i] = T::nearest(2.0 / n * miss);
                self.square += miss * miss;
                self.offset += Into::<f64>::into(g[i]);
            }
            if gradient {
                kernels::mask_relu(z.as_mut(), g);
                let accum = if index == 0 { Accum::Replace } else { Accum::Add };
                tile.x.against(0..rows, z.as_ref(), (self.u.as_mut(), accum));
            }
        }
    }
}

/// Refuses an object for networks of dimension d and width m where `net` has another shape.
fn fits<T: Real>(name: &'static str, (d, m): (usize, usize), net: &ReluNetwork<T>) -> Result<()> {
    if (d, m) == (net.d(), net.m()) {
        return Ok(());
    }
    Err(Error::shape(name, [d, m], format!("d = {}, m = {}", net.d(), net.m())))
}
