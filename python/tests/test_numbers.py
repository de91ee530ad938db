"""Numbers of the wheel against reference values, SciPy and NumPy."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, sigmoid, sphere, unit

import escapement

CASES = ROOT / "tests" / "cli" / "cases"


def test_spectra_agree_with_quadrature_in_two_dimensions():
    expected = json.loads((CASES / "expected.json").read_text())
    for name in ["base", "identity_7", "cross_6"]:
        found = escapement.Covariance(np.load(CASES / f"{name}.npy"), "sigmoid:1").spectrum()
        right = np.array(expected[name])
        assert np.abs(found.eigenvalues - right).max() < 1e-13 * right[0]
        assert found.below_bound is None and len(found) == len(right)


@pytest.mark.parametrize("name", ["sigma", "zonal", "zonal_high", "network", "express", "damian"])
def test_the_library_agrees_with_its_oracles(name):
    agree, compared, wrong = escapement.oracle(ROOT / "tests" / "data" / f"{name}.json")
    assert agree == compared > 0 and wrong == []


def test_a_wrong_reference_value_is_found(tmp_path):
    text = (ROOT / "docs" / "oracles" / "sigma.json").read_text()
    entries = json.loads(text)
    value = entries[0]["eigenvalues"][0]
    (tmp_path / "wrong.json").write_text(text.replace(str(value), str(1.001 * value)))
    agree, compared, wrong = escapement.oracle(tmp_path / "wrong.json")
    assert agree == compared - len(wrong) and wrong


def test_the_arrays_of_the_oracles_give_their_numbers():
    """Through NumPy's arrays, and not through the reader of the files."""
    for entry in json.loads((ROOT / "tests" / "data" / "network.json").read_text()):
        w0 = np.array(entry["W0"])[: entry["m"] // 2]
        name = f"{entry['activation']}:{entry['shift']}"
        x, y = np.array(entry["X"]), np.array(entry["y"])
        found = escapement.evaluate(
            w0, x, y, np.array(entry["W"]), name, k=1, lam=entry["lambdas"], direction=np.array(entry["V"])
        )
        close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.abs(b).max())
        close(found.f, np.array(entry["f"]))
        close(found.f_l, np.array(entry["f_L"]))
        close(found.f_q, np.array(entry["f_Q"]))


def test_the_matrix_has_its_eigenvalues_and_scipy_finds_them():
    linalg = pytest.importorskip("scipy.linalg")
    cov = escapement.Covariance(unit(12, 5), "tanh:0.5")
    sigma = np.block([[cov.block(r, s) for s in range(cov.m)] for r in range(cov.m)])
    assert np.abs(sigma - sigma.T).max() < 1e-17
    assert np.trace(sigma) == pytest.approx(cov.trace, rel=1e-10)
    values = linalg.eigh(sigma, eigvals_only=True)[::-1]
    found = cov.spectrum(vectors=True)
    assert np.abs(found.eigenvalues - values[: len(found)]).max() < 1e-13 * values[0]
    assert np.abs(values[len(found) :]).max() < 1e-13 * values[0]
    assert found.null_dimension == len(values) - len(found)
    v = found.vectors.reshape(len(found), -1)
    assert np.abs(v @ v.T - np.eye(len(found))).max() < 1e-12
    assert np.abs(v @ sigma @ v.T - np.diag(found.eigenvalues)).max() < 1e-13 * values[0]
    own, q = cov.eigh()
    assert np.array_equal(own, found.eigenvalues) and q.flags.f_contiguous and q.shape == (60, 60)
    assert np.abs(q.T @ q - np.eye(60)).max() < 1e-12


def test_a_block_is_the_mean_of_the_gradient_outer_product():
    w = unit(3, 4)
    cov = escapement.Covariance(w, "erf")
    x = sphere(400_000, 4, 5)
    slope = lambda z: 2 / np.sqrt(np.pi) * np.exp(-(z**2))
    for r, s in [(0, 0), (0, 1), (1, 5), (4, 3)]:
        sign = 1 if (r < 3) == (s < 3) else -1
        weights = slope(x @ w[r % 3]) * slope(x @ w[s % 3])
        sampled = sign * (x * weights[:, None]).T @ x / len(x) / 6
        assert np.abs(cov.block(r, s) - sampled).max() < 0.01 * np.abs(cov.block(0, 0)).max()


