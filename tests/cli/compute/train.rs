//! `train` meets `evaluate` and a plain loop, goes on to the same bytes however it was stopped, and refuses
//! what makes no run.

use crate::data::{ORACLE, vector};
use crate::process::{Desk, distance, size};
use escapement::covariance::Covariance;
use escapement::eigen::{self, DEFAULT_MEMORY, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::sphere::{self, Truncation};
use escapement::{activation, seed, tolerance};
use escapement_cli::files::array;
use faer::{Mat, Par};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// f*(x) = 0.8 x_1² + 0.85 x_2 at d = 4.
const TARGET: &str = "k = 1\n[[sparse]]\nalpha = 0.8\nbeta = [1, 0, 0, 0]\n[[low_degree]]\ndegree = \
    1\ncoefficient = 1.7\neta = [0, 1, 0, 0]\n";

/// A small run with all of L_λ and with noise.
const SMALL: [&str; 13] = [
    "train",
    "--m",
    "16",
    "--n",
    "12",
    "--target",
    "target.toml",
    "--lambda",
    "0.1,0.1,0.1,0.01",
    "--noise",
    "0.01",
    "--nu",
    "0",
];

/// What a run leaves, but for the checkpoint.
const RESULTS: [&str; 5] = ["history.csv", "W.npy", "weights.npy", "run.toml", "summary.json"];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("target.toml", TARGET);
    desk
}

/// A desk with inputs, labels and weights as files.
fn with_files() -> (Desk, Mat<f64>, Mat<f64>, Vec<f64>) {
    let desk = desk();
    let draw = |rows, radius, name: &str| {
        sphere::uniform_sphere(&mut seed::stream(5, "train", name), rows, 4, radius)
    };
    let (w0, x) = (draw(8, 1.0, "weights"), draw(12, 2.0, "inputs"));
    let y: Vec<f64> = (0..12).map(|i| x[(i, 0)] * x[(i, 0)] - x[(i, 1)]).collect();
    desk.put_matrix("W0.npy", &w0);
    desk.put_matrix("X.npy", &x);
    put_vector(&desk, "y.npy", &y);
    (desk, w0, x, y)
}

fn put_vector(desk: &Desk, name: &str, y: &[f64]) {
    let mut bytes = Vec::new();
    array::write(&mut bytes, &[y.len()], y.iter().copied()).unwrap();
    desk.put(name, bytes);
}

fn bytes(desk: &Desk, dir: &str) -> Vec<Vec<u8>> {
    RESULTS.iter().map(|name| std::fs::read(desk.path(dir).join(name)).unwrap()).collect()
}

/// The run in `b` is that in `a`, byte by byte.
fn same(desk: &Desk, a: &str, b: &str) {
    for ((a, b), name) in bytes(desk, a).iter().zip(bytes(desk, b)).zip(RESULTS) {
        assert!(*a == b, "{name} differs:\n{}\n{}", String::from_utf8_lossy(a), String::from_utf8_lossy(&b));
    }
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_else(|| panic!("{name} in {value}"))
}

#[test]
fn evaluate_finds_the_same_at_the_end() {
    let (desk, ..) = with_files();
    let data = ["--inputs", "X.npy", "--labels", "y.npy", "--lambda", "0.3,0.2,0.5,0.01", "--json"];
    for (model, loss) in [("network", "pseudo-huber"), ("quadratic", "log-cosh"), ("linear", "square")] {
        let more = ["--model", model, "--loss", loss];
        let run = ["train", "--weights", "W0.npy", "--max-steps", "40", "--out", model];
        let ours = desk.json(&[&run[..], &more, &data].concat());
        let (weights, w) = (format!("{model}/weights.npy"), format!("{model}/W.npy"));
        let files = ["evaluate", "--weights", &weights, "--displacement", &w];
        let theirs = desk.json(&[&files[..], &more, &data].concat());
        let close = |a: f64, b: f64, scale: f64, name: &str| {
            assert!((a - b).abs() <= ORACLE * scale, "{model} {name}: {a:e} {b:e}");
        };
        for name in ["loss", "mean_loss", "gradient_norm"] {
            close(number(&ours, name), number(&theirs, name), number(&theirs, name), name);
        }
        let (least, norm) = ("hessian_min_eigenvalue", number(&theirs, "hessian_norm"));
        close(number(&ours, least), number(&theirs, least), norm, least);
        let (a, b) = (vector(&ours["regularizers"]), vector(&theirs["regularizers"]));
        assert!(distance(&a, &b) <= ORACLE * size(&b), "{a:?} {b:?}");
        assert!(
            ours["d"] == theirs["d"]
                && ours["m"] == theirs["m"]
                && ours["n_k"] == theirs["n_k"]
                && ours["n"] == theirs["n"]
        );
        // The last line of the history says it again.
        let text = std::fs::read_to_string(desk.path(model).join("history.csv")).unwrap();
        let last: Vec<&str> = text.lines().last().unwrap().split(',').collect();
        assert_eq!(last[0], ours["steps"].to_string());
        assert_eq!(last[6].parse::<f64>().unwrap(), number(&ours, "loss"));
        assert!(last[10].is_empty(), "labels alone give no test");
    }
}

