//! One polynomial p in the place of an activation on [−L, L]: Chebyshev interpolation, and the defect of the
//! differential equation that σ solves, from which the checker bounds the error of p.

use super::Shifted;
use super::fixed::{BITS, Fixed};
use crate::error::{Error, Result};
use num_bigint::BigInt;
use rayon::prelude::*;

/// The activations that solve such an equation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// s' = s(1 − s).
    Sigmoid,
    /// t' = 1 − t².
    Tanh,
    /// g' = −2vg for g = e^{−v²}, of which σ' is 2g/√π.
    Erf,
}

impl Kind {
    /// The activation of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Sigmoid, Self::Tanh, Self::Erf].into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
        }
    }

    /// What p stands for, at v.
    fn value(self, v: &Fixed) -> Fixed {
        let one = Fixed::one();
        match self {
            Self::Sigmoid => {
                let e = Fixed::exp_of_minus(&v.abs());
                let small = e.div(&(&one + &e));
                if v.is_negative() { small } else { &one - &small }
            }
            Self::Tanh => {
                let e = Fixed::exp_of_minus(&v.abs().times(&BigInt::from(2)));
                let size = (&one - &e).div(&(&one + &e));
                if v.is_negative() { -&size } else { size }
            }
            Self::Erf => Fixed::exp_of_minus(&(v * v)),
        }
    }

    /// sup |σ'|.
    pub fn largest_slope(self) -> Fixed {
        match self {
            Self::Sigmoid => Fixed::one().half().half(),
            Self::Tanh => Fixed::one(),
            Self::Erf => self.factor(),
        }
    }

    /// σ' and σ'' are so many times what is made from p.
    pub fn factor(self) -> Fixed {
        match self {
            Self::Erf => Fixed::whole(2).div(&Fixed::pi().sqrt()),
            _ => Fixed::one(),
        }
    }
}

/// The polynomial `p(u) = 2^{-scale} Σ c_k T_k(u/L)`, with bounds on its errors.
#[derive(Debug, Clone)]
pub struct Polynomial {
    pub of: Shifted,
    /// L.
    pub half_width: i64,
    pub scale: u64,
    pub coefficients: Vec<BigInt>,
    /// Y = `bound.0 · 2^{-bound.1}`.
    pub bound: (BigInt, u64),
    /// Bounds on the errors of the two series for σ' and σ''.
    pub errors: [Fixed; 2],
    /// Chebyshev series in u/L for σ' and σ'', without the factor 2/√π of erf.
    pub series: [Vec<Fixed>; 2],
}

/// The highest degree that the format allows.
const HIGHEST: usize = 4096;

/// What the scale has beyond the precision of p, so that rounding the coefficients costs nothing.
const SPARE: u64 = 16;

impl Polynomial {
    /// A polynomial of precision about 2^{-bits} for dimensions up to d.
    ///
    /// # Errors
    /// Dimensions and shifts that need too high a degree.
    pub fn new(of: Shifted, d: usize, bits: u64) -> Result<Self> {
        let shift = of.shift_f64().abs();
        let half_width = ((d as f64).sqrt().max(shift) - 1e-9).ceil().max(1.0) as i64;
        let coefficients = interpolate(&of, half_width, bits).ok_or_else(|| {
            let (name, shift) = (of.kind.name(), of.shift_words());
            let allowed = format!(
                "the polynomial of {name} with the shift {shift} would have a degree above {HIGHEST}, and \
                 smaller dimensions are within reach"
            );
            Error::domain("d", d, allowed)
        })?;
        let scale = bits + SPARE;
        let coefficients: Vec<BigInt> = coefficients.iter().map(|c| c.rounded(scale)).collect();
        let p: Vec<Fixed> = coefficients.iter().map(|c| Fixed::scaled(c, scale)).collect();
        Ok(Self::bounded(of, half_width, scale, coefficients, &p))
    }

