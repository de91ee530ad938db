//! *C2: every dimension.* Bounds on zonal quantities that hold for all d ≥ 3. The file lists dimensions from
//! 3 on; each serves all d up to the next one in the list, and the last of them all d beyond it.
//!
//! **Comparison lemma.** For f ∈ C⁴, d ≤ e, D = d + 2s, E = e + 2s and K = sup|f⁗|/4 + s·sup|f″|, `|E_E f(√e
//! z) − E_D f(√d z)| ≤ K(1/D − 1/E)`. *Proof.* A coordinate z in dimension E is √β times one in dimension D,
//! with β ~ Beta(D/2, (E−D)/2) independent of it: E β = D/E, and the variance of βe/D, whose mean is e/E, is
//! 2(e/E)²(E−D)/(D(E+2)) ≤ 2(1/D − 1/E). H(r) = E_D f(√(rD) z) has H′ = E_{D+2}f″/2 and H″ = D/(D+2)·
//! E_{D+4}f⁗/4, by Rodrigues' formula. Hence |E H(βe/D) − H(e/E)| ≤ (sup|f⁗|/8)·2(1/D − 1/E), and |H(e/E) −
//! H(d/D)| ≤ (sup|f″|/2)(e/E − d/D) = s·sup|f″|(1/D − 1/E). ∎
//!
//! Every quantity is `F(d)·E_{d+2s}[σ^{(n)}(√d z)]²`, plus `R(d)` for d^{j−1}κ_j with j ≥ 1:
//!
//! | quantity | n | s | F(d) | sup F |
//! |---|---|---|---|---|
//! | B λ_j(σ′)², B λ_j(σ″)² | j+1, j+2 | j | B d^j / Π_{t<j}(d+2t)² | 1/j! |
//! | d^{j−1}κ_j | j | j | j(j+d−2) d^{2j−1} / Π_{t<j}(d+2t)² | j |
//!
//! and κ_0 is B λ_1(σ′)². F is a product of factors (d+a)/(d+b), a ≤ b once both lists are sorted, so F
//! increases to its limit. By A_j and C_j in terms of λ_{j−1} and λ_{j+1}, with a = E_{d+2j−2}[σ^{(j)}] and
//! b = E_{d+2j+2}[σ^{(j+2)}], `E_{d+2j}[σ^{(j)}] = a − γb` and R(d) = d^{j−1}A_j²/B² = (αb + βa)²/d, where
//! γ = d/((d+2j)(d+2j−2)) falls in d, and α = (d+j−2)/(d+2j−2)·Π_{t≤j} d/(d+2t) and β = j Π_{t<j} d/(d+2t)
//! rise. Each is taken between its values at the ends of a span of dimensions.
//!
//! Tropp's Chernoff bound: let the p neurons be independent and uniform. The part of degree at most k of pΣ
//! acts on the n_k harmonics as a sum of positive semidefinite matrices, one for each neuron, of trace Στ_i
//! and mean diag(κ_i); the other degrees only add to it. Their norms are at most their traces. So, with x =
//! p min κ_i/Στ_i over i ≤ k, `P(λ_{n_k}(Σ) ≤ min κ_i/2) ≤ n_k (2/e)^{x/2} ≤ n_k exp(−x/8)`. For every d,
//! d^{k−1} min κ_i ≥ M = min(κ_0, d^{i−1}κ_i) and Στ_i ≤ tr Σ ≤ dS_1², so x/8 ≥ cp/d^k with c = M/(8S_1²).
//!
//! *I: identities.* Constants of statements that hold for every even m and every W0, at k = 1.
//!
//! With c_σ = max(radial, tangential) and λ0 = λ_0(σ″): for signs S, `E_S(R1 + R2)(SW)` is the sum over
//! neurons of `‖w‖²(t² radial + (1−t²) tangential)/m`, t the cosine of w and the weight, so c_σ is the least
//! constant. W_Q has `‖w_r‖² = 2√m |α_i|/(|λ0| p/R)` for p/R neurons r of each term i (R divides p), and m =
//! 2p; this gives 4R|α_i|/(|λ0|√m), the sum of squares 2√m Σ|α_i|/|λ0|, and the sum of fourth powers
//! 8RΣα_i²/λ0². R1 of W* is R1 of SW_Q, so `E_S R1(W*) ≤ c_σ‖W_Q‖²/m = 2c_σΣ|α_i|/(|λ0|√m)`; E_X R3 = R1,
//! and R2 of W_L is at most E f_k². R4 = ‖·‖_{2,4}⁸, and ‖W_L‖_{2,4} is at most the norm |W_L|_F.
//! For every d at once, c_σ ≤ S_1², with 0 as lower end, and λ0² is enclosed as in C2.

