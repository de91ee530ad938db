"""A step of gradient descent of the published experiment in JAX, on the same cores.

    python benches/peers/training_step.py

The model is f_L + f_Q with R3, d = 100, n = 1000, m = 10 000, in f32. The numbers that do not depend on W,
s1 = sigma'(X W0'), s2 = sigma''(X W0') and the basis U of R3, are computed beforehand, as in escapement.
There are three steps:
- `forward and backward`: the gradient by jax.value_and_grad;
- `by hand`: the gradient written out, two products and elementwise work, left to XLA to fuse;
- `network`: the network itself by jax.value_and_grad, without R3.
Each step is one jitted function to which W is donated and which returns the next W. The two products
X W' and S' X are timed as well. The script prints medians of --repeats.
"""

import argparse
import statistics
import time

import jax
import jax.numpy as jnp


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--m", type=int, default=10_000)
    parser.add_argument("--lambda3", type=float, default=0.01)
    parser.add_argument("--eta", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=30)
    args = parser.parse_args()
    d, n, m, p = args.d, args.n, args.m, args.m // 2
    keys = jax.random.split(jax.random.key(0), 4)
    w0 = jax.random.normal(keys[0], (p, d))
    w0 /= jnp.linalg.norm(w0, axis=1, keepdims=True)
    x = jax.random.normal(keys[1], (n, d))
    beta = jax.random.normal(keys[2], (d,))
    t = x @ (beta / jnp.linalg.norm(beta))
    y = (t * t - 1 + t) / jnp.sqrt(3.0)
    basis = jnp.linalg.qr(jax.random.normal(keys[3], (n, d)))[0]
    z0 = x @ w0.T
    s = jax.nn.sigmoid(z0 - 1)
    s1, s2 = s * (1 - s), s * (1 - s) * (1 - 2 * s)
    scale = m**-0.5

    def loss(f, fl):
        rest = fl - basis @ (basis.T @ fl)
        return jnp.mean((f - y) ** 2) + args.lambda3 * jnp.mean(rest**2)

    def objective(w):
        z, zt = x @ w[:p].T, x @ w[p:].T
        fl = scale * jnp.sum(s1 * (z - zt), axis=1)
        return loss(fl + 0.5 * scale * jnp.sum(s2 * (z * z - zt * zt), axis=1), fl)

    def network(w):
        z, zt = x @ w[:p].T, x @ w[p:].T
        f = scale * jnp.sum(jax.nn.sigmoid(z0 + z - 1) - jax.nn.sigmoid(z0 + zt - 1), axis=1)
        return jnp.mean((f - y) ** 2)

    def by_hand(w):
        z, zt = x @ w[:p].T, x @ w[p:].T
        fl = scale * jnp.sum(s1 * (z - zt), axis=1)
        f = fl + 0.5 * scale * jnp.sum(s2 * (z * z - zt * zt), axis=1)
        rest = fl - basis @ (basis.T @ fl)
        g, h = 2 / n * (f - y), 2 * args.lambda3 / n * rest
        up = scale * (g[:, None] * (s1 + s2 * z) + h[:, None] * s1)
        down = scale * (g[:, None] * (s1 + s2 * zt) + h[:, None] * s1)
        value = jnp.mean((f - y) ** 2) + args.lambda3 * jnp.mean(rest**2)
        return value, jnp.concatenate([up.T @ x, -(down.T @ x)])

    def step(gradient):
        def run(w):
            value, g = gradient(w)
            return w - args.eta * g, value

        return jax.jit(run, donate_argnums=0)

    def products(w):
        z = x @ w.T
        # The second product depends on the first, so that neither is left out, and nothing else is done.
        return z.T @ x, z[0, 0]

    contestants = {
        "products": jax.jit(products),
        "forward and backward": step(jax.value_and_grad(objective)),
        "by hand": step(by_hand),
        "network": step(jax.value_and_grad(network)),
    }
    at = 0.01 * jax.random.normal(keys[3], (m, d))
    same = jax.value_and_grad(objective)(at)[1] - by_hand(at)[1]
    miss = float(jnp.linalg.norm(same) / jnp.linalg.norm(by_hand(at)[1]))
    print(f"gradients of both ways agree to {miss:.1e}")
    times = {name: [] for name in contestants}
    weights = {name: jnp.zeros((m, d)) + at for name in contestants}
    for repeat in range(args.repeats + 1):
        for name, run in contestants.items():
            begin = time.perf_counter()
            out, value = run(weights[name])
            value.block_until_ready()
            out.block_until_ready()
            if repeat > 0:
                times[name].append(time.perf_counter() - begin)
            # Powers of a product overflow; the others go on from where they are.
            weights[name] = out if name != "products" else jnp.zeros((m, d)) + at
    for name, taken in times.items():
        print(f"{name:22} {1e3 * statistics.median(taken):7.1f} ms")


if __name__ == "__main__":
    main()
