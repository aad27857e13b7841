"""A report as files: the page, and the Markdown document with every case as CSV beside it."""

import os
from collections.abc import Mapping
from pathlib import Path

from ..frame import csv_of
from ..runfile.read import RunFileError, is_run_file
from .build import Report
from .markdown import markdown
from .page import html


def write_document(report: Report, path: Path, *, full: bool = False) -> dict[str, Path]:
    """Write the Markdown to `path` and the CSV beside it; what each is, and where.

    Raises OSError; RunFileError, and writes nothing, where a run file would be written over.
    """
    table = path.with_suffix(".csv")
    _write({path: markdown(report, full=full, csv=table.name), table: csv_of(report.loaded.frame)})
    return {"report": path, "every case": table}


def write_page(report: Report, path: Path, pictures: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Write the page to `path`, with further `pictures` as `page.html` takes them; what it is, and where.

    Raises as `write_document` does.
    """
    _write({path: html(report, pictures)})
    return {"page": path}


def _write(texts: Mapping[Path, str]) -> None:
    """Each file whole or as it was before; none where one of them is a run."""
    for path in texts:
        if is_run_file(path):
            raise RunFileError(f"{path}: is a run file, which a report would be written over; name another file")
    for path, text in texts.items():
        if path.exists() and not path.is_file():  # a pipe, a terminal
            path.write_text(text, encoding="utf-8")
            continue
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_text(text, encoding="utf-8")
            os.replace(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
