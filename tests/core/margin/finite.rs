//! Margins at finite width: reference values, slow routes, and certificates that bite.

use super::reference::{cube, gap, gradients, inside, least_on_grid, list, normal, sample};
use crate::data;
use escapement::Error;
use escapement::ball::Ball;
use escapement::margin::{Gradients, Margin, gram_margin};
use faer::{Mat, MatRef, Par};

/// Two margins of a network against an interior-point solver, at its relative accuracy.
fn compare(what: &str, w: &Mat<f64>, x: &Mat<f64>, y: &[f64], l2: f64, linf: Option<f64>) {
    let net = Gradients::new(w.as_ref(), x.as_ref(), y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    inside(&format!("{what} l2"), margin.margin, l2, 1e-7);
    assert!(gap(&margin) < 1e-9, "{what}: {:e}", gap(&margin));
    // The Gram matrix alone leads to the same.
    let d = x.ncols() as f64;
    let by_gram =
        gram_margin(net.gram().unwrap().as_ref(), 1e-15 * (d + w.nrows() as f64), Par::Seq).unwrap();
    assert!((by_gram.margin - margin.margin).contains(0.0), "{what}");
    if let Some(linf) = linf {
        let transport = net.transport_margin().unwrap();
        inside(&format!("{what} linf"), transport.margin, linf, 1e-7);
        assert!(gap(&transport) < 1e-7, "{what}: {:e}", gap(&transport));
        assert!(transport.margin.upper() <= margin.margin.lower());
        let other = net.transport_margin_at(&margin.dual).unwrap();
        assert!(other.margin.lower() <= transport.margin.upper());
        assert!(other.margin.upper() >= transport.margin.lower() && gap(&other) > gap(&transport));
    }
}

#[test]
fn reference_values_lie_in_the_intervals() {
    for (index, entry) in list("finite").iter().enumerate() {
        let (w, x, y) = (data::matrix(&entry["W0"]), data::matrix(&entry["X"]), data::vector(&entry["y"]));
        let [l2, linf] = ["l2", "linf"].map(|key| entry[key].as_f64().unwrap());
        compare(&format!("finite {index}"), &w, &x, &y, l2, Some(linf));
        let margins = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margins();
        for (i, f) in data::vector(&entry["f0"]).into_iter().enumerate() {
            inside("f0", y[i] * margins[i], f, 1e-11);
        }
    }
    for entry in list("cube_finite") {
        let d = entry["d"].as_u64().unwrap() as usize;
        let (x, y) = cube(d, 1.0 / (d as f64).sqrt());
        let [l2, linf] = ["l2", "linf"].map(|key| entry[key].as_f64().unwrap());
        compare("cube_finite", &data::matrix(&entry["W0"]), &x, &y, l2, Some(linf));
    }
    for (index, entry) in list("pointwise").iter().enumerate() {
        let (w, x, y) = (data::matrix(&entry["W"]), data::matrix(&entry["X"]), data::vector(&entry["y"]));
        let l2 = entry["l2_margin_at_W"].as_f64().unwrap();
        compare(&format!("pointwise {index}"), &w, &x, &y, l2, None);
        let margins = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margins();
        for (i, p) in data::vector(&entry["margins"]).into_iter().enumerate() {
            inside("p", margins[i], p, 1e-11);
        }
    }
}

#[test]
fn gradients_are_those_of_the_definition() {
    // Integers, so that both routes find the same kinks, of which there are many, and more neurons than a
    // block.
    let whole =
        |a: Mat<f64>, scale: f64| Mat::from_fn(a.nrows(), a.ncols(), |i, j| (scale * a[(i, j)]).round());
    let (w, x) = (whole(normal(300, 4, "whole weights"), 1.0), whole(normal(9, 3, "whole inputs"), 2.0));
    let y = [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0, -1.0];
    for tie in [0.0, 0.25, 1.0] {
        let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().with_tie(tie).unwrap();
        let exact = gradients(w.as_ref(), x.as_ref(), &y, tie);
        let (gram, margins) = (net.gram().unwrap(), net.margins());
        for i in 0..9 {
            let gradient = net.gradient(i).unwrap();
            let size = exact.row(i).norm_l2();
            for entry in 0..exact.ncols() {
                assert!((gradient[(entry / 4, entry % 4)] - exact[(i, entry)]).abs() <= 1e-15 * size);
            }
            for k in 0..9 {
                let inner: f64 = exact.row(i).iter().zip(exact.row(k).iter()).map(|(a, b)| a * b).sum();
                assert!((gram[(i, k)] - inner).abs() <= 1e-13 * size * exact.row(k).norm_l2());
            }
            // Euler: ⟨φ_i, W⟩ = 2 p_i, by the definition of the output.
            let output =
                |j: usize| w[(j, 0)] * (0..3).map(|c| w[(j, c + 1)] * x[(i, c)]).sum::<f64>().max(0.0);
            let p = y[i] * (0..300).map(output).sum::<f64>() / 300_f64.sqrt();
            assert!((margins[i] - Ball::relative(p, 1e-14)).contains(0.0) && margins[i].error < 1e-10);
        }
    }
    // Kinks that only exact arithmetic finds: 0.1·0.3 − 0.3·0.1 = 0, and 0.1·3 − 0.3 is not 0.
    let x = Mat::from_fn(1, 2, |_, c| [0.1, 0.3][c]);
    let w = Mat::from_fn(2, 3, |j, c| [[1.0, 0.3, -0.1], [1.0, 3.0, -1.0]][j][c]);
    let net = Gradients::new(w.as_ref(), x.as_ref(), &[1.0], Par::Seq).unwrap().with_tie(0.5).unwrap();
    let gradient = net.gradient(0).unwrap();
    assert!((gradient[(0, 1)] - 0.05 / 2_f64.sqrt()).abs() < 1e-16);
    assert!((gradient[(1, 1)] - 0.1 / 2_f64.sqrt()).abs() < 1e-16);
}

#[test]
fn few_examples_agree_with_a_grid_of_weights() {
    for n in [2, 3] {
        for draw in 0..4 {
            let (x, y) = sample(n, 3, &format!("grid {n} {draw}"));
            let w = normal(11, 4, &format!("weights of the grid {draw}"));
            let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
            let phi = gradients(w.as_ref(), x.as_ref(), &y, 0.0);
            let largest = (0..n).map(|i| phi.row(i).norm_l2()).fold(0.0, f64::max);
            let sum = |q: &[f64], e: usize| (0..n).map(|i| q[i] * phi[(i, e)]).sum::<f64>();
            // Weights on the grid are within n/steps of the optimum in ‖·‖_1.
            let steps = 400;
            let slack = n as f64 / steps as f64 * largest;
            let agrees = |margin: &Margin, f: &dyn Fn(&[f64]) -> f64| {
                let least = least_on_grid(n, steps, f);
                assert!(margin.margin.lower() <= least * (1.0 + 1e-12), "{margin:?} above {least}");
                assert!(least <= margin.margin.upper() + slack, "{margin:?} below {least}");
            };
            let l2 = |q: &[f64]| (0..44).map(|e| sum(q, e).powi(2)).sum::<f64>().sqrt();
            agrees(&net.margin().unwrap(), &l2);
            let part = |q: &[f64], j: usize| (0..4).map(|c| sum(q, 4 * j + c).powi(2)).sum::<f64>().sqrt();
            let linf = |q: &[f64]| (0..11).map(|j| part(q, j)).sum::<f64>() / 11_f64.sqrt();
            agrees(&net.transport_margin().unwrap(), &linf);
        }
    }
}

#[test]
fn certificates_notice_what_is_false() {
    let (x, y) = sample(40, 6, "certificates");
    let w = normal(200, 7, "weights of the certificates");
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    assert!(gap(&margin) < 1e-10);
    // Both vectors certify by their definitions.
    let phi = gradients(w.as_ref(), x.as_ref(), &y, 0.0);
    let u: Vec<f64> =
        margin.primal.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect();
    let product = |i: usize| phi.row(i).iter().zip(&u).map(|(a, b)| a * b).sum::<f64>();
    let least = (0..40).map(product).fold(f64::INFINITY, f64::min);
    assert!((least - margin.margin.lower()).abs() < 1e-11 && (margin.primal.norm_l2() - 1.0).abs() < 1e-14);
    // Other weights widen the interval, and it still contains the margin.
    for q in [vec![1.0; 40], (0..40).map(|i| f64::from(i < 20)).collect()] {
        let other = net.margin_at(&q).unwrap();
        assert!(
            other.margin.lower() < margin.margin.lower() && margin.margin.upper() < other.margin.upper()
        );
        assert!(gap(&other) > 0.1);
    }
    // The optimum of a falsified Gram matrix is noticed, because certificates are made from the gradients.
    let mut gram = net.gram().unwrap();
    let mut order: Vec<usize> = (0..40).collect();
    order.sort_by(|a, b| margin.dual[*b].total_cmp(&margin.dual[*a]));
    let (low, high) = (order[0].min(order[1]), order[0].max(order[1]));
    gram[(high, low)] += 0.01 * gram[(low, low)];
    let falsified = gram_margin(gram.as_ref(), 1e-13, Par::Seq).unwrap();
    assert!(gap(&falsified) < 1e-9 && gap(&net.margin_at(&falsified.dual).unwrap()) > 1e-5);
    assert!(!(falsified.margin - margin.margin).contains(0.0));
    // A field that is longer than allowed gains nothing.
    let transport = net.transport_margin().unwrap();
    let longest = transport.primal.row_iter().map(|row| row.norm_l2()).fold(0.0, f64::max);
    assert!(longest <= (1.0 + 1e-14) / 200_f64.sqrt());
}

#[test]
fn equal_inputs_with_two_labels_have_no_margin() {
    let (mut x, mut y) = sample(12, 4, "twins");
    for c in 0..4 {
        x[(5, c)] = x[(2, c)];
    }
    (y[2], y[5]) = (1.0, -1.0);
    let w = normal(30, 5, "weights of the twins");
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    for margin in [net.margin().unwrap(), net.transport_margin().unwrap()] {
        println!("{:?}", margin.margin);
        assert!(margin.margin.lower() <= 0.0 && margin.margin.upper() < 1e-7);
    }
    // Exactly the weights of the twins leave the rounding alone.
    let q: Vec<f64> = (0..12).map(|i| f64::from(i == 2 || i == 5)).collect();
    assert!(net.margin_at(&q).unwrap().margin.upper() < 1e-13);
}

#[test]
fn degenerate_numbers_certify_nothing() {
    // An input of length 0 has the gradient 0, and neither a margin nor a radius is left.
    let (mut x, y) = sample(6, 4, "degenerate");
    x.row_mut(0).fill(0.0);
    let w = normal(50, 5, "degenerate weights");
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    assert!(margin.margin.lower() <= 0.0 && margin.margin.upper() < 1e-7, "{:?}", margin.margin);
    assert_eq!(net.neighbourhood(&margin).unwrap().half_radius(), 0.0);
    // Where numbers overflow, the interval contains everything.
    let (x, y) = sample(6, 4, "huge");
    let [huge_x, huge_w] = [&x, &w].map(|a| Mat::from_fn(a.nrows(), a.ncols(), |i, j| 1e200 * a[(i, j)]));
    let net = Gradients::new(huge_w.as_ref(), huge_x.as_ref(), &y, Par::Seq).unwrap();
    let margin = net.margin().unwrap();
    assert!(margin.margin.contains(0.0) && margin.margin.contains(f64::MAX), "{:?}", margin.margin);
}

#[test]
fn squared_margins_add_up_over_neurons() {
    let (x, y) = sample(15, 3, "splits");
    let w = normal(60, 4, "weights of the splits");
    let margins = |w: MatRef<'_, f64>| {
        let net = Gradients::new(w, x.as_ref(), &y, Par::Seq).unwrap();
        [net.margin().unwrap().margin, net.transport_margin().unwrap().margin]
    };
    let (whole, mut refuted) = (margins(w.as_ref()), false);
    for split in [5, 20, 30, 50] {
        let (first, second) = w.as_ref().split_at_row(split);
        let ([a, ta], [b, tb]) = (margins(first), margins(second));
        let (m, rest) = (split as f64, (60 - split) as f64);
        let parts = m * (a * a) + rest * (b * b);
        assert!((60.0 * (whole[0] * whole[0]) - parts).upper() > 0.0);
        assert!((60.0 * whole[1] - (m * ta + rest * tb)).upper() > 0.0);
        refuted |= (whole[0] * whole[0] - (a * a + b * b)).upper() < 0.0;
    }
    assert!(refuted, "without the weights it is false");
}

