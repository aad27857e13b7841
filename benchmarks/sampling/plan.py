"""From contests to blocks: what cannot run and why, who fits in memory together, what it will cost."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from linregbench.solvers.problem import data_bytes

from ..grid.cases import COPIES, Case, Contest, is_foreign, resting_bytes, worker_bytes
from ..processes.machine import MEMORY_SHARE
from .block import ROUNDS, Entry, Rules, sampled_rounds

OVERHEAD_S = {"numpy": 0.1, "jax": 0.4}
"""Fork to calibrated, and the end, of one case in a block; measured on two cores, for the prediction alone."""

IMPORT_S = 1.0
"""On top for a library, which each worker imports; about what numba takes."""

STEP_S = {"numpy": 5e-6, "jax": 3.5e-3}
"""Seconds a step where Python drives the steps, for the prediction alone."""

DATA_FLOPS_PER_S = 6e9
"""Operations a second of steps that go through data out of the cache: 0.5 to 2 times as many were seen. As above."""

GRAM_FLOPS_PER_S, WIDE = 1e9, 32
"""Operations a second of a Gram matrix for each feature, up to so many: short rows keep it from more. As above."""

BYTE_S = 2.5e-9
"""Seconds a byte of data and case that placing, checking and giving back take in a block. As above."""

NUMBER_S, ANSWER_S = 20e-9, 0.2e-9
"""Seconds for each number of X to make it, and for each feature beside it to come to the float64 answer. As above."""

PROBE_S, GUARD_CALLS = {"numpy": 0.2, "jax": 0.7}, {"numpy": 1, "jax": 2}
"""What a probe takes, and how many calls the guards make that are worth counting. As above."""

HEAVY_CALLS = 500
HEAVY_FLOPS = {"cpu": 2e9, "accelerator": 2e11}
"""Past either a case is probed before its first block, so that a call of hours is a skip and not a timeout. An H100 did
4e11 a second in steps through data, and a probe takes longer there than on a CPU: a context, and the compiling."""

ACCELERATOR_S = 0.7
"""On top for an accelerator: a context of its own, its compiler, the profiler. Measured on an H100."""


@dataclass(frozen=True)
class Limits:
    """How much is measured, and how much it may cost.

    blocks      fewest and most; `exact` where a person asked for so many: then no case has fewer, and none more
    more_than   the difference whose answer ends it, a fraction
    """

    blocks: tuple[int, int]
    budget_s: float
    call_limit_s: float
    rules: Rules
    exact: bool = False
    more_than: float | None = None


Memory = Mapping[str, int]
"""Free bytes by device; an accelerator that does not tell is not in it."""


def impossible(case: Case, free: Memory) -> str | None:
    """Why a case cannot be run at all, or None."""
    workload = case.workload
    if workload.method == "ols" and workload.samples < workload.features:
        return f"{workload.samples} samples are fewer than {workload.features} features: OLS has no single answer"
    needed = worker_bytes(case) + data_bytes(workload)  # which the workers are forked with
    if needed > MEMORY_SHARE * free["cpu"]:
        return f"needs about {needed / 2**30:.1f} GiB, and {free['cpu'] / 2**30:.1f} GiB are free"
    there = free.get(case.device, math.inf)
    if case.device != "cpu" and COPIES * data_bytes(workload) > MEMORY_SHARE * there:
        needed = COPIES * data_bytes(workload)
        return f"needs about {needed / 2**30:.1f} GiB on {case.device}, and {there / 2**30:.1f} GiB are free there"
    return None


def groups(contest: Contest, cases: Sequence[Case], free: Memory) -> list[list[Entry]]:
    """Who is alive together: everyone, or, where memory is short, several groups that each hold the baselines.

    Only one works at a time, so it is what all of them hold at rest, and what the largest takes beside.
    """
    able = set(cases)
    fixed = [Entry(b, role) for b in contest.baselines if b in able for role in ("baseline", "twin")]
    together: list[list[Entry]] = []
    for case in cases:
        if case in contest.baselines:
            continue
        if not together or not _fits([*together[-1], Entry(case)], free):
            together.append(list(fixed))
        together[-1].append(Entry(case))
    return together or ([fixed] if fixed else [])


def _fits(entries: Sequence[Entry], free: Memory) -> bool:
    """Whether these may be alive together: in the memory of the machine, and each device's in that of the device."""
    if together_bytes(entries) > MEMORY_SHARE * free["cpu"]:
        return False
    for device in {entry.case.device for entry in entries} - {"cpu"}:
        held = [data_bytes(entry.case.workload) for entry in entries if entry.case.device == device]
        if sum(held) + (COPIES - 1) * max(held) > MEMORY_SHARE * free.get(device, math.inf):
            return False
    return True


