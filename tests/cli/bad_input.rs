//! Bad input gets one clear sentence that names the value and what is allowed, exit status 2, and leaves
//! nothing behind.

use crate::process::Desk;
use escapement_cli::files::array;
use faer::Mat;

/// Four unit vectors of R³.
fn weights() -> Mat<f64> {
    Mat::from_fn(4, 3, |i, j| if i < 3 { f64::from(u8::from(i == j)) } else { 1.0 / 3.0_f64.sqrt() })
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put_matrix("W0.npy", &weights());
    desk
}

#[test]
fn sizes() {
    let desk = desk();
    desk.refused(&["spectrum", "--m", "7"], &["m = 7", "even"]);
    desk.refused(&["spectrum", "--m", "0"], &["m = 0", "at least 2"]);
    desk.refused(&["spectrum", "--d", "2"], &["d = 2", "at least 3"]);
    desk.refused(&["zonal", "--d", "2"], &["d = 2", "at least 3"]);
    desk.refused(&["zonal", "--d", "0"], &["d = 0", "at least 3"]);
    desk.refused(&["zonal", "--degrees", "100000"], &["100000", "degree"]);
    desk.refused(&["spectrum", "--weights", "W0.npy", "--m", "10"], &["--m 10", "W0.npy", "8"]);
    desk.refused(&["spectrum", "--weights", "W0.npy", "--d", "5"], &["--d 5", "W0.npy", "3"]);
    desk.refused(&["spectrum", "--weights", "W0.npy", "--top", "13"], &["13", "pd = 12"]);
    desk.refused(&["spectrum", "--top", "0"], &["0", "pd = 2000"]);
    desk.refused(&["spectrum", "--top", "3", "--all"], &["--all", "--top 3"]);
    desk.refused(&["spectrum", "--route", "magic"], &["magic", "dense"]);
    desk.refused(&["spectrum", "--route", "operator", "--all"], &["operator"]);
    for tail in ["0", "-1", "nan", "inf"] {
        desk.refused(&["spectrum", "--tail", tail], &["tail", "positive"]);
    }
    desk.refused(&["spectrum", "--tail", "1e-18"], &["tail"]);
}

#[test]
fn activations() {
    let desk = desk();
    for command in ["zonal", "spectrum", "construct"] {
        desk.refused(&[command, "--activation", "sigmod:1"], &["sigmod", "did you mean 'sigmoid'?"]);
        desk.refused(&[command, "--activation", "qqq"], &["qqq", "softplus"]);
        desk.refused(&[command, "--activation", "sigmoid:x"], &["x", "finite"]);
        desk.refused(&[command, "--activation", "sigmoid:inf"], &["inf", "finite"]);
        desk.refused(&[command, "--activation", "tanh:"], &["tanh:", "a number must follow the colon"]);
        desk.refused(&[command, "--activation", "tanh:1e300"], &["1e300", "from -23 to 23"]);
        desk.refused(&[command, "--activation", "relu"], &["relu", "second derivative"]);
        desk.refused(&[command, "--activation", "relu:1"], &["relu:1"]);
    }
}

#[test]
fn weights_that_are_no_unit_vectors() {
    let desk = Desk::new();
    let mut w = weights();
    w[(2, 2)] = 1.1;
    desk.put_matrix("W0.npy", &w);
    desk.refused(&["spectrum", "--weights", "W0.npy"], &["row 2", "1.1", "unit", "W0.npy"]);
    // More than single precision explains.
    w[(2, 2)] = 1.0 + 1e-4;
    desk.put_matrix("W0.npy", &w);
    desk.refused(&["spectrum", "--weights", "W0.npy"], &["row 2", "unit"]);
    // Columns are unit vectors where a matrix is stored the other way round.
    let t = Mat::from_fn(5, 4, |i, j| if i == j { 0.6 } else { f64::from(u8::from(i == 4)) * 0.8 });
    desk.put_matrix("W0.npy", &t);
    desk.refused(&["spectrum", "--weights", "W0.npy"], &["row 0", "transposed", "save W.T"]);
    desk.put_matrix("W0.npy", &Mat::from_fn(4, 2, |_, j| f64::from(u8::from(j == 0))));
    desk.refused(&["spectrum", "--weights", "W0.npy"], &["d = 2", "at least 3"]);
}

fn npy_of(shape: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    array::write(&mut bytes, shape, std::iter::repeat_n(1.0, shape.iter().product())).unwrap();
    bytes
}

