//! Full-batch gradient descent on f_L + f_Q, and its loss on test inputs.

use super::bits::{Bits, fill_columns, put_columns};
use super::data::{Data, Labelled};
use super::projector::Kept;
use anyhow::{Result, ensure};
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::training::{self, Model, Problem, Real, Term, TopProjector, Value, Workspace};
use faer::{Mat, MatMut, MatRef, Par};
use std::sync::Arc;

/// Inputs of the test that are evaluated at once: the slopes of a block are the largest buffer of the test.
const BLOCK: usize = 1_000;

/// A displacement on its way.
pub struct Descent<T: Bits> {
    problem: Problem<T>,
    space: Workspace<T>,
    /// Wᵀ, `[d, m]`: a column to a neuron.
    w: Mat<T>,
    /// The transpose of the gradient, `[d, m]`, where it is wanted whole.
    gradient: Mat<T>,
    /// Whether the last evaluation left the gradient there.
    whole: bool,
    /// The objective at W, where the step to W has evaluated it.
    known: Option<escapement::Result<Value>>,
    /// The top eigenvectors of Σ where R3 is of them and no part of the objective: then it is taken only
    /// where it is asked for.
    recorded_only: Option<Arc<TopProjector<T>>>,
    par: Par,
}

impl<T: Bits> Descent<T> {
    /// From W = 0 on, on f_L + f_Q with the square loss and `λ3 R3`, which leaves `kept` alone.
    ///
    /// # Errors
    /// As [`Problem::new`] and [`Problem::with_r3`].
    pub fn new(data: &Data, kept: &Kept<T>, lambda: f64, par: Par) -> Result<Self> {
        let Labelled { x, y } = &data.train;
        let problem = Problem::new(&data.net, x.as_ref(), y, Loss::Square, Model::Quadratic, par)?;
        let (problem, recorded_only) = match kept {
            Kept::Sample(sample) => (problem.with_r3(sample.basis.as_ref(), lambda)?, None),
            Kept::Exact(exact) if lambda == 0.0 => (problem, Some(exact.projector.clone())),
            Kept::Exact(exact) => (problem.with_top(exact.projector.clone(), lambda)?, None),
        };
        let (space, w) = (problem.workspace(), Mat::zeros(problem.d(), problem.m()));
        Ok(Self {
            w,
            gradient: Mat::zeros(0, 0),
            whole: false,
            known: None,
            space,
            problem,
            recorded_only,
            par,
        })
    }

