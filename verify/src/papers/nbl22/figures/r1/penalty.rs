//! λ1 R1 in a step: its value and its gradient.

use super::FRESH;
use crate::papers::nbl22::figures::figure_1::{
    Bits, Settings,
    data::{self, Data, KEY},
    projector::{Exact, Kept},
    training::Descent,
};
use anyhow::Result;
use escapement::covariance::CovarianceOperator;
use escapement::eigen::{DEFAULT_MEMORY, TopSpace};
use escapement::seed;
use escapement::training::{Fresh, SampleBasis, Value};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// λ1 R1, as the settings have it.
pub(super) struct Penalty<'a> {
    lambda: f64,
    seed: u64,
    settings: Settings,
    how: How<'a>,
}

enum How<'a> {
    /// On fresh inputs, those of a step the same for all λ1.
    Estimated(&'a SampleBasis, usize),
    /// Through Σ.
    Exact(Box<CovarianceOperator<'a>>, &'a TopSpace),
}

impl<'a> Penalty<'a> {
    /// λ1 R1 for the runs of a seed.
    pub fn new<T: Bits>(
        settings: &Settings,
        seed: u64,
        data: &Data,
        kept: &'a Kept<T>,
        lambda: f64,
    ) -> Self {
        let how = match kept {
            Kept::Sample(sample) => How::Estimated(sample, data.net.d()),
            Kept::Exact(exact) => How::Exact(Box::new(operator(exact)), &exact.top),
        };
        Self { lambda, seed, settings: *settings, how }
    }

    /// Leaves the gradient of the whole objective in `descent`; the value of the rest of it, and R1 where
    /// it is `recorded` or not free.
    ///
    /// # Errors
    /// An objective that is not finite.
    pub fn evaluate<T: Bits>(
        &self,
        descent: &mut Descent<T>,
        step: u64,
        recorded: bool,
    ) -> Result<(Value, Option<f64>)> {
        let anew = crate::figure::due(step);
        if self.lambda == 0.0 && !recorded {
            return Ok((descent.evaluate(anew)?, None));
        }
        match &self.how {
            How::Estimated(sample, d) => self.estimated(descent, sample, *d, step),
            How::Exact(operator, top) => {
                let value = descent.evaluate_whole(anew)?;
                let (w, gradient) = descent.parts();
                Ok((value, Some(exact(operator, top, self.lambda, w, gradient, self.settings.par()))))
            }
        }
    }

    fn estimated<T: Bits>(
        &self,
        descent: &mut Descent<T>,
        sample: &SampleBasis,
        d: usize,
        step: u64,
    ) -> Result<(Value, Option<f64>)> {
        let (par, b) = (self.settings.par(), FRESH as f64);
        let rng = &mut seed::stream(self.seed, KEY, &format!("fresh inputs of step {step}"));
        let x = data::inputs(self.settings.variant, rng, FRESH, d);
        let fresh = Fresh::new(descent.problem(), sample, x.as_ref(), par)?;
        let w = descent.w().to_owned();
        let (mut r1, mut slopes) = (0.0, Vec::new());
        let value = descent.evaluate_with(&mut |f_linear, out| {
            let beyond = fresh.beyond(w.transpose(), f_linear, par);
            r1 = beyond.iter().map(|f| f * f).sum::<f64>() / b;
            slopes = beyond.iter().map(|f| 2.0 * self.lambda / b * f).collect();
            if self.lambda > 0.0 {
                fresh.carry(&slopes, out, par);
            }
            Ok(())
        })?;
        if self.lambda > 0.0 {
            fresh.add_gradient(&slopes, descent.parts().1, par);
        }
        Ok((value, Some(r1)))
    }
}

/// Σ as an operator. Beyond degree 1, kernel matrices in f32 are as good as what is trained in f32.
pub fn operator<T: Bits>(Exact { cov, .. }: &Exact<T>) -> CovarianceOperator<'_> {
    let single = T::BYTES == size_of::<f32>();
    if single { cov.mixed_operator(DEFAULT_MEMORY) } else { cov.operator(DEFAULT_MEMORY) }
}

/// R1 and its gradient ±(2/m)Aũ, see [`beyond`], times λ1 added to `gradient` (`[d, m]`).
fn exact<T: Bits>(
    operator: &CovarianceOperator<'_>,
    top: &TopSpace,
    lambda: f64,
    w: MatRef<'_, T>,
    mut gradient: MatMut<'_, T>,
    par: Par,
) -> f64 {
    let (r1, au) = beyond(operator, top, w, par);
    if lambda > 0.0 {
        let (p, m) = (top.p(), 2.0 * top.p() as f64);
        for r in 0..p {
            for c in 0..top.d() {
                let add = T::nearest(2.0 * lambda / m * au[(c * p + r, 0)]);
                gradient[(c, r)] += add;
                gradient[(c, p + r)] -= add;
            }
        }
    }
    r1
}

/// `R1 = vec(W)ᵀ Σ_{>r} vec(W) = (1/m) ũᵀAũ` from Wᵀ (`w`, `[d, m]`), ũ what is left of the difference of
/// the halves of W beyond the top eigenvectors; and Aũ, `[pd, 1]`.
pub fn beyond<T: Bits>(
    operator: &CovarianceOperator<'_>,
    top: &TopSpace,
    w: MatRef<'_, T>,
    par: Par,
) -> (f64, Mat<f64>) {
    let (p, d) = (top.p(), top.d());
    let mut u = Mat::<f64>::from_fn(p * d, 1, |k, _| {
        let (c, r) = (k / p, k % p);
        Into::<f64>::into(w[(c, r)]) - Into::<f64>::into(w[(c, p + r)])
    });
    let mut inner = Mat::<f64>::zeros(top.rank(), 1);
    matmul(inner.as_mut(), Accum::Replace, top.vectors().transpose(), u.as_ref(), 1.0, par);
    matmul(u.as_mut(), Accum::Add, top.vectors(), inner.as_ref(), -1.0, par);
    let mut au = Mat::<f64>::zeros(p * d, 1);
    operator.multiply_roughly(u.as_ref(), au.as_mut(), par);
    let m = 2.0 * p as f64;
    (u.col_as_slice(0).iter().zip(au.col_as_slice(0)).map(|(u, a)| u * a).sum::<f64>() / m, au)
}
