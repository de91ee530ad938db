//! L_λ: its gradient and Hessian against reference values, finite differences and symmetry, and averages of
//! its Hessian over signs.

use crate::construct::displacements::covariance;
use crate::data::{ORACLE, activation, json, matrix, vector};
use crate::network::{displacement, miss, oracle_network};
use escapement::activation as sigma;
use escapement::construct::expected_hessian_form;
use escapement::covariance::Covariance;
use escapement::descent::{LeastOptions, least_eigenvalue};
use escapement::eigen::{self, DEFAULT_MEMORY, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::sphere::Truncation;
use escapement::{seed, sphere, tolerance};
use faer::{Mat, Par};

/// All entries, row by row.
fn flat(a: &Mat<f64>) -> Vec<f64> {
    (0..a.nrows()).flat_map(|i| (0..a.ncols()).map(move |j| a[(i, j)])).collect()
}

fn dot(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    flat(a).iter().zip(flat(b)).map(|(a, b)| a * b).sum()
}

#[test]
fn reference_values() {
    for entry in json("network.json").as_array().unwrap() {
        let net = oracle_network(entry);
        let rank = entry["n_k"].as_u64().unwrap() as usize;
        let activation = sigma::parse(&activation(entry)).unwrap();
        let cov =
            Covariance::new(net.weights(), activation.as_ref(), Truncation::Tail(tolerance::FINE_TAIL))
                .unwrap();
        let request = Request::top(rank + 1);
        let pairs = eigen::solve(&cov, &request, RouteChoice::Auto, DEFAULT_MEMORY, Par::Seq).unwrap();
        let top = TopSpace::new(&pairs, rank).unwrap();
        let (x, w, v) = (matrix(&entry["X"]), matrix(&entry["W"]), matrix(&entry["V"]));
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let lambda: [f64; 4] = vector(&entry["lambdas"]).try_into().unwrap();
        for (name, expected) in entry["losses"].as_object().unwrap() {
            let (loss, model) = name.split_once('/').unwrap();
            let loss = Loss::parse(&loss.replace('_', "-")).unwrap();
            let model = if model == "network" { Model::Network } else { Model::Quadratic };
            let y = vector(&entry["y"]);
            let objective =
                RegularizedLoss::new(of, &y, loss, lambda, model, DEFAULT_MEMORY, Par::Seq).unwrap();
            let (mut space, mut gradient) = (objective.workspace(), Mat::zeros(net.m(), net.d()));
            let value =
                objective.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, Par::Seq).unwrap();
            assert!(miss(&value.regularizers, &vector(&entry["regularizers"])) <= ORACLE);
            assert!((value.objective / expected["value"].as_f64().unwrap() - 1.0).abs() <= ORACLE, "{name}");
            let missed = miss(&flat(&gradient), &flat(&matrix(&expected["gradient"])));
            assert!(missed <= ORACLE, "gradient of {name}: {missed:e}");
            let mut product = Mat::zeros(net.m(), net.d());
            let hessian = objective.hessian(w.as_ref(), Par::Seq).unwrap();
            hessian.multiply(v.as_ref(), product.as_mut(), Par::Seq).unwrap();
            let missed = miss(&flat(&product), &flat(&matrix(&expected["hvp_V"])));
            assert!(missed <= ORACLE, "Hessian of {name}: {missed:e}");
            assert_eq!(hessian.value(), value);
        }
    }
}

/// A network with its Σ, a sample and labels.
pub struct Case {
    pub net: PairedNetwork,
    cov: Covariance,
    top: TopSpace,
    pub x: Mat<f64>,
    pub y: Vec<f64>,
}

impl Case {
    pub fn new(n: usize, p: usize, d: usize, name: &str) -> Self {
        let rng = &mut seed::stream(21, "objective", name);
        let net = PairedNetwork::random(rng, p, d, sigma::parse("tanh:0.5").unwrap()).unwrap();
        let (cov, top) = covariance(&net, d + 1);
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y = (0..n).map(|i| x[(i, 0)] * x[(i, 1)] - 0.3).collect();
        Self { net, cov, top, x, y }
    }

    pub fn objective(&self, loss: Loss, lambda: [f64; 4], model: Model) -> RegularizedLoss<'_> {
        let of = Regularizers { cov: &self.cov, top: &self.top, net: &self.net, x: self.x.as_ref() };
        RegularizedLoss::new(of, &self.y, loss, lambda, model, DEFAULT_MEMORY, Par::Seq).unwrap()
    }
}

