"""The frame as tables: for a terminal, as Markdown, CSV and JSON. Names from files are shown as text, never obeyed."""

import io
import json
import re
from collections.abc import Callable, Mapping

import pandas as pd
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from results.frame import COLUMNS
from results.summary import COLUMNS as SHOWN
from results.summary import Group, Row, footnotes, groups, records_of

WIDTH = 100

_LEFT = ("case", "verdict")
# the first to go where a line would be too long
_DISPENSABLE = ("error", "first result", "a problem", "+-")
_HEADINGS = {"first result": "first\nresult", "a problem": "a\nproblem"}
_GAP = 2
_STYLES = {"faster": "green", "slower": "red", "inconclusive": "yellow", "baseline": "bold"}


def print_table(frame: pd.DataFrame, console: Console | None = None) -> None:
    """Prints the groups to a terminal, or as plain text of 100 columns where there is none."""
    console = console or Console()
    if not console.is_terminal:
        console.print(Text(as_text(frame)), soft_wrap=True, end="")
        return
    _print_groups(frame, console)


def as_text(frame: pd.DataFrame, *, width: int = WIDTH) -> str:
    """The groups as plain text, no line longer than `width` where names allow it."""
    buffer = io.StringIO()
    _print_groups(
        frame, Console(file=buffer, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    )
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def as_markdown(frame: pd.DataFrame) -> str:
    """The same content as Markdown, each group under a heading."""
    parts: list[str] = []
    for group in groups(frame):
        parts.append(f"### {_escaped(group.title)}")
        if group.rows:
            lines = [group.columns, tuple("---" if name in _LEFT else "---:" for name in group.columns)]
            lines += [tuple(_escaped(row.cells[name]) for name in group.columns) for row in group.rows]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        lines_below = [f"\\* {_escaped(line)}" for line in group.remarks]
        lines_below += [f"not measured: {_escaped(line)}" for line in group.not_measured]
        if lines_below:
            parts.append("\n".join(f"- {line}" for line in lines_below))
        parts.append(f"**{_escaped(group.conclusion)}**")
    parts += [f"{_escaped(note)}" for note in footnotes(frame)]
    return "\n\n".join(parts) + "\n"


def as_csv(frame: pd.DataFrame) -> str:
    """The frame's columns in full precision, nothing where a value is missing."""
    return frame[list(COLUMNS)].to_csv(index=False, lineterminator="\n")


def as_json(frame: pd.DataFrame) -> str:
    """The frame as a list of objects, one a row and a line, null where a value is missing."""
    lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records_of(frame[list(COLUMNS)])]
    return "[\n{}\n]\n".format(",\n".join(lines)) if lines else "[]\n"


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "rich": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
}


def _print_groups(frame: pd.DataFrame, console: Console) -> None:
    shown = groups(frame)
    natural = [_widths(group) for group in shown]
    common = {name: max((widths.get(name, 0) for widths in natural), default=0) for name in SHOWN}
    for group, widths in zip(shown, natural, strict=True):
        columns = _that_fit(widths, console.width - _GAP)
        # the same column in the same place in every group, so that the eye runs down; but not at the price of a column
        aligned = {name: common[name] for name in columns}
        _print_group(group, console, aligned if _total(aligned) <= console.width - _GAP else dict.fromkeys(columns, 0))
    for note in footnotes(frame):
        console.print(Text(note, style="dim"))


def _print_group(group: Group, console: Console, widths: Mapping[str, int]) -> None:
    console.print(Text(group.title, style="bold"))
    if group.rows:
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        for name, width in widths.items():
            table.add_column(
                Text(_HEADINGS.get(name, name)),
                justify="left" if name in _LEFT else "right",
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
    for line in group.not_measured:
        console.print(_indented(Text(f"not measured: {line}", style="yellow")))
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


def _escaped(text: str) -> str:
    """Text that Markdown shows as it stands; underscores inside words need no help, and stay readable without."""
    text = re.sub(r"([\\`*\[\]|<>~#$!])", r"\\\1", text.replace("&", "&amp;"))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
