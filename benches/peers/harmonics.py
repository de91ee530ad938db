"""Spherical harmonics by GeometricKernels: the degrees at which it has single harmonics, and their accuracy.

    pip install geometric_kernels==1.0.1 spherical-harmonics-basis==0.0.4
    python benches/peers/harmonics.py

For each dimension the script prints the last degree, up to --degrees, of which the library has single
harmonics; the time to evaluate those of degree at most that (or 3) at 1000 points; and the largest
|sum_l Y_jl(x) Y_jl(y) - B(d,j) P_j(x.y)| / B(d,j) over pairs of points, for the sum over harmonics and for
the closed form of the library.
"""

import argparse
import logging
import time
import warnings

logging.disable(logging.INFO)
warnings.filterwarnings("ignore")

import numpy as np
from geometric_kernels.spaces import Hypersphere


def gegenbauer(d, t, last):
    """P_0 to P_last with P_j(1) = 1."""
    p = [np.ones_like(t), t]
    for j in range(1, last):
        p.append(((2 * j + d - 2) * t * p[j] - j * p[j - 1]) / (j + d - 2))
    return p[: last + 1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dimensions", default="3,4,10,20,30,100")
    parser.add_argument("--degrees", type=int, default=10)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    for d in (int(word) for word in args.dimensions.split(",")):
        x = rng.standard_normal((1000, d))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        pairs = x[:30], x[30:60]
        functions, taken, last = None, 0.0, -1
        for degree in range(args.degrees + 1):
            # Degrees at d = 10 and above grow to minutes; three are enough to look at.
            if d >= 10 and degree > 5:
                break
            try:
                candidate = Hypersphere(d - 1).get_eigenfunctions(degree + 1)
                begin = time.perf_counter()
                candidate(x, **{})
                taken, functions, last = time.perf_counter() - begin, candidate, degree
            except Exception as error:
                print(f"d = {d}: degree {degree}: {type(error).__name__}: {str(error)[:120]}")
                break
        closed = Hypersphere(d - 1).get_eigenfunctions(args.degrees + 1).phi_product(*pairs, **{})
        exact = gegenbauer(d, np.clip(pairs[0] @ pairs[1].T, -1, 1), args.degrees)
        sizes = Hypersphere(d - 1).get_eigenfunctions(args.degrees + 1).num_eigenfunctions_per_level
        misses = (np.abs(closed[..., j] / sizes[j] - exact[j]).max() for j in range(args.degrees + 1))
        closed_miss = max(misses)
        line = f"d = {d}: closed form to degree {args.degrees} within {closed_miss:.0e} of B(d,j) P_j"
        if functions is not None:
            values = [functions(points, **{}) for points in pairs]
            at, miss = 0, 0.0
            for j, size in enumerate(functions.num_eigenfunctions_per_level):
                total = values[0][:, at : at + size] @ values[1][:, at : at + size].T
                miss, at = max(miss, np.abs(total / size - exact[j]).max()), at + size
            line += f"; {at} harmonics of degree at most {last} within {miss:.0e}"
            line += f", in {taken:.2f} s at 1000 points"
        print(line)


if __name__ == "__main__":
    main()
