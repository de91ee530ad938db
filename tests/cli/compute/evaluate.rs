//! `evaluate` meets the reference values through the binary, takes arrays as NumPy and PyTorch write them,
//! and refuses what is no answer.

use crate::data::{self, ORACLE};
use crate::process::{Desk, distance, first_rows, size};
use escapement_cli::files::array;
use faer::Mat;
use serde_json::Value;

const FILES: [&str; 8] =
    ["--weights", "W0.npy", "--inputs", "X.npy", "--labels", "y.npy", "--displacement", "W.npy"];

fn put_vector(desk: &Desk, name: &str, shape: &[usize], values: &[f64]) {
    let mut bytes = Vec::new();
    array::write(&mut bytes, shape, values.iter().copied()).unwrap();
    desk.put(name, bytes);
}

/// The arrays of a reference entry.
fn desk(case: &Value) -> Desk {
    let desk = Desk::new();
    let p = case["m"].as_u64().unwrap() as usize / 2;
    desk.put_matrix("W0.npy", &first_rows(&data::matrix(&case["W0"]), p));
    for name in ["X", "W", "V"] {
        desk.put_matrix(&format!("{name}.npy"), &data::matrix(&case[name]));
    }
    let y = data::vector(&case["y"]);
    put_vector(&desk, "y.npy", &[y.len()], &y);
    desk
}

fn numbers(m: &Mat<f64>) -> Vec<f64> {
    (0..m.nrows()).flat_map(|i| (0..m.ncols()).map(move |j| m[(i, j)])).collect()
}

fn close(name: &str, got: &[f64], want: &[f64]) {
    let error = distance(got, want);
    assert!(error <= ORACLE * size(want), "{name}: {error:e} of {:e}", size(want));
}

fn one(value: &Value) -> Vec<f64> {
    vec![value.as_f64().unwrap()]
}

#[test]
fn the_reference_values() {
    for case in data::json("network.json").as_array().unwrap() {
        let desk = desk(case);
        let (activation, lambda) = (data::activation(case), data::vector(&case["lambdas"]));
        let lambda = lambda.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        for (name, expected) in case["losses"].as_object().unwrap() {
            let (loss, model) = name.split_once('/').unwrap();
            let (loss, model) = (loss.replace('_', "-"), model.trim_end_matches("_model"));
            let arguments = [
                "--activation",
                &activation,
                "--k",
                "1",
                "--lambda",
                &lambda,
                "--loss",
                &loss,
                "--model",
                model,
            ];
            let more = ["--direction", "V.npy", "--out", "out", "--json"];
            let out = desk.json(&[&["evaluate"], &FILES[..], &arguments, &more].concat());
            assert_eq!(
                (&out["d"], &out["m"], &out["n"], &out["n_k"]),
                (&case["d"], &case["m"], &case["n"], &case["n_k"])
            );
            for (ours, theirs) in
                [("f", "f"), ("f_l", "f_L"), ("f_q", "f_Q"), ("regularizers", "regularizers")]
            {
                close(ours, &data::vector(&out[ours]), &data::vector(&case[theirs]));
            }
            let (f, l, q) = (data::vector(&out["f"]), data::vector(&out["f_l"]), data::vector(&out["f_q"]));
            let prediction =
                if model == "network" { f } else { l.iter().zip(&q).map(|(l, q)| l + q).collect() };
            close("prediction", &data::vector(&out["prediction"]), &prediction);
            close("loss", &one(&out["loss"]), &one(&expected["value"]));
            let (gradient, hvp) = (data::matrix(&expected["gradient"]), data::matrix(&expected["hvp_V"]));
            close("gradient", &numbers(&desk.read_matrix("out/gradient.npy")), &numbers(&gradient));
            close("Hessian times V", &numbers(&desk.read_matrix("out/hvp.npy")), &numbers(&hvp));
            close("gradient_norm", &one(&out["gradient_norm"]), &[gradient.norm_l2()]);
            close("hvp_norm", &one(&out["hvp_norm"]), &[hvp.norm_l2()]);
            let vhv = numbers(&data::matrix(&case["V"])).iter().zip(numbers(&hvp)).map(|(v, h)| v * h).sum();
            close("vhv", &one(&out["vhv"]), &[vhv]);
            // An eigenvalue is known to within the norm of the matrix times the agreement of its entries.
            let (least, norm) =
                (out["hessian_min_eigenvalue"].as_f64().unwrap(), out["hessian_norm"].as_f64().unwrap());
            assert!(
                (least - expected["hessian_min_eigenvalue"].as_f64().unwrap()).abs() <= ORACLE * norm,
                "{name}"
            );
            let bound = out["hessian_min_eigenvalue_bound"].as_f64().unwrap();
            assert!((0.0..1e-12 * norm).contains(&bound) && out["hessian_exact"] == true, "{bound:e}");
            let vector = desk.read_matrix("out/least_vector.npy");
            assert!((vector.norm_l2() - 1.0).abs() < 1e-12);
            let summary: Value =
                serde_json::from_str(&std::fs::read_to_string(desk.path("out/summary.json")).unwrap())
                    .unwrap();
            assert_eq!(summary, out);
        }
    }
}

