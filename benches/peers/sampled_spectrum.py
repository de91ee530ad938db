"""The top of the spectrum of the feature covariance from sampled features in NumPy, against the exact one.

    python benches/peers/sampled_spectrum.py --escapement target/release/escapement --d 10 --m 1000

The features of n inputs are never formed. Their Gram matrix is (X X') * (S S')/p with S = sigma'(X W0'), and
its top eigenvalues, by SciPy's eigsh and divided by n, are those of the sampled covariance. For each n the
script prints the median relative error over --repeats draws of inputs and the median time; escapement takes
its turn in every repeat.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from scipy.sparse.linalg import eigsh


def sampled(w, n, count, rng):
    """The `count` largest eigenvalues of the covariance of n sampled features, descending."""
    p, d = w.shape
    x = rng.standard_normal((n, d))
    x *= np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True)
    s = 1 / (1 + np.exp(1 - x @ w.T))
    s *= 1 - s
    gram = s @ s.T
    gram *= x @ x.T
    return np.sort(eigsh(gram, k=count, return_eigenvectors=False))[::-1] / (n * p)


def spread(times):
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--escapement", default="escapement", help="the binary")
    parser.add_argument("--d", type=int, default=10)
    parser.add_argument("--m", type=int, default=1000)
    parser.add_argument("--sizes", default="1000,3000,10000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    d, p, rng = args.d, args.m // 2, np.random.default_rng(args.seed)
    w = rng.standard_normal((p, d))
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    # Degrees 1 and 0, and the first of degree 2.
    count = d + 2
    shown = {"largest": 0, "last of degree 1": d - 1, "degree 0": d, "largest of degree 2": d + 1}

    sizes = [int(n) for n in args.sizes.split(",")]
    times, errors = {key: [] for key in ["exact", *sizes]}, {n: [] for n in sizes}
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "W0.npy"
        np.save(weights, w)
        command = [args.escapement, "spectrum", "--weights", weights, "--activation", "sigmoid:1"]
        command += ["--top", str(count), "--json"]
        for _ in range(args.repeats):
            begin = time.perf_counter()
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            times["exact"].append(time.perf_counter() - begin)
            exact = np.array(found["eigenvalues"])
            for n in sizes:
                begin = time.perf_counter()
                values = sampled(w, n, count, rng)
                times[n].append(time.perf_counter() - begin)
                errors[n].append(values / exact - 1)

    print(f"{count} eigenvalues at d = {d}, m = {2 * p}; medians of {args.repeats}")
    bound = found["residual_max"] + found["truncation_bound"]
    print(f"escapement: {spread(times['exact'])}, {found['route']} route,", end=" ")
    print(f"eigenvalues within {bound / exact[-1]:.0e} of the least")
    for n in sizes:
        median = np.median(np.abs(errors[n]), axis=0)
        words = ", ".join(f"{name} {median[i]:.1e}" for name, i in shown.items())
        print(f"n = {n}: {spread(times[n])}; relative errors: {words}")


if __name__ == "__main__":
    main()
