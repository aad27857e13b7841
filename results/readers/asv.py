"""A folder of asv's results: one row a case and result file, whatever of it asv has measured there.

asv's file has a table a benchmark: names and units stand in benchmarks.json, parameters as repr strings, the values in
the order of their product. null is a benchmark that failed, NaN one that was skipped or, of a benchmark that ran in
part, not selected: asv writes the same for both. A benchmark that is not in the file was not selected.
"""

import ast
import itertools
import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from results.kinds import SHORTEST_S
from results.lines import RunFileError
from results.readers.plain import mapping, seconds, sequence, shown, value

SOURCE = "asv"
VERSION, INDEX_VERSION = 2, 2
FIXED = {"features": 2, "dtype": "float32", "seed": 0, "precision": "highest", "threads": "1", "variant": "plain"}
"""What version 1 of the suites (asv_common.VERSION) holds fixed; `plain` is the variant of cases.PLAIN_VARIANT."""

STEPS = {"gd": 100}
SUITE = "1"
NOT_MEASURED = {
    "skipped": "asv writes the same for what was not selected",
    "failed": "asv keeps no reason; asv run --show-stderr shows it",
}
COLUMN = {"time_call": "time_s", "track_ratio": "ratio", "peakmem_call": "peak_rss_bytes", "track_phase": "phase"}
"""By the benchmark's own name, the column that it fills; `phase` is a parameter that names the column."""

KINDS = {"method": str, "strategy": str, "device": str, "phase": str, "samples": int, "batch": int}
PHASES = ("trace_s", "lower_s", "compile_s", "first_call_s")

MOST = 1e15
"""Seconds, bytes or a ratio: no more is a measurement."""

Found = dict[tuple[Any, ...], dict[str, Any]]


def rows(folder: Path) -> list[dict[str, Any]]:
    """Of every machine, commit and environment in the folder, older commits first. Raises RunFileError."""
    index = folder / "benchmarks.json"
    if not index.is_file():
        raise RunFileError(f"{folder}: a folder without benchmarks.json is no folder of asv's results")
    known = _document(index, "version", INDEX_VERSION)
    files = sorted(path for path in folder.glob("*/*.json") if path.name != "machine.json")
    if not files:
        raise RunFileError(f"{folder}: asv has no results in it yet")
    dated = sorted((_rows(path, known) for path in files), key=lambda pair: pair[0])
    return [row for _, of_file in dated for row in of_file]