#[test]
fn without_a_direction_and_in_words() {
    let case = &data::json("network.json")[0];
    let desk = desk(case);
    let out = desk.json(&[&["evaluate"], &FILES[..], &["--json"]].concat());
    assert!(out["vhv"].is_null() && out["hvp_norm"].is_null());
    assert_eq!(out["loss"], out["mean_loss"], "no λ: the loss alone");
    let words = desk.run(
        &[&["evaluate"], &FILES[..], &["--lambda", "0.3,0.2,0.5,0.01", "--direction", "V.npy"]].concat(),
    );
    assert_eq!(words.code, Some(0), "{}", words.stderr);
    for word in ["least eigenvalue", "R4", "L_λ", "gradient norm", "f_Q", "⟨V, HV⟩"] {
        assert!(words.stdout.contains(word), "{}", words.stdout);
    }
}

#[test]
fn arrays_in_single_precision_and_fortran_order() {
    let case = &data::json("network.json")[0];
    let desk = desk(case);
    let arguments = [&["evaluate"], &FILES[..], &["--lambda", "0.3,0.2,0.5,0.01", "--json"]].concat();
    let exact = desk.json(&arguments);
    desk.put_matrix_f32("W0.npy", &desk.read_matrix("W0.npy"));
    desk.put_matrix_f32("X.npy", &desk.read_matrix("X.npy"));
    let w = desk.read_matrix("W.npy");
    let header =
        format!("{{'descr': '<f8', 'fortran_order': True, 'shape': ({}, {}), }}", w.nrows(), w.ncols());
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").as_bytes());
    (0..w.ncols()).for_each(|j| (0..w.nrows()).for_each(|i| bytes.extend(w[(i, j)].to_le_bytes())));
    desk.put("W.npy", bytes);
    // A column of labels, as a tensor of shape (n, 1).
    let y = data::vector(&case["y"]);
    put_vector(&desk, "y.npy", &[y.len(), 1], &y);
    let out = desk.run(&arguments);
    assert!(out.code == Some(0) && out.stderr.contains("float32"), "{}", out.stderr);
    let rounded: Value = serde_json::from_str(&out.stdout).unwrap();
    let (a, b) = (rounded["loss"].as_f64().unwrap(), exact["loss"].as_f64().unwrap());
    assert!((a / b - 1.0).abs() < 1e-5 && a != b, "{a} {b}");
}

#[test]
fn a_larger_hessian_is_bounded_from_below() {
    // md = 640 is above what is formed: Lanczos. The loss alone has the pairing's null directions, and W = 0
    // no curvature of R4.
    let desk = Desk::new();
    let draw = |rows, radius, name: &str| {
        escapement::sphere::uniform_sphere(
            &mut escapement::seed::stream(4, "evaluate", name),
            rows,
            5,
            radius,
        )
    };
    desk.put_matrix("W0.npy", &draw(64, 1.0, "weights"));
    desk.put_matrix("X.npy", &draw(30, 5.0_f64.sqrt(), "inputs"));
    desk.put_matrix("W.npy", &draw(128, 0.1, "displacement"));
    put_vector(&desk, "y.npy", &[30], &[0.5; 30]);
    let out = desk.json(&[&["evaluate"], &FILES[..], &["--lambda", "0.3,0.2,0.5,0.01", "--json"]].concat());
    let number = |name: &str| out[name].as_f64().unwrap();
    assert!(out["hessian_exact"] == false && number("hessian_failure_probability") == 1e-6);
    assert!(number("hessian_min_eigenvalue_residual") <= 1e-4 * number("hessian_norm"));
    assert!((0.0..=1e-2 * number("hessian_norm")).contains(&number("hessian_min_eigenvalue_bound")));
}

