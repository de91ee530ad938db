//! The colours of a report: what is written or drawn can be seen in both themes.

use escapement_cli::report::palette::{COLORS, standalone, variables};

fn luminance(hex: &str) -> f64 {
    let channel = |i: usize| {
        let v = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/// The contrast of WCAG 2.
fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_lines_can_be_seen() {
    assert!((contrast("#ffffff", "#000000") - 21.0).abs() < 1e-9);
    let get = |name: &str| COLORS.into_iter().find(|c| c.name == name).unwrap();
    let mut pairs = vec![];
    for verdict in ["exact", "holds", "scales", "inconclusive", "refuted", "unmeasured"] {
        let part = |p: &str| format!("{verdict}-{p}");
        pairs.push((part("text"), part("fill"), 4.5));
        pairs.push((part("line"), "ground".into(), 3.0));
    }
    for ground in ["ground", "panel"] {
        pairs.extend(["text", "soft", "link"].map(|t| (t.to_owned(), ground.to_owned(), 4.5)));
        let lines = ["edge", "focus", "bound", "control", "band"];
        pairs.extend(lines.map(|t| (t.to_owned(), ground.to_owned(), 3.0)));
        pairs.extend((1..7).map(|i| (format!("curve-{i}"), ground.to_owned(), 3.0)));
    }
    // The card of what is refuted, or rests on it.
    pairs.extend(["text", "soft", "link"].map(|t| (t.to_owned(), "refuted-fill".to_owned(), 4.5)));
    for (above, below, least) in pairs {
        let (a, b) = (get(&above), get(&below));
        for (theme, c) in [("light", contrast(a.light, b.light)), ("dark", contrast(a.dark, b.dark))] {
            assert!(c >= least, "{above} on {below}, {theme}: {c:.2}");
        }
    }
}

#[test]
fn no_variable_is_left_in_a_picture_that_stands_alone() {
    let sheet = standalone("a { fill: var(--refuted-fill); stroke: var(--edge); }\n");
    assert!(!sheet.contains("var(") && sheet.contains("#fde2df") && sheet.contains("#481a1a"));
    assert!(variables().contains("--refuted-fill:#fde2df;"));
}
