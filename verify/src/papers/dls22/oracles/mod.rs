//! The format of reference values for DLS22; `docs/oracles.md` describes it to those who make such files.

mod bounds;
mod expansion;
mod sample;

use crate::oracle::{Format, List};

/// Agreement, relative to the scale of the quantity: reference values in f64, made by tensor quadrature,
/// cubature or enumeration, are right to this.
const AGREEMENT: f64 = 1e-12;
/// Agreement of Hermite coefficients, relative to the largest of the list: they come from quadrature in
/// arbitrary precision, and the double-precision values lose a few digits of their last unit.
const COEFFICIENT: f64 = 1e-14;
/// Agreement of the weights after a step, relative to the largest: central differences of the loss with f64
/// values leave ε^{2/3} and a few hundred roundings.
const DIFFERENCES: f64 = 1e-8;
/// Agreement of a ridge head and its predictions, relative to the largest: least squares in f64 loses what
/// the condition of the features, some 10³, costs.
const RIDGE: f64 = 1e-10;
/// Agreement of mean moduli, whose references come from a grid across the kinks.
const MODULUS: f64 = 1e-5;
/// Relative agreement of moments of v_k, whose references come from a grid.
const GRID: f64 = 1e-7;

/// All formats.
pub const FORMATS: &[&Format] = &[&Format {
    name: "damian",
    about: "Hermite coefficients, gradients of one step, their averages, and bounds of DLS22",
    lists: &[
        List { name: "hermite", marks: &["/c"], compare: expansion::hermite },
        List { name: "gradient", marks: &["/directions"], compare: expansion::gradient },
        List { name: "sphere", marks: &["/gradient_energy"], compare: expansion::sphere },
        List { name: "sample", marks: &["/average_gram"], compare: sample::compare },
        List { name: "csq", marks: &["/cap_probability"], compare: bounds::csq },
        List { name: "queries", marks: &["/most_reached_with_one_sign"], compare: bounds::queries },
        List { name: "rademacher", marks: &["/rademacher_given_X"], compare: bounds::rademacher },
        List { name: "kernels", marks: &["/values/0/random_features"], compare: bounds::kernels },
        List { name: "absolute", marks: &["/l1_excess_of_zero"], compare: bounds::absolute },
        List { name: "lemma17", marks: &["/second_moment_uniform"], compare: bounds::lemma_17 },
    ],
}];
