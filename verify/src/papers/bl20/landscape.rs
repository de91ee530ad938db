//! BL20, landscape: with random signs, no point of second order of the quadratic model is bad once the
//! network is wide, and the network has the same landscape up to m^{−1/2}.
//!
//! Derived for this project, for `L_λ(W) = E_n ℓ(y, f_Q(x; W)) + λ‖W‖_{2,4}⁸`, a convex ℓ with the
//! divergence `D = ℓ(f*) − ℓ(f) − ℓ'(f)(f* − f) ≥ 0`, any W* with f* = f_Q(W*), and `C = (1/m) Σ
//! σ''(z_r)² u_r² u*_r²`:
//!
//! > `E_S ∇²L[SW*, SW*] = ⟨∇L, W⟩ − 2(L(W) − L(W*)) − 2E_n D + E_n ℓ''C`, and for R = ‖W‖_{2,4}⁸
//! > `E_S ∇²R[SW*, SW*] ≤ 56‖W‖⁶‖W*‖²`, so that at a point of second order
//! > `L(W) ≤ L(W*) + 2401λ‖W*‖⁸ + ½E_n ℓ''C`. Only C opposes, and it is ≍ 1/m. At any stationary point
//! > `‖W‖_{2,4}⁸ ≤ (L(0) − L(W))/4λ`.

