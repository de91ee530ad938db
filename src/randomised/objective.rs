//! The randomised square objective with its gradient, and mean curvatures along random signs of a
//! direction.

use faer::{Mat, MatRef, Par};

use super::signs::{OverSigns, over_signs};
use super::term::backward;
use crate::activation::Derivative;
use crate::network::{PairedNetwork, check_labels, require_neurons, tiles::project};
use crate::objective::Loss;
use crate::{Error, Result};

/// `L(W) = E_S E_n ½(f(x; SW) − y)² = E_n [½(e − y)² + (1/2m) Σ_r O_r²]`, with the mean e of f over the
/// signs and the odd parts O_r: a finite sum. The second term, which the signs add to the loss of the
/// mean, is a penalty.
#[derive(Debug, Clone, Copy)]
pub struct RandomisedSquare<'a> {
    net: &'a PairedNetwork,
    x: MatRef<'a, f64>,
    y: &'a [f64],
}

impl<'a> RandomisedSquare<'a> {
    /// The objective at the inputs `x` (`[n, d]`) with the labels `y` (`[n]`).
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without a second derivative; a shape that does not fit, no
    /// inputs, or a number that is not finite.
    pub fn new(net: &'a PairedNetwork, x: MatRef<'a, f64>, y: &'a [f64]) -> Result<Self> {
        net.activation().require_twice_differentiable()?;
        net.check_inputs(x)?;
        check_labels(y, x.nrows())?;
        Ok(Self { net, x, y })
    }

    /// L(W) at a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    pub fn value(&self, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        Ok(self.mean(&over_signs(self.net, self.x, w, par)?))
    }

    /// L of this law.
    fn mean(&self, law: &OverSigns) -> f64 {
        let terms = law.mean().iter().zip(law.variance()).zip(self.y);
        terms.map(|((e, v), y)| 0.5 * ((e - y).powi(2) + v)).sum::<f64>() / self.y.len() as f64
    }

    /// ∇L(W), `[m, d]`: row r is `E_n [(e − y) a_r m^{-1/2} E_r' + (1/m) O_r O_r'] x`, where a dash is the
    /// derivative by u_r: `E_r' = ½[σ'(z_r + u_r) − σ'(z_r − u_r)]` and `O_r'` is the same with +.
    ///
    /// # Errors
    /// As [`RandomisedSquare::value`].
    pub fn gradient(&self, w: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
        Ok(self.value_and_gradient(w, par)?.1)
    }

    /// [`RandomisedSquare::value`] and [`RandomisedSquare::gradient`] with one law over the signs.
    ///
    /// # Errors
    /// As [`RandomisedSquare::value`].
    pub fn value_and_gradient(&self, w: MatRef<'_, f64>, par: Par) -> Result<(f64, Mat<f64>)> {
        let law = over_signs(self.net, self.x, w, par)?;
        let (n, scale) = (self.y.len() as f64, (self.net.m() as f64).sqrt().recip());
        let slopes: Vec<f64> = law.mean().iter().zip(self.y).map(|(e, y)| (e - y) / n).collect();
        let sigma = self.net.activation();
        let gradient = backward(self.net, self.x, w, par, |inputs, sign, z, u| {
            let mut values =
                [1.0, -1.0].map(|s| z.iter().zip(&*u).map(|(z, u)| z + s * u).collect::<Vec<_>>());
            let mut firsts = values.clone();
            for (value, first) in values.iter_mut().zip(&mut firsts) {
                sigma.apply_value_and_first(value, first);
            }
            for (i, (u, slope)) in u.iter_mut().zip(&slopes[inputs]).enumerate() {
                let odd = 0.5 * (values[0][i] - values[1][i]);
                let [above, below] = [firsts[0][i], firsts[1][i]];
                *u = 0.5 * scale * (slope * sign * (above - below) + scale / n * odd * (above + below));
            }
        });
        Ok((self.mean(&law), gradient))
    }

    /// `E_S ∇²L(W)[SW*, SW*]`, the mean curvature along the rows u* of `direction` (`[m, d]`) with random
    /// signs: `E_n [(e − y) m^{-1/2} Σ_r a_r E_r'' u*_r² + (1/m) Σ_r (E_r'² + O_r'² + O_r O_r'') u*_r²]`,
    /// u*_r = w*_r·x.
    ///
    /// # Errors
    /// As [`RandomisedSquare::value`].
    pub fn mean_curvature(&self, w: MatRef<'_, f64>, direction: MatRef<'_, f64>, par: Par) -> Result<f64> {
        self.net.check_displacement(direction)?;
        let law = over_signs(self.net, self.x, w, par)?;
        let (sigma, scale) = (self.net.activation(), (self.net.m() as f64).sqrt().recip());
        let per_input = halves(self.net, self.x, w, direction, par, |i, sign, z, u, star| {
            let (plus, minus) = (z + u, z - u);
            let [value, first, second] = [Derivative::Value, Derivative::First, Derivative::Second]
                .map(|order| [plus, minus].map(|z| sigma.at(order, z)));
            let odd = |[a, b]: [f64; 2]| 0.5 * (a - b);
            let even = |[a, b]: [f64; 2]| 0.5 * (a + b);
            let squares = odd(first).powi(2) + even(first).powi(2) + odd(value) * odd(second);
            scale * ((law.mean()[i] - self.y[i]) * sign * even(second) + scale * squares) * star * star
        });
        Ok(per_input.iter().sum::<f64>() / self.y.len() as f64)
    }
}

