//! The largest eigenvalue of Σ is never below its limit at infinite width, whatever the weights.

use escapement::activation;
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice};
use escapement::sphere::{Truncation, uniform_sphere};
use escapement_verify::{
    Bound, Card, Cell, Claim, Measurement, Neighbour, Paper, Parameter, Prediction, Side, Sweep, Tier,
};
use faer::{Mat, Par};

/// `λ_1(Σ) ≥ max_j κ_j` for any unit weights; for random ones the excess is of the order of √(d/m).
pub struct TopEigenvalue;

/// Where the claim comes from: here, this crate.
static PAPER: Paper = Paper {
    // Raise it whenever a claim measures differently: it is part of the key under which records are kept.
    revision: "1",
    claims: || vec![Box::new(TopEigenvalue)],
    ..Paper::new("example", "A claim in a crate of its own")
};

const CARD: Card = Card {
    statement: r"\lambda_1(\Sigma) \ge \max_j \kappa_j, \qquad \frac{\lambda_1(\Sigma)}{\max_j \kappa_j} - 1
        \asymp \sqrt{\frac{d}{m}}",
    reference: "docs/adding-a-claim.md",
    hypotheses: "Unit weights; for the rate, independent and uniform ones.",
    method: "The exact largest eigenvalue of Σ for equal, clustered and uniform weights, the last along m \
        at d = 3 and 6.",
    refuted_by: "A largest eigenvalue below max_j κ_j by more than its error; an excess that does not \
        follow m^{-1/2}.",
    variables: &["m", "d"],
    ..Card::new(&PAPER, "top-eigenvalue", "The top of Σ lies above its limit")
};

impl Claim for TopEigenvalue {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 20 } else { 40 };
        let mut cells = Vec::new();
        for d in [3, 6] {
            for activation in ["sigmoid:1", "tanh:0.5"] {
                let cell =
                    |part: &str| Cell::new(self.id(), part).with(Parameter::D, d).activation(activation);
                for part in ["equal", "cap"] {
                    cells.push(cell(part).with(Parameter::M, 100));
                }
                for m in [40, 80, 160, 320, 640, 1280] {
                    cells.extend(
                        (0..replicates)
                            .map(|replicate| cell("uniform").with(Parameter::M, m).replicate(replicate)),
                    );
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let order = (cell.d() * cell.m() / 2) as f64;
        Prediction { flops: 1e6 + 10.0 * order * order, bytes: 1e6 + 40.0 * (cell.m() * cell.m()) as f64 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> escapement_verify::Result<Measurement> {
        let drawn = uniform_sphere(&mut cell.stream(seed, "weights"), cell.m() / 2, cell.d(), 1.0);
        let weights = match cell.part.as_str() {
            "equal" => around_first(&drawn, 0.0),
            "cap" => around_first(&drawn, 0.5),
            _ => drawn,
        };
        let sigma = activation::parse(&cell.activation)?;
        let cov = Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::default())?;
        let top = eigen::solve(&cov, &Request::top(1), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq)?;
        let largest = top.eigenvalues[0];
        let error = top.residual_max + top.rounding_bound() + top.truncation_bound;

        let levels = cov.levels();
        let kappa = |short: f64| {
            levels
                .levels
                .iter()
                .skip(1)
                .map(move |l| l.tau / (l.dimension - short))
                .fold(levels.levels[0].tau, f64::max)
        };
        let rounding = levels.rounding_allowance();
        Ok(Measurement::new()
            .quantity("λ_1", largest, error)
            .quantity("max κ", kappa(0.0), rounding)
            .quantity("max κ, one dimension short", kappa(1.0), rounding)
            .quantity("excess", largest / kappa(0.0) - 1.0, (error + rounding) / kappa(0.0))
            .quantity("√(d/m)", (cell.d() as f64 / cell.m() as f64).sqrt(), f64::EPSILON)
            .hypothesis("unit weights", true, "drawn from the sphere, or normalised"))
    }

    fn bounds(&self) -> Vec<Bound> {
        let short = Neighbour::rhs("max κ, one dimension short", "B(d,j) − 1 in place of B(d,j)");
        vec![
            Bound::inequality("floor", "λ_1(Σ) ≥ max_j κ_j", "λ_1", Side::Lower, "max κ", short),
            Bound::growth(
                "excess",
                "λ_1(Σ)/max_j κ_j − 1 ≍ √(d/m)",
                "excess",
                "√(d/m)",
                Sweep::both(Parameter::M, |_| -0.5),
            )
            .part("uniform")
            .headline(),
        ]
    }
}

/// Unit weights about the first row of `drawn`: that row plus `spread` times each row, normalised.
fn around_first(drawn: &Mat<f64>, spread: f64) -> Mat<f64> {
    let shifted = Mat::from_fn(drawn.nrows(), drawn.ncols(), |r, i| drawn[(0, i)] + spread * drawn[(r, i)]);
    Mat::from_fn(drawn.nrows(), drawn.ncols(), |r, i| shifted[(r, i)] / shifted.row(r).norm_l2())
}
