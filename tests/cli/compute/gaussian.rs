//! `gaussian`: closed forms of one direction and of several, files of targets, and what is refused.

use crate::process::Desk;
use faer::mat;
use serde_json::Value;
use std::f64::consts::{PI, TAU};

const HE2: &str = "d = 5\nname = \"he2\"\n";

fn desk(target: &str) -> Desk {
    let desk = Desk::new();
    desk.put("target.toml", target);
    desk
}

fn analysis(desk: &Desk, more: &[&str]) -> Value {
    desk.json(&[&["gaussian", "--target", "target.toml", "--json"], more].concat())
}

/// Whether a ball contains a number that was itself rounded a few times, and is no wider than rounding makes
/// it: numbers here are of order one or below.
fn holds(ball: &Value, exact: f64) {
    let [value, error] = ["value", "error"].map(|part| ball[part].as_f64().unwrap());
    let rounding = 8.0 * f64::EPSILON * exact.abs();
    assert!((value - exact).abs() <= error + rounding && error < 1e-12, "{ball} for {exact:e}");
}

/// With z = u·w, He_2/√2 gives a ReLU the part c_2 √2 z + c_4 z³/√2 in S* and S = c_4 z²/√2, and moments of
/// z on the sphere are (2l − 1)!!/(d(d+2)⋯(d+2l−2)).
#[test]
fn he2_has_closed_forms() {
    let desk = desk(HE2);
    desk.put_matrix("w.npy", &mat![[1.0, 0.0, 0.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0, 0.0]]);
    let root = TAU.sqrt().recip();
    for d in [5, 1_000_000] {
        let found = analysis(&desk, &["--d", &d.to_string()]);
        let d = f64::from(d);
        for (c, exact) in found["coefficients"].as_array().unwrap().iter().zip([root, 0.5, root, 0.0, -root])
        {
            holds(c, exact);
        }
        assert_eq!((found["rank"].as_u64(), found["degree"].as_u64()), (Some(1), Some(2)));
        holds(&found["second_moment"], 1.0);
        holds(&found["mean"], 0.0);
        holds(&found["eigenvalues"][0], 2.0_f64.sqrt());
        holds(&found["kappa"], 0.5_f64.sqrt());
        let (second, fourth) = (1.0 / d, 3.0 / (d * (d + 2.0)));
        let sixth = 5.0 * fourth / (d + 4.0);
        let e = &found["energies"];
        let inside = (2.0 * second - 2.0 * fourth + 0.5 * sixth) / TAU;
        holds(&e["inside"], inside);
        holds(&e["outside"], 0.5 * (fourth - sixth) / TAU);
        holds(&e["total"], inside + 0.5 * (fourth - sixth) / TAU);
        holds(&e["remainder"], 0.5 * fourth / TAU);
        holds(&e["remainder_inside"], 0.5 * sixth / TAU);
        let first = &found["diversity"][0];
        holds(&first["least"], inside);
        holds(&first["leading"], 1.0 / (PI * d));
        holds(&first["ratio"], 1.0 - fourth * d + 0.25 * sixth * d);
    }
    let found = analysis(&desk, &["--w", "w.npy"]);
    let rows = found["gradient"]["values"].as_array().unwrap();
    let half = 0.5_f64.sqrt();
    // V + zS along u, and S times the rest of w.
    for (row, [z, y]) in rows.iter().zip([[1.0, 0.0], [0.6, 0.8]]) {
        let s = -root * z * z * half;
        let exact = [root * 2.0 * half * z + z * s, y * s, 0.0, 0.0, 0.0];
        for (g, exact) in row.as_array().unwrap().iter().zip(exact) {
            let allowed = found["gradient"]["error"].as_f64().unwrap() + f64::EPSILON;
            assert!((g.as_f64().unwrap() - exact).abs() <= allowed && allowed < 1e-14);
        }
    }
}

