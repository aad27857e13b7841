"""What the readers share: values checked as they are taken, and a case as the row's first columns."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..fields import CASE, FIRST_RESULT, HOT, START, WORKLOAD
from ..runfile.read import RunFileError
from ..runfile.records import LONGEST_S, SHORTEST_S
from ..runfile.schema import EMPTY, converted, shown
from ..stats.intervals import t_interval
from ..words.text import counted


def benchmark_rows(
    path: str | os.PathLike[str],
    source: str,
    benchmarks: Sequence[Any],
    row: Callable[[Mapping[str, Any]], dict[str, Any]],
    notices: list[str],
) -> list[dict[str, Any]]:
    """The row of each benchmark of ours; the others are left out, and the notices tell how many.

    Raises RunFileError where none is ours, and for the first of which `row` raises another ValueError.
    """
    if not benchmarks:
        raise RunFileError(f"{path}: a {source} file without benchmarks")
    rows, others = [], list[str]()
    for number, benchmark in enumerate(benchmarks):
        try:
            rows.append(row(mapping("benchmark", benchmark)))
        except OfAnotherSuite as error:
            others.append(str(error))
        except ValueError as error:
            raise RunFileError(f"{path}: benchmark {number + 1}: {error}") from None
    if not rows:
        raise RunFileError(f"{path}: none of its benchmarks is a case of linregbench: of the first, {others[0]}")
    if others:
        notices.append(f"{path}: left out {counted(len(others), 'benchmark')} of another suite")
    return rows


class OfAnotherSuite(ValueError):  # noqa: N818  no error: it is left out
    """A benchmark that is none of ours."""


def case_row(source: str, run: str, about: Mapping[str, Any], samples_s: Sequence[Sequence[float]]) -> dict[str, Any]:
    """The row of a case that is ok: `about` has its fields as a measurement's record does, `samples_s` is by process.

    Its times are as for a run: median inside a process, t interval of the logs across. ValueError says what is wrong.
    """
    row = case_columns(about) | _phase_columns(about)
    logs = np.array([np.median(np.log(samples)) for samples in samples_s])
    interval = t_interval(logs)
    time_s = math.exp(float(logs.mean()))
    low, high = (float(np.exp(interval.low)), float(np.exp(interval.high))) if len(logs) > 1 else (None, None)
    return row | {
        "run": run,
        "source": source,
        "units": "seconds",
        "status": "ok",
        "findings": "",
        "blocks": len(logs),
        "time_s": time_s,
        "time_low_s": low,
        "time_high_s": high,
        "time_all_s": time_s,
        "time_min_s": min(map(min, samples_s)),
        "time_per_problem_s": time_s / row["batch"],
        "rounds": "all",
    }


def mapping(name: str, given: Any) -> Mapping[str, Any]:
    """`given` where it is an object, else ValueError."""
    return dict(converted(name, given, Mapping[str, Any]))


def sequence(name: str, given: Any) -> Sequence[Any]:
    """`given` where it is a list, else ValueError."""
    return list(converted(name, given, list))


def value(name: str, given: Any, kind: type, *, needed: bool = True) -> Any:
    """`given` where it is of this kind, a number finite; None where it may be missing and is. Else ValueError.

    Empty text says no more than none: where it is needed, it is missing.
    """
    if given is None and not needed:
        return None
    taken = converted(name, given, kind)
    if taken == "" and needed:
        raise ValueError(EMPTY.format(name))
    if name in WORKLOAD and (least := WORKLOAD[name].least) is not None and taken < least:
        raise ValueError(f"{name!r} must be at least {least}, got {taken}")
    return taken


def samples_of(name: str, given: Any) -> tuple[float, ...]:
    """A list of samples, each a possible time; ValueError for any other, and for none."""
    samples = tuple(value(name, sample, float) for sample in sequence(name, given))
    if not samples or not SHORTEST_S <= min(samples) <= max(samples) <= LONGEST_S:
        raise ValueError(f"{name!r} must be times from {SHORTEST_S:g} to {LONGEST_S:g} s, got {shown(given)}")
    return samples


def case_columns(about: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say which case: `about` as in the record of a measurement. ValueError says what is wrong."""
    workload = mapping("workload", about.get("workload"))
    row = {n: value(n, workload.get(n), field.kind, needed=field.required) for n, field in WORKLOAD.items()}
    case = {n: value(n, about.get(n), field.kind, needed=field.required) or None for n, field in CASE.items()}
    return row | {"batch": row["batch"] or 1} | case | {"cache": case["cache"] or HOT}


def _phase_columns(about: Mapping[str, Any]) -> dict[str, float | None]:
    """The phases and the error that are given; the sum of the phases where the first call is among them."""
    row: dict[str, float | None] = {}
    for name in (*START, "error"):
        row[name] = number = value(name, about.get(name), float, needed=False)
        if number is not None and not 0 <= number <= LONGEST_S:
            raise ValueError(f"{name!r} must be from 0 to {LONGEST_S:g}, got {shown(number)}")
    if row["first_call_s"] is not None:
        row["first_result_s"] = sum(row[name] or 0.0 for name in FIRST_RESULT)
    return row
