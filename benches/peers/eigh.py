"""The whole spectrum of the md x md covariance with its vectors by LAPACK, through SciPy: dsyevd and dsyevr.

    escapement zonal --d 10 --degrees 40 --json > zonal.json
    OPENBLAS_NUM_THREADS=2 python benches/peers/eigh.py --zonal zonal.json --m 800

SciPy carries an OpenBLAS of its own. The matrix is formed before the clock starts. With the weights u and v
of two neurons,
    M(u, v) = F2 I + E (uu' + vv') + G uv' + F3 vu',    and the covariance is [[M, -M], [-M, M]] / m.
"""

import argparse
import json
import statistics
import time

import numpy as np
from scipy.linalg import eigh

from lobpcg import kernels


def covariance(w, zonal):
    """The md x md covariance, neuron by neuron."""
    p, d = w.shape
    f2, f3, e, g = kernels(w, zonal)
    wide = np.einsum("rs,ij->risj", f2, np.eye(d))
    wide += np.einsum("rs,ri,rj->risj", e, w, w) + np.einsum("rs,si,sj->risj", e, w, w)
    wide += np.einsum("rs,ri,sj->risj", g, w, w) + np.einsum("rs,si,rj->risj", f3, w, w)
    a = wide.reshape(p * d, p * d) / (2 * p)
    return np.asfortranarray(np.block([[a, -a], [-a, a]]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zonal", required=True)
    parser.add_argument("--m", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with open(args.zonal) as file:
        zonal = json.load(file)
    p, d = args.m // 2, zonal["d"]
    w = np.random.default_rng(args.seed).standard_normal((p, d))
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    sigma = covariance(w, zonal)
    for driver in ("evd", "evr"):
        times = []
        for _ in range(args.rounds):
            copy = sigma.copy(order="F")
            begin = time.perf_counter()
            values, _ = eigh(copy, driver=driver, overwrite_a=True, check_finite=False)
            times.append(time.perf_counter() - begin)
        print(f"dsy{driver} of order {len(sigma)}: median {statistics.median(times):.2f} s", end=" ")
        print(f"of {args.rounds}; largest eigenvalue {values[-1]:.10e}")


if __name__ == "__main__":
    main()