    /// Section "Z: one polynomial" of docs/certificates.md.
    fn bounded(of: Shifted, half_width: i64, scale: u64, coefficients: Vec<BigInt>, p: &[Fixed]) -> Self {
        let length = BigInt::from(half_width);
        let slope = derivative(p, &length);
        let centre = of.shift();
        // v = u − b, in powers of u/L.
        let distance = [-&centre, Fixed::whole(half_width)];
        let negative = |series: &[Fixed]| -> Vec<Fixed> { series.iter().map(|c| -c).collect() };
        let two = BigInt::from(2);
        let (defect, curvature) = match of.kind {
            Kind::Sigmoid => {
                let rest = sum(&[Fixed::one()], &negative(p));
                let doubled: Vec<Fixed> = p.iter().map(|c| -&c.times(&two)).collect();
                let slant = sum(&[Fixed::one()], &doubled);
                (sum(&slope, &negative(&product(p, &rest))), product(&slope, &slant))
            }
            Kind::Tanh => {
                let doubled: Vec<Fixed> = p.iter().map(|c| -&c.times(&two)).collect();
                (sum(&sum(&slope, &[Fixed::whole(-1)]), &product(p, p)), product(&slope, &doubled))
            }
            Kind::Erf => {
                let doubled: Vec<Fixed> = product(&distance, p).iter().map(|c| c.times(&two)).collect();
                (sum(&slope, &doubled), negative(&doubled))
            }
        };
        let size = |series: &[Fixed]| series.iter().fold(Fixed::zero(), |sum, c| &sum + &c.abs());
        let (eta, eta_slope) = (size(&defect), size(&derivative(&defect, &length)));
        let reach = &Fixed::whole(half_width) + &centre.abs();
        let at_centre = clenshaw(p, &centre.over(&length));
        let wanted = of.kind.value(&Fixed::zero());
        let begin = (&at_centre - &wanted).abs();
        let need = (&begin + &(&reach * &eta)).times(&two);
        // A power of two at or above it, which a certificate writes in few digits.
        let power =
            (0..BITS - 1).rev().find(|&bits| Fixed::scaled(&BigInt::from(1), bits) > need).unwrap_or(0);
        let bound = Fixed::scaled(&BigInt::from(1), power);
        let (one, quarter) = (Fixed::one(), Fixed::one().half().half());
        let twice = |x: &Fixed| x.times(&two);
        let errors = match of.kind {
            Kind::Sigmoid => {
                let first = &(&bound * &(&one + &bound)) + &eta;
                let second = &(&first + &twice(&(&bound * &(&quarter + &first)))) + &eta_slope;
                [first, second]
            }
            Kind::Tanh => {
                let first = &(&bound * &(&Fixed::whole(2) + &bound)) + &eta;
                let second = &(&twice(&first) + &twice(&(&bound * &(&one + &first)))) + &eta_slope;
                [first, second]
            }
            Kind::Erf => [bound.clone(), twice(&(&reach * &bound))],
        };
        let first = if of.kind == Kind::Erf { p.to_vec() } else { slope };
        Self {
            of,
            half_width,
            scale,
            coefficients,
            bound: (BigInt::from(1), power),
            errors,
            series: [first, curvature],
        }
    }
}

/// The Chebyshev coefficients of an activation on [−L, L], as many as are above 2^{-bits}; `None` where they
/// are more than the format allows.
fn interpolate(of: &Shifted, half_width: i64, bits: u64) -> Option<Vec<Fixed>> {
    let mut degree = 32;
    let negligible = Fixed::scaled(&BigInt::from(1), bits + 3);
    while degree <= 2 * HIGHEST {
        let all = coefficients(of, half_width, degree);
        let needed = all.iter().rposition(|c| c.abs() > negligible).unwrap_or(0);
        // Coefficients that are aliased into the last ones make these large.
        if needed + 8 < degree {
            return (needed <= HIGHEST).then(|| all[..=needed].to_vec());
        }
        degree += degree / 2;
    }
    None
}

/// Interpolation in the extrema of the Chebyshev polynomial of this degree.
fn coefficients(of: &Shifted, half_width: i64, degree: usize) -> Vec<Fixed> {
    let (n, length, centre) = (degree, BigInt::from(half_width), of.shift());
    // cos(πk/n), by the recurrence of the Chebyshev polynomials.
    let first = Fixed::cos_of_pi_over(n);
    let mut cosines = vec![Fixed::one(), first.clone()];
    for k in 2..2 * n {
        let next = &(&first * &cosines[k - 1]).times(&BigInt::from(2)) - &cosines[k - 2];
        cosines.push(next);
    }
    let values: Vec<Fixed> =
        (0..=n).into_par_iter().map(|i| of.kind.value(&(&cosines[i].times(&length) - &centre))).collect();
    (0..=n)
        .into_par_iter()
        .map(|k| {
            let mut sum = (&values[0] + &(if k % 2 == 0 { values[n].clone() } else { -&values[n] })).half();
            for i in 1..n {
                sum = &sum + &(&values[i] * &cosines[i * k % (2 * n)]);
            }
            let scaled = sum.times(&BigInt::from(2)).over(&BigInt::from(n));
            if k == 0 || k == n { scaled.half() } else { scaled }
        })
        .collect()
}

fn sum(a: &[Fixed], b: &[Fixed]) -> Vec<Fixed> {
    let of = |series: &[Fixed], k: usize| series.get(k).cloned().unwrap_or_else(Fixed::zero);
    (0..a.len().max(b.len())).map(|k| &of(a, k) + &of(b, k)).collect()
}

/// By `T_i T_j = (T_{i+j} + T_{|i−j|})/2`.
fn product(a: &[Fixed], b: &[Fixed]) -> Vec<Fixed> {
    let mut out = vec![Fixed::zero(); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let half = (x * y).half();
            out[i + j] = &out[i + j] + &half;
            out[i.abs_diff(j)] = &out[i.abs_diff(j)] + &half;
        }
    }
    out
}

/// The derivative in u of a series in u/L.
fn derivative(series: &[Fixed], length: &BigInt) -> Vec<Fixed> {
    let n = series.len();
    if n < 2 {
        return vec![Fixed::zero()];
    }
    let mut out = vec![Fixed::zero(); n + 1];
    for k in (1..n).rev() {
        out[k - 1] = &out[k + 1] + &series[k].times(&BigInt::from(2 * k));
    }
    out[0] = out[0].half();
    out.truncate(n - 1);
    out.iter().map(|c| c.over(length)).collect()
}

/// The value of a series at x in [−1, 1].
pub fn clenshaw(series: &[Fixed], x: &Fixed) -> Fixed {
    let (mut next, mut after) = (Fixed::zero(), Fixed::zero());
    for c in series[1..].iter().rev() {
        let now = &(&(x * &next).times(&BigInt::from(2)) - &after) + c;
        after = std::mem::replace(&mut next, now);
    }
    &(&(x * &next) - &after) + &series[0]
}
