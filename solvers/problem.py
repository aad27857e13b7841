"""From a workload to a problem: the arrays that every strategy is given, and the answers that are right.

Made once with NumPy alone and off the clock, the same for every backend.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import reference
from .workload import DTYPES, METHODS, Workload, data_bytes, make_workload

__all__ = ["DTYPES", "METHODS", "Problem", "Workload", "arguments", "data_bytes", "make_problem", "make_workload"]

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Problem:
    """The arrays of a workload, C-contiguous and of its dtype, and in float64 the answers that are right.

    X (b, n, d), y (b, n), w (b, d) the start, step_size (b,)      the inputs that are timed
    reference (b, d)                                               their answer
    check_y (b, n), check_step_size (b,)                           a second set of inputs, never timed
    check_reference (b, d)                                         its answer, with X and w as they are
    reference_steps (b,)                                           gd_tol: steps to the stop on the timed inputs
    condition (b,)                                                 cond(X), of the data as rounded to the dtype
    optimum (b, d)                                                 where the loss is least, whatever the method
    gram_root (b, r, d)                                            ||gram_root v|| = ||X v||, r = min(n, d)

    The second set is small-stepped, so that 99 steps for 100 cannot hide behind convergence, and has other right-hand
    sides, so that an answer remembered or computed from closed-over data shows.
    """

    X: Floats
    y: Floats
    w: Floats
    step_size: Floats
    reference: NDArray[np.float64]
    check_y: Floats
    check_step_size: Floats
    check_reference: NDArray[np.float64]
    reference_steps: NDArray[np.int64] | None
    condition: NDArray[np.float64]
    optimum: NDArray[np.float64]
    gram_root: NDArray[np.float64]


def make_problem(workload: Workload, data: tuple[Floats, Floats] | None = None) -> Problem:
    """The arrays and right answers of a workload; `data`, X (n, d) and y (n,), takes the place of generated data.

    A person's data are used as they are, no intercept is added, and are one problem: batch must be 1.
    Raises ValueError for OLS with fewer samples than features, and for data that do not fit the workload.
    """
    if workload.method == "ols" and workload.samples < workload.features:
        raise ValueError(
            f"OLS needs as many samples as features, got {workload.samples} samples and {workload.features} features"
        )
    X, y = _generate(workload) if data is None else _adopt(workload, *data)
    spectrum = reference.decompose(X, y)
    if workload.step_size is None:
        step_size = (1 / spectrum.curvature[:, 0]).astype(X.dtype)
    else:
        step_size = np.full(workload.batch, workload.step_size, X.dtype)
    # smaller by the number of steps: the descent is then still far from its end, where a step left out would not show
    check_step_size = (step_size / (workload.steps or 10)).astype(X.dtype)
    answer, stop = _answer(workload, spectrum, step_size)
    check_answer, _ = _answer(workload, spectrum, check_step_size)
    return Problem(
        X=X,
        y=y,
        w=np.zeros((workload.batch, workload.features), X.dtype),
        step_size=step_size,
        reference=answer,
        # from zero every method is odd in y: other inputs, exactly as hard, whose answer is known
        check_y=-y,
        check_step_size=check_step_size,
        check_reference=-check_answer,
        reference_steps=stop,
        condition=spectrum.condition,
        optimum=reference.least_squares(spectrum),
        gram_root=spectrum.gram_root,
    )


def arguments(workload: Workload, problem: Problem, *, check: bool = False) -> tuple[Any, ...]:
    """What a batched solver of the workload's method is called with, in order; `check` for the second inputs.

    gd: X, y, w, step_size, steps. ols: X, y. gd_tol: X, y, w, step_size, tolerance, max_steps.
    An unbatched solver takes element i of each array.
    """
    y = problem.check_y if check else problem.y
    if workload.method == "ols":
        return problem.X, y
    start = (problem.X, y, problem.w, problem.check_step_size if check else problem.step_size)
    if workload.method == "gd":
        return *start, workload.steps
    return *start, workload.tolerance, workload.max_steps


def _answer(
    workload: Workload, spectrum: reference.Spectrum, step_size: Floats
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """The float64 answer (b, d), and for gd_tol the steps to it (b,)."""
    if workload.steps is not None:
        return reference.descent(spectrum, step_size, np.asarray(workload.steps)), None
    if workload.tolerance is not None and workload.max_steps is not None:
        stop = reference.stopping_steps(spectrum, step_size, workload.tolerance, workload.max_steps)
        return reference.descent(spectrum, step_size, stop), stop
    return reference.least_squares(spectrum), None


def _generate(workload: Workload) -> tuple[Floats, Floats]:
    """X uniform in [-1, 1] and last an intercept column, y = X w + N(0, 1), w uniform in [1, 3]."""
    batch, samples, features = workload.batch, workload.samples, workload.features
    columns, weights, noise = np.random.default_rng(workload.seed).spawn(3)
    X: Floats = np.ones((batch, samples, features), workload.dtype)
    y: Floats = np.empty((batch, samples), workload.dtype)
    for piece in reference.pieces(X.shape):
        X[piece][..., :-1] = columns.uniform(-1, 1, X[piece][..., :-1].shape)
    if workload.condition is not None:
        _rescale(X, workload.condition)
    true = weights.uniform(1, 3, (batch, features, 1))
    for piece in reference.pieces(X.shape):
        fit = (X[piece].astype(np.float64) @ true[piece[0]])[..., 0]
        y[piece] = fit + noise.standard_normal(fit.shape)
    return X, y


def _rescale(X: Floats, condition: float) -> None:
    """Centre the non-intercept columns and spread their singular values, in place, so that cond(X) is `condition`.

    Orthogonal to the intercept, whose singular value is sqrt(n), theirs go down from there to sqrt(n) / condition.
    """
    _, samples, features = X.shape
    # with the intercept first, the triangle holds the columns' means in its first row and below it the centred columns
    triangle = np.concatenate([t for _, t in reference.triangles(X[..., ::-1])])[..., ::-1]
    means = triangle[:, :1, :-1] / triangle[:, :1, -1:]
    _, old, Vt = np.linalg.svd(triangle[:, 1:, :-1], full_matrices=False)
    new = math.sqrt(samples) * np.geomspace(1, 1 / condition, features)[1:]
    mix = (Vt.swapaxes(1, 2) * (new / old)[:, None, :]) @ Vt
    for piece in reference.pieces(X.shape):
        X[piece][..., :-1] = (X[piece][..., :-1].astype(np.float64) - means[piece[0]]) @ mix[piece[0]]


def _adopt(workload: Workload, X: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A person's own data as a batch of one, once they fit the workload."""
    X, y = (np.ascontiguousarray(part, workload.dtype) for part in (X, y))
    if X.shape != (workload.samples, workload.features) or y.shape != (workload.samples,):
        raise ValueError(
            f"data must be X {(workload.samples, workload.features)} and y {(workload.samples,)} as the workload says, "
            f"got X {X.shape} and y {y.shape}"
        )
    if workload.batch != 1:
        raise ValueError(f"a person's own data are one problem, got batch {workload.batch}; leave batch out")
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ValueError(f"data must be finite in {workload.dtype}, got NaN or infinity; drop or fill those rows")
    if not X.any():
        raise ValueError("data must have an X that is not all zeros, got nothing else; see how it was read")
    return X[None], y[None]
