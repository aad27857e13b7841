"""How time grows along an axis: the exponent between neighbouring sizes, and over a whole ray where it is straight."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from results.models import Answer, Data, Ray, measured, not_in_range, quantile, rays, time_error
from results.statistics import FloatArray
from results.titles import Record

FLAT, PROPORTIONAL = 0.25, 0.75
"""An exponent surely below the one: the axis hardly costs anything; surely above the other: the work itself counts."""

_MISFIT = 0.01


@dataclass(frozen=True)
class Scaling:
    """Time against one axis for one competitor: the exponents at both ends, and of the whole where it is straight."""

    ray: Ray
    name: str
    small: Answer
    large: Answer
    whole: Answer
    regime: str


def scalings(data: Data, axis: str) -> list[Scaling]:
    """The exponents along an axis of every competitor measured at two places or more."""
    found = []
    for ray in rays(measured(data), axis):
        for name, rows in ray.rows.items():
            sizes = [row[axis] for row in rows]
            times = [row["time_s"] for row in rows]
            errors = [time_error(row) for row in rows]
            blocks = [row["blocks"] for row in rows]
            large = slope(sizes[-2:], times[-2:], errors[-2:], blocks[-2:])
            small = slope(sizes[:2], times[:2], errors[:2], blocks[:2])
            found.append(Scaling(ray, name, small, large, slope(sizes, times, errors, blocks), regime(large)))
    return found


def slope(sizes: Sequence[float], times: Sequence[float], errors: Sequence[float], blocks: Sequence[int]) -> Answer:
    """The exponent of time in size with its 95% interval: weighted least squares of log time on log size.

    Not in range where the points are no straight line beyond their errors (chi-squared of the residuals): one exponent
    would hide the bend. `errors` are standard errors of the log times.
    """
    x, y, error = np.log(sizes), np.log(times), np.asarray(errors, dtype=np.float64)
    if np.isnan(error).any():
        return not_in_range("an interval takes two blocks or more")
    weight = 1 / np.maximum(error, 1e-9) ** 2
    centre = float((weight * x).sum() / weight.sum())
    spread = float((weight * (x - centre) ** 2).sum())
    value = float((weight * (x - centre) * y).sum() / spread)
    level = float((weight * y).sum() / weight.sum())
    misfit = float((weight * (y - level - value * (x - centre)) ** 2).sum())
    freedom = len(x) - 2
    if freedom > 0 and special.fdtrc(freedom, _freedom(blocks) * len(x), misfit / freedom) < _MISFIT:
        return not_in_range("no single exponent: the line bends")
    half_width = quantile(_welch(weight * (x - centre) / spread, error, blocks)) / math.sqrt(spread)
    return Answer(value, value - half_width, value + half_width)


def regime(exponent: Answer) -> str:
    """What an exponent says about where the time goes."""
    if exponent.low is None or exponent.high is None:
        return "not known"
    if exponent.high < FLAT:
        return "overhead"
    return "work" if exponent.low > PROPORTIONAL else "between"


def _freedom(blocks: Sequence[int]) -> int:
    return max(min(blocks) - 1, 1)


def _welch(share: FloatArray, error: FloatArray, blocks: Sequence[int]) -> float:
    """Degrees of freedom of a sum of estimates (Satterthwaite, Biometrics Bulletin 2, 1946)."""
    variances = (share * np.maximum(error, 1e-9)) ** 2
    return float(variances.sum() ** 2 / (variances**2 / np.maximum(np.asarray(blocks) - 1.0, 1.0)).sum())


def rows_of(scaling: Scaling) -> Sequence[Record]:
    """The rows that an exponent rests on."""
    return scaling.ray.rows[scaling.name]