const LAMBDA: [f64; 4] = [0.3, 0.2, 0.5, 0.01];

/// A displacement whose R4 is of the size of the rest.
fn moved(case: &Case, name: &str) -> Mat<f64> {
    displacement(&case.net, 0.5 / (case.net.m() as f64).powf(0.25), name)
}

fn gradient(objective: &RegularizedLoss<'_>, w: &Mat<f64>, par: Par) -> Mat<f64> {
    let mut out = Mat::zeros(w.nrows(), w.ncols());
    objective.value_and_gradient(w.as_ref(), out.as_mut(), &mut objective.workspace(), par).unwrap();
    out
}

fn product(objective: &RegularizedLoss<'_>, w: &Mat<f64>, v: &Mat<f64>, par: Par) -> Mat<f64> {
    let mut out = Mat::zeros(w.nrows(), w.ncols());
    objective.hessian(w.as_ref(), par).unwrap().multiply(v.as_ref(), out.as_mut(), par).unwrap();
    out
}

const STEP: f64 = 6e-6;

/// `(∇(W + hV) − ∇(W − hV))/2h`, and how far a product is from it, relative to the largest entry of either
/// gradient.
fn miss_of_product(objective: &RegularizedLoss<'_>, w: &Mat<f64>, v: &Mat<f64>, product: &Mat<f64>) -> f64 {
    let at = |h: f64| gradient(objective, &(w + faer::Scale(h) * v), Par::Seq);
    let (plus, minus) = (at(STEP), at(-STEP));
    let scale = plus.norm_max().max(product.norm_max());
    (faer::Scale(0.5 / STEP) * (&plus - &minus) - product).norm_max() / scale
}

#[test]
fn derivatives_are_those_of_finite_differences() {
    // n and p on both sides of a tile; one pair, and one input.
    for (n, p, d) in [(1, 2, 3), (1025, 9, 3), (40, 70, 3)] {
        let case = Case::new(n, p, d, "differences");
        let (w, v) = (moved(&case, "W"), moved(&case, "V"));
        for model in [Model::Linear, Model::Quadratic, Model::QuadraticTerm, Model::Network] {
            for loss in [Loss::PseudoHuber, Loss::LogCosh, Loss::Square] {
                let objective = case.objective(loss, LAMBDA, model);
                let slope = dot(&gradient(&objective, &w, Par::Seq), &v);
                let value = |h: f64| {
                    let at = &w + faer::Scale(h) * &v;
                    objective.value(at.as_ref(), &mut objective.workspace(), Par::Seq).unwrap().objective
                };
                let found = (value(STEP) - value(-STEP)) / (2.0 * STEP);
                assert!(
                    (slope - found).abs() <= tolerance::CENTRAL_DIFFERENCE * slope.abs().max(value(0.0)),
                    "{model:?} {loss:?}: {slope} {found}"
                );
                let hv = product(&objective, &w, &v, Par::Seq);
                let missed = miss_of_product(&objective, &w, &v, &hv);
                assert!(missed <= tolerance::CENTRAL_DIFFERENCE, "{model:?} {loss:?} {n} {p}: {missed:e}");
            }
        }
    }
}

