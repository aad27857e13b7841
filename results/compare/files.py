"""Whatever there is of times, side by side: ratios and no verdicts, where one side or both is no run file.

Other programs keep no rounds to pair and no sentinel to trust, so a ratio here is of two times over all rounds, and has
no interval. A verdict is refused, or with `across` not asked for.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from ..fields import CASE_KEYS, WORKLOAD
from ..formats.load import read
from ..formats.unjudged import sources
from ..frame import records_of
from ..runfile.read import RunFileError
from ..runfile.records import Case, problem_key
from ..stats.estimates import Estimate
from ..words.text import plain
from .runs import ComparedCase, Comparison, Pair, anywhere, apart, compared_case, elsewhere, itself, lacking, matched


def compare_anything(base: Path, new: Path, *, across: bool = True) -> Comparison:
    """The newest run of each of two paths that `results.load` takes. Raises RunFileError."""
    frames = [read(path).frame for path in (base, new)]
    sides = [_newest(frame) for frame in frames]
    names = tuple(f"{path.name} ({run})" for path, (run, _) in zip((base, new), sides, strict=True))
    pairs = matched(sides[0][1], sides[1][1], (itself, elsewhere, anywhere))
    verdict = None if across else "refused"
    rows = tuple(_row(pair, (names[0], names[1]), verdict) for pair in pairs)
    programs = dict.fromkeys(" and ".join(map(plain, sources(frame))) for frame in frames if sources(frame))
    why = "keeps no sentinel, so nothing tells whether the machine was as fast: times, and no verdicts"
    texts = [] if across else [f"{program} {why}" for program in programs]
    texts += [] if any(row.ratio for row in rows) else ["no case was measured in both"]
    return Comparison(base=names[0], new=names[1], rows=rows, refusals=tuple(texts), paired=False, across=across)


def _newest(frame: pd.DataFrame) -> tuple[str, list[Estimate]]:
    if frame.empty:
        raise RunFileError("a run without a single case has nothing to compare")
    run = str(frame["run"].iloc[-1])
    return run, [_estimate(record) for record in records_of(frame[frame["run"] == run])]


def _estimate(record: dict[str, Any]) -> Estimate:
    workload = {name: record[name] for name in WORKLOAD}
    told = {name: record[name] for name in CASE_KEYS if record[name] is not None}
    case = Case(problem_key(workload), record["dtype"], **told)
    return Estimate(
        case=case,
        workload=workload,
        measured={},
        stop_reason=None,
        findings=tuple(filter(None, (record["findings"] or "").split("; "))),
        **{name: record[name] for name in ("status", "reason", "time_s", "time_all_s")},
    )


def _row(pair: Pair, names: tuple[str, str], verdict: str | None) -> ComparedCase:
    base_s, new_s = times = [None if side is None else side.time_all_s for side in pair]
    ratio = base_s / new_s if base_s and new_s else None
    shown = verdict if ratio or verdict is None else "skipped"
    why = apart(pair) if ratio else lacking(pair, names)
    return compared_case(pair, shown, why, times, ratio=ratio, rounds="all" if ratio else None)
