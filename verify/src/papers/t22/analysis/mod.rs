//! The margins of somebody's own data, and the flows that enlarge them.

mod found;
mod picture;

pub use found::{End, FlowFound, FlowRow, Found, Interval, NormRow, NormsFound, RadiusRow, Summary};
pub use picture::picture;

use super::instance;
use escapement::flow::{Accuracy, Flow, Loss, NormOnly, NormPoint, Point};
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{
    self, Directions, Gradients, Neighbourhood, kernel_margin, margin_bound, plane_margin,
};
use escapement::{Error, Result, seed, tolerance};
use faer::{Mat, MatRef, Par};
use std::ops::ControlFlow;

/// The most examples in the plane for which the margin over all directions is computed and not bounded; its
/// linear programs have some n × 2n entries.
const PLANE: usize = 400;
/// The radii at which the certified margin is tabulated.
const RADII: usize = 400;
/// A step that is shorter than this, relative to `‖W‖/√m` and the time τ that it took, ends a flow: no
/// gradient is longer than that, so that the gradients of the examples cancel to as many digits.
const AT_REST: f64 = 1e-6;

/// What is asked for beside the margins of the gradients.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The margin of bounded transport, a cone program.
    pub transport: bool,
    /// The margin over the directions of the weights, and the flow of norms.
    pub norms_only: bool,
    /// The flow of both layers.
    pub flow: bool,
    /// The loss of the flow of both layers; that of norms has the exponential one.
    pub loss: Loss,
    /// The smoothed margin u at which flows end.
    pub until: f64,
    /// How flows are integrated.
    pub accuracy: Accuracy,
}

impl Settings {
    /// # Errors
    /// An `until` that is not positive and finite, another tolerance than a flow takes, no steps, and the
    /// logistic loss for a flow of norms alone.
    pub fn check(&self) -> Result<()> {
        if !(self.until.is_finite() && self.until > 0.0) {
            let allowed = "the smoothed margin at which a flow ends is positive and finite";
            return Err(Error::domain("until", self.until, allowed));
        }
        if self.accuracy.steps == 0 {
            return Err(Error::domain("steps", 0, "a flow takes at least one"));
        }
        if self.norms_only && !self.flow && self.loss == Loss::Logistic {
            return Err(Error::domain("the loss", "logistic", "the flow of norms has the exponential loss"));
        }
        self.accuracy.check()
    }

    /// The bytes that the matrices of all programs take for n examples and m neurons on R^d, of which one
    /// program runs at a time.
    pub fn bytes(&self, n: usize, m: usize, d: usize) -> f64 {
        let [n, m, d] = [n, m, d].map(|size| size as f64);
        let (gram, weights) = (6.0 * n * n, 12.0 * m * (d + 1.0));
        let transport = if self.transport { 12.0 * n * m * (d + 1.0) } else { 0.0 };
        let directions = if self.norms_only { 6.0 * n * (m + n) } else { 0.0 };
        8.0 * (gram.max(transport).max(directions) + weights + 2.0 * n * m + n * d)
    }
}

