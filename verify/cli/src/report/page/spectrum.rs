//! The picture of the spectrum of Σ in its three bands, computed exactly when the page is made.

use super::{freshness, shared::table};
use crate::report::model::{Freshness, Report};
use crate::report::plot::small::{Dot, Small, Trace};
use escapement::covariance::Covariance;
use escapement::eigen::{self, EigenPairs, Request, Route, RouteChoice};
use escapement::sphere::{Level, Truncation, by_kappa, uniform_sphere};
use escapement::{activation, seed, tolerance};
use escapement_verify::text::numbers::{minus, subscript};
use faer::Par;
use maud::{Markup, html};
use std::ops::RangeInclusive;

/// Sizes at which all three bands can be seen and the whole spectrum takes a tenth of a second.
const D: usize = 4;
const M: usize = 400;
const ACTIVATION: &str = "sigmoid:1";

/// The low degree: Q1 holds the degrees up to k, Q2 those up to 2k, Q3 the rest.
const K: usize = 1;

/// Eigenvalues below this part of the largest are left out of the picture, not of the numbers: they are a
/// long tail.
const SHOWN: f64 = 1e-7;

/// The section of the spectrum.
pub(super) fn section(report: &Report) -> Markup {
    let there = report.claims.iter().any(|c| c.id == "spectrum");
    let claim = html! { @if there { a href="#claim-spectrum" { "spectrum" } } @else { "spectrum" } };
    html! {
        section id="spectrum" aria-labelledby="spectrum-title" {
            h2 id="spectrum-title" { "The spectrum of Σ" }
            p class="marks" {
                (freshness(Some(Freshness::Measured))) " "
                span class="reference" { "computed for this page, not read from the journal" }
            }
            p {
                "Three bands of eigenvalues carry the proofs (claim " (claim) "). Q1: those of degree up to \
                 k, at least of order d" sup { "1−k" }
                "; Q2: those of a degree i up to 2k, of order d" sup { "1−i" } " and as many as there are \
                 harmonics of degree i; Q3: the rest, of order 1/m."
            }
            @match solve() {
                Ok((pairs, levels)) => (picture(&pairs, &levels)),
                Err(e) => p { "The spectrum could not be computed: " (e) "." },
            }
        }
    }
}

/// The whole spectrum, by the same weights as `escapement spectrum`, and the levels of degrees.
fn solve() -> escapement::Result<(EigenPairs, Vec<Level>)> {
    let sigma = activation::parse(ACTIVATION)?;
    let weights = uniform_sphere(&mut seed::stream(0, &format!("d={D} m={M}"), "weights"), M / 2, D, 1.0);
    let cov = Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::Tail(tolerance::TAIL))?;
    // One thread: the last bits of an eigendecomposition depend on their number.
    let pairs = eigen::solve(&cov, &Request::all(), RouteChoice::Only(Route::Dense), 1 << 30, Par::Seq)?;
    Ok((pairs, cov.levels().levels.clone()))
}

/// A band of eigenvalues: degrees, and positions in descending order.
struct Band {
    class: &'static str,
    name: String,
    levels: Vec<Level>,
    from: usize,
    to: usize,
}

impl Band {
    /// How many eigenvalues it has.
    fn size(&self) -> usize {
        self.to - self.from
    }

    /// The least and the largest of its eigenvalues.
    fn range(&self, values: &[f64]) -> (f64, f64) {
        (values[self.to - 1], values[self.from])
    }

    /// Its finding in words.
    fn words(&self, values: &[f64]) -> String {
        let (low, high) = self.range(values);
        let (name, size, low) = (&self.name, self.size(), low.max(0.0));
        minus(&format!("{name}: {size} eigenvalues from {high:.1e} to {low:.1e}"))
    }

    /// Its row in the table.
    fn row(&self, values: &[f64]) -> Markup {
        let (low, high) = self.range(values);
        let mean = values[self.from..self.to].iter().sum::<f64>() / self.size() as f64;
        let level = |l: &Level| format!("κ{} = {:.3e} ({})", subscript(l.degree), l.kappa, l.dimension);
        let levels: Vec<String> = self.levels.iter().take(3).map(|l| minus(&level(l))).collect();
        let more = if self.levels.len() > 3 { ", …" } else { "" };
        let shown = SHOWN * values[0];
        let least = if low > shown { format!("{low:.3e}") } else { format!("below {shown:.0e}") };
        html! {
            tr {
                th scope="row" class={ "k-" (self.class) } { (self.name) }
                td { (self.size()) }
                td { (minus(&format!("{high:.3e}"))) }
                td { (minus(&least)) }
                td { (minus(&format!("{mean:.3e}"))) }
                td { (levels.join(", ")) (more) }
            }
        }
    }
}

