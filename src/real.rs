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
}

impl Real for f32 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x as Self
    }
}

impl Real for f64 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x
    }
}
