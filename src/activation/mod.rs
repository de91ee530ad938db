//! Activations σ with three derivatives, and the suprema of |σ|, |σ'|, |σ''| and |σ'''|.
//!
//! An [`Activation`] is any scalar function that can be evaluated with its first three derivatives. Six of
//! them are built in, and [`parse`] finds them by name. Each takes a shift b: `tanh:0.5` is tanh(z − 0.5).
//! A seventh takes its degree instead, because nothing else tells monomials apart: `monomial:3` is z³/3!.
//! Derivatives of higher order, complex arguments and poles are known where a shape has formulas for them.
//!
//! ```
//! let sigma = escapement::activation::parse("sigmoid:1")?;
//! assert_eq!(sigma.name(), "sigmoid:1");
//! assert_eq!(sigma.value(1.0), 0.5);
//! assert_eq!(sigma.suprema()[1].value, 0.25);
//! # Ok::<(), escapement::Error>(())
//! ```

mod shapes;
mod vector;

use std::fmt::Debug;
use std::sync::Arc;

pub use shapes::{Erf, Monomial, Relu, Shape, Shifted, Sigmoid, Sine, Softplus, Tanh};
pub use vector::VectorForm;

use crate::real::{Known, Real};
use crate::{Error, Result};

/// The names of the built-in activations that take a shift, as [`parse`] takes them.
pub const NAMES: [&str; 6] = ["sigmoid", "tanh", "erf", "sine", "softplus", "relu"];

/// The order of a derivative of σ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivative {
    /// σ itself.
    Value,
    /// σ'.
    First,
    /// σ''.
    Second,
    /// σ'''.
    Third,
}

impl Derivative {
    /// All four orders, ascending.
    pub const ALL: [Self; 4] = [Self::Value, Self::First, Self::Second, Self::Third];
}

/// The supremum of |σ| or of one of its derivatives over the real line.
#[derive(Debug, Clone, PartialEq)]
pub struct Supremum {
    /// The supremum; infinite where the function is unbounded (or does not exist).
    pub value: f64,
    /// Whether some real z attains it.
    pub attained: bool,
    /// How the supremum was found, in words.
    pub how: String,
}

impl Supremum {
    fn new(value: f64, attained: bool, how: impl Into<String>) -> Self {
        Self { value, attained, how: how.into() }
    }
}

/// A continuous piecewise linear function, `intercept + slope·z + Σ jump·max(z − at, 0)`.
#[derive(Debug, Clone, PartialEq)]
pub struct PiecewiseLinear {
    /// The value at 0 of the line at −∞.
    pub intercept: f64,
    /// The slope at −∞.
    pub slope: f64,
    /// Where the slope changes.
    pub kinks: Vec<Kink>,
}

/// A point at which the slope of a piecewise linear function changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kink {
    /// The point.
    pub at: f64,
    /// The slope after it less the slope before it.
    pub jump: f64,
}

/// A scalar function σ: R → R with three derivatives.
///
/// Implementations must return finite values for finite z (as far as σ itself does) and be accurate in the
/// tails, where differences such as 1 − σ cancel.
pub trait Activation: Send + Sync + Debug {
    /// The canonical name, which [`parse`] accepts where it knows the activation: `sigmoid:1`, `erf`.
    fn name(&self) -> String;

    /// σ(z).
    fn value(&self, z: f64) -> f64;

    /// σ'(z).
    fn d1(&self, z: f64) -> f64;

    /// σ''(z).
    fn d2(&self, z: f64) -> f64;

    /// σ'''(z).
    fn d3(&self, z: f64) -> f64;

    /// The derivative of the given order at z.
    fn at(&self, order: Derivative, z: f64) -> f64 {
        match order {
            Derivative::Value => self.value(z),
            Derivative::First => self.d1(z),
            Derivative::Second => self.d2(z),
            Derivative::Third => self.d3(z),
        }
    }

    /// Replaces each entry z of the slice by the derivative of the given order at z. One dynamic call per
    /// slice serves all entries, and an entry gets the same bits wherever it stands.
    ///
    /// The default goes through [`Activation::at`]. An activation of your own that overrides this method,
    /// with a loop that the compiler can turn into vector instructions for instance, makes all the slices
    /// below faster as well. The built-in activations have a vector form, whose accuracy is that of
    /// [`VectorForm`].
    fn apply(&self, order: Derivative, z: &mut [f64]) {
        each(self, order, z);
    }

