"""From a solver and a problem to the call that is timed: place the data, lower, compile, and block on the whole result.

Everything here runs inside a worker, in the order in which a person would meet it, each phase on its own clock.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import numpy as np

from linregbench.solvers.problem import Problem, Workload, arguments
from linregbench.solvers.registry import Solver

from .. import clock, devices
from . import returned
from .hardware.gpu import memory_free_bytes

Arguments = tuple[Any, ...]
Wait = Callable[[Any], Any]
Hook = Callable[..., Any]

SHORT_CALL_S = 0.003
"""A call that is shorter is made once, untimed, before a sample; filling the caches is a small part of a longer one."""
PART_BYTES, ROWS = 128 * 2**20, 8
"""A call on more data is predicted from so much of it, which is out of most caches as well; samples for each feature
that such a part has at least."""
FEW_S, MORE = 0.02, 8
"""Seconds that a few steps take together, about, and how many times more are tried where they take as long as one."""
ALIASED_BYTES = 64
"""XLA on a CPU takes NumPy's memory for its own where an array begins at a multiple of so many bytes."""
LARGE_CONSTANT = 64
"""Elements of a constant from which it is data, and not a parameter of the method."""


def _keep(result: Any) -> Any:
    return result


@dataclass(frozen=True)
class Prepared:
    """A solver ready to be timed on inputs that are in place.

    call         solves the whole batch once, and waits for the whole result
    dispatch     the same without waiting, where there is something to wait for; `wait` waits for what it returned
    fetch        brings what a call returned to the host
    inputs       the arguments of each call of the solver, where they were placed
    on           the same solver on other inputs of the same shapes, which it places
    target       the JAX device that they are on; temp_bytes what its executable allocates beside inputs and outputs
    """

    call: clock.Call
    dispatch: clock.Call | None
    wait: Wait
    inputs: Sequence[Arguments]
    on: Callable[[Sequence[Arguments]], Prepared]
    phases: dict[str, float] = field(default_factory=dict)
    target: Any = None
    temp_bytes: int | None = None
    findings: tuple[str, ...] = ()
    fetch: Hook = _keep


def calls_for(solver: Solver, workload: Workload, problem: Problem, *, check: bool = False) -> list[Arguments]:
    """The arguments of each call that solves the whole batch once: one for a batched solver, else one a problem.

    With `check`, inputs that are never timed. Arrays alone: `steps`, which is static, is added by the callers.
    """
    arrays = _arrays(workload, problem, check=check)
    if solver.batched:
        return [arrays]
    # what has no batch axis (tolerance, max_steps) is the same for each problem
    return [tuple(a[i, ...] if a.ndim else a for a in arrays) for i in range(workload.batch)]


def _arrays(workload: Workload, problem: Problem, *, check: bool = False) -> Arguments:
    values = arguments(workload, problem, check=check)
    if workload.method == "gd_tol":
        # Arrays of one dtype throughout: a Python number would be weakly typed, and compiled for once more.
        *arrays, tolerance, max_steps = values
        return *arrays, np.asarray(tolerance, dtype=workload.dtype), np.asarray(max_steps, dtype=np.int32)
    return values[: len(values) - len(_statics(workload))]


class AbsentError(RuntimeError):
    """What a solver requires is not installed: its case is skipped, and the message says what to do."""


class TooLargeError(RuntimeError):
    """The device has no room for the compiled solver: its case is skipped, and the message has the sizes."""


def import_required(solver: Solver) -> None:
    """Import the module that the solver requires, before any clock runs. Raises AbsentError where it is not there."""
    module: str | None = getattr(solver, "requires", None)
    if module is None:
        return
    root = module.partition(".")[0]
    if importlib.util.find_spec(root) is None:
        ours = ".solvers.libraries." in str(getattr(solver.function, "__module__", ""))
        extra = "cupy" if root == "cupy" else "libraries"
        raise AbsentError(f"{root} is not installed" + f": pip install 'linregbench[{extra}]'" * ours)
    importlib.import_module(module)


def prepare(solver: Solver, workload: Workload, problem: Problem, device: str) -> Prepared:
    """Place the data on `device` and compile; the phases are in the result, in seconds. Raises AbsentError."""
    import_required(solver)
    if solver.backend == "jax":
        return _prepare_jax(solver, workload, problem, device)
    return _prepare_by_hooks(solver, workload, problem, device)


def _prepare_by_hooks(solver: Solver, workload: Workload, problem: Problem, device: str) -> Prepared:
    phases: dict[str, float] = {}
    statics = _statics(workload)
    own_place, own_wait, warm = (hook_of(solver, name) for name in ("place", "wait", "warm"))
    wait = own_wait or _keep

    def place(arrays: Arguments) -> Arguments:
        return (*(own_place(arrays, device) if own_place else arrays), *statics)

    def on(arguments: Sequence[Arguments]) -> Prepared:
        placed = [place(_private(arrays)) for arrays in arguments]
        dispatch = _one_call(solver.function, placed) if own_wait else None
        fetch = partial(fetched, solver)
        return Prepared(_one_call(solver.function, placed, wait), dispatch, wait, placed, on, fetch=fetch)

    if own_place:
        arrays = _private(_arrays(workload, problem))
        with clock.stopwatch(phases, "transfer_s"):
            place(arrays)  # at one go; splitting a batch into problems is off the clock
    prepared = on(calls_for(solver, workload, problem))
    if warm:
        with clock.stopwatch(phases, "compile_s"):
            warm(*prepared.inputs[0])
    return replace(prepared, phases=phases)


