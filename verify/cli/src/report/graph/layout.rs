//! Where the boxes and the arrows of a claim graph go. The only file that knows the layout library (dagre).

use super::{Graph, Node};
use dagre::graph::{Graph as Dagre, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel};
use escapement_verify::text::numbers::tenth;

/// Width of a letter of the 13 px monospaced face that identifiers are set in.
const LETTER: f64 = 7.9;

/// Height of a box: two lines of text.
const HEIGHT: f64 = 46.0;

/// Height of a box with a third line, which says what refuted claim it rests on.
const TALL: f64 = 62.0;

/// The box of one claim: its centre, and how large it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Position of the claim in [`Graph::nodes`].
    pub node: usize,
    /// The abscissa of its centre.
    pub x: f64,
    /// The ordinate of its centre.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// The way of one arrow: from the box of a claim to the box of what rests on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The claim it leaves.
    pub from: String,
    /// The claim it reaches.
    pub to: String,
    /// Corners of its way, both ends on the boxes.
    pub points: Vec<(f64, f64)>,
}

/// A graph with places.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The boxes, in the order of [`Graph::nodes`].
    pub boxes: Vec<Placed>,
    /// The arrows, in the order of [`Graph::edges`].
    pub routes: Vec<Route>,
    /// The width of the whole picture, margin included.
    pub width: f64,
    /// The height of the whole picture, margin included.
    pub height: f64,
}

/// The third line of a box, which names the refuted claims that its claim rests on.
pub(super) fn warning_line(node: &Node) -> Option<String> {
    let first = node.shaken_by.first()?;
    let others = node.shaken_by.len() - 1;
    Some(if others == 0 {
        format!("rests on {first}")
    } else {
        format!("rests on {first} and {others} more")
    })
}

impl Graph {
    /// Places boxes and arrows: layered, what rests on a claim below it.
    pub fn layout(&self) -> Layout {
        const MARGIN: f64 = 8.0;
        let mut g: Dagre<NodeLabel, EdgeLabel> =
            Dagre::with_options(GraphOptions { directed: true, multigraph: false, compound: true });
        for node in self.nodes() {
            let third = warning_line(node);
            let letters = node.id.chars().count().max(node.word().len() + 2);
            // The third line is set smaller.
            let letters = (letters as f64).max(0.9 * third.as_ref().map_or(0, |t| t.chars().count()) as f64);
            let height = if third.is_some() { TALL } else { HEIGHT };
            g.set_node(
                node.id.as_str(),
                Some(NodeLabel { width: LETTER * letters + 26.0, height, ..NodeLabel::default() }),
            );
        }
        for (from, to) in self.edges() {
            g.set_edge(from, to, Some(EdgeLabel::default()), None);
        }
        let options =
            LayoutOptions { nodesep: 22.0, edgesep: 12.0, ranksep: 40.0, ..LayoutOptions::default() };
        dagre::layout(&mut g, Some(options));
        let mut boxes = Vec::new();
        for (node, label) in
            self.nodes().iter().enumerate().filter_map(|(i, n)| g.node(&n.id).map(|l| (i, l)))
        {
            let at = |v: Option<f64>| v.unwrap_or_default();
            boxes.push(Placed {
                node,
                x: at(label.x),
                y: at(label.y),
                width: label.width,
                height: label.height,
            });
        }
        let way = |(from, to): (&str, &str)| {
            let corners = g
                .edge(from, to, None)
                .map_or_else(Vec::new, |e| e.points.iter().map(|p| (p.x, p.y)).collect());
            Route { from: from.to_owned(), to: to.to_owned(), points: corners }
        };
        let mut routes: Vec<Route> = self.edges().into_iter().map(way).collect();
        self.straighten(&boxes, &mut routes);
        shift_to_margin(boxes, routes, MARGIN)
    }

