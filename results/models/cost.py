"""Where the time of gradient descent goes: t = call + steps x (overhead + c n d), fitted case by case.

Fitted to log times, so that a microsecond counts as much as a second, and robustly (Huber, Ann. Math. Stat. 35, 1964),
so that a size at which a cache overflows does not bend all others. Batch 1 alone: what batches cost is throughput.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from ..fields import CONTEST_KEYS
from ..formats.unjudged import rests_on
from ..stats.intervals import BoolArray, FloatArray, quantile
from ..words.names import Key, Record, grouped
from .rays import Answer, Data, by_competitor, measured, not_in_range, through_data

CALL, OVERHEAD, ARITHMETIC = "call", "steps' overhead", "arithmetic"
CALL_AND_OVERHEAD = "call and steps' overhead"
"""Where only one number of steps was measured, those two are one."""

DOMINATES = 0.5
_TELLING = 0.1  # a part that is never more of the time than this cannot be told from nothing
_HUBER = 1.345
_FAR = 4.0  # standard deviations
_FITS = 3
_VAGUE = 10.0  # an interval whose ends differ by more says nothing


@dataclass(frozen=True)
class Fitted:
    """One measured size: what the model says, how far it is off (measured / model - 1), and what dominates there."""

    row: Record
    residual: float
    shares: dict[str, float]
    regime: str


@dataclass(frozen=True)
class CostModel:
    """Seconds a call, a step, and an element of X a step; `parts` by name, each with interval."""

    fixed: Key
    name: str
    parts: dict[str, Answer]
    sizes: tuple[Fitted, ...]
    typical_residual: float

    @property
    def worst_residual(self) -> float:
        """The largest, as a fraction."""
        return max((abs(size.residual) for size in self.sizes), default=math.nan)


_WITHIN = tuple(key for key in CONTEST_KEYS if key not in ("samples", "features", "steps"))


def cost_models(data: Data) -> list[CostModel]:
    """The cost model of every competitor of gradient descent that was measured at enough sizes."""
    single = (row for row in through_data(measured(data)) if row["method"] == "gd" and row["batch"] == 1)
    models = [
        _model(fixed, name, rows)
        for fixed, alike in grouped(single, _WITHIN).items()
        for name, rows in by_competitor(alike).items()
    ]
    return [model for model in models if model is not None]


def fit(terms: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positive costs of the terms (m, k), the half-widths of their logs, and the log residuals (m,).

    Needs m > k. Up to a quarter of the sizes, those further off than four standard deviations, are left out of further
    fits: a size that overflows a cache tells nothing of the others, and even Huber's weights let it pull. Residuals are
    measured by what the fit leaves of them (studentized: Belsley, Kuh and Welsch, Regression Diagnostics, 1980), since
    a size that pins a cost down hides its own error. Half-widths are 95% t intervals from Huber's covariance of an
    M-estimate, with his small-sample factor (Huber and Ronchetti, Robust Statistics, 2009, section 7.6). How often they
    hold the truth, with sizes off and without: tests/studies/coverage.py.
    """
    least = max(0.75 * len(times), terms.shape[1] + 2)
    kept = np.ones(len(times), dtype=np.bool_)
    for _ in range(_FITS):
        costs, half_widths = _huber(terms[kept], times[kept])
        residuals = np.log(times) - np.log(terms @ costs)
        near = _studentized(terms * costs, residuals, kept) <= _FAR
        if (near == kept).all() or near.sum() < least:
            break
        kept = near
    return costs, half_widths, residuals


def _studentized(parts: FloatArray, residuals: FloatArray, kept: BoolArray) -> FloatArray:
    """Residuals (m,) in standard deviations of their own; `parts` (m, k) of the times, `kept` (m,) those fitted to."""
    jacobian = parts / parts.sum(axis=1, keepdims=True)
    inverse = np.linalg.pinv(jacobian[kept].T @ jacobian[kept])
    leverage = np.einsum("ij,jk,ik->i", jacobian, inverse, jacobian)
    variance = np.where(kept, 1 - np.minimum(leverage, 0.99), 1 + leverage)
    scale = max(_scale(residuals[kept], parts.shape[1]), 1e-9)
    far: FloatArray = np.abs(residuals) / np.sqrt(variance) / scale
    return far


