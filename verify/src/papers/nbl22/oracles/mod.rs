//! The formats of reference values for NBL22; `docs/oracles.md` describes them to those who make such files.

mod construction;
mod objective;
mod sigma;
mod zonal;

use crate::error::Result;
use crate::oracle::{Entry, Format, List};
use escapement::activation::{self, Activation};
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::sphere::Truncation;
use escapement::tolerance::{FINE_TAIL, UNIT_NORM_F64};
use faer::{Mat, Par};
use std::sync::Arc;

/// Agreement, relative to the largest entry of the reference: reference values in f64, made by quadrature,
/// automatic differentiation or enumeration, are right to about this.
const AGREEMENT: f64 = 1e-10;

/// All formats.
pub const FORMATS: &[&Format] = &[
    &Format {
        name: "zonal",
        about: "zonal coefficients of an activation, degree by degree from 0 on",
        lists: &[List { name: "zonal", marks: &["/degrees/0/lambda_sigma1"], compare: zonal::low }],
    },
    &Format {
        name: "zonal_high",
        about: "the traces τ_j of single degrees",
        lists: &[List { name: "zonal_high", marks: &["/degrees/0/degree", "/trace"], compare: zonal::high }],
    },
    &Format {
        name: "sigma",
        about: "the feature covariance Σ at given weights: its trace, its eigenvalues, two of its blocks",
        lists: &[List { name: "sigma", marks: &["/W0", "/eigenvalues"], compare: sigma::compare }],
    },
    &Format {
        name: "express",
        about: "a target, the displacements W_Q and W_L that express it, and averages over random signs",
        lists: &[List { name: "express", marks: &["/W0", "/W_Q"], compare: construction::compare }],
    },
    &Format {
        name: "network",
        about: "the models and the regularised losses at given weights, with gradients and Hessians",
        lists: &[List { name: "network", marks: &["/W0", "/losses"], compare: objective::compare }],
    },
];

/// The activation of an entry, from its fields `activation` and `shift`.
fn activation_of(entry: &Entry<'_>) -> Result<Arc<dyn Activation>> {
    let (name, shift) = (entry.text("activation")?, entry.number("shift")?);
    activation::parse(&format!("{name}:{shift}")).map_err(|e| entry.wrong("activation", e))
}

/// The network of an entry: `W0` lists all m neurons, and `a` their signs, where it is given.
fn network_of(entry: &Entry<'_>) -> Result<PairedNetwork> {
    let (d, m) = (entry.whole("d")?, entry.whole("m")?);
    if m == 0 || !m.is_multiple_of(2) {
        return Err(entry.wrong("m", format!("{m} is not allowed, only an even number from 2 on")));
    }
    let weights = entry.matrix("W0", m, d)?;
    let twins = (0..m / 2).all(|r| (0..d).all(|c| weights[(r, c)] == weights[(m / 2 + r, c)]));
    if !twins {
        return Err(entry.wrong("W0", "row m/2 + r must repeat row r, because neurons come in pairs"));
    }
    if entry.has("a") {
        let signs = entry.vector("a", m)?;
        if (0..m).any(|r| signs[r] != if r < m / 2 { 1.0 } else { -1.0 }) {
            return Err(entry.wrong("a", "the first m/2 signs must be 1 and the others -1"));
        }
    }
    let distinct = weights.as_ref().subrows(0, m / 2);
    entry.core(PairedNetwork::new(distinct, activation_of(entry)?, UNIT_NORM_F64))
}

/// Σ of the network of an entry, cut where the tail is at most 1e-12 of the largest eigenvalue.
fn covariance_of(entry: &Entry<'_>, net: &PairedNetwork) -> Result<Covariance> {
    entry.core(Covariance::new(net.weights(), net.activation(), Truncation::Tail(FINE_TAIL)))
}

/// The top space of Σ, of the rank that the field `n_k` gives.
fn top_of(entry: &Entry<'_>, cov: &Covariance) -> Result<TopSpace> {
    let rank = entry.whole("n_k")?;
    if rank == 0 || rank >= cov.order() {
        let allowed = format!("{rank} is not allowed, only 1 to {}", cov.order() - 1);
        return Err(entry.wrong("n_k", allowed));
    }
    let request = Request::all().with_vectors();
    let pairs =
        entry.core(eigen::solve(cov, &request, RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq))?;
    entry.core(TopSpace::new(&pairs, rank))
}

/// The inputs of an entry, `[n, d]`.
fn inputs_of(entry: &Entry<'_>) -> Result<Mat<f64>> {
    entry.matrix("X", entry.whole("n")?, entry.whole("d")?)
}