/// H ∝ I has the least κ, and diversity matrices come near their leading terms like 1/d: up to a factor of
/// (2k − 1)!!/k! in one direction, and up to none in two. A target of rank 1 has neither κ nor ratios, and
/// that is said.
#[test]
fn targets_of_several_directions() {
    let desk = desk("");
    for (name, limits) in [("he2", [1.0, 1.5, 2.5]), ("iso-2", [1.0; 3])] {
        desk.put("target.toml", format!("name = \"{name}\"\n"));
        let [near, far] = ["1000000", "2000000"].map(|d| analysis(&desk, &["--d", d]));
        assert_eq!(near, desk.json(&["gaussian", "--target", name, "--d", "1000000", "--json"]));
        holds(&near["kappa"], 0.5_f64.sqrt());
        for (k, limit) in limits.into_iter().enumerate() {
            let miss = |found: &Value| limit - found["diversity"][k]["ratio"]["value"].as_f64().unwrap();
            // The next order is some 10/d of this one, and the ratios have a rounding of some 1e-14 of 1e-6.
            assert!((miss(&near) / miss(&far) - 2.0).abs() < 1e-4, "{name}, k = {}", k + 1);
        }
    }
    // Matrices that would take hours are left out, and that is said.
    desk.put("target.toml", "d = 70\nname = \"iso-64\"\n");
    let out = desk.run(&["gaussian", "--target", "target.toml", "--json"]);
    let left_out = "the diversity matrix on Sym^2 is left out";
    assert!(out.code == Some(0) && out.stderr.contains(left_out), "{}", out.stderr);
    let found: Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!(found["diversity"].as_array().unwrap().len(), 1);
    desk.put("target.toml", "d = 6\nname = \"deficient\"\n");
    let out = desk.run(&["gaussian", "--target", "target.toml", "--json"]);
    assert!(out.code == Some(0) && out.stderr.contains("has rank 1 and not r = 2"), "{}", out.stderr);
    let found: Value = serde_json::from_str(&out.stdout).unwrap();
    assert!(found["kappa"].is_null() && found["diversity"][0]["ratio"].is_null());
    // An odd activation sees nothing of it.
    let found = analysis(&desk, &["--activation", "tanh"]);
    let c = &found["coefficients"][2];
    assert!(c["value"].as_f64().unwrap().abs() <= c["error"].as_f64().unwrap());
}

/// One polynomial in three ways: by monomials, by Hermite polynomials, and with directions from a file that
/// are not orthonormal.
#[test]
fn a_target_is_one_polynomial_however_it_is_written() {
    let unit = "directions = [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]\n";
    let two = |basis: &str, terms: &str| format!("{unit}basis = \"{basis}\"\nterms = [{terms}]\n");
    let square = "{exponents = [2, 0], coefficient = 0.5}, {exponents = [0, 2], coefficient = 0.5}";
    let constant = "{exponents = [0, 0], coefficient = -1.0}";
    let desk = desk(&two("hermite", square));
    let hermite = analysis(&desk, &[]);
    desk.put("target.toml", two("monomial", &format!("{square}, {constant}")));
    let monomial = analysis(&desk, &[]);
    std::fs::create_dir(desk.path("t")).unwrap();
    desk.put_matrix("t/u.npy", &mat![[1.2, 1.6, 0.0], [0.6, 0.8, 1.0]]);
    // t_1 = 2z_1 and t_2 = z_1 + z_2: z_1² + z_2² is ½t_1² − t_1 t_2 + t_2².
    let terms = "{exponents = [2, 0], coefficient = 0.25}, {exponents = [1, 1], coefficient = -0.5}, \
                 {exponents = [0, 2], coefficient = 0.5}";
    let text = format!("directions = \"u.npy\"\nbasis = \"monomial\"\nterms = [{terms}, {constant}]\n");
    desk.put("t/target.toml", text);
    let file = desk.json(&["gaussian", "--target", "t/target.toml", "--json"]);
    for found in [&hermite, &monomial, &file] {
        holds(&found["eigenvalues"][0], 1.0);
        holds(&found["eigenvalues"][1], 1.0);
        for name in ["total", "outside"] {
            holds(&found["energies"][name], hermite["energies"][name]["value"].as_f64().unwrap());
        }
    }
    // He_2(t) of a longer t is another polynomial: 4z² − 1 and not 4(z² − 1).
    let long =
        "directions = [[2.0, 0.0]]\nbasis = \"hermite\"\nterms = [{exponents = [2], coefficient = 1.0}]";
    desk.put("target.toml", long);
    let found = analysis(&desk, &["--any-norm"]);
    holds(&found["mean"], 3.0);
    holds(&found["eigenvalues"][0], 8.0);
}

