"""Arrays in and out, errors, signatures, the bar, cards, tables."""

import ast
import inspect
import io
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
from conftest import ROOT, sphere, unit

import escapement
from escapement import _escapement as core
from escapement import _progress


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, **options
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read as Linux has it")
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_where_they_lie(order):
    """What a call adds to the peak memory: no copy of the inputs, and the unit rows that are kept."""
    out = run(
        f"""
        import numpy as np, escapement
        def peak():
            text = open("/proc/self/status").read()
            return int(text.split("VmHWM:")[1].split()[0]) / 1024
        def added(call):
            open("/proc/self/clear_refs", "w").write("5")
            before = peak()
            kept = call()
            return peak() - before
        def points(n, d):
            x = np.random.default_rng(0).standard_normal((2, d))
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            return np.asarray(np.tile(x, (n // 2, 1)), order={order!r})
        small = points(2, 200_000)
        escapement.kernel(np.sqrt(200_000) * small, small)
        w = points(400_000, 40)  # 122 MiB
        print(added(lambda: escapement.Covariance(w)))
        print(added(lambda: escapement.Covariance(w[::2])))
        x = np.sqrt(200_000) * points(80, 200_000)  # 122 MiB
        print(added(lambda: escapement.kernel(x, small)))
    """,
        check=True,
    )
    whole, half, kernel = map(float, out.stdout.split())
    # The unit rows that are kept are 122 MiB themselves, and nothing else is.
    assert 115 < whole < 140
    # Every other row is not contiguous: a copy of 61 MiB, and 61 MiB that are kept.
    assert 115 < half < 145
    # Of inputs nothing is kept.
    assert kernel < 30


