"""What else a prepared call costs, told after the last sample: dispatch, the answer to the host, throughput, busy time.

None of it is on the sampled clock, and none of it may cost a case its result.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import clock, devices
from .calls import Prepared

TIMES, REPEATED_S = 9, 0.010
"""How often it is done, for calls that take less than so long."""
THROUGHPUT_S, MOST_IN_FLIGHT = 0.020, 64
"""Seconds that the calls in flight take together, about, and how many there are at most."""
PROFILED_CALLS = 3


@dataclass(frozen=True)
class Answered:
    """What a call returned, the seconds that it took, what of those was dispatch, and what its way to the host took.

    The last two are None for NumPy, which does neither, and for every solver whose call is done when it returns.
    """

    result: Any
    call_s: float
    dispatch_s: float | None = None
    transfer_out_s: float | None = None


def answered(prepared: Prepared, call_s: float) -> Answered:
    """Call it, and tell when the unblocked call returned, and how long its answer, waited for, took to the host.

    Medians of TIMES calls where one takes about `call_s`, which is short; the seconds are those of the first. Each
    answer is fetched once, since JAX keeps what it has fetched.
    """
    if prepared.dispatch is None:
        return Answered(*clock.once(prepared.call))
    took_s, returned_s, out_s = [], [], []
    for _ in range(TIMES if call_s < REPEATED_S else 1):
        result, seconds = clock.once(prepared.dispatch)
        returned_s.append(seconds)
        took_s.append(seconds + clock.once(partial(prepared.wait, result))[1])
        out_s.append(clock.once(partial(prepared.fetch, result))[1])
    return Answered(result, took_s[0], statistics.median(returned_s), statistics.median(out_s))


def throughput_s(prepared: Prepared, call_s: float) -> float | None:
    """Seconds a call where several are enqueued and waited for once.

    None where there is nothing to wait for, and for calls so long that two of them would take over THROUGHPUT_S.
    """
    in_flight = min(MOST_IN_FLIGHT, int(THROUGHPUT_S / max(call_s, 1e-9)))
    dispatch, wait = prepared.dispatch, prepared.wait
    if dispatch is None or in_flight < 2:
        return None

    def every() -> Any:
        results = [dispatch() for _ in range(in_flight)]
        for result in results:
            wait(result)

    return clock.once(every)[1] / in_flight


@dataclass(frozen=True)
class DeviceWork:
    """What a call made the device do, as the profiler saw it: seconds at work, and how many kernels and copies."""

    busy_s: float
    kernels: float


def device_work(prepared: Prepared, device: str, call_s: float) -> DeviceWork | None:
    """Of one call, the mean of PROFILED_CALLS where they are short; None on a CPU, and where there is no profile.

    Overlapping work counts once. What the profiler cannot do is no fault of the case.
    """
    platform, ordinal = devices.parse(device)
    if platform == "cpu":
        return None
    import jax

    calls = PROFILED_CALLS if call_s < REPEATED_S else 1
    try:
        with tempfile.TemporaryDirectory() as folder:
            with jax.profiler.trace(folder, profiler_options=_device_alone(jax.profiler.ProfileOptions())):
                for _ in range(calls):
                    prepared.call()
            (written,) = Path(folder).rglob("*.xplane.pb")
            profile = jax.profiler.ProfileData.from_file(str(written))
            work = work_of(profile.planes, ordinal)
    except Exception:  # a profiler fails in many ways: no rights to the counters, another one at work, no file
        return None
    return DeviceWork(work.busy_s / calls, work.kernels / calls) if work.kernels else None


def _device_alone(options: Any) -> Any:
    """Watch the device and not the host: following Python took 20 s where it launches 22,000 kernels."""
    options.host_tracer_level = options.python_tracer_level = 0
    return options


def work_of(planes: Iterable[Any], ordinal: int) -> DeviceWork:
    """What one device did, from a profile's planes (jax.profiler.ProfileData): its events, and their union in time.

    A GPU's plane has a line for each stream, and lines derived from them, which would count the work again; a TPU's
    has one line of operations.
    """
    lines = [
        line
        for plane in planes
        if plane.name.startswith("/device:") and plane.name.rpartition(":")[2].partition(" ")[0] == str(ordinal)
        for line in plane.lines
    ]
    streams = [line for line in lines if line.name.startswith("Stream")]
    spans = [
        (event.start_ns, event.start_ns + event.duration_ns)
        for line in streams or [line for line in lines if line.name == "XLA Ops"]
        for event in line.events
    ]
    busy_ns, until_ns = 0.0, -math.inf
    for start_ns, end_ns in sorted(spans):
        busy_ns += max(0.0, end_ns - max(start_ns, until_ns))
        until_ns = max(until_ns, end_ns)
    return DeviceWork(busy_ns / 1e9, len(spans))
