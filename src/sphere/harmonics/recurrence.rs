//! The recurrence over dimensions that computes values and gradients of the harmonics at a block of points.

use super::HarmonicBasis;
use faer::prelude::{IntoConst, ReborrowMut};
use faer::{MatMut, MatRef};
use pulp::NullaryFnOnce;

/// Points that are handled together: enough for vector loops, and so few that a block of columns stays in
/// cache.
pub(super) const BLOCK: usize = 128;

impl HarmonicBasis {
    /// Fills one block of points: the values in `planes[0]`, and component i of the gradient in
    /// `planes[1 + i]` where gradients are asked for.
    #[inline(always)]
    fn fill(&self, work: &mut Workspace, rows: usize, planes: &mut [MatMut<'_, f64>]) {
        self.circle(work, rows, planes);
        for k in 3..=self.d {
            work.radial(k, self.max_degree, rows);
            for j in 1..=self.max_degree {
                let mut child = self.starts[j] + self.counts[k - 1][j];
                for l in (0..j).rev() {
                    let ratio =
                        (l..j).map(|i| (self.d + 2 * i) as f64 / (k + 2 * i) as f64).product::<f64>().sqrt();
                    for parent in self.starts[l]..self.starts[l] + self.counts[k - 1][l] {
                        work.child(k, l, j - l, ratio, rows, planes, parent, child);
                        child += 1;
                    }
                }
            }
        }
        if planes.len() > 1 {
            for j in 1..=self.max_degree {
                for col in self.level(j) {
                    let (values, gradients) = planes.split_at_mut(1);
                    let y = column(&values[0], col);
                    for (i, g) in gradients.iter_mut().enumerate() {
                        for ((g, y), x) in column_mut(g, col).iter_mut().zip(y).zip(work.coordinate(i)) {
                            *g -= j as f64 * y * x;
                        }
                    }
                }
            }
        }
    }

    /// Fills the harmonics of the first two coordinates, the real and imaginary parts of
    /// `√2 (x_1 + i x_2)^j` scaled to unit norm on the whole sphere, and sets the rest of the gradients to
    /// zero.
    #[inline(always)]
    fn circle(&self, work: &Workspace, rows: usize, planes: &mut [MatMut<'_, f64>]) {
        for g in planes[1..].iter_mut() {
            g.fill(0.0);
        }
        column_mut(&mut planes[0], 0).fill(1.0);
        let (x, y) = (work.coordinate(0), work.coordinate(1));
        for j in 1..=self.max_degree {
            let (re, im) = (self.starts[j], self.starts[j] + 1);
            // From degree j−1; the factor √2 enters at j = 1.
            let (before, imaginary) = (self.starts[j - 1], self.starts[j - 1] + 1);
            let i = j - 1;
            let scale =
                ((self.d + 2 * i) as f64 / (2 + 2 * i) as f64 * if j == 1 { 2.0 } else { 1.0 }).sqrt();
            for r in 0..rows {
                let (a, b) = (planes[0][(r, before)], if j == 1 { 0.0 } else { planes[0][(r, imaginary)] });
                planes[0][(r, re)] = scale * (a * x[r] - b * y[r]);
                planes[0][(r, im)] = scale * (a * y[r] + b * x[r]);
                if planes.len() > 1 {
                    // d/dx (x+iy)^j = j (x+iy)^{j−1}, d/dy = i times that.
                    let (a, b) = (scale * j as f64 * a, scale * j as f64 * b);
                    planes[1][(r, re)] = a;
                    planes[1][(r, im)] = b;
                    planes[2][(r, re)] = -b;
                    planes[2][(r, im)] = a;
                }
            }
        }
    }
}

/// [`HarmonicBasis::fill`] for the widest vector registers.
pub(super) struct Fill<'a, 'p> {
    pub(super) basis: &'a HarmonicBasis,
    pub(super) work: &'a mut Workspace,
    pub(super) rows: usize,
    pub(super) planes: &'a mut [MatMut<'p, f64>],
}

impl NullaryFnOnce for Fill<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.basis.fill(self.work, self.rows, self.planes);
    }
}

/// Scratch for one block of points: every buffer is `[item][point]` with contiguous points.
pub(super) struct Workspace {
    rows: usize,
    d: usize,
    /// `x[i]`, coordinates.
    x: Vec<f64>,
    /// `ρ_k = x_1² + … + x_k²` for the k in hand.
    rho: Vec<f64>,
    /// `Q_n^{(k+2l)}` at `(l, n)`, `l + n ≤ J`: see [`Workspace::q`].
    q: Vec<f64>,
    max_degree: usize,
}

impl Workspace {
    pub(super) fn new(basis: &HarmonicBasis) -> Self {
        let pairs = (basis.max_degree + 1) * (basis.max_degree + 2) / 2;
        let sized = |items: usize| vec![0.0; items * BLOCK];
        Self {
            rows: BLOCK,
            d: basis.d,
            x: sized(basis.d),
            rho: sized(1),
            q: sized(pairs),
            max_degree: basis.max_degree,
        }
    }

    pub(super) fn load(&mut self, points: MatRef<'_, f64>) {
        self.rows = points.nrows();
        for i in 0..self.d {
            for r in 0..self.rows {
                self.x[i * BLOCK + r] = points[(r, i)];
            }
        }
        for r in 0..self.rows {
            self.rho[r] = self.x[r] * self.x[r] + self.x[BLOCK + r] * self.x[BLOCK + r];
        }
    }

