//! What a run trains on: network, Σ and its top space, inputs and labels, the test, the start.

use super::settings::Settings;
use crate::compute::common::{self, NetworkArgs, Notes, TopRequest};
use crate::files::target::{self, TargetFile};
use crate::{files::array, terminal::solve::SolveBar};
use anyhow::{Result, ensure};
use escapement::eigen::{self, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::{Error, activation::Activation, seed, sphere, tolerance};
use escapement::{construct::Target, covariance::Covariance};
use faer::{Mat, MatRef, Par};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

/// Everything that a run needs but the eigenvectors of Σ, which take time.
pub struct Data {
    /// The settings, with every default filled in.
    pub settings: Settings,
    /// The function that is trained.
    pub model: Model,
    /// ℓ.
    pub loss: Loss,
    /// Bytes that may be used.
    pub memory: u64,
    /// Bytes of them that the descent and the least eigenvalue need.
    needed: f64,
    /// n_k.
    pub rank: usize,
    /// The residual that the eigenvectors may leave, relative to the largest eigenvalue.
    residual: f64,
    activation: Arc<dyn Activation>,
    cov: Covariance,
    x: Mat<f64>,
    y: Vec<f64>,
    /// Fresh inputs, and the values of f* at them.
    test: Option<(Mat<f64>, Vec<f64>)>,
    /// The displacement at step 0.
    pub start: Mat<f64>,
}

/// Everything that a run needs.
pub struct Problem {
    /// The part that does not depend on the eigenvectors.
    pub data: Data,
    net: PairedNetwork,
    top: TopSpace,
}

impl Data {
    /// Reads and draws what `settings` (see [`Settings::resolved`]) ask for.
    ///
    /// # Errors
    /// Files that cannot be read or do not fit one another, and sizes that do not fit in memory.
    pub fn new(mut settings: Settings, notes: &mut Notes) -> Result<Self> {
        let (_, model) = common::model(settings.model.as_deref().unwrap_or_default())?;
        let loss = Loss::parse(settings.loss.as_deref().unwrap_or_default())?;
        let file = settings.target.as_deref().map(target::read).transpose()?;
        if settings.d.is_none() && settings.weights.is_none() {
            settings.d = match &settings.inputs {
                Some(path) => Some(array::read_matrix(path)?.values.ncols()),
                None => file.as_ref().and_then(TargetFile::dimension),
            };
        }
        let network = network_of(&settings);
        let (memory, activation) = (network.memory()?, network.activation()?);
        let neurons = network.neurons(memory, notes)?;
        let (p, d) = (neurons.p, neurons.d);
        let target = match file {
            Some(file) => Some(file.target(d)?),
            None if settings.labels.is_none() => Some(target::default_target(d)?),
            None => None,
        };
        let given = settings
            .inputs
            .as_deref()
            .map(|path| common::read_inputs(path, d, settings.n, notes))
            .transpose()?;
        let k = settings.k.or(target.as_ref().map(Target::k)).unwrap_or(1);
        let n = given.as_ref().map_or(settings.n.unwrap_or(100), Mat::nrows);
        (settings.d, settings.m, settings.n, settings.k) = (Some(d), Some(2 * p), Some(n), Some(k));
        let needed = bytes_needed(&settings, n, 2 * p, 2 * p * d);
        let drawn = 8.0 * (n as f64 + settings.test.unwrap_or(0) as f64) * d as f64;
        common::fits("training", needed + drawn, memory, "take a smaller n, m, --test or --products")?;
        let top = network.top_request(k, p, d, activation.as_ref(), memory)?;

        let draws = Draws { seed: network.seed, key: neurons.key(), d };
        let x = given.unwrap_or_else(|| draws.inputs("inputs", n));
        let y = draws.labels(&settings, target.as_ref(), &x)?;
        let test = draws.test(&settings, target.as_ref())?;
        let start = match &settings.start {
            Some(path) => common::read_displacement(path, p, d)?,
            None => Mat::zeros(2 * p, d),
        };
        let TopRequest { rank, tolerance: residual, levels } = top;
        let cov = Covariance::from_levels(neurons.weights(), levels)?;
        Ok(Self {
            settings,
            model,
            loss,
            memory,
            needed,
            rank,
            residual,
            activation,
            cov,
            x,
            y,
            test,
            start,
        })
    }

    /// Hashes of what is not in the settings, by name: files may change under their names.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let column = |y: &[f64]| digest(MatRef::from_column_major_slice(y, y.len(), 1));
        let mut all = BTreeMap::from([
            ("the weights".to_owned(), digest(self.cov.weights())),
            ("the inputs".to_owned(), digest(self.x.as_ref())),
            ("the labels".to_owned(), column(&self.y)),
            ("the start".to_owned(), digest(self.start.as_ref())),
        ]);
        if let Some((x, y)) = &self.test {
            all.insert("the test".to_owned(), digest(x.as_ref()) + &column(y));
        }
        all
    }

    /// W0, p × d.
    pub fn weights(&self) -> MatRef<'_, f64> {
        self.cov.weights()
    }

    /// Solves for the top space of Σ; `None` where that was stopped.
    ///
    /// # Errors
    /// A solve that fails, or a rank at which there is no gap.
    pub fn solve(self, mut stopped: impl FnMut() -> bool) -> Result<Option<Problem>> {
        let par = Par::rayon(0);
        let solve = SolveBar::new(self.rank, self.residual);
        let pairs =
            eigen::solve_top(&self.cov, self.rank, self.residual, self.memory, par, &mut |progress| {
                solve.show(progress);
                if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        solve.end();
        let pairs = pairs?;
        if pairs.stopped || stopped() {
            return Ok(None);
        }
        let top = TopSpace::new(&pairs, self.rank)?;
        let net = PairedNetwork::new(self.cov.weights(), self.activation.clone(), tolerance::UNIT_NORM_F64)?;
        Ok(Some(Problem { data: self, net, top }))
    }
}

impl Problem {
    /// L_λ.
    ///
    /// # Errors
    /// As [`RegularizedLoss::new`].
    pub fn objective(&self) -> Result<RegularizedLoss<'_>> {
        let Data { cov, x, y, loss, model, memory, needed, settings, .. } = &self.data;
        let of = Regularizers { cov, top: &self.top, net: &self.net, x: x.as_ref() };
        let left = memory.saturating_sub(*needed as u64);
        Ok(RegularizedLoss::new(
            of,
            y,
            *loss,
            settings.lambda.unwrap_or_default(),
            *model,
            left,
            Par::rayon(0),
        )?)
    }

    /// A hash of the top space: its bits may depend on the machine and the number of threads.
    pub fn top_digest(&self) -> String {
        digest(self.top.vectors())
    }

    /// The mean loss of the model at `w` on the fresh inputs.
    ///
    /// # Errors
    /// A loss that overflows.
    pub fn test_loss(&self, w: MatRef<'_, f64>) -> Result<Option<f64>> {
        let Some((x, y)) = &self.data.test else { return Ok(None) };
        let (net, x, par) = (&self.net, x.as_ref(), Par::rayon(0));
        let prediction = net.predict(self.data.model, x, w, par)?;
        let loss = self.data.loss.mean(y, &prediction)?;
        ensure!(loss.is_finite(), Error::Numerical { what: "the test loss", why: format!("it is {loss}") });
        Ok(Some(loss))
    }
}

