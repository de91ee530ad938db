//! What multipliers can do, by linear programs over the weights of given nodes.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SolverStatus::{
    AlmostDualInfeasible, AlmostPrimalInfeasible, DualInfeasible, PrimalInfeasible,
};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};
use faer::{Mat, MatRef, Par};

use super::multiplier::check_order;
use crate::ball::Ball;
use crate::{Error, Result, eigen, error, rounding};

/// The gap, relative or absolute, at which the solver stops.
const GAP: f64 = 1e-13;

/// The least `E[η²ξ²]` of a design of order k whose nodes are among the given ones, which lie in [−1, 1]:
/// `(Σ_l |c_l t_l|)²` at the least weights of a linear program. A node at 0 stands for the limit of designs
/// with nodes near 0. On all of [−1, 1] the infimum is `4^{k−2}`, see [`super::least_noise`].
///
/// # Errors
/// [`Error::Domain`] for an order below 2 or above 60, for a node outside [−1, 1] and for fewer than k
/// nodes; [`Error::Numerical`] where the solver refuses the program, or nodes coincide.
///
/// # Accuracy
/// The ball contains the optimum: weights that meet the equations bound it from above, the polynomial of
/// the dual program from below. For k ≤ 8 and some hundred nodes the radius is about 1e-8 of the value.
///
/// ```
/// use escapement::randomised::{least_noise, least_noise_on};
/// let nodes: Vec<f64> = (0..=12).map(|i| (std::f64::consts::PI * i as f64 / 12.0).cos()).collect();
/// let found = least_noise_on(4, &nodes)?;
/// assert!(found.contains(least_noise(4)?) && found.error < 1e-6);
/// // Equidistant nodes of the same number as the order do worse.
/// assert!(least_noise_on(4, &[-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0])?.lower() > 1.2 * least_noise(4)?);
/// # Ok::<(), escapement::Error>(())
/// ```
pub fn least_noise_on(k: usize, nodes: &[f64]) -> Result<Ball> {
    check_nodes(k, nodes, 1.0)?;
    let count = nodes.len();
    // ν_l = c_l t_l is the difference of two positive numbers.
    let power = |j: usize, l: usize| nodes[l % count].powi(j as i32);
    let matrix = Mat::from_fn(k, 2 * count, |j, l| if l < count { power(j, l) } else { -power(j, l) });
    let right: Vec<f64> = (0..k).map(|j| f64::from(u8::from(j + 1 == k))).collect();
    let Solution { unknowns, multipliers } = solve(&matrix, &right, &vec![1.0; 2 * count])?;
    let nu: Vec<f64> = (0..count).map(|l| unknowns[l] - unknowns[count + l]).collect();

    // The least change of ν by which the equations hold, and what rounding leaves of them.
    let powers = matrix.subcols(0, count);
    let square = powers * powers.transpose();
    let (values, vectors) = eigen::full_eigen(square.as_ref(), Par::Seq)?;
    let least = values[k - 1] - rounding::eigen(k, values[0]) - rounding::sum(count, 4 * k) * values[0];
    if least.is_nan() || least <= 0.0 {
        let why = "the equations of its moments depend on each other: are nodes equal?".to_string();
        return Err(Error::Numerical { what: "the linear program of the noise", why });
    }
    let rest = |nu: &[f64]| -> Mat<f64> {
        let moment = |j: usize| nu.iter().enumerate().map(|(l, nu)| nu * powers[(j, l)]).sum::<f64>();
        Mat::from_fn(k, 1, |j, _| right[j] - moment(j))
    };
    let mut turned = vectors.transpose() * rest(&nu);
    (0..k).for_each(|j| turned[(j, 0)] /= values[j]);
    let change = powers.transpose() * &vectors * turned;
    let nu: Vec<f64> = nu.iter().enumerate().map(|(l, nu)| nu + change[(l, 0)]).collect();
    let size: f64 = nu.iter().map(|nu| nu.abs()).sum();
    let left = rest(&nu).norm_l2() + (k as f64).sqrt() * rounding::sum(count + 1, k + 2) * (1.0 + size);
    let upper = size * (1.0 + rounding::sum(count, 1)) + left * (count as f64 / least).sqrt();

    // a_{k−1}/max|q| for the polynomial q of the multipliers.
    let value = |t: &f64| multipliers.iter().rev().fold(0.0, |sum, a| sum * t + a);
    let moduli: f64 = multipliers.iter().map(|a| a.abs()).sum();
    let largest = nodes.iter().map(|t| value(t).abs()).fold(0.0, f64::max);
    let largest = largest + rounding::sum(2 * k, 2) * moduli;
    let lower = multipliers[k - 1] / largest * (1.0 - 4.0 * f64::EPSILON);
    Ok(Ball::exact(lower.max(0.0)).hull(Ball::exact(upper)).powi(2))
}

