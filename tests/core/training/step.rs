//! Steps of training: against the definition with derived bounds in f32 and f64, against reference
//! gradients, and R3 against its singular vectors; differences of the objective; the shortcuts; bad input.

use crate::construct::displacements::covariance;
use crate::data::{ORACLE, json, matrix, vector};
use crate::network::{displacement, miss, oracle_network};
use escapement::activation as sigma;
use escapement::network::PairedNetwork;
use escapement::objective::{Loss, Regularizers};
use escapement::tolerance::ACTIVATION_ROUNDINGS;
use escapement::training::{Model, Problem, Real, Value, descend};
use escapement::{seed, sphere};
use faer::{Mat, Par};
use proptest::prelude::*;

const MODELS: [Model; 4] = [Model::Linear, Model::Quadratic, Model::QuadraticTerm, Model::Network];
const LAMBDA: f64 = 0.7;

/// Everything that defines an objective, and where to evaluate it.
struct Case {
    net: PairedNetwork,
    x: Mat<f64>,
    y: Vec<f64>,
    basis: Mat<f64>,
    w: Mat<f64>,
    loss: Loss,
    model: Model,
}

impl Case {
    /// n inputs, p pairs, a basis of `rank` columns; a displacement that f32 represents exactly.
    fn new([n, p, d, rank]: [usize; 4], loss: Loss, model: Model) -> Self {
        let rng = &mut seed::stream(21, "training", "weights");
        let net = PairedNetwork::random(rng, p, d, sigma::parse("tanh:0.5").unwrap()).unwrap();
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y = (0..n).map(|i| x[(i, 0)] - x[(i, 1)] * x[(i, 2)]).collect();
        let basis = sphere::uniform_sphere(rng, n, rank.max(2), 1.0)
            .qr()
            .compute_thin_Q()
            .subcols(0, rank.min(n))
            .to_owned();
        let moved = displacement(&net, 0.3, "training");
        let w = Mat::from_fn(net.m(), d, |r, c| f64::from(moved[(r, c)] as f32));
        Self { net, x, y, basis, w, loss, model }
    }

    fn problem<T: Real>(&self) -> Problem<T> {
        Problem::new(&self.net, self.x.as_ref(), &self.y, self.loss, self.model, Par::Seq).unwrap()
    }

    fn regularised<T: Real>(&self, lambda: f64) -> Problem<T> {
        self.problem().with_r3(self.basis.as_ref(), lambda).unwrap()
    }

    /// Value, f_L, f and gradient of a problem at the displacement of the case.
    fn step<T: Real>(&self, problem: &Problem<T>, par: Par) -> (Value, Vec<f64>, Vec<f64>, Mat<f64>) {
        let w = Mat::from_fn(self.w.nrows(), self.w.ncols(), |r, c| T::nearest(self.w[(r, c)]));
        let (mut space, mut gradient) = (problem.workspace(), Mat::zeros(w.nrows(), w.ncols()));
        let value = problem.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, par).unwrap();
        let again = problem.value(w.as_ref(), &mut space, par).unwrap();
        assert_eq!(value, again, "the value with its gradient and without");
        let gradient = Mat::from_fn(w.nrows(), w.ncols(), |r, c| gradient[(r, c)].into());
        (value, space.f_linear().to_vec(), space.f().to_vec(), gradient)
    }
}

/// The definition, summed one term after another, and how far a computation with unit roundoff 1 could be
/// off.
struct Definition {
    f_linear: Vec<f64>,
    f: Vec<f64>,
    gradient: Mat<f64>,
    f_linear_allowed: Vec<f64>,
    f_allowed: Vec<f64>,
    gradient_allowed: Mat<f64>,
}

