//! Both sides of Lemma 3 at one W, term by term.

use super::case::{Case, LOSS, norm_2_4};
use crate::error::Result;
use escapement::activation::Derivative;
use escapement::construct::expected_hessian_form;
use escapement::network::Model;
use escapement::objective::{RegularizedLoss, frobenius_sq, regularizers};
use escapement::rounding;
use faer::{Mat, MatRef, Par};

/// The terms at one W. All of them are numbers that `rounding` bounds the error of.
pub(super) struct Terms {
    /// `E_S ∇²L_λ(W)[SW*, SW*]`.
    pub(super) curvature: f64,
    /// ⟨∇L_λ(W), D⟩, D = W − 2W_L* + W_L.
    pub(super) inner: f64,
    /// ⟨∇L_λ(W), W_L*⟩ and ⟨∇L_λ(W), W_L⟩.
    pub(super) inner_star: f64,
    pub(super) inner_low: f64,
    /// L_λ(W) and L_λ(W*).
    pub(super) here: f64,
    pub(super) there: f64,
    /// ‖∇L_λ(W)‖ and ‖D‖_F.
    pub(super) gradient: f64,
    pub(super) distance: f64,
    /// `E_n ℓ'' m^{-1} Σ_r s_r²(w*_r·x)²`.
    pub(super) squares: f64,
    /// `E_n ℓ'·ρ`, ρ from the second derivative, the gradient and the values of the model.
    pub(super) exact: f64,
    /// `E_n ℓ'·[f_L(Π_{>r}W) + b(W, 2W_L* − W_L) − 2f_L(SW_Q)]`.
    pub(super) three: f64,
    /// `L̂(W*) − L̂(W) − E_n ℓ'·(F* − F)`.
    pub(super) bregman: f64,
    /// `E_n |ℓ'|` times Taylor's bound on ρ less the three terms; 0 for f_L + f_Q.
    pub(super) taylor: f64,
    /// `√R3(W)`, `E_n|b|`, `2E_n|f_L(SW_Q)|`, and Taylor's bound without ℓ'.
    pub(super) moduli: [f64; 4],
    /// `E_n m^{-1/2} Σ_r |σ''(w_{0,r}·x)(w_r·x)((2W_L* − W_L)_r·x)|`: b without cancellation.
    pub(super) crossed: f64,
    /// ‖W‖_F, ‖2W_L* − W_L‖_F and ‖D‖_{2,4}.
    pub(super) norms: [f64; 3],
    /// ‖W_L‖_F.
    pub(super) projected: f64,
    /// L̂ and R1 to R4 at W.
    pub(super) loss: f64,
    pub(super) regularizers: [f64; 4],
    /// The parts of λ1 to λ4, exactly.
    pub(super) parts: [f64; 4],
    /// A bound on the last by R4(W), R4(W*) and `‖·‖_{2,4}` alone.
    pub(super) fourth: f64,
    /// `λ4 R4(W*)` times the largest value of that bound over R4(W), relative to R4(W*).
    pub(super) supremum: f64,
    /// `τ = ‖W‖/‖W*‖` and `δ = (2‖W_L*‖ + ‖W_L‖)/‖W*‖` in ‖·‖_{2,4}.
    pub(super) tau: f64,
    pub(super) delta: f64,
    /// A bound on the rounding of each side.
    pub(super) rounding: f64,
}

impl Terms {
    pub(super) fn new(case: &Case, objective: &RegularizedLoss<'_>, w: MatRef<'_, f64>) -> Result<Self> {
        let (built, star) = (&case.built, case.star.as_ref());
        let (m, n, d) = (objective.m(), objective.n(), objective.d());
        let lambda = objective.lambda();
        let mut space = objective.workspace();
        let mut gradient = Mat::zeros(m, d);
        let at_star = objective.value(star, &mut space, Par::Seq)?;
        let here = objective.value_and_gradient(w, gradient.as_mut(), &mut space, Par::Seq)?;
        let low = case.low(w)?;
        let w_l = built.w_l.as_ref();
        let aim = Mat::from_fn(m, d, |r, i| 2.0 * w_l[(r, i)] - low[(r, i)]);
        let step = Mat::from_fn(m, d, |r, i| w[(r, i)] - aim[(r, i)]);
        let dot = |v: MatRef<'_, f64>| {
            (0..d).map(|i| (0..m).map(|r| gradient[(r, i)] * v[(r, i)]).sum::<f64>()).sum::<f64>()
        };
        let curvature = expected_hessian_form(&objective.hessian(w, Par::Seq)?, star, Par::Seq)?;
        let pass = Pass::new(case, w, low.as_ref(), step.as_ref());

