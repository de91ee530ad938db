//! The targets of several directions that have a name: the directions are the first coordinates.

use super::targets::{self, MOST_DIRECTIONS};
use escapement::gaussian::{Exponents, HermiteSeries, MultiIndexModel};
use escapement::{Error, Result};
use faer::Mat;

/// The target of this name in r directions, with E f² = 1; r = 0 stands for as many as a target has that
/// comes in one number of them. Beside those that [`targets::any`] has:
///
/// - `iso` is its `iso-r`, and `balanced` has the signs of its terms alternate: H² is a multiple of the
///   identity, and tr H = 0 for even r;
/// - `iso-he4` is the sum over r directions of `iso/√2` and He_4(x_i)/√(48r);
/// - `uneven` has two directions, H = diag(√(2 − λ²), λ) and λ = 1/(κ√2), for the κ that is given;
/// - `weak3` and `weak4` are He_2/(2κ) and a multiple of He_3 or He_4, so that H = 1/κ in one direction;
/// - `he2-he1` is He_2(x_1)/2 + x_2/√2, whose second direction is seen by β alone;
/// - `woven` has three directions and the degree 6, with products of all of them.
///
/// # Errors
/// [`Error::Domain`] for another name, for another r than the target has, or above 64, and for κ below
/// 1/√2, which no target has.
pub fn series(name: &str, latent: usize, kappa: f64) -> Result<HermiteSeries> {
    let any = |name: &str| targets::any(name).map_err(|why| Error::domain("the target", name, why));
    let power = |i: usize, e: u8| -> Exponents { (0..latent).map(|j| if i == j { e } else { 0 }).collect() };
    match name {
        "iso" | "iso-he4" | "balanced" if !(1..=MOST_DIRECTIONS).contains(&latent) => {
            let allowed = format!("the target {name} has from 1 to {MOST_DIRECTIONS} directions");
            Err(Error::domain("r", latent, allowed))
        }
        "iso" => any(&format!("iso-{latent}")),
        "balanced" => {
            let size = 1.0 / (2.0 * latent as f64).sqrt();
            let sign = |i: usize| if i.is_multiple_of(2) { size } else { -size };
            let terms: Vec<_> = (0..latent).map(|i| (power(i, 2), sign(i))).collect();
            HermiteSeries::from_hermite(latent, &terms)
        }
        "iso-he4" => {
            let r = latent as f64;
            let two = |i| [(power(i, 2), 0.5 / r.sqrt()), (power(i, 4), 1.0 / (48.0 * r).sqrt())];
            HermiteSeries::from_hermite(latent, &(0..latent).flat_map(two).collect::<Vec<_>>())
        }
        "uneven" | "weak3" | "weak4"
            if !(0.5 / (kappa * kappa) <= 1.0 + 4.0 * f64::EPSILON && kappa < f64::INFINITY) =>
        {
            Err(Error::domain("κ", kappa, "it is at least 1/√2, and finite"))
        }
        "uneven" => {
            // E f² = (λ_1² + λ_2²)/2.
            let square = 0.5 / (kappa * kappa);
            let [large, small] = [(2.0 - square).sqrt(), square.sqrt()];
            HermiteSeries::from_hermite(2, &[(vec![2, 0], 0.5 * large), (vec![0, 2], 0.5 * small)])
        }
        "weak3" | "weak4" => {
            let (degree, factorial) = if name == "weak3" { (3, 6.0) } else { (4, 24.0) };
            let rest = (1.0 - 0.5 / (kappa * kappa)).max(0.0);
            HermiteSeries::from_hermite(
                1,
                &[(vec![2], 0.5 / kappa), (vec![degree], (rest / factorial).sqrt())],
            )
        }
        "he2-he1" => {
            let terms = [(vec![2, 0], 0.5), (vec![0, 1], 0.5_f64.sqrt())];
            HermiteSeries::from_hermite(2, &terms)
        }
        "woven" => {
            // Four orthonormal terms of weight ½, divided by √ν!.
            let term = |exponents: [u8; 3], factorials: f64| (exponents.to_vec(), 0.5 / factorials.sqrt());
            let terms = [([2, 0, 0], 2.0), ([0, 1, 1], 1.0), ([1, 1, 1], 1.0), ([1, 2, 3], 12.0)];
            HermiteSeries::from_hermite(3, &terms.map(|(exponents, by)| term(exponents, by)))
        }
        _ => {
            let f = any(name)?;
            if [0, f.latent()].contains(&latent) {
                return Ok(f);
            }
            let allowed = format!("the target {name} has {} directions", f.latent());
            Err(Error::domain("r", latent, allowed))
        }
    }
}

/// The model of a series in R^d: its coordinates are the first ones of x.
///
/// # Errors
/// [`Error::Domain`] for d below r.
pub fn model(series: &HermiteSeries, d: usize) -> Result<MultiIndexModel> {
    let r = series.latent();
    if d < r {
        return Err(Error::domain("d", d, format!("the dimension is at least r = {r}")));
    }
    let directions = Mat::from_fn(r, d, |i, j| if i == j { 1.0 } else { 0.0 });
    MultiIndexModel::from_series(directions.as_ref(), series)
}