#[test]
fn a_plain_loop_gets_to_the_same_place() {
    let (desk, w0, x, y) = with_files();
    let (lambda, eta, steps) = ([0.3, 0.2, 0.5, 0.01], 0.1, 25);
    desk.put_matrix("S.npy", &Mat::from_fn(16, 4, |i, j| 0.1 * ((i + 3 * j) as f64).sin()));
    let flags = "train --weights W0.npy --inputs X.npy --labels y.npy --lambda 0.3,0.2,0.5,0.01 --step 0.1 \
        --max-steps 25 --nu 0";
    let flags: Vec<&str> = flags.split(' ').chain(["--start", "S.npy", "--out", "run", "--json"]).collect();
    let out = desk.json(&flags);

    let sigma = activation::parse("sigmoid:1").unwrap();
    let net = PairedNetwork::new(w0.as_ref(), sigma.clone(), tolerance::UNIT_NORM_F64).unwrap();
    let tail = Truncation::Tail(tolerance::FINE_TAIL);
    let cov = Covariance::new(net.weights(), sigma.as_ref(), tail).unwrap();
    let pairs = eigen::solve(&cov, &Request::top(6), RouteChoice::Auto, DEFAULT_MEMORY, Par::Seq).unwrap();
    let top = TopSpace::new(&pairs, 5).unwrap();
    let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
    let loss =
        RegularizedLoss::new(of, &y, Loss::PseudoHuber, lambda, Model::Network, DEFAULT_MEMORY, Par::Seq)
            .unwrap();
    let (mut w, mut gradient, mut space) = (desk.read_matrix("S.npy"), Mat::zeros(16, 4), loss.workspace());
    let mut objectives = Vec::new();
    for _ in 0..steps {
        let value = loss.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, Par::Seq).unwrap();
        objectives.push(value.objective);
        w = &w - faer::Scale(eta) * &gradient;
    }
    let trained = desk.read_matrix("run/W.npy");
    assert!((&trained - &w).norm_max() <= 1e-12 * w.norm_max(), "{:e}", (&trained - &w).norm_max());
    let moved = (&trained - desk.read_matrix("S.npy")).norm_max();
    assert!(moved > 1e-2 * w.norm_max(), "{moved:e}: nothing was trained");
    let text = std::fs::read_to_string(desk.path("run/history.csv")).unwrap();
    let column: Vec<f64> =
        text.lines().skip(1).map(|line| line.split(',').nth(6).unwrap().parse().unwrap()).collect();
    assert!(distance(&column[..steps], &objectives) <= 1e-12, "{column:?} {objectives:?}");
    assert!((out["outcome"] == "steps-spent") && out["steps"] == 25);
}

