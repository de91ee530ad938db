//! `learn`: the files hold what is printed, the head solves the normal equations, and what is refused.

use crate::process::Desk;
use escapement::gaussian::normal::{density, upper_tail};
use escapement::training::one_step::standard_normal;
use escapement::{rounding, seed};
use escapement_cli::files::array;
use faer::Mat;
use serde_json::Value;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("target.toml", "d = 8\nname = \"he2\"\n");
    desk
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A run on the target of the desk.
fn learnt(desk: &Desk, more: &[&str]) -> Value {
    desk.json(&[&["learn", "--target", "target.toml", "--json"], more].concat())
}

const N: usize = 700;
const D: usize = 5;
const M: usize = 20;

/// A sample of y = x_1² + x_2 with noise, in files.
fn sample(desk: &Desk) -> (Mat<f64>, Vec<f64>) {
    let mut rng = seed::stream(4, "learn", "sample");
    let numbers = standard_normal(&mut rng, N * D);
    let x = Mat::from_fn(N, D, |i, c| numbers[i * D + c]);
    let noise = standard_normal(&mut rng, N);
    let y: Vec<f64> = (0..N).map(|i| x[(i, 0)].powi(2) + x[(i, 1)] + 0.1 * noise[i]).collect();
    desk.put_matrix("X.npy", &x);
    desk.put_matrix("y.npy", &Mat::from_fn(N, 1, |i, _| y[i]));
    (x, y)
}

/// The predictor that the files of a folder hold.
struct Files {
    weights: Mat<f64>,
    biases: Vec<f64>,
    head: Vec<f64>,
    alpha_beta: Vec<f64>,
    held_out: Vec<usize>,
}

impl Files {
    fn read(desk: &Desk, folder: &str) -> Self {
        let vector = |name: &str| array::read_vector(&desk.path(&format!("{folder}/{name}"))).unwrap();
        Self {
            weights: desk.read_matrix(&format!("{folder}/W1.npy")),
            biases: vector("b.npy"),
            head: vector("a.npy"),
            alpha_beta: vector("alpha_beta.npy"),
            held_out: vector("held_out.npy").into_iter().map(|row| row as usize).collect(),
        }
    }

    fn feature(&self, x: &Mat<f64>, i: usize, j: usize) -> f64 {
        let z: f64 = (0..D).map(|c| self.weights[(j, c)] * x[(i, c)]).sum();
        (z + self.biases[j]).max(0.0)
    }

    fn linear(&self, x: &Mat<f64>, i: usize) -> f64 {
        self.alpha_beta[0] + (0..D).map(|c| self.alpha_beta[c + 1] * x[(i, c)]).sum::<f64>()
    }

    fn value(&self, x: &Mat<f64>, i: usize) -> f64 {
        self.linear(x, i) + (0..M).map(|j| self.head[j] * self.feature(x, i, j)).sum::<f64>()
    }

    /// The sum of the moduli in a value, to which its rounding is relative.
    fn moduli(&self, x: &Mat<f64>, i: usize) -> f64 {
        let head: f64 = (0..M).map(|j| (self.head[j] * self.feature(x, i, j)).abs()).sum();
        head + self.alpha_beta.iter().map(|b| b.abs()).sum::<f64>() * (1.0 + x.row(i).norm_l2())
    }
}

