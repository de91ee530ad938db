//! The law of f(x; SW) over random signs S, at many inputs, in one pass over the neurons.

use faer::{MatRef, Par};

use super::signed_sum::{KEPT, POWERS, SignedSum};
use crate::activation::Derivative;
use crate::ball::Ball;
use crate::network::PairedNetwork;
use crate::network::tiles::{CHUNK, NEURONS, project};
use crate::objective::Loss;
use crate::product::each;
use crate::tolerance::ACTIVATION_ROUNDINGS;
use crate::{Error, Result, rounding};

/// The sums over neurons that are made at each input: those of the fields of [`OverSigns`], and after them
/// the even powers of the coefficients of signs.
const SUMS: usize = 6;

/// The law of f(x; SW) over m independent fair signs S, one for each row of W, at n inputs. The lists have n
/// numbers.
#[derive(Debug, Clone)]
pub struct OverSigns {
    m: usize,
    mean: Vec<f64>,
    quadratic: Vec<f64>,
    variance: Vec<f64>,
    linear_variance: Vec<f64>,
    squares: Vec<f64>,
    fourths: Vec<f64>,
    rounding: Vec<f64>,
    sums: Vec<SignedSum>,
}

/// The law of f(x; SW) at each row of `x` (`[n, d]`), for a displacement `w` (`[m, d]`), from the even and
/// odd parts of the neurons.
///
/// The cost is four evaluations of σ, one of σ' and σ'', and `6d` flops in products for each pair of twins
/// and input; the memory does not grow with `mn`.
///
/// # Errors
/// [`Error::Unsupported`] for an activation without a second derivative, which f_Q needs; a shape that does
/// not fit; an entry that is not finite.
///
/// # Accuracy
/// [`OverSigns::rounding`] bounds the error of the mean, and with it that of losses; f_Q errs by a few
/// roundings of the sum of its absolute terms, and O_r by a few of `|σ(z_r + u_r)| + |σ(z_r − u_r)|`.
pub fn over_signs(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
) -> Result<OverSigns> {
    let sigma = net.activation();
    sigma.require_twice_differentiable()?;
    net.check_inputs(x)?;
    net.check_displacement(w)?;
    let (p, scale) = (net.p(), (net.m() as f64).sqrt().recip());
    // The coefficients of every pair whose index is a multiple of this are kept.
    let stride = p.div_ceil(KEPT);
    let columns = SUMS + POWERS + 2 * p.div_ceil(stride);
    let out = net.sum_over_tiles(x, columns, par, |_, neurons, x, space, mut out| {
        let (n, start, count) = (x.nrows(), neurons.start, neurons.len());
        project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(start, count));
        project(space.v.as_mut().subcols_mut(0, count), x, w.subrows(p + start, count));
        let mut sums = vec![[0.0; SUMS + POWERS]; n];
        let [mut first, mut second, mut plus, mut minus, mut twin_plus, mut twin_minus] =
            [(); 6].map(|()| vec![0.0; n]);
        for r in 0..count {
            let (z, u, v) = (space.z.col_as_slice(r), space.u.col_as_slice(r), space.v.col_as_slice(r));
            for (at, sign, shift) in [
                (&mut plus, 1.0, u),
                (&mut minus, -1.0, u),
                (&mut twin_plus, 1.0, v),
                (&mut twin_minus, -1.0, v),
            ] {
                at.iter_mut().zip(z).zip(shift).for_each(|((at, z), shift)| *at = z + sign * shift);
                sigma.apply(Derivative::Value, at);
            }
            first.copy_from_slice(z);
            sigma.apply_first_and_second(&mut first, &mut second);
            let kept =
                (start + r).is_multiple_of(stride).then_some(SUMS + POWERS + 2 * ((start + r) / stride));
            for i in 0..n {
                let (u, v, sum) = (u[i], v[i], &mut sums[i]);
                // Twins that move alike cancel exactly.
                sum[0] += 0.5 * scale * ((plus[i] + minus[i]) - (twin_plus[i] + twin_minus[i]));
                sum[1] += 0.5 * scale * second[i] * (u - v) * (u + v);
                sum[2] += (scale * first[i]).powi(2) * (u * u + v * v);
                sum[3] += u * u + v * v;
                sum[4] += u.powi(4) + v.powi(4);
                sum[5] += plus[i].abs() + minus[i].abs() + twin_plus[i].abs() + twin_minus[i].abs();
                let odd = [plus[i] - minus[i], twin_plus[i] - twin_minus[i]].map(|odd| 0.5 * scale * odd);
                for (twin, c) in odd.into_iter().enumerate() {
                    if let Some(column) = kept {
                        out[(i, column + twin)] = c;
                        continue;
                    }
                    let mut power = 1.0;
                    for sum in &mut sum[SUMS..] {
                        power *= c * c;
                        *sum += power;
                    }
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            sums.iter().enumerate().for_each(|(c, sum)| out[(i, c)] += sum);
        }
    });
    let column = |c: usize| out.col_as_slice(c).to_vec();
    let sum = |i: usize| {
        let kept = (SUMS + POWERS..columns).map(|c| out[(i, c)]);
        SignedSum::new(out[(i, 0)], kept.collect(), std::array::from_fn(|j| out[(i, SUMS + j)]), net.m())
    };
    let sums: Vec<SignedSum> = (0..x.nrows()).map(sum).collect();
    let [mean, quadratic, linear_variance, squares, fourths, sizes] = std::array::from_fn(column);
    let variance = sums.iter().map(SignedSum::variance).collect();
    // Each σ errs by its own roundings and by its slope times the rounding of a product of length d; sums
    // are made within a tile, over the tiles of a chunk and over chunks.
    let depth = p.min(NEURONS) + CHUNK / NEURONS + p.div_ceil(CHUNK);
    let lengths: f64 = w.row_iter().map(|w| 1.0 + w.norm_l2()).sum();
    let slope = sigma.suprema()[1].value * rounding::sum(net.d(), 3) * 2.0 * lengths;
    let each = rounding::sum(depth, ACTIVATION_ROUNDINGS[0] as usize + 4);
    let roundings =
        sizes.iter().zip(x.row_iter()).map(|(size, x)| scale * (each * size + slope * x.norm_l2()));
    let rounding = roundings.collect();
    let m = net.m();
    Ok(OverSigns { m, mean, quadratic, variance, linear_variance, squares, fourths, rounding, sums })
}

impl OverSigns {
    /// `E_S f(x; SW) = m^{-1/2} Σ_r a_r E_r`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// `Var_S f(x; SW) = (1/m) Σ_r O_r²`.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// `f_Q(x; W)`, which no signs change.
    pub fn quadratic(&self) -> &[f64] {
        &self.quadratic
    }

    /// `Var_S f_L(x; SW) = (1/m) Σ_r σ'(z_r)² u_r²`.
    pub fn linear_variance(&self) -> &[f64] {
        &self.linear_variance
    }

    /// `Σ_r u_r²` and `Σ_r u_r⁴`.
    pub fn moments(&self) -> [&[f64]; 2] {
        [&self.squares, &self.fourths]
    }

    /// Bounds on the rounding of the mean, and of every value of f as a sum over signs: the errors of even
    /// and odd parts together. They are guaranteed to first order in ε, and infinite where σ' is
    /// unbounded.
    pub fn rounding(&self) -> &[f64] {
        &self.rounding
    }

    /// f(x_i; SW) at each input as an affine function of the signs.
    pub fn sums(&self) -> &[SignedSum] {
        &self.sums
    }

    /// The bounds `(M_4/24) m^{-1/2} Σ_r u_r⁴` on `|E_S f − f_Q|`, with `m4` = sup|σ''''|: the even part of
    /// a neuron is that of its Taylor polynomial of degree 3, to within M_4 u⁴/24.
    pub fn bias_bound(&self, m4: f64) -> Vec<f64> {
        self.fourths.iter().map(|sum| m4 / 24.0 * sum / (self.m as f64).sqrt()).collect()
    }

    /// The bounds `M_1 m^{-1/2} (Σ_r u_r²)^{1/2}` on the standard deviation of f, with `m1` = sup|σ'|:
    /// |O_r| ≤ M_1 |u_r|.
    pub fn spread_bound(&self, m1: f64) -> Vec<f64> {
        self.squares.iter().map(|sum| m1 * (sum / self.m as f64).sqrt()).collect()
    }

    /// `E_S ℓ(y_i, f(x_i; SW))` at each input, with one target value for each. See [`SignedSum::mean_loss`].
    ///
    /// # Errors
    /// A number of targets that is not n, and as [`SignedSum::mean_loss`].
    ///
    /// # Accuracy
    /// The radius is that of [`SignedSum::mean_loss`] and the effect of [`OverSigns::rounding`].
    pub fn losses(&self, loss: Loss, y: &[f64], par: Par) -> Result<Vec<Ball>> {
        let n = self.sums.len();
        if y.len() != n {
            return Err(Error::shape("the target values", [y.len(), 1], format!("n = {n}, 1")));
        }
        let mean = |i: usize| -> Result<Ball> {
            let (mean, rounding) = (self.sums[i].mean_loss(loss, y[i])?, self.rounding[i]);
            // A shift of Y by δ changes E Y² by at most 2δ√(E Y²) + δ², and the other losses by δ.
            let square = (2.0 * mean.value.abs().sqrt() + rounding) * rounding;
            let moved = if loss == Loss::Square { square } else { rounding };
            Ok(Ball::new(mean.value, mean.error + moved))
        };
        each(par, n, mean).into_iter().collect()
    }
}

/// `(M_4/24) m^{-1/2} ‖x‖⁴ ‖W‖_{2,4}⁴` for lengths `x` = ‖x‖ and `w` = ‖W‖_{2,4} = (Σ_r ‖w_r‖⁴)^{1/4}: the
/// bound on `|E_S f − f_Q|` at every input of this length, with `m4` = sup|σ''''|.
pub fn bias_by_norm(m4: f64, m: usize, x: f64, w: f64) -> f64 {
    m4 / 24.0 * (x * w).powi(4) / (m as f64).sqrt()
}

/// `(M_3/6) m^{-1/4} ‖x‖³ ‖W‖_{2,4}³`: the bound on `|E_S f − f_Q|` that asks for `m3` = sup|σ'''| alone,
/// with the letters of [`bias_by_norm`].
pub fn bias_by_norm_of_third(m3: f64, m: usize, x: f64, w: f64) -> f64 {
    m3 / 6.0 * (x * w).powi(3) / (m as f64).powf(0.25)
}

/// `M_1 m^{-1/4} ‖x‖ ‖W‖_{2,4}`: the bound on the standard deviation of f over the signs, with `m1` =
/// sup|σ'| and the letters of [`bias_by_norm`].
pub fn spread_by_norm(m1: f64, m: usize, x: f64, w: f64) -> f64 {
    m1 * x * w / (m as f64).powf(0.25)
}
