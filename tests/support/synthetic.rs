//! Claims made up for tests, whose true exponents are known.

use escapement_verify::papers::nbl22;
use escapement_verify::{Bound, Card, Cell, Claim, Measurement, Paper, Parameter, Prediction, Result, Tier};
use std::sync::Arc;

type Measure = Arc<dyn Fn(&Cell, u64) -> Result<Measurement> + Send + Sync>;

/// The paper of made-up claims, with the letters and the errata of a real one.
pub static PAPER: Paper = Paper {
    letters: &nbl22::letters::LETTERS,
    errata: &nbl22::errata::ERRATA,
    ..Paper::new("made-up", "Claims made up for tests")
};

/// A claim assembled from parts.
pub struct Synthetic {
    pub id: &'static str,
    pub paper: &'static Paper,
    pub uses: &'static [&'static str],
    pub cells: Vec<Cell>,
    /// How many of them the quick tier has.
    pub quick: usize,
    pub bounds: Vec<Bound>,
    pub measure: Measure,
    pub seconds: fn(&Cell) -> f64,
    pub bytes: fn(&Cell) -> f64,
}

impl Synthetic {
    pub fn new(
        id: &'static str,
        cells: Vec<Cell>,
        bounds: Vec<Bound>,
        measure: impl Fn(&Cell, u64) -> Result<Measurement> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id,
            paper: &PAPER,
            uses: &[],
            quick: cells.len(),
            cells,
            bounds,
            measure: Arc::new(measure),
            seconds: |c| c.m() as f64 * 1e-6,
            bytes: |_| 1e3,
        }
    }

    pub fn boxed(self) -> Box<dyn Claim> {
        Box::new(self)
    }
}

impl Claim for Synthetic {
    fn card(&self) -> Card {
        Card {
            statement: r"\mathrm{lhs} \lesssim m^{-1/2}",
            reference: "nowhere",
            hypotheses: "m even",
            method: "by construction",
            refuted_by: "a slope above ¼",
            variables: &["m", "d"],
            uses: self.uses,
            ..Card::new(self.paper, self.id, "a made-up claim")
        }
    }
    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let count = if tier == Tier::Quick { self.quick } else { self.cells.len() };
        self.cells[..count].to_vec()
    }
    fn predict(&self, cell: &Cell) -> Prediction {
        Prediction { flops: 1e9 * (self.seconds)(cell), bytes: (self.bytes)(cell) }
    }
    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        (self.measure)(cell, seed)
    }
    fn bounds(&self) -> Vec<Bound> {
        self.bounds.clone()
    }
}

/// Cells of the claim "made-up" over widths and replicates.
pub fn over_m(widths: &[usize], replicates: usize) -> Vec<Cell> {
    let cell = |&m: &usize, replicate| {
        Cell::new("made-up", "").with(Parameter::D, 10).with(Parameter::M, m).replicate(replicate)
    };
    widths.iter().flat_map(|m| (0..replicates).map(move |r| cell(m, r))).collect()
}

/// A number in [−1, 1) that belongs to the cell.
pub fn noise(cell: &Cell, seed: u64, purpose: &str) -> f64 {
    use rand::Rng;
    (cell.stream(seed, purpose).next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}
