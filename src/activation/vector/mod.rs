//! The built-in shapes on slices, in f64 and f32, compiled for the vector instructions of the processor.
//!
//! All of them but the sine are made from one exponential: [`elementary`] has it, [`jets`] the shapes, and
//! [`lane`] what differs between the two precisions.

mod elementary;
mod jets;
mod lane;

use std::marker::PhantomData;

use jets::Jet;
use lane::Lane;
use pulp::NullaryFnOnce;

use super::Derivative;
use crate::product::{arch, vectorised};

/// The vector form of a built-in shape, in f64 and f32: the function and its derivatives, with vector
/// instructions and without branches. The two functions of a pair share an exponential.
///
/// An entry gets the same bits wherever it stands in a slice, alone or as one of a pair, and on every
/// processor: no fused multiply-add is used, and the last entries are computed as all others.
///
/// # Accuracy
/// The largest errors, in units in the last place of the result. Those of σ''' of the sigmoid, tanh and erf,
/// which is a difference of two terms, are in units in the last place of the scale in the last column.
///
/// | shape | σ | σ' | σ'' | σ''' | scale of σ''' |
/// |---|---|---|---|---|---|
/// | sigmoid | 2.9 | 5.0 | 7.6 | 8.3 | σ' |
/// | tanh | 3.0 | 5.0 | 7.6 | 8.3 | 4 tanh' |
/// | erf | 1.4 | 2.5 | 3.3 | 4.0 | (4x² + 2) erf' |
/// | sine | 0.9 | 0.9 | 0.9 | 0.9 | |
/// | softplus | 2.9 | 2.9 | 5.0 | 7.6 | |
///
/// In f32 these are the largest errors of all numbers above 2⁻¹³, below which only the first terms of a
/// power series are left; in f64 a search over some hundred thousand numbers found none that is larger. The
/// bound that is derived is [`ACTIVATION_ROUNDINGS`](crate::tolerance::ACTIVATION_ROUNDINGS). Both hold over
/// the whole range, subnormal results included, for x = z − b as it is rounded, and b rounded to the
/// precision before. Sines of |x| > 1024 (128 in f32) come from the scalar functions.
///
/// Infinite arguments give the limits, and NaN gives NaN (but 0 for the derivatives of a ReLU).
#[derive(Clone, Copy)]
pub struct VectorForm {
    pub(super) double: &'static dyn Loops<f64>,
    pub(super) single: &'static dyn Loops<f32>,
}

/// The loops over slices.
pub(super) trait Loops<T> {
    /// Replaces each z by the derivative of the given order at z − `shift`.
    fn one(&self, order: Derivative, shift: f64, z: &mut [T]);
    /// Replaces each z by the derivative of the given order at z − `shift`, and each entry of `next` by the
    /// derivative after it. There is none after the third, and then nothing is done.
    fn two(&self, order: Derivative, shift: f64, z: &mut [T], next: &mut [T]);
}

impl<J: Jet, T: Lane> Loops<T> for J {
    fn one(&self, order: Derivative, shift: f64, z: &mut [T]) {
        let run = match order {
            Derivative::Value => one::<J, T, 0>,
            Derivative::First => one::<J, T, 1>,
            Derivative::Second => one::<J, T, 2>,
            Derivative::Third => one::<J, T, 3>,
        };
        run(self, T::of(shift), z);
    }
    fn two(&self, order: Derivative, shift: f64, z: &mut [T], next: &mut [T]) {
        let run = match order {
            Derivative::Value => two::<J, T, 0>,
            Derivative::First => two::<J, T, 1>,
            Derivative::Second => two::<J, T, 2>,
            Derivative::Third => return,
        };
        run(self, T::of(shift), z, next);
    }
}

fn one<J: Jet, T: Lane, const ORDER: usize>(shape: &J, shift: T, z: &mut [T]) {
    if within::<J, T>(shift, z) {
        arch().dispatch(One::<J, T, ORDER>(PhantomData, shift, z));
    } else {
        z.iter_mut().for_each(|z| *z = any(shape, *z - shift)[ORDER]);
    }
}

fn two<J: Jet, T: Lane, const ORDER: usize>(shape: &J, shift: T, z: &mut [T], next: &mut [T]) {
    assert_eq!(z.len(), next.len(), "the lengths differ");
    if within::<J, T>(shift, z) {
        arch().dispatch(Two::<J, T, ORDER>(PhantomData, shift, z, next));
    } else {
        z.iter_mut().zip(next).for_each(|(z, next)| {
            let jet = any(shape, *z - shift);
            (*z, *next) = (jet[ORDER], jet[ORDER + 1]);
        });
    }
}

/// The loop over one slice. The compiler leaves a closure of this size alone, as a function without vector
/// instructions, so it is a method that is always inlined.
struct One<'a, J, T, const ORDER: usize>(PhantomData<J>, T, &'a mut [T]);

impl<J: Jet, T: Lane, const ORDER: usize> NullaryFnOnce for One<'_, J, T, ORDER> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        let Self(_, shift, z) = self;
        for z in z {
            *z = J::jet(*z - shift)[ORDER];
        }
    }
}

/// The loop over two slices.
struct Two<'a, J, T, const ORDER: usize>(PhantomData<J>, T, &'a mut [T], &'a mut [T]);

impl<J: Jet, T: Lane, const ORDER: usize> NullaryFnOnce for Two<'_, J, T, ORDER> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        let Self(_, shift, z, next) = self;
        for (z, next) in z.iter_mut().zip(next) {
            let jet = J::jet(*z - shift);
            (*z, *next) = (jet[ORDER], jet[ORDER + 1]);
        }
    }
}

/// Whether the vector form serves all entries.
fn within<J: Jet, T: Lane>(shift: T, z: &[T]) -> bool {
    J::reach().is_none_or(|reach| {
        !vectorised(|| z.iter().fold(false, |beyond, z| beyond | ((*z - shift).abs() > reach)))
    })
}

/// The function and its derivatives where some entries lie beyond the reach of the vector form. The others
/// get the bits that they get elsewhere.
fn any<J: Jet, T: Lane>(shape: &J, x: T) -> [T; 4] {
    if J::reach().is_some_and(|reach| x.abs() > reach) {
        let x = x.wide();
        [shape.value(x), shape.d1(x), shape.d2(x), shape.d3(x)].map(T::of)
    } else {
        J::jet(x)
    }
}
