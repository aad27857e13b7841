"""A workload: what to solve, in plain numbers that a run file can hold."""

import dataclasses
import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

METHODS = ("gd", "ols", "gd_tol")
DTYPES = ("float32", "float64")

NEEDS: dict[str, dict[str, Any]] = {
    "gd": {"steps": 100},
    "ols": {},
    "gd_tol": {"tolerance": 1e-3, "max_steps": 10_000},
}
"""What a method cannot do without, and what `make_workload` gives it."""


@dataclass(frozen=True)
class Workload:
    """`batch` problems y = X w + noise, X (samples, features); the intercept is one of the features.

    steps        of gd
    condition    cond(X), given to generated data by rescaling the singular values of the non-intercept columns
    step_size    of gd and gd_tol; None means 1/L of each problem, L the largest curvature of its loss
    tolerance    gd_tol stops where the root mean square of a step falls below it, or after max_steps
    data         the label of a person's own data, which `make_problem` is then given

    Raises ValueError for fields that do not go together. Fewer samples than features are no error here.
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
            _whole(name, getattr(self, name), least=1)
        _whole("seed", self.seed, least=0)
        self._check_steps()
        if self.condition is not None:
            self._check_condition(self.condition)

    def as_dict(self) -> dict[str, Any]:
        """A plain dictionary for JSON; `Workload(**workload.as_dict())` is the same workload."""
        return dataclasses.asdict(self)

    def _check_steps(self) -> None:
        for name in ("steps", "tolerance", "max_steps"):
            value = getattr(self, name)
            if name in NEEDS[self.method] and value is None:
                raise ValueError(f"method {self.method} needs {name}, got None; give it, or use make_workload")
            if name not in NEEDS[self.method] and value is not None:
                raise ValueError(f"method {self.method} takes no {name}, got {value}; leave it out")
        if self.method == "ols" and self.step_size is not None:
            raise ValueError(f"method ols takes no step_size, got {self.step_size}; leave it out")
        for name in ("steps", "max_steps"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), least=1)
        for name in ("tolerance", "step_size"):
            if getattr(self, name) is not None:
                _positive(name, getattr(self, name))

    def _check_condition(self, condition: float) -> None:
        _positive("condition", condition)
        if condition < 1:
            raise ValueError(f"condition must be at least 1, got {condition}")
        if self.data is not None:
            raise ValueError(f"condition is for generated data, and data is {self.data!r}; leave one of them out")
        if self.features < 2 or self.samples < self.features:
            raise ValueError(
                f"condition needs at least 2 features and as many samples, got {self.features} features and "
                f"{self.samples} samples; leave condition out"
            )


def make_workload(method: str, samples: int, features: int, **options: Any) -> Workload:
    """A Workload with what its method needs filled in: 100 steps; tolerance 1e-3 and at most 10,000 steps."""
    given = {name: value for name, value in options.items() if value is not None}
    return Workload(method, samples, features, **NEEDS.get(method, {}) | given)


def data_bytes(workload: Workload) -> int:
    """Bytes of X and y."""
    return np.dtype(workload.dtype).itemsize * workload.batch * workload.samples * (workload.features + 1)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def _whole(name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def _positive(name: str, value: object) -> None:
    if not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, got {value!r}")
