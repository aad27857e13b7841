"""What a command prints may lose its reader, or the room to be written, and the command goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator
from typing import IO, Any, cast

STANDARD = (0, 1, 2)


class Lenient:
    """A stream of text whose first failure is its last: from then on what is written to it goes nowhere."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """As the stream does."""
        if self.lost is None:
            with self._losing():
                return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As the stream does."""
        if self.lost is None:
            with self._losing():
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = error
            # what it still holds would fail again when Python ends
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


@contextlib.contextmanager
def lenient() -> Iterator[Lenient]:
    """Both streams so, inside of this; yields that of what is printed. SIGTERM and SIGHUP are as Ctrl-C.

    A standard stream that is closed is opened on nothing first: a run file that got its number would be printed into.
    """
    for file in STANDARD:
        try:
            os.fstat(file)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    before = sys.stdout, sys.stderr
    out, err = (
        Lenient(stream or os.fdopen(os.dup(number), "w")) for number, stream in zip(STANDARD[1:], before, strict=True)
    )
    sys.stdout, sys.stderr = cast(IO[str], out), cast(IO[str], err)
    try:
        with _ended_as_interrupted():
            yield out
    finally:
        for stream in (out, err):
            stream.flush()
        sys.stdout, sys.stderr = before


def why_lost(stream: Lenient) -> str | None:
    """In words, where it was lost otherwise than by a reader that has read enough (`| head`)."""
    if stream.lost is None or stream.lost.errno == errno.EPIPE:
        return None
    return f"what was to be printed is lost: {stream.lost.strerror}"


@contextlib.contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """Whoever is told to end, by a scheduler or a terminal that closes, ends as by Ctrl-C; in the main thread alone."""
    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores the second
            with contextlib.suppress(ValueError):
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
