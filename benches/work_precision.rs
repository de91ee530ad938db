//! How much time buys how many digits? Time against the error of the eigenvalues and of the subspace, for
//! solvers at a range of tolerances.
//!
//! The errors are the largest relative error of a wanted eigenvalue, and the sine of the largest angle
//! between the computed and the true space of the wanted eigenvectors. The truth is an EVD of the same
//! matrix with its rows and columns reversed, which rounds differently: errors near 1e-14 are as much its
//! own. Run with `cargo bench --bench work_precision`, or one matrix with `-- clustered`; a word with a
//! slash is the folder for `work-precision.csv` and `work-precision.svg`, by default
//! `results/work-precision/`. Where `peers/top_pairs.py` left `work-precision-peers.csv` there, that is
//! drawn too, and with `-- peers` it alone.

#[allow(dead_code, reason = "each bench uses its part")]
mod matrices;
mod timing;

use escapement::covariance::Covariance;
use escapement::eigen::{
    self, BlockOptions, DEFAULT_MEMORY, Request, Route, RouteChoice, block_eigen, full_eigen,
};
use faer::{Mat, MatRef, Par};
use kuva::prelude::*;
use matrices::{Dense, covariance, faer_evd, faer_partial, spectrum};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use timing::{median, seconds, trimmed, wanted};

/// Order and wanted eigenpairs of the synthetic spectra.
const SYNTHETIC: (usize, usize) = (1_000, 20);
/// (d, m) of Σ, with n_1 = d + 1 pairs wanted.
const SIGMA: &[(usize, usize)] = &[(10, 200), (10, 400)];
/// Residuals asked for, relative to the largest eigenvalue.
const TOLERANCES: &[f64] = &[1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12];
/// The loosest of them that faer's partial solver is given: on the random matrix at 1e-2 it had not returned
/// after a minute.
const LOOSEST_PARTIAL: f64 = 1e-4;
/// Repetitions, of which the median counts.
const ROUNDS: usize = 3;
/// Digits at which smaller errors are drawn.
const MOST_DIGITS: f64 = 16.0;
/// The solvers and their colours.
const SOLVERS: [(&str, &str); 5] = [
    ("block solver", "#0072b2"),
    ("operator route", "#009e73"),
    ("faer partial", "#e69f00"),
    ("faer EVD", "#cc79a7"),
    ("faer EVD, values only", "#777777"),
];

/// The solvers of `peers/top_pairs.py` and their colours.
const PEERS: [(&str, &str); 5] = [
    ("escapement", "#009e73"),
    ("SciPy LOBPCG", "#0072b2"),
    ("SciPy eigsh", "#e69f00"),
    ("PRIMME", "#cc79a7"),
    ("SLEPc", "#777777"),
];

/// One matrix, the truth about it, and Σ behind it if it is one.
struct Problem {
    name: String,
    a: Mat<f64>,
    cov: Option<Covariance>,
    wanted: usize,
    values: Vec<f64>,
    vectors: Mat<f64>,
}

/// One run: a point of the diagram.
struct Point {
    problem: String,
    solver: String,
    tolerance: Option<f64>,
    seconds: f64,
    eigenvalue_error: f64,
    /// `None` where no vectors were computed.
    subspace_error: Option<f64>,
}

impl Problem {
    fn new(name: String, a: Mat<f64>, cov: Option<Covariance>, wanted: usize) -> Self {
        let n = a.nrows();
        let reversed = Mat::from_fn(n, n, |i, j| a[(n - 1 - i, n - 1 - j)]);
        let (mut values, u) = full_eigen(reversed.as_ref(), Par::Seq).expect("a reference");
        values.truncate(wanted);
        Self { name, a, cov, wanted, values, vectors: Mat::from_fn(n, wanted, |i, j| u[(n - 1 - i, j)]) }
    }