use super::instance;
use super::letters::{D, M, N};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::construct::{frobenius_sq, norm_2_4_pow4};
use escapement::descent::{DescentOptions, Landscape, Outcome, SquareLandscape, search};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::Loss;
use escapement::randomised::{RandomisedSquare, mean_curvature_of_norm, mean_curvature_of_quadratic};
use escapement::sphere::uniform_sphere;
use escapement::{eigen, rounding};
use faer::{Mat, MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct NoBadPoints;

/// Starts of a search, problems of a cell, and the share of L(0) within which points agree.
const STARTS: usize = 12;
const PROBLEMS: usize = 4;
const AGREE: f64 = 0.02;
/// λ of the searches, and the bounds of gradient and curvature at which they end.
const LAMBDA: f64 = 1e-5;
const NU: f64 = 1e-6;
const GAMMA: f64 = 1e-5;
/// The width from which on points agree.
const FROM: usize = 16;

const CARD: Card = Card {
    statement: r"\mathbb{E}_S \nabla^2 L[SW^*, SW^*] = \langle \nabla L, W \rangle - 2 (L(W) - L(W^*)) - 2
        \mathbb{E}_n D + \mathbb{E}_n \ell'' C, \quad C \asymp 1/m, \quad \mathbb{E}_S \nabla^2
        \|W\|_{2,4}^8 [SW^*, SW^*] \le 56 \|W\|_{2,4}^6 \|W^*\|_{2,4}^2, \quad \|W\|_{2,4}^8 \le
        \frac{L(0) - L(W)}{4\lambda}",
    reference: "BL20, the landscape of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs on the sphere of radius √d; labels ½(x_1² − x_2²) and the square loss, in the \
        identity also √(1 + (f − y)²) − 1; points that are certified to be of second order.",
    method: "In small networks the Hessian is applied along all 2^m signs of a direction. Curvatures \
        of wide networks are exact means over signs, at rows of length m^{−1/4}, along which the inputs \
        stay the same. Points of second order are searched for from twelve starts, at several problems \
        and widths.",
    refuted_by: "Another mean curvature; more than 56; another power of m than 1/m and m^{−1/2}; points of \
        second order at different heights in wide networks.",
    variables: &["m", "d", "n"],
    uses: &["bl-coupling"],
    errata: &[ErratumId(2), ErratumId(8)],
    ..Card::new(&super::PAPER, "bl-landscape", "Wide quadratic models have no bad points of second order")
};

impl Claim for NoBadPoints {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, n: usize, m: usize| {
            let activation = if part == "search" { "tanh:0.5" } else { "sine:-1.2" };
            Cell::new(self.id(), part).with(D, d).with(N, n).with(M, m).activation(activation)
        };
        let quick = tier == Tier::Quick;
        let mut cells = Vec::new();
        for m in [2, 4, 8] {
            cells.extend((0..2).map(|r| cell("signs", 3, 10, m).replicate(r)));
            cells.push(cell("norms", 4, 1, m * m));
        }
        for (d, m) in [3, 6].into_iter().flat_map(|d| [4, 16].map(|m| (d, m))) {
            cells.extend((0..2).map(|r| cell("origin", d, 8 * d, m).replicate(r)));
        }
        for m in sweep::doublings(128, if quick { 7 } else { 10 }) {
            cells.extend((0..4).map(|r| cell("width", 6, 24, m).replicate(r)));
        }
        let sizes = [(6, 24), (4, 16), (6, 48), (8, 32), (8, 64)];
        let (count, m) = if quick { (1, 32) } else { (sizes.len(), 128) };
        cells.extend(sizes.into_iter().take(count).map(|(d, n)| cell("search", d, n, m)));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d, n) = (cell.m() as f64, cell.d() as f64, cell.n() as f64);
        let flops = match cell.part.as_str() {
            "signs" => 1e5 + 2.0_f64.powf(m) * m * n * 40.0,
            "search" => 2e4 * m * n * d * PROBLEMS as f64,
            "width" => 400.0 * m * n,
            _ => 1e5 + m * n * d * 40.0,
        };
        Prediction { flops, bytes: 1e6 + 8.0 * m * n * 12.0 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "signs" => signs(cell, seed),
            "norms" => norms(cell, seed),
            "origin" => origin(cell, seed),
            "width" => width(cell, seed),
            _ => points(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let same = |part: &str, name: &str, statement: &str, wrong: (&str, &str)| {
            let false_one = Neighbour::lhs(wrong.0, wrong.1);
            Bound::identity(name, statement, name, format!("{name}_of"), false_one).code_check().part(part)
        };
        let at_most = |part: &str, name: &str, statement: &str, rhs: &str, false_one: Neighbour| {
            Bound::inequality(name, statement, name, Side::Upper, rhs, false_one).part(part)
        };
        let in_m = |name: &str, statement: &str, sweep: Sweep| {
            Bound::growth(name, statement, name, format!("{name}_scale"), sweep).part("width").headline()
        };
        let unsigned = "V = W* without signs";
        vec![
            same("signs", "square", "the identity for the square loss, over all signs", ("bare", unsigned))
                .neighbour(Neighbour::rhs("three", "3 for 2 before L(W) − L(W*)")),
            same("signs", "huber", "the identity for √(1 + (f − y)²) − 1", ("huber_bare", unsigned))
                .neighbour(Neighbour::rhs("huber_three", "3 for 2 before L(W) − L(W*)")),
            same("signs", "network", "the mean curvature of the network", ("network_bare", unsigned)),
            same("signs", "norm", "that of ‖W‖_{2,4}⁸", ("norm_bare", unsigned)),
            same("norms", "one", "one aligned neuron attains 56", ("one_off", "55")),
            same("norms", "flat", "m equal aligned rows have 24 + 32/m", ("flat_off", "24")),
            at_most(
                "norms",
                "fifty-six",
                "E_S ∇²R[SW*, SW*] ≤ 56‖W‖⁶‖W*‖², for rows drawn and with one row that leads",
                "most",
                Neighbour::rhs("less", "55"),
            )
            .code_check(),
            at_most(
                "norms",
                "excess",
                "E_S ∇²R[SW*, SW*] − ⟨∇R, W⟩ + 2R − 2R* ≤ 4800‖W*‖⁸, at ‖W‖²/‖W*‖² from ⅛ to 12",
                "excess_most",
                Neighbour::rhs("excess_less", "4700"),
            )
            .code_check(),
            same("origin", "still", "∇L(0) = 0", ("still_off", "the gradient at small W")),
            same(
                "origin",
                "blocks",
                "the least eigenvalue of ∇²L(0) is that of the blocks P_r/m + a_r Q_r/√m",
                ("blocks_off", "without P_r"),
            ),
            at_most(
                "origin",
                "saddle",
                "W = 0 is a strict saddle of the network: min_r ρ(P_r^{−1/2} Q_r P_r^{−1/2})^{−2} ≤ m",
                "m",
                Neighbour::lhs("saddle_small", "labels of a tenth"),
            )
            .chosen("m from 4 on, after 1.9 had come near m = 2"),
            in_m("opposing", "E_n C ≍ 1/m", Sweep::both(M, |_| -1.0)),
            in_m(
                "error",
                "|E_S ∇²L[SW*, SW*] − ⟨∇L, W⟩ + 2L(W) − 2L(W*) + 2E_n D| of the network is ≲ m^{−1/2}",
                Sweep::upper(M, |_| -0.5),
            )
            .chosen("≲ for ≍: single seeds read −0.48 to −0.69"),
            at_most(
                "search",
                "agree",
                "points of second order of L_λ of f_Q differ by at most 0.02 L(0), from m = 16 on",
                "agree_most",
                Neighbour::lhs("agree_four", "m = 4"),
            )
            .chosen("0.02, and m = 16")
            .headline(),
            at_most(
                "search",
                "least",
                "they do from a width on that is at most ½M_2² d² ‖W*‖² (L(0)/4λ)^{1/4}/ε, ε = 0.02 L(0)",
                "explicit",
                Neighbour::rhs("two", "2"),
            ),
            at_most(
                "search",
                "size",
                "there 4λ‖W‖_{2,4}⁸ ≤ L(0) − L(W): the largest ratio is at most 1",
                "unit",
                Neighbour::lhs("size_twice", "twice W"),
            ),
            at_most(
                "search",
                "balance",
                "there |4λ‖W‖⁸ + ½E_n f_Q² − L(0) + L(W)| ≤ ½ν‖W‖_F: the largest ratio is at most 1",
                "unit",
                Neighbour::lhs("balance_half", "½E_n f_Q² left out"),
            )
            .code_check(),
        ]
    }
}

/// A network, and inputs with their labels that are the same at every width and in every network.
fn problem(cell: &Cell, m: usize, seed: u64, name: &str) -> Result<(PairedNetwork, Mat<f64>, Vec<f64>)> {
    let (d, rng) = (cell.d(), &mut cell.clone().without(M).with(M, m).stream(seed, name));
    let net = PairedNetwork::random(rng, m / 2, d, instance::activation(cell)?)?;
    let rng = &mut cell.clone().without(M).replicate(0).stream(seed, name);
    let x = uniform_sphere(rng, cell.n(), d, (d as f64).sqrt());
    let y = x.row_iter().map(|x| 0.5 * (x[0] * x[0] - x[1] * x[1])).collect();
    Ok((net, x, y))
}

fn inner(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> f64 {
    (0..a.nrows()).map(|r| a.row(r) * b.row(r).transpose()).sum()
}

fn mean(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    (0..n).map(term).sum::<f64>() / n as f64
}

/// `C = (1/m) Σ_r σ''(z_r)² u_r² u*_r²` at each input.
fn opposing(net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>, star: MatRef<'_, f64>) -> Vec<f64> {
    let [z, u, v] = [net.weights(), w, star].map(|w| x * w.transpose());
    let term = |i, r| (net.activation().d2(z[(i, r % net.p())]) * u[(i, r)] * v[(i, r)]).powi(2);
    (0..x.nrows()).map(|i| mean(net.m(), |r| term(i, r))).collect()
}

/// All 2^m signs of W*, along which the Hessians are applied.
fn signs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, n) = (cell.m(), cell.d(), cell.n());
    let (net, x, y) = problem(cell, m, seed, "draw")?;
    let rng = &mut cell.stream(seed, "rows");
    let [w, star] = [1.0, 1.3].map(|length| uniform_sphere(rng, m, d, length));
    let (x, w, star) = (x.as_ref(), w.as_ref(), star.as_ref());
    let sign = |code: usize, r: usize| if code >> r & 1 == 0 { 1.0 } else { -1.0 };
    let all = Mat::from_fn(m * d, 1 << m, |i, code| sign(code, i % m) * star[(i % m, i / m)]);
    // Curvatures over the signs, the first without signs, value, slope along W, and value at W*.
    let of = |model: Model, lambda: f64| -> Result<(f64, f64, [f64; 3])> {
        let mut landscape = SquareLandscape::new(&net, model, x, &y, lambda)?;
        let (mut product, mut gradient) = (all.clone(), Mat::zeros(m, d));
        landscape.hessian(w, Par::Seq)?.apply(all.as_ref(), product.as_mut(), Par::Seq)?;
        let along = |code: usize| all.col(code).transpose() * product.col(code);
        let there = landscape.value_and_gradient(star, gradient.as_mut(), Par::Seq)?.objective;
        let value = landscape.value_and_gradient(w, gradient.as_mut(), Par::Seq)?.objective;
        Ok((mean(1 << m, along), along(0), [value, inner(gradient.as_ref(), w), there]))
    };
    let (curvature, bare, [value, slope, there]) = of(Model::QuadraticTerm, 0.0)?;
    let (with_norm, bare_with_norm, _) = of(Model::QuadraticTerm, 1.0)?;
    let (network, network_bare, _) = of(Model::Network, 0.0)?;
    let (c, f, g) =
        (opposing(&net, x, w, star), net.f_quadratic(x, w, Par::Seq)?, net.f_quadratic(x, star, Par::Seq)?);
    let rest = mean(n, |i| c[i] - (g[i] - f[i]).powi(2));
    let huber = Loss::PseudoHuber;
    let (d1, d2) = (|i: usize| huber.d1(y[i], f[i]), |i: usize| huber.d2(y[i], f[i]));
    let fall = mean(n, |i| huber.value(y[i], f[i]) - huber.value(y[i], g[i]));
    let divergence = mean(n, |i| huber.value(y[i], g[i]) - huber.value(y[i], f[i]) - d1(i) * (g[i] - f[i]));
    let huber_of =
        |factor: f64| mean(n, |i| 2.0 * d1(i) * f[i] + d2(i) * c[i]) - factor * fall - 2.0 * divergence;
    let along = net.f_quadratic(x, (w + star).as_ref(), Par::Seq)?;
    let huber_bare = mean(n, |i| 2.0 * d1(i) * g[i] + d2(i) * (along[i] - f[i] - g[i]).powi(2));
    let scale = network_bare.abs()
        + bare.abs()
        + slope.abs()
        + 2.0 * (value + there)
        + mean(n, |i| c[i] + (g[i] - f[i]).powi(2));
    let unit = rounding::sum(n * m * d + (1 << m), 64);
    let mut out = Measurement::new();
    for (name, value) in [
        ("square", curvature),
        ("bare", bare),
        ("square_of", slope - 2.0 * (value - there) + rest),
        ("three", slope - 3.0 * (value - there) + rest),
        ("huber", mean_curvature_of_quadratic(&net, huber, [x, w, star], &y, Par::Seq)?),
        ("huber_bare", huber_bare),
        ("huber_of", huber_of(2.0)),
        ("huber_three", huber_of(3.0)),
        ("network", network),
        ("network_of", RandomisedSquare::new(&net, x, &y)?.mean_curvature(w, star, Par::Seq)?),
        ("network_bare", network_bare),
    ] {
        out.insert(name, value, unit * scale);
    }
    let error = unit * (scale + bare_with_norm.abs());
    Ok(out
        .quantity("norm", with_norm - curvature, error)
        .quantity("norm_bare", bare_with_norm - bare, error)
        .quantity("norm_of", mean_curvature_of_norm(w, star)?, error))
}

