//! f^{(k)}, the term of order k of f in W, and its gradient.

use faer::{Accum, Mat, MatRef, Par};
use std::ops::Range;

use crate::activation::{Activation, Derivative};
use crate::gaussian::hermite::factorial;
use crate::network::tiles::{INPUTS, NEURONS, project};
use crate::network::{PairedNetwork, check_labels};
use crate::product::{each, matmul};
use crate::{Error, Result};

/// The largest order of a term: k! is finite up to 170.
const MOST: usize = 170;

/// `f^{(k)}(x; W) = (1/k!) m^{-1/2} Σ_r a_r σ^{(k)}(w_{0,r}·x)(w_r·x)^k` at each row of `x` (`[n, d]`), for
/// a displacement `w` (`[m, d]`) and k = `order` up to 170: n values. It is 0 for k = 0, f_L for k = 1 and
/// f_Q for k = 2. Twins that move alike cancel exactly.
///
/// # Errors
/// [`Error::Unsupported`] where the activation has no formula for σ^{(k)}, [`Error::Domain`] for an order
/// above 170; a shape that does not fit; an entry that is not finite.
///
/// # Accuracy
/// The absolute error is some k roundings of the sum of the absolute terms.
///
/// ```
/// use escapement::activation::Monomial;
/// use escapement::{network::PairedNetwork, randomised, seed, sphere};
/// use faer::Par;
/// use std::sync::Arc;
/// // With σ = z³/3!, f has no terms beyond order 3.
/// let rng = &mut seed::stream(1, "example", "weights");
/// let net = PairedNetwork::random(rng, 8, 3, Arc::new(Monomial::new(3)?))?;
/// let (x, w) = (sphere::uniform_sphere(rng, 2, 3, 1.7), sphere::uniform_sphere(rng, 16, 3, 1.0));
/// let (x, w) = (x.as_ref(), w.as_ref());
/// let terms = [1, 2, 3].map(|k| randomised::term(&net, k, x, w, Par::Seq));
/// let sum: f64 = terms.into_iter().map(|term| Ok(term?[0])).sum::<escapement::Result<f64>>()?;
/// assert!((net.f(x, w, Par::Seq)?[0] - sum).abs() < 1e-14);
/// assert_eq!(randomised::term(&net, 4, x, w, Par::Seq)?, [0.0, 0.0]);
/// # Ok::<(), escapement::Error>(())
/// ```
pub fn term(
    net: &PairedNetwork,
    order: usize,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
) -> Result<Vec<f64>> {
    check(net, order, x, w)?;
    let p = net.p();
    let scale = (net.m() as f64).sqrt().recip() / factorial(order);
    let out = net.sum_over_tiles(x, 1, par, |_, neurons, x, space, mut out| {
        let (start, count) = (neurons.start, neurons.len());
        project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(start, count));
        project(space.v.as_mut().subcols_mut(0, count), x, w.subrows(p + start, count));
        for r in 0..count {
            let (z, u, v) = (space.z.col_as_slice_mut(r), space.u.col_as_slice(r), space.v.col_as_slice(r));
            derivative(net.activation(), order, z);
            for i in 0..z.len() {
                out[(i, 0)] += scale * z[i] * (u[i].powi(order as i32) - v[i].powi(order as i32));
            }
        }
    });
    Ok(out.col_as_slice(0).to_vec())
}

/// The gradient by W of `Σ_i h_i f^{(k)}(x_i; W)`, `[m, d]`, for n numbers h: row r is
/// `a_r m^{-1/2} Σ_i h_i σ^{(k)}(w_{0,r}·x_i)(w_r·x_i)^{k−1} x_i/(k−1)!`.
///
/// # Errors
/// As [`term`], and for the order 0; a number of factors that is not n or is zero, and one that is not
/// finite.
pub fn term_gradient(
    net: &PairedNetwork,
    order: usize,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    h: &[f64],
    par: Par,
) -> Result<Mat<f64>> {
    check(net, order, x, w)?;
    check_labels(h, x.nrows())?;
    if order == 0 {
        return Err(Error::domain("the order of the term", 0, "a gradient needs an order of at least 1"));
    }
    let scale = (net.m() as f64).sqrt().recip() / factorial(order - 1);
    Ok(backward(net, x, w, par, |inputs, sign, z, u| {
        derivative(net.activation(), order, z);
        for ((u, z), h) in u.iter_mut().zip(z).zip(&h[inputs]) {
            *u = sign * scale * h * *z * u.powi(order as i32 - 1);
        }
    }))
}

/// Refuses what [`term`] does not accept.
fn check(net: &PairedNetwork, order: usize, x: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Result<()> {
    if order > MOST {
        return Err(Error::domain("the order of the term", order, format!("it is at most {MOST}")));
    }
    net.activation().require_derivative(order)?;
    net.check_inputs(x)?;
    net.check_displacement(w)
}

/// Replaces each z by σ^{(k)}(z), for an order that the activation has.
fn derivative(sigma: &dyn Activation, order: usize, z: &mut [f64]) {
    match Derivative::ALL.get(order) {
        Some(order) => sigma.apply(*order, z),
        None => z.iter_mut().for_each(|z| *z = sigma.derivative(order, *z).unwrap_or(f64::NAN)),
    }
}

/// A gradient `[m, d]` whose row r is `Σ_i g_ri x_i`, by tiles. Callback: given the inputs as a range, a_r,
/// and w_{0,r}·x (free to be overwritten), `factors` replaces `w_r·x` by the numbers g.
pub(super) fn backward<F>(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
    factors: F,
) -> Mat<f64>
where
    F: Fn(Range<usize>, f64, &mut [f64], &mut [f64]) + Sync,
{
    let (n, p, d) = (x.nrows(), net.p(), net.d());
    let tiles = p.div_ceil(NEURONS);
    let parts = each(par, 2 * tiles, |task| {
        let (start, half) = (task % tiles * NEURONS, task / tiles);
        let count = NEURONS.min(p - start);
        let mut out = Mat::zeros(count, d);
        for first in (0..n).step_by(INPUTS) {
            let inputs = first..n.min(first + INPUTS);
            let x = x.subrows(first, inputs.len());
            let [mut z, mut u] = [(); 2].map(|()| Mat::zeros(inputs.len(), count));
            project(z.as_mut(), x, net.weights().subrows(start, count));
            project(u.as_mut(), x, w.subrows(half * p + start, count));
            for r in 0..count {
                let sign = net.sign(half * p + start + r);
                factors(inputs.clone(), sign, z.col_as_slice_mut(r), u.col_as_slice_mut(r));
            }
            matmul(out.as_mut(), Accum::Add, u.transpose(), x, 1.0, Par::Seq);
        }
        out
    });
    let mut out = Mat::zeros(net.m(), d);
    for (task, part) in parts.iter().enumerate() {
        let first = task / tiles * p + task % tiles * NEURONS;
        out.as_mut().subrows_mut(first, part.nrows()).copy_from(part);
    }
    out
}
