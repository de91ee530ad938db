//! W_Q, the displacement whose quadratic term f_Q expresses the sparse part of the target (NBL22 Lemma 1).

use faer::Mat;

use super::{population::Population, target::Target};
use crate::network::PairedNetwork;
use crate::{Error, Result};

/// W_Q, with the groups of neurons and the functions from which it is made.
#[derive(Debug, Clone)]
pub struct WQ {
    /// The displacement, `[m, d]`. One neuron of each pair of twins moves, along β_i.
    pub w: Mat<f64>,
    /// The number p_i of distinct neurons that serve sparse term i, for each i.
    pub groups: Vec<usize>,
    /// The functions h_i, with their exact moments over the initialisation.
    pub population: Population,
}

/// The number of neurons, of p, that serve each of R terms, where neuron r, counted from 0, serves term r
/// mod R.
pub fn groups(p: usize, terms: usize) -> Vec<usize> {
    (0..terms).map(|i| (p + terms - 1 - i) / terms).collect()
}

/// W_Q for the sparse part of `target`. Neuron r < p serves term i = r mod R. With
/// `g_r = √(2√m |h_i(w_{0,r})|/p_i)`, the row r is `g_r β_i` where h_i(w_{0,r}) > 0, and otherwise the row p
/// + r is; all other rows are zero. Then `E_{W0} f_Q(x; W_Q) = f_sp(x)` exactly, for every x.
///
/// Derived for this project; NBL22 Lemma 1 states that such a displacement exists. Without sparse terms W_Q
/// is zero.
///
/// # Errors
/// The dimensions differ; fewer neurons than terms; and as [`Population::new`].
pub fn w_q(net: &PairedNetwork, target: &Target) -> Result<WQ> {
    w_q_from(net, target, Population::new(net.activation(), target)?)
}

/// As [`w_q`], with a [`Population`] that was computed before and may serve many networks.
///
/// # Errors
/// The dimensions differ, there are fewer neurons than terms, or the population has another number of terms.
pub fn w_q_from(net: &PairedNetwork, target: &Target, population: Population) -> Result<WQ> {
    let (p, d, terms) = (net.p(), net.d(), target.sparse().len());
    if target.d() != d {
        return Err(Error::domain(
            "the dimension of the target",
            target.d(),
            format!("the network has d = {d}"),
        ));
    }
    if p < terms {
        let allowed = format!("at least one for each of the R = {terms} sparse terms, so m ≥ {}", 2 * terms);
        return Err(Error::domain("the number p of distinct neurons", p, allowed));
    }
    if population.terms() != terms {
        return Err(Error::domain(
            "the number of functions h_i",
            population.terms(),
            format!("the target has R = {terms}"),
        ));
    }
    let groups = groups(p, terms);
    let mut w = Mat::zeros(2 * p, d);
    let root = (net.m() as f64).sqrt();
    if terms > 0 {
        for r in 0..p {
            let i = r % terms;
            let beta = &target.sparse()[i].beta;
            let t = (0..d).map(|c| net.weights()[(r, c)] * beta[c]).sum::<f64>();
            let h = population.h(i, t);
            let g = (2.0 * root * h.abs() / groups[i] as f64).sqrt();
            let row = if h > 0.0 { r } else { p + r };
            for c in 0..d {
                w[(row, c)] = g * beta[c];
            }
        }
    }
    Ok(WQ { w, groups, population })
}
