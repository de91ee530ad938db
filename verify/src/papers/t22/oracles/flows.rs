//! Rates at given weights, trajectories of flows, and the books of stochastic gradient descent.

use super::{DERIVATIVE, PLANE, SOLVER, examples, inside, margins, neurons, pair};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::flow::{self, Accuracy, Flow, Loss, NormOnly};
use escapement::margin::{Directions, Gradients};
use faer::{Mat, Par};
use std::ops::ControlFlow;

/// Steps that err by some hundredth of what is allowed at the end of a trajectory.
const FINE: f64 = 1e-12;
const NORMS: f64 = 1e-10;

fn accuracy(tolerance: f64) -> Accuracy {
    Accuracy { tolerance, ..Accuracy::default() }
}

/// A number that may differ by a share of itself.
fn relative(entry: &Entry<'_>, sheet: &mut Sheet, name: &str, computed: f64, allowed: f64) -> Result<()> {
    let reference = entry.number(name)?;
    sheet.number(name, reference, computed, allowed * reference.abs())
}

/// Margins and γ_m at given weights; for both losses L, its gradient, u, the smoothed margin u/‖W‖² and the
/// rates of change along −∇L.
pub(super) fn pointwise(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    let ((x, y), w) = (examples(entry, d)?, neurons(entry, "W", d)?);
    let net = entry.core(Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq))?;
    let (n, m, gram) = (y.len(), w.nrows(), entry.core(net.gram())?);
    let p: Vec<f64> = net.margins().iter().map(|p| p.value).collect();
    sheet.vector("margins", &entry.vector("margins", n)?, &p, DERIVATIVE)?;
    margins::at_weights(entry, sheet, "l2_margin_at_W", &net)?;
    for part in entry.parts("losses")? {
        let loss = match part.text("loss")? {
            "exp" => Loss::Exponential,
            "logistic" => Loss::Logistic,
            other => {
                return Err(part.wrong("loss", format!("'{other}' is not allowed, only exp and logistic")));
            }
        };
        let named =
            |name: &str| format!("{name} ({})", if loss == Loss::Exponential { "exp" } else { "logistic" });
        let point = entry.core(entry.core(Flow::new(x.as_ref(), &y, loss, Par::Seq))?.point(w.as_ref()))?;
        let (levels, c, square) = (&point.levels, &point.levels.weights, point.square());
        // dτ/dt = |ℓ'(u)|/n, du/dτ = c'Kc and d‖W‖²/dτ = 4 Σ c_i p_i.
        let speed = levels.log_slope.exp() / n as f64;
        let row = |i: usize| (0..n).map(|k| c[i] * gram[(i, k)] * c[k]).sum::<f64>();
        let form: f64 = (0..n).map(row).sum();
        let along: f64 = c.iter().zip(&point.margins).map(|(c, p)| 4.0 * c * p).sum();
        let size: f64 = c.iter().zip(&point.margins).map(|(c, p)| 4.0 * c * p.abs()).sum();
        let (u, rate) = (levels.smoothed, speed / square);
        let average = levels.log_total.exp() / n as f64;
        for (name, computed, scale) in [
            ("L", average, average),
            ("u", u, u.abs().max(1.0)),
            ("smoothed_margin", u / square, u.abs().max(1.0) / square),
            ("d_u", speed * form, speed * form),
            ("d_norm2", speed * along, speed * size),
            (
                "d_smoothed_margin",
                rate * (form - u / square * along),
                rate * (form + (u / square * size).abs()),
            ),
        ] {
            sheet.number(&named(name), part.number(name)?, computed, DERIVATIVE * scale)?;
        }
        let mut gradient = Mat::<f64>::zeros(m, d + 1);
        for (i, c) in c.iter().enumerate() {
            gradient -= faer::Scale(speed * c) * entry.core(net.gradient(i))?;
        }
        let reference = part.matrix("gradient", m, d + 1)?;
        sheet.matrix(&named("gradient"), reference.as_ref(), gradient.as_ref(), DERIVATIVE)?;
    }
    Ok(())
}

/// The parts of an entry in the order of their times τ.
fn in_time<'a>(entry: &Entry<'a>) -> Result<Vec<(usize, f64, Entry<'a>)>> {
    let rows = entry.parts("rows")?.into_iter().enumerate();
    let mut rows = rows.map(|(i, row)| Ok((i, row.number("tau")?, row))).collect::<Result<Vec<_>>>()?;
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    match rows.first() {
        Some((_, tau, row)) if *tau < 0.0 => Err(row.wrong("tau", "it is negative, and flows begin at 0")),
        _ => Ok(rows),
    }
}

