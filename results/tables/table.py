"""The frame as tables: for a terminal, as Markdown, CSV and JSON."""

from collections.abc import Callable

import pandas as pd
from rich.console import Console

from ..frame import csv_of, json_of
from ..models.accuracy import fronts
from ..words.titles import TOLD_IF_VARYING
from .accuracy import accuracy_sentences
from .footnotes import footnotes
from .layout import Page, markdown_of
from .summary import groups
from .terminal import WIDTH, print_page, text_of


def print_table(frame: pd.DataFrame, console: Console | None = None) -> None:
    """Prints the groups to a terminal, or as plain text of 100 columns where there is none."""
    print_page(_page(frame, answers=True), console)


def as_text(frame: pd.DataFrame, *, width: int = WIDTH) -> str:
    """The groups as plain text, no line longer than `width` where names allow it."""
    return text_of(_page(frame, answers=True), width=width)


def as_markdown(frame: pd.DataFrame) -> str:
    """The same content as Markdown, each group under a heading."""
    return markdown_of(_page(frame))


def as_csv(frame: pd.DataFrame) -> str:
    """The frame's columns in full precision, nothing where a value is missing."""
    return csv_of(frame)


def as_json(frame: pd.DataFrame) -> str:
    """The frame as a list of objects, one a row and a line, null where a value is missing."""
    return json_of(frame)


FORMATS: dict[str, Callable[[pd.DataFrame], str]] = {
    "rich": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
}


def _page(frame: pd.DataFrame, *, answers: bool = False) -> Page:
    """The groups; with `answers` also those that no group can give, since they lie across several."""
    notes = footnotes(frame)
    if answers and frame["excess_loss"].notna().any():
        notes += accuracy_sentences(
            fronts(frame), frozenset(key for key in TOLD_IF_VARYING if frame[key].nunique() > 1)
        )
    return Page(groups(frame), notes=notes)