#[test]
fn a_history_of_steps_and_tests() {
    let desk = desk();
    let out = desk
        .json(&[&SMALL[..], &["--max-steps", "21", "--out", "deep/run", "--test", "50", "--json"]].concat());
    let text = std::fs::read_to_string(desk.path("deep/run/history.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("step,loss,r1,r2,r3,r4,objective,gradient_norm,step_size,norm,test_loss"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let steps: Vec<u64> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(steps, (0..=21).collect::<Vec<_>>());
    let tested: Vec<&str> = rows.iter().filter(|row| !row[10].is_empty()).map(|row| row[0]).collect();
    assert_eq!(tested, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "10", "12", "14", "16", "20", "21"]);
    assert_eq!(rows[21][10].parse::<f64>().unwrap(), number(&out, "test_loss"));
    // At W = 0 the network is zero: the test loss is that of f* alone, the regularisers vanish, and every
    // number is finite.
    assert!(rows[0][2..6].iter().all(|r| r.parse() == Ok(0.0)));
    assert!(rows.iter().flatten().filter(|x| !x.is_empty()).all(|x| x.parse::<f64>().unwrap().is_finite()));
    let mut names: Vec<_> = std::fs::read_dir(desk.path("deep/run"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["W.npy", "checkpoint.bin", "history.csv", "run.lock", "run.toml", "summary.json", "weights.npy"]
    );
    // The settings that were written down make the same run.
    desk.json(&["train", "--config", "deep/run/run.toml", "--out", "again", "--json"]);
    same(&desk, "deep/run", "again");
}

#[test]
fn a_finished_run_says_so_and_more_steps_continue_it() {
    let desk = desk();
    let small = |more: &[&'static str]| [&SMALL[..], &["--json"], more].concat();
    desk.json(&small(&["--max-steps", "90", "--out", "whole"]));
    let first = desk.json(&small(&["--max-steps", "37", "--out", "parts"]));
    let before = bytes(&desk, "parts");
    let again = desk.run(&small(&["--max-steps", "37", "--out", "parts"]));
    assert!(
        again.code == Some(0) && again.stderr.contains("has ended") && again.stderr.contains("--fresh"),
        "{}",
        again.stderr
    );
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).unwrap(), first);
    assert_eq!(bytes(&desk, "parts"), before);
    // The last line of the first part had a test that is not due in the middle.
    desk.json(&small(&["--max-steps", "90", "--out", "parts", "--checkpoint-every", "60s"]));
    same(&desk, "whole", "parts");
    // The looks at the curvature fall on the same steps, and the end is certified at the same one.
    let certified =
        |all: &[&'static str]| [&SMALL[..11], &["--nu", "0.03", "--gamma", "0.01", "--json"], all].concat();
    let whole = desk.json(&certified(&["--out", "second"]));
    assert!(whole["outcome"] == "second-order-stationary" && whole["steps"].as_u64() > Some(10), "{whole}");
    desk.json(&certified(&["--out", "second-parts", "--max-steps", "9"]));
    assert_eq!(desk.json(&certified(&["--out", "second-parts"])), whole);
    same(&desk, "second", "second-parts");
    desk.refused(&small(&["--max-steps", "80", "--out", "parts"]), &["max-steps = 80", "90 steps"]);
    let out = desk.json(&small(&["--max-steps", "5", "--out", "parts", "--fresh"]));
    assert_eq!(out["steps"], 5);
}

/// A run of a few seconds.
fn long() -> Vec<&'static str> {
    let mut flags = SMALL.to_vec();
    flags.extend([
        "--max-steps",
        "6000",
        "--patience",
        "6000",
        "--checkpoint-every",
        "100",
        "--test",
        "20",
        "--json",
    ]);
    flags
}

/// Starts it, and waits until its history has so many lines.
#[cfg(unix)]
fn started(desk: &Desk, wanted: usize) -> std::process::Child {
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_escapement"))
        .args(long())
        .args(["--out", "parts"])
        .current_dir(desk.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let lines = || {
        let bytes = std::fs::read(desk.path("parts/history.csv")).unwrap_or_default();
        bytes.iter().filter(|&&b| b == b'\n').count()
    };
    while lines() < wanted {
        assert!(begin.elapsed() < Duration::from_secs(60), "nothing was written");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn killed_and_interrupted_runs_go_on_to_the_same_bytes() {
    let desk = desk();
    desk.json(&[&long()[..], &["--out", "whole"]].concat());
    let mut child = started(&desk, 100);
    let signal = |name: &str, id: u32| {
        let sent = std::process::Command::new("kill").args([name, &id.to_string()]).status();
        assert!(sent.unwrap().success());
    };
    // RecordsByCell still, so that it cannot end before it is killed.
    signal("-STOP", child.id());
    desk.refused(
        &[&long()[..], &["--out", "parts"]].concat(),
        &["parts is in use", "another process", "run.lock"],
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!desk.path("parts/W.npy").exists(), "the run ended before it was killed");
    // Lines beyond the checkpoint, whole and half, are dropped.
    let path = desk.path("parts/history.csv");
    let text = std::fs::read_to_string(&path).unwrap() + "5999,1,1,1,1,1,1,1,1,1,\n6000,0.5,";
    std::fs::write(&path, text).unwrap();

    let there = std::fs::read_to_string(&path).unwrap().lines().count();
    let child = started(&desk, there + 100);
    signal("-INT", child.id());
    let out = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert_eq!(out.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("stopping after the step in hand") && stderr.contains("is kept"), "{stderr}");
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    let steps = summary["steps"].as_u64().unwrap();
    assert!(summary["outcome"] == "interrupted" && (1..6000).contains(&steps), "{summary}");
    // W is that of the last line.
    let text = std::fs::read_to_string(&path).unwrap();
    let last: Vec<&str> = text.lines().last().unwrap().split(',').collect();
    assert_eq!(last[0].parse(), Ok(steps));
    assert!(
        (desk.read_matrix("parts/W.npy").norm_l2() / last[9].parse::<f64>().unwrap() - 1.0).abs() < 1e-14
    );

    let rest = desk.run(&[&long()[..], &["--out", "parts"]].concat());
    assert!(
        rest.code == Some(0) && rest.stderr.contains(&format!("went on from step {steps}")),
        "{}",
        rest.stderr
    );
    same(&desk, "whole", "parts");
}

#[test]
fn outcomes_have_words_and_exit_codes() {
    let (desk, ..) = with_files();
    let run = |more: &str| {
        let flags = "train --weights W0.npy --inputs X.npy --labels y.npy --fresh --lambda 0.1,0.1,0.1,0.01";
        desk.run(&flags.split(' ').chain(more.split(' ')).collect::<Vec<_>>())
    };
    for (more, code, words) in [
        ("--nu 1e-3", 0, &["first-order-stationary", "at most ν"][..]),
        ("--nu 1e-3 --gamma 0.01", 0, &["second-order-stationary", "full spectrum", "−γ"]),
        ("--max-steps 3", 0, &["steps-spent", "--max-steps"]),
        ("--max-steps 0", 0, &["steps-spent after 0 steps"]),
        ("--loss absolute --nu 0 --patience 30", 0, &["stagnated", "--nu", "--noise"]),
        ("--loss square --step 1e3", 1, &["diverged", "smaller --step"]),
    ] {
        let out = run(more);
        assert_eq!(out.code, Some(code), "{more}: {}{}", out.stdout, out.stderr);
        for word in words {
            assert!(out.stdout.contains(word), "{more}: {} lacks {word}", out.stdout);
        }
        assert_eq!(out.stdout.contains("Hessian"), !more.contains("absolute"), "{}", out.stdout);
    }
    assert!(desk.names().contains(&"train".to_owned()), "the default folder");
    // Nothing must be given.
    let plain = desk.run(&["train", "--fresh", "--max-steps", "9"]);
    assert!(
        plain.code == Some(0) && plain.stdout.contains("d = 10, m = 400, n = 100, k = 1"),
        "{}{}",
        plain.stdout,
        plain.stderr
    );
    let help = desk.run(&["train", "--help"]);
    assert!(
        help.code == Some(0) && help.stdout.contains("Example") && help.stdout.contains("The exit code is"),
        "{}",
        help.stdout
    );
    // At W = 0 with zero labels the gradient vanishes: no step is taken.
    put_vector(&desk, "y.npy", &[0.0; 12]);
    assert!(run("--json").stdout.contains("\"outcome\":\"first-order-stationary\",\"steps\":0"));
}

#[test]
fn a_configuration_is_read_from_its_own_folder_and_flags_override_it() {
    let desk = desk();
    std::fs::create_dir(desk.path("deep")).unwrap();
    desk.put("deep/target.toml", TARGET);
    let base = "model = \"linear\"\nm = 16\nn = 12\ntarget = \"target.toml\"\nlambda = [0, 0.1, 0, \
        0]\nmax-steps = 7\nseed = 3\ntest = 10\n";
    desk.put("deep/run.toml", format!("{base}step = 0.5\ncheckpoint-every = 3\n"));
    let from_file = desk.json(&["train", "--config", "deep/run.toml", "--out", "a", "--json"]);
    assert!(from_file["model"] == "linear" && from_file["d"] == 4 && from_file["steps"] == 7, "{from_file}");
    assert_eq!(vector(&from_file["lambda"]), [0.0, 0.1, 0.0, 0.0]);
    let over = desk.json(&[
        "train",
        "--config",
        "deep/run.toml",
        "--model",
        "quadratic",
        "--m",
        "20",
        "--out",
        "b",
        "--json",
    ]);
    assert!(over["model"] == "quadratic" && over["m"] == 20 && over["n"] == 12);
    // The same by flags alone, to the same bytes.
    let flags = "train --model linear --m 16 --n 12 --target target.toml --lambda 0,0.1,0,0 --max-steps 7 \
        --seed 3 --test 10 --step 0.5";
    desk.json(&flags.split(' ').chain(["--out", "c", "--json"]).collect::<Vec<_>>());
    for name in ["history.csv", "W.npy", "weights.npy"] {
        assert!(
            std::fs::read(desk.path("a").join(name)).unwrap()
                == std::fs::read(desk.path("c").join(name)).unwrap(),
            "{name}"
        );
    }
    for (text, words) in [
        ("widht = 16\n", &["'widht'", "did you mean", "max-steps"][..]),
        ("label_noise = 0.1\n", &["'label_noise'", "did you mean 'label-noise'"]),
        ("m = \"wide\"\n", &["line 1", "m = \"wide\"", "string"]),
        ("n = -3\n", &["line 1", "-3"]),
        ("lambda = [0.1, 0.2]\n", &["line 1", "4"]),
        ("lambda = [0, 0, -1, 0]\n", &["λ3", "-1", "zero or above"]),
        ("nu = nan\n", &["nu = NaN", "finite"]),
        ("step = 0\n", &["step = '0'", "above 0"]),
        ("step = \"fast\"\n", &["step = 'fast'", "backtracking"]),
        ("step = 0.5\nfirst-step = 1\n", &["first-step", "0.5"]),
        ("checkpoint-every = \"often\"\n", &["'often'", "60s"]),
        ("m = \n", &["line 1"]),
    ] {
        desk.put("bad.toml", text);
        desk.refused(&["train", "--config", "bad.toml"], &[&["bad.toml"], words].concat());
    }
    desk.refused(&["train", "--config", "none.toml"], &["none.toml", "no such file"]);
}

#[test]
fn bad_input_is_refused() {
    let (desk, ..) = with_files();
    let refused = |flags: &str, words: &[&str]| {
        let arguments: Vec<&str> = ["train", "--out", "out"].into_iter().chain(flags.split(' ')).collect();
        desk.refused(&arguments, words);
    };
    refused("--labels y.npy", &["labels without inputs", "--inputs"]);
    refused("--inputs X.npy", &["--labels", "--target"]);
    put_vector(&desk, "five.npy", &[0.0; 5]);
    refused("--inputs X.npy --labels five.npy", &["five.npy", "5 labels", "12 inputs"]);
    put_vector(&desk, "big.npy", &[1e300; 12]);
    refused("--inputs X.npy --labels big.npy --loss square", &["L_λ is inf"]);
    let mut nan = std::fs::read(desk.path("y.npy")).unwrap();
    let at = nan.len() - 8;
    nan[at..].copy_from_slice(&f64::NAN.to_le_bytes());
    desk.put("nan.npy", nan);
    refused("--inputs X.npy --labels nan.npy", &["nan.npy", "NaN", "finite"]);
    refused("--inputs X.npy --labels y.npy --label-noise 0.1", &["--label-noise", "target"]);
    refused("--inputs X.npy --labels y.npy --test 5", &["test", "--target"]);
    refused("--inputs X.npy --labels y.npy --n 11", &["--n 11", "12 inputs"]);
    refused("--inputs X.npy --labels y.npy --d 5", &["4 entries", "d = 5"]);
    refused("--target target.toml --d 5", &["target.toml", "beta", "d = 5"]);
    refused("--target X.npy", &["X.npy", "text"]);
    refused("--weights X.npy", &["X.npy", "unit"]);
    refused("--weights W0.npy --start X.npy", &["X.npy", "12 × 4", "16 × 4"]);
    refused("--n 0", &["n = 0", "at least one"]);
    refused("--m 7", &["7", "even"]);
    refused("--d 2", &["2"]);
    refused("--lambda 0,0,-1,0", &["λ3", "'-1'"]);
    refused("--step 0", &["step = '0'", "above 0"]);
    refused("--step -1", &["step = '-1'", "above 0"]);
    refused("--step nan", &["step = 'nan'"]);
    refused("--noise nan", &["noise = NaN", "finite"]);
    refused("--noise -1", &["noise = -1", "zero or above"]);
    refused("--gamma 0", &["gamma = 0", "above zero"]);
    refused("--gamma 0.1 --loss absolute", &["absolute", "second derivative"]);
    refused("--patience 0", &["patience = 0"]);
    refused("--checkpoint-every 0", &["'0'", "60s"]);
    refused("--model cubic", &["cubic", "network, quadratic"]);
    refused("--loss huber", &["huber", "pseudo-huber"]);
    refused("--activation relu", &["relu", "second derivative"]);
    refused("--k 5 --d 4 --m 16", &["n_k", "pd = 32"]);
    refused("--memory 1KiB", &["1.0 KiB"]);
    desk.refused(&["train", "--out", "W0.npy"], &["W0.npy", "not a folder"]);
    desk.refused(&["train", "--out", "/proc/none/run"], &["/proc"]);
    // A folder that holds something else, or what the run is to read.
    std::fs::create_dir(desk.path("taken")).unwrap();
    std::fs::copy(desk.path("W0.npy"), desk.path("taken/weights.npy")).unwrap();
    desk.refused(&["train", "--out", "taken"], &["taken/weights.npy is in the way", "--fresh"]);
    desk.refused(
        &["train", "--weights", "taken/weights.npy", "--out", "taken", "--fresh"],
        &["taken/weights.npy", "replaced"],
    );
    assert_eq!(std::fs::read_dir(desk.path("taken")).unwrap().count(), 1);
}

#[test]
fn another_or_a_damaged_run_is_not_continued() {
    let (desk, ..) = with_files();
    let base = "train --weights W0.npy --inputs X.npy --labels y.npy --lambda 0.1,0.1,0.1,0.01 --nu 0 \
        --max-steps 12 --out run --json";
    let base: Vec<&str> = base.split(' ').collect();
    desk.json(&base);
    let more = |flags: &'static str| [&base[..], &flags.split(' ').collect::<Vec<_>>()].concat();
    desk.refused(&more("--noise 0.1"), &["run holds another run", "noise was 0.0 and is 0.1", "--fresh"]);
    desk.refused(
        &more("--loss log-cosh --seed 4"),
        &["loss was \"pseudo-huber\" and is \"log-cosh\"", "seed was 0 and is 4"],
    );
    let y = std::fs::read(desk.path("y.npy")).unwrap();
    put_vector(&desk, "y.npy", &[0.5; 12]);
    desk.refused(&base, &["the labels changed"]);
    // Content counts, not names.
    desk.put("other.npy", &y);
    let renamed: Vec<&str> = base.iter().map(|f| if *f == "y.npy" { "other.npy" } else { f }).collect();
    assert_eq!(desk.json(&renamed)["steps"], 12);
    desk.put("y.npy", &y);

    let (path, whole) =
        (desk.path("run/checkpoint.bin"), std::fs::read(desk.path("run/checkpoint.bin")).unwrap());
    for at in [40, whole.len() / 2, whole.len() - 40, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        desk.refused(&base, &["checkpoint.bin is damaged", "--fresh"]);
    }
    for keep in [0, 10, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..keep]).unwrap();
        desk.refused(&base, &["checkpoint.bin is damaged", "--fresh"]);
    }
    std::fs::write(&path, "a letter that someone keeps here, of some length").unwrap();
    desk.refused(&base, &["checkpoint.bin is not a checkpoint", "--out"]);
    std::fs::write(&path, &whole).unwrap();
    // A history that is not as it was left.
    let history = desk.path("run/history.csv");
    let text = std::fs::read_to_string(&history).unwrap();
    let further = || base.iter().map(|f| if *f == "12" { "20" } else { f }).collect::<Vec<_>>();
    for bad in [text.replacen("0.", "1.", 1), text[..100].to_owned()] {
        std::fs::write(&history, bad).unwrap();
        desk.refused(&further(), &["history.csv is not as the checkpoint", "--fresh"]);
    }
    std::fs::remove_file(&history).unwrap();
    desk.refused(&further(), &["history.csv", "no such file"]);
    std::fs::write(&history, text).unwrap();
    assert_eq!(desk.json(&further())["steps"], 20);
}
