//! The targets of several directions that have a name: the directions are the first coordinates.

use super::targets;
use escapement::gaussian::{Exponents, HermiteSeries, MultiIndexModel};
use escapement::{Error, Result};
use faer::Mat;

/// The most directions of the families that have any number of them.
const MOST: usize = 64;

/// The target of this name in r directions, with E f² = 1. Beside those of one direction, which
/// [`targets::named`] has:
///
/// - `iso` is Σ He_2(x_i)/√(2r) over r directions, for which κ = 1/√2 whatever r is;
/// - `iso-he4` is the sum over r directions of `iso/√2` and He_4(x_i)/√(48r);
/// - `uneven` has two directions, H = diag(√(2 − λ²), λ) and λ = 1/(κ√2), for the κ that is given;
/// - `saddle` is (He_2(x_1) − He_2(x_2))/2, for which tr H = 0;
/// - `deficient` is He_2(x_1)/2 + He_4(x_2)/√48, for which H has rank 1;
/// - `woven` has three directions and the degree 6, with products of all of them.
///
/// # Errors
/// [`Error::Domain`] for another name, for r outside 1 to 64, and for κ below 1/√2, which no target has.
pub fn series(name: &str, latent: usize, kappa: f64) -> Result<HermiteSeries> {
    let power =
        |i: usize, e: u8, r: usize| -> Exponents { (0..r).map(|j| if i == j { e } else { 0 }).collect() };
    if ["iso", "iso-he4"].contains(&name) && !(1..=MOST).contains(&latent) {
        return Err(Error::domain(
            "r",
            latent,
            format!("the target {name} has from 1 to {MOST} directions"),
        ));
    }
    let r = latent as f64;
    let each = |e: u8, c: f64| (0..latent).map(move |i| (power(i, e, latent), c)).collect::<Vec<_>>();
    let (latent, terms) = match name {
        "iso" => (latent, each(2, 1.0 / (2.0 * r).sqrt())),
        "iso-he4" => (latent, [each(2, 0.5 / r.sqrt()), each(4, 1.0 / (48.0 * r).sqrt())].concat()),
        "uneven" => {
            // E f² = (λ_1² + λ_2²)/2.
            let square = 0.5 / (kappa * kappa);
            if !(square > 0.0 && square <= 1.0 + 4.0 * f64::EPSILON) {
                return Err(Error::domain("κ", kappa, "it is at least 1/√2, and finite"));
            }
            let [large, small] = [(2.0 - square).sqrt(), square.sqrt()];
            (2, vec![(power(0, 2, 2), 0.5 * large), (power(1, 2, 2), 0.5 * small)])
        }
        "saddle" => (2, vec![(power(0, 2, 2), 0.5), (power(1, 2, 2), -0.5)]),
        "deficient" => (2, vec![(power(0, 2, 2), 0.5), (power(1, 4, 2), 1.0 / 48.0_f64.sqrt())]),
        "woven" => {
            // Four orthonormal terms of weight ½, divided by √ν!.
            let term = |exponents: [u8; 3], factorials: f64| (exponents.to_vec(), 0.5 / factorials.sqrt());
            (
                3,
                vec![
                    term([2, 0, 0], 2.0),
                    term([0, 1, 1], 1.0),
                    term([1, 1, 1], 1.0),
                    term([1, 2, 3], 12.0),
                ],
            )
        }
        _ => {
            return targets::named(name).map_err(|why| Error::domain("the target", name, why));
        }
    };
    HermiteSeries::from_hermite(latent, &terms)
}

/// The model of a series in R^d: its coordinates are the first ones of x.
///
/// # Errors
/// [`Error::Domain`] for d below r, and the errors of [`MultiIndexModel::new`].
pub fn model(series: &HermiteSeries, d: usize) -> Result<MultiIndexModel> {
    let r = series.latent();
    if d < r {
        return Err(Error::domain("d", d, format!("the dimension is at least r = {r}")));
    }
    let directions = Mat::from_fn(r, d, |i, j| if i == j { 1.0 } else { 0.0 });
    let mut terms: Vec<(Exponents, f64)> =
        series.monomials().terms().map(|(exponents, c)| (exponents.to_vec(), c.value)).collect();
    // The zero function, which is what centring leaves of a linear one, is a constant.
    terms.push((vec![0; r], 0.0));
    MultiIndexModel::new(directions.as_ref(), &terms)
}
