//! The result of a control in a few words. A false neighbour need be refuted on one cell only; on how many
//! it was says how sharp the check is.

use escapement_verify::judge::{Control, Tally, Verdict};
use escapement_verify::text::plural::count;

/// "refuted on 1 of 12 cells", with the cells of every false neighbour; the verdict alone where there is
/// none.
pub fn words(control: &Control) -> String {
    verdict_on_cells(control.verdict, control.neighbours.iter())
}

/// As [`words`], for the false neighbour with this description alone.
pub fn words_of(control: &Control, neighbour: &str) -> String {
    verdict_on_cells(
        control.verdict,
        control.neighbours.iter().find(|t| t.description == neighbour).into_iter(),
    )
}

fn verdict_on_cells<'a>(verdict: Verdict, tallies: impl Iterator<Item = &'a Tally>) -> String {
    let tallies: Vec<&Tally> = tallies.filter(|_| verdict == Verdict::Refuted).collect();
    let Some((last, others)) = tallies.split_last() else { return verdict.to_string() };
    let others: String = others.iter().map(|t| format!("{} of {}, ", t.refuted, t.of)).collect();
    format!("{verdict} on {others}{} of {}", last.refuted, count(last.of, "cell"))
}
