"""What asv's suites share: a case made ready off asv's clock, and the words for a case that is skipped.

asv has no good place to compile in. With a `setup` it times single calls (`number = 1`); without one, it takes the
first call, compile included, for a long call and does the same. So the first call makes its case ready and is
remembered, on a clock that stands still meanwhile.
"""

from __future__ import annotations

import math
import sys
from contextlib import ExitStack
from typing import Any

from asv_runner.benchmarks.mark import SkipNotImplemented

from .. import clock
from ..grid.cases import Case
from ..grid.presets import Size
from . import cases

SUITE_VERSION = "1"
"""Of what the suites measure, since asv's own hash sees no other file: raise it and the history starts anew."""

WARM_UP_S = 2.0
"""Longer than making ready takes, import of JAX included: only past it does asv settle how many calls are a sample."""

TIMEOUT_S = 120.0

_stood_still_s = 0.0
_held = ExitStack()


def clock_of_calls() -> float:
    """Seconds on a clock that stands still while a case is made ready."""
    return clock.now() - _stood_still_s


def case_on_its_core(method: str, strategy: str, size: Size, device: str) -> Case:
    """The case, this process on its core; what cannot be run here is a skip in asv's words."""
    try:
        case = cases.case_of(method, strategy, size, device)
    except cases.Skip as skip:
        raise skip_for_asv(skip) from None
    _held.enter_context(cases.one_core(case))  # for good: the process is asv's, for this alone
    return case


def ready_call(method: str, strategy: str, size: Size, device: str) -> clock.Call:
    """The case's call, made ready while `clock_of_calls` stands still."""
    global _stood_still_s
    began = clock.now()
    try:
        return cases.make_ready(case_on_its_core(method, strategy, size, device)).call
    except cases.Skip as skip:
        raise skip_for_asv(skip) from None
    finally:
        _stood_still_s += clock.now() - began


def skip_for_asv(reason: object) -> SkipNotImplemented:
    """What tells asv of a skip; asv keeps no reason, so it is printed, and `asv run --show-stderr` shows it."""
    _say(reason)
    return SkipNotImplemented(str(reason))


def tracked(status: str, outcome: Any) -> dict[str, Any]:
    """What a `track_*` returns: the samples, or for a skip a NaN. RuntimeError for any other status.

    A NaN that was returned has asv's statistics beside it, and one that asv writes for what was not selected has none:
    only so can the two be told apart in its file. Raising would leave none either.
    """
    if status == "skipped":
        _say(outcome)
        return {"samples": [math.nan], "number": 1}
    if status != "ok":
        raise RuntimeError(f"{status}: {outcome}")
    return {"samples": outcome, "number": 1}


def _say(reason: object) -> None:
    print(f"skipped: {reason}", file=sys.stderr)