def test_zonal_coefficients_agree_with_scipy():
    integrate = pytest.importorskip("scipy.integrate")
    d, found = 8, escapement.zonal(8, "sigmoid:1", 3)
    density = lambda z: (1 - z * z) ** ((d - 3) / 2)
    total = integrate.quad(density, -1, 1)[0]
    slope = lambda z: sigmoid(np.sqrt(d) * z) * (1 - sigmoid(np.sqrt(d) * z))
    p2 = lambda z: (d * z * z - 1) / (d - 1)
    for degree, polynomial in [(0, lambda z: 1.0), (1, lambda z: z), (2, p2)]:
        integral = integrate.quad(lambda z: density(z) * slope(z) * polynomial(z), -1, 1, epsabs=1e-14)[0]
        assert found.lambda_sigma1[degree] == pytest.approx(integral / total, abs=1e-12)
        assert found.error["lambda_sigma1"][degree] < 1e-14
    assert np.allclose(found.kappa, found.tau / found.dimension, rtol=1e-14)
    assert found.degree.tolist() == [0, 1, 2, 3] and found.dimension.tolist() == [1, 8, 35, 112]


def test_certificates_enclose_the_coefficients(tmp_path):
    coefficients, constants = escapement.certify(d=8, degrees=3)
    found = escapement.zonal(8, "sigmoid:1", 3)
    for name in ["lambda_sigma1", "lambda_sigma2", "A", "C", "tau", "kappa"]:
        for j, value in enumerate(getattr(found, name)):
            low, high = coefficients.intervals[name, j]
            assert high - low <= Decimal("1e-15") * abs(high)
            assert float(low) - found.error[name][j] <= value <= float(high) + found.error[name][j]
    assert coefficients.claims == ["assumption-3", "spectrum"]
    path = constants.save(tmp_path / "certificates")
    assert Path(path).read_bytes() == constants.text.encode()
    assert repr(constants).endswith("sigmoid(z - 1), at d = 8, every m and W0; 5 quantities)")
    (everywhere,) = escapement.certify("escape", "tanh:1/2")
    assert everywhere.statement.startswith("Let sigma(z) = tanh(z - 1/2). Then for every d >= 3,")
    low, high = everywhere.intervals["escape", 1]
    (at_eight,) = escapement.certify("escape", "tanh:1/2", d=8)
    assert low < at_eight.intervals["escape", 1][0] < at_eight.intervals["escape", 1][1] < high


def test_certificates_of_weights_enclose_the_eigenvalues(tmp_path):
    w = unit(10, 3)
    spectrum, worst = escapement.certify(weights=w)
    found = escapement.Covariance(w, "sigmoid:1").spectrum()
    error = found.rounding_bound + found.truncation_bound
    assert error < 1e-12
    for i, value in enumerate(found.eigenvalues[:30]):
        low, high = spectrum.intervals["eigenvalue", i + 1]
        assert float(low) - error <= value <= float(high) + error and high - low < Decimal("1e-14")
    low, high = worst.intervals["worst-case", 1]
    assert 0 < low < high < 1 and high - low < Decimal("1e-9")
    worst.save(tmp_path)
    assert np.array_equal(np.load(tmp_path / "W0.npy"), w)


def test_the_kernel_of_a_network_and_its_limits():
    x, w = sphere(6, 5), unit(40_000, 5)
    both = escapement.kernel(x, w, "sigmoid:1", infinite=True)
    slope = sigmoid(x @ w.T) * (1 - sigmoid(x @ w.T))
    numpy = (slope @ slope.T) / len(w) * (x @ x.T)
    assert np.abs(both.finite - numpy).max() < 1e-13 + both.finite_error
    assert 0 < np.abs(both.finite - both.infinite).max() < 0.01 * both.infinite.max()
    alone = escapement.kernel(x, activation="sigmoid:1")
    assert alone.finite is None and np.array_equal(alone.infinite, both.infinite)
    gaussian = np.random.default_rng(3).standard_normal((40_000, 5)) / np.sqrt(5)
    found = escapement.kernel(x, gaussian, "sigmoid:1", infinite=True, gaussian_weights=True)
    assert np.abs(found.finite - found.infinite).max() < 0.02 * found.infinite.max()
    assert np.abs(found.infinite - both.infinite).max() > 0.01 * both.infinite.max()
    assert np.linalg.eigvalsh(alone.infinite).min() > 0
    assert np.allclose(alone.kappa * alone.multiplicity, escapement.zonal(5, "sigmoid:1").tau[:6], rtol=1e-9)


def test_a_constructed_solution_is_what_numpy_evaluates():
    w0, x = unit(60, 6), sphere(50, 6)
    beta, eta = np.eye(6)[0], np.eye(6)[1]
    c = escapement.construct(w0, x, k=1, sparse=[(0.8, beta)], low_degree=[(1, np.sqrt(6), eta)])
    z = x @ np.vstack([w0, w0]).T
    a, m = np.repeat([1.0, -1.0], 60), 120
    s = sigmoid(z)
    f_q = (s * (1 - s) * (1 - 2 * s) * (x @ c.W_Q.T) ** 2) @ a / (2 * np.sqrt(m))
    f_l = (s * (1 - s) * (x @ c.W_L.T)) @ a / np.sqrt(m)
    assert np.abs(f_q - c.f_q).max() < 1e-12 and np.abs(f_l - c.f_l).max() < 1e-12
    assert np.abs(c.f_sp - 0.8 * x[:, 0] ** 2).max() < 1e-12 and np.abs(c.f_k - x[:, 1]).max() < 1e-12
    assert np.abs(c.W_star - (c.W_L + c.signs[:, None] * c.W_Q)).max() == 0
    assert c.W_Q.shape == (120, 6) and set(c.signs) == {-1.0, 1.0}


