"""Two sides as tables in words, the same for a terminal, for Markdown and for a page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..compare.devices.crossovers import Line, Overtaking, lines, overtakings
from ..compare.devices.ratios import Across, Contrast, Meeting
from ..compare.devices.regimes import regimes
from ..compare.devices.sides import BOTH_WAYS, FIRST, FLOW, INWARD, STEADY, Spent
from ..models.rays import AXIS_LETTER
from ..models.words import AnswerTable, Cell, interval
from ..stats.estimates import label
from ..words.text import counted, number_text, plain, ratio_text, text_of_time, trimmed
from .answers import METHOD_NAME

TRANSFERS = {BOTH_WAYS: "with transfers", INWARD: "with transfer in", None: "with transfers"}
Regimes = dict[str, Callable[[Contrast], Cell]]

LACKING = "across-lacking"
"""How the name of the table begins that has no times."""


def tables_of(across: Across, number: int = 0) -> list[AnswerTable]:
    """Every table of a pair of sides; `number` tells the pairs of one report apart."""
    bound = _regimes(across)
    tables = [
        _best(across, bound),
        _overtaken(across),
        _flow(across),
        _alike(across, bound),
        _lacking(across),
    ]
    suffix = f"-{number}" if number else ""
    return [
        AnswerTable(f"across-{t.name}{suffix}", t.heading, t.about, t.columns, t.rows, t.nothing)
        for t in tables
        if t.rows
    ]


def overtaken_text(found: Sequence[Overtaking]) -> str:
    """Where one side overtakes the other by one kind of cost, in a cell: `cuda from 22,700 [21,700-23,000]`."""
    crossed = [f"{each.above} from {interval(each.at)}" for each in found if each.at.known]
    if crossed:
        return "; ".join(crossed)
    (only,) = found
    return f"{only.above} at every size" if only.above else "not sure"


def _best(across: Across, bound: Regimes) -> AnswerTable:
    place = _places(across)
    rows = []
    for meeting in across.meetings:
        best = meeting.best.get(STEADY)
        if best is None:
            continue
        cells = [_text(place(meeting)), _time(best.base_s), _time(best.new_s), _ratio(best), _moved(across, meeting)]
        rows.append((*cells, *(of(best) for of in bound.values())))
    names = across.base.name, across.new.name
    columns = ("workload", *names, f"{names[1]} is", TRANSFERS[across.moved], *bound)
    about = (
        f"The fastest case of each with its data in place, and how many times as fast {names[1]} is: above 1 "
        f"it is the faster, below 1 {names[0]}."
    )
    if across.moved:
        about += " With transfers, the case that is fastest with them may be another one."
    if bound:
        about += " Launch-bound: over half of its time would be left with no work at all."
    return AnswerTable("best", f"The best of each: {shared(told_apart(across))}", about, columns, tuple(rows), "")


def _overtaken(across: Across) -> AnswerTable:
    told = varying(told_apart(across))
    rows = []
    for line in lines(across):
        found = overtakings(across, line)
        by_cost = {cost: [each for each in found if each.cost == cost] for cost in (STEADY, across.moved)}
        texts = [line_text(line, told), AXIS_LETTER[line.axis]]
        texts += [overtaken_text(of_cost) for of_cost in by_cost.values() if of_cost]
        rows.append(tuple(_text(text) for text in texts))
    columns = ("workload", "along", "data in place", *([TRANSFERS[across.moved]] if across.moved else []))
    return AnswerTable(
        "overtaken",
        f"From which size on {across.new.name} wins, and where {across.base.name} does",
        "Where the best of one overtakes the best of the other, within the sizes measured. The interval holds every "
        "size at which their order is not sure, whether times between two sizes follow a straight line or a power law.",
        columns,
        tuple(rows),
        "",
    )


def _flow(across: Across) -> AnswerTable:
    place, threads = _places(across), threads_told(across)
    rows = []
    for meeting in across.meetings:
        flow = meeting.best.get(FLOW)
        if flow is None:
            continue
        batch = meeting.workload["batch"]
        cells = [_text(place(meeting))]
        for spent, seconds in ((flow.base, flow.base_s), (flow.new, flow.new_s)):
            per_s = int(str(batch)) / seconds
            cells.append(Cell(f"{trimmed(per_s)}, {named(spent, threads=threads)}", per_s))
        rows.append((*cells, _ratio(flow)))
    names = across.base.name, across.new.name
    enqueued = any(spent.enqueued for side in (across.base, across.new) for spent in side.spent.values())
    how = "where calls were enqueued and waited for once, and else of calls one after another" if enqueued else ""
    return AnswerTable(
        "flow",
        "Problems a second",
        f"The most that each solves in a second{f', {how}' if how else ''}.",
        ("workload", *names, f"{names[1]} solves"),
        tuple(rows),
        "",
    )


def _alike(across: Across, bound: Regimes) -> AnswerTable:
    place, threads = _places(across), threads_told(across)
    rows = []
    for meeting in across.meetings:
        for contrasts in meeting.alike:
            steady = contrasts[STEADY]
            cells = [
                _text(place(meeting)),
                _text(named(steady.new, threads=threads)),
                _time(steady.base_s),
                _time(steady.new_s),
                _ratio(steady),
                _ratio(contrasts.get(across.moved or "")),
                _ratio(contrasts.get(FIRST)),
            ]
            rows.append((*cells, *(of(steady) for of in bound.values())))
    names = across.base.name, across.new.name
    columns = ("workload", "case", *names, f"{names[1]} is", TRANSFERS[across.moved], "first result", *bound)
    about = "First result: from data on the host to the first result, tracing and compiling included."
    return AnswerTable("alike", "The same strategy on both", about, columns, tuple(rows), "")


def _lacking(across: Across) -> AnswerTable:
    place = _places(across)
    rows = tuple(
        (_text(place(meeting)), _text(plain(name)), _text(plain(why)))
        for meeting in across.meetings
        for name, why in meeting.lacking
    )
    return AnswerTable("lacking", "Asked for, without a time", "", ("workload", "case", "why"), rows, "")


def line_text(line: Line, told: Sequence[str]) -> str:
    """What stands still along a line, in short; the whole where nothing differs from line to line."""
    keys = [key for key in told if key != line.axis]
    return short(line.title, keys) or short(line.title, ("method", "features", "batch"), (line.axis,))


def _regimes(across: Across) -> Regimes:
    """By the heading of its column, what bounds a case; of two accelerators each has a column of its own."""
    of_base, of_new = regimes(across.base), regimes(across.new)
    columns: Regimes = {}
    if of_base:
        columns[f"regime on {across.base.name}" if of_new else "regime"] = lambda each: _text(
            of_base[each.base.case].name
        )
    if of_new:
        columns[f"regime on {across.new.name}" if of_base else "regime"] = lambda each: _text(
            of_new[each.new.case].name
        )
    return columns


def _places(across: Across) -> Callable[[Meeting], str]:
    """A workload in short, by all that differs in a comparison."""
    told = varying(told_apart(across))
    return lambda meeting: short(dict(meeting.workload) | {"precision": precision_of(meeting)}, told)


def _moved(across: Across, meeting: Meeting) -> Cell:
    return _ratio(meeting.best.get(across.moved or ""))


def _ratio(found: Contrast | None) -> Cell:
    if found is None or found.ratio.value is None:
        return Cell("", float("inf"))
    return Cell(ratio_text(found.ratio.value, found.ratio.low, found.ratio.high), found.ratio.value)


def _time(seconds: float) -> Cell:
    return Cell(text_of_time(seconds), seconds)


def _text(text: str) -> Cell:
    return Cell(text, text)


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


def varying(workloads: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What differs from workload to workload; samples always are told."""
    different = [key for key in _KEYS if len({w.get(key) for w in workloads} - {None}) > 1]
    return tuple(key for key in _KEYS if key in different or key == "samples")


def shared(workloads: Sequence[Mapping[str, Any]]) -> str:
    """What is alike in all, `gradient descent, d = 2, 100 steps, float32`."""
    told = varying(workloads)
    alike = [key for key in _KEYS if key not in told and key not in _UNTOLD]
    values = [(key, next((w[key] for w in workloads if w.get(key) is not None), None)) for key in alike]
    return ", ".join(_long(key, value) for key, value in values if value is not None)


def short(workload: Mapping[str, Any], told: Iterable[str], without: Iterable[str] = ()) -> str:
    """`gd n=1,000 d=2 b=8`."""
    keys = [key for key in told if key not in without and workload.get(key) is not None]
    return " ".join(_short(key, workload[key]) for key in keys)


def named(spent: Spent, *, threads: bool) -> str:
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