/// From the files alone: the errors on the rows held out and on the others, α and β, the row norm, and the
/// normal equations with λ/2 as printed and λ as run.
#[test]
fn the_files_hold_what_is_printed() {
    let desk = desk();
    let (x, y) = sample(&desk);
    let m = M.to_string();
    for (as_run, factor) in [(&[][..], 0.5), (&["--as-run"], 1.0)] {
        let args = ["learn", "--x", "X.npy", "--y", "y.npy", "--m", &m, "--out", "out", "--json"];
        let out = desk.run(&[&args[..], as_run].concat());
        assert_eq!(out.code, Some(0), "{}", out.stderr);
        assert!(out.stderr.contains("70 of the 700 inputs in X.npy are held out"), "{}", out.stderr);
        let found: Value = serde_json::from_str(&out.stdout).unwrap();
        let kept = std::fs::read(desk.path("out/summary.json")).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), found);
        let files = Files::read(&desk, "out");
        assert_eq!((files.held_out.len(), number(&found["n"])), (70, 630.0));
        let train: Vec<usize> = (0..N).filter(|i| !files.held_out.contains(i)).collect();
        let mean = |rows: &[usize], of: &dyn Fn(usize) -> f64| {
            rows.iter().map(|&i| of(i)).sum::<f64>() / rows.len() as f64
        };
        let residual = |i: usize| files.value(&x, i) - y[i];
        let largest = (0..N).map(|i| files.moduli(&x, i)).fold(0.0, f64::max);
        // A value has at most m + 2d roundings of its moduli, and a mean of squares n + 2 of its own.
        let value = (M + 2 * D) as f64 * f64::EPSILON * largest;
        let reach = (0..N).map(|i| residual(i).abs()).fold(0.0, f64::max);
        let square = 2.0 * value * reach + (N + 2) as f64 * f64::EPSILON * reach * reach;
        let learnt = &found["learnt"];
        for (printed, rows) in [
            (&learnt["square"]["mean"], &files.held_out),
            (&learnt["validation"], &files.held_out),
            (&learnt["train"], &train),
        ] {
            let again = mean(rows, &|i| residual(i).powi(2));
            assert!((number(printed) - again).abs() <= square, "{printed} for {again}");
        }
        let modulus = mean(&files.held_out, &|i| residual(i).abs());
        assert!((number(&learnt["absolute"]["mean"]) - modulus).abs() <= value + N as f64 * 1e-16 * reach);
        let alpha = mean(&train, &|i| y[i]);
        assert!(
            (files.alpha_beta[0] - alpha).abs() < N as f64 * f64::EPSILON * mean(&train, &|i| y[i].abs())
        );
        assert!((files.weights.squared_norm_l2() / M as f64 - 1.0).abs() < 1e-14);
        let norm: f64 = files.head.iter().map(|a| a * a).sum::<f64>() * M as f64;
        assert!((number(&learnt["head"]) / norm - 1.0).abs() < 1e-14);
        // The gradient of the ridge loss by each a_j vanishes, but for the backward error of the
        // decomposition, of its basis on both sides and of the division, and for the rounding of the sums.
        let decay = factor * number(&learnt["lambda"]);
        let row = |i: usize| (0..M).map(|j| files.feature(&x, i, j).powi(2)).sum::<f64>();
        let norm = (norm / M as f64).sqrt();
        let backward = 4.0 * rounding::eigen(M, mean(&train, &row) + decay) * norm;
        let moduli = mean(&train, &|i| row(i).sqrt() * (files.moduli(&x, i) + y[i].abs()));
        let sums = 2.0 * rounding::sum(N, M + 2 * D + 2) * moduli;
        for j in 0..M {
            let gradient = mean(&train, &|i| files.feature(&x, i, j) * residual(i)) + decay * files.head[j];
            assert!(gradient.abs() <= backward + sums, "neuron {j}: {gradient:e}");
        }
        assert!(backward + sums < 1e-10, "{backward:e} {sums:e}");
        std::fs::remove_dir_all(desk.path("out")).unwrap();
    }
}

