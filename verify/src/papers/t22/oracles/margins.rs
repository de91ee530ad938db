//! Kernels, and margins at infinite width, at finite width and over directions.

use super::{AGREEMENT, DERIVATIVE, PLANE, SOLVER, examples, inside, neurons, pair};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::ball::Ball;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{self, Directions, Gradients, gram_margin, kernel_margin, plane_margin};
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Par};

/// The most dimensions whose 3^D sign patterns, and 2^D corners, are formed.
const MOST: usize = 8;

/// The kernels of both layers, whose scale is 1.
pub(super) fn kernel(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let t = entry.number("t")?;
    for (name, layers) in [("outer", Layers::Outer), ("inner", Layers::Inner)] {
        sheet.number(name, entry.number(name)?, entry.core(layers.kernel(t))?.value, AGREEMENT)?;
    }
    Ok(())
}

/// Two bounds of one margin, which agree with it.
fn bounds(part: &Entry<'_>, sheet: &mut Sheet, name: &str, margin: Ball) -> Result<()> {
    for end in ["margin_upper", "margin_lower"] {
        let reference = part.number(end)?;
        let name = if name.is_empty() { end.to_owned() } else { format!("{end} ({name})") };
        inside(sheet, &name, reference, margin, AGREEMENT * reference.abs())?;
    }
    Ok(())
}

/// The margins of a parity.
pub(super) fn parity(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    for (name, layers) in [("both", Layers::Both), ("inner", Layers::Inner)] {
        let [exact, _] = entry.core(margin::parity(d, layers))?;
        bounds(&entry.part(name)?, sheet, name, exact)?;
    }
    Ok(())
}

/// The least length `√(q'Kq)` of a kernel machine at the weights of a reference, which is the margin.
fn length_at(q: &[f64], gram: MatRef<'_, f64>) -> f64 {
    let form = |i: usize| (0..q.len()).map(|k| q[i] * gram[(i, k)] * q[k]).sum::<f64>();
    (0..q.len()).map(form).sum::<f64>().sqrt() / q.iter().sum::<f64>()
}

/// Bounds of the margin at infinite width, and the weights that attain it.
fn wide(part: &Entry<'_>, sheet: &mut Sheet, x: &Mat<f64>, y: &[f64]) -> Result<()> {
    let found = part.core(kernel_margin(Layers::Both, x.as_ref(), y, Par::Seq))?;
    bounds(part, sheet, "", found.margin)?;
    if part.has("q") {
        let kernel = part.core(Layers::Both.matrix(x.as_ref(), x.as_ref(), Par::Seq))?;
        let gram = Mat::from_fn(y.len(), y.len(), |i, k| y[i] * y[k] * kernel[(i, k)]);
        let value = length_at(&part.vector("q", y.len())?, gram.as_ref());
        inside(sheet, "margin at q", value, found.margin, AGREEMENT * value)?;
    }
    Ok(())
}

/// The centres of groups: the margin at infinite width, and that over the directions {−1, 0, 1}^D.
pub(super) fn collapse(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let n = entry.length("y")?;
    let y = entry.vector("y", n)?;
    let d = entry.columns("centres")?;
    let x = entry.matrix("centres", n, d)?;
    wide(entry, sheet, &x, &y)?;
    let name = "lp_value_sign_patterns";
    if entry.has(name) {
        let digit = |j: usize, c: usize| ((j / 3_usize.pow(c as u32)) % 3) as f64 - 1.0;
        if d > MOST {
            return Err(
                entry.wrong("centres", format!("{d} coordinates are too many patterns, {MOST} are allowed"))
            );
        }
        let middle = (3_usize.pow(d as u32) - 1) / 2;
        // All but 0; σ(−z) is another feature, so that both signs count.
        let all = Mat::from_fn(2 * middle, d, |j, c| digit(if j < middle { j } else { j + 1 }, c));
        let margin = entry.core(Directions::new(all.as_ref(), x.as_ref(), &y, Par::Seq))?;
        let reference = entry.number(name)?;
        inside(sheet, name, reference, entry.core(margin.margin())?.margin, AGREEMENT * reference.abs())?;
    }
    Ok(())
}

/// γ_m, γ^∞_m and f at given weights.
fn at_width(entry: &Entry<'_>, sheet: &mut Sheet, x: &Mat<f64>, y: &[f64]) -> Result<()> {
    let w = neurons(entry, "W0", x.ncols())?;
    let net = entry.core(Gradients::new(w.as_ref(), x.as_ref(), y, Par::Seq))?;
    for (name, margin) in [("l2", net.margin()), ("linf", net.transport_margin())] {
        let reference = entry.number(name)?;
        inside(sheet, name, reference, entry.core(margin)?.margin, SOLVER * reference.abs())?;
    }
    if entry.has("f0") {
        let f: Vec<f64> = net.margins().iter().zip(y).map(|(p, y)| y * p.value).collect();
        sheet.vector("f0", &entry.vector("f0", y.len())?, &f, DERIVATIVE)?;
    }
    Ok(())
}

