"""One case in one fresh process: place, lower, compile, first call, warm-up, steady state, check.

The process answers one request at a time and is idle in between: `prepare`, then `sample` as often as the schedule
asks, then `finish`. Whatever the solver does, the answer is a status; a process that dies is noticed by its nursery.
Standard library, numpy, jax and `solvers` alone: `versus --python` needs no more of the other interpreter.
"""

from __future__ import annotations

import base64
import importlib.metadata
import inspect
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from linregbench.solvers.problem import Problem, Workload
from linregbench.solvers.registry import Solver, load_builtin, load_file

from .. import clock, devices
from . import answers, calls, dispatch, guards, returned
from .calls import SHORT_CALL_S
from .hardware import cpu, flush, gpu, memory, peaks, sentinel
from .wire import Message

PROBES = 4
TYPICAL_S = 0.05
"""A first call that takes so long is like any other, where nothing is left to compile."""
OWN_WORK = 0.95
"""Of the CPU time: where the calling thread uses more than this, no other thread does any of the work."""

Receive = Callable[[], Message]
Send = Callable[[Message], None]


@dataclass
class _Desk:
    """What the worker keeps between two requests."""

    case: Mapping[str, Any]
    workload: Workload
    problem: Problem
    solver: Solver | None = None
    prepared: calls.Prepared | None = None
    first: Any = None
    loops: int = 1
    calibrated: int = 1
    call_s: float = 0.0
    flush: flush.Flush | None = None
    private_bytes: int | None = None
    compiles: Callable[[], int] = lambda: 0
    cpu_s: float = 0.0
    own_s: float = 0.0
    wall_s: float = 0.0
    called: int = 0
    switches: int = 0
    findings: list[str] = field(default_factory=list)
    sentinel: sentinel.Sentinel = field(default_factory=sentinel.Sentinel)
    queue: clock.RunQueue = field(default_factory=clock.RunQueue)


def solver_for(case: Mapping[str, Any]) -> Solver:
    """The solver that a case names, from the package or from the plugin that the case brings."""
    solvers = dict(load_builtin())
    if plugin := case.get("plugin"):
        solvers |= {(s.method, s.strategy, s.variant): s for s in _loaded(plugin)}
    return solvers[case["workload"]["method"], case["strategy"], case["variant"]]


def _loaded(plugin: Mapping[str, Any]) -> tuple[Solver, ...]:
    """The solvers of a plugin as it was when the run began. `source`: base64; None for a file that cannot be read."""
    path = Path(plugin["path"])
    if plugin["source"] is None or "source" not in inspect.signature(load_file).parameters:  # `solvers` of old commits
        return load_file(path)
    return load_file(path, base64.b64decode(plugin["source"]))


def status_of(error: BaseException) -> tuple[str, str]:
    """The status and the one-line reason that an exception of a solver amounts to."""
    try:
        text = " ".join(str(error).split())[:300]
    except Exception as another:  # its __str__ is a person's code too
        text = f"its text cannot be had: {type(another).__name__}"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text or "Out of memory" in text:
        return "out_of_memory", text or "the allocation failed"
    if type(error).__name__ == "LinAlgError":
        return "wrong", f"LinAlgError: {text}"
    if isinstance(error, devices.DeviceError | calls.AbsentError | calls.TooLargeError):
        return "skipped", text
    return "failed", f"{type(error).__name__}: {text}" if text else type(error).__name__


def live(case: Mapping[str, Any], problem: Problem | None, receive: Receive, send: Send) -> None:
    """Answer requests until the other end closes; a request that fails is answered with its status."""
    if case.get("gauge"):
        sentinel.live_as_gauge(case["gauge"], receive, send)
        return
    desk: _Desk | None = None
    while message := receive():
        ask = message["ask"]
        try:
            if ask == "prepare":
                workload = Workload(**case["workload"])
                cold = flush.flush_for(case["device"]) if case.get("cache") == "cold" else None
                desk = _Desk(case, workload, _given(problem), private_bytes=memory.private_bytes(), flush=cold)
                reply = _prepare(desk)
            elif ask == "probe":
                reply = _probe(case, _given(problem))
            elif ask in ERRANDS:
                reply = ERRANDS[ask](message)
            else:
                reply = _sample(_given(desk), message) if ask == "sample" else _finish(_given(desk))
        except Exception as error:  # whatever a solver raises is a status of its case, never the end of a sweep
            status, reason = status_of(error)
            reply = {"status": status, "reason": reason}
        send(reply)


