//! The vector forms against double-double arithmetic in f64 and against the scalar functions in f32, over
//! the whole range; what infinities, zeros and NaN become; that bits do not depend on the place of an entry.

use escapement::activation::{self, Activation, Derivative};
use escapement::seed;
use escapement::tolerance::ACTIVATION_ROUNDINGS;
use qd::Quad;
use rand::RngExt;

/// The largest errors of σ, σ', σ'' and σ''', from the table of `VectorForm`.
const TABLE: [(&str, [f64; 4]); 5] = [
    ("sigmoid", [2.9, 5.0, 7.6, 8.3]),
    ("tanh", [3.0, 5.0, 7.6, 8.3]),
    ("erf", [1.4, 2.5, 3.3, 4.0]),
    ("sine", [0.9, 0.9, 0.9, 0.9]),
    ("softplus", [2.9, 2.9, 5.0, 7.6]),
];

/// References are computed for 2²⁰⁰ times the function, so that they keep their digits where it is
/// subnormal.
const RAISE: i32 = 200;

fn of(x: f64) -> Quad {
    Quad(x, 0.0)
}

/// e^{−x} for x ≥ 0, raised.
fn falling(x: Quad) -> Quad {
    let half = (x * of(-0.5)).exp() * of(2_f64.powi(RAISE / 2));
    half * half
}

