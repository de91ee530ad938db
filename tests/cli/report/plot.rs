//! The pictures of the plotting library: the same bytes for the same data.

use escapement_cli::report::plot::small::{Dot, Small, Trace};
use escapement_cli::report::plot::{ScreeLevel, panels, scree};
use escapement_verify::figure::{Curve, Panel, Picture, Style};

#[test]
fn a_scree_plot_is_byte_stable_and_holds_no_nan() {
    let values: Vec<f64> = (0..60)
        .map(|i| if i < 6 { 0.1 / f64::from(i + 1) } else { 1e-4 * (-f64::from(i) / 20.0).exp() })
        .chain([0.0, -1e-18])
        .collect();
    let levels = [
        ScreeLevel { name: "degree 1".into(), range: 0..6, limit: Some(0.03) },
        ScreeLevel { name: "rest".into(), range: 6..62, limit: None },
        ScreeLevel { name: "empty".into(), range: 62..70, limit: Some(1.0) },
    ];
    let one = scree("Spectrum", "d = 3", &values, &levels);
    assert!(one == scree("Spectrum", "d = 3", &values, &levels));
    assert!(!one.contains("kuva-clip"));
    assert!(one.starts_with("<svg") && one.contains("degree 1") && !one.contains("empty"));
    assert!(!one.contains("NaN") && !one.contains("inf"));
}

#[test]
fn panels_are_byte_stable_and_show_what_there_is() {
    let curve = |name: &str, points: Vec<(f64, f64, f64)>| Curve {
        name: name.into(),
        points,
        color: 1,
        style: if name == "b" { Style::Dashed } else { Style::Line },
    };
    let panel = |curves| Panel {
        title: "T".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        log_x: false,
        log_y: true,
        curves,
    };
    let full = panel(vec![
        curve("a", vec![(0.0, 0.0, 0.0), (1.0, 2.0, 0.5), (2.0, 1.0, 2.0)]),
        curve("b", vec![(0.0, 1.0, 0.0)]),
    ]);
    let of = |all: &[Panel]| panels(&Picture { title: "Title".into(), panels: all.to_vec() });
    let one = of(&[full.clone(), full.clone()]).unwrap();
    assert_eq!(one, of(&[full.clone(), full]).unwrap());
    assert!(
        one.starts_with("<svg")
            && !one.contains("kuva-clip")
            && !one.contains("NaN")
            && !one.contains("inf")
    );
    assert!(of(&[panel(vec![curve("a", vec![(0.0, 0.0, 0.0)])])]).is_none());
    assert!(of(&[]).is_none());
}

#[test]
fn what_has_no_place_is_left_out() {
    let dot = |x, y| Dot { x, y, bar: Some((0.0, 2.0 * y)), note: format!("{y} ± 0"), hollow: false };
    let traces = vec![
        Trace::Band("band", vec![(1.0, 0.0, 1e9), (10.0, 1e-9, 5.0)]),
        Trace::Line("bound", vec![(1.0, 1.0), (10.0, f64::NAN), (100.0, f64::INFINITY), (5.0, -1.0)]),
        Trace::Dots("measured", vec![dot(1.0, 0.5), dot(10.0, 0.0), dot(100.0, f64::NAN)]),
        Trace::Level("constant", 0.7, "0.7".into()),
    ];
    let small = Small {
        x_label: "m".into(),
        y_label: "y".into(),
        log_x: true,
        counts: false,
        log_y: true,
        ends: false,
        traces,
    };
    let svg = small.svg("a < b & \"c\"").into_string();
    roxmltree::Document::parse(&svg).unwrap();
    assert_eq!((svg.matches("<circle").count(), svg.matches("class=\"area").count()), (1, 1));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    assert_eq!(svg, small.svg("a < b & \"c\"").into_string());
    // 0 and ∞ have their places where they are asked for: here an arrow that points down, and a line
    // that leads up.
    let ends = Small { ends: true, ..small.clone() }.svg("with ends").into_string();
    roxmltree::Document::parse(&ends).unwrap();
    assert_eq!((ends.matches("<circle").count(), ends.matches("class=\"arrow\"").count()), (1, 1));
    assert!(ends.contains(">0</text>") && ends.contains(">∞</text>") && !ends.contains("NaN"), "{ends}");
    // A power that would touch the 0 keeps its line in the grid, not its number.
    let near = vec![Trace::Dots("measured", [2.5e-4, 3.0, 1e3, 0.0].map(|y| dot(1.0, y)).into())];
    let numbers = |ends| {
        let svg = Small { ends, traces: near.clone(), ..small.clone() }.svg("near").into_string();
        ["10⁻⁴</text>", ">0</text>", "0.01</text>"].map(|text| svg.contains(text))
    };
    assert_eq!((numbers(false), numbers(true)), ([true, false, true], [false, true, true]));
    let empty = Small { traces: Vec::new(), ..small.clone() };
    roxmltree::Document::parse(&empty.svg("nothing").into_string()).unwrap();
}
