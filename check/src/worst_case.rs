//! *M: the worst case of lemma 2.* The maximum, over all f_k of degree at most k with E f_k² = 1, of
//! E(f_L(W_L) − f_k)² at the given weights, W_L being least squares in the top n_k eigenvectors of Σ.
//!
//! f_L(W_L) is the projection of f_k to the span G of the functions ⟨φ, v⟩, v in the space U of these
//! eigenvectors. G and the polynomials of degree at most k have the same dimension n_k, so the greatest
//! squared distance of a unit vector of one from the other is the same both ways: the worst case is the
//! greatest `vᵀSv/vᵀAv` over U, where S = A − A_{≤k} is the part of A in degrees above k.
//!
//! U is replaced by the range of the first n_k columns of V. With ε′ = ε + p·tail and a gap g ≤ D_{n_k} −
//! λ_{n_k+1}, `s = √n_k ε′/g` bounds the sines of the angles (each entry of U⊥ᵀQ times its gap is one of
//! U⊥ᵀ(AQ − QD)). Let v be a unit vector of the range, u its projection to U, w = v − u. Then
//! |vᵀSv − uᵀSu| ≤ ‖A‖(2s + s²), since 0 ⪯ S ⪯ A; |vᵀAv − uᵀAu| ≤ ‖A‖s², since A maps U to U; and the
//! quotients, at most 1, differ by at most π = 2‖A‖(s + s²)/(D_{n_k} − 2ε), as |a/b − a′/b′| ≤ (|a − a′| +
//! |b − b′|)/b for a′ ≤ b′. The worst case is at most β + π if βA − S is positive definite on the range, and
//! at least α − π if αA − S is not: LDLᵀ in balls.

use super::ball::Ball;
use super::covariance::Form;
use super::eigen::{Spectrum, dot};
use super::{Rejection, reject};
use num_bigint::{BigInt, Sign};

/// The two forms on the range of V, and π.
pub struct WorstCase {
    a: Vec<Vec<Ball>>,
    s: Vec<Vec<Ball>>,
    pi: Ball,
}

/// Whether a symmetric matrix is positive definite; nothing where the balls leave that open.
fn positive(mut m: Vec<Vec<Ball>>) -> Option<bool> {
    for k in 0..m.len() {
        let Some(inverse) = m[k][k].inverse() else {
            return if m[k][k].upper().sign() == Sign::Plus { None } else { Some(false) };
        };
        for i in k + 1..m.len() {
            let factor = &m[i][k] * &inverse;
            for j in k + 1..=i {
                m[i][j] = &m[i][j] - &(&factor * &m[j][k]);
            }
        }
    }
    Some(true)
}

impl WorstCase {
    /// Checks M2: `rank` is n_k, and `rest` is p·tail.
    pub fn new(
        (a, s): (&Form, &Form),
        vectors: &[Vec<i64>],
        spectrum: &Spectrum,
        rank: usize,
        rest: &Ball,
    ) -> Result<Self, Rejection> {
        let (Some(last), Some(first)) =
            (rank.checked_sub(1).and_then(|i| spectrum.centres.get(i)), spectrum.centres.first())
        else {
            return reject("M2", format!("V must have at least n_k = {rank} columns"));
        };
        if rank > 128 {
            return reject("M2", format!("n_k = {rank} is above 128"));
        }
        let (epsilon, radius) = (&spectrum.epsilon, &spectrum.radius);
        let next = match (spectrum.centres.get(rank), &spectrum.next) {
            (Some(centre), _) => &(centre + radius) + rest,
            (None, Some(next)) => next + rest,
            (None, None) => Ball::whole(0),
        };
        let inverses = (last - &next).inverse().zip((last - &epsilon.times(2)).inverse());
        let Some((gap, least)) = inverses else {
            return reject("M2", format!("there is no gap below eigenvalue n_k = {rank}"));
        };
        let sine = &(&Ball::whole(rank as u64).root() * &(epsilon + rest)) * &gap;
        if sine.upper() >= Ball::ratio(&BigInt::from(1), &BigInt::from(2)).lower() {
            return reject("M2", "the range of V is not shown to be near the top eigenspace");
        }
        let norm = &(&first.abs() + radius) + rest;
        let pi = (&(&norm * &(&sine + &sine.square())) * &least).times(2);

        // vᵢᵀAvⱼ of the rounded A, widened by ‖vᵢ‖‖vⱼ‖ ≤ 1 + γ times the error of A and p·tail.
        let columns = &vectors[..rank];
        let product = |form: &Form, v: &[i64]| -> Vec<i128> {
            form.entries.chunks_exact(form.n).map(|row| dot(row, v)).collect()
        };
        let gram = |products: &[Vec<i128>], error: &Ball| -> Vec<Vec<Ball>> {
            let error = &(&Ball::whole(1) + &spectrum.gamma) * &(error + rest);
            let entry = |x: &[i128], v: &[i64]| {
                let sum: BigInt = x.iter().zip(v).map(|(x, v)| BigInt::from(*x) * *v).sum();
                Ball::units(sum << 25u32).widen(&error)
            };
            products.iter().map(|x| columns.iter().map(|v| entry(x, v)).collect()).collect()
        };
        let s_products: Vec<_> = columns.iter().map(|v| product(s, v)).collect();
        Ok(Self { a: gram(&spectrum.products[..rank], &a.error), s: gram(&s_products, &s.error), pi })
    }

    /// Whether xA − S is positive definite on the range of V.
    fn definite(&self, x: &Ball) -> Option<bool> {
        let row = |(a, s): (&Vec<Ball>, &Vec<Ball>)| a.iter().zip(s).map(|(a, s)| &(x * a) - s).collect();
        positive(self.a.iter().zip(&self.s).map(row).collect())
    }

    /// An enclosure of the worst case, each end by 50 bisections of [0, 2]: obligation M1.
    pub fn enclosure(&self) -> Result<Ball, Rejection> {
        let two = || Ball::whole(2);
        if self.definite(&two()) != Some(true) {
            return reject("M1", "the form of A is not shown to be positive definite on the range of V");
        }
        // 0 is a lower end without proof, since S ⪰ 0.
        let end = |sought: bool| {
            let (mut good, mut bad) = if sought { (two(), Ball::whole(0)) } else { (Ball::whole(0), two()) };
            for _ in 0..50 {
                let middle = Ball::units((good.mid() + bad.mid()) >> 1u32);
                if self.definite(&middle) == Some(sought) { good = middle } else { bad = middle }
            }
            good
        };
        let (low, high) = (&end(false) - &self.pi, &end(true) + &self.pi);
        Ok(Ball::between(&low.lower(), &high.upper()).not_negative())
    }
}
