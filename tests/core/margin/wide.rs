//! Margins at infinite width, in closed form and by the quadratic program.

use super::reference::{cube, gap, inside, list, sample};
use crate::data;
use escapement::Error;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Groups, gram_margin, kernel_margin, parity};
use faer::{Mat, Par};

const ALL: [Layers; 3] = [Layers::Both, Layers::Outer, Layers::Inner];

#[test]
fn kernels_are_the_reference_values() {
    for entry in list("kernel") {
        let t = entry["t"].as_f64().unwrap();
        let [outer, inner] = ["outer", "inner"].map(|key| entry[key].as_f64().unwrap());
        let kernels = ALL.map(|layers| layers.kernel(t).unwrap());
        for (kernel, reference) in kernels.iter().zip([outer + inner, outer, inner]) {
            assert!((kernel.value - reference).abs() <= 1e-12, "{t}: {kernel:?} and {reference}");
            assert!(kernel.error < 1e-15);
        }
    }
    assert!(matches!(Layers::Both.kernel(1.1), Err(Error::Domain { .. })));
    // Matrices of points have the kernel of their inner products, near the poles too.
    let (mut x, _) = sample(30, 4, "points");
    for c in 0..4 {
        x[(1, c)] = -x[(0, c)];
        x[(2, c)] = x[(0, c)];
        x[(3, c)] = x[(0, c)] + if c == 0 { 1e-7 } else { 0.0 };
    }
    for layers in ALL {
        let matrix = layers.matrix(x.as_ref(), x.as_ref(), Par::Seq).unwrap();
        for i in 0..30 {
            for k in 0..30 {
                let [a, b] = [x.row(i), x.row(k)];
                let size = a.norm_l2() * b.norm_l2();
                let t = a.iter().zip(b.iter()).map(|(a, b)| a * b).sum::<f64>() / size;
                // Near 1 the cosine has lost half of the digits of the angle.
                let slip = if t.abs() > 0.999 { 1e-8 } else { 1e-14 };
                let kernel = layers.kernel(t.clamp(-1.0, 1.0)).unwrap().value * size;
                assert!((matrix[(i, k)] - kernel).abs() < slip, "{layers:?} {i} {k}");
            }
        }
    }
}

#[test]
fn parities_have_the_eigenvalue_of_their_character() {
    for entry in list("parity") {
        let d = entry["d"].as_u64().unwrap() as usize;
        let (x, y) = cube(d, 1.0 / (d as f64).sqrt());
        for (name, layers) in [("both", Layers::Both), ("inner", Layers::Inner)] {
            let [exact, global] = parity(d, layers).unwrap();
            let solved = kernel_margin(layers, x.as_ref(), &y, Par::Seq).unwrap();
            assert!((solved.margin - exact).contains(0.0) && gap(&solved) < 1e-11, "{:e}", gap(&solved));
            for key in ["margin_upper", "margin_lower"] {
                let reference = entry[name][key].as_f64().unwrap();
                inside(&format!("parity {d} {name}"), exact, reference, 1e-12);
                inside(&format!("parity {d} {name}, solved"), solved.margin, reference, 1e-12);
            }
            assert!((global - 0.25 / (2.0 * d as f64).sqrt()).abs().lower() <= 1e-16);
        }
    }
    // The sum over Hamming weights as it stands, with binomials by Pascal's triangle.
    for d in [2_usize, 3, 7, 16, 33, 50] {
        let mut row = vec![1.0];
        for _ in 0..d {
            row = (0..=row.len())
                .map(|k| {
                    let [left, right] =
                        [k.checked_sub(1).map_or(0.0, |k| row[k]), row.get(k).copied().unwrap_or(0.0)];
                    0.5 * (left + right)
                })
                .collect();
        }
        let n = d as f64;
        for layers in ALL {
            let term = |k: usize| {
                let z = n - 2.0 * k as f64;
                row[k] * (z * z - n) / (n * (n - 1.0)) * layers.kernel(z / n).unwrap().value
            };
            let sum: f64 = (0..=d).map(term).sum();
            let exact = parity(d, layers).unwrap()[0];
            assert!((exact * exact - sum).abs().lower() <= 1e-15, "{d} {layers:?}: {exact:?} and {sum}");
        }
    }
    // The limits of d·γ_2 are approached at the rate 1/d.
    for (layers, limit) in [(Layers::Both, 1.5), (Layers::Inner, 1.0)] {
        let limit = (limit / std::f64::consts::PI).sqrt();
        let distance = |d: usize| {
            let exact = parity(d, layers).unwrap()[0];
            assert!(exact.error < 2.0 * (d as f64).sqrt() * f64::EPSILON * exact.value, "{d}: {exact:?}");
            d as f64 * exact.value - limit
        };
        let ratio = distance(1 << 12) / distance(1 << 13);
        assert!((ratio - 2.0).abs() < 0.01 && distance(1 << 20).abs() < 1e-6, "{ratio}");
    }
    assert!(matches!(parity(1, Layers::Both), Err(Error::Domain { .. })));
}

