"""A person's own X and y, read from a file: numbers alone, nothing that could run."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np


def read_data(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d) and y (n,) in float64, from an .npz with arrays X and y, or a .csv whose last column is y.

    A .csv may start with one line of names. Columns are taken as they are: add a column of ones for an intercept.
    Raises ValueError, with what is wrong, for any other file.
    """
    path = Path(path)
    readers = {".npz": _read_npz, ".csv": _read_csv}
    if path.suffix not in readers:
        raise ValueError(f"{path.name}: data are read from .npz (arrays X and y) or .csv (last column y)")
    try:
        X, y = readers[path.suffix](path)
    except OSError as error:
        raise ValueError(f"{path.name}: {error.strerror or error}") from None
    if X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise ValueError(f"{path.name}: X must be (n, d) and y (n,), and they are {X.shape} and {y.shape}")
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ValueError(f"{path.name}: X and y must be finite numbers; there are NaN or infinite ones")
    return X, y


def label(path: str | Path) -> str:
    """A name that tells two files of data apart and holds no folder: the file's own, and 8 digits of its content."""
    return f"{Path(path).name}@{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:8]}"


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = sorted(arrays.files)
            held = {name: arrays[name] for name in ("X", "y") if name in names}
    except (zipfile.BadZipFile, EOFError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: not an .npz file of numbers ({error})") from None
    missing = {"X", "y"} - held.keys()
    if missing:
        raise ValueError(f"{path.name}: no array {' nor '.join(sorted(missing))} in it, only {names}")
    X, y = held["X"], held["y"]
    for name, array in (("X", X), ("y", y)):
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{path.name}: {name} must hold real numbers, and holds {array.dtype}")
    return X.astype(np.float64), y.astype(np.float64)


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
        names = int(not _all_numbers(first))
        table = np.loadtxt(path, delimiter=",", skiprows=names, ndmin=2, encoding="utf-8-sig", dtype=np.float64)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not a table of numbers ({error})") from None
    if table.shape[1] < 2:
        raise ValueError(f"{path.name}: needs at least one column of X beside y, the last; it has {table.shape[1]}")
    return np.ascontiguousarray(table[:, :-1]), np.ascontiguousarray(table[:, -1])


def _all_numbers(line: str) -> bool:
    try:
        [float(cell) for cell in line.split(",")]
    except ValueError:
        return False
    return True
