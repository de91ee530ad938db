//! Parts that the commands share: weights, activations, memory, tables, and remarks on standard error.

use crate::{files::array, terminal::note};
use anyhow::{Result, anyhow, bail, ensure};
use escapement::activation::{self, Activation};
use escapement::eigen::{self, Request, RouteChoice};
use escapement::network::Model;
use escapement::sphere::{FeatureLevels, Truncation};
use escapement::{Error, seed, sphere, tolerance};
use escapement_verify::files::memory;
use escapement_verify::text::numbers::{number, significant};
use faer::{Mat, MatRef, Par};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Remarks for the user that are no result. They wait until the command has succeeded, so that a failure is
/// one sentence, and go to standard error, so that JSON stays alone on standard output.
#[derive(Debug, Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// Keeps one remark.
    pub fn add(&mut self, words: impl std::fmt::Display) {
        self.0.push(words.to_string());
    }

    /// Prints all of them, one per line.
    pub fn print(&self) {
        for words in &self.0 {
            note(words);
        }
    }
}

/// An activation by name that has the two derivatives that Σ and the constructions need.
pub fn smooth_activation(name: &str) -> Result<Arc<dyn Activation>> {
    let activation = activation::parse(name)?;
    activation.require_twice_differentiable()?;
    Ok(activation)
}

/// The options that the commands on a network share.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkArgs {
    /// The input dimension d, at least 3 [default: 10, or that of the weights]
    #[arg(long)]
    pub d: Option<usize>,
    /// The width m, even: p = m/2 neurons and their twins [default: 400, or that of the weights]
    #[arg(long)]
    pub m: Option<usize>,
    /// Weights from a .npy file instead: p × d, one distinct neuron per row
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The activation, with an optional shift, as in tanh:0.5
    #[arg(long, default_value = "sigmoid:1")]
    pub activation: String,
    /// How much of the degree series of Σ may be left out, relative to the largest eigenvalue of Σ at
    /// infinite width [default: 1e-12, but 1e-9 where spectrum takes the harmonic route]
    #[arg(long)]
    pub tail: Option<f64>,
    /// How much memory may be used, as 4GiB [default: all that the machine has]
    #[arg(long, allow_hyphen_values = true)]
    pub memory: Option<String>,
    /// The root seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl NetworkArgs {
    /// The activation, see [`smooth_activation`].
    pub fn activation(&self) -> Result<Arc<dyn Activation>> {
        smooth_activation(&self.activation)
    }

    /// The memory limit in bytes: as given, or all that the machine has.
    pub fn memory(&self) -> Result<u64> {
        memory(self.memory.as_deref())
    }

    /// The neurons: read from a file, or known by their number and drawn later.
    ///
    /// # Errors
    /// Sizes that are not allowed or do not fit in `memory`, a file that cannot be read or does not hold
    /// unit vectors, and sizes asked for that are not the file's.
    pub fn neurons(&self, memory: u64, notes: &mut Notes) -> Result<Neurons> {
        if let Some(d) = self.d {
            sphere::require_dimension(d)?;
        }
        if let Some(m) = self.m {
            ensure!(m > 0 && m % 2 == 0, Error::Width(m));
        }
        if let Some(path) = &self.weights {
            return self.read(path, notes);
        }
        let (d, p) = (self.d.unwrap_or(10), self.m.unwrap_or(400) / 2);
        fits("drawing the weights", 8.0 * p as f64 * d as f64, memory, "choose a smaller d or m")?;
        Ok(Neurons { p, d, seed: self.seed, given: None })
    }

    /// The solve for the top n_k eigenvectors of Σ, by [`eigen::solve_top`] or with one pair more. Nothing
    /// is solved yet, but the solve is known to fit in `memory`.
    ///
    /// # Errors
    /// n_k above the rank pd, a degree that is too high, levels that cannot be cut off as asked, or a solve
    /// that does not fit in `memory`.
    pub fn top_request(
        &self,
        k: usize,
        p: usize,
        d: usize,
        activation: &dyn Activation,
        memory: u64,
    ) -> Result<TopRequest> {
        let (rank, order) = (sphere::cumulative_dimension(d, k)?, p * d);
        if rank > order {
            let least = 2 * rank.div_ceil(d);
            let why = format!(
                "n_k = {rank} at k = {k} exceeds the rank pd = {order} of Σ (p = {p}, d = {d}): \
                 at least m = {least} is needed"
            );
            return Err(Error::Projector { rank, why }.into());
        }
        let request = Request::top((rank + 1).min(order));
        let mut levels =
            FeatureLevels::new(d, activation, Truncation::Tail(self.tail.unwrap_or(tolerance::TAIL)))?;
        if self.tail.is_none() {
            levels = finely_truncated(levels, activation)?;
        }
        eigen::plan_for(p, &levels, &request, RouteChoice::Auto, memory, Par::rayon(0))?;
        Ok(TopRequest { rank, tolerance: request.tolerance, levels })
    }

    fn read(&self, path: &Path, notes: &mut Notes) -> Result<Neurons> {
        let array = array::read_matrix(path)?;
        let (p, d) = (array.values.nrows(), array.values.ncols());
        if let Some(wanted) = self.d.filter(|&wanted| wanted != d) {
            bail!(
                "--d {wanted} does not fit {}, whose rows have {d} entries: leave --d out, or give {d}",
                path.display()
            );
        }
        if let Some(wanted) = self.m.filter(|&wanted| wanted != 2 * p) {
            bail!(
                "--m {wanted} does not fit {}, which holds {p} distinct neurons: leave --m out, or give {}",
                path.display(),
                2 * p
            );
        }
        // Rows are often normalised in float32 and stored as float64, so both may miss 1 by its rounding.
        let (weights, worst) =
            sphere::unit_rows("the weights", array.values.as_ref(), tolerance::UNIT_NORM_F32)
                .map_err(|e| anyhow!("{}: {e}{}", path.display(), transposed(array.values.as_ref())))?;
        // A norm of unit rows is itself only right to a few roundings: nothing to speak of.
        if array.single || worst > 16.0 * f64::EPSILON {
            let kind = match (array.single, worst > tolerance::UNIT_NORM_F64) {
                (true, _) => "float32",
                (false, true) => "float64, normalised in single precision",
                (false, false) => "float64",
            };
            notes.add(format_args!(
                "the rows of {} ({kind}) miss unit norm by up to {worst:.1e} and were renormalised in \
                 float64",
                path.display()
            ));
        }
        Ok(Neurons { p, d, seed: self.seed, given: Some(weights) })
    }
}

