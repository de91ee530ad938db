//! What a seed draws: weights, and inputs with labels, or the samples of a given dataset that are held out.

use super::settings::{Dataset, Labelled, Settings};
use crate::papers::nbl22::figures::figure_1::data::network;
use anyhow::Result;
use escapement::network::PairedNetwork;
use escapement::seed::{self, ChaCha20Rng};
use escapement::sphere;
use faer::Mat;
use rand::seq::SliceRandom;

/// The key of the random streams.
const KEY: &str = "experiment taylor";

/// What a seed draws.
pub struct Data {
    /// The initialisation.
    pub net: PairedNetwork,
    /// What is trained on.
    pub train: Labelled,
    /// What is tested on.
    pub test: Labelled,
}

impl Data {
    /// Draws it.
    ///
    /// # Errors
    /// Sizes that are not allowed.
    pub fn draw(settings: &Settings, seed: u64) -> Result<Self> {
        let sizes = settings.sizes();
        let stream = |purpose: &str| seed::stream(seed, KEY, purpose);
        let net = network(&mut stream("weights"), sizes.m, sizes.d)?;
        let (train, test) = match &settings.dataset {
            None => {
                let rng = &mut stream("target");
                let mut direction = || sphere::uniform_sphere(rng, 1, sizes.d, 1.0);
                let (eta, beta) = (direction(), direction());
                let labelled = |rng: &mut ChaCha20Rng, n| {
                    task(sphere::uniform_sphere(rng, n, sizes.d, (sizes.d as f64).sqrt()), &eta, &beta)
                };
                (labelled(&mut stream("inputs"), sizes.n), labelled(&mut stream("test inputs"), sizes.test))
            }
            Some(Dataset { samples, test: Some(test) }) => (samples.clone(), test.clone()),
            Some(Dataset { samples, test: None }) => {
                let mut order: Vec<usize> = (0..samples.y.len()).collect();
                order.shuffle(&mut stream("held out"));
                let (held, kept) = order.split_at(sizes.test);
                (rows(samples, kept), rows(samples, held))
            }
        };
        Ok(Self { net, train, test })
    }
}

/// `η·x + ((β·x)² − 1)/√2` at the inputs: each of the two parts has variance 1, up to O(1/d).
fn task(x: Mat<f64>, eta: &Mat<f64>, beta: &Mat<f64>) -> Labelled {
    let along = |direction: &Mat<f64>| &x * direction.transpose();
    let (dense, sparse) = (along(eta), along(beta));
    let y = (0..x.nrows()).map(|i| dense[(i, 0)] + (sparse[(i, 0)].powi(2) - 1.0) / 2f64.sqrt()).collect();
    Labelled { x, y }
}

/// Some samples of a dataset.
fn rows(of: &Labelled, which: &[usize]) -> Labelled {
    Labelled {
        x: Mat::from_fn(which.len(), of.x.ncols(), |i, c| of.x[(which[i], c)]),
        y: which.iter().map(|&i| of.y[i]).collect(),
    }
}
