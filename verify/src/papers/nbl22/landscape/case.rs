//! L_λ of a cell: its network, Σ, sample, W*, ε and λ. ε is a parameter of the cell; cells that differ in
//! nothing else share network, sample and signs.

use crate::claim::{Cell, Measurement, Prediction, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::effort;
use crate::papers::nbl22::instance::{ACTIVATIONS, Instance};
use crate::papers::nbl22::letters::{ACCURACY, D, K, Letters, M, N, R};
use escapement::construct::signs;
use escapement::descent::{Descended, DescentOptions, DescentState, LeastOptions, LossLandscape, descend};
use escapement::eigen;
use escapement::network::Model;
use escapement::objective::{Loss, RegularizedLoss, regularizers};
use escapement::tolerance::TAIL;
use faer::{Mat, MatRef, Par};
use std::ops::ControlFlow;

/// The loss: convex, 1-Lipschitz, twice differentiable.
pub(super) const LOSS: Loss = Loss::PseudoHuber;

/// The part of a claim that is measured on f_L + f_Q.
pub(super) const QUADRATIC: &str = "quadratic";
/// The part that is measured on the network.
pub(super) const NETWORK: &str = "network";
/// Both, with their models.
pub(super) const MODELS: [(&str, Model); 2] = [(QUADRATIC, Model::Quadratic), (NETWORK, Model::Network)];
/// How far below m^{-1/2} the gradient is taken unless a claim says else: at m^{-1/2} itself W = 0 is
/// stationary for the sigmoid up to m ≈ 200.
const SMALLER: f64 = 0.2;
/// Steps that a descent may take. It needs about m.
const MOST_STEPS: u64 = 20_000;
/// Products that the least eigenvalue may cost.
const MOST_PRODUCTS: usize = 1_500;
/// The order up to which a Hessian is formed.
const DENSE: usize = 64;

/// 1/ε for ε₀, ε₀/2 and ε₀/4, ε₀ = ½ about half of L_λ(0).
pub(super) const ACCURACIES: [f64; 3] = [2.0, ACCURATE, 8.0];
/// The middle one, where 1/ε is not varied.
pub(super) const ACCURATE: f64 = 4.0;

/// The cells of a tier: both models, two activations, widths about √2 apart, and ε₀, ε₀/2 and ε₀/4 at each;
/// in the quick tier ε₀/2 alone. With `quick` and `standard` replicates.
pub(super) fn plan(claim: &str, tier: Tier, [quick, standard]: [usize; 2]) -> Vec<Cell> {
    // (d, k, n, first width, widths, replicates)
    let sweeps: &[(usize, usize, usize, usize, usize, usize)] = match tier {
        Tier::Quick => &[(3, 1, 50, 64, 5, quick)],
        Tier::Standard => {
            &[(3, 1, 50, 64, 7, standard), (3, 2, 100, 64, 6, standard), (5, 1, 100, 64, 6, standard)]
        }
        Tier::Paper => &[
            (3, 1, 50, 64, 11, 8),
            (3, 2, 100, 64, 11, 8),
            (5, 1, 100, 64, 9, 10),
            (5, 2, 200, 64, 8, 6),
            (10, 1, 200, 64, 7, 4),
        ],
    };
    let mut cells = Vec::new();
    for &(d, k, n, first, widths, replicates) in sweeps {
        for (part, activation) in [QUADRATIC, NETWORK].into_iter().flat_map(|p| ACTIVATIONS.map(|a| (p, a)))
        {
            let accuracies = ACCURACIES.into_iter().filter(|a| tier > Tier::Quick || *a == ACCURATE);
            for (m, accuracy) in sweep::half_octaves(first, widths)
                .flat_map(|m| accuracies.clone().map(move |accuracy| (m, accuracy)))
            {
                let cell = Cell::new(claim, part)
                    .with(D, d)
                    .with(M, m)
                    .with(N, n)
                    .with(K, k)
                    .with(R, 1)
                    .with(ACCURACY, accuracy)
                    .activation(activation);
                cells.extend((0..replicates).map(|replicate| cell.clone().replicate(replicate)));
            }
        }
    }
    cells
}

/// What the cells of a claim were seen to take beside the eigenpairs, in flops.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    /// Products with Hessians at the points looked at, for each input of each neuron.
    pub(super) looks: f64,
    /// Descents, for each input of each neuron and each of m: they take about m steps. None to speak of for
    /// the sigmoid, to which W = 0 is nearly stationary.
    pub(super) descents: f64,
    /// Σ in the regularisers of those steps, for each of m³d.
    pub(super) forms: f64,
}

