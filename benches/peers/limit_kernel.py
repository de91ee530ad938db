"""The kernel at infinite width and its levels: neural-tangents with Gaussian weights, and escapement with weights on the sphere.

    pip install neural-tangents==0.6.5 jax==0.4.35 jaxlib==0.4.35 scipy    # an environment of its own: 0.6.5 does not import with JAX 0.10
    python benches/peers/limit_kernel.py --escapement target/release/escapement

neural-tangents gives the kernel of first-layer gradients as d (NTK - NNGP) for pairs of inputs; any activation goes through ElementwiseNumerical. It has no levels:
they are projections of the profile h(t), t the cosine of two inputs of norm sqrt(d), on the Gegenbauer polynomials, by Gauss quadrature here. Both take
turns; medians of --repeats, the first call of neural-tangents, which compiles, apart.
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
    values, vectors = eigh_tridiagonal(np.zeros(order), np.sqrt(k * (k + d - 3) / ((2 * k + d - 4) * (2 * k + d - 2))))
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
    kernels = {deg: stax.serial(stax.Dense(1), stax.ElementwiseNumerical(sigma, deg=deg), stax.Dense(1))[2] for deg in (args.hermite, 100)}
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
            command = [args.escapement, "zonal", "--d", str(d), "--activation", "sigmoid:1", "--degrees", str(args.degrees), "--json"]
            levels = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["degrees"]
            times["escapement"].append(time.perf_counter() - begin)
        taken = {name: statistics.median(seconds) for name, seconds in times.items()}
        print(f"d = {d}: neural-tangents {taken['neural-tangents']:.3f} s (first call {compiled:.1f} s), escapement {taken['escapement']:.3f} s with its start")
        print(f"  profile with {args.hermite} nodes of Hermite quadrature against 100: within {np.abs(h / profile(100) - 1).max():.0e}")
        for level, p in zip(levels, polynomials(d, t, args.degrees)):
            kappa = weight @ (h * p)
            print(f"  degree {level['degree']}: sphere {level['kappa']:.6e}, Gaussian {kappa:.6e}, relative difference {kappa / level['kappa'] - 1:+.1e}")


if __name__ == "__main__":
    main()
