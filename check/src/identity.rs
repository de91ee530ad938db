//! *I: identities.* Constants of statements that hold for every even m and every W0, at k = 1.
//!
//! With c_σ = max(radial, tangential) and λ0 = λ_0(σ″): for signs S, `E_S(R1 + R2)(SW)` is the sum over
//! neurons of `‖w‖²(t² radial + (1−t²) tangential)/m`, t the cosine of w and the weight, so c_σ is the least
//! constant. W_Q has `‖w_r‖² = 2√m |α_i|/(|λ0| p/R)` for p/R neurons r of each term i (R divides p), and m =
//! 2p; this gives 4R|α_i|/(|λ0|√m), the sum of squares 2√m Σ|α_i|/|λ0|, and the sum of fourth powers
//! 8RΣα_i²/λ0². R1 of W* is R1 of SW_Q, so `E_S R1(W*) ≤ c_σ‖W_Q‖²/m = 2c_σΣ|α_i|/(|λ0|√m)`; E_X R3 = R1,
//! and R2 of W_L is at most E f_k². For every d at once, c_σ ≤ S_1², with 0 as lower end, and λ0² is
//! enclosed as in C2.

use super::{Approximation, BigInt, Checked, Claim, Interval, every_d, need};

/// The constants of the claims: obligation I1.
pub fn enclosures(of: &Approximation<'_>) -> Checked<Vec<Interval>> {
    let certificate = of.certificate;
    let (c_sigma, lambda0) = if certificate.d1.is_some() {
        let high = every_d::supremum(certificate.activation, 1).square().high;
        (Interval { low: BigInt::ZERO, high }, every_d::bounds(of, 2, 0)?.root())
    } else {
        let [_, radial, tangential] = of.energies(certificate.d);
        let [low, high] = [radial.low.max(tangential.low), radial.high.max(tangential.high)];
        (Interval { low, high }, of.lambda(2, certificate.d, 0).abs())
    };
    let inverse = need(lambda0.inverse(), "I1", "lambda_0(sigma'') is not shown to differ from 0")?;
    let constant = |claim: &Claim<'_>| match claim.quantity {
        "random-signs" => c_sigma.clone(),
        "lemma-1-norm" => inverse.square().times(8),
        "escape" => inverse.times(4),
        _ => (&c_sigma * &inverse).times(2),
    };
    Ok(certificate.claims.iter().map(constant).collect())
}
