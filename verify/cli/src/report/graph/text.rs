//! The claim graph in two languages of other tools: DOT (Graphviz) and Mermaid.

use super::{Graph, Node};
use crate::report::palette::{Tone, of_class};
use std::fmt::Write;

impl Graph {
    /// The graph in DOT. Arrows lead from a claim to what rests on it.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph claims {\n  rankdir=TB;\n");
        out += "  node [shape=box, style=\"rounded,filled\", fontname=\"monospace\"];\n";
        for node in self.nodes() {
            let color = |part| of_class(node.class(), part).light;
            let (id, label) = (quoted(&node.id), quoted(&label(node, "\n")));
            let (fill, line, text) = (color(Tone::Fill), color(Tone::Line), color(Tone::Text));
            let width = if self.focused() == Some(&node.id) { ", penwidth=3" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "  {id} [label={label}, tooltip={}, class=\"{}\", fillcolor=\"{fill}\", color=\"{line}\", \
                 fontcolor=\"{text}\"{width}];",
                quoted(&node.description()),
                node.class()
            );
        }
        for (from, to) in self.edges() {
            let _ = writeln!(out, "  {} -> {};", quoted(from), quoted(to));
        }
        out + "}\n"
    }

    /// The graph in Mermaid. Arrows lead from a claim to what rests on it.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart TD\n");
        for (i, node) in self.nodes().iter().enumerate() {
            let _ = writeln!(out, "  n{i}[\"{}\"]:::{}", escaped(&label(node, "<br/>")), node.class());
        }
        let number = |id: &str| self.nodes().iter().position(|n| n.id == id).unwrap_or_default();
        for (from, to) in self.edges() {
            let _ = writeln!(out, "  n{} --> n{}", number(from), number(to));
        }
        let mut classes: Vec<&str> = self.nodes().iter().map(Node::class).collect();
        classes.sort_unstable();
        classes.dedup();
        for class in classes {
            let color = |part| of_class(class, part).light;
            let (fill, line, text) = (color(Tone::Fill), color(Tone::Line), color(Tone::Text));
            let _ = writeln!(out, "  classDef {class} fill:{fill},stroke:{line},color:{text}");
        }
        if let Some(id) = self.focused() {
            let _ = writeln!(out, "  style n{} stroke-width:3px", number(id));
        }
        out
    }
}

fn label(node: &Node, line_end: &str) -> String {
    let mut lines = vec![node.id.clone(), node.word().to_owned()];
    lines.extend(super::layout::warning_line(node));
    lines.join(line_end)
}

/// A string of DOT.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// What may stand between the quotes of a Mermaid label; line breaks are left as they are.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace("<br/>", "\u{0}")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
        .replace('\u{0}', "<br/>")
}
