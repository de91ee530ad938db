"""Exact feature covariances, constructed solutions and verdicts on theorems about two-layer networks.

    >>> import numpy as np, escapement
    >>> W0 = np.random.default_rng(0).standard_normal((100, 10))
    >>> W0 /= np.linalg.norm(W0, axis=1, keepdims=True)
    >>> escapement.Covariance(W0, "sigmoid:1").spectrum(top=11)
    Spectrum(11 eigenvalues, largest 3.2...e-2, ... route)

Arrays are anything that ``numpy.asarray`` takes; contiguous float64, in C or Fortran order, is read where it
lies. d is the input dimension, n the number of inputs, p that of distinct neurons, and m = 2p counts their
twins of opposite sign: f(x; W) = m^(-1/2) Σ_r a_r σ((w_r + W_r)·x), with a_r = 1 for the p neurons and −1
for their twins.

Bad input raises ``ValueError`` with one sentence. The interpreter is released during long work, and Ctrl-C
stops it. Where somebody watches, long work shows a bar; ``progress=False`` hides it, and a function of
(done, of, words) takes its place.
"""

from __future__ import annotations

import json as _json
import os as _os

import numpy as _np

from . import _escapement as _core
from ._escapement import Activation, Covariance, Spectrum, __version__
from ._verdict import Verdict, Verdicts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any, Callable, Iterable, Literal, Mapping, Optional, Sequence, Union

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[_np.float64]
    Named = Union[str, Activation]
    Loss = Literal["pseudo-huber", "log-cosh", "square", "absolute"]
    Model = Literal["network", "quadratic", "quadratic-term", "linear"]
    Progress = Union[None, bool, Callable[[float, float, str], object]]
    Target = Union[str, Mapping[str, Any]]
    Bounded = tuple[float, float]

__all__ = [
    "Activation",
    "Certificate",
    "Construction",
    "Covariance",
    "Evaluation",
    "Gaussian",
    "Kernel",
    "Learning",
    "Margin",
    "Randomised",
    "Spectrum",
    "Training",
    "Verdict",
    "Verdicts",
    "Zonal",
    "certify",
    "claims",
    "construct",
    "evaluate",
    "gaussian",
    "judge",
    "kernel",
    "learn",
    "margin",
    "oracle",
    "randomised",
    "train",
    "verify",
    "zonal",
]


