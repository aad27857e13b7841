"""When an answer counts as right: no time is shown without one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problem import Problem, Workload

DESCENT_LIMIT = {"float32": 1e-4, "float64": 1e-10}


def relative_error(answer: NDArray[Any], reference: NDArray[np.float64]) -> float:
    """||answer - reference|| / ||reference|| of the worst problem of the batch, both (b, d); infinite for NaN.

    Raises ValueError for an answer of another shape.
    """
    found = np.asarray(answer)
    if found.shape != reference.shape:
        raise ValueError(f"an answer must have shape {reference.shape} (problems, features), got {found.shape}")
    found = found.astype(np.float64)
    if not np.isfinite(found).all():
        return float("inf")
    distance = np.linalg.norm(found - reference, axis=1)
    size = np.linalg.norm(reference, axis=1)
    # against an answer of zero only the distance itself is left to judge
    return float(np.max(distance / np.where(size > 0, size, 1.0)))


def error_limit(workload: Workload, problem: Problem) -> float:
    """The largest relative error at which an answer is right, on the timed inputs and on the check inputs.

    gd      1e-4 in float32, 1e-10 in float64, against float64 gradient descent of as many steps
    ols     min(5e-3, 10 eps sqrt(n) cond(X)^2), against float64 least squares: the normal equations square cond(X)
    gd_tol  as gd, and beside that the length of two steps at the tolerance: rounding may shift the stop
    """
    eps = float(np.finfo(workload.dtype).eps)
    if workload.method == "ols":
        return float(min(5e-3, 10 * eps * workload.samples**0.5 * np.max(problem.condition) ** 2))
    limit = DESCENT_LIMIT[workload.dtype]
    if workload.tolerance is not None:
        size = np.linalg.norm(problem.reference, axis=1).min()
        limit += float(2 * workload.tolerance * workload.features**0.5 / size) if size > 0 else 0.0
    return limit