def _huber(terms: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = terms.max(axis=0)
    scaled = terms / size
    start, _ = optimize.nnls(scaled / times[:, np.newaxis], np.ones_like(times))
    floor = 1e-4 * float(times.min())
    logs = np.log(np.maximum(start, floor))
    spread = 1.0

    def misfit(values: FloatArray) -> FloatArray:
        return np.asarray(np.log(scaled @ np.exp(values)) - np.log(times))

    for _ in range(4):  # the scale of the residuals and the fit settle together
        bounds = (np.log(floor) - 9.0, np.log(times.max()) + 2.0)
        logs = optimize.least_squares(
            misfit, np.clip(logs, bounds[0] + 1e-6, bounds[1] - 1e-6), loss="huber", f_scale=spread, bounds=bounds
        ).x
        residual = misfit(logs)
        spread = _HUBER * max(_scale(residual, len(logs)), 1e-6)
    inside = np.abs(residual) < spread
    count, unknowns = terms.shape
    shares = scaled * np.exp(logs)
    jacobian = shares / shares.sum(axis=1, keepdims=True)
    share_inside = max(float(inside.mean()), 0.5)
    factor = 1 + unknowns / count * (1 - share_inside) / share_inside
    clipped = np.clip(residual, -spread, spread)
    variance = factor**2 * float((clipped**2).sum()) / (count - unknowns) / share_inside**2
    covariance = variance * np.linalg.pinv(jacobian.T @ jacobian)
    half_width = quantile(count - unknowns) * np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return np.asarray(np.exp(logs) / size), np.asarray(half_width)


def _scale(residual: FloatArray, unknowns: int) -> float:
    """Median absolute residual as a standard deviation, of as many as carry information."""
    largest = np.sort(np.abs(residual))[unknowns:]
    return float(np.median(largest)) / 0.6745 if largest.size else 0.0


def _model(fixed: Key, name: str, rows: Sequence[Record]) -> CostModel | None:
    rows = sorted(rows, key=lambda row: (row["steps"], row["samples"] * row["features"]))
    steps = np.array([row["steps"] for row in rows], dtype=np.float64)
    work = steps * np.array([row["samples"] * row["features"] for row in rows], dtype=np.float64)
    columns = {CALL: np.ones_like(steps), OVERHEAD: steps, ARITHMETIC: work}
    if len(set(steps)) == 1:
        columns = {CALL_AND_OVERHEAD: np.ones_like(steps), ARITHMETIC: work}
    if len(set(work / steps)) == 1 or len(rows) <= len(columns):
        return None
    times = np.array([row["time_s"] for row in rows], dtype=np.float64)
    terms = np.column_stack(list(columns.values()))
    costs, half_widths, residuals = fit(terms, times)
    shares = terms * costs
    shares /= shares.sum(axis=1, keepdims=True)
    answers = zip(columns, costs, half_widths, shares.max(axis=0), strict=True)
    blocks = min((known for row in rows if (known := rests_on(row)) is not None), default=None)
    parts = {part: _answer(cost, half_width, most, blocks) for part, cost, half_width, most in answers}
    sizes = []
    for row, off, of_size in zip(rows, residuals, shares, strict=True):
        by_part = dict(zip(columns, map(float, of_size), strict=True))
        largest = max(by_part, key=by_part.__getitem__)
        regime = largest if by_part[largest] > DOMINATES else "mixed"
        sizes.append(Fitted(row, math.expm1(off), by_part, regime))
    return CostModel(fixed, name, parts, tuple(sizes), float(np.median(np.abs(np.expm1(residuals)))))


def _answer(cost: Any, half_width: Any, most: Any, blocks: int | None) -> Answer:
    if most < _TELLING:
        return not_in_range(f"never more than {_TELLING:.0%} of the time")
    if 2 * half_width > math.log(_VAGUE):
        return not_in_range("the sizes measured do not pin it down")
    return Answer(float(cost), float(cost * np.exp(-half_width)), float(cost * np.exp(half_width)), blocks=blocks)