/// With the rates of f_L + f_Q and of the network, each for the sigmoid and for anything else.
pub(super) fn predict(cell: &Cell, rates: [[Rates; 2]; 2]) -> Prediction {
    let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
    let of_model = rates[usize::from(cell.part == NETWORK)];
    let Rates { looks, descents, forms } = of_model[usize::from(!cell.activation.starts_with("sigmoid"))];
    let flops = 1e6 + effort::top_space(cell, TAIL) + n * m * (looks + descents * m) + forms * m.powi(3) * d;
    let bytes = 5e7 + 8.0 * m * (8.0 * n + 6.0 * m + 500.0 * d);
    Prediction { flops, bytes: effort::bytes_with_top_space(bytes, cell, TAIL) }
}

/// Everything about L_λ of a cell that does not depend on W.
pub(super) struct Case {
    pub(super) built: Instance,
    pub(super) model: Model,
    /// W* = W_L* + S·W_Q with S drawn.
    pub(super) star: Mat<f64>,
    /// f* at the inputs.
    pub(super) y: Vec<f64>,
    pub(super) epsilon: f64,
    /// `E_n √(E_S (F(x; W*) − f*)²)` for F = f_L + f_Q, which bounds L̂(W*) for every 1-Lipschitz loss.
    pub(super) misfit: f64,
    /// `E_S R_i(SW*)` for i = 1, 2, 3, S on all of W*.
    pub(super) spent: [f64; 3],
    /// `[R1, R2, R3, R4]` at W*.
    pub(super) at_star: [f64; 4],
    /// R2(W_L*).
    pub(super) low: f64,
}

impl Case {
    pub(super) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let epsilon = cell.real(ACCURACY).recip();
        let cell = &cell.clone().without(ACCURACY);
        let built = Instance::with_next(cell, seed)?;
        let s = signs::draw(&mut cell.stream(seed, "signs"), cell.m());
        let star = signs::apply(&s, built.w_l.as_ref(), built.w_q.w.as_ref())?;
        let y = built.target.value(built.x.as_ref())?;
        let model = built.model()?;
        let root = |(i, b): (usize, &f64)| (b * b + model.slopes.col(i).squared_norm_l2()).sqrt();
        let misfit = model.constant.iter().enumerate().map(root).sum::<f64>() / cell.n() as f64;
        let (of, zero) = (built.regularizers(), Mat::zeros(cell.m(), cell.d()));
        let spent = [
            signs::expected_r1(of, zero.as_ref(), star.as_ref(), Par::Seq)?,
            signs::expected_r2(of, zero.as_ref(), star.as_ref(), Par::Seq)?,
            signs::expected_r3(of, zero.as_ref(), star.as_ref(), Par::Seq)?,
        ];
        let at_star = of.all(star.as_ref(), Par::Seq)?;
        let low = of.r2(built.w_l.as_ref(), Par::Seq)?;
        let model = if cell.part == NETWORK { Model::Network } else { Model::Quadratic };
        Ok(Self { model, star, y, epsilon, misfit, spent, at_star, low, built })
    }

    /// λ_i = ε/R_i(W*), where for i = 1, 3 the mean over the signs that the Hessian is averaged with stands
    /// for R_i(W*), and for i = 2 that mean and R2(W_L*) together: what the proof spends.
    pub(super) fn lambda(&self) -> [f64; 4] {
        let [r1, r2, r3] = self.spent;
        [r1, r2 + self.low, r3, self.at_star[3]].map(|r| self.epsilon / r)
    }

    /// λ as printed: λ1 = λ3 = m^{1/2}d^{−(k−1)/2}ε, λ2 = ε, λ4 = d^{−2(k−1)}ε.
    pub(super) fn printed(&self) -> [f64; 4] {
        let (m, d, k) = (self.built.cov.m() as f64, self.built.cov.d() as f64, self.built.target.k() as i32);
        let first = m.sqrt() * d.powf(-0.5 * f64::from(k - 1)) * self.epsilon;
        [first, self.epsilon, first, d.powi(-2 * (k - 1)) * self.epsilon]
    }

    /// L̂(0), which is L_λ(0).
    pub(super) fn zero(&self) -> f64 {
        self.y.iter().map(|&y| LOSS.value(y, 0.0)).sum::<f64>() / self.y.len() as f64
    }

    pub(super) fn objective(&self, lambda: [f64; 4]) -> Result<RegularizedLoss<'_>> {
        let of = self.built.regularizers();
        Ok(RegularizedLoss::new(of, &self.y, LOSS, lambda, self.model, eigen::DEFAULT_MEMORY, Par::Seq)?)
    }

    /// Π_{≤r}W.
    pub(super) fn low(&self, w: MatRef<'_, f64>) -> Result<Mat<f64>> {
        let top = &self.built.top;
        let (p, d) = (top.p(), top.d());
        let c = top.coordinates(self.built.cov.antisymmetric(w)?.as_ref(), Par::Seq);
        let half = |r: usize, i: usize| {
            (0..top.rank()).map(|j| top.vectors()[(i * p + r, j)] * c[(j, 0)]).sum::<f64>()
        };
        let upper = Mat::from_fn(p, d, |r, i| std::f64::consts::FRAC_1_SQRT_2 * half(r, i));
        Ok(Mat::from_fn(2 * p, d, |r, i| if r < p { upper[(r, i)] } else { -upper[(r - p, i)] }))
    }
}