/// Σ_k term_k from the first term and the ratio of term k + 1 to term k.
fn series(first: Quad, ratio: impl Fn(f64) -> Quad) -> Quad {
    let (mut sum, mut term, mut k) = (first, first, 0.0);
    while term.0.abs() > 1e-34 * sum.0.abs() {
        term *= ratio(k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// 1 − e^{−x} for x ≥ 0.
fn lost(x: f64) -> Quad {
    if x > 0.5 {
        return of(1.0) - falling(of(x)) * of(2_f64.powi(-RAISE));
    }
    series(of(x), |k| of(-x) / of(k + 2.0))
}

/// σ, σ', σ'', σ''' of the sigmoid at x, raised.
fn sigmoid(x: Quad) -> [Quad; 4] {
    let size = if x.0 < 0.0 { -x } else { x };
    let (high, one) = (falling(size), of(1.0));
    let e = high * of(2_f64.powi(-RAISE));
    let value = if x.0 >= 0.0 { of(2_f64.powi(RAISE)) } else { high } / (one + e);
    let first = high / ((one + e) * (one + e));
    let tanh = lost(size.0) / (one + e) * of(1_f64.copysign(x.0));
    [value, first, -tanh * first, first * (one - of(6.0) * e / ((one + e) * (one + e)))]
}

/// The function and its derivatives, raised, and the scale of the third, where it is not its own.
fn reference(name: &str, x: f64) -> ([Quad; 4], Option<Quad>) {
    let (z, raise) = (of(x), of(2_f64.powi(RAISE)));
    match name {
        "sigmoid" => (sigmoid(z), Some(sigmoid(z)[1])),
        "tanh" => {
            let [_, first, second, third] = sigmoid(of(2.0 * x));
            let e = falling(of(2.0 * x.abs())) / raise;
            let value = lost(2.0 * x.abs()) / (of(1.0) + e) * of(1_f64.copysign(x)) * raise;
            ([value, first * of(4.0), second * of(8.0), third * of(16.0)], Some(first * of(16.0)))
        }
        "erf" => {
            let root = of(2.0) / Quad::PI.sqrt();
            let first = root * falling(z * z);
            // Σ 2ⁿ x^{2n+1}/(1·3·…·(2n + 1)), whose terms are all of one sign.
            let sum = series(z, |k| of(2.0) * z * z / of(2.0 * k + 3.0));
            let value = if x.abs() > 7.0 { raise * of(1_f64.copysign(x)) } else { first * sum };
            let square = of(4.0) * z * z;
            let third = (square - of(2.0)) * first;
            ([value, first, of(-2.0) * z * first, third], Some((square + of(2.0)) * first))
        }
        "sine" => {
            // π/2 in three parts. The first product is exact, and so is the difference.
            let parts = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591833e-33];
            let k = (x / parts[0]).round();
            let r = parts.iter().fold(z, |r, part| r - of(k) * of(*part));
            let ratio = |shift: f64| move |k: f64| -r * r / of((2.0 * k + shift) * (2.0 * k + shift + 1.0));
            let (s, c) = (series(r, ratio(2.0)) * raise, series(of(1.0), ratio(1.0)) * raise);
            let turned = [s, c, -s, -c];
            (std::array::from_fn(|order| turned[(k as i64 + order as i64).rem_euclid(4) as usize]), None)
        }
        "softplus" => {
            let [value, first, second, _] = sigmoid(z);
            let high = falling(of(x.abs()));
            // ln(1 + e) = 2 artanh(e/(2 + e)).
            let under = of(2.0) + high / raise;
            let square = high / raise / under * (high / raise / under);
            let mut sum = of(0.0);
            for k in (0..36).rev() {
                sum = sum * square + of(1.0) / of(f64::from(2 * k + 1));
            }
            ([of(x.max(0.0)) * raise + of(2.0) * high / under * sum, value, first, second], None)
        }
        _ => unreachable!("no other shape"),
    }
}

/// The arguments: the middle, the whole range, its end, small and subnormal numbers, zeros of a sine.
fn arguments(name: &str) -> Vec<f64> {
    let rng = &mut seed::stream(1, "vector forms", name);
    let [least, end] = match name {
        "tanh" => [350.0, 375.0],
        "erf" => [26.0, 27.5],
        "sine" => [1_000.0, 1_024.0],
        _ => [700.0, 750.0],
    };
    let mut x = vec![0.0, -0.0, 5e-324, -1e-310, 2.2250738585072014e-308, -1e-300];
    for _ in 0..4_000 {
        let logarithm: f64 = rng.random_range(-40.0..f64::ln(end));
        x.extend([
            rng.random_range(-2.0..2.0),
            rng.random_range(-6.0..6.0),
            rng.random_range(-end..end),
            -rng.random_range(least..end),
            logarithm.exp(),
        ]);
        if name == "sine" {
            x.push(f64::from(rng.random_range(-650..650)) * std::f64::consts::FRAC_PI_2);
        }
    }
    x
}

/// A unit in the last place of f64 at y.
fn unit(y: f64) -> f64 {
    let exponent = (y.abs().to_bits() >> 52).max(1);
    f64::from_bits(if exponent > 52 { (exponent - 52) << 52 } else { 1 << (exponent - 1) })
}

/// The largest error in f64 of each order, in units in the last place, and where it is.
fn largest_f64(name: &str) -> [(f64, f64); 4] {
    let (sigma, x) = (activation::parse(name).unwrap(), arguments(name));
    let values = Derivative::ALL.map(|order| {
        let mut values = x.clone();
        sigma.apply(order, &mut values);
        values
    });
    let mut worst = [(0.0, 0.0); 4];
    for (i, &x) in x.iter().enumerate() {
        let (want, scale) = reference(name, x);
        for order in 0..4 {
            let miss = of(values[order][i] * 2_f64.powi(RAISE)) - want[order];
            let scale = if order == 3 { scale } else { None }.unwrap_or(want[order]);
            let units = miss.0.abs() / (unit(scale.0 * 2_f64.powi(-RAISE)) * 2_f64.powi(RAISE));
            assert!(!units.is_nan(), "{name} {order} at {x:e}");
            if units > worst[order].0 {
                worst[order] = (units, x);
            }
        }
    }
    worst
}

/// The same in f32, for every 4 999th of all numbers, against the scalar functions in f64.
fn largest_f32(name: &str) -> [(f64, f64); 4] {
    let sigma = activation::parse(name).unwrap();
    let x: Vec<f32> = (0..u32::MAX).step_by(4_999).map(f32::from_bits).filter(|x| x.is_finite()).collect();
    Derivative::ALL.map(|order| {
        let mut values = x.clone();
        sigma.apply_f32(order, &mut values);
        let mut worst = (0.0, 0.0);
        for (&x, &y) in x.iter().zip(&values) {
            let x = f64::from(x);
            let scale = match (name, order) {
                ("sigmoid", Derivative::Third) => sigma.d1(x),
                ("tanh", Derivative::Third) => 4.0 * sigma.d1(x),
                ("erf", Derivative::Third) => (4.0 * x.abs().min(40.0).powi(2) + 2.0) * sigma.d1(x),
                _ => sigma.at(order, x),
            };
            let last = unit(scale.abs().max(f64::from(f32::MIN_POSITIVE))) * 2_f64.powi(29);
            let units = (f64::from(y) - sigma.at(order, x)).abs() / last;
            assert!(!units.is_nan(), "{name} {order:?} at {x:e}");
            if units > worst.0 {
                worst = (units, x);
            }
        }
        worst
    })
}

#[test]
fn errors_are_those_of_the_table() {
    for (name, table) in TABLE {
        let (double, single) = (largest_f64(name), largest_f32(name));
        println!("{name}: f64 {double:?}, f32 {single:?}");
        for order in 0..4 {
            for (units, at) in [double[order], single[order]] {
                assert!(units <= table[order], "{name}, order {order}: {units} units at {at:e}");
            }
            // The points come near the largest errors, so that a wrong coefficient would be seen.
            let most = double[order].0.max(single[order].0);
            assert!(most >= 0.7 * table[order], "{name}, order {order}: {most} of {}", table[order]);
            // A unit in the last place is at least one unit roundoff of the result.
            assert!(table[order] <= ACTIVATION_ROUNDINGS[order], "{name}, order {order}");
        }
    }
}

/// Without the rounding of x², the exponential of −x² is off by up to half a unit in the last place of x².
#[test]
fn the_square_in_the_exponent_is_compensated() {
    let x = 26.123456789_f64;
    let plain = 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp();
    let want = reference("erf", x).0[1].0 * 2_f64.powi(-RAISE);
    assert!((plain - want).abs() > 20.0 * TABLE[2].1[1] * unit(want), "{plain:e} for {want:e}");
}

/// An activation whose methods are those of another, but without its vector form.
#[derive(Debug)]
struct Plain(std::sync::Arc<dyn Activation>);

impl Activation for Plain {
    fn name(&self) -> String {
        self.0.name()
    }
    fn value(&self, z: f64) -> f64 {
        self.0.value(z)
    }
    fn d1(&self, z: f64) -> f64 {
        self.0.d1(z)
    }
    fn d2(&self, z: f64) -> f64 {
        self.0.d2(z)
    }
    fn d3(&self, z: f64) -> f64 {
        self.0.d3(z)
    }
}

#[test]
fn an_entry_gets_the_same_bits_wherever_it_stands() {
    let x: Vec<f64> =
        (0..1_500).map(|i| 0.017 * f64::from(i) - 13.0).chain([2e3, f64::NAN, -1e300]).collect();
    let narrow: Vec<f32> = x.iter().map(|x| *x as f32).collect();
    for name in ["sigmoid:1", "tanh:0.5", "erf:-0.3", "sine:0.2", "softplus:2", "relu"] {
        let built_in = activation::parse(name).unwrap();
        for sigma in [&Plain(built_in.clone()) as &dyn Activation, built_in.as_ref()] {
            let applied = |order, x: &[f64]| {
                let mut x = x.to_vec();
                sigma.apply(order, &mut x);
                x.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            let applied_f32 = |order, x: &[f32]| {
                let mut x = x.to_vec();
                sigma.apply_f32(order, &mut x);
                x.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            for order in Derivative::ALL {
                let (whole, whole_f32) = (applied(order, &x), applied_f32(order, &narrow));
                for (first, last) in [(1, 2), (3, 20), (7, 60), (5, 1_501), (1_490, 1_503), (9, 9)] {
                    assert_eq!(applied(order, &x[first..last]), whole[first..last], "{name} {order:?}");
                    assert_eq!(applied_f32(order, &narrow[first..last]), whole_f32[first..last], "{name}");
                }
            }
            let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let pair = |apply: &dyn Fn(&mut [f64], &mut [f64]), orders: [Derivative; 2]| {
                let (mut a, mut b) = (x.clone(), vec![0.0; x.len()]);
                apply(&mut a, &mut b);
                assert_eq!(bits(&a), applied(orders[0], &x), "{name} {orders:?}");
                assert_eq!(bits(&b), applied(orders[1], &x), "{name} {orders:?}");
            };
            pair(&|a, b| sigma.apply_value_and_first(a, b), [Derivative::Value, Derivative::First]);
            pair(&|a, b| sigma.apply_first_and_second(a, b), [Derivative::First, Derivative::Second]);
            let (mut a, mut b) = (narrow.clone(), vec![0.0; x.len()]);
            sigma.apply_value_and_first_f32(&mut a, &mut b);
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&a), applied_f32(Derivative::Value, &narrow), "{name}");
            assert_eq!(bits(&b), applied_f32(Derivative::First, &narrow), "{name}");
        }
    }
}

#[test]
fn the_ends_of_the_line() {
    let at = |name: &str, z: f64| {
        let sigma = activation::parse(name).unwrap();
        Derivative::ALL.map(|order| {
            let (mut double, mut single) = ([z], [z as f32]);
            sigma.apply(order, &mut double);
            sigma.apply_f32(order, &mut single);
            let same = single[0] == double[0] as f32 || single[0].is_nan() && double[0].is_nan();
            assert!(same, "{name} {order:?} at {z}: {double:?} and {single:?}");
            double[0]
        })
    };
    for z in [f64::INFINITY, 1e30] {
        assert_eq!(at("sigmoid", z), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(at("sigmoid:3", -z), [0.0; 4]);
        assert_eq!(at("tanh", z), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(at("tanh:3", -z), [-1.0, 0.0, 0.0, 0.0]);
        assert_eq!(at("erf", z), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(at("erf:3", -z), [-1.0, 0.0, 0.0, 0.0]);
        assert_eq!(at("softplus", -z), [0.0; 4]);
    }
    assert_eq!(at("softplus", f64::INFINITY), [f64::INFINITY, 1.0, 0.0, 0.0]);
    assert!(at("sine", f64::NEG_INFINITY).iter().all(|y| y.is_nan()));
    for name in ["sigmoid", "tanh:1", "erf", "sine", "softplus"] {
        assert!(at(name, f64::NAN).iter().all(|y| y.is_nan()), "{name}");
    }
    assert!(at("relu", f64::NAN)[0].is_nan());
    for name in ["tanh", "erf", "sine"] {
        for zero in [0.0, -0.0] {
            assert_eq!(at(name, zero)[0].to_bits(), f64::to_bits(zero), "{name} at {zero}");
        }
    }
    assert_eq!(at("sigmoid", -0.0), [0.5, 0.25, 0.0, -0.125]);
    assert_eq!(at("sine", 0.0)[1], 1.0);
}

/// Beyond the reach of the vector form the scalar functions serve, and their neighbours do not notice.
#[test]
fn large_angles() {
    let x = [0.5, 1_024.0, 1_024.5, -1e5, 1e22, 3.0];
    let sigma = activation::parse("sine").unwrap();
    for order in Derivative::ALL {
        let mut values = x;
        sigma.apply(order, &mut values);
        let mut single = x.map(|x| x as f32);
        sigma.apply_f32(order, &mut single);
        for i in 0..x.len() {
            let want = sigma.at(order, x[i]);
            assert!((values[i] - want).abs() <= f64::EPSILON * want.abs(), "{order:?} at {}", x[i]);
            let want = sigma.at(order, f64::from(x[i] as f32));
            assert!((f64::from(single[i]) - want).abs() <= 1.2e-7 * want.abs(), "{order:?} at {}", x[i]);
        }
    }
}

/// A parabola with a vector form, and scalar methods that must not be called.
#[derive(Debug)]
struct Parabola;

impl Activation for Parabola {
    fn name(&self) -> String {
        "parabola".into()
    }
    fn value(&self, _: f64) -> f64 {
        f64::NAN
    }
    fn d1(&self, _: f64) -> f64 {
        f64::NAN
    }
    fn d2(&self, _: f64) -> f64 {
        f64::NAN
    }
    fn d3(&self, _: f64) -> f64 {
        f64::NAN
    }
    fn apply(&self, order: Derivative, z: &mut [f64]) {
        match order {
            Derivative::Value => z.iter_mut().for_each(|z| *z = 0.5 * z.powi(2)),
            Derivative::First => {}
            Derivative::Second => z.fill(1.0),
            Derivative::Third => z.fill(0.0),
        }
    }
}

#[test]
fn a_vector_form_of_ones_own_serves_all_slices() {
    let (mut value, mut first) = ([1.0, 2.0, -4.0], [0.0; 3]);
    Parabola.apply_value_and_first(&mut value, &mut first);
    assert_eq!((value, first), ([0.5, 2.0, 8.0], [1.0, 2.0, -4.0]));
    let mut second = [0.0; 3];
    Parabola.apply_first_and_second(&mut first, &mut second);
    assert_eq!((first, second), ([1.0, 2.0, -4.0], [1.0; 3]));
    let (mut value, mut first) = ([1.0_f32, 2.0, -4.0], [0.0_f32; 3]);
    Parabola.apply_value_and_first_f32(&mut value, &mut first);
    assert_eq!((value, first), ([0.5, 2.0, 8.0], [1.0, 2.0, -4.0]));
    Parabola.apply_f32(Derivative::Second, &mut value);
    assert_eq!(value, [1.0; 3]);
}
