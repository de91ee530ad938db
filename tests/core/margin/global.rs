//! Margins over given directions, and over all directions of the plane.

use super::reference::{cube, gap, inside, least_on_grid, list, normal, sample};
use crate::data;
use escapement::Error;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Directions, Groups, margin_bound, parity, plane_margin};
use faer::{Mat, Par};

/// All directions of {−1, 0, 1}^d but 0.
fn patterns(d: usize) -> Mat<f64> {
    let digit = |j: usize, c: usize| ((j / 3_usize.pow(c as u32)) % 3) as f64 - 1.0;
    let middle = (3_usize.pow(d as u32) - 1) / 2;
    Mat::from_fn(2 * middle, d, |j, c| digit(if j < middle { j } else { j + 1 }, c))
}

#[test]
fn reference_values_lie_in_the_intervals() {
    for (index, entry) in list("lp").iter().enumerate() {
        let (v, x, y) = (data::matrix(&entry["V"]), data::matrix(&entry["X"]), data::vector(&entry["y"]));
        let directions = Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
        let margin = directions.margin().unwrap();
        assert!(gap(&margin) < 1e-9, "{:e}", gap(&margin));
        for key in ["value", "dual_value"] {
            inside(&format!("lp {index} {key}"), margin.margin, entry[key].as_f64().unwrap(), 1e-12);
        }
        // The vectors of the reference certify the same value.
        let (q, c) = (data::vector(&entry["q"]), data::vector(&entry["c"]));
        let q: Vec<f64> = q.iter().map(|q| q.max(0.0)).collect();
        let other = directions.margin_at(&q, &c).unwrap();
        assert!((other.margin - margin.margin).contains(0.0) && gap(&other) < 1e-9);
    }
    for (index, entry) in list("global2").iter().enumerate() {
        let (x, y) = (data::matrix(&entry["X"]), data::vector(&entry["y"]));
        let (margin, _) = plane_margin(x.as_ref(), &y, Par::Seq).unwrap();
        let reference = entry["value"].as_f64().unwrap();
        if index == 0 {
            // This one is the margin of too few directions: arithmetic with 50 digits finds 2.06e-9 more
            // with the primal vector of the interval.
            assert!((2.06e-9..2.07e-9).contains(&(margin.margin.lower() - reference)));
        } else {
            inside(&format!("global2 {index}"), margin.margin, reference, 1e-9);
        }
        assert!(margin.margin.error < 1e-9, "{:?}", margin.margin);
    }
    for entry in list("normonly") {
        let (v, x, y) = (data::matrix(&entry["V"]), data::matrix(&entry["X"]), data::vector(&entry["y"]));
        let margin = Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margin().unwrap();
        inside("normonly", margin.margin, entry["lp"].as_f64().unwrap(), 1e-7);
    }
    for entry in list("kkt") {
        let (sine, cosine) = entry["alpha"].as_f64().unwrap().sin_cos();
        let x = Mat::from_fn(2, 2, |i, c| [[cosine, sine], [-cosine, sine]][i][c]);
        let (margin, _) = plane_margin(x.as_ref(), &[1.0, 1.0], Par::Seq).unwrap();
        inside("kkt", margin.margin, entry["best_lp_value"].as_f64().unwrap(), 1e-9);
        assert!(margin.margin.contains(0.5) && margin.margin.error < 1e-9);
    }
}