/// The options of the network, as the other commands on a network take them.
fn network_of(settings: &Settings) -> NetworkArgs {
    NetworkArgs {
        d: settings.d,
        m: settings.m,
        weights: settings.weights.clone(),
        activation: settings.activation.clone().unwrap_or_default(),
        tail: settings.tail,
        memory: settings.memory.clone(),
        seed: settings.seed.unwrap_or(0),
    }
}

/// The bytes that the descent and the search for the least eigenvalue take, for n inputs, width m and
/// `order` = m·d weights.
fn bytes_needed(settings: &Settings, n: usize, m: usize, order: usize) -> f64 {
    let products = settings.products.unwrap_or(0).min(order) as f64;
    let (size, order) = (n as f64 * m as f64, order as f64);
    let columns = if order <= 600.0 { 2.0 * order } else { products };
    8.0 * (6.0 * size + order * (6.0 + columns))
}

/// The random draws for a network, keyed by the seed and the name of the network.
struct Draws {
    seed: u64,
    key: String,
    d: usize,
}

impl Draws {
    /// The stream of random numbers for this purpose.
    fn stream(&self, purpose: &str) -> impl Rng {
        seed::stream(self.seed, &self.key, purpose)
    }

    /// n inputs on the sphere of radius √d, one per row.
    fn inputs(&self, purpose: &str, n: usize) -> Mat<f64> {
        sphere::uniform_sphere(&mut self.stream(purpose), n, self.d, (self.d as f64).sqrt())
    }

    /// The labels of the inputs: those of a file, or those of the target with noise.
    fn labels(&self, settings: &Settings, target: Option<&Target>, x: &Mat<f64>) -> Result<Vec<f64>> {
        let y = match (&settings.labels, target) {
            (Some(path), _) => array::read_vector(path)?,
            (None, Some(target)) => {
                let (level, rng) = (settings.label_noise.unwrap_or(0.0), &mut self.stream("label noise"));
                let noise = std::iter::repeat_with(|| -> f64 { StandardNormal.sample(rng) });
                let y: Vec<f64> =
                    values(target, x)?.into_iter().zip(noise).map(|(y, noise)| y + level * noise).collect();
                ensure!(
                    y.iter().all(|y| y.is_finite()),
                    Error::domain("--label-noise", level, "the labels leave the range of f64")
                );
                y
            }
            (None, None) => Vec::new(),
        };
        ensure!(
            y.len() == x.nrows(),
            "{} holds {} labels, but there are {} inputs: one label per input",
            settings.labels.as_deref().unwrap_or("the target".as_ref()).display(),
            y.len(),
            x.nrows()
        );
        Ok(y)
    }

    /// Fresh inputs and the values of the target there; `None` where no test is asked for.
    fn test(&self, settings: &Settings, target: Option<&Target>) -> Result<Option<(Mat<f64>, Vec<f64>)>> {
        let size = settings.test.unwrap_or(0);
        let Some(target) = target.filter(|_| size > 0) else { return Ok(None) };
        let x = self.inputs("test inputs", size);
        let y = values(target, &x)?;
        Ok(Some((x, y)))
    }
}

/// `f_k + f_sp` at each input.
fn values(target: &Target, x: &Mat<f64>) -> Result<Vec<f64>> {
    let (low, sparse) = (target.f_k(x.as_ref())?, target.f_sp(x.as_ref())?);
    Ok(low.iter().zip(&sparse).map(|(a, b)| a + b).collect())
}

fn digest(m: MatRef<'_, f64>) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(format!("{} {}", m.nrows(), m.ncols()).as_bytes());
    for j in 0..m.ncols() {
        m.col(j).iter().for_each(|x| {
            hash.update(&x.to_le_bytes());
        });
    }
    hash.finalize().to_hex()[..32].to_owned()
}
