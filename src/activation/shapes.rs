//! The built-in activations: six shapes, each written so that no digits cancel in either tail.

use std::f64::consts::{FRAC_2_SQRT_PI, FRAC_PI_2, PI, SQRT_2};
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
    /// The derivative of the given order at x, where the shape has a formula for it.
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        let known: [fn(&Self, f64) -> f64; 4] = [Self::value, Self::d1, Self::d2, Self::d3];
        known.get(order).map(|derivative| derivative(self, x))
    }
    /// The function at the complex number with these two parts, where it has a formula for it.
    fn complex(&self, _x: [f64; 2]) -> Option<[f64; 2]> {
        None
    }
    /// The distance of x from the nearest point of the complex plane where the function is not analytic.
    fn analytic_radius(&self, _x: f64) -> f64 {
        0.0
    }
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
    fn derivative(&self, order: usize, z: f64) -> Option<f64> {
        self.shape.derivative(order, z - self.shift)
    }
    fn complex(&self, [re, im]: [f64; 2]) -> Option<[f64; 2]> {
        self.shape.complex([re - self.shift, im])
    }
    fn analytic_radius(&self, z: f64) -> f64 {
        self.shape.analytic_radius(z - self.shift)
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        // s(x) = ½ + ½ tanh(x/2).
        let tanh = || Tanh.derivative(order, 0.5 * x).map(|y| y * 0.5_f64.powi(order as i32 + 1));
        if order <= 3 { Some([self.value(x), self.d1(x), self.d2(x), self.d3(x)][order]) } else { tanh() }
    }
    fn complex(&self, [re, im]: [f64; 2]) -> Option<[f64; 2]> {
        Tanh.complex([0.5 * re, 0.5 * im]).map(|[re, im]| [0.5 + 0.5 * re, 0.5 * im])
    }
    fn analytic_radius(&self, x: f64) -> f64 {
        x.hypot(PI)
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        if order <= 3 {
            return Some([self.value(x), self.d1(x), self.d2(x), self.d3(x)][order]);
        }
        // The derivative of order k ≥ 1 is u·q_k(t) with u = 1 − t², so that the tails keep their digits:
        // q_1 = 1 and q_{k+1} = (1 − t²) q_k' − 2t q_k. Entry i of the list belongs to t^i.
        let mut q = vec![1.0];
        for _ in 1..order {
            let mut next = vec![0.0; q.len() + 1];
            for (i, c) in q.iter().enumerate() {
                next[i + 1] -= (i + 2) as f64 * c;
                if i > 0 {
                    next[i - 1] += i as f64 * c;
                }
            }
            q = next;
        }
        let t = x.tanh();
        Some(self.d1(x) * q.iter().rev().fold(0.0, |sum, c| sum * t + c))
    }
    fn complex(&self, [re, im]: [f64; 2]) -> Option<[f64; 2]> {
        // Beyond 40 the real part is ±1 and the imaginary part is below e^{−80}.
        let twice = 2.0 * re.clamp(-40.0, 40.0);
        let scale = (twice.cosh() + (2.0 * im).cos()).recip();
        Some([twice.sinh() * scale, (2.0 * im).sin() * scale])
    }
    fn analytic_radius(&self, x: f64) -> f64 {
        x.hypot(FRAC_PI_2)
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        if order <= 3 {
            return Some([self.value(x), self.d1(x), self.d2(x), self.d3(x)][order]);
        }
        // (−1)^n H_n(x) times the first derivative, n = order − 1, with the Hermite polynomial H_n.
        let (x, mut below, mut at) = (x.clamp(-40.0, 40.0), 0.0, 1.0);
        for i in 0..order - 1 {
            (below, at) = (at, -2.0 * (x * at + i as f64 * below));
        }
        Some(at * self.d1(x))
    }
    fn analytic_radius(&self, _: f64) -> f64 {
        f64::INFINITY
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        Some([self.value(x), self.d1(x), self.d2(x), self.d3(x)][order % 4])
    }
    fn complex(&self, [re, im]: [f64; 2]) -> Option<[f64; 2]> {
        Some([re.sin() * im.cosh(), re.cos() * im.sinh()])
    }
    fn analytic_radius(&self, _: f64) -> f64 {
        f64::INFINITY
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        if order == 0 { Some(self.value(x)) } else { Sigmoid.derivative(order - 1, x) }
    }
    fn analytic_radius(&self, x: f64) -> f64 {
        x.hypot(PI)
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
    fn derivative(&self, order: usize, x: f64) -> Option<f64> {
        [self.value(x), self.d1(x)].get(order).copied()
    }
    fn analytic_radius(&self, x: f64) -> f64 {
        x.abs()
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

/// z^p/p!, whose derivative of order p is 1: the degree p of an activation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Monomial {
    degree: usize,
}

impl Monomial {
    /// The largest degree: p! is finite up to 170.
    pub const MOST: usize = 170;

    /// The activation z^p/p! of degree p.
    ///
    /// # Errors
    /// A degree that is 0 or above [`Monomial::MOST`].
    pub fn new(degree: usize) -> Result<Self> {
        if (1..=Self::MOST).contains(&degree) {
            return Ok(Self { degree });
        }
        let allowed = format!("the degree must lie in [1, {}]", Self::MOST);
        Err(Error::domain("the degree of the monomial", degree, allowed))
    }

    /// The derivative of the given order, z^{p−k}/(p−k)!.
    fn of_order(self, order: usize, z: f64) -> f64 {
        let power = |left: usize| (1..=left).fold(1.0, |product, i| product * (z / i as f64));
        self.degree.checked_sub(order).map_or(0.0, power)
    }
}

impl Activation for Monomial {
    fn name(&self) -> String {
        format!("monomial:{}", self.degree)
    }
    fn value(&self, z: f64) -> f64 {
        self.of_order(0, z)
    }
    fn d1(&self, z: f64) -> f64 {
        self.of_order(1, z)
    }
    fn d2(&self, z: f64) -> f64 {
        self.of_order(2, z)
    }
    fn d3(&self, z: f64) -> f64 {
        self.of_order(3, z)
    }
    fn derivative(&self, order: usize, z: f64) -> Option<f64> {
        Some(self.of_order(order, z))
    }
    fn complex(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let times = |[re, im]: [f64; 2], i: usize| {
            let (x, y) = (x / i as f64, y / i as f64);
            [re * x - im * y, re * y + im * x]
        };
        Some((1..=self.degree).fold([1.0, 0.0], times))
    }
    fn analytic_radius(&self, _: f64) -> f64 {
        f64::INFINITY
    }
    fn suprema(&self) -> [Supremum; 4] {
        [0, 1, 2, 3].map(|order| match self.degree.checked_sub(order) {
            None => Supremum::new(0.0, true, "exact: the derivative is 0"),
            Some(0) => Supremum::new(1.0, true, "exact: the derivative is 1"),
            Some(left) => Supremum::new(f64::INFINITY, false, format!("exact: grows like z^{left}")),
        })
    }
}