def _rows(path: Path, known: Mapping[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """When its commit was made, and its rows."""
    document = _document(path, "version", VERSION)
    try:
        commit = value("commit_hash", document.get("commit_hash"), str)
        environment = value("env_name", document.get("env_name"), str)
        date_ms = value("date", document.get("date"), int)
        columns = [value("result_columns", name, str) for name in _list(document, "result_columns")]
        if not {"result", "params", "version"} <= set(columns):
            raise ValueError("'result_columns' lacks result, params or version")
        results = mapping("results", document.get("results"))
        found: Found = {}
        for name, packed in results.items():
            if name not in known:
                warnings.warn(f"{path}: left out {name}, which benchmarks.json no longer has", stacklevel=2)
                continue
            _add(found, name, dict(zip(columns, sequence(name, packed), strict=False)), known[name])
        for name in known.keys() - results.keys() - {"version"}:
            _add(found, name, None, known[name])
    except ValueError as error:
        raise RunFileError(f"{path}: not a file of asv's results that can be read: {error}") from None
    run = f"{commit[:8]} {environment}"
    named = {"run": run, "environment": environment, "source": SOURCE}
    return date_ms, [_finished(row) | named for row in found.values()]


def _add(found: Found, name: str, result: Mapping[str, Any] | None, of_index: Any) -> None:
    """Put what one benchmark says of each of its cases into their rows. Raises ValueError."""
    about = mapping(name, of_index)
    told = COLUMN.get(name.rpartition(".")[2])
    if told is None:
        raise ValueError(f"{name} is no benchmark of linregbench")
    version = about.get("version") if result is None else result.get("version")
    if version != SUITE:
        raise ValueError(f"{name} is of version {shown(version)}, and {SUITE} is read")
    names = [value("param_names", each, str) for each in _list(about, "param_names")]
    cases = list(_cases(name, names, about if result is None else result))
    values: Sequence[Any] = [None] * len(cases)
    if result is not None and result.get("result") is not None:
        values = sequence("result", result["result"])
    if len(values) != len(cases):
        raise ValueError(f"{name} has {len(values)} values for {len(cases)} combinations of parameters")
    samples = result and result.get("samples")
    if told == "time_s" and samples is not None and len(sequence("samples", samples)) != len(cases):
        raise ValueError(f"{name} has samples of {len(samples)} cases for {len(cases)}")
    for number, (case, measured) in enumerate(zip(cases, values, strict=True)):
        column = case.pop("phase", told)
        row = found.setdefault(tuple(case.values()), case | {"told": {}, "units": set()})
        row["told"][column] = "not_selected" if result is None else _value(name, measured)
        row["units"].add(value("unit", about.get("unit"), str))
        if told == "time_s" and samples and samples[number]:  # there with asv run --record-samples
            row["time_min_s"] = min(seconds("samples", samples[number]))


def _cases(name: str, names: Sequence[str], source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    axes = [[_literal(each) for each in sequence("params", axis)] for axis in _list(source, "params")]
    if len(axes) != len(names) or not {"method", "strategy", "samples", "device"} <= set(names):
        raise ValueError(f"{name} has parameters {shown(list(names))} for {len(axes)} lists of values")
    for combination in itertools.product(*axes):
        case = {"batch": 1} | dict(zip(names, combination, strict=True))
        for key, given in case.items():
            if key not in KINDS:
                raise ValueError(f"{name} has an unknown parameter {key!r}")
            value(key, given, KINDS[key])
        if case.get("phase", PHASES[0]) not in PHASES:
            raise ValueError(f"{name} has an unknown phase {case['phase']!r}")
        yield {key: case[key] for key in KINDS if key in case}


def _value(name: str, measured: Any) -> float | str:
    """The number, or the status that stands in its place."""
    if measured is None:
        return "failed"
    if isinstance(measured, float) and math.isnan(measured):
        return "skipped"
    number: float = value(name, measured, float)
    if not SHORTEST_S <= number <= MOST:
        raise ValueError(f"{name} has {number}, and what is measured lies between {SHORTEST_S:g} and {MOST:g}")
    return number


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    """One row: its status is that of its time, or of the first other thing where it has no benchmark of that."""
    told = row.pop("told")
    units = "; ".join(sorted(row.pop("units")))
    numbers = {column: number for column, number in told.items() if not isinstance(number, str)}
    statuses = [told[column] for column in ("time_s", *told) if isinstance(told.get(column), str)]
    failed = [column for column, number in told.items() if number == "failed"]
    status = "ok" if "time_s" in numbers else "failed" if failed else "ok" if numbers else statuses[0]
    row |= FIXED | {"steps": STEPS.get(row["method"]), "status": status, "units": units, "findings": ""}
    named = f" ({', '.join(failed)})" if failed else ""
    reason = NOT_MEASURED["failed"] + named if failed else NOT_MEASURED.get(status)
    return row | {"reason": reason} | _numbers(numbers, row["batch"])


def _numbers(told: Mapping[str, float], batch: int) -> dict[str, Any]:
    """Columns of the frame; asv's ratio is time over the baseline's time, the frame's the other way round."""
    row: dict[str, Any] = dict(told)
    if "time_s" in row:
        row |= {"time_per_problem_s": row["time_s"] / batch, "time_all_s": row["time_s"], "rounds": "all"}
    if "ratio" in row:
        row |= {"ratio": 1 / row["ratio"], "baseline": "numpy_loop plain", "ratio_rounds": "all"}
    if "peak_rss_bytes" in row:
        row["peak_rss_bytes"] = int(row["peak_rss_bytes"])
    return row


def _list(source: Mapping[str, Any], name: str) -> Sequence[Any]:
    return sequence(name, source.get(name))


def _literal(text: Any) -> Any:
    """A parameter from its repr string."""
    try:
        return ast.literal_eval(value("params", text, str)[:200])
    except (SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError(f"'params' holds {shown(text)}, which is no plain value") from None


def _document(path: Path, key: str, version: int) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not whole as JSON: {str(error)[:80]}") from None
    if not isinstance(document, dict):
        raise RunFileError(f"{path}: not a file of asv's: it must be a JSON object")
    if document.get(key) != version:
        raise RunFileError(f"{path}: its format is version {shown(document.get(key))}, and {version} is read")
    return document