#[test]
fn groups_have_closed_forms() {
    for entry in list("collapse") {
        let k = entry["k"].as_u64().unwrap() as usize;
        let groups = match entry["kind"].as_str().unwrap() {
            "orthonormal" => Groups::Orthonormal,
            _ => Groups::Antipodal,
        };
        let [exact, global] = groups.margins(k).unwrap();
        let (x, y) = (data::matrix(&entry["centres"]), data::vector(&entry["y"]));
        let solved = kernel_margin(Layers::Both, x.as_ref(), &y, Par::Seq).unwrap();
        for key in ["margin_upper", "margin_lower"] {
            inside("collapse", exact, entry[key].as_f64().unwrap(), 1e-12);
            inside("collapse, solved", solved.margin, entry[key].as_f64().unwrap(), 1e-12);
        }
        assert!(solved.dual.iter().zip(data::vector(&entry["q"])).all(|(a, b)| (a - b).abs() < 1e-6));
        if let Some(lp) = entry["lp_value_sign_patterns"].as_f64() {
            inside("collapse, global", 2.0 * global, lp, 1e-12);
        }
    }
    for entry in list("kkt") {
        let (sine, cosine) = entry["alpha"].as_f64().unwrap().sin_cos();
        let x = Mat::from_fn(2, 2, |i, c| [[cosine, sine], [-cosine, sine]][i][c]);
        let solved = kernel_margin(Layers::Both, x.as_ref(), &[1.0, 1.0], Par::Seq).unwrap();
        for key in ["margin_upper", "margin_lower"] {
            inside("kkt", solved.margin, entry["gram_margin"][key].as_f64().unwrap(), 1e-9);
        }
    }
    assert!(matches!(Groups::Antipodal.margins(6), Err(Error::Domain { .. })));
    assert!(matches!(Groups::Orthonormal.margins(0), Err(Error::Domain { .. })));
}

#[test]
fn gram_matrices_may_be_singular_and_uncertain() {
    // Three vectors of the plane, [1, 0], [0, 1] and [1, 1]: the first two decide.
    let gram = Mat::from_fn(3, 3, |i, k| [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0]][i][k]);
    let margin = gram_margin(gram.as_ref(), 0.0, Par::Seq).unwrap();
    assert!(margin.margin.contains(0.5_f64.sqrt()) && gap(&margin) < 1e-12);
    // Two opposite ones have no margin.
    let gram = Mat::from_fn(2, 2, |i, k| if i == k { 1.0 } else { -1.0 });
    let none = gram_margin(gram.as_ref(), 0.0, Par::Seq).unwrap();
    assert!(none.margin.lower() <= 0.0 && none.margin.upper() < 1e-7, "{:?}", none.margin);
    // Errors of the entries widen the interval by about as much.
    let gram = Mat::<f64>::identity(4, 4);
    let sure = gram_margin(gram.as_ref(), 0.0, Par::Seq).unwrap().margin;
    let doubt = gram_margin(gram.as_ref(), 1e-3, Par::Seq).unwrap().margin;
    assert!(sure.error < 1e-13 && doubt.error > 1e-3 && doubt.error < 1e-2 && doubt.contains(0.5));
    assert!(sure.contains(0.5));
    assert!(matches!(
        gram_margin(Mat::<f64>::zeros(2, 3).as_ref(), 0.0, Par::Seq),
        Err(Error::Shape { .. })
    ));
    assert!(matches!(
        gram_margin(Mat::<f64>::zeros(0, 0).as_ref(), 0.0, Par::Seq),
        Err(Error::Shape { .. })
    ));
}
