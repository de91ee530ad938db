//! An activation of your own: a bump, which the library does not have, and what it does to Σ.
//!
//! ```sh
//! cargo run --release --example new_activation
//! ```

use escapement::activation::Activation;
use escapement::{Result, covariance::Covariance, seed, sphere};

/// `σ(z) = exp(−(z − c)²/2)`.
#[derive(Debug)]
struct Bump {
    center: f64,
}

impl Activation for Bump {
    fn name(&self) -> String {
        format!("bump:{}", self.center)
    }
    fn value(&self, z: f64) -> f64 {
        (-0.5 * (z - self.center).powi(2)).exp()
    }
    fn d1(&self, z: f64) -> f64 {
        -(z - self.center) * self.value(z)
    }
    fn d2(&self, z: f64) -> f64 {
        ((z - self.center).powi(2) - 1.0) * self.value(z)
    }
    fn d3(&self, z: f64) -> f64 {
        (3.0 - (z - self.center).powi(2)) * (z - self.center) * self.value(z)
    }
}

fn main() -> Result<()> {
    let (d, p) = (5, 100);
    let weights = sphere::uniform_sphere(&mut seed::stream(1, "new activation", "weights"), p, d, 1.0);
    for center in [0.0, 1.0] {
        let bump = Bump { center };
        let cov = Covariance::new(weights.as_ref(), &bump, sphere::Truncation::default())?;
        println!("{}: sup |σ'| = {:.4}, tr Σ = {:.6}", bump.name(), bump.suprema()[1].value, cov.trace());
        for level in cov.levels().levels.iter().take(4) {
            println!("  degree {}: eigenvalue κ = {:.6} at infinite width", level.degree, level.kappa);
        }
    }
    Ok(())
}

/// A bump about 0 is even, so that its features are even as well and Σ has no part of odd degree. A shift
/// ends that.
#[test]
fn an_even_activation_has_no_odd_levels() -> Result<()> {
    let level = |center: f64| -> Result<f64> {
        let levels = sphere::FeatureLevels::new(5, &Bump { center }, sphere::Truncation::default())?;
        Ok(levels.levels[1].kappa)
    };
    assert!(level(0.0)? < 1e-20 && level(1.0)? > 1e-3);
    main()
}
