"""asv's results: one row a case and result file, whatever of it asv has measured there.

Given may be the whole folder, that of one machine in it, or one file. asv's file has a table a benchmark: names and
units stand in benchmarks.json, parameters as repr strings, the values in the order of their product. null is a
benchmark that failed. A benchmark that is not in the file was not selected. NaN in one that is there was skipped where
asv's statistics stand beside it (asv_common.tracked sees to that); where they do not, it was skipped or not selected:
for times and memory asv writes the same for both, and nothing else in the file tells them apart.
"""

import ast
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..fields import FIRST_RESULT, HOT
from ..runfile.read import RunFileError
from ..runfile.records import SHORTEST_S
from ..runfile.schema import converted, shown
from ..words.text import counted, plain
from .values import mapping, samples_of, sequence, value

_VERSION = 2
"""Of a file of results, and of benchmarks.json."""
HELD_FIXED = {"features": 2, "dtype": "float32", "seed": 0, "precision": "highest", "threads": "1"}
"""What version 1 of the suites (asv_common.SUITE_VERSION) holds fixed."""

STEPS = {"gd": 100}
BASELINE = "numpy_loop"
SUITE = "1"
NO_REASON = "asv keeps no reason; asv run --show-stderr shows it"
UNTOLD = "skipped_or_not_selected"
NO_NUMBER = ("failed", "skipped", UNTOLD, "not_selected")
"""What stands in place of a number; of a case that has none at all, the first that a benchmark says."""
NOT_MEASURED = {
    "skipped": NO_REASON,
    "failed": NO_REASON,
    UNTOLD: "asv writes the same for both; asv run --show-stderr on these alone tells",
}
COLUMN = {"time_call": "time_s", "track_ratio": "ratio", "peakmem_call": "peak_rss_bytes", "track_phase": "phase"}
"""By the benchmark's own name, the column that it fills; `phase` is a parameter that names the column."""

_KINDS = {"method": str, "strategy": str, "device": str, "phase": str, "samples": int, "batch": int}
_PHASES = tuple(name for name in FIRST_RESULT if name != "transfer_s")
"""Of data in place."""

MOST = 1e15
"""Seconds, bytes or a ratio: no more is a measurement."""

Cases = dict[tuple[Any, ...], dict[str, Any]]
"""By the values of its parameters, the row of a case as far as it is filled."""


def asv_rows(where: Path, notices: list[str]) -> list[dict[str, Any]]:
    """Of every machine, commit and environment there, older commits first. Raises RunFileError.

    Each has its `commit` and the commit's `date` too, which are no columns.
    """
    where = where.absolute()  # the folder above one that is given as . has a name only so
    folder = _folder_of(where)
    known = _document(folder / "benchmarks.json")
    every = sorted(path for path in folder.glob("*/*.json") if path.name != "machine.json")
    files = [where] if where.is_file() else [path for path in every if where in (folder, path.parent)]
    if not files:
        raise RunFileError(f"{where}: asv has no results in it yet")
    many = len({path.parent for path in every}) > 1
    dated = sorted((_rows(path, known, notices, many_machines=many) for path in files), key=lambda pair: pair[0])
    return [row for _, of_file in dated for row in of_file]


def _folder_of(where: Path) -> Path:
    """The folder of benchmarks.json: this one, or the one that it, or this file's folder, is in."""
    near = where.parent.parent if where.is_file() else where
    for folder in (near, near.parent):
        if (folder / "benchmarks.json").is_file():
            return folder
    if where.is_file():
        raise RunFileError(f"{where}: asv keeps names and units in benchmarks.json, and {near} has none: copy it too")
    raise RunFileError(f"{where}: a folder without benchmarks.json is no folder of asv's results")


