//! The built-in activations: six shapes, each written so that no digits cancel in either tail.

use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};
use std::fmt::Debug;

use super::vector::VectorForm;
use super::{Activation, Derivative, Kink, PiecewiseLinear, Supremum, each, in_f64, in_turn};
use crate::{Error, Result};

/// An activation before its shift: a function of x = z − b.
pub trait Shape: Send + Sync + Debug {
    /// The name without a shift.
    fn name(&self) -> &'static str;
    /// The function.
    fn value(&self, x: f64) -> f64;
    /// Its first derivative.
    fn d1(&self, x: f64) -> f64;
    /// Its second derivative.
    fn d2(&self, x: f64) -> f64;
    /// Its third derivative.
    fn d3(&self, x: f64) -> f64;
    /// The function and its derivatives on slices, with vector instructions. The built-in shapes have such a
    /// form; without one, slices go through the scalar functions.
    fn vector_form(&self) -> Option<VectorForm> {
        None
    }
    /// The exact suprema of the function and its three derivatives, in absolute value.
    fn suprema(&self) -> [Supremum; 4];
    /// The function of z with x = z − `shift`, where it is piecewise linear.
    fn piecewise_linear(&self, _shift: f64) -> Option<PiecewiseLinear> {
        None
    }
    /// The reason why the shape has no second derivative, if it has none.
    fn no_second_derivative(&self) -> Option<&'static str> {
        None
    }
}

/// σ(z) = shape(z − b).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shifted<S> {
    /// The function before the shift.
    pub shape: S,
    /// The shift b.
    pub shift: f64,
}

impl<S: Shape> Shifted<S> {
    /// shape(z − shift).
    pub fn new(shape: S, shift: f64) -> Self {
        Self { shape, shift }
    }
}

impl<S: Shape> Activation for Shifted<S> {
    fn name(&self) -> String {
        if self.shift == 0.0 {
            self.shape.name().to_string()
        } else {
            format!("{}:{}", self.shape.name(), self.shift)
        }
    }
    fn value(&self, z: f64) -> f64 {
        self.shape.value(z - self.shift)
    }
    fn d1(&self, z: f64) -> f64 {
        self.shape.d1(z - self.shift)
    }
    fn d2(&self, z: f64) -> f64 {
        self.shape.d2(z - self.shift)
    }
    fn d3(&self, z: f64) -> f64 {
        self.shape.d3(z - self.shift)
    }
    fn apply(&self, order: Derivative, z: &mut [f64]) {
        match self.shape.vector_form() {
            Some(form) => form.double.one(order, self.shift, z),
            None => each(self, order, z),
        }
    }
    fn apply_f32(&self, order: Derivative, z: &mut [f32]) {
        match self.shape.vector_form() {
            Some(form) => form.single.one(order, self.shift, z),
            None => in_f64([z], |[z]| self.apply(order, z)),
        }
    }
    fn apply_value_and_first(&self, value: &mut [f64], first: &mut [f64]) {
        match self.shape.vector_form() {
            Some(form) => form.double.two(Derivative::Value, self.shift, value, first),
            None => in_turn(self, [Derivative::Value, Derivative::First], value, first),
        }
    }
    fn apply_value_and_first_f32(&self, value: &mut [f32], first: &mut [f32]) {
        match self.shape.vector_form() {
            Some(form) => form.single.two(Derivative::Value, self.shift, value, first),
            None => in_f64([value, first], |[value, first]| self.apply_value_and_first(value, first)),
        }
    }
    fn apply_first_and_second(&self, first: &mut [f64], second: &mut [f64]) {
        match self.shape.vector_form() {
            Some(form) => form.double.two(Derivative::First, self.shift, first, second),
            None => in_turn(self, [Derivative::First, Derivative::Second], first, second),
        }
    }
    fn suprema(&self) -> [Supremum; 4] {
        self.shape.suprema()
    }
    fn piecewise_linear(&self) -> Option<PiecewiseLinear> {
        self.shape.piecewise_linear(self.shift)
    }
    fn require_twice_differentiable(&self) -> Result<()> {
        match self.shape.no_second_derivative() {
            None => Ok(()),
            Some(why) => Err(Error::Unsupported { activation: self.name(), why: why.to_string() }),
        }
    }
}

/// 1/(1 + e^{−x}).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

impl Shape for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }
    fn value(&self, x: f64) -> f64 {
        let e = (-x.abs()).exp();
        if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
    }
    fn d1(&self, x: f64) -> f64 {
        let e = (-x.abs()).exp();
        e / ((1.0 + e) * (1.0 + e))
    }
    fn d2(&self, x: f64) -> f64 {
        -self.d1(x) * (0.5 * x).tanh()
    }
    fn d3(&self, x: f64) -> f64 {
        let u = self.d1(x);
        u * (1.0 - 6.0 * u)
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        [
            Supremum::new(1.0, false, "exact: the limit at +∞"),
            Supremum::new(0.25, true, "exact: s(1−s) at s = 1/2"),
            Supremum::new(3.0_f64.sqrt() / 18.0, true, "exact: s(1−s)(1−2s) = √3/18 at s = (3 ± √3)/6"),
            Supremum::new(0.125, true, "exact: u(1−6u), u = s(1−s), at u = 1/4 (the other extremum: 1/24)"),
        ]
    }
}

