"""JSON lines between the schedule, the nurseries and the workers."""

from __future__ import annotations

import collections
import contextlib
import json
import math
import os
from typing import Any, NoReturn

Message = dict[str, Any]

MOST_BYTES = 8 * 2**20
"""In a line that is believed: the longest, a case with its plugin, has some 10 kB."""


class GarbledError(ValueError):
    """What came through a pipe is no message; the text says what it is."""


class Reader:
    """Messages from a file descriptor; `closed` once the other end is."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.closed = False
        self._partial = b""
        self._complete: collections.deque[bytes] = collections.deque()

    def available(self) -> list[Message]:
        """Read once, without waiting for the rest of a line; the messages that are complete. Raises GarbledError."""
        self._fill()
        lines = list(self._complete)
        self._complete.clear()
        return [parsed(line) for line in lines]

    def receive(self) -> Message:
        """The next message, waiting for it; an empty one at the end of the stream. Raises GarbledError."""
        while not self._complete and not self.closed:
            self._fill()
        return parsed(self._complete.popleft()) if self._complete else {}

    def _fill(self) -> None:
        chunk = b""
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(self.descriptor, 1 << 16)
            self.closed = not chunk
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._complete.extend(lines)
        if len(self._partial) > MOST_BYTES:
            raise GarbledError(f"a line of more than {MOST_BYTES:,} bytes")


def parsed(line: bytes) -> Message:
    """The message that a line holds: a JSON object of finite numbers. Raises GarbledError."""
    try:
        message = json.loads(line, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):  # text that is no UTF-8, or is no JSON, or brackets without end
        raise GarbledError(f"no JSON object: {_shown(line)}") from None
    if not isinstance(message, dict):
        raise GarbledError(f"no JSON object: {_shown(line)}")
    return message


def write(descriptor: int, message: Message) -> None:
    """Send one message, whole."""
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _shown(line: bytes) -> str:
    """Its beginning, printable."""
    return ascii(line[:40].decode(errors="replace")) + ("..." if len(line) > 40 else "")
