//! KLLJW24, how many invariant functions of a degree there are.
//!
//! Derived for this project:
//!
//! > A permutation group G leaves `N_G(d, k) = |G|⁻¹ Σ_g [t^k] Π_{cycles} (1 − t^c)⁻¹ ≥ C(d+k−1, k)/|G|`
//! > orthonormal functions of degree k invariant: `≍ d^{k−1}` for cyclic shifts, and the number of
//! > partitions of k, free of d, for all permutations.

use super::letters::{D, ORDER};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::gaussian::invariants::Group;
use std::collections::BTreeSet;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct InvariantCount;

const CARD: Card = Card {
    statement: r"N_G(d, k) \ge \frac{1}{|G|} \frac{(d + k - 1)!}{k!\, (d - 1)!}",
    reference: "KLLJW24, invariant polynomials of the abstract; counts derived for this project",
    hypotheses: "A group of permutations of coordinates; functions of standard normal inputs.",
    method: "The closed counts in whole numbers against the enumeration of all orbits of monomials, d to 7 and k \
        to 5; their exponents in d up to 1024.",
    refuted_by: "A count that is not that of the orbits; another exponent.",
    variables: &["d", "k"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "invariant-count", "Symmetry divides by the size of the group at most")
};

/// The groups of the cells, by part.
fn group(name: &str, d: usize) -> Group {
    match name {
        "cyclic" => Group::Cyclic(d),
        "dihedral" => Group::Dihedral(d),
        "symmetric" => Group::Symmetric(d),
        _ => Group::Trivial(d),
    }
}

impl Claim for InvariantCount {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for name in ["cyclic", "dihedral", "symmetric"] {
            for (d, k) in (3..=7).flat_map(|d| (1..=5).map(move |k| (d, k))) {
                cells.push(Cell::new(self.id(), name).with(D, d).with(ORDER, k));
            }
        }
        for name in ["cyclic-growth", "symmetric-growth"] {
            for (d, k) in sweep::doublings(8, 8).flat_map(|d| [2, 3, 4].map(|k| (d, k))) {
                cells.push(Cell::new(self.id(), name).with(D, d).with(ORDER, k));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let orbits = (cell.d() as f64).powi(cell.whole(ORDER) as i32) * 5040.0;
        let flops = if cell.part.ends_with("growth") { 1e4 } else { orbits };
        Prediction { flops: 1e4 + flops, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, _: u64) -> Result<Measurement> {
        let (d, k) = (cell.d(), cell.whole(ORDER));
        let name = cell.part.trim_end_matches("-growth");
        let count = group(name, d).monomials(k)? as f64;
        let out =
            Measurement::new().quantity("count", count, 0.0).hypothesis("a group", true, "of permutations");
        if name != cell.part {
            let twice = |name: &str| -> Result<f64> { Ok(group(name, 2 * d).monomials(k)? as f64) };
            return Ok(out.quantity("twice", twice(name)?, 0.0).quantity(
                "cyclic_twice",
                twice("cyclic")?,
                0.0,
            ));
        }
        let all = group("trivial", d).monomials(k)? as f64;
        let order = match name {
            "cyclic" => d,
            "dihedral" => 2 * d,
            _ => (1..=d).product(),
        } as f64;
        Ok(out
            .quantity("orbits", orbits(name, d, k) as f64, 0.0)
            .quantity("share", all / order, 0.0)
            .quantity("all", all, 0.0))
    }

    fn bounds(&self) -> Vec<Bound> {
        let small = |cell: &Cell| !cell.part.ends_with("growth");
        vec![
            Bound::identity(
                "burnside",
                "the closed count is the number of orbits of monomials",
                "count",
                "orbits",
                Neighbour::lhs("share", "C(d+k−1, k)/|G|"),
            )
            .code_check()
            .among(small),
            Bound::inequality(
                "at-least",
                "there are at least C(d+k−1, k)/|G| invariants",
                "count",
                Side::Lower,
                "share",
                Neighbour::rhs("all", "C(d+k−1, k): symmetry takes nothing"),
            )
            .code_check()
            .headline()
            .among(small),
            Bound::asymptotic(
                "cyclic",
                "cyclic shifts leave ≍ d^{k−1} invariants",
                "count",
                Sweep::both(D, |c| c.whole(ORDER) as f64 - 1.0),
            )
            .headline()
            .part("cyclic-growth"),
            Bound::identity(
                "symmetric",
                "all permutations leave as many invariants at d as at 2d, for k ≤ d",
                "count",
                "twice",
                Neighbour::rhs("cyclic_twice", "cyclic shifts of 2d coordinates"),
            )
            .code_check()
            .part("symmetric-growth"),
        ]
    }
}

/// The orbits of monomials of degree k in d variables, one by one.
fn orbits(name: &str, d: usize, k: usize) -> usize {
    let least = |exponents: &[usize]| -> Vec<usize> {
        if name == "symmetric" {
            let mut sorted = exponents.to_vec();
            sorted.sort_unstable();
            return sorted;
        }
        let turned = |s: usize, back: bool| -> Vec<usize> {
            (0..d).map(|i| exponents[if back { (s + d - i) % d } else { (s + i) % d }]).collect()
        };
        let both = (0..d).flat_map(|s| [turned(s, false), turned(s, name == "dihedral")]);
        both.min().unwrap_or_default()
    };
    // Monomials as exponents, from every product of k variables.
    let mut seen = BTreeSet::new();
    for code in 0..d.pow(k as u32) {
        let mut exponents = vec![0; d];
        (0..k).for_each(|i| exponents[code / d.pow(i as u32) % d] += 1);
        seen.insert(least(&exponents));
    }
    seen.len()
}