/// ν = m^{-1/2} and γ = m^{-3/4}, the most that Corollary 1 allows.
pub(super) fn allowed(m: usize) -> (f64, f64) {
    ((m as f64).powf(-0.5), (m as f64).powf(-0.75))
}

/// How a descent goes that ends where ‖∇L_λ‖ ≤ m^{-1/2}/5.
pub(super) fn options(m: usize) -> DescentOptions {
    let least = LeastOptions { max_products: MOST_PRODUCTS, dense: DENSE, ..LeastOptions::default() };
    DescentOptions {
        gradient: SMALLER * allowed(m).0,
        max_steps: MOST_STEPS,
        least,
        ..DescentOptions::default()
    }
}

/// Descends from `w`, without noise.
pub(super) fn descend_from(
    objective: &RegularizedLoss<'_>,
    w: Mat<f64>,
    options: &DescentOptions,
) -> Result<Descended> {
    let state = DescentState::new(w, options);
    let mut landscape = LossLandscape::new(objective);
    Ok(descend(&mut landscape, state, options, &mut |_| ControlFlow::Continue(()), Par::Seq)?)
}

/// Records whether m ≥ n⁴d^{26(k+1)/3}ε^{-22/3} and the loss of W* is at most ε.
pub(super) fn hypotheses(measurement: Measurement, cell: &Cell, case: &Case) -> Measurement {
    let (n, d, k, epsilon) = (cell.n() as f64, cell.d() as f64, cell.k() as f64, case.epsilon);
    let least = n.powi(4) * d.powf(26.0 * (k + 1.0) / 3.0) * epsilon.powf(-22.0 / 3.0);
    let detail = format!("m = {} against {least:.1e}", cell.m());
    measurement.hypothesis("m ≥ n⁴d^{26(k+1)/3}ε^{-22/3}", cell.m() as f64 >= least, detail).hypothesis(
        "L̂(W*) ≤ ε",
        case.misfit <= epsilon,
        format!("E_n √(E_S (F(W*) − f*)²) = {:.3} against {epsilon}", case.misfit),
    )
}

/// `‖W‖_{2,4}`.
pub(super) fn norm_2_4(w: MatRef<'_, f64>) -> f64 {
    regularizers::norm_2_4_pow4(w).powf(0.25)
}
