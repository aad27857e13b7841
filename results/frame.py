"""Runs as one tidy pandas DataFrame: one row a case, the same columns and dtypes whatever the runs hold.

Times are seconds a call, sizes bytes, ratios are time of the other / time of this: above 1, this one is faster. What a
row does not have is missing (NA, NaN), never 0. `COLUMNS` is the order and the dtypes. `source` is the program that
measured, `units` what it measured in; the columns are in seconds and bytes whatever that was.
"""

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from results.collecting import uncollected
from results.contests import contests_of
from results.diagnostics import diagnose
from results.estimates import Estimate, estimate_run
from results.noise import summed_up
from results.ratios import Ratio
from results.readers import foreign_rows
from results.records import Run, RunFileError, read_run

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


def load(*paths: str | os.PathLike[str]) -> pd.DataFrame:
    """Run files, folders of asv's results, files of pytest-benchmark and pyperf, as one frame in the order given.

    Warns of whatever an interrupted run made it leave out. Raises RunFileError for a file that is none of these, is
    damaged, or holds a run that another one holds too.
    """
    runs, frame = gathered(*paths)
    for run in runs:
        for notice in run.notices:
            warnings.warn(notice, stacklevel=2)
    return frame


def gathered(*paths: str | os.PathLike[str]) -> tuple[list[Run], pd.DataFrame]:
    """The run files among the paths, and the frame of all of them, as `load` makes it; warns of nothing."""
    runs: list[Run] = []
    parts: list[Run | list[dict[str, Any]]] = []
    held: dict[str, str] = {}
    for path in paths:
        foreign = foreign_rows(path)
        for name in dict.fromkeys(row["run"] for row in foreign or ()):
            if name in held:
                raise RunFileError(f"{path}: holds run {name}, as {held[name]} does; give it once")
            held[name] = str(path)
        if foreign is None:
            runs.append(read_run(path))
        parts.append(runs[-1] if foreign is None else foreign)
    whole = from_runs(*runs)
    if len(runs) == len(parts):
        return runs, whole
    frames = [_frame(part) if isinstance(part, list) else whole[whole["run"] == part.header.run] for part in parts]
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs = whole.attrs
    return runs, frame


@uncollected()
def from_runs(*runs: Run) -> pd.DataFrame:
    """Runs that were read already as one frame, in the order given; its attrs carry each machine's noise and peaks."""
    names: dict[str, str] = {}
    for run in runs:
        if run.header.run in names:
            raise RunFileError(f"{run.name}: holds run {run.header.run}, as {names[run.header.run]} does; give it once")
        names[run.header.run] = run.name
    gathered = [(run, contests_of(run)) for run in runs]
    frame = _frame(row for run, own in gathered for row in _rows(run.header.run, estimate_run(run, own)))
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


def from_estimates(run: str, estimates: Iterable[Estimate]) -> pd.DataFrame:
    """Estimates as a frame, under the name of their run."""
    return _frame(_rows(run, estimates))


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
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
