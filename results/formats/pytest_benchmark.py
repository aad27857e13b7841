"""pytest-benchmark's JSON, as `make pytest-benchmark` and `linregbench export` write it: one row a benchmark.

The case stands in `extra_info`, so a file of some other suite is an error. One process: no interval, `blocks` is 1.
An exported file has one number a block in place of a round.
"""

import os
from collections.abc import Mapping
from typing import Any

from ..runfile.read import RunFileError
from ..runfile.schema import shown
from .values import OfAnotherSuite, benchmark_rows, case_row, mapping, samples_of, sequence, value

_SOURCE = "pytest-benchmark"
NEWEST = 5
"""Major version of the program whose files were read when this was written."""


def pytest_benchmark_rows(
    path: str | os.PathLike[str], document: Mapping[str, Any], notices: list[str]
) -> list[dict[str, Any]]:
    """One row a benchmark. Raises RunFileError."""
    try:
        version = value("version", document.get("version"), str)
        major = version.partition(".")[0]
        if not major.isdecimal() or int(major) > NEWEST:
            raise ValueError(f"it is of version {shown(version)}, and up to {NEWEST} is read")
        run = value("datetime", document.get("datetime"), str)
        benchmarks = sequence("benchmarks", document["benchmarks"])
    except ValueError as error:
        raise RunFileError(f"{path}: not a pytest-benchmark file that can be read: {error}") from None
    return benchmark_rows(path, _SOURCE, benchmarks, lambda benchmark: _row(run, benchmark), notices)


def _row(run: str, benchmark: Mapping[str, Any]) -> dict[str, Any]:
    about = mapping("extra_info", benchmark.get("extra_info") or {})
    if "workload" not in about:
        raise OfAnotherSuite("its 'extra_info' names no case of linregbench, so it is of some other suite")
    stats = mapping("stats", benchmark.get("stats"))
    if "data" not in stats:
        raise ValueError("its times are not in it: save with --benchmark-json FILE, or add --benchmark-save-data")
    data = samples_of("data", stats.get("data"))
    groups = [(sample,) for sample in data] if about.get("per") == "block" else [data]
    return case_row(_SOURCE, run, about, groups)