use super::{Approximation, BITS, BigInt, Checked, Claim, Interval, ensure, need, zonal::multiplicity};

/// Π_{t<n} d/(d+2t), or its supremum 1 if there is no d.
fn shrink(d: Option<u64>, n: u64) -> Interval {
    let product = |d: u64| (0..n).map(|t| d + 2 * t).product::<BigInt>();
    let (num, den) = d.map_or((1.into(), 1.into()), |d| (BigInt::from(d).pow(n as u32), product(d)));
    Interval::whole(num).scale(1, den)
}

/// F(d), or sup F if there is no d; the order is 0 for d^{j−1}κ_j, else that of the derivative of λ_j.
pub fn factor(order: usize, d: Option<u64>, j: u64) -> Interval {
    let (num, den) = match (order, d) {
        (0, d) => ((j * d.map_or(1, |d| d + j - 2)).into(), d.unwrap_or(1).into()),
        (_, None) => (1.into(), (1..=j).product()),
        (_, Some(d)) => (multiplicity(d, j), BigInt::from(d).pow(j as u32)),
    };
    shrink(d, j).square().scale(num, den)
}

/// E_{d+2s}[σ^{(s+order)}(√d z)] from each dimension in the list to the one before the next.
fn expectations(of: &Approximation<'_>, order: usize, s: u64) -> Vec<(u64, Option<u64>, Interval)> {
    let sup = |n| supremum(of.certificate.activation, s + order as u64 + n);
    let (k, starts) = (&sup(4).scale(1, 4) + &sup(2).scale(s, 1), &of.certificate.starts);
    let span = |(i, &d): (usize, &u64)| {
        let e = starts.get(i + 1).map(|next| next - 1);
        let (num, den) = e.map_or((1, 1), |e| (e - d, e + 2 * s));
        let product = (0..s).map(|t| d + 2 * t).product::<BigInt>();
        let ratio = Interval::whole(product.pow(2)).scale(1, BigInt::from(d).pow(s as u32));
        let at_d = &of.lambda(order, d, s) * &ratio.root();
        (d, e, at_d.widen(&k.scale(num, den * (d + 2 * s))))
    };
    starts.iter().enumerate().map(span).collect()
}

/// Bounds for every d ≥ 3: obligation L3.
pub fn bounds(of: &Approximation<'_>, order: usize, j: u64) -> Checked<Interval> {
    let (order, j) = if (order, j) == (0, 0) { (1, 1) } else { (order, j) };
    let values = expectations(of, order.max(1), if order == 0 { j - 1 } else { j });
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for ((d, e, a), (_, _, b)) in values.into_iter().zip(expectations(of, 1, j + 1)) {
        let between = |from: Interval, to: Interval| Interval { low: from.low, high: to.high };
        let rising = |f: &dyn Fn(Option<u64>) -> Interval| between(f(Some(d)), f(e));
        let (mut value, mut radial) = (a.clone(), Interval::whole(0));
        if order == 0 {
            let gamma = |d: u64| Interval::whole(d).scale(1, (d + 2 * j) * (d + 2 * j - 2));
            value = &a - &(&between(e.map_or(Interval::whole(0), gamma), gamma(d)) * &b);
            let f = |d| shrink(d, j + 1).scale(d.map_or(1, |d| d + j - 2), d.map_or(1, |d| d + 2 * j - 2));
            radial = &(&rising(&f) * &b) + &(&rising(&|d| shrink(d, j)) * &a).scale(j, 1);
        }
        ensure(value.abs().low > BigInt::ZERO, "L3", format!("the value at d = {d} and j = {j} may be 0"))?;
        let main = &rising(&|d| factor(order, d, j)) * &value.square();
        low.push(main.low + e.map_or(BigInt::ZERO, |e| radial.square().scale(1, e).low));
        high.push(main.high + radial.square().scale(1, d).high);
    }
    let (low, high) = (low.into_iter().min(), high.into_iter().max());
    Ok(Interval { low: low.unwrap_or_default(), high: high.unwrap_or_default() })
}

