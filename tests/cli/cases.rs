//! Small inputs that failed once, each for its kind: the files are in `cases`, and `expected.json` has
//! spectra from two-dimensional quadrature (Gauss–Jacobi times trapezoid), which knows no harmonics.

use crate::process::{Desk, distance, files};
use serde_json::Value;
use std::process::Command;

/// A desk with the files of `cases`.
fn desk() -> Desk {
    let desk = Desk::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/cases")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, desk.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
    }
    desk
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn spectrum(desk: &Desk, weights: &str, more: &[&str]) -> Vec<f64> {
    let arguments = [&["spectrum", "--weights", weights, "--json"], more].concat();
    numbers(&desk.json(&arguments)["eigenvalues"])
}

#[test]
fn what_numpy_reads_is_read() {
    let desk = desk();
    let right = [0.03247089195906731, 0.03204869703299682, 0.03167568489621172];
    for name in
        ["base.npy", "native_order.npy", "f8_no_order.npy", "name_float64.npy", "py2_long.npy", "W0.npz:W0"]
    {
        assert!(distance(&spectrum(&desk, name, &["--top", "3"]), &right) < 1e-13 * right[0], "{name}");
    }
}

/// Text of 17 digits holds the same weights, and rows that were normalised in float32 are taken in float64.
#[test]
fn texts_and_rows_of_single_precision_are_weights_too() {
    let desk = desk();
    let w = desk.read_matrix("base.npy");
    let row = |i: usize| (0..w.ncols()).map(|j| format!("{:.17e}", w[(i, j)])).collect::<Vec<_>>().join(" ");
    desk.put("base.txt", (0..w.nrows()).map(|i| row(i) + "\n").collect::<String>());
    let right = spectrum(&desk, "base.npy", &["--top", "3"]);
    assert_eq!(spectrum(&desk, "base.txt", &["--top", "3"]), right);
    let single = faer::Mat::from_fn(w.nrows(), w.ncols(), |i, j| f64::from(w[(i, j)] as f32));
    desk.put_matrix("single.npy", &single);
    let out = desk.run(&["spectrum", "--weights", "single.npy", "--top", "3"]);
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    assert!(
        out.stderr.contains("float64, normalised in single precision")
            && out.stderr.contains("renormalised")
    );
    assert!(distance(&spectrum(&desk, "single.npy", &["--top", "3"]), &right) < 1e-6 * right[0]);
}

#[test]
fn spectra_agree_with_quadrature_in_two_dimensions() {
    let desk = desk();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(desk.path("expected.json")).unwrap()).unwrap();
    for name in ["base", "identity_7", "identity_11", "identity_33", "cross_6"] {
        let (found, right) = (spectrum(&desk, &format!("{name}.npy"), &["--all"]), numbers(&expected[name]));
        assert!(distance(&found, &right) < 1e-13 * right[0], "{name}: {:.1e}", distance(&found, &right));
    }
}

#[test]
fn headers_are_refused_with_the_reason() {
    let desk = desk();
    for (name, words) in [
        ("y_not_tuple.npy", &["which is not a tuple"][..]),
        ("fint.npy", &["its fortran_order is '0', which is neither True nor False"]),
        ("bf16_V2.npy", &["void of 2 bytes (bfloat16?)", "float64 or float32", "astype"]),
        ("transposed.npy", &["row 0", "columns are unit vectors", "transposed"]),
        ("W0.npz", &["archive of W0", "W0.npz:W0"]),
        ("W0.npz:W1", &["W0", "'W1' is not among them"]),
        ("/dev/stdin", &["not a regular file", "write the array to a .npy file"]),
    ] {
        desk.refused(
            &["spectrum", "--weights", name],
            &[&[name.split(':').next().unwrap()], words].concat(),
        );
    }
}

const EVALUATE: [&str; 5] = ["evaluate", "--weights", "base.npy", "--inputs", "X.npy"];