/// With δz = (d + 2)Σ|x||w| for a product, a term is off by δz times its derivative by z and some roundings
/// of its parts, a sum of the twins of a tile (at most 64 pairs) by 140 roundings of its absolute terms, a
/// sum over the inputs by n. σ and σ' themselves are off by their own roundings.
fn definition(case: &Case, lambda: f64) -> Definition {
    let Case { net, x, y, basis, w, loss, model } = case;
    let (n, p, d, m) = (x.nrows(), net.p(), net.d(), net.m());
    let (sigma, scale) = (net.activation(), (m as f64).sqrt().recip());
    let suprema = sigma.suprema().map(|s| s.value);
    let (roundings, product) = (140.0, d as f64 + 2.0);
    let dot = |a: &dyn Fn(usize) -> f64| (0..d).map(a).sum::<f64>();
    // Per input and neuron: ∂f/∂z and σ' without sign and scale, and the allowance of the former.
    let (mut slope, mut first, mut slope_allowed) = (Mat::zeros(n, m), Mat::zeros(n, m), Mat::zeros(n, m));
    let [mut f_linear, mut f, mut f_linear_allowed, mut f_allowed] = [(); 4].map(|()| vec![0.0; n]);
    for i in 0..n {
        for r in 0..m {
            let a = scale * net.sign(r);
            let z0 = dot(&|c| x[(i, c)] * net.weights()[(r % p, c)]);
            let z = dot(&|c| x[(i, c)] * w[(r, c)]);
            let size = dot(&|c| (x[(i, c)] * w[(r, c)]).abs());
            let (d1, d2) = (sigma.d1(z0), sigma.d2(z0));
            f_linear[i] += a * d1 * z;
            f_linear_allowed[i] += scale * (roundings + product) * d1.abs() * size;
            let (term, term_allowed);
            (term, term_allowed, slope[(i, r)], slope_allowed[(i, r)]) = match model {
                Model::Linear => (d1 * z, (roundings + product) * d1.abs() * size, d1, d1.abs()),
                Model::Quadratic => {
                    let allowed = (roundings + product) * (d1.abs() + d2.abs() * size) * size;
                    (
                        d1 * z + 0.5 * d2 * z * z,
                        allowed,
                        d1 + d2 * z,
                        3.0 * d1.abs() + (product + 3.0) * d2.abs() * size,
                    )
                }
                Model::QuadraticTerm => {
                    let allowed = (roundings + product) * d2.abs() * size * size;
                    (0.5 * d2 * z * z, allowed, d2 * z, (product + 3.0) * d2.abs() * size)
                }
                Model::Network => {
                    let moved = product * size + 2.0 * (z0.abs() + size);
                    let (value, d1) = (sigma.value(z0 + z), sigma.d1(z0 + z));
                    (
                        value,
                        suprema[1] * moved + (roundings + ACTIVATION_ROUNDINGS[0]) * value.abs(),
                        d1,
                        suprema[2] * moved + (1.0 + ACTIVATION_ROUNDINGS[1]) * d1.abs(),
                    )
                }
            };
            first[(i, r)] = d1;
            f[i] += a * term;
            f_allowed[i] += scale * term_allowed;
        }
    }
    let kept = basis.as_ref() * (basis.transpose() * faer::ColRef::from_slice(&f_linear));
    let h: Vec<f64> = (0..n).map(|i| 2.0 * lambda / n as f64 * (f_linear[i] - kept[i])).collect();
    let h_allowed = 2.0 * lambda / n as f64 * f_linear_allowed.iter().map(|e| e * e).sum::<f64>().sqrt();
    let g: Vec<f64> = (0..n).map(|i| loss.d1(y[i], f[i]) / n as f64).collect();
    let curvature = if *loss == Loss::Square { 2.0 } else { 1.0 };
    let (mut gradient, mut gradient_allowed) = (Mat::zeros(m, d), Mat::zeros(m, d));
    for i in 0..n {
        for r in 0..m {
            let (s, ds, d1) = (slope[(i, r)], slope_allowed[(i, r)], first[(i, r)].abs());
            let value = scale * net.sign(r) * (g[i] * s + h[i] * first[(i, r)]);
            let roundings = (n as f64 + 8.0) * ((g[i] * s).abs() + h[i].abs() * d1);
            let inherited = g[i].abs() * ds + curvature * f_allowed[i] / n as f64 * s.abs() + h_allowed * d1;
            for c in 0..d {
                gradient[(r, c)] += value * x[(i, c)];
                gradient_allowed[(r, c)] += scale * (roundings + inherited) * x[(i, c)].abs();
            }
        }
    }
    Definition { f_linear, f, gradient, f_linear_allowed, f_allowed, gradient_allowed }
}

