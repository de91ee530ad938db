//! The matrix `A`, assembled entry by entry.

use super::Covariance;
use crate::product::vectorised;
use faer::Mat;
use rayon::prelude::*;

impl Covariance {
    /// The pd × pd matrix `A` of blocks `M(w_r·w_s)`, component-major: the entry for coordinate i of neuron
    /// r and coordinate j of neuron s is at `(i·p + r, j·p + s)`. The eigenvalues of Σ are those of `A`
    /// times 2/m, and pd zeros.
    ///
    /// The cost is p² kernel evaluations and about 9p²d² flops, and the memory 8p²d² bytes. The matrix is
    /// exactly symmetric.
    pub fn assemble(&self) -> Mat<f64> {
        let (p, d) = (self.p(), self.d());
        let mut a = Mat::zeros(p * d, p * d);
        // The d columns of each neuron s.
        let mut columns: Vec<Vec<&mut [f64]>> = (0..p).map(|_| Vec::with_capacity(d)).collect();
        for (index, column) in a.col_iter_mut().filter_map(|c| c.try_as_col_major_mut()).enumerate() {
            columns[index % p].push(column.as_slice_mut());
        }
        columns
            .into_par_iter()
            .enumerate()
            .for_each_init(|| Scratch::new(p), |scratch, (s, columns)| self.columns_of(s, columns, scratch));
        a
    }

    /// The columns (s, j) of `A` for one neuron s.
    fn columns_of(&self, s: usize, columns: Vec<&mut [f64]>, scratch: &mut Scratch) {
        let (p, w) = (self.p(), &self.weights);
        let Scratch { t, f2, f3, e, g } = scratch;
        vectorised(|| {
            t.fill(0.0);
            for i in 0..self.d() {
                t.iter_mut().zip(w.col_as_slice(i)).for_each(|(t, u)| *t += u * w[(s, i)]);
            }
        });
        self.profile().fill(t, [f2, f3, e, g]);
        vectorised(|| {
            for (j, column) in columns.into_iter().enumerate() {
                let (uj, vj) = (w.col_as_slice(j), w[(s, j)]);
                for (i, x) in column.chunks_exact_mut(p).enumerate() {
                    let (ui, vi) = (w.col_as_slice(i), w[(s, i)]);
                    let vivj = vi * vj;
                    for r in 0..p {
                        // Products of weights first: each is the same number at the mirrored entry.
                        x[r] = e[r] * (ui[r] * uj[r] + vivj) + g[r] * (ui[r] * vj) + f3[r] * (vi * uj[r]);
                    }
                    if i == j {
                        x.iter_mut().zip(f2.iter()).for_each(|(x, f2)| *x += f2);
                    }
                }
            }
        });
    }
}

struct Scratch {
    t: Vec<f64>,
    f2: Vec<f64>,
    f3: Vec<f64>,
    e: Vec<f64>,
    g: Vec<f64>,
}

impl Scratch {
    fn new(p: usize) -> Self {
        let [t, f2, f3, e, g] = [(); 5].map(|()| vec![0.0; p]);
        Self { t, f2, f3, e, g }
    }
}
