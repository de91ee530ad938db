"""sigma and sigma' of ten million numbers on one core, in Python.

    pip install -r benches/peers/requirements.txt
    taskset -c 0 python benches/peers/activation.py

The arguments are those of `cargo bench --bench activation`: uniform on (-4, 4). The contestants take turns,
in blocks of --block numbers that stay in cache and have the same arguments, and in two precisions:
- `numpy`: NumPy's exp, tanh, sin and cos, which use AVX-512 where the processor has it, and SciPy's erf,
  with sigma' from the same exponential or from sigma;
- `vml`: the same with the functions of Intel's Vector Mathematics Library at its highest accuracy;
- `jax`: one jitted function for both, fused by XLA.
The script prints the median and the least of --repeats, in nanoseconds per number.
"""

import argparse
import ctypes
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("MKL_THREADING_LAYER", "SEQUENTIAL")

import jax
import jax.numpy as jnp
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


class Vml:
    """The functions of VML, from the library that the package `mkl` installs."""

    def __init__(self):
        self.library = ctypes.CDLL(str(next((Path(sys.prefix) / "lib").glob("libmkl_rt.so*"))))

    def call(self, function, z, outputs=1):
        out = [np.empty_like(z) for _ in range(outputs)]
        letter = "d" if z.dtype == np.float64 else "s"
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in [z, *out]]
        getattr(self.library, f"v{letter}{function}")(ctypes.c_int(z.size), *pointers)
        return out if outputs > 1 else out[0]

    def both(self, name, z):
        if name == "sigmoid":
            s = 1 / (1 + self.call("Exp", -z))
            return s, s * (1 - s)
        if name == "tanh":
            t = self.call("Tanh", z)
            return t, 1 - t * t
        if name == "erf":
            return self.call("Erf", z), z.dtype.type(ROOT) * self.call("Exp", -z * z)
        if name == "sine":
            return self.call("SinCos", z, 2)
        e = self.call("Exp", -np.abs(z))
        return np.maximum(z, 0) + self.call("Log1p", e), np.where(z > 0, 1, e) / (1 + e)


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
    vml = Vml()
    rng = np.random.default_rng(1)
    for dtype in (np.float64, np.float32):
        block = rng.uniform(-4, 4, args.block).astype(dtype)
        on_device, blocks = jnp.asarray(block), range(args.numbers // args.block)
        for name in ("sigmoid", "tanh", "erf", "sine", "softplus"):
            compiled = in_jax(name)
            jax.block_until_ready(compiled(on_device))

            def run(contestant):
                if contestant == "jax":
                    for _ in blocks:
                        last = compiled(on_device)
                    jax.block_until_ready(last)
                else:
                    for _ in blocks:
                        (in_numpy if contestant == "numpy" else vml.both)(name, block)

            contestants = ["numpy", "vml", "jax"]
            times = {contestant: [] for contestant in contestants}
            for repeat in range(args.repeats + 1):
                for contestant in contestants:
                    begin = time.perf_counter()
                    run(contestant)
                    if repeat > 0:
                        times[contestant].append(time.perf_counter() - begin)
            for contestant, taken in times.items():
                median, least = (1e9 * f(taken) / args.numbers for f in (statistics.median, min))
                print(f"{dtype.__name__} {name:8} {contestant:5} {median:6.2f} ns, least {least:.2f} ns")


if __name__ == "__main__":
    main()
