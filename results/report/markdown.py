"""The report as one Markdown document: its tables, its machines, what is on the clock."""

from collections.abc import Iterator

from ..tables.markdown import bullets, escaped, markdown_of, table_as_markdown
from ..tables.table import Document
from .build import Report
from .facts import ON_THE_CLOCK


def markdown(report: Report) -> str:
    """The answer first."""
    return "\n\n".join(_parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    yield from ("# linregbench report", bullets(report.summary))
    yield markdown_of(Document(report.workloads, notes=report.notes)).rstrip()
    for devices in report.devices:
        yield from (f"## {escaped(devices.across.heading)}", bullets((*devices.sentences, *devices.sides)))
        yield from map(table_as_markdown, devices.tables)
    yield from map(table_as_markdown, report.answers)
    yield ON_THE_CLOCK
    for run in report.runs:
        yield f"## Run {escaped(run.name)}\n\n{bullets(run.facts)}\n\n{escaped(run.account)}"
