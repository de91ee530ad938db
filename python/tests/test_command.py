"""The command line gives the same numbers, to the last bit; and Ctrl-C stops long work."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from conftest import sphere, unit

import escapement


def ask(program, *arguments, code=0):
    out = subprocess.run([program, "-q", *map(str, arguments)], capture_output=True, text=True)
    assert out.returncode == code, out.stderr
    return json.loads(out.stdout)


@pytest.mark.parametrize(
    "p, d, top, name",
    [(30, 5, None, "sigmoid:1"), (400, 3, 9, "tanh:0.5"), (300, 12, 13, "erf"), (2000, 3, 17, "sigmoid:1")],
)
def test_spectra_to_the_last_bit(program, tmp_path, p, d, top, name):
    np.save(tmp_path / "W0.npy", unit(p, d))
    how_many = ["--all"] if top is None else ["--top", top]
    there = ask(
        program, "spectrum", "--weights", tmp_path / "W0.npy", *how_many, "--activation", name, "--json"
    )
    escapement.verify("assumption-3")  # which must not change what comes after it
    cov = escapement.Covariance(unit(p, d), name)
    here = cov.spectrum(top=top)
    assert here.route == there["route"]
    assert np.array_equal(here.eigenvalues, there["eigenvalues"])
    assert (here.truncation_bound, here.rounding_bound) == (
        there["truncation_bound"],
        there["rounding_bound"],
    )
    assert (
        here.certified == there["completeness"]["certified"]
        and here.null_dimension == there["null_dimension"]
    )
    below = there.get("below_bound")
    assert here.below_bound == (None if below is None else (below["count"], below["bound"]))


def test_zonal_coefficients_and_kernels_to_the_last_bit(program, tmp_path):
    there = ask(program, "zonal", "--d", 20, "--activation", "tanh:0.5", "--degrees", 5, "--json")
    here = escapement.zonal(20, "tanh:0.5", 5)
    for i, row in enumerate(there["degrees"]):
        for name in ("lambda_sigma1", "lambda_sigma2", "tau", "kappa"):
            assert getattr(here, name)[i] == row[name] and here.error[name][i] == row["error"][name]
        assert (here.A[i], here.C[i]) == (row["a"], row["c"])
    assert (here.trace, here.tail) == (there["trace"], there["tail"])
    np.save(tmp_path / "X.npy", sphere(7, 5))
    np.save(tmp_path / "W0.npy", unit(30, 5))
    for gaussian in (False, True):
        flags = ["--gaussian-weights"] if gaussian else []
        there = ask(
            program,
            "kernel",
            "--inputs",
            tmp_path / "X.npy",
            "--weights",
            tmp_path / "W0.npy",
            "--infinite",
            "--json",
            *flags,
        )
        here = escapement.kernel(sphere(7, 5), unit(30, 5), infinite=True, gaussian_weights=gaussian)
        for name in ("finite", "infinite"):
            assert np.array_equal(getattr(here, name), there[name]["kernel"])
            assert getattr(here, f"{name}_error") == there[name]["error"]
        assert here.kappa.tolist() == [level["kappa"] for level in there["levels"]]
        assert here.kappa_error.tolist() == [level["kappa_error"] for level in there["levels"]]


def test_networks_to_the_last_bit(program, tmp_path):
    w0, x = unit(30, 5), sphere(40, 5)
    y, w = x[:, 1] + 0.8 * x[:, 0] ** 2, 0.1 * np.random.default_rng(3).standard_normal((60, 5))
    for name, array in [("W0", w0), ("X", x), ("y", y), ("W", w)]:
        np.save(tmp_path / f"{name}.npy", array)
    data = ["--weights", tmp_path / "W0.npy", "--inputs", tmp_path / "X.npy"]
    labelled = [*data, "--labels", tmp_path / "y.npy", "--lambda", "0.3,0.2,0.5,0.01", "--loss", "log-cosh"]
    same = dict(lam=[0.3, 0.2, 0.5, 0.01], loss="log-cosh")

    there = ask(
        program,
        "evaluate",
        *labelled,
        "--displacement",
        tmp_path / "W.npy",
        "--direction",
        tmp_path / "W.npy",
        "--out",
        tmp_path / "evaluated",
        "--json",
    )
    here = escapement.evaluate(w0, x, y, w, direction=w, **same)
    for name in ("f", "f_l", "f_q", "prediction", "regularizers"):
        assert getattr(here, name).tolist() == there[name], name
    for name in (
        "mean_loss",
        "loss",
        "hessian_min_eigenvalue",
        "hessian_min_eigenvalue_bound",
        "hessian_norm",
        "hessian_min_eigenvalue_residual",
    ):
        assert getattr(here, name) == there[name], name
    assert np.array_equal(here.gradient, np.load(tmp_path / "evaluated" / "gradient.npy"))
    assert np.array_equal(here.hvp, np.load(tmp_path / "evaluated" / "hvp.npy"))

    there = ask(program, "train", *labelled, "--max-steps", 20, "--out", tmp_path / "run", "--json")
    here = escapement.train(w0, x, y, max_steps=20, **same)
    assert np.array_equal(here.W, np.load(tmp_path / "run" / "W.npy"))
    for name in ("outcome", "steps", "loss", "mean_loss", "gradient_norm", "hessian_min_eigenvalue"):
        assert getattr(here, name) == there[name], name

    (tmp_path / "target.toml").write_text(
        textwrap.dedent("""
        k = 1
        [[sparse]]
        alpha = 0.8
        beta = [1.0, 0.0, 0.0, 0.0, 0.0]
        [[low_degree]]
        degree = 1
        coefficient = 2.0
        eta = [0.0, 1.0, 0.0, 0.0, 0.0]
    """)
    )
    there = ask(
        program,
        "construct",
        *data,
        "--target",
        tmp_path / "target.toml",
        "--out",
        tmp_path / "solution",
        "--json",
    )
    e = np.eye(5)
    here = escapement.construct(w0, x, sparse=[(0.8, e[0])], low_degree=[(1, 2.0, e[1])])
    for name in ("W_Q", "W_L", "W_star", "signs"):
        assert np.array_equal(getattr(here, name), np.load(tmp_path / "solution" / f"{name}.npy")), name
    for name in ("f_q", "f_sp", "f_l", "f_k", "expected_regularizers", "drawn_regularizers"):
        assert getattr(here, name).tolist() == there[name], name
    assert (here.gap, here.residual_max) == (there["gap"], there["residual_max"])


def test_verdicts_to_the_last_bit(program, tmp_path):
    there = ask(program, "verify", "assumption-3", "--journal", tmp_path / "journal.jsonl", "--json")
    here = escapement.verify("assumption-3")[0].data
    # The command names the program by its path.
    assert differences(here, there[0]) <= {"command"} and list(here) == list(there[0])


def differences(a, b):
    """The keys under which two values differ."""
    if isinstance(a, dict) and isinstance(b, dict) and set(a) == set(b):
        return set().union(
            *(
                {k} if not isinstance(a[k], (dict, list)) and a[k] != b[k] else differences(a[k], b[k])
                for k in a
            )
        )
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return set().union(*(differences(x, y) for x, y in zip(a, b)))
    return set() if a == b else {"?"}


@pytest.mark.parametrize(
    "statement, code", [("error <= C m^-0.5", 0), ("error <= C m^-1", 1), ("error <= 2 m^-0.5", 0)]
)
def test_tables_to_the_last_bit(program, tmp_path, statement, code):
    rng = np.random.default_rng(0)
    m = np.repeat(2 ** np.arange(4, 12), 6)
    error = m**-0.5 * np.exp(0.1 * rng.standard_normal(m.size))
    rows = "\n".join(f"{a},{b!r}" for a, b in zip(m.tolist(), error.tolist()))
    (tmp_path / "table.csv").write_text(f"m,error\n{rows}\n")
    there = ask(program, "judge", tmp_path / "table.csv", "--claim", statement, "--json", code=code)
    here = escapement.judge({"m": m, "error": error}, statement)
    assert here.data == there and list(here.data) == list(there)


LONG = {
    "train": "escapement.train(w, x, x[:, 0], max_steps=10**9, gradient=0.0, noise=0.1)",
    "operator": "escapement.Covariance(unit(6000, 50)).spectrum(top=600, route='operator', tolerance=1e-15)",
    "dense": "escapement.Covariance(unit(500, 10)).spectrum(vectors=True, route='dense')",
    "verify": "escapement.verify()",
    "own": "escapement.train(w, x, x[:, 0], own, max_steps=10**9, gradient=0.0, noise=0.1)",
}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("what", LONG)
def test_ctrl_c_stops_long_work(what):
    """SIGINT in the middle of it; another thread of Python ticks, so the interpreter is free."""
    code = f"""
        import signal, sys, threading, time
        import numpy as np, escapement
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell put us behind
        def unit(p, d):
            w = np.random.default_rng(0).standard_normal((p, d))
            return w / np.linalg.norm(w, axis=1, keepdims=True)
        w, x = unit(1000, 10), np.sqrt(10) * unit(2000, 10)
        own = escapement.Activation.of(np.sin, np.cos, lambda z: -np.sin(z))
        ticks = []
        def tick():
            while True:
                ticks.append(time.monotonic())
                time.sleep(0.01)
        threading.Thread(target=tick, daemon=True).start()
        print("ready", flush=True)
        try:
            {LONG[what]}
            print("ended")
        except KeyboardInterrupt:
            print("interrupted", len(ticks), flush=True)
    """
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], **pipes) as child:
        late = threading.Timer(60, child.kill)
        late.start()
        try:
            assert child.stdout.readline() == "ready\n"
            time.sleep(1.0)
            child.send_signal(signal.SIGINT)
            sent = time.monotonic()
            word, *ticks = child.stdout.readline().split()
            assert word == "interrupted", word
            assert time.monotonic() - sent < 10
            assert int(ticks[0]) > 20, "the interpreter was held"
            _, errors = child.communicate(timeout=20)
            assert child.returncode == 0 and errors == ""
        finally:
            late.cancel()
            child.kill()


def test_one_gradient_step_to_the_last_bit(program, tmp_path):
    (tmp_path / "target.toml").write_text('d = 6\nname = "mix3"\n')
    np.save(tmp_path / "w.npy", unit(3, 6))
    target = ["--target", tmp_path / "target.toml", "--json"]
    there = ask(program, "gaussian", *target, "--w", tmp_path / "w.npy", "--activation", "relu:0.5")
    here = escapement.gaussian("mix3", "relu:0.5", d=6, w=unit(3, 6))
    assert here.coefficients.tolist() == [c["value"] for c in there["coefficients"]]
    assert here.gradient.tolist() == there["gradient"]["values"]
    assert here.gradient_error == there["gradient"]["error"]
    for name, ball in there["energies"].items():
        assert here.energies[name] == (ball["value"], ball["error"])
    for one, other in zip(here.diversity, there["diversity"]):
        assert one["ratio"] == (other["ratio"]["value"], other["ratio"]["error"])

    sizes = ["--n", 700, "--m", 20, "--noise", 0.5, "--validation", 300, "--test", 300]
    there = ask(program, "learn", *target, *sizes, "--as-run", "--out", tmp_path / "out")
    here = escapement.learn("mix3", d=6, n=700, m=20, noise=0.5, validation=300, test=300, as_run=True)
    for name in ("alpha", "beta_norm", "eta", "outside_share", "samples_per_square"):
        assert getattr(here, name) == there[name], name
    for who in ("learnt", "untrained", "zero"):
        errors = there[who]
        for kind in ("absolute", "square", "excess"):
            errors[kind] = (errors[kind]["mean"], errors[kind]["standard_error"])
        assert getattr(here, who) == errors, who
    for name in ("W1", "b", "a"):
        assert np.array_equal(getattr(here, name), np.load(tmp_path / "out" / f"{name}.npy"))
    both = np.load(tmp_path / "out" / "alpha_beta.npy")
    assert both.tolist() == [here.alpha, *here.beta]


def test_laws_over_multipliers_to_the_last_bit(program, tmp_path):
    w0, x, w, y = unit(9, 4), sphere(6, 4), 0.5 * unit(18, 4, 2), unit(1, 6, 3)[0]
    files = {"weights": w0, "inputs": x, "displacement": w, "labels": y}
    for name, array in files.items():
        np.save(tmp_path / f"{name}.npy", array)
    of = ["randomised", "--activation", "sine:-1"]
    of += [word for name in files for word in (f"--{name}", tmp_path / f"{name}.npy")]
    for multiplier, loss in (("signs", "absolute"), ("design:3:0.2", None), ("roots:4", None)):
        more = ["--loss", loss] if loss else []
        labelled = of if loss else of[:-2]
        there = ask(program, *labelled, "--multiplier", multiplier, *more, "--json")
        scored = {"labels": y, "loss": loss} if loss else {}
        here = escapement.randomised(w0, x, w, "sine:-1", multiplier=multiplier, **scored)
        assert here.order == there["order"]
        for name in ("f", "mean", "variance", "term"):
            assert getattr(here, name).tolist() == there[name], name
        if loss:
            there = there["losses"]
            assert here.loss == (there["randomised"], there["randomised_error"])
            assert (here.quadratic_loss, here.network_loss) == (there["quadratic"], there["network"])


def test_margins_and_flows_to_the_last_bit(program, tmp_path):
    x = unit(12, 3)
    y = np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)
    np.save(tmp_path / "X.npy", x)
    np.save(tmp_path / "y.npy", y)
    of = ["margin", "--inputs", tmp_path / "X.npy", "--labels", tmp_path / "y.npy", "--m", 40, "--seed", 3]
    more = ["--paired", "--transport", "--norms-only", "--flow", "--until", 2, "--loss", "exp"]
    there = ask(program, *of, *more, "--out", tmp_path / "out", "--json")
    here = escapement.margin(
        x, y, m=40, seed=3, paired=True, transport=True, norms_only=True, flow=True, until=2
    )
    for name in ("margin", "transport", "infinite_width"):
        assert getattr(here, name) == (there[name]["lower"], there[name]["upper"]), name
    assert here.half_radius == there["half_radius"]
    for name in ("u", "least", "displacement", "most", "why", "drift", "certified"):
        assert here.flow[name] == there["flow"][name], name
    assert here.flow["rows"]["u"].tolist() == [row["u"] for row in there["flow"]["rows"]]
    assert here.norms_only["rows"]["tau"].tolist() == [row["tau"] for row in there["norms_only"]["rows"]]
    assert np.array_equal(here.W, np.load(tmp_path / "out" / "W.npy"))
    assert np.array_equal(here.q, np.load(tmp_path / "out" / "q.npy"))
    assert here.certified.tolist() == [row["margin"] for row in there["radii"]]
