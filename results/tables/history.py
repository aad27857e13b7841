"""asv's history: one row a case, one column a commit.

Ratios to the NumPy loop, since they hold on a noisy machine; a case that has none shows its time.
"""

from collections.abc import Iterator

import pandas as pd

from ..words.text import plain, ratio_text, text_of_time
from .table import Cell, Document, Table, number_cell, table_of

_CASE = ["method", "samples", "batch", "strategy", "device", "environment"]
QUANTITIES = {"ratio": "times as fast as the NumPy loop", "time_s": "time of a call"}

_COMMITS = 5
"""Beside each other in a table; a longer history goes on in the next."""


def history(frame: pd.DataFrame, figure: str = "ratio") -> pd.DataFrame:
    """The figure of each case (rows) at each commit (columns, older first); cases without any are left out."""
    known = frame[frame[figure].notna()]
    known = known.assign(commit=known["run"].str.split(" ").str[0])
    wide = known.pivot_table(index=_CASE, columns="commit", values=figure, aggfunc="last", sort=False)
    return wide[list(dict.fromkeys(known["commit"]))]


def history_document(frame: pd.DataFrame) -> Document:
    """Both figures; one that no case has is left out."""
    tables = [table for figure in QUANTITIES for table in _tables(history(frame, figure), figure)]
    return Document(tables, last="" if tables else "no case has a ratio or a time")


def _tables(wide: pd.DataFrame, figure: str) -> Iterator[Table]:
    text_of = text_of_time if figure == "time_s" else ratio_text
    several = wide.index.get_level_values("environment").nunique() > 1
    cases = [Cell(_case(*case, several=several)) for case in wide.index]
    values = wide.astype(object).where(wide.notna(), None)
    for first in range(0, len(wide.columns), _COMMITS):
        commits = wide.columns[first : first + _COMMITS]
        rows = tuple(
            (case, *(number_cell(text_of(value), value) for value in of_case))
            for case, of_case in zip(cases, values[commits].to_numpy(), strict=True)
        )
        yield table_of(QUANTITIES[figure], ("case", *map(str, commits)), rows)


def _case(method: str, n: int, batch: int, strategy: str, device: str, environment: str, *, several: bool) -> str:
    where = (f" on {device}" if device != "cpu" else "") + (f" in {environment}" if several else "")
    return plain(f"{method} n={n:,} b={batch:,} {strategy}{where}")
