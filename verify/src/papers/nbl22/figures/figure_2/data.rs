//! What a seed draws in a dimension: a network, β and two sequences of inputs, the same for every
//! normalisation; and training on the first n.

use super::Case;
use super::settings::Settings;
use super::target::Scales;
use crate::papers::nbl22::figures::figure_1::Variant;
use crate::papers::nbl22::figures::figure_1::bits::{Bits, fill_columns, put_columns};
use crate::papers::nbl22::figures::figure_1::data::inputs;
use anyhow::{Result, ensure};
use escapement::seed::{self, ChaCha20Rng};
use escapement::sphere;
use escapement::training::relu::{ReluNetwork, ReluProblem, ReluWorkspace};
use faer::Par;

/// What a case trains on, without the inputs themselves, which are drawn again for each n.
pub struct Data<T: Bits> {
    pub case: Case,
    variant: Variant,
    scales: Scales,
    beta: Vec<f64>,
    net: ReluNetwork<T>,
    test: ReluProblem<T>,
}

impl<T: Bits> Data<T> {
    /// Draws it.
    ///
    /// # Errors
    /// Sizes that are not allowed.
    pub fn draw(settings: &Settings, case: Case) -> Result<Self> {
        let (sizes, d) = (settings.sizes(), case.d);
        let beta = sphere::uniform_sphere(&mut case.stream("target"), 1, d, 1.0);
        let beta: Vec<f64> = (0..d).map(|c| beta[(0, c)]).collect();
        let (variant, scales) = (settings.variant, case.scales(settings.variant));
        let test = problem(variant, &scales, &beta, &mut case.stream("test inputs"), sizes.test)?;
        let net = ReluNetwork::random(&mut case.stream("weights"), d, sizes.m)?;
        Ok(Self { case, variant, scales, beta, net, test })
    }

    /// Training on the first `n` inputs, from the start on.
    ///
    /// # Errors
    /// As [`ReluProblem::new`].
    pub fn training(&self, n: usize) -> Result<Training<'_, T>> {
        let train = problem(self.variant, &self.scales, &self.beta, &mut self.case.stream("inputs"), n)?;
        let [space, test_space] = [&train, &self.test].map(|problem| problem.workspace(&self.net));
        Ok(Training { train, test: &self.test, net: self.net.clone(), space, test_space })
    }
}

impl Case {
    fn stream(&self, purpose: &str) -> ChaCha20Rng {
        seed::stream(self.seed, &format!("experiment figure-2 d={}", self.d), purpose)
    }
}

/// The first `n` inputs of a stream, with f* there.
fn problem<T: Bits>(
    variant: Variant,
    scales: &Scales,
    beta: &[f64],
    rng: &mut ChaCha20Rng,
    n: usize,
) -> Result<ReluProblem<T>> {
    let x = inputs(variant, rng, n, beta.len());
    let y: Vec<f64> = (0..n).map(|i| scales.target(beta, |c| x[(i, c)])).collect();
    Ok(ReluProblem::new(x.as_ref(), &y)?)
}

/// A network on its way.
pub struct Training<'a, T: Bits> {
    train: ReluProblem<T>,
    test: &'a ReluProblem<T>,
    net: ReluNetwork<T>,
    space: ReluWorkspace<T>,
    test_space: ReluWorkspace<T>,
}

impl<T: Bits> Training<'_, T> {
    /// The losses on the inputs that are trained on and on the others.
    ///
    /// # Errors
    /// A network that has diverged.
    pub fn losses(&mut self) -> escapement::Result<(f64, f64)> {
        let train = self.train.loss(&self.net, &mut self.space, Par::rayon(0))?;
        Ok((train, self.test.loss(&self.net, &mut self.test_space, Par::rayon(0))?))
    }

    /// A step of gradient descent; returns the loss before it.
    ///
    /// # Errors
    /// A network that has diverged.
    pub fn step(&mut self, eta: f64) -> escapement::Result<f64> {
        self.train.descend(&mut self.net, eta, &mut self.space, Par::rayon(0))
    }

    /// The bits of the network: first layer by neurons, second layer, offset.
    pub fn bits(&self) -> Vec<u8> {
        let (net, mut bytes) = (&self.net, Vec::new());
        put_columns(&net.first, &mut bytes);
        net.second.iter().chain([&net.offset]).for_each(|x| x.put(&mut bytes));
        bytes
    }

    /// The network from its bits.
    ///
    /// # Errors
    /// There are not as many as it has.
    pub fn set_bits(&mut self, bytes: &[u8]) -> Result<()> {
        let net = &mut self.net;
        let needed = ((net.d() + 2) * net.m() + 1) * T::BYTES;
        ensure!(
            bytes.len() == needed,
            "a checkpoint holds {} bytes of the network, which has {needed}",
            bytes.len()
        );
        let mut all = bytes.chunks_exact(T::BYTES).map(T::get);
        fill_columns(&mut net.first, &mut all);
        net.second.iter_mut().chain([&mut net.offset]).zip(all).for_each(|(to, x)| *to = x);
        Ok(())
    }
}
