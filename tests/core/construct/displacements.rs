//! W_Q, W_L, W*, R1..R4 and their averages over signs: reference values, identities, and false neighbours
//! that must miss them.

use crate::data::{ORACLE, json, matrix, vector};
use crate::network::{miss, oracle_network};
use escapement::construct::w_l::{ZonalMoment, w_l_from_moments, zonal_moments};
use escapement::construct::{
    self, LowDegree, Population, SparseTerm, Target, ZonalTerm, frobenius_sq, norm_2_4_pow4, w_l, w_q,
};
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::sphere::{self, Truncation, ZonalQuadrature};
use escapement::{activation, seed};
use faer::{Mat, MatRef, Par};
use serde_json::Value;

/// Far above the agreement asked for: a false neighbour must miss by this.
pub const WIDE: f64 = 1e-3;

/// Σ far beyond the degrees that matter, and the space of its top `rank` eigenvectors.
pub fn covariance(net: &PairedNetwork, rank: usize) -> (Covariance, TopSpace) {
    // Degree 80: the tails of the activations here are then below rounding.
    let cov = Covariance::new(net.weights(), net.activation(), Truncation::Degree(80)).unwrap();
    let request = Request::all().with_vectors();
    let pairs = eigen::solve(&cov, &request, RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq).unwrap();
    let top = TopSpace::new(&pairs, rank).unwrap();
    (cov, top)
}

fn entries(a: MatRef<'_, f64>) -> Vec<f64> {
    (0..a.nrows()).flat_map(|r| (0..a.ncols()).map(move |c| a[(r, c)])).collect()
}

fn random_unit(d: usize, key: &str) -> Vec<f64> {
    entries(sphere::uniform_sphere(&mut seed::stream(11, key, "unit"), 1, d, 1.0).as_ref())
}

struct Case {
    net: PairedNetwork,
    cov: Covariance,
    top: TopSpace,
    target: Target,
    x: Mat<f64>,
    entry: Value,
}

fn cases() -> Vec<Case> {
    let entries = json("express.json");
    let case = |entry: &Value| {
        let net = oracle_network(entry);
        let (k, n_k) = (entry["k"].as_u64().unwrap() as usize, entry["n_k"].as_u64().unwrap() as usize);
        let (cov, top) = covariance(&net, n_k);
        let betas = entry["beta"].as_array().unwrap().iter().map(vector);
        let sparse = vector(&entry["alpha"])
            .into_iter()
            .zip(betas)
            .map(|(alpha, beta)| SparseTerm { alpha, beta })
            .collect();
        let (eta, amp) = (vector(&entry["eta"]), entry["amp"].as_f64().unwrap());
        let low = (0..=k).map(|degree| ZonalTerm { degree, coefficient: amp, eta: eta.clone() }).collect();
        let target = Target::new(net.d(), k, LowDegree::Zonal(low), sparse).unwrap();
        Case { net, cov, top, target, x: matrix(&entry["X"]), entry: entry.clone() }
    };
    entries.as_array().unwrap().iter().map(case).collect()
}

