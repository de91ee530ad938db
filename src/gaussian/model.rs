//! Multi-index models: polynomials of a few directions in R^d, and the gradient that they give a neuron.

use super::gradient::PopulationGradient;
use super::polynomial::{Exponents, Polynomial};
use super::series::{HermiteSeries, binomial, checked, limited};
use super::spectrum::BallMatrix;
use crate::activation::Activation;
use crate::ball::Ball;
use crate::error::finite;
use crate::tolerance::{DEPENDENT, UNIT_NORM_F32};
use crate::{Error, Result};
use faer::MatRef;

/// A target `f(x) = g(<u_1, x>, …, <u_r, x>)` for a polynomial g and independent directions u_i in R^d, in
/// orthonormal coordinates z of their span S*: `f(x) = series(Qx)`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiIndexModel {
    d: usize,
    frame: BallMatrix,
    series: HermiteSeries,
}

impl MultiIndexModel {
    /// The model of the directions, one per row, `[r, d]`, and of the monomials in `t_i = <u_i, x>`, as
    /// [`HermiteSeries::from_monomials`] takes them. Directions that are not orthonormal are made so from
    /// the first to the last one, and the polynomial is written out in the new coordinates.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a direction, [`Error::Domain`] for directions that are not independent, and
    /// the errors of [`HermiteSeries::from_monomials`].
    pub fn new(directions: MatRef<'_, f64>, terms: &[(Exponents, f64)]) -> Result<Self> {
        let f = checked(directions.nrows(), terms)?;
        Self::of(directions, &f, || HermiteSeries::of_monomials(&f))
    }

    /// The model of the directions and of a series in `t_i = <u_i, x>`: where the directions are not
    /// orthonormal, He_k(t_i) is the polynomial of t_i, and not orthogonal to all lower degrees. Along axes
    /// of R^d the series stays as it is.
    ///
    /// # Errors
    /// As [`MultiIndexModel::new`], and [`Error::Shape`] for another number of directions than of
    /// coordinates of the series.
    pub fn from_series(directions: MatRef<'_, f64>, series: &HermiteSeries) -> Result<Self> {
        let (r, d) = (directions.nrows(), directions.ncols());
        if r != series.latent() {
            return Err(Error::shape("the directions", [r, d], format!("{}, d", series.latent())));
        }
        Self::of(directions, &series.monomials(), || series.clone())
    }

