//! The width from which the network needs few samples.

use super::{Ball, Cell, Draw, SHARE, Trial, crossing};
use crate::error::Result;
use crate::papers::nbl22::learner::Learner;
use crate::papers::nbl22::letters::{EPSILON, M};
use escapement::descent::quasi_newton::QuasiNewton;
use escapement::eigen;
use escapement::network::Model;
use escapement::objective::{Loss, RegularizedLoss};
use faer::{MatMut, MatRef, Par};

/// Steps of L-BFGS on L_λ.
const STEPS: u64 = 400;

/// What was found of the network.
pub(in crate::papers::nbl22) struct Width {
    /// The least m at which the population loss is ε on average over the draws; none up to `most`.
    pub least: Option<Ball>,
    /// The loss relative to ε at the largest width tried.
    pub last: Ball,
    pub flops: f64,
}

impl Trial {
    /// The least width of the network, trained on n inputs with λ_i = ε/(4R_i(W*)) as f_L + f_Q is. `hint`
    /// is where to look first.
    pub(in crate::papers::nbl22) fn width(&self, n: usize, hint: f64, most: usize) -> Result<Width> {
        let (mut flops, mut last) = (0.0, (0, Ball::exact(f64::INFINITY)));
        // Widths are even: the search runs over halves.
        let least = crossing(hint / 2.0, self.cell.d() as f64, [self.cell.d(), most / 2], &mut |p| {
            let cell = self.cell.clone().with(M, 2 * p);
            let mut sum = 0.0;
            for draw in &self.draws {
                sum += trained(&cell, self.seed, draw, n)? / self.draws.len() as f64;
                flops += STEPS as f64 * (12 * n * p * self.cell.d()) as f64;
            }
            let error = Ball::relative(sum, super::ROUNDING);
            if p > last.0 {
                last = (p, error);
            }
            Ok(error)
        })?;
        Ok(Width { least: least.map(|p| p * 2.0), last: last.1, flops })
    }
}

/// The mean loss at fresh inputs, relative to ε.
fn trained(cell: &Cell, seed: u64, draw: &Draw, n: usize) -> Result<f64> {
    let epsilon = cell.real(EPSILON);
    let learner = Learner::new(cell, seed, draw.target.clone())?;
    let net = &learner.built.net;
    let x = draw.x.as_ref().subrows(0, n);
    let loss = RegularizedLoss::new(
        learner.built.regularizers_on(x),
        &draw.y[..n],
        Loss::PseudoHuber,
        learner.lambda(SHARE * epsilon, [1.0; 4]),
        Model::Network,
        eigen::DEFAULT_MEMORY,
        Par::Seq,
    )?;
    let (m, d) = (net.m(), net.d());
    let mut space = loss.workspace();
    let mut function = |z: &[f64], gradient: &mut [f64]| {
        let w = MatRef::from_column_major_slice(z, m, d);
        let gradient = MatMut::from_column_major_slice_mut(gradient, m, d);
        // A step too long for finite numbers is refused by the search.
        loss.value_and_gradient(w, gradient, &mut space, Par::Seq).map_or(f64::INFINITY, |v| v.objective)
    };
    let start: Vec<f64> = (0..d).flat_map(|c| learner.start().col_as_slice(c).to_vec()).collect();
    let mut run = QuasiNewton::new(start, &mut function);
    run.advance(STEPS, &mut function);
    let w = MatRef::from_column_major_slice(run.point(), m, d);
    let f = net.predict(Model::Network, draw.fresh.as_ref(), w, Par::Seq)?;
    Ok(Loss::PseudoHuber.mean(&draw.truth, &f)? / epsilon)
}
