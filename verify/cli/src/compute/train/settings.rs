//! What a run is made of: the same names as flags and as keys of a TOML file.

use anyhow::{Result, anyhow, bail, ensure};
use escapement::descent::{DescentOptions, LeastOptions, StepSize};
use escapement::{Error, objective::Loss};
use escapement_verify::files::toml_file;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

use super::values::{Every, Step};
use crate::compute::common;

/// The settings of a run. `None` stands for the default.
#[derive(Debug, Default, Clone, Deserialize, Serialize, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Which function is trained: network (f), quadratic (f_L + f_Q), quadratic-term (f_Q) or linear (f_L)
    /// [default: network]
    #[arg(long)]
    pub model: Option<String>,
    /// The input dimension d, at least 3 [default: 10, or that of the files]
    #[arg(long)]
    pub d: Option<usize>,
    /// The width m, even: p = m/2 neurons and their twins [default: 400, or that of the weights]
    #[arg(long)]
    pub m: Option<usize>,
    /// The activation, with an optional shift, as in tanh:0.5 [default: sigmoid:1]
    #[arg(long)]
    pub activation: Option<String>,
    /// Weights W0 from a .npy file: p × d, one distinct neuron per row [default: drawn]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The low degree k: R1, R2 and R3 treat the top n_k eigenvectors of Σ, those of degrees up to k, apart
    /// [default: that of the target, or 1]
    #[arg(long)]
    pub k: Option<usize>,
    /// Inputs from a .npy file: n × d [default: drawn]
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// Labels from a .npy file: n numbers, with --inputs [default: those of the target]
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// How many inputs are drawn where none are given [default: 100]
    #[arg(long)]
    pub n: Option<usize>,
    /// The target f* behind the labels and the test, as TOML (see construct --help) [default: x_2 + x_1²]
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// The standard deviation of normal noise on the labels of the target [default: 0]
    #[arg(long, value_name = "NUMBER")]
    pub label_noise: Option<f64>,
    /// How many fresh inputs the test loss against f* is taken on, at steps 0 to 8, 10, 12, 14, 16, 20, ...
    /// and at the end; 0 for no test [default: 1000 where there is a target]
    #[arg(long, value_name = "N")]
    pub test: Option<usize>,
    /// The loss: pseudo-huber, log-cosh, square or absolute [default: pseudo-huber]
    #[arg(long)]
    pub loss: Option<String>,
    /// The weights λ1,λ2,λ3,λ4 of the regularisers R1 to R4 in L_λ [default: 0,0,0,0]
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true, value_parser = common::lambda)]
    pub lambda: Option<[f64; 4]>,
    /// How long a step is: backtracking, or a number η for all steps [default: backtracking]
    #[arg(long)]
    pub step: Option<Step>,
    /// The first η that backtracking tries [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub first_step: Option<f64>,
    /// Normal noise of root mean square norm s is added to each gradient [default: 0]
    #[arg(long, value_name = "NUMBER")]
    pub noise: Option<f64>,
    /// The descent ends where the gradient norm is at most ν [default: 1e-4]
    #[arg(long, value_name = "NUMBER")]
    pub nu: Option<f64>,
    /// The descent ends only where the least eigenvalue of the Hessian is also certified to be −γ or more
    /// [default: not asked for]
    #[arg(long, value_name = "NUMBER")]
    pub gamma: Option<f64>,
    /// The number of steps after which the descent ends in any case. It may be raised when a run goes on
    /// [default: 10000]
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// The number of steps without a lower L_λ after which the descent ends as stagnated [default: 2000]
    #[arg(long, value_name = "N")]
    pub patience: Option<u64>,
    /// Hessian-vector products that a least eigenvalue may take; 0 for none at the end [default: 300]
    #[arg(long, value_name = "N")]
    pub products: Option<usize>,
    /// The displacement to start from, a .npy file, m × d: neurons, then twins [default: zero]
    #[arg(long, value_name = "FILE")]
    pub start: Option<PathBuf>,
    /// The root seed of everything that is drawn [default: 0]
    #[arg(long)]
    pub seed: Option<u64>,
    /// The part of the degree series of Σ that may be left out, relative to its largest eigenvalue [default:
    /// 1e-12]
    #[arg(long, value_name = "NUMBER")]
    pub tail: Option<f64>,
    /// How much memory may be used, as 4GiB [default: all that the machine has]
    #[arg(long, allow_hyphen_values = true)]
    pub memory: Option<String>,
    /// How often a checkpoint is written: a number of steps, or seconds as in 60s [default: 60s]
    #[arg(long, value_name = "STEPS|SECONDS")]
    pub checkpoint_every: Option<Every>,
}

