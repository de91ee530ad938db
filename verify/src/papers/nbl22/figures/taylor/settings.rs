//! What is trained, at which size.

use crate::claim::Tier;
use crate::figure::seeds;
pub use crate::papers::nbl22::figures::figure_1::data::Labelled;
use serde::Serialize;

/// The settings of the experiment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How large it is; of a dataset of one's own only m is taken from it.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    pub seeds: u64,
    /// How many steps.
    pub steps: u64,
    /// η; 1 unless another is asked for.
    pub eta: f64,
    /// A dataset of one's own, in place of ours.
    pub dataset: Option<Dataset>,
}

/// A dataset of one's own.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// All of it, or what is trained on where `test` is given.
    pub samples: Labelled,
    /// What is tested on; without it one sample in [`Dataset::HELD_OUT`] is held out, others for each seed.
    pub test: Option<Labelled>,
}

impl Dataset {
    /// One sample in how many is held out for the test.
    pub const HELD_OUT: usize = 5;

    /// A digest of all numbers.
    pub fn digest(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for Labelled { x, y } in [Some(&self.samples), self.test.as_ref()].into_iter().flatten() {
            hash.update(&[x.nrows() as u64, x.ncols() as u64].map(u64::to_le_bytes).concat());
            for i in 0..x.nrows() {
                x.row(i).iter().for_each(|x| {
                    hash.update(&x.to_le_bytes());
                });
            }
            y.iter().for_each(|y| {
                hash.update(&y.to_le_bytes());
            });
        }
        hash.finalize().to_hex()[..32].to_owned()
    }
}

/// The sizes of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Input dimension.
    pub d: usize,
    /// Inputs to train on.
    pub n: usize,
    /// Width.
    pub m: usize,
    /// Inputs of the test.
    pub test: usize,
    /// Steps, unless others are asked for.
    #[serde(skip)]
    pub steps: u64,
    /// Seeds, unless others are asked for.
    #[serde(skip)]
    pub seeds: u64,
}

impl Sizes {
    /// Those of a tier.
    pub fn of(tier: Tier) -> Self {
        match tier {
            Tier::Quick => Self { d: 20, n: 100, m: 800, test: 1_000, steps: 2_000, seeds: 3 },
            Tier::Standard => Self { d: 30, n: 300, m: 3_000, test: 2_000, steps: 10_000, seeds: 5 },
            Tier::Paper => Self { d: 100, n: 1_000, m: 10_000, test: 2_000, steps: 20_000, seeds: 5 },
        }
    }
}

impl Settings {
    /// The sizes; those of the dataset where one is given.
    pub fn sizes(&self) -> Sizes {
        let sizes = Sizes::of(self.tier);
        let Some(Dataset { samples, test }) = &self.dataset else { return sizes };
        let all = samples.y.len();
        let held = test.as_ref().map_or(all / Dataset::HELD_OUT, |test| test.y.len());
        Sizes { d: samples.x.ncols(), n: if test.is_some() { all } else { all - held }, test: held, ..sizes }
    }

    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<> {
        seeds::from(self.seed, self.seeds)
    }
}
