//! The measurements behind lemma-1, escape and random-signs against slow independent ones: sampled
//! initialisations, drawn signs, plain loops.

use escapement::construct::{self, LowDegree, Population, SparseTerm, Target, signs};
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::sphere::{self, Truncation};
use escapement::{activation, seed};
use escapement_verify::claim::distribution::student_quantile;
use escapement_verify::claim::{Claim, Tier};
use escapement_verify::papers::nbl22::letters::Letters;
use escapement_verify::papers::nbl22::{escape::Escape, lemma_1::Lemma1, random_signs::RandomSigns};
use faer::{Mat, Par};

fn target(d: usize, k: usize, alphas: &[f64]) -> Target {
    let b = sphere::uniform_sphere(&mut seed::stream(3, "claims_w_q", "directions"), alphas.len(), d, 1.0);
    let sparse = alphas
        .iter()
        .enumerate()
        .map(|(i, &alpha)| SparseTerm { alpha, beta: (0..d).map(|c| b[(i, c)]).collect() });
    Target::new(d, k, LowDegree::Zonal(vec![]), sparse.collect()).unwrap()
}

/// The mean of `draws` is `expected`, by a Student interval at confidence 1 − 1e-6.
fn agrees(draws: &[f64], expected: f64) -> bool {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let error = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
    (mean - expected).abs() <= student_quantile(1.0 - 0.5e-6, n - 1.0) * error
}

#[test]
fn averages_over_signs_are_those_of_drawn_signs() {
    for (d, k, m) in [(4, 1, 40), (4, 2, 60)] {
        let sigma = activation::parse("tanh:0.5").unwrap();
        let target = target(d, k, &[1.0, -0.5, 0.75]);
        let rng = &mut seed::stream(5, "claims_w_q", "signs");
        let net = PairedNetwork::random(rng, m / 2, d, sigma.clone()).unwrap();
        let w = construct::w_q(&net, &target).unwrap().w;
        let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::Tail(1e-12)).unwrap();
        let rank = target.n_k().unwrap();
        let request = Request::top(rank + 1);
        let pairs =
            eigen::solve(&cov, &request, RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq).unwrap();
        let top = TopSpace::new(&pairs, rank).unwrap();
        let x = sphere::uniform_sphere(rng, 20, d, (d as f64).sqrt());
        let zero = Mat::zeros(m, d);
        let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let exact =
            construct::expected_regularizers(regularizers, zero.as_ref(), w.as_ref(), Par::Seq).unwrap();
        let mut drawn = vec![Vec::new(); 3];
        for _ in 0..600 {
            let sw = signs::apply(&signs::draw(rng, m), zero.as_ref(), w.as_ref()).unwrap();
            let found = regularizers.all(sw.as_ref(), Par::Seq).unwrap();
            drawn.iter_mut().zip(found).for_each(|(d, r)| d.push(r));
        }
        for (i, draws) in drawn.iter().enumerate() {
            assert!(agrees(draws, exact[i]), "E_S R{} at k = {k}", i + 1);
            // The check bites: half as much again is noticed.
            assert!(!agrees(draws, 1.5 * exact[i]), "R{} at k = {k}: half as much again passes", i + 1);
        }
    }
}

#[test]
fn mean_squared_error_and_moments_are_those_of_sampled_neurons() {
    for name in ["sigmoid:1", "tanh:0.5"] {
        for k in [1, 2] {
            let (d, sigma) = (5, activation::parse(name).unwrap());
            let target = target(d, k, &[1.0, -0.5, 0.75]);
            let population = Population::new(sigma.as_ref(), &target).unwrap();
            let rng = &mut seed::stream(6, name, "neurons");
            // One neuron at a time, one input at a time: h σ'' (β·x)² − (β·x)^{k+1}.
            let count = 40_000;
            let (w, x) = (
                sphere::uniform_sphere(rng, count, d, 1.0),
                sphere::uniform_sphere(rng, count, d, (d as f64).sqrt()),
            );
            let (mut error, mut absolute, mut square) = (vec![], vec![], vec![]);
            for r in 0..count {
                let dot = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| {
                    (0..d).map(|i| a(i) * b(i)).sum::<f64>()
                };
                let beta = |i: usize| target.sparse()[0].beta[i];
                let h = population.h(0, dot(&|i| w[(r, i)], &beta));
                let along = dot(&|i| x[(r, i)], &beta);
                let z = dot(&|i| w[(r, i)], &|i| x[(r, i)]);
                error.push((h * sigma.d2(z) * along * along - along.powi(k as i32 + 1)).powi(2));
                absolute.push(h.abs());
                square.push(h * h);
            }
            let exact = population.mean_square_error(&[1, usize::MAX, usize::MAX]);
            assert!(
                agrees(&error, exact) && !agrees(&error, 1.2 * exact),
                "{name} k = {k}: mean squared error"
            );
            if k == 2 {
                let (a, s) = (population.absolutes()[0], population.squares()[0]);
                assert!(agrees(&absolute, a) && !agrees(&absolute, 1.1 * a), "{name}: E|h|");
                assert!(agrees(&square, s) && !agrees(&square, 1.1 * s), "{name}: E h²");
            }
        }
    }
}

#[test]
fn measurements_repeat_and_are_finite() {
    for claim in [&Lemma1 as &dyn Claim, &Escape, &RandomSigns] {
        let mut parts = std::collections::BTreeSet::new();
        let plan = claim.plan(Tier::Quick);
        // The smallest cell of each part and k.
        for cell in plan.iter().filter(|c| parts.insert((c.part.clone(), c.k()))) {
            let first = claim.measure(cell, 9).unwrap();
            first.check(cell).unwrap();
            assert_eq!(first, claim.measure(cell, 9).unwrap(), "{cell}");
            assert!(claim.predict(cell).flops > 0.0);
        }
        assert!(parts.len() >= 4);
    }
}