#[test]
fn reference_values_of_the_constructions() {
    for Case { net, cov, top, target, x, entry } in cases() {
        let x = x.as_ref();
        let near = |name: &str, found: &[f64]| {
            let expected = match &entry[name] {
                Value::Array(rows) if rows[0].is_array() => entries(matrix(&entry[name]).as_ref()),
                Value::Array(_) => vector(&entry[name]),
                number => vec![number.as_f64().unwrap()],
            };
            let miss = miss(found, &expected);
            assert!(miss <= ORACLE, "{name}: {miss:e}");
        };
        let q = w_q(&net, &target).unwrap();
        let l = w_l(&cov, &top, &target, Par::Seq).unwrap();
        near("W_Q", &entries(q.w.as_ref()));
        near("W_L", &entries(l.as_ref()));
        near("f_Q_of_W_Q", &net.f_quadratic(x, q.w.as_ref(), Par::Seq).unwrap());
        near("f_L_of_W_L", &net.f_linear(x, l.as_ref(), Par::Seq).unwrap());
        near("f_sp", &target.f_sp(x).unwrap());
        near("f_k", &target.f_k(x).unwrap());
        near("W_Q_norm_2_4_pow4", &[norm_2_4_pow4(q.w.as_ref())]);
        near("W_L_frobenius_sq", &[frobenius_sq(l.as_ref())]);
        assert!((target.low_second_moment() - 1.0).abs() < 1e-14);
        let found = construct::expected_regularizers(
            Regularizers { cov: &cov, top: &top, net: &net, x },
            l.as_ref(),
            q.w.as_ref(),
            Par::Seq,
        )
        .unwrap();
        for (i, (f, e)) in found.iter().zip(vector(&entry["expected_regularizers_over_signs"])).enumerate() {
            assert!((f / e - 1.0).abs() <= ORACLE, "E_S R{}: {f} for {e}", i + 1);
        }
    }
}

#[test]
fn reference_values_of_the_regularizers() {
    for entry in json("network.json").as_array().unwrap() {
        let net = oracle_network(entry);
        let (cov, top) = covariance(&net, entry["n_k"].as_u64().unwrap() as usize);
        let (x, w) = (matrix(&entry["X"]), matrix(&entry["W"]));
        let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let found = regularizers.all(w.as_ref(), Par::Seq).unwrap();
        for (i, (f, e)) in found.iter().zip(vector(&entry["regularizers"])).enumerate() {
            assert!((f / e - 1.0).abs() <= ORACLE, "R{}: {f} for {e}", i + 1);
        }
        let whole = cov.quadratic_form(w.as_ref(), Par::Seq).unwrap();
        assert!((found[0] + found[1] - whole).abs() <= 1e-12 * whole, "R1 + R2 is the form of Σ");
    }
}

#[test]
fn zonal_harmonic_and_sampled_forms_of_a_target_agree() {
    for (d, k) in [(3, 1), (4, 3), (6, 2)] {
        let terms = (0..=k).flat_map(|degree| {
            ["a", "b"].map(|key| ZonalTerm {
                degree,
                coefficient: 0.5 + degree as f64,
                eta: random_unit(d, &format!("{key}{degree}")),
            })
        });
        let zonal =
            Target::new(d, k, LowDegree::Zonal(terms.collect()), vec![]).unwrap().normalised().unwrap();
        assert!((zonal.low_second_moment() - 1.0).abs() < 1e-14);
        let harmonic =
            Target::new(d, k, LowDegree::Harmonic(zonal.harmonic_coefficients().unwrap()), vec![]).unwrap();
        assert!((harmonic.low_second_moment() - 1.0).abs() < 1e-12);
        let x = sphere::uniform_sphere(&mut seed::stream(4, "forms", "inputs"), 300, d, (d as f64).sqrt());
        let values = zonal.f_k(x.as_ref()).unwrap();
        assert!(miss(&harmonic.f_k(x.as_ref()).unwrap(), &values) < 1e-12);
        let sampled = Target::from_values(x.as_ref(), &values, k, vec![]).unwrap();
        let LowDegree::Harmonic(c) = sampled.low() else { panic!("fitted in harmonics") };
        assert!(miss(c, &zonal.harmonic_coefficients().unwrap()) < 1e-12);
        // A degree too many is refused.
        let bent: Vec<f64> = (0..300).map(|i| values[i] + 1e-6 * x[(i, 0)].powi(k as i32 + 1)).collect();
        let refusal = Target::from_values(x.as_ref(), &bent, k, vec![]).unwrap_err().to_string();
        assert!(refusal.contains(&format!("degree at most {k}")), "{refusal}");
        let net = PairedNetwork::random(
            &mut seed::stream(4, "forms", "weights"),
            40,
            d,
            activation::parse("tanh:0.5").unwrap(),
        )
        .unwrap();
        let (cov, top) = covariance(&net, zonal.n_k().unwrap());
        let [a, b] = [&zonal, &harmonic].map(|t| entries(w_l(&cov, &top, t, Par::Seq).unwrap().as_ref()));
        let gap = miss(&b, &a);
        // W_L divides by λ_r: rounding is magnified by the condition of the top space at most.
        let condition = top.eigenvalues()[0] / top.eigenvalues()[top.rank() - 1];
        assert!(gap < 1e-13 * condition, "{gap:e} at condition {condition:e}");
    }
}

