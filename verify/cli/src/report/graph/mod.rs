//! The graph of claims: which rests on which, and what each came out as.
//!
//! A [`Graph`] is data: nodes in the order of the registry, and from every node the names of those it rests
//! on. It can be narrowed to the neighbourhood of one claim ([`Graph::focus`]) and written as SVG
//! ([`Graph::svg`]), as DOT ([`Graph::dot`]) and as Mermaid ([`Graph::mermaid`]). The places of the boxes
//! come from dagre, the layered layout of Sugiyama; what rests on a claim stands below it.

mod column;
mod layout;
mod picture;
mod text;

pub use layout::{Layout, Placed, Route};
pub use picture::{STYLE, Setting, class, sign};

use escapement_verify::judge::Verdict;
use std::collections::BTreeSet;

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its identifier.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its verdict; none while it is not measured.
    pub verdict: Option<Verdict>,
    /// The claims it rests on. Names that are no node are passed over.
    pub uses: Vec<String>,
    /// Refuted claims that it rests on, directly or not.
    pub shaken_by: Vec<String>,
}

impl Node {
    /// A claim that rests on `uses`.
    pub fn new(id: &str, title: &str, verdict: Option<Verdict>, uses: &[&str]) -> Self {
        let uses = uses.iter().map(|u| (*u).to_owned()).collect();
        Self { id: id.into(), title: title.into(), verdict, uses, shaken_by: Vec::new() }
    }

    /// The verdict in a word.
    pub fn word(&self) -> &'static str {
        self.verdict.map_or("not measured", Verdict::name)
    }

    /// The name of its class in style sheets.
    pub fn class(&self) -> &'static str {
        class(self.verdict)
    }

    /// The node in words, for those who cannot see the picture.
    fn description(&self) -> String {
        let mut words = format!("{}: {}.", self.title, self.word());
        if !self.uses.is_empty() {
            words += &format!(" Rests on {}.", self.uses.join(", "));
        }
        if !self.shaken_by.is_empty() {
            words += &format!(" Rests on what is refuted: {}.", self.shaken_by.join(", "));
        }
        words
    }
}

/// Claims and what they rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    focus: Option<String>,
}

impl Graph {
    /// The graph of these claims, in this order. What rests on a refuted one is marked.
    pub fn new(mut nodes: Vec<Node>) -> Self {
        let names: BTreeSet<String> = nodes.iter().map(|n| n.id.clone()).collect();
        for node in &mut nodes {
            let mut seen = BTreeSet::from([node.id.clone()]);
            node.uses.retain(|u| names.contains(u) && seen.insert(u.clone()));
        }
        let mut graph = Self { nodes, focus: None };
        let refuted: Vec<String> = graph
            .nodes
            .iter()
            .filter(|n| n.verdict.is_some_and(Verdict::fails))
            .map(|n| n.id.clone())
            .collect();
        for id in refuted {
            let resting = graph.above(&id);
            for node in graph.nodes.iter_mut().filter(|n| n.id != id && resting.contains(&n.id)) {
                node.shaken_by.push(id.clone());
            }
        }
        graph
    }

    /// The claims.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The claim that the picture is about, if it is about one.
    pub fn focused(&self) -> Option<&str> {
        self.focus.as_deref()
    }

    /// The edges, each from a claim to one that rests on it.
    pub fn edges(&self) -> Vec<(&str, &str)> {
        self.nodes.iter().flat_map(|n| n.uses.iter().map(|u| (u.as_str(), n.id.as_str()))).collect()
    }

    /// Only `id`, what it rests on and what rests on it, directly or not.
    #[must_use]
    pub fn focus(&self, id: &str) -> Self {
        let kept: BTreeSet<String> = self.above(id).union(&self.below(id)).cloned().collect();
        self.only(&kept, id)
    }

    /// Only `id`, what it rests on directly, and what rests on it directly.
    #[must_use]
    pub fn neighbours(&self, id: &str) -> Self {
        let touches = |n: &&Node| n.id == id || n.uses.iter().any(|u| u == id);
        let mut kept: BTreeSet<String> = self.nodes.iter().filter(touches).map(|n| n.id.clone()).collect();
        kept.extend(self.nodes.iter().filter(|n| n.id == id).flat_map(|n| n.uses.clone()));
        let mut graph = self.only(&kept, id);
        for node in &mut graph.nodes {
            let central = node.id == id;
            node.uses.retain(|u| central || u == id);
        }
        graph
    }

    fn only(&self, kept: &BTreeSet<String>, id: &str) -> Self {
        let mut nodes: Vec<Node> = self.nodes.iter().filter(|n| kept.contains(&n.id)).cloned().collect();
        for node in &mut nodes {
            node.uses.retain(|u| kept.contains(u));
        }
        Self { nodes, focus: Some(id.to_owned()) }
    }

    /// `id` and all that rests on it.
    fn above(&self, id: &str) -> BTreeSet<String> {
        self.closure(id, |n, found| {
            if n.uses.iter().any(|u| found.contains(u)) { vec![n.id.clone()] } else { Vec::new() }
        })
    }

    /// `id` and all that it rests on.
    fn below(&self, id: &str) -> BTreeSet<String> {
        self.closure(id, |n, found| if found.contains(&n.id) { n.uses.clone() } else { Vec::new() })
    }

    fn closure(&self, id: &str, more: impl Fn(&Node, &BTreeSet<String>) -> Vec<String>) -> BTreeSet<String> {
        let mut found = BTreeSet::from([id.to_owned()]);
        loop {
            let before = found.len();
            for node in &self.nodes {
                let new = more(node, &found);
                found.extend(new);
            }
            if found.len() == before {
                return found;
            }
        }
    }
}