class _Record:
    """Fields by name; arrays are shown by their shapes."""

    def __init__(self, **fields):
        missing = [
            name for name in self.__annotations__ if name not in fields and not hasattr(type(self), name)
        ]
        if missing or set(fields) - set(self.__annotations__):
            raise TypeError(f"the fields of {type(self).__name__} are {', '.join(self.__annotations__)}")
        vars(self).update(fields)

    def __repr__(self):
        def words(value):
            if isinstance(value, dict):
                return f"dict of {len(value)}"
            if isinstance(value, float):
                return f"{value:.6g}"
            return f"array{value.shape}" if isinstance(value, _np.ndarray) else repr(value)

        fields = ", ".join(f"{name}={words(value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


class Zonal(_Record):
    """Zonal coefficients of an activation, arrays of shape (J + 1,) over the degrees 0 to J."""

    d: int
    #: The degrees j.
    degree: NDArray[_np.int64]
    #: B(d, j), how many harmonics of degree j there are.
    dimension: Array
    #: λ_j(σ') and λ_j(σ''), the coefficients in Gegenbauer polynomials.
    lambda_sigma1: Array
    lambda_sigma2: Array
    #: The radial and the tangential coefficients of Σ.
    A: Array
    C: Array
    #: The trace of degree j in Σ, and its eigenvalue at infinite width, τ_j/B(d, j).
    tau: Array
    kappa: Array
    #: How far rounding may have moved each of the six, by name.
    error: dict[str, Array]
    #: The trace of Σ, and a bound on the part of it beyond degree J.
    trace: float
    tail: float


class Certificate(_Record):
    """A file from which ``escapement-check``, an independent checker, proves a statement."""

    #: The claims whose statements it proves, or a part of them.
    claims: list[str]
    #: Where the statement holds, in words.
    scope: str
    statement: str
    #: What is proved of each quantity (its name, and its degree or number): two decimals, and it lies between.
    intervals: dict[tuple[str, int], tuple[Decimal, Decimal]]
    #: A name for the file, and the file.
    name: str
    text: str
    #: The file W0.npy that belongs beside it, if the statement is about given weights.
    weights: Optional[bytes]

    def save(self, folder: Union[str, _os.PathLike[str]] = ".") -> str:
        """Writes the file into ``folder``, which is made if it is not there; returns the path."""
        folder = _path("folder", folder)
        _os.makedirs(folder, exist_ok=True)
        path = _os.path.join(folder, self.name)
        with open(path, "wb") as file:
            file.write(self.text.encode())
        if self.weights is not None:
            with open(_os.path.join(folder, "W0.npy"), "wb") as file:
                file.write(self.weights)
        return path

    def __repr__(self) -> str:
        return f"Certificate({', '.join(self.claims)}: {self.scope}; {len(self.intervals)} quantities)"


class Kernel(_Record):
    """The tangent kernel of the first layer on n inputs."""

    #: At the width of the weights, shape (n, n), and a bound on the error of each entry; None without
    #: weights.
    finite: Optional[Array]
    finite_error: Optional[float]
    #: In the limit of infinite width, shape (n, n), and a bound on the error of each entry; None if not
    #: asked for.
    infinite: Optional[Array]
    infinite_error: Optional[float]
    #: Eigenvalues of the limit on the harmonics of degree 0, 1, …, their errors, and how many harmonics
    #: there are.
    kappa: Array
    kappa_error: Array
    multiplicity: Array
    #: K(x, x) of the limit.
    trace: float


class Construction(_Record):
    """W* = W_L + S·W_Q of Nichani, Bai and Lee. Displacements have the shape (m, d), functions (n,)."""

    W_Q: Array
    W_L: Array
    W_star: Array
    #: The diagonal of S, shape (m,).
    signs: Array
    #: R1 to R4, shape (4,): their means over S, and at W_star.
    expected_regularizers: Array
    drawn_regularizers: Array
    #: f_Q at W_Q and the sparse part of the target; f_L at W_L and its low-degree part.
    f_q: Array
    f_sp: Array
    f_l: Array
    f_k: Array
    #: The gap below the n_k-th eigenvalue of Σ, and the largest residual of its eigenpairs.
    gap: float
    residual_max: float


class Evaluation(_Record):
    """The network, its expansion and L_λ at a displacement: functions of shape (n,), matrices (m, d)."""

    f: Array
    f_l: Array
    f_q: Array
    #: The model that is fitted, at the inputs.
    prediction: Array
    #: R1 to R4, shape (4,).
    regularizers: Array
    #: The mean loss alone, and L_λ.
    mean_loss: float
    loss: float
    gradient: Array
    #: The Hessian times the direction; None without one.
    hvp: Optional[Array]
    #: The least eigenvalue of the Hessian, and how far below it may lie.
    hessian_min_eigenvalue: float
    hessian_min_eigenvalue_bound: float
    hessian_min_eigenvalue_residual: float
    #: Whether the whole spectrum was computed; otherwise the bound fails with a probability of 1e-6.
    hessian_exact: bool
    #: A lower bound on the norm of the Hessian.
    hessian_norm: float


class Training(_Record):
    """Where a descent ended, and how it came there."""

    #: first-order-stationary, second-order-stationary, steps-spent, stagnated or diverged.
    outcome: str
    #: The displacement, shape (m, d).
    W: Array
    steps: int
    loss: float
    mean_loss: float
    regularizers: Array
    gradient_norm: float
    #: One entry for each point of the descent.
    history_step: NDArray[_np.int64]
    history_loss: Array
    history_gradient_norm: Array
    #: As in Evaluation; None with products=0, and for the absolute loss.
    hessian_min_eigenvalue: Optional[float] = None
    hessian_min_eigenvalue_bound: Optional[float] = None
    hessian_min_eigenvalue_residual: Optional[float] = None
    hessian_exact: Optional[bool] = None
    hessian_norm: Optional[float] = None


class Gaussian(_Record):
    """What one gradient step sees of a target of r directions.

    A number with a bound on its error is a pair (value, bound), and an array has one bound for all entries.
    Vectors and matrices in S*, the span of the directions, are in the coordinates z = Qx.
    """

    d: int
    latent: int
    degree: int
    activation: str
    #: The Hermite coefficients c_0 to c_{p+2} of the activation, and their bounds.
    coefficients: Array
    coefficients_error: Array
    #: E f², and C_0 = E f.
    second_moment: Bounded
    mean: Bounded
    #: C_1 = E ∇f, shape (r,), and H = E ∇²f, shape (r, r).
    gradient_mean: Array
    gradient_mean_error: Array
    hessian: Array
    hessian_error: float
    #: The eigenvalues of H, ascending; its rank; κ where that is r.
    eigenvalues: Array
    eigenvalues_error: Array
    rank: int
    kappa: Optional[Bounded]
    #: E‖g(w)‖² over unit weights w: total, inside, outside S*, remainder (g − c_2 Hw), remainder_inside.
    energies: dict[str, Bounded]
    #: For k = 1, 2, 3: k, the least eigenvalue of E[(Π*g)^{⊗2k}] on Sym^k(S*), its leading term and their
    #: ratio, which is None where the leading term vanishes.
    diversity: list[dict[str, Any]]
    #: Q, shape (r, d).
    frame: Array
    frame_error: float
    #: g at the rows of w, shape (rows, d); None without w.
    gradient: Optional[Array]
    gradient_error: Optional[float]


class Learning(_Record):
    """What Algorithm 1 of DLS22 learnt: f(x) = α + β·x + aᵀσ(W1 x + b)."""

    #: Shapes (m, d), (m,), (m,), (d,).
    W1: Array
    b: Array
    a: Array
    beta: Array
    alpha: float
    d: int
    n: int
    m: int
    activation: str
    as_run: bool
    seed: int
    #: ς; None where the target is not known.
    noise: Optional[float]
    #: How many samples chose the decay, and on how many fresh inputs the errors were taken.
    validation_samples: int
    test_samples: Optional[int]
    #: n/d².
    samples_per_square: float
    beta_norm: float
    #: The learning rate of the step.
    eta: float
    #: The share of ‖W1‖² outside S*; None where the target is not known.
    outside_share: Optional[float]
    #: Errors after the step, of untrained features and of f = 0, as dictionaries: lambda, and head, m‖a‖²;
    #: train and validation, means of (f − y)²; absolute, square and excess, pairs (mean, standard error) of
    #: |δ|, δ² and E|f − y| − E|ϵ|, where δ is f − f* on fresh inputs, or f − y on inputs held out.
    learnt: dict[str, Any]
    untrained: dict[str, Any]
    zero: dict[str, Any]
    #: The rows of the caller's sample that were held out; None with a target.
    held_out: Optional[NDArray[_np.int64]]


class Margin(_Record):
    """Margins of f(x) = m^(-1/2) Σ_j a_j max(v_j·x, 0) on n examples; an interval is a pair (lower, upper)."""

    d: int
    n: int
    m: int
    #: γ_m, the margin of the gradients at the weights; γ^∞_m, of moving each neuron by the same length at
    #: most, None if not asked for; γ_2, the margin at infinite width.
    margin: Bounded
    transport: Optional[Bounded]
    infinite_width: Bounded
    #: R_½: no weights within it have less than half of the margin.
    half_radius: float
    #: Radii R, and the margin κ(R) that is certified within each.
    radius: Array
    certified: Array
    #: The weights of the examples that bound the margin from above, shape (n,).
    q: Array
    #: With norms_only a dictionary: the interval global (G, twice the largest normalised margin), cut, end,
    #: why, and rows, arrays by name over the flow of norms: tau, u, smoothed, lower, upper.
    norms_only: Optional[dict[str, Any]]
    #: With flow a dictionary: loss, end (reached, stationary or broken-off), why; where it ended, as tau,
    #: log_time, u, least, smoothed (√m u/‖W‖²), margin (√m min p/‖W‖²), displacement, path, square and
    #: certified; most, which no network's margin exceeds, and bound, how that is known; drift, None where it
    #: broke off; and rows, arrays of the same over the flow.
    flow: Optional[dict[str, Any]]
    #: The weights at the end of the flow, shape (m, 1 + d).
    W: Optional[Array]


class Randomised(_Record):
    """The law of f at n inputs under random multipliers of order k, exactly; arrays of shape (n,)."""

    #: k.
    order: int
    #: f without multipliers, its mean over them, and its variance.
    f: Array
    mean: Array
    variance: Array
    #: f^(k), the term of order k in the displacement, which the mean follows.
    term: Array
    #: Mean losses, None without labels: over all signs, a pair (value, error); of f^(2); of f without signs.
    loss: Optional[Bounded]
    quadratic_loss: Optional[float]
    network_loss: Optional[float]


def _target(target: Target) -> str:
    """A target as JSON."""

    def plain(value: Any) -> Any:
        array = _np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError
        return array.tolist()

    if isinstance(target, str):
        target = {"name": target}
    if not hasattr(target, "items"):
        raise ValueError(
            f"target = {target!r} is not allowed: a name as 'mix3' is needed, or a mapping with d, "
            "directions, terms and basis"
        )
    try:
        return _json.dumps(dict(target), allow_nan=False, default=plain)
    except ValueError:
        raise ValueError("the target holds a number that is not finite") from None
    except TypeError:
        raise ValueError("the target holds something else than text, numbers and arrays") from None


def _pair(ball: Mapping[str, float]) -> Bounded:
    return (ball["value"], ball["error"])


def gaussian(
    target: Target,
    activation: Named = "relu",
    *,
    d: Optional[int] = None,
    w: Optional[ArrayLike] = None,
    any_norm: bool = False,
) -> Gaussian:
    """What one gradient step on the first layer sees of a target, each number with a bound on its error.

    ``target`` is a name (he1 to he16, mix3, mix4, iso-2, uneven-2, saddle, deficient), which needs ``d``, or
    a mapping with the keys of a target file: ``directions`` of shape (r, d), ``terms``, a list of mappings
    with ``exponents`` (one for each direction) and ``coefficient``, and ``basis``, which is "hermite" or
    "monomial". ``w`` holds unit vectors, shape (rows, d), at which the gradient is computed. E f² must be 1
    unless ``any_norm``.
    """
    found = _json.loads(_core.gaussian(_target(target), activation, d, w, bool(any_norm)))
    for name in ("coefficients", "gradient_mean", "eigenvalues"):
        balls = found[name]
        found[name] = _np.array([ball["value"] for ball in balls])
        found[f"{name}_error"] = _np.array([ball["error"] for ball in balls])
    for name in ("hessian", "frame", "gradient"):
        of = found.get(name)
        found[name] = None if of is None else _np.array(of["values"])
        found[f"{name}_error"] = None if of is None else of["error"]
    for name in ("second_moment", "mean", "kappa"):
        found[name] = _pair(found[name]) if name in found else None
    found["energies"] = {name: _pair(ball) for name, ball in found["energies"].items()}
    found["diversity"] = [
        {"k": one["k"], "ratio": None}
        | {name: _pair(one[name]) for name in ("least", "leading", "ratio") if name in one}
        for one in found["diversity"]
    ]
    return Gaussian(**found)


def learn(
    target: Optional[Target] = None,
    *,
    x: Optional[ArrayLike] = None,
    y: Optional[ArrayLike] = None,
    n: int = 4096,
    m: int = 256,
    noise: float = 0.0,
    as_run: bool = False,
    lam: Optional[float] = None,
    activation: Named = "relu",
    d: Optional[int] = None,
    any_norm: bool = False,
    validation: int = 10_000,
    test: int = 10_000,
    seed: int = 0,
    progress: Progress = None,
) -> Learning:
    """Algorithm 1 of DLS22: features from one large gradient step, and a ridge head.

    With a ``target``, as for `gaussian`, ``n`` standard normal inputs are drawn, labels have the noise ±
    ``noise``, ``validation`` more samples choose the decay, and errors are taken on ``test`` fresh inputs.
    With inputs ``x`` (n, d) and labels ``y`` (n,) instead, a tenth of them, drawn from ``seed``, is held out
    and takes both places. ``as_run`` is the authors' script: biases that the step sees, normal noise, and λ
    where the algorithm has λ/2. ``lam`` fixes the decay.
    """
    if (target is None) == (x is None) or (x is None) != (y is None):
        raise ValueError("either a target is needed, or inputs x with labels y")
    given = None if target is None else (_target(target), d, bool(any_norm), n, noise, validation, test)
    sample = None if x is None else (x, y)
    found = _core.learn(given, sample, (activation, m, bool(as_run), lam, seed), progress)
    summary = _json.loads(found.pop("summary"))
    for name in ("learnt", "untrained", "zero"):
        errors = summary[name]
        for kind in ("absolute", "square", "excess"):
            if kind in errors:
                errors[kind] = (errors[kind]["mean"], errors[kind]["standard_error"])
    for name in ("noise", "test_samples", "outside_share"):
        summary.setdefault(name, None)
    rows = found.pop("held_out")
    found["held_out"] = None if rows is None else _np.array(rows, dtype=_np.int64)
    return Learning(**found, **summary)


def margin(
    inputs: ArrayLike,
    labels: ArrayLike,
    weights: Optional[ArrayLike] = None,
    *,
    m: int = 256,
    paired: bool = False,
    seed: int = 0,
    transport: bool = False,
    norms_only: bool = False,
    flow: bool = False,
    loss: Literal["exp", "logistic"] = "exp",
    until: float = 1000.0,
    tolerance: float = 1e-6,
    steps: int = 20_000,
    progress: Progress = None,
) -> Margin:
    """Certified margins of a ReLU network on ``inputs`` (n, d) of norm at most 1 with ``labels`` ±1.

    ``weights`` (m, 1 + d) have the output weight of a neuron first; without them ``m`` standard normal
    neurons are drawn from ``seed``, ``paired`` ones as (a, v) and (−a, v). With ``transport`` the margin of
    bounded transport, a cone program. With ``norms_only`` the margin over the directions of the neurons, and
    the flow of their lengths. With ``flow`` the gradient flow of both layers. Flows end with the first step
    whose smoothed margin is ``until``, or after ``steps`` of them, each of which errs by ``tolerance``.
    """
    found = _core.margin(
        (inputs, labels),
        weights,
        (m, bool(paired), seed),
        (bool(transport), bool(norms_only), bool(flow)),
        (loss, until, tolerance, steps),
        progress,
    )
    summary = _json.loads(found.pop("summary"))

    def columns(rows: list[dict[str, float]], names: Iterable[str]) -> dict[str, Array]:
        return {name: _np.array([row.get(name, _np.nan) for row in rows]) for name in names}

    ends = lambda interval: (interval["lower"], interval["upper"])
    radii = columns(summary.pop("radii"), ("radius", "margin"))
    for name in ("margin", "transport", "infinite_width"):
        summary[name] = ends(summary[name]) if name in summary else None
    for name, last in (("norms_only", "upper"), ("flow", "certified")):
        one = summary.setdefault(name, None)
        if one is not None:
            known = ("tau", "log_time", "u", "least", "smoothed", "margin", "displacement", "path", "square")
            names = known if name == "flow" else ("tau", "u", "smoothed", "lower")
            one["rows"] = columns(one["rows"], (*names, last))
    if summary["norms_only"] is not None:
        summary["norms_only"]["global"] = ends(summary["norms_only"]["global"])
    if summary["flow"] is not None:
        summary["flow"].setdefault("drift", None)
    return Margin(**found, **summary, radius=radii["radius"], certified=radii["margin"])


def randomised(
    weights: ArrayLike,
    inputs: ArrayLike,
    displacement: ArrayLike,
    activation: Named = "sigmoid:1",
    *,
    multiplier: str = "signs",
    nodes: Optional[ArrayLike] = None,
    coefficients: Optional[ArrayLike] = None,
    labels: Optional[ArrayLike] = None,
    loss: Literal["pseudo-huber", "log-cosh", "absolute", "square"] = "pseudo-huber",
) -> Randomised:
    """Mean and variance of f when each row of ``displacement`` (2p, d) has a random multiplier, exactly.

    ``multiplier`` is signs, roots:k, or design:k (design:k:ε for odd k), of which ``nodes`` and
    ``coefficients`` make another one of the same order: Σ_l c_l t_l^j is 1 for j = k and 0 below.
    ``weights`` (p, d) are unit rows, ``inputs`` (n, d). With ``labels`` (n,), for signs, also the mean loss.
    """
    return Randomised(
        **_core.randomised(
            (weights, inputs, displacement), activation, (multiplier, nodes, coefficients), (labels, loss)
        )
    )


def zonal(d: int, activation: Named = "sigmoid:1", degrees: int = 8) -> Zonal:
    """Zonal coefficients of an activation at dimension ``d`` ≥ 3, for the degrees 0 to ``degrees``."""
    return Zonal(d=int(d) if isinstance(d, int) else d, **_core.zonal(d, activation, degrees))


def kernel(
    inputs: ArrayLike,
    weights: Optional[ArrayLike] = None,
    activation: Named = "sigmoid:1",
    *,
    infinite: bool = False,
    gaussian_weights: bool = False,
    degrees: int = 6,
    tail: Optional[float] = None,
) -> Kernel:
    """The tangent kernel of the first layer on ``inputs`` (n, d).

    With ``weights`` (p, d), unit rows, the kernel of that network; with ``infinite``, or without weights,
    its limit of infinite width, for which the inputs have norm √d. With ``gaussian_weights`` the rows of the
    weights may have any norm, and the limit is that of Gaussian weights of variance 1/d. ``degrees``
    eigenvalues of the limit are listed; ``tail`` is how much of its trace may be left out, 1e-12 by default.
    """
    return Kernel(
        **_core.kernel(inputs, weights, activation, bool(infinite), bool(gaussian_weights), degrees, tail)
    )


def construct(
    weights: ArrayLike,
    inputs: ArrayLike,
    *,
    k: int = 1,
    sparse: Iterable[tuple[float, ArrayLike]] = (),
    low_degree: Iterable[tuple[int, float, ArrayLike]] = (),
    activation: Named = "sigmoid:1",
    seed: int = 0,
    progress: Progress = None,
) -> Construction:
    """W_Q, W_L and W* = W_L + S·W_Q for f* = f_k + f_sp, on ``inputs`` (n, d) and ``weights`` (p, d).

    ``sparse`` holds pairs (α, β) of terms α(β·x)^(k+1) with |α| ≤ 1 and β a unit vector of shape (d,);
    ``low_degree`` triples (degree, c, η) of terms c·P_degree(η·x/√d) with degree ≤ k and η a unit vector of
    shape (d,).
    """
    return Construction(
        **_core.construct(weights, inputs, k, sparse, low_degree, activation, seed, progress)
    )


def evaluate(
    weights: ArrayLike,
    inputs: ArrayLike,
    labels: ArrayLike,
    displacement: ArrayLike,
    activation: Named = "sigmoid:1",
    *,
    k: int = 1,
    lam: Sequence[float] = (0, 0, 0, 0),
    loss: Loss = "pseudo-huber",
    model: Model = "network",
    direction: Optional[ArrayLike] = None,
    products: int = 300,
    seed: int = 0,
    progress: Progress = None,
) -> Evaluation:
    """f, f_L, f_Q, L_λ, its gradient and the least eigenvalue of its Hessian, at ``displacement`` (m, d).

    ``weights`` (p, d), ``inputs`` (n, d), ``labels`` (n,). With a ``direction`` (m, d) also the Hessian
    times it. ``lam`` holds λ1 to λ4, the weights of the regularisers; ``loss`` is pseudo-huber, log-cosh or
    square; ``model`` is network, quadratic, quadratic-term or linear. ``products`` is how many products with
    the Hessian the search for its least eigenvalue may take.
    """
    return Evaluation(
        **_core.evaluate(
            (weights, inputs, labels),
            displacement,
            (activation, k, lam, loss, model, products, seed),
            direction,
            progress,
        )
    )


def train(
    weights: ArrayLike,
    inputs: ArrayLike,
    labels: ArrayLike,
    activation: Named = "sigmoid:1",
    *,
    start: Optional[ArrayLike] = None,
    k: int = 1,
    lam: Sequence[float] = (0, 0, 0, 0),
    loss: Loss = "pseudo-huber",
    model: Model = "network",
    max_steps: int = 10_000,
    step: Optional[float] = None,
    noise: float = 0.0,
    gradient: float = 1e-4,
    curvature: Optional[float] = None,
    products: int = 300,
    seed: int = 0,
    progress: Progress = None,
) -> Training:
    """Gradient descent on L_λ from ``start`` (m, d), zero by default, to ‖∇L_λ‖ ≤ ``gradient``.

    ``weights`` (p, d), ``inputs`` (n, d), ``labels`` (n,); ``lam``, ``loss`` and ``model`` as for
    `evaluate`. ``step`` is a fixed step size, found by backtracking without one; ``noise`` perturbs each
    gradient; with ``curvature`` the descent ends only where the least eigenvalue of the Hessian is certified
    to be at least −``curvature``.
    """
    return Training(
        **_core.train(
            (weights, inputs, labels),
            (activation, k, lam, loss, model, products, seed),
            (start, max_steps, step, noise, gradient, curvature),
            progress,
        )
    )


def claims() -> list[dict[str, str]]:
    """The claims that can be verified, as dictionaries.

    The keys are claim, title, reference, statement, hypotheses, method and refuted_by.
    """
    return _json.loads(_core.claims())


def certify(
    claims: Union[str, Iterable[str]] = (),
    activation: str = "sigmoid:1",
    *,
    d: Optional[int] = None,
    degrees: int = 8,
    weights: Optional[ArrayLike] = None,
    k: int = 1,
    top: Optional[int] = None,
) -> list[Certificate]:
    """Certificates of ``claims`` (all that have some by default), which the checker has accepted.

    Without ``d`` the statements are about every d ≥ 3; with ``d`` they are about one dimension, with
    coefficients of the degrees 0 to ``degrees`` to fifteen digits. With ``weights`` (p, d), unit rows and
    p·d ≤ 2000, they are about Σ at these weights: its ``top`` largest eigenvalues, all by default, the gap
    behind the degrees up to ``k``, and the worst case of lemma 2. The shift of the activation, which is
    sigmoid, tanh or erf, is a decimal or a fraction, as in ``"tanh:1/2"``. docs/certificates.md has the proofs.
    """
    from decimal import Decimal  # which takes longer than all else that is imported

    given = None if weights is None else (weights, k, top)
    text, file = _core.certify(_names("claims", claims), activation, d, degrees, given)
    found = _json.loads(text)
    for one in found:
        one["weights"] = None if file is None else bytes(file)
        one["intervals"] = {(q, j): (Decimal(low), Decimal(high)) for q, j, low, high in one["intervals"]}
    return [Certificate(**one) for one in found]


def _names(name: str, given: object) -> list[str]:
    """A name, or several of them."""
    if isinstance(given, str):
        return [given]
    try:
        names = list(given)  # type: ignore[call-overload]
    except TypeError:
        names = [None]
    if not all(isinstance(one, str) for one in names):
        raise ValueError(f"{name} = {given!r} is not allowed: a name is needed, or several of them")
    return names


def _path(name: str, given: object) -> str:
    try:
        return _os.fsdecode(given)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} = {given!r} is not allowed: the path of a file is needed") from None