/// The mean loss and R3 are means over the inputs, so that those of a sample are the weighted means of those
/// of its parts, and so are their derivatives.
#[test]
fn inputs_in_several_blocks_are_those_of_their_parts() {
    // At this width at most 512 inputs are in a block: the sample has three of them, and each part one.
    let case = Case::new(1100, 1030, 3, "blocks");
    let (w, v, lambda) = (moved(&case, "W"), moved(&case, "V"), [0.0, 0.0, 0.5, 0.0]);
    let parts = [0..300, 300..700, 700..1100];
    for model in [Model::Linear, Model::Quadratic, Model::QuadraticTerm, Model::Network] {
        let of = |rows: &std::ops::Range<usize>| {
            let x = case.x.as_ref().subrows(rows.start, rows.len());
            let of = Regularizers { cov: &case.cov, top: &case.top, net: &case.net, x };
            let (y, loss) = (&case.y[rows.clone()], Loss::PseudoHuber);
            RegularizedLoss::new(of, y, loss, lambda, model, DEFAULT_MEMORY, Par::Seq).unwrap()
        };
        let of_hessian = |objective: &RegularizedLoss<'_>| {
            expected_hessian_form(&objective.hessian(w.as_ref(), Par::Seq).unwrap(), v.as_ref(), Par::Seq)
                .unwrap()
        };
        let whole = of(&(0..1100));
        let mut sum = [(); 2].map(|()| Mat::<f64>::zeros(w.nrows(), w.ncols()));
        let (mut form, mut predictions) = (0.0, Vec::new());
        for rows in &parts {
            let (part, share) = (of(rows), rows.len() as f64 / 1100.0);
            sum[0] += faer::Scale(share) * gradient(&part, &w, Par::Seq);
            sum[1] += faer::Scale(share) * product(&part, &w, &v, Par::Seq);
            form += share * of_hessian(&part);
            let mut space = part.workspace();
            part.value(w.as_ref(), &mut space, Par::Seq).unwrap();
            predictions.extend_from_slice(space.f());
        }
        let mut space = whole.workspace();
        whole.value(w.as_ref(), &mut space, Par::Seq).unwrap();
        assert!(miss(space.f(), &predictions) <= 1e-12);
        let found = [gradient(&whole, &w, Par::rayon(2)), product(&whole, &w, &v, Par::rayon(2))];
        for (found, sum) in found.iter().zip(&sum) {
            let missed = (found - sum).norm_max() / sum.norm_max();
            assert!(missed <= 1e-12, "{model:?}: {missed:e}");
        }
        assert!((of_hessian(&whole) / form - 1.0).abs() <= 1e-12, "{model:?}");
        // The last block is no copy of the first.
        assert!((gradient(&of(&parts[0]), &w, Par::Seq) - &sum[0]).norm_max() > 1e-3 * sum[0].norm_max());
    }
}

#[test]
fn each_part_of_the_hessian_is_missed_when_it_is_left_out() {
    let case = Case::new(30, 12, 3, "neighbours");
    let (w, v) = (moved(&case, "W"), displacement(&case.net, 1.0, "V"));
    let wide = crate::construct::displacements::WIDE;
    let objective = case.objective(Loss::Square, LAMBDA, Model::Network);
    // Labels equal to the predictions: the curvature of the model drops out, as if σ'' were forgotten.
    let mut space = objective.workspace();
    objective.value(w.as_ref(), &mut space, Par::Seq).unwrap();
    let fitted = Case { y: space.f().to_vec(), ..Case::new(30, 12, 3, "neighbours") };
    let flat_model = product(&fitted.objective(Loss::Square, LAMBDA, Model::Network), &w, &v, Par::Seq);
    assert!(miss_of_product(&objective, &w, &v, &flat_model) > wide);
    // Another model, a regulariser left out, and twins that move the other way.
    let other = product(&case.objective(Loss::Square, LAMBDA, Model::Quadratic), &w, &v, Par::Seq);
    assert!(miss_of_product(&objective, &w, &v, &other) > wide);
    for i in 0..4 {
        let mut lambda = LAMBDA;
        lambda[i] = 0.0;
        let without = product(&case.objective(Loss::Square, lambda, Model::Network), &w, &v, Par::Seq);
        assert!(miss_of_product(&objective, &w, &v, &without) > wide, "λ{}", i + 1);
        assert!(
            miss_of_product(&case.objective(Loss::Square, lambda, Model::Network), &w, &v, &without) < 1e-8,
            "λ{}",
            i + 1
        );
    }
    let turned = Mat::from_fn(24, 3, |r, i| if r < 12 { v[(r, i)] } else { -v[(r, i)] });
    assert!(miss_of_product(&objective, &w, &v, &product(&objective, &w, &turned, Par::Seq)) > wide);
}