/// Curvatures of ‖W‖_{2,4}⁸.
fn norms(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, rng) = (cell.m(), cell.d(), &mut cell.stream(seed, "rows"));
    let ratio = |w: MatRef<'_, f64>, star: MatRef<'_, f64>| -> Result<f64> {
        let [norm, norm_star] = [w, star].map(norm_2_4_pow4);
        Ok(mean_curvature_of_norm(w, star)? / (norm.powf(1.5) * norm_star.sqrt()))
    };
    let drawn = [(); 2].map(|()| uniform_sphere(rng, m, d, 1.0));
    let like = |factor: &dyn Fn(usize) -> f64| Mat::from_fn(m, d, |r, c| factor(r) * drawn[0][(0, c)]);
    let (one, flat) = (like(&|r| if r == 0 { 1.0 } else { 0.0 }), like(&|_| 1.0));
    let leads = like(&|r| if r == 0 { 1.0 } else { 0.05 });
    let [one, flat, leads, of_drawn] =
        [(&one, &one), (&flat, &flat), (&leads, &leads), (&drawn[0], &drawn[1])]
            .map(|(w, star)| ratio(w.as_ref(), star.as_ref()));
    let largest = leads?.max(of_drawn?);
    // With t = ‖W‖²/‖W*‖² the excess is ratio·t³ − 6t⁴ − 2 in units of ‖W*‖⁸.
    let excess = (1..=96).map(|t| f64::from(t) / 8.0).map(|t| largest * t.powi(3) - 6.0 * t.powi(4) - 2.0);
    let unit = rounding::sum(m * d, 64);
    Ok(Measurement::new()
        .quantity("one", one?, 56.0 * unit)
        .quantity("one_of", 56.0, 0.0)
        .quantity("one_off", 55.0, 0.0)
        .quantity("flat", flat?, 56.0 * unit)
        .quantity("flat_of", 24.0 + 32.0 / m as f64, 56.0 * unit)
        .quantity("flat_off", 24.0, 0.0)
        .quantity("fifty-six", largest, 56.0 * unit)
        .quantity("most", 56.0, 0.0)
        .quantity("less", 55.0, 0.0)
        .quantity("excess", excess.fold(f64::NEG_INFINITY, f64::max), 56.0 * 1728.0 * unit)
        .quantity("excess_most", 4800.0, 0.0)
        .quantity("excess_less", 4700.0, 0.0))
}