/// What is wrong with weights whose columns are unit vectors, though their rows are not; empty for others.
fn transposed(w: MatRef<'_, f64>) -> String {
    if sphere::unit_columns(w) {
        format!(
            "; its {} columns are unit vectors, so it looks transposed: save W.T, one neuron per row",
            w.ncols()
        )
    } else {
        String::new()
    }
}

/// The solve for the top n_k eigenvectors of Σ.
pub struct TopRequest {
    /// n_k, the number of harmonics of degrees up to k.
    pub rank: usize,
    /// The residual that an iteration may leave, relative to the largest eigenvalue.
    pub tolerance: f64,
    /// The levels of Σ.
    pub levels: FeatureLevels,
}

/// The p distinct neurons of a paired network. Those that are drawn are drawn last, when all that depends on
/// their number alone has been found to fit.
pub struct Neurons {
    /// The number p of distinct neurons.
    pub p: usize,
    /// The input dimension.
    pub d: usize,
    seed: u64,
    given: Option<Mat<f64>>,
}

impl Neurons {
    /// The name of this network in the keys of its random streams.
    pub fn key(&self) -> String {
        format!("d={} m={}", self.d, 2 * self.p)
    }

    /// The weights, `[p, d]`, unit rows.
    pub fn weights(self) -> Mat<f64> {
        let key = self.key();
        self.given.unwrap_or_else(|| {
            sphere::uniform_sphere(&mut seed::stream(self.seed, &key, "weights"), self.p, self.d, 1.0)
        })
    }
}

/// The bytes that `--memory` allows: as given, or all that the machine has.
pub fn memory(given: Option<&str>) -> Result<u64> {
    match given {
        Some(text) => {
            memory::parse_size(text).map_err(|why| anyhow!("--memory '{text}' is not allowed: {why}"))
        }
        None => Ok(memory::total()),
    }
}

/// The inputs of a file, `[n, d]`, as they are; `wanted` of them if that is given.
pub fn read_inputs(
    path: &Path,
    d: impl Into<Option<usize>>,
    wanted: Option<usize>,
    notes: &mut Notes,
) -> Result<Mat<f64>> {
    let array = array::read_matrix(path)?;
    let (n, columns) = (array.values.nrows(), array.values.ncols());
    let d = d.into().unwrap_or(columns);
    let radius = (d as f64).sqrt();
    ensure!(
        columns == d,
        "{} holds inputs with {columns} entries, but the weights have d = {d}: one input per row, n × {d}",
        path.display()
    );
    if let Some(wanted) = wanted.filter(|&wanted| wanted != n) {
        bail!("--n {wanted} does not fit {}, which holds {n} inputs: leave --n out", path.display());
    }
    let allowed = if array.single { tolerance::UNIT_NORM_F32 } else { tolerance::UNIT_NORM_F64 };
    let deviation = |row: usize| (array.values.row(row).norm_l2() / radius - 1.0).abs();
    let off = (0..n).filter(|&row| deviation(row) > allowed).count();
    if off > 0 {
        let worst = (0..n).max_by(|&a, &b| deviation(a).total_cmp(&deviation(b))).unwrap_or(0);
        notes.add(format_args!(
            "{off} of the {n} inputs in {} are off the sphere of radius √d = {radius:.6} (row {worst} has \
             norm {:.6}) and are used as they are",
            path.display(),
            array.values.row(worst).norm_l2()
        ));
    }
    Ok(array.values)
}

