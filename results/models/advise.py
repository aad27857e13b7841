"""Which way at this size: the times at a size that was perhaps not measured, from those around it. Never beyond them.

Between sizes a time is anything from a straight line in each axis (call cost plus work) to a power law; both are
followed from the corners of the smallest measured box around the size, and the interval holds both with their errors.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from ..fields import COLD, CONTEST_KEYS
from ..formats.unjudged import rests_on
from ..stats.intervals import SAME_AT_MOST, quantile
from ..words.families import either, family_of
from ..words.guesses import BLOCKS_ADVISED, shown_ratio, shown_time, too_few, too_few_text
from ..words.names import Record, grouped, place
from ..words.text import counted, listed, plain
from .rays import (
    Answer,
    Data,
    by_competitor,
    error_of_first,
    error_of_time,
    log_ratio,
    measured,
    rows_of,
    shortened,
    strategy_key,
    through_data,
)
from .words import interval_of_time

BOX_AXES = ("samples", "features", "batch")
_ITSELF = Answer(1.0, 1.0, 1.0)
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
    """One strategy by its best variant: the time expected, and the measured rows it was interpolated from.

    `longer` is how many times as long it takes as the quickest candidate.
    """

    name: str
    run: str
    time_s: Answer
    corners: tuple[Record, ...]
    longer: Answer = _ITSELF

    @property
    def family(self) -> str:
        """That of its strategy."""
        return family_of(self.corners[0])

    @property
    def surely_longer(self) -> bool:
        """Whether it takes longer than the quickest, by more than what is called a difference there."""
        delta = max(row["delta"] or 0.0 for row in self.corners)
        return self.longer.low is not None and self.longer.low > 1 + delta


@dataclass(frozen=True)
class Advice:
    """The candidates, the quickest first; none where the runs do not reach the size, and then `why`.

    `untried` are variants that the run has elsewhere, but not at the sizes that the advice rests on, by strategy.
    `through_data` is the advice for steps that must go through the data, where the best here has none.
    """

    wish: Wish
    candidates: tuple[Candidate, ...]
    why: str = ""
    untried: tuple[str, ...] = ()
    through_data: "Advice | None" = None


def advise(data: Data, wish: Wish) -> Advice:
    """The candidates of the run that has most of them; runs are never mixed, since machines differ."""
    advice = _advise(data, wish)
    if not advice.candidates or not shortened(advice.candidates[0].corners):
        return advice
    return replace(advice, through_data=_advise(through_data(rows_of(data)), wish))


def _advise(data: Data, wish: Wish) -> Advice:
    rows = measured(data)
    rows = [row for row in rows if row.get("cache") != COLD] or rows
    alike = [row for row in rows if all(row[name] == value for name, value in wish.fixed().items())]
    if not alike:
        return Advice(wish, (), _nothing_alike(rows, wish))
    runs = grouped(alike, [name for name in CONTEST_KEYS if name not in BOX_AXES]).values()
    by_run = [_candidates(rows, wish) for rows in runs]
    if not any(by_run):
        return Advice(wish, (), _out_of_range(alike, wish))
    fullest = max(
        filter(None, by_run),
        key=lambda candidates: (len(candidates), -max(len(candidate.corners) for candidate in candidates)),
    )
    best, *others = sorted(fullest, key=lambda candidate: _quickest(candidate, wish))
    compared = [replace(other, longer=_longer(best, other, wish)) for other in others]
    candidates = (best, *sorted(compared, key=lambda candidate: candidate.longer.value or math.inf))
    return Advice(wish, candidates, untried=_untried(rows_of(data), wish, candidates))


def in_words(advice: Advice) -> list[str]:
    """The advice, a line each: what to use, how long it takes, what comes next, and what that rests on."""
    wish = advice.wish
    if not advice.candidates:
        return [advice.why]
    best, *others = advice.candidates
    times = "a call" if wish.calls is None else f"for {counted(wish.calls, 'call')}, the first included"
    few = too_few(best.time_s.blocks)
    unknown = few or any(other.longer.low is None for other in others)
    level = [] if unknown else [other for other in others if not other.surely_longer]
    behind = [other for other in others if other not in level]
    lines = [_leaders(best, level, times)]
    if (other := advice.through_data) is not None:
        lines.append(f"with every step through the data (stochastic, streaming, another loss): {in_words(other)[0]}")
    if behind:
        note = "; without intervals the order is not sure" if unknown and not few else ""
        lines.append(f"runner-up: {_beside(behind[0])} as long{note}")
    elif not others:
        lines.append("there is no runner-up: nothing else was measured around this size")
    if few:
        so_few = too_few_text({best.time_s.blocks or 0})
        lines.append(f"~ is a guess: {so_few}; linregbench run --blocks {BLOCKS_ADVISED} takes more")
    elif any(row["time_low_s"] is None for row in best.corners):
        lines.append("its times have no interval of their own, so how sure they are is not known")
    if len(best.corners) == 1:
        lines.append(f"measured at this very size, run {plain(best.run)}")
    else:
        sizes = [place({axis: row[axis] for axis in BOX_AXES}) for row in best.corners]
        times_s = [shown_time(row["time_s"], blocks=rests_on(row)) for row in best.corners]
        corners = "; ".join(map(": ".join, zip(sizes, times_s, strict=True)))
        lines.append(f"interpolated in run {plain(best.run)} from {corners}")
    if advice.untried:
        where = "this size" if len(best.corners) == 1 else "every one of these sizes"
        lines.append(f"not measured at {where}, though elsewhere: {'; '.join(advice.untried)}")
    return lines


def _leaders(best: Candidate, level: Sequence[Candidate], times: str) -> str:
    """What to use: one way, one of a family that tie, or whichever of several that nothing parts."""
    if not level:
        return f"use {best.name}: {interval_of_time(best.time_s)} {times}"
    if {other.family for other in level} == {best.family}:
        names = either([row for one in (best, *level) for row in one.corners])
        within = max(max((other.longer.high or 1.0), 1 / (other.longer.low or 1.0)) - 1 for other in level)
        each = listed([best.name, *(other.name for other in level)])
        order = f"{each} tie to" if within <= SAME_AT_MOST else f"which of {each} is the fastest is not sure,"
        return f"use {names}: {interval_of_time(best.time_s)} {times}; {order} within {within:.1%}"
    others = ", or ".join(f"{_beside(other)} as long" for other in level)
    return f"too close to call: {best.name}: {interval_of_time(best.time_s)} {times}, or {others}"


def _beside(other: Candidate) -> str:
    longer = shown_ratio(other.longer.value, other.longer.low, other.longer.high, blocks=other.longer.blocks)
    return f"{other.name}: {interval_of_time(other.time_s)}, {longer}"


def _quickest(candidate: Candidate, wish: Wish) -> tuple[bool, float]:
    """A key to sort by: who won at this very size by paired ratios is first, whatever the times say."""
    first, *others = candidate.corners
    won = wish.calls is None and not others and first["winner_verdict"] == "winner"
    return not won, candidate.time_s.value or math.inf


def _candidates(rows: Sequence[Record], wish: Wish) -> list[Candidate]:
    """Every strategy that was measured around the size, by its best variant that is as accurate as was asked for."""
    best: dict[tuple[str, ...], Candidate] = {}
    for name, of_name in by_competitor(rows).items():
        corners = _box(of_name, wish)
        errors = [math.inf if row["error"] is None else row["error"] for row in corners]
        if corners and (wish.accuracy is None or max(errors) <= wish.accuracy):
            found = Candidate(name, rows[0]["run"], _interpolated(corners, wish), corners)
            key = strategy_key(corners[0])
            best[key] = min(best.get(key, found), found, key=lambda candidate: _quickest(candidate, wish))
    return list(best.values())


def _untried(rows: Sequence[Record], wish: Wish, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Of the candidates' strategies, the variants that the run has for the method, but not at all corners of the best.

    What was tried there and has no time is none of them: the table of the run says why.
    """
    strategies = {candidate.corners[0]["strategy"] for candidate in candidates}
    own = [
        row
        for row in rows
        if (row["run"], row["method"]) == (candidates[0].run, wish.method) and row["strategy"] in strategies
    ]
    tried = {tuple(row[name] for name in (*CONTEST_KEYS, "strategy", "variant")) for row in own}
    untried: dict[str, dict[str, None]] = {}
    for row in own:
        case = row["strategy"], row["variant"]
        if any((*(corner[name] for name in CONTEST_KEYS), *case) not in tried for corner in candidates[0].corners):
            untried.setdefault(plain(row["strategy"]), {})[plain(row["variant"])] = None
    return tuple(f"{strategy} {listed(list(variants))}" for strategy, variants in untried.items())


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
    times_s, errors = [row["time_s"] for row in corners], [error_of_time(row) for row in corners]
    firsts_s = [row["first_result_s"] or row["time_s"] for row in corners]
    found = []
    for scale in (math.log, float):
        weights = _weights(corners, wish, scale)
        value, error = _mean(times_s, errors, weights, scale)
        if wish.calls is not None:
            others_s = (wish.calls - 1) * value
            first_s, first_error = _mean(firsts_s, [error_of_first(row) for row in corners], weights, scale)
            value = first_s + others_s
            error = math.hypot(first_s * first_error, others_s * error) / value
        found.append((value, error))
    return _either_way(found, corners)


