//! At which steps something is recorded.

/// Whether `step` has at most `bits` leading bits: with three, 0 to 8 and then four to a doubling; with
/// four, 0 to 16 and eight.
pub fn due(step: u64, bits: u32) -> bool {
    let rest = (u64::BITS - step.leading_zeros()).saturating_sub(bits);
    (step >> rest) << rest == step
}

#[cfg(test)]
mod tests {
    use super::due;

    #[test]
    fn steps_are_as_many_to_each_doubling() {
        let steps: Vec<u64> = (0..40).filter(|&s| due(s, 3)).collect();
        assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]);
        assert_eq!((1 << 12..1 << 13).filter(|&s| due(s, 4)).count(), 8);
    }
}