    fn point(
        &self,
        solver: &str,
        tolerance: Option<f64>,
        mut run: impl FnMut() -> Option<(Vec<f64>, Option<Mat<f64>>)>,
    ) -> Option<Point> {
        let mut found = None;
        let times: Vec<f64> = (0..ROUNDS).map(|_| seconds(|| found = run())).collect();
        let (mut values, vectors) = found?;
        values.sort_by(|a, b| b.total_cmp(a));
        let relative = |(found, truth): (&f64, &f64)| (found - truth).abs() / truth;
        Some(Point {
            problem: self.name.clone(),
            solver: solver.to_owned(),
            tolerance,
            seconds: median(&times),
            eigenvalue_error: values.iter().zip(&self.values).map(relative).fold(0.0, f64::max),
            subspace_error: vectors.map(|q| self.sine(q.as_ref())),
        })
    }

    /// The sine of the largest angle between the span of `q` (orthonormal, as many columns) and the true
    /// space: `‖(I − QQᵀ)X‖`.
    fn sine(&self, q: MatRef<'_, f64>) -> f64 {
        let x = self.vectors.as_ref();
        let left = x - q * (q.transpose() * x);
        left.svd().expect("singular values").S()[0]
    }

    fn points(&self, par: Par) -> Vec<Point> {
        let (a, wanted) = (self.a.as_ref(), self.wanted);
        let top = |u: MatRef<'_, f64>| u.get(.., a.nrows() - wanted..).to_owned();
        let mut points = vec![
            self.point("faer EVD", None, || {
                let (values, u) = faer_evd(a, true, par);
                Some((values, u.map(|u| top(u.as_ref()))))
            }),
            self.point("faer EVD, values only", None, || Some(faer_evd(a, false, par))),
        ];
        for &tolerance in TOLERANCES {
            let options = BlockOptions { tolerance, ..BlockOptions::top(wanted) };
            points.push(self.point("block solver", Some(tolerance), || {
                let found = block_eigen(&Dense(a), None, &options, par).ok()?;
                Some((found.eigenvalues, Some(found.vectors)))
            }));
            let absolute = tolerance * self.values[0];
            if tolerance <= LOOSEST_PARTIAL {
                points.push(self.point("faer partial", Some(tolerance), || {
                    let (values, vectors) = faer_partial(a, wanted, absolute, par)?;
                    Some((values, Some(vectors)))
                }));
            }
            let Some(cov) = &self.cov else { continue };
            points.push(self.point("operator route", Some(tolerance), || {
                let request = Request { tolerance, ..Request::top(wanted) };
                let found =
                    eigen::solve(cov, &request, RouteChoice::Only(Route::Operator), DEFAULT_MEMORY, par)
                        .ok()?;
                Some((found.eigenvalues.iter().map(|l| l / cov.scale()).collect(), found.vectors))
            }));
        }
        points.into_iter().flatten().collect()
    }
}

/// The problems, made one at a time.
fn problems() -> impl Iterator<Item = Problem> {
    let (n, top) = SYNTHETIC;
    let synthetic =
        matrices::SPECTRA.into_iter().map(move |name| (format!("{name}, order {n}, top {top}"), name));
    let synthetic = synthetic
        .filter(|(name, _)| wanted(name))
        .map(move |(label, name)| Problem::new(label, spectrum(name, n), None, top));
    let sigma =
        trimmed(SIGMA).iter().map(|&(d, m)| (format!("sigma, d = {d}, m = {m}, top {}", d + 1), d, m));
    let sigma = sigma.filter(|(name, ..)| wanted(name)).map(|(label, d, m)| {
        let cov = covariance(d, m);
        Problem::new(label, cov.assemble(), Some(cov), d + 1)
    });
    synthetic.chain(sigma)
}

fn csv(points: &[Point]) -> String {
    let mut out = String::from("matrix,solver,tolerance,seconds,eigenvalue_error,subspace_error\n");
    for p in points {
        let number = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x:.3e}"));
        let (tolerance, angle) = (number(p.tolerance), number(p.subspace_error));
        writeln!(
            out,
            "\"{}\",\"{}\",{tolerance},{:.6},{:.3e},{angle}",
            p.problem, p.solver, p.seconds, p.eigenvalue_error
        )
        .expect("a String takes all");
    }
    out
}

