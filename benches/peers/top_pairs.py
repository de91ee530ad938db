"""Time against digits of the top eigenpairs of the feature covariance: escapement, SciPy, PRIMME and SLEPc.

    pip install ./python -r benches/peers/requirements.txt
    python benches/peers/top_pairs.py --d 100 --m 2000 --out docs/work-precision-peers.csv

The peers multiply with the operator of lobpcg.py in NumPy, which is the matrix that escapement has, and want
the d + 1 largest eigenpairs. Those that take a block start from the span of the harmonics of degree <= 1, as
escapement does, and the others from the sum of its columns. The contestants take turns. An error is that
against the most precise solution of escapement, whose residuals by the operator in NumPy are printed first:
the largest relative error of an eigenvalue, and the sine of the largest angle between the spaces.

SLEPc takes part where slepc4py can be imported. Debian has it (python3-slepc4py-real, for NumPy below 2):

    export PYTHONPATH=$(echo /usr/lib/{petsc,slepc}dir/*/*/lib/python3/dist-packages | tr ' ' :)
"""

import argparse
import statistics
import time

import numpy as np
import primme
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg

import escapement
from lobpcg import Operator, start

try:
    from petsc4py import PETSc
    from slepc4py import SLEPc
except ImportError:
    SLEPc = None


class Problem:
    """Sigma of random neurons: that of escapement, and as an operator in NumPy on component-major columns."""

    def __init__(self, d, m, seed):
        rng = np.random.default_rng(seed)
        w = rng.standard_normal((m // 2, d))
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        self.d, self.m, self.p, self.wanted = d, m, m // 2, d + 1
        self.cov = escapement.Covariance(w, "sigmoid:1")
        names, levels = ("degree", "dimension", "A", "C", "kappa"), self.cov.levels
        rows = zip(*(levels[name] for name in names))
        zonal = {"d": d, "degrees": [dict(zip(map(str.lower, names), row)) for row in rows]}
        self.operator, self.start = Operator(w, zonal), start(w, zonal)
        n = self.p * d
        self.linear = LinearOperator((n, n), matvec=self.operator, matmat=self.operator, dtype=float)
        self.largest = self.p * max(level["kappa"] for level in zonal["degrees"])

    def ours(self, tolerance):
        return self.cov.spectrum(self.wanted, vectors=True, route="operator", tolerance=tolerance)

    def pairs(self, found):
        """The eigenvalues, descending, and orthonormal component-major columns that span their space."""
        if isinstance(found, escapement.Spectrum):
            # [N, m, d], of which the twins repeat the first half.
            q = np.sqrt(2) * found.vectors[:, : self.p]
            return found.eigenvalues * self.p, q.transpose(2, 1, 0).reshape(self.p * self.d, self.wanted)
        values, columns = found
        return np.sort(values)[::-1], np.linalg.qr(columns)[0]

    def by_lobpcg(self, tolerance):
        return lobpcg(self.linear, self.start, largest=True, tol=tolerance * self.largest, maxiter=100)

    def by_eigsh(self, tolerance):
        # ARPACK's tolerance is that of an eigenvalue, relative to it.
        return eigsh(self.linear, k=self.wanted, which="LA", tol=tolerance, v0=self.start.sum(axis=1))

    def by_primme(self, tolerance):
        # Residuals relative to the norm of the matrix, which PRIMME estimates.
        block = dict(maxBlockSize=self.wanted // 4, ncv=3 * self.wanted)
        start = np.linalg.qr(self.start)[0]
        return primme.eigsh(self.linear, self.wanted, which="LA", tol=tolerance, v0=start, **block)

    def by_slepc(self, tolerance):
        n, operator = self.p * self.d, self.operator

        class Shell:
            def mult(self, _, x, y):
                y.setArray(operator(x.getArray(readonly=True)))

        matrix = PETSc.Mat().createPython([n, n], Shell())
        matrix.setUp()
        eps = SLEPc.EPS().create()
        eps.setOperators(matrix)
        eps.setProblemType(SLEPc.EPS.ProblemType.HEP)
        eps.setWhichEigenpairs(SLEPc.EPS.Which.LARGEST_REAL)
        eps.setDimensions(self.wanted, 3 * self.wanted)
        # Relative to each eigenvalue.
        eps.setTolerances(tolerance, 1000)
        first = PETSc.Vec().createWithArray(np.ascontiguousarray(self.start.sum(axis=1)))
        eps.setInitialSpace([first])
        eps.solve()
        assert eps.getConverged() >= self.wanted
        x, columns, values = matrix.createVecRight(), [], []
        for i in range(self.wanted):
            values.append(eps.getEigenpair(i, x).real)
            columns.append(x.getArray().copy())
        return np.array(values), np.array(columns).T


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--m", type=int, default=2000)
    words = "residuals asked for, relative to the largest eigenvalue"
    parser.add_argument("--tolerances", type=float, nargs="+", default=[1e-4, 1e-6, 1e-8, 1e-10], help=words)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="a CSV file to write")
    args = parser.parse_args()
    problem = Problem(args.d, args.m, args.seed)
    name = f"sigma, d = {args.d}, m = {args.m}, top {problem.wanted}, no matrix"

    values, vectors = problem.pairs(problem.ours(1e-13))
    residual = np.linalg.norm(problem.operator(vectors) - vectors * values, axis=0).max() / values.max()
    print(f"residual of the reference by NumPy: {residual:.1e} of the largest eigenvalue", flush=True)
    solvers = {
        "escapement": problem.ours,
        "SciPy LOBPCG": problem.by_lobpcg,
        "SciPy eigsh": problem.by_eigsh,
        "PRIMME": problem.by_primme,
    }
    if SLEPc is not None:
        solvers["SLEPc"] = problem.by_slepc
    lines = ["matrix,solver,tolerance,seconds,eigenvalue_error,subspace_error"]
    for tolerance in args.tolerances:
        times = {solver: [] for solver in solvers}
        found, products = {}, {}
        for _ in range(args.rounds):
            for solver, solve in solvers.items():
                problem.operator.columns, begin = 0, time.perf_counter()
                found[solver] = solve(tolerance)
                times[solver].append(time.perf_counter() - begin)
                products[solver] = problem.operator.columns
        for solver in solvers:
            l, q = problem.pairs(found[solver])
            angle = np.linalg.norm(vectors - q @ (q.T @ vectors), 2)
            error = np.abs(l / values - 1).max()
            seconds = statistics.median(times[solver])
            spread = f"({min(times[solver]):.2f} to {max(times[solver]):.2f})"
            print(f"{tolerance:.0e} {solver:<13} {seconds:8.2f} s {spread}", end="  ")
            print(f"eigenvalues {error:.1e}  space {angle:.1e}  {products[solver] or ''}", flush=True)
            lines.append(f'"{name}","{solver}",{tolerance:.3e},{seconds:.6f},{error:.3e},{angle:.3e}')
        if args.out:
            with open(args.out, "w") as file:
                file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