#[test]
fn feature_moments_are_averages() {
    // E[φ_r P_j] by integration over the plane of w and η: z = w·x̂, and the component of η across w.
    let (d, j) = (5, 2);
    let net = PairedNetwork::random(
        &mut seed::stream(9, "moments", "weights"),
        1,
        d,
        activation::parse("sigmoid:1").unwrap(),
    )
    .unwrap();
    let cov = Covariance::new(net.weights(), net.activation(), Truncation::default()).unwrap();
    let eta = random_unit(d, "eta");
    let term = ZonalTerm { degree: j, coefficient: 1.0, eta: eta.clone() };
    let exact = ZonalMoment::exact(cov.levels(), j).unwrap();
    let w: Vec<f64> = entries(net.weights());
    let t: f64 = w.iter().zip(&eta).map(|(a, b)| a * b).sum();
    let s = (1.0 - t * t).sqrt();
    let (outer, inner) = (ZonalQuadrature::new(d, 64).unwrap(), ZonalQuadrature::new(d - 1, 64).unwrap());
    let (root, legendre) = ((d as f64).sqrt(), sphere::Gegenbauer::new(d).unwrap());
    let average = |g: &dyn Fn(f64, f64) -> f64| {
        outer.expect(|z| {
            let across = (1.0 - z * z).sqrt();
            net.activation().d1(root * z)
                * inner.expect(|y| legendre.value(j, t * z + s * across * y) * root * g(z, across * y))
        })
    };
    let (along, across) = (average(&|z, _| z), average(&|_, y| y));
    let scale = 2.0_f64.sqrt().recip();
    let expected: Vec<f64> =
        (0..d).map(|i| scale * (along * w[i] + across * (eta[i] - t * w[i]) / s)).collect();
    let with = |part: ZonalMoment| {
        entries(zonal_moments(&cov, std::slice::from_ref(&term), &[part]).unwrap().as_ref().transpose())
    };
    assert!(miss(&with(exact), &expected) < 1e-13);
    // Without −t w, and with A_j or C_j scaled.
    for wrong in [
        ZonalMoment { projection: 0.0, ..exact },
        ZonalMoment { radial: 1.01 * exact.radial, ..exact },
        ZonalMoment { tangential: -exact.tangential, ..exact },
    ] {
        assert!(miss(&with(wrong), &expected) > WIDE, "{wrong:?}");
    }
}

#[test]
fn false_neighbours_of_w_l_miss_the_reference() {
    for Case { cov, top, target, entry, .. } in cases() {
        let LowDegree::Zonal(terms) = target.low() else { panic!("the oracle is zonal") };
        let exact: Vec<ZonalMoment> =
            terms.iter().map(|t| ZonalMoment::exact(cov.levels(), t.degree).unwrap()).collect();
        let built = |change: &dyn Fn(ZonalMoment) -> ZonalMoment| {
            let parts: Vec<ZonalMoment> = exact.iter().map(|&p| change(p)).collect();
            let moments = zonal_moments(&cov, terms, &parts).unwrap();
            entries(w_l_from_moments(&top, moments.as_ref(), Par::Seq).unwrap().as_ref())
        };
        let expected = entries(matrix(&entry["W_L"]).as_ref());
        assert!(miss(&built(&|p| p), &expected) <= ORACLE);
        assert!(miss(&built(&|p| ZonalMoment { projection: 0.0, ..p }), &expected) > WIDE, "without −t w");
        assert!(miss(&built(&|p| ZonalMoment { tangential: 0.0, ..p }), &expected) > WIDE);
    }
}