#[test]
fn labels_may_be_whole_numbers() {
    let desk = desk();
    desk.put_matrix("D.npy", &faer::Mat::zeros(100, 5));
    let with = |labels: &str| {
        desk.json(&[&EVALUATE[..], &["--labels", labels, "--displacement", "D.npy", "--json"]].concat())
    };
    let (whole, float) = (with("y_int.npy"), with("y.npy"));
    assert!(whole["loss"].as_f64().unwrap() > 0.0);
    assert_eq!(whole["f"], float["f"]);
}

#[test]
fn what_overflows_is_named() {
    let desk = desk();
    desk.refused(
        &[&EVALUATE[..], &["--labels", "y.npy", "--displacement", "D_big.npy"]].concat(),
        &["overflow", "D_big.npy", "1.0e160"],
    );
}

#[test]
fn advice_applies() {
    let desk = desk();
    for command in [
        "spectrum --d 10 --m 20000 --top 3 --memory 1MiB",
        "construct --memory 1MiB",
        "spectrum --d 5 --m 4000 --top 2 --memory 1MiB --route dense",
    ] {
        let out = desk.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(out.code, Some(2));
        assert!(out.stderr.contains("memory") && !out.stderr.contains("top few"), "{}", out.stderr);
    }
}

#[test]
fn the_largest_numbers_are_named_as_they_were_typed() {
    let desk = desk();
    for d in ["18446744073709551615", "9007199254740993"] {
        for command in ["zonal", "spectrum", "construct"] {
            desk.refused(&[command, "--d", d], &[d, "at least 3", "2^53"]);
        }
    }
}

