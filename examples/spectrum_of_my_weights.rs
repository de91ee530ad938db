//! The spectrum of the feature covariance Σ of your weights, or of random ones where no file is given.
//!
//! ```sh
//! cargo run --release -p escapement-cli --example spectrum_of_my_weights
//! cargo run --release -p escapement-cli --example spectrum_of_my_weights W0.npy   # one unit row a neuron
//! ```

use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice};
use escapement::{activation, seed, sphere};
use escapement_cli::files::array::read_matrix;
use faer::{Mat, MatRef, Par};
use std::path::Path;

fn random(p: usize, d: usize) -> Mat<f64> {
    sphere::uniform_sphere(&mut seed::stream(1, "spectrum of my weights", "weights"), p, d, 1.0)
}

/// Prints the levels of Σ for the sigmoid of z − 1, and as many of its largest eigenvalues as degree 1 has.
fn spectrum(weights: MatRef<'_, f64>) -> escapement::Result<()> {
    let sigma = activation::parse("sigmoid:1")?;
    let cov = Covariance::new(weights, sigma.as_ref(), sphere::Truncation::default())?;
    println!("Σ at d = {}, m = {}: trace {:.6}", cov.d(), cov.m(), cov.trace());
    for level in cov.levels().levels.iter().take(3) {
        println!("  degree {}: {} eigenvalues near {:.6}", level.degree, level.dimension, level.kappa);
    }
    let pairs =
        eigen::solve(&cov, &Request::top(cov.d()), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq)?;
    println!("the largest: {:.6?}", pairs.eigenvalues);
    println!("each to within {:.1e}", pairs.residual_max + pairs.rounding_bound() + pairs.truncation_bound);
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let weights = match std::env::args_os().nth(1) {
        Some(file) => read_matrix(Path::new(&file))?.values,
        None => random(200, 6),
    };
    Ok(spectrum(weights.as_ref())?)
}

#[test]
fn random_weights_have_a_spectrum() -> escapement::Result<()> {
    spectrum(random(40, 5).as_ref())
}