    /// The model of a polynomial in the `t_i`, whose series is `in_coordinates` where they are axes.
    fn of(
        directions: MatRef<'_, f64>,
        f: &Polynomial,
        in_coordinates: impl FnOnce() -> HermiteSeries,
    ) -> Result<Self> {
        let (r, d) = (directions.nrows(), directions.ncols());
        finite("the directions", directions)?;
        if are_axes(directions) {
            let row = |i: usize| (0..d).map(|j| Ball::exact(directions[(i, j)])).collect();
            return Ok(Self { d, frame: (0..r).map(row).collect(), series: in_coordinates() });
        }
        let [frame, coordinates] = orthonormal(directions)?;
        limited(f, binomial(r + f.degree(), r))?;
        let t: Vec<Polynomial> = coordinates.iter().map(|row| Polynomial::linear(row)).collect();
        let series = HermiteSeries::of_monomials(&f.of(&t));
        Ok(Self { d, frame, series })
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The orthonormal basis Q of S*, `[r, d]`.
    pub fn frame(&self) -> &[Vec<Ball>] {
        &self.frame
    }

    /// The polynomial in the coordinates z = Qx.
    pub fn series(&self) -> &HermiteSeries {
        &self.series
    }

    /// f at the rows of x, `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of columns, [`Error::NotFinite`].
    ///
    /// # Accuracy
    /// Some d + 3p roundings of the sum of the moduli of the monomials of Qx.
    pub fn values(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
        if x.ncols() != self.d {
            return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], format!("n, {}", self.d)));
        }
        finite("the inputs", x)?;
        let f = self.series.monomials();
        let value = |i: usize| {
            let inner = |q: &Vec<Ball>| q.iter().enumerate().map(|(j, q)| q.value * x[(i, j)]).sum();
            let z: Vec<f64> = self.frame.iter().map(inner).collect();
            let power = |(z, &e): (&f64, &u8)| z.powi(e.into());
            f.terms()
                .map(|(exponents, c)| c.value * z.iter().zip(exponents).map(power).product::<f64>())
                .sum()
        };
        Ok((0..x.nrows()).map(value).collect())
    }

    /// C_1 = E ∇f, d numbers.
    pub fn gradient_mean(&self) -> Vec<Ball> {
        self.lifted(&self.series.gradient_mean())
    }

    /// H = E ∇²f, `[d, d]`.
    pub fn hessian(&self) -> BallMatrix {
        let h = self.series.hessian();
        // H Q first, row by row of H, and then Qᵀ times that.
        let rows: Vec<Vec<Ball>> = h.iter().map(|row| self.lifted(row)).collect();
        let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<_>>();
        let columns: Vec<Vec<Ball>> = (0..self.d).map(|j| self.lifted(&column(j))).collect();
        (0..self.d).map(|i| (0..self.d).map(|j| columns[j][i]).collect()).collect()
    }

    /// Qᵀ times a vector of r numbers.
    fn lifted(&self, z: &[Ball]) -> Vec<Ball> {
        (0..self.d).map(|j| z.iter().zip(&self.frame).map(|(&z, q)| z * q[j]).sum()).collect()
    }

    /// The polynomials from which the gradient is made, for σ with its shift.
    ///
    /// # Errors
    /// As [`super::hermite::coefficients`].
    pub fn population(&self, sigma: &dyn Activation) -> Result<PopulationGradient> {
        PopulationGradient::new(&self.series, sigma)
    }

    /// The population gradient `g(w) = E[f(x) x σ'(w·x)]`, d numbers, at the direction of w.
    ///
    /// # Errors
    /// [`Error::Shape`] for a w that has not d entries; [`Error::Domain`] for one that is not a unit vector
    /// to within [`UNIT_NORM_F32`]. It is divided by its norm.
    pub fn gradient(&self, population: &PopulationGradient, w: &[f64]) -> Result<Vec<Ball>> {
        if w.len() != self.d {
            return Err(Error::shape("w", [1, w.len()], format!("1, {}", self.d)));
        }
        let w: Vec<Ball> = w.iter().copied().map(Ball::exact).collect();
        let norm = inner(&w, &w).sqrt();
        let off = (norm.value - 1.0).abs();
        if off.is_nan() || off > UNIT_NORM_F32 {
            let tolerance = UNIT_NORM_F32;
            return Err(Error::NotUnit { name: "w", row: 0, norm: norm.value, tolerance });
        }
        let w: Vec<Ball> = w.into_iter().map(|x| x / norm).collect();
        let z: Vec<Ball> = self.frame.iter().map(|q| inner(q, &w)).collect();
        let (v, s) = population.at(&z);
        Ok(self.lifted(&v).into_iter().zip(&w).map(|(v, &w)| v + w * s).collect())
    }
}

fn inner(a: &[Ball], b: &[Ball]) -> Ball {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// Whether the directions are different axes of R^d, in either sense.
fn are_axes(directions: MatRef<'_, f64>) -> bool {
    let (r, d) = (directions.nrows(), directions.ncols());
    let axis = |i: usize| {
        let mut entries = (0..d).filter(|&j| directions[(i, j)] != 0.0);
        entries.next().filter(|&j| directions[(i, j)].abs() == 1.0 && entries.next().is_none())
    };
    let mut axes: Vec<usize> = (0..r).filter_map(axis).collect();
    axes.sort_unstable();
    axes.dedup();
    axes.len() == r
}

/// The rows of Q and L with `directions = L Q`, L lower triangular and the rows of Q orthonormal, by
/// Gram–Schmidt in balls: each direction less what lies in the span of those before it.
fn orthonormal(directions: MatRef<'_, f64>) -> Result<[BallMatrix; 2]> {
    let (r, d) = (directions.nrows(), directions.ncols());
    let (mut frame, mut coordinates) = (Vec::<Vec<Ball>>::new(), Vec::new());
    for i in 0..r {
        let mut rest: Vec<Ball> = (0..d).map(|j| Ball::exact(directions[(i, j)])).collect();
        let whole = inner(&rest, &rest);
        let mut row = vec![Ball::exact(0.0); r];
        for (q, c) in frame.iter().zip(&mut row) {
            *c = inner(&rest, q);
            rest.iter_mut().zip(q).for_each(|(x, &q)| *x = *x - q * *c);
        }
        let square = inner(&rest, &rest);
        if square.lower().is_nan() || square.lower() <= DEPENDENT * whole.upper() {
            let allowed = "it must not lie in the span of those before it, nor vanish or overflow";
            return Err(Error::domain("the direction", format!("{} of {r}", i + 1), allowed));
        }
        let norm = square.sqrt();
        rest.iter_mut().for_each(|x| *x = *x / norm);
        row[i] = norm;
        frame.push(rest);
        coordinates.push(row);
    }
    Ok([frame, coordinates])
}
