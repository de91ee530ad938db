//! What is trained, at which size.

use crate::claim::Tier;
use crate::figure::seeds;
use crate::papers::nbl22::figures::settings;
use crate::text::Choice;
use anyhow::Result;
use faer::Par;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which of the two descriptions of the experiment is followed: the text and the authors' notebooks differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Inputs from N(0, I), target ((β·x)² − 1 + β·x)/√3, n_k = d.
    #[default]
    AsRun,
    /// Inputs on the sphere of radius √d, target x_1 − 1 + (β·x)², n_k = d + 1.
    AsPrinted,
}

/// Where the projector in R3 comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projector {
    /// The top right singular vectors of Φ, as the authors did.
    #[default]
    Sample,
    /// The top eigenvectors of Σ itself.
    Exact,
}

impl Choice for Projector {
    const ALL: &'static [Self] = &[Self::Sample, Self::Exact];

    fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Exact => "exact",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Sample => "The top right singular vectors of Φ, as the authors did",
            Self::Exact => "The top eigenvectors of Σ itself",
        }
    }
}

/// The type of the numbers that are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single, as the authors did.
    #[default]
    F32,
    /// Double.
    F64,
}

impl Choice for Precision {
    const ALL: &'static [Self] = &[Self::F32, Self::F64];

    fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::F32 => "Single, as the authors did",
            Self::F64 => "Double",
        }
    }
}

/// A product of n, m and d from which a step is shared among threads: some 2 milliseconds on one core.
const SHARED: usize = 20_000_000;

/// The settings of the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// See [`Variant`].
    pub variant: Variant,
    /// See [`Projector`].
    pub projector: Projector,
    /// See [`Precision`].
    pub precision: Precision,
    /// How large it is.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    #[serde(skip)]
    pub seeds: u64,
    /// How many steps.
    #[serde(skip)]
    pub steps: u64,
}

/// The sizes of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sizes {
    /// Input dimension.
    pub d: usize,
    /// Inputs to train on.
    pub n: usize,
    /// Width.
    pub m: usize,
    /// Inputs of the test.
    pub test: usize,
    /// η.
    #[serde(skip)]
    pub eta: f64,
    /// Steps, unless others are asked for.
    #[serde(skip)]
    pub steps: u64,
    /// Seeds, unless others are asked for.
    #[serde(skip)]
    pub seeds: u64,
}

impl Sizes {
    /// Those of a tier; the last are the paper's. The smaller ones have η·steps as the paper has: what λ3
    /// does takes the time 1/λ3.
    pub fn of(tier: Tier) -> Self {
        match tier {
            Tier::Quick => Self { d: 40, n: 240, m: 800, test: 2_000, eta: 8.0, steps: 2_500, seeds: 3 },
            Tier::Standard => {
                Self { d: 60, n: 480, m: 2_000, test: 5_000, eta: 4.0, steps: 5_000, seeds: 5 }
            }
            Tier::Paper => {
                Self { d: 100, n: 1_000, m: 10_000, test: 10_000, eta: 1.0, steps: 20_000, seeds: 5 }
            }
        }
    }
}

impl Settings {
    /// The sizes.
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self.tier)
    }

    /// The threads of a step: a small one takes less time than it costs to share it out, the more so where
    /// other processes wait too.
    pub fn par(&self) -> Par {
        let Sizes { d, n, m, .. } = self.sizes();
        if n * m * d < SHARED { Par::Seq } else { Par::rayon(0) }
    }

    /// n_k, the number of directions that R3 leaves alone.
    pub fn rank(&self) -> usize {
        match (self.variant, self.projector) {
            (Variant::AsRun, Projector::Sample) => self.sizes().d,
            // The degrees 0 and 1: between d and d + 1 eigenvalues of Σ there is no gap to speak of.
            _ => self.sizes().d + 1,
        }
    }

    /// E f*²: the target as run has unit norm, the printed one has not.
    pub fn mean_square(&self) -> f64 {
        let d = self.sizes().d as f64;
        match self.variant {
            Variant::AsRun => 1.0,
            // E (β·x)⁴ = 3d/(d + 2) on the sphere; odd terms vanish, and 1 + 1 − 2 = 0.
            Variant::AsPrinted => 3.0 * d / (d + 2.0),
        }
    }

    /// All that another command must share, by name.
    ///
    /// # Errors
    /// A setting that cannot be written down.
    pub fn map(&self, experiment: &str) -> Result<Map<String, Value>> {
        let mut all = settings(experiment, [], self)?;
        all.extend(settings(experiment, [], self.sizes())?);
        Ok(all)
    }

    /// What to type for the same runs of `experiment`.
    pub fn command(&self, experiment: &str) -> String {
        let printed = if self.variant == Variant::AsPrinted { " --as-printed" } else { "" };
        let exact = if self.projector == Projector::Exact { " --projector exact" } else { "" };
        let double = if self.precision == Precision::F64 { " --precision f64" } else { "" };
        let Self { tier, seed, seeds, steps, .. } = self;
        format!(
            "escapement experiment {experiment}{printed}{exact}{double} --tier {tier} --seed {seed} --seeds \
             {seeds} --steps {steps} --fresh"
        )
    }

    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<> {
        seeds::from(self.seed, self.seeds)
    }
}