def _rows(
    path: Path, known: Mapping[str, Any], notices: list[str], *, many_machines: bool
) -> tuple[int, list[dict[str, Any]]]:
    """When its commit was made, and its rows; the environment names the machine where there are several."""
    document = _document(path)
    try:
        commit = value("commit_hash", document.get("commit_hash"), str)
        if not re.fullmatch(r"[0-9a-f]{8,}", commit):
            raise ValueError(f"'commit_hash' must be the hash of a commit, got {shown(commit)}")
        environment = value("env_name", document.get("env_name"), str)
        date_ms = value("date", document.get("date"), int)
        date = pd.Timestamp(date_ms, unit="ms").isoformat(timespec="seconds")
        columns = converted("result_columns", document.get("result_columns"), tuple[str, ...])
        if not {"result", "params", "version"} <= set(columns):
            raise ValueError("'result_columns' lacks result, params or version")
        results = mapping("results", document.get("results"))
        cases = _cases_of(path, results, columns, known, notices)
    except ValueError as error:
        raise RunFileError(f"{path}: not a file of asv's results that can be read: {error}") from None
    if many_machines:
        environment += f" on {plain(path.parent.name)}"
    named = {"run": f"{commit[:8]} {environment}", "environment": environment, "source": "asv", "cache": HOT}
    named |= {"commit": commit[:8], "date": date}
    return date_ms, [_finished(row) | named for row in cases.values()]


def _cases_of(
    path: Path, results: Mapping[str, Any], columns: Sequence[str], known: Mapping[str, Any], notices: list[str]
) -> Cases:
    """What is measured of each case; benchmarks of another suite are left out. Raises ValueError."""
    cases: Cases = {}
    others: list[str] = []
    for name, packed in results.items():
        if name not in known:
            notices.append(f"{path}: left out {name}, which benchmarks.json no longer has")
            continue
        if not _is_ours(name):
            others.append(name)
            continue
        _add(cases, name, dict(zip(columns, sequence(name, packed), strict=False)), known[name])
    if others and len(others) == len(results):
        raise ValueError(f"{others[0]} is no benchmark of linregbench, and nor is any other in it")
    if others:
        notices.append(f"{path}: left out {counted(len(others), 'benchmark')} of another suite")
    for name in filter(_is_ours, known.keys() - results.keys() - {"version"}):
        _add(cases, name, None, known[name])
    return cases


def _add(rows: Cases, name: str, result: Mapping[str, Any] | None, of_index: Any) -> None:
    """Put what one benchmark says of each of its cases into their rows. Raises ValueError."""
    about = mapping(name, of_index)
    column_of = COLUMN[name.rpartition(".")[2]]
    version = about.get("version") if result is None else result.get("version")
    if version != SUITE:
        raise ValueError(f"{name} is of version {shown(version)}, and {SUITE} is read")
    names = converted("param_names", about.get("param_names"), tuple[str, ...])
    cases = list(_cases(name, names, about if result is None else result))
    columns = result or {}
    values = _of_cases(name, "result", columns.get("result"), len(cases))
    numbers = _of_cases(name, "stats_number", columns.get("stats_number") or None, len(cases))
    recorded = columns.get("samples") if column_of == "time_s" else None
    samples = _of_cases(name, "samples", recorded, len(cases))
    for case, measured, number, sampled in zip(cases, values, numbers, samples, strict=True):
        column = case.pop("phase", column_of)
        row = rows.setdefault(tuple(case.values()), case | {"values": {}, "units": set()})
        row["values"][column] = "not_selected" if result is None else _value(name, measured, number)
        row["units"].add(value("unit", about.get("unit"), str))
        if column_of == "time_s" and sampled:  # there with asv run --record-samples
            row["time_min_s"] = min(samples_of("samples", sampled))


def _is_ours(name: str) -> bool:
    return name.rpartition(".")[2] in COLUMN


def _of_cases(name: str, key: str, given: Any, cases: int) -> Sequence[Any]:
    """A value a case; None of each where asv wrote none at all."""
    values = [None] * cases if given is None else sequence(key, given)
    if len(values) != cases:
        raise ValueError(f"{name} has {len(values)} values for {cases} combinations of parameters, in {key!r}")
    return values