#[test]
fn damaged_arrays() {
    let desk = desk();
    let whole = std::fs::read(desk.path("W0.npy")).unwrap();
    let with = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    let mut nan = whole.clone();
    let at = nan.len() - 16;
    nan[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
    for (bytes, words) in [
        (whole[..whole.len() - 1].to_vec(), &["truncated"][..]),
        (whole[..40].to_vec(), &["header"]),
        ([&whole[..], &[0]].concat(), &["1 bytes do not belong"]),
        (with("<f8", "<i8"), &["int64", "float64 or float32"]),
        (npy_of(&[12]), &["(12,)", "rank 2"]),
        (npy_of(&[2, 2, 3]), &["(2, 2, 3)", "rank 2"]),
        (npy_of(&[0, 3]), &["(0, 3)", "empty"]),
        (nan, &["NaN", "row 3, column 1", "finite"]),
        (b"k = 1\n".to_vec(), &["npy"]),
        (Vec::new(), &["empty"]),
    ] {
        desk.put("bad.npy", bytes);
        desk.refused(&["spectrum", "--weights", "bad.npy"], &[&["bad.npy"], words].concat());
    }
    desk.refused(&["spectrum", "--weights", "none.npy"], &["none.npy", "no such file"]);
    desk.refused(&["spectrum", "--weights", "."], &["not a regular file"]);
}

#[test]
fn sizes_that_do_not_fit_in_memory() {
    let desk = desk();
    // 8 · 500 · 10¹¹ bytes of weights.
    desk.refused(&["spectrum", "--d", "1000", "--m", "200000000000"], &["728 TiB", "weights"]);
    let [d, m] = ["9007199254740992", "18446744073709551614"];
    desk.refused(&["spectrum", "--d", d, "--m", m], &["e35 bytes"]);
    desk.refused(&["spectrum", "--memory", "1KiB"], &["16 KiB", "1.0 KiB allowed", "smaller d or m"]);
    desk.refused(&["construct", "--n", "100000000000"], &["TiB", "smaller n"]);
    // The Gram matrix of more harmonics than there are atoms.
    desk.refused(&["spectrum", "--d", "1000", "--m", "4", "--route", "harmonic"], &["bytes, more than"]);
    // Dense would need 8·2·(10⁴)² bytes; the harmonics of R³ fit easily.
    desk.refused(
        &["spectrum", "--d", "3", "--m", "6668", "--route", "dense", "--top", "4", "--memory", "100MiB"],
        &["dense", "1.5 GiB", "harmonic"],
    );
    for memory in ["lots", "0", "-4GiB", "4 parsecs"] {
        desk.refused(&["spectrum", "--memory", memory], &["--memory", "4GiB"]);
    }
}

/// What d, m and the activation forbid is refused before gigabytes of weights are drawn for it.
#[test]
fn a_spectrum_that_does_not_fit_is_refused_at_once() {
    let desk = Desk::new();
    let start = std::time::Instant::now();
    desk.refused(
        &["spectrum", "--d", "1000", "--m", "400000", "--all", "--memory", "16GiB"],
        &["leanest route", "m = 400000"],
    );
    desk.refused(
        &["construct", "--d", "1000", "--m", "1000000", "--memory", "16GiB"],
        &["leanest route", "m = 1000000"],
    );
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn outputs_that_cannot_be_written() {
    let desk = desk();
    desk.put("file", "");
    let cases = [
        ("file/x/y", "file is not a folder"),
        ("file/x", "file is not a folder"),
        ("/dev/full", "not a regular file"),
        (".", "folder"),
    ];
    for option in ["--vectors", "--plot"] {
        for (path, word) in cases {
            desk.refused(&["spectrum", "--weights", "W0.npy", option, path], &[path, word]);
        }
    }
    desk.refused(
        &["spectrum", "--weights", "W0.npy", "--vectors", "x", "--plot", "x"],
        &["x", "two outputs"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_on_a_full_disk() {
    let desk = desk();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_escapement"))
        .arg("zonal")
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(said.starts_with("escapement: standard output") && said.contains("no space"), "{said}");
    assert!(desk.names() == ["W0.npy"]);
}

#[test]
fn targets() {
    let desk = desk();
    let run = |toml: &str, words: &[&str]| {
        desk.put("target.toml", toml);
        for output in [&[][..], &["--out", "results"]] {
            let arguments =
                [&["construct", "--weights", "W0.npy", "--target", "target.toml"][..], output].concat();
            desk.refused(&arguments, &[&["target.toml"], words].concat());
        }
    };
    let sparse = |alpha: &str, beta: &str| format!("k = 1\n[[sparse]]\nalpha = {alpha}\nbeta = {beta}\n");
    run(&sparse("1.5", "[1.0, 0.0, 0.0]"), &["alpha", "1.5", "≤ 1", "sparse term 1"]);
    run(&sparse("nan", "[1.0, 0.0, 0.0]"), &["alpha", "NaN", "finite"]);
    run(&sparse("1.0", "[1.0, 1.0, 0.0]"), &["beta of sparse term 1", "1.414", "unit"]);
    run(&sparse("1.0", "[1.0, 0.0]"), &["beta", "2", "d = 3"]);
    run(&sparse("1.0", "[inf, 0.0, 0.0]"), &["beta", "inf", "finite"]);
    run(&sparse("\"one\"", "[1.0, 0.0, 0.0]"), &["line 3", "alpha", "expected f64"]);
    run(
        "k = 1\n[[low_degree]]\ndegree = 2\ncoefficient = 1.0\neta = [1.0, 0.0, 0.0]\n",
        &["degree = 2", "k = 1"],
    );
    run(
        "k = 1\n[[low_degree]]\ndegree = 1\ncoefficient = 1.0\neta = [0.5, 0.0, 0.0]\n",
        &["eta", "0.5", "unit"],
    );
    run("k = 0\n", &["k = 0", "from 1"]);
    run("k = 1\nkappa = 2\n", &["line 2", "kappa", "sparse"]);
    run("k = 1\n[[sparse]]\nalfa = 1.0\nbeta = [1.0, 0.0, 0.0]\n", &["line 3", "alfa", "alpha"]);
    run("alpha = 1\n", &["alpha"]);
    run("k = ", &["k ="]);
    desk.put("target.toml", b"\xff\xfe");
    desk.refused(&["construct", "--target", "target.toml"], &["target.toml", "text"]);
    desk.refused(&["construct", "--target", "none.toml"], &["none.toml", "no such file"]);
    desk.refused(&["construct", "--target", "."], &["regular"]);
}

#[test]
fn constructions_that_do_not_exist() {
    let desk = desk();
    let terms = |count: usize| {
        (0..count).map(|_| "[[sparse]]\nalpha = 1.0\nbeta = [1.0, 0.0, 0.0]\n").collect::<String>()
    };
    let construct = ["construct", "--weights", "W0.npy", "--target", "target.toml", "--out", "results"];
    // Four neurons cannot serve five terms.
    desk.put("target.toml", format!("k = 1\n{}", terms(5)));
    desk.refused(&construct, &["= 4", "R = 5", "m ≥ 10"]);
    // n_4 = 25 at d = 3, but Σ has rank 12.
    desk.put("target.toml", format!("k = 4\n{}", terms(1)));
    desk.refused(
        &[&construct[..], &["--activation", "tanh:0.5"]].concat(),
        &["n_k = 25", "pd = 12", "m = 18"],
    );
    desk.put("target.toml", format!("k = 1\n{}", terms(1)));
    // Assumption 3: without a shift σ'' is odd, so its mean vanishes.
    for activation in ["sigmoid", "tanh", "erf"] {
        desk.refused(
            &[&construct[..], &["--activation", activation]].concat(),
            &["s_0", "vanishes", activation],
        );
    }
}

#[test]
fn inputs_and_folders_of_construct() {
    let desk = desk();
    desk.put_matrix("X.npy", &Mat::from_fn(3, 4, |_, _| 1.0));
    desk.refused(
        &["construct", "--weights", "W0.npy", "--inputs", "X.npy"],
        &["X.npy", "4 entries", "d = 3"],
    );
    desk.refused(&["construct", "--d", "4", "--inputs", "X.npy", "--n", "5"], &["--n 5", "X.npy", "3"]);
    desk.refused(&["construct", "--inputs", "none.npy"], &["none.npy", "no such file"]);
    desk.refused(&["construct", "--n", "0"], &["--n", "0", "at least one"]);
    desk.refused(&["construct", "--m", "7"], &["m = 7", "even"]);
    desk.refused(&["construct", "--d", "2"], &["d = 2", "at least 3"]);
    desk.refused(&["construct", "--m", "2000000000000"], &["TiB"]);
    desk.put("file", "");
    desk.refused(&["construct", "--weights", "W0.npy", "--out", "file"], &["file", "not a folder"]);
    desk.refused(
        &["construct", "--weights", "W0.npy", "--out", "file/deep"],
        &["file/deep", "file is not a folder"],
    );
    desk.refused(
        &["construct", "--weights", "W0.npy", "--out", "/proc/results"],
        &["/proc/results", "cannot be written"],
    );
    // A name in the folder that is taken by a folder: all or nothing.
    std::fs::create_dir_all(desk.path("taken/X.npy")).unwrap();
    desk.refused(&["construct", "--weights", "W0.npy", "--out", "taken"], &["X.npy", "folder"]);
    assert_eq!(std::fs::read_dir(desk.path("taken")).unwrap().count(), 1);
}

#[test]
fn usage() {
    let desk = desk();
    desk.refused(&["spectrum", "--m", "four"], &["four", "--m"]);
    desk.refused(&["spectrum", "--m", "-4"], &["-4", "--m"]);
    desk.refused(&["verify", "--jobs", "-1"], &["-1", "--jobs", "whole number"]);
    desk.refused(&["verify", "--seed", "-1"], &["-1", "--seed"]);
    desk.refused(&["spectrum", "--rout", "dense"], &["--rout", "--route"]);
    desk.refused(&["spectrm"], &["spectrm", "spectrum"]);
    desk.refused(&["zonal", "--d"], &["--d", "value"]);
    desk.refused(&["zonal", "--d", "5", "--d", "6"], &["--d", "multiple"]);
}
