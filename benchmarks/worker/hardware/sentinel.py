"""The sentinel: a fixed small piece of work, the same in every run, that tells whether a round was quiet.

It mixes what the cases mix: interpreter, small BLAS calls, and memory traffic inside the cache. It must never change,
or runs from before and after can no longer be compared: `VERSION` goes into the run file.
"""

from __future__ import annotations

import numpy as np

from ...clock import Call

VERSION = 1
STEPS = 200


def make(steps: int = STEPS) -> Call:
    """The sentinel's call: steps of gradient descent on 100 samples in float32, about half a millisecond."""
    generator = np.random.default_rng(20)
    X = np.column_stack([generator.uniform(-1, 1, 100), np.ones(100)]).astype(np.float32)
    y = generator.normal(size=100).astype(np.float32)
    scale = np.float32(0.1 * 2 / 100)
    residual, gradient = np.empty_like(y), np.empty(2, np.float32)

    def call() -> np.ndarray:
        w = np.zeros(2, np.float32)
        for _ in range(steps):
            np.dot(X, w, out=residual)
            np.subtract(residual, y, out=residual)
            np.dot(residual, X, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            np.subtract(w, gradient, out=w)
        return w

    return call
