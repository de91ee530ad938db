//! What does one gradient step with a ridge head for every decay cost, on the sample of the authors' script?
//!
//! The target is He_2(x_1)/√2 with Gaussian label noise of variance 1; biases take part in the step. The
//! decay is chosen among 100 from 1e-10 to 1e15 on another sample. `benches/peers/one_step.py` does the same
//! in JAX. A line for each size: the median seconds of the step, of the heads and of the choice, and the
//! test error. Run with `cargo bench --bench one_step`.

use escapement::training::decay::{self, mean_squares};
use escapement::training::one_step::{FirstStep, Heads, Start, StepSize, standard_normal};
use escapement::{activation, seed};
use faer::{Mat, Par};
use rand_distr::{Distribution, StandardNormal};

mod timing;

/// (d, n, m).
const SIZES: &[(usize, usize, usize)] = &[(10, 600, 64), (100, 10_000, 1000)];
const ROUNDS: usize = 5;

fn main() {
    let (par, relu) = (Par::rayon(0), activation::parse("relu").expect("a known activation"));
    for &(d, n, m) in
        timing::trimmed(SIZES).iter().filter(|(d, n, m)| timing::wanted(&format!("d={d},n={n},m={m}")))
    {
        let sample = |purpose: &str, noise: f64| {
            let rng = &mut seed::stream(1, "bench", purpose);
            let x = Mat::from_fn(n, d, |_, _| StandardNormal.sample(rng));
            let f: Vec<f64> = (0..n).map(|i| (x[(i, 0)] * x[(i, 0)] - 1.0) / 2.0_f64.sqrt()).collect();
            let y: Vec<f64> = f.iter().zip(standard_normal(rng, n)).map(|(f, e)| f + noise * e).collect();
            (x, y)
        };
        let ((x, y), (held, held_y)) = (sample("sample", 1.0), sample("held out", 1.0));
        let (test, f) = sample("test", 0.0);
        let start = Start::as_run(&mut seed::stream(1, "bench", "weights"), m, d).expect("an even width");
        let mut times = [const { Vec::new() }; 3];
        let mut error = f64::NAN;
        for _ in 0..ROUNDS {
            let mut step = None;
            times[0].push(timing::seconds(|| {
                step = FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), StepSize::UnitRows, par).ok();
            }));
            let (step, mut heads) = (step.expect("a valid sample"), None);
            times[1].push(timing::seconds(|| {
                heads = Heads::new(x.as_ref(), &step, &start.biases, relu.as_ref(), par).ok();
            }));
            let heads = heads.expect("finite features");
            let mut best = (f64::INFINITY, f64::NAN);
            times[2].push(timing::seconds(|| {
                let affine = |x: &Mat<f64>, i: usize| {
                    step.alpha + (0..d).map(|c| step.beta[c] * x[(i, c)]).sum::<f64>()
                };
                let left: Vec<f64> = (0..n).map(|i| held_y[i] - affine(&held, i)).collect();
                let weights = step.weights.as_ref();
                let errors = mean_squares(&heads, weights, held.as_ref(), &left, &decay::grid(), par);
                best = errors
                    .expect("finite errors")
                    .into_iter()
                    .zip(decay::grid())
                    .min_by(|a, b| a.0.total_cmp(&b.0))
                    .expect("there are decays");
            }));
            let values =
                heads.predictor(&step, best.1).and_then(|f| f.predict(test.as_ref(), par)).expect("finite");
            error = values.iter().zip(&f).map(|(f, y)| (f - y).powi(2)).sum::<f64>() / n as f64;
        }
        let [step, heads, choice] = times.map(|times| timing::median(&times));
        println!(
            "d = {d}, n = {n}, m = {m}: step {step:.3} s, heads {heads:.3} s, choice {choice:.3} s, together \
             {:.3} s, test error {error:.4}",
            step + heads + choice
        );
    }
}
