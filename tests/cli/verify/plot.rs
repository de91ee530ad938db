//! `plot`: curves and dots, and what is refused.

use crate::process::Desk;

#[test]
fn curves_against_a_parameter() {
    let desk = Desk::new();
    let args = ["plot", "bias-lambda-min", "--part", "bounds", "--where", "n=4", "--x", "B"];
    let out = desk.run(&[&args[..], &["--y", "active,least", "--log", "y", "--out", "a.svg"]].concat());
    assert_eq!((out.code, out.stdout.as_str()), (Some(0), "a.svg\n"), "{}", out.stderr);
    let svg = std::fs::read_to_string(desk.path("a.svg")).unwrap();
    for words in ["B, bias of every neuron", ">active<", ">least<", ">least, delta = 0.05<"] {
        assert!(svg.contains(words), "{words}");
    }
    // The share of active neurons is the same for all data.
    assert!(!svg.contains(">active, delta"));
    // The journal has everything now, and the picture is the same bytes.
    let again = desk.run(&[&args[..], &["--y", "active,least", "--log", "y", "--out", "b.svg"]].concat());
    assert!(again.stderr.contains("of them in the journal"), "{}", again.stderr);
    assert!(svg == std::fs::read_to_string(desk.path("b.svg")).unwrap());
}

#[test]
fn dots_against_a_quantity() {
    let desk = Desk::new();
    let args = ["plot", "late-rate", "--x", "excess", "--y", "angle", "--by", "lambda", "--log", "x,y"];
    let out = desk.run(&[&args[..], &["--out", "a.svg"]].concat());
    assert_eq!(out.code, Some(0), "{}", out.stderr);
    let svg = std::fs::read_to_string(desk.path("a.svg")).unwrap();
    // 14 angles without decay and with four values of it, beside five dots of the legend; the losses go
    // below what the library can show on a logarithmic axis.
    assert_eq!(svg.matches("<circle").count(), 14 * 5 + 5);
    assert!(svg.contains("log₁₀ of excess") && svg.contains(">angle, lambda = 0.1<"));
}

#[test]
fn what_is_refused() {
    let desk = Desk::new();
    let plot = |more: &[&'static str]| {
        let args = ["plot", "late-rate", "--quiet", "--out", "none.svg"];
        [&args[..], more].concat()
    };
    for (more, words) in [
        (&["--x", "K", "--y", "angle", "--part", "middle"][..], "the parts are formulas, with, without"),
        (&["--x", "K", "--y", "angle", "--where", "K=9"], "no cell of the quick tier is of this part"),
        (&["--x", "K", "--y", "angle", "--where", "K"], "gives a parameter a value"),
        (&["--x", "K", "--y", "angle", "--where", "K=x"], "'x' is not a number"),
        (&["--x", "K", "--y", "angle", "--log", "z"], "z"),
    ] {
        desk.refused(&plot(more), &[words]);
    }
    // What is recorded is known when it is measured, and stays in the journal.
    for (more, words) in [
        (
            &["--x", "excess", "--y", "angel"][..],
            "'angel' is not recorded in these cells, only allowed, angle",
        ),
        (&["--x", "H", "--y", "angle"], "'H' is not recorded in these cells, only K, allowed"),
        (&["--x", "excess", "--y", "angle", "--by", "mu"], "the cells have the parameters K, lambda"),
        (&["--x", "lambda", "--y", "closed", "--log", "x"], "comes down to 0e0"),
    ] {
        let out = Desk::new().run(&plot(more));
        assert!(out.code == Some(2) && out.stderr.contains(words), "{}", out.stderr);
        assert_eq!(out.stderr.trim().lines().count(), 1, "{}", out.stderr);
        assert!(out.stdout.is_empty());
    }
    desk.refused(&["plot", "no-claim", "--x", "K", "--y", "angle", "--out", "a.svg"], &["no-claim"]);
}
