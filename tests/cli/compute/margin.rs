//! `margin`: closed forms, what the files hold, bounds that no run passes, and what is refused.

use crate::process::Desk;
use escapement::flow::{Flow, Loss};
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Gradients, parity};
use escapement_cli::files::array;
use faer::{Mat, Par};
use serde_json::Value;

/// A desk with the parity cube of dimension d.
fn desk(d: usize) -> Desk {
    let desk = Desk::new();
    let side = 1.0 / (d as f64).sqrt();
    let x = Mat::from_fn(1 << d, d, |i, c| if i >> c & 1 == 1 { side } else { -side });
    put(&desk, &x, &(0..1 << d).map(|i| (x[(i, 0)] * x[(i, 1)]).signum()).collect::<Vec<_>>());
    desk
}

fn put(desk: &Desk, x: &Mat<f64>, y: &[f64]) {
    desk.put_matrix("X.npy", x);
    desk.put_matrix("y.npy", &Mat::from_fn(y.len(), 1, |i, _| y[i]));
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The ends of an interval that is not longer than `gap`.
fn ends(value: &Value, gap: f64) -> [f64; 2] {
    let [lower, upper] = ["lower", "upper"].map(|end| number(&value[end]));
    assert!(0.0 <= lower && lower <= upper && upper - lower <= gap, "{value}");
    [lower, upper]
}

const FILES: [&str; 4] = ["margin", "--inputs", "X.npy", "--labels"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&FILES[..], &["y.npy"], more].concat()
}

/// The margin at infinite width is that of the closed form, the order of the margins is that of the theory,
/// the flow ends where it was to, its certificates hold on the way, and the files hold the same.
#[test]
fn a_cube_from_its_margins_to_the_end_of_the_flow() {
    let desk = desk(3);
    let more = ["--m", "32", "--paired", "--transport", "--norms-only", "--flow", "--until", "20"];
    let found = desk.json(&with(&[&more[..], &["--out", "out", "--json"]].concat()));
    let [kernel, global] = parity(3, Layers::Both).unwrap();
    let wide = ends(&found["infinite_width"], 1e-12);
    assert!(wide[0] <= kernel.upper() && kernel.lower() <= wide[1]);
    let [margin, transport] = ["margin", "transport"].map(|name| ends(&found[name], 1e-6));
    assert!(transport[1] <= margin[1] && transport[0] > 0.0);
    // κ at R_½ is half of the margin, and falls.
    let (half, radii) = (number(&found["half_radius"]), found["radii"].as_array().unwrap());
    assert!(half > 0.0 && radii.len() > 100);
    for row in radii {
        let (radius, inside) = (number(&row["radius"]), number(&row["margin"]));
        assert_eq!(inside >= 0.5 * margin[1], radius <= half, "{row}");
    }
    let norms = &found["norms_only"];
    let best = ends(&norms["global"], 1e-9);
    assert_eq!((&norms["end"], &norms["cut"]), (&"reached".into(), &true.into()));
    let rows = norms["rows"].as_array().unwrap();
    for row in &rows[1..] {
        assert!(number(&row["lower"]) <= best[1] && number(&row["upper"]) >= best[0], "{row}");
        assert!(number(&row["smoothed"]) <= 0.5 * best[1], "{row}");
    }
    assert!(number(&rows[rows.len() - 1]["lower"]) > 0.8 * best[0]);

    let flow = &found["flow"];
    assert_eq!((&flow["end"], &flow["loss"]), (&"reached".into(), &"exponential".into()));
    let (most, rows) = (number(&flow["most"]), flow["rows"].as_array().unwrap());
    // The bound is above that of the best network, and its false neighbour is not.
    assert!(most >= global.lower() && 0.5 * most < global.lower());
    // All outputs are 0 at the start.
    assert!((number(&rows[0]["u"]) + 8.0_f64.ln()).abs() < 1e-12 && rows[0]["log_time"].is_null());
    let mut gained = 0.0_f64;
    for row in rows {
        let of = |name: &str| number(&row[name]);
        assert!(of("u") >= of("certified") - 1e-6 && of("displacement") <= of("path") + 1e-6, "{row}");
        assert!(of("u") <= of("least") && of("least") <= of("u") + 8.0_f64.ln() + 1e-9, "{row}");
        assert!(of("margin") <= most, "{row}");
        gained = gained.max(of("certified") - number(&rows[0]["u"]));
    }
    // What is certified is more than nothing, and at most κ(0) times the largest radius at which κ > 0.
    assert!(gained > 0.0 && gained <= margin[1] * number(&radii[radii.len() - 1]["radius"]));
    assert!(number(&flow["u"]) >= 20.0 && number(&rows[rows.len() - 2]["u"]) < 20.0);
    assert!(number(&flow["drift"]) < 1e-4);

    // The last weights give what is printed, and the weights q the upper end.
    let (x, y) = (desk.read_matrix("X.npy"), array::read_vector(&desk.path("y.npy")).unwrap());
    let w = desk.read_matrix("out/W.npy");
    let last = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq).unwrap().point(w.as_ref()).unwrap();
    assert!((last.levels.smoothed / number(&flow["u"]) - 1.0).abs() < 1e-12);
    assert!((last.smoothed_margin() / number(&flow["smoothed"]) - 1.0).abs() < 1e-12);
    let summary: Value =
        serde_json::from_slice(&std::fs::read(desk.path("out/summary.json")).unwrap()).unwrap();
    assert_eq!(summary, found);
    let table = std::fs::read_to_string(desk.path("out/flow.csv")).unwrap();
    assert_eq!(table.lines().count(), rows.len() + 1);
    assert!(
        table.starts_with("tau,log_time,u,least,smoothed,margin,displacement,path,square,certified\n0,,")
    );
    let picture = std::fs::read_to_string(desk.path("out/margin.svg")).unwrap();
    for words in [
        "smoothed margin u",
        "the beginning",
        "u is at least",
        "no network has more",
        "norms only",
        "‖W − W₀‖",
    ] {
        assert!(picture.contains(words), "the picture lacks {words}");
    }
    let names = desk.run(&["margin", "--help"]).stdout;
    for entry in std::fs::read_dir(desk.path("out")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} is not in the help");
    }
}

