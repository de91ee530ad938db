//! What does the whole spectrum of Σ with its vectors cost by the dense route, beside full EVDs of the md ×
//! md matrix?
//!
//! The contestants take turns, so that the ratios hold on a machine that does other work. The dense route
//! assembles its matrix within its time; the peers are given theirs. Run with
//! `cargo bench --bench full_spectrum`, or one size with `-- m=800`; LAPACK's dsyevd takes part with
//! `RUSTFLAGS="--cfg openblas"`.

#[allow(dead_code, reason = "each bench uses its part")]
mod matrices;
#[cfg(openblas)]
#[allow(dead_code, reason = "each bench uses its part")]
mod openblas;
mod timing;

use escapement::eigen::{self, Request, Route, RouteChoice};
use faer::Par;
use matrices::{covariance, faer_evd, whole};
use std::hint::black_box;
use timing::{median, seconds, wanted};

/// (d, m, rounds).
const SIZES: &[(usize, usize, usize)] = &[(5, 200, 15), (10, 200, 7), (10, 400, 3), (10, 800, 3)];
/// Order of Σ up to which faer takes part: beyond, an EVD of the whole matrix takes a minute, and LAPACK is
/// the peer.
const LARGEST_FAER: usize = 4_000;
/// Bytes for the dense route.
const MEMORY: u64 = 8 << 30;

fn main() {
    #[cfg(openblas)]
    println!("{}", openblas::name());
    let par = Par::rayon(0);
    println!("{} threads; medians; the ratio is to the dense route", par.degree());
    println!("{:>4} {:>6}  {:<22} {:>9} {:>7}", "d", "m", "contestant", "seconds", "ratio");
    for &(d, m, rounds) in timing::trimmed(SIZES) {
        if !wanted(&format!("d={d},m={m}")) {
            continue;
        }
        let cov = covariance(d, m);
        let sigma = whole(&cov);
        let mut times: Vec<(&str, Vec<f64>)> = vec![("dense route", Vec::new())];
        if sigma.nrows() <= LARGEST_FAER {
            times.push(("faer EVD of Σ", Vec::new()));
        }
        #[cfg(openblas)]
        times.push(("LAPACK dsyevd of Σ", Vec::new()));
        for _ in 0..rounds {
            for (name, times) in &mut times {
                times.push(match *name {
                    "dense route" => seconds(|| {
                        let (request, route) =
                            (Request::all().with_vectors(), RouteChoice::Only(Route::Dense));
                        eigen::solve(black_box(&cov), &request, route, MEMORY, par).expect("a spectrum")
                    }),
                    "faer EVD of Σ" => seconds(|| faer_evd(black_box(sigma.as_ref()), true, par)),
                    #[cfg(openblas)]
                    _ => {
                        let columns = openblas::columns(sigma.as_ref());
                        seconds(|| openblas::dsyevd(columns, sigma.nrows(), true, par.degree()))
                    }
                    #[cfg(not(openblas))]
                    _ => continue,
                });
            }
        }
        let ours = median(&times[0].1);
        for (name, times) in &times {
            let time = median(times);
            println!("{d:>4} {m:>6}  {name:<22} {time:>9.3} {:>7.2}", time / ours);
        }
    }
}
