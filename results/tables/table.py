"""One table, whatever it is of and whoever shows it: a terminal, Markdown, a page. All of it is plain text.

Texts from files are shown, never obeyed: each renderer escapes them in its own way.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

MISSING = float("inf")
"""The order of a number that is not there: after all that are."""


@dataclass(frozen=True)
class Cell:
    """What is shown, the number that it is sorted by where it is one, and what it means where that has a style."""

    text: str
    order: float | None = None
    meaning: str = ""


Row = list[Cell | str]
"""A string is a cell of text."""

NOTHING = Cell("", MISSING)
"""Where a column of numbers has none."""


@dataclass(frozen=True)
class Column:
    """A column by the name above it.

    A line that is too long loses the most dispensable columns first (0 stays); then columns of text are folded, none
    below its least width, and numbers last.
    """

    name: str
    numbers: bool = False
    least: int = 16
    dispensable: int = 0
    choose: bool = False  # a page lets its readers choose by the values in it


@dataclass(frozen=True)
class Table:
    """Rows under columns, with what is to be said of them; `nothing` says why there are no rows."""

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    name: str = ""  # by which a page refers to it
    about: str = ""  # what its numbers mean
    nothing: str = ""
    remarks: tuple[str, ...] = ()  # on rows marked with a star
    left_out: tuple[str, ...] = ()  # what has no row, and why
    conclusion: str = ""

    def texts(self, name: str) -> list[str]:
        """A column as it is shown."""
        place = [column.name for column in self.columns].index(name)
        return [row[place].text for row in self.rows]

    def first(self, most: int, where: str) -> "Table":
        """The same with so many rows at most; where there are more, it says how many and `where` they all are."""
        if len(self.rows) <= most:
            return self
        about = f"{self.about} The first {most:,} of {len(self.rows):,} rows: {where} has all.".lstrip()
        return replace(self, rows=self.rows[:most], about=about)

    def filled(self) -> "Table":
        """The same without the columns that say nothing in any row."""
        kept = [place for place in range(len(self.columns)) if any(row[place].text for row in self.rows)]
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[place] for place in kept), rows=rows)


@dataclass(frozen=True)
class Document:
    """What a command shows: lines above, tables, lines below."""

    tables: Sequence[Table]
    above: Sequence[str] = ()
    notes: Sequence[str] = ()
    last: str = ""  # the answer, where a person looks first


def table_of(
    title: str,
    names: Iterable[str],
    rows: Iterable[Iterable[Cell | str]],
    dispensable: Sequence[str] = (),
    choose: Collection[str] = (),
    **rest: Any,
) -> Table:
    """Rows under these names: columns of numbers where a cell has an order, else of text; the most dispensable first.

    A page lets choose by the columns in `choose`; `rest` are the other fields of a Table.
    """
    cells = tuple(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    numbers = [any(cell.order is not None for cell in column) for column in zip(*cells, strict=True)]
    grades = {name: len(dispensable) - place for place, name in enumerate(dispensable)}
    columns = tuple(
        Column(name, bool(cells) and numbers[place], dispensable=grades.get(name, 0), choose=name in choose)
        for place, name in enumerate(names)
    )
    return Table(title, columns, cells, **rest)


def number_cell(text: str, value: float | None) -> Cell:
    """A number as it is read, sorted after all others where there is none."""
    return Cell(text, MISSING if value is None else value)
