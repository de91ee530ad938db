//! Small pictures for a page that holds many of them.
//!
//! The plotting library writes colours, fonts and widths into every element and knows no words for a point,
//! so that its pictures are twice as large, cannot follow the theme of a page and say nothing on hover. What
//! is drawn here has classes for all of that (see `page/style.css`) and holds the data only.

use super::scale::Scale;
use escapement_verify::text::numbers::tenth;
use maud::{Markup, html};
use std::fmt::Write;

/// A point with a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// Abscissa.
    pub x: f64,
    /// Ordinate.
    pub y: f64,
    /// The lower and the upper end of a bar through it.
    pub bar: Option<(f64, f64)>,
    /// The text that it shows on hover; nothing if empty.
    pub note: String,
    /// Whether the mark is hollow.
    pub hollow: bool,
}

/// Marks or a line of one style. A later trace lies above an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub enum Trace {
    /// Marks.
    Dots(&'static str, Vec<Dot>),
    /// Rings, around the marks of what equals them.
    Rings(&'static str, Vec<(f64, f64)>),
    /// A line through points.
    Line(&'static str, Vec<(f64, f64)>),
    /// A line through points that leaves the extent of the axes as it is, and may end at their rim.
    Guide(&'static str, Vec<(f64, f64)>),
    /// The area between two curves: abscissa, lower and upper end. What reaches beyond the axes ends there.
    Band(&'static str, Vec<(f64, f64, f64)>),
    /// Words at a place, a little above it.
    Name(f64, f64, String),
    /// A level line from end to end, with its name above or below it at one end: where the fewest marks and
    /// lines are.
    Level(&'static str, f64, String),
}

/// A picture of one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Small {
    /// The name of the abscissa.
    pub x_label: String,
    /// The name of the ordinate.
    pub y_label: String,
    /// Whether the x axis is logarithmic.
    pub log_x: bool,
    /// Whether the x axis counts something, and so has ticks at whole numbers only.
    pub counts: bool,
    /// Whether the y axis is logarithmic: then what is not positive has no place and is left out.
    pub log_y: bool,
    /// Whether a logarithmic y axis shows 0 and ∞ beyond its ends, as arrows that point there.
    pub ends: bool,
    /// The marks and lines.
    pub traces: Vec<Trace>,
}

/// The width at which letters can still be read where the picture fills the screen of a telephone.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 205.0;
/// Room for the numbers of an axis, and more where they are long.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 40.0;

/// About the width of a digit.
const LETTER: f64 = 7.0;

/// The height of a line of numbers.
const LINE: f64 = 12.0;

impl Small {
    /// The picture as SVG; `words` say to those who cannot see it what it shows.
    pub fn svg(&self, words: &str) -> Markup {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let (abscissas, ordinates) = self.extent();
        let shown = |end: f64| self.ends && self.log_y && ordinates.contains(&end);
        let y = Scale::over(ordinates.iter().copied(), self.log_y, bottom, TOP)
            .with_ends(shown(0.0), shown(f64::INFINITY));
        let up = y.ticks();
        let left = up.iter().map(|(_, text)| wide(text) + 8.0).fold(LEFT, f64::max).round();
        let x = Scale::over(abscissas.into_iter(), self.log_x, left, right);
        let mut across = x.ticks();
        across.retain(|(_, text)| !self.counts || !text.contains('.') || text.contains('·'));
        let beyond: Vec<f64> = [0.0, f64::INFINITY].into_iter().filter_map(|v| y.end(v)).collect();
        // A number that would touch the 0 or the ∞ is not written.
        let legible = |pixel: f64| beyond.iter().all(|b| *b == pixel || (b - pixel).abs() >= LINE);
        let mut grid = String::new();
        for (pixel, _) in &across {
            // Writing to a string cannot fail.
            let _ = write!(grid, "M{pixel} {TOP}V{bottom}");
        }
        for (pixel, _) in &up {
            let _ = write!(grid, "M{left} {pixel}H{right}");
        }
        html! {
            svg class="plot" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(words) {
                path class="grid" d=(grid) {}
                path class="axis" d={ "M" (left) " " (TOP) "V" (bottom) "H" (right) } {}
                g class="across" {
                    @for (pixel, text) in spaced(&across) {
                        text x=(tenth(inside(*pixel, text))) y=(bottom + 15.0) { (text) }
                    }
                    text class="name" x=((left + right) / 2.0) y=(HEIGHT - 6.0) { (self.x_label) }
                }
                g class="up" {
                    @for (pixel, text) in up.iter().filter(|t| legible(t.0)) {
                        text x=(left - 6.0) y=(pixel + 4.0) { (text) }
                    }
                    text class="name" x="4" y="13" { (self.y_label) }
                }
                @for trace in &self.traces { (draw(trace, &x, &y)) }
                // Above everything: no line or mark may hide a name.
                @for trace in &self.traces { (self.name(trace, &x, &y)) }
            }
        }
    }

    /// The name of a level, beside its line where it covers least.
    fn name(&self, trace: &Trace, x: &Scale, y: &Scale) -> Markup {
        let Trace::Level(class, level, name) = trace else { return Markup::default() };
        let Some(pixel) = y.at(*level).filter(|_| !name.is_empty()) else { return Markup::default() };
        let taken = self.taken(x, y);
        let width = LETTER * name.chars().count() as f64;
        let right = WIDTH - RIGHT - 2.0;
        let crowd = |&(end, base): &(f64, f64)| {
            let outside = base - 10.0 < TOP || base > HEIGHT - BOTTOM;
            let inside = |p: &&(f64, f64)| {
                (end - width - 2.0..end + 2.0).contains(&p.0) && (base - 12.0..base + 4.0).contains(&p.1)
            };
            taken.iter().filter(inside).count() + if outside { 10_000 } else { 0 }
        };
        let (above, below) = (pixel - 4.0, pixel + 13.0);
        let left = x.ends().0 + 4.0 + width;
        let places = [(right, above), (right, below), (left, above), (left, below)];
        let best = places.into_iter().min_by_key(crowd).unwrap_or((right, above));
        html! { text class={ "level " (class) } x=(tenth(best.0)) y=(tenth(best.1)) { (name) } }
    }

    /// Pixels of marks, and pixels along the lines.
    fn taken(&self, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
        const STEPS: u8 = 24;
        let mut all = Vec::new();
        for trace in &self.traces {
            match trace {
                Trace::Dots(_, dots) => {
                    all.extend(dots.iter().filter_map(|d| Some((x.at(d.x)?, y.at(d.y)?))));
                    let bars = dots
                        .iter()
                        .filter_map(|d| Some((x.at(d.x)?, y.within(d.bar?.0)?, y.within(d.bar?.1)?)));
                    let parts = [0.2, 0.4, 0.6, 0.8];
                    all.extend(bars.flat_map(|(u, a, b)| parts.map(|t| (u, a + t * (b - a)))));
                }
                Trace::Rings(_, points) => {
                    all.extend(points.iter().filter_map(|p| at(*p, x, y)));
                }
                Trace::Line(_, points) | Trace::Guide(_, points) => {
                    let ends: Vec<(f64, f64)> = points.iter().filter_map(|p| within(*p, x, y)).collect();
                    for pair in ends.windows(2) {
                        let ((u, v), (to_u, to_v)) = (pair[0], pair[1]);
                        let at = |i: u8| {
                            let t = f64::from(i) / f64::from(STEPS);
                            (u + t * (to_u - u), v + t * (to_v - v))
                        };
                        all.extend((0..=STEPS).map(at));
                    }
                }
                Trace::Band(..) | Trace::Level(..) | Trace::Name(..) => {}
            }
        }
        all
    }

    /// The abscissas and the ordinates that the axes must show.
    fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for trace in &self.traces {
            match trace {
                Trace::Dots(_, dots) => {
                    xs.extend(dots.iter().map(|d| d.x));
                    ys.extend(
                        dots.iter()
                            .flat_map(|d| [Some(d.y), d.bar.map(|b| b.0), d.bar.map(|b| b.1)])
                            .flatten(),
                    );
                }
                Trace::Line(_, points) | Trace::Rings(_, points) => {
                    xs.extend(points.iter().map(|p| p.0));
                    ys.extend(points.iter().map(|p| p.1));
                }
                Trace::Level(_, level, _) => ys.push(*level),
                Trace::Guide(..) | Trace::Band(..) | Trace::Name(..) => {}
            }
        }
        (xs, ys)
    }
}

/// The ticks whose numbers stand clear of one another, from the left.
fn spaced(ticks: &[(f64, String)]) -> Vec<&(f64, String)> {
    let mut end = f64::NEG_INFINITY;
    let half = |text: &str| LETTER * text.chars().count() as f64 / 2.0;
    let clear = move |tick: &&(f64, String)| {
        let fits = tick.0 - half(&tick.1) >= end + 4.0;
        if fits {
            end = tick.0 + half(&tick.1);
        }
        fits
    };
    ticks.iter().filter(clear).collect()
}

/// The middle of a number below its tick, or as near to that as the rim of the picture lets it be.
fn inside(pixel: f64, text: &str) -> f64 {
    pixel.min(WIDTH - LETTER * text.chars().count() as f64 / 2.0 - 1.0)
}

/// The width of a number beside its axis, in the widest of the fonts that a page may have.
fn wide(text: &str) -> f64 {
    let letter = |c: char| match c {
        '.' | '·' => 3.8,
        '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' => 5.0,
        '⁻' => 6.2,
        '−' | '∞' => 9.8,
        _ => 7.4,
    };
    text.chars().map(letter).sum()
}

/// The pixels of a point; none where an axis does not show it.
fn at(point: (f64, f64), x: &Scale, y: &Scale) -> Option<(f64, f64)> {
    Some((x.at(point.0)?, y.at(point.1)?))
}

/// The pixels of a point, moved to the ends of the axes where it lies beyond.
fn within(point: (f64, f64), x: &Scale, y: &Scale) -> Option<(f64, f64)> {
    Some((x.within(point.0)?, y.within(point.1)?))
}

/// A line through these pixels; nothing where there are none.
fn line(class: &str, pixels: impl Iterator<Item = (f64, f64)>) -> Markup {
    let path = path_data(pixels);
    html! { @if !path.is_empty() { path class={ "line " (class) } d=(path) {} } }
}

fn draw(trace: &Trace, x: &Scale, y: &Scale) -> Markup {
    match trace {
        Trace::Dots(class, dots) => html! { g class=(class) { @for dot in dots { (mark(dot, x, y)) } } },
        Trace::Rings(class, points) => {
            let places: Vec<(f64, f64)> = points.iter().filter_map(|p| at(*p, x, y)).collect();
            html! {
                @if !places.is_empty() {
                    g class=(class) { @for (u, v) in places { circle cx=(u) cy=(v) r="5" {} } }
                }
            }
        }
        Trace::Line(class, points) => line(class, points.iter().filter_map(|p| at(*p, x, y))),
        Trace::Guide(class, points) => line(class, points.iter().filter_map(|p| within(*p, x, y))),
        Trace::Band(class, points) => {
            let upper = points.iter().map(|p| (p.0, p.2));
            let lower = points.iter().rev().map(|p| (p.0, p.1));
            let path_data = path_data(upper.chain(lower).filter_map(|p| within(p, x, y)));
            html! { @if !path_data.is_empty() { path class={ "area " (class) } d={ (path_data) "Z" } {} } }
        }
        Trace::Name(u, v, text) => match (x.at(*u), y.at(*v)) {
            (Some(u), Some(v)) => html! { text class="at" x=(u) y=(v - 7.0) { (text) } },
            _ => Markup::default(),
        },
        Trace::Level(class, level, _) => match y.at(*level) {
            None => Markup::default(),
            Some(pixel) => html! {
                path class={ "line " (class) } d={ "M" (x.ends().0) " " (pixel) "H" (x.ends().1) } {}
            },
        },
    }
}

fn mark(dot: &Dot, x: &Scale, y: &Scale) -> Markup {
    let (Some(u), Some(v)) = (x.at(dot.x), y.at(dot.y)) else { return Markup::default() };
    let bar = dot
        .bar
        .and_then(|(low, high)| Some((y.within(low)?, y.within(high)?)))
        .filter(|(a, b)| (a - b).abs() > 1.0);
    if y.end(dot.y).is_some() {
        let tip = if dot.y == 0.0 { v + 4.0 } else { v - 4.0 };
        let base = 2.0 * v - tip;
        return html! {
            @if let Some((a, b)) = bar { path class="bar" d={ "M" (u) " " (a) "V" (b) } {} }
            path class={ "arrow" @if dot.hollow { " hollow" } }
                d={ "M" (tenth(u - 4.0)) " " (tenth(base)) "h8L" (u) " " (tenth(tip)) "Z" } {
                @if !dot.note.is_empty() { title { (dot.note) } }
            }
        };
    }
    html! {
        @if let Some((a, b)) = bar { path class="bar" d={ "M" (u) " " (a) "V" (b) } {} }
        circle class=[dot.hollow.then_some("hollow")] cx=(u) cy=(v) r="3" {
            @if !dot.note.is_empty() { title { (dot.note) } }
        }
    }
}

fn path_data(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.enumerate().fold(String::new(), |mut text, (i, (u, v))| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{u} {v}", if i == 0 { "M" } else { "L" });
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_room_and_counts_are_whole() {
        let svg = |xs: &[f64], y: f64, counts| {
            let dots =
                xs.iter().map(|&x| Dot { x, y, bar: None, note: String::new(), hollow: false }).collect();
            let traces = vec![Trace::Dots("measured", dots)];
            let small = Small {
                x_label: "k".into(),
                y_label: "y".into(),
                log_x: false,
                counts,
                log_y: true,
                ends: false,
                traces,
            };
            small.svg("room").into_string()
        };
        // "1.5·10⁻³" is as wide as six letters and the axis moves to the right; "1.5" is not.
        let axis = |svg: &str| {
            svg.split_once("class=\"axis\" d=\"M")
                .unwrap()
                .1
                .split(' ')
                .next()
                .unwrap()
                .parse::<f64>()
                .unwrap()
        };
        let (long, short) = (svg(&[1.0, 2.0], 1.4e-3, true), svg(&[1.0, 2.0], 1.4, true));
        assert!(long.contains("1.5·10⁻³</text>") && short.contains("1.5</text>"), "{long} {short}");
        assert!(axis(&long) - 6.0 >= wide("1.5·10⁻³") && axis(&short) == LEFT, "{long} {short}");
        // Between k = 1 and k = 2 there is no k.
        let across = |counts| {
            let svg = svg(&[1.0, 2.0], 1.0, counts);
            let ticks = svg
                .split_once("class=\"across\"")
                .unwrap()
                .1
                .split_once("class=\"name\"")
                .unwrap()
                .0
                .to_owned();
            ["1</text>", "1.5</text>", "2</text>"].map(|t| ticks.contains(&format!(">{t}")))
        };
        assert_eq!((across(true), across(false)), ([true, false, true], [true, true, true]));
    }
}
