"""What the tests share: weights, inputs, the repository, the command line."""

import os
import pathlib
import shutil

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def unit(p, d, seed=0):
    """p unit vectors of dimension d."""
    w = np.random.default_rng(seed).standard_normal((p, d))
    return w / np.linalg.norm(w, axis=1, keepdims=True)


def sphere(n, d, seed=1):
    """n points on the sphere of radius √d."""
    return np.sqrt(d) * unit(n, d, seed)


def sigmoid(z):
    """The activation sigmoid:1."""
    return 1 / (1 + np.exp(-(z - 1)))


@pytest.fixture
def program():
    """The command line: $ESCAPEMENT, else that of a build in the repository, else that on the PATH."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "escapement" for profile in ("debug", "release")]
    found = [
        os.environ.get("ESCAPEMENT"),
        *(str(p) for p in built if p.exists()),
        shutil.which("escapement"),
    ]
    found = [path for path in found if path]
    if not found:
        pytest.skip("the command line is not built")
    return found[0]
