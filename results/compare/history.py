"""A case over commits or dates: where its ratio stepped, by how much, and in which run that was first seen.

The steps are those of asv (`asv.step_detect`): the history as levels, each the median of its runs, with as many levels
as pay for themselves in what they explain. No two of these runs share a moment, so a step is where to look, and no
verdict; what changed there beside the code is told with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..fields import CASE_KEYS, WORKLOAD
from ..formats.load import Loaded, Origin, judged_side
from ..formats.unjudged import judged_here
from ..frame import records_of
from ..runfile.read import Run
from ..stats.intervals import FloatArray
from ..words.names import Record
from .refusals import circumstances

LEAST = 0.01
"""As a fraction, the least that is called a step, as it is the least that is called a difference anywhere."""
FEWEST = 8
"""Values, below which levels fit noise too well: of five, one history in five would step."""

QUANTITIES = {"ratio": "times as fast as the baseline", "time_s": "time of a call"}

Level = tuple[int, int, float, float, float]
"""asv's: its first place, the place after its last, median, least and error."""
Detect = Callable[[list[float]], Sequence[Level]]


@dataclass(frozen=True)
class Step:
    """From one level to the next; a level is the median of its runs."""

    place: int  # of the first value of the new level
    until: int  # the place after its last
    before: float
    after: float


@dataclass(frozen=True)
class Series:
    """One case over the runs that have a number for it, the oldest first."""

    record: Record  # of the newest
    rows: tuple[int, ...]  # of the frame
    figure: str  # of QUANTITIES
    runs: tuple[str, ...]
    values: tuple[float, ...]
    steps: tuple[Step, ...]
    others: Mapping[int, tuple[str, ...]]  # by place of a step, what changed there beside the code

    def slower(self, step: Step) -> float:
        """How many times as slow it became: above 1 is slower, whatever the figure."""
        return step.before / step.after if self.figure == "ratio" else step.after / step.before


@dataclass(frozen=True)
class History:
    """Every case, and of what each run was taken, the oldest first."""

    series: tuple[Series, ...]
    origins: Mapping[str, Origin]  # by run
    searched: bool  # whether steps were looked for: asv is there

    @property
    def moments(self) -> tuple[Origin, ...]:
        """Each commit or date once, though asv may have measured it in several environments."""
        return tuple(dict.fromkeys(self.origins.values()))


def history_of(loaded: Loaded) -> History:
    """The ratio of every case over the runs that were read, or its time where it has no ratio.

    Of a run of two sides the one that was judged counts. Cases on different processors are different cases.
    """
    order = dict(sorted(loaded.origins.items(), key=lambda item: item[1].date))
    runs = {run.header.run: run for run in loaded.runs}
    gathered: dict[tuple[Any, ...], list[Record]] = {}
    for row, record in enumerate(records_of(loaded.frame)):
        if record["run"] in order and _is_judged(record, runs):
            gathered.setdefault(_key(record, runs), []).append(record | {"row": row})
    detect = detector()
    series = []
    for records in gathered.values():
        figure = "ratio" if any(r["ratio"] is not None and r["verdict"] != "baseline" for r in records) else "time_s"
        by_run = {record["run"]: record for record in records if record[figure] is not None}
        if by_run:
            series.append(_series([by_run[run] for run in order if run in by_run], figure, runs, detect))
    return History(tuple(series), order, detect is not None)


def detector() -> Detect | None:
    """asv's own; None where asv is not installed."""
    try:
        from asv.step_detect import detect_steps
    except ImportError:
        return None
    found: Detect = detect_steps
    return found


def steps_in(values: Sequence[float], detect: Detect) -> tuple[Step, ...]:
    """The steps of positive numbers: from LEAST on, and beyond what either level scatters by.

    A run that stands alone between others is no level; the newest one may be the first of one.
    """
    if len(values) < FEWEST:
        return ()
    logs, levels = np.log(values), _levels(list(values), detect)
    edges = [0, *(first for first, *_ in levels[1:]), len(values)]
    while (weak := _weakest([logs[first:until] for first, until in pairwise(edges)])) is not None:
        del edges[weak + 1]
    middles = [float(np.exp(np.median(logs[first:until]))) for first, until in pairwise(edges)]
    return tuple(map(Step, edges[1:], edges[2:], middles, middles[1:]))


def _levels(values: list[float], detect: Detect) -> Sequence[Level]:
    """Those of asv, once every run that is a level of its own counts for the nearer of the levels beside it."""
    levels = detect(values)
    for _ in range(len(values)):
        alone = [place for place, (first, until, *_) in enumerate(levels[:-1]) if until - first == 1]
        if not alone:
            break
        for place in alone:
            first, _, own, *_ = levels[place]
            beside = [levels[near][2] for near in (place - 1, place + 1) if near >= 0]
            values[first] = min(beside, key=lambda level: abs(np.log(level / own)))
        levels = detect(values)
    return levels


def _weakest(levels: Sequence[FloatArray]) -> int | None:
    """Of the edges between levels that do not hold, the one with the least gap; None where all do."""
    middles = [np.median(level) for level in levels]
    scatter = [np.abs(level - middle).mean() for level, middle in zip(levels, middles, strict=True)]
    gaps = [abs(new - old) for old, new in pairwise(middles)]
    weak = [edge for edge, gap in enumerate(gaps) if gap <= max(LEAST, *scatter[edge : edge + 2])]
    return min(weak, key=gaps.__getitem__, default=None)


def _series(records: Sequence[Record], figure: str, runs: Mapping[str, Run], detect: Detect | None) -> Series:
    values = tuple(float(record[figure]) for record in records)
    steps = steps_in(values, detect) if detect else ()
    return Series(
        record=records[-1],
        rows=tuple(record["row"] for record in records),
        figure=figure,
        runs=tuple(record["run"] for record in records),
        values=values,
        steps=steps,
        others={step.place: tuple(_beside(records[step.place - 1], records[step.place], runs)) for step in steps},
    )


def _beside(before: Record, after: Record, runs: Mapping[str, Run]) -> Iterator[str]:
    """What differs between two runs in a row beside the code; asv's environments are cases of their own."""
    if judged_here(after):
        old, new = runs[before["run"]], runs[after["run"]]
        for difference in circumstances(old, new, ("the run before", "this one")):
            if difference.threads in (None, after["threads"]):
                yield difference.text


def _is_judged(record: Record, runs: Mapping[str, Run]) -> bool:
    """Not of the side that another one was judged by."""
    return not judged_here(record) or record["environment"] == (
        judged_side(runs[record["run"]]) or record["environment"]
    )


def _key(record: Record, runs: Mapping[str, Run]) -> tuple[Any, ...]:
    """What is the same case in another run."""
    where = runs[record["run"]].header.machine.get("cpu") if judged_here(record) else record["environment"]
    case = (record[name] for name in CASE_KEYS if name != "environment")
    return record["source"], where, record["baseline"], *(record[name] for name in WORKLOAD), *case
