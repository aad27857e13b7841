"""Whatever a person has of times, read into rows of one frame: one file here a format.

A reader takes a path and returns rows: dictionaries by the frame's columns, where what is left out is missing. It
raises RunFileError, naming the file, for whatever it cannot read whole.
"""

import codecs
import json
import os
import re
from pathlib import Path
from typing import Any

from ..runfile.read import RunFileError, packed
from .asv import asv_rows
from .pyperf import CONVERT, pyperf_rows
from .pytest_benchmark import pytest_benchmark_rows

RUN_FILE = re.compile(rb'"record"\s*:')


def foreign_rows(path: str | os.PathLike[str], notices: list[str]) -> list[dict[str, Any]] | None:
    """The rows of asv's results, a pytest-benchmark or a pyperf file; None for what is left to the reader of run files.

    What was left out is told in the notices.
    Raises RunFileError.
    """
    where = Path(path)
    document = asv_rows(where, notices) if where.is_dir() else _document(where)
    if not isinstance(document, dict):
        return document
    if "benchmarks" in document and "machine_info" in document:
        return pytest_benchmark_rows(path, document, notices)
    if "benchmarks" in document and "version" in document:
        return pyperf_rows(path, document, notices)
    if "runs" in document and "version" in document:
        raise RunFileError(f"{path}: of pyperf's first format; {CONVERT}")
    if "result_columns" in document:
        return asv_rows(where, notices)
    return None


def _document(path: Path) -> dict[str, Any] | None:
    """A JSON object that is no run file; None for anything else. Raises RunFileError."""
    try:
        with path.open("rb") as file:
            head = file.readline(1 << 16)
            if (why := packed(head)) is not None:
                raise RunFileError(f"{path}: {why}")
            if not head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{") or RUN_FILE.search(head):
                return None
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not a run file, and not whole as JSON: {str(error)[:80]}") from None
    return document if isinstance(document, dict) else None
