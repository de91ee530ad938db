//! Reference values for BESWW23.

use crate::error::Result;
use crate::oracle::{Entry, List, Sheet};
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::{Spike, SpikedGradient};
use escapement::kernel::spiked::SpikedKernel;
use faer::Par;

/// Agreement relative to the value, or to the largest of a kind.
const AGREEMENT: f64 = 1e-12;

/// The lists.
pub const LISTS: [List; 3] = [
    List { name: "compression", marks: &["/kernel_at_nodes"], compare: compression },
    List { name: "krr", marks: &["/overlap_top"], compare: krr },
    List { name: "gradient", marks: &["/second_moment_perp"], compare: gradient },
];

fn kernel(entry: &Entry<'_>) -> Result<SpikedKernel> {
    let spike = entry.core(Spike::new(entry.whole("d")?, entry.number("theta")?))?;
    entry.core(SpikedKernel::new(spike, &entry.vector("kernel", entry.length("kernel")?)?))
}

/// The eigenvalues on functions of z, and the mean of the kernel over the other coordinates.
fn compression(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let kernel = kernel(entry)?;
    let found: Vec<f64> = entry.core(kernel.spectrum())?.iter().map(|value| value.value).collect();
    // The references are good to 1e-13 of the first.
    sheet.vector("eigenvalues", &entry.vector("eigenvalues", found.len())?, &found, AGREEMENT)?;
    let at = entry.part("kernel_at_nodes")?;
    let z = at.vector("z", 2)?;
    let of = |(l, power): (usize, &Ball)| power.value * (z[0] * z[1]).powi(l as i32);
    at.compare(sheet, "value", kernel.powers().iter().enumerate().map(of).sum(), AGREEMENT)
}

/// The regression, its risk and its overlaps.
fn krr(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let kernel = kernel(entry)?;
    let (n, link) = (entry.length("X")?, entry.vector("link", entry.length("link")?)?);
    let x = entry.matrix("X", n, kernel.spike().d())?;
    let regression = entry.core(kernel.regression(x.as_ref(), &link, Par::Seq))?;
    let fit = entry.core(regression.fit(entry.number("ridge")?))?;
    sheet.vector("coefficients", &entry.vector("coefficients", n)?, &fit.coefficients, AGREEMENT)?;
    entry.compare(sheet, "risk", fit.risk.value, AGREEMENT)?;
    let top = regression.overlaps(link.len() - 1).unwrap_or(&[]);
    sheet.vector("kernel_times_top", &entry.vector("kernel_times_top", n)?, top, AGREEMENT)?;
    entry.compare(sheet, "overlap_top", fit.overlap.value, AGREEMENT)
}

/// The gradient of a neuron with σ(z − shift), and the second moments of one input.
fn gradient(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let name = format!("{}:{}", entry.text("activation")?, entry.number("shift")?);
    let sigma = entry.core(activation::parse(&name))?;
    let spike = entry.core(Spike::new(entry.whole("d")?, entry.number("theta")?))?;
    let (link, t) = (entry.vector("link", entry.length("link")?)?, entry.number("w_dot_mu")?);
    let found = entry.core(SpikedGradient::new(&link, sigma.as_ref(), spike, t))?;
    // The smaller component is what is left of a sum.
    let reference = [entry.number("g_mu")?, entry.number("g_perp")?];
    sheet.vector("g_mu, g_perp", &reference, &[found.along.value, found.across.value], AGREEMENT)?;
    for (name, value) in [
        ("second_moment_mu", found.square_along),
        ("second_moment_perp", found.square_across),
        ("second_moment_other", found.square),
    ] {
        entry.compare(sheet, name, value.value, AGREEMENT)?;
    }
    Ok(())
}
