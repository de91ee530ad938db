//! Counting for lower bounds on queries: how many functions of a family one query can reach.

/// The most functions of a family with pairwise correlations ε that one query of unit norm correlates with
/// by at least τ, with one sign: `⌊(1 − ε)/(τ² − ε)⌋`. The mean of N of them has the square norm `(1 + (N −
/// 1)ε)/N`, which must be at least τ². Numbers of up to 12 decimals are taken as they are written, so that a
/// quotient that is whole is not lost to rounding.
///
/// # Errors
/// Numbers outside 0 ≤ ε < τ² ≤ 1, in a sentence.
pub fn most_reached(epsilon: f64, tau: f64) -> Result<u64, String> {
    if !(0.0 <= epsilon && epsilon < tau * tau && 0.0 < tau && tau <= 1.0) {
        return Err(format!(
            "epsilon = {epsilon} and tau = {tau} are not allowed, only 0 <= epsilon < tau^2 <= 1"
        ));
    }
    let (Some((e, e_scale)), Some((t, t_scale))) = (decimal(epsilon), decimal(tau)) else {
        return Ok(((1.0 - epsilon) / (tau * tau - epsilon)) as u64);
    };
    // (1 − e/E)/((t/T)² − e/E) with the scales E and T.
    let square = t_scale * t_scale;
    let divisor = t * t * e_scale - e * square;
    if divisor <= 0 {
        return Err(format!("tau^2 must be above epsilon = {epsilon}"));
    }
    u64::try_from((e_scale - e) * square / divisor).map_err(|e| e.to_string())
}

/// A number with few decimals as a fraction whose denominator is a power of ten.
fn decimal(x: f64) -> Option<(i128, i128)> {
    const DECIMALS: usize = 12;
    let text = format!("{x}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{part}").parse().ok()?;
    (part.len() <= DECIMALS).then(|| (digits, 10_i128.pow(part.len() as u32)))
}
