//! The parts of the checker, each against something simpler.

use escapement_check::every_d::{factor, supremum};
use escapement_check::number::{BITS, Interval, floor};
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
fn contains(x: &Interval, n: &BigInt, d: &BigInt) -> bool {
    let n = n << BITS;
    &x.low * d <= n && n <= &x.high * d
}

#[test]
fn intervals_have_the_inclusion_property() {
    let (mut state, unit) = (1, BigInt::from(1) << BITS);
    for round in 0..3000u64 {
        // x and y are numbers of units at one end of their intervals, the worst that can be chosen.
        let bits = 20 + round % 230;
        let [x, y] = [0, 1].map(|_| random(&mut state, bits));
        let [a, b] = [&x, &y].map(|end| {
            let width: BigInt = BigInt::from(random(&mut state, round % 40).magnitude().clone());
            if state % 3 == 0 {
                Interval { low: end.clone(), high: end + width }
            } else {
                Interval { low: end - &width, high: end.clone() }
            }
        });
        assert!(contains(&(&a + &b), &(&x + &y), &unit) && contains(&(&a - &b), &(&x - &y), &unit));
        assert!(contains(&(&a * &b), &(&x * &y), &(&unit * &unit)));
        assert!(contains(&a.square(), &(&x * &x), &(&unit * &unit)));
        assert!(contains(&a.abs(), &BigInt::from(x.magnitude().clone()), &unit));
        let n = random(&mut state, 70);
        let d: BigInt = BigInt::from(random(&mut state, 60).magnitude().clone()) + 1;
        assert!(contains(&a.scale(n.clone(), d.clone()), &(&x * &n), &(&unit * &d)));
        assert!(
            contains(&a.scale(n.clone(), 1), &(&x * &n), &unit)
                && contains(&a.scale(1, d.clone()), &x, &(&unit * &d))
        );
        assert!(contains(&Interval::whole(n.clone()).scale(1, d.clone()), &n, &d));
        let error = random(&mut state, 60);
        let wide = a.widen(&Interval { low: error.clone(), high: error.clone() });
        assert!(contains(&wide, &(&x + &error), &unit) && contains(&wide, &(&x - &error), &unit));
        if let Some(inverse) = a.inverse() {
            assert!(contains(&inverse, &unit, &x));
        }
        if x >= BigInt::ZERO {
            // lower² ≤ x ≤ upper².
            let root = a.root();
            assert!(root.low.pow(2) <= &x << BITS && &x << BITS <= root.high.pow(2));
        }
        assert!(floor(&n, &d) * &d <= n && n < (floor(&n, &d) + 1) * &d);
    }
}

#[test]
fn the_digits_of_pi_are_those_of_machin() {
    // π = 16 arctan(1/5) − 4 arctan(1/239), in units of 2^-400, each term rounded by less than one.
    let arctan = |x: u32| -> BigInt {
        let term = |t: u32| (BigInt::from(1) << 400u32) / (BigInt::from(x).pow(2 * t + 1) * (2 * t + 1));
        (0..200).map(|t| if t % 2 == 0 { term(t) } else { -term(t) }).sum()
    };
    let pi = arctan(5) * 16 - arctan(239) * 4;
    let Interval { low, high } = Interval::inverse_of_pi();
    let one = BigInt::from(1) << (400 + BITS);
    assert!(low * (&pi + 10_000) < one && one < high * (&pi - 10_000));
    assert!(
        format!("{}", (pi * BigInt::from(10).pow(30)) >> 400u32)
            .starts_with("3141592653589793238462643383279")
    );
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
    for order in 0..3 {
        for j in 0..=32u64 {
            if (order, j) == (0, 0) {
                continue;
            }
            let limit = factor(order, None, j);
            let mut before = Interval::whole(0);
            for d in (3..200).chain([100_000]) {
                let now = factor(order, Some(d), j);
                assert!(before.low <= now.high, "{order} {j}: falls at {d}");
                assert!(now.low <= limit.high, "{order} {j}: above the limit at {d}");
                before = now;
            }
            // At d = 10^5 the factor is within 10 % of the limit.
            assert!(before.high * 10 >= limit.low * 9, "{order} {j}");
        }
    }
}

#[test]
fn suprema_are_those_of_textbooks() {
    // In units of 10^-6: sup|σ^(n)| for n = 1, 2, 3, 4, from the roots of the next derivative.
    for (activation, known, slack) in [
        // 1/4, √3/18, 1/8 and the greatest value of a polynomial of degree 5 in σ.
        ("sigmoid", [250_000, 96_225, 125_000, 127_684], 104),
        ("tanh", [1_000_000, 769_800, 2_000_000, 4_085_886], 104),
        // 2/√π times the greatest values of Hermite functions exp(−v²)H_{n−1}(v).
        ("erf", [1_128_379, 967_883, 2_256_758, 4_404_703], 140),
    ] {
        for (n, known) in (1..).zip(known) {
            let sup = (supremum(activation, n).high * 1_000_000) >> BITS;
            let (low, high) = (BigInt::from(known - 1_000), BigInt::from(known) * slack / 100);
            assert!(low <= sup && sup <= high, "{activation} {n}: {sup}");
        }
    }
}
