//! Every tolerance of the project, named, with where it comes from.
//!
//! ε below is the unit roundoff of f64, 2⁻⁵³ ≈ 1.1e-16; [`f64::EPSILON`] is 2ε.

/// Deviation from unit norm allowed in a row of f64 weights: √d roundings of a norm at d up to 10⁶, and a
/// factor ten. Rows within it are renormalised.
pub const UNIT_NORM_F64: f64 = 1e-12;

/// Deviation from unit norm allowed in weights that came as f32: 2⁻²⁴ per entry, accumulated over the row; a
/// factor ten above √d·2⁻²⁴ at d = 256.
pub const UNIT_NORM_F32: f64 = 1e-5;

/// Default truncation of the degree series of Σ, relative to its largest eigenvalue: the bound on what is
/// left out is exact, see `sphere::zonal`.
pub const TAIL: f64 = 1e-9;

/// Truncation where degrees are cheap (all routes but the harmonic): two digits below the 1e-10 to which
/// others may compare, and within reach of the rounding of the certificate up to a few hundred dimensions.
pub const FINE_TAIL: f64 = 1e-12;

/// Default relative residual of the block eigen-solver: three digits below [`TAIL`].
pub const RESIDUAL: f64 = 1e-12;

/// Relative residual that is enough for eigenvalues: their error is its square over the gap, so that with a
/// gap of a hundredth of the largest eigenvalue it is rounding.
pub const RESIDUAL_LARGE: f64 = 1e-8;

/// A unit direction whose squared distance from a subspace is below this is dependent on it: the square root,
/// 1e-7, leaves half of the 16 digits after the first of two orthogonalisations, and the second restores
/// them.
pub const DEPENDENT: f64 = 1e-14;

/// Rounding of a zonal coefficient `ĝ_j`, relative to `√E[g²]`, in units of [`f64::EPSILON`], at degree 0:
/// evaluating `g` (2), the square root of the weight and the product (2), the weight itself and the node (2),
/// the sum (2).
pub const ZONAL_ROUNDINGS: f64 = 8.0;

/// What each further degree adds: one step of the three-term recurrence is three roundings of ½
/// [`f64::EPSILON`] each, of which the oscillating solution keeps the part in phase, two thirds on average.
pub const ZONAL_ROUNDINGS_PER_DEGREE: f64 = 1.0;

/// Probability allowed to a randomised bound to be wrong, over its own random start: below any that a user
/// would act on.
pub const FAILURE: f64 = 1e-6;

/// Snapshots of verdicts: relative on constants, absolute on exponents. A thousand times the certificates
/// behind those numbers ([`TAIL`], and eigenvalues to 1e-12 or better), which is how far another machine's
/// rounding can move them; a change of the method moves them by far more.
pub const SNAPSHOT: f64 = 1e-6;

/// An implied constant, relatively, and an exponent, absolutely, of two runs on the same cells, besides their
/// own error bounds: another processor's logarithm and exponential, a few roundings each, with a factor of a
/// thousand.
pub const MOVED: f64 = 1e-12;

/// Last Newton step towards a quadrature node, relative to the node or to 1/N, whichever is less. Convergence
/// is quadratic on the scale of the spacing of the nodes, which is no less than about 1/N²: a step of 1e-9/N
/// leaves an error near (1e-9/N)²·N² = 1e-18, below rounding.
pub const NEWTON_STEP: f64 = 1e-9;

/// Width s of the Gaussian that smooths |Y| before its mean over signs is integrated, relative to √(E Y²). It
/// raises the mean by at most s√(2/π) = 8e-4 of √(E Y²), and where Y has a density of order 1/√(E Y²) by
/// about s² = 1e-6; the integral runs to 9/s, so that a further digit costs ten times the work.
pub const SMOOTHING: f64 = 1e-3;

/// Central differences of a smooth function against its derivative, relative to the larger of the two
/// functions: with the step `ε^{1/3}`, truncation (`h²/6` times the derivative two orders up) and rounding
/// (`ε/h`, and as many roundings as the function has) are both near `ε^{2/3} = 4e-11`; a hundred of either
/// are allowed, for R4, of degree 8, has `8·7·6/6 = 56` of the first along a direction as long as W.
pub const CENTRAL_DIFFERENCE: f64 = 4e-9;

/// `⟨u, Hv⟩ − ⟨v, Hu⟩` for a product with a Hessian, relative to `‖u‖‖Hv‖`: two sums of up to 10⁴ terms along
/// different paths, each with √10⁴ roundings of ε, and a factor of forty.
pub const HESSIAN_SYMMETRY: f64 = 1e-12;
