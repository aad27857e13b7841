"""From which size on one side wins: where the best of one overtakes the best of the other, along each axis."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...fields import WORKLOAD
from ...models.crossovers import crossings
from ...models.rays import Answer, log_error, not_in_range
from ...words.names import AXES, Key
from .ratios import Across, Contrast, Meeting
from .sides import STEADY


@dataclass(frozen=True)
class Line:
    """What both sides measured along one axis while all else stood still, in order of the axis."""

    axis: str
    fixed: Key
    meetings: tuple[Meeting, ...]

    @property
    def title(self) -> dict[str, Any]:
        """What stands still, by name."""
        return dict(self.fixed)


@dataclass(frozen=True)
class Overtaking:
    """On one line and by one kind of cost: below `at` the one side is the faster, above it the other.

    Where the data do not reach it `at` says why, and `below` and `above` name who is the faster at both ends, if that
    is sure and the same side at every size.
    """

    line: Line
    cost: str
    below: str | None
    above: str | None
    at: Answer


def lines(across: Across) -> list[Line]:
    """Every line along an axis on which the two sides meet at two places or more."""
    return [line for axis in AXES for line in _along(across, axis)]


def main_lines(across: Across) -> list[Line]:
    """Along samples and along the batch, of each method and arithmetic the line with the most places."""
    best: dict[tuple[object, ...], Line] = {}
    for line in lines(across):
        if line.axis in ("samples", "batch"):
            title = line.title
            key = (line.axis, *(title[name] for name in ("method", "dtype", "precision", "condition")))
            if key not in best or len(line.meetings) > len(best[key].meetings):
                best[key] = line
    return list(best.values())


def overtakings(across: Across, line: Line) -> list[Overtaking]:
    """With data in place, and with transfers where both sides tell of them; one of each at least."""
    costs = [STEADY, *([across.moved] if across.moved else [])]
    return [change for cost in costs for change in _overtakings(across, line, cost)]


def _along(across: Across, axis: str) -> Iterator[Line]:
    along: dict[Key, dict[int, Meeting]] = {}
    for meeting in across.meetings:
        at = meeting.workload.get(axis)
        if isinstance(at, int):
            precision = ("precision", meeting.best[STEADY].base.case.precision)
            fixed = (*((key, meeting.workload.get(key)) for key in WORKLOAD if key != axis), precision)
            along.setdefault(fixed, {})[at] = meeting
    for fixed, meetings in along.items():
        if len(meetings) > 1:
            yield Line(axis, fixed, tuple(meetings[at] for at in sorted(meetings)))


def _overtakings(across: Across, line: Line, cost: str) -> Iterator[Overtaking]:
    places = [
        (int(meeting.workload[line.axis] or 1), meeting.best[cost]) for meeting in line.meetings if cost in meeting.best
    ]
    signs = {contrast.faster for _, contrast in places}
    crossed = _crossings(places) if {1, -1} <= signs else []
    names = {1: across.new.name, -1: across.base.name}
    for before, at in crossed:
        yield Overtaking(line, cost, names[before], names[-before], at)
    if not crossed:
        every = names[signs.pop()] if len(signs) == 1 and signs != {0} else None
        sizes = f"{places[0][0]:,} to {places[-1][0]:,}" if places else ""
        why = "who is the faster is not sure on both sides of any size"
        if len(places) < 2:
            why = "measured on both at fewer than two sizes"
        elif every:
            why = f"{every} is the faster at every size measured, {sizes}"
        yield Overtaking(line, cost, every, every, not_in_range(why))


def _crossings(places: Sequence[tuple[int, Contrast]]) -> list[tuple[int, Answer]]:
    """The side that is the faster below (1 the new one), and where."""
    known = [(x, contrast) for x, contrast in places if contrast.ratio.value and contrast.ratio.low]
    changes = crossings(
        [x for x, _ in known],
        [math.log(contrast.ratio.value or 1.0) for _, contrast in known],
        [log_error(contrast.ratio.low, contrast.ratio.high, contrast.blocks) for _, contrast in known],
        [contrast.new_s for _, contrast in known],
        min(contrast.blocks for _, contrast in known) - 1,
    )
    return [(crossing.before, crossing.at) for crossing in changes]