    /// W, `[m, d]`.
    pub fn w(&self) -> MatRef<'_, T> {
        self.w.transpose()
    }

    /// The objective at W. The coordinates of W in V follow from step to step; `anew` they are computed from
    /// W, so that roundings of the steps do not add up.
    ///
    /// # Errors
    /// An objective that is not finite.
    pub fn evaluate(&mut self, anew: bool) -> Result<Value> {
        self.whole = false;
        if anew && !self.space.coordinates().is_empty() {
            self.space.forget();
            self.known = None;
        }
        let Self { problem, w, space, par, .. } = self;
        Ok(self.known.take().unwrap_or_else(|| problem.value(w.transpose(), space, *par))?)
    }

    /// The objective at W, and its gradient whole, for [`Descent::parts`]; for what is `anew`, see
    /// [`Descent::evaluate`].
    ///
    /// # Errors
    /// As [`Descent::evaluate`].
    pub fn evaluate_whole(&mut self, anew: bool) -> Result<Value> {
        if anew {
            self.space.forget();
        }
        let (problem, w, gradient, space, par) = self.evaluation();
        Ok(problem.value_and_gradient(w, gradient, space, par)?)
    }

    /// The same with another term, one that depends on f_L(X; W): see [`Problem::value_and_gradient_with`].
    ///
    /// # Errors
    /// As [`Descent::evaluate`], and those of the term.
    pub fn evaluate_with(&mut self, term: Term<'_>) -> Result<Value> {
        let (problem, w, gradient, space, par) = self.evaluation();
        Ok(problem.value_and_gradient_with(w, gradient, space, term, par)?)
    }

    /// What an evaluation with the gradient whole takes.
    fn evaluation(&mut self) -> (&Problem<T>, MatRef<'_, T>, MatMut<'_, T>, &mut Workspace<T>, Par) {
        (self.whole, self.known) = (true, None);
        if self.gradient.ncols() == 0 {
            self.gradient = Mat::zeros(self.w.nrows(), self.w.ncols());
        }
        (
            &self.problem,
            self.w.transpose(),
            self.gradient.as_mut().transpose_mut(),
            &mut self.space,
            self.par,
        )
    }

    /// What is trained.
    pub fn problem(&self) -> &Problem<T> {
        &self.problem
    }

    /// Wᵀ (`[d, m]`), and the transpose of the gradient of the last evaluation with it, to add to.
    pub fn parts(&mut self) -> (MatRef<'_, T>, MatMut<'_, T>) {
        (self.w.as_ref(), self.gradient.as_mut())
    }

    /// R3 at the last evaluation, whose value is `value`.
    pub fn r3(&self, value: &Value) -> f64 {
        let Some(top) = &self.recorded_only else { return value.r3 };
        let (f, mut beyond) = (self.space.f_linear(), vec![0.0; self.problem.n()]);
        top.beyond(f, &top.coordinates(self.w.as_ref(), self.par), &mut beyond, self.par);
        beyond.iter().map(|b| b * b).sum::<f64>() / f.len() as f64
    }

    /// `W ← W − η·gradient`, from the last evaluation. What the objective is then, or that it is not finite,
    /// the next one says.
    pub fn step(&mut self, eta: f64) {
        if self.whole {
            training::descend(self.w.as_mut(), T::nearest(eta), self.gradient.as_ref(), self.par);
            self.space.moved(eta);
        } else {
            self.known =
                Some(self.problem.descend(self.w.as_mut().transpose_mut(), eta, &mut self.space, self.par));
        }
    }

    /// The bits of W, neuron by neuron, and of its coordinates in V, where they are kept.
    pub fn bits(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.w.nrows() * self.w.ncols() * T::BYTES);
        put_columns(&self.w, &mut bytes);
        self.space.coordinates().iter().for_each(|c| c.put(&mut bytes));
        bytes
    }

    /// W from its bits.
    ///
    /// # Errors
    /// There are not as many as it has.
    pub fn set_bits(&mut self, bytes: &[u8]) -> Result<()> {
        self.known = None;
        let (d, m) = (self.w.nrows(), self.w.ncols());
        let (size, more) = (d * m * T::BYTES, self.space.coordinates().len() * f64::BYTES);
        ensure!(
            bytes.len() == size + more,
            "a checkpoint holds {} bytes of W, and W has {}",
            bytes.len(),
            size + more
        );
        fill_columns(&mut self.w, &mut bytes.chunks_exact(T::BYTES).map(T::get));
        let coordinates: Vec<f64> = bytes[size..].chunks_exact(f64::BYTES).map(f64::get).collect();
        Ok(self.space.recall(&coordinates)?)
    }
}

/// Test inputs by blocks, with σ' and σ'' at them.
pub struct Test<T: Real> {
    blocks: Vec<Problem<T>>,
    /// For blocks of the full size, and for the last one where it is shorter.
    spaces: Vec<Workspace<T>>,
    par: Par,
}

impl<T: Real> Test<T> {
    /// Prepares inputs and labels for `net`.
    ///
    /// # Errors
    /// As [`Problem::new`].
    pub fn new(net: &PairedNetwork, Labelled { x, y }: &Labelled, par: Par) -> Result<Self> {
        let mut blocks = Vec::new();
        for start in (0..y.len()).step_by(BLOCK) {
            let count = BLOCK.min(y.len() - start);
            let (x, y) = (x.subrows(start, count), &y[start..start + count]);
            blocks.push(Problem::new(net, x, y, Loss::Square, Model::Quadratic, par)?);
        }
        let spaces = [blocks.first(), blocks.last()].into_iter().flatten().map(Problem::workspace).collect();
        Ok(Self { blocks, spaces, par })
    }

    /// The mean loss at W (`[m, d]`).
    ///
    /// # Errors
    /// A loss that is not finite.
    pub fn loss(&mut self, w: MatRef<'_, T>) -> Result<f64> {
        let (mut sum, mut count) = (0.0, 0);
        let full = self.blocks.first().map_or(0, Problem::n);
        for block in &self.blocks {
            let space = &mut self.spaces[usize::from(block.n() < full)];
            sum += block.value(w, space, self.par)?.loss * block.n() as f64;
            count += block.n();
        }
        Ok(sum / count as f64)
    }
}
