"""Which way at this size: the times at a size that was perhaps not measured, from those around it. Never beyond them.

Between sizes a time is anything from a straight line in each axis (call cost plus work) to a power law; both are
followed from the corners of the smallest measured box around the size, and the interval holds both with their errors.
"""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from ..fields import CONTEST_KEYS
from ..formats.unjudged import rests_on
from ..stats.intervals import quantile
from ..words.guesses import BLOCKS_ADVISED, shown_ratio, shown_time, too_few, too_few_text
from ..words.names import Record, grouped, place
from ..words.text import counted, plain
from .rays import Answer, Data, by_competitor, error_of_first, error_of_time, measured
from .words import interval_of_time

BOX_AXES = ("samples", "features", "batch")
_MOST_BOXES = 3  # how many neighbours to either side are tried for a corner that is missing


@dataclass(frozen=True)
class Wish:
    """What advice is asked for; `calls` None is the long run, where only the steady state counts."""

    samples: int
    features: int
    batch: int = 1
    calls: int | None = None
    accuracy: float | None = None
    method: str = "gd"
    steps: int | None = 100
    dtype: str = "float32"
    threads: str = "1"

    def size(self) -> dict[str, int]:
        """By axis."""
        return {"samples": self.samples, "features": self.features, "batch": self.batch}

    def fixed(self) -> Record:
        """What the rows must agree in with it, by column."""
        steps = self.steps if self.method == "gd" else None
        return {"method": self.method, "dtype": self.dtype, "threads": self.threads, "steps": steps, "data": None}


@dataclass(frozen=True)
class Candidate:
    """One way of doing it: the time expected, and the measured rows it was interpolated from."""

    name: str
    run: str
    time_s: Answer
    corners: tuple[Record, ...]


@dataclass(frozen=True)
class Advice:
    """The candidates, the quickest first; none where the runs do not reach the size, and then `why`."""

    wish: Wish
    candidates: tuple[Candidate, ...]
    why: str = ""


def advise(data: Data, wish: Wish) -> Advice:
    """The candidates of the run that has most of them; runs are never mixed, since machines differ."""
    rows = measured(data)
    alike = [row for row in rows if all(row[name] == value for name, value in wish.fixed().items())]
    if not alike:
        return Advice(wish, (), _nothing_alike(rows, wish))
    runs = grouped(alike, [name for name in CONTEST_KEYS if name not in BOX_AXES]).values()
    by_run = [list(_candidates(rows, wish)) for rows in runs]
    if not any(by_run):
        return Advice(wish, (), _out_of_range(alike, wish))
    fullest = max(
        filter(None, by_run),
        key=lambda candidates: (len(candidates), -max(len(candidate.corners) for candidate in candidates)),
    )
    return Advice(wish, tuple(sorted(fullest, key=lambda candidate: candidate.time_s.value or math.inf)))


def in_words(advice: Advice) -> list[str]:
    """The advice, a line each: what to use, how long it takes, what comes next, and what that rests on."""
    wish = advice.wish
    if not advice.candidates:
        return [advice.why]
    best, *others = advice.candidates
    times = "a call" if wish.calls is None else f"for {counted(wish.calls, 'call')}, the first included"
    lines = [f"use {best.name}: {interval_of_time(best.time_s)} {times}"]
    if others:
        lines.append(f"runner-up: {others[0].name}: {interval_of_time(others[0].time_s)}{_lead(best, others[0])}")
    else:
        lines.append("there is no runner-up: nothing else was measured around this size")
    if too_few(best.time_s.blocks):
        few = too_few_text({best.time_s.blocks or 0})
        lines.append(f"~ is a guess: {few}; linregbench run --blocks {BLOCKS_ADVISED} takes more")
    elif any(row["time_low_s"] is None for row in best.corners):
        lines.append("its times have no interval of their own, so how sure they are is not known")
    if len(best.corners) == 1:
        lines.append(f"measured at this very size, run {plain(best.run)}")
    else:
        sizes = [place({axis: row[axis] for axis in BOX_AXES}) for row in best.corners]
        times_s = [shown_time(row["time_s"], blocks=rests_on(row)) for row in best.corners]
        corners = "; ".join(map(": ".join, zip(sizes, times_s, strict=True)))
        lines.append(f"interpolated in run {plain(best.run)} from {corners}")
    return lines


def _candidates(rows: Sequence[Record], wish: Wish) -> Iterator[Candidate]:
    """Every way that was measured around the size and is known to be as accurate as was asked for."""
    for name, of_name in by_competitor(rows).items():
        corners = _box(of_name, wish)
        errors = [math.inf if row["error"] is None else row["error"] for row in corners]
        if corners and (wish.accuracy is None or max(errors) <= wish.accuracy):
            yield Candidate(name, rows[0]["run"], _interpolated(corners, wish), corners)


