//! The correlation of two fans on hidden planes against the norm of UVᵀ, beside its bound `‖UVᵀ‖^k`.
//!
//! The planes of a pair are drawn in 8 to 512 dimensions, or lie in four dimensions at equal angles, `UVᵀ =
//! c I`. There the correlation is `Σ_j s_j c^j` with the shares s_j ≥ 0 of the Hermite degrees of F, of
//! which the least degree has `s_k = Γ((k + 3)/2)²/k!` times the share of cos kφ in the angle, which is
//! `[Σ_j ((k² − 1)/((jk)² − 1))²]^{−1} ≥ 0.98`, j odd: .88, .45 and .19 for k = 2, 4 and 6.

use super::families::{Fan, norm, plane, product};
use super::letters::{D, NODES, ORDER};
use crate::claim::{Bound, Cell, Failure, Measurement, Neighbour, Record, Side, Tier};
use crate::figure::{Curve, Measured, Panel, Picture, Plain, Report, Series, Sheet, Style, named};
use crate::run::source::SOURCE_HASH;
use anyhow::Result;
use escapement::seed;
use faer::Mat;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::f64::consts::PI;

/// The experiment, as its files and its cells name it.
pub const ID: &str = "klljw24-fans";
/// The orders k.
const ORDERS: [usize; 3] = [2, 4, 6];
/// The dimensions of planes that are drawn, and that of planes at equal angles, which comes as often.
const DIMENSIONS: [usize; 4] = [8, 32, 128, 512];
const EQUAL: usize = 4;
/// Pairs in each dimension.
const PAIRS: usize = 8;

/// The experiment: a run to a seed, whose sizes are orders.
#[derive(Debug, Clone, Copy)]
pub struct Fans(Plain);

/// A pair of planes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// d.
    pub d: usize,
    /// ‖UVᵀ‖.
    pub norm: f64,
    /// The modulus of the correlation, and what bounds its rounding.
    pub correlation: [f64; 2],
}

type State = Measured<Vec<Pair>>;

/// Whether the planes have equal angles.
fn aligned(pair: &Pair) -> bool {
    pair.d == EQUAL
}

/// `0.98 Γ((k + 3)/2)²/k!` for an even k.
fn least_share(k: usize) -> f64 {
    let (half, factorial) = (k / 2, (1..=k).product::<usize>() as f64);
    // Γ(h + 3/2) = (√π/2) Π_{i ≤ h} (i + ½).
    let gamma = (1..=half).fold(0.5 * PI.sqrt(), |g, i| g * (i as f64 + 0.5));
    0.98 * gamma * gamma / factorial
}

impl Fans {
    /// The experiment of a tier.
    pub fn new(tier: Tier, seed: u64, seeds: Option<u64>) -> Self {
        Self(Plain { tier, seed, seeds: seeds.unwrap_or(if tier == Tier::Quick { 1 } else { 4 }) })
    }

    fn pairs(states: &[Option<State>], k: usize) -> impl Iterator<Item = &Pair> {
        states.iter().flatten().filter_map(move |state| state.at(k)).flatten()
    }

    fn csv(&self, states: &[Option<State>]) -> String {
        let mut csv = "seed,k,d,norm,correlation,bound\n".to_owned();
        for (seed, state) in self.0.all_seeds().zip(states) {
            for (k, pair) in
                state.iter().flat_map(|s| &s.rows).flat_map(|(k, all)| all.iter().map(move |p| (k, p)))
            {
                let Pair { d, norm, correlation: [value, _] } = pair;
                csv += &format!("{seed},{k},{d},{norm:?},{value:?},{:?}\n", norm.powi(*k as i32));
            }
        }
        csv
    }

    fn picture(&self, states: &[Option<State>]) -> Picture {
        let panel = |title: &str, near: bool| {
            let mut curves = Vec::new();
            for (color, k) in ORDERS.into_iter().enumerate() {
                let of = Self::pairs(states, k)
                    .filter(|p| aligned(p) == near && p.correlation[0] > p.correlation[1]);
                let points: Vec<_> = of.map(|p| (p.norm, p.correlation[0], 0.0)).collect();
                let least = points.iter().map(|p| p.0).fold(1.0, f64::min);
                let bound = (0..=1).map(|i| least.powi(1 - i)).map(|x| (x, x.powi(k as i32), 0.0)).collect();
                curves.push(Curve { name: format!("k = {k}"), points, color, style: Style::Dots });
                let name = "the bound ‖UVᵀ‖ᵏ".to_owned();
                curves.push(Curve { name, points: bound, color, style: Style::Dashed });
            }
            let [x_label, y_label] = ["‖UVᵀ‖", "|correlation|"].map(str::to_owned);
            Panel { title: title.to_owned(), x_label, y_label, log_x: true, log_y: true, curves }
        };
        if states.iter().flatten().all(|state| state.rows.is_empty()) {
            return Picture::default();
        }
        let panels = vec![panel("planes at equal angles", true), panel("planes drawn", false)];
        Picture { title: "Correlations of two fans of 2k ReLU neurons".to_owned(), panels }
    }

