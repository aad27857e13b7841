"""Two sides as tables in words, the same for a terminal, for Markdown and for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..compare.devices.crossovers import Line, Overtaking, lines, overtakings
from ..compare.devices.ratios import Across, Contrast, Meeting
from ..compare.devices.regimes import Regime, regimes
from ..compare.devices.sides import BOTH_WAYS, FIRST, FLOW, INWARD, STEADY, Spent
from ..models.words import interval
from ..runfile.records import Case
from ..stats.estimates import label
from ..words.guesses import shown_ratio, shown_time
from ..words.names import AXIS_LETTER, Record, method_name, place, varying
from ..words.text import counted, number_text, plain, threads_text, trimmed
from .table import NOTHING, Cell, Row, Table, number_cell, table_of

TRANSFERS = {BOTH_WAYS: "with transfers", INWARD: "with transfer in", None: "with transfers"}
Bound = tuple[Mapping[Case, Regime], Mapping[Case, Regime]]

LACKING = "across-lacking"
"""How the name of the table begins that has no times."""

_KEYS: tuple[str, ...] = ("method", "samples", "features", "batch", "steps", "dtype", "precision", "condition")
_KEYS += ("tolerance", "max_steps", "step_size", "seed", "data")
_UNTOLD = ("max_steps", "seed", "precision")  # told only where they differ
_LONG_NAME = 12
"""Characters; a side of a longer name is a letter in tables."""


class Wording:
    """How a pair of sides speaks of itself: what differs from workload to workload is told, and no more."""

    def __init__(self, across: Across) -> None:
        names = across.base.name, across.new.name
        self.names = names if max(map(len, names)) <= _LONG_NAME else ("A", "B")
        """The base and the new side in tables: by their names, or A and B where one of those is long."""
        self.by_name: dict[str | None, str] = dict(zip(names, self.names, strict=True))
        workloads = [meeting.workload for meeting in across.meetings]
        several = varying(workloads, _KEYS)
        self._differing = [key for key in _KEYS if key in several or key == "samples"]
        alike = [key for key in _KEYS if key not in self._differing and key not in _UNTOLD]
        values = {key: next((w[key] for w in workloads if w.get(key) is not None), None) for key in alike}
        self.shared = ", ".join(_long(key, value) for key, value in values.items() if value is not None)
        """What is alike in all, `gradient descent, d = 2, 100 steps, float32`."""
        threads = {case.threads for side in (across.base, across.new) for case in side.spent}
        self._threads_differ = len(threads) > 1

    def place(self, meeting: Meeting) -> str:
        """A workload in short, `n=1,000 b=8`."""
        return _short_title(meeting.workload, self._differing)

    def line(self, line: Line) -> str:
        """What stands still along a line, in short; the whole where nothing differs from line to line."""
        return _short_title(line.title, self._differing) or _short_title(line.title, ("method", "features", "batch"))

    def case(self, spent: Spent) -> str:
        """A case by its strategy and variant, and its threads where those differ between any two."""
        text = plain(label(spent.case))
        return f"{text}, {threads_text(spent.case.threads)}" if self._threads_differ else text


def tables_of(across: Across, number: int = 0) -> list[Table]:
    """Every table of a pair of sides; `number` tells the pairs of one report apart."""
    wording, bound = Wording(across), (regimes(across.base), regimes(across.new))
    tables = (
        _best(across, wording, bound),
        _overtaken(across, wording),
        _flow(across, wording),
        _alike(across, wording, bound),
        _lacking(across, wording),
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


def _best(across: Across, wording: Wording, bound: Bound) -> Table:
    names = wording.names
    rows: list[Row] = [
        [wording.place(meeting), *_times(best), *_ratios(meeting.best, STEADY, across.moved), *_regimes(best, bound)]
        for meeting, best in across.best(STEADY)
    ]
    about = (
        f"The fastest case of each with its data in place, and how many times as fast {names[1]} is: above 1 "
        f"it is the faster, below 1 {names[0]}."
    )
    if across.moved:
        about += " With transfers, the case that is fastest with them may be another one."
    if any(bound):
        about += " Launch-bound: over half of its time would be left with no work at all."
    headings = ("workload", *names, f"{names[1]} is", TRANSFERS[across.moved], *_regime_headings(names, bound))
    return _table("across-best", f"The best of each: {wording.shared}", about, headings, rows)


def _overtaken(across: Across, wording: Wording) -> Table:
    costs = [cost for cost in (STEADY, across.moved) if cost]
    rows = []
    for line in lines(across):
        changes = overtakings(across, line)
        by_cost = [[change for change in changes if change.cost == cost] for cost in costs]
        where = [_overtaken_text(of_cost, wording.by_name) for of_cost in by_cost]
        rows.append((wording.line(line), AXIS_LETTER[line.axis], *where))
    about = (
        "Where the best of one overtakes the best of the other, within the sizes measured. The interval holds every "
        "size at which their order is not sure, whether times between two sizes follow a straight line or a power law."
    )
    headings = ("workload", "along", "data in place", TRANSFERS[across.moved])[: 2 + len(costs)]
    title = f"From which size on {wording.names[1]} wins, and where {wording.names[0]} does"
    return _table("across-overtaken", title, about, headings, rows)


def _flow(across: Across, wording: Wording) -> Table:
    names = wording.names
    rows: list[Row] = []
    for meeting, flow in across.best(FLOW):
        per_s = [meeting.workload["batch"] / seconds for seconds in (flow.base_s, flow.new_s)]
        rates = [Cell(trimmed(rate), rate) for rate in per_s]
        cases = wording.case(flow.base), wording.case(flow.new)
        rows.append([wording.place(meeting), *rates, _ratio(flow, "fewer"), *cases])
    about = "The most that each solves in a second: of calls enqueued and waited for once where that was measured."
    headings = ("workload", *names, f"{names[1]} solves", *(f"fastest on {name}" for name in names))
    return _table("across-flow", "Problems a second", about, headings, rows)


def _alike(across: Across, wording: Wording, bound: Bound) -> Table:
    names = wording.names
    rows: list[Row] = [
        [
            wording.place(meeting),
            wording.case(contrasts[STEADY].new),
            *_times(contrasts[STEADY]),
            *_ratios(contrasts, STEADY, across.moved, FIRST),
            *_regimes(contrasts[STEADY], bound),
        ]
        for meeting in across.meetings
        for contrasts in meeting.alike
    ]
    of_regimes = _regime_headings(names, bound)
    headings = ("workload", "case", *names, f"{names[1]} is", TRANSFERS[across.moved], "first result", *of_regimes)
    about = "First result: from data on the host to the first result, tracing and compiling included."
    return _table("across-alike", "The same strategy on both", about, headings, rows)


def _lacking(across: Across, wording: Wording) -> Table:
    rows = (
        (wording.place(meeting), plain(name), plain(why))
        for meeting in across.meetings
        for name, why in meeting.lacking
    )
    return _table(LACKING, "Asked for, without a time", "", ("workload", "case", "why"), rows)


def _regime_headings(names: tuple[str, str], bound: Bound) -> tuple[str, ...]:
    """Of two accelerators each has a column of its own; that of a CPU stays empty."""
    return tuple(f"regime on {name}" if all(bound) else "regime" for name in names)


def _regimes(contrast: Contrast, bound: Bound) -> list[str]:
    """What bounds the case of either side."""
    cases = contrast.base.case, contrast.new.case
    return [of_side[case].name if of_side else "" for case, of_side in zip(cases, bound, strict=True)]


def _ratios(contrasts: Mapping[str, Contrast], *costs: str | None) -> list[Cell]:
    return [_ratio(contrasts.get(cost or "")) for cost in costs]


def _ratio(contrast: Contrast | None, less: str = "slower") -> Cell:
    if contrast is None:
        return NOTHING
    ratio = contrast.ratio
    return number_cell(shown_ratio(ratio.value, ratio.low, ratio.high, less, blocks=contrast.blocks), ratio.value)


def _times(contrast: Contrast) -> tuple[Cell, Cell]:
    sides = (contrast.base_s, contrast.new_s)
    base, new = (Cell(shown_time(seconds, blocks=contrast.blocks), seconds) for seconds in sides)
    return base, new


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