/// The folder of an output is made where it is missing, and goes again with a command that fails; an input
/// that is missing is refused.
#[test]
fn missing_folders() {
    let desk = desk();
    let fine = |command: &str| {
        let out = desk.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(out.code, Some(0), "{command}: {}", out.stderr);
        out
    };
    fine("spectrum --d 5 --m 20 --plot new/plots/x.svg --vectors new/vectors/x.npy");
    assert!(desk.path("new/plots/x.svg").exists() && desk.path("new/vectors/x.npy").exists());
    // A share is quiet where it is asked to be.
    let begun = fine("verify assumption-3 --shard 1/40 -q --journal new/journals/j.jsonl");
    assert_eq!((begun.stdout.as_str(), begun.stderr.as_str()), ("", ""));
    fine("merge new/journals/j.jsonl --out new/joined/z.jsonl");
    assert!(desk.path("new/joined/z.jsonl").exists());
    desk.refused(&["spectrum", "--weights", "fint.npy", "--plot", "gone/x.svg"], &["fortran_order"]);
    desk.refused(&["merge", "none.jsonl", "--out", "gone/z.jsonl"], &["none.jsonl"]);
    desk.refused(
        &["report", "--journal", "typo.jsonl", "--out", "r"],
        &["no journal typo.jsonl", "--measure"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_neither_journals_nor_arrays() {
    let desk = desk();
    desk.put("b.jsonl", "");
    desk.refused(&["diff", "b.jsonl", "/dev/full"], &["/dev/full", "not a regular file"]);
    desk.refused(&["diff", "/dev/zero", "b.jsonl"], &["/dev/zero", "not a regular file"]);
    desk.refused(&["merge", "/dev/zero", "--out", "x.jsonl"], &["/dev/zero", "not a journal"]);
    desk.refused(&["spectrum", "--weights", "/dev/zero"], &["/dev/zero", "not a regular file"]);
}

#[test]
fn a_journal_with_other_line_ends_says_so() {
    let desk = desk();
    desk.run(&["verify", "assumption-3", "--shard", "1/40", "--journal", "j.jsonl"]);
    let text = std::fs::read_to_string(desk.path("j.jsonl")).unwrap();
    desk.put("j.jsonl", text.replace('\n', "\r\n"));
    desk.refused(&["verify", "assumption-3", "--journal", "j.jsonl"], &["j.jsonl:1", "CRLF", "autocrlf"]);
}

/// A command under a shell, with the program as `$0`.
#[cfg(unix)]
fn shell(desk: &Desk, script: &str) -> (Option<i32>, String, String) {
    let out = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_escapement")])
        .current_dir(desk.path(""))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code(), text(out.stdout), text(out.stderr))
}

#[cfg(target_os = "linux")]
#[test]
fn help_on_a_full_disk_fails() {
    let desk = desk();
    for command in ["--help", "verify --help", "--version", "help spectrum"] {
        let (code, _, error) = shell(&desk, &format!("\"$0\" {command} > /dev/full"));
        assert!(
            code == Some(2) && error.contains("standard output cannot be written"),
            "{command}: {error}"
        );
    }
}

/// What nobody can read is not said, and nothing else changes; a file that may not be written is an error.
#[cfg(target_os = "linux")]
#[test]
fn standard_error_and_the_size_of_files_may_be_limited() {
    let desk = desk();
    for (command, expected) in
        [("list", 0), ("zonal --d 2", 2), ("spectrum --weights base.npy --top 3", 0), ("nonsense", 2)]
    {
        let (code, ..) = shell(&desk, &format!("\"$0\" {command} 2> /dev/full"));
        assert_eq!(code, Some(expected), "{command}");
    }
    let (code, _, error) =
        shell(&desk, "ulimit -f 1; exec \"$0\" kernel --inputs X.npy --m 2000 --out small");
    assert!(code == Some(2) && error.contains("cannot be written: file too large"), "{code:?} {error}");
    assert!(!desk.path("small").exists());
}

/// A member of an archive has a checksum, and a field of a text that is empty is no number.
#[test]
fn damage_is_not_read_as_numbers() {
    let desk = desk();
    let mut bytes = std::fs::read(desk.path("W0.npz")).unwrap();
    bytes[300] ^= 1;
    desk.put("W0.npz", bytes);
    desk.refused(&["spectrum", "--weights", "W0.npz:W0"], &["W0.npz:W0 is damaged"]);
    for (text, words) in [("1,,0\n", "field 2 is ''"), ("0,1,0\n1,,2\n", "line 2: field 2 is ''")] {
        desk.put("w.csv", text);
        desk.refused(&["spectrum", "--weights", "w.csv"], &["w.csv", words]);
    }
    for counts in [
        "train --d 5 --m 20 --n 18446744073709551615 --out t",
        "train --d 5 --m 20 --n 10 --test 18446744073709551615 --out t",
        "experiment r1 --steps 18446744073709551615 --out t",
        "experiment noise --seeds 18446744073709551615 --out t",
        "verify --jobs 18446744073709551615",
    ] {
        let out = desk.run(&counts.split(' ').collect::<Vec<_>>());
        assert!(out.code == Some(2) && out.stderr.lines().count() == 1, "{counts}: {}", out.stderr);
    }
    assert!(!desk.path("t").exists());
}

/// Where the address space is so small that the buffers of the threads do not fit, it is said before the
/// work; where it is larger, the sizes are held to what is left.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_address_space_is_a_limit() {
    let desk = desk();
    for command in ["spectrum --d 5 --m 100 --top 4", "-q construct", "train --max-steps 2 --out t"] {
        let (code, out, error) = shell(&desk, &format!("ulimit -v 300000; exec \"$0\" {command}"));
        let said = error.contains("ulimit -v") && error.contains("RAYON_NUM_THREADS");
        assert!(code == Some(2) && out.is_empty() && said, "{command}: {code:?} {error}");
    }
    for command in
        ["construct --d 50 --m 40000", "construct --n 100000000", "train --d 50 --m 20000 --out t"]
    {
        let script = format!("export RAYON_NUM_THREADS=1; ulimit -v 1500000; exec \"$0\" -q {command}");
        let (code, out, error) = shell(&desk, &script);
        assert!(code == Some(2) && out.is_empty() && error.contains("more than the"), "{command}: {error}");
    }
    assert!(!desk.path("t").exists());
}

#[cfg(unix)]
#[test]
fn a_second_name_of_a_journal_is_the_same_journal() {
    use escapement_verify::run::journal::Journal;
    let desk = desk();
    desk.put("a.jsonl", "");
    std::fs::hard_link(desk.path("a.jsonl"), desk.path("b.jsonl")).unwrap();
    let _held = Journal::open(&desk.path("a.jsonl"), false).unwrap();
    let out = desk.run(&["verify", "assumption-3", "--journal", "b.jsonl"]);
    assert!(out.code == Some(2) && out.stderr.contains("b.jsonl is in use"), "{}", out.stderr);
    assert!(!desk.path("b.jsonl.lock").exists() && !desk.path("b.jsonl.meta.jsonl").exists());
}

/// SIGTERM, which batch systems send, does what Ctrl-C does, with an exit code of its own.
#[cfg(unix)]
#[test]
fn a_terminated_run_keeps_what_it_has() {
    use std::process::Stdio;
    let desk = desk();
    let mut child = Command::new(env!("CARGO_BIN_EXE_escapement"))
        .args(["train", "--d", "10", "--m", "400", "--n", "200", "--max-steps", "1000000", "--out", "t"])
        .current_dir(desk.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while std::fs::read_to_string(desk.path("t/history.csv")).unwrap_or_default().lines().count() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none());
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let kept = files(&desk.path("t"));
    assert!(
        ["W.npy", "checkpoint.bin", "summary.json"].iter().all(|name| kept.contains_key(*name)),
        "{:?}",
        kept.keys()
    );
}

/// A signal in the middle of writing leaves neither temporary files nor the folder made for them.
#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_behind() {
    use std::process::Stdio;
    let partial = |desk: &Desk| {
        let inside = std::fs::read_dir(desk.path("out")).into_iter().flatten().flatten();
        inside.filter(|e| e.file_name().to_string_lossy().ends_with(".partial")).count()
    };
    for signal in ["-INT", "-TERM"] {
        let desk = Desk::new();
        // Inputs on the circle of radius 2 in four dimensions: a kernel of 2500 × 2500.
        let angle = |i: usize| i as f64 * 0.0025;
        let x = faer::Mat::from_fn(2500, 4, |i, j| match j {
            0 => 2.0 * angle(i).cos(),
            1 => 2.0 * angle(i).sin(),
            _ => 0.0,
        });
        desk.put_matrix("X.npy", &x);
        let mut child = Command::new(env!("CARGO_BIN_EXE_escapement"))
            .args(["kernel", "--inputs", "X.npy", "--m", "40", "--out", "out"])
            .current_dir(desk.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while partial(&desk) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was seen to write");
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let code = child.wait().unwrap().code();
        // Whoever is late finds all of the files, never some.
        match code {
            Some(0) => assert_eq!(partial(&desk), 0),
            _ => {
                assert_eq!(code, Some(if signal == "-INT" { 130 } else { 143 }));
                assert!(!desk.path("out").exists(), "{signal} left {:?}", files(&desk.path("out")).keys());
            }
        }
    }
}

/// Every command writes the same bytes whatever the number of threads.
#[test]
fn the_number_of_threads_changes_no_byte() {
    let commands = [
        "zonal --d 30 --degrees 20 --json",
        "spectrum --d 5 --m 420 --all --json --route dense --vectors small.npy",
        "spectrum --d 6 --m 360 --all --json --route dense --vectors large.npy",
        "spectrum --d 3 --m 3000 --top 17 --json --route harmonic",
        "spectrum --d 20 --m 600 --top 21 --json --route operator --vectors top.npy",
        "construct --d 8 --m 200 --n 60 --json --out constructed",
        "train --d 5 --m 100 --n 60 --max-steps 40 --json --out small",
        "train --d 10 --m 140 --n 300 --max-steps 20 --lambda 0.1,0.1,0.1,0.01 --json --out large",
        "evaluate --weights base.npy --inputs X.npy --labels y.npy --displacement D.npy --json --out evaluated",
        "kernel --inputs X.npy --weights base.npy --infinite --json --out kernels",
    ];
    let of = |threads: usize| {
        let desk = desk();
        desk.put_matrix("D.npy", &faer::Mat::from_fn(100, 5, |i, j| ((7 * i + 3 * j) % 11) as f64 - 5.0));
        let printed: Vec<String> = commands
            .iter()
            .map(|command| {
                let script = format!("RAYON_NUM_THREADS={threads} exec \"$0\" -q {command}");
                let (code, out, error) = shell(&desk, &script);
                assert!(out.starts_with('{'), "{command}: {code:?} {error}");
                out
            })
            .collect();
        (printed, files(&desk.path("")))
    };
    let (printed, written) = of(1);
    for threads in [2, 3] {
        let (other, others) = of(threads);
        for (command, (one, two)) in commands.iter().zip(printed.iter().zip(&other)) {
            assert!(one == two, "{command} with {threads} threads:\n{one}\n{two}");
        }
        for (name, bytes) in &written {
            assert!(others[name] == *bytes, "{name} with {threads} threads");
        }
    }
}

/// An eigenvalue that is smaller than the bound on its error has no digits to show, and none is negative.
#[test]
fn eigenvalues_without_digits_are_shown_as_such() {
    let desk = desk();
    // p = 40 neurons in the plane of two axes of R³: the rest of Σ is of high degree only.
    let few = faer::Mat::from_fn(60, 3, |i, j| {
        let t = 0.1 * i as f64;
        [t.cos(), t.sin(), 0.0][j]
    });
    desk.put_matrix("flat.npy", &few);
    let found = desk.json(&["spectrum", "--weights", "flat.npy", "--all", "--json", "--plot", "p.svg"]);
    let values = numbers(&found["eigenvalues"]);
    let (count, bound) = (
        found["below_bound"]["count"].as_u64().unwrap() as usize,
        found["below_bound"]["bound"].as_f64().unwrap(),
    );
    assert!(count > 10 && bound > 0.0 && bound < 1e-13 * values[0], "{count} {bound}");
    assert!(values.iter().all(|&v| v == 0.0 || v > 0.9 * bound), "{values:?}");
    assert_eq!(values.iter().filter(|&&v| v == 0.0).count(), count);
    let table = desk.run(&["spectrum", "--weights", "flat.npy", "--all"]).stdout;
    let words = format!("{count} below {bound:.1e}");
    assert!(table.contains(&words) && !table.contains(" -"), "{table}");
    let picture = std::fs::read_to_string(desk.path("p.svg")).unwrap();
    assert!(picture.contains(&words));
}

/// A request that cuts a level is answered from the whole one, and says so.
#[test]
fn a_cut_level_is_named() {
    let desk = desk();
    let args = ["spectrum", "--d", "20", "--m", "600", "--route", "operator", "--json"];
    let cut = desk.run(&[&args[..], &["--top", "8"]].concat());
    assert!(cut.stderr.contains("--top 8 cuts the level of degree 1"), "{}", cut.stderr);
    assert!(cut.stderr.contains("numbers 1 to 20: the first 21 are computed and 8 shown"), "{}", cut.stderr);
    let found: Value = serde_json::from_str(&cut.stdout).unwrap();
    let whole = desk.json(&[&args[..], &["--top", "21"]].concat());
    let (some, all) = (numbers(&found["eigenvalues"]), numbers(&whole["eigenvalues"]));
    assert_eq!(some, all[..8]);
    assert_eq!(found["completeness"]["certified"], 8);
    let quiet = desk.run(&[&args[..], &["--top", "21"]].concat());
    assert!(!quiet.stderr.contains("cuts"), "{}", quiet.stderr);
}
