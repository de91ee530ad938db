//! Targets by name, and what noise costs in the L1 loss.

use escapement::gaussian::normal::density;
use escapement_verify::papers::dls22::learn::Noise;
use escapement_verify::papers::dls22::targets;

#[test]
fn targets_of_several_directions_are_what_they_are_called() {
    for (name, r, eigenvalues) in [
        ("iso-1", 1, vec![2.0_f64.sqrt()]),
        ("iso-4", 4, vec![0.5_f64.sqrt(); 4]),
        ("saddle", 2, vec![-1.0, 1.0]),
        ("deficient", 2, vec![0.0, 1.0]),
        ("uneven-1", 2, vec![1.0, 1.0]),
        ("uneven-7", 2, vec![0.2, 1.4]),
        ("mix3", 1, vec![1.0]),
    ] {
        let f = targets::any(name).unwrap();
        f.require_normalised().unwrap();
        assert_eq!(f.latent(), r, "{name}");
        let spectrum = escapement::gaussian::symmetric_eigenvalues(&f.hessian()).unwrap();
        for (found, exact) in spectrum.iter().zip(eigenvalues) {
            // The coefficients are rounded twice, and the ball knows nothing of that.
            assert!((found.value - exact).abs() <= found.error + 4.0 * f64::EPSILON, "{name}: {spectrum:?}");
        }
    }
    assert_eq!(targets::any("uneven").unwrap(), targets::any("uneven-2").unwrap());
    for (name, words) in [
        ("sadle", "did you mean 'saddle'?"),
        ("mix5", "did you mean 'mix"),
        ("iso-0", "iso-1 to iso-64"),
        ("uneven-0", "uneven-1 to uneven-1000"),
        ("nothing like it", "unknown target 'nothing like it'; the targets are"),
    ] {
        let why = targets::any(name).unwrap_err();
        assert!(why.contains(words), "{name}: {why}");
    }
}

/// `E|δ − ςZ| − ςE|Z|` is an integral with a kink at δ/ς, and for signs a mean of two numbers.
#[test]
fn the_excess_is_an_expectation_over_the_noise() {
    for delta in [0.0, 0.3, -1.0, 2.5] {
        let signs = 0.5 * ((delta - 0.7_f64).abs() + (delta + 0.7_f64).abs()) - 0.7;
        assert!((Noise::Signs(0.7).excess(delta) - signs).abs() < 1e-15);
        // Midpoints of 2·10⁵ cells of width 1e-4: h²/24 · ∫|f''| away from the kink, and h²/4 for its cell.
        let (h, size) = (1e-4, 0.7);
        let cell = |i: i32| {
            let z = (f64::from(i) + 0.5) * h;
            density(z).value * ((delta - size * z).abs() - size * z.abs()) * h
        };
        let integral: f64 = (-100_000..100_000).map(cell).sum();
        assert!((Noise::Normal(size).excess(delta) - integral).abs() < 1e-8, "{delta}");
    }
    assert_eq!(Noise::Normal(0.0).excess(-2.0), 2.0);
    assert_eq!(Noise::Signs(0.0).excess(-2.0), 2.0);
}
