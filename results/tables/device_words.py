"""Two sides as a document: what they are and the answer in plain words, then the tables that say it at length."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..compare.devices.crossovers import Overtaking, main_lines, overtakings
from ..compare.devices.ratios import Across, Contrast
from ..compare.devices.regimes import LAUNCH_BOUND, regimes
from ..compare.devices.sides import BOTH_WAYS, INWARD, STEADY, Side
from ..compare.refusals import differences
from ..models.words import interval
from ..words.names import AXIS_LETTER
from ..words.text import counted, listed, plain, ratio_text, threads_text
from .cases import by_reason
from .devices import LACKING, Wording, tables_of
from .table import Cell, Document, Table

MOST_LINES = 6
_MOVED = {
    BOTH_WAYS: "Transfers in and out included",
    INWARD: "The transfer in included (the way out was not measured on both)",
}

_WITH = {BOTH_WAYS: "with transfers", INWARD: "with the transfer in"}


def across_document(across: Across) -> Document:
    """A pair of sides; a table of several strategies is one a strategy."""
    tables = tables_of(across)
    above = [f"{across.new.name} against {across.base.name}", *sides_in_words(across), "", *devices_in_words(across)]
    notes = [f"{table.title.partition(':')[0]}: {table.about}" for table in tables if table.about]
    return Document([part for table in tables for part in _parts(table)], above, notes, _summary(across))


def sides_in_words(across: Across) -> list[str]:
    """What stands on either side, and in what they differ beside the device."""
    sides = [_side(*side) for side in zip((across.base, across.new), Wording(across).names, strict=True)]
    one = across.base.run.header.run == across.new.run.header.run
    every = all(contrast.paired for meeting in across.meetings for contrast in meeting.best.values())
    how = f"in one run, sampled in lockstep: ratios are paired{'' if every else ' where the threads are alike'}"
    if not one:
        how = "in two runs, which share no moment: intervals hold for these two sessions"
    names = across.base.run.name, across.new.run.name
    apart = () if one else differences(across.base.run, across.new.run, names)
    return [*sides, f"measured {how}", *(f"differs: {plain(difference.text)}" for difference in apart)]


def devices_in_words(across: Across) -> list[str]:
    """Who is faster how often and by how much, from which size on, and what launches cost."""
    moved = "Transfers were not measured on both, so nothing is said with them included."
    if across.moved is not None:
        moved = _faster(across, across.moved, _MOVED[across.moved])
    steady = _faster(across, STEADY, "With the data in place")
    return [steady, moved, *_overtaken(across), *_launches(across), *_held_back(across)]


def _summary(across: Across) -> str:
    """`cuda is the faster in 5, cpu is the faster in 5 of 10 workloads, data in place; no verdicts`."""
    contrasts = [meeting.best[STEADY] for meeting in across.meetings if STEADY in meeting.best]
    wins, of = _counted(across, contrasts), counted(len(contrasts), "workload")
    return f"{', '.join(wins)} of {of}, data in place; no verdicts across devices or machines"


def _parts(table: Table) -> Iterator[Table]:
    """A table for each strategy where it has several; what has no time goes by its reasons."""
    if table.name.startswith(LACKING):
        reasons = ((f"{case.text} at {place.text}", why.text) for place, case, why in table.rows)
        yield Table(table.title, left_out=by_reason(reasons))
        return
    if "case" not in {column.name for column in table.columns}:
        yield replace(table, about="")
        return
    by_case: dict[str, list[tuple[Cell, ...]]] = {}
    for place, case, *cells in table.rows:
        by_case.setdefault(case.text, []).append((place, *cells))
    columns = (table.columns[0], *table.columns[2:])
    for name, rows in by_case.items():
        yield Table(f"{table.title}: {name}", columns, tuple(rows)).filled()


def _side(side: Side, name: str) -> str:
    machine = side.run.header.machine
    threads = sorted({threads_text(case.threads) for case in side.spent})
    cores = machine.get("cores")
    beside = f", in a machine with {machine['cpu']}" if side.device != "cpu" and machine.get("cpu") else ""
    used = "" if side.device != "cpu" else f", {listed(threads)}" + (f" of {cores} cores" if cores else "")
    called = side.name if name == side.name else f"{name} is {side.name}"
    return plain(f"{called}: {side.kind}{beside}{used} ({side.run.name})")


def _faster(across: Across, cost: str, how: str) -> str:
    contrasts = [(meeting, meeting.best[cost]) for meeting in across.meetings if cost in meeting.best]
    wording = Wording(across)
    counts = _counted(across, [contrast for _, contrast in contrasts])
    text = f"{how}: of {counted(len(contrasts), 'workload')}, {', '.join(counts)}"
    for sign, name in ((1, across.new.name), (-1, across.base.name)):
        wins = [(meeting, contrast) for meeting, contrast in contrasts if contrast.faster == sign]
        if wins:
            meeting, most = sorted(wins, key=lambda win: win[1].ratio.value or 1.0)[-1 if sign > 0 else 0]
            text += f"; {name} is at most {_times(most, sign)} as fast, at {wording.place(meeting)}"
            text += f" ({_cases(wording, most)})"
    return f"{text}."


def _counted(across: Across, contrasts: Sequence[Contrast]) -> list[str]:
    """How often either side is surely the faster."""
    counts = Counter(contrast.faster for contrast in contrasts)
    names = ((1, across.new.name), (-1, across.base.name))
    wins = [f"{name} is the faster in {counts[sign]:,}" for sign, name in names if counts[sign]]
    return wins + ([f"{counts[0]:,} not sure"] if counts[0] else [])


def _overtaken(across: Across) -> Iterator[str]:
    """Of each method the longest line along samples, and along the batch."""
    wording = Wording(across)
    for line in main_lines(across)[:MOST_LINES]:
        changes = overtakings(across, line)
        steady = [_event(change) for change in changes if change.cost == STEADY]
        moved = [_event(change) for change in changes if change.cost != STEADY]
        text = "; ".join(steady)
        with_them = _WITH[across.moved or BOTH_WAYS]
        if moved == steady:
            text += f", {with_them} and without"
        elif moved:
            text += f"; {with_them}, {'; '.join(moved)}"
        yield f"Along {AXIS_LETTER[line.axis]}, at {wording.line(line)}: {text}."


def _event(change: Overtaking) -> str:
    if not change.at.known:
        return change.at.why
    return f"{change.above} overtakes {change.below} at {AXIS_LETTER[change.line.axis]} = {interval(change.at)}"


def _launches(across: Across) -> Iterator[str]:
    contrasts = [meeting.best[STEADY] for meeting in across.meetings if STEADY in meeting.best]
    of_new, of_base = ([contrast.new.case for contrast in contrasts], [contrast.base.case for contrast in contrasts])
    for side, cases in ((across.new, of_new), (across.base, of_base)):
        of_cases = regimes(side)
        bound = sum(of_cases[case].name == LAUNCH_BOUND for case in cases) if of_cases else 0
        if bound:
            yield (
                f"The best of {side.name} is launch-bound in {bound:,} of {len(cases):,} workloads: over half "
                f"of its time is launches and waits, and would be left with no work at all."
            )
        elif of_cases:
            yield f"The best of {side.name} is not surely launch-bound in any of the workloads."


def _held_back(across: Across) -> Iterator[str]:
    """A CPU that was not let use all its cores stands against a whole accelerator."""
    for side, other in ((across.base, across.new), (across.new, across.base)):
        cores = side.run.header.machine.get("cores")
        held = side.device == "cpu" and other.device != "cpu" and {case.threads for case in side.spent} == {"1"}
        if held and isinstance(cores, int) and cores > 1:
            yield f"{side.name} used 1 of {cores} cores; with more it may be faster (linregbench run --threads all)."


def _times(contrast: Contrast, sign: int = 1) -> str:
    """How many times as fast the new side is, or with sign -1 the base."""
    ends = (contrast.ratio.value, contrast.ratio.low, contrast.ratio.high)
    if sign < 0:
        ends = (1 / (ends[0] or 1.0), ends[2] and 1 / ends[2], ends[1] and 1 / ends[1])
    return ratio_text(*ends)


def _cases(wording: Wording, contrast: Contrast) -> str:
    one, other = wording.case(contrast.new), wording.case(contrast.base)
    return f"{one} on both" if one == other else f"{one} against {other}"