fn bands(levels: &[Level], count: usize) -> Vec<Band> {
    let falling = by_kappa(levels);
    let mut from = 0;
    let parts = [
        ("q1", format!("Q1: degrees 0 to {K}"), 0..=K),
        ("q2", format!("Q2: degree {}", 2 * K), K + 1..=2 * K),
        ("q3", format!("Q3: degrees above {}", 2 * K), 2 * K + 1..=usize::MAX),
    ];
    let band = |(class, name, degrees): (&'static str, String, RangeInclusive<usize>)| {
        let levels: Vec<Level> =
            falling.iter().filter(|l| degrees.contains(&l.degree)).map(|l| **l).collect();
        let size: f64 = levels.iter().map(|l| l.dimension).sum();
        let to = if class == "q3" { count } else { (from + size as usize).min(count) };
        let band = Band { class, name, levels, from, to };
        from = to;
        band
    };
    parts.map(band).into()
}

/// The marks of the eigenvalues in their bands, and a line with a name for each level.
fn traces(pairs: &EigenPairs, bands: &[Band]) -> Vec<Trace> {
    let values = &pairs.eigenvalues;
    let shown = values.iter().take_while(|v| **v > SHOWN * values[0]).count();
    let mut traces = Vec::new();
    let mut names = Vec::new();
    for band in bands {
        let dot = |i: usize| Dot {
            x: i as f64 + 1.0,
            y: values[i],
            bar: None,
            note: minus(&format!(
                "eigenvalue {}: {:.4e} ± {:.0e}",
                i + 1,
                values[i],
                pairs.residual_max + pairs.truncation_bound
            )),
            hollow: false,
        };
        traces.push(Trace::Dots(band.class, (band.from..band.to.min(shown)).map(dot).collect()));
        // Each level as a line over the positions that its multiplicity fills, and a little beyond.
        let mut from = band.from;
        for level in &band.levels {
            let to = (from + level.dimension as usize).min(shown);
            if from < to {
                let (left, right) = ((from as f64 + 1.0) / 1.13, to as f64 * 1.13);
                traces.push(Trace::Line("kappa", vec![(left, level.kappa), (right, level.kappa)]));
                names.push(Trace::Name(right, level.kappa, format!("κ{}", subscript(level.degree))));
            }
            from += level.dimension as usize;
        }
    }
    traces.extend(names);
    traces
}

fn picture(pairs: &EigenPairs, levels: &[Level]) -> Markup {
    let values = &pairs.eigenvalues;
    let bands = bands(levels, values.len());
    let findings: Vec<String> = bands.iter().map(|b| b.words(values)).collect();
    let words = format!(
        "Eigenvalues of Σ against their position, in three bands. {}. Short lines mark the levels κ_j, the \
         limits at infinite width.",
        findings.join("; ")
    );
    let small = Small {
        x_label: "position in descending order".into(),
        y_label: "eigenvalue".into(),
        log_x: true,
        counts: true,
        log_y: true,
        ends: false,
        traces: traces(pairs, &bands),
    };
    const CAPTION: &str = "The eigenvalues of the three bands, and the levels that they lie near";
    let columns = ["band", "number", "largest", "least", "mean", "levels (multiplicity)"];
    let rows = html! { @for b in &bands { (b.row(values)) } };
    html! {
        figure class="wide" {
            (small.svg(&words))
            ul class="key" {
                @for b in &bands { li class={ "k-" (b.class) } { (b.name) } }
                li class="k-kappa" { "κ" sub { "j" } ", the level of degree j: its limit at infinite width" }
            }
            figcaption {
                "All " (values.len()) " eigenvalues of Σ that the pairing does not make zero, at d = " (D)
                 ", m = " (M) ", k = " (K) " with " (ACTIVATION)
                ", computed by the " (pairs.plan.route) " route when this page was made; those below "
                 (minus(&format!("{:.0e}", SHOWN * values[0]))) " are not drawn. Each is exact to "
                (minus(&format!("{:.0e}", pairs.residual_max + pairs.truncation_bound))) ". Again: "
                code { "escapement spectrum --d " (D) " --m " (M) " --activation " (ACTIVATION) " --all" }
            }
        }
        (table("The three bands in numbers", Some("steady"), CAPTION, &columns, rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_follow_one_another_and_the_eigenvalues_lie_near_their_levels() {
        let (pairs, levels) = solve().unwrap();
        let bands = bands(&levels, pairs.eigenvalues.len());
        let sizes: Vec<usize> = bands.iter().map(|b| b.to - b.from).collect();
        assert_eq!(sizes, [5, 9, 786]);
        // Q1 above Q2 above Q3, in the levels and in what was computed.
        let least = |b: &Band| b.levels.iter().map(|l| l.kappa).fold(f64::INFINITY, f64::min);
        assert!(least(&bands[0]) > bands[1].levels[0].kappa && least(&bands[1]) > bands[2].levels[0].kappa);
        for band in &bands[..2] {
            let values = &pairs.eigenvalues[band.from..band.to];
            let near = |v: &f64| band.levels.iter().any(|l| (v / l.kappa).ln().abs() < 0.25);
            assert!(values.iter().all(near), "{}: {values:?}", band.name);
        }
    }
}