/// The share outside S* from W1 itself; features after the step are better than untrained ones, and those
/// than none; the zero predictor has the moments of He_2/√2 and costs E(|f| − ς)_+ in the L1 loss.
#[test]
fn a_known_target_is_learnt() {
    let desk = desk();
    let found = learnt(&desk, &["--noise", "1", "--out", "out", "--m", "64"]);
    let w = desk.read_matrix("out/W1.npy");
    let inside: f64 = (0..64).map(|j| w[(j, 0)].powi(2)).sum();
    let share = 1.0 - inside / w.squared_norm_l2();
    assert!((number(&found["outside_share"]) - share).abs() < 1e-13);
    assert_eq!(number(&found["samples_per_square"]), 64.0);
    let mean = |who: &str, kind: &str| number(&found[who][kind]["mean"]);
    for kind in ["absolute", "square", "excess"] {
        let [learnt, untrained, zero] = ["learnt", "untrained", "zero"].map(|who| mean(who, kind));
        assert!(2.0 * learnt < untrained && untrained < zero, "{kind}: {learnt} {untrained} {zero}");
    }
    // E|He_2|/√2 = 4φ(1)/√2, and E(z² − 1 − √2)_+/√2 + E(1 − √2 − z²)_+/√2, of which the second is 0.
    let root = (1.0 + 2.0_f64.sqrt()).sqrt();
    let above = 2.0 * (density(root).value * root + upper_tail(root).value * (1.0 - root * root));
    for (kind, exact) in [
        ("absolute", 4.0 * density(1.0).value * 0.5_f64.sqrt()),
        ("square", 1.0),
        ("excess", above * 0.5_f64.sqrt()),
    ] {
        let scatter = number(&found["zero"][kind]["standard_error"]);
        // Five standard errors: a false alarm in two million, for a seed that is fixed.
        assert!((mean("zero", kind) - exact).abs() < 5.0 * scatter && scatter < 0.1, "{kind}");
    }
}

