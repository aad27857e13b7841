"""What is not run at all, and why: not here, not possible, or predicted to take too long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..grid.cases import Case
from ..grid.options import RunOptions
from ..grid.presets import PRESETS
from ..processes.handle import LiveWorker, WorkerEnded
from ..processes.pool import Nurseries
from . import plan
from .block import Entry, skipped
from .plan import Limits
from .state import State


def device_counts(nurseries: Nurseries, options: RunOptions) -> dict[str, int]:
    """How many devices go by each name; only a sweep over every strategy there is wants to know."""
    counts = {"cpu": options.cpu_devices}
    if options.strategies is None and any(sweep.strategies is None for sweep in PRESETS[options.preset].sweeps):
        for device in set(options.devices) - {"cpu"}:
            with contextlib.suppress(WorkerEnded):  # absent, which is told elsewhere
                counts[device] = nurseries.device_count(options.environments[0], device)
    return counts


def skips(
    state: State,
    limits: Limits,
    absent: Mapping[str, str],
    free: plan.Memory,
    start: Callable[[Case], LiveWorker],
    tell: Callable[[str], None],
) -> Iterator[dict[str, Any]]:
    """Retire what cannot be run, is not here, or would take too long; a record that says why for each."""
    for case, reason in state.contest.lacking:
        yield skipped(Entry(case), reason)
    for case in state.left:
        why = absent.get(case.device) or plan.impossible(case, free)
        if why is None and plan.is_heavy(case):
            tell(f"{state.contest.title}: predict {case.name}")
            why = _too_long(case, limits, start)
        if why is not None:
            state.retired.add(case)
            yield skipped(Entry(case, "baseline" if case in state.contest.baselines else "case"), why)


def _too_long(case: Case, limits: Limits, start: Callable[[Case], LiveWorker]) -> str | None:
    """Why a call would take longer than the limit, told from a small part of it in a process of its own."""
    limit_s, timeout_s = limits.call_limit_s, limits.rules.timeout_s
    try:
        worker = start(case)
    except WorkerEnded:
        return None  # its block will tell
    try:
        call_s = worker.ask("probe", timeout_s)["call_s"]
    except WorkerEnded as ended:
        if ended.status == "timeout":
            return f"predicted to take too long: a small part of one call was not done in {timeout_s:g} s"
        return ended.reason if ended.status == "skipped" else None
    finally:
        worker.end()
    if call_s <= limit_s:
        return None
    return f"predicted {call_s:,.1f} s a call, and the limit is {limit_s:g} s (--timeout raises it)"