ERRANDS: dict[str, Callable[[Message], Message]] = {
    "solvers": lambda message: _load(message["plugin"], message.get("foreign", ())),
    "device": lambda message: {"kind": devices.find(message["device"]).device_kind},
    "count": lambda message: {"count": len(devices.named(message["device"]))},
    "facts": lambda message: {
        "facts": cpu.processor_facts() if message["device"] == "cpu" else gpu.device_facts(message["device"])
    },
    "versions": lambda message: {"versions": _versions(message["modules"])},
    "peaks": lambda message: {"peaks": peaks.measured_peaks(threads=message["threads"])},
}
"""What a worker may be asked without a case: of plugins, devices and libraries what they are, and the peaks."""


def _load(plugin: Mapping[str, Any], foreign: Sequence[str]) -> Message:
    """The solvers that a plugin registers, which of the modules that it brought are of the other side, and their files.

    Of what is installed there is no file: a repository may hold its own environment, which both sides share.
    """
    before = set(sys.modules)
    solvers = [solver.as_dict() for solver in _loaded(plugin)]
    modules = {name: _file_of(sys.modules[name]) for name in sys.modules.keys() - before}
    files = {name: os.path.realpath(file) for name, file in modules.items() if file}
    installed = tuple(os.path.join(folder, "") for folder in (sys.prefix, os.path.dirname(os.__file__)))
    brought = {name: file for name, file in sorted(files.items()) if not file.startswith(installed)}
    strays = [f"{name} from {file}" for name, file in brought.items() if file.startswith(tuple(foreign))]
    own = os.path.realpath(plugin["path"])
    return {"solvers": solvers, "strays": strays, "sources": sorted(set(brought.values()) - {own})}


def _file_of(module: object) -> str:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""


def _versions(modules: Iterable[str]) -> dict[str, str]:
    """Of the packages that these modules are in, by the package's name; of those that are installed."""
    packages = importlib.metadata.packages_distributions()
    names = {name for module in modules for name in packages.get(module.partition(".")[0], ())}
    return {name: importlib.metadata.version(name) for name in sorted(names)}


def _given(thing: Any) -> Any:
    if thing is None:
        raise RuntimeError("asked out of order")
    return thing


def _configure(case: Mapping[str, Any], solver: Solver) -> None:
    if solver.backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", case["precision"] if case["precision"] != "default" else None)
        jax.config.update("jax_enable_compilation_cache", False)


def _probe(case: Mapping[str, Any], problem: Problem) -> Message:
    """Seconds that one call would take, told from a part of its data and, where Python drives the steps, from few."""
    solver = solver_for(case)
    calls.import_required(solver)
    _configure(case, solver)
    workload, part, scale = calls.part_of(solver, Workload(**case["workload"]), problem)
    steps = calls.driven_steps(solver, workload, part)

    def seconds_of(count: int) -> float:
        short = workload if steps == 1 else calls.with_steps(workload, count)
        return _probed_s(solver, calls.prepare(solver, short, part, case["device"]).call)

    return {"call_s": scale * calls.extrapolated_s(seconds_of, steps)}


def _probed_s(solver: Solver, call: clock.Call) -> float:
    """Seconds a call; of several where one is short, since a disturbance of it is multiplied."""
    first_s = clock.once(call)[1]
    if first_s > TYPICAL_S and _first_is_typical(solver):
        return first_s
    taken = [clock.once(call)[1]]
    if taken[0] < SHORT_CALL_S:
        taken += [clock.once(call)[1] for _ in range(PROBES)]
    return min(taken)


def _first_is_typical(solver: Solver) -> bool:
    """Whether nothing is left to compile when it is called first, so that a long first call is like any other."""
    return solver.compiled or solver.backend != "jax"


