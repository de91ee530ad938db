//! The tolerances of the project, each with a name and its derivation.
//!
//! ε below is the unit roundoff of f64, 2⁻⁵³ ≈ 1.1e-16; [`f64::EPSILON`] is 2ε.

/// Deviation from unit norm that is allowed in a row of f64 weights: √d roundings of a norm at d up to 10⁶,
/// times ten. Rows within the tolerance are renormalised.
pub const UNIT_NORM_F64: f64 = 1e-12;

/// Deviation from unit norm that is allowed in a row of weights that were stored as f32: ten times √d·2⁻²⁴,
/// the rounding of the entries accumulated over the row, at d = 256.
pub const UNIT_NORM_F32: f64 = 1e-5;

/// Default truncation of the degree series of Σ, relative to its largest eigenvalue. The series is cut at
/// the least degree whose tail, which [`crate::sphere::zonal`] bounds exactly, is below this.
pub const TAIL: f64 = 1e-9;

/// Truncation where further degrees cost little, which is for all routes but the harmonic one: two digits
/// below the 1e-10 to which others may compare, and within reach of the rounding of the tail up to a few
/// hundred dimensions.
pub const FINE_TAIL: f64 = 1e-12;

/// Default relative residual of the block eigen-solver: three digits below [`TAIL`].
pub const RESIDUAL: f64 = 1e-12;

/// Relative residual that is enough where only eigenvalues are wanted. The error of an eigenvalue is the
/// square of the residual over the gap, so that it is at the level of rounding for a gap of a hundredth of
/// the largest eigenvalue.
pub const RESIDUAL_LARGE: f64 = 1e-8;

/// The relative residual that a spectrum of order pd is computed to when nobody says: [`RESIDUAL_LARGE`]
/// above an order of 100 000.
pub fn residual(order: usize) -> f64 {
    if order > 100_000 { RESIDUAL_LARGE } else { RESIDUAL }
}

/// Relative residual that is enough for top eigenvectors of Σ that single precision trains with: they are
/// rounded to f32 there, which leaves a residual of 2⁻²⁴ = 6e-8 of the largest eigenvalue.
pub const RESIDUAL_SINGLE: f64 = 1e-7;

/// A unit direction whose squared distance from a subspace is below this counts as an element of the
/// subspace. The distance itself, 1e-7, leaves half of the 16 digits after the first of two
/// orthogonalisations, and the second restores them.
pub const DEPENDENT: f64 = 1e-14;

/// Rounding of a zonal coefficient `ĝ_0`, relative to `√E[g²]`, in units of [`f64::EPSILON`]. It is the sum
/// of four parts of 2 each: the evaluation of `g`; the square root of the weight and the product with it;
/// the weight itself and the node; the sum.
pub const ZONAL_ROUNDINGS: f64 = 8.0;

/// The rounding that each further degree j adds to that of [`ZONAL_ROUNDINGS`]. One step of the three-term
/// recurrence makes three roundings of ½ [`f64::EPSILON`] each, of which the oscillating solution keeps the
/// part in phase, two thirds on average.
pub const ZONAL_ROUNDINGS_PER_DEGREE: f64 = 1.0;

/// Bound on the error of σ, σ', σ'' and σ''' on slices ([`crate::activation::VectorForm`]), in units of the
/// unit roundoff u of the precision and relative to the result, or to the scale that the table there names.
/// e^r − 1 errs by 1.1u of 1, so that e^x = 2^k e^r errs by 1.7u, and 1 − e^x by 2.8u. With e = e^{−|x|},
/// 1 + e and its reciprocal add two roundings, and each product one. Hence tanh = (1 − e²)/(1 + e²) errs by
/// at most 6u, which is the most among the values; e/(1 + e)² by 1.7 + 2·2 + 2 < 8u; its product with
/// tanh(x/2) by less than 14u, and so does σ' (1 − 6σ'), relative to σ'. Where the result is subnormal, half
/// its spacing is to be added.
pub const ACTIVATION_ROUNDINGS: [f64; 4] = [6.0, 8.0, 14.0, 14.0];

