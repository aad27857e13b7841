"""Ratios as the dashboards for series over commits take them: Bencher, and github-action-benchmark.

Both have smaller for better, so a ratio stands the other way round than elsewhere: time of this / time of the
baseline, or of two sides new / base. https://bencher.dev/docs/reference/bencher-metric-format and the README of
benchmark-action/github-action-benchmark (customSmallerIsBetter) say what they read.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..compare.runs import Comparison, compare_sides
from ..fields import CASE_KEYS, WORKLOAD
from ..frame import from_runs, records_of
from ..runfile.read import Run, RunFileError
from ..words.guesses import shown_time, too_few, verdict_text
from ..words.names import Record
from ..words.settings import under
from ..words.text import plain
from .comparison import comparison_frame, word_of


@dataclass(frozen=True)
class Point:
    """One case: time over that of what it is taken against, its 95% interval where it has one, the verdict in words."""

    name: str  # the same in every run
    against: str  # baseline, or base of two sides
    value: float
    low: float | None
    high: float | None
    extra: str


def points_of_run(run: Run) -> list[Point]:
    """Of every case that has a ratio: that of two sides where the run has them, else that to the baseline.

    Raises RunFileError where none has.
    """
    sides = run.header.options.get("environments")
    if isinstance(sides, list) and len(sides) == 2:
        points = points_of_comparisons([compare_sides(run, *map(str, sides))])
    else:
        points = [
            _point(record, "baseline", _extra(record))
            for record in records_of(from_runs(run))
            if record["ratio"] and record["verdict"] != "baseline"
        ]
    if not points:
        raise RunFileError(f"{run.name}: no case has a ratio, so there is nothing to export")
    return points


def points_of_comparisons(comparisons: Sequence[Comparison]) -> list[Point]:
    """Of every case that was measured on both sides, whatever the verdict."""
    return [point for comparison in comparisons for point in _of_comparison(comparison)]


def bencher(points: Iterable[Point]) -> str:
    """Bencher Metric Format: `bencher run --adapter json --file FILE`; a threshold has an upper boundary alone."""
    metrics = {}
    for point in points:
        ends = {"lower_value": point.low, "upper_value": point.high}
        told = {"value": point.value} | {name: end for name, end in ends.items() if end is not None}
        metrics[point.name] = {f"time-over-{point.against}": told}
    return json.dumps(metrics, indent=1, allow_nan=False) + "\n"


def github_action_benchmark(points: Iterable[Point]) -> str:
    """Of its tool customSmallerIsBetter."""
    entries = [
        {"name": point.name, "unit": f"times the {point.against}'s time", "value": point.value}
        | ({} if point.low is None else {"range": f"{point.low:.4g} to {point.high:.4g}"})
        | {"extra": point.extra}
        for point in points
    ]
    return json.dumps(entries, indent=1, allow_nan=False) + "\n"


DASHBOARDS: dict[str, Callable[[Iterable[Point]], str]] = {
    "bencher": bencher,
    "github-action-benchmark": github_action_benchmark,
}
"""By the name of the format, what makes a file of it."""


def _of_comparison(comparison: Comparison) -> Iterator[Point]:
    for record in records_of(comparison_frame(comparison)):
        if record["ratio"]:
            times = [shown_time(record[side], blocks=record["blocks"]) for side in ("base_time_s", "new_time_s")]
            verdict = verdict_text(word_of(record["verdict"], comparison.more_than), record["blocks"])
            sides = f"{plain(comparison.base)} {times[0]}, {plain(comparison.new)} {times[1]}"
            yield _point(record, "base", f"{verdict or 'no verdict'}: {sides}")


def _extra(record: Record) -> str:
    verdict, time = (
        verdict_text(record["verdict"], record["blocks"]),
        shown_time(record["time_s"], blocks=record["blocks"]),
    )
    return f"{verdict}: {time}; the baseline is {plain(record['baseline'])}"


def _point(record: Record, against: str, extra: str) -> Point:
    """From a ratio of the other / this, above 1 for faster."""
    low, high = record["ratio_low"], record["ratio_high"]
    if not (low and high) or too_few(record["blocks"]):
        return Point(_name(record), against, 1 / record["ratio"], None, None, extra)
    return Point(_name(record), against, 1 / record["ratio"], 1 / high, 1 / low, extra)


def _name(record: Record) -> str:
    """Every field of the workload that it has, then the case, so that no other run makes another name of it."""
    workload = " ".join(f"{name}={record[name]}" for name in WORKLOAD if name != "method" and record[name] is not None)
    case = [record[name] for name in CASE_KEYS if name not in ("threads", "setting", "cache", "environment")]
    words = " ".join(map(str, filter(None, [*case, f"threads={record['threads']}"])))
    return plain(f"{record['method']} {workload}: {words}") + under(record["setting"], record["cache"])
