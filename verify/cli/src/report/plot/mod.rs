//! Pictures. The only file that knows the plotting library (kuva, whose SVG is the same bytes for the same
//! data); the small pictures of the page, of which there are hundreds, are drawn in [`small`].

pub mod bound;
mod scale;
pub mod small;

use escapement_verify::figure::{Panel, Picture, Style};
use kuva::plot::legend::LegendPosition;
use kuva::prelude::*;

/// Colours that stay apart for the colour-blind (after Okabe and Ito, without their yellow, which is lost on
/// white).
const COLORS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#777777"];

/// The eigenvalues of one level, for a scree plot.
#[derive(Debug, Clone)]
pub struct ScreeLevel {
    /// The name of the level in the legend.
    pub name: String,
    /// Position (counted from 0) of its first eigenvalue in descending order, and one past its last.
    pub range: std::ops::Range<usize>,
    /// The value it has at infinite width, drawn as a line over its range; `None` for none.
    pub limit: Option<f64>,
}

/// A scree plot as one SVG text: eigenvalues, descending, against their index from 1, both on logarithmic
/// axes, one colour per level, and each level's limit as a line. Eigenvalues that are not positive have no
/// place on a logarithmic axis and are left out, and so are levels without any.
pub fn scree(title: &str, subtitle: &str, eigenvalues: &[f64], levels: &[ScreeLevel]) -> String {
    let positive = |v: f64| v.is_finite() && v > 0.0;
    let mut plots: Vec<Plot> = Vec::new();
    for (number, level) in levels.iter().enumerate() {
        let color = COLORS[number % COLORS.len()];
        let end = level.range.end.min(eigenvalues.len());
        let points: Vec<(f64, f64)> = (level.range.start..end)
            .map(|i| ((i + 1) as f64, eigenvalues[i]))
            .filter(|&(_, v)| positive(v))
            .collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        if let Some(limit) = level.limit.filter(|&v| positive(v)) {
            // A level of one eigenvalue still shows a line: a fifth of a decade around it.
            let (left, right) =
                if first.0 < last.0 { (first.0, last.0) } else { (first.0 / 1.12, last.0 * 1.12) };
            plots.push(
                LinePlot::new()
                    .with_data(vec![(left, limit), (right, limit)])
                    .with_color("#444444")
                    .with_stroke_width(1.0)
                    .with_dashed()
                    .into(),
            );
        }
        let size = if eigenvalues.len() > 300 { 1.6 } else { 2.6 };
        plots.push(
            ScatterPlot::new()
                .with_data(thinned(points))
                .with_color(color)
                .with_size(size)
                .with_legend(&level.name)
                .into(),
        );
    }
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_subtitle(subtitle)
        .with_x_label("index, in descending order")
        .with_y_label("eigenvalue of the feature covariance")
        .with_log_scale()
        .with_width(720.0)
        .with_height(460.0)
        .with_legend_position(LegendPosition::OutsideRightTop);
    stable_ids(&render_to_svg(plots, layout))
}

/// The least number that the library tells from smaller ones on a logarithmic axis.
const LEAST: f64 = 1e-10;

/// The panel with logarithms in place of a logarithmic axis that the library would cut off.
fn within_reach(panel: &Panel) -> Panel {
    let mut panel = panel.clone();
    let least = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
        let all = panel.curves.iter().flat_map(|curve| &curve.points).map(of);
        all.filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min)
    };
    let [x, y] = [panel.log_x && least(&|p| p.0) < LEAST, panel.log_y && least(&|p| p.1) < LEAST];
    if x {
        (panel.log_x, panel.x_label) = (false, format!("log₁₀ of {}", panel.x_label));
        let points = panel.curves.iter_mut().flat_map(|curve| &mut curve.points);
        points.for_each(|p| p.0 = p.0.log10());
    }
    if y {
        (panel.log_y, panel.y_label) = (false, format!("log₁₀ of {}", panel.y_label));
        for curve in &mut panel.curves {
            curve.points.retain(|p| p.1 > 0.0);
            // A standard deviation is shown where it is small beside the mean.
            curve
                .points
                .iter_mut()
                .for_each(|p| *p = (p.0, p.1.log10(), p.2 / p.1 / std::f64::consts::LN_10));
        }
    }
    panel
}

