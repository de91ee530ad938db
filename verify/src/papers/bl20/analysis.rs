//! A network of somebody's own under random multipliers.

use escapement::ball::Ball;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::randomised::{self, Design, Multiplier, over_signs};
use escapement::{Error, Result, seed, sphere};
use faer::{Mat, MatRef, Par};
use serde::Serialize;

/// What is to be found out.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The multiplier.
    pub multiplier: Multiplier,
    /// Labels, `[n]`, and the loss that is averaged over signs.
    pub labels: Option<(&'a [f64], Loss)>,
}

/// The law of f at n inputs under multipliers of order k. The lists have n numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// k.
    pub order: usize,
    /// f(x; W) without multipliers.
    pub f: Vec<f64>,
    /// The mean of f over the multipliers.
    pub mean: Vec<f64>,
    /// The variance of f.
    pub variance: Vec<f64>,
    /// f^{(k)}(x; W), which the mean follows.
    pub term: Vec<f64>,
    /// Mean losses over the inputs, where there are labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub losses: Option<Losses>,
}

/// Mean losses over the inputs.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Losses {
    /// The name of the loss.
    pub loss: &'static str,
    /// `E_S E_n ℓ(y, f(SW))`, and a bound on its error.
    pub randomised: f64,
    /// The bound.
    pub randomised_error: f64,
    /// `E_n ℓ(y, f_Q(W))`.
    pub quadratic: f64,
    /// `E_n ℓ(y, f(W))`, without signs.
    pub network: f64,
}

impl Question<'_> {
    /// The multiplier of this name, or the design of its order with nodes and coefficients of one's own.
    ///
    /// # Errors
    /// As [`Multiplier::parse`] and [`Design::new`]; nodes without coefficients, or for another multiplier
    /// than a design.
    pub fn multiplier(name: &str, own: [Option<&[f64]>; 2]) -> Result<Multiplier> {
        let known = Multiplier::parse(name)?;
        match (known, own) {
            (known, [None, None]) => Ok(known),
            (Multiplier::Design(design), [Some(nodes), Some(coefficients)]) => {
                Ok(Multiplier::Design(Design::new(design.order(), nodes, coefficients)?))
            }
            _ => {
                let allowed = "nodes and coefficients belong together, and to design:k";
                Err(Error::domain("the multiplier", name, allowed))
            }
        }
    }

    /// Computes the law of f at the inputs `x` (`[n, d]`) for the displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// What the core refuses: shapes that do not fit, numbers that are not finite, an activation without the
    /// derivatives, or without values at complex numbers. Labels for a multiplier other than signs.
    pub fn answer(
        &self,
        net: &PairedNetwork,
        x: MatRef<'_, f64>,
        w: MatRef<'_, f64>,
        par: Par,
    ) -> Result<Found> {
        let order = self.multiplier.order();
        let term = randomised::term(net, order, x, w, par)?;
        let f = net.f(x, w, par)?;
        if self.multiplier != Multiplier::Signs {
            if self.labels.is_some() {
                let allowed = "the mean loss is known for signs; leave the labels out";
                return Err(Error::domain("the order of the multiplier", order, allowed));
            }
            let law = self.multiplier.law(net, x, w, par)?;
            return Ok(Found { order, f, mean: law.mean, variance: law.variance, term, losses: None });
        }
        let law = over_signs(net, x, w, par)?;
        let losses = match self.labels {
            None => None,
            Some((y, loss)) => {
                let all = law.losses(loss, y, par)?;
                let (quadratic, network) = (loss.mean(y, &term)?, loss.mean(y, &f)?);
                let average = |of: fn(&Ball) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
                let [randomised, randomised_error] = [average(|l| l.value), average(|l| l.error)];
                Some(Losses { loss: loss.name(), randomised, randomised_error, quadratic, network })
            }
        };
        Ok(Found { order, f, mean: law.mean().to_vec(), variance: law.variance().to_vec(), term, losses })
    }
}

/// A displacement `[m, d]` with `‖W‖_{2,2k} = 1`: the neurons with a = 1 move alike, along one direction
/// that is drawn, so that f^{(k)} does not depend on m and f^{(1)} grows with it.
pub fn drawn(m: usize, d: usize, order: usize, root: u64) -> Mat<f64> {
    let rng = &mut seed::stream(root, &format!("d={d}"), "direction");
    let along = sphere::uniform_sphere(rng, 1, d, (0.5 * m as f64).powf(-0.5 / order as f64));
    Mat::from_fn(m, d, |r, c| if r < m / 2 { along[(0, c)] } else { 0.0 })
}
