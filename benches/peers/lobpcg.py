"""The top eigenpairs of the feature covariance by SciPy's LOBPCG, with the matrix-free operator in NumPy.

    escapement zonal --d 100 --degrees 38 --json > zonal.json
    python benches/peers/lobpcg.py --zonal zonal.json --m 10000 --tolerance 1e-8

The operator is that of src/covariance/operator.rs: with T = W V', c = diag(T),
    A V = F2 V + (F3*T + E*1c') W + diag(rowsum(E*T) + G c) W    for each column V as a p x d matrix.
The start is the span of the harmonics of degree <= 1, as in escapement. The script prints the times of the
kernel matrices and of the solver.
"""

import argparse
import json
import resource
import time

import numpy as np
from scipy.sparse.linalg import LinearOperator, lobpcg


def kernels(w, zonal):
    """F2, F3, E, G on all pairs, from the recurrence of the Gegenbauer polynomials and their derivatives."""
    d = w.shape[1]
    t = np.clip(w @ w.T, -1.0, 1.0)
    f0, f1, f2, f3 = (np.zeros_like(t) for _ in range(4))
    p0, p1 = np.ones_like(t), t.copy()
    q0, q1 = np.zeros_like(t), np.ones_like(t)
    r0, r1 = np.zeros_like(t), np.zeros_like(t)
    buffer = np.empty_like(t)
    for level in zonal["degrees"]:
        j, b = level["degree"], level["dimension"]
        a, c = level["a"], level["c"]
        if j >= 2:
            # (j+d-3) P_j = (2j+d-4) t P_{j-1} - (j-1) P_{j-2}, and its derivatives.
            alpha, beta = (2 * j + d - 4) / (j + d - 3), (j - 1) / (j + d - 3)
            for x0, x1, lower, times in ((r0, r1, q1, 2.0), (q0, q1, p1, 1.0), (p0, p1, None, 0.0)):
                np.multiply(t, x1, out=buffer)
                buffer *= alpha
                x0 *= -beta
                x0 += buffer
                if lower is not None:
                    np.multiply(lower, alpha * times, out=buffer)
                    x0 += buffer
            p0, p1, q0, q1, r0, r1 = p1, p0, q1, q0, r1, r0
        p, q, r = (p0, q0, r0) if j == 0 else (p1, q1, r1)
        terms = ((f0, a * a / b, p), (f1, a * c / b, q), (f2, c * c / b, q), (f3, c * c / b, r))
        for out, factor, series in terms:
            np.multiply(series, factor, out=buffer)
            out += buffer
    e = f1 - f2 - t * f3
    g = f0 - 2 * t * f1 + t * f2 + t * t * f3
    return f2, f3, e, g


class Operator:
    def __init__(self, w, zonal):
        self.w = w
        self.f2, self.f3, self.e, self.g = kernels(w, zonal)
        p = w.shape[0]
        self.t, self.z = np.empty((p, p)), np.empty((p, p))
        self.columns = 0

    def __call__(self, v):
        w, (p, d) = self.w, self.w.shape
        v = v.reshape(p * d, -1)
        b = v.shape[1]
        self.columns += b
        wide = np.ascontiguousarray(v.T).reshape(b, d, p)
        out = (wide.reshape(b * d, p) @ self.f2).reshape(b, d, p)
        for column, result in zip(wide, out):
            vb = column.T
            c = np.einsum("ij,ij->i", w, vb)
            np.matmul(w, column, out=self.t)
            np.multiply(self.e, self.t, out=self.z)
            rho = self.z.sum(axis=1) + self.g @ c
            np.multiply(self.f3, self.t, out=self.z)
            np.multiply(self.e, c, out=self.t)
            self.z += self.t
            result += (self.z @ w + rho[:, None] * w).T
        return np.ascontiguousarray(out.reshape(b, d * p).T)


def start(w, zonal):
    """The harmonics of degree <= 1 in feature space: w_r, and C_1 e_i + (A_1 - C_1) w_r w_ri."""
    p, d = w.shape
    a1, c1 = zonal["degrees"][1]["a"], zonal["degrees"][1]["c"]
    x = np.empty((d, p, d + 1))
    x[:, :, 0] = w.T
    for i in range(d):
        x[:, :, i + 1] = (a1 - c1) * w.T * w[:, i]
        x[i, :, i + 1] += c1
    return x.reshape(d * p, d + 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--zonal", required=True)
    parser.add_argument("--m", type=int, default=10_000)
    words = "residual relative to the largest eigenvalue"
    parser.add_argument("--tolerance", type=float, default=1e-8, help=words)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with open(args.zonal) as file:
        zonal = json.load(file)
    p, d = args.m // 2, zonal["d"]
    w = np.random.default_rng(args.seed).standard_normal((p, d))
    w /= np.linalg.norm(w, axis=1, keepdims=True)

    begin = time.perf_counter()
    operator = Operator(w, zonal)
    built = time.perf_counter()
    largest = p * zonal["degrees"][1]["kappa"]
    n = p * d
    linear = LinearOperator((n, n), matvec=operator, matmat=operator, dtype=float)
    values, vectors = lobpcg(linear, start(w, zonal), largest=True, tol=args.tolerance * largest, maxiter=40)
    done = time.perf_counter()
    columns = operator.columns
    residual = np.linalg.norm(operator(vectors) - vectors * values, axis=0).max() / values.max()
    print(f"kernel matrices {built - begin:.1f} s, lobpcg {done - built:.1f} s, {columns} products")
    print(f"largest residual {residual:.1e} of the largest eigenvalue;", end=" ")
    print(f"eigenvalues of the covariance {values.max() / p:.10e} to {values.min() / p:.10e}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
