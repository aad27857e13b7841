"""JSON lines between the schedule, the nurseries and the workers."""

from __future__ import annotations

import collections
import json
import os
from typing import Any

Message = dict[str, Any]


class Reader:
    """Messages from a file descriptor; `closed` once the other end is."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.closed = False
        self._partial = b""
        self._complete: collections.deque[Message] = collections.deque()

    def available(self) -> list[Message]:
        """Read once, without waiting for the rest of a line; the messages that are complete."""
        self._fill()
        messages = list(self._complete)
        self._complete.clear()
        return messages

    def receive(self) -> Message:
        """The next message, waiting for it; an empty one at the end of the stream."""
        while not self._complete and not self.closed:
            self._fill()
        return self._complete.popleft() if self._complete else {}

    def _fill(self) -> None:
        chunk = os.read(self.descriptor, 1 << 16)
        self.closed = not chunk
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._complete.extend(json.loads(line) for line in lines)


def write(descriptor: int, message: Message) -> None:
    """Send one message, whole."""
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]