impl Settings {
    /// Reads the settings of a TOML file. Paths in it start from its own folder.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, or a value of the wrong type.
    pub fn read(path: &Path) -> Result<Self> {
        let say = |why: String| anyhow!("{}{why}", path.display());
        let source = toml_file::read(path, "a configuration")?;
        let table: toml::Table = toml_file::parse(&source).map_err(say)?;
        let keys: Vec<String> = Self::default().map()?.into_iter().map(|(key, _)| key).collect();
        if let Some(unknown) = table.keys().find(|key| !keys.contains(key)) {
            let near = |key: &&String| (1e6 * strsim::normalized_damerau_levenshtein(unknown, key)) as u64;
            let nearest = keys.iter().max_by_key(near).cloned().unwrap_or_default();
            return Err(say(format!(
                ": the key '{unknown}' is not known; did you mean '{nearest}'? (all: {})",
                keys.join(", ")
            )));
        }
        let mut settings: Self = toml_file::parse(&source).map_err(say)?;
        settings.numbers().map_err(|why| say(format!(": {why}")))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in settings.files() {
            *file = file.take().map(|f| folder.join(f));
        }
        Ok(settings)
    }

    /// The paths of all files that the settings name.
    fn files(&mut self) -> [&mut Option<PathBuf>; 5] {
        [&mut self.weights, &mut self.inputs, &mut self.labels, &mut self.target, &mut self.start]
    }

    /// These settings, completed by those of `file` where they say nothing.
    ///
    /// # Errors
    /// A number that is out of its range.
    pub fn over(&self, file: &Self) -> Result<Self> {
        self.numbers()?;
        let mut all = file.map()?;
        all.extend(self.map()?.into_iter().filter(|(_, value)| !value.is_null()));
        Ok(serde_json::from_value(Value::Object(all))?)
    }

    /// These settings, checked, with absolute paths and with every default that depends on no file.
    ///
    /// # Errors
    /// A number that is not allowed, or settings that contradict one another.
    pub fn resolved(mut self) -> Result<Self> {
        for file in self.files() {
            *file = file.take().map(std::path::absolute).transpose()?;
        }
        ensure!(
            self.labels.is_none() || self.inputs.is_some(),
            "labels without inputs say nothing: give --inputs as well"
        );
        ensure!(
            self.inputs.is_none() || self.labels.is_some() || self.target.is_some(),
            "inputs need labels: give --labels, or a --target that takes its values there"
        );
        ensure!(
            self.labels.is_none() || self.label_noise.unwrap_or(0.0) == 0.0,
            "--label-noise is for the labels of a target: labels from a file are used as they are"
        );
        self.label_noise = self.label_noise.filter(|level| *level > 0.0);
        let has_target = self.target.is_some() || self.labels.is_none();
        ensure!(
            has_target || self.test.unwrap_or(0) == 0,
            "a test needs the target behind the labels: give --target as well"
        );
        let options = DescentOptions::default();
        self.model.get_or_insert_with(|| "network".into());
        self.activation.get_or_insert_with(|| "sigmoid:1".into());
        self.loss.get_or_insert_with(|| "pseudo-huber".into());
        self.lambda.get_or_insert([0.0; 4]);
        self.step.get_or_insert(Step::Backtracking);
        // A fixed step on the command line overrides a file with a first one.
        self.first_step = (self.step == Some(Step::Backtracking)).then(|| self.first_step.unwrap_or(1.0));
        self.noise.get_or_insert(0.0);
        self.nu.get_or_insert(options.gradient);
        self.max_steps.get_or_insert(options.max_steps);
        self.patience.get_or_insert(options.patience);
        self.products.get_or_insert(LeastOptions::default().max_products);
        self.seed.get_or_insert(0);
        self.checkpoint_every.get_or_insert(Every::Seconds(60.0));
        self.test.get_or_insert(if has_target { 1000 } else { 0 });
        if self.inputs.is_none() {
            self.n.get_or_insert(100);
        }
        self.check()?;
        Ok(self)
    }

