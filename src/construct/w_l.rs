//! W_L, the displacement whose linear term f_L expresses the low-degree part of the target (NBL22 Lemma 2).

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::target::{LowDegree, Target, ZonalTerm};
use crate::covariance::{Covariance, HarmonicMap};
use crate::eigen::TopSpace;
use crate::sphere::{FeatureLevels, Gegenbauer};
use crate::{Error, Result};

/// The coefficients of `E[φ P_j(η·x̂)]` in the formula of [`ZonalMoment::add`]. [`ZonalMoment::exact`] gives
/// the right ones; tests falsify one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZonalMoment {
    /// `A_j/B_j`, before `w P_j(t)`.
    pub radial: f64,
    /// `C_j/B_j`, before `(η − t w) P_j'(t)`.
    pub tangential: f64,
    /// The coefficient 1 before `t w` in the tangential direction.
    pub projection: f64,
}

impl ZonalMoment {
    /// The coefficients for degree `j` of `levels`: `â_j/√B_j` and `ĉ_j √((d−1)/(j(j+d−2)))/√B_j`, which do
    /// not overflow.
    ///
    /// # Errors
    /// The levels stop below degree j.
    pub fn exact(levels: &FeatureLevels, j: usize) -> Result<Self> {
        let Some(level) = levels.levels.get(j) else {
            let allowed = format!("the zonal series of Σ stops at degree {}", levels.max_degree());
            return Err(Error::domain("the degree of the target", j, allowed));
        };
        let (d, deg, root) = (levels.d as f64, j as f64, level.dimension.sqrt());
        let tangential =
            if j == 0 { 0.0 } else { level.c_hat * ((d - 1.0) / (deg * (deg + d - 2.0))).sqrt() / root };
        Ok(Self { radial: level.a_hat / root, tangential, projection: 1.0 })
    }

    /// Adds `scale` times `√m a_r E[φ_r P_j(η·x̂)] = B_j^{-1}(A_j w P_j(t) + C_j (η − t w) P_j'(t))`,
    /// `t = w·η`, to the d entries of `out`, for the unit neuron `w`.
    pub fn add(&self, legendre: Gegenbauer, j: usize, scale: f64, w: &[f64], eta: &[f64], out: &mut [f64]) {
        let t: f64 = w.iter().zip(eta).map(|(a, b)| a * b).sum();
        let [value, slope, _] = legendre.jet(j, t);
        let across = scale * self.tangential * slope;
        let along = scale * self.radial * value - self.projection * t * across;
        for ((o, w), e) in out.iter_mut().zip(w).zip(eta) {
            *o += along * w + across * e;
        }
    }
}

/// `E[φ f_k]` on the p distinct neurons, component-major `[pd, 1]`. The part of a twin has the opposite
/// sign.
///
/// # Errors
/// The dimensions differ, or the zonal series of Σ stops below k.
pub fn feature_moments(cov: &Covariance, target: &Target, par: Par) -> Result<Mat<f64>> {
    if target.d() != cov.d() {
        return Err(Error::domain(
            "the dimension of the target",
            target.d(),
            format!("the network has d = {}", cov.d()),
        ));
    }
    match target.low() {
        LowDegree::Zonal(terms) => {
            let parts = terms.iter().map(|t| ZonalMoment::exact(cov.levels(), t.degree));
            zonal_moments(cov, terms, &parts.collect::<Result<Vec<_>>>()?)
        }
        LowDegree::Harmonic(c) => {
            // The series need not reach degrees where the target has no coefficients.
            let map = HarmonicMap::new(cov, target.k())?;
            let n = map.basis().len();
            if let Some(l) = (n..c.len()).find(|&l| c[l] != 0.0) {
                let allowed = format!("the zonal series of Σ stops at degree {}", cov.levels().max_degree());
                return Err(Error::domain("the index of a harmonic coefficient", l, allowed));
            }
            let z = Mat::from_fn(n, 1, |l, _| c[l]);
            let mut out = map.lift(z.as_ref(), par)?;
            let scale = (cov.m() as f64).sqrt().recip();
            out.col_as_slice_mut(0).iter_mut().for_each(|x| *x *= scale);
            Ok(out)
        }
    }
}

/// As [`feature_moments`], for a sum of zonal terms with the given coefficients of the formula, one set for
/// each term.
///
/// # Errors
/// The numbers of terms and of sets of coefficients differ.
pub fn zonal_moments(cov: &Covariance, terms: &[ZonalTerm], parts: &[ZonalMoment]) -> Result<Mat<f64>> {
    if terms.len() != parts.len() {
        return Err(Error::domain(
            "the number of coefficients",
            parts.len(),
            format!("one for each of the {} terms", terms.len()),
        ));
    }
    let (p, d) = (cov.p(), cov.d());
    let scale = (cov.m() as f64).sqrt().recip();
    let legendre = Gegenbauer::new(d)?;
    let mut out = Mat::zeros(p * d, 1);
    let (mut w, mut row) = (vec![0.0; d], vec![0.0; d]);
    for r in 0..p {
        for i in 0..d {
            w[i] = cov.weights()[(r, i)];
            row[i] = 0.0;
        }
        for (t, part) in terms.iter().zip(parts) {
            part.add(legendre, t.degree, scale * t.coefficient, &w, &t.eta, &mut row);
        }
        for i in 0..d {
            out[(i * p + r, 0)] = row[i];
        }
    }
    Ok(out)
}

/// W_L for the low-degree part of `target`, `[m, d]`: the solution of population least squares inside the
/// top eigenspace, `vec(W_L) = Σ_{i≤r} λ_i^{-1} v_i ⟨v_i, E[φ f_k]⟩`. Twins move oppositely.
///
/// Derived for this project; NBL22 Lemma 2 states that such a displacement exists.
///
/// # Errors
/// As [`feature_moments`]; the top space belongs to another network.
pub fn w_l(cov: &Covariance, top: &TopSpace, target: &Target, par: Par) -> Result<Mat<f64>> {
    w_l_from_moments(top, feature_moments(cov, target, par)?.as_ref(), par)
}

/// W_L, `[m, d]`, from `E[φ f_k]` (`[pd, 1]`, see [`feature_moments`]).
///
/// # Errors
/// The number of moments is not pd.
pub fn w_l_from_moments(top: &TopSpace, moments: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
    let (p, d, r) = (top.p(), top.d(), top.rank());
    if (moments.nrows(), moments.ncols()) != (p * d, 1) {
        let expected = format!("pd = {}, 1", p * d);
        return Err(Error::shape("the moments", [moments.nrows(), moments.ncols()], expected));
    }
    // ⟨v_i, (g, −g)⟩ = √2 q_i·g, and v_i carries q_i/√2 on the first half.
    let mut c = Mat::zeros(r, 1);
    matmul(c.as_mut(), Accum::Replace, top.vectors().transpose(), moments, 1.0, par);
    for (i, lambda) in top.eigenvalues().iter().enumerate() {
        c[(i, 0)] /= lambda;
    }
    let mut half = Mat::zeros(p * d, 1);
    matmul(half.as_mut(), Accum::Replace, top.vectors(), c.as_ref(), 1.0, par);
    Ok(Mat::from_fn(2 * p, d, |row, i| {
        let entry = half[(i * p + row % p, 0)];
        if row < p { entry } else { -entry }
    }))
}
