//! What is learnt, at which sizes.

use crate::claim::Tier;
use crate::figure::seeds;
use crate::papers::nbl22::figures::figure_1::{Precision, Variant};
use crate::text::Choice;
use serde::{Deserialize, Serialize};

/// How the two parts of the target are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// xᵀAx/√675 and ((β·x)³ − 3β·x)/√6, as printed: of unit norm under N(0, I), the first at d = 50 alone.
    Printed,
    /// Both parts of unit norm at every d, under the inputs at hand.
    Corrected,
    /// That too, and the mean of xᵀAx taken off before: the dense part has unit variance.
    Centred,
}

impl Choice for Normalisation {
    const ALL: &'static [Self] = &[Self::Printed, Self::Corrected, Self::Centred];

    fn name(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Corrected => "corrected",
            Self::Centred => "centred",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Printed => {
                "xᵀAx/√675 and ((β·x)³ − 3β·x)/√6, as printed: of unit norm under N(0, I), the first at d = \
                 50 alone"
            }
            Self::Corrected => "Both parts of unit norm at every d, under the inputs at hand",
            Self::Centred => {
                "That too, and the mean of xᵀAx taken off before: the dense part has unit variance"
            }
        }
    }
}

/// The settings of the experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Inputs from N(0, I) ([`Variant::AsRun`]), or on the sphere of radius √d.
    pub variant: Variant,
    /// The type of the numbers that are trained.
    pub precision: Precision,
    /// How large it is.
    pub tier: Tier,
    /// The dimensions, ascending.
    pub dimensions: Vec<usize>,
    /// The normalisations.
    pub normalisations: Vec<Normalisation>,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    pub seeds: u64,
    /// Steps of each training.
    pub steps: u64,
}

/// The sizes of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sizes {
    /// Width.
    pub m: usize,
    /// Inputs of the test.
    pub test: usize,
    /// η.
    pub eta: f64,
    /// Steps, unless others are asked for.
    #[serde(skip)]
    pub steps: u64,
    /// Dimensions, unless others are asked for.
    #[serde(skip)]
    pub dimensions: &'static [usize],
    /// Seeds, unless others are asked for.
    #[serde(skip)]
    pub seeds: u64,
}

impl Sizes {
    /// Those of a tier. Width, steps and η of the last two are the paper's.
    pub fn of(tier: Tier) -> Self {
        let paper = Self {
            m: 100,
            test: 10_000,
            eta: 0.05,
            steps: 30_000,
            dimensions: &[10, 20, 30, 40, 50, 100],
            seeds: 5,
        };
        match tier {
            Tier::Quick => Self {
                m: 100,
                test: 4_000,
                eta: 0.2,
                steps: 1_500,
                dimensions: &[8, 10, 13, 16, 20, 25, 32],
                seeds: 5,
            },
            Tier::Standard => Self { dimensions: &[10, 20, 30, 40, 50], seeds: 3, ..paper },
            Tier::Paper => paper,
        }
    }
}

impl Settings {
    /// Those of a tier: as run, with the printed normalisation and the corrected one.
    pub fn of(tier: Tier) -> Self {
        let Sizes { steps, dimensions, seeds, .. } = Sizes::of(tier);
        Self {
            variant: Variant::AsRun,
            precision: Precision::F32,
            tier,
            dimensions: dimensions.to_vec(),
            normalisations: vec![Normalisation::Printed, Normalisation::Corrected],
            seed: 0,
            seeds,
            steps,
        }
    }

    /// The sizes.
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self.tier)
    }

    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<> {
        seeds::from(self.seed, self.seeds)
    }
}