#[test]
fn what_is_printed_has_the_digits_that_are_certain() {
    let desk = desk(HE2);
    desk.put_matrix("w.npy", &mat![[1.0, 0.0, 0.0, 0.0, 0.0]]);
    let out = desk.run(&["gaussian", "--target", "target.toml", "--w", "w.npy"]);
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
    for words in ["0.3989423", "0.7071068", "E‖g‖²", "λ_min", "at d = 5"] {
        assert!(out.stdout.contains(words), "{} lacks {words}", out.stdout);
    }
    assert!(out.stdout.lines().all(|line| line.chars().count() < 110), "{}", out.stdout);
}

#[test]
fn what_is_no_target_is_refused() {
    let desk = desk("");
    let terms = |directions: &str, terms: &str| {
        format!("directions = {directions}\nbasis = \"monomial\"\nterms = [{terms}]\n")
    };
    let linear = "{exponents = [1, 0], coefficient = 1.0}";
    for (text, words) in [
        (
            HE2.replace("he2", "hee2"),
            &["unknown target 'hee2' (did you mean 'he2'?)", "iso-1 to iso-64"][..],
        ),
        (HE2.replace("he2", "he17"), &["unknown target 'he17'"]),
        (HE2.replace("he2", "iso-65"), &["unknown target 'iso-65'"]),
        ("name = \"mix3\"\n".into(), &["'mix3' needs the dimension d"]),
        ("d = 1\nname = \"saddle\"\n".into(), &["d = 1 is not allowed", "2 directions"]),
        ("d = 3\n".into(), &["either a name, or directions and terms"]),
        ("d = 3\nname = \"he2\"\nbasis = \"hermite\"\n".into(), &["either a name"]),
        ("d = 3\nnane = \"he2\"\n".into(), &["line 2", "nane", "directions"]),
        ("directions = 3\n".into(), &["rows of numbers, or the path of an array"]),
        (terms("[[1.0, 0.0], [2.0, 0.0]]", linear), &["the direction = 2 of 2", "span"]),
        (terms("[[1.0, 0.0], [2.0]]", linear), &["direction 2 has 1 entries"]),
        (terms("[]", linear), &["at least one direction"]),
        (terms("[[1.0, nan]]", "{exponents = [1], coefficient = 1.0}"), &["NaN", "finite"]),
        (terms("[[1.0, 0.0]]", "{exponents = [1], coefficient = inf}"), &["inf", "finite"]),
        (terms("[[1.0, 0.0]]", linear), &["exponents [1, 0]", "each term needs 1"]),
        (terms("[[1.0, 0.0]]", "{exponents = [17], coefficient = 1.0}"), &["degree 17", "at most 16"]),
        (terms("[[1.0, 0.0]]", "{exponents = [1], coefficient = 2.0}"), &["E f²", "= 4", "--any-norm"]),
        (terms("\"none.npy\"", linear), &["none.npy", "no such file"]),
        (terms("[[1.0, 0.0]]", linear).replace("basis = \"monomial\"\n", ""), &["need a basis"]),
        (terms("[[1.0, 0.0]]", linear).replace("monomial", "legendre"), &["line 2", "legendre", "hermite"]),
        (format!("d = 3\n{}", terms("[[1.0, 0.0]]", linear)), &["2 entries, but d = 3"]),
    ] {
        desk.put("target.toml", &text);
        desk.refused(&["gaussian", "--target", "target.toml"], &[&["target.toml"], words].concat());
    }
    desk.put("target.toml", HE2);
    desk.put_matrix("w.npy", &mat![[1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0]]);
    desk.put_matrix("short.npy", &mat![[1.0, 0.0]]);
    let target = ["gaussian", "--target", "target.toml"];
    for (more, words) in [
        (&["--w", "w.npy"][..], &["w.npy", "row 1 of w has norm 1.41"][..]),
        (&["--w", "short.npy"], &["short.npy", "2 entries", "d = 5"]),
        (&["--d", "0"], &["d = 0 is not allowed"]),
        (&["--d", "18446744073709551615"], &["18446744073709551615 is not allowed"]),
        (&["--activation", "rely"], &["rely", "did you mean 'relu'?"]),
    ] {
        desk.refused(&[&target[..], more].concat(), words);
    }
    desk.refused(&["gaussian", "--target", "none.toml"], &["none.toml", "no such file"]);
    desk.refused(&["gaussian", "--target", "mx3", "--d", "10"], &["unknown target 'mx3'", "'mix3'"]);
    desk.refused(&["gaussian", "--target", "mix3"], &["mix3", "needs the dimension d"]);
    desk.refused(&["gaussian"], &["--target"]);
}
