//! The exact mean of the Hessian of L_λ over random signs.

use faer::{MatRef, Par};

use super::signs::mean_beyond;
use crate::Result;
use crate::objective::Hessian;

/// `E_S ∇²L_λ(W)[SV, SV]` at the W of `hessian`, for `v` of shape `[m, d]` and independent fair signs, one
/// for each of the m neurons, twins included. The mean is the form of the block diagonal of the Hessian H,
/// `Σ_r v_rᵀ H_rr v_r`. NBL22's Lemma 3 takes V = W*.
///
/// The part of L̂ is `E_n[ℓ'' m^{-1} Σ_r s_r²(v_r·x)² + ℓ' m^{-1/2} Σ_r a_r q_r (v_r·x)²]` with the slopes s
/// and curvatures q of the model. The parts of R1, R2 and R3 are twice the block-diagonal terms of their
/// means over signs, see [`crate::construct::signs`]. The part of R4 is
/// `2Σ_r [(4‖w_r‖² w_r·v_r)² + T(8(w_r·v_r)² + 4‖w_r‖²‖v_r‖²)]`, `T = Σ_s ‖w_s‖⁴`. Derived for this project.
///
/// The cost is about that of a gradient. The first call for a loss also computes `⟨v_i, φ(x)⟩` at the inputs
/// for the eigenvectors v_i of the top space, in `2n·pd·r` flops.
///
/// # Errors
/// The shape of `v` is not `[m, d]`, or an entry is not finite.
///
/// # Accuracy
/// The relative difference from an enumeration of all 2^m signs is below 1e-12. The part of R1 is the
/// difference of forms of Σ and Σ_{≤r}, and has an absolute error of a few roundings of the part of R2.
pub fn expected_hessian_form(hessian: &Hessian<'_>, v: MatRef<'_, f64>, par: Par) -> Result<f64> {
    let objective = hessian.objective();
    let (of, [l1, l2, l3, l4]) = (objective.regularizers(), objective.lambda());
    of.net.check_displacement(v)?;
    let mut form = hessian.diagonal_of_loss(v, par);
    let overlaps = of.top.neuron_overlaps(v)?;
    if l1 != 0.0 || l2 != 0.0 {
        let whole: f64 = of.cov.diagonal_forms(v)?.iter().sum();
        let columns = of.top.eigenvalues().iter().enumerate();
        let low: f64 =
            columns.map(|(i, l)| l * overlaps.col_as_slice(i).iter().map(|o| o * o).sum::<f64>()).sum();
        form += 2.0 * (l1 * (whole - low) + l2 * low);
    }
    if l3 != 0.0 {
        form += 2.0 * l3 * mean_beyond(of, objective.coordinates(par)?, overlaps.as_ref(), v, par)?;
    }
    if l4 != 0.0 {
        form += l4 * hessian.diagonal_of_r4(v);
    }
    Ok(form)
}
