"""The tangent kernel of the first layer, number by number: neural-tangents beside `escapement kernel`.

    pip install neural-tangents==0.6.5 jax==0.4.35 jaxlib==0.4.35 scipy==1.17.1 numpy==2.4.6
    python benches/peers/tangent_kernel.py --escapement target/release/escapement --table docs/kernel.csv

The network of neural-tangents is stax.serial(Dense(m), Erf(), Dense(1)) in the NTK parametrisation without
biases. Its tangent kernel has a part for each layer. That of the first layer is the infinite kernel less the
covariance of the outputs, ntk - nngp, and d times that is the kernel of escapement for Gaussian weights.
docs/neural-tangents.md explains it, and shows what this script prints.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import neural_tangents as nt
import numpy as np
from limit_kernel import nodes, polynomials
from neural_tangents import stax


def on_sphere(rng, n, d, radius):
    """Rows that are uniform on a sphere."""
    x = rng.standard_normal((n, d))
    return radius * x / np.linalg.norm(x, axis=1, keepdims=True)


def escapement(program, folder, *words):
    """What `escapement kernel` prints as JSON, for X.npy and maybe W0.npy in a folder."""
    command = [program, "kernel", "--json", *map(str, words)]
    return json.loads(subprocess.run(command, check=True, cwd=folder, stdout=subprocess.PIPE).stdout)


def infinite(nonlinearity, x, others):
    """d (ntk - nngp) between the rows of two arrays."""
    kernel_fn = stax.serial(stax.Dense(1), nonlinearity, stax.Dense(1))[2]
    found = kernel_fn(jnp.array(x), jnp.array(others), ("ntk", "nngp"))
    return x.shape[1] * np.asarray(found.ntk - found.nngp)


def empirical(nonlinearity, w0, x):
    """d times the empirical kernel of the first layer, for the neurons in the rows of w0 and their twins."""
    p, d = w0.shape
    init_fn, apply_fn, _ = stax.serial(stax.Dense(2 * p), nonlinearity, stax.Dense(1))
    _, parameters = init_fn(jax.random.PRNGKey(0), (-1, d))
    # The weights of neural-tangents are sqrt(d) times those of escapement; output weights are signs.
    first = np.sqrt(d) * np.concatenate([w0, w0]).T
    signs = np.concatenate([np.ones(p), -np.ones(p)])[:, None]
    assert parameters[0][0].shape == first.shape and parameters[2][0].shape == signs.shape
    # Layers without biases hold empty ones.
    rest = [parameters[0][1:], parameters[1], (jnp.array(signs), *parameters[2][1:])]
    f = lambda weights, inputs: apply_fn([(weights, *rest[0]), rest[1], rest[2]], inputs)
    kernel_fn = nt.empirical_ntk_fn(f, trace_axes=(-1,))
    return d * np.asarray(kernel_fn(jnp.array(x), None, jnp.array(first)))


def drawn(width, seed, x):
    """d times the empirical kernel of the first layer of a network that neural-tangents draws."""
    init_fn, apply_fn, _ = stax.serial(stax.Dense(width), stax.Erf(), stax.Dense(1))
    _, parameters = init_fn(jax.random.PRNGKey(seed), (-1, x.shape[1]))
    f = lambda weights, inputs: apply_fn([(weights, *parameters[0][1:]), *parameters[1:]], inputs)
    kernel_fn = nt.empirical_ntk_fn(f, trace_axes=(-1,))
    return x.shape[1] * np.asarray(kernel_fn(jnp.array(x), None, parameters[0][0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--escapement", default="escapement", help="the binary")
    parser.add_argument("--table", help="a CSV file for the errors of the last part")
    args = parser.parse_args()
    program = str(pathlib.Path(args.escapement).resolve()) if "/" in args.escapement else args.escapement
    d, n, p, degrees = 10, 6, 200, 8
    rng = np.random.default_rng(0)
    x = on_sphere(rng, n, d, np.sqrt(d))
    unit = on_sphere(rng, p, d, 1.0)
    gaussian = rng.standard_normal((p, d)) / np.sqrt(d)
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/X.npy", x)
        np.save(f"{folder}/unit.npy", unit)
        np.save(f"{folder}/gaussian.npy", gaussian)
        ours = lambda *words: escapement(program, folder, "--inputs", "X.npy", *words)

        print("Infinite width, Gaussian weights: the first row of the kernel on X.")
        found = ours("--activation", "erf", "--infinite", "--gaussian-weights")
        kernel, error = np.array(found["infinite"]["kernel"]), found["infinite"]["error"]
        peer = infinite(stax.Erf(), x, x)
        print("entry        neural-tangents          escapement    difference")
        for j in range(n):
            a, b = peer[0, j], kernel[0, j]
            print(f"K(x0, x{j})  {a:+.13e}  {b:+.13e}  {b - a:+.1e}")
        print(f"largest difference of all {n * n} entries {np.abs(kernel - peer).max():.1e},", end=" ")
        print(f"certificate of escapement {error:.1e}")
        shifted = ours("--activation", "sigmoid:1", "--infinite", "--gaussian-weights")["infinite"]
        for deg in (25, 100):
            sigma = stax.ElementwiseNumerical(lambda z: jax.nn.sigmoid(z - 1), deg=deg)
            miss = np.abs(np.array(shifted["kernel"]) - infinite(sigma, x, x)).max()
            print(f"sigmoid:1, ElementwiseNumerical with deg={deg}: largest difference {miss:.1e},", end=" ")
            print(f"certificate {shifted['error']:.1e}")

        print(f"\nThe kernel of given weights, m = {2 * p}: largest difference and largest entry.")
        for law in ("unit", "gaussian"):
            words = ["--gaussian-weights"] if law == "gaussian" else []
            found = ours("--activation", "erf", "--weights", f"{law}.npy", *words)["finite"]
            peer = empirical(stax.Erf(), {"unit": unit, "gaussian": gaussian}[law], x)
            miss = np.abs(np.array(found["kernel"]) - peer).max()
            print(f"{law + '.npy':13} {miss:.1e} of {peer.max():.2f}, certificate {found['error']:.1e}")

        print(f"\nEigenvalues by degree at d = {d}, erf.")
        print("degree  number  neural-tangents, projected  escapement, Gaussian  difference   sphere")
        t, weight = nodes(d, 128)
        row = np.zeros((len(t), d))
        row[:, 0], row[:, 1] = np.sqrt(d) * t, np.sqrt(d) * np.sqrt(1 - t * t)
        profile = infinite(stax.Erf(), np.sqrt(d) * np.eye(1, d), row)[0]
        words = ["--activation", "erf", "--infinite", "--degrees", degrees]
        levels = [ours(*words, *law)["levels"] for law in (["--gaussian-weights"], [])]
        for gauss, sphere, poly in zip(*levels, polynomials(d, t, degrees)):
            kappa = weight @ (profile * poly)
            print(f"{gauss['degree']:>6}  {gauss['multiplicity']:>6.0f}  {kappa:>26.6e}", end="  ")
            print(f"{gauss['kappa']:>20.6e}  {gauss['kappa'] - kappa:>+10.1e}", end="  ")
            print(f"{sphere['kappa']:.6e} (each to {sphere['kappa_error']:.0e})")

        print("\nFrom finite to infinite width: networks that neural-tangents draws, erf, 60 inputs.")
        x = on_sphere(rng, 60, d, np.sqrt(d))
        np.save(f"{folder}/X.npy", x)
        found = ours("--activation", "erf", "--infinite", "--gaussian-weights")
        limit = np.array(found["infinite"]["kernel"])
        lines = ["m,seed,error,largest"]
        for width in (100, 300, 1_000, 3_000, 10_000, 30_000):
            errors = []
            for seed in range(20):
                gap = drawn(width, seed, x) - limit
                errors.append(np.linalg.norm(gap) / np.linalg.norm(limit))
                lines.append(f"{width},{seed},{errors[-1]:.6e},{np.abs(gap).max():.6e}")
            print(f"m = {width:>6}: |K_m - K| / |K| in the norm of Frobenius, the median of 20,", end=" ")
            print(f"{np.median(errors):.2e}")
        if args.table:
            pathlib.Path(args.table).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
