//! Learning by the regularised loss, as the claims about samples use it: one network with its Σ, λ_i in
//! units of `1/R_i(W*)`, gradient descent, and the population square loss of what is linear in W, exact.

use crate::claim::Cell;
use crate::error::Result;
use crate::papers::nbl22::instance::{self, Instance};
use crate::papers::nbl22::letters::N;
use escapement::construct::w_l::feature_moments;
use escapement::construct::{LowDegree, Target, signs};
use escapement::descent::{Descended, DescentOptions, DescentState, LossLandscape, descend};
use escapement::eigen;
use escapement::kernel::ridge::Zonals;
use escapement::network::Model;
use escapement::objective::{Loss, RegularizedLoss};
use escapement::sphere::{Truncation, uniform_sphere};
use faer::{Mat, MatRef, Par};
use std::ops::ControlFlow;

/// Length of each neuron of the start. W = 0 is stationary for f_Q alone, and there for directions that
/// leave the top space in general: the start is small, and random.
const START: f64 = 0.01;

/// An instance that learns its target.
pub(super) struct Learner {
    pub(super) built: Instance,
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
        let start = uniform_sphere(&mut group.stream(seed, "start"), cell.m(), cell.d(), START);
        let zonals = Zonals::of(&target)?;
        let low = LowDegree::Zonal(zonals.terms().to_vec());
        let whole = Target::new(cell.d(), zonals.degree().max(1), low, Vec::new())?;
        let net = instance::network(&group, seed, "weights")?;
        // R2 does not look at the inputs, of which there must be one.
        let x = start.subrows(0, 1).to_owned();
        let built = Instance::of(net, target, Truncation::default(), x)?;
        let moments = feature_moments(&built.cov, &whole, Par::Seq)?;
        let (l, q) = (built.w_l.as_ref(), built.w_q.w.as_ref());
        let all =
            [built.cov.diagonal_forms(q)?, built.top.diagonal_forms(q)?].map(|f| f.iter().sum::<f64>());
        let r1 = all[0] - all[1];
        let r2 = signs::expected_r2(built.regularizers(), l, q, Par::Seq)?;
        let scales = [r1, r2, r1, signs::expected_r4(l, q)?];
        Ok(Self { built, zonals, moments, scales, start })
    }

    /// The small random start, `[m, d]`.
    pub(super) fn start(&self) -> &Mat<f64> {
        &self.start
    }

    /// `λ_i = ε·factor_i/R_i(W*)`, as the proof of Corollary 1 uses them up to the factors.
    pub(super) fn lambda(&self, epsilon: f64, factors: [f64; 4]) -> [f64; 4] {
        std::array::from_fn(|i| epsilon * factors[i] / self.scales[i])
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
        let y = self.built.target.value(x)?;
        let loss = RegularizedLoss::new(
            self.built.regularizers_on(x),
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
        Ok(self.linear_moments_of_difference(self.built.cov.antisymmetric(w)?.as_ref()))
    }

    /// The same for a displacement known by the difference u of its halves, component-major `[pd, 1]`.
    pub(super) fn linear_moments_of_difference(&self, u: MatRef<'_, f64>) -> [f64; 3] {
        let mut au = Mat::zeros(self.built.cov.order(), 1);
        self.built.cov.operator(eigen::DEFAULT_MEMORY).multiply(u, au.as_mut(), Par::Seq);
        let dot = |a: MatRef<'_, f64>, b: &Mat<f64>| (a.transpose() * b)[(0, 0)];
        let truth = (0..=self.zonals.degree()).map(|j| self.zonals.second_moment(j)).sum();
        [dot(u, &au) / self.built.cov.m() as f64, dot(u, &self.moments), truth]
    }
}
