"""The only file that reads a clock.

A sample is a number of back-to-back calls timed as one, so that reading the clock costs nothing beside it. Garbage
collection is off while the clock runs: a collection belongs to the garbage of whoever made it, not to the call in hand.
"""

from __future__ import annotations

import functools
import gc
import itertools
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TARGET_S = 0.010
"""Seconds a sample, as a rule: enough to hide the clock, and so little that a round sees one state of the machine."""

Call = Callable[[], Any]


@dataclass(frozen=True)
class Sample:
    """One sample: `loops` calls that took `wall_s` seconds together, and `cpu_s` seconds of this process's CPU time.

    `involuntary_switches`: how often the system took the core away meanwhile.
    """

    loops: int
    wall_s: float
    cpu_s: float
    involuntary_switches: int = 0

    @property
    def call_s(self) -> float:
        """Seconds a call."""
        return self.wall_s / self.loops


def now() -> float:
    """Seconds on a clock that never runs backwards; only differences mean anything."""
    return time.perf_counter()


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


def sample(call: Call, loops: int) -> Sample:
    """Time `loops` calls in a row as one sample."""
    repeats = itertools.repeat(None, loops)
    collecting = gc.isenabled()
    gc.disable()
    try:
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        cpu = time.process_time()
        start = time.perf_counter()
        for _ in repeats:
            call()
        wall = time.perf_counter() - start
        cpu = time.process_time() - cpu
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - switches
    finally:
        if collecting:
            gc.enable()
    return Sample(loops, wall, cpu, switches)


def calibrate(
    call: Call, target_s: float = TARGET_S, sampler: Callable[[Call, int], Sample] = sample
) -> tuple[int, float]:
    """Loops a sample so that it lasts about `target_s`, and seconds a call; a call longer than that gets one loop.

    The loops are doubled until two samples in a row are long enough, so that neither a slow first call nor a single
    hiccup decides; then scaled to the target by the faster of the two, and frozen by the caller for the whole block.
    """
    loops = 1
    previous: Sample | None = None
    while True:
        current = sampler(call, loops)
        if current.wall_s < target_s:
            previous = None
            loops *= 2
        elif previous is None:
            previous = current
        else:
            call_s = min(previous.call_s, current.call_s)
            return max(1, round(target_s / call_s)), call_s


@functools.cache
def empty_call_s() -> float:
    """Seconds that the loop itself adds to each call: the best of several samples of calls that do nothing."""
    return min(sample(_nothing, 2000).call_s for _ in range(5))


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


def _nothing() -> None:
    return None