        let root = (m as f64).sqrt().recip();
        let mean = |f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        let (y, f, f_star) = (&case.y, &pass.value, &pass.value_star);
        let slope = |i: usize| LOSS.d1(y[i], f[i]);
        let rho = |i: usize| pass.bent[i] - pass.along[i] + 2.0 * (f[i] - f_star[i]);
        let three = |i: usize| pass.beyond[i] + pass.cross[i] - 2.0 * pass.noise[i];
        let squares = mean(&|i| LOSS.d2(y[i], f[i]) * pass.squares[i]) * root * root;
        let loss = |f: &[f64]| mean(&|i| LOSS.value(y[i], f[i]));
        let bregman = loss(f_star) - loss(f) - mean(&|i| slope(i) * (f_star[i] - f[i]));

        let [_, _, r3, r4] = here.regularizers;
        let [s1, s2, s3] = case.spent;
        let coordinates = |v: MatRef<'_, f64>| -> Result<Mat<f64>> {
            Ok(built.top.coordinates(built.cov.antisymmetric(v)?.as_ref(), Par::Seq))
        };
        let (c, c_star) = (coordinates(w)?, coordinates(w_l)?);
        let form = |a: &Mat<f64>, b: &Mat<f64>| {
            built.top.eigenvalues().iter().enumerate().map(|(i, l)| l * a[(i, 0)] * b[(i, 0)]).sum::<f64>()
        };
        let second = 2.0 * s2 - 2.0 * case.at_star[1] - 2.0 * form(&c, &c) + 4.0 * form(&c, &c_star);
        let r4_star = case.at_star[3];
        let fourth = Fourth::new(case, w, low.as_ref(), aim.as_ref());
        let (tau, delta) = (fourth.tau, fourth.delta);

        let mut out = Self {
            curvature,
            inner: dot(step.as_ref()),
            inner_star: dot(w_l),
            inner_low: dot(low.as_ref()),
            here: here.objective,
            there: at_star.objective,
            gradient: gradient.norm_l2(),
            distance: step.norm_l2(),
            squares,
            exact: mean(&|i| slope(i) * rho(i)),
            three: mean(&|i| slope(i) * three(i)),
            bregman,
            taylor: mean(&|i| slope(i).abs() * pass.taylor[i]),
            moduli: [
                r3.sqrt(),
                mean(&|i| pass.cross[i].abs()),
                2.0 * mean(&|i| pass.noise[i].abs()),
                mean(&|i| pass.taylor[i]),
            ],
            crossed: mean(&|i| pass.crossed[i]),
            norms: [w.norm_l2(), aim.norm_l2(), norm_2_4(step.as_ref())],
            projected: low.norm_l2(),
            loss: here.loss,
            regularizers: here.regularizers,
            parts: [
                lambda[0] * 2.0 * (s1 - case.at_star[0]),
                lambda[1] * second,
                lambda[2] * 2.0 * (s3 - case.at_star[2]),
                lambda[3] * (fourth.bent - 6.0 * r4 + fourth.turned - 2.0 * r4_star),
            ],
            fourth: lambda[3] * r4_star * fourth.quartic(tau),
            supremum: lambda[3] * r4_star * fourth.quartic(fourth.top()),
            tau,
            delta,
            rounding: 0.0,
        };
        out.rounding = out.rounding_of(case, objective, w, step.as_ref());
        Ok(out)
    }

    /// Sums over neurons, inputs and entries of products of sums over d: what their moduli add up to at
    /// most.
    fn rounding_of(
        &self,
        case: &Case,
        objective: &RegularizedLoss<'_>,
        w: MatRef<'_, f64>,
        step: MatRef<'_, f64>,
    ) -> f64 {
        let (built, star, lambda) = (&case.built, case.star.as_ref(), objective.lambda());
        let (m, n, d) = (objective.m(), objective.n(), objective.d());
        let [_, first, second, _] = built.net.activation().suprema().map(|s| s.value);
        let rows = |v: MatRef<'_, f64>| (0..m).map(|r| v.row(r).norm_l2()).collect::<Vec<_>>();
        let (a, b, e) = (rows(w), rows(star), rows(step));
        let reach = (d as f64).sqrt();
        let each = |r: usize| {
            let slope = first + second * reach * a[r];
            slope * reach * (e[r] + 4.0 * (a[r] + b[r])) + 2.0 * second * (reach * b[r]).powi(2)
        };
        let root = (m as f64).sqrt().recip();
        let model = root * (0..m).map(each).sum::<f64>() + 4.0 * built.model_rounding() / built.summation();
        let square = (frobenius_sq(w).sqrt() + self.distance + frobenius_sq(star).sqrt()).powi(2);
        let forms = (lambda[0] + lambda[1] + lambda[2]) * d as f64 * first.powi(2) * square;
        let quartic = lambda[3] * case.at_star[3] * 100.0 * (1.0 + self.tau + self.delta).powi(8);
        let unit = rounding::sum(m + n + built.cov.order(), 4 * d + 64);
        2.0 * unit * (model + 2.0 * self.squares + forms + quartic + self.here + self.there)
    }

    /// The left side.
    pub(super) fn lhs(&self) -> f64 {
        self.curvature - self.inner + 2.0 * (self.here - self.there)
    }

    /// The left side put together from its parts.
    pub(super) fn composed(&self, model: Model) -> f64 {
        let loss = if model == Model::Network { self.exact } else { self.three };
        self.squares + loss - 2.0 * self.bregman + self.parts.iter().sum::<f64>()
    }

    /// The explicit right side at this W.
    pub(super) fn rhs(&self) -> f64 {
        self.squares + self.three + self.taylor + self.parts[..3].iter().sum::<f64>() + self.fourth
    }

    /// What does not carry a factor ε.
    pub(super) fn remainder(&self) -> f64 {
        self.squares + self.moduli.iter().sum::<f64>()
    }
}

