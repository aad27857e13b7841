"""Time to accuracy: how long each way takes until its loss is near the least there is, and what it can never pass.

An excess loss is the loss of an answer less the least possible, over that of the start at zero: 1 at the start. A
descent of some steps is one point of its curve; a closed form is one point by itself.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..fields import CONTEST_KEYS
from ..words.guesses import too_few
from ..words.names import Key, Record, competitor
from ..words.text import error_text
from .rays import Answer, Data, error_of_time, half_width, not_in_range, rows_of

ACCURACIES = (1e-2, 1e-4, 1e-6, 1e-10)
ROUNDING = {"float32": 2.0**-23, "float64": 2.0**-52}
RESOLUTION = ROUNDING["float64"] ** 2
"""Below this an excess loss is the rounding of the optimum itself, which is known in float64."""
LEVEL = 2.0
"""A curve has levelled off where its last two places lie no further apart than this factor."""

_SHARED = tuple(key for key in CONTEST_KEYS if key not in ("method", "steps", "dtype", "tolerance", "max_steps"))


@dataclass(frozen=True)
class Way:
    """One way to an answer: the rows of a descent in order of steps, or the one row of a closed form."""

    method: str
    name: str
    dtype: str
    rows: tuple[Record, ...]

    @property
    def label(self) -> str:
        """`jax_scan autodiff float32`."""
        return f"{self.name} {self.dtype}"

    @property
    def closed(self) -> bool:
        """Whether it is a closed form, and no descent."""
        return self.method == "ols"


@dataclass(frozen=True)
class Front:
    """Every way to the answer of one problem, whatever the method, the steps and the dtype."""

    fixed: Key
    ways: tuple[Way, ...]
    wrong: tuple[Record, ...] = ()  # answers that have an excess loss and no time

    @property
    def compared(self) -> bool:
        """Whether it has a descent of several lengths, and something beside it."""
        return len(self.ways) > 1 and any(way.method == "gd" and len(way.rows) > 1 for way in self.ways)


@dataclass(frozen=True)
class Arrival:
    """A way, and when it gets there."""

    way: Way
    time_s: Answer


@dataclass(frozen=True)
class Winner:
    """Who gets to an accuracy first: a descent or a closed form, the quickest of either kind."""

    accuracy: float
    first: Arrival
    other: Arrival | None  # the quickest of the other kind, where any gets there
    sure: bool  # whether the interval of the first lies below that of the other


def fronts(data: Data) -> list[Front]:
    """Each problem of which some excess loss is known, with the ways that lead to its answer, in the order of the rows.

    Rows without a time are taken where they are wrong: how far off an answer is, is known then too.
    """
    series: dict[Key, dict[tuple[str, str, str], list[Record]]] = {}
    wrong: dict[Key, list[Record]] = {}
    for row in rows_of(data):
        if row["excess_loss"] is None or (row["time_s"] is None and row["status"] != "wrong"):
            continue
        fixed = tuple((key, row[key]) for key in _SHARED)
        ways = series.setdefault(fixed, {})
        if row["time_s"] is None:
            wrong.setdefault(fixed, []).append(row)
        else:
            ways.setdefault((row["method"], competitor(row), row["dtype"]), []).append(row)
    return [
        Front(fixed, tuple(Way(*kind, _in_order(rows)) for kind, rows in ways.items()), tuple(wrong.get(fixed, ())))
        for fixed, ways in series.items()
    ]


def excess_of(row: Record) -> float:
    """The excess loss of a row as far as it means anything."""
    return max(float(row["excess_loss"]), RESOLUTION)


def seconds_to(way: Way, accuracy: float) -> Answer:
    """Seconds of the shortest call of this way whose excess loss is `accuracy` or less.

    Between two measured numbers of steps the logarithm of the excess is convex, as of every sum of decaying powers: it
    lies below the chord, and above what its neighbours' chords come to when drawn on. The steps follow from either
    bound, the time from the steps by a straight line; the interval holds both with the errors of the times. The value
    is that of the middle number of steps.
    """
    first = next((place for place, row in enumerate(way.rows) if excess_of(row) <= accuracy), None)
    if first is None:
        least = min(map(excess_of, way.rows))
        return not_in_range(f"the least excess loss is {error_text(least)}")
    if way.method != "gd" or way.rows[first]["steps"] == 1:
        return _time([(1.0, way.rows[first])])
    if first == 0:
        return not_in_range(f"reached in fewer than {way.rows[0]['steps']:,} steps")
    many = way.rows[first]["steps"]
    low, high = _steps_to(way.rows, first, math.log(accuracy))
    ends = [_between(way.rows[first - 1 : first + 1], steps) for steps in (low, min(math.sqrt(low * high), many), high)]
    return Answer(ends[1].value, ends[0].low, ends[2].high, blocks=min(row["blocks"] for row in way.rows))


def floor_of(way: Way) -> Answer:
    """The excess loss that no more steps get below, in this arithmetic; of a closed form, the one that it has.

    A descent has one where the last two places hardly differ and rounding can be the cause: a slow direction levels off
    too, far above the rounding of the dtype.
    """
    losses = [excess_of(row) for row in way.rows]
    if way.method != "gd":
        return Answer(losses[-1])
    if len(losses) < 2 or losses[-2] > LEVEL * losses[-1] or min(losses) > ROUNDING.get(way.dtype, 0.0):
        return not_in_range("it has not levelled off")
    return Answer(min(losses))


def winner_at(front: Front, accuracy: float) -> Winner | None:
    """Who reaches an accuracy first; None where nobody does within the steps measured."""
    arrivals = [Arrival(way, time_s) for way in front.ways if (time_s := seconds_to(way, accuracy)).known]
    if not arrivals:
        return None
    arrivals.sort(key=lambda arrival: arrival.time_s.value or 0.0)
    first = arrivals[0]
    other = next((arrival for arrival in arrivals if arrival.way.closed != first.way.closed), None)
    sure = other is None or (first.time_s.high or math.inf) < (other.time_s.low or 0.0)
    sure = sure and not too_few(first.time_s.blocks)
    return Winner(accuracy, first, other, sure)


def _in_order(rows: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(rows, key=lambda row: (row["steps"] or 0, row["time_s"])))


def _steps_to(rows: Sequence[Record], place: int, level: float) -> tuple[int, int]:
    """The fewest and the most steps, after those of the place before, that the log of the excess takes to a level."""
    # no step at all leaves the excess at 1, by its definition
    points = [(0.0, 0.0), *((float(row["steps"]), math.log(excess_of(row))) for row in rows)]
    here = place + 1
    (few, above), (many, below) = points[here - 1], points[here]
    high = few + (many - few) * (above - level) / (above - below)
    low = few
    if here >= 2:
        low = max(low, _reached(points[here - 2], points[here - 1], level, few))
    if here + 1 < len(points):
        # drawn back from the right it bounds the excess from below, until it is crossed
        low = max(low, min(_reached(points[here], points[here + 1], level, few), many))
    low, high = (math.ceil(steps - 1e-6) for steps in (min(low, high), high))
    return max(low, 1), max(high, 1)


def _reached(one: tuple[float, float], other: tuple[float, float], level: float, few: float) -> float:
    """Where the line through two points comes down to a level; `few` where it does not fall."""
    fall = (one[1] - other[1]) / (other[0] - one[0])
    return one[0] + (one[1] - level) / fall if fall > 0 else few


def _between(rows: Sequence[Record], steps: float) -> Answer:
    few, many = (row["steps"] for row in rows)
    share = min(max((steps - few) / (many - few), 0.0), 1.0)
    return _time([(1 - share, rows[0]), (share, rows[1])])


def _time(parts: Sequence[tuple[float, Record]]) -> Answer:
    """The weighted sum of times, with its interval."""
    parts = [(weight, row) for weight, row in parts if weight > 0]
    total = sum(weight * row["time_s"] for weight, row in parts)
    errors = [weight * row["time_s"] / total * error_of_time(row) for weight, row in parts]
    blocks = min(row["blocks"] for _, row in parts)
    if any(map(math.isnan, errors)):
        return Answer(total, blocks=blocks)
    factor = math.exp(half_width(errors, [row["blocks"] for _, row in parts]))
    return Answer(total, total / factor, total * factor, blocks=blocks)
