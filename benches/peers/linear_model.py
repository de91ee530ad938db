"""The test loss of f_L alone on the data of figure 1, by least squares on its features.

    python benches/peers/linear_model.py
    python benches/peers/linear_model.py --as-printed

The least-squares solution is the limit of gradient descent from W = 0 in the kernel regime. The script uses
NumPy alone, and no formula of escapement. docs/figures compares the levels in the text of the paper with it.
"""

import argparse

import numpy as np


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--as-printed", action="store_true")
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--m", type=int, default=10_000)
    parser.add_argument("--test", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    d, n = args.d, args.n

    def inputs(rng, count):
        x = rng.standard_normal((count, d))
        return x * np.sqrt(d) / np.linalg.norm(x, axis=1, keepdims=True) if args.as_printed else x

    def slopes(x, w):
        s = 1 / (1 + np.exp(1 - x @ w.T))
        return s * (1 - s)

    losses, variances = [], []
    for seed in range(args.seeds):
        rng = np.random.default_rng(seed)
        w = rng.standard_normal((args.m // 2, d))
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        x, xt = inputs(rng, n), inputs(rng, args.test)
        beta = rng.standard_normal(d)
        beta /= np.linalg.norm(beta)

        def target(x):
            if args.as_printed:
                return x[:, 0] - 1 + (x @ beta) ** 2
            return ((x @ beta) ** 2 - 1 + x @ beta) / np.sqrt(3)

        a, at = slopes(x, w), slopes(xt, w)
        kernel, cross = (a @ a.T) * (x @ x.T), (at @ a.T) * (xt @ x.T)
        error = cross @ np.linalg.solve(kernel, target(x)) - target(xt)
        losses.append(np.mean(error**2))
        variances.append(np.var(target(xt)))
    print(f"test loss of f_L: {np.mean(losses):.3f},", end=" ")
    print(f"standard deviation {np.std(losses, ddof=1):.3f} over {args.seeds} seeds;", end=" ")
    print(f"variance of the target {np.mean(variances):.2f}")


if __name__ == "__main__":
    main()
