//! Labels for which W = 0 is a saddle point of the training loss.

use crate::error::{Error, Result};
use crate::network::PairedNetwork;
use crate::sphere::uniform_sphere;
use faer::{Mat, MatRef};
use rand::Rng;

/// Labels, n values, for which W = 0 is a stationary point but no minimum of the pseudo-Huber loss at the
/// inputs `x` (`[n, d]`, n > pd), for every model. The vector of `ℓ'(y_i, 0)` is the part of
/// `σ''(w_1·x_i)(e·x_i)²`, with a random direction e, that is orthogonal to every feature `σ'(w_r·x)x_c`,
/// scaled so that its largest entry is 0.8. The regularisers R1..R4 are stationary at W = 0 for any labels.
///
/// # Errors
/// n ≤ pd.
pub fn saddle_labels(rng: &mut impl Rng, net: &PairedNetwork, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
    let (n, p, d) = (x.nrows(), net.p(), net.d());
    if n <= p * d {
        let allowed = format!("labels orthogonal to pd = {} features need more inputs than features", p * d);
        return Err(Error::Domain { name: "n".into(), value: n.to_string(), allowed });
    }
    let (z, along) = (x * net.weights().transpose(), x * uniform_sphere(rng, 1, d, 1.0).transpose());
    let features = Mat::from_fn(n, p * d, |i, c| net.activation().d1(z[(i, c / d)]) * x[(i, c % d)]);
    let q = features.qr().compute_thin_Q();
    let mut slopes =
        Mat::from_fn(n, 1, |i, _| net.activation().d2(z[(i, 0)]) * along[(i, 0)] * along[(i, 0)]);
    // The second projection leaves only the rounding of the result.
    for _ in 0..2 {
        let inner = q.transpose() * &slopes;
        slopes -= &q * inner;
    }
    let largest = slopes.norm_max();
    // ℓ'(y, 0) = −y/√(1 + y²). The sign of the labels does not matter, since twins have both signs.
    Ok((0..n).map(|i| 0.8 * slopes[(i, 0)] / largest).map(|g: f64| g / (1.0 - g * g).sqrt()).collect())
}
