"""A large problem, made once a run: its arrays in a file in memory, which the nurseries of later turns map.

The run holds the file and has the index of it, so that whatever becomes of the run, nothing of it stays.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from linregbench.solvers.problem import Problem

KEPT_FROM_BYTES = 2 * 2**20
"""Of X: making a smaller problem anew takes less than a tenth of a second."""
PAGE_BYTES, INTO_PAGE_BYTES = 4096, 16
"""Where an array begins: as far into a page as one that NumPy allocates, so that placing it copies as many bytes."""

Index = Mapping[str, Any]
"""By field of a problem: type, shape and place in the file of its array; None for a field that is None."""


def keep(problem: Problem, file: str) -> Index | None:
    """Write the arrays into the file; None where the problem is small, or has other fields than arrays."""
    held = {field.name: getattr(problem, field.name) for field in fields(problem)}
    if problem.X.nbytes < KEPT_FROM_BYTES or not all(isinstance(v, np.ndarray | None) for v in held.values()):
        return None
    index: dict[str, Any] = {}
    with open(file, "r+b") as into:
        for name, array in held.items():
            if array is None:
                index[name] = None
                continue
            into.seek(-(-into.tell() // PAGE_BYTES) * PAGE_BYTES + INTO_PAGE_BYTES)
            index[name] = {"dtype": array.dtype.str, "shape": array.shape, "offset": into.tell()}
            into.write(np.ascontiguousarray(array).data)
    return index


def mapped(index: Index, file: str) -> Problem:
    """The problem that was kept there, read-only; whoever forks from here shares its memory. Raises OSError.

    Every page is mapped at once, so that none ever counts as a worker's own.
    """
    with open(file, "rb") as of:
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        memory = mmap.mmap(of.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
    held: dict[str, Any] = {name: None if array is None else _array(memory, **array) for name, array in index.items()}
    return Problem(**held)


def _array(memory: mmap.mmap, dtype: str, shape: Sequence[int], offset: int) -> np.ndarray:
    return np.frombuffer(memory, dtype, math.prod(shape), offset).reshape(shape)
