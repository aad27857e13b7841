"""pyperf's JSON, as `linregbench export` writes it: one row a benchmark, one of pyperf's runs a process.

The case stands in the metadata, as JSON, so a file of some other suite is an error.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from ..runfile.read import RunFileError
from ..runfile.schema import shown
from .values import OfAnotherSuite, benchmark_rows, case_row, mapping, samples_of, sequence, value

_SOURCE = "pyperf"
CASE_KEY = "linregbench_case"
_VERSION = "1.0"

CONVERT = "python -m pyperf convert FILE -o NEW writes it anew"


def pyperf_rows(path: str | os.PathLike[str], document: Mapping[str, Any], notices: list[str]) -> list[dict[str, Any]]:
    """One row a benchmark. Raises RunFileError."""
    try:
        if document["version"] != _VERSION:
            raise ValueError(f"its format is version {shown(document['version'])}, and {_VERSION} is read; {CONVERT}")
        benchmarks = sequence("benchmarks", document["benchmarks"])
        common = mapping("metadata", document.get("metadata", {}))
    except ValueError as error:
        raise RunFileError(f"{path}: not a pyperf file that can be read: {error}") from None
    return benchmark_rows(path, _SOURCE, benchmarks, lambda benchmark: _row(benchmark, common), notices)


def _row(benchmark: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {**common, **mapping("metadata", benchmark.get("metadata", {}))}
    if CASE_KEY not in metadata:
        raise OfAnotherSuite("its metadata name no case of linregbench, so it is of some other suite")
    if metadata.get("unit", "second") != "second":
        raise ValueError(f"its unit is {shown(metadata['unit'])}, and seconds are read")
    try:
        about = mapping(CASE_KEY, json.loads(value(CASE_KEY, metadata[CASE_KEY], str)))
    except RecursionError:
        raise ValueError(f"{CASE_KEY!r} is not JSON that can be read") from None
    runs = [mapping("run", run) for run in sequence("runs", benchmark.get("runs"))]
    samples = [samples_of("values", run["values"]) for run in runs if "values" in run]  # the others calibrate
    if not samples:
        raise ValueError("none of its runs has 'values'")
    # beside its own run file it is another run
    return case_row(_SOURCE, f"{value('run', about.get('run'), str)} as pyperf", about, samples)