def together_bytes(entries: Sequence[Entry]) -> int:
    """About how much memory these take that are alive together, with the problem that they were forked with."""
    cases = [entry.case for entry in entries]
    at_work = max(worker_bytes(case) - resting_bytes(case) for case in cases)
    return max(data_bytes(case.workload) for case in cases) + sum(map(resting_bytes, cases)) + at_work


def is_heavy(case: Case) -> bool:
    """Whether a call of this case might be long enough to be probed first."""
    return (
        python_calls(case) > HEAVY_CALLS or flops(case) > HEAVY_FLOPS["cpu" if case.device == "cpu" else "accelerator"]
    )


def python_calls(case: Case) -> int:
    """How often Python calls into NumPy or JAX in one solve of the batch, up to a constant."""
    problems = 1 if case.solver.batched else case.workload.batch
    at_one_go = case.solver.compiled or case.solver.operations == "powers"
    return problems * (1 if at_one_go else case.workload.steps or 1)


def flops(case: Case) -> float:
    """Floating-point operations of one solve: of its steps through the data, and of what is done on Gram matrices."""
    return _data_flops(case) + _gram_flops(case)


def _data_flops(case: Case) -> float:
    """4 n d a step of gradient descent."""
    w = case.workload
    on_data = w.method != "ols" and case.solver.operations == "data"
    return 4.0 * w.batch * w.samples * w.features * (w.steps or 100) if on_data else 0.0


def _gram_flops(case: Case) -> float:
    """2 n d^2 for X'X, which a closed form and a descent that does not go through the data make once.

    A step on it is 2 d^2, and a power by squaring 2 d^3 for each doubling of the steps.
    """
    w, operations = case.workload, case.solver.operations
    if w.method != "ols" and operations == "data":
        return 0.0
    steps = (w.steps or 100) if w.method != "ols" else 0
    on_it = steps if operations == "gram" else w.features * steps.bit_length()
    return 2.0 * w.batch * w.features**2 * (w.samples + on_it)


def predicted_call_s(case: Case) -> float:
    """Seconds a call, roughly and without running anything."""
    overhead = STEP_S["jax" if case.solver.strategy == "jax_eager" else "numpy"]
    gram_s = _gram_flops(case) / (GRAM_FLOPS_PER_S * min(case.workload.features, WIDE))
    return python_calls(case) * overhead + _data_flops(case) / DATA_FLOPS_PER_S + gram_s


def predicted_block_s(entries: Iterable[Entry], limits: Limits) -> float:
    """Seconds a block of these entries, roughly and without running anything."""
    rules = limits.rules
    total = 0.0
    for entry in entries:
        call_s = predicted_call_s(entry.case)
        if call_s > limits.call_limit_s:
            continue
        rounds = len(list(sampled_rounds(max(call_s, rules.target_s), rules)))
        # the first, and where it is sampled more than once one to warm up and one that is checked
        calls = 1 if call_s > rules.lone_call_s else 3
        solver = entry.case.solver
        total += _of_backend(OVERHEAD_S, entry.case) + IMPORT_S * is_foreign(solver)
        total += ACCELERATOR_S * (entry.case.device != "cpu")
        total += calls * call_s + rounds * max(call_s, 1.2 * rules.target_s)
        total += BYTE_S * data_bytes(entry.case.workload)
    return total + ROUNDS * 0.01


def predicted_once_s(entries: Iterable[Entry], limits: Limits) -> float:
    """Seconds that these take before their first block or in that alone, roughly: data, probes, check and guards."""
    total, workloads = 0.0, set()
    for entry in entries:
        w, call_s = entry.case.workload, predicted_call_s(entry.case)
        if w not in workloads:
            workloads.add(w)
            total += (NUMBER_S + ANSWER_S * w.features) * w.batch * w.samples * w.features
        if is_heavy(entry.case) and entry.role != "twin":
            total += _of_backend(PROBE_S, entry.case)
        if limits.rules.lone_call_s < call_s <= limits.call_limit_s:
            total += (_of_backend(GUARD_CALLS, entry.case) + 1) * call_s
    return total


def _of_backend(by_backend: Mapping[str, float], case: Case) -> float:
    """NumPy's for a library or a backend of a plugin: nothing is known of those."""
    return by_backend.get(case.solver.backend, by_backend["numpy"])


def grid_hash(contests: Iterable[Contest]) -> str:
    """What tells two grids apart: a resumed run must have the one it started with."""
    cases = [case.as_dict() for contest in contests for case in (*contest.baselines, *contest.cases)]
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()[:16]
