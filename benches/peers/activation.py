"""sigma and sigma' of ten million numbers on one core, in Python.

    pip install -r benches/peers/requirements.txt
    taskset -c 0 python benches/peers/activation.py

The arguments are those of `cargo bench --bench activation`: uniform on (-4, 4). There are three contestants,
which take turns, in blocks of --block numbers that stay in cache and in two precisions:
- `numpy`: NumPy's exp and tanh, which use AVX-512 where the processor has it, and SciPy's erf and softplus
  (log1p of exp), with sigma' from the same exponential or from sigma;
- `numexpr`: one compiled expression each for sigma and sigma'. A build of numexpr with Intel's VML says so
  below, and uses it;
- `jax`: one jitted function for both, fused by XLA.
The script prints medians of --repeats, in nanoseconds per number.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax
import jax.numpy as jnp
import numexpr
import numpy as np
from scipy import special

ROOT = 2 / np.sqrt(np.pi)


def in_numpy(name, z):
    if name == "sigmoid":
        s = 1 / (1 + np.exp(-z))
        return s, s * (1 - s)
    if name == "tanh":
        t = np.tanh(z)
        return t, 1 - t * t
    if name == "erf":
        return special.erf(z), z.dtype.type(ROOT) * np.exp(-z * z)
    if name == "sine":
        return np.sin(z), np.cos(z)
    e = np.exp(-np.abs(z))
    return np.maximum(z, 0) + np.log1p(e), np.where(z > 0, 1, e) / (1 + e)


EXPRESSIONS = {
    "sigmoid": ("1 / (1 + exp(-z))", "s * (1 - s)"),
    "tanh": ("tanh(z)", "1 - s * s"),
    "sine": ("sin(z)", "cos(z)"),
    "softplus": ("where(z > 0, z, 0) + log1p(exp(-abs(z)))", "1 / (1 + exp(-z))"),
}


def in_numexpr(name, z):
    value, slope = EXPRESSIONS[name]
    s = numexpr.evaluate(value, {"z": z}, casting="same_kind")
    return s, numexpr.evaluate(slope, {"z": z, "s": s}, casting="same_kind")


def in_jax(name):
    functions = {
        "sigmoid": jax.nn.sigmoid,
        "tanh": jnp.tanh,
        "erf": jax.scipy.special.erf,
        "sine": jnp.sin,
        "softplus": jax.nn.softplus,
    }
    function = functions[name]

    def both(z):
        value, pull = jax.vjp(function, z)
        return value, pull(jnp.ones_like(z))[0]

    return jax.jit(both)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", type=int, default=10_000_000)
    parser.add_argument("--block", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    numexpr.set_num_threads(1)
    print(f"numexpr with VML: {bool(numexpr.use_vml)}")
    rng = np.random.default_rng(1)
    for dtype in (np.float64, np.float32):
        z = rng.uniform(-4, 4, args.numbers).astype(dtype)
        blocks = z.reshape(-1, args.block)
        on_device = [jnp.asarray(block) for block in blocks]
        for name in ("sigmoid", "tanh", "erf", "sine", "softplus"):
            compiled = in_jax(name)
            jax.block_until_ready(compiled(on_device[0]))

            def run(contestant):
                if contestant == "jax":
                    for block in on_device:
                        last = compiled(block)
                    jax.block_until_ready(last)
                else:
                    for block in blocks:
                        (in_numpy if contestant == "numpy" else in_numexpr)(name, block)

            contestants = ["numpy", "numexpr", "jax"] if name in EXPRESSIONS else ["numpy", "jax"]
            times = {contestant: [] for contestant in contestants}
            for repeat in range(args.repeats + 1):
                for contestant in contestants:
                    begin = time.perf_counter()
                    run(contestant)
                    if repeat > 0:
                        times[contestant].append(time.perf_counter() - begin)
            found = {c: 1e9 * statistics.median(t) / args.numbers for c, t in times.items()}
            print(dtype.__name__, name, "  ".join(f"{c} {ns:.2f} ns" for c, ns in found.items()))


if __name__ == "__main__":
    main()
