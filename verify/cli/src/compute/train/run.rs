//! The descent under way: its history, its checkpoints, its end.

use super::checkpoint::{self, Checkpoint};
use super::history::{HEADINGS, History};
use super::summary::Summary;
use super::{data::Problem, files, values::Every};
use crate::compute::curvature::{self, Curvature};
use crate::files::{array, stdout};
use crate::terminal::bar::{Bar, Shape};
use crate::terminal::interrupt::Stop;
use anyhow::Result;
use escapement::descent::{
    Descended, DescentState, Iterate, LossLandscape, Outcome, descend, least_eigenvalue,
};
use escapement::objective::RegularizedLoss;
use escapement_verify::figure::schedule::due;
use escapement_verify::files::atomic::{Outputs, write_file};
use escapement_verify::files::folder::Folder;
use faer::Par;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The time between two writes of new lines to the history, so that others can read them.
const LINES_EVERY: Duration = Duration::from_secs(1);
/// The test loss is taken at steps whose binary form is zero behind this many leading bits.
const LEADING_BITS: u32 = 3;

/// A run in its folder.
pub struct Run {
    folder: Folder,
    checkpoint: Checkpoint,
    resumes: bool,
    /// The history, which is opened at the first point.
    history: Option<History>,
    /// Step and time of the last checkpoint.
    written: (u64, Instant),
    /// Time of the last lines of the history.
    lines_written: Instant,
}

impl Run {
    /// A run that starts, or one that goes on from the checkpoint in the folder.
    pub fn new(folder: Folder, checkpoint: Checkpoint, resumes: bool) -> Self {
        Self {
            folder,
            checkpoint,
            resumes,
            history: None,
            written: (0, Instant::now()),
            lines_written: Instant::now(),
        }
    }

