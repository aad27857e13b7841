"""From contests to blocks: what cannot run and why, who fits in memory together, what it will cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..grid.cases import Case, Contest, is_foreign, worker_bytes
from ..processes.machine import MEMORY_SHARE
from .block import ROUNDS, Entry, Rules, sampled_rounds

OVERHEAD_S = {"numpy": 0.1, "jax": 0.4}
"""Fork to calibrated, and the end, of one case in a block; measured on two cores, for the prediction alone."""

IMPORT_S = 1.0
"""On top for a library, which each worker imports; about what numba takes."""

STEP_S = {"numpy": 5e-6, "jax": 3.5e-3}
"""Seconds a step where Python drives the steps, for the prediction alone."""

FLOPS_PER_S, WIDE = 0.5e9, 16
"""Operations a second for each feature, up to so many: short rows leave most of the processor idle. As above."""

HEAVY_CALLS = 500
HEAVY_FLOPS = 2e9
"""Past either a case is probed before its first block, so that a call of hours is a skip and not a timeout."""


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


def impossible(case: Case, available_bytes: int) -> str | None:
    """Why a case cannot be run at all, or None."""
    workload = case.workload
    if workload.method == "ols" and workload.samples < workload.features:
        return f"{workload.samples} samples are fewer than {workload.features} features: OLS has no single answer"
    needed = worker_bytes(case)
    if needed > MEMORY_SHARE * available_bytes:
        return f"needs about {needed / 2**30:.1f} GiB, and {available_bytes / 2**30:.1f} GiB are free"
    return None


def groups(contest: Contest, cases: Sequence[Case], available_bytes: int) -> list[list[Entry]]:
    """Who is alive together: everyone, or, where memory is short, several groups that each hold the baselines."""
    able = set(cases)
    fixed = [Entry(b, role) for b in contest.baselines if b in able for role in ("baseline", "twin")]
    base = sum(worker_bytes(entry.case) for entry in fixed)
    together: list[list[Entry]] = []
    room = 0.0
    for case in cases:
        if case in contest.baselines:
            continue
        needed = worker_bytes(case)
        if not together or needed > room:
            together.append(list(fixed))
            room = MEMORY_SHARE * available_bytes - base
        together[-1].append(Entry(case))
        room -= needed
    return together or ([fixed] if fixed else [])


def is_heavy(case: Case) -> bool:
    """Whether a call of this case might be long enough to be probed first."""
    return python_calls(case) > HEAVY_CALLS or flops(case) > HEAVY_FLOPS


def python_calls(case: Case) -> int:
    """How often Python calls into NumPy or JAX in one solve of the batch, up to a constant."""
    problems = 1 if case.solver.batched else case.workload.batch
    return problems * (1 if case.solver.compiled else case.workload.steps or 1)


def flops(case: Case) -> float:
    """Floating-point operations of one solve: 4 n d a step of gradient descent, 2 n d^2 for a Gram matrix."""
    w = case.workload
    one = 4.0 * w.samples * w.features * (w.steps or 100) if w.method != "ols" else 2.0 * w.samples * w.features**2
    return one * w.batch


def predicted_call_s(case: Case) -> float:
    """Seconds a call, roughly and without running anything."""
    overhead = STEP_S["jax" if case.solver.strategy == "jax_eager" else "numpy"]
    return python_calls(case) * overhead + flops(case) / (FLOPS_PER_S * min(case.workload.features, WIDE))


def predicted_block_s(entries: Iterable[Entry], limits: Limits) -> float:
    """Seconds a block of these entries, roughly and without running anything."""
    total = 0.0
    for entry in entries:
        call_s = predicted_call_s(entry.case)
        if call_s > limits.call_limit_s:
            continue
        rounds = len(list(sampled_rounds(max(call_s, limits.rules.target_s), limits.rules)))
        solver = entry.case.solver
        total += (
            OVERHEAD_S.get(solver.backend, OVERHEAD_S["numpy"])
            + IMPORT_S * is_foreign(solver)
            + 3 * call_s
            + rounds * max(call_s, 1.2 * limits.rules.target_s)
        )
    return total + ROUNDS * 0.01


def grid_hash(contests: Iterable[Contest]) -> str:
    """What tells two grids apart: a resumed run must have the one it started with."""
    cases = [case.as_dict() for contest in contests for case in (*contest.baselines, *contest.cases)]
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()[:16]