def test_the_gradient_and_the_hessian_are_those_of_differences():
    w0, x = unit(10, 4), sphere(30, 4)
    rng = np.random.default_rng(2)
    y, w, v = rng.standard_normal(30), 0.3 * rng.standard_normal((20, 4)), rng.standard_normal((20, 4))
    at = lambda t: escapement.evaluate(
        w0, x, y, w + t * v, lam=[0.3, 0.2, 0.5, 0.01], loss="log-cosh", direction=v
    )
    h, here, above, below = 1e-5, at(0), at(1e-5), at(-1e-5)
    assert np.sum(here.gradient * v) == pytest.approx((above.loss - below.loss) / (2 * h), rel=1e-7)
    assert np.allclose(here.hvp, (above.gradient - below.gradient) / (2 * h), rtol=1e-6, atol=1e-7)
    f = (sigmoid(x @ (np.vstack([w0, w0]) + w).T) @ np.repeat([1.0, -1.0], 10)) / np.sqrt(20)
    assert np.abs(here.f - f).max() < 1e-13 and here.hessian_exact


def test_training_goes_down_to_a_stationary_point():
    w0, x = unit(10, 4), sphere(30, 4)
    found = escapement.train(w0, x, x[:, 0], lam=[0.1, 0, 0, 0], max_steps=3000, gradient=1e-3)
    assert found.outcome == "first-order-stationary" and found.gradient_norm <= 1e-3
    assert (np.diff(found.history_loss) <= 1e-12).all() and found.steps == found.history_step[-1]
    there = escapement.evaluate(w0, x, x[:, 0], found.W, lam=[0.1, 0, 0, 0])
    assert there.loss == pytest.approx(found.loss, rel=1e-13)
    assert there.hessian_min_eigenvalue == pytest.approx(found.hessian_min_eigenvalue, rel=1e-9)
    again = escapement.train(w0, x, x[:, 0], start=found.W, lam=[0.1, 0, 0, 0], gradient=1e-3)
    assert again.steps == 0 and np.array_equal(again.W, found.W)


def tanh(z):
    return np.tanh(z)


def tanh1(z):
    return 1 - np.tanh(z) ** 2


def tanh2(z):
    return -2 * np.tanh(z) * (1 - np.tanh(z) ** 2)


def test_an_activation_of_ones_own_is_as_good_as_a_built_in():
    own = escapement.Activation.of(tanh, tanh1, tanh2, name="mine")
    w, x = unit(10, 4), sphere(20, 4)
    one, two = (escapement.Covariance(w, a).spectrum().eigenvalues for a in (own, "tanh"))
    assert np.abs(one - two).max() < 1e-13 * two[0]
    assert escapement.Covariance(w, own).activation == "mine"
    z = np.linspace(-2, 2, 6).reshape(2, 3)
    builtin = escapement.Activation("tanh")
    for order in range(3):
        assert np.abs(own(z, order) - builtin(z, order)).max() < 1e-15 and own(z, order).shape == (2, 3)
    y = x[:, 0]
    a, b = (escapement.evaluate(w, x, y, np.full((20, 4), 0.1), s) for s in (own, "tanh"))
    assert np.allclose(a.gradient, b.gradient, rtol=1e-12, atol=1e-15)
    a, b = (escapement.train(w, x, y, s, max_steps=5) for s in (own, "tanh"))
    assert a.loss == pytest.approx(b.loss, rel=1e-12)


def test_what_a_callable_raises_comes_out():
    def broken(z):
        if len(z) and abs(z).max() > 5:
            raise ZeroDivisionError("far out")
        return tanh2(z)

    own = escapement.Activation.of(tanh, tanh1, broken)
    with pytest.raises(ZeroDivisionError, match="far out"):
        escapement.zonal(100, own)
    # The next call knows nothing of it.
    assert escapement.Activation.of(tanh, tanh1, tanh2)(0.0) == 0.0


def test_eigenvalues_below_their_own_bound_are_said_to_be_so():
    w = np.repeat(unit(6, 4), 5, axis=0)
    found = escapement.Covariance(w).spectrum()
    count, bound = found.below_bound
    assert count == 96 and (found.eigenvalues[24:] == 0).all() and (found.eigenvalues[:24] > bound).all()
    assert "96 below" in repr(found) and "96 below" in found._repr_html_()
    values, _ = escapement.Covariance(w).eigh()
    assert (values >= 0).all() and (values[24:] == 0).all()
