"""Two sides as tables in words, the same for a terminal, for Markdown and for a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..compare.devices.crossovers import Line, Overtaking, lines, overtakings
from ..compare.devices.ratios import Across, Contrast, Meeting
from ..compare.devices.regimes import regimes
from ..compare.devices.sides import BOTH_WAYS, FIRST, FLOW, INWARD, STEADY, Spent
from ..models.rays import AXIS_LETTER
from ..models.words import interval
from ..stats.estimates import label
from ..words.text import counted, number_text, plain, ratio_text, text_of_time, trimmed
from .answers import METHOD_NAME
from .table import MISSING, Cell, Table, table_of, text_rows

TRANSFERS = {BOTH_WAYS: "with transfers", INWARD: "with transfer in", None: "with transfers"}
Regimes = dict[str, Callable[[Contrast], Cell]]

LACKING = "across-lacking"
"""How the name of the table begins that has no times."""

_LONG_NAME = 12
"""Characters; a side of a longer name is a letter in tables."""


def tables_of(across: Across, number: int = 0) -> list[Table]:
    """Every table of a pair of sides; `number` tells the pairs of one report apart."""
    of_regimes = _regimes(across)
    made = {
        "best": _best(across, of_regimes),
        "overtaken": _overtaken(across),
        "flow": _flow(across),
        "alike": _alike(across, of_regimes),
        "lacking": _lacking(across),
    }
    suffix = f"-{number}" if number else ""
    return [
        table_of(title, names, rows, _dispensable(names), name=f"across-{name}{suffix}", about=about).filled()
        for name, (title, about, names, rows) in made.items()
        if rows
    ]


def _dispensable(names: Sequence[str]) -> list[str]:
    """What a narrow terminal may lack: it says more of the other columns."""
    return [name for name in names if name.startswith(("fastest on", "first result", "regime"))]


_Parts = tuple[str, str, Sequence[str], tuple[tuple[Cell, ...], ...]]
"""Of a table: its title, what its numbers mean, the names of its columns, its rows."""


def names_in_tables(across: Across) -> tuple[str, str]:
    """What the base and the new side are called in tables: by their names, or A and B where one of those is long."""
    names = across.base.name, across.new.name
    return names if max(map(len, names)) <= _LONG_NAME else ("A", "B")


def _overtaken_text(changes: Sequence[Overtaking], names: Mapping[str | None, str]) -> str:
    """Where one side overtakes the other by one kind of cost: `cuda from 22,700 [21,700-23,000]`."""
    crossed = [f"{names[change.above]} from {interval(change.at)}" for change in changes if change.at.known]
    if crossed:
        return "; ".join(crossed)
    (only,) = changes
    return f"{names[only.above]} at every size" if only.above else "not sure"


def _best(across: Across, of_regimes: Regimes) -> _Parts:
    place = _places(across)
    names = names_in_tables(across)
    rows = []
    for meeting in across.meetings:
        best = meeting.best.get(STEADY)
        if best is None:
            continue
        moved = _ratio(meeting.best.get(across.moved or ""))
        times = _time(best.base_s), _time(best.new_s)
        rows.append((Cell(place(meeting)), *times, _ratio(best), moved, *(of(best) for of in of_regimes.values())))
    about = (
        f"The fastest case of each with its data in place, and how many times as fast {names[1]} is: above 1 "
        f"it is the faster, below 1 {names[0]}."
    )
    if across.moved:
        about += " With transfers, the case that is fastest with them may be another one."
    if of_regimes:
        about += " Launch-bound: over half of its time would be left with no work at all."
    headings = ("workload", *names, f"{names[1]} is", TRANSFERS[across.moved], *of_regimes)
    return f"The best of each: {shared(told_apart(across))}", about, headings, tuple(rows)


def _overtaken(across: Across) -> _Parts:
    keys = differing_keys(told_apart(across))
    names = names_in_tables(across)
    by_name: dict[str | None, str] = dict(zip((across.base.name, across.new.name), names, strict=True))
    texts = []
    for line in lines(across):
        changes = overtakings(across, line)
        by_cost = [[change for change in changes if change.cost == cost] for cost in (STEADY, across.moved)]
        where = [_overtaken_text(of_cost, by_name) for of_cost in by_cost if of_cost]
        texts.append((line_text(line, keys), AXIS_LETTER[line.axis], *where))
    about = (
        "Where the best of one overtakes the best of the other, within the sizes measured. The interval holds every "
        "size at which their order is not sure, whether times between two sizes follow a straight line or a power law."
    )
    headings = ("workload", "along", "data in place", *([TRANSFERS[across.moved]] if across.moved else []))
    return f"From which size on {names[1]} wins, and where {names[0]} does", about, headings, text_rows(texts)


def _flow(across: Across) -> _Parts:
    place, threads = _places(across), threads_told(across)
    names = names_in_tables(across)
    rows = []
    for meeting in across.meetings:
        flow = meeting.best.get(FLOW)
        if flow is None:
            continue
        batch = int(str(meeting.workload["batch"]))
        rates = [Cell(trimmed(batch / seconds), batch / seconds) for seconds in (flow.base_s, flow.new_s)]
        cases = [Cell(case_text(spent, threads=threads)) for spent in (flow.base, flow.new)]
        rows.append((Cell(place(meeting)), *rates, _ratio(flow, "fewer"), *cases))
    enqueued = any(spent.enqueued for side in (across.base, across.new) for spent in side.spent.values())
    how = "where calls were enqueued and waited for once, and else of calls one after another" if enqueued else ""
    about = f"The most that each solves in a second{f', {how}' if how else ''}."
    headings = ("workload", *names, f"{names[1]} solves", *(f"fastest on {name}" for name in names))
    return "Problems a second", about, headings, tuple(rows)


def _alike(across: Across, of_regimes: Regimes) -> _Parts:
    place, threads = _places(across), threads_told(across)
    names = names_in_tables(across)
    rows = []
    for meeting in across.meetings:
        for contrasts in meeting.alike:
            steady = contrasts[STEADY]
            cells = Cell(place(meeting)), Cell(case_text(steady.new, threads=threads))
            times = _time(steady.base_s), _time(steady.new_s)
            ratios = (_ratio(contrasts.get(cost)) for cost in (STEADY, across.moved or "", FIRST))
            rows.append((*cells, *times, *ratios, *(of(steady) for of in of_regimes.values())))
    headings = ("workload", "case", *names, f"{names[1]} is", TRANSFERS[across.moved], "first result", *of_regimes)
    about = "First result: from data on the host to the first result, tracing and compiling included."
    return "The same strategy on both", about, headings, tuple(rows)


def _lacking(across: Across) -> _Parts:
    place = _places(across)
    rows = text_rows(
        (place(meeting), plain(name), plain(why)) for meeting in across.meetings for name, why in meeting.lacking
    )
    return "Asked for, without a time", "", ("workload", "case", "why"), rows


def line_text(line: Line, keys: Sequence[str]) -> str:
    """What stands still along a line, in short; the whole where nothing differs from line to line."""
    keys = [key for key in keys if key != line.axis]
    return short_title(line.title, keys) or short_title(line.title, ("method", "features", "batch"), (line.axis,))


def _regimes(across: Across) -> Regimes:
    """By the heading of its column, what bounds a case; of two accelerators each has a column of its own."""
    of_base, of_new = regimes(across.base), regimes(across.new)
    one, other = (f"regime on {name}" if of_base and of_new else "regime" for name in names_in_tables(across))
    headings: Regimes = {}
    if of_base:
        headings[one] = lambda contrast: Cell(of_base[contrast.base.case].name)
    if of_new:
        headings[other] = lambda contrast: Cell(of_new[contrast.new.case].name)
    return headings


def _places(across: Across) -> Callable[[Meeting], str]:
    """A workload in short, by all that differs in a comparison."""
    keys = differing_keys(told_apart(across))
    return lambda meeting: short_title(dict(meeting.workload) | {"precision": precision_of(meeting)}, keys)


def _ratio(contrast: Contrast | None, less: str = "slower") -> Cell:
    if contrast is None or contrast.ratio.value is None:
        return Cell("", MISSING)
    ratio = contrast.ratio
    return Cell(ratio_text(ratio.value, ratio.low, ratio.high, less), ratio.value)


def _time(seconds: float) -> Cell:
    return Cell(text_of_time(seconds), seconds)


_KEYS: tuple[str, ...] = (
    "method",
    "samples",
    "features",
    "batch",
    "steps",
    "dtype",
    "precision",
    "condition",
    "tolerance",
)
_KEYS += ("max_steps", "step_size", "seed", "data")
_UNTOLD = ("max_steps", "seed", "precision")  # told only where they differ


def told_apart(across: Across) -> list[dict[str, Any]]:
    """The workloads, each with all that its rows may have to say."""
    return [dict(meeting.workload) | {"precision": precision_of(meeting)} for meeting in across.meetings]


def precision_of(meeting: Any) -> str:
    """The precision of the arithmetic, which both sides share."""
    return str(next(iter(meeting.best.values())).base.case.precision)


def differing_keys(workloads: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What differs from workload to workload; samples always are told."""
    different = [key for key in _KEYS if len({w.get(key) for w in workloads} - {None}) > 1]
    return tuple(key for key in _KEYS if key in different or key == "samples")