#[test]
fn the_quadratic_term_is_what_the_linear_model_lacks() {
    let case = Case::new(20, 9, 3, "term");
    let w = moved(&case, "W");
    let predictions = |model: Model, w: &Mat<f64>| {
        let objective = case.objective(Loss::Square, LAMBDA, model);
        let mut space = objective.workspace();
        objective.value(w.as_ref(), &mut space, Par::Seq).unwrap();
        space.f().to_vec()
    };
    let [linear, both, term] =
        [Model::Linear, Model::Quadratic, Model::QuadraticTerm].map(|model| predictions(model, &w));
    let direct = case.net.f_quadratic(case.x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    for i in 0..20 {
        assert!(
            (linear[i] + term[i] - both[i]).abs() < 1e-14 && (term[i] - direct[i]).abs() < 1e-14,
            "{}",
            term[i]
        );
        assert!(term[i].abs() > 1e-6);
    }
    // Twins that move alike make it vanish, and so does W = 0, which is stationary: the regularisers but R4
    // know of f_L and stay.
    let alike = Mat::from_fn(18, 3, |r, c| w[(r % 9, c)]);
    assert_eq!(predictions(Model::QuadraticTerm, &alike), vec![0.0; 20]);
    let nowhere = Mat::zeros(18, 3);
    assert_eq!(
        gradient(&case.objective(Loss::Square, LAMBDA, Model::QuadraticTerm), &nowhere, Par::Seq),
        nowhere
    );
    assert!(
        gradient(&case.objective(Loss::Square, LAMBDA, Model::Quadratic), &nowhere, Par::Seq).norm_max()
            > 1e-3
    );
}

#[test]
fn the_hessian_is_symmetric_and_its_bits_do_not_depend_on_the_threads() {
    let case = Case::new(600, 70, 3, "symmetry");
    let (w, u) = (moved(&case, "W"), displacement(&case.net, 1.0, "U"));
    let v = displacement(&case.net, 1.0, "V");
    for model in [Model::Quadratic, Model::QuadraticTerm, Model::Network] {
        let objective = case.objective(Loss::LogCosh, LAMBDA, model);
        let (hu, hv) = (product(&objective, &w, &u, Par::Seq), product(&objective, &w, &v, Par::Seq));
        let allowed = tolerance::HESSIAN_SYMMETRY * u.norm_l2() * hv.norm_l2();
        assert!((dot(&u, &hv) - dot(&v, &hu)).abs() <= allowed);
        assert_eq!(hv, product(&objective, &w, &v, Par::rayon(2)));
        assert_eq!(gradient(&objective, &w, Par::Seq), gradient(&objective, &w, Par::rayon(2)));
    }
}

#[test]
fn the_least_eigenvalue_of_a_hessian_by_both_routes() {
    let case = Case::new(40, 60, 3, "least");
    let w = moved(&case, "W");
    for model in [Model::Quadratic, Model::QuadraticTerm, Model::Network] {
        // Far from the labels, so that the curvature of the model shows.
        let objective = case.objective(Loss::PseudoHuber, [0.3, 0.2, 0.5, 1e-4], model);
        let hessian = objective.hessian(w.as_ref(), Par::Seq).unwrap();
        let exact = least_eigenvalue(&hessian, &LeastOptions::default(), Par::Seq).unwrap();
        let options = LeastOptions { dense: 0, tolerance: 1e-6, gap: 1e-3, ..LeastOptions::default() };
        let found = least_eigenvalue(&hessian, &options, Par::Seq).unwrap();
        assert!(
            exact.exact && exact.products == 360 && !found.exact && found.products < 200,
            "{}",
            found.products
        );
        assert!(
            found.lower_bound <= exact.value && exact.value <= found.value + 1e-13 * exact.norm,
            "{found:?}"
        );
        assert!(found.residual <= 1e-6 * found.norm && found.error() <= 1e-3 * found.norm);
        assert!(exact.value < 0.0, "{}", exact.value);
    }
}

#[test]
fn values_are_those_of_their_parts() {
    let case = Case::new(50, 20, 4, "parts");
    let w = moved(&case, "W");
    let of = Regularizers { cov: &case.cov, top: &case.top, net: &case.net, x: case.x.as_ref() };
    let expected = of.all(w.as_ref(), Par::Seq).unwrap();
    for loss in Loss::ALL {
        let objective = case.objective(loss, LAMBDA, Model::Network);
        let mut space = objective.workspace();
        let value = objective.value(w.as_ref(), &mut space, Par::Seq).unwrap();
        for i in 0..4 {
            assert!((value.regularizers[i] / expected[i] - 1.0).abs() < 1e-12, "R{}", i + 1);
        }
        let f = case.net.f(case.x.as_ref(), w.as_ref(), Par::Seq).unwrap();
        assert!(miss(space.f(), &f) < 1e-13);
        assert!((value.loss - loss.mean(&case.y, &f).unwrap()).abs() < 1e-13);
    }
}

#[test]
fn bad_input_is_refused() {
    let case = Case::new(5, 6, 3, "bad");
    let of = Regularizers { cov: &case.cov, top: &case.top, net: &case.net, x: case.x.as_ref() };
    let build = |y: &[f64], lambda: [f64; 4]| {
        RegularizedLoss::new(of, y, Loss::Square, lambda, Model::Network, 0, Par::Seq)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(build(&[0.0; 4], LAMBDA).contains("shape [4, 1]"));
    assert!(build(&[f64::NAN; 5], LAMBDA).contains("the labels holds NaN"));
    assert!(build(&[0.0; 5], [0.0, -1.0, 0.0, 0.0]).contains("λ2 = -1"));
    assert!(build(&[0.0; 5], [0.0, 0.0, 0.0, f64::INFINITY]).contains("λ4 = inf"));
    let objective = case.objective(Loss::Absolute, LAMBDA, Model::Quadratic);
    let w = moved(&case, "W");
    assert!(
        objective
            .hessian(w.as_ref(), Par::Seq)
            .map(|_| ())
            .unwrap_err()
            .to_string()
            .contains("second derivative")
    );
    let mut space = objective.workspace();
    let mut out = Mat::zeros(12, 3);
    assert!(objective.value(w.as_ref().subrows(0, 6), &mut space, Par::Seq).is_err());
    assert!(
        objective
            .value_and_gradient(w.as_ref(), out.as_mut().subrows_mut(0, 6), &mut space, Par::Seq)
            .is_err()
    );
    let huge = displacement(&case.net, 1e80, "W");
    assert!(objective.value(huge.as_ref(), &mut space, Par::Seq).unwrap_err().to_string().contains("inf"));
    assert!(
        objective
            .value(
                w.as_ref(),
                &mut Case::new(6, 6, 3, "bad").objective(Loss::Square, LAMBDA, Model::Linear).workspace(),
                Par::Seq
            )
            .is_err()
    );
    // Without λ4 an R4 that overflows is nobody's business.
    let open = case.objective(Loss::PseudoHuber, [0.0; 4], Model::Network);
    assert!(gradient(&open, &huge, Par::Seq).norm_max().is_finite());
}

#[test]
fn means_of_the_hessian_over_signs_are_those_of_enumeration() {
    let case = Case::new(30, 5, 3, "signs");
    let (w, v) = (moved(&case, "W"), displacement(&case.net, 0.7, "V"));
    let signed = |sign: &dyn Fn(usize) -> bool| {
        Mat::from_fn(10, 3, |r, i| if sign(r) { -v[(r, i)] } else { v[(r, i)] })
    };
    for model in [Model::Linear, Model::Quadratic, Model::Network] {
        // Everything together, and each part by itself.
        let alone = (0..5).map(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
        for lambda in [LAMBDA].into_iter().chain(alone) {
            let objective = case.objective(Loss::LogCosh, lambda, model);
            let hessian = objective.hessian(w.as_ref(), Par::Seq).unwrap();
            let form = |v: &Mat<f64>| {
                let mut out = Mat::zeros(10, 3);
                hessian.multiply(v.as_ref(), out.as_mut(), Par::Seq).unwrap();
                dot(v, &out)
            };
            let mean = (0..1 << 10).map(|word| form(&signed(&|r| word >> r & 1 == 1))).sum::<f64>() / 1024.0;
            let found = expected_hessian_form(&hessian, v.as_ref(), Par::Seq).unwrap();
            assert!((found / mean - 1.0).abs() < 1e-12, "{model:?} {lambda:?}: {found} {mean}");
            assert_eq!(found, expected_hessian_form(&hessian, v.as_ref(), Par::rayon(2)).unwrap());
            // Twins with one sign, and no signs at all, have other means.
            let paired =
                (0..1 << 5).map(|word| form(&signed(&|r| word >> (r % 5) & 1 == 1))).sum::<f64>() / 32.0;
            for other in [paired, form(&v)] {
                assert!(
                    (other / mean - 1.0).abs() > crate::construct::displacements::WIDE,
                    "{model:?} {lambda:?}: {other} {mean}"
                );
            }
        }
    }
    let objective = case.objective(Loss::Square, LAMBDA, Model::Network);
    let hessian = objective.hessian(w.as_ref(), Par::Seq).unwrap();
    assert!(expected_hessian_form(&hessian, v.as_ref().subrows(0, 5), Par::Seq).is_err());
}

#[test]
fn a_loss_and_its_conjugate_meet_at_the_slope() {
    for loss in Loss::ALL {
        for u in [-3.0, -0.7, -1e-3, 0.2, 1.0, 8.0] {
            let a = loss.d1(0.0, u);
            let sum = loss.value(0.0, u) + loss.conjugate(a);
            assert!((sum - a * u).abs() < 1e-14 * (1.0 + sum), "{} at {u}: {sum}", loss.name());
            // Young's inequality at another slope.
            let other = 0.5 * a + 0.1;
            assert!(loss.value(0.0, u) + loss.conjugate(other) >= other * u - 1e-14);
        }
        assert_eq!(loss.conjugate(1.5).is_infinite(), loss != Loss::Square);
    }
}
