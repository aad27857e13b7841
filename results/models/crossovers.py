"""Where one way overtakes another along an axis, and from which batch on throughput no longer grows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ..formats.unjudged import rests_on
from ..stats.intervals import FloatArray, quantile
from ..words.names import Record
from .rays import Answer, Data, Ray, error_of_time, log_ratio, measured, not_in_range, rays

SATURATED = 0.9
"""A batch is large enough when it has this share of the best throughput measured."""

Leaders = dict[int, set[str]]
"""By size, the names of those that lead there."""

_BETWEEN = np.linspace(0.0, 1.0, 200)  # of the way from one measured size to the next, on the log scale
_STILL_RISING = 0.9  # time grows with batch to less than this power


@dataclass(frozen=True)
class Crossing:
    """A change of sign of a log ratio: below `at` the ratio has the sign `before`."""

    before: int
    at: Answer


@dataclass(frozen=True)
class Crossover:
    """On one ray: below `at` the one is faster, above it the other.

    `leads` where the overall lead changes hands, `leads_data` where that of those does whose steps go through the data.
    """

    ray: Ray
    below: str
    above: str
    at: Answer
    leads: bool
    leads_data: bool


@dataclass(frozen=True)
class Saturation:
    """Problems per second against batch, of one competitor."""

    ray: Ray
    name: str
    best_per_s: Answer
    best_batch: int
    saturation_batch: Answer
    bytes_per_problem: float | None


def crossings(
    x: npt.ArrayLike, ratio: npt.ArrayLike, error: npt.ArrayLike, scale: npt.ArrayLike, freedom: float
) -> list[Crossing]:
    """Where log ratios, measured at sizes x with these standard errors, change their sign for sure.

    `scale` is the time that the ratio is over, so that the difference of the times can be interpolated too. Between
    two sizes nothing was measured, and times there are anything from a straight line (call cost plus work) to a power
    law; both are followed, and the interval holds every size at which either cannot be told from 0 (Fieller, J. R.
    Stat. Soc. B 16, 1954). The value is that of the straight line.
    """
    sizes, values, errors, times = (np.asarray(part, dtype=np.float64) for part in (x, ratio, error, scale))
    if len(sizes) < 2 or np.isnan(errors).any():
        return []
    grid, by_power, by_line = _interpolated(sizes, values, errors, times)
    bound = quantile(freedom)
    low, high = np.minimum(by_power, by_line), np.maximum(by_power, by_line)
    sure = np.where(low > bound, 1, np.where(high < -bound, -1, 0))
    certain = np.flatnonzero(sure)
    crossed = []
    for change in np.flatnonzero(np.diff(sure[certain])):
        first, last = certain[change], certain[change + 1]
        before = int(sure[first])
        root = int(first + np.argmax(by_line[first : last + 1] * before <= 0))
        at, start, end = (float(grid[place]) for place in (root, first, last))
        crossed.append(Crossing(before, Answer(at, start, end, blocks=round(freedom) + 1)))
    return crossed


def crossovers(data: Data, axis: str) -> list[Crossover]:
    """Every sure change of order along an axis: between strategies at their best, those of the lead first, then cases.

    Only strategies at their best can lead: a case that overtakes another may be behind a variant of that one.
    """
    rows = measured(data)
    changes, told = [], set()
    for ray in rays(rows, axis, best=True):
        leaders = _leaders(ray, "winner_verdict"), _leaders(ray, "data_winner_verdict")
        for one, other in combinations(ray.rows, 2):
            changes += _between(ray, one, other, leaders)
            told.add((ray.fixed, frozenset((one, other))))
    changes.sort(key=lambda crossover: (not crossover.leads, not crossover.leads_data))
    for ray in rays(rows, axis):
        for one, other in combinations(ray.rows, 2):
            # a strategy whose best is one case everywhere was seen already
            if (ray.fixed, frozenset((one, other))) not in told:
                changes += _between(ray, one, other, ({}, {}))
    return changes


def saturations(data: Data) -> list[Saturation]:
    """Throughput along the batch, for every competitor measured at three batches or more."""
    return [saturation for ray in rays(measured(data), "batch", least=3) for saturation in saturations_of(ray)]


def saturations_of(ray: Ray) -> list[Saturation]:
    """The same for one ray along the batch."""
    return [_saturation(ray, name) for name, rows in ray.rows.items() if len(rows) >= 3]


def _between(ray: Ray, one: str, other: str, leaders: tuple[Leaders, Leaders]) -> list[Crossover]:
    pairs = _pairs(ray, one, other)
    ratios = [log_ratio(a, b) for a, b in pairs]
    # most pairs never change places, and are done with here
    if len(pairs) < 2 or len(set(map(_sure_sign, pairs, ratios)) - {0}) < 2:
        return []
    freedom = min(min(a["blocks"], b["blocks"]) for a, b in pairs) - 1
    changes = crossings(
        [a[ray.axis] for a, _ in pairs],
        [value for value, _ in ratios],
        [error for _, error in ratios],
        [b["time_s"] for _, b in pairs],
        freedom,
    )
    crossed = []
    for crossing in changes:
        below, above = (other, one) if crossing.before > 0 else (one, other)
        at = _of_best(ray, (one, other), crossing.at)
        leads, leads_data = (
            below in _near(of, crossing.at, above=False) and above in _near(of, crossing.at, above=True)
            for of in leaders
        )
        crossed.append(Crossover(ray, below, above, at, leads, leads_data))
    return crossed


def _interpolated(
    x: FloatArray, ratio: FloatArray, error: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sizes, and there the ratio over its standard error: by a power law, and by straight lines in the times."""
    logs = np.log(x)[:, np.newaxis]
    at = np.exp(logs[:-1] + _BETWEEN * np.diff(logs, axis=0))
    share = (at - x[:-1, np.newaxis]) / np.diff(x)[:, np.newaxis]
    difference = scale * np.expm1(ratio)
    spread = scale * np.exp(ratio) * error
    return at.ravel(), _over_error(_BETWEEN, ratio, error), _over_error(share, difference, spread)


