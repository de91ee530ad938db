//! The parts of the checker, each against something simpler.

use escapement_check::ball::{BITS, Ball, ceiling, floor, root_up};
use escapement_check::certificate::Activation;
use escapement_check::every_d::{Quantity, supremum};
use escapement_check::zonal::multiplicity;
use num_bigint::BigInt;

/// A pseudo-random whole number of at most `bits` bits, of either sign.
fn random(state: &mut u64, bits: u64) -> BigInt {
    let mut n = BigInt::ZERO;
    for _ in 0..=bits / 32 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        n = (n << 32u32) + (*state >> 32);
    }
    let n = n >> (bits / 32 * 32 + 32 - bits);
    if *state >> 63 == 0 { n } else { -n }
}

/// Whether lower ≤ n/d ≤ upper in units, for positive d.
fn contains(ball: &Ball, n: &BigInt, d: &BigInt) -> bool {
    let n = n << BITS;
    ball.lower() * d <= n && n <= ball.upper() * d
}

#[test]
fn balls_have_the_inclusion_property() {
    let (mut state, unit) = (1, BigInt::from(1) << BITS);
    for round in 0..3000u64 {
        // x and y are numbers of units at one end of their balls, the worst that can be chosen.
        let bits = 20 + round % 230;
        let [x, y] = [0, 1].map(|_| random(&mut state, bits));
        let [a, b] = [&x, &y].map(|end| {
            let width: BigInt = BigInt::from(random(&mut state, round % 40).magnitude().clone());
            if state % 3 == 0 {
                Ball::between(end, &(end + width))
            } else {
                Ball::between(&(end - &width), end)
            }
        });
        assert!(contains(&(&a + &b), &(&x + &y), &unit) && contains(&(&a - &b), &(&x - &y), &unit));
        assert!(contains(&(&a * &b), &(&x * &y), &(&unit * &unit)));
        assert!(contains(&a.square(), &(&x * &x), &(&unit * &unit)));
        assert!(contains(&a.abs(), &BigInt::from(x.magnitude().clone()), &unit));
        let n = random(&mut state, 70);
        let d: BigInt = BigInt::from(random(&mut state, 60).magnitude().clone()) + 1;
        assert!(contains(&a.scale(&n, &d), &(&x * &n), &(&unit * &d)));
        assert!(
            contains(&a.times(n.clone()), &(&x * &n), &unit)
                && contains(&a.over(d.clone()), &x, &(&unit * &d))
        );
        assert!(contains(&Ball::ratio(&n, &d), &n, &d));
        let combined = Ball::combine([round, 7, 13], &a, &b);
        assert!(contains(&combined, &(&x * round - &y * 7), &(&unit * 13)));
        if let Some(inverse) = a.inverse() {
            assert!(contains(&inverse, &unit, &x));
        }
        if x >= BigInt::ZERO {
            // lower² ≤ x ≤ upper².
            let root = a.root();
            assert!(root.lower().pow(2) <= &x << BITS && &x << BITS <= root.upper().pow(2));
        }
        assert_eq!(floor(&n, &d) + BigInt::from(&n % &d != BigInt::ZERO), ceiling(&n, &d));
        assert!(floor(&n, &d) * &d <= n && n < (floor(&n, &d) + 1) * &d);
        let square = &d * &d;
        assert!(root_up(&square) == d && root_up(&(&square + 1)) == &d + 1 && root_up(&(square - 1)) == d);
    }
}

#[test]
fn pi_is_pi() {
    let digits = "31415926535897932384626433832795028841971693993751058209749";
    let n = BigInt::parse_bytes(digits.as_bytes(), 10).unwrap();
    let (pi, power) = (Ball::pi(), BigInt::from(10).pow(58));
    assert!(pi.lower() * &power <= (&n + 1) << BITS && pi.upper() * &power >= n << BITS);
    assert!(pi.rad() < &BigInt::from(200));
}

#[test]
fn multiplicities_are_dimensions() {
    for j in 0..20u64 {
        assert_eq!(multiplicity(3, j), BigInt::from(2 * j + 1));
        assert_eq!(multiplicity(4, j), BigInt::from((j + 1) * (j + 1)));
        for d in 3..30 {
            // dim of homogeneous polynomials of degree j, less that of degree j − 2.
            let homogeneous = |j: u64| (1..d).fold(BigInt::from(1), |product, a| product * (j + a) / a);
            let expected = homogeneous(j) - if j < 2 { BigInt::ZERO } else { homogeneous(j - 2) };
            assert_eq!(multiplicity(d, j), expected, "{d} {j}");
        }
    }
}

#[test]
fn factors_increase_to_their_limits() {
    for name in ["assumption-3-sigma1", "assumption-3-sigma2", "kappa-scaled"] {
        for j in 0..=32u64 {
            let quantity = Quantity::named(name, j).unwrap();
            let factorial = (1..=j).fold(BigInt::from(1), |product, a| product * a);
            let limit = match (name, j) {
                ("kappa-scaled", 0) => [BigInt::from(1), BigInt::from(1)],
                ("kappa-scaled", _) => [BigInt::from(j), BigInt::from(1)],
                _ => [BigInt::from(1), factorial],
            };
            let mut before = [BigInt::ZERO, BigInt::from(1)];
            for d in (3..200).chain([100_000]) {
                let now = quantity.factor(d);
                assert!(&before[0] * &now[1] <= &now[0] * &before[1], "{name} {j}: falls at {d}");
                assert!(&now[0] * &limit[1] <= &limit[0] * &now[1], "{name} {j}: above the limit at {d}");
                before = now;
            }
            // At d = 10^5 the factor is within 10 % of the limit.
            assert!(&before[0] * &limit[1] * 10 >= &limit[0] * &before[1] * 9, "{name} {j}");
        }
    }
}

#[test]
fn suprema_are_those_of_textbooks() {
    // In units of 10^-6: sup|σ^(n)| for n = 1, 2, 3, 4, from the roots of the next derivative.
    for (activation, known, slack) in [
        // 1/4, √3/18, 1/8 and the greatest value of a polynomial of degree 5 in σ.
        (Activation::Sigmoid, [250_000, 96_225, 125_000, 127_684], 104),
        (Activation::Tanh, [1_000_000, 769_800, 2_000_000, 4_085_886], 104),
        // 2/√π times the greatest values of Hermite functions exp(−v²)H_{n−1}(v).
        (Activation::Erf, [1_128_379, 967_883, 2_256_758, 4_404_703], 140),
    ] {
        for (n, known) in (1..).zip(known) {
            let sup = (supremum(activation, n).upper() * 1_000_000) >> BITS;
            let (low, high) = (BigInt::from(known - 1_000), BigInt::from(known) * slack / 100);
            assert!(low <= sup && sup <= high, "{activation:?} {n}: {sup}");
        }
    }
}
