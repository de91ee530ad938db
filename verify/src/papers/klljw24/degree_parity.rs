//! KLLJW24, parities of the numbers of nodes of given degrees of a random graph.
//!
//! Derived for this project:
//!
//! > In a directed graph on n nodes with independent fair edges let c_s be the number of nodes of out-degree
//! > s. `E (−1)^{Σ_{s ∈ S} c_s} = (1 − 2P_S)^n` with `P_S = 2^{1−n} Σ_{s ∈ S} C(n−1, s)`. The 2^T parities
//! > over subsets of the `T = ⌊√n/2⌋` central degrees have correlations of at most `ε = max(|1 − 2p_min|^n,
//! > |1 − 2p_max|^n)`, and `−ln ε/√n → √(8/π) e^{−1/8} = 1.408`.

use super::letters::NODES;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use std::f64::consts::PI;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct DegreeParity;

const CARD: Card = Card {
    statement: r"\mathbb{E} (-1)^{\sum_{s \in S} c_s} = (1 - 2 P_S)^n, \qquad
        -\ln \epsilon \ge 1.408 \sqrt{n}",
    reference: "KLLJW24, graph neural networks as told by reviews; statement and constants derived for this \
        project",
    hypotheses: "Independent fair edges, directed, without loops; the central degrees, as many as ⌊√n/2⌋.",
    method: "All directed graphs on up to 4 nodes and all sets of degrees, in whole numbers. The largest \
        correlation in closed form, n to 10⁴.",
    refuted_by: "Another mean; a correlation above e^{−1.408√n}; another exponent.",
    variables: &["n"],
    errata: &[ErratumId(1), ErratumId(3)],
    ..Card::new(&super::PAPER, "degree-parity", "Parities of degrees hide a graph's function")
};

impl Claim for DegreeParity {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let cell = |part: &str, n: usize| Cell::new(self.id(), part).with(NODES, n);
        let mut cells: Vec<Cell> = (2..=4).map(|n| cell("graphs", n)).collect();
        // √n is a multiple of 4, so that the central degrees are as many on either side.
        cells.extend([4, 8, 12, 16, 24, 32, 48, 64, 80, 100].map(|root| cell("central", root * root)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let n = cell.n() as f64;
        let flops = if cell.part == "graphs" { 200.0 * 2.0_f64.powf(n * n) } else { 100.0 * n };
        Prediction { flops: 1e4 + flops, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, _: u64) -> Result<Measurement> {
        let n = cell.n();
        if cell.part == "graphs" {
            return graphs(n);
        }
        let count = (n as f64).sqrt().floor() as usize / 2;
        // ln C(n−1, s) by sums of logarithms.
        let logs: Vec<f64> = std::iter::once(0.0)
            .chain((1..=n).scan(0.0, |sum, i| {
                *sum += (i as f64).ln();
                Some(*sum)
            }))
            .collect();
        let share = |s: usize| {
            let log = logs[n - 1] - logs[s] - logs[n - 1 - s] - (n - 1) as f64 * 2.0_f64.ln();
            log.exp()
        };
        // The rounding of three logarithms of factorials.
        let relative = 8.0 * f64::EPSILON * logs[n] + 4.0 * f64::EPSILON * n as f64;
        let first = (n - 1) / 2 - (count - 1) / 2;
        let central: Vec<f64> = (first..first + count).map(share).collect();
        let least = central.iter().fold(f64::INFINITY, |m, p| m.min(*p));
        let all: f64 = central.iter().sum();
        let log = |p: f64| -(n as f64) * (1.0 - 2.0 * p).abs().ln();
        let exponent = log(least).min(log(all));
        let root = (n as f64).sqrt();
        let limit = (8.0 / PI).sqrt() * (-0.125_f64).exp();
        Ok(Measurement::new()
            .quantity("exponent", exponent, 4.0 * relative * exponent)
            .quantity("limit", limit * root, 4.0 * f64::EPSILON * limit * root)
            // All n degrees: the parity of all of them is constant.
            .quantity("every", 0.0, 0.0)
            .quantity("linear", 0.5 * n as f64, 0.0)
            .hypothesis("central degrees", count >= 2, format!("{count} of {n}")))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "means",
                "the means of all parities over all graphs are (1 − 2P_S)^n",
                "enumerated",
                "closed",
                Neighbour::rhs("single", "(1 − P_S)^n"),
            )
            .code_check()
            .part("graphs"),
            Bound::inequality(
                "correlation",
                "the largest correlation is at most e^{−1.408√n}",
                "exponent",
                Side::Lower,
                "limit",
                Neighbour::lhs(
                    "every",
                    "all n degrees, of which all 2^n parities are said to be orthogonal",
                ),
            )
            .neighbour(Neighbour::rhs("linear", "e^{−n/2}"))
            .code_check()
            .headline()
            .part("central"),
            Bound::asymptotic("in-n", "−ln ε ≍ √n", "exponent", Sweep::both(NODES, |_| 0.5))
                .headline()
                .part("central"),
        ]
    }
}

/// A sum over all sets of degrees of the mean of the parity, each with another weight.
fn graphs(n: usize) -> Result<Measurement> {
    let edges = n * (n - 1);
    let weight = |set: usize| 1.0 / (set + 1) as f64;
    let [mut enumerated, mut closed, mut single] = [0.0; 3];
    for set in 1..1_usize << n {
        let mut sum = 0_i64;
        for graph in 0..1_usize << edges {
            let degree = |v: usize| (graph >> (v * (n - 1)) & ((1 << (n - 1)) - 1)).count_ones();
            let odd = (0..n).filter(|v| set >> degree(*v) & 1 == 1).count() % 2;
            sum += 1 - 2 * odd as i64;
        }
        enumerated += weight(set) * sum as f64 / (1_usize << edges) as f64;
        let binomial = |s: usize| (0..s).fold(1.0, |c, i| c * (n - 1 - i) as f64 / (i + 1) as f64);
        let share = (0..n).filter(|s| set >> s & 1 == 1).map(binomial).sum::<f64>() / (1 << (n - 1)) as f64;
        closed += weight(set) * (1.0 - 2.0 * share).powi(n as i32);
        single += weight(set) * (1.0 - share).powi(n as i32);
    }
    let error = f64::EPSILON * (1 << n) as f64;
    Ok(Measurement::new()
        .quantity("enumerated", enumerated, error)
        .quantity("closed", closed, error)
        .quantity("single", single, error)
        .hypothesis("directed edges", true, "all graphs"))
}