/// The quantities of the kind all-d.
pub fn enclosures(of: &Approximation<'_>) -> Checked<Vec<Interval>> {
    let sup = |j| supremum(of.certificate.activation, j);
    let scaled = of.certificate.claims.iter().filter(|claim| claim.quantity.ends_with("-scaled"));
    let degrees = scaled.map(|claim| claim.j + 1).max().unwrap_or(0);
    let kappa = (0..degrees).map(|j| bounds(of, 0, j)).collect::<Checked<Vec<_>>>()?;
    let quantity = |claim: &Claim<'_>| match (claim.quantity, claim.j) {
        ("supremum", 0) => Ok(Interval::whole(1)),
        ("supremum", j) => Ok(Interval { low: BigInt::ZERO, ..sup(j) }),
        ("assumption-3-sigma1", j) => bounds(of, 1, j),
        ("assumption-3-sigma2", j) => bounds(of, 2, j),
        ("kappa-scaled", j) => Ok(kappa[j as usize].clone()),
        // c = min/(8 S_1²), rounded down: any smaller c serves as well.
        (_, k) => {
            let least = kappa[..=k as usize].iter().map(|x| x.low.clone()).min().unwrap_or_default();
            let low = (least << BITS) / BigInt::from(1).max(sup(1).square().high * 8);
            Ok(Interval { high: low.clone(), low })
        }
    };
    of.certificate.claims.iter().map(quantity).collect()
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
    let high = greatest(bernstein, 4) * if activation == "tanh" { power * 2 } else { 1.into() };
    Interval { low: BigInt::ZERO, high }
}

/// The greatest modulus of a polynomial on [0, 1], at most that of its Bernstein coefficients on each of
/// 2^halvings pieces: de Casteljau's rule gives those on the halves.
fn greatest(mut right: Vec<Interval>, halvings: u32) -> BigInt {
    if halvings == 0 {
        return right.iter().map(|x| x.abs().high).max().unwrap_or_default();
    }
    let mut left = Vec::new();
    for k in (0..right.len()).rev() {
        left.push(right[0].clone());
        (0..k).for_each(|i| right[i] = (&right[i] + &right[i + 1]).scale(1, 2));
    }
    greatest(left, halvings - 1).max(greatest(right, halvings - 1))
}

/// The constants of the kind identity: obligation I1.
pub fn constants(of: &Approximation<'_>) -> Checked<Vec<Interval>> {
    let (d, high) = (of.certificate.d, supremum(of.certificate.activation, 1).square().high);
    let (c_sigma, lambda0) = if !of.certificate.starts.is_empty() {
        (Interval { low: BigInt::ZERO, high }, bounds(of, 2, 0)?.root())
    } else {
        let [_, r, t] = of.energies(d);
        (Interval { low: r.low.max(t.low), high: r.high.max(t.high) }, of.lambda(2, d, 0).abs())
    };
    let inverse = need(lambda0.inverse(), "I1", "lambda_0(sigma'') is not shown to differ from 0")?;
    let constant = |claim: &Claim<'_>| match claim.quantity {
        "random-signs" => c_sigma.clone(),
        "lemma-1-norm" | "theorem-2-r4" => inverse.square().scale(8, 1),
        "escape" => inverse.scale(4, 1),
        _ => (&c_sigma * &inverse).scale(2, 1),
    };
    Ok(of.certificate.claims.iter().map(constant).collect())
}
