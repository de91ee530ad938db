//! Laws of f under multipliers, by neurons and over all outcomes of four neurons.

use super::letters::ORDER;
use super::multipliers::EPSILON;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::network::PairedNetwork;
use escapement::randomised::{Design, Roots, term};
use escapement::sphere::uniform_sphere;
use escapement::{activation, rounding, tolerance};
use faer::Par;
use std::f64::consts::TAU;

/// The best design of even order, and one near the best of odd order.
pub(super) fn design_of(k: usize) -> Result<Design> {
    Ok(if k.is_multiple_of(2) { Design::optimal(k)? } else { Design::near_optimal(k, EPSILON)? })
}

/// A multiplier of one of the two kinds.
enum Multiplier {
    Design(Design),
    Roots(Roots),
}

impl Multiplier {
    fn new(k: usize, design: bool) -> Result<Self> {
        Ok(if design { Self::Design(design_of(k)?) } else { Self::Roots(Roots::new(k)?) })
    }

    /// ξ as a complex number, its probability, and η.
    fn outcomes(&self) -> Vec<([f64; 2], f64, f64)> {
        match self {
            Self::Design(design) => {
                let each = design.nodes().iter().zip(design.weights()).zip(design.probabilities());
                each.map(|((t, c), p)| ([*t, 0.0], *p, c / p)).collect()
            }
            Self::Roots(roots) => {
                let k = roots.order() as f64;
                let root = |j: usize| (TAU * j as f64 / k).sin_cos();
                (0..roots.order()).map(|j| ([root(j).1, root(j).0], 1.0 / k, 1.0)).collect()
            }
        }
    }
}

/// Mean and variance of the sum of independent complex numbers, one of each list of values with
/// probabilities, over all outcomes.
fn enumerated(lists: &[Vec<([f64; 2], f64)>]) -> [f64; 2] {
    let mut all = vec![([0.0; 2], 1.0)];
    for list in lists {
        let with = |(sum, p): &([f64; 2], f64)| {
            let (sum, p) = (*sum, *p);
            list.iter().map(move |(v, q)| ([sum[0] + v[0], sum[1] + v[1]], p * q)).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    let mean = |i: usize| all.iter().map(|(f, p)| p * f[i]).sum::<f64>();
    let (re, im) = (mean(0), mean(1));
    [re, all.iter().map(|(f, p)| p * ((f[0] - re).powi(2) + (f[1] - im).powi(2))).sum()]
}

/// The law of f by neurons, and over all outcomes of four neurons at one input.
pub(super) fn measure(cell: &Cell, seed: u64, design: bool) -> Result<Measurement> {
    let k = cell.whole(ORDER);
    let rng = &mut cell.stream(seed, "network");
    let w0 = uniform_sphere(rng, 2, 3, 1.0);
    let (x, w) = (uniform_sphere(rng, 1, 3, 3.0_f64.sqrt()), uniform_sphere(rng, 4, 3, 0.8));
    let network = |name: &str| -> Result<PairedNetwork> {
        let sigma = activation::parse(name)?;
        Ok(PairedNetwork::new(w0.as_ref(), sigma, tolerance::UNIT_NORM_F64)?)
    };
    let (sine, power) = (network("sine:-1")?, network(&format!("monomial:{k}"))?);
    let law = |net: &PairedNetwork, of: &Multiplier| -> Result<[f64; 2]> {
        let law = match of {
            Multiplier::Design(design) => design.law(net, x.as_ref(), w.as_ref(), Par::Seq)?,
            Multiplier::Roots(roots) => roots.law(net, x.as_ref(), w.as_ref(), Par::Seq)?,
        };
        Ok([law.mean[0], law.variance[0]])
    };
    let multiplier = Multiplier::new(k, design)?;
    let of = multiplier.outcomes();
    let along = |r: usize, w: faer::MatRef<'_, f64>| (x.row(0) * w.row(r).transpose(), 0.5 * sine.sign(r));
    let values = |net: &PairedNetwork, r: usize, wrong: f64| -> Vec<([f64; 2], f64)> {
        let (sigma, (u, scale), (z, _)) =
            (net.activation(), along(r, w.as_ref()), along(r % 2, w0.as_ref()));
        let value = |(l, (t, p, eta)): (usize, &([f64; 2], f64, f64))| {
            let [re, im] = sigma.complex([z + t[0] * u, t[1] * u]).unwrap_or([f64::NAN; 2]);
            let eta = scale * if l == 0 { eta + wrong / p } else { *eta };
            ([eta * (re - sigma.value(z)), eta * im], *p)
        };
        of.iter().enumerate().map(value).collect()
    };
    let lists = |net: &PairedNetwork, wrong| (0..4).map(|r| values(net, r, wrong)).collect::<Vec<_>>();
    let size = |lists: &[Vec<([f64; 2], f64)>]| -> f64 {
        let largest =
            |list: &Vec<([f64; 2], f64)>| list.iter().map(|v| v.0[0].hypot(v.0[1])).fold(0.0, f64::max);
        // σ itself is at most 2 here for the sine, and 3^k for the power, and cancels in differences.
        lists.iter().map(largest).sum::<f64>() + of.iter().map(|o| o.2.abs()).fold(0.0, f64::max) * 8.0
    };
    let all = lists(&sine, 0.0);
    let each = rounding::sum(of.len().pow(4), 64);
    let (error, [mean, variance]) = (each * size(&all), law(&sine, &multiplier)?);
    let [of_mean, of_variance] = enumerated(&all);
    let errors = [error, 4.0 * error * size(&all)];
    let term = term(&power, k, x.as_ref(), w.as_ref(), Par::Seq)?[0];
    let of_power = lists(&power, 0.0);
    let of_term = each * size(&of_power);
    let mut out = Measurement::new()
        .quantity("mean", mean, errors[0])
        .quantity("mean_enumerated", of_mean, errors[0])
        .quantity("variance", variance, errors[1])
        .quantity("variance_enumerated", of_variance, errors[1])
        .quantity("power_mean", law(&power, &multiplier)?[0], of_term)
        .quantity("term", term, of_term)
        .hypothesis("independent multipliers", true, "one for each of four neurons");
    if k > 2 {
        let below = Multiplier::new(k - 1, design)?;
        let [mean, variance] = law(&sine, &below)?;
        out = out.quantity("mean_below", mean, errors[0]).quantity("variance_below", variance, errors[1]);
        out.insert("power_below", law(&power, &below)?[0], of_term);
    }
    if design {
        out.insert("power_wrong", enumerated(&lists(&power, 1e-3))[0], of_term);
    }
    Ok(out)
}