    /// [`Activation::apply`] in f32. The default computes in f64 and rounds once.
    fn apply_f32(&self, order: Derivative, z: &mut [f32]) {
        in_f64([z], |[z]| self.apply(order, z));
    }

    /// σ and σ' at many points: each entry z of `value` is replaced by σ(z), and `first`, of the same
    /// length, receives σ'(z). What the two have in common, such as an exponential, may be evaluated once.
    ///
    /// # Panics
    /// The lengths differ.
    fn apply_value_and_first(&self, value: &mut [f64], first: &mut [f64]) {
        in_turn(self, [Derivative::Value, Derivative::First], value, first);
    }

    /// [`Activation::apply_value_and_first`] in f32. The default computes in f64 and rounds once.
    ///
    /// # Panics
    /// The lengths differ.
    fn apply_value_and_first_f32(&self, value: &mut [f32], first: &mut [f32]) {
        in_f64([value, first], |[value, first]| self.apply_value_and_first(value, first));
    }

    /// σ' and σ'' at many points: each entry z of `first` is replaced by σ'(z), and `second`, of the same
    /// length, receives σ''(z).
    ///
    /// # Panics
    /// The lengths differ.
    fn apply_first_and_second(&self, first: &mut [f64], second: &mut [f64]) {
        in_turn(self, [Derivative::First, Derivative::Second], first, second);
    }

    /// The suprema of |σ|, |σ'|, |σ''| and |σ'''|.
    ///
    /// The default searches numerically (see [`search_supremum`]) and says so in [`Supremum::how`].
    fn suprema(&self) -> [Supremum; 4] {
        Derivative::ALL.map(|order| search_supremum(|z| self.at(order, z)))
    }

    /// The derivative of any order at z, order 0 being σ itself; none where no formula is known. The default
    /// knows the first three.
    ///
    /// All built-in activations but relu know every order, to a few roundings of the largest term of a
    /// polynomial in tanh, or in z for erf: these grow with the order like its factorial.
    fn derivative(&self, order: usize, z: f64) -> Option<f64> {
        Derivative::ALL.get(order).map(|order| self.at(*order, z))
    }

    /// σ at the complex number with the given real and imaginary parts; none, the default, where no formula
    /// is known. The value belongs to σ's power series at a real point only within its radius, see
    /// [`Activation::analytic_radius`].
    fn complex(&self, _z: [f64; 2]) -> Option<[f64; 2]> {
        None
    }

    /// The distance of the real number z from the nearest point of the complex plane where σ is not
    /// analytic: infinite for entire functions, and 0, the default, where nothing is known.
    fn analytic_radius(&self, _z: f64) -> f64 {
        0.0
    }

    /// The supremum of |σ^{(k)}| over the real line: that of [`Activation::suprema`] up to the third order,
    /// and beyond it by [`search_supremum`], an estimate from below (of 1 for the sine, to rounding).
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the derivative has no formula.
    fn supremum(&self, order: usize) -> Result<Supremum> {
        self.require_derivative(order)?;
        let known = self.suprema().into_iter().nth(order);
        let search = || search_supremum(|z| self.derivative(order, z).unwrap_or(f64::NAN));
        Ok(known.unwrap_or_else(search))
    }

    /// Refuses activations without a formula for the derivative of this order.
    ///
    /// # Errors
    /// [`Error::Unsupported`], with the name of the activation and the order.
    fn require_derivative(&self, order: usize) -> Result<()> {
        match self.derivative(order, 0.0) {
            Some(_) => Ok(()),
            None => {
                let why = format!("its derivative of order {order} is needed, and no formula is known");
                Err(Error::Unsupported { activation: self.name(), why })
            }
        }
    }

    /// σ as a piecewise linear function, where it is one. Expectations then have closed forms, and a
    /// quadrature of a function with kinks would converge slowly. The default says that it is none.
    fn piecewise_linear(&self) -> Option<PiecewiseLinear> {
        None
    }

