//! What a run trains on: network, Σ and its top space, inputs and labels, the test, the start.

use super::settings::Settings;
use crate::compute::common::{self, NetworkArgs, Notes};
use crate::compute::construct;
use crate::files::{npy, target};
use crate::terminal::solve::SolveBar;
use anyhow::{Result, anyhow, ensure};
use escapement::construct::Target;
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::{Error, activation::Activation, seed, sphere, tolerance};
use faer::{Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Everything but the eigenvectors of Σ, which take time.
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
    request: Request,
    activation: Arc<dyn Activation>,
    cov: Covariance,
    x: Mat<f64>,
    y: Vec<f64>,
    /// Fresh inputs and f* there.
    test: Option<(Mat<f64>, Vec<f64>)>,
    /// The displacement at step 0.
    pub start: Mat<f64>,
}

/// With them.
pub struct Problem {
    /// What does not depend on them.
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
        let seed = settings.seed.unwrap_or(0);
        let (_, model) = common::model(settings.model.as_deref().unwrap_or_default())?;
        let loss = Loss::parse(settings.loss.as_deref().unwrap_or_default())?;
        let file = settings
            .target
            .as_deref()
            .map(|path| target::read(path).map(|file| (path.to_owned(), file)))
            .transpose()?;
        if settings.d.is_none() && settings.weights.is_none() {
            let of_target = file.as_ref().and_then(|(_, file)| {
                file.sparse
                    .first()
                    .map(|t| t.beta.len())
                    .or_else(|| file.low_degree.first().map(|t| t.eta.len()))
            });
            settings.d = match &settings.inputs {
                Some(path) => Some(npy::read_matrix(path)?.values.ncols()),
                None => of_target,
            };
        }
        let network = NetworkArgs {
            d: settings.d,
            m: settings.m,
            weights: settings.weights.clone(),
            activation: settings.activation.clone().unwrap_or_default(),
            tail: settings.tail,
            memory: settings.memory.clone(),
            seed,
        };
        let (memory, activation) = (network.memory()?, network.activation()?);
        let neurons = network.neurons(memory, notes)?;
        let (p, d, key) = (neurons.p, neurons.d, neurons.key());
        let target = match file {
            Some((path, file)) => {
                Some(construct::from_file(d, file).map_err(|e| anyhow!("{}: {e}", path.display()))?)
            }
            None if settings.labels.is_none() => Some(construct::default_target(d)?),
            None => None,
        };
        let k = settings.k.or(target.as_ref().map(Target::k)).unwrap_or(1);
        let given = settings
            .inputs
            .as_deref()
            .map(|path| common::read_inputs(path, d, settings.n, notes))
            .transpose()?;
        let n = given.as_ref().map_or(settings.n.unwrap_or(100), Mat::nrows);
        (settings.d, settings.m, settings.n, settings.k) = (Some(d), Some(2 * p), Some(n), Some(k));

        let test = settings.test.unwrap_or(0);
        let products = settings.products.unwrap_or(0).min(2 * p * d) as f64;
        let (size, order) = (n as f64 * 2.0 * p as f64, 2.0 * p as f64 * d as f64);
        let needed = 8.0 * (6.0 * size + order * (6.0 + if order <= 600.0 { 2.0 * order } else { products }));
        let drawn = 8.0 * (n + test) as f64 * d as f64;
        common::fits("training", needed + drawn, memory, "take a smaller n, m, --test or --products")?;
        let (rank, request, levels) = network.levels_for(k, p, d, activation.as_ref(), memory)?;

        let stream = |purpose: &str| seed::stream(seed, &key, purpose);
        let draw =
            |purpose: &str, n: usize| sphere::uniform_sphere(&mut stream(purpose), n, d, (d as f64).sqrt());
        let values = |target: &Target, x: &Mat<f64>| -> Result<Vec<f64>> {
            let (low, sparse) = (target.f_k(x.as_ref())?, target.f_sp(x.as_ref())?);
            Ok(low.iter().zip(&sparse).map(|(a, b)| a + b).collect())
        };
        let x = given.unwrap_or_else(|| draw("inputs", n));
        let y = match (&settings.labels, &target) {
            (Some(path), _) => npy::read_vector(path)?,
            (None, Some(target)) => {
                let (level, rng) = (settings.label_noise.unwrap_or(0.0), &mut stream("label noise"));
                let noise = std::iter::repeat_with(|| -> f64 { StandardNormal.sample(rng) });
                values(target, &x)?.into_iter().zip(noise).map(|(y, noise)| y + level * noise).collect()
            }
            (None, None) => Vec::new(),
        };
        ensure!(
            y.len() == n,
            "{} holds {} labels, but there are {n} inputs: one label per input",
            settings.labels.as_deref().unwrap_or("the target".as_ref()).display(),
            y.len()
        );
        let test = match target.filter(|_| test > 0) {
            Some(target) => {
                let x = draw("test inputs", test);
                let y = values(&target, &x)?;
                Some((x, y))
            }
            None => None,
        };
        let start = match &settings.start {
            Some(path) => common::read_displacement(path, p, d)?,
            None => Mat::zeros(2 * p, d),
        };
        let cov = Covariance::from_levels(neurons.weights(), levels)?;
        Ok(Self { settings, model, loss, memory, needed, rank, request, activation, cov, x, y, test, start })
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
        let solve = SolveBar::new(self.request.top.unwrap_or(0), self.request.tolerance);
        let pairs = eigen::solve_observed(
            &self.cov,
            &self.request,
            RouteChoice::Auto,
            self.memory,
            par,
            &mut |progress| {
                solve.show(progress);
                if stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
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
    /// It overflows.
    pub fn test_loss(&self, w: MatRef<'_, f64>) -> Result<Option<f64>> {
        let Some((x, y)) = &self.data.test else { return Ok(None) };
        let (net, x, par) = (&self.net, x.as_ref(), Par::rayon(0));
        let prediction = net.predict(self.data.model, x, w, par)?;
        let loss = self.data.loss.mean(y, &prediction)?;
        ensure!(loss.is_finite(), Error::Numerical { what: "the test loss", why: format!("it is {loss}") });
        Ok(Some(loss))
    }
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