def test_the_order_and_the_type_of_an_array_change_nothing():
    w = unit(20, 5)
    right = escapement.Covariance(w).spectrum().eigenvalues
    wide = np.zeros((20, 10))
    wide[:, ::2] = w
    misaligned = np.frombuffer(b"\0" + w.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(20, 5)
    readonly = w.copy()
    readonly.flags.writeable = False
    for same in [
        np.asfortranarray(w),
        wide[:, ::2],
        w.astype(">f8"),
        w.tolist(),
        misaligned,
        readonly,
        w[::-1][::-1],
    ]:
        assert np.array_equal(escapement.Covariance(same).spectrum().eigenvalues, right)
    cov = escapement.Covariance(w)
    w[:] = 0
    assert np.array_equal(cov.spectrum().eigenvalues, right)


def test_single_precision_is_renormalised_and_spoken_of():
    w = unit(20, 5).astype(np.float32)
    with pytest.warns(UserWarning, match="miss unit norm by up to .*e-8|e-7"):
        cov = escapement.Covariance(w)
    assert 1e-9 < cov.deviation < 1e-6
    double = w.astype(float)
    double /= np.linalg.norm(double, axis=1, keepdims=True)
    assert (
        np.abs(cov.spectrum().eigenvalues - escapement.Covariance(double).spectrum().eigenvalues).max()
        < 1e-15
    )
    with pytest.warns(UserWarning, match="off the sphere") as caught:
        escapement.evaluate(unit(5, 4), np.ones((3, 4)) * 2, np.ones(3), np.zeros((10, 4)))
    assert caught[0].filename == __file__


W, X = unit(10, 4), sphere(6, 4)
COV = escapement.Covariance(W)
ZERO = np.zeros((20, 4))
NAN = W.copy()
NAN[2, 1] = np.nan
THREE = unit(2, 3), sphere(5, 3), 2 * unit(4, 3, 2)
TABLE = {"m": [1, 2, 4, 8], "error": [1, 0.7, 0.5, 0.35]}


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: escapement.Covariance(1.1 * W), "row 0 of the weights has norm 1.1"),
        (lambda: escapement.Covariance(NAN), "the weights holds NaN at row 2, column 1"),
        (lambda: escapement.Covariance(np.inf * W), "must be finite"),
        (
            lambda: escapement.Covariance(np.zeros((2, 2, 2))),
            r"the weights have the shape \(2, 2, 2\), but p × d",
        ),
        (lambda: escapement.Covariance(W[0]), r"have the shape \(4,\), but p × d"),
        (lambda: escapement.Covariance(W[:0]), "has shape \\[0, 4\\]"),
        (lambda: escapement.Covariance(W[:, :2]), "d must be at least 3"),
        (lambda: escapement.Covariance(W.astype(complex)), "elements of type complex128, but real numbers"),
        (lambda: escapement.Covariance(W.astype(str)), "elements of type <U"),
        (lambda: escapement.Covariance([[1, 2], [3]]), "cannot be read as an array"),
        (lambda: escapement.Covariance(None), "elements of type object"),
        (lambda: escapement.Covariance(unit(5, 30).T), "they look transposed: give W.T"),
        (lambda: escapement.Covariance(W, "tan"), "unknown activation 'tan'"),
        (lambda: escapement.Covariance(W, "relu"), "second derivative"),
        (lambda: escapement.Covariance(W, 3), "activation = 3 is not allowed"),
        (lambda: escapement.Covariance(W, tail=-1), "tail = -1 is not allowed"),
        (lambda: COV.spectrum(top=41), "top = 41 is not allowed: from 1 to pd = 40"),
        (lambda: COV.spectrum(top=0), "top = 0 is not allowed"),
        (lambda: COV.spectrum(top=-1), "top = -1 is not allowed: a whole number"),
        (lambda: COV.spectrum(top=2.5), "top = 2.5 is not allowed: a whole number"),
        (lambda: COV.spectrum(top="all"), "top = 'all' is not allowed: a whole number"),
        (lambda: COV.spectrum(route="magic"), "route = 'magic' is not allowed: it is one of auto, dense"),
        (lambda: COV.spectrum(tolerance=np.nan), "tolerance = nan is not allowed"),
        (lambda: COV.spectrum(tolerance=2.0), "between 0 and 1"),
        (lambda: COV.spectrum(memory=1000, top=3), "more than the 1000 B allowed"),
        (lambda: COV.spectrum(progress=3), "progress = 3 is not allowed"),
        (lambda: COV.spectrum().vectors, "vectors=True"),
        (lambda: COV.block(20, 0), "r = 20 is not allowed: neurons count from 0 to m − 1 = 19"),
        (lambda: COV.block(0, -1), "s = -1 is not allowed"),
        (lambda: escapement.Activation("tanh:x"), "finite number is needed"),
        (lambda: escapement.Activation(None), "name = None is not allowed"),
        (lambda: escapement.Activation("tanh")(np.zeros(2), 4), "the derivatives go from 0 to 3"),
        (lambda: escapement.Activation("tanh")("x"), "real numbers are needed"),
        (lambda: escapement.Activation.of(np.tanh, np.tanh, np.tanh), "the first derivative of own is"),
        (
            lambda: escapement.Activation.of(np.sin, np.cos, np.sin, name="s"),
            "the second derivative of s is",
        ),
        (lambda: escapement.Activation.of(np.sin, np.cos, 3), "second = 3 is not allowed"),
        (lambda: escapement.Activation.of(np.sin, lambda z: z[:2], np.sin), "but \\(24,\\) is needed"),
        (lambda: escapement.Activation.of(np.log, np.cos, np.sin), "it must be finite"),
        (lambda: escapement.zonal(2), "d must be at least 3"),
        (lambda: escapement.zonal(2**64 - 1), "at most 2\\^53"),
        (lambda: escapement.zonal(2**64), "d = 18446744073709551616 is not allowed"),
        (lambda: escapement.zonal(10, "tanh", 10**9), "degree"),
        (lambda: escapement.zonal(10.5), "d = 10.5 is not allowed"),
        (lambda: escapement.certify("taylor"), "taylor has no certificate: those that have one are assumption-2,"),
        (lambda: escapement.certify("assumption-2", d=9), "assumption-2 has certificates for every d only"),
        (lambda: escapement.certify(activation="relu"), "closed forms"),
        (lambda: escapement.certify(activation="tanh:pi"), "a decimal or a fraction"),
        (lambda: escapement.certify(d=2), "at least 3"),
        (lambda: escapement.kernel(3 * np.ones((2, 4))), "sphere of radius"),
        (lambda: escapement.kernel(X[:, :3], W), "n, d = 4"),
        (lambda: escapement.kernel(X, 2 * W), "row 0 of the weights has norm"),
        (lambda: escapement.construct(W, X, k=1, sparse=[0.8]), "pairs"),
        (lambda: escapement.construct(W, X, sparse=[(0.8, [1, 0, 0])]), "4"),
        (lambda: escapement.construct(W, X, sparse=[(8.0, [1, 0, 0, 0])]), "8"),
        (lambda: escapement.construct(W, X, k=9, low_degree=[(1, 1.0, [1, 0, 0, 0])]), "k = 9"),
        (lambda: escapement.evaluate(W, X, np.ones(5), ZERO), "there are 5 labels for 6 inputs"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO[:10]), "the displacement has shape \\[10, 4\\]"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO[:19]), "the displacement has shape \\[19, 4\\]"),
        (lambda: escapement.evaluate(W, X[:, :3], np.ones(6), ZERO), "4"),
        (lambda: escapement.evaluate(W, X, np.ones(6), 1e160 * (ZERO + 1)), "1.0e160"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, lam=[1, 2]), "four finite numbers"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, lam=[1, 2, 3, -1]), "zero or above"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, loss="hinge"), "hinge"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, loss="absolute"), "the Hessian needs"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, model="deep"), "model = 'deep' is not allowed"),
        (lambda: escapement.evaluate(W, X, np.ones(6), ZERO, products=0), "at least one product"),
        (lambda: escapement.evaluate(W, X, [np.nan] * 6, ZERO), "finite"),
        (lambda: escapement.train(W, X, np.ones(6), step=0), "step = 0 is not allowed"),
        (lambda: escapement.train(W, X, np.ones(6), start=W), "the start has shape \\[10, 4\\]"),
        (lambda: escapement.train(W, X, np.ones(6), noise=-1), "-1"),
        (lambda: escapement.train(W, X, np.ones(6), max_steps=-1), "max_steps = -1 is not allowed"),
        (lambda: escapement.verify("lemma-11"), "did you mean 'lemma-1'"),
        (lambda: escapement.verify(3), "claims = 3 is not allowed"),
        (
            lambda: escapement.verify(tier="slow"),
            "tier = 'slow' is not allowed: it is one of quick, standard and paper",
        ),
        (lambda: escapement.verify("lemma-1", seed=-1), "seed = -1 is not allowed"),
        (lambda: escapement.verify("lemma-1", journal=3), "journal = 3 is not allowed"),
        (lambda: escapement.verify("assumption-3", journal="/proc/no/such/j.jsonl"), "/proc/no"),
        (lambda: escapement.judge({"m": [1, 2]}, "m <= C"), "no axis"),
        (lambda: escapement.judge(TABLE, "eror <= C m^-0.5"), "no column 'eror'; did you mean 'error'"),
        (lambda: escapement.judge(TABLE, "error, C m^-0.5"), "error, C m"),
        (lambda: escapement.judge(TABLE, 3), "claims = 3 is not allowed"),
        (lambda: escapement.judge(TABLE, {"a": 3}), "is not allowed"),
        (lambda: escapement.judge({}, "a <= C b"), "no columns"),
        (lambda: escapement.judge([1, 2], "a <= C b"), "a table of the type list is not allowed"),
        (lambda: escapement.judge({**TABLE, "x": [1]}, "error <= C m"), "equal lengths"),
        (lambda: escapement.judge({**TABLE, "error": [1, "a", 2, 3]}, "error <= C m"), "'a' in row 2"),
        (lambda: escapement.judge({**TABLE, "error": [1, np.nan, 2, 3]}, "error <= C m"), "row 2"),
        (lambda: escapement.judge({**TABLE, "error": np.ones((4, 2))}, "error <= C m"), r"shape \(4, 2\)"),
        (lambda: escapement.oracle("no/such/file.json"), "no/such/file.json"),
        (lambda: escapement.oracle(3), "path = 3 is not allowed"),
        (lambda: escapement.oracle(ROOT / "tests" / "data" / "sigma.json", "pickle"), "pickle"),
        (lambda: escapement.verify("assumption-3")[0].bound("no"), "has no bound 'no'"),
    ],
)
def test_an_error_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call()
    assert type(caught.value) is ValueError
    text = str(caught.value)
    assert "\n" not in text and 10 < len(text) < 500


