//! The two number types of the heavy kernels.

use faer::traits::RealField;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// f32 or f64: the type in which a heavy kernel computes.
pub trait Real: sealed::Sealed + RealField + Copy + Default + Send + Sync + Into<f64> + 'static {
    /// The nearest number of this type.
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
