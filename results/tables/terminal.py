"""Tables as text, for a terminal or 100 columns wide. Names from files are shown as text, never obeyed."""

import io
from collections.abc import Mapping, Sequence

from rich import table as rich_table
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from ..words.text import legible
from .table import Document, Table

WIDTH = 100

_GAP = 2
_LEAST_NUMBER = 8
_STYLES = {
    "faster": "green",
    "slower": "red",
    "inconclusive": "yellow",
    "refused": "yellow",
    "baseline": "bold",
    "good": "green",
    "poor": "yellow",
    "noisy": "yellow",
    "wins": "bold",
}


def print_document(document: Document, console: Console | None = None) -> None:
    """Prints to a terminal, or as plain text of 100 columns where there is none."""
    console = console or Console()
    if console.is_terminal:
        _print(document, console)
    else:
        console.print(Text(text_of(document)), soft_wrap=True, end="")


def text_of(document: Document, *, width: int = WIDTH) -> str:
    """Plain text, no line longer than `width`."""
    buffer = io.StringIO()
    _print(document, Console(file=buffer, width=width, color_system=None, force_terminal=False, legacy_windows=False))
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _print(document: Document, console: Console) -> None:
    for line in document.above:
        console.print(Text(legible(line)))
    if document.above:
        console.print()
    natural = [_widths(table) for table in document.tables]
    common = {name: max(widths.get(name, 0) for widths in natural) for widths in natural for name in widths}
    for table, widths in zip(document.tables, natural, strict=True):
        columns = _that_fit(table, widths, console.width - _GAP)
        # the same column in the same place in every table, so that the eye runs down; but not at the price of a column
        aligned = {name: common[name] for name in columns}
        fits = _total(aligned) <= console.width - _GAP
        _print_table(table, console, aligned if fits else _folded(table, columns, console.width - _GAP))
    for note in document.notes:
        console.print(Text(legible(note), style="dim"))
    if document.last:
        console.print(Text(legible(document.last), style="bold"))


def _print_table(table: Table, console: Console, widths: Mapping[str, int]) -> None:
    console.print(Text(legible(table.title), style="bold"))
    if table.rows:
        grid = rich_table.Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        shown = [(place, column) for place, column in enumerate(table.columns) if column.name in widths]
        headings = {column.name: _heading(column.name, widths[column.name]) for _, column in shown}
        heights = [len(Text(headings[column.name]).wrap(console, widths[column.name])) for _, column in shown]
        for height, (_, column) in zip(heights, shown, strict=True):
            grid.add_column(
                # headings end beside each other, cells begin so
                Text("\n" * (max(heights) - height) + headings[column.name]),
                justify="right" if column.numbers else "left",
                overflow="fold",
                width=widths[column.name],
            )
        for row in table.rows:
            grid.add_row(
                *(Text(legible(row[place].text), style=_STYLES.get(row[place].meaning, "")) for place, _ in shown)
            )
        console.print(_indented(grid))
    elif table.nothing:
        console.print(_indented(Text(legible(table.nothing))))
    for line in [*(f"* {remark}" for remark in table.remarks), *table.left_out]:
        console.print(_indented(Text(legible(line), style="yellow")))
    if table.conclusion:
        console.print(_indented(Text(legible(table.conclusion), style="bold green" if table.rows else "yellow")))
    console.print()


def _heading(name: str, width: int) -> str:
    """A heading, which breaks behind an underscore where it is too long."""
    name = legible(name)
    return name if cell_len(name) <= width else name.replace("_", "_ ")


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, _GAP), expand=False)


def _widths(table: Table) -> dict[str, int]:
    """What each column would like: its longest cell, or the longest word above it."""
    return {
        column.name: max(
            map(cell_len, (*_heading(column.name, 0).split(), "", *(legible(row[place].text) for row in table.rows)))
        )
        for place, column in enumerate(table.columns)
    }


def _that_fit(table: Table, widths: Mapping[str, int], width: int) -> dict[str, int]:
    """The columns of a table, without the least needed ones where a row would not fit."""
    kept = dict(widths)
    for column in sorted(table.columns, key=lambda column: -column.dispensable):
        if column.dispensable and _total(kept) > width:
            kept.pop(column.name)
    return kept


def _folded(table: Table, widths: Mapping[str, int], width: int) -> dict[str, int]:
    """Widths at which a row fits: the widest text gives way first, down to its least width, then numbers, then all."""
    narrow = dict(widths)
    texts = {column.name: column.least for column in table.columns if not column.numbers}
    for floors in (texts, dict.fromkeys(widths, _LEAST_NUMBER), dict.fromkeys(widths, 1)):
        while _total(narrow) > width:
            wide: Sequence[str] = [name for name in narrow if narrow[name] > floors.get(name, narrow[name])]
            if not wide:
                break
            narrow[max(wide, key=lambda name: narrow[name])] -= 1
    return narrow


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)