def converting(prepared: Prepared, solver: Solver) -> Prepared:
    """The same, whose calls are done when their answers are arrays, by `fetch` where the solver has no `wait`."""
    convert = read_by(solver)
    call, wait, on = prepared.call, prepared.wait, prepared.on
    return replace(
        prepared,
        call=lambda: convert(call()),
        wait=lambda result: convert(wait(result)),
        on=lambda arguments: converting(on(arguments), solver),
    )


def read_by(solver: Solver) -> Hook:
    """How what a solver returns is made into arrays on the clock, where it is not arrays once it was waited for."""
    fetch = None if hook_of(solver, "wait") else hook_of(solver, "fetch")
    return partial(returned.as_arrays, convert=fetch or np.asarray)


def _private(arrays: Arguments) -> Arguments:
    """A private copy: pages shared with a sibling would be warm in the cache on the sibling's account."""
    return tuple(np.array(a, order="C") for a in arrays)


def _prepare_jax(solver: Solver, workload: Workload, problem: Problem, device: str) -> Prepared:
    import jax

    target = devices.find(device)
    on_cpu = target.platform == "cpu"
    phases: dict[str, float] = {}
    statics = _statics(workload)
    function: Any = solver.function
    own_place = hook_of(solver, "place")
    if solver.compiled:
        function = jax.jit(solver.function, static_argnames="steps" if statics else None)

    def place(arrays: Arguments) -> Arguments:
        if own_place is not None:
            return (*jax.block_until_ready(own_place(arrays, devices.named(device))), *statics)
        # on a CPU device_put hands out NumPy's own memory where that is aligned, whatever may_alias says
        copied = (a.copy() if on_cpu and a.ctypes.data % ALIASED_BYTES == 0 else a for a in arrays)
        placed = tuple(jax.device_put(a, target, may_alias=False) for a in copied)
        return (*jax.block_until_ready(placed), *statics)

    def wait(result: Any) -> Any:
        # The method of a lone array is 1 us cheaper than walking a tree of one leaf, which counts at 10 us a call.
        return result.block_until_ready() if hasattr(result, "block_until_ready") else jax.block_until_ready(result)

    def on(arguments: Sequence[Arguments]) -> Prepared:
        placed = [place(arrays) for arrays in arguments]
        # Steady state calls the jitted function, as a user would; it reuses what was compiled below.
        dispatch, fetch = _one_call(function, placed), partial(jax.tree.map, np.asarray)
        return Prepared(_one_call(function, placed, wait), dispatch, wait, placed, on, fetch=fetch)

    arguments = calls_for(solver, workload, problem)
    if len(arguments) == 1:
        with clock.stopwatch(phases, "transfer_s"):
            prepared = on(arguments)
    else:
        with clock.stopwatch(phases, "transfer_s"):
            place(_arrays(workload, problem))  # at one go; splitting a batch into problems is off the clock
        prepared = on(arguments)
    findings: tuple[str, ...] = ()
    temp_bytes = None
    if solver.compiled:
        with clock.stopwatch(phases, "trace_s"):
            traced = function.trace(*prepared.inputs[0])
        with clock.stopwatch(phases, "lower_s"):
            lowered = traced.lower()
        with clock.stopwatch(phases, "compile_s"):
            compiled = lowered.compile()
        temp_bytes = _temp_bytes(compiled)
        _check_memory(temp_bytes, target)
        if any(np.size(constant) >= LARGE_CONSTANT for constant in traced.jaxpr.consts):
            findings = ("closed_over_data",)  # arrays that it was not given, which the compiler may fold
    return replace(prepared, phases=phases, findings=findings, target=target, temp_bytes=temp_bytes)


def _check_memory(temp_bytes: int | None, target: Any) -> None:
    """Raise TooLargeError where the executable asks for more of a device's memory than the process may still have."""
    free = memory_free_bytes(target)
    if temp_bytes is not None and free is not None and temp_bytes > free:
        needed = f"needs {temp_bytes / 2**30:.1f} GiB beside its data by the compiler's account"
        raise TooLargeError(f"{needed}, and {free / 2**30:.1f} GiB of the device are free")


def _temp_bytes(compiled: Any) -> int | None:
    """By the compiler's own account; None where the backend gives none."""
    try:
        return int(compiled.memory_analysis().temp_size_in_bytes)
    except (AttributeError, NotImplementedError, RuntimeError):
        return None


def hook_of(solver: Solver, name: str) -> Hook | None:
    """The hook of this name; None where the solver has none, as in commits from before there were any."""
    hook: Hook | None = getattr(solver, name, None)
    return hook


