//! `zonal`, `spectrum` and `construct` meet the reference values through the binary, in the formats that
//! others build on.

use crate::data;
use crate::process::{Desk, distance, first_rows, size};
use escapement::{activation, covariance::Covariance, sphere::Truncation, tolerance::FINE_TAIL};
use escapement_cli::files::array;
use faer::Mat;
use serde_json::Value;

fn keys(value: &Value, names: &[&str]) {
    for name in names {
        assert!(!value[name].is_null(), "{name} is missing");
    }
}

#[test]
fn zonal_meets_the_reference_values() {
    let desk = Desk::new();
    for case in data::json("zonal.json").as_array().unwrap() {
        let d = case["d"].to_string();
        let activation = data::activation(case);
        let out = desk.json(&["zonal", "--d", &d, "--activation", &activation, "--degrees", "8", "--json"]);
        keys(&out, &["d", "activation", "trace", "degrees"]);
        assert_eq!(out["d"], case["d"]);
        let number = |v: &Value| v.as_str().unwrap().parse::<f64>().unwrap();
        let trace = number(&case["trace"]);
        assert!((out["trace"].as_f64().unwrap() - trace).abs() <= 1e-12 * trace);
        let rows = out["degrees"].as_array().unwrap();
        let expected = case["degrees"].as_array().unwrap();
        assert_eq!(rows.len(), 9);
        for (ours, theirs) in [
            ("dimension", "dim"),
            ("lambda_sigma1", "lambda_sigma1"),
            ("lambda_sigma2", "lambda_sigma2"),
            ("a", "A"),
            ("c", "C"),
            ("tau", "tau"),
            ("kappa", "kappa"),
        ] {
            let column: Vec<f64> = expected.iter().map(|row| number(&row[theirs])).collect();
            let largest = size(&column);
            for (j, want) in column.iter().enumerate() {
                let got = rows[j][ours].as_f64().unwrap();
                // As the reference values ask: 1e-12 of the value, or of a thousandth of the largest of its
                // column.
                assert!(
                    (got - want).abs() <= 1e-12 * want.abs().max(1e-3 * largest),
                    "{activation} d={d} {ours} {j}: {got} {want}"
                );
            }
        }
        for (j, row) in rows.iter().enumerate() {
            assert_eq!(row["degree"], j);
        }
    }
}

#[test]
fn zonal_does_not_print_rounding_as_digits() {
    let desk = Desk::new();
    let arguments = ["zonal", "--d", "3", "--activation", "sigmoid:1", "--degrees", "40"];
    let out = desk.run(&arguments);
    let row =
        |j: &str| out.stdout.lines().find(|l| l.split_whitespace().next() == Some(j)).unwrap().to_owned();
    assert!(row("1").contains("0.09466386") && row("40").matches("< ").count() == 6, "{}", out.stdout);
    // λ_25(σ') = 4.847e-16 to within 2.2e-16.
    assert!(row("25").contains("  5e-16"), "{}", out.stdout);
    let out = desk.json(&[&arguments[..], &["--json"]].concat());
    for row in out["degrees"].as_array().unwrap() {
        for name in ["lambda_sigma1", "lambda_sigma2", "a", "c", "tau", "kappa"] {
            assert!(row[name].is_f64() && row["error"][name].as_f64().unwrap() >= 0.0, "{name} {row}");
        }
    }
}