def test_a_wrong_call_is_a_type_error():
    with pytest.raises(TypeError):
        escapement.Covariance()
    with pytest.raises(TypeError):
        COV.spectrum(tpo=3)


def parameters(function):
    """Names, kinds and defaults, as the stub and the module both have them."""
    kept = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in kept if p.name not in ("self", "cls")]


def declared(node):
    """The same of a function in a stub."""
    a = node.args
    value = lambda d: inspect.Parameter.empty if d is None else ast.literal_eval(d)
    plain = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(plain) - len(a.defaults)) + a.defaults
    all_ = [(p.arg, inspect.Parameter.POSITIONAL_OR_KEYWORD, value(d)) for p, d in zip(plain, defaults)]
    all_ += [(p.arg, inspect.Parameter.KEYWORD_ONLY, value(d)) for p, d in zip(a.kwonlyargs, a.kw_defaults)]
    return [p for p in all_ if p[0] not in ("self", "cls")]


def test_the_stub_is_the_module():
    stub = ast.parse((pathlib.Path(core.__file__).parent / "_escapement.pyi").read_text())
    functions = {n.name: n for n in stub.body if isinstance(n, ast.FunctionDef)}
    classes = {n.name: n for n in stub.body if isinstance(n, ast.ClassDef)}
    public = {n for n in dir(core) if not n.startswith("_")}
    assert public == set(functions) | set(classes)
    for name, node in functions.items():
        assert parameters(getattr(core, name)) == declared(node), name
    for name, node in classes.items():
        members = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        kind = getattr(core, name)
        there = {n for n in vars(kind) if not n.startswith("_")}
        assert there == {n for n in members if not n.startswith("_")}, name
        for member, method in members.items():
            decorators = {d.id for d in method.decorator_list}
            if member in ("__call__", "__len__"):
                continue  # slots, which have no signature of their own
            if member == "__new__":
                assert parameters(kind) == declared(method), name
            elif "property" in decorators:
                assert inspect.isgetsetdescriptor(vars(kind)[member]), member
            else:
                assert parameters(getattr(kind, member)) == declared(method), member


