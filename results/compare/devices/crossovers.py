"""From which size on one side wins: where the best of one overtakes the best of the other, along each axis."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...fields import WORKLOAD
from ...models.crossovers import Crossing, crossings
from ...models.rays import Answer, log_error, not_in_range
from ...words.names import AXES, Key, Record
from .ratios import Across, Contrast, Meeting
from .sides import STEADY


@dataclass(frozen=True)
class Line:
    """What both sides measured along one axis while all else stood still, in order of the axis."""

    axis: str
    fixed: Key
    meetings: Mapping[int, Meeting]

    @property
    def title(self) -> Record:
        """What stands still, by name."""
        return dict(self.fixed)

    def best(self, cost: str) -> dict[int, Contrast]:
        """The best of each side by one kind of cost, by their places on the axis."""
        return {at: meeting.best[cost] for at, meeting in self.meetings.items() if cost in meeting.best}


@dataclass(frozen=True)
class Overtaking:
    """On one line and by one kind of cost: below `at` the one side is the faster, above it the other.

    Where the data do not reach it `at` says why, and `below` and `above` name who is the faster at both ends, if that
    is sure and the same side at every size.
    """

    cost: str
    below: str | None
    above: str | None
    at: Answer


def lines(across: Across) -> list[Line]:
    """Every line along an axis on which the two sides meet at two places or more."""
    along: dict[tuple[str, Key], dict[int, Meeting]] = {}
    for axis in AXES:
        for meeting in across.meetings:
            at = meeting.workload.get(axis)
            if isinstance(at, int):
                fixed = tuple((key, meeting.workload.get(key)) for key in (*WORKLOAD, "precision") if key != axis)
                along.setdefault((axis, fixed), {})[at] = meeting
    together = [(axis, fixed, dict(sorted(places.items()))) for (axis, fixed), places in along.items()]
    return [Line(axis, fixed, places) for axis, fixed, places in together if len(places) > 1]


def main_lines(across: Across) -> list[Line]:
    """Along samples and along the batch, of each method and arithmetic the line with the most places."""
    longest: dict[tuple[object, ...], Line] = {}
    for line in lines(across):
        if line.axis in ("samples", "batch"):
            title = line.title
            key = (line.axis, *(title[name] for name in ("method", "dtype", "precision", "condition")))
            longest[key] = max(longest.get(key, line), line, key=lambda one: len(one.meetings))
    return list(longest.values())


def overtakings(across: Across, line: Line) -> list[Overtaking]:
    """With data in place, and with transfers where both sides tell of them; one of each at least."""
    return [change for cost in filter(None, (STEADY, across.moved)) for change in _overtakings(across, line, cost)]


def _overtakings(across: Across, line: Line, cost: str) -> list[Overtaking]:
    places = line.best(cost)
    signs = {contrast.faster for contrast in places.values()}
    names = {1: across.new.name, -1: across.base.name}
    changes = _crossings(places) if {1, -1} <= signs else []
    if changes:
        return [Overtaking(cost, names[change.before], names[-change.before], change.at) for change in changes]
    every = names.get(signs.pop()) if len(signs) == 1 else None
    why = "who is the faster is not sure on both sides of any size"
    if len(places) < 2:
        why = "measured on both at fewer than two sizes"
    elif every:
        why = f"{every} is the faster at every size measured, {min(places):,} to {max(places):,}"
    return [Overtaking(cost, every, every, not_in_range(why))]


def _crossings(places: Mapping[int, Contrast]) -> list[Crossing]:
    known = {x: contrast for x, contrast in places.items() if contrast.ratio.value and contrast.ratio.low}
    return crossings(
        list(known),
        [math.log(contrast.ratio.value or 1.0) for contrast in known.values()],
        [log_error(contrast.ratio.low, contrast.ratio.high, contrast.blocks) for contrast in known.values()],
        [contrast.new_s for contrast in known.values()],
        min(contrast.blocks for contrast in known.values()) - 1,
    )
