//! Zonal coefficients against 25-digit values that were made by arbitrary-precision quadrature.

use escapement::activation::Activation;
use escapement::sphere::{self, FeatureLevels, Level, Truncation};
use serde_json::Value;

/// The three activations of the oracle files, written out here so that an error in the library's own cannot
/// hide.
#[derive(Debug, Clone)]
pub struct Written {
    pub kind: &'static str,
    pub shift: f64,
}

impl Activation for Written {
    fn name(&self) -> String {
        format!("{}:{}", self.kind, self.shift)
    }
    fn value(&self, z: f64) -> f64 {
        let z = z - self.shift;
        match self.kind {
            "sigmoid" => 1.0 / (1.0 + (-z).exp()),
            "tanh" => z.tanh(),
            _ => libm::erf(z),
        }
    }
    fn d1(&self, z: f64) -> f64 {
        let u = z - self.shift;
        match self.kind {
            "sigmoid" => 0.25 / (0.5 * u).cosh().powi(2),
            "tanh" => 1.0 / u.cosh().powi(2),
            _ => std::f64::consts::FRAC_2_SQRT_PI * (-u * u).exp(),
        }
    }
    fn d2(&self, z: f64) -> f64 {
        let u = z - self.shift;
        match self.kind {
            "sigmoid" => -(0.5 * u).tanh() * self.d1(z),
            "tanh" => -2.0 * u.tanh() * self.d1(z),
            _ => -2.0 * u * self.d1(z),
        }
    }
    fn d3(&self, z: f64) -> f64 {
        let u = z - self.shift;
        match self.kind {
            "sigmoid" => self.d1(z) * (1.0 - 6.0 * self.d1(z)),
            "tanh" => self.d1(z) * (4.0 - 6.0 * self.d1(z)),
            _ => self.d1(z) * (4.0 * u * u - 2.0),
        }
    }
}

struct Case {
    d: usize,
    activation: Written,
    trace: f64,
    degrees: Vec<Value>,
}

fn number(v: &Value) -> f64 {
    v.as_str().expect("numbers are strings").parse().expect("a number")
}

fn cases(text: &str) -> Vec<Case> {
    let all: Vec<Value> = serde_json::from_str(text).expect("the oracle file is JSON");
    all.into_iter()
        .map(|c| Case {
            d: c["d"].as_u64().expect("d") as usize,
            activation: Written {
                kind: match c["activation"].as_str().expect("activation") {
                    "sigmoid" => "sigmoid",
                    "tanh" => "tanh",
                    "erf" => "erf",
                    other => panic!("no activation {other} here"),
                },
                shift: c["shift"].as_f64().expect("shift"),
            },
            trace: number(&c["trace"]),
            degrees: c["degrees"].as_array().expect("degrees").clone(),
        })
        .collect()
}

fn low() -> Vec<Case> {
    cases(include_str!("../../data/zonal.json"))
}

/// Largest error of a column in units of what the oracle promises, `1e-12·max(|value|, 1e-3·largest)`.
fn misfit(got: &[f64], want: &[f64]) -> f64 {
    let top = want.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    got.iter().zip(want).map(|(g, w)| (g - w).abs() / (1e-12 * w.abs().max(1e-3 * top))).fold(0.0, f64::max)
}

fn column(case: &Case, key: &str) -> Vec<f64> {
    case.degrees.iter().map(|l| number(&l[key])).collect()
}

#[test]
fn every_column_of_the_low_degrees() {
    for case in low() {
        let top = case.degrees.len() - 1;
        let a = &case.activation;
        let levels = FeatureLevels::new(case.d, a, Truncation::Degree(top)).unwrap();
        let of = |f: fn(&Level) -> f64| levels.levels.iter().map(f).collect::<Vec<_>>();
        let columns = [
            ("dim", of(|l| l.dimension)),
            ("A", of(|l| l.a)),
            ("C", of(|l| l.c)),
            ("tau", of(|l| l.tau)),
            ("kappa", of(|l| l.kappa)),
            ("lambda_sigma1", sphere::lambda(case.d, &|z| a.d1(z), top).unwrap()),
            ("lambda_sigma2", sphere::lambda(case.d, &|z| a.d2(z), top).unwrap()),
        ];
        for (key, got) in &columns {
            let off = misfit(got, &column(&case, key));
            assert!(off <= 1.0, "{key} of {} at d = {}: {off} times the tolerance", a.name(), case.d);
        }
        assert!((levels.trace / case.trace - 1.0).abs() <= 1e-14, "trace of {} at d = {}", a.name(), case.d);
        let parts = levels.radial + (case.d as f64 - 1.0) * levels.tangential;
        assert!((parts / case.trace - 1.0).abs() <= 1e-14);
    }
}

/// False neighbours: formulas that are nearly right must miss.
#[test]
fn neighbours_of_the_formulas_miss() {
    for case in low() {
        let (d, a) = (case.d, &case.activation);
        let top = case.degrees.len() - 1;
        let levels = FeatureLevels::new(d, a, Truncation::Degree(top)).unwrap().levels;
        // τ off by a degree.
        let shifted: Vec<f64> = levels.iter().cycle().skip(1).take(top + 1).map(|l| l.tau).collect();
        assert!(misfit(&shifted, &column(&case, "tau")) > 1.0);
        // A_j off by 1e-10, a factor 100 above the tolerance.
        let scaled: Vec<f64> = levels.iter().map(|l| l.a * (1.0 + 1e-10)).collect();
        assert!(misfit(&scaled, &column(&case, "A")) > 1.0);
        // The weight of dimension d where d + 2 belongs, in C_j.
        let wrong = sphere::orthonormal_coefficients(d, &|z| a.d1(z), top).unwrap();
        let tau: Vec<f64> = levels
            .iter()
            .map(|l| {
                l.a_hat.powi(2)
                    + if l.degree == 0 { 0.0 } else { (d as f64 - 1.0) * wrong[l.degree - 1].powi(2) }
            })
            .collect();
        assert!(misfit(&tau, &column(&case, "tau")) > 1.0);
    }
}

#[test]
fn traces_of_high_degrees() {
    for case in cases(include_str!("../../data/zonal_high.json")) {
        let levels = FeatureLevels::new(case.d, &case.activation, Truncation::Degree(60)).unwrap();
        assert!((levels.trace / case.trace - 1.0).abs() <= 1e-14);
        for l in &case.degrees {
            let j = l["degree"].as_u64().expect("degree") as usize;
            let error = (levels.levels[j].tau - number(&l["tau"])).abs();
            assert!(error <= 1e-13 * case.trace, "tau_{j} at d = {}: off by {error:e}", case.d);
            // What the library says of its own rounding must cover the error, and be worth stating.
            assert!(error <= levels.rounding_allowance());
        }
        assert!(levels.rounding_allowance() <= 1e-13 * case.trace);
    }
}
