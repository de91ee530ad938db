//! What an analysis finds.

use escapement::ball::Ball;
use faer::Mat;
use serde::Serialize;

/// An interval that holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its ends.
    pub lower: f64,
    /// The upper one.
    pub upper: f64,
}

impl Interval {
    pub(super) fn new(ball: Ball) -> Self {
        Self { lower: ball.lower().max(0.0), upper: ball.upper() }
    }
}

/// Why a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The smoothed margin came to where it was to.
    Reached,
    /// The weights move no more than the gradients of the examples leave when they cancel, see
    /// [`FlowFound::why`].
    Stationary,
    /// The directions do not separate the examples: no flow was made.
    NotSeparated,
    /// Steps were spent, or numbers left their range.
    BrokenOff,
}

/// The certified margin within a radius.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RadiusRow {
    /// R.
    pub radius: f64,
    /// κ(R), below which no weights within R have their γ_m.
    pub margin: f64,
}

/// A point of the flow of both layers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FlowRow {
    /// The rescaled time, `dτ = |ℓ'(u)| dt/n`.
    pub tau: f64,
    /// ln t; left out at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_time: Option<f64>,
    /// The smoothed margin u, `ℓ(u) = Σ_i ℓ(p_i)`.
    pub u: f64,
    /// The least margin of an example.
    pub least: f64,
    /// `Γ̃ = √m u/‖W‖²`.
    pub smoothed: f64,
    /// `Γ = √m min_i p_i/‖W‖²`.
    pub margin: f64,
    /// `‖W_t − W_0‖`.
    pub displacement: f64,
    /// The length of the path, as the sum of the steps.
    pub path: f64,
    /// `‖W‖²`.
    pub square: f64,
    /// What u is at least at this displacement, for all that is certified at the start.
    pub certified: f64,
}

/// A point of the flow of norms.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NormRow {
    /// The rescaled time, `dτ = L dt`.
    pub tau: f64,
    /// The smoothed margin u.
    pub u: f64,
    /// `Γ̃ = √m u/‖W‖²`, at most G/2.
    pub smoothed: f64,
    /// The margin that the weights have over these directions: at most G.
    pub lower: f64,
    /// What the weights of the examples allow: at least G; left out at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// What became of the flow of both layers.
#[derive(Debug, Clone, Serialize)]
pub struct FlowFound {
    /// The loss.
    pub loss: &'static str,
    /// Why it ended.
    pub end: End,
    /// The same in words.
    pub why: String,
    /// Where it ended.
    #[serde(flatten)]
    pub last: FlowRow,
    /// No network of any width has a Γ above this.
    pub most: f64,
    /// How that is known: "plane" or "inputs".
    pub bound: &'static str,
    /// The largest change of a conserved `a_j² − ‖v_j‖²`, relative to ‖W‖²/m; left out where the flow broke
    /// off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<f64>,
    /// All points.
    pub rows: Vec<FlowRow>,
}

/// What the directions of the weights allow, and what became of the flow of norms.
#[derive(Debug, Clone, Serialize)]
pub struct NormsFound {
    /// G, the margin over these directions; half of it is the largest Γ.
    pub global: Interval,
    /// Whether the flow began at lengths of its own, `r_j = 1` and `|a_j| ≤ ½`, because a neuron had `|a_j|
    /// ≥ ‖v_j‖`.
    pub cut: bool,
    /// Why it ended.
    pub end: End,
    /// The same in words.
    pub why: String,
    /// All points.
    pub rows: Vec<NormRow>,
}

/// All numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The dimension.
    pub d: usize,
    /// The examples.
    pub n: usize,
    /// The neurons.
    pub m: usize,
    /// γ_m at the weights.
    pub margin: Interval,
    /// γ^∞_m, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Interval>,
    /// γ_2, the margin at infinite width.
    pub infinite_width: Interval,
    /// R_½.
    pub half_radius: f64,
    /// The certified margin against the radius.
    pub radii: Vec<RadiusRow>,
    /// What was asked of the directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norms_only: Option<NormsFound>,
    /// What was asked of the flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowFound>,
}

/// What an analysis leaves.
#[derive(Debug, Clone)]
pub struct Found {
    /// All numbers.
    pub summary: Summary,
    /// The weights q of the examples that certify γ_m from above, `[n]`.
    pub dual: Vec<f64>,
    /// The weights at the end of the flow, `[m, 1 + d]`.
    pub weights: Option<Mat<f64>>,
    /// Remarks for the user.
    pub remarks: Vec<String>,
}
