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

from results.grouping import Key, grouped
from results.models import Answer, Data, competitor, measured, not_in_range, quantile
from results.rows import CONTEST_KEYS
from results.statistics import FloatArray
from results.titles import Record

CALL, OVERHEAD, ARITHMETIC = "call", "steps' overhead", "arithmetic"
FIXED = "call and steps' overhead"
"""Where only one number of steps was measured, those two are one."""

DOMINATES = 0.5
_TELLING = 0.1  # a part that is never more of the time than this cannot be told from nothing
_HUBER = 1.345
_FAR = 5.0  # standard deviations
_VAGUE = 10.0  # an interval whose ends differ by more says nothing


@dataclass(frozen=True)
class Fitted:
    """One measured size: what the model says, how far it is off (measured / model - 1), and what dominates there."""

    row: Record
    model_s: float
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
    models = []
    single = (row for row in measured(data) if row["method"] == "gd" and row["batch"] == 1)
    for fixed, alike in grouped(single, _WITHIN).items():
        by_name: dict[str, list[Record]] = {}
        for row in alike:
            by_name.setdefault(competitor(row), []).append(row)
        models += [_model(fixed, name, rows) for name, rows in by_name.items()]
    return [model for model in models if model is not None]


def fit(terms: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positive costs of the terms (m, k), the half-widths of their logs, and the log residuals (m,).

    Needs m > k. Up to a quarter of the sizes, those further off than five standard deviations, are left out of a second
    fit: a size that overflows a cache tells nothing of the others, and even Huber's weights let it pull. Half-widths
    are 95% t intervals from Huber's covariance of an M-estimate, with his small-sample factor (Huber and Ronchetti,
    Robust Statistics, 2009, section 7.6); they hold 95 times in 100 where the model does, and about 87 where 3 of 36
    sizes are off by half, since one of those may be what pins a cost down.
    """
    costs, half_widths, residuals = _huber(terms, times)
    scale = _scale(residuals, terms.shape[1])
    kept = np.abs(residuals) <= _FAR * scale
    if not kept.all() and kept.sum() > max(0.75 * len(times) - 1e-9, terms.shape[1] + 1):
        costs, half_widths, _ = _huber(terms[kept], times[kept])
        residuals = np.log(times) - np.log(terms @ costs)
    return costs, half_widths, residuals


def _huber(terms: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
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
    return np.asarray(np.exp(logs) / size), np.asarray(half_width), -residual


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
        columns = {FIXED: np.ones_like(steps), ARITHMETIC: work}
    if len(set(work / steps)) == 1 or len(rows) <= len(columns):
        return None
    times = np.array([row["time_s"] for row in rows], dtype=np.float64)
    terms = np.column_stack(list(columns.values()))
    costs, half_widths, residuals = fit(terms, times)
    shares = terms * costs
    shares /= shares.sum(axis=1, keepdims=True)
    answers = zip(columns, costs, half_widths, shares.max(axis=0), strict=True)
    parts = {part: _answer(cost, half_width, most) for part, cost, half_width, most in answers}
    sizes = [
        _fitted(row, float(off), dict(zip(columns, map(float, share), strict=True)))
        for row, off, share in zip(rows, residuals, shares, strict=True)
    ]
    return CostModel(fixed, name, parts, tuple(sizes), float(np.median(np.abs(np.expm1(residuals)))))


def _answer(cost: Any, half_width: Any, most: Any) -> Answer:
    if most < _TELLING:
        return not_in_range(f"never more than {_TELLING:.0%} of the time")
    if 2 * half_width > math.log(_VAGUE):
        return not_in_range("the sizes measured do not pin it down")
    return Answer(float(cost), float(cost * np.exp(-half_width)), float(cost * np.exp(half_width)))


def _fitted(row: Record, off: float, shares: dict[str, float]) -> Fitted:
    largest = max(shares, key=shares.__getitem__)
    regime = largest if shares[largest] > DOMINATES else "mixed"
    return Fitted(row, row["time_s"] / math.exp(off), math.expm1(off), shares, regime)