def test_everything_public_says_what_it_is():
    assert sorted(escapement.__all__) == sorted(n for n in vars(escapement) if n in escapement.__all__)
    for name in escapement.__all__:
        thing = getattr(escapement, name)
        assert thing.__doc__ and len(thing.__doc__) > 20, name
        for member, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not member.startswith("_") and (callable(value) or inspect.isgetsetdescriptor(value)):
                assert value.__doc__, f"{name}.{member}"
    for name in ("construct", "evaluate", "train", "kernel"):
        assert "(m, d)" in getattr(escapement, name).__doc__ or "(n, d)" in getattr(escapement, name).__doc__
    assert (pathlib.Path(escapement.__file__).parent / "py.typed").exists()
    out = run("import escapement; help(escapement)", check=True)
    assert "Covariance" in out.stdout and "spectrum" in out.stdout


def test_the_import_is_light_and_silent():
    """What the import costs beside NumPy's: modules, because load stretches seconds."""
    out = run(
        """
        import sys, numpy
        before = set(sys.modules)
        import escapement
        print(*sorted(set(sys.modules) - before))
    """,
        check=True,
    )
    loaded = set(out.stdout.split())
    foreign = {m.split(".")[0] for m in loaded} - {"escapement", "json", "_json", "html", "__future__"}
    assert not foreign, foreign
    strict = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import escapement"], capture_output=True, text=True
    )
    assert (strict.returncode, strict.stdout, strict.stderr) == (0, "", "")


