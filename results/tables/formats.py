"""What a command prints, in the form that was asked for: documents to read, or their frame in full precision."""

from collections.abc import Callable, Sequence

import pandas as pd
from rich.console import Console

from ..frame import csv_of, json_of
from .markdown import markdown_of
from .table import Document
from .terminal import WIDTH, print_document, text_of

FORMS = ("rich", "markdown", "csv", "json")


def in_form(
    form: str, documents: Callable[[], Sequence[Document]], frame: Callable[[], pd.DataFrame], *, width: int = WIDTH
) -> str:
    """The one of the two that the form is of, as text; the other is never made."""
    if form in ("csv", "json"):
        return csv_of(frame()) if form == "csv" else json_of(frame())
    if form == "markdown":
        return "\n".join(map(markdown_of, documents()))
    return "".join(text_of(document, width=width) for document in documents())


def show(
    form: str,
    documents: Callable[[], Sequence[Document]],
    frame: Callable[[], pd.DataFrame],
    console: Console | None = None,
) -> None:
    """The same, printed; a terminal has colours and its own width."""
    if form == "rich":
        for document in documents():
            print_document(document, console)
    else:
        print(in_form(form, documents, frame), end="")
