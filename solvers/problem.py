"""A workload (what to solve, in numbers) and the problem made from it (arrays and the answers that are right).

Every strategy of every backend is given the same arrays, made here once with NumPy alone and off the clock.
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers import reference

Floats = NDArray[np.floating[Any]]

METHODS = ("gd", "ols", "gd_tol")
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Workload:
    """What is solved: `batch` problems of y = X w + noise, X (samples, features), the intercept being a feature.

    step_size    None means 1/L, L the largest curvature of the loss, of each problem by itself
    condition    cond(X), given to generated data by rescaling the singular values of the non-intercept columns
    tolerance    gd_tol stops when the root mean square of a step falls below it, or after max_steps
    data         the label of a person's own data, which `make_problem` is then given

    Raises ValueError for fields that do not go together; `make_workload` fills in what a method needs.
    """

    method: str
    samples: int
    features: int
    _: KW_ONLY
    batch: int = 1
    steps: int | None = None
    dtype: str = "float32"
    condition: float | None = None
    seed: int = 0
    step_size: float | None = None
    tolerance: float | None = None
    max_steps: int | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("dtype", self.dtype, DTYPES)
        for name in ("samples", "features", "batch"):
            _whole(name, getattr(self, name), 1)
        _whole("seed", self.seed, 0)
        needs = {"gd": {"steps"}, "ols": set(), "gd_tol": {"tolerance", "max_steps"}}[self.method]
        for name in ("steps", "tolerance", "max_steps"):
            value = getattr(self, name)
            if name not in needs and value is not None:
                raise ValueError(f"{name} means nothing to method {self.method}, got {value}; leave it out")
            if name in needs and value is None:
                raise ValueError(f"method {self.method} needs {name}, got None; give it, or use make_workload")
            if name in needs and name != "tolerance":
                _whole(name, value, 1)
        _above("tolerance", self.tolerance, 0.0)
        _above("step_size", self.step_size, 0.0)
        if self.method == "ols" and self.step_size is not None:
            raise ValueError(f"step_size means nothing to method ols, got {self.step_size}; leave it out")
        if self.condition is not None:
            if not (math.isfinite(self.condition) and self.condition >= 1):
                raise ValueError(f"condition must be finite and at least 1, got {self.condition}")
            if self.data is not None:
                raise ValueError("condition is for generated data, and data was given as well; leave one out")
            if self.features < 2 or self.samples < self.features:
                raise ValueError(
                    f"condition needs 2 features and as many samples as features, got {self.samples} samples and "
                    f"{self.features} features; leave condition out"
                )

    def as_dict(self) -> dict[str, Any]:
        """A plain dictionary for JSON; `Workload(**workload.as_dict())` is the same workload."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, eq=False)
class Problem:
    """The arrays of a workload, C-contiguous and of its dtype, and in float64 the answers that are right.

    X (b, n, d), y (b, n), w (b, d) the start, step_size (b,)      the inputs that are timed
    reference (b, d)                                               their answer
    check_y (b, n), check_step_size (b,)                           a second set of inputs, never timed
    check_reference (b, d)                                         its answer, with X and w as they are
    reference_steps (b,)                                           gd_tol: steps to the stop on the timed inputs
    condition (b,)                                                 cond(X), of the data as rounded to the dtype

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


def make_workload(method: str, samples: int, features: int, **options: Any) -> Workload:
    """A Workload with what its method needs filled in: 100 steps; tolerance 1e-3 and at most 10,000 steps."""
    defaults: dict[str, dict[str, Any]] = {"gd": {"steps": 100}, "gd_tol": {"tolerance": 1e-3, "max_steps": 10_000}}
    given = {name: value for name, value in options.items() if value is not None}
    return Workload(method, samples, features, **(defaults.get(method, {}) | given))


def data_bytes(workload: Workload) -> int:
    """Bytes of X and y."""
    return np.dtype(workload.dtype).itemsize * workload.batch * workload.samples * (workload.features + 1)


def make_problem(workload: Workload, data: tuple[Floats, Floats] | None = None) -> Problem:
    """The arrays and right answers of a workload; from `data`, X (n, d) and y (n,), where a person gives their own.

    A person's data are used as they are (no intercept is added), and are one problem: batch must be 1.
    Raises ValueError for OLS with fewer samples than features, and for data that do not fit the workload.
    """
    if workload.method == "ols" and workload.samples < workload.features:
        raise ValueError(
            f"OLS needs as many samples as features, got {workload.samples} samples and {workload.features} features"
        )
    X, y = _generate(workload) if data is None else _adopt(workload, *data)
    spectrum = reference.decompose(X, y)
    dtype = X.dtype
    if workload.step_size is None:
        step_size = (1 / spectrum.curvature[:, 0]).astype(dtype)
    else:
        step_size = np.full(workload.batch, workload.step_size, dtype)
    check_step_size = (step_size / (workload.steps or 10)).astype(dtype)
    stops: list[NDArray[np.int64] | None] = [None, None]
    if workload.method == "ols":
        answer = check_answer = reference.least_squares(spectrum)
    else:
        both = (step_size, check_step_size)
        if workload.tolerance is not None and workload.max_steps is not None:
            stops = [reference.stopping_steps(spectrum, s, workload.tolerance, workload.max_steps) for s in both]
        answer, check_answer = (
            reference.descent(spectrum, s, np.asarray(workload.steps if stop is None else stop))
            for s, stop in zip(both, stops, strict=True)
        )
    return Problem(
        X=X,
        y=y,
        w=np.zeros((workload.batch, workload.features), dtype),
        step_size=step_size,
        reference=answer,
        # every method is odd in y when it starts from zero, so this is as hard as y and its answer is known
        check_y=-y,
        check_step_size=check_step_size,
        check_reference=-check_answer,
        reference_steps=stops[0],
        condition=spectrum.condition,
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
    return X[None], y[None]


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def _above(name: str, value: float | None, bound: float) -> None:
    if value is not None and not (math.isfinite(value) and value > bound):
        raise ValueError(f"{name} must be finite and above {bound:g}, got {value}")
