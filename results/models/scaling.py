"""How time grows along an axis: the exponent between neighbouring sizes, and over a whole ray where it is straight."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from .rays import Answer, Data, Ray, error_of_time, half_width, measured, not_in_range, rays

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
    return [_scaling(ray, name) for ray in rays(measured(data), axis) for name in ray.rows]


def slope(sizes: Sequence[float], times: Sequence[float], errors: Sequence[float], blocks: Sequence[int]) -> Answer:
    """The exponent of time in size with its 95% interval: least squares of log time on log size.

    Not in range where the points are no straight line beyond their errors (chi-squared of the residuals): one exponent
    would hide the bend. `errors` are standard errors of the log times; without one there is no interval.
    """
    x, y = [math.log(size) for size in sizes], [math.log(time) for time in times]
    # no weights: from ten blocks they are so uncertain that intervals would hold the truth 91 times in 100, not 95
    centre, level = (sum(values) / len(values) for values in (x, y))
    spread = sum((a - centre) ** 2 for a in x)
    arm = [(a - centre) / spread for a in x]
    value = sum(map(operator.mul, arm, y))
    if any(map(math.isnan, errors)):
        return Answer(value, blocks=min(blocks))
    variance = [max(error, 1e-9) ** 2 for error in errors]
    freedom = len(x) - 2
    if freedom > 0:
        off = (b - level - value * (a - centre) for a, b in zip(x, y, strict=True))
        misfit = sum(residual**2 / spread for residual, spread in zip(off, variance, strict=True))
        if special.fdtrc(freedom, max(min(blocks) - 1, 1) * len(x), misfit / freedom) < _MISFIT:
            return not_in_range("no single exponent: the line bends")
    off_by = half_width([weight * math.sqrt(spread) for weight, spread in zip(arm, variance, strict=True)], blocks)
    return Answer(value, value - off_by, value + off_by, blocks=min(blocks))


def _scaling(ray: Ray, name: str) -> Scaling:
    points = [(row[ray.axis], row["time_s"], error_of_time(row), row["blocks"]) for row in ray.rows[name]]
    small, large, whole = (slope(*zip(*part, strict=True)) for part in (points[:2], points[-2:], points))
    return Scaling(ray, name, small, large, whole, regime(large))


def regime(exponent: Answer) -> str:
    """What an exponent says about where the time goes."""
    if exponent.low is None or exponent.high is None:
        return "not known"
    if exponent.high < FLAT:
        return "overhead"
    return "work" if exponent.low > PROPORTIONAL else "between"
