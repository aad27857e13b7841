"""Runs as one tidy pandas DataFrame: one row a case, the same columns and dtypes whatever the runs hold.

Times are seconds a call, sizes bytes, ratios are time of the other / time of this: above 1, this one is faster. What a
row does not have is missing (NA, NaN), never 0. The columns are those of `fields.COLUMNS`.
"""

import json
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import pandas as pd

from .fields import CASE_KEYS, COLUMNS, DATA_RATIO, ESTIMATE, RATIO, WINNER_RATIO, WORKLOAD
from .runfile.collecting import uncollected
from .runfile.read import Run, RunFileError
from .runfile.records import case_fields
from .stats.contests import Contest, ContestKey, contests_of
from .stats.estimates import Estimate, estimate_run
from .stats.ratios import Ratio
from .words.names import Record
from .words.text import legible

_of_estimate = attrgetter(*ESTIMATE)


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
        row: dict[str, Any] = {"run": run, "source": "linregbench", "units": "seconds"}
        row |= {name: estimate.workload.get(name) for name in WORKLOAD}
        row |= zip(CASE_KEYS, case_fields(estimate.case), strict=True)
        row |= zip(ESTIMATE, _of_estimate(estimate), strict=True)
        row |= estimate.measured
        row |= _of_ratio(RATIO, estimate.versus_baseline) | _of_ratio(WINNER_RATIO, estimate.versus_winner)
        row |= _of_ratio(DATA_RATIO, estimate.versus_data_winner)
        row["guards_left_out"] = "; ".join(estimate.guards_left_out) or None
        row |= {"batch": row["batch"] or 1, "setting": row["setting"] or None}
        yield row | {"findings": "; ".join(estimate.findings)}


def _of_ratio(columns: Mapping[str, str], ratio: Ratio | None) -> dict[str, Any]:
    return {column: ratio and getattr(ratio, name) for column, name in columns.items()}


def records_of(frame: pd.DataFrame) -> list[Record]:
    """The rows as dictionaries of plain Python values, None for whatever is missing."""
    columns = {str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def csv_of(frame: pd.DataFrame) -> str:
    """Any frame as CSV in full precision; what a spreadsheet takes for a formula begins with an apostrophe."""
    texts = frame.select_dtypes(include=["string", "object"]).columns
    return frame.assign(**{name: frame[name].map(_no_formula) for name in texts}).to_csv(
        index=False, lineterminator="\n"
    )


def _no_formula(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return f"'{legible(value)}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else legible(value)


def json_of(frame: pd.DataFrame) -> str:
    """Any frame as a JSON list of objects, one a row and a line."""
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records_of(frame)]
    return "[\n{}\n]\n".format(",\n".join(lines)) if lines else "[]\n"
