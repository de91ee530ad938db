//! Colours of a report, light and dark, in one place; and style sheets made from them.
//!
//! A style sheet names colours as CSS variables, `var(--refuted-line)`. A page defines them ([`variables`]),
//! so that its button can choose the theme; a picture that stands alone has them written in
//! ([`standalone`]), since many viewers of SVG know no variables.

use std::fmt::Write;

/// One colour, in both themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color {
    /// Its name without the dashes.
    pub name: &'static str,
    /// On light ground.
    pub light: &'static str,
    /// On dark ground.
    pub dark: &'static str,
}

/// The three colours of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ground of its boxes.
    Fill,
    /// Rim of its boxes.
    Line,
    /// Text on that ground.
    Text,
}

const fn color(name: &'static str, light: &'static str, dark: &'static str) -> Color {
    Color { name, light, dark }
}

/// All colours. Text keeps a contrast of 4.5 on its ground, rims and curves one of 3 on the page: a test
/// computes it.
pub const COLORS: [Color; 48] = [
    color("ground", "#ffffff", "#15181d"),
    color("panel", "#f6f7f9", "#1d2128"),
    color("text", "#1b1f24", "#e4e7eb"),
    color("soft", "#57606a", "#a3adb8"),
    color("rule", "#d5dae0", "#363c45"),
    color("grid", "#e3e7eb", "#2d333b"),
    color("link", "#0a58a8", "#79b8ff"),
    color("focus", "#b3005e", "#ff9ecb"),
    color("edge", "#6b7480", "#8b96a3"),
    color("exact-fill", "#dfeafc", "#152a4d"),
    color("exact-line", "#1f5fbf", "#6ea3f5"),
    color("exact-text", "#0d3574", "#d3e3ff"),
    color("holds-fill", "#d9f1ef", "#0f3337"),
    color("holds-line", "#0b7d77", "#3fb8b0"),
    color("holds-text", "#06443f", "#c7f0ec"),
    color("scales-fill", "#dff2dc", "#16351c"),
    color("scales-line", "#2b7d2f", "#62b866"),
    color("scales-text", "#14491a", "#d0f0d1"),
    color("proved-fill", "#e9e4fb", "#251c4a"),
    color("proved-line", "#5b3fbf", "#9c86f0"),
    color("proved-text", "#2f1c78", "#e0d8ff"),
    color("outside-fill", "#eef0e4", "#2c3020"),
    color("outside-line", "#66702f", "#a3ad62"),
    color("outside-text", "#3b4217", "#e2e8bf"),
    color("drifts-fill", "#fde8d4", "#41260f"),
    color("drifts-line", "#a8530a", "#e08f45"),
    color("drifts-text", "#632d00", "#ffdfbf"),
    color("broken-fill", "#f6dcf3", "#401640"),
    color("broken-line", "#9c1f92", "#e070d6"),
    color("broken-text", "#5e0d57", "#ffd3fb"),
    color("inconclusive-fill", "#fdf0cf", "#3d3010"),
    color("inconclusive-line", "#946200", "#d9a532"),
    color("inconclusive-text", "#573a00", "#fbe6b2"),
    color("refuted-fill", "#fde2df", "#481a1a"),
    color("refuted-line", "#c22f24", "#f0746a"),
    color("refuted-text", "#7c130c", "#ffd9d5"),
    color("unmeasured-fill", "#eceef1", "#2a2f37"),
    color("unmeasured-line", "#6b7480", "#8b96a3"),
    color("unmeasured-text", "#3a424b", "#d3d9df"),
    // The first is the measured value, then further groups of cells, after Okabe and Ito.
    color("curve-1", "#0072b2", "#56b4e9"),
    color("curve-2", "#b35900", "#f0a64b"),
    color("curve-3", "#00805c", "#3fc79a"),
    color("curve-4", "#a8467e", "#dd93bd"),
    color("curve-5", "#5a5fc0", "#a0a5f5"),
    color("curve-6", "#7a6a00", "#cdbb3a"),
    color("bound", "#3d454e", "#c3cad2"),
    color("control", "#c22f24", "#f0746a"),
    color("band", "#0072b2", "#56b4e9"),
];

/// The colour of a verdict (by the class that style sheets know it by).
pub fn of_class(class: &str, tone: Tone) -> Color {
    let tone = match tone {
        Tone::Fill => "fill",
        Tone::Line => "line",
        Tone::Text => "text",
    };
    let name = format!("{class}-{tone}");
    COLORS.into_iter().find(|c| c.name == name).unwrap_or(COLORS[0])
}

/// The variables of a page: light, dark where the reader's system asks for it or the page's button does, and
/// light on paper.
pub fn variables() -> String {
    let list = |of: fn(&Color) -> &'static str| {
        COLORS.iter().fold(String::new(), |mut text, c| {
            // Writing to a string cannot fail.
            let _ = write!(text, "--{}:{};", c.name, of(c));
            text
        })
    };
    let (light, dark) = (list(|c| c.light), list(|c| c.dark));
    format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{\
         :root:not([data-theme=\"light\"]){{color-scheme:dark;{dark}}}}}\n\
         @media screen{{:root[data-theme=\"dark\"]{{color-scheme:dark;{dark}}}}}\n"
    )
}

/// A style sheet with the colours written in, once for light ground and once for dark.
pub fn standalone(sheet: &str) -> String {
    let filled = |of: fn(&Color) -> &'static str| {
        COLORS.iter().fold(sheet.to_owned(), |text, c| text.replace(&format!("var(--{})", c.name), of(c)))
    };
    format!("{}@media (prefers-color-scheme: dark) {{\n{}}}\n", filled(|c| c.light), filled(|c| c.dark))
}