def fetched(solver: Solver, result: Any) -> Any:
    """What a solver returned, or was given, with each array of its own kind brought to NumPy; the rest as it is."""
    fetch = hook_of(solver, "fetch")
    if fetch is None or isinstance(result, int | float | complex | np.ndarray | np.generic):
        return result
    if isinstance(result, list | tuple):
        return type(result)(fetched(solver, part) for part in result)
    return fetch(result)


def _statics(workload: Workload) -> Arguments:
    return (workload.steps,) if workload.method == "gd" else ()


def _one_call(function: Callable[..., Any], calls: Sequence[Arguments], wait: Wait = _keep) -> clock.Call:
    if len(calls) > 1:
        return lambda: wait([function(*arguments) for arguments in calls])
    (arguments,) = calls
    if wait is _keep:
        return partial(function, *arguments)  # half of what a lambda costs, which counts at 10 us a call
    return lambda: wait(function(*arguments))


def part_of(solver: Solver, workload: Workload, problem: Problem) -> tuple[Workload, Problem, float]:
    """A part of the data, its problem, and how many times longer the whole would take at as many steps.

    One problem where a loop over problems is on the clock, and of what is larger than PART_BYTES a share: of its
    problems, or of the samples of one.
    """
    of_one = problem.X[0].nbytes
    problems = min(workload.batch, max(1, PART_BYTES // of_one)) if solver.batched else 1
    rows = min(workload.samples, max(workload.samples * PART_BYTES // of_one, ROWS * workload.features))
    held = {field.name: getattr(problem, field.name) for field in fields(problem)}
    cut = {name: v[:problems] for name, v in held.items() if isinstance(v, np.ndarray)}
    cut |= {name: cut[name][:, :rows] for name in ("X", "y", "check_y")}
    part = replace(workload, batch=problems, samples=rows)
    return part, replace(problem, **cut), (workload.batch / problems) * (workload.samples / rows)


def driven_steps(solver: Solver, workload: Workload, problem: Problem) -> int:
    """How many steps Python drives one by one in a solve; 1 where there are none, or all are done at one go."""
    if solver.compiled or getattr(solver, "operations", "data") == "powers":
        return 1
    if workload.method == "gd_tol" and problem.reference_steps is not None:
        return int(problem.reference_steps.max()) + 1
    return workload.steps or 1


def with_steps(workload: Workload, steps: int) -> Workload:
    """The same with so many steps, or so many at most."""
    if workload.method == "gd_tol":
        return replace(workload, max_steps=steps)
    return replace(workload, steps=steps) if workload.method == "gd" else workload


def extrapolated_s(seconds_of: Callable[[int], float], steps: int) -> float:
    """Seconds that so many steps take, from those of one step and of few.

    What is done once, a transposition or X'X, is in both and is not multiplied. Few are so many that they take twice
    as long as one, so that a disturbance of either is not multiplied by thousands.
    """
    one_s = seconds_of(1)
    if steps == 1:
        return one_s
    few = min(steps, max(2, int(FEW_S / max(one_s, 1e-9))))
    while (few_s := seconds_of(few)) < 2 * one_s and few < steps:
        few = min(steps, MORE * few)
    return one_s + max(0.0, few_s - one_s) / (few - 1) * (steps - 1)


def answer(result: Any, workload: Workload, solver: Solver | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """What one call returned, as ((b, d) float64 weights, (b,) steps taken or None).

    A batched solver returns (b, d), a loop over problems a list of (d,), a lone problem either. A jax solver that
    places its own inputs may have padded the batch, and those answers, which follow the others, are dropped. Raises
    ValueError where the answer has not the shape that the method promises, or is no array of real numbers.
    """
    if solver is not None:
        result = fetched(solver, result)
    if solver is not None and solver.backend == "jax" and hook_of(solver, "place") is not None:
        returned.check_numbers(result)
        several = isinstance(result, tuple)
        kept = tuple(np.asarray(part)[: workload.batch] for part in (result if several else (result,)))
        result = kept if several else kept[0]
    steps = None
    if workload.method == "gd_tol":
        parts = result if isinstance(result, list) else [result]
        try:
            weights, taken = zip(*((w, count) for w, count in parts), strict=True)
        except (TypeError, ValueError):
            raise ValueError(f"gd_tol must return (w, steps taken), and returned {type(result).__name__}") from None
        returned.check_numbers([*weights, *taken])
        steps = np.concatenate([np.atleast_1d(np.asarray(count)) for count in taken])
        result = np.concatenate([np.atleast_2d(np.asarray(w, dtype=np.float64)) for w in weights])
    returned.check_numbers(result)
    solution, expected = np.asarray(result, dtype=np.float64), (workload.batch, workload.features)
    if workload.batch == 1 and solution.shape == expected[1:]:
        solution = solution[np.newaxis]
    if solution.shape != expected:
        raise ValueError(f"expected an answer of shape {expected}, got {solution.shape}")
    return solution, steps
