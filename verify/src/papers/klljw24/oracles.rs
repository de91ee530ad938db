//! Reference values for KLLJW24.

use super::csq_dimension::square_query;
use super::families::{Fan, harmonic, product};
use super::symmetric_fan;
use crate::error::Result;
use crate::oracle::{Entry, List, Sheet};
use escapement::gaussian::invariants::Group;
use faer::Mat;

/// Agreement of correlations, absolute, and of other numbers relative to the value.
const AGREEMENT: f64 = 1e-12;
/// The most nodes of a graph all of which are enumerated.
const MOST: usize = 6;

/// The lists.
pub const LISTS: [List; 7] = [
    List { name: "degree_parity", marks: &["/parity_means"], compare: degree_parity },
    List { name: "planes", marks: &["/U"], compare: planes },
    List { name: "graph", marks: &["/adjacency_with_loops"], compare: graph },
    List { name: "frame", marks: &["/group"], compare: frame },
    List { name: "harmonic", marks: &["/square_query"], compare: harmonics },
    List { name: "orbits", marks: &["/groups"], compare: orbits },
    List { name: "elimination", marks: &["/equal_weights"], compare: elimination },
];

fn pair(entry: &Entry<'_>) -> Result<[Mat<f64>; 2]> {
    let d = entry.whole("d")?;
    Ok([entry.matrix("U", 2, d)?, entry.matrix("V", 2, d)?])
}

/// The means of the parities of degrees, times the number of graphs: by the closed form for directed graphs,
/// and over all graphs for undirected ones.
fn degree_parity(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (n, all) = (entry.whole("nodes")?, entry.number("denominator")?);
    if !(2..=MOST).contains(&n) {
        return Err(entry.wrong("nodes", format!("{n} is not allowed, only 2 to {MOST}")));
    }
    let edges: Vec<(usize, usize)> = (0..n).flat_map(|w| (0..w).map(move |v| (v, w))).collect();
    for (index, part) in entry.parts("parity_means")?.iter().enumerate() {
        let count = part.length("degrees")?;
        let degrees = part.vector("degrees", count)?;
        let found = if entry.flag("directed")? {
            let binomial =
                |s: f64| (0..s as usize).fold(1.0, |c, i| c * (n - 1 - i) as f64 / (i + 1) as f64);
            let share = degrees.iter().map(|s| binomial(*s)).sum::<f64>() / 2.0_f64.powi(n as i32 - 1);
            all * (1.0 - 2.0 * share).powi(n as i32)
        } else {
            let parity = |graph: usize| {
                let mut degree = vec![0.0; n];
                for (_, (v, w)) in edges.iter().enumerate().filter(|(bit, _)| graph >> bit & 1 == 1) {
                    degree[*v] += 1.0;
                    degree[*w] += 1.0;
                }
                let odd = degree.iter().filter(|s| degrees.contains(s)).count() % 2;
                1.0 - 2.0 * odd as f64
            };
            (0..1_usize << edges.len()).map(parity).sum::<f64>()
        };
        sheet.number(&format!("numerator {index}"), part.number("numerator")?, found, 1e-9)?;
    }
    Ok(())
}

/// The fan on two planes.
fn planes(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (fan, [u, v]) = (Fan::new(entry.whole("k")?)?, pair(entry)?);
    entry.compare(sheet, "norm_squared", fan.inner([[1.0, 0.0], [0.0, 1.0]], 1.0)?.value, AGREEMENT)?;
    let found = fan.correlation(product(u.as_ref(), v.as_ref(), 0))?.value;
    sheet.number("correlation", entry.number("correlation")?, found, AGREEMENT)
}

/// The fan on the nodes of a graph.
fn graph(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (fan, [u, v], n) = (Fan::new(entry.whole("k")?)?, pair(entry)?, entry.whole("nodes")?);
    let a = entry.matrix("adjacency_with_loops", n, n)?;
    let inner = |m| symmetric_fan::graph(&fan, a.as_ref(), m);
    let norm = inner([[1.0, 0.0], [0.0, 1.0]])?.value;
    let found = inner(product(u.as_ref(), v.as_ref(), 0))?.value;
    entry.compare(sheet, "norm_squared", norm, AGREEMENT)?;
    sheet.number("inner_product", entry.number("inner_product")?, found, AGREEMENT * norm)?;
    sheet.number("correlation", entry.number("correlation")?, found / norm, AGREEMENT)
}

/// Averages over cyclic shifts.
fn frame(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (fan, [u, v]) = (Fan::new(entry.whole("k")?)?, pair(entry)?);
    let found = symmetric_fan::frame(&fan, &u, &v)?.value;
    sheet.number("correlation", entry.number("correlation")?, found, AGREEMENT)
}

/// Harmonics of two planes, and the query of squares on the first.
fn harmonics(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (k, d, [u, v]) = (entry.whole("k")?, entry.whole("d")?, pair(entry)?);
    let norm = 2.0_f64.powi(k as i32 - 1) * (1..=k).map(|i| i as f64).product::<f64>();
    entry.compare(sheet, "norm_squared", norm, AGREEMENT)?;
    let found = harmonic(k, product(u.as_ref(), v.as_ref(), 0));
    sheet.number("correlation", entry.number("correlation")?, found, AGREEMENT)?;
    let query = square_query(k, u.as_ref());
    let found = Mat::from_fn(d, d, |i, j| query[i][j].value);
    sheet.matrix("square_query", entry.matrix("square_query", d, d)?.as_ref(), found.as_ref(), AGREEMENT)
}

/// Orbits on monomials and on subsets.
fn orbits(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let d = entry.whole("d")?;
    for part in entry.parts("groups")? {
        let name = part.text("group")?;
        let group = match name {
            "cyclic" => Group::Cyclic(d),
            "dihedral" => Group::Dihedral(d),
            "symmetric" => Group::Symmetric(d),
            "trivial" => Group::Trivial(d),
            _ => return Err(part.wrong("group", "only cyclic, dihedral, symmetric and trivial are known")),
        };
        let subsets = part.core(group.subsets())? as f64;
        sheet.number(&format!("subset_orbits ({name})"), part.number("subset_orbits")?, subsets, 0.0)?;
        for (k, reference) in part.named_numbers("monomial_orbits")? {
            let degree =
                k.parse().map_err(|_| part.wrong("monomial_orbits", format!("{k} is no degree")))?;
            let found = part.core(group.monomials(degree))? as f64;
            sheet.number(&format!("monomial_orbits ({name}, {k})"), reference, found, 0.0)?;
        }
    }
    Ok(())
}

/// Members of an orthonormal class that one function finds.
fn elimination(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (size, tau) = (entry.whole("size")?, entry.number("tau")?);
    let found = (1..=size).filter(|s| 1.0 / (*s as f64).sqrt() > tau * (1.0 + 1e-12)).count() as f64;
    for name in ["equal_weights", "random_search"] {
        sheet.number(name, entry.number(name)?, found, 0.0)?;
    }
    Ok(())
}
