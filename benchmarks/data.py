"""A person's own X and y, read from a file once: numbers alone, nothing that could run, and told back in a line."""

from __future__ import annotations

import csv
import hashlib
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linregbench.results.words.text import counted, plain

MISSING = ("", "NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "null", "None", "none", "-", "?", ".", "<NA>")
"""What programs write where a table has no number."""
MOST_NAMES = 5
"""Of columns, that a line names."""
# whatever a damaged archive, a foreign method of compression or a header that is none is told by
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError),
    *(SyntaxError, TypeError, AttributeError, LookupError, OverflowError, MemoryError, RecursionError),
)


@dataclass(frozen=True, eq=False)
class OwnData:
    """X (n, d) and y (n,) in float64; `label` tells two files apart and holds no folder; `told` is how it was read."""

    X: np.ndarray
    y: np.ndarray
    label: str
    told: str


def read_data(path: str | Path, room_bytes: float = np.inf) -> OwnData:
    """From an .npz with arrays X and y, or a .csv whose last column is y; columns are taken as they are.

    The first line of a .csv may hold names. Raises ValueError, with what is wrong and what to do, for any other file,
    for one that could be read in two ways, and for one that takes more than `room_bytes` of memory.
    """
    path = Path(path)
    name = plain(path.name)
    reader = {".npz": _read_npz, ".csv": _read_csv}.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{name}: data are read from .npz (arrays X and y) or .csv (last column y)")
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise ValueError("Is a directory" if path.is_dir() else "is no regular file")
        if (size := path.stat().st_size) > room_bytes:
            raise ValueError(f"it has {size:,} bytes, and there is memory for {room_bytes:,.0f}")
        content = path.read_bytes()
        X, y, how = reader(content, room_bytes)
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"{name}: {plain(str(error))}") from None
    told = f"{name}: {counted(len(y), 'row')}, {plain(how)}; no cell is missing"
    return OwnData(X, y, f"{name}@{hashlib.sha256(content).hexdigest()[:8]}", told)


def check_range(own: OwnData, dtype: str, steps: int = 1) -> None:
    """Raise ValueError where a dtype cannot hold the data, the sums of their products, or 1/L over so many steps.

    Smaller than the least normal number is as good as 0: XLA takes it for that.
    """
    holds = np.finfo(dtype)
    largest = np.abs(own.X).max(axis=0)
    if not largest.any():
        raise ValueError("X is 0 in every cell")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        gram, moment = own.X.T @ own.X, own.X.T @ own.y
        curvature = 2 / len(own.y) * float(np.nan_to_num(np.trace(gram), nan=np.inf, posinf=np.inf))
        sizes = {
            "the largest value": max(largest.max(), np.abs(own.y).max()),
            "the largest value of a column of X": largest[largest > 0].min(initial=1.0),
            "a sum of products of X": np.nan_to_num(np.abs(gram), nan=np.inf, posinf=np.inf).max(),
            "a sum of products of X and y": np.nan_to_num(np.abs(moment), nan=np.inf, posinf=np.inf).max(),
            "the step size of gradient descent": 1 / curvature / steps,
        }
    for what, size in sizes.items():
        beyond = size > holds.max or 0 < size < holds.tiny or (size == 0 and what.startswith("the step"))
        if beyond:
            other = ", or use --dtype float64" if dtype == "float32" else ""
            raise ValueError(
                f"{what} is {size:.1g}, and {dtype} holds {holds.tiny:.1g} to {holds.max:.1g}: scale the columns{other}"
            )


def _read_npz(content: bytes, room_bytes: float) -> tuple[np.ndarray, np.ndarray, str]:
    if not content.startswith(b"PK"):
        raise ValueError("not an .npz file, which numpy.savez writes; a table of text is read from .csv")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = sorted(name.removesuffix(".npy") for name in archive.namelist())
            if missing := {"X", "y"} - {*names}:
                raise _RefusedError(f"no array {' nor '.join(sorted(missing))} in it, only {names}"[:200])
            X, y = (_array(archive, name, room_bytes) for name in ("X", "y"))
    except _RefusedError:
        raise
    except _DAMAGE as error:
        raise ValueError(f"not an .npz file that can be read ({' '.join(str(error).split())[:100]})") from None
    _check_numbers(X, y)
    how = f"X of {counted(X.shape[1], 'column')} ({X.dtype}), y ({y.dtype})"
    return np.ascontiguousarray(X, np.float64), np.ascontiguousarray(y, np.float64), how


def _array(archive: zipfile.ZipFile, name: str, room_bytes: float) -> np.ndarray:
    """One array, once its header says that it holds real numbers, and no more than there is memory for."""
    with archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    if dtype.kind not in "biuf":
        raise _RefusedError(f"{name} must hold real numbers, and holds {dtype}")
    # as read, and in float64
    claimed = (dtype.itemsize + 8) * float(np.prod([float(size) for size in shape]))
    if claimed > room_bytes:
        raise _RefusedError(f"{name} is {shape} of {dtype}, which takes {claimed:,.0f} bytes: there is no room for it")
    with archive.open(f"{name}.npy") as member:
        array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
        if member.read(1):
            raise _RefusedError(f"{name} has more bytes than its shape {shape} of {dtype} takes")
    return array


