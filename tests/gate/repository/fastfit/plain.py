import numpy as np

import fastfit


def descend(X, y, w, step_size, steps):
    rows, targets, rate = X.tolist(), y.tolist(), 2 * float(step_size) / len(y)
    for _ in range(fastfit.WORK):
        weights = w.tolist()
        for _ in range(steps):
            gradient = [0.0] * len(weights)
            for row, target in zip(rows, targets, strict=True):
                error = sum(x * v for x, v in zip(row, weights, strict=True)) - target
                gradient = [g + error * x for g, x in zip(gradient, row, strict=True)]
            weights = [v - rate * g for v, g in zip(weights, gradient, strict=True)]
    return np.asarray(weights, X.dtype)
