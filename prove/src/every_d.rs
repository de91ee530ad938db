//! Bounds for every d ≥ 3 (section "C2: every dimension" of docs/certificates.md), in f64 and a little
//! wider than they are: the checker finds its own.

use super::Shifted;
use super::polynomial::Kind;
use crate::error::{Error, Result};
use escapement::sphere::dimension;

/// Below this, a quantity that is the square of a coefficient is nothing but rounding.
const VANISHING: f64 = 1e-24;

/// What f64 may have lost, and a little more.
pub const WIDER: f64 = 1e-6;

/// A quantity that is bounded for every d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    pub name: Name,
    pub j: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// B λ_j(σ')².
    First,
    /// B λ_j(σ'')².
    Second,
    /// κ_0, or d^{j−1}κ_j.
    Kappa,
}

impl Quantity {
    /// The name in certificates.
    pub fn text(self) -> &'static str {
        match self.name {
            Name::First => "assumption-3-sigma1",
            Name::Second => "assumption-3-sigma2",
            Name::Kappa => "kappa-scaled",
        }
    }

    /// F(d).
    fn factor(self, d: usize) -> f64 {
        let (j, dim) = (self.j, d as f64);
        match (self.name, j) {
            (Name::Kappa, 0) => 1.0,
            (Name::Kappa, _) => {
                let rest = (1..j).map(|t| (dim / (dim + 2.0 * t as f64)).powi(2)).product::<f64>();
                j as f64 * (dim + j as f64 - 2.0) / dim * rest
            }
            _ => {
                let rest = (0..j).map(|t| dim / (dim + 2.0 * t as f64).powi(2)).product::<f64>();
                dimension(d, j) * rest
            }
        }
    }

    /// The limit of F.
    fn limit(self) -> f64 {
        match (self.name, self.j) {
            (Name::Kappa, 0) => 1.0,
            (Name::Kappa, j) => j as f64,
            (_, j) => 1.0 / (1..=j).map(|i| i as f64).product::<f64>(),
        }
    }

    /// The expectation whose square is the quantity over F; for κ_j with j ≥ 1 the greater of the two that
    /// the quantity depends on.
    fn expectation(self) -> Expectation {
        match (self.name, self.j) {
            (Name::First, j) => Expectation { order: 1, s: j },
            (Name::Second, j) => Expectation { order: 2, s: j },
            (Name::Kappa, j) => Expectation { order: 1, s: if j == 0 { 1 } else { j - 1 } },
        }
    }

    /// The expectation in F(d) E², and the root of R(d) d, where `a` and `b` are the values from d to e of
    /// the two expectations that the quantity depends on.
    fn parts(self, [d, e]: [f64; 2], a: Span, b: Span) -> (Span, Span) {
        if self.name != Name::Kappa || self.j == 0 {
            return (a, [0.0; 2]);
        }
        let j = self.j as f64;
        let gamma = |d: f64| if d.is_finite() { d / ((d + 2.0 * j) * (d + 2.0 * j - 2.0)) } else { 0.0 };
        let ratio = |d: f64, by: f64, over: f64| if d.is_finite() { (d + by) / (d + over) } else { 1.0 };
        let shrink = |d: f64, n: usize| (0..n).map(|t| ratio(d, 0.0, 2.0 * t as f64)).product::<f64>();
        let alpha = |d: f64| ratio(d, j - 2.0, 2.0 * j - 2.0) * shrink(d, self.j + 1);
        let beta = |d: f64| j * shrink(d, self.j);
        let [low, high] = times([gamma(e), gamma(d)], b);
        let [from, to] = [times([alpha(d), alpha(e)], b), times([beta(d), beta(e)], a)];
        ([a[0] - high, a[1] - low], [from[0] + to[0], from[1] + to[1]])
    }
}

/// The least and the greatest product.
fn times(x: Span, y: Span) -> Span {
    let all = [x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]];
    [all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max)]
}

