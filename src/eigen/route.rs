//! The choice of a route by predicted work and memory, with the reason in words.

use super::{
    Request,
    operator::{completed, outline},
};
use crate::covariance::{Covariance, HarmonicMap};
use crate::error::{Error, Result, human_bytes};
use crate::sphere::FeatureLevels;
use faer::Par;
use std::fmt;

/// A method for the spectrum of Σ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A full EVD of the pd × pd matrix `A`.
    Dense,
    /// The Gram matrix of the harmonics up to degree J.
    Harmonic,
    /// A block method on matrix-free products with `A`.
    Operator,
}

impl Route {
    /// The name used on the command line: `dense`, `harmonic` or `operator`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Harmonic => "harmonic",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A given route, or the cheapest one that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteChoice {
    /// The cheapest route that fits in memory.
    #[default]
    Auto,
    /// This route, or an error where it cannot be taken.
    Only(Route),
}

/// The route that is taken, its predicted cost, and the reason for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The route.
    pub route: Route,
    /// The reason, in words with numbers.
    pub reason: String,
    /// The predicted flops.
    pub flops: f64,
    /// The predicted peak memory in bytes.
    pub bytes: f64,
}

/// The cost of an EVD of order n with vectors is this number times that of n³ flops in a matrix product. The
/// tridiagonalisation runs at a fraction of the speed of products.
const EVD: f64 = 12.0;
/// The same number for an EVD without vectors: a third of the flops, but three quarters of the time, as
/// measured at n = 2 000 and 4 000.
const EVD_VALUES: f64 = 9.0;
/// Products of the block method for each wanted eigenpair: between 2 and 8 were measured.
const PRODUCTS: f64 = 6.0;

/// The plan that [`super::solve`] would follow: the same at any number of threads.
///
/// # Errors
/// The chosen route cannot give what is asked or does not fit in `memory` bytes, or no route does.
pub fn plan(cov: &Covariance, request: &Request, route: RouteChoice, memory: u64, par: Par) -> Result<Plan> {
    plan_for(cov.p(), cov.levels(), request, route, memory, par)
}

/// The plan of [`plan`] from p and the levels of Σ alone, so that sizes can be refused before any weights
/// are drawn.
///
/// # Errors
/// As [`plan`].
pub fn plan_for(
    p: usize,
    levels: &FeatureLevels,
    request: &Request,
    choice: RouteChoice,
    memory: u64,
    par: Par,
) -> Result<Plan> {
    let size = Size {
        d: levels.d as f64,
        p: p as f64,
        wanted: request.top.map(|n| n as f64),
        vectors: request.vectors,
    };
    let costs = [
        size.dense(),
        size.harmonic(HarmonicMap::order_of(levels)),
        size.operator(levels, request, p, memory, par),
    ];
    let sizes = format!("d = {}, m = {}", levels.d, 2.0 * size.p);
    let fits = |c: &Cost| c.refusal.is_none() && c.bytes <= memory as f64;
    let best = costs.iter().filter(|c| fits(c)).min_by(|a, b| a.flops.total_cmp(&b.flops));
    let line = costs.iter().map(|c| c.line(memory)).collect::<Vec<_>>().join("; ");
    let taken = match choice {
        RouteChoice::Auto => best.ok_or_else(|| {
            let least =
                costs.iter().filter(|c| c.refusal.is_none()).min_by(|a, b| a.bytes.total_cmp(&b.bytes));
            Error::Memory {
                what: format!("the spectrum at {sizes} by its leanest route"),
                needed: least.map_or(f64::INFINITY, |c| c.bytes),
                allowed: memory as f64,
                advice: format!(": {line}; {}", size.advice()),
            }
        })?,
        RouteChoice::Only(route) => {
            let cost = costs.iter().find(|c| c.route == route).unwrap_or(&costs[0]);
            if let Some(why) = &cost.refusal {
                return Err(Error::domain("the route", route, why.clone()));
            }
            if !fits(cost) {
                return Err(Error::Memory {
                    what: format!("the {route} route at {sizes}"),
                    needed: cost.bytes,
                    allowed: memory as f64,
                    advice: match best {
                        Some(b) => format!(": the {} route would need {}", b.route, human_bytes(b.bytes)),
                        None => format!(": no route fits for this request; {}", size.advice()),
                    },
                });
            }
            cost
        }
    };
    let how = match choice {
        RouteChoice::Auto => "least work of those that fit",
        RouteChoice::Only(_) => "asked for",
    };
    Ok(Plan { route: taken.route, reason: format!("{how}: {line}"), flops: taken.flops, bytes: taken.bytes })
}