/// What the model does at the inputs, evaluated here neuron by neuron and not by the code under test.
struct Pass {
    value: Vec<f64>,
    value_star: Vec<f64>,
    /// `Σ_r s_r²(w*_r·x)²`.
    squares: Vec<f64>,
    /// `∇²F(W)[SW*, SW*]`, its part linear in the second derivative of each neuron.
    bent: Vec<f64>,
    /// `∇F(W)[D]`.
    along: Vec<f64>,
    /// f_L(Π_{>r}W), b(W, 2W_L* − W_L), f_L(SW_Q).
    beyond: Vec<f64>,
    cross: Vec<f64>,
    noise: Vec<f64>,
    /// b with the moduli of its terms.
    crossed: Vec<f64>,
    /// Taylor's bound.
    taylor: Vec<f64>,
}

impl Pass {
    fn new(case: &Case, w: MatRef<'_, f64>, low: MatRef<'_, f64>, step: MatRef<'_, f64>) -> Self {
        let (net, x) = (&case.built.net, case.built.x.as_ref());
        let (m, p, n) = (net.m(), net.p(), x.nrows());
        let sigma = net.activation();
        let on = |v: MatRef<'_, f64>| x * v.transpose();
        let z = on(net.weights());
        let (u, v, e) = (on(w), on(case.star.as_ref()), on(step));
        let (l, l_star) = (on(low), on(case.built.w_l.as_ref()));
        let zeros = || vec![0.0; n];
        let mut out = Self {
            value: zeros(),
            value_star: zeros(),
            squares: zeros(),
            bent: zeros(),
            along: zeros(),
            beyond: zeros(),
            cross: zeros(),
            crossed: zeros(),
            noise: zeros(),
            taylor: zeros(),
        };
        let (third, root) = (sigma.suprema()[3].value, (m as f64).sqrt().recip());
        // σ' and σ'' of a neuron at every input: at z, and at z + u; σ at z, at z + u and at z + v.
        let [mut first, mut second, mut slopes, mut bends] = [(); 4].map(|()| zeros());
        let mut values = [(); 3].map(|()| zeros());
        for r in 0..m {
            let a = net.sign(r) * root;
            first.copy_from_slice(z.col_as_slice(r % p));
            sigma.apply_first_and_second(&mut first, &mut second);
            if case.model == Model::Network {
                let (z, u, v) = (z.col_as_slice(r % p), u.col_as_slice(r), v.col_as_slice(r));
                for i in 0..n {
                    slopes[i] = z[i] + u[i];
                    [values[0][i], values[1][i], values[2][i]] = [z[i], z[i] + u[i], z[i] + v[i]];
                }
                sigma.apply_first_and_second(&mut slopes, &mut bends);
                values.iter_mut().for_each(|values| sigma.apply(Derivative::Value, values));
            }
            for i in 0..n {
                let (u, v, e) = (u[(i, r)], v[(i, r)], e[(i, r)]);
                let (first, second) = (first[i], second[i]);
                let (slope, bend, value, value_star) = if case.model == Model::Network {
                    let base = values[0][i];
                    (slopes[i], bends[i], values[1][i] - base, values[2][i] - base)
                } else {
                    (
                        first + second * u,
                        second,
                        first * u + 0.5 * second * u * u,
                        first * v + 0.5 * second * v * v,
                    )
                };
                out.value[i] += a * value;
                out.value_star[i] += a * value_star;
                out.squares[i] += (slope * v).powi(2);
                out.bent[i] += a * bend * v * v;
                out.along[i] += a * slope * e;
                out.beyond[i] += a * first * (u - l[(i, r)]);
                let cross = second * u * (2.0 * l_star[(i, r)] - l[(i, r)]);
                out.cross[i] += a * cross;
                out.crossed[i] += root * cross.abs();
                out.noise[i] += a * first * (v - l_star[(i, r)]);
                if case.model == Model::Network {
                    let cubes =
                        u.abs() * v * v + 0.5 * u * u * e.abs() + (u.abs().powi(3) + v.abs().powi(3)) / 3.0;
                    out.taylor[i] += root * third * cubes;
                }
            }
        }
        out
    }
}

