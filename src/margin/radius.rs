//! How far weights may move before the margin that they have is lost.

use super::{Gradients, Margin, length};
use crate::margin::products::each;
use crate::product::matmul;
use crate::{Error, Result, rounding};
use faer::{Accum, Mat, MatRef, Par};

/// Steps of a bisection: the bits of an f64 beyond its leading one, and twelve octaves.
const BISECTIONS: usize = 64;

/// The neurons that an input can flip, by what a flip loses for its cost.
struct Flips {
    /// Running totals of `(v_j·x)²`, from below, and of `|a_j| |u_j·x|`, from above.
    cost: Vec<f64>,
    loss: Vec<f64>,
    /// A lower bound on `√m ⟨U, φ(W_0)⟩`, and an upper bound on ‖x‖.
    product: f64,
    norm: f64,
}

impl Flips {
    /// A lower bound on `√m min ⟨U, φ(W)⟩` over `‖W − W_0‖ ≤ radius`.
    fn least(&self, radius: f64) -> f64 {
        let reach = (radius * self.norm).next_up();
        let budget = (reach * reach).next_up();
        let whole = self.cost.partition_point(|cost| *cost <= budget);
        let before = |totals: &[f64]| if whole == 0 { 0.0 } else { totals[whole - 1] };
        let (spent, lost) = (before(&self.cost), before(&self.loss));
        // A part of the next neuron; rounding is within the share of the totals.
        let rest = match self.cost.get(whole) {
            Some(next) => (self.loss[whole] - lost) * ((budget - spent) / (next - spent)).clamp(0.0, 1.0),
            None => 0.0,
        };
        let share = 1.0 + 2.0 * rounding::sum(self.cost.len(), 16);
        (self.product - (reach + (lost + rest) * share).next_up()).next_down()
    }
}

impl Gradients<'_> {
    /// Lower bounds κ(R) on `min_i ⟨U, φ_i(W)⟩` that hold for every W with `‖W − W_0‖ ≤ R` and for every
    /// choice of σ'(0), one for each of the radii R; hence `γ_m(W) ≥ κ(R)` there. W_0 are the weights of
    /// these gradients and U (`[m, 1 + d]`, of length at most 1) is the primal vector of their margin.
    ///
    /// `κ(R) = min_i [⟨U, φ_i(W_0)⟩ − m^{-1/2} (R‖x_i‖ + Kn_i(R))]`, where the knapsack Kn_i is the most that
    /// flips of neurons can lose, `max Σ_J |a_j| |u_j·x_i|` over sets J with `Σ_J (v_j·x_i)² ≤ R²‖x_i‖²`, or
    /// a part of one neuron more.
    ///
    /// # Errors
    /// A primal vector of another shape, and radii that are negative or not finite.
    ///
    /// # Accuracy
    /// The bounds include all rounding; they hold for the U that is given, divided by its length where that
    /// exceeds 1.
    pub fn margins_within(&self, margin: &Margin, radii: &[f64]) -> Result<Vec<f64>> {
        if let Some(radius) = radii.iter().find(|radius| !(radius.is_finite() && **radius >= 0.0)) {
            return Err(Error::domain("the radius", radius, "it must be finite and not negative"));
        }
        let least = |flips: &Flips| radii.iter().map(|radius| flips.least(*radius)).collect::<Vec<f64>>();
        let all = self.flips(margin, least)?;
        let lower = |r: usize| all.iter().map(|least| least[r]).fold(f64::INFINITY, f64::min) / self.root();
        Ok((0..radii.len()).map(|r| lower(r).next_down()).collect())
    }

    /// The certified radius R_½, up to which [`Gradients::margins_within`] stays above half of the margin:
    /// 0 where it never does. No W within it has a margin below half of the upper end of `margin`.
    ///
    /// # Errors
    /// A primal vector of another shape.
    ///
    /// # Accuracy
    /// The bound holds at the radius that is returned, and fails at a radius 1e-12 longer.
    pub fn half_radius(&self, margin: &Margin) -> Result<f64> {
        let half = (0.5 * margin.margin.upper() * self.root()).next_up();
        let radius = |flips: &Flips| {
            // κ falls at least as fast as R‖x‖.
            let (mut inside, mut outside) = (0.0, 2.0 * flips.product.max(0.0) / flips.norm);
            if flips.norm == 0.0 || flips.least(0.0) < half {
                return 0.0;
            }
            for _ in 0..BISECTIONS {
                let middle = 0.5 * (inside + outside);
                *if flips.least(middle) >= half { &mut inside } else { &mut outside } = middle;
            }
            inside
        };
        Ok(self.flips(margin, radius)?.into_iter().fold(f64::INFINITY, f64::min))
    }

    /// What `task` makes of the flips of each example.
    fn flips<T: Send>(&self, margin: &Margin, task: impl Fn(&Flips) -> T + Sync) -> Result<Vec<T>> {
        let (u, w, d) = (margin.primal.as_ref(), self.weights(), self.inputs().ncols());
        if u.nrows() != w.nrows() || u.ncols() != w.ncols() {
            let expected = format!("{}, {}", w.nrows(), w.ncols());
            return Err(Error::shape("the primal vector", [u.nrows(), u.ncols()], expected));
        }
        crate::error::finite("the primal vector", u)?;
        let shrink = 1.0 / length(u).upper().max(1.0);
        let products = self.project(u);
        let norms = |a: MatRef<'_, f64>| -> Vec<f64> {
            (0..a.nrows()).map(|j| length(a.subcols(1, d).row(j).as_mat()).upper()).collect()
        };
        let (of_w, of_u) = (norms(w), norms(u));
        let example = |i: usize| {
            let x = self.inputs().subrows(i, 1);
            let against = |a: MatRef<'_, f64>| {
                let mut out = Mat::<f64>::zeros(a.nrows(), 1);
                matmul(out.as_mut(), Accum::Replace, a.subcols(1, d), x.transpose(), 1.0, Par::Seq);
                out
            };
            let (at, along) = (against(w), against(u));
            let doubt = self.input_norms()[i] * rounding::sum(d, 6);
            let neuron = |j: usize| {
                let distance = (at[(j, 0)].abs() - doubt * of_w[j]).max(0.0).next_down().max(0.0);
                let loss = w[(j, 0)].abs() * (along[(j, 0)].abs() + doubt * of_u[j]).next_up() * shrink;
                (distance * distance, loss)
            };
            let mut neurons: Vec<(f64, f64)> = (0..w.nrows()).map(neuron).collect();
            // By loss over cost, the largest first; those that are free lead.
            let ratio = |(cost, loss): &(f64, f64)| if *loss == 0.0 { 0.0 } else { loss / cost };
            neurons.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
            let running = |part: fn(&(f64, f64)) -> f64| {
                let sum = |sum: &mut f64, neuron: &(f64, f64)| {
                    *sum += part(neuron);
                    Some(*sum)
                };
                neurons.iter().scan(0.0, sum).collect()
            };
            let product = (products[i] * shrink * self.root()).lower();
            let norm = self.input_norms()[i];
            task(&Flips { cost: running(|n| n.0), loss: running(|n| n.1), product, norm })
        };
        Ok(each(self.par(), self.n(), example))
    }
}
