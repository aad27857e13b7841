"""Groups of rows as text, for a terminal or 100 columns wide. Names from files are shown as text, never obeyed."""

import io
from collections.abc import Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .layout import LEFT_ALIGNED, Group, Page, Row

WIDTH = 100

# the first to go where a line would be too long
_DISPENSABLE = ("error", "first result", "a problem", "+-", "regime")
_HEADINGS = {"first result": "first\nresult", "a problem": "a\nproblem"}
_GAP = 2
_STYLES = {"faster": "green", "slower": "red", "inconclusive": "yellow", "refused": "yellow", "baseline": "bold"}


def print_page(page: Page, console: Console | None = None) -> None:
    """Prints to a terminal, or as plain text of 100 columns where there is none."""
    console = console or Console()
    if console.is_terminal:
        _print(page, console)
    else:
        console.print(Text(text_of(page)), soft_wrap=True, end="")


def text_of(page: Page, *, width: int = WIDTH) -> str:
    """Plain text, no line longer than `width` where names allow it."""
    buffer = io.StringIO()
    _print(page, Console(file=buffer, width=width, color_system=None, force_terminal=False, legacy_windows=False))
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _print(page: Page, console: Console) -> None:
    for line in page.above:
        console.print(Text(line))
    if page.above:
        console.print()
    natural = [_widths(group) for group in page.groups]
    common = {name: max(widths.get(name, 0) for widths in natural) for widths in natural for name in widths}
    for group, widths in zip(page.groups, natural, strict=True):
        columns = _that_fit(widths, console.width - _GAP)
        # the same column in the same place in every group, so that the eye runs down; but not at the price of a column
        aligned = {name: common[name] for name in columns}
        _print_group(group, console, aligned if _total(aligned) <= console.width - _GAP else dict.fromkeys(columns, 0))
    for note in page.notes:
        console.print(Text(note, style="dim"))
    if page.last:
        console.print(Text(page.last, style="bold"))


def _print_group(group: Group, console: Console, widths: Mapping[str, int]) -> None:
    console.print(Text(group.title, style="bold"))
    if group.rows:
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        for name, width in widths.items():
            table.add_column(
                Text(_HEADINGS.get(name, name)),
                justify="left" if name in LEFT_ALIGNED else "right",
                vertical="bottom",
                no_wrap=name != "case",
                overflow="fold",
                min_width=width,
            )
        for row in group.rows:
            table.add_row(*(_cell(row, name) for name in widths))
        console.print(_indented(table))
    for line in group.remarks:
        console.print(_indented(Text(f"* {line}", style="yellow")))
    for line in group.left_out:
        console.print(_indented(Text(line, style="yellow")))
    if group.conclusion:
        console.print(_indented(Text(group.conclusion, style="bold green" if group.rows else "yellow")))
    console.print()


def _indented(content: Table | Text) -> Padding:
    return Padding(content, (0, 0, 0, _GAP), expand=False)


def _widths(group: Group) -> dict[str, int]:
    return {
        name: max(
            *(cell_len(line) for line in _HEADINGS.get(name, name).split("\n")),
            *(cell_len(row.cells[name]) for row in group.rows),
        )
        for name in group.columns
    }


def _that_fit(widths: Mapping[str, int], width: int) -> list[str]:
    """The columns of a group, without the least needed ones where a row would not fit."""
    kept = dict(widths)
    for name in _DISPENSABLE:
        if _total(kept) > width:
            kept.pop(name, None)
    return list(kept)


def _total(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _cell(row: Row, name: str) -> Text:
    style = ""
    if name == "verdict":
        style = _STYLES.get(row.verdict, "")
    elif row.noisy and name in ("time", "+-"):
        style = "yellow"
    elif row.wins and name in ("case", "time"):
        style = "bold"
    return Text(row.cells[name], style=style)
