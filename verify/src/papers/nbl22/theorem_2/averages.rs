//! Averages over S of the regularisers at W* of an instance.

use crate::error::Result;
use crate::papers::nbl22::instance::Instance;
use escapement::ball::Ball;
use escapement::construct::{frobenius_sq, signs};
use faer::Par;

impl Instance {
    /// `E_S [R1, R2, R3, R4]`. W_L lies in the top space, so that R1(W_L) = 0.
    ///
    /// A form of rank ρ and norm δ moves `Σ_r Q_rr[w_r, w_r]` by at most ρδ·max‖w_r‖², and both Σ_{≤r} and
    /// what was computed for it have rank n_k.
    ///
    /// # Errors
    /// The inputs of the instance are empty.
    pub fn averages(&self) -> Result<[Ball; 4]> {
        let (l, q) = (self.w_l.as_ref(), self.w_q.w.as_ref());
        let (all, low) = (self.cov.diagonal_forms(q)?, self.top.diagonal_forms(q)?);
        let r1 = all.iter().zip(&low).map(|(a, b)| a - b).sum::<f64>();
        let r2 = signs::expected_r2(self.regularizers(), l, q, Par::Seq)?;
        let r3 = signs::expected_r3(self.regularizers(), l, q, Par::Seq)?;
        let r4 = signs::expected_r4(l, q)?;

        let (m, d, n_k) = (self.cov.m() as f64, self.cov.d() as f64, self.top.rank() as f64);
        let (tail, form) = (self.cov.truncation_bound(), self.top.form_error());
        let row = (0..self.cov.m()).map(|r| self.w_q.w.row(r).squared_norm_l2()).fold(0.0, f64::max);
        let (l, q) = (frobenius_sq(l), frobenius_sq(q));
        let unit = self.summation();
        let low = 2.0 * n_k * form * row + form * l;
        let sup = self.net.activation().suprema()[1].value;
        // A turn of Π moves φ, of norm at most √d·sup|σ'|, and W_L by its share.
        let features = self.top.turn() * d.sqrt() * sup;
        let shift = features * (row + l).sqrt() + unit * (r3.sqrt() + sup * (d * l).sqrt());
        // ‖·‖_{2,4} moves by no more than W_L does; R4 is its eighth power.
        let turned = self.top.solution_error() * self.target.low_second_moment().sqrt();
        Ok([
            Ball::new(r1, low + (tail + unit * self.cov.trace()) * q / m),
            Ball::new(r2, low + unit * r2),
            Ball::new(r3, shift * (2.0 * r3.sqrt() + shift)),
            Ball::new(r4, unit * r4 + turned * 8.0 * (r4.powf(0.125) + turned).powi(7)),
        ])
    }
}