def test_a_bar_is_drawn_where_somebody_watches(monkeypatch, capsys):
    seen = []
    wide = escapement.Covariance(unit(300, 10))
    wide.spectrum(top=11, route="operator", progress=lambda done, of, words: seen.append((done, of, words)))
    assert seen and seen[-1][:2] == (11, 11) and "residual" in seen[-1][2]
    assert _progress.begin(None, "x") is None, "quiet in pytest"
    monkeypatch.setattr(_progress, "_DELAY", 0.0)
    bar = _progress.begin(True, "spectrum")
    bar(1, 4, "one of four")
    bar.close()
    shown = capsys.readouterr().err
    assert " 25 %" in shown and "one of four" in shown and shown.endswith("\r")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert _progress.begin(None, "x") is not None
    assert _progress.begin(False, "x") is None
    with pytest.raises(RuntimeError, match="from the bar"):

        def bad(done, of, words):
            raise RuntimeError("from the bar")

        wide.spectrum(top=11, route="operator", progress=bad)


def test_a_claim_has_a_verdict_and_a_card():
    found = escapement.verify("assumption-3")
    verdict = found["assumption-3"]
    assert verdict.verdict == "scales" and verdict.word == "scales" and verdict.holds is True
    html = found._repr_html_()
    assert verdict.claim in html and "<table" in html and "not proof" in html and "holds: yes" in html
    assert html.count("<div") == html.count("</div>") and html.count("<td") == html.count("</td>")
    assert "scales" in repr(found) and "holds: yes" in repr(verdict)
    assert found[0] is verdict and len(found) == 1
    with pytest.raises(KeyError, match="lemma-1"):
        found["lemma-1"]
    with pytest.raises(AttributeError, match="its fields are claim, title"):
        verdict.colour
    all_ = escapement.claims()
    assert len(all_) >= 18 and {"claim", "title", "statement", "hypotheses"} <= set(all_[0])


def test_what_is_proved_is_on_the_card():
    found = escapement.verify(["assumption-2", "random-signs", "taylor"], certified=True)
    signs = found["random-signs"].certificates
    assert [proof.scope for proof in signs] == ["sigmoid(z - 1), for every d ≥ 3, every m and W0"]
    assert "proved in part" in repr(found["assumption-2"]) and not found["taylor"].certificates
    html = found._repr_html_()
    assert html.count("<details") == html.count("</details>") == 2 and "sup |sigma^(2)| is in [0, " in html


def test_records_are_kept_in_a_journal(tmp_path):
    journal = tmp_path / "journal.jsonl"
    first = escapement.verify("assumption-3", journal=journal)
    size = journal.stat().st_size
    start = time.perf_counter()
    again = escapement.verify(["assumption-3"], journal=str(journal))
    assert again[0].data == first[0].data and journal.stat().st_size == size > 0
    assert time.perf_counter() - start < 20


def table(power=-0.5):
    rng = np.random.default_rng(0)
    m = np.repeat(2 ** np.arange(4, 12), 6)
    error = m**power * np.exp(0.1 * rng.standard_normal(m.size))
    return {"m": m, "error": error, "seed": np.tile(np.arange(6), 8)}