/// The points in a file of [`csv`]'s format.
fn read(path: &Path) -> Option<Vec<Point>> {
    let text = std::fs::read_to_string(path).ok()?;
    let point = |line: &str| {
        // The names are quoted, and hold commas.
        let names: Vec<&str> = line.split('"').collect();
        let numbers: Vec<Option<f64>> = names[4].split(',').skip(1).map(|x| x.parse().ok()).collect();
        Point {
            problem: names[1].to_owned(),
            solver: names[3].to_owned(),
            tolerance: numbers[0],
            seconds: numbers[1].expect("seconds"),
            eigenvalue_error: numbers[2].expect("an error"),
            subspace_error: numbers[3],
        }
    };
    Some(text.lines().skip(1).map(point).collect())
}

/// One row of panels for each problem: eigenvalues on the left, the subspace on the right. Errors are drawn
/// as digits, as the plotting library has no logarithmic axis below 1e-10.
fn svg(points: &[Point], solvers: &[(&str, &str)]) -> String {
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for problem in points.chunk_by(|a, b| a.problem == b.problem) {
        type Error = fn(&Point) -> Option<f64>;
        let errors: [(&str, Error); 2] = [
            ("digits of the eigenvalues", |p| Some(p.eigenvalue_error)),
            ("digits of the subspace", |p| p.subspace_error),
        ];
        for (label, error) in errors {
            let mut panel: Vec<Plot> = Vec::new();
            for &(solver, color) in solvers {
                let of = problem.iter().filter(|p| p.solver == solver);
                let data: Vec<(f64, f64)> =
                    of.filter_map(|p| Some(((-error(p)?.log10()).min(MOST_DIGITS), p.seconds))).collect();
                if data.is_empty() {
                    continue;
                }
                panel.push(
                    ScatterPlot::new()
                        .with_data(data.clone())
                        .with_color(color)
                        .with_size(4.0)
                        .with_legend(solver)
                        .into(),
                );
                if data.len() > 1 {
                    panel.push(
                        LinePlot::new().with_data(data).with_color(color).with_stroke_width(1.2).into(),
                    );
                }
            }
            let layout = Layout::auto_from_plots(&panel)
                .with_log_y()
                .with_x_axis_min(0.0)
                .with_x_axis_max(MOST_DIGITS)
                .with_title(&problem[0].problem)
                .with_title_size(13);
            layouts.push(layout.with_x_label(label).with_y_label("seconds"));
            plots.push(panel);
        }
    }
    let figure =
        Figure::new(plots.len() / 2, 2).with_plots(plots).with_layouts(layouts).with_cell_size(430.0, 270.0);
    SvgBackend::new().render_scene(&figure.with_shared_legend_bottom().render())
}

fn main() {
    let folder = std::env::args().skip(1).find(|word| word.contains('/'));
    let folder = PathBuf::from(folder.unwrap_or_else(|| "results/work-precision/".into()));
    let mut points = Vec::new();
    println!(
        "{:<32} {:<22} {:>9} {:>9} {:>10} {:>10}",
        "matrix", "solver", "tolerance", "seconds", "eigenvalue", "subspace"
    );
    for problem in problems() {
        for p in problem.points(Par::rayon(0)) {
            let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.1e}"));
            let (tolerance, angle) = (number(p.tolerance), number(p.subspace_error));
            println!(
                "{:<32} {:<22} {tolerance:>9} {:>9.4} {:>10.1e} {angle:>10}",
                p.problem, p.solver, p.seconds, p.eigenvalue_error
            );
            points.push(p);
        }
    }
    std::fs::create_dir_all(&folder).expect("a folder for the results");
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).expect("a file in the folder");
        println!("{}", folder.join(name).display());
    };
    if !points.is_empty() {
        write("work-precision.csv", csv(&points));
        write("work-precision.svg", svg(&points, &SOLVERS));
    }
    if let Some(peers) = read(&folder.join("work-precision-peers.csv")) {
        write("work-precision-peers.svg", svg(&peers, &PEERS));
    }
}
