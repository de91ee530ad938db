//! Targets of several directions, the sample of a cell, and the second routes of the claims.

use escapement::activation;
use escapement::gaussian::PopulationGradient;
use escapement_verify::papers::dls22::letters::{D, DEGREE, EPSILON, KAPPA, LATENT, N, NOISE, ORDER};
use escapement_verify::papers::dls22::{alignment, concentration, diversity, families, gradient, queries};
use escapement_verify::{Cell, Claim};
use faer::Mat;

/// Every family is normalised, and has the rank, the κ and the trace of H that its name says.
#[test]
fn families_are_what_their_names_say() {
    let root = 0.5_f64.sqrt();
    for (name, r, rank) in [
        ("iso", 1, 1),
        ("iso", 5, 5),
        ("iso-he4", 3, 3),
        ("balanced", 4, 4),
        ("weak3", 1, 1),
        ("weak4", 1, 1),
        ("uneven", 2, 2),
        ("saddle", 2, 2),
        ("deficient", 2, 1),
        ("woven", 3, 3),
        ("mix4", 1, 1),
        ("he3", 1, 0),
    ] {
        let f = families::series(name, r, 3.0).unwrap();
        f.require_normalised().unwrap();
        assert_eq!((f.latent(), f.rank().unwrap()), (r, rank), "{name}");
    }
    let kappa = |name: &str, r, kappa| families::series(name, r, kappa).unwrap().kappa().unwrap();
    for r in [1, 2, 7] {
        assert!(kappa("iso", r, f64::NAN).contains(root), "{r}");
        assert!(kappa("balanced", r, f64::NAN).contains(root), "{r}");
    }
    // The root of 2 − λ² is rounded before it becomes a coefficient.
    for wanted in [1.0, 2.5, 40.0] {
        for (name, r) in [("uneven", 2), ("weak3", 1), ("weak4", 1)] {
            let found = kappa(name, r, wanted);
            assert!((found.value - wanted).abs() <= found.error + 4.0 * f64::EPSILON * wanted, "{wanted}");
        }
    }
    let h = families::series("saddle", 2, f64::NAN).unwrap().hessian();
    assert!((h[0][0] + h[1][1]).contains(0.0) && h[0][0].contains(1.0));
    for (name, r, kappa) in [
        ("iso", 0, 1.0),
        ("iso", 65, 1.0),
        ("uneven", 2, 0.7),
        ("uneven", 2, f64::NAN),
        ("iso-4", 2, 1.0),
        ("weak3", 1, 0.1),
    ] {
        assert!(families::series(name, r, kappa).is_err(), "{name}, {r}, {kappa}");
    }
}

/// The model of a series has its values in the first coordinates, and the zero function has none.
#[test]
fn models_are_the_series_in_the_first_coordinates() {
    let f = families::series("saddle", 2, f64::NAN).unwrap();
    let x = Mat::from_fn(3, 4, |i, j| 0.5 * i as f64 - 0.25 * j as f64 + 1.0);
    let values = families::model(&f, 4).unwrap().values(x.as_ref()).unwrap();
    for (i, value) in values.iter().enumerate() {
        let exact = 0.5 * (x[(i, 0)].powi(2) - x[(i, 1)].powi(2));
        assert!((value - exact).abs() <= 16.0 * f64::EPSILON * (1.0 + exact.abs()), "{value} for {exact}");
    }
    assert!(families::model(&f, 1).is_err());
    let zero = families::series("he1", 1, f64::NAN).unwrap().centred();
    assert_eq!(families::model(&zero, 4).unwrap().values(x.as_ref()).unwrap(), [0.0; 3]);
}

fn measured(claim: &dyn Claim, cell: Cell) -> impl Fn(&str) -> f64 {
    let all = claim.measure(&cell, 7).unwrap_or_else(|e| panic!("{cell}: {e}")).quantities;
    move |name| all.get(name).unwrap_or_else(|| panic!("no quantity {name}")).value
}

