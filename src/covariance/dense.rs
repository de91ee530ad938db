//! The dense route: `A` assembled entry by entry.

use super::Covariance;
use faer::Mat;

impl Covariance {
    /// `A`, the pd × pd matrix of blocks `M(w_r·w_s)`, component-major: the entry of (neuron r, coordinate i) and (s, j) is at
    /// `(i·p + r, j·p + s)`. The eigenvalues of Σ are `(2/m)·λ(A)` and pd zeros.
    ///
    /// Cost: p²/2 kernel evaluations and about 4p²d² flops; 8p²d² bytes. Symmetric to the last bit.
    pub fn assemble(&self) -> Mat<f64> {
        let (p, d) = (self.p(), self.d());
        let w = self.weights();
        let mut a = Mat::zeros(p * d, p * d);
        let mut t = vec![0.0; p];
        for s in 0..p {
            // Column s of W Wᵀ below the diagonal; the rest follows from symmetry.
            let rows = s..p;
            let t = &mut t[..rows.len()];
            for (t, r) in t.iter_mut().zip(rows) {
                *t = (0..d).map(|i| w[(r, i)] * w[(s, i)]).sum();
            }
            self.profile().for_each(t, |index, _, kernel| {
                let r = s + index;
                for j in 0..d {
                    for i in 0..d {
                        let (ui, uj, vi, vj) = (w[(r, i)], w[(r, j)], w[(s, i)], w[(s, j)]);
                        let mut x = kernel.e * (ui * uj + vi * vj) + kernel.g * ui * vj + kernel.f3 * vi * uj;
                        if i == j {
                            x += kernel.f2;
                        }
                        a[(i * p + r, j * p + s)] = x;
                        a[(j * p + s, i * p + r)] = x;
                    }
                }
            });
        }
        a
    }
}