#[test]
fn spectrum_meets_the_reference_values_by_every_route() {
    let desk = Desk::new();
    for case in data::json("sigma.json").as_array().unwrap() {
        let (d, m) = (case["d"].as_u64().unwrap() as usize, case["m"].as_u64().unwrap() as usize);
        let (p, order) = (m / 2, m / 2 * d);
        desk.put_matrix("W0.npy", &first_rows(&data::matrix(&case["W0"]), p));
        let activation = data::activation(case);
        let expected = data::vector(&case["eigenvalues"]);
        // To 1e-12 of the trace the harmonics of R⁴ and R⁵ are many thousands: that route is for R³ here.
        let harmonic: &[&[&str]] = if d == 3 {
            &[&["--top", "7", "--route", "harmonic"], &["--all", "--route", "harmonic"]]
        } else {
            &[]
        };
        let common =
            ["spectrum", "--weights", "W0.npy", "--activation", &activation, "--json", "--tail", "1e-12"];
        for extra in [
            &["--all"][..],
            &["--all", "--route", "dense"],
            &["--top", "7"],
            &["--top", "7", "--route", "operator"],
        ]
        .iter()
        .chain(harmonic)
        {
            let out = desk.json(&[&common[..], extra].concat());
            keys(
                &out,
                &[
                    "d",
                    "m",
                    "activation",
                    "route",
                    "route_reason",
                    "trace",
                    "truncation_bound",
                    "residual_max",
                    "null_dimension",
                    "levels",
                    "completeness",
                ],
            );
            assert_eq!((out["d"].as_u64().unwrap() as usize, out["m"].as_u64().unwrap() as usize), (d, m));
            assert_eq!(out["null_dimension"], m * d - order);
            assert!(out["seed"].is_null(), "no seed made these weights");
            let values = data::vector(&out["eigenvalues"]);
            assert_eq!(values.len(), if extra[0] == "--all" { order } else { 7 });
            assert!(values.is_sorted_by(|a, b| a >= b));
            let allowed = data::ORACLE * expected[0];
            assert!(distance(&values, &expected[..values.len()]) <= allowed, "{activation} d={d} {extra:?}");
            let trace = case["trace"].as_f64().unwrap();
            assert!((out["trace"].as_f64().unwrap() - trace).abs() <= data::ORACLE * trace);
            keys(&out["levels"][1], &["degree", "dimension", "kappa", "tau", "a", "c"]);
            let levels = out["levels"].as_array().unwrap();
            let tau: f64 = levels.iter().map(|l| l["tau"].as_f64().unwrap()).sum();
            assert!((trace - tau).abs() <= out["truncation_bound"].as_f64().unwrap() + data::ORACLE * trace);
            if let Some(at) = extra.iter().position(|word| *word == "--route") {
                assert_eq!(out["route"], extra[at + 1]);
            }
        }
    }
}

#[test]
fn the_vectors_are_eigenvectors_of_the_whole_covariance() {
    let desk = Desk::new();
    let case = &data::json("sigma.json")[1];
    let (d, p) = (4, 5);
    let weights = first_rows(&data::matrix(&case["W0"]), p);
    desk.put_matrix("W0.npy", &weights);
    let out = desk.json(&[
        "spectrum",
        "--weights",
        "W0.npy",
        "--activation",
        "tanh:0.5",
        "--all",
        "--vectors",
        "V.npy",
        "--json",
    ]);
    assert!(out["orthonormality"].as_f64().unwrap() < 1e-13);
    let values = data::vector(&out["eigenvalues"]);
    let (n, order) = (values.len(), 2 * p * d);
    let v = tensor(&std::fs::read(desk.path("V.npy")).unwrap(), &[n, 2 * p, d]);
    // Σ itself, md × md, neuron by neuron with its sign.
    let cov = Covariance::new(
        weights.as_ref(),
        activation::parse("tanh:0.5").unwrap().as_ref(),
        Truncation::Tail(FINE_TAIL),
    )
    .unwrap();
    let sigma = Mat::from_fn(order, order, |row, col| {
        let (r, s) = (row / d, col / d);
        let sign = if (r < p) == (s < p) { 1.0 } else { -1.0 };
        sign * cov.block(r % p, s % p)[(row % d, col % d)]
    });
    let v = Mat::from_fn(order, n, |row, col| v[col * order + row]);
    let gram = v.transpose() * &v;
    let product = &sigma * &v;
    // 1e-13: a dense eigendecomposition of order 20 is right to a few roundings of its largest eigenvalue.
    for i in 0..n {
        for j in 0..n {
            assert!((gram[(i, j)] - f64::from(u8::from(i == j))).abs() < 1e-13);
        }
        for row in 0..order {
            assert!((product[(row, i)] - values[i] * v[(row, i)]).abs() < 1e-13 * values[0].max(1.0));
        }
    }
}

/// The elements of a float64 `.npy` file in C order, with its shape checked.
fn tensor(bytes: &[u8], shape: &[usize]) -> Vec<f64> {
    let length = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..length]).unwrap();
    let shape = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    assert!(
        header.contains(&format!("({shape}")) && header.contains("<f8") && header.contains("False"),
        "{header}"
    );
    bytes[length..].chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
}

#[test]
fn without_arguments_every_command_does_something_useful() {
    let desk = Desk::new();
    for (command, word) in [("zonal", "κ_j"), ("spectrum", "route"), ("construct", "regulariser")] {
        let out = desk.run(&[command]);
        assert_eq!(out.code, Some(0), "{}", out.stderr);
        assert!(out.stdout.contains(word) && out.stdout.lines().count() > 8, "{}", out.stdout);
        let help = desk.run(&[command, "--help"]);
        assert!(help.code == Some(0) && help.stdout.contains("Example"), "{}", help.stdout);
    }
    assert!(desk.names().is_empty());
}

#[test]
fn nothing_that_is_not_finite_is_printed_even_in_words() {
    // At d = 1000 the harmonics that tanh needs are more than f64 can count.
    let out = Desk::new().run(&[
        "spectrum",
        "--d",
        "1000",
        "--m",
        "4",
        "--activation",
        "tanh:0.5",
        "--top",
        "1",
        "--json",
    ]);
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    for word in ["inf", "NaN", ":null"] {
        assert!(!out.stdout.contains(word), "{word} in {}", out.stdout);
    }
}

