"""One gradient step on the first layer and a ridge head, in JAX, on the same cores.

    python benches/peers/one_step.py
    JAX_ENABLE_X64=1 python benches/peers/one_step.py

The setting is that of the public script of Damian, Lee and Soltanolkotabi (COLT 2022): the target is
He_2(x_1)/sqrt(2) with Gaussian label noise of variance 1, n = 10 000, d = 100, m = 1000, paired ReLU neurons
whose biases take part in the step; the head is ridge regression for 100 decays from 1e-10 to 1e15, chosen
on another sample. Own code, written from the paper: the gradient of the loss by jax.grad, one
eigendecomposition of the Gram matrix for all decays. The script prints the medians of the seconds of the
step, of the heads, and of the choice among them, and the test error.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--m", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    d, n, m = args.d, args.n, args.m
    keys = jax.random.split(jax.random.key(0), 8)

    def sample(key, noise):
        x = jax.random.normal(key, (n, d))
        f = (x[:, 0] ** 2 - 1) / jnp.sqrt(2.0)
        return x, f + noise * jax.random.normal(jax.random.fold_in(key, 1), (n,)), f

    x, y, _ = sample(keys[0], 1.0)
    held_x, held_y, _ = sample(keys[1], 1.0)
    test_x, _, test_f = sample(keys[2], 0.0)
    half = jax.random.normal(keys[3], (m // 2, d)) / jnp.sqrt(d)
    signs = jax.random.rademacher(keys[4], (m // 2,), dtype=x.dtype)
    bias = jax.random.normal(keys[5], (m // 2,))
    w, a, b = jnp.concatenate([half, half]), jnp.concatenate([signs, -signs]), jnp.concatenate([bias, bias])
    decays = jnp.geomspace(1e-10, 1e15, 100)

    @jax.jit
    def step(x, y):
        alpha, beta = y.mean(), x.T @ y / n
        left = y - alpha - x @ beta

        def loss(w):
            return jnp.mean((jax.nn.relu(x @ w.T + b) @ a - left) ** 2)

        g = -jax.grad(loss)(w)
        return alpha, beta, left, g / jnp.sqrt(jnp.mean(jnp.sum(g * g, axis=1)))

    def features(x, w):
        return jax.nn.relu(x @ w.T + b)

    @jax.jit
    def heads(x, left, w):
        phi = features(x, w)
        values, vectors = jnp.linalg.eigh(phi.T @ phi / n)
        return values, vectors, vectors.T @ (phi.T @ left / n)

    @jax.jit
    def choose(values, vectors, moments, x, y, alpha, beta, w):
        all_heads = vectors @ (moments[:, None] / (jnp.maximum(values, 0)[:, None] + decays))
        missed = (alpha + x @ beta - y)[:, None] + features(x, w) @ all_heads
        errors = jnp.mean(missed**2, axis=0)
        return all_heads[:, jnp.argmin(errors)], decays[jnp.argmin(errors)]

    times = {"step": [], "heads": [], "choice": []}
    for repeat in range(args.repeats + 1):
        begun = time.perf_counter()
        alpha, beta, left, new = jax.block_until_ready(step(x, y))
        stepped = time.perf_counter()
        found = jax.block_until_ready(heads(x, left, new))
        solved = time.perf_counter()
        head, decay = jax.block_until_ready(choose(*found, held_x, held_y, alpha, beta, new))
        if repeat:  # The first compiles.
            times["step"].append(stepped - begun)
            times["heads"].append(solved - stepped)
            times["choice"].append(time.perf_counter() - solved)
    for name, seconds in times.items():
        print(f"{name:8} {statistics.median(seconds):.3f} s")
    print(f"together {sum(statistics.median(t) for t in times.values()):.3f} s in {x.dtype}")
    error = jnp.mean((alpha + test_x @ beta + features(test_x, new) @ head - test_f) ** 2)
    print(f"decay {decay:.1e}, test error {error:.4f}")


if __name__ == "__main__":
    main()
