"""A report as files: the page, and the Markdown document with every case as CSV beside it."""

from collections.abc import Mapping
from pathlib import Path

from ..frame import csv_of
from .build import Report
from .markdown import markdown
from .page import html


def write_document(report: Report, path: Path, *, full: bool = False) -> dict[str, Path]:
    """Write the Markdown to `path` and the CSV beside it; what each is, and where. Raises OSError."""
    table = path.with_suffix(".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(report, full=full, csv=table.name), encoding="utf-8")
    table.write_text(csv_of(report.loaded.frame), encoding="utf-8")
    return {"report": path, "every case": table}


def write_page(report: Report, path: Path, pictures: Mapping[str, str] | None = None) -> dict[str, Path]:
    """Write the page to `path`, with further `pictures` as `page.html` takes them; what it is, and where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html(report, pictures), encoding="utf-8")
    return {"page": path}
