"""Where a device waits for its launches: cases whose time would hardly be less with no work in them at all."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.rays import Answer
from ...runfile.records import Case
from ...stats.intervals import quantile, t_interval
from .sides import FLOW, STEADY, Side, Spent

LAUNCH_BOUND, WORK_BOUND, UNSURE = "launch-bound", "work-bound", "not sure"
HALF = 0.5
"""Launch-bound from this share of the time on: that of launches, waits and whatever else is no work."""


@dataclass(frozen=True)
class Regime:
    """What bounds a case; `launches` is the share of its time that is no work, where that was found, and `why` how."""

    name: str
    launches: Answer
    why: str


def regimes(side: Side) -> dict[Case, Regime]:
    """Every case of an accelerator; none of a CPU, where a step has an overhead but no launch."""
    if side.device == "cpu":
        return {}
    lines: dict[object, dict[int, Spent]] = {}
    for spent in side.spent.values():
        for axis in _axes(spent):
            lines.setdefault(_but(spent, axis), {})[_place(spent, axis)] = spent
    return {case: regime_of(spent, _shares(spent, lines)) for case, spent in side.spent.items()}


def regime_of(spent: Spent, shares: Sequence[tuple[str, Answer]] = ()) -> Regime:
    """The rule: a case is launch-bound when over half of its time is surely no work, by any one of three signs.

    1. Its time does not grow with the work. Through it and its neighbour along an axis goes the straight line
       time = launches + work, and `shares` are the launches' shares of its time, by axis (`launch_share`).
    2. The profiler saw the device at work for less than half of the time (device_busy_s).
    3. Several calls enqueued and waited for once take less than half as long, each, as one alone (throughput_s).
       Only for the better: calls that do not overlap may be launches one after another.

    Work-bound is what surely has the smaller share by the first sign on every axis, or by the second. Launches are
    what a kernel costs whatever it does: its launch, the gaps around it, and a device too empty to be busy.
    """
    axis, share = max(shares, key=lambda along: along[1].low or 0.0, default=("", Answer(None)))
    if share.low is not None and share.low > HALF:
        return Regime(LAUNCH_BOUND, share, f"its time hardly grows with {axis}")
    time_s = _mean_s(spent, STEADY)
    if spent.busy_s is not None and spent.busy_s < HALF * time_s:
        return Regime(LAUNCH_BOUND, Answer(1 - spent.busy_s / time_s), "the device is idle for over half of the time")
    if _mean_s(spent, FLOW) < HALF * time_s:
        share = Answer(1 - _mean_s(spent, FLOW) / time_s)
        return Regime(LAUNCH_BOUND, share, "calls that are enqueued take less than half as long")
    known = [along for along in shares if along[1].high is not None]
    axis, share = max(known, key=lambda along: along[1].high or 0.0, default=("", Answer(None)))
    if share.high is not None and share.high < HALF:
        return Regime(WORK_BOUND, share, f"its time grows with {axis}")
    if spent.busy_s is not None:
        return Regime(WORK_BOUND, Answer(max(1 - spent.busy_s / time_s, 0.0)), "the device is busy most of the time")
    return Regime(UNSURE, Answer(None), "nothing that was measured tells")


def launch_share(x: float, other_x: float, log_growth: float, error: float, blocks: int) -> Answer:
    """The share of the time at x that is left at no work, by the straight line through the times at x and other_x.

    `log_growth` is log(time at other_x / time at x) with its standard error. With k = other_x / x and r the growth,
    launches / time = (k - r) / (k - 1), between 0 and 1; the interval is that of r.
    """
    k = other_x / x

    def share(log_r: float) -> float:
        return min(max((k - math.exp(log_r)) / (k - 1), 0.0), 1.0)

    half_width = quantile(blocks - 1) * error
    if math.isnan(half_width):
        return Answer(share(log_growth))
    ends = share(log_growth - half_width), share(log_growth + half_width)
    return Answer(share(log_growth), min(ends), max(ends))


def _axes(spent: Spent) -> Iterator[str]:
    """Those along which the work grows in proportion, and launches do not: more steps, or a loop over problems, are
    more launches, and a closed form costs more than in proportion to its features."""
    yield "samples"
    if spent.batched:
        yield "batch"
    if spent.workload["method"] == "gd":
        yield "features"


def _shares(spent: Spent, lines: Mapping[object, Mapping[int, Spent]]) -> list[tuple[str, Answer]]:
    """By axis, the launches' share by the nearest places below and above; the larger, where both tell.

    The larger, since a case just below the size at which memory takes over has one neighbour on the flat side.
    """
    along = []
    for axis in _axes(spent):
        line, here = lines[_but(spent, axis)], _place(spent, axis)
        places = sorted(line)
        rank = places.index(here)
        log_s, error, blocks = _log_time(spent)
        shares = []
        for x in (*places[:rank][-1:], *places[rank + 1 :][:1]):
            other_log_s, other_error, other_blocks = _log_time(line[x])
            errors = math.hypot(error, other_error)
            shares.append(launch_share(here, x, other_log_s - log_s, errors, min(blocks, other_blocks)))
        if shares:
            along.append((axis, max(shares, key=lambda share: (share.low or 0.0, share.value or 0.0))))
    return along


def _but(spent: Spent, axis: str) -> object:
    """Everything but the place on an axis."""
    return axis, replace(spent.case, problem=tuple(pair for pair in spent.case.problem if pair[0] != axis))


def _place(spent: Spent, axis: str) -> int:
    return int(spent.workload.get(axis) or 1)


def _log_time(spent: Spent) -> tuple[float, float, int]:
    """With its standard error, and the blocks that both are of."""
    interval = t_interval(spent.log_s[STEADY])
    blocks = int(interval.blocks)
    error = float(interval.half_width) / quantile(blocks - 1) if blocks > 1 else math.nan
    return float(interval.mean), error, blocks


def _mean_s(spent: Spent, cost: str) -> float:
    return float(np.exp(np.nanmean(spent.log_s[cost])))