    /// Descends from `state` until the descent ends.
    ///
    /// # Errors
    /// Those of the descent, and files that cannot be written; the last checkpoint stays.
    pub fn descend(mut self, problem: &Problem, state: DescentState, stop: &Stop) -> Result<Summary> {
        let objective = problem.objective()?;
        let options = problem.data.settings.options();
        let bar = Bar::new(Shape::Steps, options.max_steps);
        bar.resume(state.step);
        let mut failure = None;
        let mut seen = (state.step_size, state.evaluations);
        let ended = descend(
            &mut LossLandscape::new(&objective),
            state,
            &options,
            &mut |point| {
                seen = (point.state.step_size, point.state.evaluations);
                if let Err(e) = self.point(problem, point) {
                    failure = Some(e);
                    return ControlFlow::Break(());
                }
                bar.progress(point.state.step, || {
                    format!("L_λ {:.6}  gradient norm {:.2e}", point.value.objective, point.gradient_norm)
                });
                if stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
            Par::rayon(0),
        );
        bar.end();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let mut ended = ended?;
        // A step that was refused to the end is no part of the state: taken up again, it is refused again.
        (ended.state.step_size, ended.state.evaluations) = seen;
        self.end(problem, &objective, &ended)
    }

    /// Adds a point to the history, and writes a checkpoint when one is due.
    fn point(&mut self, problem: &Problem, point: &Iterate<'_>) -> Result<()> {
        let state = point.state;
        let mut history = match self.history.take() {
            Some(history) => history,
            None => self.begin(problem, state)?,
        };
        let test = if due(state.step, LEADING_BITS) { problem.test_loss(state.w.as_ref())? } else { None };
        history.add(point, test);
        let history = self.history.insert(history);
        if self.lines_written.elapsed() > LINES_EVERY {
            history.write_lines()?;
            self.lines_written = Instant::now();
        }
        let (step, at) = self.written;
        let now = match problem.data.settings.checkpoint_every.unwrap_or(Every::Seconds(60.0)) {
            Every::Steps(steps) => state.step >= step.saturating_add(steps),
            Every::Seconds(seconds) => state.step > step && at.elapsed().as_secs_f64() >= seconds,
        };
        // A look at the curvature may end the descent here, and the state says only that it was taken.
        if now && point.look.is_none() {
            self.checkpoint.state.history = history.write()?;
            let bytes = checkpoint::bytes(&mut self.checkpoint, state)?;
            write_file(&self.folder.join(files::CHECKPOINT), |out| out.write_all(&bytes))?;
            self.written = (state.step, Instant::now());
        }
        Ok(())
    }

    /// Writes the files of a run that starts, and opens the history. It is called at the first point.
    fn begin(&mut self, problem: &Problem, state: &DescentState) -> Result<History> {
        self.written = (state.step, Instant::now());
        let settings = problem.data.settings.to_toml()?;
        let mut outputs = Outputs::new();
        if !self.resumes {
            self.folder.remove(&[files::DISPLACEMENT, files::SUMMARY])?;
            self.checkpoint.state.history = History::empty();
            let bytes = checkpoint::bytes(&mut self.checkpoint, state)?;
            outputs.stage(&self.folder.join(files::CHECKPOINT), |out| out.write_all(&bytes))?;
            outputs.stage(&self.folder.join(files::HISTORY), |out| out.write_all(HEADINGS.as_bytes()))?;
            outputs.stage(&self.folder.join(files::WEIGHTS), |out| {
                array::write_matrix(out, problem.data.weights())
            })?;
        }
        outputs.stage(&self.folder.join(files::SETTINGS), |out| out.write_all(settings.as_bytes()))?;
        let history = |run: &Self| {
            let (length, hash) = &run.checkpoint.state.history;
            History::open(&run.folder.join(files::HISTORY), *length, hash)
        };
        if self.resumes {
            let history = history(self)?;
            outputs.commit()?;
            return Ok(history);
        }
        outputs.commit()?;
        self.folder.keep();
        history(self)
    }

    /// Writes the last line of the history, W, the summary, and the state from which the run can go on.
    fn end(
        mut self,
        problem: &Problem,
        objective: &RegularizedLoss<'_>,
        ended: &Descended,
    ) -> Result<Summary> {
        let Descended { outcome, state, value, gradient_norm, .. } = ended;
        let data = &problem.data;
        self.checkpoint.state.history = match &mut self.history {
            Some(history) => history.write()?,
            None => History::empty(),
        };
        let interrupted = *outcome == Outcome::Interrupted;
        let mut test = self.history.as_ref().and_then(History::test);
        if !interrupted && test.is_none() {
            test = problem.test_loss(state.w.as_ref())?;
        }
        let settings = &data.settings;
        let products = settings.products.unwrap_or(0);
        let wanted = !interrupted && data.loss.is_smooth() && products > 0;
        let hessian =
            if wanted { Some(least(objective, ended, products, settings.seed.unwrap_or(0))?) } else { None };
        let text = |setting: &Option<String>| setting.clone().unwrap_or_default();
        let summary = Summary {
            outcome: outcome.name().to_owned(),
            steps: state.step,
            evaluations: state.evaluations,
            d: objective.d(),
            m: objective.m(),
            n: objective.n(),
            k: settings.k.unwrap_or(1),
            n_k: data.rank,
            activation: text(&settings.activation),
            model: text(&settings.model),
            loss_function: data.loss.name().to_owned(),
            lambda: objective.lambda(),
            regularizers: value.regularizers,
            mean_loss: value.loss,
            loss: value.objective,
            gradient_norm: *gradient_norm,
            norm: state.w.norm_l2(),
            test_loss: test,
            hessian,
        };
        let json = stdout::to_json(&summary)?;
        if let Some(history) = &mut self.history {
            if !interrupted {
                history.set_test(test);
            }
            history.write_all()?;
        }
        self.checkpoint.state.summary = (!interrupted).then(|| summary.clone());
        let bytes = checkpoint::bytes(&mut self.checkpoint, state)?;
        let mut outputs = Outputs::new();
        outputs.stage(&self.folder.join(files::CHECKPOINT), |out| out.write_all(&bytes))?;
        outputs.stage(&self.folder.join(files::DISPLACEMENT), |out| {
            array::write_matrix(out, state.w.as_ref())
        })?;
        outputs.stage(&self.folder.join(files::SUMMARY), |out| writeln!(out, "{json}"))?;
        outputs.commit()?;
        Ok(summary)
    }
}

/// The least eigenvalue of the Hessian at the end, as `evaluate` finds it.
fn least(
    objective: &RegularizedLoss<'_>,
    ended: &Descended,
    products: usize,
    seed: u64,
) -> Result<Curvature> {
    let par = Par::rayon(0);
    let options = curvature::options(products, seed);
    let hessian = objective.hessian(ended.state.w.as_ref(), par)?;
    let least = least_eigenvalue(&hessian, &options, par)?;
    Ok(Curvature::new(&least, &options))
}
