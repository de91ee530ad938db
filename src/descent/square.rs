//! The square loss with random signs, or of the quadratic model, as a landscape: value, gradient and
//! products with the Hessian by one pass over neurons.
//!
//! Both are `L_λ(W) = E_n [½(e − y)² + ½v] + λ‖W‖_{2,4}^8` with sums over neurons
//! `e = m^{-1/2} Σ_r a_r e_r` and `v = (1/m) Σ_r o_r²`, and e_r and o_r depend on `u_r = w_r·x` alone: for
//! the network under random signs they are its even and odd part, and for f_Q they are `½σ''(z_r)u_r²` and
//! 0.
//! With dashes for derivatives by u_r, row r of the gradient is
//! `E_n [(e − y) a_r m^{-1/2} e_r' + (1/m) o_r o_r'] x`, and of the Hessian by V it is
//! `E_n [a_r m^{-1/2} e_r' δ + ((e − y) a_r m^{-1/2} e_r'' + (1/m)(o_r'² + o_r o_r'')) v_r·x] x` with
//! `δ = m^{-1/2} Σ_r a_r e_r' (v_r·x)`.

use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::Landscape;
use crate::activation::Derivative;
use crate::network::{self, Model, PairedNetwork, check_labels};
use crate::objective::regularized::Value;
use crate::objective::regularizers::{add_r4_gradient, add_r4_product, r4};
use crate::operator::SymmetricOperator;
use crate::product::matmul;
use crate::{Error, Result};

/// `L_λ(W) = E_S E_n ½(f(x; SW) − y)² + λ‖W‖_{2,4}^8`, or the same with f_Q(x; W) in place of f(x; SW), as a
/// [`Landscape`]. It holds some 5nm numbers.
pub struct SquareLandscape<'a> {
    net: &'a PairedNetwork,
    x: MatRef<'a, f64>,
    y: &'a [f64],
    lambda: f64,
    quadratic: bool,
    /// `w_{0,r}·x` for the network and `σ''(w_{0,r}·x)` for f_Q, `[n, p]` by columns.
    first: Vec<f64>,
}

/// What a pass over the neurons leaves: e − y, E_n ½v, and for each input and neuron `a_r m^{-1/2} e_r'`,
/// `(1/m) o_r o_r'`, and where they are asked for `a_r m^{-1/2} e_r''` and `(1/m)(o_r'² + o_r o_r'')`. The
/// parts that come from o are empty for f_Q.
struct Pass {
    misses: Vec<f64>,
    spread: f64,
    slopes: Vec<f64>,
    odd: Vec<f64>,
    curvatures: Vec<f64>,
    odd_curvatures: Vec<f64>,
}

impl<'a> SquareLandscape<'a> {
    /// The landscape of [`Model::Network`] under random signs, or of [`Model::QuadraticTerm`], at the inputs
    /// `x` (`[n, d]`) with the labels `y` (`[n]`) and λ = `lambda`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without a second derivative; [`Error::Domain`] for another
    /// model, or a λ that is negative or not finite; a shape that does not fit, no inputs, or a number that
    /// is not finite.
    pub fn new(
        net: &'a PairedNetwork,
        model: Model,
        x: MatRef<'a, f64>,
        y: &'a [f64],
        lambda: f64,
    ) -> Result<Self> {
        net.activation().require_twice_differentiable()?;
        net.check_inputs(x)?;
        check_labels(y, x.nrows())?;
        let quadratic = match model {
            Model::Network => false,
            Model::QuadraticTerm => true,
            Model::Linear | Model::Quadratic => {
                let allowed = "random signs leave the network or its quadratic term f_Q";
                return Err(Error::domain("the model", format!("{model:?}"), allowed));
            }
        };
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(Error::domain("λ", lambda, "it must be finite and at least 0"));
        }
        let mut first = products(x, net.weights());
        if quadratic {
            net.activation().apply(Derivative::Second, &mut first);
        }
        Ok(Self { net, x, y, lambda, quadratic, first })
    }

    fn pass(&self, w: MatRef<'_, f64>, second: bool) -> Result<Pass> {
        self.net.check_displacement(w)?;
        let (n, p, m) = (self.y.len(), self.net.p(), self.net.m());
        let scale = (m as f64).sqrt().recip();
        let mut misses: Vec<f64> = self.y.iter().map(|y| -y).collect();
        let (mut u, mut variance) = (products(self.x, w), 0.0);
        let column = |r: usize| (r % p * n..(r % p + 1) * n, if r < p { scale } else { -scale });
        if self.quadratic {
            let mut curvatures = vec![0.0; if second { n * m } else { 0 }];
            for r in 0..m {
                let (range, sign) = column(r);
                let (u, of) = (&mut u[r * n..(r + 1) * n], &self.first[range]);
                for ((u, s), miss) in u.iter_mut().zip(of).zip(&mut misses) {
                    let slope = sign * s * *u;
                    *miss += 0.5 * slope * *u;
                    *u = slope;
                }
                if second {
                    let out = &mut curvatures[r * n..(r + 1) * n];
                    out.iter_mut().zip(of).for_each(|(out, s)| *out = sign * s);
                }
            }
            let [odd, odd_curvatures] = [(); 2].map(|()| Vec::new());
            return Ok(Pass { misses, spread: 0.0, slopes: u, odd, curvatures, odd_curvatures });
        }
        // z + u and then z − u, which become σ, and below them σ' and σ''.
        let sigma = self.net.activation();
        let mut value = vec![0.0; 2 * n * m];
        let (plus, minus) = value.split_at_mut(n * m);
        for (i, ((plus, minus), u)) in plus.iter_mut().zip(minus).zip(&u).enumerate() {
            let z = self.first[i % (n * p)];
            (*plus, *minus) = (z + u, z - u);
        }
        let mut bend = if second { value.clone() } else { Vec::new() };
        let mut slope = value.clone();
        sigma.apply_value_and_first(&mut value, &mut slope);
        sigma.apply(Derivative::Second, &mut bend);
        let mut odd = vec![0.0; n * m];
        let [mut curvatures, mut odd_curvatures] = [(); 2].map(|()| vec![0.0; bend.len() / 2]);
        for r in 0..m {
            let sign = column(r).1;
            for i in 0..n {
                let (at, other) = (r * n + i, (m + r) * n + i);
                let even = |of: &[f64]| 0.5 * (of[at] + of[other]);
                let half = |of: &[f64]| 0.5 * (of[at] - of[other]);
                let o = scale * half(&value);
                misses[i] += sign * even(&value);
                variance += o * o;
                u[at] = sign * half(&slope);
                odd[at] = scale * o * even(&slope);
                if second {
                    curvatures[at] = sign * even(&bend);
                    odd_curvatures[at] = (scale * even(&slope)).powi(2) + scale * o * half(&bend);
                }
            }
        }
        Ok(Pass { misses, spread: 0.5 * variance / n as f64, slopes: u, odd, curvatures, odd_curvatures })
    }
}