/// What each option changes, and what threads do not. The excess under normal noise, E|δ − ςZ| − ςE|Z|, lies
/// between 0, by Jensen, and E|δ|, by the triangle.
#[test]
fn settings_change_what_they_say() {
    let desk = desk();
    let sizes = ["--n", "600", "--m", "16", "--validation", "500", "--test", "500"];
    let quick = [&sizes[..], &["--noise", "0.5"]].concat();
    let with = |more: &[&str]| learnt(&desk, &[&quick[..], more].concat());
    let printed = with(&[]);
    assert_eq!(printed, with(&[]));
    let run = with(&["--as-run"]);
    assert_eq!((&run["as_run"], &printed["as_run"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_ne!(run["learnt"], printed["learnt"]);
    let excess = number(&run["zero"]["excess"]["mean"]);
    assert!(0.0 < excess && excess < number(&run["zero"]["absolute"]["mean"]));
    // A decay of one's own is that of all heads.
    let heavy = with(&["--lambda", "1000"]);
    for who in ["learnt", "untrained"] {
        assert_eq!(number(&heavy[who]["lambda"]), 1000.0);
        assert!(number(&heavy[who]["head"]) < number(&printed[who]["head"]));
        assert!(number(&heavy[who]["validation"]) >= number(&printed[who]["validation"]));
    }
    assert_ne!(with(&["--seed", "1"])["alpha"], printed["alpha"]);
    // Without noise the labels are others.
    assert_ne!(learnt(&desk, &sizes)["alpha"], printed["alpha"]);
    // Biases of their own shift an odd activation, so that the step sees the target.
    assert!(number(&with(&["--as-run", "--activation", "tanh"])["outside_share"]) < 1.0);
    // Threads do not show.
    let mut alone = desk.command();
    alone.env("RAYON_NUM_THREADS", "1").args(["learn", "--target", "target.toml", "--json"]).args(&quick);
    assert_eq!(serde_json::from_slice::<Value>(&alone.output().unwrap().stdout).unwrap(), printed);
    desk.put("target.toml", "d = 8\nname = \"deficient\"\n");
    let out = desk.run(&[&["learn", "--target", "target.toml"], &quick[..]].concat());
    assert!(out.code == Some(0) && out.stderr.contains("has rank 1 and not r = 2"), "{}", out.stderr);
    for words in ["as printed", "E|f − y| − E|ϵ|", "untrained", "share of ‖W¹‖² outside S*"] {
        assert!(out.stdout.contains(words), "{} lacks {words}", out.stdout);
    }
    assert!(out.stdout.lines().all(|line| line.chars().count() < 115), "{}", out.stdout);
}

/// The features of this sample are 1.5 GiB, and their blocks and the inputs less than a tenth of it.
#[cfg(target_os = "linux")]
#[test]
fn the_matrix_of_features_is_never_formed() {
    let desk = desk();
    let args = ["learn", "--target", "target.toml", "--n", "1000000", "--m", "200", "--memory", "150MiB"];
    // The system allows 1.3 GiB of addresses, those of the program and its threads included.
    let script = format!("ulimit -v 1400000; exec \"$0\" -q {}", args.join(" "));
    let out = std::process::Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_escapement")])
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(desk.path(""))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn what_cannot_be_learnt_is_refused() {
    let desk = desk();
    sample(&desk);
    desk.put_matrix("short.npy", &Mat::from_fn(3, 1, |i, _| i as f64));
    desk.put_matrix("two.npy", &Mat::from_fn(2, 5, |i, j| (i + j) as f64));
    desk.put_matrix("pair.npy", &Mat::from_fn(2, 1, |i, _| i as f64));
    desk.put_matrix("flat.npy", &Mat::zeros(N, 1));
    let target = ["learn", "--target", "target.toml"];
    let own = ["learn", "--x", "X.npy", "--y"];
    for (more, words) in [
        (&["--m", "7"][..], &["m = 7", "even"][..]),
        (&["--m", "0"], &["m = 0"]),
        (&["--n", "1"], &["n = 1", "at least 2 samples"]),
        (&["--validation", "0"], &["validation = 0", "at least 1"]),
        (&["--test", "1"], &["test = 1", "at least 2"]),
        (&["--noise", "-1"], &["the noise ς = -1", "at least 0"]),
        (&["--noise", "inf"], &["the noise ς = inf"]),
        (&["--lambda", "0"], &["the decay λ = 0", "positive"]),
        (&["--lambda", "nan"], &["the decay λ = NaN"]),
        (
            &["--activation", "tanh"],
            &["tanh", "c_2 = E σ(z)(z² − 1) vanishes (", "to within", "no gradient"],
        ),
        (&["--activation", "erf"], &["erf", "c_2", "an odd activation needs a shift"]),
        (&["--memory", "1MiB"], &["learning", "1.0 MiB", "smaller n or m"]),
        (&["--n", "18446744073709551615"], &["bytes, more than"]),
        (&["--x", "X.npy", "--y", "y.npy"], &["cannot be used with"]),
        (&["--d", "3", "--any-norm", "--target", "none.toml"], &["cannot be used multiple times"]),
    ] {
        desk.refused(&[&target[..], more].concat(), words);
    }
    for (more, words) in [
        (&["short.npy"][..], &["short.npy", "3 labels", "700 inputs"][..]),
        (&["y.npy", "--n", "5"], &["--n"]),
        (&["y.npy", "--noise", "1"], &["--noise"]),
        (&["flat.npy"], &["the step η", "the gradient may vanish"]),
    ] {
        desk.refused(&[&own[..], more].concat(), words);
    }
    desk.refused(&["learn", "--x", "two.npy", "--y", "pair.npy"], &["n = 2", "at least 3 samples"]);
    desk.refused(&["learn", "--x", "X.npy"], &["--y"]);
    desk.refused(&["learn"], &["--target", "--x"]);
    desk.put("file", "");
    desk.refused(&[&target[..], &["--out", "file/x"]].concat(), &["file is not a folder"]);
    desk.put("target.toml", "d = 8\nname = \"he22\"\n");
    desk.refused(&target, &["target.toml", "unknown target 'he22' (did you mean 'he2'?)"]);
}

/// Ctrl-C in the middle leaves nothing, and says so; maybe it came before there was a handler.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    let desk = desk();
    let long = ["learn", "--target", "target.toml", "--n", "1000000", "--m", "1000", "--out", "out"];
    let mut delay = std::time::Duration::from_secs(1);
    loop {
        let out = desk.interrupted(&long, delay);
        assert_eq!(desk.names(), ["target.toml"]);
        let said = String::from_utf8_lossy(&out.stderr);
        match out.status.code() {
            None => delay *= 2,
            code => {
                assert!(code == Some(130) && said.contains("interrupted; nothing was written"), "{said}");
                return;
            }
        }
    }
}
