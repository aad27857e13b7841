"""Whatever a person has of times, read into rows of one frame: one file here a format.

A reader takes a path and returns rows: dictionaries by the frame's columns, where what is left out is missing. It
raises RunFileError, naming the file, for whatever it cannot read whole.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from ..runfile.read import RunFileError
from .asv import asv_rows
from .pyperf import pyperf_rows
from .pytest_benchmark import pytest_benchmark_rows

RUN_FILE = re.compile(rb'"record"\s*:')


def foreign_rows(path: str | os.PathLike[str]) -> list[dict[str, Any]] | None:
    """The rows of asv's results, a pytest-benchmark or a pyperf file; None for what is left to the reader of run files.

    Raises RunFileError.
    """
    where = Path(path)
    try:
        if where.is_dir():
            return asv_rows(where)
        with where.open("rb") as file:
            head = file.readline(1 << 16)
            if not head.lstrip().startswith(b"{") or RUN_FILE.search(head):
                return None
        text = where.read_text(encoding="utf-8")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not a run file, and not whole as JSON: {str(error)[:80]}") from None
    if not isinstance(document, dict):
        return None
    if "benchmarks" in document and "machine_info" in document:
        return pytest_benchmark_rows(path, document)
    if "benchmarks" in document and "version" in document:
        return pyperf_rows(path, document)
    if "result_columns" in document:
        return asv_rows(where)
    return None