/// Refuses inputs `x` (`[n, d]`) of length 0 or above 1 and labels `y` (`[n]`) with which no margin is
/// positive.
///
/// # Errors
/// Shapes that do not fit, no inputs, labels other than ±1, numbers that are not finite, a norm above 1
/// beyond [`tolerance::UNIT_NORM_F32`], an input 0, and two equal inputs with opposite labels.
pub fn check_examples(x: MatRef<'_, f64>, y: &[f64]) -> Result<()> {
    margin::check_examples(x, y)?;
    let norm = |i: usize| x.row(i).norm_l2();
    if let Some(i) = (0..y.len()).find(|&i| norm(i) > 1.0 + tolerance::UNIT_NORM_F32) {
        let allowed = "inputs have a norm of at most 1: divide all of them by the largest norm";
        return Err(Error::domain(format!("the norm of input {i}"), norm(i), allowed));
    }
    if let Some(i) = (0..y.len()).find(|&i| norm(i) == 0.0) {
        let allowed = "every network is 0 there, so that no margin is positive";
        return Err(Error::domain(format!("the norm of input {i}"), 0, allowed));
    }
    // Zeros of both signs are one number.
    let row = |i: usize| (0..x.ncols()).map(move |c| x[(i, c)] + 0.0);
    let mut order: Vec<usize> = (0..y.len()).collect();
    let compared = |&i: &usize, &k: &usize| {
        let entries = row(i).zip(row(k)).map(|(a, b)| a.total_cmp(&b));
        entries.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    order.sort_by(|i, k| compared(i, k).then(i.cmp(k)));
    let clash = |pair: &&[usize]| y[pair[0]] != y[pair[1]] && compared(&pair[0], &pair[1]).is_eq();
    if let Some(pair) = order.windows(2).find(clash) {
        let given = format!("{} and {}", pair[0], pair[1]);
        let allowed = "they are equal and have opposite labels, so that every margin is 0";
        return Err(Error::domain("the pair of inputs", given, allowed));
    }
    Ok(())
}

/// Standard normal weights of m neurons on R^d, `[m, 1 + d]`, the output weight first; `paired` ones are m/2
/// neurons (a, v), then (−a, v) for each, and their network is 0.
///
/// # Errors
/// [`Error::Width`] for a pair that is not whole, and no neurons.
pub fn weights(m: usize, d: usize, paired: bool, root: u64) -> Result<Mat<f64>> {
    if m == 0 || paired && m % 2 == 1 {
        let no_neuron = Error::domain("m", m, "a network has at least one neuron");
        return Err(if paired { Error::Width(m) } else { no_neuron });
    }
    let own = if paired { m / 2 } else { m };
    let key = format!("d={d} m={m}");
    let w = instance::weights(&mut seed::stream(root, &key, "margin"), own, d);
    Ok(Mat::from_fn(m, d + 1, |j, c| if j >= own && c == 0 { -w[(j - own, 0)] } else { w[(j % own, c)] }))
}

/// Who hears of progress: how much of how much is done, and a few words. [`ControlFlow::Break`] stops.
pub type On<'a> = &'a mut dyn FnMut(f64, f64, &dyn Fn() -> String) -> ControlFlow<()>;

/// Computes the margins of the network with the weights `w` (`[m, 1 + d]`) on the inputs `x` (`[n, d]`) with
/// labels `y` (`[n]`), and the flows that are asked for; `None` where `on` stopped it.
///
/// # Errors
/// What [`Settings::check`] and [`check_examples`] refuse, weights of another shape, weights with which no
/// neuron is active on an input, and programs that do not fit in memory.
pub fn analyse(
    x: MatRef<'_, f64>,
    y: &[f64],
    w: MatRef<'_, f64>,
    settings: &Settings,
    par: Par,
    on: On<'_>,
) -> Result<Option<Found>> {
    settings.check()?;
    check_examples(x, y)?;
    // One layout of numbers, because the last digits of sums depend on it.
    let (x, w) = (x.to_owned(), w.to_owned());
    let (x, w) = (x.as_ref(), w.as_ref());
    let gradients = Gradients::new(w, x, y, par)?;
    let (n, d, m) = (x.nrows(), x.ncols(), w.nrows());
    let unseen = unseen(x, w);
    if unseen.len() == n {
        let allowed = "all gradients are 0, and nothing moves: take other weights, or more neurons";
        return Err(Error::domain("the number of neurons that are active on an input", 0, allowed));
    }
    let seen = |i: &usize| format!("no neuron is active on input {i}, so that its margin is 0, and γ_m too");
    let remarks = unseen.first().map(seen).into_iter().collect();
    if stops(on, "the margin at these weights") {
        return Ok(None);
    }
    let margin = gradients.margin()?;
    let neighbourhood = gradients.neighbourhood(&margin)?;
    let half_radius = neighbourhood.half_radius();
    let mut transport = None;
    if settings.transport {
        if stops(on, "the cone program of bounded transport") {
            return Ok(None);
        }
        transport = Some(Interval::new(gradients.transport_margin()?.margin));
    }
    if stops(on, "the margin at infinite width") {
        return Ok(None);
    }
    let wide = kernel_margin(Layers::Both, x, y, par)?;
    let mut summary = Summary {
        d,
        n,
        m,
        margin: Interval::new(margin.margin),
        transport,
        infinite_width: Interval::new(wide.margin),
        half_radius,
        radii: Vec::new(),
        norms_only: None,
        flow: None,
    };
    let mut weights = None;
    if settings.norms_only {
        if stops(on, "the margin over the directions") {
            return Ok(None);
        }
        summary.norms_only = norms((x, y, w), settings, par, on)?;
        if summary.norms_only.is_none() {
            return Ok(None);
        }
    }
    if settings.flow {
        let Some((mut found, end)) = flow((x, y, w), settings, par, on)? else { return Ok(None) };
        // Any weights give a bound: those of the kernel machines, and those that the flow ends with.
        let all = [&margin.dual, &wide.dual, &end.levels.weights];
        (found.most, found.bound) = most(x, y, all, par)?;
        certify(&neighbourhood, &mut found);
        weights = Some(end.weights);
        summary.flow = Some(found);
    }
    let reach = summary.flow.as_ref().map_or(0.0, |flow| furthest(&flow.rows));
    summary.radii = radii(&neighbourhood, half_radius, reach);
    Ok(Some(Found { summary, dual: margin.dual, weights, remarks }))
}

/// Says what comes next; the value is whether it is not wanted any more.
fn stops(on: On<'_>, words: &str) -> bool {
    on(0.0, 1.0, &|| words.to_owned()).is_break()
}

/// What no network's normalised margin exceeds, and how that is known.
fn most(x: MatRef<'_, f64>, y: &[f64], weights: [&Vec<f64>; 3], par: Par) -> Result<(f64, &'static str)> {
    if x.ncols() == 2 && y.len() <= PLANE {
        return Ok((0.5 * plane_margin(x, y, par)?.0.margin.upper(), "plane"));
    }
    let mut most = f64::INFINITY;
    for q in weights {
        most = most.min(0.5 * margin_bound(x, y, q, par)?);
    }
    Ok((most, "inputs"))
}

/// The inputs on which no neuron is active.
fn unseen(x: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Vec<usize> {
    let product = |i: usize, j: usize| (0..x.ncols()).map(|c| x[(i, c)] * w[(j, c + 1)]).sum::<f64>();
    (0..x.nrows()).filter(|&i| (0..w.nrows()).all(|j| product(i, j) <= 0.0)).collect()
}

/// Inputs, labels and weights.
type Network<'a> = (MatRef<'a, f64>, &'a [f64], MatRef<'a, f64>);

/// The margin over the directions of the weights, and the flow of norms.
fn norms((x, y, w): Network<'_>, settings: &Settings, par: Par, on: On<'_>) -> Result<Option<NormsFound>> {
    let (m, d) = (w.nrows(), x.ncols());
    let global = Directions::new(w.subcols(1, d), x, y, par)?.margin()?.margin;
    let lengths: Vec<f64> = (0..m).map(|j| w.row(j).subcols(1, d).norm_l2()).collect();
    let cut = (0..m).any(|j| w[(j, 0)].abs() >= lengths[j]);
    let mut found = NormsFound {
        global: Interval::new(global),
        cut,
        end: End::NotSeparated,
        why: String::new(),
        rows: vec![],
    };
    if found.global.lower == 0.0 {
        found.why = format!("no weights on these directions have a margin above {:.1e}", found.global.upper);
        return Ok(Some(found));
    }
    let unit = Mat::from_fn(m, d, |j, c| w[(j, c + 1)] / lengths[j]);
    let own = |j: usize| if cut { (w[(j, 0)].clamp(-0.5, 0.5), 1.0) } else { (w[(j, 0)], lengths[j]) };
    let (a, r): (Vec<f64>, Vec<f64>) = (0..m).map(own).unzip();
    let flow = NormOnly::new(unit.as_ref(), x, y, (&a, &r), par)?;
    let start = flow.start()?;
    let mut stopped = false;
    let rows = &mut found.rows;
    let mut each = |point: &NormPoint| {
        let (u, [lower, upper]) = (point.levels.smoothed, flow.sandwich(point));
        let smoothed = (m as f64).sqrt() * u / point.square;
        rows.push(NormRow {
            tau: point.tau,
            u,
            smoothed,
            lower,
            upper: Some(upper).filter(|u| u.is_finite()),
        });
        stopped = on(u.clamp(0.0, settings.until), settings.until, &|| said(u, settings)).is_break();
        if stopped || u >= settings.until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    (found.end, found.why) = match flow.run(start, f64::INFINITY, settings.accuracy, &mut each) {
        Ok(_) => (End::Reached, format!("the smoothed margin u has come to {}", settings.until)),
        Err(why @ Error::Numerical { .. }) => (End::BrokenOff, why.to_string()),
        Err(why) => return Err(why),
    };
    Ok(Some(found).filter(|_| !stopped))
}

fn said(u: f64, settings: &Settings) -> String {
    format!("u = {u:.4} of {}", settings.until)
}

/// The flow of both layers, without its bounds, and the point at which it ended.
fn flow(
    (x, y, w): Network<'_>,
    settings: &Settings,
    par: Par,
    on: On<'_>,
) -> Result<Option<(FlowFound, Point)>> {
    let flow = Flow::new(x, y, settings.loss, par)?;
    let start = flow.point(w)?;
    let (root, mut last) = ((w.nrows() as f64).sqrt(), start.clone());
    let (mut rows, mut ended): (Vec<FlowRow>, _) = (Vec::new(), None);
    let mut each = |point: &Point| {
        let u = point.levels.smoothed;
        let row = FlowRow {
            tau: point.tau,
            log_time: Some(point.log_time).filter(|time| time.is_finite()),
            u,
            least: point.margins.iter().copied().fold(f64::INFINITY, f64::min),
            smoothed: point.smoothed_margin(),
            margin: point.margin(),
            displacement: (&point.weights - w).norm_l2(),
            path: point.path,
            square: point.square(),
            certified: f64::NEG_INFINITY,
        };
        let slow = |before: &FlowRow| {
            (row.path - before.path) * root <= AT_REST * row.square.sqrt() * (row.tau - before.tau)
        };
        if u >= settings.until {
            ended = Some(End::Reached);
        } else if rows.last().is_some_and(slow) {
            ended = Some(End::Stationary);
        }
        rows.push(row);
        last = point.clone();
        let stopped = on(u.clamp(0.0, settings.until), settings.until, &|| said(u, settings)).is_break();
        if stopped || ended.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let run = flow.run(start, f64::INFINITY, settings.accuracy, &mut each);
    let Some(row) = rows.last().copied() else { return Ok(None) };
    let (end, why, drift) = match (run, ended) {
        (Err(why @ Error::Numerical { .. }), _) => (End::BrokenOff, why.to_string(), None),
        (Err(why), _) => return Err(why),
        (Ok(_), None) => return Ok(None),
        (Ok(run), Some(End::Reached)) => {
            (End::Reached, format!("the smoothed margin u has come to {}", settings.until), Some(run.drift))
        }
        (Ok(run), Some(end)) => {
            let left = if row.least > 0.0 { "no margin grows" } else { "the examples are not separated" };
            let why = format!("at rest, below {AT_REST:e} ‖W‖/√m for a unit of τ: {left}");
            (end, why, Some(run.drift))
        }
    };
    let loss = if settings.loss == Loss::Exponential { "exponential" } else { "logistic" };
    let found = FlowFound { loss, end, why, last: row, most: f64::INFINITY, bound: "", drift, rows };
    Ok(Some((found, last)))
}

/// The largest displacement.
fn furthest(rows: &[FlowRow]) -> f64 {
    rows.iter().map(|row| row.displacement).fold(0.0, f64::max)
}

/// κ over radii up to where it is 0, and no farther than 4 R_½, or than the displacement of a flow, which
/// counts from R_½ to 8 R_½.
fn radii(neighbourhood: &Neighbourhood, half: f64, reach: f64) -> Vec<RadiusRow> {
    let end = if reach > 0.0 { reach.min(8.0 * half).max(half) } else { 4.0 * half };
    let row = |k: usize| {
        let radius = end * k as f64 / RADII as f64;
        RadiusRow { radius, margin: neighbourhood.margin_within(radius) }
    };
    let count = if end > 0.0 { RADII } else { 0 };
    (0..=count).map(row).take_while(|row| row.radius == 0.0 || row.margin > 0.0).collect()
}

/// Fills in what is certified: `u ≥ u(0) + κ(R)R` from where the displacement has come to R on, because u
/// grows by γ_m(W) at least for each unit of the path and never falls.
fn certify(neighbourhood: &Neighbourhood, found: &mut FlowFound) {
    let radii = radii(neighbourhood, neighbourhood.half_radius(), furthest(&found.rows));
    let start = found.rows[0].u;
    let (mut most, mut index, mut reached) = (0.0_f64, 0, 0.0_f64);
    for row in &mut found.rows {
        reached = reached.max(row.displacement);
        while let Some(radius) = radii.get(index).filter(|radius| radius.radius <= reached) {
            (most, index) = (most.max(radius.margin * radius.radius), index + 1);
        }
        row.certified = start + most;
    }
    if let Some(last) = found.rows.last() {
        found.last = *last;
    }
}