/// The flow of norms, and the margin over its directions.
pub(super) fn norms_only(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, m) = (entry.whole("d")?, entry.length("V")?);
    let ((x, y), v) = (examples(entry, d)?, entry.matrix("V", m, d)?);
    let (a, r) = (entry.vector("a0", m)?, entry.vector("r0", m)?);
    let directions = entry.core(Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq))?;
    let reference = entry.number("lp")?;
    inside(sheet, "lp", reference, entry.core(directions.margin())?.margin, SOLVER * reference.abs())?;
    let flow = entry.core(NormOnly::new(v.as_ref(), x.as_ref(), &y, (&a, &r), Par::Seq))?;
    let mut here = entry.core(flow.start())?;
    for (i, tau, row) in in_time(entry)? {
        let on = &mut |_: &_| ControlFlow::Continue(());
        here = entry.core(flow.run(here, tau, accuracy(NORMS), on))?;
        let (a, r) = flow.weights(&here);
        let named = |name: &str| format!("{name} (row {i})");
        let reference = row.number("norm2")?;
        sheet.number(&named("norm2"), reference, here.square, SOLVER * reference.abs())?;
        for (name, computed) in [("margins", &here.margins), ("a", &a), ("r", &r)] {
            sheet.vector(&named(name), &row.vector(name, computed.len())?, computed, SOLVER)?;
        }
    }
    Ok(())
}

/// The flow of both layers.
pub(super) fn both_layers(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    let ((x, y), w) = (examples(entry, d)?, neurons(entry, "W0", d)?);
    let flow = entry.core(Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq))?;
    let mut here = entry.core(flow.point(w.as_ref()))?;
    for (i, tau, row) in in_time(entry)? {
        let on = &mut |_: &_| ControlFlow::Continue(());
        here = entry.core(flow.run(here, tau, accuracy(FINE), on))?.end;
        let reference = neurons(&row, "W", d)?;
        sheet.matrix(&format!("W (row {i})"), reference.as_ref(), here.weights.as_ref(), PLANE)?;
        let reference = row.number("u")?;
        sheet.number(&format!("u (row {i})"), reference, here.levels.smoothed, PLANE * reference.abs())?;
    }
    Ok(())
}

/// A run of stochastic gradient descent with its books.
pub(super) fn perceptron(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    let ((x, y), w, other) = (examples(entry, d)?, neurons(entry, "W0", d)?, neurons(entry, "Wbar", d)?);
    let eta = entry.number("eta")?;
    let run = entry.core(flow::perceptron(w.as_ref(), x.as_ref(), &y, eta, other.as_ref()))?;
    for (name, computed) in [("p", &run.margins), ("z", &run.linearised)] {
        sheet.vector(name, &entry.vector(name, computed.len())?, computed, DERIVATIVE)?;
    }
    sheet.matrix("W_T", neurons(entry, "W_T", d)?.as_ref(), run.weights.as_ref(), DERIVATIVE)?;
    relative(entry, sheet, "max_grad2", run.largest_square, DERIVATIVE)?;
    relative(entry, sheet, "lhs", run.regret, DERIVATIVE)?;
    relative(entry, sheet, "rhs", run.allowed, DERIVATIVE)
}

/// A flow from the ray of a stationary point, beside neurons that see no input.
pub(super) fn dead_start(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let ((x, y), w) = (pair(entry.number("alpha")?), neurons(entry, "W0", 2)?);
    let flow = entry.core(Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq))?;
    let start = entry.core(flow.point(w.as_ref()))?;
    let on = &mut |_: &_| ControlFlow::Continue(());
    let end = entry.core(flow.run(start, entry.number("tau")?, accuracy(NORMS), on))?.end;
    relative(entry, sheet, "u", end.levels.smoothed, SOLVER)?;
    relative(entry, sheet, "norm2", end.square(), SOLVER)?;
    sheet.vector("margins", &entry.vector("margins", 2)?, &end.margins, SOLVER)?;
    let sees = |j: usize| (0..2).any(|i| w[(j, 1)] * x[(i, 0)] + w[(j, 2)] * x[(i, 1)] > 0.0);
    let moved = |j: usize| (end.weights.row(j) - w.row(j)).norm_max();
    let most = (0..w.nrows()).filter(|&j| !sees(j)).map(moved).fold(0.0, f64::max);
    sheet.number("dead_moved", entry.number("dead_moved")?, most, SOLVER)
}
