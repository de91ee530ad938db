//! `graph`: which claim rests on which, as a picture.

use super::list::{JournalStatus, note_earlier};
use super::{Scope, print};
use crate::report::graph::{Graph, Node, Setting};
use crate::terminal::{exit::HOLDS, note};
use anyhow::{Result, bail};
use escapement_verify::claim::{Claim, registry::Registry};
use escapement_verify::files::atomic::{Outputs, write_file};
use escapement_verify::run::journal::RecordsByCell;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Draws the graph of claims, coloured by the verdicts that the journal holds. Nothing is measured; a claim
/// that lacks records of some cells is grey.
///
/// Arrows lead from a claim to what rests on it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement graph --out graph.svg\n  escapement graph --focus theorem-2 \
        --tier standard --format mermaid\n  escapement graph --format dot | dot -Tpdf -o graph.pdf"
)]
pub struct Args {
    /// The format of the picture [default: by the name of --out; svg otherwise]
    #[arg(long)]
    format: Option<Format>,
    /// Draw only this claim, the claims that it rests on and the claims that rest on it
    #[arg(long, value_name = "CLAIM")]
    focus: Option<String>,
    /// The file of the picture; without it the picture goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The page of the report, to which the nodes of an SVG link
    #[arg(long, value_name = "URL", default_value = "index.html")]
    page: String,
    #[command(flatten)]
    scope: Scope,
}

/// The formats of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A picture with links
    Svg,
    /// The language of Graphviz
    Dot,
    /// The language of diagrams in Markdown pages
    Mermaid,
}

impl Format {
    /// The format that the name of a file asks for.
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        Ok(match extension.as_deref() {
            Some("svg") => Self::Svg,
            Some("dot" | "gv") => Self::Dot,
            Some("mmd" | "mermaid") => Self::Mermaid,
            _ => bail!(
                "{} names no kind of picture: let it end in .svg, .dot, .gv, .mmd or .mermaid, or give \
                 --format",
                path.display()
            ),
        })
    }
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let format = match (args.format, &args.out) {
        (Some(format), _) => format,
        (None, Some(path)) => Format::of(path)?,
        (None, None) => Format::Svg,
    };
    if let Some(path) = &args.out {
        Outputs::check(path)?;
    }
    let focus = args.focus.as_ref().map(|name| registry.get(name).map(Claim::id)).transpose()?;
    let journal = &args.scope.journal;
    let records = args.scope.records()?;
    if !journal.exists() {
        note(format_args!(
            "there is no journal {}: nothing is measured yet, and no claim has a verdict",
            journal.display()
        ));
    }
    let held = RecordsByCell::new(records.iter(), args.scope.seed);
    let statuses =
        registry.claims().map(|c| JournalStatus::of(c, &args.scope, &held)).collect::<Result<Vec<_>>>()?;
    note_earlier(&statuses);
    let node = |(c, s): (&dyn Claim, &JournalStatus)| {
        let uses: Vec<&str> = registry.uses(c)?.into_iter().map(Claim::id).collect();
        Ok(Node::new(c.id(), c.card().title, s.verdict, &uses))
    };
    let graph = Graph::new(registry.claims().zip(&statuses).map(node).collect::<Result<_>>()?);
    let graph = focus.map_or_else(|| graph.clone(), |id| graph.focus(id));
    let text = match format {
        Format::Svg => graph.svg(Setting::Alone(&args.page)),
        Format::Dot => graph.dot(),
        Format::Mermaid => graph.mermaid(),
    };
    match &args.out {
        None => print(out, &text)?,
        Some(path) => {
            write_file(path, |w| w.write_all(text.as_bytes()))?;
            print(out, &format!("{}\n", path.display()))?;
        }
    }
    Ok(HOLDS)
}
