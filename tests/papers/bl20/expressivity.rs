//! E h² in closed form and by the integral equation, held to reference values and to the functions of W_Q.

use escapement::activation::{self, Activation};
use escapement::construct::{LowDegree, Population, SparseTerm, Target};
use escapement_verify::papers::bl20::instance::{CUBED, CubedRelu};
use escapement_verify::papers::bl20::series::{Series, solved};
use serde_json::Value;
use std::sync::Arc;

/// The reference values discretise an integral equation on the sphere: 1e-3 for smooth σ, whose equation is
/// ill-conditioned, and 1e-4 for ReLU cubed.
const DISCRETISED: [f64; 2] = [1e-3, 1e-4];

/// The reference values.
fn reference() -> Value {
    serde_json::from_str(include_str!("../../data/bailee.json")).unwrap()
}

fn sigma(name: &str) -> Arc<dyn Activation> {
    // The reference values write tanh(z − ½) as a sum of z and −0.5.
    if name == CUBED { Arc::new(CubedRelu) } else { activation::parse("tanh:0.5").unwrap() }
}

#[test]
fn least_second_moments_are_the_reference_values() {
    let found = reference();
    let entries = found["express"].as_array().unwrap();
    assert_eq!(entries.len(), 6);
    for entry in entries {
        let (d, p) = (entry["d"].as_u64().unwrap() as usize, entry["p"].as_u64().unwrap() as usize);
        let (name, wanted) =
            (entry["activation"].as_str().unwrap(), entry["second_moment"].as_f64().unwrap());
        let close = DISCRETISED[usize::from(name == CUBED)];
        let square = Series::new(d, p, sigma(name).as_ref()).unwrap().square();
        assert!((square.value / wanted - 1.0).abs() <= close, "{name} {d} {p}: {} {wanted}", square.value);
        if d > 3 {
            let other = solved(d, p, sigma(name).as_ref()).unwrap();
            assert!((other.value / wanted - 1.0).abs() <= close, "{name} {d} {p}: {} {wanted}", other.value);
        }
    }
}

#[test]
fn odd_powers_leave_a_residual() {
    for entry in reference()["inexpressible"].as_array().unwrap() {
        let (d, p) = (entry["d"].as_u64().unwrap() as usize, entry["p"].as_u64().unwrap() as usize);
        assert!(entry["relative_residual"].as_f64().unwrap() > 0.2);
        assert!(Series::new(d, p, &CubedRelu).unwrap().share.lower() > 0.1);
    }
    assert_eq!(Series::new(5, 6, &CubedRelu).unwrap().share.value, 0.0);
}

#[test]
fn smooth_activations_have_the_functions_of_w_q() {
    for (d, p) in [(3, 2), (7, 4), (20, 5)] {
        let beta = (0..d).map(|c| if c == 0 { 1.0 } else { 0.0 }).collect();
        let sparse = vec![SparseTerm { alpha: 1.0, beta }];
        let target = Target::new(d, p - 1, LowDegree::Zonal(vec![]), sparse).unwrap();
        let population = Population::new(sigma("tanh").as_ref(), &target).unwrap();
        let (square, other) =
            (population.squares()[0], Series::new(d, p, sigma("tanh").as_ref()).unwrap().square());
        assert!((square - other.value).abs() <= 2.0 * other.error + 1e-14 * square, "{d} {p}");
    }
}
