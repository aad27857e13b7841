"""A run in the formats of other programs, so that `pyperf stats`, `pytest-benchmark compare` and pandas can read it.

Only cases that are ok go to pyperf and pytest-benchmark, which have no word for any other. Each process (a block) is
one of pyperf's runs with its samples as values; pytest-benchmark, which takes its rounds for independent, gets the
median of each process instead. CSV and Parquet hold the frame, whatever the statuses.
"""

import json
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..fields import CASE_KEYS, START
from ..frame import csv_of, from_runs
from ..runfile.read import Run, RunFileError
from ..runfile.records import Case, Measurement, case_fields
from ..stats.findings import withheld
from ..words.settings import under
from .pyperf import CASE_KEY

PYTEST_BENCHMARK = "5.3.1"
"""The version whose file format is written."""


def as_pyperf(run: Run) -> bytes:
    """A pyperf suite, one benchmark a case."""
    benchmarks = []
    for case, measured in _believed(run).items():
        about = {CASE_KEY: json.dumps(_about(run, case, measured)), "loops": measured[0].loops or 1}
        date = run.header.started[:19].replace("T", " ")
        runs = [{"metadata": {"date": date, "loops": m.loops or 1}, "values": list(m.samples_s)} for m in measured]
        metadata = {"name": _name(case, measured[0]), "unit": "second"} | about
        benchmarks.append({"metadata": metadata, "runs": runs})
    return _json({"version": "1.0", "benchmarks": benchmarks})


def as_pytest_benchmark(run: Run) -> bytes:
    """A file as `pytest --benchmark-json` writes it, one benchmark a case, one round a block."""
    system = str(run.header.machine.get("os") or "").partition(" ")[0]
    machine = {"system": system} | {key: run.header.machine.get(key) for key in ("cpu", "cores")}
    benchmarks = []
    for case, measured in _believed(run).items():
        name = _name(case, measured[0])
        medians_s = [float(np.exp(np.median(np.log(m.samples_s)))) for m in measured]
        benchmark = {
            "group": name.partition(": ")[0],
            "name": name,
            "fullname": name,
            "params": None,
            "param": None,
            "extra_info": _about(run, case, measured) | {"per": "block"},
            "options": {"disable_gc": True, "timer": "perf_counter"},
            "stats": _stats(medians_s, measured[0].loops or 1),
        }
        benchmarks.append(benchmark)
    commit = {"id": run.header.commit, "dirty": run.header.dirty, "project": "linregbench"}
    whole = {"machine_info": machine, "commit_info": commit, "benchmarks": benchmarks}
    return _json(whole | {"datetime": run.header.started, "version": PYTEST_BENCHMARK})


def as_csv(run: Run) -> bytes:
    """The frame in full precision."""
    return csv_of(from_runs(run)).encode()


def as_parquet(run: Run) -> bytes:
    """The frame with its dtypes. Raises RunFileError where pyarrow is not installed."""
    try:
        content: bytes = from_runs(run).to_parquet(index=False, engine="pyarrow")
    except ImportError:
        raise RunFileError(f"{run.name}: parquet needs pyarrow, which is not installed: pip install pyarrow") from None
    return content


FORMATS: dict[str, tuple[str, Callable[[Run], bytes]]] = {
    "pyperf": (".pyperf.json", as_pyperf),
    "pytest-benchmark": (".pytest-benchmark.json", as_pytest_benchmark),
    "csv": (".csv", as_csv),
    "parquet": (".parquet", as_parquet),
}
"""By name, how the file's name ends and what makes its content."""


def export(run: Run, form: str, output: Path) -> None:
    """Write a run as a file of this format. Raises RunFileError."""
    write_new(output, FORMATS[form][1](run))


def write_new(output: Path, content: bytes) -> None:
    """Write a file that is not there yet. Raises RunFileError where it cannot be, or exists already."""
    try:
        with output.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise RunFileError(f"{output}: exists already; name another file") from None
    except OSError as error:
        raise RunFileError(f"{output}: cannot be written: {error.strerror}") from None


def _believed(run: Run) -> dict[Case, list[Measurement]]:
    """The measurements of every case that is ok and whose time is not withheld. Raises RunFileError for none."""
    by_case: dict[Case, list[Measurement]] = {}
    for measurement in run.measurements:
        if measurement.role != "twin":
            by_case.setdefault(measurement.case, []).append(measurement)
    timed = {
        case: sampled
        for case, measured in by_case.items()
        if all(m.status == "ok" for m in measured) and not withheld([f for m in measured for f in m.findings])
        if (sampled := [m for m in measured if m.samples_s])
    }
    if not timed:
        raise RunFileError(f"{run.name}: no case has a time, so there is nothing to export")
    return timed


def _about(run: Run, case: Case, measured: list[Measurement]) -> dict[str, Any]:
    """What the reader makes the case and its phases of."""
    phases = {name: [v for m in measured if (v := getattr(m, name)) is not None] for name in START}
    middle = {name: statistics.median(values) for name, values in phases.items() if values}
    workload = {"batch": 1} | dict(measured[0].workload)
    return {"run": run.header.run, "workload": workload} | dict(zip(CASE_KEYS, case_fields(case), strict=True)) | middle


def _name(case: Case, measurement: Measurement) -> str:
    """Unique within a run: every field of the problem that is not left out, then the case."""
    problem = {k: v for k, v in sorted(measurement.workload.items()) if k != "method" and v is not None}
    words = " ".join(f"{key}={value}" for key, value in problem.items())
    rest = f"{case.strategy} {case.variant} {case.device} threads={case.threads} {case.precision} {case.environment}"
    return f"{measurement.workload['method']} {words}: {rest}{under(case.setting, case.cache)}"


def _stats(data: list[float], iterations: int) -> dict[str, Any]:
    q1, median, q3 = (float(q) for q in np.percentile(data, [25, 50, 75]))
    mean, deviation = statistics.mean(data), statistics.stdev(data) if len(data) > 1 else 0.0
    outside = sum(not q1 - 1.5 * (q3 - q1) <= value <= q3 + 1.5 * (q3 - q1) for value in data)
    far = sum(abs(value - mean) > deviation for value in data)
    return {
        "min": min(data),
        "max": max(data),
        "mean": mean,
        "stddev": deviation,
        "rounds": len(data),
        "median": median,
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": min(value for value in data if value >= q1 - 1.5 * (q3 - q1)),
        "hd15iqr": max(value for value in data if value <= q3 + 1.5 * (q3 - q1)),
        "ops": 1 / mean,
        "total": sum(data),
        "data": data,
        "iterations": iterations,
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode() + b"\n"
