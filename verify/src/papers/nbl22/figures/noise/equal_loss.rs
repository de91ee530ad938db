//! R1 of two runs at equal train loss.

use super::Point;

/// R1 of two paths where their train losses are equal: at the end of the one that ends with the larger
/// loss, and where the other comes to this loss for the first time, ln R1 taken as linear in the
/// logarithm of the loss between two points. `None` for a path without points or without R1.
pub(super) fn r1_at_equal_loss(a: &[Point], b: &[Point]) -> Option<[f64; 2]> {
    let level = a.last()?.train_loss.max(b.last()?.train_loss);
    Some([r1_at(a, level)?, r1_at(b, level)?])
}

/// R1 at this train loss, which the path ends at or comes to.
fn r1_at(path: &[Point], level: f64) -> Option<f64> {
    let last = path.last().filter(|last| last.train_loss >= level);
    if let Some(last) = last {
        return Some(last.r1).filter(|r1| *r1 > 0.0);
    }
    let after = path.iter().position(|point| point.train_loss <= level)?;
    let (from, to) = (path[after.checked_sub(1)?], path[after]);
    if from.r1 <= 0.0 || to.r1 <= 0.0 {
        return None;
    }
    let share = (from.train_loss / level).ln() / (from.train_loss / to.train_loss).ln();
    Some((from.r1.ln() + share * (to.r1 / from.r1).ln()).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(points: &[(f64, f64)]) -> Vec<Point> {
        points.iter().map(|&(train_loss, r1)| Point { r1, train_loss, test_loss: 0.0 }).collect()
    }

    #[test]
    fn a_power_is_read_off_between_its_points() {
        // R1 = loss^{-½}, at a loss between two points of the first path, where the second one ends.
        let a = path(&[(4.0, 0.5), (1.0, 1.0), (0.04, 5.0)]);
        let b = path(&[(4.0, 0.0), (0.25, 3.0)]);
        let [first, second] = r1_at_equal_loss(&a, &b).unwrap();
        assert!((first - 2.0).abs() < 1e-12 && second == 3.0);
        let [first, second] = r1_at_equal_loss(&b, &a).unwrap();
        assert!(first == 3.0 && (second - 2.0).abs() < 1e-12);
        // Nothing to compare before the first step, where R1 is 0, and nothing without points.
        assert!(r1_at_equal_loss(&a, &path(&[(9.0, 1.0)])).is_none());
        assert!(r1_at_equal_loss(&a, &[]).is_none());
    }
}
