"""Runs as one tidy pandas DataFrame: one row a case, the same columns and dtypes whatever the runs hold.

Times are seconds a call, sizes bytes, ratios are time of the other / time of this: above 1, this one is faster. What a
row does not have is missing (NA, NaN), never 0. The columns are those of `fields.COLUMNS`.
"""

import json
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import pandas as pd

from .fields import CASE_KEYS, COLUMNS, ESTIMATE, RATIO, WINNER_RATIO, WORKLOAD
from .runfile.collecting import uncollected
from .runfile.read import Run, RunFileError
from .runfile.records import case_fields
from .stats.contests import contests_of
from .stats.diagnostics import diagnose
from .stats.estimates import Estimate, estimate_run
from .stats.noise import in_one_line
from .stats.ratios import Ratio
from .words.names import Record

# in the frame's attrs: by run, how noisy the machine was, in one line
NOISE = "noise"
# the runs whose samples were taken with cold caches
COLD = "cold"
# by run, the Diagnostics that line sums up
DIAGNOSTICS = "diagnostics"
# by run, what its machine can do at most, where the run file tells
PEAKS = "peaks"

_of_estimate = attrgetter(*ESTIMATE)


@uncollected()
def from_runs(*runs: Run) -> pd.DataFrame:
    """Runs that were read already as one frame, in the order given; its attrs carry each machine's noise and peaks."""
    names: dict[str, str] = {}
    for run in runs:
        if run.header.run in names:
            raise RunFileError(f"{run.name}: holds run {run.header.run}, as {names[run.header.run]} does; give it once")
        names[run.header.run] = run.name
    gathered = [(run, contests_of(run)) for run in runs]
    frame = of_rows(row for run, of_run in gathered for row in _rows(run.header.run, estimate_run(run, of_run)))
    frame.attrs[DIAGNOSTICS] = {run.header.run: diagnose(run, of_run) for run, of_run in gathered}
    frame.attrs[NOISE] = {run: in_one_line(noise) for run, noise in frame.attrs[DIAGNOSTICS].items()}
    frame.attrs[COLD] = tuple(run.header.run for run in runs if run.header.options.get("flush_cache"))
    frame.attrs[PEAKS] = {run.header.run: _peaks(run) for run in runs}
    return frame


def _peaks(run: Run) -> dict[str, dict[str, float]]:
    """By thread setting, the best that any nursery of it reached, and the bytes of the last-level cache."""
    best: dict[str, dict[str, float]] = {}
    for environment in run.environments:
        of_threads = best.setdefault(environment.threads, {})
        of_cpu = (environment.facts or {}).get("cpu")
        caches = of_cpu.get("caches_bytes") if isinstance(of_cpu, Mapping) else None
        sizes = [size for size in caches.values() if isinstance(size, int)] if isinstance(caches, Mapping) else []
        peaks = {**(environment.peaks or {}), **({"cache_bytes": max(sizes)} if sizes else {})}
        for name, value in peaks.items():
            of_threads[name] = max(value, of_threads.get(name, 0.0))
    return best


def of_rows(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows by the columns' names as a frame; what a row leaves out is missing."""
    collected = list(rows)
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in collected], dtype=dtype) for name, dtype in COLUMNS.items()}
    )


def _rows(run: str, estimates: Iterable[Estimate]) -> Iterable[dict[str, Any]]:
    for estimate in estimates:
        row: dict[str, Any] = {"run": run, "source": "linregbench", "units": "seconds"}
        row |= {name: estimate.workload.get(name) for name in WORKLOAD}
        row |= zip(CASE_KEYS, case_fields(estimate.case), strict=True)
        row |= zip(ESTIMATE, _of_estimate(estimate), strict=True)
        row |= estimate.measured
        row |= _of_ratio(RATIO, estimate.versus_baseline) | _of_ratio(WINNER_RATIO, estimate.versus_winner)
        yield row | {"batch": row["batch"] or 1, "findings": "; ".join(estimate.findings)}


def _of_ratio(columns: Mapping[str, str], ratio: Ratio | None) -> dict[str, Any]:
    return {column: ratio and getattr(ratio, name) for column, name in columns.items()}


def records_of(frame: pd.DataFrame) -> list[Record]:
    """The rows as dictionaries of plain Python values, None for whatever is missing."""
    frame = frame.copy(deep=False)
    frame.attrs = {}  # which pandas would copy with every column
    columns = {str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def csv_of(frame: pd.DataFrame) -> str:
    """Any frame as CSV in full precision."""
    return frame.to_csv(index=False, lineterminator="\n")


def json_of(frame: pd.DataFrame) -> str:
    """Any frame as a JSON list of objects, one a row and a line."""
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records_of(frame)]
    return "[\n{}\n]\n".format(",\n".join(lines)) if lines else "[]\n"