    /// Refuses activations without a second derivative.
    ///
    /// # Errors
    /// [`Error::Unsupported`], with the name of the activation. The default accepts every activation.
    fn require_twice_differentiable(&self) -> Result<()> {
        Ok(())
    }
}

/// Replaces each z by the derivative of the given order at z, one number at a time.
fn each(sigma: &(impl Activation + ?Sized), order: Derivative, z: &mut [f64]) {
    z.iter_mut().for_each(|z| *z = sigma.at(order, *z));
}

/// Replaces each z by the derivative of the first of the orders, and the entries of `next` by that of the
/// second.
fn in_turn(sigma: &(impl Activation + ?Sized), orders: [Derivative; 2], z: &mut [f64], next: &mut [f64]) {
    next.copy_from_slice(z);
    sigma.apply(orders[1], next);
    sigma.apply(orders[0], z);
}

/// Runs `apply` on slices of equal length in f64, block by block. All blocks begin as those of the first
/// slice, and are rounded to f32 in the end.
fn in_f64<const N: usize>(mut slices: [&mut [f32]; N], apply: impl Fn([&mut [f64]; N])) {
    const BLOCK: usize = 512;
    let mut blocks = [[0.0; BLOCK]; N];
    let length = slices[0].len();
    assert!(slices.iter().all(|slice| slice.len() == length), "the lengths differ");
    for start in (0..length).step_by(BLOCK) {
        let range = start..length.min(start + BLOCK);
        for block in &mut blocks {
            block.iter_mut().zip(&slices[0][range.clone()]).for_each(|(to, z)| *to = f64::from(*z));
        }
        apply(blocks.each_mut().map(|block| &mut block[..range.len()]));
        for (slice, block) in slices.iter_mut().zip(&blocks) {
            slice[range.clone()].iter_mut().zip(block).for_each(|(to, y)| *to = *y as f32);
        }
    }
}

/// σ and σ' at many points in the precision T: [`Activation::apply_value_and_first`] or its twin in f32.
pub(crate) fn value_and_first<T: Real>(sigma: &dyn Activation, value: &mut [T], first: &mut [T]) {
    match T::known([value, first]) {
        Known::Single([value, first]) => sigma.apply_value_and_first_f32(value, first),
        Known::Double([value, first]) => sigma.apply_value_and_first(value, first),
    }
}

/// Searches for sup |g| on a grid of 20 001 points, uniform in asinh z over |z| ≤ 10⁶, and then by golden
/// sections around the best of them.
///
/// The result is an estimate from below, since the search misses peaks much narrower than 10⁻³. A function
/// that still grows by half over the last three decades is reported as unbounded, and a function whose
/// largest value sits at the end of the grid as one that does not attain its supremum.
pub fn search_supremum(g: impl Fn(f64) -> f64) -> Supremum {
    const HALF: i32 = 10_000;
    const REACH: f64 = 1e6;
    let step = REACH.asinh() / f64::from(HALF);
    let size = |u: f64| g(u.sinh()).abs();
    let mut best = (0, f64::NEG_INFINITY);
    let mut near = 0.0_f64;
    for i in -HALF..=HALF {
        let v = size(f64::from(i) * step);
        if v.is_nan() || v.is_infinite() {
            return Supremum::new(
                f64::INFINITY,
                false,
                "numerical search: a value that is not finite was met",
            );
        }
        if (f64::from(i) * step).sinh().abs() <= 1e3 {
            near = near.max(v);
        }
        if v > best.1 {
            best = (i, v);
        }
    }
    if best.1 > 1.5 * near {
        return Supremum::new(f64::INFINITY, false, "numerical search: still growing at |z| = 1e6");
    }
    if best.0.abs() == HALF {
        return Supremum::new(
            best.1,
            false,
            "numerical search: approached at the end |z| = 1e6 of the grid",
        );
    }
    let (mut a, mut b) = (f64::from(best.0 - 1) * step, f64::from(best.0 + 1) * step);
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..60 {
        let (l, r) = (b - ratio * (b - a), a + ratio * (b - a));
        if size(l) >= size(r) {
            b = r;
        } else {
            a = l;
        }
    }
    let value = best.1.max(size(0.5 * (a + b)));
    Supremum::new(
        value,
        true,
        format!("numerical search: grid and golden section, at z = {:.6}", (0.5 * (a + b)).sinh()),
    )
}