/// The same on the inputs of the entry.
pub(super) fn finite(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (x, y) = examples(entry, entry.whole("d")?)?;
    at_width(entry, sheet, &x, &y)
}

/// The same on the corners of the cube `{±1/√d}^d` in lexicographic order, with the labels sgn(x_1 x_2).
pub(super) fn cube_finite(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    if !(2..=MOST).contains(&d) {
        return Err(entry.wrong("d", format!("{d} is not allowed, only 2 to {MOST}")));
    }
    let side = 1.0 / (d as f64).sqrt();
    let x = Mat::from_fn(1 << d, d, |i, c| if i >> (d - 1 - c) & 1 == 1 { side } else { -side });
    let y: Vec<f64> = (0..1 << d).map(|i| (x[(i, 0)] * x[(i, 1)]).signum()).collect();
    at_width(entry, sheet, &x, &y)
}

/// The margin over given directions, and what the vectors of the reference certify.
pub(super) fn directions(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    let (x, y) = examples(entry, d)?;
    let m = entry.length("V")?;
    let v = entry.matrix("V", m, d)?;
    let directions = entry.core(Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq))?;
    let margin = entry.core(directions.margin())?.margin;
    for name in ["value", "dual_value"] {
        let reference = entry.number(name)?;
        inside(sheet, name, reference, margin, AGREEMENT * reference.abs())?;
    }
    if entry.has("q") && entry.has("c") {
        // Solvers leave weights of −1e-17.
        let q: Vec<f64> = entry.vector("q", y.len())?.iter().map(|q| q.max(0.0)).collect();
        let own = entry.core(directions.margin_at(&q, &entry.vector("c", m)?))?.margin;
        for (name, end) in [("margin at c", own.lower()), ("margin at q", own.upper())] {
            inside(sheet, name, end, margin, AGREEMENT * end.abs())?;
        }
    }
    Ok(())
}

/// The margin over all directions of the plane.
pub(super) fn plane(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (x, y) = examples(entry, 2)?;
    all_of_plane(entry, sheet, "value", &x, &y)
}

fn all_of_plane(entry: &Entry<'_>, sheet: &mut Sheet, name: &str, x: &Mat<f64>, y: &[f64]) -> Result<()> {
    let (found, _) = entry.core(plane_margin(x.as_ref(), y, Par::Seq))?;
    let longest = (0..y.len()).map(|i| x.row(i).norm_l2()).fold(0.0, f64::max);
    inside(sheet, name, entry.number(name)?, found.margin, PLANE * longest)
}

/// The stationary point on the ray between two inputs: one neuron (1, e_2), the other 0.
pub(super) fn stationary(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (x, y) = pair(entry.number("alpha")?);
    let w = Mat::from_fn(2, 3, |j, c| if j == 0 && c != 1 { 1.0 } else { 0.0 });
    let net = entry.core(Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq))?;
    let p: Vec<f64> = net.margins().iter().map(|p| p.value).collect();
    let square = w.squared_norm_l2();
    sheet.vector("margins", &entry.vector("margins", 2)?, &p, PLANE)?;
    let reference = entry.number("norm2")?;
    sheet.number("norm2", reference, square, PLANE * reference.abs())?;
    // W = Σ λ_i φ_i gives ⟨W, φ_k⟩ = 2 p_k = Σ_i λ_i ⟨φ_i, φ_k⟩.
    let gram = entry.core(net.gram())?;
    let lambda = gram.partial_piv_lu().solve(Mat::from_fn(2, 1, |i, _| 2.0 * p[i]));
    sheet.vector("multipliers", &entry.vector("multipliers", 2)?, lambda.col_as_slice(0), PLANE)?;
    let mut left = w.clone();
    for (i, lambda) in lambda.col_as_slice(0).iter().enumerate() {
        left -= faer::Scale(*lambda) * entry.core(net.gradient(i))?;
    }
    let name = "stationarity_residual";
    sheet.number(name, entry.number(name)?, left.norm_l2(), PLANE)?;
    let reference = entry.number("normalised_margin")?;
    let normalised = 2.0_f64.sqrt() * p[0].min(p[1]) / square;
    sheet.number("normalised_margin", reference, normalised, PLANE * reference.abs())?;
    all_of_plane(entry, sheet, "best_lp_value", &x, &y)?;
    wide(&entry.part("gram_margin")?, sheet, &x, &y)
}

/// γ_m at the weights of an entry, which the Gram matrix alone must give as well.
pub(super) fn at_weights(
    entry: &Entry<'_>,
    sheet: &mut Sheet,
    name: &str,
    net: &Gradients<'_>,
) -> Result<()> {
    let reference = entry.number(name)?;
    inside(sheet, name, reference, entry.core(net.margin())?.margin, SOLVER * reference.abs())?;
    let gram = entry.core(net.gram())?;
    let again = entry.core(gram_margin(gram.as_ref(), DERIVATIVE, Par::Seq))?;
    inside(sheet, &format!("{name} (by the Gram matrix)"), reference, again.margin, SOLVER * reference.abs())
}
