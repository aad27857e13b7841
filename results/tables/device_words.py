"""Two sides as a document: what they are and the answer in plain words, then the tables that say it at length."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ..compare.devices.crossovers import Overtaking, main_lines, overtakings
from ..compare.devices.ratios import Across, Contrast
from ..compare.devices.regimes import LAUNCH_BOUND, regimes
from ..compare.devices.sides import BOTH_WAYS, INWARD, STEADY, Side
from ..compare.refusals import differences
from ..models.words import interval
from ..stats.shortfall import shortfall
from ..words.guesses import ENOUGH_BLOCKS, shown_ratio, too_few
from ..words.names import AXIS_LETTER
from ..words.text import counted, listed, plain, threads_text
from .cases import by_reason
from .devices import LACKING, TRANSFERS, Wording, tables_of
from .table import Cell, Document, Table

MOST_LINES = 6
_HOW = {
    STEADY: "With the data in place",
    BOTH_WAYS: "Transfers in and out included",
    INWARD: "The transfer in included (the way out was not measured on both)",
}


def across_document(across: Across) -> Document:
    """A pair of sides; a table of several strategies is one a strategy."""
    tables = tables_of(across)
    above = [across.heading, *sides_in_words(across), "", *devices_in_words(across)]
    notes = [f"{table.title.partition(':')[0]}: {table.about}" for table in tables if table.about]
    return Document([part for table in tables for part in _parts(table)], above, notes, _summary(across))


def sides_in_words(across: Across) -> list[str]:
    """What stands on either side, and in what they differ beside the device."""
    sides = [_side(*side) for side in zip((across.base, across.new), Wording(across).names, strict=True)]
    base, new = across.base.run, across.new.run
    if base.header.run == new.header.run:
        every = all(contrast.paired for meeting in across.meetings for contrast in meeting.best.values())
        where = "" if every else " where the threads are alike"
        sides = [*([f"{base.name} {text}"] if (text := shortfall(base)) else []), *sides]
        return [*sides, f"measured in one run, sampled in lockstep: ratios are paired{where}"]
    apart = [f"differs: {plain(each.text)}" for each in differences(base, new, (base.name, new.name))]
    lacking = [f"{run.name} {text}" for run in (base, new) if (text := shortfall(run))]
    how = "measured in two runs, which share no moment: intervals hold for these two sessions"
    return [*lacking, *sides, how, *apart]


def devices_in_words(across: Across) -> list[str]:
    """Who is faster how often and by how much, from which size on, and what launches cost."""
    faster = [_faster(across, cost, how) for cost, how in _HOW.items() if cost in (STEADY, across.moved)]
    if across.moved is None:
        faster.append("Transfers were not measured on both, so nothing is said with them included.")
    contrasts = [contrast for meeting in across.meetings for contrast in meeting.best.values()]
    if any(too_few(contrast.blocks) for contrast in contrasts):
        faster.append(f"~ marks a guess: fewer than {ENOUGH_BLOCKS} blocks on a side are too few for an interval.")
    return [*faster, *_overtaken(across), *_launches(across), *_held_back(across)]


def _summary(across: Across) -> str:
    """`cuda is the faster in 5, cpu is the faster in 5 of 10 workloads, data in place; no verdicts`."""
    wins, of = _counted(across, STEADY)
    return f"{wins} of {of}, data in place; no verdicts across devices or machines"


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
    wording = Wording(across)
    wins, of = _counted(across, cost)
    text = f"{how}: of {of}, {wins}"
    for sign, name in ((1, across.new.name), (-1, across.base.name)):
        won = [(meeting, contrast) for meeting, contrast in across.best(cost) if contrast.faster == sign]
        if won:
            meeting, most = max(won, key=lambda win: (win[1].ratio.value or 1.0) ** sign)
            text += f"; {name} is at most {_times(most, sign)} as fast, at {wording.place(meeting)}"
            one, other = wording.case(most.new), wording.case(most.base)
            text += f" ({one} on both)" if one == other else f" ({one} against {other})"
    return f"{text}."


def _counted(across: Across, cost: str) -> tuple[str, str]:
    """How often either side is surely the faster, and of how many workloads."""
    counts = Counter(contrast.faster for _, contrast in across.best(cost))
    named = ((1, across.new.name), (-1, across.base.name))
    wins = [f"{name} is the faster in {counts[sign]:,}" for sign, name in named if counts[sign]]
    unsure = [f"{counts[0]:,} not sure"] if counts[0] else []
    return ", ".join(wins + unsure), counted(counts.total(), "workload")


def _overtaken(across: Across) -> Iterator[str]:
    """Of each method the longest line along samples, and along the batch."""
    wording = Wording(across)
    for line in main_lines(across)[:MOST_LINES]:
        letter = AXIS_LETTER[line.axis]
        changes = overtakings(across, line)
        steady = "; ".join(_event(change, letter) for change in changes if change.cost == STEADY)
        moved = "; ".join(_event(change, letter) for change in changes if change.cost != STEADY)
        with_them = TRANSFERS[across.moved]
        more = f", {with_them} and without" if moved == steady else f"; {with_them}, {moved}" if moved else ""
        yield f"Along {letter}, at {wording.line(line)}: {steady}{more}."


def _event(change: Overtaking, letter: str) -> str:
    if not change.at.known:
        return change.at.why
    likely = "likely " if too_few(change.at.blocks) else ""
    return f"{change.above} {likely}overtakes {change.below} at {letter} = {interval(change.at)}"


def _launches(across: Across) -> Iterator[str]:
    best = [contrast for _, contrast in across.best(STEADY)]
    for side, fastest in ((across.new, [each.new for each in best]), (across.base, [each.base for each in best])):
        if of_cases := regimes(side):
            bound = sum(of_cases[spent.case].name == LAUNCH_BOUND for spent in fastest)
            surely = "" if bound else "surely "
            yield f"The best of {side.name} is {surely}launch-bound in {bound:,} of {counted(len(best), 'workload')}."


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
    return shown_ratio(*ends, blocks=contrast.blocks)
