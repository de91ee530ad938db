//! *I: identities.* Constants of statements that hold for every even m and every W0, at k = 1.
//!
//! With c_σ = max(radial, tangential) and λ0 = λ_0(σ″): for signs S, `E_S(R1 + R2)(SW)` is the sum over
//! neurons of `‖w‖²(t² radial + (1−t²) tangential)/m`, t the cosine of w and the weight, so c_σ is the least
//! constant. W_Q has `‖w_r‖² = 2√m |α_i|/(|λ0| p/R)` for p/R neurons r of each term i (R divides p), and m =
//! 2p; this gives 4R|α_i|/(|λ0|√m), the sum of squares 2√m Σ|α_i|/|λ0|, and the sum of fourth powers
//! 8RΣα_i²/λ0². R1 of W* is R1 of SW_Q, so `E_S R1(W*) ≤ c_σ‖W_Q‖²/m = 2c_σΣ|α_i|/(|λ0|√m)`; E_X R3 = R1,
//! and R2 of W_L is at most E f_k². For every d at once, c_σ ≤ S_1², with 0 as lower end, and λ0² is
//! enclosed as in C2.

use super::ball::Ball;
use super::certificate::{Certificate, Dimension};
use super::chebyshev::Approximation;
use super::every_d::{Quantity, bounds, supremum};
use super::zonal::Zonal;
use super::{Rejection, reject};
use num_bigint::BigInt;

/// The constants c_σ and |λ0|.
pub struct Constants {
    c_sigma: Ball,
    lambda0: Ball,
}

impl Constants {
    /// The constants in the dimensions of the certificate: obligation I1.
    pub fn new(certificate: &Certificate<'_>, approximation: &Approximation) -> Result<Self, Rejection> {
        let (c_sigma, lambda0) = match certificate.dimension {
            Dimension::One(d) => {
                let zonal = Zonal::new(approximation, d);
                let (r, t) = (zonal.radial(), zonal.tangential());
                let max = Ball::between(&r.lower().max(t.lower()), &r.upper().max(t.upper()));
                (max, zonal.lambda(2, 0).abs())
            }
            Dimension::Every { d0, d1 } => {
                let square = Quantity::named("assumption-3-sigma2", 0).map_or_else(
                    || reject("I1", "no such quantity"),
                    |q| bounds(q, certificate, approximation, [d0, d1]),
                )?;
                let sup = supremum(certificate.activation, 1).square().upper();
                (Ball::between(&BigInt::ZERO, &sup), square.root())
            }
        };
        if lambda0.inverse().is_none() {
            return reject("I1", "lambda_0(sigma'') is not shown to differ from 0, and W_Q divides by it");
        }
        Ok(Self { c_sigma, lambda0 })
    }

    /// The constant of a claim.
    pub fn constant(&self, quantity: &str) -> Option<Ball> {
        let inverse = self.lambda0.inverse()?;
        match quantity {
            "random-signs" => Some(self.c_sigma.clone()),
            "lemma-1-norm" => Some(inverse.square().times(8)),
            "escape" => Some(inverse.times(4)),
            "theorem-2" => Some((&self.c_sigma * &inverse).times(2).not_negative()),
            _ => None,
        }
    }
}
