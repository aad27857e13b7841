"""asv's door to steady state: a call of a solver that is compiled and warm, over samples and over batch."""

from __future__ import annotations

from benchmarks import clock, doors
from benchmarks.asv_common import TIMEOUT_S, VERSION, WARM_UP_S, clock_of_calls, ready_call


class OverSamples:
    """One problem of more and more samples."""

    params = (doors.METHODS, doors.STRATEGIES, doors.SAMPLES, doors.DEVICES)
    param_names = ("method", "strategy", "samples", "device")
    version = VERSION
    timeout = TIMEOUT_S
    warmup_time = WARM_UP_S
    timer = staticmethod(clock_of_calls)
    _call: clock.Call | None = None

    def time_call(self, method: str, strategy: str, samples: int, device: str) -> None:
        """Seconds a call, until its whole result is there."""
        if self._call is None:
            self._call = ready_call(method, strategy, doors.size_of(samples=samples), device)
        self._call()

    time_call.pretty_name = "Steady state over samples"  # type: ignore[attr-defined]


class OverBatch:
    """More and more small problems at once."""

    params = (doors.METHODS, doors.STRATEGIES, [min(doors.SAMPLES)], doors.BATCHES, doors.DEVICES)
    param_names = ("method", "strategy", "samples", "batch", "device")
    version = VERSION
    timeout = TIMEOUT_S
    warmup_time = WARM_UP_S
    timer = staticmethod(clock_of_calls)
    _call: clock.Call | None = None

    def time_call(self, method: str, strategy: str, samples: int, batch: int, device: str) -> None:
        """Seconds a call for the whole batch, until its whole result is there."""
        if self._call is None:
            self._call = ready_call(method, strategy, doors.size_of(samples=samples, batch=batch), device)
        self._call()

    time_call.pretty_name = "Steady state over batch"  # type: ignore[attr-defined]
