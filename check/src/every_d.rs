//! *C2: every dimension.* Bounds on zonal quantities that hold for all d ≥ 3: one by one below d0, and from
//! d0 on by comparing the expectation in dimension d with the one at d1, through the Gaussian limit.
//!
//! **Limit lemma.** For f ∈ C⁴, D = d + 2s and a Gaussian G, `|E_D f(√d z) − E f(G)| ≤ K/D` with `K =
//! sup|f⁗|/4 + s·sup|f″|`. *Proof.* G = ρ√D z with ρ² = χ²_D/D independent of z, E ρ² = 1, Var ρ² = 2/D.
//! H(r) = E_D f(√(rD) z) has H′ = E_{D+2}f″/2 and H″ = D/(D+2)·E_{D+4}f⁗/4, by Rodrigues' formula. Hence
//! |E H(ρ²) − H(1)| ≤ (sup|f⁗|/8)·2/D, and |H(1) − H(d/D)| ≤ (sup|f″|/2)·2s/D. ∎
//!
//! Every quantity here is `F(d)·E_{d+2s}[σ^{(n)}(√d z)]²`, plus `R(d)` for d^{j−1}κ_j with j ≥ 1:
//!
//! | quantity | n | s | F(d) | sup F |
//! |---|---|---|---|---|
//! | B λ_j(σ′)², B λ_j(σ″)² | j+1, j+2 | j | B d^j / Π_{t<j}(d+2t)² | 1/j! |
//! | κ_0 | 2 | 1 | 1 | 1 |
//! | d^{j−1}κ_j | j | j | j(j+d−2) d^{2j−1} / Π_{t<j}(d+2t)² | j |
//!
//! F is a product of factors (d+a)/(d+b), a ≤ b once both lists are sorted, so F increases to its limit, and
//! `R(d) = d^{j−1}A_j²/B² = d^{2j−1}/Π_{t<j}(d+2t)²·E_{d+2j}[(uσ′)^{(j)}]²` is at most (S_{j+1} + jS_j)²/d,
//! with S_n = sup|σ^{(n)}|. So for d ≥ d0 the modulus of the expectation is within K/(d1+2s) + K/(d0+2s) of
//! the one at d1, and the quantity lies between F(d0)·low² and sup F·high² + (S_{j+1} + jS_j)²/d0.
//!
//! *I: identities.* Constants of statements that hold for every even m and every W0, at k = 1.
//!
//! With c_σ = max(radial, tangential) and λ0 = λ_0(σ″): for signs S, `E_S(R1 + R2)(SW)` is the sum over
//! neurons of `‖w‖²(t² radial + (1−t²) tangential)/m`, t the cosine of w and the weight, so c_σ is the least
//! constant. W_Q has `‖w_r‖² = 2√m |α_i|/(|λ0| p/R)` for p/R neurons r of each term i (R divides p), and m =
//! 2p; this gives 4R|α_i|/(|λ0|√m), the sum of squares 2√m Σ|α_i|/|λ0|, and the sum of fourth powers
//! 8RΣα_i²/λ0². R1 of W* is R1 of SW_Q, so `E_S R1(W*) ≤ c_σ‖W_Q‖²/m = 2c_σΣ|α_i|/(|λ0|√m)`; E_X R3 = R1,
//! and R2 of W_L is at most E f_k². For every d at once, c_σ ≤ S_1², with 0 as lower end, and λ0² is
//! enclosed as in C2.

use super::{Approximation, BigInt, Checked, Claim, Interval, Rational, ensure, need, zonal::multiplicity};

/// F(d); the order is 0 for d^{j−1}κ_j, else that of the derivative whose λ_j is meant.
pub fn factor(order: usize, d: u64, j: u64) -> Rational {
    let power = |n: u64| BigInt::from(d).pow(n as u32);
    let num = match (order, j) {
        (0, 0) => BigInt::from(1),
        (0, _) => power(2 * j - 1) * (j * (j + d - 2)),
        _ => multiplicity(d, j) * power(j),
    };
    Rational { num, den: (0..j).map(|t| BigInt::from(d + 2 * t).pow(2)).product() }
}

/// The parts F(d)·E² and R(d) of the quantity in dimension d.
fn parts(of: &Approximation<'_>, order: usize, d: u64, j: u64) -> [Interval; 2] {
    let b = multiplicity(d, j);
    if order > 0 {
        return [of.lambda(order, d, j).square().scale(b, 1), Interval::whole(0)];
    }
    let (scale, [a, c, _]) = (BigInt::from(d).pow(j.saturating_sub(1) as u32), of.level(d, j));
    let part = |x: Interval, n: u64| x.square().scale(&scale * n, &b * &b);
    if j == 0 { [part(a, 1), Interval::whole(0)] } else { [part(c, j * (j + d - 2)), part(a, 1)] }
}

