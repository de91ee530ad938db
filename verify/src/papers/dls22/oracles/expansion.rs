//! Hermite coefficients, population gradients, and their averages over the sphere of weights.

use super::{AGREEMENT, COEFFICIENT};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::activation::{self, Activation};
use escapement::gaussian::{BallMatrix, HermiteSeries, MultiIndexModel, PopulationGradient, hermite};
use escapement::gaussian::{Energies, squared_moments};
use faer::Mat;
use std::sync::Arc;

/// The activation of an entry, from its fields `activation` and `shift`.
fn activation_of(entry: &Entry<'_>) -> Result<Arc<dyn Activation>> {
    let (name, shift) = (entry.text("activation")?, entry.number("shift")?);
    activation::parse(&format!("{name}:{shift}")).map_err(|e| entry.wrong("activation", e))
}

fn values(balls: &BallMatrix) -> Mat<f64> {
    Mat::from_fn(balls.len(), balls.first().map_or(0, Vec::len), |i, j| balls[i][j].value)
}

/// c_0, c_1, … of an activation.
pub(super) fn hermite(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let length = entry.length("c")?;
    let reference = entry.vector("c", length)?;
    let c = entry.core(hermite::coefficients(activation_of(entry)?.as_ref(), length - 1))?;
    let computed: Vec<f64> = c.iter().map(|c| c.value).collect();
    sheet.vector("c", &reference, &computed, COEFFICIENT)
}

/// The tensors of a polynomial of some directions, and the gradients that it gives some neurons.
pub(super) fn gradient(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, r) = (entry.whole("d")?, entry.whole("r")?);
    let directions = entry.matrix("directions", r, d)?;
    let terms = entry.monomials("polynomial", r)?;
    let model = entry.core(MultiIndexModel::new(directions.as_ref(), &terms))?;
    let series = model.series();
    if series.degree() > entry.whole("p")? {
        return Err(entry.wrong("p", format!("the polynomial has the degree {}", series.degree())));
    }
    let population = entry.core(model.population(activation_of(entry)?.as_ref()))?;
    let count = entry.length("w")?;
    let w = entry.matrix("w", count, d)?;
    let gradient = |i: usize| model.gradient(&population, &w.row(i).iter().copied().collect::<Vec<_>>());
    let rows = (0..count).map(gradient).collect::<escapement::Result<Vec<_>>>();
    let reference = entry.matrix("gradient", count, d)?;
    sheet.matrix("gradient", reference.as_ref(), values(&entry.core(rows)?).as_ref(), AGREEMENT)?;
    tensors(
        entry,
        sheet,
        series,
        &model.gradient_mean().iter().map(|c| c.value).collect::<Vec<_>>(),
        &values(&model.hessian()),
    )
}

/// C_0, C_1 and H, all of which are at most √(2 E f²), and E f².
fn tensors(
    entry: &Entry<'_>,
    sheet: &mut Sheet,
    series: &HermiteSeries,
    slope: &[f64],
    hessian: &Mat<f64>,
) -> Result<()> {
    let second = series.second_moment().value;
    let allowed = AGREEMENT * second.sqrt();
    sheet.number("C0", entry.number("C0")?, series.mean().value, allowed)?;
    sheet.each("C1", &entry.vector("C1", slope.len())?, slope, |_| allowed)?;
    let reference = entry.matrix("H", hessian.nrows(), hessian.ncols())?;
    sheet.matrix_within("H", reference.as_ref(), hessian.as_ref(), allowed)?;
    let reference = entry.number("second_moment")?;
    sheet.number("second_moment", reference, second, AGREEMENT * reference.abs())
}

/// Averages over the sphere for a ReLU without shift.
pub(super) fn sphere(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, r) = (entry.whole("d")?, entry.whole("r")?);
    let series = entry.core(HermiteSeries::from_monomials(r, &entry.monomials("polynomial", r)?))?;
    let relu = entry.core(activation::parse("relu"))?;
    let population = entry.core(PopulationGradient::new(&series, relu.as_ref()))?;
    let slope: Vec<f64> = series.gradient_mean().iter().map(|c| c.value).collect();
    tensors(entry, sheet, &series, &slope, &values(&series.hessian()))?;
    let Energies { total, inside, outside, remainder, remainder_inside } =
        entry.core(population.energies(d))?;
    let scale = entry.number("gradient_energy")?.abs();
    for (name, energy) in [
        ("gradient_energy", total),
        ("energy_in_S", inside),
        ("energy_outside_S", outside),
        ("remainder_energy", remainder),
        ("remainder_energy_in_S", remainder_inside),
    ] {
        sheet.number(name, entry.number(name)?, energy.value, AGREEMENT * scale)?;
    }
    let moment: f64 = squared_moments(&series).iter().enumerate().map(|(i, row)| row[i].value).sum();
    let reference = entry.number("E_f2_normx2_in_S")?;
    sheet.number("E_f2_normx2_in_S", reference, moment, AGREEMENT * reference.abs())?;
    for k in 1..=3 {
        let name = format!("lambda_min_k{k}");
        if entry.has(&name) {
            let spectrum = entry.core(population.diversity_spectrum(k, d))?;
            let largest = spectrum.last().map_or(0.0, |lambda| lambda.value);
            let least = spectrum.first().map_or(0.0, |lambda| lambda.value);
            sheet.number(&name, entry.number(&name)?, least, AGREEMENT * largest)?;
        }
    }
    Ok(())
}
