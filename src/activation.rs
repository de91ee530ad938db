//! Activations σ through their third derivative, and the suprema that Assumption 2 asks about.

/// A scalar activation with its derivatives.
pub trait Activation: Send + Sync + std::fmt::Debug {
    /// Canonical name.
    fn name(&self) -> String;
    /// σ(z).
    fn value(&self, z: f64) -> f64;
    /// σ'(z).
    fn d1(&self, z: f64) -> f64;
    /// σ''(z).
    fn d2(&self, z: f64) -> f64;
    /// σ'''(z).
    fn d3(&self, z: f64) -> f64;
}
