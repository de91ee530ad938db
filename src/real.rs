//! The number types f32 and f64, between which training and rough products choose.

use faer::traits::RealField;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The number type in which a step of training computes: f32 or f64. No other type can implement the trait.
pub trait Real: sealed::Sealed + RealField + Copy + Default + Send + Sync + Into<f64> + 'static {
    /// The number of this type that is nearest to `x`.
    fn nearest(x: f64) -> Self;
    /// Slices of this type as what they are, f32 or f64.
    fn known<const N: usize>(slices: [&mut [Self]; N]) -> Known<'_, N>;
}

/// Slices of a [`Real`] type that is known.
#[derive(Debug)]
pub enum Known<'a, const N: usize> {
    /// Slices of f32.
    Single([&'a mut [f32]; N]),
    /// Slices of f64.
    Double([&'a mut [f64]; N]),
}

impl Real for f32 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x as Self
    }
    fn known<const N: usize>(slices: [&mut [Self]; N]) -> Known<'_, N> {
        Known::Single(slices)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x
    }
    fn known<const N: usize>(slices: [&mut [Self]; N]) -> Known<'_, N> {
        Known::Double(slices)
    }
}
