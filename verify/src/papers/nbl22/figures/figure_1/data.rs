//! What a seed draws: weights, inputs and labels, the same for every λ.

use super::settings::{Settings, Variant};
use crate::papers::nbl22::figures::ACTIVATION;
use anyhow::Result;
use escapement::network::PairedNetwork;
use escapement::seed::{self, ChaCha20Rng};
use escapement::{activation, sphere};
use faer::Mat;
use rand_distr::{Distribution, StandardNormal};

/// The key of the random streams, also of experiments on the same data.
pub const KEY: &str = "experiment figure-1";

/// Inputs and labels.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// `[n, d]`.
    pub x: Mat<f64>,
    /// n numbers, without noise.
    pub y: Vec<f64>,
}

/// What a seed draws.
#[derive(Debug, Clone)]
pub struct Data {
    /// The initialisation.
    pub net: PairedNetwork,
    /// What is trained on.
    pub train: Labelled,
    /// What is tested on.
    pub test: Labelled,
    variant: Variant,
    beta: Vec<f64>,
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
        let beta = sphere::uniform_sphere(&mut stream("target"), 1, sizes.d, 1.0);
        let beta: Vec<f64> = (0..sizes.d).map(|c| beta[(0, c)]).collect();
        let nothing = || Labelled { x: Mat::new(), y: Vec::new() };
        let mut data = Self { net, train: nothing(), test: nothing(), variant: settings.variant, beta };
        data.train = data.labelled(&mut stream("inputs"), sizes.n);
        data.test = data.labelled(&mut stream("test inputs"), sizes.test);
        Ok(data)
    }

    /// `n` inputs from `rng`, and f* there.
    fn labelled(&self, rng: &mut ChaCha20Rng, n: usize) -> Labelled {
        let x = inputs(self.variant, rng, n, self.net.d());
        let y = (0..n).map(|i| self.target(|c| x[(i, c)])).collect();
        Labelled { x, y }
    }

    /// f*.
    fn target(&self, x: impl Fn(usize) -> f64) -> f64 {
        let along: f64 = self.beta.iter().enumerate().map(|(c, b)| b * x(c)).sum();
        match self.variant {
            Variant::AsRun => (along * along - 1.0 + along) / 3f64.sqrt(),
            Variant::AsPrinted => x(0) - 1.0 + along * along,
        }
    }
}

/// A network of width m with the activation of the paper.
///
/// # Errors
/// Sizes that are not allowed.
pub fn network(rng: &mut ChaCha20Rng, m: usize, d: usize) -> Result<PairedNetwork> {
    Ok(PairedNetwork::random(rng, m / 2, d, activation::parse(ACTIVATION)?)?)
}

/// `n` inputs: `[n, d]`, read from `rng` row by row.
pub fn inputs(variant: Variant, rng: &mut ChaCha20Rng, n: usize, d: usize) -> Mat<f64> {
    match variant {
        Variant::AsRun => {
            let mut x = Mat::zeros(n, d);
            (0..n).for_each(|i| (0..d).for_each(|c| x[(i, c)] = StandardNormal.sample(rng)));
            x
        }
        Variant::AsPrinted => sphere::uniform_sphere(rng, n, d, (d as f64).sqrt()),
    }
}