/// `E_S ∇²L(W)[SW*, SW*]` for the loss `L(W) = E_n ℓ(y, f_Q(x; W))` of the quadratic model:
/// `E_n [2ℓ' f_Q(W*) + ℓ'' C]` with `C = (1/m) Σ_r σ''(z_r)² u_r² u*_r²`, where u and u* belong to the rows
/// of `w` and `direction` (`[m, d]`).
///
/// # Errors
/// [`Error::Unsupported`] for an activation without a second derivative; [`Error::Domain`] for the absolute
/// loss, which has no second derivative; a shape that does not fit, or a number that is not finite.
pub fn mean_curvature_of_quadratic(
    net: &PairedNetwork,
    loss: Loss,
    [x, w, direction]: [MatRef<'_, f64>; 3],
    y: &[f64],
    par: Par,
) -> Result<f64> {
    if !loss.is_smooth() {
        return Err(Error::domain("the loss", loss.name(), "a curvature needs a second derivative"));
    }
    let (f, star) = (net.f_quadratic(x, w, par)?, net.f_quadratic(x, direction, par)?);
    check_labels(y, x.nrows())?;
    let opposing = halves(net, x, w, direction, par, |_, _, z, u, star| {
        (net.activation().d2(z) * u * star).powi(2) / net.m() as f64
    });
    let term = |i: usize| 2.0 * loss.d1(y[i], f[i]) * star[i] + loss.d2(y[i], f[i]) * opposing[i];
    Ok((0..y.len()).map(term).sum::<f64>() / y.len() as f64)
}

/// `E_S ∇²R(W)[SW*, SW*]` for `R = ‖W‖_{2,4}⁸ = N²`, `N = Σ_r ‖w_r‖⁴`:
/// `32 Σ_r ‖w_r‖⁴ (w_r·w*_r)² + 2N Σ_r (4‖w_r‖² ‖w*_r‖² + 8 (w_r·w*_r)²)`, for `w` and `direction` of one
/// shape. It is at most `56 ‖W‖_{2,4}⁶ ‖W*‖_{2,4}²`, which a single neuron attains.
///
/// # Errors
/// [`Error::Shape`] for shapes that differ.
pub fn mean_curvature_of_norm(w: MatRef<'_, f64>, direction: MatRef<'_, f64>) -> Result<f64> {
    let (m, d) = (w.nrows(), w.ncols());
    require_neurons("the direction", [direction.nrows(), direction.ncols()], [m, d])?;
    let [mut norm, mut products, mut rest] = [0.0; 3];
    for r in 0..m {
        let (square, star) = (w.row(r).squared_norm_l2(), direction.row(r).squared_norm_l2());
        let product = (w.row(r) * direction.row(r).transpose()).powi(2);
        norm += square * square;
        products += square * square * product;
        rest += 4.0 * square * star + 8.0 * product;
    }
    Ok(32.0 * products + 2.0 * norm * rest)
}

/// A sum over all m neurons at each input. Callback: given the input, a_r, z_r, u_r and u*_r, `term` is the
/// summand.
fn halves(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    direction: MatRef<'_, f64>,
    par: Par,
    term: impl Fn(usize, f64, f64, f64, f64) -> f64 + Sync,
) -> Vec<f64> {
    let p = net.p();
    let out = net.sum_over_tiles(x, 1, par, |inputs, neurons, x, space, mut out| {
        let (start, count) = (neurons.start, neurons.len());
        for (first, sign) in [(start, 1.0), (p + start, -1.0)] {
            project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(first, count));
            project(space.v.as_mut().subcols_mut(0, count), x, direction.subrows(first, count));
            for r in 0..count {
                for i in 0..x.nrows() {
                    let (z, u, star) = (space.z[(i, r)], space.u[(i, r)], space.v[(i, r)]);
                    out[(i, 0)] += term(inputs.start + i, sign, z, u, star);
                }
            }
        }
    });
    out.col_as_slice(0).to_vec()
}