/// The least and the greatest square.
fn square([low, high]: Span) -> Span {
    let least = if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
    [least * least, (low * low).max(high * high)]
}

/// The least and the greatest value.
type Span = [f64; 2];

/// E_{d+2s}[σ^{(s+order)}(√d z)].
#[derive(Debug, Clone, Copy)]
struct Expectation {
    order: usize,
    s: usize,
}

impl Expectation {
    /// K of the comparison lemma.
    fn k(self, kind: Kind) -> f64 {
        let n = self.s + self.order;
        supremum(kind, n + 4) / 4.0 + self.s as f64 * supremum(kind, n + 2)
    }

    /// The value at d.
    fn at(self, levels: &Levels, d: usize) -> f64 {
        let (s, dim) = (self.s, d as f64);
        // Π_{t<s} (d + 2t)/√d.
        levels.0[self.order - 1][s] * (0..s).map(|t| (dim + 2.0 * t as f64) / dim.sqrt()).product::<f64>()
    }

    /// The values from d to e; e may be infinite.
    fn over(self, levels: &Levels, k: f64, d: usize, e: f64) -> Span {
        let s = 2.0 * self.s as f64;
        let (value, change) = (self.at(levels, d), k * (1.0 / (d as f64 + s) - 1.0 / (e + s)));
        [value - change, value + change]
    }
}

/// λ_j(σ') and λ_j(σ'') of one dimension in f64.
struct Levels([Vec<f64>; 2]);

impl Levels {
    fn new(of: &Shifted, d: usize, degree: usize) -> Result<Self> {
        let activation = of.activation()?;
        let lambda = |g: &dyn Fn(f64) -> f64| escapement::sphere::lambda(d, g, degree);
        Ok(Self([lambda(&|z| activation.d1(z))?, lambda(&|z| activation.d2(z))?]))
    }
}

/// S_n = sup |σ^{(n)}| as the checker bounds it: by Bernstein coefficients on 16 pieces, and for erf by the
/// Fourier integral.
pub fn supremum(kind: Kind, n: usize) -> f64 {
    if kind == Kind::Erf {
        return 2.0_f64.powi(n as i32) * libm::tgamma(n as f64 / 2.0) / std::f64::consts::PI;
    }
    // σ^{(n)} of the sigmoid as a polynomial in s.
    let mut q = vec![0.0, 1.0, -1.0];
    for _ in 1..n {
        let mut next = vec![0.0; q.len() + 1];
        for k in 1..q.len() {
            next[k] += k as f64 * q[k];
            next[k + 1] -= k as f64 * q[k];
        }
        q = next;
    }
    let degree = q.len() - 1;
    let mut sup: f64 = 0.0;
    for piece in 0..16 {
        let mut a = q.clone();
        for start in 0..degree {
            for k in (start..degree).rev() {
                a[k] += a[k + 1] * f64::from(piece) / 16.0;
            }
        }
        let choose = |n: usize, k: usize| (0..k).map(|i| (n - i) as f64 / (k - i) as f64).product::<f64>();
        for i in 0..=degree {
            let terms = (0..=i).map(|k| choose(i, k) / choose(degree, k) * a[k] / 16.0_f64.powi(k as i32));
            sup = sup.max(terms.sum::<f64>().abs());
        }
    }
    if kind == Kind::Tanh { 2.0_f64.powi(n as i32 + 1) * sup } else { sup }
}

/// By how much of itself an expectation may change from one listed dimension to the next, and the last
/// dimension that the list may have then.
const CHANGES: [(f64, usize); 5] =
    [(1.0 / 64.0, 1000), (1.0 / 32.0, 2000), (1.0 / 16.0, 2000), (1.0 / 8.0, 4000), (1.0 / 4.0, 20_000)];

/// Bounds on quantities for every d ≥ 3, and the dimensions whose values they follow from.
pub struct Bounds {
    pub starts: Vec<usize>,
    pub ends: Vec<[f64; 2]>,
}

