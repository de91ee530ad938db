//! What a control came to, in words.

use escapement_cli::report::control::{words, words_of};
use escapement_verify::judge::{Control, Verdict, judge_bound};
use escapement_verify::{Bound, Cell, Measurement, Neighbour, Parameter, Record, Tier};

/// Four records of an identity, and neighbours of which one is false on a single cell.
fn judged(neighbours: &[Neighbour]) -> Control {
    let record = |m: usize| {
        let false_once = if m == 3 { 2.0 } else { 1.0 };
        let measurement = Measurement::new()
            .quantity("one", 1.0, 0.0)
            .quantity("once", false_once, 0.0)
            .quantity("two", 2.0, 0.0);
        Record {
            source: String::new(),
            seed: 0,
            cell: Cell::new("made-up", "").with(Parameter::M, m),
            measurement,
        }
    };
    let records: Vec<Record> = (1..=4).map(record).collect();
    let bound = Bound::identity("same", "", "one", "one", neighbours[0].clone());
    let bound = neighbours[1..].iter().cloned().fold(bound, Bound::neighbour);
    judge_bound("made-up", &bound, Tier::Quick, 0, &records, &[]).verdict.control
}

#[test]
fn it_says_on_how_many_cells_a_control_is_refuted() {
    let (once, always) = (Neighbour::rhs("once", "false once"), Neighbour::rhs("two", "2 in place of 1"));
    let control = judged(std::slice::from_ref(&once));
    assert_eq!(words(&control), "refuted on 1 of 4 cells");
    let control = judged(&[once, always]);
    assert_eq!(words(&control), "refuted on 1 of 4, 4 of 4 cells");
    assert_eq!(words_of(&control, "2 in place of 1"), "refuted on 4 of 4 cells");
    assert_eq!(words_of(&control, "another"), "refuted");
    let control = judged(&[Neighbour::rhs("one", "itself")]);
    assert_eq!([words(&control), words_of(&control, "itself")], ["exact", "exact"]);
    assert_eq!(words(&Control::new("planted: refuted in 3 of 3 sweeps", Verdict::Refuted)), "refuted");
}
