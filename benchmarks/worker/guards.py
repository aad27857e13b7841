"""Known ways of timing the wrong thing, each a finding with a name.

compile, retrace     XLA compiled, or JAX traced, while the solver was in its steady state
host_transfer        a compiled solver was given data from the host in every call
closed_over_data     a compiled solver holds data as constants, which the compiler may fold
inputs_changed       a call wrote to its inputs, so that the next one solved another problem
remembered           repeated inputs were answered much faster than inputs not seen before
more_threads         more CPU time was used than the threads asked for have
loop_overhead        the empty loop takes over 1% of the sample
coarse_timer         the clock's resolution is over 0.1% of the sample

What is dropped or returned unblocked cannot be seen from outside a solver; the harness blocks on the whole result.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from linregbench.solvers.problem import Problem, Workload
from linregbench.solvers.registry import Solver

from .. import clock
from . import calls
from .calls import Prepared

COMPILE_EVENT = "/jax/core/compile/backend_compile_duration"
FRESH_FACTOR = 3.0
FRESH_LEAST_S = 20e-6
FRESH_PAIRS = 8
THREADS_MARGIN, THREADS_SAMPLES = 0.5, 3
ACCOUNTING_MARGIN = 0.1
"""What CPU time over wall time may be above the number of threads where a worker is pinned to as many cores."""
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


def strict_call(call: clock.Call) -> list[str]:
    """Call once, off the clock, where JAX forbids tracing and host transfers; what it complained of, by name."""
    import jax

    findings = []
    try:
        with jax.no_tracing():
            call()
    except RuntimeError:
        findings.append("retrace")
    try:
        with jax.transfer_guard("disallow"):
            call()
    except RuntimeError:
        findings.append("host_transfer")
    return findings


def inputs_changed(prepared: Prepared, solver: Solver, workload: Workload, problem: Problem) -> bool:
    """Whether the arrays that were passed to the timed calls still hold what was put there."""
    given = calls.calls_for(solver, workload, problem)
    if calls.hook_of(solver, "place") is not None:  # what it padded, say, is compared as it was placed
        given = [calls.fetched(solver, arrays) for arrays in prepared.on(given).inputs]
    held = [calls.fetched(solver, arrays) for arrays in prepared.inputs]
    return any(
        not np.array_equal(np.asarray(now), np.asarray(before))
        for arrays, originals in zip(held, given, strict=True)
        for now, before in zip(arrays, originals, strict=False)  # a static follows the arrays
    )


def remembered(prepared: Prepared, solver: Solver, workload: Workload, problem: Problem) -> bool:
    """Whether repeated inputs are answered much faster than inputs not seen before, every one of FRESH_PAIRS times.

    As a rule the first pair clears an honest solver. A slow moment of the machine takes more, and convicts nobody.
    """
    for number in range(FRESH_PAIRS):
        other = replace(problem, X=problem.X * problem.X.dtype.type(-1 - number))
        call = prepared.on(calls.calls_for(solver, workload, other)).call
        repeated_s = clock.once(prepared.call)[1]
        if clock.once(call)[1] <= FRESH_FACTOR * repeated_s + FRESH_LEAST_S:
            return False
    return True


def more_threads(call: clock.Call, loops: int, cores: list[int], threads: int = 1) -> bool:
    """Whether the call uses more CPU time than so many threads can, once it may run on every core.

    Nothing can be told where there is no further core: on so many cores no more CPU time can be had.
    """
    if len(cores) <= threads:
        return False
    return cpu_over_wall_let_off(call, loops, cores) > threads + THREADS_MARGIN


def cpu_over_wall_let_off(call: clock.Call, loops: int, cores: list[int]) -> float:
    """CPU time over wall time where the call may run on all these cores; the most of several samples.

    On one core it is 1 whatever the threads, so all of them are let off their core for this.
    """
    pinned = sorted(os.sched_getaffinity(0))
    _let_on(cores)
    try:
        call()
        samples = [clock.sample(call, loops) for _ in range(THREADS_SAMPLES)]
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