def _prepare(desk: _Desk) -> Message:
    spent: dict[str, float] = {}
    with clock.stopwatch(spent, "place"):
        solver = desk.solver = solver_for(desk.case)
        calls.import_required(solver)
        _configure(desk.case, solver)
        prepared = desk.prepared = calls.prepare(solver, desk.workload, desk.problem, desk.case["device"])
    clocked = prepared.phases
    spent["compile"] = sum(clocked.get(name, 0.0) for name in ("trace_s", "lower_s", "compile_s"))
    spent["place"] -= spent["compile"]
    with clock.stopwatch(spent, "first call"):
        first = _first_call(desk)
        if not _is_done(desk):
            desk.first, seconds = clock.once(partial(calls.read_by(solver), desk.first))
            first = replace(first, wall_s=first.wall_s + seconds)
            prepared = desk.prepared = calls.converting(prepared, solver)
    clocked["first_call_s"] = first.wall_s
    if solver.backend == "jax":
        elsewhere = devices.where(desk.first) - {desk.case["device"].partition(":")[0], "gpu"}
        if elsewhere:
            return {
                "status": "failed",
                "reason": f"asked for {desk.case['device']}, and the result lives on {', '.join(elsewhere)}",
            }
        desk.compiles = guards.count_compiles()
    with clock.stopwatch(spent, "calibrate"):
        desk.calibrated, desk.call_s = _calibrate(desk, first)
        # every call of a sample after its first would find the caches warm
        desk.loops = desk.calibrated if desk.flush is None else 1
        desk.queue = _run_queue(alone=desk.own_s > OWN_WORK * desk.cpu_s)
        desk.cpu_s = desk.own_s = 0.0
    clocked["warm_up_s"] = spent["calibrate"]
    desk.findings += prepared.findings
    with clock.stopwatch(spent, "sentinel"):
        looks_s = [desk.sentinel.look() for _ in range(sentinel.LEVEL_LOOKS)] if desk.case.get("gate") else []
    prepared_as = {"phases": clocked, "loops": desk.loops, "call_s": desk.call_s}
    return {"ready": True, "sentinel_s": looks_s, "spent": spent} | prepared_as


def _is_done(desk: _Desk) -> bool:
    """Whether the first call was done when it returned: its answer is arrays, or was waited for by a hook that knows.

    What is fetched off the clock has a hook of both kinds.
    """
    solver: Solver = _given(desk.solver)
    hooks = calls.hook_of(solver, "wait") and calls.hook_of(solver, "fetch")
    return bool(hooks) or returned.is_waited_for(desk.first, solver.backend)


def _run_queue(*, alone: bool = False) -> clock.RunQueue:
    return clock.RunQueue(alone=alone, one_core=len(devices.allowed_cores()) == 1)


def _first_call(desk: _Desk) -> clock.Sample:
    """The first call, whose answer is kept."""
    call = _given(desk.prepared).call

    def kept() -> None:
        desk.first = call()

    return clock.sample(kept, 1)


def _calibrate(desk: _Desk, first: clock.Sample) -> tuple[int, float]:
    """Loops a sample, and about how long a call takes; long calls are warmed once and left uncalibrated.

    A call that is sampled once a block is warmed by its first alone, where nothing was left to compile in that.
    """
    call, queue = _given(desk.prepared).call, _run_queue()

    def counted(sample: clock.Sample) -> clock.Sample:
        desk.cpu_s += sample.cpu_s
        desk.own_s += sample.own_s
        return sample

    def sampled(call: clock.Call, loops: int) -> clock.Sample:
        return counted(clock.sample(call, loops, queue))

    if first.wall_s > desk.case.get("lone_call_s", math.inf) and _first_is_typical(_given(desk.solver)):
        return 1, counted(first).wall_s
    if first.wall_s > SHORT_CALL_S:
        second_s = sampled(call, 1).kept_s
        if second_s > desk.case["long_call_s"]:
            return 1, second_s
    return clock.calibrate(call, desk.case["target_s"], sampled)


def _sample(desk: _Desk, message: Message) -> Message:
    """One sample, in a quiet moment where one comes soon, between two looks of the sentinel."""
    call = _given(desk.prepared).call
    if desk.call_s < SHORT_CALL_S:
        call()  # the process has been idle, and its caches belong to the others
    before_s = desk.sentinel.gate(message.get("quiet_s")) if desk.case.get("gate") else None
    if desk.flush is not None:
        desk.flush.call()
    sample = clock.sample(call, desk.loops, desk.queue)
    after_s = desk.sentinel.look() if desk.case.get("gate") else None
    desk.cpu_s += sample.cpu_s
    desk.own_s += sample.own_s
    desk.wall_s += sample.wall_s
    desk.called += sample.loops
    desk.switches += sample.involuntary_switches
    return {
        "call_s": sample.call_s,
        "cpu_over_wall": sample.cpu_s / sample.wall_s,
        "wait_s": None if sample.wait_s is None else sample.wait_s / sample.loops,
        "switches": sample.involuntary_switches,
        "around_s": None if before_s is None or after_s is None else (before_s, after_s),
    }


