"""Comparisons across devices as text, Markdown, CSV and JSON."""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Console

from ..compare.devices.frame import across_frame
from ..compare.devices.ratios import Across
from ..frame import csv_of, json_of
from ..models.words import AnswerTable, Cell
from .cases import by_reason
from .device_words import plain_words, sides_in_words, summed_up
from .devices import LACKING, tables_of
from .layout import Group, Page, Row, markdown_of
from .terminal import WIDTH, print_page, text_of


def print_across(found: Sequence[Across], console: Console | None = None) -> None:
    """Prints to a terminal, or as plain text of 100 columns where there is none."""
    for page in _pages(found, spaced=True):
        print_page(page, console)


def as_text(found: Sequence[Across], *, width: int = WIDTH) -> str:
    """Plain text, no line longer than `width` where names allow it."""
    return "".join(text_of(page, width=width) for page in _pages(found, spaced=True))


def as_markdown(found: Sequence[Across]) -> str:
    """The same content as Markdown."""
    return "\n".join(markdown_of(page) for page in _pages(found))


def as_csv(found: Sequence[Across]) -> str:
    """The columns of `across_frame` in full precision."""
    return csv_of(across_frame(found))


def as_json(found: Sequence[Across]) -> str:
    """The rows of `across_frame` as a list of objects, null where a value is missing."""
    return json_of(across_frame(found))


FORMATS: dict[str, Callable[[Sequence[Across]], str]] = {
    "rich": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
}


def _pages(found: Sequence[Across], *, spaced: bool = False) -> list[Page]:
    """One for each pair of sides; `spaced` sets what they are apart from what they say."""
    return [_page(across, spaced=spaced) for across in found]


def _page(across: Across, *, spaced: bool) -> Page:
    tables = tables_of(across)
    above = [f"{across.new.name} against {across.base.name}"] + sides_in_words(across) + [""] * spaced
    notes = [f"{table.heading.partition(':')[0]}: {table.about}" for table in tables if table.about]
    groups = [group for table in tables for group in _groups(table)]
    return Page(groups, above + plain_words(across), notes, summed_up(across))


def _groups(table: AnswerTable) -> Iterator[Group]:
    """A table as groups, one a strategy where it has several; what has no time goes by its reasons."""
    if table.name.startswith(LACKING):
        reasons = ((f"{case.text} at {place.text}", why.text) for place, case, why in table.rows)
        yield Group(table.heading, (), (), left_out=by_reason(reasons))
        return
    by_case: dict[str, list[Sequence[Cell]]] = {}
    split = "case" in table.columns
    for row in table.rows:
        by_case.setdefault(row[1].text if split else "", []).append((row[0], *row[1 + split :]))
    columns = ("case", *table.columns[1 + split :])
    for case, cells in by_case.items():
        rows = [Row(dict(zip(columns, (cell.text for cell in row), strict=True)), "") for row in cells]
        told = tuple(name for name in columns if any(row.cells[name] for row in rows))
        yield Group(f"{table.heading}: {case}" if case else table.heading, told, tuple(rows))
