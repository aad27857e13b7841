"""The report as one Markdown document: the answers, or with `full` every table."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from ..tables.history import history_document
from ..tables.markdown import bullets, escaped, markdown_of, table_as_markdown
from ..tables.table import Document
from .build import Report
from .facts import ON_THE_CLOCK

MOST_ROWS, MOST_DETAILS = 50, 25
"""Of the winners and of the tables beside them in the short form, which so stays under 200 lines."""

_FULL = "linregbench report FILE --markdown FILE --full"


def markdown(report: Report, *, full: bool = False, csv: str = "") -> str:
    """The answer first; `csv` is where every case stands, beside the document."""
    parts = _top(report, csv), (_full if full else _short)(report), _runs(report)
    return "\n\n".join(part for each in parts for part in each if part) + "\n"


def _top(report: Report, csv: str) -> Iterator[str]:
    top = report.top
    yield "# linregbench report"
    yield from (f"**{escaped(line.of)}:** {escaped(line.text)}" for line in top.headlines)
    yield from map(escaped, top.machine)
    if top.advice:
        yield "## What to do with it"
        yield "\n".join(f"- **{escaped(line.of)}:** {escaped(line.text)}" for line in top.advice)
    yield f"## Findings\n\n{bullets(report.summary)}"
    if csv:
        yield f"Every case is in [{escaped(csv)}]({quote(csv)}); `linregbench columns` says what its columns are."


def _short(report: Report) -> Iterator[str]:
    yield from _history(report)
    yield from _devices(report, full=False)
    yield table_as_markdown(report.winners.first(MOST_ROWS, _FULL))
    for table in report.answers:
        if table.name == "crossovers" and table.rows:
            leading = tuple(row for row in table.rows if row[-1].text)
            leads = replace(table, rows=leading, nothing="The lead changes nowhere for sure.")
            yield table_as_markdown(leads.first(MOST_DETAILS, _FULL))
    yield table_as_markdown(report.left_out.first(MOST_DETAILS, _FULL))
    yield f"{_FULL} writes every table, and the page has them."
    yield from map(escaped, report.notes)


def _full(report: Report) -> Iterator[str]:
    yield markdown_of(Document(report.workloads, notes=report.notes)).rstrip()
    yield from _history(report)
    yield from _devices(report, full=True)
    yield from map(table_as_markdown, report.answers)


def _history(report: Report) -> Iterator[str]:
    if report.history:
        document = history_document(report.history)
        yield "## Over commits and dates"
        yield f"**{escaped(document.last)}**"
        yield from (
            table_as_markdown(table.first(MOST_ROWS, "linregbench history FILE...")) for table in document.tables
        )


def _devices(report: Report, *, full: bool) -> Iterator[str]:
    for devices in report.devices:
        yield from (f"## {escaped(devices.across.heading)}", bullets((*devices.sentences, *devices.sides)))
        yield from map(table_as_markdown, devices.tables if full else ())


def _runs(report: Report) -> Iterator[str]:
    yield ON_THE_CLOCK
    for run in report.runs:
        yield f"## Run {escaped(run.name)}\n\n{bullets(run.facts)}\n\n{escaped(run.account)}"
