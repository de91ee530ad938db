//! The claim graph: every claim and every edge once, boxes apart, focus on what touches a claim, marks on
//! what rests on a refuted one.

use crate::process::Desk;
use escapement_cli::report::graph::{Graph, Node, Setting};
use escapement_verify::{Claim, Verdict, papers};
use roxmltree::Document;
use std::collections::BTreeSet;

/// The claims that ship, with made-up verdicts.
fn shipped(verdict: impl Fn(&str) -> Option<Verdict>) -> Graph {
    let registry = papers::standard().unwrap();
    Graph::new(
        registry
            .claims()
            .map(|c| Node::new(c.id(), c.card().title, verdict(c.id()), c.card().uses))
            .collect(),
    )
}

fn edges_of_registry() -> BTreeSet<(String, String)> {
    let registry = papers::standard().unwrap();
    let of = |c: &dyn Claim| {
        c.card().uses.iter().map(|u| ((*u).to_owned(), c.id().to_owned())).collect::<Vec<_>>()
    };
    registry.claims().flat_map(of).collect()
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.nodes().iter().map(|n| n.id.as_str()).collect()
}

#[test]
fn every_claim_and_every_edge_is_drawn_once() {
    let svg = shipped(|_| Some(Verdict::Scales)).svg(Setting::Alone("report/index.html"));
    let document = Document::parse(&svg).unwrap();
    let registry = papers::standard().unwrap();
    let links: Vec<&str> = document.descendants().filter_map(|n| n.attribute("href")).collect();
    let wanted: Vec<String> =
        registry.claims().map(|c| format!("report/index.html#claim-{}", c.id())).collect();
    assert_eq!(links, wanted);
    let ways: Vec<(String, String)> = document
        .descendants()
        .filter_map(|n| Some((n.attribute("data-from")?.to_owned(), n.attribute("data-to")?.to_owned())))
        .collect();
    assert_eq!(ways.len(), ways.iter().collect::<BTreeSet<_>>().len());
    assert_eq!(ways.into_iter().collect::<BTreeSet<_>>(), edges_of_registry());
    // The verdict stands there in words, and each node says to a screen reader what it is.
    assert_eq!(svg.matches("scales</text>").count(), wanted.len());
    let titled =
        |n: &roxmltree::Node| n.children().any(|c| c.has_tag_name(("http://www.w3.org/2000/svg", "title")));
    assert!(document.descendants().filter(|n| n.tag_name().name() == "a").all(|n| titled(&n)));
    assert!(!svg.contains("var(") && !svg.contains("NaN") && !svg.contains("inf "));
}

