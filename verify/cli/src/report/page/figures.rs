//! From the series of a bound to its two pictures: the measured value beside the bound, and their ratio. An
//! identity has another one, see [`identity`].

use super::shared::{
    BEHIND, CROWD, DASHES, Spread, abscissa, other_groups, refuting, small, spreads, worst,
};
use super::{identity, mathematics::inline};
use crate::report::control;
use crate::report::headline::limits;
use crate::report::model::{BoundReport, ClaimReport, Freshness};
use crate::report::plot::small::{Dot, Small, Trace};
use escapement_verify::judge::Estimate;
use escapement_verify::judge::series::{Planted, Point, Series};
use escapement_verify::text::numbers::{bound as error, short, signed_exponent as exponent};
use escapement_verify::text::plural::count;
use escapement_verify::{claim::Side, judge::ExponentEvidence};
use maud::{Markup, html};

/// The entries of the controls in the key, as [`DASHES`].
const KEYS: [&str; 4] = ["k-control", "k-control second", "k-control third", "k-control fourth"];

/// The exponent that comes nearest to violating the claim.
pub(super) fn nearest(bound: &BoundReport) -> Option<&ExponentEvidence> {
    ExponentEvidence::nearest(bound.binds(), &bound.verdict.exponents)
}

/// The group that decided, or came closest to deciding otherwise.
pub(super) fn deciding<'a>(bound: &'a BoundReport, claim: &ClaimReport) -> Option<&'a Series> {
    let by_exponent = nearest(bound)
        .and_then(|e| bound.series.iter().find(|s| s.group == e.group && s.parameter == e.parameter));
    // A cell refutes by itself, whatever the exponents of other groups are.
    let refutes = |s: &Series| refuting(s, bound, claim).next().is_some();
    let by_exponent = by_exponent.filter(|s| refutes(s) || !bound.series.iter().any(refutes));
    let worst = worst(bound, claim);
    let by_cell = || bound.series.iter().find(|s| s.points.iter().any(|p| Some(p.cell) == worst));
    by_exponent.or_else(by_cell).or_else(|| bound.series.iter().find(|s| s.decides)).or(bound.series.first())
}

/// The finding on a bound in a sentence, for those who cannot see its pictures.
pub(super) fn finding(bound: &BoundReport) -> String {
    let v = &bound.verdict;
    let mut words = vec![format!("{}: {}", v.name, v.word())];
    if let Some(e) = nearest(bound) {
        let p = &e.parameter;
        let [measured, claimed] = [e.lhs.value, e.claimed].map(exponent);
        let limits = limits(e.lhs);
        words.push(format!("{p}^{measured} measured, limits {limits}, claimed {p}^{claimed}"));
    }
    if let Some(c) = v.implied_constant {
        words.push(format!("implied constant {}", short(c)));
    }
    if !v.tightness.text.is_empty() {
        words.push(v.tightness.text.clone());
    }
    words.push(format!("control {}", control::words(&v.control)));
    words.join("; ")
}

/// The pictures of a bound, with a key and a caption; nothing where there is nothing to draw.
pub(super) fn pictures(bound: &BoundReport, claim: &ClaimReport) -> Markup {
    let Some(series) = deciding(bound, claim).filter(|s| !s.points.is_empty()) else {
        return Markup::default();
    };
    let words = finding(bound);
    let others = bound.series.iter().filter(|s| s.decides && s.group != series.group).count();
    let group = if series.group.is_empty() { String::new() } else { format!(" at {}", series.group) };
    let equality = bound.verdict.kind == "identity";
    let ratios = if equality { None } else { ratios(series, bound, claim) };
    let alone = ratios.is_none();
    let drawn = if equality {
        let picture = identity::picture(series, bound, claim);
        html! {
            (picture.svg(&format!("Difference of the two sides over the certificate{group}. {words}")))
            (identity_key(series, bound, claim, others > 0))
        }
    } else {
        let values = values(series, bound, claim);
        html! {
            div class=(if alone { "one" } else { "pair" }) {
                (values.svg(&format!("Measured value and bound{group}. {words}")))
                @if let Some(ratios) = &ratios { (ratios.svg(&format!("Measured value over bound{group}. \
                    {words}"))) }
            }
            (key(series, bound, claim, ratios.is_some(), others > 0))
        }
    };
    html! {
        figure class=[alone.then_some("alone")] {
            (drawn)
            figcaption {
                "Drawn" (if group.is_empty() { " on all cells".to_owned() } else { group })
                @if others > 0 {
                    ", the group that decides. The " @if !equality { "right-hand " } "plot shows "
                    @if others > BEHIND { (BEHIND) " of " } "the other "
                    @if others > 1 { (others) " groups" } @else { "group" } " in grey"
                }
                "."
                @if !series.decides { " Outside the allowed range: reported, decides nothing." }
            }
        }
    }
}

