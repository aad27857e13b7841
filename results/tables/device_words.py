"""Two sides in plain words, the answer first; every sentence is in a table further down."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..compare.devices.crossovers import Overtaking, main_lines, overtakings
from ..compare.devices.ratios import Across, Contrast, Meeting
from ..compare.devices.regimes import LAUNCH_BOUND, regimes
from ..compare.devices.sides import BOTH_WAYS, FLOW, INWARD, STEADY, Side
from ..compare.refusals import differences
from ..models.rays import AXIS_LETTER
from ..models.words import interval
from ..words.text import counted, listed, plain, ratio_text, trimmed
from .devices import line_text, named, short, threads_told, told_apart, varying

MOST_LINES = 6
_MOVED = {
    BOTH_WAYS: "Transfers in and out included",
    INWARD: "The transfer in included (the way out was not measured on both)",
}

_WITH = {BOTH_WAYS: "with transfers", INWARD: "with the transfer in"}


def sides_in_words(across: Across) -> list[str]:
    """What stands on either side, and in what they differ beside the device."""
    sides = [_side(side) for side in (across.base, across.new)]
    one = across.base.run.header.run == across.new.run.header.run
    every = all(found.paired for meeting in across.meetings for found in meeting.best.values())
    how = f"in one run, sampled in lockstep: ratios are paired{'' if every else ' where the threads are alike'}"
    if not one:
        how = "in two runs, which share no moment: intervals hold for these two sessions"
    names = across.base.run.name, across.new.run.name
    told = [] if one else [each.text for each in differences(across.base.run, across.new.run, names)]
    return [*sides, f"measured {how}", *(f"differs: {plain(text)}" for text in told)]


def plain_words(across: Across) -> list[str]:
    """Who is faster how often and by how much, from which size on, what launches cost, how many problems a second."""
    found = [_faster(across, STEADY, "With the data in place")]
    if across.moved is None:
        found.append("Transfers were not measured on both, so nothing is said with them included.")
    else:
        found.append(_faster(across, across.moved, _MOVED[across.moved]))
    return [*found, *_overtaken(across), *_launches(across), *_flow(across), *_held_back(across)]


def summed_up(across: Across) -> str:
    """`cuda is the faster in 5, cpu is the faster in 5 of 10 workloads, data in place; no verdicts`."""
    contrasts = [meeting.best[STEADY] for meeting in across.meetings if STEADY in meeting.best]
    told, of = _counted(across, contrasts), counted(len(contrasts), "workload")
    return f"{', '.join(told)} of {of}, data in place; no verdicts across devices or machines"


def _side(side: Side) -> str:
    machine = side.run.header.machine
    threads = sorted({"1 thread" if c.threads == "1" else f"{c.threads} threads" for c in side.spent})
    cores = machine.get("cores")
    beside = f", in a machine with {machine['cpu']}" if side.device != "cpu" and machine.get("cpu") else ""
    used = "" if side.device != "cpu" else f", {listed(threads)}" + (f" of {cores} cores" if cores else "")
    return plain(f"{side.name}: {side.kind}{beside}{used} ({side.run.name})")


def _faster(across: Across, cost: str, how: str) -> str:
    contrasts = [(meeting, meeting.best[cost]) for meeting in across.meetings if cost in meeting.best]
    told = _counted(across, [found for _, found in contrasts])
    text = f"{how}: of {counted(len(contrasts), 'workload')}, {', '.join(told)}"
    for sign, name in ((1, across.new.name), (-1, across.base.name)):
        wins = [each for each in contrasts if each[1].faster == sign]
        if wins:
            meeting, most = sorted(wins, key=_lead)[-1 if sign > 0 else 0]
            text += f"; {name} is at most {_times(most, sign)} as fast, at {_where(across, meeting)}"
            text += f" ({_cases(across, most)})"
    return f"{text}."


def _lead(each: tuple[Meeting, Contrast]) -> float:
    return each[1].ratio.value or 1.0


def _counted(across: Across, contrasts: Sequence[Contrast]) -> list[str]:
    """How often either side is surely the faster."""
    counts = Counter(found.faster for found in contrasts)
    names = ((1, across.new.name), (-1, across.base.name))
    told = [f"{name} is the faster in {counts[sign]:,}" for sign, name in names if counts[sign]]
    return told + ([f"{counts[0]:,} not sure"] if counts[0] else [])


def _overtaken(across: Across) -> Iterator[str]:
    """Of each method the longest line along samples, and along the batch."""
    told = varying(told_apart(across))
    for line in main_lines(across)[:MOST_LINES]:
        found = overtakings(across, line)
        steady = [_event(each) for each in found if each.cost == STEADY]
        moved = [_event(each) for each in found if each.cost != STEADY]
        text = "; ".join(steady)
        with_them = _WITH[across.moved or BOTH_WAYS]
        if moved == steady:
            text += f", {with_them} and without"
        elif moved:
            text += f"; {with_them}, {'; '.join(moved)}"
        yield f"Along {AXIS_LETTER[line.axis]}, at {line_text(line, told)}: {text}."


def _event(found: Overtaking) -> str:
    if not found.at.known:
        return found.at.why
    return f"{found.above} overtakes {found.below} at {AXIS_LETTER[found.line.axis]} = {interval(found.at)}"


def _launches(across: Across) -> Iterator[str]:
    contrasts = [meeting.best[STEADY] for meeting in across.meetings if STEADY in meeting.best]
    for side, cases in (
        (across.new, [each.new.case for each in contrasts]),
        (across.base, [each.base.case for each in contrasts]),
    ):
        found = regimes(side)
        bound = [case for case in cases if found and found[case].name == LAUNCH_BOUND]
        if not found:
            continue
        if not bound:
            yield f"The best of {side.name} is not surely launch-bound in any of the workloads."
            continue
        yield (
            f"The best of {side.name} is launch-bound in {len(bound):,} of {len(cases):,} workloads: over half "
            f"of its time is launches and waits, and would be left with no work at all."
        )


def _flow(across: Across) -> Iterator[str]:
    """The most problems a second at the largest batch that both solved, method by method."""
    largest: dict[object, Meeting] = {}
    for meeting in across.meetings:
        method, batch = meeting.workload["method"], int(str(meeting.workload["batch"]))
        known = largest.get(method)
        if batch > 1 and FLOW in meeting.best and (known is None or batch > int(str(known.workload["batch"]))):
            largest[method] = meeting
    for meeting in largest.values():
        flow, batch = meeting.best[FLOW], int(str(meeting.workload["batch"]))
        rates = [
            f"{side.name} solves {trimmed(batch / seconds)} problems a second"
            for side, seconds in ((across.new, flow.new_s), (across.base, flow.base_s))
        ]
        yield f"At {_where(across, meeting)} {rates[0]}, {rates[1]}: {_times(flow)} as many."


def _held_back(across: Across) -> Iterator[str]:
    """A CPU that was not let use all its cores stands against a whole accelerator."""
    for side, other in ((across.base, across.new), (across.new, across.base)):
        cores = side.run.header.machine.get("cores")
        held = side.device == "cpu" and other.device != "cpu" and {case.threads for case in side.spent} == {"1"}
        if held and isinstance(cores, int) and cores > 1:
            yield f"{side.name} used 1 of {cores} cores; with more it may be faster (linregbench run --threads all)."


def _times(found: Contrast, sign: int = 1) -> str:
    """How many times as fast the new side is, or with sign -1 the base."""
    ends = (found.ratio.value, found.ratio.low, found.ratio.high)
    if sign < 0:
        ends = (1 / (ends[0] or 1.0), ends[2] and 1 / ends[2], ends[1] and 1 / ends[1])
    return ratio_text(*ends)


def _where(across: Across, meeting: Meeting) -> str:
    return short(dict(meeting.workload), varying(told_apart(across)))


def _cases(across: Across, found: Contrast) -> str:
    threads = threads_told(across)
    one, other = named(found.new, threads=threads), named(found.base, threads=threads)
    return f"{one} on both" if one == other else f"{one} against {other}"
