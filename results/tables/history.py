"""A history as tables: where it stepped, then one row a case with its newest commits or dates; and as a frame."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ..compare.history import FEWEST, QUANTITIES, History, Series, Step
from ..fields import CASE_KEYS, COLUMNS, WORKLOAD
from ..formats.load import Origin
from ..formats.unjudged import judged_here
from ..frame import of_rows
from ..words.names import brief, competitor, varying
from ..words.text import counted, glance, plain, ratio_text, text_of_time
from .table import NOTHING, Cell, Document, Row, Table, number_cell, table_of

NEWEST = 5
"""Runs beside each other in a table."""
WITHOUT_ASV = (
    "no steps were looked for: their detection is asv's, which is not installed here (pip install asv, or "
    "linregbench[harnesses])"
)

HISTORY_COLUMNS: dict[str, str] = {"commit": "string", "date": "string", "run": "string"}
HISTORY_COLUMNS |= {name: COLUMNS[name] for name in (*WORKLOAD, *CASE_KEYS, "baseline", *QUANTITIES, "source")}
HISTORY_COLUMNS |= {"level": "float64", "times_slower": "float64"}


def history_document(history: History) -> Document:
    """The steps, the newest first; then the ratios of every case, and the times of those that have none."""
    names = names_of(history)
    tables = [*_step_tables(history, names), *_value_tables(history, names)]
    return Document(tables, notes=list(_notes(history)), last=conclusion_of(history, names))


def _notes(history: History) -> Iterator[str]:
    if len(history.moments) > NEWEST:
        yield f"Beside each other: the oldest and the newest of {counted(len(history.moments), 'run')}; csv has all."
    if once := _once(history):
        yield f"Left out: {counted(len(once), 'case')} that one run alone has; csv has them."
    if not history.searched:
        yield WITHOUT_ASV
    if history.series:
        yield "Runs share no moment: a step is where to look, no verdict; linregbench versus judges two commits."


def history_frame(history: History) -> pd.DataFrame:
    """One row a case and run, the oldest first; `times_slower` where it stepped, below 1 for faster."""
    rows: list[dict[str, Any]] = []
    for series in history.series:
        ends = {place: step for step in series.steps for place in range(step.place, step.until)}
        first = series.steps[0].before if series.steps else None
        for place, (run, value) in enumerate(zip(series.runs, series.values, strict=True)):
            origin = history.origins[run]
            row = {name: series.record[name] for name in (*WORKLOAD, *CASE_KEYS, "baseline", "source")}
            row |= {"run": run, "commit": origin.commit, "date": origin.date, series.figure: value}
            step = next((step for step in series.steps if step.place == place), None)
            row["times_slower"] = series.slower(step) if step else None
            row["level"] = ends[place].after if place in ends else first
            rows.append(row)
    return of_rows(rows, HISTORY_COLUMNS)


def names_of(history: History) -> list[str]:
    """Each case in a line: its workload, who solves it, and where, if that is not the same for all."""
    records = [series.record for series in history.series]
    told = varying(records) - {"run", "environment"}
    places = [record["environment"] if not judged_here(record) else "" for record in records]
    several = len({place for place in places if place}) > 1
    return [
        f"{brief(record, told)} {competitor(record)}{f' in {plain(place)}' if several and place else ''}"
        for record, place in zip(records, places, strict=True)
    ]


def called(origin: Origin) -> str:
    """A run by its commit, or where none is known by its date."""
    return plain(origin.commit or origin.date.replace("T", " "))


def moved(series: Series, step: Step) -> str:
    """`1.07x slower`, `2.1x faster`."""
    slower = series.slower(step)
    return f"{glance(max(slower, 1 / slower))} {'slower' if slower > 1 else 'faster'}"


def conclusion_of(history: History, names: Sequence[str]) -> str:
    """How many stepped, and the newest of the steps."""
    if not history.series:
        return "no case has a ratio or a time"
    stepped = [(series, name) for series, name in zip(history.series, names, strict=True) if series.steps]
    cases, runs = counted(len(history.series), "case"), counted(len(history.moments), "run")
    if not history.searched:
        return f"{cases} over {runs}"
    if max(len(series.values) for series in history.series) < FEWEST:
        return f"{cases} over {runs}: too few to look for steps, which takes {FEWEST}"
    if not stepped:
        return f"No step in {cases} over {runs}"
    series, name = max(stepped, key=lambda pair: _when(history, pair[0], pair[0].steps[-1]))
    step = series.steps[-1]
    newest = f"{name} {moved(series, step)}, first seen in {called(history.origins[series.runs[step.place]])}"
    return f"{len(stepped)} of {cases} stepped over {runs}; the newest: {newest}"


def _when(history: History, series: Series, step: Step) -> tuple[str, float]:
    return history.origins[series.runs[step.place]].date, series.slower(step)


def _step_tables(history: History, names: Sequence[str]) -> list[Table]:
    every = [(series, step, name) for series, name in zip(history.series, names, strict=True) for step in series.steps]
    every.sort(key=lambda row: _when(history, *row[:2]), reverse=True)
    if not every:
        return []
    rows = [_step_row(history, series, step, name) for series, step, name in every]
    remarks = (
        f"{name}, {called(history.origins[series.runs[step.place]])}: beside the code, {'; '.join(map(plain, others))}"
        for series, step, name in every
        if (others := series.others[step.place])
    )
    columns = ("case", "change", "first seen in", "on", "last before", "from", "to", "seen in")
    return [table_of("Where it stepped", columns, rows, ("last before", "on"), name="steps", remarks=tuple(remarks))]


def _step_row(history: History, series: Series, step: Step, name: str) -> tuple[Cell | str, ...]:
    first, last = (history.origins[series.runs[place]] for place in (step.place, step.place - 1))
    slower, count = series.slower(step), step.until - step.place
    return (
        name + (" *" if series.others[step.place] else ""),
        Cell(moved(series, step), slower, meaning="slower" if slower > 1 else "faster"),
        called(first),
        plain(first.date[:10]),
        called(last),
        *(number_cell(_text(series.figure, level), level) for level in (step.before, step.after)),
        Cell("the newest alone" if count == 1 else counted(count, "run"), count),
    )


def _value_tables(history: History, names: Sequence[str]) -> list[Table]:
    """By figure, what each case had in the oldest run and in the newest ones."""
    tables = []
    for figure, title in QUANTITIES.items():
        once = _once(history)
        chosen = [
            (series, name)
            for series, name in zip(history.series, names, strict=True)
            if series.figure == figure and series not in once
        ]
        there = {history.origins[run] for series, _ in chosen for run in series.runs}
        moments = [moment for moment in history.moments if moment in there]
        shown = moments if len(moments) <= NEWEST else [moments[0], *moments[1 - NEWEST :]]
        rows: list[Row] = []
        for series, name in chosen:
            values = dict(zip((history.origins[run] for run in series.runs), series.values, strict=True))
            known = (values.get(moment) for moment in shown)
            cells = [NOTHING if value is None else number_cell(_text(figure, value), value) for value in known]
            rows.append([name, *cells])
        if rows:
            heads = ("case", *map(called, shown))
            tables.append(table_of(title, heads, rows, name=f"history-{figure}"))
    return tables


def _once(history: History) -> list[Series]:
    """The cases that one run alone has, beside others that several have: those are no history."""
    once = [series for series in history.series if len(series.values) == 1]
    return once if len(once) < len(history.series) else []


def _text(figure: str, value: float) -> str:
    return text_of_time(value) if figure == "time_s" else ratio_text(value)
