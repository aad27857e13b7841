"""Runs as one tidy pandas DataFrame: one row a case, the same columns and dtypes whatever the runs hold.

Times are seconds a call, sizes bytes, ratios are time of the other / time of this: above 1, this one is faster. What a
row does not have is missing (NA, NaN), never 0. `COLUMNS` is the order and the dtypes. `source` is the program that
measured, `units` what it measured in; the columns are in seconds and bytes whatever that was.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from .runfile.collecting import uncollected
from .runfile.read import Run, RunFileError
from .stats.contests import contests_of
from .stats.diagnostics import diagnose
from .stats.estimates import Estimate, estimate_run
from .stats.noise import summed_up
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

_TEXT, _WHOLE, _NUMBER = "string", "Int64", "float64"

COLUMNS: dict[str, str] = {
    "run": _TEXT,
    "method": _TEXT,
    "strategy": _TEXT,
    "variant": _TEXT,
    "device": _TEXT,
    "dtype": _TEXT,
    "precision": _TEXT,
    "samples": _WHOLE,
    "features": _WHOLE,
    "batch": _WHOLE,
    "steps": _WHOLE,
    "condition": _NUMBER,
    "seed": _WHOLE,
    "step_size": _NUMBER,
    "tolerance": _NUMBER,
    "max_steps": _WHOLE,
    "data": _TEXT,
    "threads": _TEXT,
    "environment": _TEXT,
    "status": _TEXT,
    "reason": _TEXT,
    "blocks": _WHOLE,
    "time_s": _NUMBER,
    "time_low_s": _NUMBER,
    "time_high_s": _NUMBER,
    "time_all_s": _NUMBER,
    "time_min_s": _NUMBER,
    "time_per_problem_s": _NUMBER,
    "rounds": _TEXT,
    "quiet_share": _NUMBER,
    "baseline": _TEXT,
    "ratio": _NUMBER,
    "ratio_low": _NUMBER,
    "ratio_high": _NUMBER,
    "ratio_rounds": _TEXT,
    "verdict": _TEXT,
    "floor": _NUMBER,
    "delta": _NUMBER,
    "winner": _TEXT,
    "winner_ratio": _NUMBER,
    "winner_ratio_low": _NUMBER,
    "winner_ratio_high": _NUMBER,
    "winner_verdict": _TEXT,
    "transfer_s": _NUMBER,
    "trace_s": _NUMBER,
    "lower_s": _NUMBER,
    "compile_s": _NUMBER,
    "first_call_s": _NUMBER,
    "first_result_s": _NUMBER,
    "first_result_low_s": _NUMBER,
    "first_result_high_s": _NUMBER,
    "warm_up_s": _NUMBER,
    "dispatch_s": _NUMBER,
    "throughput_s": _NUMBER,
    "transfer_out_s": _NUMBER,
    "device_busy_s": _NUMBER,
    "error": _NUMBER,
    "error_limit": _NUMBER,
    "excess_loss": _NUMBER,
    "cpu_over_wall": _NUMBER,
    "peak_rss_bytes": _WHOLE,
    "rss_growth_bytes": _WHOLE,
    "device_peak_bytes": _WHOLE,
    "temp_bytes": _WHOLE,
    "compiles": _WHOLE,
    "findings": _TEXT,
    "stop_reason": _TEXT,
    "source": _TEXT,
    "units": _TEXT,
}

_OF_CASE = ("strategy", "variant", "device", "precision", "threads", "environment")
OF_WORKLOAD: tuple[str, ...] = ("method", "dtype", "samples", "features", "batch", "steps", "condition", "seed")
OF_WORKLOAD += ("step_size", "tolerance", "max_steps", "data")
_OF_ESTIMATE: tuple[str, ...] = (
    "status",
    "reason",
    "blocks",
    "time_s",
    "time_low_s",
    "time_high_s",
    "time_all_s",
    "time_min_s",
    "rounds",
)
_OF_ESTIMATE += ("quiet_share", "baseline", "winner", "error", "error_limit", "peak_rss_bytes")
_OF_ESTIMATE += ("first_result_s", "first_result_low_s", "first_result_high_s")
_OF_ESTIMATE += ("device_peak_bytes", "temp_bytes", "excess_loss", "rss_growth_bytes", "compiles", "stop_reason")


@uncollected()
def from_runs(*runs: Run) -> pd.DataFrame:
    """Runs that were read already as one frame, in the order given; its attrs carry each machine's noise and peaks."""
    names: dict[str, str] = {}
    for run in runs:
        if run.header.run in names:
            raise RunFileError(f"{run.name}: holds run {run.header.run}, as {names[run.header.run]} does; give it once")
        names[run.header.run] = run.name
    gathered = [(run, contests_of(run)) for run in runs]
    frame = of_rows(row for run, own in gathered for row in _rows(run.header.run, estimate_run(run, own)))
    frame.attrs[DIAGNOSTICS] = {run.header.run: diagnose(run, own) for run, own in gathered}
    frame.attrs[NOISE] = {run: summed_up(found) for run, found in frame.attrs[DIAGNOSTICS].items()}
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
        told = {**(environment.peaks or {}), **({"cache_bytes": max(sizes)} if sizes else {})}
        for name, value in told.items():
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
        row: dict[str, Any] = {name: getattr(estimate, name) for name in _OF_ESTIMATE}
        row |= {name: estimate.workload.get(name) for name in OF_WORKLOAD}
        row |= {name: getattr(estimate.case, name) for name in _OF_CASE}
        row |= estimate.phases
        row |= _of_ratio("ratio", estimate.versus_baseline) | _of_ratio("winner_ratio", estimate.versus_winner)
        base, winner = estimate.versus_baseline, estimate.versus_winner
        row["run"] = run
        row["batch"] = batch = row["batch"] or 1
        row["time_per_problem_s"] = None if estimate.time_s is None else estimate.time_s / batch
        row["ratio_rounds"] = base and base.rounds
        row["verdict"] = base and base.verdict
        row["floor"] = base and base.floor
        row["delta"] = base and base.delta
        row["winner_verdict"] = winner and winner.verdict
        row["findings"] = "; ".join(estimate.findings)
        row |= {"source": "linregbench", "units": "seconds"}
        yield row


def _of_ratio(name: str, ratio: Ratio | None) -> dict[str, float | None]:
    if ratio is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: ratio.ratio, f"{name}_low": ratio.low, f"{name}_high": ratio.high}


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
