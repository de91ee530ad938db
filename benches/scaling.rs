//! How does the cost grow with the width and the dimension, and does it grow as the flop count says?
//!
//! For every size: seconds for a product `A·V` with n_1 = d + 1 columns, in f64 and in mixed precision,
//! kernel matrices kept; and seconds for the top n_1 eigenpairs by the operator route, from weights to
//! residuals. Exponents are fitted by least squares of logarithms, and so are those of the flops, 6p²d·b for
//! a product of b columns: a gap between the two is memory traffic, the kernel, or what small sizes waste.
//!
//! Run with `cargo bench --bench scaling`, or one sweep with `-- width`.

#[allow(dead_code, reason = "each bench uses its part")]
mod matrices;
mod timing;

use escapement::eigen::{self, DEFAULT_MEMORY, Request, Route, RouteChoice};
use escapement::seed;
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par};
use matrices::covariance;
use timing::{median, seconds, trimmed, wanted};

/// m at d = 100.
const WIDTHS: &[usize] = &[500, 1_000, 2_000, 5_000, 10_000];
/// d at m = 2 000.
const DIMENSIONS: &[usize] = &[3, 10, 30, 100];
/// The fixed dimension, the fixed width.
const FIXED: (usize, usize) = (100, 2_000);
/// Seconds after which a measurement is not repeated, and repetitions at most.
const ENOUGH: f64 = 3.0;
const MOST: usize = 21;

/// What is measured at one size.
struct Cell {
    swept: usize,
    d: usize,
    m: usize,
    exact: f64,
    mixed: f64,
    solve: f64,
    /// Products (columns) that the solve took.
    products: usize,
}

impl Cell {
    fn measure(swept: usize, d: usize, m: usize, par: Par) -> Self {
        let cov = covariance(d, m);
        let (n, b) = (cov.order(), d + 1);
        let v = uniform_sphere(&mut seed::stream(1, "bench", "block"), b, n, 1.0).transpose().to_owned();
        let mut out = Mat::<f64>::zeros(n, b);
        let operator = cov.operator(DEFAULT_MEMORY);
        let exact = repeated(|| operator.multiply(v.as_ref(), out.as_mut(), par));
        drop(operator);
        let operator = cov.mixed_operator(DEFAULT_MEMORY);
        let mixed = repeated(|| operator.multiply_roughly(v.as_ref(), out.as_mut(), par));
        drop((operator, v, out));
        let route = RouteChoice::Only(Route::Operator);
        let mut products = 0;
        let solve = repeated(|| {
            let found = eigen::solve(&cov, &Request::top(b), route, DEFAULT_MEMORY, par).expect("the top");
            products = found.products;
        });
        Self { swept, d, m, exact, mixed, solve, products }
    }

    /// Flops of one product with d + 1 columns: three matrix products of p × p by p × d for each.
    fn product_flops(&self) -> f64 {
        let p = self.m as f64 / 2.0;
        6.0 * p * p * self.d as f64 * (self.d + 1) as f64
    }

    /// Flops of the products that the solve took.
    fn solve_flops(&self) -> f64 {
        self.product_flops() / (self.d + 1) as f64 * self.products as f64
    }
}

/// The median of repetitions, of which there are fewer the longer one takes.
fn repeated(mut f: impl FnMut()) -> f64 {
    let mut times = vec![seconds(&mut f)];
    while times.len() < MOST && times.iter().sum::<f64>() < ENOUGH {
        times.push(seconds(&mut f));
    }
    median(&times)
}

/// Slope of ln y against ln x by least squares, and its standard error.
fn exponent(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (x, y): (Vec<f64>, Vec<f64>) =
        (x.iter().map(|x| x.ln()).collect(), y.iter().map(|y| y.ln()).collect());
    let (x0, y0) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sxx: f64 = x.iter().map(|x| (x - x0).powi(2)).sum();
    let slope = x.iter().zip(&y).map(|(x, y)| (x - x0) * (y - y0)).sum::<f64>() / sxx;
    let rest: f64 = x.iter().zip(&y).map(|(x, y)| (y - y0 - slope * (x - x0)).powi(2)).sum();
    (slope, (rest / (n - 2.0) / sxx).sqrt())
}

fn sweep(letter: &str, fixed: &str, cells: &[Cell]) {
    println!("\nSeconds against {letter} at {fixed}; products with d + 1 columns, top d + 1 eigenpairs");
    let header = ["exact", "mixed", "flops", "top", "columns", "flops"];
    println!(
        "{letter:>7} {:>10} {:>10} {:>10} {:>10} {:>8} {:>10}",
        header[0], header[1], header[2], header[3], header[4], header[5]
    );
    for c in cells {
        let (flops, solve) = (c.product_flops(), c.solve_flops());
        println!(
            "{:>7} {:>10.4} {:>10.4} {flops:>10.2e} {:>10.3} {:>8} {solve:>10.2e}",
            c.swept, c.exact, c.mixed, c.solve, c.products
        );
    }
    if cells.len() < 3 {
        return;
    }
    let x: Vec<f64> = cells.iter().map(|c| c.swept as f64).collect();
    type Column = fn(&Cell) -> f64;
    let fits: [(&str, Column, Column); 3] = [
        ("product, exact", |c| c.exact, Cell::product_flops),
        ("product, mixed", |c| c.mixed, Cell::product_flops),
        ("top d + 1 pairs", |c| c.solve, Cell::solve_flops),
    ];
    for (name, time, flops) in fits {
        let column = |f: Column| cells.iter().map(f).collect::<Vec<f64>>();
        let ((time, error), (flops, _)) = (exponent(&x, &column(time)), exponent(&x, &column(flops)));
        println!(
            "{name:<16} time ~ {letter}^{time:.2} ± {error:.2} (standard error), flops ~ {letter}^{flops:.2}"
        );
    }
}

fn main() {
    let par = Par::rayon(0);
    let (d, m) = FIXED;
    println!("{} threads; medians", par.degree());
    if wanted("width") {
        let cells: Vec<Cell> = trimmed(WIDTHS).iter().map(|&m| Cell::measure(m, d, m, par)).collect();
        sweep("m", &format!("d = {d}"), &cells);
    }
    if wanted("dimension") {
        let cells: Vec<Cell> = trimmed(DIMENSIONS).iter().map(|&d| Cell::measure(d, d, m, par)).collect();
        sweep("d", &format!("m = {m}"), &cells);
    }
}
