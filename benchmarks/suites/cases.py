"""The cases behind asv's and pytest-benchmark's door, and one of them made ready in this process.

Those tools bring their own clock and their own schedule, so all that is done here is what comes before: find the case,
settle the process, place, compile, call once, judge the answer, warm up. What they time is the same call.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from linregbench.solvers.problem import Problem, make_problem, make_workload
from linregbench.solvers.registry import Solver, load_builtin

from .. import clock, devices
from ..grid.cases import BASELINE, Case, is_plain
from ..grid.presets import MAIN, MISSION, PRESETS, Size
from ..sampling.plan import predicted_call_s
from ..worker import answers, calls

PRESET = PRESETS["quick"]
METHODS = tuple(dict.fromkeys(method for sweep in PRESET.sweeps for method in sweep.methods))
STRATEGIES = MISSION
SIZES = tuple(dict.fromkeys(size for sweep in PRESET.sweeps for size in sweep.sizes))
SAMPLES = tuple(size.samples for size in SIZES if size.batch == 1)
BATCHES = tuple(size.batch for size in SIZES if size.batch > 1)
RIVALS = tuple(strategy for strategy in MAIN if strategy != BASELINE)
DEVICES = ("cpu", "cuda")
"""Always both, whatever there is here, so that a file says the same everywhere; rocm and tpu would double the suite."""


SAMPLE_S = 0.010
"""What the other tools' samples last: they take them without a pause, and know of no quiet moments."""


class Skip(Exception):  # noqa: N818  nothing went wrong
    """This case is not timed here, and why."""


class WrongAnswerError(RuntimeError):
    """The solver's answer is not right, so there is no time to be told."""


@dataclass(frozen=True)
class Ready:
    """A case that was compiled, judged right and warmed; `call` solves it once and waits for the whole result."""

    case: Case
    call: clock.Call
    phases: Mapping[str, float]
    loops: int
    call_s: float
    error: float | None

    def extra_info(self) -> dict[str, Any]:
        """What a tool that keeps times alone would lose: the case and its phases, plain for JSON."""
        return self.case.as_dict() | dict(self.phases) | {"error": self.error}


def size_of(*, samples: int | None = None, batch: int = 1) -> Size:
    """The size in the table with these numbers; without samples, the smallest with this batch."""
    return next(size for size in SIZES if size.batch == batch and samples in (None, size.samples))


def case_of(method: str, strategy: str, size: Size, device: str) -> Case:
    """The case of these names, in the variant that stands for its strategy. Raises Skip with the reason."""
    if not may_be_here(device):
        raise Skip(f"no {device} device here: no JAX plugin for one is installed")
    solver = _solvers().get((method, strategy))
    if solver is None:
        raise Skip(f"the solvers of this commit have no {method} by {strategy}")
    if solver.backend != "jax" and device != "cpu":
        raise Skip(f"{solver.strategy} runs on the CPU alone")
    steps = size.steps if method == "gd" else None
    workload = make_workload(method, size.samples, size.features, batch=size.batch, steps=steps)
    case = Case(workload, solver, device)
    if predicted_call_s(case) > PRESET.call_limit_s:
        raise Skip(
            f"a call would take about {predicted_call_s(case):.0f} s, and {PRESET.call_limit_s:g} s is the limit"
        )
    return case


def may_be_here(device: str) -> bool:
    """Whether JAX could have this device at all; told without importing JAX, which takes longer than the answer."""
    plugins = bool(importlib.metadata.entry_points(group="jax_plugins")) or importlib.util.find_spec("jax_plugins")
    return device == "cpu" or bool(plugins)


def every_case() -> Iterator[tuple[str, str, Size]]:
    """Method, strategy and size of every case that the doors know, on each device the same; some will be skipped."""
    return ((m, strategy, size) for m, size, strategy in product(METHODS, SIZES, STRATEGIES))


def make_ready(case: Case) -> Ready:
    """Compile, call, judge and warm a case in this process. Raises Skip, and WrongAnswerError for a wrong answer."""
    _configure(case)
    problem = make_problem(case.workload)
    prepared = _prepared(case, problem)
    phases = dict(prepared.phases)
    first, phases["first_call_s"] = clock.once(prepared.call)
    fresh = answers.on_unseen(case.solver, case.workload, problem, prepared).call()
    judgement = answers.judge(case.solver, case.workload, problem, first, fresh)
    if judgement.status != "ok":
        raise WrongAnswerError(f"{judgement.status}: {judgement.reason}")
    with clock.stopwatch(phases, "warm_up_s"):
        call_s = clock.once(prepared.call)[1]
        loops = 1
        if call_s <= PRESET.long_call_s:
            loops, call_s = clock.calibrate(prepared.call, SAMPLE_S)
    return Ready(case, prepared.call, phases, loops, call_s, judgement.error)


def fresh_phases(case: Case) -> dict[str, float]:
    """The phases of a case as if it were compiled for the first time, in seconds; what was compiled is forgotten."""
    _configure(case)
    if case.solver.backend == "jax":
        import jax

        jax.clear_caches()
    prepared = _prepared(case, _problem(case))
    return dict(prepared.phases) | {"first_call_s": clock.once(prepared.call)[1]}


def try_once(case: Case) -> bool:
    """Whether the case runs and answers in numbers, untimed; one problem and one step where Python drives those."""
    workload, problem, _ = calls.part_of(case.solver, case.workload, make_problem(case.workload))
    if calls.driven_steps(case.solver, workload, problem) > 1:
        workload = calls.with_steps(workload, 1)
    _configure(case)
    call = calls.prepare(case.solver, workload, problem, case.device).call
    weights, _ = calls.answer(call(), workload, case.solver)
    return bool(np.isfinite(weights).all())


@contextmanager
def one_core(case: Case) -> Iterator[None]:
    """This process on the core, and with the threads, that `linregbench run --threads 1` would give to the case.

    Enter it before a backend starts: XLA counts its cores then. What was allowed before is allowed again afterwards.
    """
    from threadpoolctl import threadpool_limits

    allowed = devices.allowed_cores()
    if allowed:
        os.sched_setaffinity(0, devices.cores_for(case.threads, case.device, allowed))
    with threadpool_limits(int(case.threads)):
        try:
            yield
        finally:
            if allowed:
                os.sched_setaffinity(0, allowed)


@functools.cache
def _solvers() -> dict[tuple[str, str], Solver]:
    """By method and strategy, the solver in its plain variant."""
    return {(solver.method, solver.strategy): solver for solver in load_builtin().values() if is_plain(solver)}


def _prepared(case: Case, problem: Problem) -> calls.Prepared:
    try:
        return calls.prepare(case.solver, case.workload, problem, case.device)
    except devices.DeviceError as absent:
        raise Skip(str(absent)) from None


@functools.lru_cache(maxsize=1)
def _problem(case: Case) -> Problem:
    return make_problem(case.workload)


def _configure(case: Case) -> None:
    if case.solver.backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", case.precision)
        jax.config.update("jax_enable_compilation_cache", False)