def _box(rows: Sequence[Record], wish: Wish) -> tuple[Record, ...]:
    """The corners of the smallest measured box around the size; empty where there is none."""
    at = {tuple(row[axis] for axis in BOX_AXES): row for row in rows}
    sides = [_sides(sorted({row[axis] for row in rows}), wish.size()[axis]) for axis in BOX_AXES]
    boxes = sorted(product(*sides), key=lambda box: math.prod(side[-1] / side[0] for side in box))
    for box in boxes:
        corners = list(product(*box))
        if all(corner in at for corner in corners):
            return tuple(at[corner] for corner in corners)
    return ()


def _sides(values: Sequence[int], wanted: int) -> list[tuple[int, ...]]:
    """Pairs of measured values around the wanted one, or itself where it was measured."""
    if wanted in values:
        return [(wanted,)]
    below = [value for value in values if value < wanted][-_MOST_BOXES:]
    above = [value for value in values if value > wanted][:_MOST_BOXES]
    return list(product(below, above))


def _interpolated(corners: Sequence[Record], wish: Wish) -> Answer:
    """The time of all calls asked for at the wish, with the interval over both ways to interpolate."""
    low, value, high = math.inf, 1.0, 0.0
    times_s, errors = [row["time_s"] for row in corners], [error_of_time(row) for row in corners]
    firsts_s = [row["first_result_s"] or row["time_s"] for row in corners]
    half_width = math.nan
    for scale in (math.log, float):
        weights = _weights(corners, wish, scale)
        value, error = _mean(times_s, errors, weights, scale)
        if wish.calls is not None:
            others_s = (wish.calls - 1) * value
            first_s, first_error = _mean(firsts_s, [error_of_first(row) for row in corners], weights, scale)
            value = first_s + others_s
            error = math.hypot(first_s * first_error, others_s * error) / value
        half_width = quantile(min(row["blocks"] for row in corners) - 1) * error
        spread = math.exp(half_width) if not math.isnan(half_width) else 1.0
        low, high = min(low, value / spread), max(high, value * spread)
    blocks = min((known for row in corners if (known := rests_on(row)) is not None), default=None)
    return Answer(value, blocks=blocks) if math.isnan(half_width) else Answer(value, low, high, blocks=blocks)


def _weights(corners: Sequence[Record], wish: Wish, scale: Callable[[float], float]) -> list[float]:
    weights = [1.0] * len(corners)
    for axis, wanted in wish.size().items():
        ends = sorted({row[axis] for row in corners})
        for first, last in pairwise(ends):
            share = (scale(wanted) - scale(first)) / (scale(last) - scale(first))
            shares = [share if row[axis] == last else 1 - share for row in corners]
            weights = list(map(operator.mul, weights, shares))
    return weights


def _mean(
    values: Sequence[float], errors: Sequence[float], weights: Sequence[float], scale: Callable[[float], float]
) -> tuple[float, float]:
    """The weighted mean, of logs under `math.log`, and the standard error of its log; `errors` are of logs too."""
    total = sum(map(operator.mul, weights, map(scale, values)))
    if scale is math.log:
        return math.exp(total), math.hypot(*map(operator.mul, weights, errors))
    parts = [weight * value / total for weight, value in zip(weights, values, strict=True)]
    return total, math.hypot(*map(operator.mul, parts, errors))


def _lead(best: Candidate, other: Candidate) -> str:
    ratio = (other.time_s.value or 0.0) / (best.time_s.value or 1.0)
    text = f", {shown_ratio(ratio, None, None, blocks=best.time_s.blocks)} as long"
    if best.time_s.high is None or other.time_s.low is None:
        return f"{text}; without intervals the order is not sure"
    return text if other.time_s.low > best.time_s.high else f"{text}; the intervals overlap, so the order is not sure"


def _nothing_alike(rows: Sequence[Record], wish: Wish) -> str:
    asked = f"{wish.method}, {wish.dtype}, {wish.threads}" + (f", {wish.steps} steps" if wish.method == "gd" else "")
    there = {
        name: sorted({plain(str(row[name])) for row in rows if row[name] is not None})
        for name in ("method", "steps", "dtype", "threads")
    }
    held = "; ".join(f"{name} {', '.join(values)}" for name, values in there.items() if values)
    return f"not in range: the runs hold nothing for {asked}; they hold {held or 'no times'}"


def _out_of_range(rows: Sequence[Record], wish: Wish) -> str:
    """Which axis the wish is beyond; a gap inside the grid; or an accuracy that nothing has."""
    for axis, wanted in wish.size().items():
        values = [row[axis] for row in rows]
        if not min(values) <= wanted <= max(values):
            span = f"{min(values):,} to {max(values):,}" if min(values) < max(values) else f"{values[0]:,} alone"
            place_asked = place({axis: wanted})
            return f"not in range: {place_asked}, but {axis} measured are {span}; nothing is extrapolated"
    if wish.accuracy is not None and any(_box([row], wish) or _box(rows, wish) for row in rows[:1]):
        return f"not in range: no way is known to be as accurate as {wish.accuracy:g} around this size"
    return (
        "not in range: no box of measured sizes lies around this one; `linregbench run --samples A,B --features C,D "
        "--batch E,F` measures one"
    )
