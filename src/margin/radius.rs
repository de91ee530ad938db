//! How far weights may move before the margin that they have is lost.

use super::{Gradients, Margin, check_memory, length};
use crate::product::{each, times};
use crate::{Error, Result, rounding};

/// Steps of a bisection, of which forty give the relative accuracy and the others octaves.
const BISECTIONS: usize = 64;

/// The neurons that an input can flip, those that lose most for their cost first.
struct Flips {
    /// Running totals of `(v_j·x)²`, from below, and of `|a_j| |u_j·x|`, from above.
    totals: Vec<[f64; 2]>,
    /// A lower bound on `√m ⟨U, φ(W_0)⟩`, and an upper bound on ‖x‖.
    product: f64,
    norm: f64,
}

impl Flips {
    /// A lower bound on `√m min ⟨U, φ(W)⟩` over `‖W − W_0‖ ≤ radius`; −∞ after an overflow.
    fn least(&self, radius: f64) -> f64 {
        let reach = (radius * self.norm).next_up();
        let budget = (reach * reach).next_up();
        let whole = self.totals.partition_point(|total| total[0] <= budget);
        let [spent, lost] = whole.checked_sub(1).map_or([0.0; 2], |last| self.totals[last]);
        // A part of the next neuron. The roundings of the totals are relative to them.
        let part = |next: &[f64; 2]| (next[1] - lost) * (budget - spent) / (next[0] - spent);
        let knapsack = lost + self.totals.get(whole).map_or(0.0, part);
        let share = 1.0 + 2.0 * rounding::sum(self.totals.len(), 16);
        (self.product - (reach + knapsack * share).next_up()).next_down().max(f64::NEG_INFINITY)
    }
}

/// The weights around those W_0 at which a margin was found, for the direction U that certifies it.
///
/// For every W with `‖W − W_0‖ ≤ R`, and for every choice of σ'(0), `γ_m(W) ≥ κ(R) = min_i [⟨U, φ_i(W_0)⟩ −
/// m^{-1/2} (R‖x_i‖ + Kn_i(R))]`. The knapsack Kn_i is the most that neurons lose which change between
/// active and not: `max Σ_J |a_j| |u_j·x_i|` over sets J with `Σ_J (v_j·x_i)² ≤ R²‖x_i‖²`, with a part of
/// one neuron more.
pub struct Neighbourhood {
    flips: Vec<Flips>,
    root: f64,
    half: f64,
}

impl Neighbourhood {
    /// κ(R): a lower bound on γ_m(W) for all W within R, all rounding included. A negative R counts as 0.
    pub fn margin_within(&self, radius: f64) -> f64 {
        let least = self.flips.iter().map(|flips| flips.least(radius.max(0.0)));
        (least.fold(f64::INFINITY, f64::min) / self.root).next_down()
    }

    /// The certified radius R_½, the largest with κ(R) at least half of the upper end of the margin, to
    /// within a relative 1e-12: no W within it has a margin below half of that of W_0. It is 0 where half of
    /// the margin is not certified at W_0 itself.
    pub fn half_radius(&self) -> f64 {
        // κ falls at least as fast as R‖x_i‖, for any i.
        let longest = self.flips[0].product.max(0.0) / self.flips[0].norm.max(f64::MIN_POSITIVE);
        let [mut inside, mut outside] = [0.0, 2.0 * longest];
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (inside + outside);
            *if self.margin_within(middle) >= self.half { &mut inside } else { &mut outside } = middle;
        }
        inside
    }
}

impl Gradients<'_> {
    /// The neighbourhood of these weights for the direction that certifies a `margin` of theirs.
    ///
    /// # Errors
    /// A primal vector that is not `[m, 1 + d]`, or not finite, and [`Error::Memory`] where 2nm numbers
    /// exceed [`super::MEMORY`].
    pub fn neighbourhood(&self, margin: &Margin) -> Result<Neighbourhood> {
        let (u, w, d) = (margin.primal.as_ref(), self.w, self.x.ncols());
        if u.nrows() != w.nrows() || u.ncols() != w.ncols() {
            let expected = format!("{}, {}", w.nrows(), w.ncols());
            return Err(Error::shape("the primal vector", [u.nrows(), u.ncols()], expected));
        }
        crate::error::finite("the primal vector", u)?;
        let what = format!("the neighbourhood of m = {} neurons on n = {} inputs", w.nrows(), self.y.len());
        check_memory(what, 16.0 * self.y.len() as f64 * w.nrows() as f64)?;
        let shrink = 1.0 / length(u).upper().max(1.0);
        let products = self.project(u);
        let (v, u) = (w.subcols(1, d), u.subcols(1, d));
        let norms = [v, u].map(|a| a.row_iter().map(|row| length(row.as_mat()).upper()).collect::<Vec<_>>());
        let example = |i: usize| {
            let x: Vec<f64> = self.x.row(i).iter().copied().collect();
            let doubt = self.norms[i] * rounding::sum(d, 6);
            let neuron = |(j, (at, along)): (usize, (f64, f64))| {
                let distance = (at.abs() - doubt * norms[0][j]).max(0.0);
                [distance * distance, w[(j, 0)].abs() * (along.abs() + doubt * norms[1][j]) * shrink]
            };
            let both = times(v, &x).into_iter().zip(times(u, &x));
            let mut totals: Vec<[f64; 2]> = both.enumerate().map(neuron).collect();
            // Those that cost nothing lead.
            let ratio = |[cost, loss]: &[f64; 2]| if *loss == 0.0 { 0.0 } else { loss / cost };
            totals.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)));
            for j in 1..totals.len() {
                totals[j] = [totals[j][0] + totals[j - 1][0], totals[j][1] + totals[j - 1][1]];
            }
            Flips { totals, product: (products[i] * shrink * self.root).lower(), norm: self.norms[i] }
        };
        let flips = each(self.par, self.y.len(), example);
        Ok(Neighbourhood { flips, root: self.root, half: 0.5 * margin.margin.upper() })
    }
}