def test_a_table_has_a_verdict():
    found = escapement.judge(table(), "error <= C m^-0.5")
    assert found.verdict == "scales" and "a column with by to" in found.notes[0] and found.holds is True
    wrong = escapement.judge(table(), "error <= C m^-1")
    assert wrong.verdict == "refuted" and wrong.holds is False and "holds: no" in wrong._repr_html_()
    assert found.power[0]["variable"] == "m" and "scales" in found._repr_html_()
    near = found.bound()["exponents"][0]
    assert near["lhs"]["lower"] < -0.5 < near["lhs"]["upper"] and near["claimed"] == -0.5
    two = escapement.judge(table(), {"rate": "error <= C m^-0.5", "size": "error <= 3 m^-0.5"})
    assert [b["name"] for b in two.bounds] == ["rate-in-m", "size"]
    outside = escapement.judge(table(), "error <= C m^-0.5", hypotheses="m >= 10^9")
    assert outside.verdict == "outside"
    slow = escapement.judge(table(), "error <= C m^-0.5", scatter="samples are drawn")
    assert slow.bound()["slack"] > found.bound()["slack"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_have_the_same_verdict(library):
    frames = pytest.importorskip(library)
    plain = escapement.judge(table(), "error <= C m^-0.5", by="seed").data
    assert escapement.judge(frames.DataFrame(table()), "error <= C m^-0.5", by="seed").data == plain


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_computes_on():
    escapement.Covariance(unit(20, 5)).spectrum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        try:
            found = escapement.Covariance(unit(20, 5)).spectrum()
            os._exit(0 if len(found) == 100 else 1)
        finally:
            os._exit(2)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("it hangs")
    assert os.waitstatus_to_exitcode(status) == 0


def test_threads_of_python_compute_at_once():
    w, found = unit(60, 6), {}
    right = escapement.Covariance(w).spectrum().eigenvalues

    def work(i):
        found[i] = escapement.Covariance(w).spectrum().eigenvalues

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 8 and all(np.array_equal(f, right) for f in found.values())


def test_what_a_step_sees_has_bounds():
    """He_2/√2: H = √2 uuᵀ, so that κ = 1/√2, and g(u) = (c_2 √2 + c_4/√2) u with c_2 = −c_4 = 1/√(2π)."""
    u = np.array([[0.6, 0.8, 0.0]])
    terms = [{"exponents": [2], "coefficient": np.sqrt(0.5)}]
    found = escapement.gaussian({"directions": u, "basis": "hermite", "terms": terms}, w=u)
    near = lambda value, bound, exact: np.all(np.abs(value - exact) <= bound + 1e-15)
    assert near(*found.kappa, np.sqrt(0.5)) and found.kappa[1] < 1e-14
    assert near(found.eigenvalues, found.eigenvalues_error, np.sqrt(2))
    exact = (np.sqrt(2) - np.sqrt(0.5)) / np.sqrt(2 * np.pi)
    assert near(found.gradient, found.gradient_error, exact * u)
    assert found.hessian.shape == (1, 1) and found.frame.shape == (1, 3) and found.rank == 1
    total, inside, outside = (found.energies[name][0] for name in ("total", "inside", "outside"))
    assert abs(total - inside - outside) < 1e-15
    with pytest.warns(UserWarning, match="rank 1 and not r = 2"):
        deficient = escapement.gaussian("deficient", d=6)
    assert deficient.kappa is None and deficient.diversity[0]["ratio"] is None and deficient.gradient is None


def test_a_sample_is_learnt_and_predicted_again():
    """The errors on the rows held out are those of α + β·x + aᵀσ(W1 x + b)."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((500, 4))
    y = x[:, 0] ** 2 + 0.5 * x[:, 1] + 0.1 * rng.standard_normal(500)
    seen = []
    found = escapement.learn(x=x, y=y, m=32, progress=lambda done, of, words: seen.append((done, of)))
    f = found.alpha + x @ found.beta + np.maximum(x @ found.W1.T + found.b, 0) @ found.a
    assert found.W1.shape == (32, 4) and found.held_out.shape == (50,) and found.n == 450
    rest = np.setdiff1d(np.arange(500), found.held_out)
    size = np.abs(found.a).sum() * np.abs(x @ found.W1.T + found.b).max()
    for rows, error in [(found.held_out, found.learnt["square"][0]), (rest, found.learnt["train"])]:
        # Some m + d roundings of the moduli in each value, times twice the largest error.
        rounding = 40 * 2.3e-16 * size * 2 * np.abs(f - y).max()
        assert abs(np.mean((f - y)[rows] ** 2) - error) < rounding + 500 * 2.3e-16 * error
    assert found.learnt["square"][0] < found.zero["square"][0] and found.outside_share is None
    known = escapement.learn("he2", d=6, n=2000, m=32, noise=0.5, test=500, validation=500)
    assert 0 < known.outside_share < 1 and known.learnt["excess"][0] < known.zero["excess"][0]
    assert "W1=array(32, 6)" in repr(known)


def test_laws_over_signs_are_those_of_all_of_them():
    """Sixteen signs one by one; a design of one's own; the third root of unity."""
    w0, x, w, y = unit(2, 3), sphere(5, 3), 1.5 * unit(4, 3, 2), unit(1, 5, 3)[0]
    a, all_w0 = np.array([1, 1, -1, -1]), np.vstack([w0, w0])
    f = lambda s: np.sin(x @ (all_w0 + s[:, None] * w).T + 1) @ a / 2
    every = np.array([f(1 - 2.0 * np.array([code >> r & 1 for r in range(4)])) for code in range(16)])
    found = escapement.randomised(w0, x, w, "sine:-1", labels=y, loss="absolute")
    assert found.order == 2 and np.allclose(found.f, every[0], atol=1e-14)
    assert np.allclose(found.mean, every.mean(0), atol=1e-14)
    assert np.allclose(found.variance, every.var(0), atol=1e-13)
    assert abs(found.loss[0] - np.abs(every - y).mean()) <= found.loss[1] + 1e-15
    assert abs(found.network_loss - np.abs(every[0] - y).mean()) < 1e-14
    own = dict(nodes=[1, -1, 0.5, -0.5], coefficients=[2 / 3, -2 / 3, -4 / 3, 4 / 3])
    third = escapement.randomised(w0, x, w, "sine:-1", multiplier="design:3:0.5", **own)
    assert np.allclose(third.mean, third.term, atol=0.5) and third.variance.min() > 0
    small = escapement.randomised(w0, x, 0.01 * w, "sine:-1", multiplier="roots:3")
    assert third.order == small.order == 3 and third.loss is None
    assert np.abs(small.mean - small.term).max() < 1e-9 < np.abs(small.term).max()


def test_margins_and_the_flow_that_enlarges_them():
    """The parity of the square: γ_2 in closed form, and u of the last weights."""
    x = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) / np.sqrt(2)
    y = np.sign(x[:, 0] * x[:, 1])
    seen = []
    found = escapement.margin(
        x, y, m=20, paired=True, norms_only=True, flow=True, until=5, progress=lambda *said: seen.append(said)
    )
    # γ_2² = (1 − 1/π)/4 for two antipodal pairs.
    low, high = found.infinite_width
    assert low - 1e-15 <= np.sqrt((1 - 1 / np.pi) / 4) <= high + 1e-15 and high - low < 1e-12
    assert found.margin[1] - found.margin[0] < 1e-9 and found.transport is None and seen[-1][2][:4] == "u = "
    assert found.W.shape == (20, 3) and found.flow["end"] == "reached" and found.flow["drift"] < 1e-4
    p = y * (np.maximum(x @ found.W[:, 1:].T, 0) @ found.W[:, 0]) / np.sqrt(20)
    assert abs(-np.log(np.exp(-p).sum()) / found.flow["u"] - 1) < 1e-12
    rows = found.flow["rows"]
    assert np.isnan(rows["log_time"][0]) and np.all(rows["u"] >= rows["certified"] - 1e-6)
    assert rows["margin"].max() <= found.flow["most"] <= 0.125 + 1e-9 and found.flow["bound"] == "plane"
    low, high = found.norms_only["global"]
    assert np.all(found.norms_only["rows"]["lower"] <= high) and low > 0
    assert found.certified[0] <= found.margin[1] and found.half_radius <= found.radius[-1]
    alone = escapement.margin(x, y, found.W, transport=True)
    assert alone.flow is None and alone.norms_only is None and alone.transport[1] <= alone.margin[1]
    assert "W=None" in repr(alone)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: escapement.margin(X, np.ones(len(X))), "inputs have a norm of at most 1"),
        (lambda: escapement.margin(X / 1e3, np.zeros(len(X))), "labels are 1 or -1"),
        (lambda: escapement.margin(X / 1e3, np.ones(3)), "the inputs has shape"),
        (lambda: escapement.margin([[1.0], [1.0]], [1, -1]), "0 and 1 is not allowed: they are equal"),
        (lambda: escapement.margin([[1.0]], [1], until=0), "until = 0"),
        (lambda: escapement.margin([[1.0]], [1], loss="hinge"), "it is one of exp and logistic"),
        (lambda: escapement.margin([[1.0]], [1], [[1.0, -1.0]]), "active on an input = 0"),
        (lambda: escapement.margin([[1.0]], [1], [[1.0]]), "the weights has shape"),
        (lambda: escapement.randomised(unit(2, 3), X, unit(4, 3)), "the inputs"),
        (lambda: escapement.randomised(unit(2, 3), unit(5, 3), unit(3, 3)), "the displacement"),
        (lambda: escapement.randomised(*THREE, multiplier="design:1"), "the order = 1"),
        (lambda: escapement.randomised(*THREE, multiplier="coins"), "the multipliers are signs"),
        (lambda: escapement.randomised(*THREE, nodes=[1], coefficients=[1]), "belong together"),
        (
            lambda: escapement.randomised(*THREE, multiplier="design:3", nodes=[1, -1], coefficients=[1, 1]),
            "the moment of order 2 of the multiplier = 2",
        ),
        (lambda: escapement.randomised(*THREE, "relu"), "its derivative of order 2"),
        (lambda: escapement.randomised(*THREE, "tanh", multiplier="roots:3"), "a pole of tanh"),
        (lambda: escapement.randomised(*THREE, loss="hinge"), "it is one of"),
        (lambda: escapement.randomised(*THREE, labels=[1.0]), "the target values has shape"),
        (lambda: escapement.randomised(*THREE, multiplier="roots:2", labels=np.ones(5)), "known for signs"),
        (lambda: escapement.learn(), "either a target is needed, or inputs x with labels y"),
        (lambda: escapement.learn("he2", d=6, m=7), "m = 7 is not allowed"),
        (lambda: escapement.learn("he2", d=6, n=1), "at least 2 samples"),
        (lambda: escapement.learn("he2", d=6, noise=-1), "the noise ς = -1"),
        (lambda: escapement.learn("he2", d=6, lam=0), "the decay λ = 0"),
        (lambda: escapement.learn("he2", d=6, activation="tanh"), "c_2 = E σ"),
        (lambda: escapement.learn(x=X, y=np.ones(5)), "the labels has shape"),
        (lambda: escapement.learn(x=X), "either a target is needed"),
        (lambda: escapement.gaussian("he22", d=6), "did you mean 'he2'"),
        (lambda: escapement.gaussian("he2"), "'he2' needs the dimension d"),
        (lambda: escapement.gaussian("he2", d=0), "d = 0 is not allowed"),
        (lambda: escapement.gaussian(3), "target = 3 is not allowed"),
        (lambda: escapement.gaussian({"name": "he2", "d": np.inf}), "not finite"),
        (lambda: escapement.gaussian({"name": len}), "something else than text"),
        (lambda: escapement.gaussian({"nane": "he2"}), "the target: unknown field `nane`"),
        (lambda: escapement.gaussian("he2", d=4, w=2 * W), "row 0 of w has norm 2"),
        (
            lambda: escapement.gaussian(
                {"directions": [[1, 0]], "basis": "hermite", "terms": [{"exponents": [1], "coefficient": 2}]}
            ),
            "any_norm=True",
        ),
    ],
)
def test_a_target_that_is_none_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    text = str(caught.value)
    assert type(caught.value) is ValueError and "\n" not in text and 10 < len(text) < 500
