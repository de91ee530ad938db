//! The format of reference values that several small packs share.

use super::{besww23, klljw24, yjzlw24, zg24};
use crate::oracle::{Format, List};

const LISTS: [List; 18] = {
    let [p, q, r] = besww23::oracles::LISTS;
    let [a, b, c] = zg24::oracles::LISTS;
    let [d, e, f, g, h, i, j] = klljw24::oracles::LISTS;
    let [k, l, m, n, o] = yjzlw24::oracles::LISTS;
    [p, q, r, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o]
};

/// All formats.
pub const FORMATS: &[&Format] = &[&Format {
    name: "sidebar",
    about: "spikes, students, symmetries and neurons with a large bias of BESWW23, ZG24, KLLJW24 and YJZLW24",
    lists: &LISTS,
}];