/// The key to the colours of the two pictures.
fn key(series: &Series, bound: &BoundReport, claim: &ClaimReport, ratios: bool, others: bool) -> Markup {
    let comparison = series.claimed.is_none();
    let rings = comparison && series.points.len() <= CROWD;
    html! {
        ul class="key" {
            li class="k-measured" { "measured" }
            @if series.points.iter().any(|p| !p.decides) { li class="k-hollow" { "does not decide" } }
            li class=(if rings { "k-rings" } else { "k-bound" }) {
                (if comparison { "right side" } else { "bound, constant left out" })
            }
            @if let Some(fit) = &series.fit {
                li class="k-fit" {
                    "fit "
                    @match series.claimed {
                        Some(c) => {
                            @let slope = Estimate { value: fit.slope, lower: fit.lower, upper: fit.upper };
                            (series.parameter) sup { (exponent(c + fit.slope)) } ", limits "
                            (limits(slope.shifted(c)))
                        }
                        None => { "with limits" },
                    }
                }
            }
            @if comparison && ratios { li class="k-unit" { "ratio 1: both sides equal" } }
            @if bound.verdict.implied_constant.is_some() && ratios {
                li class="k-constant" { (constant(bound)) }
            }
            @if ratios && others { li class="k-other" { "other groups" } }
            (refuted_key(series, bound, claim))
            (controls(series, bound))
        }
    }
}

/// The key to the colours of the picture of an identity.
fn identity_key(series: &Series, bound: &BoundReport, claim: &ClaimReport, others: bool) -> Markup {
    html! {
        ul class="key" {
            li class="k-measured" { "measured" }
            @if series.points.iter().any(|p| !p.decides) { li class="k-hollow" { "does not decide" } }
            li class="k-unit" { "1: as far apart as the certificate allows" }
            @if identity::reaches(series, 0.0) { li class="k-down" { "0: the same number on both sides" } }
            @if identity::reaches(series, f64::INFINITY) { li class="k-up" { "∞: different, and no error is \
                allowed" } }
            @if others { li class="k-other" { "other groups, their largest" } }
            (refuted_key(series, bound, claim))
            (controls(series, bound))
        }
    }
}

/// Whether the bound is one on the probability of an event.
fn is_event(bound: &BoundReport) -> bool {
    bound.verdict.kind == "probability"
}

/// The name of the level of the implied constant among the ratios.
fn constant(bound: &BoundReport) -> &'static str {
    match bound.side {
        Some(Side::Lower) if is_event(bound) => "least frequency / p",
        _ if is_event(bound) => "largest frequency / p",
        _ => "implied constant",
    }
}

/// The mark of the cell that refutes, as an entry of a key.
fn refuted_key(series: &Series, bound: &BoundReport, claim: &ClaimReport) -> Markup {
    html! { @if refuting(series, bound, claim).next().is_some() { li class="k-worst" { "the cell that \
    refutes" } } }
}

/// The controls, as entries of a key.
fn controls(series: &Series, bound: &BoundReport) -> Markup {
    html! {
        @for (planted, class) in series.controls.iter().zip(KEYS) {
            li class=(class) {
                "control"
                @if series.controls.len() > 1 && !planted.description.is_empty() {
                    " (" (inline(&planted.description)) ")"
                }
                ", " (control::words_of(&bound.verdict.control, &planted.description))
            }
        }
    }
}

/// The picture of the measured value and the right side.
fn values(series: &Series, bound: &BoundReport, claim: &ClaimReport) -> Small {
    let points = &series.points;
    let log_y = points.iter().all(|p| p.lhs > 0.0 && p.rhs > 0.0);
    let side = |f: fn(&Point) -> f64| move |p: &Point| Some(f(p));
    let right = spreads(points, side(|p| p.rhs), log_y);
    let rings = series.claimed.is_none() && points.len() <= CROWD;
    let mut traces = Vec::new();
    if !rings {
        traces.push(Trace::Line("claimed", line(&right)));
    }
    fitted(series, &right, |at| at.mean, &mut traces);
    if rings {
        traces.push(Trace::Rings("rings", points.iter().map(|p| (p.x, p.rhs)).collect()));
    }
    for (control, class) in series.controls.iter().zip(DASHES) {
        traces.push(Trace::Line(class, line(&control_values(control, points, log_y))));
    }
    traces.push(Trace::Dots("measured", dots(points, series, claim, side(|p| p.lhs), 1.0, log_y)));
    traces.push(Trace::Rings("worst", refuting(series, bound, claim).map(|p| (p.x, p.lhs)).collect()));
    let y_label = if is_event(bound) { "frequency" } else { "value" };
    small(series, y_label, log_y, false, traces)
}