#[test]
fn bits_do_not_depend_on_threads() {
    let (x, y) = sample(150, 5, "threads");
    let w = normal(700, 6, "weights of the threads");
    let all = |par: Par| {
        let net = Gradients::new(w.as_ref(), x.as_ref(), &y, par).unwrap();
        let margin = net.margin().unwrap();
        let radius = net.neighbourhood(&margin).unwrap().half_radius();
        (net.gram().unwrap(), margin.margin, margin.dual, radius)
    };
    let alone = all(Par::Seq);
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(|| all(Par::rayon(0))) == alone, "{threads} threads");
    }
}

#[test]
fn bad_input_is_named() {
    let (x, y) = sample(4, 3, "bad input");
    let w = normal(5, 4, "bad weights");
    let new =
        |w: &Mat<f64>, x: &Mat<f64>, y: &[f64]| Gradients::new(w.as_ref(), x.as_ref(), y, Par::Seq).err();
    let message = |e: Option<Error>| e.unwrap().to_string();
    assert_eq!(
        message(new(&w, &x, &[1.0, 0.5, 1.0, 1.0])),
        "the label of example 1 = 0.5 is not allowed: labels are 1 or -1"
    );
    assert!(matches!(new(&w, &x, &y[..3]), Some(Error::Shape { name: "the inputs", .. })));
    assert!(matches!(new(&w, &Mat::zeros(0, 3), &[]), Some(Error::Shape { name: "the inputs", .. })));
    assert!(matches!(new(&normal(5, 3, "short"), &x, &y), Some(Error::Shape { name: "the weights", .. })));
    assert!(matches!(new(&Mat::zeros(0, 4), &x, &y), Some(Error::Shape { name: "the weights", .. })));
    let mut broken = w.clone();
    broken[(2, 1)] = f64::NAN;
    assert!(matches!(
        new(&broken, &x, &y),
        Some(Error::NotFinite { name: "the weights", row: 2, col: 1, .. })
    ));
    let net = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    assert_eq!(net.gradient(4).unwrap_err().to_string(), "the example = 4 is not allowed: there are 4");
    for q in [&[1.0; 3][..], &[0.0; 4], &[1.0, -0.1, 1.0, 1.0], &[f64::NAN, 1.0, 1.0, 1.0]] {
        assert!(matches!(net.margin_at(q), Err(Error::Domain { .. })), "{q:?}");
    }
    assert!(matches!(net.with_tie(1.5), Err(Error::Domain { .. })));
    // 20 000 examples are too many, and the error says how much they need.
    let many = Mat::from_fn(20_000, 1, |_, _| 1.0);
    let labels = vec![1.0; 20_000];
    let w = Mat::from_fn(1, 2, |_, _| 1.0);
    let net = Gradients::new(w.as_ref(), many.as_ref(), &labels, Par::Seq).unwrap();
    assert_eq!(
        net.gram().unwrap_err().to_string(),
        "the Gram matrix of n = 20000 gradients needs 12 GiB, more than the 8.0 GiB allowed: \
         take fewer examples"
    );
}