/// tanh x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

impl Shape for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }
    fn value(&self, x: f64) -> f64 {
        x.tanh()
    }
    fn d1(&self, x: f64) -> f64 {
        4.0 * Sigmoid.d1(2.0 * x)
    }
    fn d2(&self, x: f64) -> f64 {
        -2.0 * x.tanh() * self.d1(x)
    }
    fn d3(&self, x: f64) -> f64 {
        let u = self.d1(x);
        u * (4.0 - 6.0 * u)
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        [
            Supremum::new(1.0, false, "exact: the limit at ±∞"),
            Supremum::new(1.0, true, "exact: 1−t² at t = 0"),
            Supremum::new(4.0 / (3.0 * 3.0_f64.sqrt()), true, "exact: 2t(1−t²) = 4/(3√3) at t = ±1/√3"),
            Supremum::new(2.0, true, "exact: 2u(2−3u), u = 1−t², at u = 1 (the other extremum is 2/3)"),
        ]
    }
}

/// erf x = (2/√π) ∫_0^x e^{−s²} ds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erf;

impl Shape for Erf {
    fn name(&self) -> &'static str {
        "erf"
    }
    fn value(&self, x: f64) -> f64 {
        libm::erf(x)
    }
    fn d1(&self, x: f64) -> f64 {
        FRAC_2_SQRT_PI * (-x * x).exp()
    }
    fn d2(&self, x: f64) -> f64 {
        // Beyond |x| = 40 the exponential is 0: clamp, so that infinite x gives 0 and not NaN.
        let x = x.clamp(-40.0, 40.0);
        -2.0 * x * self.d1(x)
    }
    fn d3(&self, x: f64) -> f64 {
        let x = x.clamp(-40.0, 40.0);
        (4.0 * x * x - 2.0) * self.d1(x)
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        let half = (-0.5_f64).exp();
        [
            Supremum::new(1.0, false, "exact: the limit at ±∞"),
            Supremum::new(FRAC_2_SQRT_PI, true, "exact: 2/√π at x = 0"),
            Supremum::new(SQRT_2 * FRAC_2_SQRT_PI * half, true, "exact: 2√2/√(πe) at x = ±1/√2"),
            Supremum::new(
                2.0 * FRAC_2_SQRT_PI,
                true,
                "exact: 4/√π at x = 0 (the other extremum is 8/√(πe³))",
            ),
        ]
    }
}

/// sin x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sine;

impl Shape for Sine {
    fn name(&self) -> &'static str {
        "sine"
    }
    fn value(&self, x: f64) -> f64 {
        x.sin()
    }
    fn d1(&self, x: f64) -> f64 {
        x.cos()
    }
    fn d2(&self, x: f64) -> f64 {
        -x.sin()
    }
    fn d3(&self, x: f64) -> f64 {
        -x.cos()
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        ["|sin|", "|cos|", "|sin|", "|cos|"]
            .map(|g| Supremum::new(1.0, true, format!("exact: {g} reaches 1")))
    }
}

/// ln(1 + e^x). This function is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softplus;

impl Shape for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }
    fn value(&self, x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }
    fn d1(&self, x: f64) -> f64 {
        Sigmoid.value(x)
    }
    fn d2(&self, x: f64) -> f64 {
        Sigmoid.d1(x)
    }
    fn d3(&self, x: f64) -> f64 {
        Sigmoid.d2(x)
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        let [value, d1, d2, _] = Sigmoid.suprema();
        [Supremum::new(f64::INFINITY, false, "exact: grows like x at +∞"), value, d1, d2]
    }
}

/// max(x, 0), for training only: σ'' does not exist at the kink, where σ' is taken as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

impl Shape for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }
    fn value(&self, x: f64) -> f64 {
        x.max(0.0)
    }
    fn d1(&self, x: f64) -> f64 {
        if x > 0.0 { 1.0 } else { 0.0 }
    }
    fn d2(&self, _: f64) -> f64 {
        0.0
    }
    fn d3(&self, _: f64) -> f64 {
        0.0
    }
    fn vector_form(&self) -> Option<VectorForm> {
        Some(VectorForm { double: &Self, single: &Self })
    }
    fn suprema(&self) -> [Supremum; 4] {
        let how = "exact: the derivative does not exist at the kink";
        let none = || Supremum::new(f64::INFINITY, false, how);
        [
            Supremum::new(f64::INFINITY, false, "exact: grows like x at +∞"),
            Supremum::new(1.0, true, "exact: the slope of the positive side"),
            none(),
            none(),
        ]
    }
    fn piecewise_linear(&self, shift: f64) -> Option<PiecewiseLinear> {
        Some(PiecewiseLinear { intercept: 0.0, slope: 0.0, kinks: vec![Kink { at: shift, jump: 1.0 }] })
    }
    fn no_second_derivative(&self) -> Option<&'static str> {
        Some("it has no second derivative, so it serves for training only")
    }
}
