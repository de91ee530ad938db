//! A sample: the step, the ridge head after it, and the average over all initial weights.

use super::{AGREEMENT, DIFFERENCES, RIDGE};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::activation;
use escapement::gaussian::average_gram;
use escapement::training::one_step::{FirstStep, Heads, Predictor, Start, StepSize};
use faer::Par;

/// α, β and W¹; the head and its predictions from the W¹ that is given; M_n.
pub(super) fn compare(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (d, n, m) = (entry.whole("d")?, entry.whole("n")?, entry.whole("m")?);
    let (x, y) = (entry.matrix("X", n, d)?, entry.vector("y", n)?);
    let start =
        Start { weights: entry.matrix("W0", m, d)?, signs: entry.vector("a", m)?, biases: vec![0.0; m] };
    let relu = entry.core(activation::parse("relu"))?;
    let size = StepSize::Fixed(entry.number("eta")?);
    let step = entry.core(FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), size, Par::Seq))?;
    let largest = y.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    sheet.number("alpha", entry.number("alpha")?, step.alpha, AGREEMENT * largest)?;
    sheet.vector("beta", &entry.vector("beta", d)?, &step.beta, AGREEMENT)?;
    let weights = entry.matrix("W1", m, d)?;
    sheet.matrix("W1", weights.as_ref(), step.weights.as_ref(), DIFFERENCES)?;

    let biases = entry.vector("b", m)?;
    let heads = Heads::of(x.as_ref(), &step.labels, weights.as_ref(), &biases, relu.as_ref(), Par::Seq);
    let head = entry.core(entry.core(heads)?.head(entry.number("lam")?))?;
    sheet.vector("head", &entry.vector("head", m)?, &head, RIDGE)?;
    let f = Predictor { sigma: relu.as_ref(), alpha: step.alpha, beta: step.beta, weights, biases, head };
    let tests = entry.length("X_test")?;
    let prediction = entry.core(f.predict(entry.matrix("X_test", tests, d)?.as_ref(), Par::Seq))?;
    sheet.vector("prediction", &entry.vector("prediction", tests)?, &prediction, RIDGE)?;

    let reference = entry.matrix("average_gram", d, d)?;
    let trace: f64 = (0..d).map(|i| reference[(i, i)]).sum();
    let average = entry.core(average_gram(x.as_ref(), &step.labels, Par::Seq))?;
    sheet.matrix_within("average_gram", reference.as_ref(), average.matrix.as_ref(), AGREEMENT * trace.abs())
}
