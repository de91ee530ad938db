//! Learning by the regularised loss, as the claims about samples use it: one network with its Σ, λ_i in units
//! of `1/R_i(W*)`, gradient descent, and the population square loss of what is linear in W, exact.

use crate::claim::cell::Cell;
use crate::error::Result;
use crate::papers::nbl22::letters::{Letters, N};
use escapement::construct::w_l::feature_moments;
use escapement::construct::{self, LowDegree, Target, signs};
use escapement::covariance::Covariance;
use escapement::descent::{Descended, DescentOptions, DescentState, LossLandscape, descend};
use escapement::eigen::{self, TopSpace};
use escapement::kernel::ridge::Zonals;
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::sphere::{Truncation, cumulative_dimension, uniform_sphere};
use faer::{Mat, MatRef, Par};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Length of each neuron of the start. W = 0 is stationary for f_Q alone, and there for directions that leave
/// the top space in general: the start is small, and random.
const START: f64 = 0.01;

/// A network, its Σ with the top eigenspace, a target.
pub(super) struct Learner {
    pub(super) net: PairedNetwork,
    pub(super) cov: Covariance,
    pub(super) top: TopSpace,
    pub(super) target: Target,
    /// The target as zonals.
    pub(super) zonals: Zonals,
    /// `E φ f*` on the distinct neurons, `[pd, 1]`.
    moments: Mat<f64>,
    /// `E_S R_i(W*)`, R3 on average over inputs, where it is R1.
    scales: [f64; 4],
    start: Mat<f64>,
}

impl Learner {
    /// The network, the start and W* from the streams of `cell`, whose n and part do not enter: a sweep over
    /// samples keeps them.
    pub(super) fn new(cell: &Cell, seed: u64, target: Target) -> Result<Self> {
        let group = cell.clone().part(String::new()).without(N);
        let sigma = escapement::activation::parse(&cell.activation)?;
        let net = PairedNetwork::random(
            &mut group.stream(seed, "weights"),
            cell.m() / 2,
            cell.d(),
            Arc::clone(&sigma),
        )?;
        let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
        let rank = cumulative_dimension(cell.d(), cell.k())?;
        let (top, _) = TopSpace::of(&cov, rank, Par::Seq)?;
        let zonals = Zonals::of(&target)?;
        let whole = Target::new(
            cell.d(),
            zonals.degree().max(1),
            LowDegree::Zonal(zonals.terms().to_vec()),
            Vec::new(),
        )?;
        let moments = feature_moments(&cov, &whole, Par::Seq)?;
        let (l, q) = (construct::w_l(&cov, &top, &target, Par::Seq)?, construct::w_q(&net, &target)?.w);
        let start = uniform_sphere(&mut group.stream(seed, "start"), cell.m(), cell.d(), START);
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: start.as_ref().subrows(0, 1) };
        let all =
            [cov.diagonal_forms(q.as_ref())?, top.diagonal_forms(q.as_ref())?].map(|f| f.iter().sum::<f64>());
        let r1 = all[0] - all[1];
        let r2 = signs::expected_r2(of, l.as_ref(), q.as_ref(), Par::Seq)?;
        let scales = [r1, r2, r1, signs::expected_r4(l.as_ref(), q.as_ref())?];
        Ok(Self { net, cov, top, target, zonals, moments, scales, start })
    }

    /// `λ_i = ε·factor_i/R_i(W*)`, as the proof of Corollary 1 uses them up to the factors.
    pub(super) fn lambda(&self, epsilon: f64, factors: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|i| epsilon * factors[i] / self.scales[i])
    }

    /// The regularisers on the inputs `x`.
    pub(super) fn regularizers<'a>(&'a self, x: MatRef<'a, f64>) -> Regularizers<'a> {
        Regularizers { cov: &self.cov, top: &self.top, net: &self.net, x }
    }

    /// Gradient descent on the pseudo-Huber L_λ of `model` at the inputs `x` with labels f*, from the small
    /// start, for `steps` steps.
    pub(super) fn train(
        &self,
        x: MatRef<'_, f64>,
        model: Model,
        lambda: [f64; 4],
        steps: u64,
    ) -> Result<Descended> {
        let y = self.target.value(x)?;
        let loss = RegularizedLoss::new(
            self.regularizers(x),
            &y,
            Loss::PseudoHuber,
            lambda,
            model,
            eigen::DEFAULT_MEMORY,
            Par::Seq,
        )?;
        let options = DescentOptions { max_steps: steps, ..DescentOptions::default() };
        let state = DescentState::new(self.start.clone(), &options);
        Ok(descend(
            &mut LossLandscape::new(&loss),
            state,
            &options,
            &mut |_| ControlFlow::Continue(()),
            Par::Seq,
        )?)
    }

    /// `[E f_L(x; W)², E f_L(x; W) f*(x), E f*²]`: exact but for the truncation of Σ.
    pub(super) fn linear_moments(&self, w: MatRef<'_, f64>) -> Result<[f64; 3]> {
        Ok(self.linear_moments_of_difference(self.cov.antisymmetric(w)?.as_ref()))
    }

    /// The same for a displacement known by the difference u of its halves, component-major `[pd, 1]`.
    pub(super) fn linear_moments_of_difference(&self, u: MatRef<'_, f64>) -> [f64; 3] {
        let mut au = Mat::zeros(self.cov.order(), 1);
        self.cov.operator(eigen::DEFAULT_MEMORY).multiply(u, au.as_mut(), Par::Seq);
        let dot = |a: MatRef<'_, f64>, b: &Mat<f64>| (a.transpose() * b)[(0, 0)];
        let truth = (0..=self.zonals.degree()).map(|j| self.zonals.second_moment(j)).sum();
        [dot(u, &au) / self.cov.m() as f64, dot(u, &self.moments), truth]
    }
}