/// The step in T meets the definition, within the allowance and that of the definition itself.
fn meets_the_definition<T: Real>(case: &Case, regularised: bool, roundoff: f64) {
    let lambda = if regularised { LAMBDA } else { 0.0 };
    let problem = if regularised { case.regularised::<T>(lambda) } else { case.problem() };
    let (value, f_linear, f, gradient) = case.step(&problem, Par::Seq);
    let want = definition(case, lambda);
    let unit = roundoff + case.net.m() as f64 * f64::EPSILON;
    let what = format!(
        "n = {}, p = {}, {:?}, {:?}, λ3 = {lambda}",
        problem.n(),
        case.net.p(),
        case.model,
        case.loss
    );
    for i in 0..problem.n() {
        assert!(
            (f_linear[i] - want.f_linear[i]).abs() <= unit * want.f_linear_allowed[i],
            "f_L at {i}: {what}"
        );
        assert!(
            (f[i] - want.f[i]).abs() <= unit * want.f_allowed[i],
            "f at {i}: {what}: {} for {}",
            f[i],
            want.f[i]
        );
    }
    for r in 0..problem.m() {
        for c in 0..problem.d() {
            let miss = (gradient[(r, c)] - want.gradient[(r, c)]).abs();
            assert!(miss <= unit * want.gradient_allowed[(r, c)], "gradient [{r}, {c}]: {miss:e}, {what}");
        }
    }
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    assert!(close(value.loss, case.loss.mean(&case.y, &f).unwrap()));
    assert!(close(value.objective, value.loss + lambda * value.r3));
    if regularised {
        let kept = case.basis.as_ref() * (case.basis.transpose() * faer::ColRef::from_slice(&f_linear));
        let (mut r3, mut whole) = (0.0, 0.0);
        for i in 0..problem.n() {
            r3 += (f_linear[i] - kept[i]).powi(2) / problem.n() as f64;
            whole += f_linear[i].powi(2) / problem.n() as f64;
        }
        assert!((value.r3 - r3).abs() <= 1e-12 * whole, "R3 = {}, not {r3}: {what}", value.r3);
    } else {
        assert_eq!(value.r3, 0.0);
    }
    let (other, _, _, same) = case.step(&problem, Par::rayon(2));
    assert!(other == value && same == gradient, "the same bits at any thread count: {what}");
}