#[test]
fn boxes_do_not_touch_and_no_arrow_runs_behind_one() {
    let full =
        shipped(|id| Some(if id.starts_with("assumption") { Verdict::Refuted } else { Verdict::Holds }));
    let ids: Vec<String> = names(&full).into_iter().map(str::to_owned).collect();
    let parts = ids.iter().flat_map(|id| [full.focus(id), full.neighbours(id)]);
    for graph in parts.chain([full.clone()]) {
        let layout = graph.layout();
        assert_eq!(layout.boxes.len(), graph.nodes().len());
        for (i, a) in layout.boxes.iter().enumerate() {
            assert!(a.x - a.width / 2.0 >= 0.0 && a.x + a.width / 2.0 <= layout.width, "{a:?}");
            assert!(a.y - a.height / 2.0 >= 0.0 && a.y + a.height / 2.0 <= layout.height, "{a:?}");
            for b in &layout.boxes[..i] {
                let apart = (a.x - b.x).abs() > (a.width + b.width) / 2.0 + 4.0;
                assert!(apart || (a.y - b.y).abs() > (a.height + b.height) / 2.0 + 4.0, "{a:?} and {b:?}");
            }
        }
        for route in &layout.routes {
            // From corner to corner, the curve stays within the rectangle that the two span.
            for side in route.points.windows(2) {
                let [(x, y), (u, v)] = [side[0], side[1]];
                for b in &layout.boxes {
                    let beside = x.max(u) <= b.x - b.width / 2.0 || x.min(u) >= b.x + b.width / 2.0;
                    assert!(
                        beside
                            || y.max(v) <= b.y - b.height / 2.0 + 0.2
                            || y.min(v) >= b.y + b.height / 2.0 - 0.2,
                        "{route:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_focus_is_what_a_claim_rests_on_and_what_rests_on_it() {
    let registry = papers::standard().unwrap();
    let focus = shipped(|_| None).focus("theorem-2");
    let above = registry.resting_on("theorem-2");
    let below = |id: &str| registry.resting_on(id).contains(&"theorem-2");
    let wanted: Vec<&str> = registry
        .claims()
        .map(Claim::id)
        .filter(|c| *c == "theorem-2" || above.contains(c) || below(c))
        .collect();
    assert_eq!(names(&focus), wanted);
    assert!(
        !wanted.contains(&"kernel-plateau")
            && wanted.contains(&"assumption-3")
            && wanted.contains(&"remark-1")
    );
    let near = shipped(|_| None).neighbours("theorem-2");
    assert_eq!(
        names(&near),
        [
            "lemma-1",
            "lemma-2",
            "random-signs",
            "theorem-2",
            "lemma-3",
            "corollary-1",
            "theorem-3",
            "theorem-4",
            "theorem-1"
        ]
    );
    assert!(near.edges().iter().all(|(from, to)| *from == "theorem-2" || *to == "theorem-2"));
}

#[test]
fn what_rests_on_a_refuted_claim_is_marked_and_nothing_else() {
    let graph = shipped(|id| Some(if id == "lemma-2" { Verdict::Refuted } else { Verdict::Holds }));
    let registry = papers::standard().unwrap();
    let marked: Vec<&str> =
        graph.nodes().iter().filter(|n| n.shaken_by == ["lemma-2"]).map(|n| n.id.as_str()).collect();
    assert_eq!(marked, registry.resting_on("lemma-2"));
    assert!(graph.nodes().iter().all(|n| n.shaken_by.is_empty() || marked.contains(&n.id.as_str())));
    let svg = graph.svg(Setting::Page("g"));
    assert_eq!(svg.matches(">rests on lemma-2</text>").count(), marked.len());
    assert!(!svg.contains("<style") && svg.contains("href=\"#claim-lemma-2\""));
}

#[test]
fn dot_and_mermaid_hold_the_same_graph() {
    let graph = shipped(|id| (id != "taylor").then_some(Verdict::Scales));
    let (dot, mermaid) = (graph.dot(), graph.mermaid());
    let count = graph.edges().len();
    assert!(dot.starts_with("digraph claims {\n") && dot.ends_with("}\n"));
    assert_eq!((dot.matches(" -> ").count(), mermaid.matches(" --> ").count()), (count, count));
    for (i, node) in graph.nodes().iter().enumerate() {
        assert_eq!(dot.matches(&format!("\n  \"{}\" [label=", node.id)).count(), 1);
        assert_eq!(mermaid.matches(&format!("\n  n{i}[\"{}<br/>{}\"]", node.id, node.word())).count(), 1);
    }
    assert!(dot.contains("\"spectrum\" -> \"lemma-2\";") && mermaid.contains("classDef unmeasured "));
    // Quotes and brackets of a title break neither.
    let odd = Graph::new(vec![Node::new("a\"b", "\"<x>\" \\ |", None, &["a\"b", "gone"])]);
    assert!(odd.edges().is_empty());
    assert!(
        odd.dot().contains("\"a\\\"b\" [label=\"a\\\"b\\nnot measured\"")
            && odd.mermaid().contains("n0[\"a#quot;b<br/>")
    );
    Document::parse(&odd.svg(Setting::Alone(""))).unwrap();
}

#[test]
fn the_command_draws_what_the_journal_holds() {
    let desk = Desk::new();
    desk.run(&["verify", "assumption-2", "--journal", "j.jsonl"]);
    let out = desk.run(&["graph", "--journal", "j.jsonl"]);
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
    Document::parse(&out.stdout).unwrap();
    assert_eq!(
        out.stdout.matches("not measured</text>").count(),
        papers::standard().unwrap().claims().count() - 1
    );
    assert_eq!(out.stdout, desk.run(&["graph", "--journal", "j.jsonl"]).stdout);
    // The name of the file says the language.
    let named = desk.run(&["graph", "--focus", "lemma-1", "--out", "g.mmd"]);
    assert_eq!((named.code, named.stdout.as_str()), (Some(0), "g.mmd\n"));
    let text = std::fs::read_to_string(desk.path("g.mmd")).unwrap();
    assert!(text.starts_with("flowchart TD\n") && !text.contains("kernel-plateau"));
    desk.refused(&["graph", "--focus", "lemma-11"], &["unknown claim 'lemma-11'; did you mean 'lemma-1'?"]);
    desk.put("file", "");
    desk.refused(&["graph", "--out", "file/g.svg"], &["file is not a folder"]);
    desk.refused(&["graph", "--format", "png"], &["png", "svg, dot, mermaid"]);
    for name in ["g.png", "g", "svg"] {
        desk.refused(
            &["graph", "--out", name],
            &[&format!("{name} names no kind of picture"), ".svg", "--format"],
        );
    }
    for (name, format) in [("g.png", &["--format", "svg"][..]), ("g.SVG", &[])] {
        let out = desk.run(&[&["graph", "--journal", "j.jsonl", "--out", name][..], format].concat());
        assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
        Document::parse(&std::fs::read_to_string(desk.path(name)).unwrap()).unwrap();
    }
    assert_eq!(named.stderr.lines().count(), 1);
    assert!(
        named.stderr.contains("there is no journal results/journal.jsonl: nothing is measured yet"),
        "{}",
        named.stderr
    );
}
