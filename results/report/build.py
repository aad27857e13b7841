"""A report of runs, built once for every form: answers, tables, how they came about and where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..compare.history import History, history_of
from ..formats import unjudged
from ..formats.load import Loaded
from ..frame import records_of
from ..runfile.collecting import uncollected
from ..tables.answers import answer_tables, answers_of
from ..tables.caches import cold_tables
from ..tables.cases import footnotes, workload_tables
from ..tables.table import Table
from ..words.names import Record
from ..words.text import plain
from .devices import DevicesPart, devices_parts
from .facts import account_of_time, facts_of_run
from .sentences import summary_of
from .tables import case_table, conclusions, reasons, side_by_side
from .top import MOST_BESIDE, Top, top_of

FEWEST_OF_A_HISTORY = 3
"""Runs of one case."""


@dataclass(frozen=True)
class RunPart:
    """One run: what it was taken on, and where its time went."""

    name: str
    started: str
    preset: str
    facts: Sequence[str]
    account: str


@dataclass(frozen=True)
class Report:
    """Everything that a page or a Markdown document says; pictures are drawn from `records`, by a page alone."""

    loaded: Loaded
    records: Sequence[Record]
    top: Top
    summary: Sequence[str]
    devices: Sequence[DevicesPart]
    side_by_side: Table | None
    history: History | None  # of several runs; of many it stands in place of side_by_side
    workloads: Sequence[Table]
    winners: Table
    answers: Sequence[Table]
    cases: Table
    left_out: Table
    notes: Sequence[str]
    runs: Sequence[RunPart]


@uncollected()
def report_of(loaded: Loaded) -> Report:
    """Fits every model once."""
    records = records_of(loaded.frame)
    answers = answers_of(loaded, records)
    workloads = workload_tables(records)
    runs = [
        RunPart(
            name=plain(run.header.run),
            started=plain(run.header.started),
            preset=plain(run.header.preset or ""),
            facts=[plain(fact) for fact in facts_of_run(run, loaded.diagnostics[run.header.run])],
            account=account_of_time(run),
        )
        for run in loaded.runs
    ]
    number = len(loaded.frame["run"].unique())
    history = _history(loaded) if number >= FEWEST_OF_A_HISTORY else None
    return Report(
        loaded=loaded,
        records=records,
        top=top_of(loaded, answers, history),
        summary=summary_of(loaded, answers),
        devices=devices_parts(loaded.runs),
        side_by_side=side_by_side(records, answers.told) if number <= MOST_BESIDE else None,
        history=history,
        workloads=workloads,
        winners=conclusions(workloads),
        answers=[*answer_tables(answers), *cold_tables(loaded.runs)],
        cases=case_table(records),
        left_out=reasons(records, answers.told),
        notes=footnotes(loaded),
        runs=[*runs, *(RunPart(**part) for part in unjudged.as_runs(loaded.frame))],
    )


def _history(loaded: Loaded) -> History | None:
    """Of runs that have a case in common; what was measured but once or twice has no row."""
    history = history_of(loaded)
    series = tuple(one for one in history.series if len(one.values) >= FEWEST_OF_A_HISTORY)
    return replace(history, series=series) if series else None
