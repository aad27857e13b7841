"""asv's door to what comes before steady state, tracing to the first call."""

from __future__ import annotations

from itertools import product
from typing import Any

from asv_runner.benchmarks.mark import SkipNotImplemented

from benchmarks import doors
from benchmarks.asv_common import VERSION, case_of, skipped

REPEATS = 7
"""Seven a side are the fewest in which asv's test can find anything at its level of 0.002."""

SAMPLES = sorted(doors.SAMPLES)[1:2]
PHASES = ("trace_s", "lower_s", "compile_s", "first_call_s")

SKIPPED = "skipped: "
Key = tuple[str, str, int, str]


def setup_cache() -> dict[Key, Any]:
    """By case, the phases of each repeat, or why there are none; what was compiled is forgotten before each."""
    found: dict[Key, Any] = {}
    for method, strategy, samples, device in product(doors.METHODS, doors.STRATEGIES, SAMPLES, doors.DEVICES):
        try:
            case = case_of(method, strategy, doors.size_of(samples=samples), device)
            doors.fresh_phases(case)  # imports and the start of the backend are on no clock
            taken = [doors.fresh_phases(case) for _ in range(REPEATS)]
        except (doors.Skip, SkipNotImplemented) as skip:
            found[method, strategy, samples, device] = f"{SKIPPED}{skip}"
        except Exception as error:  # whatever a solver raises is its own failure, never that of the others
            found[method, strategy, samples, device] = f"{type(error).__name__}: {error}"
        else:
            found[method, strategy, samples, device] = taken
    return found


setup_cache.timeout = 600.0  # type: ignore[attr-defined]


class Phases:
    """One problem; the first call of what is not compiled as a whole compiles its parts."""

    params = (doors.METHODS, doors.STRATEGIES, SAMPLES, PHASES, doors.DEVICES)
    param_names = ("method", "strategy", "samples", "phase", "device")
    version = VERSION
    unit = "seconds"

    def track_phase(
        self, measured: dict[Key, Any], method: str, strategy: str, samples: int, phase: str, device: str
    ) -> dict[str, Any]:
        """Seconds of this phase."""
        taken = measured[method, strategy, samples, device]
        if isinstance(taken, str):
            if taken.startswith(SKIPPED):
                raise skipped(taken.removeprefix(SKIPPED))
            raise RuntimeError(taken)
        if phase not in taken[0]:
            raise skipped(f"{strategy} has no {phase}: nothing of it is compiled as a whole")
        return {"samples": [phases[phase] for phases in taken], "number": 1}

    track_phase.pretty_name = "Phases before steady state"  # type: ignore[attr-defined]