/// Bounds from as many dimensions as are in reach.
///
/// # Errors
/// Those of [`escapement::sphere::lambda`]; expectations that vanish, or that would need dimensions beyond
/// 20 000.
pub fn bounds(of: &Shifted, quantities: &[Quantity]) -> Result<Bounds> {
    let ((change, last), others) = CHANGES.split_last().unwrap_or((&(0.25, 20_000), &[]));
    let found = others.iter().find_map(|(change, last)| list(of, quantities, *change, *last).ok());
    found.map_or_else(|| list(of, quantities, *change, *last), Ok)
}

/// Lists dimensions so far from each other as the quantities allow, and bounds the quantities between them.
fn list(of: &Shifted, quantities: &[Quantity], change: f64, last: usize) -> Result<Bounds> {
    let degree = quantities.iter().map(|q| q.j + 1).max().unwrap_or(1);
    let constants = |e: Expectation| (e, e.k(of.kind));
    let terms: Vec<_> = quantities
        .iter()
        .map(|q| [q.expectation(), Expectation { order: 1, s: q.j + 1 }].map(constants))
        .collect();
    let at_last = Levels::new(of, last, degree)?;
    let out_of_reach = |[(value, k), _]: &[(Expectation, f64); 2]| {
        k / (last + 2 * value.s) as f64 > change * value.at(&at_last, last).abs()
    };
    if terms.iter().any(out_of_reach) {
        return Err(refusal(of, quantities, &at_last, last));
    }
    let (mut starts, mut ends) = (Vec::new(), vec![[f64::INFINITY, 0.0]; quantities.len()]);
    let mut start = Some(3);
    while let Some(d) = start {
        let levels = Levels::new(of, d, degree)?;
        // The dimension up to which each expectation may be trusted, infinite or not.
        let reach = terms.iter().map(|[(value, k), _]| {
            let (shift, allowed) = (2.0 * value.s as f64, change * value.at(&levels, d).abs() / k);
            let inverse = 1.0 / (d as f64 + shift) - allowed;
            if inverse > 0.0 { (1.0 / inverse - shift).min(2.0 * d as f64) } else { f64::INFINITY }
        });
        let e = reach.fold(f64::INFINITY, f64::min).floor().max(d as f64);
        for ((q, terms), ends) in quantities.iter().zip(&terms).zip(&mut ends) {
            let [value, above] = terms.map(|(expectation, k)| expectation.over(&levels, k, d, e));
            let (main, radial) = q.parts([d as f64, e], value, above);
            let ([low, high], radial) = (square(main), square(radial));
            if low == 0.0 {
                return Err(refusal(of, quantities, &levels, d));
            }
            let to = if e.is_finite() { q.factor(e as usize) } else { q.limit() };
            ends[0] = ends[0].min(q.factor(d) * low + radial[0] / e);
            ends[1] = ends[1].max(to * high + radial[1] / d as f64);
        }
        starts.push(d);
        start = e.is_finite().then(|| e as usize + 1);
        if start.is_some_and(|next| next > last) {
            return Err(refusal(of, quantities, &levels, d));
        }
    }
    ends.iter_mut().for_each(|[low, high]| (*low, *high) = (*low * (1.0 - WIDER), *high * (1.0 + WIDER)));
    Ok(Bounds { starts, ends })
}

/// Why no list of dimensions ends: the last one that was tried is d.
fn refusal(of: &Shifted, quantities: &[Quantity], levels: &Levels, d: usize) -> Error {
    let vanishing = quantities.iter().find(|q| q.expectation().at(levels, d).powi(2) < VANISHING);
    let allowed = match vanishing {
        Some(q) => format!("{} of degree {} vanishes, so that no positive bound holds", q.text(), q.j),
        None => "its derivatives grow too fast for bounds in every dimension: take fewer degrees, or one \
                 dimension"
            .to_owned(),
    };
    Error::domain("the activation", of.words(), allowed)
}
