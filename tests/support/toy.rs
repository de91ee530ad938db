//! Two made-up claims with a bound of every kind, the second resting on the first, and journals of them to
//! be changed.

use crate::synthetic::{Synthetic, noise};
use escapement_verify::run::journal::{Journal, Records};
use escapement_verify::{
    Bound, Cell, ErratumId, Measurement, Neighbour, Parameter, Record, Registry, Result, Side, Sweep,
};
use std::path::Path;

pub const WIDTHS: [usize; 6] = [100, 200, 400, 800, 1600, 3200];

fn ground(c: &Cell, seed: u64) -> Result<Measurement> {
    let m = c.m() as f64;
    Ok(Measurement::new()
        .quantity("lhs", (1.0 + 0.1 * noise(c, seed, "lhs")) / m, 1e-12 / m)
        .quantity("rhs", 2.0 / m, 0.0)
        .quantity("half", 0.5 / m, 0.0)
        .quantity("twice", 4.0 / m, 0.0)
        .quantity("rhs again", 2.0 / m * (1.0 + 1e-15), 1e-13 / m)
        .quantity("successes", 97.0, 0.0)
        .quantity("trials", 100.0, 0.0)
        .hypothesis("m ≥ 400", c.m() >= 400, format!("{} ≥ 400", c.m()))
        .cost(m, 8.0 * m, 1.0))
}

/// Part "sweep": a growth over m with the largest ratio over n; part "long": an exact quantity over d.
fn upon(c: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, n) = (c.m() as f64, c.d() as f64, c.n() as f64);
    Ok(match c.part.as_str() {
        "sweep" => Measurement::new()
            .quantity("error", m.powf(-0.5) * n.powf(-0.1) * (0.02 * noise(c, seed, "error")).exp(), 1e-12)
            .quantity("rate", m.powf(-0.5), 0.0)
            .quantity("no rate", 1.0, 0.0)
            .hypothesis("range", c.m() <= 3200, ""),
        _ => Measurement::new().quantity("exact", d * d * (1.0 + 1.0 / d), 1e-10).hypothesis(
            "d ≥ 3",
            d >= 3.0,
            "",
        ),
    })
}

fn cells() -> (Vec<Cell>, Vec<Cell>) {
    let all = || WIDTHS.iter().flat_map(|&m| (0..2).map(move |replicate| (m, replicate)));
    let ground = all()
        .map(|(m, replicate)| Cell::new("ground", "").with(Parameter::M, m).replicate(replicate))
        .collect();
    let sweep = |(m, replicate)| {
        [16, 32].map(|n| {
            Cell::new("upon", "sweep").with(Parameter::M, m).with(Parameter::N, n).replicate(replicate)
        })
    };
    let long = [4, 8, 16, 32, 64, 128].map(|d| Cell::new("upon", "long").with(Parameter::D, d));
    (ground, all().flat_map(sweep).chain(long).collect())
}

/// The bounds of the second claim.
fn upon_bounds() -> Vec<Bound> {
    let growth = Sweep::upper(Parameter::M, |_| -0.5).supremum_over(&[Parameter::N]);
    vec![
        Bound::growth("rate", "error ≲ m^{-1/2}", "error", "rate", growth).part("sweep"),
        Bound::asymptotic("square", "exact ≍ d²", "exact", Sweep::both(Parameter::D, |_| 2.0)).part("long"),
        Bound::identity(
            "printed",
            "1 = m^{-1/2}",
            "no rate",
            "rate",
            Neighbour::lhs("error", "another false one"),
        )
        .part("sweep")
        .printed(ErratumId(3)),
    ]
}

/// The registry.
pub fn registry() -> Registry {
    registry_without("")
}

/// The registry without one bound of the second claim.
pub fn registry_without(bound: &str) -> Registry {
    let ground_bounds = vec![
        Bound::inequality(
            "at-most",
            "lhs ≤ 2/m",
            "lhs",
            Side::Upper,
            "rhs",
            Neighbour::rhs("half", "½ in place of 2"),
        ),
        Bound::identity("same", "2/m = 2/m", "rhs", "rhs again", Neighbour::rhs("half", "½ in place of 2")),
        Bound::probability("often", "P ≥ ¾", "successes", "trials", Side::Lower, 0.75),
    ];
    let (below, above) = cells();
    let ground = Synthetic::new("ground", below, ground_bounds, ground);
    let bounds = upon_bounds().into_iter().filter(|b| b.name != bound).collect();
    let upon = Synthetic { uses: &["ground"], ..Synthetic::new("upon", above, bounds, upon) };
    Registry::new(vec![ground.boxed(), upon.boxed()]).unwrap()
}

/// Writes the journal `to` with the records of `from`, each as `change` makes it, none where it makes none;
/// the checksums are made anew.
pub fn rewrite(from: &Path, to: &Path, change: impl Fn(Record) -> Option<Record>) {
    let records = Records::read(from).unwrap();
    let mut journal = Journal::open(to, true).unwrap();
    for record in records.iter().cloned().filter_map(change) {
        journal.append(&record, 0.5, 2).unwrap();
    }
}

/// The record with a quantity multiplied, if it has it.
pub fn scaled(mut record: Record, quantity: &str, factor: f64) -> Option<Record> {
    if let Some(q) = record.measurement.quantities.get_mut(quantity) {
        q.value *= factor;
    }
    Some(record)
}
