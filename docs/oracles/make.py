"""Writes the example files beside it, which docs/oracles.md shows: by quadrature over the sphere, finite
differences and enumeration, with 50 digits and without any formula of this project. It needs mpmath.

    python docs/oracles/make.py
"""

import itertools
import json
import pathlib
import textwrap

from mpmath import cos, diff, eigsy, exp, legendre, matrix, mp, mpf, nstr, pi, polyroots, sin, sqrt
from mpmath import tanh, taylor

mp.dps = 50
D, M, N, R = 3, 4, 2, 4  # dimension, width, inputs, rank of the top space
W0 = [[mpf(x) for x in row] for row in [["0.6", "0.8", "0"], ["0", "0.6", "0.8"]] * 2]
SIGNS = [1, 1, -1, -1]
X = [[mpf(1), mpf(1), mpf(1)], [mpf(1), mpf(-1), mpf(1)]]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def sigmoid(z):
    """sigmoid:1 and its first two derivatives."""
    s = 1 / (1 + exp(1 - z))
    return s, s * (1 - s), s * (1 - s) * (1 - 2 * s)


def gauss(count):
    """Gauss-Legendre nodes on [-1, 1] with weights whose sum is 1."""
    roots = polyroots(taylor(lambda t: legendre(count, t), 0, count)[::-1], maxsteps=500, extraprec=500)
    slopes = [diff(lambda t: legendre(count, t), z) for z in roots]
    return [(z, 1 / ((1 - z * z) * s * s)) for z, s in zip(roots, slopes)]


RULE = gauss(40)
ANGLES = [2 * pi * i / 40 for i in range(40)]
SPHERE = [  # points of norm sqrt(3), and weights
    ([sqrt(3 - 3 * z * z) * cos(a), sqrt(3 - 3 * z * z) * sin(a), sqrt(3) * z], w / 40)
    for z, w in gauss(24)
    for a in ANGLES
]


def digits(x, count=13):
    """x with so many digits, matrices as lists of rows."""
    if isinstance(x, list):
        return [digits(y, count) for y in x]
    number = float(nstr(mpf(x), count)) if abs(x) > mpf(10) ** -30 else 0.0
    return int(number) if number == int(number) else number


def write(name, entry):
    """A file of one entry, with a line or more for each field."""
    fields = (f'"{key}": {json.dumps(value)}' for key, value in entry.items())
    lines = (textwrap.fill(field, 104, subsequent_indent="   ") for field in fields)
    pathlib.Path(__file__).with_name(f"{name}.json").write_text("[{" + ",\n  ".join(lines) + "}]\n")


def features(x):
    """The features of an input: a_r m^(-1/2) sigma'(w_r x) x, neuron after neuron."""
    slopes = [SIGNS[r] / sqrt(M) * sigmoid(dot(W0[r], x))[1] for r in range(M)]
    return [s * c for s in slopes for c in x]


def covariance():
    sigma = matrix(M * D, M * D)
    for x, weight in SPHERE:
        phi = features(x)
        for i, j in itertools.product(range(M * D), repeat=2):
            sigma[i, j] += weight * phi[i] * phi[j]
    return sigma


SIGMA = covariance()
VALUES, VECTORS = eigsy(SIGMA)  # ascending
TOP = [[VECTORS[i, M * D - 1 - k] for i in range(M * D)] for k in range(R)]


def flat(w):
    return [x for row in w for x in row]


def rows(v):
    return [v[D * r : D * r + D] for r in range(M)]


def f(x, w):
    return sum(a * sigmoid(dot(u, x) + dot(v, x))[0] for a, u, v in zip(SIGNS, W0, w)) / sqrt(M)


def f_linear(x, w):
    return dot(features(x), flat(w))


def f_quadratic(x, w):
    terms = (a * sigmoid(dot(u, x))[2] * dot(v, x) ** 2 for a, u, v in zip(SIGNS, W0, w))
    return sum(terms) / (2 * sqrt(M))


def regularizers(w):
    v = flat(w)
    whole = sum(v[i] * SIGMA[i, j] * v[j] for i in range(M * D) for j in range(M * D))
    parts = [dot(q, v) for q in TOP]
    low = sum(VALUES[M * D - 1 - k] * c * c for k, c in enumerate(parts))
    rest = rows([x - sum(c * q[i] for c, q in zip(parts, TOP)) for i, x in enumerate(v)])
    r3 = sum(f_linear(x, rest) ** 2 for x in X) / N
    return [whole - low, low, r3, sum(dot(row, row) ** 2 for row in w) ** 2]


def zonal():
    def mean(g):
        return sum(w * g(z) for z, w in RULE)

    def slope(z):
        return 1 - tanh(sqrt(3) * z - mpf("0.5")) ** 2

    def bend(z):
        return -2 * tanh(sqrt(3) * z - mpf("0.5")) * slope(z)

    degrees = []
    for j in range(3):
        p = lambda z: legendre(j, z) if j else mpf(1)
        dp = [lambda z: mpf(0), lambda z: mpf(1), lambda z: 3 * z][j]
        b = 2 * j + 1
        a = b * mean(lambda z: sqrt(3) * z * slope(z) * p(z))
        c = b * sqrt(3) * mean(lambda z: slope(z) * (1 - z * z) * dp(z)) / max(1, j * (j + 1))
        tau = (a * a + j * (j + 1) * c * c) / b
        level = [mean(lambda z: slope(z) * p(z)), mean(lambda z: bend(z) * p(z)), a, c, tau, tau / b]
        names = ["lambda_sigma1", "lambda_sigma2", "A", "C", "tau", "kappa"]
        degrees.append({"dim": b, **dict(zip(names, digits(level, 16)))})
    return degrees, 3 * mean(lambda z: slope(z) ** 2)