#[test]
fn closed_forms_are_margins_over_sign_patterns() {
    for d in [2, 3, 4] {
        let (x, y) = cube(d, 1.0 / (d as f64).sqrt());
        let directions = Directions::new(patterns(d).as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
        let margin = directions.margin().unwrap();
        let [_, global] = parity(d, Layers::Both).unwrap();
        assert!((margin.margin - 2.0 * global).contains(0.0) && gap(&margin) < 1e-9, "{d}: {margin:?}");
    }
    for entry in list("collapse").iter().filter(|entry| entry["lp_value_sign_patterns"].is_number()) {
        let (x, y) = (data::matrix(&entry["centres"]), data::vector(&entry["y"]));
        let directions = Directions::new(patterns(x.ncols()).as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
        let margin = directions.margin().unwrap();
        inside("collapse", margin.margin, entry["lp_value_sign_patterns"].as_f64().unwrap(), 1e-12);
        let groups = if entry["kind"] == "antipodal" { Groups::Antipodal } else { Groups::Orthonormal };
        let [_, global] = groups.margins(y.len()).unwrap();
        assert!((margin.margin - 2.0 * global).contains(0.0));
    }
}

#[test]
fn few_examples_agree_with_a_grid_of_weights() {
    for n in [2, 3] {
        for draw in 0..4 {
            let (x, y) = sample(n, 3, &format!("directions {n} {draw}"));
            let v = normal(9, 3, &format!("v {draw}"));
            let margin = Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margin().unwrap();
            let value = |i: usize, j: usize| {
                let z: f64 = (0..3).map(|c| v[(j, c)] * x[(i, c)]).sum();
                y[i] * z.max(0.0) / v.row(j).norm_l2()
            };
            let most = |q: &[f64]| {
                let sum = |j: usize| (0..n).map(|i| q[i] * value(i, j)).sum::<f64>().abs();
                (0..9).map(sum).fold(0.0, f64::max)
            };
            let least = least_on_grid(n, 400, most);
            assert!(margin.margin.lower() <= least * (1.0 + 1e-12), "{margin:?} above {least}");
            assert!(least <= margin.margin.upper() + n as f64 / 400.0, "{margin:?} below {least}");
        }
    }
}

#[test]
fn the_plane_is_above_any_directions_of_it() {
    for draw in 0..5 {
        let n = 4 + 3 * draw;
        let (x, y) = sample(n, 2, &format!("plane {draw}"));
        let (margin, used) = plane_margin(x.as_ref(), &y, Par::Seq).unwrap();
        assert!(margin.margin.error < 1e-9, "{n}: {:?}", margin.margin);
        // The primal vector belongs to the directions.
        let again = Directions::new(used.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
        let again = again.margin_at(&margin.dual, margin.primal.col_as_slice(0)).unwrap();
        assert!((again.margin.lower() - margin.margin.lower()).abs() < 1e-14);
        assert!(again.margin.upper() <= margin.margin.upper() + 1e-14);
        // Directions at equal angles come near from below: |F| is a Lipschitz function of the angle.
        let count = 4_000;
        let angle = |j: usize| std::f64::consts::TAU * j as f64 / count as f64;
        let fan = Mat::from_fn(count, 2, |j, c| if c == 0 { angle(j).cos() } else { angle(j).sin() });
        let fan = Directions::new(fan.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margin().unwrap();
        assert!(fan.margin.lower() <= margin.margin.upper());
        assert!(margin.margin.lower() <= fan.margin.upper() + angle(1));
    }
}

/// The bound for all directions is above every margin, and two inputs attain it.
#[test]
fn nothing_passes_the_bound_for_all_directions() {
    let equal = |n: usize| vec![1.0; n];
    for draw in 0..8 {
        let n = 2 + 2 * draw;
        let (x, y) = sample(n, 2, &format!("bound {draw}"));
        let (margin, _) = plane_margin(x.as_ref(), &y, Par::Seq).unwrap();
        for q in [&equal(n), &margin.dual] {
            let bound = margin_bound(x.as_ref(), &y, q, Par::Seq).unwrap();
            assert!(bound >= margin.margin.lower(), "{bound} below {:?}", margin.margin);
        }
    }
    // E xxᵀ = I/d on the cube, and its labels are orthogonal to x: the bound 1/(2√d) is √2 times the margin.
    for d in [3, 4, 6] {
        let (x, y) = cube(d, 1.0 / (d as f64).sqrt());
        let bound = margin_bound(x.as_ref(), &y, &equal(y.len()), Par::Seq).unwrap();
        let [_, global] = parity(d, Layers::Both).unwrap();
        assert!((bound - 0.5 / (d as f64).sqrt()).abs() < 1e-14 && bound >= 2.0 * global.lower(), "{bound}");
        assert!(0.7 * bound < 2.0 * global.lower());
    }
    // Two unit inputs with opposite labels at the angle t: half of the sine, or of the length beyond π/2; on
    // one ray it is the distance.
    for (angle, length, expected) in [(0.3_f64, 1.0, 0.5 * 0.3_f64.sin()), (2.0, 1.0, 0.5), (0.0, 0.6, 0.2)]
    {
        let x =
            Mat::from_fn(
                2,
                2,
                |i, c| if i == 0 { [1.0, 0.0][c] } else { length * [angle.cos(), angle.sin()][c] },
            );
        let bound = margin_bound(x.as_ref(), &[1.0, -1.0], &equal(2), Par::Seq).unwrap();
        assert!((bound - expected).abs() < 1e-15 && bound >= expected, "{angle}: {bound} for {expected}");
        if angle > 0.0 {
            let (margin, _) = plane_margin(x.as_ref(), &[1.0, -1.0], Par::Seq).unwrap();
            assert!((bound - margin.margin.value).abs() < 1e-8, "{angle}: {bound} and {:?}", margin.margin);
        }
    }
    let single = margin_bound(faer::mat![[0.6, 0.8]].as_ref(), &[-1.0], &[1.0], Par::Seq).unwrap();
    assert!((single - 1.0).abs() < 1e-14);
    let refused = margin_bound(faer::mat![[0.6, 0.8]].as_ref(), &[-1.0], &[-1.0], Par::Seq);
    assert!(matches!(refused, Err(Error::Domain { .. })));
}

#[test]
fn certificates_notice_what_is_false() {
    let (x, y) = sample(12, 3, "directions");
    let v = normal(60, 3, "60 directions");
    let directions = Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq).unwrap();
    let best = directions.margin().unwrap();
    let c = best.primal.col_as_slice(0);
    let mut other = c.to_vec();
    other.rotate_left(1);
    let wrong = directions.margin_at(&best.dual, &other).unwrap();
    assert!(wrong.margin.lower() <= 0.0 && wrong.margin.upper() <= best.margin.upper() * (1.0 + 1e-13));
    let wrong = directions.margin_at(&[1.0; 12], c).unwrap();
    assert!(wrong.margin.upper() > 1.1 * best.margin.upper());
    assert!((wrong.margin.lower() - best.margin.lower()).abs() < 1e-14);
    // Without c nothing is certified from below.
    assert!(directions.margin_at(&best.dual, &[0.0; 60]).unwrap().margin.lower() <= 0.0);
    assert!(matches!(directions.margin_at(&best.dual, &c[..59]), Err(Error::Shape { .. })));
    assert!(matches!(directions.margin_at(&best.dual[1..], c), Err(Error::Domain { .. })));
    let mut zero = v.clone();
    zero.row_mut(7).fill(0.0);
    let refused = Directions::new(zero.as_ref(), x.as_ref(), &y, Par::Seq).unwrap_err();
    assert_eq!(refused.to_string(), "the length of direction 7 = 0 is not allowed: it must not be 0");
    assert!(matches!(plane_margin(x.as_ref(), &y, Par::Seq), Err(Error::Shape { .. })));
    // Equal inputs with two labels have no margin.
    let twins = Mat::from_fn(2, 3, |_, c| c as f64);
    let none =
        Directions::new(v.as_ref(), twins.as_ref(), &[1.0, -1.0], Par::Seq).unwrap().margin().unwrap();
    assert!(none.margin.lower() <= 0.0 && none.margin.upper() < 1e-12, "{:?}", none.margin);
}