def shared(workloads: Sequence[Mapping[str, Any]]) -> str:
    """What is alike in all, `gradient descent, d = 2, 100 steps, float32`."""
    different = differing_keys(workloads)
    alike = [key for key in _KEYS if key not in different and key not in _UNTOLD]
    values = [(key, next((w[key] for w in workloads if w.get(key) is not None), None)) for key in alike]
    return ", ".join(_long(key, value) for key, value in values if value is not None)


def short_title(workload: Mapping[str, Any], names: Iterable[str], without: Iterable[str] = ()) -> str:
    """`gd n=1,000 d=2 b=8`."""
    keys = [key for key in names if key not in without and workload.get(key) is not None]
    return " ".join(_short(key, workload[key]) for key in keys)


def case_text(spent: Spent, *, threads: bool) -> str:
    """A case by its strategy and variant, and its threads where those are to be told."""
    text = plain(label(spent.case))
    return f"{text}, {_threads(spent.case.threads)}" if threads else text


def threads_told(across: Across) -> bool:
    """Whether a case's threads have to be told: where they differ between any two."""
    return len({case.threads for side in (across.base, across.new) for case in side.spent}) > 1


def _threads(threads: str) -> str:
    return "1 thread" if threads == "1" else f"{plain(threads)} threads"


def _long(key: str, value: Any) -> str:
    if key == "method":
        return METHOD_NAME.get(value, plain(str(value)))
    if key == "steps":
        return counted(value, "step")
    if key in AXIS_LETTER:
        return f"{AXIS_LETTER[key]} = {value:,}"
    return plain(value) if key == "dtype" else f"{key.replace('_', ' ')} {_value(value)}"


def _short(key: str, value: Any) -> str:
    if key in ("method", "dtype"):
        return plain(str(value))
    return f"{AXIS_LETTER.get(key, key)}={value:,}" if key in AXIS_LETTER else f"{key}={_value(value)}"


def _value(value: Any) -> str:
    return number_text(value) if isinstance(value, int | float) else plain(str(value))