/// The least E ξ² of a real random ξ with values among the nodes, E ξ = 0 and E ξ^k = 1, by a linear program
/// over the probabilities. It shows that no real multiplier silences the terms below order k ≥ 3,
/// which would need E ξ² = 0: on [−R, R] the infimum is at least `R^{2−k}`, because `ξ^k ≤ R^{k−2} ξ²`.
///
/// # Errors
/// As [`least_noise_on`], for nodes of any size. [`Error::Numerical`] where no ξ has these moments.
///
/// # Accuracy
/// No ξ falls below the lower end of the ball: the polynomial of the dual program, which is moved below ξ²,
/// bounds every ξ. The value is that of the solver.
pub fn least_square_on(k: usize, nodes: &[f64]) -> Result<Ball> {
    check_nodes(k, nodes, f64::INFINITY)?;
    let powers = [0, 1, k as i32];
    let largest = nodes.iter().fold(0.0_f64, |largest, t| largest.max(t.abs()));
    // In units of the largest node.
    let matrix = Mat::from_fn(3, nodes.len(), |j, l| (nodes[l] / largest).powi(powers[j]));
    let right = [1.0, 0.0, largest.powi(-powers[2])];
    let cost: Vec<f64> = nodes.iter().map(|t| (t / largest).powi(2)).collect();
    let Solution { multipliers: a, unknowns } = solve(&matrix, &right, &cost)?;
    let gap = |l: usize| cost[l] - (0..3).map(|j| a[j] * matrix[(j, l)]).sum::<f64>();
    let least = (0..nodes.len()).map(gap).fold(f64::INFINITY, f64::min);
    let moduli: f64 = 1.0 + a.iter().map(|a| a.abs()).sum::<f64>();
    let rounding = rounding::sum(8, 2 * k + 8) * moduli;
    let lower = a[0] + a[2] * right[2] + least.min(0.0) - rounding;
    let value: f64 = unknowns.iter().zip(&cost).map(|(mu, cost)| mu * cost).sum();
    Ok(Ball::new(value, (value - lower).abs()) * largest * largest)
}

/// The unknowns and the multipliers of the equations.
struct Solution {
    unknowns: Vec<f64>,
    multipliers: Vec<f64>,
}

/// Minimises `cost·μ` over μ ≥ 0 with `matrix μ = right`.
fn solve(matrix: &Mat<f64>, right: &[f64], cost: &[f64]) -> Result<Solution> {
    let (rows, count) = (matrix.nrows(), matrix.ncols());
    let mut triplets: (Vec<usize>, Vec<usize>, Vec<f64>) = Default::default();
    for l in 0..count {
        triplets.extend((0..rows).map(|j| (j, l, matrix[(j, l)])).filter(|entry| entry.2 != 0.0));
        triplets.extend([(rows + l, l, -1.0)]);
    }
    let constraints = CscMatrix::new_from_triplets(rows + count, count, triplets.0, triplets.1, triplets.2);
    let right = [right.to_vec(), vec![0.0; count]].concat();
    let cones = [SupportedConeT::ZeroConeT(rows), SupportedConeT::NonnegativeConeT(count)];
    let mut settings = DefaultSettings { verbose: false, ..DefaultSettings::default() };
    (settings.tol_gap_abs, settings.tol_gap_rel, settings.tol_feas) = (GAP, GAP, GAP);
    let none = CscMatrix::zeros((count, count));
    let refused = |why: String| Error::Numerical { what: "the linear program of a multiplier", why };
    let mut solver = DefaultSolver::new(&none, cost, &constraints, &right, &cones, settings)
        .map_err(|e| refused(e.to_string()))?;
    solver.solve();
    let status = solver.solution.status;
    let infeasible =
        matches!(status, PrimalInfeasible | DualInfeasible | AlmostPrimalInfeasible | AlmostDualInfeasible);
    let (unknowns, multipliers) = (solver.solution.x, solver.solution.z[..rows].iter().map(|z| -z));
    if infeasible || unknowns.iter().any(|x| !x.is_finite()) {
        return Err(refused(format!("the solver ends with {status:?}")));
    }
    Ok(Solution { multipliers: multipliers.collect(), unknowns })
}

/// Refuses orders and nodes that a program does not take.
fn check_nodes(k: usize, nodes: &[f64], largest: f64) -> Result<()> {
    check_order(k)?;
    error::finite("the nodes", MatRef::from_column_major_slice(nodes, nodes.len(), 1))?;
    if nodes.len() < k {
        return Err(Error::domain(
            "the number of nodes",
            nodes.len(),
            format!("order {k} needs at least {k}"),
        ));
    }
    match nodes.iter().find(|t| t.abs() > largest) {
        Some(t) => Err(Error::domain("a node", t, format!("it lies between −{largest} and {largest}"))),
        None => Ok(()),
    }
}