/// A picture as one SVG text; `None` where no curve has a point.
pub fn panels(Picture { title, panels }: &Picture) -> Option<String> {
    let mut all = Vec::new();
    let mut layouts = Vec::new();
    for panel in panels {
        let panel = &within_reach(panel);
        let mut plots: Vec<Plot> = Vec::new();
        for curve in &panel.curves {
            let shown = |y: f64| y.is_finite() && (y > 0.0 || !panel.log_y);
            let points: Vec<(f64, f64, f64)> = curve.points.iter().copied().filter(|p| shown(p.1)).collect();
            if points.is_empty() {
                continue;
            }
            if curve.style == Style::Dots {
                let dots = ScatterPlot::new()
                    .with_data(points.iter().map(|p| (p.0, p.1)))
                    .with_color(COLORS[curve.color % COLORS.len()])
                    .with_legend(&curve.name);
                plots.push(dots.into());
                continue;
            }
            let mut plot = LinePlot::new()
                .with_data(points.iter().map(|p| (p.0, p.1)))
                .with_color(COLORS[curve.color % COLORS.len()])
                .with_stroke_width(1.6)
                .with_legend(&curve.name);
            if curve.style == Style::Dashed {
                plot = plot.with_dashed();
            }
            if points.iter().any(|p| p.2 > 0.0) {
                // On a logarithmic axis a band that reaches zero ends at a tenth of the mean.
                let low =
                    |p: &(f64, f64, f64)| if panel.log_y { (p.1 - p.2).max(0.1 * p.1) } else { p.1 - p.2 };
                plot = plot.with_band(points.iter().map(low), points.iter().map(|p| p.1 + p.2));
            }
            plots.push(plot.into());
        }
        if plots.is_empty() {
            return None;
        }
        let mut layout = Layout::auto_from_plots(&plots)
            .with_title(&panel.title)
            .with_x_label(&panel.x_label)
            .with_y_label(&panel.y_label);
        if panel.log_x {
            // Whole decades would leave most of the axis empty.
            let x = || panel.curves.iter().flat_map(|curve| &curve.points).map(|p| p.0);
            let (low, high) = (x().fold(f64::INFINITY, f64::min), x().fold(0.0, f64::max));
            layout = layout.with_log_x().with_x_axis_min(low / 1.2).with_x_axis_max(high * 1.2);
        }
        if panel.log_y {
            layout = layout.with_log_y();
        }
        all.push(plots);
        layouts.push(layout);
    }
    if all.is_empty() {
        return None;
    }
    let (width, height) = if all.len() == 1 { (560.0, 440.0) } else { (360.0, 300.0) };
    let figure = Figure::new(1, all.len())
        .with_title(title)
        .with_title_size(16)
        .with_cell_size(width, height)
        .with_plots(all)
        .with_layouts(layouts)
        .with_shared_legend();
    Some(stable_ids(&kuva::backend::svg::SvgBackend.render_scene(&figure.render())))
}

/// Replaces kuva's names for clip paths, which count the pictures drawn by the process, by names taken from
/// the picture itself: the same bytes for the same data, and no clash between several pictures on one page.
fn stable_ids(svg: &str) -> String {
    const PREFIX: &str = "kuva-clip-";
    let mut parts = svg.split(PREFIX);
    let mut numbers: Vec<&str> = Vec::new();
    let mut pieces: Vec<(usize, &str)> = Vec::new();
    let head = parts.next().unwrap_or_default();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let index = numbers.iter().position(|&n| n == number).unwrap_or_else(|| {
            numbers.push(number);
            numbers.len() - 1
        });
        pieces.push((index, rest));
    }
    let mut hash = blake3::Hasher::new();
    hash.update(head.as_bytes());
    for (index, rest) in &pieces {
        hash.update(&(*index as u64).to_le_bytes());
        hash.update(rest.as_bytes());
    }
    let name = &hash.finalize().to_hex()[..12];
    pieces.iter().fold(head.to_string(), |text, (index, rest)| text + &format!("clip-{name}-{index}") + rest)
}

/// One of these pictures for a page: it scales with its column, takes the colours of ink, ground and grid
/// from the page (see `page/style.css`), and says what it shows; `words` may stand between the quotes of an
/// attribute.
pub fn themed(svg: &str, words: &str) -> String {
    const INK: &str = "currentColor";
    let size = |name: &str| {
        let value = svg.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
        value.and_then(|(value, _)| value.parse::<f64>().ok()).unwrap_or(720.0)
    };
    let head = svg.find('>').map_or(0, |end| end + 1);
    let body = svg[head..]
        .replacen("<rect width=\"100%\" height=\"100%\" fill=\"white\" />", "", 1)
        .replace("\"#000000\"", &format!("\"{INK}\""))
        .replace("\"black\"", &format!("\"{INK}\""))
        .replace("\"#444444\"", &format!("\"{INK}\""))
        .replace("\"white\"", "\"var(--ground)\"")
        .replace("\"#ffffff\"", "\"var(--ground)\"")
        .replace("\"#cccccc\"", "\"var(--grid)\"");
    let (width, height) = (size("width"), size("height"));
    // Below this the letters of 12 px cannot be read.
    let least = (0.95 * width).round();
    format!(
        "<svg class=\"kuva\" style=\"min-width:{least}px\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"{words}\" fill=\"{INK}\">{body}"
    )
}

/// At most about a thousand points, spread evenly along a logarithmic index, first and last kept: more
/// cannot be told apart.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    const STEP: f64 = 1.002;
    if points.len() <= 1000 {
        return points;
    }
    let last = points.len() - 1;
    let mut next = 0.0;
    points
        .into_iter()
        .enumerate()
        .filter(|&(i, (x, _))| {
            let keep = x >= next || i == last;
            if keep {
                next = x * STEP;
            }
            keep
        })
        .map(|(_, p)| p)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<(f64, f64)> = (1..100_001).map(|i| (f64::from(i), 1.0)).collect();
        let thin = thinned(points.clone());
        assert!(thin.len() < 6000 && thin.first() == points.first() && thin.last() == points.last());
    }
}