/// The Hessian of the network at W = 0, and where it has a negative eigenvalue.
fn origin(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, n) = (cell.m(), cell.d(), cell.n());
    let (net, x, y) = problem(cell, m, seed, "draw")?;
    let (zero, mut gradient) = (Mat::zeros(m, d), Mat::zeros(m, d));
    let mut landscape = SquareLandscape::new(&net, Model::Network, x.as_ref(), &y, LAMBDA)?;
    let w = uniform_sphere(&mut cell.stream(seed, "rows"), m, d, 1e-3);
    landscape.value_and_gradient(w.as_ref(), gradient.as_mut(), Par::Seq)?;
    let moved = gradient.norm_l2();
    landscape.value_and_gradient(zero.as_ref(), gradient.as_mut(), Par::Seq)?;
    let (unit, mut whole) = (Mat::<f64>::identity(m * d, m * d), Mat::zeros(m * d, m * d));
    landscape.hessian(zero.as_ref(), Par::Seq)?.apply(unit.as_ref(), whole.as_mut(), Par::Seq)?;
    let form = |r: usize, weight: &dyn Fn(usize, f64) -> f64| {
        let z = |i: usize| x.row(i) * net.weights().row(r).transpose();
        let scaled = Mat::from_fn(n, d, |i, c| weight(i, z(i)) / n as f64 * x[(i, c)]);
        scaled.transpose() * &x
    };
    let (sigma, mf) = (net.activation(), m as f64);
    let (mut least, mut least_bend, mut size, mut from) =
        (f64::INFINITY, f64::INFINITY, 0.0_f64, f64::INFINITY);
    for r in 0..m / 2 {
        let (p, q) = (form(r, &|_, z| sigma.d1(z).powi(2)), form(r, &|i, z| -y[i] * sigma.d2(z)));
        for sign in [1.0, -1.0] {
            let block = Mat::from_fn(d, d, |i, j| p[(i, j)] / mf + sign * q[(i, j)] / mf.sqrt());
            let bend = Mat::from_fn(d, d, |i, j| sign * q[(i, j)] / mf.sqrt());
            least = least.min(eigen::full_eigenvalues(block.as_ref(), Par::Seq)?[d - 1]);
            least_bend = least_bend.min(eigen::full_eigenvalues(bend.as_ref(), Par::Seq)?[d - 1]);
            size = size.max(block.norm_l2());
        }
        let (values, vectors) = eigen::full_eigen(p.as_ref(), Par::Seq)?;
        let half = Mat::from_fn(d, d, |i, j| vectors[(i, j)] / values[j].sqrt());
        let ratios = eigen::full_eigenvalues((half.transpose() * &q * &half).as_ref(), Par::Seq)?;
        from = from.min(ratios[0].max(-ratios[d - 1]).powi(-2));
    }
    let error = rounding::eigen(m * d, size) + rounding::sum(n * d, 64) * size;
    Ok(Measurement::new()
        .quantity("still", gradient.norm_l2(), rounding::sum(n * m, 64))
        .quantity("still_of", 0.0, 0.0)
        .quantity("still_off", moved, rounding::sum(n * m, 64))
        .quantity("blocks", eigen::full_eigenvalues(whole.as_ref(), Par::Seq)?[m * d - 1], error)
        .quantity("blocks_of", least, error)
        .quantity("blocks_off", least_bend, error)
        .quantity("saddle", from, 1e-9 * from)
        .quantity("saddle_small", 100.0 * from, 1e-7 * from)
        .quantity("m", mf, 0.0)
        .hypothesis("P_r ≻ 0", from.is_finite(), "eight inputs for each dimension"))
}

