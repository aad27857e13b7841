"""Two sides as tables in words, the same for a terminal, for Markdown and for a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..compare.devices.crossovers import Line, Overtaking, lines, overtakings
from ..compare.devices.ratios import Across, Contrast, Meeting
from ..compare.devices.regimes import regimes
from ..compare.devices.sides import BOTH_WAYS, FIRST, FLOW, INWARD, STEADY, Spent
from ..models.words import interval
from ..stats.estimates import label
from ..words.names import AXIS_LETTER, Record, method_name, place, varying
from ..words.text import counted, number_text, plain, ratio_text, text_of_time, threads_text, trimmed
from .table import NOTHING, Cell, Row, Table, number_cell, table_of

TRANSFERS = {BOTH_WAYS: "with transfers", INWARD: "with transfer in", None: "with transfers"}
Regimes = dict[str, Callable[[Contrast], Cell]]

LACKING = "across-lacking"
"""How the name of the table begins that has no times."""

_KEYS: tuple[str, ...] = ("method", "samples", "features", "batch", "steps", "dtype", "precision", "condition")
_KEYS += ("tolerance", "max_steps", "step_size", "seed", "data")
_UNTOLD = ("max_steps", "seed", "precision")  # told only where they differ
_LONG_NAME = 12
"""Characters; a side of a longer name is a letter in tables."""


@dataclass(frozen=True)
class Wording:
    """How a pair of sides speaks of itself: what differs from workload to workload is told, and no more."""

    across: Across

    @cached_property
    def names(self) -> tuple[str, str]:
        """The base and the new side in tables: by their names, or A and B where one of those is long."""
        names = self.across.base.name, self.across.new.name
        return names if max(map(len, names)) <= _LONG_NAME else ("A", "B")

    @cached_property
    def workloads(self) -> list[Record]:
        """Each with all that its rows may have to say, the precision of the arithmetic too, which both sides share."""
        return [dict(meeting.workload) | {"precision": _precision_of(meeting)} for meeting in self.across.meetings]

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """What differs from workload to workload; samples always are told."""
        several = varying(self.workloads, _KEYS)
        return tuple(key for key in _KEYS if key in several or key == "samples")

    def shared(self) -> str:
        """What is alike in all, `gradient descent, d = 2, 100 steps, float32`."""
        alike = [key for key in _KEYS if key not in self.differing and key not in _UNTOLD]
        values = [(key, next((w[key] for w in self.workloads if w.get(key) is not None), None)) for key in alike]
        return ", ".join(_long(key, value) for key, value in values if value is not None)

    def place(self, meeting: Meeting) -> str:
        """A workload in short, `n=1,000 b=8`."""
        return _short_title(dict(meeting.workload) | {"precision": _precision_of(meeting)}, self.differing)

    def line(self, line: Line) -> str:
        """What stands still along a line, in short; the whole where nothing differs from line to line."""
        return _short_title(line.title, self.differing) or _short_title(line.title, ("method", "features", "batch"))

    def case(self, spent: Spent) -> str:
        """A case by its strategy and variant, and its threads where those differ between any two."""
        text = plain(label(spent.case))
        return f"{text}, {threads_text(spent.case.threads)}" if self._threads_differ else text

    @cached_property
    def _threads_differ(self) -> bool:
        return len({case.threads for side in (self.across.base, self.across.new) for case in side.spent}) > 1


def tables_of(across: Across, number: int = 0) -> list[Table]:
    """Every table of a pair of sides; `number` tells the pairs of one report apart."""
    wording, of_regimes = Wording(across), _regimes(across)
    tables = (
        _best(wording, of_regimes),
        _overtaken(wording),
        _flow(wording),
        _alike(wording, of_regimes),
        _lacking(wording),
    )
    suffix = f"-{number}" if number else ""
    return [replace(table, name=f"{table.name}{suffix}").filled() for table in tables if table.rows]


def _table(name: str, title: str, about: str, columns: Sequence[str], rows: Iterable[Iterable[Cell | str]]) -> Table:
    """What a narrow terminal may lack says more of the other columns."""
    dispensable = [column for column in columns if column.startswith(("fastest on", "first result", "regime"))]
    return table_of(title, columns, rows, dispensable, name=name, about=about)


def _overtaken_text(changes: Sequence[Overtaking], names: Mapping[str | None, str]) -> str:
    """Where one side overtakes the other by one kind of cost: `cuda from 22,700 [21,700-23,000]`."""
    crossed = [f"{names[change.above]} from {interval(change.at)}" for change in changes if change.at.known]
    if crossed:
        return "; ".join(crossed)
    (only,) = changes
    return f"{names[only.above]} at every size" if only.above else "not sure"


def _best(wording: Wording, of_regimes: Regimes) -> Table:
    across, names = wording.across, wording.names
    rows: list[Row] = [
        [
            wording.place(meeting),
            *_times(best),
            _ratio(best),
            _ratio(meeting.best.get(across.moved or "")),
            *(of(best) for of in of_regimes.values()),
        ]
        for meeting in across.meetings
        if (best := meeting.best.get(STEADY))
    ]
    about = (
        f"The fastest case of each with its data in place, and how many times as fast {names[1]} is: above 1 "
        f"it is the faster, below 1 {names[0]}."
    )
    if across.moved:
        about += " With transfers, the case that is fastest with them may be another one."
    if of_regimes:
        about += " Launch-bound: over half of its time would be left with no work at all."
    headings = ("workload", *names, f"{names[1]} is", TRANSFERS[across.moved], *of_regimes)
    return _table("across-best", f"The best of each: {wording.shared()}", about, headings, rows)


def _overtaken(wording: Wording) -> Table:
    across, names = wording.across, wording.names
    by_name: dict[str | None, str] = dict(zip((across.base.name, across.new.name), names, strict=True))
    rows = []
    for line in lines(across):
        changes = overtakings(across, line)
        by_cost = [[change for change in changes if change.cost == cost] for cost in (STEADY, across.moved)]
        where = [_overtaken_text(of_cost, by_name) for of_cost in by_cost if of_cost]
        rows.append((wording.line(line), AXIS_LETTER[line.axis], *where))
    about = (
        "Where the best of one overtakes the best of the other, within the sizes measured. The interval holds every "
        "size at which their order is not sure, whether times between two sizes follow a straight line or a power law."
    )
    headings = ("workload", "along", "data in place", *([TRANSFERS[across.moved]] if across.moved else []))
    title = f"From which size on {names[1]} wins, and where {names[0]} does"
    return _table("across-overtaken", title, about, headings, rows)


def _flow(wording: Wording) -> Table:
    across, names = wording.across, wording.names
    rows: list[Row] = []
    for meeting in across.meetings:
        if flow := meeting.best.get(FLOW):
            batch = int(str(meeting.workload["batch"]))
            rates = [Cell(trimmed(batch / seconds), batch / seconds) for seconds in (flow.base_s, flow.new_s)]
            cases = wording.case(flow.base), wording.case(flow.new)
            rows.append([wording.place(meeting), *rates, _ratio(flow, "fewer"), *cases])
    enqueued = any(spent.enqueued for side in (across.base, across.new) for spent in side.spent.values())
    how = ", where calls were enqueued and waited for once, and else of calls one after another" if enqueued else ""
    headings = ("workload", *names, f"{names[1]} solves", *(f"fastest on {name}" for name in names))
    return _table("across-flow", "Problems a second", f"The most that each solves in a second{how}.", headings, rows)


def _alike(wording: Wording, of_regimes: Regimes) -> Table:
    across, names = wording.across, wording.names
    rows: list[Row] = [
        [
            wording.place(meeting),
            wording.case(contrasts[STEADY].new),
            *_times(contrasts[STEADY]),
            *(_ratio(contrasts.get(cost)) for cost in (STEADY, across.moved or "", FIRST)),
            *(of(contrasts[STEADY]) for of in of_regimes.values()),
        ]
        for meeting in across.meetings
        for contrasts in meeting.alike
    ]
    headings = ("workload", "case", *names, f"{names[1]} is", TRANSFERS[across.moved], "first result", *of_regimes)
    about = "First result: from data on the host to the first result, tracing and compiling included."
    return _table("across-alike", "The same strategy on both", about, headings, rows)


def _lacking(wording: Wording) -> Table:
    rows = (
        (wording.place(meeting), plain(name), plain(why))
        for meeting in wording.across.meetings
        for name, why in meeting.lacking
    )
    return _table(LACKING, "Asked for, without a time", "", ("workload", "case", "why"), rows)


def _regimes(across: Across) -> Regimes:
    """By the heading of its column, what bounds a case; of two accelerators each has a column of its own."""
    of_base, of_new = regimes(across.base), regimes(across.new)
    one, other = (f"regime on {name}" if of_base and of_new else "regime" for name in Wording(across).names)
    headings: Regimes = {}
    if of_base:
        headings[one] = lambda contrast: Cell(of_base[contrast.base.case].name)
    if of_new:
        headings[other] = lambda contrast: Cell(of_new[contrast.new.case].name)
    return headings


def _ratio(contrast: Contrast | None, less: str = "slower") -> Cell:
    if contrast is None:
        return NOTHING
    ratio = contrast.ratio
    return number_cell(ratio_text(ratio.value, ratio.low, ratio.high, less), ratio.value)


def _times(contrast: Contrast) -> tuple[Cell, Cell]:
    base, new = (Cell(text_of_time(seconds), seconds) for seconds in (contrast.base_s, contrast.new_s))
    return base, new


def _precision_of(meeting: Meeting) -> str:
    return str(next(iter(meeting.best.values())).base.case.precision)


def _short_title(workload: Record, names: Iterable[str]) -> str:
    """`gd n=1,000 d=2 b=8`."""
    return " ".join(_short(key, workload[key]) for key in names if workload.get(key) is not None)


def _long(key: str, value: Any) -> str:
    if key == "method":
        return method_name(value)
    if key == "steps":
        return counted(value, "step")
    return plain(value) if key == "dtype" else place({key: value}, {key})


def _short(key: str, value: Any) -> str:
    if key in ("method", "dtype"):
        return plain(str(value))
    return f"{AXIS_LETTER.get(key, key)}={number_text(value) if isinstance(value, int | float) else plain(str(value))}"