#[test]
fn steps_of_every_shape_agree_with_the_definition() {
    // On both sides of a tile of 1024 inputs, and of tiles of 8 and 64 pairs; strides of a power of two.
    for sizes in
        [[1, 1, 3, 0], [3, 9, 4, 2], [1024, 8, 3, 5], [1025, 130, 5, 9], [30, 1025, 3, 4], [17, 1024, 6, 17]]
    {
        for model in MODELS {
            for (regularised, loss) in [(false, Loss::PseudoHuber), (true, Loss::Square)] {
                let case = Case::new(sizes, loss, model);
                meets_the_definition::<f64>(&case, regularised, 0.5 * f64::EPSILON);
                meets_the_definition::<f32>(&case, regularised, 0.5 * f64::from(f32::EPSILON));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn small_steps_agree_with_the_definition(
        (n, p, d, rank) in (1..40_usize, 1..40_usize, 3..20_usize, 0..4_usize),
        model in proptest::sample::select(MODELS.to_vec()),
        loss in proptest::sample::select(vec![Loss::PseudoHuber, Loss::LogCosh, Loss::Square]),
        regularised: bool,
    ) {
        let case = Case::new([n, p, d, rank], loss, model);
        meets_the_definition::<f64>(&case, regularised, 0.5 * f64::EPSILON);
        meets_the_definition::<f32>(&case, regularised, 0.5 * f64::from(f32::EPSILON));
    }
}

#[test]
fn reference_gradients() {
    for entry in json("network.json").as_array().unwrap() {
        let net = oracle_network(entry);
        let (cov, top) = covariance(&net, entry["n_k"].as_u64().unwrap() as usize);
        let (x, w, y) = (matrix(&entry["X"]), matrix(&entry["W"]), vector(&entry["y"]));
        let lambdas = vector(&entry["lambdas"]);
        // The reference differentiates the whole objective. R1, R2 and R3 are quadratic forms, so that a
        // symmetric difference is their derivative at any step; R4 = (Σ‖w_r‖⁴)².
        let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let at = |w: &Mat<f64>| regularizers.all(w.as_ref(), Par::Seq).unwrap();
        let values = at(&w);
        let penalty: f64 = lambdas.iter().zip(values).map(|(l, r)| l * r).sum();
        let of_penalty = Mat::from_fn(net.m(), net.d(), |r, c| {
            let moved = |step: f64| {
                Mat::from_fn(net.m(), net.d(), |i, j| w[(i, j)] + if (i, j) == (r, c) { step } else { 0.0 })
            };
            let (up, down) = (at(&moved(1.0)), at(&moved(-1.0)));
            let square: f64 = (0..net.d()).map(|j| w[(r, j)].powi(2)).sum();
            let forms: f64 = (0..3).map(|i| lambdas[i] * (up[i] - down[i]) / 2.0).sum();
            forms + lambdas[3] * 8.0 * values[3].sqrt() * square * w[(r, c)]
        });
        for (name, want) in entry["losses"].as_object().unwrap() {
            let (loss, model) = name.split_once('/').unwrap();
            let loss = Loss::parse(&loss.replace('_', "-")).unwrap();
            let model = if model == "network" { Model::Network } else { Model::Quadratic };
            let problem = Problem::<f64>::new(&net, x.as_ref(), &y, loss, model, Par::Seq).unwrap();
            let mut gradient = Mat::zeros(net.m(), net.d());
            let value = problem
                .value_and_gradient(w.as_ref(), gradient.as_mut(), &mut problem.workspace(), Par::Seq)
                .unwrap();
            let whole = want["value"].as_f64().unwrap();
            assert!(
                (value.objective + penalty - whole).abs() <= ORACLE * whole.abs(),
                "{name}: {}",
                value.objective + penalty
            );
            let gradient = gradient + &of_penalty;
            let want = matrix(&want["gradient"]);
            for c in 0..net.d() {
                let miss = miss(gradient.col_as_slice(c), want.col_as_slice(c));
                assert!(miss <= ORACLE, "{name}, component {c}: {miss:e}");
            }
        }
    }
}

#[test]
fn r3_is_that_of_the_singular_vectors() {
    // Φ is n × md; R3 = (1/n)‖ΦΠ vec W‖² with Π on all but its top right singular vectors, and its gradient
    // (2/n) ΠᵀΦᵀΦΠ vec W.
    let (n, rank) = (12, 5);
    let mut case = Case::new([n, 10, 4, 0], Loss::Square, Model::Quadratic);
    let (m, d, p) = (20, 4, 10);
    let feature = |i: usize, r: usize, c: usize| {
        let z: f64 = (0..d).map(|k| case.x[(i, k)] * case.net.weights()[(r % p, k)]).sum();
        case.net.sign(r) / (m as f64).sqrt() * case.net.activation().d1(z) * case.x[(i, c)]
    };
    let phi = Mat::from_fn(n, m * d, |i, k| feature(i, k / d, k % d));
    let w = Mat::from_fn(m * d, 1, |k, _| case.w[(k / d, k % d)]);
    let svd = phi.thin_svd().unwrap();
    let top = svd.V().subcols(0, rank);
    let beyond = |v: Mat<f64>| &v - top * (top.transpose() * &v);
    let f = &phi * beyond(w);
    let r3 = f.squared_norm_l2() / n as f64;
    let of_r3 = beyond(phi.transpose() * &f * (2.0 / n as f64));

    let plain = case.step(&case.problem::<f64>(), Par::Seq);
    case.basis = svd.U().subcols(0, rank).to_owned();
    let with = case.step(&case.regularised::<f64>(LAMBDA), Par::Seq);
    assert!(r3 > 1e-3 && (with.0.r3 / r3 - 1.0).abs() <= 1e-12, "{} for {r3}", with.0.r3);
    for k in 0..m * d {
        let found = with.3[(k / d, k % d)] - plain.3[(k / d, k % d)];
        assert!((found - LAMBDA * of_r3[(k, 0)]).abs() <= 1e-13, "{found} for {}", LAMBDA * of_r3[(k, 0)]);
    }
}

#[test]
fn gradients_are_those_of_the_value() {
    // Five points along a direction at distance t: error t⁴/30 times a fifth derivative, and rounding
    // 1.5·ε·|objective|·(roundings)/t.
    let t = 1e-2;
    for model in MODELS {
        for loss in [Loss::PseudoHuber, Loss::LogCosh, Loss::Square] {
            let case = Case::new([40, 30, 5, 6], loss, model);
            let problem = case.regularised::<f64>(LAMBDA);
            let (value, _, _, gradient) = case.step(&problem, Par::Seq);
            let along = displacement(&case.net, 1.0, "direction");
            let mut space = problem.workspace();
            let mut at = |t: f64| {
                let w = &case.w + &along * t;
                problem.value(w.as_ref(), &mut space, Par::Seq).unwrap().objective
            };
            let numeric = (at(-2.0 * t) - 8.0 * at(-t) + 8.0 * at(t) - at(2.0 * t)) / (12.0 * t);
            let exact: f64 =
                (0..5).map(|c| (0..60).map(|r| gradient[(r, c)] * along[(r, c)]).sum::<f64>()).sum();
            // The fifth derivative, from the sixth-order points of the same stencil.
            let fifth = (at(3.0 * t) - 4.0 * at(2.0 * t) + 5.0 * at(t) - 5.0 * at(-t) + 4.0 * at(-2.0 * t)
                - at(-3.0 * t))
                / (2.0 * t.powi(5));
            let allowed = t.powi(4) / 30.0 * 2.0 * fifth.abs() + 300.0 * f64::EPSILON * value.objective / t;
            assert!(exact.abs() > 1e3 * allowed, "{model:?}, {loss:?}: {allowed:e} would hide {exact}");
            assert!(
                (numeric - exact).abs() <= allowed,
                "{model:?}, {loss:?}: {numeric} for {exact}, allowed {allowed:e}"
            );
        }
    }
}

#[test]
fn shortcuts_change_nothing() {
    for model in MODELS {
        let mut case = Case::new([30, 20, 5, 30], Loss::Square, model);
        // All of R^n is left alone by R3: h is rounding, and the general backward pass must be that without
        // R3.
        case.basis = Mat::identity(30, 30);
        let (plain, general) = (
            case.step(&case.problem::<f64>(), Par::Seq),
            case.step(&case.regularised::<f64>(LAMBDA), Par::Seq),
        );
        assert_eq!((general.0.r3, general.0.loss), (0.0, plain.0.loss));
        for c in 0..5 {
            assert!(miss(general.3.col_as_slice(c), plain.3.col_as_slice(c)) <= 1e-14, "{model:?}");
        }
        // λ3 = 0 reports R3 and takes the short way.
        case.basis = Mat::zeros(30, 0);
        let free = case.step(&case.regularised::<f64>(0.0), Par::Seq);
        assert!(free.0.r3 > 0.0 && free.0.objective == plain.0.objective && free.3 == plain.3);
        // Any strides of W and of the gradient: rows that are contiguous, as descent keeps them.
        let problem = case.problem::<f64>();
        let (rows, mut gradient) = (case.w.transpose().to_owned(), Mat::zeros(5, 40));
        let out = gradient.as_mut().transpose_mut();
        problem.value_and_gradient(rows.transpose(), out, &mut problem.workspace(), Par::Seq).unwrap();
        assert_eq!(gradient.transpose().to_owned(), plain.3);
    }
}

/// W and the objective after three steps: each in one go, or as gradient, step and evaluation one after
/// another.
fn descended<T: Real>(problem: &Problem<T>, w: &Mat<f64>, par: Par, fused: bool) -> (Vec<u64>, Mat<f64>) {
    let (m, d) = (w.nrows(), w.ncols());
    let (mut wt, mut gradient) = (Mat::from_fn(d, m, |c, r| T::nearest(w[(r, c)])), Mat::<T>::zeros(d, m));
    let mut space = problem.workspace();
    let mut values = vec![problem.value(wt.transpose(), &mut space, par).unwrap()];
    for _ in 0..3 {
        values.push(if fused {
            problem.descend(wt.as_mut().transpose_mut(), 0.25, &mut space, par).unwrap()
        } else {
            problem
                .value_and_gradient(wt.transpose(), gradient.as_mut().transpose_mut(), &mut space, par)
                .unwrap();
            descend(wt.as_mut(), T::nearest(0.25), gradient.as_ref(), par);
            problem.value(wt.transpose(), &mut space, par).unwrap()
        });
    }
    let bits = values.iter().flat_map(|v| [v.loss, v.r3, v.objective]).map(f64::to_bits);
    (bits.collect(), Mat::from_fn(m, d, |r, c| wt[(c, r)].into()))
}

#[test]
fn a_step_in_one_go_is_the_step_to_the_bit() {
    // Several tiles, and a last one that is not full.
    let sizes = [40, 130, 3, 5];
    for model in MODELS {
        let case = Case::new(sizes, Loss::Square, model);
        for lambda in [0.0, LAMBDA] {
            let want = descended(&case.regularised::<f32>(lambda), &case.w, Par::Seq, false);
            assert!(
                want.0.iter().collect::<std::collections::BTreeSet<_>>().len() > 4,
                "{model:?}: it moves"
            );
            for par in [Par::Seq, Par::rayon(2)] {
                assert!(
                    descended(&case.regularised::<f32>(lambda), &case.w, par, true) == want,
                    "{model:?}, λ3 = {lambda}"
                );
            }
            let want = descended(&case.regularised::<f64>(lambda), &case.w, Par::Seq, false);
            assert!(
                descended(&case.regularised::<f64>(lambda), &case.w, Par::Seq, true) == want,
                "{model:?}, λ3 = {lambda}"
            );
        }
    }
    let problem = Case::new(sizes, Loss::Square, Model::Quadratic).problem::<f64>();
    let (mut space, mut w) = (problem.workspace(), Mat::zeros(260, 3));
    let refused = |w: &mut Mat<f64>, space: &mut escapement::training::Workspace<f64>, eta| {
        problem.descend(w.as_mut(), eta, space, Par::Seq).unwrap_err().to_string()
    };
    assert!(refused(&mut w, &mut space, 0.1).contains("one without an evaluation"));
    problem.value(w.as_ref(), &mut space, Par::Seq).unwrap();
    assert!(refused(&mut w, &mut space, f64::INFINITY).contains("the displacement holds"));
    assert!(
        refused(&mut w, &mut space, 0.1).contains("one without an evaluation"),
        "after an error there is none"
    );
}

#[test]
fn twins_that_move_alike_cancel_exactly() {
    for model in MODELS {
        let mut case = Case::new([50, 90, 7, 3], Loss::PseudoHuber, model);
        case.w = Mat::from_fn(180, 7, |r, c| case.w[(r % 90, c)]);
        for (value, f_linear, f, gradient) in [
            case.step(&case.regularised::<f64>(LAMBDA), Par::Seq),
            case.step(&case.regularised::<f32>(LAMBDA), Par::Seq),
        ] {
            assert!(f_linear.iter().chain(&f).all(|f| *f == 0.0) && value.r3 == 0.0, "{model:?}");
            assert!((0..90).all(|r| {
                (0..7).all(|c| gradient[(r, c)] == -gradient[(90 + r, c)] && gradient[(r, c)] != 0.0)
            }));
        }
    }
}

#[test]
fn bad_input_is_refused() {
    let case = Case::new([6, 4, 3, 2], Loss::Square, Model::Quadratic);
    let (x, y) = (case.x.as_ref(), case.y.as_slice());
    let build = |net: &PairedNetwork, x: faer::MatRef<'_, f64>, y: &[f64], model| {
        Problem::<f32>::new(net, x, y, Loss::Square, model, Par::Seq).map(|_| ()).unwrap_err().to_string()
    };
    assert!(build(&case.net, x.subcols(0, 2), y, Model::Linear).contains("the inputs has shape [6, 2]"));
    assert!(build(&case.net, x, &y[1..], Model::Linear).contains("the labels has shape [5, 1]"));
    assert!(build(&case.net, x.subrows(0, 0), &[], Model::Linear).contains("n = 0 ≥ 1"));
    assert!(build(&case.net, x, &[f64::NAN; 6], Model::Linear).contains("the labels holds NaN"));
    let relu = PairedNetwork::new(case.net.weights(), sigma::parse("relu").unwrap(), 1e-12).unwrap();
    assert!(build(&relu, x, y, Model::Quadratic).contains("relu"));

    let basis = |basis: &Mat<f64>, lambda| {
        case.problem::<f32>().with_r3(basis.as_ref(), lambda).map(|_| ()).unwrap_err().to_string()
    };
    assert!(basis(&Mat::identity(5, 2), 0.1).contains("the basis of R3 has shape [5, 2]"));
    assert!(basis(&Mat::identity(6, 7), 0.1).contains("the basis of R3 has shape [6, 7]"));
    assert!(basis(&Mat::from_fn(6, 2, |_, _| 1.0), 0.1).contains("orthonormal"));
    assert!(basis(&Mat::from_fn(6, 1, |_, _| f64::INFINITY), 0.1).contains("inf"));
    assert!(basis(&Mat::identity(6, 2), -0.1).contains("λ3 = -0.1"));
    assert!(basis(&Mat::identity(6, 2), f64::NAN).contains("λ3 = NaN"));

    // A dead ReLU would hide a NaN: every entry is looked at.
    for (net, model) in [(&case.net, Model::Quadratic), (&case.net, Model::Network), (&relu, Model::Network)]
    {
        let problem = Problem::<f32>::new(net, x, y, Loss::Square, model, Par::Seq).unwrap();
        let mut space = problem.workspace();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let w = Mat::from_fn(8, 3, |r, c| if (r, c) == (5, 2) { bad } else { 0.1 });
            let error = problem.value(w.as_ref(), &mut space, Par::Seq).unwrap_err().to_string();
            assert!(error.contains("the displacement holds"), "{error}");
            assert!(error.contains("row 5, column 2"), "{error}");
        }
        let w = Mat::<f32>::zeros(8, 3);
        assert!(problem.value(w.as_ref().subrows(0, 7), &mut space, Par::Seq).is_err());
        let mut narrow = Mat::zeros(8, 2);
        assert!(problem.value_and_gradient(w.as_ref(), narrow.as_mut(), &mut space, Par::Seq).is_err());
        if model == Model::Quadratic {
            let huge = Mat::from_fn(8, 3, |r, _| 1e30 * r as f32);
            let error = problem.value(huge.as_ref(), &mut space, Par::Seq).unwrap_err().to_string();
            assert!(error.contains("the objective is") && error.contains("7e30"), "{error}");
        }
        let other = problem.with_r3(Mat::identity(6, 2).as_ref(), 0.0).unwrap();
        assert!(other.value(w.as_ref(), &mut space, Par::Seq).unwrap_err().to_string().contains("r = 0"));
    }
}