/// C, and what separates the curvature of the network from that of the quadratic model.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (m, d, n) = (cell.m(), cell.d(), cell.n());
    let (net, x, y) = problem(cell, m, seed, "draw")?;
    let axes = uniform_sphere(&mut cell.clone().without(M).replicate(0).stream(seed, "axes"), 2, d, 1.0);
    let length = (m as f64).powf(-0.25);
    // The neurons with a_r = 1 move together, and what they add to f adds up.
    let rows =
        |axis: usize| Mat::from_fn(m, d, |r, c| if r < m / 2 { length * axes[(axis, c)] } else { 0.0 });
    let (w, star) = (rows(0), rows(1));
    let (x, w, star) = (x.as_ref(), w.as_ref(), star.as_ref());
    let square = RandomisedSquare::new(&net, x, &y)?;
    let (value, gradient) = square.value_and_gradient(w, Par::Seq)?;
    let (f, g) = (net.f_quadratic(x, w, Par::Seq)?, net.f_quadratic(x, star, Par::Seq)?);
    let (curvature, slope) = (square.mean_curvature(w, star, Par::Seq)?, inner(gradient.as_ref(), w));
    let (there, apart) = (square.value(star, Par::Seq)?, mean(n, |i| (f[i] - g[i]).powi(2)));
    let c = opposing(&net, x, w, star).iter().sum::<f64>() / n as f64;
    let scale = curvature.abs() + slope.abs() + 2.0 * (value + there) + apart;
    let unit = rounding::sum(n * m, 64 + d);
    Ok(Measurement::new()
        .quantity("opposing", c, unit * c)
        .quantity("opposing_scale", 1.0 / m as f64, 0.0)
        .quantity("error", (curvature - slope + 2.0 * (value - there) + apart).abs(), unit * scale)
        .quantity("error_scale", (m as f64).sqrt().recip(), f64::EPSILON)
        .hypothesis("rows ≍ m^{−1/4}", true, "those with a_r = 1, along one direction"))
}

