//! Pictures as data: what is drawn is said here, how it looks is the business of the program that draws it.

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line.
    Line,
    /// A dashed line.
    Dashed,
    /// A dot at each point, and no line.
    Dots,
}

/// A curve: means with a band of one standard deviation to either side.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What it is called in the legend; curves of one name, in several panels, share it.
    pub name: String,
    /// Abscissa, mean and standard deviation (0 for none).
    pub points: Vec<(f64, f64, f64)>,
    /// Which colour it has: curves that belong together have the same.
    pub color: usize,
    /// How it is drawn.
    pub style: Style,
}

/// Axes with curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// Below it.
    pub x_label: String,
    /// Beside it.
    pub y_label: String,
    /// Whether the x axis is logarithmic; all abscissas are positive then.
    pub log_x: bool,
    /// Whether the y axis is logarithmic: then points that are not positive have no place and are left out.
    pub log_y: bool,
    /// What is drawn.
    pub curves: Vec<Curve>,
}

/// Panels side by side, with one legend.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// Above them.
    pub title: String,
    /// From left to right.
    pub panels: Vec<Panel>,
}
