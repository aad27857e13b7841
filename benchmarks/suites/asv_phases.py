"""asv's door to what comes before steady state, tracing to the first call."""

from __future__ import annotations

from itertools import product
from typing import Any

from asv_runner.benchmarks.mark import SkipNotImplemented

from . import cases
from .asv_common import SUITE_VERSION, case_on_its_core, tracked

REPEATS = 7
"""Seven a side are the fewest in which asv's test can find anything at its level of 0.002."""

ONE_SIZE = sorted(cases.SAMPLES)[1:2]
BEFORE_STEADY = ("trace_s", "lower_s", "compile_s", "first_call_s")

_Key = tuple[str, str, int, str]


def setup_cache() -> dict[_Key, tuple[str, Any]]:
    """By case, its status and each repeat's phases or why there are none; what was compiled is forgotten first."""
    measured: dict[_Key, tuple[str, Any]] = {}
    for key in product(cases.METHODS, cases.STRATEGIES, ONE_SIZE, cases.DEVICES):
        method, strategy, samples, device = key
        try:
            case = case_on_its_core(method, strategy, cases.size_of(samples=samples), device)
            cases.fresh_phases(case)  # imports and the start of the backend are on no clock
            measured[key] = "ok", [cases.fresh_phases(case) for _ in range(REPEATS)]
        except (cases.Skip, SkipNotImplemented) as skip:
            measured[key] = "skipped", str(skip)
        except Exception as error:  # whatever a solver raises is its own failure, never that of the others
            measured[key] = "failed", f"{type(error).__name__}: {error}"
    return measured


setup_cache.timeout = 600.0  # type: ignore[attr-defined]


class Phases:
    """One problem; the first call of what is not compiled as a whole compiles its parts."""

    params = (cases.METHODS, cases.STRATEGIES, ONE_SIZE, BEFORE_STEADY, cases.DEVICES)
    param_names = ("method", "strategy", "samples", "phase", "device")
    version = SUITE_VERSION
    unit = "seconds"

    def track_phase(
        self,
        measured: dict[_Key, tuple[str, Any]],
        method: str,
        strategy: str,
        samples: int,
        phase: str,
        device: str,
    ) -> dict[str, Any]:
        """Seconds of this phase."""
        status, repeats = measured[method, strategy, samples, device]
        if status == "ok" and phase not in repeats[0]:
            status, repeats = "skipped", f"{strategy} has no {phase}: nothing of it is compiled as a whole"
        return tracked(status, [phases[phase] for phases in repeats] if status == "ok" else repeats)

    track_phase.pretty_name = "Phases before steady state"  # type: ignore[attr-defined]