    /// Refuses a number that is not finite or out of its range: JSON would write NaN as null, which stands
    /// for a default.
    fn numbers(&self) -> Result<()> {
        let lambda = self.lambda.unwrap_or_default().into_iter();
        let mut numbers: Vec<(String, f64, f64)> =
            lambda.zip(1..).map(|(l, i)| (format!("λ{i} of lambda"), l, 0.0)).collect();
        let above = f64::MIN_POSITIVE;
        for (name, value, least) in [
            ("first-step", self.first_step, above),
            ("noise", self.noise, 0.0),
            ("nu", self.nu, 0.0),
            ("gamma", self.gamma, above),
            ("label-noise", self.label_noise, 0.0),
            ("tail", self.tail, above),
        ] {
            numbers.extend(value.map(|value| (name.to_owned(), value, least)));
        }
        for (name, value, least) in numbers {
            let allowed = if least > 0.0 {
                "it must be a finite number above zero"
            } else {
                "it must be a finite number, zero or above"
            };
            ensure!(value >= least && value.is_finite(), Error::domain(name, value, allowed));
        }
        if let (Some(_), Some(Step::Fixed(eta))) = (self.first_step, self.step) {
            bail!("first-step is for backtracking, but step = {eta} is fixed: give one of them");
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let loss = Loss::parse(self.loss.as_deref().unwrap_or_default())?;
        ensure!(
            self.gamma.is_none() || loss.is_smooth(),
            Error::domain(
                "loss",
                loss.name(),
                "gamma needs a second derivative: pseudo-huber, log-cosh or square"
            )
        );
        ensure!(
            self.gamma.is_none() || self.products != Some(0),
            Error::domain("products", 0, "gamma needs at least one product")
        );
        ensure!(self.n != Some(0), Error::domain("n", 0, "at least one input is needed"));
        ensure!(self.patience != Some(0), Error::domain("patience", 0, "at least one step is needed"));
        Ok(())
    }

    /// The options of the descent, once defaults are filled in.
    pub fn options(&self) -> DescentOptions {
        let options = DescentOptions::default();
        let products = self.products.unwrap_or(options.least.max_products);
        DescentOptions {
            step_size: match self.step {
                Some(Step::Fixed(eta)) => StepSize::Fixed(eta),
                _ => StepSize::Backtracking { first: self.first_step.unwrap_or(1.0) },
            },
            noise: self.noise.unwrap_or(options.noise),
            seed: self.seed.unwrap_or(0),
            gradient: self.nu.unwrap_or(options.gradient),
            curvature: self.gamma,
            max_steps: self.max_steps.unwrap_or(options.max_steps),
            patience: self.patience.unwrap_or(options.patience),
            least: LeastOptions { max_products: products, ..options.least },
            ..options
        }
    }

    /// The settings as a TOML file.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn to_toml(&self) -> Result<String> {
        let head = "# What this run was made of: escapement train --config run.toml --out DIR\n".to_owned();
        // Strings, numbers and arrays of numbers are written alike in JSON and TOML.
        Ok(self
            .map()?
            .iter()
            .filter(|(_, value)| !value.is_null())
            .fold(head, |all, (key, value)| all + &format!("{key} = {value}\n")))
    }

    /// The keys and values of all settings; null stands for a default.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn map(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self).map_err(|e| anyhow!("a setting cannot be written down: {e}"))? {
            Value::Object(all) => Ok(all),
            _ => Ok(Map::new()),
        }
    }
}