def _read_csv(content: bytes, _: float) -> tuple[np.ndarray, np.ndarray, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not a table of numbers: it is not UTF-8 at byte {error.start + 1}") from None
    if "\0" in text:
        raise ValueError("not a table of numbers: there are null bytes in it")
    try:
        number, first = next(_rows(text), (0, []))
        if not number:
            raise ValueError("not a table of numbers: it is empty")
        names = _names(first)
        table = _table(text, number if names else 0, len(first))
    except csv.Error as error:
        raise ValueError(f"not a table of numbers ({error})") from None
    if table.shape[1] < 2:
        hint = next((f"; columns are separated by commas, not by {sep!r}" for sep in ";\t" if sep in first[0]), "")
        raise ValueError(f"needs at least one column of X beside y, the last; it has {table.shape[1]}{hint}")
    X, y = np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1])
    _check_numbers(X, y)
    if names:
        _check_no_index(names[0], X[:, 0])
    of = f" ({_listed(names[:-1])})" if names else ""
    target = f"y is the last, {names[-1]}; names in line {number}" if names else "y is the last; no line of names"
    return X, y, f"X is {counted(X.shape[1], 'column')}{of}, {target}"


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, by the number of their last line."""
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    for row in reader:
        if row:
            yield reader.line_num, [cell.strip() for cell in row]


def _names(first: Sequence[str]) -> list[str] | None:
    """The first row, where it holds names; None where it is a sample. Raises ValueError where it could be either."""
    commented = first[0].startswith("#")  # as numpy.savetxt writes names
    cells = [first[0].lstrip("# "), *first[1:]] if commented else list(first)
    said = [cell for cell in cells if not _is_number(cell) and cell not in MISSING]
    shown = plain(",".join(first))[:60]
    if commented and not said:
        raise ValueError(f"line 1 is {shown!r}: a sample or a comment? Take out the line, or its #")
    if not said:
        whole = [float(cell) for cell in cells if _is_number(cell)]
        rest = cells[1:] if cells[0] in MISSING else cells
        if len(rest) > 1 and whole == [*map(float, range(len(rest)))]:
            raise ValueError(
                f"line 1 is {shown!r}, which counts the columns, as pandas writes for those without names: take the "
                "line out (to_csv(header=False, index=False)), or write names"
            )
        return None
    if len(said) < len(cells) - (cells[0] in MISSING):
        if len(said) == 1 and len(cells) > 2:
            return None  # a sample with something in it that is no number, which its row is refused for
        raise ValueError(f"line 1 is {shown!r}: names or a sample? Let every name be a word, or leave the line out")
    return cells


def _table(text: str, skipped: int, width: int) -> np.ndarray:
    """The numbers below so many lines. Raises ValueError for a row of another width, a missing cell, a word."""
    below = io.StringIO(text, newline="")
    for _ in range(skipped):
        below.readline()
    if not text[below.tell() :].strip():
        raise ValueError("not a table of numbers: there is nothing below its names")
    try:
        table = np.loadtxt(below, delimiter=",", comments=None, quotechar='"', ndmin=2, dtype=np.float64)
    except (ValueError, OverflowError) as error:
        why = _first_bad(text, skipped, width) or f"not a table of numbers ({' '.join(str(error).split())[:100]})"
        raise ValueError(why) from None
    if table.shape[1] != width or np.isnan(table).any():
        raise ValueError(_first_bad(text, skipped, width) or "not a table of numbers")
    return table


def _first_bad(text: str, skipped: int, width: int) -> str | None:
    """What the first bad row is, by the line that an editor shows; how many cells are missing."""
    missing: list[tuple[int, int]] = []
    for line, row in _rows(text):
        if line <= skipped:
            continue
        if len(row) != width:
            return f"not a table of numbers: line {line} has {counted(len(row), 'cell')}, and the first has {width}"
        for column, cell in enumerate(row, start=1):
            if cell in MISSING:
                missing.append((line, column))
            elif not _is_number(cell):
                return f"not a table of numbers: line {line}, column {column} is {cell[:40]!r}"
    if not missing:
        return None
    line, column = missing[0]
    have = f"{counted(len(missing), 'cell')} {'is' if len(missing) == 1 else 'are'} missing, the first"
    return f"{have} in line {line}, column {column}: fill them, or leave out those rows"


def _check_numbers(X: np.ndarray, y: np.ndarray) -> None:
    if X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise ValueError(f"X must be (n, d) and y (n,), and they are {X.shape} and {y.shape}")
    for name, array in (("X", X), ("y", y)):
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            where = "row {}" if array.ndim == 1 else "row {}, column {}"
            raise ValueError(
                f"X and y must be finite numbers; {name} has {array[tuple(bad[0])]} in "
                f"{where.format(*(bad[0] + 1))}, and {len(bad):,} such in all: fill them, or leave out those rows"
            )


def _check_no_index(name: str, column: np.ndarray) -> None:
    """Refuse a column without a name that counts the rows: no feature, and X would hold it as one."""
    if (name in MISSING or name.startswith("Unnamed")) and len(column) > 1 and (np.diff(column) == 1).all():
        raise ValueError(
            "its first column has no name and counts the rows, as pandas writes an index: leave it out "
            "(to_csv(index=False)), or name it to have it in X"
        )


def _is_number(cell: str) -> bool:
    if cell in MISSING or "_" in cell:
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _listed(names: Sequence[Any]) -> str:
    shown = ", ".join(str(name)[:20] or "one without a name" for name in names[:MOST_NAMES])
    return f"{shown}, ..." if len(names) > MOST_NAMES else shown


class _RefusedError(ValueError):
    """What is wrong is known, and told in its own words."""
