//! `randomised`: laws over all signs, designs, roots of unity, and what is refused.

use crate::process::{Desk, distance};
use escapement::sphere::uniform_sphere;
use escapement::{activation, seed};
use faer::{Mat, MatRef};
use serde_json::Value;

const P: usize = 3;
const D: usize = 4;

/// A desk with three distinct neurons, five inputs, a displacement and labels.
fn desk() -> Desk {
    let desk = Desk::new();
    let rng = &mut seed::stream(5, "randomised", "desk");
    let mut put = |name: &str, rows, d, radius| desk.put_matrix(name, &uniform_sphere(rng, rows, d, radius));
    put("W0.npy", P, D, 1.0);
    put("X.npy", 5, D, 2.0);
    put("W.npy", 2 * P, D, 0.7);
    put("y.npy", 5, 1, 0.8);
    desk
}

fn of<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let files = ["--weights", "W0.npy", "--inputs", "X.npy", "--displacement", "W.npy", "--json"];
    [&["randomised", "--activation", "sine:-1"], &files[..], more].concat()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// f at the inputs of the desk for a displacement whose rows are multiplied by these numbers.
fn f(desk: &Desk, factors: impl Fn(usize) -> f64) -> Vec<f64> {
    let [w0, x, w] = ["W0.npy", "X.npy", "W.npy"].map(|name| desk.read_matrix(name));
    let sigma = activation::parse("sine:-1").unwrap();
    let dot = |a: MatRef<'_, f64>, r: usize, i: usize| (0..D).map(|c| a[(r, c)] * x[(i, c)]).sum::<f64>();
    let value = |i: usize, r: usize| {
        let sign = if r < P { 1.0 } else { -1.0 };
        sign * sigma.value(dot(w0.as_ref(), r % P, i) + factors(r) * dot(w.as_ref(), r, i))
    };
    let scale = (2.0 * P as f64).sqrt().recip();
    (0..5).map(|i| scale * (0..2 * P).map(|r| value(i, r)).sum::<f64>()).collect()
}

/// Mean, variance and mean loss are those over all 64 signs, and f is without them.
#[test]
fn signs_are_all_signs() {
    let desk = desk();
    let found = desk.json(&of(&["--labels", "y.npy", "--loss", "absolute"]));
    let all: Vec<Vec<f64>> =
        (0..1 << (2 * P)).map(|code| f(&desk, |r| if code >> r & 1 == 0 { 1.0 } else { -1.0 })).collect();
    assert!(distance(&list(&found["f"]), &all[0]) < 1e-14);
    let mean = |g: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        (0..5).map(|i| all.iter().map(|f| g(i, f[i])).sum::<f64>() / all.len() as f64).collect()
    };
    let centre = mean(&|_, f| f);
    assert!(distance(&list(&found["mean"]), &centre) < 1e-14);
    assert!(distance(&list(&found["variance"]), &mean(&|i, f| (f - centre[i]).powi(2))) < 1e-14);
    let y = desk.read_matrix("y.npy");
    let loss = mean(&|i, f| (f - y[(i, 0)]).abs()).iter().sum::<f64>() / 5.0;
    let [value, error] =
        ["randomised", "randomised_error"].map(|name| found["losses"][name].as_f64().unwrap());
    assert!((value - loss).abs() <= error && error < 1e-13, "{value} ± {error} for {loss}");
    let text = desk.run(&[&of(&["--labels", "y.npy"])[..9], &["--labels", "y.npy"]].concat()).stdout;
    assert!(text.contains("Mean pseudo-huber loss") && text.contains("E f - f^(2)"), "{text}");
}

/// A design of one's own is that of its name; without files the displacement has the length at which the
/// term does not depend on m, and the bias of signs falls like m^{-1/2}.
#[test]
fn designs_and_drawn_displacements() {
    let desk = desk();
    let named = desk.json(&of(&["--multiplier", "design:3:0.5"]));
    // −4/3 is written with all its digits: the moments are held to rounding.
    let third = format!("{0},-{0},-{1},{1}", 2.0 / 3.0, 4.0 / 3.0);
    let own = ["--multiplier", "design:3", "--nodes", "1,-1,0.5,-0.5", "--coefficients", &third];
    let own = desk.json(&of(&own));
    for name in ["mean", "variance", "term"] {
        assert!(distance(&list(&named[name]), &list(&own[name])) < 1e-13, "{name}");
    }
    let bias = |m: &str| {
        let found = desk.json(&["randomised", "--m", m, "--n", "200", "--activation", "sine:-1", "--json"]);
        assert_eq!(found["order"], 2);
        let (mean, term) = (list(&found["mean"]), list(&found["term"]));
        mean.iter().zip(&term).map(|(e, f)| (e - f).powi(2)).sum::<f64>().sqrt()
    };
    let ratio = bias("400") / bias("6400");
    assert!((3.3..4.7).contains(&ratio), "{ratio}: 4 is expected");
    let same = desk.json(&["randomised", "--multiplier", "roots:2", "--seed", "4", "--json"]);
    assert_eq!(same, desk.json(&["randomised", "--multiplier", "roots:2", "--seed", "4", "--json"]));
    assert_ne!(same["f"], desk.json(&["randomised", "--json"])["f"]);
}

#[test]
fn what_is_not_allowed_is_said_in_one_sentence() {
    let desk = desk();
    desk.put_matrix("other.npy", &Mat::zeros(P, D));
    for (more, words) in [
        (&["--multiplier", "design:1"][..], "the order = 1 is not allowed"),
        (&["--multiplier", "coins"], "the multipliers are signs, design:k"),
        (&["--multiplier", "design:4:0.1"], "even orders have"),
        (&["--multiplier", "design:3", "--nodes", "1,-1", "--coefficients", "1,1"], "moment of order 2"),
        (&["--multiplier", "signs", "--nodes", "1,-1", "--coefficients", "1,1"], "belong together"),
        (&["--multiplier", "roots:3", "--labels", "y.npy"], "known for signs"),
        (&["--tail", "1e-9"], "--tail"),
    ] {
        desk.refused(&of(more), &[words]);
    }
    desk.put_matrix("long.npy", &Mat::from_fn(2 * P, D, |_, c| 2.0 + c as f64));
    let long = ["randomised", "--weights", "W0.npy", "--displacement", "long.npy", "--activation", "tanh"];
    desk.refused(&[&long[..], &["--multiplier", "roots:3"]].concat(), &["a pole of tanh"]);
    for (all, words) in [
        (&["--m", "7"][..], "m = 7 is not allowed"),
        (&["--n", "0"], "--n 0"),
        (&["--activation", "relu"], "derivative of order 2"),
        (&["--activation", "monomial:2", "--multiplier", "design:80"], "at most 60"),
        (&["--weights", "W0.npy", "--displacement", "other.npy"], "6 × 4 are needed"),
        (&["--loss", "square"], "--labels"),
    ] {
        desk.refused(&[&["randomised"], all].concat(), &[words]);
    }
}