/// The activation named by `text`: a name of [`NAMES`], and optionally a colon and a finite shift b for σ(z
/// − b). `monomial:p` is z^p/p!, with a degree p from 1 to 170.
///
/// # Errors
/// [`Error::UnknownActivation`] with the nearest name as a suggestion; [`Error::Domain`] for a shift that is
/// missing, no number, or so large that the activation would be flat to rounding: beyond 10 for erf, 23 for
/// tanh, 43 for the others.
///
/// ```
/// let sigma = escapement::activation::parse("tanh:0.5")?;
/// assert_eq!(sigma.value(0.5), 0.0);
/// assert!(escapement::activation::parse("tahn").unwrap_err().to_string().contains("did you mean 'tanh'?"));
/// # Ok::<(), escapement::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Arc<dyn Activation>> {
    let (name, shift) = match text.split_once(':') {
        Some((name, shift)) => (name.trim(), Some(shift.trim())),
        None => (text.trim(), None),
    };
    let lower = name.to_ascii_lowercase();
    if lower != "monomial" && !NAMES.contains(&lower.as_str()) {
        return Err(Error::UnknownActivation { given: name.to_string(), suggestion: suggestion(&lower) });
    }
    if lower == "monomial" {
        let allowed = || format!("a degree from 1 to {} must follow, as in monomial:3", Monomial::MOST);
        let degree = shift.and_then(|s| s.parse().ok());
        let monomial = degree.and_then(|degree| Monomial::new(degree).ok());
        return match monomial {
            Some(monomial) => Ok(Arc::new(monomial)),
            None => Err(Error::domain("the activation", text, allowed())),
        };
    }
    let b = match shift {
        None => 0.0,
        Some("") => {
            return Err(Error::domain(
                "the activation",
                text,
                "a number must follow the colon, as in sigmoid:1",
            ));
        }
        Some(s) => match s.parse::<f64>() {
            Ok(b) if b.abs() <= largest_shift(&lower) => b + 0.0, // −0 becomes 0
            parsed => {
                let limit = largest_shift(&lower);
                let allowed = match parsed {
                    Ok(b) if b.is_finite() => format!("{lower} takes shifts from -{limit} to {limit}"),
                    _ => "a finite number is needed, as in sigmoid:1".into(),
                };
                return Err(Error::domain("the shift of the activation", s, allowed));
            }
        },
    };
    Ok(match lower.as_str() {
        "sigmoid" => Arc::new(Shifted::new(Sigmoid, b)),
        "tanh" => Arc::new(Shifted::new(Tanh, b)),
        "erf" => Arc::new(Shifted::new(Erf, b)),
        "sine" => Arc::new(Shifted::new(Sine, b)),
        "softplus" => Arc::new(Shifted::new(Softplus, b)),
        _ => Arc::new(Shifted::new(Relu, b)),
    })
}

/// The largest shift |b| that [`parse`] accepts. Beyond it all derivatives of σ(z − b) are, to rounding,
/// what they are at infinity: relative to their suprema they fall below 2⁻⁵³ from |x| = 40 on for sigmoid
/// (10.4 e^{−|x|}) and softplus, from 20 on for tanh (10.4 e^{−2|x|}) and from 7 on for erf (2x² e^{−x²}).
/// Three is added to that, because z, a standard normal number in high dimension, exceeds 3 in modulus once
/// in 370 times. The limit for sine is where the rounding of z − b begins to show.
fn largest_shift(name: &str) -> f64 {
    match name {
        "erf" => 10.0,
        "tanh" => 23.0,
        _ => 43.0,
    }
}

fn suggestion(given: &str) -> String {
    let prefix = || NAMES.into_iter().find(|name| given.len() >= 3 && name.starts_with(given));
    let nearest = || {
        NAMES
            .into_iter()
            .map(|name| (strsim::damerau_levenshtein(given, name), name))
            .min()
            .filter(|(edits, _)| *edits <= 2)
    };
    let found = if given == "logistic" {
        Some("sigmoid")
    } else {
        prefix().or_else(|| nearest().map(|(_, name)| name))
    };
    found.map_or_else(String::new, |name| format!(" (did you mean '{name}'?)"))
}