/// R4 along W*: its Hessian and gradient there, and a polynomial in τ that bounds the two.
struct Fourth {
    /// `∇²R4(W)[SW*, SW*]` on average over S.
    bent: f64,
    /// `⟨∇R4(W), 2W_L* − W_L⟩`.
    turned: f64,
    tau: f64,
    delta: f64,
    /// `24 + 32 max‖w*_r‖²/‖W*‖_{2,4}²`, by `Σ‖w‖²(w·w*)² ≤ max‖w*_r‖² Σ‖w_r‖⁶` and `Σ‖w_r‖⁶ ≤ T^{3/2}`.
    bend: f64,
}

impl Fourth {
    fn new(case: &Case, w: MatRef<'_, f64>, low: MatRef<'_, f64>, aim: MatRef<'_, f64>) -> Self {
        let star = case.star.as_ref();
        let total = regularizers::norm_2_4_pow4(w);
        let (mut bent, mut turned) = (0.0, 0.0);
        for r in 0..w.nrows() {
            let (w, v) = (w.row(r), star.row(r));
            let (s, along) = (w.squared_norm_l2(), w * v.transpose());
            bent += 2.0
                * ((4.0 * s * along).powi(2)
                    + total * (8.0 * along * along + 4.0 * s * v.squared_norm_l2()));
            turned += 8.0 * total * s * (w * aim.row(r).transpose());
        }
        let sizes = [norm_2_4(w), norm_2_4(star), norm_2_4(case.built.w_l.as_ref()), norm_2_4(low)];
        let largest = (0..w.nrows()).map(|r| star.row(r).squared_norm_l2()).fold(0.0, f64::max);
        let bend = 24.0 + 32.0 * largest / sizes[1].powi(2);
        Self { bent, turned, tau: sizes[0] / sizes[1], delta: (2.0 * sizes[2] + sizes[3]) / sizes[1], bend }
    }

    /// The bound at τ, relative to R4(W*).
    fn quartic(&self, tau: f64) -> f64 {
        -6.0 * tau.powi(8) + 8.0 * self.delta * tau.powi(7) + self.bend * tau.powi(6) - 2.0
    }

    /// Where the bound is largest: its derivative is τ⁵(−48τ² + 56δτ + 6·bend).
    fn top(&self) -> f64 {
        (7.0 * self.delta + (49.0 * self.delta * self.delta + 18.0 * self.bend).sqrt()) / 12.0
    }
}