    /// A record for each pair, and for each order.
    fn records(&self, states: &[Option<State>]) -> Vec<Record> {
        let mut out = Vec::new();
        for k in ORDERS {
            let mut push = |cell: Cell, measurement| {
                let (source, cell) = (SOURCE_HASH.to_owned(), cell.with(ORDER, k));
                out.push(Record { source, seed: self.0.seed, cell, measurement });
            };
            let bound = |pair: &Pair, k: usize| pair.norm.powi(k as i32);
            for (index, pair) in Self::pairs(states, k).enumerate() {
                let [value, error] = pair.correlation;
                let found = Measurement::new()
                    .quantity("correlation", value, error)
                    .quantity("bound", bound(pair, k), 8.0 * f64::EPSILON * bound(pair, k))
                    .quantity("steeper", bound(pair, k + 2), 0.0);
                push(Cell::new(ID, "pair").with(D, pair.d).with(NODES, 1_usize).replicate(index), found);
            }
            let shares = |equal: bool| {
                let mut all: Vec<f64> = Self::pairs(states, k)
                    .filter(move |p| aligned(p) == equal)
                    .map(|p| p.correlation[0] / bound(p, k))
                    .collect();
                all.sort_by(f64::total_cmp);
                all
            };
            let [equal, drawn] = [true, false].map(shares);
            if let (Some(least), Some(most), Some(median)) =
                (equal.first(), equal.last(), drawn.get(drawn.len() / 2))
            {
                let found = Measurement::new()
                    .quantity("least", *least, 1e-6)
                    .quantity("most", *most, 0.0)
                    .quantity("median", *median, 0.0)
                    .quantity("share", least_share(k), 0.0)
                    .quantity("half", 0.5, 0.0);
                push(Cell::new(ID, "share"), found);
            }
        }
        out
    }
}

fn bounds() -> Vec<Bound> {
    vec![
        Bound::inequality(
            "below",
            "|corr| ≤ ‖UVᵀ‖^k",
            "correlation",
            Side::Upper,
            "bound",
            Neighbour::rhs("steeper", "the exponent k + 2"),
        )
        .code_check()
        .headline()
        .part("pair"),
        Bound::inequality(
            "equal",
            "at equal angles |corr|/‖UVᵀ‖^k is at least the share 0.98 Γ((k + 3)/2)²/k! of the least degree",
            "least",
            Side::Lower,
            "share",
            Neighbour::lhs("median", "planes that are drawn"),
        )
        .code_check()
        .part("share"),
        Bound::inequality(
            "typical",
            "for planes that are drawn the median of |corr|/‖UVᵀ‖^k is at most ½",
            "median",
            Side::Upper,
            "half",
            Neighbour::lhs("most", "the largest at equal angles"),
        )
        .headline()
        .chosen("½, after a pilot")
        .part("share"),
    ]
}

impl Series for Fans {
    const ID: &'static str = ID;
    type Value = Vec<Pair>;

    fn shared(&self) -> Result<Map<String, Value>> {
        named(ID, &self.0)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn sizes(&self, _run: usize) -> Vec<usize> {
        ORDERS.to_vec()
    }

    fn operations(&self, _run: usize, size: usize) -> f64 {
        (2 * DIMENSIONS.len() * PAIRS * (300 * (2 * size).pow(2) + 60 * DIMENSIONS[3])) as f64
    }

    fn measure(&self, run: usize, size: usize) -> Result<Vec<Pair>> {
        let rng =
            &mut seed::stream(self.0.seed.wrapping_add(run as u64), &format!("{ID} k={size}"), "planes");
        let fan = Fan::new(size)?;
        let mut out = Vec::new();
        for index in 0..2 * DIMENSIONS.len() * PAIRS {
            let (d, u, v) = if index % 2 == 0 {
                let cosine = 10.0_f64.powf(-rng.random::<f64>());
                let rows = [[1.0, 0.0], [cosine, (1.0 - cosine * cosine).sqrt()]];
                let [u, v] = rows.map(|[along, aside]| {
                    Mat::from_fn(2, EQUAL, |a, c| match c {
                        c if c == a => along,
                        c if c == a + 2 => aside,
                        _ => 0.0,
                    })
                });
                (EQUAL, u, v)
            } else {
                let d = DIMENSIONS[index / 2 % DIMENSIONS.len()];
                (d, plane(rng, d), plane(rng, d))
            };
            let m = product(u.as_ref(), v.as_ref(), 0);
            let found = fan.correlation(m)?.abs();
            out.push(Pair { d, norm: norm(m), correlation: [found.value, found.error] });
        }
        Ok(out)
    }

    fn outputs(&self, states: &[Option<State>], open: Vec<Failure>) -> Report {
        let sheet = Sheet {
            claim: ID,
            title: "correlations of fans on hidden planes".to_owned(),
            reference: "KLLJW24, hidden planes of the abstract",
            tier: self.0.tier,
            seed: self.0.seed,
            command: self.0.command(ID),
        };
        let verdict = sheet.judge(&bounds(), &self.records(states), open);
        Report { csv: self.csv(states), picture: self.picture(states), verdict }
    }
}