def verify(
    claims: Union[str, Iterable[str]] = (),
    tier: Literal["quick", "standard", "paper"] = "quick",
    *,
    seed: int = 2206,
    journal: Union[None, str, _os.PathLike[str]] = None,
    jobs: int = 0,
    certified: bool = False,
    progress: Progress = None,
) -> Verdicts:
    """Measures claims (all of them by default) and judges them; a notebook shows a card for each.

    The quick tier takes about a minute for all claims on two cores, the standard tier a quarter of an hour,
    the paper tier hours. With a ``journal`` records are kept in that file, and found there the next time, also
    after a Ctrl-C. ``jobs`` is how many cells are measured at once, one on each core by default. With
    ``certified`` each verdict has a list ``certificates`` of what is proved of its claim for every d ≥ 3 and
    σ(z) = sigmoid(z − 1), and the card shows it; :func:`certify` has other activations and scopes.
    """
    journal = None if journal is None else _path("journal", journal)
    found = _core.verify(_names("claims", claims), tier, seed, journal, jobs, progress)
    cards = {card["claim"]: card for card in _json.loads(_core.claims())}
    verdicts = Verdicts(Verdict(*one, card=cards.get(one[0]["claim"])) for one in _json.loads(found))
    for proof in certify() if certified else ():
        for verdict in verdicts:
            if verdict.claim in proof.claims:
                verdict.certificates.append(proof)
    return verdicts