/// The remainder of He_2 in closed form: it is `w c_4 q_2`, q_2 = z²/√2, so that its mean square is
/// `3/(4π d(d + 2))` and its part in S* has `E z⁶ = 15/(d(d + 2)(d + 4))`.
#[test]
fn the_remainder_of_he2_is_a_closed_form() {
    for d in [3_usize, 10, 500] {
        let cell = Cell::new("dls-gradient", "dimension.he2").with(D, d).with(LATENT, 1);
        let at = measured(&gradient::Gradient, cell);
        let x = d as f64;
        let whole = 3.0 / (4.0 * std::f64::consts::PI * x * (x + 2.0));
        let inside = 15.0 / (4.0 * std::f64::consts::PI * x * (x + 2.0) * (x + 4.0));
        assert!((at("remainder").powi(2) / whole - 1.0).abs() < 1e-14, "{d}");
        assert!((at("remainder_inside").powi(2) / inside - 1.0).abs() < 1e-14, "{d}");
    }
    // With odd degrees and a ReLU without shift the printed sum lacks nothing; with a shift it does.
    let cell = |sigma: &str| {
        let cell = Cell::new("dls-gradient", "sum.mix3").with(D, 4).with(LATENT, 1).with(DEGREE, 3);
        measured(&gradient::Gradient, cell.activation(sigma))
    };
    let (plain, shifted) = (cell("relu"), cell("relu:0.5"));
    assert_eq!(plain("sum"), plain("sum_cut"));
    // Far above the rounding of either, 1e-15, however small the drawn z is.
    assert!((shifted("sum") - shifted("sum_cut")).abs() > 1e-10);
}

/// At k = 1 and r = 1 the diversity is the energy inside S*, from another function of the core.
#[test]
fn diversity_at_order_one_is_the_energy_inside() {
    let f = families::series("mix4", 1, f64::NAN).unwrap();
    let relu = activation::parse("relu").unwrap();
    for d in [4, 64] {
        let cell = Cell::new("dls-diversity", "dimension.mix4").with(D, d).with(LATENT, 1).with(ORDER, 1);
        let least = measured(&diversity::Diversity, cell)("least");
        let inside = PopulationGradient::new(&f, relu.as_ref()).unwrap().energies(d).unwrap().inside.value;
        assert!((least / inside - 1.0).abs() < 1e-13, "{d}: {least} for {inside}");
    }
    // The product of Corollary 22 is at least 1, by the inequality of Cauchy and Schwarz.
    let cell = Cell::new("dls-diversity", "sample.iso").with(D, 5).with(LATENT, 2).with(N, 200);
    let at = measured(&diversity::Diversity, cell.with(NOISE, 1.0));
    assert!(at("product") > 1.0 && at("product_quadratic") > 1.0);
    // By blocks it tends to 1 + .9149 Q/v: E 1/(s² + y²) over a semicircle of variance 1, y² = π/2 − 1,
    // divided by 2π·1/2π, and Q/v = 6/2 for He_2 with noise 1.
    let cell = Cell::new("dls-diversity", "sample.he2").with(D, 20).with(LATENT, 1).with(NOISE, 1.0);
    let value = |d: usize, n: usize| {
        let f = families::series("he2", 1, f64::NAN).unwrap();
        diversity::by_blocks(&f, &cell.clone().with(D, d).with(N, n)).unwrap().value
    };
    let y = (0.5 * std::f64::consts::PI - 1.0).sqrt();
    let limit = 1.0 + 3.0 * ((y * y + 4.0).sqrt() - y) / (2.0 * y);
    let far = 1 << 20;
    assert!((value(far, 2 * far * far) / limit - 1.0).abs() < 1e-4, "{limit}");
    assert!((limit - 3.7447).abs() < 1e-4 && value(20, 800) < limit);
    // Without noise the rows are those of the population, which are the same in all directions but u.
    assert!((value(20, 1 << 50) - 1.0).abs() < 1e-3);
}

/// What is bad in a cell is an error, and no panic.
#[test]
fn cells_that_cannot_be_are_refused() {
    let cell = |claim: &str, part: &str| Cell::new(claim, part).with(LATENT, 1).with(N, 8);
    let refused: [(&dyn Claim, Cell); 5] = [
        (&gradient::Gradient, cell("dls-gradient", "dimension.he99").with(D, 4)),
        (
            &diversity::Diversity,
            cell("dls-diversity", "dimension.saddle").with(D, 1).without(N).with(ORDER, 1),
        ),
        (&alignment::Alignment, cell("dls-alignment", "samples.he2").with(D, 4).with(N, 0)),
        (&alignment::Alignment, cell("dls-alignment", "samples.uneven").with(D, 4).with(KAPPA, 0.1)),
        (&queries::Queries, cell("dls-csq", "family").with(D, 1).with(EPSILON, 0.5)),
    ];
    for (claim, cell) in refused {
        assert!(claim.measure(&cell, 0).is_err(), "{cell}");
    }
}

/// More samples bring the gradient nearer to its mean, and the scale that it is compared with is √(dv/2n).
#[test]
fn the_supremum_falls_with_samples() {
    let at = |n: usize| {
        let cell = Cell::new("dls-concentration", "samples.he2").with(D, 4).with(N, n).with(NOISE, 0.5);
        measured(&concentration::Concentration, cell)
    };
    let (few, many) = (at(64), at(4096));
    assert!(few("supremum") > 3.0 * many("supremum"));
    assert!((few("scale") - (4.0 * 1.25 / 128.0_f64).sqrt()).abs() < 1e-15);
}