#[test]
fn the_largest_shifts_still_give_finite_numbers() {
    let desk = Desk::new();
    for activation in ["erf:10", "erf:-10", "tanh:-23", "sigmoid:43", "softplus:43", "sine:43"] {
        for command in ["spectrum", "construct"] {
            let out = desk.run(&[command, "--d", "3", "--m", "40", "--activation", activation]);
            assert!(
                out.code == Some(0) && !out.stdout.contains("NaN"),
                "{command} {activation}: {}{}",
                out.stderr,
                out.stdout
            );
        }
    }
}

#[test]
fn the_same_seed_draws_the_same_weights_and_another_seed_others() {
    let desk = Desk::new();
    let run = |seed: &str| desk.json(&["spectrum", "--d", "4", "--m", "12", "--seed", seed, "--json"]);
    let (one, again, other) = (run("7"), run("7"), run("8"));
    assert_eq!(one["seed"], 7);
    assert_eq!(one["eigenvalues"][0], again["eigenvalues"][0]);
    assert_ne!(one["eigenvalues"][0], other["eigenvalues"][0]);
}

#[test]
fn weights_in_single_precision_are_renormalised_and_it_is_said() {
    let desk = Desk::new();
    let case = &data::json("sigma.json")[0];
    let weights = first_rows(&data::matrix(&case["W0"]), 6);
    desk.put_matrix_f32("W0.npy", &weights);
    let out = desk.run(&["spectrum", "--weights", "W0.npy", "--json"]);
    assert_eq!(out.code, Some(0));
    assert!(out.stderr.contains("float32") && out.stderr.contains("renormalised"), "{}", out.stderr);
    let values = data::vector(&serde_json::from_str::<Value>(&out.stdout).unwrap()["eigenvalues"]);
    let expected = data::vector(&case["eigenvalues"]);
    // Entries of W0 moved by 2⁻²⁴ at most, so Σ by less than 1e-6 of its norm, and not by nothing.
    let moved = distance(&values, &expected[..values.len()]) / expected[0];
    assert!(moved < 1e-6 && moved > 1e-12, "{moved:e}");
    desk.put_matrix("W0.npy", &weights);
    let quiet = desk.run(&["spectrum", "--weights", "W0.npy", "--json"]);
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
}

#[test]
fn the_plot_is_the_same_bytes_twice() {
    let desk = Desk::new();
    for name in ["one.svg", "two.svg"] {
        assert_eq!(desk.run(&["spectrum", "--d", "4", "--m", "20", "--plot", name]).code, Some(0));
    }
    let (one, two) = (
        std::fs::read_to_string(desk.path("one.svg")).unwrap(),
        std::fs::read_to_string(desk.path("two.svg")).unwrap(),
    );
    assert!(one == two && one.contains("degree 1") && one.trim_end().ends_with("</svg>"));
    assert_eq!(desk.names(), ["one.svg", "two.svg"]);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let desk = Desk::new();
    for arguments in [&["zonal"][..], &["spectrum", "--json"]] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_escapement"))
            .args(arguments)
            .current_dir(desk.path(""))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(out.stderr.is_empty());
    }
}

/// A target file from an entry of `express.json`: f_k = amp · Σ_{j≤k} P_j(η·x̂).
fn target_toml(case: &Value) -> String {
    let k = case["k"].as_u64().unwrap();
    let list = |v: &Value| serde_json::to_string(v).unwrap();
    let sparse = case["alpha"].as_array().unwrap().iter().zip(case["beta"].as_array().unwrap());
    let sparse: String =
        sparse.map(|(a, beta)| format!("[[sparse]]\nalpha = {a}\nbeta = {}\n", list(beta))).collect();
    let low: String = (0..=k)
        .map(|j| {
            format!(
                "[[low_degree]]\ndegree = {j}\ncoefficient = {}\neta = {}\n",
                case["amp"],
                list(&case["eta"])
            )
        })
        .collect();
    format!("k = {k}\n{sparse}{low}")
}