/// Weights from a file are those of the library; without flows the picture is that of the radius.
#[test]
fn weights_of_ones_own() {
    let desk = desk(2);
    let w = Mat::from_fn(9, 3, |j, c| (1.3 * (3 * j + c) as f64).sin());
    desk.put_matrix("W.npy", &w);
    let out = desk.run(&with(&["--weights", "W.npy", "--out", "out"]));
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    let found = desk.json(&with(&["--weights", "W.npy", "--json"]));
    let (x, y) = (desk.read_matrix("X.npy"), array::read_vector(&desk.path("y.npy")).unwrap());
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let [lower, upper] = ends(&found["margin"], 1e-9);
    assert_eq!([lower.max(0.0), upper], {
        let margin = net.margin().unwrap().margin;
        [margin.lower().max(0.0), margin.upper()]
    });
    let q = array::read_vector(&desk.path("out/q.npy")).unwrap();
    assert!((net.margin_at(&q).unwrap().margin.upper() - upper).abs() < 1e-14);
    assert!(found["flow"].is_null() && found["norms_only"].is_null() && found["transport"].is_null());
    assert!(std::fs::read_to_string(desk.path("out/margin.svg")).unwrap().contains("κ(R)"));
    assert!(out.stdout.lines().all(|line| line.chars().count() < 115), "{}", out.stdout);
    for words in ["n = 4 examples at d = 2, m = 9", "γ_m ", "γ_2, infinite width", "R_½", "√m"] {
        assert!(out.stdout.contains(words), "{} lacks {words}", out.stdout);
    }
    // What is printed as an interval holds the interval.
    let line = out.stdout.lines().find(|line| line.trim_start().starts_with("γ_m ")).unwrap();
    let inner = line.split(['[', ']']).nth(1).unwrap();
    let shown: Vec<f64> = inner.split(", ").map(|end| end.parse().unwrap()).collect();
    assert!(shown[0] <= lower && upper <= shown[1], "{line} for {lower} {upper}");
}

/// Examples that are not separated end the flow at rest, with exit code 0; noise may break it off.
#[test]
fn flows_that_do_not_separate_say_so() {
    let desk = Desk::new();
    // Opposite labels on one ray from 0, where every network without biases has one sign.
    let x = faer::mat![[1.0, 0.0], [0.5, 0.0], [0.0, 1.0]];
    put(&desk, &x, &[1.0, -1.0, 1.0]);
    let more = ["--flow", "--norms-only", "--m", "20", "--until", "5"];
    let out = desk.run(&with(&more));
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    for words in ["at rest, below 1e-6", "the examples are not separated", "no weights on these directions"]
    {
        assert!(out.stdout.contains(words), "{}", out.stdout);
    }
    assert!(out.stdout.lines().all(|line| line.chars().count() < 115), "{}", out.stdout);
    for loss in ["exp", "logistic"] {
        let found = desk.json(&with(&["--flow", "--m", "20", "--loss", loss, "--json"]));
        let flow = &found["flow"];
        assert_eq!(flow["end"], "stationary");
        assert!(number(&flow["least"]) < 0.0 && number(&flow["u"]) < 0.0 && number(&flow["most"]) < 1e-9);
    }
    let few = desk.run(&with(&["--flow", "--m", "20", "--steps", "3"]));
    assert_eq!(few.code, Some(0), "{}", few.stderr);
    assert!(few.stderr.contains("broke off: allow more with --steps"), "{}", few.stderr);
    assert!(few.stdout.contains("3 steps do not suffice"), "{}", few.stdout);
    // An input that no neuron sees.
    desk.put_matrix("W.npy", &faer::mat![[1.0, 1.0, -1.0], [-1.0, 1.0, -1.0]]);
    let unseen = desk.run(&with(&["--weights", "W.npy"]));
    assert!(
        unseen.code == Some(0) && unseen.stderr.contains("no neuron is active on input 2"),
        "{}",
        unseen.stderr
    );
}

