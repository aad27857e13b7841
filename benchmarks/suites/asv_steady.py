"""asv's door to steady state, a call that is compiled and warm, over samples and over batch; and to its memory."""

from __future__ import annotations

from .. import clock
from . import cases
from .asv_common import SUITE_VERSION, TIMEOUT_S, WARM_UP_S, clock_of_calls, ready_call

ENDS = (min(cases.SAMPLES), max(cases.SAMPLES))
"""Of the sizes, since each case costs asv two processes of some seconds: all of them took twice eight minutes."""
LARGEST_BATCH = [max(cases.BATCHES)]
"""The smaller one is in the ratios."""


class _Steady:
    """A call made ready by the first of its kind, which asv's clock does not see."""

    version = SUITE_VERSION
    timeout = TIMEOUT_S
    warmup_time = WARM_UP_S
    timer = staticmethod(clock_of_calls)
    _call: clock.Call | None = None


class OverSamples(_Steady):
    """One problem, small and large."""

    params = (cases.METHODS, cases.STRATEGIES, ENDS, cases.DEVICES)
    param_names = ("method", "strategy", "samples", "device")

    def time_call(self, method: str, strategy: str, samples: int, device: str) -> None:
        """Seconds a call, until its whole result is there."""
        if self._call is None:
            self._call = ready_call(method, strategy, cases.size_of(samples=samples), device)
        self._call()

    time_call.pretty_name = "Steady state over samples"  # type: ignore[attr-defined]


class OverBatch(_Steady):
    """Many small problems at once."""

    params = (cases.METHODS, cases.STRATEGIES, [min(cases.SAMPLES)], LARGEST_BATCH, cases.DEVICES)
    param_names = ("method", "strategy", "samples", "batch", "device")

    def time_call(self, method: str, strategy: str, samples: int, batch: int, device: str) -> None:
        """Seconds a call for the whole batch, until its whole result is there."""
        if self._call is None:
            self._call = ready_call(method, strategy, cases.size_of(samples=samples, batch=batch), device)
        self._call()

    time_call.pretty_name = "Steady state over batch"  # type: ignore[attr-defined]


class Memory:
    """The largest problem; the interpreter and its libraries count."""

    params = (cases.METHODS, cases.STRATEGIES, [max(cases.SAMPLES)], cases.DEVICES)
    param_names = ("method", "strategy", "samples", "device")
    version = SUITE_VERSION
    timeout = TIMEOUT_S

    def peakmem_call(self, method: str, strategy: str, samples: int, device: str) -> None:
        """Bytes of the process at its largest."""
        ready_call(method, strategy, cases.size_of(samples=samples), device)()

    peakmem_call.pretty_name = "Peak memory"  # type: ignore[attr-defined]
