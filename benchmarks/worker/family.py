"""The family of a process: what it started, found wherever it went, stopped, and ended to the last one.

A process that keeps its family (a subreaper, in the kernel's words) inherits what its descendants leave behind: one
that forks twice and makes a session of its own is no way out. Linux alone tells; elsewhere a process has no family.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection, Iterable

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GENERATIONS = 100
"""How often a family is looked for again: one that forks faster than it is stopped is not waited for without end."""


def keep() -> None:
    """Inherit from now on what descendants of this process leave behind."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that forked it ends, however it does; at once if it has.

    Call it in a child of a process of one thread: a thread's end is what the kernel looks at.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform == "linux" and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def children(pid: int) -> list[int]:
    """What a process has started, or inherited; those that ended and were not waited for included."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has gone meanwhile, or this is no Linux
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as of_thread:
                found += map(int, of_thread.read().split())
    return found


def descendants(pid: int) -> list[int]:
    """Its children, theirs, and so on; parents before their children."""
    found = [pid]
    for one in found:
        found += children(one)
    return found[1:]


def end(pid: int, but: Collection[int] = ()) -> int:
    """Kill what descends from a process, but for these children and theirs; how many there were that lived.

    Each is stopped before the next are looked for, so that nobody starts another meanwhile.
    """
    found: dict[int, bool] = {}
    for _ in range(GENERATIONS):
        first = [child for child in children(pid) if child not in but]
        new = [one for child in first for one in (child, *descendants(child)) if one not in found]
        if not new:
            break
        found |= {one: _lives(one) for one in new}
        send(new, signal.SIGSTOP)
    send(found, signal.SIGKILL)
    return sum(found.values())


def send(pids: Iterable[int], signal_number: int) -> None:
    """A signal to each of those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal_number)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _lives(pid: int) -> bool:
    """Whether it has not ended yet; one that has stays until its parent waits for it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
