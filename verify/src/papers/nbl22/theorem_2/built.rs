//! Everything at W* of a cell, with its averages over S and their errors.

use crate::claim::cell::Cell;
use crate::error::Result;
use crate::papers::nbl22::letters::Letters;
use crate::papers::nbl22::targets;
use escapement::activation::{self, Activation};
use escapement::construct::signed_loss::{SignedModel, signed_model};
use escapement::construct::{self, Target, WQ, frobenius_sq};
use escapement::covariance::Covariance;
use escapement::eigen::{EigenPairs, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::rounding;
use escapement::sphere::{Truncation, cumulative_dimension, uniform_sphere};
use faer::{Mat, Par};
use std::sync::Arc;

/// Everything at W* of a cell.
pub(in crate::papers::nbl22) struct Built {
    pub(in crate::papers::nbl22) cov: Covariance,
    pub(in crate::papers::nbl22) pairs: EigenPairs,
    pub(in crate::papers::nbl22) top: TopSpace,
    pub(in crate::papers::nbl22) net: PairedNetwork,
    pub(in crate::papers::nbl22) target: Target,
    pub(in crate::papers::nbl22) w_l: Mat<f64>,
    pub(in crate::papers::nbl22) w_q: WQ,
    /// The inputs, `[n, d]`.
    pub(in crate::papers::nbl22) x: Mat<f64>,
}

impl Built {
    pub(in crate::papers::nbl22) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let sigma: Arc<dyn Activation> = activation::parse(&cell.activation)?;
        let net = PairedNetwork::random(
            &mut cell.stream(seed, "weights"),
            cell.m() / 2,
            cell.d(),
            Arc::clone(&sigma),
        )?;
        let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
        let n_k = cumulative_dimension(cell.d(), cell.k())?;
        let (top, pairs) = TopSpace::of(&cov, n_k, Par::Seq)?;
        let target = targets::drawn(cell, seed)?;
        let w_l = construct::w_l(&cov, &top, &target, Par::Seq)?;
        let w_q = construct::w_q(&net, &target)?;
        let x =
            uniform_sphere(&mut cell.stream(seed, "inputs"), cell.n(), cell.d(), (cell.d() as f64).sqrt());
        Ok(Self { cov, pairs, top, net, target, w_l, w_q, x })
    }

    /// `e_0 − f*` and c_r at every input.
    pub(in crate::papers::nbl22) fn model(&self) -> Result<SignedModel> {
        let mut model =
            signed_model(&self.net, self.x.as_ref(), self.w_l.as_ref(), self.w_q.w.as_ref(), Par::Seq)?;
        let y = self.target.value(self.x.as_ref())?;
        model.constant.iter_mut().zip(&y).for_each(|(e, y)| *e -= y);
        Ok(model)
    }

    /// The regularisers, R3 on the inputs of the cell.
    pub(in crate::papers::nbl22) fn regularizers(&self) -> Regularizers<'_> {
        Regularizers { cov: &self.cov, top: &self.top, net: &self.net, x: self.x.as_ref() }
    }

    /// `E_S [R1, R2, R3, R4]`. W_L lies in the top space, so that R1(W_L) = 0.
    pub(in crate::papers::nbl22) fn averages(&self) -> Result<[f64; 4]> {
        let (l, q) = (self.w_l.as_ref(), self.w_q.w.as_ref());
        let (all, low) = (self.cov.diagonal_forms(q)?, self.top.diagonal_forms(q)?);
        let r1 = all.iter().zip(&low).map(|(a, b)| a - b).sum::<f64>();
        Ok([
            r1,
            construct::signs::expected_r2(self.regularizers(), l, q, Par::Seq)?,
            construct::signs::expected_r3(self.regularizers(), l, q, Par::Seq)?,
            construct::signs::expected_r4(l, q)?,
        ])
    }

    /// Bounds on the errors of [`Built::averages`]. With T the sum of truncation and eigen-residual, Π moves
    /// by at most 2T/gap and Σ_{≤r} by T(1 + 2λ_1/gap), both of rank 2n_k; a form of rank ρ and norm δ moves
    /// `Σ_r Q_rr[w_r, w_r]` by at most ρδ·max‖w_r‖².
    pub(in crate::papers::nbl22) fn errors(&self, averages: &[f64; 4]) -> [f64; 4] {
        let (m, d, n_k) = (self.cov.m() as f64, self.cov.d() as f64, self.top.rank() as f64);
        let tail = self.cov.truncation_bound();
        let moved = tail + n_k.sqrt() * self.pairs.residual_max + self.pairs.rounding_bound();
        let (largest, gap) = (self.top.eigenvalues()[0], self.top.gap());
        let form = moved * (1.0 + 2.0 * largest / gap);
        let row = (0..self.cov.m()).map(|r| self.w_q.w.row(r).squared_norm_l2()).fold(0.0, f64::max);
        let (l, q) = (frobenius_sq(self.w_l.as_ref()), frobenius_sq(self.w_q.w.as_ref()));
        let unit = self.summation();
        let low = 2.0 * n_k * form * row;
        let sup = self.net.activation().suprema()[1].value;
        // Π moves φ, of norm at most √d·sup|σ'|, by this much, and W_L by its share.
        let features = 2.0 * moved / gap * d.sqrt() * sup;
        // W_L = Π Σ⁺ b with |b|² ≤ λ_1 E f_k² moves by this much, and with it ‖·‖_{2,4}, of which R4 is the
        // eighth power.
        let last = self.top.eigenvalues()[self.top.rank() - 1];
        let turned =
            moved / last * (2.0 * (largest * self.target.low_second_moment()).sqrt() / gap + l.sqrt());
        let shift = features * (row + l).sqrt() + unit * (averages[2].sqrt() + sup * (d * l).sqrt());
        [
            low + (tail + unit * self.cov.trace()) * q / m + form * l,
            low + form * l + unit * averages[1],
            shift * (2.0 * averages[2].sqrt() + shift),
            unit * averages[3] + turned * 8.0 * (averages[3].powf(0.125) + turned).powi(7),
        ]
    }

    /// A bound on the rounding of the quadratic model less the target at any input, and of means of it: sums
    /// of m terms whose moduli add up to at most `size`, in which f_k enters with |f_k|² ≤ n_k E f_k².
    pub(in crate::papers::nbl22) fn model_rounding(&self) -> f64 {
        let (m, d) = (self.cov.m() as f64, self.cov.d() as f64);
        let [_, first, second, _] = self.net.activation().suprema().map(|s| s.value);
        let (l, q) = (frobenius_sq(self.w_l.as_ref()), frobenius_sq(self.w_q.w.as_ref()));
        let sparse: f64 = self.target.sparse().iter().map(|t| t.alpha.abs()).sum::<f64>()
            * d.powf(0.5 * (self.target.k() + 1) as f64);
        let size = second * d * (l + q) / m.sqrt()
            + first * (d * (l + q)).sqrt()
            + sparse
            + (self.top.rank() as f64).sqrt();
        self.summation() * size
    }

    /// Relative rounding of a square of a sum of m terms with products of sums of d in each, averaged over
    /// the n inputs. Guaranteed: at k = 1 the terms are equal, and their roundings add up rather than average
    /// out.
    pub(in crate::papers::nbl22) fn summation(&self) -> f64 {
        2.0 * rounding::sum(self.cov.m() + self.x.nrows(), 2 * self.cov.d() + 16)
    }
}