#[test]
fn bad_input_is_refused() {
    let case = &data::json("network.json")[0];
    let desk = desk(case);
    let refused = |replace: &[(&str, &str)], words: &[&str]| {
        let mut arguments = [&["evaluate"], &FILES[..]].concat();
        for (name, value) in replace {
            match arguments.iter().position(|a| a == name) {
                Some(at) => arguments[at + 1] = value,
                None => arguments.extend([*name, *value]),
            }
        }
        desk.refused(&[&arguments[..], &["--json"]].concat(), words);
    };
    desk.refused(&["evaluate"], &["--weights", "required"]);
    // m = 8, d = 4, n = 6.
    desk.put_matrix("four.npy", &Mat::from_fn(4, 4, |i, j| f64::from(u8::from(i == j))));
    desk.put_matrix("three.npy", &Mat::from_fn(6, 3, |_, _| 1.0));
    refused(&[("--displacement", "four.npy")], &["four.npy", "4 × 4", "8 × 4", "twin", "first half"]);
    refused(&[("--direction", "three.npy")], &["three.npy", "6 × 3", "8 × 4"]);
    refused(&[("--inputs", "three.npy")], &["three.npy", "3 entries", "d = 4"]);
    put_vector(&desk, "five.npy", &[5], &[0.0; 5]);
    refused(&[("--labels", "five.npy")], &["five.npy", "5 labels", "6 inputs"]);
    refused(&[("--labels", "X.npy")], &["X.npy", "(6, 4)", "rank 1"]);
    refused(&[("--labels", "none.npy")], &["none.npy", "no such file"]);
    refused(&[("--displacement", "none.npy")], &["none.npy", "no such file"]);
    refused(&[("--weights", "W.npy")], &["W.npy", "row 0", "unit"]);
    let mut nan = std::fs::read(desk.path("W.npy")).unwrap();
    let at = nan.len() - 16;
    nan[at..at + 8].copy_from_slice(&f64::NAN.to_le_bytes());
    desk.put("nan.npy", nan);
    refused(&[("--displacement", "nan.npy")], &["nan.npy", "NaN", "row 7, column 2"]);
    // n_2 = 14 fits in pd = 16, n_3 = 30 does not.
    refused(&[("--k", "3")], &["n_k = 30", "pd = 16", "at least m = 16"]);
    refused(&[("--k", "99999999")], &["99999999"]);
    refused(&[("--k", "-1")], &["-1", "--k"]);
    refused(&[("--lambda", "0.3,0.2,0.5")], &["0.3,0.2,0.5", "3 entries", "four"]);
    refused(&[("--lambda", "0,0,-1,0")], &["λ3 = '-1'", "zero or above"]);
    refused(&[("--lambda", "0,x,0,0")], &["λ2 = 'x'", "finite"]);
    refused(&[("--lambda", "0,0,0,inf")], &["λ4 = 'inf'", "finite"]);
    refused(&[("--loss", "absolute")], &["absolute", "pseudo-huber, log-cosh or square"]);
    refused(&[("--loss", "huber")], &["huber", "pseudo-huber"]);
    refused(&[("--model", "cubic")], &["cubic", "network, quadratic"]);
    refused(&[("--activation", "relu")], &["relu", "second derivative"]);
    refused(&[("--products", "0")], &["--products = 0"]);
    refused(&[("--memory", "1KiB")], &["1.0 KiB"]);
    desk.put_matrix("huge.npy", &Mat::from_fn(8, 4, |_, _| 1e80));
    refused(&[("--displacement", "huge.npy")], &["overflow", "huge.npy", "1.0e80"]);
    refused(&[("--out", "W.npy")], &["W.npy"]);
}