def _cases(name: str, names: Sequence[str], source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    given = sequence("params", source.get("params"))
    axes = [[_literal(name, text) for text in sequence("params", axis)] for axis in given]
    if len(axes) != len(names) or not {"method", "strategy", "samples", "device"} <= set(names):
        raise ValueError(f"{name} has parameters {shown(list(names))} for {len(axes)} lists of values")
    for combination in itertools.product(*axes):
        case = {"batch": 1} | dict(zip(names, combination, strict=True))
        for key, parameter in case.items():
            if key not in _KINDS:
                raise ValueError(f"{name} has an unknown parameter {key!r}")
            try:
                value(key, parameter, _KINDS[key])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        if case.get("phase", _PHASES[0]) not in _PHASES:
            raise ValueError(f"{name} has an unknown phase {case['phase']!r}")
        yield {key: case[key] for key in _KINDS if key in case}


def _value(name: str, measured: Any, calls: Any) -> float | str:
    """The number, or the status that stands in its place; `calls` a sample, where asv has statistics of it."""
    if measured is None:
        return "failed"
    if isinstance(measured, float) and math.isnan(measured):
        return UNTOLD if calls is None else "skipped"
    number: float = value(name, measured, float)
    if not SHORTEST_S <= number <= MOST:
        raise ValueError(f"{name} has {number}, and what is measured lies between {SHORTEST_S:g} and {MOST:g}")
    return number


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    """One row: its status is that of its time, or of the first other thing where it has no benchmark of that."""
    values = row.pop("values")
    units = "; ".join(sorted(row.pop("units")))
    numbers = {column: number for column, number in values.items() if not isinstance(number, str)}
    failed = [column for column, number in values.items() if number == "failed"]
    left_out = [status for status in NO_NUMBER if status in values.values()]
    status = "ok" if "time_s" in numbers or (numbers and not failed) else left_out[0]
    row |= HELD_FIXED | {"steps": STEPS.get(row["method"]), "status": status, "units": units, "findings": ""}
    row["variant"] = _variant(row["method"], row["strategy"])
    named = f" ({', '.join(failed)})" if failed else ""
    reason = NOT_MEASURED["failed"] + named if failed else NOT_MEASURED.get(status)
    if status == "ok" and "time_s" not in numbers:
        reason = f"its time is {values['time_s'].replace('_', ' ')}" if "time_s" in values else "asv times no such case"
    return row | {"reason": reason} | _numbers(numbers, row["method"], row["batch"])


def _variant(method: str, strategy: str) -> str:
    """The plain one (cases.CONTENDERS), which the suites take for every strategy."""
    by_hand = strategy.startswith("numpy") or strategy == "jax_eager"
    return "inverse" if method == "ols" else "analytic" if by_hand else "autodiff"


def _numbers(values: Mapping[str, float], method: str, batch: int) -> dict[str, Any]:
    """Columns of the frame; asv's ratio is time over the baseline's time, the frame's the other way round."""
    row: dict[str, Any] = dict(values)
    if "time_s" in row:
        # the samples of its processes are pooled, so they are one as far as an interval goes
        row |= {"time_per_problem_s": row["time_s"] / batch, "time_all_s": row["time_s"], "rounds": "all", "blocks": 1}
    if "ratio" in row:
        baseline = f"{BASELINE} {_variant(method, BASELINE)}"
        row |= {"ratio": 1 / row["ratio"], "baseline": baseline, "ratio_rounds": "all"}
    if "peak_rss_bytes" in row:
        row["peak_rss_bytes"] = int(row["peak_rss_bytes"])
    return row


def _literal(name: str, text: Any) -> Any:
    """A parameter of this benchmark from its repr string."""
    try:
        return ast.literal_eval(value("params", text, str)[:200])
    # a ValueError of ast's own tells of a node and its address in memory
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError(f"{name}: 'params' holds {shown(text)}, which is no plain value") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not whole as JSON: {str(error)[:80]}") from None
    if not isinstance(document, dict):
        raise RunFileError(f"{path}: not a file of asv's: it must be a JSON object")
    if document.get("version") != _VERSION:
        raise RunFileError(f"{path}: its format is version {shown(document.get('version'))}, and {_VERSION} is read")
    return document
