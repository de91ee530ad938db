//! One of n shares of a plan, for machines that measure side by side.
//!
//! The shares are a function of the plan and of n alone, so that n processes that know nothing of one
//! another measure every cell once: the cells are dealt out by falling predicted time, each to the share
//! with the least to do so far.

use std::str::FromStr;

/// The share `i/n`, with 1 ≤ i ≤ n.
///
/// ```
/// use escapement_verify::run::shard::Shard;
/// let shard: Shard = "2/8".parse().unwrap();
/// assert_eq!((shard.index(), shard.of()), (2, 8));
/// assert!("9/8".parse::<Shard>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl Shard {
    /// Which share this is, from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// How many there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// For each of the cells, of which `flops` are predicted, whether it falls to this share.
    pub(crate) fn takes(self, flops: &[f64]) -> Vec<bool> {
        // Whole thousands of flops, at least one: sums without rounding, so that the shares are the same on
        // every machine.
        let work = |i: usize| ((1e-3 * flops[i]).round() as u64).max(1);
        let mut falling: Vec<usize> = (0..flops.len()).collect();
        falling.sort_by_key(|&i| (std::cmp::Reverse(work(i)), i));
        // More shares than cells stay empty, from the last one down.
        let mut loads = vec![0u128; self.of.min(flops.len())];
        let mut takes = vec![false; flops.len()];
        for i in falling {
            if let Some(least) = (0..loads.len()).min_by_key(|&share| loads[share]) {
                loads[least] += u128::from(work(i));
                takes[i] = least + 1 == self.index;
            }
        }
        takes
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err("a share is written i/n with whole numbers 1 ≤ i ≤ n, as in 2/8"),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}