    fn coordinate(&self, i: usize) -> &[f64] {
        &self.x[i * BLOCK..i * BLOCK + self.rows]
    }

    /// The index of `(l, n)` in `q`: ordered by l, and for each l by n = 0 to J − l.
    fn at(&self, l: usize, n: usize) -> usize {
        (l * (2 * self.max_degree + 3 - l) / 2 + n) * BLOCK
    }

    /// Fills the Q for dimension `k` by `b_{n+1} Q_{n+1} = t Q_n − b_n ρ Q_{n−1}`.
    #[inline(always)]
    fn radial(&mut self, k: usize, max_degree: usize, rows: usize) {
        // `rho` holds ρ_{k−1}, beginning with ρ_2 from `load`.
        for r in 0..rows {
            self.rho[r] += self.x[(k - 1) * BLOCK + r] * self.x[(k - 1) * BLOCK + r];
        }
        for l in 0..=max_degree {
            let dim = (k + 2 * l) as f64;
            let b = |n: usize| {
                let n = n as f64;
                (n * (n + dim - 3.0) / ((2.0 * n + dim - 2.0) * (2.0 * n + dim - 4.0))).sqrt()
            };
            let start = self.at(l, 0);
            self.q[start..start + rows].fill(1.0);
            let t = &self.x[(k - 1) * BLOCK..(k - 1) * BLOCK + rows];
            for n in 0..max_degree - l {
                let at = self.at(l, n);
                let (done, next) = self.q.split_at_mut(at + BLOCK);
                let next = &mut next[..rows];
                let here = &done[at..at + rows];
                let up = 1.0 / b(n + 1);
                if n == 0 {
                    for r in 0..rows {
                        next[r] = up * t[r] * here[r];
                    }
                } else {
                    let (below, down) = (&done[at - BLOCK..at - BLOCK + rows], b(n) * up);
                    for r in 0..rows {
                        next[r] = up * t[r] * here[r] - down * self.rho[r] * below[r];
                    }
                }
            }
        }
    }

    /// Fills column `child` from column `parent`, the harmonic H, with `ratio · Q_n^{(k+2l)} · H`, and its
    /// derivatives.
    ///
    /// `∂_t Q_n^{(D)} = √(n(n+D−2)D/(D−1)) Q_{n−1}^{(D+2)}` and `∂_ρ Q_n^{(D)} = −½ √(D
    /// n(n−1)(2n+D−2)/((D−1)(2n+D−4))) Q_{n−2}^{(D+2)}`, from the generating function
    /// `(1 − 2tu + ρu²)^{−λ}`, `λ = D/2 − 1`.
    #[allow(clippy::too_many_arguments)]
    #[inline(always)]
    fn child(
        &self,
        k: usize,
        l: usize,
        n: usize,
        ratio: f64,
        rows: usize,
        planes: &mut [MatMut<'_, f64>],
        parent: usize,
        child: usize,
    ) {
        let at = |l: usize, n: usize| &self.q[self.at(l, n)..self.at(l, n) + rows];
        let q = at(l, n);
        let (values, gradients) = planes.split_at_mut(1);
        let h = {
            let (done, fresh) = values[0].rb_mut().split_at_col_mut(child);
            let (h, y) = (into_column(done.into_const(), parent), into_column_mut(fresh, 0));
            for r in 0..rows {
                y[r] = ratio * q[r] * h[r];
            }
            h
        };
        if gradients.is_empty() {
            return;
        }
        let (dim, deg) = ((k + 2 * l) as f64, n as f64);
        let along = ratio * (deg * (deg + dim - 2.0) * dim / (dim - 1.0)).sqrt();
        // This is twice ∂_ρ Q, because ∂ρ/∂x_i = 2x_i.
        let shrink = -ratio
            * (dim * deg * (deg - 1.0) * (2.0 * deg + dim - 2.0) / ((dim - 1.0) * (2.0 * deg + dim - 4.0)))
                .sqrt();
        let q_t = at(l + 1, n - 1);
        let mut both = [0.0; BLOCK];
        if n >= 2 {
            for (both, (q, h)) in both.iter_mut().zip(at(l + 1, n - 2).iter().zip(h)) {
                *both = shrink * q * h;
            }
        }
        for (i, g) in gradients.iter_mut().enumerate().take(k) {
            let x = self.coordinate(i);
            let (done, fresh) = g.rb_mut().split_at_col_mut(child);
            let (h_i, g) = (into_column(done.into_const(), parent), into_column_mut(fresh, 0));
            if i + 1 < k {
                for r in 0..rows {
                    g[r] = ratio * q[r] * h_i[r] + both[r] * x[r];
                }
            } else {
                for r in 0..rows {
                    g[r] = along * q_t[r] * h[r] + both[r] * x[r];
                }
            }
        }
    }
}

/// A column as a slice. The planes have unit row stride, which `run` ensures.
fn into_column(m: MatRef<'_, f64>, col: usize) -> &[f64] {
    m.col(col).try_as_col_major().map_or(&[], |c| c.as_slice())
}

fn into_column_mut(m: MatMut<'_, f64>, col: usize) -> &mut [f64] {
    m.col_mut(col).try_as_col_major_mut().map_or(&mut [], |c| c.as_slice_mut())
}

fn column<'a>(m: &'a MatMut<'_, f64>, col: usize) -> &'a [f64] {
    into_column(m.as_ref(), col)
}

fn column_mut<'a>(m: &'a mut MatMut<'_, f64>, col: usize) -> &'a mut [f64] {
    into_column_mut(m.as_mut(), col)
}
