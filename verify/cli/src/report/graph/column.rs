//! The claim graph for a narrow page: a column of boxes, each below what it rests on, and arcs beside them.

use super::picture::{class, sign};
use super::{Graph, Node};
use escapement_verify::text::numbers::tenth;
use maud::{Markup, html};

/// Width of the picture: that of a telephone less its margins.
const WIDTH: f64 = 360.0;

/// Width of a letter of the 13 px monospaced face that identifiers are set in.
const LETTER: f64 = 7.9;

/// From box to box.
const STEP: f64 = 34.0;

/// The height of a box.
const HEIGHT: f64 = 26.0;

/// The length of the head of an arrow.
const HEAD: f64 = 7.0;

impl Graph {
    /// The graph as a column, as SVG for a page that has the style: nothing in it is wider than a telephone
    /// unless an identifier is.
    pub fn column(&self, name: &str) -> String {
        let order = self.in_order();
        let letters = order.iter().map(|n| n.id.chars().count() + 2).max().unwrap_or(0);
        let right = LETTER * letters as f64 + 18.0;
        let width = WIDTH.max(right + 60.0);
        let place = |id: &str| order.iter().position(|n| n.id == id);
        let arcs = self.edges().into_iter().filter_map(|(from, to)| Some((place(from)?, place(to)?)));
        let (title, description) = (format!("{name}-title"), format!("{name}-desc"));
        let size = format!("0 0 {width} {}", STEP * order.len() as f64);
        let markup = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="claims" viewBox=(size) role="group"
                aria-labelledby={ (title) " " (description) } {
                title id=(title) { "What rests on what" }
                desc id=(description) { (self.summary()) }
                @for (from, to) in arcs { (arc(right, width - right - 4.0, from, to, order.len())) }
                @for (row, node) in order.iter().enumerate() { (claim(node, row, right)) }
            }
        };
        markup.into_string() + "\n"
    }

    /// The claims, each behind what it rests on; in the given order where that is free.
    fn in_order(&self) -> Vec<&Node> {
        let mut rest: Vec<&Node> = self.nodes().iter().collect();
        let mut order: Vec<&Node> = Vec::new();
        while !rest.is_empty() {
            let known = |id: &String| order.iter().any(|n| n.id == *id);
            // Claims in a circle, which no registry has, would keep their order.
            let next = rest.iter().position(|n| n.uses.iter().all(known)).unwrap_or(0);
            order.push(rest.remove(next));
        }
        order
    }
}

/// A box with the name of its claim and the sign of its verdict.
fn claim(node: &Node, row: usize, right: f64) -> Markup {
    let top = STEP * row as f64 + 4.0;
    let shaken = if node.shaken_by.is_empty() { "" } else { " shaken" };
    html! {
        a class={ "claim " (class(node.verdict)) (shaken) } href={ "#claim-" (node.id) } {
            title { (node.description()) }
            rect class="box" x="1" y=(tenth(top)) width=(tenth(right - 2.0)) height=(HEIGHT) rx="7" {}
            text x=(tenth(right / 2.0)) y=(tenth(top + 17.5)) { (sign(node.verdict)) " " (node.id) }
        }
    }
}

/// An arc with a head, from the row of a claim to the row of what rests on it; the farther, the wider.
fn arc(left: f64, room: f64, from: usize, to: usize, rows: usize) -> Markup {
    let middle = |row: usize| STEP * row as f64 + 4.0 + HEIGHT / 2.0;
    // Arrows leave a box below its middle and reach it above.
    let (start, end) = (middle(from) + 6.0, middle(to) - 6.0);
    let share = to.abs_diff(from) as f64 / rows.max(2) as f64;
    // A curve reaches three quarters of the way to its handles.
    let reach = left + (16.0 + (room - 16.0) * share) / 0.75;
    let tip = left + HEAD;
    let way = format!(
        "M{},{}C{},{} {},{} {},{}",
        tenth(left),
        tenth(start),
        tenth(reach),
        tenth(start),
        tenth(reach),
        tenth(end),
        tenth(tip),
        tenth(end)
    );
    let wing = 0.45 * HEAD;
    let head = format!(
        "M{},{}L{},{}V{}Z",
        tenth(left),
        tenth(end),
        tenth(tip),
        tenth(end - wing),
        tenth(end + wing)
    );
    html! { path class="edge" d=(way) {} path class="head" d=(head) {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_stands_below_what_it_rests_on_and_all_fits_a_telephone() {
        let node = |id: &str, uses: &[&str]| Node::new(id, "", None, uses);
        let graph =
            Graph::new(vec![node("theorem-with-a-name", &["b", "a"]), node("b", &["a"]), node("a", &[])]);
        let names: Vec<&str> = graph.in_order().iter().map(|n| n.id.as_str()).collect();
        assert_eq!(names, ["a", "b", "theorem-with-a-name"]);
        let svg = graph.column("narrow");
        assert!(
            svg.contains("viewBox=\"0 0 360 102\"") && svg.matches("class=\"head\"").count() == 3,
            "{svg}"
        );
        let numbers =
            svg.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|n| n.parse::<f64>().ok());
        assert!(numbers.filter(|n| *n < 1000.0).all(|n| n <= 480.0), "{svg}");
    }
}