#[test]
fn what_has_no_margin_is_refused() {
    let desk = desk(2);
    let good = desk.read_matrix("X.npy");
    let changed = |i: usize, c: usize, value: f64| {
        Mat::from_fn(4, 2, |row, col| if (row, col) == (i, c) { value } else { good[(row, col)] })
    };
    desk.put_matrix("long.npy", &changed(2, 1, 1.4));
    desk.put_matrix_f32("nan.npy", &changed(1, 0, f64::NAN));
    desk.put_matrix("zero.npy", &Mat::from_fn(4, 2, |i, c| if i == 3 { 0.0 } else { good[(i, c)] }));
    desk.put_matrix("twice.npy", &Mat::from_fn(4, 2, |i, c| good[(if i == 3 { 1 } else { i }, c)]));
    desk.put_matrix("labels.npy", &Mat::from_fn(4, 1, |i, _| i as f64));
    desk.put_matrix("three.npy", &Mat::from_fn(3, 1, |_, _| 1.0));
    desk.put_matrix("clash.npy", &Mat::from_fn(4, 1, |i, _| if i == 3 { -1.0 } else { 1.0 }));
    desk.put_matrix("dead.npy", &Mat::from_fn(3, 3, |_, c| f64::from(u8::from(c == 0))));
    desk.put_matrix("many.npy", &Mat::from_fn(20_000, 2, |i, c| (1.0 + i as f64) * [3e-5, 2e-5][c]));
    desk.put_matrix("many_labels.npy", &Mat::from_fn(20_000, 1, |_, _| 1.0));
    for (x, y, more, words) in [
        ("long.npy", "y.npy", &[][..], &["long.npy", "norm of input 2", "1.56", "at most 1"][..]),
        ("nan.npy", "y.npy", &[], &["nan.npy holds NaN at row 1, column 0"]),
        ("zero.npy", "y.npy", &[], &["zero.npy", "norm of input 3 = 0", "no margin is positive"]),
        ("twice.npy", "clash.npy", &[], &["1 and 3", "equal and have opposite labels", "every margin is 0"]),
        ("X.npy", "labels.npy", &[], &["the label of example 0 = 0", "1 or -1"]),
        ("X.npy", "three.npy", &[], &["three.npy holds 3 labels", "4 inputs"]),
        ("X.npy", "y.npy", &["--weights", "X.npy"], &["rows of 2 numbers", "d = 2", "3 are needed"]),
        ("X.npy", "y.npy", &["--weights", "dead.npy"], &["neurons that are active", "= 0 is not allowed"]),
        ("X.npy", "y.npy", &["--weights", "dead.npy", "--m", "3"], &["cannot be used with"]),
        ("X.npy", "y.npy", &["--m", "0"], &["m = 0", "at least one neuron"]),
        ("X.npy", "y.npy", &["--m", "7", "--paired"], &["m = 7", "even"]),
        ("X.npy", "y.npy", &["--until", "0"], &["until = 0", "positive and finite"]),
        ("X.npy", "y.npy", &["--until", "-3"], &["until = -3"]),
        ("X.npy", "y.npy", &["--until", "inf"], &["until = inf"]),
        ("X.npy", "y.npy", &["--until", "nan"], &["until = NaN"]),
        ("X.npy", "y.npy", &["--tolerance", "1"], &["the tolerance = 1", "1e-13 to 0.1"]),
        ("X.npy", "y.npy", &["--steps", "0"], &["steps = 0"]),
        ("X.npy", "y.npy", &["--loss", "hinge"], &["hinge", "exp", "logistic"]),
        ("X.npy", "y.npy", &["--norms-only", "--loss", "logistic"], &["logistic", "exponential"]),
        (
            "X.npy",
            "y.npy",
            &["--memory", "1KiB"],
            &["n = 4 examples at m = 256", "1.0 KiB", "fewer examples"],
        ),
        ("many.npy", "many_labels.npy", &["--m", "64", "--memory", "2GiB"], &["n = 20000", "GiB", "n × n"]),
        ("X.npy", "y.npy", &["--out", "y.npy/x"], &["y.npy is not a folder"]),
    ] {
        desk.refused(&[&["margin", "--inputs", x, "--labels", y], more].concat(), words);
    }
    // The library does not form it either, whatever the machine has.
    let many =
        ["margin", "--inputs", "many.npy", "--labels", "many_labels.npy", "--m", "64", "--memory", "1TiB"];
    desk.refused(&many, &["the Gram matrix of n = 20000 gradients", "12 GiB", "fewer examples"]);
    desk.refused(&["margin", "--inputs", "X.npy"], &["--labels"]);
}

/// Ctrl-C in the middle leaves nothing, and says so; maybe it came before there was a handler.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    let desk = desk(6);
    let long = with(&["--flow", "--m", "2000", "--until", "1e9", "--out", "out"]);
    let mut delay = std::time::Duration::from_secs(1);
    loop {
        let out = desk.interrupted(&long, delay);
        assert_eq!(desk.names(), ["X.npy", "y.npy"]);
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