/// Points of second order of the quadratic model at several problems, from several starts, up to a width.
fn points(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, n) = (cell.d(), cell.n());
    let options = DescentOptions {
        gradient: NU,
        curvature: Some(GAMMA),
        max_steps: 3000,
        ..DescentOptions::default()
    };
    let widths: Vec<usize> = (1..).map(|k| 1 << k).take_while(|m| *m <= cell.m()).collect();
    let (mut agree, mut four, mut least, mut explicit) = (0.0_f64, 0.0_f64, 2, f64::INFINITY);
    let (mut size, mut twice, mut balance, mut half) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    let (mut found, mut all) = (0, 0);
    for problem_number in 0..PROBLEMS {
        for &m in &widths {
            let name = format!("problem {problem_number}");
            let (net, x, y) = problem(cell, m, seed, &name)?;
            let rng = &mut cell.stream(seed, &format!("{name}, starts at {m}"));
            let mut landscape = SquareLandscape::new(&net, Model::QuadraticTerm, x.as_ref(), &y, LAMBDA)?;
            let start_level = mean(n, |i| 0.5 * y[i] * y[i]);
            let (mut low, mut high, mut norm) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
            for start in 1..=STARTS {
                let length = 0.25 * start as f64 * (m as f64).powf(-0.25);
                let end = search(&mut landscape, uniform_sphere(rng, m, d, length), &options, Par::Seq)?;
                all += 1;
                if end.outcome != Outcome::SecondOrder {
                    continue;
                }
                found += 1;
                let w = end.state.w.as_ref();
                if end.value.objective < low {
                    (low, norm) = (end.value.objective, norm_2_4_pow4(w));
                }
                high = high.max(end.value.objective);
                let (fall, force) = (start_level - end.value.loss, 4.0 * LAMBDA * norm_2_4_pow4(w).powi(2));
                let slack = 0.5 * NU * frobenius_sq(w).sqrt();
                let f = net.f_quadratic(x.as_ref(), w, Par::Seq)?;
                let squares = mean(n, |i| 0.5 * f[i] * f[i]);
                if slack > 0.0 {
                    size = size.max(force / (fall + slack));
                    twice = twice.max(256.0 * force / (fall + slack));
                    balance = balance.max((force + squares - fall).abs() / slack);
                    half = half.max((force - fall).abs() / slack);
                }
            }
            let spread = (high - low) / start_level;
            if spread > AGREE {
                least = least.max(2 * m);
            }
            if m == 4 {
                four = four.max(spread);
            }
            if m >= FROM {
                agree = agree.max(spread);
            }
            if m == cell.m() {
                let bend = net.activation().supremum(2)?.value * d as f64;
                let width = 0.5 * bend * bend * (norm / (4.0 * LAMBDA / start_level).sqrt()).sqrt();
                explicit = explicit.min(width / (AGREE * start_level));
            }
        }
    }
    let error = rounding::sum(n * cell.m() * d, 64);
    let share = f64::from(found) / f64::from(all);
    let mut out =
        Measurement::new().hypothesis("certified", share >= 0.9, format!("{found} of {all} points"));
    for (name, value, error) in [
        ("agree", agree, error),
        ("agree_most", AGREE, 0.0),
        ("agree_four", four, error),
        ("least", least as f64, 0.0),
        ("explicit", explicit, error * explicit),
        ("two", 2.0, 0.0),
        ("size", size, error),
        ("size_twice", twice, error),
        ("balance", balance, error / NU),
        ("balance_half", half, error / NU),
        ("unit", 1.0, 0.0),
    ] {
        out.insert(name, value, error);
    }
    Ok(out)
}
