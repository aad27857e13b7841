"""The only file that reads a clock.

A sample is a number of back-to-back calls timed as one, so that reading the clock costs nothing beside it. Garbage
collection is off while the clock runs: a collection belongs to the garbage of whoever made it, not to the call in hand.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

TARGET_S = 0.0012
"""Seconds a sample, as a rule: enough to hide the clock, and less than a slice of the scheduler, so that where other
programs want the same core a process that has been idle is hardly ever interrupted within it."""

SLICE_S, STOPPED_S = 0.25, 0.5
"""Seconds that are waited for at a time; what takes so much longer did so because this process was stopped."""
CPUCLOCK_SCHED = 2
"""In the number of a process's own clock, as clock_getcpuclockid(3) makes it on Linux."""

Call = Callable[[], Any]
_Taken = TypeVar("_Taken")
_stopped_s = 0.0
_THREADS = "/proc/self/task"


@dataclass(frozen=True)
class Sample:
    """One sample: `loops` calls that took `wall_s` seconds together, and `cpu_s` seconds of this process's CPU time.

    `involuntary_switches`: how often the system took the core away meanwhile; `wait_s`: seconds for which others had
    the core that this process wanted, None where that cannot be told; `own_s`: CPU time of the thread that called,
    without the work that it handed to others.
    """

    loops: int
    wall_s: float
    cpu_s: float
    involuntary_switches: int = 0
    wait_s: float | None = None
    own_s: float = 0.0

    @property
    def call_s(self) -> float:
        """Seconds a call."""
        return self.wall_s / self.loops

    @property
    def kept_s(self) -> float:
        """Seconds that were left to this process, as far as can be told."""
        return self.wall_s - (self.wait_s or 0.0)


class RunQueue:
    """The kernel's own account of waiting: how long threads of this process were ready to run and had no core.

    Linux keeps it for every thread (the second number of /proc/self/task/*/schedstat, in ns). Make it in the process
    that it is to tell of. `alone`: of the thread that asks, where no other one does any work. Where several work on
    several cores (`one_core` false), the sum of what each waited says nothing of how much longer the work took.
    """

    def __init__(self, *, alone: bool = False, one_core: bool = False) -> None:
        self.alone, self.one_core = alone, one_core
        self._open: dict[str, int] = {}

    def wait_s(self) -> float | None:
        """Seconds so far; only differences mean anything. None where nothing can be told."""
        if not (self.alone or self.one_core):
            return None
        total = 0
        try:
            for thread in [str(threading.get_native_id())] if self.alone else os.listdir(_THREADS):
                if thread not in self._open:
                    self._open[thread] = os.open(f"{_THREADS}/{thread}/schedstat", os.O_RDONLY)
                with contextlib.suppress(ProcessLookupError):  # a thread that has just ended
                    total += int(os.pread(self._open[thread], 80, 0).split()[1])
        except (OSError, IndexError, ValueError):
            return None
        return total / 1e9

    def lost_s(self, waited_s: float, wall_s: float, cpu_s: float) -> float:
        """Of so much waiting, what others had the core for.

        On one core threads of a process wait for each other too, several at once: then the process had the core. So it
        is no more than the time in which it had none, which is no more than the waiting where it slept as well.
        """
        lost_s = max(0.0, waited_s)  # the account of a thread that has ended is gone
        return min(lost_s, max(0.0, wall_s - cpu_s)) if self.one_core else lost_s


def now() -> float:
    """Seconds on a clock that never runs backwards; only differences mean anything."""
    return time.perf_counter()


def awake() -> float:
    """The same on a clock that stands still while this process is stopped, as far as `wait_for` has seen it."""
    return now() - _stopped_s


def wait_for(take: Callable[[float], _Taken | None], timeout_s: float) -> _Taken | None:
    """What `take` returns, which waits for so many seconds at most; None once the time is up.

    It waits in slices. One that took much longer found this process stopped (Ctrl-Z, a paused machine): that time is
    nobody's, and does not count.
    """
    global _stopped_s
    left_s = max(timeout_s, 0.0)
    while True:
        slice_s = min(left_s, SLICE_S)
        began = now()
        taken = take(slice_s)
        over_s = now() - began - slice_s
        if over_s >= STOPPED_S:
            _stopped_s += over_s
        else:
            left_s -= slice_s
        if taken is not None or left_s <= 0.0:
            return taken


def process_cpu_s(pid: int) -> float:
    """CPU seconds of all threads of another process (Linux). Raises OSError where it is not there."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def timestamp() -> datetime:
    """The time of day in UTC, to say when a run was taken; never to measure with."""
    return datetime.now(UTC)


@contextmanager
def stopwatch(into: dict[str, float], phase: str) -> Iterator[None]:
    """Add the seconds that the body takes to `into[phase]`, also where it raises."""
    start = time.perf_counter()
    try:
        yield
    finally:
        into[phase] = into.get(phase, 0.0) + time.perf_counter() - start


def once(call: Call) -> tuple[Any, float]:
    """Call once; return what it returned, and the seconds it took."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def pause(seconds: float) -> None:
    """Leave the core to others for so long."""
    time.sleep(seconds)


def sample(call: Call, loops: int, queue: RunQueue | None = None) -> Sample:
    """Time `loops` calls in a row as one sample; `queue` tells of the waiting within it."""
    repeats = itertools.repeat(None, loops)
    collecting = gc.isenabled()
    gc.disable()
    waited = None
    try:
        before = queue.wait_s() if queue else None
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        own = time.thread_time()
        cpu = time.process_time()
        start = time.perf_counter()
        for _ in repeats:
            call()
        wall = time.perf_counter() - start
        cpu = time.process_time() - cpu
        own = time.thread_time() - own
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - switches
        after = queue.wait_s() if queue else None
        if queue and before is not None and after is not None:
            waited = queue.lost_s(after - before, wall, cpu)
    finally:
        if collecting:
            gc.enable()
    return Sample(loops, wall, cpu, switches, waited, own)


def calibrate(
    call: Call, target_s: float = TARGET_S, sampler: Callable[[Call, int], Sample] = sample
) -> tuple[int, float]:
    """Loops a sample so that it lasts about `target_s`, and seconds a call; a call longer than that gets one loop.

    The loops are doubled until two samples in a row are long enough, so that neither a slow first call nor a single
    hiccup decides; then scaled to the target by the faster of the two, and frozen by the caller for the whole block.
    Time that others had the core for does not count: beside a busy program every sample would seem long, and a sample
    of too few loops pays more for the caches that its process has lost while it was idle (430 us became 550).
    """
    loops = 1
    previous: Sample | None = None
    while True:
        current = sampler(call, loops)
        if current.kept_s < target_s:
            previous = None
            loops *= 2
        elif previous is None:
            previous = current
        else:
            call_s = min(previous.kept_s, current.kept_s) / loops
            return max(1, round(target_s / call_s)), call_s


@functools.cache
def empty_call_s() -> float:
    """Seconds that the loop itself adds to each call: the best of several samples of calls that do nothing."""
    return min(sample(lambda: None, 2000).call_s for _ in range(5))


@functools.cache
def resolution_s() -> float:
    """The smallest step that the clock was seen to take, in seconds."""
    steps = []
    for _ in range(50):
        start = end = time.perf_counter()
        while end == start:
            end = time.perf_counter()
        steps.append(end - start)
    return min(steps)


def cost_s() -> float:
    """Seconds that one reading of the clock takes: the best of several samples."""
    return min(sample(time.perf_counter, 2000).call_s for _ in range(5)) - empty_call_s() / 2