/// Adds the line of the fit and the band of its limits, times a right side; nothing where there is no fit.
fn fitted(series: &Series, at: &[Spread], right: impl Fn(&Spread) -> f64, traces: &mut Vec<Trace>) {
    let Some(fit) = &series.fit else { return };
    let band = |s: &Spread| (s.x, fit.band(s.x).0 * right(s), fit.band(s.x).1 * right(s));
    traces.push(Trace::Band("band", at.iter().map(band).collect()));
    traces.push(Trace::Guide("fit", at.iter().map(|s| (s.x, fit.at(s.x) * right(s))).collect()));
}

/// The side of the control that is false.
fn control_values(control: &Planted, points: &[Point], log: bool) -> Vec<Spread> {
    let same = |q: &Point| points.iter().any(|p| p.cell == q.cell && p.x == q.x && p.lhs == q.lhs);
    let false_right = control.points.iter().all(same);
    spreads(&control.points, |p| Some(if false_right { p.rhs } else { p.lhs }), log)
}

/// The picture of their ratio.
fn ratios(series: &Series, bound: &BoundReport, claim: &ClaimReport) -> Option<Small> {
    let points: Vec<&Point> = series.points.iter().filter(|p| p.ratio().is_some()).collect();
    if points.is_empty() {
        return None;
    }
    let log_y = points.iter().all(|p| p.ratio().is_some_and(|r| r > 0.0));
    let mut traces = Vec::new();
    for other in other_groups(bound, series) {
        traces.push(Trace::Line("other", line(&spreads(&other.points, Point::ratio, log_y))));
    }
    fitted(series, &spreads(&series.points, Point::ratio, log_y), |_| 1.0, &mut traces);
    if series.claimed.is_none() {
        traces.push(Trace::Level("unit", 1.0, String::new()));
    }
    // The constant of the bound may come from another group. That of an event is a frequency, and so are the
    // limits of its points.
    let unit = if is_event(bound) { points[0].rhs } else { 1.0 };
    if let Some(c) = bound.verdict.implied_constant.map(|c| c / unit) {
        traces.push(Trace::Level("constant", c, short(c)));
    }
    for (control, class) in series.controls.iter().zip(DASHES) {
        traces.push(Trace::Line(class, line(&spreads(&control.points, Point::ratio, log_y))));
    }
    traces.push(Trace::Dots("measured", dots(&series.points, series, claim, Point::ratio, unit, log_y)));
    traces.push(Trace::Rings(
        "worst",
        refuting(series, bound, claim).filter_map(|p| Some((p.x, p.ratio()?))).collect(),
    ));
    Some(small(series, "measured / right side", log_y, false, traces))
}

/// A curve through the means.
fn line(spreads: &[Spread]) -> Vec<(f64, f64)> {
    spreads.iter().map(|s| (s.x, s.mean)).collect()
}

/// The marks of what was measured; the limits of a frequency are drawn in this unit.
fn dots(
    points: &[Point],
    series: &Series,
    claim: &ClaimReport,
    value: impl Fn(&Point) -> Option<f64>,
    unit: f64,
    log: bool,
) -> Vec<Dot> {
    let name = abscissa(series);
    if points.len() > CROWD {
        let note = |m: &Spread| {
            let from = claim.freshness.map_or("", Freshness::name);
            format!(
                "{name} = {}: {} on average over {}, from {} to {}; {from}",
                m.x,
                short(m.mean),
                count(m.points, "point"),
                short(m.least),
                short(m.largest)
            )
        };
        let dot = |m: &Spread| Dot {
            x: m.x,
            y: m.mean,
            bar: Some((m.least, m.largest)),
            note: note(m),
            hollow: false,
        };
        return spreads(points, value, log).iter().map(dot).collect();
    }
    let dot = |p: &Point| {
        let record = claim.records.get(p.cell);
        let from = record.map_or("", |r| r.freshness.name());
        let outside =
            if record.is_some_and(|r| !r.inside_hypotheses) { "; outside the hypotheses" } else { "" };
        let note = format!(
            "{name} = {}: {} ± {} against {} ± {}; {from}{outside}",
            p.x,
            short(p.lhs),
            error(p.lhs_error),
            short(p.rhs),
            error(p.rhs_error)
        );
        let bar = p.limits.map(|(low, high)| (low / unit, high / unit));
        Some(Dot { x: p.x, y: value(p)?, bar, note, hollow: !p.decides })
    };
    points.iter().filter_map(dot).collect()
}
