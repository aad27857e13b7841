"""What emptied caches cost: each case of a run that was sampled both hot and cold, the one beside the other."""

from collections.abc import Iterable

from ..compare.runs import ComparedCase, compare_caches
from ..fields import CASE_KEYS, HOT, WORKLOAD
from ..runfile.read import Run
from ..runfile.records import case_fields
from ..words.guesses import shown_ratio, shown_time, verdict_text
from ..words.names import Record, brief, competitor, varying
from ..words.text import plain
from .table import Cell, Table, number_cell, table_of

TITLE = "Cold against hot"
ABOUT = "One call with emptied caches over one with those that the call before left, block by block."


def cold_tables(runs: Iterable[Run]) -> list[Table]:
    """One a run that has cases of both; of several runs each with its name."""
    compared = [(run, comparison) for run in runs for comparison in compare_caches(run)]
    tables = []
    for run, comparison in compared:
        rows = [(row, _named(row)) for row in comparison.rows if row.ratio is not None]
        told = varying(record for _, record in rows)
        tables.append(
            table_of(
                TITLE if len(compared) == 1 else f"{TITLE}, run {plain(run.header.run)}",
                ("workload", "case", "hot", "cold", "cold / hot", "verdict"),
                ((brief(record, told), competitor(record), *_cells(row)) for row, record in rows),
                name="cold-against-hot",
                about=ABOUT,
                nothing="No case has a time both hot and cold.",
            ).filled()
        )
    return tables


def _named(row: ComparedCase) -> Record:
    """What names a case and its workload, of both of its rows."""
    workload = {name: row.workload.get(name) for name in WORKLOAD}
    case = dict(zip(CASE_KEYS, case_fields(row.case), strict=True))
    return workload | case | {"batch": workload["batch"] or 1, "cache": HOT}


def _cells(row: ComparedCase) -> Iterable[Cell]:
    """The ratio the other way round than a comparison has it: how many times as long, and not as fast."""
    for seconds in (row.base_time_s, row.new_time_s):
        yield number_cell(shown_time(seconds, blocks=row.blocks), seconds)
    longer, low, high = (end and 1 / end for end in (row.ratio, row.high, row.low))
    yield number_cell(shown_ratio(longer, low, high, blocks=row.blocks), longer)
    yield Cell(verdict_text(row.verdict, row.blocks), meaning=row.verdict or "")