    /// Lets every way leave its box at the bottom and reach the next at the top, and pass upright between
    /// the boxes of the rows that it crosses: it bends only in the space between rows, and so never runs
    /// behind a box.
    fn straighten(&self, boxes: &[Placed], routes: &mut [Route]) {
        let of = |id: &str| boxes.iter().find(|b| self.nodes()[b.node].id == id);
        // Half the height of the row at y: the library's other corners lie between rows.
        let row = |y: f64| {
            boxes.iter().filter(|b| (b.y - y).abs() < 1.0).map(|b| b.height / 2.0).fold(0.0, f64::max)
        };
        for route in routes.iter_mut() {
            let (Some(from), Some(to)) = (of(&route.from), of(&route.to)) else { continue };
            let (top, bottom) = (from.y.min(to.y) + 1.0, from.y.max(to.y) - 1.0);
            // Pairs of the same x: where the way is upright.
            let mut points = vec![(from.x, from.y + from.height / 2.0), (from.x, from.y + row(from.y))];
            for &(x, y) in route.points.iter().filter(|p| row(p.1) > 0.0 && (top..bottom).contains(&p.1)) {
                points.extend([(x, y - row(y)), (x, y + row(y))]);
            }
            points.extend([(to.x, to.y - row(to.y)), (to.x, to.y - to.height / 2.0)]);
            route.points = points;
        }
        for b in boxes {
            let id = &self.nodes()[b.node].id;
            spread(
                b,
                routes,
                |r| r.from == *id,
                |r| r.points[2].0,
                |r, x| r.points.iter_mut().take(2).for_each(|p| p.0 = x),
            );
            let before = |r: &Route| r.points[r.points.len() - 3].0;
            spread(
                b,
                routes,
                |r| r.to == *id,
                before,
                |r, x| r.points.iter_mut().rev().take(2).for_each(|p| p.0 = x),
            );
        }
    }
}

/// Sets the ends of the chosen ways side by side along a box, in the order of where they lead.
fn spread(
    b: &Placed,
    routes: &mut [Route],
    chosen: impl Fn(&Route) -> bool,
    towards: impl Fn(&Route) -> f64,
    set: impl Fn(&mut Route, f64),
) {
    let mut ends: Vec<usize> = (0..routes.len()).filter(|&i| chosen(&routes[i])).collect();
    ends.sort_by(|&i, &j| towards(&routes[i]).total_cmp(&towards(&routes[j])).then(i.cmp(&j)));
    let gaps = ends.len().saturating_sub(1) as f64;
    let step = (16.0f64).min((b.width - 28.0) / gaps.max(1.0));
    for (place, &i) in ends.iter().enumerate() {
        set(&mut routes[i], b.x + step * (place as f64 - gaps / 2.0));
    }
}

/// Moves everything so that the picture begins at the margin, and rounds to a tenth of a pixel.
fn shift_to_margin(mut boxes: Vec<Placed>, mut routes: Vec<Route>, margin: f64) -> Layout {
    let points = || routes.iter().flat_map(|r| r.points.iter().copied());
    let corners = || {
        boxes.iter().flat_map(|b| {
            [(b.x - b.width / 2.0, b.y - b.height / 2.0), (b.x + b.width / 2.0, b.y + b.height / 2.0)]
        })
    };
    let all: Vec<(f64, f64)> = points().chain(corners()).collect();
    let least = |f: fn(&(f64, f64)) -> f64| all.iter().map(f).fold(f64::INFINITY, f64::min);
    let most = |f: fn(&(f64, f64)) -> f64| all.iter().map(f).fold(f64::NEG_INFINITY, f64::max);
    if all.is_empty() {
        return Layout { boxes, routes, width: 2.0 * margin, height: 2.0 * margin };
    }
    let (left, top, right, bottom) = (least(|p| p.0), least(|p| p.1), most(|p| p.0), most(|p| p.1));
    let shift = |(x, y): (f64, f64)| (tenth(x - left + margin), tenth(y - top + margin));
    for b in &mut boxes {
        (b.x, b.y) = shift((b.x, b.y));
    }
    for p in routes.iter_mut().flat_map(|r| &mut r.points) {
        *p = shift(*p);
    }
    Layout {
        boxes,
        routes,
        width: tenth(right - left + 2.0 * margin),
        height: tenth(bottom - top + 2.0 * margin),
    }
}
