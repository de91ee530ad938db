//! How many functions of one degree a permutation group leaves invariant, by Burnside's lemma.
//!
//! A group of permutations of d coordinates acts on products of Hermite polynomials as on monomials. The
//! sums over its orbits are orthogonal and span the invariant functions, so that their number is that of
//! orbits: the mean over the group of the number of monomials that an element fixes. An element with cycles
//! of the lengths c fixes `[t^k] Π 1/(1 − t^c)` monomials of degree k, and 2^{number of cycles} subsets.

use crate::{Error, Result};

/// A group of permutations of d coordinates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// The cyclic shifts of d coordinates.
    Cyclic(usize),
    /// Cyclic shifts and reflections, for d ≥ 3.
    Dihedral(usize),
    /// All permutations of d coordinates.
    Symmetric(usize),
    /// The identity alone.
    Trivial(usize),
}

/// The largest degree, and the largest number of coordinates where every element is looked at.
const MOST: usize = 64;

impl Group {
    /// d.
    pub fn d(&self) -> usize {
        match *self {
            Self::Cyclic(d) | Self::Dihedral(d) | Self::Symmetric(d) | Self::Trivial(d) => d,
        }
    }

    /// `N_G(d, k)`, the number of orbits on monomials of degree k: for the cyclic group `d⁻¹ Σ_{c | d, c |
    /// k} φ(c) C(d/c + k/c − 1, k/c)`, for all permutations the partitions of k into at most d parts.
    ///
    /// ```
    /// use escapement::gaussian::invariants::Group;
    /// assert_eq!(Group::Cyclic(4).monomials(2)?, 3); // x_1² + …, x_1x_2 + …, x_1x_3 + x_2x_4
    /// assert_eq!(Group::Symmetric(1000).monomials(5)?, 7);
    /// # Ok::<(), escapement::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Domain`] for no coordinates, a degree above 64, and a number above 2^127.
    pub fn monomials(&self, k: usize) -> Result<u128> {
        let d = self.d();
        if d == 0 || k > MOST {
            let allowed = format!("it is at most {MOST}, and d at least 1");
            return Err(Error::domain("the degree k", k, allowed));
        }
        match *self {
            Self::Trivial(_) => multisets(d, k),
            Self::Symmetric(_) => Ok(partitions(k, d)),
            Self::Cyclic(_) => shifts(d, k),
            Self::Dihedral(_) => {
                let mut reflections = 0;
                for fixed in if d.is_multiple_of(2) { [0, 2] } else { [1, 1] } {
                    // fixed points and pairs: Σ_j C(fixed + j − 1, j) C(pairs + i − 1, i), j + 2i = k.
                    let pairs = (d - fixed) / 2;
                    for i in 0..=k / 2 {
                        reflections += product(multisets(fixed, k - 2 * i)?, multisets(pairs, i)?)?;
                    }
                }
                // d shifts and d reflections, of which half are of either kind.
                Ok((2 * shifts(d, k)? + reflections) / 4)
            }
        }
    }

    /// The number of orbits on the subsets of d coordinates, which is that of invariant parities on {±1}^d.
    ///
    /// # Errors
    /// [`Error::Domain`] for no coordinates, or more than 64.
    pub fn subsets(&self) -> Result<u128> {
        let d = self.d();
        if !(1..=MOST).contains(&d) {
            return Err(Error::domain("d", d, format!("it lies between 1 and {MOST}")));
        }
        let power = |cycles: usize| 1_u128 << cycles;
        let necklaces =
            (1..=d).filter(|c| d.is_multiple_of(*c)).map(|c| totient(c) * power(d / c)).sum::<u128>();
        Ok(match *self {
            Self::Trivial(_) => power(d),
            Self::Symmetric(_) => d as u128 + 1,
            Self::Cyclic(_) => necklaces / d as u128,
            Self::Dihedral(_) => {
                let reflections = if d.is_multiple_of(2) {
                    d as u128 / 2 * (power(d / 2) + power(d / 2 + 1))
                } else {
                    d as u128 * power(d.div_ceil(2))
                };
                (necklaces + reflections) / (2 * d as u128)
            }
        })
    }
}

fn shifts(d: usize, k: usize) -> Result<u128> {
    let divides = |c: &usize| d.is_multiple_of(*c) && k.is_multiple_of(*c);
    let terms = (1..=d.min(k.max(1))).filter(divides);
    // At k = 0 every shift fixes the one monomial.
    if k == 0 {
        return Ok(1);
    }
    let mut sum = 0;
    for c in terms {
        sum += product(totient(c), multisets(d / c, k / c)?)?;
    }
    Ok(sum / d as u128)
}

fn product(a: u128, b: u128) -> Result<u128> {
    let large = || Error::domain("the number of monomials", "a larger one", "it is below 2^127");
    a.checked_mul(b).filter(|x| *x < 1 << 127).ok_or_else(large)
}

/// `C(d + k − 1, k)`, the multisets of k of d things.
fn multisets(d: usize, k: usize) -> Result<u128> {
    if d == 0 {
        return Ok(u128::from(k == 0));
    }
    // After each factor it is a binomial coefficient.
    (0..k).try_fold(1, |c, i| Ok(product(c, (d + i) as u128)? / (i + 1) as u128))
}

/// The partitions of k into at most d parts: into parts of at most d.
fn partitions(k: usize, d: usize) -> u128 {
    let mut ways = vec![0_u128; k + 1];
    ways[0] = 1;
    for part in 1..=d.min(k) {
        for sum in part..=k {
            ways[sum] += ways[sum - part];
        }
    }
    ways[k]
}

/// Euler's φ(c).
fn totient(c: usize) -> u128 {
    let coprime = |i: &usize| {
        let (mut a, mut b) = (*i, c);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a == 1
    };
    (1..=c).filter(coprime).count() as u128
}
