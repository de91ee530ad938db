//! What is to be said of the claims that the paper draws from Figure 1.
//!
//! Numbers are means over seeds with Student's limits, and comparisons are between methods on the same
//! samples; a single seed has no limits, and speaks for itself alone.

use super::super::{HALF_A_DIGIT, READING, powers};
use super::{FINITE, Figure1, ID, METHODS, Sizes, published};
use crate::claim::{Bound, Cell, ErratumId, Failure, Measurement, Neighbour, Record, Side};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::dls22::figures::State;
use crate::papers::dls22::letters::{D, M, N};
use crate::run::source::SOURCE_HASH;

/// The degree p of the target.
const DEGREE: u32 = 4;

impl Figure1 {
    /// The claims of the figure.
    pub(super) fn verdict(&self, states: &[Option<State>], open: Vec<Failure>) -> ClaimVerdict {
        let Sizes { d, parts, most, kernels, widths, .. } = &self.settings.sizes;
        let m: Vec<String> = widths.iter().map(usize::to_string).collect();
        let sheet = Sheet {
            claim: ID,
            title: "Algorithm 1 beside kernels".to_owned(),
            reference: "DLS22, Figure 1",
            tier: self.settings.tier,
            seed: self.settings.seed,
            command: self.settings.command(ID, &format!("--m {} --kernels {kernels}", m.join(","))),
        };
        let cells =
            widths.iter().flat_map(|&m| powers(*d, *parts, most / m).into_iter().map(move |n| (m, n)));
        let cells = cells.filter(|(m, n)| !self.excess(states, 0, *m, *n).is_empty());
        let records: Vec<Record> = cells.map(|(m, n)| self.record(states, m, n)).collect();
        let largest = records.iter().map(|record| record.cell.n()).max();
        sheet.judge(&bounds(*d, *kernels, largest), &records, open)
    }

    /// What the methods come to at a width and a number of samples.
    fn record(&self, states: &[Option<State>], m: usize, n: usize) -> Record {
        let d = self.settings.sizes.d;
        let of = |method: usize, n: usize| self.excess(states, method, m, n);
        let mut found = Measurement::new()
            .quantity("nothing", 0.0, 0.0)
            .quantity("half", 0.5, 0.0)
            .quantity("half a digit", HALF_A_DIGIT, 0.0);
        for (method, name) in METHODS.into_iter().enumerate() {
            let values: Vec<f64> = of(method, n).into_iter().map(|(_, excess)| excess).collect();
            let Some(mean) = limits(&values) else { continue };
            let named = |what: &str| format!("{name}: {what}");
            found.insert(name, mean.mean, mean.half);
            found.insert(named("from ½"), (mean.mean - 0.5).abs(), mean.half);
            if let Some(value) = published(d, m, method, n) {
                // Their ten seeds scatter as ours do.
                found.insert(named("published"), value, READING + mean.half);
            }
            put(&mut found, named("behind Algorithm 1"), &of(method, n), &of(0, n));
            put(&mut found, named("ahead of Algorithm 1"), &of(0, n), &of(method, n));
            put(&mut found, named("above its floor"), &of(method, n), &of(method, 0));
            put(&mut found, named("above the floor of random features"), &of(method, n), &of(1, 0));
        }
        let cell = Cell::new(ID, "").with(D, d).with(M, m).with(N, n).activation("relu");
        Record { source: SOURCE_HASH.to_owned(), seed: self.settings.seed, cell, measurement: found }
    }
}

/// The mean of the differences of two methods, seed by seed.
fn put(found: &mut Measurement, name: String, of: &[(u64, f64)], less: &[(u64, f64)]) {
    let pair = |(seed, value): &(u64, f64)| {
        less.iter().find(|(other, _)| other == seed).map(|(_, other)| value - other)
    };
    if let Some(mean) = limits(&of.iter().filter_map(pair).collect::<Vec<f64>>()) {
        found.insert(name, mean.mean, mean.half);
    }
}

/// The bounds, those of infinite width up to n = `kernels`, those beyond n = d⁴ if there are such n.
fn bounds(d: usize, kernels: usize, largest: Option<usize>) -> Vec<Bound> {
    let power = move |k: u32| d.pow(k);
    let mut all = Vec::new();
    for (method, name) in METHODS.into_iter().enumerate() {
        let last = if method < FINITE { usize::MAX } else { kernels };
        let named = |what: &str| format!("{name}: {what}");
        let short = name.replace(", ", " ").replace(' ', "-").to_lowercase();
        if method > 0 {
            for (prefix, power_of_d, range) in [
                ("ahead-of", "d³ on", power(3)..=last),
                ("already-ahead-of", "d² to d³", power(2)..=power(3) - 1),
            ] {
                let bound = Bound::inequality(
                    format!("{prefix}-{short}"),
                    format!("from n = {power_of_d} the excess of Algorithm 1 is less than that of {name}"),
                    named("behind Algorithm 1"),
                    Side::Lower,
                    "nothing",
                    Neighbour::lhs(named("ahead of Algorithm 1"), "the two methods exchanged"),
                );
                all.push(bound.strict().among(move |cell| range.contains(&cell.n())));
            }
            all.push(
                Bound::inequality(
                    format!("not-below-half-{short}"),
                    format!("until n = d⁴ the excess of {name} is no less than ½"),
                    name,
                    Side::Lower,
                    "half",
                    Neighbour::lhs(METHODS[0], "Algorithm 1 in place of the kernel"),
                )
                .among(move |cell| cell.n() < power(DEGREE) && cell.n() <= last),
            );
            all.push(
                Bound::inequality(
                    format!("stops-at-half-{short}"),
                    format!("from n = d³ to d⁴ the excess of {name} is ½ to within 0.05"),
                    named("from ½"),
                    Side::Upper,
                    "half a digit",
                    Neighbour::lhs(format!("{}: from ½", METHODS[0]), "Algorithm 1 in place of the kernel"),
                )
                .among(move |cell| (power(3)..power(DEGREE)).contains(&cell.n()) && cell.n() <= last)
                .printed(ErratumId(17)),
            );
        }
        if method < FINITE {
            all.push(
                Bound::identity(
                    format!("as-published-{short}"),
                    format!("the excess of {name} is the published one, up to reading and scatter"),
                    name,
                    named("published"),
                    Neighbour::lhs(METHODS[(method + 1) % FINITE], "another method"),
                )
                .among(move |cell| published(d, cell.m(), method, cell.n()).is_some())
                .chosen(
                    "after a pilot of six seeds: the tangent kernel of all parameters, and biases that are \
                     kept, where those of Algorithm 1 leave random features at 0.69 with n = d⁵",
                ),
            );
        }
        if method > 0 && method < FINITE && largest > Some(power(DEGREE)) {
            let neighbour = match method {
                1 => Neighbour::lhs(named("from ½"), "½ in place of what the features express"),
                _ => Neighbour::lhs(
                    named("above the floor of random features"),
                    "the floor of random features",
                ),
            };
            all.push(
                Bound::inequality(
                    format!("plateau-of-the-width-{short}"),
                    format!(
                        "beyond n = d⁴ {name} is within 0.05 of what its features can express without noise"
                    ),
                    named("above its floor"),
                    Side::Upper,
                    "half a digit",
                    neighbour,
                )
                .among(move |cell| cell.n() > power(DEGREE)),
            );
        }
    }
    all
}
