//! Certified margins in a neighbourhood of the weights.

use super::reference::{gradients, normal, sample};
use escapement::margin::Gradients;
use faer::{Mat, Par};

/// The fractional knapsack by its dual, `min_λ λB + Σ_j max(0, loss_j − λ cost_j)`, which is piecewise
/// linear and convex with kinks at the ratios.
fn knapsack(neurons: &[(f64, f64)], budget: f64) -> f64 {
    let value = |price: f64| {
        let rests = neurons.iter().map(|(cost, loss)| (loss - price * cost).max(0.0));
        price * budget + rests.sum::<f64>()
    };
    let ratios = neurons.iter().map(|(cost, loss)| loss / cost);
    ratios.chain([0.0]).map(value).fold(f64::INFINITY, f64::min)
}

#[test]
fn bounds_are_those_of_the_dual_knapsack() {
    let (x, y) = sample(6, 3, "knapsack");
    let w = normal(400, 4, "weights of the knapsack");
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    let around = net.neighbourhood(&margin).unwrap();
    let phi = gradients(w.as_ref(), x.as_ref(), &y, 0.0);
    let (u, root) = (&margin.primal, 20.0);
    for radius in [0.0, 1e-3, 0.01, 0.05, 0.2, 1.0, 50.0] {
        let example = |i: usize| {
            let along = |a: &Mat<f64>, j: usize| (0..3).map(|c| a[(j, c + 1)] * x[(i, c)]).sum::<f64>();
            let neuron = |j: usize| (along(&w, j).powi(2), (w[(j, 0)] * along(u, j)).abs());
            let neurons: Vec<(f64, f64)> = (0..400).map(neuron).collect();
            let product: f64 = (0..1600).map(|e| phi[(i, e)] * u[(e / 4, e % 4)]).sum();
            product - (radius + knapsack(&neurons, radius * radius)) / root
        };
        let exact = (0..6).map(example).fold(f64::INFINITY, f64::min);
        let found = around.margin_within(radius);
        assert!(found <= exact + 1e-12 && exact - found < 1e-10, "{radius}: {found} and {exact}");
    }
    assert!((around.margin_within(0.0) - margin.margin.lower()).abs() < 1e-10);
    assert_eq!(around.margin_within(-1.0), around.margin_within(0.0));
    let half = around.half_radius();
    assert!(half > 0.0 && around.margin_within(half) >= 0.5 * margin.margin.upper());
    assert!(around.margin_within(half * (1.0 + 1e-9)) < 0.5 * margin.margin.upper());
}

#[test]
fn no_weights_within_the_radius_have_less() {
    let (x, y) = sample(5, 3, "moved");
    let w = normal(3_000, 4, "weights to move");
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    let around = net.neighbourhood(&margin).unwrap();
    // Neurons near the kinks of an example are moved across them, the cheapest first, which loses most.
    for radius in [0.02, 0.1, 0.5] {
        let bound = around.margin_within(radius);
        let mut least = f64::INFINITY;
        for i in 0..5 {
            let at = |j: usize| (0..3).map(|c| w[(j, c + 1)] * x[(i, c)]).sum::<f64>();
            let mut order: Vec<usize> = (0..3_000).collect();
            order.sort_by(|a, b| at(*a).abs().total_cmp(&at(*b).abs()));
            let (mut moved, mut spent) = (w.clone(), 0.0);
            for j in order {
                let step = 1.000_001 * at(j);
                if spent + step * step > radius * radius {
                    break;
                }
                spent += step * step;
                (0..3).for_each(|c| moved[(j, c + 1)] -= step * x[(i, c)]);
            }
            let net = Gradients::new(moved.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
            least = least.min(net.margin().unwrap().margin.upper());
        }
        assert!(least >= bound && least < margin.margin.lower(), "{radius}: {least} and {bound}");
    }
    // Primal vectors of another network are refused.
    let other = normal(10, 4, "another network");
    let other = Gradients::new(other.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    assert!(other.neighbourhood(&margin).is_err());
}