#[test]
fn construct_meets_the_reference_values() {
    for case in data::json("express.json").as_array().unwrap() {
        let desk = Desk::new();
        let (d, m) = (case["d"].as_u64().unwrap() as usize, case["m"].as_u64().unwrap() as usize);
        desk.put_matrix("W0.npy", &first_rows(&data::matrix(&case["W0"]), m / 2));
        desk.put_matrix("X.npy", &data::matrix(&case["X"]));
        desk.put("target.toml", target_toml(case));
        let activation = data::activation(case);
        let arguments = [
            "construct",
            "--weights",
            "W0.npy",
            "--target",
            "target.toml",
            "--inputs",
            "X.npy",
            "--activation",
            &activation,
            "--tail",
            "1e-13",
            "--out",
            "deep/out",
            "--json",
        ];
        let run = desk.run(&arguments);
        assert!(run.code == Some(0) && run.stderr.is_empty(), "{}", run.stderr);
        let out: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(out["n_k"], case["n_k"]);
        let close = |name: &str, got: &[f64], want: &[f64]| {
            let error = distance(got, want);
            assert!(
                error <= data::ORACLE * size(want),
                "{activation} d={d} {name}: {error:e} of {:e}",
                size(want)
            );
        };
        let one = |v: &Value| vec![v.as_f64().unwrap()];
        close("‖W_Q‖", &one(&out["w_q_norm_2_4_pow4"]), &one(&case["W_Q_norm_2_4_pow4"]));
        close("‖W_L‖", &one(&out["w_l_frobenius_sq"]), &one(&case["W_L_frobenius_sq"]));
        for (i, want) in data::vector(&case["expected_regularizers_over_signs"]).iter().enumerate() {
            close(&format!("E R{}", i + 1), &one(&out["expected_regularizers"][i]), &[*want]);
        }
        let names = [("f_q", "f_Q_of_W_Q"), ("f_sp", "f_sp"), ("f_l", "f_L_of_W_L"), ("f_k", "f_k")];
        for (ours, theirs) in names {
            close(ours, &data::vector(&out[ours]), &data::vector(&case[theirs]));
        }
        // What is in the folder is what was printed.
        let read = |name: &str| desk.read_matrix(&format!("deep/out/{name}.npy"));
        let (w_q, w_l, w_star) = (read("W_Q"), read("W_L"), read("W_star"));
        for (name, got) in [("W_Q", &w_q), ("W_L", &w_l)] {
            let want = data::matrix(&case[name]);
            assert_eq!((got.nrows(), got.ncols()), (m, d));
            assert!((got - &want).norm_max() <= data::ORACLE * want.norm_max(), "{name}");
        }
        let signs = array::read_vector(&desk.path("deep/out/signs.npy")).unwrap();
        assert!(
            signs.len() == m
                && signs.iter().all(|s| s.abs() == 1.0)
                && signs.contains(&1.0)
                && signs.contains(&-1.0)
        );
        assert_eq!(w_star, Mat::from_fn(m, d, |r, i| w_l[(r, i)] + signs[r] * w_q[(r, i)]));
        let summary: Value =
            serde_json::from_str(&std::fs::read_to_string(desk.path("deep/out/summary.json")).unwrap())
                .unwrap();
        assert_eq!(summary, out);
        let names: Vec<_> =
            std::fs::read_dir(desk.path("deep/out")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 7, "{names:?}");
        // The same command again replaces the same bytes.
        let before = std::fs::read(desk.path("deep/out/W_star.npy")).unwrap();
        assert_eq!(desk.run(&arguments).code, Some(0));
        assert_eq!(std::fs::read(desk.path("deep/out/W_star.npy")).unwrap(), before);
    }
}

#[test]
fn drawn_inputs_and_inputs_off_the_sphere_are_spoken_of() {
    let desk = Desk::new();
    let drawn = desk.run(&["construct", "--d", "4", "--m", "20", "--n", "7", "--seed", "3", "--json"]);
    assert!(
        drawn.code == Some(0) && drawn.stderr.contains("n = 7 inputs drawn from seed 3"),
        "{}",
        drawn.stderr
    );
    let out: Value = serde_json::from_str(&drawn.stdout).unwrap();
    for name in ["f_q", "f_sp", "f_l", "f_k"] {
        assert_eq!(out[name].as_array().unwrap().len(), 7);
    }
    assert_eq!(out["expected_regularizers"].as_array().unwrap().len(), 4);
    // f_sp = x_1² and f_k = x_2 are polynomials, and are taken as such off the sphere.
    desk.put_matrix("X.npy", &Mat::from_fn(2, 4, |i, j| (i + j) as f64));
    let off = desk.run(&["construct", "--d", "4", "--m", "20", "--inputs", "X.npy", "--json"]);
    assert!(
        off.code == Some(0)
            && off.stderr.contains("2 of the 2 inputs")
            && off.stderr.contains("off the sphere"),
        "{}",
        off.stderr
    );
    let out: Value = serde_json::from_str(&off.stdout).unwrap();
    assert!(distance(&data::vector(&out["f_sp"]), &[0.0, 1.0]) < 1e-15);
    assert!(distance(&data::vector(&out["f_k"]), &[1.0, 2.0]) < 1e-15);
}
