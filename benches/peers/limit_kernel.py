"""The kernel at infinite width by degrees: neural-tangents (Gaussian weights), escapement (on the sphere).

    pip install neural-tangents==0.6.5 jax==0.4.35 jaxlib==0.4.35 scipy
    python benches/peers/limit_kernel.py --escapement target/release/escapement

The packages need an environment of their own, since neural-tangents 0.6.5 does not import with JAX 0.10. It
gives the kernel of first-layer gradients as d (NTK - NNGP) for pairs of inputs, for any activation through
ElementwiseNumerical, but not its eigenvalues by degree. This script computes these by Gauss quadrature, as
projections of h(t) on the Gegenbauer polynomials, where t is the cosine of two inputs of norm sqrt(d). Both
programs take turns, and the times are medians of --repeats. The first call of neural-tangents, which
compiles, is not among them.
"""

import argparse
import json
import statistics
import subprocess
import time

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
from neural_tangents import stax
from scipy.linalg import eigh_tridiagonal


def nodes(d, order):
    """Gauss quadrature for the cosine of a uniform pair: Golub and Welsch, normalised to weight 1."""
    k = np.arange(1, order)
    squares = k * (k + d - 3) / ((2 * k + d - 4) * (2 * k + d - 2))
    values, vectors = eigh_tridiagonal(np.zeros(order), np.sqrt(squares))
    return values, vectors[0] ** 2


def polynomials(d, t, last):
    """P_0 to P_last with P_j(1) = 1."""
    p = [np.ones_like(t), t]
    for j in range(1, last):
        p.append(((2 * j + d - 2) * t * p[j] - j * p[j - 1]) / (j + d - 2))
    return p


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--escapement", default="escapement", help="the binary")
    parser.add_argument("--dimensions", default="10,100,1000")
    parser.add_argument("--degrees", type=int, default=8)
    parser.add_argument("--hermite", type=int, default=25, help="the deg of ElementwiseNumerical")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    sigma = lambda z: jax.nn.sigmoid(z - 1)
    layers = lambda deg: (stax.Dense(1), stax.ElementwiseNumerical(sigma, deg=deg), stax.Dense(1))
    kernels = {deg: stax.serial(*layers(deg))[2] for deg in (args.hermite, 100)}
    for d in (int(word) for word in args.dimensions.split(",")):
        t, weight = nodes(d, 128)
        x = np.zeros((len(t), d))
        x[:, 0], x[:, 1] = np.sqrt(d) * t, np.sqrt(d) * np.sqrt(1 - t * t)
        first = jnp.array(np.sqrt(d) * np.eye(1, d))

        def profile(deg):
            found = kernels[deg](first, jnp.array(x), ("ntk", "nngp"))
            return d * np.asarray(found.ntk - found.nngp)[0]

        begin = time.perf_counter()
        h = profile(args.hermite)
        compiled = time.perf_counter() - begin
        times = {"neural-tangents": [], "escapement": []}
        for _ in range(args.repeats):
            begin = time.perf_counter()
            h = profile(args.hermite)
            times["neural-tangents"].append(time.perf_counter() - begin)
            begin = time.perf_counter()
            command = [args.escapement, "zonal", "--d", str(d), "--activation", "sigmoid:1"]
            command += ["--degrees", str(args.degrees), "--json"]
            found = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            levels = json.loads(found.stdout)["degrees"]
            times["escapement"].append(time.perf_counter() - begin)
        taken = {name: statistics.median(seconds) for name, seconds in times.items()}
        print(f"d = {d}: neural-tangents {taken['neural-tangents']:.3f} s", end=" ")
        print(f"(first call {compiled:.1f} s), escapement {taken['escapement']:.3f} s with its start")
        miss = np.abs(h / profile(100) - 1).max()
        print(f"  profile with {args.hermite} nodes of Hermite quadrature against 100: within {miss:.0e}")
        for level, p in zip(levels, polynomials(d, t, args.degrees)):
            kappa = weight @ (h * p)
            print(f"  degree {level['degree']}: sphere {level['kappa']:.6e}, Gaussian {kappa:.6e},", end=" ")
            print(f"relative difference {kappa / level['kappa'] - 1:+.1e}")


if __name__ == "__main__":
    main()