def judge(
    table: Any,
    claims: Union[str, Iterable[str], Mapping[str, str]],
    *,
    by: Union[str, Iterable[str]] = (),
    errors: Optional[Mapping[str, str]] = None,
    hypotheses: Union[str, Iterable[str]] = (),
    scatter: Optional[str] = None,
    name: str = "table",
) -> Verdict:
    """The verdict on claims about a table of numbers, as ``error <= C m^-0.5``.

    ``table`` is a DataFrame of pandas or polars, or a mapping from names to columns; ``claims`` a statement,
    a list of statements, or a mapping from names to statements. Rows that agree in the columns of the right
    side and in ``by`` are repetitions; ``errors`` maps a column to that which bounds its errors (``x_error``
    bounds those of ``x`` by itself); ``hypotheses`` mark the rows that meet them, as ``m >= d^2``;
    ``scatter`` is the reason why both sides carry the scatter of samples. docs/judge.md says more.
    """
    columns = getattr(table, "columns", None)
    if columns is None and not hasattr(table, "keys"):
        kind = type(table).__name__
        raise ValueError(
            f"a table of the type {kind} is not allowed: a DataFrame, or a mapping from names to columns"
        )
    names = list(table.keys() if columns is None else columns)

    def column(name: object) -> list[Any]:
        values = _np.asarray(table[name])
        if values.ndim != 1:
            raise ValueError(
                f"the column {name!r} has the shape {values.shape}, but a list of numbers is needed"
            )
        return values.astype(float).tolist() if values.dtype.kind in "fiub" else [str(v) for v in values]

    if isinstance(claims, str):
        claims = {"claim": claims}
    elif not hasattr(claims, "items"):
        claims = {f"claim-{i + 1}": text for i, text in enumerate(_names("claims", claims))}
    statements = [(str(n), text) for n, text in claims.items()]  # type: ignore[union-attr]
    _names("claims", [text for _, text in statements])
    pairs = [] if errors is None else list(errors.items())
    _names("errors", [word for pair in pairs for word in pair])
    if scatter is not None:
        _names("scatter", [scatter])
    options = (_names("by", by), pairs, _names("hypotheses", hypotheses), scatter)
    verdict, notes = _core.judge(name, [(str(n), column(n)) for n in names], statements, options)
    # The remarks speak of the options of the command line.
    return Verdict(*_json.loads(verdict), [note.replace("--by", "by") for note in notes])


def oracle(
    path: Union[str, _os.PathLike[str]], format: Optional[str] = None
) -> tuple[int, int, list[dict[str, Any]]]:
    """Compares a file of reference values with what the library computes.

    Returns how many agree, how many were compared, and the comparisons that disagree, as dictionaries.
    docs/oracles.md describes the formats; ``format`` names one where the content does not tell.
    """
    agree, compared, wrong = _core.oracle(_path("path", path), format)
    return agree, compared, _json.loads(wrong)
