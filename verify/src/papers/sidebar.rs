//! The format of reference values that several small packs share.

use super::{klljw24, yjzlw24, zg24};
use crate::oracle::{Format, List};

const LISTS: [List; 15] = {
    let [a, b, c] = zg24::oracles::LISTS;
    let [d, e, f, g, h, i, j] = klljw24::oracles::LISTS;
    let [k, l, m, n, o] = yjzlw24::oracles::LISTS;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o]
};

/// All formats.
pub const FORMATS: &[&Format] = &[&Format {
    name: "sidebar",
    about: "students, symmetries and neurons with a large bias of ZG24, KLLJW24 and YJZLW24",
    lists: &LISTS,
}];