impl Landscape for SquareLandscape<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.net.m(), self.net.d())
    }

    fn value_and_gradient(
        &mut self,
        w: MatRef<'_, f64>,
        mut gradient: MatMut<'_, f64>,
        _: Par,
    ) -> Result<Value> {
        let (n, m) = (self.y.len(), self.net.m());
        let Pass { misses, spread, mut slopes, odd, .. } = self.pass(w, false)?;
        let share = 1.0 / n as f64;
        for column in slopes.chunks_exact_mut(n) {
            column.iter_mut().zip(&misses).for_each(|(slope, miss)| *slope *= share * miss);
        }
        slopes.iter_mut().zip(&odd).for_each(|(slope, odd)| *slope += share * odd);
        let factors = MatRef::from_column_major_slice(&slopes, n, m);
        matmul(gradient.as_mut(), Accum::Replace, factors.transpose(), self.x, 1.0, Par::Seq);
        add_r4_gradient(self.lambda, w, gradient);
        let loss = 0.5 * share * misses.iter().map(|miss| miss * miss).sum::<f64>() + spread;
        let fourth = r4(w);
        Ok(Value { loss, regularizers: [0.0, 0.0, 0.0, fourth], objective: loss + self.lambda * fourth })
    }

    fn hessian(&self, w: MatRef<'_, f64>, _: Par) -> Result<Box<dyn SymmetricOperator + '_>> {
        let n = self.y.len();
        let Pass { misses, slopes, mut curvatures, odd_curvatures, .. } = self.pass(w, true)?;
        for column in curvatures.chunks_exact_mut(n) {
            column.iter_mut().zip(&misses).for_each(|(curvature, miss)| *curvature *= miss);
        }
        curvatures.iter_mut().zip(&odd_curvatures).for_each(|(curvature, odd)| *curvature += odd);
        Ok(Box::new(Hessian { of: self, w: w.to_owned(), slopes, curvatures }))
    }
}

/// The Hessian at one W: slopes as in [`Pass`], and what stands in front of `v_r·x` alone.
struct Hessian<'a> {
    of: &'a SquareLandscape<'a>,
    w: Mat<f64>,
    slopes: Vec<f64>,
    curvatures: Vec<f64>,
}

impl SymmetricOperator for Hessian<'_> {
    fn order(&self) -> usize {
        self.w.nrows() * self.w.ncols()
    }

    fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
        let (n, m, d) = (self.of.y.len(), self.w.nrows(), self.w.ncols());
        if (v.nrows(), out.nrows(), out.ncols()) != (m * d, m * d, v.ncols()) {
            return Err(Error::shape("the vectors", [v.nrows(), v.ncols()], format!("md = {}, any", m * d)));
        }
        network::finite("the direction", v)?;
        let share = 1.0 / n as f64;
        for b in 0..v.ncols() {
            let direction = Mat::from_fn(m, d, |r, c| v[(c * m + r, b)]);
            let (mut along, mut sum) = (products(self.of.x, direction.as_ref()), vec![0.0; n]);
            for (along, slopes) in along.chunks_exact(n).zip(self.slopes.chunks_exact(n)) {
                sum.iter_mut().zip(along.iter().zip(slopes)).for_each(|(sum, (a, s))| *sum += a * s);
            }
            let columns = self.slopes.chunks_exact(n).zip(self.curvatures.chunks_exact(n));
            for (along, (slopes, curvatures)) in along.chunks_exact_mut(n).zip(columns) {
                for (i, along) in along.iter_mut().enumerate() {
                    *along = share * (slopes[i] * sum[i] + curvatures[i] * *along);
                }
            }
            let mut product = Mat::zeros(m, d);
            let factors = MatRef::from_column_major_slice(&along, n, m);
            matmul(product.as_mut(), Accum::Replace, factors.transpose(), self.of.x, 1.0, Par::Seq);
            add_r4_product(self.of.lambda, self.w.as_ref(), direction.as_ref(), product.as_mut());
            for c in 0..d {
                out.as_mut().col_mut(b).subrows_mut(c * m, m).copy_from(product.col(c));
            }
        }
        Ok(())
    }
}

/// Products of the rows of `x` and of `w`, `[n, rows of w]` by columns.
fn products(x: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Vec<f64> {
    let mut out = vec![0.0; x.nrows() * w.nrows()];
    let to = MatMut::from_column_major_slice_mut(&mut out, x.nrows(), w.nrows());
    matmul(to, Accum::Replace, x, w.transpose(), 1.0, Par::Seq);
    out
}