struct Cost {
    route: Route,
    flops: f64,
    bytes: f64,
    refusal: Option<String>,
}

impl Cost {
    fn line(&self, memory: u64) -> String {
        let Self { route, flops, bytes, refusal } = self;
        match refusal {
            Some(why) => format!("{route} cannot: {why}"),
            None if !bytes.is_finite() || !flops.is_finite() => {
                format!("{route} cannot: it would need more memory than any number tells")
            }
            None => {
                let fits = if *bytes > memory as f64 { ", which does not fit" } else { "" };
                format!("{route} {flops:.1e} flops in {}{fits}", human_bytes(*bytes))
            }
        }
    }
}

fn evd(n: f64, vectors: bool) -> f64 {
    n.powi(3) * if vectors { EVD } else { EVD_VALUES }
}

/// The numbers on which the cost of a route depends.
struct Size {
    d: f64,
    p: f64,
    wanted: Option<f64>,
    vectors: bool,
}

impl Size {
    /// What may be done where no route fits.
    fn advice(&self) -> &'static str {
        match self.wanted {
            None => "ask for the top few eigenvalues, or allow more memory",
            Some(_) => "allow more memory, or choose a smaller d or m",
        }
    }

    fn order(&self) -> f64 {
        self.p * self.d
    }

    fn dense(&self) -> Cost {
        let n = self.order();
        let copies = if self.vectors { 5.0 } else { 2.0 };
        Cost {
            route: Route::Dense,
            flops: evd(n, self.vectors) + 4.0 * n * n,
            bytes: 8.0 * copies * n * n,
            refusal: None,
        }
    }

    /// The cost of the harmonic route with `n` harmonics.
    fn harmonic(&self, n: f64) -> Cost {
        let pd = self.order();
        let wanted = self.wanted.unwrap_or(pd);
        let vectors = if self.vectors { wanted } else { 0.0 };
        let block = 4.0 * 2048.0 * self.d;
        let refusal = (self.vectors && wanted > n)
            .then(|| format!("{wanted} eigenvectors are wanted but Σ up to degree J has rank N_J = {n}"));
        Cost {
            route: Route::Harmonic,
            // Evaluating a harmonic and its gradient costs some 50 flops for each coordinate.
            flops: pd * n * (n + 50.0) + evd(n, self.vectors) + 2.0 * pd * n * vectors,
            bytes: 8.0 * (4.0 * n * n + block * n + pd * (1.0 + vectors)),
            refusal,
        }
    }

    fn operator(&self, levels: &FeatureLevels, request: &Request, p: usize, memory: u64, par: Par) -> Cost {
        let n = self.order();
        // Four series, of about as many terms as there are degrees.
        let kernel = 6.0 * 4.0 * levels.levels.len() as f64 * self.p * self.p;
        let Some(wanted) = request.top else {
            let refusal = Some("it finds the top of a spectrum, not all of it".to_string());
            return Cost { route: Route::Operator, flops: f64::INFINITY, bytes: f64::INFINITY, refusal };
        };
        let wanted = completed(levels, n as usize, wanted);
        let bytes = outline(p, levels, wanted, request.tolerance, memory, par).bytes;
        let wanted = wanted as f64;
        let product = 6.0 * self.p * self.p * self.d + 8.0 * n * (3.0 * wanted + 16.0);
        let flops = PRODUCTS * wanted * product + 4.0 * kernel;
        Cost { route: Route::Operator, flops, bytes, refusal: None }
    }
}