def _finish(desk: _Desk) -> Message:
    prepared: calls.Prepared = _given(desk.prepared)
    now = memory.private_bytes()
    grown = now - desk.private_bytes if now is not None and desk.private_bytes is not None else None
    reply: Message = {
        "cpu_over_wall": desk.cpu_s / desk.wall_s if desk.wall_s else None,
        "own_thread_share": min(1.0, desk.own_s / desk.cpu_s) if desk.cpu_s else None,
        "compiles": desk.compiles(),
        "involuntary_switches": desk.switches,
        "peak_rss_bytes": memory.peak_rss_bytes() - (desk.flush.host_bytes if desk.flush else 0),
        "rss_growth_bytes": grown,
        "device_peak_bytes": gpu.memory_peak_bytes(prepared.target) if desk.flush is None else None,
        "temp_bytes": prepared.temp_bytes,
    }
    if desk.case["guard"]:
        reply["throughput_s"] = dispatch.throughput_s(prepared, desk.call_s)
    if desk.case["guard"] or desk.call_s < dispatch.REPEATED_S:
        work = dispatch.device_work(prepared, desk.case["device"], desk.call_s)
        reply |= {"device_busy_s": work and work.busy_s, "device_kernels": work and work.kernels}
    spent: dict[str, float] = {}
    what = (_given(desk.solver), desk.workload, desk.problem)
    with clock.stopwatch(spent, "check"):
        fresh = _fresh(desk)
        coarse = _coarse(desk.case)
        judgement = answers.judge(*what, desk.first, fresh.result if fresh else None, coarse=coarse)
        reply["excess_loss"] = answers.excess_loss(desk.first, desk.workload, desk.problem, desk.solver)
    if fresh:
        reply |= {"dispatch_s": fresh.dispatch_s, "transfer_out_s": fresh.transfer_out_s}
    if fresh and judgement.status == "ok" and desk.case["guard"]:
        with clock.stopwatch(spent, "guard"):
            found, left_out = _guard(desk, fresh.call_s)
        desk.findings += found
        reply["guards_left_out"] = left_out
    if desk.compiles():
        desk.findings.append("compile")
    return reply | judgement.as_dict() | {"findings": sorted(set(desk.findings)), "spent": spent}


def _fresh(desk: _Desk) -> dispatch.Answered | None:
    """What the solver answers to inputs that were never timed, in its first block; None from its second on.

    What it would show is in the solver, not in the moment. What the timed call returned is judged in every block.
    """
    if not desk.case["guard"]:
        return None
    other = answers.on_unseen(_given(desk.solver), desk.workload, desk.problem, _given(desk.prepared))
    return dispatch.answered(other, desk.call_s)


def _coarse(case: Mapping[str, Any]) -> bool:
    """Whether products of float32 may be cut short; on a CPU no setting does that.

    `high` is three products of bfloat16 on a TPU, which keep 22 bits, and TF32 on a GPU (240 Tflop/s on an H100).
    """
    platform = devices.parse(case["device"])[0]
    cut = case["precision"] == "default" or (case["precision"] == "high" and platform != "tpu")
    return bool(cut and case["workload"]["dtype"] == "float32" and platform != "cpu")


def _guard(desk: _Desk, fresh_s: float) -> tuple[list[str], list[str]]:
    """What was found to be wrong with the timing, by name, and what was not looked for; off the clock, at the end.

    `fresh_s`: seconds of a call on inputs that were never timed.
    """
    solver, prepared = _given(desk.solver), _given(desk.prepared)
    what = (prepared, solver, desk.workload, desk.problem)
    call_s = desk.wall_s / desk.called if desk.called else desk.call_s

    def allowed() -> guards.Allowance:
        return guards.Allowance(desk.wall_s)

    told: dict[str, bool | None] = {
        "inputs_changed": guards.inputs_changed(*what, allowed()),
        "remembered": guards.remembered(*what, (fresh_s, call_s), allowed()),
    }
    if desk.case["device"] == "cpu" and desk.case["pin"]:
        cores = desk.case["allowed"]
        threads = len(cores) if desk.case["threads"] == "all" else int(desk.case["threads"])
        told["more_threads"] = guards.more_threads(prepared.call, desk.calibrated, call_s, cores, threads, allowed())
        if desk.cpu_s > (threads + guards.ACCOUNTING_MARGIN) * desk.wall_s:
            told["more_threads"] = True
    if solver.compiled:
        complaints = guards.strict_call(prepared.call, call_s, allowed())
        strict = ("retrace", "host_transfer")
        told |= {name: None if complaints is None else name in complaints for name in strict}
    found = [name for name, is_so in told.items() if is_so]
    found += guards.clock_findings(desk.call_s, desk.call_s * desk.loops)
    return found, [name for name, is_so in told.items() if is_so is None]