def express():
    """W_Q by its condition E f_Q = f_sp at k = 1, W_L by least squares in the top space."""
    mean = lambda g: sum(weight * g(x) for x, weight in SPHERE)
    curvature = mean(lambda x: sigmoid(x[2])[2])
    h = ALPHA / curvature
    row = [sqrt(2 * sqrt(M) * abs(h) / 2) * b for b in BETA]
    zero = [mpf(0)] * D
    w_q = [row, row, zero, zero] if h > 0 else [zero, zero, row, row]
    f_k = lambda x: 1 + dot(ETA, x) / sqrt(3)
    moments = [sum(weight * features(x)[i] * f_k(x) for x, weight in SPHERE) for i in range(M * D)]
    parts = [dot(q, moments) / VALUES[M * D - 1 - k] for k, q in enumerate(TOP)]
    w_l = rows([sum(c * q[i] for c, q in zip(parts, TOP)) for i in range(M * D)])
    means = [mpf(0)] * 4
    for signs in itertools.product([1, -1], repeat=M):
        w = [[l + s * q for l, q in zip(a, b)] for s, a, b in zip(signs, w_l, w_q)]
        means = [m + r / 2**M for m, r in zip(means, regularizers(w))]
    return w_q, w_l, f_k, means


ALPHA, BETA, ETA = mpf("0.5"), [mpf(0), mpf(1), mpf(0)], [mpf(1), mpf(0), mpf(0)]
LABELS, LAMBDAS = [mpf(1), mpf("-0.5")], [mpf(x) for x in ["0.3", "0.2", "0.5", "0.01"]]
W = [[mpf(x) / 10 for x in row] for row in [[3, -1, 2], [0, 4, -2], [1, 1, -3], [-2, 0, 1]]]
V = [[mpf(x) for x in row] for row in [[1, 0, -1], [0, 2, 1], [1, -1, 0], [0, 1, 1]]]


def objective(w):
    """The pseudo-Huber loss of the network with all four regularisers."""
    loss = sum(sqrt(1 + (f(x, w) - y) ** 2) - 1 for x, y in zip(X, LABELS)) / N
    return loss + dot(LAMBDAS, regularizers(w))


def moved(w, h, r, c):
    return [[x + h * (i == r and j == c) for j, x in enumerate(row)] for i, row in enumerate(w)]


def gradient(w, h=mpf(10) ** -15):
    entry = lambda r, c: (objective(moved(w, h, r, c)) - objective(moved(w, -h, r, c))) / (2 * h)
    return [[entry(r, c) for c in range(D)] for r in range(M)]


def hessian_product(w, v, h=mpf(10) ** -12):
    ahead, behind = (gradient([[x + s * y for x, y in zip(a, b)] for a, b in zip(w, v)]) for s in (h, -h))
    return [[(x - y) / (2 * h) for x, y in zip(a, b)] for a, b in zip(ahead, behind)]


degrees, trace = zonal()
inputs = {"d": D, "activation": "tanh", "shift": 0.5}
write("zonal", {**inputs, "trace": digits(trace, 17), "degrees": degrees})

network = {"d": D, "m": M, "activation": "sigmoid", "shift": 1.0, "W0": digits(W0)}
ends = [max(x, mpf(0)) if i < M * D // 2 else mpf(0) for i, x in enumerate(sorted(VALUES, reverse=True))]
block = [[SIGMA[i, j] for j in range(D)] for i in range(D)]
sigma = {"trace": sum(VALUES), "eigenvalues": ends, "block_0_0": block}
write("sigma", {**network, **{name: digits(x) for name, x in sigma.items()}})

w_q, w_l, f_k, means = express()
values = {
    "X": X,
    "amp": 1,
    "eta": ETA,
    "alpha": [ALPHA],
    "beta": [BETA],
    "W_Q": w_q,
    "W_L": w_l,
    "f_Q_of_W_Q": [f_quadratic(x, w_q) for x in X],
    "f_sp": [ALPHA * dot(BETA, x) ** 2 for x in X],
    "f_L_of_W_L": [f_linear(x, w_l) for x in X],
    "f_k": [f_k(x) for x in X],
    "W_Q_norm_2_4_pow4": sum(dot(row, row) ** 2 for row in w_q),
    "W_L_frobenius_sq": dot(flat(w_l), flat(w_l)),
    "expected_regularizers_over_signs": means,
}
sizes = {"n": N, "k": 1, "R": 1, "n_k": R}
write("express", {**network, **sizes, **{name: digits(x) for name, x in values.items()}})

inputs = {"X": X, "y": LABELS, "W": W, "V": V, "lambdas": LAMBDAS}
outputs = {
    "f": [f(x, W) for x in X],
    "f_L": [f_linear(x, W) for x in X],
    "f_Q": [f_quadratic(x, W) for x in X],
    "regularizers": regularizers(W),
}
loss = {"value": objective(W), "gradient": gradient(W), "hvp_V": hessian_product(W, V)}
fields = {name: digits(x) for name, x in {**inputs, **outputs}.items()}
losses = {"pseudo_huber/network": {name: digits(x) for name, x in loss.items()}}
write("network", {**network, "n": N, "n_k": R, **fields, "losses": losses})
