"""Who draws a report's pictures: this process, or one beside it, while the tables are made here.

Drawing takes a third of the time of a large report, and needs nothing but rows.
"""

import contextlib
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ..words.names import Record
from .picture import Pictures

ROOT = Path(__file__).resolve().parents[2]

Illustrator = Callable[[Sequence[Record]], Callable[[], Pictures]]
"""Takes the rows of the frame when they are there, and is asked for the pictures when they are needed."""


def here(records: Sequence[Record]) -> Callable[[], Pictures]:
    """Draws in this process, when the pictures are asked for."""
    from .render import pictures_of  # matplotlib, which takes a while

    return functools.partial(pictures_of, records)


@contextlib.contextmanager
def beside() -> Iterator[Illustrator]:
    """Starts a process that draws, best before the runs are read.

    The pictures are drawn here where it cannot be started or fails, and where there is one core, which two processes
    would only share.
    """
    process = _started() if _cores() > 1 else None
    if process is None:
        yield here
        return
    with process:
        try:
            yield functools.partial(_send, process)
        finally:
            process.kill()


def _started() -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-P", "-m", "linregbench.results.figures.render"]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what fails there fails here again, and is told
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # an interrupt at the terminal is for this process to tell
        )
    except OSError:
        return None


def _send(process: subprocess.Popen[bytes], records: Sequence[Record]) -> Callable[[], Pictures]:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(records))
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    return functools.partial(_received, process, records)


def _received(process: subprocess.Popen[bytes], records: Sequence[Record]) -> Pictures:
    assert process.stdout is not None
    answer = process.stdout.read()
    if process.wait() == 0:
        return msgspec.json.decode(answer, type=Pictures)
    return here(records)()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
