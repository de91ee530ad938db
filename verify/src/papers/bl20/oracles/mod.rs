//! The format of reference values for BL20; `docs/oracles.md` describes it to those who make such files.

mod landscapes;
mod laws;
mod series;
mod suprema;

use super::instance::{CUBED, CubedRelu};
use crate::error::Result;
use crate::oracle::{Entry, Format, List};
use escapement::activation::{self, Activation};
use escapement::network::PairedNetwork;
use escapement::tolerance::UNIT_NORM_F64;
use faer::Mat;
use std::sync::Arc;

/// Agreement of finite sums, relative to the largest number of their kind in the entry.
const AGREEMENT: f64 = 1e-12;
/// Agreement of what a search on a ball reaches, relative to the value.
const SEARCH: f64 = 1e-6;
/// Agreement of linear programs on a grid, relative to the value.
const GRID: f64 = 1e-5;
/// Agreement of discretised integral equations, relative to the value: of ReLU cubed, and of activations
/// with all derivatives, whose equations are ill-conditioned.
const EQUATION: [f64; 2] = [1e-4, 1e-3];

/// All formats.
pub const FORMATS: &[&Format] = &[&Format {
    name: "bailee",
    about: "random multipliers, landscapes, expressivity and generalisation of BL20",
    lists: &[
        List { name: "network", marks: &["/W0", "/mean_terms"], compare: laws::network },
        List { name: "roots", marks: &["/W0", "/mean_imag_max"], compare: laws::roots },
        List { name: "design", marks: &["/nodes", "/term_k"], compare: laws::design },
        List { name: "multiplier", marks: &["/grid_value"], compare: series::multiplier },
        List { name: "landscape", marks: &["/W0", "/Wstar"], compare: landscapes::landscape },
        List { name: "regulariser", marks: &["/W", "/norm24_8"], compare: landscapes::regulariser },
        List { name: "express", marks: &["/p", "/second_moment"], compare: series::express },
        List { name: "inexpressible", marks: &["/p", "/relative_residual"], compare: series::inexpressible },
        List { name: "rademacher", marks: &["/W0", "/rademacher"], compare: suprema::rademacher },
        List { name: "tensor", marks: &["/c", "/flattening"], compare: suprema::tensor },
        List { name: "rank", marks: &["/p", "/harmonics"], compare: series::rank },
    ],
}];

/// The activation of an entry. Files write sin(z + b) as `sin:b`, and tanh(z + b) as `tanh:b`.
fn sigma(entry: &Entry<'_>) -> Result<Arc<dyn Activation>> {
    let text = entry.text("activation")?;
    if text == CUBED {
        return Ok(Arc::new(CubedRelu));
    }
    let (name, shift) = text.split_once(':').unwrap_or((text, "0"));
    let shift: f64 =
        shift.parse().map_err(|_| entry.wrong("activation", format!("{shift} is not a number")))?;
    let name = if name == "sin" { "sine" } else { name };
    entry.core(activation::parse(&format!("{name}:{}", -shift)))
}

/// The inputs of an entry, one per row.
fn inputs(entry: &Entry<'_>) -> Result<Mat<f64>> {
    entry.matrix("X", entry.length("X")?, entry.columns("X")?)
}

/// The signs of an entry.
fn signs(entry: &Entry<'_>) -> Result<Vec<f64>> {
    let a = entry.vector("a", entry.length("a")?)?;
    if a.iter().all(|a| a.abs() == 1.0) { Ok(a) } else { Err(entry.wrong("a", "only 1 and -1 are allowed")) }
}

/// The network of an entry whose second half of neurons repeats the first with the opposite signs.
fn paired(entry: &Entry<'_>) -> Result<PairedNetwork> {
    let (a, d) = (signs(entry)?, entry.columns("W0")?);
    let (m, p) = (a.len(), a.len() / 2);
    let w0 = entry.matrix("W0", m, d)?;
    let twins = |r: usize| a[r] == 1.0 && a[p + r] == -1.0 && w0.row(r) == w0.row(p + r);
    if m != 2 * p || !(0..p).all(twins) {
        return Err(
            entry.wrong("W0", "the second half of its rows must repeat the first, and a be 1 and then -1")
        );
    }
    entry.core(PairedNetwork::new(w0.as_ref().subrows(0, p), sigma(entry)?, UNIT_NORM_F64))
}

/// A network of m neurons without twins and its displacement: as one of width 2m in which one of each pair
/// stays where it is, so that its f is 2^{-1/2} times f − f^{(0)}.
fn single(entry: &Entry<'_>) -> Result<(PairedNetwork, Mat<f64>)> {
    let (a, d) = (signs(entry)?, entry.columns("W0")?);
    let m = a.len();
    let (w0, w) = (entry.matrix("W0", m, d)?, entry.matrix("W", m, d)?);
    let moved = |r: usize| (r < m) == (a[r % m] > 0.0);
    let w = Mat::from_fn(2 * m, d, |r, i| if moved(r) { w[(r % m, i)] } else { 0.0 });
    Ok((entry.core(PairedNetwork::new(w0.as_ref(), sigma(entry)?, UNIT_NORM_F64))?, w))
}
