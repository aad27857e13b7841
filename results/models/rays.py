"""What every model of the results stands on: rays through the grid, ratios on them, answers with intervals.

A model takes the frame, or rows of it as dictionaries, and says what it found as an `Answer`: a value with its 95%
interval, or the reason why the data do not reach it. It never extrapolates.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..fields import CONTEST_KEYS, DATA, DATA_RATIO
from ..frame import records_of
from ..stats.intervals import quantile
from ..words.names import Key, Record, along, competitor, grouped
from ..words.settings import under

NOT_IN_RANGE = "not in range"

_RATIOS = (
    ("winner_verdict", "winner", "winner_ratio"),
    ("data_winner_verdict", "winner", "data_winner_ratio"),
    ("verdict", "baseline", "ratio"),
)
"""What a row's ratio was taken to: the column that says so of that other row, its word for it, and the ratio."""

Data = pd.DataFrame | Sequence[Record]
"""A frame, or its rows: every model and figure takes either, so that a page turns the frame over once."""


@dataclass(frozen=True)
class Answer:
    """A value with its 95% interval, or why there is none; an end may be missing where nothing bounds it.

    `blocks` are the fewest that a measured part of it rests on, where that is known.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""
    blocks: int | None = None

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None


@dataclass(frozen=True)
class Ray:
    """What was measured along one axis while all else stood still; the rows of each competitor in order of the axis.

    A competitor is a case, or a strategy at its best, whose name then tells its variants.
    """

    axis: str
    fixed: Key
    rows: Mapping[str, Sequence[Record]]

    @property
    def title(self) -> Record:
        """What stands still, by name."""
        return dict(self.fixed)


def not_in_range(why: str) -> Answer:
    """The answer that is none."""
    return Answer(None, why=f"{NOT_IN_RANGE}: {why}")


def by_competitor(records: Iterable[Record]) -> dict[str, list[Record]]:
    """The rows of each, by its name."""
    rows: dict[str, list[Record]] = {}
    for record in records:
        rows.setdefault(competitor(record), []).append(record)
    return rows


def by_lead(record: Record) -> tuple[bool, float, float]:
    """A key to sort the rows of a contest by: the winner first, then by the paired ratio to it, else by time."""
    return record["winner_verdict"] != "winner", -(record["winner_ratio"] or 0.0), record["time_s"]


def strategy_key(record: Record) -> tuple[str, ...]:
    """What variants of one strategy agree in: an answer about strategies is about the best of each.

    Those with other operations are a strategy of their own, since they serve for less.
    """
    at = record["device"], record["precision"], record.get("setting") or ""
    return record["strategy"], *at, operations_of(record)


def operations_of(record: Record) -> str:
    """How the case gets to its answer; through the data where that is not told."""
    return record.get("operations") or DATA


def through_data(records: Iterable[Record]) -> list[Record]:
    """The rows whose steps go through the data, as if they alone had competed: their winner is the best of them."""
    columns = {column.removeprefix("data_"): column for column in ("data_winner", *DATA_RATIO)}
    return [
        row | {column: row[of_data] for column, of_data in columns.items()} if row.get("data_winner") else row
        for row in records
        if operations_of(row) == DATA
    ]


def shortened(records: Iterable[Record]) -> bool:
    """Whether some row gets to its answer without going through the data in each step."""
    return any(operations_of(row) != DATA for row in records)


def measured(data: Data) -> list[Record]:
    """The rows that have a time, as dictionaries of plain values."""
    return [record for record in rows_of(data) if record["time_s"] is not None]


def rows_of(data: Data) -> Sequence[Record]:
    """All rows, as dictionaries of plain values."""
    return records_of(data) if isinstance(data, pd.DataFrame) else data


def rays(records: Iterable[Record], axis: str, *, least: int = 2, best: bool = False) -> list[Ray]:
    """Every ray along an axis on which some competitor stands at `least` places or more, as they come.

    The competitors are cases, or with `best` strategies, each by its best variant at every place.
    """
    keys = [key for key in CONTEST_KEYS if key != axis]
    together = []
    for fixed, alike in grouped((record for record in records if record[axis] is not None), keys).items():
        lines: dict[Any, dict[int, Record]] = {}
        for row in alike:
            at = lines.setdefault(strategy_key(row) if best else competitor(row), {})
            at[row[axis]] = min(at.get(row[axis], row), row, key=by_lead)
        ordered = [[at[x] for x in sorted(at)] for at in lines.values() if len(at) >= least]
        long = {along(rows, axis): rows for rows in ordered}
        if long:
            together.append(Ray(axis, fixed, long))
    return together


def half_width(errors: Sequence[float], blocks: Sequence[int]) -> float:
    """Of the 95% interval of a sum of parts with these standard errors, each from so many blocks.

    Degrees of freedom after Satterthwaite (Biometrics Bulletin 2, 1946).
    """
    variances = [error**2 for error in errors]
    spread = sum(part**2 / max(number - 1, 1) for part, number in zip(variances, blocks, strict=True))
    freedom = sum(variances) ** 2 / spread if spread > 0 else math.inf
    return quantile(round(freedom, 1)) * math.sqrt(sum(variances))


def log_error(low: float | None, high: float | None, blocks: int) -> float:
    """The standard error of a log, from the 95% t interval over so many blocks; NaN below two of them."""
    if low is None or high is None or blocks < 2:
        return math.nan
    return (math.log(high) - math.log(low)) / 2 / quantile(blocks - 1)


def error_of_time(record: Record) -> float:
    """The standard error of the log of a time."""
    return log_error(record["time_low_s"], record["time_high_s"], record["blocks"])


def error_of_first(record: Record) -> float:
    """The standard error of the log of the time to the first result."""
    return log_error(record["first_result_low_s"], record["first_result_high_s"], record["blocks"])


def log_ratio(one: Record, other: Record) -> tuple[float, float]:
    """log(time of one / time of the other) of the same workload, and its standard error.

    From the paired ratio where one of the two is a winner or the baseline; otherwise from their times.
    """
    blocks = min(one["blocks"], other["blocks"])
    for reference, row, sign in ((one, other, 1.0), (other, one, -1.0)):
        for verdict, kind, column in _RATIOS:
            name = f"{reference['strategy']} {reference['variant']}"
            name += under(reference.get("setting"), reference.get("cache"))
            alike = kind != "baseline" or row["baseline"] == name
            if reference.get(verdict) != kind or not alike:
                continue
            if row[column] is not None and row[f"{column}_low"] is not None:
                error = log_error(row[f"{column}_low"], row[f"{column}_high"], blocks)
                return sign * math.log(row[column]), error
    return math.log(one["time_s"] / other["time_s"]), math.hypot(error_of_time(one), error_of_time(other))