def _over_error(share: FloatArray, value: FloatArray, error: FloatArray) -> FloatArray:
    """(sizes,) -> (points,): at these shares of the way from each size to the next."""
    value, error = value[:, np.newaxis], error[:, np.newaxis]
    middle = (1 - share) * value[:-1] + share * value[1:]
    spread = np.hypot((1 - share) * error[:-1], share * error[1:])
    over: FloatArray = middle / np.maximum(spread, 1e-12 * np.abs(middle).max() + 1e-300)
    return over.ravel()


def _pairs(ray: Ray, one: str, other: str) -> list[tuple[Record, Record]]:
    by_size = {row[ray.axis]: row for row in ray.rows[other]}
    return [(row, by_size[row[ray.axis]]) for row in ray.rows[one] if row[ray.axis] in by_size]


def _sure_sign(pair: tuple[Record, Record], ratio: tuple[float, float]) -> int:
    """1 where the first is surely the slower, -1 where it is surely the faster; `ratio` is their `log_ratio`."""
    value, error = ratio
    bound = quantile(min(row["blocks"] for row in pair) - 1) * error
    return 0 if math.isnan(bound) or abs(value) <= bound else int(math.copysign(1, value))


def _leaders(ray: Ray, verdict: str) -> Leaders:
    """By size, the fastest and whoever cannot be told from it, as the column `verdict` has it."""
    leaders: Leaders = {}
    for name, rows in ray.rows.items():
        for row in rows:
            if row.get(verdict) in ("winner", "same", "inconclusive"):
                leaders.setdefault(row[ray.axis], set()).add(name)
    return leaders


def _of_best(ray: Ray, names: tuple[str, str], at: Answer) -> Answer:
    """Where the best variant of either changes across the interval, that is as wide as the sizes measured around it.

    What lies between two variants is neither a straight line nor a power law.
    """
    pairs = _pairs(ray, *names)
    sizes = [one[ray.axis] for one, _ in pairs]
    low = max(size for size in sizes if size <= (at.low or 0.0) * (1 + 1e-9))
    high = min(size for size in sizes if size >= (at.high or 0.0) * (1 - 1e-9))
    variants = {(a["variant"], b["variant"]) for a, b in pairs if low <= a[ray.axis] <= high}
    return at if len(variants) == 1 else Answer(at.value, float(low), float(high))


def _near(leaders: Leaders, at: Answer, *, above: bool) -> set[str]:
    """Who leads at the measured size next to an interval."""
    if above:
        size = min((size for size in leaders if size >= (at.high or 0.0) * (1 - 1e-9)), default=0)
    else:
        size = max((size for size in leaders if size <= (at.low or 0.0) * (1 + 1e-9)), default=0)
    return leaders.get(size, set())


def _saturation(ray: Ray, name: str) -> Saturation:
    rows = ray.rows[name]
    per_problem = [row["time_per_problem_s"] for row in rows]
    errors = [error_of_time(row) for row in rows]
    best = int(np.argmin(per_problem))
    half_width = math.exp(quantile(rows[best]["blocks"] - 1) * errors[best]) if not math.isnan(errors[best]) else None
    fastest = 1 / per_problem[best]
    low, high = half_width and fastest / half_width, half_width and fastest * half_width
    throughput = Answer(fastest, low, high, blocks=rests_on(rows[best]))
    return Saturation(ray, name, throughput, rows[best]["batch"], _saturated_from(rows, best), _bytes(rows))


def _saturated_from(rows: Sequence[Record], best: int) -> Answer:
    """The batch from which on throughput is 90% of the best; only where the best is not still to come."""
    batches = np.array([row["batch"] for row in rows], dtype=np.float64)
    times = np.array([row["time_s"] for row in rows], dtype=np.float64)
    errors = np.array([error_of_time(row) for row in rows])
    if best == len(rows) - 1:
        exponent = math.log(times[-1] / times[-2]) / math.log(batches[-1] / batches[-2])
        if exponent < _STILL_RISING:
            return not_in_range(f"throughput still rises at the largest batch, {int(batches[-1]):,}")
    enough = batches * (times[best] / batches[best]) / SATURATED  # the time that a batch may take
    ratio = np.log(times / enough)
    spread = np.where(np.arange(len(rows)) == best, 0.0, np.hypot(errors, errors[best]))
    freedom = min(row["blocks"] for row in rows) - 1
    if ratio[0] <= 0:
        return not_in_range(f"the smallest batch, {int(batches[0]):,}, has {SATURATED:.0%} of the best already")
    falling = [c for c in crossings(batches, ratio, spread, enough, freedom) if c.before > 0]
    return falling[0].at if falling else not_in_range("it is not sure where throughput stops rising")


def _bytes(rows: Sequence[Any]) -> float | None:
    """Memory a problem: growth of a worker's memory from the smallest batch to the largest."""
    known = [(row["batch"], row["rss_growth_bytes"]) for row in rows if row["rss_growth_bytes"] is not None]
    if len(known) < 2:
        return None
    (small, before), (large, after) = known[0], known[-1]
    grown = (after - before) / (large - small)
    return float(grown) if grown > 0 else None