/// Bounds for every d ≥ 3: obligations L1, L3 and L4.
pub fn bounds(of: &Approximation<'_>, order: usize, j: u64) -> Checked<Interval> {
    let (d0, d1) = (of.certificate.d, of.certificate.d1.unwrap_or(of.certificate.d));
    let (n, s) = if order == 0 && j == 0 { (2, 1) } else { (j + order as u64, j) };
    let sup = |n| supremum(of.certificate.activation, n);
    let k = &sup(n + 4).scale(1, 4) + &sup(n + 2).scale(s, 1);

    // |E_{d1+2s}|, and how far the modulus may be from it at d ≥ d0.
    let [near, far] = [d0, d1].map(|d| factor(order, d, j));
    let expectation = parts(of, order, d1, j)[0].scale(far.den, far.num).root();
    let distance = &k.scale(1, d1 + 2 * s) + &k.scale(1, d0 + 2 * s);
    let [low, high] = [&expectation - &distance, (&expectation + &distance).square()];
    ensure(low.low > BigInt::ZERO, "L3", format!("no positive lower end for j = {j} from d0 = {d0} on"))?;
    let high = match (order, j) {
        (0, 0) => high,
        (0, _) => &high.scale(j, 1) + &(&sup(j + 1) + &sup(j).scale(j, 1)).square().scale(1, d0),
        _ => high.scale(1, (1..=j).product::<BigInt>()),
    };
    let mut bounds = Interval { low: low.square().scale(near.num, near.den).low, high: high.high };
    for d in 3..d0 {
        let [part, rest] = parts(of, order, d, j);
        let value = &part + &rest;
        bounds = Interval { low: bounds.low.min(value.low), high: bounds.high.max(value.high) };
    }
    Ok(bounds.not_negative())
}

/// The quantities of the kind all-d.
pub fn enclosures(of: &Approximation<'_>) -> Checked<Vec<Interval>> {
    let names = ["kappa-scaled", "assumption-3-sigma1", "assumption-3-sigma2"];
    let order = |quantity| names.iter().position(|name| *name == quantity).unwrap_or(0);
    of.certificate.claims.iter().map(|claim| bounds(of, order(claim.quantity), claim.j)).collect()
}

/// An upper bound on S_n = sup |σ^{(n)}| over the whole line, n ≥ 1.
///
/// Sigmoid: σ^{(n)} = Σ_k e_k s^k (1−s)^{n+1−k} in s = σ(z), with `e_k ← k e_k − (n+2−k) e_{k−1}` for the
/// next n, as σ′ = s(1−s); divided by binomials, e_k are the Bernstein coefficients. Tanh: tanh(z) =
/// 2 sigmoid(2z) − 1. Erf: the Fourier integral of exp(−v²) gives S_n ≤ 2^n Γ(n/2)/π, and Γ(n/2) = (n/2 − 1)
/// (n/2 − 2)… times Γ(1) = 1 or Γ(1/2) = √π.
pub fn supremum(activation: &str, n: u64) -> Interval {
    let (inverse_of_pi, power) = (Interval::inverse_of_pi(), BigInt::from(1) << n);
    if activation == "erf" {
        let start = if n.is_multiple_of(2) { inverse_of_pi } else { inverse_of_pi.root() };
        return (1..n).rev().skip(1).step_by(2).fold(start.scale(power, 1), |gamma, a| gamma.scale(a, 2));
    }
    let mut e = [0, 1, 0].map(BigInt::from).to_vec();
    for n in 1..n {
        e.push(BigInt::ZERO);
        for k in (1..e.len()).rev() {
            e[k] = &e[k] * k - &e[k - 1] * (n + 2 - k as u64);
        }
    }
    let binomial = |k: u64| (1..=k).fold(BigInt::from(1), |product, a| product * (n + 2 - a) / a);
    let bernstein = (0..).zip(e).map(|(k, e)| Interval::whole(e).scale(1, binomial(k))).collect();
    let sup = Interval { low: BigInt::ZERO, high: greatest(bernstein, 4) };
    if activation == "tanh" { sup.scale(power * 2, 1) } else { sup }
}

/// The greatest modulus of a polynomial on [0, 1], at most that of its Bernstein coefficients on each of
/// 2^halvings pieces: de Casteljau's rule gives those on the halves.
fn greatest(bernstein: Vec<Interval>, halvings: u32) -> BigInt {
    if halvings == 0 {
        return bernstein.iter().map(|x| x.abs().high).max().unwrap_or_default();
    }
    let (mut row, mut left, mut right) = (bernstein, Vec::new(), Vec::new());
    while let (Some(first), Some(last)) = (row.first(), row.last()) {
        left.push(first.clone());
        right.push(last.clone());
        row = row.windows(2).map(|pair| (&pair[0] + &pair[1]).scale(1, 2)).collect();
    }
    greatest(left, halvings - 1).max(greatest(right, halvings - 1))
}

/// The constants of the kind identity: obligation I1.
pub fn constants(of: &Approximation<'_>) -> Checked<Vec<Interval>> {
    let (d, high) = (of.certificate.d, supremum(of.certificate.activation, 1).square().high);
    let (c_sigma, lambda0) = if of.certificate.d1.is_some() {
        (Interval { low: BigInt::ZERO, high }, bounds(of, 2, 0)?.root())
    } else {
        let [_, r, t] = of.energies(d);
        (Interval { low: r.low.max(t.low), high: r.high.max(t.high) }, of.lambda(2, d, 0).abs())
    };
    let inverse = need(lambda0.inverse(), "I1", "lambda_0(sigma'') is not shown to differ from 0")?;
    let constant = |claim: &Claim<'_>| match claim.quantity {
        "random-signs" => c_sigma.clone(),
        "lemma-1-norm" => inverse.square().scale(8, 1),
        "escape" => inverse.scale(4, 1),
        _ => (&c_sigma * &inverse).scale(2, 1),
    };
    Ok(of.certificate.claims.iter().map(constant).collect())
}