/// `E_{W0} f_Q(x; W_Q)` at `t = β·x/√d` for one term, from W_Q itself: `f_Q` of a network whose only neuron
/// w is averaged over the sphere by a product rule in the plane of w and x.
fn population_mean(d: usize, k: usize, alpha: f64, name: &str, twins: bool, t: f64) -> f64 {
    let sigma = activation::parse(name).unwrap();
    let axis = |i: usize| (0..d).map(|c| if c == i { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    let target =
        Target::new(d, k, LowDegree::Zonal(vec![]), vec![SparseTerm { alpha, beta: axis(0) }]).unwrap();
    let population = Population::new(sigma.as_ref(), &target).unwrap();
    let s = (1.0 - t * t).sqrt();
    let x = Mat::from_fn(1, d, |_, c| (d as f64).sqrt() * [t, s].get(c).copied().unwrap_or(0.0));
    let (outer, inner) = (ZonalQuadrature::new(d, 40).unwrap(), ZonalQuadrature::new(d - 1, 40).unwrap());
    outer.expect(|z| {
        inner.expect(|y| {
            let across = (1.0 - z * z).sqrt();
            let w = Mat::from_fn(1, d, |_, c| match c {
                0 => z,
                1 => across * y,
                2 => across * (1.0 - y * y).sqrt(),
                _ => 0.0,
            });
            let net = PairedNetwork::new(w.as_ref(), sigma.clone(), 1e-12).unwrap();
            let mut q = construct::w_q_from(&net, &target, population.clone()).unwrap().w;
            if !twins {
                (0..d).for_each(|c| q[(1, c)] = 0.0);
            }
            net.f_quadratic(x.as_ref(), q.as_ref(), Par::Seq).unwrap()[0]
        })
    })
}

#[test]
fn w_q_is_unbiased_and_needs_both_twins() {
    for (d, k, alpha, name) in [(4, 1, -0.7, "sigmoid:1"), (5, 2, 0.9, "tanh:0.5"), (4, 3, 0.4, "sigmoid:1")]
    {
        for t in [-0.8, 0.1, 0.6] {
            let expected = alpha * ((d as f64).sqrt() * t).powi(k as i32 + 1);
            let found = population_mean(d, k, alpha, name, true, t);
            // The sigmoid at k = 3 divides by a small s_2: 40 nodes leave 1e-11 there.
            assert!(
                (found - expected).abs() <= 1e-10 * (1.0 + expected.abs()),
                "{found} for {expected} at d = {d}, k = {k}"
            );
        }
        // Without the second twin only where h > 0 counts.
        let lost = (population_mean(d, k, alpha, name, false, 0.6)
            - alpha * ((d as f64).sqrt() * 0.6).powi(k as i32 + 1))
        .abs();
        assert!(lost > WIDE || (k == 1 && alpha > 0.0), "a missing twin costs {lost}");
    }
}

#[test]
fn groups_carry_their_own_weight() {
    // R = 3 does not divide p = 10: groups of 4, 3 and 3. At k = 1, h is constant, so ‖w_r‖² is the same in
    // a group and Σ_{r∈i} ‖w_r‖² is 2√m|h_i| exactly; with R/p for 1/p_i it is biased.
    let rng = &mut seed::stream(6, "groups", "weights");
    let net = PairedNetwork::random(rng, 10, 5, activation::parse("sigmoid:1").unwrap()).unwrap();
    let sparse = [0.9, -0.5, 0.2]
        .iter()
        .enumerate()
        .map(|(i, &alpha)| SparseTerm { alpha, beta: random_unit(5, &format!("beta{i}")) });
    let target = Target::new(5, 1, LowDegree::Zonal(vec![]), sparse.collect()).unwrap();
    let built = w_q(&net, &target).unwrap();
    assert_eq!(built.groups, [4, 3, 3]);
    let root = 20.0_f64.sqrt();
    for i in 0..3 {
        let rows = (0..10)
            .filter(|r| r % 3 == i)
            .map(|r| built.w.row(r).squared_norm_l2() + built.w.row(10 + r).squared_norm_l2());
        let sum: f64 = rows.sum();
        let expected = 2.0 * root * built.population.absolutes()[i];
        assert!((sum / expected - 1.0).abs() < 1e-14);
        let biased = sum * built.groups[i] as f64 * 3.0 / 10.0;
        assert!((biased / expected - 1.0).abs() > 0.09, "R/p for 1/p_i");
    }
    // At k = 1 the norms do not depend on the draw.
    assert!(
        (norm_2_4_pow4(built.w.as_ref()) / built.population.norm_2_4_pow4(20, &built.groups) - 1.0).abs()
            < 1e-13
    );
    assert!((frobenius_sq(built.w.as_ref()) / built.population.frobenius_sq(20) - 1.0).abs() < 1e-13);
}

#[test]
fn population_quantities_agree_with_draws() {
    // Means over independent networks, judged at six standard errors: a false alarm has odds of one in 10⁸.
    for (d, k, name) in [(4, 2, "tanh:0.5"), (3, 3, "sigmoid:1"), (6, 1, "erf:0.3")] {
        let sparse = [0.9, -0.6]
            .iter()
            .enumerate()
            .map(|(i, &alpha)| SparseTerm { alpha, beta: random_unit(d, &format!("beta{i}")) });
        let target = Target::new(d, k, LowDegree::Zonal(vec![]), sparse.collect()).unwrap();
        let (p, n, draws) = (7, 8, 4000);
        let groups = construct::groups(p, 2);
        let sigma = activation::parse(name).unwrap();
        let population = Population::new(sigma.as_ref(), &target).unwrap();
        let rng = &mut seed::stream(8, name, "draws");
        let mut samples = [(); 3].map(|()| Vec::with_capacity(draws));
        for _ in 0..draws {
            let net = PairedNetwork::random(rng, p, d, sigma.clone()).unwrap();
            let q = construct::w_q_from(&net, &target, population.clone()).unwrap();
            let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
            let (f, sp) = (
                net.f_quadratic(x.as_ref(), q.w.as_ref(), Par::Seq).unwrap(),
                target.f_sp(x.as_ref()).unwrap(),
            );
            samples[0].push(norm_2_4_pow4(q.w.as_ref()));
            samples[1].push(frobenius_sq(q.w.as_ref()));
            samples[2].push(f.iter().zip(&sp).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / n as f64);
        }
        let exact = [
            population.norm_2_4_pow4(2 * p, &groups),
            population.frobenius_sq(2 * p),
            population.mean_square_error(&groups),
        ];
        for (sample, exact) in samples.iter().zip(exact) {
            let mean = sample.iter().sum::<f64>() / draws as f64;
            let error = (sample.iter().map(|s| (s - mean).powi(2)).sum::<f64>()).sqrt() / draws as f64;
            assert!(
                (mean - exact).abs() <= 6.0 * error + 1e-12 * exact,
                "{name}: {mean} ± {error} for {exact}"
            );
        }
    }
    let target = Target::new(
        100,
        2,
        LowDegree::Zonal(vec![]),
        vec![SparseTerm { alpha: 1.0, beta: random_unit(100, "b") }],
    )
    .unwrap();
    let population = Population::new(activation::parse("sigmoid:1").unwrap().as_ref(), &target).unwrap();
    // h is c·t at k = 2, and E|t| = Γ(d/2)/(√π Γ((d+1)/2)).
    let mean = (libm::lgamma(50.0) - libm::lgamma(50.5)).exp() / std::f64::consts::PI.sqrt();
    assert!((population.absolutes()[0] / (population.series()[1].abs() * mean) - 1.0).abs() < 1e-12);

    // Another target of these d and k has the same functions with its own α_i.
    let alphas = [0.5, -0.25];
    let terms = alphas.map(|alpha| SparseTerm { alpha, beta: random_unit(100, "b") });
    let other = Target::new(100, 2, LowDegree::Zonal(vec![]), terms.to_vec()).unwrap();
    let of_other = Population::new(activation::parse("sigmoid:1").unwrap().as_ref(), &other).unwrap();
    let served = population.with_terms(&other);
    assert_eq!((served.squares(), served.absolutes()), (of_other.squares(), of_other.absolutes()));
    assert_ne!(served.squares()[0], population.squares()[0]);
}

#[test]
fn bad_targets_are_refused() {
    let e = |i: usize| (0..4).map(|c| if c == i { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    let sparse = |alpha: f64, beta: Vec<f64>| vec![SparseTerm { alpha, beta }];
    let none = || LowDegree::Zonal(vec![]);
    let zonal = |degree: usize, coefficient: f64, eta: Vec<f64>| {
        LowDegree::Zonal(vec![ZonalTerm { degree, coefficient, eta }])
    };
    for (d, k, low, sparse, part) in [
        (2, 1, none(), vec![], "d = 2"),
        (4, 0, none(), vec![], "k = 0"),
        (4, 1, none(), sparse(1.5, e(0)), "alpha = 1.5"),
        (4, 1, none(), sparse(f64::NAN, e(0)), "alpha = NaN"),
        (4, 1, none(), sparse(1.0, vec![0.6; 4]), "the norm of beta of sparse term 1 = 1.2"),
        (
            4,
            1,
            none(),
            sparse(1.0, vec![1.0]),
            "the length of beta of sparse term 1 = 1 is not allowed: d = 4",
        ),
        (
            4,
            1,
            none(),
            sparse(1.0, vec![f64::INFINITY, 0.0, 0.0, 0.0]),
            "an entry of beta of sparse term 1 = inf",
        ),
        (4, 1, zonal(2, 1.0, e(0)), vec![], "degree = 2"),
        (4, 1, zonal(1, 1.0, vec![0.0; 4]), vec![], "the norm of eta of low-degree term 1 = 0"),
        (4, 1, zonal(1, f64::NAN, e(0)), vec![], "coefficient = NaN"),
        (4, 1, LowDegree::Harmonic(vec![1.0; 4]), vec![], "n_k = 5"),
    ] {
        let message = Target::new(d, k, low, sparse).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    assert!(Target::new(4, 1, none(), vec![]).unwrap().normalised().is_err());
    let net = |name: &str, p: usize| {
        PairedNetwork::random(&mut seed::stream(1, "bad", "weights"), p, 4, activation::parse(name).unwrap())
            .unwrap()
    };
    let two = || vec![SparseTerm { alpha: 1.0, beta: e(0) }, SparseTerm { alpha: 1.0, beta: e(1) }];
    let target = |k: usize| Target::new(4, k, none(), two()).unwrap();
    let refused = |net: PairedNetwork, k: usize| w_q(&net, &target(k)).unwrap_err().to_string();
    assert!(refused(net("sigmoid", 5), 1).contains("s_0 = λ_0(σ'')"), "{}", refused(net("sigmoid", 5), 1));
    assert!(refused(net("tanh", 5), 3).contains("s_0"));
    assert!(w_q(&net("sigmoid", 5), &target(2)).is_ok(), "an odd σ'' serves k = 2");
    assert!(refused(net("sigmoid:1", 1), 1).contains("R = 2"));
    assert!(refused(net("relu", 5), 1).contains("relu"));
    let other = Target::new(5, 1, none(), vec![]).unwrap();
    assert!(w_q(&net("sigmoid:1", 5), &other).unwrap_err().to_string().contains("d = 4"));
}