def _longer(best: Candidate, other: Candidate, wish: Wish) -> Answer:
    """How many times as long the other takes: by their ratios at the corners, or by the times where those differ.

    At a corner both were sampled in the same rounds, so the ratio is known better than either time.
    """
    pairs = list(zip(best.corners, other.corners, strict=False))
    together = all(one[axis] == two[axis] for one, two in pairs for axis in BOX_AXES)
    corner_rows = [*best.corners, *other.corners]
    if wish.calls is not None or not together or len(best.corners) != len(other.corners):
        one, two = best.time_s, other.time_s
        ends = (two.low and one.high and two.low / one.high, two.high and one.low and two.high / one.low)
        return Answer((two.value or 0.0) / (one.value or 1.0), *ends, blocks=_fewest(corner_rows))
    logs, errors = zip(*(log_ratio(two, one) for one, two in pairs), strict=True)
    ratios = list(map(math.exp, logs))
    found = []
    for scale in (math.log, float):
        weights = _weights(best.corners, wish, scale)
        if scale is float:
            times_s = list(map(operator.mul, weights, (row["time_s"] for row in best.corners)))
            weights = [time_s / sum(times_s) for time_s in times_s]
        found.append(_mean(ratios, errors, weights, scale))
    return _either_way(found, corner_rows)


def _either_way(found: Sequence[tuple[float, float]], corners: Sequence[Record]) -> Answer:
    """Of each way to interpolate a value and the standard error of its log: the last value, in an interval of all."""
    factors = [math.exp(quantile(min(row["blocks"] for row in corners) - 1) * error) for _, error in found]
    if any(map(math.isnan, factors)):
        return Answer(found[-1][0], blocks=_fewest(corners))
    ends = [(value / factor, value * factor) for (value, _), factor in zip(found, factors, strict=True)]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return Answer(found[-1][0], low, high, blocks=_fewest(corners))


def _fewest(rows: Sequence[Record]) -> int | None:
    """Blocks that one of the rows rests on."""
    return min((known for row in rows if (known := rests_on(row)) is not None), default=None)


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
    size = {"method": wish.method, **wish.size(), "steps": wish.steps if wish.method == "gd" else None}
    size |= {"dtype": wish.dtype, "threads": wish.threads}
    words = " ".join(f"--{name} {value}" for name, value in size.items() if value is not None)
    return f"not in range: no box of measured sizes lies around this one; `linregbench run {words}` measures it"