/// Bound on the error of the arcsine on slices, in units of the last place of the result. Up to ½ it is
/// `s + s·R`, where |R| < 0.05 errs by 12 roundings at most, which is less than one of the sum; beyond, the
/// square root and `s + s·R` err by 2 units of an angle 2r ≤ π/3 that is taken from π/2, and the difference,
/// at least π/6, by a half: 3 of its own units in all.
pub const ARCSINE_ROUNDINGS: f64 = 4.0;

/// Deviation of E f² from 1 that is allowed in a target, and size below which an eigenvalue of its Hessian
/// counts as zero: twice the relative rounding, 5e-7, of coefficients that are written with seven
/// significant digits.
pub const NORMALISED: f64 = 1e-6;

/// Probability with which a randomised bound may be wrong, over its own random start.
pub const FAILURE: f64 = 1e-6;

/// Slack on an exponent where one side of the bound is an exact expression. Over the factor 16 that most
/// sweeps span it is a factor 1.3 in the ratio of the two sides, which the corrections of relative order
/// √(d/m) at the widths measured do not reach.
pub const SLACK_EXACT: f64 = 0.1;

/// Slack on an exponent where both sides carry the scatter of samples or of training: half of the half power
/// by which the exponents of neighbouring statements differ.
pub const SLACK_SCATTER: f64 = 0.25;

/// Exponent that a correction of finite size can pretend: the claim counts as inside limits that leave it
/// out by no more. A ratio 1 + c√(d/m) with c = ½ pretends m^{-0.02} over the factor 16 from m = 50d on, and
/// limits from exact averages are narrower than that.
pub const FINITE_SIZE: f64 = 0.02;

/// Probability below which the points of a sweep do not lie on a line: some two hundred sweeps are judged in
/// a run, so that a fifth of one straight sweep is called bent.
pub const LACK_OF_FIT: f64 = 1e-3;

/// Difference that is allowed between a verdict and its stored snapshot: relative for constants, absolute
/// for exponents. It is a thousand times the error bounds of those numbers ([`TAIL`], and 1e-12 or better
/// for eigenvalues), which is how far another machine's rounding can move them; a change of the method moves
/// them by far more.
pub const SNAPSHOT: f64 = 1e-6;

/// Difference that is allowed between two runs of the same measurements, beyond their error bounds: relative
/// for constants, absolute for exponents. It is a thousand times the few roundings by which the logarithm
/// and the exponential of two processors differ.
pub const MOVED: f64 = 1e-12;

/// Size of the last Newton step towards a quadrature node, relative to the node or to 1/N, whichever is
/// less, for N nodes. Convergence is quadratic on the scale of the spacing of the nodes, which is no less
/// than about 1/N²: a step of 1e-9/N leaves an error near (1e-9/N)²·N² = 1e-18, below rounding.
pub const NEWTON_STEP: f64 = 1e-9;

/// Width s of the Gaussian that smooths |Y| before its mean over signs is integrated, relative to √(E Y²).
/// It raises the mean by at most s√(2/π) = 8e-4 of √(E Y²), and where Y has a density of order 1/√(E Y²) by
/// about s² = 1e-6; the integral runs to 9/s, so that a further digit costs ten times the work.
pub const SMOOTHING: f64 = 1e-3;

/// Difference that is allowed between a central difference of a smooth function and its derivative, relative
/// to the larger of the two function values. With the step `h = ε^{1/3}`, the truncation, `h²/6` times the
/// third derivative, and the rounding, `ε/h` for each rounding of the function, are both near
/// `ε^{2/3} = 4e-11`. The tolerance is a hundred times that, since R4, which has degree 8, has
/// `8·7·6/6 = 56` times this truncation along a direction as long as W.
pub const CENTRAL_DIFFERENCE: f64 = 4e-9;

/// Size of `⟨u, Hv⟩ − ⟨v, Hu⟩` that is allowed for products with a Hessian H, relative to `‖u‖‖Hv‖`: forty
/// times the √10⁴ roundings of ε in each of two sums of up to 10⁴ terms.
pub const HESSIAN_SYMMETRY: f64 = 1e-12;
