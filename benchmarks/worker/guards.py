"""Known ways of timing the wrong thing, each a finding with a name.

compile, retrace     XLA compiled, or JAX traced, while the solver was in its steady state
host_transfer        a compiled solver was given data from the host in every call
closed_over_data     a compiled solver holds data as constants, which the compiler may fold
inputs_changed       a call wrote to its inputs, so that the next one solved another problem
remembered           repeated inputs were answered much faster than inputs not seen before
more_threads         more CPU time was used than the threads asked for have
loop_overhead        the empty loop takes over 1% of the sample
coarse_timer         the clock's resolution is over 0.1% of the sample

A guard takes as long as its case was sampled, or LEAST_S where that is less. One that would take longer is left out,
and says so with None.

What is dropped or returned unblocked cannot be seen from outside a solver; the harness blocks on the whole result.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from linregbench.solvers.problem import Problem, Workload
from linregbench.solvers.registry import Solver

from .. import clock
from . import calls
from .calls import Prepared

COMPILE_EVENT = "/jax/core/compile/backend_compile_duration"
LEAST_S = 0.25
"""Seconds that a guard may take however little was sampled."""
SLACK = 1.2
"""A call that was sampled once takes a little longer or less the next time."""
FRESH_FACTOR = 3.0
FRESH_LEAST_S = 20e-6
FRESH_PAIRS = 8
THREADS_MARGIN, THREADS_SAMPLES = 0.5, 3
ACCOUNTING_MARGIN = 0.1
"""What CPU time over wall time may be above the number of threads where a worker is pinned to as many cores."""
COMPARED = 2**20
"""Numbers that are compared at a time."""
LOOP_SHARE = 0.01
TIMER_SHARE = 0.001


def count_compiles() -> Callable[[], int]:
    """Count from now on how often XLA compiles; the function returned tells how often so far."""
    import jax

    count = 0

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:  # noqa: ARG001  JAX's signature
        nonlocal count
        count += event == COMPILE_EVENT

    jax.monitoring.register_event_duration_secs_listener(listen)
    return lambda: count


class Allowance:
    """Seconds that one guard may take, from now on: as many as its case was sampled, or LEAST_S where that is less."""

    def __init__(self, sampled_s: float) -> None:
        self._until_s = clock.now() + max(LEAST_S, SLACK * sampled_s)

    def affords(self, seconds: float = 0.0) -> bool:
        """Whether so much more may be spent."""
        return clock.now() + seconds <= self._until_s


def strict_call(call: clock.Call, call_s: float, allowance: Allowance) -> list[str] | None:
    """Call once, off the clock, where JAX forbids tracing and host transfers; what it complained of, by name.

    Once more for each of the two where it complained of either.
    """
    import jax

    if not allowance.affords(call_s):
        return None
    try:
        with jax.no_tracing(), jax.transfer_guard("disallow"):
            call()
    except RuntimeError:
        forbidden = {"retrace": jax.no_tracing(), "host_transfer": jax.transfer_guard("disallow")}
        return [name for name, context in forbidden.items() if _raises(call, context)]
    return []


def _raises(call: clock.Call, context: AbstractContextManager[Any]) -> bool:
    try:
        with context:
            call()
    except RuntimeError:
        return True
    return False


def inputs_changed(
    prepared: Prepared, solver: Solver, workload: Workload, problem: Problem, allowance: Allowance
) -> bool | None:
    """Whether the arrays that were passed to the timed calls still hold what was put there."""
    given = calls.calls_for(solver, workload, problem)
    if calls.hook_of(solver, "place") is not None:  # what it padded, say, is compared as it was placed
        given = [calls.fetched(solver, arrays) for arrays in prepared.on(given).inputs]
    for arrays, originals in zip(prepared.inputs, given, strict=True):
        # a static follows the arrays
        for now, before in zip(calls.fetched(solver, arrays), originals, strict=False):
            for held, put in _pieces(np.asarray(now), np.asarray(before)):
                if not allowance.affords():
                    return None
                if not np.array_equal(held, put):
                    return True
    return False


def _pieces(now: np.ndarray, before: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Both, of one shape or not, in pieces of COMPARED numbers, so that comparing them takes no memory."""
    if now.shape != before.shape or now.size <= COMPARED:
        yield now, before
        return
    flat, other = now.reshape(-1), before.reshape(-1)
    for start in range(0, flat.size, COMPARED):
        yield flat[start : start + COMPARED], other[start : start + COMPARED]


def remembered(
    prepared: Prepared,
    solver: Solver,
    workload: Workload,
    problem: Problem,
    fresh: tuple[float, float],
    allowance: Allowance,
) -> bool:
    """Whether repeated inputs are answered much faster than inputs not seen before, every time that it is tried.

    `fresh`: seconds of a call on inputs not seen before, the check's, and of one on those that were timed. As a rule
    these clear an honest solver at no cost. A slow moment of the machine takes a pair of calls more, and convicts
    nobody: it is FRESH_PAIRS in a row that do, or as many as there is time for, one at least.
    """
    if _alike(*fresh):
        return False
    for number in range(FRESH_PAIRS):
        if number and not allowance.affords():
            break
        other = replace(problem, X=problem.X * problem.X.dtype.type(-1 - number))
        call = prepared.on(calls.calls_for(solver, workload, other)).call
        repeated_s = clock.once(prepared.call)[1]
        if _alike(clock.once(call)[1], repeated_s):
            return False
    return True


def _alike(fresh_s: float, repeated_s: float) -> bool:
    return fresh_s <= FRESH_FACTOR * repeated_s + FRESH_LEAST_S


def more_threads(
    call: clock.Call, loops: int, call_s: float, cores: list[int], threads: int, allowance: Allowance
) -> bool | None:
    """Whether the call uses more CPU time than so many threads can, once it may run on every core.

    Nothing can be told where there is no further core: on so many cores no more CPU time can be had.
    """
    if len(cores) <= threads:
        return False
    if not allowance.affords(loops * call_s):
        return None
    return cpu_over_wall_let_off(call, loops, cores, allowance) > threads + THREADS_MARGIN


def cpu_over_wall_let_off(call: clock.Call, loops: int, cores: list[int], allowance: Allowance) -> float:
    """CPU time over wall time where the call may run on all these cores; the most of several samples, or of one.

    On one core it is 1 whatever the threads, so all of them are let off their core for this.
    """
    pinned = sorted(os.sched_getaffinity(0))
    _let_on(cores)
    try:
        samples = [clock.sample(call, loops)]
        while len(samples) <= THREADS_SAMPLES and allowance.affords(samples[-1].wall_s):
            samples.append(clock.sample(call, loops))
    finally:
        _let_on(pinned)
    # The most of several: a neighbour on the other core hides a second thread, and nothing makes one up.
    return max(sample.cpu_s / sample.wall_s for sample in samples)


def _let_on(cores: list[int]) -> None:
    """Let every thread of this process run on these cores."""
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), cores)


def clock_findings(call_s: float, sample_s: float) -> list[str]:
    """What the measuring itself adds to a sample, where that is not small beside it."""
    findings = []
    if clock.empty_call_s() > LOOP_SHARE * call_s:
        findings.append("loop_overhead")
    if clock.resolution_s() > TIMER_SHARE * sample_s:
        findings.append("coarse_timer")
    return findings
