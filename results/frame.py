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
from .stats.contests import Contest, ContestKey, contests_of
from .stats.estimates import Estimate, estimate_run
from .stats.ratios import Ratio
from .words.names import Record

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
    """Runs that were read already as one frame, in the order given. Raises RunFileError for a run given twice."""
    return of_contests((run, contests_of(run)) for run in runs)


def of_contests(contested: Iterable[tuple[Run, Mapping[ContestKey, Contest]]]) -> pd.DataFrame:
    """The same where the contests of each run were gathered already."""
    names: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    for run, contests in contested:
        if run.header.run in names:
            raise RunFileError(f"{run.name}: holds run {run.header.run}, as {names[run.header.run]} does; give it once")
        names[run.header.run] = run.name
        rows += _rows(run.header.run, estimate_run(run, contests))
    return of_rows(rows)


def of_rows(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] = COLUMNS) -> pd.DataFrame:
    """Rows by the columns' names as a frame of these columns and dtypes; what a row leaves out is missing."""
    collected = list(rows)
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in collected], dtype=dtype) for name, dtype in columns.items()}
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
    columns = {str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def csv_of(frame: pd.DataFrame) -> str:
    """Any frame as CSV in full precision."""
    return frame.to_csv(index=False, lineterminator="\n")


def json_of(frame: pd.DataFrame) -> str:
    """Any frame as a JSON list of objects, one a row and a line."""
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records_of(frame)]
    return "[\n{}\n]\n".format(",\n".join(lines)) if lines else "[]\n"
