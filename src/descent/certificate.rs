//! A lower bound on the least eigenvalue from a Lanczos process with a uniform random start.

/// A lower bound on the least eigenvalue a of a symmetric operator H of order `n`, from k steps of the
/// Lanczos process with a start q_1 that is uniform on the sphere: from its Ritz values θ_1 ≤ … ≤ θ_k
/// (`ritz`) and its coefficients β_1..β_k (`betas`, the last of which is the norm of the next direction
/// before it is normalised). In exact arithmetic the bound fails with a probability of at most `failure`
/// over the start. It is the larger of two bounds:
///
/// - *from this process* (van Dorsselaer, Hochstenbach and van der Vorst, SIAM J. Matrix Anal. Appl. 22
///   (2000) 837–852, their Lanczos polynomials). With `p(t) = Π_i (t − θ_i)`,
///   `Π_i β_i = ‖p(H)q_1‖ ≥ |p(a)||⟨v, q_1⟩|` for the unit eigenvector v of a. For a uniform q_1,
///   `P(|⟨v, q_1⟩| ≤ η) ≤ η√(2n/π)`. So `Π_i |θ_i − a| ≤ Π_i β_i/η`, and a lies above the root of this below
///   θ_1;
/// - *from the number of steps alone* (Kuczyński and Woźniakowski, SIAM J. Matrix Anal. Appl. 13 (1992)
///   1094–1122, their probabilistic bound for the Lanczos algorithm). For a positive definite A of order n,
///   its largest Ritz value ξ after k steps and 0 ≤ ε < 1, `P(λ_max − ξ > ελ_max) ≤ 1.648 √n e^{−√ε(2k−1)}`;
///   for a semidefinite one too, as the limit of A + δI. Derived again for this project, with the polynomial
///   `T_{2k−1}(√(1 − x/(1−ε)))/√(1 − x/(1−ε))`, the right side is `√(2n/π)/sinh((2k−1)√ε)`, which is less
///   wherever `(2k−1)√ε ≥ 1.75`; here that is at least ln(1.648√2·3) > 1.9 whatever the failure asked for.
///   Applied to `bI − H` and to `H − aI`, a and b the extreme eigenvalues: both shifts leave the process as
///   it is, and none of them must be known. With s = b − a this says `θ_1 − a ≤ εs` and `b − θ_k ≤ εs`,
///   hence `s ≤ (θ_k − θ_1)/(1 − 2ε)`.
///
/// The first bound may fail in one event, and the second in two; each event has a third of `failure` as its
/// probability.
pub(super) fn lower_bound(n: usize, ritz: &[f64], betas: &[f64], failure: f64) -> f64 {
    let (Some(&least), Some(&largest)) = (ritz.first(), ritz.last()) else { return f64::NEG_INFINITY };
    if n == 1 {
        return least;
    }
    let (order, failure) = (n as f64, failure / 3.0);
    let epsilon = ((1.648 * order.sqrt() / failure).ln() / (2 * ritz.len() - 1) as f64).powi(2);
    let universal =
        if epsilon < 0.5 { epsilon * (largest - least) / (1.0 - 2.0 * epsilon) } else { f64::INFINITY };
    let eta = failure / (2.0 * order / std::f64::consts::PI).sqrt();
    least - root(ritz, betas.iter().map(|b| b.ln()).sum::<f64>() - eta.ln()).min(universal)
}

/// An upper bound on the x ≥ 0 with `Σ_i ln(θ_i − θ_1 + x) = level`, right to ten digits.
fn root(ritz: &[f64], level: f64) -> f64 {
    let sum = |x: f64| ritz.iter().map(|t| (t - ritz[0] + x).ln()).sum::<f64>();
    // Every factor is at least x, so that the root is at most `high`.
    let (mut low, mut high) = (0.0, (level / ritz.len() as f64).exp());
    // The interval is halved until no number lies inside, or the tenth digit is known.
    while high - low > 1e-10 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if sum(middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_that_of_the_product() {
        // (1 + x) x = 6 at x = 2.
        assert!((root(&[3.0, 4.0], 6.0_f64.ln()) - 2.0).abs() < 1e-9);
        assert_eq!(root(&[3.0, 4.0], f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn the_universal_bound_is_that_of_the_theorem() {
        // One step says nothing; with huge β the process itself says nothing either, and what is left is the
        // theorem.
        let theta: Vec<f64> = (0..200).map(f64::from).collect();
        let bound = lower_bound(10_000, &theta, &[1e300; 200], 1e-6);
        let epsilon = ((1.648 * 100.0 * 3e6_f64).ln() / 399.0).powi(2);
        assert!((bound + 199.0 * epsilon / (1.0 - 2.0 * epsilon)).abs() < 1e-9, "{bound}");
        assert!(lower_bound(10_000, &[0.0], &[1.0], 1e-6) < -1e6);
    }
}
