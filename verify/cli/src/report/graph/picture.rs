//! The claim graph as SVG.

use super::Graph;
use super::layout::{Placed, Route, warning_line};
use crate::report::palette;
use escapement_verify::{judge::Verdict, text::numbers::tenth};
use maud::{Markup, html};
use std::fmt::Write;

/// The style sheet of claim graphs, with colours by name.
pub const STYLE: &str = include_str!("graph.css");

/// The place of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting<'a> {
    /// In a file of its own, which brings its style; nodes link to their claims on this page.
    Alone(&'a str),
    /// In a page that has the style; nodes link to the claims on it. The name tells the pictures of one page
    /// apart.
    Page(&'a str),
}

impl Graph {
    /// The graph as SVG: every node a link to its claim, its verdict in colour and in words.
    pub fn svg(&self, setting: Setting) -> String {
        let layout = self.layout();
        let (page, name) = match setting {
            Setting::Alone(page) => (page, "graph"),
            Setting::Page(name) => ("", name),
        };
        let (title, description) = (format!("{name}-title"), format!("{name}-desc"));
        let label = format!("{title} {description}");
        let size = format!("0 0 {} {}", layout.width, layout.height);
        let markup = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="claims" viewBox=(size) width=(layout.width)
                height=(layout.height)
                role="group" aria-labelledby=(label) {
                title id=(title) { (self.heading()) }
                desc id=(description) { (self.summary()) }
                @if let Setting::Alone(_) = setting {
                    style { (maud::PreEscaped(palette::standalone(&format!("svg {{ background: \
                        var(--ground); }}\n{STYLE}")))) }
                }
                @for route in &layout.routes { (arrow(route)) }
                @for place in &layout.boxes { (self.claim(place, page)) }
            }
        };
        markup.into_string() + "\n"
    }

    /// The title of the picture.
    fn heading(&self) -> String {
        self.focused().map_or_else(
            || "What rests on what".to_owned(),
            |id| format!("What {id} rests on, and what rests on it"),
        )
    }

    /// The finding in words.
    pub(super) fn summary(&self) -> String {
        let claims = if self.nodes().len() == 1 { "claim" } else { "claims" };
        let mut words =
            format!("{} {claims}; an arrow leads from a claim to what rests on it.", self.nodes().len());
        for verdict in Verdict::ALL {
            let names = self.nodes().iter().filter(|n| n.verdict == Some(verdict)).map(|n| n.id.as_str());
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                words += &format!(" {verdict}: {}.", names.join(", "));
            }
        }
        let missing: Vec<&str> =
            self.nodes().iter().filter(|n| n.verdict.is_none()).map(|n| n.id.as_str()).collect();
        if !missing.is_empty() {
            words += &format!(" Not measured: {}.", missing.join(", "));
        }
        words
    }

    fn claim(&self, place: &Placed, page: &str) -> Markup {
        let node = &self.nodes()[place.node];
        let mut class = format!("claim {}", node.class());
        if self.focused() == Some(&node.id) {
            class += " focused";
        }
        let third = warning_line(node);
        if third.is_some() {
            class += " shaken";
        }
        let (left, top) = (tenth(place.x - place.width / 2.0), tenth(place.y - place.height / 2.0));
        html! {
            a class=(class) href={ (page) "#claim-" (node.id) } {
                title { (node.description()) }
                rect class="box" x=(left) y=(top) width=(tenth(place.width)) height=(tenth(place.height))
                    rx="7" {
                }
                text x=(place.x) y=(tenth(top + 20.0)) { (node.id) }
                text class="word" x=(place.x) y=(tenth(top + 36.0)) {
                    (sign(node.verdict)) " " (node.word())
                }
                @if let Some(third) = third {
                    text class="warning" x=(place.x) y=(tenth(top + 52.0)) { (third) }
                }
            }
        }
    }
}

/// A sign for each verdict, so that colour is never alone.
pub fn sign(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Proved) => "∎",
        Some(Verdict::Exact) => "=",
        Some(Verdict::Holds) => "≤",
        Some(Verdict::Scales) => "∼",
        Some(Verdict::Inconclusive) => "?",
        Some(Verdict::Drifts) => "↗",
        Some(Verdict::Outside) => "○",
        Some(Verdict::Refuted) => "✗",
        Some(Verdict::Broken) => "!",
        Some(Verdict::NotMeasured) | None => "–",
    }
}

/// The class that style sheets know a verdict by.
pub fn class(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::NotMeasured) | None => "unmeasured",
        Some(Verdict::Outside) => "outside",
        Some(verdict) => verdict.name(),
    }
}

/// The way of an arrow, upright at every corner, with its head.
fn arrow(route: &Route) -> Markup {
    const HEAD: f64 = 7.0;
    let [first, .., last] = route.points.as_slice() else { return Markup::default() };
    let end = (last.0, last.1 - HEAD);
    let corners = route.points[1..route.points.len() - 1].iter().chain([&end]);
    let mut way = format!("M{},{}", tenth(first.0), tenth(first.1));
    let mut here = *first;
    for &(x, y) in corners {
        // Writing to a string cannot fail.
        let _ = if tenth(x) == tenth(here.0) {
            write!(way, "V{}", tenth(y))
        } else {
            let middle = tenth((here.1 + y) / 2.0);
            write!(way, "C{},{middle} {},{middle} {},{}", tenth(here.0), tenth(x), tenth(x), tenth(y))
        };
        here = (x, y);
    }
    let wing = 0.45 * HEAD;
    let head = format!(
        "M{},{}L{},{}H{}Z",
        tenth(last.0),
        tenth(last.1),
        tenth(last.0 - wing),
        tenth(end.1),
        tenth(last.0 + wing)
    );
    html! {
        path class="edge" d=(way) data-from=(route.from) data-to=(route.to) {}
        path class="head" d=(head) {}
    }
}
