"""The files that a run is made of, as they were when it began: what its last block runs is what its first one ran."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .handle import WorkerEnded


class Plugin:
    """A person's own file of solvers, read once: an edit in mid-run changes nothing, nor does a lost file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: tuple[Path, ...] = ()
        """What it has imported beside what is installed; known once it was asked for its solvers."""
        try:
            self.source: bytes | None = path.read_bytes()
        except OSError:
            self.source = None  # whoever loads it says why

    @property
    def hash(self) -> str | None:
        """Of its content, to tell whether a resumed run has the same plugins."""
        return None if self.source is None else hashlib.sha256(self.source).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """For the worker that loads it."""
        source = None if self.source is None else base64.b64encode(self.source).decode()
        return {"path": str(self.path), "source": source}


class Watch:
    """Files that every turn of a run reads anew, and whether they still are what they were."""

    def __init__(self) -> None:
        self._then: dict[Path, tuple[tuple[int, ...], str]] = {}

    def add(self, files: Iterable[Path]) -> None:
        """From now on these are not to change; one that is watched already is not looked at again."""
        for file in files:
            if file not in self._then:
                self._then[file] = _stamp(file), _digest(file)

    def check(self, files: Iterable[Path]) -> None:
        """Raise WorkerEnded where one of these has changed since it was added."""
        for file in files:
            stamp, digest = self._then[file]
            if _stamp(file) != stamp and _digest(file) != digest:
                raise WorkerEnded("failed", f"{file.name} was changed after the run began, and is read in every turn")


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
