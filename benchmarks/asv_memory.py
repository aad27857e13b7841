"""asv's door to memory: the process at its largest."""

from __future__ import annotations

from benchmarks import doors
from benchmarks.asv_common import TIMEOUT_S, VERSION, ready_call


class Memory:
    """The largest problem; the interpreter and its libraries count."""

    params = (doors.METHODS, doors.STRATEGIES, [max(doors.SAMPLES)], doors.DEVICES)
    param_names = ("method", "strategy", "samples", "device")
    version = VERSION
    timeout = TIMEOUT_S

    def peakmem_call(self, method: str, strategy: str, samples: int, device: str) -> None:
        """Bytes of the process at its largest."""
        ready_call(method, strategy, doors.size_of(samples=samples), device)()

    peakmem_call.pretty_name = "Peak memory"  # type: ignore[attr-defined]
