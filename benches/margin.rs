//! What do certified margins cost, and how long are their intervals?
//!
//! A line for each problem: n examples with random labels on the sphere in d dimensions, m neurons or
//! directions; the margin, the length of its interval relative to the margin, seconds. `gram` is the Gram
//! matrix alone, `l2` the margin of a network with it, `wide` that of infinite width, `lp` that of given
//! directions, `linf` the bounded transport, and `radius` the neighbourhood with its half radius.
//!
//! Run with `cargo bench --bench margin`.

use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Directions, Gradients, Margin, kernel_margin};
use escapement::sphere::uniform_sphere;
use escapement::training::one_step::standard_normal;
use escapement::{Result, seed};
use faer::{Mat, Par};
use std::time::Instant;

mod timing;

/// (n, m, d), and whether the cone program is solved.
const SIZES: &[(usize, usize, usize, bool)] =
    &[(50, 200, 10, true), (200, 400, 10, true), (1_000, 4_096, 50, false), (2_000, 10_000, 50, false)];

/// The median time of three runs.
fn median(task: &dyn Fn()) -> f64 {
    timing::median(&[0; 3].map(|_| timing::seconds(task)))
}

fn main() -> Result<()> {
    let par = Par::rayon(0);
    for &(n, m, d, cone) in timing::trimmed(SIZES) {
        let rng = &mut seed::stream(1, "bench", "margin");
        let (x, v) = (uniform_sphere(rng, n, d, 1.0), uniform_sphere(rng, m, d, 1.0));
        let y: Vec<f64> = standard_normal(rng, n).iter().map(|label| label.signum()).collect();
        let numbers = standard_normal(rng, m * (d + 1));
        let w = Mat::from_fn(m, d + 1, |j, c| numbers[j * (d + 1) + c]);
        let net = Gradients::new(w.as_ref(), x.as_ref(), &y, par)?;
        let report = |name: &str, margin: &dyn Fn() -> Result<Margin>| -> Result<()> {
            if !timing::wanted(name) {
                return Ok(());
            }
            let start = Instant::now();
            let margin = margin()?.margin;
            let seconds = start.elapsed().as_secs_f64();
            let gap = 2.0 * margin.error / margin.upper();
            println!("n={n} m={m} d={d} {name:6} {:.12} {gap:8.1e} {seconds:8.3} s", margin.value);
            Ok(())
        };
        println!("n={n} m={m} d={d} gram   {:.3} s", median(&|| drop(net.gram())));
        report("l2", &|| net.margin())?;
        report("wide", &|| kernel_margin(Layers::Both, x.as_ref(), &y, par))?;
        report("lp", &|| Directions::new(v.as_ref(), x.as_ref(), &y, par)?.margin())?;
        if cone {
            report("linf", &|| net.transport_margin())?;
        }
        let margin = net.margin()?;
        let radius = || drop(net.neighbourhood(&margin).map(|around| around.half_radius()));
        println!("n={n} m={m} d={d} radius {:.3} s", median(&radius));
    }
    Ok(())
}