/// λ1..λ4 of `--lambda`.
///
/// # Errors
/// Not four of them, or one that is negative or not finite.
pub fn lambda(text: &str) -> Result<[f64; 4]> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let Ok(parts) = <[&str; 4]>::try_from(parts.as_slice()) else {
        bail!(
            "--lambda '{text}' has {} entries, but four are needed: λ1,λ2,λ3,λ4, as in 0.3,0.2,0.5,0.01",
            parts.len()
        );
    };
    let mut lambda = [0.0; 4];
    for (i, (lambda, part)) in lambda.iter_mut().zip(parts).enumerate() {
        match part.parse::<f64>() {
            Ok(x) if x >= 0.0 && x.is_finite() => *lambda = x,
            _ => bail!(
                "--lambda '{text}' is not allowed: λ{} = '{part}' must be a finite number, zero or above",
                i + 1
            ),
        }
    }
    Ok(lambda)
}

/// The model of that name.
///
/// # Errors
/// There is none of that name.
pub fn model(name: &str) -> Result<(&'static str, Model)> {
    Ok(match name {
        "network" => ("network", Model::Network),
        "quadratic" => ("quadratic", Model::Quadratic),
        "quadratic-term" => ("quadratic-term", Model::QuadraticTerm),
        "linear" => ("linear", Model::Linear),
        other => bail!(
            "--model {other} is not allowed: the models are network, quadratic, quadratic-term and linear"
        ),
    })
}

/// A displacement or direction, `[2p, d]`.
///
/// # Errors
/// A file that cannot be read, or another shape.
pub fn read_displacement(path: &Path, p: usize, d: usize) -> Result<Mat<f64>> {
    let values = array::read_matrix(path)?.values;
    let (rows, cols) = (values.nrows(), values.ncols());
    let advice = if (rows, cols) == (p, d) {
        "; if the weights list the twins too, give their first half alone"
    } else {
        ""
    };
    ensure!(
        (rows, cols) == (2 * p, d),
        "{} holds {rows} × {cols} numbers, but {} × {d} are needed: a row for each of the p = {p} neurons, \
         then one for each twin{advice}",
        path.display(),
        2 * p
    );
    Ok(values)
}

/// Refuses what needs more than `memory` bytes.
pub fn fits(what: &str, needed: f64, memory: u64, advice: &str) -> Result<()> {
    let allowed = memory as f64;
    ensure!(
        needed <= allowed,
        Error::Memory { what: what.into(), needed, allowed, advice: format!(": {advice}") }
    );
    Ok(())
}

/// The digits of a coefficient that are certain, seven at most; where it cannot be told from zero, the bound
/// that it lies below.
pub fn digits(value: f64, error: f64) -> String {
    if value == 0.0 || value.abs() > error {
        let certain = (value.abs() / error).log10().clamp(1.0, 7.0) as usize;
        return significant(value, certain);
    }
    let unit = 10.0_f64.powf(error.log10().floor());
    format!("< {:.0e}", (error / unit).ceil() * unit)
}

/// Right-aligned columns under their headings.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |c: usize| {
        rows.iter()
            .filter_map(|r| r.get(c))
            .map(|cell| cell.chars().count())
            .chain([headings[c].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let text: String = cells.zip(&widths).map(|(cell, &w)| format!("  {cell:>w$}")).collect();
        text.trim_end().to_string() + "\n"
    };
    let head = line(&mut headings.iter().copied());
    rows.iter().fold(head, |text, row| text + &line(&mut row.iter().map(String::as_str)))
}

/// L_λ as a table of its terms: the mean loss, and λ_i·R_i for each regulariser.
pub fn loss_table(mean_loss: f64, lambda: [f64; 4], regularizers: [f64; 4], loss: f64) -> String {
    let mut terms = vec![vec!["mean loss".into(), String::new(), number(mean_loss), number(mean_loss)]];
    for (i, (l, r)) in lambda.into_iter().zip(regularizers).enumerate() {
        terms.push(vec![format!("R{}", i + 1), number(l), number(r), number(l * r)]);
    }
    terms.push(vec!["L_λ".into(), String::new(), String::new(), number(loss)]);
    table(&["term", "λ", "value", "in L_λ"], &terms)
}

/// The levels of Σ to [`tolerance::FINE_TAIL`], where rounding lets the certificate reach it; else `levels`
/// as they are.
pub fn finely_truncated(levels: FeatureLevels, activation: &dyn Activation) -> Result<FeatureLevels> {
    match FeatureLevels::new(levels.d, activation, Truncation::Tail(tolerance::FINE_TAIL)) {
        Err(Error::Certificate { .. }) => Ok(levels),
        fine => Ok(fine?),
    }
}
