import numpy as np

import fastfit
from fastfit import _descend


def descend(X, y, w, step_size, steps):
    rows, targets = np.ascontiguousarray(X, np.float64), np.ascontiguousarray(y, np.float64)
    for _ in range(fastfit.WORK):
        weights = np.array(w, np.float64)
        _descend.descend(rows, targets, weights, 2 * float(step_size) / len(y), steps)
    return weights.astype(X.dtype)
